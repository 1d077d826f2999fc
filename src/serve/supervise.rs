//! Runs the reconcilers: each in a task of its own, on its own timer, woken early by a notice.
//!
//! Each run is a task too, so that a panic is an error like any other. After an error the
//! reconciler waits longer each time, up to a minute, whatever wakes it: a database that is down
//! is not asked a thousand times a second. When the service stops no run begins; those under way
//! have until the deadline, then they are dropped, and their leases run out in the ledger.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    sync::Notify,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::Instrument as _;

use super::{Board, Host, Manager, Reconciler, health_routes, metrics_routes};
use crate::work::Progress;

/// The longest pause after errors.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// One reconciler and its next run.
pub struct Runner<H: Host> {
    reconciler: Reconciler<H>,
    host: H,
    board: Board,
}

/// When the next run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once: there is more to do.
    Now,
    /// On the timer, or when something wakes it.
    OnTime,
    /// After a pause that nothing shortens.
    After(SignedDuration),
}

impl<H: Host> Runner<H> {
    /// A reconciler that writes its runs on the board.
    pub fn new(reconciler: Reconciler<H>, host: H, board: Board) -> Self {
        board.expect(reconciler.name, reconciler.every, host.clock());
        Self { reconciler, host, board }
    }

    /// One run, its end written down. Never fails and never panics.
    pub async fn step(&self) -> Next {
        let name = self.reconciler.name;
        let start = self.host.clock().now();
        self.board.moved(name, self.host.clock().steady());
        let result = self.run().instrument(tracing::info_span!("run", reconciler = name)).await;
        let end = self.host.clock().now();
        self.board.moved(name, self.host.clock().steady());
        let failures = self.board.ended(name, result.as_ref().map_err(|_| ()), end);
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            tracing::warn!(reconciler = name, failures, error, "a run failed; it will be repeated");
        }
        let ok = result.is_ok().then_some(end);
        if let Err(lost) = self.host.heartbeat(name, start, ok, error.as_deref()).await {
            tracing::debug!(reconciler = name, error = %lost, "the heartbeat was not written");
        }
        match result {
            // A reconciler that moves nothing on and yet wants more would spin.
            Ok(progress) if progress.more && progress.did > 0 => Next::Now,
            Ok(_) => Next::OnTime,
            Err(_) => Next::After(pause(self.reconciler.every, failures)),
        }
    }

    async fn run(&self) -> anyhow::Result<Progress> {
        let run = (self.reconciler.run)(self.host.current()).in_current_span();
        match AbortOnDropHandle::new(tokio::spawn(run)).await {
            Ok(result) => result,
            // Its words may quote a case; the panic hook has logged the place.
            Err(_) => Err(anyhow!("it panicked: a defect in takaza; please report the log")),
        }
    }

    async fn keep_running(self, wake: Arc<Notify>, stopping: CancellationToken) {
        let mut timer = timer(self.reconciler.every);
        let mut next = Next::OnTime;
        loop {
            let due = async {
                match next {
                    Next::Now => {}
                    Next::OnTime => tokio::select! {
                        _ = timer.tick() => {}
                        () = wake.notified() => {}
                    },
                    Next::After(pause) => tokio::time::sleep(std_time(pause)).await,
                }
            };
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                () = due => {}
            }
            next = self.step().await;
        }
    }
}

