//! The town square through its destination: one key makes one post, and what characters do there
//! is read back by stable ids.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::SignedDuration;
use secrecy::SecretString;
use takaza::{
    demo::{
        cast::{self, Unit},
        square::{Denied, Role, Square, http},
    },
    destinations::{Destination, NotNow, Permit, Sent, Unread, sandbox::Sandbox},
    domain::{
        canonical::Hash,
        delivery::{ClaimedDelivery, Content, Delivery, Lease, Look, Outcome, Receipt, State},
        engagement::{EngagementKind, Heard},
        escalation::{Escalation, EscalationKind, EscalationState, Rung},
        ids::{AccountName, BankCode, DeliveryId, EscalationId, Reference},
        platform::{Language, Platform, Visibility},
        time::Timestamp,
    },
};

use crate::support::claimed::watched;

const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

struct Always;

impl Permit for Always {
    fn check(&self) -> Result<(), NotNow> {
        Ok(())
    }
}

struct Never;

impl Permit for Never {
    fn check(&self) -> Result<(), NotNow> {
        Err(NotNow { reason: "the stop switch is on".to_owned() })
    }
}

/// A square on a loopback port, its clock stepped by hand.
struct Town {
    square: Arc<Square>,
    clock: Arc<AtomicI64>,
    base_url: String,
    sandbox: Sandbox,
}

impl Town {
    async fn open(seed: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(AtomicI64::new(START.micros()));
        let read = Arc::clone(&clock);
        let now = Arc::new(move || Timestamp::from_micros(read.load(Ordering::SeqCst)));
        let token = SecretString::from("right");
        let square = Arc::new(Square::new(&Unit::default(), &base_url, token, seed, now));
        tokio::spawn(http::serve(Arc::clone(&square), listener, std::future::pending()));
        let sandbox = Sandbox::new(&base_url, SecretString::from("right")).unwrap();
        Self { square, clock, base_url, sandbox }
    }

    fn step(&self, by: SignedDuration) -> usize {
        let micros = i64::try_from(by.as_micros()).unwrap();
        let now = self.clock.fetch_add(micros, Ordering::SeqCst) + micros;
        self.square.tick(Timestamp::from_micros(now))
    }

    async fn post(&self, id: &str, text: &str) -> Receipt {
        match self.sandbox.send(&claimed(id, text, None), &Always).await {
            Sent::Attempted(Outcome::Accepted(receipt)) => receipt,
            other => panic!("not accepted: {other:?}"),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a reader's browser, not a sender")]
    async fn page(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}{path}", self.base_url)).send().await.unwrap()
    }
}

fn content(text: &str, retracts: Option<&str>) -> Content {
    Content {
        account: AccountName::new("square"),
        platform: Platform::Sandbox,
        language: Language::En,
        visibility: Visibility::Public,
        spoiler: None,
        text: text.to_owned(),
        max_length: 500,
        bank_in_text: "Peepal Bank".to_owned(),
        drafted: None,
        template: None,
        retracts: retracts.map(str::to_owned),
        picture: None,
    }
}

/// A delivery claimed the only way there is: drafted, approved, claimed.
fn claimed(id: &str, text: &str, retracts: Option<&str>) -> ClaimedDelivery {
    let (escalation, reference) = (EscalationId::new("e-1"), Reference::new("GGM-7F3K2"));
    let bank = BankCode::new("ZPPL");
    let facts = crate::support::claimed::facts(reference.as_str(), START);
    let content = content(text, retracts);
    let day = SignedDuration::from_hours(24);
    let (kind, end) = (EscalationKind::Tag, START.plus(day));
    let mut held = Escalation::new(
        escalation.clone(),
        reference.clone(),
        bank.clone(),
        Rung::Tag,
        kind,
        1,
        facts,
        vec![content.clone()],
        None,
        START,
        end,
        None,
        EscalationState::Held,
    );
    let people = cast::people(START);
    let dcp = people.iter().find_map(|one| one.as_approver(START).ok()).unwrap();
    let seen: Hash = held.hash();
    let clearance = held.approve(&dcp, &seen, START, day).unwrap();
    let waiting = State::Waiting { not_before: START, why: None };
    let id = DeliveryId::new(id);
    let delivery = Delivery::new(id, escalation, kind, bank, reference, content, 0, None, waiting);
    let (token, holder) = ("claim-1".to_owned(), "test".to_owned());
    delivery.claim(clearance, Lease { token, holder, until: end }, START).unwrap()
}

const TAG: &str = "@peepal_bank 4 liens pending beyond this unit's limit of 24 hours. GGM-7F3K2";

fn by<'a>(heard: &'a [Heard], stable_id: &str, kind: EngagementKind) -> Vec<&'a Heard> {
    heard.iter().filter(|one| one.author.stable_id == stable_id && one.kind == kind).collect()
}

