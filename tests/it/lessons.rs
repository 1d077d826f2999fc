//! What broke for others on the path from a decision to a post: one test for each thread, named
//! after its project and number.

use jiff::SignedDuration;
use takaza::{
    domain::{
        delivery::{Look, State, StateName},
        escalation::{EscalationState, Refused},
        ids::{AccountName, PersonId},
    },
    store::StoreError,
    work,
};

use crate::{
    states::{self, deliver, signed_order, sweep},
    support::{
        fake_cases::liens,
        fake_mastodon::{Ask, Quirk, Trick},
        ledger_sql,
        world::World,
    },
};

fn mins(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

#[tokio::test]
async fn postiz_1813_one_attempt_and_everything_after_it_is_separate() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    // The post goes out, and then the ledger cannot be written.
    let url = world.ledger_url.clone();
    let breaks = "CREATE TRIGGER full BEFORE UPDATE ON attempt
                  BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    ledger_sql::run(&url, breaks).await;
    assert!(work::deliver::run_once(&world.ctx).await.is_err(), "and the process says so");
    ledger_sql::run(&url, "DROP TRIGGER full").await;
    for _ in 0..4 {
        world.pass(mins(3));
        world.run_once().await;
    }
    assert_eq!(world.town.asked(Ask::Post), 1, "recording again is not posting again");
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn postiz_1681_unknown_is_never_called_failed() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(500));
    deliver(&world).await;
    let now = world.again(&row).await;
    let State::Uncertain(doubt) = now.deliveries[0].delivery.state() else {
        panic!("it is uncertain");
    };
    assert!(!doubt.why.to_lowercase().contains("failed"), "{}", doubt.why);
    let told = "SELECT COUNT(*) FROM attempt WHERE outcome = 'unknown'";
    assert_eq!(ledger_sql::number(&world.ledger_url, told).await, 1);
}

#[tokio::test]
async fn postiz_1321_a_breaker_stops_a_streak() {
    let world = World::configured(|config| config.deliver.parallel = 1).await;
    for bank in ["ZPPL", "ZNMN", "ZBRG", "ZGLM", "ZMLT"] {
        world.cleared(bank).await;
    }
    world.town.always(Ask::Post, Trick::ErrorBefore(500));
    for _ in 0..5 {
        world.run_once().await;
        world.pass(mins(1));
    }
    assert!(world.ctx.store.gate().await.unwrap().tripped.is_some());
    let asked = world.town.asked(Ask::Post);
    world.town.calm();
    world.cleared("ZKCH").await;
    for _ in 0..5 {
        world.run_once().await;
        world.pass(mins(1));
    }
    assert_eq!(world.town.asked(Ask::Post), asked, "until a person resumes");
}

#[tokio::test]
async fn postiz_1724_a_post_that_waits_says_why() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.cases.goes_down("the link is cut");
    deliver(&world).await;
    let now = world.again(&row).await;
    let State::Waiting { why, .. } = now.deliveries[0].delivery.state() else {
        panic!("it waits");
    };
    assert!(why.as_deref().unwrap_or_default().contains("recheck failed"), "{why:?}");
}

#[tokio::test]
async fn postiz_1779_a_unique_key_in_the_database_allows_one_open_tag_a_bank() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let second = world.ctx.store.draft(&world.by("asha"), &states::copy(&row, "TWIN", None)).await;
    assert!(matches!(second.unwrap_err(), StoreError::Conflict(_)));
}

#[tokio::test]
async fn tusky_2951_a_504_is_looked_into_and_not_retried() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.always(Ask::Post, Trick::ErrorAfter(504));
    for _ in 0..11 {
        world.run_once().await;
        world.pass(mins(1));
    }
    assert_eq!(world.town.posts().len(), 1, "not eleven copies");
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn fixmystreet_3168_each_destination_has_a_state_of_its_own() {
    let mut world = World::configured(|config| config.deliver.parallel = 1).await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Quirk::TooLong);
    deliver(&world).await;
    let mut states = world.states(&row).await;
    states.sort();
    assert_eq!(states, [StateName::Delivered, StateName::Refused]);
}

#[tokio::test]
async fn fixmystreet_5791_without_proof_of_delivery_no_clock_runs() {
    let world = World::new().await;
    let rows = liens("ZPPL", 5, world.now());
    world.cases.put(rows.into_iter().map(|mut row| {
        row.delivered_at = None;
        row
    }));
    world.watch_and_escalate().await;
    assert!(world.escalations(&[]).await.is_empty());
}

