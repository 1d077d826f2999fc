//! A platform in memory, played by hand: posts, answers, likes, profiles, and readings that fail.
//!
//! It sends nothing (a send may find that the bank's handle is another's); a story puts posts there with [`Scripted::posts_as_us`] and tells the ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    destinations::{Destination, Mentions, NotNow, OwnPost, Permit, Sent, ServerLimits, Unread},
    domain::{
        delivery::{ClaimedDelivery, Delivery, Look, LookRules},
        engagement::{Author, EngagementKind, Heard, Identity, Watched},
        time::Timestamp,
    },
};

/// What a reading is about; failures are set for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    Thread,
    Mentions,
    OwnPosts,
    Whoami,
    Resolve,
    /// A send that was asked for.
    Send,
}

struct Square {
    posts: Vec<OwnPost>,
    threads: Vec<Heard>,
    notes: Vec<Heard>,
    failing: BTreeMap<Reading, Unread>,
    asked: BTreeMap<Reading, u32>,
    handles: BTreeMap<String, String>,
    not_the_bank: Option<String>,
    us: Author,
    next: u32,
}

pub struct Scripted {
    clock: Clock,
    square: Mutex<Square>,
}

impl Scripted {
    pub fn new(clock: &Clock, us: Author) -> Self {
        let square = Square {
            posts: Vec::new(),
            threads: Vec::new(),
            notes: Vec::new(),
            failing: BTreeMap::new(),
            asked: BTreeMap::new(),
            handles: BTreeMap::new(),
            not_the_bank: None,
            us,
            next: 0,
        };
        Self { clock: clock.clone(), square: Mutex::new(square) }
    }

    fn square(&self) -> MutexGuard<'_, Square> {
        self.square.lock().expect("no story panics while it holds the square")
    }

    fn next_id(&self) -> String {
        let mut square = self.square();
        square.next += 1;
        format!("p{}", square.next)
    }

    /// Somebody with our token posts; its receipt.
    pub fn posts_as_us(&self, text: &str) -> OwnPost {
        let id = self.next_id();
        let permalink = format!("https://square.example/@unit/{id}");
        let post = OwnPost { id, permalink, at: self.clock.now(), text: text.to_owned() };
        self.square().posts.push(post.clone());
        post
    }

    /// Somebody with our token edits a post of ours.
    pub fn edits_as_us(&self, post: &str, text: &str) {
        for one in self.square().posts.iter_mut().filter(|one| one.id == post) {
            one.text = text.to_owned();
        }
    }

    pub fn deletes_as_us(&self, post: &str) {
        self.square().posts.retain(|one| one.id != post);
    }

    /// Our account gets another name or id.
    pub fn becomes(&self, us: Author) {
        self.square().us = us;
    }

    /// A handle belongs to this id now.
    pub fn owns(&self, handle: &str, stable_id: &str) {
        self.square().handles.insert(handle.to_owned(), stable_id.to_owned());
    }

    /// Whatever is to be sent, the handle in it is found to be another's right before.
    pub fn finds_at_the_send(&self, why: &str) {
        self.square().not_the_bank = Some(why.to_owned());
    }

    /// A handle is given up.
    pub fn vanishes(&self, handle: &str) {
        self.square().handles.remove(handle);
    }

    /// An answer that only the thread shows.
    pub fn replies_unnoticed(&self, on: &str, by: &Author, text: &str) -> String {
        let heard = self.heard(EngagementKind::Reply, on, by, Some(text));
        let id = heard.platform_id.clone();
        self.square().threads.push(heard);
        id
    }

    /// An answer that only a notification tells of.
    pub fn replies_outside_the_thread(&self, on: &str, by: &Author, text: &str) -> String {
        let heard = self.heard(EngagementKind::Reply, on, by, Some(text));
        let id = heard.platform_id.clone();
        self.square().notes.push(heard);
        id
    }

    /// An answer that both tell of.
    pub fn replies(&self, on: &str, by: &Author, text: &str) -> String {
        let heard = self.heard(EngagementKind::Reply, on, by, Some(text));
        let id = heard.platform_id.clone();
        let mut square = self.square();
        square.threads.push(heard.clone());
        square.notes.push(heard);
        id
    }

    pub fn likes(&self, on: &str, by: &Author) {
        let mut heard = self.heard(EngagementKind::Like, on, by, None);
        heard.platform_id = format!("like:{}", by.stable_id);
        let mut square = self.square();
        square.threads.push(heard.clone());
        square.notes.push(heard);
    }

    /// An answer is deleted; a notification of it is gone too.
    pub fn takes_back(&self, reply: &str) {
        let mut square = self.square();
        square.threads.retain(|one| one.platform_id != reply);
        square.notes.retain(|one| one.platform_id != reply);
    }

    fn heard(&self, kind: EngagementKind, on: &str, by: &Author, text: Option<&str>) -> Heard {
        Heard {
            kind,
            platform_id: self.next_id(),
            on_post: on.to_owned(),
            author: by.clone(),
            at: Some(self.clock.now()),
            text: text.map(str::to_owned),
        }
    }

    /// Such readings fail from now on.
    pub fn fails(&self, reading: Reading, unread: Unread) {
        self.square().failing.insert(reading, unread);
    }

    /// Every reading works again.
    pub fn recovers(&self) {
        self.square().failing.clear();
    }

    /// How often such a reading was asked for.
    pub fn asked(&self, reading: Reading) -> u32 {
        self.square().asked.get(&reading).copied().unwrap_or(0)
    }

    fn read<T>(&self, reading: Reading, read: impl Fn(&Square) -> T) -> Result<T, Unread> {
        let mut square = self.square();
        *square.asked.entry(reading).or_default() += 1;
        match square.failing.get(&reading) {
            Some(unread) => Err(unread.clone()),
            None => Ok(read(&square)),
        }
    }
}