#[tokio::test]
async fn a_key_sent_twice_makes_one_post() {
    let town = Town::open(1).await;
    let first = town.post("d-1", TAG).await;
    town.step(SignedDuration::from_mins(30));
    assert_eq!(town.post("d-1", TAG).await, first);
    let own = town.sandbox.own_posts(START).await.unwrap();
    assert_eq!(own.iter().filter(|post| post.text == TAG).count(), 1);

    let other = town.sandbox.send(&claimed("d-1", "other words GGM-7F3K2", None), &Always).await;
    assert!(matches!(other, Sent::Attempted(Outcome::Refused { .. })), "{other:?}");
}

#[tokio::test]
async fn a_permit_that_says_no_lets_no_byte_out() {
    let town = Town::open(1).await;
    let sent = town.sandbox.send(&claimed("d-1", TAG, None), &Never).await;
    assert!(matches!(sent, Sent::NotNow(_)), "{sent:?}");
    assert_eq!(town.sandbox.own_posts(START).await.unwrap(), []);
}

#[tokio::test]
async fn looking_finds_our_own_post_and_only_that() {
    let town = Town::open(1).await;
    let delivery = claimed("d-1", TAG, None).delivery().clone();
    assert_eq!(town.sandbox.look(&delivery).await, Look::NotThere);
    let receipt = town.post("d-1", TAG).await;
    assert_eq!(town.sandbox.look(&delivery).await, Look::Found(receipt));
    // The sibling in another language bears the same reference and is another post.
    let sibling = claimed("d-2", "पीपल बैंक, GGM-7F3K2", None).delivery().clone();
    assert_eq!(town.sandbox.look(&sibling).await, Look::NotThere);
}

#[tokio::test]
async fn own_posts_are_read_to_the_end_of_a_long_list() {
    let town = Town::open(1).await;
    for index in 0..95 {
        town.square.post(&format!("k-{index}"), &format!("post {index}"), None).unwrap();
        town.step(SignedDuration::from_mins(1));
    }
    let own = town.sandbox.own_posts(START).await.unwrap();
    assert_eq!(own.len(), 95);
    assert_eq!(own[0].text, "post 94");
}

#[tokio::test]
async fn a_retraction_deletes_once_and_is_found_by_absence() {
    let town = Town::open(1).await;
    let receipt = town.post("d-1", TAG).await;
    let retraction = claimed("d-2", "", Some(&receipt.id));
    assert_eq!(town.sandbox.look(retraction.delivery()).await, Look::NotThere);
    town.step(SignedDuration::from_mins(5));
    let deleted = town.sandbox.send(&retraction, &Always).await;
    let Sent::Attempted(Outcome::Accepted(at_first)) = deleted else { panic!("{deleted:?}") };
    town.step(SignedDuration::from_mins(5));
    let again = town.sandbox.send(&retraction, &Always).await;
    assert_eq!(again, Sent::Attempted(Outcome::Accepted(at_first.clone())));
    assert_eq!(town.sandbox.look(retraction.delivery()).await, Look::Found(at_first));
    let post = claimed("d-1", TAG, None);
    assert_eq!(town.sandbox.look(post.delivery()).await, Look::NotThere);
    // A key whose post was deleted does not bring it back.
    let back = town.sandbox.send(&post, &Always).await;
    assert!(matches!(back, Sent::Attempted(Outcome::Refused { .. })), "{back:?}");
    assert!(!town.page("/").await.text().await.unwrap().contains("beyond this unit"));
}

