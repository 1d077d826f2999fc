//! The sandbox town square as a destination: the demo runs the same path as the real platforms,
//! and nothing leaves the machine.
//!
//! The invariant is that of every destination: one attempt, and *unknown* for whatever is not
//! proved. The square keeps each idempotency key for ever, so a resend under the same key is safe.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use self::api::{
    AccountBody, ErrorBody, HeardBody, KEY_HEADER, LimitsBody, NewPost, Page, PictureBody,
    PostBody, ThreadBody,
};
use super::{
    Destination, Identity, Mentions, OwnPost, Permit, Sent, ServerLimits, Unread,
    http::{self, HttpConfig},
};
use crate::domain::{
    delivery::{ClaimedDelivery, Delivery, Look, LookRules, Outcome, Receipt},
    engagement::{Author, Heard, Watched},
    time::Timestamp,
};

pub mod api;

/// How long one request may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// Pages read of one list before it is called unreadable.
const MOST_PAGES: usize = 200;

/// The unit's account in a town square.
pub struct Sandbox {
    base_url: String,
    token: SecretString,
    client: Client,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Connects to the square at `base_url` with the unit's token. Makes no request.
    ///
    /// # Errors
    /// The HTTP client cannot be built on this machine.
    pub fn new(base_url: &str, token: SecretString) -> anyhow::Result<Self> {
        let client = http::client(&HttpConfig {
            connect_timeout: Duration::from_secs(2),
            request_timeout: TIMEOUT,
            ..HttpConfig::default()
        })?;
        Ok(Self { base_url: base_url.trim_end_matches('/').to_owned(), token, client })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/api{path}", self.base_url))
            .bearer_auth(self.token.expose_secret())
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Unread> {
        self.read_if_there(path).await?.ok_or_else(|| failed("the square has nothing there"))
    }

    async fn read_if_there<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Unread> {
        let (status, body) = answer(self.request(Method::GET, path)).await.map_err(|trouble| {
            let (Trouble::NotSent(reason) | Trouble::Unknown(reason)) = trouble;
            Unread::Failed { reason }
        })?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Unread::AccountBlocked { reason: said(&body) })
            }
            StatusCode::TOO_MANY_REQUESTS => {
                Err(Unread::Throttled { until: None, reason: said(&body) })
            }
            status if status.is_success() => {
                let read = serde_json::from_slice(&body);
                read.map(Some).map_err(|_| failed("the square's answer could not be understood"))
            }
            status => Err(failed(&format!("the square answered {status}: {}", said(&body)))),
        }
    }

    async fn thread(&self, id: &str) -> Result<Option<ThreadBody>, Unread> {
        if id.parse::<u64>().is_err() {
            return Ok(None);
        }
        self.read_if_there(&format!("/posts/{id}/thread")).await
    }

    async fn look_for_post(&self, delivery: &Delivery) -> Result<Look, Unread> {
        let since = delivery.first_attempt_at.unwrap_or(Timestamp::from_micros(0));
        // The square's clock is the demo's; an hour covers any step of it.
        let posts = self.own_posts(since.minus(SignedDuration::from_hours(1))).await?;
        let reference = delivery.reference.as_str();
        let same =
            |post: &&OwnPost| post.text == delivery.content.text && post.text.contains(reference);
        Ok(posts.iter().find(same).map_or(Look::NotThere, |post| {
            let (id, permalink) = (post.id.clone(), post.permalink.clone());
            Look::Found(Receipt { id, permalink, at: post.at })
        }))
    }

    async fn look_for_absence(&self, id: &str) -> Result<Look, Unread> {
        let Some(thread) = self.thread(id).await? else {
            return Err(failed("the square never had this post"));
        };
        Ok(thread.post.deleted_at.map_or(Look::NotThere, |at| {
            Look::Found(Receipt { id: thread.post.id, permalink: thread.post.permalink, at })
        }))
    }
}

#[async_trait]
impl Destination for Sandbox {
    async fn send(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        let content = claimed.content();
        let request = match &content.retracts {
            Some(id) if id.parse::<u64>().is_err() => {
                let reason = "the square's posts have numbers".to_owned();
                return Sent::Attempted(Outcome::Refused { reason });
            }
            Some(id) => self.request(Method::DELETE, &format!("/posts/{id}")),
            None => {
                let picture = match claimed.picture() {
                    Ok(picture) => picture,
                    Err(error) => {
                        return Sent::Attempted(Outcome::NotSent { reason: error.to_string() });
                    }
                };
                let picture = picture.map(|(picture, png)| PictureBody {
                    png: STANDARD.encode(png),
                    alt: picture.alt.clone(),
                });
                let (text, spoiler) = (content.text.clone(), content.spoiler.clone());
                let new = NewPost { text, spoiler, picture };
                let key = claimed.delivery().id.as_str();
                self.request(Method::POST, "/posts").header(KEY_HEADER, key).json(&new)
            }
        };
        if let Err(not_now) = permit.check() {
            return Sent::NotNow(not_now);
        }
        Sent::Attempted(match answer(request).await {
            Ok((status, body)) => outcome(status, &body),
            Err(Trouble::NotSent(reason)) => Outcome::NotSent { reason },
            Err(Trouble::Unknown(reason)) => Outcome::Unknown { reason },
        })
    }

