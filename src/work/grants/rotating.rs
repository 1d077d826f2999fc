//! Changing the key that seals the grants and the secrets of one-time codes, and storing the grant
//! that a person got.
//!
//! The invariant: at no moment is anything sealed without its key in the key file. The new key is
//! written first, everything is sealed anew in one transaction, and only then is the old key
//! dropped: whatever is cut short, doing it again ends well.

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use super::{Vault, renewing::SEALINGS};
use crate::{
    destinations::tokens::Grant,
    domain::{
        ids::AccountName,
        person::Administrator,
        vault::{Context, Keyring},
    },
    store::{Actor, Kept, Store, StoreError},
    work::key_file,
};

/// Changes the key. Returns how many grants and secrets of one-time codes were sealed anew.
///
/// # Errors
/// The key file cannot be read or written, something sealed does not open, another process is changing the
/// key, or the ledger failed. Whatever opened still opens.
pub async fn rotate(
    vault: &Vault,
    store: &Store,
    by: &Actor,
    administrator: &Administrator,
) -> anyhow::Result<u64> {
    let Some(path) = vault.file() else {
        let keys = vault.keys()?;
        if keys.older().next().is_none() {
            bail!(
                "the key is a systemd credential, which takaza cannot write: put a new key (64 \
                 hexadecimal digits) on the first line of its source and the old one below, restart \
                 the service, and repeat this"
            );
        }
        return reseal(vault, store, by, administrator, &keys).await;
    };
    // Makes the file and its folder where there is none yet.
    vault.keys()?;
    let lock = std::fs::File::create(path.with_extension("lock"))?;
    lock.try_lock().context("another process is changing the key; wait for it")?;
    let old = key_file::read(path)?;
    let written = || format!("{} cannot be written; the old key stays", path.display());
    let new = key_file::new_key(vault.dice());
    let both = Zeroizing::new(format!("{}\n{}\n", new.as_str(), old.trim()));
    key_file::replace(path, &both, vault.dice()).with_context(written)?;
    let keys = Keyring::parse(&both)?;
    let sealed = reseal(vault, store, by, administrator, &keys).await?;
    key_file::replace(path, &new, vault.dice()).with_context(|| {
        format!(
            "{}: everything is sealed anew, but the old key could not be dropped",
            path.display()
        )
    })?;
    Ok(sealed)
}

async fn reseal(
    vault: &Vault,
    store: &Store,
    by: &Actor,
    administrator: &Administrator,
    keys: &Keyring,
) -> anyhow::Result<u64> {
    let reseal = |context: Context<'_>, sealed: &_| {
        vault.reseal(keys, context, sealed).map_err(|error| StoreError::Refused(error.to_string()))
    };
    Ok(store.reseal_all(by, administrator, keys, reseal).await?)
}

/// The key that sealed the ledger's grants is lost for good: ends those that no key here opens, and
/// the second factors likewise, and names the one that is here. Returns how many accounts must be
/// connected anew.
///
/// # Errors
/// The key file cannot be read or made, or the ledger failed.
pub async fn give_up_lost(
    vault: &Vault,
    store: &Store,
    by: &Actor,
    administrator: &Administrator,
) -> anyhow::Result<u64> {
    Ok(store.give_up_grants(by, administrator, &vault.keys()?).await?)
}

/// Seals and stores the grant that a person got for an account.
///
/// # Errors
/// It could not be sealed or stored.
pub async fn keep(
    vault: &Vault,
    store: &Store,
    by: &Actor,
    administrator: &Administrator,
    account: &AccountName,
    grant: &Grant,
) -> anyhow::Result<()> {
    for _ in 0..SEALINGS {
        let keys = vault.keys()?;
        let sealed = (&vault.seal(&keys, account, grant)?, &keys);
        match store.put_grant(by, administrator, account, sealed, grant.expires_at).await? {
            Kept::OtherKey => {}
            Kept::Stored(_) | Kept::Superseded => return Ok(()),
        }
    }
    bail!(
        "the ledger's grants are sealed by a key that is not in this machine's key file; put the \
         newest key file here (secrets.key_file). If that key is lost for good: `takaza account \
         rotate-key --lost`"
    )
}
