//! The embedded case database: imports, live rows, and the source over it.

use proptest::prelude::*;
use takaza::{
    cases::{
        CaseSource as _, RejectedRow,
        embedded::{EmbeddedCases, EmbeddedError, Import, ImportFile, Stored},
        sql::SqlSource,
    },
    domain::{
        action::{BankAction, Kind, Status},
        ids::{BankCode, CaseRef, ExternalId, PersonId},
        money::Paise,
        time::Timestamp,
    },
};
use tempfile::TempDir;

use super::{directory, ids, moment, now, pending, poll};

struct Unit {
    cases: EmbeddedCases,
    source: SqlSource,
    _dir: TempDir,
}

async fn unit() -> Unit {
    let dir = tempfile::tempdir().unwrap();
    let cases = EmbeddedCases::open(dir.path().join("cases.db")).await.unwrap();
    let source = cases.source(directory()).unwrap();
    Unit { cases, source, _dir: dir }
}

fn file(name: &str, as_of: &str) -> ImportFile {
    ImportFile {
        name: format!("{name}.xlsx"),
        sha256: format!("hash of {name}"),
        as_of: moment(as_of),
        by: PersonId::new("meera"),
        accepted_by: None,
    }
}

fn rows(ids: &[&str]) -> Vec<(u64, BankAction)> {
    ids.iter().zip(2..).map(|(id, row)| (row, pending(id, "2026-11-20 10:00"))).collect()
}

fn stored(outcome: Stored) -> Import {
    match outcome {
        Stored::Now(import) => import,
        Stored::Before(import) => panic!("not stored: {import:?}"),
    }
}

fn refused(id: Option<&str>, place: &str) -> RejectedRow {
    RejectedRow {
        external_id: id.map(ExternalId::new),
        place: place.to_owned(),
        reason: "status is not known".to_owned(),
    }
}

#[tokio::test]
async fn an_import_is_read_back_as_of_its_own_time() {
    let Unit { cases, source, _dir } = unit().await;
    let refusals = [refused(None, "row 9"), refused(Some("c"), "row 10")];
    let file = file("monday", "2026-11-23 08:00");
    let import =
        stored(cases.store_import(&rows(&["a", "b"]), &refusals, &file, now()).await.unwrap());
    assert_eq!((import.new, import.replaced, import.outdated, import.refused), (2, 0, 0, 2));
    assert_eq!(import.imported_at, now());

    let read = poll(&source, None).await;
    let first = read[0].as_ref().unwrap();
    assert_eq!(first.as_of, moment("2026-11-23 08:00"), "its facts have the file's age");
    let expected = BankAction { updated_at: Some(now()), ..pending("a", "2026-11-20 10:00") };
    assert_eq!(first.action, expected);

    assert_eq!(cases.imports().await.unwrap(), [import]);
    let told = cases.rejected(1).await.unwrap();
    assert_eq!(told, [refused(None, "row 9"), refused(None, "row 10")]);
}

#[tokio::test]
async fn the_same_file_twice_is_no_news() {
    let Unit { cases, source, _dir } = unit().await;
    let first = file("monday", "2026-11-23 08:00");
    let import = stored(cases.store_import(&rows(&["a"]), &[], &first, now()).await.unwrap());
    let renamed = ImportFile { as_of: now(), name: "copy.xlsx".to_owned(), ..first };
    let again = cases.store_import(&rows(&["a", "b"]), &[], &renamed, now()).await.unwrap();
    assert_eq!(again, Stored::Before(import));
    let read = poll(&source, None).await;
    assert_eq!(ids(&read), ["a"]);
    assert_eq!(read[0].as_ref().unwrap().as_of, moment("2026-11-23 08:00"), "no younger for it");
}

#[tokio::test]
async fn an_older_file_never_overwrites_a_newer_one() {
    let Unit { cases, source, _dir } = unit().await;
    let acted = BankAction {
        status: Status::Acted,
        acted_at: Some(moment("2026-11-23 07:00")),
        ..pending("a", "2026-11-20 10:00")
    };
    let newer = file("monday", "2026-11-23 08:00");
    cases.store_import(&[(2, acted)], &[], &newer, now()).await.unwrap();
    let older = file("sunday", "2026-11-22 08:00");
    let refusals = [refused(Some("a"), "row 3")];
    let import =
        stored(cases.store_import(&rows(&["a", "b"]), &refusals, &older, now()).await.unwrap());
    assert_eq!((import.new, import.replaced, import.outdated), (1, 0, 1));
    let read = source.recheck(now(), &["a".to_owned().into()]).await.unwrap();
    assert_eq!(read[0].as_ref().unwrap().action.status, Status::Acted);
}

/// Two imports in one instant, and one after the clock was put back, are all seen as changes.
#[tokio::test]
async fn every_import_is_seen_as_a_change() {
    let Unit { cases, source, _dir } = unit().await;
    let mut latest = moment("2026-11-01 00:00");
    for (name, clock) in [("1", now()), ("2", now()), ("3", moment("2026-11-24 11:00"))] {
        let file = file(name, "2026-11-23 08:00");
        cases.store_import(&rows(&["a", "b"]), &[], &file, clock).await.unwrap();
        let read = poll(&source, Some(latest.plus(jiff::SignedDuration::from_micros(1)))).await;
        assert_eq!(ids(&read), ["a", "b"], "import {name}");
        latest = read[1].as_ref().unwrap().action.updated_at.unwrap();
        assert!(
            poll(&source, Some(latest.plus(jiff::SignedDuration::from_micros(1)))).await.is_empty()
        );
    }
}

