//! What comes back, and who said it.

use std::collections::HashSet;

use takaza::{
    destinations::{
        Destination as _, Unread,
        mastodon::{Mastodon, MastodonConfig, OauthClient},
    },
    domain::engagement::{EngagementKind, Heard},
};

use super::{config, connect, outcome};
use crate::support::{
    claimed::{Wanted, watched},
    fake_mastodon::{Ask, FakeMastodon, Trick},
};

async fn posted(fake: &FakeMastodon) -> String {
    outcome(&connect(fake), &Wanted::tag(1, fake.now())).await;
    fake.posts()[0].id.clone()
}

fn of_kind(heard: &[Heard], kind: EngagementKind) -> Vec<&Heard> {
    heard.iter().filter(|one| one.kind == kind).collect()
}

#[tokio::test]
async fn replies_at_every_depth_likes_reposts_and_quotes_are_heard_with_their_authors() {
    let fake = FakeMastodon::start().await;
    let post = posted(&fake).await;
    let bank = fake.bank_account("care@peepal.example");
    let other = fake.account("someone@elsewhere.example");
    let reply = fake.reply(&post, &bank, "We are looking into it & will write.\nRef GGM-T0001");
    let nested = fake.reply(&reply, &other, "Please hurry");
    let quote = fake.quote(&post, &other, "Look at this");
    fake.like(&post, &bank);
    fake.repost(&post, &other);
    let ours = fake.post_in_our_name("not a reply");
    assert_ne!(ours, post);

    let heard = connect(&fake).engagement(&watched(&post)).await.unwrap();
    assert_eq!(heard.len(), 5, "{heard:#?}");
    assert!(heard.iter().all(|one| one.on_post == post));
    let replies = of_kind(&heard, EngagementKind::Reply);
    assert_eq!(replies[0].platform_id, reply);
    assert_eq!(replies[0].author.stable_id, format!("peepal.example/{bank}"));
    assert_eq!(replies[0].author.handle, "care@peepal.example");
    assert_eq!(replies[0].at, Some(fake.now()));
    let text = replies[0].text.as_deref();
    assert_eq!(text, Some("We are looking into it & will write.\nRef GGM-T0001"));
    assert_eq!(replies[1].platform_id, nested);
    assert_eq!(of_kind(&heard, EngagementKind::Quote)[0].platform_id, quote);
    let like = of_kind(&heard, EngagementKind::Like)[0];
    assert_eq!(like.platform_id, format!("like:peepal.example/{bank}"));
    assert_eq!((&like.at, &like.text), (&None, &None));
    let repost = of_kind(&heard, EngagementKind::Repost)[0];
    assert_eq!(repost.author.handle, "someone@elsewhere.example");
}

#[tokio::test]
async fn long_lists_are_paged_without_leaving_our_server() {
    let fake = FakeMastodon::start().await;
    let post = posted(&fake).await;
    for n in 0..200 {
        let by = fake.account(&format!("fan{n}@elsewhere.example"));
        fake.like(&post, &by);
    }
    let heard = connect(&fake).engagement(&watched(&post)).await.unwrap();
    let authors: HashSet<_> = heard.iter().map(|one| one.author.stable_id.as_str()).collect();
    assert_eq!((heard.len(), authors.len(), fake.asked(Ask::FavouritedBy)), (200, 200, 3));
}

#[tokio::test]
async fn a_server_without_quotes_is_no_failure_and_a_failing_one_is() {
    let fake = FakeMastodon::start().await;
    let post = posted(&fake).await;
    let bank = fake.bank_account("care@peepal.example");
    fake.reply(&post, &bank, "Noted");
    fake.hostile_on(Ask::Quotes, 1, Trick::Html(404));
    assert_eq!(connect(&fake).engagement(&watched(&post)).await.unwrap().len(), 1);
    for ask in [Ask::Context, Ask::FavouritedBy, Ask::RebloggedBy, Ask::Quotes] {
        fake.hostile_on(ask, 1, Trick::ErrorBefore(503));
        let failed = connect(&fake).engagement(&watched(&post)).await.unwrap_err();
        assert!(matches!(failed, Unread::Failed { .. }), "{failed:?}");
    }
}

