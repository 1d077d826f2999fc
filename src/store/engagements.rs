//! What came back on our posts: kept at first sight, never twice, and of anyone but a bank's
//! verified handle without a name.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    Actor, Reading, Store, StoreError,
    db::{Row, Tx, sql},
    deliveries::{self, DeliveryRow},
    record::{Act, ENGAGEMENT, ERASURE},
    reply_classes,
};
use crate::domain::{
    engagement::{EngagementKind, Tally, Voice},
    ids::{AccountName, DeliveryId},
    time::Timestamp,
};

/// One engagement as it is kept: aliases for people, a masked text with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// What it is.
    pub kind: EngagementKind,
    /// The keyed alias of the platform's id of it.
    pub alias: String,
    /// Whose it is.
    pub voice: Voice,
    /// A bank's verified handle, or a keyed alias.
    pub author: String,
    /// The platform's time of it.
    pub at: Option<Timestamp>,
    /// The masked text and when it is erased; `None`: not kept.
    pub text: Option<(String, Timestamp)>,
    /// The platform's id of the bank's own post.
    pub post_id: Option<String>,
}

/// One engagement as the ledger has it, for one post's history.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Engagement {
    /// What it is.
    pub kind: EngagementKind,
    /// Whose.
    pub voice: Voice,
    /// A bank's verified handle, or a keyed alias.
    pub author: String,
    /// The platform's time of it.
    pub at: Option<Timestamp>,
    /// When we first saw it.
    pub first_seen_at: Timestamp,
    /// Its masked text, while it is kept.
    pub text: Option<String>,
    /// The platform's id of the bank's own post.
    pub post_id: Option<String>,
    /// The short form of its alias, by which people name it.
    pub reply: String,
    /// What it amounts to, where it is the bank's own and was read.
    pub reading: Option<Reading>,
}

/// How many engagements of one kind by one voice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// What.
    pub kind: EngagementKind,
    /// Whose.
    pub voice: Voice,
    /// How many.
    pub count: u32,
}

