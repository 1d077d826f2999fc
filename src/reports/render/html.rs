//! A report as HTML: a whole page that stands alone, for `--format html` and for paper, and the part
//! that the console puts into its own frame. No script, nothing of another host.

use askama::Template;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    chart,
    words::{Words, numeric_columns},
};
use crate::{
    domain::platform::Language,
    reports::document::{Cell, Document, Finding, Section},
};

/// One section, ready to be written.
struct Part<'a> {
    id: &'a str,
    title: &'a str,
    about: &'a str,
    findings: &'a [Finding],
    chart: Option<String>,
    headings: Vec<Heading<'a>>,
    rows: Vec<Vec<Value>>,
    total: Option<Vec<Value>>,
}

struct Heading<'a> {
    title: &'a str,
    numeric: bool,
}

/// One cell.
struct Value {
    said: String,
    /// It stands to the right.
    numeric: bool,
    /// There is nothing: it is said softly.
    nothing: bool,
    /// It can be followed.
    link: bool,
}

impl<'a> Part<'a> {
    fn of(section: &'a Section, words: &Words) -> Self {
        let numeric = numeric_columns(section);
        let row = |cells: &Vec<Cell>| -> Vec<Value> {
            let value = |(cell, numeric): (&Cell, &bool)| Value {
                said: words.cell(cell),
                numeric: *numeric,
                nothing: matches!(cell, Cell::Nothing(_)),
                // Only what is plainly a page's address becomes one.
                link: matches!(cell, Cell::Link(url) if url.starts_with("https://") || url.starts_with("http://")),
            };
            cells.iter().zip(&numeric).map(value).collect()
        };
        let table = &section.table;
        let heading = |(column, numeric): (&'a crate::reports::document::Column, &bool)| Heading {
            title: &column.title,
            numeric: *numeric,
        };
        Self {
            id: section.id,
            title: &section.title,
            about: &section.about,
            findings: &section.findings,
            chart: section.chart.as_ref().map(|one| chart::svg(one, section.id, &section.title)),
            headings: table.columns.iter().zip(&numeric).map(heading).collect(),
            rows: table.rows.iter().map(row).collect(),
            total: table.total.as_ref().map(row),
        }
    }
}

#[derive(Template)]
#[template(path = "body.html")]
struct Body<'a> {
    parts: Vec<Part<'a>>,
    notes: &'a [String],
    before: String,
    warning: String,
    no_rows: String,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    document: &'a Document,
    days: String,
    as_of: String,
    edition: String,
    /// The bundled font in base64, where the page needs letters that not every machine has.
    font: Option<String>,
    body: String,
}

/// Devanagari in all its weights, compressed.
const FONT: &[u8] = include_bytes!("../../web/assets/noto-sans-devanagari.woff2");

/// The notes and sections of a report, for a page that has its heading already.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn body(document: &Document) -> anyhow::Result<String> {
    let words = Words::of(document)?;
    let body = Body {
        parts: document.sections.iter().map(|section| Part::of(section, &words)).collect(),
        notes: &document.notes,
        before: words.t("rendered-notes")?,
        warning: words.t("rendered-warning")?,
        no_rows: words.t("rendered-no-rows")?,
    };
    Ok(body.render()?)
}

/// The line under a report's heading: its days, as of when, for whom.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn about(document: &Document) -> anyhow::Result<[String; 3]> {
    let words = Words::of(document)?;
    Ok([words.days(document)?, words.as_of(document)?, words.edition(document)?])
}

/// The whole page.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub(super) fn page(document: &Document) -> anyhow::Result<String> {
    let [days, as_of, edition] = about(document)?;
    let body = body(document)?;
    let font = (document.language == Language::Hi).then(|| BASE64_STANDARD.encode(FONT));
    Ok(Page { document, days, as_of, edition, font, body }.render()?)
}
