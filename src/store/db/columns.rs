//! What a column holds: each type of the domain as the one integer or text that stands for it, read
//! from a row and bound to a statement.

use sqlx::Row as _;

use super::{Row, Value};
use crate::domain::{
    action::{Kind, Status},
    alarm::What,
    canonical::Hash,
    delivery::{OutcomeKind, StateName},
    engagement::{EngagementKind, Voice},
    escalation::{EscalationKind, EscalationState, Rung},
    ids::{
        AccountName, BankCode, CaseRef, DeliveryId, EscalationId, ExternalId, OrderId, PersonId,
        Reference,
    },
    importing::ImportState,
    money::Paise,
    person::Role,
    platform::{Language, MentionMode, Platform, Sender, Visibility},
    reply_class::ReplyClass,
    time::Timestamp,
};
use crate::store::StoreError;

/// A type that one column holds.
pub(in crate::store) trait Column: Sized {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError>;
}

macro_rules! raw_column {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(name)?,
                    Row::Postgres(row) => row.try_get(name)?,
                })
            }
        }
    )*};
}
raw_column!(i64, String);

impl<T: Column> Column for Option<T> {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        if row.is_null(name)? { Ok(None) } else { T::read(row, name).map(Some) }
    }
}

impl Column for bool {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Ok(i64::read(row, name)? != 0)
    }
}

impl Column for u32 {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        u32::try_from(i64::read(row, name)?).map_err(|_| StoreError::corrupt(name))
    }
}

impl Column for Timestamp {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        i64::read(row, name).map(Timestamp::from_micros)
    }
}

impl Column for Paise {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        i64::read(row, name).map(Paise::new)
    }
}

impl Column for Hash {
    fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
        Hash::parse(&String::read(row, name)?).ok_or_else(|| StoreError::corrupt(name))
    }
}

macro_rules! text_column {
    ($($type:ident),* $(,)?) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                String::read(row, name).map($type::from)
            }
        }
    )*};
}
text_column!(
    AccountName,
    BankCode,
    CaseRef,
    DeliveryId,
    EscalationId,
    ExternalId,
    OrderId,
    PersonId,
    Reference
);

macro_rules! spelled_column {
    ($($type:ident),* $(,)?) => {$(
        impl Column for $type {
            fn read(row: &Row, name: &str) -> Result<Self, StoreError> {
                $type::parse(&String::read(row, name)?).ok_or_else(|| StoreError::corrupt(name))
            }
        }
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::Text(Some(value.as_str().to_owned()))
            }
        }
    )*};
}
spelled_column!(
    EngagementKind,
    EscalationKind,
    EscalationState,
    ImportState,
    Kind,
    Language,
    MentionMode,
    OutcomeKind,
    Platform,
    ReplyClass,
    Role,
    Rung,
    Sender,
    StateName,
    Status,
    Visibility,
    Voice,
    What,
);

macro_rules! value_from {
    ($($type:ty => $variant:ident($value:ident) $out:expr),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant(Some($out))
            }
        }
    )*};
}
value_from! {
    i64 => Int(v) v,
    u32 => Int(v) i64::from(v),
    bool => Int(v) i64::from(v),
    Timestamp => Int(v) v.micros(),
    Paise => Int(v) v.paise(),
    &str => Text(v) v.to_owned(),
    String => Text(v) v,
    &String => Text(v) v.clone(),
    Hash => Text(v) v.to_string(),
    &AccountName => Text(v) v.as_str().to_owned(),
    &BankCode => Text(v) v.as_str().to_owned(),
    &DeliveryId => Text(v) v.as_str().to_owned(),
    &EscalationId => Text(v) v.as_str().to_owned(),
    &OrderId => Text(v) v.as_str().to_owned(),
    &PersonId => Text(v) v.as_str().to_owned(),
    &Reference => Text(v) v.as_str().to_owned(),
    &ExternalId => Text(v) v.expose().to_owned(),
    &CaseRef => Text(v) v.expose().to_owned(),
}

/// A column that may be empty. Which of the two kinds it is, its type says.
impl<T: Into<Value> + Nullable> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(T::NULL, Into::into)
    }
}

/// The kind of NULL that a type leaves.
pub(in crate::store) trait Nullable {
    /// The NULL.
    const NULL: Value;
}

macro_rules! nullable {
    ($($type:ty => $null:expr),* $(,)?) => {$(
        impl Nullable for $type { const NULL: Value = $null; }
    )*};
}
nullable! {
    i64 => Value::Int(None), u32 => Value::Int(None), Timestamp => Value::Int(None),
    Paise => Value::Int(None), bool => Value::Int(None),
    &str => Value::Text(None), String => Value::Text(None), &String => Value::Text(None),
    Hash => Value::Text(None), &EscalationId => Value::Text(None), &PersonId => Value::Text(None),
    &OrderId => Value::Text(None), &BankCode => Value::Text(None), &CaseRef => Value::Text(None),
    &ExternalId => Value::Text(None),
}
