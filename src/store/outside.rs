//! Evidence checked without a ledger: all that is asked is hashes and the log's public keys.

use std::collections::{BTreeMap, BTreeSet};

use tlog_tiles::tlog;

use super::{notes::Opener, record::Entry};
use crate::domain::{
    action::BankAction,
    canonical::{self, Hash},
    evidence::{Evidence, OpenedRow},
};

/// What is wrong with evidence about a case, in words; nothing: it is good. `vkeys` are the public
/// halves of the keys that the log had, the oldest first: that one is trusted.
pub fn check_evidence(evidence: &Evidence, vkeys: &[&str], case_ref: &str) -> Vec<String> {
    let mut faults = Vec::new();
    tree(evidence, vkeys, &mut faults);
    let mut entries = Vec::with_capacity(evidence.entries.len());
    for proved in &evidence.entries {
        match serde_json::from_str::<Entry>(&proved.entry) {
            Ok(entry) => entries.push(entry),
            Err(error) => faults.push(format!("leaf {}: no entry ({error})", proved.leaf_index)),
        }
    }
    numbers(&entries, &mut faults);
    rows(&entries, &evidence.rows, &mut faults);
    case(&entries, evidence, case_ref, &mut faults);
    sightings(evidence, case_ref, &mut faults);
    authority(&entries, &evidence.rows, &mut faults);
    faults
}

/// The checkpoint is signed, and every entry is in its tree.
fn tree(evidence: &Evidence, vkeys: &[&str], faults: &mut Vec<String>) {
    let Some((opener, unvouched)) = Opener::chain(vkeys, &evidence.handovers) else {
        faults.push("no public key of one log was given (NAME+ID+KEY)".to_owned());
        return;
    };
    for vkey in unvouched {
        faults.push(format!("no checkpoint hands over to the key {vkey}"));
    }
    let signed = match opener.open(&evidence.checkpoint) {
        Ok(signed) => signed,
        Err(fault) => {
            faults.push(format!("the checkpoint: {fault}"));
            return;
        }
    };
    if opener.generation(signed.origin()).is_none() {
        faults.push(format!("the checkpoint is of another log, {}", signed.origin()));
    }
    let root = tlog::Hash::parse_hash(&evidence.root);
    if signed.size().to_string() != evidence.tree_size || root.ok().as_ref() != Some(signed.hash())
    {
        faults.push("the checkpoint signs another tree".to_owned());
    }
    let mut before = None;
    for proved in &evidence.entries {
        let index: Option<u64> = proved.leaf_index.parse().ok();
        if index <= before {
            faults.push(format!("leaf {} is out of order", proved.leaf_index));
        }
        before = index;
        let path: Result<Vec<_>, _> =
            proved.hashes.iter().map(|hash| tlog::Hash::parse_hash(hash)).collect();
        let leaf = tlog::record_hash(proved.entry.as_bytes());
        let good = index.zip(path.ok()).is_some_and(|(index, path)| {
            tlog::check_record(&path, signed.size(), *signed.hash(), index, leaf).is_ok()
        });
        if !good {
            faults.push(format!("leaf {} is not in the signed tree", proved.leaf_index));
        }
    }
}

/// What tells of a poll's page: of these the file holds only those that saw the case.
const POLLED: &str = "source.polled";

/// No subject lacks an entry between its first and its last.
fn numbers(entries: &[Entry], faults: &mut Vec<String>) {
    let mut subjects: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.act != POLLED) {
        let fresh = entry
            .seq
            .parse()
            .is_ok_and(|seq| subjects.entry(&entry.subject).or_default().insert(seq));
        if !fresh {
            faults.push(format!("entry {} of {} stands twice", entry.seq, entry.subject));
        }
    }
    for (subject, seqs) in subjects {
        if seqs.last() != Some(&(seqs.len() as u64)) {
            faults.push(format!("entries of {subject} are missing"));
        }
    }
}

/// Where an entry left a row: when, in which subject's how-manieth entry, and how.
type Left<'a> = (i64, &'a str, u64, Hash);

