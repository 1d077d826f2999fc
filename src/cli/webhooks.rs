//! `takaza webhooks`: what other systems were told, and what they still are to be told.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Globals,
    failure::Outcome,
    output::{Format, Page, table_or},
    times::clock,
};
use crate::store::WebhookRow;

/// Webhooks: the calls by which other systems are told what happened (`[[console.webhooks]]`).
#[derive(Debug, Subcommand)]
pub(super) enum Webhooks {
    List(List),
}

impl Webhooks {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => command.run(globals).await,
        }
    }
}

/// Lists the calls of the last 30 days, the latest first: arrived, waiting, given up
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    format: Format,
}

/// One call.
#[derive(Serialize)]
struct CallView {
    webhook: String,
    id: String,
    event: String,
    state: &'static str,
    attempts: u32,
    noted_at: String,
    next_at: Option<String>,
    arrived_at: Option<String>,
    last_said: Option<String>,
    body: String,
}

impl From<&WebhookRow> for CallView {
    fn from(row: &WebhookRow) -> Self {
        Self {
            webhook: row.webhook.clone(),
            id: row.id.clone(),
            event: row.event.clone(),
            state: row.state(),
            attempts: row.attempts,
            noted_at: row.made_at.to_string(),
            next_at: row.next_at.map(|at| at.to_string()),
            arrived_at: row.delivered_at.map(|at| at.to_string()),
            last_said: row.last_said.clone(),
            body: row.body.clone(),
        }
    }
}

impl List {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let rows = app.ctx.store.webhook_deliveries(self.page.skip, self.page.limit).await?;
        let zone = app.ctx.limits.calendar().zone();
        let views: Vec<CallView> = rows.iter().map(CallView::from).collect();
        self.format.print(&views, |_| {
            let line = |row: &WebhookRow| {
                let said = row.last_said.clone().unwrap_or_default();
                vec![
                    row.webhook.clone(),
                    row.event.clone(),
                    row.state().to_owned(),
                    row.attempts.to_string(),
                    clock(row.made_at, zone),
                    said,
                ]
            };
            let lines: Vec<_> = rows.iter().map(line).collect();
            let headings = ["WEBHOOK", "EVENT", "STATE", "TRIES", "NOTED", "LAST ANSWER"];
            table_or(&headings, &lines, "nothing was told yet; [[console.webhooks]] says to whom")
        })
    }
}
