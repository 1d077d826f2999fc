//! What standing orders and approvers cleared, and what became of it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{
    document::{Cell, Section},
    figures::{Figures, Order},
    words::{Words, count, text, total},
};
use crate::domain::{
    escalation::EscalationState,
    ids::OrderId,
    measures::{Cleared, Sum as _},
};

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
    let all = figures.total();
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
    let (mut of_days, mut full_banks) = (BTreeMap::<(Date, OrderId), u64>::new(), Vec::new());
    let caps = |id: &OrderId| figures.orders.iter().find(|order: &&Order| order.id == *id);
    for (day, _, tally) in &figures.days {
        for (id, cleared) in &tally.orders {
            of_days.entry((*day, id.clone())).or_default().add(&cleared.given);
            if caps(id).is_some_and(|order| cleared.given >= order.per_bank_day) {
                full_banks.push((*day, id.clone()));
            }
        }
    }
    let reached = |(key, given): (&(Date, OrderId), &u64)| {
        caps(&key.1).is_some_and(|order| *given >= order.per_day) || full_banks.contains(key)
    };
    let mut full: BTreeMap<OrderId, u64> = BTreeMap::new();
    for (day, given) in of_days.iter().filter(|(key, given)| reached((*key, *given))) {
        let _ = given;
        *full.entry(day.1.clone()).or_default() += 1;
    }
    full
}

/// Where the drafted tags stand.
fn drafts(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let mut section = words.section("drafts", &["state", "drafted"])?;
    let all = figures.total();
    for state in EscalationState::ALL {
        let n = all.drafts.states.get(state).copied().unwrap_or_default();
        let name = words.say(&format!("state-{state}"))?;
        section.table.rows.push(vec![text(name), count(n)]);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}
