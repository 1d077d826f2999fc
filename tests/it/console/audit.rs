//! The record on the console: found, told, proved, verified, carried out of the house.

use serde_json::Value as Json;
use takaza::{store::Proof, work};

use crate::support::{
    browser::{Browser, Page},
    console::Desk,
    ledger_sql,
};

/// The page about the verification, once it has ended.
async fn verified(browser: &mut Browser) -> Page {
    let page = browser.get("/audit/verify").await;
    let mut page = browser.submit(&page, "/audit/verify", &[]).await;
    for _ in 0..2_000 {
        if !page.html.contains("http-equiv=\"refresh\"") {
            return page;
        }
        page = browser.get("/audit/verify").await;
    }
    panic!("it has no end: {}", page.text("main"));
}

#[tokio::test]
async fn an_auditor_finds_an_entry_reads_its_story_and_takes_the_proof_along() {
    let desk = Desk::new().await;
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/stop").await;
    dcp.submit(&page, "/stop", &[("why", "a story of the record")]).await.ok();
    work::seal::run_once(&desk.world.ctx).await.unwrap();

    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/audit?act=gate.stopped&person=dcp").await;
    page.ok();
    assert_eq!(page.all("tbody tr").len(), 1, "{}", page.text("main"));
    auditor.get("/audit?act=gate.stopped&person=asha").await.ok().says("No entry fits");
    auditor.get("/audit?until=2020-01-01").await.ok().says("No entry fits");
    auditor.get("/audit?from=yesterday").await.is(422);
    let story = auditor.get("/audit?of=gate").await;
    assert!(story.path.starts_with("/audit/story?of=gate"), "{}", story.path);
    story.ok().says("a story of the record");

    let entry = page.links("tbody a").into_iter().next().expect("the entry's page");
    let shown = auditor.get(&entry).await;
    shown.ok().says("Inclusion proof");
    let canonical = auditor.get(&format!("{entry}/canonical")).await;
    assert_eq!(shown.text("pre.bytes"), canonical.html);
    let proof = auditor.get(&format!("{entry}/proof")).await;
    let disposition = proof.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let proof: Proof = serde_json::from_str(&proof.html).unwrap();
    assert_eq!(proof.entry, canonical.html);
    assert_eq!(proof.checkpoint, auditor.get("/audit/checkpoint").await.html);
    assert!(auditor.get("/audit/keys").await.html.starts_with("takaza/test+"));
    auditor.get("/audit/entry/none").await.is(404);
}

#[tokio::test]
async fn pages_of_the_record_follow_one_another_without_a_gap() {
    let desk = Desk::new().await;
    let person = desk.world.person("asha").await.as_desk(desk.world.now()).unwrap();
    for n in 0..120 {
        desk.world.ctx.store.stop(&desk.world.by("asha"), &person, &format!("{n}")).await.unwrap();
    }
    let mut auditor = desk.signed_in("auditor").await;
    let mut page = auditor.get("/audit?act=gate.stopped").await;
    let mut seen = page.links("tbody td:nth-child(2) a");
    while let Some(next) = page.links("a[rel=next]").into_iter().next() {
        page = auditor.get(&next).await;
        seen.extend(page.ok().links("tbody td:nth-child(2) a"));
    }
    assert_eq!(seen.len(), 120);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120, "none twice");
}

#[tokio::test]
async fn the_record_is_verified_behind_the_pages_and_what_was_changed_is_named() {
    let desk = Desk::new().await;
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/audit/verify").await;
    auditor.submit(&page, "/audit/verify", &[]).await.is(422).says("Nothing is sealed yet");
    auditor.get("/audit/verify/findings").await.is(404);
    work::seal::run_once(&desk.world.ctx).await.unwrap();
    verified(&mut auditor).await.ok().says("The record is whole");
    let change = "UPDATE account SET handle = 'somebody.else' WHERE name = 'unit'";
    ledger_sql::run(&desk.world.ledger_url, change).await;
    let page = verified(&mut auditor).await;
    page.ok().says("NOT whole").says("account unit");
    page.says_not("somebody.else");
    let file: Json =
        serde_json::from_str(&auditor.get("/audit/verify/findings").await.html).unwrap();
    assert_eq!(file["findings"][0]["kind"], "row-altered", "{file}");
}

#[tokio::test]
async fn the_export_names_no_case_unless_an_approver_asks_on_the_record() {
    let desk = Desk::new().await;
    let mut auditor = desk.signed_in("auditor").await;
    auditor.get("/audit/export").await.is(422).says("Nothing is sealed yet");
    desk.world.cleared("ZPPL").await;
    work::seal::run_once(&desk.world.ctx).await.unwrap();
    let export = auditor.get("/audit/export").await;
    export.ok().says_not("ZPPL-1\"");
    let lines: Vec<Json> =
        export.html.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["format"], "takaza-export/1");
    assert!(lines.iter().any(|line| line["type"] == "checkpoint"));
    auditor.get("/audit/references").await.is(403);
    let url = &desk.world.ledger_url;
    assert_eq!(ledger_sql::entries(url, "export.references-written").await, 0);
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/audit/references").await;
    let export = dcp.submit(&page, "/audit/references", &[]).await;
    assert!(export.ok().html.contains("\"external_id\":\"ZPPL-1\""));
    assert_eq!(ledger_sql::entries(url, "export.references-written").await, 1);
    let left =
        std::fs::read_dir(desk.world.folder()).unwrap().map(|file| file.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
}

#[tokio::test]
async fn an_officer_is_neither_shown_the_record_nor_led_there() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    asha.get("/audit").await.is(403);
    assert!(!asha.get("/queue").await.links("nav a").contains(&"/audit".to_owned()));
    let mut root = desk.signed_in("root").await;
    assert!(root.get("/queue").await.links("nav a").contains(&"/audit".to_owned()));
}
