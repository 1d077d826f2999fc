//! Identifiers, each a type of its own so that one cannot be passed for another.

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the identifier as it was read; meaning is checked where it is looked up.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

/// Identifiers that belong to a case: as private as the case itself, so `Debug` shows none of it
/// and there is no `Display`.
macro_rules! private_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the identifier as it was read.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier itself: for the case source, the ledger and an officer's eyes,
            /// never for a log or a public text.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )*};
}

text_id! {
    /// A bank in the directory: the first four letters of its own branch codes.
    BankCode,
    /// One escalation (UUID v7).
    EscalationId,
    /// One delivery (UUID v7).
    DeliveryId,
    /// One standing order (UUID v7).
    OrderId,
    /// A person of the unit, by the short name they sign with.
    PersonId,
    /// One of the unit's own accounts on a platform, by the name the configuration gives it.
    AccountName,
    /// The short public code in every post, such as `GGM-7F3K2`.
    Reference,
}

/// A text that is no name to sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name to sign with; write lower-case letters, digits, dots and dashes, beginning \
     with a letter (\"a.rana\")"
)]
pub struct NoName(String);

impl PersonId {
    /// A name that is easy to type and looks like no other.
    ///
    /// # Errors
    /// It is not.
    pub fn signing(text: &str) -> Result<Self, NoName> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || !text.chars().all(good) || text.len() > 40 {
            return Err(NoName(text.to_owned()));
        }
        Ok(Self::new(text))
    }
}

private_id! {
    /// The case source's key of a bank action; often the complaint's own number.
    ExternalId,
    /// FIR or acknowledgement number.
    CaseRef,
}
