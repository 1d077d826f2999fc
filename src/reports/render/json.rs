//! The report as one JSON document, for other programs. `format` names the shape; what stands in it
//! is told in `docs/reports.md`, and a change of it gives it another name.

use serde_json::{Map, Value, json};

use super::words::Words;
use crate::reports::document::{Cell, Document, Section};

/// The name of the shape.
const SHAPE: &str = "takaza-report/1";

/// The document's text.
pub(super) fn text(document: &Document) -> anyhow::Result<Vec<u8>> {
    let words = Words::of(document)?;
    let sections: Vec<Value> = document.sections.iter().map(|one| section(one, &words)).collect();
    let value = json!({
        "format": SHAPE,
        "subject": document.subject, "edition": document.edition, "language": document.language,
        "title": document.title, "unit": document.unit,
        "from": document.from, "until": document.until,
        "as_of": document.as_of.to_string(), "zone": document.zone,
        "notes": document.notes, "sections": sections,
    });
    let mut text = serde_json::to_vec_pretty(&value)?;
    text.push(b'\n');
    Ok(text)
}

fn section(section: &Section, words: &Words) -> Value {
    let table = &section.table;
    let row = |cells: &Vec<Cell>| -> Map<String, Value> {
        let named = table.columns.iter().zip(cells);
        named.map(|(column, cell)| (column.id.to_owned(), value(cell, words))).collect()
    };
    json!({
        "id": section.id, "title": section.title, "about": section.about,
        "findings": section.findings, "chart": section.chart,
        "columns": table.columns,
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
        "total": table.total.as_ref().map(row),
    })
}

/// A value with its type, and as people read it.
fn value(cell: &Cell, words: &Words) -> Value {
    let (kind, value) = match cell {
        Cell::Text(text) => ("text", json!(text)),
        Cell::Count(count) => ("count", json!(count)),
        Cell::Money(amount) => ("paise", json!(amount.paise())),
        Cell::Dollars(amount) => ("micro_dollars", json!(amount.micros())),
        Cell::Hours(hours) => ("hours", json!(hours)),
        Cell::Share(share) => ("share", json!(share)),
        Cell::Number(number) => ("number", json!(number)),
        Cell::Day(day) => ("day", json!(day)),
        Cell::At(at) => ("at", json!(at.to_string())),
        Cell::Link(link) => ("link", json!(link)),
        Cell::Nothing(why) => ("nothing", json!(why)),
    };
    json!({"type": kind, "value": value, "said": words.cell(cell)})
}
