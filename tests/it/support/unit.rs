//! A unit that works by the command line alone: a data folder, its people, and the real binary.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use jiff::{SignedDuration, tz::TimeZone};
use serde_json::Value as Json;
use takaza::{clock::Clock, domain::time::Timestamp};
use tempfile::TempDir;

use super::secrets;

/// What every such unit configures.
const CONFIG: &str = r#"
[unit]
name_en = "Cyber Crime Unit"
name_hi = "साइबर अपराध इकाई"
reference_prefix = "GGM"
policy_number = "P/1"
authorisation_number = "A/1"
[banks]
invented = true
[calendar]
quiet_hours = { from = "00:00", until = "00:00" }
[limits]
lien = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2099-12-31" }
hold = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2099-12-31" }
[pacing]
account_interval = "0s"
[serve]
health = "127.0.0.1:0"
metrics = "127.0.0.1:0"
console = "127.0.0.1:0"
"#;

/// Who has a passphrase in a file. `first` is what an administrator chooses for somebody, and `wrong` is
/// nobody's.
const PASSPHRASES: [&str; 7] = ["root", "officer", "auditor", "dcp", "acp", "first", "wrong"];

/// A unit's data folder.
pub struct Unit {
    folder: TempDir,
}

/// What a command said.
#[derive(Debug)]
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
    /// The output of a command that must have done what it was asked for.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "it failed: {}\n{}", self.err, self.out);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub fn json(self) -> Json {
        serde_json::from_str(&self.done()).expect("JSON")
    }

    /// What a command that must end with this code said about it.
    #[track_caller]
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.err, self.out);
        self.err
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        secrets::told_by_databases_in(self.folder.path());
    }
}

impl Unit {
    /// With the common configuration, over which `more` is laid, and its people.
    pub fn staffed(more: &str) -> Self {
        let unit = Self::unconfigured();
        unit.write("takaza.toml", &format!("{CONFIG}{more}"));
        unit.engage();
        unit
    }

    /// With its configuration and nobody in it.
    pub fn bare() -> Self {
        let unit = Self::unconfigured();
        unit.write("takaza.toml", CONFIG);
        unit
    }

    /// With passphrases and nothing else.
    pub fn unconfigured() -> Self {
        let unit = Self { folder: TempDir::new().expect("a folder") };
        for who in PASSPHRASES {
            let passphrase = format!("{who} has {}\n", secrets::plant("passphrase"));
            unit.write(&format!("{who}.pass"), &passphrase);
        }
        unit
    }

    /// An administrator, an officer, an auditor and a confirmed approver, all by the command line.
    pub fn engage(&self) {
        self.add("root", "administrator", None).done();
        self.add("officer", "officer", Some("root")).done();
        self.add("auditor", "auditor", Some("root")).done();
        self.add("dcp", "approver", Some("root")).done();
        self.act("auditor", &["person", "confirm", "dcp"]).done();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in the folder, as an argument.
    pub fn file(&self, name: &str) -> String {
        self.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// A file that its owner alone reads.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("a file");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, mode).expect("its owner's only");
        path
    }

    /// The binary on this unit's folder, with nothing of this process's terminal.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = takaza(&[]);
        command.arg("--data").arg(self.path()).args(words);
        command
    }

    pub fn run(&self, words: &[&str]) -> Said {
        self.command(words).output().expect("the binary runs").into()
    }

    /// The same as a person.
    pub fn act(&self, who: &str, words: &[&str]) -> Said {
        self.act_with(who, who, words)
    }

    /// The same as a person with somebody's passphrase.
    pub fn act_with(&self, who: &str, whose: &str, words: &[&str]) -> Said {
        let file = self.passphrase(whose);
        self.run(&[words, &["--as", who, "--passphrase-file", &file]].concat())
    }

    /// The file of somebody's passphrase, as an argument.
    pub fn passphrase(&self, who: &str) -> String {
        self.file(&format!("{who}.pass"))
    }

