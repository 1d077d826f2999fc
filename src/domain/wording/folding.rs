//! Text as a reader sees it, whatever it is made of: compatibility forms, letter case, accents,
//! invisible characters, look-alike letters and the digits of any script are folded away, and each
//! glyph remembers its place in the original.

use unicode_normalization::UnicodeNormalization;

/// One folded character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    /// The folded character.
    pub(super) ch: char,
    /// Its original's place, in Unicode scalar values.
    pub(super) at: usize,
    /// Whether the original was a capital.
    pub(super) upper: bool,
}

/// What stands between two blanks or at a change from letters to digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Letters.
    Word(String),
    /// Digits, with grouping commas left out; at most one decimal point.
    Digits(String),
    /// Any other visible character, and the end of a line.
    Sign(char),
}

/// A piece and its place in the original, in Unicode scalar values.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether its first letter was a capital.
    pub(super) upper: bool,
}

impl Placed {
    pub(super) fn word(&self) -> Option<&str> {
        match &self.piece {
            Piece::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// Folds a text.
pub(super) fn fold(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::with_capacity(text.len());
    for (at, original) in text.chars().enumerate() {
        if original.is_ascii() {
            // What the steps below leave of it.
            let ch = original.to_ascii_lowercase();
            glyphs.push(Glyph { ch, at, upper: original.is_ascii_uppercase() });
            continue;
        }
        if invisible(original) {
            continue;
        }
        let upper = original.is_uppercase();
        let seen = std::iter::once(original).nfkd().filter(|c| !dropped(*c));
        for c in seen.flat_map(char::to_lowercase).filter(|c| !dropped(*c)) {
            glyphs.push(Glyph { ch: look_alike(digit(c)), at, upper });
        }
    }
    glyphs
}

/// A word or phrase, folded like the text it is looked for in.
pub(super) fn fold_text(text: &str) -> String {
    fold(text).into_iter().map(|glyph| glyph.ch).collect()
}

/// Whether it is part of a word: letters, and the signs that Devanagari letters carry.
pub(super) fn letter(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\u{900}'..='\u{963}' | '\u{971}'..='\u{97f}')
}

/// The pieces of a text in order.
pub(super) fn pieces(text: &str) -> Vec<Placed> {
    let glyphs = fold(text);
    let mut pieces = Vec::new();
    let mut next = 0;
    while let Some(first) = glyphs.get(next) {
        let rest = &glyphs[next..];
        let (piece, used) = if letter(first.ch) {
            let used = rest.iter().take_while(|glyph| letter(glyph.ch)).count();
            (Piece::Word(rest[..used].iter().map(|glyph| glyph.ch).collect()), used)
        } else if first.ch.is_ascii_digit() {
            let (digits, used) = digits(rest);
            (Piece::Digits(digits), used)
        } else {
            (Piece::Sign(first.ch), 1)
        };
        next += used;
        let blank = matches!(piece, Piece::Sign(c) if c.is_whitespace() && c != '\n');
        if !blank {
            let end = rest[used - 1].at + 1;
            pieces.push(Placed { piece, start: first.at, end, upper: first.upper });
        }
    }
    pieces
}

/// The number at the start of `glyphs`, and how many glyphs it takes: digits, commas between
/// digits, and one point between digits.
fn digits(glyphs: &[Glyph]) -> (String, usize) {
    let mut number = String::new();
    let mut used = 0;
    while let Some(glyph) = glyphs.get(used) {
        let digit_follows = glyphs.get(used + 1).is_some_and(|next| next.ch.is_ascii_digit());
        match glyph.ch {
            c if c.is_ascii_digit() => number.push(c),
            ',' if digit_follows && !number.contains('.') => {}
            '.' if digit_follows && !number.contains('.') => number.push('.'),
            _ => break,
        }
        used += 1;
    }
    (number, used)
}

/// Zero-width and other characters that show nothing.
const fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Accents on letters, and the nukta: `फ़्रीज़` and `फ्रीज` are one word to a reader.
const fn dropped(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}')
}

/// The first digit of each script that an Indian reader may meet.
const ZEROS: [u32; 14] = [
    0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xf20,
    0x1040,
];

fn digit(c: char) -> char {
    let code = u32::from(c);
    ZEROS.iter().find_map(|zero| char::from_digit(code.checked_sub(*zero)?, 10)).unwrap_or(c)
}

/// Letters of other scripts that look like a Latin one, and spellings of one Devanagari sound.
const fn look_alike(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'ո' | 'η' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'ս' | 'υ' => 'u',
        'ν' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'ँ' => 'ं',
        'ॉ' => 'ा',
        other => other,
    }
}
