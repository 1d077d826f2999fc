//! A report as a PDF for a desk and an archive: A4, wrapped and paged, with bookmarks, its language,
//! and a tree of tags that reads it out (PDF/UA-1). What is copied from it is the text.
//!
//! First everything is laid out (`layout`, `table`), then the pages, whose number is known by
//! then, are drawn (`draw`).

mod draw;
mod layout;
mod letters;
mod table;

use std::num::NonZeroU16;

use krilla::tagging::{ListNumbering, Tag};

use self::{
    layout::{BAD, Bookmark, Branch, DEEP, Flow, INK, Mark, SIDE, SOFT, many, style},
    letters::{Letters, Style, Weight},
};
use super::{
    chart::{self, Picture},
    words::Words,
};
use crate::{
    domain::{platform::Language, time::Timestamp},
    reports::document::{Chart, Document, Finding, Section},
};

/// A4, in points.
const A4: (f32, f32) = (595.28, 841.89);
/// A chart is no wider than this.
const CHART: f32 = 500.0;

/// A chart of many bars begins on a page that has so much room left for it.
const WORTH_BEGINNING: f32 = 180.0;

const UNIT: Style = style(Weight::Bold, 10.0, DEEP);
const TITLE: Style = style(Weight::Bold, 20.0, INK);
const DAYS: Style = style(Weight::Regular, 11.5, INK);
const FINE: Style = style(Weight::Regular, 9.0, SOFT);
const HEADING: Style = style(Weight::Bold, 13.5, DEEP);
const BODY: Style = style(Weight::Regular, 10.0, INK);
const WARNING: Style = style(Weight::Regular, 10.0, BAD);

/// What is put on paper.
pub struct Paper<'a> {
    /// The language of its texts.
    pub language: Language,
    /// Whose it is.
    pub unit: &'a str,
    /// Its heading.
    pub title: &'a str,
    /// What stands below the heading, and at the head of each page: which days, or made by whom.
    pub under: String,
    /// What stands at the foot of each page: as of when, for whom.
    pub fine: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// What must be known before it is read.
    pub notes: &'a [String],
    /// Its parts.
    pub sections: &'a [Section],
    /// What is said under a part that has no rows.
    pub none: fn(&Section, &Words) -> anyhow::Result<String>,
}

/// A report as a file.
pub(super) fn report(document: &Document) -> anyhow::Result<Vec<u8>> {
    let words = Words::of(document)?;
    let paper = Paper {
        language: document.language,
        unit: &document.unit,
        title: &document.title,
        under: words.days(document)?,
        fine: format!("{} · {}", words.as_of(document)?, words.edition(document)?),
        made_at: document.as_of,
        notes: &document.notes,
        sections: &document.sections,
        none: |_, words| words.t("rendered-no-rows"),
    };
    file(&paper, &words)
}

/// The file.
///
/// # Errors
/// A message or a font is missing, which is a mistake of ours.
pub fn file(paper: &Paper<'_>, words: &Words) -> anyhow::Result<Vec<u8>> {
    let letters = Letters::new()?;
    let mut flow = Flow::new(&letters, sheet(paper, words, &letters));
    let mut tree = head(paper, &mut flow);
    if paper.sections.is_empty() {
        let said = flow.paragraph(&words.t("rendered-no-rows")?, BODY, 0.0);
        tree.push(Branch::Group(Tag::P.into(), said));
    }
    for section in paper.sections {
        tree.push(lay(section, paper.none, words, &mut flow)?);
    }
    draw::file(paper, words, flow, tree)
}

/// Upright, or across where a table would break its words.
fn sheet(paper: &Paper<'_>, words: &Words, letters: &Letters) -> (f32, f32) {
    let upright = Flow::new(letters, A4).width();
    let least = paper.sections.iter().map(|section| table::least(section, words, letters));
    if least.fold(0.0, f32::max) > upright { (A4.1, A4.0) } else { A4 }
}

fn heading(level: u16, title: &str) -> krilla::tagging::TagKind {
    let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    Tag::Hn(level, Some(title.to_owned())).into()
}

