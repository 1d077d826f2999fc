//! `takaza silence` and `takaza alarm`: what must not be said for a while, and what rings.

use clap::{Args, Subcommand};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say, table_or},
    sign_in::{Signing, said},
    times::{clock, instant, local},
};
use crate::{
    domain::{alarm::Raised, ids::CaseRef, time::Timestamp},
    store::{SilenceOrder, SilenceScope},
    work::{Ctx, handles, silence},
};

/// Silences: times without public posts about a bank, a case, or everything, under an order.
///
/// A silence overrides every clearance.
#[derive(Debug, Subcommand)]
pub(super) enum Silence {
    Add(Add),
    List(List),
    Lift(Lift),
}

/// Adds a silence (an officer's or approver's act)
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("about").required(true))]
pub(super) struct Add {
    /// About one bank
    #[arg(long, value_name = "CODE", group = "about")]
    bank: Option<String>,
    /// About one case, by its number
    #[arg(long, value_name = "CASE", group = "about")]
    case: Option<String>,
    /// About everything
    #[arg(long, group = "about")]
    all: bool,
    /// The number of the order
    #[arg(long = "order", value_name = "NUMBER", alias = "order-number", value_parser = said)]
    order_number: String,
    /// When it begins (now)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    signing: Signing,
}

/// Lists silences, those in force first
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
}

/// Lifts a silence before its end (an approver's act)
#[derive(Debug, Args)]
pub(super) struct Lift {
    /// Its id
    id: String,
    /// Why, for the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl Silence {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => add(command, globals).await,
            Self::List(command) => list(command, globals).await,
            Self::Lift(command) => lift(command, globals).await,
        }
    }
}

fn scope(command: &Add, ctx: &Ctx) -> Result<SilenceScope, Failure> {
    if let Some(case) = &command.case {
        return Ok(SilenceScope::Case(CaseRef::new(case.trim())));
    }
    let Some(code) = &command.bank else { return Ok(SilenceScope::All) };
    let known = ctx.banks.answers_for(code);
    known.map(SilenceScope::Bank).ok_or_else(|| handles::NotVerified::NoBank(code.clone()).into())
}

async fn add(command: Add, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "silence add").await?;
    let ctx = &session.app.ctx;
    let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
    let from = command.from.as_ref().map(|text| instant(text, now, zone)).transpose()?;
    let from = from.unwrap_or(now);
    let until = instant(&command.until, now, zone)?;
    let order = SilenceOrder {
        scope: scope(&command, ctx)?,
        label: command.order_number.trim().to_owned(),
        from,
        until,
    };
    let id = silence::order(ctx, &session.by, &session.person, &order).await?;
    say(&format!(
        "silence {id} about {} from {} until {}, under order {}; it overrides every clearance",
        about(&order.scope, false),
        clock(from, zone),
        clock(until, zone),
        order.label
    ))
}

/// A case's number is shown only where it was asked for.
fn about(scope: &SilenceScope, whole: bool) -> String {
    match scope {
        SilenceScope::All => "everything".to_owned(),
        SilenceScope::Bank(bank) => bank.to_string(),
        SilenceScope::Case(case) if whole => format!("case {}", case.expose()),
        SilenceScope::Case(_) => "one case".to_owned(),
    }
}

#[derive(Serialize)]
struct SilenceView {
    id: String,
    about: String,
    bank: Option<String>,
    order: String,
    from: String,
    until: String,
    in_force: bool,
}

impl SilenceView {
    fn of(id: &str, order: &SilenceOrder, now: Timestamp) -> Self {
        let bank = match &order.scope {
            SilenceScope::Bank(bank) => Some(bank.to_string()),
            SilenceScope::All | SilenceScope::Case(_) => None,
        };
        Self {
            id: id.to_owned(),
            about: about(&order.scope, true),
            bank,
            order: order.label.clone(),
            from: order.from.to_string(),
            until: order.until.to_string(),
            in_force: order.from <= now,
        }
    }

