//! Escalations as rows: read with their deliveries, and written, each only if nobody else wrote it
//! meanwhile.

use super::{
    Authority, BTreeMap, DeliveryRow, ESCALATION, Escalation, EscalationId, EscalationRow,
    Evidence, Hash, OrderId, PersonId, Row, StoreError, StoredClearance, Timestamp, Tx, canonical,
    deliveries, json, money_at_risk, sql,
};

pub(in crate::store) async fn find(
    tx: &mut Tx,
    id_or_reference: &str,
) -> Result<EscalationRow, StoreError> {
    let rows = sql("SELECT * FROM escalation WHERE id = $1 OR reference = $1")
        .bind(id_or_reference)
        .all(tx)
        .await?;
    if rows.is_empty() {
        return Err(StoreError::NotFound(format!("escalation {id_or_reference}")));
    }
    let found = with_deliveries(tx, rows).await?.into_iter().next();
    found.ok_or_else(|| StoreError::corrupt(format!("escalation {id_or_reference}")))
}

/// The escalations with these ids, with their deliveries.
pub(in crate::store) async fn load(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<Vec<EscalationRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sql("SELECT * FROM escalation
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    with_deliveries(tx, rows).await
}

/// Joins escalations with their deliveries. One that cannot be read is left alone and said so: its
/// error is its own.
pub(super) async fn with_deliveries(
    tx: &mut Tx,
    rows: Vec<Row>,
) -> Result<Vec<EscalationRow>, StoreError> {
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.push(row.get::<EscalationId>("id")?);
    }
    let mut deliveries = deliveries::of_escalations(tx, &ids).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, id) in rows.iter().zip(ids) {
        let of = deliveries.remove(&id).unwrap_or_else(|| Ok(Vec::new()));
        match of.and_then(|of| read(row, of)) {
            Ok(row) => found.push(row),
            Err(error) => tracing::error!(escalation = %id, "is left alone: {error}"),
        }
    }
    Ok(found)
}

pub(super) fn read(row: &Row, deliveries: Vec<DeliveryRow>) -> Result<EscalationRow, StoreError> {
    let contents = deliveries.iter().map(|row| row.delivery.content.clone()).collect();
    let escalation = Escalation::new(
        row.get("id")?,
        row.get("reference")?,
        row.get("bank")?,
        row.get("rung")?,
        row.get("kind")?,
        row.get("version")?,
        serde_json::from_str(&row.get::<String>("facts")?)?,
        contents,
        row.get("written_by")?,
        row.get("drafted_at")?,
        row.get("expires_at")?,
        row.get("about")?,
        row.get("state")?,
    );
    Ok(EscalationRow {
        rev: row.get("rev")?,
        money_at_risk: row.get("money_at_risk")?,
        escalation,
        clearance: read_clearance(row)?,
        hold_until: row.get("hold_until")?,
        outcome: row.get("outcome")?,
        deliveries,
    })
}

fn read_clearance(row: &Row) -> Result<Option<StoredClearance>, StoreError> {
    let Some(hash) = row.get::<Option<Hash>>("cleared_hash")? else { return Ok(None) };
    let signer: PersonId = row.get("cleared_by")?;
    let order: Option<OrderId> = row.get("cleared_order")?;
    let authority = match order {
        Some(order) => Authority::Order { order, signed_by: signer },
        None => Authority::Approval { by: signer },
    };
    let (at, until) = (row.get("cleared_at")?, row.get("cleared_until")?);
    let past_stop = row.get::<Option<i64>>("cleared_past_stop")?.is_some();
    Ok(Some(StoredClearance { hash, authority, at, until, past_stop }))
}

/// The clearance of each of these escalations that is cleared now, and when the escalation expires.
pub(in crate::store) async fn clearances(
    tx: &mut Tx,
    ids: impl Iterator<Item = &EscalationId>,
) -> Result<BTreeMap<EscalationId, (StoredClearance, Timestamp)>, StoreError> {
    let rows = sql("SELECT id, expires_at, cleared_hash, cleared_by, cleared_order, cleared_at,
           cleared_until, cleared_past_stop
         FROM escalation
         WHERE state = 'cleared'
           AND id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        if let Some(given) = read_clearance(row)? {
            found.insert(row.get("id")?, (given, row.get("expires_at")?));
        }
    }
    Ok(found)
}

pub(super) async fn insert(tx: &mut Tx, escalation: &Escalation) -> Result<(), StoreError> {
    sql("INSERT INTO escalation (id, rev, reference, bank, rung, kind, version, state, facts,
           written_by, drafted_at, expires_at, about, money_at_risk)
         VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *")
    .bind(&escalation.id)
    .bind(&escalation.reference)
    .bind(&escalation.bank)
    .bind(escalation.rung)
    .bind(escalation.kind)
    .bind(escalation.version)
    .bind(escalation.state())
    .bind(canonical_facts(escalation))
    .bind(escalation.written_by.as_ref())
    .bind(escalation.drafted_at)
    .bind(escalation.expires_at)
    .bind(escalation.about.as_ref())
    .bind(money_at_risk(&escalation.facts))
    .write(&ESCALATION, tx)
    .await?;
    Ok(())
}

/// Plain JSON: the record has the canonical form, and this one reads back into the type.
pub(super) fn canonical_facts(escalation: &Escalation) -> String {
    serde_json::to_string(&escalation.facts).unwrap_or_else(|_| canonical::json(&escalation.facts))
}

/// Writes what an act may change, if nobody else wrote meanwhile.
pub(super) async fn save(tx: &mut Tx, row: &mut EscalationRow) -> Result<(), StoreError> {
    let escalation = &row.escalation;
    let cleared = row.clearance.as_ref();
    let written = sql("UPDATE escalation SET rev = rev + 1, version = $3, state = $4,
           written_by = $5, hold_until = $6, outcome = $7, cleared_hash = $8, cleared_by = $9,
           cleared_order = $10, cleared_at = $11, cleared_until = $12, cleared_past_stop = $13
         WHERE id = $1 AND rev = $2 RETURNING *")
    .bind(&escalation.id)
    .bind(row.rev)
    .bind(escalation.version)
    .bind(escalation.state())
    .bind(escalation.written_by.as_ref())
    .bind(row.hold_until)
    .bind(row.outcome.as_ref())
    .bind(cleared.map(|given| given.hash))
    .bind(cleared.map(|given| given.authority.signer()))
    .bind(cleared.and_then(|given| given.authority.order()))
    .bind(cleared.map(|given| given.at))
    .bind(cleared.map(|given| given.until))
    .bind(cleared.filter(|given| given.past_stop).map(|_| 1_i64))
    .write(&ESCALATION, tx)
    .await?;
    if written.is_empty() {
        return Err(StoreError::Conflict("the escalation changed meanwhile"));
    }
    row.rev += 1;
    Ok(())
}

/// The evidence of these escalations.
pub(in crate::store) async fn members_of(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<Vec<(EscalationId, Evidence)>, StoreError> {
    let rows = sql("SELECT escalation, as_of, seen, commitment FROM escalation_action
         WHERE escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
           AND seen IS NOT NULL
         ORDER BY escalation, n")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let seen = serde_json::from_str(&row.get::<String>("seen")?)?;
        let evidence =
            Evidence { seen, as_of: row.get("as_of")?, commitment: row.get("commitment")? };
        found.push((row.get("escalation")?, evidence));
    }
    Ok(found)
}
