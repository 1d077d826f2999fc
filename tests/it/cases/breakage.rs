//! Rows and queries that break the contract.

use takaza::{
    cases::{CaseSource as _, RejectedRow, SourceError, sql::Mode, sql::SqlSource},
    domain::ids::ExternalId,
};

use super::{
    COLUMNS, Database,
    database::{Writer, moment, try_poll},
    directory, ids, now, on_every_database, poll,
};

/// A cell, what stands in it instead, and what the reason must say of it.
const NONSENSE: &[(&str, &str, &str)] = &[
    ("external_id", "", "external_id is empty"),
    ("case_ref", "  ", "case_ref is empty"),
    ("bank_code", "", "bank_code is empty"),
    ("bank_code", "9876543210", "bank_code is not in the bank directory"),
    ("kind", "Lien", "kind is none of"),
    ("kind", "", "kind is empty"),
    ("layer", "-1", "layer is not a whole number"),
    ("layer", "zwei 9876543210", "layer is not a whole number"),
    ("disputed_amount", "61,000.00", "disputed_amount is not a decimal number of rupees"),
    ("disputed_amount", "6.1e4", "disputed_amount is not a decimal number of rupees"),
    ("disputed_amount", "61000.505", "disputed_amount has more than two decimals"),
    ("disputed_amount", "-9876543210", "disputed_amount is negative"),
    ("disputed_amount", "98765432109876543210", "disputed_amount is too large"),
    ("requested_at", "", "requested_at is empty"),
    ("requested_at", "2026-11-20", "requested_at is a date without a time of day"),
    ("requested_at", "2026-02-30 10:00:00", "requested_at is not a date and time"),
    ("requested_at", "20/11/2026 10:00", "requested_at is not a date and time"),
    ("requested_at", "1970-01-01 00:00:00", "requested_at is not a time between the years"),
    ("delivered_at", "yesterday 9876543210", "delivered_at is not a date and time"),
    ("delivered_at", "2026-11-20 09:59:59", "delivered_at is before requested_at"),
    ("due_at", "0000-00-00 00:00:00", "due_at is not a date and time"),
    ("complete", "", "complete is empty"),
    ("complete", "mostly", "complete is neither true nor false"),
    ("status", "PENDING", "status is none of"),
    ("status", "", "status is empty"),
    ("acted_at", "2026-11-21 10:00:00", "acted_at is set though status is pending"),
    ("acted_at", "25:00", "acted_at is not a date and time"),
    ("lien_amount", "61000", "lien_amount is set though status is pending"),
    ("lien_amount", "all of it", "lien_amount is not a decimal number of rupees"),
    ("contacts", "4294967296", "contacts is not a whole number of that size"),
    ("last_contact_at", "20260", "last_contact_at is not a date and time"),
    ("last_contact_at", "2026-11-20 09:59:59", "last_contact_at is before requested_at"),
    ("updated_at", "recently", "updated_at is not a date and time"),
    ("as_of", "soon", "as_of is not a date and time"),
    ("as_of", "2026-11-24 12:02:00", "as_of lies in the future"),
];

async fn with_a_row_for_each_nonsense(db: &mut Database) {
    db.text_table().await;
    db.run("ALTER TABLE bank_action ADD as_of varchar(300)").await;
    for place in 0..=NONSENSE.len() {
        db.run(&format!(
            "INSERT INTO bank_action ({COLUMNS}) VALUES ('REQ/{place}', 'FIR 7/2026', 'ZPPL', \
             'lien', '2', '61000.50', '2026-11-20 10:00:00', '2026-11-20T10:05:00.25+05:30', \
             '2026-11-20 10:30:00Z', 'Yes', 'pending', NULL, '0', NULL, '', \
             '2026-11-21 10:00:00')"
        ))
        .await;
    }
    for (place, (column, text, _)) in NONSENSE.iter().enumerate() {
        db.run(&format!(
            "UPDATE bank_action SET {column} = '{text}' WHERE external_id = 'REQ/{place}'"
        ))
        .await;
    }
}

