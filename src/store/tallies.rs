//! The sums that reports are made of: which days changed, and what is in them.
//!
//! The record's own digests say what changed: every entry names the followed rows that its act wrote,
//! so no list of acts has to be kept in step. The order is that of the tree's leaves, which are
//! numbered after their entries are committed, so that nothing that is committed late is passed over.

mod changed;
mod facts;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    Store, StoreError,
    db::{Row, Tx, sql},
};
use crate::domain::{
    ids::{AccountName, BankCode, DeliveryId},
    measures::{DEFINITIONS, Due, Tally, day_at},
    time::Timestamp,
};

/// A day of UTC in microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A bank's day: the day's number in the unit's zone, and the bank.
pub type BankDay = (i64, BankCode);

/// How far the sums are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TallyStanding {
    /// Everything that the record held then is in them, but for the days that wait.
    pub as_of: Timestamp,
    /// So many banks' days wait to be counted anew.
    pub waiting: u64,
}

/// What readings of an account cost on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// The first instant of the UTC day.
    pub day_at: Timestamp,
    /// The account.
    pub account: AccountName,
    /// What was read.
    pub item: String,
    /// How many resources.
    pub resources: u64,
    /// Their price in micro-dollars.
    pub micros: i64,
}

/// What of the record has been looked through, and what must be counted anew for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    from: i64,
    until: i64,
    /// Nothing counted so far stands: all is counted anew.
    anew: bool,
    /// The days that changed.
    pub days: BTreeSet<BankDay>,
    /// There is more to look through.
    pub more: bool,
}

/// By what is counted: a change of either makes every sum worthless.
fn rules(zone: &TimeZone) -> String {
    format!("{DEFINITIONS} {}", zone.iana_name().unwrap_or("UTC"))
}

