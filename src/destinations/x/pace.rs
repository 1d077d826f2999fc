//! How fast X may be asked. X limits each way of asking by itself, so a listing that has to wait
//! holds back no post.
//!
//! The invariant: a reading is held back by our own count and by X's last word; a post only by X's
//! own 429.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use jiff::{SignedDuration, civil, fmt::rfc2822, tz::TimeZone};
use reqwest::header::HeaderMap;

use crate::{
    destinations::{
        Unread,
        rate_headers::{WaitBounds, wait_until},
    },
    domain::time::Timestamp,
};

/// A way of asking that X limits by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    Post,
    Delete,
    Counts,
    Status,
    Timeline,
    Mentions,
    Search,
    Quotes,
    Likes,
    Reposts,
    Me,
    User,
}

impl Ask {
    /// The readings, with X's limit for a user in 15 minutes (docs.x.com/x-api/fundamentals/rate-limits,
    /// read in August 2026).
    const READINGS: [(Self, u32); 10] = [
        (Self::Counts, 5_000),
        (Self::Status, 900),
        (Self::Timeline, 900),
        (Self::Mentions, 300),
        (Self::Search, 300),
        (Self::Quotes, 75),
        (Self::Likes, 75),
        (Self::Reposts, 75),
        (Self::Me, 75),
        (Self::User, 300),
    ];
}

/// What holds requests back.
pub(super) struct Pace {
    bounds: WaitBounds,
    limiters: BTreeMap<Ask, DefaultDirectRateLimiter>,
    /// Until when X asked to wait.
    quiet: Mutex<BTreeMap<Ask, Timestamp>>,
}

impl Pace {
    /// By X's own limits, or `most` readings of each kind in 15 minutes where that is less.
    pub fn new(most: Option<NonZeroU32>, bounds: WaitBounds) -> Self {
        let limiter = |per: NonZeroU32| {
            let per = most.map_or(per, |most| most.min(per));
            let quota = Quota::with_period(Duration::from_secs(900) / per.get())
                .unwrap_or_else(|| Quota::per_second(per))
                .allow_burst(per);
            RateLimiter::direct(quota)
        };
        let limiters = Ask::READINGS.into_iter();
        let limiters =
            limiters.filter_map(|(ask, per)| Some((ask, limiter(NonZeroU32::new(per)?)))).collect();
        Self { bounds, limiters, quiet: Mutex::default() }
    }

    /// Until when X asked to wait with this, if that is still to come.
    pub fn quiet(&self, ask: Ask, now: Timestamp) -> Option<Timestamp> {
        let quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        quiet.get(&ask).copied().filter(|until| now < *until)
    }

    /// Whether a reading may go now.
    ///
    /// # Errors
    /// X asked to wait, or our own limit does.
    pub fn may_read(&self, ask: Ask, now: Timestamp) -> Result<(), Unread> {
        if let Some(until) = self.quiet(ask, now) {
            let reason = "X asked to wait".to_owned();
            return Err(Unread::Throttled { until: Some(until), reason });
        }
        let Some(limiter) = self.limiters.get(&ask) else { return Ok(()) };
        limiter.check().map_err(|early| {
            let wait = early.wait_time_from(limiter.clock().now());
            let wait = SignedDuration::try_from(wait).unwrap_or(self.bounds.longest);
            Unread::Throttled {
                until: Some(now.plus(wait)),
                reason: "our own limit of requests in 15 minutes".to_owned(),
            }
        })
    }

    /// X said that this window's requests are used up; until when, where it says.
    pub fn used_up(&self, ask: Ask, headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
        // X counts on its own clock, which it sends: ours may be off.
        let theirs = date(headers).unwrap_or(now);
        let until = wait_until(headers, theirs, self.bounds)?;
        Some(self.hold(ask, now.plus(until.since(theirs))))
    }

    /// The cap of a period is used up. It may be raised at any time, so X is asked again at the
    /// period's end or after the longest wait, whichever comes first.
    pub fn capped(&self, ask: Ask, period: Option<&str>, now: Timestamp) -> Timestamp {
        let longest = now.plus(self.bounds.longest);
        let end = period.and_then(|period| end_of(period, now));
        self.hold(ask, end.map_or(longest, |end| end.min(longest)))
    }

    fn hold(&self, ask: Ask, until: Timestamp) -> Timestamp {
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner).insert(ask, until);
        until
    }
}

/// The server's own time.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get("date")?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::from)
}

/// The end of the UTC day or month.
fn end_of(period: &str, now: Timestamp) -> Option<Timestamp> {
    let today = now.in_zone(&TimeZone::UTC).date();
    let next: civil::Date = match period.to_lowercase().as_str() {
        "daily" => today.tomorrow().ok()?,
        "monthly" => today.last_of_month().tomorrow().ok()?,
        _ => return None,
    };
    next.to_zoned_datetime(TimeZone::UTC).ok().map(|start| start.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn periods_end_with_the_utc_day_and_month() {
        let now = at("2026-12-31T23:30:00+05:30");
        assert_eq!(end_of("Daily", now), Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(end_of("Monthly", now), Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(end_of("Monthly", at("2026-11-24T00:00:00Z")), Some(at("2026-12-01T00:00:00Z")));
        assert_eq!(end_of("Yearly", now), None);
    }

    #[test]
    fn a_reset_is_read_on_the_clock_that_wrote_it() {
        let pace = Pace::new(None, WaitBounds::default());
        let headers =
            [("date", "Tue, 24 Nov 2026 06:00:00 GMT"), ("x-rate-limit-reset", "1795500300")];
        let headers = headers
            .into_iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
            })
            .collect();
        // Ours is forty minutes ahead of X's: the five minutes stay five minutes.
        let now = at("2026-11-24T06:40:00Z");
        assert_eq!(pace.used_up(Ask::Search, &headers, now), Some(at("2026-11-24T06:45:00Z")));
        assert!(pace.may_read(Ask::Search, now).is_err());
        assert!(pace.may_read(Ask::Quotes, now).is_ok(), "each way of asking has its own limit");
    }
}
