//! What nobody saw the end of: leases that ran out, looks, late receipts, a person's word, and
//! everything unfinished after a restore.

use serde_json::json;

use super::{
    DeliveryRow,
    rows::{find, read, readable, save, settle},
};
use crate::{
    domain::{
        delivery::{LateReceipt, Look, LookRules, Receipt, StateName},
        ids::{AccountName, DeliveryId, Reference},
    },
    store::{
        Actor, Store, StoreError,
        db::{Tx, sql},
        gate, people,
        record::Act,
    },
};

/// Why the breaker trips on a second receipt.
pub(in crate::store) const SECOND_RECEIPT: &str = "a second post exists for one delivery";

/// Why the breaker trips on a receipt for what nobody had claimed.
const UNCLAIMED: &str = "a text was posted that nobody had claimed";

impl Store {
    /// Sending deliveries whose lease ran out become uncertain, and so do resends that waited until
    /// the platform's idempotency was no longer in force. Returns them.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sweep_leases(
        &self,
        by: &Actor,
        rules: impl Fn(&AccountName) -> LookRules + std::marker::Send,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM delivery WHERE state = 'sending' AND lease_until <= $1
             ORDER BY lease_until LIMIT 500")
        .bind(now)
        .all(&mut tx)
        .await?;
        let (mut changed, mut acts) = (Vec::new(), Vec::new());
        for mut row in readable(&rows) {
            let rules = rules(&row.delivery.content.account);
            row.delivery.lease_ran_out(now, rules)?;
            acts.push(Act::new(&row.delivery.id, "delivery.uncertain", json!({"why": "lease"})));
            changed.push(row);
        }
        let rows = sql("SELECT * FROM delivery WHERE state = 'waiting' AND resend_until <= $1
             ORDER BY resend_until LIMIT 500")
        .bind(now)
        .all(&mut tx)
        .await?;
        for mut row in readable(&rows) {
            row.delivery.resend_ran_out(now)?;
            // It may be public after all, since the first attempt: so it counts against the limits.
            row.sent_at = row.sent_at.or(row.delivery.first_attempt_at);
            acts.push(Act::new(&row.delivery.id, "delivery.uncertain", json!({"why": "resend"})));
            changed.push(row);
        }
        save(&mut tx, &changed).await?;
        let ids = changed.into_iter().map(|row| row.delivery.id).collect();
        self.finish(tx, by, acts).await?;
        Ok(ids)
    }

