//! What a public tag achieves, without boasting: the hours from a tag to the bank's action, beside the
//! hours of requests that were not tagged and were alike.
//!
//! It is a comparison and no trial: who is tagged is not drawn by lot. So nothing here says that a
//! tag caused anything. What it guards against is what makes such comparisons lie: a request that
//! could not have been tagged any more, an end that was not yet known, a sum over two posts.

mod compare;
mod pairs;

#[cfg(test)]
mod tests;

use super::{
    action::{Kind, Status, spelled},
    bank::BankClass,
    calendar::limits::Limits,
    history::Change,
    ids::{BankCode, EscalationId, ExternalId},
    measures::Manner,
    money::Paise,
    survival::Stretch,
    time::Timestamp,
};

pub use self::{
    compare::{
        Comparison, HORIZON_HOURS, LEAST_HORIZON_HOURS, LEAST_PAIRS, LEAST_TAGS, Verdict, compare,
    },
    pairs::{Matched, Outcome, Pair, match_pairs},
};

spelled! {
    /// How a request was pressed so far, as far as the ledger knows.
    Pressing {
        /// Not at all since it was due.
        Untouched = "untouched",
        /// In private: by mail or phone (the source's contacts), or by a recorded notice.
        Private = "private",
        /// By a public tag.
        Tagged = "tagged",
    }
}

/// The first tag of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstTag {
    /// When it was sent.
    pub at: Timestamp,
    /// The escalation that it belongs to: the requests of one post act together.
    pub escalation: EscalationId,
    /// How it named the bank.
    pub manner: Manner,
}

/// How one request ended, as far as it was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// The bank acted; otherwise the watching ended (it was disputed, withdrawn, lost from the
    /// source, or the report ends).
    pub acted: bool,
}

/// One request's life from the moment that it was due, as it was known at the report's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The request.
    pub id: ExternalId,
    /// The bank.
    pub bank: BankCode,
    /// What was asked.
    pub kind: Kind,
    /// The bank's class.
    pub class: BankClass,
    /// The disputed amount; zero where there is none.
    pub amount: Paise,
    /// When it was due.
    pub due: Timestamp,
    /// When it was first seen to be pending with its clock running. Of the time before nothing is
    /// known but that it lasted until then.
    pub seen: Timestamp,
    /// When it was first pressed in private.
    pub pressed: Option<Timestamp>,
    /// Its first tag.
    pub tagged: Option<FirstTag>,
    /// How it ended.
    pub end: End,
}

/// What the ledger has of one request beside its changes.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// It is missing from the source's answers, since then.
    pub vanished: Option<Timestamp>,
    /// Its first private notice that a person recorded.
    pub notice: Option<Timestamp>,
    /// Its first tag.
    pub tagged: Option<FirstTag>,
}

/// What a life is read by.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The unit's limits, which say when a request was due.
    pub limits: &'a Limits,
    /// The report's end: nothing that was seen or happened from then on counts.
    pub until: Timestamp,
    /// When the source last answered: beyond it a pending request is only supposed to pend.
    pub answered: Timestamp,
}

impl Life {
    /// Reads a life from the changes of one request, oldest first. `None`: it was never seen pending
    /// with its clock running before the report's end, or was not due by then.
    pub fn read(
        changes: &[Change],
        known: &Known,
        class: BankClass,
        reading: &Reading<'_>,
    ) -> Option<Self> {
        let until = reading.until;
        let before = changes.iter().filter(|change| change.seen_at < until);
        let seen: Vec<&Change> = before.collect();
        let first = seen.iter().position(|change| change.action.clock_runs().is_ok())?;
        let runs = |change: &&&Change| change.action.clock_runs().is_ok();
        let pending: Vec<_> = seen.iter().skip(first).take_while(runs).collect();
        let (one, last) = (pending.first()?, pending.last()?);
        let due = reading.limits.due_of(&last.action).ok()?;
        if due >= until {
            return None;
        }
        let ended = seen.get(first + pending.len());
        let contacts = seen.iter().filter(|change| change.action.contacts > 0);
        let contacts = contacts.filter_map(|change| change.action.last_contact_at);
        let pressed = contacts.chain(known.notice).min().filter(|at| *at < until);
        Some(Self {
            id: last.action.external_id.clone(),
            bank: last.action.bank.clone(),
            kind: last.action.kind,
            class,
            amount: last.action.disputed.unwrap_or_default(),
            due,
            seen: one.seen_at,
            pressed,
            tagged: known.tagged.clone().filter(|tag| tag.at < until),
            end: end(last, ended.copied(), known, reading),
        })
    }

    /// Hours on the clock of its age, which begins when it was due.
    fn age(&self, at: Timestamp) -> f64 {
        hours(self.due, at)
    }

    /// The stretches in which it was pressed in each way, within a time, weighed as a request or by
    /// its money. Each is watched from when it was seen, or pressed so, or due, or the time begins.
    pub fn stretches(&self, from: Timestamp, money: bool) -> Vec<(Pressing, Stretch)> {
        let tagged = self.tagged.as_ref().map_or(Timestamp::MAX, |tag| tag.at);
        let pressed = self.pressed.unwrap_or(Timestamp::MAX).min(tagged);
        let begins = self.seen.max(self.due).max(from);
        let weight = if money { u64::try_from(self.amount.paise()).unwrap_or(0) } else { 1 };
        let spans = [
            (Pressing::Untouched, begins, pressed),
            (Pressing::Private, begins.max(pressed), tagged),
            (Pressing::Tagged, begins.max(tagged), Timestamp::MAX),
        ];
        let stretch = |(pressing, begins, next): (Pressing, Timestamp, Timestamp)| {
            let until = self.end.at.min(next);
            let acted = self.end.acted && self.end.at <= next;
            let (from, until) = (self.age(begins), self.age(until));
            (begins < next).then_some((pressing, Stretch { from, until, acted, weight }))
        };
        let some = spans.into_iter().filter_map(stretch);
        some.filter(|(_, stretch)| stretch.from < stretch.until && weight > 0).collect()
    }
}

/// An end that was seen: the bank acted, or the row stopped pending, or is lost; else it pends for as
/// long as the source answered.
fn end(last: &Change, ended: Option<&Change>, known: &Known, reading: &Reading<'_>) -> End {
    let lost = known.vanished.filter(|at| *at < reading.until && *at > last.seen_at);
    if let Some(change) = ended {
        let acted = change.action.status == Status::Acted;
        let own = change.action.acted_at.filter(|_| acted);
        let at = own.or(change.as_of).unwrap_or(change.seen_at).min(change.seen_at);
        return End { at, acted };
    }
    let pends = last.as_of.unwrap_or(reading.answered);
    let at = lost.unwrap_or(pends).min(reading.until);
    End { at, acted: false }
}

/// Instants that are spread over a time, one in each equal part of it: each a golden section further
/// into its part than the last, so that they fall on all hours of the day.
pub fn spread(from: Timestamp, until: Timestamp, count: u32) -> Vec<Timestamp> {
    let width = until.micros().saturating_sub(from.micros()) as f64 / f64::from(count.max(1));
    let start = |n: u32| {
        let into = (f64::from(n) * 0.618_033_988_749_895).fract();
        Timestamp::from_micros(from.micros() + ((f64::from(n) + into) * width) as i64)
    };
    (0..count).map(start).collect()
}

fn hours(from: Timestamp, until: Timestamp) -> f64 {
    until.micros().saturating_sub(from.micros()) as f64 / 3.6e9
}
