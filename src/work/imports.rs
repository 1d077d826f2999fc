//! Files for the embedded case database: read by their mapping, kept while a second person has not
//! decided, and stored. Command line and console ask here.
//!
//! The invariants: what is stored is what the accepting person was shown, byte for byte: what waits is
//! known by its hash, and the preview that was accepted is compared before anything is written. And
//! the file itself is never kept, only what its mapping takes from it.

use std::{
    collections::HashSet,
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::Ctx;
use crate::{
    cases::{
        embedded::{EmbeddedCases, EmbeddedError, Import, ImportFile, Stored},
        import::{Extract, Imported, Mapping, MappingError, Outcome, Progress},
    },
    clock::Dice,
    domain::{bank::Directory, canonical::Hash, ids::PersonId, person::Importer, time::Timestamp},
    store::{Actor, CaseImport, NewImport, StoreError},
};

/// How far two clocks may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// Why it cannot be said what would become of a file that waits.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is gone, or is not the one that was brought.
    #[error(
        "what was kept of the file is not there any more, or was changed: drop it and bring it again"
    )]
    Other,
    /// The mapping cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// What somebody brings.
#[derive(Debug)]
pub struct Brought<'a> {
    /// What its mapping takes from it.
    pub extract: &'a Extract,
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

/// Keeps what a mapping takes from a file until a second person has decided. Returns its id.
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
    let Brought { extract, mapping, name, as_of } = brought;
    if as_of > ctx.clock.now().plus(CLOCKS_DIFFER) {
        return Err(NotBrought::FromTheFuture);
    }
    if let Some(before) = embedded.import_of(extract.sha256()).await? {
        return Err(NotBrought::Before(before.id));
    }
    let files = ctx.store.case_imports(None, u32::MAX).await?;
    waiting.tidy(files.iter().filter(|file| file.state.is_open()), ctx.clock.now())?;
    let (kept, new) = waiting.keep(extract, mapping, &ctx.dice)?;
    let sha256 = Hash::parse(extract.sha256())
        .ok_or_else(|| std::io::Error::from(ErrorKind::InvalidData))?;
    let mapping = Hash::of(mapping.as_bytes());
    let file = NewImport { sha256, mapping, kept: Some(kept), name, as_of };
    let proposed = ctx.store.propose_import(by, importer, &file).await;
    if proposed.is_err() && new {
        remove(&waiting.kept_file(&kept))?;
    }
    match proposed {
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

/// Why a unit has no mapping of its own.
#[derive(Debug, thiserror::Error)]
pub enum NoMapping {
    /// There is none.
    #[error("{0} holds no mapping (.toml)")]
    None(PathBuf),
    /// There are several.
    #[error("{folder} holds {count} mappings")]
    Several {
        /// The folder.
        folder: PathBuf,
        /// How many there are.
        count: usize,
    },
}

/// The mapping that a unit keeps for its files: the one TOML file in `mappings/` of the data folder.
///
/// # Errors
/// There is none, or more than one.
pub fn unit_mapping(data: &Path) -> Result<PathBuf, NoMapping> {
    let folder = data.join("mappings");
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|file| file.path());
    let mut found: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).collect();
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(NoMapping::None(folder)),
        (Some(_), more) => Err(NoMapping::Several { folder, count: more + 1 }),
    }
}

/// Where files wait, under the hashes of what is kept of them.
#[derive(Debug, Clone)]
pub struct Waiting(PathBuf);

/// What is kept of a file.
#[derive(Serialize, Deserialize)]
struct Kept {
    mapping: String,
    extract: Extract,
}

/// What nothing that waits needs stays this long: another process may be about to bring it.
const LEFT_OVER: SignedDuration = SignedDuration::from_hours(1);

impl Waiting {
    /// The folder in the data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join("imports"))
    }

    fn kept_file(&self, kept: &Hash) -> PathBuf {
        self.0.join(format!("{kept}.kept"))
    }

    fn preview_file(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.preview.json"))
    }

    /// Keeps what a mapping takes from a file. Returns its hash, and whether it was not there before.
    ///
    /// # Errors
    /// It cannot be written.
    fn keep(&self, extract: &Extract, mapping: &str, dice: &Dice) -> std::io::Result<(Hash, bool)> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let kept = Kept { mapping: mapping.to_owned(), extract: extract.clone() };
        let bytes = serde_json::to_vec(&kept)?;
        let hash = Hash::of(&bytes);
        let place = self.kept_file(&hash);
        let new = !place.exists();
        if new {
            self.put(&place, &bytes, dice)?;
        }
        Ok((hash, new))
    }

    /// Removes what belongs to no file that waits: what was cut short, and what an older version kept.
    fn tidy<'a>(
        &self,
        open: impl Iterator<Item = &'a CaseImport>,
        now: Timestamp,
    ) -> std::io::Result<()> {
        let needed: HashSet<PathBuf> = open
            .flat_map(|file| {
                let kept = file.file.kept.map(|kept| self.kept_file(&kept));
                [kept, Some(self.preview_file(&file.id))]
            })
            .flatten()
            .collect();
        let all = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            all => all?,
        };
        for file in all {
            let file = file?;
            let changed = jiff::Timestamp::try_from(file.metadata()?.modified()?);
            let changed = changed.map_err(std::io::Error::other)?.into();
            if !needed.contains(&file.path()) && now.since(changed) > LEFT_OVER {
                remove(&file.path())?;
            }
        }
        Ok(())
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

    /// What becomes of a file that waits, by the mapping that it was brought with.
    ///
    /// # Errors
    /// What was kept of it is not there as it was.
    pub fn read(
        &self,
        file: &NewImport,
        banks: &Directory,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Imported, Unreadable> {
        let hash = file.kept.ok_or(Unreadable::Other)?;
        let bytes = fs::read(self.kept_file(&hash)).map_err(|_| Unreadable::Other)?;
        if Hash::of(&bytes) != hash {
            return Err(Unreadable::Other);
        }
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| Unreadable::Other)?;
        let mapping = Mapping::parse(&kept.mapping)?;
        Ok(kept.extract.judge(&mapping, banks, file.as_of, progress))
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

    /// Nothing of a file stays once it is stored or dropped, nor its mapping.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget(&self, import: &CaseImport) -> std::io::Result<()> {
        if let Some(kept) = &import.file.kept {
            remove(&self.kept_file(kept))?;
        }
        // So an older version kept a file and its mapping.
        remove(&self.0.join(format!("{}.file", import.file.sha256)))?;
        remove(&self.0.join(format!("{}.toml", import.file.mapping)))?;
        remove(&self.preview_file(&import.id))
    }
}

fn remove(place: &Path) -> std::io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
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
