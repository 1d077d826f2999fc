//! Banks: the directory, those that keep us waiting first; and what is known of one: its handles,
//! silences, right of reply, how quickly it acts, and what came of the tags about it.
//!
//! No row of a case is shown here, only counts and sums.

mod acts;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};
use jiff::SignedDuration;

use super::{
    Route,
    frame::Frame,
    gate::{ADMINISTRATOR, APPROVER, Allow, DESK},
    orders::{Told, page_of, rows, told},
    problem::Problem,
    visit::Visit,
};
use crate::{
    domain::{
        action::BankAction,
        bank::Bank,
        calendar::limits::Limits,
        ids::{BankCode, CaseRef},
        money::Paise,
        platform::Platform,
        time::Timestamp,
    },
    store::{BankHandle, Overdue, OverdueSum, SilenceOrder, SilenceScope},
    work::{escalate::tag_rules, watch::source_name},
};

/// Banks on one page.
const PAGE: usize = 50;
/// The overdue actions of a bank that its page tells apart, the largest first.
const TOLD_APART: u32 = 500;
/// The latest acted actions that tell how quickly a bank acts.
const LATEST: u32 = 500;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/banks", Allow::SignedIn, get(list)),
        Route::get("/banks/{bank}", Allow::SignedIn, get(show)),
        Route::post("/banks/{bank}/handle", ADMINISTRATOR, post(acts::verify)),
        Route::post("/banks/{bank}/renew", ADMINISTRATOR, post(acts::renew)),
        Route::post("/banks/{bank}/silence", DESK, post(acts::silence)),
        Route::post("/banks/{bank}/lift", APPROVER, post(acts::lift)),
    ]
}

struct Line<'a> {
    bank: &'a Bank,
    name: String,
    overdue: Option<OverdueSum>,
    handles: Vec<Platform>,
    silent: bool,
}

#[derive(Template)]
#[template(path = "banks/list.html")]
struct List<'a> {
    frame: &'a Frame,
    search: &'a str,
    lines: Vec<Line<'a>>,
    page: u32,
    more: bool,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (search, page) = (visit.query.get("search"), page_of(&visit));
    let (store, now) = (visit.store(), visit.console.clock().now());
    let overdue = store.overdue_by_bank(now).await?;
    let mut found = visit.ctx().banks.search(search);
    found.retain(|bank| !search.is_empty() || bank.merged_into.is_none());
    let money = |bank: &&Bank| overdue.get(&bank.code).map(|sum| (sum.amount, sum.actions));
    // Stable: those without anything overdue stay in order of code.
    found.sort_by_key(|bank| std::cmp::Reverse(money(bank)));
    let skip = page as usize * PAGE;
    let more = found.len() > skip + PAGE;
    let handles = store.handles().await?;
    let silences = store.silences(now).await?;
    let shown = found.into_iter().skip(skip).take(PAGE);
    let lines = shown.map(|bank| Line {
        name: visit.bank_name(&bank.code),
        overdue: overdue.get(&bank.code).copied(),
        handles: of_bank(&handles, &bank.code).map(|one| one.platform).collect(),
        silent: silences.iter().any(|(_, order)| is_silent(order, &bank.code, now)),
        bank,
    });
    let lines = lines.collect();
    visit.page(&List { frame: &visit.frame, search, lines, page, more })
}

fn of_bank<'a>(
    handles: &'a [BankHandle],
    bank: &'a BankCode,
) -> impl Iterator<Item = &'a BankHandle> {
    handles.iter().filter(move |handle| handle.bank == *bank)
}

fn concerns(order: &SilenceOrder, bank: &BankCode) -> bool {
    match &order.scope {
        SilenceScope::All => true,
        SilenceScope::Bank(silent) => silent == bank,
        SilenceScope::Case(_) => false,
    }
}

fn is_silent(order: &SilenceOrder, bank: &BankCode, now: Timestamp) -> bool {
    concerns(order, bank) && order.covers(bank, &CaseRef::new(""), now)
}

/// A handle and whether it may be mentioned now.
struct Handle {
    row: BankHandle,
    /// `good`, `expired` or `mismatch`.
    standing: &'static str,
}

impl Handle {
    fn of(row: &BankHandle, now: Timestamp) -> Self {
        let standing = match (&row.mismatch, row.expires_at <= now) {
            (Some(_), _) => "mismatch",
            (None, true) => "expired",
            (None, false) => "good",
        };
        Self { row: row.clone(), standing }
    }
}

/// Overdue actions for which the same stands.
struct Group {
    /// `free`, `in-tag`, or why not.
    word: &'static str,
    actions: u32,
    amount: Paise,
    /// When the first and the last of them are free of this reason.
    until: Option<(Timestamp, Timestamp)>,
}

