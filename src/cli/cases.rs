//! `takaza cases`: the case source, and the files that are imported into it.

mod import;

use clap::{Args, Subcommand};
use serde::Serialize;

use self::import::Import;
use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
    sign_in::Signing,
};

/// The case source: what it says, what was set aside, and what officers add.
#[derive(Debug, Subcommand)]
pub(super) enum Cases {
    Import(Import),
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
            Self::Rejected(command) => command.run(globals).await,
            Self::Status(command) => status(command, globals).await,
            Self::Confirm(command) => confirm(command, globals).await,
            Self::Notice(command) => notice(command, globals).await,
            Self::Silenced(command) => silenced(command, globals).await,
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
async fn live_rejected(_command: Rejected, _app: &crate::app::App) -> Outcome {
    Err(Failure::not_built("cases rejected"))
}

/// Shows how the source was last read, how old its facts are, and what is overdue
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    format: Format,
}

/// Confirms that an action still pends, on the record (an officer's act)
///
/// Where the source's facts are older than the limit, nothing goes out on them until an officer has
/// confirmed each action.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// The action's id in the case source
    external_id: String,
    #[command(flatten)]
    signing: Signing,
}

/// Enters that the bank was pressed in private about an action (an officer's act)
#[derive(Debug, Args)]
pub(super) struct Notice {
    /// The action's id in the case source
    external_id: String,
    /// The mail's own id, or the number of the letter
    #[arg(long, value_name = "ID")]
    message_id: String,
    /// When it was sent (now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Lists overdue actions that no public text may name, with the reason, for the private rungs
#[derive(Debug, Args)]
pub(super) struct Silenced {
    /// Only this bank's
    #[arg(long, value_name = "CODE")]
    bank: Option<String>,
    #[command(flatten)]
    format: Format,
}

async fn status(_command: Status, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("cases status"))
}

async fn confirm(_command: Confirm, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("cases confirm"))
}

async fn notice(_command: Notice, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("cases notice"))
}

async fn silenced(_command: Silenced, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("cases silenced"))
}
