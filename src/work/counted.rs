//! What the sums tell of every bank, whichever is asked for: how many tags, and how many requests fell
//! due.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Ctx, report::Asked};
use crate::{
    domain::{
        history::day_start,
        ids::BankCode,
        measures::{Due, Sum as _, Tally, day_at, instants},
        time::Timestamp,
    },
    store::BankDay,
};

/// The days that are asked for, as instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) from: Timestamp,
    /// Not in them any more; never in the future.
    pub(super) until: Timestamp,
}

impl Days {
    pub(super) async fn of(ctx: &Ctx, asked: &Asked) -> anyhow::Result<Self> {
        let start = |day: Date| day_start(day, ctx.limits.calendar().zone());
        let now = ctx.store.clock().await?;
        let until = start(asked.until.tomorrow()?).unwrap_or(now).min(now);
        let from = start(asked.from).unwrap_or(until).min(until);
        Ok(Self { from, until })
    }
}

/// Sums of days.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) days: Days,
    banks: BTreeMap<BankCode, (u64, Due)>,
}

impl Counted {
    /// Of days whose sums are not at hand.
    pub(super) async fn read(ctx: &Ctx, days: Days) -> anyhow::Result<Self> {
        let zone = ctx.limits.calendar().zone();
        let numbers = (day_at(days.from, zone), day_at(days.until, zone));
        Self::of(ctx, days, &ctx.store.tally_days(numbers, None).await?).await
    }

    /// Of these sums; what lies beyond the days is passed over. On the last day not every request
    /// has fallen due that will: these are counted from the rows.
    pub(super) async fn of(
        ctx: &Ctx,
        days: Days,
        tallies: &[(BankDay, Tally)],
    ) -> anyhow::Result<Self> {
        let zone = ctx.limits.calendar().zone();
        let mut banks: BTreeMap<BankCode, (u64, Due)> = BTreeMap::new();
        let (mut part, mut last) = (days.until, Vec::new());
        for ((day, bank), tally) in tallies {
            let (start, end) = instants(*day, zone);
            if end <= days.from || start >= days.until {
                continue;
            }
            let of = banks.entry(bank.clone()).or_default();
            of.0 += tally.tags.tags;
            if end <= days.until {
                of.1.add(&tally.due);
            } else if !tally.due.is_zero() {
                part = start;
                last.push(bank.clone());
            }
        }
        for (bank, due) in ctx.store.fell_due(part, days.until, &last).await? {
            banks.entry(bank).or_default().1.add(&due);
        }
        Ok(Self { days, banks })
    }

    /// Each bank with its tags and requests.
    pub(super) fn banks(&self) -> impl Iterator<Item = (&BankCode, u64, &Due)> {
        self.banks.iter().map(|(bank, (tags, due))| (bank, *tags, due))
    }

    /// How many tags went out, about one bank or any.
    pub(super) fn tags(&self, bank: Option<&BankCode>) -> u64 {
        let of = self.banks().filter(|(one, ..)| bank.is_none_or(|bank| bank == *one));
        of.map(|(_, tags, _)| tags).sum()
    }

    /// How many requests fell due.
    pub(super) fn due(&self) -> u64 {
        self.banks().map(|(.., due)| due.requests).sum()
    }
}