/// How quickly a bank acts, over its latest acted actions.
struct Pace {
    actions: usize,
    cases: usize,
    /// From due to acted; negative: before it was due.
    median: SignedDuration,
    /// How many were in time.
    in_time: usize,
}

#[derive(Template)]
#[template(path = "banks/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    bank: &'a Bank,
    name: String,
    merged: Option<(BankCode, String)>,
    overdue: Option<OverdueSum>,
    groups: Vec<Group>,
    cut: bool,
    reply: SignedDuration,
    notices: u32,
    handles: Vec<Handle>,
    platforms: &'static [Platform],
    silences: Vec<(String, SilenceOrder)>,
    pace: Option<Pace>,
    told: Vec<Told>,
    may_verify: bool,
    may_silence: bool,
    may_lift: bool,
    page: u32,
    more: bool,
}

impl Show<'_> {
    fn is_all(&self, order: &SilenceOrder) -> bool {
        order.scope == SilenceScope::All
    }
}

async fn show(visit: Visit, Path(code): Path<String>) -> Result<Response, Problem> {
    let (ctx, store, now) = (visit.ctx(), visit.store(), visit.console.clock().now());
    let code = BankCode::new(code.to_uppercase());
    let bank = ctx.banks.bank(&code).ok_or(Problem::NotFound)?;
    let page = page_of(&visit);
    let waiting = store.overdue_of(source_name(ctx), &code, now, TOLD_APART).await?;
    let silences = store.silences(now).await?;
    let (told, more) = told(&visit, store.deeds_about(&code, rows(page)).await?);
    let handles = store.handles().await?;
    let person = visit.person()?;
    let into = bank.merged_into.as_ref().map(|_| ctx.banks.resolve(&code));
    visit.page(&Show {
        frame: &visit.frame,
        name: visit.bank_name(&code),
        merged: into.map(|into| (into.clone(), visit.bank_name(&into))),
        overdue: store.overdue_by_bank(now).await?.remove(&code),
        groups: groups(&visit, &code, &waiting, &silences, now),
        cut: waiting.len() == TOLD_APART as usize,
        reply: ctx.config.ladder.right_of_reply,
        notices: ctx.config.ladder.notices_before_tag,
        handles: of_bank(&handles, &code).map(|row| Handle::of(row, now)).collect(),
        platforms: Platform::ALL,
        silences: silences.into_iter().filter(|(_, order)| concerns(order, &code)).collect(),
        pace: pace(&store.acted_on(&code, LATEST).await?, &ctx.limits),
        told,
        may_verify: person.as_administrator(now).is_ok() && bank.merged_into.is_none(),
        may_silence: person.as_desk(now).is_ok() && bank.merged_into.is_none(),
        may_lift: person.as_approver(now).is_ok(),
        bank,
        page,
        more,
    })
}

/// Tells the overdue actions apart by what stands against a tag: nothing, or the first reason.
fn groups(
    visit: &Visit,
    bank: &BankCode,
    waiting: &[Overdue],
    silences: &[(String, SilenceOrder)],
    now: Timestamp,
) -> Vec<Group> {
    let silences: Vec<_> = silences.iter().map(|(_, order)| order.clone()).collect();
    let rules = tag_rules(visit.ctx(), &silences);
    let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
    for overdue in waiting {
        let (word, until) = match rules.may_tag(bank, overdue, now) {
            _ if overdue.in_open_tag => ("in-tag", None),
            Ok(_) => ("free", None),
            Err(quiet) => (quiet.word(), quiet.until()),
        };
        let group = groups.entry(word).or_insert(Group {
            word,
            actions: 0,
            amount: Paise::default(),
            until: until.map(|until| (until, until)),
        });
        group.actions += 1;
        group.amount = [group.amount, overdue.amount()].into_iter().sum();
        group.until = group.until.zip(until).map(|((from, to), at)| (from.min(at), to.max(at)));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.word != "free", std::cmp::Reverse(group.amount)));
    groups
}

/// The median of the actions whose due time is known; `None` where there is none.
fn pace(acted: &[BankAction], limits: &Limits) -> Option<Pace> {
    let took = |action: &BankAction| Some(action.acted_at?.since(limits.due_of(action).ok()?));
    let known: Vec<_> = acted.iter().filter_map(|one| Some((&one.case_ref, took(one)?))).collect();
    let mut times: Vec<SignedDuration> = known.iter().map(|(_, took)| *took).collect();
    times.sort_unstable();
    let cases: std::collections::BTreeSet<_> = known.iter().map(|(case, _)| case).collect();
    Some(Pace {
        actions: times.len(),
        cases: cases.len(),
        median: *times.get(times.len() / 2)?,
        in_time: times.iter().filter(|took| !took.is_positive()).count(),
    })
}
