//! Mastodon: one attempt and the truth about it, however hostile the server is.

mod listening;
mod looking;
mod pictures;
mod real_peer;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use takaza::{
    destinations::{
        Destination as _, NotNow, Permit, Sent,
        http::HttpConfig,
        mastodon::{BadMastodon, Mastodon, MastodonConfig},
    },
    domain::{
        delivery::{Outcome, OutcomeKind},
        ids::AccountName,
        platform::{Language, MentionMode},
    },
};

use crate::support::{
    claimed::{Wanted, outcome},
    fake_mastodon::{Ask, FakeMastodon, Quirk, Trick},
    hostile::{any_server_may, fit_for_a_log},
    permits::{Stopped, Yes},
    secrets,
};

pub fn config(fake: &FakeMastodon) -> MastodonConfig {
    let (account, token) = (AccountName::new("unit"), fake.token());
    let mut config = MastodonConfig::new(account, &fake.base_url, token, fake.clock());
    config.http.max_body = 256 << 10;
    config
}

pub fn connect(fake: &FakeMastodon) -> Mastodon {
    Mastodon::connect(config(fake)).expect("a good configuration")
}

/// One that gives up quickly: for requests that a trick has parked.
pub fn impatient(fake: &FakeMastodon) -> Mastodon {
    let http = HttpConfig {
        connect_timeout: Duration::from_millis(700),
        request_timeout: Duration::from_millis(800),
        ..HttpConfig::default()
    };
    Mastodon::connect(MastodonConfig { http, ..config(fake) }).expect("a good configuration")
}

