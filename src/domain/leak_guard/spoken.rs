//! Letters that are said: by the words of the spelling alphabet (`alpha bravo`), by their names in
//! Hindi (`ए बी सी`) or by a word that begins with the letter (`A for Apple`).

use std::ops::Range;

use super::normalise::{Glyph, Spelled};
use super::words;

const ALPHABET: &str = "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike \
november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu";

/// The names of the letters from A to Z, without the nukta.
const NAMES: &str = "ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड";

/// The same text with rows of said letters replaced by the letters; nothing if there is no row.
///
/// A word or two may be a name (`Hotel India`); four in a row are spelling. Digits and number words
/// may stand between them.
pub(super) fn letters(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    const LEAST: usize = 4;
    let words = words_of(glyphs);
    let (mut row, mut rows) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < words.len() {
        if let Some((letter, count)) = said(glyphs, &words[i..]) {
            row.push((letter, words[i].start..words[i + count - 1].end));
            i += count;
            continue;
        }
        if !is_number(glyphs, &words[i]) {
            rows.push(std::mem::take(&mut row));
        }
        i += 1;
    }
    rows.push(row);
    let said: Vec<(char, Range<usize>)> =
        rows.into_iter().filter(|row| row.len() >= LEAST).flatten().collect();
    if said.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(glyphs.len());
    let mut copied = 0;
    for (letter, word) in said {
        out.extend_from_slice(&glyphs[copied..word.start]);
        let (first, last) = (&glyphs[word.start], &glyphs[word.end - 1]);
        out.push(Glyph { upper: true, ..Glyph::over(first, last, letter, Spelled::Not) });
        copied = word.end;
    }
    out.extend_from_slice(&glyphs[copied..]);
    Some(out)
}

/// The same text with every sign that is said between the pieces of a code (`ABCPE dash 1234`) as a
/// dash; nothing if there is none.
pub(super) fn signs(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    const SIGNS: [&str; 46] = [
        "dash",
        "hyphen",
        "space",
        "dot",
        "then",
        "phir",
        "fir",
        "followed",
        "by",
        "next",
        "contd",
        "continued",
        "डैश",
        "हाइफन",
        "स्पेस",
        "डॉट",
        "फिर",
        "and",
        "aur",
        "और",
        "the",
        "is",
        "with",
        "begins",
        "ends",
        "end",
        "last",
        "letter",
        "letters",
        "digits",
        "start",
        "starts",
        "se",
        "hota",
        "hai",
        "uske",
        "baad",
        "me",
        "mein",
        "pehle",
        "उसके",
        "बाद",
        "आखिरी",
        "अंत",
        "में",
        "पहले",
    ];
    let mut out = Vec::with_capacity(glyphs.len());
    let mut copied = 0;
    let words = words_of(glyphs).into_iter();
    for word in words.filter(|word| SIGNS.contains(&text(glyphs, word).as_str())) {
        // `and the last letter`: one sign, however many words say it.
        let between = &glyphs[copied..word.start];
        if copied == 0 || between.iter().any(|glyph| !matches!(glyph.ch, ' ' | ',')) {
            out.extend_from_slice(between);
            out.push(Glyph::over(&glyphs[word.start], &glyphs[word.end - 1], '-', Spelled::Not));
        }
        copied = word.end;
    }
    out.extend_from_slice(&glyphs[copied..]);
    (copied > 0).then_some(out)
}

fn words_of(glyphs: &[Glyph]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (at, glyph) in glyphs.iter().enumerate() {
        if !glyph.ch.is_alphanumeric() && !matches!(glyph.ch, '\u{900}'..='\u{963}') {
            continue;
        }
        match out.last_mut() {
            Some(word) if word.end == at => word.end = at + 1,
            _ => out.push(at..at + 1),
        }
    }
    out
}

fn text(glyphs: &[Glyph], word: &Range<usize>) -> String {
    glyphs[word.clone()].iter().map(|glyph| glyph.ch).collect()
}

/// The letter that is said here, and how many words say it.
fn said(glyphs: &[Glyph], words: &[Range<usize>]) -> Option<(char, usize)> {
    let first = text(glyphs, words.first()?);
    if let Some((letter, _)) = ('a'..='z').zip(NAMES.split(' ')).find(|(_, name)| *name == first) {
        return Some((letter, 1));
    }
    let letter = first.chars().next().filter(char::is_ascii_alphabetic)?;
    if ALPHABET.split(' ').any(|word| word == first) {
        return Some((letter, 1));
    }
    if first.len() > 1 {
        return None;
    }
    let second = text(glyphs, words.get(1)?);
    let example = match second.as_str() {
        "for" | "se" | "फॉर" | "से" => 2,
        "as" if text(glyphs, words.get(2)?) == "in" => 3,
        _ => return None,
    };
    let word = text(glyphs, words.get(example)?);
    // `X for X-ray`
    let more =
        word.len() == 1 && words.get(example + 1).is_some_and(|ray| text(glyphs, ray) == "ray");
    word.starts_with(letter).then_some((letter, example + 1 + usize::from(more)))
}

fn is_number(glyphs: &[Glyph], word: &Range<usize>) -> bool {
    let word = text(glyphs, word);
    word.bytes().all(|byte| byte.is_ascii_digit()) || words::number_word(&word).is_some()
}
