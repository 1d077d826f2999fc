//! Reads our own timelines as well as writing them: whoever holds an account's token can speak as
//! the police.
//!
//! The invariant: a post in our name is the ledger's, adopted by a person, from before the account
//! was first read, or it has rung; and a post of ours that is gone or altered has rung.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::Context as _;
use jiff::SignedDuration;
use serde::Serialize;

use super::{Ctx, Progress};
use crate::{
    destinations::{Destination, OwnPost, Unread},
    domain::{
        alarm::{Alarm, What},
        delivery::{Delivery, LateReceipt, Receipt},
        ids::AccountName,
        listening::{likeness, receipt_of, references, says_the_same},
        platform::Account,
        time::Timestamp,
    },
    store::{AccountRow, Actor, DeliveryRow, StoreError},
};

/// Read again behind the last reading: platforms show a post late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);
/// How often the timeline is read as far back as posts are listened to: platforms charge for
/// reading, and deletions of old posts can wait some hours to be noticed.
const DEEP_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// A platform's clock may be off by this, and a post take this long to be seen.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// A post this much like a delivery's text, and with its reference, is that delivery's.
const ALIKE: f64 = 0.5;
/// Two texts this much alike are one text written twice.
const ONE_TEXT: f64 = 0.9;

/// What a reading of one timeline found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Posts that the ledger did not know as its own and that settled a delivery.
    pub adopted: Vec<String>,
    /// Second posts of one delivery.
    pub second: Vec<String>,
    /// Posts that are nobody's.
    pub unknown: u64,
    /// Posts of ours that are gone.
    pub deleted: u64,
    /// Posts of ours that say something else than was approved.
    pub changed: u64,
}

impl Found {
    fn did(&self) -> u64 {
        let adopted = (self.adopted.len() + self.second.len()) as u64;
        adopted + self.unknown + self.deleted + self.changed
    }
}

/// Reads every account's own timeline and profile where it is time to.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let mut progress = Progress::default();
    for row in ctx.store.accounts().await? {
        let name = &row.account.name;
        let Some(destination) = ctx.destinations.get(name) else { continue };
        let now = ctx.clock.now();
        let every = ctx.config.listen.own_posts_every;
        if row.revoked || row.own_checked_at.is_some_and(|at| now < at.plus(every)) {
            continue;
        }
        match check(ctx, &row, destination, now).await? {
            Ok(did) => progress.did += did,
            Err(unread) => progress.notes.push(format!("own timeline of {name}: {unread}")),
        }
    }
    Ok(progress)
}

async fn check(
    ctx: &Ctx,
    row: &AccountRow,
    destination: &Arc<dyn Destination>,
    now: Timestamp,
) -> anyhow::Result<Result<u64, Unread>> {
    let by = ctx.actor("own-timeline");
    let name = &row.account.name;
    let profile = match destination.whoami().await {
        Ok(identity) => identity.author,
        Err(unread) => return Ok(Err(unread)),
    };
    let same_id = row.account.stable_id.as_ref().is_none_or(|id| *id == profile.stable_id);
    let same = same_id && profile.handle.eq_ignore_ascii_case(&row.account.handle);
    if same {
        ctx.store.alarm_over(&by, What::ProfileChanged, name.as_str()).await?;
    } else {
        let alarm = profile_changed(&row.account, &profile.handle, same_id);
        ctx.store.raise(&by, &[alarm]).await?;
    }
    let since = window(row.own_checked_at, ctx.config.listen.until_age, now);
    let posts = match destination.own_posts(since).await {
        Ok(posts) => posts,
        Err(unread) => return Ok(Err(unread)),
    };
    let past = row.own_checked_at.is_none();
    let found = compare(ctx, &by, name, &posts, since, past).await?;
    ctx.store.account_heard(name, now, None, true).await?;
    Ok(Ok(found.did() + u64::from(!same)))
}

