//! What a report is made of: the sums of its days and what stands beside them, gathered by whoever
//! asks the ledger and the case source.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date, tz::TimeZone};

use crate::domain::{
    cost::MicroDollars,
    ids::{AccountName, BankCode, OrderId},
    measures::{DayFigures, Ripe, Sum as _, Tags, Tally, day_number, instants},
    money::Paise,
    time::Timestamp,
};

/// What is overdue at a bank now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overdue {
    /// How many actions.
    pub actions: u64,
    /// Their disputed amounts together: the value of requests.
    pub amount: Paise,
}

/// The unit's own figures, as the case source gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A row a day; `set_aside` rows could not be read.
    Given {
        /// The days.
        days: Vec<DayFigures>,
        /// So many rows could not be read.
        set_aside: u64,
    },
    /// The source has none.
    None,
    /// It did not answer, and why.
    Failed(String),
}

/// A standing order's name and the caps that it may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its name.
    pub name: String,
    /// The most that it clears in 24 hours.
    pub per_day: u64,
    /// The most that it clears about one bank in 24 hours.
    pub per_bank_day: u64,
}

/// What was read of a platform on a day, and at what price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The UTC day.
    pub day: Date,
    /// The account.
    pub account: AccountName,
    /// What was read.
    pub item: String,
    /// How many resources.
    pub resources: u64,
    /// Their price.
    pub cost: MicroDollars,
}

/// Days that are older than this tell all shares within 72 hours.
pub const RIPE: SignedDuration = SignedDuration::from_hours(72);

/// The sums of some banks' days, added up once in the ways that sections ask for.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    days: Vec<(Date, BankCode, Tally)>,
    /// All of them.
    pub all: Tally,
    /// Those of each calendar month, as `2026-11`.
    pub months: BTreeMap<String, Tally>,
    /// Those of each bank.
    pub banks: BTreeMap<BankCode, OfBank>,
    /// How fast banks act on requests for a lien or a hold.
    pub money: Ripe,
    /// The same on requests for papers, footage or a return.
    pub papers: Ripe,
    /// What followed the tags of days that are older than [`RIPE`].
    pub tags: Tags,
}

/// One bank's sums.
#[derive(Debug, Clone, Default)]
pub struct OfBank {
    /// All of them.
    pub tally: Tally,
    /// How fast it acts on requests for a lien or a hold.
    pub ripe: Ripe,
}

impl Sums {
    /// Adds up banks' days, as they are at an instant.
    pub fn of(days: Vec<(Date, BankCode, Tally)>, as_of: Timestamp, zone: &TimeZone) -> Self {
        let mut sums = Self::default();
        let mut last: Option<(Date, String, SignedDuration)> = None;
        for (day, bank, tally) in &days {
            // The days come in order, and each has many banks.
            let (_, month, since) = match last.take() {
                Some(known) if known.0 == *day => last.insert(known),
                _ => last.insert((
                    *day,
                    month(*day),
                    as_of.since(instants(day_number(*day), zone).1),
                )),
            };
            sums.all.add(tally);
            match sums.months.get_mut(month) {
                Some(of) => of.add(tally),
                None => drop(sums.months.insert(month.clone(), tally.clone())),
            }
            sums.money.add(&tally.money, *since);
            sums.papers.add(&tally.papers, *since);
            if *since >= RIPE {
                sums.tags.add(&tally.tags);
            }
            let of = sums.banks.entry(bank.clone()).or_default();
            of.tally.add(tally);
            of.ripe.add(&tally.money, *since);
        }
        Self { days, ..sums }
    }

    /// Each bank's day, in the days' order.
    pub fn days(&self) -> impl Iterator<Item = &(Date, BankCode, Tally)> {
        self.days.iter()
    }
}

/// Everything that the sections of a report are made of.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The sums of the days that were asked for.
    pub sums: Sums,
    /// As of when they are true.
    pub as_of: Timestamp,
    /// The zone in which days are counted.
    pub zone: TimeZone,
    /// One bank alone was asked for.
    pub one_bank: bool,
    /// The banks' names in the report's language.
    pub names: BTreeMap<BankCode, String>,
    /// What is overdue now.
    pub overdue: BTreeMap<BankCode, Overdue>,
    /// The unit's own figures.
    pub line: Line,
    /// Every standing order.
    pub orders: Vec<Order>,
    /// What was read.
    pub readings: Vec<Reading>,
}

impl Figures {
    /// A bank's name.
    pub fn name(&self, bank: &BankCode) -> String {
        self.names.get(bank).cloned().unwrap_or_else(|| bank.to_string())
    }

    /// The same without the days after one.
    #[must_use]
    pub fn until(&self, last: Date) -> Self {
        let days = self.sums.days().filter(|(day, _, _)| *day <= last).cloned().collect();
        let sums = Sums::of(days, self.as_of, &self.zone);
        Self { sums, ..self.clone() }
    }
}

/// The month of a day, as `2026-11`.
pub fn month(day: Date) -> String {
    day.strftime("%Y-%m").to_string()
}
