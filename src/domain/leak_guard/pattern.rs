//! The guard's patterns, quick on a text where they find nothing.
//!
//! A word's edge (`\b`) in a text that is not all ASCII can only be found by the slow engine. So
//! each pattern has a wider one beside it, without edges, for the fast engine: where the wider one
//! finds nothing, the pattern finds nothing, and it finds nothing before the wider one does.

use regex::{Captures, Match, Regex};

/// A pattern that is a constant of this program.
pub(super) struct Pattern {
    exact: Regex,
    wide: Option<Regex>,
}

/// Compiles a constant of this program; the tests compile every one.
pub(super) fn pattern(text: &str) -> Option<Pattern> {
    // Folding leaves only these; the classes of all of Unicode are large and slow.
    const NARROW: [(&str, &str); 4] = [
        (r"[\W_]", r"[^a-z0-9\u0900-\u0965]"),
        (r"[^\w\n]", r"[^a-z0-9_\u0900-\u0965\n]"),
        (r"\d", "[0-9]"),
        (r"\s", r"[ \n]"),
    ];
    let narrow =
        NARROW.iter().fold(text.to_owned(), |text, (wide, narrow)| text.replace(wide, narrow));
    let wide = match narrow.contains(r"\b") {
        true => Some(Regex::new(&narrow.replace(r"\b", "")).ok()?),
        false => None,
    };
    Some(Pattern { exact: Regex::new(&narrow).ok()?, wide })
}

impl Pattern {
    /// Where to look for the first match at or after `from`, if there can be one.
    fn start(&self, text: &str, from: usize) -> Option<usize> {
        match &self.wide {
            Some(wide) => wide.find_at(text, from).map(|found| found.start()),
            None => Some(from),
        }
    }

    /// The first match at or after `from`.
    pub fn find_at<'t>(&self, text: &'t str, from: usize) -> Option<Match<'t>> {
        self.exact.find_at(text, self.start(text, from)?)
    }

    /// The first match at or after `from`, with its groups.
    pub fn captures_at<'t>(&self, text: &'t str, from: usize) -> Option<Captures<'t>> {
        self.exact.captures_at(text, self.start(text, from)?)
    }

    /// The first match, with its groups.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.captures_at(text, 0)
    }

    /// Every match, one after the other.
    pub fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let found = self.find_at(text, from)?;
            from = past(text, &found);
            Some(found)
        })
        .fuse()
    }

    /// Every match with its groups, one after the other.
    pub fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let captures = self.captures_at(text, from)?;
            from = past(text, &captures.get(0)?);
            Some(captures)
        })
        .fuse()
    }

    /// Whether the match has a group of this name.
    pub fn has_group(&self, name: &str) -> bool {
        self.exact.capture_names().flatten().any(|known| known == name)
    }
}

/// No pattern of ours matches nothing; if one did, it would not be found again at the same place.
fn past(text: &str, found: &Match<'_>) -> usize {
    let rest = &text[found.end()..];
    let next = rest.chars().next().map_or(0, char::len_utf8);
    found.end() + if found.is_empty() { next.max(1) } else { 0 }
}