#[tokio::test]
async fn a_post_carries_exactly_the_frozen_bytes_and_its_receipt_is_the_servers() {
    let fake = FakeMastodon::start().await;
    let wanted = Wanted {
        spoiler: Some("Overdue bank actions".to_owned()),
        language: Language::Hi,
        ..Wanted::tag(1, fake.now())
    };
    let permit = Yes::default();
    let sent = connect(&fake).send(&wanted.claim(), &permit).await;

    let [post] = &fake.posts()[..] else { panic!("one post") };
    assert_eq!(post.text, wanted.text);
    assert_eq!(post.spoiler, wanted.spoiler);
    assert_eq!((post.visibility.as_str(), post.language.as_deref()), ("public", Some("hi")));
    let Sent::Attempted(Outcome::Accepted(receipt)) = sent else { panic!("{sent:?}") };
    assert_eq!(receipt.id, post.id);
    assert_eq!(receipt.permalink, format!("{}/@unit/{}", fake.base_url, post.id));
    assert_eq!(receipt.at, post.at);
    // Before it started, and before its text left.
    assert_eq!(permit.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_request_as_it_stands_on_the_wire() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let fake = FakeMastodon::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let mut config = MastodonConfig { base_url, ..config(&fake) };
    config.http.contact = "https://police.example/takaza".to_owned();
    let (mastodon, wanted) = (Mastodon::connect(config).unwrap(), Wanted::tag(1, fake.now()));
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let (mut request, mut chunk) = (String::new(), [0; 4096]);
        while !request.ends_with('}') {
            let read = socket.read(&mut chunk).await.unwrap();
            request.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        socket.write_all(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    outcome(&mastodon, &wanted).await;
    let request = server.await.unwrap().to_lowercase();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("post /api/v1/statuses http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    let token = fake.token();
    let header = format!("\r\nauthorization: bearer {}", token.expose_secret());
    assert!(head.contains(&header), "{head}");
    assert!(head.contains("(+https://police.example/takaza)"), "{head}");
    let key = format!("\r\nidempotency-key: {}-{}", wanted.id, wanted.content().hash());
    assert!(head.contains(&key), "{head}");
}

#[tokio::test]
async fn a_permit_that_says_no_keeps_every_byte_here() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    for wanted in [Wanted::tag(1, fake.now()), Wanted::retraction(2, "7", fake.now())] {
        let sent = mastodon.send(&wanted.claim(), &Stopped).await;
        assert_eq!(sent, Sent::NotNow(NotNow { reason: "the stop switch is on".to_owned() }));
    }
    assert_eq!((fake.asked(Ask::Post), fake.asked(Ask::Delete)), (0, 0));
}

/// Somebody presses the stop switch while the connection is being made.
#[derive(Default)]
struct StoppedMeanwhile(AtomicUsize);

impl Permit for StoppedMeanwhile {
    fn check(&self) -> Result<(), NotNow> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(()),
            _ => Stopped.check(),
        }
    }
}

#[tokio::test]
async fn a_stop_that_comes_while_we_connect_keeps_the_text_here() {
    let fake = FakeMastodon::start().await;
    let (mastodon, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
    for _connected_or_not in 0..2 {
        let sent = mastodon.send(&wanted.claim(), &StoppedMeanwhile::default()).await;
        assert!(matches!(sent, Sent::NotNow(_)), "{sent:?}");
        assert_eq!((fake.asked(Ask::Post), fake.made()), (0, 0));
        mastodon.whoami().await.unwrap();
    }
    assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Accepted);
    assert_eq!((fake.asked(Ask::Post), fake.made()), (1, 1));
}

#[tokio::test]
async fn every_hostile_trick_ends_in_one_attempt_and_the_true_outcome() {
    use OutcomeKind::{AccountBlocked, Refused, Unknown};
    let its_own = [
        (Quirk::NoId.into(), Unknown, 1),
        (Quirk::OtherPost.into(), Unknown, 1),
        (Quirk::Unauthorized.into(), AccountBlocked, 0),
        (Quirk::Suspended.into(), AccountBlocked, 0),
        (Quirk::Forbidden.into(), Refused, 0),
        (Quirk::TooLong.into(), Refused, 0),
        (Trick::Html(403), Refused, 0),
        (Trick::Html(413), Refused, 0),
        (Trick::ErrorBefore(400), Refused, 0),
        (Trick::ErrorBefore(404), Refused, 0),
    ];
    for (trick, expected, made) in any_server_may().into_iter().chain(its_own) {
        let fake = FakeMastodon::start().await;
        fake.hostile(trick.clone());
        let outcome = outcome(&connect(&fake), &Wanted::tag(1, fake.now())).await;
        assert_eq!(outcome.kind(), expected, "{trick:?}: {outcome:?}");
        fit_for_a_log(outcome.reason(), &trick);
        assert!(!outcome.reason().contains('<'), "{trick:?}: {outcome:?}");
        fake.saw_one_attempt(made, &trick).await;
    }
}

#[tokio::test]
async fn only_a_connection_that_never_was_is_called_not_sent() {
    let fake = FakeMastodon::start().await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let no_tls = fake.base_url.replace("http://", "https://");
    let no_name = "https://nobody.invalid".to_owned();
    for base_url in [refused, no_tls, no_name] {
        let mastodon =
            Mastodon::connect(MastodonConfig { base_url: base_url.clone(), ..config(&fake) })
                .unwrap();
        let outcome = outcome(&mastodon, &Wanted::tag(1, fake.now())).await;
        assert_eq!(outcome.kind(), OutcomeKind::NotSent, "{base_url}: {outcome:?}");
    }
    assert_eq!(fake.asked(Ask::Post) + fake.asked(Ask::Other), 0);
}

#[tokio::test]
async fn attempts_of_one_delivery_share_a_key_and_no_other_text_has_it() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    let wanted = Wanted::tag(1, fake.now());
    fake.hostile(Trick::ErrorAfter(504));
    assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Unknown);
    assert_eq!(outcome(&mastodon, &wanted).await.kind(), OutcomeKind::Accepted);
    assert_eq!((fake.asked(Ask::Post), fake.made()), (2, 1));

    let edited = Wanted { text: format!("{} Corrected.", wanted.text), ..wanted.clone() };
    assert_eq!(outcome(&mastodon, &edited).await.kind(), OutcomeKind::Accepted);
    assert_eq!(outcome(&mastodon, &Wanted::tag(2, fake.now())).await.kind(), OutcomeKind::Accepted);
    assert_eq!(fake.made(), 3);

    // A server that ignores the key makes a second post: why a resend needs more than a key.
    fake.hostile(Quirk::IgnoreKey);
    outcome(&mastodon, &wanted).await;
    assert_eq!(fake.made(), 4);
}

