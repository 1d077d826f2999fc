//! What proves a person: their passphrase, kept as an argon2id hash.
//!
//! A wrong passphrase and a person who does not exist take the same work and give the same answer,
//! so that nobody learns names by trying.

use anyhow::anyhow;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    clock::Dice,
    domain::{ids::PersonId, person::Person},
    store::{Passphrase, Store, StoreError},
};

/// Fewer characters than this are no passphrase.
pub const SHORTEST: usize = 12;

/// What a passphrase is compared with where there is no such person: the same work, and no
/// passphrase has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a passphrase was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    /// The person, the passphrase or the code is wrong.
    #[error(
        "the person or the passphrase is wrong. An administrator can list the people (`takaza \
         person list`)"
    )]
    Wrong,
    /// The new one is too short.
    #[error("a passphrase has at least {SHORTEST} characters: four random words do well")]
    TooShort,
    /// The new one is the old one.
    #[error("that is the passphrase you have; choose another")]
    Same,
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashing failed, or a second factor does not open.
    #[error("who it is could not be proved: {0:#}")]
    Hash(#[from] anyhow::Error),
}

/// The person whom a passphrase proves. One who does not exist costs and says the same as a wrong
/// one. The work is done aside, so that it holds up nobody else.
///
/// # Errors
/// The person or the passphrase is wrong, or the ledger failed.
pub async fn verify(
    store: &Store,
    id: &PersonId,
    passphrase: &SecretString,
) -> Result<(Person, Passphrase), Unproved> {
    let found = match store.person(id).await {
        Ok(found) => Some(found),
        Err(StoreError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let stored = found.as_ref().map_or(NOBODY, |(_, stored)| &stored.hash).to_owned();
    let given = passphrase.clone();
    let right = tokio::task::spawn_blocking(move || matches(&given, &stored))
        .await
        .map_err(|error| anyhow!("{error}"))??;
    found.filter(|_| right).ok_or(Unproved::Wrong)
}

/// The hash of a new passphrase that is long enough and another than `old`.
///
/// # Errors
/// It is too short, or the old one.
pub fn accept(
    passphrase: &SecretString,
    old: Option<&Passphrase>,
    dice: &Dice,
) -> Result<String, Unproved> {
    if passphrase.expose_secret().chars().count() < SHORTEST {
        return Err(Unproved::TooShort);
    }
    if old.is_some_and(|old| matches(passphrase, &old.hash).unwrap_or(false)) {
        return Err(Unproved::Same);
    }
    hash(passphrase, dice)
}

/// The argon2id hash of a passphrase, in PHC form.
///
/// # Errors
/// The algorithm refused its input.
pub fn hash(passphrase: &SecretString, dice: &Dice) -> Result<String, Unproved> {
    let salt = dice.bytes::<16>();
    Argon2::default()
        .hash_password_with_salt(passphrase.expose_secret().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Unproved::Hash(anyhow!("{error}")))
}

/// Whether a passphrase has this hash.
fn matches(passphrase: &SecretString, stored: &str) -> Result<bool, StoreError> {
    let parsed = PasswordHash::new(stored)
        .map_err(|_| StoreError::Corrupt("the person's passphrase".to_owned()))?;
    Ok(Argon2::default().verify_password(passphrase.expose_secret().as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_costs_what_somebody_costs() {
        let dice = Dice::seeded(1);
        let somebody = hash(&"correct horse battery".to_owned().into(), &dice).expect("a hash");
        let cost = |phc: &str| {
            let hash = PasswordHash::new(phc).expect("a PHC string");
            let length = hash.hash.map(|output| output.as_bytes().len());
            (hash.algorithm.to_string(), hash.version, hash.params.to_string(), length)
        };
        assert_eq!(cost(&somebody), cost(NOBODY));
    }
}
