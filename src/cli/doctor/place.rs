//! What lies on this machine: the legal rules' dates, the record's key and checkpoints, the disk.

use std::path::Path;

use jiff::SignedDuration;

use super::Findings;
use crate::{
    store::{SealKey, read_checkpoints},
    work::{Ctx, seal},
};

/// A rule that ends within this is told of.
const SOON_DAYS: i32 = 30;
/// The same as a length of time.
pub(super) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Less free space than this (bytes) is little.
const LITTLE: u64 = 2 * 1024 * 1024 * 1024;
/// Less than this is none.
const NONE: u64 = 200 * 1024 * 1024;

/// The unit's own limits: no tag relies on one that has expired.
pub(super) fn rules(ctx: &Ctx, findings: &mut Findings) {
    let today = ctx.clock.now().in_zone(ctx.limits.calendar().zone()).date();
    for (kind, rule) in &ctx.config.limits.0 {
        let what = format!("limit for {kind}");
        let left = today.until(rule.expires).map_or(0, |span| span.get_days());
        let says = format!("{} h, {}, until {}", rule.hours, rule.source, rule.expires);
        // The configuration's own warnings name what has expired.
        if left < 0 {
            continue;
        }
        if left <= SOON_DAYS {
            let todo = "read its source again, and renew `reviewed` and `expires`";
            findings.warn(&what, format!("{says}: {left} days left"), todo);
        } else {
            findings.ok(&what, says);
        }
    }
}

/// The sealing key and every place for checkpoints.
pub(super) async fn record(ctx: &Ctx, findings: &mut Findings) {
    let record = &ctx.config.record;
    let file = &record.key_file;
    if !file.exists() {
        let todo = "the first `takaza run-once` or `takaza serve` makes it; then keep its public half \
                    elsewhere";
        findings.warn("record key", format!("{} is not there yet", file.display()), todo);
    } else {
        match SealKey::load(file) {
            Ok(key) => findings.ok("record key", format!("{} ({})", file.display(), key.vkey())),
            Err(error) => {
                findings.fail("record key", error.to_string(), "nothing is sealed without it");
            }
        }
    }
    for place in seal::places(record) {
        let name = place.display().to_string();
        match writable(&place) {
            Err(why) => {
                let todo = "make the folder, or let this user write there";
                findings.fail("checkpoints", format!("{name}: {why}"), todo);
            }
            Ok(()) => {
                let kept = read_checkpoints(&place).await.map_or(0, |notes| notes.len());
                findings.ok("checkpoints", format!("{name}: writable, {kept} kept"));
            }
        }
    }
    if record.copies.is_empty() {
        let todo = "name a place that whoever can write the ledger cannot reach: record.copies";
        findings.warn("checkpoints", "no copy is kept outside this folder", todo);
    }
}

fn writable(place: &Path) -> Result<(), String> {
    if place.exists() {
        let open = std::fs::OpenOptions::new().append(true).open(place);
        return open.map(drop).map_err(|error| error.to_string());
    }
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK)
        .map_err(|error| format!("the folder {} is not writable: {error}", folder.display()))
}

/// The disk under the data folder: a full one ends the record.
pub(super) fn disk(data: &Path, findings: &mut Findings) {
    let free = match rustix::fs::statvfs(data) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => {
            let says = format!("{}: {error}", data.display());
            findings.fail("disk", says, "look at the data folder");
            return;
        }
    };
    let says = format!("{:.1} GB free under {}", free as f64 / 1e9, data.display());
    if free < NONE {
        findings.fail(
            "disk",
            says,
            "make room now: a full disk stops the record, so nothing is sent",
        );
    } else if free < LITTLE {
        findings.warn("disk", says, "make room");
    } else {
        findings.ok("disk", says);
    }
}
