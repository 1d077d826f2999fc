//! Keeps the grants of our accounts: gives out tokens, and renews them ahead of time.
//!
//! The invariants: a single-use grant is used by one process, once, under a lease that is committed
//! before the platform is asked, and no transaction is open meanwhile; what the platform grants is
//! stored before it is used; an answer that was lost is called lost, and a person connects the
//! account anew; a renewal that is under way is not dropped with whoever asked for it.

mod renewing;
mod rotating;
mod vault;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::{
    rotating::{give_up_lost, keep, rotate},
    vault::{Vault, VaultError},
};
use super::{Ctx, Progress};
use crate::{
    clock::{Clock, Dice},
    destinations::tokens::{Grant, NoToken, Renew, Tokens},
    domain::{ids::AccountName, time::Timestamp},
    store::{Actor, GrantLease, GrantRow, Store},
};

/// A token that ends sooner is renewed before it is given out.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);
/// A token that ends sooner is renewed although nobody asks for it.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);
/// A token that was granted within this and is refused is not stale: another one would not help.
const JUST: SignedDuration = SignedDuration::from_mins(10);
/// A platform that said "not now" is not asked again within this.
const REST: SignedDuration = SignedDuration::from_secs(30);

/// Renews every grant that ends within the margin, and settles what a dead process left behind.
///
/// # Errors
/// None: what could not be renewed is in the notes, and stops no other.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let mut progress = Progress::default();
    for (name, keeper) in ctx.keepers.iter() {
        match keeper.ahead().await {
            Ok(renewed) => progress.did += u64::from(renewed),
            Err(none) => progress.notes.push(format!("the grant of {name}: {none}")),
        }
    }
    Ok(progress)
}

/// What a keeper works with.
pub struct Parts {
    /// The account whose grant it keeps.
    pub account: AccountName,
    /// The ledger.
    pub store: Store,
    /// What opens and seals.
    pub vault: Vault,
    /// How the platform renews.
    pub renew: Arc<dyn Renew>,
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub dice: Dice,
    /// This process's name.
    pub process: String,
    /// How long a lease runs.
    pub lease: SignedDuration,
    /// How long the platform's answer may take; the lease is longer.
    pub request_timeout: SignedDuration,
}

/// The tokens of one account whose grant is in the ledger.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    parts: Parts,
    held: Mutex<Held>,
}

/// What this process knows without asking the ledger.
#[derive(Default)]
struct Held {
    fresh: Option<Fresh>,
    /// The grant whose token a server refused: it is given out no more.
    refused: Option<i64>,
    /// The platform is not asked before then.
    rest_until: Option<Timestamp>,
    /// Granted, and not yet stored, for the ledger failed.
    unsaved: Option<Unsaved>,
}

/// A stored grant's token.
struct Fresh {
    access: SecretString,
    expires_at: Timestamp,
    issued_at: Timestamp,
    rev: i64,
}

/// A grant that the platform gave, and the lease that it was renewed under.
struct Unsaved {
    lease: GrantLease,
    grant: Grant,
}

impl Fresh {
    /// What is left of its life when it must be renewed; a short life is not eaten up by margins.
    fn margin(&self, most: SignedDuration, share: i32) -> SignedDuration {
        margin(self.issued_at, self.expires_at, most, share)
    }

    fn token(&self) -> SecretString {
        SecretString::from(self.access.expose_secret())
    }
}

fn margin(
    issued_at: Timestamp,
    expires_at: Timestamp,
    most: SignedDuration,
    share: i32,
) -> SignedDuration {
    most.min(expires_at.since(issued_at) / share).max(SignedDuration::ZERO)
}

fn later(reason: impl ToString) -> NoToken {
    NoToken::Later { reason: reason.to_string() }
}

impl Keeper {
    /// A keeper of this account's grant.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, held: Mutex::default() }))
    }

    /// Renews the grant where it ends within the margin, was abandoned by a process that ended, or
    /// was refused by a server; stores what could not be stored. Whether it was renewed.
    ///
    /// # Errors
    /// It was not renewed, and whether to come back or to ask a person.
    pub async fn ahead(&self) -> Result<bool, NoToken> {
        let inner = self.0.clone();
        tokio::spawn(async move { inner.ahead().await })
            .await
            .unwrap_or_else(|_broke_off| Err(later("the renewal broke off")))
    }
}

