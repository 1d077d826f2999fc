//! Folds a text to the plain letters and digits that a reader would see, and keeps for each the
//! place it came from.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::escapes;

/// One plain character and the half-open range of original characters that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    /// Lower-case after folding.
    pub ch: char,
    pub start: u32,
    pub end: u32,
    /// It was written as a capital.
    pub upper: bool,
    /// It is part of a number that was written as a word.
    pub word: bool,
    /// It replaces a spelled-out sign such as `at` or `dot`.
    pub spelled: Spelled,
}

/// How a sign was spelled out, which says how sure we are that it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Spelled {
    /// It stands in the text as it is.
    #[default]
    Not,
    /// As `[at]` or `(dot)`: nobody writes that for anything else.
    Bracketed,
    /// As `at the rate`.
    Rate,
    /// As a word of ordinary speech.
    Word,
    /// The sign itself with a space on both sides or after it.
    Spaced,
    /// The sign itself with a space only before it, as before a handle.
    Handle,
}

/// The zeros of all decimal digits of Unicode 16; nine more digits follow each.
const ZEROS: [u32; 71] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
    0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
    0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11DE0,
    0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
    0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

/// Runs of symbols that stand for numbers: first, last, value of the first.
const NUMBER_SYMBOLS: [(u32, u32, u32); 21] = [
    (0x1369, 0x1371, 1),
    (0x19DA, 0x19DA, 1),
    (0x2160, 0x2168, 1),
    (0x2170, 0x2178, 1),
    (0x2460, 0x2473, 1),
    (0x2474, 0x2487, 1),
    (0x2488, 0x249B, 1),
    (0x24EA, 0x24EA, 0),
    (0x24EB, 0x24F4, 11),
    (0x24F5, 0x24FE, 1),
    (0x24FF, 0x24FF, 0),
    (0x2680, 0x2685, 1),
    (0x2776, 0x277F, 1),
    (0x2780, 0x2789, 1),
    (0x278A, 0x2793, 1),
    (0x1F101, 0x1F10A, 0),
    (0x1F10B, 0x1F10B, 0),
    (0x1F100, 0x1F100, 0),
    (0x1F10C, 0x1F10C, 0),
    (0x1F51F, 0x1F51F, 10),
    (0x10E60, 0x10E68, 1),
];

const CHINESE: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

fn number_of(ch: char) -> Option<u32> {
    if ch.is_ascii() {
        return ch.to_digit(10);
    }
    let code = u32::from(ch);
    if let Some(zero) = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)) {
        return Some(code - zero);
    }
    if let Some(&(first, _, value)) =
        NUMBER_SYMBOLS.iter().find(|(first, last, _)| (*first..=*last).contains(&code))
    {
        return Some(code - first + value);
    }
    if ch == '零' {
        return Some(0);
    }
    CHINESE.iter().position(|&numeral| numeral == ch).and_then(|at| u32::try_from(at).ok())
}

pub(super) fn is_indic(ch: char) -> bool {
    (0x0900..0x0E00).contains(&u32::from(ch))
}

