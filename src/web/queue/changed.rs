//! What changed between what somebody saw and what is there now: shown where their act is refused
//! for it. What they saw is in the record, under its hash.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::Value as Json;

use super::{
    super::{frame::Frame, problem::Problem, visit::Visit},
    difference::{Piece, pieces},
};
use crate::{
    domain::{canonical::Hash, delivery::Content},
    store::{EscalationRow, PostHistory},
};

#[derive(Template)]
#[template(path = "queue/changed.html")]
struct Changed<'a> {
    frame: &'a Frame,
    row: &'a EscalationRow,
    /// What was seen is in the record; otherwise it cannot be told what changed in the words.
    known: bool,
    texts: Vec<Told<'a>>,
}

struct Told<'a> {
    content: &'a Content,
    pieces: Vec<Piece>,
}

/// The refusal.
pub(super) async fn page(visit: &Visit, reference: &str, seen: &Hash) -> Result<Response, Problem> {
    let history = visit.store().history_of(reference).await?;
    let before = wording(&history, seen);
    let contents = &history.row.escalation.contents;
    let texts = before.iter().flatten().zip(contents);
    let told = |(old, content): (&String, _)| {
        let content: &Content = content;
        (*old != content.text).then(|| Told { content, pieces: pieces(old, &content.text) })
    };
    let page = Changed {
        frame: &visit.frame,
        row: &history.row,
        known: before.is_some(),
        texts: texts.filter_map(told).collect(),
    };
    let response = visit.page(&page)?;
    Ok((StatusCode::CONFLICT, response).into_response())
}

/// The texts of the wording with this hash, as the record has them.
fn wording(history: &PostHistory, seen: &Hash) -> Option<Vec<String>> {
    let seen = seen.to_string();
    let bodies = history.entries.iter().map(|(_, entry)| &entry.body);
    let found = bodies
        .filter(|body| body["contents"].is_array())
        .find(|body| body["hash"].as_str() == Some(seen.as_str()))?;
    let text = |content: &Json| content["text"].as_str().unwrap_or_default().to_owned();
    Some(found["contents"].as_array()?.iter().map(text).collect())
}