#[tokio::test]
async fn zammad_3140_whoever_has_answered_is_not_escalated() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.pass(mins(1));
    (1..=5).for_each(|n| world.cases.acts(&format!("ZPPL-{n}"), world.now()));
    world.run_once().await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    assert!(world.escalations(&[]).await.is_empty(), "it is not the bank's turn");
}

#[tokio::test]
async fn oncall_1206_what_was_held_back_goes_on_at_its_time() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    signed_order(&world, &held, "standing", |_| {}).await;
    let until = world.now().plus(mins(120));
    let id = held.escalation.id.as_str();
    world.ctx.store.hold_until(&world.by("asha"), id, &PersonId::new("asha"), until).await.unwrap();
    world.run_once().await;
    assert!(world.town.posts().is_empty());
    world.pass(mins(120));
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 1, "the time is a row, and no timer that was lost");
}

#[tokio::test]
async fn oncall_3111_steps_expire() {
    let world = World::new().await;
    let cleared = world.cleared("ZPPL").await;
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.pass(mins(11));
    world.watch_and_escalate().await;
    let held = world.held().await;
    world.cases.goes_down("so that nothing new is drafted");
    world.pass(world.ctx.config.ladder.expires_after);
    let (dcp, hash) = (world.person("dcp").await, held.escalation.hash());
    let id = held.escalation.id.as_str();
    let late = world.ctx.store.approve(&world.by("dcp"), id, &dcp, &hash, mins(60)).await;
    assert!(matches!(late.unwrap_err(), StoreError::Escalation(Refused::State { .. })));
    deliver(&world).await;
    sweep(&world).await;
    assert!(world.town.posts().is_empty());
    for row in [&cleared, &held] {
        assert_eq!(world.again(row).await.escalation.state(), EscalationState::Expired);
        assert_eq!(world.states(row).await, [StateName::Withdrawn]);
    }
}

#[tokio::test]
async fn alertmanager_4108_one_claimant_in_the_database() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let twin = world.another_process("twin", 3).await;
    let (one, two) =
        tokio::join!(work::deliver::run_once(&world.ctx), work::deliver::run_once(&twin));
    assert_eq!(one.unwrap().did + two.unwrap().did, 1);
    assert_eq!(world.town.asked(Ask::Post), 1);
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn alertmanager_4064_a_restart_changes_nothing() {
    let world = World::new().await;
    let sent = world.cleared("ZPPL").await;
    world.run_once().await;
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.pass(mins(11));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let entries = "SELECT COUNT(*) FROM entry WHERE act NOT LIKE 'source.%'";
    let before = ledger_sql::number(&world.ledger_url, entries).await;
    for seed in 1..4 {
        let born_again = world.another_process("story-1", seed).await;
        work::watch::run_once(&born_again).await.unwrap();
        work::escalate::run_once(&born_again).await.unwrap();
        work::clear::run_once(&born_again).await.unwrap();
        work::deliver::run_once(&born_again).await.unwrap();
        work::sweep::run_once(&born_again).await.unwrap();
    }
    assert_eq!(ledger_sql::number(&world.ledger_url, entries).await, before);
    assert_eq!(world.town.posts().len(), 1);
    assert_eq!(world.states(&sent).await, [StateName::Delivered]);
    assert_eq!(world.again(&held).await.escalation.state(), EscalationState::Held);
}

#[tokio::test]
async fn river_1302_compare_and_set_on_the_state_you_read() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(500));
    deliver(&world).await;
    world.pass(mins(1));
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let slow = store.to_look_for(10).await.unwrap().remove(0);
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let rules = world.ctx.destinations[&AccountName::new("unit")].look_rules();
    let blind = Look::Blind { reason: "slow".to_owned() };
    assert!(store.looked(&by, &slow, &blind, rules).await.is_err());
    assert!(store.looked(&by, &slow, &Look::NotThere, rules).await.is_err());
    store.sweep_leases(&by, |_| rules).await.unwrap();
    assert_eq!(world.states(&row).await, [StateName::Delivered], "nobody overwrites an end");
}

