//! `takaza silence` and `takaza alarm`: what must not be said for a while, and what rings.

use clap::{Args, Subcommand};

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::Signing,
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
    #[arg(long, value_name = "NUMBER")]
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
    #[arg(long)]
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

async fn add(_command: Add, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("silence add"))
}

async fn list(_command: List, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("silence list"))
}

async fn lift(_command: Lift, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("silence lift"))
}

/// Alarms: what rings for the duty officer.
///
/// One that nobody takes within alarms.take_within engages the stop switch.
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

async fn list_alarms(_command: ListAlarms, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("alarm list"))
}

async fn take_alarm(_command: TakeAlarm, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("alarm take"))
}
