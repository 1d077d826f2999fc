//! The bank directory: codes, names, classes, mergers, and branch codes that belong to another
//! bank than their prefix says.
//!
//! A row about the wrong bank becomes a public accusation of the wrong bank. So whatever cannot be
//! resolved to exactly one bank resolves to none, and a broken directory does not load.

mod lists;

use std::collections::HashMap;

use super::{action::spelled, ids::BankCode, platform::Language, spelling};

/// `banks.csv` as compiled in.
pub const BANKS: &str = include_str!("../../config/banks.csv");
/// `ifsc_sublets.csv` as compiled in.
pub const SUBLETS: &str = include_str!("../../config/ifsc_sublets.csv");
/// `invented_banks.csv` as compiled in: banks that do not exist, for the demo and for tests.
pub const INVENTED_BANKS: &str = include_str!("../../config/invented_banks.csv");

spelled! {
    /// What sort of bank it is, after the lists of RBI and NPCI.
    BankClass {
        /// Owned by the state.
        Public = "public",
        /// A private-sector bank.
        Private = "private",
        /// A branch or subsidiary of a foreign bank.
        Foreign = "foreign",
        /// A small finance bank.
        SmallFinance = "small_finance",
        /// A payments bank.
        Payments = "payments",
        /// A regional rural bank.
        RegionalRural = "regional_rural",
        /// A local area bank.
        LocalArea = "local_area",
        /// A state co-operative bank.
        StateCoOperative = "state_co_operative",
        /// A district central co-operative bank.
        DistrictCoOperative = "district_co_operative",
        /// An urban co-operative bank.
        UrbanCoOperative = "urban_co_operative",
        /// Known only from the list of branch codes under another bank's prefix.
        Unlisted = "unlisted",
    }
}

/// One bank of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// Its code: the first four letters of its own branch codes.
    pub code: BankCode,
    /// Its English name.
    pub name_en: String,
    /// Its Hindi name, where one is known.
    pub name_hi: Option<String>,
    /// What sort of bank it is.
    pub class: BankClass,
    /// The bank it went into, where it no longer stands alone.
    pub merged_into: Option<BankCode>,
}

/// Why a directory does not load. `table` names the list, `line` the line in it (the heading is
/// line 1).
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A line is not of the expected form.
    #[error("{table}, line {line}: {problem}")]
    Line {
        /// Which list.
        table: &'static str,
        /// Which line.
        line: u64,
        /// What is wrong, and what is expected.
        problem: String,
    },
}

/// Where a branch code under another bank's prefix leads.
#[derive(Debug, Clone)]
enum Sublet {
    Bank(BankCode),
    /// A bank without a code of its own: known not to be the prefix's bank, and no more.
    Nameless,
}

/// All banks that an action can be about.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    banks: HashMap<BankCode, Bank>,
    /// `None` where two banks bear the name.
    names: HashMap<String, Option<BankCode>>,
    branches: HashMap<String, Sublet>,
    prefixes: HashMap<String, Sublet>,
}

impl Directory {
    /// Builds the directory from the text of `banks.csv` and `ifsc_sublets.csv`.
    ///
    /// # Errors
    /// Names the list, the line and what is wrong: an unknown column or class, a code that is not
    /// four letters, a code given twice, a merger into an unknown bank or in a circle.
    pub fn new(banks: &str, sublets: &str) -> Result<Self, DirectoryError> {
        let mut directory = Self::default();
        directory.add_banks("banks.csv", banks)?;
        directory.add_sublets("ifsc_sublets.csv", sublets)?;
        directory.index_names();
        Ok(directory)
    }

    /// The directory that is compiled in, without the invented banks.
    ///
    /// # Errors
    /// As [`Directory::new`]; a test keeps the compiled-in lists sound.
    pub fn compiled_in() -> Result<Self, DirectoryError> {
        Self::new(BANKS, SUBLETS)
    }

    /// This directory with the banks of `invented_banks.csv` added.
    ///
    /// # Errors
    /// As [`Directory::new`].
    pub fn with_invented(mut self, banks: &str) -> Result<Self, DirectoryError> {
        self.add_banks("invented_banks.csv", banks)?;
        self.index_names();
        Ok(self)
    }

    /// The bank of this code, as it stands in the list: a merged bank too.
    pub fn bank(&self, code: &BankCode) -> Option<&Bank> {
        self.banks.get(code)
    }

    /// Every bank, in order of code.
    pub fn banks(&self) -> Vec<&Bank> {
        let mut banks: Vec<&Bank> = self.banks.values().collect();
        banks.sort_by(|one, other| one.code.cmp(&other.code));
        banks
    }

