//! Checkpoints as signed notes (C2SP `signed-note` and `tlog-checkpoint`, Ed25519), the key that
//! signs them, and the files in which they are kept out of the ledger's reach.
//!
//! The key lives in a file of its own, never in the database: whoever can write the ledger cannot
//! sign a tree of their own making. Its name is the log's origin.

use std::{
    io::{ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use signed_note::{
    Note, NoteError, StandardSigner, StandardVerifier, VerificationError, Verifier, Verifiers,
};
use tlog_tiles::{Checkpoint, tlog};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use crate::clock::Dice;

/// Why the sealing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("the sealing key {path}: {error}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read it.
    #[error(
        "the sealing key {0} can be read by others; `chmod 600` it, and make a new one if \
             anybody may have"
    )]
    Open(PathBuf),
    /// It is no such key.
    #[error("the file {0} holds no sealing key")]
    Malformed(PathBuf),
    /// The origin cannot be a key's name.
    #[error("the log's origin {0:?} must not be empty, nor hold spaces or `+`")]
    Origin(String),
}

/// The key that signs checkpoints. Neither `Debug` nor an error shows it.
#[derive(Clone)]
pub struct SealKey {
    signer: StandardSigner,
    origin: String,
    vkey: String,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKey({})", self.vkey)
    }
}

/// Makes a key for a log of this origin (such as `takaza/gurugram`) in a new file of mode 0600.
///
/// # Errors
/// The file exists already or cannot be written, or the origin cannot be a name.
pub fn create_key(path: &Path, origin: &str, dice: &Dice) -> Result<SealKey, KeyError> {
    if !signed_note::is_key_name_valid(origin) {
        return Err(KeyError::Origin(origin.to_owned()));
    }
    let secret = SigningKey::from_bytes(&dice.bytes());
    let vkey = signed_note::new_ed25519_verifier_key(origin, &secret.verifying_key());
    let id = vkey.split('+').nth(1).unwrap_or_default().to_owned();
    let encoded = BASE64_STANDARD.encode([&[1], secret.to_bytes().as_slice()].concat());
    let file = |error| KeyError::File { path: path.to_owned(), error };
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(file)?;
    out.write_all(format!("PRIVATE+KEY+{origin}+{id}+{encoded}\n").as_bytes()).map_err(file)?;
    out.sync_all().map_err(file)?;
    SealKey::load(path)
}

impl SealKey {
    /// Reads a key that [`create_key`] made.
    ///
    /// # Errors
    /// The file cannot be read, can be read by others, or holds no such key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let file = |error| KeyError::File { path: path.to_owned(), error };
        if std::fs::metadata(path).map_err(file)?.mode() & 0o077 != 0 {
            return Err(KeyError::Open(path.to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(file)?;
        let malformed = || KeyError::Malformed(path.to_owned());
        let text = text.trim();
        let signer = StandardSigner::new(text).map_err(|_| malformed())?;
        let mut parts = text.splitn(5, '+').skip(2);
        let origin = parts.next().ok_or_else(malformed)?.to_owned();
        let bytes = parts.nth(1).and_then(|part| BASE64_STANDARD.decode(part).ok());
        let secret = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.get(1..)?).ok());
        let public = SigningKey::from_bytes(&secret.ok_or_else(malformed)?).verifying_key();
        let vkey = signed_note::new_ed25519_verifier_key(&origin, &public);
        Ok(Self { signer, origin, vkey })
    }

    /// The log's first origin: the key's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public half, in the form that `note` tools take: hand it to whoever is to verify.
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    pub(super) fn sign(&self, origin: &str, size: u64, root: tlog::Hash) -> Option<String> {
        self.sign_with(None, origin, size, root)
    }

