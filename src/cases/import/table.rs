//! A file's bytes as rows of cells: only the cells of columns that the mapping names, only below
//! the heading.
//!
//! Invariant: a cell of any other column is dropped here, before anything can store it or quote
//! it, and no message of this module holds what stands in a cell.

use std::{collections::HashSet, io::Cursor};

use calamine::{DataRef, NumberFormat, Reader, Xlsx, XlsxError};
use jiff::{
    Unit,
    civil::{DateTime, Time},
};

use super::{
    ImportError, Skipped,
    mapping::{Encoding, Mapping},
};
use crate::domain::spelling::{clean, label};

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing, or a word that the mapping counts as nothing.
    Blank,
    /// Text, as a person reads it.
    Text(String),
    /// A spreadsheet's number.
    Number(f64),
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
    fn from_text(text: &str, mapping: &Mapping) -> Self {
        let text = clean(text);
        let mut start = text.chars();
        match (start.next(), start.next()) {
            _ if mapping.is_blank(&text) => Self::Blank,
            (Some('=' | '＝' | '@' | '＠'), _) => Self::Formula,
            (Some('+'), Some(next)) if !next.is_ascii_digit() => Self::Formula,
            _ => Self::Text(text),
        }
    }

    fn from_xlsx(value: &DataRef<'_>, mapping: &Mapping) -> Self {
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

/// Whether a number format shows one of these parts of a time. What is quoted, escaped or in brackets
/// is none.
fn shows(format: &str, parts: [char; 2]) -> bool {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for c in format.chars() {
        match c.to_ascii_lowercase() {
            _ if escaped => escaped = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => bracketed = true,
            ']' => bracketed = false,
            c if !bracketed && parts.contains(&c) => return true,
            _ => {}
        }
    }
    false
}

/// Whether a number format is that of a date without an hour. A built-in format of another region has
/// a number and no words here: those are dates.
fn is_hourless(format: &NumberFormat) -> bool {
    match (format.format_code.as_str(), format.format_id) {
        ("General", number) => number != Some(0),
        (code, _) => shows(code, ['d', 'y']) && !shows(code, ['h', 'h']),
    }
}

/// The cells of a sheet, by row and column, whose number format is that of a date without an hour.
/// Such a date is at midnight because nobody gave an hour, not because it was midnight.
fn hourless(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
) -> Result<HashSet<(u32, u32)>, XlsxError> {
    let mut cells = HashSet::new();
    // A sheet of charts has no cells and is none of ours.
    let Ok(mut reader) = book.worksheet_cells_reader(sheet) else { return Ok(cells) };
    let styles = reader.styles().iter();
    let styles: Vec<bool> =
        styles.map(|style| style.number_format.as_ref().is_some_and(is_hourless)).collect();
    if !styles.contains(&true) {
        return Ok(cells);
    }
    while let Some((row, column, style)) = reader.next_style_id()? {
        if styles.get(style) == Some(&true) {
            cells.insert((row, column));
        }
    }
    Ok(cells)
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

/// A row below the heading.
#[derive(Debug)]
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
#[derive(Debug)]
pub(super) struct Table {
    pub rows: Vec<RawRow>,
    pub skipped: Skipped,
    /// What a row's number counts: "row" or "line".
    pub unit: &'static str,
}

/// Reads a file, XLSX or CSV by its first bytes.
pub(super) fn read(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    if bytes.starts_with(b"PK\x03\x04") {
        read_xlsx(bytes, mapping)
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Err(ImportError::OldOrLocked)
    } else {
        read_csv(bytes, mapping)
    }
}

fn read_xlsx(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    let damaged = |_: XlsxError| ImportError::Damaged;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut names = book.sheet_names();
    if let Some(wanted) = &mapping.file.sheet {
        if !names.iter().any(|name| label(name) == label(wanted)) {
            return Err(ImportError::NoSheet { wanted: wanted.clone(), found: names.join(", ") });
        }
        names.retain(|name| label(name) == label(wanted));
    }
    let mut nearest = Sieve::new(mapping, "row");
    for name in names {
        let mut sieve = Sieve::new(mapping, "row");
        let hourless = hourless(&mut book, &name).map_err(damaged)?;
        // A sheet of charts has no cells and is none of ours.
        if let Ok(mut reader) = book.worksheet_cells_reader(&name) {
            let (mut at, mut row) = (0, Vec::new());
            while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(damaged)? {
                let (number, column) = (u64::from(cell.pos.0) + 1, cell.pos.1 as usize);
                if number != at && at != 0 {
                    sieve.offer(at, &row, number.saturating_sub(at + 1))?;
                    row.clear();
                }
                at = number;
                if row.len() <= column {
                    row.resize(column + 1, Cell::Blank);
                }
                row[column] = match (cell.formula, Cell::from_xlsx(&cell.value, mapping)) {
                    (Some(_), _) => Cell::Formula,
                    (None, Cell::Time(civil))
                        if civil.time() == Time::midnight() && hourless.contains(&cell.pos) =>
                    {
                        Cell::Day
                    }
                    (None, read) => read,
                };
            }
            sieve.offer(at, &row, 0)?;
        }
        if sieve.columns.is_some() {
            return sieve.finish();
        }
        if sieve.missing.len() <= nearest.missing.len() {
            nearest = sieve;
        }
    }
    nearest.finish()
}

fn read_csv(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    let text = decode(bytes, mapping.file.encoding)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(mapping.file.delimiter.as_bytes().first().copied().unwrap_or(b','))
        .from_reader(text.as_bytes());
    let mut sieve = Sieve::new(mapping, "line");
    let mut record = csv::StringRecord::new();
    loop {
        let (line, gap) = next_line(&text, reader.position());
        if !reader.read_record(&mut record).map_err(|_| ImportError::Csv { line })? {
            return sieve.finish();
        }
        // A quote that is opened and never closed swallows the lines below it.
        if record.iter().any(|cell| cell.matches('\n').count() > 20) {
            return Err(ImportError::OpenQuote { line });
        }
        let row: Vec<Cell> = record.iter().map(|cell| Cell::from_text(cell, mapping)).collect();
        sieve.skipped.blank += if sieve.columns.is_some() { gap } else { 0 };
        sieve.offer(line, &row, 0)?;
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

/// Finds the heading, then keeps the mapped cells of the rows that hold something.
struct Sieve<'m> {
    mapping: &'m Mapping,
    /// For each heading of the mapping, the column that it stands in; once the heading is found.
    columns: Option<Vec<usize>>,
    width: usize,
    /// What the row that came nearest to being the heading lacks.
    missing: Vec<String>,
    rows: Vec<RawRow>,
    skipped: Skipped,
    unit: &'static str,
}

impl<'m> Sieve<'m> {
    fn new(mapping: &'m Mapping, unit: &'static str) -> Self {
        let (rows, skipped) = (Vec::new(), Skipped::default());
        let missing = mapping.headings.clone();
        Self { mapping, columns: None, width: 0, missing, rows, skipped, unit }
    }

    /// Takes the next row; `gap` rows without a cell follow it.
    fn offer(&mut self, number: u64, row: &[Cell], gap: u64) -> Result<(), ImportError> {
        let Some(columns) = &self.columns else {
            return self.look_for_heading(number, row);
        };
        self.skipped.blank += gap;
        let cells: Vec<Cell> =
            columns.iter().map(|at| row.get(*at).cloned().unwrap_or(Cell::Blank)).collect();
        if self.is_total(&cells, row) {
            self.skipped.total += 1;
        } else if cells.iter().all(Cell::is_blank) {
            self.skipped.blank += 1;
        } else if self.is_heading(&cells) {
            self.skipped.heading += 1;
        } else {
            let moved = self.unit == "line" && row.len() != self.width;
            self.rows.push(RawRow { number, cells, moved });
        }
        Ok(())
    }

    fn look_for_heading(&mut self, number: u64, row: &[Cell]) -> Result<(), ImportError> {
        let file = &self.mapping.file;
        let looked_for = match file.header_row {
            Some(only) => number == u64::from(only),
            None => number <= u64::from(file.header_within),
        };
        if !looked_for {
            return Ok(());
        }
        let labels: Vec<String> =
            row.iter().map(|cell| label(&cell.words().unwrap_or_default())).collect();
        let (mut columns, mut missing, mut twice) = (Vec::new(), Vec::new(), None);
        for heading in &self.mapping.headings {
            let wanted = label(heading);
            let mut places = labels.iter().enumerate().filter(|(_, label)| **label == wanted);
            match places.next() {
                Some((at, _)) => columns.push(at),
                None => missing.push(heading.clone()),
            }
            twice = twice.or(places.next().map(|_| heading.clone()));
        }
        if missing.is_empty() {
            if let Some(heading) = twice {
                return Err(ImportError::TwoColumns { heading });
            }
            self.width = labels.len();
            self.columns = Some(columns);
        } else if missing.len() < self.missing.len() {
            self.missing = missing;
        }
        Ok(())
    }

    /// A row of sums: labelled so in any of its cells, and without what makes a request.
    fn is_total(&self, cells: &[Cell], row: &[Cell]) -> bool {
        let fields = &self.mapping.fields;
        let total = |cell: &Cell| matches!(cell, Cell::Text(text) if self.mapping.is_total(text));
        [fields.external_id, fields.kind, fields.status, fields.requested_at]
            .into_iter()
            .all(|slot| cells[slot].is_blank() || total(&cells[slot]))
            && row.iter().any(total)
    }

    /// The heading again, as on each page of a printed sheet.
    fn is_heading(&self, cells: &[Cell]) -> bool {
        cells.iter().zip(&self.mapping.headings).all(
            |(cell, heading)| matches!(cell, Cell::Text(text) if label(text) == label(heading)),
        )
    }

    fn finish(self) -> Result<Table, ImportError> {
        if self.columns.is_none() {
            return Err(ImportError::NoHeading { missing: self.missing.join(", ") });
        }
        Ok(Table { rows: self.rows, skipped: self.skipped, unit: self.unit })
    }
}
