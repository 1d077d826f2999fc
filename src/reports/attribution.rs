//! The sections on what tags achieve: tagged requests beside their like, and how long requests and
//! money stay pending.

use super::document::{Cell, Chart, Column, Curve as Line, Curves, Finding, Section, Table};
use crate::{
    domain::{
        attribution::{
            Comparison, LEAST_PAIRS, LEAST_TAGS, Life, Matched, Pressing, Verdict, compare,
        },
        measures::Manner,
        survival::{Curve, Stretch, after, well_watched},
        time::Timestamp,
    },
    locale::Locale,
};

/// The ages, in hours beyond the due time, at which curves are told in numbers.
const TOLD_AT: [u32; 4] = [24, 72, 168, 336];

/// A curve is drawn while so many requests are watched.
const LEAST_WATCHED: usize = 10;

/// A curve has a value every so many hours.
const EVERY: usize = 4;

/// What the sections are made of.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The pairs.
    pub matched: &'a Matched<'a>,
    /// The lives of the tagged.
    pub tagged: &'a [Life],
    /// The lives of requests that fell due, tagged or not.
    pub pool: &'a [Life],
    /// The first instant of the days.
    pub from: Timestamp,
    /// The tags that were drawn, of how many.
    pub tags: (u64, u64),
    /// The requests that were drawn, of how many.
    pub requests: (u64, u64),
}

/// The sections.
///
/// # Errors
/// A message is missing (a mistake of ours).
pub fn sections(found: &Found<'_>, words: &Locale) -> anyhow::Result<Vec<Section>> {
    Ok(vec![
        comparison(found, words)?,
        survival(found, words, false)?,
        survival(found, words, true)?,
    ])
}

pub(super) fn column(id: &'static str, key: &str, words: &Locale) -> anyhow::Result<Column> {
    Ok(Column { id, title: words.say::<&str>(key, &[])? })
}

fn comparison(found: &Found<'_>, words: &Locale) -> anyhow::Result<Section> {
    let overall = compare(found.matched, None);
    let mut findings = vec![told(&overall, words)?];
    findings.push(plain(share_paired(found.matched, words)?));
    findings.extend(sampled(found.tags, "tags", words)?);
    findings.extend(sampled(found.requests, "requests", words)?);
    findings.push(plain(words.say::<&str>("attribution-no-cause", &[])?));
    let mut rows = vec![row(words.say::<&str>("attribution-all", &[])?, &overall, words)?];
    for manner in Manner::ALL {
        let name = words.say::<&str>(&format!("attribution-manner-{manner}"), &[])?;
        rows.push(row(name, &compare(found.matched, Some(*manner)), words)?);
    }
    let columns = [
        ("manner", "attribution-column-manner"),
        ("pairs", "attribution-column-pairs"),
        ("tags", "attribution-column-tags"),
        ("tagged_hours", "attribution-column-tagged"),
        ("untagged_hours", "attribution-column-untagged"),
        ("difference_hours", "attribution-column-difference"),
        ("low_hours", "attribution-column-low"),
        ("high_hours", "attribution-column-high"),
    ];
    let columns = columns.into_iter().map(|(id, key)| column(id, key, words));
    Ok(Section {
        id: "attribution",
        title: words.say::<&str>("attribution-title", &[])?,
        about: words.say("attribution-about", &[("least", LEAST_PAIRS), ("tags", LEAST_TAGS)])?,
        findings,
        chart: pair_chart(found.matched, words)?,
        table: Table { columns: columns.collect::<anyhow::Result<_>>()?, rows, total: None },
    })
}

fn plain(text: String) -> Finding {
    Finding { warning: false, text }
}

