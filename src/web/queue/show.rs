//! One escalation: what would be said, on what facts, and everything that somebody weighs before
//! they decide.

use askama::Template;
use axum::{extract::Path, response::Response};

use super::{
    super::{frame::Frame, posts::why, problem::Problem, visit::Visit},
    preview::{self, Account},
};
use crate::{
    domain::{
        escalation::EscalationState, facts::FactPack, ids::Reference, person::Person,
        time::Timestamp,
    },
    store::{DeliveryRow, DisputeRow, EscalationRow, Evidence, PastPost, Pressed},
    work::{
        bill::{self, Due},
        deliver,
    },
};

/// Earlier posts about the bank, and notes about the actions, that a page shows.
const BEFORE: u32 = 5;
const NOTES: u32 = 10;

#[derive(Template)]
#[template(path = "queue/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    row: &'a EscalationRow,
    from: &'a str,
    accounts: Vec<Account<'a>>,
    dues: Vec<Due>,
    contacts: Contacts,
    pressed: Vec<Pressed>,
    past: Vec<PastPost>,
    disputes: Vec<DisputeRow>,
    may: May,
}

impl Show<'_> {
    fn facts(&self) -> &FactPack {
        &self.row.escalation.facts
    }
}

/// What its reader may do with it as it stands: which buttons the page has. The routes' table and
/// the acts themselves decide.
#[derive(Clone, Copy)]
struct May {
    approve: bool,
    own: bool,
    past_stop: bool,
    hold: bool,
    edit: bool,
    dispute: bool,
    decide: bool,
    look: bool,
}

impl May {
    fn of(row: &EscalationRow, disputes: &[DisputeRow], person: &Person, visit: &Visit) -> Self {
        let now = visit.console.clock().now();
        let escalation = &row.escalation;
        let held = escalation.state() == EscalationState::Held;
        let open = held || escalation.state() == EscalationState::Cleared;
        let own = escalation.written_by.as_ref() == Some(&person.id);
        let approver = person.as_approver(now).is_ok();
        let officer = person.as_officer(now).is_ok();
        let undecided = disputes.iter().any(|one| one.decided_at.is_none());
        let stopped = visit.frame.closed.as_ref().is_some_and(|closed| closed.by == "stopped");
        Self {
            approve: held && approver && !undecided,
            own,
            past_stop: stopped && escalation.kind.sets_right(),
            hold: held && person.as_desk(now).is_ok(),
            edit: open && officer && !row.sent(),
            dispute: (open || row.sent()) && officer,
            decide: undecided && approver,
            look: person.as_desk(now).is_ok(),
        }
    }
}

/// How often the case source says that the bank was pressed in private about the actions.
struct Contacts {
    fewest: u32,
    most: u32,
    last: Option<Timestamp>,
}

impl Contacts {
    fn of(members: &[Evidence]) -> Self {
        let counts = || members.iter().map(|one| one.seen.contacts);
        Self {
            fewest: counts().min().unwrap_or(0),
            most: counts().max().unwrap_or(0),
            last: members.iter().filter_map(|one| one.seen.last_contact_at).max(),
        }
    }
}

pub(super) async fn show(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let (ctx, store) = (visit.ctx(), visit.store());
    let row = store.escalation(&reference).await?;
    let escalation = &row.escalation;
    let bill = bill::bill(ctx, std::slice::from_ref(&row)).await?;
    let why = match escalation.state() {
        EscalationState::Cleared => store.why_waiting(&escalation.id, &deliver::rules(ctx)).await?,
        _ => Vec::new(),
    };
    let now = visit.console.clock().now();
    let waits = |one: &DeliveryRow| {
        let held = escalation.state() == EscalationState::Held;
        if held { None } else { why::waits(&visit.frame.words, now, &row, one, &why) }
    };
    let known = store.accounts().await?;
    let disputes = store.disputes_of(&escalation.id).await?;
    let page = Show {
        frame: &visit.frame,
        row: &row,
        from: visit.query.get("from"),
        accounts: preview::accounts(&row, &known, &bill, waits),
        dues: bill.dues(&row),
        contacts: Contacts::of(&store.members(&escalation.id).await?),
        pressed: store.pressed(&escalation.id, NOTES).await?,
        past: store.last_posts(&escalation.bank, &escalation.id, BEFORE).await?,
        may: May::of(&row, &disputes, visit.person()?, &visit),
        disputes,
    };
    visit.page(&page)
}

#[derive(Template)]
#[template(path = "queue/rows.html")]
struct Rows<'a> {
    frame: &'a Frame,
    reference: Reference,
    rows: Vec<(Evidence, Option<Timestamp>)>,
    disputes: Vec<DisputeRow>,
}

/// The case rows behind it, at an explicit press: that they were shown is on the record before
/// anybody sees them.
pub(super) async fn rows(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let (ctx, store) = (visit.ctx(), visit.store());
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    let id = store.escalation(&reference).await?.escalation.id;
    let by = visit.by("queue rows")?;
    let (reference, rows) = store.annex_shown(&by, &desk, &reference).await?;
    let due = |row: Evidence| {
        let due = ctx.limits.due_of(&row.seen).ok();
        (row, due)
    };
    let rows = rows.into_iter().map(due).collect();
    let disputes = store.disputes_of(&id).await?;
    visit.page(&Rows { frame: &visit.frame, reference, rows, disputes })
}