    /// The same note with a second key's signature beside this one's.
    pub(super) fn sign_with(
        &self,
        second: Option<&Self>,
        origin: &str,
        size: u64,
        root: tlog::Hash,
    ) -> Option<String> {
        let text = Checkpoint::new(origin, size, root, "").ok()?.to_bytes();
        let mut note = Note::new(&text, &[]).ok()?;
        note.add_sigs(&[&self.signer]).ok()?;
        if let Some(second) = second {
            note.add_sigs(&[&second.signer]).ok()?;
        }
        String::from_utf8(note.to_bytes()).ok()
    }
}

/// Why a note is no checkpoint of this log's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// It is not a signed checkpoint at all.
    #[error("it is not a signed checkpoint")]
    Malformed,
    /// Another key signed it.
    #[error("this log's key did not sign it")]
    NotOurs,
    /// The signature is wrong: its text was changed.
    #[error("its signature is wrong: its text was changed, or it was forged")]
    Forged,
    /// A key signed it that was replaced before.
    #[error("only a key that was replaced before signed it")]
    Retired,
}

/// How far the log was: which of its origins, and how many leaves.
type Rank = (u32, u64);

/// A key of the log, and up to where its signature alone counts.
struct LogKey {
    verifier: StandardVerifier,
    until: Option<Rank>,
}

/// Opens checkpoints that a key of this log has signed.
pub(super) struct Opener {
    keys: Vec<LogKey>,
    base: String,
}

/// The log's keys; unlike the library's own list they can go from one thread to another.
impl Verifiers for Opener {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn Verifier, VerificationError> {
        match self.key(name, id) {
            Some(key) => Ok(&key.verifier),
            None => Err(VerificationError::UnknownKey { name: name.to_owned(), id }),
        }
    }
}

impl Opener {
    /// For a key's public half; `None`: it is none.
    pub(super) fn new(vkey: &str) -> Option<Self> {
        Self::of(&[vkey])
    }

    /// For several keys of one log, each as good as the others; `None`: one is no key, or another
    /// log's, or there is none.
    pub(super) fn of(vkeys: &[&str]) -> Option<Self> {
        let base = vkeys.first()?.split('+').next()?.to_owned();
        let key = |vkey: &&str| {
            let verifier = StandardVerifier::new(vkey).ok()?;
            (verifier.name() == base).then_some(LogKey { verifier, until: None })
        };
        let keys = vkeys.iter().map(key).collect::<Option<_>>()?;
        Some(Self { keys, base })
    }

    /// For the keys that a log had one after the other, the first of them trusted. Each later one
    /// counts only if a note among these bears its signature beside that of the key before it; from
    /// there on that one's alone counts no more. Returns the keys that nothing vouches for, too.
    pub(super) fn chain(vkeys: &[&str], notes: &[String]) -> Option<(Self, Vec<String>)> {
        let mut opener = Self::of(vkeys)?;
        let mut vouched = 1;
        while let Some(rank) = opener.handed_over(vouched, notes) {
            if let Some(before) = opener.keys.get_mut(vouched - 1) {
                before.until = Some(rank);
            }
            vouched += 1;
        }
        opener.keys.truncate(vouched);
        let unvouched = vkeys.iter().skip(vouched).map(|vkey| (*vkey).to_owned()).collect();
        Some((opener, unvouched))
    }

    /// Where the key at this place took over from the one before it.
    fn handed_over(&self, place: usize, notes: &[String]) -> Option<Rank> {
        let (old, new) = (self.keys.get(place - 1)?, self.keys.get(place)?);
        let ids = (old.verifier.key_id(), new.verifier.key_id());
        let both = notes.iter().filter_map(|note| {
            let (checkpoint, signed) = self.read(note).ok()?;
            let both = signed.contains(&ids.0) && signed.contains(&ids.1);
            both.then(|| self.rank(&checkpoint))
        });
        both.min()
    }

    fn key(&self, name: &str, id: u32) -> Option<&LogKey> {
        self.keys.iter().find(|key| (key.verifier.name(), key.verifier.key_id()) == (name, id))
    }

    fn rank(&self, checkpoint: &Checkpoint) -> Rank {
        (self.generation(checkpoint.origin()).unwrap_or(0), checkpoint.size())
    }

