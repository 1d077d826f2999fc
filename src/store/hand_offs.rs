//! The record of a hand-off's recheck: what stands between the claim and the officer's post.
//!
//! The claim is committed before the case source is asked, so the answer is an entry of its own,
//! and it is durable before the officer sees the text.

use serde_json::json;

use super::{Actor, Rechecked, Store, StoreError, deliveries, record::Act};
use crate::domain::{delivery::State, ids::DeliveryId};

impl Store {
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
        let row = deliveries::find(&mut tx, id.as_str()).await?;
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
