//! What is said of an attempt whose end nobody saw, and what looking settles about it, whatever the
//! destination. What one platform alone may answer, and what its timeline tells besides, stands in the
//! stories about it (`mastodon`, `x`, `bluesky`).

use std::sync::Arc;

use takaza::{
    clock::Clock,
    destinations::Destination,
    domain::{
        delivery::{Look, OutcomeKind, StateName},
        ids::AccountName,
        platform::Platform,
    },
};

use crate::support::{
    claimed::{Wanted, found, outcome},
    peers::{Mischief, Peer, every_peer},
    world,
};

/// A server, a connection to it, and the clock of both.
struct Story {
    peer: Arc<dyn Peer>,
    destination: Arc<dyn Destination>,
    clock: Clock,
}

impl Story {
    async fn on(start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) -> Self {
        let clock = Clock::stepped(world::start());
        let peer = start(clock.clone()).await;
        let destination = peer.connect(&AccountName::new("unit"), &clock);
        Self { peer, destination, clock }
    }

    fn ids(&self) -> Vec<String> {
        self.peer.posts().into_iter().map(|post| post.id).collect()
    }
}

async fn a_late_answer_is_unknown(start: impl AsyncFn(Clock) -> Arc<dyn Peer>) {
    for (mischief, made) in [(Mischief::LateBefore, 0), (Mischief::LateAfter, 1)] {
        let Story { peer, destination, clock } = Story::on(&start).await;
        if peer.play(mischief).is_none() {
            continue;
        }
        let outcome = outcome(destination.as_ref(), &Wanted::tag(1, clock.now())).await;
        assert_eq!(outcome.kind(), OutcomeKind::Unknown, "{mischief:?}: {outcome:?}");
        assert_eq!(peer.made(), made, "{mischief:?}");
        // The sandbox's door does not keep its asker waiting.
        if peer.account().platform != Platform::Sandbox {
            assert_eq!(outcome.reason(), "no answer in time: operation timed out");
        }
    }
}

async fn a_retraction_deletes(start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let story = Story::on(start).await;
    let ours = story.destination.as_ref();
    let post = story.peer.post_in_our_name("What needs to be retracted");
    let kept = story.peer.post_in_our_name("What stays");
    let wanted = Wanted::retraction(1, &post, story.clock.now());
    assert_eq!(ours.look(&wanted.attempted()).await, Look::NotThere);
    for again in [false, true] {
        assert_eq!(outcome(ours, &wanted).await.kind(), OutcomeKind::Accepted, "again: {again}");
        assert_eq!(story.ids(), [kept.as_str()], "again: {again}");
    }
    assert_eq!(found(&ours.look(&wanted.attempted()).await), Some(post.as_str()));
}

async fn looking_settles_a_retraction(start: impl AsyncFn(Clock) -> Arc<dyn Peer>) {
    for (mischief, gone) in [
        (Mischief::DropAfter, true),
        (Mischief::ErrorAfter(504), true),
        (Mischief::DropBefore, false),
        (Mischief::ErrorBefore(503), false),
    ] {
        let story = Story::on(&start).await;
        let ours = story.destination.as_ref();
        let post = story.peer.post_in_our_name("What needs to be retracted");
        let wanted = Wanted::retraction(1, &post, story.clock.now());
        story.peer.play_on_delete(mischief).unwrap();
        assert_eq!(outcome(ours, &wanted).await.kind(), OutcomeKind::Unknown, "{mischief:?}");
        let look = ours.look(&wanted.attempted()).await;
        assert_eq!(story.ids().is_empty(), gone, "{mischief:?}");
        assert_eq!(found(&look).is_some(), gone, "{mischief:?}: {look:?}");
    }
}

async fn a_late_post_is_found(start: impl AsyncFnOnce(Clock) -> Arc<dyn Peer>) {
    let Story { peer, destination, clock } = Story::on(start).await;
    let (wanted, rules) = (Wanted::tag(1, clock.now()), destination.look_rules());
    peer.play(Mischief::LateBefore).unwrap();
    let claimed = wanted.claim();
    let outcome = outcome(destination.as_ref(), &wanted).await;
    peer.somebody_is_parked().await;
    let mut delivery = claimed.delivery().clone();
    delivery.record(&claimed.lease().token, &outcome, clock.now(), rules).unwrap();
    assert_eq!(delivery.name(), StateName::Uncertain);

    let pass = || {
        clock.advance(rules.grace);
        peer.advance(rules.grace);
    };
    pass();
    let first = destination.look(&delivery).await;
    assert_eq!(first, Look::NotThere);
    delivery.looked(&first, clock.now(), rules).unwrap();
    assert_eq!(delivery.name(), StateName::Uncertain, "one empty look proves nothing");

    peer.release().await;
    pass();
    delivery.looked(&destination.look(&delivery).await, clock.now(), rules).unwrap();
    assert_eq!(delivery.name(), StateName::Delivered);
    assert_eq!((peer.made(), peer.posts().len()), (1, 1));
}

macro_rules! on_each {
    ($($peer:ident),* $(,)?) => { $(
        mod $peer {
            use crate::support::peers::$peer;

            #[tokio::test]
            async fn an_answer_that_comes_too_late_is_unknown_whether_it_was_done_or_not() {
                super::a_late_answer_is_unknown($peer).await;
            }

            #[tokio::test]
            async fn a_retraction_deletes_and_a_post_that_is_gone_already_is_retracted() {
                super::a_retraction_deletes($peer).await;
            }

            #[tokio::test]
            async fn a_retraction_whose_end_nobody_saw_is_settled_by_looking() {
                super::looking_settles_a_retraction($peer).await;
            }

            #[tokio::test]
            async fn not_there_needs_two_looks_and_a_post_that_comes_between_them_is_found() {
                super::a_late_post_is_found($peer).await;
            }
        }
    )* };
}

every_peer!(on_each);
