//! The case source over SQLite, PostgreSQL and MariaDB: the same stories on each.

mod breakage;
mod database;
mod embedded;
mod outages;
mod zones;

use futures::StreamExt as _;
use takaza::{
    cases::{
        CaseSource as _, SourceError,
        sql::{Mode, SqlSource, SqlSourceConfig},
    },
    domain::{ids::ExternalId, money::Paise},
};

use self::database::{COLUMNS, Database, Writer, directory, ids, moment, now, pending, poll};

/// Tells each story on every database: `cases::STORY::sqlite`, `…::postgres`, `…::mariadb`.
macro_rules! on_every_database {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: Database) $body:block)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn story(mut $db: Database) {
                let _ = &mut $db;
                $body
            }

            #[tokio::test]
            async fn sqlite() {
                if let Some(database) = Database::sqlite().await { story(database).await }
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = Database::postgres().await { story(database).await }
            }

            #[tokio::test]
            async fn mariadb() {
                if let Some(database) = Database::mariadb().await { story(database).await }
            }
        }
    )*};
}
use on_every_database;

on_every_database! {
    /// All cells of a row mean the same whatever the database, and a poll for changes gives only
    /// what changed, in order.
    async fn changes_poll_gives_what_changed(db: Database) {
        db.typed_table().await;
        db.pending("c", "2026-11-23 09:00").await;
        db.pending("a", "2026-11-21 09:00").await;
        db.pending("b", "2026-11-22 09:00").await;
        let source = db.source(&format!("SELECT {COLUMNS} FROM bank_action; "));
        assert!(source.tells_changes().await.unwrap());

        let all = poll(&source, None).await;
        assert_eq!(ids(&all), ["a", "b", "c"]);
        let first = all[0].as_ref().unwrap();
        assert_eq!(first.action, pending("a", "2026-11-21 09:00"));
        assert_eq!(first.as_of, now());

        let since = |wall| Some(moment(wall));
        assert_eq!(ids(&poll(&source, since("2026-11-22 09:00")).await), ["b", "c"]);
        assert_eq!(ids(&poll(&source, since("2026-11-22 09:01")).await), ["c"]);
        assert!(poll(&source, since("2026-11-23 09:01")).await.is_empty());
    }

    async fn snapshot_gives_everything_every_time(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        db.pending("b", "2026-11-22 09:00").await;
        let without = COLUMNS.replace(", updated_at", "");
        let unable = db.source(&format!("SELECT {without} FROM bank_action -- all of it"));
        let mut config = db.config(&format!("SELECT {COLUMNS} FROM bank_action"));
        config.mode = Mode::Snapshot;
        let told = SqlSource::new(config, directory()).unwrap();
        for source in [unable, told] {
            assert!(!source.tells_changes().await.unwrap());
            let rows = poll(&source, Some(moment("2026-11-23 09:00"))).await;
            let mut found = ids(&rows);
            found.sort_unstable();
            assert_eq!(found, ["a", "b"]);
        }
    }

    /// A row that was never changed has no `updated_at` in many a program: it must not be unseen.
    async fn a_row_without_a_change_is_in_every_poll(db: Database) {
        db.typed_table().await;
        db.pending("old", "2026-11-01 09:00").await;
        db.pending("never", "2026-11-01 09:00").await;
        db.run("UPDATE bank_action SET updated_at = NULL WHERE external_id = 'never'").await;
        let source = db.source("SELECT * FROM bank_action");
        assert_eq!(ids(&poll(&source, Some(moment("2026-11-23 09:00"))).await), ["never"]);
    }

    /// A transaction bears the time of its beginning and commits after the poll that should have
    /// seen it. The caller polls from the overlap behind what it has seen.
    async fn a_late_commit_is_found_through_the_overlap(db: Database) {
        db.typed_table().await;
        let source = db.source("SELECT * FROM bank_action");
        let late = db.pending_sql("late", "2026-11-23 09:00");
        let mut slow = db.second_writer().await;
        // SQLite has one writer at a time, so there the slow one can only begin afterwards.
        let beside = !matches!(db.writer, Writer::Sqlite(_));
        if beside {
            slow.run("BEGIN").await;
            slow.run(&late).await;
        }
        db.pending("quick", "2026-11-23 09:05").await;
        let seen = poll(&source, None).await;
        assert_eq!(ids(&seen), ["quick"]);
        let latest = seen[0].as_ref().unwrap().action.updated_at.unwrap();

        slow.run(if beside { "COMMIT" } else { &late }).await;
        assert_eq!(ids(&poll(&source, Some(latest)).await), ["quick"]);
        let overlapped = poll(&source, Some(latest.minus(source.overlap()))).await;
        assert_eq!(ids(&overlapped), ["late", "quick"]);
    }

    async fn recheck_of_2500_rows(db: Database) {
        db.typed_table().await;
        for chunk in (0..3000).collect::<Vec<_>>().chunks(100) {
            let rows: Vec<_> = chunk
                .iter()
                .map(|n| db.pending_sql(&format!("REQ/{n}"), "2026-11-21 09:00"))
                .collect();
            let values: Vec<_> = rows.iter().map(|sql| sql.split_once("VALUES").unwrap().1).collect();
            let (head, _) = rows[0].split_once("VALUES").unwrap();
            db.run(&format!("{head} VALUES {}", values.join(", "))).await;
        }
        db.run("UPDATE bank_action SET status = 'acted' WHERE external_id = 'REQ/1'").await;
        let source = db.source("SELECT * FROM bank_action");
        let asked: Vec<_> =
            (0..2498).map(|n| format!("REQ/{n}")).chain(["REQ/x".into(), "req/2".into()]).collect();
        let asked: Vec<_> = asked.into_iter().map(ExternalId::new).collect();
        let rows = source.recheck(now(), &asked).await.unwrap();
        let mut found = ids(&rows);
        found.sort_unstable();
        let mut wanted: Vec<_> = asked[..2498].iter().map(ExternalId::expose).collect();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "all that are there, and nothing for those that are not");
        let acted = rows.iter().flatten().filter(|row| row.action.status.as_str() == "acted");
        assert_eq!(acted.count(), 1);
        assert!(source.recheck(now(), &[]).await.unwrap().is_empty());
    }

    async fn recheck_by_a_key_that_is_a_number(db: Database) {
        db.run("CREATE TABLE bank_action (id bigint PRIMARY KEY)").await;
        db.run("INSERT INTO bank_action VALUES (9007199254740992), (9007199254740993), (7)").await;
        let source = db.source(
            "SELECT id AS external_id, 'FIR 1' AS case_ref, 'ZPPL0000001' AS ifsc, 'hold' AS kind, \
             NULL AS disputed_amount, '2026-11-20T10:00:00Z' AS requested_at, NULL AS delivered_at, \
             1 AS complete, 'pending' AS status, NULL AS acted_at FROM bank_action",
        );
        let asked = ["9007199254740993", "7", "8", "seven", "7 or 1=1", "99999999999999999999"];
        let rows = source.recheck(now(), &asked.map(ExternalId::new)).await.unwrap();
        let mut found = ids(&rows);
        found.sort_unstable();
        assert_eq!(found, ["7", "9007199254740993"]);
        assert_eq!(rows[0].as_ref().unwrap().action.bank.as_str(), "ZPPL", "by its branch");
    }

    /// Two rows of one key contradict each other: neither is believed.
    async fn a_key_that_is_not_unique_says_nothing(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        db.pending("b", "2026-11-21 09:00").await;
        let source =
            db.source("SELECT * FROM bank_action UNION ALL SELECT * FROM bank_action WHERE external_id = 'a'");
        let asked = ["a", "b"].map(ExternalId::new);
        let rows = source.recheck(now(), &asked).await.unwrap();
        assert_eq!(ids(&rows), ["b"]);
        let rejected = rows.iter().find_map(|row| row.as_ref().err()).unwrap();
        assert_eq!(rejected.reason, "external_id is not unique");
        assert_eq!(rejected.external_id, Some(ExternalId::new("a")));
    }

    /// Extra columns are never read: here one could not even be computed.
    async fn extra_columns_are_never_read(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        db.pending("b", "2026-11-21 09:00").await;
        let fails = match db.writer {
            Writer::Sqlite(_) => "abs(-9223372036854775807 - layer)",
            _ => "(SELECT victim_name FROM bank_action)",
        };
        let source = db.source(&format!("SELECT {fails} AS victim, t.* FROM bank_action t"));
        assert_eq!(poll(&source, None).await.iter().flatten().count(), 2);
    }

    /// Whoever wrote the query, it cannot write.
    async fn a_query_cannot_write(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        let mut attempts = vec![
            "SELECT * FROM bank_action) q; DELETE FROM bank_action; --",
            "DELETE FROM bank_action RETURNING *",
        ];
        let body = "DELETE FROM bank_action";
        match db.writer {
            Writer::Sqlite(_) => {}
            Writer::Postgres(_) => {
                db.run(&format!(
                    "CREATE FUNCTION wipe() RETURNS integer LANGUAGE sql AS '{body}; SELECT 1'"
                ))
                .await;
                attempts.push("SELECT *, wipe() AS as_of FROM bank_action");
                attempts.push(
                    "WITH gone AS (DELETE FROM bank_action RETURNING *) SELECT * FROM gone",
                );
            }
            Writer::MariaDb(_) => {
                db.run("CREATE TABLE log (n integer)").await;
                db.run("CREATE FUNCTION wipe() RETURNS integer MODIFIES SQL DATA \
                        BEGIN INSERT INTO log VALUES (1); RETURN 1; END")
                    .await;
                attempts.push("SELECT *, wipe() AS as_of FROM bank_action");
            }
        }
        for attempt in attempts {
            let source = db.source(attempt);
            let answer = database::try_poll(&source, None).await;
            let error = answer.expect_err(attempt);
            assert!(matches!(error, SourceError::Contract { .. }), "{attempt}: {error}");
            assert_eq!(db.count().await, 1, "{attempt}");
        }
    }

    /// Who stops reading in the middle ends the query, and the source goes on answering.
    async fn a_poll_may_be_left_in_the_middle(db: Database) {
        db.typed_table().await;
        for n in 0..10 {
            db.pending(&format!("a{n}"), "2026-11-21 09:00").await;
        }
        let many = "SELECT t.* FROM bank_action t, bank_action u, bank_action v, bank_action w";
        let source = db.source(many);
        let first: Vec<_> = source.poll(now(), None).await.unwrap().take(3).collect().await;
        assert!(first.iter().all(|row| matches!(row, Ok(Ok(_)))));
        assert_eq!(poll(&source, None).await.len(), 10_000);
    }

    async fn the_units_own_figures(db: Database) {
        db.run("CREATE TABLE figures (day date, complaints integer, amount_defrauded decimal(14,2), \
                amount_recovered decimal(14,2), arrests varchar(9))").await;
        db.run("INSERT INTO figures VALUES ('2026-11-22', 88, '5726027.4', 712328, '2'), \
                ('2026-11-23', 91, 1, 2, 'two')").await;
        let config = SqlSourceConfig {
            figures_query: Some("SELECT * FROM figures ORDER BY day".to_owned()),
            ..db.config("SELECT 1")
        };
        let rows = SqlSource::new(config, directory()).unwrap().figures().await.unwrap();
        let day = rows[0].as_ref().unwrap();
        assert_eq!(day.day, jiff::civil::date(2026, 11, 22));
        assert_eq!((day.complaints, day.arrests), (88, 2));
        assert_eq!(day.amount_defrauded, Paise::new(572_602_740));
        assert_eq!(day.amount_recovered, Paise::from_rupees(712_328));
        let rejected = rows[1].as_ref().unwrap_err();
        assert_eq!(rejected.place, "2026-11-23");
        assert_eq!(rejected.reason, "arrests is not a whole number");
    }
}

/// A key of PostgreSQL's type `uuid` is looked up by its index, and no other word fails the batch.
#[tokio::test]
async fn recheck_by_a_uuid_on_postgres() {
    let Some(mut db) = Database::postgres().await else { return };
    db.typed_table().await;
    let id = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
    db.pending(id, "2026-11-21 09:00").await;
    db.run("ALTER TABLE bank_action ALTER external_id TYPE uuid USING external_id::uuid").await;
    let source = db.source("SELECT * FROM bank_action");
    let rows = source.recheck(now(), &["no uuid", id].map(ExternalId::new)).await.unwrap();
    assert_eq!(ids(&rows), [id]);
}
