//! The stop switch: one press and a confirmation, from every page.

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};

use super::{
    Route,
    frame::Frame,
    gate::{APPROVER, DESK},
    problem::Problem,
    visit::Visit,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/stop", DESK, get(ask)),
        Route::post("/stop", DESK, post(stop)),
        Route::post("/resume", APPROVER, post(resume)),
    ]
}

#[derive(Template)]
#[template(path = "stop.html")]
struct Ask<'a> {
    frame: &'a Frame,
    may_resume: bool,
    back: &'a str,
}

async fn ask(visit: Visit) -> Result<Response, Problem> {
    let now = visit.console.clock().now();
    let may_resume = visit.person()?.as_approver(now).is_ok();
    visit.page(&Ask { frame: &visit.frame, may_resume, back: visit.query.get("back") })
}

async fn stop(visit: Visit) -> Result<Response, Problem> {
    let why = visit.form.filled("why", "stop-why")?;
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    visit.store().stop(&visit.by("stop")?, &desk, why).await?;
    visit.done(visit.form.get("back"), "stop-done", "").await
}

async fn resume(visit: Visit) -> Result<Response, Problem> {
    let approver = visit.person()?.as_approver(visit.console.clock().now())?;
    let held = visit.store().resume(&visit.by("resume")?, &approver).await?;
    visit.done("/queue", "resume-done", &held.to_string()).await
}
