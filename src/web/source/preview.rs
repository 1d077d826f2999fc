//! What would become of a file that was brought: read behind the pages, shown with every refused row
//! and why, and written once a second person accepts it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use askama::Template;
use axum::{extract::Path, response::Response};

use super::{
    super::{Console, frame::Frame, problem::Problem, visit::Visit},
    PAGE, failed, page_of,
};
use crate::{
    cases::{
        embedded::EmbeddedCases,
        import::{Outcome, Progress, RefusalLine},
    },
    domain::{canonical::Hash, importing::ImportState},
    store::{Actor, CaseImport},
    work::{
        Ctx,
        imports::{self, Differs, Unreadable, Waiting},
    },
};

/// The files that this process reads or writes now, and how the last attempt at each ended.
#[derive(Default)]
pub(in super::super) struct Readings(Mutex<BTreeMap<String, Arc<Reading>>>);

/// One file that is read or written.
#[derive(Default)]
pub(super) struct Reading {
    done: AtomicUsize,
    total: AtomicUsize,
    /// How it ended: well, or why not, for its reader.
    end: OnceLock<Result<(), Why>>,
}

/// Why a file was not read or written.
enum Why {
    /// In a sentence that names no cell.
    Said(String),
    /// What is to become of it is not what was accepted any more.
    Differs,
    /// The log says it.
    Failed,
}

impl Readings {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Arc<Reading>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, id: &str) -> Option<Arc<Reading>> {
        self.with(|all| all.get(id).cloned())
    }

    /// A new one, unless one runs.
    fn begin(&self, id: &str) -> Option<Arc<Reading>> {
        self.with(|all| {
            if all.get(id).is_some_and(|one| one.runs()) {
                return None;
            }
            // What ended long ago is told by the ledger.
            all.retain(|_, one| one.runs());
            let reading = Arc::new(Reading::default());
            all.insert(id.to_owned(), reading.clone());
            Some(reading)
        })
    }
}

impl Reading {
    fn runs(&self) -> bool {
        self.end.get().is_none()
    }

    fn tell(&self, progress: Progress) {
        self.done.store(progress.done, Ordering::Relaxed);
        self.total.store(progress.total, Ordering::Relaxed);
    }
}

/// What is needed to read and write a file behind the pages.
struct Desk {
    ctx: Ctx,
    embedded: EmbeddedCases,
    waiting: Waiting,
}

impl Desk {
    fn of(console: &Console) -> Result<Self, Problem> {
        let embedded = console.0.embedded.clone().ok_or(Problem::Told("import-live-source"))?;
        let (ctx, waiting) = (console.ctx().clone(), Waiting::of(&console.0.data));
        Ok(Self { ctx, embedded, waiting })
    }

    /// Reads a file aside, so that it holds up nobody else.
    async fn read(
        &self,
        row: &CaseImport,
        reading: &Arc<Reading>,
    ) -> anyhow::Result<crate::cases::import::Imported> {
        let (waiting, banks) = (self.waiting.clone(), self.ctx.banks.clone());
        let (file, reading) = (row.file.clone(), reading.clone());
        let read = tokio::task::spawn_blocking(move || {
            waiting.read(&file, &banks, &mut |progress| reading.tell(progress))
        });
        Ok(read.await??)
    }

    async fn preview(&self, row: &CaseImport, reading: &Arc<Reading>) -> anyhow::Result<()> {
        let imported = self.read(row, reading).await?;
        self.waiting.keep_preview(&row.id, &imported, &self.ctx.dice)?;
        Ok(())
    }

    /// Reads once more what was accepted, and writes it.
    async fn write(
        &self,
        row: &CaseImport,
        by: &Actor,
        reading: &Arc<Reading>,
    ) -> anyhow::Result<()> {
        let imported = self.read(row, reading).await?;
        let Self { ctx, embedded, waiting } = self;
        imports::write(ctx, embedded, waiting, by, (row, &imported)).await?;
        Ok(())
    }
}

fn why(error: &anyhow::Error) -> Why {
    if error.is::<Differs>() {
        return Why::Differs;
    }
    if let Some(said) = error.downcast_ref::<Unreadable>() {
        return Why::Said(said.to_string());
    }
    tracing::error!("a file of cases was not read or written: {error:#}");
    Why::Failed
}

/// Reads the file behind the pages, unless that is under way.
fn begin_reading(console: &Console, row: &CaseImport) -> Result<(), Problem> {
    let desk = Desk::of(console)?;
    let Some(reading) = console.0.imports.begin(&row.id) else { return Ok(()) };
    let row = row.clone();
    tokio::spawn(async move {
        // In a task of its own, so that whatever becomes of it, this one has an end.
        let seen = reading.clone();
        let run = tokio::spawn(async move { desk.preview(&row, &seen).await });
        let _ = reading.end.set(ended(run.await));
    });
    Ok(())
}

fn begin_writing(console: &Console, row: CaseImport, by: Actor) -> Result<(), Problem> {
    let desk = Desk::of(console)?;
    let Some(reading) = console.0.imports.begin(&row.id) else { return Ok(()) };
    tokio::spawn(async move {
        let seen = reading.clone();
        let run = tokio::spawn(async move { desk.write(&row, &by, &seen).await });
        let _ = reading.end.set(ended(run.await));
    });
    Ok(())
}

