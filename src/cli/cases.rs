//! `takaza cases`: the case source, and the files that are imported into it.

mod accept;
mod import;
mod notes;
mod rejected;
mod status;

use clap::Subcommand;

use self::{
    accept::{Accept, DropFile, ListWaiting},
    import::Import,
    notes::{Confirm, Notice},
    rejected::Rejected,
    status::{Silenced, Status},
};
use super::{Globals, failure::Outcome};

/// The case source: what it says, what was set aside, and what officers add.
#[derive(Debug, Subcommand)]
pub(super) enum Cases {
    Import(Import),
    Waiting(ListWaiting),
    Accept(Accept),
    Drop(DropFile),
    Rejected(Rejected),
    Status(Status),
    Confirm(Confirm),
    Notice(Notice),
    Silenced(Silenced),
}

impl Cases {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Import(command) => command.run(globals).await,
            Self::Waiting(command) => command.run(globals).await,
            Self::Accept(command) => command.run(globals).await,
            Self::Drop(command) => command.run(globals).await,
            Self::Rejected(command) => command.run(globals).await,
            Self::Status(command) => command.run(globals).await,
            Self::Confirm(command) => command.run(globals).await,
            Self::Notice(command) => command.run(globals).await,
            Self::Silenced(command) => command.run(globals).await,
        }
    }
}
