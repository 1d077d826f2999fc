//! The permit of a send: the stop switch as read less than a second ago, the sender's own deadline
//! and the recheck's age, all on a clock that counts suspension. A sender that slept through its
//! lease wakes to a permit that says no.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::{
    clock::Clock,
    destinations::{NotNow, Permit},
    domain::time::Timestamp,
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
    gate: GateState,
}

impl Reading {
    /// Why nothing goes; an approver's override passes a stop, and never a restored ledger.
    fn closed(&self, past_stop: bool) -> Option<String> {
        if past_stop {
            return self.gate.restored.as_ref().map(|why| format!("restored: {why}"));
        }
        self.gate.closed()
    }
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
        let mut known = self.lock();
        if known.as_ref().is_none_or(|known| known.at <= before) {
            *known = Some(Reading { at: before, gate });
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Reading>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, now: SignedDuration, past_stop: bool) -> Result<(), NotNow> {
        let no = |reason: &str| Err(NotNow { reason: reason.to_owned() });
        match &*self.lock() {
            None => no("the stop switch was never read"),
            Some(reading) if now - reading.at >= OLDEST => {
                no("the stop switch was last read more than a second ago")
            }
            Some(reading) => reading.closed(past_stop).map_or(Ok(()), |why| no(&why)),
        }
    }
}

/// The last word before bytes leave.
pub struct SendPermit {
    /// The switch.
    pub switch: Switch,
    /// Where it is read.
    pub store: Store,
    /// The clock that counts suspension.
    pub clock: Clock,
    /// The lease's end less a whole request, by this process's own steady clock, which was read
    /// before the claim.
    pub deadline: SignedDuration,
    /// The recheck's answer is too old after this.
    pub rechecked_until: SignedDuration,
    /// The clearance, or what makes a resend safe, runs out then.
    pub authority_until: Timestamp,
    /// An approver said that it is to go although sending is stopped.
    pub past_stop: bool,
}

impl SendPermit {
    /// Why there is no time left for this attempt; another one begins with time of its own.
    pub fn out_of_time(&self) -> Option<&'static str> {
        let now = self.clock.steady();
        if now >= self.deadline {
            return Some("the lease leaves no time for a request");
        }
        (now >= self.rechecked_until).then_some("the recheck's answer is too old")
    }
}

#[async_trait]
impl Permit for SendPermit {
    async fn renew(&self) {
        if let Err(error) = self.switch.refresh(&self.store, &self.clock).await {
            tracing::warn!("the stop switch could not be read: {error}");
        }
    }

    fn check(&self) -> Result<(), NotNow> {
        if let Some(reason) = self.out_of_time() {
            return Err(NotNow { reason: reason.to_owned() });
        }
        if self.clock.now() >= self.authority_until {
            let reason = "its clearance, or the platform's memory of an earlier attempt, runs out";
            return Err(NotNow { reason: reason.to_owned() });
        }
        self.switch.check(self.clock.steady(), self.past_stop)
    }
}
