//! People: who may do what, since when and until when; adding them, confirming and ending their
//! roles, and where everybody is signed in.

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};
use secrecy::SecretString;

use super::{
    Route,
    frame::Frame,
    gate::{ADMINISTRATOR, SECOND_PERSON},
    problem::Problem,
    visit::Visit,
};
use crate::{
    domain::{
        canonical::Hash,
        ids::PersonId,
        person::{NotAllowed, Person, Role},
        time::Timestamp,
    },
    store::{EndSessions, Ending, Known, SessionRow},
    work::passphrase,
};

/// People on one page.
const PAGE: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/people", SECOND_PERSON, get(list)),
        Route::get("/people/add", ADMINISTRATOR, get(add_form)),
        Route::post("/people/add", ADMINISTRATOR, post(add)),
        Route::get("/people/sessions", ADMINISTRATOR, get(sessions)),
        Route::post("/people/sessions/end", ADMINISTRATOR, post(end_sessions)),
        Route::get("/people/of/{person}", SECOND_PERSON, get(show)),
        Route::post("/people/of/{person}/confirm", SECOND_PERSON, post(confirm)),
        Route::get("/people/of/{person}/end", ADMINISTRATOR, get(end_form)),
        Route::post("/people/of/{person}/end", ADMINISTRATOR, post(end)),
        Route::post("/people/of/{person}/second-factor", ADMINISTRATOR, post(reset)),
    ]
}

/// How a role stands, in a word: `people-stands-in-force`.
fn stands(person: &Person, now: Timestamp) -> &'static str {
    match person.in_force(now) {
        Ok(()) => "in-force",
        Err(NotAllowed::Unconfirmed { .. }) => "unconfirmed",
        Err(_) if now < person.from => "later",
        Err(_) => "over",
    }
}

#[derive(Template)]
#[template(path = "people/list.html")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<(Known, &'static str)>,
    manages: bool,
    page: u32,
    more: bool,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let page: u32 = visit.query.get("page").parse().unwrap_or(0).min(100_000);
    let mut rows = visit.store().people_page((page * PAGE, PAGE + 1)).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let now = visit.console.clock().now();
    let rows = rows.into_iter().map(|known| (stands(&known.person, now), known));
    visit.page(&List {
        frame: &visit.frame,
        rows: rows.map(|(stands, known)| (known, stands)).collect(),
        manages: manages(&visit)?,
        page,
        more,
    })
}

/// Whether to show what only administrators do. Whether they may is for the table of routes.
fn manages(visit: &Visit) -> Result<bool, Problem> {
    Ok(ADMINISTRATOR.admits(Some(visit.person()?.role)))
}

#[derive(Template)]
#[template(path = "people/person.html")]
struct Show<'a> {
    frame: &'a Frame,
    known: Known,
    stands: &'static str,
    manages: bool,
    may_confirm: bool,
    own: bool,
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let known = visit.store().known_person(&PersonId::new(id)).await?;
    let me = &visit.person()?.id;
    visit.page(&Show {
        frame: &visit.frame,
        stands: stands(&known.person, visit.console.clock().now()),
        manages: manages(&visit)?,
        may_confirm: !known.person.confirmed && known.granted_by != *me && known.person.id != *me,
        own: known.person.id == *me,
        known,
    })
}

#[derive(Template)]
#[template(path = "people/add.html")]
struct AddForm<'a> {
    frame: &'a Frame,
    roles: [Role; 4],
}

async fn add_form(visit: Visit) -> Result<Response, Problem> {
    let roles = [Role::Officer, Role::Approver, Role::Auditor, Role::Administrator];
    visit.page(&AddForm { frame: &visit.frame, roles })
}

