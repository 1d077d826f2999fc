//! Permanent account numbers: five letters, four digits, a letter, told from the words, number
//! plates and link keys of an ordinary post.

use std::ops::Range;
use std::sync::LazyLock;

use super::normalise::Glyph;
use super::pattern::{Pattern, pattern};
use super::view::View;
use super::{Finding, LeakKind};

const LETTER: &str = "[a-z0158|]";
/// Apart from the rest, a capital last letter may have been read as any digit.
const LAST: &str = "[a-z0-9|]";
const DIGIT: &str = "[0-9olisbzqgt|]";
/// In one piece, a worse likeness is believed too.
const TIGHT_DIGIT: &str = "[0-9olisbzqgtea|]";
const APART: &str = r"[^a-z0-9\u0900-\u0963₹%@]{0,6}";

static PAN_TIGHT: LazyLock<Option<Pattern>> =
    LazyLock::new(|| pattern(&format!("{LETTER}{{5}}{TIGHT_DIGIT}{{4}}{LETTER}")));
static PAN_APART: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let letter = format!("{LETTER}{APART}");
    let digit = format!("{DIGIT}{APART}");
    pattern(&format!("{letter}{letter}{letter}{letter}{letter}{digit}{digit}{digit}{digit}{LAST}"))
});
/// Finds permanent account numbers: five letters, four digits, a letter, however they are spaced.
pub(super) fn check(view: &View, found: &mut Vec<Finding>) {
    if let Some(tight) = PAN_TIGHT.as_ref() {
        for code in overlapping(tight, &view.text) {
            let signs = view.glyphs(&code);
            if stands_alone(view, &code)
                && is_pan(signs)
                && !is_number_plate(signs)
                && !in_link(view, &code)
                && !is_tag(view, &code)
                && !names_a_bank(view, &code)
            {
                view.report(LeakKind::Pan, &code, found);
            }
        }
    }
    if let Some(apart) = PAN_APART.as_ref() {
        for code in overlapping(apart, &view.text) {
            if stands_alone(view, &code)
                && !ends_in_a_word(view, &code)
                && !names_a_bank(view, &code)
                && is_spaced_pan(view, &code)
            {
                view.report(LeakKind::Pan, &code, found);
            }
        }
    }
}

/// Matches at every start that begins a word or a capital: a code may follow another word closely.
fn overlapping(regex: &Pattern, text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(found) = regex.find_at(text, from) {
        out.push(found.range());
        from = found.start() + 1;
        while !text.is_char_boundary(from) {
            from += 1;
        }
        if from >= text.len() {
            break;
        }
    }
    out
}

fn stands_alone(view: &View, code: &Range<usize>) -> bool {
    let before = view.before(code.start, 4).chars().next_back();
    let after = view.after(code.end, 4).chars().next();
    let covered = view.glyphs(code);
    let edge = |outside: Option<char>| !outside.is_some_and(|ch| ch.is_ascii_alphanumeric());
    let capital_starts =
        covered.iter().filter(|glyph| glyph.ch.is_ascii_alphabetic()).all(|glyph| glyph.upper)
            && before.is_some_and(|ch| ch.is_ascii_lowercase())
            && code.start > 0
            && !view.glyphs(&(code.start - 1..code.start)).iter().any(|glyph| glyph.upper);
    let named =
        ["pan", "pancard", "panno"].iter().any(|name| view.before(code.start, 9).ends_with(name))
            && code.len() == 10;
    let low_follows = after.is_some_and(|ch| ch.is_ascii_alphanumeric())
        && covered.iter().any(|glyph| glyph.upper)
        && view
            .glyphs(&(code.end..code.end + 1))
            .iter()
            .any(|glyph| !glyph.upper && glyph.ch.is_alphabetic());
    (edge(before) || capital_starts || named) && (edge(after) || low_follows)
}

/// `ICICI 69, SBI 59`, `Union=98, SBI=63`
fn names_a_bank(view: &View, code: &Range<usize>) -> bool {
    let text = &view.text[code.clone()];
    text.starts_with("icici") || text.ends_with("sbi")
}

