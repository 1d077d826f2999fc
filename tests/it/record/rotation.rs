//! The record's key is replaced: whoever trusts the old one can go on with the new one, and with no
//! other.

use signed_note::{Note, StandardSigner};
use takaza::store::{FindingKind, SealError, SealKey, StoreError, create_key};

use super::{BOTH, Ledger, found, outside::Outside, seal};

async fn another_key(ledger: &Ledger, name: &str) -> SealKey {
    create_key(&ledger.dir.path().join(name), "takaza/test", &ledger.world.ctx.dice).unwrap()
}

/// The record goes on with a new key, and is sealed with it once.
async fn rotated(ledger: &Ledger) -> SealKey {
    let new = another_key(ledger, "new").await;
    let root = ledger.world.person("root").await;
    let root = root.as_administrator(ledger.world.now()).unwrap();
    let by = ledger.world.by("root");
    let note = ledger.store().rotate_key(&by, &root, &ledger.key, &new).await.unwrap();
    assert_eq!(note.matches("\n\u{2014} takaza/test ").count(), 2, "both keys signed: {note}");
    let places = [ledger.place()];
    let failed = ledger.store().publish_rotation(&ledger.key, &new, &places).await.unwrap();
    assert!(failed.is_empty());
    assert_eq!(ledger.notes().await.last(), Some(&note));
    assert_eq!(ledger.store().rotated_to().await.unwrap().as_deref(), Some(new.vkey()));
    ledger.drill("a drill under the new key").await;
    seal(ledger.store(), &new, &places, 1000).await.unwrap();
    new
}

#[tokio::test]
async fn who_trusts_the_old_key_checks_the_whole_chain_with_both() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let new = rotated(&ledger).await;
        let (store, notes) = (ledger.store(), ledger.notes().await);
        let (old, new) = (ledger.key.vkey(), new.vkey());
        let verdict = store.verify(&notes, &[old, new], &|_, _| {}).await.unwrap();
        assert_eq!(found(&verdict), [], "{verdict}");
        assert_eq!(verdict.checkpoints, 8, "four in the file, four stored");

        let text = std::fs::read_to_string(ledger.place()).unwrap();
        let mut outside = Outside::new(&ledger);
        outside.refuses(&text);
        outside.vkey = format!("{old},{new}");
        outside.accepts(&text, "4 checkpoints");

        let alone = store.verify(&notes, &[old], &|_, _| {}).await.unwrap();
        let kinds: Vec<_> = found(&alone).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [FindingKind::CheckpointForged; 2], "the last one, twice: {alone}");
    }
}

#[tokio::test]
async fn a_key_that_no_old_key_vouched_for_is_refused() {
    let ledger = Ledger::filled(BOTH[0]).await.unwrap();
    let new = rotated(&ledger).await;
    let (store, notes) = (ledger.store(), ledger.notes().await);
    let stranger = another_key(&ledger, "stranger").await;
    let keys = [ledger.key.vkey(), stranger.vkey()];
    let verdict = store.verify(&notes, &keys, &|_, _| {}).await.unwrap();
    assert!(!verdict.whole());
    let mut outside = Outside::new(&ledger);
    outside.vkey = keys.join(",");
    outside.refuses(&std::fs::read_to_string(ledger.place()).unwrap());
    assert_eq!(found(&verdict)[0].0, FindingKind::KeyUnvouched, "{verdict}");
    // Trust goes forwards alone: the new key vouches for no older one.
    let keys = [stranger.vkey(), new.vkey()];
    let verdict = store.verify(&notes, &keys, &|_, _| {}).await.unwrap();
    assert_eq!(found(&verdict)[0].0, FindingKind::KeyUnvouched, "{verdict}");
}

/// The newest checkpoint as only the old key would have signed it.
async fn signed_by_the_old_key(ledger: &Ledger) -> String {
    let newest = ledger.notes().await.pop().unwrap();
    let text = newest.split_inclusive("\n\n").next().unwrap().trim_end_matches('\n');
    let secret = std::fs::read_to_string(ledger.dir.path().join("key")).unwrap();
    let signer = StandardSigner::new(secret.trim()).unwrap();
    let mut note = Note::new(format!("{text}\n").as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    String::from_utf8(note.to_bytes()).unwrap()
}

#[tokio::test]
async fn a_key_that_was_replaced_seals_nothing_more_and_its_signature_counts_no_more() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let new = rotated(&ledger).await;
        ledger.drill("a drill that the old key must not seal").await;
        let refused = ledger.seal().await.unwrap_err();
        let SealError::Store(StoreError::Refused(why)) = refused else { panic!("{refused}") };
        assert!(why.contains("was replaced"), "{why}");

        // Whoever stole the old key signs the tree as it stands, and it is found.
        let stolen = signed_by_the_old_key(&ledger).await;
        let keys = [ledger.key.vkey(), new.vkey()];
        let verdict = ledger.store().verify(&[stolen], &keys, &|_, _| {}).await.unwrap();
        let forged = [(FindingKind::CheckpointForged, "given checkpoint 1")];
        // The double-signed one stands in the ledger, so the new key counts.
        assert_eq!(found(&verdict), forged, "{verdict}");
        assert!(verdict.to_string().contains("was replaced before"), "{verdict}");
    }
}
