//! When the weekly report goes out, and when it is tried again.

use jiff::{SignedDuration, ToSpan as _, civil::Date, civil::DateTime, civil::Time};

use super::{action::spelled, calendar::Day};

spelled! {
    /// How the way to the mail server is guarded.
    MailTls {
        /// TLS from the second word on (port 587).
        Starttls = "starttls",
        /// TLS from the first byte (port 465).
        Tls = "tls",
        /// Not at all: only to this machine.
        None = "none",
    }
}

/// What was not sent for so long is not sent any more: it would come with the next day's work.
pub const TRIED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The day whose report is due at `now`, a time on the unit's clock: the latest one of `on`, from `at`
/// on, for a day.
pub fn due(now: DateTime, on: Day, at: Time) -> Option<Date> {
    let of = |date: Date| Day::of(date.weekday()) == on;
    let today = now.date();
    let begun = now.time() >= at;
    if of(today) && begun {
        return Some(today);
    }
    let yesterday = today.saturating_sub(1.day());
    (of(yesterday) && !begun).then_some(yesterday)
}

/// How long after so many tries the next one comes.
pub fn again_after(attempts: u32) -> SignedDuration {
    let doubled = 1_i32 << attempts.saturating_sub(1).min(6);
    (SignedDuration::from_mins(5) * doubled).min(SignedDuration::from_hours(4))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn it_is_due_for_one_day_a_week() {
        let at = time(8, 0, 0, 0);
        let due = |day: i8, hour: i8| due(date(2026, 11, day).at(hour, 0, 0, 0), Day::Monday, at);
        assert_eq!(due(30, 7), None, "Monday, before the hour");
        assert_eq!(due(30, 8), Some(date(2026, 11, 30)));
        assert_eq!(due(30, 23), Some(date(2026, 11, 30)));
        let tuesday = |hour| super::due(date(2026, 12, 1).at(hour, 0, 0, 0), Day::Monday, at);
        assert_eq!(tuesday(7), Some(date(2026, 11, 30)));
        assert_eq!(tuesday(8), None);
    }

    #[test]
    fn the_tries_come_less_and_less_often() {
        let waits: Vec<_> = (1..=8).map(|n| again_after(n).as_mins()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 240, 240]);
    }
}
