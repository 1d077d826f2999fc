//! Makes a report: asks the ledger and the case source for the measures of some days and puts them
//! into one document.
//!
//! The invariants: every number comes from one definition (`domain::measures`); the public edition is
//! made of what was public and of totals, and passes the leak guard as a whole, or is not made.

use jiff::civil::Date;

use super::{
    Ctx, attribution,
    counted::{Counted, Days},
    fairness, reply_classes,
};
use crate::{
    domain::{
        cost::MicroDollars,
        ids::BankCode,
        leak_guard,
        measures::{day_number, day_of, instants},
        platform::Language,
        time::Timestamp,
    },
    locale::Locale,
    reports::{
        banks, costs,
        document::{Cell, Document, Edition, Section, Subject},
        engagement,
        figures::{Figures, Line, Order, Overdue, Reading, Sums},
        orders, public,
        words::Words,
    },
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is about.
    pub subject: Subject,
    /// For whom it is.
    pub edition: Edition,
    /// The language of its texts.
    pub language: Language,
    /// The first day, as the unit counts days.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// One bank alone.
    pub bank: Option<BankCode>,
}

/// Why a report is not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The last day lies before the first.
    #[error("the report would end on {until}, before it begins on {from}")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// The public has no edition of it.
    #[error("there is no public edition of the report on {0}: it tells of the unit's own work")]
    ForTheUnit(Subject),
    /// Something in it must not be public.
    #[error(
        "the public edition is not made, for the leak guard found {0} in it; look for it in the \
         names of the unit, its banks and its accounts"
    )]
    Leaks(String),
}

/// The report.
///
/// # Errors
/// It is not made ([`NotMade`]), or the ledger failed.
pub async fn make(ctx: &Ctx, asked: &Asked) -> anyhow::Result<Document> {
    let Asked { subject, edition, language, from, until, .. } = *asked;
    if until < from {
        return Err(NotMade::Backwards { from, until }.into());
    }
    let locale = Locale::new(language)?;
    let words = Words(&locale);
    let title = locale.say::<&str>(&format!("report-title-{subject}"), &[])?;
    let Gathered { figures, counted, waiting } = gather(ctx, asked).await?;
    let mut notes = notes(&figures, asked, waiting, words)?;
    if !ctx.store.all_due_read().await? {
        notes.push(words.say("not-yet-compared")?);
    }
    let mut sections = sections(&figures, asked, words)?;
    sections.extend(reply_classes::sections(ctx, asked, &figures, counted.days).await?);
    sections.extend(attribution::sections(ctx, asked, &counted).await?);
    sections.extend(fairness::sections(ctx, asked, &figures, &counted).await?);
    let document = Document {
        subject,
        edition,
        language,
        title,
        unit: ctx.config.unit.name(language).to_owned(),
        from,
        until,
        as_of: figures.as_of,
        zone: ctx.config.calendar.zone.clone(),
        notes,
        sections,
    };
    if edition == Edition::Public {
        guard(&document)?;
    }
    Ok(document)
}

fn sections(figures: &Figures, asked: &Asked, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    let today = figures.as_of.in_zone(&figures.zone).date();
    match (asked.edition, asked.subject) {
        (Edition::Unit, Subject::Engagement) => engagement::sections(figures, words),
        (Edition::Unit, Subject::Banks) => banks::sections(figures, words),
        (Edition::Unit, Subject::Orders) => orders::sections(figures, words),
        (Edition::Unit, Subject::Costs) => costs::sections(figures, words),
        (Edition::Public, Subject::Engagement) => public::engagement(figures, today, words),
        (Edition::Public, Subject::Banks) => public::banks(figures, today, words),
        (Edition::Public, subject @ (Subject::Orders | Subject::Costs)) => {
            Err(NotMade::ForTheUnit(subject).into())
        }
    }
}

/// What a reader must know first. `waiting`: so many banks' days are not counted yet; `None`: none
/// is.
fn notes(
    figures: &Figures,
    asked: &Asked,
    waiting: Option<u64>,
    words: Words<'_>,
) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    match waiting {
        None => notes.push(words.say("not-counted")?),
        Some(0) => {}
        Some(n) => notes.push(words.with("still-counting", &[("n", n.to_string())])?),
    }
    if asked.edition == Edition::Public {
        let today = figures.as_of.in_zone(&figures.zone).date();
        let day = public::last_day_of_banks(today).to_string();
        notes.push(words.with("public-note", &[("day", day)])?);
    }
    if let Some(bank) = &asked.bank {
        notes.push(words.with("one-bank", &[("bank", figures.name(bank))])?);
    }
    Ok(notes)
}

/// Everything that the sections are made of.
struct Gathered {
    figures: Figures,
    counted: Counted,
    /// How many banks' days wait to be counted; `None`: none is counted yet.
    waiting: Option<u64>,
}

