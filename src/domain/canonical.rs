//! Canonical JSON (RFC 8785) and hashes over it: the same value gives the same bytes on every
//! machine and in every language, so that an outsider can recompute a hash.
//!
//! Every integer is written as a decimal string: JSON numbers beyond 2^53 do not survive other
//! people's readers.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A SHA-256 hash, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The raw 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Wraps 32 raw bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a hash is 64 hexadecimal digits")
    }
}

/// The canonical JSON of a value, integers as strings.
///
/// # Panics
/// Only for a value that JSON cannot hold (a map whose keys are not strings): none of ours is.
pub fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let value = serde_json::to_value(value).map(integers_as_strings);
    value
        .and_then(|value| serde_json_canonicalizer::to_string(&value))
        .expect("takaza's own types have string keys and no non-finite floats")
}

/// The hash of a value's canonical JSON.
pub fn hash<T: Serialize + ?Sized>(value: &T) -> Hash {
    Hash::of(json(value).as_bytes())
}

fn integers_as_strings(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_f64() => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().map(integers_as_strings).collect(),
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(key, value)| (key, integers_as_strings(value))).collect(),
        ),
        other => other,
    }
}
