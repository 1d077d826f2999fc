//! How escalations end: withdrawn, expired, closed; and how a clearance is taken back.

use super::reads::acted_after;
use super::{
    Act, Actor, EscalationId, EscalationKind, EscalationRow, MEMBER, OrderId, PersonId, Reference,
    StateName, Store, StoreError, Timestamp, Tx, deliveries, find, gate, json, people, save, sql,
    with_deliveries,
};

impl Store {
    /// An unsent escalation is withdrawn because its facts changed; where something was sent, its
    /// unsent deliveries alone are. `avoided`: the bank acted before anything was sent. `false`:
    /// everything of it was sent, and there was nothing to withdraw.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn withdraw(
        &self,
        by: &Actor,
        id: &EscalationId,
        why: &str,
        avoided: bool,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let mut row = find(&mut tx, id.as_str()).await?;
        let act = withdraw_in(&mut tx, &mut row, why, avoided).await?;
        let did = act.is_some();
        self.finish(tx, by, act.into_iter().collect()).await?;
        Ok(did)
    }

    /// Held or cleared escalations that are too old expire; those whose deliveries have all ended
    /// close; clearances that ran out, and those whose giver lost the authority, are held again.
    /// Each in a transaction of its own: one that cannot be swept stops none of the others. Returns
    /// how many changed.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sweep_escalations(&self, by: &Actor) -> Result<u64, StoreError> {
        let mut swept = 0;
        for id in self.to_sweep().await? {
            match self.sweep_escalation(by, &id).await {
                Ok(changed) => swept += u64::from(changed),
                Err(error @ StoreError::Database(_)) => return Err(error),
                Err(error) => tracing::error!(escalation = %id, "could not be swept: {error}"),
            }
        }
        Ok(swept)
    }

    pub(super) async fn to_sweep(&self) -> Result<Vec<EscalationId>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT e.id FROM escalation e
             WHERE e.state IN ('held', 'cleared') AND (
               (e.expires_at <= $1 AND EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                                               AND d.state = 'waiting'))
               OR (e.state = 'cleared' AND e.cleared_until <= $1
                   AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                                   AND d.state = 'sending'))
               OR (e.state = 'cleared' AND EXISTS (SELECT 1 FROM person p
                                                   WHERE p.id = e.cleared_by AND p.until_at <= $1))
               OR NOT EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                              AND d.state IN ('waiting', 'sending', 'uncertain')))
             ORDER BY e.expires_at, e.id LIMIT 200")
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    pub(super) async fn sweep_escalation(
        &self,
        by: &Actor,
        id: &EscalationId,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id.as_str()).await?;
        let act = sweep_one(&mut tx, &mut row, now).await?;
        let changed = act.is_some();
        self.finish(tx, by, act.into_iter().collect()).await?;
        Ok(changed)
    }

    /// Clearances that rest on a person or an order whose authority ended are void: what was not
    /// sent is held again. Returns how many.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn void_clearances(
        &self,
        by: &Actor,
        signer: Option<&PersonId>,
        order: Option<&OrderId>,
        why: &str,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let mut acts = Vec::new();
        void_in(&mut tx, signer, order, why, &mut acts).await?;
        let voided = acts.len() as u64;
        self.finish(tx, by, acts).await?;
        Ok(voided)
    }
}

impl Store {
    /// Notes once of each tag that was delivered after `since`, that the bank has acted on something
    /// that it asked for: where nobody is thanked in public. How many were noted.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn note_acted(&self, by: &Actor, since: Timestamp) -> Result<u64, StoreError> {
        if unnoted(&mut self.read().await?, since).await?.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let ids = unnoted(&mut tx, since).await?;
        let act = |id: &EscalationId| Act::new(id, "escalation.bank-acted", json!({}));
        self.finish(tx, by, ids.iter().map(act).collect()).await?;
        Ok(ids.len() as u64)
    }
}

async fn unnoted(tx: &mut Tx, since: Timestamp) -> Result<Vec<EscalationId>, StoreError> {
    let rows = sql(acted_after!(
        "NOT EXISTS (SELECT 1 FROM entry n WHERE n.subject = e.id
                     AND n.act = 'escalation.bank-acted')"
    ))
    .bind(since)
    .all(tx)
    .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Holds again every cleared escalation that the filter names (`None`, `None`: all of them), as far
/// as nothing is under way; a delivery under way runs to its own end.
pub(in crate::store) async fn void_in(
    tx: &mut Tx,
    signer: Option<&PersonId>,
    order: Option<&OrderId>,
    why: &str,
    acts: &mut Vec<Act>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT * FROM escalation WHERE state = 'cleared'
         AND ($1 = '' OR cleared_by = $1) AND ($2 = '' OR cleared_order = $2) ORDER BY id")
    .bind(signer.map_or("", PersonId::as_str))
    .bind(order.map_or("", OrderId::as_str))
    .all(tx)
    .await?;
    for mut row in with_deliveries(tx, rows).await? {
        acts.push(hold_again(tx, &mut row, why).await?);
    }
    Ok(())
}

