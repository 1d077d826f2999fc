//! `takaza account live|unlive|pause|adopt`: what goes out in public, and what did.

use clap::Args;
use jiff::SignedDuration;

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        output::say,
        sign_in::Signing,
        times::{clock, instant},
    },
    has_grant, row,
};
use crate::domain::ids::AccountName;

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
    #[arg(long, value_name = "REASON")]
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
        let unit = &ctx.config.unit;
        let missing: Vec<&str> = [
            ("unit.policy_number", &unit.policy_number),
            ("unit.authorisation_number", &unit.authorisation_number),
        ]
        .into_iter()
        .filter(|(_, number)| number.as_ref().is_none_or(|number| number.trim().is_empty()))
        .map(|(key, _)| key)
        .collect();
        session.person.as_approver(ctx.clock.now())?;
        if !missing.is_empty() {
            return Err(Failure::refused(format!(
                "write {} into takaza.toml first: an account is live only under a policy and a written \
                 authorisation",
                missing.join(" and ")
            )));
        }
        let row = row(ctx, &self.name).await?;
        let name = &row.account.name;
        if row.revoked {
            let next = "an administrator connects it anew (`takaza account connect`)";
            return Err(Failure::refused(format!("{name} was revoked; {next}")));
        }
        if has_grant(&row)
            && ctx.store.grant(name).await?.is_none_or(|grant| grant.sealed.is_none())
        {
            let next = "an administrator connects it first (`takaza account connect`)";
            return Err(Failure::refused(format!("{name} is not connected; {next}")));
        }
        ctx.store.set_live(&session.by, &session.person, name, true).await?;
        if row.paused_until.is_some() {
            ctx.store.pause_account(&session.by, name, None).await?;
        }
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
        session.person.as_desk(now)?;
        let name = AccountName::new(&self.name);
        let Some(why) = &self.why else {
            ctx.store.pause_account(&session.by, &name, None).await?;
            return say(&format!("{name} goes on"));
        };
        let until = match &self.until {
            Some(text) => instant(text, now, zone)?,
            // Until a person ends it.
            None => now.plus(SignedDuration::from_hours(24 * 365)),
        };
        if until <= now {
            return Err(Failure::usage(format!("{} has passed", clock(until, zone))));
        }
        ctx.store.pause_account(&session.by, &name, Some((until, why))).await?;
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
