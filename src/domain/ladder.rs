//! The ladder: who is overdue, who may be pressed in public, and whether that is still true.
//!
//! The clock starts only at a complete and delivered request, and the private way comes first.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    action::{BankAction, Kind, Sighting, Status},
    escalation::EscalationKind,
    time::Timestamp,
};

/// The ladder's preconditions and intervals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LadderRules {
    /// How often the bank must have been pressed in private about exactly this action before a
    /// tag: the source's `contacts`, or notices recorded here.
    pub notices_before_tag: u32,
    /// The bank's right of reply: from the last private notice to the first tag.
    pub right_of_reply: SignedDuration,
    /// The same action is not tagged again within this.
    pub tag_interval: SignedDuration,
    /// A held or cleared escalation expires after this.
    pub expires_after: SignedDuration,
    /// A clearance is good for this long at most.
    pub clearance_valid_for: SignedDuration,
    /// On facts older than this nothing is cleared by an order and nothing goes out.
    pub maximum_fact_age: SignedDuration,
    /// At the send the case source's answer must be younger than this.
    pub recheck_within: SignedDuration,
    /// An approver decides a dispute within this; then an alarm rings.
    pub dispute_within: SignedDuration,
    /// A closure (thank-you) is drafted when a bank acts on an action that was tagged.
    pub closures: bool,
}

impl Default for LadderRules {
    fn default() -> Self {
        Self {
            notices_before_tag: 1,
            right_of_reply: SignedDuration::from_hours(12),
            tag_interval: SignedDuration::from_hours(72),
            expires_after: SignedDuration::from_hours(24),
            clearance_valid_for: SignedDuration::from_hours(12),
            maximum_fact_age: SignedDuration::from_hours(1),
            recheck_within: SignedDuration::from_secs(10),
            dispute_within: SignedDuration::from_hours(24),
            closures: true,
        }
    }
}

impl LadderRules {
    /// Whether facts that were true as of then may still be spoken of.
    pub fn fresh(&self, as_of: Timestamp, now: Timestamp) -> bool {
        now.since(as_of) <= self.maximum_fact_age
    }
}

/// Why an action is not overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOverdue {
    /// The bank has answered, or the unit took the request back.
    #[error("it is no longer pending")]
    NotPending,
    /// Our own request lacked something.
    #[error("our own request was incomplete")]
    Incomplete,
    /// No proof that the request reached the bank.
    #[error("the request is not proved to have reached the bank")]
    Undelivered,
    /// Not yet due.
    #[error("it is not due yet")]
    NotDue,
}

impl BankAction {
    /// Whether its clock runs: pending, complete and delivered.
    ///
    /// # Errors
    /// What is missing.
    pub fn clock_runs(&self) -> Result<Timestamp, NotOverdue> {
        if self.status != Status::Pending {
            return Err(NotOverdue::NotPending);
        }
        if !self.complete {
            return Err(NotOverdue::Incomplete);
        }
        self.delivered_at.ok_or(NotOverdue::Undelivered)
    }

    /// Whether it is overdue at `now`, given when it is due.
    ///
    /// # Errors
    /// Why it is not.
    pub fn overdue(&self, due: Timestamp, now: Timestamp) -> Result<(), NotOverdue> {
        self.clock_runs()?;
        if now <= due { Err(NotOverdue::NotDue) } else { Ok(()) }
    }

    /// Only liens and holds are named in public.
    pub const fn public_kind(&self) -> bool {
        matches!(self.kind, Kind::Lien | Kind::Hold)
    }

    /// Whether another sighting of the same row differs in anything that a public text rests on.
    /// How often the bank was pressed, and when the row was touched, may change freely.
    pub fn differs(&self, other: &Self) -> bool {
        let material = |action: &Self| {
            (
                action.external_id.clone(),
                action.case_ref.clone(),
                action.bank.clone(),
                action.kind,
                action.disputed,
                action.requested_at,
                action.delivered_at,
                action.due_at,
                (action.complete, action.status, action.acted_at, action.lien_amount),
            )
        };
        material(self) != material(other)
    }
}

/// Why an overdue action may not be tagged yet. What is silenced is listed for the private rungs
/// with this reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Quiet {
    /// Only liens and holds are named in public.
    #[error("{kind} is never named in public")]
    PrivateKind {
        /// Which kind.
        kind: Kind,
    },
    /// No amount to speak of.
    #[error("it has no disputed amount")]
    NoAmount,
    /// The private way has not been gone.
    #[error("{had} of {needed} private notices are on record")]
    NoNotice {
        /// How many there were.
        had: u32,
        /// How many it takes.
        needed: u32,
    },
    /// The bank's right of reply runs.
    #[error("the bank's right of reply runs until {until}")]
    RightOfReply {
        /// Its end.
        until: Timestamp,
    },
    /// The bank disputes it, and an approver has not decided, or has decided for the bank.
    #[error("the bank disputes it, and no approver has decided that the dispute falls")]
    Disputed,
    /// An approver rejected a tag about it.
    #[error("an approver rejected a tag about it; not again until {until}")]
    Rejected {
        /// The interval's end.
        until: Timestamp,
    },
    /// It was tagged lately.
    #[error("it was tagged before; not again until {until}")]
    Interval {
        /// The interval's end.
        until: Timestamp,
    },
    /// The facts are too old.
    #[error("its facts are older than the limit")]
    Stale,
    /// A silence is in force.
    #[error("silence under {label} until {until}")]
    Silence {
        /// The order's number.
        label: String,
        /// Its end.
        until: Timestamp,
    },
    /// Fewer cases than the floor, or one of them outweighs the rest.
    #[error("{detail}")]
    Floor {
        /// Which floor, in words.
        detail: String,
    },
    /// A legal rule has expired.
    #[error("a legal rule in the configuration needs review: {rule}")]
    RuleExpired {
        /// Which.
        rule: String,
    },
    /// No wording may be said.
    #[error("no wording may be said: {detail}")]
    Wording {
        /// The objections.
        detail: String,
    },
}

