//! The rehearsal of an order: what it would have posted, as a chart, a table and a list, regrets
//! first. It takes seconds, so its result is kept for whoever looks at it next.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use askama::Template;
use axum::{extract::Path, response::Response};
use jiff::civil::Date;

use super::{
    super::{frame::Frame, problem::Problem, visit::Visit},
    page_of, place,
};
use crate::{
    domain::{
        ids::OrderId,
        order::{MINIMUM_REHEARSED_DAYS, StandingOrder},
    },
    reports::rehearsal::{Rehearsal, Tag},
    work::rehearse::rehearse_order,
};

/// Results that are kept: the oldest goes first.
const KEPT: usize = 20;
/// Tags on one page.
const PAGE: usize = 100;
/// How far back a rehearsal may go, in days.
const LONGEST: u32 = 366;
/// How far back it goes where nobody says.
const USUAL: u32 = 30;

/// The last results, in this process. One rehearsal runs at a time: it costs a processor seconds.
#[derive(Default)]
pub(in super::super) struct Rehearsals {
    kept: Mutex<VecDeque<(OrderId, Arc<Rehearsal>)>>,
    running: tokio::sync::Mutex<()>,
}

impl Rehearsals {
    /// The last result of an order.
    pub(super) fn kept(&self, order: &OrderId) -> Option<Arc<Rehearsal>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(id, _)| id == order).map(|(_, rehearsal)| rehearsal.clone())
    }

    fn keep(&self, order: &OrderId, rehearsal: Rehearsal) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(id, _)| id != order);
        kept.push_back((order.clone(), Arc::new(rehearsal)));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

pub(super) async fn make(visit: Visit, Path(order): Path<String>) -> Result<Response, Problem> {
    let order = visit.store().order(&order).await?;
    let days = visit.form.get("days").parse().unwrap_or(USUAL).clamp(1, LONGEST);
    let rehearsals = &visit.console.0.rehearsals;
    let Ok(_running) = rehearsals.running.try_lock() else {
        return Err(Problem::Told("orders-rehearsing"));
    };
    let rehearsal = rehearse_order(visit.ctx(), &visit.by("order rehearse")?, &order, days).await?;
    let observed = rehearsal.days_observed.to_string();
    rehearsals.keep(&order.id, rehearsal);
    visit.done(&format!("{}/rehearsal", place(&order)), "orders-rehearsed", &observed).await
}

/// One day of the chart, in the chart's own units.
struct Bar {
    date: String,
    tags: u32,
    regrets: u32,
    x: u32,
    wide: u32,
    /// Of the tags that nobody would have regretted, above the others.
    y: u32,
    high: u32,
    regret_y: u32,
    regret_high: u32,
}

/// The chart: its width, its tallest day, its days.
struct Chart {
    wide: u32,
    most: u32,
    bars: Vec<Bar>,
}

/// The height of the tallest bar, and the space above it and left of the first.
const HIGH: u32 = 100;
const ABOVE: u32 = 20;
const LEFT: u32 = 34;

impl Chart {
    fn of(visit: &Visit, rehearsal: &Rehearsal) -> Self {
        let zone = visit.console.zone();
        let day = |at: crate::domain::time::Timestamp| at.in_zone(zone).date();
        let mut days: BTreeMap<Date, (u32, u32)> = BTreeMap::new();
        let (mut date, last) = (day(rehearsal.from), day(rehearsal.until));
        while date <= last {
            days.insert(date, (0, 0));
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        for tag in &rehearsal.tags {
            let (tags, regrets) = days.entry(day(tag.at)).or_default();
            *tags += 1;
            *regrets += u32::from(tag.regret.is_some());
        }
        let most = days.values().map(|(tags, _)| *tags).max().unwrap_or(0).max(1);
        let step = (720 / u32::try_from(days.len()).unwrap_or(u32::MAX).max(1)).max(2);
        let bar = |(n, (date, (tags, regrets))): (u32, (&Date, &(u32, u32)))| {
            let (high, regret_high) = ((tags - regrets) * HIGH / most, regrets * HIGH / most);
            let floor = ABOVE + HIGH;
            Bar {
                date: visit.frame.words.day(*date),
                tags: *tags,
                regrets: *regrets,
                x: LEFT + n * step,
                wide: (step * 3 / 4).max(1),
                y: floor - regret_high - high,
                high,
                regret_y: floor - regret_high,
                regret_high,
            }
        };
        let bars: Vec<Bar> = (0..).zip(&days).map(bar).collect();
        let wide = bars.last().map_or(LEFT, |bar| bar.x + step);
        Self { wide, most, bars }
    }

    fn floor(&self) -> u32 {
        ABOVE + HIGH
    }

    fn first(&self) -> &str {
        self.bars.first().map_or("", |bar| bar.date.as_str())
    }

    fn last(&self) -> &str {
        self.bars.last().map_or("", |bar| bar.date.as_str())
    }

    /// The days on which something would have gone out.
    fn busy(&self) -> impl Iterator<Item = &Bar> {
        self.bars.iter().filter(|bar| bar.tags > 0)
    }
}

struct Line<'a> {
    bank: String,
    tag: &'a Tag,
}

#[derive(Template)]
#[template(path = "orders/rehearsal.html")]
struct Shown<'a> {
    frame: &'a Frame,
    order: &'a StandingOrder,
    rehearsal: Option<&'a Rehearsal>,
    chart: Option<Chart>,
    lines: Vec<Line<'a>>,
    regrets: usize,
    enough: bool,
    needed: u32,
    may_rehearse: bool,
    usual: u32,
    page: u32,
    more: bool,
}

pub(super) async fn show(visit: Visit, Path(order): Path<String>) -> Result<Response, Problem> {
    let order = visit.store().order(&order).await?;
    let kept = visit.console.0.rehearsals.kept(&order.id);
    let rehearsal = kept.as_deref();
    let mut tags: Vec<&Tag> = rehearsal.map_or_else(Vec::new, |one| one.tags.iter().collect());
    // Stable: within each part the oldest first.
    tags.sort_by_key(|tag| tag.regret.is_none());
    let regrets = tags.iter().filter(|tag| tag.regret.is_some()).count();
    let page = page_of(&visit);
    let skip = page as usize * PAGE;
    let more = tags.len() > skip + PAGE;
    let line = |tag| Line::of(&visit, tag);
    let now = visit.console.clock().now();
    visit.page(&Shown {
        frame: &visit.frame,
        order: &order,
        rehearsal,
        chart: rehearsal.map(|one| Chart::of(&visit, one)),
        lines: tags.into_iter().skip(skip).take(PAGE).map(line).collect(),
        regrets,
        enough: rehearsal.is_some_and(|one| one.days_observed >= MINIMUM_REHEARSED_DAYS),
        needed: MINIMUM_REHEARSED_DAYS,
        may_rehearse: visit.person()?.as_desk(now).is_ok(),
        usual: USUAL,
        page,
        more,
    })
}

impl<'a> Line<'a> {
    fn of(visit: &Visit, tag: &'a Tag) -> Self {
        Self { bank: visit.bank_name(&tag.bank), tag }
    }
}
