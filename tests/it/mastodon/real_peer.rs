//! The same truths against a Mastodon API that others wrote: `mastodon-mock` from PyPI, running at
//! the address in `TAKAZA_TEST_MASTODON_MOCK`.

use std::{io::Write as _, sync::Arc, time::Duration};

use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};
use takaza::{
    destinations::{
        Destination as _,
        http::{self, HttpConfig},
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        delivery::{Look, Outcome, OutcomeKind},
        engagement::EngagementKind,
        ids::AccountName,
        time::Timestamp,
    },
};

use super::outcome;
use crate::support::claimed::{Wanted, watched};

/// The peer's address; `None`, loudly, where there is none and it is not asked for.
fn address() -> Option<String> {
    let address = std::env::var("TAKAZA_TEST_MASTODON_MOCK").ok().filter(|it| !it.is_empty());
    if address.is_none() {
        let why = "SKIPPED: the stories against mastodon-mock, for TAKAZA_TEST_MASTODON_MOCK is \
                   not set (tests/run installs and starts it)";
        assert!(std::env::var("TAKAZA_TEST_ALL").as_deref() != Ok("1"), "{why}");
        // Written past the test harness, which hides what a passing test prints.
        let _shown = writeln!(std::io::stderr(), "{why}");
    }
    address
}

/// The mock's own ways: people with tokens, and faults.
struct Peer {
    base_url: String,
    client: Client,
}

struct Someone {
    id: String,
    name: String,
    token: String,
}

impl Peer {
    async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Value {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}/api/v1/{path}", self.base_url));
        let answer = request.bearer_auth(token).json(&body).send().await.expect("the mock answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("the mock answers in JSON")
    }

    async fn someone(&self) -> Someone {
        let made = self.call("POST", "_mock/dev_user", "", json!({})).await;
        let text = |name: &str| made[name].as_str().expect("the mock says it").to_owned();
        Someone { id: text("id"), name: text("username"), token: text("access_token") }
    }

    async fn fault(&self, effect: Value) {
        let on = json!({ "methods": ["POST"], "path": "/api/v1/statuses" });
        let rule = json!({ "match": on, "effect": effect, "count": 1 });
        self.call("POST", "_mock/faults", "", rule).await;
    }

    async fn posts_of(&self, one: &Someone) -> usize {
        let path = format!("accounts/{}/statuses", one.id);
        self.call("GET", &path, &one.token, json!({})).await.as_array().expect("a list").len()
    }

    fn connect(&self, one: &Someone, request_timeout: Duration) -> Mastodon {
        let token = SecretString::from(one.token.clone());
        let account = AccountName::new("unit");
        let mut config = MastodonConfig::new(account, &self.base_url, token, Arc::new(real_time));
        config.http.connect_timeout = request_timeout / 2;
        config.http.request_timeout = request_timeout;
        Mastodon::connect(config).expect("a good configuration")
    }
}

#[expect(clippy::disallowed_methods, reason = "a peer that others wrote keeps real time")]
fn real_time() -> Timestamp {
    jiff::Timestamp::now().into()
}

/// One story, for the mock's faults are for everyone who asks it.
#[tokio::test]
async fn mastodon_mock_agrees_about_posts_keys_faults_engagement_and_retractions() {
    let Some(base_url) = address() else { return };
    let client = http::client(&HttpConfig::default()).expect("a client");
    let peer = Peer { base_url, client };
    peer.call("DELETE", "_mock/faults", "", json!({})).await;
    let (us, bank) = (peer.someone().await, peer.someone().await);
    let mastodon = peer.connect(&us, Duration::from_secs(10));

    let me = mastodon.whoami().await.unwrap();
    assert!(me.author.stable_id.ends_with(&format!("/{}", us.id)), "{me:?}");
    assert_eq!(mastodon.limits().await.unwrap().max_length, 500);
    assert_eq!(mastodon.resolve("nobody_at_all").await.unwrap(), None);
    let found = mastodon.resolve(&bank.name).await.unwrap().unwrap();
    assert!(found.author.stable_id.ends_with(&format!("/{}", bank.id)), "{found:?}");

    bears_a_picture(&peer, &us, &mastodon).await;
    let post = posts_once_whatever_the_faults(&peer, &us, &mastodon).await;
    hears(&peer, &us, &bank, &mastodon, &post).await;
    retracts(&us, &peer, &mastodon, &post).await;
}

