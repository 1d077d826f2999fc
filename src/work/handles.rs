//! The banks' handles: a person binds one to the platform's stable id, with evidence and for a limited
//! time; and the reconciler asks the platforms again whose the banks' verified handles are: a handle can be renamed, sold
//! or taken. Another id, or nobody, holds every post that mentions it.

use jiff::SignedDuration;

use super::{Ctx, Progress};
use crate::{
    destinations::Unread,
    domain::{
        engagement::{Author, Identity},
        ids::{AccountName, BankCode},
        person::{NotAllowed, Person},
        platform::Platform,
        time::Timestamp,
    },
    store::{AccountRow, Actor, BankHandle, StoreError},
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

/// A handle that a person says is a bank's.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The bank's code.
    pub bank: &'a str,
    /// The platform.
    pub on: Platform,
    /// The handle; a leading `@` is taken off.
    pub handle: &'a str,
    /// What shows that it is the bank's.
    pub evidence: &'a str,
    /// The platform's stable id as the person read it, where no account of ours can ask there.
    pub stable_id: Option<&'a str>,
    /// For how many days it is good.
    pub days: u16,
}

/// A handle as it was bound.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The bank.
    pub bank: BankCode,
    /// The platform.
    pub on: Platform,
    /// Whose it is, as the platform says.
    pub identity: Identity,
    /// What showed it to the person.
    pub evidence: String,
    /// When it ends.
    pub until: Timestamp,
}

/// The longest time for which a handle is good, in days.
pub const LONGEST_DAYS: u16 = 366;

/// Why a handle was not bound to a bank. Nothing was stored but a mismatch.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// There is no such bank.
    #[error("there is no bank {0}; `takaza banks list --search NAME` finds its code")]
    NoBank(String),
    /// Nothing shows that it is the bank's.
    #[error("say what shows that it is the bank's: --evidence TEXT")]
    NoEvidence,
    /// No days, or too many.
    #[error("a handle is good for 1 to {LONGEST_DAYS} days")]
    NoDays,
    /// No account of ours can ask, and no id was given.
    #[error(
        "no account of ours can ask {on} who @{handle} is. Connect one (`takaza account add`, \
         `takaza account connect`), or read the stable id yourself and give --stable-id ID"
    )]
    NoAccount {
        /// The platform.
        on: Platform,
        /// The handle.
        handle: String,
    },
    /// The platform did not answer.
    #[error("{on} could not be asked who @{handle} is: {why}")]
    Unread {
        /// The platform.
        on: Platform,
        /// The handle.
        handle: String,
        /// Why not.
        why: Unread,
    },
    /// Nobody has it.
    #[error("nobody on {on} has the handle @{handle}")]
    Nobody {
        /// The platform.
        on: Platform,
        /// The handle.
        handle: String,
    },
    /// The platform says another id than the person.
    #[error("{on} says that @{handle} has the id {is}, not {given}; nothing was stored")]
    OtherId {
        /// The platform.
        on: Platform,
        /// The handle.
        handle: String,
        /// The platform's word.
        is: String,
        /// The person's.
        given: String,
    },
    /// The bank has none there.
    #[error("{bank} has no handle on {on}; `takaza banks handle add` verifies one")]
    NoHandle {
        /// The bank.
        bank: BankCode,
        /// The platform.
        on: Platform,
    },
    /// It can be renewed by hand alone.
    #[error("no account of ours can ask {on}; verify it by hand with `takaza banks handle add`")]
    NotRenewed {
        /// The platform.
        on: Platform,
    },
    /// Somebody else has it now.
    #[error(
        "@{handle} belongs to another account now: id {is}, not {was}. Posts that mention it are \
         held; find the bank's account and verify it with `takaza banks handle add`"
    )]
    Moved {
        /// The handle.
        handle: String,
        /// Whose it is.
        is: String,
        /// Whose it was.
        was: String,
    },
    /// The person may not.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The ledger refused it or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An administrator verifies a bank's handle: it is resolved and bound to its stable id.
