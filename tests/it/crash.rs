//! The delivering process dies at every point, hundreds of times, before a hostile server, while
//! another process sweeps up and looks. No post twice, none lost, every entry in its place.
//!
//! A crash is a future that is dropped after so many polls. `TAKAZA_TEST_CRASHES` sets how often
//! (each server), `TAKAZA_TEST_SEED` the seed, which is printed.

use std::{collections::BTreeMap, future::Future, pin::pin, task::Poll};

use jiff::SignedDuration;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use takaza::{
    domain::{
        delivery::{Receipt, State, StateName},
        escalation::EscalationState,
    },
    store::EscalationRow,
    work::{self, Ctx},
};

use crate::support::{
    fake_cases::lien,
    fake_mastodon::{Flavour, Post, Trick},
    ledger_sql,
    world::{Db, World},
};

/// Polls so often and then lets it die. `true`: it came to its end before that.
async fn dies_after<F: Future>(polls: u32, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A fresh escalation about fresh cases, approved.
async fn fresh(world: &World, n: u32) -> EscalationRow {
    let now = world.now();
    let rows = (0..3).map(|i| {
        let mut row = lien(&format!("c{n}-{i}"), 10 * n + i, "ZPPL", 100_000, 72, now);
        row.updated_at = Some(now);
        row
    });
    world.cases.put(rows);
    world.watch_and_escalate().await;
    let held = world.held().await;
    world.approve(&held).await;
    held
}

fn posts_of(world: &World, row: &EscalationRow) -> Vec<Post> {
    let reference = row.escalation.reference.as_str();
    world.town.posts().into_iter().filter(|post| post.text.contains(reference)).collect()
}

async fn asks(world: &World, row: &EscalationRow) -> bool {
    let now = world.again(row).await;
    matches!(now.deliveries[0].delivery.state(), State::Uncertain(doubt) if doubt.asks)
}

/// The person who is asked looks at the account with their own eyes.
async fn a_person_decides(world: &World, row: &EscalationRow) {
    let now = world.again(row).await;
    let delivery = &now.deliveries[0].delivery;
    if !asks(world, row).await {
        return;
    }
    // They wait until the server has come to rest: no machine can know that.
    world.town.release().await;
    let by = world.by("dcp");
    match posts_of(world, row).first() {
        None => world.ctx.store.decided_not_posted(&by, &delivery.id).await.unwrap(),
        Some(post) => {
            let permalink = format!("{}/@unit/{}", world.town.base_url, post.id);
            let receipt = Receipt { id: post.id.clone(), permalink, at: post.at };
            world.ctx.store.late_receipt(&by, &delivery.id, &receipt).await.unwrap();
        }
    }
}

const TRICKS: [Option<Trick>; 12] = [
    None,
    Some(Trick::DropBefore),
    None,
    Some(Trick::DropAfter),
    Some(Trick::ErrorAfter(504)),
    Some(Trick::ErrorBefore(503)),
    None,
    Some(Trick::LateBefore),
    Some(Trick::Truncated),
    Some(Trick::LateAfter),
    Some(Trick::NoId),
    Some(Trick::RateLimited(Vec::new())),
];

/// One crash, and what another process makes of it. `true`: there was no crash.
async fn one_crash(world: &World, other: &Ctx, n: u32, polls: u32, trick: Option<Trick>) -> bool {
    let row = fresh(world, n).await;
    trick.clone().into_iter().for_each(|trick| world.town.hostile(trick));
    let whole = dies_after(polls, work::deliver::run_once(&world.ctx)).await;
    let seen = format!("crash {n} after {polls} polls, {trick:?}");
    for round in 0..12 {
        // A server may act long after everyone has looked: only keys or a person's eyes help then.
        if trick != Some(Trick::LateBefore) || round > 6 {
            world.town.release().await;
        }
        world.town.calm();
        if world.states(&row).await == [StateName::Delivered] {
            break;
        }
        assert!(posts_of(world, &row).len() <= 1, "{seen}: posted twice");
        world.pass(SignedDuration::from_secs(61));
        work::watch::run_once(other).await.unwrap();
        work::sweep::run_once(other).await.unwrap();
        a_person_decides(world, &row).await;
        work::deliver::run_once(other).await.unwrap();
    }
    world.town.release().await;
    work::sweep::run_once(other).await.unwrap();
    let now = world.again(&row).await;
    let posts = posts_of(world, &row);
    assert_eq!(posts.len(), 1, "{seen}: {:?}", now.deliveries[0].delivery.state());
    let State::Delivered(receipt) = now.deliveries[0].delivery.state() else {
        panic!("{seen}: lost as {:?}", now.deliveries[0].delivery.state());
    };
    assert_eq!(receipt.id, posts[0].id, "{seen}");
    assert_eq!(now.escalation.state(), EscalationState::Closed, "{seen}");
    // The bank acts, so that the next story is about other actions.
    (0..3).for_each(|i| world.cases.acts(&format!("c{n}-{i}"), world.now()));
    whole
}

async fn crashes(db: Db, idempotent: bool) {
    let times = u32::try_from(setting("TAKAZA_TEST_CRASHES", 150)).unwrap();
    let seed = setting("TAKAZA_TEST_SEED", 20_261_116);
    eprintln!("crashes: {times} with TAKAZA_TEST_SEED={seed}, {db:?}, idempotent: {idempotent}");
    let world = World::with(db, |config| {
        config.pacing.per_bank_day = 10_000;
        config.pacing.bank_interval = SignedDuration::ZERO;
        config.pacing.per_account_hour = 10_000;
        config.pacing.per_account_day = 10_000;
        config.breaker.streak = 10_000;
        config.ladder.closures = false;
    });
    let Some(mut world) = world.await else { return };
    world.connect("unit", idempotent).await;
    if !idempotent {
        world.town.flavour(Flavour::GoToSocial);
    }
    let other = world.another_process("other", seed).await;
    let mut dice = StdRng::seed_from_u64(seed);
    // One poll, two polls … and then anywhere; a whole run takes about fifty.
    let (most, mut whole) = (times.div_ceil(2), 0);
    for n in 1..=times {
        let polls = if n <= most { n } else { dice.random_range(1..=most) };
        let trick = TRICKS[dice.random_range(0..TRICKS.len())].clone();
        whole += u32::from(one_crash(&world, &other, n, polls, trick).await);
    }
    eprintln!("crashes: {whole} of {times} runs came to their end");
    whole_ledger(&world, i64::from(times)).await;
}

/// Nothing more was posted than was recorded, no attempt is counted twice, and the record of each
/// subject goes 1, 2, 3 ….
async fn whole_ledger(world: &World, times: i64) {
    let count = |query: &'static str| ledger_sql::number(&world.ledger_url, query);
    assert_eq!(count("SELECT COUNT(*) FROM delivery WHERE state = 'delivered'").await, times);
    assert_eq!(i64::try_from(world.town.made()).unwrap(), times);
    assert_eq!(count("SELECT COUNT(*) FROM delivery WHERE sent_at IS NULL").await, 0);
    let gaps = "SELECT COUNT(*) FROM (SELECT subject FROM entry GROUP BY subject
                HAVING MAX(seq) <> COUNT(*) OR MIN(seq) <> 1) AS broken";
    assert_eq!(count(gaps).await, 0);
    let unnumbered = "SELECT COUNT(*) FROM delivery d WHERE d.attempts <>
                      (SELECT COUNT(*) FROM attempt a WHERE a.delivery = d.id)";
    assert_eq!(count(unnumbered).await, 0, "attempts are rows");
    let untold = "SELECT COUNT(*) FROM delivery d WHERE NOT EXISTS
                  (SELECT 1 FROM entry e WHERE e.subject = d.id AND e.act = 'delivery.claimed')";
    assert_eq!(count(untold).await, 0, "each post has its claim on the record");
    let claims: BTreeMap<_, _> =
        world.town.posts().into_iter().map(|post| (post.text.clone(), post.id)).collect();
    assert_eq!(i64::try_from(claims.len()).unwrap(), times, "no text twice");
    assert_eq!(world.ctx.store.gate().await.unwrap().tripped, None);
}

macro_rules! on_both {
    ($($story:ident: $idempotent:literal),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test]
            async fn $story() { super::crashes(super::Db::Sqlite, $idempotent).await; }
        )* }
        mod postgres { $(
            #[tokio::test]
            async fn $story() { super::crashes(super::Db::Postgres, $idempotent).await; }
        )* }
    };
}

on_both! {
    a_server_that_honours_keys_sees_no_post_twice_and_none_is_lost: true,
    a_server_that_ignores_keys_sees_no_post_twice_and_none_is_lost: false,
}
