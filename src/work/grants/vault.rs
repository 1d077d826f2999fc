//! The vault of grants: the keyring of the key file, and a grant's form inside its seal.
//!
//! The key file is read for every sealing and opening: both are rare, and a key that was changed is
//! known at once in every process.

use std::{borrow::Cow, path::PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::key_file;
use crate::{
    clock::Dice,
    config::{KeyPlace, credential},
    destinations::tokens::Grant,
    domain::{
        ids::AccountName,
        time::Timestamp,
        vault::{Context, Keyring, Sealed, Unopened},
    },
};

/// Why a grant could be neither sealed nor opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file.
    #[error("the key that seals, {place}, cannot be read or made: {why}")]
    Key {
        /// Where it is looked for.
        place: String,
        /// Why.
        why: String,
    },
    /// The grant does not open.
    #[error("the grant of account {account} does not open: {why}{todo}")]
    Unopened {
        /// Whose it is.
        account: AccountName,
        /// Why.
        why: Unopened,
        /// What to do.
        todo: &'static str,
    },
    /// What an older key sealed could not be sealed anew.
    #[error("{what} does not open: {why}{todo}")]
    Kept {
        /// What it is, and whose.
        what: String,
        /// Why.
        why: Unopened,
        /// What to do.
        todo: &'static str,
    },
    /// It opened, and what is in it is no grant.
    #[error("the grant of account {0} is in a form that this version does not know")]
    Form(AccountName),
}

/// Seals and opens grants.
#[derive(Clone)]
pub struct Vault {
    place: KeyPlace,
    dice: Dice,
}

/// A grant as it is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    #[serde(borrow)]
    access: Cow<'a, str>,
    /// Empty: none.
    #[serde(borrow)]
    refresh: Cow<'a, str>,
    /// Microseconds since 1970 UTC.
    expires_at: i64,
}

fn secret(text: Cow<'_, str>) -> SecretString {
    match text {
        Cow::Borrowed(text) => SecretString::from(text),
        Cow::Owned(text) => SecretString::from(text),
    }
}

impl Vault {
    /// A vault whose key is there.
    pub fn new(place: KeyPlace, dice: Dice) -> Self {
        Self { place, dice }
    }

    /// Where the key file is, unless it is a credential.
    pub fn file(&self) -> Option<&PathBuf> {
        match &self.place {
            KeyPlace::File(path) => Some(path),
            KeyPlace::Credential(_) => None,
        }
    }

    pub(super) const fn dice(&self) -> &Dice {
        &self.dice
    }

    /// The keys as they are now; the file is made at its first use.
    ///
    /// # Errors
    /// It can be neither read nor made, or others may read it.
    pub fn keys(&self) -> Result<Keyring, VaultError> {
        let place = match &self.place {
            KeyPlace::File(path) => path.display().to_string(),
            KeyPlace::Credential(name) => format!("credential:{name}"),
        };
        let key = |why: String| VaultError::Key { place: place.clone(), why };
        let text = match &self.place {
            KeyPlace::File(path) => key_file::read_or_make(path, &self.dice),
            KeyPlace::Credential(name) => {
                let path = credential(name).map_err(|error| key(format!("{error:#}")))?;
                std::fs::read_to_string(path).map(Zeroizing::new)
            }
        };
        let text = text.map_err(|error| key(error.to_string()))?;
        Keyring::parse(&text).map_err(|error| key(error.to_string()))
    }

    /// Seals a grant with the current key of these.
    ///
    /// # Errors
    /// It is too long.
    pub fn seal(
        &self,
        keys: &Keyring,
        account: &AccountName,
        grant: &Grant,
    ) -> Result<Sealed, VaultError> {
        let form = Form {
            access: grant.access.expose_secret().into(),
            refresh: grant.refresh.as_ref().map_or("", |token| token.expose_secret()).into(),
            expires_at: grant.expires_at.micros(),
        };
        // Room enough that it is written in one place, which is wiped.
        let mut plain = Zeroizing::new(Vec::with_capacity(16 << 10));
        let form_error = || VaultError::Form(account.clone());
        serde_json::to_writer(&mut *plain, &form).map_err(|_| form_error())?;
        keys.seal(&plain, Context::Grant(account), self.dice.bytes()).map_err(|_| form_error())
    }

    /// Opens an account's grant.
    ///
    /// # Errors
    /// Its key is not here, it was altered, or it is in no form that is known.
    pub fn open(&self, account: &AccountName, sealed: &Sealed) -> Result<Grant, VaultError> {
        let plain = self.keys()?.open(sealed, Context::Grant(account)).map_err(|why| {
            let todo = match why {
                Unopened::NoKey(_) => "; put the newest key file here (secrets.key_file)",
                Unopened::Altered => {
                    "; somebody changed the ledger: look into it, and connect the account anew"
                }
            };
            VaultError::Unopened { account: account.clone(), why, todo }
        })?;
        let form: Form =
            serde_json::from_slice(&plain).map_err(|_| VaultError::Form(account.clone()))?;
        Ok(Grant {
            access: secret(form.access),
            refresh: Some(form.refresh).filter(|token| !token.is_empty()).map(secret),
            expires_at: Timestamp::from_micros(form.expires_at),
        })
    }

    /// Seals anew what an older key sealed, whatever it is.
    ///
    /// # Errors
    /// It does not open.
    pub fn reseal(
        &self,
        keys: &Keyring,
        context: Context<'_>,
        sealed: &Sealed,
    ) -> Result<Sealed, VaultError> {
        let todo = match context {
            Context::Grant(_) => "; connect the account anew, or restore the key that sealed it",
            Context::SecondFactor(_) => {
                "; reset it (`takaza person second-factor reset`), or restore the key that sealed it"
            }
        };
        let kept = |why| VaultError::Kept { what: context.to_string(), why, todo };
        let plain = keys.open(sealed, context).map_err(kept)?;
        // What was short enough to be sealed once still is.
        keys.seal(&plain, context, self.dice.bytes()).map_err(|_| kept(Unopened::Altered))
    }
}
