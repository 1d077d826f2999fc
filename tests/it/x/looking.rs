//! What our own timeline tells, when it tells nothing, and who is who.

use jiff::SignedDuration;
use takaza::{
    destinations::{Destination as _, Seen},
    domain::{
        delivery::{Look, OutcomeKind},
        platform::Language,
    },
};

use super::{connect, outcome, tag};
use crate::support::{
    claimed::{Wanted, found},
    fake_x::{Ask, FakeX, Quirk, Trick},
    secrets,
};

#[tokio::test]
async fn a_post_that_was_made_is_found_across_pages() {
    let fake = FakeX::start().await;
    let (x, wanted) = (connect(&fake), tag(1, &fake));
    fake.hostile(Trick::ErrorAfter(502));
    assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Unknown);
    for n in 0..250 {
        fake.advance(SignedDuration::from_secs(1));
        fake.post_in_our_name(&format!("Another post, number {n}"));
    }
    let Look::Found(receipt) = x.look(&wanted.attempted()).await else { panic!("it is there") };
    let post = &fake.posts()[0];
    assert_eq!((&receipt.id, receipt.at), (&post.id, post.at));
    assert_eq!(receipt.permalink, format!("https://x.com/example_cyber/status/{}", post.id));
    assert_eq!(fake.asked(Ask::Timeline), 3);
}

#[tokio::test]
async fn a_text_that_x_wrote_in_its_own_way_is_found_and_read_back_as_it_was() {
    let fake = FakeX::start().await;
    let (x, wanted) = (connect(&fake), tag(1, &fake));
    let text = format!("{} & <more> at https://unit.example/notice?a=1&b=2", wanted.text);
    let wanted = Wanted { text, ..wanted };
    fake.hostile(Trick::DropAfter);
    assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Unknown);
    assert!(found(&x.look(&wanted.attempted()).await).is_some());
    let own = x.own_posts(fake.now().minus(SignedDuration::from_hours(1))).await.unwrap();
    assert_eq!(own[0].text, wanted.text);
}

#[tokio::test]
async fn looking_goes_back_only_past_the_first_attempt() {
    let fake = FakeX::start().await;
    for n in 0..200 {
        fake.post_in_our_name(&format!("An old post, number {n}"));
    }
    fake.advance(SignedDuration::from_hours(5));
    let look = connect(&fake).look(&tag(1, &fake).attempted()).await;
    assert_eq!(look, Look::NotThere);
    assert_eq!(fake.asked(Ask::Timeline), 1);
    let requests = fake.requests();
    let start = "start_time=2026-11-24T10%3A00%3A00Z";
    assert!(requests.iter().any(|line| line.contains(start)), "{requests:?}");
}

#[tokio::test]
async fn a_clock_that_is_off_hides_no_post() {
    let fake = FakeX::start().await;
    fake.skew(SignedDuration::from_mins(-50));
    let (x, wanted) = (connect(&fake), tag(1, &fake));
    fake.hostile(Trick::DropAfter);
    assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Unknown);
    assert!(found(&x.look(&wanted.attempted()).await).is_some());
}

#[tokio::test]
async fn neither_the_other_language_nor_a_longer_reference_nor_another_voice_is_our_post() {
    let fake = FakeX::start().await;
    let english = tag(1, &fake);
    let hindi = Wanted {
        id: "0193a5c0-0000-7000-8000-00000000beef".to_owned(),
        language: Language::Hi,
        text: format!(
            "@PeepalCare विवादित राशि पर 4 लियन, कम से कम ₹12,00,000, इस इकाई की 6 घंटे की सीमा के बाद \
             भी लंबित हैं (24 नवम्बर 11:00)। संदर्भ {}",
            english.reference
        ),
        ..english.clone()
    };
    let x = connect(&fake);
    fake.post_in_our_name(
        &english.text.replace(&english.reference, &format!("{}7", english.reference)),
    );
    // Our own repost of a post that quotes us is no post of ours.
    fake.post_in_our_name(&format!("RT @copycat: {}", english.text));
    let stranger = fake.account("copycat");
    fake.reply("1", &stranger, &english.text);
    assert_eq!(x.look(&english.attempted()).await, Look::NotThere);

    assert_eq!(outcome(&x, &english).await.kind(), OutcomeKind::Accepted);
    assert_eq!(x.look(&hindi.attempted()).await, Look::NotThere);
    assert_eq!(outcome(&x, &hindi).await.kind(), OutcomeKind::Accepted);
    for wanted in [&english, &hindi] {
        let posts = fake.posts();
        let ours = posts.iter().find(|post| post.text == wanted.text).unwrap();
        assert_eq!(found(&x.look(&wanted.attempted()).await), Some(ours.id.as_str()));
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
        Quirk::UsageCapped("Monthly").into(),
        Quirk::Unauthorized.into(),
        Quirk::OnlyErrors.into(),
        Quirk::Problem(403, "user-suspended", "The user used for authentication is suspended")
            .into(),
        Quirk::Problem(403, "client-forbidden", "Not in your tier").into(),
    ] {
        for ask in [Ask::Me, Ask::Timeline] {
            let fake = FakeX::start().await;
            fake.always(ask, trick.clone());
            let look = connect(&fake).look(&tag(1, &fake).attempted()).await;
            let Look::Blind { reason } = look else { panic!("{ask:?} {trick:?}: {look:?}") };
            assert!(!reason.contains('<') && !reason.contains(secrets::MARK), "{reason}");
            assert_eq!(fake.trapped(), 0);
        }
    }
}

