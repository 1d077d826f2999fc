//! Files of keys that are made at their first use: whole or not at all, readable by their owner
//! alone. A key is 64 hexadecimal digits, one a line.

use std::{
    fs,
    io::{Error, ErrorKind, Result, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::clock::Dice;

/// The text of a key file, which is made with one new key where it is not there. Whoever comes
/// second reads what the first has made.
///
/// # Errors
/// It can be neither read nor made, or others may read it.
pub fn read_or_make(path: &Path, dice: &Dice) -> Result<Zeroizing<String>> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let text = new_key(dice);
            match put(path, &text, dice, |part| fs::hard_link(part, path)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
                made => made.map(|()| text),
            }
        }
        read => read,
    }
}

/// The text of a key file.
///
/// # Errors
/// It cannot be read, or others may read it.
pub fn read(path: &Path) -> Result<Zeroizing<String>> {
    if fs::metadata(path)?.mode() & 0o077 != 0 {
        let why = "others can read it; `chmod 600` it, and change the key if anybody may have";
        return Err(Error::new(ErrorKind::PermissionDenied, why));
    }
    fs::read_to_string(path).map(Zeroizing::new)
}

/// Puts another text in the place of a key file's, durably and at once.
///
/// # Errors
/// It cannot be written; the old text stands.
pub fn replace(path: &Path, text: &str, dice: &Dice) -> Result<()> {
    put(path, text, dice, |part| fs::rename(part, path))
}

/// A new key as a line of such a file.
pub fn new_key(dice: &Dice) -> Zeroizing<String> {
    let bytes = Zeroizing::new(dice.bytes::<32>());
    Zeroizing::new(hex::encode(bytes.as_slice()))
}

/// Writes beside the file, then puts that in place.
fn put(
    path: &Path,
    text: &str,
    dice: &Dice,
    place: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let part = path.with_extension(format!("{}.part", dice.token()));
    let written = write(&part, text).and_then(|()| place(&part));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return written.and(Err(error)),
        _ => written?,
    }
    // The name itself is made durable too: a key that a power cut takes back opens nothing.
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => fs::File::open(".")?.sync_all(),
    }
}

fn write(part: &Path, text: &str) -> Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_replaced_whole_and_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/grants.key");
        let first = read_or_make(&path, &Dice::seeded(1)).unwrap();
        assert_eq!(read_or_make(&path, &Dice::seeded(2)).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        replace(&path, "another", &Dice::seeded(3)).unwrap();
        assert_eq!(read(&path).unwrap().as_str(), "another");
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "no part of a file is left behind");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(
            read_or_make(&path, &Dice::seeded(4)).unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
    }
}
