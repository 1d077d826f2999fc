//! How the tree grows: the same whatever the pieces, nothing skipped, never taking anything back.

use futures::future::join_all;
use jiff::SignedDuration;
use proptest::prelude::*;
use takaza::{
    clock::{Clock, Dice},
    domain::canonical,
    store::{Actor, Entry, SealRules, Store, create_key, read_checkpoints},
};

use super::{BOTH, Ledger, found, raw, seal};
use crate::support::world::{Db, start};

#[tokio::test]
async fn many_small_seals_at_once_make_the_same_tree_as_one() {
    for db in BOTH {
        let Some(ledger) = Ledger::unsealed(db).await else { continue };
        let whole = ledger.seal().await.unwrap();
        let root = ledger.ask("SELECT root FROM checkpoint").await;
        ledger.disarm().await;
        let undone = ["DELETE FROM leaf", "DELETE FROM tree_hash", "DELETE FROM checkpoint"];
        ledger.tamper(&undone).await;
        ledger.tamper(&["DELETE FROM tree_head"]).await;

        let place = [ledger.dir.path().join("pieces")];
        let sealers =
            (0..4).map(|n| {
                let (ledger, place) = (&ledger, &place);
                async move {
                    while seal(ledger.store(), &ledger.key, place, 1 + n).await.unwrap().more {}
                }
            });
        join_all(sealers).await;
        while seal(ledger.store(), &ledger.key, &place, 3).await.unwrap().more {}
        let head = ledger.ask("SELECT size || '' FROM tree_head").await;
        assert_eq!(head, whole.size.to_string());
        let pieces =
            ledger.ask(&format!("SELECT root FROM checkpoint WHERE size = {}", whole.size)).await;
        assert_eq!(pieces, root);
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [], "{verdict}");
    }
}

#[tokio::test]
async fn an_entry_that_commits_late_is_not_skipped() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        ledger.world.ctx.clock.advance(SignedDuration::from_mins(-30));
        ledger
            .store()
            .engage_stop(&Actor::worker("late"), "stamped before the last leaf")
            .await
            .unwrap();
        ledger.world.ctx.clock.advance(SignedDuration::from_mins(30));
        let window = Some(SignedDuration::from_mins(10));
        let places = [ledger.place()];
        let rules = SealRules { key: &ledger.key, places: &places, batch: 10, window };
        assert_eq!(ledger.store().seal(&rules).await.unwrap().entries, 0, "out of the window");
        assert_eq!(ledger.seal().await.unwrap().entries, 1, "but found when all are looked at");
        assert!(ledger.verify().await.whole());
    }
}

/// An entry as another process wrote it, whose transaction is still open.
fn late_entry(now: i64) -> (Entry, String) {
    let entry = Entry {
        v: "1".to_owned(),
        id: "0193a5c0-0000-7000-8000-00000000late".to_owned(),
        at: now.to_string(),
        act: "gate.looked-at".to_owned(),
        subject: "late".to_owned(),
        seq: "1".to_owned(),
        by: Actor::worker("late"),
        authority: None,
        body: serde_json::json!({}),
        rows: Vec::new(),
    };
    let body = canonical::json(&entry);
    (entry, body)
}

#[tokio::test]
async fn an_entry_of_a_transaction_still_open_is_sealed_after_it_commits() {
    use sqlx::{Connection as _, Executor as _};
    let Some(ledger) = Ledger::filled(Db::Postgres).await else { return };
    let now = ledger.world.now().micros();
    let (entry, body) = late_entry(now);
    let hash = hex::encode(tlog_tiles::record_hash(body.as_bytes()).0);
    let mut other = sqlx::PgConnection::connect(&ledger.world.ledger_url).await.unwrap();
    let mut open = other.begin().await.unwrap();
    let insert = sqlx::query(
        "INSERT INTO entry (id, subject, seq, act, at, body, leaf_hash)
         VALUES ($1, 'late', 1, 'gate.looked-at', $2, $3, $4)",
    );
    open.execute(insert.bind(&entry.id).bind(now).bind(&body).bind(&hash)).await.unwrap();
    ledger.drill("a drill that commits first").await;
    let first = ledger.seal().await.unwrap();
    open.commit().await.unwrap();
    let second = ledger.seal().await.unwrap();
    assert_eq!((second.entries, second.size), (1, first.size + 1));
    let verdict = ledger.verify().await;
    assert_eq!(found(&verdict), [], "{verdict}");
}

