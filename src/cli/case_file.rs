//! `takaza case-file`: one case's story and its evidence, for a court and the unit's counsel; and its
//! check on a machine without the ledger.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    handoff::language,
    output::{Format, say},
    sign_in::Signing,
};
use crate::{
    domain::{canonical::Hash, ids::CaseRef, platform::Language},
    reports::case_file::{CaseFile, certificate, pdf},
    work::{
        audit::NoKey,
        case_file::{self, NoCaseFile},
    },
};

/// Writes one case's whole story with its proofs, on paper too, and a draft of the certificate that
/// goes with it
///
/// Takes an officer or approver, and leaves an entry in the record. It names the case: it is for the
/// court and the unit's counsel. `takaza audit verify --bundle` checks it without the ledger.
#[derive(Debug, Args)]
pub(super) struct Make {
    /// The case, as the case source writes it
    case_ref: String,
    /// A folder that is not there yet
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
    /// The language of the paper
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    lang: Language,
    #[command(flatten)]
    signing: Signing,
}

const FILE: &str = "case-file.json";
const PAPER: &str = "case-file.pdf";

impl Make {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "case-file").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        if self.output.exists() {
            return Err(there_already(&self.output));
        }
        let case = CaseRef::new(self.case_ref);
        let file = case_file::make(ctx, &session.by, &desk, &case).await.map_err(no_file)?;
        let text = serde_json::to_string_pretty(&file).map_err(Failure::failed)? + "\n";
        let hash = Hash::of(text.as_bytes()).to_string();
        let paper = pdf(&file, &hash, self.lang, &ctx.config.calendar.zone)?;
        folder(&self.output)?;
        write(&self.output.join(FILE), text.as_bytes())?;
        write(&self.output.join(PAPER), &paper)?;
        let certificate = certificate(&file, FILE, &hash);
        write(&self.output.join("certificate.md"), certificate.as_bytes())?;
        say(&format!(
            "{} rungs, {} entries with their proofs\n{hash}  {}\nto read: {}\nnext: the unit's \
             counsel settles {}; whoever checks it runs `takaza audit verify --bundle FILE --vkey KEY`",
            file.rungs.len(),
            file.evidence.entries.len(),
            self.output.join(FILE).display(),
            self.output.join(PAPER).display(),
            self.output.join("certificate.md").display(),
        ))
    }
}

fn no_file(error: NoCaseFile) -> Failure {
    match error {
        NoCaseFile::NoKey(error @ NoKey::NotYet(_)) => Failure::usage(error.to_string()),
        NoCaseFile::NoKey(NoKey::Unreadable(error)) => error.into(),
        NoCaseFile::Store(error) => error.into(),
    }
}

fn there_already(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already; choose another name", path.display()))
}

/// A new folder that only its owner reads.
fn folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().mode(0o700).create(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => there_already(path),
        _ => Failure::usage(format!("{}: {error}", path.display())),
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Failure::failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Failure::failed)
}

#[derive(Serialize)]
struct Verdict {
    case_ref: String,
    tree_size: String,
    entries: usize,
    sha256: String,
    faults: Vec<String>,
}

/// Checks a case file by these keys. No ledger is opened.
pub(super) fn verify(path: &Path, vkeys: &[String], format: Format) -> Outcome {
    let wrong = |what: String| Failure::usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let file: CaseFile = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("it is no case file of this version ({error})")))?;
    let verdict = Verdict {
        case_ref: file.case_ref.clone(),
        tree_size: file.evidence.tree_size.clone(),
        entries: file.evidence.entries.len(),
        sha256: Hash::of(text.as_bytes()).to_string(),
        faults: case_file::check(&file, vkeys),
    };
    let printed = format.print(&verdict, |verdict| {
        let Verdict { case_ref, tree_size, entries, sha256, faults } = verdict;
        let mut lines = vec![format!("SHA-256 {sha256}")];
        lines.extend(faults.iter().map(|fault| format!("WRONG: {fault}")));
        if faults.is_empty() {
            lines.push(format!(
                "good: {entries} entries about case {case_ref} are in the signed tree of \
                 {tree_size}, and the story is what they tell"
            ));
        }
        lines.join("\n")
    });
    if verdict.faults.is_empty() {
        return printed;
    }
    Err(Failure::Failed("the case file is not what the record holds".to_owned()))
}
