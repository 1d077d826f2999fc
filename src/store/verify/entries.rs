//! Every entry against its own hash, its columns and its subject's sequence; and what the entries
//! together say of the tables.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::{
    super::{
        Entry, StoreError,
        db::{Row, Tx, sql},
    },
    FindingKind, Findings, Meter, Severity, UNSEALED_AFTER,
};
use crate::domain::{
    canonical::{self, Hash},
    time::Timestamp,
};

/// What the entries say that the tables hold.
#[derive(Default)]
pub(super) struct Replay {
    rows: HashMap<u128, Newest>,
    /// By poll: how many changes, and the digest of their commitments.
    pub(super) polls: HashMap<u128, (u64, Hash)>,
}

/// The newest digest of a row. Of one subject's entries the later in sequence is newer, else the
/// later stamped; entries of different subjects stamped alike are all as new.
struct Newest {
    best: Candidate,
    ties: Vec<Candidate>,
}

#[derive(Clone, Copy)]
struct Candidate {
    at: i64,
    subject: u128,
    seq: i64,
    hash: Hash,
}

impl Newest {
    fn see(&mut self, new: Candidate) {
        let best = self.best;
        if new.subject == best.subject {
            if new.seq > best.seq {
                self.best = new;
                self.ties.retain(|tie| tie.at >= new.at);
            }
        } else if new.at > best.at {
            self.best = new;
            self.ties.clear();
        } else if new.at == best.at {
            self.ties.retain(|tie| tie.subject != new.subject || tie.seq > new.seq);
            if self.ties.iter().all(|tie| tie.subject != new.subject) {
                self.ties.push(new);
            }
        }
    }

    fn allows(&self, hash: &Hash) -> bool {
        self.best.hash == *hash || self.ties.iter().any(|tie| tie.hash == *hash)
    }
}

impl Replay {
    fn see(&mut self, entry: &Entry) {
        let number = |text: &str| text.parse().unwrap_or(0);
        let (at, seq) = (number(&entry.at), number(&entry.seq));
        let subject = print(&[&entry.subject]);
        for digest in &entry.rows {
            let new = Candidate { at, subject, seq, hash: digest.hash };
            self.rows
                .entry(print(&[&digest.table, &digest.key]))
                .and_modify(|newest| newest.see(new))
                .or_insert(Newest { best: new, ties: Vec::new() });
        }
        if entry.act == "source.polled" {
            let field = |name: &str| entry.body.get(name).and_then(|value| value.as_str());
            let count = field("changes").and_then(|text| text.parse().ok());
            let digest = field("digest").and_then(Hash::parse);
            if let (Some(poll), Some(count), Some(digest)) = (field("poll"), count, digest) {
                self.polls.insert(print(&[poll]), (count, digest));
            }
        }
    }

    /// Whether a row is as its newest entry left it; `None`: no entry has it. A row that was asked
    /// for is not left over.
    pub(super) fn take(&mut self, table: &str, key: &str, hash: &Hash) -> Option<bool> {
        self.rows.remove(&print(&[table, key])).map(|newest| newest.allows(hash))
    }

    /// Whether no row was asked for that has this table and key.
    pub(super) fn left(&self, table: &str, key: &str) -> bool {
        self.rows.contains_key(&print(&[table, key]))
    }

    pub(super) fn nothing_left(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A short print of a name: some hundred million of them do not collide.
pub(super) fn print(parts: &[&str]) -> u128 {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.len().to_be_bytes());
        sha.update(part.as_bytes());
    }
    let bytes: [u8; 32] = sha.finalize().into();
    bytes.iter().take(16).fold(0, |print, byte| print << 8 | u128::from(*byte))
}

pub(super) struct EntryPass<'a, 'm> {
    findings: &'a mut Findings,
    meter: &'a mut Meter<'m>,
    replay: Replay,
    subject: String,
    seq: i64,
    unsealed: u64,
}

impl<'a, 'm> EntryPass<'a, 'm> {
    pub(super) fn new(findings: &'a mut Findings, meter: &'a mut Meter<'m>) -> Self {
        let (replay, subject) = (Replay::default(), String::new());
        Self { findings, meter, replay, subject, seq: 0, unsealed: 0 }
    }

    pub(super) async fn run(&mut self, tx: &mut Tx, now: Timestamp) -> Result<Replay, StoreError> {
        let late = now.minus(UNSEALED_AFTER).micros();
        sql("SELECT e.id, e.subject, e.seq, e.act, e.at, e.body, e.leaf_hash, l.idx AS leaf
             FROM entry e LEFT JOIN leaf l ON l.entry = e.id ORDER BY e.subject, e.seq")
        .each(tx, |row| self.entry(row, late))
        .await?;
        if self.unsealed > 0 {
            let what = format!(
                "{} entries have waited to be sealed for more than {} seconds; is the sealing \
                 worker running?",
                self.unsealed,
                UNSEALED_AFTER.as_secs()
            );
            self.findings.add(Severity::Warning, FindingKind::Unsealed, "the record", what);
        }
        Ok(std::mem::take(&mut self.replay))
    }

    fn entry(&mut self, row: &Row, late: i64) -> Result<(), StoreError> {
        self.meter.step();
        let id: String = row.get("id")?;
        let (subject, seq): (String, i64) = (row.get("subject")?, row.get("seq")?);
        let (act, at): (String, i64) = (row.get("act")?, row.get("at")?);
        let body: String = row.get("body")?;
        let place = format!("entry {id} ({act} of {subject}, number {seq})");
        self.in_sequence(&place, &subject, seq);
        if row.get::<Option<i64>>("leaf")?.is_none() && at < late {
            self.unsealed += 1;
        }
        let hash = hex::encode(tlog_tiles::record_hash(body.as_bytes()).0);
        if hash != row.get::<String>("leaf_hash")? {
            let what = "its text is not the one that was appended";
            self.findings.broken(FindingKind::EntryAltered, &place, what);
        }
        let Ok(entry) = serde_json::from_str::<Entry>(&body) else {
            let what = "its text cannot be read as an entry";
            self.findings.broken(FindingKind::EntryUnreadable, &place, what);
            return Ok(());
        };
        if canonical::json(&entry) != body {
            let what = "its text is not canonical JSON";
            self.findings.broken(FindingKind::EntryUnreadable, &place, what);
        }
        let differ: Vec<&str> = [
            ("id", entry.id == id),
            ("subject", entry.subject == subject),
            ("seq", entry.seq == seq.to_string()),
            ("act", entry.act == act),
            ("at", entry.at == at.to_string()),
        ]
        .into_iter()
        .filter_map(|(name, same)| (!same).then_some(name))
        .collect();
        if !differ.is_empty() {
            let what = format!("its text and its columns differ in {}", differ.join(", "));
            self.findings.broken(FindingKind::EntryColumns, &place, what);
        }
        self.replay.see(&entry);
        Ok(())
    }

    fn in_sequence(&mut self, place: &str, subject: &str, seq: i64) {
        let expected = if self.subject == subject { self.seq + 1 } else { 1 };
        if seq != expected {
            let missing = if seq == expected + 1 {
                format!("number {expected}")
            } else {
                format!("numbers {expected} to {}", seq - 1)
            };
            let what = format!("its subject's entries before it are missing: {missing}");
            self.findings.broken(FindingKind::SequenceGap, place, what);
        }
        subject.clone_into(&mut self.subject);
        self.seq = seq;
    }
}
