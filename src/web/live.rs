//! Tells open pages that the ledger changed, by server-sent events. A page then asks for itself
//! anew: what it shows is decided in one place.

use std::{convert::Infallible, time::Duration};

use axum::{
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use futures::{StreamExt as _, stream};
use tokio::sync::watch;

use super::{Console, Route, gate::Allow, problem::Problem, visit::Visit};

/// A silent connection says that it lives before a proxy takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The last change that this process has seen.
pub(super) struct Pulse(watch::Sender<(i64, i64)>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new((0, 0)))
    }
}

impl Console {
    /// Looks once whether the ledger changed, and tells the open pages. Every act of every process
    /// leaves an entry.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn beat(&self) -> anyhow::Result<()> {
        let last = self.ctx().store.pulse().await?;
        self.0.pulse.0.send_if_modified(|seen| {
            let moved = *seen != last;
            *seen = last;
            moved
        });
        Ok(())
    }
}

/// What a page was rendered on, for its own connection.
pub(super) fn seen(console: &Console) -> String {
    told(*console.0.pulse.0.borrow())
}

fn told((at, n): (i64, i64)) -> String {
    format!("{at}-{n}")
}

/// Browsers tell nobody of an event without data.
fn moved() -> Event {
    Event::default().event("moved").data("again")
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/live", Allow::SignedIn, get(live))]
}

async fn live(visit: Visit) -> Result<Response, Problem> {
    let mut changes = visit.console.0.pulse.0.subscribe();
    // Between a page and its connection something may have happened.
    let seen = visit.query.get("seen").to_owned();
    let behind = told(*changes.borrow_and_update()) != seen;
    let events = stream::unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        Some((Ok::<_, Infallible>(moved()), changes))
    });
    let first = if behind { moved() } else { Event::default().comment("open") };
    let events = stream::once(async { Ok(first) }).chain(events);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}
