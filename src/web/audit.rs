//! The record: looked through, one entry or one item's story at a time, verified, and carried out of
//! the house.

mod check;

use std::io::BufWriter;

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};
use jiff::civil::Date;

pub(super) use self::check::Checks;
use super::{
    Route,
    file::{attachment, nameless, whole},
    frame::Frame,
    gate::{APPROVER, Allow},
    problem::Problem,
    visit::Visit,
};
use crate::{
    domain::{ids::PersonId, person::Role, time::Timestamp},
    store::{Actor, Entry, EntryFilter, ExportError, RecordedEntry, StoreError},
    work::audit::{self, NoExport, NoKey},
};

/// Entries on one page.
const PAGE: usize = 50;

/// Who reads the whole record. An officer reads a post's own story with the post.
const READERS: Allow = Allow::Roles(&[Role::Auditor, Role::Administrator, Role::Approver]);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/audit", READERS, get(list)),
        Route::get("/audit/story", READERS, get(story)),
        Route::get("/audit/entry/{id}", READERS, get(show)),
        Route::get("/audit/entry/{id}/canonical", READERS, get(canonical)),
        Route::get("/audit/entry/{id}/proof", READERS, get(proof)),
        Route::get("/audit/checkpoint", READERS, get(checkpoint)),
        Route::get("/audit/keys", READERS, get(keys)),
        Route::get("/audit/verify", READERS, get(check::show)),
        Route::post("/audit/verify", READERS, post(check::begin)),
        Route::get("/audit/verify/findings", READERS, get(check::findings)),
        Route::get("/audit/export", READERS, get(export)),
        Route::get("/audit/references", APPROVER, get(ask_references)),
        Route::post("/audit/references", APPROVER, post(references)),
    ]
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<RecordedEntry>,
    act: &'a str,
    person: &'a str,
    from: &'a str,
    until: &'a str,
    paged: bool,
    older: Option<String>,
    may_name: bool,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let query = &visit.query;
    let of = query.get("of");
    if !of.is_empty() {
        return Ok(visit.go(&address("/audit/story", &[("of", of)])));
    }
    let (act, person) = (query.get("act"), query.get("person"));
    let (from, until) = (query.get("from"), query.get("until"));
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let before = cursor(query.get("before"));
    let paged = before.is_some();
    let filter = EntryFilter {
        act: given(act),
        person: given(person).map(PersonId::from),
        from: day(&visit, from, false)?.unwrap_or(Timestamp::from_micros(0)),
        until: day(&visit, until, true)?.unwrap_or(Timestamp::from_micros(i64::MAX)),
        before,
        limit: PAGE as u32 + 1,
    };
    let mut rows = visit.store().entries(&filter).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let older = rows.last().filter(|_| more).map(|last| {
        let before = format!("{}.{}", last.entry.at, last.entry.id);
        let kept = [("act", act), ("person", person), ("from", from), ("until", until)];
        let filled = kept.into_iter().filter(|(_, value)| !value.is_empty());
        address("/audit", &filled.chain([("before", before.as_str())]).collect::<Vec<_>>())
    });
    let may_name = visit.person()?.role == Role::Approver;
    let frame = &visit.frame;
    visit.page(&List { frame, rows, act, person, from, until, paged, older, may_name })
}

/// Where a page ended: its last entry's time and id.
fn cursor(text: &str) -> Option<(Timestamp, String)> {
    let (at, id) = text.split_once('.')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.to_owned()))
}

/// The first instant of a day on the unit's clock, or of the day after it.
fn day(visit: &Visit, text: &str, after: bool) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let date = text.parse::<Date>().ok();
    let date = if after { date.and_then(|date| date.tomorrow().ok()) } else { date };
    let zone = visit.console.zone().clone();
    let zoned = date.and_then(|date| date.at(0, 0, 0, 0).to_zoned_datetime(zone).ok());
    let at = zoned.map(|zoned| Timestamp::from(zoned.timestamp()));
    let wrong = || Problem::Wrong(visit.frame.words.with("problem-no-time", "text", text));
    at.map(Some).ok_or_else(wrong)
}

/// An address of the console with these fields after it.
fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{path}?{query}")
}

/// Whoever did it: a person, or the process.
fn who(by: &Actor) -> String {
    by.person.as_ref().map_or_else(|| by.process.clone(), ToString::to_string)
}

/// The story of one subject: an address.
fn story_of(subject: &str) -> String {
    address("/audit/story", &[("of", subject)])
}

#[derive(Template)]
#[template(path = "audit/story.html")]
struct Story<'a> {
    frame: &'a Frame,
    of: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// One entry of a story.
struct Line {
    entry: Entry,
    leaf: Option<i64>,
    at: Timestamp,
}

