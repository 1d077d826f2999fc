//! A hand-off is the same path with a person as the sender: its recheck stands on the record too.

use serde_json::Value as Json;
use takaza::{
    domain::{delivery::StateName, ids::DeliveryId, platform::Sender},
    store::ExportRules,
    work,
};

use super::desk;
use crate::support::world::World;

/// A hand-off that waits to be taken, and its delivery.
async fn waiting() -> (World, DeliveryId) {
    let mut world = World::new().await;
    world.hand_off("by-hand").await;
    let row = world.cleared("ZPPL").await;
    let by_hand = row.deliveries.iter().find(|row| row.delivery.content.account.as_str() != "unit");
    let id = by_hand.expect("a delivery for the hand-off").delivery.id.clone();
    (world, id)
}

/// What the record has about a delivery, in order: act and body.
async fn acts(world: &World, id: &DeliveryId) -> Vec<(String, Json)> {
    let history = world.ctx.store.history_of(id.as_str()).await.unwrap();
    let entries = history.entries.into_iter().map(|(_, entry)| entry);
    let own = entries.filter(|entry| entry.subject == id.as_str());
    own.map(|entry| (entry.act, entry.body)).collect()
}

#[tokio::test]
async fn a_hand_offs_recheck_is_on_the_record_before_the_officer_sees_the_text() {
    let (world, id) = waiting().await;
    let (by, asha) = (world.by("asha"), desk(&world, "asha").await);
    let asked = world.now();
    work::hand_off::take(&world.ctx, &by, &asha, &id).await.unwrap();
    assert_eq!(world.cases.rechecks(), 1);
    let acts = acts(&world, &id).await;
    let names: Vec<_> = acts.iter().map(|(act, _)| act.as_str()).collect();
    assert_eq!(names, ["delivery.claimed", "delivery.rechecked"]);
    let recheck = &acts[1].1["recheck"];
    assert_eq!(recheck["members"], "5");
    assert_eq!(recheck["at"], serde_json::json!(asked.micros().to_string()));

    let mut out = Vec::new();
    let rules = ExportRules { alias_key: b"a key", vkey: "a vkey", limits: Json::Null };
    world.ctx.store.export(&mut out, &rules).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines = out.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let post = lines.into_iter().find(|line| line["delivery"] == id.as_str()).unwrap();
    assert_eq!(post["acts"][1]["recheck"], *recheck, "an outsider can read it: {post:#}");
}

#[tokio::test]
async fn a_hand_off_that_is_no_longer_true_is_withdrawn_and_leaves_no_recheck() {
    let (world, id) = waiting().await;
    let (by, asha, now) = (world.by("asha"), desk(&world, "asha").await, world.now());
    world.cases.before_the_next_recheck(move |cases| cases.acts("ZPPL-2", now));
    let refused = work::hand_off::take(&world.ctx, &by, &asha, &id).await.unwrap_err();
    assert!(refused.to_string().contains("must not be posted"), "{refused}");
    let row = world.ctx.store.delivery(id.as_str()).await.unwrap();
    assert_eq!(row.delivery.name(), StateName::Withdrawn);
    let acts = acts(&world, &id).await;
    assert!(acts.iter().all(|(act, _)| act != "delivery.rechecked"), "{acts:?}");
}

#[tokio::test]
async fn a_link_to_a_text_that_nobody_took_is_stored_and_trips_the_breaker() {
    let (world, id) = waiting().await;
    let (by, asha) = (world.by("asha"), desk(&world, "asha").await);
    let done = async |link: &str| work::hand_off::done(&world.ctx, &by, &asha, &id, link).await;
    let no_post = done("https://x.com/unit/status/abc").await.unwrap_err();
    assert!(no_post.to_string().contains("not a link to a post"), "{no_post}");
    let posted = done("https://x.com/unit/status/1859").await.unwrap();
    assert!(posted.unclaimed && !posted.second, "{posted:?}");
    let row = world.ctx.store.delivery(id.as_str()).await.unwrap();
    assert_eq!(row.delivery.name(), StateName::Delivered, "it is out, whoever allowed it");
    let tripped = world.ctx.store.gate().await.unwrap().tripped;
    assert_eq!(tripped.as_deref(), Some("a text was posted that nobody had claimed"));
    let acts = acts(&world, &id).await;
    assert_eq!(acts.last().unwrap().1["unclaimed"], true);
    world.run_once().await;
    assert!(world.town.posts().is_empty(), "and nothing else goes out");
}

#[tokio::test]
async fn one_post_is_the_receipt_of_one_text() {
    let (world, id) = waiting().await;
    let (by, asha) = (world.by("asha"), desk(&world, "asha").await);
    let link = "https://x.com/unit/status/1859";
    work::hand_off::take(&world.ctx, &by, &asha, &id).await.unwrap();
    let done = work::hand_off::done(&world.ctx, &by, &asha, &id, link).await.unwrap();
    assert!(!done.unclaimed);
    world.pass(jiff::SignedDuration::from_hours(24));
    world.watch_and_escalate().await;
    let other = world.cleared("ZNMN").await;
    let of_hand = |row: &&takaza::store::DeliveryRow| row.sender == Sender::HandOff;
    let other = &other.deliveries.iter().find(of_hand).unwrap().delivery;
    let twice = work::hand_off::done(&world.ctx, &by, &asha, &other.id, link).await.unwrap_err();
    let row = world.ctx.store.delivery(id.as_str()).await.unwrap();
    let whose = format!("another text of {}", row.delivery.reference);
    assert!(format!("{twice:#}").contains(&whose), "{twice:#}");
    assert_eq!(world.ctx.store.gate().await.unwrap().tripped, None);
}
