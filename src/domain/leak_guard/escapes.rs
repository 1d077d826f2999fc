//! Undoes HTML entities, percent-escapes and backslash escapes, keeping the place of each glyph.

use super::normalise::Glyph;

const LONGEST_NAME: usize = 32;

/// The same text with every escape replaced by what it stands for, once; nothing if there is none.
/// The text may be folded already or not.
pub(super) fn decode(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    let mut out = Vec::with_capacity(glyphs.len());
    let mut changed = false;
    let mut i = 0;
    while let Some(glyph) = glyphs.get(i) {
        let decoded = match glyph.ch {
            '&' => entity(&glyphs[i..]),
            '%' => percent(&glyphs[i..]),
            '\\' => backslash(&glyphs[i..]),
            'u' => code_point(&glyphs[i..]),
            _ => None,
        };
        match decoded {
            Some((chars, used)) if used > 0 => {
                let (start, end) = (glyph.start, glyphs[i + used - 1].end);
                out.extend(chars.chars().map(|ch| Glyph {
                    ch,
                    start,
                    end,
                    upper: false,
                    ..*glyph
                }));
                changed = true;
                i += used;
            }
            _ => {
                out.push(*glyph);
                i += 1;
            }
        }
    }
    changed.then_some(out)
}

/// `&name;`, `&#57;`, `&#x39;`, each also without its semicolon.
fn entity(rest: &[Glyph]) -> Option<(String, usize)> {
    if rest.get(1)?.ch == '#' {
        let hex = matches!(rest.get(2)?.ch, 'x' | 'X');
        let (from, radix) = if hex { (3, 16) } else { (2, 10) };
        let (value, end) = number(rest, from, radix, 7)?;
        let ch = char::from_u32(value)?;
        return Some((ch.to_string(), skip_semicolon(rest, end)));
    }
    let name: String = rest[1..]
        .iter()
        .take(LONGEST_NAME)
        .map(|glyph| glyph.ch)
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    if name.is_empty() {
        return None;
    }
    let written = format!("&{name};");
    let read = htmlize::unescape(written.as_str());
    let whole = read.chars().count() <= 2 && !read.ends_with(';');
    whole.then(|| (read.to_string(), skip_semicolon(rest, 1 + name.len())))
}

fn skip_semicolon(rest: &[Glyph], end: usize) -> usize {
    if rest.get(end).is_some_and(|glyph| glyph.ch == ';') { end + 1 } else { end }
}

fn number(rest: &[Glyph], from: usize, radix: u32, most: usize) -> Option<(u32, usize)> {
    let mut value = 0u32;
    let mut end = from;
    while let Some(digit) = rest.get(end).and_then(|glyph| glyph.ch.to_digit(radix)) {
        if end - from >= most {
            break;
        }
        value = value.checked_mul(radix)?.checked_add(digit)?;
        end += 1;
    }
    (end > from).then_some((value, end))
}

/// One character in percent-escaped UTF-8.
fn percent(rest: &[Glyph]) -> Option<(String, usize)> {
    let byte = |index: usize| -> Option<u8> {
        let at = index * 3;
        if rest.get(at)?.ch != '%' {
            return None;
        }
        let high = rest.get(at + 1)?.ch.to_digit(16)?;
        let low = rest.get(at + 2)?.ch.to_digit(16)?;
        u8::try_from(high * 16 + low).ok()
    };
    let first = byte(0)?;
    let length = match first {
        0x00..=0x7F => 1,
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = (0..length).map(byte).collect::<Option<_>>()?;
    Some((String::from_utf8(bytes).ok()?, length * 3))
}

/// `\u0039`, `\u{39}`, `\x39`.
fn backslash(rest: &[Glyph]) -> Option<(String, usize)> {
    match rest.get(1)?.ch {
        'u' if rest.get(2)?.ch == '{' => {
            let (value, end) = number(rest, 3, 16, 6)?;
            let closed = rest.get(end)?.ch == '}';
            closed.then_some(())?;
            Some((char::from_u32(value)?.to_string(), end + 1))
        }
        'u' => exact(rest, 2, 4),
        'x' => exact(rest, 2, 2),
        _ => None,
    }
}

fn exact(rest: &[Glyph], from: usize, length: usize) -> Option<(String, usize)> {
    let (value, end) = number(rest, from, 16, length)?;
    (end - from == length).then_some(())?;
    Some((char::from_u32(value)?.to_string(), end))
}

/// `U+0039`.
fn code_point(rest: &[Glyph]) -> Option<(String, usize)> {
    if rest.get(1)?.ch != '+' {
        return None;
    }
    exact(rest, 2, 4)
}
