//! The words of an escalation: its rung, its kind, its states, and why it refuses a change of them.

use crate::domain::{action::spelled, canonical::Hash, person::NotAllowed};

spelled! {
    /// One of the ordered ways of pressing a bank.
    Rung {
        /// The official mail to the nodal officer.
        Mail = "mail",
        /// The call desk.
        Call = "call",
        /// The public tag.
        Tag = "tag",
        /// The letter that asks a bank to explain its delay.
        Notice = "notice",
    }
}

spelled! {
    /// What an escalation says.
    EscalationKind {
        /// These actions are overdue.
        Tag = "tag",
        /// The bank has acted: thanks.
        Closure = "closure",
        /// What we said needs correcting.
        Correction = "correction",
        /// Delete what we said.
        Retraction = "retraction",
    }
}

impl EscalationKind {
    /// Corrections and retractions pass bank caps and quiet hours: setting a wrong right must not
    /// wait.
    pub const fn sets_right(self) -> bool {
        matches!(self, Self::Correction | Self::Retraction)
    }
}

spelled! {
    /// Where an escalation stands.
    EscalationState {
        /// Waits for authority.
        Held = "held",
        /// Has it.
        Cleared = "cleared",
        /// All its deliveries have ended.
        Closed = "closed",
        /// An approver said no.
        Rejected = "rejected",
        /// Too old.
        Expired = "expired",
        /// Its facts changed before anything was sent.
        Withdrawn = "withdrawn",
        /// The bank disputes an action; an approver decides.
        Disputed = "disputed",
    }
}

impl EscalationState {
    /// At most one open escalation exists per bank, rung and kind, and one per action and rung.
    pub const fn open(self) -> bool {
        matches!(self, Self::Held | Self::Cleared | Self::Disputed)
    }
}

/// Why a transition was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("an escalation that is {from} cannot {act}")]
    State {
        /// The state it was in.
        from: EscalationState,
        /// What was asked.
        act: &'static str,
    },
    /// The giver saw other bytes than these.
    #[error(
        "the escalation changed since it was shown; look at it again (its hash is now {now_is})"
    )]
    Changed {
        /// The hash now.
        now_is: Hash,
    },
    /// Something was sent, or may have been.
    #[error("something of this escalation was sent, or may have been; it closes by its deliveries")]
    Sent,
    /// The person may not.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The standing order does not cover it.
    #[error("the standing order does not cover it: {0}")]
    NotCovered(String),
    /// Only what sets a wrong right may pass the stop switch.
    #[error("only a correction or a retraction may go while sending is stopped, not a {0}")]
    NeverPastStop(EscalationKind),
    /// An edit may change words, nothing else.
    #[error("an edit changes the words of a text, never its account, language or audience")]
    MoreThanWords,
    /// The same ground has been decided before.
    #[error("this ground was already decided for these actions; it does not stop the ladder twice")]
    DecidedBefore,
}
