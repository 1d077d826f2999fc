//! The one attempt, and what may be said of its answer.
//!
//! The invariant: *accepted* needs the server's own id of our post; *refused* needs a status by
//! which the server says that it did not process the request; everything else is unknown.

use reqwest::{Method, Request, Response};
use serde_json::{Value, json};

use super::{Mastodon, wire};
use crate::{
    destinations::{
        Permit, Sent,
        http::{self, read_body},
    },
    domain::{
        canonical::Hash,
        delivery::{ClaimedDelivery, Content, Delivery, Outcome, Receipt},
    },
};

/// An answer to a send, read within the limit.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Mastodon {
    pub(super) async fn post(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent {
        let content = claimed.content();
        let media = match self.picture_of(claimed, permit).await {
            Ok(media) => media,
            Err(sent) => return sent,
        };
        // The key alone decides, whatever a repeated upload has made of the picture's id (Mastodon,
        // `PostStatusService#call`).
        let request = self
            .request(Method::POST, self.url(&["api", "v1", "statuses"]))
            .header("idempotency-key", idempotency_key(claimed.delivery()))
            .json(&status_body(content, media.as_ref()))
            .build();
        match self.attempt(request, permit).await {
            Err(sent) => sent,
            Ok(answered) => Sent::Attempted(self.judge_post(content, claimed, &answered)),
        }
    }

    async fn picture_of(
        &self,
        claimed: &ClaimedDelivery,
        permit: &dyn Permit,
    ) -> Result<Option<wire::Id>, Sent> {
        match claimed.picture() {
            Ok(None) => Ok(None),
            Ok(Some(picture)) => self.upload(picture, permit).await.map(Some),
            Err(error) => Err(Sent::Attempted(Outcome::NotSent { reason: error.to_string() })),
        }
    }

    pub(super) async fn retract(&self, post: &str, permit: &dyn Permit) -> Sent {
        let url = self.url(&["api", "v1", "statuses", post]);
        match self.attempt(self.request(Method::DELETE, url).build(), permit).await {
            Err(sent) => sent,
            Ok(answered) => Sent::Attempted(self.judge_retraction(post, &answered)),
        }
    }

    /// One request and its whole answer, or what is known without one.
    pub(super) async fn attempt(
        &self,
        request: reqwest::Result<Request>,
        permit: &dyn Permit,
    ) -> Result<Answered, Sent> {
        let request = request.map_err(|error| {
            Sent::Attempted(Outcome::NotSent { reason: self.said(&http::describe(&error)) })
        })?;
        let response = http::send_once(&self.client, request, permit)
            .await
            .map_err(|sent| self.without_secrets(sent))?;
        self.answered(response).await.map_err(Sent::Attempted)
    }

    async fn answered(&self, response: Response) -> Result<Answered, Outcome> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if status == 429 {
            let until = self.manners.throttled(&headers);
            return Err(Outcome::Throttled { until, reason: "too many requests (429)".to_owned() });
        }
        match read_body(response, self.config.http.max_body).await {
            Ok(body) => Ok(Answered { status, body }),
            // What the status line alone settles is settled, however the body ends.
            Err(_) if (400..=499).contains(&status) => Ok(Answered { status, body: Vec::new() }),
            Err(error) => {
                Err(Outcome::Unknown { reason: self.said(&format!("status {status}: {error}")) })
            }
        }
    }

    fn judge_post(
        &self,
        content: &Content,
        claimed: &ClaimedDelivery,
        answered: &Answered,
    ) -> Outcome {
        let reference = claimed.delivery().reference.as_str();
        match answered.status {
            200..=299 => match serde_json::from_slice::<wire::Status>(&answered.body) {
                Ok(status) if answers_another(&status, content, reference) => Outcome::Unknown {
                    reason: "the server answered with a post that lacks our reference".to_owned(),
                },
                Ok(status) => Outcome::Accepted(self.receipt(&status)),
                Err(_) => Outcome::Unknown {
                    reason: format!(
                        "status {}, but without a post's id that can be read",
                        answered.status
                    ),
                },
            },
            _ => self.judge_refusal(answered),
        }
    }

    /// A deletion has no receipt of its own: the deleted post's id stands for it. *Not found* is
    /// believed only of the API itself; of a page in HTML (which may be anyone's) and of a 400
    /// (Mitra's word for a missing post) the look decides.
    fn judge_retraction(&self, post: &str, answered: &Answered) -> Outcome {
        let gone = || {
            let status = serde_json::from_slice::<wire::Status>(&answered.body).ok();
            let permalink = status.map(|status| status.permalink(&self.base));
            Outcome::Accepted(self.deleted(post, permalink))
        };
        match answered.status {
            200..=299 => gone(),
            404 | 410 if is_api(&answered.body) => gone(),
            400 | 404 | 410 => {
                Outcome::Unknown { reason: self.error_text(answered.status, &answered.body) }
            }
            _ => self.judge_refusal(answered),
        }
    }

    pub(super) fn judge_refusal(&self, answered: &Answered) -> Outcome {
        let Answered { status, body } = answered;
        let reason = self.error_text(*status, body);
        match status {
            401 => Outcome::AccountBlocked { reason },
            403 if self.blocks_account(body) => Outcome::AccountBlocked { reason },
            400 | 403 | 413 | 422 => Outcome::Refused { reason },
            404 | 405 | 406 | 410 | 411 | 414 | 415 if is_api(body) => Outcome::Refused { reason },
            300..=399 => Outcome::Unknown {
                reason: format!(
                    "the server redirects (status {status}), which is never followed; check its \
                     configured address"
                ),
            },
            _ => Outcome::Unknown { reason },
        }
    }

    pub(super) fn receipt(&self, status: &wire::Status) -> Receipt {
        Receipt {
            id: status.id.0.clone(),
            permalink: status.permalink(&self.base),
            at: status.at().unwrap_or_else(|| self.now()),
        }
    }

    /// The receipt of a deletion.
    pub(super) fn deleted(&self, post: &str, permalink: Option<String>) -> Receipt {
        let permalink = permalink.unwrap_or_else(|| wire::web_page(&self.base, post));
        Receipt { id: post.to_owned(), permalink, at: self.now() }
    }

    fn without_secrets(&self, sent: Sent) -> Sent {
        match sent {
            Sent::Attempted(Outcome::NotSent { reason }) => {
                Sent::Attempted(Outcome::NotSent { reason: self.said(&reason) })
            }
            Sent::Attempted(Outcome::Unknown { reason }) => {
                Sent::Attempted(Outcome::Unknown { reason: self.said(&reason) })
            }
            other => other,
        }
    }
}

