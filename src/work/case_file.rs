//! The case file: made from the ledger for one case, and checked without any ledger.

use super::{Ctx, audit};
use crate::{
    domain::{ids::CaseRef, person::Desk},
    reports::case_file::{CaseFile, FORMAT, rungs, source_said},
    store::{self, Actor, StoreError},
};

/// Why there is no case file.
#[derive(Debug, thiserror::Error)]
pub enum NoCaseFile {
    /// There is no key yet, so nothing is sealed.
    #[error(transparent)]
    NoKey(#[from] audit::NoKey),
    /// The ledger has nothing about it, not all is sealed, or it failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the file of one case for a person. That it was made is on the record before this returns.
///
/// # Errors
/// No escalation rests on the case, not all of it is sealed, or the ledger failed.
pub async fn make(
    ctx: &Ctx,
    by: &Actor,
    desk: &Desk,
    case: &CaseRef,
) -> Result<CaseFile, NoCaseFile> {
    let vkeys = audit::own_keys(ctx)?;
    let found = ctx.store.case_evidence(by, desk, case).await?;
    Ok(CaseFile {
        format: FORMAT.to_owned(),
        unit: ctx.config.unit.name_en.clone(),
        case_ref: case.expose().to_owned(),
        made_at: found.made_at.to_string(),
        made_by: desk.id().to_string(),
        made: found.made,
        vkeys,
        rungs: rungs(&found.evidence),
        source_said: source_said(&found.evidence),
        evidence: found.evidence,
    })
}

/// What is wrong with a case file, in words; nothing: it is good. `vkeys` are the record's public
/// keys as the reader got them, the oldest first; what the file itself says of them is not believed.
pub fn check(file: &CaseFile, vkeys: &[String]) -> Vec<String> {
    let vkeys: Vec<&str> = vkeys.iter().map(String::as_str).collect();
    let mut faults = store::check_evidence(&file.evidence, &vkeys, &file.case_ref);
    if file.format != FORMAT {
        faults.push(format!("the format {:?} is not {FORMAT}", file.format));
    }
    if file.rungs != rungs(&file.evidence) || file.source_said != source_said(&file.evidence) {
        faults.push("the story is not what the evidence tells".to_owned());
    }
    if file.made.text != file.case_ref {
        faults.push("the entry about its making was about another case".to_owned());
    }
    faults
}
