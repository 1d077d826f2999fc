//! Bluesky: one attempt and the truth about it, however hostile the server is.

mod listening;
mod looking;
mod pictures;
mod real_peer;
mod sessions;
mod who;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::json;
use takaza::{
    destinations::{
        Destination as _, NotNow, Sent,
        bluesky::{BadBluesky, Bluesky, BlueskyConfig, session::BlueskySession},
        http::HttpConfig,
        tokens::Tokens,
    },
    domain::{
        delivery::{Outcome, OutcomeKind},
        ids::AccountName,
        platform::{Language, Visibility},
    },
};

use crate::support::{
    claimed::{Wanted, outcome},
    fake_bluesky::{Ask, FakeBluesky, Quirk, Trick},
    hostile::{any_server_may, fit_for_a_log},
    permits::{Stopped, Yes},
    secrets,
    session_in_memory::SessionInMemory,
};

pub fn config(fake: &FakeBluesky) -> BlueskyConfig {
    let mut config = BlueskyConfig::new(AccountName::new("unit"), &fake.base_url, fake.clock());
    config.http.max_body = 256 << 10;
    config
}

/// Sessions of the account, in memory.
pub fn tokens(fake: &FakeBluesky, config: &BlueskyConfig) -> Arc<dyn Tokens> {
    let (http, clock) = (&config.http, Arc::clone(&config.clock));
    let session =
        BlueskySession::new(&fake.base_url, "unit.example", fake.password(), http, clock.clone());
    Arc::new(SessionInMemory::new(session.expect("a good configuration"), clock))
}

pub fn connect_as(fake: &FakeBluesky, config: BlueskyConfig) -> Bluesky {
    let tokens = tokens(fake, &config);
    Bluesky::new(config, tokens).expect("a good configuration")
}

pub fn connect(fake: &FakeBluesky) -> Bluesky {
    connect_as(fake, config(fake))
}

/// One that gives up quickly: for requests that a trick has parked.
pub fn impatient(fake: &FakeBluesky) -> Bluesky {
    let http = HttpConfig {
        connect_timeout: Duration::from_millis(700),
        request_timeout: Duration::from_millis(800),
        ..HttpConfig::default()
    };
    connect_as(fake, BlueskyConfig { http, ..config(fake) })
}

/// A tag that mentions the bank by its handle.
pub fn mentioning(number: u32, verified: &str, fake: &FakeBluesky) -> Wanted {
    let wanted = Wanted::tag(number, fake.now());
    let text = wanted.text.replace("@care@peepal.example", "@peepal.example");
    let verified = Some(verified.to_owned());
    Wanted { text, bank_in_text: "@peepal.example".to_owned(), verified, ..wanted }
}

#[tokio::test]
async fn a_post_carries_exactly_the_frozen_bytes_and_stands_at_the_deliverys_own_key() {
    let fake = FakeBluesky::start().await;
    let wanted = Wanted { language: Language::Hi, ..Wanted::tag(1, fake.now()) };
    let permit = Yes::default();
    let sent = connect(&fake).send(&wanted.claim(), &permit).await;

    let [post] = &fake.posts()[..] else { panic!("one post") };
    assert_eq!(post.text(), wanted.text);
    assert_eq!(post.value["langs"], json!(["hi"]));
    assert_eq!(post.value["createdAt"], json!("2026-11-24T06:00:00Z"));
    assert_eq!(post.value["$type"], json!("app.bsky.feed.post"));
    let Sent::Attempted(Outcome::Accepted(receipt)) = sent else { panic!("{sent:?}") };
    assert_eq!(receipt.id, post.uri());
    let page = format!("https://bsky.app/profile/{}/post/{}", fake.did(), post.key);
    assert_eq!(receipt.permalink, page);
    assert_eq!(receipt.at, fake.now());
    // Before it started, and before its text left.
    assert_eq!(permit.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn attempts_of_one_delivery_make_one_post_whatever_became_of_the_first() {
    for trick in [Trick::ErrorAfter(504), Trick::DropAfter, Trick::Truncated, Quirk::NoUri.into()] {
        let fake = FakeBluesky::start().await;
        let wanted = Wanted::tag(1, fake.now());
        fake.hostile(trick.clone());
        assert_eq!(outcome(&connect(&fake), &wanted).await.kind(), OutcomeKind::Unknown);
        // Another process, later, with the same delivery.
        fake.advance(SignedDuration::from_mins(40));
        for _again in 0..2 {
            let outcome = outcome(&connect(&fake), &wanted).await;
            assert_eq!(outcome.kind(), OutcomeKind::Accepted, "{trick:?}: {outcome:?}");
        }
        assert_eq!((fake.asked(Ask::Put), fake.made(), fake.overwritten()), (3, 1, 0), "{trick:?}");
    }
}

#[tokio::test]
async fn two_deliveries_are_two_posts() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    for number in 1..=2 {
        let outcome = outcome(&bluesky, &Wanted::tag(number, fake.now())).await;
        assert_eq!(outcome.kind(), OutcomeKind::Accepted);
    }
    assert_eq!((fake.made(), fake.posts().len()), (2, 2));
}

#[tokio::test]
async fn our_own_post_of_another_time_at_the_key_was_accepted_and_is_not_overwritten() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let wanted = Wanted::tag(1, fake.now());
    outcome(&bluesky, &wanted).await;
    // A ledger restored from before the attempt: it claims anew, at another time.
    fake.advance(SignedDuration::from_mins(5));
    let again = outcome(&bluesky, &Wanted { now: fake.now(), ..wanted }).await;
    let Outcome::Accepted(receipt) = again else { panic!("{again:?}") };
    let [post] = &fake.posts()[..] else { panic!("one post") };
    assert_eq!((receipt.id, fake.overwritten()), (post.uri(), 0));
    assert_eq!(receipt.at.to_string(), "2026-11-24T06:00:00Z");
}

