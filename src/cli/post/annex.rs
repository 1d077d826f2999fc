//! `takaza post annex`: the case rows behind a post. They go to the bank's verified nodal address
//! by the unit's own mail and nowhere else; takaza itself sends them to nobody.

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::{
    Globals,
    failure::Outcome,
    output::{Format, table_or},
    sign_in::Signing,
    times::clock,
};
use crate::work::annex;

const WARNING: &str = "For the bank's verified nodal address only. Never in a reply, a direct \
                       message or a public text. That you saw this is on the record.";

/// Prints which cases a post speaks of, for the bank's verified nodal address only
///
/// Takes an officer or approver, and leaves an entry in the record. Never sent by reply or direct
/// message.
#[derive(Debug, Args)]
pub(in super::super) struct Annex {
    /// The post's reference
    reference: String,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Serialize)]
struct AnnexView {
    warning: &'static str,
    reference: String,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    case_ref: String,
    kind: String,
    /// Whole rupees, rounded down.
    amount_rupees: Option<i64>,
    requested_at: String,
    delivered_at: Option<String>,
    due_at: Option<String>,
}

impl Annex {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "post annex").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        let annex = annex::show(ctx, &session.by, &desk, &self.reference).await?;
        let view = AnnexView {
            warning: WARNING,
            reference: annex.reference.to_string(),
            rows: annex.rows.iter().map(view).collect(),
        };
        let zone = ctx.limits.calendar().zone();
        self.format.print(&view, |view| {
            let lines: Vec<_> = annex.rows.iter().map(|row| line(row, zone)).collect();
            let headings = ["CASE", "KIND", "AMOUNT", "REQUESTED", "DELIVERED", "DUE"];
            let nothing = "no rows: they were erased under a rule, or it rests on none";
            let table = table_or(&headings, &lines, nothing);
            format!("{WARNING}\n\n{}\n{table}", view.reference)
        })
    }
}

fn view(row: &annex::Row) -> RowView {
    RowView {
        case_ref: row.case_ref.expose().to_owned(),
        kind: row.kind.to_string(),
        amount_rupees: row.amount.map(|amount| amount.rupees()),
        requested_at: row.requested_at.to_string(),
        delivered_at: row.delivered_at.map(|at| at.to_string()),
        due_at: row.due_at.map(|at| at.to_string()),
    }
}

fn line(row: &annex::Row, zone: &TimeZone) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        row.case_ref.expose().to_owned(),
        row.kind.to_string(),
        or_dash(row.amount.map(|amount| amount.grouped())),
        clock(row.requested_at, zone),
        or_dash(row.delivered_at.map(|at| clock(at, zone))),
        or_dash(row.due_at.map(|at| clock(at, zone))),
    ]
}