#[tokio::test]
async fn the_bank_the_impostor_and_citizens_are_heard_and_told_apart_by_id() {
    let town = Town::open(7).await;
    let receipt = town.post("d-1", TAG).await;
    assert_eq!(town.sandbox.engagement(&watched(&receipt.id)).await.unwrap(), []);
    assert!(town.step(SignedDuration::from_hours(6)) > 3);

    let heard = town.sandbox.engagement(&watched(&receipt.id)).await.unwrap();
    let bank = town.sandbox.resolve("peepal_bank").await.unwrap().unwrap();
    let answers = by(&heard, &bank.author.stable_id, EngagementKind::Reply);
    assert!(answers[0].text.as_ref().unwrap().contains("GGM-7F3K2"), "{answers:?}");
    assert_eq!(by(&heard, &bank.author.stable_id, EngagementKind::Like).len(), 1);

    let impostor = town.square.accounts().into_iter().find(|one| one.role == Role::Impostor);
    let impostor = impostor.unwrap();
    assert_eq!(by(&heard, &impostor.id, EngagementKind::Reply).len(), 1);
    assert_ne!(impostor.handle, bank.author.handle);
    let resolved = town.sandbox.resolve(&impostor.handle).await.unwrap().unwrap();
    assert_eq!((resolved.author.stable_id, resolved.evidence), (impostor.id, vec![]));
    assert!(heard.iter().any(|one| one.author.stable_id.starts_with("c0")));
    assert_eq!(town.sandbox.resolve("nobody_at_all").await.unwrap(), None);

    let mut ids: Vec<_> = heard.iter().map(|one| (&one.platform_id, &one.on_post)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), heard.len(), "ids repeat");
    assert_eq!(town.sandbox.engagement(&watched(&receipt.id)).await.unwrap(), heard);
}

#[tokio::test]
async fn notifications_go_on_from_a_cursor_and_tell_what_the_threads_tell() {
    let town = Town::open(3).await;
    let receipt = town.post("d-1", TAG).await;
    town.step(SignedDuration::from_mins(30));
    let first = town.sandbox.mentions(None).await.unwrap();
    let cursor = first.cursor.clone().expect("something was heard");
    assert_eq!(town.sandbox.mentions(Some(&cursor)).await.unwrap().cursor, None);
    town.step(SignedDuration::from_hours(8));
    let then = town.sandbox.mentions(Some(&cursor)).await.unwrap();
    assert!(!then.heard.is_empty());
    let mut told: Vec<_> =
        first.heard.into_iter().chain(then.heard).map(|one| one.platform_id).collect();
    let thread = town.sandbox.engagement(&watched(&receipt.id)).await.unwrap();
    let mut seen: Vec<_> = thread.into_iter().map(|one| one.platform_id).collect();
    told.sort();
    seen.sort();
    assert_eq!(told, seen);
}

#[tokio::test]
async fn a_wrong_or_ended_token_neither_posts_nor_reads() {
    let town = Town::open(1).await;
    let stranger = Sandbox::new(&town.base_url, SecretString::from("wrong")).unwrap();
    let sent = stranger.send(&claimed("d-1", TAG, None), &Always).await;
    assert!(matches!(sent, Sent::Attempted(Outcome::AccountBlocked { .. })), "{sent:?}");
    assert!(matches!(stranger.whoami().await, Err(Unread::AccountBlocked { .. })));
    assert!(!format!("{stranger:?}").contains("wrong"));

    assert_eq!(town.sandbox.whoami().await.unwrap().author.handle, Unit::default().handle);
    town.sandbox.revoke().await.unwrap();
    town.sandbox.revoke().await.unwrap();
    let sent = town.sandbox.send(&claimed("d-1", TAG, None), &Always).await;
    assert!(matches!(sent, Sent::Attempted(Outcome::AccountBlocked { .. })), "{sent:?}");
}

