//! Budgets are exact.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use takaza::{
    domain::{
        delivery::{LookRules, Outcome, StateName},
        escalation::EscalationState,
        platform::Sender,
    },
    store::{BreakerRules, ClaimRules, Ended, Report},
    work,
};

use super::{deliver, desk, signed_order, sweep};
use crate::support::{
    fake_cases::liens,
    fake_mastodon::{Ask, Trick},
    ledger_sql, servers,
    world::World,
};

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// A second tag of the same bank, about other actions.
async fn another_tag(world: &World, bank: &str, from: u32) {
    let more = liens(bank, from + 5, world.now()).into_iter().skip(from as usize);
    world.cases.put(more.map(|mut row| {
        row.updated_at = Some(world.now());
        row
    }));
    world.watch_and_escalate().await;
    let held = world.held().await;
    world.approve(&held).await;
}

#[tokio::test]
async fn bank_caps_count_escalations() {
    let mut world = World::configured(|config| config.pacing.bank_interval = hours(0)).await;
    world.connect("second", false).await;
    world.cleared("ZPPL").await;
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 2, "two deliveries of one escalation count once");
    another_tag(&world, "ZPPL", 5).await;
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 2, "one escalation a day");
    world.pass(hours(23));
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2);
}

#[tokio::test]
async fn bank_intervals_count_escalations() {
    let world = World::configured(|config| config.pacing.per_bank_day = 10).await;
    world.cleared("ZPPL").await;
    world.run_once().await;
    another_tag(&world, "ZPPL", 5).await;
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 1, "20 hours between two");
}

#[tokio::test]
async fn account_limits_count_deliveries() {
    let mut world = World::configured(|config| config.pacing.per_account_hour = 2).await;
    for bank in ["ZPPL", "ZNMN", "ZBRG"] {
        world.cleared(bank).await;
    }
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2);
    world.pass(SignedDuration::from_mins(59));
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2);
    world.pass(SignedDuration::from_mins(1));
    world.connect("unit", false).await;
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 3, "a place is free an hour later");
}

#[tokio::test]
async fn order_caps_count_clearances() {
    let world = World::new().await;
    for bank in ["ZPPL", "ZNMN", "ZBRG"] {
        world.cases.put(liens(bank, 5, world.now()));
    }
    world.watch_and_escalate().await;
    let held = world.escalations(&[EscalationState::Held]).await;
    let order = signed_order(&world, &held[0], "two a day", |terms| terms.per_day = 2).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    let cleared = world.escalations(&[EscalationState::Cleared]).await;
    assert_eq!(cleared.len(), 2);
    // What became of a clearance gives no place back.
    let dcp = world.person("dcp").await;
    world.ctx.store.revoke_order(&world.by("dcp"), order.id.as_str(), &dcp).await.unwrap();
    work::clear::run_once(&world.ctx).await.unwrap();
    assert!(world.escalations(&[EscalationState::Cleared]).await.is_empty());
    let given = "SELECT COUNT(*) FROM order_clearance";
    assert_eq!(ledger_sql::number(&world.ledger_url, given).await, 2);
}

fn report(world: &World, claimed: &takaza::store::Claimed, ended: Ended) -> Report {
    let one = &claimed.deliveries[0];
    let deliver = &world.ctx.config.deliver;
    Report {
        delivery: one.delivery().id.clone(),
        escalation: one.delivery().escalation.clone(),
        token: one.lease().token.clone(),
        ended,
        look: LookRules { grace: deliver.request_timeout, idempotent_for: None },
        recheck: None,
    }
}

