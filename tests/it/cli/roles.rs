//! Who may do what, from the shell.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    clock::{Clock, Dice},
    domain::{
        action::{BankAction, Kind, Status},
        canonical::Hash,
        delivery::Content,
        engagement::{EngagementKind, Voice},
        escalation::{Escalation, EscalationKind, EscalationState, Rung},
        facts::FactPack,
        ids::{AccountName, BankCode, CaseRef, EscalationId, ExternalId, PersonId, Reference},
        money::Paise,
        platform::{Language, Platform, Sender, Visibility},
        time::Timestamp,
    },
    store::{Actor, Draft, Evidence, Noted, Store},
};

use super::{Unit, staffed};
use crate::support::{claimed::facts, unit::text};

const REFERENCE: &str = "GGM-7F3K2";

/// The unit's ledger, opened beside the binary.
async fn ledger(unit: &Unit) -> Store {
    let url = format!("sqlite:{}", unit.path().join("takaza.db").display());
    Store::open(&url, 2, &Clock::System, Dice::seeded(7)).await.expect("the ledger")
}

/// A held escalation about an invented bank, with one text.
async fn held(unit: &Unit) -> Store {
    let store = ledger(unit).await;
    let now = Clock::System.now();
    let facts = FactPack {
        liens: 3,
        holds: 1,
        amount_at_least: Paise::from_rupees(200_000),
        overdue_hours_at_least: 24,
        ..facts(REFERENCE, now)
    };
    let content = Content {
        account: AccountName::new("square"),
        platform: Platform::Sandbox,
        language: Language::En,
        visibility: Visibility::Public,
        spoiler: None,
        text: "@peepalbank: 4 requests are pending beyond this unit's limit of 6 hours, at least \
               ₹2 lakh. Ref GGM-7F3K2"
            .to_owned(),
        max_length: 500,
        bank_in_text: "@peepalbank".to_owned(),
        template: Some(Hash::of(b"a template")),
        drafted: None,
        retracts: None,
        picture: None,
    };
    let escalation = Escalation::new(
        EscalationId::new("01930000-0000-7000-8000-000000000001"),
        Reference::new(REFERENCE),
        BankCode::new("ZPPL"),
        Rung::Tag,
        EscalationKind::Tag,
        1,
        facts,
        vec![content],
        None,
        now,
        now.plus(SignedDuration::from_hours(24)),
        None,
        EscalationState::Held,
    );
    let members = (1..=4).map(|n| evidence(n, now)).collect();
    let draft = Draft { escalation, members, senders: vec![Sender::Api], pictures: Vec::new() };
    store.draft(&Actor::worker("story"), &draft).await.expect("drafted");
    store
}

/// One of four equal liens in four cases.
fn evidence(n: u32, now: Timestamp) -> Evidence {
    let seen = BankAction {
        external_id: ExternalId::new(format!("action-{n}")),
        case_ref: CaseRef::new(format!("case-{n}")),
        bank: BankCode::new("ZPPL"),
        kind: Kind::Lien,
        layer: Some(1),
        disputed: Some(Paise::from_rupees(50_000)),
        requested_at: now.minus(SignedDuration::from_hours(40)),
        delivered_at: Some(now.minus(SignedDuration::from_hours(40))),
        due_at: None,
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 1,
        last_contact_at: Some(now.minus(SignedDuration::from_hours(30))),
        updated_at: None,
    };
    Evidence { seen, as_of: now, commitment: Hash::of(&n.to_be_bytes()) }
}

fn shown_hash(unit: &Unit) -> String {
    let shown = unit.run(&["queue", "show", REFERENCE, "--json"]).json();
    shown["hash"].as_str().expect("a hash").to_owned()
}

#[test]
fn a_wrong_passphrase_and_an_unknown_person_are_told_the_same() {
    let unit = staffed();
    let wrong = unit.act_with("officer", "wrong", &["stop", "--why", "drill"]).refused(3);
    let nobody = unit.act_with("nobody", "wrong", &["stop", "--why", "drill"]).refused(3);
    assert_eq!(wrong, nobody);
    assert!(wrong.contains("passphrase is wrong"), "{wrong}");
}