/// `#Report1930`, `#Diwali2025`
fn is_tag(view: &View, code: &Range<usize>) -> bool {
    let text = &view.text[code.clone()];
    let word = text.trim_end_matches(|ch: char| ch.is_ascii_digit());
    let figures = &text[word.len()..];
    let year = figures.len() == 4 && (figures.starts_with("19") || figures.starts_with("20"));
    view.before(code.start, 1) == "#" && word.chars().all(char::is_alphabetic) && year
}

/// `CC444, 2 July`: the last letter stands apart from the figures and begins a word.
fn ends_in_a_word(view: &View, code: &Range<usize>) -> bool {
    let letter = |ch: char| ch.is_ascii_alphanumeric();
    let word = view.after(code.end - 1, 3);
    word.starts_with(|ch: char| ch.is_ascii_alphabetic())
        && word.chars().take_while(|&ch| letter(ch)).count() > 1
        && !view.text[..code.end - 1].ends_with(letter)
}

/// A stroke is a letter only where one is wanting.
fn signs(code: &[Glyph]) -> Vec<Glyph> {
    let plain = code.iter().filter(|glyph| glyph.ch.is_ascii_alphanumeric()).count();
    code.iter()
        .filter(|glyph| glyph.ch.is_ascii_alphanumeric() || glyph.ch == '|' && plain < 10)
        .copied()
        .collect()
}

fn is_pan(code: &[Glyph]) -> bool {
    let signs = signs(code);
    if signs.len() != 10 {
        return false;
    }
    let letters = signs[..5].iter().filter(|glyph| glyph.ch.is_ascii_alphabetic()).count();
    let digits = signs[5..9].iter().filter(|glyph| glyph.ch.is_ascii_digit()).count();
    let year = ["19", "20"]
        .contains(&signs[5..7].iter().map(|glyph| glyph.ch).collect::<String>().as_str())
        && digits == 4
        && !signs[..5].iter().all(|glyph| glyph.upper || glyph.ch.is_ascii_digit())
        && signs[9].ch.is_ascii_lowercase()
        && !is_holder(signs[3].ch);
    let capitals =
        signs[..5].iter().chain(&signs[9..]).all(|glyph| glyph.upper || glyph.ch.is_ascii_digit());
    let firm = capitals && letters == 5 && digits >= 1 && is_holder(signs[3].ch);
    (letters >= 3 && digits >= 2 || firm) && letters + digits >= 6 && !year
}

/// `https://t.co/KbCbkqz62x`: a link's key, in capitals and small letters without order.
fn in_link(view: &View, code: &Range<usize>) -> bool {
    let before = view.before(code.start, 40).rsplit(char::is_whitespace).next().unwrap_or_default();
    let letters = view.glyphs(code).iter().filter(|glyph| glyph.ch.is_ascii_alphabetic());
    let cases: Vec<bool> = letters.map(|glyph| glyph.upper).collect();
    let turns = cases.windows(2).filter(|two| two[0] != two[1]).count();
    before.contains('.') && before.contains('/') && turns >= 2
}

/// `DL5CSB5768`: a state, a district, a series and four figures.
fn is_number_plate(code: &[Glyph]) -> bool {
    let figure = |glyph: &Glyph| glyph.ch.is_ascii_digit();
    let (front, number) = code.split_at(code.len() - 4);
    let district = front.get(2..4).is_some_and(|two| figure(&two[0]));
    let series = front.iter().skip(4).all(|glyph| !figure(glyph));
    district && series && !front[..2].iter().any(figure) && number.iter().all(figure)
}

/// The fourth letter says what sort of person holds the number (Income Tax Department).
fn is_holder(ch: char) -> bool {
    matches!(ch, 'p' | 'c' | 'h' | 'f' | 'a' | 't' | 'b' | 'l' | 'j' | 'g' | '8' | '1' | 'i' | '|')
}