    /// The checkpoint in a note, and the ids of the keys whose signatures of it are good.
    fn read(&self, note: &str) -> Result<(Checkpoint, Vec<u32>), NoteFault> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| NoteFault::Malformed)?;
        let (signed, _) = note.verify(self).map_err(|error| match error {
            NoteError::UnverifiedNote => NoteFault::NotOurs,
            _ => NoteFault::Forged,
        })?;
        let checkpoint = Checkpoint::from_bytes(note.text()).map_err(|_| NoteFault::Malformed)?;
        Ok((checkpoint, signed.iter().map(signed_note::Signature::id).collect()))
    }

    /// The checkpoint in a note that a key of this log signed while its signature counted.
    pub(super) fn open(&self, note: &str) -> Result<Checkpoint, NoteFault> {
        let (checkpoint, signed) = self.read(note)?;
        let rank = self.rank(&checkpoint);
        let counts = |id: &u32| {
            let key = self.key(&self.base, *id);
            key.is_some_and(|key| key.until.is_none_or(|until| rank <= until))
        };
        if signed.iter().any(counts) { Ok(checkpoint) } else { Err(NoteFault::Retired) }
    }

    /// Which of this log's origins it is, counted from 1; `None`: another log's.
    pub(super) fn generation(&self, origin: &str) -> Option<u32> {
        match origin.strip_prefix(&self.base)? {
            "" => Some(1),
            rest => rest.strip_prefix('#')?.parse().ok().filter(|n| *n > 1),
        }
    }

    pub(super) fn origin(&self, generation: u32) -> String {
        match generation {
            0 | 1 => self.base.clone(),
            n => format!("{}#{n}", self.base),
        }
    }
}

/// Every whole note of a checkpoint file, oldest first; none where there is no file. A note that a
/// crash cut short is left out: the next seal writes it again.
///
/// # Errors
/// The file cannot be read.
pub async fn read_checkpoints(path: &Path) -> std::io::Result<Vec<String>> {
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(split_notes(&String::from_utf8_lossy(&bytes)).0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// More than any checkpoint takes.
const TAIL: u64 = 16 * 1024;

/// The last whole note of a checkpoint file, and whether the file ends cleanly after it.
pub(super) async fn last_note(path: &Path) -> std::io::Result<(Option<String>, bool)> {
    let mut file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((None, true)),
        Err(error) => return Err(error),
    };
    let length = file.metadata().await?.len();
    file.seek(std::io::SeekFrom::Start(length.saturating_sub(TAIL))).await?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).await?;
    let (mut notes, clean) = split_notes(&String::from_utf8_lossy(&bytes));
    Ok((notes.pop(), clean))
}

/// Marks a note that a crash left half written, so that it is never taken for a whole one.
const CUT_SHORT: &str = " (cut short)";

/// Appends notes, each followed by an empty line, and makes them durable.
pub(super) async fn append_notes(
    path: &Path,
    notes: &[String],
    clean: bool,
) -> std::io::Result<()> {
    let mut text = if clean { String::new() } else { format!("{CUT_SHORT}\n\n") };
    for note in notes {
        text.push_str(note);
        text.push('\n');
    }
    let mut file = tokio::fs::OpenOptions::new().append(true).create(true).open(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.sync_data().await
}

fn split_notes(text: &str) -> (Vec<String>, bool) {
    let clean = text.is_empty() || text.ends_with("\n\n");
    let mut blocks: Vec<&str> = text.split("\n\n").collect();
    blocks.pop();
    let (mut notes, mut body) = (Vec::new(), None);
    for block in blocks {
        let block = block.trim_start_matches('\n');
        if block.ends_with(CUT_SHORT) {
            body = None;
        } else if !block.starts_with("— ") {
            body = Some(block);
        } else if let Some(body) = body.take() {
            notes.push(format!("{body}\n\n{block}\n"));
        }
    }
    (notes, clean)
}
