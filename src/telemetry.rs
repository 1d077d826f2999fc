//! Logs and metrics. The invariant: nothing here, at info level or above, holds a token or a case
//! reference; a panic's own words may, so they are written at debug level only.

use std::{
    io::IsTerminal as _,
    panic::PanicHookInfo,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts the logs on standard error: for people on a terminal, as JSON otherwise or where `json`
/// asks for it. `RUST_LOG` narrows or widens them; without it `fallback` does.
///
/// # Errors
/// `RUST_LOG` cannot be read.
pub fn logs(json: bool, fallback: &str) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(&text)
            .with_context(|| format!("RUST_LOG={text:?} is no filter; write RUST_LOG=info"))?,
        _ => EnvFilter::new(fallback),
    };
    let to_terminal = std::io::stderr().is_terminal();
    // A log that nobody reads any more is not told of there: that would stop the program.
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let started = if json || !to_terminal {
        logs.json().flatten_event(true).try_init()
    } else {
        logs.with_target(false).with_ansi(to_terminal).try_init()
    };
    // A second start (a story that runs the service twice) keeps the first.
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "?".to_owned(), ToString::to_string);
    tracing::error!(place, "a defect in takaza: a task panicked; please report it");
    let words = panic.payload_as_str().unwrap_or("no words");
    tracing::debug!(place, words, "the panic's own words");
}

static METRICS: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// This process's metrics, recorded from the first call on; [`crate::serve`] shows them.
///
/// # Errors
/// Somebody else has installed a recorder.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let mut started = METRICS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*started {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder().context("metrics cannot be kept")?;
    *started = Some(handle.clone());
    Ok(handle)
}