/// Spaced letters and digits are a PAN where capitals, single signs or the word itself say so.
fn is_spaced_pan(view: &View, code: &Range<usize>) -> bool {
    let spaced = Spaced::new(view, code);
    if spaced.text.len() == 10
        || !is_pan(view.glyphs(code))
        || spaced.ends_in_reference()
        || spaced.is_list_of_counts()
    {
        return false;
    }
    if is_named(view, code, &spaced) {
        return true;
    }
    let letters = spaced.letters();
    let spelled = spaced.is_spelled();
    // Sign by sign, or without a space, one letter may pose as a digit.
    let believable = letters == 5 || letters == 4 && (spelled || !spaced.text.contains([' ', ',']));
    // A capital that poses as a digit is still a letter.
    let closed = spaced.signs[9].ch.is_ascii_alphabetic() || spaced.signs[9].upper;
    believable && closed && (spelled || spaced.is_firm() || spaced.is_cut())
}

/// The words around say that it is one.
fn is_named(view: &View, code: &Range<usize>, spaced: &Spaced<'_>) -> bool {
    called_pan(view, code.start)
        || spaced.stands_in_parts() && speaks_of_pan(view.sentence_before(code.start, 40))
        || ["is the pan", "ये पैन", "ये pan", "(pan", "(पैन"]
            .iter()
            .any(|name| view.after(code.end, 16).contains(name))
}

/// Ten signs of a code with something between.
struct Spaced<'a> {
    text: &'a str,
    signs: Vec<Glyph>,
    /// The pieces between the separators.
    words: Vec<&'a str>,
}

impl<'a> Spaced<'a> {
    fn new(view: &'a View, code: &Range<usize>) -> Self {
        let text = &view.text[code.clone()];
        let words = text.split(|ch: char| !ch.is_ascii_alphanumeric());
        Self {
            text,
            signs: signs(view.glyphs(code)),
            words: words.filter(|word| !word.is_empty()).collect(),
        }
    }

    /// One of our references after a word (`AM. GGM-4G29V`).
    fn ends_in_reference(&self) -> bool {
        self.text.rsplit(char::is_whitespace).next().is_some_and(|word| {
            word.len() == 9 && word.as_bytes()[3] == b'-' && word.len() < self.text.len()
        })
    }

    /// `36 PAN cards, 8734 Aadhaar cards`
    fn is_list_of_counts(&self) -> bool {
        self.text.contains(", ") && !self.in_capitals()
    }

    fn in_capitals(&self) -> bool {
        self.signs.iter().filter(|glyph| glyph.ch.is_ascii_alphabetic()).all(|glyph| glyph.upper)
    }

    /// How many of the first five are letters; the others pose as digits.
    fn letters(&self) -> usize {
        self.signs[..5].iter().filter(|glyph| glyph.ch.is_ascii_alphabetic()).count()
    }

    fn is_tight(&self) -> bool {
        !self.text.contains(char::is_whitespace)
    }

    /// `abcpe 1234 f`
    fn stands_in_parts(&self) -> bool {
        self.text.split(' ').map(str::len).eq([5, 4, 1])
    }

    fn has_holder(&self) -> bool {
        is_holder(self.signs[3].ch)
    }

    /// One of the pieces is a year from 1940 to 2039.
    fn has_year(&self) -> bool {
        let year = |word: &&str| {
            word.len() == 4 && word[..3].parse::<u16>().is_ok_and(|ten| (194..204).contains(&ten))
        };
        self.words.iter().any(year)
    }

    /// Sign by sign, the letters at least.
    fn is_spelled(&self) -> bool {
        let single = |word: &&&str| word.len() == 1;
        self.words.iter().filter(single).count() >= 6
            && self.words.iter().take_while(single).count() >= 4
    }

