//! Bluesky: an account on its personal data server (PDS), and the AppView that it passes readings
//! on to.
//!
//! The invariants: a post is one `putRecord` at a key that follows from the delivery's id, under
//! `swapRecord: null`, so that a second attempt makes no second post and overwrites nothing; what
//! came of an attempt is learnt from that key; no token is in any error or `Debug`.

mod key;
mod listen;
mod picture;
mod record;
mod send;
pub mod session;
mod timeline;
mod who;
mod wire;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::SignedDuration;
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use self::{key::Place, send::Points, wire::Blames};
use super::{
    Destination, Identity, Mentions, OwnPost, Permit, Sent, ServerLimits, Unread,
    http::{self, Answer, BadAddress, BadClient, Clock, HttpConfig, signed},
    manners::Manners,
    rate_headers::WaitBounds,
    tokens::Tokens,
};
use crate::domain::{
    delivery::{ClaimedDelivery, Delivery, Look, LookRules, Outcome},
    engagement::{Heard, Watched},
    ids::AccountName,
    platform::Visibility,
    time::Timestamp,
};

/// The name of an account's post, as its own timeline and receipts have it.
pub(super) fn post_name(did: &str, key: &str) -> String {
    Place::post(did, key).to_string()
}

/// One account.
#[derive(Clone)]
pub struct BlueskyConfig {
    /// The name the unit gives the account.
    pub account: AccountName,
    /// The account's own PDS, or `https://bsky.social`, which passes on to it.
    pub base_url: String,
    /// Who is to see its posts: Bluesky knows no posts but public ones.
    pub visibility: Visibility,
    /// The content warning above its posts: Bluesky knows none in words of one's own.
    pub spoiler: Option<String>,
    /// Timeouts and limits of one request.
    pub http: HttpConfig,
    /// How long a request that timed out may still be on its way into the repository, which itself
    /// shows a record at once.
    pub read_lag: Duration,
    /// The bounds of every wait that a server asks for.
    pub waits: WaitBounds,
    /// Requests in five minutes, reads and sends together (bsky.social allows an address 3,000).
    pub requests_per_5_minutes: NonZeroU32,
    /// Tells the time.
    pub clock: Clock,
}

impl BlueskyConfig {
    /// An account with the default timeouts and limits.
    pub fn new(account: AccountName, base_url: impl Into<String>, clock: Clock) -> Self {
        Self {
            account,
            base_url: base_url.into(),
            visibility: Visibility::Public,
            spoiler: None,
            http: HttpConfig::default(),
            read_lag: Duration::from_secs(30),
            waits: WaitBounds::default(),
            requests_per_5_minutes: const { NonZeroU32::new(1_000).unwrap() },
            clock,
        }
    }
}

impl std::fmt::Debug for BlueskyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlueskyConfig")
            .field("account", &self.account)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// An account that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum BadBluesky {
    /// The server's address.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A post there is seen by everyone.
    #[error("Bluesky knows no {0} posts: everyone sees each; give the account --visibility public")]
    Visibility(Visibility),
    /// A label there says one of a few fixed things.
    #[error("Bluesky has no content warnings in words of one's own; leave out --spoiler")]
    Spoiler,
    /// A session begins with an account's name and an app password.
    #[error(
        "a Bluesky session begins with the account's handle (--handle) and an app password of it, \
         and one of them is empty"
    )]
    Login,
    /// The client.
    #[error(transparent)]
    Client(#[from] BadClient),
}

/// A connected account.
pub struct Bluesky {
    config: BlueskyConfig,
    base: Url,
    client: Client,
    tokens: Arc<dyn Tokens>,
    manners: Manners,
    points: Points,
    /// Our own DID, once the server has told it.
    own: OnceCell<String>,
}

impl std::fmt::Debug for Bluesky {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bluesky").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Bluesky {
    /// Prepares the account. No request is made: a server that is down must not stop the start.
    ///
    /// # Errors
    /// The configuration cannot be used, and what to set right.
    pub fn new(config: BlueskyConfig, tokens: Arc<dyn Tokens>) -> Result<Self, BadBluesky> {
        if config.visibility != Visibility::Public {
            return Err(BadBluesky::Visibility(config.visibility));
        }
        if config.spoiler.is_some() {
            return Err(BadBluesky::Spoiler);
        }
        let base = http::base_url(&config.base_url)?;
        let client = http::client(&config.http)?;
        let clock = Arc::clone(&config.clock);
        let manners = Manners::new(config.requests_per_5_minutes, config.waits, clock);
        let (points, own) = (Points::new(), OnceCell::new());
        Ok(Self { config, base, client, tokens, manners, points, own })
    }

    /// A request of the API, by the name of its method.
    fn request(&self, verb: Method, method: &str, token: &SecretString) -> RequestBuilder {
        self.client
            .request(verb, xrpc(&self.base, method))
            .bearer_auth(token.expose_secret())
            .header("accept", "application/json")
    }

