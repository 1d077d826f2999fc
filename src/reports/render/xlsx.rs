//! A report as a workbook: a first sheet that says what it is, then a sheet a measure, with real
//! numbers, days and times that can be reckoned with.
//!
//! The invariant: a text is written as a text, whatever it begins with; no formula comes from one.

use jiff::civil::DateTime;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook,
    Worksheet, XlsxError,
};

use super::words::Words;
use crate::reports::document::{Cell, Document, Section};

/// Rupees as India groups them.
const RUPEES: &str = "[>=10000000][$₹]##\\,##\\,##\\,##0;[>=100000][$₹]##\\,##\\,##0;[$₹]##,##0";
const COUNT: &str = "[>=10000000]##\\,##\\,##\\,##0;[>=100000]##\\,##\\,##0;##,##0";
/// No column is wider than this, in letters.
const WIDEST: f64 = 60.0;
/// A cell holds no more letters than this.
const LONGEST: usize = 32_000;

/// The file.
pub(super) fn file(document: &Document) -> anyhow::Result<Vec<u8>> {
    let words = Words::of(document)?;
    let mut book = Workbook::new();
    let made = document.as_of.in_zone(&jiff::tz::TimeZone::UTC).datetime();
    let properties = DocProperties::new()
        .set_title(&document.title)
        .set_author(&document.unit)
        .set_creation_datetime(&excel(made)?);
    book.set_properties(&properties);
    about(document, &words, book.add_worksheet())?;
    for section in &document.sections {
        measure(section, &words, book.add_worksheet())?;
    }
    Ok(book.save_to_buffer()?)
}

fn wrapped() -> Format {
    Format::new().set_text_wrap().set_align(FormatAlign::Top)
}

fn heading() -> Format {
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_background_color(Color::RGB(0x00E8_F0F8))
        .set_border_bottom(FormatBorder::Thin)
}

/// The first sheet: what it is, and what each measure means.
fn about(document: &Document, words: &Words, sheet: &mut Worksheet) -> anyhow::Result<()> {
    sheet.set_name(words.t("rendered-about")?)?;
    sheet.set_column_width(0, 24)?.set_column_width(1, 34)?.set_column_width(2, 90)?;
    let title = Format::new().set_bold().set_font_size(16);
    sheet.write_string_with_format(0, 0, &document.title, &title)?;
    let bold = Format::new().set_bold().set_align(FormatAlign::Top);
    let heads = [
        ("rendered-unit", document.unit.clone()),
        ("rendered-covers", words.days(document)?),
        ("rendered-true", words.as_of(document)?),
        ("rendered-edition", words.edition(document)?),
    ];
    let mut row = 2;
    for (key, value) in &heads {
        sheet.write_string_with_format(row, 0, words.t(key)?, &bold)?;
        sheet.write_string(row, 1, cut(value))?;
        row += 1;
    }
    for note in &document.notes {
        sheet.write_string_with_format(row, 0, words.t("rendered-notes")?, &bold)?;
        sheet.merge_range(row, 1, row, 2, &cut(note), &wrapped())?;
        row += 1;
    }
    row += 1;
    for (column, key) in (0..).zip(["rendered-sheet", "rendered-measure", "rendered-definition"]) {
        sheet.write_string_with_format(row, column, words.t(key)?, &heading())?;
    }
    for section in &document.sections {
        row += 1;
        let link = Url::new(format!("internal:'{}'!A1", section.id)).set_text(section.id);
        sheet.write_url(row, 0, link)?;
        sheet.write_string_with_format(row, 1, cut(&section.title), &wrapped())?;
        sheet.write_string_with_format(row, 2, cut(&section.about), &wrapped())?;
        for finding in &section.findings {
            row += 1;
            let mark =
                if finding.warning { words.t("rendered-warning")? } else { "–".to_owned() };
            sheet.write_string_with_format(row, 1, mark, &wrapped())?;
            sheet.write_string_with_format(row, 2, cut(&finding.text), &wrapped())?;
        }
    }
    Ok(())
}

