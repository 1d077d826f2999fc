//! A new wording by hand: beside the present one, with what stands against it as one types.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{
    super::{
        frame::{Frame, Words},
        problem::Problem,
        visit::Visit,
    },
    act, changed,
    difference::{Piece, pieces},
};
use crate::{
    domain::{
        canonical::Hash,
        delivery::Content,
        wording::{Objection, lengths},
    },
    store::EscalationRow,
    work::edit::{self, Against},
};

#[derive(Template)]
#[template(path = "queue/edit.html")]
struct Edit<'a> {
    frame: &'a Frame,
    row: &'a EscalationRow,
    /// What the form holds: the present texts, or what was typed.
    typed: &'a [Content],
    judged: Judged<'a>,
}

impl Edit<'_> {
    /// Each text that stands in the form, with the present one.
    fn texts(&self) -> impl Iterator<Item = (usize, &Content, &Content)> {
        let pairs = self.typed.iter().zip(&self.row.escalation.contents);
        pairs.enumerate().map(|(n, (typed, present))| (n, typed, present))
    }
}

#[derive(Template)]
#[template(path = "queue/judged.html")]
struct Judged<'a> {
    frame: &'a Frame,
    changed: bool,
    clean: bool,
    texts: Vec<Text<'a>>,
}

/// What is to say about one text.
struct Text<'a> {
    content: &'a Content,
    length: u32,
    against: Vec<String>,
    pieces: Vec<Piece>,
}

impl<'a> Judged<'a> {
    fn of(frame: &'a Frame, present: &[Content], typed: &'a [Content], against: &Against) -> Self {
        let text = |(n, (content, old)): (usize, (&'a Content, &Content))| {
            let objections = against.objections.iter().filter(|(place, _)| *place == n);
            let mut lines: Vec<String> =
                objections.map(|(_, objection)| said(&frame.words, objection)).collect();
            if against.other_numbers.contains(&n) {
                lines.push(frame.t("queue-other-numbers"));
            }
            let changed = content.text != old.text;
            Text {
                content,
                length: lengths::length(
                    content.platform,
                    &content.text,
                    content.spoiler.as_deref(),
                ),
                against: lines,
                pieces: if changed { pieces(&old.text, &content.text) } else { Vec::new() },
            }
        };
        Self {
            frame,
            changed: typed.iter().zip(present).any(|(new, old)| new.text != old.text),
            clean: against.is_nothing(),
            texts: typed.iter().zip(present).enumerate().map(text).collect(),
        }
    }
}

/// A reason in the reader's language, with its place where it has one.
fn said(words: &Words, objection: &Objection) -> String {
    let sentence = words.of("objection", objection.code());
    match objection.span() {
        Some(span) => {
            let place =
                words.with2("queue-objection-at", "from", span.start + 1, "until", span.end);
            format!("{place}: {sentence}")
        }
        None => sentence,
    }
}

/// The texts as they were typed, in the places of the present ones. Browsers send other line ends
/// than texts have.
fn typed(visit: &Visit, present: &[Content]) -> Vec<Content> {
    let texts = present.iter().enumerate().map(|(n, content)| {
        let field = format!("text-{n}");
        let given = visit.form.exact(&field).replace("\r\n", "\n");
        let given = given.trim();
        (n, if visit.form.has(&field) { given.to_owned() } else { content.text.clone() })
    });
    edit::reworded(present, texts)
}

pub(super) async fn form(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let row = visit.store().escalation(&reference).await?;
    show(&visit, &row, &row.escalation.contents).await
}

async fn show(visit: &Visit, row: &EscalationRow, typed: &[Content]) -> Result<Response, Problem> {
    let against = edit::may_be_said(visit.ctx(), row, typed).await?;
    let present = &row.escalation.contents;
    let judged = Judged::of(&visit.frame, present, typed, &against);
    visit.page(&Edit { frame: &visit.frame, row, typed, judged })
}

/// Only what stands against the texts in the form, for the page that asks as one types.
pub(super) async fn judge(
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Problem> {
    let row = visit.store().escalation(&reference).await?;
    let present = &row.escalation.contents;
    let typed = typed(&visit, present);
    let against = edit::may_be_said(visit.ctx(), &row, &typed).await?;
    visit.page(&Judged::of(&visit.frame, present, &typed, &against))
}

/// Writes the new wording where nothing stands against it; otherwise the form comes back with what
/// does, and with what was typed.
pub(super) async fn save(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let seen = Hash::parse(visit.form.get("hash")).ok_or(Problem::StaleForm)?;
    let person = visit.person()?;
    person.as_officer(visit.console.clock().now())?;
    let row = visit.store().escalation(&reference).await?;
    if row.escalation.hash() != seen {
        return changed::page(&visit, &reference, &seen).await;
    }
    let typed = typed(&visit, &row.escalation.contents);
    let nothing = typed == row.escalation.contents;
    let against = edit::may_be_said(visit.ctx(), &row, &typed).await?;
    if visit.form.get("do") == "check" || nothing || !against.is_nothing() {
        let page = show(&visit, &row, &typed).await?;
        let checked = visit.form.get("do") == "check";
        let status = if checked { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        return Ok((status, page).into_response());
    }
    let by = visit.by("queue edit")?;
    match visit.store().edit(&by, &reference, &person.id, &seen, typed).await {
        Ok(_) => visit.done(&format!("/queue/{reference}"), "queue-edit-done", &reference).await,
        Err(error) if act::moved_on(&error) => changed::page(&visit, &reference, &seen).await,
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{domain::platform::Language, locale::Locale};

    #[test]
    fn every_objection_is_said_in_both_languages() {
        let source = include_str!("../../domain/wording/objection.rs");
        let codes = source.split("pub const fn code").nth(1).unwrap_or_default();
        let codes: Vec<&str> = codes
            .lines()
            .take_while(|line| *line != "}")
            .filter_map(|line| line.split("=> \"").nth(1)?.split('"').next())
            .collect();
        assert!(codes.len() > 20, "the codes are read: {codes:?}");
        for language in Language::ALL {
            let locale = Locale::new(*language).unwrap();
            for code in &codes {
                locale.say::<&str>(&format!("objection-{code}"), &[]).unwrap();
            }
        }
    }
}
