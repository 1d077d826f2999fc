//! Somebody who can write the database changes it in every way; verification names exactly what
//! they touched.

use takaza::store::{FindingKind, create_key};

use super::{BOTH, Ledger, found, seal};
use crate::support::world::Db;

async fn ready(db: Db) -> Option<Ledger> {
    let ledger = Ledger::filled(db).await?;
    ledger.disarm().await;
    Some(ledger)
}

/// The place of the entry of an act, as findings name it.
async fn entry(ledger: &Ledger, act: &str, why: &str) -> String {
    let wanted = format!("FROM entry WHERE act = '{act}' AND body LIKE '%{why}%'");
    let id = ledger.ask(&format!("SELECT id {wanted}")).await;
    let subject = ledger.ask(&format!("SELECT subject {wanted}")).await;
    let seq = ledger.ask(&format!("SELECT seq || '' {wanted}")).await;
    format!("entry {id} ({act} of {subject}, number {seq})")
}

fn id_in(place: &str) -> &str {
    place.split(' ').nth(1).unwrap()
}

async fn leaf_of(ledger: &Ledger, entry: &str) -> String {
    let query = format!("SELECT idx || '' FROM leaf WHERE entry = '{}'", id_in(entry));
    format!("leaf {}", ledger.ask(&query).await)
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_an_entry() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let mut refused = Vec::new();
        for text in ["UPDATE entry SET act = 'x'", "DELETE FROM entry", "DELETE FROM leaf"] {
            let url = ledger.world.ledger_url.clone();
            refused.push(tokio::spawn(async move { super::raw(&url, text).await }).await.is_err());
        }
        assert_eq!(refused, [true, true, true]);
    }
}

#[tokio::test]
async fn an_edited_entry_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let place = entry(&ledger, "gate.stopped", "the first drill").await;
        let edit = "UPDATE entry SET body = replace(body, 'the first drill', 'an order')
             WHERE act = 'gate.stopped'";
        ledger.tamper(&[edit]).await;
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [(FindingKind::EntryAltered, place.as_str())], "{verdict}");
    }
}

#[tokio::test]
async fn an_entry_edited_with_its_hash_is_named_by_its_leaf() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let place = entry(&ledger, "gate.stopped", "the first drill").await;
        let (id, leaf) = (id_in(&place), leaf_of(&ledger, &place).await);
        let body = ledger.ask(&format!("SELECT body FROM entry WHERE id = '{id}'")).await;
        let body = body.replace("the first drill", "an order");
        let hash = hex::encode(tlog_tiles::record_hash(body.as_bytes()).0);
        let edit =
            format!("UPDATE entry SET body = '{body}', leaf_hash = '{hash}' WHERE id = '{id}'");
        ledger.tamper(&[&edit]).await;
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [(FindingKind::LeafMoved, leaf.as_str())], "{verdict}");
        assert!(verdict.findings[0].what.contains(id), "{verdict}");
    }
}

#[tokio::test]
async fn a_removed_entry_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let place = entry(&ledger, "gate.stopped", "the first drill").await;
        let next = ledger.ask("SELECT id FROM entry WHERE act = 'gate.resumed' ORDER BY seq").await;
        let (id, leaf) = (id_in(&place), leaf_of(&ledger, &place).await);
        ledger.tamper(&[&format!("DELETE FROM entry WHERE id = '{id}'")]).await;
        let verdict = ledger.verify().await;
        let found = found(&verdict);
        assert_eq!(found.len(), 2, "{verdict}");
        assert_eq!(found[0], (FindingKind::EntryMissing, leaf.as_str()));
        assert_eq!(found[1].0, FindingKind::SequenceGap);
        assert!(found[1].1.contains(&next), "{verdict}");
        assert!(verdict.findings[0].what.contains(id));
    }
}

