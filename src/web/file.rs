//! Files that a page gives out: always to be kept, never to be shown by the browser.

use std::{
    fs::{File, OpenOptions},
    io::Seek as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures::stream;
use tokio::io::AsyncReadExt as _;

use crate::clock::Dice;

/// How much of a file is read at once.
const PART: usize = 64 * 1024;

/// A file under this name. `name` is ours: letters, digits, `-`, `.`.
pub(super) fn attachment(name: &str, kind: &'static str, body: impl Into<Body>) -> Response {
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")),
    ];
    (headers, body.into()).into_response()
}

/// A file in this folder that has no name: whatever becomes of us, nothing of it stays.
pub(super) fn nameless(folder: &Path, dice: &Dice) -> std::io::Result<File> {
    let path = folder.join(format!(".{}.part", dice.token()));
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// What was written into a file, from its beginning.
pub(super) fn whole(mut file: File) -> std::io::Result<Body> {
    file.rewind()?;
    let file = tokio::fs::File::from_std(file);
    let parts = stream::try_unfold(file, |mut file| async move {
        let mut part = vec![0; PART];
        let read = file.read(&mut part).await?;
        part.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(part), file)))
    });
    Ok(Body::from_stream(parts))
}
