//! What came of the one attempt, and the receipt of an accepted one.

use serde::{Deserialize, Serialize};

use crate::domain::{action::spelled, time::Timestamp};

/// What the platform gave back for a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's id of the post.
    pub id: String,
    /// Where a person can see it.
    pub permalink: String,
    /// The platform's time of it, or ours of the answer.
    pub at: Timestamp,
}

/// What came of the one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it, and gave a receipt.
    Accepted(Receipt),
    /// Proved: no byte of the post reached the platform (name or connection failed, or what must go
    /// before it and makes nothing public).
    NotSent {
        /// What failed.
        reason: String,
    },
    /// The platform asks to wait.
    Throttled {
        /// When it says to come back.
        until: Option<Timestamp>,
        /// What it said.
        reason: String,
    },
    /// The account cannot post (401, suspended); it is paused until a person looks.
    AccountBlocked {
        /// What it said.
        reason: String,
    },
    /// The platform refuses this post.
    Refused {
        /// What it said.
        reason: String,
    },
    /// Everything else, a 5xx and an unreadable 2xx among them.
    Unknown {
        /// What was seen.
        reason: String,
    },
}

spelled! {
    /// An outcome's name, as the record has it.
    OutcomeKind {
        /// See [`Outcome::Accepted`].
        Accepted = "accepted",
        /// See [`Outcome::NotSent`].
        NotSent = "not-sent",
        /// See [`Outcome::Throttled`].
        Throttled = "throttled",
        /// See [`Outcome::AccountBlocked`].
        AccountBlocked = "account-blocked",
        /// See [`Outcome::Refused`].
        Refused = "refused",
        /// See [`Outcome::Unknown`].
        Unknown = "unknown",
    }
}

impl Outcome {
    /// Its name.
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Accepted(_) => OutcomeKind::Accepted,
            Self::NotSent { .. } => OutcomeKind::NotSent,
            Self::Throttled { .. } => OutcomeKind::Throttled,
            Self::AccountBlocked { .. } => OutcomeKind::AccountBlocked,
            Self::Refused { .. } => OutcomeKind::Refused,
            Self::Unknown { .. } => OutcomeKind::Unknown,
        }
    }

    /// What was said or seen, empty for an accepted one.
    pub fn reason(&self) -> &str {
        match self {
            Self::Accepted(_) => "",
            Self::NotSent { reason }
            | Self::Throttled { reason, .. }
            | Self::AccountBlocked { reason }
            | Self::Refused { reason }
            | Self::Unknown { reason } => reason,
        }
    }
}
