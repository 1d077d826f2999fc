//! What the record holds about one case, to be carried out of the house.
//!
//! The invariants: nothing is handed out without an entry, made in the same transaction; what other
//! cases' commitments stand for is not read at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use tlog_tiles::tlog;

use super::{
    Actor, Store, StoreError,
    db::{Followed, Row, Tx, sql},
    prove::base64,
    record::{ATTEMPT, Act, DELIVERY, ENGAGEMENT, ESCALATION, Entry, MEMBER},
    tree, verify,
};
use crate::domain::{
    action::BankAction,
    canonical::Hash,
    evidence::{Evidence, OpenedRow, Opening, PolledPage, ProvedEntry},
    ids::{CaseRef, EscalationId},
    person::Desk,
    time::Timestamp,
};

/// What the record holds about one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEvidence {
    /// When it was handed out.
    pub made_at: Timestamp,
    /// Opens the commitment in the entry that says so.
    pub made: Opening,
    /// Entries, rows and openings.
    pub evidence: Evidence,
}

impl Store {
    /// Hands a person everything that the record holds about one case: each escalation that rests on
    /// it and what was drafted about that, their deliveries, attempts and the banks' replies. That it
    /// was handed out is an act.
    ///
    /// # Errors
    /// No escalation rests on the case (as far as the ledger still knows), not all of it is in a
    /// signed tree yet, or the ledger failed: then nothing is handed out.
    pub async fn case_evidence(
        &self,
        by: &Actor,
        desk: &Desk,
        case: &CaseRef,
    ) -> Result<CaseEvidence, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let escalations = escalations_of(&mut tx, case).await?;
        let evidence = gather(&mut tx, case, &escalations).await?;
        let made = Opening { salt: self.dice.token(), text: case.expose().to_owned() };
        let body = json!({
            "case": made.commitment(), "entries": evidence.entries.len(), "to": desk.id(),
        });
        self.finish(tx, by, vec![Act::new("case-files", "case-file.made", body)]).await?;
        Ok(CaseEvidence { made_at: now, made, evidence })
    }
}

