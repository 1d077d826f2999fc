//! A server that speaks Mastodon's API, remembers everything, and can be hostile.
//!
//! One per test. It has a clock of its own and counts what it was asked and what it made, so that a
//! story can say *no post twice*.

mod server;

use std::collections::HashMap;

use secrecy::SecretString;
use takaza::domain::time::Timestamp;

use super::{hostile, secrets};

/// The server.
pub type FakeMastodon = hostile::Hostile<Town>;

pub type Trick = hostile::Trick<Quirk>;

/// What a request is about; tricks are set for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    Post,
    /// A picture comes.
    Media,
    /// How far the server is with a picture.
    MediaStatus,
    Delete,
    Status,
    Timeline,
    Context,
    FavouritedBy,
    RebloggedBy,
    Quotes,
    Notifications,
    Lookup,
    Credentials,
    Instance,
    Revoke,
    Other,
}

/// The ways of being hostile that Mastodon's servers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quirk {
    /// Make a second post for a key that is known.
    IgnoreKey,
    /// Do it, and leave the id out.
    NoId,
    /// Answer with another post than the one made.
    OtherPost,
    /// 401 that echoes the token.
    Unauthorized,
    /// 403, the account is suspended.
    Suspended,
    /// 403 about this post alone.
    Forbidden,
    /// 422, too long, in words with control characters and markup.
    TooLong,
}

/// Whose habits the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Mastodon,
    /// A missing status is a 400.
    Mitra,
    /// Keys are ignored.
    GoToSocial,
    /// Keys are ignored, a missing status is a page of HTML, `max_id` is ignored.
    Snac,
}

/// One post as the server keeps it.
#[derive(Debug, Clone)]
pub struct Post {
    pub id: String,
    /// The account's id.
    pub by: String,
    pub text: String,
    pub spoiler: Option<String>,
    pub visibility: String,
    pub language: Option<String>,
    pub in_reply_to: Option<String>,
    pub quotes: Option<String>,
    pub at: Timestamp,
    pub key: Option<String>,
    /// The ids of its pictures.
    pub media: Vec<String>,
    pub deleted: bool,
}

/// One picture as the server keeps it.
#[derive(Debug, Clone)]
pub struct Media {
    pub id: String,
    pub alt: String,
    pub bytes: Vec<u8>,
    /// How often the server still says that it works on it.
    pub busy: u32,
    /// It is a post's already.
    pub taken: bool,
}

#[derive(Debug, Clone)]
pub struct Resident {
    pub id: String,
    pub acct: String,
    pub verified_link: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Note {
    pub id: String,
    pub kind: &'static str,
    pub by: String,
    pub post: String,
    pub at: Timestamp,
}

pub struct Town {
    pub base_url: String,
    pub flavour: Flavour,
    pub now: Timestamp,
    pub token: String,
    pub us: String,
    pub residents: Vec<Resident>,
    pub posts: Vec<Post>,
    pub likes: Vec<(String, String)>,
    pub reposts: Vec<(String, String)>,
    pub notes: Vec<Note>,
    pub media: Vec<Media>,
    /// How long the server works on each picture, in questions.
    pub busy: u32,
    pub keys: HashMap<String, (String, Timestamp)>,
    pub made: usize,
    pub revoked: bool,
    next: u128,
}

impl Town {
    /// Ids beyond 2^64, as some servers have them.
    pub fn next_id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    pub fn live(&self, id: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.id == id && !post.deleted)
    }

    pub fn note(&mut self, kind: &'static str, by: &str, post: &str) {
        let (id, at) = (self.next_id(), self.now);
        self.notes.push(Note { id, kind, by: by.to_owned(), post: post.to_owned(), at });
    }

    pub fn add_post(&mut self, by: &str, text: &str) -> &mut Post {
        let post = Post {
            id: self.next_id(),
            by: by.to_owned(),
            text: text.to_owned(),
            spoiler: None,
            visibility: "public".to_owned(),
            language: None,
            in_reply_to: None,
            quotes: None,
            at: self.now,
            key: None,
            media: Vec::new(),
            deleted: false,
        };
        self.posts.push(post);
        self.posts.last_mut().expect("it was just pushed")
    }
}

