//! What other systems were told, and what they still are to be told. It is only read here: whom to
//! tell is configured.

use askama::Template;
use axum::{response::Response, routing::get};

use super::{Route, frame::Frame, gate::Allow, orders::page_of, problem::Problem, visit::Visit};
use crate::{config::Webhook, domain::person::Role, store::WebhookRow};

/// Calls on one page.
const PAGE: u32 = 50;

/// Who sees them.
pub(super) const READERS: Allow = Allow::Roles(&[Role::Administrator, Role::Auditor]);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/webhooks", READERS, get(list))]
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct List<'a> {
    frame: &'a Frame,
    hooks: &'a [Webhook],
    rows: Vec<WebhookRow>,
    page: u32,
    more: bool,
}

impl List<'_> {
    /// A webhook's path may be its key: only its host is shown.
    fn host(&self, hook: &&Webhook) -> String {
        let host = hook.url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        host.and_then(|host| host.rsplit('@').next()).unwrap_or("–").to_owned()
    }

    fn events(&self, hook: &&Webhook) -> String {
        let events: Vec<String> = hook.events.iter().map(ToString::to_string).collect();
        events.join(", ")
    }

    /// The end of its message's key.
    fn state(&self, row: &&WebhookRow) -> String {
        row.state().replace(' ', "-")
    }
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let page = page_of(&visit);
    let mut rows = visit.store().webhook_deliveries(page * PAGE, PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let hooks = &visit.ctx().config.console.webhooks;
    visit.page(&List { frame: &visit.frame, hooks, rows, page, more })
}
