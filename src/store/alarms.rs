//! Alarms: raised once for each thing, rung outside the console, taken by a person.
//!
//! The invariant: one row for each (what, subject). It rings again only when its cause was gone,
//! is back, and somebody had taken it before; one that nobody took is still ringing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    conditions::{Concerns, TOLD_BY_TABLES, told_by_tables},
    db::{Row, Tx, sql},
    record::{ALARM, Act},
};
use crate::domain::{
    alarm::{Alarm, Raised, What},
    person::Person,
};

/// A way to the duty officer outside the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A command that is run.
    Command,
    /// A webhook that is called.
    Webhook,
}

impl Store {
    /// Raises alarms; those that stand already stay as they are. Returns how many ring anew.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn raise(&self, by: &Actor, alarms: &[Alarm]) -> Result<u64, StoreError> {
        if alarms.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let acts = self.raise_in(&mut tx, alarms).await?;
        let raised = acts.len() as u64;
        self.finish(tx, by, acts).await?;
        Ok(raised)
    }

    pub(super) async fn raise_in(
        &self,
        tx: &mut Tx,
        alarms: &[Alarm],
    ) -> Result<Vec<Act>, StoreError> {
        let now = tx.now().await?;
        let mut acts = Vec::new();
        for alarm in alarms {
            let written = sql("INSERT INTO alarm (id, what, subject, detail, raised_at)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (what, subject) DO UPDATE SET detail = excluded.detail,
                   raised_at = CASE WHEN alarm.taken_at IS NULL THEN alarm.raised_at
                                    ELSE excluded.raised_at END,
                   rung_at = CASE WHEN alarm.taken_at IS NULL THEN alarm.rung_at END,
                   command_at = CASE WHEN alarm.taken_at IS NULL THEN alarm.command_at END,
                   webhook_at = CASE WHEN alarm.taken_at IS NULL THEN alarm.webhook_at END,
                   stopped_at = CASE WHEN alarm.taken_at IS NULL THEN alarm.stopped_at END,
                   taken_by = NULL, taken_at = NULL, over_at = NULL
                 WHERE alarm.over_at IS NOT NULL
                 RETURNING *")
            .bind(self.dice.uuid(now))
            .bind(alarm.what)
            .bind(&alarm.subject)
            .bind(&alarm.detail)
            .bind(now)
            .write(&ALARM, tx)
            .await?;
            if let Some(row) = written.first() {
                let body = json!({"what": alarm.what, "about": alarm.subject,
                                  "detail": alarm.detail});
                acts.push(Act::new(row.get::<String>("id")?, "alarm.raised", body));
            }
        }
        Ok(acts)
    }

    /// The cause of an alarm is gone. It stays to be taken; when the cause is back after that, it
    /// rings again.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn alarm_over(
        &self,
        by: &Actor,
        what: What,
        subject: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let written = sql("UPDATE alarm SET over_at = $3
             WHERE what = $1 AND subject = $2 AND over_at IS NULL RETURNING *")
        .bind(what)
        .bind(subject)
        .bind(now)
        .write(&ALARM, &mut tx)
        .await?;
        let acts = over_acts(&written)?;
        self.finish(tx, by, acts).await
    }

    /// Reads the tables for what is wrong, raises it, and notes what is over. Idempotent. Returns
    /// how many ring anew.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn raise_conditions(
        &self,
        by: &Actor,
        concerns: &Concerns,
    ) -> Result<u64, StoreError> {
        // Mostly nothing has changed: then the writer's place is not taken.
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let found = told_by_tables(&mut tx, concerns, now).await?;
        let known = standing(&mut tx).await?;
        drop(tx);
        let key = |alarm: &Alarm| (alarm.what, alarm.subject.clone());
        let keys: BTreeSet<_> = found.iter().map(key).collect();
        let anew: Vec<_> = found.into_iter().filter(|one| !known.contains_key(&key(one))).collect();
        let over = known.into_iter().filter(|(key, _)| !keys.contains(key)).map(|(_, id)| id);
        let over: Vec<_> = over.map(|id| json!({"id": id})).collect();
        if anew.is_empty() && over.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let mut acts = self.raise_in(&mut tx, &anew).await?;
        let raised = acts.len() as u64;
        let over = sql("UPDATE alarm SET over_at = $2 WHERE over_at IS NULL
               AND id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
             RETURNING *")
        .batch(over)
        .bind(now)
        .write(&ALARM, &mut tx)
        .await?;
        acts.extend(over_acts(&over)?);
        self.finish(tx, by, acts).await?;
        Ok(raised)
    }

    /// A person takes an alarm: it no longer rings, and engages nothing.
    ///
    /// # Errors
    /// Their role is not in force, there is no such alarm, somebody has taken it, or the ledger
    /// failed.
    pub async fn take_alarm(
        &self,
        by: &Actor,
        person: &Person,
        id: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        person.in_force(now)?;
        let written = sql("UPDATE alarm SET taken_by = $2, taken_at = $3
             WHERE id = $1 AND taken_at IS NULL RETURNING *")
        .bind(id)
        .bind(&person.id)
        .bind(now)
        .write(&ALARM, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("alarm {id} that waits to be taken")));
        }
        self.finish(tx, by, vec![Act::new(id, "alarm.taken", json!({"by": person.id}))]).await
    }

    /// Alarms, the newest first: those that wait to be taken, or all.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn alarms(&self, untaken: bool, limit: u32) -> Result<Vec<Raised>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM alarm WHERE $1 = 0 OR taken_at IS NULL
             ORDER BY raised_at DESC, id LIMIT $2")
        .bind(untaken)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Untaken alarms that have not yet gone out by a way.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn unrung(&self, way: Way) -> Result<Vec<Raised>, StoreError> {
        let mut tx = self.read().await?;
        let text = match way {
            Way::Command => {
                "SELECT * FROM alarm WHERE taken_at IS NULL AND command_at IS NULL
                 ORDER BY raised_at, id LIMIT 50"
            }
            Way::Webhook => {
                "SELECT * FROM alarm WHERE taken_at IS NULL AND webhook_at IS NULL
                 ORDER BY raised_at, id LIMIT 50"
            }
        };
        sql(text).all(&mut tx).await?.iter().map(read).collect()
    }

    /// Notes that an alarm went out by a way.
    ///
    /// # Errors
    /// The ledger failed: it will ring once more.
    pub async fn rung(&self, id: &str, way: Way) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let text = match way {
            Way::Command => {
                "UPDATE alarm SET command_at = $2, rung_at = COALESCE(rung_at, $2) WHERE id = $1"
            }
            Way::Webhook => {
                "UPDATE alarm SET webhook_at = $2, rung_at = COALESCE(rung_at, $2) WHERE id = $1"
            }
        };
        sql(text).bind(id).bind(now).run(&mut tx).await?;
        tx.commit().await
    }

    /// Alarms that nobody took within this, whether or not they could be rung, and that have not
    /// engaged the stop switch yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn untaken_for(&self, within: SignedDuration) -> Result<Vec<Raised>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM alarm
             WHERE taken_at IS NULL AND stopped_at IS NULL AND raised_at <= $1
             ORDER BY raised_at, id")
        .bind(now.minus(within))
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Notes that alarms engaged the stop switch: each does so once, so that whoever lifts the
    /// switch is not overruled by what they have seen.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn alarms_stopped(&self, by: &Actor, ids: &[&str]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let written = sql("UPDATE alarm SET stopped_at = $2 WHERE stopped_at IS NULL
               AND id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
             RETURNING *")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .bind(now)
        .write(&ALARM, &mut tx)
        .await?;
        let acts: Result<Vec<_>, StoreError> = written
            .iter()
            .map(|row| Ok(Act::new(row.get::<String>("id")?, "alarm.untaken", json!({}))))
            .collect();
        self.finish(tx, by, acts?).await
    }
}

