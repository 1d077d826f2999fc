//! Import of a file: a unit's CSV or XLSX export becomes bank actions, row by row, by a mapping.
//!
//! Spreadsheets are written by people for people, so most of this module refuses: a row is taken
//! only where every mapped cell can mean one thing. Invariants: every row that holds something is
//! accounted for once, as accepted, refused with a reason, or repeated; and nothing of a column
//! that the mapping does not name is kept or said.
//!
//! A dry run is the same: storing is another step.

mod mapping;
mod refusal;
mod report;
mod row;
mod rupees;
mod sieve;
mod table;
mod times;
mod workbook;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::{
    mapping::{Mapping, MappingError},
    refusal::{Refusal, RefusalCode},
    report::{Outcome, RefusalLine},
};
use self::{
    row::RowReader,
    table::{RawRow, Table},
};
use super::RejectedRow;
use crate::domain::{
    action::{BankAction, Sighting, Status},
    bank::Directory,
    ids::ExternalId,
    time::Timestamp,
};

/// Why a file is refused whole. No message holds what stands in a cell.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is an old `.xls` workbook or one with a password.
    #[error("this is an old .xls workbook or one with a password; save it as .xlsx without one")]
    OldOrLocked,
    /// Nothing stands in it.
    #[error("the file is empty")]
    Empty,
    /// It is packed as a workbook is, and cannot be read as one.
    #[error(
        "this is no .xlsx workbook that can be read: another kind of document (.ods, .docx), or \
         damaged; open it in a spreadsheet program and save it as .xlsx"
    )]
    Damaged,
    /// It is not text in the mapping's encoding.
    #[error(
        "the file is neither a workbook (.xlsx) nor text in the mapping's encoding; save it as .xlsx \
         or as \"CSV UTF-8\""
    )]
    Encoding,
    /// It is not CSV.
    #[error("line {line}: not CSV in the mapping's form")]
    Csv {
        /// The line.
        line: u64,
    },
    /// A cell runs over many lines.
    #[error("line {line}: a quote opens a cell that runs over more than 20 lines; close the quote")]
    OpenQuote {
        /// The line on which the row begins.
        line: u64,
    },
    /// The mapping names a sheet that the workbook does not have.
    #[error("there is no sheet {wanted:?}; the workbook has: {found}")]
    NoSheet {
        /// The mapping's sheet.
        wanted: String,
        /// The sheets that there are.
        found: String,
    },
    /// No row holds all headings of the mapping.
    #[error("no row {looked} has all the mapping's columns; missing: {missing}")]
    NoHeading {
        /// Where the mapping looks for it.
        looked: String,
        /// What the nearest row lacks.
        missing: String,
    },
    /// No row holds any heading of the mapping.
    #[error(
        "no row {looked} has any of the mapping's columns: is it the right file, by the right \
         mapping? CSV may have commas, semicolons or tabs between its cells"
    )]
    AnotherFile {
        /// Where the mapping looks for the heading.
        looked: String,
    },
    /// The heading is where the mapping does not look for it.
    #[error("the heading stands in {place}, and the mapping looks for it {looked}; change that")]
    HeadingElsewhere {
        /// Where it is.
        place: String,
        /// Where the mapping looks for it.
        looked: String,
    },
    /// A heading stands in two columns.
    #[error("the heading {heading:?} stands in two columns; rename the one that is not meant")]
    TwoColumns {
        /// The heading.
        heading: String,
    },
}

/// How far the import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows judged so far.
    pub done: usize,
    /// Rows to judge.
    pub total: usize,
}

/// Rows that are no requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Nothing stands in a mapped column.
    pub blank: u64,
    /// Sums.
    pub total: u64,
    /// The heading again.
    pub heading: u64,
}

/// A row that became a bank action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Its number in the sheet, or its line in a CSV file, from 1.
    pub row: u64,
    /// What it says.
    pub action: BankAction,
}

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its number in the sheet, or its line in a CSV file, from 1.
    pub row: u64,
    /// Its identifier, where it has a sound one.
    pub external_id: Option<ExternalId>,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
}

/// A row that says again what an earlier one said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// Its number in the sheet, or its line in a CSV file, from 1.
    pub row: u64,
    /// The earlier row.
    pub first: u64,
}

/// What became of a file. Each list is in the file's order, and each row that holds something is
/// in exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// The time as of which the file is true.
    pub as_of: Timestamp,
    /// What the row numbers count: "row" of a sheet or "line" of a CSV file.
    pub unit: &'static str,
    /// Rows that became bank actions.
    pub accepted: Vec<Accepted>,
    /// Rows that were refused.
    pub refused: Vec<Refused>,
    /// Rows that repeat an earlier one, counted once and no error.
    pub repeated: Vec<Repeated>,
    /// Rows that are no requests.
    pub skipped: Skipped,
}

impl Imported {
    /// How many rows held something: accepted, refused and repeated.
    pub fn total(&self) -> usize {
        self.accepted.len() + self.refused.len() + self.repeated.len()
    }

