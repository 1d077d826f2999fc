//! What became of an escalation, told in order: for whoever must answer for a post. Also the lists
//! of deliveries, and the one act of showing case references to a person.

use serde::Serialize;
use serde_json::json;

use super::{
    Actor, Entry, Store, StoreError,
    db::{Row, Tx, sql},
    deliveries::{self, DeliveryRow},
    engagements::{self, Engagement},
    escalations::{self, EscalationRow, Evidence},
    record::Act,
};
use crate::domain::{
    delivery::StateName,
    engagement::{EngagementKind, Voice},
    escalation::{EscalationKind, EscalationState},
    ids::{AccountName, BankCode, DeliveryId, EscalationId, Reference},
    person::Desk,
    platform::Sender,
    time::Timestamp,
};

/// Everything that the ledger knows about one escalation.
#[derive(Debug, Clone)]
pub struct PostHistory {
    /// The escalation as it stands, with its deliveries.
    pub row: EscalationRow,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
    /// What came back, counted.
    pub engagement: Vec<EngagementCount>,
    /// The bank's own replies and quotes, in the order of first sight: at most 200.
    pub replies: Vec<(DeliveryId, Engagement)>,
    /// The record's entries about the escalation and its deliveries, in the order in which they
    /// were made, each with its leaf in the tree where it is sealed.
    pub entries: Vec<(Option<i64>, Entry)>,
}

/// One attempt to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The how-manieth, from 1.
    pub n: i64,
    /// Who held the claim.
    pub holder: String,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// When its end was recorded; never, where the sender died.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<String>,
    /// In the platform's or our own words.
    pub detail: Option<String>,
}

/// How many engagements of one kind by one voice a delivery had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngagementCount {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Reply, like, repost or quote.
    pub kind: EngagementKind,
    /// The bank's own, a look-alike's, or another's.
    pub voice: Voice,
    /// How many.
    pub count: i64,
}

/// How a list of deliveries is narrowed.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only these states; empty: all.
    pub states: Vec<StateName>,
    /// Only this bank.
    pub bank: Option<BankCode>,
    /// Only this account.
    pub account: Option<AccountName>,
    /// Only those that this sender posts.
    pub sender: Option<Sender>,
    /// Only those whose escalation is cleared or was sent: what a person may act upon.
    pub cleared: bool,
    /// Only those that were drafted before this one: where the page before ended.
    pub before: Option<DeliveryId>,
    /// How many to skip, and how many to show at most. Deep pages cost what they skip: pages that
    /// follow each other go by `before`.
    pub page: (u32, u32),
}

/// One delivery in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The delivery.
    pub row: DeliveryRow,
    /// When its escalation was drafted.
    pub drafted_at: Timestamp,
    /// Where its escalation stands.
    pub escalation: EscalationState,
}

/// An escalation that speaks of an earlier one: a thank-you, a correction, a retraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequel {
    /// Its reference.
    pub reference: Reference,
    /// What it says.
    pub kind: EscalationKind,
    /// Where it stands.
    pub state: EscalationState,
}

/// A post's replies by the bank that its history tells one by one.
const REPLIES: u32 = 200;
/// Above every id.
const NEWEST: &str = "z";

/// What narrows a list without leading it.
macro_rules! narrowed {
    (state) => {
        " AND ($1 = '' OR d.state = $1)"
    };
    (bank) => {
        " AND ($2 = '' OR d.bank = $2)"
    };
    (account) => {
        " AND ($3 = '' OR d.account = $3)"
    };
}

/// What a list begins with, so that it reads an index from its newest row down and no more rows than
/// it shows. Each narrows by an expression that an index of its own has (see the migration); what
/// leads is not said twice, or PostgreSQL takes the two for independent and expects too few rows.
macro_rules! listed {
    ($from:literal, $lead:literal $(, $other:ident)*) => {
        concat!(
            "SELECT d.*, e.drafted_at AS drafted_at, e.state AS escalation_state FROM ",
            $from,
            " WHERE ",
            $lead,
            $(narrowed!($other),)*
            " AND d.id < $6 AND ($4 = '' OR d.sender = $4)
               AND ($5 = 0 OR e.state IN ('cleared', 'closed'))
             ORDER BY d.id DESC LIMIT $7"
        )
    };
}