fn check(place: usize, rejected: &RejectedRow) {
    let (column, text, reason) = NONSENSE[place];
    assert!(rejected.reason.starts_with(reason), "{column} {text:?}: {}", rejected.reason);
    assert!(text.trim().is_empty() || !rejected.reason.contains(text), "{}", rejected.reason);
    assert!(!rejected.reason.contains("98765"), "{}", rejected.reason);
    assert!(!format!("{rejected:?}").contains("REQ/"), "a key is as private as the case");
}

fn place_of(id: &ExternalId) -> usize {
    id.expose().trim_start_matches("REQ/").parse().unwrap()
}

on_every_database! {
    async fn a_nonsense_cell_breaks_its_row_only(db: Database) {
        with_a_row_for_each_nonsense(&mut db).await;
        let good = format!("REQ/{}", NONSENSE.len());
        let source = db.source("SELECT * FROM bank_action");
        for since in [None, Some(moment("2026-11-21 10:00"))] {
            let rows = poll(&source, since).await;
            assert_eq!(ids(&rows), [good.as_str()]);
            let rejected: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
            assert_eq!(rejected.len(), NONSENSE.len());
            for row in rejected {
                check(row.external_id.as_ref().map_or(0, place_of), row);
            }
        }
    }

    /// What cannot be read at the last look is no reason to go on as if nothing had changed.
    async fn a_nonsense_cell_is_told_at_the_recheck(db: Database) {
        with_a_row_for_each_nonsense(&mut db).await;
        let asked: Vec<_> =
            (1..=NONSENSE.len()).map(|place| ExternalId::new(format!("REQ/{place}"))).collect();
        let source = db.source("SELECT * FROM bank_action");
        let rows = source.recheck(now(), &asked).await.unwrap();
        assert_eq!(rows.len(), asked.len());
        assert_eq!(ids(&rows), [format!("REQ/{}", NONSENSE.len())]);
        for row in rows.iter().filter_map(|row| row.as_ref().err()) {
            check(place_of(row.external_id.as_ref().unwrap()), row);
        }
    }

    async fn the_usual_spellings_of_true_and_false(db: Database) {
        db.text_table().await;
        let spellings = ["t", "TRUE", "yes", "Y", "on", "1", "f", "False", "no", "N", "off", "0"];
        for (place, spelling) in spellings.iter().enumerate() {
            db.run(&format!(
                "INSERT INTO bank_action (external_id, case_ref, bank_code, kind, requested_at, \
                 complete, status) VALUES ('{place}', 'c', 'ZNMN', 'kyc', '2026-11-20 10:00', \
                 '{spelling}', 'withdrawn')"
            ))
            .await;
        }
        let rows = poll(&db.source("SELECT * FROM bank_action"), None).await;
        assert_eq!(rows.iter().flatten().count(), spellings.len());
        for row in rows.iter().flatten() {
            let place: usize = row.action.external_id.expose().parse().unwrap();
            assert_eq!(row.action.complete, place < 6, "{}", spellings[place]);
        }
    }

    async fn a_missing_column_is_named(db: Database) {
        db.typed_table().await;
        let required = ["external_id", "case_ref", "bank_code", "kind", "disputed_amount",
            "requested_at", "delivered_at", "complete", "status", "acted_at"];
        for missing in required {
            let columns = COLUMNS.replace(&format!("{missing}, "), "");
            let source = db.source(&format!("SELECT {columns} FROM bank_action"));
            let error = source.tells_changes().await.unwrap_err();
            let SourceError::Contract { reason, .. } = &error else { panic!("{error}") };
            assert!(reason.contains(missing), "{reason}");
            let others = required.iter().filter(|column| reason.contains(**column)).count();
            assert_eq!(others, 1, "{reason}");
        }
        let optional = "external_id, case_ref, ifsc, kind, disputed_amount, requested_at, \
            delivered_at, complete, status, acted_at";
        db.run("ALTER TABLE bank_action ADD ifsc varchar(11)").await;
        let source = db.source(&format!("SELECT {optional} FROM bank_action"));
        assert!(!source.tells_changes().await.unwrap());
    }

    async fn changes_mode_needs_updated_at(db: Database) {
        db.typed_table().await;
        let columns = COLUMNS.replace(", updated_at", "");
        let mut config = db.config(&format!("SELECT {columns} FROM bank_action"));
        config.mode = Mode::Changes;
        let error = SqlSource::new(config, directory()).unwrap().tells_changes().await.unwrap_err();
        assert!(error.to_string().contains("updated_at"), "{error}");
    }

    /// A type that does not compare as a time would silently hide changes.
    async fn a_number_is_no_updated_at(db: Database) {
        db.typed_table().await;
        let columns = COLUMNS.replace("updated_at", "contacts AS updated_at");
        let source = db.source(&format!("SELECT {columns} FROM bank_action"));
        let error = source.tells_changes().await.unwrap_err();
        assert!(error.to_string().contains("updated_at is of type INT"), "{error}");
    }

    /// The columns are looked at again once the query has failed.
    async fn a_source_that_changes_its_columns(db: Database) {
        db.typed_table().await;
        db.pending("a", "2026-11-21 09:00").await;
        let source = db.source("SELECT * FROM bank_action");
        assert_eq!(poll(&source, None).await.len(), 1);
        db.run("DROP INDEX changed ON bank_action".trim_end_matches(
            if matches!(db.writer, Writer::MariaDb(_)) { "" } else { " ON bank_action" },
        )).await;
        db.run("ALTER TABLE bank_action DROP COLUMN updated_at").await;
        let error = try_poll(&source, None).await.unwrap_err();
        assert!(matches!(error, SourceError::Contract { .. }), "{error}");
        assert_eq!(poll(&source, None).await.len(), 1);
        assert!(!source.tells_changes().await.unwrap());
    }
}

