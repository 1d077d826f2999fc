//! What every page says around its own content, and the words it says it in.

use std::{borrow::Borrow, fmt::Display, sync::Arc};

use axum::http::Method;
use jiff::{SignedDuration, tz::TimeZone};

use super::{gate::DESK, table};
use crate::{
    domain::{
        money::Paise,
        person::Person,
        platform::Language,
        time::{Timestamp, local},
    },
    locale::{Locale, Value},
};

/// A whole number as pages have it: by value or by reference.
pub(super) trait Number {
    /// Held at the end of the range.
    fn number(&self) -> i64;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            fn number(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        }
    )*};
}
numbers!(i64, u64, u32, usize);

impl<N: Number> Number for &N {
    fn number(&self) -> i64 {
        (**self).number()
    }
}

/// The words of one language, on the unit's own clock.
#[derive(Clone)]
pub(super) struct Words {
    locale: Arc<Locale>,
    zone: TimeZone,
    now: Timestamp,
}

impl Words {
    pub(super) const fn new(locale: Arc<Locale>, zone: TimeZone, now: Timestamp) -> Self {
        Self { locale, zone, now }
    }

    pub(super) fn language(&self) -> Language {
        self.locale.language()
    }

    /// A message. One that is missing is a mistake of ours, found by a test; the page still says
    /// what it can.
    pub(super) fn t(&self, key: &str) -> String {
        self.said(key, &[])
    }

    /// A message of our own lists, by its group and the word that the ledger has: `state-held`.
    pub(super) fn of(&self, group: &str, word: impl Display) -> String {
        self.t(&format!("{group}-{word}"))
    }

    /// A message about one thing.
    pub(super) fn with(&self, key: &str, name: &str, value: impl Display) -> String {
        self.said(key, &[(name, Value::from(value.to_string()))])
    }

    /// A message about two things.
    pub(super) fn with2(
        &self,
        key: &str,
        name: &str,
        value: impl Display,
        other: &str,
        second: impl Display,
    ) -> String {
        let second = Value::from(second.to_string());
        self.said(key, &[(name, Value::from(value.to_string())), (other, second)])
    }

    /// A message about a number `n`, which chooses between its forms.
    pub(super) fn n(&self, key: &str, n: impl Number) -> String {
        self.said(key, &[("n", Value::from(n.number()))])
    }

    /// A message about several things.
    pub(super) fn with_all(&self, key: &str, given: &[(&str, String)]) -> String {
        let given: Vec<_> =
            given.iter().map(|(name, value)| (*name, Value::from(value.as_str()))).collect();
        self.said(key, &given)
    }