/// What stands above everything: whose, what, which days, as of when, for whom; and what must be
/// known before it is read.
fn head(paper: &Paper<'_>, flow: &mut Flow<'_>) -> Vec<Branch> {
    flow.y -= 14.0;
    let mut tree = vec![Branch::Group(Tag::P.into(), flow.paragraph(paper.unit, UNIT, 0.0))];
    flow.bookmarks.push(Bookmark { title: paper.title.to_owned(), page: 0, y: flow.y });
    let title = flow.paragraph(paper.title, TITLE, 0.0);
    tree.push(Branch::Group(heading(1, paper.title), title));
    let under = flow.paragraph(&paper.under, DAYS, 0.0);
    tree.push(Branch::Group(Tag::P.into(), under));
    tree.push(Branch::Group(Tag::P.into(), flow.paragraph(&paper.fine, FINE, 0.0)));
    flow.space(7.0);
    let (x, y, width) = (SIDE, flow.y, flow.width());
    flow.adorn(vec![Mark::Box { x, y, width, height: 1.6, colour: DEEP }]);
    flow.space(14.0);
    for note in paper.notes {
        let lines = flow.letters.wrapped(note, BODY, flow.width() - 14.0);
        let tall = BODY.line() * many(lines.len()) + 8.0;
        flow.need(tall);
        let (x, y) = (SIDE, flow.y);
        flow.adorn(vec![
            Mark::Box { x, y, width: flow.width(), height: tall, colour: (0xff, 0xf6, 0xe6) },
            Mark::Box { x, y, width: 3.0, height: tall, colour: (0xb9, 0x77, 0x00) },
        ]);
        flow.space(4.0);
        tree.push(Branch::Group(Tag::P.into(), flow.paragraph(note, BODY, 12.0)));
        flow.space(8.0);
    }
    tree
}

/// A section: what it opens with stays with its chart, or with the first rows of its table.
fn lay(
    section: &Section,
    none: fn(&Section, &Words) -> anyhow::Result<String>,
    words: &Words,
    flow: &mut Flow<'_>,
) -> anyhow::Result<Branch> {
    flow.space(14.0);
    let opening = opening(section, flow);
    let width = flow.width().min(CHART);
    let here = flow.room() - opening;
    let tall = if here >= WORTH_BEGINNING { here } else { flow.whole() - opening };
    let pictures = section.chart.as_ref().map_or_else(Vec::new, |chart| {
        chart::draw_within(chart, chart::WIDTH * f64::from(tall / width))
    });
    let first = pictures.first().map_or(6.0 * BODY.line(), |one| height(one, width));
    flow.need(opening + first);
    let page = flow.pages.len() - 1;
    flow.bookmarks.push(Bookmark { title: section.title.clone(), page, y: flow.y });
    let title = flow.paragraph(&section.title, HEADING, 0.0);
    let mut tree = vec![Branch::Group(heading(2, &section.title), title)];
    tree.push(Branch::Group(Tag::P.into(), flow.paragraph(&section.about, FINE, 0.0)));
    flow.space(4.0);
    if !section.findings.is_empty() {
        let warning = words.t("rendered-warning")?;
        let all = section.findings.iter().map(|one| finding(one, &warning, flow)).collect();
        tree.push(Branch::Group(Tag::L(ListNumbering::Disc).into(), all));
        flow.space(4.0);
    }
    if let Some(chart) = &section.chart {
        tree.push(figure(chart, pictures, flow));
    }
    if section.table.rows.is_empty() {
        let said = flow.paragraph(&none(section, words)?, FINE, 0.0);
        tree.push(Branch::Group(Tag::P.into(), said));
    } else {
        flow.space(4.0);
        tree.push(table::lay(section, words, flow));
    }
    Ok(Branch::Group(Tag::Section.into(), tree))
}

fn finding(finding: &Finding, warning: &str, flow: &mut Flow<'_>) -> Branch {
    flow.need(2.0 * BODY.line());
    let (x, y) = (SIDE + 2.0, flow.y + BODY.rise());
    let dot = flow.say(vec![Mark::Text { x, y, style: BODY, text: "• ".to_owned() }]);
    let said = if finding.warning {
        flow.paragraph(&format!("{warning} {}", finding.text), WARNING, 14.0)
    } else {
        flow.paragraph(&finding.text, BODY, 14.0)
    };
    let parts =
        vec![Branch::Group(Tag::Lbl.into(), vec![dot]), Branch::Group(Tag::LBody.into(), said)];
    Branch::Group(Tag::LI.into(), parts)
}

/// What a section's heading, definition and findings take.
fn opening(section: &Section, flow: &Flow<'_>) -> f32 {
    let lines = |text: &str, style, indent| {
        many(flow.letters.wrapped(text, style, flow.width() - indent).len()) * style.line()
    };
    let findings = section.findings.iter().map(|one| lines(&one.text, BODY, 14.0));
    lines(&section.title, HEADING, 0.0)
        + lines(&section.about, FINE, 0.0)
        + findings.sum::<f32>()
        + 16.0
}

#[expect(clippy::cast_possible_truncation, reason = "a page's lengths need no more digits")]
fn height(picture: &Picture, width: f32) -> f32 {
    width * (picture.height / chart::WIDTH) as f32
}

fn figure(chart: &Chart, pictures: Vec<Picture>, flow: &mut Flow<'_>) -> Branch {
    let width = flow.width().min(CHART);
    let mut drawn = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let height = height(&picture, width);
        flow.need(height);
        let (x, y) = (SIDE, flow.y);
        drawn.push(flow.say(vec![Mark::Picture { x, y, width, picture }]));
        flow.space(height + 6.0);
    }
    let about = flow.letters.fitting(chart.about());
    Branch::Group(Tag::Figure(Some(about)).into(), drawn)
}
