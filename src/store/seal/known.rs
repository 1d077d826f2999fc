//! The checkpoints that are known from outside the ledger, and whether the record extends them.

use std::path::PathBuf;

use serde::Serialize;

use super::{Head, SealError, Store, StoreError, Tx, head, opener, sql};
use crate::store::{
    notes::{self, NoteFault, Opener},
    tree,
};

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

impl Store {
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
}

/// The last checkpoint of each place.
pub(super) async fn known_in(
    places: &[PathBuf],
    failed: &mut Vec<(PathBuf, String)>,
) -> Vec<String> {
    let mut known = Vec::new();
    for place in places {
        match notes::last_note(place).await {
            Ok((last, _)) => known.extend(last),
            Err(error) => failed.push((place.clone(), error.to_string())),
        }
    }
    known
}

pub(super) async fn last_signed(tx: &mut Tx, origin: &str) -> Result<Vec<String>, StoreError> {
    let rows = sql("SELECT note FROM checkpoint WHERE origin = $1 AND note IS NOT NULL
         ORDER BY size DESC LIMIT 1")
    .bind(origin)
    .all(tx)
    .await?;
    rows.iter().map(|row| row.get("note")).collect()
}

pub(super) async fn extends_all(
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