    fn said(&self, key: &str, given: &[(&str, Value<'_>)]) -> String {
        self.locale.say(key, given).unwrap_or_else(|error| {
            tracing::error!("a page lacks a message: {error:#}");
            key.to_owned()
        })
    }

    /// What the ledger refuses with, or has recorded as a reason: in the reader's language where the
    /// sentence is ours, with its instants on the unit's own clock. What people wrote stays.
    pub(super) fn known(&self, text: impl AsRef<str>) -> String {
        local(&self.locale.known(text.as_ref()), &self.zone)
    }

    /// An instant on the unit's own clock, to the minute.
    pub(super) fn at(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        let zoned = at.in_zone(&self.zone);
        let month = self.t(&format!("month-{}", zoned.month()));
        let year = if zoned.year() == self.now.in_zone(&self.zone).year() {
            String::new()
        } else {
            format!(" {}", zoned.year())
        };
        format!("{} {month}{year}, {:02}:{:02}", zoned.day(), zoned.hour(), zoned.minute())
    }

    /// A day: `5 Nov`.
    pub(super) fn day(&self, date: jiff::civil::Date) -> String {
        format!("{} {}", date.day(), self.t(&format!("month-{}", date.month())))
    }

    /// The same where there may be none.
    pub(super) fn at_or_none(&self, at: impl Borrow<Option<Timestamp>>) -> String {
        at.borrow().map_or_else(|| "–".to_owned(), |at| self.at(at))
    }

    /// An instant for a `<time>`'s `datetime`, which scripts count down to.
    pub(super) fn machine(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        at.to_string()
    }

    /// How long until, or since, an instant: its two largest units.
    pub(super) fn span(&self, at: impl Borrow<Timestamp>) -> String {
        let at = *at.borrow();
        let away = at.since(self.now);
        let key = if away.is_negative() { "span-ago" } else { "span-in" };
        self.with(key, "span", self.length(away.abs()))
    }

    /// A length of time in its two largest units.
    pub(super) fn length(&self, length: impl Borrow<SignedDuration>) -> String {
        let minutes = length.borrow().as_mins();
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let parts: Vec<String> =
            [("unit-days", days), ("unit-hours", hours), ("unit-minutes", minutes)]
                .into_iter()
                .filter(|(_, n)| *n > 0)
                .take(2)
                .map(|(key, n)| self.n(key, n))
                .collect();
        if parts.is_empty() { self.t("unit-moment") } else { parts.join(" ") }
    }

    /// Rupees as people say them: `₹12.4 lakh`.
    pub(super) fn rupees(&self, amount: impl Borrow<Paise>) -> String {
        amount.borrow().in_words(self.language())
    }
}

/// What every page says around its own content.
#[derive(Clone)]
pub(super) struct Frame {
    /// Its words.
    pub(super) words: Words,
    /// Who is signed in.
    pub(super) person: Option<Person>,
    /// The token of its forms.
    pub(super) token: String,
    /// Its own address.
    pub(super) path: String,
    /// Light, dark, or as the machine has it (empty).
    pub(super) theme: String,
    /// Nothing is sent: why, and who pressed the switch.
    pub(super) closed: Option<Closed>,
    /// What the last act left to be told.
    pub(super) notice: Option<String>,
    /// Alarms that wait for somebody to take them.
    pub(super) alarms: u32,
    /// Its reader is proved by a one-time code besides the passphrase.
    pub(super) asks_code: bool,
    /// The last change that it is rendered on.
    pub(super) seen: String,
    /// Everybody here is invented.
    pub(super) demo: bool,
    /// The unit's own name.
    pub(super) unit: String,
}

/// Why nothing is sent.
#[derive(Clone)]
pub(super) struct Closed {
    /// `stopped`, `tripped` or `restored`.
    pub(super) by: &'static str,
    /// Why, in the words of whoever did it.
    pub(super) why: String,
    /// Who pressed the switch.
    pub(super) who: Option<String>,
}

/// The pages of the navigation: the address, and the message that names it.
pub(super) const PAGES: &[(&str, &str)] = &[
    ("/queue", "nav-queue"),
    ("/posts", "nav-posts"),
    ("/alarms", "nav-alarms"),
    ("/orders", "nav-orders"),
    ("/banks", "nav-banks"),
    ("/reports", "nav-reports"),
    ("/source", "nav-source"),
    ("/accounts", "nav-accounts"),
    ("/audit", "nav-audit"),
    ("/people", "nav-people"),
];

impl Frame {
    /// A message; see [`Words::t`].
    pub(super) fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The page that stands under this address in the navigation is open.
    pub(super) fn is_at(&self, page: &str) -> bool {
        self.path
            .strip_prefix(page)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// The navigation: the pages that its reader may open.
    pub(super) fn pages(&self) -> Vec<(&'static str, &'static str)> {
        let Some(person) = &self.person else { return Vec::new() };
        let open = |page: &str| {
            let mut table = table().iter();
            let row = table.find(|(method, path, _)| method == Method::GET && *path == page);
            row.is_some_and(|(_, _, allow)| allow.admits(Some(person.role)))
        };
        PAGES.iter().copied().filter(|(page, _)| open(page)).collect()
    }

    /// Whether its reader may press the stop switch.
    pub(super) fn may_stop(&self) -> bool {
        self.person.as_ref().is_some_and(|person| DESK.admits(Some(person.role)))
    }

    /// Whether it is in Hindi.
    pub(super) fn hindi(&self) -> bool {
        self.words.language() == Language::Hi
    }

    /// The language that the switch offers.
    pub(super) fn other(&self) -> Language {
        match self.words.language() {
            Language::En => Language::Hi,
            Language::Hi => Language::En,
        }
    }
}
