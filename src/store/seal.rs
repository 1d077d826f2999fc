//! Sealing: entries become leaves of an RFC 6962 Merkle tree, and each tree is signed as a
//! checkpoint that extends the last.
//!
//! The invariant: a tree is signed only after it is committed, and only if it extends every
//! checkpoint known from outside the ledger. Where it does not (a backup was restored, a tail was
//! cut), nothing is sealed and the caller stops sending.

mod rotate;

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use tlog_tiles::tlog;

use super::{
    Actor, Store, StoreError,
    db::{Tx, sql},
    notes::{self, NoteFault, Opener, SealKey},
    record::Act,
    tree,
};
use crate::domain::{canonical::Hash, time::Timestamp};

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

/// The ledger is not the one that a known checkpoint was made over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "broken")]
pub enum Broken {
    /// The tree has fewer leaves.
    #[error(
        "a checkpoint of {origin} over {size} entries is known, and the record has only {tree} \
         sealed: its tail was cut, or a backup was restored"
    )]
    Shorter {
        /// The checkpoint's origin.
        origin: String,
        /// Its size.
        size: u64,
        /// The tree's size.
        tree: u64,
    },
    /// The tree has another root at that size.
    #[error(
        "the record does not extend a known checkpoint of {origin} over {size} entries: sealed \
         entries were changed, or a restored record went on otherwise"
    )]
    Differs {
        /// The checkpoint's origin.
        origin: String,
        /// Its size.
        size: u64,
    },
    /// The log went on under a later origin than this ledger's.
    #[error("a checkpoint of {origin} is known, and this record is of the earlier {ours}")]
    Later {
        /// The checkpoint's origin.
        origin: String,
        /// The ledger's.
        ours: String,
    },
    /// A known checkpoint is not this log's.
    #[error("a known checkpoint is not one of {ours}: {why}")]
    Foreign {
        /// The ledger's origin.
        ours: String,
        /// What is wrong with it.
        why: String,
    },
    /// The tree's own hashes are damaged.
    #[error("the tree's stored hashes are damaged; `takaza audit verify` tells more")]
    Damaged,
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

    /// Whether the record extends every one of these checkpoints of its origin. Those of an earlier
    /// origin are passed over: the entry that began the new one names what was lost.
    ///
    /// # Errors
    /// It does not, or the ledger failed.
    pub async fn check_extends(&self, notes: &[String], vkey: &str) -> Result<(), SealError> {
        let opener = opener(vkey)?;
        let mut tx = self.read().await?;
        let head = head(&mut tx, &opener).await?;
        extends_all(&mut tx, &head, notes, &opener).await
    }

    /// The newest of these checkpoints that the record does not extend; `None`: it extends them
    /// all, those of an earlier origin aside.
    ///
    /// # Errors
    /// One is not this log's, the tree is damaged (no new origin mends either), or the ledger
    /// failed.
    pub async fn unextended(
        &self,
        notes: &[String],
        vkey: &str,
    ) -> Result<Option<String>, SealError> {
        let opener = opener(vkey)?;
        let mut newest = None;
        for note in notes {
            match self.check_extends(std::slice::from_ref(note), vkey).await {
                Ok(()) => {}
                Err(SealError::Broken(
                    Broken::Shorter { origin, .. }
                    | Broken::Differs { origin, .. }
                    | Broken::Later { origin, .. },
                )) => {
                    let size = opener.open(note).map_or(0, |checkpoint| checkpoint.size());
                    let rank = (opener.generation(&origin), size, note);
                    newest = newest.max(Some(rank));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(newest.map(|(_, _, note)| note.clone()))
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

    /// The newest signed checkpoint, where there is one.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT c.note FROM checkpoint c JOIN tree_head h ON h.origin = c.origin
             WHERE c.note IS NOT NULL ORDER BY c.size DESC LIMIT 1")
        .opt(&mut tx)
        .await?;
        row.map(|row| row.get("note")).transpose()
    }

    /// Signs every committed tree that has no signature yet, a crash's among them.
    async fn sign(&self, key: &SealKey, origin: &str) -> Result<Option<String>, SealError> {
        let mut signed = Vec::new();
        let mut tx = self.read().await?;
        let rows = sql("SELECT size, root FROM checkpoint
             WHERE note IS NULL AND origin = $1 ORDER BY size LIMIT 100")
        .bind(origin)
        .all(&mut tx)
        .await?;
        for row in &rows {
            let size: i64 = row.get("size")?;
            let stored: Hash = row.get("root")?;
            let size = size.cast_unsigned();
            let root = tree::root(&mut tx, size).await.map_err(|_| Broken::Damaged)?;
            if root.0 != *stored.bytes() {
                return Err(Broken::Damaged.into());
            }
            let note = key.sign(origin, size, root).ok_or(SealError::Sign(size))?;
            signed.push((size, note));
        }
        drop(tx);
        if signed.is_empty() {
            return Ok(None);
        }
        let mut tx = self.write().await?;
        for (size, note) in &signed {
            sql("UPDATE checkpoint SET note = $3
                 WHERE origin = $1 AND size = $2 AND note IS NULL")
            .bind(origin)
            .bind(size.cast_signed())
            .bind(note)
            .run(&mut tx)
            .await?;
        }
        tx.commit().await?;
        Ok(signed.pop().map(|(_, note)| note))
    }

    /// Appends to each place the checkpoints that it does not have yet.
    async fn publish(
        &self,
        rules: &SealRules<'_>,
        origin: &str,
        opener: &Opener,
        failed: &mut Vec<(PathBuf, String)>,
    ) -> Result<(), StoreError> {
        for place in rules.places {
            if failed.iter().any(|(path, _)| path == place) {
                continue;
            }
            let (last, clean) = match notes::last_note(place).await {
                Ok(found) => found,
                Err(error) => {
                    failed.push((place.clone(), error.to_string()));
                    continue;
                }
            };
            let after = last.and_then(|note| opener.open(&note).ok());
            let after = after.filter(|last| last.origin() == origin).map_or(0, |last| last.size());
            let mut tx = self.read().await?;
            let rows = sql("SELECT note FROM checkpoint
                 WHERE origin = $1 AND size > $2 AND note IS NOT NULL ORDER BY size LIMIT 500")
            .bind(origin)
            .bind(after.cast_signed())
            .all(&mut tx)
            .await?;
            drop(tx);
            let missing: Result<Vec<String>, _> = rows.iter().map(|row| row.get("note")).collect();
            let missing = missing?;
            if missing.is_empty() {
                continue;
            }
            if let Err(error) = notes::append_notes(place, &missing, clean).await {
                failed.push((place.clone(), error.to_string()));
            }
        }
        Ok(())
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

async fn known_in(places: &[PathBuf], failed: &mut Vec<(PathBuf, String)>) -> Vec<String> {
    let mut known = Vec::new();
    for place in places {
        match notes::last_note(place).await {
            Ok((last, _)) => known.extend(last),
            Err(error) => failed.push((place.clone(), error.to_string())),
        }
    }
    known
}

async fn last_signed(tx: &mut Tx, origin: &str) -> Result<Vec<String>, StoreError> {
    let rows = sql("SELECT note FROM checkpoint WHERE origin = $1 AND note IS NOT NULL
         ORDER BY size DESC LIMIT 1")
    .bind(origin)
    .all(tx)
    .await?;
    rows.iter().map(|row| row.get("note")).collect()
}

async fn extends_all(
    tx: &mut Tx,
    head: &Head,
    notes: &[String],
    opener: &Opener,
) -> Result<(), SealError> {
    let ours = opener.generation(&head.origin).unwrap_or(1);
    for note in notes {
        let foreign = |why: String| Broken::Foreign { ours: head.origin.clone(), why };
        let known = opener.open(note).map_err(|fault: NoteFault| foreign(fault.to_string()))?;
        let (origin, size) = (known.origin().to_owned(), known.size());
        let Some(generation) = opener.generation(&origin) else {
            return Err(foreign(format!("its origin is {origin}")).into());
        };
        if generation > ours {
            return Err(Broken::Later { origin, ours: head.origin.clone() }.into());
        }
        if generation < ours {
            continue;
        }
        if size > head.size {
            return Err(Broken::Shorter { origin, size, tree: head.size }.into());
        }
        match tree::extends(tx, size, *known.hash(), head.size).await {
            Ok(true) => {}
            Ok(false) => return Err(Broken::Differs { origin, size }.into()),
            Err(StoreError::Corrupt(_)) => return Err(Broken::Damaged.into()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
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
