//! How sections say things: headings and definitions by their stable names, and values as cells.

use crate::{
    domain::{
        cost::MicroDollars,
        measures::{Spans, Sum as _},
        money::Paise,
    },
    locale::{Locale, Value},
    reports::document::{Cell, Column, Finding, Section, Table},
};

/// A share of fewer things than this says nothing: it is not told.
pub const FEWEST: u64 = 10;

/// The words of one language.
#[derive(Clone, Copy)]
pub struct Words<'a>(pub &'a Locale);

impl Words<'_> {
    /// What a key says.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn say(&self, key: &str) -> anyhow::Result<String> {
        self.0.say::<&str>(&format!("measures-{key}"), &[])
    }

    /// What a key says of numbers or words.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn with(&self, key: &str, given: &[(&str, String)]) -> anyhow::Result<String> {
        let given: Vec<(&str, Value<'_>)> =
            given.iter().map(|(name, value)| (*name, Value::from(value.as_str()))).collect();
        self.0.say(&format!("measures-{key}"), &given)
    }

    /// A section with its heading, its definition and its columns, and no rows yet.
    ///
    /// # Errors
    /// A message is missing (a mistake of ours).
    pub fn section(&self, id: &'static str, columns: &[&'static str]) -> anyhow::Result<Section> {
        let column = |id: &&'static str| Ok(Column { id, title: self.say(&format!("col-{id}"))? });
        Ok(Section {
            id,
            title: self.say(id)?,
            about: self.say(&format!("{id}-about"))?,
            findings: Vec::new(),
            chart: None,
            table: Table {
                columns: columns.iter().map(column).collect::<anyhow::Result<_>>()?,
                ..Table::default()
            },
        })
    }

    /// A sentence that a person should look at.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn warning(&self, key: &str, given: &[(&str, String)]) -> anyhow::Result<Finding> {
        Ok(Finding { warning: true, text: self.with(key, given)? })
    }

    /// A sentence about the numbers.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn finding(&self, key: &str, given: &[(&str, String)]) -> anyhow::Result<Finding> {
        Ok(Finding { warning: false, text: self.with(key, given)? })
    }

    /// A part of something, or that there is too little to tell it.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn share(&self, (part, of): (u64, u64)) -> anyhow::Result<Cell> {
        if of < FEWEST {
            return Ok(Cell::Nothing(self.with("too-few", &[("n", of.to_string())])?));
        }
        Ok(Cell::Share(part as f64 / of as f64))
    }

    /// The band of the median of times, among `of` things.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn median(&self, spans: &Spans, of: u64) -> anyhow::Result<Cell> {
        if of < FEWEST {
            return Ok(Cell::Nothing(self.with("too-few", &[("n", of.to_string())])?));
        }
        match spans.median(of) {
            None => Ok(Cell::Nothing(self.say("not-half")?)),
            Some((from, until)) => Ok(Cell::Text(self.band(from, until)?)),
        }
    }

    /// A band of times, in hours.
    ///
    /// # Errors
    /// There is no such message (a mistake of ours).
    pub fn band(&self, from: u32, until: Option<u32>) -> anyhow::Result<String> {
        let (start, end) = (from.to_string(), until.unwrap_or_default().to_string());
        match (from, until) {
            (_, None) => self.with("band-last", &[("from", start)]),
            (0, Some(_)) => self.with("band-first", &[("until", end)]),
            (_, Some(_)) => self.with("band", &[("from", start), ("until", end)]),
        }
    }
}

/// A count.
pub const fn count(n: u64) -> Cell {
    Cell::Count(n)
}

/// An amount in rupees.
pub const fn money(amount: Paise) -> Cell {
    Cell::Money(amount)
}

/// An amount in dollars.
pub const fn dollars(amount: MicroDollars) -> Cell {
    Cell::Dollars(amount)
}

/// Words.
pub fn text(words: impl Into<String>) -> Cell {
    Cell::Text(words.into())
}

/// The sum of some columns of counts and amounts, under a word in the first one.
pub fn total(word: String, rows: &[Vec<Cell>]) -> Option<Vec<Cell>> {
    let mut all = rows.first()?.clone();
    for row in &rows[1..] {
        for (sum, cell) in all.iter_mut().zip(row) {
            match (sum, cell) {
                (Cell::Count(sum), Cell::Count(more)) => sum.add(more),
                (Cell::Money(sum), Cell::Money(more)) => sum.add(more),
                (Cell::Dollars(sum), Cell::Dollars(more)) => sum.add(more),
                _ => {}
            }
        }
    }
    if let Some(first) = all.first_mut() {
        *first = Cell::Text(word);
    }
    Some(all)
}