    /// The accepted rows as seen at the file's own time.
    pub fn sightings(&self) -> impl Iterator<Item = Sighting> + '_ {
        let as_of = self.as_of;
        self.accepted.iter().map(move |row| Sighting { action: row.action.clone(), as_of })
    }

    /// The refused rows as the case source sets rows aside.
    pub fn rejected(&self) -> impl Iterator<Item = RejectedRow> + '_ {
        self.refused.iter().map(|row| RejectedRow {
            external_id: row.external_id.clone(),
            place: format!("{} {}", self.unit, row.row),
            reason: row.refusal.reason.clone(),
        })
    }
}

/// What is taken from a file: the cells of the columns that its mapping names, row by row, and of a
/// column that only has to be filled no more than whether it is, and whether two rows have the same
/// in it. From this comes all that comes from the file; so a file that waits for a second person is
/// kept as this, and never itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    sha256: String,
    table: Table,
}

impl Extract {
    /// Takes it from a file by its mapping: XLSX or CSV, told apart by its first bytes.
    ///
    /// # Errors
    /// Where the file as a whole cannot be read, or lacks a column of the mapping.
    pub fn of(bytes: &[u8], mapping: &Mapping) -> Result<Self, ImportError> {
        let table = table::read(bytes, mapping)?;
        Ok(Self { sha256: hex::encode(Sha256::digest(bytes)), table })
    }

    /// SHA-256 of the file's bytes, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What becomes of each row, by the mapping that it was taken by. `as_of` is the time as of which
    /// the file is true; a request made after it is refused. `progress` is called every few hundred
    /// rows and once at the end.
    pub fn judge(
        &self,
        mapping: &Mapping,
        banks: &Directory,
        as_of: Timestamp,
        progress: &mut dyn FnMut(Progress),
    ) -> Imported {
        let reader = RowReader { mapping, banks, as_of };
        let mut imported = Imported {
            sha256: self.sha256.clone(),
            as_of,
            unit: self.table.counted.word(),
            accepted: Vec::new(),
            refused: Vec::new(),
            repeated: Vec::new(),
            skipped: self.table.skipped,
        };
        let mut seen = HashMap::new();
        let total = self.table.rows.len();
        for (done, row) in self.table.rows.iter().enumerate() {
            if done % 500 == 0 {
                progress(Progress { done, total });
            }
            judge(&reader, row, &mut seen, &mut imported);
        }
        progress(Progress { done: total, total });
        imported
    }
}

/// Reads a file by its mapping at once; see [`Extract`].
///
/// # Errors
/// Where the file as a whole cannot be read, or lacks a column of the mapping. A row that cannot
/// be read is no error: it is in [`Imported::refused`].
pub fn read(
    bytes: &[u8],
    mapping: &Mapping,
    banks: &Directory,
    as_of: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, ImportError> {
    Ok(Extract::of(bytes, mapping)?.judge(mapping, banks, as_of, progress))
}

/// What a row says, to be compared with another row of the same identifier: the action, or its
/// cells where they make none; and beside it the cells that are looked at and dropped.
#[derive(PartialEq)]
struct Content {
    action: Result<BankAction, Vec<table::Cell>>,
    dropped: Vec<Option<String>>,
}

/// An earlier row of an identifier.
struct Earlier {
    row: u64,
    content: Content,
    /// Its status, where that could be read.
    status: Option<Status>,
}

impl Earlier {
    /// Whether this row stands against a later one that makes an action and says something else. An
    /// accepted row does: which of two is right is for a person to say. A refused one does not stand
    /// in the way of its correction; but where it may have said that the bank has answered, another
    /// row does not make a request pending that it perhaps is not.
    fn stands_against(&self, later: &BankAction) -> bool {
        self.content.action.is_ok()
            || later.status == Status::Pending && self.status != Some(Status::Pending)
    }
}

fn judge(
    reader: &RowReader<'_>,
    row: &RawRow,
    seen: &mut HashMap<ExternalId, Vec<Earlier>>,
    imported: &mut Imported,
) {
    let mut refuse = |external_id: Option<ExternalId>, refusal: Refusal| {
        imported.refused.push(Refused { row: row.number, external_id, refusal });
    };
    let id = match reader.id(row) {
        Ok(id) => id,
        Err(refusal) => return refuse(None, refusal),
    };
    let action = reader.action(id.clone(), row);
    let content = Content {
        action: action.as_ref().map_or_else(|_| Err(row.cells.clone()), |a| Ok(a.clone())),
        dropped: reader.dropped_cells(row),
    };
    let earlier = seen.entry(id.clone()).or_default();
    if let Some(first) = earlier.iter().find(|earlier| earlier.content == content) {
        imported.repeated.push(Repeated { row: row.number, first: first.row });
        return;
    }
    let against = |earlier: &&Earlier| match &action {
        Ok(action) => earlier.stands_against(action),
        Err(_) => earlier.content.action.is_ok(),
    };
    if let Some(first) = earlier.iter().find(against) {
        let heading = &reader.mapping.headings[reader.mapping.fields.external_id];
        let refused = first.content.action.is_err();
        let conflict = Refusal::conflict(heading, imported.unit, first.row, refused);
        return refuse(Some(id), conflict);
    }
    earlier.push(Earlier { row: row.number, content, status: reader.status(row) });
    match action {
        Ok(action) => imported.accepted.push(Accepted { row: row.number, action }),
        Err(refusal) => refuse(Some(id), refusal),
    }
}
