//! From one row of text cells to a bank action, or to the reason why it is none.

use std::sync::Arc;

use jiff::{SignedDuration, tz::TimeZone};

use super::columns::{self, Cell, Column, Fault};
use crate::{
    cases::{RejectedRow, Row},
    domain::{
        action::{BankAction, Kind, Sighting, Status},
        ids::{BankCode, CaseRef, ExternalId},
        money::Paise,
        time::Timestamp,
    },
};

/// How a row names its bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankRef<'a> {
    /// By the code that the police use.
    Code(&'a str),
    /// By a branch.
    Ifsc(&'a str),
}

/// Finds the bank in the directory, mergers followed; `None` where it is not there.
pub type BankResolver = Arc<dyn Fn(BankRef<'_>) -> Option<BankCode> + Send + Sync>;

/// How much a clock of the source may run ahead of ours before a row's `as_of` is nonsense.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// An identifier longer than this is a pasted text, not an identifier.
const LONGEST_ID: usize = 200;

/// Reads rows whose cells stand in the order of `columns`.
pub struct RowReader {
    /// The columns that the query has.
    pub columns: Vec<Column>,
    /// Where a time without an offset was read from the wall.
    pub zone: TimeZone,
    /// The bank directory.
    pub resolve: BankResolver,
}

/// One row, while it is read.
struct Cells<'a> {
    reader: &'a RowReader,
    cells: &'a [Cell],
}

/// The column at fault and what is wrong with it.
type Broken = (Column, Fault);

impl RowReader {
    /// The row, true as of `now` unless it says that it is older.
    pub fn read(&self, cells: &[Cell], now: Timestamp) -> Row {
        let row = Cells { reader: self, cells };
        row.sighting(now).map_err(|(column, fault)| RejectedRow {
            external_id: row.external_id().ok(),
            place: String::new(),
            reason: format!("{} {fault}", column.name()),
        })
    }
}

impl Cells<'_> {
    fn sighting(&self, now: Timestamp) -> Result<Sighting, Broken> {
        let action = self.action()?;
        consistent(&action)?;
        if self.text(Column::SetAside)?.is_some() {
            return Err((Column::SetAside, "says that the latest import could not read this row"));
        }
        let as_of = self.instant(Column::AsOf)?.unwrap_or(now);
        if as_of > now.plus(CLOCKS_DIFFER) {
            return Err((Column::AsOf, "lies in the future"));
        }
        Ok(Sighting { action, as_of: as_of.min(now) })
    }

    fn action(&self) -> Result<BankAction, Broken> {
        Ok(BankAction {
            external_id: self.external_id()?,
            case_ref: CaseRef::new(self.id(Column::CaseRef)?),
            bank: self.bank()?,
            kind: self.must(Column::Kind, |text| {
                Kind::parse(text).ok_or("is none of lien, hold, statement, kyc, cctv, restore")
            })?,
            layer: self.may(Column::Layer, columns::count)?,
            disputed: self.may(Column::DisputedAmount, columns::rupees)?,
            requested_at: self
                .must(Column::RequestedAt, |text| columns::instant(text, &self.reader.zone))?,
            delivered_at: self.instant(Column::DeliveredAt)?,
            due_at: self.instant(Column::DueAt)?,
            complete: self.must(Column::Complete, columns::boolean)?,
            status: self.must(Column::Status, |text| {
                Status::parse(text).ok_or("is none of pending, acted, disputed, withdrawn")
            })?,
            acted_at: self.instant(Column::ActedAt)?,
            lien_amount: self.may(Column::LienAmount, columns::rupees)?,
            contacts: self.may(Column::Contacts, columns::count)?.unwrap_or(0),
            last_contact_at: self.instant(Column::LastContactAt)?,
            updated_at: self.instant(Column::UpdatedAt)?,
        })
    }

    fn bank(&self) -> Result<BankCode, Broken> {
        const UNKNOWN: Fault = "is not in the bank directory";
        let resolve = &self.reader.resolve;
        if self.reader.columns.contains(&Column::BankCode) {
            self.must(Column::BankCode, |text| resolve(BankRef::Code(text.trim())).ok_or(UNKNOWN))
        } else {
            self.must(Column::Ifsc, |text| resolve(BankRef::Ifsc(text.trim())).ok_or(UNKNOWN))
        }
    }

    fn external_id(&self) -> Result<ExternalId, Broken> {
        self.id(Column::ExternalId).map(ExternalId::new)
    }

    /// Verbatim: a trimmed key would not be found again.
    fn id(&self, column: Column) -> Result<&str, Broken> {
        let text = self.text(column)?.ok_or((column, "is empty"))?;
        if text.len() > LONGEST_ID {
            return Err((column, "is too long for an identifier"));
        }
        Ok(text)
    }

    fn instant(&self, column: Column) -> Result<Option<Timestamp>, Broken> {
        self.may(column, |text| columns::instant(text, &self.reader.zone))
    }

    fn must<T>(
        &self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<T, Broken> {
        self.may(column, parse)?.ok_or((column, "is empty"))
    }

    fn may<T>(
        &self,
        column: Column,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Broken> {
        self.text(column)?.map(parse).transpose().map_err(|fault| (column, fault))
    }

    fn text(&self, column: Column) -> Result<Option<&str>, Broken> {
        let place = self.reader.columns.iter().position(|&held| held == column);
        match place.and_then(|place| self.cells.get(place)) {
            Some(cell) => columns::text(cell).map_err(|fault| (column, fault)),
            None => Ok(None),
        }
    }
}

/// A row that contradicts itself accuses nobody.
fn consistent(action: &BankAction) -> Result<(), Broken> {
    if action.delivered_at.is_some_and(|delivered| delivered < action.requested_at) {
        return Err((Column::DeliveredAt, "is before requested_at"));
    }
    if action.last_contact_at.is_some_and(|contact| contact < action.requested_at) {
        return Err((Column::LastContactAt, "is before requested_at"));
    }
    if action.status == Status::Pending {
        if action.acted_at.is_some() {
            return Err((Column::ActedAt, "is set though status is pending"));
        }
        if action.lien_amount.is_some_and(|amount| amount > Paise::new(0)) {
            return Err((Column::LienAmount, "is set though status is pending"));
        }
    }
    Ok(())
}
