//! `takaza cases waiting`, `accept` and `drop`: what a second person does about a file that somebody
//! brought, by the rule that the console has.

use clap::Args;
use serde::Serialize;

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        output::{Format, say, table_or},
        sign_in::{MaybeSigning, Session, Signing},
        times::clock,
    },
    import::{embedded_of, on_the_clock, with_progress},
};
use crate::{
    app::App,
    cases::import::{self, Imported},
    domain::{canonical::Hash, importing::ImportState},
    store::CaseImport,
    work::imports::{self, Differs, Unreadable, Waiting},
};

/// Lists the files that wait for a second person, and those whose writing was cut short
#[derive(Debug, Args)]
pub(in super::super) struct ListWaiting {
    /// How many of the latest files to look at
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct WaitingView {
    id: String,
    file: String,
    state: String,
    brought_by: String,
    as_of: String,
}

impl ListWaiting {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let zone = app.ctx.limits.calendar().zone();
        let mut rows = app.ctx.store.case_imports(None, self.limit).await?;
        rows.retain(|row| row.state.is_open());
        let view = |row: &CaseImport| WaitingView {
            id: row.id.clone(),
            file: row.file.name.clone(),
            state: row.state.to_string(),
            brought_by: row.proposed_by.to_string(),
            as_of: row.file.as_of.to_string(),
        };
        let views: Vec<_> = rows.iter().map(view).collect();
        self.format.print(&views, |views| {
            let line = |(view, row): (&WaitingView, &CaseImport)| {
                let as_of = clock(row.file.as_of, zone);
                let by = view.brought_by.clone();
                vec![view.id.clone(), view.file.clone(), view.state.clone(), by, as_of]
            };
            let lines: Vec<_> = views.iter().zip(&rows).map(line).collect();
            let headings = ["ID", "FILE", "STATE", "BROUGHT BY", "TRUE AS OF"];
            table_or(&headings, &lines, "no file waits; `takaza cases import` brings one")
        })
    }
}

/// Says what would become of a file that waits; with --hash, a second person accepts exactly that
///
/// The hash is the last line of what it says. If something else would become of the file now,
/// nothing is written. Whoever brought the file does not accept it.
#[derive(Debug, Args)]
pub(in super::super) struct Accept {
    /// The file's id: `takaza cases waiting`
    id: String,
    /// The hash of what you saw: 64 hexadecimal digits
    #[arg(long, value_name = "HASH", value_parser = hash, requires = "person")]
    hash: Option<Hash>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: MaybeSigning,
}

fn hash(text: &str) -> Result<Hash, String> {
    Hash::parse(text).ok_or_else(|| {
        "a hash has 64 hexadecimal digits; copy it from `takaza cases accept ID`".to_owned()
    })
}

/// What would become of a file, or became of it.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    outcome: import::Outcome,
    hash: String,
    stored: Option<StoredReport>,
}

#[derive(Serialize)]
struct StoredReport {
    import: i64,
    new: u64,
    replaced: u64,
    outdated: u64,
}

impl Accept {
    pub(super) async fn run(mut self, globals: &Globals) -> Outcome {
        let Some(seen) = self.hash else { return self.look(globals).await };
        let signing = std::mem::take(&mut self.signing).given();
        let signing = signing.ok_or_else(|| Failure::usage("name who accepts it: --as PERSON"))?;
        let session = signing.sign_in(globals, "cases accept").await?;
        let (imported, stored) = self.accept(&session, seen).await?;
        self.tell(&session.app, &imported, seen, Some(stored))
    }

    async fn look(&self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        embedded_of(&app)?;
        let row = app.ctx.store.case_import(&self.id).await?;
        let imported = read(&app, &row)?;
        let hash = imports::preview_hash(&imported).map_err(Failure::failed)?;
        self.tell(&app, &imported, hash, None)
    }

    /// What was accepted before and not written is only written.
    async fn accept(
        &self,
        session: &Session,
        seen: Hash,
    ) -> Result<(Imported, StoredReport), Failure> {
        let (app, ctx) = (&session.app, &session.app.ctx);
        let importer = session.person.as_importer(ctx.clock.now())?;
        let cases = embedded_of(app)?;
        let mut row = ctx.store.case_import(&self.id).await?;
        let imported = read(app, &row)?;
        if imports::preview_hash(&imported).map_err(Failure::failed)? != seen {
            return Err(Failure::refused(Differs.to_string()));
        }
        if row.state != ImportState::Accepted {
            ctx.store.accept_import(&session.by, &importer, &self.id, seen).await?;
            row = ctx.store.case_import(&self.id).await?;
        }
        let waiting = Waiting::of(&app.data);
        let done = imports::write(ctx, cases, &waiting, &session.by, (&row, &imported)).await;
        let done = done.map_err(|error| match error.downcast::<Differs>() {
            Ok(differs) => Failure::refused(differs.to_string()),
            Err(error) => error.into(),
        })?;
        let (new, replaced, outdated) = (done.new, done.replaced, done.outdated);
        Ok((imported, StoredReport { import: done.id, new, replaced, outdated }))
    }

    fn tell(
        &self,
        app: &App,
        imported: &Imported,
        hash: Hash,
        stored: Option<StoredReport>,
    ) -> Outcome {
        let zone = app.ctx.limits.calendar().zone();
        let report = Report { outcome: imported.outcome(), hash: hash.to_string(), stored };
        self.format.print(&report, |report| {
            let end = match &report.stored {
                None => format!("nothing is stored yet\nhash {}", report.hash),
                Some(stored) => format!(
                    "import {}: {} new, {} replaced, {} older than what is known",
                    stored.import, stored.new, stored.replaced, stored.outdated
                ),
            };
            on_the_clock(&format!("{}{end}", report.outcome), zone)
        })
    }
}

fn read(app: &App, row: &CaseImport) -> Result<Imported, Failure> {
    if !row.state.is_open() {
        return Err(Failure::refused(format!("this file does not wait: it is {}", row.state)));
    }
    let waiting = Waiting::of(&app.data);
    let read = with_progress(|show| waiting.read(&row.file, &app.ctx.banks, show));
    read.map_err(|error| match error {
        Unreadable::Other => Failure::refused(error.to_string()),
        Unreadable::Mapping(_) => Failure::usage(error.to_string()),
    })
}

/// Drops a file that waits: nothing of it stays
#[derive(Debug, Args)]
pub(in super::super) struct DropFile {
    /// The file's id: `takaza cases waiting`
    id: String,
    #[command(flatten)]
    signing: Signing,
}

impl DropFile {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "cases drop").await?;
        let (app, ctx) = (&session.app, &session.app.ctx);
        let importer = session.person.as_importer(ctx.clock.now())?;
        let row = ctx.store.case_import(&self.id).await?;
        let written = embedded_of(app)?.import_of(&row.file.sha256.to_string()).await;
        if written.map_err(Failure::failed)?.is_some() {
            return Err(Failure::refused(format!(
                "it is written already; `takaza cases accept {}` with its hash notes that",
                self.id
            )));
        }
        ctx.store.drop_import(&session.by, &importer, &self.id).await?;
        Waiting::of(&app.data).forget(&row).map_err(Failure::failed)?;
        say("dropped: nothing of the file is kept")
    }
}
