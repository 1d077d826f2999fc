//! The configured query, wrapped: it becomes a derived table from which only the contract's
//! columns are taken, as text. Pure: from the columns that the query has to the SQL to run.
//!
//! The conditions stand on the query's own columns, uncast where the type allows it, so that the
//! database can use its indexes: the cost of a poll follows the number of changes.

use jiff::{SignedDuration, tz::TimeZone};

use super::columns::Column;
use crate::domain::{ids::ExternalId, time::Timestamp};

/// The SQL that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MariaDB and MySQL.
    MySql,
}

/// A column of the configured query, as the database describes it.
#[derive(Debug, Clone)]
pub struct Described {
    /// As spelled in the query.
    pub name: String,
    /// The database's name for its type, upper case.
    pub kind: String,
}

/// A bound parameter.
#[derive(Clone)]
pub enum Bind {
    /// One text.
    Text(String),
    /// Several: one array on PostgreSQL, one parameter each elsewhere.
    Texts(Vec<String>),
}

/// A statement and what is bound to it.
pub struct Statement {
    /// The SQL.
    pub sql: String,
    /// The parameters, in order.
    pub binds: Vec<Bind>,
}

/// How many keys one recheck statement asks for.
pub const BATCH: usize = 500;

/// What is asked of a source from now on.
#[derive(Debug)]
pub struct Plan {
    dialect: Dialect,
    zone: TimeZone,
    /// `SELECT casts FROM (query) q`.
    head: String,
    /// In the order of the casts.
    pub columns: Vec<Column>,
    key: Key,
    /// Present where polls ask for changes only.
    updated: Option<Updated>,
}

#[derive(Debug)]
struct Key {
    column: String,
    kind: KeyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Text,
    Integer,
    Uuid,
    /// Anything else is compared by its text, without an index.
    Other,
}

#[derive(Debug)]
struct Updated {
    column: String,
    since: Since,
}

/// How `updated_at` is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// By the database, as a time.
    Time,
    /// Text in takaza's own fixed-width form, which sorts as time does.
    FixedWidth,
    /// Text that begins with year-month-day, in any zone: the database leaves out what is older
    /// by more than a day, the rest is compared here.
    Day,
}

/// What a plan is made from.
pub struct Wish<'a> {
    /// The server's dialect.
    pub dialect: Dialect,
    /// The configured query.
    pub query: &'a str,
    /// Whether it is the embedded case database's own.
    pub embedded: bool,
    /// Whether `updated_at` is to be used where it is there.
    pub changes: bool,
    /// The zone of the session, in which the database writes times without an offset.
    pub zone: &'a TimeZone,
}

impl Plan {
    /// Finds the contract in the query's columns; an error says what is missing.
    pub fn new(wish: &Wish<'_>, described: &[Described]) -> Result<Self, String> {
        let found = contract(wish, described)?;
        let find = |wanted| found.iter().find(|(column, _)| *column == wanted);
        let quote = |name: &str| format!("q.{}", quoted(wish.dialect, name));
        let updated = match find(Column::UpdatedAt) {
            Some((_, column)) if wish.changes => Some(Updated {
                column: quote(&column.name),
                since: since_kind(wish, &column.kind)?,
            }),
            _ => None,
        };
        let (_, key) = find(Column::ExternalId).ok_or("external_id is missing")?;
        let key = Key { column: quote(&key.name), kind: key_kind(wish.dialect, &key.kind) };
        let casts: Vec<_> =
            found.iter().map(|(_, column)| as_text(wish.dialect, &quote(&column.name))).collect();
        let head = format!("SELECT {} FROM {}", casts.join(", "), derived(wish.query));
        let columns = found.into_iter().map(|(column, _)| column).collect();
        Ok(Self { dialect: wish.dialect, zone: wish.zone.clone(), head, columns, key, updated })
    }

    /// Whether polls ask for changes only.
    pub fn tells_changes(&self) -> bool {
        self.updated.is_some()
    }

    /// Whether rows older than `since` may come with the answer, to be left out here.
    pub fn coarse(&self) -> bool {
        self.updated.as_ref().is_some_and(|updated| updated.since == Since::Day)
    }

