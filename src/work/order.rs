//! What a standing order is drafted from, whoever writes it down: a file or a form. Everything in it
//! is a bound and must be written: nothing has a default, for nothing is implied in an authority.

use jiff::SignedDuration;

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

/// The terms as a person wrote them.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The name people will call it by.
    pub name: String,
    /// Codes, or `*` for every bank.
    pub banks: Vec<String>,
    /// What it may say.
    pub kinds: Vec<EscalationKind>,
    /// The accounts it may post from.
    pub accounts: Vec<AccountName>,
    /// The smallest amount, in rupees.
    pub minimum_rupees: u32,
    /// The smallest overdue age, in hours.
    pub minimum_overdue_hours: u32,
    /// Names of templates, their hashes, or `*` for all as they are now.
    pub templates: Vec<String>,
    /// Clearances of one bank in any 24 hours.
    pub per_bank_day: u32,
    /// Clearances in any 24 hours.
    pub per_day: u32,
    /// Clearances in any hour.
    pub per_hour: u32,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What the terms are checked against.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The banks.
    pub banks: &'a Directory,
    /// The templates as they are now.
    pub templates: &'a Templates,
    /// The unit's accounts that are not revoked.
    pub accounts: &'a [AccountName],
    /// The longest that an order of this unit is in force (`orders.longest`).
    pub longest: SignedDuration,
    /// The time.
    pub now: Timestamp,
}

/// A part of the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The name.
    Name,
    /// The banks.
    Banks,
    /// The kinds.
    Kinds,
    /// The accounts.
    Accounts,
    /// The templates.
    Templates,
    /// The end.
    ExpiresAt,
}

impl Part {
    /// Its key in a file and in a form.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Banks => "banks",
            Self::Kinds => "kinds",
            Self::Accounts => "accounts",
            Self::Templates => "templates",
            Self::ExpiresAt => "expires_at",
        }
    }
}

/// What is wrong with the terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A part is empty.
    #[error("{} is empty: such an order allows nothing", .0.key())]
    Empty(Part),
    /// The end has passed.
    #[error("expires_at has passed: such an order allows nothing")]
    Passed,
    /// The end lies too far away.
    #[error(
        "expires_at lies too far away: an order of this unit ends within {} days (orders.longest) and is then signed anew",
        .days
    )]
    TooLong {
        /// The longest, in whole days.
        days: i64,
    },
    /// There is no such account, or it is revoked.
    #[error("there is no account {0}; `takaza account list` has them")]
    NoAccount(AccountName),
    /// There is no such bank, or another one answers for it now.
    #[error("there is no bank {code:?}{}; `takaza banks list` has them", now(.into.as_ref()))]
    NoBank {
        /// As it was written.
        code: String,
        /// The bank that answers for it.
        into: Option<BankCode>,
    },
    /// There is no such template.
    #[error("there is no template {0:?}; `takaza order templates` has them")]
    NoTemplate(String),
}

fn now(into: Option<&BankCode>) -> String {
    into.map_or_else(String::new, |code| format!(" (it is {code} now)"))
}

impl Fault {
    /// The part of the terms that it is about.
    pub const fn part(&self) -> Part {
        match self {
            Self::Empty(part) => *part,
            Self::Passed | Self::TooLong { .. } => Part::ExpiresAt,
            Self::NoAccount(_) => Part::Accounts,
            Self::NoBank { .. } => Part::Banks,
            Self::NoTemplate(_) => Part::Templates,
        }
    }
}

impl Asked {
    /// The order's name and terms, checked against what is known.
    /// What is signed are hashes: a template that is changed later is none that the order allows.
    ///
    /// # Errors
    /// Everything that is wrong, at most once for each part.
    pub fn terms(self, against: Known<'_>) -> Result<(String, Terms), Vec<Fault>> {
        let Known { banks, templates, accounts, longest, now } = against;
        let name = self.name.trim().to_owned();
        let empty = [
            (name.is_empty(), Part::Name),
            (self.banks.is_empty(), Part::Banks),
            (self.kinds.is_empty(), Part::Kinds),
            (self.accounts.is_empty(), Part::Accounts),
            (self.templates.is_empty(), Part::Templates),
        ];
        let empty = empty.iter().filter(|(is, _)| *is).map(|(_, part)| Fault::Empty(*part));
        let mut faults: Vec<Fault> = empty.collect();
        if self.expires_at <= now {
            faults.push(Fault::Passed);
        } else if self.expires_at.since(now) > longest {
            faults.push(Fault::TooLong { days: longest.as_hours() / 24 });
        }
        let unknown = self.accounts.iter().find(|account| !accounts.contains(account));
        faults.extend(unknown.cloned().map(Fault::NoAccount));
        let known: Result<Vec<BankCode>, Fault> =
            self.banks.iter().map(|bank| bank_code(banks, bank)).collect();
        let hashes = template_hashes(templates, &self.templates);
        match (known, hashes) {
            (Ok(banks), Ok(templates)) if faults.is_empty() => {
                let terms = Terms {
                    banks,
                    kinds: self.kinds,
                    accounts: self.accounts,
                    minimum_amount: Paise::from_rupees(i64::from(self.minimum_rupees)),
                    minimum_overdue_hours: self.minimum_overdue_hours,
                    templates,
                    per_bank_day: self.per_bank_day,
                    per_day: self.per_day,
                    per_hour: self.per_hour,
                    expires_at: self.expires_at,
                };
                Ok((name, terms))
            }
            (banks, templates) => {
                faults.extend(banks.err().into_iter().chain(templates.err()));
                Err(faults)
            }
        }
    }
}

fn bank_code(banks: &Directory, text: &str) -> Result<BankCode, Fault> {
    if text == "*" {
        return Ok(BankCode::new("*"));
    }
    let found = banks.by_code(text).filter(|code| code.as_str() == text.trim().to_uppercase());
    found.ok_or_else(|| Fault::NoBank { code: text.to_owned(), into: banks.by_code(text) })
}

/// Templates by their names (`en/tag.long.txt`), by hash, or `*` for all as they are now.
fn template_hashes(templates: &Templates, wanted: &[String]) -> Result<Vec<Hash>, Fault> {
    let mut hashes = Vec::new();
    for text in wanted {
        let named = templates.hashes().filter(|(name, _)| text == "*" || name == text);
        let mut found: Vec<Hash> = named.map(|(_, hash)| hash).collect();
        found.extend(Hash::parse(text));
        if found.is_empty() {
            return Err(Fault::NoTemplate(text.clone()));
        }
        hashes.extend(found.into_iter().filter(|hash| !hashes.contains(hash)).collect::<Vec<_>>());
    }
    Ok(hashes)
}
