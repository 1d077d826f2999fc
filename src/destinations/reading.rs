//! What servers write, read with as little faith as possible: what is the same on every platform
//! whose posts have ids and times.
//!
//! The invariant: an id is text of any length. It is never parsed as a number (ids beyond 2^53 are
//! ordinary), and compared by length, then text, which orders numbers and ULIDs alike.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::domain::{delivery::Delivery, listening, time::Timestamp};

/// A server's id of anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    /// Servers write ids as strings; a bare integer is taken too, as its digits.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(from)? {
            Value::String(text) => text,
            Value::Number(number) if !number.is_f64() => number.to_string(),
            _ => return Err(serde::de::Error::custom("an id is text")),
        };
        if text.trim().is_empty() {
            return Err(serde::de::Error::custom("an id is not empty"));
        }
        Ok(Self(text))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An instant in RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(Timestamp::from)
}

/// The rows of a list that can be read, and how many could not: one bad row stops no other.
pub fn rows<T: DeserializeOwned>(list: Vec<Value>) -> (Vec<T>, usize) {
    let all = list.len();
    let good: Vec<T> =
        list.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect();
    let bad = all - good.len();
    (good, bad)
}

/// Whether a post with this text can be the delivery's, and how alike the two are, 0.5 to 1; `None`
/// without its reference as a whole word. Two languages of one escalation share its reference, so
/// the reference alone does not tell them apart.
pub fn likeness(text: &str, delivery: &Delivery) -> Option<f64> {
    const ALIKE: f64 = 0.5;
    let alike = listening::likeness(text, &delivery.content.text);
    (has_word(text, delivery.reference.as_str()) && alike >= ALIKE).then_some(alike)
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) =
            (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id(text.to_owned())
    }

    #[test]
    fn ids_of_any_size_keep_their_digits_and_their_order() {
        let huge: Id = serde_json::from_str("\"18446744073709551616000001\"").unwrap();
        assert_eq!(huge, id("18446744073709551616000001"));
        let bare: Id = serde_json::from_str("9007199254740993").unwrap();
        assert_eq!(bare, id("9007199254740993"));
        assert!(serde_json::from_str::<Id>("1.5").is_err());
        assert!(serde_json::from_str::<Id>("\"\"").is_err());
        assert!(id("9") < id("10") && id("18446744073709551615") < huge);
        assert!(id("01KA0000000000000000000001") < id("01KA0000000000000000000002"));
    }
}
