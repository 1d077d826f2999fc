//! `takaza banks handle`: how a bank is named on a platform. A handle is not an identity, so it is
//! bound to the platform's stable id by a person who saw evidence, and for a limited time.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::{
    Globals,
    accounts::platform,
    failure::Outcome,
    output::{Format, say, table_or},
    sign_in::{Session, Signing, said},
    times::clock,
};
use crate::{
    domain::{ids::BankCode, platform::Platform, time::Timestamp},
    store::BankHandle,
    work::handles::{self, Claim, NotVerified, Verified},
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
    #[arg(long, value_name = "TEXT", value_parser = said)]
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
    #[arg(long, value_name = "TEXT", value_parser = said)]
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

fn told(session: &Session, verified: &Verified) -> Outcome {
    let Verified { bank, on, identity, evidence, until } = verified;
    let seen: String =
        identity.evidence.iter().map(|one| format!("\n  the platform says: {one}")).collect();
    let until = clock(*until, session.app.ctx.limits.calendar().zone());
    say(&format!(
        "@{} on {on} is {bank}'s, id {}, verified until {until}\n  evidence: {evidence}{seen}",
        identity.author.handle, identity.author.stable_id
    ))
}

async fn add(command: Add, globals: &Globals) -> Outcome {
    if command.evidence.trim().is_empty() {
        return Err(NotVerified::NoEvidence.into());
    }
    let session = command.signing.sign_in(globals, "banks handle add").await?;
    let claim = Claim {
        bank: &command.bank,
        on: command.platform,
        handle: &command.handle,
        evidence: &command.evidence,
        stable_id: command.stable_id.as_deref(),
        days: command.days,
    };
    let verified = handles::verify(&session.app.ctx, &session.by, &session.person, &claim).await?;
    told(&session, &verified)
}

async fn verify(command: Verify, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "banks handle verify").await?;
    let verified = handles::renew(
        &session.app.ctx,
        &session.by,
        &session.person,
        (&command.bank, command.platform),
        command.evidence.as_deref(),
        command.days,
    )
    .await?;
    told(&session, &verified)
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
