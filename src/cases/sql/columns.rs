//! The contract's columns, and what each must hold.
//!
//! Every cell arrives as text, whatever the database, and is read here by one parser. So a
//! nonsense value breaks its own row and no other, and the same value means the same everywhere.
//! A reason names the column and never quotes the cell: the cell may hold anything, a victim's
//! account number too.

use jiff::{civil::Date, fmt::temporal::Pieces, tz::TimeZone};

use crate::domain::{money::Paise, time::Timestamp};

/// A column of the contract, or one that only the embedded case database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The row's key.
    ExternalId,
    /// FIR or acknowledgement number.
    CaseRef,
    /// The bank as the police name it.
    BankCode,
    /// The branch, in place of `bank_code`.
    Ifsc,
    /// What was asked.
    Kind,
    /// Transfers after the victim's account.
    Layer,
    /// Decimal rupees.
    DisputedAmount,
    /// When the request was made.
    RequestedAt,
    /// When it is proved to have reached the bank.
    DeliveredAt,
    /// When it is due.
    DueAt,
    /// Whether the request had all that the bank needs.
    Complete,
    /// What came of it.
    Status,
    /// When the bank acted.
    ActedAt,
    /// Decimal rupees.
    LienAmount,
    /// How often the bank was pressed.
    Contacts,
    /// When it was last pressed.
    LastContactAt,
    /// The source's time of the last change.
    UpdatedAt,
    /// As of when the row is true, where that is not the time of the query.
    AsOf,
    /// Why a later import could not read this row (embedded case database only).
    SetAside,
}

impl Column {
    /// Every column, in the order in which the wrapped query asks for them.
    pub const ALL: &'static [Self] = &[
        Self::ExternalId,
        Self::CaseRef,
        Self::BankCode,
        Self::Ifsc,
        Self::Kind,
        Self::Layer,
        Self::DisputedAmount,
        Self::RequestedAt,
        Self::DeliveredAt,
        Self::DueAt,
        Self::Complete,
        Self::Status,
        Self::ActedAt,
        Self::LienAmount,
        Self::Contacts,
        Self::LastContactAt,
        Self::UpdatedAt,
        Self::AsOf,
        Self::SetAside,
    ];

    /// The column's name in the configured query.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::CaseRef => "case_ref",
            Self::BankCode => "bank_code",
            Self::Ifsc => "ifsc",
            Self::Kind => "kind",
            Self::Layer => "layer",
            Self::DisputedAmount => "disputed_amount",
            Self::RequestedAt => "requested_at",
            Self::DeliveredAt => "delivered_at",
            Self::DueAt => "due_at",
            Self::Complete => "complete",
            Self::Status => "status",
            Self::ActedAt => "acted_at",
            Self::LienAmount => "lien_amount",
            Self::Contacts => "contacts",
            Self::LastContactAt => "last_contact_at",
            Self::UpdatedAt => "updated_at",
            Self::AsOf => "as_of",
            Self::SetAside => "set_aside",
        }
    }

    /// Whether a query without this column is no case source. `bank_code` may be replaced by
    /// `ifsc`.
    pub const fn required(self) -> bool {
        matches!(
            self,
            Self::ExternalId
                | Self::CaseRef
                | Self::BankCode
                | Self::Kind
                | Self::DisputedAmount
                | Self::RequestedAt
                | Self::DeliveredAt
                | Self::Complete
                | Self::Status
                | Self::ActedAt
        )
    }
}

/// A cell as the database gave it, cast to text.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// SQL NULL.
    Null,
    /// Text.
    Text(String),
    /// Bytes that are no text.
    Unreadable,
}

/// What is wrong with a cell. Static, so that it cannot carry the cell's content.
pub type Fault = &'static str;

/// The cell's text; blank is as good as NULL.
pub fn text(cell: &Cell) -> Result<Option<&str>, Fault> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Text(text) if text.trim().is_empty() => Ok(None),
        Cell::Text(text) => Ok(Some(text)),
        Cell::Unreadable => Err("is not readable text"),
    }
}

