//! What X's API v2 writes, and what its problems mean.
//!
//! The invariants: a problem is known by the end of its type's path, for the types have moved host
//! before; fields that were renamed (`repost_count`, once `retweet_count`) are read by both names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

pub(super) use crate::destinations::reading::{Id, instant, rows};
use crate::destinations::{Unread, http::said};
pub(super) use crate::domain::engagement::Author;
use crate::domain::{engagement::Tally, time::Timestamp};

/// An answer with one thing in it.
#[derive(Debug, Deserialize)]
pub(super) struct One<T> {
    pub data: Option<T>,
    #[serde(default)]
    pub includes: Includes,
    #[serde(default)]
    pub errors: Vec<Problem>,
}

/// A page of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    pub data: Option<Vec<Value>>,
    #[serde(default)]
    pub includes: Includes,
    #[serde(default)]
    pub errors: Vec<Problem>,
    pub meta: Option<Meta>,
}

impl Page {
    /// Its rows, who stands beside them, and the token of the next page. An empty page has its
    /// `meta` all the same.
    ///
    /// # Errors
    /// It is no page, and why.
    pub fn rows(self) -> Result<(Vec<Value>, Includes, Option<String>), String> {
        let Self { data, includes, errors, meta } = self;
        match (data, meta) {
            (None, None) => Err(match errors.first() {
                Some(error) => said(&error.words(), &[]),
                None => "the answer is not what the API promises".to_owned(),
            }),
            (data, meta) => {
                Ok((data.unwrap_or_default(), includes, meta.and_then(|meta| meta.next_token)))
            }
        }
    }

    /// The things that were asked for by id, without those that are gone.
    ///
    /// # Errors
    /// It is no such answer.
    pub fn found(self) -> Result<Vec<Value>, Unread> {
        let gone = self.errors.iter().all(|error| error.meaning() == Meaning::NotFound);
        if self.data.is_none() && (self.errors.is_empty() || !gone) {
            let words = self.errors.first().map(Problem::words).unwrap_or_default();
            let reason = said(&format!("X showed none of our posts: {words}"), &[]);
            return Err(Unread::Failed { reason });
        }
        Ok(self.data.unwrap_or_default())
    }
}

/// How a list goes on.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub next_token: Option<String>,
}

/// What stands beside the answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Includes {
    #[serde(default)]
    pub users: Vec<Value>,
}

impl Includes {
    /// The users beside an answer, by their ids.
    pub fn authors(&self) -> BTreeMap<&str, Author> {
        let author = |user: &Value| User::deserialize(user).ok().map(|user| user.author());
        let each = self.users.iter();
        each.filter_map(|user| Some((user.get("id")?.as_str()?, author(user)?))).collect()
    }
}

/// What came of a post.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub id: Id,
    #[serde(default)]
    pub text: Option<String>,
}

/// What came of a deletion.
#[derive(Debug, Deserialize)]
pub(super) struct Deleted {
    pub deleted: bool,
}

/// A user, as far as we need it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub id: Id,
    pub username: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub verified_type: Option<String>,
    #[serde(default)]
    pub protected: Option<bool>,
    #[serde(default)]
    pub parody: Option<bool>,
    #[serde(default)]
    pub is_identity_verified: Option<bool>,
    #[serde(default)]
    pub affiliation: Option<Affiliation>,
}

/// The label that an account bears for another: a business's, or *Automated by*.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Affiliation {
    #[serde(default)]
    pub description: Option<String>,
}

impl User {
    pub fn author(&self) -> Author {
        Author { stable_id: self.id.0.clone(), handle: self.username.clone() }
    }
}

/// A post, as far as we need it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Post {
    pub id: Id,
    #[serde(default)]
    text: String,
    #[serde(default)]
    pub author_id: Option<Id>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub conversation_id: Option<Id>,
    #[serde(default)]
    pub public_metrics: Option<Metrics>,
    #[serde(default)]
    entities: Option<Entities>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Entities {
    #[serde(default)]
    urls: Vec<Link>,
}

/// A link as X writes it (`https://t.co/…`) and as it was written.
#[derive(Debug, Clone, Deserialize)]
struct Link {
    #[serde(default)]
    url: String,
    #[serde(default)]
    expanded_url: Option<String>,
}

impl Post {
    /// Its text as it was written: X escapes `&`, `<` and `>` and puts its own links in.
    pub fn text(&self) -> String {
        let mut text = plain(&self.text);
        for link in self.entities.iter().flat_map(|entities| &entities.urls) {
            if let Some(written) = link.expanded_url.as_ref().filter(|_| !link.url.is_empty()) {
                text = text.replacen(&link.url, written, 1);
            }
        }
        text
    }

    /// X's time of it.
    pub fn at(&self) -> Option<Timestamp> {
        instant(self.created_at.as_deref()?)
    }

    /// A repost of somebody's (or our own) post; its text is cut.
    pub fn is_repost(&self) -> bool {
        self.text.starts_with("RT @")
    }
}

/// Text without X's escapes.
pub(super) fn plain(text: &str) -> String {
    htmlize::unescape(text).into_owned()
}

/// What came back on a post, as numbers.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Metrics {
    #[serde(default)]
    reply_count: u32,
    #[serde(default)]
    like_count: u32,
    #[serde(default, alias = "retweet_count")]
    repost_count: u32,
    #[serde(default)]
    quote_count: u32,
}

