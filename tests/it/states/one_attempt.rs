//! One attempt, and what came of it.

use jiff::SignedDuration;
use takaza::{
    domain::{
        delivery::{LateReceipt, Receipt, StateName},
        escalation::EscalationState,
        ids::AccountName,
        pacing::Why,
    },
    work,
};

use super::{deliver, desk, sweep};
use crate::support::{
    fake_mastodon::{Ask, Flavour, Quirk, Trick},
    ledger_sql,
    world::World,
};

fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

/// A look is due a request's timeout and the read lag after the doubt.
fn grace() -> SignedDuration {
    SignedDuration::from_millis(30_500)
}

/// A world whose server is on the unit's list of those that honour keys.
async fn idempotent() -> World {
    let mut world = World::new().await;
    world.connect("unit", true).await;
    world
}

#[tokio::test]
async fn each_outcome_leads_where_the_design_says() {
    let cases = [
        (None, StateName::Delivered, "accepted"),
        (Some(Quirk::TooLong.into()), StateName::Refused, "refused"),
        (Some(Quirk::Forbidden.into()), StateName::Refused, "refused"),
        (Some(Trick::RateLimited(vec![])), StateName::Waiting, "throttled"),
        (Some(Quirk::Unauthorized.into()), StateName::Waiting, "account-blocked"),
        (Some(Quirk::Suspended.into()), StateName::Waiting, "account-blocked"),
        (Some(Trick::DropBefore), StateName::Uncertain, "unknown"),
        (Some(Trick::DropAfter), StateName::Uncertain, "unknown"),
        (Some(Trick::ErrorBefore(500)), StateName::Uncertain, "unknown"),
        (Some(Trick::ErrorAfter(500)), StateName::Uncertain, "unknown"),
        (Some(Trick::Html(502)), StateName::Uncertain, "unknown"),
        (Some(Trick::Truncated), StateName::Uncertain, "unknown"),
        (Some(Quirk::NoId.into()), StateName::Uncertain, "unknown"),
        (Some(Trick::Redirect(307)), StateName::Uncertain, "unknown"),
        (Some(Trick::Redirect(308)), StateName::Uncertain, "unknown"),
    ];
    for (trick, state, outcome) in cases {
        let world = World::new().await;
        let row = world.cleared("ZPPL").await;
        trick.clone().into_iter().for_each(|trick| world.town.hostile(trick));
        deliver(&world).await;
        assert_eq!(world.states(&row).await, [state], "{trick:?}");
        let rows = format!("SELECT COUNT(*) FROM attempt WHERE outcome = '{outcome}'");
        assert_eq!(ledger_sql::number(&world.ledger_url, &rows).await, 1, "{trick:?}");
        assert_eq!(world.town.asked(Ask::Post), 1, "{trick:?}: one request, never repeated");
        assert_eq!(world.town.trapped(), 0, "{trick:?}: no redirect is followed");
    }
}

#[tokio::test]
async fn a_name_or_connection_that_failed_is_proved_not_sent_and_waits() {
    let mut world = World::new().await;
    let row = world.cleared("ZPPL").await;
    // Nobody listens there any more.
    let gone = crate::support::fake_mastodon::FakeMastodon::start().await;
    let base_url = gone.base_url.clone();
    drop(gone);
    let clock = world.ctx.clock.clone();
    let config = takaza::destinations::mastodon::MastodonConfig::new(
        AccountName::new("unit"),
        &base_url,
        world.town.token(),
        std::sync::Arc::new(move || clock.now()),
    );
    let nowhere = takaza::destinations::mastodon::Mastodon::connect(config).unwrap();
    let mut destinations = (*world.ctx.destinations).clone();
    let there = destinations.insert(AccountName::new("unit"), std::sync::Arc::new(nowhere));
    world.ctx.destinations = std::sync::Arc::new(destinations.clone());
    for _ in 0..50 {
        deliver(&world).await;
        if world.states(&row).await == [StateName::Waiting] {
            break;
        }
    }
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    let outcome = "SELECT COUNT(*) FROM attempt WHERE outcome = 'not-sent'";
    assert_eq!(ledger_sql::number(&world.ledger_url, outcome).await, 1);
    destinations.insert(AccountName::new("unit"), there.unwrap());
    world.ctx.destinations = std::sync::Arc::new(destinations);
    world.pass(secs(31));
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    assert_eq!(ledger_sql::number(&world.ledger_url, "SELECT COUNT(*) FROM attempt").await, 2);
}

