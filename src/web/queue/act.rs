//! What people decide about one escalation. Each act is the command line's own.

use axum::{extract::Path, response::Response};

use super::{
    super::{problem::Problem, visit::Visit},
    changed, queue_again,
};
use crate::{
    domain::{canonical::Hash, escalation::Refused},
    store::StoreError,
    work::set_right,
};

/// Approves exactly what was seen, by its hash; what changed meanwhile is refused with what changed.
pub(super) async fn approve(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let seen = Hash::parse(visit.form.get("hash")).ok_or(Problem::StaleForm)?;
    let (by, valid) = (visit.by("queue approve")?, visit.ctx().config.ladder.clearance_valid_for);
    let (store, person) = (visit.store(), visit.person()?);
    let given = if visit.form.get("past-stop") == "yes" {
        store.approve_past_stop(&by, &reference, person, &seen, valid).await
    } else {
        store.approve(&by, &reference, person, &seen, valid).await
    };
    match given {
        Ok(_) => visit.done(&queue_again(&visit), "queue-approved", &reference).await,
        Err(error) if moved_on(&error) => changed::page(&visit, &reference, &seen).await,
        Err(error) => Err(error.into()),
    }
}

/// It is no longer what its reader saw.
pub(super) const fn moved_on(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Escalation(Refused::Changed { .. } | Refused::State { .. })
            | StoreError::Conflict(_)
    )
}

pub(super) async fn reject(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let reason = visit.form.filled("reason", "queue-reason")?;
    let by = visit.by("queue reject")?;
    visit.store().reject(&by, &reference, visit.person()?, reason).await?;
    visit.done(&queue_again(&visit), "queue-rejected", &reference).await
}

pub(super) async fn send_back(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let note = visit.form.filled("note", "queue-send-back-why")?;
    let by = visit.by("queue send-back")?;
    visit.store().send_back(&by, &reference, visit.person()?, note).await?;
    visit.done(&queue_again(&visit), "queue-sent-back", &reference).await
}

pub(super) async fn hold(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let until = later(&visit)?;
    let (by, person) = (visit.by("queue hold")?, &visit.person()?.id);
    visit.store().hold_until(&by, &reference, person, until).await?;
    visit.done(&queue_again(&visit), "queue-held", &reference).await
}

/// The time to which something is held back, by somebody who may.
pub(super) fn later(visit: &Visit) -> Result<crate::domain::time::Timestamp, Problem> {
    let until = visit.instant("until", "queue-hold-until")?;
    let now = visit.console.clock().now();
    visit.person()?.as_desk(now)?;
    if until <= now {
        return Err(Problem::Wrong(visit.frame.t("queue-hold-passed")));
    }
    Ok(until)
}

/// The nodal officer's written reason. Where something was delivered, a correction is drafted.
pub(super) async fn dispute(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let officer = visit.person()?.as_officer(visit.console.clock().now())?;
    let ground = visit.form.filled("ground", "queue-dispute-ground")?;
    let words = visit.form.filled("words", "queue-dispute-reason")?;
    let (ctx, by) = (visit.ctx(), visit.by("queue dispute")?);
    let drafted = set_right::enter_dispute(ctx, &by, &officer, &reference, ground, words).await?;
    match drafted {
        Some(correction) => {
            let to = format!("/queue/{correction}");
            visit.done(&to, "queue-disputed-correction", &reference).await
        }
        None => visit.done(&format!("/queue/{reference}"), "queue-disputed", &reference).await,
    }
}

pub(super) async fn decide(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let stands = match visit.form.get("stands") {
        "yes" => true,
        "no" => false,
        _ => return Err(Problem::Missing("queue-disputes")),
    };
    let by = visit.by("queue decide")?;
    visit.store().decide_dispute(&by, &reference, visit.person()?, stands).await?;
    let told = if stands { "queue-decided-stands" } else { "queue-decided-fails" };
    visit.done(&format!("/queue/{reference}"), told, &reference).await
}
