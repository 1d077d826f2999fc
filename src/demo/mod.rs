//! The demo's world: a seeded month of cases, and a town square where invented banks answer, so
//! that nobody's first try posts in public.
//!
//! The invariant: everybody here is invented, and nothing leaves the machine. Nothing but the
//! command line uses this module.

pub mod cast;
pub mod chance;
pub mod narrate;
pub mod run;
pub mod square;
pub mod stage;
mod tempo;
pub mod world;
