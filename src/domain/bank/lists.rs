//! The lists that a directory is built from, line by line: a broken one does not load, and the line
//! is named.

use std::collections::HashSet;

use serde::Deserialize;

use super::{
    Bank, BankClass, BankCode, Directory, DirectoryError, Sublet, branch_code, code,
    is_start_of_branch_code, spelling,
};

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
pub(super) struct SubletLine {
    pub(super) ifsc: String,
    pub(super) bank_code: String,
    name_en: String,
    pub(super) r#match: String,
}

impl Directory {
    pub(super) fn add_banks(
        &mut self,
        table: &'static str,
        text: &str,
    ) -> Result<(), DirectoryError> {
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

    pub(super) fn add_sublets(
        &mut self,
        table: &'static str,
        text: &str,
    ) -> Result<(), DirectoryError> {
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
