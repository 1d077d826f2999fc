//! What the pairs say together, and how sure that is.

use std::collections::BTreeMap;

use super::{Matched, Outcome, Pair};
use crate::domain::{canonical::Hash, ids::EscalationId, measures::Manner};

/// The horizon: a week after a tag, within which a bank acts or has as good as not reacted.
pub const HORIZON_HOURS: f64 = 168.0;

/// A shorter horizon than a day says nothing of a bank's reaction.
pub const LEAST_HORIZON_HOURS: f64 = 24.0;

/// Fewer pairs than this are too few to tell: the interval of a mean over fewer is wider than what
/// anybody could act on, and a bootstrap's own error is no longer small beside it.
pub const LEAST_PAIRS: usize = 30;

/// The pairs must come from this many posts at least: the requests of one post are acted on
/// together, and count as one when the doubt is measured.
pub const LEAST_TAGS: usize = 10;

/// How often the posts are drawn anew.
const RESAMPLES: usize = 2_000;

/// What can be said of tagged requests beside their like.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Too few pairs, or from too few posts.
    TooFew {
        /// The pairs.
        pairs: usize,
        /// The posts that they come from.
        tags: usize,
    },
    /// Nobody was watched for long enough yet.
    TooEarly {
        /// The hours up to which both sides were watched.
        hours: f64,
    },
    /// It can be told.
    Told(Comparison),
}

/// The mean hours to action within a horizon, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The pairs.
    pub pairs: usize,
    /// The posts that they come from.
    pub tags: usize,
    /// The horizon, in hours: a week, or as far as both sides were watched.
    pub horizon: f64,
    /// Of the tagged. What still pends at the horizon counts with the horizon.
    pub tagged: f64,
    /// Of those not tagged.
    pub untagged: f64,
    /// Tagged less untagged: below zero the tagged were acted on sooner.
    pub difference: f64,
    /// Where the difference lies with 95 % confidence.
    pub interval: (f64, f64),
}

/// Compares the two sides of the pairs, of one manner or of all.
///
/// The measure is the *restricted mean*: the area under each side's survival curve up to a horizon.
/// It needs no assumption of how the two hazards stand to one another over time, it means the same
/// when half the requests never end, and it is in hours. Where a side was not watched up to a week,
/// the horizon is as far as both were.
///
/// The interval is the middle 95 % of 2,000 bootstrap resamples. What is drawn, with replacement, is
/// *posts*, each with all its pairs: the requests of one post are acted on together, so drawing pairs
/// would count one reaction many times. A resample computes both curves anew, so censoring is in it.
/// The draws follow from the hash of the pairs alone: the same ledger gives the same interval.
pub fn compare(matched: &Matched<'_>, manner: Option<Manner>) -> Verdict {
    let of = |pair: &&Pair<'_>| manner.is_none_or(|manner| pair.tag.manner == manner);
    let pairs: Vec<&Pair<'_>> = matched.pairs.iter().filter(of).collect();
    let mut posts: BTreeMap<&EscalationId, Vec<usize>> = BTreeMap::new();
    for (n, pair) in pairs.iter().enumerate() {
        posts.entry(&pair.tag.escalation).or_default().push(n);
    }
    if pairs.len() < LEAST_PAIRS || posts.len() < LEAST_TAGS {
        return Verdict::TooFew { pairs: pairs.len(), tags: posts.len() };
    }
    let tagged = Side::of(pairs.iter().map(|pair| pair.tagged));
    let untagged = Side::of(pairs.iter().map(|pair| pair.untagged));
    let horizon = HORIZON_HOURS.min(tagged.reach()).min(untagged.reach());
    if horizon < LEAST_HORIZON_HOURS {
        return Verdict::TooEarly { hours: horizon };
    }
    let once = vec![1; pairs.len()];
    let (of_tagged, of_untagged) = (tagged.mean(&once, horizon), untagged.mean(&once, horizon));
    let mut draws = Draws::seeded(&pairs);
    let posts: Vec<_> = posts.into_values().collect();
    let resample = |_| {
        let mut counts = vec![0_u32; pairs.len()];
        for _ in 0..posts.len() {
            for n in posts.get(draws.below(posts.len())).into_iter().flatten() {
                if let Some(count) = counts.get_mut(*n) {
                    *count += 1;
                }
            }
        }
        tagged.mean(&counts, horizon) - untagged.mean(&counts, horizon)
    };
    let mut differences: Vec<f64> = (0..RESAMPLES).map(resample).collect();
    differences.sort_unstable_by(f64::total_cmp);
    Verdict::Told(Comparison {
        pairs: pairs.len(),
        tags: posts.len(),
        horizon,
        tagged: of_tagged,
        untagged: of_untagged,
        difference: of_tagged - of_untagged,
        interval: middle(&differences),
    })
}

/// The 2.5 % and the 97.5 % of a sorted list.
fn middle(sorted: &[f64]) -> (f64, f64) {
    let tail = sorted.len() / 40;
    let at = |n: usize| sorted.get(n).copied().unwrap_or_default();
    (at(tail.saturating_sub(1)), at(sorted.len().saturating_sub(tail)))
}

/// One side's outcomes in the order of their hours, each with its place among the pairs.
struct Side(Vec<(Outcome, usize)>);

impl Side {
    fn of(outcomes: impl Iterator<Item = Outcome>) -> Self {
        let mut all: Vec<_> = outcomes.enumerate().map(|(n, one)| (one, n)).collect();
        // Of two at one hour the action comes before the end of watching.
        all.sort_by(|(one, _), (other, _)| {
            one.hours.total_cmp(&other.hours).then(other.acted.cmp(&one.acted))
        });
        Self(all)
    }

    /// Up to which hour its curve is known: to the last end of watching, and for ever where the last
    /// of all was acted on.
    fn reach(&self) -> f64 {
        match self.0.last() {
            Some((last, _)) if !last.acted => last.hours,
            Some(_) => f64::INFINITY,
            None => 0.0,
        }
    }

    /// The restricted mean, each outcome counted so often. One after the other is the same as all of
    /// one hour together, for the factors telescope.
    fn mean(&self, counts: &[u32], horizon: f64) -> f64 {
        let mut at_risk: u32 = counts.iter().sum();
        let (mut area, mut share, mut from) = (0.0, 1.0, 0.0);
        for (outcome, n) in &self.0 {
            if outcome.hours >= horizon {
                break;
            }
            let count = counts.get(*n).copied().unwrap_or(0);
            if outcome.acted && count > 0 {
                area += share * (outcome.hours - from);
                from = outcome.hours;
                share *= f64::from(at_risk - count) / f64::from(at_risk);
            }
            at_risk -= count;
        }
        area + share * (horizon - from)
    }
}

/// Pseudo-random numbers (SplitMix64), the same for the same pairs on every machine and in every
/// version.
struct Draws(u64);

impl Draws {
    fn seeded(pairs: &[&Pair<'_>]) -> Self {
        let mut bytes = Vec::with_capacity(pairs.len() * 18);
        for pair in pairs {
            for side in [pair.tagged, pair.untagged] {
                bytes.extend(side.hours.to_le_bytes());
                bytes.push(u8::from(side.acted));
            }
        }
        let hash = Hash::of(&bytes);
        let first = hash.bytes().first_chunk().copied().unwrap_or_default();
        Self(u64::from_le_bytes(first))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, each as likely to within 2^-32 for any list that fits a report.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}