#[tokio::test]
async fn a_square_that_is_closed_is_proved_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let sandbox = Sandbox::new(&address, SecretString::from("right")).unwrap();
    let sent = sandbox.send(&claimed("d-1", TAG, None), &Always).await;
    assert!(matches!(sent, Sent::Attempted(Outcome::NotSent { .. })), "{sent:?}");
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_with_its_length() {
    let town = Town::open(1).await;
    let limit = usize::try_from(town.sandbox.limits().await.unwrap().max_length).unwrap();
    assert_eq!(town.square.post("k", &"क".repeat(limit + 1), None), Err(Denied::Length(limit + 1)));
    town.square.post("k", &"क".repeat(limit), None).unwrap();
}

#[tokio::test]
async fn a_reply_that_carries_markup_is_inert_on_every_page() {
    let town = Town::open(1).await;
    let receipt = town.post("d-1", TAG).await;
    let attack = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'@peepal_bank'\"";
    town.square.reply_as("asha_reads", receipt.id.parse().unwrap(), attack).unwrap();
    let thread = format!("/@{}/{}", Unit::default().handle, receipt.id);
    for path in ["/", &thread, "/@asha_reads"] {
        let page = town.page(path).await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = page.text().await.unwrap();
        assert!(html.contains("&lt;script&gt;alert(1)"), "{path} lacks the reply");
        assert!(!html.contains("<script>") && !html.contains("<img"), "{path} runs the reply");
        assert!(html.contains("nothing here is public; every bank is invented"));
    }
}

#[tokio::test]
async fn every_page_draws_and_says_that_it_is_a_sandbox() {
    let town = Town::open(5).await;
    town.post("d-1", TAG).await;
    town.step(SignedDuration::from_hours(5));
    for path in ["/", "/accounts", "/@peepal_bank", "/@peepaI_bank", "/@cyber_unit"] {
        let page = town.page(path).await;
        assert_eq!(page.status(), 200, "{path}");
        let html = page.text().await.unwrap();
        assert!(html.contains("<strong>Sandbox:</strong>"), "{path}");
        assert!(!html.contains("https://"), "{path} reaches outside");
    }
    assert_eq!(town.page("/@nobody").await.status(), 404);
}

/// A machine without Devanagari letters would show boxes.
#[tokio::test]
async fn the_square_brings_its_own_hindi_letters() {
    let town = Town::open(5).await;
    let front = town.page("/").await;
    let policy = front.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("font-src 'self'"), "{policy}");
    let style = town.page("/square.css").await.text().await.unwrap();
    let (face, _) = style.split_once('}').unwrap();
    assert!(face.contains("unicode-range: U+0900-097F"), "only where Hindi stands: {face}");
    let address = face.split('"').find(|word| word.ends_with(".woff2")).expect("an address");
    let letters = town.page(address).await;
    assert_eq!(letters.headers()["content-type"], "font/woff2");
    assert_eq!(&letters.bytes().await.unwrap()[..4], b"wOF2");
}

#[tokio::test]
async fn what_was_said_survives_a_save() {
    let town = Town::open(2).await;
    let receipt = town.post("d-1", TAG).await;
    town.step(SignedDuration::from_hours(2));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("square.json");
    town.square.save(&file).unwrap();
    assert!(!std::fs::read_to_string(&file).unwrap().contains("right\""));
    let reopened = Town::open(99).await;
    reopened.square.restore(&file).unwrap();
    let told = |town: &Town| {
        let id = receipt.id.clone();
        let sandbox = Sandbox::new(&town.base_url, SecretString::from("right")).unwrap();
        async move { sandbox.engagement(&watched(&id)).await.unwrap() }
    };
    assert_eq!(told(&reopened).await, told(&town).await);
    assert_eq!(reopened.post("d-1", TAG).await.id, receipt.id);
}
