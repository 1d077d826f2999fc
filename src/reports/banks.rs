//! The banks beside one another: by time to action and by nothing else, for an answer that is quickly
//! typed is no action. A bank with few requests is not ranked.

use super::{
    document::{Bar, Cell, Section},
    engagement::{chart, percent},
    figures::{Figures, OfBank},
    words::{FEWEST, Words, count, money, text},
};
use crate::domain::{escalation::EscalationKind, ids::BankCode, proportion::wilson};

/// The sections of the unit's own edition, in their order.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(figures: &Figures, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    Ok(vec![by_time_to_action(figures, words)?, after_tags(figures, words)?])
}

/// The banks from the quickest: by the share of requests for a lien or a hold that they acted on
/// within 24 hours; then those with few requests, by their codes.
pub(super) fn by_time_to_action(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = [
        "bank",
        "requests",
        "value",
        "median",
        "within-6",
        "within-24",
        "within-24-low",
        "within-24-high",
        "within-72",
        "lien",
        "nil",
        "disputed",
        "pending",
        "overdue",
        "overdue-amount",
    ];
    let mut section = words.section("banks", &columns)?;
    let banks = figures.sums.banks.iter();
    let (mut ranked, few): (Vec<_>, Vec<_>) =
        banks.filter(|(bank, of)| asked(figures, bank, of)).partition(|(_, of)| told(of));
    ranked.sort_by(|(_, one), (_, other)| share(other).total_cmp(&share(one)));
    let mut bars = Vec::new();
    for (bank, of) in ranked.iter().chain(&few) {
        section.table.rows.push(row(figures, words, bank, of)?);
    }
    for (bank, of) in ranked {
        let (label, value) = (figures.name(bank), share(of) * 100.0);
        let (acted, all) = of.ripe.within(1);
        let (low, high) = wilson(acted, all);
        let interval = Some((low * 100.0, high * 100.0));
        bars.push(Bar { label, value, said: percent(share(of)), interval });
    }
    if !few.is_empty() {
        let given = [("n", few.len().to_string()), ("fewest", FEWEST.to_string())];
        section.findings.push(words.finding("banks-few", &given)?);
    }
    section.chart = chart(words, "banks", bars)?;
    Ok(section)
}

/// Whether anything was asked of the bank in these days, or is overdue there.
fn asked(figures: &Figures, bank: &BankCode, of: &OfBank) -> bool {
    of.tally.money.requests > 0 || figures.overdue.contains_key(bank)
}

/// Whether enough was asked to tell a share.
fn told(of: &OfBank) -> bool {
    of.ripe.within(1).1 >= FEWEST
}

/// The share that was acted on within 24 hours.
fn share(of: &OfBank) -> f64 {
    let (acted, all) = of.ripe.within(1);
    if all == 0 { 0.0 } else { acted as f64 / all as f64 }
}

/// The ends of the interval of that share, where enough was asked to tell it.
fn ends(of: &OfBank) -> [Cell; 2] {
    if !told(of) {
        return [const { Cell::Nothing(String::new()) }; 2];
    }
    let (acted, all) = of.ripe.within(1);
    let (low, high) = wilson(acted, all);
    [low, high].map(Cell::Share)
}

fn row(
    figures: &Figures,
    words: Words<'_>,
    bank: &BankCode,
    of: &OfBank,
) -> anyhow::Result<Vec<Cell>> {
    let (requests, oldest) = (&of.tally.money, &of.ripe.oldest);
    let overdue = figures.overdue.get(bank).copied().unwrap_or_default();
    let [low, high] = ends(of);
    Ok(vec![
        text(figures.name(bank)),
        count(requests.requests),
        money(requests.value),
        words.median(&oldest.acted, oldest.counted())?,
        words.share(of.ripe.within(0))?,
        words.share(of.ripe.within(1))?,
        low,
        high,
        words.share(of.ripe.within(2))?,
        money(requests.lien),
        count(requests.nil),
        count(requests.disputed),
        count(requests.pending),
        count(overdue.actions),
        money(overdue.amount),
    ])
}

/// What followed the tags of each bank.
fn after_tags(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = [
        "bank",
        "tags",
        "actions",
        "acted",
        "median-action",
        "lien",
        "nil",
        "disputed",
        "pending",
        "avoided",
    ];
    let mut section = words.section("bank-tags", &columns)?;
    for (bank, of) in &figures.sums.banks {
        let (tags, drafts) = (&of.tally.tags, &of.tally.drafts);
        if tags.tags == 0 && drafts.avoided == 0 {
            continue;
        }
        section.table.rows.push(vec![
            text(figures.name(bank)),
            count(tags.tags),
            count(tags.actions),
            count(tags.acted.count()),
            words.median(&tags.acted, tags.counted())?,
            money(tags.lien),
            count(tags.nil),
            count(tags.disputed),
            count(tags.pending),
            count(drafts.avoided),
        ]);
    }
    Ok(section)
}

/// What was public about each bank: posts, its own answers in public, what was set right.
pub(super) fn in_public(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["bank", "tags", "answered", "thanks", "corrections", "retracted"];
    let mut section = words.section("public-banks", &columns)?;
    for (bank, of) in &figures.sums.banks {
        let (all, tags) = (&of.tally, &of.tally.tags);
        let out = |kind| all.kind(kind).out();
        if all.out() == 0 {
            continue;
        }
        let retracted: u64 = all.manners.values().map(|ends| ends.retracted).sum();
        section.table.rows.push(vec![
            text(figures.name(bank)),
            count(tags.tags),
            count(tags.replied.count()),
            count(out(EscalationKind::Closure)),
            count(out(EscalationKind::Correction)),
            count(retracted),
        ]);
    }
    Ok(section)
}
