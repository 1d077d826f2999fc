//! An XLSX workbook as rows of cells.

use std::{collections::HashSet, io::Cursor};

use calamine::{NumberFormat, Reader, Xlsx, XlsxError};
use jiff::civil::Time;

use super::{
    ImportError,
    mapping::Mapping,
    sieve::Sieve,
    table::{Cell, Counted, Table},
};
use crate::domain::spelling::label;

/// Reads the mapping's sheet, or the first one that has its heading.
pub(super) fn read(bytes: &[u8], mapping: &Mapping) -> Result<Table, ImportError> {
    let damaged = |_: XlsxError| ImportError::Damaged;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut names = book.sheet_names();
    if let Some(wanted) = &mapping.file.sheet {
        if !names.iter().any(|name| label(name) == label(wanted)) {
            return Err(ImportError::NoSheet { wanted: wanted.clone(), found: names.join(", ") });
        }
        names.retain(|name| label(name) == label(wanted));
    }
    let mut nearest = Sieve::new(mapping, Counted::Row);
    for name in names {
        let mut sieve = Sieve::new(mapping, Counted::Row);
        let hourless = hourless(&mut book, &name).map_err(damaged)?;
        // A sheet of charts has no cells and is none of ours.
        if let Ok(mut reader) = book.worksheet_cells_reader(&name) {
            let (mut at, mut row) = (0, Vec::new());
            while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(damaged)? {
                let (number, column) = (u64::from(cell.pos.0) + 1, cell.pos.1 as usize);
                if number != at && at != 0 {
                    sieve.pass_over(number.saturating_sub(at + 1));
                    sieve.offer(at, &row)?;
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
            sieve.offer(at, &row)?;
        }
        if sieve.has_heading() {
            return sieve.finish();
        }
        if sieve.lacks() <= nearest.lacks() {
            nearest = sieve;
        }
    }
    nearest.finish()
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
fn hourless(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<HashSet<(u32, u32)>, XlsxError> {
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