#[tokio::test]
async fn sending_and_uncertain_consume_budget_and_only_proven_not_sent_gives_it_back() {
    let reason = || "as the story wants it".to_owned();
    let now = crate::support::world::start();
    let cases = [
        (Outcome::NotSent { reason: reason() }, false),
        (Outcome::Throttled { until: Some(now), reason: reason() }, false),
        (Outcome::AccountBlocked { reason: reason() }, false),
        (Outcome::Refused { reason: reason() }, true),
        (Outcome::Unknown { reason: reason() }, true),
    ];
    for (outcome, consumed) in cases {
        let world = World::configured(|config| config.pacing.per_account_hour = 1).await;
        let first = world.cleared("ZPPL").await;
        let by = world.ctx.actor("story");
        let rules = work::deliver::rules(&world.ctx);
        let claimed = world.ctx.store.claim(&by, &rules).await.unwrap();
        assert_eq!(claimed.deliveries.len(), 1);
        world.cleared("ZNMN").await;
        let none = world.ctx.store.claim(&by, &rules).await.unwrap();
        assert!(none.deliveries.is_empty(), "what is under way counts");

        let kind = outcome.kind();
        let report = report(&world, &claimed, Ended::Attempted(outcome));
        let breaker = BreakerRules::default();
        world.ctx.store.record(&by, &[report], &breaker).await.unwrap();
        let counted = world.again(&first).await.deliveries[0].sent_at.is_some();
        assert_eq!(counted, consumed, "{kind}");
        world.pass(hours(1) - SignedDuration::from_secs(1));
        let next = world.ctx.store.claim(&by, &rules).await.unwrap();
        assert_eq!(next.deliveries.is_empty(), consumed, "{kind}");
    }
}

#[tokio::test]
async fn a_recheck_that_says_not_now_gives_the_budget_back() {
    let world = World::configured(|config| config.pacing.per_account_hour = 1).await;
    let row = world.cleared("ZPPL").await;
    world.cases.before_the_next_recheck(|cases| cases.goes_down("it is down"));
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    let delivery = &world.again(&row).await.deliveries[0];
    assert_eq!((delivery.sent_at, delivery.delivery.attempts), (None, 0));
    assert_eq!(delivery.delivery.first_attempt_at, None, "nothing was attempted");
}

#[tokio::test]
async fn a_taken_hand_off_consumes_budget() {
    let mut world = World::configured(|config| config.pacing.per_account_hour = 1).await;
    world.hand_off("by-hand").await;
    let row = world.cleared("ZPPL").await;
    let by_hand = row.deliveries.iter().find(|row| row.sender == Sender::HandOff).unwrap();
    let rules = work::deliver::rules(&world.ctx);
    let holder = ClaimRules { holder: "asha", lease: SignedDuration::from_mins(15), ..rules };
    let (store, by) = (&world.ctx.store, world.by("asha"));
    let _taken = store.take_hand_off(&by, &by_hand.delivery.id, &holder).await.unwrap();
    let again = store.take_hand_off(&by, &by_hand.delivery.id, &holder).await;
    assert!(again.is_err(), "taking is the claim: one holder");
    let taken = store.delivery(by_hand.delivery.id.as_str()).await.unwrap();
    assert_eq!(taken.delivery.name(), StateName::Sending);
    assert_eq!(taken.sent_at, Some(world.now()));
    let other = world.cleared("ZNMN").await;
    let second = other.deliveries.iter().find(|row| row.sender == Sender::HandOff).unwrap();
    let full = store.take_hand_off(&by, &second.delivery.id, &holder).await.unwrap_err();
    assert!(full.to_string().contains("cap"), "{full}");
    sweep(&world).await;
    world.pass(SignedDuration::from_mins(16));
    sweep(&world).await;
    let late = store.delivery(by_hand.delivery.id.as_str()).await.unwrap();
    assert_eq!(late.delivery.name(), StateName::Uncertain, "its lease ran out");
}

#[tokio::test]
async fn one_claim_takes_hundreds_in_one_transaction_and_each_attempt_is_a_row() {
    let world = World::configured(|config| {
        config.pacing.per_account_hour = 1_000;
        config.pacing.batch = 300;
    })
    .await;
    let row = world.cleared("ZPPL").await;
    for n in 1..120 {
        let draft = super::copy(&row, &format!("COPY{n}"), Some(&format!("COPY{n}")));
        world.ctx.store.draft(&world.ctx.actor("story"), &draft).await.unwrap();
        let id = draft.escalation.id.as_str();
        world.approve(&world.ctx.store.escalation(id).await.unwrap()).await;
    }
    let by = world.ctx.actor("story");
    let claimed = world.ctx.store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    assert_eq!(claimed.deliveries.len(), 120);
    let tokens: BTreeSet<_> = claimed.deliveries.iter().map(|one| &one.lease().token).collect();
    assert_eq!(tokens.len(), 1, "one claim");
    let attempts = "SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL";
    assert_eq!(ledger_sql::number(&world.ledger_url, attempts).await, 120);
}

