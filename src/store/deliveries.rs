//! Deliveries: claimed under one lock, recorded once, swept when their lease ran out.
//!
//! The claim is the only door to a [`ClaimedDelivery`]: under the gate's lock it reads switch,
//! breaker, authority and recorded sends, asks *may this go now?*, and commits the leases before
//! a byte leaves.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    escalations::{self, EscalationRow, Evidence, StoredClearance},
    gate,
    record::{ATTEMPT, Act, DELIVERY},
};
use crate::domain::{
    canonical::Hash,
    delivery::{
        ClaimedDelivery, Content, Delivery, Doubt, LateReceipt, Lease, Look, LookRules, Outcome,
        Receipt, State, StateName,
    },
    escalation::Escalation,
    ids::{AccountName, DeliveryId, EscalationId, PersonId},
    order::StandingOrder,
    pacing::{self, Candidate, PacingRules, Send, Why},
    person::Person,
    platform::Sender,
    time::Timestamp,
};

/// A delivery as the ledger has it.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Counts the writes, for compare-and-set.
    pub(super) rev: i64,
    /// Its place among its escalation's deliveries.
    n: i64,
    /// Who presses the button.
    pub sender: Sender,
    /// When it was claimed, while it may have gone out: what budgets count.
    pub sent_at: Option<Timestamp>,
    /// When its engagement is next listened for.
    pub listen_at: Option<Timestamp>,
    /// The delivery.
    pub delivery: Delivery,
}

impl DeliveryRow {
    pub(super) fn drafted(
        id: DeliveryId,
        n: i64,
        sender: Sender,
        escalation: &Escalation,
        content: Content,
    ) -> Self {
        let state = State::Waiting { not_before: escalation.drafted_at, why: None };
        let delivery = Delivery::new(
            id,
            escalation.id.clone(),
            escalation.kind,
            escalation.bank.clone(),
            escalation.reference.clone(),
            content,
            0,
            None,
            state,
        );
        Self { rev: 0, n, sender, sent_at: None, listen_at: None, delivery }
    }
}

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
    /// The last look at the case source before the send.
    pub recheck: Option<Rechecked>,
}

/// The last look at the case source before a send: every member was still as the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rechecked {
    /// When the source was asked.
    pub at: Timestamp,
    /// How many members it was asked about.
    pub members: u32,
}

/// What recording left to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Deliveries by the state they are in now.
    pub states: Vec<(DeliveryId, StateName)>,
    /// A second receipt for one delivery came in: the breaker was tripped.
    pub second_receipts: Vec<DeliveryId>,
}