    /// The statement of a poll.
    pub fn poll(&self, since: Option<Timestamp>) -> Statement {
        let head = &self.head;
        let Some(Updated { column, since: kind }) = &self.updated else {
            return Statement { sql: head.clone(), binds: Vec::new() };
        };
        let Some(since) = since else {
            return Statement { sql: format!("{head} ORDER BY {column}"), binds: Vec::new() };
        };
        let (value, text) = self.since(*kind, since);
        let changed = format!("{column} >= {value}");
        // A row that was never changed since it was made often has no `updated_at` yet.
        let sql = match (kind, self.dialect) {
            // In the embedded database every row has one.
            (Since::FixedWidth, _) => format!("{head} WHERE {changed} ORDER BY {column}"),
            // SQLite does not always use an index for both sides of an OR.
            (_, Dialect::Sqlite) => {
                format!("{head} WHERE {changed} UNION ALL {head} WHERE {column} IS NULL")
            }
            _ => format!("{head} WHERE ({changed} OR {column} IS NULL) ORDER BY {column}"),
        };
        Statement { sql, binds: vec![Bind::Text(text)] }
    }

    fn since(&self, kind: Since, since: Timestamp) -> (&'static str, String) {
        let day = || since.minus(SignedDuration::from_hours(24)).to_string()[..10].to_owned();
        match (kind, self.dialect) {
            (Since::Day, Dialect::Postgres) => ("CAST($1 AS text) COLLATE \"C\"", day()),
            (Since::Day, _) => ("?", day()),
            (Since::FixedWidth, _) => ("?", fixed_width(since)),
            (Since::Time, Dialect::MySql) => {
                let wall = since.in_zone(&self.zone).datetime();
                ("CAST(? AS DATETIME(6))", wall.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string())
            }
            (Since::Time, _) => ("CAST($1 AS timestamptz)", fixed_width(since)),
        }
    }

    /// The statement that looks up `ids`: at most [`BATCH`] of them.
    pub fn recheck(&self, ids: &[&ExternalId]) -> Statement {
        let Key { column, kind } = &self.key;
        let texts: Vec<_> = ids
            .iter()
            .map(|id| id.expose())
            .filter(|id| kind.may_be(id))
            .map(str::to_owned)
            .collect();
        let cast = |kind: &str| format!("{column} = ANY(CAST($1 AS text[])::{kind}[])");
        let condition = match (self.dialect, kind) {
            (_, _) if texts.is_empty() => "1 = 0".to_owned(),
            (Dialect::Postgres, KeyKind::Text) => cast("text"),
            (Dialect::Postgres, KeyKind::Integer) => cast("bigint"),
            (Dialect::Postgres, KeyKind::Uuid) => cast("uuid"),
            (Dialect::Postgres, KeyKind::Other) => {
                format!("CAST({column} AS text) = ANY(CAST($1 AS text[]))")
            }
            (Dialect::MySql, KeyKind::Integer) => among(column, "CAST(? AS SIGNED)", texts.len()),
            (Dialect::Sqlite, KeyKind::Integer) => among(column, "CAST(? AS INTEGER)", texts.len()),
            (_, KeyKind::Text) => among(column, "?", texts.len()),
            _ => among(&as_text(self.dialect, column), "?", texts.len()),
        };
        let binds = if texts.is_empty() { Vec::new() } else { vec![Bind::Texts(texts)] };
        Statement { sql: format!("{} WHERE {condition}", self.head), binds }
    }
}

impl KeyKind {
    /// Whether the database can be asked for `id` at all; a key that it could not hold is not
    /// there, and must not fail its whole batch.
    fn may_be(self, id: &str) -> bool {
        match self {
            Self::Integer => id.parse::<i64>().is_ok(),
            Self::Uuid => uuid::Uuid::try_parse(id).is_ok(),
            Self::Text | Self::Other => !id.contains('\0'),
        }
    }
}

/// A statement that describes the query's columns and gives no row.
pub fn describe(query: &str) -> String {
    format!("SELECT * FROM {} WHERE 1 = 0", derived(query))
}

/// The query as a derived table. The line break ends a comment that the query may end with.
pub fn derived(query: &str) -> String {
    format!("({}\n) q", query.trim().trim_end_matches(';').trim_end())
}

/// A column as text, read by one parser whatever the database.
pub fn as_text(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("CAST({column} AS TEXT)"),
        Dialect::MySql => format!("CAST({column} AS CHAR CHARACTER SET utf8mb4)"),
    }
}

