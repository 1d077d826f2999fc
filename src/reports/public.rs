//! The edition for the public: only what was public already (posts that went out, the banks' own
//! answers to them, corrections) and totals in rounded amounts; single banks a month late.

use jiff::{ToSpan as _, civil::Date};

use super::{
    banks,
    document::Section,
    engagement,
    figures::Figures,
    words::{FEWEST, Words, count, text, total},
};
use crate::domain::escalation::EscalationKind;

/// The figures of a single bank are told to the public so many calendar months late: by then the
/// post that named the bank has been answered, acted on or corrected, and no figure adds to an
/// accusation that is still open.
pub const BANKS_LATE_BY_MONTHS: i32 = 1;

/// A total over fewer banks than this would tell a single bank's figures to the others.
pub const FEWEST_BANKS: usize = 3;

/// The last day of which single banks may be told on a day.
pub fn last_day_of_banks(today: Date) -> Date {
    today.checked_sub(BANKS_LATE_BY_MONTHS.months()).unwrap_or(Date::MIN)
}

/// The sections of what tags achieve, in their order.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn engagement(
    figures: &Figures,
    today: Date,
    words: Words<'_>,
) -> anyhow::Result<Vec<Section>> {
    let late = figures.until(last_day_of_banks(today));
    // Totals of one bank are a single bank's.
    let told = if figures.one_bank { &late } else { figures };
    let mut sections = vec![posts(told, words)?];
    let asked = figures.sums.banks.values().filter(|of| of.tally.money.requests > 0).count();
    if asked >= FEWEST_BANKS && figures.sums.all.money.requests >= FEWEST {
        sections.push(engagement::requests(figures, words, true)?);
    }
    sections.push(banks::in_public(&late, words)?);
    Ok(sections)
}

/// The section of the banks alone.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn banks(figures: &Figures, today: Date, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    Ok(vec![banks::in_public(&figures.until(last_day_of_banks(today)), words)?])
}

/// What went out, month by month.
fn posts(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["month", "tags", "answered", "thanks", "corrections", "retracted"];
    let mut section = words.section("public-posts", &columns)?;
    for (month, all) in &figures.sums.months {
        let out = |kind| all.kind(kind).out();
        let retracted: u64 = all.manners.values().map(|ends| ends.retracted).sum();
        let counts = [
            all.tags.tags,
            all.tags.replied.count(),
            out(EscalationKind::Closure),
            out(EscalationKind::Correction),
            retracted,
        ];
        section
            .table
            .rows
            .push([text(month.as_str())].into_iter().chain(counts.map(count)).collect());
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}
