//! Platforms, languages and what one of our accounts may do there.

use super::{action::spelled, ids::AccountName};
use serde::{Deserialize, Serialize};

spelled! {
    /// Where a post can go.
    Platform {
        /// The built-in town square of the demo; nothing leaves the machine.
        Sandbox = "sandbox",
        /// Any server that speaks Mastodon's API.
        Mastodon = "mastodon",
        /// X, formerly Twitter.
        X = "x",
        /// Bluesky (atproto).
        Bluesky = "bluesky",
        /// A Facebook page.
        Facebook = "facebook",
        /// Instagram.
        Instagram = "instagram",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// Threads.
        Threads = "threads",
        /// A Telegram channel.
        Telegram = "telegram",
    }
}

spelled! {
    /// The language of one delivery's text.
    Language {
        /// English.
        En = "en",
        /// Hindi.
        Hi = "hi",
    }
}

spelled! {
    /// Who can see a post, where the platform knows the difference.
    Visibility {
        /// Everyone, in public timelines.
        Public = "public",
        /// Everyone who looks, but in no public timeline.
        Unlisted = "unlisted",
        /// Followers only.
        Followers = "private",
    }
}

spelled! {
    /// How a post may name a bank's account on a platform.
    MentionMode {
        /// With a live mention of the verified handle.
        Mention = "mention",
        /// By its plain name, without a mention.
        PlainName = "plain-name",
    }
}

spelled! {
    /// Who presses the button.
    Sender {
        /// Takaza, through the platform's API.
        Api = "api",
        /// An officer, by hand, from a prepared text.
        HandOff = "hand-off",
    }
}

/// One of the unit's own accounts and what it may do. Nothing is posted in public before the
/// account is connected *and* a named person has turned it live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name the unit gives it.
    pub name: AccountName,
    /// Where it lives.
    pub platform: Platform,
    /// The server's base address (empty for a hand-off without one).
    pub base_url: String,
    /// Its own handle, without the leading `@`.
    pub handle: String,
    /// The platform's stable id of it, once connected.
    pub stable_id: Option<String>,
    /// Who presses the button.
    pub sender: Sender,
    /// How it may name a bank.
    pub mention: MentionMode,
    /// The languages it posts in, one delivery each.
    pub languages: Vec<Language>,
    /// Who can see its posts.
    pub visibility: Visibility,
    /// The content warning put above its posts, where the platform has one.
    pub spoiler: Option<String>,
    /// How long a text may be, by the platform's own way of counting.
    pub max_length: u32,
    /// Its tags bear a picture of the facts; see [`Account::shows_pictures`].
    #[serde(default)]
    pub picture: bool,
    /// A named person has turned it live.
    pub live: bool,
}

impl Platform {
    /// Whether an account there shows pictures, unless somebody says otherwise: where they cost
    /// nothing and takaza can bring them.
    pub const fn shows_pictures(self) -> bool {
        matches!(self, Self::Sandbox | Self::Mastodon | Self::Bluesky)
    }
}

impl Account {
    /// Whether a picture can be brought there at all: takaza brings none to X, an officer does.
    pub fn can_show_pictures(&self) -> bool {
        self.platform != Platform::X || self.sender == Sender::HandOff
    }

    /// Whether what is drafted for it now bears a picture. Takaza brings none to X: there an officer
    /// posts it by hand.
    pub fn shows_pictures(&self) -> bool {
        self.picture && self.can_show_pictures()
    }
}