impl Line {
    fn of(entry: Entry, leaf: Option<i64>) -> Self {
        let at = Timestamp::from_micros(entry.at.parse().unwrap_or_default());
        Self { entry, leaf, at }
    }
}

async fn story(visit: Visit) -> Result<Response, Problem> {
    let of = visit.query.get("of");
    let store = visit.store();
    let mut next = None;
    let (of, lines) = match store.history_of(of).await {
        Ok(history) => {
            let lines = history.entries.into_iter().map(|(leaf, entry)| Line::of(entry, leaf));
            (history.row.escalation.reference.to_string(), lines.collect())
        }
        Err(StoreError::NotFound(_)) => {
            let after = visit.query.get("after").parse().unwrap_or(0);
            let mut rows = store.entries_of(of, after, PAGE as u32 + 1).await?;
            let more = rows.len() > PAGE;
            rows.truncate(PAGE);
            next = rows.last().filter(|_| more).map(|last| {
                address("/audit/story", &[("of", of), ("after", last.entry.seq.as_str())])
            });
            let lines = rows.into_iter().map(|row| Line::of(row.entry, row.leaf));
            (of.to_owned(), lines.collect::<Vec<_>>())
        }
        Err(error) => return Err(error.into()),
    };
    if lines.is_empty() {
        return Err(Problem::NotFound);
    }
    visit.page(&Story { frame: &visit.frame, of, lines, next })
}

#[derive(Template)]
#[template(path = "audit/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    row: RecordedEntry,
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let row = visit.store().entry(&id).await?;
    visit.page(&Show { frame: &visit.frame, row })
}

async fn canonical(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let row = visit.store().entry(&id).await?;
    let name = format!("entry-{}.json", row.entry.id);
    Ok(attachment(&name, "application/json", row.body))
}

async fn proof(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let proof = match visit.store().prove(&id).await {
        Err(StoreError::Refused(_)) => return Err(Problem::Told("audit-not-sealed-yet")),
        proof => proof?,
    };
    let text = serde_json::to_string_pretty(&proof).map_err(|e| Problem::Failed(e.into()))?;
    Ok(attachment(&format!("proof-{id}.json"), "application/json", text))
}

async fn checkpoint(visit: Visit) -> Result<Response, Problem> {
    let note = visit.store().checkpoint().await?;
    let note = note.ok_or(Problem::Told("audit-nothing-sealed"))?;
    Ok(attachment("checkpoint.txt", "text/plain; charset=utf-8", note))
}

async fn keys(visit: Visit) -> Result<Response, Problem> {
    let keys = audit::own_keys(visit.ctx()).map_err(no_key)?;
    let text = format!("{}\n", keys.join("\n"));
    Ok(attachment("public-keys.txt", "text/plain; charset=utf-8", text))
}

async fn export(visit: Visit) -> Result<Response, Problem> {
    write_export(&visit, false).await
}

#[derive(Template)]
#[template(path = "audit/references.html")]
struct AskReferences<'a> {
    frame: &'a Frame,
}

async fn ask_references(visit: Visit) -> Result<Response, Problem> {
    visit.page(&AskReferences { frame: &visit.frame })
}

async fn references(visit: Visit) -> Result<Response, Problem> {
    write_export(&visit, true).await
}

/// The export is written whole before its first byte is given out: whoever reads slowly does not
/// hold the ledger's snapshot.
async fn write_export(visit: &Visit, names: bool) -> Result<Response, Problem> {
    let ctx = visit.ctx();
    let busy = visit.console.0.checks.exporting.try_lock();
    let _one_at_a_time = busy.map_err(|_| Problem::Told("audit-export-busy"))?;
    let signed = if names {
        Some((visit.by("export")?, visit.person()?.as_approver(ctx.clock.now())?))
    } else {
        None
    };
    let failed = |error: std::io::Error| Problem::Failed(error.into());
    let mut writer = BufWriter::new(nameless(&visit.console.0.data, &ctx.dice).map_err(failed)?);
    let references = signed.as_ref().map(|(by, approver)| (by, approver));
    audit::export(ctx, &mut writer, references).await.map_err(not_exported)?;
    let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    let name = if names { "takaza-export-with-references.jsonl" } else { "takaza-export.jsonl" };
    Ok(attachment(name, "application/jsonl", whole(file).map_err(failed)?))
}

fn no_key(error: NoKey) -> Problem {
    match error {
        NoKey::NotYet(_) => Problem::Told("audit-nothing-sealed"),
        NoKey::Unreadable(error) => Problem::Failed(error),
    }
}

fn not_exported(error: NoExport) -> Problem {
    match error {
        NoExport::NoKey(error) => no_key(error),
        NoExport::Ended(ExportError::Store(error)) => error.into(),
        NoExport::Ended(error @ ExportError::Write(_)) => Problem::Failed(error.into()),
    }
}
