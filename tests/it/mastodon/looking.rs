//! What our own timeline tells, and when it tells nothing.

use jiff::SignedDuration;
use takaza::{
    destinations::{
        Destination as _,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        delivery::{Look, OutcomeKind},
        platform::Language,
    },
};

use super::{config, connect, outcome};
use crate::support::{
    claimed::{Wanted, found},
    fake_mastodon::{Ask, FakeMastodon, Flavour, Quirk, Trick},
    secrets,
};

#[tokio::test]
async fn a_post_that_was_made_is_found_across_pages_on_every_kind_of_server() {
    for flavour in [Flavour::Mastodon, Flavour::Mitra, Flavour::GoToSocial] {
        let fake = FakeMastodon::start().await;
        fake.flavour(flavour);
        let (mastodon, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
        fake.hostile(Trick::ErrorAfter(502));
        assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Unknown);
        for n in 0..100 {
            fake.advance(SignedDuration::from_secs(1));
            fake.post_in_our_name(&format!("Another post, number {n}"));
        }
        let look = mastodon.look(&wanted.attempted()).await;
        assert_eq!(found(&look), Some(fake.posts()[0].id.as_str()), "{flavour:?}");
        // Three pages and the empty one that is their end.
        assert_eq!(fake.asked(Ask::Timeline), 4, "{flavour:?}");
    }
}

#[tokio::test]
async fn looking_goes_back_only_past_the_first_attempt() {
    let fake = FakeMastodon::start().await;
    for n in 0..200 {
        fake.post_in_our_name(&format!("An old post, number {n}"));
    }
    fake.advance(SignedDuration::from_hours(5));
    let look = connect(&fake).look(&Wanted::tag(1, fake.now()).attempted()).await;
    assert_eq!(look, Look::NotThere);
    assert_eq!(fake.asked(Ask::Timeline), 1);
}

#[tokio::test]
async fn neither_the_other_language_nor_a_longer_reference_nor_another_voice_is_our_post() {
    let fake = FakeMastodon::start().await;
    let english = Wanted::tag(1, fake.now());
    let hindi = Wanted {
        id: "0193a5c0-0000-7000-8000-00000000beef".to_owned(),
        language: Language::Hi,
        text: format!(
            "@care@peepal.example विवादित राशि पर 4 लियन, कम से कम ₹12,00,000, इस इकाई की 6 घंटे की \
             सीमा के बाद भी लंबित हैं (24 नवम्बर 11:00)। संदर्भ {}",
            english.reference
        ),
        ..english.clone()
    };
    let mastodon = connect(&fake);
    fake.post_in_our_name(
        &english.text.replace(&english.reference, &format!("{}7", english.reference)),
    );
    let stranger = fake.account("copycat@elsewhere.example");
    fake.reply("1", &stranger, &english.text);
    assert_eq!(mastodon.look(&english.attempted()).await, Look::NotThere);

    assert_eq!(outcome(&mastodon, &english).await.kind(), OutcomeKind::Accepted);
    assert_eq!(mastodon.look(&hindi.attempted()).await, Look::NotThere);
    assert_eq!(outcome(&mastodon, &hindi).await.kind(), OutcomeKind::Accepted);
    for wanted in [&english, &hindi] {
        let posts = fake.posts();
        let ours = posts.iter().find(|post| post.text == wanted.text).unwrap();
        assert_eq!(found(&mastodon.look(&wanted.attempted()).await), Some(ours.id.as_str()));
    }
}

#[tokio::test]
async fn a_look_that_fails_says_nothing() {
    for trick in [
        Trick::DropBefore,
        Trick::ErrorBefore(500),
        Trick::ErrorBefore(404),
        Trick::Html(200),
        Trick::HugeBody,
        Trick::EndlessBody,
        Trick::Truncated,
        Trick::Redirect(307),
        Trick::RateLimited(vec![]),
        Quirk::Unauthorized.into(),
        Quirk::Suspended.into(),
    ] {
        for ask in [Ask::Credentials, Ask::Timeline] {
            let fake = FakeMastodon::start().await;
            fake.always(ask, trick.clone());
            let look = connect(&fake).look(&Wanted::tag(1, fake.now()).attempted()).await;
            let Look::Blind { reason } = look else { panic!("{ask:?} {trick:?}: {look:?}") };
            assert!(!reason.contains('<') && !reason.contains(secrets::MARK), "{reason}");
            assert_eq!(fake.trapped(), 0);
        }
    }
}