#[tokio::test]
async fn a_timeline_that_is_told_in_part_is_not_a_whole_one() {
    let fake = FakeX::start().await;
    fake.post_in_our_name("A post");
    fake.always(Ask::Timeline, Quirk::WithErrors);
    let look = connect(&fake).look(&tag(1, &fake).attempted()).await;
    assert!(matches!(look, Look::Blind { .. }), "{look:?}");
}

#[tokio::test]
async fn nothing_makes_a_resend_safe_here() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    assert_eq!(x.look_rules().idempotent_for, None);
    assert!(x.look_rules().grace > x.request_timeout());
}

#[tokio::test]
async fn a_page_of_html_is_no_proof_of_a_deletion() {
    for trick in [Trick::Html(404), Trick::Html(200)] {
        let fake = FakeX::start().await;
        let x = connect(&fake);
        let post = fake.post_in_our_name("What needs to be retracted");
        fake.hostile_on(Ask::Delete, 1, trick.clone());
        let wanted = Wanted::retraction(1, &post, fake.now());
        assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Unknown, "{trick:?}");
        assert_eq!(x.look(&wanted.attempted()).await, Look::NotThere, "{trick:?}");
        assert_eq!(fake.asked(Ask::Delete), 1);
        fake.always(Ask::Status, Trick::Html(404));
        assert!(matches!(x.look(&wanted.attempted()).await, Look::Blind { .. }), "{trick:?}");
    }
}

#[tokio::test]
async fn our_timeline_shows_whoever_speaks_in_our_name() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    assert_eq!(outcome(&x, &tag(1, &fake)).await.kind(), OutcomeKind::Accepted);
    let forged = fake.post_in_our_name("RT @swindler: send your PIN");
    let since = fake.now().minus(SignedDuration::from_hours(1));
    let own = x.own_posts(since).await.unwrap();
    assert_eq!(own.len(), 2);
    assert_eq!((own[0].id.as_str(), own[0].at), (forged.as_str(), fake.now()));
    fake.delete_behind_our_back(&forged);
    assert_eq!(x.own_posts(since).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_handle_is_a_question_and_the_stable_id_its_answer() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    let bank = fake.bank_account("PeepalCare");
    let known = x.resolve("@peepalcare").await.unwrap().unwrap();
    assert_eq!((known.author.stable_id, known.author.handle), (bank.clone(), "PeepalCare".into()));
    assert_eq!(known.evidence, ["verified type: business"]);

    let thief = fake.takes_over("PeepalCare");
    let now = x.resolve("PeepalCare").await.unwrap().unwrap();
    assert_eq!(now.author.stable_id, thief);
    assert_eq!(now.evidence, Vec::<String>::new());

    fake.suspend(&thief);
    assert_eq!(x.resolve("PeepalCare").await.unwrap(), None);
    assert_eq!(x.resolve("nobody_at_all").await.unwrap(), None);
    let asked = fake.asked(Ask::User);
    assert_eq!(x.resolve("../users/me").await.unwrap(), None);
    assert_eq!(fake.asked(Ask::User), asked, "that is no handle");
    for trick in [Quirk::OnlyErrors.into(), Trick::Html(404), Trick::ErrorBefore(500)] {
        fake.hostile_on(Ask::User, 1, trick.clone());
        assert!(x.resolve("PeepalCare").await.is_err(), "{trick:?}");
    }
}

#[tokio::test]
async fn who_we_are_comes_with_the_duties_of_an_automated_account() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    let me = x.whoami().await.unwrap();
    assert_eq!((me.author.stable_id, me.author.handle), (fake.us(), FakeX::HANDLE.to_owned()));
    assert!(me.evidence.contains(&"verified type: government".to_owned()), "{:?}", me.evidence);
    let seen = |duties: &[takaza::destinations::Duty]| -> Vec<_> {
        duties
            .iter()
            .map(|duty| match duty.seen {
                Seen::Yes(_) => "seen",
                Seen::No(_) => "not seen",
                Seen::NotShown(_) => "not shown",
            })
            .collect()
    };
    let duties = x.duties().await.unwrap();
    assert_eq!(seen(&duties), ["not shown", "not seen", "not shown"]);

    let officer = fake.account("an_officer");
    fake.label(&officer);
    fake.bio("Posts here are automated; run by the cyber crime unit.");
    let duties = x.duties().await.unwrap();
    assert_eq!(seen(&duties), ["seen", "seen", "seen"]);
    assert_eq!(duties[2].seen, Seen::Yes("@an_officer".to_owned()));
    let evidence = x.whoami().await.unwrap().evidence;
    assert!(evidence.iter().any(|line| line.contains("Automated by @an_officer")), "{evidence:?}");

    let us = fake.us();
    fake.suspend(&us);
    let blocked = x.whoami().await.unwrap_err();
    assert!(blocked.to_string().contains("suspended"), "{blocked}");
    assert_eq!(outcome(&x, &tag(1, &fake)).await.kind(), OutcomeKind::AccountBlocked);
}
