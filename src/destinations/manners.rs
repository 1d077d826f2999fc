//! How hard one account leans on a server: our own limit of requests, and the server's last word.
//!
//! The invariant: after a server asked to wait nothing is asked of it until then; reads beyond our
//! own limit wait; a send is counted and never delayed, for the permit's deadline and the server's
//! own answer bound it.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use jiff::SignedDuration;
use reqwest::header::HeaderMap;

use super::{
    Unread,
    http::Clock,
    rate_headers::{WaitBounds, wait_until},
};
use crate::domain::time::Timestamp;

/// One account's requests to one server.
pub struct Manners {
    clock: Clock,
    waits: WaitBounds,
    smoothing: DefaultDirectRateLimiter,
    /// Until when the server asked us to wait.
    quiet: Mutex<Option<Timestamp>>,
}

impl Manners {
    /// So many requests in five minutes at most, and waits within these bounds.
    pub fn new(requests_per_5_minutes: NonZeroU32, waits: WaitBounds, clock: Clock) -> Self {
        let smoothing = limiter(requests_per_5_minutes, Duration::from_secs(300));
        Self { clock, waits, smoothing, quiet: Mutex::new(None) }
    }

    /// Remembers when to come back, as a 429 says it.
    pub fn throttled(&self, headers: &HeaderMap) -> Option<Timestamp> {
        let until = wait_until(headers, (self.clock)(), self.waits);
        if until.is_some() {
            *self.quiet.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
        until
    }

    /// Until when the server asked us to wait, if that is still to come.
    pub fn quiet(&self) -> Option<Timestamp> {
        let quiet = *self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        quiet.filter(|until| (self.clock)() < *until)
    }

    /// Counts a send.
    pub fn count_send(&self) {
        let _counted = self.smoothing.check();
    }

    /// Counts a reading that may start now.
    ///
    /// # Errors
    /// The server asked to wait, or our own limit does.
    pub fn may_read(&self) -> Result<(), Unread> {
        if let Some(until) = self.quiet() {
            let reason = "the server asked to wait".to_owned();
            return Err(Unread::Throttled { until: Some(until), reason });
        }
        self.smoothing.check().map_err(|early| {
            let wait = early.wait_time_from(self.smoothing.clock().now());
            let wait = SignedDuration::try_from(wait).unwrap_or(self.waits.longest);
            Unread::Throttled {
                until: Some((self.clock)().plus(wait)),
                reason: "our own limit of requests in five minutes".to_owned(),
            }
        })
    }
}

/// So many in a period, all at once if need be.
pub fn limiter(most: NonZeroU32, period: Duration) -> DefaultDirectRateLimiter {
    let quota = Quota::with_period(period / most.get())
        .unwrap_or_else(|| Quota::per_second(most))
        .allow_burst(most);
    RateLimiter::direct(quota)
}
