//! Alarms: what rings, and who looks after it.

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};

use super::{
    Route,
    frame::Frame,
    gate::{Allow, DESK},
    problem::Problem,
    visit::Visit,
};
use crate::domain::alarm::Raised;

/// Alarms that wait, at most; one a cause, so there are few.
const WAITING: u32 = 200;
/// Alarms among which those that somebody took are shown below.
const LATELY: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/alarms", Allow::SignedIn, get(list)),
        Route::post("/alarms/take", DESK, post(take)),
    ]
}

#[derive(Template)]
#[template(path = "alarms.html")]
struct List<'a> {
    frame: &'a Frame,
    waiting: Vec<Raised>,
    taken: Vec<Raised>,
    may_take: bool,
    within: String,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let waiting = visit.store().alarms(true, WAITING).await?;
    let mut taken = visit.store().alarms(false, LATELY).await?;
    taken.retain(|alarm| alarm.taken_at.is_some());
    let now = visit.console.clock().now();
    visit.page(&List {
        frame: &visit.frame,
        waiting,
        taken,
        may_take: visit.person()?.as_desk(now).is_ok(),
        within: visit.frame.words.length(visit.ctx().config.alarms.take_within),
    })
}

async fn take(visit: Visit) -> Result<Response, Problem> {
    visit.person()?.as_desk(visit.console.clock().now())?;
    let id = visit.form.get("alarm");
    visit.store().take_alarm(&visit.by("alarm take")?, visit.person()?, id).await?;
    visit.done("/alarms", "alarms-done", "").await
}