#[tokio::test]
async fn two_reordered_leaves_are_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let third = ledger.ask("SELECT entry FROM leaf WHERE idx = 3").await;
        let sixth = ledger.ask("SELECT entry FROM leaf WHERE idx = 6").await;
        ledger
            .tamper(&[
                "UPDATE leaf SET entry = 'meanwhile' WHERE idx = 3",
                &format!("UPDATE leaf SET entry = '{third}' WHERE idx = 6"),
                &format!("UPDATE leaf SET entry = '{sixth}' WHERE idx = 3"),
            ])
            .await;
        let verdict = ledger.verify().await;
        let moved = FindingKind::LeafMoved;
        assert_eq!(found(&verdict), [(moved, "leaf 3"), (moved, "leaf 6")], "{verdict}");
        assert!(verdict.findings[0].what.ends_with("which was sealed as leaf 6"), "{verdict}");
        assert!(verdict.findings[1].what.ends_with("which was sealed as leaf 3"), "{verdict}");
    }
}

#[tokio::test]
async fn two_entries_with_swapped_texts_are_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let first = entry(&ledger, "gate.stopped", "the first drill").await;
        let second = entry(&ledger, "gate.stopped", "the second drill").await;
        let a = ledger.ask(&format!("SELECT body FROM entry WHERE id = '{}'", id_in(&first))).await;
        let b =
            ledger.ask(&format!("SELECT body FROM entry WHERE id = '{}'", id_in(&second))).await;
        ledger
            .tamper(&[
                &format!("UPDATE entry SET body = '{b}' WHERE id = '{}'", id_in(&first)),
                &format!("UPDATE entry SET body = '{a}' WHERE id = '{}'", id_in(&second)),
            ])
            .await;
        let verdict = ledger.verify().await;
        let expected = [
            (FindingKind::EntryAltered, first.as_str()),
            (FindingKind::EntryColumns, first.as_str()),
            (FindingKind::EntryAltered, second.as_str()),
            (FindingKind::EntryColumns, second.as_str()),
        ];
        assert_eq!(found(&verdict), expected, "{verdict}");
    }
}

#[tokio::test]
async fn a_tail_cut_with_all_its_traces_is_found_by_a_checkpoint_from_outside() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let size: i64 = ledger.ask("SELECT size || '' FROM tree_head").await.parse().unwrap();
        let kept = size - 2;
        let stored = tlog_tiles::stored_hash_count(kept as u64);
        // The second drill: the gate is in the end as the first one left it.
        ledger
            .tamper(&[
                &format!(
                    "DELETE FROM entry WHERE id IN (SELECT entry FROM leaf WHERE idx >= {kept})"
                ),
                &format!("DELETE FROM leaf WHERE idx >= {kept}"),
                &format!("DELETE FROM tree_hash WHERE idx >= {stored}"),
                &format!("DELETE FROM checkpoint WHERE size > {kept}"),
                &format!("UPDATE tree_head SET size = {kept}"),
            ])
            .await;
        let verdict = ledger.verify().await;
        let cut = verdict.findings.iter().find(|found| found.kind == FindingKind::TailCut);
        let place = format!("given checkpoint 2 (takaza/test, {size} entries)");
        assert_eq!(cut.map(|found| found.place.as_str()), Some(place.as_str()), "{verdict}");
        let notes = ledger.notes().await;
        let checked = ledger.store().check_extends(&notes, ledger.key.vkey()).await;
        assert!(checked.unwrap_err().to_string().contains("its tail was cut"));
        assert!(ledger.seal().await.is_err(), "nothing is sealed on top of it");
    }
}

#[tokio::test]
async fn a_leaf_cut_off_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let size: i64 = ledger.ask("SELECT size || '' FROM tree_head").await.parse().unwrap();
        ledger.tamper(&[&format!("DELETE FROM leaf WHERE idx = {}", size - 1)]).await;
        let verdict = ledger.verify().await;
        let leaf = format!("leaf {}", size - 1);
        let expected =
            [(FindingKind::HeadWrong, "the tree's head"), (FindingKind::LeafMissing, &leaf)];
        assert_eq!(found(&verdict), expected, "{verdict}");
    }
}