    /// Uncertain deliveries whose next look is due.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn to_look_for(&self, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM delivery WHERE state = 'uncertain' AND look_at <= $1
             ORDER BY look_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .all(&mut tx)
        .await?;
        Ok(readable(&rows))
    }

    /// Records what a look found, for the doubt that the looker read. What was found is true
    /// whatever happened meanwhile; *not there* is no word about a later attempt.
    ///
    /// # Errors
    /// The delivery changed meanwhile or is no longer uncertain, or the ledger failed.
    pub async fn looked(
        &self,
        by: &Actor,
        seen: &DeliveryRow,
        look: &Look,
        rules: LookRules,
    ) -> Result<StateName, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let delivery = &seen.delivery.id;
        let mut row = find(&mut tx, delivery.as_str()).await?;
        if row.rev != seen.rev && !matches!(look, Look::Found(_)) {
            return Err(StoreError::Conflict("the delivery changed while it was looked for"));
        }
        row.delivery.looked(look, now, rules)?;
        let state = row.delivery.name();
        let found = match look {
            Look::Found(receipt) => json!({"found": receipt, "state": state}),
            Look::NotThere => json!({"not_there": true, "state": state}),
            Look::Blind { reason } => json!({"blind": reason, "state": state}),
            Look::NoWay => json!({"no_way": true, "state": state}),
        };
        settle(&mut tx, &mut row, now).await?;
        self.finish(tx, by, vec![Act::new(delivery, "delivery.looked", found)]).await?;
        Ok(state)
    }

    /// A person decides that an uncertain delivery was not posted (looking could not tell, or the
    /// taker of a hand-off says so and the look was empty).
    ///
    /// # Errors
    /// The actor is no officer or approver now, it does not ask a person, or the ledger failed.
    pub async fn decided_not_posted(
        &self,
        by: &Actor,
        delivery: &DeliveryId,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let person = by.person.as_ref().ok_or_else(|| {
            StoreError::Refused("a person decides that, and no process".to_owned())
        })?;
        people::as_recorded(&mut tx, person).await?.as_desk(now)?;
        let mut row = find(&mut tx, delivery.as_str()).await?;
        row.delivery.decided_not_posted(now)?;
        settle(&mut tx, &mut row, now).await?;
        let act = Act::new(delivery, "delivery.decided-not-posted", json!({}));
        self.finish(tx, by, vec![act]).await
    }

    /// A receipt that came late is always stored and wins. A second one for one delivery trips the
    /// breaker, and so does one for a delivery that nobody had claimed.
    ///
    /// # Errors
    /// The post is another delivery's, or the ledger failed.
    pub async fn late_receipt(
        &self,
        by: &Actor,
        delivery: &DeliveryId,
        receipt: &Receipt,
    ) -> Result<LateReceipt, StoreError> {
        let mut tx = self.write().await?;
        let mut locked = gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, delivery.as_str()).await?;
        no_others(&mut tx, &row, receipt).await?;
        let meaning = row.delivery.late_receipt(receipt);
        let mut body = json!({"receipt": receipt, "second": meaning == LateReceipt::Second});
        if meaning == LateReceipt::Unclaimed {
            body["unclaimed"] = true.into();
        }
        let mut acts = vec![Act::new(delivery, "delivery.late-receipt", body)];
        match meaning {
            LateReceipt::Settles => settle(&mut tx, &mut row, now).await?,
            LateReceipt::Known => return Ok(meaning),
            LateReceipt::Unclaimed => {
                settle(&mut tx, &mut row, now).await?;
                acts.extend(locked.trip(&mut tx, UNCLAIMED).await?);
            }
            LateReceipt::Second => {
                acts.extend(locked.trip(&mut tx, SECOND_RECEIPT).await?);
            }
        }
        self.finish(tx, by, acts).await?;
        Ok(meaning)
    }
}

/// One post is the receipt of one delivery.
async fn no_others(tx: &mut Tx, row: &DeliveryRow, receipt: &Receipt) -> Result<(), StoreError> {
    let others = sql("SELECT reference FROM delivery WHERE account = $1 AND receipt_id = $2
         AND kind <> 'retraction' AND id <> $3")
    .bind(&row.delivery.content.account)
    .bind(&receipt.id)
    .bind(&row.delivery.id)
    .opt(tx)
    .await?;
    let Some(other) = others else { return Ok(()) };
    let reference: Reference = other.get("reference")?;
    Err(StoreError::Refused(format!("that post is the receipt of another text of {reference}")))
}

/// Unfinished deliveries that may have gone out since the backup become uncertain: a restored
/// ledger may be older than the truth.
pub(in crate::store) async fn doubt_unfinished(
    tx: &mut Tx,
    acts: &mut Vec<Act>,
) -> Result<(), StoreError> {
    let now = tx.now().await?;
    let rows = sql("SELECT * FROM delivery WHERE state IN ('waiting', 'sending', 'uncertain')
         ORDER BY id")
    .all(tx)
    .await?;
    let mut changed = Vec::new();
    for row in &rows {
        let mut row = read(row)?;
        if row.delivery.doubt_after_restore(now).is_ok() {
            row.sent_at.get_or_insert(now);
            acts.push(Act::new(&row.delivery.id, "delivery.uncertain", json!({"why": "restore"})));
            changed.push(row);
        }
    }
    save(tx, &changed).await
}
