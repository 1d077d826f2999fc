//! The facts as phrases: what a template may name, and nothing else.

use jiff::{SignedDuration, tz::TimeZone};
use minijinja::{Value, context};

use super::{Place, Subject, ages};
use crate::domain::{calendar::limits::Counted, platform::Language, time::Timestamp};

/// Every name that a template may use.
pub(super) const KNOWN: [&str; 13] = [
    "bank",
    "unit",
    "reference",
    "about",
    "as_of",
    "cases",
    "actions",
    "liens",
    "holds",
    "acted",
    "amount",
    "limit",
    "age",
];

/// The phrases of one text. Facts that are nothing (no amount, no age, no earlier post) are empty,
/// so that a template can leave their clause out.
pub(super) fn of(subject: &Subject<'_>, place: &Place) -> Value {
    let (facts, language) = (subject.facts, place.language);
    let amount = facts.amount_at_least;
    let age = facts.overdue_hours_at_least;
    let or_empty = |there: bool, phrase: String| if there { phrase } else { String::new() };
    context! {
        bank => place.bank_in_text.as_str(),
        unit => unit(subject, language),
        reference => facts.reference.as_str(),
        about => subject.about.map_or("", |reference| reference.as_str()),
        as_of => as_of(facts.as_of, language),
        cases => facts.cases,
        actions => facts.actions(),
        liens => facts.liens,
        holds => facts.holds,
        acted => facts.acted,
        amount => or_empty(amount.rupees() > 0, amount.in_words(language)),
        limit => limit(facts.limit_hours, facts.limit_counted, language),
        age => or_empty(age > 0, ages::age_in_words(age, language)),
    }
}

fn unit<'a>(subject: &Subject<'a>, language: Language) -> &'a str {
    match language {
        Language::En => &subject.facts.unit_en,
        Language::Hi => &subject.facts.unit_hi,
    }
}

fn limit(hours: u32, counted: Counted, language: Language) -> String {
    ages::hours_in_words(hours, counted == Counted::WorkingHours, language)
}

/// The time as of which a text is true, to the minute before it, in Indian Standard Time:
/// `24 Nov 2026, 10:15 IST`, `24 नवंबर 2026, 10:15 बजे (IST)`.
pub(super) fn as_of(instant: Timestamp, language: Language) -> String {
    // IST is five and a half hours ahead of UTC, all year and since 1945.
    let ist = SignedDuration::from_mins(5 * 60 + 30);
    let wall = instant.plus(ist).in_zone(&TimeZone::UTC);
    let month = usize::try_from(wall.month() - 1).unwrap_or(0);
    let (day, year, hour, minute) = (wall.day(), wall.year(), wall.hour(), wall.minute());
    match language {
        Language::En => format!("{day} {} {year}, {hour:02}:{minute:02} IST", MONTHS_EN[month]),
        Language::Hi => {
            format!("{day} {} {year}, {hour:02}:{minute:02} बजे (IST)", MONTHS_HI[month])
        }
    }
}

const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_HI: [&str; 12] = [
    "जनवरी",
    "फ़रवरी",
    "मार्च",
    "अप्रैल",
    "मई",
    "जून",
    "जुलाई",
    "अगस्त",
    "सितंबर",
    "अक्टूबर",
    "नवंबर",
    "दिसंबर",
];
