//! A rehearsal for the terminal.

use std::{collections::BTreeSet, fmt};

use jiff::tz::TimeZone;

use super::{Regret, Rehearsal, Tag};
use crate::domain::{money::Paise, order::MINIMUM_REHEARSED_DAYS, time::Timestamp};

const HEADINGS: [&str; 6] = ["when", "bank", "actions", "cases", "at least", "regret"];

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let day = |at: Timestamp| at.in_zone(&zone).strftime("%-d %b %Y").to_string();
        writeln!(f, "From {} until {} ({})", day(self.from), day(self.until), self.zone)?;
        writeln!(f, "{}", self.observed())?;
        if !self.tags.is_empty() {
            writeln!(f)?;
            self.table(f, &zone)?;
        }
        writeln!(f, "\n{}", self.summary())
    }
}

impl Rehearsal {
    /// The whole outcome in one line.
    pub fn in_a_line(&self) -> String {
        let summary = self.summary();
        let posted = summary.lines().next().unwrap_or_default().trim_end_matches('.');
        let regrets = plural(self.regrets().count() as u32, "regret", "regrets");
        let (seen, days) = (self.days_observed, plural(self.days, "day", "days"));
        format!("{seen} of {days} observed. {posted}; {regrets}.")
    }

    fn observed(&self) -> String {
        let (seen, days) = (self.days_observed, plural(self.days, "day", "days"));
        let observed = format!("{seen} of {days} observed");
        match MINIMUM_REHEARSED_DAYS.saturating_sub(seen) {
            0 => format!("{observed}."),
            lacks => format!(
                "{observed}. An order is signed on {MINIMUM_REHEARSED_DAYS} at least: gather {lacks} more with `takaza serve --shadow`."
            ),
        }
    }

    fn table(&self, f: &mut fmt::Formatter<'_>, zone: &TimeZone) -> fmt::Result {
        let rows: Vec<[String; 6]> = self.tags.iter().map(|tag| tag.cells(zone)).collect();
        let headings = HEADINGS.map(str::to_owned);
        let width = |n: usize| {
            let cells = rows.iter().chain([&headings]).map(|cells| cells[n].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        for cells in [&headings].into_iter().chain(&rows) {
            let [when, bank, actions, cases, amount, regret] = cells;
            let [w_when, w_bank, w_actions, w_cases, w_amount, _] = widths;
            let line = format!(
                "  {when:>w_when$}  {bank:w_bank$}  {actions:>w_actions$}  {cases:>w_cases$}  {amount:>w_amount$}  {regret}"
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let banks: BTreeSet<_> = self.tags.iter().map(|tag| &tag.bank).collect();
        let amount: Paise = self.tags.iter().map(|tag| tag.amount_at_least).sum();
        let mut lines = vec![match self.tags.len() {
            0 => "The order would have posted nothing.".to_owned(),
            n => format!(
                "The order would have posted {} about {}, {} at least.",
                plural(n as u32, "tag", "tags"),
                plural(banks.len() as u32, "bank", "banks"),
                amount.grouped()
            ),
        }];
        for charge in &self.charges {
            lines.push(format!(
                "On {} that would have cost {} by today's price list ({}).",
                charge.platform,
                charge.cost,
                plural(charge.texts, "text", "texts")
            ));
        }
        let regrets = self.regrets().count() as u32;
        if regrets > 0 {
            let already = self.regrets().filter(|(_, regret)| regret.already_acted > 0).count();
            lines.push(format!(
                "{}: in {already} of them the bank had already acted on a part, and the case database did not know it yet.",
                plural(regrets, "regret", "regrets")
            ));
        } else if !self.tags.is_empty() {
            lines.push("No regrets.".to_owned());
        }
        if self.left_to_people > 0 {
            let more = plural(self.left_to_people, "more tag", "more tags");
            lines.push(format!("{more} would have waited for an approver."));
        }
        if self.avoided > 0 {
            let avoided = plural(self.avoided, "tag was", "tags were");
            lines.push(format!("{avoided} avoided: the bank acted first."));
        }
        lines.join("\n")
    }
}

impl Tag {
    fn cells(&self, zone: &TimeZone) -> [String; 6] {
        [
            self.at.in_zone(zone).strftime("%-d %b, %H:%M").to_string(),
            self.bank_name.clone(),
            self.actions.to_string(),
            self.cases.to_string(),
            self.amount_at_least.grouped(),
            self.regret.map(|regret| regret.to_string()).unwrap_or_default(),
        ]
    }
}

impl fmt::Display for Regret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.already_acted, self.acted_soon) {
            (already, 0) => write!(f, "{already} already acted on"),
            (0, soon) => write!(f, "{soon} acted on within the hour"),
            (already, soon) => {
                write!(f, "{already} already acted on, {soon} more within the hour")
            }
        }
    }
}

fn plural(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
