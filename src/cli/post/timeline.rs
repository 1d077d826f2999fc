//! One post's whole history as a person reads it.

use jiff::tz::TimeZone;

use super::super::{
    times::{clock, local},
    view::sheet,
};
use crate::{
    domain::engagement::Voice,
    locale::Locale,
    store::{Attempt, EngagementCount, PostHistory},
    work::{
        bill::Bill,
        story::{self, Given, Said},
    },
};

/// The sheet, then what happened, a line an entry.
pub(super) fn people(
    history: &PostHistory,
    bill: &Bill,
    zone: &TimeZone,
    words: &Locale,
) -> anyhow::Result<String> {
    let mut lines =
        vec![sheet(&history.row, bill, zone).trim_end().to_owned(), "\nhistory".to_owned()];
    for (leaf, entry) in &history.entries {
        let when = story::at(entry).map_or_else(|| "-".repeat(16), |at| clock(at, zone));
        let sealed = leaf.map_or_else(|| "unsealed".to_owned(), |leaf| format!("leaf {leaf}"));
        let on = entry.authority.as_ref().map_or_else(String::new, |on| format!(", on {on}"));
        let which = place(history, &entry.subject);
        let said = local(&say(&story::told(entry), words)?, zone);
        let who = story::who(entry);
        lines.push(format!("  {when}  {which}{said} by {who}{on}  ({sealed})"));
    }
    if !history.attempts.is_empty() {
        lines.push("\nattempts".to_owned());
    }
    for attempt in &history.attempts {
        lines.push(format!("  {}", attempt_line(history, attempt, zone)));
    }
    if !history.engagement.is_empty() {
        lines.push("\nengagement".to_owned());
    }
    for EngagementCount { delivery, kind, voice, count } in &history.engagement {
        let which = place(history, delivery.as_str());
        lines.push(format!("  {which}{count} × {kind} by {}", voices(*voice)));
    }
    Ok(lines.join("\n"))
}

/// `[2] ` for the second text, nothing for the escalation itself.
fn place(history: &PostHistory, subject: &str) -> String {
    story::place(history, subject).map_or_else(String::new, |place| format!("[{place}] "))
}

const fn voices(voice: Voice) -> &'static str {
    match voice {
        Voice::Bank => "the bank's verified account",
        Voice::LookAlike => "a LOOK-ALIKE of the bank's account",
        Voice::Other => "others",
    }
}

/// What an entry says, in the record's own words where those are of our lists: they are what the
/// filters take.
pub(super) fn say(said: &Said, words: &Locale) -> anyhow::Result<String> {
    let given: Vec<_> = said.given.iter().map(|(name, given)| (*name, text(given))).collect();
    Ok(words.say(said.key, &given)?.trim_end().to_owned())
}

fn text(given: &Given) -> String {
    match given {
        Given::Text(text) | Given::Word(_, text) => text.clone(),
        Given::Counts(counts) => {
            let one = |(n, kind, voice): &(u64, _, Voice)| format!("{n} × {kind} by {voice}");
            counts.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

fn attempt_line(history: &PostHistory, attempt: &Attempt, zone: &TimeZone) -> String {
    let which = place(history, attempt.delivery.as_str());
    let end = match (&attempt.outcome, attempt.ended_at) {
        (Some(outcome), Some(at)) => {
            let detail = attempt.detail.as_deref().filter(|detail| !detail.is_empty());
            let detail =
                detail.map_or_else(String::new, |detail| format!(": {}", local(detail, zone)));
            format!("ended {} {outcome}{detail}", clock(at, zone))
        }
        _ => "its end is not recorded".to_owned(),
    };
    let (n, holder) = (attempt.n, &attempt.holder);
    format!("{which}attempt {n} claimed {} by {holder}, {end}", clock(attempt.claimed_at, zone))
}
