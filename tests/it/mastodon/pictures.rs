//! The picture of a post: it goes before the post, and whatever becomes of it is no doubt about one.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use takaza::{
    destinations::{
        Destination as _, NotNow, Permit, Sent,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::delivery::{Outcome, OutcomeKind},
};

use super::{config, connect, impatient, outcome};
use crate::support::{
    claimed::{Wanted, claim},
    fake_mastodon::{Ask, FakeMastodon, Quirk, Trick},
    permits::Yes,
};

fn pictured(fake: &FakeMastodon) -> Wanted {
    // Bytes that a careless form would break.
    let png = b"\x89PNG\r\n\x1a\n--takaza\r\n\r\n\x00\xff".repeat(1_000);
    Wanted { picture: Some(png), ..Wanted::tag(1, fake.now()) }
}

/// One that asks a busy server again at once.
fn quick(fake: &FakeMastodon) -> Mastodon {
    let picture_waits = (4, Duration::from_millis(1));
    Mastodon::connect(MastodonConfig { picture_waits, ..config(fake) }).expect("it is good")
}

#[tokio::test]
async fn the_picture_goes_first_and_the_post_bears_it() {
    for busy in [0, 3] {
        let fake = FakeMastodon::start().await;
        fake.works_on_pictures(busy);
        let wanted = pictured(&fake);
        let sent = outcome(&quick(&fake), &wanted).await;
        assert_eq!(sent.kind(), OutcomeKind::Accepted, "{sent:?}");
        let (media, posts) = (fake.media(), fake.posts());
        assert_eq!((media.len(), posts.len()), (1, 1));
        assert_eq!(Some(&media[0].bytes), wanted.picture.as_ref());
        assert_eq!(media[0].alt, wanted.content().picture.unwrap().alt);
        assert_eq!(posts[0].media, [media[0].id.clone()]);
        assert_eq!(fake.asked(Ask::MediaStatus), if busy > 0 { busy as usize + 1 } else { 0 });
    }
}

#[tokio::test]
async fn whatever_a_server_does_to_a_picture_no_post_is_in_doubt() {
    for (trick, kind) in [
        (Trick::DropBefore, OutcomeKind::NotSent),
        (Trick::DropAfter, OutcomeKind::NotSent),
        (Trick::ErrorBefore(500), OutcomeKind::NotSent),
        (Trick::ErrorAfter(504), OutcomeKind::NotSent),
        (Trick::Html(502), OutcomeKind::NotSent),
        (Trick::Redirect(307), OutcomeKind::NotSent),
        (Trick::Truncated, OutcomeKind::NotSent),
        (Trick::HugeBody, OutcomeKind::NotSent),
        (Trick::ErrorBefore(413), OutcomeKind::Refused),
        (Trick::ErrorBefore(422), OutcomeKind::Refused),
        (Trick::RateLimited(vec![("retry-after", "60".to_owned())]), OutcomeKind::Throttled),
        (Quirk::Unauthorized.into(), OutcomeKind::AccountBlocked),
        (Quirk::Suspended.into(), OutcomeKind::AccountBlocked),
    ] {
        let fake = FakeMastodon::start().await;
        fake.hostile_on(Ask::Media, 1, trick.clone());
        let sent = outcome(&connect(&fake), &pictured(&fake)).await;
        assert_eq!(sent.kind(), kind, "{trick:?}: {sent:?}");
        assert!(sent.reason().contains("picture"), "{trick:?}: {}", sent.reason());
        assert_eq!((fake.asked(Ask::Post), fake.made(), fake.trapped()), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_server_that_never_finishes_with_a_picture_gets_no_post() {
    let fake = FakeMastodon::start().await;
    fake.works_on_pictures(u32::MAX);
    let sent = outcome(&quick(&fake), &pictured(&fake)).await;
    assert_eq!(sent.kind(), OutcomeKind::NotSent, "{sent:?}");
    assert_eq!((fake.asked(Ask::MediaStatus), fake.asked(Ask::Post)), (4, 0));

    let fake = FakeMastodon::start().await;
    fake.hostile_on(Ask::Media, 1, Trick::LateBefore);
    let (hasty, wanted) = (impatient(&fake), pictured(&fake));
    let sent = outcome(&hasty, &wanted).await;
    assert_eq!(sent.kind(), OutcomeKind::NotSent, "{sent:?}");
    fake.release().await;
    assert_eq!((fake.media().len(), fake.made()), (1, 0), "it lies there, and nobody sees it");
}

#[tokio::test]
async fn a_post_that_fails_after_its_picture_is_in_doubt_and_its_key_makes_no_second_one() {
    let fake = FakeMastodon::start().await;
    let (mastodon, wanted) = (connect(&fake), pictured(&fake));
    fake.hostile(Trick::ErrorAfter(504));
    assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Unknown);
    let again = outcome(&mastodon, &wanted).await;
    assert_eq!(again.kind(), OutcomeKind::Accepted, "{again:?}");
    assert_eq!((fake.made(), fake.posts().len()), (1, 1));
    let (first, post) = (fake.media()[0].id.clone(), fake.posts().remove(0));
    assert_eq!(post.media, [first], "the first picture, for the key alone decides");
}

/// Says yes so often, and then no.
struct Until(usize, AtomicUsize);

impl Permit for Until {
    fn check(&self) -> Result<(), NotNow> {
        if self.1.fetch_add(1, Ordering::SeqCst) < self.0 {
            return Ok(());
        }
        Err(NotNow { reason: "the stop switch is on".to_owned() })
    }
}

#[tokio::test]
async fn a_stop_between_picture_and_post_keeps_the_post_here() {
    // The picture's request asks twice (as it begins, and as its bytes leave), then the post's does.
    for (yes, pictures) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
        let fake = FakeMastodon::start().await;
        let permit = Until(yes, AtomicUsize::new(0));
        let sent = connect(&fake).send(&pictured(&fake).claim(), &permit).await;
        assert!(matches!(sent, Sent::NotNow(_)), "{yes}: {sent:?}");
        assert_eq!((fake.media().len(), fake.made()), (pictures, 0), "{yes}");
    }
}

#[tokio::test]
async fn a_text_whose_picture_nobody_brought_is_not_what_was_approved() {
    let fake = FakeMastodon::start().await;
    let wanted = pictured(&fake);
    let bare = claim(wanted.delivery(), wanted.clearance(), wanted.now);
    assert!(bare.clone().with_picture(b"others".to_vec()).is_err());
    let sent = connect(&fake).send(&bare, &Yes::default()).await;
    assert!(matches!(sent, Sent::Attempted(Outcome::NotSent { .. })), "{sent:?}");
    assert_eq!((fake.asked(Ask::Media), fake.asked(Ask::Post)), (0, 0));
}
