//! `takaza queue why`: why each delivery waits.

use clap::Args;

use super::super::{
    Globals,
    failure::Outcome,
    output::{Format, table_or},
};
use crate::work::waits::{Waits, waits};

/// Says why each text of an escalation has not gone out
#[derive(Debug, Args)]
pub(in super::super) struct WhyCommand {
    /// Its reference or id
    reference: String,
    #[command(flatten)]
    format: Format,
}

impl WhyCommand {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let row = app.ctx.store.escalation(&self.reference).await?;
        let views = waits(&app.ctx, &row).await?;
        self.format.print(&views, |views| {
            let line = |view: &Waits| {
                vec![
                    format!("{} ({})", view.account, view.language),
                    view.state.clone(),
                    view.waits_for.clone(),
                ]
            };
            let rows: Vec<_> = views.iter().map(line).collect();
            let table = table_or(&["TEXT", "STATE", "WHY"], &rows, "it has no texts");
            let (reference, state) = (&row.escalation.reference, row.escalation.state());
            format!("{reference} is {state}\n{table}")
        })
    }
}
