//! Any server that speaks Mastodon's API. Servers differ (Mastodon, Mitra, GoToSocial, snac …), so
//! only what all of them do is relied upon.
//!
//! The invariants: a send is one request; `Idempotency-Key` is sent and never trusted unless the
//! server was seen to honour it; what came of an attempt is learnt from our own timeline, by our
//! own id; no token is in any error or `Debug`.

mod listen;
mod media;
mod send;
mod timeline;
mod who;
mod wire;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::SignedDuration;
use reqwest::{Client, Method, Request, Url, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::{
    Destination, Identity, Mentions, OwnPost, Permit, Sent, ServerLimits, Unread,
    http::{self, BadAddress, BadClient, HttpConfig, signed},
    manners::Manners,
    rate_headers::WaitBounds,
};
use crate::domain::{
    delivery::{ClaimedDelivery, Delivery, Look, LookRules, Outcome},
    engagement::{Heard, Watched},
    ids::AccountName,
    time::Timestamp,
};

pub use super::http::Clock;

/// What the server knows our program as; needed only to revoke.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: SecretString,
}

/// One account on one server.
#[derive(Clone)]
pub struct MastodonConfig {
    /// The name the unit gives the account.
    pub account: AccountName,
    /// The server's address, such as `https://social.example`.
    pub base_url: String,
    /// The account's access token (scopes `read`, `write:statuses`, and `write:media` for pictures).
    pub token: SecretString,
    /// The program's own credentials there, where they are known.
    pub oauth: Option<OauthClient>,
    /// The server was *seen* to answer a repeated `Idempotency-Key` with the first post.
    pub honours_idempotency: bool,
    /// Timeouts and limits of one request.
    pub http: HttpConfig,
    /// How long after a post the server may still not show it in a timeline.
    pub read_lag: Duration,
    /// How far before a delivery's first attempt its post is looked for: more than the server's
    /// clock is ever wrong.
    pub look_margin: Duration,
    /// The bounds of every wait that a server asks for.
    pub waits: WaitBounds,
    /// How often a picture that the server still works on is asked for, and how long before each.
    pub picture_waits: (u32, Duration),
    /// Requests in five minutes, reads and sends together (Mastodon's own limit is 300). Reads
    /// beyond it say *throttled*; sends are counted and never delayed.
    pub requests_per_5_minutes: NonZeroU32,
    /// Tells the time.
    pub clock: Clock,
}

impl MastodonConfig {
    /// An account with the default timeouts and limits, on a server that is not known to honour
    /// `Idempotency-Key`.
    pub fn new(
        account: AccountName,
        base_url: impl Into<String>,
        token: SecretString,
        clock: Clock,
    ) -> Self {
        Self {
            account,
            base_url: base_url.into(),
            token,
            oauth: None,
            honours_idempotency: false,
            http: HttpConfig::default(),
            read_lag: Duration::from_secs(30),
            look_margin: Duration::from_secs(3600),
            waits: WaitBounds::default(),
            picture_waits: (6, Duration::from_millis(500)),
            requests_per_5_minutes: const { NonZeroU32::new(300).unwrap() },
            clock,
        }
    }
}

impl std::fmt::Debug for MastodonConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MastodonConfig")
            .field("account", &self.account)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// An account that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum BadMastodon {
    /// The server's address.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// An empty token, or one that no header can hold.
    #[error("the token is empty or holds characters that a token never has")]
    Token,
    /// The client.
    #[error(transparent)]
    Client(#[from] BadClient),
}

/// A connected account.
pub struct Mastodon {
    config: MastodonConfig,
    base: Url,
    host: String,
    client: Client,
    manners: Manners,
    /// Our own id there, once the server has told it.
    own: OnceCell<wire::Id>,
}

impl std::fmt::Debug for Mastodon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mastodon").field("config", &self.config).finish_non_exhaustive()
    }
}