#[tokio::test]
async fn other_words_at_the_key_are_left_alone_and_a_person_is_asked() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let wanted = Wanted::tag(1, fake.now());
    outcome(&bluesky, &wanted).await;
    fake.alter_behind_our_back(&fake.posts()[0].uri(), "Good morning!");
    let outcome = outcome(&bluesky, &wanted).await;
    assert_eq!(outcome.kind(), OutcomeKind::Unknown, "{outcome:?}");
    assert!(outcome.reason().contains("not overwritten"), "{}", outcome.reason());
    assert_eq!(fake.posts()[0].text(), "Good morning!");
    let look = bluesky.look(wanted.claim().delivery()).await;
    assert_eq!(look, takaza::domain::delivery::Look::NoWay);
}

#[tokio::test]
async fn a_permit_that_says_no_keeps_every_byte_here() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let post = fake.post_in_our_name("What needs to be retracted");
    for wanted in [Wanted::tag(1, fake.now()), Wanted::retraction(2, &post, fake.now())] {
        let sent = bluesky.send(&wanted.claim(), &Stopped).await;
        assert_eq!(sent, Sent::NotNow(NotNow { reason: "the stop switch is on".to_owned() }));
    }
    assert_eq!((fake.asked(Ask::Put), fake.asked(Ask::Delete)), (0, 0));
}

#[tokio::test]
async fn every_hostile_trick_ends_in_one_attempt_and_the_true_outcome() {
    use OutcomeKind::{AccountBlocked, NotSent, Refused, Unknown};
    let its_own = [
        (Quirk::NoUri.into(), Unknown, 1),
        (Quirk::OtherUri.into(), Unknown, 1),
        // A session that ended mid-send: refused before anything was done, and renewed.
        (Quirk::Refuse(400, "ExpiredToken").into(), NotSent, 0),
        (Quirk::Refuse(400, "InvalidToken").into(), NotSent, 0),
        (Quirk::Refuse(401, "AuthMissing").into(), NotSent, 0),
        (Quirk::Refuse(401, "AccountTakedown").into(), AccountBlocked, 0),
        (Quirk::Refuse(401, "AccountDeactivated").into(), AccountBlocked, 0),
        (Quirk::Refuse(403, "AccountNotFound").into(), AccountBlocked, 0),
        (Quirk::Refuse(403, "Forbidden").into(), Refused, 0),
        (Quirk::Refuse(400, "InvalidRequest").into(), Refused, 0),
        (Quirk::Refuse(404, "NotFound").into(), Refused, 0),
        (Trick::Html(403), Refused, 0),
        (Trick::Html(413), Refused, 0),
    ];
    for (trick, expected, made) in any_server_may().into_iter().chain(its_own) {
        let fake = FakeBluesky::start().await;
        fake.hostile(trick.clone());
        let outcome = outcome(&connect(&fake), &Wanted::tag(1, fake.now())).await;
        assert_eq!(outcome.kind(), expected, "{trick:?}: {outcome:?}");
        fit_for_a_log(outcome.reason(), &trick);
        fake.saw_one_attempt(made, &trick).await;
    }
}

