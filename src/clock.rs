//! What would be ambient elsewhere: the time and the dice. Both are handed in, so that a story can
//! step the one and seed the other.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use jiff::SignedDuration;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::domain::{ids::Reference, time::Timestamp};

/// The time, from the system or from a story.
#[derive(Clone)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// Moves only when a story moves it (microseconds since 1970 UTC).
    Stepped(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that a story steps by hand.
    pub fn stepped(start: Timestamp) -> Self {
        Self::Stepped(Arc::new(AtomicI64::new(start.micros())))
    }

    /// The instant now.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => jiff::Timestamp::now().into(),
            Self::Stepped(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a stepped clock on; the system's moves by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Stepped(micros) = self {
            micros.store(self.now().plus(by).micros(), Ordering::SeqCst);
        }
    }

    /// A clock that never goes back and counts suspension: the sender's own deadline runs on it.
    pub fn steady(&self) -> SignedDuration {
        match self {
            Self::Stepped(micros) => SignedDuration::from_micros(micros.load(Ordering::SeqCst)),
            Self::System => boottime(),
        }
    }
}

/// `CLOCK_BOOTTIME`: since the machine started, suspension included.
fn boottime() -> SignedDuration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let nanos = i32::try_from(time.tv_nsec).unwrap_or(0);
    SignedDuration::new(time.tv_sec, nanos)
}

/// The dice: ids, tokens, salts, references.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    /// Seeded by the operating system.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_rng(&mut rand::rng()))))
    }

    /// Seeded by a story.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills with random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    }

    /// A UUID v7 stamped with this instant.
    pub fn uuid(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid().to_string()
    }

    /// A salt or claim token: 128 bits in hexadecimal.
    pub fn token(&self) -> String {
        hex::encode(self.bytes::<16>())
    }

    /// A reference such as `GGM-7F3K2`: five of thirty letters and digits that no one confuses.
    pub fn reference(&self, prefix: &str) -> Reference {
        const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
        let letters =
            self.bytes::<5>().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        Reference::new(format!("{prefix}-{}", letters.iter().collect::<String>()))
    }
}
