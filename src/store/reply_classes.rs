//! What the banks' own replies amount to: read once by the method that this version has, and set
//! right by people.
//!
//! The invariant: a person's word wins over every reading, before and after it; a reading touches
//! no followed column.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    record::{Act, ENGAGEMENT},
    tallies, timeline,
};
use crate::domain::{
    engagement::EngagementKind,
    ids::{BankCode, DeliveryId, EscalationId, PersonId, Reference},
    person::Desk,
    reply_class::{self, Because, Classed, Earlier, ReplyClass, Unrecorded},
    time::Timestamp,
};

/// A bank's reply that this version has not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclassed {
    /// The delivery that it came back on.
    pub delivery: DeliveryId,
    /// Reply or quote.
    pub kind: EngagementKind,
    /// The alias of the platform's id of it.
    pub alias: String,
    /// Whose.
    pub bank: BankCode,
    /// The post's reference.
    pub reference: Reference,
    /// When we first saw it.
    pub first_seen_at: Timestamp,
    /// Its masked text.
    pub text: String,
}

/// What a reply amounts to, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reading {
    /// The class that counts: a person's where they gave one.
    pub class: ReplyClass,
    /// As the method reads it; nothing where no text was kept.
    pub read_as: Option<ReplyClass>,
    /// The method's number; 0: it has not been read.
    pub method: u32,
    /// Why the method reads it so.
    pub because: Vec<Because>,
    /// Who set it right, and when.
    pub corrected: Option<(PersonId, Timestamp)>,
}

/// The letters of a reply's alias by which people name it.
const SHORT: usize = 8;

pub(super) fn short(alias: &str) -> String {
    alias.get(..SHORT).unwrap_or(alias).to_owned()
}

