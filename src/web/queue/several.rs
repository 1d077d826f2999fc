//! Several at once: one page lists them with their words and sums, and one press decides them, each
//! by the act that decides one.

use askama::Template;
use axum::response::Response;

use super::{
    super::{frame::Frame, problem::Problem, visit::Visit},
    act::later,
    list::PAGE,
    preview, queue_again,
};
use crate::{
    domain::{canonical::Hash, escalation::EscalationState, money::Paise},
    store::{EscalationRow, StoreError},
};

#[derive(Template)]
#[template(path = "queue/several.html")]
struct Several<'a> {
    frame: &'a Frame,
    what: &'a str,
    from: &'a str,
    rows: Vec<EscalationRow>,
    left_out: Vec<EscalationRow>,
    sum: Paise,
    may: bool,
}

/// What was chosen in the list, whole, before anything is done.
pub(super) async fn ask(visit: Visit) -> Result<Response, Problem> {
    let what = visit.query.get("do");
    if !["approve", "reject", "hold"].contains(&what) {
        return Err(Problem::NotFound);
    }
    let picked: Vec<&str> = visit.query.all("pick").take(PAGE as usize).collect();
    if picked.is_empty() {
        return Err(Problem::Missing("queue-several"));
    }
    let (person, now) = (visit.person()?, visit.console.clock().now());
    let rows = visit.store().escalations_named(&picked).await?;
    let can = |row: &EscalationRow| {
        let own = row.escalation.written_by.as_ref() == Some(&person.id);
        row.escalation.state() == EscalationState::Held && !(own && what == "approve")
    };
    let (rows, left_out): (Vec<_>, Vec<_>) = rows.into_iter().partition(can);
    visit.page(&Several {
        frame: &visit.frame,
        what,
        from: visit.query.get("from"),
        sum: preview::sum(rows.iter()),
        rows,
        left_out,
        may: what == "hold" || person.as_approver(now).is_ok(),
    })
}

#[derive(Template)]
#[template(path = "queue/several_done.html")]
struct Done<'a> {
    frame: &'a Frame,
    again: String,
    /// Each reference, and why not, where it was not done.
    told: Vec<(String, Option<String>)>,
}

/// Each that was listed, with the hash of what was shown of it.
fn items(visit: &Visit) -> Result<Vec<(String, Hash)>, Problem> {
    let read = |item: &str| {
        let (reference, hash) = item.split_once(':')?;
        Some((reference.to_owned(), Hash::parse(hash)?))
    };
    let items = visit.form.all("item").take(PAGE as usize).map(read);
    let items = items.collect::<Option<Vec<_>>>().ok_or(Problem::StaleForm)?;
    if items.is_empty() { Err(Problem::Missing("queue-several")) } else { Ok(items) }
}

/// What came of each: all of it in a notice where all went well, each with its reason otherwise.
async fn told(
    visit: &Visit,
    message: &'static str,
    results: Vec<(String, Result<(), StoreError>)>,
) -> Result<Response, Problem> {
    if results.iter().all(|(_, result)| result.is_ok()) {
        return visit.done(&queue_again(visit), message, &results.len().to_string()).await;
    }
    let mut told = Vec::with_capacity(results.len());
    for (reference, result) in results {
        let why = match result {
            Ok(()) => None,
            // The ledger failed: what was done before is done, and told by the record.
            Err(error @ (StoreError::Database(_) | StoreError::Unreachable(_))) => {
                return Err(error.into());
            }
            Err(error) => Some(error.to_string()),
        };
        told.push((reference, why));
    }
    visit.page(&Done { frame: &visit.frame, again: queue_again(visit), told })
}

pub(super) async fn approve(visit: Visit) -> Result<Response, Problem> {
    let (by, valid) = (visit.by("queue approve")?, visit.ctx().config.ladder.clearance_valid_for);
    let (store, person) = (visit.store(), visit.person()?);
    let mut results = Vec::new();
    for (reference, seen) in items(&visit)? {
        let given = store.approve(&by, &reference, person, &seen, valid).await;
        results.push((reference, given.map(|_| ())));
    }
    told(&visit, "queue-several-approved", results).await
}

pub(super) async fn reject(visit: Visit) -> Result<Response, Problem> {
    let reason = visit.form.filled("reason", "queue-reason")?;
    let (by, store, person) = (visit.by("queue reject")?, visit.store(), visit.person()?);
    let mut results = Vec::new();
    for (reference, _) in items(&visit)? {
        let done = store.reject(&by, &reference, person, reason).await;
        results.push((reference, done));
    }
    told(&visit, "queue-several-rejected", results).await
}

pub(super) async fn hold(visit: Visit) -> Result<Response, Problem> {
    let until = later(&visit)?;
    let (by, person) = (visit.by("queue hold")?, &visit.person()?.id);
    let mut results = Vec::new();
    for (reference, _) in items(&visit)? {
        let done = visit.store().hold_until(&by, &reference, person, until).await;
        results.push((reference, done));
    }
    told(&visit, "queue-several-held", results).await
}
