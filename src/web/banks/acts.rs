//! What people do about a bank: verify its handles, order silences and lift them.

use axum::{extract::Path, response::Response};

use super::super::{frame::Words, problem::Problem, visit::Visit};
use crate::{
    domain::{platform::Platform, time::Timestamp},
    store::{SilenceOrder, SilenceScope},
    work::{
        handles::{self, Claim, LONGEST_DAYS, NotVerified, Verified},
        silence::{self, NotSilenced},
    },
};

pub(super) async fn verify(visit: Visit, Path(bank): Path<String>) -> Result<Response, Problem> {
    let form = &visit.form;
    let stable_id = Some(form.get("stable_id")).filter(|id| !id.is_empty());
    let claim = Claim {
        bank: &bank,
        on: platform(&visit)?,
        handle: form.filled("handle", "banks-handle")?,
        evidence: form.filled("evidence", "banks-evidence")?,
        stable_id,
        days: days(&visit)?,
    };
    let by = visit.by("banks handle add")?;
    let verified = handles::verify(&visit.speaking(), &by, visit.person()?, &claim).await;
    told(&visit, verified).await
}

pub(super) async fn renew(visit: Visit, Path(bank): Path<String>) -> Result<Response, Problem> {
    let evidence = Some(visit.form.get("evidence")).filter(|text| !text.is_empty());
    let place = (bank.as_str(), platform(&visit)?);
    let (by, days) = (visit.by("banks handle verify")?, days(&visit)?);
    let renewed =
        handles::renew(&visit.speaking(), &by, visit.person()?, place, evidence, days).await;
    told(&visit, renewed).await
}

async fn told(visit: &Visit, verified: Result<Verified, NotVerified>) -> Result<Response, Problem> {
    match verified {
        Ok(Verified { bank, identity, .. }) => {
            let what = format!("@{}", identity.author.handle);
            visit.done(&format!("/banks/{bank}"), "banks-verified", &what).await
        }
        Err(why) => Err(not_verified(&visit.frame.words, why)),
    }
}

fn platform(visit: &Visit) -> Result<Platform, Problem> {
    let text = visit.form.filled("platform", "banks-platform")?;
    Platform::parse(text).ok_or(Problem::Missing("banks-platform"))
}

fn days(visit: &Visit) -> Result<u16, Problem> {
    let read = visit.form.filled("days", "banks-days")?.parse().ok();
    read.ok_or_else(|| no_days(&visit.frame.words))
}

fn no_days(words: &Words) -> Problem {
    Problem::Wrong(words.with("banks-no-days", "days", LONGEST_DAYS))
}

/// In the reader's language.
fn not_verified(words: &Words, why: NotVerified) -> Problem {
    match why {
        NotVerified::NoBank(_) => Problem::NotFound,
        NotVerified::NoEvidence => Problem::Missing("banks-evidence"),
        NotVerified::NoDays => no_days(words),
        NotVerified::NoAccount { on, handle } => {
            Problem::Refused(words.with2("banks-no-account", "platform", on, "handle", handle))
        }
        NotVerified::Unread { on, handle, why } => {
            tracing::warn!("{on} was asked for a handle: {why}");
            Problem::Refused(words.with2("banks-unread", "platform", on, "handle", handle))
        }
        NotVerified::Nobody { on, handle } => {
            Problem::Refused(words.with2("banks-nobody", "platform", on, "handle", handle))
        }
        NotVerified::OtherId { is, given, .. } => {
            Problem::Refused(words.with2("banks-other-id", "is", is, "given", given))
        }
        NotVerified::NoHandle { .. } => Problem::NotFound,
        NotVerified::NotRenewed { on } => {
            Problem::Refused(words.with("banks-not-renewed", "platform", on))
        }
        NotVerified::Moved { handle, is, .. } => {
            Problem::Refused(words.with2("banks-moved", "handle", handle, "is", is))
        }
        NotVerified::NotAllowed(error) => error.into(),
        NotVerified::Store(error) => error.into(),
    }
}

pub(super) async fn silence(visit: Visit, Path(bank): Path<String>) -> Result<Response, Problem> {
    let bank = visit.ctx().banks.answers_for(&bank).ok_or(Problem::NotFound)?;
    let order = SilenceOrder {
        label: visit.form.filled("order", "banks-silence-order")?.to_owned(),
        from: from(&visit)?,
        until: visit.instant("until", "banks-silence-until")?,
        scope: SilenceScope::Bank(bank.clone()),
    };
    let by = visit.by("silence add")?;
    silence::order(visit.ctx(), &by, visit.person()?, &order).await.map_err(not_silenced)?;
    visit.done(&format!("/banks/{bank}"), "banks-silenced", &order.label).await
}

/// When it begins: now, where nothing is written.
fn from(visit: &Visit) -> Result<Timestamp, Problem> {
    if visit.form.get("from").is_empty() {
        return Ok(visit.console.clock().now());
    }
    visit.instant("from", "banks-silence-from")
}

pub(super) async fn lift(visit: Visit, Path(bank): Path<String>) -> Result<Response, Problem> {
    let bank = visit.ctx().banks.answers_for(&bank).ok_or(Problem::NotFound)?;
    let id = visit.form.filled("silence", "banks-silences")?;
    let reason = visit.form.filled("reason", "queue-reason")?;
    let lifted = silence::lift(visit.ctx(), "console", visit.person()?, id, reason).await;
    lifted.map_err(not_silenced)?;
    visit.done(&format!("/banks/{bank}"), "banks-lifted", "").await
}

fn not_silenced(why: NotSilenced) -> Problem {
    match why {
        NotSilenced::NoTime => Problem::Told("banks-silence-no-time"),
        NotSilenced::NoOrder => Problem::Missing("banks-silence-order"),
        NotSilenced::NoReason => Problem::Missing("queue-reason"),
        NotSilenced::NotAllowed(error) => error.into(),
        NotSilenced::Store(error) => error.into(),
    }
}