/// How far back to read: a little behind the last reading, and some times a day the whole age at
/// which posts are listened to.
fn window(last: Option<Timestamp>, whole: SignedDuration, now: Timestamp) -> Timestamp {
    let slot = |at: Timestamp| i128::from(at.micros()).div_euclid(DEEP_EVERY.as_micros());
    match last {
        Some(last) if slot(last) == slot(now) => last.minus(OVERLAP),
        _ => now.minus(whole),
    }
}

fn profile_changed(account: &Account, handle: &str, same_id: bool) -> Alarm {
    let name = &account.name;
    let detail = if same_id {
        format!("Account {name} is now called @{handle} on its platform, not @{}.", account.handle)
    } else {
        format!("The token of account {name} belongs to another account now, @{handle}.")
    };
    let detail = format!(
        "{detail} If nobody of the unit did that: `takaza account revoke {name}`. If somebody did: \
         connect it anew with `takaza account connect {name}`."
    );
    Alarm::new(What::ProfileChanged, name.as_str(), detail)
}

/// Sets what a timeline shows, read back to `since`, beside the ledger. `past`: the account is
/// read for the first time, and what the ledger does not know was there before us.
///
/// # Errors
/// The ledger failed; reading again finds the rest.
pub async fn compare(
    ctx: &Ctx,
    by: &Actor,
    account: &AccountName,
    posts: &[OwnPost],
    since: Timestamp,
    past: bool,
) -> anyhow::Result<Found> {
    // What was sent while the timeline was being read is in one of the two and not in the other.
    let standing = ctx.store.standing_posts(account, since.plus(MARGIN)).await?;
    let before = ctx.clock.now().minus(MARGIN);
    let ids: Vec<_> = posts.iter().map(|post| post.id.as_str()).collect();
    let ours = ctx.store.by_receipts(account, &ids).await?;
    let known = ctx.store.known_posts(account, &ids).await?;
    let (mut found, mut strangers) = (Found::default(), Vec::new());
    for post in posts {
        match ours.get(&post.id) {
            Some(row) => found.changed += same_words(ctx, by, &row.delivery, post).await?,
            None if known.contains(&post.id) => {}
            None => strangers.push(post),
        }
    }
    let strangers = adopt(ctx, by, account, strangers, &mut found).await?;
    found.unknown = ctx.store.unknown_posts(by, account, &strangers, past).await?;
    let shown: BTreeSet<_> = ids.into_iter().collect();
    for row in standing {
        found.deleted += deleted(ctx, by, &row.delivery, &shown, before).await?;
    }
    Ok(found)
}

/// Posts with our references settle their deliveries; the rest are returned as id and permalink.
async fn adopt<'a>(
    ctx: &Ctx,
    by: &Actor,
    account: &AccountName,
    strangers: Vec<&'a OwnPost>,
    found: &mut Found,
) -> anyhow::Result<Vec<(&'a str, &'a str)>> {
    let prefix = &ctx.config.unit.reference_prefix;
    let carried: BTreeSet<_> =
        strangers.iter().flat_map(|post| references(&post.text, prefix)).collect();
    let mut candidates: BTreeMap<String, Vec<DeliveryRow>> = BTreeMap::new();
    for row in ctx.store.by_references(account, &carried).await? {
        candidates.entry(row.delivery.reference.as_str().to_owned()).or_default().push(row);
    }
    let mut left = Vec::new();
    // The oldest first: it is the receipt, and a later one the second.
    for post in strangers.into_iter().rev() {
        let of_post = references(&post.text, prefix);
        let rows: Vec<_> =
            of_post.into_iter().filter_map(|of| candidates.get(of)).flatten().cloned().collect();
        if !settle(ctx, by, post, &rows, found).await? {
            left.push((post.id.as_str(), post.permalink.as_str()));
        }
    }
    Ok(left)
}

