//! The entries replayed against the tables: every followed row must be as its newest entry left
//! it, and every sighting as its poll's entry committed to it.

use super::{
    super::{
        Entry, StoreError,
        db::{Followed, Row, Tx, sql},
        record::FOLLOWED,
    },
    Erased, FindingKind, Findings, Meter, Severity,
    entries::{Replay, print},
};
use crate::domain::{
    action::{BankAction, Kind, Status},
    canonical::{self, Hash},
    ids::BankCode,
    money::Paise,
    time::Timestamp,
};

pub(super) async fn check(
    tx: &mut Tx,
    mut replay: Replay,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    let untouched = untouched_gate();
    for table in FOLLOWED {
        sql(table.select)
            .each(tx, |row| {
                meter.step();
                followed(table, row, &mut replay, &untouched, findings)
            })
            .await?;
    }
    gone(tx, &replay, findings).await?;
    polls(tx, &mut replay, findings, meter).await?;
    actions(tx, findings).await
}

/// The gate's row as the schema made it: no act wrote it yet.
fn untouched_gate() -> Hash {
    canonical::hash(&serde_json::json!({"id": 1, "stopped": 0, "tripped": 0, "restored": 0}))
}

fn followed(
    table: &Followed,
    row: &Row,
    replay: &mut Replay,
    untouched: &Hash,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let Ok(digest) = table.digest(row) else {
        let what = "a row of it cannot be read";
        findings.broken(FindingKind::RowAltered, table.name, what);
        return Ok(());
    };
    let place = format!("{} {}", table.name, digest.key);
    match replay.take(&digest.table, &digest.key, &digest.hash) {
        Some(true) => {}
        Some(false) => {
            let what = "the row is not as its newest entry left it";
            findings.broken(FindingKind::RowAltered, place, what);
        }
        None if table.name == "claim_gate" && digest.hash == *untouched => {}
        None => {
            let what = "no entry tells of this row";
            findings.broken(FindingKind::RowWithoutEntry, place, what);
        }
    }
    Ok(())
}

/// Names the rows that entries tell of and that are gone: only where there are any is the record
/// read once more.
async fn gone(tx: &mut Tx, replay: &Replay, findings: &mut Findings) -> Result<(), StoreError> {
    if replay.nothing_left() {
        return Ok(());
    }
    let mut named = std::collections::BTreeMap::new();
    sql("SELECT body FROM entry ORDER BY subject, seq")
        .each(tx, |row| {
            let Ok(entry) = serde_json::from_str::<Entry>(&row.get::<String>("body")?) else {
                return Ok(());
            };
            for digest in entry.rows {
                if replay.left(&digest.table, &digest.key) {
                    named.insert((digest.table, digest.key), entry.id.clone());
                }
            }
            Ok(())
        })
        .await?;
    for ((table, key), entry) in named {
        let place = format!("{table} {key}");
        if FOLLOWED.iter().any(|followed| followed.name == table) {
            let what = format!("the row is gone; entry {entry} tells of it");
            findings.broken(FindingKind::RowGone, place, what);
        } else {
            let what = "this version does not follow that table";
            findings.add(Severity::Warning, FindingKind::RowGone, place, what);
        }
    }
    Ok(())
}

/// One poll's commitments, while its rows go by.
#[derive(Default)]
struct Poll {
    id: String,
    commitments: Vec<String>,
}

impl Poll {
    fn end(&mut self, replay: &mut Replay, findings: &mut Findings) {
        if self.commitments.is_empty() {
            return;
        }
        self.commitments.sort_unstable();
        let place = format!("poll {}", self.id);
        match replay.polls.remove(&print(&[&self.id])) {
            None => {
                let what = "no entry tells of these sightings";
                findings.broken(FindingKind::PollAltered, place, what);
            }
            Some((count, digest)) => {
                if count != self.commitments.len() as u64
                    || digest != canonical::hash(&self.commitments)
                {
                    let what = format!(
                        "its entry commits to {count} sightings; the {} that are there are not \
                         those",
                        self.commitments.len()
                    );
                    findings.broken(FindingKind::PollAltered, place, what);
                }
            }
        }
        self.commitments.clear();
    }
}

