//! The keeper's listener: readiness and metrics. Never public.

use super::Metrics;
use crate::switchboard::Switchboard;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;

/// `/readyz` and `/metrics`.
pub fn admin_router(switchboard: Arc<Switchboard>, metrics: Arc<Metrics>) -> Router {
    let ready = {
        let switchboard = Arc::clone(&switchboard);
        move || async move {
            let healthy = switchboard.store_healthy();
            let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let database = if healthy { "ok" } else { "trouble: calls are answered, counts wait in memory" };
            (status, format!("revision {}\ndatabase {database}\n", switchboard.revision()))
        }
    };
    let metrics = move || async move {
        metrics.store_healthy.set(i64::from(switchboard.store_healthy()));
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(header::CONTENT_TYPE, kind)], metrics.render()).into_response()
    };
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
}
