//! Accepting a restored ledger: it may be older than the truth, so what went out since the backup
//! is read back from the accounts themselves before anything is sent again.
//!
//! The invariant: the gate opens only after every account that can be read has been read back past
//! the backup's time and what was found there is in the ledger.

use anyhow::{Context as _, bail};
use jiff::SignedDuration;

use super::{Ctx, own_timeline};
use crate::{
    domain::{ids::AccountName, person::Approver, platform::Sender, time::Timestamp},
    store::Actor,
};

/// Read this much further back: the backup may have been begun before the time that it bears.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// What reading the accounts back found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What each account's timeline told.
    pub accounts: Vec<(AccountName, own_timeline::Found)>,
    /// Hand-off accounts that no program can read, and revoked ones: a person must look at them.
    pub by_hand: Vec<AccountName>,
}

/// Reads all accounts' timelines back past `since`, the backup's time, adopts the posts with our
/// references that the ledger does not know, rings about the others, and accepts the restore.
///
/// # Errors
/// The ledger was not restored, an account's timeline could not be read (nothing was changed), or
/// the ledger failed: then sending stays stopped, and repeating it does the rest.
pub async fn accept(
    ctx: &Ctx,
    actor: &Actor,
    approver: &Approver,
    since: Timestamp,
) -> anyhow::Result<Report> {
    if ctx.store.gate().await?.restored.is_none() {
        bail!("the ledger does not wait for a restore to be accepted");
    }
    let since = since.minus(MARGIN);
    let (mut report, mut read) = (Report::default(), Vec::new());
    for row in ctx.store.accounts().await? {
        let name = row.account.name;
        let destination = ctx.destinations.get(&name);
        let posts = match destination {
            _ if row.revoked => None,
            Some(destination) => Some(destination.own_posts(since).await),
            None => None,
        };
        match posts {
            Some(Ok(posts)) => read.push((name, posts)),
            _ if row.revoked || row.account.sender == Sender::HandOff => report.by_hand.push(name),
            Some(Err(unread)) => {
                return Err(unread).with_context(|| {
                    format!("the timeline of account {name} could not be read; nothing was changed")
                });
            }
            None => bail!(
                "account {name} is not connected, so its timeline cannot be read; nothing was \
                 changed. Connect it, or revoke it with `takaza account revoke {name}`"
            ),
        }
    }
    for (name, posts) in read {
        let found = own_timeline::compare(ctx, actor, &name, &posts, since, false).await?;
        report.accounts.push((name, found));
    }
    ctx.store.accept_restore(actor, approver.id()).await?;
    Ok(report)
}
