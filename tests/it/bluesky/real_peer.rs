//! The same truths against the real thing: a Bluesky network of its own (directory, PDS, AppView),
//! which `tests/peers/bluesky.mjs` starts and whose door is at the address in `TAKAZA_TEST_BLUESKY`.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};
use takaza::{
    destinations::{
        Destination as _,
        bluesky::{Bluesky, BlueskyConfig, session::BlueskySession},
        http::{self, HttpConfig},
        tokens::Renew as _,
    },
    domain::{
        delivery::{Look, Outcome, OutcomeKind},
        engagement::{EngagementKind, Heard},
        ids::AccountName,
        platform::Platform,
        time::Timestamp,
        wording::lengths,
    },
};
use tokio::sync::{Mutex, MutexGuard};

use super::outcome;
use crate::support::{
    claimed::{Wanted, watched},
    servers,
    session_in_memory::SessionInMemory,
};

/// The network, and its own ways: people, posts, and an AppView that waits when it is told to.
struct Peer {
    door: String,
    pds: String,
    client: Client,
    /// There is one network, and one story at a time: an AppView that waits, waits for everyone.
    _alone: MutexGuard<'static, ()>,
}

struct Someone {
    did: String,
    handle: String,
    jwt: String,
    app_password: String,
}

impl Peer {
    async fn find() -> Option<Self> {
        static ONE: Mutex<()> = Mutex::const_new(());
        let door = servers::bluesky()?;
        let _alone = ONE.lock().await;
        let client = http::client(&HttpConfig::default()).expect("a client");
        let told = client.get(format!("{door}/")).send().await.expect("the door answers");
        let told: Value = told.json().await.expect("in JSON");
        let pds = told["pds"].as_str().expect("the PDS's address").to_owned();
        Some(Self { door, pds, client, _alone })
    }

    async fn act(&self, act: &str) {
        let answer = self.client.post(format!("{}/{act}", self.door)).send().await;
        let answer = answer.expect("the door answers");
        assert!(answer.status().is_success(), "{act}: {}", answer.text().await.unwrap_or_default());
    }