#[test]
fn making_an_approver_takes_two_people() {
    let unit = Unit::unconfigured();
    let early = unit.add("dcp", "approver", None).refused(3);
    assert!(early.contains("administrator"), "the first person administers: {early}");
    unit.add("root", "administrator", None).done();
    assert!(unit.add("acp", "approver", None).refused(2).contains("--as"));
    unit.add("auditor", "auditor", Some("root")).done();
    let said = unit.add("dcp", "approver", Some("root")).done();
    assert!(said.contains("takaza person confirm dcp"), "it says what comes next: {said}");
    let waiting = unit.act("dcp", &["resume"]).refused(3);
    assert!(waiting.contains("second person"), "{waiting}");
    assert!(unit.act("root", &["person", "confirm", "dcp"]).refused(3).contains("second person"));
    unit.act("auditor", &["person", "confirm", "dcp"]).done();
    unit.act("dcp", &["resume"]).done();
    let people = unit.run(&["person", "list", "--json"]).json();
    let dcp = people.as_array().expect("a list").iter().find(|one| one["id"] == "dcp");
    assert_eq!(dcp.expect("listed")["in_force"], true);
}

#[test]
fn only_an_administrator_adds_people_and_nobody_ends_themselves() {
    let unit = staffed();
    let said = unit.add("acp", "officer", Some("officer")).refused(3);
    assert!(said.contains("an administrator"), "{said}");
    assert!(unit.act("root", &["person", "end", "root"]).refused(3).contains("second person"));
    unit.act("root", &["person", "end", "officer"]).done();
    let ended = unit.act("officer", &["stop", "--why", "drill"]).refused(3);
    assert!(ended.contains("not in force"), "{ended}");
}

