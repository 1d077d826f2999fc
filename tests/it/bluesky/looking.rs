//! What our own repository tells, and when it tells nothing.

use jiff::SignedDuration;
use takaza::{
    destinations::Destination as _,
    domain::delivery::{Look, OutcomeKind, StateName},
};

use super::{connect, impatient, outcome};
use crate::support::{
    claimed::{Wanted, found},
    fake_bluesky::{Ask, FakeBluesky, Quirk, Trick},
    secrets,
};

#[tokio::test]
async fn a_post_that_was_made_is_found_at_its_key_and_no_other_is() {
    let fake = FakeBluesky::start().await;
    let wanted = Wanted::tag(1, fake.now());
    fake.hostile(Trick::ErrorAfter(502));
    assert_eq!(outcome(&connect(&fake), &wanted).await.kind(), OutcomeKind::Unknown);
    fake.post_in_our_name(&Wanted::tag(2, fake.now()).text);

    let bluesky = connect(&fake);
    let look = bluesky.look(&wanted.attempted()).await;
    assert_eq!(found(&look), Some(fake.posts()[0].uri().as_str()));
    assert_eq!(bluesky.look(&Wanted::tag(2, fake.now()).attempted()).await, Look::NotThere);
    assert_eq!(fake.asked(Ask::ListRecords), 0);
}

#[tokio::test]
async fn our_own_words_altered_are_still_our_post_and_the_ledger_compares_them() {
    let fake = FakeBluesky::start().await;
    let (bluesky, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
    outcome(&bluesky, &wanted).await;
    let uri = fake.posts()[0].uri();
    fake.alter_behind_our_back(&uri, &wanted.text.replace("12,00,000", "99,00,000"));
    assert_eq!(found(&bluesky.look(&wanted.attempted()).await), Some(uri.as_str()));
    let since = fake.now().minus(SignedDuration::from_hours(1));
    assert!(bluesky.own_posts(since).await.unwrap()[0].text.contains("99,00,000"));
}

#[tokio::test]
async fn whatever_is_no_clear_answer_is_blind() {
    for (ask, trick) in [
        (Ask::GetRecord, Trick::ErrorBefore(500)),
        (Ask::GetRecord, Trick::Html(200)),
        (Ask::GetRecord, Trick::Html(404)),
        (Ask::GetRecord, Trick::Truncated),
        (Ask::GetRecord, Trick::HugeBody),
        (Ask::GetRecord, Trick::Redirect(302)),
        (Ask::GetRecord, Trick::RateLimited(vec![])),
        (Ask::GetRecord, Quirk::Refuse(400, "InvalidRequest").into()),
        (Ask::GetRecord, Quirk::Refuse(400, "InvalidToken").into()),
        // The record is missing, but of a server that does not know us that is no proof.
        (Ask::Session, Trick::Html(404)),
        (Ask::Session, Quirk::Refuse(400, "InvalidRequest").into()),
    ] {
        let fake = FakeBluesky::start().await;
        let bluesky = connect(&fake);
        bluesky.whoami().await.unwrap();
        fake.always(ask, trick.clone());
        let look = bluesky.look(&Wanted::tag(1, fake.now()).attempted()).await;
        let Look::Blind { reason } = look else { panic!("{ask:?} {trick:?}: {look:?}") };
        assert!(!reason.contains("doctype") && !reason.contains(secrets::MARK), "{reason}");
        assert_eq!(fake.trapped(), 0);
    }
}

#[tokio::test]
async fn an_account_that_is_not_active_is_blocked_not_empty() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    bluesky.whoami().await.unwrap();
    for (status, words) in [("deactivated", "deactivated"), ("takendown", "user info")] {
        fake.status(Some(status));
        let wanted = Wanted::tag(1, fake.now());
        let look = bluesky.look(&wanted.attempted()).await;
        assert!(matches!(&look, Look::Blind { reason } if reason.contains(words)), "{look:?}");
        for process in [&bluesky, &connect(&fake)] {
            let blocked = outcome(process, &wanted).await;
            assert_eq!(blocked.kind(), OutcomeKind::AccountBlocked, "{status}: {blocked:?}");
        }
    }
    assert_eq!(fake.made(), 0);
}

