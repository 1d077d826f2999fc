//! The tokens of the JSON API. A token is known by its hash, so that whoever reads the ledger cannot
//! use one; making and revoking one are acts upon its person. What a token allows is decided anew at
//! each use, by its person's role as it then is.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    people,
    record::Act,
};
use crate::domain::{canonical::Hash, ids::PersonId, person::Person, time::Timestamp};

/// One person has no more tokens than a person can keep an eye on.
const MOST: usize = 20;

/// A token, for its person's eyes: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The hash of the token.
    pub id: Hash,
    /// Whose it is.
    pub person: PersonId,
    /// What its person calls it.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<String>,
    /// Made at.
    pub made_at: Timestamp,
    /// It is worth nothing from then on.
    pub expires_at: Timestamp,
    /// Its last use, to the minute.
    pub used_at: Option<Timestamp>,
}

/// Who calls by a token, as the ledger has them now.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// The token.
    pub token: TokenRow,
    /// Its person.
    pub person: Person,
    /// Somebody else chose their passphrase: they must change it first.
    pub first_passphrase: bool,
}

impl Store {
    /// Makes a token of a person's own, and forgets those that have ended.
    ///
    /// # Errors
    /// The name is in use, there are too many, there is no such person, or the ledger failed.
    pub async fn make_token(
        &self,
        by: &Actor,
        id: &Hash,
        person: &PersonId,
        (name, scopes): (&str, &[&str]),
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        people::as_recorded(&mut tx, person).await?;
        sql("DELETE FROM api_token WHERE expires_at <= $1").bind(now).run(&mut tx).await?;
        let own = sql("SELECT * FROM api_token WHERE person = $1").bind(person);
        let own: Vec<TokenRow> =
            own.all(&mut tx).await?.iter().map(read).collect::<Result<_, _>>()?;
        if own.len() >= MOST {
            let problem = format!("{person} has {MOST} tokens; revoke one that is not used");
            return Err(StoreError::Refused(problem));
        }
        if own.iter().any(|token| token.name == name) {
            return Err(StoreError::Refused(format!("a token named {name} exists already")));
        }
        sql("INSERT INTO api_token (id, person, name, scopes, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(*id)
        .bind(person)
        .bind(name)
        .bind(scopes.join(","))
        .bind(now)
        .bind(expires_at)
        .run(&mut tx)
        .await?;
        let body = json!({"name": name, "scopes": scopes, "expires_at": expires_at});
        self.finish(tx, by, vec![Act::new(person, "person.token-made", body)]).await
    }

    /// Revokes a token of a person. `false`: there is no such token.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn revoke_token(
        &self,
        by: &Actor,
        person: &PersonId,
        id: &Hash,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let row = sql("DELETE FROM api_token WHERE person = $1 AND id = $2 RETURNING name")
            .bind(person)
            .bind(*id)
            .opt(&mut tx)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let body = json!({"name": row.get::<String>("name")?});
        self.finish(tx, by, vec![Act::new(person, "person.token-revoked", body)]).await?;
        Ok(true)
    }

    /// A person's tokens that are good, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tokens(&self, person: &PersonId) -> Result<Vec<TokenRow>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM api_token WHERE person = $1 AND expires_at > $2
             ORDER BY made_at DESC, name")
        .bind(person)
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Who calls by the token with this hash, if it is good.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn bearer(&self, id: &Hash) -> Result<Option<Bearer>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let row = sql("SELECT t.*, p.first_passphrase AS first FROM api_token t
             JOIN person p ON p.id = t.person WHERE t.id = $1 AND t.expires_at > $2")
        .bind(*id)
        .bind(now)
        .opt(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let token = read(&row)?;
        let person = people::as_recorded(&mut tx, &token.person).await?;
        let first_passphrase = row.get::<Option<i64>>("first")? == Some(1);
        Ok(Some(Bearer { token, person, first_passphrase }))
    }

    /// A token was used.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn token_used(&self, id: &Hash) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        sql("UPDATE api_token SET used_at = $2 WHERE id = $1")
            .bind(*id)
            .bind(now)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }
}

fn read(row: &Row) -> Result<TokenRow, StoreError> {
    let scopes: String = row.get("scopes")?;
    Ok(TokenRow {
        id: row.get("id")?,
        person: row.get("person")?,
        name: row.get("name")?,
        scopes: scopes.split(',').map(str::to_owned).collect(),
        made_at: row.get("made_at")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    })
}
