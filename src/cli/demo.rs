//! `takaza demo`: the whole path on one machine, without a network.

use std::net::SocketAddr;

use clap::Args;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
};

/// Shows the whole path on this machine: invented banks, a built-in town square, no network
///
/// Its files lie in one folder (--data, or one that it makes and names). Every other command works
/// on that folder too.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the town square's page is shown
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// End by itself after this many seconds
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    #[command(flatten)]
    format: Format,
}

impl Demo {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        play(self, globals).await
    }
}

async fn play(_command: Demo, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("demo"))
}
