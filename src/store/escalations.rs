//! Escalations: drafted, cleared, edited, withdrawn, closed; each act in one transaction.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    deliveries::{self, DeliveryRow},
    gate, orders, people,
    record::{Act, ESCALATION, MEMBER, ORDER_CLEARANCE},
};
use crate::domain::{
    action::BankAction,
    canonical::{self, Hash},
    clearance::{Authority, Clearance},
    delivery::{Content, StateName},
    escalation::{Escalation, EscalationKind, EscalationState, Refused, money_at_risk},
    ids::{BankCode, CaseRef, DeliveryId, EscalationId, OrderId, PersonId, Reference},
    order::OrderInForce,
    person::{Approver, Officer, Person},
    platform::Sender,
    time::Timestamp,
};

/// One action that an escalation rests on, as it was seen at drafting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The row as it was seen.
    pub seen: BankAction,
    /// As of when.
    pub as_of: Timestamp,
    /// The ledger's commitment to that sighting.
    pub commitment: Hash,
}

/// An escalation as drafted: what it says, on what evidence, through which accounts.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Held, version 1.
    pub escalation: Escalation,
    /// Its members.
    pub members: Vec<Evidence>,
    /// Who presses the button for each content, in the same order.
    pub senders: Vec<Sender>,
}

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
    pub(super) fn remint(
        &self,
        escalation: &Escalation,
        now: Timestamp,
    ) -> Result<Clearance, Refused> {
        let authority = self.authority.clone();
        escalation.remint(authority, &self.hash, self.at, self.until, self.past_stop, now)
    }
}

/// An escalation as the ledger has it.
#[derive(Debug, Clone)]
pub struct EscalationRow {
    /// Counts the writes, for compare-and-set.
    pub(super) rev: i64,
    /// The escalation.
    pub escalation: Escalation,
    /// Its clearance, while it is cleared.
    pub clearance: Option<StoredClearance>,
    /// An officer holds it until then.
    pub hold_until: Option<Timestamp>,
    /// How it ended, or why it is held again.
    pub outcome: Option<String>,
    /// Its deliveries, in the contents' order.
    pub deliveries: Vec<DeliveryRow>,
}

impl EscalationRow {
    /// Whether anything was sent, or may have been.
    pub fn sent(&self) -> bool {
        self.deliveries.iter().any(|row| row.delivery.name().may_be_public())
    }

    fn all_ended(&self) -> bool {
        self.deliveries.iter().all(|row| row.delivery.name().ended())
    }
}

/// A tag that went out, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierText {
    /// Its escalation.
    pub escalation: EscalationId,
    /// When the last of its deliveries was claimed.
    pub at: Timestamp,
    /// The case of each action that it spoke of.
    pub cases: Vec<CaseRef>,
}

/// How a queue is narrowed.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Only these states; empty: the open ones.
    pub states: Vec<EscalationState>,
    /// Only this bank.
    pub bank: Option<BankCode>,
    /// How many to skip, and how many to show at most.
    pub page: (u32, u32),
}

