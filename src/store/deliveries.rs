//! Deliveries: claimed under one lock, recorded once, swept when their lease ran out.
//!
//! The lock is the *gate*, one row that holds the stop switch, the breaker (it stops everything after
//! a streak of refusals or at an unusual rate) and the mark of a restored ledger; whoever claims or
//! records takes it first.
//!
//! The claim is the only door to a [`ClaimedDelivery`]: under the gate's lock it reads whose time
//! has come (`due`), asks *may this go now?* with switch, breaker, authority and recorded sends
//! (`decide`), takes a lease over what goes (`take`), puts off what waits (`put_off`; all four in
//! `claiming.rs`), and commits before a byte leaves.

mod authority;
mod claiming;
mod doubts;
mod hand_offs;
mod recording;
mod rows;

use std::collections::BTreeMap;

pub use self::{
    claiming::ClaimRules,
    recording::{Rechecked, Recorded},
    rows::DeliveryRow,
};
use self::{
    claiming::{Decided, decide, due, put_off, take, with_evidence},
    recording::{apply, end_attempts, report_act, report_body, withdraw_untrue},
    rows::{by_ids, retract_target},
};
pub(super) use self::{
    doubts::{SECOND_RECEIPT, doubt_unfinished},
    rows::{find, of_escalations, put, read, save},
};
use super::{Actor, Store, StoreError, escalations::Evidence, gate, record::Act};
use crate::domain::{
    delivery::{ClaimedDelivery, LookRules, Outcome, StateName},
    escalation::Escalation,
    ids::{DeliveryId, EscalationId},
    pacing::Why,
    time::Timestamp,
};

/// What a claim took, with the evidence that the recheck compares.
#[derive(Debug)]
pub struct Claimed {
    /// The deliveries, in the order in which they should go.
    pub deliveries: Vec<ClaimedDelivery>,
    /// The members of each escalation among them.
    pub members: BTreeMap<EscalationId, Vec<Evidence>>,
    /// Those escalations.
    pub escalations: BTreeMap<EscalationId, Escalation>,
    /// Why others wait.
    pub waiting: Vec<(DeliveryId, Why)>,
}

impl Claimed {
    /// What an escalation among them rests on.
    pub fn members_of(&self, id: &EscalationId) -> &[Evidence] {
        self.members.get(id).map_or(&[], Vec::as_slice)
    }
}

/// What came of one claimed delivery.
#[derive(Debug, Clone)]
pub enum Ended {
    /// One attempt was made.
    Attempted(Outcome),
    /// Not now; no byte has left.
    NotNow {
        /// When to try again.
        until: Timestamp,
        /// Why not.
        why: String,
    },
    /// No longer true; no byte has left. Every other unsent delivery of the escalation goes too.
    Untrue {
        /// What changed.
        why: String,
        /// The bank acted before anything was sent.
        avoided: bool,
    },
}

/// One claimed delivery and its end.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which.
    pub delivery: DeliveryId,
    /// Its escalation.
    pub escalation: EscalationId,
    /// The claim's token.
    pub token: String,
    /// What came of it.
    pub ended: Ended,
    /// The destination's rules for looking.
    pub look: LookRules,
    /// What the recheck before the send had asked; `None` where nobody was asked.
    pub recheck: Option<Rechecked>,
}

impl Store {
    /// Claims deliveries that may go now. One transaction under the gate's lock, durable before it
    /// returns.
    ///
    /// # Errors
    /// The ledger failed; nothing was claimed.
    pub async fn claim(&self, by: &Actor, rules: &ClaimRules<'_>) -> Result<Claimed, StoreError> {
        let mut tx = self.write().await?;
        let gate = gate::lock(&mut tx).await?.for_claim(rules);
        let now = tx.now().await?;
        let due = due(&mut tx, rules.pacing.batch, now).await?;
        let Decided { go, wait, escalations } = decide(&mut tx, due, rules, &gate, now).await?;
        let lease = self.lease(rules, now);
        let mut acts = Vec::new();
        let taken = take(&mut tx, go, &lease, now, &mut acts).await?;
        let waiting = put_off(&mut tx, wait, now, &mut acts).await?;
        let mut claimed = with_evidence(&mut tx, taken, escalations).await?;
        claimed.waiting = waiting;
        self.finish(tx, by, acts).await?;
        Ok(claimed)
    }

    /// Records what came of claimed deliveries: states, attempts, breaker and entries in one
    /// transaction. A receipt counts even when the lease has run out meanwhile.
    ///
    /// # Errors
    /// The ledger failed; the leases will run out and the deliveries become uncertain.
    pub async fn record(
        &self,
        by: &Actor,
        reports: &[Report],
        breaker: &gate::BreakerRules,
    ) -> Result<Recorded, StoreError> {
        let mut tx = self.write().await?;
        let mut locked = gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let ids: Vec<_> = reports.iter().map(|report| report.delivery.clone()).collect();
        let mut rows = by_ids(&mut tx, &ids).await?;
        let mut recorded = Recorded::default();
        let mut acts = Vec::new();
        let mut changed = Vec::new();
        let mut untrue = BTreeMap::new();
        for report in reports {
            let Some(row) = rows.get_mut(&report.delivery) else { continue };
            if apply(row, report, now, &mut recorded)? {
                changed.push(row.clone());
            }
            if let Ended::Untrue { why, avoided } = &report.ended {
                untrue.entry(report.escalation.clone()).or_insert((why.clone(), *avoided));
            }
            // Also where it changed nothing: the record keeps what was reported.
            let body = report_body(report, row.delivery.name());
            acts.push(Act::new(&report.delivery, report_act(&report.ended), body));
        }
        save(&mut tx, &changed).await?;
        for row in changed.iter().filter(|row| row.delivery.name() == StateName::Delivered) {
            retract_target(&mut tx, &row.delivery).await?;
        }
        end_attempts(&mut tx, reports, now).await?;
        withdraw_untrue(&mut tx, untrue, &mut acts).await?;
        if let Some(act) = locked.after(&mut tx, reports, &recorded, breaker, now).await? {
            acts.push(act);
        }
        recorded.states = rows.into_iter().map(|(id, row)| (id, row.delivery.name())).collect();
        self.finish(tx, by, acts).await?;
        Ok(recorded)
    }

    /// One delivery, by its id.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn delivery(&self, id: &str) -> Result<DeliveryRow, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id).await
    }
}
