//! Sealing what must not be read by whoever can read the database: the platforms' grants, and the
//! secrets of people's one-time codes.
//!
//! The invariants: what is sealed opens only with its key, which lives outside the database, and
//! only as what it was sealed as, and for whom: a sealed grant that somebody moves to another row
//! does not open. Keys and opened texts are wiped from memory when they are let go.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    Key as CipherKey, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use zeroize::Zeroizing;

use super::{
    canonical::{self, Hash},
    ids::{AccountName, PersonId},
};

/// The bytes of a nonce. It is drawn anew for every sealing: 192 random bits do not meet again.
pub const NONCE: usize = 24;

/// The bytes of a key.
const KEY: usize = 32;

/// The keys that seal: the first one seals, the older ones only open.
pub struct Keyring(Vec<Key>);

struct Key {
    id: String,
    bytes: Zeroizing<[u8; KEY]>,
}

/// What a sealed text is for: it opens for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context<'a> {
    /// An account's grant.
    Grant(&'a AccountName),
    /// The secret of a person's one-time codes.
    SecondFactor(&'a PersonId),
}

impl std::fmt::Display for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Grant(account) => write!(f, "the grant of account {account}"),
            Self::SecondFactor(person) => write!(f, "the second factor of {person}"),
        }
    }
}

/// A sealed text as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The id of the key that sealed it.
    pub key_id: String,
    /// Nonce and ciphertext, in base64.
    pub text: String,
}

/// A text that is no keyring. It is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not hold keys of 64 hexadecimal digits, one a line")]
pub struct BadKeyring;

/// Why a sealed text does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// Another key sealed it.
    #[error("key {0} sealed it, and that key is not here")]
    NoKey(String),
    /// It was altered, or sealed for something else.
    #[error("it was altered, or sealed for another")]
    Altered,
}

/// A text that cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is too long to be sealed")]
pub struct TooLong;

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl Keyring {
    /// Reads keys, one a line, the current one first.
    ///
    /// # Errors
    /// A line is no key, or there is none.
    pub fn parse(text: &str) -> Result<Self, BadKeyring> {
        let keys: Option<Vec<_>> =
            text.split_whitespace().map(|line| Key::parse(line.trim())).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self).ok_or(BadKeyring)
    }

    /// The id of the key that seals.
    pub fn current(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// The ids of the keys that only open.
    pub fn older(&self) -> impl Iterator<Item = &str> {
        self.0.iter().skip(1).map(|key| key.id.as_str())
    }

    /// Seals a text with the current key.
    ///
    /// # Errors
    /// It is longer than 256 GiB.
    pub fn seal(
        &self,
        plain: &[u8],
        context: Context<'_>,
        nonce: [u8; NONCE],
    ) -> Result<Sealed, TooLong> {
        let key = self.0.first().ok_or(TooLong)?;
        let aad = key.bound_to(context);
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| TooLong)?;
        let text = BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat());
        Ok(Sealed { key_id: key.id.clone(), text })
    }

    /// Opens what was sealed for this context.
    ///
    /// # Errors
    /// Its key is not here, or it was altered or sealed for something else.
    pub fn open(
        &self,
        sealed: &Sealed,
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let key = self.0.iter().find(|key| key.id == sealed.key_id);
        let key = key.ok_or_else(|| Unopened::NoKey(sealed.key_id.clone()))?;
        let bytes = BASE64_STANDARD.decode(&sealed.text).map_err(|_| Unopened::Altered)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Unopened::Altered)?;
        let aad = key.bound_to(context);
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let opened = key.cipher().decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| Unopened::Altered)
    }
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY]);
        hex::decode_to_slice(line, bytes.as_mut_slice()).ok()?;
        // Under a prefix of its own, so that the id says nothing about any other use of these bytes.
        let named = Zeroizing::new([b"takaza grant key ".as_slice(), bytes.as_slice()].concat());
        let id = Hash::of(&named).to_string()[..16].to_owned();
        Some(Self { id, bytes })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &CipherKey = (&*self.bytes).into();
        XChaCha20Poly1305::new(key)
    }

    /// What is authenticated beside the text: JSON, for no two contexts are written alike there.
    fn bound_to(&self, context: Context<'_>) -> String {
        let (purpose, owner) = match context {
            Context::Grant(account) => ("grant", account.as_str()),
            Context::SecondFactor(person) => ("second factor", person.as_str()),
        };
        canonical::json(&["takaza vault 1", &self.id, purpose, owner])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(lines: &[u8]) -> Keyring {
        let line = |byte: &u8| hex::encode([*byte; KEY]);
        Keyring::parse(&lines.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_own_account_and_purpose_only() {
        let person = PersonId::new("town");
        let (ring, town, desk) = (ring(&[1]), AccountName::new("town"), AccountName::new("desk"));
        let sealed = ring.seal(b"a token", Context::Grant(&town), [7; NONCE]).unwrap();
        assert!(!sealed.text.contains("token"));
        let open = |context| ring.open(&sealed, context);
        assert_eq!(open(Context::Grant(&town)).unwrap().as_slice(), b"a token");
        assert_eq!(open(Context::Grant(&desk)).unwrap_err(), Unopened::Altered);
        assert_eq!(open(Context::SecondFactor(&person)).unwrap_err(), Unopened::Altered);
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let (ring, town) = (ring(&[1]), AccountName::new("town"));
        let sealed = ring.seal(b"a token", Context::Grant(&town), [7; NONCE]).unwrap();
        let bytes = BASE64_STANDARD.decode(&sealed.text).unwrap();
        for n in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[n] ^= 1;
            let altered = Sealed { text: BASE64_STANDARD.encode(altered), ..sealed.clone() };
            assert_eq!(ring.open(&altered, Context::Grant(&town)), Err(Unopened::Altered));
        }
        for text in ["", "no base64!", "AAAA"] {
            let altered = Sealed { text: text.to_owned(), ..sealed.clone() };
            assert_eq!(ring.open(&altered, Context::Grant(&town)), Err(Unopened::Altered));
        }
    }

    #[test]
    fn an_older_key_opens_and_only_the_first_one_seals() {
        let (old, both, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
        let (town, nonce) = (AccountName::new("town"), [7; NONCE]);
        let sealed = old.seal(b"a token", Context::Grant(&town), nonce).unwrap();
        assert!(both.open(&sealed, Context::Grant(&town)).is_ok());
        let id = old.current().to_owned();
        assert_eq!(new.open(&sealed, Context::Grant(&town)), Err(Unopened::NoKey(id.clone())));
        let anew = both.seal(b"a token", Context::Grant(&town), nonce).unwrap();
        assert_eq!(anew.key_id, both.current());
        assert_eq!(both.older().collect::<Vec<_>>(), [id]);
        // Another key's id beside it does not make it that key's.
        let moved = Sealed { key_id: old.current().to_owned(), ..anew };
        assert_eq!(both.open(&moved, Context::Grant(&town)), Err(Unopened::Altered));
    }

    #[test]
    fn a_keyring_shows_no_key_and_takes_nothing_else_for_one() {
        let text = hex::encode([1; KEY]);
        let ring = Keyring::parse(&format!("\n{text}\n")).unwrap();
        assert!(!format!("{ring:?}").contains(&text[..8]));
        for bad in ["", "\n", "abcd", &text[1..], &format!("{text}00"), &text.replace('0', "g")] {
            assert_eq!(Keyring::parse(bad).err(), Some(BadKeyring), "{bad}");
        }
    }
}
