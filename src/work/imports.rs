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

use crate::{
    cases::{
        embedded::{EmbeddedCases, EmbeddedError, ImportFile, Stored},
        import::{self, ImportError, Imported, Mapping, MappingError, Outcome, Progress},
    },
    clock::Dice,
    domain::{bank::Directory, canonical::Hash, time::Timestamp},
    store::{CaseImport, NewImport},
};

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

/// Stores what was read, once: the same bytes a second time change nothing.
///
/// # Errors
/// The file claims to come from the future, or the case database failed.
pub async fn store(
    embedded: &EmbeddedCases,
    imported: &Imported,
    file: &ImportFile,
    now: Timestamp,
) -> Result<Stored, EmbeddedError> {
    let rows: Vec<_> = imported.accepted.iter().map(|row| (row.row, row.action.clone())).collect();
    let refused: Vec<_> = imported.rejected().collect();
    embedded.store_import(&rows, &refused, file, now).await
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
