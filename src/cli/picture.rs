//! The picture of a post as a file.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use super::failure::{Failure, Outcome};
use crate::{domain::delivery::Content, work::Ctx};

/// Writes the one picture of these contents into a new file.
///
/// # Errors
/// They have none, or several; the file is there already or cannot be written; the ledger failed.
pub(super) async fn write<'a>(
    ctx: &Ctx,
    contents: impl Iterator<Item = &'a Content>,
    file: &Path,
) -> Outcome {
    let mut hashes: Vec<_> =
        contents.filter_map(|content| content.picture.as_ref()).map(|it| it.png).collect();
    hashes.dedup();
    let [hash] = hashes.as_slice() else {
        return Err(Failure::usage(if hashes.is_empty() {
            "it has no picture (`takaza account picture`)".to_owned()
        } else {
            "it has a picture in each language; choose one with --language".to_owned()
        }));
    };
    let png = ctx.store.picture(hash).await?;
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    made.and_then(|mut made| made.write_all(&png))
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}
