//! `takaza serve`, `takaza run-once` and `takaza health`: the reconcilers, on their timers or once,
//! and how the running ones are.

use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, counted, table_or, warn},
};
use crate::{
    app::{App, reconcilers},
    config::Loaded,
    serve::{Board, Manager, Next, Reconciler, Runner, Service, ask, stop_signal},
    telemetry,
    web::{self, Console, Opening},
    work,
};

/// Runs the service until it is told to stop (SIGTERM or Ctrl-C)
///
/// It reads the case source, drafts and clears, sends within the limits, listens, and keeps the
/// record. /healthz and /readyz answer at serve.health, Prometheus metrics at serve.metrics. Under
/// systemd (Type=notify) it says when it is ready, and feeds the watchdog while no reconciler hangs.
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

/// The token of the one-time link that makes the first administrator; nothing where somebody is
/// known.
async fn first_link(app: &App) -> Result<Option<String>, Failure> {
    let nobody = app.ctx.store.people().await?.is_empty();
    Ok(nobody.then(|| app.ctx.dice.token()))
}

impl Serve {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let (app, reconcilers) = open(globals, self.shadow).await?;
        let recorder = telemetry::metrics()?;
        let asked_to_stop = stop_signal();
        let config = app.ctx.config.clone();
        for warning in config.warnings(app.ctx.clock.now()) {
            tracing::warn!("{warning}");
        }
        let first = first_link(&app).await?;
        let console = Console::open(Opening {
            ctx: app.ctx.clone(),
            data: app.data,
            embedded: app.embedded,
            first: first.clone(),
            demo: false,
        })?;
        let mut service = Service::start(app.ctx, &reconcilers);
        let (health, metrics) =
            service.listen(config.serve.health, config.serve.metrics, recorder).await?;
        let stopping = CancellationToken::new();
        let (console, answered) =
            web::serve(console, config.serve.console, stopping.clone()).await?;
        tracing::info!(%health, %metrics, %console, shadow = self.shadow, "takaza serves");
        if let Some(first) = first {
            let own = format!("http://{console}");
            let address = config.console.public_url.as_deref().unwrap_or(&own);
            let address = address.trim_end_matches('/');
            warn(&format!(
                "Nobody is known here yet. Make the first administrator at\n{address}/first?key={first}"
            ));
        }
        service.report_to(Manager::systemd());
        let signal = asked_to_stop.await?;
        tracing::info!(signal, drain = %format!("{:#}", config.serve.drain), "stopping");
        stopping.cancel();
        let ended = service.stop(config.serve.drain).await;
        answered.await.map_err(anyhow::Error::from)?;
        if ended {
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

/// Asks the service that runs on this machine how it is: for container health checks
///
/// It lives while no reconciler hangs. Exits with 1 where it does not answer, or not so.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Ask whether it can do its work, too: every reason why not (/readyz)
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct HealthView {
    path: &'static str,
    status: u16,
    says: String,
}

impl Health {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let (file, data) = globals.begun()?;
        let config = Loaded::read(file.as_deref(), &data)?.config;
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let (status, says) = ask(config.serve.health, path).await?;
        let view = HealthView { path, status, says };
        let well = status == 200;
        if well || self.format.json {
            let printed = self.format.print(&view, |view| view.says.clone());
            if well {
                return printed;
            }
        }
        Err(Failure::Failed(format!("{path} answers {status}: {}", view.says)))
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
        let printed = self.format.print(&views, |views| {
            let word = |ok| if ok { "ok" } else { "failed" };
            let row = |run: &RunView| vec![run.reconciler.to_owned(), word(run.ok).to_owned()];
            let rows: Vec<_> = views.iter().map(row).collect();
            table_or(&["RECONCILER", "RUN"], &rows, "nothing ran")
        });
        let failed = views.iter().filter(|run| !run.ok).count();
        if failed > 0 {
            let failed = counted(failed, "reconciler");
            return Err(Failure::Failed(format!("{failed} failed; their errors stand above")));
        }
        printed
    }
}
