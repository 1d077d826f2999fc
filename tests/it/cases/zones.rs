//! Times with an offset are what they say; times without one stand on the configured wall clock,
//! whatever the type of their column.

use takaza::{
    cases::sql::{SqlSource, SqlSourceConfig},
    domain::time::Timestamp,
};

use super::{Database, Writer, directory, moment, on_every_database, poll};

fn utc(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

async fn text_row(db: &mut Database, id: &str, requested_at: &str) {
    db.run(&format!(
        "INSERT INTO bank_action (external_id, case_ref, bank_code, kind, requested_at, complete, \
         status, updated_at) VALUES ('{id}', 'c', 'ZNMN', 'kyc', '{requested_at}', '1', \
         'withdrawn', '{requested_at}')"
    ))
    .await;
}

async fn requested(
    db: &Database,
    zone: &str,
    since: Option<Timestamp>,
) -> Vec<(String, Timestamp)> {
    let config =
        SqlSourceConfig { zone: zone.to_owned(), ..db.config("SELECT * FROM bank_action") };
    let source = SqlSource::new(config, directory()).unwrap();
    let mut found: Vec<_> = poll(&source, since)
        .await
        .into_iter()
        .map(|row| row.unwrap().action)
        .map(|action| (action.external_id.expose().to_owned(), action.requested_at))
        .collect();
    found.sort();
    found
}

on_every_database! {
    async fn text_in_any_usual_form(db: Database) {
        db.text_table().await;
        for (id, text) in [
            ("1", "2026-03-08 12:00:00"),
            ("2", "2026-03-08T12:00"),
            ("3", "2026-03-08 12:00:00.000001+00"),
            ("4", "2026-03-08T12:00:00+05:30"),
            ("5", "2026-03-08T12:00:00Z"),
        ] {
            text_row(&mut db, id, text).await;
        }
        let expected = |wall: &str| {
            ["1", "2", "3", "4", "5"].map(str::to_owned).into_iter().zip([
                utc(wall),
                utc(wall),
                utc("2026-03-08T12:00:00.000001Z"),
                utc("2026-03-08T06:30:00Z"),
                utc("2026-03-08T12:00:00Z"),
            ]).collect::<Vec<_>>()
        };
        assert_eq!(requested(&db, "Asia/Kolkata", None).await, expected("2026-03-08T06:30:00Z"));
        assert_eq!(requested(&db, "UTC", None).await, expected("2026-03-08T12:00:00Z"));
    }

    /// `updated_at` as text, in several zones at once: a poll gives what changed, no less and no
    /// more.
    async fn changes_told_by_text(db: Database) {
        db.text_table().await;
        for (id, text) in [
            ("1", "2026-11-20 05:00:00"),
            ("2", "2026-11-20T05:00:01"),
            ("3", "2026-11-19T23:30:00Z"),
            ("4", "2026-11-19T23:29:59.999999Z"),
            ("5", "2026-11-20T13:30:00+14:00"),
            ("6", "2026-11-19T11:30:00-12:00"),
        ] {
            text_row(&mut db, id, text).await;
        }
        let changed = requested(&db, "Asia/Kolkata", Some(moment("2026-11-20 05:00"))).await;
        let ids: Vec<_> = changed.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3", "5", "6"]);
    }

    /// Of the two instants that a clock put back shows, the later: it accuses less.
    async fn clocks_put_back_and_forward(db: Database) {
        // MariaDB would need its zone tables for a session in a zone with changes of the clock.
        if matches!(db.writer, Writer::MariaDb(_)) { return }
        db.text_table().await;
        text_row(&mut db, "back", "2026-11-01 01:30:00").await;
        text_row(&mut db, "forward", "2026-03-08 02:30:00").await;
        let found = requested(&db, "America/New_York", None).await;
        assert_eq!(found, [
            ("back".to_owned(), utc("2026-11-01T06:30:00Z")),
            ("forward".to_owned(), utc("2026-03-08T07:30:00Z")),
        ]);
    }
}

/// A column of type `timestamp` is an instant in MariaDB and a wall clock in PostgreSQL, and both
/// lose their type in an expression: the session keeps the configured zone, so all come out right.
#[tokio::test]
async fn types_with_and_without_a_zone() {
    let expected = utc("2026-11-20T04:30:00Z");
    let columns = "external_id, case_ref, bank_code, kind, disputed_amount, requested_at, \
        complete, status, updated_at";
    let row = "'FIR 1', 'ZPPL', 'kyc', 1, '2026-11-20 10:00:00', true, 'withdrawn'";
    if let Some(mut db) = Database::postgres().await {
        db.run("SET TIME ZONE 'Asia/Kolkata'").await;
        db.typed_table().await;
        db.run(&format!("INSERT INTO bank_action ({columns}) VALUES ('a', {row}, now())")).await;
        db.run("ALTER TABLE bank_action ALTER updated_at TYPE timestamp USING '2026-11-20 10:00'")
            .await;
        for kind in ["requested_at", "requested_at::timestamp", "date_trunc('hour', updated_at)"] {
            agree(&db, kind, expected).await;
        }
    }
    if let Some(mut db) = Database::mariadb().await {
        db.run("SET time_zone = '+05:30'").await;
        db.typed_table().await;
        db.run(&format!(
            "INSERT INTO bank_action ({columns}) VALUES ('a', {row}, '2026-11-20 10:00:00')"
        ))
        .await;
        for kind in ["requested_at", "updated_at", "date_add(updated_at, INTERVAL 0 DAY)"] {
            agree(&db, kind, expected).await;
        }
    }
}

async fn agree(db: &Database, expression: &str, expected: Timestamp) {
    let columns = super::COLUMNS.replace("requested_at", &format!("{expression} AS requested_at"));
    let source = db.source(&format!("SELECT {columns} FROM bank_action"));
    let rows = poll(&source, Some(expected)).await;
    let action = &rows[0].as_ref().unwrap().action;
    assert_eq!(action.requested_at, expected, "{expression}");
    assert_eq!(action.updated_at, Some(expected), "{expression}");
    assert!(poll(&source, Some(moment("2026-11-20 10:01"))).await.is_empty(), "{expression}");
}
