//! Sources that are down, that never answer, or that may not be entered; and what is said then.

use std::net::TcpListener;

use jiff::SignedDuration;
use takaza::{
    cases::{
        CaseSource as _, SourceError,
        sql::{SqlSource, SqlSourceConfig},
    },
    domain::{action::Status, ids::ExternalId},
};

use super::{
    COLUMNS, Database,
    database::{Writer, try_poll},
    directory, ids, now, on_every_database, poll,
};

const SECRET: &str = "hush%2Fnothing";

fn at(url: String) -> SqlSource {
    let config = SqlSourceConfig {
        name: "the unit's cases".to_owned(),
        url: Some(url.into()),
        connect_timeout: SignedDuration::from_millis(300),
        ..SqlSourceConfig::default()
    };
    SqlSource::new(config, directory()).unwrap()
}

async fn is_unreachable(source: &SqlSource) -> String {
    let mut said = Vec::new();
    said.push(try_poll(source, None).await.unwrap_err());
    said.push(source.recheck(now(), &["a".to_owned().into()]).await.unwrap_err());
    said.push(source.tells_changes().await.unwrap_err());
    for error in &said {
        assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("the unit's cases"), "{error}");
    }
    let said = format!("{said:?}");
    assert!(!said.contains("hush") && !said.contains("nothing"), "{said}");
    said
}

#[tokio::test]
async fn a_source_that_is_down() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let said =
            is_unreachable(&at(format!("{scheme}://u:{SECRET}@127.0.0.1:{port}/cases"))).await;
        assert!(said.contains("refused"), "{said}");
    }
    is_unreachable(&at("sqlite:/nowhere/at/all.db".to_owned())).await;
}

#[tokio::test]
async fn a_source_that_accepts_and_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let said =
            is_unreachable(&at(format!("{scheme}://u:{SECRET}@127.0.0.1:{port}/cases"))).await;
        assert!(said.contains("no answer within 0.3 s"), "{said}");
    }
}

#[tokio::test]
async fn a_source_that_speaks_another_language() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>").await.unwrap();
        }
    });
    for scheme in ["postgres", "mysql"] {
        is_unreachable(&at(format!("{scheme}://u:{SECRET}@127.0.0.1:{port}/cases"))).await;
    }
    server.abort();
}

on_every_database! {
    /// The service goes on, and so does the source once it is back.
    async fn a_source_that_comes_back(db: Database) {
        let source = db.source("SELECT * FROM bank_action");
        let error = try_poll(&source, None).await.unwrap_err();
        assert!(matches!(error, SourceError::Contract { .. }), "{error}");
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        assert_eq!(ids(&poll(&source, None).await), ["a"]);
    }

    /// The kept connection is cut between two rechecks: the next one opens another.
    async fn a_connection_that_was_cut(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        let source = db.source("SELECT * FROM bank_action");
        assert_eq!(poll(&source, None).await.len(), 1);
        match db.writer {
            Writer::Sqlite(_) => {}
            Writer::Postgres(_) => {
                db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                        WHERE application_name = 'takaza cases' AND datname = current_database()")
                    .await;
            }
            Writer::MariaDb(_) => {
                db.run("BEGIN NOT ATOMIC DECLARE other integer; \
                        SELECT id INTO other FROM information_schema.processlist \
                        WHERE db = database() AND id <> connection_id(); KILL other; END")
                    .await;
            }
        }
        assert_eq!(source.recheck(now(), &["a".to_owned().into()]).await.unwrap().len(), 1);
    }

    /// The query takes for ever: it is given up, and stands in nobody's way.
    async fn a_query_that_never_ends(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        let pause = match db.writer {
            Writer::Sqlite(_) => "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                                  SELECT max(i) FROM n)",
            Writer::Postgres(_) => "pg_sleep(100)::text",
            Writer::MariaDb(_) => "sleep(100)",
        };
        let columns = COLUMNS.replace("case_ref", &format!("{pause} AS case_ref"));
        let config = SqlSourceConfig {
            query_timeout: SignedDuration::from_millis(500),
            ..db.config(&format!("SELECT {columns} FROM bank_action"))
        };
        let source = SqlSource::new(config, directory()).unwrap();
        let error = try_poll(&source, None).await.unwrap_err();
        assert!(error.to_string().contains("no answer within 0.5 s"), "{error}");
        let error = source.recheck(now(), &["a".to_owned().into()]).await.unwrap_err();
        assert!(error.to_string().contains("no answer within 0.5 s"), "{error}");
        // On SQLite this would stay locked out for as long as the abandoned query read on.
        db.run("UPDATE bank_action SET contacts = 4").await;
    }
}

