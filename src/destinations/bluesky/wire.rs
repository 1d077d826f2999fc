//! What a PDS and the AppView behind it write, as far as we need it.
//!
//! The invariant: only what every answer of its kind has is required; all else may be missing.

use serde::Deserialize;
use serde_json::Value;

use super::is_ok;
use crate::{
    destinations::{http::Answer, reading::instant},
    domain::{engagement::Author, time::Timestamp},
};

/// An error, as the API writes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ApiError {
    /// Its name, such as `InvalidSwap`.
    pub error: String,
    #[serde(default)]
    pub message: String,
}

/// What an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blames {
    /// Our token: it ended, or was never one.
    Token,
    /// Our account: taken down, suspended, deactivated.
    Account,
    /// This request alone, or nothing that can be told.
    Request,
}

impl ApiError {
    /// What a refusal says; empty where it says nothing that can be read.
    pub fn of(answer: &Answer) -> Self {
        if is_ok(answer) {
            return Self::default();
        }
        serde_json::from_slice(answer.bytes()).unwrap_or_default()
    }

    /// What a refusal speaks of. A bad token is mostly a 400 here, not a 401 (ran). The names of
    /// blocked accounts count only where the server judges who asks: elsewhere they speak of the
    /// account that was asked about.
    pub fn blames(&self, status: u16) -> Blames {
        const ENDED: [&str; 2] = ["ExpiredToken", "InvalidToken"];
        const BLOCKED: [&str; 5] = [
            "AccountTakedown",
            "AccountSuspended",
            "AccountDeactivated",
            "AccountNotFound",
            "AccountNotActive",
        ];
        match status {
            401 | 403 if BLOCKED.contains(&self.error.as_str()) => Blames::Account,
            401 => Blames::Token,
            400 if ENDED.contains(&self.error.as_str()) => Blames::Token,
            _ => Blames::Request,
        }
    }
}

/// `com.atproto.server.getSession`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    pub did: String,
    pub handle: String,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub status: Option<String>,
}

/// `com.atproto.repo.putRecord`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Put {
    pub uri: String,
}

/// `com.atproto.repo.getRecord`, and a row of `listRecords`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub uri: String,
    pub value: Value,
}

impl Record {
    /// A post's text.
    pub fn text(&self) -> &str {
        self.value["text"].as_str().unwrap_or_default()
    }

    /// The time that its author wrote into it.
    pub fn at(&self) -> Option<Timestamp> {
        instant(self.value["createdAt"].as_str()?)
    }
}

/// `com.atproto.identity.resolveHandle`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Resolved {
    pub did: String,
}

/// An account as the AppView shows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Actor {
    pub did: String,
    pub handle: String,
    #[serde(default)]
    pub verification: Option<Verification>,
}

impl Actor {
    pub fn author(&self) -> Author {
        Author { stable_id: self.did.clone(), handle: self.handle.to_lowercase() }
    }
}

/// Who vouches for an account.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Verification {
    #[serde(default, rename = "verifiedStatus")]
    pub status: String,
    #[serde(default)]
    pub verifications: Vec<Vouched>,
}

/// One who vouches.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Vouched {
    pub issuer: String,
    #[serde(default, rename = "isValid")]
    pub valid: bool,
}

/// A post as the AppView shows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PostView {
    pub uri: String,
    pub author: Actor,
    #[serde(default)]
    pub record: Value,
    #[serde(default, rename = "indexedAt")]
    pub indexed_at: Option<String>,
}

/// A like.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Liked {
    pub actor: Actor,
    #[serde(default, rename = "indexedAt")]
    pub indexed_at: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Notification {
    pub uri: String,
    pub author: Actor,
    pub reason: String,
    #[serde(default, rename = "reasonSubject")]
    pub subject: Option<String>,
    #[serde(default)]
    pub record: Value,
    #[serde(rename = "indexedAt")]
    pub indexed_at: String,
}
