//! The picture of a post: a card of 1200 × 675 pixels, drawn from the words of
//! [`domain::wording::card`](crate::domain::wording::card) and from nothing else.
//!
//! The invariants: every string of the drawing is one of the card's; the same card gives the same
//! bytes. The fonts are compiled in, and no other is looked at. Contrast is 4.5 at the least, and
//! the smallest letters stay readable where a timeline shows the picture 400 pixels wide.

use std::fmt::Write as _;

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

use super::lettering::{self, Weight};
use crate::domain::wording::card::{Card, Figure, SIZE};

const WIDTH: f32 = 1200.0;
const HEIGHT: f32 = 675.0;
const MARGIN: f32 = 64.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const BAND: f32 = 88.0;
const FOOT: f32 = 78.0;

/// From one baseline to the next, in sizes of the letters: Devanagari has signs above and below.
const LEADING: f32 = 1.34;
/// How far below the top of its line a baseline lies.
const RISE: f32 = 0.98;

const NAVY: &str = "#14324e";
const INK: &str = "#14212e";
const GREY: &str = "#45535f";
const PAPER: &str = "#f4f6f8";
const WHITE: &str = "#ffffff";
const RULE: &str = "#c9d3dd";

/// A picture that could not be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    /// The fonts lack a sign of it.
    #[error("the fonts that takaza brings cannot write {0:?}")]
    Unwritten(String),
    /// A name is longer than the card is large.
    #[error("{0:?} is too long for the picture")]
    TooLong(String),
    /// The drawing is broken: a mistake of ours.
    #[error("the picture could not be drawn: {0}")]
    Broken(String),
}

/// The card as a PNG.
///
/// # Errors
/// The drawing is broken (a mistake of ours).
pub fn png(svg: &str) -> Result<Vec<u8>, NotDrawn> {
    let broken = |why: &dyn std::fmt::Display| NotDrawn::Broken(why.to_string());
    let tree = Tree::from_str(svg, &Options::default()).map_err(|error| broken(&error))?;
    let (width, height) = SIZE;
    let mut canvas = Pixmap::new(width, height).ok_or_else(|| broken(&"no canvas"))?;
    resvg::render(&tree, Transform::identity(), &mut canvas.as_mut());
    canvas.encode_png().map_err(|error| broken(&error))
}

/// The card as a drawing in SVG, its letters as outlines.
///
/// # Errors
/// The fonts cannot write a name in it, or it does not fit.
pub fn svg(card: &Card) -> Result<String, NotDrawn> {
    drawing(card).finish()
}

fn drawing(card: &Card) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.rect([0.0, 0.0, WIDTH, HEIGHT], PAPER, None);
    sheet.rect([0.0, 0.0, WIDTH, BAND], NAVY, None);
    let unit = fit(&card.unit, true, INNER, &[(34.0, 1), (30.0, 1), (27.0, 2)]);
    let top = (BAND - unit.height()) / 2.0;
    sheet.block(&unit, MARGIN, top, WHITE);
    sheet.middle(card);
    sheet.foot(card);
    sheet
}

/// Some text as it will stand: how large, and in which lines.
#[derive(Debug, Clone)]
struct Block {
    size: f32,
    bold: bool,
    lines: Vec<String>,
}

impl Block {
    fn height(&self) -> f32 {
        self.lines.iter().map(|_line| self.size * LEADING).sum()
    }
}

/// The largest of these sizes at which the text takes no more than its lines; else the last one,
/// in as many lines as it takes. Nothing is ever cut.
fn fit(text: &str, bold: bool, width: f32, sizes: &[(f32, usize)]) -> Block {
    let mut last = Block { size: 0.0, bold, lines: Vec::new() };
    for (size, most) in sizes {
        last = Block { size: *size, bold, lines: wrapped(text, bold, *size, width) };
        let wide = last.lines.iter().any(|line| measure(line, bold, *size) > width);
        if last.lines.len() <= *most && !wide {
            break;
        }
    }
    last
}

