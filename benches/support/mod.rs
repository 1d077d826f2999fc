//! What the benches share: a database of their own, a case table, and honest clocks.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use takaza::{
    cases::sql::{BankRef, BankResolver, SqlSource, SqlSourceConfig},
    domain::{ids::BankCode, time::Timestamp},
};

/// The throwaway server that `benches/run` starts.
pub fn server() -> Option<String> {
    std::env::var("TAKAZA_TEST_POSTGRES").ok()
}

pub async fn on_server(sql: String) {
    let server = server().expect("benches/run starts a PostgreSQL");
    let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("it obeys");
}

/// The url of a database on the server.
pub fn database(name: &str) -> String {
    let server = server().expect("benches/run starts a PostgreSQL");
    let (host, _) = server.rsplit_once('/').expect("the url names a database");
    format!("{host}/{name}")
}

/// Every code is a bank of the bench.
pub fn any_bank() -> BankResolver {
    Arc::new(|bank| match bank {
        BankRef::Code(code) => Some(BankCode::new(code)),
        BankRef::Ifsc(_) => None,
    })
}

/// The case table's source, by the query that a unit would configure.
pub fn source(url: &str) -> SqlSource {
    let config = SqlSourceConfig {
        url: Some(url.to_owned().into()),
        query: "SELECT external_id, case_ref, bank_code, kind, layer, disputed_amount, \
                requested_at, delivered_at, due_at, complete, status, acted_at, lien_amount, \
                contacts, last_contact_at, updated_at FROM bank_action"
            .to_owned(),
        zone: "UTC".to_owned(),
        ..SqlSourceConfig::default()
    };
    SqlSource::new(config, any_bank()).expect("the source is well configured")
}

/// The case table of a police database on PostgreSQL or SQLite, indexed as the manual says.
pub fn case_table(sqlite: bool) -> String {
    let (time, rupees) = if sqlite { ("TEXT", "TEXT") } else { ("timestamptz", "numeric(14,2)") };
    format!(
        "CREATE TABLE bank_action (external_id text PRIMARY KEY, case_ref text, bank_code text, \
         kind text, layer integer, disputed_amount {rupees}, requested_at {time}, \
         delivered_at {time}, due_at {time}, complete integer, status text, acted_at {time}, \
         lien_amount {rupees}, contacts integer, last_contact_at {time}, updated_at {time}); \
         CREATE INDEX changed ON bank_action (updated_at);"
    )
}

/// The machine's own time, for what is measured and nothing else.
pub fn now() -> Timestamp {
    takaza::clock::Clock::System.now()
}

/// How long something took.
pub async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let clock = takaza::clock::Clock::System;
    let before = clock.steady();
    let done = work.await;
    let took: SignedDuration = clock.steady() - before;
    (done, took.unsigned_abs())
}

/// The middle one.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