    async fn look(&self, delivery: &Delivery) -> Look {
        let look = match &delivery.content.retracts {
            Some(id) => self.look_for_absence(id).await,
            None => self.look_for_post(delivery).await,
        };
        look.unwrap_or_else(|unread| Look::Blind { reason: unread.to_string() })
    }

    fn look_rules(&self) -> LookRules {
        LookRules {
            grace: self.request_timeout(),
            idempotent_for: Some(SignedDuration::from_hours(24 * 365)),
        }
    }

    fn request_timeout(&self) -> SignedDuration {
        SignedDuration::from_millis(TIMEOUT.as_millis().try_into().unwrap_or(i64::MAX))
    }

    async fn engagement(&self, post: &Watched) -> Result<Vec<Heard>, Unread> {
        let thread = self.thread(&post.post).await?;
        let thread = thread.ok_or_else(|| failed("the square has no such post"))?;
        Ok(thread.heard.into_iter().map(heard).collect())
    }

    async fn mentions(&self, cursor: Option<&str>) -> Result<Mentions, Unread> {
        let mut at = cursor.unwrap_or("0").to_owned();
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: Page<HeardBody> = self.read(&format!("/me/notifications?since={at}")).await?;
            all.extend(page.items.into_iter().map(heard));
            at = page.cursor;
            if page.next.is_none() {
                break;
            }
        }
        let cursor = (Some(at.as_str()) != cursor).then_some(at);
        Ok(Mentions { heard: all, cursor })
    }

    async fn own_posts(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        let base = format!("/me/posts?since={}", since.micros());
        let (mut all, mut path) = (Vec::new(), base.clone());
        for _ in 0..MOST_PAGES {
            let page: Page<PostBody> = self.read(&path).await?;
            all.extend(page.items.into_iter().map(|post| OwnPost {
                id: post.id,
                permalink: post.permalink,
                at: post.at,
                text: post.text,
            }));
            match page.next {
                Some(next) => path = format!("{base}&before={next}"),
                None => return Ok(all),
            }
        }
        Err(failed("the square's list of our posts has no end"))
    }

    async fn resolve(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        let fits = |sign: char| sign.is_alphanumeric() || sign == '_';
        if handle.is_empty() || !handle.chars().all(fits) {
            return Ok(None);
        }
        let account: Option<AccountBody> =
            self.read_if_there(&format!("/accounts/{handle}")).await?;
        Ok(account.map(identity))
    }

    async fn whoami(&self) -> Result<Identity, Unread> {
        self.read("/me").await.map(identity)
    }

    async fn limits(&self) -> Result<ServerLimits, Unread> {
        let limits: LimitsBody = self.read("/limits").await?;
        Ok(ServerLimits { max_length: limits.max_length })
    }

    async fn revoke(&self) -> Result<(), Unread> {
        match answer(self.request(Method::DELETE, "/me/token")).await {
            Ok((status, _)) if status.is_success() => Ok(()),
            // A token that no longer works is what was asked for.
            Ok((StatusCode::UNAUTHORIZED, _)) => Ok(()),
            _ => Err(failed("the square did not end the token; stop the demo to end it")),
        }
    }
}

/// A request that got no answer.
enum Trouble {
    NotSent(String),
    Unknown(String),
}

/// One request, one answer; its body is read up to [`LARGEST`] bytes.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Trouble> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() {
            Trouble::NotSent("the town square could not be reached".to_owned())
        } else if error.is_timeout() {
            Trouble::Unknown("the town square did not answer in time".to_owned())
        } else {
            Trouble::Unknown("the connection to the town square broke".to_owned())
        }
    })?;
    let status = response.status();
    let body = http::read_body(response, LARGEST).await;
    body.map(|body| (status, body)).map_err(|bad| Trouble::Unknown(bad.to_string()))
}

fn outcome(status: StatusCode, body: &[u8]) -> Outcome {
    let reason = said(body);
    match status {
        status if status.is_success() => match serde_json::from_slice::<PostBody>(body) {
            Ok(post) => Outcome::Accepted(Receipt {
                id: post.id,
                permalink: post.permalink,
                at: post.deleted_at.unwrap_or(post.at),
            }),
            Err(_) => Outcome::Unknown { reason: "its answer could not be understood".to_owned() },
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::AccountBlocked { reason },
        StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled { until: None, reason },
        status if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => {
            Outcome::Refused { reason }
        }
        status => Outcome::Unknown { reason: format!("the square answered {status}: {reason}") },
    }
}

/// What the square gave as its reason, at most 200 characters.
fn said(body: &[u8]) -> String {
    let error: Result<ErrorBody, _> = serde_json::from_slice(body);
    error.map_or_else(
        |_| "no reason given".to_owned(),
        |body| body.error.chars().take(200).collect(),
    )
}

fn failed(reason: &str) -> Unread {
    Unread::Failed { reason: reason.to_owned() }
}

fn author(account: AccountBody) -> Author {
    Author { stable_id: account.id, handle: account.handle }
}

fn identity(account: AccountBody) -> Identity {
    let evidence = account.verified.then(|| "verified by the town square".to_owned());
    Identity { author: author(account), evidence: evidence.into_iter().collect() }
}

fn heard(body: HeardBody) -> Heard {
    Heard {
        kind: body.kind,
        platform_id: body.id,
        on_post: body.on_post,
        author: author(body.by),
        at: Some(body.at),
        text: body.text,
    }
}
