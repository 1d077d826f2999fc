//! Sessions: begun seldom, kept, renewed in time, and never a reason for a second post.

use std::sync::Arc;

use jiff::SignedDuration;
use takaza::{
    destinations::{
        Destination as _, Unread,
        bluesky::{BlueskyConfig, session::BlueskySession},
        tokens::{Renew as _, Unrenewed},
    },
    domain::delivery::OutcomeKind,
};

use super::{config, connect, connect_as, outcome};
use crate::support::{
    claimed::Wanted,
    fake_bluesky::{Ask, FakeBluesky, Quirk, Trick},
    secrets,
};

fn session(fake: &FakeBluesky) -> BlueskySession {
    let http = config(fake).http;
    BlueskySession::new(&fake.base_url, fake.did(), fake.password(), &http, fake.clock()).unwrap()
}

#[tokio::test]
async fn one_session_serves_a_day_of_readings_and_the_password_leaves_once() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    for _hour in 0..24 {
        bluesky.whoami().await.unwrap();
        fake.advance(SignedDuration::from_hours(1));
    }
    assert_eq!(fake.asked(Ask::Login), 1);
    // Two hours each, renewed two minutes before their end.
    assert_eq!(fake.asked(Ask::Refresh), 11);
}

#[tokio::test]
async fn a_token_that_ends_in_mid_send_leaves_the_post_unsent_and_the_next_attempt_makes_it() {
    let fake = FakeBluesky::start().await;
    let (bluesky, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
    bluesky.whoami().await.unwrap();
    outcome(&bluesky, &Wanted::tag(2, fake.now())).await;
    fake.end_access();
    let first = outcome(&bluesky, &wanted).await;
    assert_eq!(first.kind(), OutcomeKind::NotSent, "{first:?}");
    assert!(first.reason().contains("renewed"), "{first:?}");
    assert_eq!((fake.made(), fake.asked(Ask::Refresh)), (1, 1));
    assert_eq!(outcome(&bluesky, &wanted).await.kind(), OutcomeKind::Accepted);
    assert_eq!((fake.made(), fake.asked(Ask::Login)), (2, 1));
}

#[tokio::test]
async fn a_reading_whose_token_has_ended_is_asked_once_more_with_a_new_one() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    bluesky.whoami().await.unwrap();
    fake.end_sessions();
    bluesky.whoami().await.unwrap();
    // The refresh token was refused, so a new session began.
    let asked = (fake.asked(Ask::Session), fake.asked(Ask::Refresh), fake.asked(Ask::Login));
    assert_eq!(asked, (3, 1, 2));

    fake.always(Ask::Session, Quirk::Refuse(401, "AuthMissing"));
    let blocked = bluesky.whoami().await.unwrap_err();
    assert!(matches!(blocked, Unread::AccountBlocked { .. }), "{blocked:?}");
    assert_eq!(fake.asked(Ask::Session), 5);
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_hours_neither_kills_a_token_nor_keeps_it_too_long() {
    for off in [-5, 5] {
        let fake = FakeBluesky::start().await;
        let clock = fake.clock_ahead(SignedDuration::from_hours(off));
        let bluesky = connect_as(&fake, BlueskyConfig { clock, ..config(&fake) });
        for _reading in 0..5 {
            bluesky.whoami().await.unwrap();
        }
        assert_eq!((fake.asked(Ask::Login), fake.asked(Ask::Refresh)), (1, 0), "{off}");
        fake.advance(SignedDuration::from_mins(119));
        bluesky.whoami().await.unwrap();
        assert_eq!((fake.asked(Ask::Refresh), fake.asked(Ask::Session)), (1, 6), "{off}");
    }
}

#[tokio::test]
async fn the_password_is_sent_a_few_times_an_hour_at_most() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    for _again in 0..20 {
        fake.end_sessions();
        let _whatever = bluesky.whoami().await;
    }
    assert_eq!(fake.asked(Ask::Login), 4);
    let later = bluesky.whoami().await.unwrap_err();
    assert!(
        !matches!(later, Unread::AccountBlocked { .. }),
        "it is only a matter of time: {later:?}"
    );
}

#[tokio::test]
async fn a_renewal_that_was_lost_loses_nothing() {
    let fake = FakeBluesky::start().await;
    let session = session(&fake);
    let first = session.renew(None).await.unwrap();
    for trick in [Trick::DropAfter, Trick::ErrorAfter(502), Trick::Truncated, Trick::Html(503)] {
        fake.hostile_on(Ask::Refresh, 1, trick.clone());
        let lost = session.renew(Some(&first)).await.unwrap_err();
        assert!(matches!(lost, Unrenewed::NotNow { .. }), "{trick:?}: {lost:?}");
    }
    let next = session.renew(Some(&first)).await.unwrap();
    assert!(next.refresh.is_some());
    assert_eq!(fake.asked(Ask::Login), 1);
}

#[tokio::test]
async fn a_wrong_password_and_a_blocked_account_ask_for_a_person() {
    let fake = FakeBluesky::start().await;
    for name in ["AuthenticationRequired", "AccountTakedown", "AuthFactorTokenRequired"] {
        fake.hostile_on(Ask::Login, 1, Quirk::Refuse(401, name));
        let refused = session(&fake).renew(None).await.unwrap_err();
        let Unrenewed::Refused { reason } = &refused else { panic!("{refused:?}") };
        assert!(reason.contains(name) && !reason.contains(secrets::MARK), "{reason}");
    }
    fake.hostile_on(Ask::Login, 1, Trick::RateLimited(vec![("retry-after", "60".to_owned())]));
    let later = session(&fake).renew(None).await.unwrap_err();
    assert!(matches!(later, Unrenewed::NotNow { .. }), "{later:?}");
}

#[tokio::test]
async fn a_session_that_was_ended_cannot_be_renewed() {
    let fake = FakeBluesky::start().await;
    let session = session(&fake);
    let grant = session.renew(None).await.unwrap();
    session.end(&grant).await.unwrap();
    assert_eq!(fake.asked(Ask::EndSession), 1);
    session.renew(Some(&grant)).await.unwrap();
    assert_eq!((fake.asked(Ask::Refresh), fake.asked(Ask::Login)), (1, 2));
}

#[tokio::test]
async fn many_readings_at_once_begin_one_session() {
    let fake = FakeBluesky::start().await;
    let bluesky = Arc::new(connect(&fake));
    let readings = (0..20).map(|_| {
        let bluesky = Arc::clone(&bluesky);
        async move { bluesky.whoami().await.map(|_| ()) }
    });
    for read in futures::future::join_all(readings).await {
        read.unwrap();
    }
    assert_eq!(fake.asked(Ask::Login), 1);
}
