//! Each tagged request beside one that was not tagged at the same age, and was alike.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{FirstTag, Life, hours};
use crate::domain::{
    action::Kind, bank::BankClass, canonical::Hash, money::Paise, survival::Stretch,
    time::Timestamp,
};

/// The two of a pair became due within this of one another: banks' habits change with the year.
const WITHIN: SignedDuration = SignedDuration::from_hours(28 * 24);

/// What came of one side of a pair, from the age at which the one was tagged and the other was not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Hours until the bank acted, or watching ended.
    pub hours: f64,
    /// The bank acted.
    pub acted: bool,
}

/// A tagged request and its like.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair<'a> {
    /// What came of the tagged one.
    pub tagged: Outcome,
    /// What came of the other.
    pub untagged: Outcome,
    /// The tag.
    pub tag: &'a FirstTag,
}

/// The pairs that were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matched<'a> {
    /// The pairs, in an order that follows from the requests' ids alone.
    pub pairs: Vec<Pair<'a>>,
    /// How many requests were tagged while they were overdue, pending and watched.
    pub tagged: usize,
}

impl Matched<'_> {
    /// One side of the pairs as stretches, from the tag, or from the same age of the other.
    pub fn stretches(&self, tagged: bool) -> Vec<Stretch> {
        let sides = self.pairs.iter().map(|pair| if tagged { pair.tagged } else { pair.untagged });
        let stretch =
            |Outcome { hours, acted }| Stretch { from: 0.0, until: hours, acted, weight: 1 };
        sides.map(stretch).collect()
    }
}

/// A stratum: within it two requests are alike. Their age is not among it, for a pair's ages are the
/// same to the microsecond.
type Stratum = (Kind, u8, BankClass);

/// In which band of four an amount lies: below ₹50,000, ₹2 lakh, ₹10 lakh, and above.
fn band(amount: Paise) -> u8 {
    let edges = [50_000, 200_000, 1_000_000];
    edges.iter().filter(|edge| amount >= Paise::from_rupees(**edge)).count() as u8
}

const fn stratum(life: &Life, band: u8) -> Stratum {
    (life.kind, band, life.class)
}

/// Pairs each request that was first tagged in a time (`from` until the report's end) with at most
/// one other of the same kind, amount band and bank class, which at the same age was overdue,
/// known to be pending, and not tagged. Of several the one that became due nearest in time is
/// taken, each at most once. The tagged choose in the order of the hashes of their ids, so that
/// the choice is the same each time and follows nothing that happened.
///
/// The other's clock starts at the same age; a tag of its own ends its watching.
pub fn match_pairs<'a>(tagged: &'a [Life], pool: &'a [Life], from: Timestamp) -> Matched<'a> {
    let mut strata: BTreeMap<Stratum, Vec<(&Life, bool)>> = BTreeMap::new();
    for life in pool {
        strata.entry(stratum(life, band(life.amount))).or_default().push((life, false));
    }
    for lives in strata.values_mut() {
        lives.sort_by(|(one, _), (other, _)| (one.due, &one.id).cmp(&(other.due, &other.id)));
        lives.dedup_by(|(one, _), (other, _)| one.id == other.id);
    }
    let open = |life: &&Life| life.tag_outcome().is_some();
    let mut choosing: Vec<&Life> = tagged.iter().filter(open).collect();
    choosing.retain(|life| life.tagged.as_ref().is_some_and(|tag| tag.at >= from));
    choosing.sort_by_cached_key(|life| Hash::of(life.id.expose().as_bytes()));
    let mut matched = Matched { pairs: Vec::new(), tagged: choosing.len() };
    for life in choosing {
        let (Some(tag), Some(outcome)) = (&life.tagged, life.tag_outcome()) else { continue };
        let Some(others) = strata.get_mut(&stratum(life, band(life.amount))) else { continue };
        if let Some(untagged) = nearest(others, life, tag.at) {
            matched.pairs.push(Pair { tagged: outcome, untagged, tag });
        }
    }
    matched
}

/// Takes the nearest in due time that can stand beside a request tagged at an instant.
fn nearest(others: &mut [(&Life, bool)], life: &Life, tagged_at: Timestamp) -> Option<Outcome> {
    let age = tagged_at.since(life.due);
    let middle = others.partition_point(|(other, _)| other.due < life.due);
    let distance = |n: usize| others.get(n).map(|(other, _)| other.due.since(life.due).abs());
    let (mut left, mut right) = (middle.checked_sub(1), middle);
    let found = loop {
        let on_left = left.and_then(distance).filter(|far| *far <= WITHIN);
        let on_right = distance(right).filter(|far| *far <= WITHIN);
        let n = match (on_left, on_right, left) {
            (Some(far), other, Some(n)) if other.is_none_or(|other| far < other) => {
                left = n.checked_sub(1);
                n
            }
            (_, Some(_), _) => {
                right += 1;
                right - 1
            }
            _ => return None,
        };
        let (other, used) = others.get(n)?;
        if !used
            && other.id != life.id
            && let Some(outcome) = other.outcome_from(other.due.plus(age))
        {
            break (n, outcome);
        }
    };
    let (n, outcome) = found;
    others.get_mut(n)?.1 = true;
    Some(outcome)
}

impl Life {
    /// What came of it from its tag on; `None` where it was not overdue, pending and watched then.
    fn tag_outcome(&self) -> Option<Outcome> {
        let tag = self.tagged.as_ref()?;
        let open = self.due < tag.at && self.seen <= tag.at && tag.at < self.end.at;
        open.then(|| Outcome { hours: hours(tag.at, self.end.at), acted: self.end.acted })
    }

    /// What came of it from an instant on while it was not tagged; `None` where it was not known to
    /// be pending then, or was tagged.
    fn outcome_from(&self, start: Timestamp) -> Option<Outcome> {
        let tagged = self.tagged.as_ref().map_or(Timestamp::MAX, |tag| tag.at);
        let until = self.end.at.min(tagged);
        let acted = self.end.acted && self.end.at <= tagged;
        let open = self.seen <= start && start < until;
        open.then(|| Outcome { hours: hours(start, until), acted })
    }
}
