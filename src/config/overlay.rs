//! Lays a unit's file over the defaults, and says of every key that does not fit where it stands
//! and which key was perhaps meant.
//!
//! One deserialisation stops at its first error. So each error's key is taken out of the overlay
//! and the rest is read again, until it reads: every turn takes one key away, so it ends.

use std::{ops::Range, path::Path};

use serde_path_to_error::Segment;
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{Config, ConfigError, ConfigErrors, check};

/// The annotated defaults, compiled in.
pub const DEFAULTS: &str = include_str!("../../config/takaza.toml");

/// Tables whose entries replace the default entry whole: a limit of the unit's own must not keep
/// the source and the dates of another one.
const WHOLE: &[&str] = &["limits"];

/// Keys that people look for where they are not.
const MEANT: &[(&str, &str)] = &[
    ("console.listen", "serve.console"),
    ("console.address", "serve.console"),
    ("console.port", "serve.console"),
];

/// A configuration, and the table that it was read from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// The defaults with the overlay on them, as written: paths and urls are not resolved.
    pub effective: Table,
}

impl Loaded {
    /// Reads the defaults and the file over them.
    ///
    /// # Errors
    /// Every error at once.
    pub fn read(file: Option<&Path>, data_dir: &Path) -> Result<Self, ConfigErrors> {
        let Some(path) = file else { return Self::parse(None, "", data_dir) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            let problem = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "there is no such file; `takaza config show --defaults` prints one to begin \
                     with"
                        .to_owned()
                }
                _ => format!("cannot be read: {error}"),
            };
            whole(Some(path), problem)
        })?;
        Self::parse(Some(path), &text, data_dir)
    }

    /// The same from a text; `file` is only named in errors.
    ///
    /// # Errors
    /// Every error at once.
    pub fn parse(file: Option<&Path>, text: &str, data_dir: &Path) -> Result<Self, ConfigErrors> {
        let source = Source::parse(file, text)?;
        let mut overlay = source.table();
        let (mut errors, mut taken) = (Vec::new(), Vec::new());
        let (mut config, effective) = loop {
            let effective = merged(defaults()?, &overlay);
            let read = serde_path_to_error::deserialize(Value::Table(effective.clone()));
            match read {
                Ok(config) => break (config, effective),
                Err(error) => {
                    let (path, problem) = explain(&error, &effective);
                    let known = remove(&mut overlay, &path);
                    // What was taken out for its own fault is not missed as well.
                    let missed = missing(&error, &path);
                    if missed.is_none_or(|missed| !taken.contains(&missed)) {
                        errors.push(source.error(&path, problem));
                    }
                    taken.push(path);
                    if !known {
                        return Err(ConfigErrors(errors));
                    }
                }
            }
        };
        let config: &mut Config = &mut config;
        config.place(data_dir);
        for (key, problem) in check::problems(config) {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            errors.push(source.error(&path, problem));
        }
        if !errors.is_empty() {
            errors.sort_by_key(|error| error.place.unwrap_or((usize::MAX, 0)));
            return Err(ConfigErrors(errors));
        }
        Ok(Self { config: config.clone(), effective })
    }
}

fn whole(file: Option<&Path>, problem: String) -> ConfigErrors {
    let file = file.map(Path::to_path_buf);
    ConfigErrors(vec![ConfigError { file, place: None, key: String::new(), problem }])
}

fn defaults() -> Result<Table, ConfigErrors> {
    DEFAULTS.parse::<Table>().map(dates_as_text).map_err(|error| {
        whole(None, format!("the defaults that are compiled in do not read: {error}"))
    })
}

/// A unit's file: what it says, and where.
struct Source<'a> {
    file: Option<&'a Path>,
    text: &'a str,
    spans: Spanned<DeTable<'a>>,
}

impl<'a> Source<'a> {
    fn parse(file: Option<&'a Path>, text: &'a str) -> Result<Self, ConfigErrors> {
        let (spans, broken) = DeTable::parse_recoverable(text);
        let source = Self { file, text, spans };
        if broken.is_empty() {
            return Ok(source);
        }
        let errors = broken.iter().map(|error| ConfigError {
            file: file.map(Path::to_path_buf),
            place: error.span().map(|span| place(text, span.start)),
            key: String::new(),
            problem: format!("not TOML: {}", error.message().trim()),
        });
        Err(ConfigErrors(errors.collect()))
    }

    fn table(&self) -> Table {
        // It has parsed once already, for the spans.
        self.text.parse::<Table>().map(dates_as_text).unwrap_or_default()
    }

    /// An error about a key, at its place; at the place of the innermost table that the file has
    /// where the key itself is missing.
    fn error(&self, path: &[String], problem: String) -> ConfigError {
        let span = locate(self.spans.get_ref(), path);
        ConfigError {
            file: self.file.map(Path::to_path_buf),
            place: span.map(|span| place(self.text, span.start)),
            key: path.join("."),
            problem,
        }
    }
}