fn ended(run: Result<anyhow::Result<()>, tokio::task::JoinError>) -> Result<(), Why> {
    run.map_err(anyhow::Error::from).flatten().map_err(|error| why(&error))
}

#[derive(Template)]
#[template(path = "source/preview.html")]
struct Show<'a> {
    frame: &'a Frame,
    row: CaseImport,
    preview: Option<(Outcome, Hash)>,
    reading: Option<Arc<Reading>>,
    runs: bool,
    own: bool,
    /// Nobody else may accept it.
    alone: bool,
    page: u32,
}

impl Show<'_> {
    fn waits(&self) -> bool {
        self.row.state == ImportState::Waiting
    }

    fn accepted(&self) -> bool {
        self.row.state == ImportState::Accepted
    }

    fn open(&self) -> bool {
        self.row.state.is_open()
    }

    fn done(&self) -> usize {
        self.reading.as_ref().map_or(0, |reading| reading.done.load(Ordering::Relaxed))
    }

    fn total(&self) -> usize {
        self.reading.as_ref().map_or(0, |reading| reading.total.load(Ordering::Relaxed))
    }

    /// Why it was not read or written.
    fn why(&self) -> Option<String> {
        let ended = self.reading.as_ref()?.end.get()?;
        Some(match ended.as_ref().err()? {
            Why::Said(text) => text.clone(),
            Why::Differs => self.frame.t("import-differs"),
            Why::Failed => self.frame.t("import-failed"),
        })
    }

    fn refusals<'o>(&self, outcome: &'o Outcome) -> &'o [RefusalLine] {
        let from = (self.page as usize * PAGE as usize).min(outcome.refusals.len());
        let until = (from + PAGE as usize).min(outcome.refusals.len());
        &outcome.refusals[from..until]
    }

    fn more(&self, outcome: &Outcome) -> bool {
        (self.page as usize + 1) * (PAGE as usize) < outcome.refusals.len()
    }
}

pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let row = visit.store().case_import(&id).await?;
    let console = &visit.console;
    let waiting = Waiting::of(&console.0.data);
    // Another process may have taken the file in, or this one was restarted meanwhile.
    if row.state == ImportState::Waiting
        && waiting.preview(&id).is_none()
        && console.0.imports.get(&id).is_none()
    {
        begin_reading(console, &row)?;
    }
    let reading = console.0.imports.get(&id);
    // Asked in this order: what ended before has left its traces, what ends meanwhile is asked again.
    let runs = reading.as_ref().is_some_and(|reading| reading.runs());
    let (preview, row) = (waiting.preview(&id), visit.store().case_import(&id).await?);
    let own = row.proposed_by == visit.person()?.id;
    let alone = own && imports::alone(visit.ctx(), &row.proposed_by).await?;
    let page = page_of(&visit);
    visit.page(&Show { frame: &visit.frame, row, preview, reading, runs, own, alone, page })
}

pub(super) async fn accept(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let importer = visit.person()?.as_importer(visit.console.clock().now())?;
    let seen = Hash::parse(visit.form.get("preview")).ok_or(Problem::StaleForm)?;
    let preview = Waiting::of(&visit.console.0.data).preview(&id);
    if preview.is_none_or(|(_, hash)| hash != seen) {
        return Err(Problem::Changed(visit.frame.t("import-differs")));
    }
    let by = visit.by("import accept")?;
    visit.store().accept_import(&by, &importer, &id, seen).await?;
    let row = visit.store().case_import(&id).await?;
    begin_writing(&visit.console, row, by)?;
    visit.done(&format!("/source/import/{id}"), "import-accepted", "").await
}

pub(super) async fn write_again(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    visit.person()?.as_importer(visit.console.clock().now())?;
    let row = visit.store().case_import(&id).await?;
    if row.state != ImportState::Accepted {
        return Err(Problem::Told("import-not-accepted"));
    }
    begin_writing(&visit.console, row, visit.by("import write")?)?;
    Ok(visit.go(&format!("/source/import/{id}")))
}

pub(super) async fn drop(visit: Visit, Path(id): Path<String>) -> Result<Response, Problem> {
    let importer = visit.person()?.as_importer(visit.console.clock().now())?;
    if visit.console.0.imports.get(&id).is_some_and(|reading| reading.runs()) {
        return Err(Problem::Told("import-runs"));
    }
    let row = visit.store().case_import(&id).await?;
    // Written, and only the ledger's word about it was cut short: it is to be said, not dropped.
    let sha256 = row.file.sha256.to_string();
    if Desk::of(&visit.console)?.embedded.import_of(&sha256).await.map_err(failed)?.is_some() {
        return Err(Problem::Told("import-written"));
    }
    visit.store().drop_import(&visit.by("import drop")?, &importer, &id).await?;
    let forgotten = Waiting::of(&visit.console.0.data).forget(&row);
    forgotten.map_err(|error| Problem::Failed(error.into()))?;
    visit.done("/source", "import-dropped", "").await
}