fn over_acts(rows: &[Row]) -> Result<Vec<Act>, StoreError> {
    rows.iter().map(|row| Ok(Act::new(row.get::<String>("id")?, "alarm.over", json!({})))).collect()
}

fn read(row: &Row) -> Result<Raised, StoreError> {
    Ok(Raised {
        id: row.get("id")?,
        what: row.get("what")?,
        subject: row.get("subject")?,
        detail: row.get("detail")?,
        raised_at: row.get("raised_at")?,
        rung_at: row.get("rung_at")?,
        taken_by: row.get("taken_by")?,
        taken_at: row.get("taken_at")?,
        over_at: row.get("over_at")?,
        stopped_at: row.get("stopped_at")?,
    })
}

/// The alarms of the tables' telling whose cause was last seen to stand, taken or not, by their
/// keys.
async fn standing(tx: &mut Tx) -> Result<BTreeMap<(What, String), String>, StoreError> {
    let rows = sql("SELECT what, subject, id FROM alarm WHERE over_at IS NULL
           AND what IN (SELECT j.value->>'w' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(TOLD_BY_TABLES.iter().map(|what| json!({"w": what})).collect())
    .all(tx)
    .await?;
    rows.iter().map(|row| Ok(((row.get("what")?, row.get("subject")?), row.get("id")?))).collect()
}
