//! Sealing: entries become leaves of an RFC 6962 Merkle tree, and each tree is signed as a
//! checkpoint that extends the last.
//!
//! The invariant: a tree is signed only after it is committed, and only if it extends every
//! checkpoint known from outside the ledger. Where it does not (a backup was restored, a tail was
//! cut), nothing is sealed and the caller stops sending.

mod checkpoints;
mod known;
mod rotate;

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use tlog_tiles::tlog;

use super::{
    Actor, Store, StoreError,
    db::{Tx, sql},
    notes::{Opener, SealKey},
    record::Act,
    tree,
};
use crate::domain::{canonical::Hash, time::Timestamp};

pub use self::known::Broken;
use self::known::{extends_all, known_in, last_signed};

/// How sealing is done.
#[derive(Debug, Clone, Copy)]
pub struct SealRules<'a> {
    /// The key; its name is the log's origin.
    pub key: &'a SealKey,
    /// The files that checkpoints are appended to: the local one and any place out of reach of
    /// whoever can write the ledger. Each one's last checkpoint must be extended.
    pub places: &'a [PathBuf],
    /// The most entries that one call seals.
    pub batch: u32,
    /// Only entries stamped at most this long before the newest leaf's are looked at, which keeps
    /// a call cheap; `None`: all, for the first call of a process and once in a while after.
    pub window: Option<SignedDuration>,
}

/// What a call sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// Entries sealed now.
    pub entries: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// More entries wait: call again at once.
    pub more: bool,
    /// The newest checkpoint signed now.
    pub checkpoint: Option<String>,
    /// Places that could not be read or written, and why: ring the alarm.
    pub failed: Vec<(PathBuf, String)>,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A known checkpoint is not extended: stop sending ([`Store::mark_restored`]).
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A checkpoint could not be written as a note.
    #[error("the checkpoint over {0} entries could not be signed")]
    Sign(u64),
    /// The public key cannot be read.
    #[error("{0:?} is not a public key of the form name+id+key")]
    Key(String),
}

pub(super) struct Head {
    pub(super) size: u64,
    pub(super) origin: String,
}

impl Store {
    /// Seals what is not yet sealed, signs the tree, and writes the checkpoint to its places.
    ///
    /// # Errors
    /// A known checkpoint is not extended, or the ledger failed.
    pub async fn seal(&self, rules: &SealRules<'_>) -> Result<Sealed, SealError> {
        let opener = opener(rules.key.vkey())?;
        let mut sealed = Sealed::default();
        let known = known_in(rules.places, &mut sealed.failed).await;
        let mut tx = self.write().await?;
        let head = lock(&mut tx, rules.key).await?;
        extends_all(&mut tx, &head, &known, &opener).await?;
        let signed = last_signed(&mut tx, &head.origin).await?;
        extends_all(&mut tx, &head, &signed, &opener).await?;
        let taken = unsealed(&mut tx, rules).await?;
        sealed.more = taken.len() >= rules.batch as usize;
        sealed.entries = taken.len() as u64;
        sealed.size = head.size + sealed.entries;
        if taken.is_empty() {
            drop(tx);
        } else {
            grow(&mut tx, &head, &taken).await?;
            tx.commit().await?;
        }
        sealed.checkpoint = self.sign(rules.key, &head.origin).await?;
        self.publish(rules, &head.origin, &opener, &mut sealed.failed).await?;
        Ok(sealed)
    }

    /// After a restore: the log goes on under a new origin, and an entry names the old checkpoint
    /// that it does not extend. Returns the new origin.
    ///
    /// # Errors
    /// The note is no checkpoint of this log, or the ledger failed.
    pub async fn begin_new_origin(
        &self,
        by: &Actor,
        authority: Option<String>,
        old_checkpoint: &str,
        key: &SealKey,
    ) -> Result<String, SealError> {
        let opener = opener(key.vkey())?;
        let mut tx = self.write().await?;
        let head = lock(&mut tx, key).await?;
        let foreign = |why: String| Broken::Foreign { ours: head.origin.clone(), why };
        let old = opener.open(old_checkpoint).map_err(|fault| foreign(fault.to_string()))?;
        let generation = opener.generation(old.origin());
        let generation =
            generation.ok_or_else(|| foreign(format!("its origin is {}", old.origin())))?;
        let ours = opener.generation(&head.origin).unwrap_or(1);
        let origin = opener.origin(generation.max(ours) + 1);
        sql("UPDATE tree_head SET origin = $1 WHERE id = 1").bind(&origin).run(&mut tx).await?;
        let body = json!({
            "origin": origin, "old_origin": old.origin(), "old_size": old.size(),
            "old_checkpoint": old_checkpoint, "kept": head.size,
        });
        let act = Act::new("record", "record.new-origin", body).on(authority);
        self.finish(tx, by, vec![act]).await?;
        Ok(origin)
    }
}