#[tokio::test]
async fn a_429_is_obeyed_within_bounds_and_nothing_is_asked_until_then() {
    let day_of_epoch = "1795500300".to_owned();
    for (header, value, seconds) in [
        ("retry-after", "90".to_owned(), 90),
        ("x-ratelimit-reset", "2026-11-24T06:05:00.000000Z".to_owned(), 300),
        ("x-ratelimit-reset", day_of_epoch, 300),
        ("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT".to_owned(), 3600),
        ("x-ratelimit-reset", "1999-01-01T00:00:00Z".to_owned(), 5),
    ] {
        let fake = FakeMastodon::start().await;
        let (mastodon, wanted) = (connect(&fake), Wanted::tag(1, fake.now()));
        fake.hostile(Trick::RateLimited(vec![(header, value.clone())]));
        let wait = jiff::SignedDuration::from_secs(seconds);
        let due = fake.now().plus(wait);
        for _again in 0..2 {
            let outcome = outcome(&mastodon, &wanted).await;
            let Outcome::Throttled { until, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(until, Some(due), "{header}: {value}");
        }
        assert!(mastodon.whoami().await.is_err());
        assert_eq!((fake.asked(Ask::Post), fake.asked(Ask::Credentials)), (1, 0));

        fake.advance(wait);
        let later = Wanted { now: fake.now(), ..wanted };
        assert_eq!(outcome(&mastodon, &later).await.kind(), OutcomeKind::Accepted);
    }
}

#[tokio::test]
async fn our_own_limit_holds_reads_back_and_never_a_send() {
    let fake = FakeMastodon::start().await;
    let mut config = config(&fake);
    config.requests_per_5_minutes = 2.try_into().unwrap();
    let mastodon = Mastodon::connect(config).unwrap();
    assert!(mastodon.whoami().await.is_ok());
    assert!(mastodon.whoami().await.is_ok());
    let held = mastodon.whoami().await.unwrap_err();
    let takaza::destinations::Unread::Throttled { until: Some(until), .. } = held else {
        panic!("{held:?}")
    };
    assert!(until > fake.now());
    assert_eq!(fake.asked(Ask::Credentials), 2);
    let outcome = outcome(&mastodon, &Wanted::tag(1, fake.now())).await;
    assert_eq!(outcome.kind(), OutcomeKind::Accepted);
}

#[tokio::test]
async fn the_token_is_in_no_debug_and_in_no_error() {
    let fake = FakeMastodon::start().await;
    let mastodon = connect(&fake);
    fake.always(Ask::Credentials, Quirk::Unauthorized);
    fake.always(Ask::Timeline, Quirk::Unauthorized);
    let shown = format!(
        "{mastodon:?} {:?} {:?} {:?}",
        config(&fake),
        mastodon.whoami().await,
        mastodon.look(&Wanted::tag(1, fake.now()).delivery()).await,
    );
    assert!(shown.contains("[secret]"), "{shown}");
    assert!(!shown.contains(secrets::MARK), "{shown}");
}

#[tokio::test]
async fn an_address_that_would_leak_the_token_is_refused() {
    let fake = FakeMastodon::start().await;
    for (base_url, token) in [
        ("http://social.example", "t"),
        ("ftp://social.example", "t"),
        ("https://user:secret@social.example", "t"),
        ("social.example", "t"),
        ("https://social.example", ""),
        ("https://social.example", "two words"),
    ] {
        let config = MastodonConfig {
            base_url: base_url.to_owned(),
            token: token.to_owned().into(),
            ..config(&fake)
        };
        let error: BadMastodon = Mastodon::connect(config).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_verified_handle_is_mentioned_by_its_full_name_where_that_is_allowed() {
    let fake = FakeMastodon::start().await;
    let name = |mode| connect(&fake).name_in_text("care@peepal.example", "Peepal Bank", mode);
    assert_eq!(name(MentionMode::Mention), "@care@peepal.example");
    assert_eq!(name(MentionMode::PlainName), "Peepal Bank");
}
