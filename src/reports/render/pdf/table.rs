//! Tables: columns as wide as they need, a heading that stands on each page anew, numbers to the right.

use krilla::tagging::{TableHeaderScope, Tag};

use super::{
    super::words::{Words, numeric_columns},
    layout::{Branch, DEEP, Flow, INK, Mark, RULE, SIDE, SOFT, lines_in, many, style},
    letters::{Letters, Style, Weight},
};
use crate::reports::document::{Cell, Section};

const HEADING: Style = style(Weight::Bold, 8.0, SOFT);
const VALUE: Style = style(Weight::Regular, 8.5, INK);
const TOTAL: Style = style(Weight::Bold, 8.5, INK);
const NOTHING: Style = style(Weight::Regular, 8.0, SOFT);
const LINK: Style = style(Weight::Regular, 8.0, DEEP);
/// Between a column and the next.
const GAP: f32 = 10.0;
/// Over and under the lines of a row.
const AIR: f32 = 3.0;
const STRIPE: (u8, u8, u8) = (0xf5, 0xf7, 0xf9);

struct Column {
    left: f32,
    width: f32,
    numeric: bool,
}

/// A cell's lines, and where it leads.
struct Said {
    lines: Vec<String>,
    style: Style,
    url: Option<String>,
}

/// What kind of row it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Striped,
    Total,
}

/// The least that a section's table takes in width without breaking a word.
pub(super) fn least(section: &Section, words: &Words, letters: &Letters) -> f32 {
    needs(section, words, letters).iter().map(|(least, _)| least + GAP).sum()
}

/// For each column: its longest word, and its longest line.
fn needs(section: &Section, words: &Words, letters: &Letters) -> Vec<(f32, f32)> {
    let table = &section.table;
    let column = |n: usize| {
        let title = letters.fitting(&table.columns[n].title);
        let cells = table.rows.iter().chain(&table.total).filter_map(|row| row.get(n));
        let mut need =
            (letters.widest_word(&title, HEADING), letters.width(&title, HEADING).min(90.0));
        for cell in cells {
            let said = letters.fitting(&words.cell(cell));
            let word = match cell {
                // An address is broken anywhere, a day and a share nowhere.
                Cell::Link(_) => 60.0,
                Cell::Day(_) | Cell::Share(_) => letters.width(&said, TOTAL),
                _ => letters.widest_word(&said, TOTAL),
            };
            need = (need.0.max(word), need.1.max(letters.width(&said, TOTAL)));
        }
        (need.0, need.1.max(need.0))
    };
    (0..table.columns.len()).map(column).collect()
}

/// Shares the width out: what each needs at least, the rest by what each would take.
fn columns(section: &Section, words: &Words, flow: &Flow<'_>) -> Vec<Column> {
    let needs = needs(section, words, flow.letters);
    let room = flow.width() - GAP * many(needs.len().saturating_sub(1));
    let (least, full) =
        needs.iter().fold((0.0, 0.0), |(least, full), (a, b)| (least + a, full + b));
    let width = |(a, b): &(f32, f32)| {
        if full <= room {
            // The rest goes to all alike: a table is as wide as the text around it.
            b + (room - full) / many(needs.len())
        } else if least < room {
            a + (b - a) * (room - least) / (full - least)
        } else {
            a * room / least
        }
    };
    let mut left = SIDE;
    let numeric = numeric_columns(section);
    let mut columns = Vec::new();
    for (need, numeric) in needs.iter().zip(numeric) {
        let width = width(need);
        columns.push(Column { left, width, numeric });
        left += width + GAP;
    }
    columns
}

/// Lays a section's table out.
pub(super) fn lay(section: &Section, words: &Words, flow: &mut Flow<'_>) -> Branch {
    let columns = columns(section, words, flow);
    let table = &section.table;
    let letters = flow.letters;
    let heading: Vec<Said> = table
        .columns
        .iter()
        .zip(&columns)
        .map(|(one, column)| Said {
            lines: letters.wrapped(&one.title, HEADING, column.width),
            style: HEADING,
            url: None,
        })
        .collect();
    flow.need(height(&heading) + 3.0 * VALUE.line());
    let mut said = Vec::new();
    for (cell, column) in heading.iter().zip(&columns) {
        let marks = marks(flow, cell, column, 0..cell.lines.len(), AIR);
        said.push(Branch::Group(Tag::TH(TableHeaderScope::Column).into(), vec![flow.say(marks)]));
    }
    under(flow, height(&heading));
    let head = Branch::Group(Tag::THead.into(), vec![Branch::Group(Tag::TR.into(), said)]);
    let mut body = Vec::new();
    for (n, row) in table.rows.iter().enumerate() {
        let kind = if n % 2 == 1 { Kind::Striped } else { Kind::Plain };
        body.push(lay_row(row, kind, &columns, &heading, words, flow));
    }
    let mut parts = vec![head, Branch::Group(Tag::TBody.into(), body)];
    if let Some(total) = &table.total {
        let row = lay_row(total, Kind::Total, &columns, &heading, words, flow);
        parts.push(Branch::Group(Tag::TFoot.into(), vec![row]));
    }
    Branch::Group(Tag::Table.into(), parts)
}

