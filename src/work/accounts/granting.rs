//! The grant of an account, from the code that a person's browser brought to the sealed row. Command
//! line, set-up and console ask here.
//!
//! The invariants: an account is bound to whoever granted it, once and for all; a grant that is not
//! kept is ended; the one before it is ended only when there is another.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    destinations::{
        Unread,
        tokens::{FixedToken, Grant, Unrenewed},
        x::oauth::{Asked, NotGranted, OAuth},
    },
    domain::{engagement::Author, person::Administrator},
    store::{AccountRow, Actor, StoreError},
    work::{Ctx, accounts::adding::local, connecting, grants},
};

/// Why there is no grant. What stands in `reason` is the platform's or the system's own word.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    /// Nothing of the grant's own: the configuration, the key, the ledger.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
    /// The ledger failed, or refused it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The browser's answer grants nothing.
    #[error(transparent)]
    NotGranted(#[from] NotGranted),
    /// The code bought no grant.
    #[error("the code bought no grant: {0}")]
    Unexchanged(Unrenewed),
    /// Not all that was asked for.
    #[error("the platform did not grant all that was asked for (missing: {scopes})")]
    Missing {
        /// The scopes.
        scopes: String,
    },
    /// Nobody knows whose it is.
    #[error("the platform did not say whose the grant is: {reason}")]
    Nameless {
        /// Why not.
        reason: String,
    },
    /// The browser was signed in as another account.
    #[error("the browser was signed in as @{handle}, id {id}, and the account is @{meant}")]
    OtherAccount {
        /// The account that it was signed in as.
        handle: String,
        /// Its id.
        id: String,
        /// The account that was meant.
        meant: String,
    },
    /// There was a grant, and it is not kept.
    #[error("{why}")]
    Unkept {
        /// Why not.
        why: Box<Self>,
        /// Whether the platform ended it, and else why not.
        ended: Result<(), String>,
    },
}

/// A message's key, and its variables.
pub type Message = (&'static str, Vec<(&'static str, String)>);

impl NotConnected {
    /// The message of the locales that says it; `None`: see [`Self::Other`], [`Self::Store`] and
    /// [`Self::Unkept`].
    pub fn message(&self) -> Option<Message> {
        let reason = |reason: &String| vec![("reason", reason.clone())];
        Some(match self {
            Self::Other(_) | Self::Store(_) | Self::Unkept { .. } => return None,
            Self::NotGranted(NotGranted::Refused { reason: said }) => ("x-refused", reason(said)),
            Self::NotGranted(NotGranted::Foreign | NotGranted::NoCode) => ("x-foreign", Vec::new()),
            Self::Unexchanged(Unrenewed::Refused { reason: said }) => ("x-code-late", reason(said)),
            Self::Unexchanged(Unrenewed::NotNow { reason: said }) => {
                ("x-code-not-now", reason(said))
            }
            Self::Unexchanged(Unrenewed::Lost { reason: said }) => ("x-code-lost", reason(said)),
            Self::Missing { scopes } => ("x-missing-scopes", vec![("scopes", scopes.clone())]),
            Self::Nameless { reason: said } => ("x-nameless", reason(said)),
            Self::OtherAccount { handle, meant, .. } => {
                ("x-other-account", vec![("handle", handle.clone()), ("meant", meant.clone())])
            }
        })
    }
}

/// What a person is asked at the platform, and what an answer is held to.
pub struct Question {
    oauth: OAuth,
    asked: Asked,
}

impl Question {
    /// A new one; the browser comes back to `redirect`.
    ///
    /// # Errors
    /// `[x]` names no client, or what is granted could not be sealed here.
    pub fn new(ctx: &Ctx, redirect: &str) -> Result<Self, NotConnected> {
        let oauth = connecting::oauth_by(ctx, redirect)?;
        // Before a person is asked: what they grant must be sealed at once.
        connecting::vault(ctx).keys().map_err(anyhow::Error::from)?;
        let asked = oauth.ask([ctx.dice.bytes(), ctx.dice.bytes()]);
        Ok(Self { oauth, asked })
    }

    /// The address that they open.
    pub fn url(&self) -> &str {
        &self.asked.url
    }

    /// The code in what the browser came back with: an address, or its part after the host.
    ///
    /// # Errors
    /// It grants nothing, and why.
    pub fn code(&self, back: &str) -> Result<SecretString, NotGranted> {
        self.asked.code(back)
    }
}

