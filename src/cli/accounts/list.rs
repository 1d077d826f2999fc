//! `takaza account list`.

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::{
    Globals,
    failure::Outcome,
    output::{Format, table_or},
    times::{clock, local},
};
use crate::{
    domain::time::Timestamp,
    store::{AccountRow, GrantRow},
    work::{accounts::Standing, bill, meter},
};

/// Lists accounts with what each may do
#[derive(Debug, Args)]
pub(in super::super) struct List {
    #[command(flatten)]
    format: Format,
}

/// An account and what it may do.
#[derive(Serialize)]
struct AccountView {
    name: String,
    platform: String,
    base_url: String,
    handle: String,
    stable_id: Option<String>,
    sender: String,
    mention: String,
    languages: Vec<String>,
    visibility: String,
    spoiler: Option<String>,
    max_length: u32,
    /// Its tags bear a picture.
    picture: bool,
    honours_idempotency: bool,
    /// Where its token is found, never the token.
    token_from: Option<String>,
    /// When the token of its grant ends, where it has one.
    grant_until: Option<String>,
    standing: String,
    live: bool,
    revoked: bool,
    paused_until: Option<String>,
    paused_why: Option<String>,
    last_heard_at: Option<String>,
    /// What it has spent this month; nothing where its platform charges nothing.
    month: Option<meter::Month>,
}

impl AccountView {
    fn of(
        row: &AccountRow,
        grant: Option<&GrantRow>,
        months: &[meter::Month],
        now: Timestamp,
    ) -> Self {
        let until = grant.and_then(|grant| grant.expires_at);
        let account = &row.account;
        Self {
            name: account.name.to_string(),
            platform: account.platform.to_string(),
            base_url: account.base_url.clone(),
            handle: account.handle.clone(),
            stable_id: account.stable_id.clone(),
            sender: account.sender.to_string(),
            mention: account.mention.to_string(),
            languages: account.languages.iter().map(ToString::to_string).collect(),
            visibility: account.visibility.to_string(),
            spoiler: account.spoiler.clone(),
            max_length: account.max_length,
            picture: account.shows_pictures(),
            honours_idempotency: row.idempotent,
            token_from: row.token_from.clone(),
            grant_until: until.map(|until| until.to_string()),
            standing: Standing::of(row, grant, now).to_string(),
            live: account.live,
            revoked: row.revoked,
            paused_until: row.paused_until.map(|until| until.to_string()),
            paused_why: row.paused_why.clone(),
            last_heard_at: row.last_heard_at.map(|at| at.to_string()),
            month: months.iter().find(|month| month.account == account.name).cloned(),
        }
    }

    fn line(&self, row: &AccountRow, zone: &TimeZone) -> Vec<String> {
        vec![
            self.name.clone(),
            self.platform.clone(),
            format!("@{}", self.handle),
            self.sender.clone(),
            self.mention.clone(),
            self.languages.join(" "),
            self.max_length.to_string(),
            row.last_heard_at.map_or_else(|| "never".to_owned(), |at| clock(at, zone)),
            self.month.as_ref().map_or_else(|| "free".to_owned(), bill::in_short),
            local(&self.standing, zone),
        ]
    }
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let now = app.ctx.clock.now();
        let rows = app.ctx.store.accounts().await?;
        let months = meter::months(&app.ctx).await?;
        let mut views = Vec::new();
        for row in &rows {
            let grant = app.ctx.store.grant(&row.account.name).await?;
            views.push(AccountView::of(row, grant.as_ref(), &months, now));
        }
        let zone = app.ctx.limits.calendar().zone();
        self.format.print(&views, |views| {
            let lines: Vec<_> =
                views.iter().zip(&rows).map(|(view, row)| view.line(row, zone)).collect();
            let headings = [
                "NAME",
                "PLATFORM",
                "HANDLE",
                "SENDER",
                "NAMES BANKS BY",
                "LANGUAGES",
                "LONGEST",
                "LAST HEARD",
                "THIS MONTH",
                "STANDING",
            ];
            table_or(&headings, &lines, "no accounts; `takaza account add` connects one")
        })
    }
}