/// Decimal rupees to paise, exactly.
pub fn rupees(text: &str) -> Result<Paise, Fault> {
    const NOT_DECIMAL: Fault = "is not a decimal number of rupees";
    let text = text.trim();
    if text.starts_with('-') {
        return Err("is negative");
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(NOT_DECIMAL);
    }
    let cents = fraction.trim_end_matches('0');
    if cents.len() > 2 {
        return Err("has more than two decimals");
    }
    let paise = format!("{whole}{cents:0<2}");
    paise.parse().map(Paise::new).map_err(|_| "is too large")
}

/// A whole number that is not negative.
pub fn count(text: &str) -> Result<u32, Fault> {
    let text = text.trim();
    if !digits(text) {
        return Err("is not a whole number");
    }
    text.parse().map_err(|_| "is not a whole number of that size")
}

/// A truth value in one of the usual spellings.
pub fn boolean(text: &str) -> Result<bool, Fault> {
    // The last of each are what MySQL makes of BIT(1).
    match text.trim_matches(' ').to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" | "\u{1}" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" | "\u{0}" => Ok(false),
        _ => Err("is neither true nor false"),
    }
}

/// An instant: with an offset as it says, without one on the wall clock of `zone`. Of two
/// instants with the same wall clock it is the later, which accuses less. A date alone is refused:
/// to take it for midnight would start a bank's clock up to a day early.
pub fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, Fault> {
    const NOT_TIME: Fault = "is not a date and time";
    let pieces = Pieces::parse(text.trim()).map_err(|_| NOT_TIME)?;
    if pieces.time_zone_annotation().is_some() {
        return Err(NOT_TIME);
    }
    let time = pieces.time().ok_or("is a date without a time of day")?;
    let wall = pieces.date().to_datetime(time);
    let instant = match pieces.to_numeric_offset() {
        Some(offset) => offset.to_timestamp(wall),
        None => zone.to_ambiguous_timestamp(wall).later(),
    };
    let instant = Timestamp::from(instant.map_err(|_| NOT_TIME)?);
    plausible(instant).then_some(instant).ok_or("is not a time between the years 2000 and 2100")
}

/// A calendar day; a time of day is allowed where it is midnight.
pub fn day(text: &str) -> Result<Date, Fault> {
    let pieces = Pieces::parse(text.trim()).map_err(|_| "is not a date")?;
    match pieces.time() {
        Some(time) if time != jiff::civil::Time::midnight() => Err("is not a date"),
        _ => Ok(pieces.date()),
    }
}

/// 1 January 2000 to 1 January 2100, UTC: outside of it a time is a slip of a zero date, an epoch
/// in another unit, or a typing error, and would make an action decades overdue.
fn plausible(instant: Timestamp) -> bool {
    (946_684_800_000_000..4_102_444_800_000_000).contains(&instant.micros())
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rupees_are_exact(paise in 0..=i64::MAX, zeros in 0..4usize) {
            let text = format!("{}.{:02}{}", paise / 100, paise % 100, "0".repeat(zeros));
            prop_assert_eq!(rupees(&text), Ok(Paise::new(paise)));
        }

        #[test]
        fn an_offset_means_the_same_in_every_zone(
            second in 946_684_800_i64..4_102_444_800,
            micros in 0..1_000_000_i64,
            minutes in -840..=840_i32,
        ) {
            let instant = jiff::Timestamp::from_microsecond(second * 1_000_000 + micros).unwrap();
            let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
            let text = offset.to_datetime(instant).to_string().replace('T', " ");
            let text = format!("{text}{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' },
                minutes.abs() / 60, minutes.abs() % 60);
            for zone in [TimeZone::UTC, TimeZone::get("Asia/Kolkata").unwrap()] {
                prop_assert_eq!(super::instant(&text, &zone), Ok(instant.into()));
            }
        }

        /// Whatever stands in a cell, it is read or refused.
        #[test]
        fn no_cell_stops_the_reading(text in ".*") {
            let _ = (rupees(&text), count(&text), boolean(&text), day(&text));
            let _ = instant(&text, &TimeZone::UTC);
        }
    }
}