/// The newest word on an action could not be read: what the older file said may not be used.
#[tokio::test]
async fn a_refused_row_sets_the_older_one_aside() {
    let Unit { cases, source, _dir } = unit().await;
    let monday = file("monday", "2026-11-23 08:00");
    cases.store_import(&rows(&["a", "b"]), &[], &monday, now()).await.unwrap();
    let refusals = [refused(Some("a"), "row 2")];
    let later = file("later", "2026-11-23 09:00");
    cases.store_import(&rows(&["b"]), &refusals, &later, now()).await.unwrap();
    let read = poll(&source, Some(now())).await;
    assert_eq!(ids(&read), ["b"]);
    let rejected = read.iter().find_map(|row| row.as_ref().err()).unwrap();
    assert_eq!(rejected.external_id, Some(ExternalId::new("a")));
    assert!(rejected.reason.contains("set_aside"), "{}", rejected.reason);

    let repaired = file("repaired", "2026-11-23 09:30");
    cases.store_import(&rows(&["a"]), &[], &repaired, now()).await.unwrap();
    assert_eq!(poll(&source, None).await.iter().flatten().count(), 2);
}

#[tokio::test]
async fn a_file_from_the_future_is_refused() {
    let Unit { cases, source, _dir } = unit().await;
    let file = file("tomorrow", "2026-11-25 08:00");
    let answer = cases.store_import(&rows(&["a"]), &[], &file, now()).await;
    assert!(matches!(answer, Err(EmbeddedError::FromTheFuture { .. })));
    assert!(poll(&source, None).await.is_empty());
    assert!(cases.imports().await.unwrap().is_empty());
}

/// Live rows are true whenever they are read; no file overwrites them.
#[tokio::test]
async fn live_rows_are_true_now() {
    let Unit { cases, source, _dir } = unit().await;
    cases.upsert(&[pending("a", "2026-11-20 10:00")], now()).await.unwrap();
    assert_eq!(poll(&source, None).await[0].as_ref().unwrap().as_of, now());
    let file = file("today", "2026-11-24 11:59");
    let import = cases.store_import(&rows(&["a"]), &[], &file, now()).await.unwrap();
    assert_eq!(stored(import).outdated, 1);

    let id = ExternalId::new("a");
    cases.spoil(&id, "kind", Some("freeze"), now()).await.unwrap();
    let read = source.recheck(now(), std::slice::from_ref(&id)).await.unwrap();
    assert!(read[0].as_ref().unwrap_err().reason.starts_with("kind is none of"));
    let unknown = cases.spoil(&id, "kind = '', status", None, now()).await;
    assert!(matches!(unknown, Err(EmbeddedError::NoSuchColumn(_))));
}

/// Whoever imports need not be there when the cases are read.
#[tokio::test]
async fn the_source_stands_alone() {
    let Unit { cases, source, _dir } = unit().await;
    cases.store_import(&rows(&["a"]), &[], &file("f", "2026-11-24 11:59"), now()).await.unwrap();
    cases.close().await;
    assert_eq!(ids(&poll(&source, None).await), ["a"]);
    let again = EmbeddedCases::open(_dir.path().join("cases.db")).await.unwrap();
    assert_eq!(again.imports().await.unwrap().len(), 1);
}

fn actions() -> impl Strategy<Value = BankAction> {
    let time = || (946_684_800_000_000_i64..4_102_444_799_000_000).prop_map(Timestamp::from_micros);
    let amount = || proptest::option::of((0..i64::MAX).prop_map(Paise::new));
    let (kind, status) =
        (proptest::sample::select(Kind::ALL), proptest::sample::select(Status::ALL));
    let what = (kind, status, proptest::option::of(any::<u32>()), amount(), any::<bool>());
    let when = (time(), time(), proptest::option::of(time()), proptest::option::of(time()));
    (what, when, amount(), any::<u32>(), "[^\0]*[A-Z0-9/अ-ह]").prop_map(
        |((kind, status, layer, disputed, complete), times, lien, contacts, id)| {
            let (one, other, due_at, last_contact_at) = times;
            let open = status == Status::Pending;
            BankAction {
                external_id: ExternalId::new(id.chars().take(40).collect::<String>() + "x"),
                case_ref: CaseRef::new("FIR 7/2026"),
                bank: BankCode::new("ZNMN"),
                kind,
                layer,
                disputed,
                requested_at: one.min(other),
                delivered_at: Some(one.max(other)),
                due_at,
                complete,
                status,
                acted_at: due_at.filter(|_| !open),
                lien_amount: lien.filter(|_| !open),
                contacts,
                last_contact_at: last_contact_at.map(|at| at.max(one.min(other))),
                updated_at: Some(now()),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever the contract allows is read back exactly.
    #[test]
    fn what_is_stored_is_read_back(actions in proptest::collection::vec(actions(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Unit { cases, source, _dir } = unit().await;
            let mut expected = std::collections::BTreeMap::new();
            for action in &actions {
                expected.insert(action.external_id.clone(), action.clone());
            }
            cases.upsert(&actions, now()).await.unwrap();
            let asked: Vec<_> = expected.keys().cloned().collect();
            let mut read: Vec<_> = source.recheck(now(), &asked).await.unwrap()
                .into_iter().map(|row| row.unwrap().action).collect();
            read.sort_by(|a, b| a.external_id.cmp(&b.external_id));
            assert_eq!(read, expected.into_values().collect::<Vec<_>>());
        });
    }
}