#[tokio::test]
async fn words_that_come_back_changed_are_found_only_with_our_reference() {
    let fake = FakeBluesky::start().await;
    let (bluesky, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
    outcome(&bluesky, &wanted).await;
    fake.hostile_on(Ask::GetRecord, 1, Quirk::OtherText("Good morning!"));
    assert_eq!(bluesky.look(&wanted.attempted()).await, Look::NoWay);
    fake.hostile_on(Ask::GetRecord, 1, Quirk::OtherText("Ref GGM-T0001"));
    assert_eq!(bluesky.look(&wanted.attempted()).await, Look::NoWay);
    assert!(found(&bluesky.look(&wanted.attempted()).await).is_some());
}

#[tokio::test]
async fn not_there_needs_two_looks_and_then_a_resend_is_harmless_for_a_day() {
    let fake = FakeBluesky::start().await;
    let (bluesky, wanted) = (impatient(&fake), Wanted::tag(1, fake.now()));
    fake.hostile(Trick::LateBefore);
    let claimed = wanted.claim();
    let outcome = outcome(&bluesky, &wanted).await;
    fake.somebody_is_parked().await;
    let (mut delivery, rules) = (claimed.delivery().clone(), bluesky.look_rules());
    delivery.record(&claimed.lease().token, &outcome, fake.now(), rules).unwrap();
    assert_eq!(delivery.name(), StateName::Uncertain);
    assert!(rules.grace > bluesky.request_timeout());

    for expected in [StateName::Uncertain, StateName::Waiting] {
        fake.advance(rules.grace);
        let look = connect(&fake).look(&delivery).await;
        assert_eq!(look, Look::NotThere);
        delivery.looked(&look, fake.now(), rules).unwrap();
        assert_eq!(delivery.name(), expected);
    }
    assert_eq!(delivery.resend_until, Some(wanted.now.plus(SignedDuration::from_hours(24))));

    // The resend, and only then the first request after all.
    let mut again = wanted.clone();
    again.now = fake.now();
    let sent = super::outcome(&connect(&fake), &again).await;
    assert_eq!(sent.kind(), OutcomeKind::Accepted, "{sent:?}");
    fake.release().await;
    assert_eq!((fake.asked(Ask::Put), fake.made(), fake.overwritten()), (2, 1, 0));
}

#[tokio::test]
async fn a_retraction_whose_answer_cannot_be_read_is_settled_by_looking() {
    for trick in [Trick::Html(200), Trick::Truncated] {
        let fake = FakeBluesky::start().await;
        let bluesky = connect(&fake);
        let post = fake.post_in_our_name("What needs to be retracted");
        let wanted = Wanted::retraction(1, &post, fake.now());
        fake.hostile_on(Ask::Delete, 1, trick.clone());
        assert_eq!(outcome(&bluesky, &wanted).await.kind(), OutcomeKind::Unknown, "{trick:?}");
        let look = bluesky.look(&wanted.attempted()).await;
        let gone = fake.posts().is_empty();
        assert_eq!(found(&look).is_some(), gone, "{trick:?}: {look:?}");
        assert_eq!(fake.asked(Ask::Delete), 1);
    }
}

#[tokio::test]
async fn nothing_but_a_post_of_our_own_is_ever_deleted() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let other = fake.account("somebody.example");
    for post in [format!("at://{other}/app.bsky.feed.post/3lbo5rw4h2k2a"), "7".to_owned()] {
        let outcome = outcome(&bluesky, &Wanted::retraction(1, &post, fake.now())).await;
        assert_eq!((outcome.kind(), fake.asked(Ask::Delete)), (OutcomeKind::Refused, 0));
    }
}

#[tokio::test]
async fn what_others_do_in_our_name_and_behind_our_back_is_seen() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let sent = Wanted::tag(1, fake.now());
    outcome(&bluesky, &sent).await;
    let mine = fake.posts()[0].uri();
    fake.advance(SignedDuration::from_secs(60));
    let forged = fake.post_in_our_name("Send money here & now");
    fake.advance(SignedDuration::from_secs(60));
    fake.repost(&mine, &fake.did());

    let since = fake.now().minus(SignedDuration::from_hours(1));
    let posts = bluesky.own_posts(since).await.unwrap();
    let texts: Vec<_> = posts.iter().map(|post| post.text.as_str()).collect();
    let repost = format!("a repost of {mine}");
    assert_eq!(texts, [repost.as_str(), "Send money here & now", sent.text.as_str()]);
    assert_eq!(posts[1].id, forged);
    assert!(posts[1].permalink.starts_with("https://bsky.app/profile/did:plc:theunit/post/"));

    fake.delete_behind_our_back(&mine);
    assert_eq!(bluesky.own_posts(since).await.unwrap().len(), 2);
    assert_eq!(bluesky.look(&sent.attempted()).await, Look::NotThere);
}

#[tokio::test]
async fn our_repository_is_read_over_its_pages_but_not_to_its_beginning() {
    let fake = FakeBluesky::start().await;
    for n in 0..350 {
        fake.post_in_our_name(&format!("An old post, number {n}"));
    }
    fake.advance(SignedDuration::from_hours(24 * 30));
    for n in 0..150 {
        fake.post_in_our_name(&format!("A post, number {n}"));
    }
    let since = fake.now().minus(SignedDuration::from_hours(1));
    let posts = connect(&fake).own_posts(since).await.unwrap();
    assert_eq!(posts.iter().filter(|post| post.at >= since).count(), 150);
    // Two pages of posts, and one of reposts that is empty.
    assert_eq!(fake.asked(Ask::ListRecords), 3);

    // A row that cannot be read may be a post that was altered: not "gone".
    fake.hostile_on(Ask::ListRecords, 1, Trick::Html(200));
    assert!(connect(&fake).own_posts(since).await.is_err());
}
