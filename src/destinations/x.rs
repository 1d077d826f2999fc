//! X, formerly Twitter, by its API v2. What each request may ask is in the specification that X
//! publishes; `tests/it/x/specified.rs` holds every request to it.
//!
//! The invariants: a send is one request, and X has nothing that makes a second one harmless, so
//! what came of it is learnt from our own timeline, by reference; *refused* needs a problem in X's
//! own words; nothing that costs is read beyond what the meter pays for; no token is in any error
//! or `Debug`.

mod listen;
mod lists;
mod mentions;
pub mod oauth;
mod pace;
mod send;
mod timeline;
mod who;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::SignedDuration;
use reqwest::{Client, Method, RequestBuilder, Url, header::HeaderMap};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use self::{
    pace::{Ask, Pace},
    wire::{Meaning, Problem},
};
use super::{
    Destination, Duty, Identity, Mentions, OwnPost, Permit, Sent, ServerLimits, Unread,
    http::{self, Answer, BadAddress, BadClient, Clock, HttpConfig, signed},
    meter::Meter,
    rate_headers::WaitBounds,
    tokens::Tokens,
};
use crate::domain::{
    cost::Item,
    delivery::{ClaimedDelivery, Delivery, Look, LookRules, Outcome},
    engagement::{Heard, Tally, Watched},
    ids::AccountName,
    time::Timestamp,
};

/// Who may answer below a post. Victims answer police posts, and fraudsters answer victims; the
/// bank must be able to answer all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Replies {
    /// Below a post that mentions accounts: those; below any other: accounts that X has verified,
    /// as banks are. (X's *mentioned users* below a post that mentions nobody would shut the bank
    /// out too.)
    #[default]
    Restricted,
    /// Those that our account follows, and those that the post mentions.
    Following,
    /// Everyone.
    Everyone,
}

/// One account.
#[derive(Clone)]
pub struct XConfig {
    /// The name the unit gives the account.
    pub account: AccountName,
    /// Its own handle, without the leading `@`, for permalinks; empty where it is not known yet.
    pub handle: String,
    /// The API's address, or a stand-in's on this machine.
    pub base_url: String,
    /// Who may answer.
    pub replies: Replies,
    /// Timeouts and limits of one request.
    pub http: HttpConfig,
    /// How long after a post X may still not show it in a timeline.
    pub read_lag: Duration,
    /// How far before a delivery's first attempt its post is looked for: more than X's clock and
    /// ours ever differ.
    pub look_margin: Duration,
    /// The bounds of every wait that X asks for.
    pub waits: WaitBounds,
    /// Readings of each kind in 15 minutes, where that is to be less than X allows.
    pub most_readings: Option<NonZeroU32>,
    /// Tells the time.
    pub clock: Clock,
}

impl XConfig {
    /// An account with the default timeouts and limits.
    pub fn new(
        account: AccountName,
        handle: impl Into<String>,
        base_url: impl Into<String>,
        clock: Clock,
    ) -> Self {
        Self {
            account,
            handle: handle.into(),
            base_url: base_url.into(),
            replies: Replies::default(),
            http: HttpConfig::default(),
            read_lag: Duration::from_secs(30),
            look_margin: Duration::from_secs(3600),
            waits: WaitBounds::default(),
            most_readings: None,
            clock,
        }
    }
}

impl std::fmt::Debug for XConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XConfig")
            .field("account", &self.account)
            .field("handle", &self.handle)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// An account that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum BadX {
    /// The API's address.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// The client.
    #[error(transparent)]
    Client(#[from] BadClient),
}

/// A connected account.
pub struct X {
    config: XConfig,
    base: Url,
    client: Client,
    tokens: Arc<dyn Tokens>,
    meter: Arc<dyn Meter>,
    pace: Pace,
    /// Our own id there, once X has told it.
    own: OnceCell<wire::Id>,
    /// What X counted on each post when all of it had last been read.
    heard_at: Mutex<BTreeMap<String, Tally>>,
}

