//! `takaza stop`, `resume`, `restore`: the switch over everything.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say},
    sign_in::{Signing, said},
    times::{clock, instant},
};
use crate::{
    domain::ids::AccountName,
    work::{own_timeline::Found, restore, seal},
};

/// Presses the stop switch: nothing is sent until `takaza resume` (an officer's or approver's act)
///
/// It holds within one second, in every process, also for what has been claimed already.
#[derive(Debug, Args)]
pub(super) struct Stop {
    /// Why, for the record and for whoever finds it pressed
    #[arg(long, value_name = "REASON", value_parser = said)]
    why: String,
    #[command(flatten)]
    signing: Signing,
}

impl Stop {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "stop").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        ctx.store.stop(&session.by, &desk, &self.why).await?;
        say("stopped: nothing is sent until an approver lifts it with `takaza resume`")
    }
}

/// Lifts the stop switch and resets the breaker (an approver's act)
///
/// Everything that waited is held again: nothing goes out on yesterday's approval.
#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    signing: Signing,
}

impl Resume {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "resume").await?;
        let ctx = &session.app.ctx;
        let approver = session.person.as_approver(ctx.clock.now())?;
        let held = ctx.store.resume(&session.by, &approver).await?;
        let closed = ctx.store.gate().await?.closed();
        let rest = closed.map_or_else(String::new, |why| format!(". Still nothing is sent: {why}"));
        say(&format!("resumed; {held} escalations are held again and need a new approval{rest}"))
    }
}

/// After a restored backup, a fail-over or lost power.
///
/// Nothing is sent before a person has accepted the ledger, after the accounts were read back.
#[derive(Debug, Subcommand)]
pub(super) enum Restore {
    Mark(Mark),
    Accept(Accept),
}

/// Marks the ledger as restored: nothing is sent before it is accepted (an officer's or approver's
/// act)
///
/// A ledger that is older than a checkpoint known outside of it marks itself. Mark it by hand where
/// the checkpoints were restored together with it.
#[derive(Debug, Args)]
pub(super) struct Mark {
    /// Why, for the record: what was restored, and from when
    #[arg(long, value_name = "REASON", value_parser = said)]
    why: String,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

/// Reads the accounts back, adopts posts that the ledger does not know, and accepts (an approver's
/// act)
///
/// Where an account cannot be read, nothing is changed. Where the record does not extend a
/// checkpoint that is known, it goes on under a new origin that names the old checkpoint.
#[derive(Debug, Args)]
pub(super) struct Accept {
    /// When the backup was made; a fail-over or lost power: when the old ledger was last sound
    #[arg(long, value_name = "TIME")]
    backup_at: String,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

impl Restore {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Mark(command) => mark(command, globals).await,
            Self::Accept(command) => accept(command, globals).await,
        }
    }
}

async fn mark(command: Mark, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "restore mark").await?;
    let ctx = &session.app.ctx;
    session.person.as_desk(ctx.clock.now())?;
    let doubted = ctx.store.mark_restored(&session.by, &command.why).await?;
    command.format.print(&json!({"uncertain": doubted}), |_| {
        format!(
            "marked as restored; {doubted} unfinished deliveries are uncertain now\nnext: an \
             approver runs `takaza restore accept --backup-at TIME`"
        )
    })
}

async fn accept(command: Accept, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "restore accept").await?;
    let ctx = &session.app.ctx;
    let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
    let approver = session.person.as_approver(now)?;
    let since = instant(&command.backup_at, now, zone)?;
    if since > now {
        return Err(Failure::usage(format!("no backup was made at {}", clock(since, zone))));
    }
    // Where nothing has run since the restore, nothing has noticed it yet.
    seal::run_once(ctx).await?;
    if ctx.store.gate().await?.restored.is_none() {
        return Err(Failure::refused(
            "the ledger does not wait for a restore to be accepted; where it was restored together \
             with its checkpoints, mark it first: `takaza restore mark --why REASON`",
        ));
    }
    let report = restore::accept(ctx, &session.by, &approver, since).await?;
    let closed = ctx.store.gate().await?.closed();
    command.format.print(&report, |report| {
        let mut lines: Vec<String> = report.accounts.iter().map(account_line).collect();
        lines.extend(report.by_hand.iter().map(|name| {
            format!("{name}: no program can read it; look at its posts since the backup yourself")
        }));
        lines.extend(report.origin.as_ref().map(|origin| {
            format!("the record goes on under a new origin, {origin}, which names the old one")
        }));
        lines.push("accepted; what was approved before is held again".to_owned());
        lines.extend(closed.map(|why| format!("still nothing is sent: {why}")));
        lines.join("\n")
    })
}

fn account_line((name, found): &(AccountName, Found)) -> String {
    format!(
        "{name}: {} posts adopted, {} second posts, {} unknown, {} gone, {} changed",
        found.adopted.len(),
        found.second.len(),
        found.unknown,
        found.deleted,
        found.changed
    )
}
