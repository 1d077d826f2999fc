//! How one unit's spreadsheet is read: which of its columns is which column of the contract, and
//! which of its words mean what. A mapping is a TOML file; `config/mappings/example.toml` is the
//! annotated one.
//!
//! Invariant: a mapping that loads is unambiguous. No word means two kinds, no heading stands for
//! two columns, and no column outside it is ever looked at.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::times::Times;
use crate::domain::{
    action::{Kind, Status},
    ids::BankCode,
    spelling::{figures, label},
};

/// Why a mapping does not load.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The TOML is broken, a key is unknown or one is missing. Shows line and key.
    #[error("the mapping does not read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A value makes no sense. Says which and what to write.
    #[error("the mapping's {key}: {problem}")]
    Value {
        /// The key, as `table.key`.
        key: String,
        /// What is wrong, and what to write.
        problem: String,
    },
}

/// A column that the mapping names, as an index into [`Mapping::headings`].
pub(super) type Slot = usize;

/// A checked mapping.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) file: FileForm,
    /// The headings that the file must have, as the mapping spells them.
    pub(super) headings: Vec<String>,
    pub(super) fields: Fields,
    /// The cells that must be filled for a request to be *complete*.
    pub(super) filled: Vec<Slot>,
    pub(super) kinds: HashMap<String, Kind>,
    pub(super) statuses: HashMap<String, Status>,
    /// This file's own names of banks.
    pub(super) banks: HashMap<String, BankCode>,
    pub(super) layer_words: Vec<String>,
    pub(super) times: Times,
    pub(super) lakh_crore: bool,
    blanks: HashSet<String>,
    totals: Vec<String>,
}

/// Where the contract's columns stand.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub external_id: Slot,
    pub case_ref: Vec<Slot>,
    pub bank_code: Option<Slot>,
    pub ifsc: Option<Slot>,
    pub bank_name: Option<Slot>,
    pub kind: Slot,
    pub layer: Option<Slot>,
    pub disputed_amount: Option<Slot>,
    pub requested_at: Slot,
    pub delivered_at: Option<Slot>,
    pub due_at: Option<Slot>,
    pub status: Slot,
    pub acted_at: Option<Slot>,
    pub lien_amount: Option<Slot>,
    pub contacts: Option<Slot>,
    pub last_contact_at: Option<Slot>,
    pub updated_at: Option<Slot>,
}

/// The form of the file itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileForm {
    pub sheet: Option<String>,
    pub header_row: Option<u32>,
    #[serde(default = "thirty")]
    pub header_within: u32,
    #[serde(default = "comma")]
    pub delimiter: String,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    blanks: Vec<String>,
    #[serde(default)]
    totals: Vec<String>,
}

/// The encoding of a CSV file that does not begin with a byte-order mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

fn thirty() -> u32 {
    30
}

fn comma() -> String {
    ",".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    file: FileForm,
    columns: Columns,
    complete: Complete,
    kinds: BTreeMap<Kind, Vec<String>>,
    statuses: BTreeMap<Status, Vec<String>>,
    #[serde(default)]
    banks: BTreeMap<String, String>,
    #[serde(default)]
    layers: Layers,
    times: TimeForms,
    #[serde(default)]
    rupees: Rupees,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    external_id: String,
    case_ref: OneOrMore,
    bank_code: Option<String>,
    ifsc: Option<String>,
    bank_name: Option<String>,
    kind: String,
    layer: Option<String>,
    disputed_amount: Option<String>,
    requested_at: String,
    delivered_at: Option<String>,
    due_at: Option<String>,
    status: String,
    acted_at: Option<String>,
    lien_amount: Option<String>,
    contacts: Option<String>,
    last_contact_at: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complete {
    filled: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeForms {
    zone: String,
    formats: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rupees {
    #[serde(default)]
    lakh_crore: bool,
}

impl Mapping {
    /// Reads a mapping from the text of its TOML file.
    ///
    /// # Errors
    /// The line of what is not TOML or not a key of a mapping; the key of what contradicts itself.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let document: Document = toml::from_str(text)?;
        let mut headings = Headings::default();
        let fields = fields(&document.columns, &mut headings)?;
        let filled = headings.slots("complete.filled", &document.complete.filled)?;
        if fields.bank_code.is_none() && fields.ifsc.is_none() && fields.bank_name.is_none() {
            return wrong("columns", "give bank_code, ifsc or bank_name, or the bank is unknown");
        }
        if document.file.delimiter.len() != 1 {
            return wrong("file.delimiter", "write one ASCII character, such as \",\" or \"\\t\"");
        }
        Ok(Self {
            blanks: document.file.blanks.iter().map(|word| figures(word).to_lowercase()).collect(),
            totals: words(&document.file.totals),
            file: document.file,
            headings: headings.names,
            fields,
            filled,
            kinds: meanings("kinds", document.kinds)?,
            statuses: meanings("statuses", document.statuses)?,
            banks: bank_names(document.banks)?,
            layer_words: words(&document.layers.words),
            times: Times::new(&document.times.zone, document.times.formats)
                .or_else(|(key, problem)| wrong(&format!("times.{key}"), problem))?,
            lakh_crore: document.rupees.lakh_crore,
        })
    }

    /// The columns that only have to be filled: no field is read from them.
    pub(super) fn only_filled(&self) -> Vec<Slot> {
        let fields = &self.fields;
        let optional = [
            fields.bank_code,
            fields.ifsc,
            fields.bank_name,
            fields.layer,
            fields.disputed_amount,
            fields.delivered_at,
            fields.due_at,
            fields.acted_at,
            fields.lien_amount,
            fields.contacts,
            fields.last_contact_at,
            fields.updated_at,
        ];
        let read = |slot: &Slot| {
            [fields.external_id, fields.kind, fields.requested_at, fields.status].contains(slot)
                || fields.case_ref.contains(slot)
                || optional.contains(&Some(*slot))
        };
        self.filled.iter().copied().filter(|slot| !read(slot)).collect()
    }

    /// Whether a cell's text stands for an empty cell.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        let text = figures(text).to_lowercase();
        text.is_empty() || self.blanks.contains(&text)
    }

    /// Whether a cell's text is the label of a row of totals, alone or before something else.
    pub(super) fn is_total(&self, text: &str) -> bool {
        let label = label(text);
        self.totals.iter().any(|total| {
            label
                .strip_prefix(total.as_str())
                .is_some_and(|rest| !rest.starts_with(|c: char| !c.is_whitespace() && c != '('))
        })
    }
}

/// Collects the headings that the mapping names, each once.
#[derive(Default)]
struct Headings {
    names: Vec<String>,
    slots: HashMap<String, Slot>,
}

impl Headings {
    fn slot(&mut self, key: &str, name: &str) -> Result<Slot, MappingError> {
        let label = label(name);
        if label.is_empty() {
            return wrong(key, "the heading is empty; write it as it stands in the file");
        }
        Ok(*self.slots.entry(label).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }))
    }

    fn slots(&mut self, key: &str, names: &[String]) -> Result<Vec<Slot>, MappingError> {
        if names.is_empty() {
            return wrong(key, "name at least one column");
        }
        names.iter().map(|name| self.slot(key, name)).collect()
    }

    fn option(&mut self, key: &str, name: Option<&String>) -> Result<Option<Slot>, MappingError> {
        name.map(|name| self.slot(key, name)).transpose()
    }
}

