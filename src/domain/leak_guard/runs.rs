//! Long numbers: whatever digits stand together and have no honest reading.

use std::ops::Range;

use super::checks::{luhn, verhoeff};
use super::honest::{Honest, Reading, covering};
use super::pieces;
use super::view::View;
use super::{Finding, LeakKind};

/// From here on a number without an honest reading is refused: the shortest account numbers of
/// Indian banks have nine digits.
const LONG: usize = 9;
/// Beside a branch code a shorter number is believed to be an account's.
const LONG_BESIDE_BRANCH: usize = 6;

/// Consecutive digits.
#[derive(Debug, Clone)]
struct Group {
    range: Range<usize>,
    honest: bool,
}

/// Groups of digits with nothing but separators between them.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub range: Range<usize>,
    pub digits: Vec<u8>,
    pub groups: usize,
    /// The last of the groups.
    last: Range<usize>,
}

/// Refuses long numbers, and short ones beside a branch code.
pub(super) fn check(
    view: &View,
    honest: &[Honest],
    branches: &[Range<usize>],
    plain_branches: &[Range<usize>],
    found: &mut Vec<Finding>,
) {
    let runs = runs(view, honest, branches);
    pieces::check(view, &runs, found);
    for run in runs {
        let branch = branches.iter().find(|branch| {
            branch.start < run.range.end + 120 && run.range.start < branch.end + 120
        });
        let beside = branch.is_some() && !plain_branches.is_empty();
        let possible = run.digits.len() + posing_signs(view, &run);
        let long = possible >= LONG && !only_years(view, &run);
        let short = beside
            && run.groups == 1
            && run.digits.len() >= LONG_BESIDE_BRANCH
            && account_near(view, &run);
        if !long && !short {
            continue;
        }
        view.report(kind_of(view, &run), &run.range, found);
        if let Some(branch) = branch {
            let both = branch.start.min(run.range.start)..branch.end.max(run.range.end);
            view.report(LeakKind::IfscWithAccount, &both, found);
        }
    }
}

fn account_near(view: &View, run: &Run) -> bool {
    let before = view.before(run.range.start, 60);
    ["acc", "a/c", "खाता", "खाते", "khata", "ac ", "no"].iter().any(|word| before.contains(word))
}

/// Every run of digits that no honest reading covers, in order of place.
pub(super) fn runs(view: &View, honest: &[Honest], skip: &[Range<usize>]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    let mut last_end: Option<usize> = None;
    for group in groups(view, honest, skip) {
        if group.honest {
            last_end = None;
            continue;
        }
        let digits = view.text[group.range.clone()].bytes().map(|byte| byte - b'0');
        let joined = last_end.is_some_and(|end| {
            let between = &view.text[end..group.range.start];
            // `five; one; seven`: figure by figure, no sentence ends.
            separates(between)
                || between == "; "
                    && is_figure(view, &group.range)
                    && out.last().is_some_and(|run| is_figure(view, &run.last))
        });
        match out.last_mut() {
            Some(run) if joined => {
                run.range.end = group.range.end;
                run.digits.extend(digits);
                run.groups += 1;
                run.last = group.range.clone();
            }
            _ => out.push(Run {
                range: group.range.clone(),
                digits: digits.collect(),
                groups: 1,
                last: group.range.clone(),
            }),
        }
        last_end = Some(group.range.end);
    }
    out
}

/// A single figure, or a number in words.
fn is_figure(view: &View, group: &Range<usize>) -> bool {
    group.len() == 1 || view.glyphs(group).iter().all(|glyph| glyph.word)
}

fn groups(view: &View, honest: &[Honest], skip: &[Range<usize>]) -> Vec<Group> {
    let mut covered = vec![false; view.text.len()];
    for range in honest.iter().filter(|one| believed(view, honest, one)).map(|honest| &honest.range)
    {
        covered[range.clone()].fill(true);
    }
    for range in skip {
        covered[range.clone()].fill(true);
    }
    let mut out: Vec<Group> = Vec::new();
    for (at, byte) in view.text.bytes().enumerate() {
        if !byte.is_ascii_digit() {
            continue;
        }
        match out.last_mut() {
            Some(group) if group.range.end == at && group.honest == covered[at] => {
                group.range.end = at + 1;
            }
            _ => out.push(Group { range: at..at + 1, honest: covered[at] }),
        }
    }
    out
}

