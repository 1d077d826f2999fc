//! The reading of a text, worked out once for the same question: reading takes milliseconds, and the
//! same text is asked about at drafting, at its clearance and at its send.
//!
//! This is sound because the answer is a function of the question and of nothing else: the leak guard
//! and the rules of wording have no clock and no state, and their lists are compiled in or part of
//! the question. So in one process the same question can only get the same answer, and a new version
//! starts with an empty memory. The key is the SHA-256 of the whole question, the bytes of the text
//! and every rule included; whatever differs by a bit is read anew. Only *nothing stands against it*
//! is remembered: a refusal is found again each time, with its places.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::objection::Objection;

/// How many questions are remembered; then all are forgotten.
const MOST: usize = 20_000;

type Key = [u8; 32];

static NOTHING_AGAINST: LazyLock<Mutex<HashSet<Key>>> = LazyLock::new(Mutex::default);

/// What `read` says to this question; it is not asked where it has said before that nothing stands
/// against it.
pub(super) fn against(
    question: &impl Hash,
    read: impl FnOnce() -> Vec<Objection>,
) -> Vec<Objection> {
    let key = key(question);
    if remembered().contains(&key) {
        return Vec::new();
    }
    let against = read();
    if against.is_empty() {
        let mut remembered = remembered();
        if remembered.len() >= MOST {
            remembered.clear();
        }
        remembered.insert(key);
    }
    against
}

/// Nothing that holds the lock can leave a question half remembered.
fn remembered() -> MutexGuard<'static, HashSet<Key>> {
    NOTHING_AGAINST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(question: &impl Hash) -> Key {
    let mut bytes = Bytes::default();
    question.hash(&mut bytes);
    bytes.0.finalize().into()
}

/// Everything that a value would feed to a hash table, under a hash without known collisions.
#[derive(Default)]
struct Bytes(Sha256);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The first eight bytes, for whoever asks for a table's place.
    fn finish(&self) -> u64 {
        let hash: Key = self.0.clone().finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_was_passed_is_not_read_again_and_a_refusal_is_found_each_time() {
        let readings = Cell::new(0);
        let ask = |question: (&str, u32), found: Vec<Objection>| {
            against(&question, || {
                readings.set(readings.get() + 1);
                found
            })
        };
        for _ in 0..3 {
            assert_eq!(ask(("a text that passes", 1), Vec::new()), []);
        }
        assert_eq!(readings.get(), 1);
        // Another rule is another question, and so is another text that ends alike.
        assert_eq!(ask(("a text that passes", 2), vec![Objection::Empty]), [Objection::Empty]);
        assert_eq!(ask(("text that passes", 1), vec![Objection::Empty]), [Objection::Empty]);
        assert_eq!(ask(("text that passes", 1), vec![Objection::Empty]), [Objection::Empty]);
        assert_eq!(readings.get(), 4);
    }
}
