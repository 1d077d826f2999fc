//! Files for the embedded case database: read by their mapping, kept while a second person has not
//! decided, and stored. Command line and console ask here.
//!
//! The invariant: what is stored is what the accepting person was shown, byte for byte: file and
//! mapping are known by their hashes, and the preview that was accepted is compared before anything
//! is written.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::SignedDuration;

use super::Ctx;
use crate::{
    cases::{
        embedded::{EmbeddedCases, EmbeddedError, Import, ImportFile, Stored},
        import::{self, ImportError, Imported, Mapping, MappingError, Outcome, Progress},
    },
    clock::Dice,
    domain::{bank::Directory, canonical::Hash, ids::PersonId, person::Importer, time::Timestamp},
    store::{Actor, CaseImport, NewImport, StoreError},
};

/// How far two clocks may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// Why a file that waits cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is gone, or is not the one that was brought.
    #[error("the file that was brought is not there any more, or was changed: bring it again")]
    Other,
    /// The mapping cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The file is refused whole.
    #[error(transparent)]
    File(#[from] ImportError),
}

/// What somebody brings.
#[derive(Debug)]
pub struct Brought<'a> {
    /// The file's bytes.
    pub bytes: &'a [u8],
    /// The mapping of its columns (TOML).
    pub mapping: &'a str,
    /// Its name, for people.
    pub name: String,
    /// The time as of which it is true.
    pub as_of: Timestamp,
}

