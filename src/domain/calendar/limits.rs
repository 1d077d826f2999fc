//! The unit's limits: how long a bank has for each kind of action, counted from a request that was
//! complete and delivered. No law sets a number of hours, so each limit names its source, and
//! one whose review has run out holds tags.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Deserializer, Serialize};

use super::Calendar;
use crate::domain::{
    action::{BankAction, Kind, spelled},
    canonical::{self, Hash},
    keyed::by_name,
    time::Timestamp,
};

spelled! {
    /// Which hours count.
    Counted {
        /// Every hour.
        RoundTheClock = "round-the-clock",
        /// The calendar's hours of work.
        WorkingHours = "working-hours",
    }
}

/// The limit for one kind of action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRule {
    /// Whole hours, at least one.
    pub hours: u32,
    /// Which hours count.
    pub counted: Counted,
    /// The order or guideline that sets it.
    pub source: String,
    /// When somebody last checked the source.
    pub reviewed: Date,
    /// The last day on which it may be relied on, in the calendar's zone.
    pub expires: Date,
}

/// The limits of every kind that has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LimitRules(#[serde(deserialize_with = "by_kind")] pub BTreeMap<Kind, LimitRule>);

fn by_kind<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Kind, LimitRule>, D::Error> {
    by_name(deserializer, Kind::ALL, Kind::as_str)
}

/// The most hours a limit may have (90 days): more is a slip of the pen.
const MOST_HOURS: u32 = 90 * 24;

/// Why there is no due time, or no limit to rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The configuration names no limit for the kind.
    #[error("there is no limit for {0}; add one with its source under `limits`")]
    Missing(Kind),
    /// The limit is out of bounds.
    #[error("the limit for {kind} is {hours} hours; write between 1 and {MOST_HOURS}")]
    OutOfBounds {
        /// The kind.
        kind: Kind,
        /// What the configuration says.
        hours: u32,
    },
    /// The rule's last day has passed: tags wait until somebody reviews it.
    #[error(
        "the limit for {kind} expired on {expired}: review its source ({source_text}) and renew `reviewed` and `expires`; until then tags are held"
    )]
    Expired {
        /// The kind.
        kind: Kind,
        /// Its last day.
        expired: Date,
        /// The rule's source.
        source_text: String,
    },
    /// The clock has not started.
    #[error("the request is not known to be complete and delivered, so its time has not begun")]
    NotStarted,
}

/// Limits with the calendar that they are counted in.
#[derive(Debug, Clone)]
pub struct Limits {
    calendar: Calendar,
    rules: LimitRules,
}

impl Limits {
    /// Checks the rules.
    ///
    /// # Errors
    /// A limit is zero or over 90 days.
    pub fn new(calendar: Calendar, rules: LimitRules) -> Result<Self, LimitError> {
        let odd = rules.0.iter().find(|(_, rule)| !(1..=MOST_HOURS).contains(&rule.hours));
        match odd {
            Some((kind, rule)) => Err(LimitError::OutOfBounds { kind: *kind, hours: rule.hours }),
            None => Ok(Self { calendar, rules }),
        }
    }

    /// The calendar.
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The hash of everything that decides a due time, to be stored beside each: where it differs
    /// the due time is computed again.
    pub fn version(&self) -> Hash {
        let limits: Vec<_> =
            self.rules.0.iter().map(|(kind, rule)| (kind, rule.hours, rule.counted)).collect();
        canonical::hash(&(self.calendar.version(), limits))
    }

    /// The rule for a kind, in force or not.
    ///
    /// # Errors
    /// There is none.
    pub fn rule(&self, kind: Kind) -> Result<&LimitRule, LimitError> {
        self.rules.0.get(&kind).ok_or(LimitError::Missing(kind))
    }

    /// The rule for a kind, where a tag may rely on it now.
    ///
    /// # Errors
    /// There is none, or its last day has passed.
    pub fn in_force(&self, kind: Kind, now: Timestamp) -> Result<&LimitRule, LimitError> {
        let rule = self.rule(kind)?;
        if now.in_zone(self.calendar.zone()).date() <= rule.expires {
            return Ok(rule);
        }
        let source_text = rule.source.clone();
        Err(LimitError::Expired { kind, expired: rule.expires, source_text })
    }

    /// When the limit for a kind runs out, counted from `start`: the later of the request and its
    /// proved delivery. An expired rule still gives due times; it only holds tags.
    ///
    /// # Errors
    /// There is no limit for the kind.
    pub fn due_at(&self, start: Timestamp, kind: Kind) -> Result<Timestamp, LimitError> {
        let rule = self.rule(kind)?;
        let time = SignedDuration::from_hours(i64::from(rule.hours));
        Ok(match rule.counted {
            Counted::RoundTheClock => start.plus(time),
            Counted::WorkingHours => self.calendar.after_working(start, time),
        })
    }

    /// When an action is due: as its source says, or by the limit for its kind. Never before the
    /// request was delivered.
    ///
    /// # Errors
    /// The request is incomplete or not proved delivered (its clock has not started), or there is
    /// no limit for its kind.
    pub fn due_of(&self, action: &BankAction) -> Result<Timestamp, LimitError> {
        let delivered = action.delivered_at.filter(|_| action.complete);
        let start = delivered.ok_or(LimitError::NotStarted)?.max(action.requested_at);
        match action.due_at {
            Some(due) => Ok(due.max(start)),
            None => self.due_at(start, action.kind),
        }
    }
}