impl FakeMastodon {
    /// Starts a server on which the unit has one account, `unit`, with one token.
    pub async fn start() -> Self {
        let us = "100000000000000000001".to_owned();
        Self::open(|base_url| Town {
            base_url: base_url.to_owned(),
            flavour: Flavour::Mastodon,
            now: "2026-11-24T06:00:00Z".parse::<jiff::Timestamp>().expect("a time").into(),
            token: secrets::plant("mastodon"),
            us: us.clone(),
            residents: vec![Resident { id: us, acct: "unit".to_owned(), verified_link: None }],
            posts: Vec::new(),
            likes: Vec::new(),
            reposts: Vec::new(),
            notes: Vec::new(),
            media: Vec::new(),
            busy: 0,
            keys: HashMap::new(),
            made: 0,
            revoked: false,
            next: 100_000_000_000_000_000_100,
        })
        .await
    }

    /// The account's token.
    pub fn token(&self) -> SecretString {
        self.state().token.clone().into()
    }

    pub fn flavour(&self, flavour: Flavour) {
        self.state().flavour = flavour;
    }

    /// Our own posts that stand now, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        let town = self.state();
        town.posts.iter().filter(|post| post.by == town.us && !post.deleted).cloned().collect()
    }

    /// Every picture that came, whether a post bears it or not.
    pub fn media(&self) -> Vec<Media> {
        self.state().media.clone()
    }

    /// The server works on each picture that comes, and says so this many times.
    pub fn works_on_pictures(&self, times: u32) {
        self.state().busy = times;
    }

    pub fn revoked(&self) -> bool {
        self.state().revoked
    }

    /// An account with a verified link to its own host; its id.
    pub fn bank_account(&self, handle: &str) -> String {
        let link = handle.split_once('@').map(|(_, host)| format!("https://{host}/"));
        self.settle(handle, link)
    }

    /// An account that nobody vouches for; its id.
    pub fn account(&self, handle: &str) -> String {
        self.settle(handle, None)
    }

    fn settle(&self, acct: &str, verified_link: Option<String>) -> String {
        let mut town = self.state();
        let id = town.next_id();
        town.residents.push(Resident { id: id.clone(), acct: acct.to_owned(), verified_link });
        id
    }

    /// The account leaves its handle, and another one takes it; the new one's id.
    pub fn takes_over(&self, handle: &str) -> String {
        for one in self.state().residents.iter_mut().filter(|one| one.acct == handle) {
            one.acct = format!("was_{handle}");
        }
        self.account(handle)
    }

    /// Somebody answers; a notification comes only where they name us. The reply's id.
    pub fn reply(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.state();
        let reply = town.add_post(by, text);
        reply.in_reply_to = Some(post.to_owned());
        let id = reply.id.clone();
        if text.contains("@unit") {
            town.note("mention", by, &id);
        }
        id
    }

    pub fn quote(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.state();
        let quote = town.add_post(by, text);
        quote.quotes = Some(post.to_owned());
        let id = quote.id.clone();
        town.note("quote", by, &id);
        id
    }

    pub fn like(&self, post: &str, by: &str) {
        let mut town = self.state();
        town.likes.push((post.to_owned(), by.to_owned()));
        town.note("favourite", by, post);
    }

    pub fn repost(&self, post: &str, by: &str) {
        let mut town = self.state();
        town.reposts.push((post.to_owned(), by.to_owned()));
        town.note("reblog", by, post);
    }

    /// Whoever holds our token elsewhere speaks in our name; the post's id.
    pub fn post_in_our_name(&self, text: &str) -> String {
        let mut town = self.state();
        let us = town.us.clone();
        town.add_post(&us, text).id.clone()
    }

    /// A post of ours vanishes without our doing.
    pub fn delete_behind_our_back(&self, post: &str) {
        for one in self.state().posts.iter_mut().filter(|one| one.id == post) {
            one.deleted = true;
        }
    }
}
