//! Watch: the cost of a poll must follow the changes, not the table. Reads the same 1,000 changes
//! in changes mode from case tables of 10⁵ and 10⁶ rows, on SQLite and on PostgreSQL, and prints
//! the ratio of the times: about 1. All other rows changed three days ago or earlier: of a time that
//! is kept as text (SQLite has no other) the database compares the day alone, with a day to spare
//! for zones, so that a poll also reads, and leaves out here, what changed within the last two days.

mod support;

use futures::TryStreamExt as _;
use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use support::{case_table, database, median, now, on_server, server, source, timed};
use takaza::cases::CaseSource as _;

const SMALL: u32 = 100_000;
const LARGE: u32 = 1_000_000;
const CHANGES: u32 = 1_000;
const ROUNDS: usize = 9;

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut urls = Vec::new();
    for rows in [SMALL, LARGE] {
        let url = format!("sqlite:{}", dir.path().join(format!("{rows}.db")).display());
        let mut writer =
            SqliteConnection::connect(&format!("{url}?mode=rwc")).await.expect("SQLite");
        let sql = format!("{} BEGIN; {} COMMIT; ANALYZE;", case_table(true), sqlite_rows(rows));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut writer).await.expect("rows");
        urls.push(url);
    }
    report("SQLite", &urls[0], &urls[1]).await;
    if server().is_none() {
        println!("watch on PostgreSQL: left out; `benches/run watch` starts one");
        return;
    }
    let mut urls = Vec::new();
    for rows in [SMALL, LARGE] {
        let name = format!("watch_{rows}");
        on_server(format!("DROP DATABASE IF EXISTS {name}")).await;
        on_server(format!("CREATE DATABASE {name}")).await;
        let url = database(&name);
        let mut writer = sqlx::PgConnection::connect(&url).await.expect("PostgreSQL");
        let sql = format!("{} {} ANALYZE bank_action;", case_table(false), postgres_rows(rows));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut writer).await.expect("rows");
        urls.push(url);
    }
    report("PostgreSQL", &urls[0], &urls[1]).await;
}

/// Reads both tables in turn and prints the ratio of the medians.
async fn report(kind: &str, small: &str, large: &str) {
    let sources = [source(small), source(large)];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (source, times) in sources.iter().zip(&mut times) {
            // The changes of the last hour; all else is older.
            let since = now().minus(SignedDuration::from_hours(2));
            let (rows, took) = timed(async {
                let rows = source.poll(now(), Some(since)).await.expect("a poll");
                rows.try_fold(0_u32, async |n, row| Ok(n + u32::from(row.is_ok()))).await
            })
            .await;
            assert_eq!(rows.expect("every row"), CHANGES, "exactly the changes are read");
            times.push(took.as_secs_f64() * 1000.0);
        }
    }
    let [small, large] = times.map(median);
    println!(
        "watch on {kind}: {CHANGES} changes among {SMALL} rows {small:.1} ms, among {LARGE} rows \
         {large:.1} ms, ratio {:.2}",
        large / small
    );
}

fn sqlite_rows(rows: u32) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
         INSERT INTO bank_action SELECT 'A-' || i, 'FIR ' || i, 'B' || (i % 40), 'lien', 1, \
         '12345.00', datetime('now', '-40 days'), datetime('now', '-40 days'), NULL, 1, 'pending', \
         NULL, NULL, 1, datetime('now', '-39 days'), \
         CASE WHEN i % ({rows} / {CHANGES}) = 0 THEN datetime('now') \
         ELSE datetime('now', '-' || (3 + i % 30) || ' days') END FROM n;"
    )
}

fn postgres_rows(rows: u32) -> String {
    format!(
        "INSERT INTO bank_action SELECT 'A-' || i, 'FIR ' || i, 'B' || (i % 40), 'lien', 1, \
         12345.00, now() - interval '40 days', now() - interval '40 days', NULL, 1, 'pending', \
         NULL, NULL, 1, now() - interval '39 days', \
         CASE WHEN i % ({rows} / {CHANGES}) = 0 THEN now() \
         ELSE now() - (3 + i % 30) * interval '1 day' END FROM generate_series(1, {rows}) AS i;"
    )
}
