//! Hand-offs: an officer claims a delivery, and posts it by hand.
//!
//! The claim is committed before the case source is asked, so the answer is an entry of its own,
//! and it is durable before the officer sees the text.

use serde_json::json;

use super::{
    ClaimRules, Claimed, Rechecked,
    claiming::{Decided, decide, take, with_evidence},
    rows::find,
};
use crate::{
    domain::{delivery::State, ids::DeliveryId, platform::Sender},
    store::{Actor, Store, StoreError, gate, record::Act},
};

impl Store {
    /// An officer takes a hand-off: the same claim, for one delivery and a longer lease.
    ///
    /// # Errors
    /// It is no hand-off, it may not go now (and why), or the ledger failed.
    pub async fn take_hand_off(
        &self,
        by: &Actor,
        delivery: &DeliveryId,
        rules: &ClaimRules<'_>,
    ) -> Result<Claimed, StoreError> {
        let mut tx = self.write().await?;
        let gate = gate::lock(&mut tx).await?.for_claim(rules);
        let now = tx.now().await?;
        let row = find(&mut tx, delivery.as_str()).await?;
        if row.sender != Sender::HandOff {
            return Err(StoreError::Refused("that delivery is not a hand-off".to_owned()));
        }
        if let State::Waiting { not_before, .. } = row.delivery.state()
            && *not_before > now
        {
            let why = format!("it may not be posted now: it waits until {not_before}");
            return Err(StoreError::Refused(why));
        }
        let due = vec![(row.delivery.id, row.delivery.escalation)];
        let Decided { go, wait, escalations } = decide(&mut tx, due, rules, &gate, now).await?;
        if let Some((_, why)) = wait.first() {
            return Err(StoreError::Refused(format!("it may not be posted now: {why}")));
        }
        let lease = self.lease(rules, now);
        let mut acts = Vec::new();
        let taken = take(&mut tx, go, &lease, now, &mut acts).await?;
        if taken.is_empty() {
            return Err(StoreError::Refused("it is not waiting, or not cleared".to_owned()));
        }
        let claimed = with_evidence(&mut tx, taken, escalations).await?;
        self.finish(tx, by, acts).await?;
        Ok(claimed)
    }

    /// Notes that every member of a hand-off was still as its text says when the case source was
    /// asked, under the claim with this token.
    ///
    /// # Errors
    /// That claim is over: another one, or none, holds it now. Or the ledger failed.
    pub async fn hand_off_rechecked(
        &self,
        by: &Actor,
        id: &DeliveryId,
        token: &str,
        recheck: Rechecked,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let row = find(&mut tx, id.as_str()).await?;
        let State::Sending(lease) = row.delivery.state() else {
            return Err(StoreError::Conflict("the hand-off is not taken any more"));
        };
        if lease.token != token {
            return Err(StoreError::Conflict("the hand-off was taken anew"));
        }
        let body = json!({"recheck": recheck, "attempt": row.delivery.attempts});
        self.finish(tx, by, vec![Act::new(id, "delivery.rechecked", body)]).await
    }
}
