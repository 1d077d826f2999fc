//! Rows of figures: years with their figures, lists and scores; `columns` reads tables over lines.
//!
//! An identifier that was taken apart is one number in equal pieces without words. A table repeats
//! its shape and calls each row by name or year; a list holds numbers of unequal length.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Captures;

use super::super::checks::{luhn, verhoeff};
use super::super::normalise::is_picture;
use super::super::pattern::{Pattern, pattern};
use super::super::runs::named;
use super::super::view::View;
use super::{Honest, Reading, columns};

pub(super) const FIGURE: &str =
    r"(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})(?:\.\d{1,2})?(?:\s?(?:%|percent|per cent|प्रतिशत|cr|lakh))?";
const PAIR: &str = r"(?:[<>]\s?)?\b(?:(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})(?:\.\d{1,2})?[+%]?(?:\s?[:=/\-]\s?|\s)){1,2}(?:(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})(?:\.\d{1,2})?\b%?|\(\d{1,6}%?\))";
const CALENDAR: &str = r"(?:19|20)\d\d";

struct Rows {
    after_figures: Pattern,
    pairs: Pattern,
    figure: Pattern,
    list: Pattern,
    slashes: Pattern,
    named_slashes: Pattern,
    thread: Pattern,
    pictured: Pattern,
    bands: Pattern,
    decimals: Pattern,
    bounds: Pattern,
    arrows: Pattern,
    marked: Pattern,
    rounds: Pattern,
    sums: Pattern,
}

static ROWS: LazyLock<Option<Rows>> = LazyLock::new(|| {
    Some(Rows {
        pairs: pattern(&format!(
            r"{PAIR}(?:(?:\s?[,;|]\s(?:and\s|और\s|व\s|aur\s)?|\s(?:and|और|व|aur)\s){PAIR})+"
        ))?,
        figure: pattern(FIGURE)?,
        after_figures: pattern(&format!(
            r"\b{FIGURE}\s?\(\s?{CALENDAR}\s?\)(?:\s?(?:,|;|\||/|→|and|vs|और|aur)\s?(?:and\s|और\s)?{FIGURE}\s?\(\s?{CALENDAR}\s?\))+"
        ))?,
        list: pattern(&format!(
            r"\b{FIGURE}(?:,\s(?:and\s|और\s|aur\s)?|;\s|\s\+\s|\s=\s|\s&\s|\s(?:and|और|एवं|व|aur)\s){FIGURE}(?:(?:,\s(?:and\s|और\s|aur\s)?|;\s|\s\+\s|\s=\s|\s&\s|\s(?:and|और|एवं|व|aur)\s){FIGURE}){{0,10}}"
        ))?,
        arrows: pattern(&format!(r"\b{FIGURE}(?:\s?[→➡➝➜➔⇒]\s?{FIGURE}){{1,5}}"))?,
        marked: pattern(&format!(r"\(?\b[1-9]\)\s{FIGURE}(?:[,;]?\s\(?[1-9]\)\s{FIGURE})+\b"))?,
        rounds: pattern(r"\b[1-9]\d{1,2}000\s?(?:-|to)\s?[1-9]\d{1,2}000\b")?,
        sums: pattern(r"\b\d{1,6}(?:\s?\+\s?\d{1,6}){1,10}\s?=\s?\d{1,7}\b")?,
        named_slashes: pattern(
            r"(?P<names>[a-z\u0900-\u0965][a-z\u0900-\u0965 ]{0,24}(?:\s?/\s?[a-z\u0900-\u0965][a-z\u0900-\u0965 ]{0,24}){1,7})\s?[:=–\-]?\s(?P<n>\d{1,5}(?:\s?/\s?\d{1,5}){1,7})\b",
        )?,
        pictured: pattern(
            r"[☀-➿⬀-⯿🀀-🫿]\s[1-9]\d{0,2}(?:[,|•]?\s[☀-➿⬀-⯿🀀-🫿]\s[1-9]\d{0,2}){2}\b",
        )?,
        thread: pattern(r"^[^\w\n(]{0,4}([1-9]\d?)/([1-9]\d?)\s|\(([1-9]\d?)/([1-9]\d?)\)\s*$")?,
        bands: pattern(
            r"\b\d{1,3}\s?-\s?\d{1,3}\b(?:\s?[:=(]?\s?(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})\b\)?%?)?(?:(?:\s?[,;|•\n]\s?|\s)(?:and\s|और\s|व\s|aur\s)?\d{1,3}(?:\s?-\s?\d{1,3}\b|\+)(?:\s?[:=(]?\s?(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})\b\)?%?)?)+",
        )?,
        decimals: pattern(
            r"\b\d{1,4}\.\d{1,2}(?:(?:,|;|\sand|\s?/|\sऔर|\saur)\s\d{1,4}\.\d{1,2})+\b",
        )?,
        bounds: pattern(r"\b(\d{1,3})\s?-\s?(\d{1,3})\b")?,
        slashes: pattern(
            r"\b(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})(?:\s?/\s?(?:\d{1,3}(?:,\d{2,3})+|\d{1,6})){1,15}\b",
        )?,
    })
});

