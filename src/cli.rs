//! The command line. One file a group of commands; each says in its help what it is for and what
//! role it takes.
//!
//! Exit codes: 0 done, 1 something failed, 2 the command or its input is wrong, 3 refused: not
//! allowed, or not in this state.

mod accounts;
mod audit;
mod banks;
mod case_file;
mod cases;
mod config;
mod demo;
mod doctor;
mod erase;
mod failure;
mod gate;
mod guard;
mod handoff;
mod order;
mod output;
mod papers;
mod person;
mod picture;
mod post;
mod queue;
mod report;
mod serve;
mod setup;
mod sign_in;
mod silence;
mod times;
mod view;
mod webhooks;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::{
    failure::{Failure, Outcome},
    times::local_lines,
};
use crate::{
    app::{App, Place},
    config::Config,
    domain::calendar::Calendar,
    telemetry,
};

/// Presses banks in public, on approval, for overdue actions on defrauded money, and keeps the
/// record.
///
/// Everything of one unit lies in one data folder: takaza.toml, the ledger, the embedded case
/// database, the keys. Nothing goes out in public before an account is connected and a named person
/// has turned it live.
#[derive(Debug, Parser)]
#[command(
    name = "takaza",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 done; 1 something failed; 2 the command or its input is wrong; \
                  3 refused: not allowed, or not in this state."
)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Globals {
    /// The configuration's file; the data lie in its folder unless --data names another
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    config: Option<PathBuf>,
    /// The data folder, with its own takaza.toml
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    data: Option<PathBuf>,
    /// Write logs as JSON, also on a terminal
    #[arg(long, global = true, help_heading = "Everywhere")]
    log_json: bool,
    /// Write more logs; secrets and case references are in none of them
    #[arg(long, global = true, help_heading = "Everywhere")]
    debug: bool,
}

impl Globals {
    fn place(&self) -> Place {
        Place { config: self.config.clone(), data: self.data.clone() }
    }

    /// The configuration's file, where there is one, and the data folder, which is there: a slip in
    /// its name must not look like an empty ledger.
    fn found(&self) -> Result<(Option<PathBuf>, PathBuf), Failure> {
        let (file, data) =
            self.place().find().map_err(|error| Failure::usage(error.to_string()))?;
        if self.data.is_some() && !data.is_dir() {
            let data = data.display();
            return Err(Failure::usage(format!(
                "there is no folder {data}; name the unit's own with --data, or set one up: `takaza \
                 setup --data {data}`"
            )));
        }
        Ok((file, data))
    }

    /// The same where a unit has begun: its configuration or its ledger is there.
    fn begun(&self) -> Result<(Option<PathBuf>, PathBuf), Failure> {
        let (file, data) = self.found()?;
        if file.is_none() && !data.join(LEDGER).exists() {
            let data = data.display();
            return Err(Failure::usage(format!(
                "{data} is no unit's folder: it holds neither takaza.toml nor {LEDGER}; name another \
                 with --data, or set a unit up there: `takaza setup --data {data}`"
            )));
        }
        Ok((file, data))
    }

    async fn open(&self) -> Result<App, Failure> {
        self.begun()?;
        Ok(App::open(&self.place()).await?)
    }

    /// The same in a folder that may still be empty: its first person begins it.
    async fn open_new(&self) -> Result<App, Failure> {
        self.found()?;
        Ok(App::open(&self.place()).await?)
    }

    /// An error with its instants on the unit's own clock, where the unit's configuration reads.
    fn local(&self, text: &str) -> String {
        let config = self
            .place()
            .find()
            .ok()
            .and_then(|(file, data)| Config::load(file.as_deref(), &data).ok());
        let calendar = config.and_then(|config| Calendar::new(&config.calendar).ok());
        calendar.map_or_else(|| text.to_owned(), |known| local_lines(text, known.zone()))
    }
}

/// The ledger's file in a data folder, where the configuration names no other.
const LEDGER: &str = "takaza.db";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Setup(setup::Setup),
    Serve(serve::Serve),
    RunOnce(serve::RunOnce),
    Health(serve::Health),
    #[command(subcommand)]
    Cases(cases::Cases),
    #[command(subcommand)]
    Banks(banks::Banks),
    #[command(subcommand)]
    Queue(queue::Queue),
    #[command(subcommand)]
    Order(order::Order),
    #[command(subcommand)]
    Post(post::Post),
    #[command(subcommand)]
    Handoff(handoff::Handoff),
    #[command(subcommand)]
    Report(report::Report),
    #[command(subcommand)]
    Account(accounts::Account),
    #[command(subcommand)]
    Person(person::PersonCommand),
    #[command(subcommand)]
    Silence(silence::Silence),
    #[command(subcommand)]
    Alarm(silence::Alarm),
    Guard(guard::Guard),
    Stop(gate::Stop),
    Resume(gate::Resume),
    #[command(subcommand)]
    Restore(gate::Restore),
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    #[command(subcommand)]
    Audit(audit::Audit),
    Export(audit::Export),
    #[command(name = "case-file")]
    CaseFile(case_file::Make),
    Erase(erase::Erase),
    Doctor(doctor::Doctor),
    #[command(subcommand, name = "config")]
    Configuration(config::Configuration),
    Completions(papers::Completions),
    Man(papers::Man),
}

impl Command {
    async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Demo(command) => command.run(globals).await,
            Self::Setup(command) => command.run(globals).await,
            Self::Serve(command) => command.run(globals).await,
            Self::RunOnce(command) => command.run(globals).await,
            Self::Health(command) => command.run(globals).await,
            Self::Cases(command) => command.run(globals).await,
            Self::Banks(command) => command.run(globals).await,
            Self::Queue(command) => command.run(globals).await,
            Self::Order(command) => command.run(globals).await,
            Self::Post(command) => command.run(globals).await,
            Self::Handoff(command) => command.run(globals).await,
            Self::Report(command) => command.run(globals).await,
            Self::Account(command) => command.run(globals).await,
            Self::Person(command) => command.run(globals).await,
            Self::Silence(command) => command.run(globals).await,
            Self::Alarm(command) => command.run(globals).await,
            Self::Guard(command) => command.run(),
            Self::Stop(command) => command.run(globals).await,
            Self::Resume(command) => command.run(globals).await,
            Self::Restore(command) => command.run(globals).await,
            Self::Webhooks(command) => command.run(globals).await,
            Self::Audit(command) => command.run(globals).await,
            Self::Export(command) => command.run(globals).await,
            Self::CaseFile(command) => command.run(globals).await,
            Self::Erase(command) => command.run(globals).await,
            Self::Doctor(command) => command.run(globals).await,
            Self::Configuration(command) => command.run(globals),
            Self::Completions(command) => command.run(),
            Self::Man(command) => command.run(),
        }
    }

    /// What is logged without `RUST_LOG`: a service tells its work, a command only its trouble.
    const fn logs(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            _ => "warn",
        }
    }
}

/// The whole tree of commands, for completions, man pages and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

/// What takaza writes (the ledger, cases, keys) is its own user's alone: case references are in it.
fn private_files() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    private_files();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version come this way too, and are no error. A closed pipe is none either.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    // Of what others wrote, only takaza knows what may be shown: libraries log the texts they parse.
    let logs = if cli.globals.debug { "info,takaza=debug" } else { cli.command.logs() };
    let outcome = telemetry::logs(cli.globals.log_json, logs)
        .map_err(|error| Failure::usage(format!("{error:#}")))
        .and_then(|()| {
            let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
            runtime.block_on(cli.command.run(&cli.globals))
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(|text| cli.globals.local(text)),
    }
}