#[tokio::test]
async fn notifications_go_on_from_the_cursor_and_name_things_as_the_thread_does() {
    let fake = FakeMastodon::start().await;
    let (post, mastodon) = (posted(&fake).await, connect(&fake));
    let bank = fake.bank_account("care@peepal.example");
    assert_eq!(mastodon.mentions(None).await.unwrap().cursor, None);

    let reply = fake.reply(&post, &bank, "@unit we are on it");
    fake.like(&post, &bank);
    fake.repost(&post, &bank);
    fake.quote(&post, &bank, "Our answer");
    let first = mastodon.mentions(None).await.unwrap();
    let thread = mastodon.engagement(&watched(&post)).await.unwrap();
    let names = |heard: &[Heard]| -> HashSet<_> {
        heard.iter().map(|one| (one.kind, one.platform_id.clone(), one.on_post.clone())).collect()
    };
    assert_eq!(names(&first.heard), names(&thread));
    assert!(first.heard.iter().all(|one| one.at.is_some()));
    assert!(first.heard.iter().any(|one| one.platform_id == reply));

    let cursor = first.cursor.unwrap();
    let none = mastodon.mentions(Some(&cursor)).await.unwrap();
    assert_eq!((none.heard.len(), none.cursor), (0, None));

    for n in 0..130 {
        fake.reply(&post, &bank, &format!("@unit answer {n}"));
    }
    let more = mastodon.mentions(Some(&cursor)).await.unwrap();
    assert_eq!(names(&more.heard).len(), 130);
    assert_eq!(more.heard.len(), 130);
    let last = mastodon.mentions(more.cursor.as_deref()).await.unwrap();
    assert_eq!(last.heard, []);
}

#[tokio::test]
async fn a_handle_is_a_question_and_the_stable_id_its_answer() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    let bank = fake.bank_account("care@peepal.example");
    let known = mastodon.resolve("@Care@Peepal.example").await.unwrap().unwrap();
    assert_eq!(known.author.stable_id, format!("peepal.example/{bank}"));
    let [evidence] = &known.evidence[..] else { panic!("{known:?}") };
    assert!(evidence.contains("https://peepal.example/"), "{evidence}");

    let thief = fake.takes_over("care@peepal.example");
    let now = mastodon.resolve("care@peepal.example").await.unwrap().unwrap();
    assert_eq!(now.author.stable_id, format!("peepal.example/{thief}"));
    assert_eq!(now.evidence, Vec::<String>::new());
    assert_eq!(mastodon.resolve("nobody@peepal.example").await.unwrap(), None);

    let me = mastodon.whoami().await.unwrap();
    assert_eq!(me.author.handle, "unit@127.0.0.1");
    assert_eq!(mastodon.resolve("unit@127.0.0.1").await.unwrap(), Some(me));
}

#[tokio::test]
async fn limits_come_from_the_server_or_are_asked_of_a_person() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    assert_eq!(mastodon.limits().await.unwrap().max_length, 500);
    fake.hostile_on(Ask::Instance, 1, Trick::Html(404));
    assert_eq!(mastodon.limits().await.unwrap().max_length, 500);
    fake.hostile_on(Ask::Instance, 2, Trick::Html(404));
    let error = mastodon.limits().await.unwrap_err();
    assert!(error.to_string().contains("max_length"), "{error}");
}

#[tokio::test]
async fn a_grant_is_revoked_or_a_person_is_told_how() {
    let fake = FakeMastodon::start().await;
    let error = connect(&fake).revoke().await.unwrap_err();
    assert!(error.to_string().contains("Authorized apps"), "{error}");
    assert!(!fake.revoked());
    let oauth = OauthClient { id: "takaza".to_owned(), secret: "s3cret-of-the-app".into() };
    let known = MastodonConfig { oauth: Some(oauth), ..config(&fake) };
    assert!(!format!("{known:?}").contains("s3cret"));
    Mastodon::connect(known).unwrap().revoke().await.unwrap();
    assert!(fake.revoked());
}
