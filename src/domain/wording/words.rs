//! Looking for words that a text must not hold, however they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    folding::{Glyph, fold, fold_text, letter},
    lists,
};

/// Words to look for: one or several, each whole, or with a `*` at its end for any ending. It is
/// folded once, when it is read, and written as it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    written: String,
    /// Each folded word, and whether any ending will do.
    words: Vec<(String, bool)>,
}

impl Pattern {
    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl From<&str> for Pattern {
    fn from(written: &str) -> Self {
        let words = written
            .split_whitespace()
            .map(|word| (fold_text(word.trim_end_matches('*')), word.ends_with('*')))
            .filter(|(word, _)| !word.is_empty())
            .collect();
        Self { written: written.to_owned(), words }
    }
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        written.as_str().into()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.written
    }
}

/// One word of a text and its place, in Unicode scalar values.
#[derive(Debug, Clone)]
struct Token {
    text: String,
    start: usize,
    end: usize,
}

/// The words of a text, in the ways a reader may take them: as they stand, with `CamelCase` parted,
/// and with `s-p-e-l-t` letters joined.
#[derive(Debug)]
pub(super) struct Words {
    readings: Vec<Reading>,
}

/// The words of a text in one way, and where those stand that begin with a letter: hundreds of
/// patterns are looked for in each text.
#[derive(Debug)]
struct Reading {
    tokens: Vec<Token>,
    by_letter: BTreeMap<char, Vec<usize>>,
}

impl From<Vec<Token>> for Reading {
    fn from(tokens: Vec<Token>) -> Self {
        let mut by_letter: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        for (at, token) in tokens.iter().enumerate() {
            if let Some(letter) = token.text.chars().next() {
                by_letter.entry(letter).or_default().push(at);
            }
        }
        Self { tokens, by_letter }
    }
}

impl Reading {
    /// The first place of these words.
    fn find(&self, words: &[(String, bool)]) -> Option<Span> {
        let letter = words.first()?.0.chars().next()?;
        let windows = self.by_letter.get(&letter)?.iter();
        let found = windows
            .filter_map(|at| self.tokens.get(*at..at + words.len()))
            .find(|window| fits(window, words))?;
        Some((found.first()?.start, found.last()?.end))
    }
}

/// Where a pattern was found.
pub(super) type Span = (usize, usize);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let glyphs = fold(text);
        let plain = tokens(&glyphs, false);
        let others = [tokens(&glyphs, true), joined(&plain)];
        // Parting adds words and joining takes words away: the same number is the same reading.
        let mut readings: Vec<_> =
            others.into_iter().filter(|other| other.len() != plain.len()).collect();
        readings.push(plain);
        Self { readings: readings.into_iter().map(Reading::from).collect() }
    }

    /// The first place of a pattern.
    pub(super) fn find(&self, pattern: &Pattern) -> Option<Span> {
        self.readings.iter().find_map(|reading| reading.find(&pattern.words))
    }

    /// The first place where a word about money stands close to one that says that something is
    /// still there.
    pub(super) fn money_remains(&self) -> Option<Span> {
        const CLOSE: usize = 5;
        self.readings.iter().find_map(|Reading { tokens, .. }| {
            let is = |at: usize, list: &[&str]| {
                tokens.get(at).is_some_and(|token| list.contains(&token.text.as_str()))
            };
            let remains = (0..tokens.len())
                .filter(|at| is(*at, lists::REMAINS) && !is(at + 1, lists::NOT_MONEY));
            remains
                .filter(|at| {
                    (at.saturating_sub(CLOSE)..=at + CLOSE).any(|near| is(near, lists::MONEY))
                })
                .map(|at| (tokens[at].start, tokens[at].end))
                .next()
        })
    }
}

fn fits(window: &[Token], pattern: &[(String, bool)]) -> bool {
    window.iter().zip(pattern).all(|(token, (word, any_ending))| {
        if *any_ending { token.text.starts_with(word) } else { token.text == *word }
    })
}

