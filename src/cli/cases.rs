//! `takaza cases`: the case source, and the files that are imported into it.

mod accept;
mod import;
mod notes;
mod status;

use clap::{Args, Subcommand};
use serde::Serialize;

use self::{
    accept::{Accept, DropFile, ListWaiting},
    import::Import,
    notes::{Confirm, Notice},
    status::{Silenced, Status},
};
use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
    times::clock,
};

use crate::domain::time::Timestamp;

/// The case source: what it says, what was set aside, and what officers add.
#[derive(Debug, Subcommand)]
pub(super) enum Cases {
    Import(Import),
    Waiting(ListWaiting),
    Accept(Accept),
    Drop(DropFile),
    Rejected(Rejected),
    Status(Status),
    Confirm(Confirm),
    Notice(Notice),
    Silenced(Silenced),
}

impl Cases {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Import(command) => command.run(globals).await,
            Self::Waiting(command) => command.run(globals).await,
            Self::Accept(command) => command.run(globals).await,
            Self::Drop(command) => command.run(globals).await,
            Self::Rejected(command) => command.run(globals).await,
            Self::Status(command) => command.run(globals).await,
            Self::Confirm(command) => command.run(globals).await,
            Self::Notice(command) => command.run(globals).await,
            Self::Silenced(command) => command.run(globals).await,
        }
    }
}

/// Lists rows that break the contract, with their place and the reason
///
/// For the embedded case database: what the imports refused, the latest import first.
#[derive(Debug, Args)]
pub(super) struct Rejected {
    /// Only this import's, by its number
    #[arg(long, value_name = "N")]
    import: Option<i64>,
    /// How many to show
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct RejectedView {
    import: i64,
    file: String,
    as_of: String,
    place: String,
    reason: String,
}

impl Rejected {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let Some(embedded) = &app.embedded else { return live_rejected(self, &app).await };
        let mut views = Vec::new();
        for import in embedded.imports().await.map_err(Failure::failed)? {
            if self.import.is_some_and(|wanted| wanted != import.id) {
                continue;
            }
            for row in embedded.rejected(import.id).await.map_err(Failure::failed)? {
                views.push(RejectedView {
                    import: import.id,
                    file: import.file.name.clone(),
                    as_of: import.file.as_of.to_string(),
                    place: row.place,
                    reason: row.reason,
                });
            }
        }
        let all = views.len();
        views.truncate(self.limit);
        self.format.print(&views, |views| {
            let row = |view: &RejectedView| {
                let import = format!("{} {}", view.import, view.file);
                vec![import, view.place.clone(), view.reason.clone()]
            };
            let rows: Vec<_> = views.iter().map(row).collect();
            let text = table_or(&["IMPORT", "PLACE", "REASON"], &rows, "no import refused a row");
            let rest = all - views.len();
            if rest == 0 { text } else { format!("{text}\nand {rest} more (--limit)") }
        })
    }
}

/// Rows that a live source's polls set aside.
async fn live_rejected(command: Rejected, app: &crate::app::App) -> Outcome {
    #[derive(Serialize)]
    struct SetAside {
        external_id: Option<String>,
        place: String,
        reason: String,
        last_seen_at: String,
    }
    if command.import.is_some() {
        return Err(Failure::usage("this unit reads a live case database: it has no imports"));
    }
    let limit = u32::try_from(command.limit).unwrap_or(u32::MAX);
    let rows = app.ctx.store.rejected(0, limit).await?;
    let view = |(row, at): &(crate::domain::action::RejectedRow, Timestamp)| SetAside {
        external_id: row.external_id.as_ref().map(|id| id.expose().to_owned()),
        place: row.place.clone(),
        reason: row.reason.clone(),
        last_seen_at: at.to_string(),
    };
    let views: Vec<SetAside> = rows.iter().map(view).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let row = |(view, (_, at)): (&SetAside, &(_, Timestamp))| {
            let id = view.external_id.clone().unwrap_or_else(|| view.place.clone());
            vec![id, clock(*at, zone), view.reason.clone()]
        };
        let lines: Vec<_> = views.iter().zip(&rows).map(row).collect();
        table_or(&["ROW", "LAST SEEN", "REASON"], &lines, "no row breaks the contract")
    })
}
