//! The real servers that `tests/run` starts, each test with a database of its own.
//!
//! Where a server is not there a test says so on standard error and returns; under `tests/run`
//! (`TAKAZA_TEST_ALL=1`) that is a failure, so that nothing is left out unseen.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

/// The url of a fresh, empty database on the test PostgreSQL.
pub async fn postgres() -> Option<String> {
    let server = peer("TAKAZA_TEST_POSTGRES")?;
    let name = fresh_name();
    let mut connection = PgConnection::connect(&server).await.expect("the test PostgreSQL answers");
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name} TEMPLATE template0"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("a database");
    }
    Some(in_database(&server, &name))
}

/// The url of a fresh, empty database on the test MariaDB.
pub async fn mariadb() -> Option<String> {
    let server = peer("TAKAZA_TEST_MARIADB")?;
    let name = fresh_name();
    let mut connection = MySqlConnection::connect(&server).await.expect("the test MariaDB answers");
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("a database");
    }
    Some(in_database(&server, &name))
}

/// The base url of the test mastodon-mock.
#[expect(dead_code, reason = "for the stories of the Mastodon destination")]
pub fn mastodon_mock() -> Option<String> {
    peer("TAKAZA_TEST_MASTODON_MOCK")
}

/// The base url of the test oidc-provider.
pub fn oidc() -> Option<String> {
    peer("TAKAZA_TEST_OIDC")
}

/// The door to a Bluesky network of its own (`tests/peers/bluesky.mjs`).
pub fn bluesky() -> Option<String> {
    peer("TAKAZA_TEST_BLUESKY")
}

/// The base url of the test Prism, which holds every request to X's specification.
pub fn prism() -> Option<String> {
    peer("TAKAZA_TEST_PRISM")
}

/// The address of the chromedriver that opens real browsers.
pub fn chromedriver() -> Option<String> {
    peer("TAKAZA_TEST_CHROMEDRIVER")
}

/// The folder whose `node_modules` holds axe-core.
pub fn axe() -> Option<String> {
    peer("TAKAZA_TEST_AXE")
}

/// The folder whose `node_modules` holds X's own `twitter-text`.
pub fn twitter_text() -> Option<String> {
    peer("TAKAZA_TEST_TWITTER_TEXT")
}

/// The python that has aiosmtpd, for mail servers of a story's own (`tests/peers/smtp.py`).
pub fn aiosmtpd() -> Option<String> {
    peer("TAKAZA_TEST_AIOSMTPD")
}

/// The `st` of schemathesis, which holds an API to its document.
pub fn schemathesis() -> Option<String> {
    peer("TAKAZA_TEST_SCHEMATHESIS")
}

/// The Python that has lifelines, which draws survival curves.
pub fn lifelines() -> Option<String> {
    peer("TAKAZA_TEST_LIFELINES")
}

fn peer(variable: &str) -> Option<String> {
    let found = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if found.is_none() {
        skip(&format!("{variable} is not set; tests/run starts that server"));
    }
    found
}

/// What a program of another's says when it is run; `None` where it is not installed.
pub fn tool(name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    match std::process::Command::new(name).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            Some(output.stdout)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip(&format!("{name} is not installed; tests/run installs it"));
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn skip(why: &str) {
    assert!(std::env::var_os("TAKAZA_TEST_ALL").is_none(), "TAKAZA_TEST_ALL is set, but {why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {test}: {why}");
}

/// Unique among the tests that run now; a database that an earlier run left is dropped first.
fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("takaza_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn in_database(server: &str, name: &str) -> String {
    let (host, _) = server.rsplit_once('/').expect("the url names a database");
    format!("{host}/{name}")
}
