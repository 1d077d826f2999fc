//! The command line, by the real binary: what people type, what they are told, what they may.

mod closed;
mod help;
mod report;
mod roles;

use crate::support::unit::{self, Said, Unit};

/// A unit on the built-in configuration, with an administrator, an officer, an auditor and a
/// confirmed approver.
fn staffed() -> Unit {
    let unit = Unit::unconfigured();
    unit.engage();
    unit
}

/// The binary without a unit.
fn takaza(words: &[&str]) -> Said {
    unit::takaza(words).output().expect("the binary runs").into()
}