impl Store {
    /// Claims deliveries that may go now. One transaction under the gate's lock, durable before it
    /// returns.
    ///
    /// # Errors
    /// The ledger failed; nothing was claimed.
    pub async fn claim(&self, by: &Actor, rules: &ClaimRules<'_>) -> Result<Claimed, StoreError> {
        let mut tx = self.write().await?;
        let gate = gate::lock(&mut tx).await?.for_claim(rules.shadow, rules.quiet_until);
        let now = tx.now().await?;
        let rows = due(&mut tx, rules.pacing.batch, now).await?;
        let ready = ready(&mut tx, rows, rules, now).await?;
        let sends = recorded_sends(&mut tx, now.minus(rules.pacing.memory())).await?;
        let candidates: Vec<_> = ready.iter().map(|ready| ready.candidate.clone()).collect();
        let plan = pacing::may_go_now(&candidates, &sends, rules.pacing, &gate, now);
        let lease = Lease {
            token: self.dice.token(),
            holder: rules.holder.to_owned(),
            until: now.plus(rules.lease),
        };
        let mut acts = Vec::new();
        let taken = take(&mut tx, &ready, &plan.go, &lease, now, &mut acts).await?;
        let waiting = put_off(&mut tx, &ready, plan.wait, now, &mut acts).await?;
        let claimed = with_evidence(&mut tx, taken, ready).await?;
        self.finish(tx, by, acts).await?;
        Ok(Claimed { waiting, ..claimed })
    }

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
        let gate = gate::lock(&mut tx).await?.for_claim(rules.shadow, rules.quiet_until);
        let now = tx.now().await?;
        let row = find(&mut tx, delivery.as_str()).await?;
        if row.sender != Sender::HandOff {
            return Err(StoreError::Refused("that delivery is not a hand-off".to_owned()));
        }
        let ready = ready(&mut tx, vec![row], rules, now).await?;
        let sends = recorded_sends(&mut tx, now.minus(rules.pacing.memory())).await?;
        let candidates: Vec<_> = ready.iter().map(|ready| ready.candidate.clone()).collect();
        let plan = pacing::may_go_now(&candidates, &sends, rules.pacing, &gate, now);
        if let Some((_, why)) = plan.wait.first() {
            return Err(StoreError::Refused(format!("it may not be posted now: {why}")));
        }
        let lease = Lease {
            token: self.dice.token(),
            holder: rules.holder.to_owned(),
            until: now.plus(rules.lease),
        };
        let mut acts = Vec::new();
        let taken = take(&mut tx, &ready, &plan.go, &lease, now, &mut acts).await?;
        if taken.is_empty() {
            return Err(StoreError::Refused("it is not waiting, or not cleared".to_owned()));
        }
        let claimed = with_evidence(&mut tx, taken, ready).await?;
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
            // It may be public after all, since the first attempt.
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
        super::people::as_recorded(&mut tx, person).await?.as_desk(now)?;
        let mut row = find(&mut tx, delivery.as_str()).await?;
        row.delivery.decided_not_posted(now)?;
        settle(&mut tx, &mut row, now).await?;
        let act = Act::new(delivery, "delivery.decided-not-posted", json!({}));
        self.finish(tx, by, vec![act]).await
    }

    /// A receipt that came late is always stored and wins. A second one for one delivery trips the
    /// breaker.
    ///
    /// # Errors
    /// The ledger failed.
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
        let meaning = row.delivery.late_receipt(receipt);
        let mut acts = vec![Act::new(
            delivery,
            "delivery.late-receipt",
            json!({"receipt": receipt, "second": meaning == LateReceipt::Second}),
        )];
        match meaning {
            LateReceipt::Settles => settle(&mut tx, &mut row, now).await?,
            LateReceipt::Known => return Ok(meaning),
            LateReceipt::Second => {
                acts.extend(locked.trip(&mut tx, SECOND_RECEIPT).await?);
            }
        }
        self.finish(tx, by, acts).await?;
        Ok(meaning)
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

    /// One delivery, by its id.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn delivery(&self, id: &str) -> Result<DeliveryRow, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id).await
    }
}

/// How long a delivery under a silence waits until it asks again.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Why the breaker trips on a second receipt.
pub(super) const SECOND_RECEIPT: &str = "a second post exists for one delivery";

/// A delivery whose time has come, what it stands on, and what stands against it.
struct Ready {
    row: DeliveryRow,
    candidate: Candidate,
    claimable: Option<(Escalation, StoredClearance)>,
}

/// A row's error is its own: one that cannot be read stops none of the others.
fn readable(rows: &[Row]) -> Vec<DeliveryRow> {
    let read = rows.iter().filter_map(|row| match read(row) {
        Ok(row) => Some(row),
        Err(error) => {
            let id: String = row.get("id").unwrap_or_default();
            tracing::error!(delivery = %id, "a delivery is left alone: {error}");
            None
        }
    });
    read.collect()
}

/// Waiting deliveries of cleared escalations on accounts that may post, what sets right first,
/// then by money at risk. Twice the batch, so that those which wait do not hide those behind them:
/// whoever waits for a known time is put off and is not read again until then.
async fn due(tx: &mut Tx, batch: u32, now: Timestamp) -> Result<Vec<DeliveryRow>, StoreError> {
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

/// Joins each delivery with its escalation, its authority and what stands against it.
async fn ready(
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
    let obstacles = super::obstacles::load(tx, &rows, rules.handle_fresh_for, now).await?;
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
            obstacle,
        };
        let claimable =
            escalation.clearance.clone().map(|given| (escalation.escalation.clone(), given));
        found.push(Ready { row, candidate, claimable });
    }
    Ok(found)
}

