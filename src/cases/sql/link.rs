//! One connection to the case database. It can read and nothing else, and its session keeps the
//! configured zone: what the database writes without an offset is then on that wall clock,
//! whatever the column's type, and is read so.

use std::{
    os::unix::fs::MetadataExt as _,
    path::Path,
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::{Timestamp, tz::TimeZone};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _, TypeInfo as _,
    mysql::{MySqlConnectOptions, MySqlConnection},
    postgres::{PgConnectOptions, PgConnection},
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{
    columns::Cell,
    plan::{Bind, Described, Dialect, Statement},
};

/// Where the case database is. Never printed: it holds the password.
#[derive(Clone)]
pub enum Target {
    /// A file.
    Sqlite(SqliteConnectOptions),
    /// A server.
    Postgres(PgConnectOptions),
    /// A server.
    MySql(MySqlConnectOptions),
}

/// An open connection. Dropping it in the middle of an answer ends the query.
pub enum Link {
    /// The file as it was when it was opened; and the switch that interrupts a query that nobody
    /// waits for any more.
    Sqlite(
        SqliteConnection,
        Option<FileState>,
        #[expect(dead_code, reason = "its drop is what it is for")] StopOnDrop,
    ),
    /// A server.
    Postgres(PgConnection),
    /// A server.
    MySql(MySqlConnection),
}

/// Which file it is, and when it was last changed: device, inode, and the change's seconds and
/// nanoseconds. A dump that is moved to the file's place is another file, and an open connection
/// would go on reading the one that was there before; one that is copied over it may bear the very
/// counter by which SQLite knows that its cached pages are stale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FileState([u64; 2], [i64; 2]);

impl FileState {
    /// `None` where there is no such file.
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(Self([file.dev(), file.ino()], [file.ctime(), file.ctime_nsec()]))
    }
}

/// Tells SQLite's own thread that nobody waits for its query any more.
pub struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Target {
    /// Reads a connection url; the error does not quote it.
    pub fn parse(url: &SecretString) -> anyhow::Result<Self> {
        let url = url.expose_secret();
        let scheme = url.split(':').next().unwrap_or_default();
        let unreadable = |_| {
            anyhow::anyhow!(
                "the case source's {scheme} url cannot be read; percent-encode special characters in the password"
            )
        };
        match scheme {
            "sqlite" => Ok(Self::Sqlite(SqliteConnectOptions::from_str(url).map_err(unreadable)?)),
            "postgres" | "postgresql" => {
                Ok(Self::Postgres(PgConnectOptions::from_str(url).map_err(unreadable)?))
            }
            "mysql" | "mariadb" => {
                Ok(Self::MySql(MySqlConnectOptions::from_str(url).map_err(unreadable)?))
            }
            _ => anyhow::bail!(
                "the case source's url must begin with postgres://, mysql:// or sqlite:"
            ),
        }
    }

    /// The SQL that the server speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// Whether `link` still leads to what stands at the target: a file may have been replaced since.
    pub fn is_where(&self, link: &Link) -> bool {
        match (self, link) {
            (Self::Sqlite(options), Link::Sqlite(_, opened, _)) => {
                *opened == FileState::of(options.get_filename())
            }
            _ => true,
        }
    }

    /// Connects, for reading only.
    pub async fn connect(&self, zone: &TimeZone) -> Result<Link, sqlx::Error> {
        match self {
            Self::Sqlite(options) => sqlite(options).await,
            Self::Postgres(options) => postgres(options, zone).await,
            Self::MySql(options) => mysql(options, zone).await,
        }
    }
}

async fn sqlite(options: &SqliteConnectOptions) -> Result<Link, sqlx::Error> {
    let options = options
        .clone()
        .read_only(true)
        .create_if_missing(false)
        .pragma("query_only", "ON")
        .disable_statement_logging();
    // Before it is opened: replaced in between, it is only opened once more.
    let state = FileState::of(options.get_filename());
    let mut connection = options.connect().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    connection
        .lock_handle()
        .await?
        .set_progress_handler(10_000, move || !stopped.load(Ordering::Relaxed));
    Ok(Link::Sqlite(connection, state, StopOnDrop(stop)))
}

