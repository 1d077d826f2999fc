//! One case's file: whole, closed to every other case, and checked without the ledger.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    domain::{
        engagement::{EngagementKind, Voice},
        ids::CaseRef,
        reply_class::ReplyClass,
    },
    reports::case_file::{CaseFile, certificate},
    store::Noted,
    work::case_file,
};

use super::{BOTH, Db, Ledger, outside::Outside};

/// A ledger in which the bank replied to its tag, and an officer read it otherwise.
async fn replied(db: Db) -> Option<Ledger> {
    let ledger = Ledger::unsealed(db).await?;
    let world = &ledger.world;
    let delivery = ledger.ask("SELECT id FROM delivery WHERE state = 'delivered'").await;
    let reply = |voice, alias: &str, text: &str| Noted {
        kind: EngagementKind::Reply,
        alias: alias.repeat(16),
        voice,
        author: "peepal".to_owned(),
        at: Some(world.now()),
        text: Some((text.to_owned(), world.now().plus(SignedDuration::from_hours(8760)))),
        post_id: None,
    };
    let heard = vec![
        reply(Voice::Bank, "5eed", "लियन लगा दिया गया है।\n<Team \"Peepal\">"),
        reply(Voice::Other, "abcd", "a victim's own words"),
    ];
    let heard = BTreeMap::from([(takaza::domain::ids::DeliveryId::new(&delivery), heard)]);
    let store = ledger.store();
    store.heard(&world.ctx.actor("listen"), &heard).await.unwrap();
    let asha = world.person("asha").await.as_desk(world.now()).unwrap();
    let which = (delivery.as_str(), "5eed5eed");
    store.correct_class(&world.by("asha"), &asha, which, ReplyClass::Claim).await.unwrap();
    // A call is noted: the source's row changes, and says nothing else of the bank.
    world.cases.change("ZPPL-1", world.now(), |row| row.contacts += 1);
    takaza::work::watch::run_once(&world.ctx).await.unwrap();
    // The bank acts on this case's request and on another's, and one poll reads both.
    world.pass(SignedDuration::from_hours(2));
    for action in ["ZPPL-1", "ZPPL-2"] {
        world.cases.acts(action, world.now());
    }
    world.pass(SignedDuration::from_secs(60));
    takaza::work::watch::run_once(&world.ctx).await.unwrap();
    ledger.seal().await.unwrap();
    std::fs::copy(ledger.dir.path().join("key"), &world.ctx.config.record.key_file).unwrap();
    Some(ledger)
}

async fn case_of(ledger: &Ledger, action: &str) -> CaseRef {
    let query = format!("SELECT case_ref FROM escalation_action WHERE external_id = '{action}'");
    CaseRef::new(ledger.ask(&query).await)
}

async fn make(ledger: &Ledger, case: &CaseRef) -> CaseFile {
    let world = &ledger.world;
    let asha = world.person("asha").await.as_desk(world.now()).unwrap();
    case_file::make(&world.ctx, &world.by("asha"), &asha, case).await.unwrap()
}

fn faults(ledger: &Ledger, file: &CaseFile) -> Vec<String> {
    case_file::check(file, &[ledger.key.vkey().to_owned()])
}

