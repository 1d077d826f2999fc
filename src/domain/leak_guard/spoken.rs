//! Letters that are said: by the words of the spelling alphabet (`alpha bravo`) or by a word that
//! begins with the letter (`A for Apple`).

use std::ops::Range;

use super::normalise::{Glyph, Spelled};
use super::words;

const ALPHABET: &str = "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike \
november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu";

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
        if let Some(count) = said(glyphs, &words[i..]) {
            row.push(words[i].start..words[i + count - 1].end);
            i += count;
            continue;
        }
        if !is_number(glyphs, &words[i]) {
            rows.push(std::mem::take(&mut row));
        }
        i += 1;
    }
    rows.push(row);
    let said: Vec<Range<usize>> =
        rows.into_iter().filter(|row| row.len() >= LEAST).flatten().collect();
    if said.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(glyphs.len());
    let mut copied = 0;
    for word in said {
        out.extend_from_slice(&glyphs[copied..word.start]);
        let (first, last) = (&glyphs[word.start], &glyphs[word.end - 1]);
        out.push(Glyph { upper: true, ..Glyph::over(first, last, first.ch, Spelled::Not) });
        copied = word.end;
    }
    out.extend_from_slice(&glyphs[copied..]);
    Some(out)
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

/// How many words say the letter that begins here.
fn said(glyphs: &[Glyph], words: &[Range<usize>]) -> Option<usize> {
    let first = text(glyphs, words.first()?);
    if ALPHABET.split(' ').any(|word| word == first) {
        return Some(1);
    }
    let letter = first.chars().next().filter(|ch| ch.is_ascii_alphabetic() && first.len() == 1)?;
    let second = text(glyphs, words.get(1)?);
    let example = match second.as_str() {
        "for" | "se" | "फॉर" | "से" => 2,
        "as" if text(glyphs, words.get(2)?) == "in" => 3,
        _ => return None,
    };
    text(glyphs, words.get(example)?).starts_with(letter).then_some(example + 1)
}

fn is_number(glyphs: &[Glyph], word: &Range<usize>) -> bool {
    let word = text(glyphs, word);
    word.bytes().all(|byte| byte.is_ascii_digit()) || words::number_word(&word).is_some()
}
