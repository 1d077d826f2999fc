//! Where a destination gets the token of its next request, and how a platform renews one.
//!
//! The invariants: no token is ever shown; a destination holds none, it asks for each request; a
//! single-use token is used by one renewal only, and what came of that is told truly, a lost answer
//! as lost.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::Unread;
use crate::domain::{delivery::Outcome, time::Timestamp};

/// What a platform granted us: the token of our requests, and how to get the next one.
#[derive(Clone)]
pub struct Grant {
    /// The token of a request.
    pub access: SecretString,
    /// What buys the next access token; on X good for one renewal only.
    pub refresh: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// There is no token for a request; none was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// Not now: another process renews it, or the platform did not answer.
    #[error("no token now: {reason}")]
    Later {
        /// Why, without secrets.
        reason: String,
    },
    /// The grant has ended; a person connects the account anew.
    #[error("the account must be connected anew (`takaza account connect`): {reason}")]
    Reconnect {
        /// Why, without secrets.
        reason: String,
    },
}

impl From<NoToken> for Outcome {
    fn from(none: NoToken) -> Self {
        let reason = none.to_string();
        match none {
            NoToken::Later { .. } => Self::NotSent { reason },
            NoToken::Reconnect { .. } => Self::AccountBlocked { reason },
        }
    }
}

impl From<NoToken> for Unread {
    fn from(none: NoToken) -> Self {
        let reason = none.to_string();
        match none {
            NoToken::Later { .. } => Self::Throttled { until: None, reason },
            NoToken::Reconnect { .. } => Self::AccountBlocked { reason },
        }
    }
}

/// The tokens of one account.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The token for the next request, renewed where it is about to end.
    ///
    /// # Errors
    /// There is none, and whether to come back or to ask a person.
    async fn token(&self) -> Result<SecretString, NoToken>;

    /// The server refused this token (401). Whether [`Tokens::token`] can bring another one: then
    /// the account is not blocked, only its token was stale.
    async fn refused(&self, token: &SecretString) -> bool;
}

/// A token that a person wrote into a file, the environment or a systemd credential: it is what it
/// is, and never renewed.
pub struct FixedToken(SecretString);

impl FixedToken {
    /// That token.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }
}

#[async_trait]
impl Tokens for FixedToken {
    async fn token(&self) -> Result<SecretString, NoToken> {
        Ok(SecretString::from(self.0.expose_secret()))
    }

    async fn refused(&self, _token: &SecretString) -> bool {
        false
    }
}

/// Why a grant was not renewed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unrenewed {
    /// The platform refused it (`invalid_grant`): another process may have renewed it before us, so
    /// read it again first.
    #[error("the platform refused the grant: {reason}")]
    Refused {
        /// What it said, without secrets.
        reason: String,
    },
    /// It was not tried or not counted: the grant is as it was.
    #[error("not renewed now: {reason}")]
    NotNow {
        /// Why, without secrets.
        reason: String,
    },
    /// The request left and no answer came: a single-use token may be used up. A person connects
    /// the account anew.
    #[error("the answer to the renewal was lost: {reason}")]
    Lost {
        /// What happened, without secrets.
        reason: String,
    },
}

/// How one platform renews its grants. Exactly one request, never repeated.
#[async_trait]
pub trait Renew: Send + Sync {
    /// Buys the next grant with this one; `None`: there is none yet (a platform whose sessions
    /// begin with a password makes its first).
    ///
    /// # Errors
    /// It was not renewed; what that means for the old grant, the error says.
    async fn renew(&self, old: Option<&Grant>) -> Result<Grant, Unrenewed>;

    /// Whether the next grant can be begun without the old one (a session by password). There a
    /// renewal that was refused or lost costs nothing: the grant is dropped, and the next one is
    /// begun by `renew(None)`, without a person.
    fn begins_anew(&self) -> bool {
        false
    }
}
