//! `takaza audit` and `takaza export`: the record, checked and carried out of the house.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::MaybeSigning,
};

/// The record: one entry an act, sealed into a signed Merkle tree.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    Verify(Verify),
    Checkpoint(Checkpoint),
    Prove(Prove),
}

/// Verifies the record: entries, tree, checkpoints, and the tables against the entries
///
/// Any changed, missing, reordered or cut-off entry is named.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Checkpoints to verify against, beside the configured file: those kept elsewhere
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Prints the latest checkpoint: a C2SP signed note
#[derive(Debug, Args)]
pub(super) struct Checkpoint {
    #[command(flatten)]
    format: Format,
}

/// Proves one entry without showing the others: an inclusion proof
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// The entry's id
    entry: String,
    #[command(flatten)]
    format: Format,
}

impl Audit {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Verify(command) => verify(command, globals).await,
            Self::Checkpoint(command) => checkpoint(command, globals).await,
            Self::Prove(command) => prove(command, globals).await,
        }
    }
}

/// Writes everything that an outside check needs, as JSON lines
///
/// Entries, proofs, checkpoints and posts. Cases are aliases, unless an approver asks for the real
/// references, which leaves an entry.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; without it, standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write real case references (an approver's act)
    #[arg(long, requires = "person")]
    real_references: bool,
    #[command(flatten)]
    signing: MaybeSigning,
}

impl Export {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        export(self, globals).await
    }
}

async fn verify(_command: Verify, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("audit verify"))
}

async fn checkpoint(_command: Checkpoint, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("audit checkpoint"))
}

async fn prove(_command: Prove, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("audit prove"))
}

async fn export(_command: Export, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("export"))
}