/// An answer to a reading: any 2xx, or a 4xx that the reader must judge.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Mastodon {
    /// Prepares the account. No request is made: a server that is down must not stop the start.
    ///
    /// # Errors
    /// The configuration cannot be used, and what to set right.
    pub fn connect(config: MastodonConfig) -> Result<Self, BadMastodon> {
        let base = http::base_url(&config.base_url)?;
        let host = base.host_str().unwrap_or_default().to_lowercase();
        let token = config.token.expose_secret();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadMastodon::Token);
        }
        let client = http::client(&config.http)?;
        let clock = Arc::clone(&config.clock);
        let manners = Manners::new(config.requests_per_5_minutes, config.waits, clock);
        Ok(Self { config, base, host, client, manners, own: OnceCell::new() })
    }

    fn now(&self) -> Timestamp {
        (self.config.clock)()
    }

    fn url(&self, segments: &[&str]) -> Url {
        http::path(&self.base, segments)
    }

    fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.client
            .request(method, url)
            .bearer_auth(self.config.token.expose_secret())
            .header("accept", "application/json")
    }

    /// What a server or the transport said, without our secrets.
    fn said(&self, text: &str) -> String {
        let secret = self.config.oauth.as_ref().map(|oauth| &oauth.secret);
        let secrets: Vec<_> = secret.into_iter().chain([&self.config.token]).collect();
        http::said(text, &secrets)
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Answer, Unread> {
        let request = self.request(Method::GET, self.url(segments)).query(query).build();
        self.read(request).await
    }

    async fn read(&self, request: reqwest::Result<Request>) -> Result<Answer, Unread> {
        let failed = |reason: String| Unread::Failed { reason: self.said(&reason) };
        let request = request.map_err(|error| failed(http::describe(&error)))?;
        self.manners.may_read()?;
        let response =
            self.client.execute(request).await.map_err(|error| failed(http::describe(&error)))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if status == 429 {
            let until = self.manners.throttled(&headers);
            return Err(Unread::Throttled { until, reason: "too many requests (429)".to_owned() });
        }
        let body = http::read_body(response, self.config.http.max_body)
            .await
            .map_err(|error| failed(format!("status {status}: {error}")))?;
        match status {
            200..=299 => Ok(Answer { status, headers, body }),
            401 => Err(Unread::AccountBlocked { reason: self.error_text(status, &body) }),
            403 if self.blocks_account(&body) => {
                Err(Unread::AccountBlocked { reason: self.error_text(status, &body) })
            }
            400..=499 => Ok(Answer { status, headers, body }),
            300..=399 => Err(failed(format!(
                "the server redirects (status {status}); check its configured address"
            ))),
            _ => Err(failed(self.error_text(status, &body))),
        }
    }

    /// A 2xx answer as JSON.
    fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Unread> {
        if !(200..=299).contains(&answer.status) {
            return Err(Unread::Failed { reason: self.error_text(answer.status, &answer.body) });
        }
        serde_json::from_slice(&answer.body).map_err(|error| Unread::Failed {
            // The message names a line and a column, and quotes nothing but a field's name.
            reason: self.said(&format!("the answer is not what the API promises: {error}")),
        })
    }

    /// The API's own words for a refusal; never a page of HTML.
    fn error_text(&self, status: u16, body: &[u8]) -> String {
        match serde_json::from_slice::<wire::ApiError>(body) {
            Ok(api) => {
                format!("{} (status {status})", self.said(&wire::plain(&self.said(&api.error))))
            }
            Err(_) => format!("status {status}, without a reason that can be read"),
        }
    }

    /// Whether a 403 speaks of the account (or its token) and not of the one post.
    fn blocks_account(&self, body: &[u8]) -> bool {
        const ACCOUNT: [&str; 7] = [
            "suspended",
            "disabled",
            "frozen",
            "pending approval",
            "authorized scopes",
            "confirm",
            "scope",
        ];
        serde_json::from_slice::<wire::ApiError>(body).is_ok_and(|api| {
            let text = api.error.to_lowercase();
            ACCOUNT.iter().any(|word| text.contains(word))
        })
    }
}

#[async_trait]
impl Destination for Mastodon {
    async fn send(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        if let Some(until) = self.manners.quiet() {
            let reason = "the server has asked to wait, so nothing was sent".to_owned();
            return Sent::Attempted(Outcome::Throttled { until: Some(until), reason });
        }
        self.manners.count_send();
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

    fn look_rules(&self) -> LookRules {
        let grace = self.request_timeout().saturating_add(signed(self.config.read_lag));
        // Mastodon keeps a key for an hour; ten minutes of it are kept for clocks and slowness.
        let idempotent_for =
            self.config.honours_idempotency.then_some(SignedDuration::from_mins(50));
        LookRules { grace, idempotent_for }
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
        self.lookup(handle).await
    }

    async fn whoami(&self) -> Result<Identity, Unread> {
        Ok(self.verify_credentials().await?.identity(&self.host))
    }

    async fn limits(&self) -> Result<ServerLimits, Unread> {
        self.instance_limits().await
    }

    async fn revoke(&self) -> Result<(), Unread> {
        self.revoke_token().await
    }
}