impl std::fmt::Debug for X {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("X").field("config", &self.config).finish_non_exhaustive()
    }
}

impl X {
    /// Prepares the account. No request is made: an X that is down must not stop the start.
    ///
    /// # Errors
    /// The configuration cannot be used, and what to set right.
    pub fn new(
        config: XConfig,
        tokens: Arc<dyn Tokens>,
        meter: Arc<dyn Meter>,
    ) -> Result<Self, BadX> {
        let base = http::base_url(&config.base_url)?;
        let client = http::client(&config.http)?;
        let pace = Pace::new(config.most_readings, config.waits);
        let (own, heard_at) = (OnceCell::new(), Mutex::default());
        Ok(Self { config, base, client, tokens, meter, pace, own, heard_at })
    }

    fn now(&self) -> Timestamp {
        (self.config.clock)()
    }

    /// A request under `/2`, without its token.
    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let segments: Vec<&str> = ["2"].iter().chain(segments).copied().collect();
        let url = http::path(&self.base, &segments);
        self.client.request(method, url).header("accept", "application/json")
    }

    fn permalink(&self, id: &str) -> String {
        let handle = self.config.handle.trim_start_matches('@');
        // X leads from `i` to whoever wrote the post.
        let handle = if handle.is_empty() { "i" } else { handle };
        format!("https://x.com/{handle}/status/{id}")
    }

    /// A reading. What comes back is a 2xx, or a 4xx that the reader must judge.
    async fn get(
        &self,
        ask: Ask,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Answer, Unread> {
        self.pace.may_read(ask, self.now())?;
        let token = self.tokens.token().await?;
        let failed = |text: &str| Unread::Failed { reason: http::said(text, &[&token]) };
        let request = self.request(Method::GET, segments).query(query);
        let request = request.bearer_auth(token.expose_secret()).build();
        let request = request.map_err(|error| failed(&http::describe(&error)))?;
        let response = self.client.execute(request).await;
        let response = response.map_err(|error| failed(&http::describe(&error)))?;
        let answer = Answer::of(response, self.config.http.max_body).await.without(&token);
        let reason = reason(&answer);
        let problem = Problem::read(answer.bytes());
        let meaning = problem.as_ref().map(Problem::meaning);
        match (answer.status, meaning) {
            (429, _) => {
                let (until, reason) = self.throttled(ask, &answer);
                Err(Unread::Throttled { until, reason })
            }
            (401, _) if self.tokens.refused(&token).await => {
                Err(failed("the token was no longer good; the next reading takes another"))
            }
            (401 | 402, _) | (403, Some(Meaning::Account)) => {
                Err(Unread::AccountBlocked { reason })
            }
            (status, _) if let Err(error) = &answer.body => {
                Err(failed(&format!("status {status}: {error}")))
            }
            (200..=299, _) => {
                self.note_used_up(ask, &answer.headers);
                Ok(answer)
            }
            (400..=499, _) => Ok(answer),
            _ => Err(Unread::Failed { reason }),
        }
    }

    /// The last request of a window has been answered: the next would only be refused.
    fn note_used_up(&self, ask: Ask, headers: &HeaderMap) {
        if headers.get("x-rate-limit-remaining").is_some_and(|left| left == "0") {
            let _until = self.pace.used_up(ask, headers, self.now());
        }
    }

    /// A 429 of either kind: until when to wait, and why.
    fn throttled(&self, ask: Ask, answer: &Answer) -> (Option<Timestamp>, String) {
        let problem = Problem::read(answer.bytes()).unwrap_or_default();
        if problem.meaning() != Meaning::UsageCapped {
            let until = self.pace.used_up(ask, &answer.headers, self.now());
            return (until, "too many requests (429)".to_owned());
        }
        let until = self.pace.capped(ask, problem.period.as_deref(), self.now());
        let period = problem.period.as_deref().unwrap_or("unnamed");
        let words = http::said(&format!("period {period}: {}", problem.words()), &[]);
        let reason = format!(
            "a cap of the app at X is used up ({words}). It opens with the next period, or once it \
             is raised in X's developer console"
        );
        (Some(until), reason)
    }

    /// A 2xx answer as JSON.
    fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Unread> {
        if !(200..=299).contains(&answer.status) {
            return Err(unwanted(answer));
        }
        serde_json::from_slice(answer.bytes()).map_err(|error| Unread::Failed {
            // The message names a line and a column, and quotes nothing but a field's name.
            reason: http::said(&format!("the answer is not what the API promises: {error}"), &[]),
        })
    }

    /// Counts what a reading brought, by the ids in it.
    async fn count<'a>(
        &self,
        item: Item,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Unread> {
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        if ids.is_empty() { Ok(()) } else { self.meter.count(item, &ids).await }
    }
}

