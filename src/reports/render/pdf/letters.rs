//! Letters: the two fonts that are compiled in, which write Latin, the rupee sign and Devanagari; how
//! wide a text is, and where its lines break.
//!
//! Devanagari is written in another order than it is said, so a text is shaped before it is measured,
//! each script by its own rules, and each glyph keeps the letters that it stands for: what is copied
//! from the PDF is the text.

use std::{cell::RefCell, collections::HashMap, ops::Range};

use anyhow::Context as _;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::UnicodeBuffer;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

pub(super) use crate::reports::lettering::Weight;
use crate::reports::lettering::{face, font, runs};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) weight: Weight,
    /// In points.
    pub(super) size: f32,
    pub(super) colour: (u8, u8, u8),
}

impl Style {
    /// From one line to the next: matras stand over and under the letters.
    pub(super) fn line(&self) -> f32 {
        self.size * 1.45
    }

    /// From a line's top to where its letters stand.
    pub(super) fn rise(&self) -> f32 {
        self.size * 1.08
    }
}

/// One script's stretch of a line.
pub(super) struct Run {
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// In units of the letters' size.
    pub(super) width: f32,
}

struct Face {
    font: Font,
    shaper: &'static rustybuzz::Face<'static>,
}

impl Face {
    fn new(weight: Weight) -> anyhow::Result<Self> {
        let font = Font::new(font(weight).into(), 0);
        Ok(Self {
            font: font.context("a font that is compiled in does not read")?,
            shaper: face(weight).context("a font that is compiled in does not shape")?,
        })
    }
}

/// Both fonts, and the widths that were asked already.
pub(super) struct Letters {
    regular: Face,
    bold: Face,
    widths: RefCell<HashMap<(String, Weight), f32>>,
}

impl Letters {
    pub(super) fn new() -> anyhow::Result<Self> {
        let (regular, bold) = (Face::new(Weight::Regular)?, Face::new(Weight::Bold)?);
        Ok(Self { regular, bold, widths: RefCell::default() })
    }

    const fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// A text in letters that the fonts have; a letter of another script becomes a question mark.
    pub(super) fn fitting(&self, text: &str) -> String {
        let has = |c: char| self.regular.shaper.glyph_index(c).is_some();
        let mut out = String::with_capacity(text.len());
        for c in text.nfc() {
            match c {
                c if c.is_whitespace() => out.push(' '),
                '≥' => out.push_str(">="),
                '≤' => out.push_str("<="),
                '→' => out.push_str("->"),
                '\u{2011}' => out.push('-'),
                c if c.is_control() => {}
                c if has(c) => out.push(c),
                _ => out.push('?'),
            }
        }
        out
    }

    /// A line as runs of glyphs.
    pub(super) fn shaped(&self, text: &str, weight: Weight) -> Vec<Run> {
        runs(text).into_iter().map(|run| shape(self.face(weight).shaper, run)).collect()
    }

    /// How wide a line is, in points.
    pub(super) fn width(&self, text: &str, style: Style) -> f32 {
        let key = (text.to_owned(), style.weight);
        if let Some(width) = self.widths.borrow().get(&key) {
            return width * style.size;
        }
        let width: f32 = self.shaped(text, style.weight).iter().map(|run| run.width).sum();
        self.widths.borrow_mut().insert(key, width);
        width * style.size
    }

    /// The widest of a text's words: what a column cannot go under without breaking one.
    pub(super) fn widest_word(&self, text: &str, style: Style) -> f32 {
        text.split(' ').map(|word| self.width(word, style)).fold(0.0, f32::max)
    }

