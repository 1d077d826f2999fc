//! The unit's accounts on X and Bluesky, mostly by the real binary: what the doctor sees of their duties,
//! how a session is begun and ended, and who can be asked who a bank is.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use secrecy::ExposeSecret as _;

use takaza::{
    destinations::Destination,
    domain::{
        delivery::{State, StateName},
        engagement::Identity,
        escalation::EscalationState,
        ids::BankCode,
        platform::{MentionMode, Platform},
    },
    work,
};

use crate::support::{
    fake_bluesky::{Ask, FakeBluesky},
    fake_oidc::FakeOidc,
    fake_x::FakeX,
    ledger_sql,
    ready::{self, BANK, BANK_HANDLE, bank, on_both},
    scripted::{Reading, Scripted},
    unit::Unit,
    world::{Db, World},
};

fn add(unit: &Unit, platform: &str, base_url: &str, more: &[&str]) {
    let words = ["account", "add", "speaker", "--platform", platform, "--base-url", base_url];
    unit.act("root", &[&words[..], more].concat()).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_which_duties_of_an_automated_account_are_not_seen() {
    let (x, unit) = (FakeX::start().await, Unit::staffed(""));
    unit.write("token", x.token().expose_secret());
    add(&unit, "x", &x.base_url, &["--token-file", &unit.file("token")]);
    let duties = || {
        let findings = unit.run(&["doctor", "--json"]).out;
        let findings: serde_json::Value = serde_json::from_str(&findings).expect("JSON");
        let of = |one: &&serde_json::Value| one["what"] == "duties of speaker";
        findings.as_array().expect("a list").iter().filter(of).cloned().collect::<Vec<_>>()
    };
    let found = duties();
    let standings: Vec<_> = found.iter().map(|one| &one["standing"]).collect();
    assert_eq!(standings, ["OK", "WARN", "OK"], "{found:#?}");
    let bio = &found[1];
    assert!(bio["says"].as_str().unwrap().contains("the bio discloses"), "{bio}");
    assert!(bio["todo"].as_str().unwrap().contains("write into the bio"), "{bio}");
    assert!(found[0]["says"].as_str().unwrap().contains("not shown by the API"), "{found:#?}");

    x.bio("Automated posts of the cyber crime police");
    let officer = x.account("an_officer");
    x.label(&officer);
    let found = duties();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|one| one["standing"] == "OK"), "{found:#?}");
    assert!(found[2]["says"].as_str().unwrap().contains("@an_officer"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_the_sign_in_service_as_a_sign_in_would() {
    let server = FakeOidc::start().await;
    let service = |issuer: &str, person: &str| {
        format!(
            "[console.oidc]\nname = \"the key\"\nissuer = \"{issuer}\"\nclient_id = \"takaza\"\n\
             people = {{ \"4711\" = \"{person}\" }}\n"
        )
    };
    let told = |issuer: &str, person: &str| {
        let unit = Unit::staffed(&service(issuer, person));
        let findings = unit.run(&["doctor", "--json"]).out;
        let findings: serde_json::Value = serde_json::from_str(&findings).expect("JSON");
        let of = |one: &&serde_json::Value| one["what"] == "sign-in service";
        let found = findings.as_array().expect("a list").iter().filter(of).cloned();
        let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap_or("").to_owned();
        let line = |one: serde_json::Value| {
            (text(&one, "standing"), text(&one, "says"), text(&one, "todo"))
        };
        found.map(line).collect::<Vec<_>>()
    };
    let good = told(&server.base_url, "officer");
    let [(standing, says, _)] = &good[..] else { panic!("{good:?}") };
    assert!(standing == "OK" && says.contains("the key answers"), "{good:?}");
    let stranger = told(&server.base_url, "nobody");
    let [_, (standing, says, todo)] = &stranger[..] else { panic!("{stranger:?}") };
    assert!(standing == "WARN" && says.contains("nobody"), "{stranger:?}");
    assert!(todo.contains("takaza person add"), "{stranger:?}");
    // By another of its names it is not the one that signs.
    let other = told(&server.base_url.replace("127.0.0.1", "localhost"), "officer");
    let [(standing, says, todo)] = &other[..] else { panic!("{other:?}") };
    assert!(standing == "FAIL" && says.contains(&server.base_url), "{other:?}");
    assert!(todo.contains("console.oidc.issuer"), "{other:?}");
    let nowhere = told("http://127.0.0.1:9", "officer");
    let [(standing, _, todo)] = &nowhere[..] else { panic!("{nowhere:?}") };
    assert!(standing == "FAIL" && todo.contains("see that it runs"), "{nowhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_a_bluesky_account_ends_its_session_and_says_what_a_person_must_delete() {
    let (sky, unit) = (FakeBluesky::start().await, Unit::staffed(""));
    unit.write("password", sky.password().expose_secret());
    let password = unit.file("password");
    add(&unit, "bluesky", &sky.base_url, &["--handle", "unit.example", "--token-file", &password]);
    // Who it is, was asked in a session of its own, before there was a place to keep one.
    assert_eq!((sky.asked(Ask::Login), sky.asked(Ask::EndSession)), (1, 1));

    unit.act("root", &["account", "connect", "speaker"]).done();
    unit.act("root", &["account", "connect", "speaker"]).done();
    assert_eq!((sky.asked(Ask::Login), sky.asked(Ask::EndSession)), (2, 1), "it is kept");
    let ledger = format!("sqlite:{}", unit.file("takaza.db"));
    let kept = "SELECT COUNT(*) FROM account_grant WHERE sealed IS NOT NULL";
    assert_eq!(ledger_sql::number(&ledger, kept).await, 1);

    let told = unit.act("root", &["account", "revoke", "speaker"]).done();
    assert!(told.contains("an app password cannot delete itself"), "{told}");
    assert!(!told.contains("was not ended"), "{told}");
    assert_eq!((sky.asked(Ask::Login), sky.asked(Ask::EndSession)), (2, 2));
    assert_eq!(ledger_sql::number(&ledger, kept).await, 0);
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_connected_cannot_be_asked_who_a_bank_is() {
    let (x, unit) = (FakeX::start().await, Unit::staffed(""));
    add(&unit, "x", &x.base_url, &[]);
    let handle = ["banks", "handle", "add", "ZPPL", "x", "PeepalCare", "--evidence", "its page"];
    let no = unit.act("root", &handle).refused(2);
    assert!(no.contains("--stable-id") && no.contains("takaza account connect"), "{no}");
    let said = unit.act("root", &[&handle[..], &["--stable-id", "4711"]].concat()).done();
    assert!(said.contains("id 4711"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_carries_the_id_that_a_person_verified_and_a_mismatch_holds_what_mentions_it() {
    on_both(async |unit: ready::Unit| {
        let first = unit.cleared("unit").await;
        let claimed = unit.claim().await.deliveries;
        assert_eq!(claimed[0].verified(), Some(bank().stable_id.as_str()));
        unit.puts_off(&claimed).await;

        let (bank, on) = (BankCode::new(BANK), Platform::Mastodon);
        let moved = Some("it belongs to another account now");
        unit.store.handle_resolved(&unit.by, &bank, on, moved).await.unwrap();
        assert!(unit.claim().await.deliveries.is_empty());
        assert_eq!(unit.delivery(&first).await.delivery.name(), StateName::Waiting);
        let held = unit.store.escalation(first.delivery.escalation.as_str()).await.unwrap();
        assert!(held.clearance.is_none(), "a person looks at it again");
    })
    .await;
}

/// The world's account mentions the bank's verified handle, on a square that the story plays.
async fn mentioning(db: Db) -> Option<(World, Arc<Scripted>)> {
    let mut world = World::with(db, |_| {}).await?;
    let (store, now) = (world.ctx.store.clone(), world.now());
    let mut row = store.accounts().await.unwrap().remove(0);
    row.account.mention = MentionMode::Mention;
    let root = world.person("root").await.as_administrator(now).unwrap();
    store.put_account(&world.by("root"), &root, &row).await.unwrap();
    let dcp = world.person("dcp").await;
    store.set_live(&world.by("dcp"), &dcp, &row.account.name, true).await.unwrap();
    let identity = Identity { author: bank(), evidence: Vec::new() };
    let (on, until) = (BankCode::new(BANK), now.plus(SignedDuration::from_hours(24 * 90)));
    let on = (&on, Platform::Mastodon);
    let evidence = "a verified link";
    store.verify_handle(&world.by("dcp"), &dcp.id, on, &identity, evidence, until).await.unwrap();
    let square = Arc::new(Scripted::new(&world.ctx.clock, ready::author("1", "unit")));
    let destination = Arc::clone(&square) as Arc<dyn Destination>;
    world.ctx.destinations = Arc::new(BTreeMap::from([(row.account.name, destination)]));
    Some((world, square))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_is_found_to_be_anothers_at_the_send_holds_the_post_and_is_not_tried_again() {
    for db in [Db::Sqlite, Db::Postgres] {
        let Some((world, square)) = mentioning(db).await else { continue };
        let row = world.cleared(BANK).await;
        let text = &row.escalation.contents[0].text;
        assert!(text.contains(&format!("@{BANK_HANDLE}")), "it mentions the handle: {text}");
        let why = "@care@peepal.example belongs to another account now";
        square.finds_at_the_send(why);
        work::deliver::run_once(&world.ctx).await.unwrap();

        let put_off = world.again(&row).await;
        let State::Waiting { why: told, .. } = put_off.deliveries[0].delivery.state() else {
            panic!("it waits: {:?}", put_off.deliveries[0].delivery.state());
        };
        assert_eq!(told.as_deref(), Some(why));
        assert_eq!(put_off.deliveries[0].delivery.attempts, 0, "nothing was attempted");
        let handle = world.ctx.store.handles().await.unwrap().remove(0);
        assert_eq!(handle.mismatch.as_deref(), Some(why));

        // The next claim sees it: the post is a person's again, and the platform is not asked.
        world.pass(SignedDuration::from_mins(1));
        work::watch::run_once(&world.ctx).await.unwrap();
        work::deliver::run_once(&world.ctx).await.unwrap();
        assert_eq!(square.asked(Reading::Send), 1, "it is not tried again");
        let held = world.again(&row).await;
        assert!(held.clearance.is_none(), "what was approved is held again");
        assert_eq!(held.escalation.state(), EscalationState::Held);
        work::alarms::raise_conditions(&world.ctx).await.unwrap();
        let alarms = world.ctx.store.alarms(true, 10).await.unwrap();
        assert!(
            alarms.iter().any(|alarm| format!("{alarm:?}").contains(why)),
            "it rings: {alarms:?}"
        );
    }
}
