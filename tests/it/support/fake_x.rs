//! X as its API v2 shows it: it remembers everything, and can be hostile.
//!
//! One per test. It has a clock of its own, writes texts in its own way (`&amp;`, `https://t.co/…`),
//! refuses what the specification does not allow, and counts what it was asked, what it made and what
//! it would charge for.

mod answers;
mod server;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use secrecy::SecretString;
use takaza::domain::{cost::Item, time::Timestamp};

use super::{fake_oauth::FakeOAuth, hostile, secrets};

/// The server.
pub type FakeX = hostile::Hostile<Town>;

pub type Trick = hostile::Trick<Quirk>;

/// What a request is about; tricks are set for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    Post,
    Delete,
    /// Several posts by their ids.
    Counts,
    Status,
    Timeline,
    Mentions,
    Search,
    Quotes,
    Likes,
    Reposts,
    Me,
    User,
    Other,
}

/// The ways of being hostile that X alone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quirk {
    /// 429 `usage-capped` of this period.
    UsageCapped(&'static str),
    /// A problem with this status and type's end; nothing was done.
    Problem(u16, &'static str, &'static str),
    /// Do it, and leave the id out.
    NoId,
    /// Do it, and answer with `data` and `errors` together.
    WithErrors,
    /// Answer with another post than the one made.
    OtherPost,
    /// 401 that echoes the token.
    Unauthorized,
    /// The token ends as the request arrives: 401, and nothing was done. [`FakeX::token`] is the
    /// next one.
    TokenEnds,
    /// 400 in words that echo the token; nothing was done.
    Echo,
    /// Answer with a problem beside no data, with 200.
    OnlyErrors,
}

/// One post as X keeps it.
#[derive(Debug, Clone)]
pub struct Post {
    pub id: String,
    /// The account's id.
    pub by: String,
    /// As it was sent.
    pub text: String,
    pub reply_settings: Option<String>,
    pub in_reply_to: Option<String>,
    /// The id of the post at the conversation's beginning.
    pub conversation: String,
    pub quotes: Option<String>,
    pub at: Timestamp,
    pub deleted: bool,
}

#[derive(Debug, Clone)]
pub struct Resident {
    pub id: String,
    pub handle: String,
    pub verified_type: &'static str,
    pub bio: String,
    pub label: Option<(String, String)>,
    pub suspended: bool,
}

pub struct Town {
    /// The true time.
    pub now: Timestamp,
    /// How far X's own clock, as its headers tell it, is from the true one.
    pub skew: SignedDuration,
    pub token: String,
    /// The server whose grants are taken too.
    pub grants: Option<FakeOAuth>,
    pub us: String,
    pub residents: Vec<Resident>,
    pub posts: Vec<Post>,
    pub likes: Vec<(String, String)>,
    pub reposts: Vec<(String, String)>,
    /// What X would charge for: one resource is charged once.
    pub charged: BTreeSet<(&'static str, String)>,
    pub made: usize,
    pub minds_duplicates: bool,
    tokens: u32,
    next: u64,
}

impl Town {
    /// Ids beyond 2^53, as X has them.
    pub fn next_id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    pub fn live(&self, id: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.id == id && !post.deleted)
    }

    pub fn resident(&self, id: &str) -> Option<&Resident> {
        self.residents.iter().find(|one| one.id == id)
    }

    /// Whether a request with this token is ours.
    pub fn takes(&self, token: Option<&String>) -> bool {
        let granted = |token: &String| self.grants.as_ref().is_some_and(|by| by.takes(token));
        token.is_some_and(|token| *token == self.token || granted(token))
    }

    pub fn next_token(&mut self) {
        self.tokens += 1;
        self.token = format!("{}-{}", secrets::plant("x"), self.tokens);
    }

    pub fn charge(&mut self, item: Item, id: &str) {
        self.charged.insert((item.as_str(), id.to_owned()));
    }

    pub fn add_post(&mut self, by: &str, text: &str, in_reply_to: Option<&str>) -> &mut Post {
        let id = self.next_id();
        let above = in_reply_to.and_then(|of| self.posts.iter().find(|post| post.id == of));
        let post = Post {
            conversation: above.map_or_else(|| id.clone(), |post| post.conversation.clone()),
            id,
            by: by.to_owned(),
            text: text.to_owned(),
            reply_settings: None,
            in_reply_to: in_reply_to.map(str::to_owned),
            quotes: None,
            at: self.now,
            deleted: false,
        };
        self.posts.push(post);
        self.posts.last_mut().expect("it was just pushed")
    }
}

impl FakeX {
    /// The handle of the unit's account.
    pub const HANDLE: &str = "example_cyber";

    /// Starts an X on which the unit has one account with one token.
    pub async fn start() -> Self {
        let us = "1700000000000000001".to_owned();
        let unit = Resident {
            id: us.clone(),
            handle: Self::HANDLE.to_owned(),
            verified_type: "government",
            bio: "Cyber crime police".to_owned(),
            label: None,
            suspended: false,
        };
        let mut town = Town {
            now: "2026-11-24T06:00:00Z".parse::<jiff::Timestamp>().expect("a time").into(),
            skew: SignedDuration::ZERO,
            token: String::new(),
            grants: None,
            us,
            residents: vec![unit],
            posts: Vec::new(),
            likes: Vec::new(),
            reposts: Vec::new(),
            charged: BTreeSet::new(),
            made: 0,
            minds_duplicates: true,
            tokens: 0,
            next: 1_900_000_000_000_000_100,
        };
        town.next_token();
        Self::open(|_base_url| town).await
    }

