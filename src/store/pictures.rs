//! The pictures of posts by the hash of their bytes.
//!
//! No row is followed: what a post shows stands in its content, which is, as a hash; a row of other
//! bytes is none, and one that is gone is missed before the send. Rows are never changed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Tx, sql},
    record::{ACCOUNT, Act},
};
use crate::domain::{canonical::Hash, ids::AccountName, person::Administrator, time::Timestamp};

/// Keeps the bytes of pictures; what is known already stays.
pub(super) async fn keep(
    tx: &mut Tx,
    pictures: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), StoreError> {
    if pictures.is_empty() {
        return Ok(());
    }
    let rows = pictures
        .iter()
        .map(|png| json!({"hash": Hash::of(png), "png": STANDARD.encode(png), "at": now}));
    sql("INSERT INTO picture (hash, png, kept_at)
         SELECT j.value->>'hash', j.value->>'png', CAST(j.value->>'at' AS BIGINT)
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (hash) DO NOTHING")
    .batch(rows.collect())
    .run(tx)
    .await
    .map(|_count| ())
}

impl Store {
    /// A picture's bytes, which have this hash.
    ///
    /// # Errors
    /// There is none, the row holds other bytes, or the ledger failed.
    pub async fn picture(&self, hash: &Hash) -> Result<Vec<u8>, StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT png FROM picture WHERE hash = $1").bind(*hash).opt(&mut tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("picture {hash}")))?;
        let png = STANDARD.decode(row.get::<String>("png")?).ok();
        png.filter(|png| Hash::of(png) == *hash)
            .ok_or_else(|| StoreError::corrupt(format!("the picture {hash}")))
    }

    /// Whether an account's tags bear a picture from the next draft on.
    ///
    /// # Errors
    /// There is no such account, or the ledger failed.
    pub async fn set_picture(
        &self,
        by: &Actor,
        administrator: &Administrator,
        name: &AccountName,
        on: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let written = sql("UPDATE account SET picture = $2 WHERE name = $1 RETURNING *")
            .bind(name)
            .bind(on)
            .write(&ACCOUNT, &mut tx)
            .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("account {name}")));
        }
        let body = json!({"on": on, "by": administrator.id()});
        self.finish(tx, by, vec![Act::new(name, "account.picture", body)]).await
    }
}