#[tokio::test]
async fn a_blocked_account_is_paused_until_a_person_looks() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Quirk::Suspended);
    deliver(&world).await;
    let account = world.ctx.store.accounts().await.unwrap().remove(0);
    assert!(account.paused_until.is_some());
    world.pass(SignedDuration::from_mins(30));
    work::watch::run_once(&world.ctx).await.unwrap();
    let asked = world.town.asked(Ask::Post);
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), asked, "the account is left alone");
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    let unit = AccountName::new("unit");
    world.ctx.store.pause_account(&world.by("dcp"), &unit, None).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn attempts_are_rows() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::RateLimited(vec![]));
    deliver(&world).await;
    world.pass(SignedDuration::from_mins(20));
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let url = &world.ledger_url;
    assert_eq!(ledger_sql::number(url, "SELECT COUNT(*) FROM attempt").await, 2);
    assert_eq!(ledger_sql::number(url, "SELECT MAX(n) FROM attempt").await, 2);
    let open = "SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL";
    assert_eq!(ledger_sql::number(url, open).await, 0);
}

#[tokio::test]
async fn a_5xx_after_a_post_is_uncertain_and_looking_finds_it() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(500));
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
    world.pass(grace());
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let posts = world.town.posts();
    let delivery = &world.again(&row).await.deliveries[0].delivery;
    let takaza::domain::delivery::State::Delivered(receipt) = delivery.state() else {
        panic!("it is delivered");
    };
    assert_eq!((posts.len(), &receipt.id), (1, &posts[0].id), "the receipt is the found post's");
    let failed = "SELECT COUNT(*) FROM entry WHERE body LIKE '%failed%'";
    assert_eq!(ledger_sql::number(&world.ledger_url, failed).await, 0, "never called failed");
}

#[tokio::test]
async fn uncertain_is_left_only_by_looking() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    for _ in 0..5 {
        world.pass(SignedDuration::from_hours(1));
        work::watch::run_once(&world.ctx).await.unwrap();
        work::escalate::run_once(&world.ctx).await.unwrap();
        work::clear::run_once(&world.ctx).await.unwrap();
        deliver(&world).await;
        assert_eq!(world.states(&row).await, [StateName::Uncertain], "no time heals a doubt");
    }
    let id = &row.deliveries[0].delivery.id;
    let early = world.ctx.store.decided_not_posted(&world.by("dcp"), id).await;
    assert!(early.is_err(), "nobody has looked yet, so no person is asked");
}

#[tokio::test]
async fn looking_starts_a_grace_after_the_lease() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let by = world.ctx.actor("story");
    world.ctx.store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    world.pass(world.ctx.config.deliver.lease - secs(1));
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Sending], "its lease runs");
    world.pass(secs(1));
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
    world.pass(grace() - secs(1));
    sweep(&world).await;
    assert_eq!(world.town.asked(Ask::Timeline), 0);
    world.pass(secs(1));
    sweep(&world).await;
    assert_eq!(world.town.asked(Ask::Timeline), 1);
}

