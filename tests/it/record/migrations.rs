//! Every migration is applied to a filled ledger: the data stay whole, the record verifies, every
//! view answers. What fills it are the dumps in `tests/data/ledgers`, each the rows of a lived-in
//! ledger at the schema of its name; from there on one migration after the other is applied, so
//! that the next one is covered as soon as it is there.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use jiff::SignedDuration;
use serde_json::Value as Json;
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, PgConnection, Row as _, SqliteConnection,
    migrate::{Migration, Migrator},
};
use takaza::{
    clock::{Clock, Dice},
    domain::{
        ids::{AccountName, BankCode, ExternalId},
        ladder::Quiet,
    },
    store::{QueueFilter, SilenceOrder, SilenceScope, Store},
    work,
};

use super::{BOTH, Ledger};
use crate::{
    states::signed_order,
    support::{
        fake_cases::liens,
        servers,
        world::{Db, start},
    },
};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The schema's number and the rows, for every dump there is.
fn dumps() -> Vec<(i64, String)> {
    let files = std::fs::read_dir(folder("tests/data/ledgers")).unwrap();
    let read = |path: PathBuf| {
        let number = path.file_stem()?.to_str()?.parse().ok()?;
        Some((number, std::fs::read_to_string(&path).unwrap()))
    };
    files.filter_map(|file| read(file.unwrap().path())).collect()
}

/// A ledger that is brought on one migration at a time.
enum Old {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

macro_rules! on {
    ($old:expr, $connection:ident => $act:expr) => {
        match $old {
            Old::Sqlite($connection) => $act,
            Old::Postgres($connection) => $act,
        }
    };
}

impl Old {
    async fn connect(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let made = options.create_if_missing(true);
            Self::Sqlite(SqliteConnection::connect_with(&made).await.unwrap())
        } else {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        }
    }

    /// Brings the schema up to a number.
    async fn migrate(&mut self, all: &[Migration], until: i64) {
        let some: Vec<_> = all.iter().filter(|one| one.version <= until).cloned().collect();
        let migrator = Migrator { migrations: some.into(), ..Migrator::DEFAULT };
        on!(self, connection => migrator.run(connection).await.unwrap());
    }

    async fn run(&mut self, text: &str) {
        let text = AssertSqlSafe(text.to_owned());
        on!(self, connection => { sqlx::raw_sql(text).execute(connection).await.unwrap(); });
    }

    async fn texts(&mut self, query: &str) -> Vec<String> {
        let text = AssertSqlSafe(query.to_owned());
        on!(self, connection => {
            let rows = sqlx::query(text).persistent(false).fetch_all(connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect()
        })
    }

    /// The names of all tables, or of all views.
    async fn names(&mut self, tables: bool) -> Vec<String> {
        let query = match (&self, tables) {
            (Self::Sqlite(_), true) => "SELECT name FROM sqlite_master WHERE type = 'table'",
            (Self::Sqlite(_), false) => "SELECT name FROM sqlite_master WHERE type = 'view'",
            (Self::Postgres(_), true) => {
                "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'"
            }
            (Self::Postgres(_), false) => {
                "SELECT CAST(viewname AS TEXT) FROM pg_views WHERE schemaname = 'public'"
            }
        };
        let mut names = self.texts(query).await;
        names.retain(|name| !name.starts_with("_sqlx") && !name.starts_with("sqlite_"));
        names
    }

    /// All rows of a table, each as its columns by name. The schema has integers and texts alone.
    async fn rows(&mut self, table: &str) -> Vec<BTreeMap<String, Json>> {
        let text = AssertSqlSafe(format!("SELECT * FROM {table}"));
        on!(self, connection => {
            let rows = sqlx::query(text).persistent(false).fetch_all(connection).await.unwrap();
            let cell = |row: &_, n: usize| -> Json { cell(row, n) };
            rows.iter()
                .map(|row| {
                    let columns = row.columns().iter().enumerate();
                    columns.map(|(n, one)| (one.name().to_owned(), cell(row, n))).collect()
                })
                .collect()
        })
    }

    async fn everything(&mut self) -> BTreeMap<String, Vec<BTreeMap<String, Json>>> {
        let mut all = BTreeMap::new();
        for table in self.names(true).await {
            let rows = self.rows(&table).await;
            all.insert(table, rows);
        }
        all
    }
}

fn cell<'r, R>(row: &'r R, n: usize) -> Json
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    match row.try_get::<Option<i64>, _>(n) {
        Ok(number) => number.map_or(Json::Null, Json::from),
        Err(_) => row.try_get::<Option<String>, _>(n).unwrap().map_or(Json::Null, Json::from),
    }
}

