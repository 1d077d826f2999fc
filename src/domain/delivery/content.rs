//! What is posted, byte by byte.

use serde::{Deserialize, Serialize};

use crate::domain::{
    canonical::{self, Hash},
    ids::AccountName,
    platform::{Language, Platform, Visibility},
};

/// The exact bytes that authority is bound to: frozen at drafting, nothing renders after that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The account that posts.
    pub account: AccountName,
    /// Its platform.
    pub platform: Platform,
    /// The text's language.
    pub language: Language,
    /// Who can see it.
    pub visibility: Visibility,
    /// The content warning above it.
    pub spoiler: Option<String>,
    /// The text itself.
    pub text: String,
    /// How long a text may be there, by the platform's own way of counting.
    pub max_length: u32,
    /// How the text writes the bank: its verified handle or its plain name.
    pub bank_in_text: String,
    /// The hash of the template it was rendered from; `None` once a person has edited it.
    pub template: Option<Hash>,
    /// The text as it was drafted, once a person has edited it.
    pub drafted: Option<String>,
    /// For a retraction: the platform's id of the post that it deletes.
    pub retracts: Option<String>,
    /// The picture beside the text. Where there is none nothing of it is written, so that a content
    /// without a picture has the hash that it had before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// A picture that is frozen with a text: which bytes, and what they say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The SHA-256 of its bytes, a PNG.
    pub png: Hash,
    /// The alternative text: all that it says, for who cannot see it.
    pub alt: String,
    /// The hash of the design and its fixed words: what a standing order binds.
    pub design: Hash,
}

impl Content {
    /// The hash that binds authority to these bytes.
    pub fn hash(&self) -> Hash {
        canonical::hash(self)
    }
}
