//! Charts as SVG: bars with intervals, curves. Drawn here and not in a browser, so that paper, page
//! and PDF show the same.
//!
//! The invariants: nothing is told by colour alone (every bar and curve bears its name, curves differ
//! by their dashes); what it shows stands in it as a text; colours are attributes, which the console's
//! style may override for a dark page.

use std::fmt::Write as _;

use unicode_normalization::char::is_combining_mark;

use super::words::decimals;
use crate::reports::document::{Bar, Bars, Chart, Curve, Curves};

/// The width of every chart, in its own units.
pub const WIDTH: f64 = 720.0;
/// The height of the plot of curves.
const PLOT: f64 = 260.0;
/// What one bar takes, with its name above it.
const ROW: f64 = 38.0;
/// What the axis below the bars takes.
const AXIS: f64 = 48.0;
/// The size of the letters.
pub const SIZE: f64 = 12.0;
/// Where lines of a label follow one another.
const LINE: f64 = 15.0;
/// A bar's colour, and its edge's.
pub const BAR: &str = "#8fb0d1";
/// See [`BAR`].
pub const EDGE: &str = "#1f4e79";
/// Colours that differ in lightness too, and the dashes that tell curves apart without them.
const CURVES: [(&str, &[f64]); 6] = [
    ("#1f4e79", &[]),
    ("#b04a00", &[8.0, 4.0]),
    ("#1c6b3a", &[2.0, 3.0]),
    ("#7b2d8b", &[12.0, 4.0, 2.0, 4.0]),
    ("#555f6b", &[5.0, 2.0]),
    ("#8a6d00", &[14.0, 3.0, 3.0, 3.0]),
];

/// Something that is drawn, in the chart's own units.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A straight line.
    Line {
        /// What it is, for the console's style: `grid`, `axis` or `whisker`.
        class: &'static str,
        /// From where, to where.
        ends: [(f64, f64); 2],
    },
    /// A bar: its left upper corner, its width and its height.
    Bar((f64, f64), f64, f64),
    /// The line of the curve with this number, by its corners.
    Curve(usize, Vec<(f64, f64)>),
    /// A text, by where its letters stand.
    Text {
        /// Where.
        at: (f64, f64),
        /// What of it stands there: `start`, `middle` or `end`.
        anchor: &'static str,
        /// `name` or `soft`.
        class: &'static str,
        /// What it says.
        said: String,
    },
}

/// A chart's shapes, and how high it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// What is drawn, in its order.
    pub shapes: Vec<Shape>,
    /// Its height where its width is [`WIDTH`].
    pub height: f64,
}

/// A line's colour and width.
pub fn pen(class: &str) -> (&'static str, f64) {
    match class {
        "whisker" => ("#1a1e24", 1.6),
        "axis" => ("#565f6c", 1.0),
        _ => ("#d5d9df", 1.0),
    }
}

/// A text's colour.
pub fn ink(class: &str) -> &'static str {
    if class == "soft" { "#565f6c" } else { "#1a1e24" }
}

/// A curve's colour and dashes.
pub const fn curve(n: usize) -> (&'static str, &'static [f64]) {
    CURVES[n % CURVES.len()]
}

impl Chart {
    /// What it shows, in a sentence.
    pub fn about(&self) -> &str {
        match self {
            Self::Bars(bars) => &bars.about,
            Self::Curves(curves) => &curves.about,
        }
    }
}

/// Draws a chart.
pub fn draw(chart: &Chart) -> Picture {
    match chart {
        Chart::Bars(one) => bars(one, &one.bars),
        Chart::Curves(one) => curves(one),
    }
}

/// Draws a chart for pages: its bars in pictures of at most this height, all on one scale.
pub fn draw_within(chart: &Chart, height: f64) -> Vec<Picture> {
    match chart {
        Chart::Bars(one) if !one.bars.is_empty() => {
            let rows = ((height - AXIS) / ROW).floor().max(1.0);
            let fit = (1..=one.bars.len()).take_while(|n| count(*n) <= rows).count();
            one.bars.chunks(fit.max(1)).map(|some| bars(one, some)).collect()
        }
        _ => vec![draw(chart)],
    }
}

