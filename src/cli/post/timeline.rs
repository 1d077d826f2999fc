//! One post's whole history as a person reads it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::super::{times::clock, view::sheet};
use crate::{
    store::{Attempt, EngagementCount, Entry, PostHistory},
    work::{
        bill::Bill,
        view::{entry_at, entry_by},
    },
};

/// The sheet, then what happened, a line an entry.
pub(super) fn people(history: &PostHistory, bill: &Bill, zone: &TimeZone) -> String {
    let mut text = sheet(&history.row, bill, zone);
    let mut line = |words: String| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{words}");
    };
    line("\nhistory".to_owned());
    for (leaf, entry) in &history.entries {
        let when = entry_at(entry).map_or_else(|| "-".repeat(16), |at| clock(at, zone));
        let sealed = leaf.map_or_else(|| "unsealed".to_owned(), |leaf| format!("leaf {leaf}"));
        let on = entry.authority.as_ref().map_or_else(String::new, |on| format!(", on {on}"));
        let which = place(history, &entry.subject);
        line(format!("  {when}  {which}{} by {}{on}  ({sealed})", told(entry), entry_by(entry)));
    }
    if !history.attempts.is_empty() {
        line("\nattempts".to_owned());
    }
    for attempt in &history.attempts {
        line(format!("  {}", attempt_line(history, attempt, zone)));
    }
    if !history.engagement.is_empty() {
        line("\nengagement".to_owned());
    }
    for EngagementCount { delivery, kind, voice, count } in &history.engagement {
        let which = place(history, delivery.as_str());
        line(format!("  {which}{count} × {kind} by {}", voices(voice.as_str())));
    }
    text
}

/// `[2] ` for the second text, nothing for the escalation itself.
fn place(history: &PostHistory, subject: &str) -> String {
    let mut deliveries = history.row.deliveries.iter();
    let place = deliveries.position(|row| row.delivery.id.as_str() == subject);
    place.map_or_else(String::new, |place| format!("[{}] ", place + 1))
}

fn voices(voice: &str) -> &str {
    match voice {
        "bank" => "the bank's verified account",
        "look-alike" => "a LOOK-ALIKE of the bank's account",
        _ => "others",
    }
}

fn attempt_line(history: &PostHistory, attempt: &Attempt, zone: &TimeZone) -> String {
    let which = place(history, attempt.delivery.as_str());
    let end = match (&attempt.outcome, attempt.ended_at) {
        (Some(outcome), Some(at)) => {
            let detail = attempt.detail.as_deref().filter(|detail| !detail.is_empty());
            let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
            format!("ended {} {outcome}{detail}", clock(at, zone))
        }
        _ => "its end is not recorded".to_owned(),
    };
    let (n, holder) = (attempt.n, &attempt.holder);
    format!("{which}attempt {n} claimed {} by {holder}, {end}", clock(attempt.claimed_at, zone))
}

/// What an entry says, in words.
fn told(entry: &Entry) -> String {
    let body = &entry.body;
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let short = |field: &str| text(field).get(..12).unwrap_or_default().to_owned();
    match entry.act.as_str() {
        "escalation.drafted" => {
            format!(
                "drafted, facts and {} texts, hash {}…",
                count(&body["contents"]),
                short("hash")
            )
        }
        "escalation.edited" => format!("new wording, hash {}…", short("hash")),
        "escalation.approved" => format!("approved for hash {}…", short("hash")),
        "escalation.cleared" => format!("cleared under a standing order, hash {}…", short("hash")),
        "escalation.rejected" => format!("rejected: {}", text("why")),
        "escalation.held-again" => format!("held again: {}", text("why")),
        "escalation.held-back" => "held back".to_owned(),
        "escalation.disputed" => format!("disputed: {}", text("ground")),
        "escalation.annex-shown" => format!("annex of {} rows shown", plain(&body["rows"])),
        "delivery.claimed" => format!("attempt {} claimed", plain(&body["attempt"])),
        "delivery.rechecked" => {
            let members = plain(&body["recheck"]["members"]);
            format!("rechecked: {members} actions, each as the text says")
        }
        "delivery.attempted" => {
            let detail = text("detail");
            let receipt = body["receipt"]["permalink"].as_str().unwrap_or_default();
            let so = if receipt.is_empty() { detail } else { receipt };
            format!("attempt ended {}, now {} {so}", text("outcome"), text("state"))
        }
        "delivery.put-off" => format!("put off: {}", text("why")),
        "delivery.withdrawn" => format!("withdrawn: {}", text("why")),
        "delivery.uncertain" => format!("uncertain ({})", text("why")),
        "delivery.looked" => looked(body),
        "delivery.decided-not-posted" => "decided: it was not posted".to_owned(),
        "delivery.late-receipt" => {
            let link = body["receipt"]["permalink"].as_str().unwrap_or_default();
            format!("a receipt came late: {link}")
        }
        act => {
            let plain = act.replace(['.', '-'], " ");
            let why = text("why");
            if why.is_empty() { plain } else { format!("{plain}: {why}") }
        }
    }
    .trim_end()
    .to_owned()
}

/// Numbers stand in the record as texts.
fn plain(number: &Json) -> String {
    number.as_str().map_or_else(|| number.to_string(), str::to_owned)
}

fn count(list: &Json) -> usize {
    list.as_array().map_or(0, Vec::len)
}

fn looked(body: &Json) -> String {
    let state = body["state"].as_str().unwrap_or_default();
    let found = if let Some(link) = body["found"]["permalink"].as_str() {
        format!("found it: {link}")
    } else if let Some(reason) = body["blind"].as_str() {
        format!("could not look: {reason}")
    } else if body["no_way"].as_bool() == Some(true) {
        "this account cannot be read".to_owned()
    } else {
        "it is not there".to_owned()
    };
    format!("looked: {found}, now {state}")
}
