//! The one attempt, and what may be said of its answer.
//!
//! The invariant: *accepted* needs the server's word that our record stands at our key; *refused*
//! needs a status by which the server says that it did not process the request; everything else is
//! unknown. Nothing is ever overwritten.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultDirectRateLimiter, clock::Clock as _};
use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    Bluesky, error_text, is_ok,
    key::{POSTS, Place, record_key},
    record::{mentioned, record},
    wire::{self, Blames},
};
use crate::{
    destinations::{
        Permit, Sent, Unread,
        http::{self, Answer},
        manners::limiter,
    },
    domain::{
        delivery::{ClaimedDelivery, Content, Delivery, Look, Outcome, Receipt},
        platform::Visibility,
        time::Timestamp,
    },
};

/// What a write costs (read in the PDS's own sources).
const PUT: NonZeroU32 = const { NonZeroU32::new(2).unwrap() };
const DELETE: NonZeroU32 = const { NonZeroU32::new(1).unwrap() };

/// The points that a PDS allows an account's writes: 5,000 in an hour and 35,000 in a day.
pub(super) struct Points {
    hour: DefaultDirectRateLimiter,
    day: DefaultDirectRateLimiter,
}

impl Points {
    pub fn new() -> Self {
        let hour = const { NonZeroU32::new(5_000).unwrap() };
        let day = const { NonZeroU32::new(35_000).unwrap() };
        const HOUR: Duration = Duration::from_secs(3_600);
        Self { hour: limiter(hour, HOUR), day: limiter(day, HOUR * 24) }
    }

    /// Takes this many, or says how long it is until there are so many again.
    fn take(&self, points: NonZeroU32) -> Result<(), Duration> {
        for limiter in [&self.hour, &self.day] {
            if let Ok(Err(early)) = limiter.check_n(points) {
                return Err(early.wait_time_from(limiter.clock().now()));
            }
        }
        Ok(())
    }
}

impl Bluesky {
    pub(super) async fn post(
        &self,
        claimed: &ClaimedDelivery,
        permit: &dyn Permit,
    ) -> Result<Outcome, Sent> {
        let (content, delivery) = (claimed.content(), claimed.delivery());
        cannot_say(content).map_err(Sent::Attempted)?;
        let did = self.own_did().await.map_err(nothing_left)?;
        let place = Place::post(&did, record_key(&delivery.id));
        let bank = self.bank_mentioned(claimed).await?;
        let at = self.time_of(delivery);
        let blob = self.picture_of(claimed, permit).await?;
        let body = json!({
            "repo": did,
            "collection": POSTS,
            "rkey": place.key,
            "validate": true,
            "record": record(content, bank.as_deref(), at, blob),
            "swapRecord": null,
        });
        let answer = self.write("com.atproto.repo.putRecord", &body, PUT, permit).await?;
        if is_ok(&answer) {
            return Ok(match serde_json::from_slice::<wire::Put>(answer.bytes()) {
                Ok(put) if put.uri == place.to_string() => {
                    Outcome::Accepted(Receipt { id: put.uri, permalink: place.permalink(), at })
                }
                Ok(_) => unknown("the server answered with another record than the one we put"),
                Err(_) => unknown(&format!(
                    "status {}, but without a record's name that can be read",
                    answer.status
                )),
            });
        }
        if wire::ApiError::of(&answer).error == "InvalidSwap" {
            return Ok(self.what_stands(delivery).await);
        }
        Ok(judge_refusal(&answer))
    }

    /// Another record stands at our key. Where it is our own post (an earlier attempt's, with
    /// another time or facet in it), it was accepted; else it is left alone and a person is asked.
    async fn what_stands(&self, delivery: &Delivery) -> Outcome {
        match self.look_for_post(delivery).await {
            Ok(Look::Found(receipt)) => Outcome::Accepted(receipt),
            Ok(_) => unknown(
                "another record stands at this delivery's key; it was not overwritten, and what \
                 it says is not ours",
            ),
            Err(unread) => unknown(&format!("something stands at this delivery's key: {unread}")),
        }
    }

    pub(super) async fn retract(&self, post: &str, permit: &dyn Permit) -> Result<Outcome, Sent> {
        let did = self.own_did().await.map_err(nothing_left)?;
        let Some(place) = Place::parse(post).filter(|place| place.did == did) else {
            let reason = "what it retracts is no post of this account".to_owned();
            return Ok(Outcome::Refused { reason });
        };
        let body = json!({ "repo": did, "collection": place.collection, "rkey": place.key });
        let answer = self.write("com.atproto.repo.deleteRecord", &body, DELETE, permit).await?;
        if !is_ok(&answer) {
            return Ok(judge_refusal(&answer));
        }
        // The server says so too where there was nothing to delete.
        if serde_json::from_slice::<Value>(answer.bytes()).is_ok_and(|value| value.is_object()) {
            return Ok(Outcome::Accepted(self.deleted(&place)));
        }
        Ok(unknown("the server's answer to the deletion cannot be read"))
    }

