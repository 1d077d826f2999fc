//! The fact pack: the typed facts a public text may state. Frozen and hashed at drafting; every
//! number in a text comes from here, each traceable to case rows by the members' commitments.

use serde::{Deserialize, Serialize};

use super::{
    calendar::limits::Counted,
    canonical::{self, Hash},
    ids::{BankCode, Reference},
    money::Paise,
    time::Timestamp,
};

/// What a text about one bank may say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FactPack {
    /// The bank.
    pub bank: BankCode,
    /// Its English name.
    pub bank_en: String,
    /// Its Hindi name; the English one where the directory has none.
    pub bank_hi: String,
    /// The unit's own name in English, as its account says it.
    pub unit_en: String,
    /// The same in Hindi.
    pub unit_hi: String,
    /// The public code that the bank quotes.
    pub reference: Reference,
    /// The time as of which everything here is true: the oldest member's own.
    pub as_of: Timestamp,
    /// Distinct cases.
    pub cases: u32,
    /// Actions to mark a lien on the disputed amount.
    pub liens: u32,
    /// Actions to hold a transfer.
    pub holds: u32,
    /// The disputed amounts together, rounded down: an exact sum would tell a case that is known.
    pub amount_at_least: Paise,
    /// The unit's limit for the strictest kind among the actions, in whole hours: every public
    /// text names the limit it uses.
    pub limit_hours: u32,
    /// Which hours that limit counts: a limit in working hours must be named as one.
    pub limit_counted: Counted,
    /// The lower edge of the band in which the oldest action's age beyond its due time lies, in
    /// whole hours.
    pub overdue_hours_at_least: u32,
    /// For a closure: how many of the tagged actions the bank has acted on. Zero otherwise.
    pub acted: u32,
}

impl FactPack {
    /// Liens and holds together.
    pub const fn actions(&self) -> u32 {
        self.liens + self.holds
    }

    /// The hash that the record keeps.
    pub fn hash(&self) -> Hash {
        canonical::hash(self)
    }
}

#[cfg(test)]
impl FactPack {
    /// Facts about an invented bank, for tests of what is made of facts.
    pub fn sample() -> Self {
        Self {
            bank: BankCode::new("ZNMN"),
            bank_en: "Neem Bank".to_owned(),
            bank_hi: "नीम बैंक".to_owned(),
            unit_en: "Cyber Crime Unit".to_owned(),
            unit_hi: "साइबर अपराध इकाई".to_owned(),
            reference: Reference::new("GGM-7F3K8"),
            as_of: Timestamp::from_micros(1_795_000_000_000_000),
            cases: 9,
            liens: 10,
            holds: 2,
            amount_at_least: Paise::from_rupees(1_200_000),
            limit_hours: 24,
            limit_counted: Counted::RoundTheClock,
            overdue_hours_at_least: 48,
            acted: 0,
        }
    }
}