fn height(row: &[Said]) -> f32 {
    let tall = |said: &Said| said.style.line() * many(said.lines.len());
    row.iter().map(tall).fold(0.0, f32::max) + 2.0 * AIR
}

/// A row, on as many pages as it takes; each begins with the heading again.
fn lay_row(
    row: &[Cell],
    kind: Kind,
    columns: &[Column],
    heading: &[Said],
    words: &Words,
    flow: &mut Flow<'_>,
) -> Branch {
    let cells: Vec<Said> = row
        .iter()
        .zip(columns)
        .map(|(cell, column)| said(cell, kind, column.width, words, flow.letters))
        .collect();
    let mut leaves: Vec<Vec<Branch>> = cells.iter().map(|_| Vec::new()).collect();
    let fits_a_page = height(&cells) + height(heading) <= flow.whole();
    let longest = cells.iter().map(|one| one.lines.len()).max().unwrap_or_default();
    let mut from = 0;
    while from < longest {
        let needed = if fits_a_page { height(&cells) } else { VALUE.line() + 2.0 * AIR };
        if flow.room() < needed {
            flow.next_page();
            again(heading, columns, flow);
        }
        let until = (from + lines_in(flow.room() - 2.0 * AIR, VALUE).max(1)).min(longest);
        let tall = VALUE.line() * many(until - from) + 2.0 * AIR;
        ground(flow, kind, tall);
        for ((cell, column), leaves) in cells.iter().zip(columns).zip(&mut leaves) {
            let lines = from.min(cell.lines.len())..until.min(cell.lines.len());
            if lines.is_empty() {
                continue;
            }
            let marks = marks(flow, cell, column, lines, AIR);
            leaves.push(match &cell.url {
                Some(url) => Branch::Group(Tag::Link.into(), vec![flow.link(marks, url)]),
                None => flow.say(marks),
            });
        }
        flow.space(tall);
        from = until;
    }
    let cell = |(n, leaves): (usize, Vec<Branch>)| match n {
        0 => Branch::Group(Tag::TH(TableHeaderScope::Row).into(), leaves),
        _ => Branch::Group(Tag::TD.into(), leaves),
    };
    Branch::Group(Tag::TR.into(), leaves.into_iter().enumerate().map(cell).collect())
}

fn said(cell: &Cell, kind: Kind, width: f32, words: &Words, letters: &Letters) -> Said {
    let style = match cell {
        _ if kind == Kind::Total => TOTAL,
        Cell::Nothing(_) => NOTHING,
        Cell::Link(_) => LINK,
        _ => VALUE,
    };
    let url = match cell {
        Cell::Link(url) if url.starts_with("https://") || url.starts_with("http://") => {
            Some(url.clone())
        }
        _ => None,
    };
    Said { lines: letters.wrapped(&words.cell(cell), style, width), style, url }
}

/// Some lines of a cell.
fn marks(
    flow: &Flow<'_>,
    cell: &Said,
    column: &Column,
    lines: std::ops::Range<usize>,
    air: f32,
) -> Vec<Mark> {
    let place = |width: f32| {
        if column.numeric { column.left + column.width - width } else { column.left }
    };
    let mut marks = flow.lines(&cell.lines[lines], cell.style, place);
    for mark in &mut marks {
        if let Mark::Text { y, .. } = mark {
            *y += air;
        }
    }
    marks
}

/// The heading on a further page: it was said already.
fn again(heading: &[Said], columns: &[Column], flow: &mut Flow<'_>) {
    let cells = heading.iter().zip(columns);
    let all = cells.flat_map(|(cell, column)| marks(flow, cell, column, 0..cell.lines.len(), AIR));
    let all = all.collect();
    flow.adorn(all);
    under(flow, height(heading));
}

/// The rule under a heading of this height, and on with what is under it.
fn under(flow: &mut Flow<'_>, tall: f32) {
    flow.space(tall);
    let (x, width, y) = (SIDE, flow.width(), flow.y);
    flow.adorn(vec![Mark::Box { x, y, width, height: 0.9, colour: SOFT }]);
    flow.space(0.9);
}

/// What lies under a row: a stripe for the eye, a rule over a total.
fn ground(flow: &mut Flow<'_>, kind: Kind, tall: f32) {
    let (x, y, width) = (SIDE, flow.y, flow.width());
    let mut marks = Vec::new();
    if kind == Kind::Striped {
        marks.push(Mark::Box { x: x - 4.0, y, width: width + 8.0, height: tall, colour: STRIPE });
    }
    let colour = if kind == Kind::Total { SOFT } else { RULE };
    let line = if kind == Kind::Total { y } else { y + tall - 0.4 };
    marks.push(Mark::Box {
        x,
        y: line,
        width,
        height: if kind == Kind::Total { 0.9 } else { 0.4 },
        colour,
    });
    flow.adorn(marks);
}
