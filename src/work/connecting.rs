//! How an account is spoken to: its platform's client, with the token that a person wrote down or
//! those of its grant. Nothing here decides anything.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::{
    Ctx,
    grants::{Keeper, Parts, Vault},
    meter,
};
use crate::{
    config::secret,
    destinations::{
        Destination,
        bluesky::{Bluesky, BlueskyConfig, session::BlueskySession},
        http,
        mastodon::{Mastodon, MastodonConfig},
        sandbox::Sandbox,
        tokens::{FixedToken, Renew, Tokens},
        x::{
            X, XConfig,
            oauth::{OAuth, OAuthConfig},
        },
    },
    domain::platform::Platform,
    store::AccountRow,
};

/// An account, connected.
pub struct Connected {
    /// What speaks to its platform.
    pub destination: Arc<dyn Destination>,
    /// What keeps its grant, where it has no token of its own.
    pub keeper: Option<Arc<Keeper>>,
}

/// One account, connected.
///
/// # Errors
/// Its token cannot be read, or its platform has no API here.
pub fn connect(row: &AccountRow, ctx: &Ctx) -> anyhow::Result<Connected> {
    let Granted { tokens, keeper } = tokens(row, ctx)?;
    let destination = destination(row, tokens, ctx)?;
    Ok(Connected { destination, keeper })
}

/// An account's platform, spoken to with these tokens. Where it is asked who a token is, before
/// that is stored, the token is a fixed one.
///
/// # Errors
/// Its token cannot be read, or its platform has no API here.
pub fn destination(
    row: &AccountRow,
    tokens: Arc<dyn Tokens>,
    ctx: &Ctx,
) -> anyhow::Result<Arc<dyn Destination>> {
    let account = &row.account;
    let fixed = || secret(row.token_from.as_deref().context("it names no token")?);
    let now = clock(ctx);
    match account.platform {
        Platform::Sandbox => Ok(Arc::new(Sandbox::new(&account.base_url, fixed()?)?)),
        Platform::Mastodon => {
            let base_url = &account.base_url;
            let mut own = MastodonConfig::new(account.name.clone(), base_url, fixed()?, now);
            own.honours_idempotency = row.idempotent;
            own.http = ctx.http.clone();
            own.read_lag = ctx.config.deliver.read_lag.try_into()?;
            Ok(Arc::new(Mastodon::connect(own)?))
        }
        Platform::X => {
            let of_all = &ctx.config.x.api_url;
            let base_url = if account.base_url.is_empty() { of_all } else { &account.base_url };
            let mut own = XConfig::new(account.name.clone(), &account.handle, base_url, now);
            own.http = ctx.http.clone();
            own.read_lag = ctx.config.deliver.read_lag.try_into()?;
            let meter = meter::of_account(row, &ctx.config, &ctx.store, &ctx.dice)?;
            Ok(Arc::new(X::new(own, tokens, meter)?))
        }
        Platform::Bluesky => {
            let base_url = &account.base_url;
            let mut own = BlueskyConfig::new(account.name.clone(), base_url, now);
            own.visibility = account.visibility;
            own.spoiler.clone_from(&account.spoiler);
            own.http = ctx.http.clone();
            own.read_lag = ctx.config.deliver.read_lag.try_into()?;
            Ok(Arc::new(Bluesky::new(own, tokens)?))
        }
        platform => bail!("{platform} is posted to by hand; connect it as a hand-off"),
    }
}

/// Where an account's tokens come from.
pub struct Granted {
    /// The tokens.
    pub tokens: Arc<dyn Tokens>,
    /// What keeps its grant, where it has no token of its own.
    pub keeper: Option<Arc<Keeper>>,
}

/// An account's tokens: the one that a person wrote down (`env:`, `file:`, `credential:`), or those
/// of its grant.
///
/// # Errors
/// The token cannot be read, or the platform grants none.
pub fn tokens(row: &AccountRow, ctx: &Ctx) -> anyhow::Result<Granted> {
    let account = &row.account;
    let renew: Arc<dyn Renew> = match (account.platform, &row.token_from) {
        (Platform::Bluesky, Some(_)) => Arc::new(session(row, ctx)?),
        (_, Some(from)) => {
            return Ok(Granted { tokens: Arc::new(FixedToken::new(secret(from)?)), keeper: None });
        }
        (Platform::X, None) => Arc::new(oauth(ctx)?),
        (platform, None) => bail!("it names no token, and {platform} grants none here"),
    };
    let keeper = Keeper::new(Parts {
        account: row.account.name.clone(),
        store: ctx.store.clone(),
        vault: vault(ctx),
        renew,
        clock: ctx.clock.clone(),
        dice: ctx.dice.clone(),
        process: ctx.process.clone(),
        lease: ctx.config.deliver.lease,
        request_timeout: ctx.config.deliver.request_timeout,
    });
    let keeper = Arc::new(keeper);
    Ok(Granted { tokens: keeper.clone(), keeper: Some(keeper) })
}

/// The sessions of a Bluesky account.
///
/// # Errors
/// Its app password cannot be read, or it names no server or login.
pub fn session(row: &AccountRow, ctx: &Ctx) -> anyhow::Result<BlueskySession> {
    let account = &row.account;
    let password = secret(row.token_from.as_deref().context("it names no app password")?)?;
    // Its DID once it is known: a handle may be another's by now.
    let login = account.stable_id.as_ref().unwrap_or(&account.handle);
    Ok(BlueskySession::new(&account.base_url, login, password, &ctx.http, clock(ctx))?)
}

fn clock(ctx: &Ctx) -> http::Clock {
    let clock = ctx.clock.clone();
    Arc::new(move || clock.now())
}

/// What seals the grants of this unit.
pub fn vault(ctx: &Ctx) -> Vault {
    Vault::new(ctx.config.secrets.key_file.clone(), ctx.dice.clone())
}

/// Our client on X, as the command line's listener is registered there.
///
/// # Errors
/// `[x]` names none, or its secret cannot be read.
pub fn oauth(ctx: &Ctx) -> anyhow::Result<OAuth> {
    oauth_by(ctx, &ctx.config.x.redirect)
}

/// Our client on X; the browser comes back to `redirect`.
///
/// # Errors
/// `[x]` names none, or its secret cannot be read.
pub fn oauth_by(ctx: &Ctx, redirect: &str) -> anyhow::Result<OAuth> {
    let x = &ctx.config.x;
    let client_id = x.client_id.clone().context(
        "x.client_id is not configured: register the unit's client in X's developer console, with \
         the redirect of [x], and write its id into takaza.toml",
    )?;
    let client_secret = x.client_secret_from.as_deref().map(secret).transpose();
    Ok(OAuth::new(OAuthConfig {
        client_id,
        client_secret: client_secret.context("x.client_secret_from")?,
        redirect: redirect.to_owned(),
        authorize_url: x.authorize_url.clone(),
        token_url: x.token_url.clone(),
        revoke_url: x.revoke_url.clone(),
        scopes: x.scopes.clone(),
        http: ctx.http.clone(),
        now: clock(ctx),
    })?)
}
