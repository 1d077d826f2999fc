//! What the comparison of tagged requests with their like is drawn from: bounded samples, evenly
//! spaced in time, and the life of each request in them.
//!
//! The cost follows the size of the samples and never that of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    Store, StoreError,
    db::{Column, Tx, sql},
    tallies::{self, due_day},
};
use crate::domain::{
    action::BankAction,
    attribution::{FirstTag, Known},
    calendar::limits::Limits,
    history::Change,
    ids::{BankCode, EscalationId, ExternalId},
    measures::Manner,
    time::Timestamp,
};

/// How many requests are asked about in one statement.
const AT_ONCE: usize = 500;

/// Requests that a sample holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sampled {
    /// The requests, each once, in the order of their ids.
    pub ids: Vec<ExternalId>,
    /// How many were drawn: of tags, the tags; of requests, the requests.
    pub drawn: u64,
}

/// The tags that went out from an instant on, of all banks or of one.
macro_rules! tags_sent {
    ($of:literal) => {
        concat!(
            "SELECT escalation AS id FROM delivery
             WHERE ",
            $of,
            "sent_at >= $1 AND sent_at < $2 AND kind = 'tag' AND n = 0
               AND state IN ('delivered', 'retracted')
             ORDER BY sent_at, escalation LIMIT $3"
        )
    };
}

impl Store {
    /// When requests fell due that were answered before the ledger kept that. Returns how many were
    /// computed.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn read_due(&self, limits: &Limits, page: u32) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let rows = sql("SELECT external_id, body FROM action WHERE fell_due_at IS NULL
             ORDER BY external_id LIMIT $1")
        .bind(page)
        .all(&mut tx)
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (zone, mut days) = (limits.calendar().zone(), BTreeSet::new());
        let mut batch = Vec::with_capacity(rows.len());
        for row in &rows {
            let action: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
            let due = limits.due_of(&action).unwrap_or(Timestamp::MAX);
            days.extend(due_day(due, &action.bank, zone));
            batch.push(json!({"id": action.external_id, "due": due}));
        }
        sql("UPDATE action SET fell_due_at = CAST(j.value->>'due' AS BIGINT)
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE action.external_id = j.value->>'id'")
        .batch(batch)
        .run(&mut tx)
        .await?;
        let mark = self.dice.uuid(tx.now().await?);
        tallies::mark(&mut tx, &mark, &days).await?;
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// The requests of tags that went out in a time, about one bank or any: of all tags where there
    /// are no more than `most`, else of about so many, drawn from each of `starts`, which are spread
    /// over the time. At most `most_actions` requests, every how-manieth of them.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sample_tagged(
        &self,
        span: (Timestamp, Timestamp),
        starts: &[Timestamp],
        (most, most_actions): (u32, usize),
        bank: Option<&BankCode>,
    ) -> Result<Sampled, StoreError> {
        let mut tx = self.read().await?;
        let text = match bank {
            None => tags_sent!(""),
            Some(_) => tags_sent!("bank = $4 AND "),
        };
        let drawn: BTreeSet<EscalationId> = draw(&mut tx, (text, bank), span, starts, most).await?;
        let batch: Vec<Json> = drawn.iter().map(|id| json!({"id": id})).collect();
        let mut ids: Vec<ExternalId> = Vec::new();
        for some in batch.chunks(AT_ONCE) {
            let rows = sql("SELECT external_id FROM escalation_action
                 WHERE external_id IS NOT NULL AND kind = 'tag' AND escalation IN
                   (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
            .batch(some.to_vec())
            .all(&mut tx)
            .await?;
            for row in &rows {
                ids.push(row.get("external_id")?);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let step = ids.len().div_ceil(most_actions.max(1)).max(1);
        let ids = ids.into_iter().step_by(step).collect();
        Ok(Sampled { ids, drawn: drawn.len() as u64 })
    }

    /// Requests that fell due in a time, of the kinds that are named in public: all of them where
    /// there are no more than `most`, else about so many, drawn from each of `starts`.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn sample_due(
        &self,
        span: (Timestamp, Timestamp),
        starts: &[Timestamp],
        most: u32,
    ) -> Result<Sampled, StoreError> {
        let mut tx = self.read().await?;
        let due = "SELECT external_id AS id FROM action
             WHERE fell_due_at >= $1 AND fell_due_at < $2 AND kind IN ('lien', 'hold')
             ORDER BY fell_due_at, external_id LIMIT $3";
        let drawn: BTreeSet<ExternalId> = draw(&mut tx, (due, None), span, starts, most).await?;
        let (ids, drawn) = (drawn.iter().cloned().collect(), drawn.len() as u64);
        Ok(Sampled { ids, drawn })
    }

    /// Whether it is computed when every request fell due: in a ledger that was just brought on
    /// from an older version the next poll does that.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn all_due_read(&self) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT external_id FROM action WHERE fell_due_at IS NULL LIMIT 1");
        Ok(row.opt(&mut tx).await?.is_none())
    }

    /// What was seen of each of these requests before an instant, oldest first, and what else is
    /// known of it. One whose fields were erased is left out.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn lives(
        &self,
        ids: &[ExternalId],
        until: Timestamp,
    ) -> Result<Vec<(Vec<Change>, Known)>, StoreError> {
        let mut tx = self.read().await?;
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let batch: Vec<Json> = some.iter().map(|id| json!({"id": id})).collect();
            let mut known = known(&mut tx, &batch, until).await?;
            for (id, changes) in changes(&mut tx, &batch, until).await? {
                found.push((changes, known.remove(&id).unwrap_or_default()));
            }
        }
        Ok(found)
    }
}