pub(super) fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// The overall finding. Never that a tag caused anything.
fn told(verdict: &Verdict, words: &Locale) -> anyhow::Result<Finding> {
    let one = match verdict {
        Verdict::TooFew { pairs, tags } => {
            let given = [("pairs", *pairs), ("tags", *tags)];
            return Ok(plain(words.say("attribution-too-few", &given)?));
        }
        Verdict::TooEarly { hours } => {
            return Ok(plain(words.say("attribution-too-early", &[("hours", number(*hours))])?));
        }
        Verdict::Told(one) => one,
    };
    let (low, high) = one.interval;
    let key = if high < 0.0 {
        "attribution-sooner"
    } else if low > 0.0 {
        "attribution-later"
    } else {
        "attribution-no-difference"
    };
    let given = [
        ("tagged", number(one.tagged)),
        ("untagged", number(one.untagged)),
        ("difference", number(one.difference.abs())),
        ("low", number(low)),
        ("high", number(high)),
        ("horizon", number(one.horizon)),
    ];
    Ok(Finding { warning: low > 0.0, text: words.say(key, &given)? })
}

fn share_paired(matched: &Matched<'_>, words: &Locale) -> anyhow::Result<String> {
    let share = 100 * matched.pairs.len() / matched.tagged.max(1);
    let given = [("pairs", matched.pairs.len()), ("tagged", matched.tagged), ("share", share)];
    words.say("attribution-paired", &given)
}

/// That something is drawn from a sample, where it is.
fn sampled((drawn, of): (u64, u64), what: &str, words: &Locale) -> anyhow::Result<Option<Finding>> {
    if drawn >= of {
        return Ok(None);
    }
    let key = format!("attribution-sample-{what}");
    Ok(Some(plain(words.say(&key, &[("drawn", drawn), ("of", of)])?)))
}

fn row(name: String, verdict: &Verdict, words: &Locale) -> anyhow::Result<Vec<Cell>> {
    let count = |n: usize| Cell::Count(n as u64);
    let silent = |why: &str, pairs: Cell, tags: Cell| -> anyhow::Result<Vec<Cell>> {
        let why = words.say::<&str>(why, &[])?;
        let mut cells = vec![Cell::Text(name.clone()), pairs, tags];
        cells.extend((0..5).map(|_| Cell::Nothing(why.clone())));
        Ok(cells)
    };
    match verdict {
        Verdict::TooFew { pairs, tags } => {
            silent("attribution-cell-too-few", count(*pairs), count(*tags))
        }
        Verdict::TooEarly { .. } => {
            let nothing = || Cell::Nothing(String::new());
            silent("attribution-cell-too-early", nothing(), nothing())
        }
        Verdict::Told(one) => Ok(told_row(name, one)),
    }
}

fn told_row(name: String, one: &Comparison) -> Vec<Cell> {
    vec![
        Cell::Text(name),
        Cell::Count(one.pairs as u64),
        Cell::Count(one.tags as u64),
        Cell::Hours(one.tagged),
        Cell::Hours(one.untagged),
        Cell::Hours(one.difference),
        Cell::Hours(one.interval.0),
        Cell::Hours(one.interval.1),
    ]
}

/// The two sides' curves, from the moment of the tag.
fn pair_chart(matched: &Matched<'_>, words: &Locale) -> anyhow::Result<Option<Chart>> {
    let mut curves = Vec::new();
    for (key, stretches) in [
        ("attribution-tagged", matched.stretches(true)),
        ("attribution-untagged", matched.stretches(false)),
    ] {
        let last = TOLD_AT[2];
        let Some((0, until)) = well_watched(&stretches, LEAST_PAIRS, last) else { return Ok(None) };
        let points = points(&Curve::of(&stretches), 0, until);
        curves.push(Line { label: words.say::<&str>(key, &[])?, points });
    }
    Ok(Some(Chart::Curves(Curves {
        about: words.say::<&str>("attribution-chart", &[])?,
        x: words.say::<&str>("attribution-axis-after-tag", &[])?,
        y: words.say::<&str>("survival-axis-pending", &[])?,
        steps: true,
        share: true,
        curves,
    })))
}

fn points(curve: &Curve, first: u32, until: u32) -> Vec<(f64, f64)> {
    let hours = (first..=until).step_by(EVERY);
    hours.map(|hour| (f64::from(hour), curve.share_at(f64::from(hour)))).collect()
}

/// One way of being pressed, and the stretches in which requests were.
struct Pressed {
    name: String,
    stretches: Vec<Stretch>,
}