#[tokio::test]
async fn what_fails_before_the_post_itself_leaves_it_unsent() {
    for (ask, trick, expected) in [
        (Ask::Login, Trick::ErrorBefore(503), OutcomeKind::Throttled),
        (Ask::Login, Trick::DropAfter, OutcomeKind::Throttled),
        (Ask::Login, Trick::Html(200), OutcomeKind::Throttled),
        (Ask::Login, Trick::RateLimited(vec![]), OutcomeKind::Throttled),
        (
            Ask::Login,
            Quirk::Refuse(401, "AuthenticationRequired").into(),
            OutcomeKind::AccountBlocked,
        ),
        (Ask::Login, Quirk::Refuse(401, "AccountTakedown").into(), OutcomeKind::AccountBlocked),
        (Ask::Session, Trick::ErrorBefore(502), OutcomeKind::NotSent),
        (Ask::ResolveHandle, Trick::ErrorBefore(502), OutcomeKind::NotSent),
        (Ask::Profile, Trick::Html(200), OutcomeKind::NotSent),
    ] {
        let fake = FakeBluesky::start().await;
        let bank = fake.account("peepal.example");
        fake.always(ask, trick.clone());
        let outcome = outcome(&connect(&fake), &mentioning(1, &bank, &fake)).await;
        let seen = (outcome.kind(), fake.asked(Ask::Put));
        assert_eq!(seen, (expected, 0), "{ask:?} {trick:?}: {outcome:?}");
        fit_for_a_log(outcome.reason(), &trick);
    }
}

