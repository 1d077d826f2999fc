//! Instants and wall-clock time. Everything is stored as an instant; a wall clock is only ever
//! read in a named IANA zone.

use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// An instant: microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last instant there is.
    pub const MAX: Self = Self(i64::MAX);

    /// Microseconds since the Unix epoch, UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch, UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `by`, held at the ends of the range instead of wrapping.
    #[must_use]
    pub fn plus(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_add(clamp_micros(by)))
    }

    /// This instant moved back by `by`, held at the ends of the range instead of wrapping.
    #[must_use]
    pub fn minus(self, by: SignedDuration) -> Self {
        Self(self.0.saturating_sub(clamp_micros(by)))
    }

    /// How long after `earlier` this instant lies; negative when it lies before.
    pub fn since(self, earlier: Self) -> SignedDuration {
        SignedDuration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The same instant on a wall clock in `zone`.
    pub fn in_zone(self, zone: &TimeZone) -> jiff::ZonedDateTime {
        jiff::Timestamp::from_microsecond(self.0)
            .unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
            .to_zoned_datetime(zone.clone())
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

/// RFC 3339 in UTC, to the microsecond.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.in_zone(&TimeZone::UTC).timestamp())
    }
}

fn clamp_micros(by: SignedDuration) -> i64 {
    i64::try_from(by.as_micros()).unwrap_or(if by.is_negative() { i64::MIN } else { i64::MAX })
}

/// An instant on a unit's own clock, to the minute: `2026-12-01 10:00`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.in_zone(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A text with each UTC instant in it (`2026-12-01T04:30:00Z`) put on the unit's own clock.
pub fn local(text: &str, zone: &TimeZone) -> String {
    let word = |word: &str| {
        let start = word.trim_start_matches('(');
        let bare = start.trim_end_matches([',', ';', '.', ':', ')']);
        let (before, after) = (&word[..word.len() - start.len()], &start[bare.len()..]);
        match bare.parse::<jiff::Timestamp>() {
            Ok(at) => format!("{before}{}{after}", clock(at.into(), zone)),
            Err(_) => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
