//! Hears what comes back on our posts: by their threads, and by what each account was notified of,
//! as either is known to miss replies.
//!
//! The invariants: what was heard is kept before any cursor moves; an account or post that cannot
//! be read keeps its place and stops no other; nothing that names a person but a bank's verified
//! account gets into the ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use jiff::SignedDuration;

use super::{Ctx, Progress, key_file, reply_classes};
use crate::{
    clock::Dice,
    config::Listen,
    destinations::{Destination, Unread},
    domain::{
        alarm::{Alarm, What},
        delivery::Delivery,
        engagement::{Author, Heard, Voice, Watched},
        ids::DeliveryId,
        listening::{AuthorKey, Schedule, Verified, mask, receipt_of, voice},
        platform::Platform,
    },
    store::{AccountRow, Actor, DeliveryRow, Noted},
};

/// Posts of one account that are listened to in one run.
const AT_ONCE: u32 = 500;

/// Listens to every post whose time has come and to every account's notifications, reads what the
/// banks' replies amount to, and erases the texts whose time is over.
///
/// # Errors
/// The ledger failed, or the key of the aliases cannot be read.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let by = ctx.actor("listen");
    let ear = Ear::new(ctx, &by).await?;
    let mut progress = Progress::default();
    for account in &ear.accounts {
        let name = &account.account.name;
        let Some(destination) = ctx.destinations.get(name) else { continue };
        if account.revoked {
            continue;
        }
        let due = ctx.store.due_to_listen(name, AT_ONCE).await?;
        ear.account(account, destination, &due, &mut progress).await?;
    }
    reply_classes::read_new(ctx).await?;
    progress.did += ctx.store.expire_texts(&by).await?;
    Ok(progress)
}

/// Everything that tells whose voice is heard.
struct Ear<'a> {
    ctx: &'a Ctx,
    by: &'a Actor,
    key: AuthorKey,
    accounts: Vec<AccountRow>,
    verified: BTreeMap<Platform, Vec<Verified>>,
    /// Handles that a kept text may name.
    public: Vec<String>,
}

impl<'a> Ear<'a> {
    async fn new(ctx: &'a Ctx, by: &'a Actor) -> anyhow::Result<Self> {
        let key = author_key(&ctx.config.record.key_file, &ctx.dice)?;
        let accounts = ctx.store.accounts().await?;
        let mut verified: BTreeMap<Platform, Vec<Verified>> = BTreeMap::new();
        let mut public: Vec<_> = accounts.iter().map(|row| row.account.handle.clone()).collect();
        for row in ctx.store.handles().await? {
            public.push(row.handle.clone());
            let one = Verified { bank: row.bank, handle: row.handle, stable_id: row.stable_id };
            verified.entry(row.platform).or_default().push(one);
        }
        Ok(Self { ctx, by, key, accounts, verified, public })
    }

