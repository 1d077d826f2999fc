//! One file for a spreadsheet or a script. The first two cells of each line say which part of the
//! report it belongs to and what it is (`columns`, `headings`, `row`, `total`, …); values are plain:
//! rupees and dollars with a point, hours and shares as decimals, days and times in ISO 8601.
//!
//! The invariant: no text is read as a formula when a spreadsheet opens the file.

use jiff::Unit;

use super::words::Words;
use crate::reports::document::{Cell, Document, Section};

/// Spreadsheets take a file for UTF-8 only where it begins with this.
const MARK: &str = "\u{feff}";

/// The file.
pub(super) fn file(document: &Document) -> anyhow::Result<Vec<u8>> {
    let words = Words::of(document)?;
    let mut out = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(MARK.as_bytes().to_vec());
    let heads = [
        ("subject", document.subject.to_string()),
        ("title", text(&document.title)),
        ("edition", document.edition.to_string()),
        ("language", document.language.to_string()),
        ("unit", text(&document.unit)),
        ("from", document.from.to_string()),
        ("until", document.until.to_string()),
        ("as-of", plain(&Cell::At(document.as_of), &words)),
        ("zone", document.zone.clone()),
    ];
    for (name, value) in &heads {
        out.write_record(["report", name, value])?;
    }
    for note in &document.notes {
        out.write_record(["report", "note", &text(note)])?;
    }
    for section in &document.sections {
        write(section, &words, &mut out)?;
    }
    Ok(out.into_inner()?)
}

fn write(
    section: &Section,
    words: &Words,
    out: &mut csv::Writer<Vec<u8>>,
) -> Result<(), csv::Error> {
    let mut line = |kind: &str, cells: Vec<String>| {
        let start = [section.id.to_owned(), kind.to_owned()];
        out.write_record(start.into_iter().chain(cells))
    };
    line("title", vec![text(&section.title)])?;
    line("about", vec![text(&section.about)])?;
    for finding in &section.findings {
        let kind = if finding.warning { "warning" } else { "finding" };
        line(kind, vec![text(&finding.text)])?;
    }
    let columns = &section.table.columns;
    line("columns", columns.iter().map(|column| column.id.to_owned()).collect())?;
    line("headings", columns.iter().map(|column| text(&column.title)).collect())?;
    let cells = |row: &[Cell]| row.iter().map(|cell| plain(cell, words)).collect();
    for row in &section.table.rows {
        line("row", cells(row))?;
    }
    section.table.total.iter().try_for_each(|row| line("total", cells(row)))
}

/// A value as a machine reads it.
fn plain(cell: &Cell, words: &Words) -> String {
    match cell {
        Cell::Text(said) | Cell::Link(said) => text(said),
        Cell::Count(count) => count.to_string(),
        Cell::Money(amount) => {
            let paise = amount.paise();
            let sign = if paise < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", paise.unsigned_abs() / 100, paise.unsigned_abs() % 100)
        }
        Cell::Dollars(amount) => amount.to_string().replace('$', ""),
        Cell::Hours(number) | Cell::Share(number) | Cell::Number(number) => number.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::At(at) => {
            let zoned = at.in_zone(words.zone());
            let zoned = zoned.round(Unit::Second).unwrap_or(zoned);
            zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }
        Cell::Nothing(why) if why.is_empty() => String::new(),
        Cell::Nothing(why) => format!("({why})"),
    }
}

/// A text, with a quote before it where a spreadsheet would take it for a formula.
fn text(said: &str) -> String {
    let first = said.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    let formula = |c: char| "=+-@\t\r\n＝＋－＠|%".contains(c);
    if first.is_some_and(formula) { format!("'{said}") } else { said.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for said in ["=1+1", "+91", "-2", "@SUM(A1)", "\t=1", "  =cmd|'/c'!A1", "＝1", "%0A=1"] {
            assert_eq!(text(said), format!("'{said}"));
        }
        for said in ["Neem Bank", "नीम बैंक", "5-3", "", "(too few)"] {
            assert_eq!(text(said), said);
        }
    }
}
