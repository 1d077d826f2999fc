//! The embedded case database: where files are imported to, and where the demo's cases live. It is
//! then read like any other case source, through [`SqlSource`].
//!
//! Invariants: an import is stored whole or not at all; an older file never overwrites what a
//! newer one said; the same file is stored once; `updated_at` grows with every write, so that a
//! poll for changes sees it.

mod rows;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use jiff::SignedDuration;
use sqlx::{
    AssertSqlSafe, Row as _, SqlitePool, SqliteTransaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use self::rows::{COLUMNS, CONTRACT, Origin, count, next_stamp, rupees, write_batch};
use super::{
    RejectedRow,
    sql::{BankResolver, SqlSource, fixed_width},
};
use crate::domain::{
    action::BankAction,
    ids::{ExternalId, PersonId},
    measures::DayFigures,
    time::Timestamp,
};

/// How far in the future a file may claim to be true: the difference of two clocks.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// Rows a statement: 20 columns each, well under SQLite's 32,766 parameters.
const BATCH: usize = 500;

/// Why the embedded case database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A file would be younger than the present, and its facts never too old.
    #[error(
        "the file says that it is true as of {as_of}, which lies in the future: give the time at which it was exported"
    )]
    FromTheFuture {
        /// What it says.
        as_of: Timestamp,
    },
    /// There is no such column to spoil.
    #[error("there is no column {0} in the embedded case database")]
    NoSuchColumn(String),
    /// The file cannot be read or written.
    #[error("the embedded case database {path}: {source}")]
    Database {
        /// Where it is.
        path: String,
        /// What failed.
        source: sqlx::Error,
    },
}

/// A file that was read, and as of when it is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// The file's name, for people.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it was exported from wherever the police keep their cases.
    pub as_of: Timestamp,
    /// Who imports it.
    pub by: PersonId,
    /// The second person, who accepted what would become of it.
    pub accepted_by: Option<PersonId>,
}

/// What was made of an import's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its number here.
    pub id: i64,
    /// The file.
    pub file: ImportFile,
    /// When it was stored.
    pub imported_at: Timestamp,
    /// Rows that were not here before.
    pub new: u64,
    /// Rows that were here, and are now as this file says.
    pub replaced: u64,
    /// Rows of which something newer is known: left as they were.
    pub outdated: u64,
    /// Rows that broke the contract.
    pub refused: u64,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// It was stored now.
    Now(Import),
    /// The very same bytes were stored before; nothing was done, and the facts keep their age.
    Before(Import),
}

/// The embedded case database, open for writing.
#[derive(Debug, Clone)]
pub struct EmbeddedCases {
    path: PathBuf,
    pool: SqlitePool,
}

type Answer<T> = Result<T, EmbeddedError>;

impl EmbeddedCases {
    /// Opens the file, makes it where it is not there, and brings its tables up to date.
    pub async fn open(path: impl AsRef<Path>) -> Answer<Self> {
        Self::open_with(path.as_ref(), SqliteSynchronous::Full).await
    }

    /// The same for invented cases: they may be lost with the machine's power, and writing them waits
    /// for no disk.
    pub async fn open_invented(path: impl AsRef<Path>) -> Answer<Self> {
        Self::open_with(path.as_ref(), SqliteSynchronous::Off).await
    }