#[tokio::test]
async fn not_there_needs_two_looks_a_grace_apart() {
    let world = idempotent().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    world.pass(grace());
    for _ in 0..3 {
        sweep(&world).await;
        assert_eq!(world.states(&row).await, [StateName::Uncertain], "one look is none");
    }
    assert_eq!(world.town.asked(Ask::Timeline), 1);
    world.pass(grace());
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn a_blind_look_says_nothing() {
    let world = idempotent().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(503));
    deliver(&world).await;
    world.town.always(Ask::Timeline, Trick::ErrorBefore(500));
    for _ in 0..4 {
        world.pass(grace());
        sweep(&world).await;
    }
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
    world.town.calm();
    world.pass(grace());
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn a_process_without_the_account_does_not_ask_a_person() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(503));
    deliver(&world).await;
    let mut other = world.another_process("other", 9).await;
    other.destinations = std::sync::Arc::default();
    world.pass(grace());
    work::sweep::run_once(&other).await.unwrap();
    let id = &row.deliveries[0].delivery.id;
    let word = world.ctx.store.decided_not_posted(&world.by("dcp"), id).await;
    assert!(word.is_err(), "another process can look, so no person's word is asked for");
    world.pass(secs(60));
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn an_automatic_resend_needs_idempotency_in_force_elsewhere_a_person_decides() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.flavour(Flavour::GoToSocial);
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    for _ in 0..4 {
        world.pass(grace());
        sweep(&world).await;
        deliver(&world).await;
    }
    assert_eq!(world.states(&row).await, [StateName::Uncertain], "it asks a person");
    assert_eq!(world.town.asked(Ask::Post), 1);
    let id = &row.deliveries[0].delivery.id;
    for nobody in [world.ctx.actor("sweep"), world.by("auditor")] {
        let word = world.ctx.store.decided_not_posted(&nobody, id).await;
        assert!(word.is_err(), "an officer or an approver decides");
    }
    world.ctx.store.decided_not_posted(&world.by("dcp"), id).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn mastodons_key_is_relied_on_for_less_than_50_minutes() {
    let world = idempotent().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    world.pass(SignedDuration::from_mins(50));
    for _ in 0..3 {
        sweep(&world).await;
        world.pass(grace());
        deliver(&world).await;
    }
    assert_eq!(world.town.asked(Ask::Post), 1, "the server may have forgotten the key");
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
}

#[tokio::test]
async fn a_resend_that_waited_until_the_key_is_forgotten_asks_a_person() {
    let world = idempotent().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    for _ in 0..2 {
        world.pass(grace());
        sweep(&world).await;
    }
    assert_eq!(world.states(&row).await, [StateName::Waiting], "it may be sent again");
    // The switch is pressed for an hour, and the approver approves anew.
    let asha = desk(&world, "asha").await;
    world.ctx.store.stop(&world.by("asha"), &asha, "a look around").await.unwrap();
    world.pass(SignedDuration::from_mins(60));
    let dcp = world.person("dcp").await.as_approver(world.now()).unwrap();
    world.ctx.store.resume(&world.by("dcp"), &dcp).await.unwrap();
    world.approve(&world.again(&row).await).await;
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), 1, "the key may be forgotten: not sent by itself");
    sweep(&world).await;
    let delivery = &world.again(&row).await.deliveries[0];
    assert_eq!(delivery.delivery.name(), StateName::Uncertain);
    assert!(delivery.sent_at.is_some(), "what may be public counts");
    world.ctx.store.decided_not_posted(&world.by("dcp"), &delivery.delivery.id).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

fn receipt(id: &str, world: &World) -> Receipt {
    let permalink = format!("{}/@unit/{id}", world.town.base_url);
    Receipt { id: id.to_owned(), permalink, at: world.now() }
}

#[tokio::test]
async fn a_late_receipt_is_always_stored_and_wins() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let id = &row.deliveries[0].delivery.id;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let meaning = store.late_receipt(&by, id, &receipt("77", &world)).await.unwrap();
    assert_eq!(meaning, LateReceipt::Settles);
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let same = store.late_receipt(&by, id, &receipt("77", &world)).await.unwrap();
    assert_eq!(same, LateReceipt::Known);
    assert_eq!(store.gate().await.unwrap().tripped, None);
}