async fn postgres(options: &PgConnectOptions, zone: &TimeZone) -> Result<Link, sqlx::Error> {
    let options = options.clone().application_name("takaza cases").disable_statement_logging();
    let mut connection = options.connect().await?;
    sqlx::query(
        "SELECT set_config('default_transaction_read_only', 'on', false), \
         set_config('TimeZone', $1, false), set_config('DateStyle', 'ISO, YMD', false)",
    )
    // A configured zone always has a name: it was found by it.
    .bind(zone.iana_name().unwrap_or("UTC"))
    .execute(&mut connection)
    .await?;
    // Since PostgreSQL 14: a query whose asker has gone away ends. An older server lets it run.
    let _ = connection.execute("SET client_connection_check_interval = 5000").await;
    Ok(Link::Postgres(connection))
}

async fn mysql(options: &MySqlConnectOptions, zone: &TimeZone) -> Result<Link, sqlx::Error> {
    let options = options
        .clone()
        .timezone(Some(mysql_zone(zone)))
        // The query means what it meant in the client in which it was written.
        .pipes_as_concat(false)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
    Ok(Link::MySql(connection))
}

/// The zone's offset, where it is the same for all times that a case may have: a server often has
/// no names of zones. Else its name, which the server must know.
fn mysql_zone(zone: &TimeZone) -> String {
    let start = Timestamp::from_second(946_684_800).unwrap_or(Timestamp::UNIX_EPOCH);
    let name = zone.iana_name().unwrap_or("+00:00");
    if zone.following(start).next().is_some() {
        return name.to_owned();
    }
    let minutes = zone.to_offset(start).seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The cells of a row whose every column was cast to text.
macro_rules! cells {
    ($row:expr) => {
        (0..$row.len())
            .map(|place| match $row.try_get_unchecked::<Option<String>, _>(place) {
                Ok(None) => Cell::Null,
                Ok(Some(text)) => Cell::Text(text),
                Err(_) => Cell::Unreadable,
            })
            .collect::<Vec<Cell>>()
    };
}

macro_rules! fetch {
    ($database:ty, $connection:expr, $statement:expr, $bind:expr) => {{
        let mut query = sqlx::query::<$database>(AssertSqlSafe($statement.sql));
        for bind in $statement.binds {
            query = ($bind)(query, bind);
        }
        query.fetch($connection).map_ok(|row| cells!(row)).boxed()
    }};
}

macro_rules! bind_each {
    () => {
        |query, bind| match bind {
            Bind::Text(text) => sqlx::query::Query::bind(query, text),
            Bind::Texts(texts) => texts.into_iter().fold(query, sqlx::query::Query::bind),
        }
    };
}

macro_rules! describe {
    ($connection:expr, $sql:expr) => {
        $connection
            .prepare(AssertSqlSafe($sql).into_sql_str())
            .await?
            .columns()
            .iter()
            .map(|column| Described {
                name: column.name().to_owned(),
                kind: column.type_info().name().to_ascii_uppercase(),
            })
            .collect()
    };
}

impl Link {
    /// The columns that `sql` would give; no row is read.
    pub async fn describe(&mut self, sql: String) -> Result<Vec<Described>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection, ..) => describe!(connection, sql),
            Self::Postgres(connection) => describe!(connection, sql),
            Self::MySql(connection) => describe!(connection, sql),
        })
    }

    /// The rows of a statement whose every column is cast to text, as they come.
    pub fn rows(&mut self, statement: Statement) -> BoxStream<'_, Result<Vec<Cell>, sqlx::Error>> {
        match self {
            Self::Sqlite(connection, ..) => {
                fetch!(sqlx::Sqlite, connection, statement, bind_each!())
            }
            Self::MySql(connection) => fetch!(sqlx::MySql, connection, statement, bind_each!()),
            Self::Postgres(connection) => {
                fetch!(sqlx::Postgres, connection, statement, |query, bind| match bind {
                    Bind::Text(text) => sqlx::query::Query::bind(query, text),
                    Bind::Texts(texts) => sqlx::query::Query::bind(query, texts),
                })
            }
        }
    }

    /// Whether the connection still answers.
    pub async fn alive(&mut self, patience: Duration) -> bool {
        let ping = async {
            match self {
                Self::Sqlite(connection, ..) => connection.ping().await,
                Self::Postgres(connection) => connection.ping().await,
                Self::MySql(connection) => connection.ping().await,
            }
        };
        matches!(tokio::time::timeout(patience, ping).await, Ok(Ok(())))
    }
}
