//! What posts and readings cost, by account and month.

use std::collections::BTreeMap;

use super::{
    document::Section,
    figures::{Figures, month},
    words::{Words, count, dollars, text, total},
};
use crate::domain::{cost::MicroDollars, ids::AccountName, measures::Spending};

/// The sections, in their order.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(figures: &Figures, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    Ok(vec![by_month(figures, words)?, readings(figures, words)?])
}

/// Posts and readings of each account in each month.
fn by_month(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["account", "month", "posts", "cost-posts", "cost-readings", "cost"];
    let mut section = words.section("costs", &columns)?;
    let mut rows: BTreeMap<(AccountName, String), (Spending, MicroDollars)> = BTreeMap::new();
    for (day, _, tally) in figures.sums.days() {
        for (account, spent) in &tally.accounts {
            let (of, _) = rows.entry((account.clone(), month(*day))).or_default();
            of.posts += spent.posts;
            of.cost = of.cost.plus(spent.cost);
        }
    }
    for one in &figures.readings {
        let (_, read) = rows.entry((one.account.clone(), month(one.day))).or_default();
        *read = read.plus(one.cost);
    }
    for ((account, month), (spent, read)) in rows {
        section.table.rows.push(vec![
            text(account.to_string()),
            text(month),
            count(spent.posts),
            dollars(spent.cost),
            dollars(read),
            dollars(spent.cost.plus(read)),
        ]);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    if let Some(month) = section.table.total.as_mut().and_then(|total| total.get_mut(1)) {
        *month = text("");
    }
    if figures.one_bank {
        section.findings.push(words.finding("costs-one-bank", &[])?);
    }
    Ok(section)
}

/// What was read, by account and by what the platform charges for.
fn readings(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let mut section = words.section("readings", &["account", "item", "resources", "cost"])?;
    let mut rows: BTreeMap<(&AccountName, &str), (u64, MicroDollars)> = BTreeMap::new();
    for one in &figures.readings {
        let of = rows.entry((&one.account, &one.item)).or_default();
        *of = (of.0 + one.resources, of.1.plus(one.cost));
    }
    for ((account, item), (resources, cost)) in rows {
        let name = words.say(&format!("item-{item}"))?;
        let row = [text(account.to_string()), text(name), count(resources), dollars(cost)];
        section.table.rows.push(row.to_vec());
    }
    Ok(section)
}
