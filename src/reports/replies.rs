//! What the banks answered: how much of it is courtesy, and where they say that they acted and the
//! case source does not.

use std::collections::BTreeMap;

use super::{
    document::{Bar, Bars, Cell, Chart, Column, Finding, Section, Table},
    figures::{Figures, OfBank},
};
use crate::{
    domain::{
        bank::Directory,
        ids::BankCode,
        measures::Replies,
        reply_class::{GRACE, ReplyClass, Unrecorded},
    },
    locale::Locale,
};

/// The section `claimed-not-recorded`.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn claimed_not_recorded(
    words: &Locale,
    banks: &Directory,
    tags: &[Unrecorded],
) -> anyhow::Result<Section> {
    let hours = GRACE.as_hours().to_string();
    let row = |tag: &Unrecorded| {
        vec![
            Cell::Text(banks.name(&tag.bank, words.language())),
            Cell::Text(tag.reference.to_string()),
            Cell::At(tag.claimed_at),
            Cell::Count(tag.pending.into()),
            Cell::Count(tag.actions.into()),
        ]
    };
    let finding = match tags.len() {
        0 => words.say::<&str>("replies-unrecorded-none", &[])?,
        many => words.say("replies-unrecorded-some", &[("n", many)])?,
    };
    Ok(Section {
        id: "claimed-not-recorded",
        title: words.say::<&str>("replies-unrecorded-title", &[])?,
        about: words.say("replies-unrecorded-about", &[("hours", hours.as_str())])?,
        findings: vec![Finding { warning: !tags.is_empty(), text: finding }],
        chart: None,
        table: Table {
            columns: columns(
                words,
                &[
                    ("bank", "replies-column-bank"),
                    ("reference", "replies-column-reference"),
                    ("claimed_at", "replies-column-claimed"),
                    ("pending", "replies-column-pending"),
                    ("actions", "replies-column-actions"),
                ],
            )?,
            rows: tags.iter().map(row).collect(),
            total: None,
        },
    })
}

/// The section `reply-classes`.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn reply_classes(words: &Locale, figures: &Figures) -> anyhow::Result<Section> {
    let of_bank = |(bank, of): (_, &OfBank)| (bank, Line(of.tally.replies.clone()));
    let of_banks = figures.sums.banks.iter().map(of_bank);
    let by_bank: Vec<(&BankCode, Line)> = of_banks.filter(|(_, line)| line.replies() > 0).collect();
    let all = Line(figures.sums.all.replies.clone());
    let mut head = vec![("bank", "replies-column-bank")];
    head.extend(ReplyClass::ALL.iter().map(|class| (class.as_str(), heading(*class))));
    head.push(("replies", "replies-column-replies"));
    head.push(("corrected", "replies-column-corrected"));
    let mut rows = Vec::with_capacity(by_bank.len());
    let mut bars = Vec::with_capacity(by_bank.len());
    for (bank, line) in &by_bank {
        let label = figures.name(bank);
        let (canned, of) = (line.count(ReplyClass::Canned), line.replies());
        let given = [("part", canned.to_string()), ("of", of.to_string())];
        let said = words.say("replies-part-of", &given)?;
        let value = share(canned, of);
        bars.push(Bar { label: label.clone(), value, said, interval: None });
        rows.push(line.cells(label));
    }
    let total = all.cells(words.say::<&str>("replies-all-banks", &[])?);
    let mut findings = Vec::new();
    if all.corrected() > 0 {
        let given = [("part", all.corrected().to_string()), ("of", all.replies().to_string())];
        let text = words.say("replies-corrected-some", &given)?;
        findings.push(Finding { warning: false, text });
    }
    let chart = Bars {
        about: words.say::<&str>("replies-chart-about", &[])?,
        axis: words.say::<&str>("replies-chart-axis", &[])?,
        bars,
    };
    Ok(Section {
        id: "reply-classes",
        title: words.say::<&str>("replies-classes-title", &[])?,
        about: words.say::<&str>("replies-classes-about", &[])?,
        findings,
        chart: (!rows.is_empty()).then_some(Chart::Bars(chart)),
        table: Table {
            columns: columns(words, &head)?,
            total: (rows.len() > 1).then_some(total),
            rows,
        },
    })
}

/// The replies of one bank or of all.
struct Line(BTreeMap<ReplyClass, Replies>);

impl Line {
    fn count(&self, class: ReplyClass) -> u64 {
        self.0.get(&class).map_or(0, |of| of.count)
    }

