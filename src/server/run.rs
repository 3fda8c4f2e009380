//! The accept loop: connections with limits, and a stop that lets requests in flight finish.

use super::Metrics;
use super::limits::{Limits, MAX_HEADER_BYTES, MAX_HEADERS};
use super::seats::{Seat, Seats};
use super::webhook::Answer;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// Tells every listener to stop. Dropping the sender is a stop as well.
pub type Stop = watch::Receiver<bool>;

/// Connections that are told to go and have not gone yet are at most this many: more, and accepting waits for them.
const LEAVING: usize = 32;

/// At a stop, a connection that has asked nothing yet has this long to ask: its request may be on the way. It was accepted,
/// so nobody else can answer it.
const FIRST_REQUEST: Duration = Duration::from_millis(300);

/// A connection that cannot be accepted is told of once in this time: it may be one of thousands.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// What a listener answers.
pub trait Routes: Send + Sync + 'static {
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Answer> + Send;
}

impl Routes for Router {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        match self.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }
}

/// Serves until `stop`, then finishes what is in flight for at most `limits.stop_s` seconds.
pub async fn serve(listener: TcpListener, routes: impl Routes, limits: Limits, metrics: Arc<Metrics>, mut stop: Stop) {
    let routes = Arc::new(routes);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.read_s))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .half_close(false);
    let seats = Seats::new(limits.connections);
    let most = limits.connections + LEAVING;
    let room = Arc::new(Semaphore::new(most));
    let mut said = None;
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            // It was gone before it was ours.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => continue,
            Err(error) => {
                // Out of file descriptors, most likely: somebody has to go, whatever the limit says.
                if said.is_none_or(|said: Instant| said.elapsed() > SAY_AGAIN) {
                    tracing::warn!(%error, "cannot accept a connection");
                    said = Some(Instant::now());
                }
                seats.close_one();
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (seat, closed) = seats.take();
        if closed {
            metrics.evicted.inc();
        }
        let (routes, carried) = (Arc::clone(&routes), Arc::clone(&seat));
        let service = service_fn(move |mut request: Request<Incoming>| {
            let (routes, seat) = (Arc::clone(&routes), Arc::clone(&carried));
            seat.ask();
            request.extensions_mut().insert(Arc::clone(&seat));
            async move {
                let mut answer = routes.answer(request).await;
                // A stranger asks once: a row of requests on one connection is the provider's alone.
                if !seat.is_proven() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let (metrics, mut stopping) = (Arc::clone(&metrics), stop.clone());
        tokio::spawn(async move {
            metrics.connections.inc();
            let mut connection = pin!(connection);
            tokio::select! {
                // A connection that breaks is the provider's business; it asks again.
                _ = connection.as_mut() => {}
                () = seat.closed() => {}
                () = stopped(&mut stopping, &seat) => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        _ = connection => {}
                        () = seat.closed() => {}
                    }
                }
            }
            metrics.connections.dec();
            drop(place);
        });
    }
    drop(listener);
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let finished = tokio::time::timeout(Duration::from_secs(limits.stop_s), room.acquire_many(all)).await;
    if finished.is_err() {
        tracing::warn!(limit.s = limits.stop_s, "stopped before every request was answered");
    }
}

/// Waits until this connection has to finish what it does and take nothing new.
async fn stopped(stop: &mut Stop, seat: &Seat) {
    // The sender is gone: that is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
    if !seat.has_asked() {
        tokio::time::sleep(FIRST_REQUEST).await;
    }
}