/// Every row is as the newest entry about it left it. Of entries of one time and several subjects
/// none is known to be the last.
fn rows(entries: &[Entry], rows: &[OpenedRow], faults: &mut Vec<String>) {
    let mut left: BTreeMap<(&str, &str), Vec<Left<'_>>> = BTreeMap::new();
    for entry in entries {
        let (at, seq) = (entry.at.parse().unwrap_or(0), entry.seq.parse().unwrap_or(0));
        for row in &entry.rows {
            let place = left.entry((&row.table, &row.key)).or_default();
            place.push((at, &entry.subject, seq, row.hash));
        }
    }
    for row in rows {
        let known = left.get(&(&*row.table, &*row.key)).map_or(&[][..], Vec::as_slice);
        let newest = known.iter().map(|(at, ..)| *at).max();
        let superseded = |(at, subject, seq, _): &Left<'_>| {
            known.iter().any(|(a, s, n, _)| (a, s) == (at, subject) && n > seq)
        };
        let digest = row.digest();
        let good =
            known.iter().any(|one| Some(one.0) == newest && one.3 == digest && !superseded(one));
        if !good {
            faults.push(format!("row {} of {} is not as the record left it", row.key, row.table));
        }
    }
}

/// The members are of this case and no other, the drafts committed to them, and no text that was
/// drafted is left out.
fn case(entries: &[Entry], evidence: &Evidence, case_ref: &str, faults: &mut Vec<String>) {
    let drafted = entries.iter().filter(|entry| entry.act == "escalation.drafted");
    let members = drafted.flat_map(|entry| entry.body["members"].as_array().into_iter().flatten());
    let committed: BTreeSet<&str> = members.filter_map(|member| member.as_str()).collect();
    let drafted = entries.iter().filter(|entry| entry.act == "escalation.drafted");
    for row in drafted.flat_map(|entry| &entry.rows).filter(|row| row.table == "delivery") {
        let shown = |one: &OpenedRow| one.table == "delivery" && one.key == row.key;
        if !evidence.rows.iter().any(shown) {
            faults.push(format!("the text {} is left out", row.key));
        }
    }
    let members = evidence.rows.iter().filter(|row| row.table == "escalation_action");
    let mut any = false;
    for row in members {
        any = true;
        if row.field("case_ref") != case_ref {
            faults.push(format!("member {} is of another case", row.key));
        }
        if !committed.contains(row.field("commitment")) {
            faults.push(format!("no draft committed to member {}", row.key));
        }
    }
    if !any {
        faults.push("no escalation in it rests on the case".to_owned());
    }
}

/// Every poll's page is what its entry committed to, and every sighting stands on one and is of this
/// case.
fn sightings(evidence: &Evidence, case_ref: &str, faults: &mut Vec<String>) {
    let mut committed: BTreeSet<Hash> = BTreeSet::new();
    for proved in &evidence.entries {
        let entry: Option<Entry> = serde_json::from_str(&proved.entry).ok();
        let Some(entry) = entry.filter(|entry| entry.act == POLLED) else { continue };
        let page = evidence.polls.iter().find(|page| page.leaf_index == proved.leaf_index);
        let Some(page) = page else {
            faults.push(format!("the page of the poll at leaf {} is left out", proved.leaf_index));
            continue;
        };
        if entry.body["digest"] != canonical::hash(&page.commitments).to_string() {
            faults.push(format!("leaf {} committed to another page", proved.leaf_index));
            continue;
        }
        committed.extend(&page.commitments);
    }
    for opening in &evidence.sightings {
        let seen: Option<BankAction> = serde_json::from_str(&opening.text).ok();
        if seen.is_none_or(|seen| seen.case_ref.expose() != case_ref) {
            faults.push("a sighting is of another case".to_owned());
        }
        if !committed.contains(&opening.commitment()) {
            faults.push("no poll committed to a sighting that is shown".to_owned());
        }
    }
}

/// What was sent was claimed on an authority, for these very bytes.
fn authority(entries: &[Entry], rows: &[OpenedRow], faults: &mut Vec<String>) {
    let given = |escalation: &str, hash: &str| {
        entries.iter().any(|entry| {
            entry.subject == escalation
                && ["escalation.approved", "escalation.cleared"].contains(&&*entry.act)
                && entry.body["hash"] == hash
        })
    };
    for row in rows.iter().filter(|row| row.table == "delivery") {
        let content: Option<serde_json::Value> = serde_json::from_str(row.field("content")).ok();
        let hash = content.map(|content| canonical::hash(&content).to_string());
        if hash.as_deref() != Some(row.field("content_hash")) {
            faults.push(format!("the text of {} is not what was hashed", row.key));
        }
        if !["delivered", "retracted"].contains(&row.field("state")) {
            continue;
        }
        let claimed = entries.iter().any(|entry| {
            entry.subject == row.key
                && entry.act == "delivery.claimed"
                && entry.authority.is_some()
                && entry.body["content"] == row.field("content_hash")
                && given(
                    row.field("escalation"),
                    entry.body["clearance"].as_str().unwrap_or_default(),
                )
        });
        if !claimed {
            faults.push(format!("{} went out without an authority that is shown", row.key));
        }
    }
}
