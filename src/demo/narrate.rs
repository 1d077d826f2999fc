//! The demo's story in the terminal: events become short, calm, aligned lines, and an end becomes a
//! summary. Pure functions; whoever prints them decides where.
//!
//! The invariant: a line says what happened and why, and never holds a case reference, a
//! stranger's handle or a stranger's words.

use std::{collections::BTreeMap, ffi::OsStr, fmt::Write};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::{
    engagement::{EngagementKind, Voice},
    ids::Reference,
    money::Paise,
    platform::Language,
    time::Timestamp,
};

/// Something worth telling. Banks go by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The case source was read.
    Polled {
        /// Rows that changed.
        changed: usize,
        /// Actions overdue now.
        overdue: usize,
        /// Rows set aside because they break the contract.
        set_aside: usize,
    },
    /// An escalation waits for authority.
    Held {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
        /// Actions in it.
        actions: u32,
        /// At least this much money, as the text says it.
        amount: Paise,
    },
    /// A thank-you for what was acted on waits for authority.
    Thanks {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
        /// Actions that the bank acted on after the tag.
        acted: u32,
    },
    /// Somebody gave authority.
    Cleared {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
        /// A person's name, or the standing order's.
        by: String,
    },
    /// It is in the square.
    Posted {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
    },
    /// The bank acted before anything was sent.
    Avoided {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
    },
    /// All that it was about has ended.
    Closed {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
        /// Actions that the bank acted on.
        acted: u32,
    },
    /// The bank disputes; an approver decides.
    Disputed {
        /// The bank.
        bank: String,
        /// How many actions.
        actions: u32,
    },
    /// Something may not go now.
    Waiting {
        /// The bank.
        bank: String,
        /// Why, in words.
        why: String,
    },
    /// Somebody answered.
    Heard {
        /// The bank whose tag it is.
        bank: String,
        /// Whose voice.
        by: Voice,
        /// What they did.
        kind: EngagementKind,
    },
    /// An attempt whose end nobody saw.
    Uncertain {
        /// The bank.
        bank: String,
        /// Its code.
        reference: Reference,
        /// What was seen.
        why: String,
    },
    /// A word to the viewer.
    Note(
        /// The word.
        String,
    ),
}

/// How the lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Narrator {
    /// With colour.
    pub colour: bool,
    /// The language of the fixed words.
    pub language: Language,
}

#[derive(Clone, Copy)]
enum Tone {
    Quiet,
    Plain,
    Wait,
    Good,
    Loud,
    Alarm,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Quiet => "2",
            Self::Plain => "0",
            Self::Wait => "33",
            Self::Good => "32",
            Self::Loud => "36",
            Self::Alarm => "31",
        }
    }
}

/// Columns of a line: the verb's width and the bank's.
const VERB: usize = 10;
const BANK: usize = 31;

impl Narrator {
    /// Colour where the output is a terminal and `NO_COLOR` is unset or empty
    /// (<https://no-color.org>).
    pub fn for_output(is_terminal: bool, no_color: Option<&OsStr>, language: Language) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty());
        Self { colour: is_terminal && !refused, language }
    }

    /// One line, without its end: the demo's clock in Indian time, what happened, to whom, why.
    pub fn line(&self, at: Timestamp, event: &Event) -> String {
        let (tone, en, hi) = verb(event);
        let word = if self.language == Language::Hi { hi } else { en };
        let (bank, rest) = self.told(event);
        let mut line = self.paint(Tone::Quiet, &clock(at));
        let _ = write!(line, "  {}", self.paint(tone, &pad(word, VERB)));
        if bank.is_empty() {
            let _ = write!(line, "{rest}");
        } else {
            let _ = write!(line, "{}{rest}", pad(bank, BANK));
        }
        line.trim_end().to_owned()
    }

    fn told<'a>(&self, event: &'a Event) -> (&'a str, String) {
        let hindi = self.language == Language::Hi;
        match event {
            Event::Polled { changed, overdue, set_aside } if hindi => {
                ("", format!("{changed} बदले, {overdue} समय-सीमा पार, {set_aside} अलग रखे"))
            }
            Event::Polled { changed, overdue, set_aside } => {
                ("", format!("{changed} changed, {overdue} overdue, {set_aside} set aside"))
            }
            Event::Held { bank, reference, actions, amount } => {
                let (what, least) = if hindi {
                    ("कार्रवाइयाँ", "कम से कम")
                } else {
                    ("actions", "at least")
                };
                (bank, format!("{reference}  {actions} {what}, {least} {}", money(*amount, hindi)))
            }
            Event::Thanks { bank, reference, acted } if hindi => {
                (bank, format!("{reference}  धन्यवाद: {acted} पर कार्रवाई हुई"))
            }
            Event::Thanks { bank, reference, acted } => {
                (bank, format!("{reference}  thanks: {acted} acted on since the tag"))
            }
            Event::Cleared { bank, reference, by } if hindi => {
                (bank, format!("{reference}  {by} द्वारा"))
            }
            Event::Cleared { bank, reference, by } => (bank, format!("{reference}  by {by}")),
            Event::Posted { bank, reference } => (bank, reference.to_string()),
            Event::Avoided { bank, reference } => {
                let why = if hindi {
                    "बैंक ने पहले ही कार्रवाई की"
                } else {
                    "the bank acted first"
                };
                (bank, format!("{reference}  {why}"))
            }
            Event::Closed { bank, reference, acted } => {
                let what =
                    if hindi { "पर कार्रवाई हुई" } else { "acted on" };
                (bank, format!("{reference}  {acted} {what}"))
            }
            Event::Disputed { bank, actions } => {
                let what = if hindi {
                    "पर निर्णय बाकी"
                } else {
                    "disputed; the approver decides"
                };
                (bank, format!("{actions} {what}"))
            }
            Event::Waiting { bank, why } => (bank, why.clone()),
            Event::Heard { bank, by, kind } => (bank, heard(*by, *kind, hindi)),
            Event::Uncertain { bank, reference, why } => (bank, format!("{reference}  {why}")),
            Event::Note(words) => ("", words.clone()),
        }
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
        } else {
            text.to_owned()
        }
    }
}

