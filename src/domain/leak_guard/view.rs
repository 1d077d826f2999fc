//! A folded text that can be searched, with the way back to the original offsets.

use std::ops::Range;

use super::normalise::{Glyph, Spelled, is_indic};
use super::{Finding, LeakKind};

/// Glyphs and the same as one string. Ranges are byte ranges of `text`.
pub(super) struct View {
    pub text: String,
    pub glyphs: Vec<Glyph>,
    at: Vec<u32>,
}

impl View {
    pub fn new(glyphs: Vec<Glyph>) -> Self {
        let mut text = String::with_capacity(glyphs.len());
        let mut at = Vec::with_capacity(glyphs.len() + 1);
        for (index, glyph) in glyphs.iter().enumerate() {
            text.push(glyph.ch);
            at.resize(text.len(), u32::try_from(index).unwrap_or(u32::MAX));
        }
        Self { text, glyphs, at }
    }

    /// The glyphs that a byte range covers.
    pub fn glyphs(&self, range: &Range<usize>) -> &[Glyph] {
        if range.is_empty() {
            return &[];
        }
        let index = |byte: usize| self.at.get(byte).map_or(0, |&index| index as usize);
        &self.glyphs[index(range.start)..=index(range.end - 1)]
    }

    /// Reports what a byte range covers.
    pub fn report(&self, kind: LeakKind, range: &Range<usize>, found: &mut Vec<Finding>) {
        let covered = self.glyphs(range);
        let start = covered.iter().map(|glyph| glyph.start).min();
        let end = covered.iter().map(|glyph| glyph.end).max();
        if let (Some(start), Some(end)) = (start, end) {
            found.push(Finding { kind, start: start as usize, end: end as usize });
        }
    }

    /// Up to `most` bytes before `end`, cut at a character.
    pub fn before(&self, end: usize, most: usize) -> &str {
        let mut start = end.saturating_sub(most);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        &self.text[start..end]
    }

    /// Up to `most` bytes before `end` that belong to the same sentence.
    pub fn sentence_before(&self, end: usize, most: usize) -> &str {
        let before = self.before(end, most);
        let ends = |(at, ch): (usize, char)| {
            let rest = &before[at + ch.len_utf8()..];
            let abbreviated = before[..at].rsplit(' ').next().is_some_and(|word| word.len() <= 3);
            matches!(ch, '!' | '?' | '।' | ';' | '\n')
                || ch == '.' && rest.starts_with(' ') && !abbreviated
        };
        let cut = before.char_indices().rev().find(|&place| ends(place));
        cut.map_or(before, |(at, ch)| &before[at + ch.len_utf8()..])
    }

    /// Up to `most` bytes from `start`, cut at a character.
    pub fn after(&self, start: usize, most: usize) -> &str {
        let mut end = (start + most).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[start..end.max(start)]
    }
}

/// Letters that were pulled apart (`A B C D E 1 2 3 4 F`, `n-i-n-e`) put together again; nothing
/// if no four single characters stand apart by the same sign.
pub(super) fn join_singles(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    let mut out = Vec::with_capacity(glyphs.len());
    let mut joined = false;
    let mut i = 0;
    while i < glyphs.len() {
        let (end, joins) = singles_from(glyphs, i);
        if end > i {
            let run = &glyphs[i..end];
            let signs = signs_after(glyphs, i);
            out.extend(
                run.iter().filter(|glyph| !joins || !signs.contains(&Some(glyph.ch))).copied(),
            );
            joined |= joins;
            i = end;
        } else {
            out.push(glyphs[i]);
            i += 1;
        }
    }
    joined.then_some(out)
}

/// Words written with one sign after every character, the spaces too (`e.k. .d.o`, `t w o   -`),
/// put together again; nothing if there is no such row.
pub(super) fn join_alternating(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    const LEAST: usize = 6;
    let mut out = Vec::with_capacity(glyphs.len());
    let mut joined = false;
    let mut i = 0;
    while let Some(&first) = glyphs.get(i) {
        out.push(first);
        i += 1;
        let sign = glyphs.get(i).map(|glyph| glyph.ch).filter(|&ch| is_sign(ch));
        let Some(sign) = sign.filter(|_| !is_sign(first.ch)) else { continue };
        let signs = glyphs[i..].iter().step_by(2).take_while(|glyph| glyph.ch == sign).count();
        let row = &glyphs[i..(i + 2 * signs).min(glyphs.len())];
        if signs < LEAST {
            continue;
        }
        let letters = row.iter().filter(|glyph| glyph.ch.is_alphabetic()).count();
        let words = 2 * letters > signs;
        out.extend(row.iter().skip(usize::from(words)).step_by(if words { 2 } else { 1 }));
        i += row.len();
        joined |= words;
    }
    joined.then_some(out)
}

fn is_sign(ch: char) -> bool {
    !ch.is_alphanumeric() && !is_indic(ch)
}

fn is_single(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '@'
}

/// The sign after a single character, and the one that stands between two of it (`a - b`).
fn signs_after(glyphs: &[Glyph], at: usize) -> [Option<char>; 2] {
    let sign = |by: usize| glyphs.get(at + by).map(|glyph| glyph.ch);
    let within = sign(2).filter(|&ch| !is_single(ch) && sign(1) == sign(3) && sign(1) == Some(' '));
    [sign(1), within]
}

/// The end of the run of pulled-apart characters that begins at `from`, or `from` if none does;
/// and whether the run is to be joined (digits alone are left as they are).
fn singles_from(glyphs: &[Glyph], from: usize) -> (usize, bool) {
    const LEAST: usize = 4;
    let alone = |at: usize| glyphs.get(at).is_some_and(|glyph| is_single(glyph.ch));
    let after_at = from > 0 && glyphs[from - 1].ch == '@' && glyphs[from].ch != '@';
    if !alone(from) || (from > 0 && alone(from - 1) && !after_at) || alone(from + 1) {
        return (from, false);
    }
    let least = if after_at { 3 } else { LEAST };
    let signs = signs_after(glyphs, from);
    let sign = |at: usize| glyphs.get(at).is_some_and(|glyph| signs.contains(&Some(glyph.ch)));
    let (mut end, mut count, mut letters) = (from, 0, 0);
    let mut at = from;
    // The dot of an address may be pulled apart too.
    let dot = |at: usize| {
        glyphs.get(at).is_some_and(|glyph| matches!(glyph.ch, '.' | '_'))
            && !sign(at)
            && sign(at + 1)
            && sign(at - 1)
    };
    while alone(at) && !alone(at + 1) || at > from && dot(at) {
        count += 1;
        letters += usize::from(glyphs[at].ch.is_alphabetic());
        end = at + 1;
        let mut next = end;
        while sign(next) && next < end + 3 {
            next += 1;
        }
        if next == end {
            break;
        }
        at = next;
    }
    // `o-n-e`, `o-h`: three letters by a sign of their own, or the word for a zero.
    let firm = letters == count && signs[0].is_some_and(|sign| sign != ' ');
    let oh = count == 2 && glyphs[from].ch == 'o' && glyphs[end - 1].ch == 'h';
    (end, letters > 0 && (count >= least || firm && (count >= 3 || oh)))
}

impl Glyph {
    /// The same place, another character.
    pub fn over(first: &Self, last: &Self, ch: char, spelled: Spelled) -> Self {
        Self { ch, end: last.end, spelled, ..*first }
    }
}