/// The chart as an SVG element. `id` makes the ids in it its own; `title` is its name.
pub fn svg(chart: &Chart, id: &str, title: &str) -> String {
    let picture = draw(chart);
    let (title, about) = (escaped(title), escaped(chart.about()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" \
         aria-labelledby=\"{id}-name {id}-desc\" viewBox=\"0 0 {} {}\" \
         font-family=\"Noto Sans Devanagari, system-ui, sans-serif\" font-size=\"{SIZE}\">\
         <title id=\"{id}-name\">{title}</title><desc id=\"{id}-desc\">{about}</desc>",
        short(WIDTH),
        short(picture.height)
    );
    for shape in &picture.shapes {
        // Writing to a String does not fail.
        let _ = write(&mut svg, shape);
    }
    svg.push_str("</svg>");
    svg
}

fn write(svg: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Line { class, ends: [from, to] } => {
            let (colour, width) = pen(class);
            let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
            write!(
                svg,
                "<line class=\"{class}\" stroke=\"{colour}\" stroke-width=\"{width}\" x1=\"{x1}\" \
                 y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
            )
        }
        Shape::Bar((x, y), width, height) => {
            let [x, y, width, height] = [*x, *y, *width, *height].map(short);
            write!(
                svg,
                "<rect class=\"bar\" fill=\"{BAR}\" stroke=\"{EDGE}\" x=\"{x}\" y=\"{y}\" \
                 width=\"{width}\" height=\"{height}\"/>"
            )
        }
        Shape::Curve(n, corners) => {
            let (colour, dashes) = curve(*n);
            let corners: Vec<_> =
                corners.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
            let dashes: Vec<_> = dashes.iter().map(|length| short(*length)).collect();
            let dashed = match dashes.join(" ") {
                none if none.is_empty() => none,
                some => format!(" stroke-dasharray=\"{some}\""),
            };
            let (class, corners) = (n % CURVES.len(), corners.join(" "));
            write!(
                svg,
                "<polyline class=\"curve c{class}\" fill=\"none\" stroke=\"{colour}\" \
                 stroke-width=\"2\"{dashed} points=\"{corners}\"/>"
            )
        }
        Shape::Text { at, anchor, class, said } => {
            let (x, y, colour, said) = (short(at.0), short(at.1), ink(class), escaped(said));
            write!(
                svg,
                "<text class=\"{class}\" fill=\"{colour}\" x=\"{x}\" y=\"{y}\" \
                 text-anchor=\"{anchor}\">{said}</text>"
            )
        }
    }
}

/// A scale: values from `low` to `high` onto places from `from` to `to`.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low == high {
            high = low + 1.0;
        }
        Self { low, high, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value.clamp(self.low, self.high) } else { self.low };
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round values, some five of them.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let tens = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * tens).find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let mut ticks = Vec::new();
        let mut n = (self.low / step).ceil();
        while n * step <= self.high + step * 1e-9 && ticks.len() < 20 {
            ticks.push(n * step);
            n += 1.0;
        }
        ticks
    }
}

/// Some of a chart's bars, on the scale of all of them.
fn bars(chart: &Bars, some: &[Bar]) -> Picture {
    let room = chart.bars.iter().map(|bar| wide(&bar.said)).fold(40.0, f64::max) + 14.0;
    let ends = chart.bars.iter().flat_map(|bar| {
        let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
        [bar.value, low, high]
    });
    let scale = Scale::over(ends, 6.0, WIDTH - room);
    let bottom = count(some.len()) * ROW + 6.0;
    let mut shapes = Vec::new();
    for tick in scale.ticks() {
        let x = scale.at(tick);
        shapes.push(line("grid", (x, 0.0), (x, bottom)));
        shapes.push(text((x, bottom + 16.0), "middle", "soft", &decimals(tick, 2)));
    }
    shapes.push(text((6.0, bottom + 34.0), "start", "soft", &chart.axis));
    for (n, bar) in some.iter().enumerate() {
        let top = count(n) * ROW;
        let (zero, end) = (scale.at(0.0), scale.at(bar.value));
        let (x, width, y) = (zero.min(end), (end - zero).abs().max(1.0), top + 19.0);
        shapes.push(text((9.0, top + 14.0), "start", "name", &bar.label));
        shapes.push(Shape::Bar((x, y), width, 13.0));
        let mut right = x + width;
        if let Some((low, high)) = bar.interval {
            let (low, high, middle) = (scale.at(low), scale.at(high), y + 6.5);
            shapes.push(line("whisker", (low, middle), (high, middle)));
            let cap = |end| line("whisker", (end, middle - 4.0), (end, middle + 4.0));
            shapes.extend([low, high].map(cap));
            right = right.max(high);
        }
        shapes.push(text((right + 7.0, y + 11.0), "start", "name", &bar.said));
    }
    shapes.push(line("axis", (scale.at(0.0), 0.0), (scale.at(0.0), bottom)));
    Picture { shapes, height: count(some.len()) * ROW + AXIS }
}

