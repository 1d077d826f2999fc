//! X: one attempt and the truth about it, however hostile the server is.

mod lengths;
mod listening;
mod looking;
mod specified;

use std::sync::{Arc, atomic::Ordering};

use secrecy::{ExposeSecret as _, SecretString};
use takaza::{
    destinations::{
        Destination as _, NotNow, Sent, Unread,
        meter::Free,
        tokens::{FixedToken, NoToken, Tokens},
        x::{BadX, Replies, X, XConfig},
    },
    domain::{
        delivery::{Outcome, OutcomeKind},
        ids::AccountName,
        platform::MentionMode,
    },
};

use crate::support::{
    claimed::{Wanted, outcome},
    fake_x::{Ask, FakeX, Quirk, Trick},
    hostile::{any_server_may, fit_for_a_log},
    permits::{Stopped, Yes},
    secrets,
};

pub fn config(fake: &FakeX) -> XConfig {
    let account = AccountName::new("unit");
    let mut config = XConfig::new(account, FakeX::HANDLE, &fake.base_url, fake.clock());
    config.http.max_body = 256 << 10;
    config
}

pub fn connect(fake: &FakeX) -> X {
    with(fake, config(fake))
}

pub fn with(fake: &FakeX, config: XConfig) -> X {
    let token = Arc::new(FixedToken::new(fake.token()));
    X::new(config, token, Arc::new(Free)).expect("a good configuration")
}

/// A tag as X has it, with a mention of the bank.
pub fn tag(number: u32, fake: &FakeX) -> Wanted {
    let wanted = Wanted::tag(number, fake.now());
    let text = wanted.text.replace("@care@peepal.example", "@PeepalCare");
    Wanted { text, ..wanted }
}