#[tokio::test]
async fn a_changed_row_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let delivery = ledger.ask("SELECT id FROM delivery WHERE state = 'delivered'").await;
        let escalation = ledger.ask("SELECT id FROM escalation WHERE bank = 'ZNMN'").await;
        ledger
            .tamper(&[
                &format!("UPDATE delivery SET receipt_id = 'none' WHERE id = '{delivery}'"),
                &format!("UPDATE escalation SET state = 'rejected' WHERE id = '{escalation}'"),
                "UPDATE person SET role = 'approver' WHERE id = 'asha'",
                "UPDATE claim_gate SET stopped = 1",
                "UPDATE standing_order SET rehearsed_days = 30",
                // Cursors and next times are nobody's act.
                "UPDATE delivery SET listen_at = 0",
                "UPDATE account SET last_heard_at = 0",
            ])
            .await;
        let verdict = ledger.verify().await;
        let order = ledger.ask("SELECT id FROM standing_order").await;
        let altered = |place: String| (FindingKind::RowAltered, place);
        let expected = [
            altered("claim_gate 1".to_owned()),
            altered("person asha".to_owned()),
            altered(format!("standing_order {order}")),
            altered(format!("escalation {escalation}")),
            altered(format!("delivery {delivery}")),
        ];
        let found: Vec<_> =
            verdict.findings.iter().map(|found| (found.kind, found.place.clone())).collect();
        assert_eq!(found, expected, "{verdict}");
    }
}

#[tokio::test]
async fn a_row_made_by_hand_and_a_row_taken_away_are_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        ledger
            .tamper(&[
                "INSERT INTO person (id, name, role, from_at, confirmed, granted_by, passphrase)
                 VALUES ('ghost', 'A ghost', 'approver', 0, 1, 'dcp', 'x')",
                "DELETE FROM person WHERE id = 'ravi'",
            ])
            .await;
        let verdict = ledger.verify().await;
        let expected =
            [(FindingKind::RowWithoutEntry, "person ghost"), (FindingKind::RowGone, "person ravi")];
        assert_eq!(found(&verdict), expected, "{verdict}");
    }
}

#[tokio::test]
async fn a_changed_sighting_and_a_changed_action_are_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let change = |id: &str| {
            let query = format!("SELECT id FROM action_change WHERE external_id = '{id}'");
            let ledger = &ledger;
            async move { ledger.ask(&query).await }
        };
        let (first, second, third) =
            (change("ZPPL-1").await, change("ZPPL-2").await, change("ZPPL-3").await);
        let (fourth, fifth) = (change("ZPPL-4").await, change("ZPPL-5").await);
        let poll =
            ledger.ask(&format!("SELECT poll FROM action_change WHERE id = '{third}'")).await;
        ledger
            .tamper(&[
                "UPDATE action_change SET body = replace(body, 'pending', 'acted')
                 WHERE external_id = 'ZPPL-1'",
                "UPDATE action SET body = replace(body, 'pending', 'acted')
                 WHERE external_id = 'ZPPL-1'",
                "UPDATE action SET status = 'acted' WHERE external_id = 'ZPPL-2'",
                "DELETE FROM action_change WHERE external_id = 'ZPPL-3'",
                "UPDATE action SET disputed = disputed + 100 WHERE external_id = 'ZPPL-4'",
                "UPDATE action SET due_at = 1 WHERE external_id = 'ZPPL-5'",
            ])
            .await;
        let verdict = ledger.verify().await;
        let mut found: Vec<_> =
            verdict.findings.iter().map(|found| (found.kind, found.place.clone())).collect();
        found.sort_by_key(|(kind, place)| (kind.as_str(), place.clone()));
        let mut expected = [
            (FindingKind::ActionAltered, format!("action of action_change {first}")),
            (FindingKind::ActionAltered, format!("action of action_change {second}")),
            (FindingKind::ActionAltered, format!("action of action_change {fourth}")),
            (FindingKind::ActionAltered, format!("action of action_change {fifth}")),
            (FindingKind::ActionAltered, "an action".to_owned()),
            (FindingKind::ChangeAltered, format!("action_change {first}")),
            (FindingKind::PollAltered, format!("poll {poll}")),
        ];
        expected.sort_by_key(|(kind, place)| (kind.as_str(), place.clone()));
        assert_eq!(found, expected, "{verdict}");
        assert!(!verdict.to_string().contains("ZPPL-"), "no case's own id is told");
    }
}

