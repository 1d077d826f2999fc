//! X as its API v2 shows it: it remembers everything, and can be hostile.
//!
//! One per test, on a loopback port of its own. It has a clock of its own ([`FakeX::advance`]),
//! writes texts in its own way (`&amp;`, `https://t.co/…`), refuses what the specification does not
//! allow, and counts what it was asked, what it made and what it would charge for:
//!
//! ```ignore
//! let fake = FakeX::start().await;
//! fake.hostile(Trick::ErrorAfter(504));          // the next post is made, and answered with 504
//! // … send …
//! assert_eq!(fake.posts().len(), 1);
//! ```

mod answers;
mod server;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::SignedDuration;
use secrecy::SecretString;
use takaza::domain::{cost::Item, time::Timestamp};
use tokio::{sync::watch, task::JoinHandle};

use super::{fake_oauth::FakeOAuth, secrets};

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
    /// What a redirect points to: nobody must ever ask for it.
    Trap,
    Other,
}

/// One way of being hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trick {
    /// Take the request and drop the connection; nothing was done.
    DropBefore,
    /// Do it, and drop the connection.
    DropAfter,
    /// Do nothing and answer with this status.
    ErrorBefore(u16),
    /// Do it and answer with this status.
    ErrorAfter(u16),
    /// Park until [`FakeX::release`], then do it, even when the asker has gone.
    LateBefore,
    /// Do it, then park until [`FakeX::release`].
    LateAfter,
    /// 429 `rate-limit-exceeded` with these headers.
    RateLimited(Vec<(&'static str, String)>),
    /// 429 `usage-capped` of this period.
    UsageCapped(&'static str),
    /// A problem with this status and type's end; nothing was done.
    Problem(u16, &'static str, &'static str),
    /// A page of HTML with this status; nothing was done.
    Html(u16),
    /// Do it, and answer with eight megabytes.
    HugeBody,
    /// Do it, and never stop answering; it counts as parked until the asker drops the socket.
    EndlessBody,
    /// Do it, and break the JSON off in the middle.
    Truncated,
    /// Do it, and leave the id out.
    NoId,
    /// Do it, and answer with `data` and `errors` together.
    WithErrors,
    /// Answer with another post than the one made.
    OtherPost,
    /// Redirect with this status to [`Ask::Trap`]; nothing was done.
    Redirect(u16),
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
pub(super) struct Resident {
    pub id: String,
    pub handle: String,
    pub verified_type: &'static str,
    pub bio: String,
    pub label: Option<(String, String)>,
    pub suspended: bool,
}

pub(super) struct Town {
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
    /// What, how often still (`None`: always), which.
    pub tricks: Vec<(Ask, Option<u32>, Trick)>,
    pub asked: HashMap<Ask, usize>,
    /// Every request's first line and body, in the order they came.
    pub requests: Vec<(String, String)>,
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

pub(super) struct Shared {
    town: Mutex<Town>,
    /// Counts the releases.
    pub releases: watch::Sender<u64>,
    /// How many requests are parked.
    pub parked: watch::Sender<usize>,
}

impl Shared {
    pub fn town(&self) -> MutexGuard<'_, Town> {
        self.town.lock().expect("no handler panics while it holds the town")
    }
}

/// The server; it ends when it is dropped.
pub struct FakeX {
    /// `http://127.0.0.1:PORT`.
    pub base_url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for FakeX {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeX {
    /// The handle of the unit's account.
    pub const HANDLE: &str = "example_cyber";

    /// Starts an X on which the unit has one account with one token.
    pub async fn start() -> Self {
        secrets::listen();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("it is bound"));
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
            tricks: Vec::new(),
            asked: HashMap::new(),
            requests: Vec::new(),
            charged: BTreeSet::new(),
            made: 0,
            minds_duplicates: true,
            tokens: 0,
            next: 1_900_000_000_000_000_100,
        };
        town.next_token();
        let shared = Arc::new(Shared {
            town: Mutex::new(town),
            releases: watch::Sender::new(0),
            parked: watch::Sender::new(0),
        });
        let task = server::serve(listener, Arc::clone(&shared));
        Self { base_url, shared, task }
    }

    /// The token that is good now.
    pub fn token(&self) -> SecretString {
        self.shared.town().token.clone().into()
    }

    /// Takes what this server grants, whose browser is signed in as the unit's account.
    pub fn granted_by(&self, server: &FakeOAuth) {
        let mut town = self.shared.town();
        server.sign_in(&town.us, Self::HANDLE);
        town.grants = Some(server.clone());
    }

    /// The token ends; [`FakeX::token`] is the next one.
    pub fn expire_token(&self) {
        self.shared.town().next_token();
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.shared.town().now
    }

    /// The true time, for whoever is to share it.
    pub fn clock(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || shared.town().now)
    }

    /// Moves the time.
    pub fn advance(&self, by: SignedDuration) {
        let mut town = self.shared.town();
        town.now = town.now.plus(by);
    }

    /// Sets X's own clock off by this, in its posts' times and in its headers.
    pub fn skew(&self, by: SignedDuration) {
        self.shared.town().skew = by;
    }

    /// X takes a text twice: its rule about duplicates is no promise to build on.
    pub fn takes_duplicates(&self) {
        self.shared.town().minds_duplicates = false;
    }

    /// Plays the trick on the next post.
    pub fn hostile(&self, trick: Trick) {
        self.hostile_on(Ask::Post, 1, trick);
    }

    /// Plays the trick on the next `times` requests of a kind.
    pub fn hostile_on(&self, ask: Ask, times: u32, trick: Trick) {
        self.shared.town().tricks.push((ask, Some(times), trick));
    }

    /// Plays the trick until [`FakeX::calm`].
    pub fn always(&self, ask: Ask, trick: Trick) {
        self.shared.town().tricks.push((ask, None, trick));
    }

    /// Ends every trick.
    pub fn calm(&self) {
        self.shared.town().tricks.clear();
    }

    /// Waits until a request is parked.
    pub async fn somebody_is_parked(&self) {
        let mut parked = self.shared.parked.subscribe();
        parked.wait_for(|count| *count > 0).await.expect("the server lives");
    }

    /// Lets every parked request go on, and waits until each has been done.
    pub async fn release(&self) {
        self.shared.releases.send_modify(|count| *count += 1);
        let mut parked = self.shared.parked.subscribe();
        parked.wait_for(|count| *count == 0).await.expect("the server lives");
    }

    /// How many requests of a kind have come.
    pub fn asked(&self, ask: Ask) -> usize {
        self.shared.town().asked.get(&ask).copied().unwrap_or(0)
    }

    /// Every request so far, as `METHOD /path?query`.
    pub fn requests(&self) -> Vec<String> {
        self.recorded().into_iter().map(|(line, _body)| line).collect()
    }

    /// The same with their bodies.
    pub fn recorded(&self) -> Vec<(String, String)> {
        self.shared.town().requests.clone()
    }

    /// What X would charge for what was read, by item and id.
    pub fn charged(&self) -> BTreeSet<(&'static str, String)> {
        self.shared.town().charged.clone()
    }

    /// How many posts were ever made through the API, deleted ones too.
    pub fn made(&self) -> usize {
        self.shared.town().made
    }

    /// Our own id.
    pub fn us(&self) -> String {
        self.shared.town().us.clone()
    }

    /// Our own posts that stand now, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        let town = self.shared.town();
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
        let mut town = self.shared.town();
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
        let mut town = self.shared.town();
        let us = town.us.clone();
        town.residents.iter_mut().filter(|one| one.id == us).for_each(|one| one.bio = text.into());
    }

    /// X labels our account as automated by this one.
    pub fn label(&self, by: &str) {
        let mut town = self.shared.town();
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
        let mut town = self.shared.town();
        town.residents.iter_mut().filter(|one| one.id == id).for_each(|one| one.suspended = true);
    }

    /// The account leaves its handle, and another one takes it; the new one's id.
    pub fn takes_over(&self, handle: &str) -> String {
        for one in self.shared.town().residents.iter_mut().filter(|one| one.handle == handle) {
            one.handle = "was_another".to_owned();
        }
        self.account(handle)
    }

    /// Whether X lets this account answer that post.
    pub fn may_reply(&self, post: &str, by: &str) -> bool {
        let town = self.shared.town();
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
        self.shared.town().add_post(by, &text, Some(post)).id.clone()
    }

    /// Somebody answers without naming us: it is in the conversation, and in no mentions.
    pub fn reply_unnamed(&self, post: &str, by: &str, text: &str) -> String {
        self.shared.town().add_post(by, text, Some(post)).id.clone()
    }

    pub fn quote(&self, post: &str, by: &str, text: &str) -> String {
        let mut town = self.shared.town();
        let quote = town.add_post(by, text, None);
        quote.quotes = Some(post.to_owned());
        quote.id.clone()
    }

    pub fn like(&self, post: &str, by: &str) {
        self.shared.town().likes.push((post.to_owned(), by.to_owned()));
    }

    pub fn repost(&self, post: &str, by: &str) {
        self.shared.town().reposts.push((post.to_owned(), by.to_owned()));
    }

    /// Whoever holds our token elsewhere speaks in our name; the post's id.
    pub fn post_in_our_name(&self, text: &str) -> String {
        let mut town = self.shared.town();
        let us = town.us.clone();
        town.add_post(&us, text, None).id.clone()
    }

    /// A post of ours vanishes without our doing.
    pub fn delete_behind_our_back(&self, post: &str) {
        for one in self.shared.town().posts.iter_mut().filter(|one| one.id == post) {
            one.deleted = true;
        }
    }
}
