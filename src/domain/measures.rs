//! What is measured, each measure defined once: the sums of one bank's day, and how single facts are
//! booked into them. `docs/measures.md` says the same in words.
//!
//! The invariants: sums add up, so that a year is the sum of its days; what is booked follows from
//! the ledger's rows alone, so that a recount finds the same; times are counted in fixed bands, so
//! that a share within 6, 24 or 72 hours is exact and a median is told as its band.

mod days;
mod facts;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};

pub use self::days::{day_at, day_number, day_of, instants};
pub use self::facts::{
    Answers, ClearanceFact, DraftFact, Fate, MemberFact, PostFact, TagFact, Unsent,
};
use super::{
    action::spelled,
    cost::MicroDollars,
    delivery::StateName,
    escalation::{EscalationKind, EscalationState},
    ids::{AccountName, OrderId},
    money::Paise,
    reply_class::ReplyClass,
};

/// Counts how often the meaning of a sum changed: the ledger's sums are counted anew when it does.
pub const DEFINITIONS: u32 = 2;

/// The upper ends of the bands in which times are counted, in hours; the last band has none.
pub const BANDS: [u32; 10] = [1, 2, 4, 6, 12, 24, 48, 72, 168, 336];

/// The hours within which shares are told.
pub const WITHIN: [u32; 3] = [6, 24, 72];

spelled! {
    /// How a post names its bank.
    Manner {
        /// By a live mention of its verified handle.
        Mention = "mention",
        /// By its plain name.
        PlainName = "plain-name",
        /// In a post that an officer makes by hand.
        HandOff = "hand-off",
    }
}

/// What adds up.
pub trait Sum {
    /// Adds another of its kind.
    fn add(&mut self, other: &Self);
    /// Whether there is nothing in it.
    fn is_zero(&self) -> bool;
}

impl Sum for u64 {
    fn add(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }

    fn is_zero(&self) -> bool {
        *self == 0
    }
}

impl Sum for Paise {
    fn add(&mut self, other: &Self) {
        *self = [*self, *other].into_iter().sum();
    }

    fn is_zero(&self) -> bool {
        self.paise() == 0
    }
}

impl Sum for MicroDollars {
    fn add(&mut self, other: &Self) {
        *self = self.plus(*other);
    }

    fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl<K: Ord + Clone, V: Sum + Default> Sum for BTreeMap<K, V> {
    fn add(&mut self, other: &Self) {
        for (key, value) in other {
            self.entry(key.clone()).or_default().add(value);
        }
    }

    fn is_zero(&self) -> bool {
        self.values().all(Sum::is_zero)
    }
}

/// How many times lay in each of the [`BANDS`]; the last count is of what was longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spans([u64; BANDS.len() + 1]);

impl Spans {
    /// Counts one time; a negative one (two clocks differ) counts as none at all.
    pub fn note(&mut self, time: SignedDuration) {
        let within = |hours: &u32| time <= SignedDuration::from_hours(i64::from(*hours));
        let band = BANDS.iter().position(within).unwrap_or(BANDS.len());
        self.0[band] += 1;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many were at most so many hours; exact where that is the end of a band.
    pub fn within(&self, hours: u32) -> u64 {
        BANDS.iter().zip(self.0).filter(|(end, _)| **end <= hours).map(|(_, count)| count).sum()
    }

    /// The counts, each with the end of its band in hours; the last one has none.
    pub fn bands(&self) -> impl Iterator<Item = (Option<u32>, u64)> + '_ {
        BANDS.iter().copied().map(Some).chain([None]).zip(self.0)
    }

    /// The band of the median among `of` things of which these have ended and the others may yet:
    /// its lower and upper end in hours. `None`: fewer than half have ended.
    pub fn median(&self, of: u64) -> Option<(u32, Option<u32>)> {
        let (mut seen, mut lower) = (0, 0);
        for (end, count) in self.bands() {
            seen += count;
            if of > 0 && seen * 2 >= of {
                return Some((lower, end));
            }
            lower = end.unwrap_or(lower);
        }
        None
    }
}

impl Sum for Spans {
    fn add(&mut self, other: &Self) {
        for (mine, more) in self.0.iter_mut().zip(other.0) {
            mine.add(&more);
        }
    }