/// The figures of tables, year by year comparisons, lists and scores.
pub(super) fn readings(view: &View) -> Vec<Honest> {
    let mut found = Vec::new();
    let Some(rows) = ROWS.as_ref() else { return found };
    columns::readings(view, &mut found);
    for list in rows.after_figures.find_iter(&view.text).filter(|list| ascending(list.as_str())) {
        push(view, list.range(), &mut found);
    }
    for list in
        rows.pairs.find_iter(&view.text).filter(|list| of_one_shape(&rows.figure, list.as_str()))
    {
        push(view, list.range(), &mut found);
    }
    for list in rows.list.find_iter(&view.text) {
        let series = list.as_str().contains(", ") && is_series(view, list.start());
        if is_list(list.as_str(), series) || series && day_by_day(view, &list.range()) {
            push(view, list.range(), &mut found);
        }
    }
    for list in rows.arrows.find_iter(&view.text) {
        if is_course(list.as_str(), is_series(view, list.start())) {
            push(view, list.range(), &mut found);
        }
    }
    for list in rows.decimals.find_iter(&view.text) {
        if is_series(view, list.start()) {
            push(view, list.range(), &mut found);
        }
    }
    for list in rows.marked.find_iter(&view.text).filter(|list| is_marked(list.as_str())) {
        push(view, list.range(), &mut found);
    }
    for range in
        rows.rounds.find_iter(&view.text).filter(|range| numbers(range.as_str()).is_sorted())
    {
        push(view, range.range(), &mut found);
    }
    for sum in rows.sums.find_iter(&view.text).filter(|sum| adds_up(sum.as_str())) {
        push(view, sum.range(), &mut found);
    }
    for list in rows.named_slashes.captures_iter(&view.text) {
        if let (Some(names), Some(n)) = (list.name("names"), list.name("n"))
            && names.as_str().split('/').count() == n.as_str().split('/').count()
            && named(names.as_str()).is_none()
        {
            push(view, n.range(), &mut found);
        }
    }
    for list in
        rows.bands.find_iter(&view.text).filter(|list| is_bands(&rows.bounds, list.as_str()))
    {
        push(view, list.range(), &mut found);
    }
    for list in rows.pictured.find_iter(&view.text) {
        if !own_pictures(view, &list.range()) {
            continue;
        }
        push(view, list.range(), &mut found);
    }
    for place in rows.thread.captures_iter(&view.text).filter(is_place_in_thread) {
        if let Some(place) = place.get(0) {
            push(view, place.range(), &mut found);
        }
    }
    for list in rows.slashes.find_iter(&view.text).filter(|list| is_score(list.as_str())) {
        push(view, list.range(), &mut found);
    }
    found
}

/// The words before figures say that they are a series or a measure.
fn is_series(view: &View, start: usize) -> bool {
    const SAYS: [&str; 25] = [
        "per day",
        "year",
        "वर्ष",
        "साल",
        "compar",
        "month",
        "quarter",
        "from",
        "rose",
        "fell",
        "trend",
        "week",
        "daily",
        "hour",
        "wise",
        "lakh",
        "crore",
        "cr)",
        "₹",
        "amount",
        "लाख",
        "करोड",
        "percent",
        "%",
        "minute",
    ];
    let before = view.sentence_before(start, 40);
    SAYS.iter().any(|word| before.contains(word))
}

/// `Requests per day in week 43: 11, 23, 18, 30, 3`: counts of two figures at most, not all of two.
fn day_by_day(view: &View, list: &Range<usize>) -> bool {
    let before = view.sentence_before(list.start, 40);
    let numbers: Vec<&str> = numbers(&view.text[list.clone()]).collect();
    ["per day", "per week", "per hour", "daily", "each day"].iter().any(|per| before.contains(per))
        && numbers.iter().all(|number| number.len() <= 2 && !leads_with_zero(number))
        && numbers.iter().any(|number| number.len() == 1)
}

/// `187 → 174 → 163`: one figure over time keeps its size; the pieces of one number would hardly.
fn is_course(list: &str, series: bool) -> bool {
    const MOST: usize = 9;
    let digits = list.bytes().filter(u8::is_ascii_digit).count();
    let figures: Vec<f64> =
        numbers(list).filter_map(|number| number.replace(',', "").parse().ok()).collect();
    let most = figures.iter().copied().fold(0.0, f64::max);
    let least = figures.iter().copied().fold(f64::MAX, f64::min);
    // `9→4→3→8→2`: one number, figure by figure.
    let singles = figures.len() > 2 && digits == figures.len();
    (series && figures.len() == 2) || (series || digits <= MOST) && !singles && most < 2.0 * least
}

