//! What the stories share.

pub mod servers;
