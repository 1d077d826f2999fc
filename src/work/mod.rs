//! The reconcilers: `run_once(&Ctx)`, no input, idempotent, woken by a timer. The tables are the
//! queue; there is no other.

pub mod accounts;
pub mod alarms;
pub mod annex;
pub mod attribution;
pub mod audit;
pub mod bill;
pub mod case_file;
pub mod clear;
pub mod connecting;
mod counted;
pub mod deliver;
pub mod edit;
pub mod escalate;
pub mod fairness;
pub mod grants;
pub mod hand_off;
pub mod handles;
pub mod imports;
pub mod key_file;
pub mod listen;
pub mod meter;
pub mod oidc;
pub mod order;
pub mod own_timeline;
pub mod passphrase;
pub mod picture;
pub mod rehearse;
pub mod reply_classes;
pub mod report;
pub mod restore;
pub mod saying;
pub mod seal;
pub mod second_factor;
pub mod set_right;
pub mod silence;
pub mod speaking;
pub mod story;
pub mod sweep;
pub mod switch;
pub mod tally;
pub mod view;
pub mod waits;
pub mod watch;
pub mod webhooks;
pub mod weekly;

use std::sync::Arc;

use jiff::SignedDuration;

use crate::{
    cases::CaseSource,
    clock::{Clock, Dice},
    config::Config,
    destinations::http::HttpConfig,
    domain::{
        bank::Directory,
        calendar::limits::Limits,
        delivery::{Delivery, LookRules},
        ids::AccountName,
        wording::Templates,
    },
    store::{Actor, Store},
};

/// Everything that a reconciler needs: no ambient time, randomness or clients.
#[derive(Clone)]
pub struct Ctx {
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub dice: Dice,
    /// The ledger.
    pub store: Store,
    /// The case source.
    pub source: Arc<dyn CaseSource>,
    /// The bank directory.
    pub banks: Arc<Directory>,
    /// The unit's limits on its calendar.
    pub limits: Arc<Limits>,
    /// The checked templates.
    pub templates: Arc<Templates>,
    /// How the platforms are talked to.
    pub http: HttpConfig,
    /// The connected accounts, as they were when this run began.
    pub destinations: speaking::Destinations,
    /// The keepers of the grants of those accounts that have one.
    pub keepers: speaking::Keepers,
    /// The accounts as they are now.
    pub speaking: speaking::Speaking,
    /// This process's name: machine and process id.
    pub process: String,
    /// Everything but sending is done.
    pub shadow: bool,
    /// The stop switch as this process last read it.
    pub switch: switch::Switch,
}

impl Ctx {
    /// The reconciler as the record names it.
    pub fn actor(&self, reconciler: &str) -> Actor {
        Actor::worker(&format!("{reconciler}@{}", self.process))
    }
}

/// What one run did, and what a person may want to know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many things changed.
    pub did: u64,
    /// There is more to do at once.
    pub more: bool,
    /// In words.
    pub notes: Vec<String>,
}

impl Progress {
    /// Nothing changed, and why.
    pub fn note(note: String) -> Self {
        Self { notes: vec![note], ..Self::default() }
    }
}

/// The rules by which a delivery is looked for: its account's. A deletion that is repeated deletes
/// nothing twice.
fn look_rules(ctx: &Ctx, delivery: &Delivery) -> LookRules {
    let rules = look_rules_at(ctx, &delivery.content.account);
    match delivery.content.retracts {
        Some(_) => {
            LookRules { idempotent_for: Some(SignedDuration::from_hours(24 * 365)), ..rules }
        }
        None => rules,
    }
}

/// The rules for looking of an account's destination; the configured ones where this process has no
/// connection to it.
fn look_rules_at(ctx: &Ctx, account: &AccountName) -> LookRules {
    let deliver = &ctx.config.deliver;
    match ctx.destinations.get(account) {
        Some(destination) => destination.look_rules(),
        None => {
            LookRules { grace: deliver.request_timeout + deliver.read_lag, idempotent_for: None }
        }
    }
}