#[tokio::test]
async fn a_changed_hash_of_the_tree_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        // The second leaf's hash completes the first pair: index 2 is their parent.
        ledger
            .tamper(&["UPDATE tree_hash SET hash = (SELECT hash FROM tree_hash WHERE idx = 0)
             WHERE idx = 2"])
            .await;
        let verdict = ledger.verify().await;
        let place = "the tree's hash 0 at level 1";
        assert_eq!(found(&verdict), [(FindingKind::HashAltered, place)], "{verdict}");
    }
}

#[tokio::test]
async fn a_forged_checkpoint_is_named() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let size = ledger.ask("SELECT MAX(size) || '' FROM checkpoint").await;
        ledger
            .tamper(&[&format!(
                "UPDATE checkpoint SET note = replace(note, 'takaza/test', 'takaza/tesu')
                 WHERE size = {size}"
            )])
            .await;
        let path = ledger.dir.path().join("forger");
        let forger = create_key(&path, "takaza/test", &ledger.world.ctx.dice).unwrap();
        let forged = ledger.dir.path().join("forged");
        let copy = Ledger::filled(Db::Sqlite).await.unwrap();
        seal(copy.store(), &copy.key, std::slice::from_ref(&forged), 1000).await.unwrap();
        let theirs = takaza::store::read_checkpoints(&forged).await.unwrap();
        assert_ne!(copy.key.vkey(), forger.vkey());
        let verdict = ledger.store().verify(&theirs, &[forger.vkey()], &|_, _| {}).await.unwrap();
        let forged = verdict.findings.iter().filter(|f| f.kind == FindingKind::CheckpointForged);
        assert_eq!(forged.count(), theirs.len() + 2, "none is signed by that key: {verdict}");

        let verdict = ledger.verify().await;
        let place = format!("stored checkpoint (takaza/test, {size} entries)");
        assert_eq!(found(&verdict), [(FindingKind::CheckpointForged, place.as_str())], "{verdict}");
    }
}

#[tokio::test]
async fn a_history_rewritten_with_all_its_hashes_differs_from_a_checkpoint_outside() {
    for db in BOTH {
        let Some(ledger) = ready(db).await else { continue };
        let place = entry(&ledger, "gate.stopped", "the first drill").await;
        let id = id_in(&place);
        let body = ledger.ask(&format!("SELECT body FROM entry WHERE id = '{id}'")).await;
        let body = body.replace("the first drill", "an order");
        let hash = hex::encode(tlog_tiles::record_hash(body.as_bytes()).0);
        ledger
            .tamper(&[
                &format!(
                    "UPDATE entry SET body = '{body}', leaf_hash = '{hash}' WHERE id = '{id}'"
                ),
                "DELETE FROM leaf",
                "DELETE FROM tree_hash",
                "DELETE FROM checkpoint",
                "DELETE FROM tree_head",
            ])
            .await;
        let path = ledger.dir.path().join("theirs");
        let theirs = create_key(&path, "takaza/test", &ledger.world.ctx.dice).unwrap();
        seal(ledger.store(), &theirs, &[], 1000).await.unwrap();
        let verdict = ledger.verify().await;
        let kinds: Vec<_> = verdict.findings.iter().map(|found| found.kind).collect();
        assert_eq!(kinds, [FindingKind::CheckpointForged, FindingKind::CheckpointDiffers]);
        assert!(verdict.findings[1].place.starts_with("given checkpoint 1"), "{verdict}");
    }
}
