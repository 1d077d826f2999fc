//! `takaza stop`, `resume`, `restore`: the switch over everything.

use clap::{Args, Subcommand};

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::say,
    sign_in::Signing,
};

/// Presses the stop switch: nothing is sent until `takaza resume` (an officer's or approver's act)
///
/// It holds within one second, in every process, also for what has been claimed already.
#[derive(Debug, Args)]
pub(super) struct Stop {
    /// Why, for the record and for whoever finds it pressed
    #[arg(long, value_name = "REASON")]
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
    Accept(Accept),
}

/// Reads the accounts back, adopts posts that the ledger does not know, and accepts (an approver's
/// act)
#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    signing: Signing,
}

impl Restore {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let Self::Accept(command) = self;
        accept(command, globals).await
    }
}

async fn accept(_command: Accept, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("restore accept"))
}
