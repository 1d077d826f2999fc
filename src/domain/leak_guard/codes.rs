//! Branch codes, masked numbers, and short numbers that the text itself calls by name.

use std::ops::Range;
use std::sync::LazyLock;

use super::honest::{Honest, Reading};
use super::pattern::{Pattern, pattern};
use super::runs;
use super::view::View;
use super::{Finding, LeakKind};

static BRANCH: LazyLock<Option<Pattern>> =
    LazyLock::new(|| pattern(r"\b[a-z05]{4}[0o][a-z0-9]{6}\b"));
static BRANCH_APART: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    pattern(
        r"(?:ifsc|ifs code|आईएफएससी)[^0-9\n]{0,24}?(?P<n>\b[a-z]{4}[\s\-.]{0,2}[0o](?:[\s\-.]{0,2}[a-z0-9]){6})\b",
    )
});

/// Where branch codes stand.
pub(super) fn branch_codes(view: &View) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    if let Some(branch) = BRANCH.as_ref() {
        out.extend(branch.find_iter(&view.text).map(|code| code.range()).filter(|code| {
            let glyphs = view.glyphs(code);
            glyphs[5..].iter().filter(|glyph| glyph.ch.is_ascii_digit()).count() >= 2
                && glyphs[..4].iter().filter(|glyph| glyph.ch.is_ascii_alphabetic()).count() >= 3
        }));
    }
    if let Some(apart) = BRANCH_APART.as_ref() {
        out.extend(
            apart
                .captures_iter(&view.text)
                .filter_map(|captures| captures.name("n").map(|code| code.range()))
                .filter(|code| {
                    view.text[code.clone()].bytes().filter(u8::is_ascii_digit).count() >= 3
                }),
        );
    }
    out
}

const NUMBER: &str =
    r"(?:nos?\b|num\b|number\b|#|संख्या|नंबर|नम्बर|नं|sankhya\b|nambar\b|id\b|क्रमांक|सं\b)";
const IS: &str = r"[\s.:_\-#=(\[]{0,4}(?:(?:is|was|hai|है|:|को|ko)\b[\s.:]{0,3})?";
const SHORT: &str = r"(?P<n>\d(?:[^\w\n]{0,3}\d){3,13})";

static NAMED: LazyLock<Vec<(LeakKind, Pattern)>> = LazyLock::new(|| {
    let account =
        r"(?:\ba/?c\b|\bacc\b|\bacct\b|\baccount\b|\bkhaa?ta\b|खाता|एकाउंट|अकाउंट|\bbeneficiary\b)";
    let card = r"(?:\bcard\b|कार्ड)";
    let complaint =
        r"(?:\back(?:nowledge?ment)?\b|\bncrp\b|\bcomplaint\b|पावती|शिकायत|\bshikayat\b|\bpavti\b)";
    let phone =
        r"(?:\bphone\b|\bmobile\b|\bmob\b|\btel\b|\blandline\b|फोन|मोबाइल|दूरभाष|\bwhatsapp\b)";
    let aadhaar = r"(?:\baa?dhaa?r\b|आधार|\buidai?\b)";
    let ending = r"(?:ending|ends|end|(?:last|final|antim|aa?khri|अंतिम|आखिरी)(?:\s(?:4|four|चार))?(?:\s(?:digits?|ank|अंक))?)";
    let tail = r"(?P<n>\d(?:[\s\-.]{0,2}\d){2,5})\b";
    let patterns = [
        (LeakKind::AccountNumber, format!(r"{account}[\s.:_\-]{{0,3}}{NUMBER}{IS}{SHORT}")),
        (LeakKind::CardNumber, format!(r"{card}[\s.:_\-]{{0,3}}{NUMBER}{IS}{SHORT}")),
        (LeakKind::Aadhaar, format!(r"{aadhaar}[\s.:_\-]{{0,3}}{NUMBER}{IS}{SHORT}")),
        (
            LeakKind::AcknowledgementNumber,
            format!(r"{complaint}[\s.:_\-]{{0,3}}{NUMBER}{IS}{SHORT}"),
        ),
        (LeakKind::Phone, format!(r"{phone}[\s.:_\-]{{0,3}}{NUMBER}?{IS}{SHORT}")),
        (
            LeakKind::AccountNumber,
            format!(r"{account}[^\d.।\n]{{0,24}}\b{ending}[^\d.।\n]{{0,20}}{tail}"),
        ),
        (
            LeakKind::CardNumber,
            format!(r"{card}[^\d.।\n]{{0,24}}\b{ending}[^\d.।\n]{{0,20}}{tail}"),
        ),
        (LeakKind::Phone, format!(r"{phone}[^\d.।\n]{{0,24}}\b{ending}[^\d.।\n]{{0,20}}{tail}")),
        (
            LeakKind::Aadhaar,
            format!(r"{aadhaar}[^\d.।\n]{{0,24}}\b{ending}[^\d.।\n]{{0,20}}{tail}"),
        ),
    ];
    patterns.into_iter().filter_map(|(kind, text)| Some((kind, pattern(&text)?))).collect()
});