const fn verb(event: &Event) -> (Tone, &'static str, &'static str) {
    match event {
        Event::Polled { .. } => (Tone::Quiet, "cases", "मामले"),
        Event::Held { .. } | Event::Thanks { .. } => (Tone::Wait, "held", "रोका"),
        Event::Cleared { .. } => (Tone::Plain, "cleared", "स्वीकृत"),
        Event::Posted { .. } => (Tone::Loud, "posted", "पोस्ट"),
        Event::Avoided { .. } => (Tone::Good, "avoided", "टला"),
        Event::Closed { .. } => (Tone::Good, "closed", "पूर्ण"),
        Event::Disputed { .. } => (Tone::Wait, "disputed", "आपत्ति"),
        Event::Waiting { .. } => (Tone::Wait, "waiting", "प्रतीक्षा"),
        Event::Heard { by: Voice::LookAlike, .. } => (Tone::Alarm, "heard", "सुना"),
        Event::Heard { .. } => (Tone::Plain, "heard", "सुना"),
        Event::Uncertain { .. } => (Tone::Alarm, "uncertain", "अनिश्चित"),
        Event::Note(_) => (Tone::Quiet, "", ""),
    }
}

fn heard(by: Voice, kind: EngagementKind, hindi: bool) -> String {
    let (who, who_hi) = match by {
        Voice::Bank => ("the bank", "बैंक"),
        Voice::LookAlike => ("not the bank: a look-alike", "मिलता-जुलता खाता, बैंक नहीं"),
        Voice::Other => ("somebody", "कोई व्यक्ति"),
    };
    let (did, did_hi) = match kind {
        EngagementKind::Reply => ("replied", "उत्तर"),
        EngagementKind::Like => ("liked it", "पसंद"),
        EngagementKind::Repost => ("reposted it", "साझा"),
        EngagementKind::Quote => ("quoted it", "उद्धृत"),
    };
    if hindi { format!("{who_hi}: {did_hi}") } else { format!("{who} {did}") }
}

/// Rupees in lakh and crore, rounded down to one decimal: `₹38.4 lakh`.
fn money(amount: Paise, hindi: bool) -> String {
    let rupees = amount.rupees();
    let (unit, en, hi) = match rupees {
        10_000_000.. => (10_000_000, "crore", "करोड़"),
        100_000.. => (100_000, "lakh", "लाख"),
        1_000.. => (1_000, "thousand", "हज़ार"),
        _ => return format!("₹{rupees}"),
    };
    let tenths = rupees / (unit / 10);
    let name = if hindi { hi } else { en };
    if tenths % 10 == 0 {
        format!("₹{} {name}", tenths / 10)
    } else {
        format!("₹{}.{} {name}", tenths / 10, tenths % 10)
    }
}

fn clock(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    at.in_zone(&zone).strftime("%d %b %H:%M").to_string()
}

/// Filled with spaces to a width in the letters that a reader sees.
fn pad(text: &str, width: usize) -> String {
    let seen = text.graphemes(true).count();
    format!("{text}{}", " ".repeat(width.saturating_sub(seen).max(1)))
}

/// What the demo came to. Serialises as the demo's JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Actions by state.
    pub actions: BTreeMap<String, u64>,
    /// Rows set aside because they break the contract.
    pub rejected_rows: u64,
    /// Escalations by state.
    pub escalations: BTreeMap<String, u64>,
    /// Deliveries by state.
    pub deliveries: BTreeMap<String, u64>,
    /// Engagements by kind.
    pub engagements: BTreeMap<String, u64>,
    /// Engagements by voice: the bank's, a look-alike's, others'.
    pub voices: BTreeMap<String, u64>,
    /// Escalations whose bank acted before anything was sent.
    pub tags_avoided: u64,
    /// Where the demo's files are.
    pub folder: String,
}

impl Summary {
    /// The summary for a person: one line a subject, largest count first.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let subjects = [
            ("actions", &self.actions),
            ("escalations", &self.escalations),
            ("deliveries", &self.deliveries),
            ("engagements", &self.engagements),
            ("heard from", &self.voices),
        ];
        for (name, counts) in subjects {
            let _ = writeln!(out, "  {}{}", pad(name, 14), counted(counts));
        }
        let _ = writeln!(out, "  {}{}", pad("tags avoided", 14), self.tags_avoided);
        let _ = writeln!(out, "  {}{}", pad("rows set aside", 14), self.rejected_rows);
        if !self.folder.is_empty() {
            let _ = writeln!(out, "  {}{}", pad("files", 14), self.folder);
        }
        out
    }
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let words: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