    /// One account: first its notifications, then the threads of its posts. A server that asks to
    /// wait, or does not know us, is asked nothing more in this run.
    async fn account(
        &self,
        account: &AccountRow,
        destination: &Arc<dyn Destination>,
        due: &[DeliveryRow],
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let name = &account.account.name;
        if let Err(unread) = self.notifications(account, destination, progress).await? {
            progress.notes.push(format!("notifications of {name}: {unread}"));
            if !matches!(unread, Unread::Failed { .. }) {
                return Ok(());
            }
        }
        let watched = self.watched(account, due).await?;
        let posts: Vec<_> = watched.iter().map(|(_, watched)| watched.clone()).collect();
        let stirred = match destination.stirred(&posts).await {
            Ok(stirred) => stirred,
            Err(unread) => {
                progress.notes.push(format!("counts of {name}: {unread}"));
                return Ok(());
            }
        };
        for (row, post) in &watched {
            if !stirred.contains(&post.post) {
                self.listened(row, None).await?;
                continue;
            }
            if let Err(unread) = self.thread(account, destination, (row, post), progress).await? {
                progress.notes.push(format!("thread of {}: {unread}", row.delivery.reference));
                if !matches!(unread, Unread::Failed { .. }) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The posts with the account of the bank that each speaks to and what is known of it.
    async fn watched<'b>(
        &self,
        account: &AccountRow,
        due: &'b [DeliveryRow],
    ) -> anyhow::Result<Vec<(&'b DeliveryRow, Watched)>> {
        let ids: Vec<_> = due.iter().map(|row| &row.delivery.id).collect();
        let tallies = self.ctx.store.tallies(&ids).await?;
        let verified = self.verified.get(&account.account.platform);
        let bank = |row: &DeliveryRow| {
            let one = verified?.iter().find(|one| one.bank == row.delivery.bank)?;
            Some(Author { stable_id: one.stable_id.clone(), handle: one.handle.clone() })
        };
        let watched = due.iter().filter_map(|row| {
            let post = receipt_of(&row.delivery)?.id.clone();
            let known = tallies.get(&row.delivery.id).copied().unwrap_or_default();
            Some((row, Watched { post, bank: bank(row), known }))
        });
        Ok(watched.collect())
    }

    /// Notes when a post is listened to next; sooner after a reading that failed.
    async fn listened(&self, row: &DeliveryRow, failed: Option<&Unread>) -> anyhow::Result<()> {
        let now = self.ctx.clock.now();
        let Some(receipt) = receipt_of(&row.delivery) else { return Ok(()) };
        let schedule = schedule(&self.ctx.config.listen);
        let next = match failed {
            None => schedule.next(receipt.at, now),
            Some(Unread::Failed { .. }) => schedule.after_failure(receipt.at, now),
            Some(_) => return Ok(()),
        };
        Ok(self.ctx.store.listened(&row.delivery.id, next).await?)
    }

    /// The cursor moves only after what it brought is kept.
    async fn notifications(
        &self,
        account: &AccountRow,
        destination: &Arc<dyn Destination>,
        progress: &mut Progress,
    ) -> anyhow::Result<Result<(), Unread>> {
        let name = &account.account.name;
        let mentions = match destination.mentions(account.mention_cursor.as_deref()).await {
            Ok(mentions) => mentions,
            Err(unread) => return Ok(Err(unread)),
        };
        let posts: BTreeSet<_> = mentions.heard.iter().map(|one| one.on_post.as_str()).collect();
        let posts: Vec<_> = posts.into_iter().collect();
        let known = self.ctx.store.by_receipts(name, &posts).await?;
        let mut by_delivery: BTreeMap<&str, Vec<Heard>> = BTreeMap::new();
        let mut elsewhere = 0_u64;
        for one in mentions.heard {
            match known.get_key_value(&one.on_post) {
                Some((post, _)) => by_delivery.entry(post).or_default().push(one),
                None => elsewhere += 1,
            }
        }
        let heard = by_delivery.into_iter().map(|(post, heard)| (&known[post].delivery, heard));
        progress.did += self.keep(account, heard.collect()).await?;
        if elsewhere > 0 {
            progress.notes.push(format!("{elsewhere} notifications of {name} on no post of ours"));
        }
        let now = self.ctx.clock.now();
        self.ctx.store.account_heard(name, now, mentions.cursor.as_deref(), false).await?;
        Ok(Ok(()))
    }

    async fn thread(
        &self,
        account: &AccountRow,
        destination: &Arc<dyn Destination>,
        (row, post): (&DeliveryRow, &Watched),
        progress: &mut Progress,
    ) -> anyhow::Result<Result<(), Unread>> {
        match destination.engagement(post).await {
            Ok(heard) => {
                progress.did += self.keep(account, vec![(&row.delivery, heard)]).await?;
                self.listened(row, None).await?;
                Ok(Ok(()))
            }
            Err(unread) => {
                self.listened(row, Some(&unread)).await?;
                Ok(Err(unread))
            }
        }
    }

    /// Keeps what was heard, and rings about look-alikes: first that, for what is kept already is
    /// not new at the next try.
    async fn keep(
        &self,
        account: &AccountRow,
        heard: Vec<(&Delivery, Vec<Heard>)>,
    ) -> anyhow::Result<u64> {
        let (mut noted, mut alarms) = (BTreeMap::<DeliveryId, Vec<Noted>>::new(), Vec::new());
        for (delivery, heard) in heard {
            let ours = account.account.stable_id.as_deref();
            for one in heard.iter().filter(|one| Some(one.author.stable_id.as_str()) != ours) {
                let (kept, alarm) = self.note(account.account.platform, delivery, one);
                noted.entry(delivery.id.clone()).or_default().push(kept);
                alarms.extend(alarm);
            }
        }
        alarms.dedup_by(|one, other| one.subject == other.subject);
        self.ctx.store.raise(self.by, &alarms).await?;
        Ok(self.ctx.store.heard(self.by, &noted).await?)
    }

    fn note(&self, platform: Platform, on: &Delivery, heard: &Heard) -> (Noted, Option<Alarm>) {
        let verified = self.verified.get(&platform).map_or(&[][..], Vec::as_slice);
        let (voice, alike) = voice(&heard.author, &on.bank, platform, verified);
        let alias = self.key.alias(platform, &heard.author.stable_id);
        let bank = voice == Voice::Bank;
        let rules = &self.ctx.config.listen;
        let keep = if bank { Some(rules.keep_bank_text) } else { rules.keep_others_text };
        let text = heard.text.as_deref().zip(keep).map(|(text, keep)| {
            let public: Vec<_> = self.public.iter().map(String::as_str).collect();
            (mask(text, &public), self.ctx.clock.now().plus(keep))
        });
        let alarm = alike.map(|alike| look_alike(platform, on, alike, &alias));
        let noted = Noted {
            kind: heard.kind,
            alias: self.key.alias(platform, &heard.platform_id),
            voice,
            author: if bank { heard.author.handle.clone() } else { alias },
            at: heard.at,
            text,
            post_id: (bank && heard.text.is_some()).then(|| heard.platform_id.clone()),
        };
        (noted, alarm)
    }
}

/// Names the imitated handle and our post, never the imitator: it may be a private person's name.
fn look_alike(platform: Platform, on: &Delivery, alike: &Verified, alias: &str) -> Alarm {
    let link = receipt_of(on).map_or("", |receipt| receipt.permalink.as_str());
    let detail = format!(
        "An account on {platform} that looks like @{} of bank {} and is not it is active on our \
         post {} ({link}). It may be a fraudster who answers victims: look, and report it to the \
         platform.",
        alike.handle, alike.bank, on.reference
    );
    Alarm::new(What::LookAlike, format!("{platform}/{alias}"), detail)
}

/// The schedule as configured.
pub fn schedule(rules: &Listen) -> Schedule {
    Schedule { every: rules.every, decay_percent: rules.decay_percent, until_age: rules.until_age }
}

/// How long a feed may be silent before it rings: some readings may fail, but not for long.
pub fn silent_after(rules: &Listen) -> SignedDuration {
    (rules.every * 6).max(SignedDuration::from_mins(30))
}

/// The key of the aliases: 64 hexadecimal digits in `author.key` beside the record's signing key,
/// outside the database; made at the first use. Several machines must share one file, or one
/// person's two answers count as two people's.
///
/// # Errors
/// It can be neither read nor made, and which file it is.
pub fn author_key(signing_key: &Path, dice: &Dice) -> anyhow::Result<AuthorKey> {
    let path = signing_key.with_file_name("author.key");
    let text = key_file::read_or_make(&path, dice).with_context(|| {
        format!("the key of the authors' aliases, {}, cannot be read or made", path.display())
    })?;
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_bad| {
        anyhow::anyhow!("{} does not hold 64 hexadecimal digits; restore it", path.display())
    })?;
    Ok(AuthorKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_aliases_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let signing = folder.path().join("keys/record.key");
        let first = author_key(&signing, &Dice::seeded(1)).unwrap();
        let second = author_key(&signing, &Dice::seeded(2)).unwrap();
        let alias = |key: &AuthorKey| key.alias(Platform::X, "17");
        assert_eq!(alias(&first), alias(&second));
        std::fs::write(signing.with_file_name("author.key"), "short").unwrap();
        author_key(&signing, &Dice::seeded(3)).unwrap_err();
    }
}
