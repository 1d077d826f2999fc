//! The queue: escalations, by money at risk, and an approver's two answers to each.

use axum::Json;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Call, Fault,
    fault::{Absent, ActFaults, Faults},
    given::{Asked, Body, Items, Limit, Named, Nothing, mark},
    words,
};
use crate::{
    domain::{canonical::Hash, escalation::EscalationState, ids::BankCode},
    store::{EscalationRow, QueueFilter, QueueOrder},
    work::{bill, view::EscalationView},
};

/// Which escalations are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QueueAsked {
    /// Only this state; without it held, cleared and disputed.
    #[param(schema_with = words::escalation_states)]
    state: Option<EscalationState>,
    /// Only this bank, by its code.
    #[param(pattern = "^[A-Za-z]{4}$")]
    bank: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}-[A-Za-z0-9-]{1,64}$")]
    after: Option<String>,
    /// How many to show (50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What an approver saw.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// The hash of the escalation as it was seen. If anything changed since, nothing is approved.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
}

/// Why an approver says no.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejection {
    /// The reason, for the record: one line.
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    reason: String,
}

/// A bank's code, as it was given.
pub(super) fn bank_code(text: Option<&str>) -> Result<Option<BankCode>, Fault> {
    let Some(text) = text else { return Ok(None) };
    if text.len() != 4 || !text.chars().all(|c| c.is_ascii_alphabetic()) {
        return Err(Fault::Malformed("`bank` is a bank's code of four letters.".to_owned()));
    }
    Ok(Some(BankCode::new(text.to_uppercase())))
}

/// Lists escalations, the largest sum at risk first.
#[utoipa::path(
    get, path = "/api/v1/queue", tag = "queue", params(QueueAsked), security(("token" = ["read"])),
    responses((status = 200, description = "One page", body = Items<EscalationView>), Faults)
)]
pub(super) async fn list(
    call: Call,
    Asked(asked): Asked<QueueAsked>,
) -> Result<Json<Items<EscalationView>>, Fault> {
    let limit = Limit::of(asked.limit)?;
    let filter = QueueFilter {
        states: asked.state.into_iter().collect(),
        bank: bank_code(asked.bank.as_deref())?,
        after: mark(asked.after.as_deref())?,
        page: limit.asked(),
        ..QueueFilter::default()
    };
    let rows = call.store().queue(&filter).await?;
    let bill = bill::bill(call.ctx(), &rows).await?;
    let place = |row: &&EscalationRow| row.mark(QueueOrder::Money).to_string();
    Ok(Json(limit.shown(&rows, place, |row| EscalationView::of(row, &bill))))
}

/// Shows one escalation whole: facts, texts, deliveries, and the hash that an approval names.
#[utoipa::path(
    get, path = "/api/v1/queue/{reference}", tag = "queue", security(("token" = ["read"])),
    params(("reference" = String, Path, description = "Its reference or id", max_length = 64)),
    responses((status = 200, description = "The escalation", body = EscalationView), Absent, Faults)
)]
pub(super) async fn one(
    call: Call,
    Named(reference): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<EscalationView>, Fault> {
    let row = call.store().escalation(&reference).await?;
    shown(&call, &row).await
}

async fn shown(call: &Call, row: &EscalationRow) -> Result<Json<EscalationView>, Fault> {
    let bill = bill::bill(call.ctx(), std::slice::from_ref(row)).await?;
    Ok(Json(EscalationView::of(row, &bill)))
}

/// Approves exactly what was seen (an approver's act, and never of their own wording).
#[utoipa::path(
    post, path = "/api/v1/queue/{reference}/approve", tag = "queue",
    security(("token" = ["queue"])), request_body = Approval,
    params(("reference" = String, Path, description = "Its reference or id", max_length = 64)),
    responses(
        (status = 200, description = "It is approved", body = EscalationView),
        Absent, ActFaults, Faults
    )
)]
pub(super) async fn approve(
    call: Call,
    Named(reference): Named,
    Asked(Nothing {}): Asked<Nothing>,
    Body(given): Body<Approval>,
) -> Result<Json<EscalationView>, Fault> {
    let lower = given.hash.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase());
    let seen = Hash::parse(&given.hash).filter(|_| lower).ok_or_else(|| {
        Fault::Senseless("`hash` is the escalation's hash: 64 hexadecimal digits.".to_owned())
    })?;
    let (by, person) = (call.by("queue approve")?, call.person()?);
    let valid = call.ctx().config.ladder.clearance_valid_for;
    let row = call.store().approve(&by, &reference, person, &seen, valid).await?;
    shown(&call, &row).await
}

/// Says no to an escalation, with a reason (an approver's act).
#[utoipa::path(
    post, path = "/api/v1/queue/{reference}/reject", tag = "queue",
    security(("token" = ["queue"])), request_body = Rejection,
    params(("reference" = String, Path, description = "Its reference or id", max_length = 64)),
    responses(
        (status = 200, description = "It is rejected", body = EscalationView),
        Absent, ActFaults, Faults
    )
)]
pub(super) async fn reject(
    call: Call,
    Named(reference): Named,
    Asked(Nothing {}): Asked<Nothing>,
    Body(given): Body<Rejection>,
) -> Result<Json<EscalationView>, Fault> {
    let reason = given.reason.as_str();
    let length = reason.chars().count();
    if reason.trim().is_empty() || length > 500 || reason.chars().any(char::is_control) {
        let problem = "`reason` says in one line of at most 500 characters why.";
        return Err(Fault::Senseless(problem.to_owned()));
    }
    let by = call.by("queue reject")?;
    call.store().reject(&by, &reference, call.person()?, reason.trim()).await?;
    let row = call.store().escalation(&reference).await?;
    shown(&call, &row).await
}
