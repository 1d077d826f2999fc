//! A reply as sentences of plain words: one spelling for what is written in many, and nothing left
//! of handles, links, emoji and what is quoted.

use unicode_normalization::UnicodeNormalization as _;

/// One sentence, or the part of it before or after a "but".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) words: Vec<Word>,
    /// It asks.
    pub(super) question: bool,
}

/// One word in its plain spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Which part of the sentence it stands in, by commas, colons, dashes and "and".
    pub(super) part: usize,
}

/// Where a full stop ends an abbreviation and not a sentence.
const ABBREVIATED: &[&str] = &[
    "no", "nos", "ref", "dt", "rs", "mr", "mrs", "ms", "sr", "dr", "id", "acct", "ac", "i.e", "sh",
];
/// What begins a statement of its own.
const TURNS: &[&str] = &[
    "but",
    "however",
    "though",
    "although",
    "whereas",
    "lekin",
    "magar",
    "parantu",
    "लेकिन",
    "मगर",
    "परंतु",
    "किंतु",
];
/// What bears a number that is written with `no.`.
const NUMBERED: &[&str] = &[
    "letter",
    "mail",
    "notice",
    "order",
    "memo",
    "ref",
    "reference",
    "sr",
    "ticket",
    "complaint",
    "case",
    "diary",
    "request",
];
const JOINS: &[&str] = &["and", "aur", "tatha", "और", "तथा", "एवं", "&"];
/// A sentence that begins so asks, whether or not a mark says it.
const ASKS: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "has",
    "did",
    "do",
    "does",
    "who",
    "what",
    "why",
    "which",
    "how",
    "where",
    "would",
    "could",
    "kya",
    "kyu",
    "kyun",
    "kaun",
    "क्या",
    "क्यों",
    "कौन",
    "कब",
];

/// The sentences of a text.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let text: String = text.nfkc().collect();
    let mut found = Vec::new();
    let mut clause = Clause::default();
    let mut part = 0;
    let unquoted = unquoted(&text);
    let raws: Vec<&str> = unquoted.split_whitespace().collect();
    for (n, raw) in raws.iter().copied().enumerate() {
        if raw.starts_with('@') || raw.starts_with("http") || raw.starts_with("www.") {
            continue;
        }
        if is_numero(&raws, n) {
            continue;
        }
        let joins = matches!(raw, "-" | "–" | "—" | ":" | ",");
        for word in words_of(raw) {
            if TURNS.contains(&word.as_str()) {
                end(&mut clause, &mut found);
                continue;
            }
            part += usize::from(JOINS.contains(&word.as_str()));
            clause.words.push(Word { text: word, part });
        }
        part += usize::from(joins || raw.ends_with([',', ':', ')', '–', '—']));
        if raw.ends_with('?') || raw.contains("?)") {
            clause.question = true;
        }
        if ends_here(raw) {
            end(&mut clause, &mut found);
        }
    }
    end(&mut clause, &mut found);
    found
}

/// The `no.` of `letter no. 77` denies nothing.
fn is_numero(raws: &[&str], n: usize) -> bool {
    let near = |n: Option<usize>| n.and_then(|n| raws.get(n)).copied().unwrap_or_default();
    let named = NUMBERED.iter().any(|name| near(n.checked_sub(1)).eq_ignore_ascii_case(name));
    let numbered = near(Some(n + 1)).chars().any(|c| c.is_numeric() || c == '█');
    raws[n].eq_ignore_ascii_case("no.") && named && numbered
}

fn end(clause: &mut Clause, found: &mut Vec<Clause>) {
    let mut clause = std::mem::take(clause);
    let word = |n: usize| clause.words.get(n).map(|word| word.text.as_str());
    if ASKS.iter().any(|asks| word(0) == Some(asks)) && word(1) != Some("been") {
        clause.question = true;
    }
    if !clause.words.is_empty() {
        found.push(clause);
    }
}

fn ends_here(raw: &str) -> bool {
    let bare = raw.trim_end_matches(['"', '\'', ')', '”', '’']);
    if bare.ends_with(['!', '?', '।', ';', '|', '…']) {
        return true;
    }
    let Some(word) = bare.strip_suffix('.') else { return false };
    let word = word.to_lowercase();
    !ABBREVIATED.contains(&word.trim_start_matches(|c: char| !c.is_alphanumeric()))
}

/// Without what stands between quotation marks: those are somebody else's words.
fn unquoted(text: &str) -> String {
    let text = text.replace(['“', '”', '„', '«', '»'], "\"");
    let pieces: Vec<_> = text.split('"').collect();
    if pieces.len() % 2 == 0 {
        return pieces.join(" ");
    }
    pieces.iter().step_by(2).copied().collect::<Vec<_>>().join(" ")
}

/// The plain words of what stands between two spaces. What holds a digit stays whole: it may be a
/// reference.
fn words_of(raw: &str) -> Vec<String> {
    let split = if raw.starts_with('#') { hump(raw) } else { raw.to_owned() };
    let whole = split.chars().any(|c| c.is_numeric() || c == '█');
    let inner = |c: char| c == '\'' || whole && matches!(c, '/' | '-' | '.');
    let plain = plain(&split);
    let pieces = plain.split(|c: char| !(is_letter(c) || inner(c)));
    let pieces = pieces.map(|piece| piece.trim_matches(['\'', '/', '-', '.']));
    pieces.filter(|piece| !piece.is_empty()).map(once).collect()
}

/// `#LienMarked` as two words.
fn hump(tag: &str) -> String {
    let mut split = String::new();
    for c in tag.chars() {
        if c.is_uppercase() {
            split.push(' ');
        }
        split.push(c);
    }
    split
}

/// Letters, digits, masks, and the signs that Devanagari writes on its letters.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
        || c == '█'
        || c == '&'
        || ('\u{900}'..='\u{97f}').contains(&c) && !matches!(c, '।' | '॥')
}

/// One spelling: small letters, one apostrophe, and Hindi without its dots and with one of each
/// pair that is written either way.
pub(super) fn plain(text: &str) -> String {
    let decomposed = text.nfkd().filter(|c| {
        !matches!(c, '\u{93c}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe0f}')
    });
    let composed: String = decomposed.nfc().collect();
    let lower = composed.to_lowercase().replace(['’', '‘', '`', '´'], "'");
    lower.replace('ँ', "ं").replace("यी", "ई").replace("ये", "ए")
}

/// `sorryyyy` as `sorry`: no word writes a letter three times.
fn once(word: &str) -> String {
    let mut out = String::new();
    let letters: Vec<char> = word.chars().collect();
    for (n, c) in letters.iter().enumerate() {
        let run = letters[n..].iter().take_while(|next| *next == c).count();
        let before = letters[..n].iter().rev().take_while(|last| *last == c).count();
        if c.is_alphabetic() && run + before > 2 && before > 0 {
            continue;
        }
        out.push(*c);
    }
    out
}