#[tokio::test]
async fn claims_are_durable_before_a_byte_leaves() {
    let world = World::new().await;
    assert!(world.ctx.store.claims_are_durable().await.unwrap(), "SQLite: synchronous=FULL");
    // The server sees the claim already written when the request comes.
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::LateBefore);
    let delivering = deliver(&world);
    let seen = async {
        world.town.somebody_is_parked().await;
        let states = world.states(&row).await;
        world.town.release().await;
        states
    };
    let ((), states) = tokio::join!(delivering, seen);
    assert_eq!(states, [StateName::Sending]);
    assert_eq!(world.town.asked(Ask::Post), 1);
}

#[tokio::test]
async fn only_a_ledger_of_invented_things_waits_for_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let (clock, dice) = (takaza::clock::Clock::System, takaza::clock::Dice::seeded(1));
    let invented =
        takaza::store::Store::open_invented(&url, 2, &clock, dice.clone()).await.unwrap();
    assert!(!invented.claims_are_durable().await.unwrap());
    let real = takaza::store::Store::open(&url, 2, &clock, dice).await.unwrap();
    assert!(real.claims_are_durable().await.unwrap(), "whatever it was opened as before");
}

#[tokio::test]
async fn claims_are_durable_on_postgres_whatever_the_databases_default() {
    let Some(url) = servers::postgres().await else { return };
    let name = url.rsplit('/').next().unwrap();
    ledger_sql::run(&url, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let clock = takaza::clock::Clock::System;
    let dice = takaza::clock::Dice::seeded(1);
    let store = takaza::store::Store::open(&url, 2, &clock, dice).await.unwrap();
    assert!(store.claims_are_durable().await.unwrap());
}

#[tokio::test]
async fn what_waits_for_a_known_time_does_not_hide_what_is_behind_it() {
    let world = World::configured(|config| config.pacing.batch = 1).await;
    let desk = desk(&world, "dcp").await;
    for bank in ["ZPPL", "ZNMN", "ZBRG"] {
        let order = takaza::store::SilenceOrder {
            scope: takaza::store::SilenceScope::Bank(takaza::domain::ids::BankCode::new(bank)),
            label: "1/2026".to_owned(),
            from: world.now(),
            until: world.now().plus(hours(500)),
        };
        world.cleared(bank).await;
        world.ctx.store.add_silence(&world.by("dcp"), &desk, &order).await.unwrap();
    }
    world.cleared("ZGLM").await;
    for _ in 0..3 {
        deliver(&world).await;
    }
    assert_eq!(world.town.posts().len(), 1);
    assert!(world.town.posts()[0].text.contains("Gulmohar"));
    let silences = world.ctx.store.silences(world.now()).await.unwrap();
    let approver = world.person("dcp").await.as_approver(world.now()).unwrap();
    for (id, _) in silences {
        world.ctx.store.lift_silence(&world.by("dcp"), &approver, &id).await.unwrap();
    }
    world.pass(SignedDuration::from_mins(11));
    work::watch::run_once(&world.ctx).await.unwrap();
    let mut full = 0;
    while work::deliver::run_once(&world.ctx).await.unwrap().more {
        full += 1;
    }
    assert_eq!(full, 3, "after a full batch the next one is claimed at once");
    assert_eq!(world.town.posts().len(), 4, "a silence that is lifted early is over");
}

#[tokio::test]
async fn a_cap_of_two_deliveries_of_one_batch_is_exact() {
    let world = World::configured(|config| config.pacing.per_account_day = 3).await;
    for bank in ["ZPPL", "ZNMN", "ZBRG", "ZGLM", "ZMLT"] {
        world.cleared(bank).await;
    }
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 3);
}
