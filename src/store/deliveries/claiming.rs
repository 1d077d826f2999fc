//! What may be claimed: whose time has come, what stands on what authority, what stands against
//! it; and the lease over what goes.

use super::*;

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
        let gate = gate::look(&mut tx).await?.for_claim(rules.shadow, rules.quiet_until);
        let now = tx.now().await?;
        let mut of = of_escalations(&mut tx, std::slice::from_ref(escalation)).await?;
        let mut rows = of.remove(escalation).transpose()?.unwrap_or_default();
        rows.retain(|row| row.delivery.name() == StateName::Waiting);
        let (_, plan) = decide(&mut tx, rows, rules, &gate, now).await?;
        let waits = plan.wait.into_iter().map(|(id, why)| (id, Some(why)));
        Ok(plan.go.into_iter().map(|id| (id, None)).chain(waits).collect())
    }

    /// Which of these escalations have lost their clearance since they were claimed, and how: the
    /// recheck's question about authority.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn lost_authority(
        &self,
        ids: &[EscalationId],
    ) -> Result<BTreeMap<EscalationId, String>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let loaded = escalations::load(&mut tx, ids).await?;
        let rows: BTreeMap<_, _> =
            loaded.into_iter().map(|row| (row.escalation.id.clone(), row)).collect();
        let authorities = Authorities::load(&mut tx, &rows).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, row)| Some((id, authorities.against(&row, now)?)))
            .collect())
    }
}

/// A delivery whose time has come, what it stands on, and what stands against it.
pub(super) struct Ready {
    pub(super) row: DeliveryRow,
    pub(super) candidate: Candidate,
    pub(super) claimable: Option<(Escalation, StoredClearance)>,
}

/// Waiting deliveries of cleared escalations on accounts that may post, what sets right first,
/// then by money at risk. Twice the batch, so that those which wait do not hide those behind them:
/// whoever waits for a known time is put off and is not read again until then.
pub(super) async fn due(
    tx: &mut Tx,
    batch: u32,
    now: Timestamp,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let rows = sql("SELECT d.* FROM delivery d
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
    .bind(i64::from(batch) * 2)
    .all(tx)
    .await?;
    Ok(readable(&rows))
}

/// *May this go now?*, asked with everything that decides it.
pub(super) async fn decide(
    tx: &mut Tx,
    rows: Vec<DeliveryRow>,
    rules: &ClaimRules<'_>,
    gate: &Gate,
    now: Timestamp,
) -> Result<(Vec<Ready>, Plan), StoreError> {
    let ready = ready(tx, rows, rules, now).await?;
    let sends = recorded_sends(tx, now.minus(rules.pacing.memory())).await?;
    let candidates: Vec<_> = ready.iter().map(|ready| ready.candidate.clone()).collect();
    let contents = ready.iter().map(|ready| &ready.row.delivery.content);
    let purses = spend::purses(tx, rules.costs, contents, now).await?;
    let plan = pacing::may_go_now(&candidates, &sends, rules.pacing, gate, &purses, now);
    Ok((ready, plan))
}

/// Joins each delivery with its escalation, its authority and what stands against it.
pub(super) async fn ready(
    tx: &mut Tx,
    rows: Vec<DeliveryRow>,
    rules: &ClaimRules<'_>,
    now: Timestamp,
) -> Result<Vec<Ready>, StoreError> {
    let mut ids: Vec<_> = rows.iter().map(|row| row.delivery.escalation.clone()).collect();
    ids.sort();
    ids.dedup();
    let loaded = escalations::load(tx, &ids).await?;
    let escalations: BTreeMap<_, _> =
        loaded.into_iter().map(|row| (row.escalation.id.clone(), row)).collect();
    let authorities = Authorities::load(tx, &escalations).await?;
    let obstacles = crate::store::obstacles::load(tx, &rows, rules.handle_fresh_for, now).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let delivery = &row.delivery;
        let Some(escalation) = escalations.get(&delivery.escalation) else { continue };
        let obstacle = authorities
            .against(escalation, now)
            .map(|reason| Why::Authority { reason })
            .or_else(|| obstacles.against(delivery));
        let candidate = Candidate {
            delivery: delivery.id.clone(),
            escalation: delivery.escalation.clone(),
            kind: delivery.kind,
            bank: delivery.bank.clone(),
            account: delivery.content.account.clone(),
            past_stop: escalation.clearance.as_ref().is_some_and(|given| given.past_stop),
            price: rules.costs.price(row.sender, &delivery.content),
            obstacle,
        };
        let claimable =
            escalation.clearance.clone().map(|given| (escalation.escalation.clone(), given));
        found.push(Ready { row, candidate, claimable });
    }
    Ok(found)
}

