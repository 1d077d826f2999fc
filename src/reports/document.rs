//! A report as one document: sections of typed cells, each with its chart. Every format (page, PDF,
//! workbook, CSV, JSON) is rendered from this and from nothing else, so that they cannot disagree.

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::{
    action::spelled, cost::MicroDollars, money::Paise, platform::Language, time::Timestamp,
};

spelled! {
    /// What is reported.
    Subject {
        /// What tags achieve: reactions, times, attribution.
        Engagement = "engagement",
        /// The banks beside one another, by time to action only; and whether each is treated alike.
        Banks = "banks",
        /// What the standing orders and the approvers cleared.
        Orders = "orders",
        /// What posts and readings cost.
        Costs = "costs",
    }
}

spelled! {
    /// For whom.
    Edition {
        /// The unit's own: everything but cases and persons.
        Unit = "unit",
        /// Only what was already public, and totals; single banks a month late.
        Public = "public",
    }
}

/// One report over whole days of the unit's own calendar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// What it is about.
    pub subject: Subject,
    /// For whom it is.
    pub edition: Edition,
    /// The language of every text in it.
    pub language: Language,
    /// Its heading.
    pub title: String,
    /// The unit's name.
    pub unit: String,
    /// The first day that it covers.
    pub from: Date,
    /// The last day that it covers.
    pub until: Date,
    /// As of when it is true.
    pub as_of: Timestamp,
    /// The IANA zone in which days are counted and times are shown.
    pub zone: String,
    /// What a reader must know before anything else (an invented demo, a month's delay).
    pub notes: Vec<String>,
    /// Its parts, in order.
    pub sections: Vec<Section>,
}

/// One measure, or a few of a kind: what it means, what was found, a picture, the numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Its stable name in every language: the workbook's sheet, the part of a CSV, the key in JSON.
    /// Small letters and dashes, at most 31 characters.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// The definition: what is counted, in what unit, from which source.
    pub about: String,
    /// What stands out.
    pub findings: Vec<Finding>,
    /// The picture of the table; the table says the same.
    pub chart: Option<Chart>,
    /// The numbers.
    pub table: Table,
}

/// A sentence about the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A person should look at it.
    pub warning: bool,
    /// The sentence.
    pub text: String,
}

/// Rows under headings.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// The headings.
    pub columns: Vec<Column>,
    /// The rows; each has a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// A last row that sums the others, where that makes sense.
    pub total: Option<Vec<Cell>>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its stable name in every language, for machines.
    pub id: &'static str,
    /// Its heading, with the unit where it has one.
    pub title: String,
}

/// One value. Renderers write it as what it is: a workbook gets numbers and dates, never texts of
/// them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Cell {
    /// Words.
    Text(String),
    /// How many.
    Count(u64),
    /// Rupees, exact to the paisa.
    Money(Paise),
    /// US dollars, in millionths.
    Dollars(MicroDollars),
    /// A length of time, in hours.
    Hours(f64),
    /// A part of one: 0.25 is a quarter.
    Share(f64),
    /// A ratio or a rate without a unit.
    Number(f64),
    /// A day of the unit's calendar.
    Day(Date),
    /// An instant.
    At(Timestamp),
    /// Where a post can be read.
    Link(String),
    /// Nothing to say, and why: "too few to tell", "not asked".
    Nothing(String),
}

/// The picture of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chart {
    /// One bar a row, longest readable label first.
    Bars(Bars),
    /// Curves over one axis.
    Curves(Curves),
}

/// Horizontal bars.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bars {
    /// What it shows, in a sentence: the text for who cannot see it.
    pub about: String,
    /// What the length of a bar means.
    pub axis: String,
    /// The bars, from the top.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Whose.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// The value as it is written beside it.
    pub said: String,
    /// Where the true value lies with the confidence that the section names.
    pub interval: Option<(f64, f64)>,
}

/// Curves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// What it shows, in a sentence: the text for who cannot see it.
    pub about: String,
    /// What goes to the right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// Values stay until the next point (survival), instead of being joined by lines.
    pub steps: bool,
    /// `y` is a share between 0 and 1.
    pub share: bool,
    /// One each, told apart by more than colour.
    pub curves: Vec<Curve>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Its name.
    pub label: String,
    /// Its points, from the left.
    pub points: Vec<(f64, f64)>,
}
