//! The one attempt, and what may be said of its answer.
//!
//! The invariant: *accepted* needs X's own id of our post; *refused* needs a problem by which X
//! says that it did not do it; a text that X calls a duplicate, and everything else, is unknown.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use twitter_text::extractor::Extractor;

use super::{
    Ask, Meaning, Problem, Replies, X, reason,
    wire::{Deleted, Id, Made, One, plain},
};
use crate::{
    destinations::{
        Permit, Sent,
        http::{self, Answer},
    },
    domain::{
        delivery::{ClaimedDelivery, Content, Outcome, Receipt},
        platform::Visibility,
    },
};

impl X {
    pub(super) async fn post(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        let content = claimed.content();
        if content.visibility == Visibility::Followers {
            let reason = "on X every post is public, and this one is for followers only";
            return Sent::Attempted(Outcome::Refused { reason: reason.to_owned() });
        }
        if content.picture.is_some() {
            let reason = "takaza brings no picture to X: there an officer posts it by hand";
            return Sent::Attempted(Outcome::Refused { reason: reason.to_owned() });
        }
        let body = body(content, self.config.replies);
        let request = self.request(Method::POST, &["tweets"]).json(&body);
        match self.attempt(Ask::Post, request, permit).await {
            Err(sent) => sent,
            Ok((answer, token)) => {
                let reference = claimed.delivery().reference.as_str();
                let outcome = match answer.status {
                    200..=299 => self.judge_made(&answer, content, reference),
                    _ => self.judge_refusal(&answer, &token).await,
                };
                Sent::Attempted(outcome)
            }
        }
    }

    pub(super) async fn retract(&self, post: &str, permit: &dyn Permit) -> Sent {
        let request = self.request(Method::DELETE, &["tweets", post]);
        match self.attempt(Ask::Delete, request, permit).await {
            Err(sent) => sent,
            Ok((answer, token)) => {
                Sent::Attempted(self.judge_retraction(post, &answer, &token).await)
            }
        }
    }

    /// One request and its whole answer with the token that it bore, or what is known without one.
    async fn attempt(
        &self,
        ask: Ask,
        request: RequestBuilder,
        permit: &dyn Permit,
    ) -> Result<(Answer, SecretString), Sent> {
        let token = self.tokens.token().await.map_err(|none| Sent::Attempted(none.into()))?;
        let clean = |text: &str| http::said(text, &[&token]);
        let request = request.bearer_auth(token.expose_secret()).build().map_err(|error| {
            Sent::Attempted(Outcome::NotSent { reason: clean(&http::describe(&error)) })
        })?;
        let response =
            http::send_once(&self.client, request, permit).await.map_err(|sent| match sent {
                Sent::Attempted(Outcome::NotSent { reason }) => {
                    Sent::Attempted(Outcome::NotSent { reason: clean(&reason) })
                }
                Sent::Attempted(Outcome::Unknown { reason }) => {
                    Sent::Attempted(Outcome::Unknown { reason: clean(&reason) })
                }
                other => other,
            })?;
        let answer = Answer::of(response, self.config.http.max_body).await.without(&token);
        if answer.status == 429 {
            let (until, reason) = self.throttled(ask, &answer);
            return Err(Sent::Attempted(Outcome::Throttled { until, reason }));
        }
        Ok((answer, token))
    }

    /// Errors beside the data are about the data's trimmings: the post stands.
    fn judge_made(&self, answer: &Answer, content: &Content, reference: &str) -> Outcome {
        let made = serde_json::from_slice::<One<Made>>(answer.bytes()).ok();
        match made.and_then(|one| one.data) {
            Some(made) if answers_another(&made, content, reference) => Outcome::Unknown {
                reason: "X answered with a post that lacks our reference".to_owned(),
            },
            Some(made) => Outcome::Accepted(self.receipt(&made.id)),
            None => Outcome::Unknown {
                reason: format!(
                    "status {}, but without a post's id that can be read",
                    answer.status
                ),
            },
        }
    }

    /// A deletion has no receipt of its own: the deleted post's id stands for it. *Not found* is
    /// believed only of X itself; of anything else the look decides.
    async fn judge_retraction(&self, post: &str, answer: &Answer, token: &SecretString) -> Outcome {
        let gone = || Outcome::Accepted(self.receipt(&Id(post.to_owned())));
        let missing =
            |problem: &Problem| matches!(problem.meaning(), Meaning::NotFound | Meaning::Other);
        if answer.status == 404 && Problem::read(answer.bytes()).as_ref().is_some_and(missing) {
            return gone();
        }
        if !(200..=299).contains(&answer.status) {
            return self.judge_refusal(answer, token).await;
        }
        match serde_json::from_slice::<One<Deleted>>(answer.bytes()) {
            Ok(One { data: Some(Deleted { deleted: true }), .. }) => gone(),
            Ok(One { data: None, errors, .. })
                if errors.iter().any(|one| one.meaning() == Meaning::NotFound) =>
            {
                gone()
            }
            _ => Outcome::Unknown {
                reason: format!("status {}, but X does not say *deleted*", answer.status),
            },
        }
    }

    async fn judge_refusal(&self, answer: &Answer, token: &SecretString) -> Outcome {
        let reason = reason(answer);
        let problem = Problem::read(answer.bytes());
        match (answer.status, problem.as_ref().map(Problem::meaning)) {
            (401, _) if self.tokens.refused(token).await => Outcome::NotSent {
                reason: "X did not take the token; the next attempt brings another".to_owned(),
            },
            (401 | 402, _) => Outcome::AccountBlocked { reason },
            // A whole app that may not post is no judgement of this one post.
            (403, Some(Meaning::Account | Meaning::Tier)) => Outcome::AccountBlocked { reason },
            (403, Some(Meaning::Duplicate)) => Outcome::Unknown {
                reason: format!(
                    "X says that this text of ours stands already; whether an attempt of this \
                     delivery made it is learnt by looking: {reason}"
                ),
            },
            (400 | 403 | 404 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 422, Some(_)) => {
                Outcome::Refused { reason }
            }
            _ => Outcome::Unknown { reason },
        }
    }

    /// What X gave back; it tells no time of its own.
    pub(super) fn receipt(&self, id: &Id) -> Receipt {
        Receipt { id: id.0.clone(), permalink: self.permalink(&id.0), at: self.now() }
    }
}

/// The post: exactly the frozen text, and who may answer it.
fn body(content: &Content, replies: Replies) -> Value {
    let mut body = json!({ "text": content.text });
    let mentions = || Extractor::new().extract_mentioned_screennames(&content.text);
    let setting = match replies {
        Replies::Everyone => return body,
        Replies::Following => "following",
        Replies::Restricted if mentions().is_empty() => "verified",
        Replies::Restricted => "mentionedUsers",
    };
    body["reply_settings"] = json!(setting);
    body
}

/// A server that mixes up its answers.
fn answers_another(made: &Made, content: &Content, reference: &str) -> bool {
    let lacks = |text: &String| !plain(text).contains(reference);
    content.text.contains(reference) && made.text.as_ref().is_some_and(lacks)
}
