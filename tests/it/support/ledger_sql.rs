//! The ledger's tables read, and spoilt, from outside: what a story may not do through the store.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};

/// The one number that a query gives, on either database.
pub async fn number(url: &str, query: &str) -> i64 {
    let query = query.to_owned();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.expect("the ledger opens");
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await;
        row.expect("a row").get(0)
    } else {
        let mut connection = SqliteConnection::connect(url).await.expect("the ledger opens");
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut connection).await;
        row.expect("a row").get(0)
    }
}

/// The one text that a query gives, on SQLite.
pub async fn text(url: &str, query: &str) -> String {
    let mut connection = SqliteConnection::connect(url).await.expect("the ledger opens");
    let row = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await;
    row.expect("a row").get(0)
}

/// Does to the ledger what no method of the store would.
pub async fn run(url: &str, statement: &str) {
    let statement = statement.to_owned();
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.expect("the ledger opens");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("it runs");
    } else {
        let mut connection = SqliteConnection::connect(url).await.expect("the ledger opens");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("it runs");
    }
}

/// How many entries of the record tell of this act.
pub async fn entries(url: &str, act: &str) -> i64 {
    number(url, &format!("SELECT COUNT(*) FROM entry WHERE act = '{act}'")).await
}
