//! The sections of the fairness ledger.

use std::collections::BTreeMap;

use super::{
    attribution::{column, number},
    document::{Bar, Bars, Cell, Chart, Column, Finding, Section, Table},
};
use crate::{
    domain::{
        fairness::{LEAST_OVERDUE, LEAST_TAGS, Named, Rate, Reason, overall, rates},
        ids::{BankCode, PersonId},
        money::Paise,
    },
    locale::Locale,
};

/// A chart shows so many banks at most.
const MOST_BARS: usize = 20;

/// Overdue value that no tag speaks of, or tags that never went out, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The bank.
    pub bank: BankCode,
    /// Why.
    pub reason: Reason,
    /// Who decided so; `None`: nobody decided, or a rule did.
    pub by: Option<PersonId>,
    /// How many requests, or tags.
    pub count: u64,
    /// Their value.
    pub amount: Paise,
}

/// What the sections are made of.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is overdue now and not spoken of.
    pub now: Vec<Left>,
    /// Tags that were drafted in the days and never went out.
    pub then: Vec<Left>,
    /// How often each bank was named in the days.
    pub named: Vec<Named>,
    /// The banks' names.
    pub names: BTreeMap<BankCode, String>,
    /// For everybody: totals alone.
    pub public: bool,
}

/// The sections; of tags per bank only the bank that is asked for is shown, beside all.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(
    found: &Found,
    bank: Option<&BankCode>,
    words: &Locale,
) -> anyhow::Result<Vec<Section>> {
    Ok(vec![
        left(found, &found.now, ("silence-report", "requests"), words)?,
        left(found, &found.then, ("unsent-tags", "tags"), words)?,
        tags_per_bank(found, bank, words)?,
    ])
}

fn name(found: &Found, bank: &BankCode) -> String {
    found.names.get(bank).cloned().unwrap_or_else(|| bank.to_string())
}

/// A section of what was left, and of its total.
fn left(
    found: &Found,
    all: &[Left],
    (id, what): (&'static str, &str),
    words: &Locale,
) -> anyhow::Result<Section> {
    let say = |key: &str| words.say::<&str>(key, &[]);
    let mut sums: BTreeMap<Reason, (u64, i64)> = BTreeMap::new();
    for one in all {
        let sum = sums.entry(one.reason).or_default();
        *sum = (sum.0 + one.count, sum.1.saturating_add(one.amount.paise()));
    }
    let columns = left_columns(found.public, what, words)?;
    let mut total = vec![Cell::Text(say("silence-total")?)];
    total.resize_with(columns.len() - 2, || Cell::Nothing(String::new()));
    total.push(Cell::Count(all.iter().map(|one| one.count).sum()));
    total.push(Cell::Money(all.iter().map(|one| one.amount).sum()));
    let rows = if found.public { by_reason(&sums, words)? } else { by_bank(found, all, words)? };
    Ok(Section {
        id,
        title: say(&format!("silence-title-{what}"))?,
        about: say(&format!("silence-about-{what}"))?,
        findings: finding(all, what, words)?.into_iter().collect(),
        chart: chart(&sums, what, words)?,
        table: Table { columns, rows, total: Some(total) },
    })
}

fn left_columns(public: bool, what: &str, words: &Locale) -> anyhow::Result<Vec<Column>> {
    let (count, amount) =
        (format!("silence-column-{what}"), format!("silence-column-amount-{what}"));
    let columns = [
        ("bank", "silence-column-bank", public),
        ("reason", "silence-column-reason", false),
        ("by", "silence-column-by", public),
        ("count", &count, false),
        ("amount", &amount, false),
    ];
    let shown = columns.into_iter().filter(|(_, _, hidden)| !hidden);
    shown.map(|(id, key, _)| column(id, key, words)).collect()
}

fn by_reason(
    sums: &BTreeMap<Reason, (u64, i64)>,
    words: &Locale,
) -> anyhow::Result<Vec<Vec<Cell>>> {
    let row = |(reason, (count, paise)): (&Reason, &(u64, i64))| {
        let reason = words.say::<&str>(&format!("silence-reason-{reason}"), &[])?;
        Ok(vec![Cell::Text(reason), Cell::Count(*count), Cell::Money(Paise::new(*paise))])
    };
    sums.iter().map(row).collect()
}

/// The most money first.
fn by_bank(found: &Found, all: &[Left], words: &Locale) -> anyhow::Result<Vec<Vec<Cell>>> {
    let say = |key: &str| words.say::<&str>(key, &[]);
    let mut all: Vec<&Left> = all.iter().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.amount));
    let row = |one: &Left| {
        let nobody = if undecided(one.reason) { "silence-nobody" } else { "silence-rule" };
        let by = match &one.by {
            Some(by) => Cell::Text(by.to_string()),
            None => Cell::Nothing(say(nobody)?),
        };
        Ok(vec![
            Cell::Text(name(found, &one.bank)),
            Cell::Text(say(&format!("silence-reason-{}", one.reason))?),
            by,
            Cell::Count(one.count),
            Cell::Money(one.amount),
        ])
    };
    all.into_iter().map(row).collect()
}

/// Whether a person should have decided and nobody did.
const fn undecided(reason: Reason) -> bool {
    matches!(reason, Reason::Undecided | Reason::ExpiredUndecided)
}