#[tokio::test]
async fn a_429_is_obeyed_within_bounds_and_nothing_is_asked_until_then() {
    for (header, value, seconds) in [
        ("retry-after", "90", 90),
        ("ratelimit-reset", "1795500300", 300),
        ("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT", 3600),
        ("ratelimit-reset", "915148800", 5),
    ] {
        let fake = FakeBluesky::start().await;
        let (bluesky, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
        fake.hostile(Trick::RateLimited(vec![(header, value.to_owned())]));
        let wait = SignedDuration::from_secs(seconds);
        let due = fake.now().plus(wait);
        for _again in 0..2 {
            let outcome = outcome(&bluesky, &wanted).await;
            let Outcome::Throttled { until, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(until, Some(due), "{header}: {value}");
        }
        let read = fake.asked(Ask::Session);
        assert!(bluesky.whoami().await.is_err());
        assert_eq!((fake.asked(Ask::Put), fake.asked(Ask::Session)), (1, read));

        fake.advance(wait);
        let later = Wanted { now: fake.now(), ..wanted };
        assert_eq!(outcome(&bluesky, &later).await.kind(), OutcomeKind::Accepted);
    }
}

#[tokio::test]
async fn the_points_of_an_hour_end_before_the_server_has_to_say_so() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let post = fake.post_in_our_name("Deleted over and over");
    let wanted = Wanted::retraction(1, &post, fake.now());
    let (permit, mut sent) = (Stopped, 0);
    // A deletion costs one point of 5,000, whether or not the permit lets it go.
    let throttled = loop {
        match bluesky.send(&wanted.claim(), &permit).await {
            Sent::NotNow(_) if sent < 6_000 => sent += 1,
            Sent::Attempted(Outcome::Throttled { until, .. }) => break until.expect("a time"),
            other => panic!("{other:?} after {sent}"),
        }
    };
    assert!(sent >= 5_000, "{sent}");
    assert!(throttled > fake.now() && throttled < fake.now().plus(SignedDuration::from_secs(60)));
}

#[tokio::test]
async fn the_bank_is_mentioned_by_its_did_and_links_and_tags_by_their_bytes() {
    let fake = FakeBluesky::start().await;
    let did = fake.account("peepal.example");
    fake.account("peepal.example.com");
    let text = "@peepal.example: ₹12 लाख पर 4 ग्रहणाधिकार लंबित। #साइबर_अपराध (https://unit.example/t?a=1). \
                Not @peepal.example.com, nor a@peepal.example, #1930. Ref GGM-T0001 @peepal.example.";
    let wanted = Wanted { text: text.to_owned(), ..mentioning(1, &did, &fake) };
    let outcome = outcome(&connect(&fake), &wanted).await;
    assert_eq!(outcome.kind(), OutcomeKind::Accepted, "{outcome:?}");
    let post = fake.posts()[0].clone();
    let facets = post.value["facets"].as_array().unwrap().iter().map(|facet| {
        let at = |end: &str| usize::try_from(facet["index"][end].as_u64().unwrap()).unwrap();
        let feature = &facet["features"][0];
        let said = ["did", "uri", "tag"].iter().find_map(|name| feature[*name].as_str()).unwrap();
        (&text[at("byteStart")..at("byteEnd")], said.to_owned())
    });
    let expected = [
        ("@peepal.example", did.clone()),
        ("#साइबर_अपराध", "साइबर_अपराध".to_owned()),
        ("https://unit.example/t?a=1", "https://unit.example/t?a=1".to_owned()),
        ("@peepal.example", did),
    ];
    assert_eq!(facets.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_bank_that_is_named_plainly_is_not_mentioned_and_nobody_is_asked() {
    let fake = FakeBluesky::start().await;
    fake.account("peepal.example");
    outcome(&connect(&fake), &Wanted::tag(1, fake.now())).await;
    assert_eq!(fake.posts()[0].value.get("facets"), None);
    assert_eq!(fake.asked(Ask::ResolveHandle), 0);
}

#[tokio::test]
async fn a_mention_of_a_handle_that_is_not_the_verified_accounts_any_more_is_not_sent() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let bank = fake.account("peepal.example");
    let wanted = mentioning(1, &bank, &fake);
    let sent = async || bluesky.send(&wanted.claim(), &Yes::default()).await;

    fake.takes_over("peepal.example");
    let moved = "@peepal.example belongs to another account now".to_owned();
    assert_eq!(sent().await, Sent::NotTheBank(moved.clone()));
    let unverified = Wanted { verified: None, ..wanted.clone() };
    let sent_unverified = bluesky.send(&unverified.claim(), &Yes::default()).await;
    assert_eq!(sent_unverified, Sent::NotTheBank(moved));

    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let sent = async || bluesky.send(&wanted.claim(), &Yes::default()).await;
    let gone = Sent::NotTheBank("@peepal.example is gone".to_owned());
    assert_eq!(sent().await, gone);
    fake.disowns("peepal.example", "somebody.example");
    assert_eq!(sent().await, gone);
    assert_eq!(fake.asked(Ask::Put), 0);
}

#[tokio::test]
async fn what_bluesky_cannot_post_as_it_was_approved_is_refused_here() {
    let fake = FakeBluesky::start().await;
    let spoiler = Some("Overdue bank actions".to_owned());
    let wanted = Wanted { spoiler, ..Wanted::tag(1, fake.now()) };
    let outcome = outcome(&connect(&fake), &wanted).await;
    assert_eq!((outcome.kind(), fake.asked(Ask::Put)), (OutcomeKind::Refused, 0), "{outcome:?}");

    for visibility in [Visibility::Unlisted, Visibility::Followers] {
        let config = BlueskyConfig { visibility, ..config(&fake) };
        let refused = Bluesky::new(config.clone(), tokens(&fake, &config)).unwrap_err();
        assert!(matches!(&refused, BadBluesky::Visibility(of) if *of == visibility));
        assert!(refused.to_string().contains("everyone sees"), "{refused}");
    }
    let config = BlueskyConfig { spoiler: wanted.spoiler, ..config(&fake) };
    let refused = Bluesky::new(config.clone(), tokens(&fake, &config)).unwrap_err();
    assert!(matches!(refused, BadBluesky::Spoiler), "{refused}");
    for (login, password) in [("", fake.password()), ("unit.example", "".into())] {
        let (http, clock) = (HttpConfig::default(), fake.clock());
        let session = BlueskySession::new(&fake.base_url, login, password, &http, clock);
        assert!(session.is_err_and(|error| matches!(error, BadBluesky::Login)));
    }
}

#[tokio::test]
async fn the_secrets_are_in_no_debug_and_in_no_error() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    fake.always(Ask::Session, Quirk::Refuse(400, "InvalidRequest"));
    fake.always(Ask::GetRecord, Quirk::Refuse(400, "InvalidToken"));
    let shown = format!(
        "{bluesky:?} {:?} {:?} {:?}",
        config(&fake),
        bluesky.whoami().await,
        bluesky.look(&Wanted::tag(1, fake.now()).delivery()).await,
    );
    assert!(shown.contains("[secret]"), "{shown}");
    assert!(!shown.contains(secrets::MARK), "{shown}");
}

#[tokio::test]
async fn an_address_that_would_leak_the_password_is_refused() {
    let fake = FakeBluesky::start().await;
    let config = config(&fake);
    for base_url in ["http://pds.example", "ftp://pds.example", "https://a:secret@pds.example", "x"]
    {
        let (password, clock) = (fake.password(), fake.clock());
        let session = BlueskySession::new(base_url, "unit", password, &config.http, clock);
        assert!(session.is_err_and(|error| !error.to_string().contains("secret")));
        let config = BlueskyConfig { base_url: base_url.to_owned(), ..config.clone() };
        assert!(Bluesky::new(config.clone(), tokens(&fake, &config)).is_err());
    }
}