impl Store {
    /// The banks' replies and quotes whose kept text was not read by `method` yet, the earliest
    /// first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn unclassed(&self, method: u32, limit: u32) -> Result<Vec<Unclassed>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT g.delivery, g.kind, g.platform_id, d.bank, d.reference,
               g.first_seen_at, g.text
             FROM engagement g JOIN delivery d ON d.id = g.delivery
             WHERE g.voice = 'bank' AND g.text IS NOT NULL AND g.class_method < $1
               AND g.kind IN ('reply', 'quote')
             ORDER BY g.first_seen_at, g.delivery, g.kind, g.platform_id LIMIT $2")
        .bind(method)
        .bind(limit)
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            Ok(Unclassed {
                delivery: row.get("delivery")?,
                kind: row.get("kind")?,
                alias: row.get("platform_id")?,
                bank: row.get("bank")?,
                reference: row.get("reference")?,
                first_seen_at: row.get("first_seen_at")?,
                text: row.get("text")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// What the bank said before this reply, while it is kept, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn said_before(
        &self,
        reply: &Unclassed,
        limit: u32,
    ) -> Result<Vec<Earlier>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT g.platform_id, d.reference, g.text
             FROM engagement g JOIN delivery d ON d.id = g.delivery
             WHERE g.voice = 'bank' AND g.text IS NOT NULL AND g.kind IN ('reply', 'quote')
               AND d.bank = $1 AND g.first_seen_at <= $2 AND g.platform_id <> $3
             ORDER BY g.first_seen_at DESC, g.delivery, g.kind, g.platform_id LIMIT $4")
        .bind(&reply.bank)
        .bind(reply.first_seen_at)
        .bind(&reply.alias)
        .bind(limit)
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            let reply = short(&row.get::<String>("platform_id")?);
            Ok(Earlier { reply, post: row.get("reference")?, text: row.get("text")? })
        };
        rows.iter().map(read).collect()
    }

    /// Keeps what replies were read as. What a person said of them stays.
    ///
    /// # Errors
    /// The ledger failed; nothing was kept.
    pub async fn keep_classes(
        &self,
        method: u32,
        read: &[(Unclassed, Classed)],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for (reply, classed) in read {
            sql("UPDATE engagement SET class = $4, class_because = $5, class_method = $6
                 WHERE delivery = $1 AND kind = $2 AND platform_id = $3 AND class_method < $6")
            .bind(&reply.delivery)
            .bind(reply.kind)
            .bind(&reply.alias)
            .bind(classed.class)
            .bind(serde_json::to_string(&classed.because)?)
            .bind(method)
            .run(&mut tx)
            .await?;
        }
        let mark = self.dice.uuid(tx.now().await?);
        tallies::mark_posts(&mut tx, &mark, read.iter().map(|(reply, _)| &reply.delivery)).await?;
        tx.commit().await
    }

    /// A person says what a bank's reply to a post (by its reference or id, or a delivery's id)
    /// amounts to. `reply` is the short form of its alias.
    ///
    /// # Errors
    /// The post has no such reply of the bank's own, or the ledger failed.
    pub async fn correct_class(
        &self,
        by: &Actor,
        desk: &Desk,
        (post, reply): (&str, &str),
        class: ReplyClass,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let escalation = timeline::find(&mut tx, post).await?.escalation.id;
        let known = sql("SELECT delivery, kind, platform_id, class FROM bank_reply
             WHERE escalation = $1 AND substr(platform_id, 1, 8) = $2")
        .bind(&escalation)
        .bind(reply)
        .all(&mut tx)
        .await?;
        let missing = || StoreError::NotFound(format!("reply {reply} of the bank on {post}"));
        let known = known.first().ok_or_else(missing)?;
        let (delivery, kind): (DeliveryId, EngagementKind) =
            (known.get("delivery")?, known.get("kind")?);
        let from: Option<ReplyClass> = known.get("class")?;
        sql("UPDATE engagement SET corrected_class = $4, corrected_by = $5, corrected_at = $6
             WHERE delivery = $1 AND kind = $2 AND platform_id = $3 RETURNING *")
        .bind(&delivery)
        .bind(kind)
        .bind(known.get::<String>("platform_id")?)
        .bind(class)
        .bind(desk.id())
        .bind(now)
        .write(&ENGAGEMENT, &mut tx)
        .await?;
        let body = json!({"reply": reply, "kind": kind, "from": from, "to": class});
        let act = Act::new(&delivery, "engagement.class-corrected", body);
        self.finish(tx, by, vec![act]).await
    }

    /// Tags on which the bank claimed to have acted, first in this time, while the case source, at a
    /// word of its own from after the [grace](reply_class::GRACE), still has actions of theirs as
    /// pending; the earliest claim first. Of one tag alone where one is named.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn claimed_not_recorded(
        &self,
        (from, until): (Timestamp, Timestamp),
        bank: Option<&BankCode>,
        tag: Option<&EscalationId>,
    ) -> Result<Vec<Unrecorded>, StoreError> {
        let mut tx = self.read().await?;
        // What still pends is little, whatever the years before hold. A CROSS JOIN is read in the order
        // that it is written in by SQLite.
        let rows = sql("WITH pending(escalation) AS (
               SELECT m.escalation FROM action a CROSS JOIN escalation_action m
               WHERE a.status = 'pending' AND a.vanished_at IS NULL AND a.due_at IS NOT NULL
                 AND m.external_id = a.external_id AND m.kind = 'tag')
             SELECT c.bank, c.reference, c.at,
               COUNT(a.external_id) AS pending, COUNT(*) AS actions
             FROM (SELECT bank, reference, escalation, MIN(at) AS at FROM bank_reply
                   WHERE class = 'claim' AND post_kind = 'tag'
                     AND ($3 = '' OR bank = $3) AND ($4 = '' OR escalation = $4)
                     AND escalation IN (SELECT p.escalation FROM pending p)
                   GROUP BY bank, reference, escalation) c
             JOIN escalation_action m ON m.escalation = c.escalation
             LEFT JOIN action a ON a.external_id = m.external_id AND a.status = 'pending'
               AND a.vanished_at IS NULL
               AND COALESCE(a.as_of, (SELECT MAX(s.last_ok_at) FROM source s)) >= c.at + $5
             WHERE c.at >= $1 AND c.at < $2
             GROUP BY c.bank, c.reference, c.at HAVING COUNT(a.external_id) > 0
             ORDER BY c.at, c.reference")
        .bind(from)
        .bind(until)
        .bind(bank.map_or("", BankCode::as_str))
        .bind(tag.map_or("", EscalationId::as_str))
        .bind(i64::try_from(reply_class::GRACE.as_micros()).unwrap_or(i64::MAX))
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            Ok(Unrecorded {
                bank: row.get("bank")?,
                reference: row.get("reference")?,
                claimed_at: row.get("at")?,
                pending: row.get("pending")?,
                actions: row.get("actions")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// What a row of `engagement` amounts to; nothing where nobody has said so.
pub(super) fn read(row: &Row) -> Result<Option<Reading>, StoreError> {
    let read_as: Option<ReplyClass> = row.get("class")?;
    let corrected: Option<ReplyClass> = row.get("corrected_class")?;
    let Some(class) = corrected.or(read_as) else { return Ok(None) };
    let because: Option<String> = row.get("class_because")?;
    let because = because.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
    let by: Option<PersonId> = row.get("corrected_by")?;
    let at: Option<Timestamp> = row.get("corrected_at")?;
    Ok(Some(Reading {
        class,
        read_as,
        method: row.get("class_method")?,
        because,
        corrected: by.zip(at),
    }))
}
