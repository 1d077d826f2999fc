//! `takaza cases import`: a unit's own CSV or XLSX file into the embedded case database.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::MaybeSigning,
    times::{clock, instant},
};
use crate::{
    app::App,
    cases::{
        embedded::{EmbeddedCases, EmbeddedError, ImportFile, Stored},
        import::{self, Imported, Mapping},
    },
    domain::ids::PersonId,
    work::imports,
};

/// A file larger than this (bytes) is given by mistake: a million rows take a tenth of it.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// Imports a CSV or XLSX file, by a mapping from its own columns
///
/// docs/case-import.md explains the mapping. Nothing of a column that it does not name is stored.
/// Try it with --dry-run first: it stores nothing and needs no --as.
#[derive(Debug, Args)]
pub(in super::super) struct Import {
    /// The file
    file: PathBuf,
    /// The mapping of its columns (TOML)
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The time as of which the file is true: when it was exported (now). Its facts age from then
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Say what would be stored and refused, and store nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: MaybeSigning,
}

/// What became of the file.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    outcome: import::Outcome,
    dry_run: bool,
    stored: Option<StoredReport>,
}

#[derive(Serialize)]
struct StoredReport {
    import: i64,
    /// The same bytes were imported before: nothing was done.
    before: bool,
    new: u64,
    replaced: u64,
    outdated: u64,
}

impl Import {
    pub(super) async fn run(mut self, globals: &Globals) -> Outcome {
        let (app, by) = match std::mem::take(&mut self.signing).given() {
            Some(signing) => {
                let session = signing.sign_in(globals, "cases import").await?;
                session.person.as_importer(session.app.ctx.clock.now())?;
                (session.app, Some(session.person.id))
            }
            None if self.dry_run => (globals.open().await?, None),
            None => {
                let problem = "name who imports it: --as PERSON, or only try it: --dry-run";
                return Err(Failure::usage(problem));
            }
        };
        let Some(embedded) = &app.embedded else {
            return Err(Failure::refused(
                "this unit reads a live case database ([source]); files are imported where \
                 source.query is \"embedded\"",
            ));
        };
        let imported = self.read(&app)?;
        let stored = match by.filter(|_| !self.dry_run) {
            Some(by) => Some(self.store(&app, embedded, &imported, by).await?),
            None => None,
        };
        let zone = app.ctx.limits.calendar().zone();
        let as_of = clock(imported.as_of, zone);
        let report = Report { outcome: imported.outcome(), dry_run: self.dry_run, stored };
        self.format.print(&report, |report| people(report, &as_of))
    }

    fn read(&self, app: &App) -> Result<Imported, Failure> {
        let ctx = &app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        let as_of = match &self.as_of {
            Some(text) => instant(text, now, zone)?,
            None => now,
        };
        let text =
            std::fs::read_to_string(&self.mapping).map_err(|error| wrong(&self.mapping, error))?;
        let mapping = Mapping::parse(&text).map_err(|error| wrong(&self.mapping, error))?;
        let size = std::fs::metadata(&self.file).map_err(|error| wrong(&self.file, error))?.len();
        if size > LARGEST {
            return Err(wrong(&self.file, "is larger than 2 GiB; divide it"));
        }
        let bytes = std::fs::read(&self.file).map_err(|error| wrong(&self.file, error))?;
        let bar = progress_bar();
        let mut show = |progress: import::Progress| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
        };
        let imported = import::read(&bytes, &mapping, &ctx.banks, as_of, &mut show);
        bar.finish_and_clear();
        imported.map_err(|error| wrong(&self.file, error))
    }

    async fn store(
        &self,
        app: &App,
        embedded: &EmbeddedCases,
        imported: &Imported,
        by: PersonId,
    ) -> Result<StoredReport, Failure> {
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let file = ImportFile {
            name: name.unwrap_or_default(),
            sha256: imported.sha256.clone(),
            as_of: imported.as_of,
            by,
            accepted_by: None,
        };
        let stored = imports::store(embedded, imported, &file, app.ctx.clock.now()).await;
        let (import, before) = match stored {
            Ok(Stored::Now(import)) => (import, false),
            Ok(Stored::Before(import)) => (import, true),
            Err(error @ EmbeddedError::FromTheFuture { .. }) => {
                return Err(Failure::usage(error.to_string()));
            }
            Err(error) => return Err(Failure::failed(error)),
        };
        let (new, replaced, outdated) = (import.new, import.replaced, import.outdated);
        Ok(StoredReport { import: import.id, before, new, replaced, outdated })
    }
}

fn wrong(file: &Path, problem: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {problem}", file.display()))
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn people(report: &Report, as_of: &str) -> String {
    let end = match &report.stored {
        None => "nothing was stored: this was a dry run".to_owned(),
        Some(stored) if stored.before => format!(
            "these very bytes were imported before (import {}): nothing was stored, and the facts \
             keep their age",
            stored.import
        ),
        Some(stored) => format!(
            "import {}: {} new, {} replaced, {} older than what is known; the facts age from {as_of}",
            stored.import, stored.new, stored.replaced, stored.outdated
        ),
    };
    format!("{}{end}", report.outcome)
}