/// Ticks at fixed distances from the start; a tick that a long run missed is left out.
fn timer(every: SignedDuration) -> Interval {
    let mut timer = tokio::time::interval(std_time(every).max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(MissedTickBehavior::Skip);
    timer
}

fn std_time(time: SignedDuration) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

/// The pause after this many errors in a row: the interval, doubled each time, a minute at most
/// (or the interval itself, where that is longer).
fn pause(every: SignedDuration, failures: u32) -> SignedDuration {
    let doubled = every.saturating_mul(1_i32 << failures.saturating_sub(1).min(16));
    doubled.clamp(SignedDuration::from_millis(100), LONGEST_PAUSE.max(every))
}

/// The running service.
pub struct Service<H: Host> {
    host: H,
    board: Board,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// Listeners end after the reconcilers: until then they tell how the stop goes.
    silent: CancellationToken,
    running: Vec<AbortOnDropHandle<()>>,
    wakes: BTreeMap<&'static str, Arc<Notify>>,
    manager: Option<Manager>,
}

impl<H: Host> Service<H> {
    /// Starts every reconciler.
    pub fn start(host: H, reconcilers: &[Reconciler<H>]) -> Self {
        let mut service = Self {
            host,
            board: Board::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            silent: CancellationToken::new(),
            running: Vec::new(),
            wakes: BTreeMap::new(),
            manager: None,
        };
        for reconciler in reconcilers {
            let wake = Arc::new(Notify::new());
            service.wakes.insert(reconciler.name, wake.clone());
            let runner = Runner::new(*reconciler, service.host.clone(), service.board.clone());
            let task = runner.keep_running(wake, service.stopping.clone());
            service.running.push(AbortOnDropHandle::new(service.tasks.spawn(task)));
        }
        service
    }

    /// What the reconcilers did.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Wakes a reconciler before its time. An unknown name wakes nobody.
    pub fn wake(&self, reconciler: &str) {
        if let Some(wake) = self.wakes.get(reconciler) {
            wake.notify_one();
        }
    }

    /// Opens the two listeners. Returns where they listen (a port of 0 is chosen by the system).
    ///
    /// # Errors
    /// An address cannot be listened on.
    pub async fn listen(
        &mut self,
        health: std::net::SocketAddr,
        metrics: std::net::SocketAddr,
        recorder: PrometheusHandle,
    ) -> anyhow::Result<(std::net::SocketAddr, std::net::SocketAddr)> {
        let (host, board) = (self.host.clone(), self.board.clone());
        let routes = health_routes(host.clone(), board.clone());
        let health = self.open("serve.health", health, routes).await?;
        let metrics =
            self.open("serve.metrics", metrics, metrics_routes(host, board, recorder)).await?;
        Ok((health, metrics))
    }

    async fn open(
        &mut self,
        key: &str,
        address: std::net::SocketAddr,
        routes: axum::Router,
    ) -> anyhow::Result<std::net::SocketAddr> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; is takaza running already? Write another {key}")
        })?;
        let at = listener.local_addr()?;
        let silent = self.silent.clone().cancelled_owned();
        let serving = axum::serve(listener, routes).with_graceful_shutdown(silent);
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "a listener ended");
            }
        });
        self.running.push(AbortOnDropHandle::new(task));
        Ok(at)
    }

    /// Tells the service manager that the service is ready, and from then on that it lives, until
    /// it has stopped.
    pub fn report_to(&mut self, manager: Manager) {
        manager.ready();
        let telling = manager.clone().keep_telling(self.host.clone(), self.board.clone());
        self.running.push(AbortOnDropHandle::new(tokio::spawn(telling)));
        self.manager = Some(manager);
    }

    /// Begins no further run from this call on, and waits for those under way until the deadline.
    /// Returns whether all of them ended by themselves.
    pub fn stop(self, drain: SignedDuration) -> impl Future<Output = bool> {
        self.stopping.cancel();
        self.tasks.close();
        if let Some(manager) = &self.manager {
            manager.stopping();
        }
        async move {
            let drained = tokio::time::timeout(std_time(drain), self.tasks.wait()).await.is_ok();
            self.silent.cancel();
            drop(self.running);
            drained
        }
    }
}

/// Listens from this call on for being asked to end (SIGTERM, or Ctrl-C), and waits for it.
///
/// # Errors
/// The signals cannot be listened for.
pub fn stop_signal() -> impl Future<Output = anyhow::Result<&'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    // Before the first poll: a service that says that it is ready must not die of the next signal.
    let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM");
    let interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT");
    async move {
        let (mut terminate, mut interrupt) = (terminate?, interrupt?);
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_doubles_the_pause_up_to_a_minute() {
        let second = SignedDuration::from_secs(1);
        let pauses: Vec<i64> = [1, 2, 3, 7, 99].map(|n| pause(second, n).as_secs()).to_vec();
        assert_eq!(pauses, [1, 2, 4, 60, 60]);
        let hour = SignedDuration::from_hours(1);
        assert_eq!(pause(hour, 5), hour, "never sooner than its own timer's worth");
    }
}