    fn is_zero(&self) -> bool {
        self.count() == 0
    }
}

/// Declares sums that add field by field, and are written without their empty fields.
macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$about])* #[serde(skip_serializing_if = "Sum::is_zero")] pub $field: $type,)*
        }

        impl Sum for $name {
            fn add(&mut self, other: &Self) {
                $(self.$field.add(&other.$field);)*
            }

            fn is_zero(&self) -> bool {
                $(self.$field.is_zero())&&*
            }
        }
    )*};
}

sums! {
    /// What happened at one bank on one day of the unit's calendar, and what came of it since: each
    /// thing is booked on the day on which it began.
    Tally {
        /// Posts by what they say, on the day of their last attempt; deletions of ours among them.
        kinds: BTreeMap<EscalationKind, Ends>,
        /// The same posts without the deletions by how they name the bank.
        manners: BTreeMap<Manner, Ends>,
        /// The same posts by the account that made them.
        accounts: BTreeMap<AccountName, Spending>,
        /// What came back on the same posts from others than the bank.
        reach: Reach,
        /// The bank's own replies to the same posts, by what they amount to.
        replies: BTreeMap<ReplyClass, Replies>,
        /// Tags, on the day on which the first post of each went out.
        tags: Tags,
        /// Requests for a lien or a hold, on the day on which they reached the bank.
        money: Requests,
        /// Requests for papers, footage or a return, on the same.
        papers: Requests,
        /// Requests for a lien or a hold, on the day on which they fall due.
        due: Due,
        /// Tags as they were drafted, on the day of drafting.
        drafts: Drafts,
        /// Clearances by each standing order, on the day on which it gave them.
        orders: BTreeMap<OrderId, Cleared>,
        /// Clearances by approvers, on the day on which they gave them.
        by_hand: Cleared,
    }

    /// How posts ended. Those that were proved not sent are none.
    Ends {
        /// They stand in public.
        delivered: u64,
        /// They stood in public and were deleted by us.
        retracted: u64,
        /// The platform refused them.
        refused: u64,
        /// Nobody knows yet whether they went out.
        uncertain: u64,
        /// Their attempt is under way.
        sending: u64,
    }

    /// What an account posted, and at what price.
    Spending {
        /// Posts that went out or may have, and deletions.
        posts: u64,
        /// Their price in micro-dollars, as it was at the claim.
        cost: MicroDollars,
    }

    /// What others than the bank did with our posts, as the platforms report it.
    Reach {
        /// Likes.
        likes: u64,
        /// Reposts.
        reposts: u64,
        /// Quotes.
        quotes: u64,
        /// Replies.
        replies: u64,
    }

    /// The bank's own replies and quotes of one class.
    Replies {
        /// How many.
        count: u64,
        /// Those that a person set right: the method read another class.
        corrected: u64,
    }

    /// Requests by when they fall due.
    Due {
        /// How many.
        requests: u64,
        /// Those on which the bank had not acted by then.
        overdue: u64,
    }

    /// Tags that never went out.
    Left {
        /// How many.
        tags: u64,
        /// What they would have stated at least.
        amount: Paise,
    }

    /// What followed tags.
    Tags {
        /// Tags with a post in public. One tag may be several posts (languages, accounts).
        tags: u64,
        /// From the first post to the first reply or quote by the bank's verified account; tags
        /// without one are not in it.
        replied: Spans,
        /// The same to the first answer of substance.
        substantive: Spans,
        /// Tags that the bank answered, and no answer of which has been read yet.
        unread: u64,
        /// Actions that no earlier tag had named. Only these are followed up.
        actions: u64,
        /// Actions that an earlier tag had named.
        again: u64,
        /// The disputed amounts of the actions together: the value of requests, never a loss.
        value: Paise,
        /// From the first post to the bank's action.
        acted: Spans,
        /// Actions on which the bank acted before the post, and our source told it later.
        acted_before: u64,
        /// Actions on which it acted after the post and found nothing (a lien of nothing).
        nil: u64,
        /// What it put under lien or hold after the post.
        lien: Paise,
        /// Actions that still pend.
        pending: u64,
        /// Actions that the bank disputes.
        disputed: u64,
        /// Actions that the unit took back.
        withdrawn: u64,
        /// Actions that were erased since.
        unknown: u64,
    }

    /// What came of complete requests that are proved to have reached the bank.
    Requests {
        /// How many.
        requests: u64,
        /// Their disputed amounts together: the value of requests, never a loss.
        value: Paise,
        /// From the day and hour at which it reached the bank to the bank's action.
        acted: Spans,
        /// Those on which the bank acted and found nothing: an answer too.
        nil: u64,
        /// What it put under lien or hold.
        lien: Paise,
        /// Those that still pend.
        pending: u64,
        /// Those that the bank disputes.
        disputed: u64,
        /// Those that the unit took back.
        withdrawn: u64,
    }

    /// Tags as they were drafted.
    Drafts {
        /// By where they stand.
        states: BTreeMap<EscalationState, u64>,
        /// Those of them that were withdrawn because the bank acted before anything was sent.
        avoided: u64,
        /// The amounts that the avoided ones would have stated at least.
        avoided_amount: Paise,
        /// Written reasons by banks' nodal officers against them.
        disputes: u64,
        /// Those that were rejected, or expired, before anything went out.
        unsent: BTreeMap<Unsent, Left>,
    }

    /// What became of clearances.
    Cleared {
        /// How many were given.
        given: u64,
        /// A post stands in public.
        posted: u64,
        /// Nothing was posted, and the platform refused.
        refused: u64,
        /// Nobody knows yet whether anything was posted.
        uncertain: u64,
        /// Nothing was posted: the facts changed, the time ran out, or authority ended.
        withdrawn: u64,
        /// It waits to be sent.
        waiting: u64,
    }
}

