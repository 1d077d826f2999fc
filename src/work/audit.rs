//! The record as people check it and carry it out of the house: verification against everything
//! that is known outside the ledger, and the export. Command line and console ask here.
//!
//! The invariant: a reader makes no sealing key; the first seal does.

use std::{io::Write, path::PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::{Ctx, key_file, seal};
use crate::{
    domain::person::Approver,
    store::{Actor, ExportError, ExportRules, SealKey, Verdict, read_checkpoints},
};

/// Why there is no sealing key to read.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// Nothing was sealed yet.
    #[error(
        "there is no sealing key at {} yet: `takaza run-once` or `takaza serve` makes it and seals the record",
        .0.display()
    )]
    NotYet(PathBuf),
    /// It is there and cannot be read.
    #[error(transparent)]
    Unreadable(#[from] anyhow::Error),
}

/// The sealing key, which is made by the first seal and not by a reader.
///
/// # Errors
/// There is none yet, or it cannot be read.
pub fn sealing_key(ctx: &Ctx) -> Result<SealKey, NoKey> {
    let file = &ctx.config.record.key_file;
    if !file.exists() {
        return Err(NoKey::NotYet(file.clone()));
    }
    Ok(seal::key(&ctx.config.record, &ctx.dice)?)
}

/// The public halves of all the record's keys, the oldest first, as they lie beside the sealing key.
///
/// # Errors
/// There is no key yet, or a file cannot be read.
pub fn own_keys(ctx: &Ctx) -> Result<Vec<String>, NoKey> {
    Ok(seal::public_keys(&ctx.config.record, &sealing_key(ctx)?)?)
}

/// Verifies the record by these public keys, against the checkpoints of every configured place and
/// those given. `tell` hears (done, total).
///
/// # Errors
/// A place cannot be read, or the ledger failed.
pub async fn verify(
    ctx: &Ctx,
    vkeys: &[String],
    given: Vec<String>,
    tell: &(dyn Fn(u64, u64) + Sync),
) -> anyhow::Result<Verdict> {
    let mut notes = Vec::new();
    for place in seal::places(&ctx.config.record) {
        let read = read_checkpoints(&place).await;
        notes.extend(read.with_context(|| format!("the checkpoints in {}", place.display()))?);
    }
    notes.extend(given);
    let vkeys: Vec<&str> = vkeys.iter().map(String::as_str).collect();
    Ok(ctx.store.verify(&notes, &vkeys, tell).await?)
}

/// Why an export was not made, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum NoExport {
    /// There is no key to verify it by.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// The ledger failed, or the writer did.
    #[error(transparent)]
    Ended(#[from] ExportError),
}

/// Writes the export; for an approver, also what each alias stands for, which leaves an entry.
/// Returns how many lines.
///
/// # Errors
/// There is no key yet, the ledger failed, or the writer did.
pub async fn export(
    ctx: &Ctx,
    writer: &mut (dyn Write + Send),
    references: Option<(&Actor, &Approver)>,
) -> Result<u64, NoExport> {
    let vkey = sealing_key(ctx)?.vkey().to_owned();
    let alias_key = alias_key(ctx).map_err(NoKey::from)?;
    let limits = json!({"pacing": ctx.config.pacing, "breaker": ctx.config.breaker});
    let rules = ExportRules { alias_key: &alias_key, vkey: &vkey, limits };
    let mut lines = ctx.store.export(writer, &rules).await?;
    if let Some((by, approver)) = references {
        lines += ctx.store.export_references(writer, &alias_key, by, approver).await?;
    }
    Ok(lines)
}

/// The key of the aliases, made on first use beside the sealing key: the same case has the same
/// alias in every export, and whoever lacks the key cannot tell which case it is.
fn alias_key(ctx: &Ctx) -> anyhow::Result<Vec<u8>> {
    let file = ctx.config.record.key_file.with_file_name("alias.key");
    let what = || format!("the key of the aliases, {}", file.display());
    let text = key_file::read_or_make(&file, &ctx.dice).with_context(what)?;
    hex::decode(text.trim()).with_context(what)
}
