//! What may be claimed: whose time has come, and what stands against it; and the lease over what
//! goes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{
    Claimed, DeliveryRow,
    authority::Authorities,
    rows::{of_escalations, save},
};
use crate::{
    domain::{
        clearance::Clearance,
        cost::Costs,
        delivery::{ClaimedDelivery, Lease, StateName},
        ids::{DeliveryId, EscalationId},
        pacing::{self, Candidate, Gate, PacingRules, Send, Why},
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        db::{Tx, sql},
        escalations::{self, EscalationRow},
        gate, obstacles,
        record::{ATTEMPT, Act},
        spend,
    },
};

/// Who claims, and how.
#[derive(Debug, Clone)]
pub struct ClaimRules<'a> {
    /// The worker's name: which process on which machine.
    pub holder: &'a str,
    /// How long the lease runs.
    pub lease: SignedDuration,
    /// The posting limits.
    pub pacing: &'a PacingRules,
    /// Everything but sending is done.
    pub shadow: bool,
    /// Quiet hours last until then.
    pub quiet_until: Option<Timestamp>,
    /// A bank's handle must have been resolved within this before a send that mentions it.
    pub handle_fresh_for: SignedDuration,
    /// What posts cost, and what an account may spend.
    pub costs: &'a Costs,
}

/// How long a delivery waits until it asks again, under a silence or for want of money.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

impl Store {
    /// Why each delivery of an escalation that has not been sent waits now, by the claim's own
    /// question, without claiming. `None`: it may go.
    ///
    /// # Errors
    /// There is no such escalation, or the ledger failed.
    pub async fn why_waiting(
        &self,
        escalation: &EscalationId,
        rules: &ClaimRules<'_>,
    ) -> Result<Vec<(DeliveryId, Option<Why>)>, StoreError> {
        let mut tx = self.read().await?;
        let gate = gate::look(&mut tx).await?.for_claim(rules);
        let now = tx.now().await?;
        let mut of = of_escalations(&mut tx, std::slice::from_ref(escalation)).await?;
        let mut rows = of.remove(escalation).transpose()?.unwrap_or_default();
        rows.retain(|row| row.delivery.name() == StateName::Waiting);
        let due = rows.into_iter().map(|row| (row.delivery.id, row.delivery.escalation));
        let decided = decide(&mut tx, due.collect(), rules, &gate, now).await?;
        let goes = decided.go.into_iter().map(|ready| (ready.row.delivery.id, None));
        let waits = decided.wait.into_iter().map(|(ready, why)| (ready.row.delivery.id, Some(why)));
        Ok(goes.chain(waits).collect())
    }

    pub(super) fn lease(&self, rules: &ClaimRules<'_>, now: Timestamp) -> Lease {
        let (token, holder) = (self.dice.token(), rules.holder.to_owned());
        Lease { token, holder, until: now.plus(rules.lease) }
    }
}

/// A delivery and its escalation.
pub(super) type Due = (DeliveryId, EscalationId);

/// A delivery whose time has come, what it stands on, and what stands against it.
pub(super) struct Ready {
    pub(super) row: DeliveryRow,
    pub(super) candidate: Candidate,
    /// Minted anew over exactly these bytes; `None` has an obstacle that says why.
    pub(super) clearance: Option<Clearance>,
    /// The bank's verified stable id, where the text mentions it.
    pub(super) verified: Option<String>,
}

/// What goes now, and why each of the others waits.
pub(super) struct Decided {
    pub(super) go: Vec<Ready>,
    pub(super) wait: Vec<(Ready, Why)>,
    pub(super) escalations: BTreeMap<EscalationId, EscalationRow>,
}

/// Waiting deliveries of cleared escalations on accounts that may post, what sets right first,
/// then by money at risk. A few more than the batch, so that one which cannot be read leaves no
/// gap; whoever waits for a known time is put off and is not read again until then, so what waits
/// does not hide what is behind it.
pub(super) async fn due(tx: &mut Tx, batch: u32, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    const SPARE: u32 = 10;
    let rows = sql("SELECT d.id AS id, d.escalation AS escalation FROM delivery d
         JOIN escalation e ON e.id = d.escalation
         JOIN account a ON a.name = d.account
         WHERE d.state = 'waiting' AND d.not_before <= $1 AND d.sender = 'api'
           AND (d.resend_until IS NULL OR d.resend_until > $1)
           AND e.state = 'cleared' AND a.live = 1
           AND (a.paused_until IS NULL OR a.paused_until <= $1)
         ORDER BY CASE e.kind WHEN 'retraction' THEN 0 WHEN 'correction' THEN 1 ELSE 2 END,
                  e.money_at_risk DESC, d.id
         LIMIT $2")
    .bind(now)
    .bind(batch.saturating_add(SPARE))
    .all(tx)
    .await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("escalation")?))).collect()
}

