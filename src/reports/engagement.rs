//! What public tags achieve: the numbers that go into a review meeting, each with its definition.

use jiff::SignedDuration;

use super::{
    document::{Bar, Bars, Cell, Chart, Curve, Curves, Section},
    figures::{Figures, Line, RIPE, month},
    words::{FEWEST, Words, count, dollars, money, text, total},
};
use crate::domain::{
    cost::MicroDollars,
    escalation::{EscalationKind, EscalationState},
    measures::{Ends, Manner, Requests, Ripe, Spans, Sum as _, Tally},
    money::Paise,
};

/// The sections of the unit's own edition, in their order.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(figures: &Figures, words: Words<'_>) -> anyhow::Result<Vec<Section>> {
    Ok(vec![
        summary(figures, words)?,
        unit_line(figures, words)?,
        posts(figures, words)?,
        kinds(figures, words)?,
        requests(figures, words, false)?,
        tags(figures, words)?,
        times(figures, words)?,
        super::banks::by_time_to_action(figures, words)?,
        avoided(figures, words)?,
        reach(figures, words)?,
    ])
}

/// A dozen numbers, each with a plain sentence.
fn summary(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let mut section = words.section("summary", &["measure", "value", "meaning"])?;
    let (all, ripe) = (&figures.sums.all, &figures.sums.money);
    let overdue = figures.overdue.values();
    let refused: u64 = all.manners.values().map(|ends| ends.refused).sum();
    let uncertain: u64 = all.manners.values().map(|ends| ends.uncertain).sum();
    let spent: MicroDollars =
        all.accounts.values().fold(MicroDollars::ZERO, |sum, one| sum.plus(one.cost));
    let spent = figures.readings.iter().fold(spent, |sum, one| sum.plus(one.cost));
    let values = [
        ("overdue", count(overdue.clone().map(|one| one.actions).sum())),
        ("overdue-amount", money(overdue.map(|one| one.amount).sum())),
        ("requests", count(all.money.requests)),
        ("value", money(all.money.value)),
        ("within-6", words.share(ripe.within(0))?),
        ("within-24", words.share(ripe.within(1))?),
        ("within-72", words.share(ripe.within(2))?),
        ("lien", money(all.money.lien)),
        ("tags", count(all.tags.tags)),
        ("answered", words.share((all.tags.replied.count(), all.tags.tags))?),
        ("acted-after", words.share((all.tags.acted.count(), all.tags.counted()))?),
        ("lien-after", money(all.tags.lien)),
        ("avoided", count(all.drafts.avoided)),
        ("refused", count(refused)),
        ("uncertain", count(uncertain)),
        ("cost", dollars(spent)),
    ];
    for (key, value) in values {
        let name = words.say(&format!("sum-{key}"))?;
        let meaning = words.say(&format!("sum-{key}-about"))?;
        section.table.rows.push(vec![text(name), value, text(meaning)]);
    }
    Ok(section)
}

