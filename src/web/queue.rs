//! The queue: what waits for a person, by money at risk, and what they decide.

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};

use super::{
    Route,
    frame::Frame,
    gate::{APPROVER, Allow, DESK},
    problem::Problem,
    visit::Visit,
};
use crate::{
    domain::{canonical::Hash, delivery::Content, escalation::EscalationState, ids::BankCode},
    store::{EscalationRow, QueueFilter},
};

/// Escalations on one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/queue", Allow::SignedIn, get(list)),
        Route::get("/queue/{reference}", Allow::SignedIn, get(show)),
        Route::post("/queue/{reference}/approve", APPROVER, post(approve)),
        Route::post("/queue/{reference}/reject", APPROVER, post(reject)),
        Route::post("/queue/{reference}/hold", DESK, post(hold)),
    ]
}

#[derive(Template)]
#[template(path = "queue/list.html")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<EscalationRow>,
    state: &'a str,
    bank: &'a str,
    page: u32,
    more: bool,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (state, bank) = (visit.query.get("state"), visit.query.get("bank"));
    let page: u32 = visit.query.get("page").parse().unwrap_or(0).min(100_000);
    let states =
        EscalationState::parse(state).map_or_else(|| vec![EscalationState::Held], |one| vec![one]);
    let filter = QueueFilter {
        states,
        bank: Some(bank)
            .filter(|bank| !bank.is_empty())
            .map(|bank| BankCode::new(bank.to_uppercase())),
        page: (page * PAGE, PAGE + 1),
    };
    let mut rows = visit.store().queue(&filter).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    visit.page(&List { frame: &visit.frame, rows, state, bank, page, more })
}

#[derive(Template)]
#[template(path = "queue/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    row: EscalationRow,
    may_approve: bool,
    may_hold: bool,
}

impl Show<'_> {
    fn contents(&self) -> &[Content] {
        &self.row.escalation.contents
    }
}

async fn show(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let row = visit.store().escalation(&reference).await?;
    let (person, now) = (visit.person()?, visit.console.clock().now());
    let held = row.escalation.state() == EscalationState::Held;
    let own = row.escalation.written_by.as_ref() == Some(&person.id);
    let may_approve = held && !own && person.as_approver(now).is_ok();
    let may_hold = held && person.as_desk(now).is_ok();
    visit.page(&Show { frame: &visit.frame, row, may_approve, may_hold })
}

async fn approve(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let seen = Hash::parse(visit.form.get("hash")).ok_or(Problem::StaleForm)?;
    let (by, valid) = (visit.by("queue approve")?, visit.ctx().config.ladder.clearance_valid_for);
    visit.store().approve(&by, &reference, visit.person()?, &seen, valid).await?;
    visit.done("/queue", "queue-approved", &reference).await
}

async fn reject(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let reason = visit.form.filled("reason", "queue-reason")?;
    let by = visit.by("queue reject")?;
    visit.store().reject(&by, &reference, visit.person()?, reason).await?;
    visit.done("/queue", "queue-rejected", &reference).await
}

async fn hold(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let until = visit.instant("until", "queue-hold-until")?;
    let now = visit.console.clock().now();
    visit.person()?.as_desk(now)?;
    if until <= now {
        return Err(Problem::Told("queue-hold-passed"));
    }
    visit.store().hold_until(&visit.by("queue hold")?, &reference, until).await?;
    visit.done("/queue", "queue-held", &reference).await
}
