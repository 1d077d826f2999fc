//! What platforms granted to our accounts, sealed: nothing here can open it.
//!
//! The invariants: one process at a time renews a grant, by a lease that is committed before it
//! asks the platform; a write names the grant that it read (`rev`), so none overwrites a newer one;
//! a key that is about to be dropped seals nothing; no secret and no ciphertext is in an entry.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::Act,
    second_factor,
};
use crate::domain::{
    ids::AccountName,
    person::Administrator,
    time::Timestamp,
    vault::{Context, Keyring, Sealed},
};

/// An account's grant as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// The account.
    pub account: AccountName,
    /// The grant; `None`: there is none now.
    pub sealed: Option<Sealed>,
    /// When its access token ends.
    pub expires_at: Option<Timestamp>,
    /// When it was granted.
    pub issued_at: Option<Timestamp>,
    /// The how-manieth grant of this account.
    pub rev: i64,
    /// Who renews it, and until when the lease runs.
    pub lease: Option<(String, Timestamp)>,
    /// Why it can no longer be renewed.
    pub broken: Option<String>,
}

/// The right to renew one grant, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantLease {
    /// The account.
    pub account: AccountName,
    /// Whoever holds it, under a name that is used once.
    pub holder: String,
    /// The grant that it may renew.
    pub rev: i64,
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leased {
    /// It is ours, and this is what it renews.
    Taken(GrantLease, GrantRow),
    /// Another process renews it now.
    Held {
        /// The lease runs until then.
        until: Timestamp,
    },
    /// A process took it and ended: nobody knows whether the platform has renewed the grant.
    Abandoned(GrantLease),
    /// It is another grant by now: read it.
    Changed,
    /// It can no longer be renewed.
    Broken,
    /// The ledger was put back from a backup and nobody has accepted that: the grant in it may be a
    /// used one, and to use it twice ends the newer one too.
    Restored,
}

/// What came of storing a sealed grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is stored, as the how-manieth.
    Stored(i64),
    /// Another key seals by now: read the key file anew and seal it again.
    OtherKey,
    /// The grant that it renews is no longer this account's; it was not stored.
    Superseded,
}

impl Store {
    /// A person connected an account: its first grant, or a new one in the place of any other.
    ///
    /// # Errors
    /// There is no such account, or the ledger failed.
    pub async fn put_grant(
        &self,
        by: &Actor,
        administrator: &Administrator,
        account: &AccountName,
        (sealed, keys): (&Sealed, &Keyring),
        expires_at: Timestamp,
    ) -> Result<Kept, StoreError> {
        let mut tx = self.write().await?;
        if !sealing(&mut tx, keys).await? {
            return Ok(Kept::OtherKey);
        }
        let known = sql("SELECT name FROM account WHERE name = $1").bind(account);
        if known.opt(&mut tx).await?.is_none() {
            return Err(StoreError::NotFound(format!("account {account}")));
        }
        let now = tx.now().await?;
        let row = sql("INSERT INTO account_grant
               (account, sealed, key_id, expires_at, issued_at, rev)
             VALUES ($1, $2, $3, $4, $5, 1)
             ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed,
               key_id = excluded.key_id, expires_at = excluded.expires_at,
               issued_at = excluded.issued_at, rev = account_grant.rev + 1,
               lease_by = NULL, lease_until = NULL, broken = NULL
             RETURNING rev")
        .bind(account)
        .bind(&sealed.text)
        .bind(&sealed.key_id)
        .bind(expires_at)
        .bind(now)
        .one(&mut tx)
        .await?;
        let rev: i64 = row.get("rev")?;
        let body = json!({"rev": rev, "expires": expires_at, "key": sealed.key_id,
                          "by": administrator.id()});
        self.finish(tx, by, vec![Act::new(account, "grant.stored", body)]).await?;
        Ok(Kept::Stored(rev))
    }

    /// An account's grant, where it ever had one or somebody begins one.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn grant(&self, account: &AccountName) -> Result<Option<GrantRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT * FROM account_grant WHERE account = $1").bind(account);
        row.opt(&mut tx).await?.as_ref().map(read).transpose()
    }