/// A number that the text itself calls an account's, a card's or a phone's is not money, nor a
/// helpline, however it is punctuated.
fn believed(view: &View, all: &[Honest], honest: &Honest) -> bool {
    let digits = view.text[honest.range.clone()].bytes().filter(u8::is_ascii_digit).count();
    let doubtful = match honest.reading {
        Reading::Grouped | Reading::TollFree | Reading::Count => digits >= LONG,
        _ => false,
    };
    let before = view.sentence_before(honest.range.start, 48);
    let lead = before.rfind(|ch: char| ch.is_ascii_digit()).map_or(before, |at| &before[at..]);
    if honest.reading == Reading::Moment && numbered(lead)
        || honest.reading == Reading::Place && goes_on(view, all, &honest.range)
        || honest.reading == Reading::Money && cuts(view, &honest.range)
    {
        return false;
    }
    let called = honest.reading == Reading::TollFree
        && ["dial", "helpline", "toll", "call", "डायल", "हेल्पलाइन", "कॉल"]
            .iter()
            .any(|word| lead.contains(word));
    !doubtful
        || called
        || named(lead)
            // No card's number is as short as a helpline's.
            .is_none_or(|kind| {
                honest.reading == Reading::TollFree
                    && matches!(kind, LeakKind::Phone | LeakKind::CardNumber)
            })
}

/// `against 630117` and, behind any sign, `748912`: the rest of a number, which nothing ordinary
/// covers, and no postal code.
fn goes_on(view: &View, honest: &[Honest], first: &Range<usize>) -> bool {
    let rest = view.after(first.end, 48);
    let Some(at) = rest.find(|ch: char| ch.is_ascii_digit()) else { return false };
    let next = first.end + at;
    let figures = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let last = rest[at..].find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len() - at);
    separates(&rest[..at])
        && !rest[..at].contains(". ")
        && figures(&view.text[first.clone()]) + last >= LONG
        && covering(honest, next).next().is_none()
}

/// `2190825$6682023`: a currency's sign between figures parts no money from them.
fn cuts(view: &View, money: &Range<usize>) -> bool {
    view.text[money.clone()].starts_with('$')
        && view.before(money.start, 1).ends_with(|ch: char| ch.is_ascii_digit())
}

/// `complaint number: 30.05.26`: the words right before say whose number follows.
fn numbered(lead: &str) -> bool {
    const NUMBER: [&str; 8] = ["no", "number", "num", "नंबर", "संख्या", "नं", "sankhya", "nambar"];
    let lead = lead.trim_end_matches([' ', ':', '-', '=', '.', '#']);
    NUMBER.iter().any(|number| lead.ends_with(number)) && named(lead).is_some()
}

/// What may stand between the groups of one number: signs, and words that say a sign.
pub(super) fn separates(between: &str) -> bool {
    const MOST_SIGNS: usize = 14;
    const MOST_LINES: usize = 4;
    const SAID: [&str; 66] = [
        "dash",
        "hyphen",
        "space",
        "blank",
        "tiret",
        "then",
        "hash",
        "tilde",
        "colon",
        "pipe",
        "full",
        "stop",
        "period",
        "gap",
        "oblique",
        "stroke",
        "next",
        "followed",
        "by",
        "contd",
        "cont",
        "first",
        "second",
        "half",
        "part",
        "last",
        "ke",
        "continues",
        "उसके",
        "बाद",
        "continued",
        "and",
        "dot",
        "comma",
        "slash",
        "star",
        "point",
        "x",
        "aur",
        "phir",
        "fir",
        "uske",
        "baad",
        "डैश",
        "हाइफन",
        "स्पेस",
        "फिर",
        "और",
        "डॉट",
        "कॉमा",
        "underscore",
        "minus",
        "plus",
        "bar",
        "nbsp",
        "br",
        "und",
        "pehle",
        "me",
        "mein",
        "starts",
        "ends",
        "begins",
        "with",
        "before",
        "that",
    ];
    let sentence_ends = ["! ", "? ", "। ", "; "].iter().any(|end| between.contains(end));
    if between.matches('\n').count() > MOST_LINES || sentence_ends {
        return false;
    }
    let mut signs = 0;
    let letter = |ch: char| ch.is_alphabetic() || matches!(ch, '\u{900}'..='\u{963}');
    for word in between.split(|ch: char| !letter(ch)).filter(|word| !word.is_empty()) {
        if !SAID.contains(&word) {
            return false;
        }
    }
    for ch in between.chars().filter(|&ch| !letter(ch)) {
        signs += usize::from(ch != ' ');
        if matches!(ch, '₹' | '%' | '@') {
            return false;
        }
    }
    signs <= MOST_SIGNS && between.len() <= 80
}

