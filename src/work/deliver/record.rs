//! What came back goes into the ledger: in batches, as the sends end.
//!
//! The invariants: a send that is under way is never dropped for another one's sake, and a report
//! that the ledger cannot take stops none of the others.

use std::{pin::pin, time::Duration};

use futures::{Stream, StreamExt};
use jiff::SignedDuration;

use crate::{
    domain::delivery::Outcome,
    store::{Ended, Report},
    work::Ctx,
};

/// How long what came back waits for what is still under way, so that a batch is one transaction. A
/// death in this time leaves *uncertain* what would else be known, so it is short.
const GATHER: Duration = Duration::from_millis(50);

/// Records in batches as they come. The sends go on meanwhile: one that stood still would keep its
/// connection to the ledger from whoever records.
pub(super) async fn as_they_end(
    ctx: &Ctx,
    sends: impl Stream<Item = Report>,
) -> anyhow::Result<u64> {
    let mut sends = pin!(sends.fuse());
    let mut attempts = 0;
    let mut failed = None;
    let mut ended: Vec<Report> = Vec::new();
    loop {
        if ended.is_empty() {
            // A send that is under way is never dropped for another one's sake.
            let Some(report) = sends.next().await else { return failed.map_or(Ok(attempts), Err) };
            ended.push(report);
        }
        let more = async {
            while let Some(report) = sends.next().await {
                ended.push(report);
            }
        };
        // Either all sends have ended, or those that have wait no longer for the others.
        let _all = tokio::time::timeout(GATHER, more).await;
        let batch = std::mem::take(&mut ended);
        let mut recording = pin!(record(ctx, &batch));
        let recorded = loop {
            tokio::select! {
                recorded = &mut recording => break recorded,
                Some(report) = sends.next() => ended.push(report),
            }
        };
        match recorded {
            Ok(recorded) => attempts += recorded,
            Err(error) => failed = Some(error),
        }
    }
}

/// Records what came back, and pauses an account that its platform blocks.
async fn record(ctx: &Ctx, reports: &[Report]) -> anyhow::Result<u64> {
    let by = ctx.actor("deliver");
    let recorded = match ctx.store.record(&by, reports, &ctx.config.breaker).await {
        // A report that the ledger cannot take stops none of the others.
        Err(error) if reports.len() > 1 => {
            tracing::warn!("reports are recorded one by one: {error}");
            let mut attempts = 0;
            let mut failed = None;
            for report in reports {
                match Box::pin(record(ctx, std::slice::from_ref(report))).await {
                    Ok(recorded) => attempts += recorded,
                    Err(error) => failed = Some(error),
                }
            }
            return failed.map_or(Ok(attempts), Err);
        }
        recorded => recorded?,
    };
    for (delivery, state) in &recorded.states {
        tracing::info!(%delivery, %state, "recorded");
    }
    let mut attempts = 0;
    for report in reports {
        let Ended::Attempted(outcome) = &report.ended else { continue };
        attempts += 1;
        if let Outcome::AccountBlocked { reason } = outcome {
            pause(ctx, report, reason).await?;
        }
    }
    Ok(attempts)
}

/// Until a person looks: `takaza account live` ends the pause.
async fn pause(ctx: &Ctx, report: &Report, reason: &str) -> anyhow::Result<()> {
    let delivery = ctx.store.delivery(report.delivery.as_str()).await?.delivery;
    let until = ctx.clock.now().plus(SignedDuration::from_hours(24 * 365));
    let account = &delivery.content.account;
    tracing::warn!(%account, "the platform blocks the account; it is paused");
    ctx.store.pause_account(&ctx.actor("deliver"), account, Some((until, reason))).await?;
    Ok(())
}