async fn add(visit: Visit) -> Result<Response, Problem> {
    let form = &visit.form;
    let id = PersonId::signing(form.filled("person", "sign-in-person")?)
        .map_err(|error| Problem::Wrong(error.to_string()))?;
    let role = Role::parse(form.get("role")).ok_or(Problem::Missing("people-role"))?;
    let order_number = Some(form.get("order-number").to_owned()).filter(|text| !text.is_empty());
    let person = Person {
        id: id.clone(),
        name: form.filled("name", "first-name")?.to_owned(),
        role,
        order_number,
        from: some_time(&visit, "from", "people-from")?.unwrap_or(visit.console.clock().now()),
        until: some_time(&visit, "until", "people-until")?,
        confirmed: false,
    };
    let first = form.exact("first");
    if first != form.exact("again") {
        return Err(Problem::Told("passphrases-differ-here"));
    }
    visit.prove().await?;
    let hash = passphrase::accept(&SecretString::from(first), None, &visit.ctx().dice)?;
    let by = visit.by("people add")?;
    visit.store().add_person(&by, Some(visit.person()?), &person, &hash).await?;
    let told = if role == Role::Approver { "people-added-approver" } else { "people-added" };
    visit.done(&format!("/people/of/{id}"), told, id.as_str()).await
}

/// A time that may be left out.
fn some_time(visit: &Visit, name: &str, label: &'static str) -> Result<Option<Timestamp>, Problem> {
    if visit.form.get(name).is_empty() {
        return Ok(None);
    }
    visit.instant(name, label).map(Some)
}

async fn confirm(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    visit.prove().await?;
    let id = PersonId::new(id);
    let by = visit.by("people confirm")?;
    visit.store().confirm_person(&by, visit.person()?, &id).await?;
    visit.done(&format!("/people/of/{id}"), "people-confirmed", id.as_str()).await
}

#[derive(Template)]
#[template(path = "people/end.html")]
struct EndForm<'a> {
    frame: &'a Frame,
    known: Known,
    ending: Ending,
    stands: &'static str,
}

impl EndForm<'_> {
    fn nothing(&self) -> bool {
        let Ending { orders, approvals, hand_offs, sessions } = &self.ending;
        orders.is_empty() && approvals.is_empty() && hand_offs.is_empty() && *sessions == 0
    }
}

async fn end_form(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = PersonId::new(id);
    let known = visit.store().known_person(&id).await?;
    let ending = visit.store().ends_with(&id).await?;
    let stands = stands(&known.person, visit.console.clock().now());
    visit.page(&EndForm { frame: &visit.frame, known, ending, stands })
}

async fn end(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let now = visit.console.clock().now();
    let until = some_time(&visit, "until", "people-until")?.unwrap_or(now);
    let administrator = visit.person()?.as_administrator(now)?;
    visit.prove().await?;
    let id = PersonId::new(id);
    let by = visit.by("people end")?;
    let held = visit.store().end_person(&by, &administrator, &id, until).await?;
    visit.done(&format!("/people/of/{id}"), "people-end-done", &held.to_string()).await
}

async fn reset(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let administrator = visit.person()?.as_administrator(visit.console.clock().now())?;
    visit.prove().await?;
    let id = PersonId::new(id);
    let by = visit.by("people second-factor reset")?;
    visit.store().end_second_factor(&by, Some(&administrator), &id).await?;
    visit.done(&format!("/people/of/{id}"), "people-reset-done", id.as_str()).await
}

#[derive(Template)]
#[template(path = "people/sessions.html")]
struct Sessions<'a> {
    frame: &'a Frame,
    sessions: Vec<SessionRow>,
    this: Hash,
    person: &'a str,
}

async fn sessions(visit: Visit) -> Result<Response, Problem> {
    let person = visit.query.get("person");
    let id = Some(PersonId::new(person)).filter(|id| !id.as_str().is_empty());
    let sessions = visit.store().sessions(id.as_ref()).await?;
    let this = visit.visitor()?.session.id;
    visit.page(&Sessions { frame: &visit.frame, sessions, this, person })
}

async fn end_sessions(visit: Visit) -> Result<Response, Problem> {
    visit.prove().await?;
    let by = visit.by("people sessions end")?;
    let chosen: Vec<Hash> = visit.form.all("session").filter_map(Hash::parse).collect();
    let mut ended = 0;
    for session in visit.store().sessions(None).await? {
        if chosen.contains(&session.id) {
            let one = EndSessions::One(&session.id);
            ended += visit.store().end_sessions(&by, &session.person, one).await?;
        }
    }
    visit.done("/people/sessions", "me-sessions-ended", &ended.to_string()).await
}
