//! When a server says to come back, in every form that servers say it.
//!
//! The invariant: whatever a server writes there, the answer lies within the configured bounds.
//! Headers lie: they name the past, next year, or nothing at all.

use jiff::{SignedDuration, fmt::rfc2822};
use reqwest::header::HeaderMap;

use crate::domain::time::Timestamp;

/// The shortest and the longest wait that a server can impose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitBounds {
    /// Waits are at least this long.
    pub shortest: SignedDuration,
    /// Waits are at most this long.
    pub longest: SignedDuration,
}

impl Default for WaitBounds {
    /// Five seconds to one hour.
    fn default() -> Self {
        Self { shortest: SignedDuration::from_secs(5), longest: SignedDuration::from_hours(1) }
    }
}

/// Until when the server asks to wait; `None` where it says nothing that can be read.
///
/// `Retry-After` (RFC 9110: seconds or an HTTP date) goes first. Then the *reset* headers:
/// `X-RateLimit-Reset` (ISO 8601 on Mastodon and GoToSocial, epoch seconds elsewhere),
/// `RateLimit-Reset` (seconds to wait in the IETF draft, epoch seconds on Bluesky) and
/// `x-rate-limit-reset` (epoch seconds on X).
pub fn wait_until(headers: &HeaderMap, now: Timestamp, bounds: WaitBounds) -> Option<Timestamp> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let retry_after = text("retry-after").and_then(|text| seconds_or_date(text, now));
    let asked = retry_after.or_else(|| {
        ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"]
            .into_iter()
            .find_map(|name| text(name).and_then(|text| reset(text, now)))
    })?;
    let wait = asked.since(now).clamp(bounds.shortest, bounds.longest.max(bounds.shortest));
    Some(now.plus(wait))
}

fn seconds_or_date(text: &str, now: Timestamp) -> Option<Timestamp> {
    match number(text) {
        Some(seconds) => Some(now.plus(SignedDuration::from_secs(seconds))),
        None => rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::from),
    }
}

fn reset(text: &str, now: Timestamp) -> Option<Timestamp> {
    /// Smaller numbers cannot be a present epoch second (they lie before 1974), so they are seconds
    /// to wait.
    const EPOCHS_FROM: i64 = 100_000_000;
    /// Larger numbers cannot be a present epoch second (they lie after the year 5000), so they are
    /// milliseconds.
    const MILLIS_FROM: i64 = 100_000_000_000;
    match number(text) {
        Some(n) if n < EPOCHS_FROM => Some(now.plus(SignedDuration::from_secs(n))),
        Some(n) if n < MILLIS_FROM => Some(Timestamp::from_micros(n.saturating_mul(1_000_000))),
        Some(n) => Some(Timestamp::from_micros(n.saturating_mul(1_000))),
        None => text.parse::<jiff::Timestamp>().ok().map(Timestamp::from),
    }
}

/// A whole or decimal number of seconds, held at the ends of its range.
fn number(text: &str) -> Option<i64> {
    let whole = text.split_once('.').map_or(text, |(whole, fraction)| {
        if fraction.bytes().all(|b| b.is_ascii_digit()) { whole } else { text }
    });
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let limit = if whole.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(whole.parse().unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_795_500_000;

    fn waits(pairs: &[(&'static str, &str)]) -> Option<i64> {
        let now = Timestamp::from_micros(NOW * 1_000_000);
        let headers = pairs
            .iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
            })
            .collect();
        let until = wait_until(&headers, now, WaitBounds::default())?;
        Some(until.since(now).as_secs())
    }

    #[test]
    fn every_honest_form_is_understood() {
        assert_eq!(waits(&[("retry-after", "120")]), Some(120));
        assert_eq!(waits(&[("retry-after", "Tue, 24 Nov 2026 06:10:00 GMT")]), Some(600));
        assert_eq!(waits(&[("x-ratelimit-reset", "2026-11-24T06:05:00.123456Z")]), Some(300));
        assert_eq!(waits(&[("x-ratelimit-reset", "2026-11-24T11:35:00+05:30")]), Some(300));
        assert_eq!(waits(&[("x-ratelimit-reset", "1795500300")]), Some(300));
        assert_eq!(waits(&[("ratelimit-reset", "1795500300")]), Some(300));
        assert_eq!(waits(&[("ratelimit-reset", "42")]), Some(42));
        assert_eq!(waits(&[("x-rate-limit-reset", "1795500900")]), Some(900));
        assert_eq!(waits(&[("x-rate-limit-reset", "1795500900000")]), Some(900));
    }

    #[test]
    fn the_explicit_word_goes_before_the_window_and_garbage_before_nothing() {
        assert_eq!(waits(&[("retry-after", "30"), ("x-ratelimit-reset", "1795500900")]), Some(30));
        assert_eq!(waits(&[("retry-after", "soon"), ("ratelimit-reset", "60")]), Some(60));
        for garbage in ["", "soon", "-", "12abc", "2026-13-45T99:00:00Z", "NaN", "1e9"] {
            assert_eq!(waits(&[("retry-after", garbage)]), None, "{garbage}");
            assert_eq!(waits(&[("x-ratelimit-reset", garbage)]), None, "{garbage}");
        }
    }

    #[test]
    fn the_past_and_the_far_future_are_held_within_the_bounds() {
        for past in ["0", "-5", "Mon, 01 Jan 2001 00:00:00 GMT"] {
            assert_eq!(waits(&[("retry-after", past)]), Some(5), "{past}");
        }
        assert_eq!(waits(&[("x-ratelimit-reset", "2001-01-01T00:00:00Z")]), Some(5));
        for far in ["99999999", "999999999999999999999999", "Fri, 01 Jan 2100 00:00:00 GMT"] {
            assert_eq!(waits(&[("retry-after", far)]), Some(3600), "{far}");
        }
        assert_eq!(waits(&[("x-ratelimit-reset", "9223372036854775807")]), Some(3600));
    }

    proptest! {
        #[test]
        fn no_header_leads_out_of_the_bounds(text in "[ -~]{0,40}", name in 0_usize..4) {
            let name = ["retry-after", "x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"][name];
            if let Some(wait) = waits(&[(name, &text)]) {
                prop_assert!((5..=3600).contains(&wait));
            }
        }
    }
}
