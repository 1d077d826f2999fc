//! Letters as outlines: text shaped as its script demands, and drawn as paths. So a drawing needs
//! no font where it is shown, and Devanagari stands as it is written: the drawing library's own text
//! takes a cluster's widest sign for the width of the cluster, which lays vowel signs over letters.
//!
//! The invariant: nothing is replaced by a box: what the fonts cannot write is an error.

use std::{fmt::Write as _, sync::LazyLock};

use rustybuzz::{
    Face, UnicodeBuffer, shape,
    ttf_parser::{GlyphId, OutlineBuilder},
};

/// The font's weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For what is seen first.
    Bold,
}

static REGULAR: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::from_slice(font(Weight::Regular), 0));
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::from_slice(font(Weight::Bold), 0));

/// The font's file, which is compiled in: it writes Latin, the rupee sign and Devanagari.
pub(super) const fn font(weight: Weight) -> &'static [u8] {
    match weight {
        Weight::Regular => include_bytes!("../../config/fonts/NotoSansDevanagari-Regular.ttf"),
        Weight::Bold => include_bytes!("../../config/fonts/NotoSansDevanagari-Bold.ttf"),
    }
}

/// The font as the shaper reads it; `None`: it does not read (a mistake of ours).
pub(super) fn face(weight: Weight) -> Option<&'static Face<'static>> {
    match weight {
        Weight::Regular => REGULAR.as_ref(),
        Weight::Bold => BOLD.as_ref(),
    }
}

/// A line of text, shaped.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// How far it runs, in the units of its size.
    pub width: f32,
    /// Its outlines as the data of an SVG path, from its own beginning on its baseline.
    pub path: String,
    /// All of it could be written.
    pub whole: bool,
}

/// Shapes a line of text.
pub fn line(text: &str, weight: Weight, size: f32) -> Line {
    let mut line = Line { width: 0.0, path: String::new(), whole: true };
    let Some(face) = face(weight) else { return Line { whole: false, ..line } };
    let scale = size / f32::from(u16::try_from(face.units_per_em()).unwrap_or(1_000).max(1));
    for run in runs(text) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(run);
        let shaped = shape(face, &[], buffer);
        for (glyph, at) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            line.whole &= glyph.glyph_id != 0;
            let mut pen = Pen {
                path: &mut line.path,
                x: line.width + scaled(at.x_offset, scale),
                y: -scaled(at.y_offset, scale),
                scale,
            };
            let id = GlyphId(u16::try_from(glyph.glyph_id).unwrap_or(0));
            // A space has no outline.
            let _bounds = face.outline_glyph(id, &mut pen);
            line.width += scaled(at.x_advance, scale);
        }
    }
    line
}

#[expect(clippy::cast_precision_loss, reason = "a font's units are small")]
fn scaled(units: i32, scale: f32) -> f32 {
    units as f32 * scale
}

/// The parts of a text that are shaped each by its own script's rules; what belongs to every script
/// goes with what stands before it.
pub(super) fn runs(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let (mut start, mut script) = (0, None);
    for (at, c) in text.char_indices() {
        let own = match c {
            '\u{900}'..='\u{963}'
            | '\u{966}'..='\u{97f}'
            | '\u{1cd0}'..='\u{1cff}'
            | '\u{a8e0}'..='\u{a8ff}' => Some(true),
            c if c.is_alphabetic() => Some(false),
            _ => None,
        };
        if own.is_some() && script.is_some() && own != script {
            runs.push(&text[start..at]);
            start = at;
        }
        script = own.or(script);
    }
    if start < text.len() {
        runs.push(&text[start..]);
    }
    runs
}

/// Writes outlines as path data, to a tenth of a pixel.
struct Pen<'a> {
    path: &'a mut String,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen<'_> {
    fn put(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        for (n, (x, y)) in points.iter().enumerate() {
            let (x, y) = (self.x + x * self.scale, self.y - y * self.scale);
            let apart = if n > 0 { " " } else { "" };
            // Writing to a string does not fail.
            let _written = write!(self.path, "{apart}{x:.1} {y:.1}");
        }
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.put('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.put('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.put('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.put('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(text: &str) -> f32 {
        let line = line(text, Weight::Regular, 100.0);
        assert!(line.whole, "{text}");
        line.width
    }

    #[test]
    fn vowel_signs_take_their_room_and_marks_take_none() {
        assert!(width("सा") > width("स") + 20.0, "a spacing vowel sign is as wide as it is");
        assert!(width("सि") > width("स") + 20.0, "one that stands before its letter too");
        assert!((width("सु") - width("स")).abs() < 0.1, "one below adds nothing");
        assert!(width("क्ष") < width("क") + width("ष"), "a conjunct is one sign");
        assert!((width("लियन") - width("लि") - width("यन")).abs() < 0.5);
    }

    #[test]
    fn each_script_is_shaped_by_its_own_rules_whatever_comes_first() {
        let (latin, hindi) = (width("Neem "), width("क्षि"));
        assert!((width("Neem क्षि") - latin - hindi).abs() < 0.1);
        assert_eq!(runs("Neem बैंक, 24 घंटे (IST)"), ["Neem ", "बैंक, 24 घंटे (", "IST)"]);
        assert_eq!(runs("12 बैंकों ने NEEM को, 3"), ["12 बैंकों ने ", "NEEM ", "को, 3"]);
        assert_eq!(runs("12"), ["12"]);
        assert_eq!(runs(""), Vec::<&str>::new());
    }

    #[test]
    fn what_the_fonts_cannot_write_is_told() {
        assert!(line("₹12 लाख, A–Z — ‘x’", Weight::Bold, 30.0).whole);
        assert!(!line("漢", Weight::Bold, 30.0).whole);
    }
}