/// Characters that a reader does not see.
fn is_invisible(ch: char) -> bool {
    matches!(u32::from(ch),
        0x00..=0x08 | 0x0E..=0x1F | 0x7F..=0x84 | 0x86..=0x9F | 0xAD | 0x34F | 0x600..=0x605
        | 0x61C | 0x6DD | 0x70F | 0x8E2 | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF
        | 0xFFA0 | 0xFFF0..=0xFFFC | 0x110BD | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
}

/// Look-alikes that neither decomposition nor the confusables table gives as we need them.
fn look_alike(ch: char) -> Option<char> {
    const FROM: &str = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχγАВЕКМНОРСТУХІЈЅавекмнорстухіјѕԁԛԝһӏԌᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢıɑɡøØłŁđĐɜЗзӠӡƷʒӬбƼƽϹϲҒғЧч";
    const TO: &str = "ABEZHIKMNOPTYXaikvoptuxyABEKMHOPCTYXIJSabekmhopctyxijsdqwhlGABCDEFGHIJKLMNOPQRSTUVWYZiagoOlLdD33333333655CcFf44";
    let code = u32::from(ch);
    let letter = |offset: u32| char::from_u32(u32::from('A') + offset);
    match code {
        0x249C..=0x24B5 => letter(code - 0x249C),
        0x1F110..=0x1F129 => letter(code - 0x1F110),
        0x1F130..=0x1F149 => letter(code - 0x1F130),
        0x1F150..=0x1F169 => letter(code - 0x1F150),
        0x1F170..=0x1F189 => letter(code - 0x1F170),
        0x1F1E6..=0x1F1FF => letter(code - 0x1F1E6),
        _ => FROM.chars().position(|from| from == ch).and_then(|at| TO.chars().nth(at)),
    }
}

fn confusable(ch: char) -> Option<char> {
    let written = ch.to_string();
    let mut skeleton = unicode_security::skeleton(&written);
    let first = skeleton.next()?;
    (skeleton.next().is_none() && first.is_ascii_alphanumeric()).then_some(first)
}

fn plain_sign(ch: char) -> char {
    match ch {
        '‐'..='―'
        | '−'
        | '⁻'
        | '₋'
        | '﹘'
        | '﹣'
        | '⸺'
        | '⸻'
        | '〜'
        | '～'
        | '~'
        | '➖'
        | '־'
        | '᠆'
        | '⁃'
        | 'ー'
        | 'ـ'
        | 'ꟷ'
        | '─'
        | '━'
        | '˗'
        | '﹉'..='﹏' => '-',
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\r' | '\u{B}' | '\u{C}' => '\n',
        '․' | '。' | '｡' | '܁' | '܂' | '۔' => '.',
        '⁄' | '∕' | '╱' | '⧸' => '/',
        'ˑ' | 'ʼ' | 'ˈ' | 'ˌ' | 'ꞌ' => '·',
        '：' | '∶' | '꞉' | 'ː' => ':',
        '٫' | '،' | '、' | '‚' => ',',
        _ if ch.is_whitespace() && ch != '\n' => ' ',
        _ => ch,
    }
}

/// The text as a reader sees it, with escapes undone, invisible characters gone, every digit an
/// ASCII digit and every look-alike its Latin letter, in lower case; spaces side by side are one.
pub(super) fn fold(text: &str) -> Vec<Glyph> {
    // An escape may itself be disguised (`％３９`, `&\u{AD}#57;`): decode what folding laid bare.
    const ROUNDS: usize = 4;
    let mut glyphs = raw(text);
    // First as it stands: a sign over a letter (`&#2360;ा`) is lost where the letter is not there.
    for _ in 0..ROUNDS {
        let Some(decoded) = escapes::decode(&glyphs) else { break };
        glyphs = decoded;
    }
    glyphs = fold_all(&without_flags(glyphs));
    for _ in 0..ROUNDS {
        let Some(decoded) = escapes::decode(&glyphs) else { break };
        glyphs = fold_all(&without_flags(decoded));
    }
    let mut out = without_tags(glyphs);
    // A skin tone, a family or a flag is one picture of several.
    out.dedup_by(|later, kept| {
        later.ch == ' ' && kept.ch == ' ' || is_picture(later.ch) && is_picture(kept.ch)
    });
    out
}

/// An emoji or another small picture, as folding leaves it.
pub(super) fn is_picture(ch: char) -> bool {
    matches!(u32::from(ch), 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0x1F000..=0x1F0FF | 0x1F200..=0x1FAFF)
}

/// Drops the mark-up that no reader sees (`98765<b></b>43210`).
fn without_tags(glyphs: Vec<Glyph>) -> Vec<Glyph> {
    const TAGS: [&str; 16] = [
        "b", "i", "u", "s", "p", "br", "em", "wbr", "sub", "sup", "div", "span", "font", "strong",
        "small", "mark",
    ];
    const LONGEST: usize = 10;
    let mut out = Vec::with_capacity(glyphs.len());
    let mut i = 0;
    while let Some(&glyph) = glyphs.get(i) {
        let rest = &glyphs[i..(i + LONGEST).min(glyphs.len())];
        let close =
            (glyph.ch == '<').then(|| rest.iter().position(|glyph| glyph.ch == '>')).flatten();
        let tag = close.is_some_and(|close| {
            let name: String = rest[1..close].iter().map(|glyph| glyph.ch).collect();
            TAGS.contains(&name.trim_matches(['/', ' '])) || name.starts_with("!--")
        });
        if tag {
            i += close.unwrap_or(0) + 1;
        } else {
            out.push(glyph);
            i += 1;
        }
    }
    out
}

fn fold_all(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(glyphs.len());
    for &glyph in glyphs {
        fold_one(glyph, &mut out);
    }
    out
}

/// Signs of their own that fold to a letter.
pub(super) const LETTERED_SIGNS: [char; 8] = ['🅾', '🅰', '🅱', '🅿', 'Ⓜ', 'ℹ', '⭕', 'ⓘ'];

/// The text with the signs that fold to letters as what they may be too: signs between the pieces
/// of a code (`ABC🅾PE1🅾234🅾F`); nothing if none stands there twice. Every place is as before.
pub(super) fn signs_apart(text: &str, both: &[char]) -> Option<String> {
    let twice = |sign: &char| text.matches(*sign).nth(1).is_some();
    let signs: Vec<char> = both.iter().copied().filter(twice).collect();
    let apart = |ch| if signs.contains(&ch) { '⚑' } else { ch };
    (!signs.is_empty()).then(|| text.chars().map(apart).collect())
}

/// A sign that no reader sees, in place of one that is taken away: so every place stays as before.
const GONE: char = '\u{2060}';

/// The text with a space for each invisible sign between two letters or figures: words that nothing
/// visible parts (`ravi\u{200B}at\u{200B}ybl`); nothing if there are not two.
pub(super) fn words_apart(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let beside = |at: usize| chars.get(at).is_some_and(char::is_ascii_alphanumeric);
    let parts = |at: usize| is_invisible(chars[at]) && at > 0 && beside(at - 1) && beside(at + 1);
    let parted = (0..chars.len()).filter(|&at| parts(at)).count() > 1;
    let apart = |(at, &ch)| if parts(at) { ' ' } else { ch };
    parted.then(|| chars.iter().enumerate().map(apart).collect())
}

/// The text without the brackets that stand around each piece of a row (`(r)(a)(v)(i)`); nothing if
/// there is no such row.
pub(super) fn unbracketed(text: &str) -> Option<String> {
    const LEAST: usize = 3;
    let joints = [")(", "]["];
    let row = joints.iter().any(|joint| text.matches(joint).nth(LEAST - 1).is_some());
    let gone: String = [GONE; 2].iter().collect();
    row.then(|| joints.iter().fold(text.to_owned(), |text, joint| text.replace(joint, &gone)))
}

/// The text without the pictures and bullets between the figures of a number and its year
/// (`6👉7👉/👉2026`); nothing if none stands beside such a stroke.
pub(super) fn figures_joined(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_figure = |ch: &char| ch.is_numeric() || *ch == '/';
    let is_sign = |ch: &char| is_picture(*ch) || matches!(ch, '•' | '·' | '\u{FE0F}' | '🏽');
    let is_between = |ch: &char| is_sign(ch) || *ch == ' ';
    let mut out = chars.clone();
    let (mut at, mut beside_stroke) = (0, false);
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|ch| is_between(ch)).count();
        let between = &chars[at..at + length];
        let (before, after) = (at.checked_sub(1).map(|at| chars[at]), chars.get(at + length));
        let tied = [before.as_ref(), after].iter().all(|one| one.is_some_and(is_figure));
        if tied && between.iter().any(is_sign) {
            out[at..at + length].fill(GONE);
            beside_stroke |= before == Some('/') || after == Some(&'/');
        }
        at += length.max(1);
    }
    beside_stroke.then(|| out.into_iter().collect())
}

