//! All of takaza's own SQL. A method is one business act in one transaction, and leaves its entry
//! in the record.

mod accounts;
mod actions;
mod alarms;
mod attribution;
mod banks;
mod case_file;
mod case_imports;
mod conditions;
mod db;
mod deliveries;
mod engagements;
mod entries;
mod erase;
mod escalations;
mod export;
mod fairness;
mod gate;
mod grants;
mod handles;
mod history;
mod mark;
mod notes;
mod obstacles;
mod orders;
mod outside;
mod own_posts;
mod people;
mod pictures;
mod prove;
mod record;
mod reply_classes;
mod seal;
mod second_factor;
mod sessions;
mod silences;
mod spend;
mod standing;
mod tallies;
mod timeline;
mod tokens;
mod tree;
mod verify;
mod webhooks;
mod weekly;

use std::sync::Arc;

pub use accounts::AccountRow;
pub use actions::{Note, Sighted, SourceState};
pub use alarms::Way;
pub use attribution::Sampled;
pub use banks::{Deed, OverdueSum};
pub use case_file::CaseEvidence;
pub use case_imports::{CaseImport, NewImport};
pub use conditions::Concerns;
pub use db::{DbTime, RowDigest};
pub use deliveries::{ClaimRules, Claimed, DeliveryRow, Ended, Rechecked, Recorded, Report};
pub use engagements::{Count, Engagement, Noted};
pub use entries::{EntryFilter, RecordedEntry};
pub use erase::{About, Erasable, ErasableRow, Found};
pub use escalations::{
    DisputeRow, Draft, EarlierText, EscalationRow, Evidence, PastPost, Pressed, QueueFilter,
    QueueOrder, StoredClearance,
};
pub use export::{ExportError, ExportRules};
pub use fairness::{OpenTag, Silent};
pub use gate::{BreakerRules, GateState};
pub use grants::{GrantLease, GrantRow, Kept, Leased};
pub use handles::BankHandle;
pub use mark::{Mark, NoMark};
pub use notes::{KeyError, NoteFault, SealKey, create_key, read_checkpoints};
pub use outside::check_evidence;
pub use own_posts::UnadoptedPost;
pub use people::{Ending, Known, Passphrase};
pub use prove::{ConsistencyProof, Proof};
pub use record::{Actor, Entry};
pub use reply_classes::{Reading, Unclassed};
pub use seal::{Broken, SealError, SealRules, Sealed};
pub use second_factor::SecondFactor;
pub use sessions::{EndSessions, Seat, SessionRow, SessionRules, Visit, Visitor};
pub use standing::{Standing, Worker};
pub use tallies::{BankDay, Changes, Charged, TallyStanding};
pub use timeline::{Attempt, DeliveryFilter, EngagementCount, Listed, PostHistory, Sequel};
pub use tokens::{Bearer, TokenRow};
pub use verify::{Erased, Finding, FindingKind, Severity, Verdict};
pub use webhooks::{Telling, Unread, WebhookRow};
pub use weekly::{WeeklyEnd, WeeklyRow};

pub use crate::domain::tagging::{Overdue, SilenceOrder, SilenceScope};

use crate::{
    clock::{Clock, Dice},
    domain::{delivery, escalation, order, person},
};

/// Why the ledger could not do an act. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the ledger's database failed: {0}")]
    Database(sqlx::Error),
    /// The database's server could not be reached.
    #[error(
        "the ledger's database cannot be reached: {0}; see that it runs, and where it is configured"
    )]
    Unreachable(String),
    /// The schema could not be brought up to date.
    #[error("the ledger's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Somebody else changed it meanwhile.
    #[error("{0}; look again and repeat")]
    Conflict(&'static str),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// A row holds something that this version cannot read.
    #[error("the ledger holds something unreadable in {0}; `takaza audit verify` tells more")]
    Corrupt(String),
    /// A person may not.
    #[error(transparent)]
    NotAllowed(#[from] person::NotAllowed),
    /// The escalation's state does not allow it.
    #[error(transparent)]
    Escalation(#[from] escalation::Refused),
    /// The delivery's state does not allow it.
    #[error(transparent)]
    Delivery(#[from] delivery::Illegal),
    /// The standing order does not allow it.
    #[error(transparent)]
    Order(#[from] order::NotInForce),
    /// What was asked for makes no sense here, in words for the asker.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if error.as_database_error().is_some_and(|error| error.is_unique_violation()) {
            return Self::Conflict("somebody else was first");
        }
        Self::Database(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(format!("a JSON document ({error})"))
    }
}

/// The ledger.
#[derive(Clone)]
pub struct Store {
    pool: db::Pool,
    time: DbTime,
    dice: Dice,
}

impl Store {
    /// Opens the ledger at `sqlite:PATH` or `postgres://…` and brings its schema up to date. Leases
    /// are stamped by the database's clock, unless the clock is a story's. Claims are durable before
    /// a byte leaves.
    ///
    /// # Errors
    /// It cannot be reached, or its schema is newer than this version.
    pub async fn open(
        url: &str,
        connections: u32,
        clock: &Clock,
        dice: Dice,
    ) -> Result<Self, StoreError> {
        Self::on(db::Pool::open(url, connections, true).await?, clock, dice).await
    }

    /// The same for a ledger of invented things: it may be lost with the machine's power, and waits
    /// for no disk.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub async fn open_invented(
        url: &str,
        connections: u32,
        clock: &Clock,
        dice: Dice,
    ) -> Result<Self, StoreError> {
        Self::on(db::Pool::open(url, connections, false).await?, clock, dice).await
    }

    async fn on(pool: db::Pool, clock: &Clock, dice: Dice) -> Result<Self, StoreError> {
        pool.migrate().await?;
        let time = match clock {
            Clock::System => DbTime::Database,
            Clock::Stepped(_) => {
                let clock = clock.clone();
                DbTime::Given(Arc::new(move || clock.now()))
            }
        };
        Ok(Self { pool, time, dice })
    }

    async fn write(&self) -> Result<db::Tx, StoreError> {
        self.pool.write(&self.time).await
    }

    async fn read(&self) -> Result<db::Tx, StoreError> {
        self.pool.read(&self.time).await
    }
}