#[tokio::test]
async fn a_post_carries_exactly_the_frozen_bytes_and_its_receipt_is_xs() {
    let fake = FakeX::start().await;
    let wanted = Wanted {
        text: "@PeepalCare विवादित राशि पर 4 लियन & \"होल्ड\" लंबित <6 घंटे. GGM-T0001".to_owned(),
        ..tag(1, &fake)
    };
    let permit = Yes::default();
    let sent = connect(&fake).send(&wanted.claim(), &permit).await;

    let [post] = &fake.posts()[..] else { panic!("one post") };
    assert_eq!(post.text, wanted.text);
    let Sent::Attempted(Outcome::Accepted(receipt)) = sent else { panic!("{sent:?}") };
    assert_eq!(receipt.id, post.id);
    assert!(post.id.parse::<u64>().unwrap() > 1 << 53);
    assert_eq!(receipt.permalink, format!("https://x.com/example_cyber/status/{}", post.id));
    assert_eq!(receipt.at, fake.now());
    // Before it started, and before its text left.
    assert_eq!(permit.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_permit_that_says_no_keeps_every_byte_here() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    for wanted in [tag(1, &fake), Wanted::retraction(2, "7", fake.now())] {
        let sent = x.send(&wanted.claim(), &Stopped).await;
        assert_eq!(sent, Sent::NotNow(NotNow { reason: "the stop switch is on".to_owned() }));
    }
    assert_eq!((fake.asked(Ask::Post), fake.asked(Ask::Delete)), (0, 0));
}

#[tokio::test]
async fn every_hostile_trick_ends_in_one_attempt_and_the_true_outcome() {
    use OutcomeKind::{Accepted, AccountBlocked, Refused, Throttled, Unknown};
    let suspended = "The user used for authentication is suspended";
    let its_own = [
        (Quirk::NoId.into(), Unknown, 1),
        (Quirk::OnlyErrors.into(), Unknown, 0),
        (Quirk::OtherPost.into(), Unknown, 1),
        (Quirk::WithErrors.into(), Accepted, 1),
        // A gateway's page is not X's word about the post.
        (Trick::Html(403), Unknown, 0),
        (Quirk::UsageCapped("Monthly").into(), Throttled, 0),
        (Quirk::Unauthorized.into(), AccountBlocked, 0),
        (Quirk::Problem(403, "user-suspended", suspended).into(), AccountBlocked, 0),
        (Quirk::Problem(403, "about:blank", "Your account is locked.").into(), AccountBlocked, 0),
        (Quirk::Problem(402, "credits", "No credits are left.").into(), AccountBlocked, 0),
        (Quirk::Problem(403, "client-forbidden", "Not enrolled.").into(), AccountBlocked, 0),
        (Quirk::Problem(403, "oauth1-permissions", "Read only.").into(), AccountBlocked, 0),
        (
            Quirk::Problem(403, "about:blank", "You are not permitted to do this.").into(),
            Refused,
            0,
        ),
        (Quirk::Problem(403, "not-authorized-for-resource", "No reply.").into(), Refused, 0),
        (Quirk::Problem(400, "invalid-request", "The text is too long.").into(), Refused, 0),
    ];
    for (trick, expected, made) in any_server_may().into_iter().chain(its_own) {
        let fake = FakeX::start().await;
        fake.hostile(trick.clone());
        let outcome = outcome(&connect(&fake), &tag(1, &fake)).await;
        assert_eq!(outcome.kind(), expected, "{trick:?}: {outcome:?}");
        if expected != Accepted {
            fit_for_a_log(outcome.reason(), &trick);
            assert!(!outcome.reason().contains('<'), "{trick:?}: {outcome:?}");
        }
        fake.saw_one_attempt(made, &trick).await;
    }
}

#[tokio::test]
async fn only_a_connection_that_never_was_is_called_not_sent() {
    let fake = FakeX::start().await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let no_tls = fake.base_url.replace("http://", "https://");
    for base_url in [refused, no_tls, "https://nobody.invalid".to_owned()] {
        let x = with(&fake, XConfig { base_url: base_url.clone(), ..config(&fake) });
        let outcome = outcome(&x, &tag(1, &fake)).await;
        assert_eq!(outcome.kind(), OutcomeKind::NotSent, "{base_url}: {outcome:?}");
    }
    assert_eq!(fake.asked(Ask::Post) + fake.asked(Ask::Other), 0);
}

/// The tokens of an account whose grant can be renewed, or has just ended.
struct Renewed<'a> {
    fake: &'a FakeX,
    held: std::sync::Mutex<Option<SecretString>>,
}

#[async_trait::async_trait]
impl Tokens for Renewed<'_> {
    async fn token(&self) -> Result<SecretString, NoToken> {
        let mut held = self.held.lock().unwrap();
        Ok(held.get_or_insert_with(|| self.fake.token()).clone())
    }

    async fn refused(&self, token: &SecretString) -> bool {
        let stale = token.expose_secret() != self.fake.token().expose_secret();
        *self.held.lock().unwrap() = None;
        stale
    }
}

#[tokio::test]
async fn a_token_that_ends_mid_send_is_only_stale_where_another_can_be_had() {
    let fake: &'static FakeX = Box::leak(Box::new(FakeX::start().await));
    let tokens = Arc::new(Renewed { fake, held: std::sync::Mutex::default() });
    let x = X::new(config(fake), tokens, Arc::new(Free)).unwrap();
    fake.hostile(Quirk::TokenEnds);
    let wanted = tag(1, fake);
    let first = outcome(&x, &wanted).await;
    assert_eq!(first.kind(), OutcomeKind::NotSent, "{first:?}");
    assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Accepted);
    assert_eq!((fake.asked(Ask::Post), fake.made()), (2, 1));

    // A token that a person wrote down is never renewed.
    let fixed = connect(fake);
    fake.expire_token();
    assert_eq!(outcome(&fixed, &tag(2, fake)).await.kind(), OutcomeKind::AccountBlocked);
    let unread = fixed.whoami().await.unwrap_err();
    assert!(matches!(unread, Unread::AccountBlocked { .. }), "{unread:?}");
}

struct NoGrant(NoToken);