async fn polls(
    tx: &mut Tx,
    replay: &mut Replay,
    findings: &mut Findings,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    let mut poll = Poll::default();
    sql("SELECT c.id, c.poll, c.salt, c.body, c.commitment,
           (SELECT MIN(e.rule) FROM erasure e
             WHERE e.table_name = 'action_change' AND e.row_key = c.id) AS rule
         FROM action_change c ORDER BY c.poll")
    .each(tx, |row| {
        meter.step();
        let id: String = row.get("poll")?;
        if id != poll.id {
            poll.end(replay, findings);
            poll.id = id;
        }
        change(row, findings)?;
        poll.commitments.push(row.get("commitment")?);
        Ok(())
    })
    .await?;
    poll.end(replay, findings);
    let lost = replay.polls.values().filter(|(count, _)| *count > 0).count();
    if lost > 0 {
        let what = format!("all sightings of {lost} polls are gone; their entries tell of them");
        findings.broken(FindingKind::PollAltered, "action_change", what);
    }
    Ok(())
}

fn change(row: &Row, findings: &mut Findings) -> Result<(), StoreError> {
    let (salt, body): (Option<String>, Option<String>) = (row.get("salt")?, row.get("body")?);
    let place = || Ok::<_, StoreError>(format!("action_change {}", row.get::<String>("id")?));
    let what = match (salt, body) {
        (Some(salt), Some(body)) => {
            let now: Hash = canonical::hash(&(&salt, &body));
            if row.get::<String>("commitment")? == now.to_string() {
                return Ok(());
            }
            "the sighting is not what was committed to"
        }
        _ if row.get::<Option<String>>("rule")?.is_some() => return Ok(()),
        _ => "the sighting is blank, and no rule erased it",
    };
    findings.broken(FindingKind::ChangeAltered, place()?, what);
    Ok(())
}

/// Each action must be as its newest change has it. Its id is as private as its case: a finding
/// names the change.
async fn actions(tx: &mut Tx, findings: &mut Findings) -> Result<(), StoreError> {
    sql("SELECT a.body, a.bank, a.kind, a.status, a.disputed, a.acted_at, a.due_at, c.id AS change_id, c.seen_at, c.body AS change_body,
           (SELECT MAX(n.seen_at) FROM action_change n WHERE n.external_id = a.external_id)
             AS newest_at,
           (SELECT MAX(n.id) FROM action_change n WHERE n.external_id = a.external_id) AS some_id
         FROM action a
         LEFT JOIN action_change c
           ON c.external_id = a.external_id AND c.commitment = a.commitment
         ORDER BY a.external_id")
    .each(tx, |row| action(row, findings))
    .await?;
    sql("SELECT MAX(c.id) AS id FROM action_change c
         WHERE c.external_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM action a WHERE a.external_id = c.external_id)
         GROUP BY c.external_id ORDER BY 1")
    .each(tx, |row| {
        let place = format!("action of action_change {}", row.get::<String>("id")?);
        let what = "the action's row is gone; its sightings are there";
        findings.broken(FindingKind::ActionAltered, place, what);
        Ok(())
    })
    .await
}

fn action(row: &Row, findings: &mut Findings) -> Result<(), StoreError> {
    let change: Option<String> = row.get("change_id")?;
    let some: Option<String> = row.get("some_id")?;
    let place = match change.as_ref().or(some.as_ref()) {
        Some(change) => format!("action of action_change {change}"),
        None => "an action".to_owned(),
    };
    let body: String = row.get("body")?;
    let what = if some.is_none() {
        "no sighting tells of this action"
    } else if change.is_none() {
        "its commitment is none of its sightings'"
    } else if row.get::<Option<i64>>("seen_at")? != row.get::<Option<i64>>("newest_at")? {
        "it is an older sighting than the newest"
    } else if row.get::<Option<String>>("change_body")?.as_ref() != Some(&body) {
        "it is not as its newest sighting has it"
    } else if !columns_agree(row, &body)? {
        "its columns are not as its own text has them"
    } else {
        return Ok(());
    };
    findings.broken(FindingKind::ActionAltered, place, what);
    Ok(())
}

fn columns_agree(row: &Row, body: &str) -> Result<bool, StoreError> {
    let Ok(told) = serde_json::from_str::<BankAction>(body) else { return Ok(false) };
    let acted_at = told.acted_at.filter(|_| told.status == Status::Acted);
    // Where the source tells no due time, it is the limit's, and is computed anew at each drafting.
    let start = told.delivered_at.unwrap_or(told.requested_at).max(told.requested_at);
    let due = |at: Timestamp| {
        let as_told = told.due_at.map_or(at >= start, |due| at == due.max(start));
        as_told && told.clock_runs().is_ok()
    };
    Ok(row.get::<BankCode>("bank")? == told.bank
        && row.get::<Kind>("kind")? == told.kind
        && row.get::<Status>("status")? == told.status
        && row.get::<Option<Paise>>("disputed")? == told.disputed
        && row.get::<Option<Timestamp>>("acted_at")? == acted_at
        && row.get::<Option<Timestamp>>("due_at")?.is_none_or(due))
}

/// What was erased, by table and rule.
pub(super) async fn erased(tx: &mut Tx) -> Result<Vec<Erased>, StoreError> {
    let rows = sql("SELECT table_name, rule, COUNT(*) AS n FROM erasure
         GROUP BY table_name, rule ORDER BY table_name, rule")
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let rows: i64 = row.get("n")?;
            Ok(Erased {
                table: row.get("table_name")?,
                rule: row.get("rule")?,
                rows: rows.cast_unsigned(),
            })
        })
        .collect()
}
