//! What the town square says over HTTP. Its server in the demo speaks the same types.

use serde::{Deserialize, Serialize};

use crate::domain::{engagement::EngagementKind, time::Timestamp};

/// The header that names a post once and for ever.
pub const KEY_HEADER: &str = "idempotency-key";

/// A post to make.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPost {
    /// Its text.
    pub text: String,
    /// The content warning above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoiler: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureBody>,
}

/// The picture of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureBody {
    /// Its bytes, a PNG, in base64.
    pub png: String,
    /// What it says.
    pub alt: String,
}

/// A post as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostBody {
    /// Its id.
    pub id: String,
    /// Where a person can see it.
    pub permalink: String,
    /// Its author.
    pub author: AccountBody,
    /// When it was made (microseconds, UTC).
    pub at: Timestamp,
    /// Its text; empty once deleted.
    pub text: String,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// An account as the API tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBody {
    /// Its stable id.
    pub id: String,
    /// Its handle, without the leading `@`.
    pub handle: String,
    /// The name it shows.
    pub name: String,
    /// The square vouches for it.
    pub verified: bool,
}

/// An engagement with a post of the unit's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardBody {
    /// What it is.
    pub kind: EngagementKind,
    /// The id of the reply or quote; `kind:account` for the others.
    pub id: String,
    /// The unit's post.
    pub on_post: String,
    /// Who.
    pub by: AccountBody,
    /// When (microseconds, UTC).
    pub at: Timestamp,
    /// The text of a reply or quote.
    pub text: Option<String>,
}

/// A post and all that came back on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadBody {
    /// The post.
    pub post: PostBody,
    /// Replies, likes, reposts and quotes, oldest first.
    pub heard: Vec<HeardBody>,
}

/// The unit's own posts, newest first, or a page of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to ask for next; `None`: this was the last page.
    pub next: Option<String>,
    /// Where to go on later: the cursor after the last item.
    pub cursor: String,
}

/// The limits of the square.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsBody {
    /// Characters in a post.
    pub max_length: u32,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What happened, for a person.
    pub error: String,
}