/// Line and column, from 1, columns in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn locate(table: &DeTable<'_>, path: &[String]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first.as_str())?;
    locate_in(value.get_ref(), rest).or_else(|| Some(key.span()))
}

fn locate_in(value: &DeValue<'_>, path: &[String]) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => locate(table, path),
        DeValue::Array(items) => {
            let (index, rest) = path.split_first()?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            locate_in(item.get_ref(), rest).or_else(|| Some(item.span()))
        }
        _ => None,
    }
}

/// A bare date or time is as good as a quoted one.
fn dates_as_text(table: Table) -> Table {
    fn text(value: Value) -> Value {
        match value {
            Value::Datetime(time) => Value::String(time.to_string()),
            Value::Array(items) => Value::Array(items.into_iter().map(text).collect()),
            Value::Table(table) => Value::Table(dates_as_text(table)),
            other => other,
        }
    }
    table.into_iter().map(|(key, value)| (key, text(value))).collect()
}

fn merged(mut base: Table, overlay: &Table) -> Table {
    for (key, value) in overlay {
        let entry = match (base.remove(key), value) {
            (Some(Value::Table(mut under)), Value::Table(over)) => {
                if WHOLE.contains(&key.as_str()) {
                    under.extend(over.clone());
                } else {
                    under = merged(under, over);
                }
                Value::Table(under)
            }
            (_, value) => value.clone(),
        };
        base.insert(key.clone(), entry);
    }
    base
}

/// Takes the key out of the overlay; a list goes as a whole. Whether there was one.
fn remove(table: &mut Table, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    if let Some(Value::Table(inner)) = table.get_mut(first)
        && remove(inner, rest)
    {
        return true;
    }
    table.remove(first).is_some()
}

/// The path of the key that is wrong, and what is wrong with it.
fn explain(
    error: &serde_path_to_error::Error<toml::de::Error>,
    effective: &Table,
) -> (Vec<String>, String) {
    let mut path: Vec<String> = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    let message = error.inner().message().trim().to_owned();
    let words = quoted(&message);
    let is = |start: &str| message.starts_with(start);
    if let Some((word, known)) = words.split_first()
        && (is("unknown field") || is("unknown variant"))
    {
        let a_key = is("unknown field") || key_of_table(effective, &path, word);
        if a_key && path.last() != Some(word) {
            path.push(word.clone());
        }
        let problem = unknown(a_key.then_some(path.as_slice()), word, known, effective);
        return (path, problem);
    }
    let hint = if message.contains("duration") {
        "; write a length of time such as \"30s\", \"15m\" or \"12h\""
    } else {
        ""
    };
    (path, format!("{message}{hint}"))
}

/// The path of the key that an error misses, where it misses one.
fn missing(
    error: &serde_path_to_error::Error<toml::de::Error>,
    path: &[String],
) -> Option<Vec<String>> {
    let message = error.inner().message();
    let field = message.trim().strip_prefix("missing field ")?;
    let mut whole = path.to_vec();
    whole.extend(quoted(field));
    Some(whole)
}

/// Whether the path leads to a table that has this key.
fn key_of_table(table: &Table, path: &[String], key: &str) -> bool {
    let mut at = table;
    for step in path {
        match at.get(step) {
            Some(Value::Table(inner)) => at = inner,
            _ => return false,
        }
    }
    at.contains_key(key)
}

/// What to say of a word that is not known; `key`: its path, where it stands as a key.
fn unknown(key: Option<&[String]>, word: &str, known: &[String], effective: &Table) -> String {
    let what = if key.is_some() { "key" } else { "value" };
    let is = |wrong: &str| key.is_some_and(|path| path.join(".") == wrong);
    if let Some((_, meant)) = MEANT.iter().find(|(wrong, _)| is(wrong)) {
        return format!("there is no key {word:?} here; the key is {meant}");
    }
    let near = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(word, other), other))
        .filter(|(distance, other)| *distance * 2 <= other.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, near)) = near {
        return format!("there is no {what} {word:?} here; did you mean {near:?}?");
    }
    // Where it stands now it is wrong, so that is none of the places.
    let elsewhere = effective.iter().find(|(name, section)| {
        let other = key.is_some_and(|path| path.first() != Some(name));
        other && section.as_table().is_some_and(|section| section.contains_key(word))
    });
    if let Some((section, _)) = elsewhere {
        return format!("there is no key {word:?} here; it belongs under [{section}]");
    }
    format!("there is no {what} {word:?} here; there are: {}", known.join(", "))
}

/// The words in backquotes of one of serde's messages.
fn quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
