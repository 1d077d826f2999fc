//! Numbers of first information reports: short, and told from other numbers only by the words
//! around them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Match;

use super::honest::{Honest, Reading, covering};
use super::pattern::{Pattern, pattern};
use super::view::View;
use super::{Finding, LeakKind};

const FIR: &str = r"(?:(?:\b|_)e?-?\s?f\.?[\s\-_]?i\.?[\s\-_]?r(?:\b|_)\.?|\bf[il1]r(?:no|number)?|एफ[\.\s]{0,2}आई[\.\s]{0,2}आर\.?|प्राथमिकी|प्रथम सूचना रिपोर्ट|मुकदमा|मुकद्दमा|मु\.?\s?अ\.?\s?सं\.?|मु0\s?अ0\s?सं|मु0\s?न0|मु\.\s?नं?\.?|मु0\s?नं|मुअसं|\bmukad{1,2}[ae]?ma|\bmukdma|\bmuqad{1,2}[ae]?ma|\bpra+th?a?miki|\bfirst\sinformation\sreport|\bmu\.?\s?a\.?\s?san|\bcase crime|\bcrl?\.?(?:\s?case)?|\bcrime|अपराध|\bapradh|\bzimni|\bps case|\bथाना केस|अभियोग|\babhiyog|क्राइम)";
const NO: &str = r"(?:nos?|num|nmbr|nbr|number|numbers|nr|s\.?\s?no|sankhya|sankhyaa|sankya|sankhaya|nambar|namber|संख्या|संख़्या|नंबर|नम्बर|नं|न0|सं|क्रमांक|kramank|क्र|#)";
const YEAR: &str = r"(?:(?:1\s?9|2[\s☀-➿⬀-⯿🈀-🫿]?0)[\s.\-_☀-➿⬀-⯿🈀-🫿]?\d[\s.\-_☀-➿⬀-⯿🈀-🫿]?\d|\d[\s☀-➿⬀-⯿🈀-🫿]?\d)";
const BY: &str = r"(?:[\s☀-➿⬀-⯿🈀-🫿]?[/\\|\-–_.:,]{1,2}[\s☀-➿⬀-⯿🈀-🫿]?|\s?\(\s?|\s?(?:\b(?:of|slash|by|oblique|stroke|bata|batta|dated|dt|year|yr|sal|saal|san|ka|ki|in)\b|बटा|ऑफ|सन|का|की|वर्ष|साल|स्लैश|दिनांक)[\s.\-]{0,2}){1,2}";
const DAY_AND_MONTH: &str = r"[0-3]?\d[./\-][01]?\d[./\-]";
/// Between the figures may stand a picture too (`46🔥6/24`).
const DIGITS: &str = r"\d(?:(?:[\s\-_.]{0,2}|[☀-➿⬀-⯿🈀-🫿])\d){0,6}";

struct Rules {
    word: Pattern,
    numbered: Pattern,
    dated: Pattern,
    case: Pattern,
    charged: Pattern,
    bare: Pattern,
    near: Pattern,
    called: Pattern,
    spaced: Pattern,
    spoken: Pattern,
    scattered: Pattern,
    told: Pattern,
}

