//! `takaza config`: whether a configuration is sound, and what is in force.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say},
};
use crate::{
    clock::Clock,
    config::{DEFAULTS, Loaded},
};

/// The configuration: whether it is sound, and what is in force.
#[derive(Debug, Subcommand)]
pub(super) enum Configuration {
    Check(Check),
    Show(Show),
}

impl Configuration {
    pub(super) fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Check(command) => command.run(globals),
            Self::Show(command) => command.run(globals),
        }
    }
}

/// Checks a configuration: every error with its line and the nearest key, then what is still to do
///
/// Opens nothing and connects to nothing; `takaza doctor` does.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file (that of --config or --data)
    file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

impl Check {
    fn run(self, globals: &Globals) -> Outcome {
        let (file, data) = match self.file {
            Some(_) => Globals { config: self.file, ..globals.clone() }.found()?,
            None => globals.found()?,
        };
        let warnings = match Loaded::read(file.as_deref(), &data) {
            Ok(loaded) => loaded.config.warnings(Clock::System.now()),
            Err(errors) if self.format.json => {
                let list = errors.0.iter().map(|error| {
                    json!({
                        "file": error.file, "line": error.place.map(|at| at.0),
                        "column": error.place.map(|at| at.1), "key": error.key,
                        "problem": error.problem,
                    })
                });
                let errors_json = json!({"ok": false, "errors": list.collect::<Vec<_>>()});
                // Whoever reads the list may have gone; the exit code stands.
                let _ = self.format.print(&errors_json, |_| String::new());
                return Err(errors.into());
            }
            Err(errors) => return Err(errors.into()),
        };
        let name =
            file.map_or_else(|| "the defaults".to_owned(), |file| file.display().to_string());
        let report = json!({"ok": true, "errors": [], "warnings": warnings});
        self.format.print(&report, |_| {
            let todo: String =
                warnings.iter().map(|warning| format!("\nstill to do: {warning}")).collect();
            format!("{name}: ok{todo}")
        })
    }
}

/// Shows the configuration in force: the defaults and what overlays them, secrets masked
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Print the annotated defaults instead, to begin a file of your own with
    #[arg(long, conflicts_with = "json")]
    defaults: bool,
    #[command(flatten)]
    format: Format,
}

impl Show {
    fn run(self, globals: &Globals) -> Outcome {
        if self.defaults {
            return say(DEFAULTS);
        }
        let (file, data) = globals.found()?;
        let shown = Loaded::read(file.as_deref(), &data)?.masked();
        let text = toml::to_string_pretty(&shown).map_err(Failure::failed)?;
        self.format.print(&shown, |_| text)
    }
}
