//! How the signs of an address are written: an at sign, a dot and an underscore, as signs between
//! others, in brackets, or in words.

use std::sync::LazyLock;

use super::normalise::{Glyph, Spelled};
use super::pattern::{Pattern, pattern};
use super::view::View;

/// What the writings of a sign are put together from.
const PARTS: [(&str, &str); 6] = [
    // Words that only lead on to what comes next (`ravi, phir at the rate, phir ybl`).
    (
        "<then>",
        r"(?:,?\s+(?:phir|then|followed by|and|aur|lagao|lagakar|लगाकर|लगाओ|फिर|और|उसके आगे|उसके बाद|uske baad|uske aage|sign))",
    ),
    ("<picture>", "[☀-➿⬀-⯿🈀-🫿]{1,3}"),
    // Signs between the pieces of an address that was cut.
    ("<sign>", "[-‐‑‒–—−.…•·,/|~*:;]{1,3}"),
    ("<gap>", r"(?:[-‐‑–—−_.,\s]|[☀-➿⬀-⯿🈀-🫿])"),
    ("<open>", r"[\[({<«‹【（]{1,2}\s*"),
    ("<close>", r"\s*[\])}>»›】）]{1,2}"),
];

/// How an at sign is written, by how sure it is that it is one.
const AT: [(&str, &[&str]); 7] = [
    (
        "bare",
        &[
            r"[*`~]{1,3}@[*`~]{0,3}",
            r"@[*`~]{1,3}",
            r"@@+",
            r"\s?<picture>\s?@\s?<picture>\s?",
            r"\s?<sign>\s?@\s?<sign>\s?",
            r"[\x22']@[\x22']",
        ],
    ),
    ("bracketed", &[r"<gap>{0,3}<open>(?:at|a|@|एट|ऐट|ऍट|at the rate)<close><gap>{0,3}"]),
    (
        "rate",
        &[
            r"<then>?<gap>{1,4}(?:[ae]t<gap>{1,4}|@<gap>{0,4})(?:(?:the|d|da)<gap>{1,3})?rate(?:<gap>{1,3}of)?<then>?<gap>{1,4}",
            r"[\s_\-]*\b[ae]ttherate[\s_\-]*",
            r"<then>?<gap>{1,4}(?:the\s)?(?:at|@)[\s\-](?:sign|symbol)<then>?<gap>{1,4}",
            r"<then>?<gap>{1,4}(?:एट|ऐट|ऍट|अट)<gap>{1,4}(?:(?:द|दि)<gap>{1,3}रेट<then>?<gap>{1,4})?",
            r"<then>\s+@<then>?\s+",
            r"\s@<then>\s+",
        ],
    ),
    (
        "word",
        &[
            r"\x22?\s+at\s+\x22?",
            r"\s*[:;]at[:;]\s*",
            r"\s?[,.]\s?at\s?[,.]\s?",
            r"\s?<picture>\s?at\s?<picture>\s?",
        ],
    ),
    ("tight", &[r"\s?[_*\-‐‑–—~|/.]+at[_*\-‐‑–—~|/.]+\s?"]),
    ("spaced", &[r"\s*@\s+"]),
    ("handle", &[r"\s+@"]),
];

/// How the dot of a host or a name is written.
const DOT: [(&str, &[&str]); 4] = [
    (
        "bare",
        &[r"\.{2,4}", r"[-‐‑–—−]{1,2}\s?\.\s?[-‐‑–—−]{1,2}", r"\s?<picture>\s?\.\s?<picture>\s?"],
    ),
    ("bracketed", &[r"<gap>{0,3}<open>(?:dot|d0t|\.|डॉट|डाट|point|पॉइंट)<close><gap>{0,3}"]),
    ("word", &[r"<gap>{1,4}(?:dot|d0t|point|डॉट|डाट|पॉइंट)<gap>{1,4}", r"[_*\-~|/]+dot[_*\-~|/]+"]),
    ("spaced", &[r"\s+\.\s+", r"\s+\.", r"\.\s"]),
];

struct Signs {
    at: Pattern,
    dot: Pattern,
    underscore: Pattern,
}

static SIGNS: LazyLock<Option<Signs>> = LazyLock::new(|| {
    Some(Signs {
        at: written(&AT)?,
        dot: written(&DOT)?,
        underscore: written(&[("word", &[r"\s+(?:underscore|under score|अंडरस्कोर)\s+"])])?,
    })
});

/// The ways of writing a sign as one pattern, with a group for each sort of them.
fn written(ways: &[(&str, &[&str])]) -> Option<Pattern> {
    let groups: Vec<String> =
        ways.iter().map(|(name, ways)| format!("(?P<{name}>{})", ways.join("|"))).collect();
    let whole = PARTS.iter().fold(groups.join("|"), |text, (name, part)| text.replace(name, part));
    pattern(&whole)
}

/// The text with each of them as the sign itself, which keeps how it was written.
pub(super) fn written_out(view: &View) -> Option<Vec<Glyph>> {
    let signs = SIGNS.as_ref()?;
    let at = replace(view, &signs.at, '@');
    let dot = replace(&View::new(at), &signs.dot, '.');
    Some(replace(&View::new(dot), &signs.underscore, '_'))
}

/// The glyphs with every match written as `sign`.
fn replace(view: &View, regex: &Pattern, sign: char) -> Vec<Glyph> {
    let mut out = Vec::with_capacity(view.glyphs.len());
    let mut copied = 0;
    for captures in regex.captures_iter(&view.text) {
        let Some(whole) = captures.get(0) else { continue };
        let spelled = [
            ("bracketed", Spelled::Bracketed),
            ("rate", Spelled::Rate),
            // `name_at_bank`
            ("tight", Spelled::Rate),
            ("word", Spelled::Word),
            ("spaced", Spelled::Spaced),
            ("handle", Spelled::Handle),
        ]
        .into_iter()
        .find(|(name, _)| regex.has_group(name) && captures.name(name).is_some())
        .map_or(Spelled::Not, |(_, spelled)| spelled);
        out.extend_from_slice(view.glyphs(&(copied..whole.start())));
        let covered = view.glyphs(&whole.range());
        if let (Some(first), Some(last)) = (covered.first(), covered.last()) {
            let upper = covered.iter().any(|glyph| glyph.upper);
            out.push(Glyph { upper, ..Glyph::over(first, last, sign, spelled) });
        }
        copied = whole.end();
    }
    out.extend_from_slice(view.glyphs(&(copied..view.text.len())));
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_compiles() {
        assert!(super::SIGNS.is_some());
    }
}