/// Complaints, money lost and recovered, arrests: the unit's own count.
fn unit_line(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["month", "complaints", "defrauded", "recovered", "arrests"];
    let mut section = words.section("unit-line", &columns)?;
    let (days, set_aside) = match &figures.line {
        Line::Given { days, set_aside } => (days.as_slice(), *set_aside),
        Line::None => {
            section.findings.push(words.finding("line-none", &[])?);
            return Ok(section);
        }
        Line::Failed(why) => {
            section.findings.push(words.warning("line-failed", &[("why", why.clone())])?);
            return Ok(section);
        }
    };
    if set_aside > 0 {
        section.findings.push(words.warning("line-set-aside", &[("n", set_aside.to_string())])?);
    }
    let mut months: std::collections::BTreeMap<String, (u64, Paise, Paise, u64)> =
        std::collections::BTreeMap::new();
    for day in days {
        let of = months.entry(month(day.day)).or_default();
        of.0.add(&u64::from(day.complaints));
        of.1.add(&day.amount_defrauded);
        of.2.add(&day.amount_recovered);
        of.3.add(&u64::from(day.arrests));
    }
    let bars = months.iter().map(|(month, (_, lost, back, _))| Bar {
        label: month.clone(),
        value: part(back.paise(), lost.paise()) * 100.0,
        said: percent(part(back.paise(), lost.paise())),
        interval: None,
    });
    let bars: Vec<_> = bars.collect();
    for (month, (complaints, lost, back, arrests)) in months {
        let row = [text(month), count(complaints), money(lost), money(back), count(arrests)];
        section.table.rows.push(row.to_vec());
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    section.chart = chart(words, "unit-line", bars)?;
    Ok(section)
}

fn ends(first: String, ends: &Ends) -> Vec<Cell> {
    let Ends { delivered, retracted, refused, uncertain, sending } = *ends;
    let counts = [delivered, retracted, refused, uncertain, sending].map(count);
    [text(first)].into_iter().chain(counts).collect()
}

/// Posts by how they name the bank and how they ended.
fn posts(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["manner", "delivered", "retracted", "refused", "uncertain", "sending"];
    let mut section = words.section("posts", &columns)?;
    let all = &figures.sums.all;
    for manner in Manner::ALL {
        let of = all.manners.get(manner).cloned().unwrap_or_default();
        section.table.rows.push(ends(words.say(&format!("manner-{manner}"))?, &of));
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}

/// The same posts by what they say, with deletions.
fn kinds(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["kind", "delivered", "retracted", "refused", "uncertain", "sending"];
    let mut section = words.section("kinds", &columns)?;
    let all = &figures.sums.all;
    for kind in EscalationKind::ALL {
        let name = words.say(&format!("kind-{kind}"))?;
        section.table.rows.push(ends(name, &all.kind(*kind)));
    }
    Ok(section)
}

/// What came of the requests that reached the banks. In public only those for money, rounded down.
pub(super) fn requests(
    figures: &Figures,
    words: Words<'_>,
    public: bool,
) -> anyhow::Result<Section> {
    let columns = [
        "group",
        "requests",
        "value",
        "acted",
        "nil",
        "lien",
        "pending",
        "disputed",
        "withdrawn",
        "within-6",
        "within-24",
        "within-72",
        "median",
    ];
    let mut section = words.section("requests", &columns)?;
    let sums = &figures.sums;
    let groups: [(&str, &Requests, &Ripe); 2] =
        [("money", &sums.all.money, &sums.money), ("papers", &sums.all.papers, &sums.papers)];
    for (group, of, ripe) in &groups[..if public { 1 } else { 2 }] {
        let amount = |amount: Paise| if public { amount.rounded_down() } else { amount };
        let mut row = vec![
            text(words.say(&format!("group-{group}"))?),
            count(of.requests),
            money(amount(of.value)),
            count(of.acted.count()),
            count(of.nil),
            money(amount(of.lien)),
        ];
        row.extend([of.pending, of.disputed, of.withdrawn].map(count));
        for n in 0..3 {
            row.push(words.share(ripe.within(n))?);
        }
        row.push(words.median(&ripe.oldest.acted, ripe.oldest.counted())?);
        section.table.rows.push(row);
    }
    Ok(section)
}

/// What followed tags, month by month.
fn tags(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = [
        "month",
        "tags",
        "replied",
        "substantive",
        "unread",
        "actions",
        "again",
        "acted",
        "acted-before",
        "nil",
        "lien",
        "pending",
        "disputed",
        "withdrawn",
        "unknown",
    ];
    let mut section = words.section("tags", &columns)?;
    for (month, all) in &figures.sums.months {
        let tags = &all.tags;
        let mut row = vec![text(month.as_str()), count(tags.tags)];
        row.extend([tags.replied.count(), tags.substantive.count(), tags.unread].map(count));
        row.extend([tags.actions, tags.again, tags.acted.count(), tags.acted_before].map(count));
        row.extend([count(tags.nil), money(tags.lien)]);
        row.extend([tags.pending, tags.disputed, tags.withdrawn, tags.unknown].map(count));
        section.table.rows.push(row);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    let unread = figures.sums.all.tags.unread;
    if unread > 0 {
        section.findings.push(words.finding("tags-unread", &[("n", unread.to_string())])?);
    }
    Ok(section)
}

/// How long it took: in bands after a tag and after a request, and the same as curves.
fn times(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["band", "replied", "substantive", "acted-after", "acted-requests"];
    let mut section = words.section("times", &columns)?;
    let all = &figures.sums.all;
    let tags = &all.tags;
    let kept = [&tags.replied, &tags.substantive, &tags.acted, &all.money.acted];
    let mut from = 0;
    let ends: Vec<_> = tags.replied.bands().map(|(end, _)| end).collect();
    for (n, end) in ends.into_iter().enumerate() {
        let mut row = vec![text(words.band(from, end)?)];
        row.extend(kept.iter().map(|spans| count(spans.bands().nth(n).map_or(0, |(_, n)| n))));
        section.table.rows.push(row);
        from = end.unwrap_or(from);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    // What is younger has not had the time yet.
    let (old, asked) = (&figures.sums.tags, &figures.sums.money.oldest);
    let curves = [
        ("replied", &old.replied, old.tags),
        ("acted-after", &old.acted, old.counted()),
        ("acted-requests", &asked.acted, asked.counted()),
    ];
    let mut drawn = Vec::new();
    for (key, spans, of) in curves {
        if of >= FEWEST {
            let label = words.say(&format!("col-{key}"))?;
            drawn.push(Curve { label, points: reached(spans, of) });
        }
    }
    if !drawn.is_empty() {
        section.chart = Some(curves_of(words, drawn)?);
    }
    Ok(section)
}

/// The share that had ended after each band, as far as all are old enough to tell.
fn reached(spans: &Spans, of: u64) -> Vec<(f64, f64)> {
    let ended = |hours: u32| (f64::from(hours), spans.within(hours) as f64 / of as f64);
    let told = |end: &u32| SignedDuration::from_hours(i64::from(*end)) <= RIPE;
    let ends = spans.bands().filter_map(|(end, _)| end).filter(told);
    [(0.0, 0.0)].into_iter().chain(ends.map(ended)).collect()
}

fn curves_of(words: Words<'_>, curves: Vec<Curve>) -> anyhow::Result<Chart> {
    Ok(Chart::Curves(Curves {
        about: words.say("times-chart")?,
        x: words.say("times-x")?,
        y: words.say("times-y")?,
        steps: true,
        share: true,
        curves,
    }))
}

/// Tags that nobody had to post, because the bank acted first.
fn avoided(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns =
        ["month", "drafted", "avoided", "avoided-amount", "rejected", "expired", "disputes"];
    let mut section = words.section("avoided", &columns)?;
    for (month, all) in &figures.sums.months {
        let drafts = &all.drafts;
        let state = |state| count(drafts.states.get(&state).copied().unwrap_or_default());
        section.table.rows.push(vec![
            text(month.as_str()),
            count(drafts.states.values().sum()),
            count(drafts.avoided),
            money(drafts.avoided_amount),
            state(EscalationState::Rejected),
            state(EscalationState::Expired),
            count(drafts.disputes),
        ]);
    }
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}

/// What others did with our posts.
fn reach(figures: &Figures, words: Words<'_>) -> anyhow::Result<Section> {
    let columns = ["month", "posts", "replies", "likes", "reposts", "quotes"];
    let mut section = words.section("reach", &columns)?;
    let row = |(month, all): (&String, &Tally)| {
        let reach = &all.reach;
        let counts = [all.out(), reach.replies, reach.likes, reach.reposts, reach.quotes];
        [text(month.as_str())].into_iter().chain(counts.map(count)).collect()
    };
    section.table.rows = figures.sums.months.iter().map(row).collect();
    section.table.total = total(words.say("total")?, &section.table.rows);
    Ok(section)
}

fn part(of: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { of as f64 / whole as f64 }
}

/// A share as it is written beside a bar.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Bars under a section's own words; none where there is nothing to draw.
pub(super) fn chart(words: Words<'_>, id: &str, bars: Vec<Bar>) -> anyhow::Result<Option<Chart>> {
    if bars.is_empty() {
        return Ok(None);
    }
    let about = words.say(&format!("{id}-chart"))?;
    let axis = words.say(&format!("{id}-axis"))?;
    Ok(Some(Chart::Bars(Bars { about, axis, bars })))
}