/// A measure's sheet: its table alone, from the first cell, so that it can be sorted and taken along.
fn measure(section: &Section, words: &Words, sheet: &mut Worksheet) -> anyhow::Result<()> {
    sheet.set_name(section.id)?;
    sheet.set_freeze_panes(1, 1)?.set_repeat_rows(0, 0)?.set_landscape().set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    let table = &section.table;
    for (n, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, n, cut(&column.title), &heading())?;
        let cells =
            || table.rows.iter().chain(&table.total).filter_map(|row| row.get(usize::from(n)));
        let long = cells().map(|cell| letters(&words.cell(cell))).max().unwrap_or_default();
        let long = f64::from(u16::try_from(long.max(8)).unwrap_or(u16::MAX)) * 1.15 + 3.0;
        sheet.set_column_width(n, long.min(WIDEST))?;
    }
    let mut last = 0;
    for (line, row) in (1..).zip(&table.rows) {
        write(sheet, line, row, &Format::new(), words)?;
        last = line;
    }
    let columns = u16::try_from(table.columns.len()).unwrap_or(u16::MAX);
    if last > 0 && columns > 0 {
        sheet.autofilter(0, 0, last, columns - 1)?;
    }
    if let Some(total) = &table.total {
        // Beneath the filter's rows, so that sorting leaves it where it is.
        let bold = Format::new().set_bold().set_border_top(FormatBorder::Thin);
        write(sheet, last + 1, total, &bold, words)?;
    }
    Ok(())
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).count()
}

fn write(
    sheet: &mut Worksheet,
    line: u32,
    row: &[Cell],
    base: &Format,
    words: &Words,
) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(row) {
        let format = match number_format(cell) {
            Some(code) => base.clone().set_num_format(code),
            None => base.clone(),
        };
        match value(cell) {
            Some(number) => sheet.write_number_with_format(line, column, number, &format)?,
            None => other(sheet, (line, column), cell, &format, words)?,
        };
    }
    Ok(())
}

/// A cell that is no number.
fn other<'a>(
    sheet: &'a mut Worksheet,
    (line, column): (u32, u16),
    cell: &Cell,
    format: &Format,
    words: &Words,
) -> Result<&'a mut Worksheet, XlsxError> {
    match cell {
        Cell::Day(day) => {
            let day = excel(day.at(0, 0, 0, 0))?;
            sheet.write_datetime_with_format(line, column, &day, format)
        }
        Cell::At(at) => {
            let at = excel(at.in_zone(words.zone()).datetime())?;
            sheet.write_datetime_with_format(line, column, &at, format)
        }
        Cell::Link(url) if url.starts_with("https://") && url.len() < 2000 => {
            sheet.write_url(line, column, url.as_str())
        }
        Cell::Nothing(_) => {
            let soft =
                format.clone().set_font_color(Color::RGB(0x0056_5F6C)).set_align(FormatAlign::Left);
            sheet.write_string_with_format(line, column, cut(&words.cell(cell)), &soft)
        }
        _ => sheet.write_string_with_format(line, column, cut(&words.cell(cell)), format),
    }
}

/// A number that a sheet can reckon with. Whole rupees and paise up to 90 lakh crore are exact in it.
#[expect(clippy::cast_precision_loss, reason = "a sheet's numbers are doubles")]
fn value(cell: &Cell) -> Option<f64> {
    let number = match cell {
        Cell::Count(count) => *count as f64,
        Cell::Money(amount) => amount.paise() as f64 / 100.0,
        Cell::Dollars(amount) => amount.micros() as f64 / 1_000_000.0,
        Cell::Hours(number) | Cell::Share(number) | Cell::Number(number) => *number,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn number_format(cell: &Cell) -> Option<&'static str> {
    match cell {
        Cell::Count(_) => Some(COUNT),
        Cell::Money(_) => Some(RUPEES),
        Cell::Dollars(_) => Some("[$$-409]0.00####"),
        Cell::Hours(_) => Some("#,##0.0"),
        Cell::Share(_) => Some("0.0%"),
        Cell::Number(_) => Some("0.00"),
        Cell::Day(_) => Some("d mmm yyyy"),
        Cell::At(_) => Some("d mmm yyyy hh:mm"),
        Cell::Text(_) | Cell::Link(_) | Cell::Nothing(_) => None,
    }
}

fn excel(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    ExcelDateTime::from_ymd(
        u16::try_from(at.year()).unwrap_or_default(),
        small(at.month()),
        small(at.day()),
    )?
    .and_hms(u16::from(small(at.hour())), small(at.minute()), f64::from(at.second()))
}

/// What a cell holds of a text.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
