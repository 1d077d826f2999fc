//! The file that an order is drafted from. Everything in it is a bound and must be written:
//! nothing has a default, for nothing is implied in an authority.

use std::path::Path;

use serde::Deserialize;

use super::super::{failure::Failure, times::instant};
use crate::{
    domain::{escalation::EscalationKind, ids::AccountName, order::Terms},
    work::{
        Ctx,
        order::{Asked, Fault, Known},
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderFile {
    name: String,
    banks: Vec<String>,
    kinds: Vec<EscalationKind>,
    accounts: Vec<AccountName>,
    minimum_rupees: u32,
    minimum_overdue_hours: u32,
    templates: Vec<String>,
    per_bank_day: u32,
    per_day: u32,
    per_hour: u32,
    expires_at: String,
}

impl OrderFile {
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, Failure> {
        toml::from_str(text).map_err(|error| {
            // The error quotes the line and points at it.
            Failure::usage(format!("{} is no order:\n{error}", file.display()))
        })
    }

    /// The order's name and terms, or everything that is wrong with them.
    pub(super) async fn terms(self, ctx: &Ctx) -> Result<(String, Terms), Failure> {
        let now = ctx.clock.now();
        let asked = Asked {
            expires_at: instant(&self.expires_at, now, ctx.limits.calendar().zone())?,
            name: self.name,
            banks: self.banks,
            kinds: self.kinds,
            accounts: self.accounts,
            minimum_rupees: self.minimum_rupees,
            minimum_overdue_hours: self.minimum_overdue_hours,
            templates: self.templates,
            per_bank_day: self.per_bank_day,
            per_day: self.per_day,
            per_hour: self.per_hour,
        };
        let accounts = ctx.store.accounts().await?.into_iter().filter(|row| !row.revoked);
        let accounts: Vec<AccountName> = accounts.map(|row| row.account.name).collect();
        let known = Known {
            banks: &ctx.banks,
            templates: &ctx.templates,
            accounts: &accounts,
            longest: ctx.config.orders.longest,
            now,
        };
        asked.terms(known).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
            Failure::usage(faults.join("\n"))
        })
    }
}
