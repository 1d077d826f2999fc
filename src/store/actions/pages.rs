//! One page of a poll, written: changes, rows set aside, rows lost.

use super::{
    BTreeMap, BankCode, ExternalId, Json, RejectedRow, Sighting, StoreError, Timestamp, Tx, json,
    sql,
};

pub(super) struct Known {
    pub(super) bank: BankCode,
    pub(super) fell_due: Option<Timestamp>,
    pub(super) body: String,
    pub(super) as_of: Option<Timestamp>,
    pub(super) vanished: bool,
}

pub(super) async fn known(
    tx: &mut Tx,
    sightings: &[&Sighting],
) -> Result<BTreeMap<ExternalId, Known>, StoreError> {
    let ids = sightings.iter().map(|seen| json!({"id": seen.action.external_id})).collect();
    let rows = sql("SELECT external_id, bank, fell_due_at, body, as_of, vanished_at FROM action
         WHERE external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids)
    .all(tx)
    .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let vanished = row.get::<Option<i64>>("vanished_at")?.is_some();
        let (bank, fell_due) = (row.get("bank")?, row.get("fell_due_at")?);
        let (body, as_of) = (row.get("body")?, row.get("as_of")?);
        let known = Known { bank, fell_due, body, as_of, vanished };
        found.insert(row.get("external_id")?, known);
    }
    Ok(found)
}

/// One sighting an action: the last of a page stands.
pub(super) fn latest(sightings: Vec<&Sighting>) -> Vec<&Sighting> {
    let by_id: BTreeMap<_, _> =
        sightings.into_iter().map(|seen| (&seen.action.external_id, seen)).collect();
    by_id.into_values().collect()
}

pub(super) async fn write_changes(
    tx: &mut Tx,
    poll: &str,
    changes: &[Json],
    now: Timestamp,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    sql("INSERT INTO action_change (id, poll, external_id, seen_at, as_of, salt, body, commitment)
         SELECT j.value->>'id', $2, j.value->>'external_id', $3,
                CAST(j.value->>'change_as_of' AS BIGINT), j.value->>'salt', j.value->>'body',
                j.value->>'commitment'
         FROM json_each(CAST($1 AS TEXT)) AS j")
    .batch(changes.to_vec())
    .bind(poll)
    .bind(now)
    .run(tx)
    .await?;
    sql("INSERT INTO action (external_id, bank, kind, status, disputed, body, as_of, due_at,
           fell_due_at, limit_hours, calendar, acted_at, commitment)
         SELECT j.value->>'external_id', j.value->>'bank', j.value->>'kind', j.value->>'status',
                CAST(j.value->>'disputed' AS BIGINT), j.value->>'body',
                CAST(j.value->>'as_of' AS BIGINT), CAST(j.value->>'due_at' AS BIGINT),
                CAST(j.value->>'fell_due_at' AS BIGINT), CAST(j.value->>'limit_hours' AS BIGINT), j.value->>'calendar',
                CAST(j.value->>'acted_at' AS BIGINT), j.value->>'commitment'
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (external_id) DO UPDATE SET bank = excluded.bank, kind = excluded.kind,
           status = excluded.status, disputed = excluded.disputed, body = excluded.body,
           as_of = excluded.as_of, due_at = excluded.due_at, fell_due_at = excluded.fell_due_at,
           limit_hours = excluded.limit_hours,
           calendar = excluded.calendar, acted_at = excluded.acted_at, vanished_at = NULL,
           commitment = excluded.commitment")
    .batch(changes.to_vec())
    .run(tx)
    .await?;
    sql("DELETE FROM rejected_row WHERE external_id IN
           (SELECT j.value->>'external_id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(changes.to_vec())
    .run(tx)
    .await?;
    Ok(())
}

/// Keeps the newest reason of each row set aside. What the ledger held of such a row is unknown now.
pub(super) async fn write_rejected(
    tx: &mut Tx,
    rows: &[&RejectedRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut by_place = BTreeMap::new();
    for row in rows {
        let id = row.external_id.as_ref().map(|id| id.expose().to_owned());
        let place = if row.place.is_empty() {
            id.clone().unwrap_or_else(|| row.reason.clone())
        } else {
            row.place.clone()
        };
        by_place.insert(place.clone(), json!({"place": place, "id": id, "reason": row.reason}));
    }
    sql("INSERT INTO rejected_row (place, external_id, reason, first_seen_at, last_seen_at)
         SELECT j.value->>'place', j.value->>'id', j.value->>'reason', $2, $2
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (place) DO UPDATE SET external_id = excluded.external_id,
           reason = excluded.reason, last_seen_at = excluded.last_seen_at")
    .batch(by_place.into_values().collect())
    .bind(now)
    .run(tx)
    .await?;
    lose(tx, rows.iter().filter_map(|row| row.external_id.as_ref()).collect(), now).await?;
    Ok(())
}

pub(super) async fn lose(
    tx: &mut Tx,
    ids: Vec<&ExternalId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    sql("UPDATE action SET vanished_at = $2 WHERE vanished_at IS NULL
         AND external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.into_iter().map(|id| json!({"id": id})).collect())
    .bind(now)
    .run(tx)
    .await
}

impl Known {
    /// A sighting that is older than what we know (a file among imports) changes nothing.
    pub(super) fn newer_than(&self, as_of: Option<Timestamp>) -> bool {
        matches!((self.as_of, as_of), (Some(known), Some(new)) if new < known)
    }
}
