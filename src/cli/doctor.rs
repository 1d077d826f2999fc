//! `takaza doctor`: what keeps this unit from working, and what to do.

use clap::Args;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
};

/// Checks configuration, databases, credentials, clock and handles, and says what to do
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    format: Format,
}

impl Doctor {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        examine(self, globals).await
    }
}

async fn examine(_command: Doctor, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("doctor"))
}
