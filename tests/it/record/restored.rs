//! A backup was restored: the ledger is older than what is known outside of it.

use takaza::store::{Broken, FindingKind, SealError, Severity, Store};

use super::{Ledger, raw, seal};
use crate::support::world::Db;

#[tokio::test]
async fn a_restored_ledger_is_noticed_and_goes_on_under_a_new_origin_that_names_the_old() {
    let ledger = Ledger::filled(Db::Sqlite).await.unwrap();
    let backup = ledger.dir.path().join("backup.db");
    let copy = format!("VACUUM INTO '{}'", backup.display());
    raw(&ledger.world.ledger_url, &copy).await;
    ledger.drill("after the backup").await;
    let lost = ledger.seal().await.unwrap();
    let notes = ledger.notes().await;

    let ctx = &ledger.world.ctx;
    let url = format!("sqlite:{}", backup.display());
    let restored = Store::open(&url, 2, &ctx.clock, ctx.dice.clone()).await.unwrap();
    let places = [ledger.place()];
    let refused = seal(&restored, &ledger.key, &places, 1000).await.unwrap_err();
    let SealError::Broken(broken) = refused else { panic!("{refused}") };
    let expected =
        Broken::Shorter { origin: "takaza/test".to_owned(), size: lost.size, tree: lost.size - 2 };
    assert_eq!(broken, expected);
    let by = ledger.world.by("dcp");
    restored.mark_restored(&by, &broken.to_string()).await.unwrap();
    assert!(seal(&restored, &ledger.key, &places, 1000).await.is_err(), "nothing hides it");

    let authority = Some("decision by dcp".to_owned());
    let last = notes.last().unwrap();
    let origin = restored.begin_new_origin(&by, authority, last, &ledger.key).await.unwrap();
    assert_eq!(origin, "takaza/test#2");
    let sealed = seal(&restored, &ledger.key, &places, 1000).await.unwrap();
    assert!(sealed.checkpoint.unwrap().starts_with("takaza/test#2\n"));

    let all = ledger.notes().await;
    assert_eq!(all.len(), notes.len() + 1);
    let verdict = restored.verify(&all, &[ledger.key.vkey()], &|_, _| {}).await.unwrap();
    assert!(verdict.whole(), "{verdict}");
    let kinds: Vec<_> = verdict.findings.iter().map(|found| (found.kind, found.severity)).collect();
    assert_eq!(kinds, [(FindingKind::EarlierOrigin, Severity::Note)], "{verdict}");
    let entry = raw(&url, "SELECT body FROM entry WHERE act = 'record.new-origin'").await.unwrap();
    let entry: serde_json::Value = serde_json::from_str(&entry).unwrap();
    assert_eq!(entry["body"]["old_checkpoint"].as_str(), Some(last.as_str()));

    let sealed = ledger.seal().await.unwrap_err();
    assert!(matches!(sealed, SealError::Broken(Broken::Later { .. })), "the old copy is out");
}
