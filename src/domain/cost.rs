//! What platforms charge, in micro-dollars, exact: a dated price list, what an account has spent in
//! a calendar month (UTC), and what it may still spend.
//!
//! The invariants: no amount is ever a floating-point number; posts never spend what is kept for
//! listening, so a cap stops posts first; others are never heard with the banks' share.

mod amount;

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize};

pub use self::amount::{MicroDollars, NoAmount};

use super::{
    action::spelled,
    delivery::Content,
    ids::AccountName,
    keyed::by_name,
    platform::{Platform, Sender},
    time::Timestamp,
    wording::lengths,
};

spelled! {
    /// What a platform charges for.
    Item {
        /// A post without an address in it.
        Post = "post",
        /// A post with an address in it.
        PostWithUrl = "post-with-url",
        /// The deletion of one of our posts.
        PostDelete = "post-delete",
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

/// What each item costs. All are required: an item that a list forgets must not be free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// See [`Item::Post`].
    pub post: MicroDollars,
    /// See [`Item::PostWithUrl`].
    pub post_with_url: MicroDollars,
    /// See [`Item::PostDelete`].
    pub post_delete: MicroDollars,
    /// See [`Item::PostRead`].
    pub post_read: MicroDollars,
    /// See [`Item::UserRead`].
    pub user_read: MicroDollars,
    /// See [`Item::LikeRead`].
    pub like_read: MicroDollars,
    /// See [`Item::OwnRead`].
    pub own_read: MicroDollars,
}

impl Prices {
    /// The price of one of these.
    pub const fn of(&self, item: Item) -> MicroDollars {
        match item {
            Item::Post => self.post,
            Item::PostWithUrl => self.post_with_url,
            Item::PostDelete => self.post_delete,
            Item::PostRead => self.post_read,
            Item::UserRead => self.user_read,
            Item::LikeRead => self.like_read,
            Item::OwnRead => self.own_read,
        }
    }
}

/// A platform's prices, as somebody read them on a day, and the caps of each account there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// When somebody last read the source.
    pub as_of: Date,
    /// The last day (UTC) on which posts may rely on it.
    pub expires: Date,
    /// Where the prices stand.
    pub source: String,
    /// The prices.
    pub prices: Prices,
    /// The most that one account may cost in a calendar month (UTC), posts and listening.
    pub monthly_cap: MicroDollars,
    /// The part of it that is for listening alone.
    pub listening_cap: MicroDollars,
    /// The share of the listening cap that is for the banks alone (percent).
    pub banks_share_percent: u32,
    /// From this share of a cap on (percent), `takaza doctor` warns.
    pub warn_percent: u32,
}

/// What one account has spent in a calendar month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// For posts that went out, or may have, and deletions.
    pub posts: MicroDollars,
    /// For what was read.
    pub listening: MicroDollars,
}

/// What an account may still spend on posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    /// So much, until the month ends.
    pub left: MicroDollars,
    /// The month's end.
    pub until: Timestamp,
    /// The price list's last day, where it has passed: nobody knows what a post costs.
    pub expired: Option<Date>,
}

/// The purses of accounts whose platform charges.
pub type Purses = BTreeMap<AccountName, Purse>;

/// How a cap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Used {
    /// So much of it is spent.
    pub spent: MicroDollars,
    /// The cap.
    pub cap: MicroDollars,
    /// The spent share of it in whole percent, rounded down; 100 of a cap of nothing.
    pub percent: u64,
    /// Whether that calls for somebody.
    pub level: Level,
}

/// Whether a cap calls for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// There is room.
    Fine,
    /// Above the share that warns.
    Near,
    /// Not even one more is paid for.
    Full,
}

impl Tariff {
    /// The price list's last day, where it has passed.
    pub fn expired(&self, now: Timestamp) -> Option<Date> {
        (self.expires < utc_date(now)).then_some(self.expires)
    }

    /// What a delivery with this content is charged as.
    pub fn item(content: &Content) -> Item {
        if content.retracts.is_some() {
            Item::PostDelete
        } else if lengths::has_url(&content.text) {
            Item::PostWithUrl
        } else {
            Item::Post
        }
    }