/// What is written in tag characters, which no reader sees and every program can read.
pub(super) fn hidden(text: &str) -> Vec<Glyph> {
    raw(text)
        .into_iter()
        .filter_map(|glyph| {
            let code = u32::from(glyph.ch).checked_sub(0xE0000)?;
            let ch = char::from_u32(code).filter(|ch| (' '..='~').contains(ch))?;
            Some(Glyph { ch: ch.to_ascii_lowercase(), upper: ch.is_ascii_uppercase(), ..glyph })
        })
        .collect()
}

fn raw(text: &str) -> Vec<Glyph> {
    let glyph = |(at, ch)| {
        let at = u32::try_from(at).unwrap_or(u32::MAX - 1);
        let (start, end) = (at, at + 1);
        Glyph { ch, start, end, upper: false, word: false, spelled: Spelled::Not }
    };
    text.chars().enumerate().map(glyph).collect()
}

/// The text with each sign that may be an at sign too as that: a circled letter that stands by
/// itself (`neha ⓐ ybl`), a picture of mail or of a whirl between two words (`neha📧ybl`); nothing
/// if there is none. Every place is as before.
pub(super) fn posing_at(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let beside =
        |at: Option<usize>, is: fn(&char) -> bool| at.and_then(|at| chars.get(at)).is_some_and(is);
    let circled = |at| beside(at, |ch| ('Ⓐ'..='ⓩ').contains(ch));
    let tied = |at| beside(at, |ch| ch.is_alphanumeric() || *ch == '\u{FE0F}');
    let poses = |at: usize| {
        let (before, after) = (at.checked_sub(1), Some(at + 1));
        match chars[at] {
            'ⓐ' | 'Ⓐ' => !circled(before) && !circled(after),
            '📧' | '📨' | '📩' | '✉' | '🌀' => tied(before) && tied(after),
            _ => false,
        }
    };
    (0..chars.len())
        .any(poses)
        .then(|| (0..chars.len()).map(|at| if poses(at) { '@' } else { chars[at] }).collect())
}