/// Joins what was taken with the evidence that the recheck compares.
pub(super) async fn with_evidence(
    tx: &mut Tx,
    deliveries: Vec<ClaimedDelivery>,
    ready: Vec<Ready>,
) -> Result<Claimed, StoreError> {
    let ids: Vec<_> = deliveries.iter().map(|one| one.delivery().escalation.clone()).collect();
    let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (escalation, evidence) in escalations::members_of(tx, &ids).await? {
        members.entry(escalation).or_default().push(evidence);
    }
    let known = ready.into_iter().filter_map(|ready| ready.claimable);
    let escalations = known.map(|(known, _)| (known.id.clone(), known)).collect();
    Ok(Claimed { deliveries, members, escalations, waiting: Vec::new() })
}

/// Whether the giver of each clearance may still give it.
pub(super) struct Authorities {
    pub(super) people: BTreeMap<PersonId, Person>,
    pub(super) orders: BTreeMap<String, StandingOrder>,
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
    ready: &[Ready],
    go: &[DeliveryId],
    lease: &Lease,
    now: Timestamp,
    acts: &mut Vec<Act>,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let mut taken = Vec::with_capacity(go.len());
    let mut rows = Vec::with_capacity(go.len());
    let mut prices = Vec::new();
    for ready in ready.iter().filter(|ready| go.contains(&ready.row.delivery.id)) {
        let Some((escalation, given)) = &ready.claimable else { continue };
        let clearance = given.remint(escalation, now)?;
        let authority = match given.authority.order() {
            Some(order) => format!("order {order}, signed by {}", given.authority.signer()),
            None => format!("approval by {}", given.authority.signer()),
        };
        let claimed = ready.row.delivery.clone().claim(clearance, lease.clone(), now)?;
        let mut row = ready.row.clone();
        row.delivery = claimed.delivery().clone();
        row.sent_at = Some(now);
        let body = json!({
            "attempt": row.delivery.attempts, "holder": lease.holder, "until": lease.until,
            "content": row.delivery.content.hash(), "clearance": given.hash,
        });
        acts.push(Act::new(&row.delivery.id, "delivery.claimed", body).on(Some(authority)));
        prices.extend(ready.candidate.price.map(|price| spend::frozen(&row.delivery, price)));
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
    ready: &[Ready],
    wait: Vec<(DeliveryId, Why)>,
    now: Timestamp,
    acts: &mut Vec<Act>,
) -> Result<Vec<(DeliveryId, Why)>, StoreError> {
    let mut later = Vec::new();
    let mut void = BTreeMap::new();
    for (id, why) in &wait {
        match why {
            Why::Silence { until, .. } => {
                // It may be lifted before its end: it is asked again before that.
                let at = (*until).min(now.plus(ASK_AGAIN));
                later.push(json!({"id": id, "at": at, "why": why.to_string()}));
            }
            Why::QuietHours { until }
            | Why::BankCap { until }
            | Why::BankInterval { until }
            | Why::AccountCap { until }
            | Why::AccountInterval { until } => {
                later.push(json!({"id": id, "at": until, "why": why.to_string()}));
            }
            // A person may raise a cap or renew a list at any time.
            Why::MonthSpent { .. } | Why::PricesExpired { .. } => {
                let at = now.plus(ASK_AGAIN);
                later.push(json!({"id": id, "at": at, "why": why.to_string()}));
            }
            Why::Authority { reason } | Why::Handle { reason } => {
                let found = ready.iter().find(|ready| ready.row.delivery.id == *id);
                if let Some(ready) = found {
                    void.insert(ready.row.delivery.escalation.clone(), reason.clone());
                }
            }
            _ => {}
        }
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
    Ok(wait)
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

impl Authorities {
    pub(super) async fn load(
        tx: &mut Tx,
        escalations: &BTreeMap<EscalationId, EscalationRow>,
    ) -> Result<Self, StoreError> {
        let given = || escalations.values().filter_map(|row| row.clearance.as_ref());
        let signers = given().map(|given| given.authority.signer().clone()).collect();
        let orders = given().filter_map(|given| given.authority.order().cloned()).collect();
        Ok(Self {
            people: crate::store::people::by_ids(tx, signers).await?,
            orders: crate::store::orders::by_ids(tx, orders).await?,
        })
    }

    /// The reason why a clearance no longer counts.
    pub(super) fn against(&self, row: &EscalationRow, now: Timestamp) -> Option<String> {
        let Some(given) = &row.clearance else { return Some("it has no clearance".to_owned()) };
        let Some(signer) = self.people.get(given.authority.signer()) else {
            return Some("whoever cleared it is gone".to_owned());
        };
        let verdict = match given.authority.order() {
            None => signer.as_approver(now).map(drop).map_err(|error| error.to_string()),
            Some(id) => match self.orders.get(id.as_str()) {
                None => Err("its standing order is gone".to_owned()),
                Some(order) => {
                    order.in_force(signer, now).map(drop).map_err(|error| error.to_string())
                }
            },
        };
        let minted = || {
            let minted = given.remint(&row.escalation, now);
            minted.map(drop).map_err(|error| error.to_string())
        };
        verdict.and_then(|()| minted()).err()
    }
}
