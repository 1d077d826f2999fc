//! The leak guard's word about a text, worked out once for the same bytes: it reads a text in
//! milliseconds, and the same text is asked about at drafting, at its clearance and at its send.
//!
//! This is sound because the guard is a function of the text and of nothing else: it has no
//! configuration, no clock and no state, and its rules are compiled in. So in one process the same
//! bytes can only get the same answer, and a new version of the guard starts with an empty memory.
//! The key is the SHA-256 of exactly the bytes that are judged; whatever differs by a bit is read
//! anew. Only *nothing was found* is remembered: a refusal is found again each time, with its
//! places. All other questions of *may this be said?* depend on more than the text, and are asked
//! anew each time.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use crate::domain::{
    canonical::Hash,
    leak_guard::{self, Finding},
};

/// How many texts are remembered; then all are forgotten.
const MOST: usize = 20_000;

static PASSED: LazyLock<Mutex<HashSet<Hash>>> = LazyLock::new(Mutex::default);

/// What [`leak_guard::findings`] says of a text.
pub(super) fn findings(text: &str) -> Vec<Finding> {
    let key = Hash::of(text.as_bytes());
    if passed().contains(&key) {
        return Vec::new();
    }
    let found = leak_guard::findings(text);
    if found.is_empty() {
        let mut passed = passed();
        if passed.len() >= MOST {
            passed.clear();
        }
        passed.insert(key);
    }
    found
}

/// Nothing that holds the lock can leave a text half remembered.
fn passed() -> MutexGuard<'static, HashSet<Hash>> {
    PASSED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_passed_says_nothing_of_another_and_a_refusal_is_found_each_time() {
        let (clean, leaky) = ("Please mark the liens.", "Please mark the liens. 9876543210");
        for _ in 0..3 {
            assert_eq!(findings(clean), []);
            assert_eq!(findings(leaky), leak_guard::findings(leaky));
            assert_eq!(findings(leaky).len(), 1);
        }
    }
}