/// Each row that was there is there still, with every column that it had, as it was.
fn all_kept(
    before: &BTreeMap<String, Vec<BTreeMap<String, Json>>>,
    after: &BTreeMap<String, Vec<BTreeMap<String, Json>>>,
    migration: &Migration,
) {
    let what = format!("migration {} ({})", migration.version, migration.description);
    for (table, rows) in before {
        let now = after.get(table).unwrap_or_else(|| panic!("{what} lost the table {table}"));
        assert_eq!(rows.len(), now.len(), "{what} changed how many rows {table} has");
        for row in rows {
            let kept = |new: &&BTreeMap<String, Json>| {
                row.iter().all(|(name, value)| new.get(name) == Some(value))
            };
            assert!(now.iter().any(|new| kept(&new)), "{what} changed a row of {table}: {row:#?}");
        }
    }
}

async fn each_migration_keeps(db: Db, dump: &(i64, String)) {
    let dir = tempfile::tempdir().unwrap();
    let url = match db {
        Db::Sqlite => format!("sqlite:{}", dir.path().join("ledger.db").display()),
        Db::Postgres => match servers::postgres().await {
            Some(url) => url,
            None => return,
        },
    };
    let name = if db == Db::Sqlite { "migrations/sqlite" } else { "migrations/postgres" };
    let all = Migrator::new(folder(name)).await.unwrap();
    let all: Vec<Migration> = all.iter().cloned().collect();
    let mut old = Old::connect(&url).await;
    old.migrate(&all, dump.0).await;
    old.run(&dump.1).await;
    let mut before = old.everything().await;
    let filled = before.values().filter(|rows| !rows.is_empty()).count();
    assert!(filled >= 29, "the dump fills {filled} tables of {}", before.len());
    for migration in all.iter().filter(|one| one.version > dump.0) {
        old.migrate(&all, migration.version).await;
        let after = old.everything().await;
        all_kept(&before, &after, migration);
        for view in old.names(false).await {
            let counted = format!("SELECT CAST(COUNT(*) AS TEXT) FROM (SELECT * FROM {view}) AS v");
            let seen = old.texts(&counted).await;
            // No life that a dump tells of has an account on a platform that charges.
            let may_be_empty = view.ends_with("_costs");
            assert!(seen != ["0"] || may_be_empty, "the view {view} shows nothing");
        }
        before = after;
    }
    on!(old, connection => connection.close().await.unwrap());

    let store = Store::open(&url, 2, &Clock::stepped(start()), Dice::seeded(1)).await.unwrap();
    let vkey = dump.1.lines().find_map(|line| line.strip_prefix("-- vkey ")).unwrap();
    let verdict = store.verify(&[], &[vkey], &|_, _| {}).await.unwrap();
    assert_eq!(super::found(&verdict), [], "the record is as whole as it was: {verdict}");
    assert!(verdict.leaves > 20 && verdict.checkpoints > 0, "{verdict}");
    assert_eq!(store.people().await.unwrap().len(), 5);
    let filter = QueueFilter { page: (0, 10), ..QueueFilter::default() };
    assert!(!store.queue(&filter).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_migration_leaves_a_filled_ledger_whole() {
    let dumps = dumps();
    assert!(dumps.iter().any(|(number, _)| *number == 1), "there is a ledger of the first schema");
    for db in BOTH {
        for dump in &dumps {
            each_migration_keeps(db, dump).await;
        }
    }
}

/// These tables have a row from their migration.
const MADE_WITH_A_ROW: [&str; 2] = ["claim_gate", "grant_key"];

/// A ledger of today is whole when it is brought on, now by nothing and one day by what comes next.
/// Where `TAKAZA_TEST_DUMP` names a file, its dump is written there: put it beside the others, under
/// the number of the schema, before the next migration is made.
#[tokio::test]
async fn a_dump_of_the_present_schema_is_whole() {
    let ledger = Ledger::filled(Db::Sqlite).await.unwrap();
    live_more(&ledger).await;
    ledger.seal().await.unwrap();
    assert!(ledger.verify().await.whole());
    let mut old = Old::connect(&ledger.world.ledger_url).await;
    let mut text = format!("-- vkey {}\n", ledger.key.vkey());
    for table in old.names(true).await {
        if MADE_WITH_A_ROW.contains(&table.as_str()) {
            writeln!(text, "DELETE FROM {table};").unwrap();
        }
        for row in old.rows(&table).await {
            let row: Vec<_> = row.into_iter().filter(|(_, value)| !value.is_null()).collect();
            let names: Vec<_> = row.iter().map(|(name, _)| name.as_str()).collect();
            let values: Vec<_> = row.iter().map(|(_, value)| literal(value)).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            writeln!(text, "INSERT INTO {table} ({names}) VALUES ({values});").unwrap();
        }
    }
    if let Ok(file) = std::env::var("TAKAZA_TEST_DUMP") {
        std::fs::write(file, &text).unwrap();
    }
    let all = Migrator::new(folder("migrations/sqlite")).await.unwrap();
    let dump = (all.iter().map(|one| one.version).max().unwrap(), text);
    for db in BOTH {
        each_migration_keeps(db, &dump).await;
    }
}

fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => format!("'{}'", text.replace('\'', "''")),
        number => number.to_string(),
    }
}

