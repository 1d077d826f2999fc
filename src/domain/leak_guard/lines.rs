//! The guard over JSON lines: one text in, one verdict out.
//!
//! Whoever pipes a file through the guard must never read *pass* for a line that was not judged,
//! nor lose the lines after a bad one.

use serde::{Deserialize, Serialize};

use super::{Finding, findings};

/// What the guard says of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// No identifier was found.
    Pass,
    /// At least one identifier was found.
    Refuse,
}

/// One output line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The input's own id, a string or a number, as it came.
    pub id: serde_json::Value,
    /// Pass or refuse.
    pub verdict: Judgement,
    /// Where the identifiers stand.
    pub findings: Vec<Finding>,
}

/// Why a line could not be judged. The line's own content is not repeated: it may be private.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadLine {
    /// Not JSON, or not an object with `id` and `text`.
    #[error(
        "line {line}: not a JSON object with \"id\" and \"text\" (column {column}); this line was not judged"
    )]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// Where reading stopped, counted from 1; 0 if unknown.
        column: usize,
    },
    /// The id is neither a string nor a number.
    #[error("line {line}: \"id\" must be a string or a number; this line was not judged")]
    Id {
        /// Counted from 1.
        line: usize,
    },
}

#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: String,
}

/// Judges one input line `{"id", "text"}`; `line` is its number, counted from 1, for the error.
///
/// # Errors
/// [`BadLine`] where the line is not such an object. The caller reports it and goes on.
pub fn judge_line(line: usize, json: &str) -> Result<Verdict, BadLine> {
    let read: Line = serde_json::from_str(json.trim_start_matches('\u{FEFF}'))
        .map_err(|error| BadLine::Unreadable { line, column: error.column() })?;
    if !(read.id.is_string() || read.id.is_number()) {
        return Err(BadLine::Id { line });
    }
    let findings = findings(&read.text);
    let verdict = if findings.is_empty() { Judgement::Pass } else { Judgement::Refuse };
    Ok(Verdict { id: read.id, verdict, findings })
}
