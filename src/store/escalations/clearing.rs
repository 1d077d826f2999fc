//! The one door to *cleared*: an approver's word about what they saw, or a standing order. Both are
//! decided under the gate's lock.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Approver, Authority, BankCode, Clearance, Deciding, Escalation, EscalationId,
    EscalationRow, Hash, OrderInForce, Person, Refused, Store, StoreError, Timestamp, Tx, deciding,
    find, gate, no_open_dispute, orders, save, sql,
};
use crate::store::record::{Act, ORDER_CLEARANCE};

/// The clearance as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClearance {
    /// The hash it was given for.
    pub hash: Hash,
    /// On whose word.
    pub authority: Authority,
    /// When.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// An approver's override: it may go while sending is stopped.
    pub past_stop: bool,
}

impl StoredClearance {
    /// Minted anew for a claim; see [`Escalation::remint`].
    pub(in crate::store) fn remint(
        &self,
        escalation: &Escalation,
        now: Timestamp,
    ) -> Result<Clearance, Refused> {
        let authority = self.authority.clone();
        escalation.remint(authority, &self.hash, self.at, self.until, self.past_stop, now)
    }
}

impl Store {
    /// An approver clears an escalation, naming the hash that they saw.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn approve(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        seen: &Hash,
        valid: SignedDuration,
    ) -> Result<EscalationRow, StoreError> {
        self.give(by, id_or_reference, person, |escalation, approver, now, _stopped| {
            Ok(escalation.approve(approver, seen, now, valid)?)
        })
        .await
    }

    /// While sending is stopped, an approver clears a correction or a retraction to go all the same.
    /// The override is on the record, and ends with the next `resume`.
    ///
    /// # Errors
    /// Nothing is stopped, it is a tag or a closure, or as for [`Store::approve`].
    pub async fn approve_past_stop(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        seen: &Hash,
        valid: SignedDuration,
    ) -> Result<EscalationRow, StoreError> {
        self.give(by, id_or_reference, person, |escalation, approver, now, stopped| {
            if !stopped {
                let text = "sending is not stopped, so there is nothing to override; approve it";
                return Err(StoreError::Refused(text.to_owned()));
            }
            Ok(escalation.approve_past_stop(approver, seen, now, valid)?)
        })
        .await
    }

    /// One approver's clearance, with its entry.
    async fn give(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        clear: impl FnOnce(&mut Escalation, &Approver, Timestamp, bool) -> Result<Clearance, StoreError>
        + Send,
    ) -> Result<EscalationRow, StoreError> {
        let mut tx = self.write().await?;
        let stopped = gate::lock(&mut tx).await?.is_stopped();
        let Deciding { mut row, approver, now } =
            deciding(&mut tx, id_or_reference, person).await?;
        no_open_dispute(&mut tx, &row.escalation.id).await?;
        let clearance = clear(&mut row.escalation, &approver, now, stopped)?;
        row.set_clearance(&clearance);
        save(&mut tx, &mut row).await?;
        let mut body = json!({"hash": clearance.content(), "until": clearance.valid_until()});
        if clearance.past_stop() {
            body["past_stop"] = json!(true);
        }
        let act = Act::new(&row.escalation.id, "escalation.approved", body)
            .on(Some(format!("approval by {}", approver.id())));
        self.finish(tx, by, vec![act]).await?;
        Ok(row)
    }

    /// A standing order clears an escalation, if its caps allow one more clearance. Decided under
    /// the gate's lock, so that two processes never share one place. `Ok(false)`: a cap is full.
    ///
    /// # Errors
    /// The order does not cover it, it changed meanwhile, or the ledger failed.
    pub async fn clear_under(
        &self,
        by: &Actor,
        id: &EscalationId,
        order: &OrderInForce,
        valid: SignedDuration,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id.as_str()).await?;
        no_open_dispute(&mut tx, id).await?;
        // As it stands now: it may have been revoked since it was read.
        let order = &orders::still_in_force(&mut tx, &order.order().id, now).await?;
        if !order_has_room(&mut tx, order, &row.escalation.bank, now).await? {
            return Ok(false);
        }
        let clearance = row.escalation.clear_under(order, now, valid)?;
        row.set_clearance(&clearance);
        save(&mut tx, &mut row).await?;
        sql("INSERT INTO order_clearance (order_id, escalation, bank, at)
             VALUES ($1, $2, $3, $4) RETURNING *")
        .bind(&order.order().id)
        .bind(id)
        .bind(&row.escalation.bank)
        .bind(now)
        .write(&ORDER_CLEARANCE, &mut tx)
        .await?;
        let authority = format!("order {} ({})", order.order().id, order.order().name);
        let act = Act::new(
            id,
            "escalation.cleared",
            json!({"hash": clearance.content(), "until": clearance.valid_until(),
                   "order": order.order().id}),
        )
        .on(Some(authority));
        self.finish(tx, by, vec![act]).await?;
        Ok(true)
    }
}

/// Whether the order's caps allow one more clearance now.
async fn order_has_room(
    tx: &mut Tx,
    order: &OrderInForce,
    bank: &BankCode,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let day = SignedDuration::from_hours(24);
    let rows = sql("SELECT bank, at FROM order_clearance WHERE order_id = $1 AND at > $2")
        .bind(&order.order().id)
        .bind(now.minus(day))
        .all(tx)
        .await?;
    let mut given: Vec<(BankCode, Timestamp)> = Vec::with_capacity(rows.len());
    for row in &rows {
        given.push((row.get("bank")?, row.get("at")?));
    }
    Ok(order.order().terms.has_room(&given, bank, now))
}

impl EscalationRow {
    fn set_clearance(&mut self, clearance: &Clearance) {
        self.hold_until = None;
        self.outcome = None;
        self.clearance = Some(StoredClearance {
            hash: *clearance.content(),
            authority: clearance.authority().clone(),
            at: clearance.minted_at(),
            until: clearance.valid_until(),
            past_stop: clearance.past_stop(),
        });
    }
}