/// Runs of letters, with digits and signs that stand for letters inside them.
fn tokens(glyphs: &[Glyph], part_camel: bool) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    for (index, glyph) in glyphs.iter().enumerate() {
        let next = glyphs.get(index + 1).filter(|next| next.at <= glyph.at + 1);
        let c = as_letter(glyph.ch, next.map(|next| next.ch), open);
        let Some(c) = c else {
            open = false;
            // A sign parts words and, as a word of its own, keeps phrases within their sentence.
            let inside = next.is_some_and(|next| letter(next.ch));
            if matches!(glyph.ch, ';' | '।' | '\n') || (glyph.ch == '.' && !inside) {
                tokens.push(Token { text: String::new(), start: glyph.at, end: glyph.at + 1 });
            }
            continue;
        };
        let parted = part_camel && glyph.upper && index > 0 && !glyphs[index - 1].upper;
        match tokens.last_mut().filter(|_| open && !parted) {
            Some(token) => {
                token.text.push(c);
                token.end = glyph.at + 1;
            }
            None => tokens.push(Token { text: c.into(), start: glyph.at, end: glyph.at + 1 }),
        }
        open = true;
    }
    tokens
}

/// A glyph as a letter of a word: `0` in `n0w`, `@` in `b@d`.
fn as_letter(c: char, next: Option<char>, inside: bool) -> Option<char> {
    let letter_next = next.is_some_and(|next| letter(next) || next.is_ascii_digit());
    match c {
        c if letter(c) => Some(c),
        '0' if inside || letter_next => Some('o'),
        '1' if inside || letter_next => Some('i'),
        '3' if inside || letter_next => Some('e'),
        '4' if inside || letter_next => Some('a'),
        '5' if inside || letter_next => Some('s'),
        '7' if inside || letter_next => Some('t'),
        '@' if inside && letter_next => Some('a'),
        '$' if letter_next => Some('s'),
        '!' if inside && letter_next => Some('i'),
        c if c.is_ascii_digit() => Some(c),
        _ => None,
    }
}

/// Three or more single letters in a row, joined.
fn joined(tokens: &[Token]) -> Vec<Token> {
    let single = |token: &Token| token.text.chars().count() == 1;
    let mut joined = Vec::with_capacity(tokens.len());
    let solid: Vec<&Token> = tokens.iter().collect();
    for run in solid.chunk_by(|a, b| spelt(a, single) && spelt(b, single)) {
        let letters: String = run.iter().map(|token| token.text.as_str()).collect();
        match run {
            [first, .., last] if letters.chars().count() >= 3 => {
                joined.push(Token { text: letters, start: first.start, end: last.end });
            }
            other => joined.extend(other.iter().map(|token| (*token).clone())),
        }
    }
    joined
}

/// A single letter, or the dot between two of `K.Y.C`.
fn spelt(token: &Token, single: impl Fn(&Token) -> bool) -> bool {
    token.text.is_empty() || single(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, pattern: &str) -> bool {
        Words::of(text).find(&pattern.into()).is_some()
    }

    #[test]
    fn a_word_is_found_however_it_is_written() {
        for text in [
            "please FREEZE it",
            "ｆｒｅｅｚｅ",
            "fr33ze",
            "frеezе with Cyrillic",
            "f-r-e-e-z-e",
            "f r e e z e",
            "F.R.E.E.Z.E.",
            "fr\u{200b}eeze",
            "fréézè",
            "#PleaseFreezeNow",
            "freezing",
        ] {
            assert!(has(text, "freez*"), "{text}");
        }
        assert!(has("फ़्रीज़ करें", "फ्रीज"));
        assert!(has("फ्रीज करें", "फ़्रीज़"));
        assert!(has("send K.Y.C. now", "kyc"));
    }

    #[test]
    fn only_whole_words_and_whole_phrases_count() {
        assert!(!has("antifreezer", "freez*"));
        assert!(!has("freezing", "freeze"));
        assert!(has("fraud by the bank", "fraud by"));
        assert!(!has("cyber fraud. By order", "fraud by"), "a phrase ends with its sentence");
        assert!(!has("a b", "ab"));
    }

    #[test]
    fn money_that_remains_is_told_from_requests_that_remain() {
        let remains = |text| Words::of(text).money_remains().is_some();
        assert!(remains("the money is available in the account"));
        assert!(remains("खाते में राशि शेष है"));
        assert!(remains("remaining balance"));
        assert!(!remains("liens on the disputed amount remain pending"));
        assert!(!remains("the list is available to your nodal officer"));
    }
}
