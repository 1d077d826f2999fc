//! The unit's own figures for its reports, by a second configured query: one row a day.

use super::{
    columns::{self, Cell, Fault},
    plan::{Described, Dialect, Statement, as_text, derived, quoted},
};
use crate::{
    cases::{FiguresRow, RejectedRow},
    domain::measures::DayFigures,
};

const COLUMNS: [&str; 5] = ["day", "complaints", "amount_defrauded", "amount_recovered", "arrests"];

/// The wrapped query; an error says what is missing.
pub(super) fn statement(
    dialect: Dialect,
    query: &str,
    described: &[Described],
) -> Result<Statement, String> {
    let mut casts = Vec::new();
    let mut missing = Vec::new();
    for wanted in COLUMNS {
        match described.iter().find(|column| column.name.eq_ignore_ascii_case(wanted)) {
            Some(column) => {
                casts.push(as_text(dialect, &format!("q.{}", quoted(dialect, &column.name))));
            }
            None => missing.push(wanted),
        }
    }
    if !missing.is_empty() {
        return Err(format!("the query of the figures must also select {}", missing.join(", ")));
    }
    let sql = format!("SELECT {} FROM {}", casts.join(", "), derived(query));
    Ok(Statement { sql, binds: Vec::new() })
}

/// One day, from cells in the order of the statement.
pub(super) fn read(cells: &[Cell]) -> FiguresRow {
    let figures = || -> Result<DayFigures, (usize, Fault)> {
        Ok(DayFigures {
            day: must(cells, 0, columns::day)?,
            complaints: must(cells, 1, columns::count)?,
            amount_defrauded: must(cells, 2, columns::rupees)?,
            amount_recovered: must(cells, 3, columns::rupees)?,
            arrests: must(cells, 4, columns::count)?,
        })
    };
    figures().map_err(|(place, fault)| RejectedRow {
        external_id: None,
        place: must(cells, 0, columns::day).map(|day| day.to_string()).unwrap_or_default(),
        reason: format!("{} {fault}", COLUMNS[place]),
    })
}

fn must<T>(
    cells: &[Cell],
    place: usize,
    parse: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<T, (usize, Fault)> {
    cells
        .get(place)
        .map_or(Ok(None), columns::text)
        .and_then(|text| text.map(parse).transpose())
        .and_then(|value| value.ok_or("is empty"))
        .map_err(|fault| (place, fault))
}