    /// Asks for the right to renew the grant that was read as the `rev`th (0: there is no row yet,
    /// the lease makes it). The lease is committed when this returns. `again`: a renewal that was
    /// lost costs nothing on this platform, so that an abandoned lease is taken over.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn lease_grant(
        &self,
        account: &AccountName,
        rev: i64,
        holder: &str,
        lasting: SignedDuration,
        again: bool,
    ) -> Result<Leased, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        if sql("SELECT restored FROM claim_gate").one(&mut tx).await?.get("restored")? {
            return Ok(Leased::Restored);
        }
        sql("INSERT INTO account_grant (account, rev) VALUES ($1, 0)
             ON CONFLICT (account) DO NOTHING")
        .bind(account)
        .run(&mut tx)
        .await?;
        let taken = sql("UPDATE account_grant SET lease_by = $3, lease_until = $4
             WHERE account = $1 AND rev = $2 AND broken IS NULL
               AND (lease_by IS NULL OR lease_until <= $5 AND (sealed IS NULL OR $6 = 1))
             RETURNING *")
        .bind(account)
        .bind(rev)
        .bind(holder)
        .bind(now.plus(lasting))
        .bind(now)
        .bind(again)
        .opt(&mut tx)
        .await?;
        if let Some(row) = taken {
            let row = read(&row)?;
            tx.commit().await?;
            let holder = holder.to_owned();
            return Ok(Leased::Taken(GrantLease { account: account.clone(), holder, rev }, row));
        }
        let row = sql("SELECT * FROM account_grant WHERE account = $1").bind(account);
        let row = read(&row.one(&mut tx).await?)?;
        Ok(match row.lease {
            _ if row.rev != rev => Leased::Changed,
            _ if row.broken.is_some() => Leased::Broken,
            Some((holder, until)) if until <= now => {
                Leased::Abandoned(GrantLease { account: account.clone(), holder, rev })
            }
            Some((_, until)) => Leased::Held { until },
            // It was given back while we asked.
            None => Leased::Changed,
        })
    }

    /// The platform renewed the grant. Stored also where the lease ran out meanwhile: what the
    /// platform granted last is the only grant that still works.
    ///
    /// # Errors
    /// The ledger failed: keep the grant and try again, for the old one is used up.
    pub async fn grant_renewed(
        &self,
        by: &Actor,
        lease: &GrantLease,
        (sealed, keys): (&Sealed, &Keyring),
        expires_at: Timestamp,
    ) -> Result<Kept, StoreError> {
        let mut tx = self.write().await?;
        if !sealing(&mut tx, keys).await? {
            return Ok(Kept::OtherKey);
        }
        let now = tx.now().await?;
        let row = sql("UPDATE account_grant SET sealed = $3, key_id = $4, expires_at = $5,
               issued_at = $6, rev = rev + 1, lease_by = NULL, lease_until = NULL, broken = NULL
             WHERE account = $1 AND rev = $2 RETURNING rev")
        .bind(&lease.account)
        .bind(lease.rev)
        .bind(&sealed.text)
        .bind(&sealed.key_id)
        .bind(expires_at)
        .bind(now)
        .opt(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(Kept::Superseded) };
        let rev: i64 = row.get("rev")?;
        let body = json!({"rev": rev, "expires": expires_at, "key": sealed.key_id});
        self.finish(tx, by, vec![Act::new(&lease.account, "grant.renewed", body)]).await?;
        Ok(Kept::Stored(rev))
    }

    /// Gives a lease back: the grant was not used, and is as it was.
    ///
    /// # Errors
    /// The ledger failed: the lease runs out by itself.
    pub async fn grant_released(&self, lease: &GrantLease) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("UPDATE account_grant SET lease_by = NULL, lease_until = NULL
             WHERE account = $1 AND rev = $2 AND lease_by = $3")
        .bind(&lease.account)
        .bind(lease.rev)
        .bind(&lease.holder)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// The grant can no longer be renewed, and why: its access token is used until it ends. Whether
    /// that is news: a grant that was renewed meanwhile is none of this lease's.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn grant_broken(
        &self,
        by: &Actor,
        lease: &GrantLease,
        why: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let written =
            sql("UPDATE account_grant SET broken = $4, lease_by = NULL, lease_until = NULL
             WHERE account = $1 AND rev = $2 AND lease_by = $3 AND broken IS NULL")
            .bind(&lease.account)
            .bind(lease.rev)
            .bind(&lease.holder)
            .bind(why)
            .run(&mut tx)
            .await?;
        if written == 0 {
            return Ok(false);
        }
        let body = json!({"rev": lease.rev, "why": why});
        self.finish(tx, by, vec![Act::new(&lease.account, "grant.broken", body)]).await?;
        Ok(true)
    }

    /// Deletes a grant: it was revoked, or its platform begins the next one without it (then `of`
    /// names the one that ended). Whether there was one.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn end_grant(
        &self,
        by: &Actor,
        account: &AccountName,
        of: Option<&GrantLease>,
        why: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let row = sql("UPDATE account_grant SET sealed = NULL, key_id = NULL, expires_at = NULL,
               issued_at = NULL, rev = rev + 1, lease_by = NULL, lease_until = NULL, broken = NULL
             WHERE account = $1 AND ($2 = -1 OR rev = $2) AND (sealed IS NOT NULL OR $2 = -1)
             RETURNING rev")
        .bind(account)
        .bind(of.map_or(-1, |lease| lease.rev))
        .opt(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let body = json!({"rev": row.get::<i64>("rev")?, "why": why});
        self.finish(tx, by, vec![Act::new(account, "grant.ended", body)]).await?;
        Ok(true)
    }

    /// Seals every grant and every secret of one-time codes anew with the current key, all or none:
    /// from its commit no older key seals anything, and none is needed. Returns how many were sealed.
    ///
    /// # Errors
    /// Something does not open (nothing was changed), these keys are older than the ledger's, or the
    /// ledger failed.
    pub async fn reseal_all(
        &self,
        by: &Actor,
        administrator: &Administrator,
        keys: &Keyring,
        mut reseal: impl FnMut(Context<'_>, &Sealed) -> Result<Sealed, StoreError> + Send,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        if !sealing(&mut tx, keys).await? {
            return Err(StoreError::Refused(
                "the ledger's grants are sealed by a key that is not in the key file: put the newest \
                 key file here first. If that key is lost for good: `takaza account rotate-key \
                 --lost`"
                    .to_owned(),
            ));
        }
        let rows = sql("SELECT * FROM account_grant
             WHERE sealed IS NOT NULL AND key_id <> $1 ORDER BY account")
        .bind(keys.current())
        .all(&mut tx)
        .await?;
        for row in &rows {
            let row = read(row)?;
            let Some(old) = &row.sealed else { continue };
            let sealed = reseal(Context::Grant(&row.account), old)?;
            sql("UPDATE account_grant SET sealed = $2, key_id = $3 WHERE account = $1")
                .bind(&row.account)
                .bind(&sealed.text)
                .bind(&sealed.key_id)
                .run(&mut tx)
                .await?;
        }
        let factors = second_factor::reseal(&mut tx, keys, reseal).await?;
        let body = json!({"key": keys.current(), "grants": rows.len(), "second_factors": factors,
                          "by": administrator.id()});
        self.finish(tx, by, vec![Act::new("grants", "grant.resealed", body)]).await?;
        Ok(rows.len() as u64 + factors)
    }

    /// The key that sealed some grants is lost: they are deleted, each with an entry, and so are the
    /// second factors that it sealed; the current key seals from now on. Returns how many grants were
    /// deleted.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn give_up_grants(
        &self,
        by: &Actor,
        administrator: &Administrator,
        keys: &Keyring,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        sql("UPDATE grant_key SET key_id = $1").bind(keys.current()).run(&mut tx).await?;
        let rows = sql("UPDATE account_grant SET sealed = NULL, key_id = NULL, expires_at = NULL,
               issued_at = NULL, rev = rev + 1, lease_by = NULL, lease_until = NULL, broken = NULL
             WHERE sealed IS NOT NULL AND key_id NOT IN
               (SELECT j.value->>'k' FROM json_each(CAST($1 AS TEXT)) AS j)
             RETURNING account, rev")
        .batch(ids(keys.older().chain([keys.current()])))
        .all(&mut tx)
        .await?;
        let mut acts = Vec::new();
        for row in &rows {
            let (account, rev): (AccountName, i64) = (row.get("account")?, row.get("rev")?);
            let body = json!({"rev": rev, "why": "its key is lost", "by": administrator.id()});
            acts.push(Act::new(account, "grant.ended", body));
        }
        let held = keys.older().chain([keys.current()]);
        second_factor::give_up(&mut tx, ids(held), administrator.id(), &mut acts).await?;
        self.finish(tx, by, acts).await?;
        Ok(rows.len() as u64)
    }
}

/// The ids of keys, for a batch.
fn ids<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<serde_json::Value> {
    keys.map(|key| json!({"k": key})).collect()
}

/// Names the key that seals, under its row's lock. `false`: the ledger knows of a newer one.
pub(super) async fn sealing(tx: &mut Tx, keys: &Keyring) -> Result<bool, StoreError> {
    let named = sql("UPDATE grant_key SET key_id = $1
         WHERE key_id IS NULL OR key_id = $1
           OR key_id IN (SELECT j.value->>'k' FROM json_each(CAST($2 AS TEXT)) AS j)")
    .bind(keys.current())
    .batch(ids(keys.older()))
    .run(tx)
    .await?;
    Ok(named > 0)
}

fn read(row: &Row) -> Result<GrantRow, StoreError> {
    let (text, key_id): (Option<String>, Option<String>) = (row.get("sealed")?, row.get("key_id")?);
    let (by, until): (Option<String>, Option<Timestamp>) =
        (row.get("lease_by")?, row.get("lease_until")?);
    Ok(GrantRow {
        account: row.get("account")?,
        sealed: text.zip(key_id).map(|(text, key_id)| Sealed { key_id, text }),
        expires_at: row.get("expires_at")?,
        issued_at: row.get("issued_at")?,
        rev: row.get("rev")?,
        lease: by.zip(until),
        broken: row.get("broken")?,
    })
}
