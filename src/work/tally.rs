//! Tally: keeps the sums that reports are made of, a row a bank's day.
//!
//! The invariants: it follows the sealed record, finds which days changed, and counts exactly those,
//! and those that a change without an entry marked, from the rows as they are; so the sums are what a
//! recount of everything would find, whatever happened in whatever order.

use super::{Ctx, Progress};

/// How many days are counted in one run; the next one goes on.
const BATCH: u32 = 50;

/// Looks through what is new in the record, and counts the days that it changed.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let zone = ctx.limits.calendar().zone();
    // All that is new first: a day that many entries touched is then counted once.
    if let Some(changes) = ctx.store.tally_changes(zone).await? {
        ctx.store.tally_mark(zone, &changes).await?;
        if changes.more {
            return Ok(Progress { did: 1, more: true, ..Progress::default() });
        }
    }
    let mut did = 0;
    for _ in 0..BATCH {
        let counted = ctx.store.tally_count(zone).await?;
        if counted == 0 {
            return Ok(Progress { did, ..Progress::default() });
        }
        did += counted;
    }
    Ok(Progress { did, more: true, ..Progress::default() })
}