#[tokio::test]
async fn a_checkpoint_that_a_crash_left_unsigned_or_half_written_is_made_good() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let before = ledger.notes().await;
        raw(&ledger.world.ledger_url, "UPDATE checkpoint SET note = NULL").await;
        let half = &before[1][..before[1].len() - 20];
        std::fs::write(ledger.place(), format!("{}\n{half}", before[0])).unwrap();
        assert_eq!(ledger.notes().await, before[..1]);
        ledger.seal().await.unwrap();
        assert_eq!(ledger.notes().await, before, "signed and written anew, the same bytes");
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [], "{verdict}");
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_told_and_stops_no_other() {
    let ledger = Ledger::unsealed(Db::Sqlite).await.unwrap();
    let nowhere = ledger.dir.path().join("no-such-folder").join("checkpoints");
    let places = [nowhere.clone(), ledger.place()];
    let sealed = seal(ledger.store(), &ledger.key, &places, 1000).await.unwrap();
    assert_eq!(sealed.failed.len(), 1);
    assert_eq!(sealed.failed[0].0, nowhere);
    assert_eq!(ledger.notes().await.len(), 1);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let key = create_key(&path, "takaza/test", &Dice::seeded(1)).unwrap();
    assert!(!format!("{key:?}").contains("PRIVATE"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(create_key(&path, "takaza/test", &Dice::seeded(2)).is_err(), "never overwritten");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(takaza::store::SealKey::load(&path).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_old_checkpoint_stays_consistent(
        steps in prop::collection::vec((0_u32..4, 1_u32..6), 1..12),
        seed in any::<u64>(),
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(grow(steps, seed));
    }
}

/// Appends some entries, then seals some, over and over.
async fn grow(steps: Vec<(u32, u32)>, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("ledger.db").display());
    let (clock, dice) = (Clock::stepped(start()), Dice::seeded(seed));
    let store = Store::open(&url, 2, &clock, dice.clone()).await.unwrap();
    let key = create_key(&dir.path().join("key"), "takaza/test", &dice).unwrap();
    let places = [dir.path().join("checkpoints")];
    for (entries, batch) in steps {
        for _ in 0..entries {
            store.engage_stop(&Actor::worker("proptest"), "again").await.unwrap();
            clock.advance(SignedDuration::from_millis(1));
        }
        seal(&store, &key, &places, batch).await.unwrap();
    }
    let notes = read_checkpoints(&places[0]).await.unwrap();
    store.check_extends(&notes, key.vkey()).await.unwrap();
    let verdict = store.verify(&notes, &[key.vkey()], &|_, _| {}).await.unwrap();
    assert_eq!(found(&verdict), [], "{verdict}");
    assert_eq!(verdict.checkpoints, notes.len() as u64 * 2);
    for pair in notes.windows(2) {
        let size = |note: &str| note.lines().nth(1).unwrap().parse::<u64>().unwrap();
        let proof = store.prove_consistency(size(&pair[0]), size(&pair[1])).await.unwrap();
        let hash = |text: &str| tlog_tiles::Hash::parse_hash(text).unwrap();
        let hashes = proof.hashes.iter().map(|text| hash(text)).collect();
        let root = |note: &str| hash(note.lines().nth(2).unwrap());
        let (old, new) = (root(&pair[0]), root(&pair[1]));
        tlog_tiles::check_tree(&hashes, size(&pair[1]), new, size(&pair[0]), old).unwrap();
    }
}