/// What was left because nobody decided is what a person can mend.
fn finding(all: &[Left], what: &str, words: &Locale) -> anyhow::Result<Option<Finding>> {
    let open: Vec<_> = all.iter().filter(|one| undecided(one.reason)).collect();
    let count: u64 = open.iter().map(|one| one.count).sum();
    if count == 0 {
        return Ok(None);
    }
    let amount: Paise = open.iter().map(|one| one.amount).sum();
    let given = [("count", count.to_string()), ("amount", amount.in_words(words.language()))];
    let text = words.say(&format!("silence-undecided-{what}"), &given)?;
    Ok(Some(Finding { warning: true, text }))
}

fn chart(
    sums: &BTreeMap<Reason, (u64, i64)>,
    what: &str,
    words: &Locale,
) -> anyhow::Result<Option<Chart>> {
    if sums.is_empty() {
        return Ok(None);
    }
    let mut bars = Vec::new();
    for (reason, (_, paise)) in sums {
        let amount = Paise::new(*paise);
        bars.push(Bar {
            label: words.say::<&str>(&format!("silence-reason-{reason}"), &[])?,
            value: amount.rupees() as f64,
            said: amount.in_words(words.language()),
            interval: None,
        });
    }
    bars.sort_by(|one, other| other.value.total_cmp(&one.value));
    Ok(Some(Chart::Bars(Bars {
        about: words.say::<&str>(&format!("silence-chart-{what}"), &[])?,
        axis: words.say::<&str>("silence-axis", &[])?,
        bars,
    })))
}

fn tags_per_bank(
    found: &Found,
    bank: Option<&BankCode>,
    words: &Locale,
) -> anyhow::Result<Section> {
    let say = |key: &str| words.say::<&str>(key, &[]);
    let rated: Vec<_> = found.named.iter().zip(rates(&found.named)).collect();
    let shown = |one: &&(&Named, Option<Rate>)| {
        !found.public && bank.is_none_or(|bank| one.0.bank == *bank)
    };
    let mut rated: Vec<_> = rated.iter().filter(shown).collect();
    let rate_of = |one: &&(&Named, Option<Rate>)| one.1.map_or(-1.0, |rate| rate.rate);
    rated.sort_by(|one, other| rate_of(other).total_cmp(&rate_of(one)));
    let mut rows = Vec::new();
    for (one, rate) in &rated {
        rows.push(rate_row(name(found, &one.bank), (one.tags, one.overdue), *rate, words)?);
    }
    let tags = found.named.iter().map(|one| one.tags).sum();
    let overdue = found.named.iter().map(|one| one.overdue).sum();
    let total = rate_row(say("fairness-all")?, (tags, overdue), overall(&found.named), words)?;
    let columns = [
        ("bank", "silence-column-bank"),
        ("tags", "fairness-column-tags"),
        ("overdue", "fairness-column-overdue"),
        ("rate", "fairness-column-rate"),
        ("low", "fairness-column-low"),
        ("high", "fairness-column-high"),
        ("stands_out", "fairness-column-stands-out"),
    ];
    let columns = columns.into_iter().map(|(id, key)| column(id, key, words));
    let about = [("tags", LEAST_TAGS), ("overdue", LEAST_OVERDUE)];
    Ok(Section {
        id: "tags-per-bank",
        title: say("fairness-title")?,
        about: words.say("fairness-about", &about)?,
        findings: standing_out(found, &rated, words)?,
        chart: rate_chart(found, &rated, words)?,
        table: Table { columns: columns.collect::<anyhow::Result<_>>()?, rows, total: Some(total) },
    })
}

/// Who stands out, or that nobody does.
fn standing_out(
    found: &Found,
    rated: &[&(&Named, Option<Rate>)],
    words: &Locale,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (one, _) in rated.iter().filter(|one| one.1.is_some_and(|rate| rate.stands_out)) {
        let given = [
            ("bank", name(found, &one.bank)),
            ("tags", one.tags.to_string()),
            ("overdue", one.overdue.to_string()),
        ];
        findings.push(Finding { warning: true, text: words.say("fairness-stands-out", &given)? });
    }
    if findings.is_empty() && !found.public {
        let text = words.say::<&str>("fairness-none-stands-out", &[])?;
        findings.push(Finding { warning: false, text });
    }
    Ok(findings)
}

fn rate_row(
    name: String,
    (tags, overdue): (u64, u64),
    rate: Option<Rate>,
    words: &Locale,
) -> anyhow::Result<Vec<Cell>> {
    let mut cells = vec![Cell::Text(name), Cell::Count(tags), Cell::Count(overdue)];
    match rate {
        Some(rate) => {
            let (low, high) = rate.interval;
            cells.extend([Cell::Number(rate.rate), Cell::Number(low), Cell::Number(high)]);
            let key = if rate.stands_out { "fairness-yes" } else { "fairness-no" };
            cells.push(Cell::Text(words.say::<&str>(key, &[])?));
        }
        None => {
            let why = words.say::<&str>("fairness-cell-none-overdue", &[])?;
            cells.extend((0..4).map(|_| Cell::Nothing(why.clone())));
        }
    }
    Ok(cells)
}

fn rate_chart(
    found: &Found,
    rated: &[&(&Named, Option<Rate>)],
    words: &Locale,
) -> anyhow::Result<Option<Chart>> {
    let bars = rated.iter().filter_map(|(one, rate)| {
        let rate = (*rate)?;
        Some(Bar {
            label: name(found, &one.bank),
            value: rate.rate,
            said: number(rate.rate),
            interval: Some(rate.interval),
        })
    });
    let bars: Vec<_> = bars.take(MOST_BARS).collect();
    if bars.is_empty() {
        return Ok(None);
    }
    Ok(Some(Chart::Bars(Bars {
        about: words.say::<&str>("fairness-chart", &[])?,
        axis: words.say::<&str>("fairness-axis", &[])?,
        bars,
    })))
}
