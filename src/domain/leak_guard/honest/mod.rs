//! The ordinary readings of numbers: money, dates and times, helplines, sections of law,
//! circulars, references, counts.
//!
//! A reading counts only where it covers the number whole: a part of a longer number never makes
//! the rest of it honest.

mod checks;
mod columns;
mod rules;
mod tables;

use std::ops::Range;

use super::view::View;

/// What an honest number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Money,
    /// A number with thousands separated, in the Indian or the Western way.
    Grouped,
    Moment,
    Year,
    Law,
    Helpline,
    TollFree,
    Circular,
    Count,
    Reference,
    Place,
    Permalink,
    /// Figures in a table, a list or a score.
    Table,
}

/// One honest number: byte range in the view's text.
#[derive(Debug, Clone)]
pub(super) struct Honest {
    pub range: Range<usize>,
    pub reading: Reading,
}

/// Those that cover a place; a reading that began more than 200 bytes before it is taken to have
/// ended.
pub(super) fn covering(honest: &[Honest], at: usize) -> impl Iterator<Item = &Honest> {
    let first = honest.partition_point(|honest| honest.range.start + 200 < at);
    honest[first..]
        .iter()
        .take_while(move |honest| honest.range.start <= at)
        .filter(move |honest| honest.range.end > at)
}

/// Every honest number of a text.
pub(super) fn readings(view: &View) -> Vec<Honest> {
    let mut found: Vec<Honest> = Vec::new();
    if !view.text.bytes().any(|byte| byte.is_ascii_digit()) {
        return found;
    }
    for rule in rules::RULES.iter() {
        let mut from = 0;
        while let Some(captures) = rule.pattern.captures_at(&view.text, from) {
            let Some(whole) = captures.get(0) else { break };
            if (rule.holds)(&captures)
                && !cuts_a_number(&view.text, &whole.range())
                && !ends_a_grouped(&view.text, whole.start(), rule.reading)
                && is_reference(view, &whole.range(), rule.reading)
                && !runs_into_currency(view, &whole.range(), rule.reading)
            {
                found.push(Honest { range: whole.range(), reading: rule.reading });
                from = whole.end();
            } else {
                // What was too much to be one reading may still end in one.
                from = past_first_number(&view.text, whole.start());
            }
        }
    }
    found.extend(tables::readings(view));
    found.sort_by_key(|honest| honest.range.start);
    keep_whole(view, found)
}

/// Our references are in capitals, and their first letters call nothing by name.
fn is_reference(view: &View, range: &Range<usize>, reading: Reading) -> bool {
    const NAMES: [&str; 9] = ["mob", "tel", "acc", "fir", "pan", "upi", "otp", "ack", "uid"];
    reading != Reading::Reference
        || !NAMES.iter().any(|name| view.text[range.clone()].starts_with(name))
            && view.glyphs(range).iter().all(|glyph| glyph.upper || !glyph.ch.is_alphabetic())
}

fn past_first_number(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let word = rest.find(|ch: char| ch.is_ascii_digit()).unwrap_or(0);
    let number = rest[word..].find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len() - word);
    start + (word + number).max(rest.chars().next().map_or(1, char::len_utf8))
}

/// It begins or ends between two digits.
fn cuts_a_number(text: &str, range: &Range<usize>) -> bool {
    [range.start, range.end].into_iter().any(|at| {
        text[..at].ends_with(|ch: char| ch.is_ascii_digit())
            && text[at..].starts_with(|ch: char| ch.is_ascii_digit())
    })
}

/// `84,53,45,56,81,336`: the last groups are no number of their own.
fn ends_a_grouped(text: &str, start: usize, reading: Reading) -> bool {
    let before = text[..start].strip_suffix(',');
    reading == Reading::Grouped
        && before.is_some_and(|before| before.ends_with(|ch: char| ch.is_ascii_digit()))
}