#[tokio::test]
async fn procrastinate_1518_the_lease_of_a_dead_worker_expires() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let dead = world.another_process("dead", 3).await;
    dead.store.claim(&dead.actor("deliver"), &work::deliver::rules(&dead)).await.unwrap();
    drop(dead);
    world.pass(world.ctx.config.deliver.lease);
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
}

#[tokio::test]
async fn awa_388_one_bad_row_blocks_no_rescue() {
    let world = World::new().await;
    let bad = world.cleared("ZPPL").await;
    let good = world.cleared("ZNMN").await;
    world.ctx.store.claim(&world.ctx.actor("x"), &work::deliver::rules(&world.ctx)).await.unwrap();
    let spoil = |column: &str, row: &takaza::store::EscalationRow| {
        let id = row.deliveries[0].delivery.id.clone();
        format!("UPDATE delivery SET {column} = 'spoilt' WHERE id = '{id}'")
    };
    ledger_sql::run(&world.ledger_url, &spoil("content", &bad)).await;
    world.pass(world.ctx.config.deliver.lease);
    sweep(&world).await;
    assert_eq!(world.states(&good).await, [StateName::Uncertain], "rescued beside the bad row");

    let world = World::new().await;
    let bad = world.cleared("ZPPL").await;
    let good = world.cleared("ZNMN").await;
    ledger_sql::run(&world.ledger_url, &spoil("content", &bad)).await;
    deliver(&world).await;
    assert_eq!(world.states(&good).await, [StateName::Delivered], "claimed beside the bad row");
    sweep(&world).await;
    assert_eq!(world.again(&good).await.escalation.state(), EscalationState::Closed);
}

#[tokio::test]
async fn awa_388_one_escalation_that_cannot_be_read_blocks_no_other() {
    let world = World::new().await;
    let bad = world.cleared("ZPPL").await;
    let good = world.cleared("ZNMN").await;
    let id = &bad.escalation.id;
    let spoil = format!("UPDATE escalation SET facts = 'spoilt' WHERE id = '{id}'");
    ledger_sql::run(&world.ledger_url, &spoil).await;
    deliver(&world).await;
    sweep(&world).await;
    assert_eq!(world.again(&good).await.escalation.state(), EscalationState::Closed);
    assert_eq!(world.town.posts().len(), 1, "nothing is sent of what cannot be read");
    let asked = world.ctx.store.escalation(id.as_str()).await;
    assert!(matches!(asked, Err(takaza::store::StoreError::Corrupt(_))), "{asked:?}");
}

#[tokio::test]
async fn koala_699_a_500_after_a_post_is_uncertain() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(500));
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
}

#[tokio::test]
async fn goalert_912_one_act_one_entry() {
    let mut world = World::new().await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    world.town.always(Ask::Post, Trick::ErrorBefore(503));
    world.town.always(Ask::Timeline, Trick::ErrorBefore(503));
    deliver(&world).await;
    world.pass(SignedDuration::from_hours(25));
    let not_looks = "SELECT COUNT(*) FROM entry WHERE act <> 'delivery.looked'";
    sweep(&world).await;
    let before = ledger_sql::number(&world.ledger_url, not_looks).await;
    for _ in 0..5 {
        sweep(&world).await;
        work::escalate::run_once(&world.ctx).await.unwrap();
    }
    let after = ledger_sql::number(&world.ledger_url, not_looks).await;
    assert_eq!(after, before, "passing over something is no act");
    for act in ["escalation.drafted", "escalation.approved"] {
        assert_eq!(ledger_sql::entries(&world.ledger_url, act).await, 1, "{act}");
    }
    assert_eq!(row.deliveries.len(), 2);
    assert_eq!(ledger_sql::entries(&world.ledger_url, "delivery.claimed").await, 2);
    assert_eq!(ledger_sql::entries(&world.ledger_url, "delivery.attempted").await, 2);
}

#[tokio::test]
async fn samples_213_one_suspended_account_stops_no_other() {
    let mut world = World::new().await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    let unit = AccountName::new("unit");
    let pause = Some((world.now().plus(SignedDuration::from_hours(99)), "suspended"));
    world.ctx.store.pause_account(&world.by("root"), &unit, pause).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "from the second account");
    let mut states = world.states(&row).await;
    states.sort();
    assert_eq!(states, [StateName::Waiting, StateName::Delivered]);
}