pub(super) fn opener(vkey: &str) -> Result<Opener, SealError> {
    Opener::new(vkey).ok_or_else(|| SealError::Key(vkey.to_owned()))
}

/// Locks the head until the transaction ends; makes it where there is none. A key that was replaced
/// seals nothing more.
async fn lock(tx: &mut Tx, key: &SealKey) -> Result<Head, StoreError> {
    let origin = key.origin();
    let row = sql("INSERT INTO tree_head (id, size, origin) VALUES (1, 0, $1)
         ON CONFLICT (id) DO UPDATE SET size = tree_head.size RETURNING *")
    .bind(origin)
    .one(tx)
    .await?;
    let size: i64 = row.get("size")?;
    let head = Head { size: size.cast_unsigned(), origin: row.get("origin")? };
    let ours = head.origin.strip_prefix(origin);
    if ours.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('#')) {
        return Err(StoreError::Refused(format!(
            "the record's origin is {}, and the sealing key is one for {origin}: put the right \
             key in its place",
            head.origin
        )));
    }
    if rotate::present_key(tx).await?.is_some_and(|vkey| vkey != key.vkey()) {
        return Err(StoreError::Refused(
            "the record's key was replaced, and this is not the new one: put the right key in its \
             place, or end a rotation that was cut short (`takaza audit rotate-key`)"
                .to_owned(),
        ));
    }
    Ok(head)
}

/// The head as it stands, without a lock; an empty tree where nothing was ever sealed.
pub(super) async fn head(tx: &mut Tx, opener: &Opener) -> Result<Head, StoreError> {
    let Some(row) = sql("SELECT * FROM tree_head WHERE id = 1").opt(tx).await? else {
        return Ok(Head { size: 0, origin: opener.origin(1) });
    };
    let size: i64 = row.get("size")?;
    Ok(Head { size: size.cast_unsigned(), origin: row.get("origin")? })
}

/// Entries that no leaf names, in the order in which they were stamped. An anti-join, and no
/// cursor: an entry that committed late would be skipped by one.
async fn unsealed(
    tx: &mut Tx,
    rules: &SealRules<'_>,
) -> Result<Vec<(String, tlog::Hash)>, StoreError> {
    let newest = sql("SELECT e.at FROM leaf l JOIN entry e ON e.id = l.entry
         ORDER BY l.idx DESC LIMIT 1")
    .opt(tx)
    .await?;
    let newest: Option<Timestamp> = newest.map(|row| row.get("at")).transpose()?;
    let from = match (newest, rules.window) {
        (Some(newest), Some(window)) => newest.minus(window),
        _ => Timestamp::from_micros(i64::MIN),
    };
    let rows = sql("SELECT e.id, e.leaf_hash FROM entry e
         WHERE e.at >= $1 AND NOT EXISTS (SELECT 1 FROM leaf l WHERE l.entry = e.id)
         ORDER BY e.at, e.id LIMIT $2")
    .bind(from)
    .bind(rules.batch)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let hash: Hash = row.get("leaf_hash")?;
            Ok((row.get("id")?, tlog::Hash(*hash.bytes())))
        })
        .collect()
}

async fn grow(tx: &mut Tx, head: &Head, taken: &[(String, tlog::Hash)]) -> Result<(), SealError> {
    let leaves = taken
        .iter()
        .enumerate()
        .map(|(n, (entry, _))| json!({"i": head.size + n as u64, "e": entry}));
    sql("INSERT INTO leaf (idx, entry)
         SELECT CAST(j.value->>'i' AS BIGINT), j.value->>'e'
         FROM json_each(CAST($1 AS TEXT)) AS j")
    .batch(leaves.collect())
    .run(tx)
    .await?;
    let hashes: Vec<_> = taken.iter().map(|(_, hash)| *hash).collect();
    let root = tree::append(tx, head.size, &hashes).await?;
    let size = (head.size + hashes.len() as u64).cast_signed();
    sql("UPDATE tree_head SET size = $1 WHERE id = 1").bind(size).run(tx).await?;
    let now = tx.now().await?;
    sql("INSERT INTO checkpoint (origin, size, root, sealed_at) VALUES ($1, $2, $3, $4)")
        .bind(&head.origin)
        .bind(size)
        .bind(Hash::from_bytes(root.0))
        .bind(now)
        .run(tx)
        .await?;
    Ok(())
}
