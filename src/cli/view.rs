//! An escalation as a person reads it on a terminal.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::times::{clock, local};
use crate::{
    store::EscalationRow,
    work::{bill::Bill, view::EscalationView},
};

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
        "facts as of {}: {} cases, {} liens, {} holds, at least {}, limit {} h, the oldest \
         overdue by at least {} h",
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
        line(format!("outcome: {}", local(outcome, zone)));
    }
    for (n, one) in view.texts.iter().enumerate() {
        let why = one.why.as_ref();
        let why = why.map_or_else(String::new, |why| format!(" ({})", local(why, zone)));
        let (n, state) = (n + 1, &one.state);
        let (account, language) = (&one.account, &one.language);
        line(format!("\n[{n}] {account} · {} · {language} · {state}{why}", one.platform));
        one.content_warning.iter().for_each(|warning| line(format!("content warning: {warning}")));
        line(one.text.clone());
        one.picture_alt.iter().for_each(|alt| line(format!("picture: {alt}")));
        one.permalink.iter().for_each(|link| line(link.clone()));
        one.cost.iter().for_each(|cost| line(cost.to_string()));
    }
    bill.left(row).into_iter().for_each(&mut line);
    line(format!("\nhash {}", view.hash));
    text
}
