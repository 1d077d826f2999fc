//! A police case database of each kind, with a writer of its own, for the stories.

use std::sync::Arc;

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, SqliteConnection};
use takaza::{
    cases::{
        CaseSource as _, Row, SourceError,
        sql::{BankRef, BankResolver, SqlSource, SqlSourceConfig},
    },
    domain::{
        action::{BankAction, Kind, Sighting, Status},
        ids::{BankCode, CaseRef, ExternalId},
        money::Paise,
        time::Timestamp,
    },
};
use tempfile::TempDir;

use crate::support::servers;

/// The contract's columns, `updated_at` last.
pub const COLUMNS: &str = "external_id, case_ref, bank_code, kind, layer, disputed_amount, \
     requested_at, delivered_at, due_at, complete, status, acted_at, lien_amount, contacts, \
     last_contact_at, updated_at";

/// A connection that may write, as the police's own program has one.
pub enum Writer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
}

/// One case database and its writer.
pub struct Database {
    pub url: String,
    pub writer: Writer,
    _dir: Option<TempDir>,
}

impl Database {
    pub async fn sqlite() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("police.db").display());
        let writer = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
        Some(Self { url, writer: Writer::Sqlite(writer), _dir: Some(dir) })
    }

    pub async fn postgres() -> Option<Self> {
        let url = servers::postgres().await?;
        let writer = Writer::Postgres(PgConnection::connect(&url).await.unwrap());
        Some(Self { url, writer, _dir: None })
    }

    pub async fn mariadb() -> Option<Self> {
        let url = servers::mariadb().await?;
        let writer = Writer::MariaDb(MySqlConnection::connect(&url).await.unwrap());
        Some(Self { url, writer, _dir: None })
    }

    /// A second connection that may write, for a transaction beside the first.
    pub async fn second_writer(&self) -> Writer {
        match &self.writer {
            Writer::Sqlite(_) => {
                Writer::Sqlite(SqliteConnection::connect(&self.url).await.unwrap())
            }
            Writer::Postgres(_) => {
                Writer::Postgres(PgConnection::connect(&self.url).await.unwrap())
            }
            Writer::MariaDb(_) => {
                Writer::MariaDb(MySqlConnection::connect(&self.url).await.unwrap())
            }
        }
    }

    pub async fn run(&mut self, sql: &str) {
        self.writer.run(sql).await;
    }

    /// How many rows `bank_action` has.
    pub async fn count(&mut self) -> i64 {
        let sql = "SELECT count(*) FROM bank_action";
        match &mut self.writer {
            Writer::Sqlite(writer) => sqlx::query_scalar(sql).fetch_one(writer).await.unwrap(),
            Writer::Postgres(writer) => sqlx::query_scalar(sql).fetch_one(writer).await.unwrap(),
            Writer::MariaDb(writer) => sqlx::query_scalar(sql).fetch_one(writer).await.unwrap(),
        }
    }

    /// `bank_action` in this database's own types, and a column that is none of ours.
    pub async fn typed_table(&mut self) {
        let [text, rupees, time, changed] = match self.writer {
            Writer::Sqlite(_) => ["TEXT", "TEXT", "TEXT", "TEXT"],
            Writer::Postgres(_) => ["text", "numeric(14,2)", "timestamptz", "timestamptz"],
            Writer::MariaDb(_) => ["varchar(60)", "decimal(14,2)", "datetime(6)", "timestamp(6)"],
        };
        self.run(&format!(
            "CREATE TABLE bank_action (victim_name {text}, status {text}, external_id {text} \
             PRIMARY KEY, case_ref {text}, bank_code {text}, kind {text}, layer integer, \
             disputed_amount {rupees}, requested_at {time} NULL, delivered_at {time} NULL, \
             due_at {time} NULL, complete boolean, acted_at {time} NULL, lien_amount {rupees}, \
             contacts integer, last_contact_at {time} NULL, updated_at {changed} NULL)"
        ))
        .await;
        self.run("CREATE INDEX changed ON bank_action (updated_at)").await;
    }

    /// `bank_action` as a program that checks nothing keeps it.
    pub async fn text_table(&mut self) {
        let columns = COLUMNS.replace(", ", " varchar(300), ");
        self.run(&format!("CREATE TABLE bank_action ({columns} varchar(300))")).await;
    }

    /// An SQL literal for a wall-clock time in India, `2026-11-20 10:00`, as this database's
    /// program would write it into a column of [`typed_table`](Self::typed_table).
    pub fn at(&self, wall: &str) -> String {
        match self.writer {
            Writer::Postgres(_) => format!("'{wall}:00+05:30'"),
            Writer::Sqlite(_) | Writer::MariaDb(_) => format!("'{wall}:00'"),
        }
    }

    /// The same for `updated_at`: MariaDB keeps a `timestamp` as an instant, and the writer's
    /// session is in UTC.
    pub fn changed_at(&self, wall: &str) -> String {
        match self.writer {
            Writer::MariaDb(_) => {
                let utc = moment(wall).to_string();
                format!("'{}'", utc.trim_end_matches('Z').replace('T', " "))
            }
            _ => self.at(wall),
        }
    }

    /// A pending lien of Rs 61,000.50 that was last changed at `changed`.
    pub async fn pending(&mut self, id: &str, changed: &str) {
        let sql = self.pending_sql(id, changed);
        self.run(&sql).await;
    }

    pub fn pending_sql(&self, id: &str, changed: &str) -> String {
        format!(
            "INSERT INTO bank_action ({COLUMNS}, victim_name) VALUES ('{id}', 'FIR 7/2026', \
             'ZPPL', 'lien', 2, '61000.50', {}, {}, {}, true, 'pending', NULL, NULL, 3, {}, {}, \
             'A. Victim')",
            self.at("2026-11-20 10:00"),
            self.at("2026-11-20 10:05"),
            self.at("2026-11-20 16:00"),
            self.at("2026-11-20 18:30"),
            self.changed_at(changed),
        )
    }

    pub fn config(&self, query: &str) -> SqlSourceConfig {
        SqlSourceConfig {
            url: Some(self.url.clone().into()),
            query: query.to_owned(),
            ..SqlSourceConfig::default()
        }
    }

    pub fn source(&self, query: &str) -> SqlSource {
        SqlSource::new(self.config(query), directory()).unwrap()
    }
}