impl Store {
    /// Delivered posts of an account whose time to be listened to has come, the longest due first.
    /// Asked account by account: one that cannot be read must not fill the list for all.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn due_to_listen(
        &self,
        account: &AccountName,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM delivery WHERE listen_at <= $1 AND state = 'delivered'
               AND kind <> 'retraction' AND account = $3
             ORDER BY listen_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .bind(account)
        .all(&mut tx)
        .await?;
        rows.iter().map(deliveries::read).collect()
    }

    /// Keeps what was heard of each delivery, each thing once and for ever: a reply that is deleted
    /// later stays. Returns how many were new.
    ///
    /// # Errors
    /// The ledger failed; nothing was kept, and whoever reads with a cursor must not move it.
    pub async fn heard(
        &self,
        by: &Actor,
        heard: &BTreeMap<DeliveryId, Vec<Noted>>,
    ) -> Result<u64, StoreError> {
        let mut batch = Vec::new();
        for (delivery, noted) in heard {
            batch.extend(noted.iter().map(|one| self.engagement_json(delivery, one)));
        }
        if batch.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let rows = sql("INSERT INTO engagement (delivery, kind, platform_id, voice, author, at,
               first_seen_at, text, text_expires_at, salt, post_id)
             SELECT j.value->>'delivery', j.value->>'kind', j.value->>'alias', j.value->>'voice',
               j.value->>'author', CAST(j.value->>'at' AS BIGINT), $2, j.value->>'text',
               CAST(j.value->>'expires' AS BIGINT), j.value->>'salt', j.value->>'post_id'
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
             ON CONFLICT (delivery, kind, platform_id) DO NOTHING
             RETURNING *")
        .batch(batch)
        .bind(now)
        .write(&ENGAGEMENT, &mut tx)
        .await?;
        let mut counts: BTreeMap<DeliveryId, BTreeMap<String, u64>> = BTreeMap::new();
        for row in &rows {
            let (kind, voice): (EngagementKind, Voice) = (row.get("kind")?, row.get("voice")?);
            let of = counts.entry(row.get("delivery")?).or_default();
            *of.entry(format!("{kind} by {voice}")).or_default() += 1;
        }
        let acts = counts
            .iter()
            .map(|(id, counts)| Act::new(id, "engagement.heard", json!({"new": counts})));
        self.finish(tx, by, acts.collect()).await?;
        Ok(rows.len() as u64)
    }

    /// A text is kept under a salt: its digest in the record says nothing once both are erased.
    fn engagement_json(&self, delivery: &DeliveryId, one: &Noted) -> Json {
        let (text, expires) =
            one.text.as_ref().map_or((None, None), |(text, expires)| (Some(text), Some(expires)));
        json!({
            "delivery": delivery, "kind": one.kind, "alias": one.alias, "voice": one.voice,
            "author": one.author, "at": one.at, "text": text, "expires": expires,
            "salt": text.map(|_| self.dice.token()), "post_id": one.post_id,
        })
    }

    /// Notes when a post is next listened to; `None`: never again.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn listened(
        &self,
        delivery: &DeliveryId,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        // Only the unfollowed column: nothing happened to the delivery but time.
        sql("UPDATE delivery SET listen_at = $2 WHERE id = $1 AND state = 'delivered'")
            .bind(delivery)
            .bind(next)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }

    /// The deliveries whose posts on an account these are, by the platform's ids.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn by_receipts(
        &self,
        account: &AccountName,
        posts: &[&str],
    ) -> Result<BTreeMap<String, DeliveryRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM delivery WHERE account = $2 AND kind <> 'retraction'
               AND receipt_id IN (SELECT j.value->>'p' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(posts.iter().map(|post| json!({"p": post})).collect())
        .bind(account)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("receipt_id")?, deliveries::read(row)?))).collect()
    }

    /// Erases texts whose time is over, and says so in the record. Returns how many.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn expire_texts(&self, by: &Actor) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let rows = sql("UPDATE engagement SET text = NULL, salt = NULL, text_expires_at = NULL
             WHERE text_expires_at <= $1 RETURNING *")
        .bind(now)
        .write(&ENGAGEMENT, &mut tx)
        .await?;
        let (mut counts, mut erased) = (BTreeMap::<DeliveryId, u64>::new(), Vec::new());
        for row in &rows {
            let delivery: DeliveryId = row.get("delivery")?;
            let (kind, voice): (EngagementKind, Voice) = (row.get("kind")?, row.get("voice")?);
            let alias: String = row.get("platform_id")?;
            let rule = match voice {
                Voice::Bank => "listen.keep_bank_text",
                Voice::LookAlike | Voice::Other => "listen.keep_others_text",
            };
            erased.push(json!({
                "id": self.dice.uuid(now), "key": format!("{delivery}/{kind}/{alias}"),
                "rule": rule,
            }));
            *counts.entry(delivery).or_default() += 1;
        }
        note_erasures(&mut tx, erased, now).await?;
        let acts = counts
            .iter()
            .map(|(id, count)| Act::new(id, "engagement.erased", json!({"texts": count})));
        self.finish(tx, by, acts.collect()).await?;
        Ok(rows.len() as u64)
    }

    /// How much came back on one delivery; of all deliveries first seen in a time where none is
    /// named.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn engagement_counts(
        &self,
        delivery: Option<&DeliveryId>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Count>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT kind, voice, COUNT(*) AS n FROM engagement
             WHERE ($1 = '' OR delivery = $1) AND first_seen_at >= $2 AND first_seen_at < $3
             GROUP BY kind, voice ORDER BY kind, voice")
        .bind(delivery.map_or("", DeliveryId::as_str))
        .bind(from)
        .bind(until)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let (kind, voice) = (row.get("kind")?, row.get("voice")?);
                Ok(Count { kind, voice, count: row.get("n")? })
            })
            .collect()
    }

    /// How much of each kind the ledger has of each of these deliveries.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tallies(
        &self,
        deliveries: &[&DeliveryId],
    ) -> Result<BTreeMap<DeliveryId, Tally>, StoreError> {
        let mut tx = self.read().await?;
        let batch = deliveries.iter().map(|id| json!({"d": id})).collect();
        let rows = sql("SELECT delivery, kind, COUNT(*) AS n FROM engagement
             WHERE delivery IN (SELECT j.value->>'d' FROM json_each(CAST($1 AS TEXT)) AS j)
             GROUP BY delivery, kind")
        .batch(batch)
        .all(&mut tx)
        .await?;
        let mut tallies = BTreeMap::<DeliveryId, Tally>::new();
        for row in &rows {
            let tally = tallies.entry(row.get("delivery")?).or_default();
            *tally.of(row.get("kind")?) = row.get("n")?;
        }
        Ok(tallies)
    }

    /// What came back on one delivery, in the order of first sight.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn engagement_of(
        &self,
        delivery: &DeliveryId,
    ) -> Result<Vec<Engagement>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM engagement WHERE delivery = $1
             ORDER BY first_seen_at, kind, platform_id")
        .bind(delivery)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }
}

pub(super) fn read(row: &Row) -> Result<Engagement, StoreError> {
    Ok(Engagement {
        kind: row.get("kind")?,
        voice: row.get("voice")?,
        author: row.get("author")?,
        at: row.get("at")?,
        first_seen_at: row.get("first_seen_at")?,
        text: row.get("text")?,
        post_id: row.get("post_id")?,
        reply: reply_classes::short(&row.get::<String>("platform_id")?),
        reading: reply_classes::read(row)?,
    })
}

async fn note_erasures(tx: &mut Tx, rows: Vec<Json>, now: Timestamp) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sql("INSERT INTO erasure (id, table_name, row_key, rule, at)
         SELECT j.value->>'id', 'engagement', j.value->>'key', j.value->>'rule', $2
         FROM json_each(CAST($1 AS TEXT)) AS j RETURNING *")
    .batch(rows)
    .bind(now)
    .write(&ERASURE, tx)
    .await?;
    Ok(())
}
