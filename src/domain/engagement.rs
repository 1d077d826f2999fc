//! What comes back on a post, and how its author is known.

use serde::{Deserialize, Serialize};

use super::{action::spelled, time::Timestamp};

spelled! {
    /// What somebody did with a post of ours.
    EngagementKind {
        /// An answer under it.
        Reply = "reply",
        /// A like or favourite.
        Like = "like",
        /// A repost or boost.
        Repost = "repost",
        /// A quote.
        Quote = "quote",
    }
}

/// Who did it, as the platform says. A handle is not an identity: only the stable id is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The platform's stable id.
    pub stable_id: String,
    /// The handle, without the leading `@`.
    pub handle: String,
}

/// One engagement as a platform told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What it is.
    pub kind: EngagementKind,
    /// The platform's id of it; for likes and reposts, which have none, kind and author together.
    pub platform_id: String,
    /// The platform's id of the post of ours that it answers.
    pub on_post: String,
    /// Who.
    pub author: Author,
    /// The platform's time of it; `None` where it tells none.
    pub at: Option<Timestamp>,
    /// The plain text of a reply or quote.
    pub text: Option<String>,
}

/// How much of each kind came back on one post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Replies.
    pub replies: u32,
    /// Likes.
    pub likes: u32,
    /// Reposts.
    pub reposts: u32,
    /// Quotes.
    pub quotes: u32,
}

impl Tally {
    /// The count of one kind.
    pub const fn of(&mut self, kind: EngagementKind) -> &mut u32 {
        match kind {
            EngagementKind::Reply => &mut self.replies,
            EngagementKind::Like => &mut self.likes,
            EngagementKind::Repost => &mut self.reposts,
            EngagementKind::Quote => &mut self.quotes,
        }
    }

    /// Whether this count of any kind is above the other's.
    pub const fn above(&self, other: &Self) -> bool {
        self.replies > other.replies
            || self.likes > other.likes
            || self.reposts > other.reposts
            || self.quotes > other.quotes
    }
}

/// A post of ours that is listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The platform's id of it.
    pub post: String,
    /// The verified account of the bank that it speaks to, where one is known.
    pub bank: Option<Author>,
    /// What the ledger has of it.
    pub known: Tally,
}

spelled! {
    /// Whose engagement it is.
    Voice {
        /// The bank's own verified account, by its stable id.
        Bank = "bank",
        /// An account whose handle looks like a verified one of the bank's and is not it.
        LookAlike = "look-alike",
        /// Anyone else.
        Other = "other",
    }
}

/// What an account is, as the platform says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The stable id and the present handle.
    pub author: Author,
    /// Links that the platform has verified to belong to it, and other evidence.
    pub evidence: Vec<String>,
}