impl Quiet {
    /// Its one word: `right-of-reply`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::PrivateKind { .. } => "private-kind",
            Self::NoAmount => "no-amount",
            Self::NoNotice { .. } => "no-notice",
            Self::RightOfReply { .. } => "right-of-reply",
            Self::Disputed => "disputed",
            Self::Rejected { .. } => "rejected",
            Self::Interval { .. } => "interval",
            Self::Stale => "stale",
            Self::Silence { .. } => "silence",
            Self::Floor { .. } => "floor",
            Self::RuleExpired { .. } => "rule-expired",
            Self::Wording { .. } => "wording",
        }
    }

    /// When this reason ends by itself, where it does.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::RightOfReply { until }
            | Self::Rejected { until }
            | Self::Interval { until }
            | Self::Silence { until, .. } => Some(*until),
            _ => None,
        }
    }
}

/// What the ledger knows of an action beside the source's row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pressed {
    /// Private notices recorded in takaza about exactly this action.
    pub notices: u32,
    /// The last of them.
    pub last_notice_at: Option<Timestamp>,
    /// When it was last tagged (sent, or may have been).
    pub last_tagged_at: Option<Timestamp>,
    /// When the last tag about it that an approver rejected was drafted.
    pub rejected_at: Option<Timestamp>,
    /// A dispute about it is undecided, or was decided for the bank.
    pub disputed: bool,
}

/// Whether an overdue action may be tagged in public now.
///
/// # Errors
/// The first reason against.
pub fn may_tag(
    seen: &Sighting,
    pressed: &Pressed,
    rules: &LadderRules,
    now: Timestamp,
) -> Result<(), Quiet> {
    let action = &seen.action;
    if !action.public_kind() {
        return Err(Quiet::PrivateKind { kind: action.kind });
    }
    if action.disputed.is_none_or(|amount| amount.paise() <= 0) {
        return Err(Quiet::NoAmount);
    }
    if pressed.disputed {
        return Err(Quiet::Disputed);
    }
    if let Some(rejected) = pressed.rejected_at {
        let until = rejected.plus(rules.tag_interval);
        if now < until {
            return Err(Quiet::Rejected { until });
        }
    }
    if let Some(last) = pressed.last_tagged_at {
        let until = last.plus(rules.tag_interval);
        if now < until {
            return Err(Quiet::Interval { until });
        }
    }
    let had = action.contacts.max(pressed.notices);
    if had < rules.notices_before_tag {
        return Err(Quiet::NoNotice { had, needed: rules.notices_before_tag });
    }
    if rules.notices_before_tag > 0 {
        let last = action.last_contact_at.max(pressed.last_notice_at);
        // A count without a time proves no window.
        let Some(last) = last else {
            return Err(Quiet::NoNotice { had: 0, needed: rules.notices_before_tag });
        };
        let until = last.plus(rules.right_of_reply);
        if now < until {
            return Err(Quiet::RightOfReply { until });
        }
    }
    Ok(())
}

/// What the last look at the case source says of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recheck {
    /// Still as the text says.
    Holds,
    /// Not now: unknown, or too old a fact.
    NotNow(String),
    /// No longer true: every unsent delivery is withdrawn.
    Changed(String),
}

/// Compares one member, as it was seen at drafting, with the source's answer at the send.
/// `confirmed_at`: an officer confirmed, on the record, that it still pends.
pub fn recheck(
    kind: EscalationKind,
    then: &BankAction,
    seen: Option<&Sighting>,
    confirmed_at: Option<Timestamp>,
    rules: &LadderRules,
    now: Timestamp,
) -> Recheck {
    if kind.sets_right() {
        return Recheck::Holds;
    }
    let Some(seen) = seen else {
        return Recheck::NotNow("a member is missing from the case source's answer".to_owned());
    };
    if then.differs(&seen.action) {
        let what = match seen.action.status {
            Status::Acted if then.status == Status::Pending => "the bank has acted on a member",
            Status::Disputed => "the bank disputes a member",
            Status::Withdrawn => "a member's request was withdrawn",
            _ => "a member's facts changed",
        };
        return Recheck::Changed(what.to_owned());
    }
    let fresh = confirmed_at.map_or(seen.as_of, |confirmed| confirmed.max(seen.as_of));
    if !rules.fresh(fresh, now) {
        return Recheck::NotNow("the facts are older than the limit; an officer can confirm them (`takaza cases confirm`)".to_owned());
    }
    Recheck::Holds
}
