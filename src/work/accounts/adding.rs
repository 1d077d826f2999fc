//! Adding an account: its platform is asked whose the token is before anything is stored. Command
//! line, set-up and console ask here.

use std::{path::Path, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::{
    destinations::{
        Destination, Unread,
        tokens::{FixedToken, Renew as _},
    },
    domain::{engagement::Identity, ids::AccountName, person::Administrator, platform::Platform},
    store::{AccountRow, Actor, StoreError},
    work::{Ctx, connecting, key_file},
};

/// Why an account was not added. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// There is one by that name.
    #[error("there is an account {0} already; revoke it first, or choose another name")]
    Taken(AccountName),
    /// The token is somebody else's than was said.
    #[error("the token is @{theirs}'s, not @{meant}'s; nothing was stored")]
    Others {
        /// Whose the token is.
        theirs: String,
        /// Whose it was said to be.
        meant: String,
    },
    /// A longer text was wanted than the server takes.
    #[error("the server takes texts of at most {most}; --max-length {wanted} is more")]
    TooLong {
        /// The server's most.
        most: u32,
        /// What was wanted.
        wanted: u32,
    },
    /// The platform did not confirm the token.
    #[error(transparent)]
    Unconfirmed(#[from] Unconfirmed),
    /// The ledger failed, or refused it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether there is an account by that name that was not revoked.
///
/// # Errors
/// The ledger failed.
pub async fn is_taken(ctx: &Ctx, name: &AccountName) -> Result<bool, StoreError> {
    let rows = ctx.store.accounts().await?;
    Ok(rows.iter().any(|row| row.account.name == *name && !row.revoked))
}

/// Adds an account, bound to whoever its token is. `length`: of its texts, where the server's most is
/// not wanted.
///
/// # Errors
/// It is not added, and why.
pub async fn add(
    ctx: &Ctx,
    (by, administrator): (&Actor, &Administrator),
    mut row: AccountRow,
    length: Option<u32>,
) -> Result<AccountRow, NotAdded> {
    if is_taken(ctx, &row.account.name).await? {
        return Err(NotAdded::Taken(row.account.name));
    }
    if row.token_from.is_some() {
        let asked = ask(ctx, &row).await?;
        let theirs = &asked.identity.author;
        let account = &mut row.account;
        if !account.handle.is_empty() && local(&account.handle) != local(&theirs.handle) {
            let (theirs, meant) = (theirs.handle.clone(), account.handle.clone());
            return Err(NotAdded::Others { theirs, meant });
        }
        let wanted = length.unwrap_or(asked.max_length);
        if wanted > asked.max_length {
            return Err(NotAdded::TooLong { most: asked.max_length, wanted });
        }
        account.handle.clone_from(&theirs.handle);
        account.stable_id = Some(theirs.stable_id.clone());
        account.max_length = wanted;
    }
    ctx.store.put_account(by, administrator, &row).await?;
    Ok(row)
}

/// Keeps a token that a person typed, in a file of this machine that its owner alone reads
/// (`keys/NAME.token`), and says where it is from then on.
///
/// # Errors
/// It cannot be written.
pub fn keep_token(
    ctx: &Ctx,
    data: &Path,
    name: &AccountName,
    token: &SecretString,
) -> std::io::Result<String> {
    let keys = std::path::absolute(data.join("keys"))?;
    std::fs::create_dir_all(&keys)?;
    let file = keys.join(format!("{name}.token"));
    let line = Zeroizing::new(format!("{}\n", token.expose_secret().trim()));
    key_file::replace(&file, &line, &ctx.dice)?;
    Ok(format!("file:{}", file.display()))
}

/// The longest text of each platform that nobody can be asked for, in its own measure.
pub const fn usual_length(platform: Platform) -> u32 {
    match platform {
        Platform::X => 280,
        Platform::Bluesky => 300,
        Platform::Sandbox | Platform::Mastodon | Platform::Threads => 500,
        Platform::Instagram => 2_200,
        Platform::Linkedin => 3_000,
        Platform::Telegram => 4_096,
        Platform::Facebook => 5_000,
    }
}

/// What the platform says of an account.
pub struct Asked {
    /// Whose the token is.
    pub identity: Identity,
    /// How long a text may be.
    pub max_length: u32,
}

/// A platform did not confirm an account's token.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server at {server} did not confirm the token of {account}: {reason}. Check the address and \
     the token (it needs to read and write, and belongs to the unit's own account)"
)]
pub struct Unconfirmed {
    /// The server that was asked.
    server: String,
    account: AccountName,
    /// Why not.
    pub reason: String,
}

/// Asks an account's platform whose its token is and how long a text may be.
///
/// # Errors
/// It did not say.
pub async fn ask(ctx: &Ctx, row: &AccountRow) -> Result<Asked, Unconfirmed> {
    let what = |reason: String| Unconfirmed {
        server: row.account.base_url.clone(),
        account: row.account.name.clone(),
        reason,
    };
    // A session is kept in the ledger, where the account is not before it is known who it is.
    if row.account.platform == Platform::Bluesky && row.account.stable_id.is_none() {
        let session = connecting::session(row, ctx).map_err(|error| what(format!("{error:#}")))?;
        let grant = session.renew(None).await.map_err(|error| what(error.to_string()))?;
        let token = FixedToken::new(SecretString::from(grant.access.expose_secret()));
        let destination = connecting::destination(row, Arc::new(token), ctx);
        let destination = destination.map_err(|error| what(format!("{error:#}")))?;
        let asked = asked(&*destination).await;
        if let Err(error) = session.end(&grant).await {
            tracing::debug!("a session that is not needed ends by itself: {error}");
        }
        return asked.map_err(|error| what(error.to_string()));
    }
    let connected = connecting::connect(row, ctx).map_err(|error| what(format!("{error:#}")))?;
    asked(&*connected.destination).await.map_err(|error| what(error.to_string()))
}

async fn asked(destination: &dyn Destination) -> Result<Asked, Unread> {
    let identity = destination.whoami().await?;
    Ok(Asked { identity, max_length: destination.limits().await?.max_length })
}

/// The part of a handle before its server, as every server spells it.
pub(super) fn local(handle: &str) -> String {
    handle.trim_start_matches('@').split('@').next().unwrap_or_default().to_lowercase()
}
