//! `takaza account`: the unit's own accounts on platforms.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::Signing,
};

/// The unit's own accounts: connected, live, paused, revoked.
///
/// Nothing goes out in public before an account is connected and a named person has turned it live.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    Add(Box<Add>),
    List(List),
    Connect(Connect),
    Live(Live),
    Unlive(Unlive),
    Pause(Pause),
    Revoke(Revoke),
}

/// Adds an account (an administrator's act)
///
/// A token never stands on the command line: it comes from a file or from the environment.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name that the unit gives it
    name: String,
    /// The platform: mastodon, sandbox, x, bluesky, facebook, …
    #[arg(long)]
    platform: String,
    /// The server's base address
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Its own handle, without the leading @
    #[arg(long)]
    handle: String,
    /// Who presses the button: api or hand-off
    #[arg(long, default_value = "api")]
    sender: String,
    /// How it may name a bank: mention or plain-name
    #[arg(long, default_value = "plain-name")]
    mention: String,
    /// The languages it posts in, divided by commas
    #[arg(long, value_delimiter = ',', default_value = "en,hi")]
    languages: Vec<String>,
    /// Who can see its posts: public, unlisted or private
    #[arg(long, default_value = "public")]
    visibility: String,
    /// The content warning above its posts
    #[arg(long, value_name = "TEXT")]
    content_warning: Option<String>,
    /// The file that holds its token
    #[arg(long, value_name = "FILE", conflicts_with = "token_env")]
    token_file: Option<PathBuf>,
    /// The environment variable that holds its token
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Lists accounts with what each may do
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
}

/// Connects an account: asks the platform who its token is (an administrator's act)
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Turns a connected account live (an approver's act)
///
/// Needs unit.policy_number and unit.authorisation_number in the configuration.
#[derive(Debug, Args)]
pub(super) struct Live {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Takes an account out of the public again (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Unlive {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Pauses an account, or lets it go on (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Pause {
    /// The account's name
    name: String,
    /// Why; without it the pause ends
    #[arg(long, value_name = "REASON")]
    why: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Revokes the platform's grant and says what to do next (an administrator's act)
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

impl Account {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => add(*command, globals).await,
            Self::List(command) => list(command, globals).await,
            Self::Connect(command) => connect(command, globals).await,
            Self::Live(command) => live(command, globals).await,
            Self::Unlive(command) => unlive(command, globals).await,
            Self::Pause(command) => pause(command, globals).await,
            Self::Revoke(command) => revoke(command, globals).await,
        }
    }
}

async fn add(_command: Add, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account add"))
}

async fn list(_command: List, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account list"))
}

async fn connect(_command: Connect, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account connect"))
}

async fn live(_command: Live, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account live"))
}

async fn unlive(_command: Unlive, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account unlive"))
}

async fn pause(_command: Pause, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account pause"))
}

async fn revoke(_command: Revoke, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("account revoke"))
}
