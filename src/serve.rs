//! The service's shell: runs every reconciler on its timer, tells how it stands, and stops
//! gracefully.
//!
//! The invariant: no error and no panic of one reconciler ends it or touches another. Whoever only
//! keeps the process alive (`/healthz`, systemd's watchdog) must not learn of a reconciler's
//! trouble, which another process would have too, but must learn that one hangs; whoever asks
//! whether it does its work (`/readyz`) must learn of both.

mod ask;
mod board;
mod listen;
mod manager;
mod supervise;

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub use self::{
    ask::ask,
    board::{Board, HUNG_AFTER, Run},
    listen::{health_routes, metrics_routes},
    manager::Manager,
    supervise::{Next, Runner, Service, stop_signal},
};
use crate::{
    clock::Clock,
    domain::time::Timestamp,
    store::Standing,
    work::{Ctx, Progress, meter},
};

/// A reconciler: its name, its timer, and one run of it.
pub struct Reconciler<C = Ctx> {
    /// Its name in metrics, logs and heartbeats.
    pub name: &'static str,
    /// How often it runs when nothing wakes it.
    pub every: SignedDuration,
    /// One run, idempotent and without input.
    pub run: fn(C) -> BoxFuture<'static, anyhow::Result<Progress>>,
}

impl<C> Clone for Reconciler<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Reconciler<C> {}

/// What the shell needs of whatever its reconcilers work with.
#[async_trait]
pub trait Host: Clone + Send + Sync + 'static {
    /// The time.
    fn clock(&self) -> &Clock;

    /// What the next run works with: the same with what changed meanwhile.
    fn current(&self) -> Self {
        self.clone()
    }

    /// Writes down that a reconciler lives: a run began at `start`, and ended well at `ok` or
    /// failed of `error`.
    async fn heartbeat(
        &self,
        reconciler: &'static str,
        start: Timestamp,
        ok: Option<Timestamp>,
        error: Option<&str>,
    ) -> anyhow::Result<()>;

    /// What lies in which state; an error where the ledger cannot be reached.
    async fn standing(&self) -> anyhow::Result<Standing>;

    /// Why nothing is sent just now, if so, in a word.
    async fn closed(&self) -> anyhow::Result<Option<&'static str>>;

    /// What accounts on platforms that charge have spent this month.
    async fn months(&self) -> anyhow::Result<Vec<meter::Month>> {
        Ok(Vec::new())
    }

    /// The source's last reading may be this old.
    fn source_fresh_for(&self) -> SignedDuration;
}

#[async_trait]
impl Host for Ctx {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn current(&self) -> Self {
        Self::current(self)
    }

    async fn heartbeat(
        &self,
        reconciler: &'static str,
        start: Timestamp,
        ok: Option<Timestamp>,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        let worker = format!("{reconciler}@{}", self.process);
        Ok(self.store.heartbeat(&worker, start, ok, error).await?)
    }

    async fn standing(&self) -> anyhow::Result<Standing> {
        Ok(self.store.standing().await?)
    }

    async fn closed(&self) -> anyhow::Result<Option<&'static str>> {
        let gate = self.store.gate().await?;
        let why = [
            (gate.stopped.is_some(), "stopped"),
            (gate.tripped.is_some(), "the breaker tripped"),
            (gate.restored.is_some(), "restored and not accepted"),
            (self.shadow, "shadow"),
        ];
        Ok(why.into_iter().find_map(|(is, word)| is.then_some(word)))
    }

    async fn months(&self) -> anyhow::Result<Vec<meter::Month>> {
        Ok(meter::months(self).await?)
    }

    fn source_fresh_for(&self) -> SignedDuration {
        self.config.ladder.maximum_fact_age
    }
}
