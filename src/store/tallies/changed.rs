//! Which banks' days changed: all of them, or those that some entries of the record touched.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::{BankDay, bank_day};
use crate::{
    domain::{action::BankAction, measures::day_at, time::Timestamp},
    store::{
        Entry, StoreError,
        db::{Row, Tx, sql},
    },
};

/// How many leaves are looked through at a time.
const PAGE: i64 = 2_000;
/// No more pages of a poll are taken at a time once they have so many changes.
const CHANGES: u64 = 20_000;
/// No zone's clock differs from UTC by a part of this (microseconds): instants in the same quarter
/// of an hour are on the same day everywhere.
const QUARTER: i64 = 15 * 60 * 1_000_000;

/// The followed tables whose rows are counted; the key of each begins with the id of an escalation
/// or of a delivery.
const COUNTED: &[&str] =
    &["escalation", "escalation_action", "order_clearance", "delivery", "attempt", "engagement"];

/// What was found, and up to which leaf.
pub(super) struct Found {
    pub(super) until: i64,
    pub(super) days: BTreeSet<BankDay>,
}

/// Every day on which anything is booked.
pub(super) async fn all(tx: &mut Tx, zone: &TimeZone) -> Result<BTreeSet<BankDay>, StoreError> {
    let mut days = BTreeSet::new();
    sql("SELECT bank, sent_at / $1 AS quarter FROM delivery WHERE sent_at IS NOT NULL
         UNION SELECT bank, drafted_at / $1 FROM escalation
         UNION SELECT bank, at / $1 FROM order_clearance
         UNION SELECT e.bank, n.at / $1 FROM entry n JOIN escalation e ON e.id = n.subject
           WHERE n.act = 'escalation.approved'
         UNION SELECT bank, delivered_at / $1 FROM action_delivered
           WHERE delivered_at IS NOT NULL
         UNION SELECT bank, fell_due_at / $1 FROM action
           WHERE fell_due_at < $2 AND kind IN ('lien', 'hold')")
    .bind(QUARTER)
    .bind(Timestamp::MAX)
    .each(tx, |row| {
        let at = Timestamp::from_micros(row.get::<i64>("quarter")? * QUARTER);
        days.insert((day_at(at, zone), row.get("bank")?));
        Ok(())
    })
    .await?;
    Ok(days)
}

/// The days that the next entries after a leaf touched.
pub(super) async fn since(
    tx: &mut Tx,
    (from, head): (i64, i64),
    zone: &TimeZone,
) -> Result<Found, StoreError> {
    let read = read(tx, from, head.min(from.saturating_add(PAGE))).await?;
    let mut days = BTreeSet::new();
    if read.erased {
        let rows = sql("SELECT day, bank FROM tally").all(tx).await?;
        for row in &rows {
            days.insert((row.get("day")?, row.get("bank")?));
        }
    }
    requests(tx, &read, zone, &mut days).await?;
    let touched = escalations(tx, &read).await?;
    if !touched.is_empty() {
        booked(tx, touched, zone, &mut days).await?;
    }
    Ok(Found { until: read.until, days })
}

/// What some entries speak of.
struct Read {
    until: i64,
    /// Escalations and deliveries, and whatever else an entry may be about.
    subjects: BTreeSet<String>,
    /// Pages of polls of the case source that brought changes.
    polls: BTreeSet<String>,
    /// Something was erased: by then nobody knows any more where it was counted.
    erased: bool,
}

async fn read(tx: &mut Tx, from: i64, until: i64) -> Result<Read, StoreError> {
    let rows = sql("SELECT l.idx, e.body FROM leaf l JOIN entry e ON e.id = l.entry
         WHERE l.idx > $1 AND l.idx <= $2 ORDER BY l.idx")
    .bind(from)
    .bind(until)
    .all(tx)
    .await?;
    let (subjects, polls) = (BTreeSet::new(), BTreeSet::new());
    let mut read = Read { until: from, subjects, polls, erased: false };
    let mut changes = 0;
    for row in &rows {
        let entry: Entry = serde_json::from_str(&row.get::<String>("body")?)?;
        if entry.act == "source.polled" {
            changes += number(&entry.body["changes"]);
            if changes > CHANGES && !read.polls.is_empty() {
                return Ok(read);
            }
            read.polls.extend(entry.body["poll"].as_str().map(str::to_owned));
        }
        read.erased |= entry.act == "record.erased";
        let counted = entry.rows.iter().filter(|row| COUNTED.contains(&row.table.as_str()));
        let of = |key: &str| key.split('/').next().unwrap_or_default().to_owned();
        read.subjects.extend(counted.map(|row| of(&row.key)));
        read.subjects.insert(entry.subject);
        read.until = row.get("idx")?;
    }
    Ok(read)
}

/// A number of an entry's body, where 64-bit integers are texts.
fn number(value: &Json) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// The days of the changed actions' requests: those of every sighting, for a source may correct the
/// bank or the time.
async fn requests(
    tx: &mut Tx,
    read: &Read,
    zone: &TimeZone,
    days: &mut BTreeSet<BankDay>,
) -> Result<(), StoreError> {
    if read.polls.is_empty() {
        return Ok(());
    }
    sql("SELECT o.body FROM action_change o WHERE o.body IS NOT NULL AND o.external_id IN (
           SELECT c.external_id FROM action_change c WHERE c.external_id IS NOT NULL
             AND c.poll IN (SELECT j.value->>'p' FROM json_each(CAST($1 AS TEXT)) AS j))")
    .batch(read.polls.iter().map(|poll| json!({"p": poll})).collect())
    .each(tx, |row| {
        let action: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
        days.extend(action.delivered_at.map(|at| (day_at(at, zone), action.bank)));
        Ok(())
    })
    .await
}

/// The escalations that are counted anew: those that were written, those that name a changed action,
/// and those that name an action together with one of these, for an action is followed from the
/// first tag that named it.
async fn escalations(tx: &mut Tx, read: &Read) -> Result<Vec<Json>, StoreError> {
    let subjects = read.subjects.iter().map(|id| json!({"s": id})).collect();
    let written = sql("SELECT e.id AS id FROM escalation e
         WHERE e.id IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT d.escalation FROM delivery d
         WHERE d.id IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT m.escalation FROM escalation_action m WHERE m.external_id IN (
           SELECT c.external_id FROM action_change c WHERE c.external_id IS NOT NULL
             AND c.poll IN (SELECT j.value->>'p' FROM json_each(CAST($2 AS TEXT)) AS j))")
    .batch(subjects)
    .batch(read.polls.iter().map(|poll| json!({"p": poll})).collect())
    .all(tx)
    .await?;
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let ids = named(&written)?;
    let beside = sql("SELECT DISTINCT o.escalation AS id FROM escalation_action m
         JOIN escalation_action o ON o.external_id = m.external_id
         WHERE m.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"s": id})).collect())
    .all(tx)
    .await?;
    let all: BTreeSet<String> = ids.into_iter().chain(named(&beside)?).collect();
    Ok(all.into_iter().map(|id| json!({"s": id})).collect())
}

fn named(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| row.get("id")).collect()
}

/// The days on which anything of these escalations is booked, or was before its post was proved not
/// sent.
async fn booked(
    tx: &mut Tx,
    escalations: Vec<Json>,
    zone: &TimeZone,
    days: &mut BTreeSet<BankDay>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT e.bank AS bank, e.drafted_at AS at FROM escalation e
         WHERE e.id IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT d.bank, d.sent_at FROM delivery d WHERE d.sent_at IS NOT NULL
           AND d.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT d.bank, n.at FROM delivery d JOIN entry n ON n.subject = d.id
           WHERE n.act = 'delivery.claimed'
             AND d.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT c.bank, c.at FROM order_clearance c
           WHERE c.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         UNION SELECT e.bank, n.at FROM escalation e JOIN entry n ON n.subject = e.id
           WHERE n.act = 'escalation.approved'
             AND e.id IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(escalations)
    .all(tx)
    .await?;
    for row in &rows {
        days.insert(bank_day(row, zone)?);
    }
    Ok(())
}
