//! Makes a report: asks the ledger and the case source for the measures of some days and puts them
//! into one document.
//!
//! The invariants: every number comes from one definition (`domain::measures`); the public edition is
//! made of what was public and of totals, and passes the leak guard as a whole, or is not made.

use jiff::civil::Date;

use super::Ctx;
use crate::{
    domain::{ids::BankCode, platform::Language},
    locale::Locale,
    reports::document::{Document, Edition, Subject},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it is about.
    pub subject: Subject,
    /// For whom it is.
    pub edition: Edition,
    /// The language of its texts.
    pub language: Language,
    /// The first day, as the unit counts days.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// One bank alone.
    pub bank: Option<BankCode>,
}

/// The report.
///
/// # Errors
/// The ledger or the case source failed, or the public edition may not be said.
pub async fn make(ctx: &Ctx, asked: &Asked) -> anyhow::Result<Document> {
    let words = Locale::new(asked.language)?;
    let as_of = ctx.store.clock().await?;
    let title = words.say::<&str>(&format!("report-title-{}", asked.subject), &[])?;
    Ok(Document {
        subject: asked.subject,
        edition: asked.edition,
        language: asked.language,
        title,
        unit: match asked.language {
            Language::En => ctx.config.unit.name_en.clone(),
            Language::Hi => ctx.config.unit.name_hi.clone(),
        },
        from: asked.from,
        until: asked.until,
        as_of,
        zone: ctx.config.calendar.zone.clone(),
        notes: Vec::new(),
        sections: Vec::new(),
    })
}
