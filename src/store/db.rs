//! Two databases, one code: a connection pool, a transaction and a statement that run the same
//! static SQL text on SQLite and on PostgreSQL.
//!
//! Batches are bound as one JSON array and unfolded by `json_each(CAST($1 AS TEXT))`, which SQLite
//! has and the PostgreSQL migration defines. A write that returns its rows leaves their digests in
//! the transaction, and the record's entries carry them (see [`super::record`]).

mod columns;

use std::{collections::BTreeMap, path::Path, str::FromStr, sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use serde_json::Value as Json;
use sqlx::{
    Column as _, Connection as _, PgConnection, Postgres, Row as _, Sqlite, Transaction,
    TypeInfo as _, ValueRef as _,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use super::StoreError;
use crate::domain::{
    canonical::{self, Hash},
    evidence::OpenedRow,
    time::Timestamp,
};

pub(super) use self::columns::Column;

/// How long a connection that lies idle is taken to be alive.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Whose clock stamps leases and entries.
#[derive(Clone)]
pub enum DbTime {
    /// The database's own: one clock for every process.
    Database,
    /// A story's or the demo's clock.
    Given(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

/// The pool of either database.
#[derive(Clone)]
pub(super) enum Pool {
    /// The embedded default.
    Sqlite(SqlitePool),
    /// Several workers, several machines.
    Postgres(PgPool),
}

impl Pool {
    /// Opens `sqlite:PATH` or `postgres://…`. `durable`: a commit is on disk before it returns.
    pub(super) async fn open(
        url: &str,
        connections: u32,
        durable: bool,
    ) -> Result<Self, StoreError> {
        if url.starts_with("postgres") {
            let options = PgConnectOptions::from_str(url)?
                .application_name("takaza")
                // Whatever the server's default.
                .options([("synchronous_commit", if durable { "on" } else { "off" })]);
            reach(&options).await?;
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(30))
                // A connection that worked a moment ago is not asked whether it still does.
                .test_before_acquire(false)
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for >= TRUSTED_FOR {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(options)
                .await?;
            return Ok(Self::Postgres(pool));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let options = SqliteConnectOptions::new()
            .filename(Path::new(path))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(if durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off })
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30));
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options)
            .await?;
        Ok(Self::Sqlite(pool))
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(pool) => sqlx::migrate!("migrations/sqlite").run(pool).await?,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// A transaction that writes. On SQLite it takes the writer's place at once: a later upgrade
    /// would fail busy.
    pub(super) async fn write(&self, time: &DbTime) -> Result<Tx, StoreError> {
        let conn = match self {
            Self::Sqlite(pool) => Conn::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        };
        Ok(Tx::new(conn, time))
    }

    /// A transaction that only reads.
    pub(super) async fn read(&self, time: &DbTime) -> Result<Tx, StoreError> {
        let conn = match self {
            Self::Sqlite(pool) => Conn::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Conn::Postgres(
                pool.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        };
        Ok(Tx::new(conn, time))
    }
}

/// Connects once: the pool takes a refused connection for a passing one and tries for as long as a
/// connection may take to be had.
async fn reach(options: &PgConnectOptions) -> Result<(), StoreError> {
    let within = Duration::from_secs(10);
    let unreachable = StoreError::Unreachable;
    match tokio::time::timeout(within, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => Ok(connection.close().await?),
        Ok(Err(sqlx::Error::Io(error))) => Err(unreachable(error.to_string())),
        Ok(Err(error)) => Err(error.into()),
        Err(_elapsed) => Err(unreachable("it did not answer within 10 s".to_owned())),
    }
}

enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// One transaction on either database. Dropped without a commit it is rolled back.
pub(super) struct Tx {
    conn: Conn,
    time: DbTime,
    /// Read once: all that one act writes bears one time.
    now: Option<Timestamp>,
    /// The rows written so far, by table and key: each as it was left last.
    pub(super) digests: BTreeMap<(&'static str, String), Hash>,
}

/// The hash of one row as an act left it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowDigest {
    /// The table.
    pub table: String,
    /// The row's key, its parts joined by `/`.
    pub key: String,
    /// The hash of the row's canonical JSON.
    pub hash: Hash,
}

impl Tx {
    fn new(conn: Conn, time: &DbTime) -> Self {
        Self { conn, time: time.clone(), now: None, digests: BTreeMap::new() }
    }

    /// The time that stamps leases and entries: as it was when it was first asked for in this
    /// transaction. Whoever decides under the gate's lock asks after they have it.
    pub(super) async fn now(&mut self) -> Result<Timestamp, StoreError> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let now = match &self.time {
            DbTime::Given(clock) => clock(),
            DbTime::Database => {
                let text = match self.conn {
                    Conn::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS BIGINT) AS t",
                    Conn::Postgres(_) => {
                        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS t"
                    }
                };
                sql(text).one(self).await?.get("t")?
            }
        };
        self.now = Some(now);
        Ok(now)
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.conn {
            Conn::Sqlite(tx) => tx.commit().await?,
            Conn::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// A value bound to a statement.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
}

/// A static SQL text and its values.
pub(super) struct Sql {
    text: &'static str,
    values: Vec<Value>,
}

/// One statement. `$1`, `$2` … are its values in order.
pub(super) const fn sql(text: &'static str) -> Sql {
    Sql { text, values: Vec::new() }
}

macro_rules! bound {
    ($statement:expr) => {{
        let statement = $statement;
        let mut query = sqlx::query(statement.text);
        for value in statement.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Sql {
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds a batch as one JSON array of objects.
    pub(super) fn batch(self, rows: Vec<Json>) -> Self {
        self.bind(Json::Array(rows).to_string())
    }

    pub(super) async fn all(self, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        Ok(match &mut tx.conn {
            Conn::Sqlite(conn) => {
                let rows = bound!(self).fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(conn) => {
                let rows = bound!(self).fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Hands over row by row, so that a table of any size takes little memory.
    pub(super) async fn each(
        self,
        tx: &mut Tx,
        mut take: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &mut tx.conn {
            Conn::Sqlite(conn) => {
                let mut rows = bound!(self).fetch(&mut **conn);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Conn::Postgres(conn) => {
                let mut rows = bound!(self).fetch(&mut **conn);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn opt(self, tx: &mut Tx) -> Result<Option<Row>, StoreError> {
        Ok(self.all(tx).await?.into_iter().next())
    }

    pub(super) async fn one(self, tx: &mut Tx) -> Result<Row, StoreError> {
        self.opt(tx).await?.ok_or(StoreError::Conflict("a row that must exist is missing"))
    }

    /// Runs a statement whose rows the record does not follow (caches, cursors, queues).
    pub(super) async fn run(self, tx: &mut Tx) -> Result<u64, StoreError> {
        Ok(match &mut tx.conn {
            Conn::Sqlite(conn) => bound!(self).execute(&mut **conn).await?.rows_affected(),
            Conn::Postgres(conn) => bound!(self).execute(&mut **conn).await?.rows_affected(),
        })
    }

    /// Runs a write that ends in `RETURNING *` on a table that the record follows, and leaves the
    /// digest of every row it wrote for the act's entries.
    pub(super) async fn write(self, table: &Followed, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        let rows = self.all(tx).await?;
        for row in &rows {
            let digest = table.digest(row)?;
            tx.digests.insert((table.name, digest.key), digest.hash);
        }
        Ok(rows)
    }
}

/// Columns by name.
type Fields<'r> = Vec<(&'r str, Json)>;

/// A table whose rows the record follows.
pub(super) struct Followed {
    /// Its name.
    pub(super) name: &'static str,
    /// The columns of its key; the first one is the subject of the entries that follow the row.
    pub(super) key: &'static [&'static str],
    /// Columns that workers touch without an act (cursors, next times): not in the digest.
    pub(super) unfollowed: &'static [&'static str],
    /// Every row, for verification.
    pub(super) select: &'static str,
    /// How many rows, as `n`.
    pub(super) count: &'static str,
}

impl Followed {
    pub(super) fn digest(&self, row: &Row) -> Result<RowDigest, StoreError> {
        let (key, fields) = self.told(row)?;
        let hash = Hash::of(canonical::of_fields(fields).as_bytes());
        Ok(RowDigest { table: self.name.to_owned(), key, hash })
    }

    /// A row with everything that its digest is of.
    pub(super) fn open(&self, row: &Row) -> Result<OpenedRow, StoreError> {
        let (key, fields) = self.told(row)?;
        let text = |value| match value {
            Json::String(text) => text,
            other => other.to_string(),
        };
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), text(value)));
        Ok(OpenedRow { table: self.name.to_owned(), key, fields: fields.collect() })
    }

    /// A row's key, and its fields as the record follows them.
    fn told<'r>(&self, row: &'r Row) -> Result<(String, Fields<'r>), StoreError> {
        let mut fields = row.fields()?;
        let mut key = Vec::new();
        for column in self.key {
            match fields.iter().find(|(name, _)| name == column) {
                Some((_, Json::String(text))) => key.push(text.clone()),
                Some((_, other)) => key.push(other.to_string()),
                None => return Err(StoreError::Conflict("a followed row without its key")),
            }
        }
        // A column that a later migration adds is empty in old rows and leaves their digests alone.
        fields.retain(|(name, value)| !value.is_null() && !self.unfollowed.contains(name));
        Ok((key.join("/"), fields))
    }
}

/// One row of either database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Reads a column as whatever the caller's type says.
    pub(super) fn get<T: Column>(&self, name: &str) -> Result<T, StoreError> {
        T::read(self, name)
    }

    fn is_null(&self, name: &str) -> Result<bool, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get_raw(name)?.is_null(),
            Self::Postgres(row) => row.try_get_raw(name)?.is_null(),
        })
    }

    /// Every column by name: integers and texts, as the schema has no others.
    fn fields(&self) -> Result<Fields<'_>, StoreError> {
        macro_rules! fields {
            ($row:expr) => {{
                let mut fields = Vec::with_capacity($row.columns().len());
                for column in $row.columns() {
                    let at = column.ordinal();
                    let raw = $row.try_get_raw(at)?;
                    let value = if raw.is_null() {
                        Json::Null
                    } else if matches!(raw.type_info().name(), "INTEGER" | "INT8") {
                        Json::from($row.try_get::<i64, _>(at)?)
                    } else {
                        Json::from($row.try_get::<String, _>(at)?)
                    };
                    fields.push((column.name(), value));
                }
                fields
            }};
        }
        Ok(match self {
            Self::Sqlite(row) => fields!(row),
            Self::Postgres(row) => fields!(row),
        })
    }
}
