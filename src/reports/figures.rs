//! What a report is made of: the sums of its days and what stands beside them, gathered by whoever
//! asks the ledger and the case source.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use crate::domain::{
    cost::MicroDollars,
    ids::{AccountName, BankCode, OrderId},
    measures::{DayFigures, Requests, Ripe, Sum as _, Tally, day_number, instants},
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

/// Everything that the sections of a report are made of.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The sums of each bank's day that was asked for, in the days' order.
    pub days: Vec<(Date, BankCode, Tally)>,
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

/// One bank's sums.
#[derive(Debug, Clone, Default)]
pub struct OfBank {
    /// All of them.
    pub tally: Tally,
    /// How fast it acts on requests for a lien or a hold.
    pub ripe: Ripe,
}

impl Figures {
    /// The sums of all days and banks.
    pub fn total(&self) -> Tally {
        let mut all = Tally::default();
        self.days.iter().for_each(|(_, _, tally)| all.add(tally));
        all
    }

    /// How fast banks act on some of their requests.
    pub fn ripe(&self, of: impl Fn(&Tally) -> &Requests) -> Ripe {
        let mut ripe = Ripe::default();
        for (day, _, tally) in &self.days {
            ripe.add(of(tally), self.since(*day));
        }
        ripe
    }

    /// The sums of each calendar month, as `2026-11`.
    pub fn by_month(&self) -> BTreeMap<String, Tally> {
        let mut months: BTreeMap<String, Tally> = BTreeMap::new();
        for (day, _, tally) in &self.days {
            months.entry(month(*day)).or_default().add(tally);
        }
        months
    }

    /// The sums of each bank.
    pub fn by_bank(&self) -> BTreeMap<&BankCode, OfBank> {
        let mut banks: BTreeMap<&BankCode, OfBank> = BTreeMap::new();
        for (day, bank, tally) in &self.days {
            let of = banks.entry(bank).or_default();
            of.tally.add(tally);
            of.ripe.add(&tally.money, self.since(*day));
        }
        banks
    }

    /// A bank's name.
    pub fn name(&self, bank: &BankCode) -> String {
        self.names.get(bank).cloned().unwrap_or_else(|| bank.to_string())
    }

    /// The same without the days after one.
    #[must_use]
    pub fn until(&self, last: Date) -> Self {
        let days = self.days.iter().filter(|(day, _, _)| *day <= last).cloned().collect();
        Self { days, ..self.clone() }
    }

    /// How much time has passed since the end of a day.
    fn since(&self, day: Date) -> jiff::SignedDuration {
        self.as_of.since(instants(day_number(day), &self.zone).1)
    }
}

/// The month of a day, as `2026-11`.
pub fn month(day: Date) -> String {
    day.strftime("%Y-%m").to_string()
}
