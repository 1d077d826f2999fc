//! Checkpoints: signed after the tree is committed, and written to every place that lacks them.

use std::path::PathBuf;

use super::{Broken, Hash, Opener, SealError, SealKey, SealRules, Store, StoreError, sql, tree};
use crate::store::notes;

impl Store {
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
    pub(super) async fn sign(
        &self,
        key: &SealKey,
        origin: &str,
    ) -> Result<Option<String>, SealError> {
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
    pub(super) async fn publish(
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
