//! The weekly report by mail: who sends it, once, and what came of it.
//!
//! The invariant: of all processes one sends; what may have gone out is never sent again by itself.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    record::{Act, WEEKLY_MAIL},
};
use crate::domain::time::Timestamp;

/// A week's report, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyRow {
    /// The day on which it is due, or when it was tried by hand.
    pub week: String,
    /// `sending`, `sent`, `waiting`, `unknown` or `given-up`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// What came of the last try.
    pub said: Option<String>,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeeklyEnd {
    /// The server has it.
    Sent,
    /// It is proved that it has not; when to try again, or never.
    Refused(Option<Timestamp>),
    /// Nobody knows.
    Unknown,
}

impl WeeklyEnd {
    const fn state(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused(Some(_)) => "waiting",
            Self::Refused(None) => "given-up",
            Self::Unknown => "unknown",
        }
    }
}

impl Store {
    /// A week's report, where anybody has begun it.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn weekly_mail(&self, week: &str) -> Result<Option<WeeklyRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT * FROM weekly_mail WHERE week = $1").bind(week).opt(&mut tx).await?;
        row.as_ref().map(read).transpose()
    }

    /// Takes a week's report for one try; `None` where another has it, or it ended, or it waits.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn weekly_take(
        &self,
        by: &Actor,
        week: &str,
        lease: SignedDuration,
    ) -> Result<Option<WeeklyRow>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut taken = sql("INSERT INTO weekly_mail (week, state, attempts, lease_until)
             VALUES ($1, 'sending', 1, $2) ON CONFLICT (week) DO NOTHING RETURNING *")
        .bind(week)
        .bind(now.plus(lease))
        .write(&WEEKLY_MAIL, &mut tx)
        .await?;
        if taken.is_empty() {
            taken = sql("UPDATE weekly_mail SET state = 'sending', attempts = attempts + 1,
                   lease_until = $2, next_at = NULL
                 WHERE week = $1 AND state = 'waiting' AND next_at <= $3 RETURNING *")
            .bind(week)
            .bind(now.plus(lease))
            .bind(now)
            .write(&WEEKLY_MAIL, &mut tx)
            .await?;
        }
        let Some(row) = taken.first().map(read).transpose()? else { return Ok(None) };
        let body = json!({"attempt": row.attempts.to_string()});
        self.finish(tx, by, vec![Act::new(subject(week), "weekly.taken", body)]).await?;
        Ok(Some(row))
    }

    /// What came of a try. That it arrived is believed late too.
    ///
    /// # Errors
    /// Another try has begun, or the ledger failed.
    pub async fn weekly_ended(
        &self,
        by: &Actor,
        taken: &WeeklyRow,
        end: WeeklyEnd,
        said: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let next = if let WeeklyEnd::Refused(next) = end { next } else { None };
        let written = sql("UPDATE weekly_mail SET state = $3, said = $4, next_at = $5,
               ended_at = $6, lease_until = NULL
             WHERE week = $1 AND attempts = $2
               AND (state = 'sending' OR (state = 'unknown' AND CAST($3 AS TEXT) = 'sent'))
             RETURNING *")
        .bind(&taken.week)
        .bind(taken.attempts)
        .bind(end.state())
        .bind(said)
        .bind(next)
        .bind(now)
        .write(&WEEKLY_MAIL, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::Conflict("the weekly report was taken by another"));
        }
        let body =
            json!({"attempt": taken.attempts.to_string(), "state": end.state(), "said": said});
        self.finish(tx, by, vec![Act::new(subject(&taken.week), "weekly.ended", body)]).await
    }

    /// Reports that nobody goes on with: those whose sender never said what came of them are unknown
    /// from now on, and those that wait although another week is due (`due`, or none) are given up.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn weekly_lost(&self, by: &Actor, due: &str) -> Result<Vec<WeeklyRow>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut lost = sql("UPDATE weekly_mail SET state = 'unknown', ended_at = $1,
               lease_until = NULL, said = 'the process that sent it ended meanwhile'
             WHERE state = 'sending' AND lease_until <= $1 RETURNING *")
        .bind(now)
        .write(&WEEKLY_MAIL, &mut tx)
        .await?;
        let given_up =
            sql("UPDATE weekly_mail SET state = 'given-up', ended_at = $1, next_at = NULL
             WHERE state = 'waiting' AND week <> $2 RETURNING *")
            .bind(now)
            .bind(due)
            .write(&WEEKLY_MAIL, &mut tx)
            .await?;
        lost.extend(given_up);
        let lost: Vec<WeeklyRow> = lost.iter().map(read).collect::<Result<_, _>>()?;
        let act = |row: &WeeklyRow| {
            let body = json!({"attempt": row.attempts.to_string(), "state": row.state,
                              "said": row.said});
            Act::new(subject(&row.week), "weekly.ended", body)
        };
        self.finish(tx, by, lost.iter().map(act).collect()).await?;
        Ok(lost)
    }
}

fn subject(week: &str) -> String {
    format!("weekly-report {week}")
}

fn read(row: &Row) -> Result<WeeklyRow, StoreError> {
    Ok(WeeklyRow {
        week: row.get("week")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        next_at: row.get("next_at")?,
        said: row.get("said")?,
    })
}