impl Store {
    /// Looks through the next part of the record for days that changed. `None`: there is nothing
    /// new. Where nothing has been counted by these definitions, every day is one that changed.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tally_changes(&self, zone: &TimeZone) -> Result<Option<Changes>, StoreError> {
        let mut tx = self.read().await?;
        let head = head(&mut tx).await?;
        let Some(from) = cursor(&mut tx, zone).await? else {
            let days = changed::all(&mut tx, zone).await?;
            return Ok(Some(Changes { from: -1, until: head, anew: true, days, more: false }));
        };
        if from >= head {
            return Ok(None);
        }
        let found = changed::since(&mut tx, (from, head), zone).await?;
        let more = found.until < head;
        Ok(Some(Changes { from, until: found.until, anew: false, days: found.days, more }))
    }

    /// Notes what must be counted anew, and how far the record has been looked through. Nothing is
    /// noted where another process was first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tally_mark(&self, zone: &TimeZone, changes: &Changes) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let moved = if changes.anew {
            sql("DELETE FROM tally").run(&mut tx).await?;
            sql("INSERT INTO tally_cursor (id, idx, rules, turn) VALUES (1, $1, $2, 0)
                 ON CONFLICT (id) DO UPDATE SET idx = excluded.idx, rules = excluded.rules")
            .bind(changes.until)
            .bind(rules(zone))
            .run(&mut tx)
            .await?
        } else {
            sql("UPDATE tally_cursor SET idx = $2 WHERE id = 1 AND idx = $1 AND rules = $3")
                .bind(changes.from)
                .bind(changes.until)
                .bind(rules(zone))
                .run(&mut tx)
                .await?
        };
        if moved == 0 {
            return Ok(());
        }
        mark(&mut tx, &format!("leaf {}", changes.until), &changes.days).await?;
        tx.commit().await
    }

    /// Counts the latest day that waits, for every bank that it waits for, from the rows as they are
    /// now. Returns how many banks' days were counted; none: nothing waits.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tally_count(&self, zone: &TimeZone) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        // One process counts at a time: an older count must not be written over a newer one.
        sql("UPDATE tally_cursor SET turn = turn + 1 WHERE id = 1").run(&mut tx).await?;
        let due = sql("SELECT day, bank, mark FROM tally_due
             WHERE day = (SELECT MAX(day) FROM tally_due) ORDER BY bank")
        .all(&mut tx)
        .await?;
        let Some(first) = due.first() else { return Ok(0) };
        let day: i64 = first.get("day")?;
        let mut banks: Vec<BankCode> =
            due.iter().map(|row| row.get("bank")).collect::<Result<_, _>>()?;
        banks.dedup();
        // The marks that were read and no others: one that came since stands for a change that may
        // not be in the count.
        let mut marks = Vec::with_capacity(due.len());
        for row in &due {
            marks.push(json!({"b": row.get::<BankCode>("bank")?, "m": row.get::<String>("mark")?}));
        }
        sql("DELETE FROM tally_due WHERE day = $2 AND (bank, mark) IN (
               SELECT j.value->>'b', j.value->>'m' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(marks)
        .bind(day)
        .run(&mut tx)
        .await?;
        let counted = facts::of_day(&mut tx, day, &banks, zone).await?;
        sql("DELETE FROM tally WHERE day = $2
               AND bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(banks.iter().map(|bank| json!({"b": bank})).collect())
        .bind(day)
        .run(&mut tx)
        .await?;
        let mut rows = Vec::with_capacity(counted.len());
        for (bank, tally) in &counted {
            rows.push(json!({"bank": bank, "body": serde_json::to_string(tally)?}));
        }
        sql("INSERT INTO tally (day, bank, body)
             SELECT $2, j.value->>'bank', j.value->>'body'
             FROM json_each(CAST($1 AS TEXT)) AS j")
        .batch(rows)
        .bind(day)
        .run(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(banks.len() as u64)
    }

    /// The sums of some days (their numbers, the last one among them) in their order, of one bank or
    /// of all.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tally_days(
        &self,
        (from, until): (i64, i64),
        bank: Option<&BankCode>,
    ) -> Result<Vec<(BankDay, Tally)>, StoreError> {
        let mut tx = self.read().await?;
        let mut found = Vec::new();
        sql("SELECT day, bank, body FROM tally
             WHERE day >= $1 AND day <= $2 AND ($3 = '' OR bank = $3) ORDER BY day, bank")
        .bind(from)
        .bind(until)
        .bind(bank.map_or("", BankCode::as_str))
        .each(&mut tx, |row| {
            let tally = serde_json::from_str(&row.get::<String>("body")?)?;
            found.push(((row.get("day")?, row.get("bank")?), tally));
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// How far the sums are. `None`: nothing has been counted by these definitions yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tally_standing(
        &self,
        zone: &TimeZone,
    ) -> Result<Option<TallyStanding>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let Some(idx) = cursor(&mut tx, zone).await? else { return Ok(None) };
        let waiting = sql("SELECT COUNT(*) AS n
             FROM (SELECT DISTINCT day, bank FROM tally_due) AS waiting");
        let waiting = waiting.one(&mut tx).await?;
        let next = sql("SELECT e.at FROM leaf l JOIN entry e ON e.id = l.entry WHERE l.idx = $1");
        let next = next.bind(idx + 1).opt(&mut tx).await?;
        let as_of = next.map(|row: Row| row.get("at")).transpose()?.unwrap_or(now);
        let waiting = u64::try_from(waiting.get::<i64>("n")?).unwrap_or(0);
        Ok(Some(TallyStanding { as_of, waiting }))
    }

    /// How many requests of these banks fell due in a part of a day.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn fell_due(
        &self,
        from: Timestamp,
        until: Timestamp,
        banks: &[BankCode],
    ) -> Result<BTreeMap<BankCode, Due>, StoreError> {
        let mut tx = self.read().await?;
        let tallies = facts::of_due(&mut tx, from, until, banks).await?;
        Ok(tallies.into_iter().map(|(bank, tally)| (bank, tally.due)).collect())
    }

    /// What readings cost on the UTC days that begin in a time.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn charged(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Charged>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM charged_day WHERE day_at >= $1 AND day_at < $2
             ORDER BY day_at, account, item")
        .bind(from)
        .bind(until)
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            Ok(Charged {
                day_at: row.get("day_at")?,
                account: row.get("account")?,
                item: row.get("item")?,
                resources: u64::from(row.get::<u32>("resources")?),
                micros: row.get("micros")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Has these days counted anew. Every change has its own `mark`, so that none waits for another's
/// transaction, and none is taken for counted that came during a count.
pub(super) async fn mark(
    tx: &mut Tx,
    mark: &str,
    days: &BTreeSet<BankDay>,
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    sql("INSERT INTO tally_due (day, bank, mark)
         SELECT CAST(j.value->>'day' AS BIGINT), j.value->>'bank', $2
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (day, bank, mark) DO NOTHING")
    .batch(days.iter().map(|(day, bank)| json!({"day": day, "bank": bank})).collect())
    .bind(mark)
    .run(tx)
    .await?;
    Ok(())
}

/// Has the days counted anew on which these posts' tags are booked, for a change that leaves no entry.
/// A day begins at another time in the unit's zone than in UTC: its neighbours are counted too.
pub(super) async fn mark_posts(
    tx: &mut Tx,
    mark: &str,
    deliveries: impl Iterator<Item = &DeliveryId>,
) -> Result<(), StoreError> {
    sql("INSERT INTO tally_due (day, bank, mark)
         SELECT DISTINCT x.sent_at / $2 + CAST(n.value AS BIGINT), x.bank, $4
         FROM delivery x, json_each(CAST($3 AS TEXT)) AS n
         WHERE x.sent_at IS NOT NULL AND x.escalation IN (SELECT d.escalation FROM delivery d
           WHERE d.id IN (SELECT j.value->>'d' FROM json_each(CAST($1 AS TEXT)) AS j))
         ON CONFLICT (day, bank, mark) DO NOTHING")
    .batch(deliveries.map(|id| json!({"d": id})).collect())
    .bind(DAY)
    .bind("[-1, 0, 1]".to_owned())
    .bind(mark)
    .run(tx)
    .await?;
    Ok(())
}

/// The day on which a request is booked that falls due then; none where its clock never ran.
pub(super) fn due_day(at: Timestamp, bank: &BankCode, zone: &TimeZone) -> Option<BankDay> {
    (at < Timestamp::MAX).then(|| (day_at(at, zone), bank.clone()))
}

/// The last leaf; -1 before the first.
async fn head(tx: &mut Tx) -> Result<i64, StoreError> {
    sql("SELECT COALESCE(MAX(idx), -1) AS head FROM leaf").one(tx).await?.get("head")
}

/// Up to which leaf has been looked through by these definitions.
async fn cursor(tx: &mut Tx, zone: &TimeZone) -> Result<Option<i64>, StoreError> {
    let row = sql("SELECT idx FROM tally_cursor WHERE id = 1 AND rules = $1");
    row.bind(rules(zone)).opt(tx).await?.map(|row| row.get("idx")).transpose()
}

/// The bank's day of a row with `bank` and `at`.
fn bank_day(row: &Row, zone: &TimeZone) -> Result<BankDay, StoreError> {
    Ok((day_at(row.get("at")?, zone), row.get("bank")?))
}
