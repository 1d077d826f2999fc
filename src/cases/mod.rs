//! The case source: the police's own case database, read-only to us.
//!
//! A live database (PostgreSQL, MariaDB/MySQL or SQLite) is read by a configured query; files are
//! imported into the embedded case database, which is then read by the same SQL adapter.

pub mod embedded;
pub mod import;
pub mod sql;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::SignedDuration;

pub use crate::domain::{action::RejectedRow, measures::DayFigures};
use crate::domain::{action::Sighting, ids::ExternalId, time::Timestamp};

/// One row as the source gave it: good, or set aside.
pub type Row = Result<Sighting, RejectedRow>;

/// One day of the unit's own figures as the source gave it: good, or set aside.
pub type FiguresRow = Result<DayFigures, RejectedRow>;

/// Why the source gave no answer. Says nothing about any action.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It could not be reached or did not answer in time.
    #[error("the case source {name} did not answer: {reason}")]
    Unreachable {
        /// The source's configured name.
        name: String,
        /// What failed, without credentials.
        reason: String,
    },
    /// It answered with something that is not the contract (a column is missing, say).
    #[error("the case source {name} does not fit its contract: {reason}")]
    Contract {
        /// The source's configured name.
        name: String,
        /// What does not fit, and what to do.
        reason: String,
    },
}

/// A read-only view of the police's case database.
///
/// `now` is the caller's clock, read before the call: a row is true as of then, unless the source
/// itself says that it is older. It is never later than the query's start, so a fact is never
/// taken for younger than it is.
#[async_trait]
pub trait CaseSource: Send + Sync {
    /// Rows to look at now. With `since`, on a source that tells changes, those that changed at
    /// or after it; otherwise everything that the source gives. Rows stream, so that a first poll
    /// of a million rows needs no million rows of memory.
    ///
    /// A transaction that began earlier may commit later, with the time of its beginning in
    /// `updated_at`. So the caller polls from the latest `updated_at` that it has seen, *minus*
    /// [`overlap`](Self::overlap), and knows a row that it has already seen by its content. It
    /// moves on only after a stream that ended without an error.
    async fn poll(
        &self,
        now: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<BoxStream<'_, Result<Row, SourceError>>, SourceError>;

    /// The named rows as they are now, for the last look before a send. A row that is missing
    /// from the answer is unknown, never "acted".
    async fn recheck(&self, now: Timestamp, ids: &[ExternalId]) -> Result<Vec<Row>, SourceError>;

    /// Whether the source tells changes (`updated_at`) or only snapshots: in a snapshot a row may
    /// be found to be missing, in changes it may not. Asks the source the first time.
    async fn tells_changes(&self) -> Result<bool, SourceError>;

    /// How far back behind the latest `updated_at` a poll for changes starts.
    fn overlap(&self) -> SignedDuration;

    /// The unit's own figures, a row a day; empty where the source has none.
    async fn figures(&self) -> Result<Vec<FiguresRow>, SourceError> {
        Ok(Vec::new())
    }
}
