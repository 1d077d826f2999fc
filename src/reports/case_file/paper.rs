//! The case file on paper: for reading. What is checked is the JSON file, whose hash stands here.

use super::{CaseFile, Decision, PostMade, ReplyGot, RungTaken};
use crate::{
    domain::{money::Paise, platform::Language, time::Timestamp},
    reports::{
        document::{Cell, Column, Section, Table},
        render::{
            pdf::{self, Paper},
            words::Words,
        },
    },
};

/// The file as a PDF in a language, on the clock of an IANA zone. `hash` is the SHA-256 of the JSON
/// file's bytes.
///
/// # Errors
/// A message or a font is missing, which is a mistake of ours, or the zone is unknown.
pub fn pdf(file: &CaseFile, hash: &str, language: Language, zone: &str) -> anyhow::Result<Vec<u8>> {
    let words = Words::new(language, zone)?;
    let mut sections = vec![summary(file, hash, &words)?];
    for (n, rung) in file.rungs.iter().enumerate() {
        sections.extend(rung_taken(n + 1, rung, &words)?);
    }
    let made_at = instant(&file.made_at);
    let made = [
        ("at", made_at.map_or_else(String::new, |at| words.at(at))),
        ("zone", zone.to_owned()),
        ("who", file.made_by.clone()),
    ];
    let paper = Paper {
        language,
        unit: &file.unit,
        title: &words.with("case-file-title", &[("case", file.case_ref.clone())])?,
        under: words.with("case-file-made", &made)?,
        fine: words.t("case-file-for")?,
        made_at: made_at.unwrap_or(Timestamp::from_micros(0)),
        notes: &[words.t("case-file-note")?],
        sections: &sections,
    };
    pdf::file(&paper, &words)
}

fn summary(file: &CaseFile, hash: &str, words: &Words) -> anyhow::Result<Section> {
    let evidence = &file.evidence;
    let key = file.vkeys.last().cloned().unwrap_or_default();
    let rows = [
        ("case", file.case_ref.clone()),
        ("rungs", file.rungs.len().to_string()),
        ("entries", evidence.entries.len().to_string()),
        ("tree", evidence.tree_size.clone()),
        ("root", evidence.root.clone()),
        ("key", key),
        ("hash", hash.to_owned()),
    ];
    let row = |(name, value): (&str, String)| {
        Ok(vec![Cell::Text(words.t(&format!("case-file-{name}"))?), Cell::Text(value)])
    };
    let rows = rows.into_iter().map(row).collect::<anyhow::Result<_>>()?;
    let title = words.t("case-file-summary")?;
    section("summary", title, &["what", "value"], rows, words)
}

/// A rung: what was asked for, who decided, what was said, what came back.
fn rung_taken(n: usize, rung: &RungTaken, words: &Words) -> anyhow::Result<Vec<Section>> {
    let named = |key: &str| {
        let given = [
            ("n", n.to_string()),
            ("bank", rung.bank.clone()),
            ("reference", rung.reference.clone()),
        ];
        words.with(key, &given)
    };
    let mut sections = vec![asked_for(named("case-file-rung")?, rung, words)?];
    let decided = rung.decisions.iter().map(decision).collect();
    let columns = ["at", "act", "who", "authority", "leaf"];
    sections.push(section("decisions", named("case-file-decisions")?, &columns, decided, words)?);
    let posts = rung.posts.iter().map(post).collect();
    let columns = ["at", "account", "state", "text", "link"];
    sections.push(section("posts", named("case-file-posts")?, &columns, posts, words)?);
    let replies: Vec<_> = rung.posts.iter().flat_map(|post| &post.replies).collect();
    if !replies.is_empty() {
        let rows = replies.into_iter().map(|one| reply(one, words)).collect::<Result<_, _>>()?;
        let columns = ["at", "who", "text", "class"];
        sections.push(section("replies", named("case-file-replies")?, &columns, rows, words)?);
    }
    Ok(sections)
}

fn asked_for(title: String, rung: &RungTaken, words: &Words) -> anyhow::Result<Section> {
    let rows = rung.actions.iter().map(|action| {
        let paise = action.disputed_paise.as_deref().and_then(|paise| paise.parse().ok());
        let amount = paise.map_or_else(nothing, |paise| Cell::Money(Paise::new(paise)));
        vec![
            Cell::Text(action.kind.clone()),
            amount,
            at(&action.requested_at),
            action.delivered_at.as_deref().map_or_else(nothing, at),
            Cell::Text(action.status.clone()),
            at(&action.as_of),
        ]
    });
    let columns = ["kind", "amount", "requested", "delivered", "status", "as-of"];
    let mut section = section("actions", title, &columns, rows.collect(), words)?;
    let given = [
        ("kind", rung.kind.clone()),
        ("state", rung.state.clone()),
        ("own", rung.actions.len().to_string()),
        ("all", rung.actions_in_all.to_string()),
    ];
    section.about = words.with("case-file-rests-on", &given)?;
    Ok(section)
}

fn decision(one: &Decision) -> Vec<Cell> {
    vec![
        at(&one.at),
        Cell::Text(one.act.clone()),
        one.who.clone().map_or_else(nothing, Cell::Text),
        one.authority.clone().map_or_else(nothing, Cell::Text),
        Cell::Text(one.leaf_index.clone()),
    ]
}

fn post(one: &PostMade) -> Vec<Cell> {
    vec![
        one.posted_at.as_deref().map_or_else(nothing, at),
        Cell::Text(format!("{} ({}, {})", one.account, one.platform, one.language)),
        Cell::Text(one.state.clone()),
        Cell::Text(one.text.clone()),
        one.permalink.clone().map_or_else(nothing, Cell::Link),
    ]
}

fn reply(one: &ReplyGot, words: &Words) -> anyhow::Result<Vec<Cell>> {
    let text = match &one.text {
        Some(text) => Cell::Text(text.clone()),
        None => Cell::Nothing(words.t("case-file-erased")?),
    };
    let class = one.class.clone().map_or_else(nothing, Cell::Text);
    Ok(vec![at(&one.at), Cell::Text(format!("@{}", one.author)), text, class])
}

fn section(
    id: &'static str,
    title: String,
    columns: &[&'static str],
    rows: Vec<Vec<Cell>>,
    words: &Words,
) -> anyhow::Result<Section> {
    let column =
        |id: &&'static str| Ok(Column { id, title: words.t(&format!("case-file-column-{id}"))? });
    let columns = columns.iter().map(column).collect::<anyhow::Result<_>>()?;
    let about = words.t(&format!("case-file-about-{id}"))?;
    let table = Table { columns, rows, total: None };
    Ok(Section { id, title, about, findings: Vec::new(), chart: None, table })
}

fn nothing() -> Cell {
    Cell::Nothing(String::new())
}

fn at(text: &str) -> Cell {
    instant(text).map_or_else(|| Cell::Text(text.to_owned()), Cell::At)
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(Timestamp::from)
}
