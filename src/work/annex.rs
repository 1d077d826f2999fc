//! The annex of a post: the case rows behind it. They go to the bank's verified nodal address by
//! the unit's own mail and nowhere else; takaza itself sends them to nobody.
//!
//! The invariant: nobody sees it without an entry in the record, made before it is shown.

use super::Ctx;
use crate::{
    domain::{
        action::Kind,
        ids::{CaseRef, Reference},
        money::Paise,
        person::Desk,
        time::Timestamp,
    },
    store::{Actor, StoreError},
};

/// The annex of one post.
#[derive(Debug, Clone)]
pub struct Annex {
    /// The post.
    pub reference: Reference,
    /// Its rows; none where they were erased under a rule, or where it rests on none.
    pub rows: Vec<Row>,
}

/// One case's action, as it was seen when the post was drafted.
#[derive(Debug, Clone)]
pub struct Row {
    /// The case.
    pub case_ref: CaseRef,
    /// What the bank was asked to do.
    pub kind: Kind,
    /// The amount, where one is known.
    pub amount: Option<Paise>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// When the request reached the bank.
    pub delivered_at: Option<Timestamp>,
    /// Until when the bank had time.
    pub due_at: Option<Timestamp>,
}

/// Shows the annex to a person, on the record.
///
/// # Errors
/// There is no such post, or the ledger failed: then nothing is shown.
pub async fn show(ctx: &Ctx, by: &Actor, desk: &Desk, which: &str) -> Result<Annex, StoreError> {
    let (reference, evidence) = ctx.store.annex_shown(by, desk, which).await?;
    let rows = evidence.into_iter().map(|one| Row {
        due_at: ctx.limits.due_of(&one.seen).ok(),
        kind: one.seen.kind,
        amount: one.seen.disputed,
        requested_at: one.seen.requested_at,
        delivered_at: one.seen.delivered_at,
        case_ref: one.seen.case_ref,
    });
    Ok(Annex { reference, rows: rows.collect() })
}
