//! What concerns the person alone: their passphrase and their sessions.

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};
use secrecy::SecretString;

use super::{Route, frame::Frame, gate::Allow, problem::Problem, visit::Visit};
use crate::{
    domain::canonical::Hash,
    store::{EndSessions, SessionRow},
    work::passphrase,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/me", Allow::SignedIn, get(me)),
        Route::post("/me/sessions/end", Allow::SignedIn, post(end_session)),
        Route::get("/me/passphrase", Allow::Own, get(form)),
        Route::post("/me/passphrase", Allow::Own, post(change)),
    ]
}

#[derive(Template)]
#[template(path = "me.html")]
struct Me<'a> {
    frame: &'a Frame,
    sessions: Vec<SessionRow>,
    this: Hash,
}

async fn me(visit: Visit) -> Result<Response, Problem> {
    let who = visit.visitor()?;
    let sessions = visit.store().sessions(Some(&who.person.id)).await?;
    visit.page(&Me { frame: &visit.frame, sessions, this: who.session.id })
}

async fn end_session(visit: Visit) -> Result<Response, Problem> {
    let who = visit.visitor()?;
    let by = visit.by("end session")?;
    let one = Hash::parse(visit.form.get("session"));
    let which = one.as_ref().map_or(EndSessions::AllBut(&who.session.id), EndSessions::One);
    let ended = visit.store().end_sessions(&by, &who.person.id, which).await?;
    visit.done("/me", "me-sessions-ended", &ended.to_string()).await
}

#[derive(Template)]
#[template(path = "passphrase.html")]
struct Form<'a> {
    frame: &'a Frame,
    first: bool,
}

async fn form(visit: Visit) -> Result<Response, Problem> {
    let first = visit.visitor()?.first_passphrase;
    visit.page(&Form { frame: &visit.frame, first })
}

async fn change(visit: Visit) -> Result<Response, Problem> {
    let who = visit.visitor()?;
    let id = &who.person.id;
    visit.prove().await?;
    let (_, old) = visit.store().person(id).await?;
    let chosen = visit.form.exact("new");
    if chosen != visit.form.exact("again") {
        return Err(Problem::Told("passphrases-differ-here"));
    }
    let dice = &visit.ctx().dice;
    let hash = passphrase::accept(&SecretString::from(chosen), Some(&old), dice)?;
    let by = visit.by("passphrase")?;
    visit.store().set_passphrase(&by, id, &hash).await?;
    visit.store().end_sessions(&by, id, EndSessions::AllBut(&who.session.id)).await?;
    visit.done("/", "passphrase-done", "").await
}
