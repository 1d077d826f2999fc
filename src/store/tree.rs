//! The Merkle tree's stored hashes. `tlog_tiles` does the mathematics; its reader is synchronous,
//! so each question is asked twice: once to hear which hashes it wants, once with them fetched.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::json;
use tlog_tiles::tlog::{self, HashReader};

use super::{
    StoreError,
    db::{Tx, sql},
};

/// A reader that either listens for what is wanted, or has it.
pub(super) enum Hashes {
    Wanted(RefCell<Vec<u64>>),
    Have(BTreeMap<u64, tlog::Hash>),
}

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        match self {
            Self::Wanted(wanted) => {
                wanted.borrow_mut().extend(indexes);
                Ok(vec![tlog::Hash::default(); indexes.len()])
            }
            Self::Have(hashes) => indexes
                .iter()
                .map(|index| hashes.get(index).copied().ok_or(tlog::Error::IndexesNotInTree))
                .collect(),
        }
    }
}

/// Asks a question about the stored tree.
pub(super) async fn ask<T>(
    tx: &mut Tx,
    question: impl Fn(&Hashes) -> Result<T, tlog::Error>,
) -> Result<T, StoreError> {
    let wanted = {
        let listener = Hashes::Wanted(RefCell::new(Vec::new()));
        question(&listener).map_err(damaged)?;
        let Hashes::Wanted(wanted) = listener else { return Err(damaged(tlog::Error::BadMath)) };
        wanted.into_inner()
    };
    let hashes = fetch(tx, &wanted).await?;
    question(&Hashes::Have(hashes)).map_err(damaged)
}

pub(super) fn damaged(error: tlog::Error) -> StoreError {
    StoreError::corrupt(format!("the tree's stored hashes ({error})"))
}

async fn fetch(tx: &mut Tx, indexes: &[u64]) -> Result<BTreeMap<u64, tlog::Hash>, StoreError> {
    let rows = sql("SELECT idx, hash FROM tree_hash WHERE idx IN
         (SELECT CAST(j.value->>'i' AS BIGINT) FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(indexes.iter().map(|index| json!({"i": index})).collect())
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let index: i64 = row.get("idx")?;
            let hash: crate::domain::canonical::Hash = row.get("hash")?;
            Ok((index.cast_unsigned(), tlog::Hash(*hash.bytes())))
        })
        .collect()
}

/// The root of the first `size` leaves.
pub(super) async fn root(tx: &mut Tx, size: u64) -> Result<tlog::Hash, StoreError> {
    ask(tx, |hashes| tlog::tree_hash(size, hashes)).await
}

/// Whether the tree of `new` leaves extends a tree of `old` leaves with this root.
pub(super) async fn extends(
    tx: &mut Tx,
    old: u64,
    old_root: tlog::Hash,
    new: u64,
) -> Result<bool, StoreError> {
    if old == 0 {
        return Ok(old_root == tlog::EMPTY_HASH);
    }
    let proof = ask(tx, |hashes| tlog::prove_tree(new, old, hashes)).await?;
    let new_root = root(tx, new).await?;
    Ok(tlog::check_tree(&proof, new, new_root, old, old_root).is_ok())
}

/// Appends leaves after the first `size` and returns the new root.
pub(super) async fn append(
    tx: &mut Tx,
    size: u64,
    leaves: &[tlog::Hash],
) -> Result<tlog::Hash, StoreError> {
    let mut frontier = Vec::new();
    if size > 0 {
        frontier = tlog::sub_tree_index(0, size, frontier);
    }
    let mut grown = Growing { size, hashes: Hashes::Have(fetch(tx, &frontier).await?) };
    let mut batch = Vec::with_capacity(leaves.len() * 2);
    for leaf in leaves {
        let first = tlog::stored_hash_index(0, grown.size);
        for (n, hash) in grown.push(*leaf)?.into_iter().enumerate() {
            batch.push(json!({"i": first + n as u64, "h": hex::encode(hash.0)}));
        }
    }
    sql("INSERT INTO tree_hash (idx, hash)
         SELECT CAST(j.value->>'i' AS BIGINT), j.value->>'h'
         FROM json_each(CAST($1 AS TEXT)) AS j")
    .batch(batch)
    .run(tx)
    .await?;
    grown.root()
}

/// A tree that grows leaf by leaf in memory, from its frontier on.
pub(super) struct Growing {
    pub(super) size: u64,
    hashes: Hashes,
}

impl Growing {
    pub(super) fn empty() -> Self {
        Self { size: 0, hashes: Hashes::Have(BTreeMap::new()) }
    }

    /// Appends a leaf; the hashes that it stores, from the leaf's own on.
    pub(super) fn push(&mut self, leaf: tlog::Hash) -> Result<Vec<tlog::Hash>, StoreError> {
        let stored = tlog::stored_hashes_for_record_hash(self.size, leaf, &self.hashes);
        let stored = stored.map_err(damaged)?;
        let first = tlog::stored_hash_index(0, self.size);
        if let Hashes::Have(hashes) = &mut self.hashes {
            hashes.extend(stored.iter().enumerate().map(|(n, hash)| (first + n as u64, *hash)));
        }
        self.size += 1;
        Ok(stored)
    }

    pub(super) fn root(&self) -> Result<tlog::Hash, StoreError> {
        tlog::tree_hash(self.size, &self.hashes).map_err(damaged)
    }

    /// Forgets what no later leaf needs.
    pub(super) fn prune(&mut self) {
        let frontier = tlog::sub_tree_index(0, self.size, Vec::new());
        if let Hashes::Have(hashes) = &mut self.hashes {
            hashes.retain(|index, _| frontier.contains(index));
        }
    }
}