impl Tally {
    /// Posts in public, or once in public, whatever they say.
    pub fn out(&self) -> u64 {
        self.manners.values().map(Ends::out).sum()
    }

    /// All posts of one kind.
    pub fn kind(&self, kind: EscalationKind) -> Ends {
        self.kinds.get(&kind).cloned().unwrap_or_default()
    }
}

impl Ends {
    /// Those that went out.
    pub const fn out(&self) -> u64 {
        self.delivered + self.retracted
    }

    /// Counts one.
    pub const fn note(&mut self, state: StateName) {
        match state {
            StateName::Delivered => self.delivered += 1,
            StateName::Retracted => self.retracted += 1,
            StateName::Refused => self.refused += 1,
            StateName::Uncertain => self.uncertain += 1,
            StateName::Sending => self.sending += 1,
            StateName::Waiting | StateName::Withdrawn => {}
        }
    }
}

impl Requests {
    /// Those that a bank can be measured by: neither disputed nor taken back.
    pub const fn counted(&self) -> u64 {
        self.requests.saturating_sub(self.disputed).saturating_sub(self.withdrawn)
    }
}

impl Tags {
    /// The actions that can be followed: neither disputed, taken back, erased, nor acted on before
    /// the post.
    pub const fn counted(&self) -> u64 {
        let out = self.disputed + self.withdrawn + self.unknown + self.acted_before;
        self.actions.saturating_sub(out)
    }
}

/// How many requests were acted on within each of [`WITHIN`], of those that are old enough: a day
/// counts once that much time has passed since its end, whatever the banks did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ripe {
    within: [(u64, u64); WITHIN.len()],
    /// The requests of the days that are older than the longest of them.
    pub oldest: Requests,
}

impl Ripe {
    /// Adds a day's requests. `since`: the time that has passed since the day's end.
    pub fn add(&mut self, day: &Requests, since: SignedDuration) {
        for (hours, (acted, of)) in WITHIN.iter().zip(&mut self.within) {
            if since >= SignedDuration::from_hours(i64::from(*hours)) {
                *acted += day.acted.within(*hours);
                *of += day.counted();
            }
        }
        if since >= SignedDuration::from_hours(i64::from(WITHIN[WITHIN.len() - 1])) {
            self.oldest.add(day);
        }
    }

    /// Of how many were acted on within the n-th of [`WITHIN`]: (acted, of).
    pub fn within(&self, n: usize) -> (u64, u64) {
        self.within.get(n).copied().unwrap_or_default()
    }
}

/// What the unit counted on one day, in the case source's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayFigures {
    /// The calendar day, as the unit counts days.
    pub day: Date,
    /// Complaints of fraud that came in.
    pub complaints: u32,
    /// What the victims lost.
    pub amount_defrauded: Paise,
    /// What came back to them.
    pub amount_recovered: Paise,
    /// Arrests made.
    pub arrests: u32,
}
