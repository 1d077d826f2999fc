//! The bank directory: codes, names, classes, mergers, and branch codes that belong to another
//! bank than their prefix says.
//!
//! A row about the wrong bank becomes a public accusation of the wrong bank. So whatever cannot be
//! resolved to exactly one bank resolves to none, and a broken directory does not load.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::{action::spelled, ids::BankCode, spelling};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankLine {
    bank_code: String,
    name_en: String,
    name_hi: String,
    class: String,
    #[serde(default)]
    merged_into: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubletLine {
    ifsc: String,
    bank_code: String,
    name_en: String,
    r#match: String,
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

    fn add_banks(&mut self, table: &'static str, text: &str) -> Result<(), DirectoryError> {
        let mut mergers = Vec::new();
        for row in lines::<BankLine>(table, text) {
            let (line, row) = row?;
            let fail = |problem: String| DirectoryError::Line { table, line, problem };
            let code = code(&row.bank_code).ok_or_else(|| fail(not_a_code(&row.bank_code)))?;
            let class = BankClass::parse(&row.class)
                .ok_or_else(|| fail(format!("the class {:?} is not known", row.class)))?;
            let merged_into = match row.merged_into.as_str() {
                "" => None,
                into => Some(self::code(into).ok_or_else(|| fail(not_a_code(into)))?),
            };
            if merged_into.is_some() {
                mergers.push((line, code.clone()));
            }
            let name_hi = Some(spelling::clean(&row.name_hi)).filter(|name| !name.is_empty());
            let name_en = spelling::clean(&row.name_en);
            if name_en.is_empty() {
                return Err(fail("the bank has no English name".into()));
            }
            let bank = Bank { code: code.clone(), name_en, name_hi, class, merged_into };
            if self.banks.insert(code.clone(), bank).is_some() {
                return Err(fail(format!("the code {code} stands in the lists twice")));
            }
        }
        mergers.into_iter().try_for_each(|(line, code)| self.check_merger(table, line, &code))
    }

    fn check_merger(
        &self,
        table: &'static str,
        line: u64,
        code: &BankCode,
    ) -> Result<(), DirectoryError> {
        let fail = |problem: String| DirectoryError::Line { table, line, problem };
        let mut seen = HashSet::from([code]);
        let mut at = code;
        while let Some(into) = self.banks.get(at).and_then(|bank| bank.merged_into.as_ref()) {
            if !self.banks.contains_key(into) {
                return Err(fail(format!("{at} went into {into}, which is not in the lists")));
            }
            if !seen.insert(into) {
                return Err(fail(format!("the mergers of {code} run in a circle at {into}")));
            }
            at = into;
        }
        Ok(())
    }

    fn add_sublets(&mut self, table: &'static str, text: &str) -> Result<(), DirectoryError> {
        for row in lines::<SubletLine>(table, text) {
            let (line, row) = row?;
            let fail = |problem: String| DirectoryError::Line { table, line, problem };
            let owner = match row.bank_code.as_str() {
                "" => Sublet::Nameless,
                text => Sublet::Bank(code(text).ok_or_else(|| fail(not_a_code(text)))?),
            };
            if let Sublet::Bank(code) = &owner {
                self.banks.entry(code.clone()).or_insert_with(|| Bank {
                    code: code.clone(),
                    name_en: spelling::clean(&row.name_en),
                    name_hi: None,
                    class: BankClass::Unlisted,
                    merged_into: None,
                });
            }
            let ifsc = spelling::clean(&row.ifsc).to_ascii_uppercase();
            let (map, sound) = match row.r#match.as_str() {
                "branch" => (&mut self.branches, branch_code(&ifsc).is_some()),
                "prefix" => (&mut self.prefixes, is_start_of_branch_code(&ifsc)),
                other => {
                    let problem = format!("match is {other:?}; write \"branch\" or \"prefix\"");
                    return Err(fail(problem));
                }
            };
            if !sound {
                return Err(fail(format!("{ifsc:?} is not a branch code or its beginning")));
            }
            if map.insert(ifsc.clone(), owner).is_some() {
                return Err(fail(format!("{ifsc} stands in the list twice")));
            }
        }
        Ok(())
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

fn not_a_code(text: &str) -> String {
    format!("{text:?} is not a bank code; write the four letters that begin its branch codes")
}

/// The rows of a list, each with its line.
fn lines<'t, T: serde::de::DeserializeOwned + 't>(
    table: &'static str,
    text: &'t str,
) -> impl Iterator<Item = Result<(u64, T), DirectoryError>> + 't {
    let mut reader =
        csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes());
    let headings = reader.headers().cloned().unwrap_or_default();
    reader.into_records().map(move |record| {
        let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
        let fail = |line: u64, error: &csv::Error| DirectoryError::Line {
            table,
            line,
            problem: error.to_string(),
        };
        let record = record.map_err(|error| fail(line(error.position()), &error))?;
        let at = line(record.position());
        record.deserialize(Some(&headings)).map(|row| (at, row)).map_err(|e| fail(at, &e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANKS: &str = "bank_code,name_en,name_hi,class,merged_into\n\
        ZPPL,Peepal Bank,पीपल बैंक,public,\n\
        ZNMN,Neem Bank,नीम बैंक,public,ZPPL\n\
        ZBRG,Bargad Bank,बरगद बैंक,public,ZNMN\n\
        ZKCH,Kachnar Sahakari Bank,,urban_co_operative,\n\
        ZPLS,Kachnar Sahakari Bank,,urban_co_operative,\n";
    const SUBLETS: &str = "ifsc,bank_code,name_en,match\n\
        ZPPL0AB,ZKCH,Kachnar Sahakari Bank,prefix\n\
        ZPPL0AB0001,ZPLS,Kachnar Sahakari Bank,branch\n\
        ZPPL0ABC,ZXXX,Champa Sahakari Bank,prefix\n\
        ZPPL0NAMELE,,Chameli Sahakari Bank,branch\n\
        ZPPL0OLD,ZBRG,Bargad Bank,prefix\n";

    fn directory() -> Directory {
        Directory::new(BANKS, SUBLETS).unwrap()
    }

    fn code(text: &str) -> Option<BankCode> {
        Some(BankCode::new(text))
    }

    /// Compared by its text, for what must not load.
    fn error(banks: &str, sublets: &str) -> String {
        Directory::new(banks, sublets).unwrap_err().to_string()
    }

    #[test]
    fn the_prefix_alone_accuses_the_wrong_bank() {
        let banks = directory();
        assert_eq!(banks.by_ifsc("ZPPL0123456"), code("ZPPL"));
        // Each of these begins with Peepal Bank's letters and is another bank's branch.
        assert_eq!(banks.by_ifsc("ZPPL0AB9999"), code("ZKCH"));
        assert_eq!(
            banks.by_ifsc("ZPPL0AB0001"),
            code("ZPLS"),
            "the whole code beats its beginning"
        );
        assert_eq!(banks.by_ifsc("ZPPL0ABC999"), code("ZXXX"), "the longer beginning wins");
        assert_eq!(banks.by_ifsc("ZPPL0NAMELE"), None, "no code of its own, so no accusation");
        assert_eq!(banks.by_prefix("ZPPL0AB9999"), code("ZPPL"));
    }

    #[test]
    fn a_sublet_of_a_merged_bank_goes_to_the_bank_it_went_into() {
        assert_eq!(directory().by_ifsc("ZPPL0OLD001"), code("ZPPL"));
    }

    #[test]
    fn a_bank_known_only_from_the_sublets_is_in_the_directory() {
        let banks = directory();
        let bank = banks.bank(&BankCode::new("ZXXX")).unwrap();
        assert_eq!(
            (bank.name_en.as_str(), bank.class),
            ("Champa Sahakari Bank", BankClass::Unlisted)
        );
    }

    #[test]
    fn only_a_whole_branch_code_resolves() {
        let banks = directory();
        assert_eq!(banks.by_ifsc(" zppl0123456\u{a0}"), code("ZPPL"));
        for text in [
            "",
            "ZPPL",
            "ZPPL0",
            "ZPPL012345",
            "ZPPL01234567",
            "ZPPL1123456",
            "Z9PL0123456",
            "ZPPL0 23456",
            "ZPPL०123456",
            "QQQQ0000001",
        ] {
            assert_eq!(banks.by_ifsc(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_resolves_in_either_script_unless_two_banks_bear_it() {
        let banks = directory();
        assert_eq!(banks.by_name("  PEEPAL   bank"), code("ZPPL"));
        assert_eq!(banks.by_name("पीपल बैंक"), code("ZPPL"));
        assert_eq!(banks.by_name("बरगद बैंक"), code("ZPPL"), "mergers are followed to their end");
        assert_eq!(banks.by_name("Kachnar Sahakari Bank"), None);
        assert_eq!(banks.by_name("Some Bank"), None);
    }

    #[test]
    fn a_broken_list_does_not_load_and_the_line_is_named() {
        let circle = "bank_code,name_en,name_hi,class,merged_into\n\
            ZPPL,Peepal Bank,,public,ZNMN\nZNMN,Neem Bank,,public,ZPPL\n";
        assert!(error(circle, SUBLETS).starts_with("banks.csv, line 2: the mergers of ZPPL"));
        let twice = "bank_code,name_en,name_hi,class,merged_into\n\
            ZPPL,Peepal Bank,,public,\nZPPL,Neem Bank,,public,\n";
        assert!(error(twice, SUBLETS).contains("line 3: the code ZPPL stands in the lists twice"));
        let lost = "bank_code,name_en,name_hi,class,merged_into\nZPPL,Peepal Bank,,public,ZNMN\n";
        assert!(error(lost, SUBLETS).contains("line 2: ZPPL went into ZNMN"));
        let class = "bank_code,name_en,name_hi,class,merged_into\nZPPL,Peepal Bank,,big,\n";
        assert!(error(class, SUBLETS).contains("line 2: the class \"big\""));
        let heading = "bank_code,name,name_hi,class,merged_into\nZPPL,Peepal Bank,,public,\n";
        assert!(error(heading, SUBLETS).contains("name_en"));
        let sublet = "ifsc,bank_code,name_en,match\nZPPL0A,ZKCH,Kachnar,branch\n";
        assert!(error(BANKS, sublet).starts_with("ifsc_sublets.csv, line 2: \"ZPPL0A\""));
    }

    #[test]
    fn the_compiled_in_lists_load_and_every_sublet_leads_to_its_owner() {
        let banks = Directory::compiled_in().unwrap().with_invented(INVENTED_BANKS).unwrap();
        assert_eq!(banks.by_name("शीशम बैंक"), code("ZSHS"));
        let mut reader = csv::Reader::from_reader(super::SUBLETS.as_bytes());
        for row in reader.deserialize::<SubletLine>() {
            let row = row.unwrap();
            if row.r#match == "branch" {
                let owner = self::code(&row.bank_code).filter(|owner| !owner.as_str().is_empty());
                let owner = owner.map(|owner| banks.resolve(&owner));
                assert_eq!(banks.by_ifsc(&row.ifsc), owner, "{}", row.ifsc);
            }
        }
    }
}
