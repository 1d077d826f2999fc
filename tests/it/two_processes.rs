//! Two processes and more on one ledger: no delivery is claimed or posted twice, no budget is
//! exceeded, and a stop is obeyed by all, whatever the destination.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use takaza::{
    clock::Clock,
    config::Config,
    domain::{canonical::Hash, delivery::StateName, ids::DeliveryId, time::Timestamp},
    store::EscalationRow,
    work::{self, Ctx},
};

use crate::{
    states,
    support::{
        eyes::{a_person_decides, each_has_its_post, posts_of, unhindered, world_on},
        ledger_sql,
        peers::{Mischief, Peer, every_peer},
        world::{Db, World, on_both},
    },
};

on_both! {
    a_cap_with_one_place_is_taken_once,
    an_order_with_one_place_clears_once,
    an_order_is_signed_once,
}

macro_rules! on_each {
    ($($peer:ident),* $(,)?) => { $(
        mod $peer {
            use super::*;
            use crate::support::peers::$peer;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn concurrent_claims_take_each_delivery_once_and_exceed_no_budget_on_sqlite() {
                claims_at_once(Db::Sqlite, $peer).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn concurrent_claims_take_each_delivery_once_and_exceed_no_budget_on_postgres() {
                claims_at_once(Db::Postgres, $peer).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_stop_is_obeyed_by_all_on_sqlite() {
                a_stop(Db::Sqlite, $peer).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_stop_is_obeyed_by_all_on_postgres() {
                a_stop(Db::Postgres, $peer).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn deliveries_at_once_to_a_hostile_server_post_nothing_twice_on_sqlite() {
                deliveries_at_once(Db::Sqlite, $peer).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn deliveries_at_once_to_a_hostile_server_post_nothing_twice_on_postgres() {
                deliveries_at_once(Db::Postgres, $peer).await;
            }
        }
    )* };
}

every_peer!(on_each);

/// So many cleared escalations, each about a bank of its own.
async fn cleared(world: &World, count: usize) {
    let row = world.cleared("ZPPL").await;
    for n in 1..count {
        let name = format!("COPY{n}");
        let mut draft = states::copy(&row, &name, Some(&name));
        draft.members = world.ctx.store.members(&row.escalation.id).await.unwrap();
        for member in &mut draft.members {
            let id = format!("{}-{name}", member.seen.external_id.expose());
            member.seen.external_id = takaza::domain::ids::ExternalId::new(id);
            world.cases.put([member.seen.clone()]);
        }
        world.ctx.store.draft(&world.ctx.actor("story"), &draft).await.unwrap();
        world.approve(&world.ctx.store.escalation(&name).await.unwrap()).await;
    }
}

/// Cleared escalations about these banks, each in words of its own: X takes no text twice.
async fn about<const N: usize>(world: &World, banks: [&str; N]) -> Vec<EscalationRow> {
    let mut rows = Vec::new();
    for bank in banks {
        rows.push(world.cleared(bank).await);
    }
    rows
}

async fn world(db: Db, change: impl FnOnce(&mut Config)) -> Option<(World, Vec<Ctx>)> {
    let world = World::with(db, change).await?;
    let processes = processes(&world).await;
    Some((world, processes))
}

async fn processes(world: &World) -> Vec<Ctx> {
    let other = world.another_process("story-2", 99).await;
    let third = world.another_process("story-3", 98).await;
    vec![world.ctx.clone(), other, third]
}

/// Every process does it at once.
async fn at_once<F>(processes: &[Ctx], work: impl Fn(Ctx) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runs = processes.iter().cloned().map(|ctx| tokio::spawn(work(ctx)));
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
}

/// Every process claims at once, and nobody sends.
async fn all_claim(processes: &[Ctx]) -> Vec<(DeliveryId, String, Hash)> {
    let claims = processes.iter().cloned().map(|ctx| {
        tokio::spawn(async move {
            let rules = work::deliver::rules(&ctx);
            ctx.store.claim(&ctx.actor("deliver"), &rules).await.unwrap().deliveries
        })
    });
    let mut taken = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        for one in claim.await.unwrap() {
            let (delivery, token) = (one.delivery(), one.lease().token.clone());
            taken.push((delivery.id.clone(), token, delivery.content.hash()));
        }
    }
    taken
}

async fn claims_at_once(db: Db, start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let world = world_on(db, start, |config| {
        config.pacing.batch = 2;
        config.pacing.per_account_hour = 4;
        config.pacing.per_account_day = 15;
    });
    let Some(world) = world.await else { return };
    let processes = processes(&world).await;
    cleared(&world, 20).await;
    let mut claimed: BTreeMap<DeliveryId, (String, Timestamp)> = BTreeMap::new();
    for _ in 0..12 {
        for _ in 0..2 {
            for (delivery, token, _) in all_claim(&processes).await {
                let before = claimed.insert(delivery.clone(), (token, world.now()));
                assert!(before.is_none(), "{delivery} was claimed twice");
            }
        }
        let hour = world.now().minus(SignedDuration::from_hours(1));
        let lately = claimed.values().filter(|(_, at)| *at > hour).count();
        assert!(lately <= 4, "{lately} in an hour");
        world.pass(SignedDuration::from_mins(13));
    }
    let most = claimed.len();
    assert!((12..=15).contains(&most), "{most}: every place was used, and no more");
    let attempts = "SELECT COUNT(*) FROM attempt";
    assert_eq!(ledger_sql::number(&world.ledger_url, attempts).await, most as i64);
}

async fn a_cap_with_one_place_is_taken_once(db: Db) {
    let Some((world, processes)) = world(db, |config| config.pacing.per_account_hour = 1).await
    else {
        return;
    };
    cleared(&world, 12).await;
    for round in 1..=8 {
        assert_eq!(all_claim(&processes).await.len(), 1, "round {round}");
        world.pass(SignedDuration::from_hours(1));
    }
}

async fn a_stop(db: Db, start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let world = world_on(db, start, |config| config.pacing.batch = 1).await;
    let Some(world) = world else { return };
    let processes = processes(&world).await;
    about(&world, ["ZPPL", "ZNMN", "ZBRG", "ZGLM", "ZMLT", "ZKCH", "ZPLS", "ZSHK"]).await;
    for ctx in &processes {
        work::deliver::run_once(ctx).await.unwrap();
    }
    assert_eq!(world.peer().posts().len(), 3);
    let asha = states::desk(&world, "asha").await;
    world.ctx.store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    for _ in 0..5 {
        at_once(&processes, |ctx| async move {
            work::deliver::run_once(&ctx).await.unwrap();
        })
        .await;
        world.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(world.peer().posts().len(), 3);
}

/// Everybody delivers, sweeps and looks at once, while the server does its worst to each post.
async fn deliveries_at_once(db: Db, start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let world = world_on(db, start, |config| {
        unhindered(config);
        config.pacing.batch = 2;
    });
    let Some(world) = world.await else { return };
    let processes = processes(&world).await;
    let rows = about(&world, ["ZPPL", "ZNMN", "ZBRG", "ZGLM"]).await;
    let mut dice = StdRng::seed_from_u64(20_261_117);
    for round in 0..20 {
        // The first six rounds are hostile, and late requests are let in after the fourth.
        world.peer().calm();
        for _ in (0..4).filter(|_| round < 6) {
            let trick = Mischief::ALL[dice.random_range(0..Mischief::ALL.len())];
            let _played = world.peer().play(trick);
        }
        at_once(&processes, |ctx| async move {
            work::deliver::run_once(&ctx).await.unwrap();
            work::sweep::run_once(&ctx).await.unwrap();
        })
        .await;
        if round > 3 {
            world.peer().release().await;
        }
        world.pass(SignedDuration::from_secs(61));
        for row in &rows {
            assert!(posts_of(&world, row).len() <= 1, "round {round}: posted twice");
            a_person_decides(&world, row).await;
        }
        work::watch::run_once(&world.ctx).await.unwrap();
    }
    world.peer().release().await;
    for row in &rows {
        assert_eq!(world.states(row).await, [StateName::Delivered]);
    }
    each_has_its_post(&world, &rows).await;
    assert_eq!(world.peer().made(), rows.len());
}

async fn an_order_with_one_place_clears_once(db: Db) {
    let Some((world, processes)) = world(db, |_| {}).await else { return };
    for bank in ["ZPPL", "ZNMN", "ZBRG", "ZGLM"] {
        world.cases.put(crate::support::fake_cases::liens(bank, 5, world.now()));
    }
    world.watch_and_escalate().await;
    let held = world.escalations(&[]).await;
    states::signed_order(&world, &held[0], "one", |terms| terms.per_hour = 1).await;
    let runs = processes
        .iter()
        .cloned()
        .map(|ctx| tokio::spawn(async move { work::clear::run_once(&ctx).await.unwrap().did }));
    let mut cleared = 0;
    for run in runs.collect::<Vec<_>>() {
        cleared += run.await.unwrap();
    }
    assert_eq!(cleared, 1);
}

async fn an_order_is_signed_once(db: Db) {
    let Some((world, processes)) = world(db, |_| {}).await else { return };
    world.cases.put(crate::support::fake_cases::liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let dcp = world.person("dcp").await;
    for round in 1..=8 {
        let name = format!("order {round}");
        states::rehearsed_order(&world, &held, &name, |_| {}).await;
        let runs = processes.iter().cloned().map(|ctx| {
            let (by, name, dcp) = (world.by("dcp"), name.clone(), dcp.clone());
            tokio::spawn(async move { ctx.store.sign_order(&by, &name, &dcp).await })
        });
        let mut signed = 0;
        for run in runs.collect::<Vec<_>>() {
            signed += usize::from(run.await.unwrap().is_ok());
        }
        assert_eq!(signed, 1, "{name}");
    }
    let signatures = "SELECT COUNT(*) FROM entry WHERE act = 'order.signed'";
    assert_eq!(ledger_sql::number(&world.ledger_url, signatures).await, 8);
}
