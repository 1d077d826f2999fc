//! `takaza audit` and `takaza export`: the record, checked and carried out of the house.

use std::{
    fs::OpenOptions,
    io::{BufWriter, ErrorKind, IsTerminal as _, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    Globals, case_file,
    failure::{Failure, Outcome},
    output::{Format, say},
    sign_in::{MaybeSigning, Signing},
};
use crate::{
    store::{ExportError, SealKey, StoreError, read_checkpoints},
    work::{
        Ctx,
        audit::{self, NoExport, NoKey},
        seal,
    },
};

/// The record: one entry an act, sealed into a signed Merkle tree.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    Verify(Verify),
    Checkpoint(Checkpoint),
    Prove(Prove),
    RotateKey(RotateKey),
}

/// Verifies the record: entries, tree, checkpoints, and the tables against the entries
///
/// Any changed, missing, reordered or cut-off entry is named. Exits with 1 if the record is not
/// whole.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Checkpoints to verify against, beside the configured file: those kept elsewhere
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A case file (`takaza case-file`) is checked instead, by the keys given, without any ledger
    #[arg(long, value_name = "FILE", requires = "vkey", conflicts_with = "checkpoint")]
    bundle: Option<PathBuf>,
    /// The sealing key's public half, as kept elsewhere (without this, those beside record.key_file);
    /// after a rotation give each key that the record had, the oldest first: it is the one trusted
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
    #[command(flatten)]
    format: Format,
}

/// Prints the latest checkpoint: a C2SP signed note
#[derive(Debug, Args)]
pub(super) struct Checkpoint {
    #[command(flatten)]
    format: Format,
}

/// Proves one entry without showing the others: an inclusion proof, as JSON
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// The entry's id, or its subject: an escalation's reference, a delivery, `gate`
    entry: String,
    /// Which entry of the subject, from 1
    #[arg(value_name = "SEQ", value_parser = clap::value_parser!(u32).range(1..))]
    seq: Option<u32>,
    /// A proof is JSON with or without this
    #[arg(long)]
    json: bool,
}

/// Hands the record over to a new signing key (an administrator's act)
///
/// One checkpoint is signed with both keys, so that whoever has the old public key can go on with
/// the new one. Give the new public key to whoever verifies, and destroy the old secret one. Where
/// it was cut short, repeat it.
#[derive(Debug, Args)]
pub(super) struct RotateKey {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

async fn rotate_key(command: RotateKey, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "audit rotate-key").await?;
    let ctx = &session.app.ctx;
    let administrator = session.person.as_administrator(ctx.clock.now())?;
    key(ctx)?;
    let rotated = seal::rotate(ctx, &session.by, &administrator).await?;
    command.format.print(&rotated, |rotated| {
        let old_file = rotated.old_file.display();
        format!(
            "the record goes on with a new key\nold: {}\nnew: {}\nnext: give the new public key \
             to whoever verifies, beside the old one; then destroy the old secret key, {old_file}",
            rotated.old, rotated.new
        )
    })
}

impl Audit {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Verify(command) => verify(command, globals).await,
            Self::Checkpoint(command) => checkpoint(command, globals).await,
            Self::Prove(command) => prove(command, globals).await,
            Self::RotateKey(command) => rotate_key(command, globals).await,
        }
    }
}

/// Writes everything that an outside check needs, as JSON lines
///
/// Entries, checkpoints and posts. Cases are aliases; where an approver asks for the real references,
/// lines of type `reference` at the end say what each alias stands for, and that leaves an entry.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; without it, standard output
    #[arg(long, value_name = "FILE", alias = "output")]
    out: Option<PathBuf>,
    /// Write real case references (an approver's act)
    #[arg(long, requires = "person")]
    real_references: bool,
    #[command(flatten)]
    signing: MaybeSigning,
}

impl Export {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        export(self, globals).await
    }
}

/// The sealing key, which is made by the first seal and not by a reader.
fn key(ctx: &Ctx) -> Result<SealKey, Failure> {
    audit::sealing_key(ctx).map_err(no_key)
}

fn no_key(error: NoKey) -> Failure {
    match error {
        NoKey::NotYet(_) => Failure::usage(error.to_string()),
        NoKey::Unreadable(error) => error.into(),
    }
}