/// Signs inside a run that may themselves pose as a digit.
fn posing_signs(view: &View, run: &Run) -> usize {
    const ENOUGH: usize = 7;
    if run.digits.len() < ENOUGH {
        return 0;
    }
    let text = view.text[run.range.clone()].as_bytes();
    text.windows(3)
        .filter(|three| {
            matches!(three[1], b'|' | b'!')
                && three[0].is_ascii_digit()
                && three[2].is_ascii_digit()
        })
        .count()
}

pub(super) fn only_years(view: &View, run: &Run) -> bool {
    view.text[run.range.clone()]
        .split(|ch: char| !ch.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .all(|group| group.len() == 4 && (group.starts_with("199") || group.starts_with("20")))
}

/// What a number of each kind is called, apart by strokes; a space stands for any sign.
const NAMES: [(LeakKind, &str); 7] = [
    (
        LeakKind::AcknowledgementNumber,
        "ack|ncrp|ticket|complaint n|complaint i|शिकायत सं|पावती|शिकायत न|पंजीकरण|\
        shikayat n|shikayat s|pavti",
    ),
    (LeakKind::Aadhaar, "aadhaar|aadhar|adhar|uid|kyc|आधार"),
    (LeakKind::CardNumber, "card|कार्ड|visa|rupay no|mastercard|debit|credit"),
    (
        LeakKind::AccountNumber,
        "account|a/c|acct|accnt|acc |acc.|khata|khaata|खाता|खाते|ac no|utr|rrn|यूटीआर|\
        transaction id|txn|beneficiary|एकाउंट|अकाउंट",
    ),
    (
        LeakKind::Phone,
        "phone|ph |mobile|मो.|call |caller|sms |helpline|whatsapp|contact|sampark|tel|mob|फोन|मोबाइल|संपर्क|कॉल|\
        व्हाट्सएप|landline",
    ),
    (LeakKind::UpiId, "upi|vpa|यूपीआई"),
    (LeakKind::FirNumber, "fir |एफआईआर|प्राथमिकी"),
];

/// What the words before a number call it: the name that stands nearest.
pub(super) fn named(before: &str) -> Option<LeakKind> {
    let before = before.replace(['=', ':', '#', '-', '_'], " ");
    let names = NAMES.iter().flat_map(|(kind, names)| names.split('|').map(|name| (name, *kind)));
    names
        .filter_map(|(name, kind)| Some((before.rfind(name)?, kind)))
        .max_by_key(|(at, _)| *at)
        .map(|(_, kind)| kind)
}

/// The likeliest kind of a refused run: by its name in the text, then by check digit and shape.
fn kind_of(view: &View, run: &Run) -> LeakKind {
    let before = view.before(run.range.start, 64);
    let digits = &run.digits;
    let phone = is_phone(digits) || before.ends_with('+') || before.ends_with("+ ");
    match named(before) {
        Some(LeakKind::Phone) if digits.len() <= 13 => return LeakKind::Phone,
        Some(LeakKind::Phone | LeakKind::UpiId | LeakKind::FirNumber) | None => {}
        Some(LeakKind::CardNumber) if digits.len() < 12 => {}
        Some(LeakKind::Aadhaar) if digits.len() != 12 => {}
        Some(kind) => return kind,
    }
    match digits.len() {
        13..=19 if luhn(digits) && matches!(digits.first(), Some(3..=6)) => LeakKind::CardNumber,
        12 if phone => LeakKind::Phone,
        12 if verhoeff(digits) && digits.first() > Some(&1) => LeakKind::Aadhaar,
        14 if matches!(digits.first(), Some(2 | 3)) => LeakKind::AcknowledgementNumber,
        _ if phone => LeakKind::Phone,
        _ => LeakKind::AccountNumber,
    }
}

fn is_phone(digits: &[u8]) -> bool {
    matches!(
        digits,
        [6..=9, rest @ ..] if rest.len() == 9)
        || matches!(digits, [0, rest @ ..] if rest.len() == 10)
        || matches!(digits, [9, 1, 6..=9, rest @ ..] if rest.len() == 9)
        || matches!(digits, [0, 0, 9, 1, rest @ ..] if rest.len() == 10)
}