    /// The text in lines of at most `room` points, broken between words, and within a word only where
    /// it is wider than a line.
    pub(super) fn wrapped(&self, text: &str, style: Style, room: f32) -> Vec<String> {
        let text = self.fitting(text);
        let space = self.width(" ", style);
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            for (n, part) in self.parts(word, style, room).into_iter().enumerate() {
                let width = self.width(&part, style);
                let joined = n == 0 && !line.is_empty();
                if line.is_empty() {
                    (line, used) = (part, width);
                } else if joined && used + space + width <= room {
                    line.push(' ');
                    line.push_str(&part);
                    used += space + width;
                } else {
                    lines.push(std::mem::replace(&mut line, part));
                    used = width;
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// A word in pieces that fit.
    fn parts(&self, word: &str, style: Style, room: f32) -> Vec<String> {
        if self.width(word, style) <= room {
            return vec![word.to_owned()];
        }
        let mut parts = vec![String::new()];
        for letter in word.graphemes(true) {
            let Some(last) = parts.last_mut() else { break };
            let longer = format!("{last}{letter}");
            if last.is_empty() || self.width(&longer, style) <= room {
                *last = longer;
            } else {
                parts.push(letter.to_owned());
            }
        }
        parts
    }
}

/// A run as glyphs, each with the letters that it stands for: in Devanagari those of its whole word, for
/// readers take the room beside a vowel sign for a blank, and a word with a blank in it is not found.
fn shape(face: &rustybuzz::Face<'_>, text: &str) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(face, &[], buffer);
    let clusters: Vec<usize> =
        shaped.glyph_infos().iter().map(|info| cluster(info.cluster)).collect();
    let words = is_devanagari(text);
    let per_em = per_em(face);
    let glyphs: Vec<_> = (shaped.glyph_infos().iter().zip(shaped.glyph_positions()))
        .zip(&clusters)
        .map(|((info, place), start)| {
            let glyph = GlyphId::new(info.glyph_id);
            let [across, right, up, down] =
                [place.x_advance, place.x_offset, place.y_offset, place.y_advance]
                    .map(|units| em(units, per_em));
            let letters = if words { word(*start, text) } else { letters(*start, &clusters, text) };
            KrillaGlyph::new(glyph, across, right, up, down, letters, None)
        })
        .collect();
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Run { text: text.to_owned(), glyphs, width }
}

fn is_devanagari(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{900}'..='\u{97F}' | '\u{A8E0}'..='\u{A8FF}'))
}

/// The word, or the blank, in which a cluster stands.
fn word(at: usize, text: &str) -> Range<usize> {
    let blank = |(_, c): &(usize, char)| *c == ' ';
    if text[at..].starts_with(' ') {
        return at..at + 1;
    }
    let start = text[..at].char_indices().rfind(blank).map_or(0, |(before, _)| before + 1);
    let end = text[at..].char_indices().find(blank).map_or(text.len(), |(after, _)| at + after);
    start..end
}

/// From a cluster's start to the next one's.
fn letters(start: usize, clusters: &[usize], text: &str) -> Range<usize> {
    let end = clusters.iter().copied().filter(|other| *other > start).min();
    start..end.unwrap_or(text.len())
}

fn cluster(start: u32) -> usize {
    usize::try_from(start).unwrap_or(usize::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a font's units are small whole numbers")]
fn per_em(face: &rustybuzz::Face<'_>) -> f32 {
    face.units_per_em() as f32
}

#[expect(clippy::cast_precision_loss, reason = "a font's units are small whole numbers")]
fn em(units: i32, per_em: f32) -> f32 {
    units as f32 / per_em
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_keep_their_letters_in_the_order_that_they_are_said() {
        let letters = Letters::new().unwrap();
        for text in ["हिन्दी", "कार्रवाई", "स्थिति", "क्षेत्र", "बैंकों", "₹1,23,456", "first"]
        {
            let runs = letters.shaped(text, Weight::Regular);
            let mut ranges: Vec<_> =
                runs[0].glyphs.iter().map(|one| one.text_range.clone()).collect();
            ranges.sort_by_key(|range| (range.start, range.end));
            ranges.dedup();
            let back: String = ranges.into_iter().map(|range| &text[range]).collect();
            assert_eq!(back, text);
            assert!(runs[0].glyphs.iter().all(|one| one.glyph_id.to_u32() != 0), "{text}");
        }
    }

    #[test]
    fn lines_break_between_words_and_hold_everything() {
        let letters = Letters::new().unwrap();
        let style = Style { weight: Weight::Regular, size: 10.0, colour: (0, 0, 0) };
        let text = "बैंकों ने कार्रवाई की, averylongwordwithoutanybreakinitatall और स्थिति बदली";
        let lines = letters.wrapped(text, style, 90.0);
        assert!(lines.iter().all(|line| letters.width(line, style) <= 90.0), "{lines:?}");
        let bare = |text: &str| text.replace(' ', "");
        assert_eq!(bare(&lines.concat()), bare(text));
        assert_eq!(letters.fitting("a\tb → 日 ≥ 2"), "a b -> ? >= 2");
    }
}