/// Why a file that was brought does not wait for a second person.
#[derive(Debug, thiserror::Error)]
pub enum NotBrought {
    /// Its facts would be younger than the present.
    #[error(
        "the file says that it is true as of a time in the future: give the time at which it was \
         exported"
    )]
    FromTheFuture,
    /// The same bytes are in the case database: under which number.
    #[error("these very bytes were imported before (import {0})")]
    Before(i64),
    /// The same bytes wait.
    #[error("these very bytes wait for a second person already: `takaza cases waiting`")]
    Waits,
    /// The mapping cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The ledger refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case database failed.
    #[error(transparent)]
    Cases(#[from] EmbeddedError),
    /// It could not be kept.
    #[error("the file could not be kept: {0}")]
    Unkept(#[from] std::io::Error),
}

/// Keeps a file until a second person has decided. Returns its id.
///
/// # Errors
/// Nothing waits; see [`NotBrought`].
pub async fn bring(
    ctx: &Ctx,
    embedded: &EmbeddedCases,
    waiting: &Waiting,
    (by, importer): (&Actor, &Importer),
    brought: Brought<'_>,
) -> Result<String, NotBrought> {
    let Brought { bytes, mapping, name, as_of } = brought;
    if as_of > ctx.clock.now().plus(CLOCKS_DIFFER) {
        return Err(NotBrought::FromTheFuture);
    }
    Mapping::parse(mapping)?;
    if let Some(before) = embedded.import_of(&Hash::of(bytes).to_string()).await? {
        return Err(NotBrought::Before(before.id));
    }
    let (sha256, mapping) = waiting.keep(bytes, mapping, &ctx.dice)?;
    let file = NewImport { sha256, mapping, name, as_of };
    match ctx.store.propose_import(by, importer, &file).await {
        Err(StoreError::Conflict(_)) => Err(NotBrought::Waits),
        other => Ok(other?),
    }
}

/// Nobody but this person may accept a file now.
///
/// # Errors
/// The ledger failed.
pub async fn alone(ctx: &Ctx, person: &PersonId) -> Result<bool, StoreError> {
    let now = ctx.clock.now();
    let people = ctx.store.people().await?;
    Ok(!people.iter().any(|other| other.id != *person && other.as_importer(now).is_ok()))
}

/// What would become of the file is not what was accepted: the directory of banks changed, say.
#[derive(Debug, thiserror::Error)]
#[error("what is to become of the file is not what was accepted: look at it again")]
pub struct Differs;

/// Writes what was accepted, once: repeated, it goes on where it was cut short, for the case database
/// stores the same bytes once.
///
/// # Errors
/// It is not what was accepted ([`Differs`]), or the ledger, the case database or the disk failed.
pub async fn write(
    ctx: &Ctx,
    embedded: &EmbeddedCases,
    waiting: &Waiting,
    by: &Actor,
    (row, imported): (&CaseImport, &Imported),
) -> anyhow::Result<Import> {
    if row.preview != Some(preview_hash(imported)?) {
        return Err(Differs.into());
    }
    let file = ImportFile {
        name: row.file.name.clone(),
        sha256: imported.sha256.clone(),
        as_of: row.file.as_of,
        by: row.proposed_by.clone(),
        accepted_by: row.decided_by.clone(),
    };
    let rows: Vec<_> = imported.accepted.iter().map(|row| (row.row, row.action.clone())).collect();
    let refused: Vec<_> = imported.rejected().collect();
    let stored = embedded.store_import(&rows, &refused, &file, ctx.clock.now()).await?;
    let (Stored::Now(done) | Stored::Before(done)) = stored;
    let counts = [done.new, done.replaced, done.outdated, done.refused];
    ctx.store.import_stored(by, &row.id, done.id, counts).await?;
    waiting.forget(row).context("the file could not be removed")?;
    Ok(done)
}

/// Where files wait, under their hashes.
#[derive(Debug, Clone)]
pub struct Waiting(PathBuf);

impl Waiting {
    /// The folder in the data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join("imports"))
    }

    fn file(&self, sha256: &Hash) -> PathBuf {
        self.0.join(format!("{sha256}.file"))
    }

    fn mapping_file(&self, mapping: &Hash) -> PathBuf {
        self.0.join(format!("{mapping}.toml"))
    }

    fn preview_file(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.preview.json"))
    }

    /// Keeps a file and its mapping. Returns their hashes.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, bytes: &[u8], mapping: &str, dice: &Dice) -> std::io::Result<(Hash, Hash)> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let hashes = (Hash::of(bytes), Hash::of(mapping.as_bytes()));
        self.put(&self.file(&hashes.0), bytes, dice)?;
        self.put(&self.mapping_file(&hashes.1), mapping.as_bytes(), dice)?;
        Ok(hashes)
    }

    /// Whole or not at all, and readable by its owner alone.
    fn put(&self, place: &Path, bytes: &[u8], dice: &Dice) -> std::io::Result<()> {
        let part = self.0.join(format!("{}.part", dice.token()));
        let mut out =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        let written = out.write_all(bytes).and_then(|()| out.sync_all());
        let placed = written.and_then(|()| fs::rename(&part, place));
        if placed.is_err() {
            let _ = fs::remove_file(&part);
        }
        placed
    }

    /// A mapping that was used before.
    pub fn mapping(&self, mapping: &Hash) -> Option<String> {
        fs::read_to_string(self.mapping_file(mapping)).ok()
    }

    /// Reads a file that waits, by the mapping that it was brought with.
    ///
    /// # Errors
    /// It is not there as it was brought, or cannot be read whole.
    pub fn read(
        &self,
        file: &NewImport,
        banks: &Directory,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Imported, Unreadable> {
        let bytes = fs::read(self.file(&file.sha256)).map_err(|_| Unreadable::Other)?;
        let mapping = self.mapping(&file.mapping).ok_or(Unreadable::Other)?;
        let same = (Hash::of(&bytes), Hash::of(mapping.as_bytes()));
        if same != (file.sha256, file.mapping) {
            return Err(Unreadable::Other);
        }
        let mapping = Mapping::parse(&mapping)?;
        Ok(import::read(&bytes, &mapping, banks, file.as_of, progress)?)
    }

    /// Keeps what would become of a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_preview(&self, id: &str, imported: &Imported, dice: &Dice) -> std::io::Result<()> {
        self.put(&self.preview_file(id), &preview(imported)?, dice)
    }

    /// What would become of a file, as it was read, and the hash that names it.
    pub fn preview(&self, id: &str) -> Option<(Outcome, Hash)> {
        let bytes = fs::read(self.preview_file(id)).ok()?;
        Some((serde_json::from_slice(&bytes).ok()?, Hash::of(&bytes)))
    }

    /// Nothing of a file stays once it is stored or dropped; its mapping serves the next one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget(&self, import: &CaseImport) -> std::io::Result<()> {
        for place in [self.file(&import.file.sha256), self.preview_file(&import.id)] {
            match fs::remove_file(&place) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The bytes that a preview is known by.
fn preview(imported: &Imported) -> std::io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&imported.outcome())?)
}

/// The hash that names what would become of a file.
///
/// # Errors
/// It cannot be spelled.
pub fn preview_hash(imported: &Imported) -> std::io::Result<Hash> {
    Ok(Hash::of(&preview(imported)?))
}