#[tokio::test]
async fn a_second_receipt_for_one_delivery_trips_the_breaker_and_is_stored() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let id = &row.deliveries[0].delivery.id;
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    world.cleared("ZNMN").await;
    store.late_receipt(&by, id, &receipt("77", &world)).await.unwrap();
    assert_eq!(store.gate().await.unwrap().tripped, None);
    let meaning = store.late_receipt(&by, id, &receipt("78", &world)).await.unwrap();
    assert_eq!(meaning, LateReceipt::Second);
    assert!(store.gate().await.unwrap().tripped.is_some());
    let stored = "SELECT COUNT(*) FROM entry WHERE body LIKE '%\"id\":\"78\"%'";
    assert_eq!(ledger_sql::number(&world.ledger_url, stored).await, 1);
    let claimed = store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    assert!(claimed.deliveries.is_empty());
    assert!(claimed.waiting.iter().all(|(_, why)| matches!(why, Why::Tripped { .. })));
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
}

#[tokio::test]
async fn the_paused_sender_does_not_send() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let clock = world.ctx.clock.clone();
    let lease = world.ctx.config.deliver.lease;
    // The machine is suspended between the claim and the send, and wakes after the lease.
    world.cases.before_the_next_recheck(move |_| clock.advance(lease));
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), 0);
    let doubted = world.states(&row).await;
    assert_eq!(doubted, [StateName::Waiting], "it gave its claim back before anyone swept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_paused_sender_does_not_send_after_another_worker_has_looked() {
    let mut world = World::new().await;
    world.connect("unit", true).await;
    let row = world.cleared("ZPPL").await;
    let other = world.another_process("other", 5).await;
    let clock = world.ctx.clock.clone();
    let lease = world.ctx.config.deliver.lease;
    world.cases.before_the_next_recheck(move |_| {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                clock.advance(lease);
                for _ in 0..3 {
                    work::sweep::run_once(&other).await.unwrap();
                    clock.advance(grace());
                }
                // It was not there twice, and the other one sends it again.
                work::deliver::run_once(&other).await.unwrap();
            });
        });
    });
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), 1, "one of the two sent");
    assert_eq!(world.town.posts().len(), 1);
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    assert_eq!(world.ctx.store.gate().await.unwrap().tripped, None);
}

#[tokio::test]
async fn the_senders_deadline_is_the_lease_less_a_whole_request() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let clock = world.ctx.clock.clone();
    // The test server's requests may take half a second.
    let lease = world.ctx.config.deliver.lease - SignedDuration::from_millis(500);
    world.cases.before_the_next_recheck(move |_| clock.advance(lease));
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), 0);
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
}

#[tokio::test]
async fn an_unknown_outcome_holds_the_escalation_open_until_it_is_known() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(504));
    deliver(&world).await;
    world.pass(SignedDuration::from_hours(25));
    world.town.always(Ask::Timeline, Trick::ErrorBefore(500));
    sweep(&world).await;
    assert!(world.again(&row).await.escalation.state().open(), "too old, and maybe public");
    world.town.calm();
    world.pass(SignedDuration::from_mins(5));
    sweep(&world).await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Closed);
}

#[tokio::test]
async fn a_look_is_about_the_attempt_that_it_was_taken_for() {
    let world = idempotent().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    world.pass(grace());
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let seen = store.to_look_for(10).await.unwrap().remove(0);
    let rules = world.ctx.destinations[&AccountName::new("unit")].look_rules();
    let empty = takaza::domain::delivery::Look::NotThere;
    store.looked(&by, &seen, &empty, rules).await.unwrap();
    world.pass(grace());
    let late = store.looked(&by, &seen, &empty, rules).await;
    assert!(late.is_err(), "the same look, told twice, is one look");
    assert_eq!(world.states(&row).await, [StateName::Uncertain]);
}
