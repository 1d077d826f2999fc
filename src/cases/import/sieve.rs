//! From rows of cells to those of a table: below the heading, and only what the mapping names.

use std::collections::HashMap;

use super::{
    ImportError, Skipped,
    mapping::{Mapping, Slot},
    table::{Cell, Counted, RawRow, Table},
};
use crate::domain::spelling::{figures, label};

/// Finds the heading, then keeps the mapped cells of the rows that hold something.
pub(super) struct Sieve<'m> {
    mapping: &'m Mapping,
    /// For each heading of the mapping, the column that it stands in; once the heading is found.
    columns: Option<Vec<usize>>,
    width: usize,
    /// What the row that came nearest to being the heading lacks.
    missing: Vec<String>,
    /// Where the heading stands though the mapping does not look for it there.
    elsewhere: Option<u64>,
    rows: Vec<RawRow>,
    skipped: Skipped,
    counted: Counted,
    /// The columns of which no content is kept.
    only_filled: Vec<Slot>,
    /// What stands for their contents.
    stand_ins: HashMap<String, usize>,
}

impl<'m> Sieve<'m> {
    pub(super) fn new(mapping: &'m Mapping, counted: Counted) -> Self {
        Self {
            mapping,
            columns: None,
            width: 0,
            missing: mapping.headings.clone(),
            elsewhere: None,
            rows: Vec::new(),
            skipped: Skipped::default(),
            counted,
            only_filled: mapping.only_filled(),
            stand_ins: HashMap::new(),
        }
    }

    pub(super) fn has_heading(&self) -> bool {
        self.columns.is_some()
    }

    /// How many headings the row lacks that came nearest to being the heading.
    pub(super) fn lacks(&self) -> usize {
        if self.elsewhere.is_some() { 0 } else { self.missing.len() }
    }

    /// Counts rows without a cell.
    pub(super) fn pass_over(&mut self, rows: u64) {
        self.skipped.blank += if self.has_heading() { rows } else { 0 };
    }

    /// Takes the next row.
    pub(super) fn offer(&mut self, number: u64, row: &[Cell]) -> Result<(), ImportError> {
        let Some(columns) = &self.columns else {
            return self.look_for_heading(number, row);
        };
        let mut cells: Vec<Cell> =
            columns.iter().map(|at| row.get(*at).cloned().unwrap_or(Cell::Blank)).collect();
        if self.is_total(&cells, row) {
            self.skipped.total += 1;
        } else if cells.iter().all(Cell::is_blank) {
            self.skipped.blank += 1;
        } else if self.is_heading(&cells) {
            self.skipped.heading += 1;
        } else {
            self.stand_in(&mut cells);
            let moved = self.counted == Counted::Line && row.len() != self.width;
            self.rows.push(RawRow { number, cells, moved });
        }
        Ok(())
    }

    /// Puts a number in place of what stands in a column that only has to be filled: an account
    /// number, say. Of the content it says which other cells of this file have the same, and nothing
    /// else.
    fn stand_in(&mut self, cells: &mut [Cell]) {
        for slot in &self.only_filled {
            let cell = &mut cells[*slot];
            if matches!(cell, Cell::Text(_) | Cell::Number(_) | Cell::Time(_) | Cell::Day) {
                let content = cell.words().map_or_else(|| format!("{cell:?}"), |it| figures(&it));
                let next = self.stand_ins.len() + 1;
                let number = *self.stand_ins.entry(content).or_insert(next);
                *cell = Cell::Text(number.to_string());
            }
        }
    }

    fn look_for_heading(&mut self, number: u64, row: &[Cell]) -> Result<(), ImportError> {
        let file = &self.mapping.file;
        let looked_for = match file.header_row {
            Some(only) => number == u64::from(only),
            None => number <= u64::from(file.header_within),
        };
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
        match (missing.is_empty(), looked_for) {
            (true, true) => {
                if let Some(heading) = twice {
                    return Err(ImportError::TwoColumns { heading });
                }
                self.width = labels.len();
                self.columns = Some(columns);
            }
            (true, false) => self.elsewhere = self.elsewhere.or(Some(number)),
            (false, true) if missing.len() < self.missing.len() => self.missing = missing,
            _ => {}
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

    pub(super) fn finish(self) -> Result<Table, ImportError> {
        if self.columns.is_some() {
            let Self { rows, skipped, counted, .. } = self;
            return Ok(Table { rows, skipped, counted });
        }
        let (file, counted) = (&self.mapping.file, self.counted.word());
        let looked = match file.header_row {
            Some(only) => format!("in {counted} {only} alone (file.header_row)"),
            None => {
                let within = file.header_within;
                format!("among the first {within} {counted}s (file.header_within)")
            }
        };
        Err(if let Some(number) = self.elsewhere {
            ImportError::HeadingElsewhere { place: format!("{counted} {number}"), looked }
        } else if self.missing.len() == self.mapping.headings.len() {
            ImportError::AnotherFile { looked }
        } else {
            ImportError::NoHeading { looked, missing: self.missing.join(", ") }
        })
    }
}
