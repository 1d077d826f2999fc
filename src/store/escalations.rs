//! Escalations: drafted, cleared, edited, withdrawn, closed; each act in one transaction.

mod clearing;
mod desk;
mod disputes;
mod ends;
mod reads;
mod rows;

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Actor, Mark, Store, StoreError,
    db::{Row, Tx, sql},
    deliveries::{self, DeliveryRow},
    gate, orders, people, pictures,
    record::{Act, ESCALATION, MEMBER},
};
use crate::domain::{
    action::{BankAction, spelled},
    canonical::{self, Hash},
    clearance::{Authority, Clearance},
    delivery::{Content, StateName},
    escalation::{Escalation, EscalationKind, EscalationState, Refused, money_at_risk},
    ids::{BankCode, CaseRef, DeliveryId, EscalationId, OrderId, PersonId, Reference},
    money::Paise,
    order::OrderInForce,
    person::{Approver, Officer, Person},
    platform::Sender,
    time::Timestamp,
};

pub use self::{
    clearing::StoredClearance,
    desk::{DisputeRow, PastPost, Pressed},
};
use self::{disputes::*, ends::*, rows::*};
pub(super) use self::{
    ends::{hold_again, void_in, withdraw_in},
    rows::{clearances, find, load, members_of},
};

/// How the outcome of an escalation begins whose wording was sent back.
const SENT_BACK: &str = "sent back: ";

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
    /// The bytes of the pictures that the contents name by their hashes.
    pub pictures: Vec<Vec<u8>>,
}

/// An escalation as the ledger has it.
#[derive(Debug, Clone)]
pub struct EscalationRow {
    /// Counts the writes, for compare-and-set.
    pub(super) rev: i64,
    /// What the queue is sorted by, in paise.
    pub(super) money_at_risk: i64,
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

    /// One of its deliveries.
    pub(super) fn delivery(&self, id: &DeliveryId) -> Option<&DeliveryRow> {
        self.deliveries.iter().find(|row| row.delivery.id == *id)
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

spelled! {
    /// What a queue begins with.
    QueueOrder {
        /// The most money at risk.
        Money = "money",
        /// What expires soonest.
        Expiry = "expiry",
        /// What was drafted last.
        Latest = "latest",
    }
}

/// How a queue is narrowed and sorted.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Only these states; empty: the open ones.
    pub states: Vec<EscalationState>,
    /// Only this bank.
    pub bank: Option<BankCode>,
    /// Only this kind.
    pub kind: Option<EscalationKind>,
    /// Only with this much money at risk, or more.
    pub at_least: Paise,
    /// What comes first; `None`: the most money at risk.
    pub order: Option<QueueOrder>,
    /// Only those behind this one in that order: where the page before ended.
    pub after: Option<Mark>,
    /// How many to skip, and how many to show at most. Deep pages cost what they skip: pages that
    /// follow each other go by `after`.
    pub page: (u32, u32),
}

impl EscalationRow {
    /// Its place in a queue of this order.
    pub fn mark(&self, order: QueueOrder) -> Mark {
        let escalation = &self.escalation;
        let key = match order {
            QueueOrder::Money => self.money_at_risk,
            QueueOrder::Expiry => escalation.expires_at.micros(),
            QueueOrder::Latest => escalation.drafted_at.micros(),
        };
        Mark { key, id: escalation.id.to_string() }
    }
}

impl Store {
    /// Drafts a held escalation. A second open one for the same bank, rung and kind, or over an
    /// action that is in one already, is refused by the database itself. Nothing more goes out of
    /// what a correction or a retraction is about.
    ///
    /// # Errors
    /// The ledger failed, or such an escalation is open already.
    pub async fn draft(&self, by: &Actor, draft: &Draft) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let escalation = &draft.escalation;
        let mut acts = match &escalation.about {
            Some(wrong) if escalation.kind.sets_right() => {
                gate::lock(&mut tx).await?;
                set_right_once(&mut tx, wrong, escalation.kind).await?;
                let mut wrong = find(&mut tx, wrong.as_str()).await?;
                let why = format!("it is set right by {}", escalation.reference);
                call_off(&mut tx, &mut wrong, &why).await?
            }
            _ => Vec::new(),
        };
        acts.push(self.draft_in(&mut tx, draft).await?);
        self.finish(tx, by, acts).await
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
        pictures::keep(tx, &draft.pictures, now).await?;
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
        deliveries::put(tx, &rows).await?;
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

    /// An officer's new wording of what they saw, by its hash, content by content in the same order;
    /// an earlier approval is void.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn edit(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &PersonId,
        seen: &Hash,
        contents: Vec<Content>,
    ) -> Result<EscalationRow, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let desk = people::as_recorded(&mut tx, person).await?.as_desk(now)?;
        if *seen != row.escalation.hash() {
            return Err(Refused::Changed { now_is: row.escalation.hash() }.into());
        }
        let sent = row.sent();
        row.escalation.edit(desk.id(), contents, sent)?;
        row.clearance = None;
        row.outcome.take_if(|outcome| outcome.starts_with(SENT_BACK));
        save(&mut tx, &mut row).await?;
        for (delivery, content) in row.deliveries.iter_mut().zip(&row.escalation.contents) {
            delivery.delivery.content = content.clone();
        }
        deliveries::put(&mut tx, &row.deliveries).await?;
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
        let Deciding { mut row, approver, .. } = deciding(&mut tx, id_or_reference, person).await?;
        row.escalation.reject(&approver)?;
        let act = end(&mut tx, &mut row, "escalation.rejected", reason).await?;
        self.finish(tx, by, vec![act]).await
    }

    /// An approver gives a held escalation's wording back to whoever writes, with what is wrong with
    /// it. It stays held, and no standing order clears it.
    ///
    /// # Errors
    /// The domain refuses it, it changed meanwhile, or the ledger failed.
    pub async fn send_back(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        reason: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let Deciding { mut row, approver, .. } = deciding(&mut tx, id_or_reference, person).await?;
        row.escalation.send_back(&approver)?;
        row.outcome = Some(format!("{SENT_BACK}{reason}"));
        save(&mut tx, &mut row).await?;
        let body = json!({"why": reason});
        let act = Act::new(&row.escalation.id, "escalation.sent-back", body);
        self.finish(tx, by, vec![act]).await
    }

    /// An officer or approver keeps a held escalation back until an instant.
    ///
    /// # Errors
    /// The person may not, it is not held, or the ledger failed.
    pub async fn hold_until(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &PersonId,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        people::as_recorded(&mut tx, person).await?.as_desk(now)?;
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
}

/// What an approver is about to decide, and the approver, both as the ledger has them now.
struct Deciding {
    row: EscalationRow,
    approver: Approver,
    now: Timestamp,
}

/// Finds both.
///
/// # Errors
/// There is no such escalation, the person is no approver now, or the ledger failed.
async fn deciding(
    tx: &mut Tx,
    id_or_reference: &str,
    person: &Person,
) -> Result<Deciding, StoreError> {
    let now = tx.now().await?;
    let row = find(tx, id_or_reference).await?;
    let approver = people::as_recorded(tx, &person.id).await?.as_approver(now)?;
    Ok(Deciding { row, approver, now })
}
