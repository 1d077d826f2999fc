//! What people decide about the unit's own accounts: live, off, paused. Command line and console ask
//! here.
//!
//! The invariant: an account turns live only under a policy and a written authorisation, by an
//! approver's word, and only where it can be spoken to.

pub mod adding;
pub mod granting;

use jiff::SignedDuration;

use super::Ctx;
use crate::{
    domain::{
        ids::AccountName,
        person::{NotAllowed, Person},
        time::Timestamp,
    },
    store::{AccountRow, Actor, GrantRow, StoreError},
};

/// A pause without an end lasts until a person ends it.
const UNTIL_ENDED: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its grant was revoked.
    Revoked,
    /// It has no grant yet.
    NotConnected,
    /// Its grant can no longer be renewed.
    ToConnectAnew,
    /// It does not post for now.
    Paused(String),
    /// What is cleared goes out in public.
    Live,
    /// Nothing goes out from it.
    NotLive,
}

impl Standing {
    /// Of an account with its grant, where it has one.
    pub fn of(row: &AccountRow, grant: Option<&GrantRow>, now: Timestamp) -> Self {
        if row.revoked {
            return Self::Revoked;
        }
        if has_grant(row) {
            if grant.is_none_or(|grant| grant.sealed.is_none()) {
                return Self::NotConnected;
            }
            if grant.is_some_and(|grant| grant.broken.is_some()) {
                return Self::ToConnectAnew;
            }
        }
        let paused = row.paused_until.filter(|until| now < *until);
        if let Some(why) = paused.and(row.paused_why.as_ref()) {
            return Self::Paused(why.clone());
        }
        if row.account.live { Self::Live } else { Self::NotLive }
    }

    /// One word, as messages are named by it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::NotConnected => "not-connected",
            Self::ToConnectAnew => "to-connect-anew",
            Self::Paused(_) => "paused",
            Self::Live => "live",
            Self::NotLive => "not-live",
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Revoked => "revoked",
            Self::NotConnected => "not connected",
            Self::ToConnectAnew => "to be connected anew",
            Self::Paused(why) => return write!(f, "paused: {why}"),
            Self::Live => "live",
            Self::NotLive => "not live",
        })
    }
}

/// It is spoken to by the tokens of a grant that `takaza account connect` gets.
pub fn has_grant(row: &AccountRow) -> bool {
    row.token_from.is_none() && row.has_api()
}

/// Why an account was not turned live.
#[derive(Debug, thiserror::Error)]
pub enum NotLive {
    /// The configuration names no policy or authorisation.
    #[error(
        "write {} into takaza.toml first: an account is live only under a policy and a written authorisation",
        .missing.join(" and ")
    )]
    NoPolicy {
        /// The keys that lack.
        missing: Vec<&'static str>,
    },
    /// Its grant was revoked.
    #[error("{0} was revoked; an administrator connects it anew (`takaza account connect`)")]
    Revoked(AccountName),
    /// It has no grant.
    #[error("{0} is not connected; an administrator connects it first (`takaza account connect`)")]
    NotConnected(AccountName),
    /// They may not.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the configuration lacks before any account may be live.
pub fn missing_policy(ctx: &Ctx) -> Vec<&'static str> {
    let unit = &ctx.config.unit;
    [
        ("unit.policy_number", &unit.policy_number),
        ("unit.authorisation_number", &unit.authorisation_number),
    ]
    .into_iter()
    .filter(|(_, number)| number.as_ref().is_none_or(|number| number.trim().is_empty()))
    .map(|(key, _)| key)
    .collect()
}

/// Turns an account live, and ends a pause.
///
/// # Errors
/// They are no approver, there is no policy, it cannot be spoken to, or the ledger failed.
pub async fn turn_live(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    row: &AccountRow,
) -> Result<(), NotLive> {
    person.as_approver(ctx.clock.now())?;
    let missing = missing_policy(ctx);
    if !missing.is_empty() {
        return Err(NotLive::NoPolicy { missing });
    }
    let name = &row.account.name;
    if row.revoked {
        return Err(NotLive::Revoked(name.clone()));
    }
    if has_grant(row) && ctx.store.grant(name).await?.is_none_or(|grant| grant.sealed.is_none()) {
        return Err(NotLive::NotConnected(name.clone()));
    }
    ctx.store.set_live(by, person, name, true).await?;
    if row.paused_until.is_some() {
        ctx.store.pause_account(by, name, None).await?;
    }
    Ok(())
}

/// Pauses an account until then, or until somebody ends it. Returns until when.
///
/// # Errors
/// They may not, the time has passed, there is no such account, or the ledger failed.
pub async fn pause(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    name: &AccountName,
    (until, why): (Option<Timestamp>, &str),
) -> Result<Timestamp, StoreError> {
    let now = ctx.clock.now();
    person.as_desk(now)?;
    let until = until.unwrap_or_else(|| now.plus(UNTIL_ENDED));
    if until <= now {
        let zone = ctx.limits.calendar().zone();
        let at = crate::domain::time::clock(until, zone);
        return Err(StoreError::Refused(format!("{at} has passed")));
    }
    ctx.store.pause_account(by, name, Some((until, why))).await?;
    Ok(until)
}

/// Ends a pause.
///
/// # Errors
/// They may not, there is no such account, or the ledger failed.
pub async fn go_on(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    name: &AccountName,
) -> Result<(), StoreError> {
    person.as_desk(ctx.clock.now())?;
    ctx.store.pause_account(by, name, None).await
}
