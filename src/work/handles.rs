//! Asks the platforms again whose the banks' verified handles are: a handle can be renamed, sold
//! or taken. Another id, or nobody, holds every post that mentions it.

use super::{Ctx, Progress};
use crate::{
    destinations::Unread,
    store::{AccountRow, BankHandle},
};

/// Resolves every handle whose last answer is about to be too old for a send.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let by = ctx.actor("handles");
    let accounts = ctx.store.accounts().await?;
    // A quarter of the time is left for a platform that does not answer.
    let fresh_for = ctx.config.deliver.handle_fresh_for * 3 / 4;
    let mut progress = Progress::default();
    for handle in ctx.store.handles().await? {
        if ctx.clock.now().since(handle.resolved_at) < fresh_for {
            continue;
        }
        match resolve(ctx, &accounts, &handle).await {
            Ok(mismatch) => {
                let (bank, platform) = (&handle.bank, handle.platform);
                ctx.store.handle_resolved(&by, bank, platform, mismatch.as_deref()).await?;
                progress.did += 1;
            }
            Err(why) => {
                let note = format!("@{} on {}: {why}", handle.handle, handle.platform);
                progress.notes.push(note);
            }
        }
    }
    Ok(progress)
}

/// What is wrong with a handle now, asked through the first account there that gets an answer.
async fn resolve(
    ctx: &Ctx,
    accounts: &[AccountRow],
    handle: &BankHandle,
) -> Result<Option<String>, String> {
    let there = accounts
        .iter()
        .filter(|row| row.account.platform == handle.platform && !row.revoked)
        .filter_map(|row| ctx.destinations.get(&row.account.name));
    let mut last: Option<Unread> = None;
    for destination in there {
        match destination.resolve(&handle.handle).await {
            Ok(None) => return Ok(Some(format!("@{} is gone", handle.handle))),
            Ok(Some(now)) if now.author.stable_id == handle.stable_id => return Ok(None),
            Ok(Some(_)) => {
                return Ok(Some(format!("@{} belongs to another account now", handle.handle)));
            }
            Err(unread) => last = Some(unread),
        }
    }
    Err(last.map_or_else(|| "no account of ours is connected there".to_owned(), |e| e.to_string()))
}
