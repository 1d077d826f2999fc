//! All that leaves the house. One file a platform; each implements [`Destination`].
//!
//! The invariant: a destination makes exactly one attempt, tells the truth about what came of it,
//! and calls *unknown* whatever it cannot prove.

pub mod bluesky;
pub mod hand_off;
pub mod http;
pub mod mail;
pub mod manners;
pub mod mastodon;
pub mod meter;
pub mod rate_headers;
pub mod reading;
pub mod sandbox;
pub mod tokens;
pub mod x;

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::domain::{
    delivery::{ClaimedDelivery, Delivery, Look, LookRules, Outcome},
    engagement::{Heard, Identity, Watched},
    platform::MentionMode,
    time::Timestamp,
};

/// The last word before bytes leave: the stop switch as read less than a second ago, and the
/// sender's own deadline, on a clock that counts suspension. Asked right before the request, and
/// again, where the request has a body, when the connection stands and the body is about to leave.
#[async_trait]
pub trait Permit: Send + Sync {
    /// Reads anew what [`Permit::check`] judges by and may have grown old meanwhile: a picture, a
    /// handle or a connection can take seconds. What cannot be read stays old, and the check says so.
    async fn renew(&self) {}

    /// Whether the request may start now.
    ///
    /// # Errors
    /// It may not, and why; nothing has been sent.
    fn check(&self) -> Result<(), NotNow>;
}

/// The request must not start now; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotNow {
    /// Why.
    pub reason: String,
}

/// What came of [`Destination::send`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The permit said no right before the request; no byte of the post has left. Its picture may lie
    /// on the server, where nobody is shown it.
    NotNow(NotNow),
    /// The handle that the text mentions is not the verified account's any more, and why; no byte
    /// has left. Posts that mention it are held until a person has verified it anew.
    NotTheBank(String),
    /// One attempt was made.
    Attempted(Outcome),
}

/// A reading that failed. It says nothing about any post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The server asks to wait, or our own smoothing does.
    #[error("asked to wait: {reason}")]
    Throttled {
        /// When it says to come back.
        until: Option<Timestamp>,
        /// What it said.
        reason: String,
    },
    /// The token no longer works, or the account is suspended.
    #[error("the account is blocked: {reason}")]
    AccountBlocked {
        /// What it said.
        reason: String,
    },
    /// Anything else.
    #[error("could not be read: {reason}")]
    Failed {
        /// What failed, without secrets.
        reason: String,
    },
}

/// A post in our own timeline, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPost {
    /// The platform's id.
    pub id: String,
    /// Where a person can see it.
    pub permalink: String,
    /// The platform's time of it.
    pub at: Timestamp,
    /// Its plain text.
    pub text: String,
}

/// The limits that the server itself states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    /// The longest text by the platform's own way of counting.
    pub max_length: u32,
}

/// A duty that a platform lays on automated accounts, and whether our profile shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The duty, in words.
    pub what: &'static str,
    /// Whether it is seen to be kept.
    pub seen: Seen,
}

/// What a platform's API shows of a duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is kept, as this shows.
    Yes(String),
    /// It is not kept; what to do.
    No(String),
    /// The API does not show it; where a person can look.
    NotShown(String),
}

impl std::fmt::Display for Duty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seen, words) = match &self.seen {
            Seen::Yes(words) => ("seen", words),
            Seen::No(words) => ("not seen", words),
            Seen::NotShown(words) => ("not shown by the API", words),
        };
        write!(f, "{}: {seen} ({words})", self.what)
    }
}

/// What came back since a cursor, and the cursor to go on from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mentions {
    /// What was heard.
    pub heard: Vec<Heard>,
    /// Opaque; kept by the ledger. `None`: nothing new, keep the old one.
    pub cursor: Option<String>,
}

/// One of the unit's accounts on a platform, connected.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Makes exactly one attempt, unless the permit says no right before the request. A delivery alone
    /// cannot be sent:
    ///
    /// ```compile_fail,E0308
    /// use takaza::{destinations::{Destination, Permit}, domain::delivery::Delivery};
    ///
    /// async fn send(destination: &dyn Destination, delivery: &Delivery, permit: &dyn Permit) {
    ///     destination.send(delivery, permit).await;
    /// }
    /// ```
    async fn send(&self, claimed: &ClaimedDelivery, permit: &dyn Permit) -> Sent;

    /// Looks in our own timeline for what the delivery should have done: for a post, the post with
    /// its reference; for a retraction, the absence of the post it deletes.
    async fn look(&self, delivery: &Delivery) -> Look;

    /// The grace of looking, and what makes a resend safe here.
    fn look_rules(&self) -> LookRules;

    /// How long one request may take in all; the sender's deadline keeps this much of the lease.
    fn request_timeout(&self) -> jiff::SignedDuration;

    /// Those of our posts on which something may be new. A platform that tells counts of many
    /// posts at once, and charges for threads, is asked for the counts first; all others say all.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn stirred(&self, posts: &[Watched]) -> Result<BTreeSet<String>, Unread> {
        Ok(posts.iter().map(|watched| watched.post.clone()).collect())
    }

    /// Replies, likes, reposts and quotes of one of our posts, all that the platform tells now.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn engagement(&self, post: &Watched) -> Result<Vec<Heard>, Unread>;

    /// What the platform notified our account of since the cursor.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn mentions(&self, cursor: Option<&str>) -> Result<Mentions, Unread>;

    /// Our own posts, newest first, those after `since` at least.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn own_posts(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread>;

    /// Who a handle belongs to now; `None`: nobody.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn resolve(&self, handle: &str) -> Result<Option<Identity>, Unread>;

    /// Who we are there, by the token we hold.
    ///
    /// # Errors
    /// The reading failed, or the token does not work.
    async fn whoami(&self) -> Result<Identity, Unread>;

    /// The duties of automated accounts there, and which of them our profile shows; none on a
    /// platform that lays none on them.
    ///
    /// # Errors
    /// The reading failed; nothing is known.
    async fn duties(&self) -> Result<Vec<Duty>, Unread> {
        Ok(Vec::new())
    }

    /// The limits that the server states.
    ///
    /// # Errors
    /// The reading failed.
    async fn limits(&self) -> Result<ServerLimits, Unread>;

    /// Ends the grant that our token stands for, where the platform can.
    ///
    /// # Errors
    /// It could not be ended; the message says what to do by hand.
    async fn revoke(&self) -> Result<(), Unread>;

    /// How a verified handle is written in a text, by the account's mention mode.
    fn name_in_text(&self, handle: &str, plain_name: &str, mode: MentionMode) -> String {
        match mode {
            MentionMode::Mention => format!("@{handle}"),
            MentionMode::PlainName => plain_name.to_owned(),
        }
    }
}
