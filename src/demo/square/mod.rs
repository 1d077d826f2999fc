//! The sandbox town square: a small built-in social network in memory, where invented banks,
//! citizens and one impostor answer what the unit posts.
//!
//! The invariants: one idempotency key makes one post, for ever; only the unit's token posts from
//! outside; characters act only inside [`Square::tick`], on the time that it is given.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::cast::Unit;
use crate::{
    destinations::sandbox::api::PictureBody,
    domain::{engagement::EngagementKind, time::Timestamp},
};

mod characters;
pub mod http;
mod page;
mod view;

/// The longest text the square takes, in characters.
pub const MAX_LENGTH: usize = 500;

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The unit's own.
    Unit,
    /// An invented bank's.
    Bank,
    /// It looks like a bank's and is not.
    Impostor,
    /// Anybody.
    Citizen,
}

/// An account in the square.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its stable id.
    pub id: String,
    /// Its handle, without the leading `@`.
    pub handle: String,
    /// The name it shows.
    pub name: String,
    /// What it is. Readers of the API are not told: they must tell an impostor by its id.
    pub role: Role,
    /// A line about itself.
    pub bio: String,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its id, growing with time.
    pub id: u64,
    /// The stable id of its author.
    pub author: String,
    /// When it was made.
    pub at: Timestamp,
    /// Its text.
    pub text: String,
    /// The content warning above it.
    pub spoiler: Option<String>,
    /// Its picture.
    #[serde(default)]
    pub picture: Option<PictureBody>,
    /// The post that it answers.
    pub reply_to: Option<u64>,
    /// The post that it quotes.
    pub quotes: Option<u64>,
    /// When it was deleted; its text is then gone.
    pub deleted_at: Option<Timestamp>,
    /// Who liked it, and when.
    pub likes: BTreeMap<String, Timestamp>,
    /// Who reposted it, and when.
    pub reposts: BTreeMap<String, Timestamp>,
}

/// Something that happened to a post of the unit's; its place in the list is its cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notice {
    kind: EngagementKind,
    post: u64,
    by: String,
    at: Timestamp,
    /// The reply or quote itself.
    as_post: Option<u64>,
}

/// Why the square does not take a post or a deletion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No text, or too much.
    #[error("a post has 1 to {MAX_LENGTH} characters; this one has {0}")]
    Length(usize),
    /// The key was used for another text.
    #[error("this idempotency key belongs to another post")]
    KeyTaken,
    /// The post that this key made was deleted.
    #[error("the post that this idempotency key made was deleted")]
    Gone,
    /// There is no such post of this author.
    #[error("no such post of this account")]
    NoSuchPost,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    accounts: Vec<Account>,
    posts: BTreeMap<u64, Post>,
    keys: BTreeMap<String, u64>,
    notices: Vec<Notice>,
    planned: Vec<characters::Planned>,
    next_id: u64,
    token_ended: bool,
}

struct Inner {
    state: State,
    rng: StdRng,
}

/// The demo's clock, as the square reads it when somebody posts.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The town square. Shared by the server and by whoever steps the demo's clock.
pub struct Square {
    inner: Mutex<Inner>,
    now: Now,
    base_url: String,
    token: secrecy::SecretString,
}

impl std::fmt::Debug for Square {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Square").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Square {
    /// A square with its accounts and a quiet day of ordinary posts. `base_url` is where people
    /// open it (no trailing slash), `token` lets the unit post.
    pub fn new(
        unit: &Unit,
        base_url: impl Into<String>,
        token: secrecy::SecretString,
        seed: u64,
        now: Now,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut state = State {
            accounts: characters::accounts(unit),
            posts: BTreeMap::new(),
            keys: BTreeMap::new(),
            notices: Vec::new(),
            planned: Vec::new(),
            next_id: 100_001,
            token_ended: false,
        };
        characters::quiet_day(&mut state, &mut rng, now());
        Self { inner: Mutex::new(Inner { state, rng }), now, base_url: base_url.into(), token }
    }

    /// Replaces what the square holds by what [`Square::save`] wrote.
    ///
    /// # Errors
    /// The file cannot be read or is not a saved square.
    pub fn restore(&self, path: &Path) -> anyhow::Result<()> {
        use anyhow::Context;
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let state = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not a saved town square", path.display()))?;
        self.lock().state = state;
        Ok(())
    }

    /// Writes everything that the square holds as JSON (no token is in it).
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        use anyhow::Context;
        let text = serde_json::to_vec_pretty(&self.lock().state)?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Makes everything happen that the characters had planned up to `now`; returns how many
    /// things happened.
    pub fn tick(&self, now: Timestamp) -> usize {
        let mut inner = self.lock();
        let Inner { state, rng } = &mut *inner;
        characters::act(state, rng, now)
    }

