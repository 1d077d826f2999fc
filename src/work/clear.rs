//! Clear: standing orders in force give held escalations their clearance. The same door as an
//! approver's click; every automatic clearance names its order.

use super::{Ctx, Progress, watch::source_name};
use crate::store::StoreError;

/// Tries every order in force on every held escalation, by money at risk.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let orders = ctx.store.orders_in_force().await?;
    let mut progress = Progress::default();
    if orders.is_empty() {
        return Ok(progress);
    }
    let now = ctx.clock.now();
    let (by, ladder) = (ctx.actor("clear"), &ctx.config.ladder);
    let rows = ctx.store.clearable(now).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.escalation.id.clone()).collect();
    let as_of = ctx.store.facts_as_of(source_name(ctx), &ids).await?;
    for row in rows {
        let escalation = &row.escalation;
        // On facts older than the limit no order clears.
        let fresh = as_of.get(&escalation.id).is_some_and(|at| ladder.fresh(*at, now));
        if !fresh && !escalation.kind.sets_right() {
            continue;
        }
        for order in orders.iter().filter(|order| order.covers(escalation, now).is_ok()) {
            let valid = ladder.clearance_valid_for;
            match ctx.store.clear_under(&by, &escalation.id, order, valid).await {
                Ok(true) => {
                    progress.did += 1;
                    let name = &order.order().name;
                    tracing::info!(escalation = %escalation.id, order = %name, "cleared");
                    break;
                }
                // The order's cap is full: the next order may have room.
                Ok(false) => {}
                // Somebody else decided meanwhile.
                Err(
                    why @ (StoreError::Escalation(_)
                    | StoreError::Order(_)
                    | StoreError::Conflict(_)),
                ) => {
                    tracing::debug!(escalation = %escalation.id, "not cleared: {why}");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(progress)
}
