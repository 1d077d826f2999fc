//! What is known of each reconciler in this process, for `/readyz` and for the metrics.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::SignedDuration;
use serde::Serialize;

use super::Host;
use crate::{
    clock::Clock,
    domain::{cost::Used, time::Timestamp},
    store::Standing,
    work::{Progress, meter::Month},
};

/// Beyond three of its intervals, a reconciler may be late by this much: a slow run is no outage.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A reconciler hangs when none of its runs began or ended for this long, beyond its interval. All
/// that a run waits for has a limit of its own, seconds or a few minutes; the rest is room for the
/// first reading of a large source.
pub const HUNG_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// One reconciler's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How often it should run.
    pub every: SignedDuration,
    /// Since when it should.
    pub since: Timestamp,
    /// When a run last ended well.
    pub last_ok: Option<Timestamp>,
    /// How many in a row failed since.
    pub failures: u32,
    /// When a run last began or ended, on the steady clock.
    pub moved: SignedDuration,
}

impl Run {
    fn is_late(&self, now: Timestamp) -> bool {
        now.since(self.last_ok.unwrap_or(self.since)) > self.every.saturating_mul(3) + GRACE
    }
}

/// The board that every reconciler writes its runs on.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<&'static str, Run>>>);

/// Whether the service can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Readiness {
    pub ready: bool,
    pub reasons: Vec<String>,
    /// Why nothing is sent by decision of a person or the breaker. That is no fault.
    pub sending_held: Option<&'static str>,
}

impl Board {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<&'static str, Run>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A reconciler is expected from now on.
    pub fn expect(&self, name: &'static str, every: SignedDuration, clock: &Clock) {
        let (since, moved) = (clock.now(), clock.steady());
        let run = Run { every, since, last_ok: None, failures: 0, moved };
        self.with(|runs| runs.insert(name, run));
    }

    /// A run began or ended, well or not: the reconciler lives.
    pub fn moved(&self, name: &'static str, steady: SignedDuration) {
        self.with(|runs| {
            if let Some(run) = runs.get_mut(name) {
                run.moved = steady;
            }
        });
    }

    /// The reconcilers that hang. One that fails does not: it lives, and another process would
    /// fail of the same.
    pub fn hung(&self, steady: SignedDuration) -> Vec<&'static str> {
        let hangs = |run: &Run| steady - run.moved > run.every.saturating_add(HUNG_AFTER);
        let runs = self.runs();
        runs.into_iter().filter(|(_, run)| hangs(run)).map(|(name, _)| name).collect()
    }

    /// A run ended. Returns how many in a row have failed.
    pub fn ended(&self, name: &'static str, result: Result<&Progress, ()>, at: Timestamp) -> u32 {
        let failures = self.with(|runs| {
            let run = runs.get_mut(name)?;
            match result {
                Ok(_) => (run.last_ok, run.failures) = (Some(at), 0),
                Err(()) => run.failures = run.failures.saturating_add(1),
            }
            Some(run.failures)
        });
        count(name, result, at);
        failures.unwrap_or(0)
    }

    /// Every reconciler's runs.
    pub fn runs(&self) -> BTreeMap<&'static str, Run> {
        self.with(|runs| runs.clone())
    }

    /// How far each reconciler is behind its timer: nothing, while it succeeds on time.
    pub(super) fn gauge_lag(&self, now: Timestamp) {
        for (name, run) in self.runs() {
            let late = now.since(run.last_ok.unwrap_or(run.since)) - run.every;
            let lag = late.max(SignedDuration::ZERO).as_secs_f64();
            metrics::gauge!("takaza_reconciler_lag_seconds", "reconciler" => name).set(lag);
        }
    }

    /// The reconcilers that have not succeeded within three of their intervals and a grace.
    pub(super) fn late(&self, now: Timestamp) -> Vec<&'static str> {
        let runs = self.runs();
        runs.into_iter().filter(|(_, run)| run.is_late(now)).map(|(name, _)| name).collect()
    }

    /// Why a reconciler has not done its work lately, or not yet, for each that has not.
    fn not_done(&self, now: Timestamp) -> Vec<String> {
        let reason = |(name, run): (&'static str, Run)| match run.last_ok {
            None if run.failures == 0 => format!("{name} has not run yet"),
            None => format!("{name} has failed {} times and never succeeded", run.failures),
            Some(at) => format!("{name} has not succeeded since {at}"),
        };
        let not_done = |run: &Run| run.last_ok.is_none() || run.is_late(now);
        self.runs().into_iter().filter(|(_, run)| not_done(run)).map(reason).collect()
    }

    pub(super) async fn readiness<H: Host>(&self, host: &H) -> Readiness {
        let now = host.clock().now();
        let mut reasons = self.not_done(now);
        let standing = host.standing().await;
        match &standing {
            Err(_) => reasons.push("the ledger cannot be reached".to_owned()),
            Ok(standing) => reasons.extend(stale(standing, host.source_fresh_for(), now)),
        }
        let sending_held = match host.closed().await {
            Ok(held) => held,
            Err(_) => Some("the stop switch cannot be read"),
        };
        Readiness { ready: reasons.is_empty(), reasons, sending_held }
    }
}