impl Store {
    /// Drafts a held escalation. A second open one for the same bank, rung and kind, or over an
    /// action that is in one already, is refused by the database itself.
    ///
    /// # Errors
    /// The ledger failed, or such an escalation is open already.
    pub async fn draft(&self, by: &Actor, draft: &Draft) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let act = self.draft_in(&mut tx, draft).await?;
        self.finish(tx, by, vec![act]).await
    }

    async fn draft_in(&self, tx: &mut Tx, draft: &Draft) -> Result<Act, StoreError> {
        let escalation = &draft.escalation;
        insert(tx, escalation).await?;
        let members = draft.members.iter().enumerate().map(|(n, member)| {
            json!({
                "n": n, "external_id": member.seen.external_id, "as_of": member.as_of,
                "case_ref": member.seen.case_ref,
                "seen": serde_json::to_string(&member.seen).unwrap_or_default(),
                "salt": self.dice.token(), "commitment": member.commitment,
            })
        });
        sql("INSERT INTO escalation_action
               (escalation, n, external_id, rung, kind, open, as_of, case_ref, seen, salt,
                commitment)
             SELECT $2, CAST(j.value->>'n' AS BIGINT), j.value->>'external_id', $3, $4, 1,
                    CAST(j.value->>'as_of' AS BIGINT), j.value->>'case_ref', j.value->>'seen',
                    j.value->>'salt',
                    j.value->>'commitment'
             FROM json_each(CAST($1 AS TEXT)) AS j
             RETURNING *")
        .batch(members.collect())
        .bind(&escalation.id)
        .bind(escalation.rung)
        .bind(escalation.kind)
        .write(&MEMBER, tx)
        .await?;
        let now = escalation.drafted_at;
        let rows: Vec<_> = escalation
            .contents
            .iter()
            .zip(&draft.senders)
            .enumerate()
            .map(|(n, (content, sender))| {
                let id = DeliveryId::new(self.dice.uuid(now));
                DeliveryRow::drafted(id, n as i64, *sender, escalation, content.clone())
            })
            .collect();
        deliveries::save(tx, &rows).await?;
        let commitments: Vec<_> = draft.members.iter().map(|member| member.commitment).collect();
        Ok(Act::new(
            &escalation.id,
            "escalation.drafted",
            json!({
                "hash": escalation.hash(), "facts": escalation.facts, "kind": escalation.kind,
                "contents": escalation.contents, "members": commitments, "about": escalation.about,
            }),
        ))
    }

    /// One escalation with its deliveries, by id or by reference.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn escalation(&self, id_or_reference: &str) -> Result<EscalationRow, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id_or_reference).await
    }

    /// The queue: by money at risk, the largest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let mut states = filter.states.clone();
        if states.is_empty() {
            states.extend(EscalationState::ALL.iter().filter(|state| state.open()));
        }
        let rows = sql("SELECT * FROM escalation
             WHERE state IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
               AND ($2 = '' OR bank = $2)
             ORDER BY money_at_risk DESC, id LIMIT $3 OFFSET $4")
        .batch(states.iter().map(|state| json!({"s": state})).collect())
        .bind(filter.bank.as_ref().map_or("", BankCode::as_str))
        .bind(i64::from(filter.page.1))
        .bind(i64::from(filter.page.0))
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }

    /// The actions that an escalation rests on.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn members(&self, id: &EscalationId) -> Result<Vec<Evidence>, StoreError> {
        let mut tx = self.read().await?;
        let found = members_of(&mut tx, std::slice::from_ref(id)).await?;
        Ok(found.into_iter().map(|(_, evidence)| evidence).collect())
    }

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
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let approver = people::as_recorded(&mut tx, &person.id).await?.as_approver(now)?;
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

    /// An officer's new wording, content by content in the same order; an earlier approval is void.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn edit(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &PersonId,
        contents: Vec<Content>,
    ) -> Result<EscalationRow, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let desk = people::as_recorded(&mut tx, person).await?.as_desk(now)?;
        let sent = row.sent();
        row.escalation.edit(desk.id(), contents, sent)?;
        row.clearance = None;
        save(&mut tx, &mut row).await?;
        for (delivery, content) in row.deliveries.iter_mut().zip(&row.escalation.contents) {
            delivery.delivery.content = content.clone();
        }
        deliveries::save(&mut tx, &row.deliveries).await?;
        let body = json!({"hash": row.escalation.hash(), "contents": row.escalation.contents});
        let act = Act::new(&row.escalation.id, "escalation.edited", body);
        self.finish(tx, by, vec![act]).await?;
        self.escalation(id_or_reference).await
    }

    /// An approver says no, with a reason.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn reject(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        reason: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let approver = people::as_recorded(&mut tx, &person.id).await?.as_approver(now)?;
        row.escalation.reject(&approver)?;
        let act = end(&mut tx, &mut row, "escalation.rejected", reason).await?;
        self.finish(tx, by, vec![act]).await
    }

    /// An officer or approver keeps a held escalation back until an instant.
    ///
    /// # Errors
    /// It is not held, or the ledger failed.
    pub async fn hold_until(
        &self,
        by: &Actor,
        id_or_reference: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        if row.escalation.state() != EscalationState::Held {
            let from = row.escalation.state();
            return Err(Refused::State { from, act: "be held back" }.into());
        }
        row.hold_until = Some(until);
        save(&mut tx, &mut row).await?;
        let act = Act::new(&row.escalation.id, "escalation.held-back", json!({"until": until}));
        self.finish(tx, by, vec![act]).await
    }

    /// The nodal officer's written reason, entered by an officer. It stops an unsent escalation;
    /// where something was delivered, the escalation goes on to its end and the caller drafts a
    /// held correction. Returns whether something was delivered.
    ///
    /// # Errors
    /// The domain refuses it (the same ground was decided before), or the ledger failed.
    pub async fn dispute(
        &self,
        by: &Actor,
        id_or_reference: &str,
        officer: &Officer,
        ground: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let decided = ground_decided(&mut tx, &row.escalation.id, ground).await?;
        let sent = row.sent();
        if sent {
            if decided {
                return Err(Refused::DecidedBefore.into());
            }
            withdraw_waiting(&mut tx, &mut row, "the bank disputes it").await?;
            // What is under way may come back unsent, and then must not go out.
            if row.escalation.state() == EscalationState::Cleared {
                row.escalation.hold_again()?;
            }
        } else {
            row.escalation.dispute(sent, decided)?;
        }
        row.clearance = None;
        row.outcome = Some(format!("disputed: {ground}"));
        save(&mut tx, &mut row).await?;
        let id = self.dice.uuid(now);
        sql("INSERT INTO dispute (id, escalation, ground, reason, salt, entered_by, entered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *")
        .bind(&id)
        .bind(&row.escalation.id)
        .bind(ground)
        .bind(reason)
        .bind(self.dice.token())
        .bind(officer.id())
        .bind(now)
        .write(&super::record::DISPUTE, &mut tx)
        .await?;
        let body = json!({"dispute": id, "ground": ground, "sent": sent});
        let act = Act::new(&row.escalation.id, "escalation.disputed", body);
        self.finish(tx, by, vec![act]).await?;
        Ok(sent)
    }

    /// An approver decides a dispute: it stands (rejected), or it does not (held again).
    ///
    /// # Errors
    /// There is no open dispute, the domain refuses it, or the ledger failed.
    pub async fn decide_dispute(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        stands: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let approver = people::as_recorded(&mut tx, &person.id).await?.as_approver(now)?;
        let decided = sql("UPDATE dispute SET decided_by = $1, decided_at = $2, stands = $3
             WHERE escalation = $4 AND decided_at IS NULL RETURNING *")
        .bind(approver.id())
        .bind(now)
        .bind(stands)
        .bind(&row.escalation.id)
        .write(&super::record::DISPUTE, &mut tx)
        .await?;
        if decided.is_empty() {
            return Err(StoreError::NotFound("open dispute about it".to_owned()));
        }
        let act = if row.escalation.state() == EscalationState::Disputed {
            row.escalation.decide_dispute(&approver, stands)?;
            if stands {
                end(&mut tx, &mut row, "dispute.decided", "the dispute stands").await?
            } else {
                save(&mut tx, &mut row).await?;
                Act::new(&row.escalation.id, "dispute.decided", json!({"stands": false}))
            }
        } else {
            if stands {
                withdraw_waiting(&mut tx, &mut row, "the dispute stands").await?;
            }
            Act::new(&row.escalation.id, "dispute.decided", json!({"stands": stands}))
        };
        let act = act.on(Some(format!("decision by {}", approver.id())));
        self.finish(tx, by, vec![act]).await
    }

    /// Open escalations whose members are no longer as they were seen: the bank acted, disputed, or
    /// the row changed. Only the changed ids come back with each.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn stale_escalations(
        &self,
    ) -> Result<Vec<(EscalationRow, Vec<Evidence>)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation WHERE id IN (
               SELECT m.escalation FROM escalation_action m
               JOIN action a ON a.external_id = m.external_id
               WHERE m.open = 1
                 AND (a.commitment <> m.commitment OR a.vanished_at IS NOT NULL))
             AND state IN ('held', 'cleared', 'disputed') AND kind IN ('tag', 'closure')
             ORDER BY id")
        .all(&mut tx)
        .await?;
        let rows = with_deliveries(&mut tx, rows).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let members = members_of(&mut tx, std::slice::from_ref(&row.escalation.id)).await?;
            found.push((row, members.into_iter().map(|(_, evidence)| evidence).collect()));
        }
        Ok(found)
    }

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

    async fn to_sweep(&self) -> Result<Vec<EscalationId>, StoreError> {
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

    async fn sweep_escalation(&self, by: &Actor, id: &EscalationId) -> Result<bool, StoreError> {
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

/// Holds again every cleared escalation that the filter names (`None`, `None`: all of them), as far
/// as nothing is under way; a delivery under way runs to its own end.
pub(super) async fn void_in(
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
pub(super) async fn hold_again(
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
pub(super) async fn withdraw_in(
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
async fn withdraw_unsent(
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

async fn sweep_one(
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
async fn end(
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
async fn withdraw_waiting(
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

/// An approver decides a dispute before anyone clears what it is about.
async fn no_open_dispute(tx: &mut Tx, id: &EscalationId) -> Result<(), StoreError> {
    let open = sql("SELECT id FROM dispute WHERE escalation = $1 AND decided_at IS NULL LIMIT 1");
    match open.bind(id).opt(tx).await? {
        None => Ok(()),
        Some(_) => {
            Err(Refused::State { from: EscalationState::Disputed, act: "be cleared" }.into())
        }
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

async fn ground_decided(tx: &mut Tx, id: &EscalationId, ground: &str) -> Result<bool, StoreError> {
    let rows = sql("SELECT d.id FROM dispute d
         JOIN escalation_action theirs ON theirs.escalation = d.escalation
         JOIN escalation_action ours ON ours.external_id = theirs.external_id
         WHERE ours.escalation = $1 AND d.ground = $2 AND d.decided_at IS NOT NULL
           AND d.stands = 0 LIMIT 1")
    .bind(id)
    .bind(ground)
    .all(tx)
    .await?;
    Ok(!rows.is_empty())
}

pub(super) async fn find(tx: &mut Tx, id_or_reference: &str) -> Result<EscalationRow, StoreError> {
    let rows = sql("SELECT * FROM escalation WHERE id = $1 OR reference = $1")
        .bind(id_or_reference)
        .all(tx)
        .await?;
    let found = with_deliveries(tx, rows).await?.into_iter().next();
    found.ok_or_else(|| StoreError::NotFound(format!("escalation {id_or_reference}")))
}

/// The escalations with these ids, with their deliveries.
pub(super) async fn load(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<Vec<EscalationRow>, StoreError> {
    let rows = sql("SELECT * FROM escalation
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    with_deliveries(tx, rows).await
}

async fn with_deliveries(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<EscalationRow>, StoreError> {
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.push(row.get::<EscalationId>("id")?);
    }
    let mut deliveries = deliveries::of_escalations(tx, &ids).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, id) in rows.iter().zip(ids) {
        found.push(read(row, deliveries.remove(&id).unwrap_or_default())?);
    }
    Ok(found)
}

fn read(row: &Row, deliveries: Vec<DeliveryRow>) -> Result<EscalationRow, StoreError> {
    let contents = deliveries.iter().map(|row| row.delivery.content.clone()).collect();
    let escalation = Escalation::new(
        row.get("id")?,
        row.get("reference")?,
        row.get("bank")?,
        row.get("rung")?,
        row.get("kind")?,
        row.get("version")?,
        serde_json::from_str(&row.get::<String>("facts")?)?,
        contents,
        row.get("written_by")?,
        row.get("drafted_at")?,
        row.get("expires_at")?,
        row.get("about")?,
        row.get("state")?,
    );
    let clearance = match row.get::<Option<Hash>>("cleared_hash")? {
        None => None,
        Some(hash) => {
            let signer: PersonId = row.get("cleared_by")?;
            let order: Option<OrderId> = row.get("cleared_order")?;
            let authority = match order {
                Some(order) => Authority::Order { order, signed_by: signer },
                None => Authority::Approval { by: signer },
            };
            let (at, until) = (row.get("cleared_at")?, row.get("cleared_until")?);
            let past_stop = row.get::<Option<i64>>("cleared_past_stop")?.is_some();
            Some(StoredClearance { hash, authority, at, until, past_stop })
        }
    };
    Ok(EscalationRow {
        rev: row.get("rev")?,
        escalation,
        clearance,
        hold_until: row.get("hold_until")?,
        outcome: row.get("outcome")?,
        deliveries,
    })
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

async fn insert(tx: &mut Tx, escalation: &Escalation) -> Result<(), StoreError> {
    sql("INSERT INTO escalation (id, rev, reference, bank, rung, kind, version, state, facts,
           written_by, drafted_at, expires_at, about, money_at_risk)
         VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *")
    .bind(&escalation.id)
    .bind(&escalation.reference)
    .bind(&escalation.bank)
    .bind(escalation.rung)
    .bind(escalation.kind)
    .bind(escalation.version)
    .bind(escalation.state())
    .bind(canonical_facts(escalation))
    .bind(escalation.written_by.as_ref())
    .bind(escalation.drafted_at)
    .bind(escalation.expires_at)
    .bind(escalation.about.as_ref())
    .bind(money_at_risk(&escalation.facts))
    .write(&ESCALATION, tx)
    .await?;
    Ok(())
}

/// Plain JSON: the record has the canonical form, and this one reads back into the type.
fn canonical_facts(escalation: &Escalation) -> String {
    serde_json::to_string(&escalation.facts).unwrap_or_else(|_| canonical::json(&escalation.facts))
}

/// Writes what an act may change, if nobody else wrote meanwhile.
async fn save(tx: &mut Tx, row: &mut EscalationRow) -> Result<(), StoreError> {
    let escalation = &row.escalation;
    let cleared = row.clearance.as_ref();
    let written = sql("UPDATE escalation SET rev = rev + 1, version = $3, state = $4,
           written_by = $5, hold_until = $6, outcome = $7, cleared_hash = $8, cleared_by = $9,
           cleared_order = $10, cleared_at = $11, cleared_until = $12, cleared_past_stop = $13
         WHERE id = $1 AND rev = $2 RETURNING *")
    .bind(&escalation.id)
    .bind(row.rev)
    .bind(escalation.version)
    .bind(escalation.state())
    .bind(escalation.written_by.as_ref())
    .bind(row.hold_until)
    .bind(row.outcome.as_ref())
    .bind(cleared.map(|given| given.hash))
    .bind(cleared.map(|given| given.authority.signer()))
    .bind(cleared.and_then(|given| given.authority.order()))
    .bind(cleared.map(|given| given.at))
    .bind(cleared.map(|given| given.until))
    .bind(cleared.filter(|given| given.past_stop).map(|_| 1_i64))
    .write(&ESCALATION, tx)
    .await?;
    if written.is_empty() {
        return Err(StoreError::Conflict("the escalation changed meanwhile"));
    }
    row.rev += 1;
    Ok(())
}

/// The evidence of these escalations.
pub(super) async fn members_of(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<Vec<(EscalationId, Evidence)>, StoreError> {
    let rows = sql("SELECT escalation, as_of, seen, commitment FROM escalation_action
         WHERE escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
           AND seen IS NOT NULL
         ORDER BY escalation, n")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let seen = serde_json::from_str(&row.get::<String>("seen")?)?;
        let evidence =
            Evidence { seen, as_of: row.get("as_of")?, commitment: row.get("commitment")? };
        found.push((row.get("escalation")?, evidence));
    }
    Ok(found)
}

impl Store {
    /// The tags about these banks that went out, or may have, since an instant: what the
    /// differencing rule sets a new text beside.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn earlier_texts(
        &self,
        banks: &[&BankCode],
        since: Timestamp,
    ) -> Result<BTreeMap<BankCode, Vec<EarlierText>>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT d.bank AS bank, d.at AS at, m.escalation AS escalation,
               m.case_ref AS case_ref
             FROM (SELECT bank, escalation, MAX(sent_at) AS at FROM delivery
                   WHERE kind = 'tag' AND sent_at > $2 AND bank IN
                     (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
                   GROUP BY bank, escalation) d
             JOIN escalation_action m ON m.escalation = d.escalation
             WHERE m.case_ref IS NOT NULL
             ORDER BY m.escalation, m.n")
        .batch(banks.iter().map(|bank| json!({"b": bank})).collect())
        .bind(since)
        .all(&mut tx)
        .await?;
        let mut found: BTreeMap<BankCode, Vec<EarlierText>> = BTreeMap::new();
        for row in &rows {
            let texts = found.entry(row.get("bank")?).or_default();
            let escalation: EscalationId = row.get("escalation")?;
            let case = row.get("case_ref")?;
            match texts.last_mut() {
                Some(text) if text.escalation == escalation => text.cases.push(case),
                _ => texts.push(EarlierText { escalation, at: row.get("at")?, cases: vec![case] }),
            }
        }
        Ok(found)
    }

    /// Whether an escalation of this kind is open about a bank: then none is drafted.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn has_open(
        &self,
        bank: &BankCode,
        kind: EscalationKind,
    ) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT id FROM escalation WHERE bank = $1 AND kind = $2
             AND state IN ('held', 'cleared', 'disputed') LIMIT 1")
        .bind(bank)
        .bind(kind)
        .all(&mut tx)
        .await?;
        Ok(!rows.is_empty())
    }

    /// Tags that were delivered, of whose actions some have been acted on since, and which no
    /// closure thanks for yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn to_thank(&self, since: Timestamp) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT e.* FROM escalation e
             WHERE e.kind = 'tag' AND e.state = 'closed' AND e.drafted_at > $1
               AND EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                           AND d.state = 'delivered')
               AND EXISTS (SELECT 1 FROM escalation_action m
                           JOIN action a ON a.external_id = m.external_id
                           WHERE m.escalation = e.id AND a.status = 'acted'
                             AND a.vanished_at IS NULL)
               AND NOT EXISTS (SELECT 1 FROM escalation c WHERE c.about = e.id
                               AND c.kind = 'closure')
             ORDER BY e.drafted_at")
        .bind(since)
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }

    /// As of when the facts of each of these escalations are true now, by its oldest member: what the
    /// source last said, or an officer confirmed on the record. One that rests on an action that is
    /// not in the source's answer is not among them.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn facts_as_of(
        &self,
        source: &str,
        ids: &[EscalationId],
    ) -> Result<BTreeMap<EscalationId, Timestamp>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT m.escalation AS escalation,
               COALESCE(a.as_of, (SELECT s.last_ok_at FROM source s WHERE s.name = $2)) AS as_of,
               CASE WHEN a.vanished_at IS NULL THEN a.external_id END AS there,
               (SELECT MAX(n.at) FROM action_note n WHERE n.external_id = m.external_id
                  AND n.what = 'confirmed') AS confirmed
             FROM escalation_action m LEFT JOIN action a ON a.external_id = m.external_id
             WHERE m.escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .bind(source)
        .all(&mut tx)
        .await?;
        let mut oldest: BTreeMap<EscalationId, Option<Timestamp>> = BTreeMap::new();
        for row in &rows {
            let there = row.get::<Option<String>>("there")?.is_some();
            let seen: Option<Timestamp> = row.get("as_of")?;
            let as_of = seen.max(row.get("confirmed")?).filter(|_| there);
            let known = oldest.entry(row.get("escalation")?).or_insert(as_of);
            *known = (*known).min(as_of);
        }
        Ok(oldest.into_iter().filter_map(|(id, as_of)| Some((id, as_of?))).collect())
    }

    /// What was delivered and is disputed, and neither a correction nor a retraction speaks of yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn to_correct(&self) -> Result<Vec<Reference>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT e.reference FROM escalation e
             WHERE e.kind IN ('tag', 'closure')
               AND EXISTS (SELECT 1 FROM dispute t WHERE t.escalation = e.id
                           AND (t.decided_at IS NULL OR t.stands = 1))
               AND EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                           AND d.state = 'delivered')
               AND NOT EXISTS (SELECT 1 FROM escalation c WHERE c.about = e.id
                               AND c.kind IN ('correction', 'retraction'))
             ORDER BY e.id LIMIT 50")
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| row.get("reference")).collect()
    }

    /// Held escalations that a standing order may clear: nobody holds them back.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn clearable(&self, now: Timestamp) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation WHERE state = 'held' AND written_by IS NULL
               AND outcome IS NULL AND expires_at > $1
               AND (hold_until IS NULL OR hold_until <= $1)
             ORDER BY money_at_risk DESC, id")
        .bind(now)
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }
}
