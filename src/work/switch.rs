//! The permit of a send: the stop switch as read less than a second ago, the sender's own deadline
//! and the recheck's age, all on a clock that counts suspension. A sender that slept through its
//! lease wakes to a permit that says no.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;

use crate::{
    clock::Clock,
    destinations::{NotNow, Permit},
    store::{GateState, Store, StoreError},
};

/// How old a reading of the switch may be at a send.
const OLDEST: SignedDuration = SignedDuration::from_secs(1);
/// How often it is read anew: at least four times a second.
const EVERY: SignedDuration = SignedDuration::from_millis(200);

/// The stop switch as this process last read it.
#[derive(Clone, Default)]
pub struct Switch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    last: Mutex<Option<Reading>>,
    /// Whoever reads holds it: a hundred sends at once ask the ledger once.
    turn: tokio::sync::Mutex<()>,
}

struct Reading {
    at: SignedDuration,
    closed: Option<String>,
}

impl Switch {
    /// Reads the switch, unless it was read within the last fifth of a second.
    ///
    /// # Errors
    /// The ledger failed; the old reading ages and nothing is sent on it.
    pub async fn refresh(&self, store: &Store, clock: &Clock) -> Result<(), StoreError> {
        let _turn = self.0.turn.lock().await;
        let before = clock.steady();
        let fresh = |reading: &Reading| before - reading.at < EVERY;
        if self.lock().as_ref().is_some_and(fresh) {
            return Ok(());
        }
        // The age runs from before the reading, never from after it.
        let gate: GateState = store.gate().await?;
        *self.lock() = Some(Reading { at: before, closed: gate.closed() });
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, now: SignedDuration) -> Result<(), NotNow> {
        let no = |reason: &str| Err(NotNow { reason: reason.to_owned() });
        match &*self.lock() {
            None => no("the stop switch was never read"),
            Some(reading) if now - reading.at >= OLDEST => {
                no("the stop switch was last read more than a second ago")
            }
            Some(Reading { closed: Some(why), .. }) => no(why),
            Some(_) => Ok(()),
        }
    }
}

/// The last word before bytes leave.
pub struct SendPermit {
    /// The switch.
    pub switch: Switch,
    /// The clock that counts suspension.
    pub clock: Clock,
    /// The lease's end less a whole request, by this process's own steady clock, which was read
    /// before the claim.
    pub deadline: SignedDuration,
    /// The recheck's answer is too old after this.
    pub rechecked_until: SignedDuration,
}

impl Permit for SendPermit {
    fn check(&self) -> Result<(), NotNow> {
        let now = self.clock.steady();
        if now >= self.deadline {
            return Err(NotNow { reason: "the lease leaves no time for a request".to_owned() });
        }
        if now >= self.rechecked_until {
            let reason = "the recheck's answer is too old";
            return Err(NotNow { reason: reason.to_owned() });
        }
        self.switch.check(now)
    }
}
