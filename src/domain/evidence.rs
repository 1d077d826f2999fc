//! What of the record can be carried to somebody who has no ledger: entries with their proofs, rows
//! as the entries left them, and the opened commitments of one case.
//!
//! The invariant: an opening shows what one commitment stands for and says nothing of the others;
//! everything here is checked by hashes, nothing is taken on its word.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::canonical::{self, Hash};

/// Entries, rows and openings, over one signed tree. Numbers are decimal strings; hashes of the tree
/// are in base64, all others hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The leaves of the tree.
    pub tree_size: String,
    /// Its root.
    pub root: String,
    /// The signed note over exactly this tree.
    pub checkpoint: String,
    /// Notes that bear the signatures of a key and of the one that replaced it.
    pub handovers: Vec<String>,
    /// The entries, in the order of their leaves.
    pub entries: Vec<ProvedEntry>,
    /// Rows as the newest of these entries about each left them.
    pub rows: Vec<OpenedRow>,
    /// What the case source said of the case's actions on which an escalation rests, from the first
    /// sighting on.
    pub sightings: Vec<Opening>,
    /// The pages of the polls that saw it.
    pub polls: Vec<PolledPage>,
}

/// One page of a poll, closed: its entry holds `HASH` of the canonical JSON of the commitments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolledPage {
    /// The leaf of its entry, `source.polled`.
    pub leaf_index: String,
    /// The commitments of all sightings on it, sorted. Which are of other cases, and of which, they do
    /// not tell.
    pub commitments: Vec<Hash>,
}

/// One entry and its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedEntry {
    /// The leaf's index, from 0.
    pub leaf_index: String,
    /// The entry's canonical JSON, verbatim.
    pub entry: String,
    /// The audit path, from the leaf upwards.
    pub hashes: Vec<String>,
}

/// A row, opened: its digest is `HASH` of the canonical JSON of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedRow {
    /// Its table.
    pub table: String,
    /// Its key there, as entries name it.
    pub key: String,
    /// What it holds; what is empty is left out.
    pub fields: BTreeMap<String, String>,
}

impl OpenedRow {
    /// Its digest.
    pub fn digest(&self) -> Hash {
        canonical::hash(&self.fields)
    }

    /// A field; empty where the row has none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What a commitment stands for: it is `HASH` of the canonical JSON of `[salt, text]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The salt.
    pub salt: String,
    /// The text.
    pub text: String,
}

impl Opening {
    /// The commitment.
    pub fn commitment(&self) -> Hash {
        canonical::hash(&(&self.salt, &self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_opens_its_own_commitment_and_no_other() {
        let opening = Opening { salt: "s".to_owned(), text: "FIR 1".to_owned() };
        assert_eq!(opening.commitment(), Hash::of(br#"["s","FIR 1"]"#));
        let other = Opening { text: "FIR 2".to_owned(), ..opening.clone() };
        assert_ne!(opening.commitment(), other.commitment());
    }

    #[test]
    fn a_rows_digest_is_that_of_its_fields_in_order() {
        let fields = [("b", "2"), ("a", "1")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let row = OpenedRow {
            table: "delivery".to_owned(),
            key: "d".to_owned(),
            fields: BTreeMap::from(fields),
        };
        assert_eq!(row.digest(), Hash::of(br#"{"a":"1","b":"2"}"#));
        assert_eq!((row.field("a"), row.field("c")), ("1", ""));
    }
}
