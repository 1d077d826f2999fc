//! `takaza account live|unlive|pause|adopt`: what goes out in public, and what did.

use clap::Args;

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        output::say,
        sign_in::{Signing, said},
        times::{clock, instant},
    },
    row,
};
use crate::{
    domain::ids::AccountName,
    work::accounts::{self, NotLive},
};

/// Turns a connected account live, and ends a pause (an approver's act)
///
/// Needs unit.policy_number and unit.authorisation_number in the configuration.
#[derive(Debug, Args)]
pub(in super::super) struct Live {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Takes an account out of the public again (an officer's or approver's act)
#[derive(Debug, Args)]
pub(in super::super) struct Unlive {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Pauses an account, or lets it go on (an officer's or approver's act)
#[derive(Debug, Args)]
pub(in super::super) struct Pause {
    /// The account's name
    name: String,
    /// Why; without it the pause ends
    #[arg(long, value_name = "REASON", value_parser = said)]
    why: Option<String>,
    /// Until when (until somebody ends the pause)
    #[arg(long, value_name = "TIME", requires = "why")]
    until: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Adopts a post that an officer wrote by hand, and takes the alarm about it (an officer's or
/// approver's act)
#[derive(Debug, Args)]
pub(in super::super) struct Adopt {
    /// The account's name
    name: String,
    /// The post's id, as the alarm names it
    post: String,
    #[command(flatten)]
    signing: Signing,
}

impl Live {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account live").await?;
        let ctx = &session.app.ctx;
        session.person.as_approver(ctx.clock.now())?;
        let row = row(ctx, &self.name).await?;
        let name = &row.account.name;
        accounts::turn_live(ctx, &session.by, &session.person, &row).await.map_err(not_live)?;
        let closed = ctx.store.gate().await?.closed();
        let rest = closed.map_or_else(String::new, |why| format!(". Still nothing is sent: {why}"));
        say(&format!("{name} is live: what is cleared goes out in public from now on{rest}"))
    }
}

impl Unlive {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account unlive").await?;
        let store = &session.app.ctx.store;
        let name = AccountName::new(&self.name);
        store.set_live(&session.by, &session.person, &name, false).await?;
        say(&format!(
            "{name} is off: nothing goes out from it until an approver turns it live again"
        ))
    }
}

impl Pause {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account pause").await?;
        let ctx = &session.app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        let (by, person) = (&session.by, &session.person);
        let name = AccountName::new(&self.name);
        let Some(why) = &self.why else {
            accounts::go_on(ctx, by, person, &name).await?;
            return say(&format!("{name} goes on"));
        };
        let until = self.until.as_ref().map(|text| instant(text, now, zone)).transpose()?;
        if let Some(passed) = until.filter(|until| *until <= now) {
            return Err(Failure::usage(format!("{} has passed", clock(passed, zone))));
        }
        let until = accounts::pause(ctx, by, person, &name, (until, why)).await?;
        say(&format!(
            "{name} is paused until {}; `takaza account pause {name}` without --why ends it",
            clock(until, zone)
        ))
    }
}

impl Adopt {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account adopt").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        let (name, post) = (AccountName::new(&self.name), self.post.trim());
        ctx.store.adopt_own_post(&session.by, &desk, &name, post).await?;
        say(&format!("post {post} of {name} is the unit's own"))
    }
}

fn not_live(error: NotLive) -> Failure {
    match error {
        NotLive::NotAllowed(error) => error.into(),
        NotLive::Store(error) => error.into(),
        refused => Failure::refused(refused.to_string()),
    }
}
