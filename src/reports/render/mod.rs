//! A document as bytes: a page, a PDF, a workbook, CSV, JSON.
//!
//! The invariants: every format says the same, for each is made of the [`Document`] alone; the same
//! document gives the same bytes; no text of it becomes code (a formula, a script, a tag).

pub mod chart;
mod csv;
pub mod html;
mod json;
pub mod pdf;
pub mod words;
mod xlsx;

use std::path::Path;

use super::document::Document;
use crate::domain::action::spelled;

spelled! {
    /// How a report is written.
    Format {
        /// A page that stands alone, for a browser and for paper.
        Html = "html",
        /// A PDF.
        Pdf = "pdf",
        /// A workbook.
        Xlsx = "xlsx",
        /// Comma-separated values, every section in one file.
        Csv = "csv",
        /// JSON with typed cells.
        Json = "json",
    }
}

impl Format {
    /// What a file is, by its name's ending.
    pub fn of_file(file: &Path) -> Option<Self> {
        Self::parse(&file.extension()?.to_str()?.to_lowercase())
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// Whether a terminal can show it.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Html | Self::Csv | Self::Json)
    }
}

/// The document in a format.
///
/// # Errors
/// A message or a font is missing, which is a mistake of ours, or the zone is unknown.
pub fn render(document: &Document, format: Format) -> anyhow::Result<Vec<u8>> {
    match format {
        Format::Html => Ok(html::page(document)?.into_bytes()),
        Format::Pdf => pdf::report(document),
        Format::Xlsx => xlsx::file(document),
        Format::Csv => csv::file(document),
        Format::Json => json::text(document),
    }
}

/// The name of its file: `takaza-engagement-2026-11-01-2026-11-28.pdf`.
pub fn file_name(document: &Document, format: Format) -> String {
    let Document { subject, edition, language, from, until, .. } = document;
    format!("takaza-{subject}-{edition}-{from}-{until}-{language}.{format}")
}
