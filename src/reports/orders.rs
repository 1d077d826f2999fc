//! What standing orders and approvers cleared, and what became of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    document::{Cell, Section},
    figures::{Figures, Order},
    words::{Words, count, text, total},
};
use crate::domain::{escalation::EscalationState, ids::OrderId, measures::Cleared};

/// The sections, in their order.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(figures: &Figures, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    Ok(vec![orders(figures, words)?, drafts(figures, words)?])
}

/// What each order cleared; the last row is what approvers cleared by hand.
fn orders(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns =
        ["order", "cleared", "posted", "refused", "uncertain", "withdrawn", "waiting", "full-days"];
    let mut section = words.section("orders", &columns)?;
    let all = &figures.sums.all;
    let full = full_days(figures);
    for (id, cleared) in &all.orders {
        let name = figures.orders.iter().find(|order| order.id == *id);
        let name = name.map_or_else(|| id.to_string(), |order| order.name.clone());
        let mut row = cells(name, cleared);
        row.push(count(full.get(id).copied().unwrap_or_default()));
        section.table.rows.push(row);
    }
    let mut by_hand = cells(words.say("by-hand")?, &all.by_hand);
    by_hand.push(Cell::Nothing(words.say("no-cap")?));
    section.table.rows.push(by_hand);
    section.table.total = total(words.say("total")?, &section.table.rows);
    let given: u64 = all.orders.values().map(|one| one.given).sum();
    let numbers = [("orders", given.to_string()), ("hand", all.by_hand.given.to_string())];
    section.findings.push(words.finding("orders-share", &numbers)?);
    Ok(section)
}

fn cells(name: String, of: &Cleared) -> Vec<Cell> {
    let counts = [of.given, of.posted, of.refused, of.uncertain, of.withdrawn, of.waiting];
    [text(name)].into_iter().chain(counts.map(count)).collect()
}

/// On how many calendar days each order cleared as many as a cap of it allows in 24 hours.
fn full_days(figures: &Figures) -> BTreeMap<OrderId, u64> {
    let mut days: BTreeMap<(Date, &OrderId), (u64, bool)> = BTreeMap::new();
    let caps = |id: &OrderId| figures.orders.iter().find(|order: &&Order| order.id == *id);
    for (day, _, tally) in figures.sums.days() {
        for (id, cleared) in &tally.orders {
            let (given, full) = days.entry((*day, id)).or_default();
            *given += cleared.given;
            *full |= caps(id).is_some_and(|order| cleared.given >= order.per_bank_day);
        }
    }
    let mut full: BTreeMap<OrderId, u64> = BTreeMap::new();
    for ((_, id), (given, of_bank)) in days {
        let reached = caps(id).is_some_and(|order| given >= order.per_day);
        *full.entry(id.clone()).or_default() += u64::from(of_bank || reached);
    }
    full
}

/// Where the drafted tags stand.
fn drafts(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let mut section = words.section("drafts", &["state", "drafted"])?;
    let all = &figures.sums.all;
    for state in EscalationState::ALL {
        let n = all.drafts.states.get(state).copied().unwrap_or_default();
        let name = words.say(&format!("state-{state}"))?;
        section.table.rows.push(vec![text(name), count(n)]);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}