impl DeliveryFilter {
    /// The deliveries in one state, or in any, by the narrowest index.
    fn text(&self, state: Option<StateName>) -> &'static str {
        let rare = |state| {
            use StateName::{Refused, Retracted, Sending, Uncertain};
            matches!(state, Sending | Uncertain | Refused | Retracted)
        };
        match state {
            Some(StateName::Waiting) if self.cleared => listed!(
                "escalation e CROSS JOIN delivery d",
                "e.state = 'cleared' AND d.escalation = e.id",
                state,
                bank,
                account
            ),
            Some(state) if rare(state) => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation AND (d.state || '') = $1",
                bank,
                account
            ),
            _ if self.bank.is_some() => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation AND (d.bank || '') = $2",
                state,
                account
            ),
            _ if self.account.is_some() => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation AND (d.account || '') = $3",
                state,
                bank
            ),
            _ if self.sender == Some(Sender::HandOff) => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation AND d.sender = 'hand-off'",
                state,
                bank,
                account
            ),
            Some(_) => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation AND (d.state || '') = $1",
                bank,
                account
            ),
            None => listed!(
                "delivery d CROSS JOIN escalation e",
                "e.id = d.escalation",
                state,
                bank,
                account
            ),
        }
    }
}

impl Store {
    /// The whole history of an escalation, by its reference or id, or by a delivery's id.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn history_of(&self, which: &str) -> Result<PostHistory, StoreError> {
        let mut tx = self.read().await?;
        let row = find(&mut tx, which).await?;
        let mut subjects = vec![json!({"s": row.escalation.id})];
        subjects.extend(row.deliveries.iter().map(|one| json!({"s": one.delivery.id})));
        Ok(PostHistory {
            attempts: attempts(&mut tx, subjects.clone()).await?,
            engagement: engagement(&mut tx, subjects.clone()).await?,
            replies: replies(&mut tx, subjects.clone()).await?,
            entries: entries(&mut tx, subjects).await?,
            row,
        })
    }

    /// Deliveries, the latest drafted first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Listed>, StoreError> {
        let mut tx = self.read().await?;
        let states = match filter.states.as_slice() {
            // What is cleared is found state by state: most that waits may not be.
            [] if filter.cleared => StateName::ALL.iter().copied().map(Some).collect(),
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        };
        let (skip, limit) = (filter.page.0 as usize, filter.page.1 as usize);
        let mut found = Vec::new();
        for state in states {
            let rows = sql(filter.text(state))
                .bind(state.map_or("", StateName::as_str))
                .bind(filter.bank.as_ref().map_or("", BankCode::as_str))
                .bind(filter.account.as_ref().map_or("", AccountName::as_str))
                .bind(filter.sender.map_or("", Sender::as_str))
                .bind(i64::from(filter.cleared))
                .bind(filter.before.as_ref().map_or(NEWEST, DeliveryId::as_str))
                .bind(i64::from(filter.page.0) + i64::from(filter.page.1))
                .all(&mut tx)
                .await?;
            for row in &rows {
                found.push(Listed {
                    row: deliveries::read(row)?,
                    drafted_at: row.get("drafted_at")?,
                    escalation: row.get("escalation_state")?,
                });
            }
        }
        found.sort_by(|one, other| other.row.delivery.id.cmp(&one.row.delivery.id));
        Ok(found.into_iter().skip(skip).take(limit).collect())
    }

    /// How much came back on each of these deliveries, by kind and voice.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn came_back(
        &self,
        deliveries: &[&DeliveryId],
    ) -> Result<Vec<EngagementCount>, StoreError> {
        let mut tx = self.read().await?;
        engagement(&mut tx, deliveries.iter().map(|id| json!({"s": id})).collect()).await
    }

    /// The replies and quotes on these deliveries that are shown one by one: a bank's own, those of
    /// who looks like it, and others' while their text is kept. The bank's first, then the newest.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn answers(
        &self,
        deliveries: &[&DeliveryId],
        limit: u32,
    ) -> Result<Vec<(DeliveryId, Engagement)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM engagement
             WHERE delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
               AND kind IN ('reply', 'quote') AND (voice <> 'other' OR text IS NOT NULL)
             ORDER BY CASE voice WHEN 'bank' THEN 0 WHEN 'look-alike' THEN 1 ELSE 2 END,
               first_seen_at DESC, platform_id LIMIT $2")
        .batch(deliveries.iter().map(|id| json!({"s": id})).collect())
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("delivery")?, engagements::read(row)?))).collect()
    }

    /// What was drafted about an escalation: what thanks for it or sets it right, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sequels(&self, escalation: &EscalationId) -> Result<Vec<Sequel>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT reference, kind, state FROM escalation WHERE about = $1
             ORDER BY drafted_at DESC, id DESC LIMIT 50")
        .bind(escalation)
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            let (reference, kind) = (row.get("reference")?, row.get("kind")?);
            Ok(Sequel { reference, kind, state: row.get("state")? })
        };
        rows.iter().map(read).collect()
    }

    /// What came back on each of these deliveries, by kind and voice.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn counts_by_voice(
        &self,
        deliveries: &[&DeliveryId],
    ) -> Result<Vec<EngagementCount>, StoreError> {
        let mut tx = self.read().await?;
        engagement(&mut tx, deliveries.iter().map(|id| json!({"s": id})).collect()).await
    }

    /// Shows a person the actions that an escalation rests on, case references and all, for the
    /// bank's nodal address. That they were shown is an act, and it is recorded before this returns.
    ///
    /// # Errors
    /// There is no such escalation, or the ledger failed: then nothing is shown.
    pub async fn annex_shown(
        &self,
        by: &Actor,
        desk: &Desk,
        which: &str,
    ) -> Result<(Reference, Vec<Evidence>), StoreError> {
        let mut tx = self.write().await?;
        let row = find(&mut tx, which).await?;
        let about = match &row.escalation.about {
            Some(about) if row.escalation.kind.sets_right() => about.clone(),
            _ => row.escalation.id.clone(),
        };
        let members = escalations::members_of(&mut tx, std::slice::from_ref(&about)).await?;
        let members: Vec<_> = members.into_iter().map(|(_, evidence)| evidence).collect();
        let body = json!({"rows": members.len(), "to": desk.id()});
        let act = Act::new(&row.escalation.id, "escalation.annex-shown", body);
        self.finish(tx, by, vec![act]).await?;
        Ok((row.escalation.reference, members))
    }

    /// The time by the clock that stamps leases and entries: the database's own, unless a story
    /// gave another.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn clock(&self) -> Result<Timestamp, StoreError> {
        let mut tx = self.read().await?;
        tx.now().await
    }
}

