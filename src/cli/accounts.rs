//! `takaza account`: the unit's own accounts on platforms.

mod add;
mod connect;
pub(super) mod grant;
mod keys;
mod list;
mod live;
mod picture;
mod revoke;
pub(super) mod ungranted;

use std::sync::Arc;

use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};

pub(super) use self::add::usual_length;
use super::{
    Globals,
    failure::{Failure, Outcome},
};
pub(super) use crate::work::accounts::has_grant;
use crate::{
    app,
    destinations::{
        Destination, Unread,
        tokens::{FixedToken, Renew as _},
    },
    domain::{engagement::Identity, ids::AccountName, platform::Platform},
    store::AccountRow,
    work::Ctx,
};

/// The unit's own accounts: connected, live, paused, revoked.
///
/// Nothing goes out in public before an account is connected and a named person has turned it live.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    Add(Box<add::Add>),
    List(list::List),
    Connect(connect::Connect),
    Live(live::Live),
    Unlive(live::Unlive),
    Pause(live::Pause),
    Picture(picture::Picture),
    Adopt(live::Adopt),
    Revoke(revoke::Revoke),
    RotateKey(keys::RotateKey),
}

impl Account {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => command.run(globals).await,
            Self::List(command) => command.run(globals).await,
            Self::Connect(command) => command.run(globals).await,
            Self::Live(command) => command.run(globals).await,
            Self::Unlive(command) => command.run(globals).await,
            Self::Pause(command) => command.run(globals).await,
            Self::Picture(command) => command.run(globals).await,
            Self::Adopt(command) => command.run(globals).await,
            Self::Revoke(command) => command.run(globals).await,
            Self::RotateKey(command) => command.run(globals).await,
        }
    }
}

pub(super) fn platform(text: &str) -> Result<Platform, String> {
    Platform::parse(&text.to_lowercase()).ok_or_else(|| {
        let known: Vec<&str> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
        format!("there is no such platform; write one of {}", known.join(", "))
    })
}

async fn row(ctx: &Ctx, name: &str) -> Result<AccountRow, Failure> {
    let rows = ctx.store.accounts().await?;
    let known: Vec<String> = rows.iter().map(|row| row.account.name.to_string()).collect();
    rows.into_iter().find(|row| row.account.name.as_str() == name).ok_or_else(|| {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::usage(format!("there is no account {name}; there is: {known}"))
    })
}

/// What the platform says of an account.
pub(super) struct Asked {
    pub(super) identity: Identity,
    pub(super) max_length: u32,
}

/// A platform did not confirm an account's token.
pub(super) struct Unconfirmed {
    /// The server that was asked.
    server: String,
    account: AccountName,
    /// Why not.
    pub(super) reason: String,
}

impl From<Unconfirmed> for Failure {
    fn from(unconfirmed: Unconfirmed) -> Self {
        let Unconfirmed { server, account, reason } = unconfirmed;
        Self::Failed(format!(
            "the server at {server} did not confirm the token of {account}: {reason}. Check the \
             address and the token (it needs to read and write, and belongs to the unit's own account)"
        ))
    }
}

/// Asks an account's platform whose its token is and how long a text may be.
pub(super) async fn ask(ctx: &Ctx, row: &AccountRow) -> Result<Asked, Unconfirmed> {
    let what = |reason: String| Unconfirmed {
        server: row.account.base_url.clone(),
        account: row.account.name.clone(),
        reason,
    };
    // A session is kept in the ledger, where the account is not before it is known who it is.
    if row.account.platform == Platform::Bluesky && row.account.stable_id.is_none() {
        let session = app::session(row, ctx).map_err(|error| what(format!("{error:#}")))?;
        let grant = session.renew(None).await.map_err(|error| what(error.to_string()))?;
        let token = FixedToken::new(SecretString::from(grant.access.expose_secret()));
        let destination = app::destination(row, Arc::new(token), ctx);
        let destination = destination.map_err(|error| what(format!("{error:#}")))?;
        let asked = asked(&*destination).await;
        if let Err(error) = session.end(&grant).await {
            tracing::debug!("a session that is not needed ends by itself: {error}");
        }
        return asked.map_err(|error| what(error.to_string()));
    }
    let connected = app::connect(row, ctx).map_err(|error| what(format!("{error:#}")))?;
    asked(&*connected.destination).await.map_err(|error| what(error.to_string()))
}

async fn asked(destination: &dyn Destination) -> Result<Asked, Unread> {
    let identity = destination.whoami().await?;
    Ok(Asked { identity, max_length: destination.limits().await?.max_length })
}

/// Whether the platform can be asked as this account: it has a token, or a grant that works.
pub(super) async fn is_connected(ctx: &Ctx, row: &AccountRow) -> Result<bool, Failure> {
    if row.revoked || !has_grant(row) {
        return Ok(!row.revoked && row.has_api());
    }
    let grant = ctx.store.grant(&row.account.name).await?;
    Ok(grant.is_some_and(|grant| grant.sealed.is_some() && grant.broken.is_none()))
}

/// The part of a handle before its server, as every server spells it.
fn local(handle: &str) -> String {
    handle.trim_start_matches('@').split('@').next().unwrap_or_default().to_lowercase()
}
