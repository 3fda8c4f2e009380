//! Carries a played call's requests: to the router in this process, or over the network.

use super::player::Exchange;
use crate::phone::{FetchFailure, Request, Response};
use crate::provider::twilio::signature::sign;
use axum::body::Body;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tower::ServiceExt;

/// A document is read up to this size; the reader refuses anything above 64 KiB.
const MAX_ANSWER: usize = 128 * 1024;

/// A provider gives up after this long (twiml reference 6).
const PATIENCE: Duration = Duration::from_secs(15);

/// A provider follows this many redirects.
const MAX_REDIRECTS: usize = 10;

/// The signature a provider would put on this request.
fn signature(token: &str, request: &Request) -> String {
    let form: Vec<(&str, &str)> = request.form().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sign(token, &request.url, &form)
}

fn http(request: &Request, url: &str, token: Option<&str>) -> Result<hyper::Request<Full<Bytes>>, FetchFailure> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(request.form()).finish();
    let mut builder = hyper::Request::builder().method(request.method.as_str()).uri(url);
    builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8");
    if let Some(token) = token {
        builder = builder.header("X-Twilio-Signature", signature(token, request));
    }
    if !request.cookies.is_empty() {
        let cookies: Vec<String> = request.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        builder = builder.header(COOKIE, cookies.join("; "));
    }
    builder.body(Full::new(Bytes::from(form))).map_err(|_| FetchFailure::Connect)
}

fn response(request: u64, status: u16, headers: &HeaderMap, body: Vec<u8>, final_url: Option<String>) -> Response {
    let text = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok().map(str::to_owned));
    Response {
        request,
        status,
        content_type: text(CONTENT_TYPE).next(),
        set_cookie: text(SET_COOKIE).collect(),
        final_url,
        body,
    }
}

/// The router of this process.
pub struct InProcess {
    pub router: axum::Router,
    /// Signs each request, where the router checks.
    pub token: Option<String>,
    pub host: String,
    /// The line's clock runs with the call: milliseconds since it began.
    pub passed_ms: Arc<AtomicU64>,
}

impl InProcess {
    /// Carries a request there and its answer back; the line's clock says `now_ms` since the call began.
    pub async fn carry(&self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        self.passed_ms.store(now_ms, Ordering::Relaxed);
        let url = url::Url::parse(&request.url).map_err(|_| FetchFailure::Connect)?;
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut http = http(request, target, self.token.as_deref())?.map(Body::new);
        if let Ok(host) = self.host.parse() {
            http.headers_mut().insert(hyper::header::HOST, host);
        }
        let answer = self.router.clone().oneshot(http).await.unwrap_or_else(|never| match never {});
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| FetchFailure::Connect)?.to_bytes().to_vec();
        Ok(response(request.id, parts.status.as_u16(), &parts.headers, body, None))
    }
}

impl Exchange for InProcess {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        self.carry(request, now_ms).await
    }
}

/// Any address.
pub struct Network {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub token: Option<String>,
}

impl Network {
    pub fn new(token: Option<String>) -> Result<Network, std::io::Error> {
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
        Ok(Network { client: Client::builder(TokioExecutor::new()).build(connector), token })
    }

    async fn fetch(&self, request: &Request) -> Result<Response, FetchFailure> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.client.request(http(request, &url, self.token.as_deref())?).await;
            let (parts, body) = answer.map_err(|_| FetchFailure::Connect)?.into_parts();
            let to =
                parts.headers.get(LOCATION).and_then(|to| to.to_str().ok()).filter(|_| parts.status.is_redirection());
            if let Some(to) = to {
                let next = url::Url::parse(&url).and_then(|base| base.join(to)).map_err(|_| FetchFailure::Connect)?;
                url = next.into();
                continue;
            }
            let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|_| FetchFailure::Connect)?;
            let body = body.to_bytes().to_vec();
            let final_url = (url != request.url).then_some(url);
            return Ok(response(request.id, parts.status.as_u16(), &parts.headers, body, final_url));
        }
        Err(FetchFailure::TooManyRedirects)
    }
}

impl Exchange for Network {
    async fn send(&mut self, request: &Request, _now_ms: u64) -> Result<Response, FetchFailure> {
        tokio::time::timeout(PATIENCE, self.fetch(request)).await.unwrap_or(Err(FetchFailure::TimedOut))
    }
}