/// MySQL's BIT(1) arrives as a control character.
#[tokio::test]
async fn a_bit_is_a_truth_value_on_mariadb() {
    let Some(mut db) = Database::mariadb().await else { return };
    db.typed_table().await;
    db.pending("a", "2026-11-21 09:00").await;
    db.pending("b", "2026-11-22 09:00").await;
    db.run("ALTER TABLE bank_action MODIFY complete bit(1)").await;
    db.run("UPDATE bank_action SET complete = b'0' WHERE external_id = 'b'").await;
    let rows = poll(&db.source("SELECT * FROM bank_action"), None).await;
    let complete: Vec<_> = rows.iter().flatten().map(|row| row.action.complete).collect();
    assert_eq!(complete, [true, false]);
}

/// Types that a database has of its own are text to the reader like any other.
#[tokio::test]
async fn types_of_their_own_on_postgres() {
    let Some(mut db) = Database::postgres().await else { return };
    db.typed_table().await;
    db.pending("a", "2026-11-21 09:00").await;
    db.run("CREATE TYPE word AS ENUM ('pending', 'acted', 'lost')").await;
    db.run(
        "ALTER TABLE bank_action ALTER status TYPE word USING status::word, \
         ALTER external_id TYPE char(12), ALTER disputed_amount TYPE double precision, \
         ALTER updated_at TYPE timestamp",
    )
    .await;
    let source = db.source("SELECT * FROM bank_action");
    assert_eq!(ids(&poll(&source, None).await), ["a"]);
    let key = ExternalId::new("a");
    assert_eq!(ids(&source.recheck(now(), std::slice::from_ref(&key)).await.unwrap()), ["a"]);
    db.run("UPDATE bank_action SET status = 'lost', disputed_amount = 'NaN'").await;
    let rows = poll(&source, None).await;
    assert!(rows[0].as_ref().unwrap_err().reason.starts_with("disputed_amount is not a decimal"));
}