    /// Posts as the unit. The same key and text give the same post again.
    ///
    /// # Errors
    /// The text is empty or too long, or the key belongs to another or a deleted post.
    pub fn post(&self, key: &str, text: &str, spoiler: Option<String>) -> Result<Post, Denied> {
        let now = (self.now)();
        let mut inner = self.lock();
        let Inner { state, rng } = &mut *inner;
        if let Some(post) = state.keys.get(key).and_then(|id| state.posts.get(id)) {
            return match post.deleted_at {
                Some(_) => Err(Denied::Gone),
                None if post.text == text => Ok(post.clone()),
                None => Err(Denied::KeyTaken),
            };
        }
        let length = text.chars().count();
        if text.trim().is_empty() || length > MAX_LENGTH {
            return Err(Denied::Length(length));
        }
        let unit = state.unit().id.clone();
        let id = state.add(&unit, text, now, None, None);
        let post = state.posts.get_mut(&id).ok_or(Denied::NoSuchPost)?;
        post.spoiler = spoiler;
        let post = post.clone();
        state.keys.insert(key.to_owned(), id);
        characters::plan(state, rng, &post);
        Ok(post)
    }

    /// Shows a picture beside a post that was just made.
    pub fn show_picture(&self, id: u64, picture: PictureBody) {
        if let Some(post) = self.lock().state.posts.get_mut(&id) {
            post.picture = Some(picture);
        }
    }

    /// Deletes a post of the unit's. Again gives the same answer.
    ///
    /// # Errors
    /// The unit has no such post.
    pub fn delete(&self, id: u64) -> Result<Post, Denied> {
        let now = (self.now)();
        let mut inner = self.lock();
        let unit = inner.state.unit().id.clone();
        let post = inner.state.posts.get_mut(&id).filter(|post| post.author == unit);
        let post = post.ok_or(Denied::NoSuchPost)?;
        if post.deleted_at.is_none() {
            post.deleted_at = Some(now);
            post.text.clear();
            post.spoiler = None;
            post.picture = None;
        }
        Ok(post.clone())
    }

    /// Lets any account answer a post at once: for stories that need a certain voice.
    ///
    /// # Errors
    /// There is no such account or post.
    pub fn reply_as(&self, handle: &str, to: u64, text: &str) -> Result<u64, Denied> {
        let now = (self.now)();
        let mut inner = self.lock();
        let by = inner.state.by_handle(handle).ok_or(Denied::NoSuchPost)?.id.clone();
        if !inner.state.posts.contains_key(&to) {
            return Err(Denied::NoSuchPost);
        }
        Ok(inner.state.add(&by, text, now, Some(to), None))
    }

    /// Every account.
    pub fn accounts(&self) -> Vec<Account> {
        self.lock().state.accounts.clone()
    }

    /// Ends the token: nothing more is posted with it.
    pub(crate) fn end_token(&self) {
        self.lock().state.token_ended = true;
    }

    /// What the square holds is whole after every statement, so a thread that panicked while
    /// holding it broke nothing.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock().state)
    }
}

impl State {
    fn unit(&self) -> &Account {
        &self.accounts[0]
    }

    fn by_handle(&self, handle: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.handle == handle)
    }

    fn by_id(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Adds a post and, where it speaks to a post of the unit's, the notice of it.
    fn add(
        &mut self,
        author: &str,
        text: &str,
        at: Timestamp,
        reply_to: Option<u64>,
        quotes: Option<u64>,
    ) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let post = Post {
            id,
            author: author.to_owned(),
            at,
            text: text.to_owned(),
            spoiler: None,
            picture: None,
            reply_to,
            quotes,
            deleted_at: None,
            likes: BTreeMap::new(),
            reposts: BTreeMap::new(),
        };
        self.posts.insert(id, post);
        if let Some(to) = reply_to {
            self.notify(EngagementKind::Reply, to, author, at, Some(id));
        }
        if let Some(to) = quotes {
            self.notify(EngagementKind::Quote, to, author, at, Some(id));
        }
        id
    }

    fn like(&mut self, post: u64, by: &str, at: Timestamp) {
        let Some(liked) = self.posts.get_mut(&post) else { return };
        if liked.likes.insert(by.to_owned(), at).is_none() {
            self.notify(EngagementKind::Like, post, by, at, None);
        }
    }

    fn repost(&mut self, post: u64, by: &str, at: Timestamp) {
        let Some(shared) = self.posts.get_mut(&post) else { return };
        if shared.reposts.insert(by.to_owned(), at).is_none() {
            self.notify(EngagementKind::Repost, post, by, at, None);
        }
    }

    fn notify(
        &mut self,
        kind: EngagementKind,
        post: u64,
        by: &str,
        at: Timestamp,
        as_post: Option<u64>,
    ) {
        let ours = self.posts.get(&post).is_some_and(|post| post.author == self.unit().id);
        if ours && by != self.unit().id {
            self.notices.push(Notice { kind, post, by: by.to_owned(), at, as_post });
        }
    }
}
