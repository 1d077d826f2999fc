//! Sweep: what nobody finished. Leases that ran out become doubts, doubts are looked into, what is
//! too old expires, what has ended is closed.

use futures::{FutureExt, StreamExt, future::BoxFuture};

use super::{Ctx, Progress, set_right};
use crate::{
    domain::{
        delivery::{Look, LookRules},
        platform::Sender,
    },
    store::DeliveryRow,
};

/// One sweep.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let by = ctx.actor("sweep");
    let rules = |account: &_| super::look_rules_at(ctx, account);
    let orphaned = ctx.store.sweep_leases(&by, rules).await?;
    for delivery in &orphaned {
        tracing::warn!(%delivery, "its lease ran out; it is uncertain until a look tells");
    }
    let doubtful = ctx.store.to_look_for(50).await?;
    let mut looks: Vec<BoxFuture<'_, Looked<'_>>> = Vec::with_capacity(doubtful.len());
    for row in &doubtful {
        looks.push(look(ctx, row).boxed());
    }
    let looks: Vec<_> = futures::stream::iter(looks).buffer_unordered(4).collect().await;
    let mut looked = 0;
    for (row, look, rules) in looks {
        let delivery = &row.delivery;
        match ctx.store.looked(&by, row, &look, rules).await {
            Ok(state) => {
                looked += 1;
                tracing::info!(delivery = %delivery.id, %state, "looked for");
            }
            // Its own receipt came first, or another process looked: both are better than ours.
            Err(error) => tracing::debug!(delivery = %delivery.id, "a look came late: {error}"),
        }
    }
    let swept = ctx.store.sweep_escalations(&by).await?;
    let corrected = set_right::draft_due(ctx, &by).await?;
    let did = orphaned.len() as u64 + looked + swept + corrected;
    Ok(Progress { did, ..Progress::default() })
}

type Looked<'a> = (&'a DeliveryRow, Look, LookRules);

async fn look<'a>(ctx: &Ctx, row: &'a DeliveryRow) -> Looked<'a> {
    let delivery = &row.delivery;
    let look = match ctx.destinations.get(&delivery.content.account) {
        Some(destination) => destination.look(delivery).await,
        None if row.sender == Sender::Api => {
            Look::Blind { reason: "this process has no connection to the account".to_owned() }
        }
        None => Look::NoWay,
    };
    (row, look, super::look_rules(ctx, delivery))
}