///
/// # Errors
/// The person may not, the platform says otherwise or does not answer, or the ledger failed.
pub async fn verify(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    claim: &Claim<'_>,
) -> Result<Verified, NotVerified> {
    person.as_administrator(ctx.clock.now())?;
    let bank = ctx.banks.answers_for(claim.bank);
    let bank = bank.ok_or_else(|| NotVerified::NoBank(claim.bank.to_owned()))?;
    let (on, handle) = (claim.on, claim.handle.trim().trim_start_matches('@'));
    let (evidence, days) = (claim.evidence.trim(), good_for(claim.days)?);
    if evidence.is_empty() {
        return Err(NotVerified::NoEvidence);
    }
    let identity = match (ask(ctx, on, handle).await?, claim.stable_id) {
        (Some(found), Some(id)) if found.author.stable_id != id => {
            let (handle, is) = (handle.to_owned(), found.author.stable_id);
            return Err(NotVerified::OtherId { on, handle, is, given: id.to_owned() });
        }
        (Some(found), _) => found,
        (None, Some(stable_id)) => Identity {
            author: Author { stable_id: stable_id.to_owned(), handle: handle.to_owned() },
            evidence: Vec::new(),
        },
        (None, None) => return Err(NotVerified::NoAccount { on, handle: handle.to_owned() }),
    };
    let until = ctx.clock.now().plus(days);
    let verified = Verified { bank, on, identity, evidence: evidence.to_owned(), until };
    keep(ctx, by, person, verified).await
}

/// An administrator renews a verified handle: it is resolved again. Without new evidence what was
/// seen before stands.
///
/// # Errors
/// As [`verify`]; it has another owner now, which is stored as a mismatch.
pub async fn renew(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    (bank, on): (&str, Platform),
    evidence: Option<&str>,
    days: u16,
) -> Result<Verified, NotVerified> {
    person.as_administrator(ctx.clock.now())?;
    let days = good_for(days)?;
    let code = ctx.banks.answers_for(bank);
    let code = code.ok_or_else(|| NotVerified::NoBank(bank.to_owned()))?;
    let handles = ctx.store.handles().await?;
    let known = handles.into_iter().find(|one| one.bank == code && one.platform == on);
    let known = known.ok_or_else(|| NotVerified::NoHandle { bank: code.clone(), on })?;
    let found = ask(ctx, on, &known.handle).await?.ok_or(NotVerified::NotRenewed { on })?;
    if found.author.stable_id != known.stable_id {
        let mismatch = format!("@{} belongs to another account now", known.handle);
        ctx.store.handle_resolved(by, &code, on, Some(&mismatch)).await?;
        let (handle, was) = (known.handle, known.stable_id);
        return Err(NotVerified::Moved { handle, is: found.author.stable_id, was });
    }
    let new = evidence.map(str::trim).filter(|text| !text.is_empty());
    let evidence = new.map_or(known.evidence, str::to_owned);
    let until = ctx.clock.now().plus(days);
    keep(ctx, by, person, Verified { bank: code, on, identity: found, evidence, until }).await
}

/// Who holds the handle now, as the platform tells the first of our accounts there that can ask;
/// `None`: none can.
async fn ask(ctx: &Ctx, on: Platform, handle: &str) -> Result<Option<Identity>, NotVerified> {
    for row in ctx.store.accounts().await? {
        let name = &row.account.name;
        if row.account.platform != on || row.revoked || !granted(ctx, name).await? {
            continue;
        }
        let Some(destination) = ctx.destinations.get(name) else { continue };
        let asked = destination.resolve(handle).await;
        let owned = || handle.to_owned();
        let found = asked.map_err(|why| NotVerified::Unread { on, handle: owned(), why })?;
        return found.map(Some).ok_or_else(|| NotVerified::Nobody { on, handle: owned() });
    }
    Ok(None)
}

/// Whether an account that is spoken to by a grant has one that works; one with a token of its own
/// needs none.
async fn granted(ctx: &Ctx, name: &AccountName) -> Result<bool, StoreError> {
    if !ctx.keepers.contains_key(name) {
        return Ok(true);
    }
    let grant = ctx.store.grant(name).await?;
    Ok(grant.is_some_and(|grant| grant.sealed.is_some() && grant.broken.is_none()))
}

fn good_for(days: u16) -> Result<SignedDuration, NotVerified> {
    let good = (1..=LONGEST_DAYS).contains(&days);
    good.then(|| SignedDuration::from_hours(24 * i64::from(days))).ok_or(NotVerified::NoDays)
}

async fn keep(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    verified: Verified,
) -> Result<Verified, NotVerified> {
    let Verified { bank, on, identity, evidence, until } = &verified;
    ctx.store.verify_handle(by, &person.id, (bank, *on), identity, evidence, *until).await?;
    Ok(verified)
}
