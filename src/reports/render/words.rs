//! How the values of a document are written for people.

use anyhow::Context as _;
use jiff::{civil::Date, tz::TimeZone};

use crate::{
    domain::{money::Paise, platform::Language, time::Timestamp},
    locale::Locale,
    reports::document::{Cell, Document, Section},
};

/// The words of one document, on its own clock.
pub struct Words {
    locale: Locale,
    zone: TimeZone,
    months: Vec<String>,
}

impl Words {
    /// The words for a document.
    ///
    /// # Errors
    /// As for [`Words::new`].
    pub fn of(document: &Document) -> anyhow::Result<Self> {
        Self::new(document.language, &document.zone)
    }

    /// The words of a language, on the clock of an IANA zone.
    ///
    /// # Errors
    /// A message is missing (a mistake of ours), or the zone is unknown.
    pub fn new(language: Language, zone: &str) -> anyhow::Result<Self> {
        let locale = Locale::new(language)?;
        let zone = TimeZone::get(zone).with_context(|| format!("the zone {zone:?}"))?;
        let month = |n: i8| locale.say::<&str>(&format!("month-{n}"), &[]);
        let months = (1..=12).map(month).collect::<Result<_, _>>()?;
        Ok(Self { locale, zone, months })
    }

    /// The zone of its clock.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A message.
    ///
    /// # Errors
    /// It is missing (a mistake of ours).
    pub fn t(&self, key: &str) -> anyhow::Result<String> {
        self.locale.say::<&str>(key, &[])
    }

    /// A message about some things.
    ///
    /// # Errors
    /// It is missing (a mistake of ours).
    pub fn with(&self, key: &str, given: &[(&str, String)]) -> anyhow::Result<String> {
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.locale.say(key, &given)
    }

    /// A day: `5 Nov 2026`.
    pub fn day(&self, day: Date) -> String {
        let month = usize::try_from(day.month()).ok().and_then(|n| self.months.get(n - 1));
        let month = month.map_or("", String::as_str);
        format!("{} {month} {}", day.day(), day.year())
    }

    /// An instant on the document's clock, to the minute.
    pub fn at(&self, at: Timestamp) -> String {
        let zoned = at.in_zone(&self.zone);
        format!("{}, {:02}:{:02}", self.day(zoned.date()), zoned.hour(), zoned.minute())
    }

    /// The days that a document covers.
    ///
    /// # Errors
    /// The message is missing (a mistake of ours).
    pub fn days(&self, document: &Document) -> anyhow::Result<String> {
        let days = [("from", self.day(document.from)), ("until", self.day(document.until))];
        self.with("rendered-days", &days)
    }

    /// When it is true: `As of 5 Nov 2026, 14:05 (Asia/Kolkata)`.
    ///
    /// # Errors
    /// The message is missing (a mistake of ours).
    pub fn as_of(&self, document: &Document) -> anyhow::Result<String> {
        let given = [("at", self.at(document.as_of)), ("zone", document.zone.clone())];
        self.with("rendered-as-of", &given)
    }

    /// For whom it is.
    ///
    /// # Errors
    /// The message is missing (a mistake of ours).
    pub fn edition(&self, document: &Document) -> anyhow::Result<String> {
        self.t(&format!("rendered-edition-{}", document.edition))
    }

    /// A value as people read it.
    pub fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Text(text) | Cell::Link(text) => text.clone(),
            Cell::Count(count) => grouped(*count),
            Cell::Money(amount) => amount.grouped(),
            Cell::Dollars(amount) => amount.to_string(),
            Cell::Hours(hours) => format!("{hours:.1}"),
            Cell::Share(share) => format!("{:.1} %", share * 100.0),
            Cell::Number(number) => format!("{number:.2}"),
            Cell::Day(day) => self.day(*day),
            Cell::At(at) => self.at(*at),
            Cell::Nothing(why) if why.is_empty() => "–".to_owned(),
            Cell::Nothing(why) => why.clone(),
        }
    }
}

/// A number with Indian grouping.
fn grouped(count: u64) -> String {
    let rupees = i64::try_from(count).unwrap_or(i64::MAX);
    Paise::from_rupees(rupees).grouped().trim_start_matches('₹').to_owned()
}

/// At most so many decimals, and no noughts at their end.
pub(super) fn decimals(number: f64, most: usize) -> String {
    let text = format!("{number:.most$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Whether a value stands to the right, with its digits under one another.
pub(super) const fn is_numeric(cell: &Cell) -> bool {
    match cell {
        Cell::Count(_)
        | Cell::Money(_)
        | Cell::Dollars(_)
        | Cell::Hours(_)
        | Cell::Share(_)
        | Cell::Number(_) => true,
        Cell::Text(_) | Cell::Day(_) | Cell::At(_) | Cell::Link(_) | Cell::Nothing(_) => false,
    }
}

/// Which columns of a section's table hold numbers.
pub(super) fn numeric_columns(section: &Section) -> Vec<bool> {
    let table = &section.table;
    let rows = || table.rows.iter().chain(&table.total);
    let of = |n: usize| rows().filter_map(move |row| row.get(n));
    (0..table.columns.len()).map(|n| of(n).any(is_numeric)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_say_nothing_more() {
        let said = [(12.0, 1), (12.25, 1), (0.05, 1), (-0.01, 1), (3.456, 2), (100.0, 0)];
        let said = said.map(|(number, most)| decimals(number, most));
        assert_eq!(said, ["12", "12.2", "0.1", "0", "3.46", "100"]);
        assert_eq!(grouped(1_234_567), "12,34,567");
    }
}
