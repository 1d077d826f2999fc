//! The case source: what was read when, what is set aside and why, and the files that are brought
//! for the embedded case database. Whoever looks at a row of it leaves an entry.

mod files;
mod preview;

use askama::Template;
use axum::{
    extract::{DefaultBodyLimit, Path},
    response::Response,
    routing::{get, post},
};
use jiff::SignedDuration;

pub(super) use self::preview::Readings;
use super::{
    Route,
    frame::Frame,
    gate::{Allow, DESK},
    problem::Problem,
    visit::Visit,
};
use crate::{
    cases::embedded::{EmbeddedError, Import},
    domain::{
        action::{BankAction, RejectedRow},
        history::{Watched, days_observed},
        ids::ExternalId,
        person::Role,
        time::Timestamp,
    },
    store::{CaseImport, SourceState},
    work::watch::source_name,
};

/// Rows on one page.
const PAGE: u32 = 50;
/// Files and imports on the first page.
const FEW: u32 = 10;
/// So far back the observed days are told.
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Who brings and accepts files: everybody but an auditor, who changes nothing.
const IMPORTERS: Allow = Allow::Roles(&[Role::Officer, Role::Approver, Role::Administrator]);
/// Who sees rows that are set aside, by their place in the source.
const ROWS: Allow = Allow::Roles(&[Role::Officer, Role::Approver, Role::Auditor]);

pub(super) fn routes() -> Vec<Route> {
    let upload = post(files::bring).layer(DefaultBodyLimit::max(files::LARGEST_BODY));
    vec![
        Route::get("/source", Allow::SignedIn, get(show)),
        Route::get("/source/aside", ROWS, get(aside)),
        Route::post("/source/row", DESK, post(row)),
        Route::get("/source/files", Allow::SignedIn, get(files::list)),
        Route::get("/source/imports", Allow::SignedIn, get(imports)),
        Route::get("/source/imports/{number}", Allow::SignedIn, get(import)),
        Route::get("/source/import", IMPORTERS, get(files::form)),
        Route::post("/source/import", IMPORTERS, upload),
        Route::get("/source/import/{id}", IMPORTERS, get(preview::show)),
        Route::post("/source/import/{id}/accept", IMPORTERS, post(preview::accept)),
        Route::post("/source/import/{id}/write", IMPORTERS, post(preview::write_again)),
        Route::post("/source/import/{id}/drop", IMPORTERS, post(preview::drop)),
    ]
}

#[derive(Template)]
#[template(path = "source/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    source: &'a str,
    state: SourceState,
    stale: bool,
    oldest: SignedDuration,
    observed: u32,
    watched: Vec<Watched>,
    reasons: Vec<(String, i64)>,
    embedded: bool,
    files: Vec<CaseImport>,
    imports: Vec<Import>,
    may_look: bool,
    may_bring: bool,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let (ctx, store, now) = (visit.ctx(), visit.store(), visit.console.clock().now());
    let (source, role) = (source_name(ctx), visit.person()?.role);
    let state = store.source(source).await?;
    let oldest = ctx.config.ladder.maximum_fact_age;
    let mut watched = store.watched(source, now.minus(MONTH)).await?;
    let observed = days_observed(&watched, visit.console.zone(), now.minus(MONTH), now);
    watched.reverse();
    watched.truncate(FEW as usize);
    let (files, imports) = match &visit.console.0.embedded {
        Some(embedded) => {
            let imports = embedded.imports_before(None, FEW).await.map_err(failed)?;
            (store.case_imports(None, FEW).await?, imports)
        }
        None => (Vec::new(), Vec::new()),
    };
    visit.page(&Show {
        frame: &visit.frame,
        source,
        stale: state.last_ok_at.is_none_or(|read| now.since(read) > oldest),
        state,
        oldest,
        observed,
        watched,
        reasons: store.rejected_reasons(FEW).await?,
        embedded: visit.console.0.embedded.is_some(),
        files,
        imports,
        may_look: ROWS.admits(Some(role)),
        may_bring: IMPORTERS.admits(Some(role)),
    })
}

fn failed(error: EmbeddedError) -> Problem {
    Problem::Failed(error.into())
}

fn page_of(visit: &Visit) -> u32 {
    visit.query.get("page").parse().unwrap_or(0).min(100_000)
}

#[derive(Template)]
#[template(path = "source/aside.html")]
struct Aside<'a> {
    frame: &'a Frame,
    rows: Vec<(RejectedRow, Timestamp)>,
    page: u32,
    more: bool,
}

async fn aside(visit: Visit) -> Result<Response, Problem> {
    let page = page_of(&visit);
    let (by, to) = (visit.by("source set-aside")?, &visit.person()?.id);
    let mut rows = visit.store().rejected_shown(&by, to, page * PAGE, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    visit.page(&Aside { frame: &visit.frame, rows, page, more })
}

#[derive(Template)]
#[template(path = "source/row.html")]
struct Row<'a> {
    frame: &'a Frame,
    action: BankAction,
    as_of: Option<Timestamp>,
    due: Option<Timestamp>,
}

/// Answered by the page itself: nothing of a case goes through an address or a notice.
async fn row(visit: Visit) -> Result<Response, Problem> {
    let id = ExternalId::new(visit.form.filled("id", "source-row-id")?);
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let by = visit.by("source row")?;
    let (action, as_of) = visit.store().action_shown(&by, &desk, &id).await?;
    let due = visit.ctx().limits.due_of(&action).ok();
    visit.page(&Row { frame: &visit.frame, action, as_of, due })
}

#[derive(Template)]
#[template(path = "source/imports.html")]
struct Imports<'a> {
    frame: &'a Frame,
    rows: Vec<Import>,
    older: Option<i64>,
}

async fn imports(visit: Visit) -> Result<Response, Problem> {
    let embedded = visit.console.0.embedded.as_ref().ok_or(Problem::Told("import-live-source"))?;
    let before = visit.query.get("before").parse().ok();
    let mut rows = embedded.imports_before(before, PAGE + 1).await.map_err(failed)?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let older = rows.last().filter(|_| more).map(|last| last.id);
    visit.page(&Imports { frame: &visit.frame, rows, older })
}

#[derive(Template)]
#[template(path = "source/import.html")]
struct Imported<'a> {
    frame: &'a Frame,
    import: Import,
    rows: Vec<(String, String)>,
    page: u32,
    more: bool,
}

async fn import(visit: Visit, Path(number): Path<String>) -> Result<Response, Problem> {
    let embedded = visit.console.0.embedded.as_ref().ok_or(Problem::NotFound)?;
    let number: i64 = number.parse().map_err(|_| Problem::NotFound)?;
    let import = embedded.import(number).await.map_err(failed)?.ok_or(Problem::NotFound)?;
    let page = page_of(&visit);
    let window = (page * PAGE, PAGE + 1);
    let mut rows = embedded.rejected_page(number, window).await.map_err(failed)?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    visit.page(&Imported { frame: &visit.frame, import, rows, page, more })
}
