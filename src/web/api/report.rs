//! What the ledger can tell now, in numbers.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Call, Fault,
    fault::Faults,
    given::{Asked, Nothing},
};

/// How the ledger stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportView {
    /// As of when.
    as_of: String,
    /// Escalations by state.
    escalations: BTreeMap<String, i64>,
    /// Deliveries by state.
    deliveries: BTreeMap<String, i64>,
    /// The banks' actions by status, as the case source was last seen.
    actions: BTreeMap<String, i64>,
    /// Tags that were not posted because the bank acted before.
    tags_avoided: i64,
    /// Rows of the case source that are set aside.
    rows_set_aside: i64,
    /// When the case source was last read to its end.
    source_read_at: Option<String>,
}

/// Tells how the ledger stands: counts by state, tags avoided.
#[utoipa::path(
    get, path = "/api/v1/report", tag = "report", security(("token" = ["read"])),
    responses((status = 200, description = "The numbers", body = ReportView), Faults)
)]
pub(super) async fn report(
    call: Call,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<ReportView>, Fault> {
    let standing = call.store().standing().await?;
    Ok(Json(ReportView {
        as_of: call.ctx().clock.now().to_string(),
        escalations: standing.escalations,
        deliveries: standing.deliveries,
        actions: standing.actions,
        tags_avoided: standing.avoided,
        rows_set_aside: standing.rejected,
        source_read_at: standing.source_read_at.map(|at| at.to_string()),
    }))
}