#[async_trait]
impl Destination for X {
    async fn send(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        let ask = claimed.content().retracts.as_ref().map_or(Ask::Post, |_post| Ask::Delete);
        if let Some(until) = self.pace.quiet(ask, self.now()) {
            let reason = "X has asked to wait, so nothing was sent".to_owned();
            return Sent::Attempted(Outcome::Throttled { until: Some(until), reason });
        }
        match &claimed.content().retracts {
            None => self.post(claimed, permit).await,
            Some(post) => self.retract(post, permit).await,
        }
    }

    async fn look(&self, delivery: &Delivery) -> Look {
        let looked = match &delivery.content.retracts {
            None => self.look_for_post(delivery).await,
            Some(post) => self.look_for_absence(post).await,
        };
        looked.unwrap_or_else(|unread| Look::Blind { reason: unread.to_string() })
    }

    /// X knows no idempotency: a person decides about a post that two looks did not find.
    fn look_rules(&self) -> LookRules {
        let grace = self.request_timeout().saturating_add(signed(self.config.read_lag));
        LookRules { grace, idempotent_for: None }
    }

    fn request_timeout(&self) -> SignedDuration {
        signed(self.config.http.request_timeout)
    }

    async fn stirred(&self, posts: &[Watched]) -> Result<BTreeSet<String>, Unread> {
        self.stirred_of(posts).await
    }

    async fn engagement(&self, post: &Watched) -> Result<Vec<Heard>, Unread> {
        self.engagement_of(post).await
    }

    async fn mentions(&self, cursor: Option<&str>) -> Result<Mentions, Unread> {
        self.mentions_since(cursor).await
    }

    async fn own_posts(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        self.own_posts_since(since).await
    }

    async fn resolve(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        self.lookup(handle).await
    }

    async fn whoami(&self) -> Result<Identity, Unread> {
        Ok(self.me().await?.identity())
    }

    async fn duties(&self) -> Result<Vec<Duty>, Unread> {
        Ok(self.me().await?.duties())
    }

    /// X states no limit; 280 weighted characters are what every account has.
    async fn limits(&self) -> Result<ServerLimits, Unread> {
        Ok(ServerLimits { max_length: 280 })
    }

    async fn revoke(&self) -> Result<(), Unread> {
        Err(Unread::Failed {
            reason: "sign in at x.com as the account, open Settings, Security and account access, \
                     Apps and sessions, Connected apps, and revoke the program's access there; \
                     then change the password"
                .to_owned(),
        })
    }
}

/// A 4xx that tells nothing about what was asked.
fn unwanted(answer: &Answer) -> Unread {
    Unread::Failed { reason: reason(answer) }
}

/// X's own words for a refusal; never a page of HTML.
fn reason(answer: &Answer) -> String {
    let status = answer.status;
    match Problem::read(answer.bytes()) {
        Some(problem) => format!("{} (status {status})", http::said(&problem.words(), &[])),
        None if (300..=399).contains(&status) => format!(
            "the server redirects (status {status}), which is never followed; check its configured \
             address"
        ),
        None => format!("status {status}, without a reason that can be read"),
    }
}
