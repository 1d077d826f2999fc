//! Stop means stop, and after a restore nothing sends.

use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    destinations::Permit as _,
    domain::{delivery::StateName, escalation::EscalationState, pacing::Why},
    work::{
        self,
        switch::{SendPermit, Switch},
    },
};

use super::{deliver, desk, sweep};
use crate::support::{
    fake_mastodon::{Ask, Trick},
    world::{World, start},
};

async fn stop(world: &World) {
    let asha = desk(world, "asha").await;
    world.ctx.store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
}

async fn resume(world: &World) -> u64 {
    let dcp = world.person("dcp").await.as_approver(world.now()).unwrap();
    world.ctx.store.resume(&world.by("dcp"), &dcp).await.unwrap()
}

fn permit(world: &World, clock: &Clock, switch: &Switch) -> SendPermit {
    let long = clock.steady() + SignedDuration::from_hours(1);
    SendPermit {
        switch: switch.clone(),
        store: world.ctx.store.clone(),
        clock: clock.clone(),
        deadline: long,
        rechecked_until: long,
        authority_until: start().plus(SignedDuration::from_hours(1)),
        past_stop: false,
    }
}

#[tokio::test]
async fn no_request_starts_later_than_one_second_after_stop() {
    let world = World::new().await;
    let (clock, switch) = (world.ctx.clock.clone(), Switch::default());
    let permit = permit(&world, &clock, &switch);
    assert!(permit.check().is_err(), "a switch that was never read lets nothing go");
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    stop(&world).await;
    assert!(permit.check().is_ok(), "read before the stop, and less than a second ago");
    clock.advance(SignedDuration::from_millis(999));
    assert!(permit.check().is_ok());
    clock.advance(SignedDuration::from_millis(1));
    assert!(permit.check().is_err(), "a second after the reading");
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    assert!(permit.check().is_err(), "and the new reading says stop");
}

#[tokio::test]
async fn the_switch_is_read_at_least_four_times_a_second() {
    let world = World::new().await;
    let (clock, switch) = (world.ctx.clock.clone(), Switch::default());
    let permit = permit(&world, &clock, &switch);
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    stop(&world).await;
    clock.advance(SignedDuration::from_millis(250));
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    assert!(permit.check().is_err(), "a quarter of a second later it is read anew");
}

#[tokio::test]
async fn a_permit_is_renewed_by_reading_the_switch_and_never_by_not_reading_it() {
    let world = World::new().await;
    let (clock, switch) = (world.ctx.clock.clone(), Switch::default());
    let permit = permit(&world, &clock, &switch);
    permit.renew().await;
    clock.advance(SignedDuration::from_secs(5));
    assert!(permit.check().is_err(), "what went before took five seconds");
    permit.renew().await;
    assert!(permit.check().is_ok());
    stop(&world).await;
    clock.advance(SignedDuration::from_secs(5));
    permit.renew().await;
    assert!(permit.check().is_err());
    let gone = "ALTER TABLE claim_gate RENAME TO elsewhere";
    crate::support::ledger_sql::run(&world.ledger_url, gone).await;
    clock.advance(SignedDuration::from_secs(5));
    permit.renew().await;
    assert!(permit.check().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_between_claim_and_send_stops_the_send() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let (store, by) = (world.ctx.store.clone(), world.by("asha"));
    let asha = desk(&world, "asha").await;
    world.cases.before_the_next_recheck(move |_| {
        tokio::task::block_in_place(|| {
            let stop = store.stop(&by, &asha, "an incident");
            tokio::runtime::Handle::current().block_on(stop).unwrap();
        });
    });
    deliver(&world).await;
    assert_eq!(world.town.asked(Ask::Post), 0);
    let row = world.again(&row).await;
    assert_eq!(row.deliveries[0].delivery.name(), StateName::Waiting);
    assert_eq!(row.deliveries[0].sent_at, None);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_stops_every_send() {
    let world = World::new().await;
    let (clock, switch) = (world.ctx.clock.clone(), Switch::default());
    let permit = permit(&world, &clock, &switch);
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    let gone = "ALTER TABLE claim_gate RENAME TO elsewhere";
    crate::support::ledger_sql::run(&world.ledger_url, gone).await;
    clock.advance(SignedDuration::from_secs(1));
    assert!(switch.refresh(&world.ctx.store, &clock).await.is_err());
    assert!(permit.check().is_err());
}

#[tokio::test]
async fn resume_re_holds_everything_that_waited() {
    let world = World::new().await;
    let rows = [world.cleared("ZPPL").await, world.cleared("ZNMN").await];
    stop(&world).await;
    world.run_once().await;
    assert_eq!(world.town.asked(Ask::Post), 0);
    assert_eq!(resume(&world).await, 2);
    world.run_once().await;
    assert_eq!(world.town.asked(Ask::Post), 0, "nothing goes out on yesterday's approval");
    for row in &rows {
        assert_eq!(world.again(row).await.escalation.state(), EscalationState::Held);
        world.approve(&world.again(row).await).await;
    }
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2);
}

#[tokio::test]
async fn what_was_uncertain_at_the_stop_needs_a_new_clearance_to_be_sent_again() {
    let mut world = World::new().await;
    world.connect("unit", true).await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorBefore(503));
    deliver(&world).await;
    stop(&world).await;
    resume(&world).await;
    for _ in 0..3 {
        world.pass(SignedDuration::from_secs(31));
        sweep(&world).await;
        deliver(&world).await;
    }
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    assert_eq!(world.town.asked(Ask::Post), 1);
    world.approve(&world.again(&row).await).await;
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn after_a_restore_nothing_sends() {
    let world = World::new().await;
    let waiting = world.cleared("ZPPL").await;
    let by = world.by("root");
    world.ctx.store.mark_restored(&by, "the disk was replaced").await.unwrap();
    assert_eq!(world.states(&waiting).await, [StateName::Uncertain], "it may have gone out since");
    let other = world.cleared("ZNMN").await;
    for _ in 0..3 {
        world.run_once().await;
        world.pass(SignedDuration::from_mins(2));
    }
    assert_eq!(world.town.asked(Ask::Post), 0);
    let actor = world.ctx.actor("story");
    let rules = work::deliver::rules(&world.ctx);
    let claimed = world.ctx.store.claim(&actor, &rules).await.unwrap();
    assert!(claimed.waiting.iter().all(|(_, why)| matches!(why, Why::Restored)));

    let dcp = takaza::domain::ids::PersonId::new("dcp");
    world.ctx.store.accept_restore(&world.by("dcp"), &dcp).await.unwrap();
    world.run_once().await;
    assert_eq!(world.town.asked(Ask::Post), 0, "and what waited is held again");
    assert_eq!(world.again(&other).await.escalation.state(), EscalationState::Held);
    assert_eq!(world.states(&waiting).await, [StateName::Uncertain], "looked for, and it asks");
}

#[tokio::test]
async fn a_post_made_since_the_backup_is_found_and_not_made_twice() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    // The backup was taken before the post; the post is there.
    let text = row.escalation.contents[0].text.clone();
    let id = world.town.post_in_our_name(&text);
    world.ctx.store.mark_restored(&world.by("root"), "fail-over").await.unwrap();
    sweep(&world).await;
    let now = world.again(&row).await;
    let takaza::domain::delivery::State::Delivered(receipt) = now.deliveries[0].delivery.state()
    else {
        panic!("it is found: {:?}", now.deliveries[0].delivery.state());
    };
    assert_eq!(receipt.id, id);
}
