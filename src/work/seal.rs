//! Seal: what was recorded into the signed tree, at the latest a second later. Where the record does
//! not extend a checkpoint that is known from outside, sending stops by itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use serde::Serialize;

use super::{Ctx, Progress};
use crate::{
    clock::Dice,
    config::Record,
    domain::person::Administrator,
    store::{Actor, SealError, SealKey, SealRules, create_key},
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

/// The public halves of all the record's keys, the oldest first: those that were replaced stand in a
/// file beside the key.
///
/// # Errors
/// The file cannot be read.
pub fn public_keys(record: &Record, key: &SealKey) -> anyhow::Result<Vec<String>> {
    let path = beside(record, "replaced");
    let replaced = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let replaced = replaced.lines().filter(|vkey| *vkey != key.vkey()).map(str::to_owned);
    Ok(replaced.chain([key.vkey().to_owned()]).collect())
}

/// A file beside the record's key.
fn beside(record: &Record, what: &str) -> PathBuf {
    let mut name = record.key_file.clone().into_os_string();
    name.push(format!(".{what}"));
    PathBuf::from(name)
}

/// What a rotation of the record's key left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The public half of the key that was replaced.
    pub old: String,
    /// The public half of the new one.
    pub new: String,
    /// Where the old key lies now: to be destroyed.
    pub old_file: PathBuf,
}

/// Hands the record over to a new key. What a crash cut short is ended by doing it again: the key
/// in its place is the old one until every place has the checkpoint that both keys signed.
///
/// # Errors
/// There is no key yet, a place cannot be written, or the ledger or the key failed.
pub async fn rotate(
    ctx: &Ctx,
    by: &Actor,
    administrator: &Administrator,
) -> anyhow::Result<Rotated> {
    let record = &ctx.config.record;
    let (file, next, places) = (&record.key_file, beside(record, "next"), places(record));
    let old = SealKey::load(file).context("the record's key (record.key_file)")?;
    let new = if next.exists() {
        SealKey::load(&next)
    } else {
        create_key(&next, old.origin(), &ctx.dice)
    };
    let new = new.context("the record's new key")?;
    if ctx.store.rotated_to().await?.as_deref() != Some(new.vkey()) {
        let rules = SealRules { key: &old, places: &places, batch: 500, window: None };
        loop {
            let sealed = ctx.store.seal(&rules).await?;
            all_written(&sealed.failed, "nothing was changed")?;
            if !sealed.more {
                break;
            }
        }
        ctx.store.rotate_key(by, administrator, &old, &new).await?;
    }
    let failed = ctx.store.publish_rotation(&old, &new, &places).await?;
    all_written(&failed, "mend it and repeat: nothing is sealed before")?;
    let what = || "the keys' files could not be put in place; repeat it".to_owned();
    remember(&beside(record, "replaced"), old.vkey()).with_context(what)?;
    let id = old.vkey().split('+').nth(1).unwrap_or_default();
    let old_file = beside(record, &format!("old-{id}"));
    std::fs::hard_link(file, &old_file).with_context(what)?;
    std::fs::rename(&next, file).with_context(what)?;
    Ok(Rotated { old: old.vkey().to_owned(), new: new.vkey().to_owned(), old_file })
}

fn all_written(failed: &[(PathBuf, String)], then: &str) -> anyhow::Result<()> {
    let Some((place, why)) = failed.first() else { return Ok(()) };
    bail!("the checkpoints' place {} cannot be written ({why}); {then}", place.display())
}

/// Adds a public key to the list of those that were replaced, once.
fn remember(list: &Path, vkey: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let there = std::fs::read_to_string(list).unwrap_or_default();
    if there.lines().any(|line| line == vkey) {
        return Ok(());
    }
    let mut out = std::fs::OpenOptions::new().append(true).create(true).open(list)?;
    out.write_all(format!("{vkey}\n").as_bytes())?;
    out.sync_all()
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