/// Numbers too short to be refused by their shape, where the text says what they are.
pub(super) fn check_named(view: &View, honest: &[Honest], found: &mut Vec<Finding>) {
    for (kind, regex) in NAMED.iter() {
        for captures in regex.captures_iter(&view.text) {
            let Some(number) = captures.name("n") else { continue };
            let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
            let least = if *kind == LeakKind::Phone
                && !captures[0].contains("end")
                && !captures[0].contains("last")
            {
                7
            } else {
                3
            };
            let place = number.range();
            if digits >= least && !is_honest(honest, &place) && !is_span(view, honest, &place) {
                view.report(*kind, &number.range(), found);
            }
        }
    }
}

/// `left your account in the last 15-20 minutes`
fn is_span(view: &View, honest: &[Honest], number: &Range<usize>) -> bool {
    const UNITS: [&str; 8] = ["minute", "min", "hour", "hr", "day", "घंट", "मिनट", "दिन"];
    view.text[number.clone()].contains('-')
        && honest
            .iter()
            .filter(|honest| honest.reading == Reading::Count && honest.range.end > number.end)
            .filter(|honest| honest.range.start <= number.start)
            .any(|honest| UNITS.iter().any(|unit| view.text[honest.range.clone()].contains(unit)))
}

fn is_honest(honest: &[Honest], range: &Range<usize>) -> bool {
    honest
        .iter()
        .filter(|honest| {
            !matches!(honest.reading, Reading::Place | Reading::Grouped | Reading::Count)
        })
        .any(|honest| honest.range.start <= range.start && range.start < honest.range.end)
}

static MASKED: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let mask = r"(?:[x*•●#✱∗×]|xx)";
    let apart = r"[\s\-./]{0,2}";
    pattern(&format!(
        r"(?:(?P<a>\d{{1,6}}){apart})?(?P<m>{mask}(?:{apart}{mask}){{1,20}}){apart}(?P<b>\d(?:{apart}\d){{0,7}}|)"
    ))
});

/// Numbers of which some digits are masked: what is left still points at one person.
pub(super) fn check_masked(view: &View, honest: &[Honest], found: &mut Vec<Finding>) {
    let Some(masked) = MASKED.as_ref() else { return };
    for captures in masked.captures_iter(&view.text) {
        let (Some(whole), Some(mask)) = (captures.get(0), captures.name("m")) else { continue };
        let shown = |name| {
            captures
                .name(name)
                .map_or(0, |part| part.as_str().bytes().filter(u8::is_ascii_digit).count())
        };
        let (before, after) = (shown("a"), shown("b"));
        let masks =
            mask.as_str().chars().filter(|ch| !ch.is_whitespace() && !"-./".contains(*ch)).count();
        let named = runs::named(view.before(whole.start(), 40));
        let follows = view.after(whole.end(), 4).chars().next();
        let marked_up = mask.as_str().starts_with(['*', '#'])
            && mask.as_str().chars().all(|ch| ch == '*' || ch == '#')
            && masks < 4
            && (before == 0 || after == 0);
        let glued = view.before(whole.start(), 4).ends_with(|ch: char| ch.is_alphanumeric())
            && mask.as_str().contains('x')
            && before == 0;
        let open = follows.is_some_and(|ch| ch.is_ascii_alphanumeric() || ch == '*' && masks < 4);
        // `4865XXX4493`: few masks between so many figures leave little to guess.
        let inside = masks >= 2 && before >= 2 && after >= 2 && before + after >= 6;
        let enough = before + after >= 3 && (masks >= 4 || named.is_some()) || inside;
        let other = marked_up
            || (glued && named.is_none())
            || open
            || money_before(view, whole.start())
            || is_honest(honest, &whole.range());
        if enough && !other {
            view.report(named.unwrap_or(LeakKind::AccountNumber), &whole.range(), found);
        }
    }
}

fn money_before(view: &View, start: usize) -> bool {
    let before = view.before(start, 12);
    before.trim_end().ends_with(['₹'])
        || before.trim_end().ends_with("rs")
        || before.trim_end().ends_with("rs.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(MASKED.is_some());
        assert!(BRANCH.is_some() && BRANCH_APART.is_some());
        assert_eq!(NAMED.len(), 9);
    }
}