/// `9876543210 Rs 500`: the currency belongs to what follows.
fn runs_into_currency(view: &View, range: &Range<usize>, reading: Reading) -> bool {
    let text = &view.text[range.clone()];
    // `FIR 180/-2025`
    let goes_on = text.ends_with("/-")
        && view.after(range.end, 1).starts_with(|ch: char| ch.is_ascii_digit());
    goes_on
        || reading == Reading::Money
            && text.starts_with(|ch: char| ch.is_ascii_digit())
            && !text.ends_with("/-")
            && !is_list_mark(view.after(range.end, 6))
            && view.after(range.end, 6).trim_start().starts_with(|ch: char| ch.is_ascii_digit())
}

/// Drops the readings that cover a number only in part, until none is left.
fn keep_whole(view: &View, mut found: Vec<Honest>) -> Vec<Honest> {
    const ROUNDS: usize = 6;
    for _ in 0..ROUNDS {
        let mut covered = vec![false; view.text.len() + 1];
        for honest in &found {
            covered[honest.range.clone()].fill(true);
        }
        let before = found.len();
        found.retain(|honest| {
            !touches_back(view, &covered, honest) && !touches_on(view, &covered, honest)
        });
        if found.len() == before {
            return found;
        }
    }
    Vec::new()
}

/// What stands between the parts of one number.
fn is_tight(ch: char) -> bool {
    matches!(ch, '-' | '.' | '/' | ':' | ',' | ';' | '_' | '*' | '\'')
}

fn touches_on(view: &View, covered: &[bool], honest: &Honest) -> bool {
    if !view.text[honest.range.clone()].ends_with(|ch: char| ch.is_ascii_digit()) {
        return false;
    }
    let place = honest.reading == Reading::Place;
    if place && !apart(beside(view, covered, honest.range.end, true)) && !is_town(view, honest) {
        return true;
    }
    let rest = view.after(honest.range.end, 8);
    // `77,729,70,571`: two grouped numbers do not touch by a comma.
    let grouped = honest.reading == Reading::Grouped && rest.starts_with(',');
    if grouped && rest[1..].starts_with(|ch: char| ch.is_ascii_digit()) {
        return true;
    }
    touching(rest.char_indices(), 0).is_some_and(|(at, _)| {
        let at = honest.range.end + at;
        let apart =
            is_firm(view, honest) && rest.starts_with(' ') && !is_inside(view, covered, honest);
        // `#1930 Sat and Sun`: a hashtag ends where its word does.
        let tag = view.text[honest.range.clone()].starts_with('#');
        let words = (tag || is_figures(honest))
            && is_word(view, at)
            && !is_word(view, honest.range.end - 1);
        let mark = honest.reading == Reading::Money && is_list_mark(rest);
        !(covered[at] || apart || words || mark)
    })
}

/// `1) ₹738532 2) ₹4000`: what follows the amount is the mark of the next in a list.
fn is_list_mark(rest: &str) -> bool {
    const MOST: usize = 2;
    let Some(mark) = rest.strip_prefix([' ', '\n']) else { return false };
    let name = mark.trim_start_matches(|ch: char| ch.is_ascii_digit());
    (1..=MOST).contains(&(mark.len() - name.len())) && name.starts_with(") ")
}

/// A shape that a bare number beside it, over a space, cannot belong to: what is left of that
/// number is judged by itself.
fn is_firm(view: &View, honest: &Honest) -> bool {
    let text = &view.text[honest.range.clone()];
    match honest.reading {
        Reading::Money | Reading::Grouped => text.contains([',', '-']),
        Reading::TollFree | Reading::Permalink => true,
        Reading::Circular => text.contains('/'),
        Reading::Moment => {
            text.contains(':')
                || text.matches('/').count() == 2
                || text.bytes().filter(u8::is_ascii_digit).count() >= 6
        }
        _ => false,
    }
}

