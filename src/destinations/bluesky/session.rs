//! How a session begins and goes on: an app password buys the first tokens, a refresh token the
//! next.
//!
//! The invariants: the password leaves only where there is no refresh token that still works, and
//! a few times an hour at most (31 sessions in five minutes are a 429, and 300 a day); a lost answer
//! loses nothing, for an old refresh token still works for a while after its use.

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use governor::DefaultDirectRateLimiter;
use jiff::SignedDuration;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BadBluesky, error_text, is_ok, wire, xrpc};
use crate::{
    destinations::{
        http::{self, Answer, Clock, HttpConfig},
        manners::limiter,
        tokens::{Grant, Renew, Unrenewed},
    },
    domain::time::Timestamp,
};

/// Sessions that a password may begin in an hour.
const SESSIONS: NonZeroU32 = const { NonZeroU32::new(4).unwrap() };
/// A token whose end cannot be read is taken to last this long.
const UNREADABLE: SignedDuration = SignedDuration::from_mins(10);
/// No token is believed to last longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// An account's sessions at its server.
pub struct BlueskySession {
    base: Url,
    client: Client,
    identifier: String,
    password: SecretString,
    max_body: usize,
    logins: DefaultDirectRateLimiter,
    clock: Clock,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tickets {
    access_jwt: String,
    refresh_jwt: String,
}

impl BlueskySession {
    /// Prepares the sessions of an account: its DID or handle, and an app password of it. No
    /// request is made.
    ///
    /// # Errors
    /// The configuration cannot be used, and what to set right.
    pub fn new(
        base_url: &str,
        identifier: impl Into<String>,
        password: SecretString,
        http: &HttpConfig,
        clock: Clock,
    ) -> Result<Self, BadBluesky> {
        let identifier = identifier.into();
        if identifier.is_empty() || password.expose_secret().is_empty() {
            return Err(BadBluesky::Login);
        }
        Ok(Self {
            base: http::base_url(base_url)?,
            client: http::client(http)?,
            identifier,
            password,
            max_body: http.max_body,
            logins: limiter(SESSIONS, Duration::from_secs(3600)),
            clock,
        })
    }

    /// Ends a session, as far as the platform lets us: its refresh token is worth nothing any more,
    /// its access token works until its own end, and the password until it is deleted by hand.
    ///
    /// # Errors
    /// The server did not confirm it.
    pub async fn end(&self, grant: &Grant) -> Result<(), Unrenewed> {
        let Some(refresh) = &grant.refresh else { return Ok(()) };
        let request = self.client.post(xrpc(&self.base, "com.atproto.server.deleteSession"));
        let answer = self.ask(request.bearer_auth(refresh.expose_secret()), refresh).await?;
        if is_ok(&answer) { Ok(()) } else { Err(not_now(error_text(&answer))) }
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Grant, Unrenewed> {
        let request = self.client.post(xrpc(&self.base, "com.atproto.server.refreshSession"));
        let answer = self.ask(request.bearer_auth(refresh.expose_secret()), refresh).await?;
        self.granted(&answer)
    }

    async fn begin(&self) -> Result<Grant, Unrenewed> {
        if self.logins.check().is_err() {
            return Err(not_now(format!("{SESSIONS} sessions were begun within the hour")));
        }
        let request = self.client.post(xrpc(&self.base, "com.atproto.server.createSession")).json(
            &json!({ "identifier": self.identifier, "password": self.password.expose_secret() }),
        );
        let answer = self.ask(request, &self.password).await?;
        self.granted(&answer)
    }

    async fn ask(
        &self,
        request: RequestBuilder,
        secret: &SecretString,
    ) -> Result<Answer, Unrenewed> {
        let request = request.header("accept", "application/json");
        let failed = |reason: String| not_now(http::said(&reason, &[secret]));
        let response = request.send().await.map_err(|error| failed(http::describe(&error)))?;
        let answer = Answer::of(response, self.max_body).await.without(secret);
        match &answer.body {
            Err(error) => Err(failed(format!("status {}: {error}", answer.status))),
            Ok(_) => Ok(answer),
        }
    }

    fn granted(&self, answer: &Answer) -> Result<Grant, Unrenewed> {
        if is_ok(answer) {
            let tickets: Tickets = serde_json::from_slice(answer.bytes()).map_err(|_bad| {
                not_now("the answer holds no tokens that can be read".to_owned())
            })?;
            return Ok(Grant {
                expires_at: expiry(&tickets.access_jwt, (self.clock)()),
                access: tickets.access_jwt.into(),
                refresh: Some(tickets.refresh_jwt.into()),
            });
        }
        let (reason, error) = (error_text(answer), wire::ApiError::of(answer));
        match answer.status {
            _ if error.error == "AuthFactorTokenRequired" => Err(Unrenewed::Refused {
                reason: format!(
                    "{reason}; the account asks for a code by mail: give takaza an app password, \
                     not the account's own"
                ),
            }),
            400 | 401 | 403 if !error.error.is_empty() => Err(Unrenewed::Refused { reason }),
            _ => Err(not_now(reason)),
        }
    }
}

#[async_trait]
impl Renew for BlueskySession {
    async fn renew(&self, old: Option<&Grant>) -> Result<Grant, Unrenewed> {
        if let Some(refresh) = old.and_then(|old| old.refresh.as_ref()) {
            match self.refresh(refresh).await {
                Err(Unrenewed::Refused { reason }) => {
                    tracing::info!("a Bluesky session had ended, a new one begins: {reason}");
                }
                renewed => return renewed,
            }
        }
        self.begin().await
    }

    fn begins_anew(&self) -> bool {
        true
    }
}

fn not_now(reason: String) -> Unrenewed {
    Unrenewed::NotNow { reason }
}

/// When an access token ends, on our own clock: the server's may be wrong, so what counts is how
/// long the token says that it lives. Its signature is the server's business.
fn expiry(jwt: &str, now: Timestamp) -> Timestamp {
    let claims = jwt.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value =
        claims.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let seconds = |name: &str| claims[name].as_i64();
    let lives = match (seconds("exp"), seconds("iat")) {
        (Some(exp), Some(iat)) => SignedDuration::from_secs(exp.saturating_sub(iat)),
        (Some(exp), None) => Timestamp::from_micros(exp.saturating_mul(1_000_000)).since(now),
        (None, _) => UNREADABLE,
    };
    now.plus(lives.clamp(SignedDuration::ZERO, LONGEST))
}