    /// The banks whose code or name holds a text, in order of code; also the one that the text, as a
    /// branch code or another spelling of a name, leads to. Every bank for an empty text.
    pub fn search(&self, text: &str) -> Vec<&Bank> {
        let part = text.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&part);
        let led_to = self.by_ifsc(text).or_else(|| self.by_name(text));
        let mut found = self.banks();
        found.retain(|bank| {
            holds(bank.code.as_str())
                || holds(&bank.name_en)
                || bank.name_hi.as_ref().is_some_and(|name| holds(name))
                || led_to.as_ref() == Some(&bank.code)
        });
        found
    }

    /// A bank's name in a language: the English one where no Hindi one is known, the code where the
    /// directory does not know the bank.
    pub fn name(&self, code: &BankCode, language: Language) -> String {
        let Some(bank) = self.banks.get(code) else { return code.to_string() };
        match (language, &bank.name_hi) {
            (Language::Hi, Some(name)) => name.clone(),
            _ => bank.name_en.clone(),
        }
    }

    /// The bank that answers today for what `code` names: mergers followed to their end. A code
    /// that the directory does not know comes back as it is.
    pub fn resolve(&self, code: &BankCode) -> BankCode {
        let mut at = code;
        // No chain is longer than the directory; more steps would be a circle.
        for _ in 0..self.banks.len() {
            match self.banks.get(at).and_then(|bank| bank.merged_into.as_ref()) {
                Some(next) => at = next,
                None => break,
            }
        }
        at.clone()
    }

    /// The bank that answers today for exactly this code, in any letters; `None` for an unknown code.
    pub fn answers_for(&self, code: &str) -> Option<BankCode> {
        let code = BankCode::new(code.trim().to_uppercase());
        self.banks.contains_key(&code).then(|| self.resolve(&code))
    }

    /// The bank of this code, in any letters and with spaces around it, mergers followed; also
    /// the owner of a whole prefix that is not its code. `None` for an unknown code.
    pub fn by_code(&self, text: &str) -> Option<BankCode> {
        let code = code(text)?;
        match self.prefixes.get(code.as_str()) {
            Some(Sublet::Bank(owner)) => Some(self.resolve(owner)),
            Some(Sublet::Nameless) => None,
            None => self.banks.contains_key(&code).then(|| self.resolve(&code)),
        }
    }

    /// The bank that a branch code belongs to: the longest entry of the sublets first, then the
    /// prefix, then mergers. `None` for what is not a branch code, for an unknown prefix, and for
    /// a branch of a bank that has no code of its own (it is not the prefix's bank).
    pub fn by_ifsc(&self, text: &str) -> Option<BankCode> {
        let ifsc = branch_code(text)?;
        let longest = (4..=ifsc.len()).rev().find_map(|n| self.prefixes.get(&ifsc[..n]));
        match self.branches.get(&ifsc).or(longest) {
            Some(Sublet::Bank(code)) => Some(self.resolve(code)),
            Some(Sublet::Nameless) => None,
            None => self.by_code(&ifsc[..4]),
        }
    }

    /// The bank whose prefix a branch code bears, mergers followed, whoever owns the branch. Only
    /// to tell whether a name beside the code was taken from the prefix.
    pub fn by_prefix(&self, ifsc: &str) -> Option<BankCode> {
        self.by_code(&branch_code(ifsc)?[..4])
    }

    /// The bank of this name, English or Hindi, mergers followed. `None` for an unknown name and
    /// for one that two banks bear.
    pub fn by_name(&self, name: &str) -> Option<BankCode> {
        self.names.get(&spelling::label(name)).cloned().flatten()
    }

    fn index_names(&mut self) {
        let mut names: HashMap<String, Option<BankCode>> = HashMap::new();
        for bank in self.banks.values() {
            let code = self.resolve(&bank.code);
            for name in std::iter::once(&bank.name_en).chain(&bank.name_hi) {
                names
                    .entry(spelling::label(name))
                    .and_modify(|known| *known = known.take().filter(|known| *known == code))
                    .or_insert_with(|| Some(code.clone()));
            }
        }
        self.names = names;
    }
}

/// A branch code in capitals: four letters, a zero, six letters or digits (RBI's form of the
/// IFSC). `None` for anything else.
fn branch_code(text: &str) -> Option<String> {
    let ifsc = spelling::clean(text).to_ascii_uppercase();
    (ifsc.len() == 11 && is_start_of_branch_code(&ifsc)).then_some(ifsc)
}

fn is_start_of_branch_code(text: &str) -> bool {
    (4..=11).contains(&text.len())
        && text.bytes().enumerate().all(|(at, byte)| match at {
            0..4 => byte.is_ascii_uppercase(),
            4 => byte == b'0',
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        })
}

fn code(text: &str) -> Option<BankCode> {
    let text = spelling::clean(text).to_ascii_uppercase();
    (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_uppercase()))
        .then(|| BankCode::new(text))
}

#[cfg(test)]
mod tests;
