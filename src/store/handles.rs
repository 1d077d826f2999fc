//! The banks' accounts on the platforms, each bound by a person to its stable id.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::sql,
    record::{Act, HANDLE},
};
use crate::domain::{
    engagement::Identity,
    ids::{BankCode, PersonId},
    platform::Platform,
    time::Timestamp,
};

/// A bank's account on a platform, bound to its stable id.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BankHandle {
    /// The bank.
    pub bank: BankCode,
    /// The platform.
    pub platform: Platform,
    /// The handle, without the leading `@`.
    pub handle: String,
    /// The platform's stable id.
    pub stable_id: String,
    /// What the verifier saw.
    pub evidence: String,
    /// Who verified it.
    pub verified_by: PersonId,
    /// When.
    pub verified_at: Timestamp,
    /// When it must be verified again.
    pub expires_at: Timestamp,
    /// When the platform last said that the handle is this id's.
    pub resolved_at: Timestamp,
    /// What it said otherwise.
    pub mismatch: Option<String>,
}

impl Store {
    /// A person verifies that a handle is the bank's, bound to the platform's stable id.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn verify_handle(
        &self,
        by: &Actor,
        person: &PersonId,
        (bank, platform): (&BankCode, Platform),
        identity: &Identity,
        evidence: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        sql("INSERT INTO bank_handle (bank, platform, handle, stable_id, evidence, verified_by,
               verified_at, expires_at, resolved_at, mismatch)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, NULL)
             ON CONFLICT (bank, platform) DO UPDATE SET handle = excluded.handle,
               stable_id = excluded.stable_id, evidence = excluded.evidence,
               verified_by = excluded.verified_by, verified_at = excluded.verified_at,
               expires_at = excluded.expires_at, resolved_at = excluded.resolved_at,
               mismatch = NULL
             RETURNING *")
        .bind(bank)
        .bind(platform)
        .bind(&identity.author.handle)
        .bind(&identity.author.stable_id)
        .bind(evidence)
        .bind(person)
        .bind(now)
        .bind(expires_at)
        .write(&HANDLE, &mut tx)
        .await?;
        let body = json!({"platform": platform, "handle": identity.author.handle,
                          "stable_id": identity.author.stable_id, "evidence": evidence,
                          "expires": expires_at, "by": person});
        self.finish(tx, by, vec![Act::new(bank, "handle.verified", body)]).await
    }

    /// What the platform says of a verified handle now: still the same id (`None`), or what is
    /// wrong. A mismatch holds every post that mentions it.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn handle_resolved(
        &self,
        by: &Actor,
        bank: &BankCode,
        platform: Platform,
        mismatch: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        sql("UPDATE bank_handle SET resolved_at = $3 WHERE bank = $1 AND platform = $2")
            .bind(bank)
            .bind(platform)
            .bind(now)
            .run(&mut tx)
            .await?;
        let changed = sql("UPDATE bank_handle SET mismatch = $3
             WHERE bank = $1 AND platform = $2 AND COALESCE(mismatch, '') <> COALESCE($3, '')
             RETURNING *")
        .bind(bank)
        .bind(platform)
        .bind(mismatch)
        .write(&HANDLE, &mut tx)
        .await?;
        let acts = if changed.is_empty() {
            Vec::new()
        } else {
            let body = json!({"platform": platform, "mismatch": mismatch});
            vec![Act::new(bank, "handle.resolved", body)]
        };
        self.finish(tx, by, acts).await
    }

    /// Every verified handle.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn handles(&self) -> Result<Vec<BankHandle>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM bank_handle ORDER BY bank, platform").all(&mut tx).await?;
        rows.iter()
            .map(|row| {
                Ok(BankHandle {
                    bank: row.get("bank")?,
                    platform: row.get("platform")?,
                    handle: row.get("handle")?,
                    stable_id: row.get("stable_id")?,
                    evidence: row.get("evidence")?,
                    verified_by: row.get("verified_by")?,
                    verified_at: row.get("verified_at")?,
                    expires_at: row.get("expires_at")?,
                    resolved_at: row.get("resolved_at")?,
                    mismatch: row.get("mismatch")?,
                })
            })
            .collect()
    }
}
