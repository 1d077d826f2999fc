//! What people do about a post: post it by hand, say that it is not there, set it right, look at
//! its annex. Each is the command line's own act.

use askama::Template;
use axum::{extract::Path, response::Response};

use crate::{
    domain::ids::DeliveryId,
    store::StoreError,
    web::{frame::Frame, problem::Problem, visit::Visit},
    work::{
        annex::{self, Annex},
        hand_off::{self, BadPermalink, Refusal},
        set_right,
    },
};

/// The longest reason for the record.
const LONGEST_REASON: usize = 300;

/// The delivery that the form names, which must be one of this post's.
async fn meant(visit: &Visit, reference: &str) -> Result<DeliveryId, Problem> {
    let row = visit.store().escalation(reference).await?;
    let named = visit.form.get("delivery");
    let mut deliveries = row.deliveries.into_iter().map(|row| row.delivery.id);
    deliveries.find(|id| id.as_str() == named).ok_or(Problem::NotFound)
}

pub(super) async fn take(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let id = meant(&visit, &reference).await?;
    let taken = hand_off::take(&visit.speaking(), &visit.by("post take")?, &desk, &id).await;
    taken.map_err(|error| refused(&visit, error))?;
    visit.done(&format!("/posts/{reference}"), "posts-taken", "").await
}

pub(super) async fn done(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let permalink = visit.form.filled("permalink", "posts-permalink")?;
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let id = meant(&visit, &reference).await?;
    let by = visit.by("post done")?;
    let done = hand_off::done(&visit.speaking(), &by, &desk, &id, permalink).await;
    let done = done.map_err(|error| refused(&visit, error))?;
    let message = match done.as_approved {
        _ if done.second => "posts-done-second",
        _ if done.unclaimed => "posts-done-unclaimed",
        Some(true) => "posts-done-approved",
        Some(false) => "posts-done-altered",
        None => "posts-done-unread",
    };
    visit.done(&format!("/posts/{reference}"), message, "").await
}

pub(super) async fn not_posted(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    visit.form.filled("sure", "posts-not-posted-sure")?;
    let id = meant(&visit, &reference).await?;
    let by = visit.by("post not-posted")?;
    let noted = hand_off::not_posted(&visit.speaking(), &by, visit.person()?, &id).await;
    noted.map_err(|error| refused(&visit, error))?;
    visit.done(&format!("/posts/{reference}"), "posts-not-posted-done", &reference).await
}

pub(super) async fn retract(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    visit.person()?.as_desk(visit.console.clock().now())?;
    let by = visit.by(&format!("post retract: {}", reason(&visit)?))?;
    let new = set_right::draft_retraction(visit.ctx(), &by, &reference).await;
    let new = new.map_err(|error| refused(&visit, error))?;
    visit.done(&format!("/queue/{new}"), "posts-retract-drafted", &new).await
}

pub(super) async fn correct(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    visit.person()?.as_desk(visit.console.clock().now())?;
    let by = visit.by(&format!("post correct: {}", reason(&visit)?))?;
    let new = set_right::draft_correction(visit.ctx(), &by, &reference).await;
    let new = new.map_err(|error| refused(&visit, error))?;
    visit.done(&format!("/queue/{new}"), "posts-correct-drafted", &new).await
}

pub(super) fn reason(visit: &Visit) -> Result<&str, Problem> {
    let reason = visit.form.filled("reason", "posts-reason")?;
    if reason.chars().count() > LONGEST_REASON {
        return Err(Problem::Wrong(visit.frame.t("posts-reason-long")));
    }
    Ok(reason)
}

#[derive(Template)]
#[template(path = "posts/annex.html")]
struct AnnexPage<'a> {
    frame: &'a Frame,
    annex: Annex,
}

/// An answer to a form and no page of its own: whoever loads it again is asked first, and is on the
/// record again.
pub(super) async fn annex(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let annex = annex::show(visit.ctx(), &visit.by("post annex")?, &desk, &reference).await?;
    visit.page(&AnnexPage { frame: &visit.frame, annex })
}

/// What such an act refuses, for the reader: in their language, on the unit's own clock.
fn refused(visit: &Visit, error: anyhow::Error) -> Problem {
    let words = &visit.frame.words;
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return Problem::Refused(match refusal {
            Refusal::MustNot(why) => words.with("posts-refused-must-not", "why", words.known(why)),
            Refusal::NotTheTaker => words.t("posts-refused-taker"),
            Refusal::There(link) => words.with("posts-refused-there", "link", link),
            Refusal::Blind(why) => words.with("posts-refused-blind", "why", words.known(why)),
        });
    }
    if let Some(bad) = error.downcast_ref::<BadPermalink>() {
        return Problem::Wrong(match bad {
            BadPermalink::NotALink => words.t("posts-refused-no-link"),
            BadPermalink::Elsewhere(platform) => {
                words.with("posts-refused-elsewhere", "platform", platform)
            }
            BadPermalink::OtherAccount(account) => {
                words.with("posts-refused-other-account", "account", account)
            }
        });
    }
    if let Some(refusal) = error.downcast_ref::<set_right::Refusal>() {
        return Problem::Refused(match refusal {
            set_right::Refusal::NotDelivered(what) => {
                words.with("posts-refused-nothing", "what", what)
            }
            set_right::Refusal::MayNotBeSaid(why) => words.with("posts-refused-text", "why", why),
        });
    }
    match error.downcast::<StoreError>() {
        Ok(error) => error.into(),
        Err(error) => Problem::Failed(error),
    }
}
