//! The command line, by the real binary: what people type, what they are told, what they may.

mod help;
mod report;
mod roles;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::secrets;

/// A unit's data folder, and its people's passphrases.
pub struct Unit {
    folder: TempDir,
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        secrets::told("standard output", &output.stdout);
        secrets::told("standard error", &output.stderr);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().expect("it ended by itself");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// The standard output of a command that must have done what it was asked for.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "it failed: {}", self.err);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub fn json(self) -> Json {
        serde_json::from_str(&self.done()).expect("JSON")
    }

    /// The words of a command that must have been refused with this exit code.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        self.err
    }
}

/// Runs the binary with nothing of this process's own terminal.
pub fn takaza(arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takaza"));
    command.args(arguments).stdin(std::process::Stdio::null()).env_remove("RUST_LOG");
    command.output().expect("the binary runs").into()
}

impl Unit {
    pub fn new() -> Self {
        let unit = Self { folder: TempDir::new().expect("a folder") };
        for (who, passphrase) in [
            ("root", "root's own four words"),
            ("officer", "officer's four words"),
            ("dcp", "the DCP's four words"),
            ("acp", "the ACP's four words"),
            ("auditor", "auditor's four words"),
            ("wrong", "some other four words"),
            ("first", "what the administrator chose"),
        ] {
            let path = unit.passphrase(who);
            std::fs::write(&path, format!("{passphrase} {}\n", secrets::plant("passphrase")))
                .expect("a file");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, mode).expect("its owner's only");
        }
        unit
    }

    /// With an administrator, an officer, an auditor and a confirmed approver.
    pub fn staffed() -> Self {
        let unit = Self::new();
        unit.add("root", "administrator", None).done();
        unit.add("officer", "officer", Some("root")).done();
        unit.add("auditor", "auditor", Some("root")).done();
        unit.add("dcp", "approver", Some("root")).done();
        unit.act("auditor", &["person", "confirm", "dcp"]).done();
        unit
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn passphrase(&self, who: &str) -> PathBuf {
        self.path().join(format!("{who}.passphrase"))
    }

    /// Runs a command on this unit.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let folder = self.path().to_str().expect("UTF-8");
        takaza(&[&["--data", folder], arguments].concat())
    }

    /// Runs a command as a person.
    pub fn act(&self, who: &str, arguments: &[&str]) -> Said {
        self.act_with(who, who, arguments)
    }

    /// Runs a command as a person with somebody's passphrase.
    pub fn act_with(&self, who: &str, whose: &str, arguments: &[&str]) -> Said {
        let file = self.passphrase(whose);
        let file = file.to_str().expect("UTF-8");
        self.run(&[arguments, &["--as", who, "--passphrase-file", file]].concat())
    }

    /// Adds a person, who then chooses their own passphrase where somebody else added them.
    fn add(&self, who: &str, role: &str, by: Option<&str>) -> Said {
        let Some(by) = by else {
            let words = ["person", "add", who, "--name", who, "--role", role];
            let file = self.passphrase(who);
            let file = file.to_str().expect("UTF-8");
            return self.run(&[&words[..], &["--new-passphrase-file", file]].concat());
        };
        let said = self.add_only(who, role, by);
        if said.code == 0 {
            self.chooses(who, "first", who).done();
        }
        said
    }

    /// Adds a person, who has only their first passphrase.
    fn add_only(&self, who: &str, role: &str, by: &str) -> Said {
        let words = ["person", "add", who, "--name", who, "--role", role];
        let file = self.passphrase("first");
        let file = file.to_str().expect("UTF-8");
        self.act(by, &[&words[..], &["--new-passphrase-file", file]].concat())
    }

    /// A person signs in with one passphrase to choose another.
    fn chooses(&self, who: &str, old: &str, new: &str) -> Said {
        let new = self.passphrase(new);
        let new = new.to_str().expect("UTF-8");
        self.act_with(who, old, &["person", "passphrase", "--new-passphrase-file", new])
    }
}
