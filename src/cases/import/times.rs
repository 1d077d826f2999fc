//! Times as a spreadsheet writes them, on a wall clock of the mapping's zone.
//!
//! Invariant: a time is never guessed. Text must fit a listed format from end to end, the day must
//! exist, and where two listed formats read two different times the cell is refused.

use jiff::{
    civil::DateTime,
    fmt::strtime::{self, BrokenDownTime},
    tz::TimeZone,
};

use super::table::Cell;
use crate::domain::{spelling::figures, time::Timestamp};

/// The years that a request can lie in: outside them, a year was typed or read wrongly (`26` for
/// `2026` reads as the year 26).
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

/// The halves of the day in other spellings than `AM` and `pm`.
const HALVES: [(&str, &str); 6] = [
    ("पूर्वाह्न", "AM"),
    ("अपराह्न", "PM"),
    ("a.m.", "AM"),
    ("p.m.", "PM"),
    ("A.M.", "AM"),
    ("P.M.", "PM"),
];

/// The formats of a mapping and the zone that its times are in.
#[derive(Debug, Clone)]
pub(super) struct Times {
    zone: TimeZone,
    formats: Vec<String>,
}

/// A cell holds no time that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoTime;

impl Times {
    /// Takes a zone's IANA name and the formats in `strftime`'s letters. An error is the key and
    /// what is wrong with it.
    pub(super) fn new(zone: &str, formats: Vec<String>) -> Result<Self, (&'static str, String)> {
        let zone = TimeZone::get(zone).map_err(|_| {
            ("zone", format!("{zone:?} is not a zone; write \"Asia/Kolkata\", say"))
        })?;
        let sample = DateTime::constant(2026, 11, 20, 18, 30, 0, 0);
        for format in &formats {
            // What a format writes it must read back to the minute, or it lacks the hour, say.
            let read = strtime::format(format, sample).ok().and_then(|text| read(format, &text));
            if read != Some(sample) {
                let problem = format!(
                    "{format:?} does not hold a day with its year, an hour and a minute; \
                     write \"%d/%m/%Y %H:%M\" or \"%d-%m-%Y %I:%M %p\", say"
                );
                return Err(("formats", problem));
            }
        }
        Ok(Self { zone, formats })
    }

    /// The instant that a cell names; the cell is not blank.
    pub(super) fn read(&self, cell: &Cell) -> Result<Timestamp, NoTime> {
        let civil = match cell {
            Cell::Time(civil) => *civil,
            Cell::Text(text) => self.civil(text)?,
            _ => return Err(NoTime),
        };
        if !YEARS.contains(&civil.year()) {
            return Err(NoTime);
        }
        // A wall-clock time that the zone skipped or had twice names no instant.
        let instant = self.zone.to_ambiguous_timestamp(civil).unambiguous().map_err(|_| NoTime)?;
        Ok(instant.into())
    }

    fn civil(&self, text: &str) -> Result<DateTime, NoTime> {
        let mut text = figures(text);
        for (written, meant) in HALVES {
            text = text.replace(written, meant);
        }
        let mut found = None;
        for read in self.formats.iter().filter_map(|format| read(format, &text)) {
            if *found.get_or_insert(read) != read {
                return Err(NoTime);
            }
        }
        found.ok_or(NoTime)
    }
}

fn read(format: &str, text: &str) -> Option<DateTime> {
    BrokenDownTime::parse(format, text).ok()?.to_datetime().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [&str; 6] = [
        "%d/%m/%Y %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%d-%m-%Y %I:%M %p",
        "%d.%m.%Y %H:%M",
        "%d-%b-%Y %H:%M",
        "%Y-%m-%dT%H:%M",
    ];

    fn times() -> Times {
        Times::new("Asia/Kolkata", FORMATS.map(str::to_owned).into()).unwrap()
    }

    fn at(text: &str) -> Result<Timestamp, NoTime> {
        times().read(&Cell::Text(text.into()))
    }

    #[test]
    fn india_time_in_every_dress() {
        let expected = "2026-11-17T20:05:00+05:30".parse::<jiff::Timestamp>().unwrap().into();
        for text in [
            "17/11/2026 20:05",
            " 17/11/2026\u{a0}20:05",
            "2026-11-17 20:05:00",
            "17-11-2026 08:05 PM",
            "17-11-2026 8:05 pm",
            "17-11-2026 08:05 p.m.",
            "१७/११/२०२६ २०:०५",
            "17-11-2026 08:05 अपराह्न",
            "17.11.2026 20:05",
            "17-Nov-2026 20:05",
            "2026-11-17T20:05",
        ] {
            assert_eq!(at(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_day_that_never_was_and_a_time_without_an_hour_are_refused() {
        for text in [
            "31-02-2026 10:00 AM",
            "29/02/2026 10:00",
            "32/01/2026 10:00",
            "11/17/2026 20:05",
            "17/11/2026 24:05",
            "17-11-2026 13:05 PM",
            "17/11/26 20:05",
            "17/11/2026",
            "17/11/2026 20:05 or so",
            "yesterday",
        ] {
            assert_eq!(at(text), Err(NoTime), "{text}");
        }
        assert_eq!(times().read(&Cell::Number(46344.5)), Err(NoTime), "a bare number is no date");
    }

    #[test]
    fn where_two_formats_disagree_nothing_is_guessed() {
        let formats = vec!["%d/%m/%Y %H:%M".into(), "%m/%d/%Y %H:%M".into()];
        let times = Times::new("Asia/Kolkata", formats).unwrap();
        let read = |text: &str| times.read(&Cell::Text(text.into()));
        assert_eq!(read("03/04/2026 10:00"), Err(NoTime));
        assert!(read("17/04/2026 10:00").is_ok());
        assert!(read("04/04/2026 10:00").is_ok());
    }

    #[test]
    fn a_format_without_an_hour_or_a_year_does_not_load() {
        for format in ["%d/%m/%Y", "%H:%M", "%d/%m %H:%M", "%I:%M %d/%m/%Y", "no time"] {
            assert_eq!(Times::new("Asia/Kolkata", vec![format.into()]).unwrap_err().0, "formats");
        }
        assert_eq!(Times::new("Asia/Gurugram", vec![]).unwrap_err().0, "zone");
    }

    proptest! {
        #[test]
        fn every_format_reads_back_what_it_writes(
            format in prop::sample::select(&FORMATS[..]),
            minutes in 0i64..(90 * 365 * 24 * 60),
        ) {
            let start = DateTime::constant(2001, 1, 1, 0, 0, 0, 0);
            let civil = start.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
            let text = strtime::format(format, civil).unwrap();
            let zone = TimeZone::get("Asia/Kolkata").unwrap();
            let expected = zone.to_timestamp(civil).unwrap().into();
            prop_assert_eq!(at(&text), Ok(expected));
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in any::<String>()) {
            let _ = at(&text);
        }
    }
}