    async fn open_with(path: &Path, synchronous: SqliteSynchronous) -> Answer<Self> {
        let path = path.to_owned();
        let failed = |source| EmbeddedError::Database { path: path.display().to_string(), source };
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous);
        // One connection: SQLite has one writer anyway, and whoever reads has a source of theirs.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(failed)?;
        sqlx::migrate!("migrations/cases")
            .run(&pool)
            .await
            .map_err(|error| failed(error.into()))?;
        Ok(Self { path, pool })
    }

    /// The case source over this database. `resolve` follows mergers that the directory has
    /// learnt of since a row was stored.
    ///
    /// # Errors
    /// The source cannot be set up; see [`SqlSource::new`].
    pub fn source(&self, resolve: BankResolver) -> anyhow::Result<SqlSource> {
        SqlSource::embedded(SqliteConnectOptions::new().filename(&self.path), resolve)
    }

    /// Stores a file's good rows (with their row numbers in it) and the places and reasons of the
    /// refused ones, in one transaction. A row that this file refuses but an older one had is set
    /// aside: the newest word on it could not be read, so nothing may be said of it.
    pub async fn store_import(
        &self,
        rows: &[(u64, BankAction)],
        refused: &[RejectedRow],
        file: &ImportFile,
        now: Timestamp,
    ) -> Answer<Stored> {
        if file.as_of > now.plus(CLOCKS_DIFFER) {
            return Err(EmbeddedError::FromTheFuture { as_of: file.as_of });
        }
        self.store(rows, refused, file, now).await.map_err(|source| self.failed(source))
    }

    /// Stores live rows: they are true whenever they are read. For the demo's simulator.
    pub async fn upsert(&self, rows: &[BankAction], now: Timestamp) -> Answer<()> {
        let write = async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let stamp = next_stamp(&mut transaction, now).await?;
            for batch in rows.chunks(BATCH) {
                let rows = batch.iter().map(|action| (None, action));
                write_batch(&mut transaction, rows, &stamp, None).await?;
            }
            transaction.commit().await
        };
        write.await.map_err(|source| self.failed(source))
    }

    /// Stores days of the unit's own figures, in place of those of the same days.
    pub async fn put_figures(&self, days: &[DayFigures]) -> Answer<()> {
        let write = async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            for day in days {
                sqlx::query(
                    "INSERT OR REPLACE INTO day_figures (day, complaints, amount_defrauded, \
                     amount_recovered, arrests) VALUES (?, ?, ?, ?, ?)",
                )
                .bind(day.day.to_string())
                .bind(day.complaints)
                .bind(rupees(day.amount_defrauded))
                .bind(rupees(day.amount_recovered))
                .bind(day.arrests)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        };
        write.await.map_err(|source| self.failed(source))
    }

    /// Puts `text` in place of one cell of the contract, whatever it is: for a demonstration of
    /// rows that break the contract.
    pub async fn spoil(
        &self,
        id: &ExternalId,
        column: &str,
        text: Option<&str>,
        now: Timestamp,
    ) -> Answer<()> {
        if !COLUMNS[1..CONTRACT].contains(&column) {
            return Err(EmbeddedError::NoSuchColumn(column.to_owned()));
        }
        let write = async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let stamp = next_stamp(&mut transaction, now).await?;
            let sql = format!(
                "UPDATE bank_action SET {column} = ?, updated_at = ? WHERE external_id = ?"
            );
            sqlx::query(AssertSqlSafe(sql))
                .bind(text)
                .bind(stamp)
                .bind(id.expose())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await
        };
        write.await.map_err(|source| self.failed(source))
    }

    /// Closes the file once what is being written is written.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The imports, the latest first.
    pub async fn imports(&self) -> Answer<Vec<Import>> {
        sqlx::query("SELECT * FROM import ORDER BY id DESC")
            .fetch_all(&self.pool)
            .await
            .and_then(|rows| rows.iter().map(import).collect())
            .map_err(|source| self.failed(source))
    }

    /// At most `limit` imports, the latest first, older than `before`.
    pub async fn imports_before(&self, before: Option<i64>, limit: u32) -> Answer<Vec<Import>> {
        sqlx::query("SELECT * FROM import WHERE id < ? ORDER BY id DESC LIMIT ?")
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .and_then(|rows| rows.iter().map(import).collect())
            .map_err(|source| self.failed(source))
    }

    /// The import of the very same bytes, where there was one.
    pub async fn import_of(&self, sha256: &str) -> Answer<Option<Import>> {
        sqlx::query("SELECT * FROM import WHERE sha256 = ?")
            .bind(sha256)
            .fetch_optional(&self.pool)
            .await
            .and_then(|row| row.as_ref().map(import).transpose())
            .map_err(|source| self.failed(source))
    }

    /// One import, by its number.
    pub async fn import(&self, id: i64) -> Answer<Option<Import>> {
        sqlx::query("SELECT * FROM import WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .and_then(|row| row.as_ref().map(import).transpose())
            .map_err(|source| self.failed(source))
    }

    /// At most `limit` rows that an import refused, after the first `skip`: place and reason.
    pub async fn rejected_page(
        &self,
        import: i64,
        (skip, limit): (u32, u32),
    ) -> Answer<Vec<(String, String)>> {
        sqlx::query_as(
            "SELECT place, reason FROM rejected WHERE import_id = ? ORDER BY rowid LIMIT ? OFFSET ?",
        )
        .bind(import)
        .bind(limit)
        .bind(skip)
        .fetch_all(&self.pool)
        .await
        .map_err(|source| self.failed(source))
    }

    /// The rows that an import refused: where they stand and why, in the file's order.
    pub async fn rejected(&self, import: i64) -> Answer<Vec<RejectedRow>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT place, reason FROM rejected WHERE import_id = ? ORDER BY rowid")
                .bind(import)
                .fetch_all(&self.pool)
                .await
                .map_err(|source| self.failed(source))?;
        let row = |(place, reason)| RejectedRow { external_id: None, place, reason };
        Ok(rows.into_iter().map(row).collect())
    }

    async fn store(
        &self,
        rows: &[(u64, BankAction)],
        refused: &[RejectedRow],
        file: &ImportFile,
        now: Timestamp,
    ) -> sqlx::Result<Stored> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let before = sqlx::query("SELECT * FROM import WHERE sha256 = ?")
            .bind(&file.sha256)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(before) = before {
            return Ok(Stored::Before(import(&before)?));
        }
        let id = begin_import(&mut transaction, file, now).await?;
        let stamp = next_stamp(&mut transaction, now).await?;
        let origin = Origin { import: id, as_of: fixed_width(file.as_of) };
        let before = count(&mut transaction).await?;
        let mut written = 0;
        for batch in rows.chunks(BATCH) {
            let rows = batch.iter().map(|(row, action)| (Some(*row), action));
            written += write_batch(&mut transaction, rows, &stamp, Some(&origin)).await?;
        }
        let new = count(&mut transaction).await?.saturating_sub(before);
        set_aside(&mut transaction, rows, refused, &stamp, &origin).await?;
        let done = Import {
            id,
            file: file.clone(),
            imported_at: now,
            new,
            replaced: written.saturating_sub(new),
            outdated: (rows.len() as u64).saturating_sub(written),
            refused: refused.len() as u64,
        };
        finish_import(&mut transaction, &done).await?;
        transaction.commit().await?;
        Ok(Stored::Now(done))
    }

    fn failed(&self, source: sqlx::Error) -> EmbeddedError {
        EmbeddedError::Database { path: self.path.display().to_string(), source }
    }
}