/// What a common life leaves out: a silence, a handle, a row that broke, an alarm, an answer, an order
/// that clears, a heartbeat, an erasure.
async fn live_more(ledger: &Ledger) {
    let (world, store) = (&ledger.world, ledger.store());
    let (by, now) = (world.by("asha"), world.now());
    let desk = world.person("asha").await.as_desk(now).unwrap();
    let order = SilenceOrder {
        scope: SilenceScope::Bank(BankCode::new("ZGLM")),
        label: "EC/1".to_owned(),
        from: now,
        until: now.plus(SignedDuration::from_hours(24)),
    };
    store.add_silence(&by, &desk, &order).await.unwrap();
    let care = world.verified("ZPPL", "care@peepal.example").await;
    let quiet = [(ExternalId::new("ZNMN-9"), Quiet::NoAmount)];
    store.silence_list(&BankCode::new("ZNMN"), &quiet, now).await.unwrap();
    let posts = [("77", "https://unit.example/@unit/77")];
    store.unknown_posts(&by, &AccountName::new("unit"), &posts, false).await.unwrap();
    world.cases.breaks("ZNMN-3", "it has no bank");
    work::watch::run_once(&world.ctx).await.unwrap();
    answered(ledger, &care).await;
    cleared_by_an_order(ledger).await;
    store.heartbeat("clear@story-1", now, Some(world.now()), None).await.unwrap();
    let note = ledger.ask("SELECT id FROM action_note").await;
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let rows = [(takaza::store::Erasable::Note, note)];
    store.erase(&world.by("root"), &root, &rows, "retention 7").await.unwrap();
}

/// The bank answers the post that was delivered, and a stranger likes it.
async fn answered(ledger: &Ledger, care: &str) {
    let (world, town) = (&ledger.world, &ledger.world.town);
    let post = town.posts().remove(0).id;
    town.reply(&post, care, "Noted; we are looking into it.");
    town.like(&post, &town.account("someone@elsewhere.example"));
    world.pass(SignedDuration::from_hours(1));
    work::listen::run_once(&world.ctx).await.unwrap();
    assert_eq!(ledger.ask("SELECT CAST(COUNT(*) AS TEXT) FROM engagement").await, "2");
}

/// A standing order is signed, and clears.
async fn cleared_by_an_order(ledger: &Ledger) {
    let world = &ledger.world;
    world.cases.put(liens("ZBRG", 4, world.now()));
    world.watch_and_escalate().await;
    signed_order(world, &world.held().await, "days", |_terms| {}).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(ledger.ask("SELECT CAST(COUNT(*) AS TEXT) FROM order_clearance").await, "1");
}