    /// The part of the monthly cap that posts may use: listening keeps its own cap, or what it has
    /// cost where our own readings, which are never refused, went beyond that.
    pub fn posts_cap(&self, spent: &Spent) -> MicroDollars {
        self.monthly_cap.less(self.listening_cap.max(spent.listening))
    }

    /// What the account may still spend on posts.
    pub fn purse(&self, spent: &Spent, now: Timestamp) -> Purse {
        let left = self.posts_cap(spent).less(spent.posts);
        Purse { left, until: month(now).until, expired: self.expired(now) }
    }

    /// What may still be spent on reading for this reader; `None`: it is never refused.
    pub fn listening_left(&self, spent: &Spent, reader: Reader) -> Option<MicroDollars> {
        let cap = match reader {
            Reader::Own => return None,
            Reader::Banks => self.listening_cap,
            Reader::Others => {
                self.listening_cap.percent(100_u32.saturating_sub(self.banks_share_percent))
            }
        };
        // Whatever was read counts, for whom it may have been: the banks' share is what is left.
        Some(cap.less(spent.listening))
    }

    /// How many resources of this item the cap still pays for, for this reader.
    pub fn affordable(&self, item: Item, reader: Reader, spent: &Spent) -> u32 {
        let price = self.prices.of(item);
        match self.listening_left(spent, reader) {
            Some(left) if price > MicroDollars::ZERO => {
                u32::try_from(left.micros() / price.micros()).unwrap_or(u32::MAX)
            }
            _ => u32::MAX,
        }
    }

    /// How the posts' part of the cap stands.
    pub fn posts_used(&self, spent: &Spent) -> Used {
        let cap = self.posts_cap(spent);
        self.used(spent.posts, cap, self.prices.post > cap.less(spent.posts))
    }

    /// How the listening cap stands.
    pub fn listening_used(&self, spent: &Spent) -> Used {
        let full = self.affordable(Item::PostRead, Reader::Banks, spent) == 0;
        self.used(spent.listening, self.listening_cap, full)
    }

    fn used(&self, spent: MicroDollars, cap: MicroDollars, full: bool) -> Used {
        let percent = spent.percent_of(cap);
        let level = if full {
            Level::Full
        } else if percent >= u64::from(self.warn_percent) {
            Level::Near
        } else {
            Level::Fine
        };
        Used { spent, cap, percent, level }
    }
}

/// The price lists, by platform. A platform without one charges nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Costs(#[serde(deserialize_with = "by_platform")] pub BTreeMap<Platform, Tariff>);

fn by_platform<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Platform, Tariff>, D::Error> {
    by_name(deserializer, Platform::ALL, Platform::as_str)
}

impl Costs {
    /// The price list of a platform; `None`: it charges nothing.
    pub fn tariff(&self, platform: Platform) -> Option<&Tariff> {
        self.0.get(&platform)
    }

    /// What posting this costs, by the list as it is; `None`: nothing, for the platform charges
    /// nothing, or a person posts it by hand.
    pub fn price(&self, sender: Sender, content: &Content) -> Option<MicroDollars> {
        let tariff = self.tariff(content.platform).filter(|_| sender == Sender::Api)?;
        Some(tariff.prices.of(Tariff::item(content)))
    }
}

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

/// The calendar month (UTC) that an instant lies in.
pub fn month(now: Timestamp) -> Month {
    let start =
        |date: Date| Ok::<_, jiff::Error>(date.to_zoned_datetime(TimeZone::UTC)?.timestamp());
    let today = utc_date(now);
    let from = start(today.first_of_month()).map_or(now, Timestamp::from);
    let next = today.last_of_month().tomorrow().and_then(start);
    Month { from, until: next.map_or(Timestamp::MAX, Timestamp::from) }
}

/// The first instant of the UTC day that an instant lies in: a resource is charged once in it.
pub const fn day(now: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    Timestamp::from_micros(now.micros().saturating_sub(now.micros().rem_euclid(DAY)))
}

fn utc_date(now: Timestamp) -> Date {
    now.in_zone(&TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
