//! The unit's own file: what it lacks is asked for and added, one key at a time. What stands there
//! already is never changed.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{super::failure::Failure, asking::Asker};
use crate::config::Loaded;

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

    /// Whether the file itself says something of this key of `[unit]`.
    fn has(&self, key: &str) -> Result<bool, Failure> {
        let table = self.table()?;
        let value = table.get("unit").and_then(|unit| unit.get(key));
        Ok(value.is_some_and(|value| value.as_str().is_none_or(|text| !text.trim().is_empty())))
    }

    /// The file's text with this key added to `[unit]`, if the configuration is sound with it.
    fn with(&self, key: &str, value: &str) -> Result<String, Failure> {
        let old = self.text()?;
        let line = format!("{key} = {}\n", toml::Value::String(value.to_owned()));
        let heading = old.lines().position(|line| line.trim() == "[unit]");
        let new = match heading {
            Some(at) => {
                let through = old.split_inclusive('\n').take(at + 1).map(str::len).sum::<usize>();
                let (before, after) = old.split_at(through);
                format!("{}\n{line}{after}", before.trim_end_matches('\n'))
            }
            None if old.is_empty() => format!("[unit]\n{line}"),
            None => format!("{}\n\n[unit]\n{line}", old.trim_end_matches('\n')),
        };
        Loaded::parse(Some(&self.path), &new, &self.data)?;
        Ok(new)
    }

    /// Writes the file: where a link points, and readable by whom it was.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let before = std::fs::metadata(&path).ok().map(|file| file.permissions());
        private_file(&path, text)?;
        let Some(before) = before else { return Ok(()) };
        std::fs::set_permissions(&path, before).map_err(|error| wrong(&path, error))
    }

    /// Asks for one key until the configuration takes it, where the file does not have it.
    /// `optional`: an empty answer leaves it out. Returns whether the file has it now.
    pub(super) fn fill(
        &self,
        asker: &Asker,
        key: &str,
        question: &str,
        optional: bool,
    ) -> Result<bool, Failure> {
        if self.has(key)? {
            return Ok(true);
        }
        loop {
            let answer = asker.ask(question, &[], optional.then_some(""))?;
            if answer.is_empty() {
                return Ok(false);
            }
            match self.with(key, &answer) {
                Ok(text) => {
                    self.write(&text)?;
                    return Ok(true);
                }
                Err(failure) => asker.sorry(&failure)?,
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