/// `7763 1860 4031`, `1860 4031 3952`: a group of figures right before or after what looks like a
/// helpline's number, and no other helpline.
fn is_inside(view: &View, covered: &[bool], honest: &Honest) -> bool {
    const LEAST: usize = 3;
    let (start, end) = (honest.range.start, honest.range.end);
    let figures = |at: &usize| view.text.as_bytes()[*at].is_ascii_digit() && !covered[*at];
    let before = (0..start.saturating_sub(1)).rev().take_while(figures).count();
    let after = (end + 1..view.text.len()).take_while(figures).count();
    honest.reading == Reading::TollFree
        && (before >= LEAST && view.before(start, 1) == " "
            || after >= LEAST && view.after(end, 1) == " ")
}

/// What has a firm shape in figures does not go on in words (`₹4,50,000 zero reply`).
fn is_figures(honest: &Honest) -> bool {
    matches!(
        honest.reading,
        Reading::Money
            | Reading::Grouped
            | Reading::Moment
            | Reading::Circular
            | Reading::TollFree
            | Reading::Law
    )
}

fn is_word(view: &View, at: usize) -> bool {
    view.glyphs(&(at..at + 1)).iter().all(|glyph| glyph.word)
}

fn touches_back(view: &View, covered: &[bool], honest: &Honest) -> bool {
    let start = honest.range.start;
    if !view.text[start..].starts_with(|ch: char| ch.is_ascii_digit()) {
        return false;
    }
    let rest = view.before(start, 8);
    let tight = touching(rest.char_indices().rev(), 0)
        .is_some_and(|(at, _)| !covered[start - rest.len() + at]);
    tight && !(is_firm(view, honest) && rest.ends_with(' ') && !is_inside(view, covered, honest))
        || honest.reading == Reading::Count && {
            let between = beside(view, covered, start, false);
            !punctuated(between) || between.is_some() && is_list(view, honest)
        }
        || honest.reading == Reading::Count
            && (goes_on_in_words(view, covered, start) || is_joint(view, honest))
        || is_arrow_row(view, honest)
            && [(start, false), (honest.range.end, true)]
                .into_iter()
                .any(|(at, on)| !punctuated(beside(view, covered, at, on)))
        || honest.reading == Reading::Table
            && is_ratio(view, honest)
            && [(start, false), (honest.range.end, true)]
                .into_iter()
                .any(|(at, on)| !apart(beside(view, covered, at, on)))
        || honest.reading == Reading::Helpline
            && (goes_on_in_words(view, covered, start)
                || is_followed_in_words(view, covered, honest))
        || honest.reading == Reading::Helpline
            && !is_row_of_helplines(&view.text[honest.range.clone()])
            && [(start, false), (honest.range.end, true)].into_iter().any(|(at, on)| {
                let between = beside(view, covered, at, on);
                !punctuated(between) || between.is_some() && !called_helpline(view, honest)
            })
}

/// `8849 phir 681 and 40 calls`: a word joins the count to digits before it that are no count.
fn goes_on_in_words(view: &View, covered: &[bool], start: usize) -> bool {
    let before = view.before(start, 24);
    let Some(digit) = before.rfind(|ch: char| ch.is_ascii_digit()) else { return false };
    let between = &before[digit + 1..];
    !covered[start - before.len() + digit]
        && between.chars().any(char::is_alphabetic)
        && super::runs::separates(between)
}

/// `181 then 1559`
fn is_followed_in_words(view: &View, covered: &[bool], honest: &Honest) -> bool {
    let after = view.after(honest.range.end, 24);
    let Some(digit) = after.find(|ch: char| ch.is_ascii_digit()) else { return false };
    let between = &after[..digit];
    !covered[honest.range.end + digit]
        && between.chars().any(char::is_alphabetic)
        && super::runs::separates(between)
}

/// `94557 fir 1173`: *then* in Hinglish, and no count of reports.
fn is_joint(view: &View, honest: &Honest) -> bool {
    let after = view.after(honest.range.end, 2).trim_start();
    view.text[honest.range.clone()].ends_with("fir")
        && after.starts_with(|ch: char| ch.is_ascii_digit())
}