#[async_trait]
impl Tokens for Keeper {
    async fn token(&self) -> Result<SecretString, NoToken> {
        if let Some(token) = self.0.at_hand() {
            return Ok(token);
        }
        let inner = self.0.clone();
        // In a task of its own: whoever asks may give up, a renewal under way must not.
        tokio::spawn(async move { inner.fetch().await })
            .await
            .unwrap_or_else(|_broke_off| Err(later("the renewal broke off")))
    }

    async fn refused(&self, token: &SecretString) -> bool {
        let inner = &self.0;
        let Ok(row) = inner.row().await else {
            // Nobody knows; to ask again is harmless.
            return true;
        };
        let Some(row) = row else { return true };
        let Ok(Some(fresh)) = inner.open(&row).map(|opened| opened.map(|(fresh, _)| fresh)) else {
            return true;
        };
        if fresh.access.expose_secret() != token.expose_secret() {
            inner.remember(fresh);
            return true;
        }
        let just = inner.parts.clock.now() < fresh.issued_at.plus(JUST);
        if row.broken.is_some() || just {
            return false;
        }
        let rev = fresh.rev;
        inner.remember(fresh);
        inner.held().refused = Some(rev);
        true
    }
}

impl Inner {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn by(&self) -> Actor {
        Actor::worker(&format!("grants@{}", self.parts.process))
    }

    /// The token in memory, where it is good for a request.
    fn at_hand(&self) -> Option<SecretString> {
        let (held, now) = (self.held(), self.parts.clock.now());
        let fresh = held.fresh.as_ref().filter(|fresh| held.refused != Some(fresh.rev))?;
        (now < fresh.expires_at.minus(fresh.margin(MARGIN, 8))).then(|| fresh.token())
    }

    /// The token in memory, also in its last minute: there will be no other.
    fn to_the_end(&self) -> Option<SecretString> {
        let (held, now) = (self.held(), self.parts.clock.now());
        let fresh = held.fresh.as_ref().filter(|fresh| held.refused != Some(fresh.rev))?;
        (now < fresh.expires_at).then(|| fresh.token())
    }

    fn remember(&self, fresh: Fresh) {
        let mut held = self.held();
        if held.fresh.as_ref().is_none_or(|known| known.rev <= fresh.rev) {
            held.fresh = Some(fresh);
        }
    }

    async fn row(&self) -> Result<Option<GrantRow>, NoToken> {
        self.parts.store.grant(&self.parts.account).await.map_err(later)
    }

    /// The grant of a row and its token; `None`: it holds none.
    fn open(&self, row: &GrantRow) -> Result<Option<(Fresh, Grant)>, NoToken> {
        let Some(sealed) = &row.sealed else { return Ok(None) };
        let grant = self.parts.vault.open(&row.account, sealed).map_err(later)?;
        let fresh = Fresh {
            access: SecretString::from(grant.access.expose_secret()),
            expires_at: grant.expires_at,
            issued_at: row.issued_at.unwrap_or(grant.expires_at),
            rev: row.rev,
        };
        Ok(Some((fresh, grant)))
    }

    /// The stored token, or the next one.
    async fn fetch(&self) -> Result<SecretString, NoToken> {
        self.save_unsaved().await?;
        let row = self.row().await?;
        if let Some(row) = &row
            && let Some((fresh, _)) = self.open(row)?
        {
            self.remember(fresh);
            if let Some(token) = self.at_hand() {
                return Ok(token);
            }
            if let Some(reason) = row.broken.clone() {
                return self.to_the_end().ok_or(NoToken::Reconnect { reason });
            }
        }
        match self.renew(row.as_ref()).await {
            Ok(()) => self.at_hand().ok_or_else(|| later("the token granted ends at once")),
            Err(none @ NoToken::Reconnect { .. }) => self.to_the_end().ok_or(none),
            Err(none) => Err(none),
        }
    }

    async fn ahead(&self) -> Result<bool, NoToken> {
        self.save_unsaved().await?;
        let Some(row) = self.row().await? else { return Ok(false) };
        if row.sealed.is_none() || row.broken.is_some() || !self.is_due(&row) {
            return Ok(false);
        }
        self.renew(Some(&row)).await.map(|()| true)
    }

    /// It ends soon, was refused, or its renewal was begun and never ended.
    fn is_due(&self, row: &GrantRow) -> bool {
        let now = self.parts.clock.now();
        let (Some(issued), Some(ends)) = (row.issued_at, row.expires_at) else { return true };
        let abandoned = row.lease.as_ref().is_some_and(|(_, until)| *until <= now);
        let refused = self.held().refused == Some(row.rev);
        abandoned || refused || now >= ends.minus(margin(issued, ends, AHEAD, 4))
    }
}
