//! The case file on paper: for reading. What is checked is the JSON file, whose hash stands here.

use std::collections::BTreeMap;

use super::{ActionSeen, CaseFile, Decision, PostMade, ReplyGot, RungTaken, SourceSaid};
use crate::{
    domain::{money::Paise, platform::Language, time::Timestamp},
    reports::{
        document::{Cell, Column, Finding, Section, Table},
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
    let names = names(file, language);
    let mut sections = vec![summary(file, hash, &words)?, source(file, &names, &words)?];
    for (n, rung) in file.rungs.iter().enumerate() {
        sections.extend(rung_taken(n + 1, rung, &names, &words)?);
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
        notes: &[words.with("case-file-note", &[("zone", zone.to_owned())])?],
        sections: &sections,
        none,
    };
    pdf::file(&paper, &words)
}

/// The banks' names by their codes.
type Names = BTreeMap<String, String>;

fn names(file: &CaseFile, language: Language) -> Names {
    let name = |rung: &RungTaken| match language {
        Language::En => rung.bank_en.clone(),
        Language::Hi => rung.bank_hi.clone(),
    };
    let all = file.rungs.iter().map(|rung| (rung.bank.clone(), name(rung)));
    all.filter(|(_, name)| !name.is_empty()).collect()
}

/// A bank by its name and its code.
fn bank(code: &str, names: &Names) -> String {
    names.get(code).map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
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

/// What the case source said from poll to poll: above all when the bank's action was seen.
fn source(file: &CaseFile, names: &Names, words: &Words) -> anyhow::Result<Section> {
    let row = |said: &SourceSaid| {
        Ok(vec![
            at(&said.seen_at),
            Cell::Text(bank(&said.bank, names)),
            Cell::Text(words.t(&format!("source-action-{}", said.kind))?),
            money(said.disputed_paise.as_deref()),
            Cell::Text(words.t(&format!("source-status-{}", said.status))?),
            said.acted_at.as_deref().map_or_else(nothing, at),
            money(said.lien_paise.as_deref()),
            Cell::Text(said.leaf_index.clone()),
        ])
    };
    let rows = file.source_said.iter().map(row).collect::<anyhow::Result<_>>()?;
    let title = words.t("case-file-source")?;
    let columns = ["seen", "bank", "kind", "amount", "status", "acted", "lien", "leaf"];
    let mut section = section("source", title, &columns, rows, words)?;
    for said in &file.source_said {
        section.findings.extend(acted(said, names, words)?);
    }
    Ok(section)
}

/// That the bank acted, as a sentence.
fn acted(said: &SourceSaid, names: &Names, words: &Words) -> anyhow::Result<Option<Finding>> {
    let Some(acted) = said.acted_at.as_deref().and_then(instant) else { return Ok(None) };
    let given = [
        ("bank", bank(&said.bank, names)),
        ("kind", words.t(&format!("source-action-{}", said.kind))?),
        ("amount", words.cell(&money(said.disputed_paise.as_deref()))),
        ("acted", words.at(acted)),
        ("seen", words.cell(&at(&said.seen_at))),
        ("leaf", said.leaf_index.clone()),
    ];
    Ok(Some(Finding { warning: false, text: words.with("case-file-acted", &given)? }))
}

/// A rung: what was asked for, who decided, what was said, what came back.
fn rung_taken(
    n: usize,
    rung: &RungTaken,
    names: &Names,
    words: &Words,
) -> anyhow::Result<Vec<Section>> {
    let named = |key: &str| {
        let given = [
            ("n", n.to_string()),
            ("bank", bank(&rung.bank, names)),
            ("reference", rung.reference.clone()),
        ];
        words.with(key, &given)
    };
    let mut sections = vec![asked_for(named("case-file-rung")?, rung, words)?];
    let decided =
        rung.decisions.iter().map(|one| decision(one, words)).collect::<Result<_, _>>()?;
    let columns = ["at", "act", "who", "authority", "leaf"];
    sections.push(section("decisions", named("case-file-decisions")?, &columns, decided, words)?);
    let posts = rung.posts.iter().map(|one| post(one, words)).collect::<Result<_, _>>()?;
    let columns = ["at", "account", "state", "text", "link"];
    sections.push(section("posts", named("case-file-posts")?, &columns, posts, words)?);
    let mut replies: Vec<_> = rung.posts.iter().flat_map(|post| &post.replies).collect();
    replies.sort_by(|one, other| one.at.cmp(&other.at));
    let replies = replies.into_iter().map(|one| reply(one, words)).collect::<Result<_, _>>()?;
    let columns = ["at", "who", "text", "class"];
    sections.push(section("replies", named("case-file-replies")?, &columns, replies, words)?);
    Ok(sections)
}

fn asked_for(title: String, rung: &RungTaken, words: &Words) -> anyhow::Result<Section> {
    let row = |action: &ActionSeen| {
        Ok(vec![
            Cell::Text(words.t(&format!("source-action-{}", action.kind))?),
            money(action.disputed_paise.as_deref()),
            at(&action.requested_at),
            action.delivered_at.as_deref().map_or_else(nothing, at),
            Cell::Text(words.t(&format!("source-status-{}", action.status))?),
            at(&action.as_of),
        ])
    };
    let rows = rung.actions.iter().map(row).collect::<anyhow::Result<_>>()?;
    let columns = ["kind", "amount", "requested", "delivered", "status", "as-of"];
    let mut section = section("actions", title, &columns, rows, words)?;
    let given = [
        ("kind", words.t(&format!("kind-{}", rung.kind))?),
        ("state", words.t(&format!("state-{}", rung.state))?),
        ("own", rung.actions.len().to_string()),
        ("all", rung.actions_in_all.to_string()),
    ];
    section.about = words.with("case-file-rests-on", &given)?;
    Ok(section)
}

fn decision(one: &Decision, words: &Words) -> anyhow::Result<Vec<Cell>> {
    let act = words.t(&format!("case-file-act-{}", one.act.replace('.', "-")))?;
    Ok(vec![
        at(&one.at),
        Cell::Text(act),
        one.who.clone().map_or_else(nothing, Cell::Text),
        one.authority.clone().map_or_else(nothing, Cell::Text),
        Cell::Text(one.leaf_index.clone()),
    ])
}

fn post(one: &PostMade, words: &Words) -> anyhow::Result<Vec<Cell>> {
    Ok(vec![
        one.posted_at.as_deref().map_or_else(nothing, at),
        Cell::Text(format!("{} ({}, {})", one.account, one.platform, one.language)),
        Cell::Text(words.t(&format!("posts-state-{}", one.state))?),
        Cell::Text(one.text.clone()),
        one.permalink.clone().map_or_else(nothing, Cell::Link),
    ])
}

fn reply(one: &ReplyGot, words: &Words) -> anyhow::Result<Vec<Cell>> {
    let text = match &one.text {
        Some(text) => Cell::Text(text.clone()),
        None => Cell::Nothing(words.t("case-file-erased")?),
    };
    let class = match &one.class {
        Some(class) => Cell::Text(words.t(&format!("replies-class-{class}"))?),
        None => nothing(),
    };
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

/// What is said where a part has nothing in it.
fn none(section: &Section, words: &Words) -> anyhow::Result<String> {
    words.t(&format!("case-file-none-{}", section.id))
}

fn money(paise: Option<&str>) -> Cell {
    let paise = paise.and_then(|paise| paise.parse().ok());
    paise.map_or_else(nothing, |paise| Cell::Money(Paise::new(paise)))
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