impl Writer {
    pub async fn run(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(writer) => drop(sql.execute(writer).await.unwrap()),
            Self::Postgres(writer) => drop(sql.execute(writer).await.unwrap()),
            Self::MariaDb(writer) => drop(sql.execute(writer).await.unwrap()),
        }
    }
}

/// What [`Database::pending`] means.
pub fn pending(id: &str, changed: &str) -> BankAction {
    BankAction {
        external_id: ExternalId::new(id),
        case_ref: CaseRef::new("FIR 7/2026"),
        bank: BankCode::new("ZPPL"),
        kind: Kind::Lien,
        layer: Some(2),
        disputed: Some(Paise::new(6_100_050)),
        requested_at: moment("2026-11-20 10:00"),
        delivered_at: Some(moment("2026-11-20 10:05")),
        due_at: Some(moment("2026-11-20 16:00")),
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 3,
        last_contact_at: Some(moment("2026-11-20 18:30")),
        updated_at: Some(moment(changed)),
    }
}

/// A wall-clock time in India.
pub fn moment(wall: &str) -> Timestamp {
    let instant: jiff::Timestamp = format!("{}:00+05:30", wall.replace(' ', "T")).parse().unwrap();
    instant.into()
}

/// When every story asks.
pub fn now() -> Timestamp {
    moment("2026-11-24 12:00")
}

/// A directory of two invented banks.
pub fn directory() -> BankResolver {
    Arc::new(|bank| {
        let code = match bank {
            BankRef::Code(code) => code,
            BankRef::Ifsc(ifsc) => ifsc.get(..4)?,
        };
        ["ZPPL", "ZNMN"].contains(&code).then(|| BankCode::new(code))
    })
}

/// A whole poll.
pub async fn poll(source: &SqlSource, since: Option<Timestamp>) -> Vec<Row> {
    try_poll(source, since).await.unwrap()
}

pub async fn try_poll(
    source: &SqlSource,
    since: Option<Timestamp>,
) -> Result<Vec<Row>, SourceError> {
    source.poll(now(), since).await?.try_collect().await
}

/// The keys of the good rows, in the order in which they came.
pub fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().flatten().map(|row: &Sighting| row.action.external_id.expose()).collect()
}
