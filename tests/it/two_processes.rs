//! Two processes on one ledger: no delivery is claimed twice, no budget is exceeded, and a stop is
//! obeyed by both.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    config::Config,
    domain::{canonical::Hash, ids::DeliveryId, time::Timestamp},
    work::{self, Ctx},
};

use crate::{
    states,
    support::{
        ledger_sql,
        world::{Db, World},
    },
};

macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() { super::$story(super::Db::Sqlite).await; }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() { super::$story(super::Db::Postgres).await; }
        )* }
    };
}

on_both! {
    concurrent_claims_take_each_delivery_once_and_exceed_no_budget,
    a_cap_with_one_place_is_taken_once,
    a_stop_is_obeyed_by_both,
    an_order_with_one_place_clears_once,
}

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

async fn world(db: Db, change: impl FnOnce(&mut Config)) -> Option<(World, Vec<Ctx>)> {
    let world = World::with(db, change).await?;
    let other = world.another_process("story-2", 99).await;
    let third = world.another_process("story-3", 98).await;
    let processes = vec![world.ctx.clone(), other, third];
    Some((world, processes))
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

async fn concurrent_claims_take_each_delivery_once_and_exceed_no_budget(db: Db) {
    let Some((world, processes)) = world(db, |config| {
        config.pacing.batch = 2;
        config.pacing.per_account_hour = 4;
        config.pacing.per_account_day = 15;
    })
    .await
    else {
        return;
    };
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

async fn a_stop_is_obeyed_by_both(db: Db) {
    let Some((world, processes)) = world(db, |config| config.pacing.batch = 1).await else {
        return;
    };
    cleared(&world, 8).await;
    for ctx in &processes {
        work::deliver::run_once(ctx).await.unwrap();
    }
    assert_eq!(world.town.posts().len(), 3);
    let asha = states::desk(&world, "asha").await;
    world.ctx.store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    for _ in 0..5 {
        let runs = processes
            .iter()
            .cloned()
            .map(|ctx| tokio::spawn(async move { work::deliver::run_once(&ctx).await.unwrap() }));
        for run in runs.collect::<Vec<_>>() {
            run.await.unwrap();
        }
        world.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(world.town.posts().len(), 3);
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
