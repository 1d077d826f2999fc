//! Which days a report covers: whole days of the unit's calendar, until yesterday where nobody says
//! otherwise, for today is not over.

use jiff::{ToSpan as _, civil::Date};

/// A day in the calendar's length at the most: what no report needs is not read.
const LONGEST: i32 = 5 * 366;

/// Days that no report can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDays {
    /// The wrong way round.
    #[error("the days end on {until} and begin on {from}; give the earlier day first")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// Not yet.
    #[error("{until} has not come yet; today is {today}")]
    Future {
        /// The last day.
        until: Date,
        /// Today.
        today: Date,
    },
    /// More than anybody reads.
    #[error("a report covers {LONGEST} days at most; give a later first day")]
    TooMany,
}

/// The last so many whole days before today.
pub fn last(today: Date, days: u32) -> (Date, Date) {
    let days = i64::from(days.max(1));
    let until = today.saturating_sub(1.day());
    (until.saturating_sub((days - 1).days()), until)
}

/// The days from `from` until `until`, each where it is given: by default the last 28 whole days.
///
/// # Errors
/// They are no days of a report, and why.
pub fn between(
    from: Option<Date>,
    until: Option<Date>,
    today: Date,
) -> Result<(Date, Date), NoDays> {
    let until = until.unwrap_or_else(|| last(today, 1).1);
    let from = from.unwrap_or_else(|| until.saturating_sub(27.days()));
    if until > today {
        return Err(NoDays::Future { until, today });
    }
    if from > until {
        return Err(NoDays::Backwards { from, until });
    }
    if from.until(until).map_or(i32::MAX, |span| span.get_days()) >= LONGEST {
        return Err(NoDays::TooMany);
    }
    Ok((from, until))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn four_whole_weeks_are_the_default() {
        let today = date(2026, 11, 30);
        assert_eq!(between(None, None, today), Ok((date(2026, 11, 2), date(2026, 11, 29))));
        assert_eq!(last(today, 7), (date(2026, 11, 23), date(2026, 11, 29)));
        let given = between(Some(date(2026, 3, 1)), Some(date(2026, 3, 31)), today);
        assert_eq!(given, Ok((date(2026, 3, 1), date(2026, 3, 31))));
    }

    #[test]
    fn no_report_is_made_of_days_that_are_none() {
        let today = date(2026, 11, 30);
        let asked = |from, until| between(Some(from), Some(until), today);
        assert!(matches!(asked(date(2026, 5, 2), date(2026, 5, 1)), Err(NoDays::Backwards { .. })));
        assert!(matches!(asked(date(2026, 5, 2), date(2026, 12, 1)), Err(NoDays::Future { .. })));
        assert_eq!(asked(date(1990, 5, 2), date(2026, 5, 1)), Err(NoDays::TooMany));
    }
}
