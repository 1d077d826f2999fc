//! The words that a query may hold, for the document: they are read from the lists of the ledger.

use utoipa::openapi::{Object, ObjectBuilder, Type};

use crate::domain::{bank::BankClass, delivery::StateName, escalation::EscalationState};

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

pub(super) fn escalation_states() -> Object {
    one_of(EscalationState::ALL.iter().map(|state| state.as_str()))
}

pub(super) fn delivery_states() -> Object {
    one_of(StateName::ALL.iter().map(|state| state.as_str()))
}

pub(super) fn bank_classes() -> Object {
    one_of(BankClass::ALL.iter().map(|class| class.as_str()))
}
