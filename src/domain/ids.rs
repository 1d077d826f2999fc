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

private_id! {
    /// The case source's key of a bank action; often the complaint's own number.
    ExternalId,
    /// FIR or acknowledgement number.
    CaseRef,
}
