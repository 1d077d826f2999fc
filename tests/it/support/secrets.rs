//! Every secret that a story plants holds [`MARK`], and everything that takaza tells in this suite
//! is searched for it: logs (as `--debug` shows them), panics, what commands print, metrics, and
//! the ledgers, on either database, when their stories end. One that is told ends the whole suite at once.

use std::{
    io::Write,
    path::Path,
    sync::{
        LazyLock, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use regex::bytes::Regex;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tracing_subscriber::EnvFilter;

/// What no text may hold.
pub const MARK: &str = "pl4nted";

/// How much was searched, in bytes.
static SEARCHED: AtomicU64 = AtomicU64::new(0);

/// A secret of this kind.
pub fn plant(kind: &str) -> String {
    format!("{MARK}-{kind}-s3cret")
}

/// Searches all that this process logs from now on, and its panics.
pub fn listen() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let logs = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("debug,sqlx=info,html5ever=info"));
        // A story that runs the service in this process may have started its own logs first.
        let _started = logs.with_ansi(false).with_writer(|| Searching).try_init();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            told("a panic", panic.payload_as_str().unwrap_or_default().as_bytes());
            before(panic);
        }));
    });
}

struct Searching;

impl Write for Searching {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        told("the logs", line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Searches what somebody was told.
pub fn told(by: &str, what: &[u8]) {
    SEARCHED.fetch_add(what.len() as u64, Ordering::Relaxed);
    if let Some(around) = leak(what) {
        let _said = writeln!(std::io::stderr(), "\nA SECRET IS TOLD by {by}: {around}\n");
        std::process::abort();
    }
}

/// Searches every database file of a folder, as its story leaves it.
pub fn told_by_databases_in(folder: &Path) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for path in files.flatten().map(|file| file.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.contains(".db")
            && let Ok(bytes) = std::fs::read(&path)
        {
            told(&name, &bytes);
        }
    }
}

/// Searches every row of every table of a story's ledger, where that is on PostgreSQL.
pub fn told_by_postgres(url: &str) {
    if !url.starts_with("postgres") {
        return;
    }
    let url = url.to_owned();
    // A story ends in the middle of its own runtime, which must not be waited for.
    let searched = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let read = runtime.expect("a runtime").block_on(rows(&url));
        for (table, row) in read.expect("the ledger can be read") {
            told(&format!("the table {table}"), row.as_bytes());
        }
    });
    if searched.join().is_err() && !std::thread::panicking() {
        panic!("a ledger on PostgreSQL was not searched");
    }
}

/// Every row of every table, each as one text, with the name of its table.
async fn rows(url: &str) -> sqlx::Result<Vec<(String, String)>> {
    let mut ledger = PgConnection::connect(url).await?;
    let mut found = Vec::new();
    let tables = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut ledger).await?;
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT CAST(t AS TEXT) FROM {table} AS t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut ledger).await?;
        found.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    ledger.close().await?;
    Ok(found)
}

fn leak(what: &[u8]) -> Option<String> {
    static MARKED: LazyLock<Regex> = LazyLock::new(|| Regex::new(MARK).expect("a plain word"));
    let at = MARKED.find(what)?;
    let around = &what[at.start().saturating_sub(200)..what.len().min(at.end() + 60)];
    Some(String::from_utf8_lossy(around).into_owned())
}

#[test]
fn a_secret_is_found_wherever_it_is_told() {
    let secret = plant("token");
    assert_eq!(leak(b"nothing to see"), None);
    assert!(leak(format!("GET / authorization: Bearer {secret}").as_bytes()).is_some());
    let mut database = vec![0; 5000];
    database.extend(secret.as_bytes());
    assert!(leak(&database).is_some());
}

#[test]
fn the_logs_of_this_process_are_searched() {
    listen();
    let before = SEARCHED.load(Ordering::Relaxed);
    tracing::debug!("a line like any other");
    assert!(SEARCHED.load(Ordering::Relaxed) > before);
}

#[tokio::test]
async fn a_secret_in_any_column_of_a_ledger_on_postgresql_is_found() {
    let Some(url) = super::servers::postgres().await else { return };
    let mut ledger = PgConnection::connect(&url).await.unwrap();
    let secret = plant("grant");
    let sql = format!(
        "CREATE TABLE kept (n BIGINT, sealed TEXT); INSERT INTO kept VALUES (1, '{secret}')"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut ledger).await.unwrap();
    let rows = rows(&url).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, "kept");
    assert!(leak(rows[0].1.as_bytes()).is_some());
}