/// The escalations that rest on the case, and what was drafted about those.
async fn escalations_of(tx: &mut Tx, case: &CaseRef) -> Result<Vec<Json>, StoreError> {
    let rows = sql("SELECT DISTINCT escalation FROM escalation_action WHERE case_ref = $1")
        .bind(case)
        .all(tx)
        .await?;
    let mut ids = BTreeSet::new();
    for row in &rows {
        ids.insert(row.get::<EscalationId>("escalation")?);
    }
    if ids.is_empty() {
        return Err(StoreError::NotFound(
            "escalation that rests on this case (it may be spelt in another way, or erased)"
                .to_owned(),
        ));
    }
    let batch = |ids: &BTreeSet<EscalationId>| ids.iter().map(|id| json!({"s": id})).collect();
    let rows = sql("SELECT id FROM escalation
         WHERE about IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(batch(&ids))
    .all(tx)
    .await?;
    for row in &rows {
        ids.insert(row.get("id")?);
    }
    Ok(batch(&ids))
}

async fn gather(tx: &mut Tx, case: &CaseRef, escalations: &[Json]) -> Result<Evidence, StoreError> {
    let deliveries = sql("SELECT * FROM delivery
         WHERE escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY id")
    .batch(escalations.to_vec())
    .all(tx)
    .await?;
    let mut subjects = escalations.to_vec();
    for row in &deliveries {
        subjects.push(json!({"s": row.get::<String>("id")?}));
    }
    let mut rows = opened(&DELIVERY, &deliveries)?;
    rows.extend(rows_of(tx, case, escalations, &subjects).await?);
    // Who erased a text left the row's last digest there.
    subjects.extend(["erasure:engagement", "erasure:escalation_action"].map(|s| json!({"s": s})));
    let tree = Tree::newest(tx).await?;
    let mut entries = entries(tx, subjects).await?;
    let orders = orders_in(&entries)?;
    entries.extend(self::entries(tx, orders).await?);
    let (sightings, seen) = sightings(tx, case, escalations).await?;
    let mut polls = Vec::with_capacity(seen.len());
    for (poll, seen_at) in seen {
        let (index, entry) = polled(tx, &poll, seen_at).await?;
        let commitments = commitments(tx, &poll).await?;
        polls.push(PolledPage { leaf_index: index.to_string(), commitments });
        entries.push((index, entry));
    }
    entries.sort_unstable_by_key(|(index, _)| *index);
    let mut proved = Vec::with_capacity(entries.len());
    for (index, entry) in entries {
        proved.push(tree.prove(tx, index, entry).await?);
    }
    Ok(Evidence {
        tree_size: tree.size.to_string(),
        root: base64(&tree::root(tx, tree.size).await?),
        checkpoint: tree.note,
        handovers: verify::signed_by_several(tx).await?,
        entries: proved,
        rows,
        sightings,
        polls,
    })
}

fn opened(table: &Followed, rows: &[Row]) -> Result<Vec<OpenedRow>, StoreError> {
    rows.iter().map(|row| table.open(row)).collect()
}

/// The rows besides the deliveries'. Of the members only this case's are read, of what came back only
/// the banks' own.
async fn rows_of(
    tx: &mut Tx,
    case: &CaseRef,
    escalations: &[Json],
    subjects: &[Json],
) -> Result<Vec<OpenedRow>, StoreError> {
    let rows = sql("SELECT * FROM escalation
         WHERE id IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j) ORDER BY id")
    .batch(escalations.to_vec())
    .all(tx)
    .await?;
    let mut found = opened(&ESCALATION, &rows)?;
    let rows = sql("SELECT * FROM escalation_action WHERE case_ref = $2
           AND escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY escalation, n")
    .batch(escalations.to_vec())
    .bind(case)
    .all(tx)
    .await?;
    found.extend(opened(&MEMBER, &rows)?);
    let rows = sql("SELECT * FROM attempt
         WHERE delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY delivery, n")
    .batch(subjects.to_vec())
    .all(tx)
    .await?;
    found.extend(opened(&ATTEMPT, &rows)?);
    let rows = sql("SELECT * FROM engagement WHERE voice = 'bank'
           AND delivery IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY delivery, kind, platform_id")
    .batch(subjects.to_vec())
    .all(tx)
    .await?;
    found.extend(opened(&ENGAGEMENT, &rows)?);
    Ok(found)
}

/// What the source said of this case's actions on which an escalation rests, and the pages of the polls
/// that saw it, each with when that was.
async fn sightings(
    tx: &mut Tx,
    case: &CaseRef,
    escalations: &[Json],
) -> Result<(Vec<Opening>, BTreeMap<String, Timestamp>), StoreError> {
    let rows = sql("SELECT c.salt, c.body, c.poll, c.seen_at FROM action_change c
         WHERE c.salt IS NOT NULL AND c.body IS NOT NULL AND c.external_id IN (
           SELECT m.external_id FROM escalation_action m WHERE m.case_ref = $2
             AND m.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j))
         ORDER BY c.seen_at, c.id")
    .batch(escalations.to_vec())
    .bind(case)
    .all(tx)
    .await?;
    let (mut openings, mut polls) = (Vec::new(), BTreeMap::new());
    for row in &rows {
        let text: String = row.get("body")?;
        // The source may have put the action under another case since, or before.
        if serde_json::from_str::<BankAction>(&text)?.case_ref == *case {
            openings.push(Opening { salt: row.get("salt")?, text });
            polls.insert(row.get("poll")?, row.get("seen_at")?);
        }
    }
    Ok((openings, polls))
}

/// The entry that tells of a poll's page, which was seen at about this time: a poll begins before its
/// pages are written, and the two clocks may differ.
async fn polled(tx: &mut Tx, poll: &str, seen_at: Timestamp) -> Result<(u64, String), StoreError> {
    let rows = sql("SELECT e.body, l.idx FROM entry e LEFT JOIN leaf l ON l.entry = e.id
         WHERE e.act = 'source.polled' AND e.at >= $1 AND e.at <= $2")
    .bind(seen_at.minus(SignedDuration::from_hours(1)))
    .bind(seen_at.plus(SignedDuration::from_hours(6)))
    .all(tx)
    .await?;
    for row in &rows {
        let entry: Entry = serde_json::from_str(&row.get::<String>("body")?)?;
        if entry.body["poll"] == poll {
            return placed(row);
        }
    }
    Err(StoreError::corrupt(format!("no entry tells of the poll {poll}")))
}

/// What the sightings of a poll's page were committed to by, sorted. Nothing else of them is read.
async fn commitments(tx: &mut Tx, poll: &str) -> Result<Vec<Hash>, StoreError> {
    let rows =
        sql("SELECT commitment FROM action_change WHERE poll = $1").bind(poll).all(tx).await?;
    let all: Result<Vec<Hash>, _> = rows.iter().map(|row| row.get("commitment")).collect();
    let mut all = all?;
    all.sort_unstable();
    Ok(all)
}

/// The entries about these subjects, each with its leaf.
async fn entries(tx: &mut Tx, subjects: Vec<Json>) -> Result<Vec<(u64, String)>, StoreError> {
    let rows = sql("SELECT e.body, l.idx FROM entry e LEFT JOIN leaf l ON l.entry = e.id
         WHERE e.subject IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(subjects)
    .all(tx)
    .await?;
    rows.iter().map(placed).collect()
}

/// An entry with its leaf.
fn placed(row: &Row) -> Result<(u64, String), StoreError> {
    let index: Option<i64> = row.get("idx")?;
    Ok((index.ok_or_else(not_yet)?.cast_unsigned(), row.get("body")?))
}

/// The standing orders under which something was cleared.
fn orders_in(entries: &[(u64, String)]) -> Result<Vec<Json>, StoreError> {
    let mut orders = BTreeSet::new();
    for (_, body) in entries {
        let entry: Entry = serde_json::from_str(body)?;
        orders.extend(entry.body["order"].as_str().map(str::to_owned));
    }
    Ok(orders.into_iter().map(|order| json!({"s": order})).collect())
}

fn not_yet() -> StoreError {
    StoreError::Refused(
        "the last acts about this case are not in a signed tree yet; `takaza run-once` or `takaza \
         serve` seals them"
            .to_owned(),
    )
}

/// The newest signed tree.
struct Tree {
    size: u64,
    note: String,
}

impl Tree {
    async fn newest(tx: &mut Tx) -> Result<Self, StoreError> {
        let row = sql("SELECT size, note FROM checkpoint WHERE note IS NOT NULL
             ORDER BY size DESC LIMIT 1")
        .opt(tx)
        .await?
        .ok_or_else(not_yet)?;
        Ok(Self { size: row.get::<i64>("size")?.cast_unsigned(), note: row.get("note")? })
    }

    async fn prove(
        &self,
        tx: &mut Tx,
        index: u64,
        entry: String,
    ) -> Result<ProvedEntry, StoreError> {
        if index >= self.size {
            return Err(not_yet());
        }
        let hashes = tree::ask(tx, |have| tlog::prove_record(self.size, index, have)).await?;
        let hashes = hashes.iter().map(base64).collect();
        Ok(ProvedEntry { leaf_index: index.to_string(), entry, hashes })
    }
}
