//! Where a delivery's post stands: the record key that takaza chooses, and the names made of it.
//!
//! The invariant: one delivery has one key for ever, derived from nothing but its id, so that a
//! second attempt, another process and a restored ledger all ask for the same record.

use uuid::Uuid;

use crate::domain::{canonical::Hash, ids::DeliveryId};

/// The collection of posts.
pub(super) const POSTS: &str = "app.bsky.feed.post";
/// The collection of reposts.
pub(super) const REPOSTS: &str = "app.bsky.feed.repost";

/// base32-sortable, as TIDs are written.
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// The last bits of the time (67 seconds of microseconds) that a hash takes the place of: many
/// deliveries are drafted in one millisecond, and two of them must not meet.
const HASHED_BITS: u32 = 26;
/// The bits of a TID behind its time.
const CLOCK_BITS: u32 = 10;

/// The record key of a delivery's post: a TID (13 characters, top bit 0) at the delivery's own
/// time, give or take a minute, told apart by 36 bits of the hash of its id.
pub(super) fn record_key(id: &DeliveryId) -> String {
    let hash = Hash::of(id.as_str().as_bytes());
    let bits = hash.bytes().iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let time = micros(id).unwrap_or(bits >> 11) & low(53);
    let (time, hashed) = (time & !low(HASHED_BITS), bits & low(HASHED_BITS));
    let clock = bits >> (64 - CLOCK_BITS);
    encode((time | hashed) << CLOCK_BITS | clock)
}

/// The microseconds since 1970 UTC that a record key says; `None`: it is no TID.
pub(super) fn time_of_key(key: &str) -> Option<i64> {
    if key.len() != 13 {
        return None;
    }
    let value = key.bytes().try_fold(0_u64, |value, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some(value << 5 | digit as u64)
    })?;
    i64::try_from(value >> CLOCK_BITS & low(53)).ok()
}

/// The microseconds since 1970 UTC of a UUID v7.
fn micros(id: &DeliveryId) -> Option<u64> {
    let (seconds, nanos) = Uuid::parse_str(id.as_str()).ok()?.get_timestamp()?.to_unix();
    Some(seconds.saturating_mul(1_000_000).saturating_add(u64::from(nanos) / 1_000))
}

const fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

fn encode(value: u64) -> String {
    (0..13_u32).rev().map(|n| char::from(ALPHABET[(value >> (5 * n) & 31) as usize])).collect()
}

/// A record's place: `at://DID/COLLECTION/KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Whose repository.
    pub did: String,
    /// Which kind of record.
    pub collection: String,
    /// Its key there.
    pub key: String,
}

impl Place {
    /// A post's place.
    pub fn post(did: &str, key: impl Into<String>) -> Self {
        Self { did: did.to_owned(), collection: POSTS.to_owned(), key: key.into() }
    }

    /// Reads `at://DID/COLLECTION/KEY`.
    pub fn parse(uri: &str) -> Option<Self> {
        let mut parts = uri.strip_prefix("at://")?.split('/');
        let (did, collection, key) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = did.starts_with("did:") && !collection.is_empty() && !key.is_empty();
        let place =
            Self { did: did.to_owned(), collection: collection.to_owned(), key: key.to_owned() };
        (whole && parts.next().is_none()).then_some(place)
    }

    /// Where a person can see the post.
    pub fn permalink(&self) -> String {
        format!("https://bsky.app/profile/{}/post/{}", self.did, self.key)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at://{}/{}/{}", self.did, self.collection, self.key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn uuid(millis: u64, random: u64) -> DeliveryId {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&random.to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        DeliveryId::new(uuid.to_string())
    }

    #[test]
    fn thousands_that_were_drafted_in_one_millisecond_have_keys_of_their_own() {
        let keys: HashSet<_> =
            (0..5_000).map(|n| record_key(&uuid(1_795_500_000_000, n))).collect();
        assert_eq!(keys.len(), 5_000);
    }

    #[test]
    fn a_place_is_read_back_and_nothing_else_is() {
        let place = Place::post("did:plc:abc", "3lbo5rw4h2k2a");
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for bad in [
            "at://did:plc:abc/app.bsky.feed.post",
            "at://did:plc:abc/app.bsky.feed.post/",
            "at://did:plc:abc/app.bsky.feed.post/k/more",
            "at://peepal.example/app.bsky.feed.post/k",
            "https://bsky.app/profile/did:plc:abc/post/k",
        ] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_a_valid_tid_near_the_time_of_its_id(
            millis in 1_600_000_000_000_u64..4_000_000_000_000, random in any::<u64>(),
        ) {
            let key = record_key(&uuid(millis, random));
            prop_assert!(key.len() == 13 && b"234567abcdefghij".contains(&key.as_bytes()[0]), "{key}");
            let off = time_of_key(&key).unwrap() - i64::try_from(millis).unwrap() * 1_000;
            prop_assert!(off.abs() < 68_000_000, "{key} is off by {off}");
        }

        #[test]
        fn any_id_has_a_valid_key_and_always_the_same(id in "\\PC{0,40}") {
            let key = record_key(&DeliveryId::new(&id));
            prop_assert!(time_of_key(&key).is_some());
            prop_assert!(b"234567abcdefghij".contains(&key.as_bytes()[0]), "{key}");
            prop_assert_eq!(record_key(&DeliveryId::new(&id)), key);
        }
    }
}