/// *May this go now?*, asked with everything that decides it.
pub(super) async fn decide(
    tx: &mut Tx,
    due: Vec<Due>,
    rules: &ClaimRules<'_>,
    gate: &Gate,
    now: Timestamp,
) -> Result<Decided, StoreError> {
    let (ready, escalations) = ready(tx, due, rules, now).await?;
    let sends = recorded_sends(tx, now.minus(rules.pacing.memory())).await?;
    let candidates: Vec<_> = ready.iter().map(|ready| ready.candidate.clone()).collect();
    let contents = ready.iter().map(|ready| &ready.row.delivery.content);
    let purses = spend::purses(tx, rules.costs, contents, now).await?;
    let plan = pacing::may_go_now(&candidates, &sends, rules.pacing, gate, &purses, now);
    let mut why: BTreeMap<_, _> = plan.wait.into_iter().collect();
    let (mut go, mut wait) = (Vec::with_capacity(plan.go.len()), Vec::new());
    for ready in ready {
        match why.remove(&ready.candidate.delivery) {
            Some(why) => wait.push((ready, why)),
            None => go.push(ready),
        }
    }
    Ok(Decided { go, wait, escalations })
}

/// Joins each delivery with its authority and what stands against it; and its escalation.
async fn ready(
    tx: &mut Tx,
    due: Vec<Due>,
    rules: &ClaimRules<'_>,
    now: Timestamp,
) -> Result<(Vec<Ready>, BTreeMap<EscalationId, EscalationRow>), StoreError> {
    let ids: BTreeSet<_> = due.iter().map(|(_, escalation)| escalation.clone()).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let loaded = escalations::load(tx, &ids).await?;
    let escalations: BTreeMap<_, _> =
        loaded.into_iter().map(|row| (row.escalation.id.clone(), row)).collect();
    let given = escalations.values().filter_map(|row| row.clearance.as_ref());
    let authorities = Authorities::load(tx, given).await?;
    // Once for all deliveries of an escalation: a clearance hashes all of them.
    let minted: BTreeMap<_, _> =
        escalations.iter().map(|(id, row)| (id, authorities.mint(row, now))).collect();
    let rows: Vec<_> =
        due.iter().filter_map(|(id, of)| escalations.get(of)?.delivery(id)).collect();
    let obstacles = obstacles::load(tx, &rows, rules.handle_fresh_for, now).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let delivery = &row.delivery;
        let Some(minted) = minted.get(&delivery.escalation) else { continue };
        let lost = minted.as_ref().err().map(|reason| Why::Authority { reason: reason.clone() });
        let clearance = minted.as_ref().ok().cloned();
        let candidate = Candidate {
            delivery: delivery.id.clone(),
            escalation: delivery.escalation.clone(),
            kind: delivery.kind,
            bank: delivery.bank.clone(),
            account: delivery.content.account.clone(),
            past_stop: clearance.as_ref().is_some_and(Clearance::past_stop),
            price: rules.costs.price(row.sender, &delivery.content),
            obstacle: lost.or_else(|| obstacles.against(delivery)),
        };
        let verified = obstacles.verified(delivery);
        found.push(Ready { row: row.clone(), candidate, clearance, verified });
    }
    Ok((found, escalations))
}

/// Joins what was taken with the evidence that the recheck compares.
pub(super) async fn with_evidence(
    tx: &mut Tx,
    deliveries: Vec<ClaimedDelivery>,
    mut known: BTreeMap<EscalationId, EscalationRow>,
) -> Result<Claimed, StoreError> {
    let ids: BTreeSet<_> = deliveries.iter().map(|one| &one.delivery().escalation).collect();
    let ids: Vec<_> = ids.into_iter().cloned().collect();
    let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (escalation, evidence) in escalations::members_of(tx, &ids).await? {
        members.entry(escalation).or_default().push(evidence);
    }
    let known = ids.into_iter().filter_map(|id| Some((known.remove(&id)?.escalation, id)));
    let escalations = known.map(|(escalation, id)| (id, escalation)).collect();
    Ok(Claimed { deliveries, members, escalations, waiting: Vec::new() })
}

/// What was sent, or may have been, since an instant.
pub(super) async fn recorded_sends(tx: &mut Tx, since: Timestamp) -> Result<Vec<Send>, StoreError> {
    let rows = sql("SELECT escalation, kind, bank, account, sent_at FROM delivery
         WHERE sent_at > $1")
    .bind(since)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Send {
                escalation: row.get("escalation")?,
                kind: row.get("kind")?,
                bank: row.get("bank")?,
                account: row.get("account")?,
                at: row.get("sent_at")?,
            })
        })
        .collect()
}

