//! The ledger's sight of the case source: what each bank action was last seen to be, every change of
//! it, and which are overdue.

mod notes;
mod pages;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::{Act, NOTE},
    tallies::{self, due_day},
};
use crate::domain::{
    action::{BankAction, RejectedRow, Sighting, Status},
    calendar::limits::Limits,
    canonical::{self, Hash},
    history::Change,
    ids::{BankCode, ExternalId},
    ladder::{Pressed, Quiet},
    person::Desk,
    tagging::Overdue,
    time::Timestamp,
};

pub use self::notes::Note;
use self::pages::{known, latest, lose, write_changes, write_rejected};

/// The case source as last read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct SourceState {
    /// The latest change seen, from which the next poll goes on (less the overlap).
    pub cursor: Option<Timestamp>,
    /// The start of the last poll that ended well.
    pub last_ok_at: Option<Timestamp>,
    /// The last failure, until a poll ends well.
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// When it was last tried.
    pub last_try_at: Option<Timestamp>,
}

/// What one page of a poll changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sighted {
    /// Rows that were new or different.
    pub changed: u64,
    /// Rows that were as before.
    pub unchanged: u64,
    /// Rows set aside.
    pub rejected: u64,
}

/// Overdue actions, each with how it was pressed; the words after the last condition come in.
macro_rules! overdue {
    ($rest:literal) => {
        concat!(
            "SELECT a.body, a.commitment, a.as_of, a.due_at, a.limit_hours,
               (SELECT COUNT(*) FROM action_note n
                 WHERE n.external_id = a.external_id AND n.what = 'notice') AS notices,
               (SELECT MAX(n.at) FROM action_note n
                 WHERE n.external_id = a.external_id AND n.what = 'notice') AS last_notice,
               (SELECT MAX(n.at) FROM action_note n
                 WHERE n.external_id = a.external_id AND n.what = 'confirmed') AS confirmed,
               (SELECT MAX(d.sent_at) FROM escalation_action m
                 JOIN delivery d ON d.escalation = m.escalation
                 WHERE m.external_id = a.external_id AND m.kind = 'tag') AS last_tagged,
               (SELECT MAX(e.drafted_at) FROM escalation_action m
                 JOIN escalation e ON e.id = m.escalation AND e.state = 'rejected'
                 WHERE m.external_id = a.external_id AND m.kind = 'tag') AS rejected,
               (SELECT COUNT(*) FROM escalation_action m
                 JOIN dispute t ON t.escalation = m.escalation
                 WHERE m.external_id = a.external_id
                   AND (t.decided_at IS NULL OR t.stands = 1)) AS disputed,
               (SELECT COUNT(*) FROM escalation_action m
                 WHERE m.external_id = a.external_id AND m.kind = 'tag' AND m.open = 1) AS open
             FROM action a
             WHERE a.due_at < $1 AND a.status = 'pending' AND a.vanished_at IS NULL",
            $rest
        )
    };
}

