//! The record: every act appends one entry per subject in its own transaction.
//!
//! An entry is canonical JSON: who, what, when, on what authority, to what, and the digest of every
//! followed row as the act left it, so that an edited table is found too. Entries are insert-only
//! and none needs the one before it: writers never queue for the tail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    Store, StoreError,
    db::{Followed, Row, RowDigest, Tx, sql},
};
use crate::domain::{
    canonical::{self, Hash},
    ids::PersonId,
    time::Timestamp,
};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person, where one did.
    pub person: Option<PersonId>,
    /// The reconciler or command.
    pub process: String,
    /// The operating-system user beside it.
    pub os_user: String,
}

impl Actor {
    /// A reconciler of this process.
    pub fn worker(process: &str) -> Self {
        Self { person: None, process: process.to_owned(), os_user: os_user() }
    }

    /// A person, by the command or page they used.
    pub fn person(person: PersonId, process: &str) -> Self {
        Self { person: Some(person), process: process.to_owned(), os_user: os_user() }
    }
}

fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    std::env::var("USER").map_or_else(|_| format!("uid {uid}"), |name| format!("{name} ({uid})"))
}

/// One act upon one subject.
pub(super) struct Act {
    pub(super) subject: String,
    pub(super) act: &'static str,
    pub(super) authority: Option<String>,
    pub(super) body: Json,
}

impl Act {
    pub(super) fn new(subject: impl ToString, act: &'static str, body: Json) -> Self {
        Self { subject: subject.to_string(), act, authority: None, body }
    }

    pub(super) fn on(mut self, authority: Option<String>) -> Self {
        self.authority = authority;
        self
    }
}

/// An entry as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The format's version.
    pub v: String,
    /// Its id (UUID v7).
    pub id: String,
    /// When, by the database's clock (microseconds since 1970 UTC, as a string).
    pub at: String,
    /// What was done.
    pub act: String,
    /// To what.
    pub subject: String,
    /// The how-manieth entry of this subject, from 1.
    pub seq: String,
    /// Who.
    pub by: Actor,
    /// On what authority.
    pub authority: Option<String>,
    /// The act's particulars.
    pub body: Json,
    /// The rows as the act left them.
    pub rows: Vec<RowDigest>,
}

impl Store {
    /// Appends the acts' entries, with the digests of what the transaction wrote, and commits.
    pub(super) async fn finish(
        &self,
        mut tx: Tx,
        by: &Actor,
        acts: Vec<Act>,
    ) -> Result<(), StoreError> {
        let now = tx.now().await?;
        self.append(&mut tx, by, acts, now).await?;
        tx.commit().await
    }