fn fields(columns: &Columns, headings: &mut Headings) -> Result<Fields, MappingError> {
    let case_ref = match &columns.case_ref {
        OneOrMore::One(name) => std::slice::from_ref(name),
        OneOrMore::More(names) => names,
    };
    let fields = Fields {
        external_id: headings.slot("columns.external_id", &columns.external_id)?,
        case_ref: headings.slots("columns.case_ref", case_ref)?,
        bank_code: headings.option("columns.bank_code", columns.bank_code.as_ref())?,
        ifsc: headings.option("columns.ifsc", columns.ifsc.as_ref())?,
        bank_name: headings.option("columns.bank_name", columns.bank_name.as_ref())?,
        kind: headings.slot("columns.kind", &columns.kind)?,
        layer: headings.option("columns.layer", columns.layer.as_ref())?,
        disputed_amount: headings
            .option("columns.disputed_amount", columns.disputed_amount.as_ref())?,
        requested_at: headings.slot("columns.requested_at", &columns.requested_at)?,
        delivered_at: headings.option("columns.delivered_at", columns.delivered_at.as_ref())?,
        due_at: headings.option("columns.due_at", columns.due_at.as_ref())?,
        status: headings.slot("columns.status", &columns.status)?,
        acted_at: headings.option("columns.acted_at", columns.acted_at.as_ref())?,
        lien_amount: headings.option("columns.lien_amount", columns.lien_amount.as_ref())?,
        contacts: headings.option("columns.contacts", columns.contacts.as_ref())?,
        last_contact_at: headings
            .option("columns.last_contact_at", columns.last_contact_at.as_ref())?,
        updated_at: headings.option("columns.updated_at", columns.updated_at.as_ref())?,
    };
    Ok(fields)
}

/// Turns "what means this" into "what this means".
fn meanings<T: Copy + PartialEq + std::fmt::Display>(
    table: &str,
    words: BTreeMap<T, Vec<String>>,
) -> Result<HashMap<String, T>, MappingError> {
    let mut meanings = HashMap::new();
    for (meaning, words) in words {
        for word in words {
            if let Some(other) = meanings.insert(label(&word), meaning)
                && other != meaning
            {
                let problem = format!("{word:?} cannot mean both {other} and {meaning}");
                return wrong(table, problem);
            }
        }
    }
    Ok(meanings)
}

fn words(words: &[String]) -> Vec<String> {
    words.iter().map(|word| label(word)).filter(|word| !word.is_empty()).collect()
}

fn bank_names(names: BTreeMap<String, String>) -> Result<HashMap<String, BankCode>, MappingError> {
    let mut banks: HashMap<String, BankCode> = HashMap::new();
    for (name, code) in names {
        let code = BankCode::new(code);
        if let Some(other) = banks.insert(label(&name), code.clone())
            && other != code
        {
            return wrong("banks", format!("{name:?} cannot mean both {other} and {code}"));
        }
    }
    Ok(banks)
}

fn wrong<T>(key: &str, problem: impl Into<String>) -> Result<T, MappingError> {
    Err(MappingError::Value { key: key.into(), problem: problem.into() })
}
