//! Proofs for outsiders: one entry shown to be in a signed tree without showing the others, and one
//! tree shown to extend another.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use tlog_tiles::tlog;

use super::{
    Store, StoreError,
    db::{Row, Tx, sql},
    tree,
};

/// Shows that an entry is a leaf of the tree that a checkpoint signs (RFC 6962, section 2.1.1).
/// Hashes are in base64, numbers are decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// `takaza-inclusion/1`.
    pub format: String,
    /// The entry's canonical JSON, verbatim: the leaf's hash is SHA-256 of a zero byte and this.
    pub entry: String,
    /// The leaf's index, from 0.
    pub leaf_index: String,
    /// The leaves of the tree.
    pub tree_size: String,
    /// Its root.
    pub root: String,
    /// The audit path, from the leaf upwards.
    pub hashes: Vec<String>,
    /// The signed note over exactly this tree.
    pub checkpoint: String,
}

/// Shows that a later tree extends an earlier one (RFC 6962, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// `takaza-consistency/1`.
    pub format: String,
    /// The leaves of the earlier tree.
    pub old_size: String,
    /// Its root.
    pub old_root: String,
    /// The leaves of the later tree.
    pub new_size: String,
    /// Its root.
    pub new_root: String,
    /// The proof.
    pub hashes: Vec<String>,
    /// The signed notes over the two trees, where the ledger has them.
    pub checkpoints: Vec<String>,
}

impl Store {
    /// Proves one entry, named by its id or as `SUBJECT/NUMBER`, in the newest signed tree.
    ///
    /// # Errors
    /// There is no such entry, it is not in a signed tree yet, or the ledger failed.
    pub async fn prove(&self, which: &str) -> Result<Proof, StoreError> {
        let mut tx = self.read().await?;
        let row = find(&mut tx, which).await?;
        let not_yet = || StoreError::Refused(format!("entry {which} is not in a signed tree yet"));
        let index: Option<i64> = row.get("idx")?;
        let index = index.ok_or_else(not_yet)?;
        let newest = sql("SELECT size, note FROM checkpoint WHERE note IS NOT NULL AND size > $1
             ORDER BY size DESC LIMIT 1")
        .bind(index)
        .opt(&mut tx)
        .await?
        .ok_or_else(not_yet)?;
        let size: i64 = newest.get("size")?;
        let (index, size) = (index.cast_unsigned(), size.cast_unsigned());
        let hashes = tree::ask(&mut tx, |have| tlog::prove_record(size, index, have)).await?;
        let root = tree::root(&mut tx, size).await?;
        Ok(Proof {
            format: "takaza-inclusion/1".to_owned(),
            entry: row.get("body")?,
            leaf_index: index.to_string(),
            tree_size: size.to_string(),
            root: base64(&root),
            hashes: hashes.iter().map(base64).collect(),
            checkpoint: newest.get("note")?,
        })
    }

    /// Proves that the tree of `new` leaves extends the one of `old` leaves.
    ///
    /// # Errors
    /// It is not that 1 ≤ `old` ≤ `new` ≤ the tree's size, or the ledger failed.
    pub async fn prove_consistency(
        &self,
        old: u64,
        new: u64,
    ) -> Result<ConsistencyProof, StoreError> {
        let mut tx = self.read().await?;
        let size = sql("SELECT size FROM tree_head WHERE id = 1").opt(&mut tx).await?;
        let size: i64 = size.map_or(Ok(0), |row| row.get("size"))?;
        if old == 0 || old > new || new > size.cast_unsigned() {
            return Err(StoreError::Refused(format!(
                "a proof is between two trees of 1 to {size} entries, the smaller one first"
            )));
        }
        let hashes = tree::ask(&mut tx, |have| tlog::prove_tree(new, old, have)).await?;
        let rows = sql("SELECT note FROM checkpoint WHERE note IS NOT NULL
             AND (size = $1 OR size = $2) ORDER BY size")
        .bind(old.cast_signed())
        .bind(new.cast_signed())
        .all(&mut tx)
        .await?;
        Ok(ConsistencyProof {
            format: "takaza-consistency/1".to_owned(),
            old_size: old.to_string(),
            old_root: base64(&tree::root(&mut tx, old).await?),
            new_size: new.to_string(),
            new_root: base64(&tree::root(&mut tx, new).await?),
            hashes: hashes.iter().map(base64).collect(),
            checkpoints: rows.iter().map(|row| row.get("note")).collect::<Result<_, _>>()?,
        })
    }
}

pub(super) async fn find(tx: &mut Tx, which: &str) -> Result<Row, StoreError> {
    let (subject, seq) = which.rsplit_once('/').unwrap_or((which, ""));
    let row = sql("SELECT e.body, l.idx FROM entry e LEFT JOIN leaf l ON l.entry = e.id
         WHERE e.id = $1 OR (e.subject = $2 AND e.seq = $3)")
    .bind(which)
    .bind(subject)
    .bind(seq.parse().unwrap_or(-1_i64))
    .opt(tx)
    .await?;
    row.ok_or_else(|| StoreError::NotFound(format!("entry {which}")))
}

pub(super) fn base64(hash: &tlog::Hash) -> String {
    BASE64_STANDARD.encode(hash.0)
}