async fn verify(command: Verify, globals: &Globals) -> Outcome {
    if let Some(bundle) = &command.bundle {
        return case_file::verify(bundle, &command.vkey, command.format);
    }
    let app = globals.open().await?;
    let ctx = &app.ctx;
    let vkeys = match command.vkey.is_empty() {
        false => command.vkey,
        true => audit::own_keys(ctx).map_err(no_key)?,
    };
    let mut notes = Vec::new();
    for file in &command.checkpoint {
        let wrong = |what: String| Failure::usage(format!("{}: {what}", file.display()));
        if !file.exists() {
            return Err(wrong("there is no such file".to_owned()));
        }
        let read = read_checkpoints(file).await.map_err(|error| wrong(error.to_string()))?;
        if read.is_empty() {
            return Err(wrong("it holds no checkpoint (a C2SP signed note)".to_owned()));
        }
        notes.extend(read);
    }
    let bar = progress_bar();
    let tell = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let verdict = audit::verify(ctx, &vkeys, notes, &tell).await;
    bar.finish_and_clear();
    let verdict = verdict.map_err(|error| match error.downcast::<StoreError>() {
        Ok(error) => error.into(),
        Err(error) => Failure::failed(error),
    })?;
    let printed = command.format.print(&verdict, ToString::to_string);
    if verdict.whole() {
        return printed;
    }
    Err(Failure::Failed(
        "the record is not whole. Stop sending (`takaza stop`), keep a copy of the ledger as it is, \
         and compare it with a backup and with the checkpoints kept elsewhere"
            .to_owned(),
    ))
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn checkpoint(command: Checkpoint, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let Some(note) = app.ctx.store.checkpoint().await? else {
        let problem = "nothing is sealed yet: `takaza run-once` or `takaza serve` seals the record";
        return Err(Failure::refused(problem));
    };
    let vkey = key(&app.ctx)?.vkey().to_owned();
    command.format.print(&json!({"checkpoint": note, "vkey": vkey}), |_| note.clone())
}

async fn prove(command: Prove, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let store = &app.ctx.store;
    let which = match command.seq {
        None => command.entry,
        // People know a reference; the record knows the escalation's id.
        Some(seq) => match store.escalation(&command.entry).await {
            Ok(row) => format!("{}/{seq}", row.escalation.id),
            Err(StoreError::NotFound(_)) => format!("{}/{seq}", command.entry),
            Err(error) => return Err(error.into()),
        },
    };
    let proof = store.prove(&which).await.map_err(|error| match error {
        StoreError::NotFound(what) => Failure::usage(format!(
            "there is no {what}; `takaza post show REFERENCE --json` lists a post's entries"
        )),
        StoreError::Refused(why) => {
            Failure::refused(format!("{why}: `takaza run-once` or `takaza serve` seals what waits"))
        }
        error => error.into(),
    })?;
    say(&serde_json::to_string_pretty(&proof).map_err(Failure::failed)?)
}

async fn export(command: Export, globals: &Globals) -> Outcome {
    let (app, signed) = match command.signing.given() {
        Some(signing) => {
            let session = signing.sign_in(globals, "export").await?;
            (session.app, Some((session.person, session.by)))
        }
        None => (globals.open().await?, None),
    };
    let ctx = &app.ctx;
    let approver = match &signed {
        Some((person, by)) if command.real_references => {
            Some((person.as_approver(ctx.clock.now())?, by))
        }
        _ => None,
    };
    // Asked before the file is made.
    key(ctx)?;
    let mut writer: Box<dyn Write + Send> = match &command.out {
        Some(file) => Box::new(BufWriter::new(create(file)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let references = approver.as_ref().map(|(approver, by)| (*by, approver));
    let lines = audit::export(ctx, &mut *writer, references).await.map_err(ended)?;
    match &command.out {
        Some(file) => say(&format!("{lines} lines are in {}", file.display())),
        None => Ok(()),
    }
}

fn ended(error: NoExport) -> Failure {
    match error {
        NoExport::NoKey(error) => no_key(error),
        NoExport::Ended(ExportError::Store(error)) => error.into(),
        NoExport::Ended(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => {
            Failure::Closed
        }
        NoExport::Ended(error @ ExportError::Write(_)) => Failure::failed(error),
    }
}

/// A new file that only its owner reads: posts are public, the rest of the record is not.
pub(super) fn create(file: &Path) -> Result<std::fs::File, Failure> {
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    open.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already; choose another name", file.display()))
        }
        _ => Failure::usage(format!("{}: {error}", file.display())),
    })
}
