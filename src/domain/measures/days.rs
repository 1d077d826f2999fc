//! The unit's calendar days by their numbers.

use jiff::{civil::Date, tz::TimeZone};

use crate::domain::time::Timestamp;

/// The number of a calendar day: 0 is 1 January 1970.
pub fn day_number(day: Date) -> i64 {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// The day of a number.
pub fn day_of(number: i64) -> Date {
    let span = jiff::Span::new().try_days(number);
    let day = span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span));
    day.unwrap_or(if number < 0 { Date::MIN } else { Date::MAX })
}

/// The number of the day that a wall clock in `zone` shows at an instant.
pub fn day_at(at: Timestamp, zone: &TimeZone) -> i64 {
    day_number(at.in_zone(zone).date())
}

/// The first instant of a day in `zone`, and the first one after it.
pub fn instants(number: i64, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let start = |number| {
        let midnight = day_of(number).to_zoned_datetime(zone.clone());
        midnight.map_or(Timestamp::MAX, |at| at.timestamp().into())
    };
    (start(number), start(number + 1))
}