/// Whether the post is one of these deliveries'. Two languages of one escalation share its
/// reference: the text decides between them.
async fn settle(
    ctx: &Ctx,
    by: &Actor,
    post: &OwnPost,
    rows: &[DeliveryRow],
    found: &mut Found,
) -> anyhow::Result<bool> {
    let alike = |row: &&DeliveryRow| likeness(&post.text, &row.delivery.content.text);
    let mut ranked: Vec<_> = rows.iter().map(|row| (alike(&row), row)).collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    // The same words twice are a second post of one delivery; a post that only quotes a reference
    // is none of ours.
    let settles = |(alike, row): &&(f64, &DeliveryRow)| {
        *alike >= ONE_TEXT || *alike >= ALIKE && receipt_of(&row.delivery).is_none()
    };
    let Some((_, chosen)) = ranked.iter().find(settles) else { return Ok(false) };
    let (id, receipt) = (&chosen.delivery.id, receipt(post));
    let meaning = match ctx.store.late_receipt(by, id, &receipt).await {
        // Somebody else has just recorded it.
        Err(StoreError::Conflict(_)) => return Ok(true),
        meaning => meaning.context("a post of ours could not be adopted")?,
    };
    match meaning {
        LateReceipt::Settles | LateReceipt::Unclaimed => {
            found.adopted.push(post.permalink.clone());
            let adopted = ctx.store.delivery(id.as_str()).await?.delivery;
            found.changed += same_words(ctx, by, &adopted, post).await?;
            Ok(true)
        }
        LateReceipt::Known => Ok(true),
        LateReceipt::Second => {
            found.second.push(post.permalink.clone());
            Ok(false)
        }
    }
}

fn receipt(post: &OwnPost) -> Receipt {
    Receipt { id: post.id.clone(), permalink: post.permalink.clone(), at: post.at }
}

/// Rings where a post of ours does not say what was approved. Returns how many do not.
async fn same_words(
    ctx: &Ctx,
    by: &Actor,
    delivery: &Delivery,
    post: &OwnPost,
) -> anyhow::Result<u64> {
    if says_the_same(&delivery.content.text, &post.text) {
        return Ok(0);
    }
    let detail = format!(
        "Our post {} ({}) does not say what was approved. Compare it with `takaza post show {0}`; if \
         nobody of the unit changed it, `takaza account revoke {}`.",
        delivery.reference, post.permalink, delivery.content.account
    );
    let alarm = Alarm::new(What::PostChanged, delivery.id.as_str(), detail);
    Ok(ctx.store.raise(by, &[alarm]).await?)
}

/// Rings where a post that should stand is not shown. Returns how many are not.
async fn deleted(
    ctx: &Ctx,
    by: &Actor,
    delivery: &Delivery,
    shown: &BTreeSet<&str>,
    before: Timestamp,
) -> anyhow::Result<u64> {
    let Some(receipt) = receipt_of(delivery) else { return Ok(0) };
    if shown.contains(receipt.id.as_str()) || receipt.at > before {
        return Ok(0);
    }
    let detail = format!(
        "Our post {} ({}) is gone, and takaza did not delete it. If nobody of the unit did: \
         `takaza account revoke {}`.",
        delivery.reference, receipt.permalink, delivery.content.account
    );
    let alarm = Alarm::new(What::PostDeleted, delivery.id.as_str(), detail);
    Ok(ctx.store.raise(by, &[alarm]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeline_is_read_a_little_back_and_some_times_a_day_as_far_as_posts_are_listened_to() {
        let whole = SignedDuration::from_hours(24 * 14);
        let noon = Timestamp::from_micros(1_700_000_000_000_000 / 86_400_000_000 * 86_400_000_000)
            .plus(SignedDuration::from_hours(12));
        let minutes = |n| noon.plus(SignedDuration::from_mins(n));
        assert_eq!(window(None, whole, noon), noon.minus(whole), "the first time");
        assert_eq!(window(Some(noon), whole, minutes(5)), noon.minus(OVERLAP));
        assert_eq!(window(Some(minutes(-5)), whole, noon), noon.minus(whole), "a new six hours");
    }
}