    /// Asks a question. A token that has just ended is renewed and the question asked once more:
    /// no reading changes anything.
    async fn query(&self, method: &str, params: &[(&str, &str)]) -> Result<Answer, Unread> {
        let mut renewed = false;
        loop {
            let token = self.tokens.token().await?;
            let answer = self.read(method, params, &token).await?;
            let said = || error_text(&answer);
            match wire::ApiError::of(&answer).blames(answer.status) {
                Blames::Request if answer.status < 500 => return Ok(answer),
                Blames::Request => return Err(Unread::Failed { reason: said() }),
                Blames::Token if !renewed && self.tokens.refused(&token).await => renewed = true,
                Blames::Token | Blames::Account => {
                    return Err(Unread::AccountBlocked { reason: said() });
                }
            }
        }
    }

    /// One reading: any 2xx, or a refusal that must be judged.
    async fn read(
        &self,
        method: &str,
        params: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<Answer, Unread> {
        let failed = |reason: String| Unread::Failed { reason: http::said(&reason, &[token]) };
        self.manners.may_read()?;
        let request = self.request(Method::GET, method, token).query(params);
        let response = request.send().await.map_err(|error| failed(http::describe(&error)))?;
        let answer = Answer::of(response, self.config.http.max_body).await.without(token);
        if answer.status == 429 {
            let until = self.manners.throttled(&answer.headers);
            return Err(Unread::Throttled { until, reason: "too many requests (429)".to_owned() });
        }
        match &answer.body {
            Err(error) => Err(failed(format!("status {}: {error}", answer.status))),
            Ok(_) if (300..=399).contains(&answer.status) => Err(failed(error_text(&answer))),
            Ok(_) => Ok(answer),
        }
    }

    /// Asks a question whose answer must be a 2xx in JSON.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &[(&str, &str)],
    ) -> Result<T, Unread> {
        json(&self.query(method, params).await?)
    }
}

/// The address of a method of the API.
fn xrpc(base: &Url, method: &str) -> Url {
    http::path(base, &["xrpc", method])
}

/// Whether the server says that it did what it was asked.
const fn is_ok(answer: &Answer) -> bool {
    matches!(answer.status, 200..=299)
}

/// A 2xx answer as JSON.
fn json<T: DeserializeOwned>(answer: &Answer) -> Result<T, Unread> {
    if !is_ok(answer) {
        return Err(Unread::Failed { reason: error_text(answer) });
    }
    serde_json::from_slice(answer.bytes()).map_err(|error| Unread::Failed {
        // The message names a line and a column, and quotes nothing but a field's name.
        reason: http::said(&format!("the answer is not what the API promises: {error}"), &[]),
    })
}

/// The API's own words for a refusal, of an answer [without](Answer::without) our secrets; never a page of HTML.
fn error_text(answer: &Answer) -> String {
    let (status, error) = (answer.status, wire::ApiError::of(answer));
    if (300..=399).contains(&status) {
        return format!(
            "the server redirects (status {status}), which is never followed; check its \
             configured address"
        );
    }
    if error.error.is_empty() {
        return format!("status {status}, without a reason that can be read");
    }
    let words = http::said(&format!("{}: {}", error.error, error.message), &[]);
    format!("{words} (status {status})")
}

#[async_trait]
impl Destination for Bluesky {
    async fn send(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        if let Some(until) = self.manners.quiet() {
            let reason = "the server has asked to wait, so nothing was sent".to_owned();
            return Sent::Attempted(Outcome::Throttled { until: Some(until), reason });
        }
        let outcome = match &claimed.content().retracts {
            None => self.post(claimed, permit).await,
            Some(post) => self.retract(post, permit).await,
        };
        outcome.map_or_else(|sent| sent, Sent::Attempted)
    }

    async fn look(&self, delivery: &Delivery) -> Look {
        let looked = match &delivery.content.retracts {
            None => self.look_for_post(delivery).await,
            Some(post) => self.look_for_absence(post).await,
        };
        looked.unwrap_or_else(|unread| Look::Blind { reason: unread.to_string() })
    }

    fn look_rules(&self) -> LookRules {
        let grace = self.request_timeout().saturating_add(signed(self.config.read_lag));
        // The key is kept for ever; but after a day it is likelier that a person has deleted the
        // post by hand than that it never was.
        LookRules { grace, idempotent_for: Some(SignedDuration::from_hours(24)) }
    }

    fn request_timeout(&self) -> SignedDuration {
        signed(self.config.http.request_timeout)
    }

    async fn engagement(&self, post: &Watched) -> Result<Vec<Heard>, Unread> {
        self.engagement_of(&post.post).await
    }

    async fn mentions(&self, cursor: Option<&str>) -> Result<Mentions, Unread> {
        self.notifications_since(cursor).await
    }

    async fn own_posts(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        self.own_posts_since(since).await
    }

    async fn resolve(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        self.holder_of(handle).await
    }

    async fn whoami(&self) -> Result<Identity, Unread> {
        self.own_identity().await
    }

    async fn limits(&self) -> Result<ServerLimits, Unread> {
        // No server states it: it is the lexicon's (`app.bsky.feed.post`, `maxGraphemes`).
        Ok(ServerLimits { max_length: 300 })
    }

    async fn revoke(&self) -> Result<(), Unread> {
        Err(Unread::Failed {
            reason: "an app password cannot delete itself: sign in at bsky.app as the account, \
                     open Settings, Privacy and security, App passwords, and delete the one that \
                     takaza uses, which ends its sessions; then change the account's password"
                .to_owned(),
        })
    }
}