async fn begin_import(
    transaction: &mut SqliteTransaction<'_>,
    file: &ImportFile,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let done = sqlx::query(
        "INSERT INTO import (sha256, name, as_of, imported_at, imported_by, accepted_by, new, \
         replaced, outdated, refused) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
    )
    .bind(&file.sha256)
    .bind(&file.name)
    .bind(fixed_width(file.as_of))
    .bind(fixed_width(now))
    .bind(file.by.as_str())
    .bind(file.accepted_by.as_ref().map(PersonId::as_str))
    .execute(&mut **transaction)
    .await?;
    Ok(done.last_insert_rowid())
}

async fn finish_import(transaction: &mut SqliteTransaction<'_>, done: &Import) -> sqlx::Result<()> {
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query("UPDATE import SET new = ?, replaced = ?, outdated = ?, refused = ? WHERE id = ?")
        .bind(stored(done.new))
        .bind(stored(done.replaced))
        .bind(stored(done.outdated))
        .bind(stored(done.refused))
        .bind(done.id)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Keeps place and reason of each refused row, and sets aside what an older file said of it.
async fn set_aside(
    transaction: &mut SqliteTransaction<'_>,
    rows: &[(u64, BankAction)],
    refused: &[RejectedRow],
    stamp: &str,
    origin: &Origin,
) -> sqlx::Result<()> {
    let good: HashSet<_> = rows.iter().map(|(_, action)| &action.external_id).collect();
    for row in refused {
        sqlx::query("INSERT INTO rejected (import_id, place, reason) VALUES (?, ?, ?)")
            .bind(origin.import)
            .bind(&row.place)
            .bind(&row.reason)
            .execute(&mut **transaction)
            .await?;
        let Some(id) = row.external_id.as_ref().filter(|id| !good.contains(id)) else { continue };
        sqlx::query(
            "UPDATE bank_action SET set_aside = ?, updated_at = ? \
             WHERE external_id = ? AND as_of <= ?",
        )
        .bind(&row.reason)
        .bind(stamp)
        .bind(id.expose())
        .bind(&origin.as_of)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

fn import(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Import> {
    let instant = |column: &str| -> sqlx::Result<Timestamp> {
        let text: String = row.try_get(column)?;
        text.parse::<jiff::Timestamp>()
            .map(Timestamp::from)
            .map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let number = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(Import {
        id: row.try_get("id")?,
        file: ImportFile {
            name: row.try_get("name")?,
            sha256: row.try_get("sha256")?,
            as_of: instant("as_of")?,
            by: PersonId::new(row.try_get::<String, _>("imported_by")?),
            accepted_by: row.try_get::<Option<String>, _>("accepted_by")?.map(PersonId::from),
        },
        imported_at: instant("imported_at")?,
        new: number("new")?,
        replaced: number("replaced")?,
        outdated: number("outdated")?,
        refused: number("refused")?,
    })
}
