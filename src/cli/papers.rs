//! What is printed about the command line itself: completions and man pages.

use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::Shell;

use super::{
    command,
    failure::{Failure, Outcome},
    output::say,
};

/// Prints a shell's completions
///
/// For bash: takaza completions bash > ~/.local/share/bash-completion/completions/takaza
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "takaza", &mut script);
        say(&String::from_utf8_lossy(&script))
    }
}

/// Writes a man page for every command into a folder
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder, such as ~/.local/share/man/man1
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> Outcome {
        let mut whole = command().disable_help_subcommand(true);
        whole.build();
        let written =
            std::fs::create_dir_all(&self.folder).and_then(|()| pages(whole, &self.folder));
        written.map_err(|error| {
            Failure::failed(anyhow::anyhow!("{}: {error}", self.folder.display()))
        })?;
        say(&format!("man pages are in {}", self.folder.display()))
    }
}

/// A page for a command and for each inside it. The synopsis is the usage that the command itself
/// prints, with the names of what its options take.
fn pages(mut command: clap::Command, folder: &Path) -> std::io::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned() {
        pages(inner, folder)?;
    }
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    clap_mangen::Man::new(command.override_usage(usage)).generate_to(folder).map(drop)
}