    /// Capitals, figures and the holder's letter, however it was cut. Without a space one figure may
    /// be posed by a letter.
    fn is_firm(&self) -> bool {
        let figures = self.signs[5..9]
            .iter()
            .filter(|glyph| glyph.ch.is_ascii_digit() && !glyph.word)
            .count();
        let mixed = self.words.iter().any(|word| {
            word.bytes().any(|byte| byte.is_ascii_digit())
                && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        });
        let whole = self.in_capitals() && self.letters() == 5 && self.has_holder();
        whole && (self.is_tight() && figures >= 3 || figures == 4 && mixed && !self.has_year())
    }

    /// Cut where the letters end.
    fn is_cut(&self) -> bool {
        const MOST_WORDS: usize = 4;
        let low = !self.signs.iter().any(|glyph| glyph.upper);
        let in_parts = low && self.stands_in_parts() && ends_code(&self.signs) && !self.has_year();
        let lengths = self.words.iter().scan(0, |seen, word| {
            *seen += word.len();
            Some(*seen)
        });
        let aligned = lengths.into_iter().any(|seen| seen == 5);
        let capitals = self.in_capitals() && self.has_holder();
        let figures =
            self.words.iter().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())).count();
        let few = self.words.len() <= MOST_WORDS
            && figures <= 2
            && self.words.first().is_some_and(|word| word.len() <= 5);
        let alone = match (self.is_tight(), self.has_year()) {
            (true, year) => capitals || few && !year,
            (false, year) => capitals && !year,
        };
        self.has_holder() && self.is_cut_by_one_sign() || in_parts || aligned && alone
    }

    /// `blfpo - 3875 - i`: the same sign, no mere space, before and after the figures.
    fn is_cut_by_one_sign(&self) -> bool {
        let width = (self.text.len() - 10) / 2;
        let sign = |from: usize| self.text.get(from..from + width);
        self.words.iter().map(|word| word.len()).eq([5, 4, 1])
            && sign(5) == sign(9 + width)
            && sign(5).is_some_and(|sign| !sign.trim_matches(' ').is_empty() && !sign.contains(','))
    }
}

/// The word stands anywhere in the sentence.
fn speaks_of_pan(before: &str) -> bool {
    before.split(' ').any(|word| matches!(word.trim_end_matches(':'), "pan" | "पैन"))
}

/// `abcpe 1234 f`, but not `total 1234 a day`: the last letter is no word or unit of speech.
fn ends_code(signs: &[Glyph]) -> bool {
    is_holder(signs[3].ch)
        && signs[5..9].iter().all(|glyph| glyph.ch.is_ascii_digit() && !glyph.word)
        && !matches!(signs[9].ch, 'a' | 'i' | 'k' | 'l' | 'm' | 'h' | 's' | 'x' | 'p' | 'v' | 'o')
}

/// The words right before say that a permanent account number follows.
fn called_pan(view: &View, start: usize) -> bool {
    const NAMES: [&str; 6] = ["pan", "पैन", "permanent account", "income tax", "pancard", "panno"];
    const AFTER: [&str; 18] = [
        "no",
        "number",
        "num",
        "card",
        "is",
        "id",
        "ka",
        "hai",
        "नंबर",
        "संख्या",
        "कार्ड",
        "है",
        "holder",
        "details",
        "the",
        "नं",
        "of",
        "with",
    ];
    let word_end = |text: &str| {
        text.trim_end_matches(|ch: char| {
            !ch.is_alphanumeric() && !matches!(ch, '\u{900}'..='\u{963}')
        })
        .len()
    };
    let mut before = view.sentence_before(start, 48);
    for _ in 0..4 {
        before = &before[..word_end(before)];
        let word = before
            .rsplit(|ch: char| !ch.is_alphanumeric() && !matches!(ch, '\u{900}'..='\u{963}'))
            .next()
            .unwrap_or_default();
        if NAMES.contains(&word) {
            return true;
        }
        if !AFTER.contains(&word) {
            break;
        }
        before = &before[..before.len() - word.len()];
    }
    before.ends_with("permanent account") || before.ends_with("income tax")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(PAN_TIGHT.is_some() && PAN_APART.is_some());
    }
}