static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| {
    Some(Rules {
        word: pattern(FIR)?,
        numbered: pattern(&format!(
            r"{FIR}s?[\s\-_:.,(\[#+]{{0,4}}(?:(?:registered|lodged|bearing|vide|under|with|दर्ज|का|की|के|ki|ka|ke|darj|reg|regd|dated?|report|ref|case|केस)[\s.:_\-+]{{1,3}}){{0,3}}(?:{NO}(?:[^\w₹%]|_){{0,6}}){{1,2}}(?:(?:is|was|hai|है|:|are|ये|yeh)[\s.:]{{0,3}})?(?P<n>{DIGITS}(?:{BY}{YEAR}\b)?)"
        ))?,
        dated: pattern(&format!(
            r"{FIR}(?:[^\w\n₹%]|_|\n){{0,6}}(?:(?:is|was|है|darj|दर्ज)[\s:]{{1,3}})?(?P<n>{DIGITS}{BY}{YEAR}\b)"
        ))?,
        case: pattern(&format!(
            r"(?:\bcase|केस|\bवाद|प्रकरण|मामला)\s?{NO}(?:[^\w₹%]|_){{0,6}}(?P<n>{DIGITS}{BY}(?:{DAY_AND_MONTH})?{YEAR}\b)"
        ))?,
        charged: pattern(&format!(
            r"(?:{FIR}|\bcase|\bmamla|मामला|मामले|केस)\s?(?:{NO}[\W_]{{0,4}})?(?P<n>\d(?:[\W_]{{0,6}}\d){{0,5}}[\W_]{{0,6}}(?:/|\bof\b|\bslash\b)[\W_]{{0,6}}(?:2[\W_]{{0,8}}0[\W_]{{0,8}})?[12][\W_]{{0,8}}\d)[,.]?\s{{1,2}}(?:u/s|u\.s|under\ssec|dhara|धारा|ps\b|p\.s|थाना|thana)"
        ))?,
        bare: pattern(&format!(
            r"{FIR}[\s\-_:#(]{{1,3}}(?P<n>20[12]\d/\d{{3,5}}|0\d{{1,5}}|\d{{3,5}})\b"
        ))?,
        spaced: pattern(&format!(r"{FIR}\s(?P<n>\d{{1,4}}\s20[12]\d)\b"))?,
        spoken: pattern(&format!(
            r"{FIR}[\W_]{{0,4}}(?:{NO}[\W_]{{0,4}}){{0,2}}(?:(?:is|was|है|hai)\s)?(?P<n>\d(?:(?:[\W_]{{0,6}}|[\W_]{{0,4}}(?:of|slash|by|bata|बटा|का|की|ka|ki|dash)[\W_]{{1,4}})\d){{2,10}})"
        ))?,
        scattered: pattern(&format!(
            r"{FIR}[\W_]{{0,5}}(?:{NO}[\W_]{{0,5}}){{0,2}}(?P<n>\d(?:[\W_]{{0,6}}\d){{0,5}}[\W_]{{0,6}}(?:/|-|o[\W_]{{0,6}}f|d[\W_]{{0,6}}a[\W_]{{0,6}}t[\W_]{{0,6}}e[\W_]{{0,6}}d)[\W_]{{0,8}}(?:(?:[0-3][\W_]{{0,6}})?\d[\W_]{{0,8}}(?:[01][\W_]{{0,6}})?\d[\W_]{{0,8}})?2[\W_]{{0,6}}0[\W_]{{0,6}}[12][\W_]{{0,6}}\d|\d(?:[\W_]{{1,6}}\d){{2,12}}\b)"
        ))?,
        // `FIR was lodged at PS East in 2026. Its number is 158`
        told: pattern(&format!(
            r"{FIR}[^\n;]{{1,80}}?(?:\b(?:ps|thana|lodged|registered|darj)\b|थाना|दर्ज)[^\n;]{{1,80}}?(?:[.,।]\s|\bits\s|\biska\s|इसका\s){NO}\.?[\s:]{{1,2}}(?:(?:is|hai|है)\s)?(?P<n>\d{{2,5}})\b"
        ))?,
        called: pattern(&format!(
            r"\b(?P<n>\d(?:[\s\-_.]?\d){{0,5}}{BY}{YEAR}\)?)\s?(?:\s(?:is|was|ye|yeh|ये|यह)\s(?:(?:the|our|case)\s){{0,2}}{FIR}|\s(?:(?:the|our|case)\s){{0,2}}{FIR}\s?(?:{NO}|of|है|hai|में|mein)\b|\((?:case\s)?{FIR}[^)]{{0,8}}\))"
        ))?,
        near: pattern(
            r"\b(?P<n>\d(?:[\s.\-_]?\d){0,5}[\s.]?(?:/-?|\bof\b|का|बटा|\bbata\b|\bslash\b)[\s.]?(?:1\s?9|2[\s.\-_]?0)[\s.\-_]?\d[\s.\-_]?\d)\b",
        )?,
    })
});

