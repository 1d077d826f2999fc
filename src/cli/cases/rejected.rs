//! `takaza cases rejected`: every row that breaks the contract, wherever it was met.

use clap::Args;
use serde::Serialize;

use super::super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
    times::clock,
};
use crate::{
    app::App,
    cases::embedded::EmbeddedCases,
    domain::{action::RejectedRow, time::Timestamp},
};

/// Lists rows that break the contract, with their place and the reason
///
/// First what the case source holds and the polls set aside, then what the imports into the embedded
/// case database refused; the latest first in both.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rejected {
    /// Only what this import refused, by its number
    #[arg(long, value_name = "N")]
    import: Option<i64>,
    /// How many to show
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

/// A row, and why it is left out.
#[derive(Serialize)]
struct RejectedView {
    #[serde(flatten)]
    met: Met,
    /// The same in a few words.
    #[serde(skip)]
    from: String,
    place: String,
    reason: String,
}

/// Where a row was met.
#[derive(Serialize)]
#[serde(untagged)]
enum Met {
    /// In the case source.
    Polled { external_id: Option<String>, last_seen_at: String },
    /// In a file.
    Imported { import: i64, file: String, as_of: String },
}

impl Rejected {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let mut views = Vec::new();
        if self.import.is_none() {
            views = set_aside(&app).await?;
        }
        match &app.embedded {
            Some(embedded) => views.extend(refused(embedded, self.import).await?),
            None if self.import.is_some() => {
                let why = "this unit reads a live case database: it has no imports";
                return Err(Failure::usage(why));
            }
            None => {}
        }
        let all = views.len();
        views.truncate(self.limit);
        self.format.print(&views, |views| {
            let rows: Vec<_> = views.iter().map(RejectedView::line).collect();
            let text = table_or(&["FROM", "ROW", "REASON"], &rows, "no row breaks the contract");
            let rest = all - views.len();
            if rest == 0 { text } else { format!("{text}\nand {rest} more (--limit)") }
        })
    }
}

/// What the polls of the case source set aside.
async fn set_aside(app: &App) -> Result<Vec<RejectedView>, Failure> {
    let zone = app.ctx.limits.calendar().zone();
    let rows = app.ctx.store.rejected(0, u32::MAX).await?.into_iter();
    let view = |(row, at): (RejectedRow, Timestamp)| {
        let external_id = row.external_id.map(|id| id.expose().to_owned());
        RejectedView {
            met: Met::Polled { external_id, last_seen_at: at.to_string() },
            from: format!("source, {}", clock(at, zone)),
            place: row.place,
            reason: row.reason,
        }
    };
    Ok(rows.map(view).collect())
}

/// What the imports refused, or one of them.
async fn refused(
    embedded: &EmbeddedCases,
    only: Option<i64>,
) -> Result<Vec<RejectedView>, Failure> {
    let mut imports = embedded.imports().await.map_err(Failure::failed)?;
    imports.retain(|import| only.is_none_or(|only| only == import.id));
    let mut views = Vec::new();
    for import in imports {
        let (file, as_of) = (import.file.name, import.file.as_of.to_string());
        let rows = embedded.rejected(import.id).await.map_err(Failure::failed)?;
        views.extend(rows.into_iter().map(|row| RejectedView {
            met: Met::Imported { import: import.id, file: file.clone(), as_of: as_of.clone() },
            from: format!("import {}, {file}", import.id),
            place: row.place,
            reason: row.reason,
        }));
    }
    Ok(views)
}

impl RejectedView {
    fn line(&self) -> Vec<String> {
        let row = match &self.met {
            Met::Polled { external_id: Some(id), .. } => id,
            _ => &self.place,
        };
        vec![self.from.clone(), row.clone(), self.reason.clone()]
    }
}