/// An identifier in the dialect's quotes.
pub fn quoted(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        Dialect::Sqlite | Dialect::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// RFC 3339 in UTC with six decimals, always: this text sorts as time does.
pub fn fixed_width(instant: Timestamp) -> String {
    instant.in_zone(&TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The contract's columns among those of the query, in the contract's order.
fn contract<'a>(
    wish: &Wish<'_>,
    described: &'a [Described],
) -> Result<Vec<(Column, &'a Described)>, String> {
    let find = |wanted: Column| {
        described.iter().find(|column| column.name.eq_ignore_ascii_case(wanted.name()))
    };
    let wanted = |column: Column| match column {
        Column::Ifsc => find(Column::BankCode).is_none(),
        Column::SetAside => wish.embedded,
        _ => true,
    };
    let found: Vec<_> = Column::ALL
        .iter()
        .filter(|&&column| wanted(column))
        .filter_map(|&column| find(column).map(|described| (column, described)))
        .collect();
    let has = |column| found.iter().any(|(held, _)| *held == column);
    let missing: Vec<_> = Column::ALL
        .iter()
        .filter(|column| column.required() && !has(**column))
        .filter(|&&column| column != Column::BankCode || !has(Column::Ifsc))
        .map(
            |column| {
                if *column == Column::BankCode { "bank_code (or ifsc)" } else { column.name() }
            },
        )
        .collect();
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(format!("the query must also select {}", missing.join(", ")))
    }
}

fn since_kind(wish: &Wish<'_>, kind: &str) -> Result<Since, String> {
    let text = ["CHAR", "TEXT", "NAME", "CLOB"].iter().any(|part| kind.contains(part));
    match (wish.dialect, kind) {
        _ if wish.embedded => Ok(Since::FixedWidth),
        (Dialect::Postgres, "TIMESTAMPTZ" | "TIMESTAMP") => Ok(Since::Time),
        (Dialect::MySql, "TIMESTAMP" | "DATETIME") => Ok(Since::Time),
        // SQLite has no type for time, and no type at all for an expression.
        (Dialect::Sqlite, "DATETIME" | "NULL") => Ok(Since::Day),
        _ if text => Ok(Since::Day),
        _ => Err(format!(
            "updated_at is of type {kind}; let the query make it a date with a time of day, \
             or set mode = \"snapshot\""
        )),
    }
}

fn key_kind(dialect: Dialect, kind: &str) -> KeyKind {
    match kind {
        "TEXT" | "VARCHAR" => KeyKind::Text,
        "CHAR" if dialect != Dialect::Postgres => KeyKind::Text,
        "INT2" | "INT4" | "INT8" | "INTEGER" => KeyKind::Integer,
        "UUID" if dialect == Dialect::Postgres => KeyKind::Uuid,
        _ if dialect == Dialect::MySql && kind.contains("INT") => KeyKind::Integer,
        _ => KeyKind::Other,
    }
}

fn among(column: &str, placeholder: &str, count: usize) -> String {
    format!("{column} IN ({})", vec![placeholder; count].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite's plans for a poll for changes and for a recheck of `query`.
    async fn plans(query: &str, embedded: bool) -> Vec<String> {
        use sqlx::Connection as _;
        let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::migrate!("migrations/cases").run(&mut database).await.unwrap();
        let columns = Column::ALL.iter().map(|column| column.name()).collect::<Vec<_>>().join(", ");
        let police = format!(
            "CREATE TABLE police ({columns}, PRIMARY KEY (external_id)); \
             CREATE INDEX police_updated_at ON police (updated_at)"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(police)).execute(&mut database).await.unwrap();
        let describe =
            |column: &Column| Described { name: column.name().to_owned(), kind: "TEXT".to_owned() };
        let columns: Vec<_> =
            Column::ALL.iter().filter(|c| **c != Column::Ifsc).map(describe).collect();
        let wish =
            Wish { dialect: Dialect::Sqlite, query, embedded, changes: true, zone: &TimeZone::UTC };
        let plan = Plan::new(&wish, &columns).unwrap();
        let poll = plan.poll(Some(Timestamp::from_micros(1_795_000_000_000_000)));
        let recheck = plan.recheck(&[&ExternalId::new("a"), &ExternalId::new("b")]);
        let mut plans = Vec::new();
        for statement in [poll, recheck] {
            let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sql));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(sql).fetch_all(&mut database).await.unwrap();
            plans.push(steps.into_iter().map(|(.., step)| step + ". ").collect());
        }
        plans
    }

    /// The cost of a poll follows the number of changes, that of a recheck the number of keys.
    #[tokio::test]
    async fn neither_poll_nor_recheck_walks_the_table() {
        for (table, embedded) in [("bank_action", true), ("police", false)] {
            let plans = plans(&format!("SELECT * FROM {table}"), embedded).await;
            assert!(plans[0].contains("_updated_at (updated_at>?)"), "{plans:?}");
            assert!(plans[1].contains("(external_id=?)"), "{plans:?}");
            assert!(plans.iter().all(|plan| !plan.contains("SCAN")), "{plans:?}");
        }
    }
}
