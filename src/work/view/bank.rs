//! One bank of the directory.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::bank::{Bank, Directory};

/// One bank of the directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankView {
    /// Its code: the first four letters of its branch codes (IFSC).
    pub code: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Hindi, where it is known.
    pub name_hi: Option<String>,
    /// Its class: `public`, `private`, `foreign` …
    pub class: String,
    /// The bank that it was merged into.
    pub merged_into: Option<String>,
    /// The bank that answers today.
    pub answers: String,
}

impl BankView {
    /// A bank of this directory.
    pub fn of(bank: &Bank, banks: &Directory) -> Self {
        Self {
            code: bank.code.to_string(),
            name_en: bank.name_en.clone(),
            name_hi: bank.name_hi.clone(),
            class: bank.class.to_string(),
            merged_into: bank.merged_into.as_ref().map(ToString::to_string),
            answers: banks.resolve(&bank.code).to_string(),
        }
    }
}
