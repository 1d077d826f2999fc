//! A file's bytes as rows of cells: only the cells of columns that the mapping names, only below
//! the heading.
//!
//! Invariant: a cell of any other column is dropped here, before anything can store it or quote
//! it, and no message of this module holds what stands in a cell.

use calamine::DataRef;
use jiff::{Unit, civil::DateTime};
use serde::{Deserialize, Serialize};

use super::{
    ImportError, Skipped,
    mapping::{Encoding, Mapping},
    sieve::Sieve,
    workbook,
};
use crate::domain::spelling::clean;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cell {
    /// Nothing, or a word that the mapping counts as nothing.
    Blank,
    /// Text, as a person reads it.
    Text(String),
    /// A spreadsheet's number.
    Number(#[serde(with = "exact")] f64),
    /// A spreadsheet's date with its hour, on a wall clock.
    Time(DateTime),
    /// A spreadsheet's date that shows no hour and has none.
    Day,
    /// A formula: what it shows depends on more than this file.
    Formula,
    /// An error such as `#REF!`, or a value of a kind that no column has.
    Broken,
}

impl Cell {
    pub(super) fn from_text(text: &str, mapping: &Mapping) -> Self {
        let text = clean(text);
        let mut start = text.chars();
        match (start.next(), start.next()) {
            _ if mapping.is_blank(&text) => Self::Blank,
            (Some('=' | '＝' | '@' | '＠'), _) => Self::Formula,
            (Some('+'), Some(next)) if !next.is_ascii_digit() => Self::Formula,
            _ => Self::Text(text),
        }
    }

    pub(super) fn from_xlsx(value: &DataRef<'_>, mapping: &Mapping) -> Self {
        match value {
            DataRef::Empty => Self::Blank,
            DataRef::String(text) | DataRef::DateTimeIso(text) => Self::from_text(text, mapping),
            DataRef::SharedString(text) => Self::from_text(text, mapping),
            #[expect(clippy::cast_precision_loss, reason = "a spreadsheet's own precision")]
            DataRef::Int(number) => Self::Number(*number as f64),
            DataRef::Float(number) => Self::Number(*number),
            DataRef::DateTime(time) if time.is_datetime() => {
                civil(time.to_ymd_hms_milli()).map_or(Self::Broken, Self::Time)
            }
            DataRef::Bool(_)
            | DataRef::DateTime(_)
            | DataRef::DurationIso(_)
            | DataRef::Error(_) => Self::Broken,
        }
    }

    /// The cell's text for a name, an identifier or a word; a whole number as its digits. `None`
    /// for what is no text: a date, a broken cell, a formula, a number with more digits than a
    /// spreadsheet keeps.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Blank => Some(String::new()),
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(format!("{number:.0}"))
            }
            _ => None,
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        *self == Self::Blank
    }
}

/// A number as its shortest decimals, which read back as the very same number.
mod exact {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &f64, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

/// A spreadsheet's date to the second: it is a binary fraction of a day.
fn civil(parts: (u16, u8, u8, u8, u8, u8, u16)) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, milli) = parts;
    let small = |part: u8| i8::try_from(part).ok();
    let (year, nanos) = (i16::try_from(year).ok()?, i32::from(milli) * 1_000_000);
    let (month, day, hour) = (small(month)?, small(day)?, small(hour)?);
    let exact =
        DateTime::new(year, month, day, hour, small(minute)?, small(second)?, nanos).ok()?;
    exact.round(Unit::Second).ok()
}

/// What the number of a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Counted {
    /// The rows of a sheet.
    Row,
    /// The lines of a CSV file.
    Line,
}

impl Counted {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Line => "line",
        }
    }
}

/// A row below the heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RawRow {
    /// Its number in the sheet, or its line in a CSV file, from 1.
    pub number: u64,
    /// Its cells in the order of [`Mapping::headings`].
    pub cells: Vec<Cell>,
    /// It has more or fewer cells than the heading, so a stray delimiter or quote may have moved
    /// some. Only in CSV: a sheet's cells know their columns.
    pub moved: bool,
}

/// The rows of a file that hold something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    pub rows: Vec<RawRow>,
    pub skipped: Skipped,
    pub counted: Counted,
}

/// Reads a file, XLSX or CSV by its first bytes.
pub(super) fn read(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    if bytes.is_empty() {
        Err(ImportError::Empty)
    } else if bytes.starts_with(b"PK\x03\x04") {
        workbook::read(bytes, mapping)
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Err(ImportError::OldOrLocked)
    } else {
        read_csv(bytes, mapping)
    }
}

/// Reads CSV with the mapping's delimiter; or, where that shows no heading, with another one that does:
/// all the mapping's columns in one row are no accident.
fn read_csv(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    let text = decode(bytes, mapping.file.encoding)?;
    if text.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    let own = mapping.file.delimiter.as_bytes().first().copied().unwrap_or(b',');
    let mut nearest = match read_text(&text, own, mapping) {
        Err(error @ (ImportError::AnotherFile { .. } | ImportError::NoHeading { .. })) => error,
        read => return read,
    };
    for other in [b',', b';', b'\t'].into_iter().filter(|other| *other != own) {
        match read_text(&text, other, mapping) {
            Ok(table) => return Ok(table),
            Err(
                error @ (ImportError::NoHeading { .. }
                | ImportError::TwoColumns { .. }
                | ImportError::HeadingElsewhere { .. }),
            ) if matches!(nearest, ImportError::AnotherFile { .. }) => nearest = error,
            Err(_) => {}
        }
    }
    Err(nearest)
}

fn read_text(text: &str, delimiter: u8, mapping: &Mapping) -> Result<Table, ImportError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut sieve = Sieve::new(mapping, Counted::Line);
    let mut record = csv::StringRecord::new();
    loop {
        let (line, gap) = next_line(text, reader.position());
        if !reader.read_record(&mut record).map_err(|_| ImportError::Csv { line })? {
            return sieve.finish();
        }
        // A quote that is opened and never closed swallows the lines below it.
        if record.iter().any(|cell| cell.matches('\n').count() > 20) {
            return Err(ImportError::OpenQuote { line });
        }
        let row: Vec<Cell> = record.iter().map(|cell| Cell::from_text(cell, mapping)).collect();
        sieve.pass_over(gap);
        sieve.offer(line, &row)?;
    }
}

/// The line on which the next record begins, and how many empty lines stand before it. The reader
/// stops in the middle of a `\r\n`, and passes over empty lines without a word.
fn next_line(text: &str, position: &csv::Position) -> (u64, u64) {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let (before, rest) = text.as_bytes().split_at_checked(start).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let ends = ends.filter(|byte| **byte == b'\n').count() as u64;
    let split = before.ends_with(b"\r") && rest.starts_with(b"\n");
    (position.line() + ends, ends - u64::from(split))
}

/// The file as text. A byte-order mark beats the mapping.
fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, ImportError> {
    let (bytes, encoding) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (rest, Encoding::Utf8),
        [0xFF, 0xFE, rest @ ..] => (rest, Encoding::Utf16Le),
        [0xFE, 0xFF, rest @ ..] => (rest, Encoding::Utf16Be),
        _ => (bytes, encoding),
    };
    let wide = |unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let text = match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Encoding::Utf16Le => wide(u16::from_le_bytes),
        Encoding::Utf16Be => wide(u16::from_be_bytes),
    };
    text.filter(|text| !text.contains('\0')).ok_or(ImportError::Encoding)
}
