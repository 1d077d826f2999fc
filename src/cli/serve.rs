//! `takaza serve` and `takaza run-once`: the reconcilers, on their timers or once.

use clap::Args;
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
};
use crate::{
    app::{App, reconcilers},
    serve::{Board, Next, Reconciler, Runner, Service, stop_signal},
    telemetry, work,
};

/// Runs the service until it is told to stop (SIGTERM or Ctrl-C)
///
/// It reads the case source, drafts and clears, sends within the limits, listens, and keeps the
/// record. /healthz and /readyz answer at serve.health, Prometheus metrics at serve.metrics.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Do everything but send, to gather the days that a standing order is rehearsed on
    #[arg(long)]
    shadow: bool,
}

async fn open(globals: &Globals, shadow: bool) -> Result<(App, Vec<Reconciler>), Failure> {
    let mut app = globals.open().await?;
    app.ctx.shadow = shadow;
    // A restored ledger must notice that before its first claim, not a second after it.
    work::seal::run_once(&app.ctx).await?;
    let reconcilers = reconcilers(&app.ctx.config);
    Ok((app, reconcilers))
}

impl Serve {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let (app, reconcilers) = open(globals, self.shadow).await?;
        let recorder = telemetry::metrics()?;
        let config = app.ctx.config.clone();
        for warning in config.warnings(app.ctx.clock.now()) {
            tracing::warn!("{warning}");
        }
        let mut service = Service::start(app.ctx, &reconcilers);
        let (health, metrics) =
            service.listen(config.serve.health, config.serve.metrics, recorder).await?;
        tracing::info!(%health, %metrics, shadow = self.shadow, "takaza serves");
        let signal = stop_signal().await?;
        tracing::info!(signal, drain = %format!("{:#}", config.serve.drain), "stopping");
        if service.stop(config.serve.drain).await {
            tracing::info!("stopped; nothing is under way");
            return Ok(());
        }
        Err(Failure::Failed(
            "what was under way did not end within serve.drain and was dropped; its leases run out \
             in the ledger, and the next start looks for what came of it"
                .to_owned(),
        ))
    }
}

/// Runs every reconciler once, in order, and ends: for cron and for tests
#[derive(Debug, Args)]
pub(super) struct RunOnce {
    /// Do everything but send
    #[arg(long)]
    shadow: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct RunView {
    reconciler: &'static str,
    ok: bool,
}

impl RunOnce {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let (app, reconcilers) = open(globals, self.shadow).await?;
        let mut views = Vec::new();
        for reconciler in reconcilers {
            let runner = Runner::new(reconciler, app.ctx.clone(), Board::default());
            let mut next = Next::Now;
            while next == Next::Now {
                next = runner.step().await;
            }
            let ok = !matches!(next, Next::After(_));
            views.push(RunView { reconciler: reconciler.name, ok });
        }
        self.format.print(&views, |views| {
            let word = |ok| if ok { "ok" } else { "failed" };
            let row = |run: &RunView| vec![run.reconciler.to_owned(), word(run.ok).to_owned()];
            let rows: Vec<_> = views.iter().map(row).collect();
            table_or(&["RECONCILER", "RUN"], &rows, "nothing ran")
        })?;
        let failed = views.iter().filter(|run| !run.ok).count();
        if failed > 0 {
            let problem = format!("{failed} reconcilers failed; their errors stand above");
            return Err(Failure::Failed(problem));
        }
        Ok(())
    }
}
