//! `takaza banks handle`: how a bank is named on a platform. A handle is not an identity, so it is
//! bound to the platform's stable id by a person who saw evidence, and for a limited time.

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use serde::Serialize;

use super::super::{
    Globals,
    accounts::{is_connected, platform},
    failure::{Failure, Outcome},
    output::{Format, say, table_or},
    sign_in::{Session, Signing},
    times::clock,
};
use crate::{
    app,
    domain::{
        engagement::{Author, Identity},
        ids::BankCode,
        platform::Platform,
        time::Timestamp,
    },
    store::BankHandle,
    work::Ctx,
};

/// Handles: how a bank is named on a platform, bound to the platform's stable id.
///
/// A handle is not an identity: it can be renamed, sold or taken. So a person verifies it, with
/// evidence, and it is resolved again before a send.
#[derive(Debug, Subcommand)]
pub(in super::super) enum Handle {
    Add(Add),
    Verify(Verify),
    List(List),
}

/// Verifies a bank's handle: resolves it and binds it to its stable id (an administrator's act)
#[derive(Debug, Args)]
pub(in super::super) struct Add {
    /// The bank's code
    bank: String,
    /// The platform: mastodon, x, bluesky, sandbox, …
    #[arg(value_parser = platform)]
    platform: Platform,
    /// The handle, without the leading @
    handle: String,
    /// The evidence: the bank's own page that names it, a verified profile link, a letter
    #[arg(long, value_name = "TEXT")]
    evidence: String,
    /// The platform's stable id, as you read it, where no account of ours can ask the platform
    #[arg(long, value_name = "ID")]
    stable_id: Option<String>,
    /// For how many days it is good
    #[arg(long, value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    #[command(flatten)]
    signing: Signing,
}

/// Resolves a verified handle again and renews it (an administrator's act)
#[derive(Debug, Args)]
pub(in super::super) struct Verify {
    /// The bank's code
    bank: String,
    /// The platform
    #[arg(value_parser = platform)]
    platform: Platform,
    /// New evidence (what was seen before)
    #[arg(long, value_name = "TEXT")]
    evidence: Option<String>,
    /// For how many days it is good
    #[arg(long, value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    #[command(flatten)]
    signing: Signing,
}

/// Lists handles with their stable ids and evidence
#[derive(Debug, Args)]
pub(in super::super) struct List {
    /// Only this bank's
    bank: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Handle {
    pub(in super::super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => add(command, globals).await,
            Self::Verify(command) => verify(command, globals).await,
            Self::List(command) => list(command, globals).await,
        }
    }
}

fn bank(ctx: &Ctx, code: &str) -> Result<BankCode, Failure> {
    let code = BankCode::new(code.to_uppercase());
    if ctx.banks.bank(&code).is_none() {
        return Err(Failure::usage(format!(
            "there is no bank {code}; `takaza banks list --search NAME` finds its code"
        )));
    }
    Ok(ctx.banks.resolve(&code))
}

/// Who holds the handle now, as the platform tells one of our connected accounts; `None`: no
/// account of ours can ask there.
async fn resolve(ctx: &Ctx, on: Platform, handle: &str) -> Result<Option<Identity>, Failure> {
    let rows = ctx.store.accounts().await?;
    let mut able = None;
    for row in rows.iter().filter(|row| row.account.platform == on) {
        if is_connected(ctx, row).await? {
            able = Some(row);
            break;
        }
    }
    let Some(row) = able else { return Ok(None) };
    let destination = app::connect(row, ctx)?.destination;
    let found = destination.resolve(handle).await.map_err(|error| {
        Failure::Failed(format!("{on} could not be asked who @{handle} is: {error}"))
    })?;
    match found {
        Some(identity) => Ok(Some(identity)),
        None => Err(Failure::refused(format!("nobody on {on} has the handle @{handle}"))),
    }
}

async fn keep(
    session: &Session,
    bank: &BankCode,
    on: Platform,
    identity: &Identity,
    evidence: &str,
    days: u16,
) -> Outcome {
    let ctx = &session.app.ctx;
    let seen: String =
        identity.evidence.iter().map(|one| format!("\n  the platform says: {one}")).collect();
    let expires = ctx.clock.now().plus(SignedDuration::from_hours(24 * i64::from(days)));
    ctx.store
        .verify_handle(&session.by, &session.person.id, (bank, on), identity, evidence, expires)
        .await?;
    let until = clock(expires, ctx.limits.calendar().zone());
    say(&format!(
        "@{} on {on} is {bank}'s, id {}, verified until {until}\n  evidence: {evidence}{seen}",
        identity.author.handle, identity.author.stable_id
    ))
}