/// Who connects, and where.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The unit.
    pub ctx: &'a Ctx,
    /// As the record names them.
    pub actor: &'a Actor,
    /// Proof that they may.
    pub administrator: &'a Administrator,
}

/// What became of the grant that the account had before.
pub enum Before {
    /// It had none.
    None,
    /// The platform ended it.
    Ended,
    /// It stands there still, and why.
    Stands(String),
}

/// A grant that is kept.
pub struct Connected {
    /// Who granted it.
    pub who: Author,
    /// The account, bound to them.
    pub row: AccountRow,
    /// Whether anything of the account changed; it is not live then.
    pub changed: bool,
    /// The grant before it.
    pub before: Before,
}

/// Buys the grant with the code at once, for it lives for half a minute on X, and keeps it.
///
/// # Errors
/// It is not kept, and why.
pub async fn exchange(
    by: By<'_>,
    mut row: AccountRow,
    (question, code): (&Question, &SecretString),
) -> Result<Connected, NotConnected> {
    let Question { oauth, asked } = question;
    let exchanged = oauth.exchange(asked, code).await.map_err(NotConnected::Unexchanged)?;
    let (grant, ctx, name) = (exchanged.grant, by.ctx, row.account.name.clone());
    let kept = async {
        if !exchanged.missing.is_empty() || grant.refresh.is_none() {
            return Err(NotConnected::Missing { scopes: exchanged.missing.join(", ") });
        }
        let who = whose(ctx, &row, &grant).await?;
        let changed = bind(&mut row, &who)?;
        let old = stored(ctx, &row).await;
        if changed {
            ctx.store.put_account(by.actor, by.administrator, &row).await?;
        }
        let vault = connecting::vault(ctx);
        grants::keep(&vault, &ctx.store, by.actor, by.administrator, &name, &grant).await?;
        Ok((who, changed, old))
    };
    let (who, changed, old) = match kept.await {
        Ok(kept) => kept,
        Err(why) => {
            let ended = oauth.revoke(&grant).await;
            return Err(NotConnected::Unkept { why: Box::new(why), ended });
        }
    };
    // Only now: a grant is not ended before there is another one.
    let before = match old {
        Ok(None) => Before::None,
        Ok(Some(old)) => oauth.revoke(&old).await.map_or_else(Before::Stands, |()| Before::Ended),
        Err(error) => Before::Stands(error),
    };
    Ok(Connected { who, row, changed, before })
}

/// Who granted it: the account that the browser was signed in as.
async fn whose(ctx: &Ctx, row: &AccountRow, grant: &Grant) -> Result<Author, NotConnected> {
    let token = FixedToken::new(SecretString::from(grant.access.expose_secret()));
    let destination = connecting::destination(row, Arc::new(token), ctx)?;
    let identity = destination.whoami().await;
    let nameless = |error: Unread| NotConnected::Nameless { reason: error.to_string() };
    Ok(identity.map_err(nameless)?.author)
}

/// The first time binds the account to its stable id; later it must be the same one. Whether
/// anything of the account changed.
fn bind(row: &mut AccountRow, who: &Author) -> Result<bool, NotConnected> {
    let account = &mut row.account;
    let other = match &account.stable_id {
        Some(known) => *known != who.stable_id,
        None => !account.handle.is_empty() && local(&account.handle) != local(&who.handle),
    };
    if other {
        return Err(NotConnected::OtherAccount {
            handle: who.handle.clone(),
            id: who.stable_id.clone(),
            meant: account.handle.clone(),
        });
    }
    let same = account.stable_id.as_ref() == Some(&who.stable_id) && account.handle == who.handle;
    let changed = !same || row.revoked;
    account.stable_id = Some(who.stable_id.clone());
    account.handle.clone_from(&who.handle);
    row.revoked = false;
    Ok(changed)
}

/// The grant that is stored, opened.
///
/// # Errors
/// It does not open, or the ledger failed.
pub async fn stored(ctx: &Ctx, row: &AccountRow) -> Result<Option<Grant>, String> {
    let name = &row.account.name;
    let stored = ctx.store.grant(name).await.map_err(|error| error.to_string())?;
    let Some(sealed) = stored.and_then(|grant| grant.sealed) else { return Ok(None) };
    connecting::vault(ctx).open(name, &sealed).map(Some).map_err(|error| error.to_string())
}
