//! Seal: what was recorded into the signed tree, at the latest a second later. Where the record does
//! not extend a checkpoint that is known from outside, sending stops by itself.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::SignedDuration;

use super::{Ctx, Progress};
use crate::{
    clock::Dice,
    config::Record,
    store::{SealError, SealKey, SealRules, create_key},
};

/// Entries are committed late by seconds, not by days.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// The signing key, made on first use, outside the database.
///
/// # Errors
/// It cannot be made or read, or others can read it.
pub fn key(record: &Record, dice: &Dice) -> anyhow::Result<SealKey> {
    let path: &Path = &record.key_file;
    if path.exists() {
        return SealKey::load(path).context("the record's key (record.key_file)");
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder of the record's key, {}", folder.display()))?;
    }
    create_key(path, &record.origin, dice).context("the record's key (record.key_file)")
}

/// Where checkpoints go: the local file, and every place out of reach.
pub fn places(record: &Record) -> Vec<PathBuf> {
    std::iter::once(&record.checkpoint_file).chain(&record.copies).cloned().collect()
}

/// Seals what is not yet sealed.
///
/// # Errors
/// The ledger or the key failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let record = &ctx.config.record;
    let key = key(record, &ctx.dice)?;
    let places = places(record);
    let window = Some(WINDOW);
    let rules = SealRules { key: &key, places: &places, batch: 500, window };
    match ctx.store.seal(&rules).await {
        Ok(sealed) => {
            for (place, why) in &sealed.failed {
                tracing::warn!(place = %place.display(), "a checkpoint could not be kept: {why}");
            }
            Ok(Progress { did: sealed.entries, more: sealed.more, notes: Vec::new() })
        }
        Err(SealError::Broken(broken)) => {
            let why = broken.to_string();
            if ctx.store.gate().await?.restored.is_none() {
                tracing::error!("{why}; nothing is sent before `takaza restore accept`");
                ctx.store.mark_restored(&ctx.actor("seal"), &why).await?;
            }
            Ok(Progress::note(why))
        }
        Err(error) => Err(error.into()),
    }
}