    async fn call(&self, method: &str, jwt: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}/xrpc/{method}", self.pds));
        let request = if jwt.is_empty() { request } else { request.bearer_auth(jwt) };
        let answer = request.json(&body).send().await.expect("the PDS answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{method}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// An account with an app password. Handles are this process's own: the network outlives it.
    async fn someone(&self, name: &str) -> Someone {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let unique = format!("{name}{}x{number}", std::process::id());
        let handle = format!("{unique}.test");
        let body = json!({
            "handle": handle, "email": format!("{unique}@unit.example"), "password": "a password",
        });
        let made = self.call("com.atproto.server.createAccount", "", body).await;
        let jwt = made["accessJwt"].as_str().expect("a token").to_owned();
        let name = json!({ "name": "takaza" });
        let made_too = self.call("com.atproto.server.createAppPassword", &jwt, name).await;
        let did = made["did"].as_str().expect("a DID").to_owned();
        let app_password = made_too["password"].as_str().expect("a password").to_owned();
        Someone { did, handle, jwt, app_password }
    }

    fn session(&self, one: &Someone) -> BlueskySession {
        let password = SecretString::from(one.app_password.clone());
        let (http, clock) = (HttpConfig::default(), Arc::new(real_time));
        BlueskySession::new(&self.pds, &one.did, password, &http, clock).expect("a session")
    }

    fn connect(&self, one: &Someone) -> Bluesky {
        let clock = Arc::new(real_time);
        let tokens = SessionInMemory::new(self.session(one), clock.clone());
        let config = BlueskyConfig::new(AccountName::new("unit"), &self.pds, clock);
        Bluesky::new(config, Arc::new(tokens)).expect("a good configuration")
    }

    /// What Bluesky's moderators do to an account.
    async fn take_down(&self, one: &Someone) {
        let subject = json!({ "$type": "com.atproto.admin.defs#repoRef", "did": one.did });
        let url = format!("{}/xrpc/com.atproto.admin.updateSubjectStatus", self.pds);
        let request = self.client.post(url).basic_auth("admin", Some("admin-pass"));
        let body = json!({ "subject": subject, "takedown": { "applied": true, "ref": "1" } });
        let answer = request.json(&body).send().await.expect("the PDS answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// A record of theirs; its name and hash.
    async fn record(&self, by: &Someone, collection: &str, mut record: Value) -> Value {
        record["createdAt"] = json!(real_time().to_string());
        let body = json!({ "repo": by.did, "collection": collection, "record": record });
        let made = self.call("com.atproto.repo.createRecord", &by.jwt, body).await;
        json!({ "uri": made["uri"], "cid": made["cid"] })
    }

    async fn post(&self, by: &Someone, text: &str, more: Value) -> Value {
        let mut post = json!({ "text": text });
        for (name, value) in more.as_object().into_iter().flatten() {
            post[name] = value.clone();
        }
        self.record(by, "app.bsky.feed.post", post).await
    }

    /// How others refer to a post of ours.
    async fn strong(&self, uri: &str) -> Value {
        let mut parts = uri.trim_start_matches("at://").split('/');
        let params = ["repo", "collection", "rkey"].map(|name| (name, parts.next().unwrap()));
        let url = format!("{}/xrpc/com.atproto.repo.getRecord", self.pds);
        let answer = self.client.get(url).query(&params).send().await.expect("the PDS answers");
        let record: Value = answer.json().await.expect("in JSON");
        json!({ "uri": record["uri"], "cid": record["cid"] })
    }

    async fn posts_of(&self, one: &Someone) -> Vec<Value> {
        let url = format!("{}/xrpc/com.atproto.repo.listRecords", self.pds);
        let params = [("repo", one.did.as_str()), ("collection", "app.bsky.feed.post")];
        let answer = self.client.get(url).query(&params).send().await.expect("the PDS answers");
        let page: Value = answer.json().await.expect("in JSON");
        page["records"].as_array().expect("a list").clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "a peer that others wrote keeps real time")]
fn real_time() -> Timestamp {
    jiff::Timestamp::now().into()
}

fn accepted(outcome: Outcome) -> String {
    let Outcome::Accepted(receipt) = outcome else { panic!("{outcome:?}") };
    receipt.id
}

#[tokio::test]
async fn the_real_pds_takes_one_post_of_one_delivery_and_overwrites_nothing() {
    let Some(peer) = Peer::find().await else { return };
    let us = peer.someone("unit").await;
    let me = peer.connect(&us).whoami().await.unwrap();
    assert_eq!((&me.author.stable_id, &me.author.handle), (&us.did, &us.handle));

    let wanted = Wanted::tag(1, real_time());
    let (first, second) = (peer.connect(&us), peer.connect(&us));
    assert_eq!(first.look(wanted.claim().delivery()).await, Look::NotThere);
    let id = accepted(outcome(&first, &wanted).await);
    // Another process, the same bytes; and eight at once.
    assert_eq!(accepted(outcome(&second, &wanted).await), id);
    let eight = (0..8).map(|_| outcome(&second, &wanted));
    for sent in futures::future::join_all(eight).await {
        assert_eq!(accepted(sent), id);
    }
    // A restored ledger claims anew, at another time: other bytes, and the post is known again.
    let anew = Wanted { now: real_time(), ..wanted.clone() };
    assert_eq!(accepted(outcome(&second, &anew).await), id);
    let posts = peer.posts_of(&us).await;
    assert_eq!((posts.len(), posts[0]["value"]["text"].as_str()), (1, Some(wanted.text.as_str())));
    let look = second.look(wanted.claim().delivery()).await;
    assert!(matches!(&look, Look::Found(receipt) if receipt.id == id), "{look:?}");

    // Other words at our key are left alone.
    let key = id.rsplit('/').next().unwrap();
    let altered = json!({
        "repo": us.did, "collection": "app.bsky.feed.post", "rkey": key,
        "record": { "text": "Good morning!", "createdAt": real_time().to_string() },
    });
    peer.call("com.atproto.repo.putRecord", &us.jwt, altered).await;
    let outcome = outcome(&second, &wanted).await;
    assert_eq!(outcome.kind(), OutcomeKind::Unknown, "{outcome:?}");
    assert_eq!(second.look(wanted.claim().delivery()).await, Look::NoWay);
    let told = second.own_posts(wanted.now).await.unwrap();
    assert_eq!((told.len(), told[0].text.as_str()), (1, "Good morning!"));
}

#[tokio::test]
async fn the_real_pds_agrees_about_lengths_languages_and_facets() {
    let Some(peer) = Peer::find().await else { return };
    let (us, bank) = (peer.someone("unit").await, peer.someone("bank").await);
    peer.act("settle").await;
    let bluesky = peer.connect(&us);
    let plain = |number, text: String| Wanted { text, ..Wanted::tag(number, real_time()) };
    let family = "👨‍👩‍👧‍👦";
    for (number, text, by_us, by_them) in [
        (2, "x".repeat(300), true, true),
        (3, "x".repeat(301), false, false),
        (4, family.repeat(120), true, true),
        (5, family.repeat(121), false, false),
        (6, "नमस्ते".repeat(75), true, true),
        // This server joins a conjunct as ICU does; one without ICU counts its consonants, as we do.
        (7, "नमस्ते".repeat(75) + "न", false, true),
    ] {
        assert_eq!(lengths::fits(Platform::Bluesky, 300, &text, None), by_us, "{number}");
        let sent = outcome(&bluesky, &plain(number, text)).await;
        let expected = if by_them { OutcomeKind::Accepted } else { OutcomeKind::Refused };
        assert_eq!(sent.kind(), expected, "{number}: {sent:?}");
    }
    let handle = format!("@{}", bank.handle);
    let text = format!("{handle} ₹12 लाख #साइबर https://unit.example/a Ref GGM-T0008");
    let verified = Some(bank.did.clone());
    let wanted = Wanted { bank_in_text: handle, verified, ..plain(8, text) };
    accepted(outcome(&bluesky, &wanted).await);
    let posts = peer.posts_of(&us).await;
    let post = posts.iter().find(|post| post["value"]["facets"].is_array()).expect("facets");
    assert_eq!(post["value"]["facets"][0]["features"][0]["did"], json!(bank.did));
    assert_eq!(post["value"]["langs"], json!(["en"]));
    // The bank is told that it was mentioned.
    peer.act("settle").await;
    let told = peer.connect(&bank).mentions(None).await.unwrap().heard;
    assert_eq!(told[0].text.as_deref(), Some(wanted.text.as_str()));
}

#[tokio::test]
async fn the_real_pds_keeps_the_very_picture_and_shows_it_with_its_words() {
    let Some(peer) = Peer::find().await else { return };
    let us = peer.someone("unit").await;
    let png = crate::card::a_real_one();
    let wanted = Wanted { picture: Some(png.clone()), ..Wanted::tag(30, real_time()) };
    // Twice: the record is the same, and so is its picture.
    let ids = [
        accepted(outcome(&peer.connect(&us), &wanted).await),
        accepted(outcome(&peer.connect(&us), &wanted).await),
    ];
    assert_eq!(ids[0], ids[1]);
    let posts = peer.posts_of(&us).await;
    let [post] = &posts[..] else { panic!("one post: {posts:?}") };
    let image = &post["value"]["embed"]["images"][0];
    assert_eq!(image["alt"], json!(wanted.content().picture.expect("it has one").alt));
    assert_eq!(image["aspectRatio"], json!({ "width": 1200, "height": 675 }));
    let cid = image["image"]["ref"]["$link"].as_str().expect("a CID");
    let url = format!("{}/xrpc/com.atproto.sync.getBlob", peer.pds);
    let blob = peer.client.get(url).query(&[("did", us.did.as_str()), ("cid", cid)]);
    let blob = blob.send().await.expect("the PDS answers").bytes().await.expect("bytes");
    assert!(blob == png, "the very bytes");
}

fn names(heard: &[Heard]) -> Vec<(EngagementKind, String, String)> {
    let name = |one: &Heard| (one.kind, one.platform_id.clone(), one.on_post.clone());
    let mut names: Vec<_> = heard.iter().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_bank_does_with_a_post_is_read_back_from_the_real_appview() {
    let Some(peer) = Peer::find().await else { return };
    let (us, bank) = (peer.someone("unit").await, peer.someone("bank").await);
    let bluesky = peer.connect(&us);
    let id = accepted(outcome(&bluesky, &Wanted::tag(9, real_time())).await);
    peer.act("settle").await;

    let post = peer.strong(&id).await;
    let under = json!({ "reply": { "root": post, "parent": post } });
    let reply = peer.post(&bank, "We are on it. Ref GGM-T0009", under).await;
    let under = json!({ "reply": { "root": post, "parent": reply } });
    let nested = peer.post(&bank, "Done now", under).await;
    let embed = json!({ "embed": { "$type": "app.bsky.embed.record", "record": post } });
    let quote = peer.post(&bank, "Our answer", embed).await;
    for collection in ["app.bsky.feed.like", "app.bsky.feed.repost"] {
        peer.record(&bank, collection, json!({ "subject": post })).await;
    }
    peer.act("settle").await;

    let thread = bluesky.engagement(&watched(&id)).await.unwrap();
    let uri = |of: &Value| of["uri"].as_str().unwrap().to_owned();
    let by_name = |kind: EngagementKind| format!("{kind}:{}", bank.did);
    let mut expected = [
        (EngagementKind::Reply, uri(&reply)),
        (EngagementKind::Reply, uri(&nested)),
        (EngagementKind::Quote, uri(&quote)),
        (EngagementKind::Like, by_name(EngagementKind::Like)),
        (EngagementKind::Repost, by_name(EngagementKind::Repost)),
    ]
    .map(|(kind, name)| (kind, name, id.clone()));
    expected.sort();
    assert_eq!(names(&thread), expected);
    assert!(thread.iter().all(|one| one.author.stable_id == bank.did));

    let told = bluesky.mentions(None).await.unwrap();
    assert_eq!(names(&told.heard), expected);
    let cursor = told.cursor.unwrap();
    assert_eq!(bluesky.mentions(Some(&cursor)).await.unwrap().cursor, None);
}

#[tokio::test]
async fn a_reply_that_was_indexed_while_its_post_was_is_found_by_the_thread() {
    let Some(peer) = Peer::find().await else { return };
    let (us, bank) = (peer.someone("unit").await, peer.someone("bank").await);
    let bluesky = peer.connect(&us);
    peer.act("settle").await;
    peer.act("hold").await;
    let mut replies = Vec::new();
    for number in 10..18 {
        let id = accepted(outcome(&bluesky, &Wanted::tag(number, real_time())).await);
        let post = peer.strong(&id).await;
        let under = json!({ "reply": { "root": post, "parent": post } });
        let reply = peer.post(&bank, "At once", under).await;
        replies.push((id, reply["uri"].as_str().unwrap().to_owned()));
    }
    peer.act("go").await;
    peer.act("settle").await;
    let told = bluesky.mentions(None).await.unwrap().heard;
    for (id, reply) in &replies {
        let thread = bluesky.engagement(&watched(id)).await.unwrap();
        assert_eq!(names(&thread), [(EngagementKind::Reply, reply.clone(), id.clone())]);
    }
    let missed =
        replies.iter().filter(|(_, reply)| told.iter().all(|one| one.platform_id != *reply));
    eprintln!("of {} replies the notifications missed {}", replies.len(), missed.count());
}

#[tokio::test]
async fn the_real_network_tells_whose_a_handle_is() {
    let Some(peer) = Peer::find().await else { return };
    let (us, bank) = (peer.someone("unit").await, peer.someone("bank").await);
    let bluesky = peer.connect(&us);
    peer.act("settle").await;
    let found = bluesky.resolve(&bank.handle).await.unwrap().unwrap();
    assert_eq!((&found.author.stable_id, &found.author.handle), (&bank.did, &bank.handle));
    assert_eq!(bluesky.resolve("nobody-at-all.test").await.unwrap(), None);
    assert_eq!(bluesky.resolve("nobody.invalid").await.unwrap(), None);

    // It moves away, and somebody takes its handle.
    let moved = json!({ "handle": format!("was-{}", bank.handle) });
    peer.call("com.atproto.identity.updateHandle", &bank.jwt, moved).await;
    let thief = peer.someone("thief").await;
    let taken = json!({ "handle": bank.handle });
    peer.call("com.atproto.identity.updateHandle", &thief.jwt, taken).await;
    peer.act("settle").await;
    let now = bluesky.resolve(&bank.handle).await.unwrap().unwrap();
    assert_eq!(now.author.stable_id, thief.did);
}

#[tokio::test]
async fn the_real_pds_renews_sessions_retracts_posts_and_blocks_accounts() {
    let Some(peer) = Peer::find().await else { return };
    let us = peer.someone("unit").await;
    let session = peer.session(&us);
    let first = session.renew(None).await.unwrap();
    let left = first.expires_at.since(real_time());
    assert!((110..=120).contains(&left.as_mins()), "{left:?}");
    // The old refresh token still works for a while: an answer may be lost.
    for _again in 0..2 {
        session.renew(Some(&first)).await.unwrap();
    }
    session.end(&first).await.unwrap();
    let wrong = Someone { app_password: "wrong".to_owned(), ..peer.someone("other").await };
    assert!(peer.connect(&wrong).whoami().await.is_err());

    let bluesky = peer.connect(&us);
    let id = accepted(outcome(&bluesky, &Wanted::tag(20, real_time())).await);
    let retraction = Wanted::retraction(21, &id, real_time());
    assert_eq!(bluesky.look(retraction.claim().delivery()).await, Look::NotThere);
    for _again in 0..2 {
        accepted(outcome(&bluesky, &retraction).await);
    }
    assert!(matches!(bluesky.look(retraction.claim().delivery()).await, Look::Found(_)));
    assert_eq!(peer.posts_of(&us).await.len(), 0);

    let deactivated = peer.someone("unit").await;
    let bluesky = peer.connect(&deactivated);
    bluesky.whoami().await.unwrap();
    peer.call("com.atproto.server.deactivateAccount", &deactivated.jwt, json!({})).await;
    let taken_down = peer.connect(&us);
    taken_down.whoami().await.unwrap();
    peer.take_down(&us).await;
    for (number, account) in [(22, bluesky), (23, taken_down)] {
        let blocked = outcome(&account, &Wanted::tag(number, real_time())).await;
        assert_eq!(blocked.kind(), OutcomeKind::AccountBlocked, "{blocked:?}");
    }
    let blocked = outcome(&peer.connect(&us), &Wanted::tag(24, real_time())).await;
    assert_eq!(blocked.kind(), OutcomeKind::AccountBlocked, "{blocked:?}");
}
