//! An escalation as a person or a script sees it. No case reference and no victim's datum is in it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::times::clock;
use crate::{
    domain::{
        clearance::Authority,
        delivery::{Content, State},
        facts::FactPack,
    },
    store::EscalationRow,
    work::bill::{Bill, Cost},
};

/// One escalation.
#[derive(Debug, Serialize)]
pub(super) struct EscalationView {
    pub(super) reference: String,
    pub(super) id: String,
    pub(super) bank: String,
    pub(super) bank_name: String,
    pub(super) rung: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) version: u32,
    /// What an approval names.
    pub(super) hash: String,
    pub(super) written_by: Option<String>,
    pub(super) drafted_at: String,
    pub(super) expires_at: String,
    pub(super) hold_until: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) cleared: Option<ClearanceView>,
    pub(super) facts: FactView,
    pub(super) texts: Vec<TextView>,
}

/// By whom it is cleared.
#[derive(Debug, Serialize)]
pub(super) struct ClearanceView {
    by: String,
    order: Option<String>,
    at: String,
    until: String,
}

/// The facts that the texts state.
#[derive(Debug, Serialize)]
pub(super) struct FactView {
    as_of: String,
    pub(super) cases: u32,
    liens: u32,
    holds: u32,
    pub(super) rupees_at_least: i64,
    limit_hours: u32,
    overdue_hours_at_least: u32,
    acted: u32,
    hash: String,
}

/// One text and its delivery.
#[derive(Debug, Serialize)]
pub(super) struct TextView {
    delivery: String,
    account: String,
    platform: String,
    language: String,
    visibility: String,
    content_warning: Option<String>,
    pub(super) text: String,
    from_template: bool,
    sender: String,
    pub(super) state: String,
    why: Option<String>,
    permalink: Option<String>,
    /// What it costs or has cost; nothing where that is nothing.
    cost: Option<Cost>,
}

impl EscalationView {
    pub(super) fn of(row: &EscalationRow, bill: &Bill) -> Self {
        let escalation = &row.escalation;
        Self {
            reference: escalation.reference.to_string(),
            id: escalation.id.to_string(),
            bank: escalation.bank.to_string(),
            bank_name: escalation.facts.bank_en.clone(),
            rung: escalation.rung.to_string(),
            kind: escalation.kind.to_string(),
            state: escalation.state().to_string(),
            version: escalation.version,
            hash: escalation.hash().to_string(),
            written_by: escalation.written_by.as_ref().map(ToString::to_string),
            drafted_at: escalation.drafted_at.to_string(),
            expires_at: escalation.expires_at.to_string(),
            hold_until: row.hold_until.map(|until| until.to_string()),
            outcome: row.outcome.clone(),
            cleared: row.clearance.as_ref().map(|given| ClearanceView {
                by: given.authority.signer().to_string(),
                order: match &given.authority {
                    Authority::Order { order, .. } => Some(order.to_string()),
                    Authority::Approval { .. } => None,
                },
                at: given.at.to_string(),
                until: given.until.to_string(),
            }),
            facts: FactView::of(&escalation.facts),
            texts: texts(row, bill),
        }
    }
}

impl FactView {
    fn of(facts: &FactPack) -> Self {
        Self {
            as_of: facts.as_of.to_string(),
            cases: facts.cases,
            liens: facts.liens,
            holds: facts.holds,
            rupees_at_least: facts.amount_at_least.rupees(),
            limit_hours: facts.limit_hours,
            overdue_hours_at_least: facts.overdue_hours_at_least,
            acted: facts.acted,
            hash: facts.hash().to_string(),
        }
    }
}

fn texts(row: &EscalationRow, bill: &Bill) -> Vec<TextView> {
    let text = |delivery: &crate::store::DeliveryRow| {
        let Content { account, platform, language, visibility, spoiler, text, template, .. } =
            &delivery.delivery.content;
        let (why, permalink) = told(delivery.delivery.state());
        TextView {
            delivery: delivery.delivery.id.to_string(),
            account: account.to_string(),
            platform: platform.to_string(),
            language: language.to_string(),
            visibility: visibility.to_string(),
            content_warning: spoiler.clone(),
            text: text.clone(),
            from_template: template.is_some(),
            sender: delivery.sender.to_string(),
            state: delivery.delivery.name().to_string(),
            why,
            permalink,
            cost: bill.of(&delivery.delivery.id),
        }
    };
    row.deliveries.iter().map(text).collect()
}

/// Why a delivery stands where it stands, and where its post is.
fn told(state: &State) -> (Option<String>, Option<String>) {
    match state {
        State::Waiting { why, .. } => (why.clone(), None),
        State::Delivered(receipt) | State::Retracted(receipt) => {
            (None, Some(receipt.permalink.clone()))
        }
        State::Withdrawn { why } | State::Refused { why } => (Some(why.clone()), None),
        State::Uncertain(doubt) => (Some(doubt.why.clone()), None),
        State::Sending(_) => (None, None),
    }
}

/// The whole of one escalation for an approver's eyes: what is said, on what facts, by whom, and
/// the hash that an approval names.
pub(super) fn sheet(row: &EscalationRow, bill: &Bill, zone: &TimeZone) -> String {
    let view = EscalationView::of(row, bill);
    let escalation = &row.escalation;
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{words}");
    };
    line(format!(
        "{}  {} to {} ({}), {}, wording {}",
        view.reference, view.kind, view.bank_name, view.bank, view.state, view.version
    ));
    let facts = &escalation.facts;
    line(format!(
        "facts as of {}: {} cases, {} liens, {} holds, at least {}, limit {} h, overdue at least \
         {} h",
        clock(facts.as_of, zone),
        facts.cases,
        facts.liens,
        facts.holds,
        facts.amount_at_least.grouped(),
        facts.limit_hours,
        facts.overdue_hours_at_least
    ));
    let written = view.written_by.as_deref().unwrap_or("the templates");
    line(format!(
        "written by {written}, drafted {}, expires {}",
        clock(escalation.drafted_at, zone),
        clock(escalation.expires_at, zone)
    ));
    if let Some(given) = &row.clearance {
        let by = given.authority.signer();
        line(format!("cleared by {by} until {}", clock(given.until, zone)));
    }
    if let Some(until) = row.hold_until {
        line(format!("held back until {}", clock(until, zone)));
    }
    if let Some(outcome) = &view.outcome {
        line(format!("outcome: {outcome}"));
    }
    for (n, one) in view.texts.iter().enumerate() {
        let why = one.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
        let (n, state) = (n + 1, &one.state);
        let (account, language) = (&one.account, &one.language);
        line(format!("\n[{n}] {account} · {} · {language} · {state}{why}", one.platform));
        one.content_warning.iter().for_each(|warning| line(format!("content warning: {warning}")));
        line(one.text.clone());
        one.permalink.iter().for_each(|link| line(link.clone()));
        one.cost.iter().for_each(|cost| line(cost.to_string()));
    }
    bill.left(row).into_iter().for_each(&mut line);
    line(format!("\nhash {}", view.hash));
    text
}