/// The text in lines of at most this width, parted between words.
fn wrapped(text: &str, bold: bool, size: f32, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|longer| measure(longer, bold, size) <= width) {
            Some(longer) => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn weight(bold: bool) -> Weight {
    if bold { Weight::Bold } else { Weight::Regular }
}

fn measure(text: &str, bold: bool, size: f32) -> f32 {
    lettering::line(text, weight(bold), size).width
}

/// The drawing as it grows, and the lines of text in it.
#[derive(Default)]
struct Sheet {
    drawn: String,
    lines: Vec<Drawn>,
    /// What leaves no room for the rest.
    crowded: Option<String>,
}

/// A line of text as it stands: what it says, from where to where, and whether all of it is there.
struct Drawn {
    text: String,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
    whole: bool,
}

impl Sheet {
    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _written = self.drawn.write_fmt(element);
    }

    fn rect(&mut self, [x, y, width, height]: [f32; 4], fill: &str, rule: Option<&str>) {
        let stroke = rule.map_or_else(String::new, |rule| format!(r#" stroke="{rule}""#));
        self.push(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"{stroke}/>"#
        ));
    }

    /// A line of text that begins at `x`.
    fn line(&mut self, text: &str, [x, baseline]: [f32; 2], size: f32, bold: bool, ink: &str) {
        let line = lettering::line(text, weight(bold), size);
        let path = &line.path;
        self.push(format_args!(
            r#"<path transform="translate({x:.1} {baseline:.1})" fill="{ink}" d="{path}"/>"#
        ));
        let (text, right) = (text.to_owned(), x + line.width);
        self.lines.push(Drawn { text, left: x, right, baseline, size, whole: line.whole });
    }

    fn block(&mut self, block: &Block, x: f32, top: f32, ink: &str) {
        let mut y = top + block.size * RISE;
        for line in &block.lines {
            self.line(line, [x, y], block.size, block.bold, ink);
            y += block.size * LEADING;
        }
    }

    /// The bank, what is pending, and the numbers, with the room that is left parted between them.
    fn middle(&mut self, card: &Card) {
        const BANK: [(f32, usize); 7] =
            [(72.0, 1), (64.0, 1), (56.0, 1), (48.0, 2), (42.0, 2), (36.0, 3), (30.0, 4)];
        let headline = fit(&card.headline, false, INNER, &[(38.0, 2), (35.0, 3), (31.0, 4)]);
        let columns = columns(&card.figures);
        let rows = Rows::of(&columns);
        let panel = rows.label + rows.value + rows.note + 2.0 * PAD;
        let room = HEIGHT - BAND - FOOT - headline.height() - panel;
        // A long name gives way to the rest.
        let sizes = (0..BANK.len()).map(|first| fit(&card.bank, true, INNER, &BANK[first..]));
        let mut bank = fit(&card.bank, true, INNER, &BANK);
        for smaller in sizes {
            bank = smaller;
            if bank.height() + 3.0 * GAP <= room {
                break;
            }
        }
        let gap = (room - bank.height()) / 3.0;
        if gap < GAP {
            self.crowded = Some(card.bank.clone());
        }
        let mut y = BAND + gap;
        self.block(&bank, MARGIN, y, INK);
        y += bank.height();
        self.block(&headline, MARGIN, y, INK);
        y += headline.height() + gap;
        self.panel(&columns, &rows, [y, panel]);
    }

    fn panel(&mut self, columns: &[Column], rows: &Rows, [top, height]: [f32; 2]) {
        self.rect([MARGIN, top, INNER, height], WHITE, Some(RULE));
        let width = column_width(columns.len());
        for (n, column) in (0_u8..).zip(columns) {
            let x = MARGIN + width * f32::from(n);
            if n > 0 {
                self.rect([x, top + PAD, 1.5, height - 2.0 * PAD], RULE, None);
            }
            let (x, y) = (x + PAD, top + PAD);
            self.block(&column.label, x, y, GREY);
            // Numbers stand on one line, whatever their labels take and however large they are.
            let lower = (rows.size - column.value.size) * RISE;
            self.block(&column.value, x, y + rows.label + lower, NAVY);
            self.block(&column.note, x, y + rows.label + rows.value, GREY);
        }
    }

    fn foot(&mut self, card: &Card) {
        let top = HEIGHT - FOOT;
        self.rect([MARGIN, top, INNER, 1.5], RULE, None);
        let sizes = [30.0, 28.0, 26.0, 24.0, 22.0, 20.0];
        let both = |size: &f32| {
            measure(&card.quote, true, *size) + measure(&card.as_of, false, *size) + 40.0
        };
        let size = sizes.into_iter().find(|size| both(size) <= INNER).unwrap_or(18.0);
        let y = top + FOOT / 2.0 + size * 0.36;
        let right = WIDTH - MARGIN - measure(&card.as_of, false, size);
        self.line(&card.quote, [MARGIN, y], size, true, NAVY);
        self.line(&card.as_of, [right, y], size, false, INK);
    }

    fn finish(self) -> Result<String, NotDrawn> {
        if let Some(line) = self.lines.iter().find(|line| !line.whole) {
            return Err(NotDrawn::Unwritten(line.text.clone()));
        }
        if let Some(crowded) = self.crowded {
            return Err(NotDrawn::TooLong(crowded));
        }
        let outside = |line: &&Drawn| {
            let (top, bottom) = (line.baseline - line.size, line.baseline + line.size * 0.35);
            line.left < MARGIN || line.right > WIDTH - MARGIN + 0.5 || top < 0.0 || bottom > HEIGHT
        };
        if let Some(line) = self.lines.iter().find(outside) {
            return Err(NotDrawn::TooLong(line.text.clone()));
        }
        let (width, height) = SIZE;
        let drawn = self.drawn;
        Ok(format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{drawn}</svg>"#
        ))
    }
}

/// Within a box, and between two parts at the least.
const PAD: f32 = 22.0;
const GAP: f32 = 8.0;

/// One figure as it will stand.
struct Column {
    label: Block,
    value: Block,
    note: Block,
}

/// How much of each row of figures takes the most room.
struct Rows {
    label: f32,
    value: f32,
    note: f32,
    /// The largest number's letters.
    size: f32,
}

impl Rows {
    fn of(columns: &[Column]) -> Self {
        let most = |of: fn(&Column) -> f32| columns.iter().map(of).fold(0.0, f32::max);
        Self {
            label: most(|column| column.label.height()),
            value: most(|column| column.value.height()),
            note: most(|column| column.note.height()),
            size: most(|column| column.value.size),
        }
    }
}

fn columns(figures: &[Figure]) -> Vec<Column> {
    let width = column_width(figures.len()) - 2.0 * PAD;
    let small: &[(f32, usize)] = &[(30.0, 2), (28.0, 2), (26.0, 3)];
    let column = |figure: &Figure| Column {
        label: fit(&figure.label, false, width, small),
        value: fit(&figure.value, true, width, &[(66.0, 1), (58.0, 1), (50.0, 1), (42.0, 2)]),
        note: fit(&figure.note, false, width, small),
    };
    figures.iter().map(column).collect()
}

fn column_width(columns: usize) -> f32 {
    INNER / f32::from(u8::try_from(columns).unwrap_or(u8::MAX).max(1))
}

#[cfg(test)]
mod tests;