impl Store {
    /// The case source as last read.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn source(&self, name: &str) -> Result<SourceState, StoreError> {
        let mut tx = self.read().await?;
        source_in(&mut tx, name).await
    }

    /// Writes one page of a poll: changes, rows set aside, and the entry that commits to them.
    ///
    /// # Errors
    /// The ledger failed; nothing of the page was written.
    pub async fn sight(
        &self,
        by: &Actor,
        source: &str,
        rows: &[Result<Sighting, RejectedRow>],
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Sighted, StoreError> {
        let mut tx = self.write().await?;
        let good: Vec<&Sighting> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
        let bad: Vec<&RejectedRow> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
        let known = known(&mut tx, &good).await?;
        let (mut changes, mut days) = (Vec::new(), BTreeSet::new());
        let zone = limits.calendar().zone();
        let mut unchanged = 0;
        for sighting in latest(good) {
            let action = &sighting.action;
            let body = serde_json::to_string(action)?;
            let as_of = (sighting.as_of < now).then_some(sighting.as_of);
            let known = known.get(&action.external_id);
            match known {
                Some(known) if known.newer_than(as_of) => unchanged += 1,
                Some(known) if known.body == body && known.as_of == as_of && !known.vanished => {
                    unchanged += 1;
                }
                _ => {
                    changes.push(self.change(action, body, as_of, limits, now));
                    let before = known.and_then(|known| Some((known.fell_due?, &known.bank)));
                    let fell_due = limits.due_of(action).ok().map(|at| (at, &action.bank));
                    let booked = before.into_iter().chain(fell_due);
                    days.extend(booked.filter_map(|(at, bank)| due_day(at, bank, zone)));
                }
            }
        }
        let poll = self.dice.uuid(now);
        write_changes(&mut tx, &poll, &changes, now).await?;
        tallies::mark(&mut tx, &poll, &days).await?;
        write_rejected(&mut tx, &bad, now).await?;
        let sighted =
            Sighted { changed: changes.len() as u64, unchanged, rejected: bad.len() as u64 };
        let mut acts = Vec::new();
        if !changes.is_empty() {
            let mut commitments: Vec<_> =
                changes.iter().filter_map(|change| change["commitment"].as_str()).collect();
            commitments.sort_unstable();
            let body = json!({"poll": poll, "changes": changes.len(),
                              "digest": canonical::hash(&commitments)});
            acts.push(Act::new(format!("source:{source}"), "source.polled", body));
        }
        self.finish(tx, by, acts).await?;
        Ok(sighted)
    }

    fn change(
        &self,
        action: &BankAction,
        body: String,
        as_of: Option<Timestamp>,
        limits: &Limits,
        now: Timestamp,
    ) -> Json {
        let salt = self.dice.token();
        let commitment = canonical::hash(&(&salt, &body));
        // Without a limit for its kind nothing is overdue; the configuration check says so.
        let fell_due = limits.due_of(action).ok();
        let due = action.clock_runs().ok().and(fell_due);
        json!({
            "id": self.dice.uuid(now), "external_id": action.external_id, "bank": action.bank,
            "kind": action.kind, "status": action.status, "disputed": action.disputed,
            "body": body, "as_of": as_of, "change_as_of": as_of.unwrap_or(now), "due_at": due,
            "fell_due_at": fell_due.unwrap_or(Timestamp::MAX),
            "limit_hours": limits.rule(action.kind).ok().map(|rule| rule.hours),
            "acted_at": action.acted_at.filter(|_| action.status == Status::Acted),
            "calendar": limits.version(), "salt": salt, "commitment": commitment,
        })
    }

    /// Notes that a poll ended well, and where the next one goes on.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn polled(
        &self,
        name: &str,
        started_at: Timestamp,
        cursor: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("INSERT INTO source (name, cursor_at, last_ok_at, last_try_at, failures)
             VALUES ($1, $2, $3, $3, 0)
             ON CONFLICT (name) DO UPDATE SET
               cursor_at = COALESCE(excluded.cursor_at, source.cursor_at),
               last_ok_at = excluded.last_ok_at, last_try_at = excluded.last_try_at,
               last_error = NULL, failures = 0")
        .bind(name)
        .bind(cursor)
        .bind(started_at)
        .run(&mut tx)
        .await?;
        super::history::observed(&mut tx, name, started_at).await?;
        tx.commit().await
    }

    /// Notes that a poll failed. Facts age from the last good one.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn poll_failed(
        &self,
        name: &str,
        at: Timestamp,
        error: &str,
    ) -> Result<u32, StoreError> {
        let mut tx = self.write().await?;
        sql("INSERT INTO source (name, last_try_at, last_error, failures) VALUES ($1, $2, $3, 1)
             ON CONFLICT (name) DO UPDATE SET last_try_at = excluded.last_try_at,
               last_error = excluded.last_error, failures = source.failures + 1")
        .bind(name)
        .bind(at)
        .bind(error)
        .run(&mut tx)
        .await?;
        let state = source_in(&mut tx, name).await?;
        tx.commit().await?;
        Ok(state.failures)
    }

    /// The ids of what the ledger holds for pending and has not lost: what a snapshot must contain.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn pending_ids(&self) -> Result<Vec<ExternalId>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT external_id FROM action
             WHERE status = 'pending' AND vanished_at IS NULL")
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| row.get("external_id")).collect()
    }

    /// Rows that a snapshot no longer has are unknown: not acted, not thanked, not tagged.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn vanished(&self, ids: &[ExternalId], now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let lost = lose(&mut tx, ids.iter().collect(), now).await?;
        tx.commit().await?;
        Ok(lost)
    }

    /// Due times are computed anew where the calendar or the limits changed: a new holiday counts
    /// for open requests too. Returns how many.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn recompute_due(&self, limits: &Limits, page: u32) -> Result<u64, StoreError> {
        let version = limits.version();
        let mut tx = self.write().await?;
        let rows = sql("SELECT external_id, body, fell_due_at FROM action
             WHERE due_at IS NOT NULL AND calendar <> $1 ORDER BY external_id LIMIT $2")
        .bind(version)
        .bind(page)
        .all(&mut tx)
        .await?;
        let (zone, mut days) = (limits.calendar().zone(), BTreeSet::new());
        for row in &rows {
            let action: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
            let due = limits.due_of(&action).ok();
            let booked = row.get::<Option<Timestamp>>("fell_due_at")?.into_iter().chain(due);
            days.extend(booked.filter_map(|at| due_day(at, &action.bank, zone)));
            let hours = limits.rule(action.kind).ok().map(|rule| rule.hours);
            sql("UPDATE action SET due_at = $2, fell_due_at = COALESCE($2, fell_due_at),
                   limit_hours = $3, calendar = $4
                 WHERE external_id = $1")
            .bind(&action.external_id)
            .bind(due)
            .bind(hours)
            .bind(version)
            .run(&mut tx)
            .await?;
        }
        let mark = self.dice.uuid(tx.now().await?);
        tallies::mark(&mut tx, &mark, &days).await?;
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Every overdue action, by bank, with how it was pressed.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn overdue(
        &self,
        source: &str,
        now: Timestamp,
    ) -> Result<BTreeMap<BankCode, Vec<Overdue>>, StoreError> {
        let mut tx = self.read().await?;
        let live_as_of = source_in(&mut tx, source).await?.last_ok_at;
        let rows = sql(overdue!(" ORDER BY a.bank, a.disputed DESC, a.external_id"))
            .bind(now)
            .all(&mut tx)
            .await?;
        let mut found: BTreeMap<BankCode, Vec<Overdue>> = BTreeMap::new();
        for row in &rows {
            let Some(overdue) = read_overdue(row, live_as_of)? else { continue };
            found.entry(overdue.seen.action.bank.clone()).or_default().push(overdue);
        }
        Ok(found)
    }

    /// The overdue actions of one bank, the largest first, with how they were pressed.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn overdue_of(
        &self,
        source: &str,
        bank: &BankCode,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Overdue>, StoreError> {
        let mut tx = self.read().await?;
        let live_as_of = source_in(&mut tx, source).await?.last_ok_at;
        let rows = sql(overdue!(
            " AND a.due_at IS NOT NULL AND a.bank = $2
             ORDER BY a.disputed DESC, a.external_id LIMIT $3"
        ))
        .bind(now)
        .bind(bank)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().filter_map(|row| read_overdue(row, live_as_of).transpose()).collect()
    }

    /// Rows that are set aside now, the newest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn rejected(
        &self,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<(RejectedRow, Timestamp)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM rejected_row ORDER BY last_seen_at DESC, place
             LIMIT $1 OFFSET $2")
        .bind(limit)
        .bind(skip)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let rejected = RejectedRow {
                    external_id: row.get("external_id")?,
                    place: row.get("place")?,
                    reason: row.get("reason")?,
                };
                Ok((rejected, row.get("last_seen_at")?))
            })
            .collect()
    }

    /// The ledger's present sight of these actions.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn actions(&self, ids: &[ExternalId]) -> Result<Vec<(BankAction, Hash)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT body, commitment FROM action WHERE vanished_at IS NULL
             AND external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok((serde_json::from_str(&row.get::<String>("body")?)?, row.get("commitment")?))
            })
            .collect()
    }

    /// Every change since an instant, oldest first, a page at a time: what rehearsal replays.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn changes_since(
        &self,
        since: Timestamp,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT seen_at, as_of, body FROM action_change
             WHERE seen_at >= $1 AND body IS NOT NULL ORDER BY seen_at, id LIMIT $2 OFFSET $3")
        .bind(since)
        .bind(limit)
        .bind(skip)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let seen_at = row.get("seen_at")?;
                let as_of = Some(row.get("as_of")?).filter(|as_of| *as_of < seen_at);
                let action = serde_json::from_str(&row.get::<String>("body")?)?;
                Ok(Change { seen_at, as_of, action })
            })
            .collect()
    }
}

