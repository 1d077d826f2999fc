//! Bringing a file: bounded, with the form's token read and checked before anything of the file is.

use askama::Template;
use axum::{
    extract::{
        Multipart,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
    response::Response,
};

use super::{
    super::{
        frame::Frame,
        gate::same,
        problem::Problem,
        visit::{Fields, Visit},
    },
    PAGE, failed,
};
use crate::{
    cases::import::{Extract, Mapping},
    domain::time::Timestamp,
    store::CaseImport,
    work::imports::{self, Brought, NotBrought, Waiting},
};

/// The largest file (bytes): a hundred thousand rows and more.
const LARGEST: usize = 20 * 1024 * 1024;
/// The largest mapping and the largest other field (bytes).
const LARGEST_TEXT: usize = 64 * 1024;
/// A form with the largest file.
pub(super) const LARGEST_BODY: usize = LARGEST + 4 * LARGEST_TEXT;
/// What a unit begins with.
const EXAMPLE: &str = include_str!("../../../config/mappings/example.toml");

#[derive(Template)]
#[template(path = "source/form.html")]
struct Form<'a> {
    frame: &'a Frame,
    mapping: String,
}

pub(super) async fn form(visit: Visit) -> Result<Response, Problem> {
    if visit.console.0.embedded.is_none() {
        return Err(Problem::Told("import-live-source"));
    }
    // The unit's own, where it keeps one; else what a unit begins with.
    let own = imports::unit_mapping(&visit.console.0.data).ok();
    let own = own.and_then(|place| std::fs::read_to_string(place).ok());
    let mapping = own.unwrap_or_else(|| EXAMPLE.to_owned());
    visit.page(&Form { frame: &visit.frame, mapping })
}

/// What the form brought.
struct Given {
    fields: Fields,
    name: String,
    bytes: Vec<u8>,
}

pub(super) async fn bring(mut visit: Visit, form: Multipart) -> Result<Response, Problem> {
    let Some(embedded) = visit.console.0.embedded.clone() else {
        return Err(Problem::Told("import-live-source"));
    };
    let Given { fields, name, bytes } = read(&visit, form).await?;
    visit.form = fields;
    let importer = visit.person()?.as_importer(visit.console.clock().now())?;
    let as_of = visit.instant("as_of", "import-as-of")?;
    if bytes.is_empty() {
        return Err(Problem::Missing("import-file"));
    }
    let text = visit.form.exact("mapping").replace("\r\n", "\n");
    let mapping = Mapping::parse(&text).map_err(|error| Problem::Wrong(error.to_string()))?;
    // Aside, so that it holds up nobody else.
    let extract = tokio::task::spawn_blocking(move || Extract::of(&bytes, &mapping)).await;
    let extract = extract.map_err(|error| Problem::Failed(error.into()))?;
    let extract = extract.map_err(|error| Problem::Wrong(error.to_string()))?;
    let brought = Brought { extract: &extract, mapping: &text, name, as_of };
    let (by, waiting) = (visit.by("import propose")?, Waiting::of(&visit.console.0.data));
    let id = imports::bring(visit.ctx(), &embedded, &waiting, (&by, &importer), brought).await;
    let id = id.map_err(|error| not_brought(&visit, error))?;
    visit.done(&format!("/source/import/{id}"), "import-proposed", "").await
}

fn not_brought(visit: &Visit, error: NotBrought) -> Problem {
    match error {
        NotBrought::FromTheFuture => Problem::Told("import-from-the-future"),
        NotBrought::Before(n) => Problem::Wrong(visit.frame.words.with("import-before", "n", n)),
        NotBrought::Waits => Problem::Told("import-waits"),
        NotBrought::Store(error) => error.into(),
        NotBrought::Cases(error) => failed(error),
        NotBrought::Unkept(error) => Problem::Failed(error.into()),
    }
}

/// Reads the form's parts in their order. The first is the token.
async fn read(visit: &Visit, mut form: Multipart) -> Result<Given, Problem> {
    let first = form.next_field().await.map_err(broken)?.ok_or(Problem::StaleForm)?;
    if first.name() != Some("token") {
        return Err(Problem::StaleForm);
    }
    let token = bounded(first, LARGEST_TEXT).await?;
    if !same(&String::from_utf8_lossy(&token), &visit.frame.token) {
        return Err(Problem::StaleForm);
    }
    let mut brought = Given { fields: Fields::default(), name: String::new(), bytes: Vec::new() };
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let given = field.file_name().unwrap_or_default().chars();
            brought.name = given.filter(|c| !c.is_control()).take(200).collect();
            brought.bytes = bounded(field, LARGEST).await?;
        } else if fields.len() < 8 {
            let value = bounded(field, LARGEST_TEXT).await?;
            fields.push((name, String::from_utf8_lossy(&value).into_owned()));
        }
    }
    brought.fields = Fields::of(fields);
    Ok(brought)
}

/// A field's bytes, as far as they are allowed.
async fn bounded(mut field: Field<'_>, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(broken)? {
        if bytes.len() + part.len() > most {
            return Err(Problem::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn broken(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge
    } else {
        Problem::StaleForm
    }
}

#[derive(Template)]
#[template(path = "source/files.html")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<CaseImport>,
    older: Option<String>,
}

pub(super) async fn list(visit: Visit) -> Result<Response, Problem> {
    let before = visit.query.get("before").split_once('.');
    let before = before.and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?), id)));
    let mut rows = visit.store().case_imports(before, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let older = rows.last().filter(|_| more);
    let older = older.map(|last| format!("{}.{}", last.proposed_at.micros(), last.id));
    visit.page(&List { frame: &visit.frame, rows, older })
}