async fn posts_once_whatever_the_faults(peer: &Peer, us: &Someone, mastodon: &Mastodon) -> String {
    let wanted = Wanted::tag(1, real_time());
    let first = outcome(mastodon, &wanted).await;
    let Outcome::Accepted(receipt) = first else { panic!("{first:?}") };
    let again = outcome(mastodon, &wanted).await;
    assert!(matches!(&again, Outcome::Accepted(same) if same.id == receipt.id), "{again:?}");
    let look = mastodon.look(wanted.claim().delivery()).await;
    assert!(matches!(&look, Look::Found(same) if same.id == receipt.id), "{look:?}");
    assert_eq!(peer.posts_of(us).await, 1);

    let hasty = peer.connect(us, Duration::from_millis(900));
    for (effect, expected) in [
        (json!({ "type": "status", "status": 500 }), OutcomeKind::Unknown),
        (json!({ "type": "status", "status": 503 }), OutcomeKind::Unknown),
        (json!({ "type": "status", "status": 422 }), OutcomeKind::Refused),
        (json!({ "type": "status", "status": 401 }), OutcomeKind::AccountBlocked),
        (json!({ "type": "malformed" }), OutcomeKind::Unknown),
        (json!({ "type": "malformed", "truncate": false }), OutcomeKind::Unknown),
        (json!({ "type": "latency", "delay_ms": 3000 }), OutcomeKind::Unknown),
        (json!({ "type": "timeout" }), OutcomeKind::Unknown),
    ] {
        peer.fault(effect.clone()).await;
        // The same delivery, so that what the mock still does later meets a key it knows.
        let outcome = outcome(&hasty, &wanted).await;
        assert_eq!(outcome.kind(), expected, "{effect}: {outcome:?}");
    }
    peer.fault(json!({ "type": "ratelimit" })).await;
    let throttled = outcome(&peer.connect(us, Duration::from_secs(10)), &wanted).await;
    let Outcome::Throttled { until: Some(until), .. } = throttled else { panic!("{throttled:?}") };
    assert!((290..=300).contains(&until.since(real_time()).as_secs()));
    assert_eq!(peer.posts_of(us).await, 1);

    let long = Wanted { text: "x".repeat(501), ..Wanted::tag(2, real_time()) };
    let refused = outcome(mastodon, &long).await;
    assert_eq!(refused.kind(), OutcomeKind::Refused, "{refused:?}");
    let nobody = Someone { token: "not-a-token".to_owned(), ..peer.someone().await };
    let blocked = outcome(&peer.connect(&nobody, Duration::from_secs(10)), &wanted).await;
    assert_eq!(blocked.kind(), OutcomeKind::AccountBlocked, "{blocked:?}");
    receipt.id
}

async fn bears_a_picture(peer: &Peer, us: &Someone, mastodon: &Mastodon) {
    let png = crate::card::a_real_one();
    let wanted = Wanted { picture: Some(png), ..Wanted::tag(9, real_time()) };
    let first = outcome(mastodon, &wanted).await;
    let Outcome::Accepted(receipt) = first else { panic!("{first:?}") };
    let again = outcome(mastodon, &wanted).await;
    assert!(matches!(&again, Outcome::Accepted(same) if same.id == receipt.id), "{again:?}");
    let shown = peer.call("GET", &format!("statuses/{}", receipt.id), &us.token, json!({})).await;
    let media = shown["media_attachments"].as_array().expect("a list");
    assert_eq!(media.len(), 1, "{shown}");
    let alt = wanted.content().picture.expect("it has one").alt;
    assert_eq!((&media[0]["type"], &media[0]["description"]), (&json!("image"), &json!(alt)));
    let retraction = Wanted::retraction(10, &receipt.id, real_time());
    assert_eq!(outcome(mastodon, &retraction).await.kind(), OutcomeKind::Accepted);
}

async fn hears(peer: &Peer, us: &Someone, bank: &Someone, mastodon: &Mastodon, post: &str) {
    let before = mastodon.mentions(None).await.unwrap();
    let text = format!("@{} we are on it", us.name);
    let body = json!({ "status": text, "in_reply_to_id": post });
    let reply = peer.call("POST", "statuses", &bank.token, body).await;
    for act in ["favourite", "reblog"] {
        peer.call("POST", &format!("statuses/{post}/{act}"), &bank.token, json!({})).await;
    }
    let thread = mastodon.engagement(&watched(post)).await.unwrap();
    let told = mastodon.mentions(before.cursor.as_deref()).await.unwrap();
    for kind in [EngagementKind::Reply, EngagementKind::Like, EngagementKind::Repost] {
        let of = |heard: &[takaza::domain::engagement::Heard]| {
            let one = heard.iter().find(|one| one.kind == kind).expect("it was heard");
            (one.platform_id.clone(), one.on_post.clone(), one.author.clone())
        };
        assert_eq!(of(&thread), of(&told.heard), "{kind}");
        assert!(of(&thread).2.stable_id.ends_with(&format!("/{}", bank.id)));
        assert_eq!(of(&thread).1, post);
    }
    let heard = thread.iter().find(|one| one.kind == EngagementKind::Reply).unwrap();
    assert_eq!(heard.platform_id, reply["id"].as_str().unwrap());
    assert!(heard.text.as_ref().unwrap().contains("we are on it"), "{heard:?}");
    assert_eq!(mastodon.mentions(told.cursor.as_deref()).await.unwrap().heard, []);
}

async fn retracts(us: &Someone, peer: &Peer, mastodon: &Mastodon, post: &str) {
    let wanted = Wanted::retraction(3, post, real_time());
    assert_eq!(mastodon.look(wanted.claim().delivery()).await, Look::NotThere);
    for _again in 0..2 {
        assert_eq!(outcome(mastodon, &wanted).await.kind(), OutcomeKind::Accepted);
    }
    assert!(matches!(mastodon.look(wanted.claim().delivery()).await, Look::Found(_)));
    assert_eq!(peer.posts_of(us).await, 0);
}
