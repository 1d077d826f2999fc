//! The delivering process dies at every point, hundreds of times, before each destination's hostile
//! server, while another process sweeps up and looks. No post twice, none lost, every entry in its
//! place.
//!
//! Where the server takes pictures each post bears one, which goes before it.
//!
//! A crash is a future that is dropped after so many polls. `TAKAZA_TEST_CRASHES` sets how often
//! (each server), `TAKAZA_TEST_SEED` the seed, which is printed.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use jiff::SignedDuration;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use takaza::{
    clock::Clock,
    domain::{delivery::StateName, escalation::EscalationState, ids::AccountName},
    store::EscalationRow,
    work::{self, Ctx},
};

use crate::support::{
    eyes::{a_person_decides, each_has_its_post, posts_of, unhindered, world_on},
    fake_cases::lien,
    ledger_sql,
    peers::{Mischief, Peer, every_peer},
    world::{Db, World},
};

/// Polls so often and then lets it die: how often it was polled, if it came to its end before.
async fn dies_after<F: Future>(polls: u32, future: F) -> Option<u32> {
    let mut future = pin!(future);
    let mut polled = 0;
    let poll = |context: &mut Context<'_>| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        future.as_mut().poll(context).map(|_| Some(polled))
    };
    std::future::poll_fn(poll).await
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

/// One crash, and what another process makes of it: how often it was polled, if there was no crash.
async fn one_crash(
    world: &World,
    other: &Ctx,
    n: u32,
    polls: u32,
    trick: Option<Mischief>,
) -> Option<u32> {
    let row = fresh(world, n).await;
    let played = trick.filter(|trick| world.peer().play(*trick).is_some());
    let whole = dies_after(polls, work::deliver::run_once(&world.ctx)).await;
    let seen = format!("crash {n} after {polls} polls, {played:?}");
    for round in 0..12 {
        // A server may act long after everyone has looked: only keys or a person's eyes help then.
        if played != Some(Mischief::LateBefore) || round > 6 {
            world.peer().release().await;
        }
        world.peer().calm();
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
    world.peer().release().await;
    work::sweep::run_once(other).await.unwrap();
    let now = world.again(&row).await;
    assert_eq!(now.escalation.state(), EscalationState::Closed, "{seen}: {:?}", now.deliveries);
    each_has_its_post(world, &[row]).await;
    // The bank acts, so that the next story is about other actions.
    (0..3).for_each(|i| world.cases.acts(&format!("c{n}-{i}"), world.now()));
    whole
}

async fn crashes(db: Db, name: &str, start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let times = u32::try_from(setting("TAKAZA_TEST_CRASHES", 60)).unwrap();
    let seed = setting("TAKAZA_TEST_SEED", 20_261_116);
    eprintln!("crashes: {times} with TAKAZA_TEST_SEED={seed}, {name} on {db:?}");
    let Some(world) = world_on(db, start, unhindered).await else { return };
    let other = world.another_process("other", seed).await;
    if world.peer().account().platform.shows_pictures() {
        let root = world.person("root").await.as_administrator(world.now()).unwrap();
        let store = &world.ctx.store;
        store.set_picture(&world.by("root"), &root, &AccountName::new("unit"), true).await.unwrap();
    }
    let mut dice = StdRng::seed_from_u64(seed);
    // How long a run is before this server, and then a death at every part of it and anywhere.
    let length = one_crash(&world, &other, 0, u32::MAX, None).await.expect("it came to its end");
    let (half, mut whole) = (times.div_ceil(2), 0);
    for n in 1..=times {
        let anywhere = dice.random_range(1..=length + length / 4);
        let polls = if n <= half { (n * length).div_ceil(half) } else { anywhere };
        // One in three meets an honest server.
        let trick = Mischief::ALL.get(dice.random_range(0..Mischief::ALL.len() * 3 / 2)).copied();
        whole += u32::from(one_crash(&world, &other, n, polls, trick).await.is_some());
    }
    eprintln!("crashes: {whole} of {times} runs of about {length} polls came to their end, {name}");
    whole_ledger(&world, i64::from(times) + 1).await;
}

/// Nothing more was posted than was recorded, no attempt is counted twice, and the record of each
/// subject goes 1, 2, 3 ….
async fn whole_ledger(world: &World, times: i64) {
    let count = |query: &'static str| ledger_sql::number(&world.ledger_url, query);
    assert_eq!(count("SELECT COUNT(*) FROM delivery WHERE state = 'delivered'").await, times);
    assert_eq!(i64::try_from(world.peer().made()).unwrap(), times);
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
    let texts: BTreeSet<_> = world.peer().posts().into_iter().map(|post| post.text).collect();
    assert_eq!(i64::try_from(texts.len()).unwrap(), times, "no text twice");
    assert_eq!(world.ctx.store.gate().await.unwrap().tripped, None);
}

macro_rules! on_each {
    ($($peer:ident),* $(,)?) => {
        /// No post twice and none lost, whenever the sender dies.
        mod sqlite { $(
            #[tokio::test]
            async fn $peer() {
                super::crashes(super::Db::Sqlite, stringify!($peer), crate::support::peers::$peer)
                    .await;
            }
        )* }
        /// The same on PostgreSQL.
        mod postgres { $(
            #[tokio::test]
            async fn $peer() {
                super::crashes(super::Db::Postgres, stringify!($peer), crate::support::peers::$peer)
                    .await;
            }
        )* }
    };
}

every_peer!(on_each);
