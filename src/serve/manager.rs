//! What the service manager (systemd) is told: ready, alive, stopping, and a line for people.
//!
//! The invariant: "alive" is said only while every reconciler moves. A process whose timer still
//! ticks while a reconciler hangs must look dead to whoever can start it anew.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;

use super::{Board, Host};

/// How often the line for people is renewed where no watchdog asks for more.
const CALM: Duration = Duration::from_secs(30);

/// How it hears.
type Tell = dyn Fn(&[NotifyState<'_>]) + Send + Sync;

/// Who started the service and wants to hear of it.
#[derive(Clone)]
pub struct Manager {
    tell: Arc<Tell>,
    /// The watchdog bites after this without a sign of life.
    watchdog: Option<Duration>,
}

impl Manager {
    /// systemd, as `NOTIFY_SOCKET` and `WATCHDOG_USEC` name it; nobody, where they are not set.
    pub fn systemd() -> Self {
        let tell = |said: &[NotifyState<'_>]| {
            if let Err(error) = sd_notify::notify(said) {
                tracing::warn!(%error, "the service manager was not reached");
            }
        };
        Self::new(tell, sd_notify::watchdog_enabled())
    }

    /// One that hears by this function, and bites after `watchdog`.
    pub fn new(
        tell: impl Fn(&[NotifyState<'_>]) + Send + Sync + 'static,
        watchdog: Option<Duration>,
    ) -> Self {
        Self { tell: Arc::new(tell), watchdog }
    }

    /// The service answers.
    pub(super) fn ready(&self) {
        (self.tell)(&[NotifyState::Ready]);
    }

    /// No run begins any more.
    pub(super) fn stopping(&self) {
        (self.tell)(&[
            NotifyState::Stopping,
            NotifyState::Status("stopping; waiting for what is under way"),
        ]);
    }

    /// A third of the watchdog's time: one sign of life may be lost.
    fn every(&self) -> Duration {
        self.watchdog.map_or(CALM, |bites| (bites / 3).min(CALM))
    }

    /// Says again and again how the service stands. Never returns.
    pub(super) async fn keep_telling<H: Host>(self, host: H, board: Board) {
        let every = self.every();
        let mut timer = tokio::time::interval(every.max(Duration::from_millis(1)));
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            timer.tick().await;
            let alive = board.hung(host.clock().steady()).is_empty();
            if alive && self.watchdog.is_some() {
                (self.tell)(&[NotifyState::Watchdog]);
            }
            // A ledger that does not answer must not cost the next sign of life.
            let line = tokio::time::timeout(every, line(&host, &board)).await;
            let line = line.unwrap_or_else(|_| "serving; the ledger does not answer".to_owned());
            (self.tell)(&[NotifyState::Status(&line)]);
        }
    }
}

/// How the service stands, for `systemctl status`.
async fn line<H: Host>(host: &H, board: &Board) -> String {
    let hung = board.hung(host.clock().steady());
    if !hung.is_empty() {
        return format!("hung: {}; waiting to be started anew", hung.join(", "));
    }
    let late = board.late(host.clock().now());
    let late = if late.is_empty() { String::new() } else { format!("; late: {}", late.join(", ")) };
    match host.closed().await {
        Ok(None) => format!("serving; posts may go out{late}"),
        Ok(Some(why)) => format!("serving; nothing is sent: {why}{late}"),
        Err(_) => format!("serving; the ledger cannot be reached{late}"),
    }
}