/// An escalation by its reference or id, or by a delivery's id.
pub(super) async fn find(tx: &mut Tx, which: &str) -> Result<EscalationRow, StoreError> {
    match deliveries::find(tx, which).await {
        Ok(delivery) => escalations::find(tx, delivery.delivery.escalation.as_str()).await,
        Err(StoreError::NotFound(_)) => escalations::find(tx, which).await,
        Err(error) => Err(error),
    }
}

async fn attempts(
    tx: &mut Tx,
    subjects: Vec<serde_json::Value>,
) -> Result<Vec<Attempt>, StoreError> {
    let rows = sql("SELECT * FROM attempt
         WHERE delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY claimed_at, delivery, n")
    .batch(subjects)
    .all(tx)
    .await?;
    let read = |row: &Row| {
        Ok(Attempt {
            delivery: row.get("delivery")?,
            n: row.get("n")?,
            holder: row.get("holder")?,
            claimed_at: row.get("claimed_at")?,
            ended_at: row.get("ended_at")?,
            outcome: row.get("outcome")?,
            detail: row.get("detail")?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn engagement(
    tx: &mut Tx,
    subjects: Vec<serde_json::Value>,
) -> Result<Vec<EngagementCount>, StoreError> {
    let rows = sql("SELECT delivery, kind, voice, COUNT(*) AS n FROM engagement
         WHERE delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY delivery, kind, voice ORDER BY delivery, kind, voice")
    .batch(subjects)
    .all(tx)
    .await?;
    let read = |row: &Row| {
        Ok(EngagementCount {
            delivery: row.get("delivery")?,
            kind: row.get("kind")?,
            voice: row.get("voice")?,
            count: row.get("n")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn replies(
    tx: &mut Tx,
    subjects: Vec<serde_json::Value>,
) -> Result<Vec<(DeliveryId, Engagement)>, StoreError> {
    let rows = sql("SELECT * FROM engagement
         WHERE delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
           AND voice = 'bank' AND kind IN ('reply', 'quote')
         ORDER BY first_seen_at, delivery, kind, platform_id LIMIT $2")
    .batch(subjects)
    .bind(REPLIES)
    .all(tx)
    .await?;
    rows.iter().map(|row| Ok((row.get("delivery")?, engagements::read(row)?))).collect()
}

async fn entries(
    tx: &mut Tx,
    subjects: Vec<serde_json::Value>,
) -> Result<Vec<(Option<i64>, Entry)>, StoreError> {
    let rows = sql("SELECT e.body, l.idx FROM entry e LEFT JOIN leaf l ON l.entry = e.id
         WHERE e.subject IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY e.at, e.seq, e.id")
    .batch(subjects)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("idx")?, serde_json::from_str(&row.get::<String>("body")?)?)))
        .collect()
}
