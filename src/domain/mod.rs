//! The pure heart: no I/O, no async, no clock. Only this module changes a state, and every
//! transition is fallible.

pub mod action;
pub mod bank;
pub mod ids;
pub mod leak_guard;
pub mod money;
pub mod spelling;
pub mod time;
