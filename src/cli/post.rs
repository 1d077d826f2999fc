//! `takaza post`: what went out, its whole history, and how a wrong post is set right.

mod annex;
mod replies;
mod timeline;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use self::{
    annex::Annex,
    replies::{Reclass, Replies},
};
use super::{
    Globals,
    failure::Outcome,
    handoff::no,
    output::{Format, Page, say, table_or},
    sign_in::{Signing, said},
    times::{clock, local},
};
use crate::{
    domain::{
        delivery::{State, StateName},
        ids::{AccountName, BankCode},
        platform::Language,
    },
    locale::Locale,
    store::{Actor, DeliveryFilter, Listed},
    work::{
        bill, set_right,
        view::{DeliveryView, HistoryView},
    },
};

/// Posts: each delivery's whole history, and how a wrong one is set right.
#[derive(Debug, Subcommand)]
pub(super) enum Post {
    Show(Show),
    List(List),
    Retract(Retract),
    Correct(Correct),
    Annex(Annex),
    Replies(Replies),
    #[command(name = "reply-class")]
    Reclass(Reclass),
}

/// Shows a post's whole history: drafting, clearance, attempts, receipt, engagement
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its reference, or a delivery's id
    reference: String,
    #[command(flatten)]
    format: Format,
}

/// Lists deliveries, the latest first
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these states, divided by commas: waiting, sending, delivered, retracted, withdrawn,
    /// refused, uncertain (all)
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    state: Vec<StateName>,
    /// Only about this bank
    #[arg(long, value_name = "CODE")]
    bank: Option<String>,
    /// Only from this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    format: Format,
}

/// Drafts a retraction: a held escalation that deletes the post (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Retract {
    /// The post's reference
    reference: String,
    /// Why, for the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

/// Drafts a correction: a held escalation that sets the post right (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Correct {
    /// The post's reference
    reference: String,
    /// Why, for the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl Post {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Show(command) => show(command, globals).await,
            Self::List(command) => list(command, globals).await,
            Self::Retract(command) => retract(command, globals).await,
            Self::Correct(command) => correct(command, globals).await,
            Self::Annex(command) => command.run(globals).await,
            Self::Replies(command) => command.run(globals).await,
            Self::Reclass(command) => command.run(globals).await,
        }
    }
}

fn state(text: &str) -> Result<StateName, String> {
    StateName::parse(text).ok_or_else(|| {
        let known: Vec<&str> = StateName::ALL.iter().map(|state| state.as_str()).collect();
        format!("there is no such state; write one of {}", known.join(", "))
    })
}

async fn show(command: Show, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let history = app.ctx.store.history_of(&command.reference).await?;
    let zone = app.ctx.limits.calendar().zone();
    let bill = bill::bill(&app.ctx, std::slice::from_ref(&history.row)).await?;
    let view = HistoryView::of(&history, &bill);
    let told = timeline::people(&history, &bill, zone, &Locale::new(Language::En)?)?;
    command.format.print(&view, |_| told)
}

/// A delivery in a table.
fn line(view: &DeliveryView, listed: &Listed, zone: &TimeZone) -> Vec<String> {
    let at = match listed.row.delivery.state() {
        State::Delivered(receipt) | State::Retracted(receipt) => receipt.at,
        _ => listed.drafted_at,
    };
    let asks = if view.asks_a_person { " (asks a person)" } else { "" };
    let why = || view.why.as_ref().map(|why| local(why, zone));
    let note = view.permalink.clone().or_else(why).unwrap_or_default();
    vec![
        view.reference.clone(),
        view.bank.clone(),
        view.kind.clone(),
        format!("{} ({})", view.account, view.language),
        format!("{}{asks}", view.state),
        clock(at, zone),
        note,
    ]
}

async fn list(command: List, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let filter = DeliveryFilter {
        states: command.state,
        bank: command.bank.map(|code| BankCode::new(code.to_uppercase())),
        account: command.account.map(AccountName::new),
        page: (command.page.skip, command.page.limit),
        ..DeliveryFilter::default()
    };
    let listed = app.ctx.store.deliveries(&filter).await?;
    let views: Vec<DeliveryView> = listed.iter().map(DeliveryView::of).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let rows: Vec<_> =
            views.iter().zip(&listed).map(|(view, listed)| line(view, listed, zone)).collect();
        let headings = ["REFERENCE", "BANK", "KIND", "ACCOUNT", "STATE", "AT", "WHERE OR WHY"];
        table_or(&headings, &rows, "no deliveries yet; `takaza queue list` shows what is held")
    })
}

async fn retract(command: Retract, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "post retract").await?;
    let ctx = &session.app.ctx;
    session.person.as_desk(ctx.clock.now())?;
    let reason = &command.reason;
    let by = Actor::person(session.person.id.clone(), &format!("cli post retract: {reason}"));
    let new = set_right::draft_retraction(ctx, &by, &command.reference).await;
    let new = new.map_err(|error| no(error, ctx.limits.calendar().zone()))?;
    say(&format!(
        "{new} is drafted: it deletes the posts of {}. An approver must clear it: `takaza queue \
         show {new}`",
        command.reference
    ))
}

async fn correct(command: Correct, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "post correct").await?;
    let ctx = &session.app.ctx;
    session.person.as_desk(ctx.clock.now())?;
    let reason = &command.reason;
    let by = Actor::person(session.person.id.clone(), &format!("cli post correct: {reason}"));
    let new = set_right::draft_correction(ctx, &by, &command.reference).await;
    let new = new.map_err(|error| no(error, ctx.limits.calendar().zone()))?;
    say(&format!(
        "{new} is drafted: it corrects {}. An approver must clear it: `takaza queue show {new}`",
        command.reference
    ))
}