/// Draws from a statement over a time (`$1` to `$2`, at most `$3`; `$4` the bank): all that it finds
/// where that is no more than `most`, else the first ones from each start, about `most` in all.
async fn draw<T: Ord + Column>(
    tx: &mut Tx,
    (text, bank): (&'static str, Option<&BankCode>),
    (from, until): (Timestamp, Timestamp),
    starts: &[Timestamp],
    most: u32,
) -> Result<BTreeSet<T>, StoreError> {
    let all = drawn_from(tx, (text, bank), (from, until), most.saturating_add(1)).await?;
    if all.len() <= most as usize {
        return Ok(all);
    }
    let each = most.div_ceil(u32::try_from(starts.len()).unwrap_or(u32::MAX).max(1));
    let mut drawn = BTreeSet::new();
    for start in starts {
        drawn.extend(drawn_from(tx, (text, bank), (*start, until), each).await?);
    }
    Ok(drawn)
}

async fn drawn_from<T: Ord + Column>(
    tx: &mut Tx,
    (text, bank): (&'static str, Option<&BankCode>),
    (from, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<BTreeSet<T>, StoreError> {
    let mut statement = sql(text).bind(from).bind(until).bind(limit);
    if let Some(bank) = bank {
        statement = statement.bind(bank);
    }
    let rows = statement.all(tx).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

async fn changes(
    tx: &mut Tx,
    batch: &[Json],
    until: Timestamp,
) -> Result<BTreeMap<ExternalId, Vec<Change>>, StoreError> {
    let mut found: BTreeMap<ExternalId, Vec<Change>> = BTreeMap::new();
    let rows = sql("SELECT external_id, seen_at, as_of, body FROM action_change
         WHERE body IS NOT NULL AND seen_at < $2 AND external_id IN
           (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY external_id, seen_at, id")
    .batch(batch.to_vec())
    .bind(until)
    .all(tx)
    .await?;
    for row in &rows {
        let seen_at = row.get("seen_at")?;
        let as_of = Some(row.get("as_of")?).filter(|as_of| *as_of < seen_at);
        let action = serde_json::from_str(&row.get::<String>("body")?)?;
        let change = Change { seen_at, as_of, action };
        found.entry(row.get("external_id")?).or_default().push(change);
    }
    Ok(found)
}

/// What is known of these requests beside their changes.
async fn known(
    tx: &mut Tx,
    batch: &[Json],
    until: Timestamp,
) -> Result<BTreeMap<ExternalId, Known>, StoreError> {
    let mut found: BTreeMap<ExternalId, Known> = BTreeMap::new();
    let rows = sql("SELECT external_id, vanished_at FROM action
         WHERE vanished_at < $2 AND external_id IN
           (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(batch.to_vec())
    .bind(until)
    .all(tx)
    .await?;
    for row in &rows {
        found.entry(row.get("external_id")?).or_default().vanished = row.get("vanished_at")?;
    }
    let rows = sql("SELECT external_id, MIN(at) AS at FROM action_note
         WHERE what = 'notice' AND at < $2 AND external_id IN
           (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY external_id")
    .batch(batch.to_vec())
    .bind(until)
    .all(tx)
    .await?;
    for row in &rows {
        found.entry(row.get("external_id")?).or_default().notice = row.get("at")?;
    }
    for (id, tag) in first_tags(tx, batch, until).await? {
        found.entry(id).or_default().tagged = Some(tag);
    }
    Ok(found)
}

/// The first tag of each: the escalation of whose texts the earliest went out first. It was by hand
/// where all that went out was, and a mention where any text mentions the verified handle.
async fn first_tags(
    tx: &mut Tx,
    batch: &[Json],
    until: Timestamp,
) -> Result<BTreeMap<ExternalId, FirstTag>, StoreError> {
    let rows = sql("SELECT m.external_id AS external_id, m.escalation AS escalation,
           MIN(d.sent_at) AS at,
           CAST(MAX(CASE WHEN d.sender = 'hand-off' THEN 0
             WHEN d.content LIKE '%\"bank_in_text\":\"@%' THEN 2 ELSE 1 END) AS BIGINT) AS manner
         FROM escalation_action m JOIN delivery d ON d.escalation = m.escalation
         WHERE m.kind = 'tag' AND d.state IN ('delivered', 'retracted') AND d.sent_at < $2
           AND m.external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY m.external_id, m.escalation ORDER BY m.external_id, MIN(d.sent_at) DESC")
    .batch(batch.to_vec())
    .bind(until)
    .all(tx)
    .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let manner = match row.get::<i64>("manner")? {
            0 => Manner::HandOff,
            1 => Manner::PlainName,
            _ => Manner::Mention,
        };
        let tag = FirstTag { at: row.get("at")?, escalation: row.get("escalation")?, manner };
        // The earliest comes last and stays.
        found.insert(row.get("external_id")?, tag);
    }
    Ok(found)
}
