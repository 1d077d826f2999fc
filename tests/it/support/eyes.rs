//! A person who looks at a hostile peer with their own eyes, where no look of ours resolves a doubt.

use jiff::SignedDuration;
use takaza::{
    config::Config,
    domain::delivery::{Receipt, State},
    store::EscalationRow,
};

use super::{
    peers::{Peer, Standing},
    world::{Db, World},
};

/// A world whose account lives on this peer, and in which nothing but doubt holds a post back.
pub async fn world_on(
    db: Db,
    start: impl AsyncFnOnce(takaza::clock::Clock) -> std::sync::Arc<dyn Peer>,
    change: impl FnOnce(&mut Config),
) -> Option<World> {
    let mut world = World::with(db, change).await?;
    let peer = start(world.ctx.clock.clone()).await;
    world.move_to(peer).await;
    Some(world)
}

/// No budget and no breaker in the way.
pub fn unhindered(config: &mut Config) {
    config.pacing.per_bank_day = 10_000;
    config.pacing.bank_interval = SignedDuration::ZERO;
    config.pacing.per_account_hour = 10_000;
    config.pacing.per_account_day = 10_000;
    config.breaker.streak = 10_000;
    config.ladder.closures = false;
}

/// The posts about an escalation that stand on the peer.
pub fn posts_of(world: &World, row: &EscalationRow) -> Vec<Standing> {
    let reference = row.escalation.reference.as_str();
    world.peer().posts().into_iter().filter(|post| post.text.contains(reference)).collect()
}

/// Whoever is asked about an escalation's post decides. Nobody may be asked where the destination's
/// own rules say that a second attempt is harmless.
pub async fn a_person_decides(world: &World, row: &EscalationRow) {
    let now = world.again(row).await;
    let delivery = &now.deliveries[0].delivery;
    if !matches!(delivery.state(), State::Uncertain(doubt) if doubt.asks) {
        return;
    }
    let rules = world.ctx.destinations[&delivery.content.account].look_rules();
    assert_eq!(rules.idempotent_for, None, "asked in vain: {:?}", delivery.state());
    // They wait until the server has come to rest: no machine can know that.
    world.peer().release().await;
    let by = world.by("dcp");
    match posts_of(world, row).pop() {
        None => world.ctx.store.decided_not_posted(&by, &delivery.id).await.unwrap(),
        Some(Standing { id, permalink, at, .. }) => {
            let receipt = Receipt { id, permalink, at };
            world.ctx.store.late_receipt(&by, &delivery.id, &receipt).await.unwrap();
        }
    }
}

/// Nothing more was posted than was recorded, and every delivery has its own post.
pub async fn each_has_its_post(world: &World, rows: &[EscalationRow]) {
    for row in rows {
        let now = world.again(row).await;
        let (delivery, posts) = (&now.deliveries[0].delivery, posts_of(world, row));
        let State::Delivered(receipt) = delivery.state() else {
            panic!("lost as {:?}", delivery.state());
        };
        let [post] = &posts[..] else { panic!("{} posts of one delivery", posts.len()) };
        assert_eq!(receipt.id, post.id);
        assert_eq!(post.text, delivery.content.text, "the frozen bytes");
    }
}