/// `1930, 112`, `1930 👮 112`: what names the cyber helpline beside others is no piece of a number.
fn is_row_of_helplines(text: &str) -> bool {
    text.contains([',', '|', '•']) || text.contains("1930 ") || text.contains(" 1930")
}

/// `Gurugram-122018. 833 students`: a name before the code, and a full stop after it.
fn is_town(view: &View, honest: &Honest) -> bool {
    view.glyphs(&honest.range).first().is_some_and(|first| first.upper)
        && view.after(honest.range.end, 2) == ". "
}

/// Figures with nothing but strokes between (`45/120`): any of them may be a piece of a number.
fn is_ratio(view: &View, honest: &Honest) -> bool {
    let text = &view.text[honest.range.clone()];
    text.contains('/') && text.chars().all(|ch| ch.is_ascii_digit() || matches!(ch, '/' | ' '))
}

/// Arrows may be the signs between the pieces of a longer number.
fn is_arrow_row(view: &View, honest: &Honest) -> bool {
    honest.reading == Reading::Table
        && view.text[honest.range.clone()].contains(['→', '➡', '➝', '➜', '➔', '⇒'])
}

fn apart(between: Option<&str>) -> bool {
    between.is_none_or(|between| {
        between != "(" && between.contains([':', ';', '(', ')', '\n']) || between == ", "
    })
}

fn is_list(view: &View, honest: &Honest) -> bool {
    const LEAST: usize = 2;
    let numbers = view.text[honest.range.clone()]
        .split(|ch: char| !ch.is_ascii_digit() && ch != '.')
        .map(|number| number.trim_matches('.'));
    numbers.filter(|number| !number.is_empty()).count() >= LEAST
}

/// The text calls it a helpline, or lists several.
fn called_helpline(view: &View, honest: &Honest) -> bool {
    const CALLS: [&str; 9] =
        ["helpline", "call", "dial", "emergency", "हेल्पलाइन", "कॉल", "डायल", "📞", "toll"];
    let before = view.before(honest.range.start, 40);
    view.text[honest.range.clone()].contains([',', '|', '/', ' '])
        || CALLS.iter().any(|word| before.contains(word))
}

/// A count is not believed where it ends a row of digits with neither words nor punctuation
/// between (`9🙂8🙂7 cases`), a helpline not inside any such row.
fn punctuated(between: Option<&str>) -> bool {
    between.is_none_or(|between| {
        between.contains([',', ';', ':', '.', '|', '(', ')', '/', '→', '&'])
            || between.contains("• ")
    })
}

/// What stands between a place and the nearest number that has no honest reading, if it is no
/// letter.
fn beside<'v>(view: &'v View, covered: &[bool], at: usize, on: bool) -> Option<&'v str> {
    const FAR: usize = 60;
    let sign = |ch: char| !ch.is_alphanumeric();
    let (between, digit) = if on {
        let after = view.after(at, FAR);
        let length = after.find(|ch| !sign(ch))?;
        (&after[..length], at + length)
    } else {
        let before = view.before(at, FAR);
        let length = before.len() - before.trim_end_matches(sign).len();
        (&before[before.len() - length..], at.checked_sub(length + 1)?)
    };
    let number = view.text.as_bytes().get(digit).is_some_and(u8::is_ascii_digit);
    (number && !covered[digit]).then_some(between)
}

/// The nearest digit that belongs to the same number: directly, over one tight sign, or over
/// nothing but a space.
fn touching(
    mut chars: impl Iterator<Item = (usize, char)>,
    mut seen: usize,
) -> Option<(usize, char)> {
    const MOST: usize = 2;
    let mut spaced = false;
    let mut signed = false;
    loop {
        let (at, ch) = chars.next()?;
        if ch.is_ascii_digit() {
            return Some((at, ch));
        }
        let space = ch == ' ';
        let mixed = if space { signed } else { spaced || !is_tight(ch) };
        if mixed || seen >= MOST {
            return None;
        }
        spaced |= space;
        signed |= !space;
        seen += 1;
    }
}
