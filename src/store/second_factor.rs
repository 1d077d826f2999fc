//! What else than a passphrase proves a person: the sealed secret of their one-time codes, and their
//! recovery codes by their hashes.
//!
//! The invariants: a step's code and a recovery code are each taken once, by whoever asks first; a
//! secret that was only shown proves nothing until a code of it came; no secret, no code and no hash
//! of one is in an entry.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{
    Actor, Store, StoreError,
    db::{Tx, sql},
    grants, people,
    record::Act,
};
use crate::domain::{
    canonical::Hash,
    ids::PersonId,
    person::{Administrator, NotAllowed},
    time::Timestamp,
    vault::{Context, Keyring, Sealed},
};

/// A secret that was shown and of which no code came within this is forgotten.
const SHOWN: SignedDuration = SignedDuration::from_hours(1);

/// A person's second factor as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret of their one-time codes.
    pub sealed: Sealed,
    /// It proves them since then; `None`: it was only shown yet.
    pub since: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

impl Store {
    /// A person's second factor; `None` where they have none, and where one was shown too long ago.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn second_factor(&self, id: &PersonId) -> Result<Option<SecondFactor>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let row = sql("SELECT f.*,
               (SELECT COUNT(*) FROM recovery_code r
                WHERE r.person = f.person AND r.used_at IS NULL) AS codes
             FROM second_factor f
             WHERE f.person = $1 AND (f.confirmed_at IS NOT NULL OR f.made_at > $2)")
        .bind(id)
        .bind(now.minus(SHOWN))
        .opt(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(SecondFactor {
            sealed: Sealed { key_id: row.get("key_id")?, text: row.get("sealed")? },
            since: row.get("confirmed_at")?,
            recovery_codes: row.get("codes")?,
        }))
    }

    /// Keeps a new secret that a person is shown. It proves nothing yet. `false`: these keys are
    /// older than the ledger's.
    ///
    /// # Errors
    /// They have a second factor already, or the ledger failed.
    pub async fn show_second_factor(
        &self,
        id: &PersonId,
        (sealed, keys): (&Sealed, &Keyring),
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        if !grants::sealing(&mut tx, keys).await? {
            return Ok(false);
        }
        let now = tx.now().await?;
        let written = sql("INSERT INTO second_factor (person, sealed, key_id, made_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id,
               made_at = excluded.made_at
             WHERE second_factor.confirmed_at IS NULL")
        .bind(id)
        .bind(&sealed.text)
        .bind(&sealed.key_id)
        .bind(now)
        .run(&mut tx)
        .await?;
        if written == 0 {
            return Err(StoreError::Refused(format!("{id} has a second factor already")));
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The secret that was shown proves its person from now on; the code of `step` was its first.
    ///
    /// # Errors
    /// Another secret was shown meanwhile, it proves them already, or the ledger failed.
    pub async fn begin_second_factor(
        &self,
        by: &Actor,
        id: &PersonId,
        shown: &Sealed,
        step: i64,
        recovery: &[Hash],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let written = sql("UPDATE second_factor SET confirmed_at = $3, last_step = $4
             WHERE person = $1 AND sealed = $2 AND confirmed_at IS NULL")
        .bind(id)
        .bind(&shown.text)
        .bind(now)
        .bind(step)
        .run(&mut tx)
        .await?;
        if written == 0 {
            return Err(StoreError::Conflict("that secret is not the one shown last"));
        }
        put_recovery(&mut tx, id, recovery).await?;
        self.finish(tx, by, vec![Act::new(id, "person.second-factor-set", json!({}))]).await
    }

    /// Takes the code of a step, once. `false`: it, or a later one, was taken before.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn take_code(&self, id: &PersonId, step: i64) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let taken = sql("UPDATE second_factor SET last_step = $2
             WHERE person = $1 AND confirmed_at IS NOT NULL
               AND (last_step IS NULL OR last_step < $2)")
        .bind(id)
        .bind(step)
        .run(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(taken > 0)
    }

    /// Whether a person has this recovery code left.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn has_recovery_code(&self, id: &PersonId, code: &Hash) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let found = sql("SELECT person FROM recovery_code
             WHERE person = $1 AND hash = $2 AND used_at IS NULL")
        .bind(id)
        .bind(*code)
        .opt(&mut tx)
        .await?;
        Ok(found.is_some())
    }

    /// Takes a recovery code, once. `false`: it was taken before, or is none.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn take_recovery_code(
        &self,
        by: &Actor,
        id: &PersonId,
        code: &Hash,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let taken = sql("UPDATE recovery_code SET used_at = $3
             WHERE person = $1 AND hash = $2 AND used_at IS NULL")
        .bind(id)
        .bind(*code)
        .bind(now)
        .run(&mut tx)
        .await?;
        if taken == 0 {
            return Ok(false);
        }
        let act = Act::new(id, "person.recovery-code-used", json!({}));
        self.finish(tx, by, vec![act]).await?;
        Ok(true)
    }

    /// Puts new recovery codes in the place of a person's old ones.
    ///
    /// # Errors
    /// They have no second factor, or the ledger failed.
    pub async fn renew_recovery_codes(
        &self,
        by: &Actor,
        id: &PersonId,
        recovery: &[Hash],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let factor = sql("SELECT person FROM second_factor
             WHERE person = $1 AND confirmed_at IS NOT NULL")
        .bind(id)
        .opt(&mut tx)
        .await?;
        if factor.is_none() {
            return Err(StoreError::NotFound(format!("second factor of {id}")));
        }
        put_recovery(&mut tx, id, recovery).await?;
        let act = Act::new(id, "person.recovery-codes-renewed", json!({}));
        self.finish(tx, by, vec![act]).await
    }

    /// A person's second factor and recovery codes are gone, and so are their sessions: they enrol
    /// anew. `administrator`: who does that for somebody else who lost theirs; without one it is the
    /// person's own act.
    ///
    /// # Errors
    /// They have none, an administrator would reset their own, or the ledger failed.
    pub async fn end_second_factor(
        &self,
        by: &Actor,
        administrator: Option<&Administrator>,
        id: &PersonId,
    ) -> Result<(), StoreError> {
        let own = administrator.filter(|administrator| administrator.id() == id);
        if own.is_some() {
            let person = id.clone();
            return Err(NotAllowed::Own { person, act: "reset their own second factor" }.into());
        }
        let mut tx = self.write().await?;
        people::as_recorded(&mut tx, id).await?;
        let gone = sql("DELETE FROM second_factor WHERE person = $1").bind(id).run(&mut tx).await?;
        if gone == 0 {
            return Err(StoreError::NotFound(format!("second factor of {id}")));
        }
        sql("DELETE FROM recovery_code WHERE person = $1").bind(id).run(&mut tx).await?;
        let body = match administrator {
            Some(administrator) => {
                sql("DELETE FROM console_session WHERE person = $1").bind(id).run(&mut tx).await?;
                json!({"by": administrator.id()})
            }
            None => json!({}),
        };
        let act = Act::new(id, "person.second-factor-ended", body);
        self.finish(tx, by, vec![act]).await
    }
}

async fn put_recovery(tx: &mut Tx, id: &PersonId, codes: &[Hash]) -> Result<(), StoreError> {
    sql("DELETE FROM recovery_code WHERE person = $1").bind(id).run(tx).await?;
    sql("INSERT INTO recovery_code (person, hash)
         SELECT $1, j.value->>'hash' FROM json_each(CAST($2 AS TEXT)) AS j")
    .bind(id)
    .batch(codes.iter().map(|code| json!({"hash": code})).collect())
    .run(tx)
    .await?;
    Ok(())
}

/// Seals every secret anew that another key than the current one sealed.
pub(super) async fn reseal(
    tx: &mut Tx,
    keys: &Keyring,
    mut reseal: impl FnMut(Context<'_>, &Sealed) -> Result<Sealed, StoreError>,
) -> Result<u64, StoreError> {
    let rows = sql("SELECT * FROM second_factor WHERE key_id <> $1 ORDER BY person")
        .bind(keys.current())
        .all(tx)
        .await?;
    for row in &rows {
        let person: PersonId = row.get("person")?;
        let old = Sealed { key_id: row.get("key_id")?, text: row.get("sealed")? };
        let sealed = reseal(Context::SecondFactor(&person), &old)?;
        sql("UPDATE second_factor SET sealed = $2, key_id = $3 WHERE person = $1")
            .bind(&person)
            .bind(&sealed.text)
            .bind(&sealed.key_id)
            .run(tx)
            .await?;
    }
    Ok(rows.len() as u64)
}

/// Ends every second factor that none of these keys opens.
pub(super) async fn give_up(
    tx: &mut Tx,
    keys: Vec<Json>,
    by: &PersonId,
    acts: &mut Vec<Act>,
) -> Result<(), StoreError> {
    let rows = sql("DELETE FROM second_factor WHERE key_id NOT IN
           (SELECT j.value->>'k' FROM json_each(CAST($1 AS TEXT)) AS j)
         RETURNING person")
    .batch(keys)
    .all(tx)
    .await?;
    for row in &rows {
        let person: PersonId = row.get("person")?;
        sql("DELETE FROM recovery_code WHERE person = $1").bind(&person).run(tx).await?;
        let body = json!({"why": "its key is lost", "by": by});
        acts.push(Act::new(person, "person.second-factor-ended", body));
    }
    Ok(())
}