impl From<Metrics> for Tally {
    fn from(metrics: Metrics) -> Self {
        Self {
            replies: metrics.reply_count,
            likes: metrics.like_count,
            reposts: metrics.repost_count,
            quotes: metrics.quote_count,
        }
    }
}

/// A problem (RFC 7807), or an error in the form of X's first API.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    /// Of a cap that is used up: `Monthly`, `Daily`.
    #[serde(default)]
    pub period: Option<String>,
    /// What it is about, where that is not the request itself.
    #[serde(default)]
    resource_id: Option<String>,
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: Vec<Problem>,
}

/// What a problem means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A text of ours that is the same stands already, or did.
    Duplicate,
    /// It is the account, its token or its app that may not, whatever is asked.
    Account,
    /// What was asked for is not in the app's tier.
    Tier,
    /// A cap of the app, not of the minute.
    UsageCapped,
    /// There is no such thing.
    NotFound,
    /// Anything else.
    Other,
}

impl Problem {
    /// The problem that a body tells; `None`: it is none of X's.
    pub fn read(body: &[u8]) -> Option<Self> {
        let problem: Self = serde_json::from_slice(body).ok()?;
        (!problem.words().is_empty()).then_some(problem)
    }

    /// The end of its type's path: `https://api.x.com/2/problems/usage-capped` is `usage-capped`.
    fn end(&self) -> &str {
        let kind = self.kind.as_deref().unwrap_or_default();
        let path = kind.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        path.rsplit('/').next().unwrap_or_default()
    }

    /// X's own words for it.
    pub fn words(&self) -> String {
        let own = [&self.title, &self.detail, &self.message];
        let nested = self.errors.iter().flat_map(|one| [&one.detail, &one.message]);
        let words = own.into_iter().chain(nested).flatten().map(|text| plain(text));
        words.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(": ")
    }

    /// What it means: by its type, by the codes of X's first API, and where both say nothing, by
    /// its words.
    pub fn meaning(&self) -> Meaning {
        let codes: Vec<i64> = self.errors.iter().chain([self]).filter_map(|one| one.code).collect();
        let coded = |known: &[i64]| codes.iter().any(|code| known.contains(code));
        let words = self.words().to_lowercase();
        if words.contains("duplicate content") || coded(&[187]) {
            return Meaning::Duplicate;
        }
        match self.end() {
            "user-suspended" | "credits" | "oauth1-permissions" | "unsupported-authentication" => {
                return Meaning::Account;
            }
            "client-forbidden" => return Meaning::Tier,
            "usage-capped" => return Meaning::UsageCapped,
            "resource-not-found" => return Meaning::NotFound,
            _ => {}
        }
        // 63, 64: suspended; 89: the token; 326: locked; 416: the app is suspended.
        let about_us = self.resource_id.is_none()
            && ["suspended", "locked", "app permissions", "required scope"]
                .iter()
                .any(|word| words.contains(word));
        if about_us || coded(&[63, 64, 89, 326, 416]) { Meaning::Account } else { Meaning::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(body: &str) -> Meaning {
        Problem::read(body.as_bytes()).expect("a problem").meaning()
    }

    #[test]
    fn a_problem_is_known_by_the_end_of_its_path_on_whatever_host() {
        for host in ["https://api.twitter.com/2/problems", "https://api.x.com/2/problems", ""] {
            let body = |end| format!(r#"{{"title":"t","type":"{host}/{end}"}}"#);
            assert_eq!(meaning(&body("usage-capped")), Meaning::UsageCapped);
            assert_eq!(meaning(&body("user-suspended/")), Meaning::Account);
            assert_eq!(meaning(&body("client-forbidden?x=1")), Meaning::Tier);
            assert_eq!(meaning(&body("resource-not-found")), Meaning::NotFound);
            assert_eq!(meaning(&body("not-usage-capped")), Meaning::Other);
        }
    }

    #[test]
    fn codes_and_words_of_the_first_api_are_understood() {
        assert_eq!(
            meaning(r#"{"errors":[{"code":187,"message":"Status is a"}]}"#),
            Meaning::Duplicate
        );
        assert_eq!(
            meaning(r#"{"errors":[{"code":326,"message":"To protect"}]}"#),
            Meaning::Account
        );
        let locked = r#"{"detail":"Your account is temporarily locked.","title":"Forbidden"}"#;
        assert_eq!(meaning(locked), Meaning::Account);
        let another = r#"{"detail":"User has been suspended: [x].","resource_id":"x"}"#;
        assert_eq!(meaning(another), Meaning::Other);
        assert!(Problem::read(b"<html>suspended</html>").is_none());
        assert!(Problem::read(b"{}").is_none());
    }

    #[test]
    fn a_text_comes_back_as_it_was_written() {
        let post: Post = serde_json::from_str(
            r#"{"id":"1","text":"a &amp; b &lt;c&gt; https://t.co/x1","entities":{"urls":[
                {"start":0,"end":1,"url":"https://t.co/x1","expanded_url":"https://unit.example/a"}]}}"#,
        )
        .unwrap();
        assert_eq!(post.text(), "a & b <c> https://unit.example/a");
    }
}
