//! Quiet hours: the part of every day in which nothing is posted. It may cross midnight.

use jiff::{civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// A daily window on the wall clock, such as 21:00 until 08:00.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet minute.
    pub from: Time,
    /// The first minute after it. The same as `from`: there are no quiet hours.
    pub until: Time,
}

impl QuietHours {
    /// Whether a wall clock that shows this is in the window.
    fn covers(&self, time: Time) -> bool {
        if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }

    /// The first instant from `now` on outside the window, on the wall clock of `zone`; `now`
    /// itself where it lies outside.
    pub fn next_allowed(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let local = now.in_zone(zone);
        if !self.covers(local.time()) {
            return now;
        }
        let today = local.date();
        let date = if local.time() < self.until { Some(today) } else { today.tomorrow().ok() };
        let end = date.and_then(|date| super::instant(date.to_datetime(self.until), zone));
        // A clock that was put back shows `until` a second time: its end has passed, wait for
        // the clock itself.
        match end {
            Some(end) if end > now => end,
            Some(_) => now.plus(jiff::SignedDuration::from_mins(1)),
            None => Timestamp::from_micros(i64::MAX),
        }
    }
}
