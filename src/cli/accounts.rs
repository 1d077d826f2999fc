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

use clap::Subcommand;

use super::{
    Globals,
    failure::{Failure, Outcome},
};
pub(super) use crate::work::accounts::{
    adding::{ask, usual_length},
    has_grant,
};
use crate::{
    domain::platform::Platform,
    store::AccountRow,
    work::{
        Ctx,
        accounts::adding::{NotAdded, Unconfirmed},
    },
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

impl From<Unconfirmed> for Failure {
    fn from(unconfirmed: Unconfirmed) -> Self {
        Self::Failed(unconfirmed.to_string())
    }
}

impl From<NotAdded> for Failure {
    fn from(error: NotAdded) -> Self {
        let text = error.to_string();
        match error {
            NotAdded::Taken(_) | NotAdded::Others { .. } => Self::Refused(text),
            NotAdded::TooLong { .. } => Self::Usage(text),
            NotAdded::Unconfirmed(error) => error.into(),
            NotAdded::Store(error) => error.into(),
        }
    }
}

/// Whether the platform can be asked as this account: it has a token, or a grant that works.
pub(super) async fn is_connected(ctx: &Ctx, row: &AccountRow) -> Result<bool, Failure> {
    if row.revoked || !has_grant(row) {
        return Ok(!row.revoked && row.has_api());
    }
    let grant = ctx.store.grant(&row.account.name).await?;
    Ok(grant.is_some_and(|grant| grant.sealed.is_some() && grant.broken.is_none()))
}