/// The tagged are drawn by their tags, the others by when they fell due; each way of being pressed
/// has its requests from the one or the other sample, never from both.
fn pressed(found: &Found<'_>, words: &Locale, money: bool) -> anyhow::Result<Vec<Pressed>> {
    let mut all = Vec::new();
    for pressing in Pressing::ALL {
        let lives = if *pressing == Pressing::Tagged { found.tagged } else { found.pool };
        let stretches = lives.iter().flat_map(|life| life.stretches(found.from, money));
        let stretches = stretches.filter(|(of, _)| of == pressing).map(|(_, one)| one).collect();
        let name = words.say::<&str>(&format!("survival-pressing-{pressing}"), &[])?;
        all.push(Pressed { name, stretches });
    }
    Ok(all)
}

fn survival(found: &Found<'_>, words: &Locale, money: bool) -> anyhow::Result<Section> {
    let (id, key) = if money { ("survival-money", "money") } else { ("survival", "requests") };
    let (mut rows, mut curves) = (Vec::new(), Vec::new());
    let last = TOLD_AT.into_iter().max().unwrap_or_default();
    for Pressed { name, stretches } in pressed(found, words, money)? {
        let Some((first, until)) = well_watched(&stretches, LEAST_WATCHED, last) else {
            rows.push(nothing(name, stretches.len(), words)?);
            continue;
        };
        let curve = Curve::of(&after(&stretches, f64::from(first)));
        curves.push(Line { label: name.clone(), points: points(&curve, first, until) });
        for hour in TOLD_AT.into_iter().filter(|hour| (first + 1..=until).contains(hour)) {
            rows.push(told_at(&name, stretches.len(), (first, hour), &curve, money));
        }
    }
    let columns = [
        ("pressed", "survival-column-pressed"),
        ("requests", "survival-column-requests"),
        ("from_hour", "survival-column-from"),
        ("hour", "survival-column-hour"),
        ("pending", "survival-column-pending"),
        ("low", "survival-column-low"),
        ("high", "survival-column-high"),
    ];
    let columns = columns.into_iter().map(|(id, key)| column(id, key, words));
    let chart = Curves {
        about: words.say::<&str>(&format!("survival-chart-{key}"), &[])?,
        x: words.say::<&str>("survival-axis-age", &[])?,
        y: words.say::<&str>(&format!("survival-axis-{key}"), &[])?,
        steps: true,
        share: true,
        curves,
    };
    Ok(Section {
        id,
        title: words.say::<&str>(&format!("survival-title-{key}"), &[])?,
        about: words.say(&format!("survival-about-{key}"), &[("least", LEAST_WATCHED)])?,
        findings: vec![plain(words.say::<&str>("survival-not-alike", &[])?)],
        chart: (!chart.curves.is_empty()).then_some(Chart::Curves(chart)),
        table: Table { columns: columns.collect::<anyhow::Result<_>>()?, rows, total: None },
    })
}

fn nothing(name: String, requests: usize, words: &Locale) -> anyhow::Result<Vec<Cell>> {
    let why = words.say::<&str>("survival-cell-too-few", &[])?;
    let mut cells = vec![Cell::Text(name), Cell::Count(requests as u64)];
    cells.extend((0..5).map(|_| Cell::Nothing(why.clone())));
    Ok(cells)
}

fn told_at(
    name: &str,
    requests: usize,
    (first, hour): (u32, u32),
    curve: &Curve,
    money: bool,
) -> Vec<Cell> {
    let interval = curve.at(f64::from(hour)).and_then(|point| point.interval);
    let bound = |value: Option<f64>| match value {
        Some(value) if !money => Cell::Share(value),
        _ => Cell::Nothing(String::new()),
    };
    vec![
        Cell::Text(name.to_owned()),
        Cell::Count(requests as u64),
        Cell::Hours(f64::from(first)),
        Cell::Hours(f64::from(hour)),
        Cell::Share(curve.share_at(f64::from(hour))),
        bound(interval.map(|(low, _)| low)),
        bound(interval.map(|(_, high)| high)),
    ]
}
