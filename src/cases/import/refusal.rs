//! Why a row is refused, in words that an officer can act on.
//!
//! Invariant: a reason names columns (they come from the mapping) and row numbers, never what
//! stands in a cell: a cell may hold a name, a number or a case that must not reach a log.

use serde::{Deserialize, Serialize};

use crate::domain::action::spelled;

spelled! {
    /// What is wrong with a row, as one word for scripts.
    RefusalCode {
        /// It has no identifier.
        NoId = "no_id",
        /// It has neither FIR nor acknowledgement number.
        NoCaseRef = "no_case_ref",
        /// A formula stands where a value is needed.
        Formula = "formula",
        /// An error such as `#REF!` stands where a value is needed.
        BrokenCell = "broken_cell",
        /// A long number lost its last digits in the spreadsheet.
        DigitsLost = "digits_lost",
        /// It has more or fewer cells than the heading.
        CellCount = "cell_count",
        /// An earlier row has the same identifier and other content.
        Conflict = "conflict",
        /// The bank is not in the directory.
        UnknownBank = "unknown_bank",
        /// Branch code, code and name speak of different banks.
        BanksDisagree = "banks_disagree",
        /// The mapping knows no kind of this spelling.
        UnknownKind = "unknown_kind",
        /// The mapping knows no status of this spelling.
        UnknownStatus = "unknown_status",
        /// An amount is below zero.
        NegativeAmount = "negative_amount",
        /// An amount is not an exact number of rupees.
        AmountIsText = "amount_is_text",
        /// A layer or a count is not a number.
        NotANumber = "not_a_number",
        /// A time that the contract needs is missing.
        NoTime = "no_time",
        /// A time fits no format, or its day does not exist.
        ImpossibleDate = "impossible_date",
        /// It lies after the time as of which the file is true.
        InFuture = "in_future",
        /// It was delivered before it was sent.
        DeliveredBeforeSent = "delivered_before_sent",
        /// The bank acted before it was asked.
        ActedBeforeSent = "acted_before_sent",
        /// It was due before it was sent.
        DueBeforeSent = "due_before_sent",
        /// The bank was pressed about it before it was sent.
        RemindedBeforeSent = "reminded_before_sent",
        /// The bank acted, and has not answered.
        ActedWhilePending = "acted_while_pending",
    }
}

/// Why one row is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The same, as one word.
    pub code: RefusalCode,
    /// The column concerned, as the mapping spells its heading.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Refusal {
    pub(super) fn new(code: RefusalCode, column: &str) -> Self {
        let reason = format!("{column}: {}", explain(code));
        Self { code, column: Some(column.to_owned()), reason }
    }

    pub(super) fn of_row(code: RefusalCode) -> Self {
        Self { code, column: None, reason: explain(code).to_owned() }
    }

    /// An earlier row stands; or it was `refused` itself, and may have said that the bank answered.
    pub(super) fn conflict(column: &str, unit: &str, first: u64, refused: bool) -> Self {
        let why = if refused {
            "and could not be read; it does not say that the bank's answer is pending, as this row \
             does; correct that row, or remove it"
        } else {
            "and other content, and stands; correct one of the two"
        };
        let reason = format!("{column}: {unit} {first} has the same identifier {why}");
        Self { code: RefusalCode::Conflict, column: Some(column.to_owned()), reason }
    }
}

fn explain(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::NoId => "empty; every request needs its own identifier",
        RefusalCode::NoCaseRef => "empty; a request needs a FIR or acknowledgement number",
        RefusalCode::Formula => "a formula; paste its value instead",
        RefusalCode::BrokenCell => "not a value that this column can have; type it again",
        RefusalCode::DigitsLost => {
            "a long number that the spreadsheet has shortened; format the column as text and \
             enter it again"
        }
        RefusalCode::CellCount => {
            "more or fewer cells than the heading; put quotes around cells with commas and close \
             every quote"
        }
        RefusalCode::Conflict => "an earlier row has the same identifier and other content",
        RefusalCode::UnknownBank => "not a bank of the directory; correct it, or add the spelling",
        RefusalCode::BanksDisagree => "speaks of another bank than the row's other columns",
        RefusalCode::UnknownKind => "a spelling that the mapping's [kinds] does not have",
        RefusalCode::UnknownStatus => "a spelling that the mapping's [statuses] does not have",
        RefusalCode::NegativeAmount => "below zero",
        RefusalCode::AmountIsText => "not an exact amount in rupees; write it in figures",
        RefusalCode::NotANumber => "not a whole number that makes sense here",
        RefusalCode::NoTime => "empty; a request needs the time when it was sent",
        RefusalCode::ImpossibleDate => {
            "not a time in a format of the mapping (a date without an hour is none), or a day that \
             does not exist"
        }
        RefusalCode::InFuture => "after the time as of which this file is true",
        RefusalCode::DeliveredBeforeSent => "before the request was sent",
        RefusalCode::ActedBeforeSent => "before the request was sent",
        RefusalCode::DueBeforeSent => "before the request was sent",
        RefusalCode::RemindedBeforeSent => {
            "before the request was sent; a reminder about another request does not count"
        }
        RefusalCode::ActedWhilePending => {
            "filled, while the bank's response says that it has not answered; correct the one or the \
             other"
        }
    }
}