    /// One request and its whole answer: a 2xx, or a refusal that speaks of this request alone.
    ///
    /// # Errors
    /// There is no answer, or one that says nothing of the record itself: wait, or our token or
    /// account is refused.
    async fn write(
        &self,
        method: &str,
        body: &Value,
        points: NonZeroU32,
        permit: &dyn Permit,
    ) -> Result<Answer, Sent> {
        self.points.take(points).map_err(|wait| {
            let wait = SignedDuration::try_from(wait).unwrap_or(self.config.waits.longest);
            let until = Some(self.now().plus(wait));
            let reason = "the points that Bluesky allows for writing are used up".to_owned();
            Sent::Attempted(Outcome::Throttled { until, reason })
        })?;
        self.ask_once(|token| self.request(Method::POST, method, token).json(body), permit).await
    }

    /// One request with a body, as for [`Bluesky::write`].
    pub(super) async fn ask_once(
        &self,
        request: impl FnOnce(&SecretString) -> RequestBuilder + Send,
        permit: &dyn Permit,
    ) -> Result<Answer, Sent> {
        let token = self.tokens.token().await.map_err(|none| Sent::Attempted(none.into()))?;
        self.manners.count_send();
        let request = request(&token).build();
        let request = request.map_err(|error| {
            Sent::Attempted(Outcome::NotSent { reason: http::describe(&error) })
        })?;
        let response = http::send_once(&self.client, request, permit).await?;
        let answer = Answer::of(response, self.config.http.max_body).await.without(&token);
        if answer.status == 429 {
            let until = self.manners.throttled(&answer.headers);
            let reason = "too many requests (429)".to_owned();
            return Err(Sent::Attempted(Outcome::Throttled { until, reason }));
        }
        let reason = error_text(&answer);
        Err(Sent::Attempted(match wire::ApiError::of(&answer).blames(answer.status) {
            Blames::Request => return Ok(answer),
            // Refused before anything was done: another token may do it, at the next attempt.
            Blames::Token if self.tokens.refused(&token).await => {
                let reason = format!("the session had ended and is renewed: {reason}");
                Outcome::NotSent { reason }
            }
            Blames::Token | Blames::Account => Outcome::AccountBlocked { reason },
        }))
    }

    /// Whom the text mentions, asked anew: `None`, nobody. Nothing is sent where it is not who a
    /// person verified.
    async fn bank_mentioned(&self, claimed: &ClaimedDelivery) -> Result<Option<String>, Sent> {
        let Some(handle) = mentioned(claimed.content()) else { return Ok(None) };
        match self.holder_of(handle).await {
            Ok(Some(now)) if claimed.verified() == Some(now.author.stable_id.as_str()) => {
                Ok(Some(now.author.stable_id))
            }
            Ok(Some(_)) => {
                Err(Sent::NotTheBank(format!("@{handle} belongs to another account now")))
            }
            Ok(None) => Err(Sent::NotTheBank(format!("@{handle} is gone"))),
            Err(unread) => {
                let reason = format!("it could not be asked who @{handle} is: {unread}");
                Err(Sent::Attempted(Outcome::NotSent { reason }))
            }
        }
    }

    /// The time that a post bears: that of its first attempt, so that every attempt makes the same
    /// record. (The AppView sorts a post by it, so that the time of drafting would bury a post that
    /// waited for its approval.)
    fn time_of(&self, delivery: &Delivery) -> Timestamp {
        delivery.first_attempt_at.unwrap_or_else(|| self.now())
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.config.clock)()
    }

    /// The receipt of a deletion, which has none of its own.
    pub(super) fn deleted(&self, place: &Place) -> Receipt {
        Receipt { id: place.to_string(), permalink: place.permalink(), at: self.now() }
    }
}

/// What was approved, and Bluesky has no way to post.
fn cannot_say(content: &Content) -> Result<(), Outcome> {
    let what = if content.visibility != Visibility::Public {
        format!("{} posts", content.visibility)
    } else if content.spoiler.is_some() {
        "content warnings of one's own words".to_owned()
    } else {
        return Ok(());
    };
    Err(Outcome::Refused { reason: format!("Bluesky has no {what}, so nothing was sent") })
}

pub(super) fn judge_refusal(answer: &Answer) -> Outcome {
    let reason = error_text(answer);
    let is_api = !wire::ApiError::of(answer).error.is_empty();
    match answer.status {
        400 | 403 | 413 | 422 => Outcome::Refused { reason },
        404 | 405 | 406 | 410 | 411 | 414 | 415 if is_api => Outcome::Refused { reason },
        _ => Outcome::Unknown { reason },
    }
}

/// What a reading that failed before the attempt means for it: no byte of the post has left.
fn nothing_left(unread: Unread) -> Sent {
    Sent::Attempted(match unread {
        Unread::Throttled { until, reason } => Outcome::Throttled { until, reason },
        Unread::AccountBlocked { reason } => Outcome::AccountBlocked { reason },
        Unread::Failed { reason } => Outcome::NotSent { reason },
    })
}

fn unknown(reason: &str) -> Outcome {
    Outcome::Unknown { reason: reason.to_owned() }
}
