//! Alarms: raised once for each thing, rung outside the console, taken by a person.
//!
//! The invariant: one row for each (what, subject). It rings again only when its cause was gone,
//! is back, and somebody had taken it before; one that nobody took is still ringing.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::{ALARM, Act},
};
use crate::domain::{
    alarm::{Alarm, Raised, What},
    person::Person,
    time::Timestamp,
};

/// A way to the duty officer outside the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A command that is run.
    Command,
    /// A webhook that is called.
    Webhook,
}

/// How long a trouble may last before it rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerns {
    /// The case source has not answered for this long.
    pub source_down: SignedDuration,
    /// A platform has told us nothing for this long.
    pub feed_silent: SignedDuration,
    /// An entry has stayed unsealed for this long.
    pub unsealed: SignedDuration,
    /// A dispute has waited for this long.
    pub dispute: SignedDuration,
}

/// What the tables themselves tell; all else is raised by whoever sees it.
const TOLD_BY_TABLES: [What; 7] = [
    What::Breaker,
    What::HandleChanged,
    What::SourceDown,
    What::FeedSilent,
    What::Unsealed,
    What::Uncertain,
    What::Dispute,
];

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
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let standing = conditions(&mut tx, concerns, now).await?;
        let mut acts = self.raise_in(&mut tx, &standing).await?;
        let raised = acts.len() as u64;
        let over = sql("UPDATE alarm SET over_at = $3 WHERE over_at IS NULL
               AND what IN (SELECT j.value->>'w' FROM json_each(CAST($2 AS TEXT)) AS j)
               AND NOT EXISTS (SELECT 1 FROM json_each(CAST($1 AS TEXT)) AS s
                               WHERE s.value->>'w' = alarm.what
                                 AND s.value->>'s' = alarm.subject)
             RETURNING *")
        .batch(standing.iter().map(|one| json!({"w": one.what, "s": one.subject})).collect())
        .batch(TOLD_BY_TABLES.iter().map(|what| json!({"w": what})).collect())
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

/// Everything that the tables tell to be wrong now.
async fn conditions(
    tx: &mut Tx,
    concerns: &Concerns,
    now: Timestamp,
) -> Result<Vec<Alarm>, StoreError> {
    let mut found = Vec::new();
    breaker(tx, &mut found).await?;
    source_down(tx, now.minus(concerns.source_down), &mut found).await?;
    feed_silent(tx, now.minus(concerns.feed_silent), &mut found).await?;
    handles_changed(tx, &mut found).await?;
    unsealed(tx, now.minus(concerns.unsealed), &mut found).await?;
    uncertain(tx, &mut found).await?;
    disputes(tx, now.minus(concerns.dispute), &mut found).await?;
    Ok(found)
}

async fn breaker(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT tripped_why FROM claim_gate WHERE tripped = 1").all(tx).await?;
    for row in &rows {
        let why: Option<String> = row.get("tripped_why")?;
        let detail = format!(
            "The breaker has stopped sending: {}. Find the cause, then `takaza resume`.",
            why.unwrap_or_default()
        );
        found.push(Alarm::new(What::Breaker, "gate", detail));
    }
    Ok(())
}

/// A source that never answered rings at its fifth failure.
async fn source_down(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT name, last_ok_at FROM source
         WHERE failures > 0 AND (last_ok_at <= $1 OR last_ok_at IS NULL AND failures >= 5)")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (name, since): (String, Option<Timestamp>) = (row.get("name")?, row.get("last_ok_at")?);
        let since = since.map_or_else(|| "at all".to_owned(), |at| format!("since {at}"));
        let detail = format!(
            "The case source {name} has not answered {since}; nothing is sent on its old facts. \
             `takaza doctor` tells more."
        );
        found.push(Alarm::new(What::SourceDown, name, detail));
    }
    Ok(())
}

/// An account that has never told anything counts from its first post.
async fn feed_silent(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT name, last_heard_at FROM account
         WHERE live = 1 AND revoked = 0 AND sender = 'api'
           AND COALESCE(last_heard_at, (SELECT MIN(d.sent_at) FROM delivery d
                                        WHERE d.account = account.name)) <= $1")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (name, since): (String, Option<Timestamp>) =
            (row.get("name")?, row.get("last_heard_at")?);
        let since = since.map_or_else(|| "at all".to_owned(), |at| format!("since {at}"));
        let detail = format!(
            "The platform of account {name} has told us nothing {since}: answers and misuse would \
             go unseen. `takaza doctor` tells more."
        );
        found.push(Alarm::new(What::FeedSilent, name, detail));
    }
    Ok(())
}

async fn handles_changed(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT bank, platform, mismatch FROM bank_handle WHERE mismatch IS NOT NULL")
        .all(tx)
        .await?;
    for row in &rows {
        let (bank, platform): (String, String) = (row.get("bank")?, row.get("platform")?);
        let mismatch: String = row.get("mismatch")?;
        let detail = format!(
            "The verified handle of bank {bank} on {platform} is no longer certain: {mismatch}. \
             Posts that mention it are held; verify it anew with `takaza banks`."
        );
        found.push(Alarm::new(What::HandleChanged, format!("{bank}/{platform}"), detail));
    }
    Ok(())
}

/// Looks a week back: what is older has rung while it was younger, and a ledger of years is not
/// read through at every pass.
async fn unsealed(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let row = sql("SELECT COUNT(*) AS n FROM entry e WHERE e.at <= $1 AND e.at > $2
           AND NOT EXISTS (SELECT 1 FROM leaf l WHERE l.entry = e.id)")
    .bind(before)
    .bind(before.minus(SignedDuration::from_hours(24 * 7)))
    .one(tx)
    .await?;
    let count: i64 = row.get("n")?;
    if count > 0 {
        let detail = format!(
            "{count} entries of the record have stayed unsealed since before {before}: whoever can \
             write the database could still change them. Look whether `takaza serve` runs and can \
             read its signing key."
        );
        found.push(Alarm::new(What::Unsealed, "record", detail));
    }
    Ok(())
}

async fn uncertain(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT id, reference, account FROM delivery
         WHERE state = 'uncertain' AND asks = 1")
    .all(tx)
    .await?;
    for row in &rows {
        let (id, reference, account): (String, String, String) =
            (row.get("id")?, row.get("reference")?, row.get("account")?);
        let detail = format!(
            "Nobody can tell whether {reference} went out through account {account}. Look at the \
             account and decide: `takaza post {reference}`."
        );
        found.push(Alarm::new(What::Uncertain, id, detail));
    }
    Ok(())
}

async fn disputes(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT d.id AS id, e.reference AS reference, d.entered_at AS entered_at
         FROM dispute d JOIN escalation e ON e.id = d.escalation
         WHERE d.decided_at IS NULL AND d.entered_at <= $1")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (id, reference): (String, String) = (row.get("id")?, row.get("reference")?);
        let entered: Timestamp = row.get("entered_at")?;
        let detail = format!(
            "The dispute of {reference} has waited for an approver's decision since {entered}."
        );
        found.push(Alarm::new(What::Dispute, id, detail));
    }
    Ok(())
}