#[test]
fn a_short_passphrase_is_refused() {
    let unit = Unit::unconfigured();
    let file = unit.path().join("short");
    std::fs::write(&file, "secret\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    let add = ["person", "add", "root", "--name", "R", "--role", "administrator"];
    let said = unit.run(&[&add[..], &["--new-passphrase-file", file]].concat()).refused(2);
    assert!(said.contains("12 characters"), "{said}");
}

#[test]
fn a_person_changes_their_own_passphrase() {
    let unit = staffed();
    let new = unit.passphrase("wrong");
    unit.act("officer", &["person", "passphrase", "--new-passphrase-file", &new]).done();
    unit.act("officer", &["stop", "--why", "drill"]).refused(3);
    unit.act_with("officer", "wrong", &["stop", "--why", "drill"]).done();
}

#[test]
fn a_first_passphrase_is_good_for_choosing_ones_own_and_nothing_else() {
    let unit = Unit::unconfigured();
    unit.add("root", "administrator", None).done();
    unit.act("root", &["resume"]).refused(3);
    unit.add("auditor", "auditor", Some("root")).done();
    let said = unit.add_only("dcp", "approver", "root").done();
    assert!(said.contains("takaza person passphrase --as dcp"), "it says what comes next: {said}");
    unit.act("auditor", &["person", "confirm", "dcp"]).done();
    // The administrator knows it, and gets nowhere with it.
    let resume = unit.act_with("dcp", "first", &["resume"]).refused(3);
    assert!(resume.contains("choosing their own"), "{resume}");
    unit.act_with("dcp", "first", &["stop", "--why", "a drill"]).refused(3);
    assert!(unit.chooses("dcp", "first", "first").refused(2).contains("choose another"));
    unit.chooses("dcp", "first", "dcp").done();
    unit.act("dcp", &["resume"]).done();
    let old = unit.act_with("dcp", "first", &["resume"]).refused(3);
    assert!(old.contains("passphrase is wrong"), "{old}");
}

#[test]
fn an_officer_stops_and_only_an_approver_resumes() {
    let unit = staffed();
    unit.act("officer", &["stop", "--why", "drill"]).done();
    for who in ["officer", "root", "auditor"] {
        let said = unit.act(who, &["resume"]).refused(3);
        assert!(said.contains("an approver"), "{said}");
    }
    assert!(unit.act("dcp", &["resume"]).done().contains("resumed"));
}

#[tokio::test]
async fn only_an_approver_approves_and_only_what_they_saw() {
    let unit = staffed();
    let store = held(&unit).await;
    let hash = shown_hash(&unit);
    let approve = ["queue", "approve", REFERENCE, "--hash", &hash];
    for who in ["officer", "root", "auditor"] {
        let said = unit.act(who, &approve).refused(3);
        assert!(said.contains("this takes an approver"), "{said}");
    }
    let other = "0".repeat(64);
    let stale = unit.act("dcp", &["queue", "approve", REFERENCE, "--hash", &other]).refused(3);
    assert!(stale.contains("changed since it was shown"), "{stale}");
    unit.act("dcp", &["queue", "approve", REFERENCE, "--hash", "abc"]).refused(2);
    unit.act("dcp", &approve).done();
    let row = store.escalation(REFERENCE).await.expect("it is there");
    assert_eq!(row.escalation.state(), EscalationState::Cleared);
    assert_eq!(unit.run(&["queue", "list", "--json"]).json()[0]["state"], "cleared");
}

#[tokio::test]
async fn nobody_approves_their_own_wording() {
    let unit = staffed();
    unit.add("acp", "approver", Some("root")).done();
    unit.act("dcp", &["person", "confirm", "acp"]).done();
    let store = held(&unit).await;
    let unedited = shown_hash(&unit);
    let file = unit.path().join("text");
    let path = file.to_str().expect("UTF-8");
    let edit = ["queue", "edit", REFERENCE, "--file", path];
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").expect("bundled");
    let facts = store.escalation(REFERENCE).await.expect("there").escalation.facts;
    let as_of = facts.as_of.in_zone(&zone).strftime("%-d %b %Y, %H:%M IST").to_string();
    let text = format!(
        "@peepalbank: 4 requests are still pending beyond this unit's limit of 6 hours, at least \
         ₹2 lakh. Ref GGM-7F3K2, as of {as_of}"
    );
    std::fs::write(&file, format!("{text} Call 98765 43210")).expect("written");
    let leak = unit.act("officer", &edit).refused(3);
    assert!(leak.contains("stands against") && leak.contains("[1] en"), "{leak}");
    assert_eq!(shown_hash(&unit), unedited, "nothing was changed");
    std::fs::write(&file, &text).expect("written");
    assert!(unit.act("dcp", &edit).refused(3).contains("an officer"));
    unit.act("officer", &edit).done();
    let row = store.escalation(REFERENCE).await.expect("there");
    assert_eq!(row.escalation.version, 2);
    assert_eq!(row.escalation.written_by.as_ref().map(|by| by.as_str()), Some("officer"));
    // An approver who wrote the wording by another way.
    let by = Actor::worker("story");
    let dcp = PersonId::new("dcp");
    store
        .edit(&by, REFERENCE, &dcp, &row.escalation.hash(), row.escalation.contents)
        .await
        .expect("edited");
    let hash = shown_hash(&unit);
    let own = unit.act("dcp", &["queue", "approve", REFERENCE, "--hash", &hash]).refused(3);
    assert!(own.contains("their own wording"), "{own}");
    unit.act("acp", &["queue", "approve", REFERENCE, "--hash", &hash]).done();
}

#[tokio::test]
async fn an_escalation_is_held_back_disputed_decided_and_rejected() {
    let unit = staffed();
    let store = held(&unit).await;
    unit.act("auditor", &["queue", "hold", REFERENCE, "--until", "2h"]).refused(3);
    unit.act("officer", &["queue", "hold", REFERENCE, "--until", "2020-01-01"]).refused(2);
    unit.act("officer", &["queue", "hold", REFERENCE, "--until", "2h"]).done();
    let back = ["queue", "send-back", REFERENCE, "--reason", "say the date first"];
    unit.act("officer", &back).refused(3);
    unit.act("dcp", &back).done();
    assert!(unit.run(&["queue", "show", REFERENCE]).done().contains("sent back: say the date"));
    let dispute = ["queue", "dispute", REFERENCE, "--ground", "acted", "--reason", "By letter 4"];
    unit.act("dcp", &dispute).refused(3);
    unit.act("officer", &dispute).done();
    unit.act("officer", &["queue", "decide", REFERENCE, "--fails"]).refused(3);
    unit.act("dcp", &["queue", "decide", REFERENCE, "--fails"]).done();
    let again = unit.act("officer", &dispute).refused(3);
    assert!(again.contains("does not stop the ladder twice"), "{again}");
    let other = ["queue", "dispute", REFERENCE, "--ground", "no such account", "--reason", "No"];
    unit.act("officer", &other).done();
    unit.act("dcp", &["queue", "decide", REFERENCE, "--stands"]).done();
    let row = store.escalation(REFERENCE).await.expect("it is there");
    assert_eq!(row.escalation.state(), EscalationState::Rejected);
    let said = unit.act("dcp", &["queue", "reject", REFERENCE, "--reason", "late"]).refused(3);
    assert!(said.contains("rejected cannot"), "{said}");
    unit.run(&["queue", "show", "GGM-NOPE2"]).refused(2);
}

#[tokio::test]
async fn a_banks_reply_is_set_right_by_an_officer_and_not_by_an_auditor() {
    let unit = staffed();
    let store = held(&unit).await;
    let row = store.escalation(REFERENCE).await.expect("it is there");
    let noted = Noted {
        kind: EngagementKind::Reply,
        alias: "5eed".repeat(16),
        voice: Voice::Bank,
        author: "peepalbank".to_owned(),
        at: None,
        text: Some(("Please DM us.".to_owned(), Clock::System.now())),
        post_id: None,
    };
    let heard = BTreeMap::from([(row.deliveries[0].delivery.id.clone(), vec![noted])]);
    store.heard(&Actor::worker("story"), &heard).await.expect("heard");
    assert!(unit.run(&["post", "replies", REFERENCE]).done().contains("Please DM us."));
    let right = ["post", "reply-class", REFERENCE, "5eed5eed", "claim", "--reason", "their mail"];
    unit.act("auditor", &right).refused(3);
    unit.act("officer", &["post", "reply-class", REFERENCE, "5eed5eed", "praise"]).refused(2);
    unit.act("officer", &right).done();
    let told = unit.run(&["post", "replies", REFERENCE]).done();
    assert!(told.contains("set right by officer; the lists read: nothing"), "{told}");
    let told = unit.run(&["post", "replies", REFERENCE, "--json"]).json();
    assert_eq!((&told[0]["class"], &told[0]["corrected_by"]), (&"claim".into(), &"officer".into()));
    let unknown = ["post", "reply-class", REFERENCE, "00000000", "claim", "--reason", "x"];
    unit.act("officer", &unknown).refused(2);
}

#[tokio::test]
async fn no_approver_lets_a_tag_pass_the_stop_switch() {
    let unit = staffed();
    held(&unit).await;
    let hash = shown_hash(&unit);
    let approve = ["queue", "approve", REFERENCE, "--hash", &hash, "--past-stop"];
    assert!(unit.act("dcp", &approve).refused(3).contains("not stopped"));
    unit.act("officer", &["stop", "--why", "drill"]).done();
    unit.act("officer", &approve).refused(3);
    unit.act("dcp", &approve).refused(3);
}

#[tokio::test]
async fn an_officer_adopts_a_post_written_by_hand_and_takes_its_alarm() {
    let unit = staffed();
    let (store, by) = (ledger(&unit).await, Actor::worker("story"));
    let square = AccountName::new("square");
    let posts = [("77", "https://square.example/@unit/77")];
    store.unknown_posts(&by, &square, &posts, false).await.expect("noted");
    let alarms = unit.run(&["alarm", "list", "--json"]).json();
    let detail = alarms[0]["detail"].as_str().expect("words");
    assert!(detail.contains("takaza account adopt square 77"), "{detail}");
    unit.act("auditor", &["account", "adopt", "square", "77"]).refused(3);
    unit.act("officer", &["account", "adopt", "square", "76"]).refused(2);
    unit.act("officer", &["account", "adopt", "square", "77"]).done();
    let alarms = unit.run(&["alarm", "list", "--json"]).json();
    assert_eq!(alarms[0]["taken_by"], "officer", "{alarms}");
}

#[tokio::test]
async fn an_order_is_drafted_by_one_and_signed_by_another() {
    let unit = staffed();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let file = unit.path().join("order.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("written");
    let order = format!(
        "name = \"winter\"\nbanks = [\"ZPPL\"]\nkinds = [\"tag\"]\naccounts = [\"square\"]\n\
         minimum_rupees = 50000\nminimum_overdue_hours = 24\ntemplates = [\"{}\"]\n\
         per_bank_day = 1\nper_day = 5\nper_hour = 2\nexpires_at = \"240h\"\n",
        Hash::of(b"a template")
    );
    let path = file.to_str().expect("UTF-8");
    write(&order.replace("per_day", "per_dya"));
    assert!(unit.act("officer", &["order", "draft", path]).refused(2).contains("per_dya"));
    write(&order.replace("ZPPL", "QQQQ"));
    assert!(unit.act("officer", &["order", "draft", path]).refused(2).contains("QQQQ"));
    write(&order.replace("240h", "20000h"));
    let long = unit.act("officer", &["order", "draft", path]).refused(2);
    assert!(long.contains("92 days") && long.contains("no account square"), "{long}");
    let add = ["account", "add", "square", "--platform", "x", "--hand-off", "--handle", "ggm"];
    unit.act("root", &add).done();
    write(&order);
    assert!(unit.act("root", &["order", "draft", path]).refused(3).contains("an officer"));
    unit.act("dcp", &["order", "draft", path]).done();
    assert!(unit.act("dcp", &["order", "sign", "winter"]).refused(3).contains("14"));
    ledger(&unit).await.rehearsed(&Actor::worker("story"), "winter", 20).await.expect("noted");
    let own = unit.act("dcp", &["order", "sign", "winter"]).refused(3);
    assert!(own.contains("sign an order they drafted"), "{own}");
    unit.add("acp", "approver", Some("root")).done();
    unit.act("dcp", &["person", "confirm", "acp"]).done();
    unit.act("officer", &["order", "sign", "winter"]).refused(3);
    unit.act("acp", &["order", "sign", "winter"]).done();
    assert_eq!(unit.run(&["order", "list", "--json"]).json()[0]["standing"], "in force");
    unit.act("root", &["person", "end", "acp"]).done();
    let shown = unit.run(&["order", "show", "winter", "--json"]).json();
    assert!(shown["standing"].as_str().expect("words").starts_with("void"), "{shown}");
    unit.act("dcp", &["order", "revoke", "winter"]).done();
    assert!(unit.run(&["order", "show", "winter"]).done().contains("revoked"));
}

/// The first person alone is told whom to ask, and may take the file back.
#[test]
fn a_lone_person_imports_nothing_and_is_told_what_to_do() {
    let unit = Unit::unconfigured();
    unit.add("root", "administrator", None).done();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/case_export.csv");
    let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mappings/example.toml");
    let said = unit.act("root", &["cases", "import", file, "--mapping", mapping]).done();
    assert!(said.contains("Nobody else here may accept it yet"), "{said}");
    assert!(said.contains("takaza person add"), "{said}");
    let waiting = unit.run(&["cases", "waiting", "--json"]).json();
    let id = text(&waiting[0]["id"]);
    unit.act("root", &["cases", "drop", &id]).done();
    assert_eq!(unit.run(&["cases", "waiting", "--json"]).json(), serde_json::json!([]));
}

/// A pipe and a device have no end, and a folder is no file: none of them is waited for.
#[test]
fn only_a_regular_file_is_read() {
    let unit = Unit::unconfigured();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mappings/example.toml");
    let pipe = unit.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    for file in [pipe.to_str().expect("UTF-8"), "/dev/zero", "/tmp"] {
        let import = ["cases", "import", file, "--mapping", mapping, "--dry-run"];
        let said = unit.run(&import).refused(2);
        assert!(said.contains(file) && said.contains("no regular file"), "{said}");
    }
}

#[test]
fn a_unit_that_keeps_one_mapping_need_not_name_it() {
    let unit = Unit::unconfigured();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/case_export.csv");
    let import = ["cases", "import", file, "--dry-run", "--as-of", "2026-11-20 18:00", "--json"];
    let said = unit.run(&import).refused(2);
    assert!(said.contains("--mapping FILE") && said.contains("holds no mapping"), "{said}");
    let folder = unit.path().join("mappings");
    std::fs::create_dir(&folder).expect("a folder");
    let example = include_str!("../../../config/mappings/example.toml");
    std::fs::write(folder.join("ours.toml"), example).expect("written");
    assert_eq!(unit.run(&import).json()["rows"], 615);
    std::fs::write(folder.join("theirs.toml"), example).expect("written");
    let said = unit.run(&import).refused(2);
    assert!(said.contains("holds 2 mappings") && said.contains("--mapping FILE"), "{said}");
}

#[test]
fn a_file_is_tried_then_imported_by_a_named_person() {
    let unit = staffed();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/case_export.csv");
    let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mappings/example.toml");
    let import = ["cases", "import", file, "--mapping", mapping, "--json"];
    let dry = unit.run(&[&import[..], &["--dry-run"]].concat()).json();
    assert!(dry["accepted"].as_u64().expect("a count") > 0 && dry["stored"].is_null(), "{dry}");
    assert_eq!(unit.run(&["cases", "rejected", "--json"]).json(), serde_json::json!([]));
    assert!(unit.run(&import).refused(2).contains("--as"));
    unit.act("auditor", &import).refused(3);
    let ahead = [&import[..], &["--as-of", "48h"]].concat();
    assert!(unit.act("officer", &ahead).refused(2).contains("future"));
    let brought = unit.act("officer", &import).json();
    let (id, hash) = (text(&brought["waits"]["id"]), text(&brought["waits"]["hash"]));
    assert_eq!(brought["waits"]["alone"], false);
    assert!(unit.act("officer", &import).refused(3).contains("wait"));
    let waiting = unit.run(&["cases", "waiting", "--json"]).json();
    assert_eq!(
        (&waiting[0]["id"], &waiting[0]["brought_by"]),
        (&id.clone().into(), &"officer".into())
    );
    assert_eq!(unit.run(&["cases", "rejected", "--json"]).json(), serde_json::json!([]));
    // People are told the time on the unit's clock, programs in UTC.
    let dry =
        ["cases", "import", file, "--mapping", mapping, "--dry-run", "--as-of", "2026-11-20 18:00"];
    let said = unit.run(&dry).done();
    assert!(said.starts_with("615 rows, true as of 2026-11-20 18:00\n"), "{said}");
    let dry = unit.run(&[&dry[..], &["--json"]].concat()).json();
    assert_eq!(dry["as_of"], "2026-11-20T12:30:00Z");
    let look = unit.run(&["cases", "accept", &id]).done();
    let now = unit.run(&["cases", "waiting"]).done();
    assert!(!look.contains("Z\n") && !now.contains("Z "), "no time in UTC: {look}{now}");
    assert!(look.contains(&hash) && look.contains("nothing is stored yet"), "{look}");
    let accept = ["cases", "accept", &id, "--hash", &hash, "--json"];
    assert!(unit.run(&accept).refused(2).contains("--as"));
    assert!(unit.act("officer", &accept).refused(3).contains("second person"));
    unit.act("auditor", &accept).refused(3);
    let other = ["cases", "accept", &id, "--hash", &"0".repeat(64)];
    assert!(unit.act("root", &other).refused(3).contains("not what was accepted"));
    let done = unit.act("root", &accept).json();
    assert_eq!(done["stored"]["new"], done["accepted"]);
    assert!(unit.act("root", &accept).refused(3).contains("does not wait"));
    let again = unit.act("officer", &import).json();
    assert_eq!(again["before"], done["stored"]["import"], "the same bytes are stored once");
    let rejected = unit.run(&["cases", "rejected", "--json", "--limit", "100000"]).json();
    let refused = done["refused"].as_u64().expect("a count");
    assert_eq!(rejected.as_array().expect("a list").len() as u64, refused);
}
