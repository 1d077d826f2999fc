//! Every destination before a hostile server, behind one small face: what the core promises of any
//! destination is told once, and runs over each of them.
//!
//! A new destination joins by its line in [`every_peer`] and a function of that name. What its
//! server cannot be made to do, [`Peer::play`] says; whether its doubts resolve by themselves or a
//! person is asked, the destination's own rules for looking say, and no story.

mod bluesky;
mod fake;
mod mastodon;
mod sandbox;
mod x;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    destinations::{Destination, http::HttpConfig},
    domain::{ids::AccountName, platform::Platform, time::Timestamp},
};

use super::hostile::{Social, Trick};

pub use self::{
    bluesky::bluesky,
    mastodon::{mastodon_that_honours_keys, mastodon_that_ignores_keys},
    sandbox::{sandbox, sandbox_and_square},
    x::x,
};

/// Hands every peer's name to a macro. A new destination joins here, by one line.
macro_rules! every_peer {
    ($told:ident) => {
        $told! {
            mastodon_that_honours_keys,
            mastodon_that_ignores_keys,
            x,
            bluesky,
            sandbox,
        }
    };
}
pub(crate) use every_peer;

/// The tricks that every peer knows, the sandbox's square among them, which is no [`Hostile`] server.
/// What each does, [`Trick`] says; the two that it has in other words are told here.
///
/// [`Hostile`]: super::hostile::Hostile
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    DropBefore,
    DropAfter,
    ErrorBefore(u16),
    ErrorAfter(u16),
    LateBefore,
    LateAfter,
    Truncated,
    /// Do it, and leave the post's name out of the answer.
    NoId,
    /// Too many requests: come back in a minute.
    RateLimited,
}

impl Mischief {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::DropBefore,
        Self::DropAfter,
        Self::ErrorBefore(503),
        Self::ErrorAfter(504),
        Self::LateBefore,
        Self::LateAfter,
        Self::Truncated,
        Self::NoId,
        Self::RateLimited,
    ];

    /// The same on one of the fakes.
    fn trick<P: Social>(self) -> Trick<P::Quirk> {
        match self {
            Self::DropBefore => Trick::DropBefore,
            Self::DropAfter => Trick::DropAfter,
            Self::ErrorBefore(status) => Trick::ErrorBefore(status),
            Self::ErrorAfter(status) => Trick::ErrorAfter(status),
            Self::LateBefore => Trick::LateBefore,
            Self::LateAfter => Trick::LateAfter,
            Self::Truncated => Trick::Truncated,
            Self::NoId => Trick::Quirk(P::NO_ID),
            // Where every server says when to come back.
            Self::RateLimited => Trick::RateLimited(vec![("retry-after", "60".to_owned())]),
        }
    }
}

/// The unit's account on a peer, as the ledger has it.
#[derive(Debug, Clone)]
pub struct Residence {
    pub platform: Platform,
    pub base_url: String,
    pub handle: String,
    pub max_length: u32,
    /// The server was seen to honour keys.
    pub idempotent: bool,
}

/// A post of ours as it stands on the server.
#[derive(Debug, Clone)]
pub struct Standing {
    pub id: String,
    pub text: String,
    pub at: Timestamp,
    pub permalink: String,
}

/// A destination's server, hostile on demand, that remembers everything.
#[async_trait]
pub trait Peer: Send + Sync {
    /// The unit's account there.
    fn account(&self) -> Residence;

    /// A connection of one process, impatient with requests that a trick has parked.
    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination>;

    /// Plays it on the next post. `None`: this server cannot be made to.
    fn play(&self, mischief: Mischief) -> Option<()>;

    /// Plays it on the next deletion. `None`: this server cannot be made to.
    fn play_on_delete(&self, mischief: Mischief) -> Option<()>;

    /// Ends every trick that was not played yet.
    fn calm(&self);

    /// Waits until a request is parked.
    async fn somebody_is_parked(&self);

    /// Lets every parked request go on, and waits until each has been done.
    async fn release(&self);

    /// Our own posts that stand now.
    fn posts(&self) -> Vec<Standing>;

    /// Whoever holds our token elsewhere speaks in our name; the post's id.
    fn post_in_our_name(&self, text: &str) -> String;

    /// How many posts were ever made through the API.
    fn made(&self) -> usize;

    /// Moves the server's clock, where it has one of its own.
    fn advance(&self, by: SignedDuration);
}

/// Timeouts of a process that does not wait long for a parked request.
fn impatient(http: &mut HttpConfig) {
    http.connect_timeout = Duration::from_millis(400);
    http.request_timeout = Duration::from_millis(500);
}

/// The world's clock, as destinations read it.
fn told_by(clock: &Clock) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}