/// The same for every attempt of one delivery, and another for every other text.
fn idempotency_key(delivery: &Delivery) -> String {
    let id = delivery.id.as_str();
    let key = format!("{id}-{}", delivery.content.hash());
    // An id that a header cannot hold still gets a key.
    if key.bytes().all(|b| b.is_ascii_graphic()) {
        key
    } else {
        Hash::of(key.as_bytes()).to_string()
    }
}

fn status_body(content: &Content, media: Option<&wire::Id>) -> Value {
    let mut body = json!({
        "status": content.text,
        "visibility": content.visibility.as_str(),
        "language": content.language.as_str(),
    });
    if let Some(spoiler) = &content.spoiler {
        body["spoiler_text"] = json!(spoiler);
    }
    if let Some(media) = media {
        body["media_ids"] = json!([media.0]);
    }
    body
}

/// A replayed key of another text, or a server that mixes up its answers.
fn answers_another(status: &wire::Status, content: &Content, reference: &str) -> bool {
    let Some(html) = &status.content else { return false };
    content.text.contains(reference)
        && !between_tags(html, reference)
        && !status.text().contains(reference)
}

/// Whether a word stands as it is between the tags of a page, which nearly every answer shows at a
/// glance and without being parsed.
fn between_tags(html: &str, word: &str) -> bool {
    html.match_indices(word).any(|(at, _)| html[..at].rfind('>') >= html[..at].rfind('<'))
}

fn is_api(body: &[u8]) -> bool {
    serde_json::from_slice::<wire::ApiError>(body).is_ok()
}
