//! A Bluesky server (PDS and AppView in one) that remembers everything, and can be hostile.
//!
//! One per test. It has a clock of its own and counts what it was asked and what it made, so that a
//! story can say *no post twice*.

mod answers;
mod server;

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use takaza::domain::time::Timestamp;

use super::{hostile, secrets};

/// The server.
pub type FakeBluesky = hostile::Hostile<Town>;

pub type Trick = hostile::Trick<Quirk>;

/// What a request is about; tricks are set for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    Put,
    /// A picture comes.
    Upload,
    Delete,
    GetRecord,
    ListRecords,
    Login,
    Refresh,
    EndSession,
    Session,
    ResolveHandle,
    Profile,
    Thread,
    Likes,
    RepostedBy,
    Quotes,
    Notifications,
    Other,
}

/// The ways of being hostile that Bluesky alone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quirk {
    /// Keep the picture, and say that it is another one.
    OtherBlob,
    /// Do it, and leave the record's name out.
    NoUri,
    /// Do it, and answer with another record's name.
    OtherUri,
    /// Show the record with these words in the place of its own.
    OtherText(&'static str),
    /// A refusal with this status, this name and words that echo the token; nothing was done.
    Refuse(u16, &'static str),
}

/// One record as the server keeps it.
#[derive(Debug, Clone)]
pub struct Record {
    pub did: String,
    pub collection: String,
    pub key: String,
    pub value: Value,
    pub at: Timestamp,
}

impl Record {
    pub fn uri(&self) -> String {
        format!("at://{}/{}/{}", self.did, self.collection, self.key)
    }

    pub fn text(&self) -> &str {
        self.value["text"].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Resident {
    pub did: String,
    pub handle: String,
    /// Who vouches for it.
    pub vouched_by: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Note {
    pub uri: String,
    pub reason: &'static str,
    pub by: String,
    pub subject: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Ticket {
    pub jwt: String,
    pub ends: Timestamp,
    pub refresh: bool,
}

pub struct Town {
    pub now: Timestamp,
    pub password: String,
    pub us: String,
    /// `takendown`, `deactivated`, … ; `None`: active.
    pub status: Option<&'static str>,
    pub residents: Vec<Resident>,
    pub records: Vec<Record>,
    pub likes: Vec<(String, String)>,
    pub reposts: Vec<(String, String)>,
    pub notes: Vec<Note>,
    pub tickets: Vec<Ticket>,
    pub blobs: HashMap<String, Vec<u8>>,
    pub made: usize,
    pub overwritten: usize,
    next: u64,
}

impl Town {
    /// Record keys in the order in which they are given out, as a server gives them.
    pub fn next_key(&mut self) -> String {
        self.next += 1;
        let micros = u64::try_from(self.now.micros()).expect("after 1970");
        tid((micros << 10) + self.next)
    }

    pub fn at(&self, did: &str, collection: &str, key: &str) -> Option<usize> {
        let same = |one: &Record| one.did == did && one.collection == collection && one.key == key;
        self.records.iter().position(same)
    }

    pub fn by_uri(&self, uri: &str) -> Option<&Record> {
        self.records.iter().find(|one| one.uri() == uri)
    }

    pub fn note(&mut self, reason: &'static str, by: &str, uri: &str, subject: Option<&str>) {
        let subject = subject.map(str::to_owned);
        let (uri, by, at) = (uri.to_owned(), by.to_owned(), self.now);
        self.notes.push(Note { uri, reason, by, subject, at });
    }

    pub fn add(&mut self, did: &str, collection: &str, mut value: Value) -> String {
        let key = self.next_key();
        let at = self.now;
        value["$type"] = json!(collection);
        value["createdAt"] = json!(at.to_string());
        let (did, collection) = (did.to_owned(), collection.to_owned());
        let record = Record { did, collection, key, value, at };
        let uri = record.uri();
        self.records.push(record);
        uri
    }

    /// Two new tokens: access, refresh.
    pub fn tickets(&mut self) -> (String, String) {
        let now = self.now;
        let mut ticket = |scope: &str, life: SignedDuration, refresh: bool| {
            self.next += 1;
            let ends = now.plus(life);
            let claims = json!({
                "scope": scope, "sub": self.us, "jti": self.next.to_string(),
                "iat": now.micros() / 1_000_000, "exp": ends.micros() / 1_000_000,
            });
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let head = part(&json!({ "alg": "HS256" }));
            let jwt = format!("{head}.{}.{}", part(&claims), secrets::plant("bluesky"));
            self.tickets.push(Ticket { jwt: jwt.clone(), ends, refresh });
            jwt
        };
        let access = ticket("com.atproto.appPass", SignedDuration::from_hours(2), false);
        let refresh = ticket("com.atproto.refresh", SignedDuration::from_hours(24 * 60), true);
        (access, refresh)
    }
}

/// A TID.
pub fn tid(value: u64) -> String {
    const LETTERS: &[u8] = b"234567abcdefghijklmnopqrstuvwxyz";
    let letter =
        |n: u32| char::from(LETTERS[usize::try_from(value >> (5 * n) & 31).expect("small")]);
    (0..13).rev().map(letter).collect()
}

impl FakeBluesky {
    /// Starts a server on which the unit has one account, `unit.example`, with one app password.
    pub async fn start() -> Self {
        let us = "did:plc:theunit".to_owned();
        let handle = "unit.example".to_owned();
        let town = Town {
            now: "2026-11-24T06:00:00Z".parse::<jiff::Timestamp>().expect("a time").into(),
            password: secrets::plant("app-password"),
            us: us.clone(),
            status: None,
            residents: vec![Resident { did: us, handle, vouched_by: None }],
            records: Vec::new(),
            likes: Vec::new(),
            reposts: Vec::new(),
            notes: Vec::new(),
            tickets: Vec::new(),
            blobs: HashMap::new(),
            made: 0,
            overwritten: 0,
            next: 0,
        };
        Self::open(|_base_url| town).await
    }

    /// The account's app password.
    pub fn password(&self) -> SecretString {
        self.state().password.clone().into()
    }

    /// The account's DID.
    pub fn did(&self) -> String {
        self.state().us.clone()
    }

    /// No token works any more.
    pub fn end_sessions(&self) {
        self.state().tickets.clear();
    }

    /// No access token works any more; the refresh tokens do.
    pub fn end_access(&self) {
        self.state().tickets.retain(|ticket| ticket.refresh);
    }

    /// `takendown`, `deactivated`, …; `None`: active again.
    pub fn status(&self, status: Option<&'static str>) {
        self.state().status = status;
    }

    /// Every picture that came, by its CID.
    pub fn blobs(&self) -> HashMap<String, Vec<u8>> {
        self.state().blobs.clone()
    }

    /// How many records were overwritten through the API: none, ever.
    pub fn overwritten(&self) -> usize {
        self.state().overwritten
    }

    /// Our own posts that stand now, oldest first.
    pub fn posts(&self) -> Vec<Record> {
        let town = self.state();
        let ours = |one: &&Record| one.did == town.us && one.collection == "app.bsky.feed.post";
        town.records.iter().filter(ours).cloned().collect()
    }

    /// An account with a handle; its DID.
    pub fn account(&self, handle: &str) -> String {
        self.settle(handle, None)
    }

    /// An account that Bluesky vouches for; its DID.
    pub fn vouched_account(&self, handle: &str) -> String {
        self.settle(handle, Some("did:plc:thevoucher".to_owned()))
    }

    fn settle(&self, handle: &str, vouched_by: Option<String>) -> String {
        let mut town = self.state();
        let did = format!("did:plc:{}", town.next_key());
        town.residents.push(Resident { did: did.clone(), handle: handle.to_owned(), vouched_by });
        did
    }

    /// The account leaves its handle, and another one takes it; the new one's DID.
    pub fn takes_over(&self, handle: &str) -> String {
        for one in self.state().residents.iter_mut().filter(|one| one.handle == handle) {
            one.handle = format!("was-{handle}");
        }
        self.account(handle)
    }

    /// The name leads to the account, but the account's own document says another handle.
    pub fn disowns(&self, handle: &str, shown: &str) -> String {
        let did = self.account(shown);
        let mut town = self.state();
        let (did, handle) = (did, handle.to_owned());
        town.residents.insert(0, Resident { did: did.clone(), handle, vouched_by: None });
        town.residents.rotate_left(1);
        did
    }

    /// Somebody answers, and we are notified; the reply's name.
    pub fn reply(&self, post: &str, by: &str, text: &str) -> String {
        let reply = self.reply_unnoticed(post, by, text);
        self.state().note("reply", by, &reply, Some(post));
        reply
    }

    /// Somebody answers, and no notification ever tells: it was indexed while its parent was.
    pub fn reply_unnoticed(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.state();
        let reply = json!({ "parent": { "uri": post }, "root": { "uri": post } });
        town.add(by, "app.bsky.feed.post", json!({ "text": text, "reply": reply }))
    }

    pub fn quote(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.state();
        let embed = json!({ "$type": "app.bsky.embed.record", "record": { "uri": post } });
        let uri = town.add(by, "app.bsky.feed.post", json!({ "text": text, "embed": embed }));
        town.note("quote", by, &uri, Some(post));
        uri
    }

    /// Somebody names us in a post of their own.
    pub fn mention(&self, by: &str, text: &str) -> String {
        let mut town = self.state();
        let uri = town.add(by, "app.bsky.feed.post", json!({ "text": text }));
        town.note("mention", by, &uri, None);
        uri
    }

    pub fn like(&self, post: &str, by: &str) {
        let mut town = self.state();
        town.likes.push((post.to_owned(), by.to_owned()));
        let uri = town.add(by, "app.bsky.feed.like", json!({ "subject": { "uri": post } }));
        town.note("like", by, &uri, Some(post));
    }

    pub fn repost(&self, post: &str, by: &str) {
        let mut town = self.state();
        town.reposts.push((post.to_owned(), by.to_owned()));
        let uri = town.add(by, "app.bsky.feed.repost", json!({ "subject": { "uri": post } }));
        town.note("repost", by, &uri, Some(post));
    }

    /// Whoever holds our session elsewhere speaks in our name; the post's name.
    pub fn post_in_our_name(&self, text: &str) -> String {
        let mut town = self.state();
        let us = town.us.clone();
        town.add(&us, "app.bsky.feed.post", json!({ "text": text }))
    }

    /// Whoever holds our session elsewhere puts other words into a post of ours.
    pub fn alter_behind_our_back(&self, uri: &str, text: &str) {
        for one in self.state().records.iter_mut().filter(|one| one.uri() == uri) {
            one.value["text"] = json!(text);
        }
    }

    /// A post of ours vanishes without our doing.
    pub fn delete_behind_our_back(&self, uri: &str) {
        self.state().records.retain(|one| one.uri() != uri);
    }
}
