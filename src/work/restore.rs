//! Accepting a restored ledger: it may be older than the truth, so what went out since the backup
//! is read back from the accounts themselves before anything is sent again.
//!
//! The invariant: the gate opens only after every account that can be read has been read back past
//! the backup's time, what was found there is in the ledger, and the record can be sealed again.

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use serde::Serialize;

use super::{Ctx, own_timeline, seal};
use crate::{
    domain::{ids::AccountName, person::Approver, platform::Sender, time::Timestamp},
    store::{Actor, SealKey, read_checkpoints},
};

/// Read this much further back: the backup may have been begun before the time that it bears.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// What reading the accounts back found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What each account's timeline told.
    pub accounts: Vec<(AccountName, own_timeline::Found)>,
    /// Hand-off accounts that no program can read, and revoked ones: a person must look at them.
    pub by_hand: Vec<AccountName>,
    /// The origin under which the record goes on, where it did not extend a known checkpoint.
    pub origin: Option<String>,
}

/// Reads all accounts' timelines back past `since`, the backup's time, adopts the posts with our
/// references that the ledger does not know, rings about the others, lets the record go on under a
/// new origin where it does not extend a known checkpoint, and accepts the restore.
///
/// # Errors
/// The ledger was not restored, an account's timeline or a known checkpoint could not be read
/// (nothing was changed), or the ledger failed: then sending stays stopped, and repeating it does
/// the rest.
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
    let key = seal::key(&ctx.config.record, &ctx.dice)?;
    let lost = lost_checkpoint(ctx, &key).await?;
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
    if let Some(old) = lost {
        let authority = Some(format!("decision by {}", approver.id()));
        report.origin = Some(ctx.store.begin_new_origin(actor, authority, &old, &key).await?);
    }
    ctx.store.accept_restore(actor, approver.id()).await?;
    Ok(report)
}

/// The newest known checkpoint that the restored record does not extend, where there is one.
async fn lost_checkpoint(ctx: &Ctx, key: &SealKey) -> anyhow::Result<Option<String>> {
    let mut known = Vec::new();
    for place in seal::places(&ctx.config.record) {
        let notes = read_checkpoints(&place).await.with_context(|| {
            format!(
                "the checkpoints in {} could not be read; nothing was changed. Make them readable, \
                 or take the place out of [record]",
                place.display()
            )
        })?;
        known.extend(notes.into_iter().next_back());
    }
    ctx.store.unextended(&known, key.vkey()).await.context("nothing was changed")
}
