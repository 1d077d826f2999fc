//! Where secrets come from: an environment variable, a file, or a systemd credential. Never from
//! the configuration itself, and never shown.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The keys that seal what the ledger must not hold openly.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The key file of the grants, or `credential:NAME`.
    pub key_file: KeyPlace,
}

/// Where the keys of the grants are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum KeyPlace {
    /// A file of our own, made at the first use and rewritten when the key is changed.
    File(PathBuf),
    /// A systemd credential of this name: whoever gives it changes it.
    Credential(String),
}

impl From<String> for KeyPlace {
    fn from(text: String) -> Self {
        match text.strip_prefix("credential:") {
            Some(name) => Self::Credential(name.to_owned()),
            None => Self::File(PathBuf::from(text)),
        }
    }
}

/// The secret at `env:NAME`, `file:PATH` or `credential:NAME`.
///
/// # Errors
/// It is not there, and where it was looked for.
pub fn secret(from: &str) -> anyhow::Result<SecretString> {
    let file = |path: &Path| {
        std::fs::read_to_string(path)
            .with_context(|| format!("the token's file {} cannot be read", path.display()))
    };
    let text = match from.split_once(':') {
        Some(("env", name)) => std::env::var(name)
            .map_err(|_| anyhow::anyhow!("the environment variable {name} is not set"))?,
        Some(("file", path)) => file(Path::new(path))?,
        Some(("credential", name)) => file(&credential(name)?)?,
        _ => bail!("a secret comes from env:NAME, file:PATH or credential:NAME"),
    };
    let text = Zeroizing::new(text);
    Ok(SecretString::from(text.trim()))
}

/// The file of a systemd credential.
///
/// # Errors
/// The service got none, or the name is none.
pub fn credential(name: &str) -> anyhow::Result<PathBuf> {
    let mut parts = Path::new(name).components();
    let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    if !plain {
        bail!("{name:?} is no credential's name");
    }
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").with_context(|| {
        format!(
            "there is no credential {name}: $CREDENTIALS_DIRECTORY is not set; give it with \
             LoadCredential={name}:… in the service's unit"
        )
    })?;
    Ok(Path::new(&folder).join(name))
}