#[async_trait::async_trait]
impl Tokens for NoGrant {
    async fn token(&self) -> Result<SecretString, NoToken> {
        Err(self.0.clone())
    }

    async fn refused(&self, _token: &SecretString) -> bool {
        false
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_reason_is_told() {
    let fake = FakeX::start().await;
    for (none, expected) in [
        (NoToken::Later { reason: "renewing".to_owned() }, OutcomeKind::NotSent),
        (NoToken::Reconnect { reason: "ended".to_owned() }, OutcomeKind::AccountBlocked),
    ] {
        let x = X::new(config(&fake), Arc::new(NoGrant(none)), Arc::new(Free)).unwrap();
        assert_eq!(outcome(&x, &tag(1, &fake)).await.kind(), expected);
        assert!(x.whoami().await.is_err());
    }
    assert_eq!(fake.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn an_identical_text_is_settled_by_looking_for_its_reference() {
    let fake = FakeX::start().await;
    let (x, wanted) = (connect(&fake), tag(1, &fake));
    fake.hostile(Trick::ErrorAfter(504));
    assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Unknown);
    let again = outcome(&x, &wanted).await;
    assert_eq!(again.kind(), OutcomeKind::Unknown, "{again:?}");
    assert!(again.reason().contains("stands already"), "{again:?}");
    assert_eq!((fake.asked(Ask::Post), fake.made()), (2, 1));
    let takaza::domain::delivery::Look::Found(receipt) = x.look(wanted.claim().delivery()).await
    else {
        panic!("it is there")
    };
    assert_eq!(receipt.id, fake.posts()[0].id);
}

#[tokio::test]
async fn a_rate_limit_is_obeyed_within_bounds_on_xs_own_clock_and_holds_back_that_request_alone() {
    for (header, value, skew, seconds) in [
        ("x-rate-limit-reset", "1795500300", 0, 300),
        // X's clock is two hours behind ours, and so is its reset.
        ("x-rate-limit-reset", "1795493100", -7_200, 300),
        ("x-rate-limit-reset", "4102444800", 0, 3_600),
        ("x-rate-limit-reset", "1000000000", 0, 5),
        ("retry-after", "90", 0, 90),
    ] {
        let fake = FakeX::start().await;
        fake.skew(jiff::SignedDuration::from_secs(skew));
        // The fake's clock stands at the epoch's 1795500000th second.
        let (x, wanted) = (connect(&fake), tag(1, &fake));
        fake.hostile(Trick::RateLimited(vec![(header, value.to_owned())]));
        let wait = jiff::SignedDuration::from_secs(seconds);
        let due = fake.now().plus(wait);
        for _again in 0..2 {
            let outcome = outcome(&x, &wanted).await;
            let Outcome::Throttled { until, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(until, Some(due), "{header}: {value}");
        }
        assert_eq!(fake.asked(Ask::Post), 1);
        assert!(x.whoami().await.is_ok(), "another request has a limit of its own");

        fake.advance(wait);
        let later = Wanted { now: fake.now(), ..wanted };
        assert_eq!(outcome(&x, &later).await.kind(), OutcomeKind::Accepted);
    }
}

#[tokio::test]
async fn a_used_up_cap_says_its_period_and_is_asked_again_within_the_longest_wait() {
    for (clock, period, minutes) in
        [(0, "Monthly", 60), (0, "Daily", 60), (17 * 60 + 30, "Daily", 30), (0, "Yearly", 60)]
    {
        let fake = FakeX::start().await;
        fake.advance(jiff::SignedDuration::from_mins(clock));
        let (x, wanted) = (connect(&fake), tag(1, &fake));
        fake.hostile(Quirk::UsageCapped(period));
        let outcome = outcome(&x, &wanted).await;
        let Outcome::Throttled { until, reason } = outcome else { panic!("{outcome:?}") };
        assert_eq!(until, Some(fake.now().plus(jiff::SignedDuration::from_mins(minutes))));
        assert!(reason.contains(period) && reason.contains("Usage cap exceeded"), "{reason}");
    }
}

#[tokio::test]
async fn our_own_limit_holds_readings_back_and_never_a_send() {
    let fake = FakeX::start().await;
    let x = with(&fake, XConfig { most_readings: 2.try_into().ok(), ..config(&fake) });
    assert!(x.whoami().await.is_ok());
    assert!(x.whoami().await.is_ok());
    let held = x.whoami().await.unwrap_err();
    let Unread::Throttled { until: Some(until), .. } = held else { panic!("{held:?}") };
    assert!(until > fake.now());
    assert_eq!(fake.asked(Ask::Me), 2);
    assert_eq!(outcome(&x, &tag(1, &fake)).await.kind(), OutcomeKind::Accepted);
}

#[tokio::test]
async fn answers_are_restricted_and_the_bank_may_always_answer() {
    let fake = FakeX::start().await;
    let bank = fake.bank_account("PeepalCare");
    let stranger = fake.account("helpful_stranger");
    let plain = |number| Wanted {
        text: tag(number, &fake).text.replace("@PeepalCare", "Peepal Bank:"),
        ..tag(number, &fake)
    };
    for (replies, wanted, setting, strangers) in [
        (Replies::Restricted, tag(1, &fake), Some("mentionedUsers"), false),
        (Replies::Restricted, plain(2), Some("verified"), false),
        (Replies::Following, tag(3, &fake), Some("following"), false),
        (Replies::Everyone, plain(4), None, true),
    ] {
        let x = with(&fake, XConfig { replies, ..config(&fake) });
        assert_eq!(outcome(&x, &wanted).await.kind(), OutcomeKind::Accepted);
        let post = fake.posts().pop().unwrap();
        assert_eq!(post.reply_settings.as_deref(), setting);
        assert!(fake.may_reply(&post.id, &bank), "{replies:?}");
        assert_eq!(fake.may_reply(&post.id, &stranger), strangers, "{replies:?}");
    }
}

#[tokio::test]
async fn the_token_is_in_no_debug_and_in_no_error() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    fake.always(Ask::Me, Quirk::Unauthorized);
    fake.always(Ask::Timeline, Quirk::Unauthorized);
    fake.always(Ask::Post, Quirk::Unauthorized);
    let shown = format!(
        "{x:?} {:?} {:?} {:?} {:?}",
        config(&fake),
        x.whoami().await,
        x.look(tag(1, &fake).claim().delivery()).await,
        outcome(&x, &tag(1, &fake)).await,
    );
    assert!(shown.contains("[secret]"), "{shown}");
    assert!(!shown.contains(secrets::MARK), "{shown}");

    // It stands in any answer, not only where it is refused.
    fake.calm();
    for ask in [Ask::User, Ask::Timeline, Ask::Post] {
        fake.always(ask, Quirk::Echo);
    }
    let shown = format!(
        "{:?} {:?} {:?}",
        x.resolve("PeepalCare").await,
        x.own_posts(fake.now()).await,
        outcome(&x, &tag(1, &fake)).await,
    );
    assert_eq!(shown.matches("[secret]").count(), 3, "{shown}");
    assert!(!shown.contains(secrets::MARK), "{shown}");
}

#[tokio::test]
async fn an_address_that_would_leak_the_token_is_refused() {
    let fake = FakeX::start().await;
    for base_url in [
        "http://api.example",
        "ftp://api.example",
        "https://user:secret@api.example",
        "api.example",
    ] {
        let config = XConfig { base_url: base_url.to_owned(), ..config(&fake) };
        let token = Arc::new(FixedToken::new(fake.token()));
        let error: BadX = X::new(config, token, Arc::new(Free)).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_verified_handle_is_mentioned_where_that_is_allowed() {
    let fake = FakeX::start().await;
    let name = |mode| connect(&fake).name_in_text("PeepalCare", "Peepal Bank", mode);
    assert_eq!(name(MentionMode::Mention), "@PeepalCare");
    assert_eq!(name(MentionMode::PlainName), "Peepal Bank");
}