#[tokio::test]
async fn a_timeline_that_does_not_page_is_believed_only_when_it_is_short() {
    let fake = FakeMastodon::start().await;
    fake.flavour(Flavour::Snac);
    let (mastodon, delivery) = (connect(&fake), Wanted::tag(1, fake.now()).attempted());
    fake.post_in_our_name("The only post");
    assert_eq!(mastodon.look(&delivery).await, Look::NotThere);
    for n in 0..60 {
        fake.post_in_our_name(&format!("A post, number {n}"));
    }
    assert!(matches!(mastodon.look(&delivery).await, Look::Blind { .. }));
}

#[tokio::test]
async fn only_a_server_seen_to_honour_keys_makes_a_resend_safe_and_for_under_50_minutes() {
    let fake = FakeMastodon::start().await;
    let rules = connect(&fake).look_rules();
    assert_eq!(rules.idempotent_for, None);
    let seen = MastodonConfig { honours_idempotency: true, ..config(&fake) };
    let honouring = Mastodon::connect(seen).unwrap();
    assert_eq!(honouring.look_rules().idempotent_for, Some(SignedDuration::from_mins(50)));
    assert!(rules.grace > honouring.request_timeout());
}

#[tokio::test]
async fn however_a_server_says_that_a_post_is_missing_its_deletion_is_seen() {
    for flavour in [Flavour::Mitra, Flavour::Snac] {
        let fake = FakeMastodon::start().await;
        fake.flavour(flavour);
        let mastodon = connect(&fake);
        let post = fake.post_in_our_name("What needs to be retracted");
        let wanted = Wanted::retraction(1, &post, fake.now());
        fake.hostile_on(Ask::Delete, 1, Trick::ErrorAfter(500));
        assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Unknown, "{flavour:?}");
        let look = mastodon.look(&wanted.attempted()).await;
        assert_eq!(found(&look), Some(post.as_str()), "{flavour:?}: {look:?}");
        assert_eq!((fake.posts().len(), fake.asked(Ask::Delete)), (0, 1));
    }
}

#[tokio::test]
async fn a_missing_page_of_html_is_no_proof_of_a_deletion() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    let post = fake.post_in_our_name("What needs to be retracted");
    let wanted = Wanted::retraction(1, &post, fake.now());
    fake.hostile_on(Ask::Delete, 1, Trick::Html(404));
    assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Unknown);
    // The name may lead to another server by now: it has no such post, and does not know us.
    fake.always(Ask::Status, Trick::Html(404));
    fake.always(Ask::Credentials, Trick::Html(404));
    assert!(matches!(mastodon.look(&wanted.attempted()).await, Look::Blind { .. }));
    fake.calm();
    assert_eq!(mastodon.look(&wanted.attempted()).await, Look::NotThere);
}

#[tokio::test]
async fn what_others_do_in_our_name_and_behind_our_back_is_seen() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    let sent = Wanted::tag(1, fake.now());
    outcome(&mastodon, &sent).await;
    let mine = fake.posts()[0].id.clone();
    fake.advance(SignedDuration::from_secs(60));
    let forged = fake.post_in_our_name("Send money here & now");

    let since = fake.now().minus(SignedDuration::from_hours(1));
    let posts = mastodon.own_posts(since).await.unwrap();
    let ids: Vec<_> = posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(ids, [forged.as_str(), mine.as_str()]);
    assert_eq!(posts[0].text, "Send money here & now");
    assert_eq!(posts[0].at, fake.now());
    assert_eq!(posts[0].permalink, format!("{}/@unit/{forged}", fake.base_url));

    fake.delete_behind_our_back(&mine);
    assert_eq!(mastodon.own_posts(since).await.unwrap().len(), 1);
    assert_eq!(mastodon.look(&sent.attempted()).await, Look::NotThere);
}