    /// The token that is good now.
    pub fn token(&self) -> SecretString {
        self.state().token.clone().into()
    }

    /// Takes what this server grants, whose browser is signed in as the unit's account.
    pub fn granted_by(&self, server: &FakeOAuth) {
        let mut town = self.state();
        server.sign_in(&town.us, Self::HANDLE);
        town.grants = Some(server.clone());
    }

    /// The token ends; [`FakeX::token`] is the next one.
    pub fn expire_token(&self) {
        self.state().next_token();
    }

    /// Sets X's own clock off by this, in its posts' times and in its headers.
    pub fn skew(&self, by: SignedDuration) {
        self.state().skew = by;
    }

    /// X takes a text twice: its rule about duplicates is no promise to build on.
    pub fn takes_duplicates(&self) {
        self.state().minds_duplicates = false;
    }

    /// What X would charge for what was read, by item and id.
    pub fn charged(&self) -> BTreeSet<(&'static str, String)> {
        self.state().charged.clone()
    }

    /// Our own id.
    pub fn us(&self) -> String {
        self.state().us.clone()
    }

    /// Our own posts that stand now, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        let town = self.state();
        town.posts.iter().filter(|post| post.by == town.us && !post.deleted).cloned().collect()
    }

    /// A bank's account, which X has verified as a business; its id.
    pub fn bank_account(&self, handle: &str) -> String {
        self.settle(handle, "business")
    }

    /// An account that nobody vouches for; its id.
    pub fn account(&self, handle: &str) -> String {
        self.settle(handle, "none")
    }

    fn settle(&self, handle: &str, verified_type: &'static str) -> String {
        let mut town = self.state();
        let id = town.next_id();
        town.residents.push(Resident {
            id: id.clone(),
            handle: handle.to_owned(),
            verified_type,
            bio: String::new(),
            label: None,
            suspended: false,
        });
        id
    }

    /// Writes our own bio.
    pub fn bio(&self, text: &str) {
        let mut town = self.state();
        let us = town.us.clone();
        town.residents.iter_mut().filter(|one| one.id == us).for_each(|one| one.bio = text.into());
    }

    /// X labels our account as automated by this one.
    pub fn label(&self, by: &str) {
        let mut town = self.state();
        let us = town.us.clone();
        let handle = town.resident(by).expect("it lives here").handle.clone();
        let label = Some((format!("Automated by @{handle}"), by.to_owned()));
        town.residents
            .iter_mut()
            .filter(|one| one.id == us)
            .for_each(|one| one.label.clone_from(&label));
    }

    /// X suspends an account, ours or another's.
    pub fn suspend(&self, id: &str) {
        let mut town = self.state();
        town.residents.iter_mut().filter(|one| one.id == id).for_each(|one| one.suspended = true);
    }

    /// The account leaves its handle, and another one takes it; the new one's id.
    pub fn takes_over(&self, handle: &str) -> String {
        for one in self.state().residents.iter_mut().filter(|one| one.handle == handle) {
            one.handle = "was_another".to_owned();
        }
        self.account(handle)
    }

    /// Whether X lets this account answer that post.
    pub fn may_reply(&self, post: &str, by: &str) -> bool {
        let town = self.state();
        let (Some(post), Some(by)) = (town.live(post), town.resident(by)) else { return false };
        match post.reply_settings.as_deref() {
            None => true,
            Some("verified") => by.verified_type != "none",
            Some(_) => post.text.contains(&format!("@{}", by.handle)),
        }
    }

    /// Somebody answers, and names us as X does by itself; the reply's id.
    pub fn reply(&self, post: &str, by: &str, text: &str) -> String {
        let text = format!("@{} {text}", Self::HANDLE);
        self.state().add_post(by, &text, Some(post)).id.clone()
    }

    /// Somebody answers without naming us: it is in the conversation, and in no mentions.
    pub fn reply_unnamed(&self, post: &str, by: &str, text: &str) -> String {
        self.state().add_post(by, text, Some(post)).id.clone()
    }

    pub fn quote(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.state();
        let quote = town.add_post(by, text, None);
        quote.quotes = Some(post.to_owned());
        quote.id.clone()
    }

    pub fn like(&self, post: &str, by: &str) {
        self.state().likes.push((post.to_owned(), by.to_owned()));
    }

    pub fn repost(&self, post: &str, by: &str) {
        self.state().reposts.push((post.to_owned(), by.to_owned()));
    }

    /// Whoever holds our token elsewhere speaks in our name; the post's id.
    pub fn post_in_our_name(&self, text: &str) -> String {
        let mut town = self.state();
        let us = town.us.clone();
        town.add_post(&us, text, None).id.clone()
    }

    /// A post of ours vanishes without our doing.
    pub fn delete_behind_our_back(&self, post: &str) {
        for one in self.state().posts.iter_mut().filter(|one| one.id == post) {
            one.deleted = true;
        }
    }
}
