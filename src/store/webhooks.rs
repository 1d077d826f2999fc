//! What other systems are told, and how far each has been told. The order is the record's own: the
//! leaves of its tree, which are numbered after their entries are committed, so that nothing that is
//! committed late is passed over.

use serde_json::json;

use super::{
    Entry, Store, StoreError,
    db::{Row, Tx, sql},
};
use crate::domain::time::Timestamp;

/// How many leaves are read at a time.
const PAGE: i64 = 2_000;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its id, the same at every try.
    pub id: String,
    /// Which event.
    pub event: &'static str,
    /// The whole body, as it is signed.
    pub body: String,
}

/// One thing that a webhook is, was or will be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// The webhook, by its configured name.
    pub webhook: String,
    /// The id that the receiver sees.
    pub id: String,
    /// Which event.
    pub event: String,
    /// The whole body.
    pub body: String,
    /// When it was noted.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// What came of the last try.
    pub last_said: Option<String>,
}

impl WebhookRow {
    /// `arrived`, `given up` or `waiting`.
    pub const fn state(&self) -> &'static str {
        match (self.delivered_at, self.next_at) {
            (Some(_), _) => "arrived",
            (None, Some(_)) => "waiting",
            (None, None) => "given up",
        }
    }
}

/// What of the record a webhook has not read yet.
#[derive(Debug, Clone)]
pub struct Unread {
    /// It has read up to this leaf.
    pub from: i64,
    /// With these entries it has read up to this one.
    pub until: i64,
    /// There is more.
    pub more: bool,
    /// The entries of the acts that were asked for, in the record's order.
    pub entries: Vec<Entry>,
}

impl Store {
    /// The next entries of these acts that a webhook has not read. A new webhook begins at the
    /// record's end: it is told what happens from now on.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_unread(&self, webhook: &str, acts: &[&str]) -> Result<Unread, StoreError> {
        let mut tx = self.write().await?;
        let head = sql("SELECT COALESCE(MAX(idx), -1) AS head FROM leaf");
        let head: i64 = head.one(&mut tx).await?.get("head")?;
        sql("INSERT INTO webhook_cursor (webhook, idx) VALUES ($1, $2)
             ON CONFLICT (webhook) DO NOTHING")
        .bind(webhook)
        .bind(head)
        .run(&mut tx)
        .await?;
        let cursor = sql("SELECT idx FROM webhook_cursor WHERE webhook = $1").bind(webhook);
        let from: i64 = cursor.one(&mut tx).await?.get("idx")?;
        let until = head.min(from.saturating_add(PAGE));
        let rows = sql("SELECT e.body FROM leaf l JOIN entry e ON e.id = l.entry
             WHERE l.idx > $1 AND l.idx <= $2
               AND e.act IN (SELECT j.value->>'a' FROM json_each(CAST($3 AS TEXT)) AS j)
             ORDER BY l.idx")
        .bind(from)
        .bind(until)
        .batch(acts.iter().map(|act| json!({"a": act})).collect())
        .all(&mut tx)
        .await?;
        tx.commit().await?;
        let entry = |row: &Row| Ok(serde_json::from_str(&row.get::<String>("body")?)?);
        let entries = rows.iter().map(entry).collect::<Result<_, StoreError>>()?;
        Ok(Unread { from, until, more: until < head, entries })
    }

    /// Notes what a webhook is to be told of what it has read, and how far that was. Nothing is noted
    /// where another process was first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_tell(
        &self,
        webhook: &str,
        read: &Unread,
        tellings: &[Telling],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let moved = sql("UPDATE webhook_cursor SET idx = $3 WHERE webhook = $1 AND idx = $2")
            .bind(webhook)
            .bind(read.from)
            .bind(read.until)
            .run(&mut tx)
            .await?;
        if moved == 0 {
            return Ok(());
        }
        let batch = tellings
            .iter()
            .map(|one| json!({"id": one.id, "event": one.event, "body": one.body}))
            .collect();
        sql("INSERT INTO webhook_delivery (webhook, id, event, body, made_at, attempts, next_at)
             SELECT $2, j.value->>'id', j.value->>'event', j.value->>'body', $3, 0, $3
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
             ON CONFLICT (webhook, id) DO NOTHING")
        .batch(batch)
        .bind(webhook)
        .bind(now)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Takes what is due for a webhook, each for one try: nobody else tries it before `again`.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_take(
        &self,
        webhook: &str,
        again: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookRow>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let due = sql("SELECT id FROM webhook_delivery WHERE webhook = $1 AND next_at <= $2
             ORDER BY next_at, id LIMIT $3")
        .bind(webhook)
        .bind(now)
        .bind(limit)
        .all(&mut tx)
        .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = due.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
        let rows = sql("UPDATE webhook_delivery SET attempts = attempts + 1, next_at = $3
             WHERE webhook = $2 AND next_at <= $4
               AND id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
             RETURNING *")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .bind(webhook)
        .bind(again)
        .bind(now)
        .all(&mut tx)
        .await?;
        tx.commit().await?;
        rows.iter().map(read).collect()
    }

    /// What came of a try: it arrived (`None`), or it did not, and when it is tried again (never:
    /// it is given up).
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_tried(
        &self,
        taken: &WebhookRow,
        failed: Option<(&str, Option<Timestamp>)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let (said, next) = failed.map_or((None, None), |(said, next)| (Some(said), next));
        let arrived = failed.is_none().then_some(now);
        // What arrived at last stays so, whatever an older try says after it.
        sql("UPDATE webhook_delivery SET last_said = $3, next_at = $4, delivered_at = $5
             WHERE webhook = $1 AND id = $2 AND delivered_at IS NULL
               AND ($5 IS NOT NULL OR attempts = $6)")
        .bind(&taken.webhook)
        .bind(&taken.id)
        .bind(said)
        .bind(next)
        .bind(arrived)
        .bind(taken.attempts)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// What webhooks are, were and will be told, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_deliveries(
        &self,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<WebhookRow>, StoreError> {
        let mut tx: Tx = self.read().await?;
        let rows = sql("SELECT * FROM webhook_delivery ORDER BY made_at DESC, webhook, id
             LIMIT $1 OFFSET $2")
        .bind(limit)
        .bind(skip)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Forgets what ended and was noted before an instant.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn webhook_forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let gone = sql("DELETE FROM webhook_delivery WHERE made_at < $1 AND next_at IS NULL")
            .bind(before)
            .run(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(gone)
    }
}

fn read(row: &Row) -> Result<WebhookRow, StoreError> {
    Ok(WebhookRow {
        webhook: row.get("webhook")?,
        id: row.get("id")?,
        event: row.get("event")?,
        body: row.get("body")?,
        made_at: row.get("made_at")?,
        attempts: row.get("attempts")?,
        next_at: row.get("next_at")?,
        delivered_at: row.get("delivered_at")?,
        last_said: row.get("last_said")?,
    })
}
