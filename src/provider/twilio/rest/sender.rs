//! Carries the requests: bounded in number, size, time and tries.

use super::answer::{self, Asked, Told, Verdict};
use super::request::{self, Post};
use super::{Leg, RestError, Settings};
use crate::base::CallSid;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower::Service;

/// For a connection, TLS included. Another try fits after it; a slower provider is an unreachable one.
pub const CONNECT: Duration = Duration::from_secs(3);
/// For one answer. A provider takes a second at most as a rule; whoever waits for a counsellor hears nothing of it.
pub const ONE_TRY: Duration = Duration::from_secs(5);
/// For everything: waiting for our turn, all tries and the pauses between them. Below the ringing time of a leg, so that
/// a leg is given up rather than rung late.
pub const WHOLE: Duration = Duration::from_secs(10);
/// At most so many tries.
pub const TRIES: usize = 3;
/// Requests at once, of all callers together; more wait for their turn. A desk has a dozen lines.
pub const AT_ONCE: usize = 16;
/// Bytes of an answer; a call is described in two thousand.
pub const MAX_ANSWER: usize = 64 * 1024;
/// An idle connection is kept this long: legs of one caller follow each other within it. Not longer, since a provider
/// that closes it at the moment we send leaves us unsure whether a leg was placed.
const IDLE: Duration = Duration::from_secs(15);

/// The REST interface of one account.
pub struct Rest {
    settings: Settings,
    authorization: HeaderValue,
    client: Client<Connecting, Full<Bytes>>,
    at_once: Semaphore,
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Rest {
    /// # Errors
    /// When the system has no certificates, or key and secret cannot stand in a header.
    pub fn new(settings: Settings) -> std::io::Result<Rest> {
        let authorization = request::authorization(&settings);
        let mut authorization = HeaderValue::from_str(&authorization).map_err(std::io::Error::other)?;
        authorization.set_sensitive(true);
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        // Plain http goes to this machine only, see `Base`.
        let https =
            HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(AT_ONCE)
            .build(Connecting(https));
        Ok(Rest { settings, authorization, client, at_once: Semaphore::new(AT_ONCE) })
    }

    /// Rings a leg; its name. Never drop this before it is done: whether the leg rings would not be known.
    ///
    /// # Errors
    /// [`RestError::may_be_done`] says whether the leg may ring all the same.
    pub async fn place(&self, leg: &Leg<'_>) -> Result<CallSid, RestError> {
        let placed = self.send(Asked::Place, request::place(&self.settings, leg)).await?;
        placed.sid.ok_or(RestError::Misread)
    }

    /// Stops what a running call does and runs the document at this absolute address; asked by POST.
    ///
    /// # Errors
    /// [`RestError::is_over`] says whether the call is there no more.
    pub async fn redirect(&self, call: &CallSid, url: &str) -> Result<(), RestError> {
        self.send(Asked::Update, request::redirect(&self.settings, call, url)).await.map(|_| ())
    }

    /// As [`Rest::redirect`], and never done twice: where a call that is in a conference would be taken out of it.
    ///
    /// # Errors
    /// [`RestError::Unclear`] when it may have been done; else as [`Rest::redirect`].
    pub async fn redirect_once(&self, call: &CallSid, url: &str) -> Result<(), RestError> {
        self.send(Asked::Once, request::redirect(&self.settings, call, url)).await.map(|_| ())
    }

    /// Hangs up a call, ringing or talking.
    ///
    /// # Errors
    /// As [`Rest::redirect`].
    pub async fn end(&self, call: &CallSid) -> Result<(), RestError> {
        self.send(Asked::Update, request::end(&self.settings, call)).await.map(|_| ())
    }

    /// Whether a call is there no more.
    ///
    /// # Errors
    /// As [`Rest::redirect`].
    pub async fn is_over(&self, call: &CallSid) -> Result<bool, RestError> {
        self.send(Asked::Look, request::look(&self.settings, call)).await.map(|told| told.over)
    }

    /// Whether the interface answers us: the account is asked for, and nothing is changed.
    ///
    /// # Errors
    /// [`RestError::Refused`] with status 401 or 403 when it does not believe us.
    pub async fn answers(&self) -> Result<(), RestError> {
        self.send(Asked::Look, request::account(&self.settings)).await.map(|_| ())
    }

    async fn send(&self, asked: Asked, post: Post) -> Result<Told, RestError> {
        let deadline = Instant::now() + WHOLE;
        let turn = timeout_at(deadline, self.at_once.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(RestError::TooMany) };
        let mut last = RestError::Unreachable;
        for left in (0..TRIES).rev() {
            let until = deadline.min(Instant::now() + ONE_TRY);
            let verdict = timeout_at(until, self.once(asked, &post)).await;
            let (error, pause) = match verdict.unwrap_or_else(|_| answer::no_answer(asked)) {
                Verdict::Done(told) => return Ok(told),
                Verdict::Failed(error) => return Err(error),
                Verdict::Again(error, pause) => (error, pause),
            };
            last = error;
            if left == 0 || Instant::now() + pause >= deadline {
                break;
            }
            sleep(pause).await;
        }
        Err(last)
    }

    async fn once(&self, asked: Asked, post: &Post) -> Verdict {
        let request =
            if asked == Asked::Look { Request::get(post.url.as_str()) } else { Request::post(post.url.as_str()) };
        let request = request
            .header(AUTHORIZATION, &self.authorization)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::copy_from_slice(post.form.as_bytes())));
        // Every address that `url` makes is one of HTTP's; if not, nothing is sent.
        let Ok(request) = request else { return Verdict::Failed(RestError::Unreachable) };
        match self.client.request(request).await {
            Ok(response) => answered(asked, response).await,
            Err(error) if error.is_connect() => answer::not_sent(),
            Err(_) => answer::no_answer(asked),
        }
    }
}

async fn answered(asked: Asked, response: Response<Incoming>) -> Verdict {
    let (parts, body) = response.into_parts();
    let retry_after = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let status = parts.status.as_u16();
    match Limited::new(body, MAX_ANSWER).collect().await {
        Ok(body) => answer::read(asked, status, retry_after, &body.to_bytes()),
        // The status alone tells what was not done; what was done has its name in the body.
        Err(_) if parts.status.is_success() => answer::no_answer(asked),
        Err(_) => answer::read(asked, status, retry_after, b""),
    }
}

/// The connector with a time of its own, so that "not connected" is known to be that, and may be tried again.
#[derive(Clone)]
struct Connecting(HttpsConnector<HttpConnector>);

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Service<Uri> for Connecting {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failed>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { timeout(CONNECT, connecting).await.map_err(Failed::from)? })
    }
}