/// Cleared → Held, with the reason.
pub(in crate::store) async fn hold_again(
    tx: &mut Tx,
    row: &mut EscalationRow,
    why: &str,
) -> Result<Act, StoreError> {
    row.escalation.hold_again()?;
    row.clearance = None;
    row.outcome = Some(format!("held again: {why}"));
    save(tx, row).await?;
    Ok(Act::new(&row.escalation.id, "escalation.held-again", json!({"why": why})))
}

/// See [`Store::withdraw`].
pub(in crate::store) async fn withdraw_in(
    tx: &mut Tx,
    row: &mut EscalationRow,
    why: &str,
    avoided: bool,
) -> Result<Option<Act>, StoreError> {
    if row.sent() {
        return withdraw_unsent(tx, row, why).await;
    }
    row.escalation.withdraw(false)?;
    let act = if avoided { "escalation.avoided" } else { "escalation.withdrawn" };
    let why = if avoided { format!("tag avoided: {why}") } else { why.to_owned() };
    end(tx, row, act, &why).await.map(Some)
}

/// What of an escalation was not sent is withdrawn; one entry, and none where nothing waited.
pub(super) async fn withdraw_unsent(
    tx: &mut Tx,
    row: &mut EscalationRow,
    why: &str,
) -> Result<Option<Act>, StoreError> {
    if !withdraw_waiting(tx, row, why).await? {
        return Ok(None);
    }
    let body = json!({"why": why, "sent": true});
    Ok(Some(Act::new(&row.escalation.id, "escalation.unsent-withdrawn", body)))
}

/// Nothing more goes out of what turned out to be wrong: what waits is withdrawn, and what is under
/// way and comes back unsent finds no clearance.
pub(super) async fn call_off(
    tx: &mut Tx,
    row: &mut EscalationRow,
    why: &str,
) -> Result<Vec<Act>, StoreError> {
    let mut acts: Vec<_> = withdraw_unsent(tx, row, why).await?.into_iter().collect();
    if row.clearance.is_some() && !row.all_ended() {
        acts.push(hold_again(tx, row, why).await?);
    }
    Ok(acts)
}

/// One open correction and one open retraction of a post at most.
pub(super) async fn set_right_once(
    tx: &mut Tx,
    wrong: &EscalationId,
    kind: EscalationKind,
) -> Result<(), StoreError> {
    let open = sql("SELECT reference FROM escalation WHERE about = $1 AND kind = $2
         AND state IN ('held', 'cleared', 'disputed')");
    let Some(open) = open.bind(wrong).bind(kind).opt(tx).await? else { return Ok(()) };
    let reference: Reference = open.get("reference")?;
    let why = format!("{reference} sets it right already: clear or reject that first");
    Err(StoreError::Refused(why))
}

pub(super) async fn sweep_one(
    tx: &mut Tx,
    row: &mut EscalationRow,
    now: Timestamp,
) -> Result<Option<Act>, StoreError> {
    if row.all_ended() {
        row.escalation.close(true)?;
        row.clearance = None;
        return end(tx, row, "escalation.closed", "all its deliveries have ended").await.map(Some);
    }
    if row.escalation.expires_at <= now {
        if row.sent() {
            return withdraw_unsent(tx, row, "too old").await;
        }
        row.escalation.expire(now, false)?;
        return end(tx, row, "escalation.expired", "too old").await.map(Some);
    }
    let ran_out = row.clearance.as_ref().is_some_and(|given| given.until <= now);
    let under_way = row.deliveries.iter().any(|row| row.delivery.name() == StateName::Sending);
    if ran_out && !under_way {
        return hold_again(tx, row, "its clearance ran out").await.map(Some);
    }
    let Some(given) = &row.clearance else { return Ok(None) };
    let signer = people::as_recorded(tx, given.authority.signer()).await?;
    match signer.as_approver(now) {
        Ok(_) => Ok(None),
        Err(error) => hold_again(tx, row, &error.to_string()).await.map(Some),
    }
}

/// Ends an escalation in the state it has been moved to: its waiting deliveries are withdrawn and
/// its actions are free again.
pub(super) async fn end(
    tx: &mut Tx,
    row: &mut EscalationRow,
    act: &'static str,
    why: &str,
) -> Result<Act, StoreError> {
    withdraw_waiting(tx, row, why).await?;
    row.outcome = Some(why.to_owned());
    save(tx, row).await?;
    sql("UPDATE escalation_action SET open = 0 WHERE escalation = $1 RETURNING *")
        .bind(&row.escalation.id)
        .write(&MEMBER, tx)
        .await?;
    Ok(Act::new(&row.escalation.id, act, json!({"why": why})))
}

/// Whether any delivery waited.
pub(super) async fn withdraw_waiting(
    tx: &mut Tx,
    row: &mut EscalationRow,
    why: &str,
) -> Result<bool, StoreError> {
    let mut changed = Vec::new();
    for delivery in &mut row.deliveries {
        if delivery.delivery.name() == StateName::Waiting {
            delivery.delivery.withdraw(None, why)?;
            changed.push(delivery.clone());
            delivery.rev += 1;
        }
    }
    deliveries::save(tx, &changed).await?;
    Ok(!changed.is_empty())
}