/// Joins what was taken with the evidence that the recheck compares.
async fn with_evidence(
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
struct Authorities {
    people: BTreeMap<PersonId, Person>,
    orders: BTreeMap<String, StandingOrder>,
}

impl Authorities {
    async fn load(
        tx: &mut Tx,
        escalations: &BTreeMap<EscalationId, EscalationRow>,
    ) -> Result<Self, StoreError> {
        let given = || escalations.values().filter_map(|row| row.clearance.as_ref());
        let signers = given().map(|given| given.authority.signer().clone()).collect();
        let orders = given().filter_map(|given| given.authority.order().cloned()).collect();
        Ok(Self {
            people: super::people::by_ids(tx, signers).await?,
            orders: super::orders::by_ids(tx, orders).await?,
        })
    }

    /// The reason why a clearance no longer counts.
    fn against(&self, row: &EscalationRow, now: Timestamp) -> Option<String> {
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

/// What was sent, or may have been, since an instant.
async fn recorded_sends(tx: &mut Tx, since: Timestamp) -> Result<Vec<Send>, StoreError> {
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
async fn take(
    tx: &mut Tx,
    ready: &[Ready],
    go: &[DeliveryId],
    lease: &Lease,
    now: Timestamp,
    acts: &mut Vec<Act>,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let mut taken = Vec::with_capacity(go.len());
    let mut rows = Vec::with_capacity(go.len());
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
        rows.push(row);
        taken.push(claimed);
    }
    save(tx, &rows).await?;
    start_attempts(tx, &rows, lease, now).await?;
    Ok(taken)
}

/// Those that wait for a known time are not read again until then; those whose authority ended are
/// held again.
async fn put_off(
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
async fn postpone(tx: &mut Tx, rows: Vec<Json>) -> Result<(), StoreError> {
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

async fn start_attempts(
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

async fn end_attempts(tx: &mut Tx, reports: &[Report], now: Timestamp) -> Result<(), StoreError> {
    let batch: Vec<_> = reports
        .iter()
        .map(|report| {
            let (outcome, detail) = match &report.ended {
                Ended::Attempted(outcome) => (outcome.kind().as_str(), outcome.reason().to_owned()),
                Ended::NotNow { why, .. } => ("put-off", why.clone()),
                Ended::Untrue { why, .. } => ("withdrawn", why.clone()),
            };
            json!({"id": report.delivery, "token": report.token, "outcome": outcome,
                   "detail": detail})
        })
        .collect();
    // Written out, because what `*` returns beside the joined batch differs between databases.
    sql("UPDATE attempt SET ended_at = $2, outcome = j.value->>'outcome',
           detail = j.value->>'detail'
         FROM json_each(CAST($1 AS TEXT)) AS j
         WHERE attempt.ended_at IS NULL AND attempt.delivery = j.value->>'id'
           AND attempt.token = j.value->>'token'
         RETURNING delivery, n, token, holder, claimed_at, ended_at, outcome, detail")
    .batch(batch)
    .bind(now)
    .write(&ATTEMPT, tx)
    .await?;
    Ok(())
}

/// Applies one report to its delivery. `false`: nothing of the delivery changed.
fn apply(
    row: &mut DeliveryRow,
    report: &Report,
    now: Timestamp,
    recorded: &mut Recorded,
) -> Result<bool, StoreError> {
    let delivery = &mut row.delivery;
    let result = match &report.ended {
        Ended::Attempted(outcome) => delivery.record(&report.token, outcome, now, report.look),
        Ended::NotNow { until, why } => delivery.not_now(&report.token, *until, why),
        Ended::Untrue { why, .. } => delivery.withdraw(Some(&report.token), why),
    };
    let changed = match (result, &report.ended) {
        (Ok(()), _) => true,
        // The lease ran out meanwhile: only a receipt still counts, and it wins.
        (Err(_), Ended::Attempted(Outcome::Accepted(receipt))) => {
            match delivery.late_receipt(receipt) {
                LateReceipt::Settles => true,
                LateReceipt::Known => false,
                LateReceipt::Second => {
                    recorded.second_receipts.push(delivery.id.clone());
                    false
                }
            }
        }
        (Err(_), _) => false,
    };
    row.settle(now);
    Ok(changed)
}

impl DeliveryRow {
    /// Budgets and listening follow the state: only what is proved not sent gives its budget back,
    /// and only what was delivered is listened to.
    fn settle(&mut self, now: Timestamp) {
        match self.delivery.name() {
            StateName::Waiting | StateName::Withdrawn => self.sent_at = None,
            StateName::Delivered => {
                self.sent_at.get_or_insert(now);
                self.listen_at.get_or_insert(now);
            }
            StateName::Retracted => self.listen_at = None,
            StateName::Sending | StateName::Uncertain | StateName::Refused => {}
        }
    }
}

async fn settle(tx: &mut Tx, row: &mut DeliveryRow, now: Timestamp) -> Result<(), StoreError> {
    row.settle(now);
    save(tx, std::slice::from_ref(row)).await?;
    if row.delivery.name() == StateName::Delivered {
        retract_target(tx, &row.delivery).await?;
    }
    Ok(())
}

/// A retraction that took effect retracts the delivery whose post it deleted.
async fn retract_target(tx: &mut Tx, retraction: &Delivery) -> Result<(), StoreError> {
    let Some(post) = &retraction.content.retracts else { return Ok(()) };
    let rows = sql("SELECT * FROM delivery WHERE account = $1 AND receipt_id = $2
         AND state = 'delivered' AND kind <> 'retraction'")
    .bind(&retraction.content.account)
    .bind(post)
    .all(tx)
    .await?;
    for row in &rows {
        let mut row = read(row)?;
        row.delivery.retracted()?;
        row.listen_at = None;
        save(tx, &[row]).await?;
    }
    Ok(())
}

fn report_act(ended: &Ended) -> &'static str {
    match ended {
        Ended::Attempted(_) => "delivery.attempted",
        Ended::NotNow { .. } => "delivery.put-off",
        Ended::Untrue { .. } => "delivery.withdrawn",
    }
}

fn report_body(report: &Report, state: StateName) -> Json {
    match &report.ended {
        Ended::Attempted(Outcome::Accepted(receipt)) => {
            json!({"outcome": "accepted", "receipt": receipt, "recheck": report.recheck,
                   "state": state})
        }
        Ended::Attempted(outcome) => {
            json!({"outcome": outcome.kind(), "detail": outcome.reason(),
                   "recheck": report.recheck, "state": state})
        }
        Ended::NotNow { until, why } => json!({"until": until, "why": why, "state": state}),
        Ended::Untrue { why, avoided } => json!({"why": why, "avoided": avoided, "state": state}),
    }
}

/// If any member differs, every unsent delivery of the escalation is withdrawn.
async fn withdraw_untrue(
    tx: &mut Tx,
    untrue: BTreeMap<EscalationId, (String, bool)>,
    acts: &mut Vec<Act>,
) -> Result<(), StoreError> {
    let ids: Vec<_> = untrue.keys().cloned().collect();
    for mut row in escalations::load(tx, &ids).await? {
        let Some((why, avoided)) = untrue.get(&row.escalation.id) else { continue };
        if row.escalation.state().open() {
            acts.extend(escalations::withdraw_in(tx, &mut row, why, *avoided).await?);
        }
    }
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<DeliveryRow, StoreError> {
    let row = sql("SELECT * FROM delivery WHERE id = $1").bind(id).opt(tx).await?;
    row.as_ref().map_or_else(|| Err(StoreError::NotFound(format!("delivery {id}"))), read)
}

async fn by_ids(
    tx: &mut Tx,
    ids: &[DeliveryId],
) -> Result<BTreeMap<DeliveryId, DeliveryRow>, StoreError> {
    let rows = sql("SELECT * FROM delivery
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let rows: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(rows?.into_iter().map(|row| (row.delivery.id.clone(), row)).collect())
}

pub(super) async fn of_escalations(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<BTreeMap<EscalationId, Vec<DeliveryRow>>, StoreError> {
    let rows = sql("SELECT * FROM delivery
         WHERE escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY escalation, n")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let mut found: BTreeMap<EscalationId, Vec<DeliveryRow>> = BTreeMap::new();
    for row in &rows {
        let row = read(row)?;
        found.entry(row.delivery.escalation.clone()).or_default().push(row);
    }
    Ok(found)
}

pub(super) fn read(row: &Row) -> Result<DeliveryRow, StoreError> {
    let receipt = || {
        Ok::<_, StoreError>(Receipt {
            id: row.get("receipt_id")?,
            permalink: row.get("permalink")?,
            at: row.get("receipt_at")?,
        })
    };
    let why = || Ok::<_, StoreError>(row.get::<Option<String>>("why")?.unwrap_or_default());
    let state = match row.get("state")? {
        StateName::Waiting => {
            State::Waiting { not_before: row.get("not_before")?, why: row.get("why")? }
        }
        StateName::Sending => State::Sending(Lease {
            token: row.get("lease_token")?,
            holder: row.get("lease_holder")?,
            until: row.get("lease_until")?,
        }),
        StateName::Delivered => State::Delivered(receipt()?),
        StateName::Retracted => State::Retracted(receipt()?),
        StateName::Withdrawn => State::Withdrawn { why: why()? },
        StateName::Refused => State::Refused { why: why()? },
        StateName::Uncertain => State::Uncertain(Doubt {
            since: row.get("doubt_since")?,
            look_at: row.get("look_at")?,
            empty_looks: row.get("empty_looks")?,
            asks: row.get("asks")?,
            why: why()?,
        }),
    };
    let mut delivery = Delivery::new(
        row.get("id")?,
        row.get("escalation")?,
        row.get("kind")?,
        row.get("bank")?,
        row.get("reference")?,
        serde_json::from_str(&row.get::<String>("content")?)?,
        row.get("attempts")?,
        row.get("first_attempt_at")?,
        state,
    );
    delivery.resend_until = row.get("resend_until")?;
    Ok(DeliveryRow {
        rev: row.get("rev")?,
        n: row.get("n")?,
        sender: row.get("sender")?,
        sent_at: row.get("sent_at")?,
        listen_at: row.get("listen_at")?,
        delivery,
    })
}

fn to_json(row: &DeliveryRow) -> Json {
    let delivery = &row.delivery;
    let content_hash: Hash = delivery.content.hash();
    let mut fields = json!({
        "id": delivery.id, "rev": row.rev + 1, "escalation": delivery.escalation, "n": row.n,
        "kind": delivery.kind, "bank": delivery.bank, "reference": delivery.reference,
        "account": delivery.content.account, "sender": row.sender,
        "content": serde_json::to_string(&delivery.content).unwrap_or_default(),
        "content_hash": content_hash, "state": delivery.name(), "attempts": delivery.attempts,
        "first_attempt_at": delivery.first_attempt_at, "resend_until": delivery.resend_until,
        "sent_at": row.sent_at,
        "listen_at": row.listen_at,
    });
    let more = match delivery.state() {
        State::Waiting { not_before, why } => json!({"not_before": not_before, "why": why}),
        State::Sending(lease) => json!({
            "lease_token": lease.token, "lease_holder": lease.holder, "lease_until": lease.until,
        }),
        State::Delivered(receipt) | State::Retracted(receipt) => json!({
            "receipt_id": receipt.id, "permalink": receipt.permalink, "receipt_at": receipt.at,
        }),
        State::Withdrawn { why } | State::Refused { why } => json!({"why": why}),
        State::Uncertain(doubt) => json!({
            "doubt_since": doubt.since, "look_at": doubt.look_at,
            "empty_looks": doubt.empty_looks, "asks": u8::from(doubt.asks), "why": doubt.why,
        }),
    };
    if let (Json::Object(fields), Json::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    fields
}

/// Writes deliveries as they are now, each only if nobody else wrote it meanwhile.
pub(super) async fn save(tx: &mut Tx, rows: &[DeliveryRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let written =
        sql("INSERT INTO delivery (id, rev, escalation, n, kind, bank, reference, account,
           sender, content, content_hash, state, not_before, why, lease_token, lease_holder,
           lease_until, attempts, first_attempt_at, sent_at, receipt_id, permalink, receipt_at,
           doubt_since, look_at, empty_looks, asks, listen_at, resend_until)
         SELECT j.value->>'id', CAST(j.value->>'rev' AS BIGINT), j.value->>'escalation',
           CAST(j.value->>'n' AS BIGINT), j.value->>'kind', j.value->>'bank',
           j.value->>'reference', j.value->>'account', j.value->>'sender', j.value->>'content',
           j.value->>'content_hash', j.value->>'state', CAST(j.value->>'not_before' AS BIGINT),
           j.value->>'why', j.value->>'lease_token', j.value->>'lease_holder',
           CAST(j.value->>'lease_until' AS BIGINT), CAST(j.value->>'attempts' AS BIGINT),
           CAST(j.value->>'first_attempt_at' AS BIGINT), CAST(j.value->>'sent_at' AS BIGINT),
           j.value->>'receipt_id', j.value->>'permalink', CAST(j.value->>'receipt_at' AS BIGINT),
           CAST(j.value->>'doubt_since' AS BIGINT), CAST(j.value->>'look_at' AS BIGINT),
           CAST(j.value->>'empty_looks' AS BIGINT), CAST(j.value->>'asks' AS BIGINT),
           CAST(j.value->>'listen_at' AS BIGINT), CAST(j.value->>'resend_until' AS BIGINT)
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, content = excluded.content,
           content_hash = excluded.content_hash, state = excluded.state,
           not_before = excluded.not_before, why = excluded.why,
           lease_token = excluded.lease_token, lease_holder = excluded.lease_holder,
           lease_until = excluded.lease_until, attempts = excluded.attempts,
           first_attempt_at = excluded.first_attempt_at, sent_at = excluded.sent_at,
           receipt_id = excluded.receipt_id, permalink = excluded.permalink,
           receipt_at = excluded.receipt_at, doubt_since = excluded.doubt_since,
           look_at = excluded.look_at, empty_looks = excluded.empty_looks, asks = excluded.asks,
           listen_at = excluded.listen_at, resend_until = excluded.resend_until
         WHERE delivery.rev = excluded.rev - 1
         RETURNING *")
        .batch(rows.iter().map(to_json).collect())
        .write(&DELIVERY, tx)
        .await?;
    if written.len() != rows.len() {
        return Err(StoreError::Conflict("a delivery changed meanwhile"));
    }
    Ok(())
}

/// Unfinished deliveries that may have gone out since the backup become uncertain: a restored
/// ledger may be older than the truth.
pub(super) async fn doubt_unfinished(tx: &mut Tx, acts: &mut Vec<Act>) -> Result<(), StoreError> {
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
        let mut rows = of.remove(escalation).unwrap_or_default();
        rows.retain(|row| row.delivery.name() == StateName::Waiting);
        let ready = ready(&mut tx, rows, rules, now).await?;
        let sends = recorded_sends(&mut tx, now.minus(rules.pacing.memory())).await?;
        let candidates: Vec<_> = ready.iter().map(|ready| ready.candidate.clone()).collect();
        let plan = pacing::may_go_now(&candidates, &sends, rules.pacing, &gate, now);
        let waits = plan.wait.into_iter().map(|(id, why)| (id, Some(why)));
        Ok(plan.go.into_iter().map(|id| (id, None)).chain(waits).collect())
    }
}
