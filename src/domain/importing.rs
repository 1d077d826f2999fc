//! A file of cases on its way into the embedded case database: somebody brings it, and somebody else
//! accepts what is to become of it.
//!
//! The invariant: whoever brought a file does not accept it.

use super::{
    action::spelled,
    ids::PersonId,
    person::{Importer, NotAllowed},
};

spelled! {
    /// How far a file is.
    ImportState {
        /// For a second person.
        Waiting = "waiting",
        /// Accepted, and not yet written.
        Accepted = "accepted",
        /// Written.
        Stored = "stored",
        /// Not wanted.
        Dropped = "dropped",
    }
}

impl ImportState {
    /// Its end is not reached.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Accepted)
    }
}

/// A second person accepts.
///
/// # Errors
/// It is the one who brought the file.
pub fn accepts(brought_by: &PersonId, importer: &Importer) -> Result<(), NotAllowed> {
    if brought_by == importer.id() {
        return Err(NotAllowed::Own {
            person: importer.id().clone(),
            act: "accept a file that they brought themselves",
        });
    }
    Ok(())
}
