//! A bank action: one thing that one bank was asked to do. Rows come from the case source and
//! are never changed here.

use serde::{Deserialize, Serialize};

use super::{
    ids::{BankCode, CaseRef, ExternalId},
    money::Paise,
    time::Timestamp,
};

/// Declares an enum whose variants have one fixed spelling, in the ledger as in JSON.
macro_rules! spelled {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// Every variant, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The one spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the one spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use spelled;

spelled! {
    /// What the bank was asked to do.
    Kind {
        /// Mark a lien on the disputed amount.
        Lien = "lien",
        /// Hold a transfer.
        Hold = "hold",
        /// Send a statement.
        Statement = "statement",
        /// Send KYC papers.
        Kyc = "kyc",
        /// Send camera footage.
        Cctv = "cctv",
        /// Give held money back to the victim.
        Restore = "restore",
    }
}

spelled! {
    /// What the case source says came of the request.
    Status {
        /// Nothing yet.
        Pending = "pending",
        /// The bank did it.
        Acted = "acted",
        /// The bank says it need not or cannot.
        Disputed = "disputed",
        /// The unit took the request back.
        Withdrawn = "withdrawn",
    }
}

/// One row of the case source, as its contract has it. Victims' names, phones and account numbers
/// are not in it: what takaza never holds it cannot leak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAction {
    /// Unique and stable in the case source.
    pub external_id: ExternalId,
    /// FIR or acknowledgement number.
    pub case_ref: CaseRef,
    /// The bank as the police name it, mergers already followed.
    pub bank: BankCode,
    /// What was asked.
    pub kind: Kind,
    /// How many transfers after the victim's account this account lies.
    pub layer: Option<u32>,
    /// The disputed amount.
    pub disputed: Option<Paise>,
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When the request is proved to have reached the bank; without it nothing is overdue.
    pub delivered_at: Option<Timestamp>,
    /// When it is due, where the source says so itself.
    pub due_at: Option<Timestamp>,
    /// Our own request had the amount, the account, the section of law and the case number.
    pub complete: bool,
    /// What came of it.
    pub status: Status,
    /// When the bank acted.
    pub acted_at: Option<Timestamp>,
    /// How much the bank put under lien or hold.
    pub lien_amount: Option<Paise>,
    /// How often the bank was pressed by mail or phone since the request.
    pub contacts: u32,
    /// When it was last pressed.
    pub last_contact_at: Option<Timestamp>,
    /// The source's own time of the last change.
    pub updated_at: Option<Timestamp>,
}

/// A bank action as seen in the source, and the time as of which it was true. The age of a fact
/// runs from `as_of`, never from our reading of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The row.
    pub action: BankAction,
    /// When it was true: an import's own time, or the start of the query on a live source.
    pub as_of: Timestamp,
}

/// A row that breaks the contract: set aside with its reason, it never stops the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// The row's key, where it has one.
    pub external_id: Option<ExternalId>,
    /// Where the row stands, for a file ("row 17"), or empty.
    pub place: String,
    /// What breaks the contract, in words that hold no value of a private column.
    pub reason: String,
}
