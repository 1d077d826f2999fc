//! `takaza cases import`: a unit's own CSV or XLSX file, brought for the embedded case database. It
//! waits there for a second person (`accept.rs`), as in the console.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::{MaybeSigning, Session},
    times::{instant, local},
};
use crate::{
    app::App,
    cases::{
        embedded::EmbeddedCases,
        import::{self, Extract, Imported, Mapping, Progress},
    },
    domain::time::Timestamp,
    work::imports::{self, Brought, NotBrought, Waiting},
};

/// A file larger than this (bytes) is given by mistake: a million rows take a tenth of it.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// Imports a CSV or XLSX file, by a mapping from its own columns
///
/// docs/case-import.md explains the mapping. Nothing of a column that it does not name is stored, not
/// even while the file waits. Try it with --dry-run first: it stores nothing and needs no --as. What
/// is brought waits for a second person: `takaza cases accept`.
#[derive(Debug, Args)]
pub(in super::super) struct Import {
    /// The file
    file: PathBuf,
    /// The mapping of its columns, TOML (the only one in the data folder's mappings/)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
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
    /// The file that waits.
    waits: Option<Waits>,
    /// The import of the very same bytes: nothing was done.
    before: Option<i64>,
}

#[derive(Serialize)]
struct Waits {
    id: String,
    /// What a second person accepts, in one hash.
    hash: String,
    /// Nobody else may accept it now.
    alone: bool,
}

/// A file with its mapping, as it is on the disk.
struct Given {
    extract: Extract,
    /// As it is written, and as it is read.
    mapping: (String, Mapping),
    as_of: Timestamp,
}

/// The embedded case database of a unit that has one.
pub(super) fn embedded_of(app: &App) -> Result<&EmbeddedCases, Failure> {
    app.embedded.as_ref().ok_or_else(|| {
        Failure::refused(
            "this unit reads a live case database ([source]); files are imported where \
             source.query is \"embedded\"",
        )
    })
}

impl Import {
    pub(super) async fn run(mut self, globals: &Globals) -> Outcome {
        let signing = std::mem::take(&mut self.signing).given();
        let session = match signing.filter(|_| !self.dry_run) {
            Some(signing) => Some(signing.sign_in(globals, "cases import").await?),
            None if self.dry_run => None,
            None => {
                let problem = "name who imports it: --as PERSON, or only try it: --dry-run";
                return Err(Failure::usage(problem));
            }
        };
        let opened = if session.is_none() { Some(globals.open().await?) } else { None };
        let app = session.as_ref().map(|session| &session.app).or(opened.as_ref());
        let app = app.ok_or_else(|| Failure::usage("nothing is opened"))?;
        embedded_of(app)?;
        let given = self.given(app)?;
        let imported = with_progress(|show| {
            given.extract.judge(&given.mapping.1, &app.ctx.banks, given.as_of, show)
        });
        let mut report = Report {
            outcome: imported.outcome(),
            dry_run: self.dry_run,
            waits: None,
            before: None,
        };
        if let Some(session) = &session {
            self.bring(session, &given, &imported, &mut report).await?;
        }
        let zone = app.ctx.limits.calendar().zone();
        self.format.print(&report, |report| on_the_clock(&people(report), zone))
    }

    fn given(&self, app: &App) -> Result<Given, Failure> {
        let (now, zone) = (app.ctx.clock.now(), app.ctx.limits.calendar().zone());
        let as_of = match &self.as_of {
            Some(text) => instant(text, now, zone)?,
            None => now,
        };
        let place = self.mapping_of(app)?;
        let text = String::from_utf8(bytes_of(&place)?).map_err(|_| wrong(&place, "is no text"))?;
        let mapping = Mapping::parse(&text).map_err(|error| wrong(&place, error))?;
        let bytes = bytes_of(&self.file)?;
        let extract = Extract::of(&bytes, &mapping).map_err(|error| wrong(&self.file, error))?;
        Ok(Given { extract, mapping: (text, mapping), as_of })
    }

    fn mapping_of(&self, app: &App) -> Result<PathBuf, Failure> {
        if let Some(given) = &self.mapping {
            return Ok(given.clone());
        }
        imports::unit_mapping(&app.data).map_err(|why| {
            Failure::usage(format!(
                "no mapping is given, and {why}: name one with --mapping FILE, or put the unit's one \
                 there (config/mappings/example.toml is the annotated one)"
            ))
        })
    }

    async fn bring(
        &self,
        session: &Session,
        given: &Given,
        imported: &Imported,
        report: &mut Report,
    ) -> Outcome {
        let (ctx, person) = (&session.app.ctx, &session.person);
        let importer = person.as_importer(ctx.clock.now())?;
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let brought = Brought {
            extract: &given.extract,
            mapping: &given.mapping.0,
            name: name.unwrap_or_default(),
            as_of: given.as_of,
        };
        let (cases, waiting) = (embedded_of(&session.app)?, Waiting::of(&session.app.data));
        match imports::bring(ctx, cases, &waiting, (&session.by, &importer), brought).await {
            Ok(id) => {
                let hash = imports::preview_hash(imported).map_err(Failure::failed)?.to_string();
                let alone = imports::alone(ctx, &person.id).await?;
                report.waits = Some(Waits { id, hash, alone });
            }
            Err(NotBrought::Before(import)) => report.before = Some(import),
            Err(error @ NotBrought::FromTheFuture) => {
                return Err(Failure::usage(error.to_string()));
            }
            Err(error @ NotBrought::Waits) => return Err(Failure::refused(error.to_string())),
            Err(NotBrought::Store(error)) => return Err(error.into()),
            Err(error @ (NotBrought::Cases(_) | NotBrought::Unkept(_))) => {
                return Err(Failure::failed(error));
            }
        }
        Ok(())
    }
}

/// Runs what tells how far it is, under a bar.
pub(super) fn with_progress<T>(run: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = progress_bar();
    let end = run(&mut |progress: Progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    end
}

/// A pipe or a device may have no end.
fn bytes_of(file: &Path) -> Result<Vec<u8>, Failure> {
    let given = std::fs::metadata(file).map_err(|error| wrong(file, error))?;
    if !given.is_file() {
        return Err(wrong(file, "is no regular file; save what it gives to one"));
    }
    if given.len() > LARGEST {
        return Err(wrong(file, "is larger than 2 GiB; divide it"));
    }
    std::fs::read(file).map_err(|error| wrong(file, error))
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

/// A report with its times on the unit's own clock.
pub(super) fn on_the_clock(report: &str, zone: &TimeZone) -> String {
    report.lines().map(|line| local(line, zone)).collect::<Vec<_>>().join("\n")
}

fn people(report: &Report) -> String {
    let end = match (&report.waits, report.before) {
        (_, Some(import)) => format!(
            "these very bytes were imported before (import {import}): nothing was stored, and the \
             facts keep their age"
        ),
        (Some(Waits { id, hash, alone }), None) => {
            let nobody = "\nNobody else here may accept it yet: an administrator adds a second \
                          person, `takaza person add NAME --name \"…\" --role officer --as ADMIN`";
            let nobody = if *alone { nobody } else { "" };
            format!(
                "nothing is stored yet: a second person looks at it and accepts it, here or in the \
                 console at /source; its facts age from {as_of}\n  takaza cases accept {id}\n  \
                 takaza cases accept {id} --hash {hash} --as PERSON{nobody}",
                as_of = report.outcome.as_of
            )
        }
        (None, None) => "nothing was stored: this was a dry run".to_owned(),
    };
    format!("{}{end}", report.outcome)
}
