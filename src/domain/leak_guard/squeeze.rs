//! Addresses that were cut into equal pieces (`gaur av85 @gma il.c om`, over lines, by emoji).
//!
//! Words of ordinary speech differ in length; the pieces of a cut address do not, but for the last.

use super::normalise::Glyph;

const LONGEST_PIECE: usize = 6;
const REACH: usize = 16;

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
    signs.into_iter().filter_map(|sign| join(glyphs, at, sign)).collect()
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
    let apart = |glyph: &Glyph| {
        glyph.ch == sign
            || glyph.ch.is_whitespace()
            || matches!(glyph.ch, ',' | ';' | '!' | '?' | '।' | ')' | '(')
    };
    let start = glyphs[..inside].iter().rposition(apart).map_or(0, |at| at + 1);
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