async fn gather(ctx: &Ctx, asked: &Asked) -> anyhow::Result<Gathered> {
    let zone = ctx.limits.calendar().zone();
    let standing = ctx.store.tally_standing(zone).await?;
    let now = ctx.store.clock().await?;
    let days = (day_number(asked.from), day_number(asked.until));
    let tallies = ctx.store.tally_days(days, None).await?;
    let counted = Counted::of(ctx, Days::of(ctx, asked).await?, &tallies).await?;
    let asked_for = |bank: &BankCode| asked.bank.as_ref().is_none_or(|one| one == bank);
    let days: Vec<_> = tallies
        .into_iter()
        .filter(|((_, bank), _)| asked_for(bank))
        .map(|((day, bank), tally)| (day_of(day), bank, tally))
        .collect();
    let overdue = ctx.store.overdue_by_bank(now).await?.into_iter();
    let overdue: std::collections::BTreeMap<_, _> = overdue
        .filter(|(bank, _)| asked_for(bank))
        .map(|(bank, sum)| (bank, Overdue { actions: u64::from(sum.actions), amount: sum.amount }))
        .collect();
    let banks = days.iter().map(|(_, bank, _)| bank).chain(overdue.keys()).chain(&asked.bank);
    let name = |bank: &BankCode| (bank.clone(), ctx.banks.name(bank, asked.language));
    let names = banks.collect::<std::collections::BTreeSet<_>>().into_iter().map(name).collect();
    let one_bank = asked.bank.is_some();
    let as_of = standing.map_or(now, |standing| standing.as_of);
    let figures = Figures {
        as_of,
        zone: zone.clone(),
        one_bank,
        names,
        overdue,
        line: line(ctx, asked).await,
        orders: orders_of(ctx).await?,
        // What is read of a platform is read for no bank in particular.
        readings: if one_bank { Vec::new() } else { readings(ctx, asked).await? },
        sums: Sums::of(days, as_of, zone),
    };
    Ok(Gathered { figures, counted, waiting: standing.map(|standing| standing.waiting) })
}

/// The unit's own figures. A source that does not answer stops no report.
async fn line(ctx: &Ctx, asked: &Asked) -> Line {
    let rows = match ctx.source.figures().await {
        Ok(rows) => rows,
        Err(error) => return Line::Failed(error.to_string()),
    };
    if rows.is_empty() {
        return Line::None;
    }
    let set_aside = rows.iter().filter(|row| row.is_err()).count() as u64;
    let asked_for = |day: &Date| asked.from <= *day && *day <= asked.until;
    let mut days: Vec<_> = rows.into_iter().flatten().filter(|row| asked_for(&row.day)).collect();
    days.sort_by_key(|row| row.day);
    Line::Given { days, set_aside }
}

async fn orders_of(ctx: &Ctx) -> anyhow::Result<Vec<Order>> {
    let orders = ctx.store.orders().await?.into_iter();
    Ok(orders
        .map(|order| Order {
            id: order.id,
            name: order.name,
            per_day: u64::from(order.terms.per_day),
            per_bank_day: u64::from(order.terms.per_bank_day),
        })
        .collect())
}

/// Platforms charge by the days of UTC.
async fn readings(ctx: &Ctx, asked: &Asked) -> anyhow::Result<Vec<Reading>> {
    let utc = jiff::tz::TimeZone::UTC;
    let (from, _) = instants(day_number(asked.from), &utc);
    let (_, until): (Timestamp, Timestamp) = instants(day_number(asked.until), &utc);
    let charged = ctx.store.charged(from, until).await?.into_iter();
    Ok(charged
        .map(|one| Reading {
            day: one.day_at.in_zone(&utc).date(),
            account: one.account,
            item: one.item,
            resources: one.resources,
            cost: MicroDollars::new(one.micros),
        })
        .collect())
}

/// Reads every text of a document for leaks, one after the other and as a whole.
fn guard(document: &Document) -> Result<(), NotMade> {
    let mut texts: Vec<&str> = vec![&document.title, &document.unit];
    texts.extend(document.notes.iter().map(String::as_str));
    for section in &document.sections {
        texts.extend([section.title.as_str(), section.about.as_str()]);
        texts.extend(section.findings.iter().map(|finding| finding.text.as_str()));
        texts.extend(section.table.columns.iter().map(|column| column.title.as_str()));
        let rows = section.table.rows.iter().chain(&section.table.total);
        texts.extend(rows.flatten().filter_map(|cell| match cell {
            Cell::Text(text) | Cell::Nothing(text) | Cell::Link(text) => Some(text.as_str()),
            _ => None,
        }));
    }
    let leaks = leak_guard::findings(&texts.join("\n"));
    match leaks.first() {
        None => Ok(()),
        Some(leak) => Err(NotMade::Leaks(format!("{:?}", leak.kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(note: &str) -> Document {
        let day = jiff::civil::date(2026, 11, 1);
        Document {
            subject: Subject::Engagement,
            edition: Edition::Public,
            language: Language::En,
            title: "What public tags achieve".to_owned(),
            unit: "Cyber Crime Unit".to_owned(),
            from: day,
            until: day,
            as_of: Timestamp::from_micros(0),
            zone: "Asia/Kolkata".to_owned(),
            notes: vec![note.to_owned()],
            sections: Vec::new(),
        }
    }

    #[test]
    fn a_document_with_an_identifier_in_any_text_is_not_made() {
        assert!(guard(&document("Single banks are told until 2026-10-31.")).is_ok());
        let leak = guard(&document("Call the officer on 98765 43210."));
        assert!(matches!(leak, Err(NotMade::Leaks(_))), "{leak:?}");
    }
}
