//! Watch: the case source's changes into the ledger's sight of every action.
//!
//! A source that is down, slow or returns nonsense stops nothing: the failure is noted, the next
//! poll backs off, and the facts age until nothing is sent on them.

use std::collections::HashSet;

use futures::TryStreamExt;
use jiff::SignedDuration;

use super::{Ctx, Progress};
use crate::{
    cases::{Row, SourceError},
    domain::{ids::ExternalId, time::Timestamp},
    store::{Sighted, SourceState},
};

/// The name under which the ledger keeps the source's state.
pub fn source_name(ctx: &Ctx) -> &str {
    &ctx.config.source.name
}

/// One poll, unless the last failure says to wait.
///
/// # Errors
/// The ledger failed. A failing source is no error: it is noted.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let page = ctx.config.watch.page;
    while ctx.store.recompute_due(&ctx.limits, page).await? == u64::from(page) {}
    while ctx.store.read_due(&ctx.limits, page).await? == u64::from(page) {}
    let now = ctx.clock.now();
    let name = source_name(ctx);
    let state = ctx.store.source(name).await?;
    if let Some(wait) = backs_off(&state, ctx.config.watch.every, now) {
        return Ok(Progress::note(format!("the case source failed; tried again after {wait}")));
    }
    match poll(ctx, &state, now).await {
        Ok(progress) => Ok(progress),
        Err(PollError::Ledger(error)) => Err(error),
        Err(PollError::Source(error)) => {
            let failures = ctx.store.poll_failed(name, now, &error.to_string()).await?;
            tracing::warn!(failures, "{error}");
            Ok(Progress::note(error.to_string()))
        }
        Err(PollError::Shrunk { missing, pending }) => {
            let error = format!(
                "the snapshot lacks {missing} of {pending} pending actions; it was set aside whole"
            );
            ctx.store.poll_failed(name, now, &error).await?;
            tracing::warn!("{error}");
            Ok(Progress::note(error))
        }
    }
}

/// After a failure the next poll waits: the interval doubled for each failure, half an hour at most.
fn backs_off(state: &SourceState, every: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let last = state.last_try_at.filter(|_| state.failures > 0)?;
    let wait = every.saturating_mul(1 << state.failures.min(6)).min(SignedDuration::from_mins(30));
    let until = last.plus(wait);
    (now < until).then_some(until)
}

enum PollError {
    Source(SourceError),
    Ledger(anyhow::Error),
    Shrunk { missing: usize, pending: usize },
}

impl From<SourceError> for PollError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<crate::store::StoreError> for PollError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

async fn poll(ctx: &Ctx, state: &SourceState, now: Timestamp) -> Result<Progress, PollError> {
    let tells_changes = ctx.source.tells_changes().await?;
    let since = state.cursor.filter(|_| tells_changes);
    let since = since.map(|cursor| cursor.minus(ctx.source.overlap()));
    let mut seen = Seen::default();
    if tells_changes {
        let mut rows = ctx.source.poll(now, since).await?;
        let mut page = Vec::with_capacity(ctx.config.watch.page as usize);
        while let Some(row) = rows.try_next().await? {
            page.push(row);
            if page.len() >= ctx.config.watch.page as usize {
                seen.write(ctx, &std::mem::take(&mut page), now).await?;
            }
        }
        seen.write(ctx, &page, now).await?;
    } else {
        snapshot(ctx, &mut seen, now).await?;
    }
    ctx.store.polled(source_name(ctx), now, seen.cursor).await?;
    let Sighted { changed, rejected, .. } = seen.total;
    let mut progress = Progress { did: changed, ..Progress::default() };
    if rejected > 0 {
        progress.notes.push(format!("{rejected} rows set aside (`takaza cases rejected`)"));
    }
    Ok(progress)
}

/// A snapshot is judged whole before anything of it is written.
async fn snapshot(ctx: &Ctx, seen: &mut Seen, now: Timestamp) -> Result<(), PollError> {
    let rows: Vec<Row> = ctx.source.poll(now, None).await?.try_collect().await?;
    let ids: HashSet<&ExternalId> = rows
        .iter()
        .filter_map(|row| match row {
            Ok(sighting) => Some(&sighting.action.external_id),
            Err(rejected) => rejected.external_id.as_ref(),
        })
        .collect();
    let pending = ctx.store.pending_ids().await?;
    let missing: Vec<_> = pending.iter().filter(|id| !ids.contains(id)).cloned().collect();
    let limit = pending.len() * ctx.config.watch.shrink_limit_percent as usize;
    if missing.len() * 100 > limit && missing.len() > 1 {
        return Err(PollError::Shrunk { missing: missing.len(), pending: pending.len() });
    }
    for page in rows.chunks(ctx.config.watch.page.max(1) as usize) {
        seen.write(ctx, page, now).await?;
    }
    ctx.store.vanished(&missing, now).await?;
    Ok(())
}

#[derive(Default)]
struct Seen {
    total: Sighted,
    cursor: Option<Timestamp>,
}

impl Seen {
    async fn write(&mut self, ctx: &Ctx, rows: &[Row], now: Timestamp) -> Result<(), PollError> {
        if rows.is_empty() {
            return Ok(());
        }
        let by = ctx.actor("watch");
        let page = ctx.store.sight(&by, source_name(ctx), rows, &ctx.limits, now).await?;
        self.total.changed += page.changed;
        self.total.unchanged += page.unchanged;
        self.total.rejected += page.rejected;
        let latest = rows.iter().flatten().filter_map(|seen| seen.action.updated_at).max();
        // A source's clock that runs ahead must not move the cursor past what is still to come.
        self.cursor = self.cursor.max(latest.map(|at| at.min(now)));
        Ok(())
    }
}
