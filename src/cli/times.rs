//! Instants as a person writes and reads them: on the wall clock of the unit's calendar.

use jiff::{SignedDuration, civil::DateTime, tz::TimeZone};

use super::failure::Failure;
use crate::domain::time::Timestamp;
pub(super) use crate::domain::time::{clock, local};

/// Reads an instant: RFC 3339 with its offset (`2026-12-01T10:00:00+05:30`), a date and time of the
/// unit's own clock (`2026-12-01 10:00`), a date (its first instant), or a length of time from now
/// (`12h`).
pub(super) fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant.into());
    }
    if let Ok(clock) = text.parse::<DateTime>()
        && let Ok(zoned) = clock.to_zoned_datetime(zone.clone())
    {
        return Ok(zoned.timestamp().into());
    }
    if let Ok(length) = text.parse::<SignedDuration>()
        && length.is_positive()
    {
        return Ok(now.plus(length));
    }
    Err(Failure::usage(format!(
        "{text:?} is no time; write \"2026-12-01 10:00\" (the unit's own clock), \
         \"2026-12-01T10:00:00+05:30\", \"2026-12-01\", or a length from now such as \"12h\""
    )))
}

/// A text of several lines with its instants on the unit's own clock.
pub(super) fn local_lines(text: &str, zone: &TimeZone) -> String {
    text.split('\n').map(|line| local(line, zone)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_may_write_a_time_in_four_ways() {
        let zone = TimeZone::get("Asia/Kolkata").expect("bundled");
        let now = Timestamp::from_micros(0);
        let read = |text: &str| instant(text, now, &zone).expect("a time").to_string();
        assert_eq!(read("2026-12-01 10:00"), "2026-12-01T04:30:00Z");
        assert_eq!(read("2026-12-01"), "2026-11-30T18:30:00Z");
        assert_eq!(read("2026-12-01T10:00:00+05:30"), "2026-12-01T04:30:00Z");
        assert_eq!(read("12h"), "1970-01-01T12:00:00Z");
        let told = local("paused until 2026-12-01T04:30:00Z, not 12.5 h", &zone);
        assert_eq!(told, "paused until 2026-12-01 10:00, not 12.5 h");
        let told =
            local_lines("now (2026-12-01T04:30:00.889413Z)\nuntil 2026-12-01T04:30:00Z.", &zone);
        assert_eq!(told, "now (2026-12-01 10:00)\nuntil 2026-12-01 10:00.");
        for wrong in ["soon", "", "-3h", "31-12-2026"] {
            assert!(instant(wrong, now, &zone).is_err(), "{wrong:?} is no time");
        }
    }
}
