//! Stories that a unit plays by the command line alone, on the real binary.

use jiff::SignedDuration;

use crate::support::{
    fake_mastodon::FakeMastodon,
    servers,
    unit::{Unit, now, text},
};

const PEEPAL: (&str, &str) = ("ZPPL", "Peepal Bank");

#[test]
fn a_unit_without_an_api_posts_by_hand_and_can_prove_it() {
    by_hand(&Unit::staffed(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_without_an_api_posts_by_hand_on_postgres_too() {
    let Some(url) = servers::postgres().await else { return };
    by_hand(&Unit::staffed(&format!("[ledger]\nurl = {url:?}\n")));
}

/// An account to post from by hand, and four overdue liens that a pass has looked at.
fn overdue(unit: &Unit) {
    let add = ["account", "add", "desk", "--platform", "x", "--hand-off", "--handle", "ggm"];
    unit.act("root", &add).done();
    unit.import_liens(4, PEEPAL);
    unit.run(&["run-once"]).done();
}

fn by_hand(unit: &Unit) {
    let add = ["account", "add", "desk", "--platform", "x", "--hand-off", "--handle", "@ggm"];
    unit.act("officer", &add).refused(3);
    unit.act("root", &add).done();
    unit.import_liens(5, PEEPAL);
    unit.run(&["run-once"]).done();

    let held = unit.escalation("held");
    assert_eq!(held["facts"]["cases"], 5);
    let reference = text(&held["reference"]);
    let why = unit.run(&["queue", "why", &reference]).done();
    assert!(why.contains("an approver") && why.contains("then account desk is not live"), "{why}");
    let hash = text(&held["hash"]);
    let approve = ["queue", "approve", &reference, "--hash", &hash];
    unit.act("officer", &approve).refused(3);
    let sheet = unit.run(&["queue", "show", &reference]).done();
    assert!(sheet.contains("the oldest overdue by at least"), "{sheet}");
    let approved = unit.act("dcp", &approve).done();
    for language in ["en", "hi"] {
        let not_now = format!("not now: desk ({language}): account desk is not live");
        assert!(approved.contains(&not_now), "{approved}");
    }
    let why = unit.run(&["queue", "why", &reference]).done();
    assert!(why.contains("not live"), "{why}");
    let take = ["handoff", "take", &reference, "--language", "en"];
    assert!(unit.act("officer", &take).refused(3).contains("not live"));

    unit.act("root", &["account", "live", "desk"]).refused(3);
    unit.act("dcp", &["account", "live", "desk"]).done();
    let taken = unit.act("officer", &[&take[..], &["--json"]].concat()).json();
    assert_eq!(taken["text"], held["texts"][0]["text"], "exactly the approved bytes");
    assert!(text(&taken["intent_link"]).starts_with("https://x.com/intent/post?text="));
    let list = unit.run(&["handoff", "list"]).done();
    assert!(list.contains("officer posts it before"), "{list}");

    let done = |link: &str| {
        let words = ["handoff", "done", &reference, "--language", "en", "--permalink", link];
        unit.act("officer", &words)
    };
    assert!(done("https://x.com/somebody/status/1").refused(3).contains("another account"));
    done("https://x.com/ggm/status/1859").done();
    assert_eq!(unit.states(&reference), ["delivered", "waiting"]);

    // The other language: taken, and not posted after all.
    unit.act("dcp", &["handoff", "take", &reference, "--language", "hi"]).done();
    unit.act("officer", &["handoff", "not-posted", &reference, "--language", "hi"]).refused(3);
    unit.act("dcp", &["handoff", "not-posted", &reference, "--language", "hi"]).done();
    assert_eq!(unit.states(&reference), ["delivered", "waiting"]);

    let shown = unit.run(&["post", "show", &reference]).done();
    for said in [
        "drafted, facts and 2 texts",
        "approved for hash",
        "by dcp",
        "rechecked: 5 actions",
        "https://x.com/ggm/status/1859",
    ] {
        assert!(shown.contains(said), "{said} is not in:\n{shown}");
    }

    unit.act("officer", &["stop", "--why", "a call from the bank"]).done();
    let why = unit.run(&["queue", "why", &reference]).done();
    assert!(why.contains("stop switch"), "{why}");
    unit.act("officer", &["resume"]).refused(3);
    unit.act("dcp", &["resume"]).done();
    assert_eq!(text(&unit.escalation("held")["reference"]), reference, "held again after a stop");

    unit.run(&["run-once"]).done();
    let verdict = unit.run(&["audit", "verify", "--json"]).json();
    assert_eq!(verdict["findings"].as_array().expect("a list").len(), 0, "{verdict:#}");
    assert_eq!(verdict["entries"], verdict["leaves"]);
    let proof = unit.run(&["audit", "prove", &reference, "1"]).json();
    assert_eq!(proof["format"], "takaza-inclusion/1");
    assert!(text(&proof["entry"]).contains("escalation.drafted"));
    let checkpoint = unit.run(&["audit", "checkpoint"]).done();
    assert!(text(&proof["checkpoint"]).starts_with("takaza/ledger\n"), "{checkpoint}");

    let list = |words: &[&str]| {
        let words = [&["post", "list", "--json"], words].concat();
        unit.run(&words).json().as_array().expect("a list").len()
    };
    assert_eq!((list(&[]), list(&["--state", "delivered"])), (2, 1));
    assert_eq!((list(&["--bank", "zppl"]), list(&["--bank", "ZNMN"])), (2, 0));
    assert_eq!((list(&["--account", "desk", "--limit", "1"]), list(&["--skip", "2"])), (1, 0));
    let out = unit.file("out.jsonl");
    unit.act("dcp", &["export", "--real-references", "--out", &out]).done();
    let written = std::fs::read_to_string(&out).expect("the export");
    assert_eq!(written.matches("\"type\":\"reference\"").count(), 5);

    // The bank disputes: what is out is corrected, and what waits goes no more.
    let dispute = ["queue", "dispute", &reference, "--ground", "amount", "--reason", "By letter 4"];
    let said = unit.act("officer", &dispute).done();
    let (before, _) = said.split_once(" corrects it").expect("what sets it right");
    let correction = before.split_whitespace().last().expect("its reference");
    assert_eq!(unit.states(correction), ["waiting"], "one text for the one that is out");
    assert_eq!(unit.states(&reference), ["delivered", "withdrawn"]);
}

#[test]
fn an_export_holds_no_case_reference_unless_an_approver_asks() {
    let unit = Unit::staffed("");
    overdue(&unit);
    let reference = text(&unit.escalation("held")["reference"]);

    let plain = unit.run(&["export"]).done();
    assert!(plain.contains(&reference) && plain.contains("\"case-"), "{plain}");
    assert!(!plain.contains("FIR 1/2026") && !plain.contains("REQ/1"));
    let (out, other) = (unit.file("out.jsonl"), unit.file("other.jsonl"));
    let real = |who: &str, out: &str| unit.act(who, &["export", "--real-references", "--out", out]);
    real("officer", &other).refused(3);
    real("dcp", &out).done();
    let written = std::fs::read_to_string(&out).expect("the export");
    assert!(written.contains("\"case_ref\":\"FIR 1/2026\""));
    real("dcp", &out).refused(2);

    // The annex is for an officer's or approver's eyes, and leaves an entry.
    unit.act("auditor", &["post", "annex", &reference]).refused(3);
    let annex = unit.act("officer", &["post", "annex", &reference, "--json"]).json();
    assert_eq!(annex["rows"].as_array().expect("rows").len(), 4);
    assert!(annex["rows"][0]["due_at"].is_string(), "{annex}");
    let shown = unit.run(&["post", "show", &reference]).done();
    assert!(shown.contains("annex of 4 rows shown by officer"), "{shown}");
    assert!(!shown.contains("FIR 1/2026"));
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[test]
fn a_case_file_is_written_for_the_court_and_checked_on_a_machine_without_a_ledger() {
    let unit = Unit::staffed("");
    overdue(&unit);
    let folder = unit.file("court");
    let make = |who: &str| unit.act(who, &["case-file", "FIR 1/2026", "--output", &folder]);
    make("auditor").refused(3);
    assert!(!std::path::Path::new(&folder).exists(), "what was refused wrote nothing");
    make("officer").done();
    make("officer").refused(2);

    let bundle = format!("{folder}/case-file.json");
    let told = std::fs::read_to_string(&bundle).expect("the case file");
    assert!(told.contains("FIR 1/2026") && !told.contains("FIR 2/2026"));
    let paper = std::fs::read_to_string(format!("{folder}/certificate.md")).expect("the paper");
    let hash = takaza::domain::canonical::Hash::of(told.as_bytes()).to_string();
    assert!(paper.contains(&hash), "{paper}");

    let to_read = format!("{folder}/case-file.pdf");
    if let Some(read) = servers::tool("pdftotext", &[&to_read, "-"]) {
        let read = String::from_utf8(read).expect("UTF-8");
        let folded: String = read.split_whitespace().collect();
        for said in ["FIR1/2026", "ZPPL", &hash, "Peepal", "पीपल", "letterbyletter"] {
            assert!(folded.contains(said), "{said} is not in:\n{read}");
        }
        assert!(!folded.contains("FIR2/2026"), "{read}");
    }

    let vkey = text(&unit.run(&["audit", "checkpoint", "--json"]).json()["vkey"]);
    let elsewhere = Unit::bare();
    let check = |file: &str| elsewhere.run(&["audit", "verify", "--bundle", file, "--vkey", &vkey]);
    let good = check(&bundle).done();
    assert!(good.contains(&hash) && good.contains("good: "), "{good}");
    let altered = elsewhere.write("altered.json", &told.replace("FIR 1/2026", "FIR 9/2026"));
    check(altered.to_str().expect("UTF-8")).refused(1);
    elsewhere.run(&["audit", "verify", "--bundle", &bundle]).refused(2);
    assert!(!elsewhere.path().join("takaza.db").exists(), "no ledger was made");
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[test]
fn an_edit_says_everything_that_stands_against_it_and_voids_nothing_then() {
    let unit = Unit::staffed("");
    overdue(&unit);
    let held = unit.escalation("held");
    let reference = text(&held["reference"]);
    let edit = |file: &str, language: &str| {
        let file = unit.file(file);
        let words = ["queue", "edit", &reference, "--text-file", &file, "--language", language];
        unit.act("officer", &words)
    };

    unit.write("bad.txt", "Shame! Call 9876543210 about it.");
    let against = edit("bad.txt", "en").refused(3);
    for said in ["characters 13 to 22", "refused word", "same numbers", "[1] en", "[2] hi"] {
        assert!(against.contains(said), "{said} is not in:\n{against}");
    }
    assert!(!against.contains("9876543210"), "an objection never repeats what it points at");
    assert_eq!(unit.escalation("held")["hash"], held["hash"], "nothing was changed");

    let drafted = text(&held["texts"][0]["text"]);
    unit.write("good.txt", &drafted.replace("Please act.", "Please act on them."));
    unit.approve();
    edit("good.txt", "en").done();
    let again = unit.escalation("held");
    assert_eq!(again["version"], 2, "the approval is void: it is held again");
    assert_eq!(again["written_by"], "officer");
    assert!(text(&again["texts"][0]["text"]).contains("Please act on them."));
    assert_eq!(again["texts"][1]["text"], held["texts"][1]["text"]);
}

#[test]
fn silences_notices_and_confirmations_are_acts_of_named_people() {
    let unit = Unit::staffed("");
    let silence = ["silence", "add", "--bank", "zppl", "--order", "12/2026", "--until", "48h"];
    unit.act("auditor", &silence).refused(3);
    unit.act("officer", &silence).done();
    let list = unit.run(&["silence", "list", "--json"]).json();
    assert_eq!((&list[0]["bank"], &list[0]["in_force"]), (&"ZPPL".into(), &true.into()), "{list}");

    overdue(&unit);
    assert_eq!(unit.run(&["queue", "list", "--json"]).json(), serde_json::json!([]));
    let silenced = unit.run(&["cases", "silenced", "--bank", "ZPPL", "--json"]).json();
    assert!(text(&silenced[0]["reason"]).contains("12/2026"), "{silenced}");
    let status = unit.run(&["cases", "status", "--json"]).json();
    assert_eq!(status["overdue"][0]["actions"], 4, "{status}");

    let id = text(&list[0]["id"]);
    let lift = ["silence", "lift", &id, "--reason", "order 13/2026"];
    unit.act("officer", &lift).refused(3);
    unit.act("dcp", &lift).done();
    unit.run(&["run-once"]).done();
    let reference = text(&unit.escalation("held")["reference"]);

    // A silence that comes after the drafting is told of before and after an approval.
    unit.act("dcp", &["account", "live", "desk"]).done();
    unit.act("officer", &silence).done();
    let held = unit.run(&["queue", "why", &reference]).done();
    assert!(held.contains("an approver") && held.contains("silence under 12/2026"), "{held}");
    let utc = held.split_whitespace().any(|word| word.parse::<jiff::Timestamp>().is_ok());
    assert!(!utc, "the end is told on the unit's own clock: {held}");
    let hash = text(&unit.escalation("held")["hash"]);
    let approved = unit.act("dcp", &["queue", "approve", &reference, "--hash", &hash]).done();
    assert!(approved.contains("not now: desk (en): silence under 12/2026"), "{approved}");

    let notice = ["cases", "notice", "REQ/1", "--message-id", "<m1@unit.example>"];
    unit.act("auditor", &notice).refused(3);
    unit.act("officer", &notice).done();
    unit.act("officer", &["cases", "confirm", "REQ/1", "REQ/2"]).done();
    unit.act("officer", &["cases", "confirm", "REQ/none"]).refused(2);
}

#[test]
fn no_act_goes_on_the_record_without_a_word() {
    let unit = Unit::staffed("");
    for words in [
        &["stop", "--why", ""][..],
        &["restore", "mark", "--why", " "],
        &["queue", "reject", "GGM-00000", "--reason", " "],
        &["queue", "send-back", "GGM-00000", "--reason", ""],
        &["queue", "dispute", "GGM-00000", "--ground", "acted", "--reason", "\t"],
        &["post", "retract", "GGM-00000", "--reason", ""],
        &["post", "correct", "GGM-00000", "--reason", ""],
        &["silence", "lift", "an-id", "--reason", ""],
        &["silence", "add", "--all", "--until", "2h", "--order", " "],
        &["account", "pause", "desk", "--why", ""],
        &["erase", "--action", "REQ/1", "--rule", " "],
    ] {
        let refused = unit.act("dcp", words).refused(2);
        assert!(refused.contains("for the record"), "{words:?}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_with_a_mastodon_account_posts_once_and_sets_it_right() {
    let unit = Unit::staffed("");
    let town = FakeMastodon::start().await;
    town.advance(now().since(town.now()));
    unit.write("token", "another-token-than-ours\n");
    let (token, url) = (unit.file("token"), town.base_url.clone());
    let add = |more: &[&str]| {
        let words = ["account", "add", "town", "--platform", "mastodon", "--token-file", &token];
        let words = [&words[..], &["--base-url", &url, "--languages", "en"], more].concat();
        unit.act("root", &words)
    };
    let no = add(&[]).refused(1);
    assert!(no.contains("did not confirm the token"), "{no}");
    assert!(!no.contains("another-token-than-ours"), "a token is in no error: {no}");

    unit.write("token", secrecy::ExposeSecret::expose_secret(&town.token()));
    assert!(add(&["--handle", "somebody"]).refused(3).contains("not @somebody"));
    assert!(add(&[]).done().contains("@unit"), "the handle is the platform's own word");
    add(&[]).refused(3);
    unit.act("root", &["account", "connect", "town"]).done();
    let id = town.bank_account("peepal@bank.example");
    let words = [
        "banks",
        "handle",
        "add",
        "ZPPL",
        "mastodon",
        "peepal@bank.example",
        "--evidence",
        "its page",
    ];
    let said = unit.act("root", &words).done();
    assert!(said.contains(&id), "{said}");
    unit.act("root", &["banks", "handle", "verify", "ZPPL", "mastodon"]).done();
    town.takes_over("peepal@bank.example");
    let taken = unit.act("root", &["banks", "handle", "verify", "ZPPL", "mastodon"]).refused(3);
    assert!(taken.contains("another account"), "{taken}");

    unit.act("dcp", &["account", "live", "town"]).done();
    unit.import_liens(4, PEEPAL);
    unit.run(&["run-once"]).done();
    let reference = unit.approve();
    unit.run(&["run-once"]).done();
    unit.run(&["run-once"]).done();
    let posts = town.posts();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].text.contains(&reference));
    assert_eq!(unit.states(&reference), ["delivered"]);

    let retract = ["post", "retract", &reference, "--reason", "the bank had acted"];
    unit.act("auditor", &retract).refused(3);
    unit.act("officer", &retract).done();
    let retraction = unit.approve();
    unit.run(&["run-once"]).done();
    assert!(town.posts().is_empty(), "the retraction deleted it");
    assert_eq!(unit.states(&reference), ["retracted"]);
    assert_eq!(unit.states(&retraction), ["delivered"]);

    town.advance(SignedDuration::from_secs(1));
    let told = unit.act("root", &["account", "revoke", "town"]).done();
    assert!(told.contains("by hand") && told.contains("delete the token's file"), "{told}");
    assert_eq!(unit.run(&["account", "list", "--json"]).json()[0]["standing"], "revoked");
    unit.run(&["audit", "verify"]).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_put_back_sends_nothing_twice_and_is_accepted() {
    let unit = Unit::staffed("");
    let town = FakeMastodon::start().await;
    town.advance(now().since(town.now()));
    unit.write("token", secrecy::ExposeSecret::expose_secret(&town.token()));
    let (token, url) = (unit.file("token"), town.base_url.clone());
    let add = ["account", "add", "town", "--platform", "mastodon", "--token-file", &token];
    unit.act("root", &[&add[..], &["--base-url", &url, "--languages", "en"]].concat()).done();
    unit.act("dcp", &["account", "live", "town"]).done();
    unit.import_liens(4, PEEPAL);
    unit.run(&["run-once"]).done();
    let reference = unit.approve();
    let (ledger, backup) = (unit.file("takaza.db"), unit.file("backup.db"));
    crate::support::ledger_sql::run(
        &format!("sqlite:{ledger}"),
        &format!("VACUUM INTO '{backup}'"),
    )
    .await;
    let backup_at = now().to_string();
    unit.run(&["run-once"]).done();
    assert_eq!((town.made(), unit.states(&reference)), (1, vec!["delivered".to_owned()]));

    for file in ["takaza.db-wal", "takaza.db-shm"] {
        // They are gone already where the last process closed the ledger well.
        let _ = std::fs::remove_file(unit.file(file));
    }
    std::fs::rename(&backup, &ledger).expect("the backup is put back");
    unit.run(&["run-once"]).done();
    assert_eq!(town.made(), 1, "it is noticed before the first claim");
    let accept = ["restore", "accept", "--backup-at", &backup_at, "--json"];
    let report = unit.act("dcp", &accept).json();
    assert_eq!(report["origin"], "takaza/ledger#2", "{report}");
    for _ in 0..2 {
        unit.run(&["run-once"]).done();
    }
    assert_eq!((town.made(), unit.states(&reference)), (1, vec!["delivered".to_owned()]));
    unit.run(&["audit", "verify"]).done();
}

#[test]
fn the_first_run_of_a_fresh_folder_succeeds_in_every_reconciler() {
    let unit = Unit::staffed("");
    let runs = unit.run(&["run-once", "--json"]).json();
    let runs = runs.as_array().expect("a list");
    assert!(runs.len() >= 10 && runs.iter().all(|run| run["ok"] == true), "{runs:#?}");
}

#[test]
fn a_restored_ledger_is_marked_rings_is_taken_and_is_accepted_by_an_approver() {
    let unit = Unit::staffed("");
    assert!(unit.run(&["alarm", "list"]).done().contains("nothing rings"));
    let accept = ["restore", "accept", "--backup-at", "2020-01-01"];
    assert!(unit.act("dcp", &accept).refused(3).contains("restore mark"));
    let mark = ["restore", "mark", "--why", "disk replaced, backup of Monday"];
    unit.act("auditor", &mark).refused(3);
    let marked = unit.act("officer", &[&mark[..], &["--json"]].concat()).json();
    assert_eq!(marked["uncertain"], 0, "nothing was under way: {marked}");

    unit.run(&["run-once"]).done();
    let alarms = unit.run(&["alarm", "list", "--json"]).json();
    assert_eq!(alarms[0]["what"], "ledger-restored", "{alarms}");
    let id = text(&alarms[0]["id"]);
    assert!(unit.run(&["alarm", "list"]).done().contains(&format!("takaza alarm take {id}")));
    unit.act("auditor", &["alarm", "take", &id]).refused(3);
    unit.act("officer", &["alarm", "take", &id]).done();
    unit.act("dcp", &["alarm", "take", &id]).refused(2);
    assert!(unit.run(&["alarm", "list"]).done().contains("taken by officer"));

    unit.act("officer", &accept).refused(3);
    unit.act("dcp", &["restore", "accept", "--backup-at", "48h"]).refused(2);
    assert!(unit.act("dcp", &accept).done().contains("accepted"));
    unit.act("dcp", &accept).refused(3);
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[test]
fn an_order_names_its_templates_and_its_rehearsal_is_noted() {
    let unit = Unit::staffed("");
    let add = ["account", "add", "square", "--platform", "x", "--hand-off", "--handle", "ggm"];
    unit.act("root", &add).done();
    let templates = unit.run(&["order", "templates", "--json"]).json();
    let short = "en/tag.short.txt";
    let named = templates.as_array().expect("a list").iter().find(|one| one["name"] == short);
    let hash = text(&named.expect("a built-in template")["hash"]);
    let order = |name: &str, templates: &str| {
        let file = unit.write(
            "order.toml",
            &format!(
                "name = \"{name}\"\nbanks = [\"*\"]\nkinds = [\"tag\"]\naccounts = [\"square\"]\n\
                 minimum_rupees = 50000\nminimum_overdue_hours = 24\ntemplates = {templates}\n\
                 per_bank_day = 1\nper_day = 5\nper_hour = 2\nexpires_at = \"240h\"\n"
            ),
        );
        unit.act("officer", &["order", "draft", file.to_str().expect("UTF-8")])
    };
    let drafted = order("one", "[\"en/tag.short.txt\"]").done();
    assert!(drafted.contains("it would end at 20"), "{drafted}");
    let again = order("one", "[\"*\"]").refused(3);
    assert!(again.contains("choose another name"), "{again}");
    let shown = unit.run(&["order", "show", "one", "--json"]).json();
    assert_eq!(shown["terms"]["templates"], serde_json::json!([hash]));
    let told = unit.run(&["order", "show", "one"]).done();
    assert!(told.contains(&format!("en/tag.short.txt  {hash}")), "by its name: {told}");
    order("all", "[\"*\"]").done();
    let all = unit.run(&["order", "show", "all", "--json"]).json();
    let bound = all["terms"]["templates"].as_array().expect("a list").len();
    assert_eq!(bound, templates.as_array().expect("a list").len());
    let wrong = order("wrong", "[\"en/tag.shrt.txt\"]").refused(2);
    assert!(wrong.contains("en/tag.shrt.txt") && wrong.contains("order templates"), "{wrong}");

    let rehearsed = unit.run(&["order", "rehearse", "one", "--days", "3", "--json"]).json();
    assert_eq!(rehearsed["tags"], serde_json::json!([]), "there is no history yet");
    let said = unit.run(&["order", "rehearse", "one"]).done();
    assert!(said.contains("of 30 days observed"), "{said}");
    let shown = unit.run(&["order", "show", "one", "--json"]).json();
    assert_eq!(shown["rehearsed_days"], rehearsed["days_observed"]);
    assert!(unit.act("dcp", &["order", "sign", "one"]).refused(3).contains("14"));
}

#[test]
fn the_doctor_says_what_keeps_a_unit_from_working() {
    let unit = Unit::staffed("[record]\ncopies = [\"nowhere/checkpoints\"]\n");
    let said = unit.run(&["doctor", "--json"]);
    assert_eq!(said.code, 1, "a place for checkpoints that cannot be written fails: {}", said.out);
    let findings: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let says = |standing: &str, what: &str| {
        let all = findings.as_array().expect("a list");
        all.iter().any(|one| one["standing"] == standing && one["what"] == what)
    };
    assert!(says("FAIL", "checkpoints"), "{findings:#}");
    for what in ["accounts", "case source", "workers", "record key"] {
        assert!(says("WARN", what), "{what}: {findings:#}");
    }
    for what in ["ledger", "clock", "people", "disk"] {
        assert!(says("OK", what), "{what}: {findings:#}");
    }
    unit.write("takaza.toml", "[unit]\nnam_en = \"x\"\n");
    let said = unit.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("name_en"), "{}", said.out);
}

#[test]
fn the_records_key_is_replaced_and_everything_is_checked_with_both() {
    let unit = Unit::staffed("[record]\ncopies = [\"elsewhere\"]\n");
    unit.act("root", &["audit", "rotate-key"]).refused(2);
    unit.run(&["run-once"]).done();
    unit.act("dcp", &["audit", "rotate-key"]).refused(3);
    let first = text(&unit.run(&["audit", "checkpoint", "--json"]).json()["vkey"]);
    let rotated = unit.act("root", &["audit", "rotate-key", "--json"]).json();
    let (old, new) = (text(&rotated["old"]), text(&rotated["new"]));
    assert_eq!(old, first);
    assert!(std::path::Path::new(&text(&rotated["old_file"])).exists());
    unit.act("officer", &["stop", "--why", "a drill"]).done();
    unit.run(&["run-once"]).done();
    let newest = unit.run(&["audit", "checkpoint", "--json"]).json();
    assert_eq!(text(&newest["vkey"]), new);

    let verify = |words: &[&str]| unit.run(&[&["audit", "verify"], words].concat());
    assert!(verify(&[]).done().contains("The record is whole."));
    verify(&["--vkey", &old, "--vkey", &new, "--checkpoint", &unit.file("elsewhere")]).done();
    assert_eq!(verify(&["--vkey", &old]).code, 1, "the newest ones are not the old key's");
    let other = Unit::staffed("");
    other.run(&["run-once"]).done();
    let stranger = text(&other.run(&["audit", "checkpoint", "--json"]).json()["vkey"]);
    let said = verify(&["--vkey", &old, "--vkey", &stranger]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("no checkpoint bears its signature"), "{}", said.out);

    // And once more: the chain of three.
    unit.act("root", &["audit", "rotate-key"]).done();
    unit.run(&["run-once"]).done();
    verify(&[]).done();
}

#[test]
fn a_rotation_waits_until_every_place_of_the_checkpoints_can_be_written() {
    let unit = Unit::staffed("[record]\ncopies = [\"away/copies\"]\n");
    unit.run(&["run-once"]).done();
    let said = unit.act("root", &["audit", "rotate-key"]).refused(1);
    assert!(said.contains("away/copies") && said.contains("nothing was changed"), "{said}");
    std::fs::create_dir(unit.file("away")).expect("a folder");
    unit.act("root", &["audit", "rotate-key"]).done();
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[test]
fn an_administrator_erases_under_a_rule_after_a_dry_run_and_the_record_stays_whole() {
    let unit = Unit::staffed("");
    // Two cases are too few for a public text: no escalation rests on them.
    unit.import_liens(2, PEEPAL);
    unit.run(&["run-once"]).done();
    let erase = ["erase", "--case", "FIR 1/2026", "--rule", "court order 4/2026"];
    unit.act("dcp", &erase).refused(3);
    unit.act("root", &["erase", "--rule", "court order 4/2026"]).refused(2);
    let dry = unit.act("root", &[&erase[..], &["--dry-run", "--json"]].concat()).json();
    assert_eq!((&dry["rows"], &dry["dry_run"]), (&1.into(), &true.into()), "{dry:#}");
    assert!(!dry.to_string().contains("FIR 1"), "no case's own number: {dry:#}");
    let said = unit.act("root", &[&erase[..], &["--dry-run"]].concat()).done();
    assert!(said.contains("nothing was erased"), "{said}");
    let said = unit.act("root", &erase).done();
    assert!(said.contains("1 rows erased under rule court order 4/2026"), "{said}");
    let again = unit.act("root", &erase).done();
    assert!(again.contains("the ledger holds nothing of it"), "{again}");
    unit.run(&["run-once"]).done();
    let verdict = unit.run(&["audit", "verify"]).done();
    assert!(verdict.contains("erased under rule court order 4/2026"), "{verdict}");
    assert!(verdict.contains("The record is whole."), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_says_its_price_before_it_is_approved_and_after() {
    let unit = Unit::staffed(
        r#"
[costs.mastodon]
as_of = "2026-08-15"
expires = "2099-12-31"
source = "an invented list"
monthly_cap = "5"
listening_cap = "3.5"
banks_share_percent = 50
warn_percent = 80
[costs.mastodon.prices]
post = "1.25"
post_with_url = "2"
post_delete = "0"
post_read = "0"
user_read = "0"
like_read = "0"
own_read = "0"
"#,
    );
    let town = FakeMastodon::start().await;
    town.advance(now().since(town.now()));
    unit.write("token", secrecy::ExposeSecret::expose_secret(&town.token()));
    let (token, url) = (unit.file("token"), town.base_url.clone());
    let add = ["account", "add", "town", "--platform", "mastodon", "--token-file", &token];
    unit.act("root", &[&add[..], &["--base-url", &url, "--languages", "en"]].concat()).done();
    unit.act("dcp", &["account", "live", "town"]).done();
    let month = || unit.run(&["account", "list", "--json"]).json()[0]["month"].clone();
    assert_eq!(
        (&month()["spent"]["posts"], &month()["posts"]["cap"]),
        (&"0.00".into(), &"1.50".into())
    );
    unit.import_liens(4, PEEPAL);
    unit.run(&["run-once"]).done();

    let reference = text(&unit.escalation("held")["reference"]);
    let shown = unit.run(&["queue", "show", &reference]).done();
    for said in ["\ncosts $1.25\n", "town pays $1.25 in all", "has $1.50 left for posts this month"]
    {
        assert!(shown.contains(said), "{said} is not in:\n{shown}");
    }
    unit.approve();
    unit.run(&["run-once"]).done();
    let shown = unit.run(&["post", "show", &reference, "--json"]).json();
    let cost = &shown["escalation"]["texts"][0]["cost"];
    assert_eq!(cost, &serde_json::json!({"usd": "1.25", "spent": true}));
    let shown = unit.run(&["post", "show", &reference]).done();
    assert!(shown.contains("\ncost $1.25\n") && !shown.contains("left for posts"), "{shown}");
    assert_eq!(month()["posts"]["percent"], 83);
    let list = unit.run(&["account", "list"]).done();
    assert!(list.contains("$1.25 of $5.00 (listening $0.00)"), "{list}");

    let doctor = unit.run(&["doctor"]).out;
    assert!(doctor.contains("FAIL  costs of town"), "one more is too much:\n{doctor}");
    assert!(doctor.contains("posts: $1.25 of $1.50 (83 %) this month"), "{doctor}");
    assert!(doctor.contains("listening: $0.00 of $3.50 (0 %) this month"), "{doctor}");
}
