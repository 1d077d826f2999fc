//! What comes back, and who said it.

use std::collections::HashSet;

use jiff::SignedDuration;
use takaza::{
    destinations::{Destination as _, Unread},
    domain::engagement::{EngagementKind, Heard},
};

use super::{connect, outcome};
use crate::support::{
    claimed::{Wanted, watched},
    fake_bluesky::{Ask, FakeBluesky, Quirk, Trick},
};

async fn posted(fake: &FakeBluesky) -> String {
    outcome(&connect(fake), &Wanted::tag(1, fake.now())).await;
    fake.posts()[0].uri()
}

fn of_kind(heard: &[Heard], kind: EngagementKind) -> Vec<&Heard> {
    heard.iter().filter(|one| one.kind == kind).collect()
}

fn names(heard: &[Heard]) -> HashSet<(EngagementKind, String, String)> {
    heard.iter().map(|one| (one.kind, one.platform_id.clone(), one.on_post.clone())).collect()
}

#[tokio::test]
async fn replies_at_every_depth_likes_reposts_and_quotes_are_heard_with_their_authors() {
    let fake = FakeBluesky::start().await;
    let post = posted(&fake).await;
    let bank = fake.account("Peepal.example");
    let other = fake.account("someone.example");
    let reply = fake.reply(&post, &bank, "We are looking into it.\nRef GGM-T0001");
    let nested = fake.reply(&reply, &other, "Please hurry");
    let quote = fake.quote(&post, &other, "Look at this");
    fake.like(&post, &bank);
    fake.repost(&post, &other);
    fake.reply(&post, &fake.did(), "Our own answer is no engagement");

    let heard = connect(&fake).engagement(&watched(&post)).await.unwrap();
    assert_eq!(heard.len(), 5, "{heard:#?}");
    assert!(heard.iter().all(|one| one.on_post == post));
    let replies = of_kind(&heard, EngagementKind::Reply);
    let first = replies.iter().find(|one| one.platform_id == reply).unwrap();
    assert_eq!((&first.author.stable_id, first.author.handle.as_str()), (&bank, "peepal.example"));
    assert_eq!(first.at, Some(fake.now()));
    assert_eq!(first.text.as_deref(), Some("We are looking into it.\nRef GGM-T0001"));
    assert!(replies.iter().any(|one| one.platform_id == nested));
    assert_eq!(of_kind(&heard, EngagementKind::Quote)[0].platform_id, quote);
    let like = of_kind(&heard, EngagementKind::Like)[0];
    assert_eq!((like.platform_id.clone(), &like.text), (format!("like:{bank}"), &None));
    assert_eq!(of_kind(&heard, EngagementKind::Repost)[0].author.stable_id, other);
}

#[tokio::test]
async fn long_lists_are_paged() {
    let fake = FakeBluesky::start().await;
    let post = posted(&fake).await;
    for n in 0..250 {
        let by = fake.account(&format!("fan{n}.example"));
        fake.like(&post, &by);
    }
    let heard = connect(&fake).engagement(&watched(&post)).await.unwrap();
    assert_eq!((names(&heard).len(), fake.asked(Ask::Likes)), (250, 3));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_fails_the_reading() {
    let fake = FakeBluesky::start().await;
    let post = posted(&fake).await;
    for ask in [Ask::Thread, Ask::Likes, Ask::RepostedBy, Ask::Quotes] {
        for trick in
            [Trick::ErrorBefore(503), Trick::Html(200), Quirk::Refuse(400, "NotFound").into()]
        {
            fake.hostile_on(ask, 1, trick);
            let failed = connect(&fake).engagement(&watched(&post)).await.unwrap_err();
            assert!(matches!(failed, Unread::Failed { .. }), "{failed:?}");
        }
    }
}

#[tokio::test]
async fn notifications_go_on_from_the_cursor_and_name_things_as_the_thread_does() {
    let fake = FakeBluesky::start().await;
    let (post, bluesky) = (posted(&fake).await, connect(&fake));
    let bank = fake.account("peepal.example");
    assert_eq!(bluesky.mentions(None).await.unwrap().cursor, None);

    fake.reply(&post, &bank, "We are on it");
    fake.like(&post, &bank);
    fake.repost(&post, &bank);
    fake.quote(&post, &bank, "Our answer");
    let first = bluesky.mentions(None).await.unwrap();
    let thread = bluesky.engagement(&watched(&post)).await.unwrap();
    assert_eq!(names(&first.heard), names(&thread));
    assert!(first.heard.iter().all(|one| one.at.is_some()));

    let cursor = first.cursor.unwrap();
    let none = bluesky.mentions(Some(&cursor)).await.unwrap();
    // What is told again bears the same names: the ledger knows it.
    assert!(names(&none.heard).is_subset(&names(&first.heard)));
    assert_eq!(none.cursor, None);

    fake.advance(SignedDuration::from_hours(1));
    let mention = fake.mention(&bank, "@unit.example GGM-T0001 is done");
    let next = bluesky.mentions(Some(&cursor)).await.unwrap();
    let heard = next.heard.iter().find(|one| one.platform_id == mention).unwrap();
    assert_eq!((heard.kind, heard.on_post.as_str()), (EngagementKind::Reply, ""));
    assert!(next.cursor.is_some_and(|next| next > cursor));
}

#[tokio::test]
async fn notifications_are_read_back_to_the_cursor_over_every_page_and_no_further() {
    let fake = FakeBluesky::start().await;
    let (post, bluesky) = (posted(&fake).await, connect(&fake));
    let bank = fake.account("peepal.example");
    for n in 0..250 {
        fake.reply(&post, &bank, &format!("An old reply, number {n}"));
    }
    let cursor = bluesky.mentions(None).await.unwrap().cursor.unwrap();
    assert_eq!(fake.asked(Ask::Notifications), 1);
    fake.advance(SignedDuration::from_hours(1));
    for n in 0..150 {
        fake.reply(&post, &bank, &format!("A reply, number {n}"));
    }
    let next = bluesky.mentions(Some(&cursor)).await.unwrap();
    let new = next.heard.iter().filter(|one| one.at == Some(fake.now())).count();
    assert_eq!((new, names(&next.heard).len()), (150, 400));
    fake.advance(SignedDuration::from_hours(1));
    fake.reply(&post, &bank, "The last one");
    let last = bluesky.mentions(next.cursor.as_deref()).await.unwrap();
    assert!(last.heard.len() <= 201, "{}", last.heard.len());
}

#[tokio::test]
async fn a_reply_that_no_notification_tells_is_in_the_thread() {
    let fake = FakeBluesky::start().await;
    let (post, bluesky) = (posted(&fake).await, connect(&fake));
    let bank = fake.account("peepal.example");
    let reply = fake.reply_unnoticed(&post, &bank, "Marked, all four");
    assert_eq!(bluesky.mentions(None).await.unwrap().heard, []);
    let heard = bluesky.engagement(&watched(&post)).await.unwrap();
    assert_eq!(heard[0].platform_id, reply);
}
