//! Addresses that were cut into equal pieces (`gaur av85 @gma il.c om`, over lines, by emoji).
//!
//! Words of ordinary speech differ in length; the pieces of a cut address do not, but for the last.

use super::normalise::{Glyph, is_picture};

const LONGEST_PIECE: usize = 6;
const REACH: usize = 16;
/// No address is longer on either side of its at sign.
const FAR: usize = 80;

/// The address around the at sign at `at`, put together again, where equal pieces stand apart by
/// one sign; each way of reading it.
pub(super) fn around(glyphs: &[Glyph], at: usize) -> Vec<Vec<Glyph>> {
    let is_sign = |ch: char| !ch.is_alphanumeric() && !matches!(ch, '@' | '\u{900}'..='\u{963}');
    let near =
        &glyphs[at.saturating_sub(LONGEST_PIECE + 1)..(at + LONGEST_PIECE + 2).min(glyphs.len())];
    let mut signs: Vec<char> =
        near.iter().map(|glyph| glyph.ch).filter(|&ch| is_sign(ch)).collect();
    signs.sort_unstable();
    signs.dedup();
    let others = [
        over_pictures(glyphs, at),
        over_lines(glyphs, at),
        over_marks(glyphs, at, |ch| ch == ','),
        over_marks(glyphs, at, |ch| ch == '*'),
        over_marks(glyphs, at, |ch| ch == '.'),
        over_marks(glyphs, at, is_picture),
    ];
    signs
        .into_iter()
        .filter_map(|sign| join(glyphs, at, sign))
        .chain(others.into_iter().flatten())
        .collect()
}

/// Cut by pictures of any sort and into pieces of any length (`s✅ur👉esh@g🔥ma❤il.⭐com`): between
/// the words of ordinary speech stand spaces.
fn over_pictures(glyphs: &[Glyph], at: usize) -> Option<Vec<Glyph>> {
    const LEAST: usize = 2;
    let picture = |at: usize| glyphs.get(at).is_some_and(|glyph| is_picture(glyph.ch));
    // Before a handle of a network stands no letter, so pictures with spaces may cut an address.
    let spaced = at > 0 && glyphs[at - 1].ch.is_ascii_alphanumeric();
    let inside = |&place: &usize| {
        let ch = glyphs[place].ch;
        ch.is_ascii_alphanumeric()
            || matches!(ch, '.' | '_' | '-' | '+')
            || is_picture(ch)
            || spaced && ch == ' ' && (place > 0 && picture(place - 1) || picture(place + 1))
    };
    let before = (0..at).rev().take(FAR).take_while(inside).count();
    let after = (at + 1..glyphs.len()).take(FAR).take_while(inside).count();
    let all = &glyphs[at - before..=at + after];
    let letters = |glyph: &Glyph| !is_picture(glyph.ch) && glyph.ch != ' ';
    let first = all.iter().position(letters)?;
    let last = all.iter().rposition(letters)?;
    let (address, cuts): (Vec<Glyph>, Vec<Glyph>) =
        all[first..=last].iter().partition(|glyph| letters(glyph));
    let pictures = cuts.iter().filter(|glyph| is_picture(glyph.ch)).count();
    (pictures >= LEAST).then_some(address)
}

/// Cut into pieces of a few letters by one mark, with or without spaces (`la. li. ta@. ya. ho. o`,
/// `d, e,e,p, @,p,a, y,t,m`): no row of words is as short.
fn over_marks(glyphs: &[Glyph], at: usize, mark: fn(char) -> bool) -> Option<Vec<Glyph>> {
    const LEAST: usize = 4;
    const LONGEST: usize = 4;
    let ch = |place: usize| glyphs.get(place).map(|glyph| glyph.ch);
    let marked = |place: usize| ch(place).is_some_and(mark);
    let space = |place: usize| ch(place) == Some(' ');
    // A full stop is a mark only before a space.
    let is_mark = |place: usize| marked(place) && (ch(place) != Some('.') || space(place + 1));
    let beside = |place: usize| place > 0 && is_mark(place - 1) || is_mark(place + 1);
    let is_cut = |place: usize| is_mark(place) || space(place) && beside(place);
    let is_piece = |place: usize| {
        !is_cut(place)
            && ch(place).is_some_and(|ch| {
                ch.is_ascii_alphanumeric() || matches!(ch, '.' | '_' | '-' | '+' | '@')
            })
    };
    let inside = |place: &usize| is_piece(*place) || is_cut(*place);
    let before = (0..at).rev().take(FAR).take_while(inside).count();
    let after = (at + 1..glyphs.len()).take(FAR).take_while(inside).count();
    let all: Vec<usize> = (at - before..=at + after).collect();
    let pieces: Vec<&[usize]> =
        all.split(|&place| is_cut(place)).filter(|piece| !piece.is_empty()).collect();
    let own = pieces.iter().position(|piece| piece.contains(&at))?;
    let short = |piece: &&&[usize]| piece.len() <= LONGEST;
    let first = own - pieces[..own].iter().rev().take_while(short).count();
    let last = own + pieces[own + 1..].iter().take_while(short).count();
    let row = &pieces[first..=last];
    (row.len() >= LEAST && row.iter().all(|piece| piece.len() <= LONGEST))
        .then(|| row.iter().flat_map(|piece| piece.iter().map(|&place| glyphs[place])).collect())
}