    /// Adds a person, who then chooses their own passphrase where somebody else added them.
    pub fn add(&self, who: &str, role: &str, by: Option<&str>) -> Said {
        let Some(by) = by else {
            let words = ["person", "add", who, "--name", who, "--role", role];
            let file = self.passphrase(who);
            return self.run(&[&words[..], &["--new-passphrase-file", &file]].concat());
        };
        let said = self.add_only(who, role, by);
        if said.code == 0 {
            self.chooses(who, "first", who).done();
        }
        said
    }

    /// Adds a person, who has only their first passphrase.
    pub fn add_only(&self, who: &str, role: &str, by: &str) -> Said {
        let words = ["person", "add", who, "--name", who, "--role", role];
        let file = self.passphrase("first");
        self.act(by, &[&words[..], &["--new-passphrase-file", &file]].concat())
    }

    /// A person signs in with one passphrase to choose another.
    pub fn chooses(&self, who: &str, old: &str, new: &str) -> Said {
        let new = self.passphrase(new);
        self.act_with(who, old, &["person", "passphrase", "--new-passphrase-file", &new])
    }

    /// Imports so many overdue liens at one invented bank, each pressed in private a day ago.
    pub fn import_liens(&self, count: usize, bank: (&str, &str)) {
        let (ifsc, name) = bank;
        let at = |hours: i64| ist(now().minus(SignedDuration::from_hours(hours)));
        let heading = "Request ID,FIR No,Acknowledgement No,लाभार्थी बैंक,IFSC,Account No,Layer,\
                       विवादित राशि (₹),अनुरोध का प्रकार,Section,Request Sent On,Delivered On,\
                       Bank Response,Response Date,Amount Put on Hold,Reminders,Last Reminder";
        let row = |n: usize| {
            format!(
                "REQ/{n},FIR {n}/2026,,{name},{ifsc}0532380,7439150008{n},1,{},lien,106 BNSS,{},{},\
                 Pending,,,2,{}",
                100_000 + 1_000 * n,
                at(72),
                at(71),
                at(24)
            )
        };
        let rows: Vec<String> = (1..=count).map(row).collect();
        self.write("cases.csv", &format!("{heading}\n{}\n", rows.join("\n")));
        let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mappings/example.toml");
        let file = self.file("cases.csv");
        let brought =
            self.act("officer", &["cases", "import", &file, "--mapping", mapping, "--json"]).json();
        let (id, hash) = (text(&brought["waits"]["id"]), text(&brought["waits"]["hash"]));
        let accept = ["cases", "accept", &id, "--hash", &hash, "--json"];
        let report = self.act("dcp", &accept).json();
        assert_eq!(report["stored"]["new"], count, "{report}");
    }

    /// The one escalation in this state.
    #[track_caller]
    pub fn escalation(&self, state: &str) -> Json {
        let found = self.run(&["queue", "list", "--state", state, "--json"]).json();
        let found = found.as_array().expect("a list");
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].clone()
    }

    /// The DCP looks at the one held escalation and approves it; its reference.
    #[track_caller]
    pub fn approve(&self) -> String {
        let held = self.escalation("held");
        let (reference, hash) = (text(&held["reference"]), text(&held["hash"]));
        self.act("dcp", &["queue", "approve", &reference, "--hash", &hash]).done();
        reference
    }

    /// The states of every delivery of a post, in the order of its texts.
    pub fn states(&self, reference: &str) -> Vec<String> {
        let shown = self.run(&["post", "show", reference, "--json"]).json();
        let texts = shown["escalation"]["texts"].as_array().expect("texts");
        texts.iter().map(|one| text(&one["state"])).collect()
    }
}

/// The binary, with nothing of this process's terminal.
pub fn takaza(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takaza"));
    command.args(words).stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

/// A JSON text.
#[track_caller]
pub fn text(value: &Json) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The machine's clock, which the binary goes by too.
pub fn now() -> Timestamp {
    Clock::System.now()
}

fn ist(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Kolkata").expect("bundled");
    at.in_zone(&zone).strftime("%d/%m/%Y %H:%M").to_string()
}
