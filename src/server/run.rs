//! The accept loop: connections with limits, and a stop that lets requests in flight finish.

use super::Metrics;
use super::limits::{Limits, MAX_HEADER_BYTES, MAX_HEADERS};
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Tells every listener to stop. Dropping the sender is a stop as well.
pub type Stop = watch::Receiver<bool>;

/// Serves until `stop`, then finishes what is in flight for at most `limits.stop_s` seconds.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, metrics: Arc<Metrics>, mut stop: Stop) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.read_s))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .half_close(false);
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: others will be closed soon.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            metrics.connections.inc();
            // A connection that breaks is the provider's business; it asks again.
            let _ = connection.await;
            metrics.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    let finished = tokio::time::timeout(Duration::from_secs(limits.stop_s), graceful.shutdown()).await;
    if finished.is_err() {
        tracing::warn!(limit.s = limits.stop_s, "stopped before every request was answered");
    }
}