    pub(super) async fn append(
        &self,
        tx: &mut Tx,
        by: &Actor,
        acts: Vec<Act>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if acts.is_empty() {
            return if tx.digests.is_empty() {
                Ok(())
            } else {
                Err(StoreError::Conflict("a followed row was written without an entry"))
            };
        }
        let mut seqs = last_seqs(tx, &acts).await?;
        let mut rows = share_digests(std::mem::take(&mut tx.digests), &acts);
        let mut batch = Vec::with_capacity(acts.len());
        for (n, act) in acts.into_iter().enumerate() {
            let seq = seqs.entry(act.subject.clone()).or_insert(0);
            *seq += 1;
            let entry = Entry {
                v: "1".to_owned(),
                id: self.dice.uuid(now),
                at: now.micros().to_string(),
                act: act.act.to_owned(),
                subject: act.subject,
                seq: seq.to_string(),
                by: by.clone(),
                authority: act.authority,
                body: act.body,
                rows: rows.remove(&n).unwrap_or_default(),
            };
            let body = canonical::json(&entry);
            let leaf = hex::encode(tlog_tiles::record_hash(body.as_bytes()).0);
            batch.push(json!({
                "id": entry.id, "subject": entry.subject, "seq": seq, "act": entry.act,
                "at": now.micros(), "body": body, "leaf": leaf,
            }));
        }
        sql("INSERT INTO entry (id, subject, seq, act, at, body, leaf_hash)
             SELECT j.value->>'id', j.value->>'subject', CAST(j.value->>'seq' AS BIGINT),
                    j.value->>'act', CAST(j.value->>'at' AS BIGINT), j.value->>'body',
                    j.value->>'leaf'
             FROM json_each(CAST($1 AS TEXT)) AS j")
        .batch(batch)
        .run(tx)
        .await?;
        Ok(())
    }
}

/// The number of each subject's last entry.
async fn last_seqs(tx: &mut Tx, acts: &[Act]) -> Result<BTreeMap<String, i64>, StoreError> {
    let subjects = acts.iter().map(|act| json!({"s": act.subject})).collect();
    // Subject by subject, each by the index: the entries are wide, and there are many.
    let rows = sql("SELECT j.value->>'s' AS subject,
           (SELECT MAX(e.seq) FROM entry e WHERE e.subject = j.value->>'s') AS seq
         FROM json_each(CAST($1 AS TEXT)) AS j")
    .batch(subjects)
    .all(tx)
    .await?;
    let last = |row: &Row| Ok((row.get("subject")?, row.get::<Option<i64>>("seq")?.unwrap_or(0)));
    rows.iter().map(last).collect()
}

/// Each digest goes to the entry about its own row's subject, or to the act's first entry.
fn share_digests(
    digests: BTreeMap<(&'static str, String), Hash>,
    acts: &[Act],
) -> BTreeMap<usize, Vec<RowDigest>> {
    let by_subject: BTreeMap<&str, usize> =
        acts.iter().enumerate().rev().map(|(n, act)| (act.subject.as_str(), n)).collect();
    let mut shares: BTreeMap<usize, Vec<RowDigest>> = BTreeMap::new();
    for ((table, key), hash) in digests {
        let subject = key.split('/').next().unwrap_or_default();
        let n = by_subject.get(subject).copied().unwrap_or(0);
        let digest = RowDigest { table: table.to_owned(), key, hash };
        shares.entry(n).or_default().push(digest);
    }
    shares
}

macro_rules! followed {
    ($($name:ident = $table:literal, $key:expr, $unfollowed:expr;)*) => {
        $(pub(super) const $name: Followed = Followed {
            name: $table,
            key: $key,
            unfollowed: $unfollowed,
            select: concat!("SELECT * FROM ", $table),
            count: concat!("SELECT COUNT(*) AS n FROM ", $table),
        };)*
        /// Every table whose rows the record follows.
        pub(super) const FOLLOWED: &[Followed] = &[$($name),*];
    };
}

followed! {
    GATE = "claim_gate", &["id"], &["turn", "streak"];
    PERSON = "person", &["id"], &[];
    ACCOUNT = "account", &["name"], &["last_heard_at", "mention_cursor", "own_checked_at"];
    HANDLE = "bank_handle", &["bank", "platform"], &["resolved_at"];
    SILENCE = "silence", &["id"], &[];
    NOTE = "action_note", &["id"], &[];
    ORDER = "standing_order", &["id"], &[];
    ORDER_CLEARANCE = "order_clearance", &["escalation", "at"], &[];
    ESCALATION = "escalation", &["id"], &["rev"];
    MEMBER = "escalation_action", &["escalation", "n"], &[];
    DELIVERY = "delivery", &["id"], &["rev", "not_before", "why", "look_at", "listen_at"];
    ATTEMPT = "attempt", &["delivery", "n"], &[];
    ENGAGEMENT = "engagement", &["delivery", "kind", "platform_id"], &["text_expires_at", "class", "class_because", "class_method"];
    DISPUTE = "dispute", &["id"], &[];
    ALARM = "alarm", &["id"], &["rung_at", "command_at", "webhook_at"];
    OWN_POST = "own_post", &["account", "platform_id"], &[];
    ERASURE = "erasure", &["id"], &[];
    CASE_IMPORT = "case_import", &["id"], &[];
    WEEKLY_MAIL = "weekly_mail", &["week"], &[];
}