/// Finds the numbers of first information reports.
pub(super) fn check(view: &View, honest: &[Honest], found: &mut Vec<Finding>) {
    let Some(rules) = RULES.as_ref() else { return };
    let mut each = |rule: &Pattern, counts: &dyn Fn(Match<'_>, Match<'_>) -> bool| {
        for captures in rule.captures_iter(&view.text) {
            let (Some(whole), Some(number)) = (captures.get(0), captures.name("n")) else {
                continue;
            };
            if !is_crore(view, whole) && counts(whole, number) {
                view.report(LeakKind::FirNumber, &whole.range(), found);
            }
        }
    };
    let bare = |number: Match<'_>| !other(honest, &number.range());
    each(&rules.numbered, &|whole, number| is_numbered(view, honest, whole, number));
    each(&rules.spoken, &|_, number| {
        let words = view.glyphs(&number.range()).iter().filter(|glyph| glyph.word).count();
        words >= 3 && bare(number)
    });
    each(&rules.scattered, &|whole, number| bare(number) && is_report(whole.as_str()));
    each(&rules.dated, &|whole, number| {
        bare(number) && believable(whole.as_str(), number.as_str())
    });
    each(&rules.called, &|whole, number| {
        let name = &whole.as_str()[number.len()..];
        let name = name.trim_start_matches(|ch: char| !ch.is_alphabetic());
        bare(number) && believable(name, number.as_str())
    });
    each(&rules.bare, &|whole, number| {
        let year = number.len() == 4
            && (number.as_str().starts_with("19") || number.as_str().starts_with("20"));
        let counted = in_a_row_of_counts(view, whole.start());
        bare(number) && !year && !counted && is_report(whole.as_str())
    });
    each(&rules.spaced, &|whole, number| bare(number) && is_report(whole.as_str()));
    each(&rules.told, &|whole, number| bare(number) && is_report(whole.as_str()));
    let cases = rules.case.captures_iter(&view.text).chain(rules.charged.captures_iter(&view.text));
    for number in cases.filter_map(|captures| captures.name("n")) {
        if bare(number) {
            view.report(LeakKind::FirNumber, &number.range(), found);
        }
    }
    for word in rules.word.find_iter(&view.text).filter(|word| is_report(word.as_str())) {
        let begins = word.as_str().starts_with('f') && goes_on(view.after(word.end(), 2));
        if begins {
            continue;
        }
        check_near(view, honest, rules, &word.range(), found);
    }
}

/// `Block your card first`, `the firm`: the beginning of another word, and no plural.
fn goes_on(rest: &str) -> bool {
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    rest.starts_with(|ch: char| ch.is_ascii_lowercase())
}

/// The number is called one: no lone digit in words, and no crore before a hashtag.
fn is_numbered(view: &View, honest: &[Honest], whole: Match<'_>, number: Match<'_>) -> bool {
    let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
    let words =
        view.glyphs(&number.range()).iter().all(|glyph| glyph.word || !glyph.ch.is_ascii_digit());
    // `FIR no. 885/25 BNS 308(2)`: a number and its year, however close the sections stand.
    let dated = number.as_str().contains(['/', '-']) && is_report(whole.as_str());
    let opens = opening(honest, number.start()).any(|reading| reading != Reading::Law || !dated);
    !opens && (digits >= 2 || !words)
}

/// `₹90 Cr #7DaysChallenge`, `₹0.01 Cr. Sixteen of nine`: crore, not *crime*.
fn is_crore(view: &View, whole: Match<'_>) -> bool {
    let named =
        |rest: &str| rest.chars().find(|ch| ch.is_alphanumeric()).is_some_and(char::is_alphabetic);
    whole.as_str().strip_prefix("cr").is_some_and(|rest| !named(rest))
        && view.before(whole.start(), 2).trim_end().ends_with(|ch: char| ch.is_ascii_digit())
}

/// The word alone says report; `crime` and `cr` say it only with *number*.
fn is_report(word: &str) -> bool {
    !["cr", "crime", "case", "अपराध", "apradh", "क्राइम", "अभियोग", "abhiyog"]
        .iter()
        .any(|other| word.starts_with(other))
        || word.starts_with("case crime")
}

