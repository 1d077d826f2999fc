//! What became of a file, for people and for scripts: counts, and each refused row with its
//! reason.
//!
//! Invariant: no identifier of a case is in it. Row numbers are enough to find a row in the file.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

use super::{Imported, Refusal, RefusalCode, Skipped};
use crate::domain::action::{Kind, Status};

/// The outcome of an import, without its actions: what `--json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// The time as of which the file is true, RFC 3339 in UTC.
    pub as_of: String,
    /// Rows that held something.
    pub rows: usize,
    /// Of these, how many became bank actions.
    pub accepted: usize,
    /// How many were refused.
    pub refused: usize,
    /// How many repeat an earlier row.
    pub repeated: usize,
    /// Rows that are no requests.
    pub skipped: Skipped,
    /// Accepted rows by kind.
    pub by_kind: BTreeMap<Kind, usize>,
    /// Accepted rows by status.
    pub by_status: BTreeMap<Status, usize>,
    /// Accepted rows whose request lacked something the bank needs.
    pub incomplete: usize,
    /// Accepted rows without proof of delivery.
    pub undelivered: usize,
    /// Refused rows by reason.
    pub by_reason: BTreeMap<RefusalCode, usize>,
    /// Each refused row.
    pub refusals: Vec<RefusalLine>,
}

/// One refused row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalLine {
    /// Where it stands: "row 17" of a sheet, "line 17" of a CSV file.
    pub place: String,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
}

impl Imported {
    /// Counts and refusals, for scripts.
    pub fn outcome(&self) -> Outcome {
        let actions = || self.accepted.iter().map(|row| &row.action);
        Outcome {
            sha256: self.sha256.clone(),
            as_of: self.as_of.to_string(),
            rows: self.total(),
            accepted: self.accepted.len(),
            refused: self.refused.len(),
            repeated: self.repeated.len(),
            skipped: self.skipped,
            by_kind: count(actions().map(|action| action.kind)),
            by_status: count(actions().map(|action| action.status)),
            incomplete: actions().filter(|action| !action.complete).count(),
            undelivered: actions().filter(|action| action.delivered_at.is_none()).count(),
            by_reason: count(self.refused.iter().map(|row| row.refusal.code)),
            refusals: self
                .refused
                .iter()
                .map(|row| RefusalLine {
                    place: format!("{} {}", self.unit, row.row),
                    refusal: row.refusal.clone(),
                })
                .collect(),
        }
    }

    /// The outcome for a person, a line for each refused row.
    pub fn report(&self) -> String {
        self.outcome().to_string()
    }
}

fn count<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    items.fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_default() += 1;
        counts
    })
}

fn list<T: std::fmt::Display>(counts: &BTreeMap<T, usize>) -> String {
    counts.iter().map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        writeln!(text, "{} rows, true as of {}", self.rows, self.as_of)?;
        writeln!(text, "  {:>6} accepted: {}", self.accepted, list(&self.by_status))?;
        writeln!(text, "  {:>6}   of these incomplete", self.incomplete)?;
        writeln!(text, "  {:>6}   of these without proof of delivery", self.undelivered)?;
        writeln!(text, "  {:>6} refused", self.refused)?;
        writeln!(text, "  {:>6} repeat an earlier row", self.repeated)?;
        let Skipped { blank, total, heading } = self.skipped;
        writeln!(text, "  skipped: {blank} blank, {total} of totals, {heading} headings")?;
        for RefusalLine { place, refusal } in &self.refusals {
            writeln!(text, "{place}: {}", refusal.reason)?;
        }
        f.write_str(&text)
    }
}
