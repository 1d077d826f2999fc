//! Who does it: a person named by `--as`, proved by their passphrase.

use std::{
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Globals, failure::Failure, output::warn};
use crate::{
    app::App,
    clock::Dice,
    domain::{ids::PersonId, person::Person},
    store::{Actor, Passphrase},
    work::passphrase::{accept, verify},
};

/// More than this is a file given by mistake.
const LONGEST: u64 = 4096;

/// Who does it.
#[derive(Debug, Args)]
pub(super) struct Signing {
    /// Who does this: the short name they sign with
    #[arg(long = "as", value_name = "PERSON", help_heading = "Signing")]
    person: String,
    #[command(flatten)]
    passphrase: PassphraseFrom,
}

/// Who does it, where the act also goes without a name.
#[derive(Debug, Default, Args)]
pub(super) struct MaybeSigning {
    /// Who does this: the short name they sign with
    #[arg(id = "person", long = "as", value_name = "PERSON", help_heading = "Signing")]
    signer: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseFrom,
}

impl MaybeSigning {
    /// The signing, where a person was named.
    pub(super) fn given(self) -> Option<Signing> {
        let passphrase = self.passphrase;
        self.signer.map(|person| Signing { person, passphrase })
    }
}

/// Where a passphrase comes from: the terminal, unless a file or a descriptor is named.
#[derive(Debug, Default, Args)]
pub(super) struct PassphraseFrom {
    /// Read the passphrase from the first line of this file instead of the terminal
    #[arg(
        long,
        value_name = "FILE",
        requires = "person",
        conflicts_with = "passphrase_fd",
        help_heading = "Signing"
    )]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this open file descriptor instead of the terminal
    #[arg(long, value_name = "N", requires = "person", help_heading = "Signing")]
    passphrase_fd: Option<u32>,
}

/// An opened takaza and the person who signed in.
pub(super) struct Session {
    pub(super) app: App,
    pub(super) person: Person,
    /// The passphrase that proved them, hashed.
    pub(super) passphrase: Passphrase,
    /// The person and this command, as the record names them.
    pub(super) by: Actor,
}

impl Signing {
    /// Opens takaza and proves who does this. What the person may do is for the act itself to say.
    /// A first passphrase proves nobody: whoever added the person may know it.
    pub(super) async fn sign_in(
        &self,
        globals: &Globals,
        command: &str,
    ) -> Result<Session, Failure> {
        let session = self.sign_in_once(globals, command).await?;
        if session.passphrase.first {
            let id = &session.person.id;
            return Err(Failure::refused(format!(
                "{id}'s first passphrase is good for one act, choosing their own: `takaza person \
                 passphrase --as {id}`"
            )));
        }
        Ok(session)
    }

    /// The same, also with a first passphrase: for choosing one's own.
    pub(super) async fn sign_in_once(
        &self,
        globals: &Globals,
        command: &str,
    ) -> Result<Session, Failure> {
        let app = globals.open().await?;
        let id = PersonId::new(&self.person);
        let passphrase = self.passphrase.read(&format!("Passphrase of {id}: "))?;
        let (person, passphrase) = verify(&app.ctx.store, &id, &passphrase).await?;
        let by = Actor::person(person.id.clone(), &format!("cli {command}"));
        Ok(Session { app, person, passphrase, by })
    }
}

/// What a person puts on the record with their act: it says something.
pub(super) fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say it in words, for the record".to_owned()),
        said => Ok(said.to_owned()),
    }
}

impl PassphraseFrom {
    pub(super) fn read(&self, prompt: &str) -> Result<SecretString, Failure> {
        let read = match (&self.passphrase_file, self.passphrase_fd) {
            (Some(file), _) => from_file(file),
            (None, Some(fd)) => from_file(Path::new(&format!("/proc/self/fd/{fd}"))),
            (None, None) => return ask(prompt),
        };
        read.map_err(|error| Failure::usage(format!("the passphrase cannot be read: {error:#}")))
    }
}

fn from_file(path: &Path) -> anyhow::Result<SecretString> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.permissions().mode() & 0o044 != 0 {
        let path = path.display();
        warn(&format!("takaza: others can read {path}; take that from them (chmod 600)"));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).with_context(|| path.display().to_string())?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(SecretString::from).ok_or_else(|| anyhow!("{} is empty", path.display()))
}

fn ask(prompt: &str) -> Result<SecretString, Failure> {
    rpassword::prompt_password(prompt).map(SecretString::from).map_err(|_| {
        Failure::usage(
            "there is no terminal to ask for the passphrase on; give --passphrase-file FILE or \
             --passphrase-fd N",
        )
    })
}

/// A new passphrase, another than `old`: asked twice on a terminal, once from a file or descriptor.
/// Returns its hash.
pub(super) fn new_passphrase(
    source: &NewPassphrase,
    id: &PersonId,
    old: Option<&Passphrase>,
    dice: &Dice,
) -> Result<String, Failure> {
    let given = PassphraseFrom {
        passphrase_file: source.new_passphrase_file.clone(),
        passphrase_fd: source.new_passphrase_fd,
    };
    let prompt = format!("New passphrase of {id}: ");
    let passphrase = given.read(&prompt)?;
    let by_hand = given.passphrase_file.is_none() && given.passphrase_fd.is_none();
    if by_hand && ask("Once more: ")?.expose_secret() != passphrase.expose_secret() {
        return Err(Failure::usage("the two passphrases differ; nothing was done"));
    }
    Ok(accept(&passphrase, old, dice)?)
}

/// Where a new passphrase comes from.
#[derive(Debug, Args)]
pub(super) struct NewPassphrase {
    /// Read the new passphrase from the first line of this file instead of the terminal
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "new_passphrase_fd",
        help_heading = "Signing"
    )]
    new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this open file descriptor instead of the terminal
    #[arg(long, value_name = "N", help_heading = "Signing")]
    new_passphrase_fd: Option<u32>,
}