/// A server that does not answer.
pub fn broken() -> Unread {
    Unread::Failed { reason: "no answer in time".to_owned() }
}

/// A server that asks to wait.
pub fn throttled() -> Unread {
    Unread::Throttled { until: None, reason: "too many requests".to_owned() }
}

/// A server that no longer knows our token.
pub fn blocked() -> Unread {
    Unread::AccountBlocked { reason: "the token is not valid".to_owned() }
}

#[async_trait]
impl Destination for Scripted {
    async fn send(&self, _claimed: &ClaimedDelivery, _permit: &dyn Permit) -> Sent {
        let mut square = self.square();
        *square.asked.entry(Reading::Send).or_default() += 1;
        match &square.not_the_bank {
            Some(why) => Sent::NotTheBank(why.clone()),
            None => Sent::NotNow(NotNow { reason: "this square only listens".to_owned() }),
        }
    }

    async fn look(&self, _delivery: &Delivery) -> Look {
        Look::Blind { reason: "this square only listens".to_owned() }
    }

    fn look_rules(&self) -> LookRules {
        LookRules { grace: SignedDuration::from_secs(60), idempotent_for: None }
    }

    fn request_timeout(&self) -> SignedDuration {
        SignedDuration::from_secs(20)
    }

    async fn engagement(&self, post: &Watched) -> Result<Vec<Heard>, Unread> {
        self.read(Reading::Thread, |square| {
            square.threads.iter().filter(|one| one.on_post == post.post).cloned().collect()
        })
    }

    /// The cursor is how many notifications were read.
    async fn mentions(&self, cursor: Option<&str>) -> Result<Mentions, Unread> {
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("our own cursor"));
        self.read(Reading::Mentions, |square| Mentions {
            heard: square.notes.iter().skip(from).cloned().collect(),
            cursor: (square.notes.len() > from).then(|| square.notes.len().to_string()),
        })
    }

    async fn own_posts(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        self.read(Reading::OwnPosts, |square| {
            let mut seen = BTreeSet::new();
            let posts = square.posts.iter().rev().filter(|post| post.at >= since);
            posts.filter(|post| seen.insert(post.id.clone())).cloned().collect()
        })
    }

    async fn resolve(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        self.read(Reading::Resolve, |square| {
            square.handles.get(handle).map(|stable_id| Identity {
                author: Author { stable_id: stable_id.clone(), handle: handle.to_owned() },
                evidence: Vec::new(),
            })
        })
    }

    async fn whoami(&self) -> Result<Identity, Unread> {
        self.read(Reading::Whoami, |square| Identity {
            author: square.us.clone(),
            evidence: Vec::new(),
        })
    }

    async fn limits(&self) -> Result<ServerLimits, Unread> {
        Ok(ServerLimits { max_length: 500 })
    }

    async fn revoke(&self) -> Result<(), Unread> {
        Ok(())
    }
}