async fn add(command: Add, globals: &Globals) -> Outcome {
    let evidence = command.evidence.trim();
    if evidence.is_empty() {
        return Err(Failure::usage("say what shows that it is the bank's: --evidence TEXT"));
    }
    let session = command.signing.sign_in(globals, "banks handle add").await?;
    let ctx = &session.app.ctx;
    session.person.as_administrator(ctx.clock.now())?;
    let bank = bank(ctx, &command.bank)?;
    let handle = command.handle.trim().trim_start_matches('@');
    let on = command.platform;
    let identity = match (resolve(ctx, on, handle).await?, command.stable_id) {
        (Some(found), Some(id)) if found.author.stable_id != id => {
            return Err(Failure::refused(format!(
                "{on} says that @{handle} has the id {}, not {id}; nothing was stored",
                found.author.stable_id
            )));
        }
        (Some(found), _) => found,
        (None, Some(stable_id)) => {
            let author = Author { stable_id, handle: handle.to_owned() };
            Identity { author, evidence: Vec::new() }
        }
        (None, None) => {
            return Err(Failure::usage(format!(
                "no account of ours can ask {on} who @{handle} is. Connect one (`takaza \
                 account add`, `takaza account connect`), or read the stable id yourself and give --stable-id ID"
            )));
        }
    };
    keep(&session, &bank, on, &identity, evidence, command.days).await
}

async fn verify(command: Verify, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "banks handle verify").await?;
    let ctx = &session.app.ctx;
    session.person.as_administrator(ctx.clock.now())?;
    let (bank, on) = (bank(ctx, &command.bank)?, command.platform);
    let handles = ctx.store.handles().await?;
    let Some(known) = handles.into_iter().find(|one| one.bank == bank && one.platform == on) else {
        return Err(Failure::usage(format!(
            "{bank} has no handle on {on}; `takaza banks handle add` verifies one"
        )));
    };
    let Some(found) = resolve(ctx, on, &known.handle).await? else {
        return Err(Failure::refused(format!(
            "no account of ours can ask {on}; verify it by hand with `takaza banks handle add`"
        )));
    };
    if found.author.stable_id != known.stable_id {
        let mismatch = format!("@{} belongs to another account now", known.handle);
        ctx.store.handle_resolved(&session.by, &bank, on, Some(&mismatch)).await?;
        return Err(Failure::refused(format!(
            "{mismatch}: id {}, not {}. Posts that mention it are held; find the bank's account \
             and verify it with `takaza banks handle add`",
            found.author.stable_id, known.stable_id
        )));
    }
    let evidence = command.evidence.unwrap_or(known.evidence);
    keep(&session, &bank, on, &found, &evidence, command.days).await
}

#[derive(Serialize)]
struct HandleView {
    bank: String,
    platform: String,
    handle: String,
    stable_id: String,
    standing: String,
    evidence: String,
    verified_by: String,
    verified_at: String,
    expires_at: String,
    resolved_at: String,
    mismatch: Option<String>,
}

pub(in super::super) fn standing(handle: &BankHandle, now: Timestamp) -> String {
    match &handle.mismatch {
        Some(mismatch) => mismatch.clone(),
        None if handle.expires_at <= now => "expired".to_owned(),
        None => "verified".to_owned(),
    }
}

impl HandleView {
    fn of(handle: &BankHandle, now: Timestamp) -> Self {
        Self {
            bank: handle.bank.to_string(),
            platform: handle.platform.to_string(),
            handle: handle.handle.clone(),
            stable_id: handle.stable_id.clone(),
            standing: standing(handle, now),
            evidence: handle.evidence.clone(),
            verified_by: handle.verified_by.to_string(),
            verified_at: handle.verified_at.to_string(),
            expires_at: handle.expires_at.to_string(),
            resolved_at: handle.resolved_at.to_string(),
            mismatch: handle.mismatch.clone(),
        }
    }
}

async fn list(command: List, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let now = app.ctx.clock.now();
    let only = command.bank.map(|code| BankCode::new(code.to_uppercase()));
    let mut handles = app.ctx.store.handles().await?;
    handles.retain(|handle| only.as_ref().is_none_or(|bank| *bank == handle.bank));
    let views: Vec<HandleView> = handles.iter().map(|one| HandleView::of(one, now)).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let row = |(view, handle): (&HandleView, &BankHandle)| {
            vec![
                view.bank.clone(),
                view.platform.clone(),
                format!("@{}", view.handle),
                view.stable_id.clone(),
                view.standing.clone(),
                clock(handle.expires_at, zone),
                view.verified_by.clone(),
                view.evidence.clone(),
            ]
        };
        let rows: Vec<_> = views.iter().zip(&handles).map(row).collect();
        let headings =
            ["BANK", "PLATFORM", "HANDLE", "ID", "STANDING", "UNTIL", "VERIFIED BY", "EVIDENCE"];
        table_or(&headings, &rows, "no handles; banks are named by their plain names")
    })
}