    fn replies(&self) -> u64 {
        self.0.values().map(|of| of.count).sum()
    }

    fn corrected(&self) -> u64 {
        self.0.values().map(|of| of.corrected).sum()
    }

    fn cells(&self, label: String) -> Vec<Cell> {
        let mut cells = vec![Cell::Text(label)];
        cells.extend(ReplyClass::ALL.iter().map(|class| Cell::Count(self.count(*class))));
        cells.extend([Cell::Count(self.replies()), Cell::Count(self.corrected())]);
        cells
    }
}

const fn heading(class: ReplyClass) -> &'static str {
    match class {
        ReplyClass::Canned => "replies-class-canned",
        ReplyClass::Acknowledgement => "replies-class-acknowledgement",
        ReplyClass::Claim => "replies-class-claim",
        ReplyClass::Dispute => "replies-class-dispute",
        ReplyClass::Other => "replies-class-other",
    }
}

fn columns(words: &Locale, head: &[(&'static str, &str)]) -> anyhow::Result<Vec<Column>> {
    let column =
        |(id, key): &(&'static str, &str)| Ok(Column { id, title: words.say::<&str>(key, &[])? });
    head.iter().map(column).collect()
}

#[expect(clippy::cast_precision_loss, reason = "nobody gets 2^52 replies")]
fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use jiff::{
        civil::{Date, date},
        tz::TimeZone,
    };

    use super::*;
    use crate::{
        domain::{measures::Tally, platform::Language, time::Timestamp},
        reports::figures::{Line as UnitLine, Sums},
    };

    fn figures(days: Vec<(Date, BankCode, Tally)>) -> Figures {
        let as_of = Timestamp::from_micros(0);
        Figures {
            sums: Sums::of(days, as_of, &TimeZone::UTC),
            as_of,
            zone: TimeZone::UTC,
            one_bank: false,
            names: BTreeMap::new(),
            overdue: BTreeMap::new(),
            line: UnitLine::None,
            orders: Vec::new(),
            readings: Vec::new(),
        }
    }

    #[test]
    fn each_row_has_a_cell_for_every_column_and_the_total_sums_them() {
        let words = Locale::new(Language::En).unwrap();
        let of = |bank: &str, class, count, corrected| {
            let mut tally = Tally::default();
            tally.replied(class, count, corrected);
            (date(2026, 11, 1), BankCode::new(bank), tally)
        };
        let days = vec![
            of("ZNMN", ReplyClass::Dispute, 2, 0),
            of("ZPPL", ReplyClass::Canned, 3, 0),
            of("ZPPL", ReplyClass::Claim, 1, 1),
            of("ZGLM", ReplyClass::Claim, 0, 0),
        ];
        let section = reply_classes(&words, &figures(days)).unwrap();
        assert_eq!(section.table.rows.len(), 2, "a bank that said nothing has no row");
        let width = section.table.columns.len();
        assert!(section.table.rows.iter().all(|row| row.len() == width));
        let total = section.table.total.unwrap();
        assert_eq!(total[1..], [3, 0, 1, 2, 0, 6, 1].map(Cell::Count));
        let Some(Chart::Bars(chart)) = section.chart else { panic!("a picture") };
        assert_eq!((chart.bars[1].value, chart.bars[1].said.as_str()), (0.75, "3 of 4"));
        assert!(!section.findings[0].warning);
        let none = reply_classes(&words, &figures(Vec::new())).unwrap();
        assert!(none.chart.is_none() && none.table.total.is_none() && none.findings.is_empty());
    }

    #[test]
    fn what_is_claimed_and_not_recorded_is_a_warning() {
        let banks = Directory::default();
        let tag = Unrecorded {
            bank: BankCode::new("ZPPL"),
            reference: crate::domain::ids::Reference::new("GGM-7F3K2"),
            claimed_at: crate::domain::time::Timestamp::from_micros(0),
            pending: 2,
            actions: 5,
        };
        for language in Language::ALL {
            let words = Locale::new(*language).unwrap();
            let section = claimed_not_recorded(&words, &banks, std::slice::from_ref(&tag)).unwrap();
            assert!(section.findings[0].warning);
            assert_eq!(section.table.rows[0].len(), section.table.columns.len());
            let section = claimed_not_recorded(&words, &banks, &[]).unwrap();
            assert!(!section.findings[0].warning && section.table.rows.is_empty());
        }
    }
}
