//! What a report does to its delivery, its attempt, its escalation and the record.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{DeliveryRow, Ended, Report};
use crate::{
    domain::{
        delivery::{LateReceipt, Outcome, StateName},
        ids::{DeliveryId, EscalationId},
        time::Timestamp,
    },
    store::{
        StoreError,
        db::{Tx, sql},
        escalations,
        record::{ATTEMPT, Act},
    },
};

/// The recheck before a send: the case source still told every member as the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rechecked {
    /// When the source was asked.
    pub at: Timestamp,
    /// How many members it was asked about.
    pub members: u32,
}

/// What recording left to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Deliveries by the state they are in now.
    pub states: Vec<(DeliveryId, StateName)>,
    /// A second receipt for one delivery came in: the breaker was tripped.
    pub second_receipts: Vec<DeliveryId>,
}

/// The attempts of the reports end.
pub(super) async fn end_attempts(
    tx: &mut Tx,
    reports: &[Report],
    now: Timestamp,
) -> Result<(), StoreError> {
    let batch: Vec<_> = reports
        .iter()
        .map(|report| {
            let (outcome, detail) = match &report.ended {
                Ended::Attempted(outcome) => (outcome.kind().as_str(), outcome.reason().to_owned()),
                Ended::NotNow { why, .. } => ("put-off", why.clone()),
                Ended::Untrue { why, .. } => ("withdrawn", why.clone()),
            };
            json!({"id": report.delivery, "token": report.token, "outcome": outcome,
                   "detail": detail})
        })
        .collect();
    // Written out, because what `*` returns beside the joined batch differs between databases.
    sql("UPDATE attempt SET ended_at = $2, outcome = j.value->>'outcome',
           detail = j.value->>'detail'
         FROM json_each(CAST($1 AS TEXT)) AS j
         WHERE attempt.ended_at IS NULL AND attempt.delivery = j.value->>'id'
           AND attempt.token = j.value->>'token'
         RETURNING delivery, n, token, holder, claimed_at, ended_at, outcome, detail")
    .batch(batch)
    .bind(now)
    .write(&ATTEMPT, tx)
    .await?;
    Ok(())
}

/// Applies one report to its delivery. `false`: nothing of the delivery changed.
pub(super) fn apply(
    row: &mut DeliveryRow,
    report: &Report,
    now: Timestamp,
    recorded: &mut Recorded,
) -> Result<bool, StoreError> {
    let delivery = &mut row.delivery;
    let result = match &report.ended {
        Ended::Attempted(outcome) => delivery.record(&report.token, outcome, now, report.look),
        Ended::NotNow { until, why } => delivery.not_now(&report.token, *until, why),
        Ended::Untrue { why, .. } => delivery.withdraw(Some(&report.token), why),
    };
    let changed = match (result, &report.ended) {
        (Ok(()), _) => true,
        // The lease ran out meanwhile: only a receipt still counts, and it wins.
        (Err(_), Ended::Attempted(Outcome::Accepted(receipt))) => {
            match delivery.late_receipt(receipt) {
                LateReceipt::Settles | LateReceipt::Unclaimed => true,
                LateReceipt::Known => false,
                LateReceipt::Second => {
                    recorded.second_receipts.push(delivery.id.clone());
                    false
                }
            }
        }
        (Err(_), _) => false,
    };
    row.settle(now);
    Ok(changed)
}

pub(super) fn report_act(ended: &Ended) -> &'static str {
    match ended {
        Ended::Attempted(_) => "delivery.attempted",
        Ended::NotNow { .. } => "delivery.put-off",
        Ended::Untrue { .. } => "delivery.withdrawn",
    }
}

pub(super) fn report_body(report: &Report, state: StateName) -> Json {
    match &report.ended {
        Ended::Attempted(Outcome::Accepted(receipt)) => {
            json!({"outcome": "accepted", "receipt": receipt, "recheck": report.recheck,
                   "state": state})
        }
        Ended::Attempted(outcome) => {
            json!({"outcome": outcome.kind(), "detail": outcome.reason(),
                   "recheck": report.recheck, "state": state})
        }
        Ended::NotNow { until, why } => json!({"until": until, "why": why, "state": state}),
        Ended::Untrue { why, avoided } => json!({"why": why, "avoided": avoided, "state": state}),
    }
}

/// If any member differs, every unsent delivery of the escalation is withdrawn.
pub(super) async fn withdraw_untrue(
    tx: &mut Tx,
    untrue: BTreeMap<EscalationId, (String, bool)>,
    acts: &mut Vec<Act>,
) -> Result<(), StoreError> {
    let ids: Vec<_> = untrue.keys().cloned().collect();
    for mut row in escalations::load(tx, &ids).await? {
        let Some((why, avoided)) = untrue.get(&row.escalation.id) else { continue };
        if row.escalation.state().open() {
            acts.extend(escalations::withdraw_in(tx, &mut row, why, *avoided).await?);
        }
    }
    Ok(())
}