fn stale(standing: &Standing, fresh_for: SignedDuration, now: Timestamp) -> Option<String> {
    match standing.source_read_at {
        None => Some("the case source has not been read yet".to_owned()),
        Some(at) if now.since(at) > fresh_for => {
            Some(format!("the case source was last read at {at}: nothing is sent on stale facts"))
        }
        Some(_) => None,
    }
}

/// The metrics of one run.
fn count(name: &'static str, result: Result<&Progress, ()>, at: Timestamp) {
    metrics::counter!("takaza_reconciler_runs_total", "reconciler" => name).increment(1);
    match result {
        Ok(progress) => {
            metrics::counter!("takaza_reconciler_done_total", "reconciler" => name)
                .increment(progress.did);
            metrics::gauge!("takaza_reconciler_last_success_timestamp_seconds", "reconciler" => name)
                .set(seconds(at));
        }
        Err(()) => {
            metrics::counter!("takaza_reconciler_errors_total", "reconciler" => name).increment(1);
        }
    }
}

/// The metrics of the ledger, as it stands when they are read.
pub(super) fn gauge(standing: &Standing, now: Timestamp) {
    for (state, n) in &standing.deliveries {
        metrics::gauge!("takaza_deliveries", "state" => state.clone()).set(float(*n));
    }
    for (state, n) in &standing.escalations {
        metrics::gauge!("takaza_escalations", "state" => state.clone()).set(float(*n));
    }
    metrics::gauge!("takaza_rejected_rows").set(float(standing.rejected));
    metrics::gauge!("takaza_source_failures").set(float(standing.source_failures));
    if let Some(at) = standing.source_read_at {
        metrics::gauge!("takaza_source_age_seconds").set(now.since(at).as_secs_f64());
    }
}

/// What accounts have spent this month and what they may. Micro-dollars, whole: a gauge holds them
/// exactly up to nine billion dollars.
pub(super) fn gauge_months(months: &[Month]) {
    for month in months {
        let account = month.account.to_string();
        let gauge = |purpose: &'static str, used: &Used| {
            let labels = [("account", account.clone()), ("purpose", purpose.to_owned())];
            metrics::gauge!("takaza_spent_microdollars", &labels).set(float(used.spent.micros()));
            metrics::gauge!("takaza_spending_cap_microdollars", &labels)
                .set(float(used.cap.micros()));
            let percent = i64::try_from(used.percent).unwrap_or(i64::MAX);
            metrics::gauge!("takaza_spending_cap_used_percent", &labels).set(float(percent));
        };
        gauge("posts", &month.posts);
        gauge("listening", &month.listening);
    }
}

/// What each metric means, for whoever reads the listener.
pub(super) fn describe() {
    use metrics::{describe_counter, describe_gauge};
    describe_counter!("takaza_reconciler_runs_total", "Runs of a reconciler");
    describe_counter!("takaza_reconciler_errors_total", "Runs that failed or panicked");
    describe_counter!("takaza_reconciler_done_total", "Things that a reconciler moved on");
    describe_gauge!("takaza_reconciler_lag_seconds", "How long the oldest thing left has been due");
    describe_gauge!(
        "takaza_reconciler_last_success_timestamp_seconds",
        "When a run last ended well (Unix time)"
    );
    describe_gauge!("takaza_deliveries", "Deliveries by state");
    describe_gauge!("takaza_escalations", "Escalations by state");
    describe_gauge!("takaza_rejected_rows", "Case rows that are set aside");
    describe_gauge!("takaza_source_failures", "Readings of the case source that failed in a row");
    describe_gauge!("takaza_source_age_seconds", "Since the case source was last read to its end");
    describe_gauge!("takaza_spent_microdollars", "Spent in this calendar month (UTC)");
    describe_gauge!("takaza_spending_cap_microdollars", "What may be spent in it");
    describe_gauge!("takaza_spending_cap_used_percent", "The spent share of the cap");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of rows and amounts of money are far below 2^53"
)]
const fn float(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "a metric to the millisecond is enough")]
fn seconds(at: Timestamp) -> f64 {
    at.micros() as f64 / 1e6
}
