//! Deliveries as rows: read, and written as they are now, each only if nobody else wrote it
//! meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::{
    domain::{
        canonical::Hash,
        delivery::{Content, Delivery, Doubt, Lease, Receipt, State, StateName},
        escalation::Escalation,
        ids::{DeliveryId, EscalationId},
        platform::Sender,
        time::Timestamp,
    },
    store::{
        StoreError,
        db::{Row, Tx, sql},
        record::DELIVERY,
    },
};

/// A delivery as the ledger has it.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Counts the writes, for compare-and-set.
    pub(in crate::store) rev: i64,
    /// Its place among its escalation's deliveries.
    n: i64,
    /// Who presses the button.
    pub sender: Sender,
    /// When it was claimed, while it may have gone out: what budgets count.
    pub sent_at: Option<Timestamp>,
    /// When its engagement is next listened for.
    pub listen_at: Option<Timestamp>,
    /// The delivery.
    pub delivery: Delivery,
}

impl DeliveryRow {
    pub(in crate::store) fn drafted(
        id: DeliveryId,
        n: i64,
        sender: Sender,
        escalation: &Escalation,
        content: Content,
    ) -> Self {
        let state = State::Waiting { not_before: escalation.drafted_at, why: None };
        let delivery = Delivery::new(
            id,
            escalation.id.clone(),
            escalation.kind,
            escalation.bank.clone(),
            escalation.reference.clone(),
            content,
            0,
            None,
            state,
        );
        Self { rev: 0, n, sender, sent_at: None, listen_at: None, delivery }
    }
}

/// A row's error is its own: one that cannot be read stops none of the others.
pub(super) fn readable(rows: &[Row]) -> Vec<DeliveryRow> {
    let read = rows.iter().filter_map(|row| match read(row) {
        Ok(row) => Some(row),
        Err(error) => {
            let id: String = row.get("id").unwrap_or_default();
            tracing::error!(delivery = %id, "a delivery is left alone: {error}");
            None
        }
    });
    read.collect()
}

pub(in crate::store) async fn find(tx: &mut Tx, id: &str) -> Result<DeliveryRow, StoreError> {
    let row = sql("SELECT * FROM delivery WHERE id = $1").bind(id).opt(tx).await?;
    row.as_ref().map_or_else(|| Err(StoreError::NotFound(format!("delivery {id}"))), read)
}

