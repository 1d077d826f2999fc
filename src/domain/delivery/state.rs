//! Where a delivery stands, and what a transition says that this does not allow.

use serde::{Deserialize, Serialize};

use super::{Doubt, Receipt};
use crate::domain::{action::spelled, time::Timestamp};

/// The right to make one attempt, until it runs out. Stamped with the database's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Unique to this claim: whoever records must name it.
    pub token: String,
    /// Who holds it: a worker process, or the officer of a hand-off.
    pub holder: String,
    /// When it runs out.
    pub until: Timestamp,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not before this instant.
    Waiting {
        /// The earliest claim.
        not_before: Timestamp,
        /// Why it waits, where something happened.
        why: Option<String>,
    },
    /// Somebody holds the one attempt.
    Sending(Lease),
    /// The platform has it.
    Delivered(Receipt),
    /// It was delivered, and then deleted by a retraction.
    Retracted(Receipt),
    /// Its facts changed, or its authority ended, before anything was sent.
    Withdrawn {
        /// What changed.
        why: String,
    },
    /// The platform refused it.
    Refused {
        /// What it said.
        why: String,
    },
    /// An attempt was made and nobody saw its end.
    Uncertain(Doubt),
}

spelled! {
    /// A state's name, as the ledger has it.
    StateName {
        /// See [`State::Waiting`].
        Waiting = "waiting",
        /// See [`State::Sending`].
        Sending = "sending",
        /// See [`State::Delivered`].
        Delivered = "delivered",
        /// See [`State::Retracted`].
        Retracted = "retracted",
        /// See [`State::Withdrawn`].
        Withdrawn = "withdrawn",
        /// See [`State::Refused`].
        Refused = "refused",
        /// See [`State::Uncertain`].
        Uncertain = "uncertain",
    }
}

impl StateName {
    /// States that nothing leaves, but by a late receipt or a retraction.
    pub const fn ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending | Self::Uncertain)
    }

    /// States that hold an escalation to its word: something went out, or may have.
    pub const fn may_be_public(self) -> bool {
        matches!(self, Self::Sending | Self::Uncertain | Self::Delivered | Self::Retracted)
    }
}

/// A transition that this state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a delivery that is {from} cannot {act}")]
pub struct Illegal {
    /// The state it was in.
    pub from: StateName,
    /// What was asked.
    pub act: &'static str,
}
