//! Permits that a send asks right before its bytes leave.

use std::sync::atomic::{AtomicUsize, Ordering};

use takaza::destinations::{NotNow, Permit};

/// Lets everything go, and counts how often it was asked.
#[derive(Default)]
pub struct Yes(pub AtomicUsize);

impl Permit for Yes {
    fn check(&self) -> Result<(), NotNow> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Somebody has pressed the stop switch.
pub struct Stopped;

impl Permit for Stopped {
    fn check(&self) -> Result<(), NotNow> {
        Err(NotNow { reason: "the stop switch is on".to_owned() })
    }
}
