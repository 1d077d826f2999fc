//! Orders of silence, as a person enters and lifts them: under a number, with an end, for a reason
//! that the record keeps.

use super::Ctx;
use crate::{
    domain::person::{NotAllowed, Person},
    store::{Actor, SilenceOrder, StoreError},
};

/// Why a silence was not ordered or lifted.
#[derive(Debug, thiserror::Error)]
pub enum NotSilenced {
    /// It ends before it begins, or has ended.
    #[error("a silence ends after it begins, and in the future")]
    NoTime,
    /// It names no order.
    #[error("a silence names the number of its order")]
    NoOrder,
    /// Nobody said why it is lifted.
    #[error("say why, for the record")]
    NoReason,
    /// The person may not.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The ledger refused it or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An officer or approver orders a silence. Returns its id.
///
/// # Errors
/// The person may not, it has no number or no time, or the ledger failed.
pub async fn order(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    order: &SilenceOrder,
) -> Result<String, NotSilenced> {
    let now = ctx.clock.now();
    let desk = person.as_desk(now)?;
    if order.label.is_empty() {
        return Err(NotSilenced::NoOrder);
    }
    if order.until <= order.from || order.until <= now {
        return Err(NotSilenced::NoTime);
    }
    Ok(ctx.store.add_silence(by, &desk, order).await?)
}

/// An approver lifts a silence before its end. `how` they came (`cli`, `console`) stands in the
/// record with the reason.
///
/// # Errors
/// The person may not, there is no reason or no such silence, or the ledger failed.
pub async fn lift(
    ctx: &Ctx,
    how: &str,
    person: &Person,
    id: &str,
    reason: &str,
) -> Result<(), NotSilenced> {
    let approver = person.as_approver(ctx.clock.now())?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(NotSilenced::NoReason);
    }
    let by = Actor::person(person.id.clone(), &format!("{how} silence lift: {reason}"));
    Ok(ctx.store.lift_silence(&by, &approver, id).await?)
}
