//! What commands print: a table or sentences for people, one JSON document for scripts.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use super::failure::{Failure, Outcome};

/// For commands that print data.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Format {
    /// Print one JSON document, for scripts
    #[arg(long)]
    pub(super) json: bool,
}

/// For commands that list what there may be a great many of.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Page {
    /// How many to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) limit: u32,
    /// How many to leave out before them
    #[arg(long, default_value_t = 0)]
    pub(super) skip: u32,
}

impl Format {
    /// Prints `data` as JSON, or what `people` makes of it.
    pub(super) fn print<T: Serialize>(
        self,
        data: &T,
        people: impl FnOnce(&T) -> String,
    ) -> Outcome {
        if self.json {
            let text = serde_json::to_string_pretty(data).map_err(Failure::failed)?;
            return say(&text);
        }
        say(&people(data))
    }
}

/// Writes a text and a line end to standard output. A reader that has gone is no failure of ours.
pub(super) fn say(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::Closed),
        other => other.map_err(Failure::failed),
    }
}

/// Writes a line to standard error. Where nobody reads it, there is nobody to tell.
pub(super) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
}

/// A number and what it counts, by its plural from two on.
pub(super) fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Rows under headings, in columns as wide as their widest cell.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// A table, or a sentence where there is nothing to show.
pub(super) fn table_or(headings: &[&str], rows: &[Vec<String>], nothing: &str) -> String {
    if rows.is_empty() { nothing.to_owned() } else { table(headings, rows) }
}