/// A flag (`🇮🇳`) is two regional letters that stand for one sign; a longer row of them is spelling,
/// unless it is one flag again and again.
fn without_flags(mut glyphs: Vec<Glyph>) -> Vec<Glyph> {
    let regional = |glyph: &Glyph| ('\u{1F1E6}'..='\u{1F1FF}').contains(&glyph.ch);
    let mut start = 0;
    while start < glyphs.len() {
        let length = glyphs[start..].iter().take_while(|glyph| regional(glyph)).count();
        let row = &mut glyphs[start..start + length];
        let flag = [0, 1].map(|at| row.get(at).map(|glyph| glyph.ch));
        if length > 0
            && row
                .chunks(2)
                .all(|two| two.len() == 2 && two.iter().map(|glyph| Some(glyph.ch)).eq(flag))
        {
            row.iter_mut().for_each(|glyph| glyph.ch = '⚑');
        }
        start += length.max(1);
    }
    glyphs
}

fn fold_one(glyph: Glyph, out: &mut Vec<Glyph>) {
    let ch = glyph.ch;
    if is_invisible(ch) {
        return;
    }
    if let Some(number) = number_of(ch) {
        out.extend(number.to_string().chars().map(|ch| Glyph { ch, ..glyph }));
        return;
    }
    // Signs that would come apart into letters or into the end of a sentence.
    if ch.is_ascii() || matches!(ch, '™' | '℠' | '‼' | '⁉' | '⁇' | '⁈') {
        push(glyph, ch, out);
    } else if let Some(letter) = look_alike(ch) {
        push(glyph, letter, out);
    } else {
        decompose_compatible(ch, |part| push_part(glyph, part, out));
    }
}

fn push_part(glyph: Glyph, part: char, out: &mut Vec<Glyph>) {
    const NUKTA: char = '\u{93C}';
    if is_combining_mark(part) || is_invisible(part) {
        let on_indic =
            out.last().is_some_and(|last| is_indic(last.ch) && last.ch.is_alphanumeric());
        if on_indic && is_indic(part) && part != NUKTA {
            out.push(Glyph { ch: part, ..glyph });
        }
        return;
    }
    let letter = if part.is_ascii() || is_indic(part) || !part.is_alphanumeric() {
        part
    } else {
        number_of(part)
            .and_then(|number| char::from_digit(number, 10))
            .or_else(|| look_alike(part))
            .or_else(|| confusable(part))
            .unwrap_or(part)
    };
    push(glyph, letter, out);
}

fn push(glyph: Glyph, ch: char, out: &mut Vec<Glyph>) {
    let upper = glyph.upper || ch.is_uppercase();
    let sign = plain_sign(ch);
    out.extend(sign.to_lowercase().map(|ch| Glyph { ch, upper, ..glyph }));
}
