//! The case source over PostgreSQL, MariaDB/MySQL or SQLite, by a configured query.
//!
//! Invariants: nothing is ever written; no column outside the contract is read; a row that breaks
//! the contract breaks alone; no message holds a password or the content of a cell.
//!
//! There is no pool: a poll comes once a minute, and a connection that is opened for it says at
//! once and truly why it cannot be. One idle connection is kept for the rechecks between.

mod columns;
mod config;
mod fault;
mod figures;
mod link;
mod plan;
mod read;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use jiff::{SignedDuration, tz::TimeZone};
use tokio::sync::{Mutex, mpsc};

use self::{
    config::Timeouts,
    link::{Link, Target},
    plan::{BATCH, Plan, Statement, Wish},
    read::RowReader,
};
pub use self::{
    config::{Mode, SqlSourceConfig},
    plan::fixed_width,
    read::{BankRef, BankResolver},
};
use super::{CaseSource, FiguresRow, RejectedRow, Row, SourceError};
use crate::domain::{ids::ExternalId, time::Timestamp};

/// The embedded case database's own query, by the name `embedded`.
const EMBEDDED: &str = "SELECT external_id, case_ref, bank_code, kind, layer, disputed_amount, \
    requested_at, delivered_at, due_at, complete, status, acted_at, lien_amount, contacts, \
    last_contact_at, updated_at, as_of, set_aside FROM bank_action";

/// The unit's own figures there.
const EMBEDDED_FIGURES: &str =
    "SELECT day, complaints, amount_defrauded, amount_recovered, arrests FROM day_figures";

/// How many rows may be read ahead of whoever takes them.
const AHEAD: usize = 256;

/// A read-only view of a case database.
pub struct SqlSource {
    access: Arc<Access>,
    config: SqlSourceConfig,
    resolve: BankResolver,
    /// What is asked, once the query's columns are known; forgotten after an error, in case the
    /// columns have changed.
    known: Mutex<Option<Arc<Known>>>,
}

/// How the database is reached.
struct Access {
    name: String,
    target: Target,
    zone: TimeZone,
    timeouts: Timeouts,
    idle: Mutex<Option<Link>>,
}

/// What is asked, and how its answer is read.
struct Known {
    plan: Plan,
    reader: RowReader,
}

impl SqlSource {
    /// Reads the configuration and connects to nothing yet: a source that is down when the
    /// service starts must not keep it from starting.
    ///
    /// # Errors
    /// The url, the zone or a time limit of the configuration cannot be used. None quotes the url.
    pub fn new(config: SqlSourceConfig, resolve: BankResolver) -> anyhow::Result<Self> {
        let target = Target::parse(&config.resolve_url()?)?;
        Self::at(target, config, resolve)
    }

    /// The embedded case database in the file of `options`.
    pub(super) fn embedded(
        options: sqlx::sqlite::SqliteConnectOptions,
        resolve: BankResolver,
    ) -> anyhow::Result<Self> {
        let config = SqlSourceConfig { zone: "UTC".to_owned(), ..SqlSourceConfig::default() };
        Self::at(Target::Sqlite(options), config, resolve)
    }

    fn at(target: Target, config: SqlSourceConfig, resolve: BankResolver) -> anyhow::Result<Self> {
        let access = Access {
            name: config.name.clone(),
            target,
            zone: config.time_zone()?,
            timeouts: config.timeouts()?,
            idle: Mutex::new(None),
        };
        Ok(Self { access: Arc::new(access), config, resolve, known: Mutex::new(None) })
    }

    fn is_embedded(&self) -> bool {
        self.config.query.trim() == "embedded"
    }

    async fn known(&self) -> Result<Arc<Known>, SourceError> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let found = Arc::new(self.discover().await?);
        *known = Some(found.clone());
        Ok(found)
    }

    async fn discover(&self) -> Result<Known, SourceError> {
        let embedded = self.is_embedded();
        let query = if embedded { EMBEDDED } else { &self.config.query };
        let mut link = self.access.open().await?;
        let described = self.access.in_time(link.describe(plan::describe(query))).await?;
        self.access.keep(link).await;
        let wish = Wish {
            dialect: self.access.target.dialect(),
            query,
            embedded,
            changes: self.config.mode != Mode::Snapshot,
            zone: &self.access.zone,
        };
        let plan = Plan::new(&wish, &described).map_err(|reason| self.contract(reason))?;
        if self.config.mode == Mode::Changes && !plan.tells_changes() {
            let reason = "the query must also select updated_at, or set mode = \"snapshot\"";
            return Err(self.contract(reason.to_owned()));
        }
        let reader = RowReader {
            columns: plan.columns.clone(),
            zone: self.access.zone.clone(),
            resolve: self.resolve.clone(),
        };
        Ok(Known { plan, reader })
    }

    async fn forget<T>(&self, answer: Result<T, SourceError>) -> Result<T, SourceError> {
        if answer.is_err() {
            *self.known.lock().await = None;
        }
        answer
    }

    fn contract(&self, reason: String) -> SourceError {
        SourceError::Contract { name: self.access.name.clone(), reason }
    }

    async fn look_up(
        &self,
        known: &Known,
        now: Timestamp,
        ids: &[ExternalId],
    ) -> Result<Vec<Row>, SourceError> {
        let mut link = self.access.open().await?;
        let mut rows = Vec::with_capacity(ids.len());
        let ids: Vec<_> = ids.iter().collect::<HashSet<_>>().into_iter().collect();
        for batch in ids.chunks(BATCH) {
            let cells = self.access.all(&mut link, known.plan.recheck(batch)).await?;
            let found = cells.iter().map(|cells| known.reader.read(cells, now));
            rows.extend(only_asked(batch, found));
        }
        self.access.keep(link).await;
        Ok(rows)
    }
}

