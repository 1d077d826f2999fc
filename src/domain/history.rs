//! The history of the case source as the ledger watched it: what a rehearsal replays, and how much
//! of the time it was really watched.

use jiff::{SignedDuration, tz::TimeZone};

use super::{
    action::BankAction,
    escalation::EscalationKind,
    ids::{AccountName, BankCode, CaseRef, EscalationId, ExternalId},
    tagging::SilenceOrder,
    time::Timestamp,
};

/// One change of an action, as a poll saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The poll's time.
    pub seen_at: Timestamp,
    /// As of when the row was true, where the source says that it is older than the poll.
    pub as_of: Option<Timestamp>,
    /// The row.
    pub action: BankAction,
}

/// What an officer noted about an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// When: of a private notice its own time, of a confirmation the time it was given.
    pub at: Timestamp,
    /// The action.
    pub action: ExternalId,
    /// A private notice went to the bank; otherwise the officer confirmed that it still pends.
    pub notice: bool,
}

/// A post that went out, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its escalation.
    pub escalation: EscalationId,
    /// What it said.
    pub kind: EscalationKind,
    /// The bank spoken to.
    pub bank: BankCode,
    /// The account that posted.
    pub account: AccountName,
    /// When it was claimed.
    pub at: Timestamp,
    /// The actions that it spoke of, with their cases.
    pub members: Vec<(ExternalId, CaseRef)>,
}

/// A time without a gap in which the source was polled and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    /// The first poll.
    pub from: Timestamp,
    /// The last poll.
    pub until: Timestamp,
}

/// Polls further apart than this leave a gap: on facts an hour old nothing is said by default.
pub const LONGEST_BETWEEN_POLLS: SignedDuration = SignedDuration::from_hours(1);

/// A day may lack this much and still count as observed (a restart, an upgrade).
pub const MAY_LACK: SignedDuration = SignedDuration::from_hours(2);

/// Everything that a replay needs.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Each action as it was last seen before the replay begins.
    pub before: Vec<Change>,
    /// The changes since, oldest first.
    pub changes: Vec<Change>,
    /// Actions that are missing from the source now, and since when. One that was missing and
    /// came back meanwhile is not told of.
    pub vanished: Vec<(ExternalId, Timestamp)>,
    /// Every note, oldest first.
    pub notes: Vec<Noted>,
    /// Orders of silence; one that was lifted ends when it was.
    pub silences: Vec<SilenceOrder>,
    /// When the source was watched, oldest first.
    pub watched: Vec<Watched>,
    /// What was sent before the replay begins.
    pub sent: Vec<Sent>,
}

/// How many whole days (of a wall clock in `zone`) between two instants were observed: those of
/// which at most two hours were not watched.
pub fn days_observed(
    watched: &[Watched],
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> u32 {
    let mut date = from.in_zone(zone).date();
    let mut days = 0;
    while let Ok(next) = date.tomorrow() {
        let (Some(start), Some(end)) = (day_start(date, zone), day_start(next, zone)) else {
            break;
        };
        if end > until {
            break;
        }
        if start >= from && end.since(start) - seen_within(watched, start, end) <= MAY_LACK {
            days += 1;
        }
        date = next;
    }
    days
}

/// The first instant of the day that lies `days` before the day of `now`.
pub fn start_of_days(now: Timestamp, days: u32, zone: &TimeZone) -> Timestamp {
    let today = now.in_zone(zone).date();
    let back = jiff::Span::new().try_days(i64::from(days));
    let first = back.and_then(|back| today.checked_sub(back)).ok();
    let first = first.and_then(|first| day_start(first, zone));
    first.unwrap_or_else(|| now.minus(SignedDuration::from_hours(24 * i64::from(days))))
}

/// The first instant of a day in a zone; `None` beyond the calendar.
pub fn day_start(date: jiff::civil::Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned_datetime(zone.clone()).ok().map(|at| at.timestamp().into())
}

/// How much of a span was watched; what two processes watched at once counts once.
fn seen_within(watched: &[Watched], start: Timestamp, end: Timestamp) -> SignedDuration {
    let mut watched: Vec<_> = watched.to_vec();
    watched.sort();
    let mut seen = SignedDuration::ZERO;
    let mut counted = start;
    for one in watched {
        let (from, until) = (one.from.max(counted), one.until.min(end));
        if from < until {
            seen += until.since(from);
            counted = until;
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn india() -> TimeZone {
        TimeZone::get("Asia/Kolkata").unwrap()
    }

    /// 1 to 11 November in India, midnight to midnight.
    fn ten_days() -> (Timestamp, Timestamp) {
        (at("2026-10-31T18:30:00Z"), at("2026-11-10T18:30:00Z"))
    }

    #[test]
    fn a_gap_of_two_days_is_not_observed() {
        let (from, until) = ten_days();
        let whole = [Watched { from, until }];
        assert_eq!(days_observed(&whole, &india(), from, until), 10);
        let gap = [
            Watched { from, until: at("2026-11-03T18:30:00Z") },
            Watched { from: at("2026-11-05T18:30:00Z"), until },
        ];
        assert_eq!(days_observed(&gap, &india(), from, until), 8);
    }

    #[test]
    fn a_day_may_lack_two_hours_and_no_more() {
        let (from, until) = ten_days();
        let hole = |minutes| {
            let gap = from.plus(SignedDuration::from_hours(30));
            let after = Watched { from: gap.plus(SignedDuration::from_mins(minutes)), until };
            days_observed(&[Watched { from, until: gap }, after], &india(), from, until)
        };
        assert_eq!(hole(120), 10);
        assert_eq!(hole(121), 9);
    }

    #[test]
    fn a_day_begun_late_and_today_do_not_count() {
        let (from, until) = ten_days();
        let late = from.plus(SignedDuration::from_hours(11));
        let now = until.plus(SignedDuration::from_hours(23));
        let watched = [Watched { from: late, until: now }];
        assert_eq!(days_observed(&watched, &india(), late, now), 9);
        assert_eq!(start_of_days(now, 10, &india()), from);
    }

    proptest! {
        #[test]
        fn days_are_never_more_than_the_time_that_was_watched(
            spans in prop::collection::vec((0..240_i64, 0..60_i64), 0..12)
        ) {
            let (from, until) = ten_days();
            let hour = |hours| from.plus(SignedDuration::from_hours(hours));
            let watched: Vec<_> = spans
                .iter()
                .map(|(start, long)| Watched { from: hour(*start), until: hour(start + long) })
                .collect();
            let total: i64 = spans.iter().map(|(_, long)| long).sum();
            let days = i64::from(days_observed(&watched, &india(), from, until));
            prop_assert!(days * 22 <= total && days <= 10);
        }
    }
}