pub(super) async fn by_ids(
    tx: &mut Tx,
    ids: &[DeliveryId],
) -> Result<BTreeMap<DeliveryId, DeliveryRow>, StoreError> {
    let rows = sql("SELECT * FROM delivery
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let rows: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(rows?.into_iter().map(|row| (row.delivery.id.clone(), row)).collect())
}

/// The deliveries of each escalation: all of them, or why one cannot be read. An escalation with a
/// part of its deliveries would not know what was sent.
pub(in crate::store) async fn of_escalations(
    tx: &mut Tx,
    ids: &[EscalationId],
) -> Result<BTreeMap<EscalationId, Result<Vec<DeliveryRow>, StoreError>>, StoreError> {
    let rows = sql("SELECT * FROM delivery
         WHERE escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY escalation, n")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let mut found: BTreeMap<EscalationId, Result<Vec<DeliveryRow>, StoreError>> = BTreeMap::new();
    for row in &rows {
        let known = found.entry(row.get("escalation")?).or_insert_with(|| Ok(Vec::new()));
        match (known.as_mut(), read(row)) {
            (Ok(known), Ok(row)) => known.push(row),
            (Ok(_), Err(error)) => *known = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(found)
}

pub(in crate::store) fn read(row: &Row) -> Result<DeliveryRow, StoreError> {
    let receipt = || {
        Ok::<_, StoreError>(Receipt {
            id: row.get("receipt_id")?,
            permalink: row.get("permalink")?,
            at: row.get("receipt_at")?,
        })
    };
    let why = || Ok::<_, StoreError>(row.get::<Option<String>>("why")?.unwrap_or_default());
    let state = match row.get("state")? {
        StateName::Waiting => {
            State::Waiting { not_before: row.get("not_before")?, why: row.get("why")? }
        }
        StateName::Sending => State::Sending(Lease {
            token: row.get("lease_token")?,
            holder: row.get("lease_holder")?,
            until: row.get("lease_until")?,
        }),
        StateName::Delivered => State::Delivered(receipt()?),
        StateName::Retracted => State::Retracted(receipt()?),
        StateName::Withdrawn => State::Withdrawn { why: why()? },
        StateName::Refused => State::Refused { why: why()? },
        StateName::Uncertain => State::Uncertain(Doubt {
            since: row.get("doubt_since")?,
            look_at: row.get("look_at")?,
            empty_looks: row.get("empty_looks")?,
            asks: row.get("asks")?,
            why: why()?,
        }),
    };
    let mut delivery = Delivery::new(
        row.get("id")?,
        row.get("escalation")?,
        row.get("kind")?,
        row.get("bank")?,
        row.get("reference")?,
        serde_json::from_str(&row.get::<String>("content")?)?,
        row.get("attempts")?,
        row.get("first_attempt_at")?,
        state,
    );
    delivery.resend_until = row.get("resend_until")?;
    Ok(DeliveryRow {
        rev: row.get("rev")?,
        n: row.get("n")?,
        sender: row.get("sender")?,
        sent_at: row.get("sent_at")?,
        listen_at: row.get("listen_at")?,
        delivery,
    })
}

/// What of a delivery its states change.
fn standing(row: &DeliveryRow) -> Json {
    let delivery = &row.delivery;
    let mut fields = json!({
        "id": delivery.id, "rev": row.rev + 1, "state": delivery.name(),
        "attempts": delivery.attempts, "first_attempt_at": delivery.first_attempt_at,
        "resend_until": delivery.resend_until, "sent_at": row.sent_at, "listen_at": row.listen_at,
    });
    let more = match delivery.state() {
        State::Waiting { not_before, why } => json!({"not_before": not_before, "why": why}),
        State::Sending(lease) => json!({
            "lease_token": lease.token, "lease_holder": lease.holder, "lease_until": lease.until,
        }),
        State::Delivered(receipt) | State::Retracted(receipt) => json!({
            "receipt_id": receipt.id, "permalink": receipt.permalink, "receipt_at": receipt.at,
        }),
        State::Withdrawn { why } | State::Refused { why } => json!({"why": why}),
        State::Uncertain(doubt) => json!({
            "doubt_since": doubt.since, "look_at": doubt.look_at,
            "empty_looks": doubt.empty_looks, "asks": u8::from(doubt.asks), "why": doubt.why,
        }),
    };
    extend(&mut fields, more);
    fields
}

/// All of a delivery.
fn whole(row: &DeliveryRow) -> Json {
    let delivery = &row.delivery;
    let content_hash: Hash = delivery.content.hash();
    let mut fields = standing(row);
    let frozen = json!({
        "escalation": delivery.escalation, "n": row.n, "kind": delivery.kind,
        "bank": delivery.bank, "reference": delivery.reference,
        "account": delivery.content.account, "sender": row.sender,
        "content": serde_json::to_string(&delivery.content).unwrap_or_default(),
        "content_hash": content_hash,
    });
    extend(&mut fields, frozen);
    fields
}

fn extend(fields: &mut Json, more: Json) {
    if let (Json::Object(fields), Json::Object(more)) = (fields, more) {
        fields.extend(more);
    }
}

/// Writes where deliveries stand now, each only if nobody else wrote it meanwhile. Their words stay:
/// see [`put`].
pub(in crate::store) async fn save(tx: &mut Tx, rows: &[DeliveryRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    // Every column, written out, because what `*` returns beside the joined batch differs between
    // databases.
    let written = sql("UPDATE delivery SET rev = CAST(j.value->>'rev' AS BIGINT),
           state = j.value->>'state', not_before = CAST(j.value->>'not_before' AS BIGINT),
           why = j.value->>'why', lease_token = j.value->>'lease_token',
           lease_holder = j.value->>'lease_holder',
           lease_until = CAST(j.value->>'lease_until' AS BIGINT),
           attempts = CAST(j.value->>'attempts' AS BIGINT),
           first_attempt_at = CAST(j.value->>'first_attempt_at' AS BIGINT),
           sent_at = CAST(j.value->>'sent_at' AS BIGINT), receipt_id = j.value->>'receipt_id',
           permalink = j.value->>'permalink',
           receipt_at = CAST(j.value->>'receipt_at' AS BIGINT),
           doubt_since = CAST(j.value->>'doubt_since' AS BIGINT),
           look_at = CAST(j.value->>'look_at' AS BIGINT),
           empty_looks = CAST(j.value->>'empty_looks' AS BIGINT),
           asks = CAST(j.value->>'asks' AS BIGINT),
           listen_at = CAST(j.value->>'listen_at' AS BIGINT),
           resend_until = CAST(j.value->>'resend_until' AS BIGINT)
         FROM json_each(CAST($1 AS TEXT)) AS j
         WHERE delivery.id = j.value->>'id'
           AND delivery.rev = CAST(j.value->>'rev' AS BIGINT) - 1
         RETURNING id, rev, escalation, n, kind, bank, reference, account, sender, content,
           content_hash, state, not_before, why, lease_token, lease_holder, lease_until, attempts,
           first_attempt_at, sent_at, receipt_id, permalink, receipt_at, doubt_since, look_at,
           empty_looks, asks, listen_at, resend_until")
    .batch(rows.iter().map(standing).collect())
    .write(&DELIVERY, tx)
    .await?;
    all_written(&written, rows)
}

fn all_written(written: &[Row], rows: &[DeliveryRow]) -> Result<(), StoreError> {
    if written.len() == rows.len() {
        return Ok(());
    }
    Err(StoreError::Conflict("a delivery changed meanwhile"))
}

/// Writes deliveries with their words: new ones, and those that an edit has worded anew.
pub(in crate::store) async fn put(tx: &mut Tx, rows: &[DeliveryRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let written =
        sql("INSERT INTO delivery (id, rev, escalation, n, kind, bank, reference, account,
           sender, content, content_hash, state, not_before, why, lease_token, lease_holder,
           lease_until, attempts, first_attempt_at, sent_at, receipt_id, permalink, receipt_at,
           doubt_since, look_at, empty_looks, asks, listen_at, resend_until)
         SELECT j.value->>'id', CAST(j.value->>'rev' AS BIGINT), j.value->>'escalation',
           CAST(j.value->>'n' AS BIGINT), j.value->>'kind', j.value->>'bank',
           j.value->>'reference', j.value->>'account', j.value->>'sender', j.value->>'content',
           j.value->>'content_hash', j.value->>'state', CAST(j.value->>'not_before' AS BIGINT),
           j.value->>'why', j.value->>'lease_token', j.value->>'lease_holder',
           CAST(j.value->>'lease_until' AS BIGINT), CAST(j.value->>'attempts' AS BIGINT),
           CAST(j.value->>'first_attempt_at' AS BIGINT), CAST(j.value->>'sent_at' AS BIGINT),
           j.value->>'receipt_id', j.value->>'permalink', CAST(j.value->>'receipt_at' AS BIGINT),
           CAST(j.value->>'doubt_since' AS BIGINT), CAST(j.value->>'look_at' AS BIGINT),
           CAST(j.value->>'empty_looks' AS BIGINT), CAST(j.value->>'asks' AS BIGINT),
           CAST(j.value->>'listen_at' AS BIGINT), CAST(j.value->>'resend_until' AS BIGINT)
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, content = excluded.content,
           content_hash = excluded.content_hash, state = excluded.state,
           not_before = excluded.not_before, why = excluded.why,
           lease_token = excluded.lease_token, lease_holder = excluded.lease_holder,
           lease_until = excluded.lease_until, attempts = excluded.attempts,
           first_attempt_at = excluded.first_attempt_at, sent_at = excluded.sent_at,
           receipt_id = excluded.receipt_id, permalink = excluded.permalink,
           receipt_at = excluded.receipt_at, doubt_since = excluded.doubt_since,
           look_at = excluded.look_at, empty_looks = excluded.empty_looks, asks = excluded.asks,
           listen_at = excluded.listen_at, resend_until = excluded.resend_until
         WHERE delivery.rev = excluded.rev - 1
         RETURNING *")
        .batch(rows.iter().map(whole).collect())
        .write(&DELIVERY, tx)
        .await?;
    all_written(&written, rows)
}

pub(super) async fn settle(
    tx: &mut Tx,
    row: &mut DeliveryRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    row.settle(now);
    save(tx, std::slice::from_ref(row)).await?;
    if row.delivery.name() == StateName::Delivered {
        retract_target(tx, &row.delivery).await?;
    }
    Ok(())
}

/// A retraction that took effect retracts the delivery whose post it deleted.
pub(super) async fn retract_target(tx: &mut Tx, retraction: &Delivery) -> Result<(), StoreError> {
    let Some(post) = &retraction.content.retracts else { return Ok(()) };
    let rows = sql("SELECT * FROM delivery WHERE account = $1 AND receipt_id = $2
         AND state = 'delivered' AND kind <> 'retraction'")
    .bind(&retraction.content.account)
    .bind(post)
    .all(tx)
    .await?;
    for row in &rows {
        let mut row = read(row)?;
        row.delivery.retracted()?;
        row.listen_at = None;
        save(tx, &[row]).await?;
    }
    Ok(())
}

impl DeliveryRow {
    /// Budgets and listening follow the state: only what is proved not sent gives its budget back,
    /// and only what was delivered is listened to.
    pub(super) fn settle(&mut self, now: Timestamp) {
        match self.delivery.name() {
            StateName::Waiting | StateName::Withdrawn => self.sent_at = None,
            StateName::Delivered => {
                self.sent_at.get_or_insert(now);
                self.listen_at.get_or_insert(now);
            }
            StateName::Retracted => self.listen_at = None,
            StateName::Sending | StateName::Uncertain | StateName::Refused => {}
        }
    }
}
