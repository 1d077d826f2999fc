//! Canonical JSON (RFC 8785) and hashes over it: the same value gives the same bytes on every
//! machine and in every language, so that an outsider can recompute a hash.
//!
//! Every integer is written as a decimal string: JSON numbers beyond 2^53 do not survive other
//! people's readers.

use std::cmp::Ordering;

use hmac::{Hmac, KeyInit as _, Mac as _};
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

    /// What stands for somebody's or something's id where the id itself must not: HMAC-SHA256 over its
    /// kind and the id. Without the key nobody can tell whose it is, not even by trying every id.
    pub fn keyed(key: &[u8], kind: &str, id: &str) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104)");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(id.as_bytes());
        Self(mac.finalize().into_bytes().into())
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
    let value = serde_json::to_value(value).expect("takaza's own types have string keys");
    of_value(&value)
}

/// The hash of a value's canonical JSON.
pub fn hash<T: Serialize + ?Sized>(value: &T) -> Hash {
    Hash::of(json(value).as_bytes())
}

/// [`json`] of what is JSON already, without a copy of it.
pub fn of_value(value: &Value) -> String {
    let mut out = String::with_capacity(512);
    write(value, &mut out);
    out
}

/// [`json`] of an object with these fields, each named once.
pub fn of_fields(mut fields: Vec<(&str, Value)>) -> String {
    let mut out = String::with_capacity(1024);
    fields.sort_unstable_by(|(a, _), (b, _)| by_utf16(a, b));
    write_fields(fields.iter().map(|(key, value)| (*key, value)), &mut out);
    out
}

/// RFC 8785 sorts by UTF-16 code units, which no map of ours promises.
fn by_utf16(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

fn write_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String) {
    out.push('{');
    for (n, (key, value)) in fields.enumerate() {
        if n > 0 {
            out.push(',');
        }
        write_text(key, out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Number(integer) if !integer.is_f64() => {
            out.push('"');
            out.push_str(&integer.to_string());
            out.push('"');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (&**key, value)).collect();
            fields.sort_unstable_by(|(a, _), (b, _)| by_utf16(a, b));
            write_fields(fields.into_iter(), out);
        }
        Value::String(text) => write_text(text, out),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
        Value::Number(float) => out.push_str(
            &serde_json_canonicalizer::to_string(float).expect("JSON has finite floats only"),
        ),
    }
}

/// The escapes of RFC 8785: the short ones, `\u00xx` for the other control characters, and nothing
/// else.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // All that is escaped is one byte long, so these are the borders of characters.
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_strings_and_keys_are_sorted_as_utf_16() {
        let value = json!({"b": 12, "a": [null, true, -1, 0.5], "\u{fb33}": 1, "\u{1f600}": 2});
        let written =
            "{\"a\":[null,true,\"-1\",0.5],\"b\":\"12\",\"\u{1f600}\":\"2\",\"\u{fb33}\":\"1\"}";
        assert_eq!(json(&value), written);
    }

    /// Any JSON, its integers already as strings.
    fn any_json() -> impl Strategy<Value = Value> {
        let text = || prop_oneof![any::<String>(), "[\u{0}-\u{20}\"\\\\/a]{0,6}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|float: f64| Value::from(float + 0.5)),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(text(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_the_published_canonicalizer_writes(value in any_json()) {
            let canonical = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert_eq!(&json(&value), &canonical);
            if let Value::Object(fields) = &value {
                let fields = fields.iter().rev().map(|(key, value)| (&**key, value.clone()));
                prop_assert_eq!(of_fields(fields.collect()), canonical);
            }
        }
    }
}
