//! The two listeners: one for whoever keeps the process alive, one for whoever measures it. They
//! tell no names, no texts and no references.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;

use super::{Board, Host, board};

/// A ledger that takes longer to answer counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(5);

/// `/healthz`: the process lives and no reconciler hangs. `/readyz`: it can do its work, or every
/// reason why not.
pub fn health_routes<H: Host>(host: H, board: Board) -> Router {
    Router::new()
        .route("/healthz", get(healthz::<H>))
        .route("/readyz", get(readyz::<H>))
        .with_state((host, board))
}

async fn healthz<H: Host>(State((host, board)): State<(H, Board)>) -> (StatusCode, String) {
    let hung = board.hung(host.clock().steady());
    if hung.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("hung: {}\n", hung.join(", ")))
}

async fn readyz<H: Host>(State((host, board)): State<(H, Board)>) -> impl IntoResponse {
    let Ok(readiness) = tokio::time::timeout(PATIENCE, board.readiness(&host)).await else {
        let reasons = ["the ledger did not answer in time"];
        let body = serde_json::json!({"ready": false, "reasons": reasons});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body));
    };
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(serde_json::json!(readiness)))
}

/// `/metrics`, in Prometheus' text format.
pub fn metrics_routes<H: Host>(host: H, board: Board, metrics: PrometheusHandle) -> Router {
    board::describe();
    Router::new().route("/metrics", get(render::<H>)).with_state((host, board, metrics))
}

async fn render<H: Host>(
    State((host, board, metrics)): State<(H, Board, PrometheusHandle)>,
) -> impl IntoResponse {
    board.gauge_lag(host.clock().now());
    match tokio::time::timeout(PATIENCE, host.standing()).await {
        Ok(Ok(standing)) => {
            board::gauge(&standing, host.clock().now());
            metrics::gauge!("takaza_ledger_up").set(1.0);
        }
        Ok(Err(_)) | Err(_) => metrics::gauge!("takaza_ledger_up").set(0.0),
    }
    if let Ok(Ok(months)) = tokio::time::timeout(PATIENCE, host.months()).await {
        board::gauge_months(&months);
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics.render())
}
