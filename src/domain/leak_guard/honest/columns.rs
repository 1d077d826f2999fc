//! Tables over lines: rows that repeat their shape under one label or year each, and a row of figures
//! below a row of years.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::pattern::{Pattern, pattern};
use super::super::pieces::tells_of_a_piece;
use super::super::runs::named;
use super::super::view::View;
use super::tables::{FIGURE, is_year, numbers};
use super::{Honest, Reading};

const YEAR: &str = r"(?:19|20)\d\d(?:-\d\d)?";

struct Rows {
    labelled: Pattern,
    years: Pattern,
    year_by_year: Pattern,
}

static ROWS: LazyLock<Option<Rows>> = LazyLock::new(|| {
    Some(Rows {
        labelled: pattern(&format!(
            r"(?:^|[.।!?:—]\s)[^\w\n]{{0,4}}(?P<label>[a-z\u0900-\u0965][^\d\n@₹]{{0,28}}?\d?)[\s|:,=\-]{{1,5}}(?P<n>{FIGURE}(?:[\s|,;/\-]{{1,4}}{FIGURE}){{1,8}})(?:[^\w\n]{{0,4}}$|[\s|,.;।]+[^\d\s|])"
        ))?,
        years: pattern(&format!(
            r"(?:^|:\s|\s)[^\w\n]{{0,4}}(?P<label>{YEAR})[\s|:,=\-]{{1,5}}(?P<n>{FIGURE}(?:[\s|,;/\-]{{1,4}}{FIGURE}){{0,8}})(?:[^\w\n]{{0,4}}$|[\s|,.;।]+[^\d\s|])"
        ))?,
        year_by_year: pattern(
            r"\b(?P<years>(?:19|20)\d\d(?:,\s(?:19|20)\d\d)*,?\s(?:and|aur|और|व)\s(?:19|20)\d\d)\s?:\s(?P<n>[1-9][\d,]{0,9}(?:(?:,|\sand|\saur|\sऔर|\sव|,\sand)\s[1-9][\d,]{0,9})+)\b",
        )?,
    })
});

/// The figures of tables that go over lines.
pub(super) fn readings(view: &View, found: &mut Vec<Honest>) {
    let Some(rows) = ROWS.as_ref() else { return };
    for list in rows.year_by_year.captures_iter(&view.text) {
        let (Some(years), Some(figures)) = (list.name("years"), list.name("n")) else { continue };
        let listed =
            |text: &str| text.split_whitespace().filter(|word| begins_a_number(word)).count();
        if listed(years.as_str()) == listed(figures.as_str()) {
            found.push(Honest { range: figures.range(), reading: Reading::Table });
        }
    }
    if view.text.contains('\n') {
        for row in [&rows.labelled, &rows.years] {
            tables(view, row, found);
        }
        below_years(view, found);
    }
}

fn begins_a_number(word: &str) -> bool {
    word.starts_with(|ch: char| ch.is_ascii_digit())
}

/// A line of years, and below it a figure for each.
fn below_years(view: &View, found: &mut Vec<Honest>) {
    let mut start = 0;
    let mut years = None;
    for line in view.text.split('\n') {
        let cells: Vec<&str> = line.split(['|', '\t']).map(str::trim).collect();
        let figures = |cell: &&str| {
            cell.starts_with(|ch: char| ch.is_ascii_digit())
                && cell.chars().all(|ch| ch.is_ascii_digit() || matches!(ch, ',' | '.' | '%'))
        };
        let range = start..start + line.len();
        if cells.len() > 1 && cells.iter().all(|cell| is_year(cell)) {
            years = Some((cells.len(), range));
        } else if let Some((columns, header)) = years.take()
            && columns == cells.len()
            && cells.iter().all(figures)
        {
            let rows = [header, range];
            found.extend(rows.map(|range| Honest { range, reading: Reading::Table }));
        }
        start += line.len() + 1;
    }
}

fn tables(view: &View, row: &Pattern, found: &mut Vec<Honest>) {
    const LEAST: usize = 2;
    let mut block: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in view.text.split('\n').chain(std::iter::once("")) {
        let figures = row.captures(line).and_then(|captures| {
            let called = captures.name("label").is_some_and(|label| {
                named(label.as_str()).is_some() || tells_of_a_piece(label.as_str())
            });
            let figures = captures.name("n").filter(|_| !called)?;
            let label = captures.name("label").map_or(figures.start(), |label| label.start());
            Some(start + label..start + figures.end())
        });
        match figures {
            Some(figures) => block.push(figures),
            None => {
                if block.len() >= LEAST {
                    let rows = block.iter().filter(|row| repeats(view, &block, row)).cloned();
                    found.extend(rows.map(|range| Honest { range, reading: Reading::Table }));
                }
                block.clear();
            }
        }
        start += line.len() + 1;
    }
}

/// A row of many figures is a table's only where another row has as many.
fn repeats(view: &View, block: &[Range<usize>], row: &Range<usize>) -> bool {
    const MOST: usize = 8;
    let text = |row: &Range<usize>| &view.text[row.clone()];
    let digits: usize =
        numbers(text(row)).filter(|number| !number.contains(',')).map(str::len).sum();
    let count = numbers(text(row)).count();
    digits <= MOST || block.iter().filter(|other| numbers(text(other)).count() == count).count() > 1
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::ROWS.is_some());
    }
}