/// Waiting → Sending for those that go, with an attempt row each.
pub(super) async fn take(
    tx: &mut Tx,
    go: Vec<Ready>,
    lease: &Lease,
    now: Timestamp,
    acts: &mut Vec<Act>,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let mut taken = Vec::with_capacity(go.len());
    let mut rows = Vec::with_capacity(go.len());
    let mut prices = Vec::new();
    for Ready { mut row, clearance, candidate, verified } in go {
        let Some(clearance) = clearance else { continue };
        let given = clearance.authority();
        let authority = match given.order() {
            Some(order) => format!("order {order}, signed by {}", given.signer()),
            None => format!("approval by {}", given.signer()),
        };
        let claimed = row.delivery.claim(clearance, lease.clone(), now)?.verified_as(verified);
        row.delivery = claimed.delivery().clone();
        row.sent_at = Some(now);
        let mut body = json!({
            "attempt": row.delivery.attempts, "holder": lease.holder, "until": lease.until,
            "content": row.delivery.content.hash(), "clearance": claimed.clearance().content(),
        });
        if let Some(price) = candidate.price {
            body["price"] = json!(price);
        }
        acts.push(Act::new(&row.delivery.id, "delivery.claimed", body).on(Some(authority)));
        prices.extend(candidate.price.map(|price| spend::frozen(&row.delivery, price)));
        rows.push(row);
        taken.push(claimed);
    }
    save(tx, &rows).await?;
    spend::freeze(tx, prices, now).await?;
    start_attempts(tx, &rows, lease, now).await?;
    Ok(taken)
}

/// Those that wait for a known time are not read again until then; those whose authority ended are
/// held again.
pub(super) async fn put_off(
    tx: &mut Tx,
    wait: Vec<(Ready, Why)>,
    now: Timestamp,
    acts: &mut Vec<Act>,
) -> Result<Vec<(DeliveryId, Why)>, StoreError> {
    let mut later = Vec::new();
    let mut void = BTreeMap::new();
    for (ready, why) in &wait {
        let until = match why {
            // It may be lifted before its end: it is asked again before that.
            Why::Silence { until, .. } => (*until).min(now.plus(ASK_AGAIN)),
            Why::QuietHours { until }
            | Why::BankCap { until }
            | Why::BankInterval { until }
            | Why::AccountCap { until }
            | Why::AccountInterval { until } => *until,
            // A person may raise a cap or renew a list at any time.
            Why::MonthSpent { .. } | Why::PricesExpired { .. } => now.plus(ASK_AGAIN),
            Why::Authority { reason } | Why::Handle { reason } => {
                void.insert(ready.row.delivery.escalation.clone(), reason.clone());
                continue;
            }
            _ => continue,
        };
        later.push(json!({"id": ready.row.delivery.id, "at": until, "why": why.to_string()}));
    }
    if !later.is_empty() {
        postpone(tx, later).await?;
    }
    let ids: Vec<_> = void.keys().cloned().collect();
    for mut row in escalations::load(tx, &ids).await? {
        let why = void.get(&row.escalation.id).cloned().unwrap_or_default();
        if row.clearance.is_some() {
            acts.push(escalations::hold_again(tx, &mut row, &why).await?);
        }
    }
    Ok(wait.into_iter().map(|(ready, why)| (ready.row.delivery.id, why)).collect())
}

/// Sets only the unfollowed columns: nothing happened to the delivery but time.
pub(super) async fn postpone(tx: &mut Tx, rows: Vec<Json>) -> Result<(), StoreError> {
    sql("UPDATE delivery SET
           not_before = (SELECT CAST(j.value->>'at' AS BIGINT)
                         FROM json_each(CAST($1 AS TEXT)) AS j WHERE j.value->>'id' = delivery.id),
           why = (SELECT j.value->>'why'
                  FROM json_each(CAST($1 AS TEXT)) AS j WHERE j.value->>'id' = delivery.id),
           rev = rev + 1
         WHERE state = 'waiting'
           AND id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(rows)
    .run(tx)
    .await?;
    Ok(())
}

pub(super) async fn start_attempts(
    tx: &mut Tx,
    rows: &[DeliveryRow],
    lease: &Lease,
    now: Timestamp,
) -> Result<(), StoreError> {
    let batch =
        rows.iter().map(|row| json!({"id": row.delivery.id, "n": row.delivery.attempts})).collect();
    // A claim that was put off before its bytes left has made no attempt: its number is used again.
    sql("INSERT INTO attempt (delivery, n, token, holder, claimed_at)
         SELECT j.value->>'id', CAST(j.value->>'n' AS BIGINT), $2, $3, $4
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (delivery, n) DO UPDATE SET token = excluded.token, holder = excluded.holder,
           claimed_at = excluded.claimed_at, ended_at = NULL, outcome = NULL, detail = NULL
         RETURNING *")
    .batch(batch)
    .bind(&lease.token)
    .bind(&lease.holder)
    .bind(now)
    .write(&ATTEMPT, tx)
    .await?;
    Ok(())
}
