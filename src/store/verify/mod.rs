//! Verification: the record is checked against itself, against checkpoints from outside, and
//! against the tables.
//!
//! The invariant: whoever changes, removes, adds or reorders anything that the record covers is
//! named by a finding, unless they hold the sealing key and every copy of its checkpoints. Rows are
//! streamed; what stays in memory is some hundred bytes a followed row. No finding shows a value.

mod entries;
mod findings;
mod leaves;
mod tables;

use jiff::SignedDuration;
use serde::Serialize;

pub use findings::{Erased, Finding, FindingKind, Severity, Verdict};

use self::{entries::EntryPass, findings::Findings};
use super::{Store, StoreError, db::Tx, db::sql, notes::Opener, record::FOLLOWED, seal};

/// Sealing takes a second; what waits for longer than this is worth a warning.
pub(super) const UNSEALED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Tells how far a long job is.
pub(super) struct Meter<'a> {
    done: u64,
    total: u64,
    tell: &'a (dyn Fn(u64, u64) + Sync),
}

impl Meter<'_> {
    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(1000) {
            (self.tell)(self.done, self.total.max(self.done));
        }
    }
}

impl Store {
    /// Verifies the record: entries against their hashes and against the tree, the tree against
    /// the stored checkpoints and those given (signed notes from outside the ledger), and the
    /// entries against the rows as they are now. `vkeys` are the public halves of the keys that the
    /// log had, the oldest first: that one is trusted, and each later one only where a checkpoint
    /// bears its signature beside the one before. What is wrong is in the verdict; `progress` hears
    /// (done, total).
    ///
    /// # Errors
    /// The ledger failed, or one is no public key of one log.
    pub async fn verify(
        &self,
        checkpoints: &[String],
        vkeys: &[&str],
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Verdict, StoreError> {
        let mut tx = self.read().await?;
        let mut notes = checkpoints.to_vec();
        if vkeys.len() > 1 {
            notes.extend(signed_by_several(&mut tx).await?);
        }
        let (opener, unvouched) = Opener::chain(vkeys, &notes).ok_or_else(|| {
            let given = vkeys.join(" ");
            StoreError::Refused(format!(
                "{given:?} is not one or several public keys of one log, of the form name+id+key"
            ))
        })?;
        let now = tx.now().await?;
        let counts = Counts::read(&mut tx).await?;
        let mut meter = Meter { done: 0, total: counts.total(), tell: progress };
        let mut findings = Findings::default();
        for vkey in unvouched {
            let what = "no checkpoint bears its signature beside that of the key before it";
            findings.broken(FindingKind::KeyUnvouched, format!("key {vkey}"), what);
        }
        let head = seal::head(&mut tx, &opener).await?;
        let tree =
            leaves::check(&mut tx, &head, &opener, checkpoints, now, &mut findings, &mut meter)
                .await?;
        let mut pass = EntryPass::new(&mut findings, &mut meter);
        let replay = pass.run(&mut tx, now).await?;
        tables::check(&mut tx, replay, &mut findings, &mut meter).await?;
        progress(meter.total, meter.total);
        Ok(Verdict {
            entries: counts.entries,
            leaves: counts.leaves,
            tree_size: head.size,
            root: tree.root,
            origin: head.origin,
            checkpoints: tree.checkpoints,
            erased: tables::erased(&mut tx).await?,
            omitted: findings.omitted,
            findings: findings.list,
        })
    }
}

/// The ledger's checkpoints that bear more than one signature.
pub(super) async fn signed_by_several(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    sql("SELECT note FROM checkpoint WHERE note IS NOT NULL")
        .each(tx, |row| {
            let note: String = row.get("note")?;
            if note.matches("\n\u{2014} ").count() > 1 {
                notes.push(note);
            }
            Ok(())
        })
        .await?;
    Ok(notes)
}

#[derive(Debug, Serialize)]
struct Counts {
    entries: u64,
    leaves: u64,
    rows: u64,
}

impl Counts {
    async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let entries = count(tx, "SELECT COUNT(*) AS n FROM entry").await?;
        let leaves = count(tx, "SELECT COUNT(*) AS n FROM leaf").await?;
        let mut rows = count(tx, "SELECT COUNT(*) AS n FROM action_change").await?;
        for table in FOLLOWED {
            rows += count(tx, table.count).await?;
        }
        Ok(Self { entries, leaves, rows })
    }

    const fn total(&self) -> u64 {
        self.entries + self.leaves + self.rows
    }
}

async fn count(tx: &mut Tx, text: &'static str) -> Result<u64, StoreError> {
    let n: i64 = sql(text).one(tx).await?.get("n")?;
    Ok(n.cast_unsigned())
}