async fn source_in(tx: &mut Tx, name: &str) -> Result<SourceState, StoreError> {
    let Some(row) = sql("SELECT * FROM source WHERE name = $1").bind(name).opt(tx).await? else {
        return Ok(SourceState::default());
    };
    Ok(SourceState {
        cursor: row.get("cursor_at")?,
        last_ok_at: row.get("last_ok_at")?,
        last_error: row.get("last_error")?,
        failures: row.get("failures")?,
        last_try_at: row.get("last_try_at")?,
    })
}

fn read_overdue(row: &Row, live_as_of: Option<Timestamp>) -> Result<Option<Overdue>, StoreError> {
    let confirmed: Option<Timestamp> = row.get("confirmed")?;
    let as_of: Option<Timestamp> = row.get("as_of")?;
    let Some(as_of) = as_of.or(live_as_of).max(confirmed) else { return Ok(None) };
    let action: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
    Ok(Some(Overdue {
        seen: Sighting { action, as_of },
        commitment: row.get("commitment")?,
        due_at: row.get("due_at")?,
        limit_hours: row.get::<Option<u32>>("limit_hours")?.unwrap_or(0),
        pressed: Pressed {
            notices: row.get("notices")?,
            last_notice_at: row.get("last_notice")?,
            last_tagged_at: row.get("last_tagged")?,
            rejected_at: row.get("rejected")?,
            disputed: row.get("disputed")?,
        },
        in_open_tag: row.get("open")?,
    }))
}