/// A nightly dump that is moved to the place of the file, one that is written over it, and one that
/// is taken away: what was read before is never taken for what is there.
#[tokio::test]
async fn a_file_that_is_replaced_is_read_anew() {
    let mut old = Database::sqlite().await.unwrap();
    old.typed_table().await;
    old.pending("a", "2026-11-21 09:00").await;
    let mut new = Database::sqlite().await.unwrap();
    new.typed_table().await;
    new.pending("a", "2026-11-22 09:00").await;
    new.run("UPDATE bank_action SET status = 'acted'").await;
    let path = |db: &Database| db.url.trim_start_matches("sqlite:").to_owned();
    let dump = std::fs::read(path(&old)).unwrap();
    let source = old.source("SELECT * FROM bank_action");
    let asked = [ExternalId::new("a")];
    let status = async || {
        let rows = source.recheck(now(), &asked).await.unwrap();
        rows[0].as_ref().unwrap().action.status
    };
    poll(&source, None).await;
    assert_eq!(status().await, Status::Pending);

    std::fs::rename(path(&new), path(&old)).unwrap();
    assert_eq!(status().await, Status::Acted);
    assert_eq!(poll(&source, None).await[0].as_ref().unwrap().action.status, Status::Acted);
    std::fs::write(path(&old), dump).unwrap();
    assert_eq!(status().await, Status::Pending);

    std::fs::remove_file(path(&old)).unwrap();
    let error = source.recheck(now(), &asked).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
    assert!(try_poll(&source, None).await.is_err());
}

#[tokio::test]
async fn a_wrong_password_is_not_repeated() {
    for database in [Database::postgres().await, Database::mariadb().await].into_iter().flatten() {
        let (head, host) = database.url.split_once('@').unwrap();
        let (user, _) = head.rsplit_once(':').unwrap();
        let said = is_unreachable(&at(format!("{user}:{SECRET}@{host}"))).await;
        assert!(said.contains("28"), "{said}");
    }
}

/// The server's own words about a value quote it: they are not passed on.
#[tokio::test]
async fn a_value_that_fails_the_query_is_not_quoted() {
    let Some(mut db) = Database::postgres().await else { return };
    db.typed_table().await;
    db.pending("9876543210", "2026-11-21 09:00").await;
    db.run("UPDATE bank_action SET victim_name = 'Smt. Somebody'").await;
    let columns = COLUMNS.replace("contacts", "victim_name::integer AS contacts");
    let source = db.source(&format!("SELECT {columns} FROM bank_action"));
    let error = try_poll(&source, None).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Somebody"), "{error}");
    assert!(error.to_string().contains("22P02"), "{error}");
}

#[test]
fn the_configuration_keeps_its_secret() {
    let read = |text: &str| toml::from_str::<SqlSourceConfig>(text);
    let config = read("url = 'postgres://u:hush@db/cases'\noverlap = '15m'").unwrap();
    assert!(!format!("{config:?}").contains("hush"));
    assert_eq!(config.overlap, SignedDuration::from_mins(15));
    assert!(read("qeury = 'SELECT 1'").unwrap_err().to_string().contains("qeury"));

    let two = SqlSourceConfig { url_env: Some("CASES".to_owned()), ..config };
    let refused = |config| SqlSource::new(config, directory()).err().unwrap().to_string();
    assert!(refused(two).contains("exactly one of url"));
    for url in ["postgres://u:hush@db:port/cases", "oracle://u:hush@db/cases", "hush"] {
        let config = SqlSourceConfig { url: Some(url.to_owned().into()), ..Default::default() };
        let said = format!("{:?}", SqlSource::new(config, directory()).err().unwrap());
        assert!(!said.contains("hush"), "{said}");
    }
    let zone = SqlSourceConfig {
        url: Some("sqlite:x.db".to_owned().into()),
        zone: "Asia/Gurugram".to_owned(),
        ..Default::default()
    };
    assert!(refused(zone).contains("Asia/Gurugram"));
}

#[test]
fn the_url_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("url");
    let config = SqlSourceConfig { url_file: Some(path.clone()), ..Default::default() };
    let said = format!("{:#}", config.resolve_url().unwrap_err());
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    std::fs::write(&path, "sqlite:cases.db\n").unwrap();
    assert!(SqlSource::new(config, directory()).is_ok());
}