/// Cut by signs of several sorts (`ra/m.e@y a,h.oo,.c-o m`): the letters and figures after the at
/// sign up to the end of each piece from the third on, all with those before the at sign.
pub(super) fn over_signs(glyphs: &[Glyph], at: usize) -> Vec<Vec<Glyph>> {
    const LEAST: usize = 3;
    const NEAR: usize = 3;
    const MOST: usize = 24;
    let plain = |glyph: &&Glyph| glyph.ch.is_ascii_alphanumeric();
    let local: Vec<Glyph> =
        glyphs[at.saturating_sub(2 * NEAR)..at].iter().filter(plain).copied().collect();
    let (mut host, mut signs, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let (mut pieces, mut gap) = (0, NEAR);
    for (place, glyph) in glyphs.iter().enumerate().skip(at + 1) {
        if !plain(&glyph) {
            gap += 1;
            signs.push(glyph.ch);
            if glyph.ch.is_alphanumeric() || glyph.ch == '@' || gap > NEAR && !host.is_empty() {
                break;
            }
            continue;
        }
        pieces += usize::from(gap > 0);
        gap = 0;
        host.push(*glyph);
        let ends = glyphs.get(place + 1).is_none_or(|next| !plain(&next));
        // Full stops and spaces are an abbreviation's (`U. P. I.`).
        let sorts = signs.iter().any(|sign| *sign != signs[0])
            && signs.iter().any(|sign| !matches!(sign, '.' | ' '));
        if ends && sorts && pieces >= LEAST {
            out.push(local.iter().chain([&glyphs[at]]).chain(&host).copied().collect());
        }
        if host.len() >= MOST {
            break;
        }
    }
    out
}

/// The host goes on in the next line (`priya_s@y`, `ahoo.co.in`).
fn over_lines(glyphs: &[Glyph], at: usize) -> Option<Vec<Glyph>> {
    let (start, end) = piece(glyphs, at, '\n');
    let next = after(glyphs, end, '\n')?;
    Some(glyphs[start..end].iter().chain(&glyphs[next.0..next.1]).copied().collect())
}

fn join(glyphs: &[Glyph], at: usize, sign: char) -> Option<Vec<Glyph>> {
    const LEAST: usize = 3;
    let (start, end) = piece(glyphs, at, sign);
    let mut pieces = vec![(start, end)];
    let mut length = end - start;
    while let Some(before) =
        pieces[0].0.checked_sub(1).and_then(|sign_at| before(glyphs, sign_at, sign))
    {
        // The at sign may stand in the last piece, which may be the shorter one.
        let ends =
            pieces.len() == 1 && length < before.1 - before.0 && after(glyphs, end, sign).is_none();
        if ends {
            length = before.1 - before.0;
        }
        if before.1 - before.0 != length || pieces.len() > REACH {
            break;
        }
        pieces.insert(0, before);
    }
    let mut last = end;
    while let Some(next) = after(glyphs, last, sign) {
        let width = next.1 - next.0;
        if width > length || pieces.len() > 2 * REACH {
            break;
        }
        pieces.push(next);
        last = next.1;
        if width < length {
            break;
        }
    }
    (length <= LONGEST_PIECE && pieces.len() >= LEAST)
        .then(|| pieces.into_iter().flat_map(|(from, to)| glyphs[from..to].to_vec()).collect())
}

/// What lies between two signs; a space or a punctuation mark ends it too.
fn piece(glyphs: &[Glyph], inside: usize, sign: char) -> (usize, usize) {
    // A text of a hundred thousand at signs is still read in no time.
    let glyphs = &glyphs[..(inside + FAR).min(glyphs.len())];
    let from = inside.saturating_sub(FAR);
    let apart = |glyph: &Glyph| {
        glyph.ch == sign
            || glyph.ch.is_whitespace()
            || matches!(glyph.ch, ',' | ';' | '!' | '?' | '।' | ')' | '(')
    };
    let start = glyphs[from..inside].iter().rposition(apart).map_or(from, |at| from + at + 1);
    let end = glyphs[inside..].iter().position(apart);
    let mut end = end.map_or(glyphs.len(), |length| inside + length);
    // A full stop after the last piece.
    if sign != '.' && end > start + 1 && glyphs[end - 1].ch == '.' {
        end -= 1;
    }
    (start, end)
}

fn before(glyphs: &[Glyph], mut sign_at: usize, sign: char) -> Option<(usize, usize)> {
    if glyphs.get(sign_at)?.ch != sign {
        return None;
    }
    while glyphs.get(sign_at)?.ch == sign {
        sign_at = sign_at.checked_sub(1)?;
    }
    Some(piece(glyphs, sign_at, sign))
}

fn after(glyphs: &[Glyph], mut sign_at: usize, sign: char) -> Option<(usize, usize)> {
    if glyphs.get(sign_at)?.ch != sign {
        return None;
    }
    while glyphs.get(sign_at)?.ch == sign {
        sign_at += 1;
    }
    glyphs.get(sign_at).map(|_| piece(glyphs, sign_at, sign))
}
