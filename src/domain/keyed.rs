//! Tables of the configuration whose keys are words of ours (`[limits.lien]`, `[costs.x]`).
//!
//! Read as a map with an enum for its key, an error further in would lose the key on its path. So
//! each key is read as a text, and looked up before its value is read.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, de};

/// Reads such a table; `known` are the keys there may be, `word` is how each is spelled. An unknown
/// one is told in serde's own words for it.
pub(super) fn by_name<'de, D, K, V>(
    deserializer: D,
    known: &'static [K],
    word: fn(K) -> &'static str,
) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Ord + Copy,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(ByName { known, word, value: PhantomData })
}

struct ByName<K: 'static, V> {
    known: &'static [K],
    word: fn(K) -> &'static str,
    value: PhantomData<V>,
}

impl<'de, K: Ord + Copy, V: Deserialize<'de>> de::Visitor<'de> for ByName<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
        let mut read = BTreeMap::new();
        while let Some(name) = table.next_key::<String>()? {
            let key = self.known.iter().copied().find(|key| (self.word)(*key) == name);
            let Some(key) = key else {
                let words = self.known.iter().map(|key| format!("`{}`", (self.word)(*key)));
                let words: Vec<_> = words.collect();
                return Err(de::Error::custom(format!(
                    "unknown variant `{name}`, expected one of {}",
                    words.join(", ")
                )));
            };
            read.insert(key, table.next_value()?);
        }
        Ok(read)
    }
}