fn curves(chart: &Curves) -> Picture {
    let (left, right, top) = (56.0, WIDTH - 190.0, 26.0);
    let bottom = top + PLOT;
    let points = || chart.curves.iter().flat_map(|curve| &curve.points);
    let across = Scale::over(points().map(|(x, _)| *x), left, right);
    let mut up = Scale::over(points().map(|(_, y)| *y), bottom, top);
    if chart.share {
        (up.low, up.high) = (0.0, 1.0);
    }
    let mut shapes = Vec::new();
    for tick in across.ticks() {
        let x = across.at(tick);
        shapes.push(line("grid", (x, top), (x, bottom)));
        shapes.push(text((x, bottom + 17.0), "middle", "soft", &decimals(tick, 2)));
    }
    for tick in up.ticks() {
        let y = up.at(tick);
        shapes.push(line("grid", (left, y), (right, y)));
        let said = match chart.share {
            true => format!("{} %", decimals(tick * 100.0, 0)),
            false => decimals(tick, 2),
        };
        shapes.push(text((left - 7.0, y + 4.0), "end", "soft", &said));
    }
    shapes.push(line("axis", (left, top), (left, bottom)));
    shapes.push(line("axis", (left, bottom), (right, bottom)));
    shapes.push(text((6.0, 13.0), "start", "soft", &chart.y));
    shapes.push(text((f64::midpoint(left, right), bottom + 36.0), "middle", "soft", &chart.x));
    let mut labels = Vec::new();
    for (n, curve) in chart.curves.iter().enumerate() {
        let places = curve.points.iter().map(|(x, y)| (across.at(*x), up.at(*y))).collect();
        let corners = corners(places, chart.steps);
        labels.extend(corners.last().map(|end| (n, curve, *end)));
        shapes.push(Shape::Curve(n, corners));
    }
    let lowest = name(&mut shapes, labels, right);
    Picture { shapes, height: (bottom + 44.0).max(lowest) }
}

/// The corners of a line through some places: in steps it stays until the next one.
fn corners(places: Vec<(f64, f64)>, steps: bool) -> Vec<(f64, f64)> {
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (x, y) in places {
        if let Some((_, before)) = corners.last().copied().filter(|_| steps) {
            corners.push((x, before));
        }
        corners.push((x, y));
    }
    corners
}

/// The names of the curves beside their ends, none over another. Returns where the last one ends.
fn name(shapes: &mut Vec<Shape>, mut labels: Vec<(usize, &Curve, (f64, f64))>, right: f64) -> f64 {
    labels.sort_by(|(_, _, one), (_, _, other)| one.1.total_cmp(&other.1));
    let mut free = 0.0_f64;
    for (n, curve, end) in labels {
        let lines = wrapped(&curve.label, WIDTH - right - 44.0);
        let y = (end.1 + 4.0).max(free + LINE);
        shapes.push(Shape::Curve(n, vec![end, (right + 8.0, y - 4.0), (right + 34.0, y - 4.0)]));
        for (row, said) in lines.iter().enumerate() {
            shapes.push(text((right + 40.0, y + count(row) * LINE), "start", "name", said));
        }
        free = y + count(lines.len().saturating_sub(1)) * LINE + 3.0;
    }
    free + 8.0
}

const fn line(class: &'static str, from: (f64, f64), to: (f64, f64)) -> Shape {
    Shape::Line { class, ends: [from, to] }
}

fn text(at: (f64, f64), anchor: &'static str, class: &'static str, said: &str) -> Shape {
    Shape::Text { at, anchor, class, said: said.to_owned() }
}

/// Words in lines that are no wider than `room`, as far as words allow.
fn wrapped(said: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in said.split_whitespace() {
        match lines.last_mut() {
            Some(line) if wide(line) + wide(word) + SIZE / 2.0 <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// About how wide a text is. Marks of Devanagari stand over and under their letters.
fn wide(said: &str) -> f64 {
    let letters = said.chars().filter(|c| !is_combining_mark(*c)).count();
    count(letters) * SIZE * 0.58
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn short(number: f64) -> String {
    decimals(number, 1)
}

fn escaped(said: &str) -> String {
    said.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML holds no other controls, not even escaped.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let ticks = |high| Scale { low: 0.0, high, from: 0.0, to: 1.0 }.ticks();
        assert_eq!(ticks(1.0).len(), 6);
        assert_eq!(ticks(97.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(ticks(3.0), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_no_number_draws_nothing_wild() {
        let scale = Scale::over([f64::NAN, f64::INFINITY].into_iter(), 0.0, 10.0);
        assert!((scale.at(f64::NAN) - 0.0).abs() < f64::EPSILON);
        assert_eq!(escaped("<a & \u{1}\"b\">"), "&lt;a &amp;  &quot;b&quot;&gt;");
    }
}
