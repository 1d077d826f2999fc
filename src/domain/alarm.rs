//! Alarms: what is called to a duty officer's attention outside the console.
//!
//! An alarm's words go to phones and screens that we do not control: they hold public codes, our
//! own accounts and times, and never a case, a person, or what somebody else wrote.

use serde::{Deserialize, Serialize};

use super::{action::spelled, ids::PersonId, time::Timestamp};

spelled! {
    /// What an alarm is about.
    What {
        /// The breaker stopped sending.
        Breaker = "breaker-tripped",
        /// The ledger was restored, and nobody has accepted that.
        Restored = "ledger-restored",
        /// An account that looks like a bank's and is not it answers under our posts.
        LookAlike = "look-alike",
        /// A post in our own timeline that the ledger does not know.
        UnknownPost = "unknown-post",
        /// A post of ours says something else than was approved.
        PostChanged = "post-changed",
        /// A post of ours is gone, and no retraction took it away.
        PostDeleted = "post-deleted",
        /// An account of ours answers to another handle or id.
        ProfileChanged = "profile-changed",
        /// A bank's verified handle is no longer that bank's, or is gone.
        HandleChanged = "handle-changed",
        /// The case source has not answered for long.
        SourceDown = "source-down",
        /// A platform has told us nothing for long.
        FeedSilent = "feed-silent",
        /// Entries of the record stay unsealed.
        Unsealed = "unsealed",
        /// A delivery may or may not have gone out, and only a person can tell.
        Uncertain = "uncertain-delivery",
        /// A dispute waits for an approver for too long.
        Dispute = "dispute-undecided",
        /// An account's grant can no longer be renewed.
        GrantBroken = "grant-broken",
        /// The weekly report did not arrive, or nobody knows whether it did.
        WeeklyReport = "weekly-report",
    }
}

impl What {
    /// Whether an alarm that nobody takes stops all sending. What only tells concerns no post: that
    /// a report did not arrive makes none of them untrue.
    pub const fn stops(self) -> bool {
        !matches!(self, Self::WeeklyReport)
    }
}

/// Something to ring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub what: What,
    /// About which thing; with `what` its one key, so that nothing rings twice.
    pub subject: String,
    /// In words, with what to do.
    pub detail: String,
}

impl Alarm {
    /// An alarm.
    pub fn new(what: What, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what, subject: subject.into(), detail: detail.into() }
    }
}

/// An alarm as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Its id (UUID v7).
    pub id: String,
    /// What.
    pub what: What,
    /// About which thing.
    pub subject: String,
    /// In words.
    pub detail: String,
    /// When.
    pub raised_at: Timestamp,
    /// When it first reached the duty officer by any way.
    pub rung_at: Option<Timestamp>,
    /// Who took it.
    pub taken_by: Option<PersonId>,
    /// When.
    pub taken_at: Option<Timestamp>,
    /// When its cause was seen to be gone.
    pub over_at: Option<Timestamp>,
    /// When it engaged the stop switch, because nobody took it.
    pub stopped_at: Option<Timestamp>,
}

impl Raised {
    /// What the duty officer reads.
    pub fn text(&self, duty_officer: &str) -> String {
        format!(
            "takaza alarm for {duty_officer}: {} Take it with `takaza alarm take {}`.",
            self.detail, self.id
        )
    }
}