#[async_trait]
impl CaseSource for SqlSource {
    async fn poll(
        &self,
        now: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<BoxStream<'_, Result<Row, SourceError>>, SourceError> {
        let known = self.known().await?;
        let link = self.forget(self.access.open().await).await?;
        let since = since.filter(|_| known.plan.tells_changes());
        let statement = known.plan.poll(since);
        // Only where the database's own comparison was coarse.
        let leave_out = since.filter(|_| known.plan.coarse());
        let rows = self.access.clone().stream(link, statement).filter_map(move |cells| {
            let row = cells.map(|cells| known.reader.read(&cells, now));
            std::future::ready(Some(row).filter(|row| !is_older(row, leave_out)))
        });
        Ok(rows.then(move |row| async move { self.forget(row).await }).boxed())
    }

    async fn recheck(&self, now: Timestamp, ids: &[ExternalId]) -> Result<Vec<Row>, SourceError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.known().await?;
        self.forget(self.look_up(&known, now, ids).await).await
    }

    async fn tells_changes(&self) -> Result<bool, SourceError> {
        Ok(self.known().await?.plan.tells_changes())
    }

    fn overlap(&self) -> SignedDuration {
        self.config.overlap
    }

    async fn figures(&self) -> Result<Vec<FiguresRow>, SourceError> {
        let embedded = self.is_embedded().then_some(EMBEDDED_FIGURES);
        let Some(query) = self.config.figures_query.as_deref().or(embedded) else {
            return Ok(Vec::new());
        };
        let mut link = self.access.open().await?;
        let described = self.access.in_time(link.describe(plan::describe(query))).await?;
        let statement = figures::statement(self.access.target.dialect(), query, &described)
            .map_err(|reason| self.contract(reason))?;
        let rows = self.access.all(&mut link, statement).await?;
        self.access.keep(link).await;
        Ok(rows.iter().map(|cells| figures::read(cells)).collect())
    }
}

impl Access {
    /// The idle connection, where it still answers and reads the file that is there now, or a new
    /// one.
    async fn open(&self) -> Result<Link, SourceError> {
        let idle = self.idle.lock().await.take();
        if let Some(mut link) = idle
            && self.target.is_where(&link)
            && link.alive(self.timeouts.connect).await
        {
            return Ok(link);
        }
        let patience = self.timeouts.connect;
        match tokio::time::timeout(patience, self.target.connect(&self.zone)).await {
            Ok(link) => link.map_err(|error| fault::of(&self.name, &error)),
            Err(_) => Err(fault::silent(&self.name, patience)),
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    async fn keep(&self, link: Link) {
        *self.idle.lock().await = Some(link);
    }

    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SourceError> {
        let patience = self.timeouts.query;
        match tokio::time::timeout(patience, answer).await {
            Ok(answer) => answer.map_err(|error| fault::of(&self.name, &error)),
            Err(_) => Err(fault::silent(&self.name, patience)),
        }
    }

    async fn all(
        &self,
        link: &mut Link,
        statement: Statement,
    ) -> Result<Vec<Vec<columns::Cell>>, SourceError> {
        use futures::TryStreamExt as _;
        self.in_time(link.rows(statement).try_collect()).await
    }

    /// The rows, read by a task of their own that stays at most [`AHEAD`] rows ahead and ends
    /// with the stream. The patience is for the database: who takes the rows may take their time.
    fn stream(
        self: Arc<Self>,
        mut link: Link,
        statement: Statement,
    ) -> BoxStream<'static, Result<Vec<columns::Cell>, SourceError>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let task = tokio::spawn(async move {
            let mut rows = link.rows(statement);
            loop {
                let row = match self.in_time(async { rows.next().await.transpose() }).await {
                    Ok(Some(row)) => Ok(row),
                    Ok(None) => break,
                    Err(error) => Err(error),
                };
                let last = row.is_err();
                if sender.send(row).await.is_err() || last {
                    return;
                }
            }
            drop(rows);
            self.keep(link).await;
        });
        let task = AbortOnDrop(task);
        futures::stream::unfold((receiver, task), |(mut receiver, task)| async move {
            receiver.recv().await.map(|row| (row, (receiver, task)))
        })
        .boxed()
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether a row is known to be older than asked for. A row without a readable time never is.
fn is_older(row: &Result<Row, SourceError>, since: Option<Timestamp>) -> bool {
    match (row, since) {
        (Ok(Ok(sighting)), Some(since)) => {
            sighting.action.updated_at.is_some_and(|updated| updated < since)
        }
        _ => false,
    }
}

/// The rows whose key was asked for, letter by letter: a database may take `a` and `A` for the
/// same. A key that two rows bear says nothing about either.
fn only_asked(ids: &[&ExternalId], rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let key = |row: &Row| match row {
        Ok(sighting) => Some(sighting.action.external_id.clone()),
        Err(rejected) => rejected.external_id.clone(),
    };
    let asked: HashSet<&ExternalId> = ids.iter().copied().collect();
    let mut found: HashMap<ExternalId, Row> = HashMap::with_capacity(ids.len());
    for row in rows {
        let Some(id) = key(&row).filter(|id| asked.contains(id)) else { continue };
        let twice = found.contains_key(&id);
        found.insert(id.clone(), if twice { Err(not_unique(id)) } else { row });
    }
    found.into_values().collect()
}

fn not_unique(id: ExternalId) -> RejectedRow {
    RejectedRow {
        external_id: Some(id),
        place: String::new(),
        reason: "external_id is not unique".to_owned(),
    }
}
