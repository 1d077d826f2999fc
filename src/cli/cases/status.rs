//! `takaza cases status` and `silenced`: how the source was read, what is overdue, and what no
//! public text may name.

use std::collections::BTreeMap;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::{
    Globals,
    failure::Outcome,
    output::{Format, table_or},
    times::clock,
};
use crate::{
    domain::{
        ids::{BankCode, ExternalId},
        money::Paise,
        time::Timestamp,
    },
    store::{Overdue, SourceState},
    work::watch::source_name,
};

/// Shows how the source was last read, how old its facts are, and what is overdue
#[derive(Debug, Args)]
pub(in super::super) struct Status {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct StatusView {
    source: String,
    last_read_at: Option<String>,
    last_tried_at: Option<String>,
    last_error: Option<String>,
    failures_in_a_row: u32,
    rejected_rows: i64,
    /// Facts older than this are not relied on.
    maximum_fact_age: String,
    overdue: Vec<BankLine>,
}

#[derive(Serialize)]
struct BankLine {
    bank: String,
    actions: usize,
    /// Whole rupees, rounded down.
    rupees: i64,
    in_an_open_tag: usize,
    /// How many of the actions rest on facts that are too old.
    stale: usize,
    facts_as_of: Option<String>,
}

fn sum(actions: &[Overdue]) -> Paise {
    actions.iter().map(|one| one.seen.action.disputed.unwrap_or_default()).sum()
}

fn oldest(actions: &[Overdue]) -> Option<Timestamp> {
    actions.iter().map(|one| one.seen.as_of).min()
}

impl Status {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let ctx = &app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        let state = ctx.store.source(source_name(ctx)).await?;
        let mut overdue: Vec<(BankCode, Vec<Overdue>)> =
            ctx.store.overdue(source_name(ctx), now).await?.into_iter().collect();
        overdue.sort_by_key(|(_, actions)| std::cmp::Reverse(sum(actions)));
        let limit = ctx.config.ladder.maximum_fact_age;
        let line = |(bank, actions): &(BankCode, Vec<Overdue>)| BankLine {
            bank: bank.to_string(),
            actions: actions.len(),
            rupees: sum(actions).rupees(),
            in_an_open_tag: actions.iter().filter(|one| one.in_open_tag).count(),
            stale: actions.iter().filter(|one| now.since(one.seen.as_of) > limit).count(),
            facts_as_of: oldest(actions).map(|at| at.to_string()),
        };
        let view = StatusView {
            source: source_name(ctx).to_owned(),
            last_read_at: state.last_ok_at.map(|at| at.to_string()),
            last_tried_at: state.last_try_at.map(|at| at.to_string()),
            last_error: state.last_error.clone(),
            failures_in_a_row: state.failures,
            rejected_rows: ctx.store.standing().await?.rejected,
            maximum_fact_age: format!("{limit:#}"),
            overdue: overdue.iter().map(line).collect(),
        };
        self.format.print(&view, |view| people(view, &state, &overdue, zone))
    }
}

fn people(
    view: &StatusView,
    state: &SourceState,
    overdue: &[(BankCode, Vec<Overdue>)],
    zone: &TimeZone,
) -> String {
    let read = state.last_ok_at.map_or_else(
        || "never read; `takaza run-once` or `takaza serve` reads it".to_owned(),
        |at| format!("last read {}", clock(at, zone)),
    );
    let mut text = format!("source {}: {read}", view.source);
    if let Some(error) = &view.last_error {
        text.push_str(&format!("\n{} failures in a row: {error}", view.failures_in_a_row));
    }
    if view.rejected_rows > 0 {
        let rows = view.rejected_rows;
        text.push_str(&format!("\n{rows} rows are set aside (`takaza cases rejected`)"));
    }
    let row = |((bank, actions), line): (&(BankCode, Vec<Overdue>), &BankLine)| {
        vec![
            bank.to_string(),
            line.actions.to_string(),
            sum(actions).grouped(),
            line.in_an_open_tag.to_string(),
            oldest(actions).map_or_else(|| "-".to_owned(), |at| clock(at, zone)),
            if line.stale == 0 { "-".to_owned() } else { line.stale.to_string() },
        ]
    };
    let rows: Vec<_> = overdue.iter().zip(&view.overdue).map(row).collect();
    let headings = ["BANK", "OVERDUE", "AMOUNT", "IN A TAG", "FACTS AS OF", "TOO OLD"];
    text.push_str("\n\n");
    text.push_str(&table_or(&headings, &rows, "nothing is overdue"));
    if view.overdue.iter().any(|line| line.stale > 0) {
        text.push_str(&format!(
            "\n\nFacts older than {} are not relied on: read the source again, import a fresh file, \
             or confirm action by action (`takaza cases confirm`).",
            view.maximum_fact_age
        ));
    }
    text
}

/// Lists overdue actions that no public text may name, with the reason, for the private rungs
#[derive(Debug, Args)]
pub(in super::super) struct Silenced {
    /// Only this bank's
    #[arg(long, value_name = "CODE")]
    bank: Option<String>,
    /// How many to show
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// How many to leave out before them
    #[arg(long, default_value_t = 0)]
    skip: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct SilencedView {
    bank: String,
    external_id: String,
    reason: String,
    since: String,
}

impl Silenced {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let only = self.bank.map(|code| BankCode::new(code.to_uppercase()));
        let listed = app.ctx.store.silenced(0, u32::MAX).await?;
        let rows: Vec<(BankCode, ExternalId, String, Timestamp)> = listed
            .into_iter()
            .filter(|(bank, ..)| only.as_ref().is_none_or(|only| only == bank))
            .collect();
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, reason, _) in &rows {
            *reasons.entry(reason).or_default() += 1;
        }
        let page = || rows.iter().skip(self.skip as usize).take(self.limit as usize);
        let view =
            |(bank, id, reason, since): &(BankCode, ExternalId, String, Timestamp)| SilencedView {
                bank: bank.to_string(),
                external_id: id.expose().to_owned(),
                reason: reason.clone(),
                since: since.to_string(),
            };
        let views: Vec<SilencedView> = page().map(view).collect();
        let zone = app.ctx.limits.calendar().zone();
        self.format.print(&views, |views| {
            let row = |(view, (_, _, _, since)): (&SilencedView, &(_, _, _, Timestamp))| {
                let since = clock(*since, zone);
                vec![view.bank.clone(), view.external_id.clone(), since, view.reason.clone()]
            };
            let lines: Vec<_> = views.iter().zip(page()).map(row).collect();
            let nothing = "every overdue action may be named in a public text, or is in one";
            let table = table_or(&["BANK", "ACTION", "SINCE", "REASON"], &lines, nothing);
            if rows.is_empty() {
                return table;
            }
            let total: Vec<String> =
                reasons.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
            format!("{table}\n\n{} in all:\n{}", rows.len(), total.join("\n"))
        })
    }
}
