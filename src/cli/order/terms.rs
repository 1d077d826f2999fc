//! The file that an order is drafted from. Everything in it is a bound and must be written:
//! nothing has a default, for nothing is implied in an authority.

use std::path::Path;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::super::{failure::Failure, times::instant};
use crate::domain::{
    bank::Directory,
    canonical::Hash,
    escalation::EscalationKind,
    ids::{AccountName, BankCode},
    money::Paise,
    order::Terms,
    time::Timestamp,
    wording::Templates,
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

    /// The order's name and terms, checked against the directory, the templates and the clock.
    /// What is signed are hashes: a template that is changed later is none that the order allows.
    pub(super) fn terms(
        self,
        banks: &Directory,
        templates: &Templates,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<(String, Terms), Failure> {
        let name = self.name.trim().to_owned();
        let empty = [
            (name.is_empty(), "name"),
            (self.banks.is_empty(), "banks"),
            (self.kinds.is_empty(), "kinds"),
            (self.accounts.is_empty(), "accounts"),
            (self.templates.is_empty(), "templates"),
        ];
        if let Some((_, key)) = empty.iter().find(|(is, _)| *is) {
            return Err(Failure::usage(format!("{key} is empty: such an order allows nothing")));
        }
        let expires_at = instant(&self.expires_at, now, zone)?;
        if expires_at <= now {
            return Err(Failure::usage("expires_at has passed: such an order allows nothing"));
        }
        let known =
            self.banks.iter().map(|bank| bank_code(banks, bank)).collect::<Result<_, _>>()?;
        let terms = Terms {
            banks: known,
            kinds: self.kinds,
            accounts: self.accounts,
            minimum_amount: Paise::from_rupees(i64::from(self.minimum_rupees)),
            minimum_overdue_hours: self.minimum_overdue_hours,
            templates: template_hashes(templates, &self.templates)?,
            per_bank_day: self.per_bank_day,
            per_day: self.per_day,
            per_hour: self.per_hour,
            expires_at,
        };
        Ok((name, terms))
    }
}

fn bank_code(banks: &Directory, text: &str) -> Result<BankCode, Failure> {
    if text == "*" {
        return Ok(BankCode::new("*"));
    }
    let found = banks.by_code(text).filter(|code| code.as_str() == text.trim().to_uppercase());
    found.ok_or_else(|| {
        let into =
            banks.by_code(text).map_or_else(String::new, |code| format!(" (it is {code} now)"));
        Failure::usage(format!("there is no bank {text:?}{into}; `takaza banks list` has them"))
    })
}

/// Templates by their names (`en/tag.long.txt`), by hash, or `*` for all as they are now.
fn template_hashes(templates: &Templates, wanted: &[String]) -> Result<Vec<Hash>, Failure> {
    let mut hashes = Vec::new();
    for text in wanted {
        let named = templates.hashes().filter(|(name, _)| text == "*" || name == text);
        let mut found: Vec<Hash> = named.map(|(_, hash)| hash).collect();
        found.extend(Hash::parse(text));
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "there is no template {text:?}; `takaza order templates` has them"
            )));
        }
        hashes.extend(found.into_iter().filter(|hash| !hashes.contains(hash)).collect::<Vec<_>>());
    }
    Ok(hashes)
}