#[tokio::test]
async fn a_case_file_tells_the_whole_story_and_is_checked_without_the_ledger() {
    for db in BOTH {
        let Some(ledger) = replied(db).await else { continue };
        let case = case_of(&ledger, "ZPPL-1").await;
        let file = make(&ledger, &case).await;
        let json = serde_json::to_string_pretty(&file).unwrap();
        let file: CaseFile = serde_json::from_str(&json).unwrap();
        assert_eq!(faults(&ledger, &file), [""; 0]);
        let outside = Outside::new(&ledger);
        outside.accepts(&json, &format!("{} entries", file.evidence.entries.len()));

        let banks: Vec<_> = file.rungs.iter().map(|rung| rung.bank.as_str()).collect();
        assert_eq!(banks, ["ZPPL", "ZNMN"], "the money of one case lay with two banks");
        let rung = &file.rungs[0];
        assert_eq!((rung.actions_in_all, rung.actions.len()), (5, 1));
        assert_eq!(rung.bank_en, "Peepal Bank");
        assert_eq!(rung.actions[0].external_id, "ZPPL-1");
        assert_eq!(rung.decisions[0].act, "escalation.approved");
        assert_eq!(rung.decisions[0].who.as_deref(), Some("dcp"));
        let post = &rung.posts[0];
        assert!(post.permalink.as_ref().unwrap().starts_with("http"));
        assert!(post.posted_at.is_some() && post.text.contains(&rung.reference));
        assert_eq!(post.replies.len(), 1, "the bank's own, and nobody else's");
        assert!(post.replies[0].text.as_ref().unwrap().contains("लियन"));
        assert_eq!(post.replies[0].class.as_deref(), Some("claim"));

        let said = file.source_said.iter().map(|one| (&*one.external_id, &*one.status));
        assert_eq!(
            said.collect::<Vec<_>>(),
            [("ZNMN-1", "pending"), ("ZPPL-1", "pending"), ("ZPPL-1", "acted")]
        );
        assert_eq!(file.evidence.sightings.len(), 4, "the noted call is a sighting too");
        let acted = &file.source_said[2];
        assert_eq!(acted.seen_at, ledger.world.now().to_string());
        let at = ledger.world.now().minus(SignedDuration::from_secs(60));
        assert_eq!(acted.acted_at, Some(at.to_string()));
        let page = file.evidence.polls.iter().find(|page| page.leaf_index == acted.leaf_index);
        assert_eq!(page.unwrap().commitments.len(), 2, "the other's stays closed");

        let text = certificate(&file, "case-file.json", "0f0f");
        assert!(text.contains(case.expose()) && text.contains("`0f0f`"), "{text}");
        assert!(text.contains("PART A") && text.contains("PART B"));
        assert!(!text.contains('{'), "every blank that the file fills is filled: {text}");
    }
}

#[tokio::test]
async fn a_case_file_shows_no_other_case_and_no_other_person() {
    let ledger = replied(Db::Sqlite).await.unwrap();
    let case = case_of(&ledger, "ZPPL-1").await;
    let json = serde_json::to_string(&make(&ledger, &case).await).unwrap();
    assert!(json.contains(case.expose()));
    for n in 2..=5 {
        let other = case_of(&ledger, &format!("ZPPL-{n}")).await;
        assert!(!json.contains(other.expose()), "{other:?} is in it");
        for bank in ["ZPPL", "ZNMN"] {
            assert!(!json.contains(&format!("{bank}-{n}")), "{bank}-{n} is in it");
        }
        let salts = format!("SELECT salt FROM action_change WHERE external_id = 'ZPPL-{n}'");
        assert!(!json.contains(&ledger.ask(&salts).await), "a salt opens a commitment");
        let salts = format!("SELECT salt FROM escalation_action WHERE external_id = 'ZPPL-{n}'");
        assert!(!json.contains(&ledger.ask(&salts).await), "a salt opens a row");
    }
    assert!(!json.contains("victim"), "somebody else's reply");
}

type Change = fn(&mut CaseFile);

