//! What platforms charge, in micro-dollars, exact.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::spelled;

/// An amount in micro-dollars (a millionth of a US dollar).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MicroDollars(i64);

impl MicroDollars {
    /// Micro-dollars as an integer.
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in micro-dollars.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl fmt::Display for MicroDollars {
    /// As `$0.015`: at least two decimals, and as many as the amount has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, micros) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let decimals = format!("{:06}", micros % 1_000_000);
        let shown = decimals.trim_end_matches('0').len().max(2);
        write!(f, "{sign}${}.{}", micros / 1_000_000, &decimals[..shown])
    }
}

spelled! {
    /// What a platform charges for.
    Item {
        /// A post without an address in it.
        Post = "post",
        /// A post with an address in it.
        PostWithUrl = "post-with-url",
        /// A post of others that is read: a reply, a quote.
        PostRead = "post-read",
        /// A user that is read: by handle, as the one who reposted.
        UserRead = "user-read",
        /// A like that is read.
        LikeRead = "like-read",
        /// A post or mention of our own account that is read.
        OwnRead = "own-read",
    }
}

/// On whose behalf something is read: the banks are read first, so that a flood of replies by
/// others cannot silence us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// Our own account: who we are, our timeline, what looks for an uncertain post. Truth before
    /// thrift: never refused by a cap, only counted.
    Own,
    /// The verified handles of banks: what they answer, and whose a handle is.
    Banks,
    /// Everybody else: counts of replies, likes and reposts.
    Others,
}