/// `complaints 612, FIR 279, arrests 53`: another count with its name stands right before.
fn in_a_row_of_counts(view: &View, start: usize) -> bool {
    let before = view.before(start, 40);
    let Some(before) = before.trim_end().strip_suffix([',', ';', '|']) else { return false };
    let figure = |ch: char| ch.is_ascii_digit() || ch == ',';
    let name = before.trim_end_matches(figure);
    name.len() < before.len() && name.ends_with(' ') && {
        let letter = name.trim_end().chars().next_back();
        letter.is_some_and(|ch| ch.is_alphabetic() || matches!(ch, '\u{900}'..='\u{963}'))
    }
}

/// A number and two digits are a year only where the first part is no count (`FIR 12-24`).
fn believable(whole: &str, number: &str) -> bool {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let long = digits.contains("19") || digits.contains("20");
    // `e-FIR 28/11`: a day and a month.
    let month = number.split_once('/').is_some_and(|(day, month)| {
        let within = |part: &str, most: u32| part.parse().is_ok_and(|part: u32| part <= most);
        month.len() == 2 && within(day, 31) && within(month, 12)
    });
    is_report(whole) && (long || number.contains('/') && !month || falls(number))
}

/// `810-25`, `300 of 26`: a range and a share rise, so a fall is a number and its year.
fn falls(number: &str) -> bool {
    let mut parts = number
        .split(|ch: char| !ch.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let parts = [parts.next(), parts.next(), parts.next()];
    let signs = ['.', ',', ':'];
    matches!(parts, [Some(first), Some(year), None] if first > year && (15..=35).contains(&year))
        && !number.contains(signs)
}

/// A number and a year elsewhere in the same sentence.
fn check_near(
    view: &View,
    honest: &[Honest],
    rules: &Rules,
    word: &Range<usize>,
    found: &mut Vec<Finding>,
) {
    const PAPER: [&str; 24] = [
        "order",
        "crl.m",
        "tender",
        "memo",
        "circular",
        "w.p",
        "writ",
        "petition",
        "notification",
        "advisory",
        "crm",
        "appeal",
        "letter",
        "sop",
        "आदेश",
        "परिपत्र",
        "याचिका",
        "application",
        "slp",
        "wp",
        "g.o",
        "policy",
        "rbi",
        "अधिसूचना",
    ];
    let after = view.after(word.end, 110);
    let sentence = after.find(['।', '\n', ';', '!', '?']).map_or(after, |at| &after[..at]);
    let before = view.before(word.start, 40);
    let spans = [(word.end, sentence), (word.start - before.len(), before)];
    for (offset, span) in spans {
        for captures in rules.near.captures_iter(span) {
            let Some(number) = captures.name("n") else { continue };
            let range = offset + number.start()..offset + number.end();
            let lead = view.before(range.start, 24);
            let paper = PAPER.iter().any(|paper| lead.contains(paper));
            if !paper && !other(honest, &range) {
                view.report(LeakKind::FirNumber, &range, found);
            }
        }
    }
}

/// The dates, amounts and sections of law that begin at or before this place and cover it.
fn opening(honest: &[Honest], at: usize) -> impl Iterator<Item = Reading> {
    covering(honest, at)
        .filter(move |honest| match honest.reading {
            Reading::Moment | Reading::Money | Reading::Law => true,
            // A hashtag of the helpline.
            Reading::Year => honest.range.start + 1 == at,
            _ => false,
        })
        .map(|honest| honest.reading)
}

/// The number has an honest reading that a report's number never has.
fn other(honest: &[Honest], number: &Range<usize>) -> bool {
    let first = honest.partition_point(|honest| honest.range.start + 200 < number.start);
    honest[first..]
        .iter()
        .take_while(|honest| honest.range.start < number.end)
        .filter(|honest| honest.range.end > number.start)
        .any(|honest| match honest.reading {
            Reading::Count if number.len() > 4 => false,
            Reading::Moment | Reading::Money | Reading::Law | Reading::Helpline => {
                honest.range.start <= number.start && honest.range.end >= number.end
            }
            // `4750 प्राथमिकी, 2,07,340 गिरफ्तारी`
            Reading::Count | Reading::Grouped => honest.range.end > number.end,
            // `1800-425-3800 / 1930`
            Reading::TollFree => honest.range.start < number.start,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::RULES.is_some());
    }
}