    fn line(&self, order: &SilenceOrder, zone: &TimeZone) -> Vec<String> {
        let standing = if self.in_force { "in force" } else { "to come" };
        vec![
            self.about.clone(),
            standing.to_owned(),
            clock(order.from, zone),
            clock(order.until, zone),
            self.order.clone(),
            self.id.clone(),
        ]
    }
}

async fn list(command: List, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let now = app.ctx.clock.now();
    let silences = app.ctx.store.silences(now).await?;
    let views: Vec<SilenceView> =
        silences.iter().map(|(id, order)| SilenceView::of(id, order, now)).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let rows: Vec<_> =
            views.iter().zip(&silences).map(|(view, (_, order))| view.line(order, zone)).collect();
        let headings = ["ABOUT", "STANDING", "FROM", "UNTIL", "ORDER", "ID"];
        table_or(&headings, &rows, "no order of silence is in force or to come")
    })
}

async fn lift(command: Lift, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "silence lift").await?;
    let ctx = &session.app.ctx;
    silence::lift(ctx, "cli", &session.person, &command.id, &command.reason).await?;
    say(&format!("silence {} is lifted", command.id))
}

/// Alarms: what rings for the duty officer.
///
/// One that nobody takes within alarms.take_within engages the stop switch, unless it only tells.
#[derive(Debug, Subcommand)]
pub(super) enum Alarm {
    List(ListAlarms),
    Take(TakeAlarm),
}

/// Lists alarms, those that nobody has taken first
#[derive(Debug, Args)]
pub(super) struct ListAlarms {
    #[command(flatten)]
    format: Format,
}

/// Takes an alarm: you look after it (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct TakeAlarm {
    /// Its id
    id: String,
    #[command(flatten)]
    signing: Signing,
}

impl Alarm {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => list_alarms(command, globals).await,
            Self::Take(command) => take_alarm(command, globals).await,
        }
    }
}

/// How many alarms that somebody took are shown below those that wait.
const TAKEN_SHOWN: u32 = 50;

async fn list_alarms(command: ListAlarms, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let store = &app.ctx.store;
    let mut alarms = store.alarms(true, 1000).await?;
    let taken = store.alarms(false, TAKEN_SHOWN).await?;
    alarms.extend(taken.into_iter().filter(|alarm| alarm.taken_at.is_some()));
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&alarms, |alarms| {
        if alarms.is_empty() {
            return "nothing rings, and nothing has".to_owned();
        }
        alarms.iter().map(|alarm| alarm_sheet(alarm, zone)).collect::<Vec<_>>().join("\n\n")
    })
}

/// One alarm in words: a table would cut what to do.
fn alarm_sheet(alarm: &Raised, zone: &TimeZone) -> String {
    let at = |at: Timestamp| clock(at, zone);
    let taken = match (&alarm.taken_by, alarm.taken_at) {
        (Some(by), Some(when)) => format!("taken by {by} at {}", at(when)),
        _ if !alarm.what.stops() => format!("it only tells: takaza alarm take {}", alarm.id),
        _ => format!("NOBODY HAS TAKEN IT: takaza alarm take {}", alarm.id),
    };
    let rung = alarm.rung_at.map_or_else(
        || "it has reached nobody outside the console".to_owned(),
        |when| format!("rung at {}", at(when)),
    );
    let stopped = alarm.stopped_at.map(|when| format!("; it stopped sending at {}", at(when)));
    let over = alarm.over_at.map(|when| format!("; its cause was gone at {}", at(when)));
    format!(
        "{} since {}: {}\n  {rung}{}{}\n  {taken}",
        alarm.what,
        at(alarm.raised_at),
        local(&alarm.detail, zone),
        stopped.unwrap_or_default(),
        over.unwrap_or_default()
    )
}

async fn take_alarm(command: TakeAlarm, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "alarm take").await?;
    let ctx = &session.app.ctx;
    session.person.as_desk(ctx.clock.now())?;
    ctx.store.take_alarm(&session.by, &session.person, command.id.trim()).await?;
    say(&format!("alarm {} is yours: look after it", command.id.trim()))
}