fn push(view: &View, range: Range<usize>, found: &mut Vec<Honest>) {
    let written = view.glyphs(&range).iter().all(|glyph| !glyph.word);
    if written && named(view.sentence_before(range.start, 40)).is_none() {
        found.push(Honest { range, reading: Reading::Table });
    }
}

/// Two or more lines of one shape, one after the other.
/// `14: 63, 15: 366`, `25-21, 25-19`, `2021 98, 2022 112`: every figure stands by its own key, by
/// the same sign; a number that was cut has no keys.
fn of_one_shape(figure: &Pattern, list: &str) -> bool {
    const MOST_DIGITS: usize = 8;
    let pairs = list.split_inclusive([';', '|']).flat_map(|part| part.split(", "));
    let mut pairs = pairs.flat_map(|pair| pair.split(" and ")).map(|pair| {
        let figures: Vec<&str> = figure.find_iter(pair).map(|figure| figure.as_str()).collect();
        let digits: usize = figures
            .iter()
            .filter(|figure| !figure.contains(',') && !is_year(figure))
            .map(|figure| figure.bytes().filter(u8::is_ascii_digit).count())
            .sum();
        let value = figures.last().and_then(|last| pair.rfind(last)).unwrap_or(0);
        let sign = pair[..value].trim_end().chars().next_back().filter(|ch| !ch.is_ascii_digit());
        let key = figures.first().is_some_and(|key| is_year(key));
        (digits <= MOST_DIGITS && (sign.is_some() || key)).then_some(sign)
    });
    let first = pairs.next().flatten();
    first.is_some() && pairs.all(|sign| sign == first)
}

/// `1) 34 2) 27 3) 15`: every figure has its mark, in order, and in all they are too few figures for
/// an identifier.
fn is_marked(list: &str) -> bool {
    const MOST: usize = 9;
    let (marks, figures): (Vec<_>, Vec<_>) =
        numbers(list).enumerate().partition(|(place, _)| place % 2 == 0);
    let figures = figures.iter().filter(|(_, figure)| !figure.contains(','));
    (1..).zip(&marks).all(|(nth, (_, mark))| mark.parse() == Ok(nth))
        && figures.map(|(_, figure)| figure.len()).sum::<usize>() <= MOST
}

/// `12+34+56 = 102`
fn adds_up(sum: &str) -> bool {
    let value = |number: &str| number.trim().parse::<u64>().ok();
    let Some((parts, whole)) = sum.split_once('=') else { return false };
    parts.split('+').map(value).sum::<Option<u64>>() == value(whole)
}

pub(super) fn is_year(number: &str) -> bool {
    number.len() == 4 && (number.starts_with("19") || number.starts_with("20"))
}

/// `0-6: 63, 6-12: 366, 12-18: 470`: the bounds of the bands rise throughout, and two bands alone
/// join; the pieces of one number would hardly.
fn is_bands(bounds: &Pattern, list: &str) -> bool {
    const JOINED: usize = 2;
    let bands: Vec<[u32; 2]> = bounds
        .captures_iter(list)
        .filter_map(|band| {
            Some([band.get(1)?.as_str().parse().ok()?, band.get(2)?.as_str().parse().ok()?])
        })
        .collect();
    let joined = bands.windows(2).all(|two| (0..=1).contains(&(two[1][0].wrapping_sub(two[0][1]))));
    // `06-14, 14-22, 22-06`: round the clock.
    let chained = bands.windows(2).all(|two| two[1][0] == two[0][1]);
    bands.len() >= JOINED && chained && bands.iter().flatten().all(|bound| *bound <= 24)
        || bands.len() >= JOINED
            && bands.iter().all(|[low, high]| low < high)
            && bands.windows(2).all(|two| two[0][1] <= two[1][0])
            && (bands.len() > JOINED || joined)
}

/// `👮 169 📱 247 💳 790`: each count after a picture of its own, and no more of them.
fn own_pictures(view: &View, list: &Range<usize>) -> bool {
    let mut pictures: Vec<char> =
        view.text[list.clone()].chars().filter(|&ch| is_picture(ch)).collect();
    pictures.sort_unstable();
    let sign = |ch: char| is_picture(ch) || ch.is_whitespace();
    let figure = |ch: char| ch.is_ascii_digit();
    pictures.windows(2).all(|two| two[0] != two[1])
        && !view.before(list.start, 8).trim_end_matches(sign).ends_with(figure)
        && !view.after(list.end, 12).trim_start_matches(sign).starts_with(figure)
}

