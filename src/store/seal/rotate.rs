//! A new signing key takes over from the old one: one checkpoint bears both signatures, and whoever
//! trusts the old key can go on with the new one.
//!
//! The invariant: the act, its leaf and the checkpoint that both keys sign are one transaction under
//! the head's lock; from then on no process seals with the old key.

use std::path::PathBuf;

use serde_json::json;

use super::{Broken, SealError, SealRules, extends_all, grow, last_signed, lock, opener, unsealed};
use crate::{
    domain::person::Administrator,
    store::{
        Actor, Entry, SealKey, Store, StoreError,
        db::{Tx, sql},
        notes::Opener,
        record::Act,
        tree,
    },
};

impl Store {
    /// Hands the record over to a new key: seals everything that waits, the act itself among it,
    /// and signs that tree with both. Returns the checkpoint. It is not published yet:
    /// [`Store::publish_rotation`].
    ///
    /// # Errors
    /// The old key is not the record's, the tree is damaged, or the ledger failed.
    pub async fn rotate_key(
        &self,
        by: &Actor,
        administrator: &Administrator,
        old: &SealKey,
        new: &SealKey,
    ) -> Result<String, SealError> {
        let opener = opener(old.vkey())?;
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let head = lock(&mut tx, old).await?;
        let signed = last_signed(&mut tx, &head.origin).await?;
        extends_all(&mut tx, &head, &signed, &opener).await?;
        let body = json!({"old": old.vkey(), "new": new.vkey()});
        let act = Act::new("record", "record.key-rotated", body)
            .on(Some(format!("decision by {}", administrator.id())));
        self.append(&mut tx, by, vec![act], now).await?;
        let all = SealRules { key: old, places: &[], batch: u32::MAX, window: None };
        let taken = unsealed(&mut tx, &all).await?;
        grow(&mut tx, &head, &taken).await?;
        let size = head.size + taken.len() as u64;
        let root = tree::root(&mut tx, size).await.map_err(|_| Broken::Damaged)?;
        let note = old.sign_with(Some(new), &head.origin, size, root);
        let note = note.ok_or(SealError::Sign(size))?;
        sql("UPDATE checkpoint SET note = $3 WHERE origin = $1 AND size = $2")
            .bind(&head.origin)
            .bind(size.cast_signed())
            .bind(&note)
            .run(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(note)
    }

    /// Writes the checkpoint of a rotation to every place that does not have it yet; returns the
    /// places that could not be written, and why.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn publish_rotation(
        &self,
        old: &SealKey,
        new: &SealKey,
        places: &[PathBuf],
    ) -> Result<Vec<(PathBuf, String)>, SealError> {
        let both = Opener::of(&[old.vkey(), new.vkey()]);
        let both = both.ok_or_else(|| SealError::Key(new.vkey().to_owned()))?;
        let mut tx = self.read().await?;
        let head = super::head(&mut tx, &both).await?;
        drop(tx);
        let rules = SealRules { key: new, places, batch: 0, window: None };
        let mut failed = Vec::new();
        self.publish(&rules, &head.origin, &both, &mut failed).await?;
        Ok(failed)
    }

    /// The public half of the key that the record was last handed over to; `None`: it has its first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn rotated_to(&self) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        present_key(&mut tx).await
    }
}

/// The key that the newest rotation on the record names.
pub(super) async fn present_key(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    let row = sql("SELECT body FROM entry WHERE subject = 'record' AND act = 'record.key-rotated'
         ORDER BY seq DESC LIMIT 1")
    .opt(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let entry: Entry = serde_json::from_str(&row.get::<String>("body")?)?;
    Ok(entry.body["new"].as_str().map(str::to_owned))
}
