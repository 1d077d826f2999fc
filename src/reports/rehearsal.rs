//! The rehearsal of a standing order: what it *would* have posted in the last days, when, about how
//! much money, and each regret: a tag on a bank that had in truth already acted.
//!
//! The invariant: nothing is decided here that is decided elsewhere. Who may be tagged, what may be
//! said, whether the order covers it and whether it may go now are the same pure functions that
//! the real path asks; the replay only keeps the state between them.

mod replay;
mod table;

use jiff::SignedDuration;
use serde::Serialize;

pub use self::replay::{Rules, rehearse};
use crate::domain::{
    cost::MicroDollars, ids::BankCode, money::Paise, platform::Platform, time::Timestamp,
};

/// A bank that acts within this after a tag was about to act anyway: that is a regret too.
pub const SOON: SignedDuration = SignedDuration::from_mins(60);

/// What a draft order would have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// The IANA zone in which days are counted and times are shown.
    pub zone: String,
    /// Where the replay begins: the first instant of a day.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// The whole days between them.
    pub days: u32,
    /// How many of them were really observed: an order is signed on 14 at least.
    pub days_observed: u32,
    /// The tags that the order would have posted, oldest first.
    pub tags: Vec<Tag>,
    /// Tags that were drafted and that the order would not have cleared: they wait for a person.
    pub left_to_people: u32,
    /// Tags that were withdrawn because the bank acted before they went out.
    pub avoided: u32,
    /// What the tags would have cost, by each platform that charges for posts.
    pub charges: Vec<Charge>,
}

/// One tag that would have been posted. It has no reference: none was ever given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// When it would have gone out.
    pub at: Timestamp,
    /// The bank.
    pub bank: BankCode,
    /// Its name.
    pub bank_name: String,
    /// How many actions it would have spoken of.
    pub actions: u32,
    /// Of how many cases.
    pub cases: u32,
    /// The amount it would have stated, rounded down as a public text rounds it (paise).
    pub amount_at_least: Paise,
    /// Why one would have regretted it.
    pub regret: Option<Regret>,
}

/// What a platform would have charged, by the price list as it is at the rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The platform.
    pub platform: Platform,
    /// How many texts: a tag has one for each account and language.
    pub texts: u32,
    /// Their price, exact.
    pub cost: MicroDollars,
}

/// A tag that one would have regretted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Regret {
    /// So many of its actions had in truth been acted on when it went out, although the source
    /// told so only later.
    pub already_acted: u32,
    /// So many were acted on within the hour after.
    pub acted_soon: u32,
}

impl Rehearsal {
    /// The tags that one would have regretted.
    pub fn regrets(&self) -> impl Iterator<Item = (&Tag, Regret)> {
        self.tags.iter().filter_map(|tag| Some((tag, tag.regret?)))
    }
}
