//! `takaza post` and `takaza handoff`: what went out, and what an officer posts by hand.

use clap::{Args, Subcommand};

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::Format,
    sign_in::Signing,
};

/// Posts: each delivery's whole history, and how a wrong one is set right.
#[derive(Debug, Subcommand)]
pub(super) enum Post {
    Show(Show),
    List(List),
    Retract(Retract),
    Correct(Correct),
    Annex(Annex),
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
    /// Only this state: waiting, sending, delivered, retracted, withdrawn, refused, uncertain
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only about this bank
    #[arg(long, value_name = "CODE")]
    bank: Option<String>,
    /// How many to show
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// How many to leave out before them
    #[arg(long, default_value_t = 0)]
    skip: u32,
    #[command(flatten)]
    format: Format,
}

/// Drafts a retraction: a held escalation that deletes the post (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Retract {
    /// The post's reference
    reference: String,
    /// Why, for the record
    #[arg(long)]
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
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

/// Prints which cases a post speaks of, for the bank's verified nodal address only
///
/// Takes an officer or approver, and leaves an entry in the record. Never sent by reply or direct
/// message.
#[derive(Debug, Args)]
pub(super) struct Annex {
    /// The post's reference
    reference: String,
    #[command(flatten)]
    format: Format,
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
            Self::Annex(command) => annex(command, globals).await,
        }
    }
}

async fn show(_command: Show, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("post show"))
}

async fn list(_command: List, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("post list"))
}

async fn retract(_command: Retract, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("post retract"))
}

async fn correct(_command: Correct, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("post correct"))
}

async fn annex(_command: Annex, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("post annex"))
}

/// Posts that an officer makes by hand, from the prepared text.
///
/// Taking one is the claim: it is rechecked, counts against the limits, and is the taker's for
/// deliver.hand_off_lease (15 minutes).
#[derive(Debug, Subcommand)]
pub(super) enum Handoff {
    List(ListHandoffs),
    Take(Take),
    Done(Done),
    NotPosted(NotPosted),
}

/// Lists what waits to be posted by hand, and who has taken what
#[derive(Debug, Args)]
pub(super) struct ListHandoffs {
    #[command(flatten)]
    format: Format,
}

/// Takes one: prints the text and an intent link (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Take {
    /// The delivery's id, or its reference where it has one text by hand
    delivery: String,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

/// Enters the permalink of what you posted; it is read back and compared
#[derive(Debug, Args)]
pub(super) struct Done {
    /// The delivery's id or reference
    delivery: String,
    /// The post's own address
    #[arg(long, value_name = "URL")]
    permalink: String,
    #[command(flatten)]
    signing: Signing,
}

/// Says that you did not post it: it waits again, once the timeline confirms it
#[derive(Debug, Args)]
pub(super) struct NotPosted {
    /// The delivery's id or reference
    delivery: String,
    #[command(flatten)]
    signing: Signing,
}

impl Handoff {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => list_handoffs(command, globals).await,
            Self::Take(command) => take(command, globals).await,
            Self::Done(command) => done(command, globals).await,
            Self::NotPosted(command) => not_posted(command, globals).await,
        }
    }
}

async fn list_handoffs(_command: ListHandoffs, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("handoff list"))
}

async fn take(_command: Take, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("handoff take"))
}

async fn done(_command: Done, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("handoff done"))
}

async fn not_posted(_command: NotPosted, _globals: &Globals) -> Outcome {
    Err(Failure::not_built("handoff not-posted"))
}