#[tokio::test]
async fn whatever_is_changed_in_a_case_file_is_found() {
    let ledger = replied(Db::Sqlite).await.unwrap();
    let outside = Outside::new(&ledger);
    let case = case_of(&ledger, "ZPPL-1").await;
    let good = make(&ledger, &case).await;
    let changes: &[(&str, bool, Change)] = &[
        ("an entry's word", true, |file| {
            let entries = &mut file.evidence.entries;
            let one = entries.iter_mut().find(|one| one.entry.contains("escalation.approved"));
            let entry = &mut one.unwrap().entry;
            *entry = entry.replacen("escalation.approved", "escalation.rejected", 1);
        }),
        ("an entry left out", true, |file| {
            file.evidence.entries.retain(|one| !one.entry.contains("escalation.approved"));
        }),
        ("a text left out", false, |file| {
            file.evidence.rows.retain(|row| row.table != "delivery" || row.field("n") != "0");
        }),
        ("a row's text", true, |file| {
            let delivery = file.evidence.rows.iter_mut().find(|row| row.table == "delivery");
            let fields = &mut delivery.unwrap().fields;
            fields.insert("permalink".to_owned(), "https://elsewhere.example/1".to_owned());
        }),
        ("a sighting", true, |file| {
            let text = &mut file.evidence.sightings[0].text;
            *text = text.replacen("pending", "acted", 1);
        }),
        ("when the bank acted", true, |file| {
            let text = &mut file.evidence.sightings.last_mut().unwrap().text;
            *text = text.replacen("acted_at", "acted_at ", 1);
        }),
        ("a poll's page", true, |file| {
            file.evidence.polls[0].commitments.pop();
        }),
        ("a poll's page left out", true, |file| {
            file.evidence.polls.pop();
        }),
        ("a poll's entry left out", true, |file| {
            let leaf = file.evidence.polls[0].leaf_index.clone();
            file.evidence.entries.retain(|entry| entry.leaf_index != leaf);
        }),
        ("what the source said", false, |file| {
            file.source_said[0].status = "acted".to_owned();
        }),
        ("another tree", true, |file| file.evidence.tree_size = "1".to_owned()),
        ("the checkpoint's signature", true, |file| {
            let note = &mut file.evidence.checkpoint;
            *note = note.replacen('\n', "x\n", 1);
        }),
        ("the story alone", false, |file| file.rungs[0].posts[0].text.push('!')),
        ("the case's name", false, |file| file.case_ref.push('9')),
        ("the story's decision", false, |file| file.rungs[0].decisions.clear()),
    ];
    for (what, seen_outside, change) in changes {
        let mut file = good.clone();
        change(&mut file);
        assert!(file != good, "{what} was changed");
        assert!(!faults(&ledger, &file).is_empty(), "{what}");
        if *seen_outside {
            outside.refuses(&serde_json::to_string(&file).unwrap());
        }
    }
    let other = takaza::store::create_key(
        &ledger.dir.path().join("other"),
        "takaza/test",
        &takaza::clock::Dice::seeded(99),
    );
    let vkey = other.unwrap().vkey().to_owned();
    let faults = case_file::check(&good, &[vkey]);
    assert!(!faults.is_empty(), "another key's word is not taken");
}

#[tokio::test]
async fn making_a_case_file_leaves_an_entry_that_names_no_case() {
    for db in BOTH {
        let Some(ledger) = replied(db).await else { continue };
        let case = case_of(&ledger, "ZPPL-2").await;
        let file = make(&ledger, &case).await;
        let entry = ledger.ask("SELECT body FROM entry WHERE act = 'case-file.made'").await;
        assert!(!entry.contains(case.expose()), "{entry}");
        assert!(entry.contains(&file.made.commitment().to_string()), "{entry}");
        assert!(entry.contains("\"to\":\"asha\""), "{entry}");
        ledger.seal().await.unwrap();
        let verdict = ledger.verify().await;
        assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    }
}

#[tokio::test]
async fn what_is_not_sealed_or_not_there_has_no_case_file() {
    let ledger = replied(Db::Sqlite).await.unwrap();
    let world = &ledger.world;
    let asha = world.person("asha").await.as_desk(world.now()).unwrap();
    let by = world.by("asha");
    let nobodys = CaseRef::new("FIR 0/0");
    case_file::make(&world.ctx, &by, &asha, &nobodys).await.unwrap_err();
    let case = case_of(&ledger, "ZPPL-1").await;
    let row = ledger.ask("SELECT reference FROM escalation WHERE bank = 'ZPPL'").await;
    ledger.store().annex_shown(&by, &asha, &row).await.unwrap();
    let unsealed = case_file::make(&world.ctx, &by, &asha, &case).await.unwrap_err();
    assert!(unsealed.to_string().contains("run-once"), "{unsealed}");
    let made = ledger.ask("SELECT COUNT(*) || '' FROM entry WHERE act = 'case-file.made'").await;
    assert_eq!(made, "0", "what was refused left no entry");
}
