//! The unit's own file: what it lacks is asked for and added, one key at a time. What stands there
//! already is never changed.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{super::failure::Failure, asking::Asker};
use crate::config::Loaded;

/// A key that may be missing, and how it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blank {
    /// The section it stands in.
    pub(super) section: &'static str,
    /// Its name there.
    pub(super) key: &'static str,
    /// The question's message.
    pub(super) question: &'static str,
    /// The message that says what an answer must be like, where not every one will do.
    pub(super) wrong: Option<&'static str>,
    /// An empty answer leaves it out.
    pub(super) optional: bool,
}

impl Blank {
    /// A key of `[unit]`.
    pub(super) const fn of_unit(key: &'static str, question: &'static str, optional: bool) -> Self {
        Self { section: "unit", key, question, wrong: None, optional }
    }
}

/// The unit's file and the folder that its paths are taken from.
#[derive(Debug)]
pub(super) struct UnitFile {
    pub(super) path: PathBuf,
    pub(super) data: PathBuf,
}

impl UnitFile {
    fn text(&self) -> Result<String, Failure> {
        match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|error| wrong(&self.path, error)),
        }
    }

    /// The file as a table, without the defaults.
    pub(super) fn table(&self) -> Result<toml::Table, Failure> {
        self.text()?.parse().map_err(|error| wrong(&self.path, error))
    }

    /// Whether the file itself says something of this key.
    fn has(&self, blank: Blank) -> Result<bool, Failure> {
        let table = self.table()?;
        let value = table.get(blank.section).and_then(|section| section.get(blank.key));
        Ok(value.is_some_and(|value| value.as_str().is_none_or(|text| !text.trim().is_empty())))
    }

    /// The file's text with this key added to its section.
    fn with(&self, blank: Blank, value: &str) -> Result<String, Failure> {
        let old = self.text()?;
        let title = format!("[{}]", blank.section);
        let line = format!("{} = {}\n", blank.key, toml::Value::String(value.to_owned()));
        let heading = old.lines().position(|line| line.trim() == title);
        Ok(match heading {
            Some(at) => {
                let through = old.split_inclusive('\n').take(at + 1).map(str::len).sum::<usize>();
                let (before, after) = old.split_at(through);
                format!("{}\n{line}{after}", before.trim_end_matches('\n'))
            }
            None if old.is_empty() => format!("{title}\n{line}"),
            None => format!("{}\n\n{title}\n{line}", old.trim_end_matches('\n')),
        })
    }

    /// Writes the file: where a link points, and readable by whom it was.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let before = std::fs::metadata(&path).ok().map(|file| file.permissions());
        private_file(&path, text)?;
        let Some(before) = before else { return Ok(()) };
        std::fs::set_permissions(&path, before).map_err(|error| wrong(&path, error))
    }

    /// Asks for one key until the configuration takes it, where the file does not have it. Returns
    /// whether the file has it now.
    pub(super) fn fill(&self, asker: &Asker, blank: Blank) -> Result<bool, Failure> {
        if self.has(blank)? {
            return Ok(true);
        }
        let name = format!("{}.{}", blank.section, blank.key);
        loop {
            let answer = asker.ask(blank.question, &[], blank.optional.then_some(""))?;
            if answer.is_empty() {
                return Ok(false);
            }
            let text = self.with(blank, &answer)?;
            match (Loaded::parse(Some(&self.path), &text, &self.data), blank.wrong) {
                (Ok(_), _) => match self.write(&text) {
                    Ok(()) => return Ok(true),
                    Err(failure) => asker.sorry(&failure)?,
                },
                (Err(errors), Some(wrong)) if errors.0.iter().all(|error| error.key == name) => {
                    asker.not_done(wrong, &[])?;
                }
                (Err(errors), _) => asker.sorry(&errors.into())?,
            }
        }
    }
}

fn wrong(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// Writes a file that nobody else can read, whole or not at all.
pub(super) fn private_file(path: &Path, text: &str) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.map_err(|error| wrong(path, error))
}