/// `1/3 ` before and `(2/3)` after a post: which of the thread it is.
fn is_place_in_thread(found: &Captures<'_>) -> bool {
    const MOST: u32 = 15;
    let parts = found.iter().skip(1).flatten();
    let parts: Vec<u32> = parts.filter_map(|part| part.as_str().parse().ok()).collect();
    matches!(parts[..], [place, posts] if place <= posts && posts <= MOST)
}

pub(super) fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|ch: char| !ch.is_ascii_digit() && ch != ',')
        .map(|number| number.trim_matches(','))
        .filter(|number| !number.is_empty())
}

/// Every other number is a year, in order.
fn ascending(list: &str) -> bool {
    let numbers: Vec<&str> = numbers(list).collect();
    [0, 1].into_iter().any(|first| {
        let years: Vec<&str> = numbers.iter().skip(first).step_by(2).copied().collect();
        let all = years.iter().all(|year| is_year(year));
        all && years.len() >= 2 && (years.is_sorted() || years.iter().rev().is_sorted())
    })
}

/// Numbers of equal length but for the last are the pieces of one number.
fn is_list(list: &str, series: bool) -> bool {
    const AND: [&str; 5] = ["and", "और", "एवं", "व", "aur"];
    const MOST: usize = 8;
    let numbers: Vec<&str> = numbers(list).collect();
    let uneven = numbers[..numbers.len() - 1].windows(2).any(|two| two[0].len() != two[1].len());
    let digits: usize = numbers.iter().map(|number| number.len()).sum();
    let sum = list.contains(" = ") || list.contains(" + ") && digits <= MOST;
    // `50, 62, 64, 51`: short numbers with commas, unless they make up a mobile's number.
    let short = digits <= 3 * numbers.len() && list.contains(", ");
    let mobile = digits == 10 && list.starts_with(['6', '7', '8', '9']);
    let pieces = !uneven
        && (numbers[0].len() == 1
            || numbers.last().is_some_and(|last| last.len() < numbers[0].len())
            || !(series && digits <= 3 * numbers.len()) && checks(list));
    // One `and` ends a list; more of them are the signs between the pieces of one number.
    let ands = list.split_whitespace().filter(|word| AND.contains(word)).count();
    numbers.len() >= 3
        && ands <= 1
        && (!pieces || sum || counts_up(&numbers))
        && (sum
            || counts_up(&numbers)
            || short && !mobile
            || digits <= MOST
            || uneven && (ands == 1 || series || list.contains(';')))
        && !numbers.iter().any(|number| leads_with_zero(number))
}

/// `7, 8, 9, 10`: from one number to the next, beyond the single figures.
fn counts_up(numbers: &[&str]) -> bool {
    let values: Vec<u32> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    values.len() == numbers.len()
        && values.windows(2).all(|two| two[0].checked_add(1) == Some(two[1]))
        && values.last().is_some_and(|last| *last >= 10)
}

fn checks(list: &str) -> bool {
    let digits: Vec<u8> = list.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
    matches!(digits.len(), 15 | 16) && luhn(&digits) || digits.len() == 12 && verhoeff(&digits)
}

fn leads_with_zero(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

/// `450/120/330`, `142/187`, `12,450/15,000`: few numbers, none with leading zeros, that do not
/// make a telephone's number.
fn is_score(list: &str) -> bool {
    const MOST: usize = 9;
    const MOST_UNEVEN: usize = 12;
    let numbers: Vec<&str> = numbers(list).collect();
    let digits = list.bytes().filter(u8::is_ascii_digit).count();
    let grouped = list.contains(',');
    !numbers.iter().any(|number| leads_with_zero(number))
        && numbers.iter().any(|number| number.len() > 1)
        && (digits < MOST
            || digits == MOST && !is_cut(&numbers)
            || grouped
            || digits <= MOST_UNEVEN && uneven_score(&numbers))
}

/// Pieces of one length with a shorter rest (`8433/3832/2`).
fn is_cut(numbers: &[&str]) -> bool {
    numbers.len() >= 3
        && !uneven_score(numbers)
        && numbers.last().is_some_and(|last| last.len() < numbers[0].len())
}

/// The parts of a score rise, fall or add up to the first; the pieces of one number would hardly.
fn uneven_score(numbers: &[&str]) -> bool {
    let values: Vec<u64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let whole = values.first().is_some_and(|first| *first == values[1..].iter().sum::<u64>());
    numbers.len() >= 3
        && (whole || values.is_sorted() || values.iter().rev().is_sorted())
        && numbers[..numbers.len() - 1].windows(2).any(|two| two[0].len() != two[1].len())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::ROWS.is_some());
    }
}
