//! The case source on the console: how it was read, what is set aside, and files that take two
//! people.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use jiff::SignedDuration;
use takaza::domain::action::RejectedRow;

use crate::support::{
    browser::{Browser, Page},
    console::Desk,
    fake_cases::liens,
    ledger_sql,
    world::World,
};

const EXPORT: &[u8] = include_bytes!("../../data/case_export.csv");

/// A world in which the file of the tests' data has been exported already.
async fn after_the_export() -> World {
    let world = World::new().await;
    world.pass(SignedDuration::from_hours(24 * 5));
    world
}

/// What lies where files wait.
fn kept(desk: &Desk) -> Vec<(PathBuf, Vec<u8>)> {
    let all = std::fs::read_dir(desk.world.folder().join("imports")).unwrap();
    let paths = all.map(|file| file.unwrap().path());
    paths.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

/// A page that asks for itself, once it has ended.
async fn ended(browser: &mut Browser, mut page: Page) -> Page {
    for _ in 0..2_000 {
        if !page.html.contains("http-equiv=\"refresh\"") {
            return page;
        }
        page = browser.get(&page.path).await;
    }
    panic!("it has no end: {}", page.text("main"));
}

/// Somebody brings the file, and sees what would become of it.
async fn brought(browser: &mut Browser) -> Page {
    let form = browser.get("/source/import").await;
    let fields = [("as_of", "2026-11-20T18:00")];
    let page = browser.upload(&form, "/source/import", &fields, ("cases.csv", EXPORT)).await;
    page.ok();
    ended(browser, page).await
}

#[tokio::test]
async fn a_file_is_brought_by_one_person_and_written_when_another_accepts_what_it_would_be() {
    let (desk, cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    let page = brought(&mut asha).await;
    page.ok().says("What would become of it").says("somebody else accepts it");
    page.says("not a bank of the directory");
    // Neither a cell nor what is in a column that the mapping does not name.
    page.says_not("9068124158").says_not("FIR 856").says_not("REQ/2026/");
    assert!(cases.imports().await.unwrap().is_empty(), "nothing is written yet");
    let path = page.path.clone();
    let accept = format!("{path}/accept");
    assert!(!page.html.contains(&accept), "she has no way to accept it");

    let mut ravi = desk.signed_in("ravi").await;
    ravi.get("/source").await.ok().says("cases.csv").says("waits for a second person");
    let page = ravi.get(&path).await;
    // A form of another page, with his preview and her session.
    let preview = page.html.split("name=\"preview\" value=\"").nth(1).unwrap();
    let preview = &preview[..64];
    let token = asha.get(&path).await;
    let token = token.html.split("name=\"token\" value=\"").nth(1).unwrap();
    asha.post(&accept, &[("token", &token[..64]), ("preview", preview)]).await.is(422);
    let page = ravi.submit(&page, &accept, &[]).await;
    let page = ended(&mut ravi, page).await;
    page.ok().says("written");
    let imports = cases.imports().await.unwrap();
    let [import] = imports.as_slice() else { panic!("one import: {imports:?}") };
    assert_eq!(import.file.by.as_str(), "asha");
    assert_eq!(import.file.accepted_by.as_ref().map(|by| by.as_str()), Some("ravi"));
    assert!(import.new > 0 && import.refused > 0);
    page.says(&import.file.sha256);
    ravi.get(&format!("/source/imports/{}", import.id)).await.ok().says("line ").says("ravi");
    let url = &desk.world.ledger_url;
    for act in ["import.proposed", "import.accepted", "import.stored"] {
        assert_eq!(ledger_sql::entries(url, act).await, 1, "{act}");
    }
    assert_eq!(kept(&desk), Vec::<(PathBuf, Vec<u8>)>::new());
    // The very same bytes have no second life.
    let form = asha.get("/source/import").await;
    let fields = [("as_of", "2026-11-21T10:00")];
    let page = asha.upload(&form, "/source/import", &fields, ("again.csv", EXPORT)).await;
    page.is(422).says("imported before");
}

/// Names, mobile numbers, account numbers and remarks are nowhere in the data folder, before anybody
/// has decided about the file.
#[tokio::test]
async fn of_a_file_that_waits_nothing_private_is_kept() {
    let (desk, _cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    // What was left behind: a file that an older version kept, and one that was just begun.
    let imports = desk.world.folder().join("imports");
    std::fs::create_dir_all(&imports).unwrap();
    let old = imports.join("old.file");
    std::fs::write(&old, EXPORT).unwrap();
    let begun = imports.join("begun.part");
    std::fs::write(&begun, b"just now").unwrap();
    for (path, hours) in [(old, 2), (begun, 0)] {
        let changed = desk.world.now().minus(SignedDuration::from_hours(hours)).micros();
        let changed = UNIX_EPOCH + Duration::from_micros(changed.unsigned_abs());
        std::fs::File::options().write(true).open(path).unwrap().set_modified(changed).unwrap();
    }
    brought(&mut asha).await.ok();
    let mut reader = csv::ReaderBuilder::new().from_reader(&EXPORT[3..]);
    let private: BTreeSet<String> = reader
        .records()
        .flat_map(|record| {
            let record = record.unwrap();
            [4, 5, 8, 20].map(|at| record[at].to_owned())
        })
        .filter(|value| value.chars().count() > 5)
        .collect();
    assert!(private.len() > 1000);
    let kept = kept(&desk);
    let names: Vec<_> = kept.iter().filter_map(|(path, _)| path.extension()).collect();
    assert_eq!(
        names.len(),
        3,
        "what was taken from it, its preview, and what was begun: {names:?}"
    );
    let mut length = 0;
    for (path, bytes) in &kept {
        let text = String::from_utf8(bytes.clone()).unwrap();
        // Long runs of figures, whole: an acknowledgement number may hold a mobile number's digits.
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let leak = private.iter().find(|value| {
            if value.chars().all(char::is_alphanumeric) {
                words.contains(value.as_str())
            } else {
                text.contains(value.as_str())
            }
        });
        assert_eq!(leak, None, "{}", path.display());
        length += text.matches("REQ/2026/").count();
    }
    assert!(length > 500, "the search finds what is there");
}

#[tokio::test]
async fn a_file_that_was_dropped_leaves_nothing() {
    let (desk, cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    let page = brought(&mut asha).await;
    let path = page.path.clone();
    asha.submit(&page, &format!("{path}/drop"), &[]).await.ok().says("dropped");
    let mut ravi = desk.signed_in("ravi").await;
    let page = ravi.get(&path).await;
    page.ok().says("dropped").says_not("/accept");
    assert!(cases.imports().await.unwrap().is_empty());
    assert_eq!(kept(&desk), Vec::<(PathBuf, Vec<u8>)>::new());
}

#[tokio::test]
async fn what_was_accepted_is_what_is_written_or_nothing_is() {
    let (desk, cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    let page = brought(&mut asha).await;
    let mut ravi = desk.signed_in("ravi").await;
    let page = ravi.get(&page.path).await;
    // Somebody changes the file that waits.
    for (path, _) in kept(&desk) {
        if path.extension().is_some_and(|kind| kind == "kept") {
            std::fs::write(path, b"another file").unwrap();
        }
    }
    let page = ravi.submit(&page, &format!("{}/accept", page.path), &[]).await;
    let page = ended(&mut ravi, page).await;
    page.ok().says("was changed: drop it and bring it again");
    assert!(cases.imports().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_counts_only_after_the_forms_token_and_within_bounds() {
    let (desk, _cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    let file = ("cases.csv".to_owned(), EXPORT.to_vec());
    let as_of = ("as_of".to_owned(), "2026-11-20T18:00".to_owned());
    asha.send_parts("/source/import", std::slice::from_ref(&as_of), &file).await.is(400);
    let page = asha.get("/source/import").await;
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap()[..64].to_owned();
    let late = [as_of, ("token".to_owned(), token)];
    asha.send_parts("/source/import", &late, &file).await.is(400);
    let fields = [("as_of", "2026-11-20T18:00")];
    let large = vec![b'x'; 20 * 1024 * 1024 + 1];
    asha.upload(&page, "/source/import", &fields, ("large.csv", &large)).await.is(413);
    let tomorrow = [("as_of", "2026-11-22T18:00")];
    asha.upload(&page, "/source/import", &tomorrow, ("cases.csv", EXPORT)).await.is(422);
    let mapping = [("as_of", "2026-11-20T18:00"), ("mapping", "nonsense")];
    asha.upload(&page, "/source/import", &mapping, ("cases.csv", EXPORT)).await.is(422);
    assert!(!desk.world.folder().join("imports").exists(), "nothing was kept");
    let mut auditor = desk.signed_in("auditor").await;
    auditor.get("/source/import").await.is(403);
}

#[tokio::test]
async fn the_form_begins_with_the_units_own_mapping() {
    let (desk, _cases) = Desk::with_cases(after_the_export().await).await;
    let mut asha = desk.signed_in("asha").await;
    asha.get("/source/import")
        .await
        .ok()
        .says("How takaza reads one unit")
        .says_not("our own mapping");
    let folder = desk.world.folder().join("mappings");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("ours.toml"), "# our own mapping").unwrap();
    asha.get("/source/import").await.ok().says("our own mapping");
}

#[tokio::test]
async fn how_the_source_was_read_is_told_to_everybody_and_rows_are_shown_on_the_record() {
    let desk = Desk::new().await;
    let world = &desk.world;
    world.cases.put(liens("ZPPL", 2, world.now()));
    world.watch_and_escalate().await;
    let aside = RejectedRow {
        external_id: None,
        place: "row 7".to_owned(),
        reason: "due_at is not a time".to_owned(),
    };
    let limits = &world.ctx.limits;
    let (by, name) = (world.by("asha"), work_source(world));
    world.ctx.store.sight(&by, &name, &[Err(aside)], limits, world.now()).await.unwrap();
    let mut root = desk.signed_in("root").await;
    let page = root.get("/source").await;
    page.ok().says("fresh").says("due_at is not a time").says_not("/source/aside");
    root.get("/source/import").await.is(422).says("reads a live case database");
    let mut asha = desk.signed_in("asha").await;
    asha.get("/source/aside").await.ok().says("row 7");
    let page = asha.get("/source").await;
    let page = asha.submit(&page, "/source/row", &[("id", "ZPPL-1")]).await;
    page.ok().says("ZPPL").says("on the record");
    let url = &world.ledger_url;
    assert_eq!(ledger_sql::entries(url, "source.set-aside-shown").await, 1);
    assert_eq!(ledger_sql::entries(url, "action.shown").await, 1);
    let page = asha.get("/source").await;
    asha.submit(&page, "/source/row", &[("id", "nothing")]).await.is(404);
    world.pass(SignedDuration::from_hours(2));
    asha.get("/sign-in").await;
    let mut ravi = desk.signed_in("ravi").await;
    ravi.get("/source").await.ok().says("too old");
}

fn work_source(world: &World) -> String {
    takaza::work::watch::source_name(&world.ctx).to_owned()
}
