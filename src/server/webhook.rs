//! The webhooks of a TwiML provider.

use super::limits::{MAX_BODY, MAX_TARGET, STEP_S};
use super::metrics::{Kind, Metrics, Request as Asked};
use super::seats::Seat;
use crate::provider::twilio::answer;
use crate::provider::twilio::form::{self, Form};
use crate::provider::twilio::signature::{Headers, Verifier};
use crate::switchboard::{Switchboard, VoiceEvent};
use crate::twiml::VoiceResponse;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode, header, request::Parts};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How a request proves that it is the provider's.
pub enum Proof {
    /// `X-Twilio-Signature` over this public address.
    Signature { verifier: Verifier, public_url: String },
    /// The demonstration: unsigned, from this machine to this machine, with no proxy in between.
    Loopback,
}

/// Everything a webhook needs.
pub struct Door {
    pub switchboard: Arc<Switchboard>,
    pub proof: Proof,
    /// Only this account is answered, where the keeper named one.
    pub account: Option<String>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub metrics: Arc<Metrics>,
    /// Requests at once.
    pub room: Arc<Semaphore>,
    pub read_s: u64,
    /// Set by a test or the demonstration to show what is exchanged; never with a provider.
    pub trace_calls: bool,
}

/// The public routes.
pub fn public_router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/twilio/voice", post(|s, r| voice(s, r, Step::Begin)).fallback(only_post))
        .route("/twilio/key", post(|s, r| voice(s, r, Step::Key)).fallback(only_post))
        .route("/twilio/silence", post(|s, r| voice(s, r, Step::Silence)).fallback(only_post))
        .route("/twilio/dial", post(|s, r| voice(s, r, Step::Dial)).fallback(only_post))
        .route("/twilio/whisper", post(|s, r| voice(s, r, Step::Whisper)).fallback(only_post))
        .route("/twilio/accept", post(|s, r| voice(s, r, Step::Accept)).fallback(only_post))
        .route("/twilio/status", post(status).fallback(only_post))
        .route("/twilio/sms", post(text).fallback(only_post))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing here\n") })
        .with_state(door)
}

async fn only_post() -> (StatusCode, [(header::HeaderName, &'static str); 1], &'static str) {
    let line = "this address is a webhook: set its method to HTTP POST at the provider\n";
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], line)
}

/// Which of our addresses was asked.
#[derive(Clone, Copy)]
enum Step {
    Begin,
    Key,
    Silence,
    Dial,
    Whisper,
    Accept,
}

type Answer = Response<Body>;

async fn voice(State(door): State<Arc<Door>>, request: Request<Body>, step: Step) -> Answer {
    let started = std::time::Instant::now();
    let (form, token) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let asked = match form::voice(&form) {
        Ok(asked) => asked,
        Err(problem) => return door.refuse(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    let (takes_the_call, ended) = (asked.accepts(), asked.call.ended);
    let call = asked.call;
    let event = match step {
        Step::Begin => VoiceEvent::Began,
        Step::Key => VoiceEvent::Key(asked.digit),
        Step::Silence => VoiceEvent::Silence,
        Step::Dial => VoiceEvent::DialEnded(asked.dial),
        Step::Whisper => VoiceEvent::Whisper,
        Step::Accept => VoiceEvent::Accept(asked.digit),
    };
    let now = (door.clock)();
    let switchboard = Arc::clone(&door.switchboard);
    let document = door.work(async move { switchboard.voice(&call, event, token.as_deref(), now).await }).await;
    let document = document.unwrap_or_else(|| {
        match step {
            // Nobody hears it.
            _ if ended => VoiceResponse::default().to_xml().into(),
            // The counsellor's leg: a yes connects, anything else sends the caller on to what is said when nobody can answer.
            Step::Whisper => answer::accept(false).to_xml().into(),
            Step::Accept => answer::accept(takes_the_call).to_xml().into(),
            _ => door.switchboard.trouble(now),
        }
    });
    door.metrics.requests.get_or_create(&Asked { kind: Kind::voice }).inc();
    door.metrics.seconds.observe(started.elapsed().as_secs_f64());
    if door.trace_calls {
        tracing::info!(document = %document, "answered");
    }
    twiml(document.to_string())
}

async fn text(State(door): State<Arc<Door>>, request: Request<Body>) -> Answer {
    let (form, _) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let text = match form::text(&form) {
        Ok(text) => text,
        Err(problem) => return door.refuse(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    let now = (door.clock)();
    let switchboard = Arc::clone(&door.switchboard);
    // Overload and failure answer a text with nothing: a late or odd answer can cost more than none.
    let answer = door.work(async move { switchboard.text(&text, now).await }).await.flatten();
    door.metrics.requests.get_or_create(&Asked { kind: Kind::text }).inc();
    twiml(answer::message(answer.as_deref()).to_xml())
}

async fn status(State(door): State<Arc<Door>>, request: Request<Body>) -> Answer {
    let (form, _) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    if let Ok(asked) = form::voice(&form) {
        let (switchboard, now) = (Arc::clone(&door.switchboard), (door.clock)());
        door.work(async move { switchboard.status(&asked.call, now).await }).await;
    }
    door.metrics.requests.get_or_create(&Asked { kind: Kind::status }).inc();
    respond(StatusCode::NO_CONTENT, "text/plain", String::new())
}

impl Door {
    /// Does the work of one request: nothing under overload, or when it fails or takes too long. It runs as a task of
    /// its own: a panic stays in it, a provider that hangs up does not stop a count half way, and its place among the
    /// requests at once is taken until it is really over.
    async fn work<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            self.metrics.overloads.inc();
            return None;
        };
        let task = tokio::spawn(async move {
            let _place = place;
            work.await
        });
        let done = tokio::time::timeout(Duration::from_secs(STEP_S), task).await;
        let done = done.ok().and_then(Result::ok);
        if done.is_none() {
            self.metrics.troubles.inc();
        }
        done
    }

    /// Reads a request whole, makes sure that it is the provider's, and gives its form and the token in its address.
    async fn form(&self, request: Request<Body>) -> Result<(Form, Option<String>), Answer> {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        if target.len() > MAX_TARGET {
            return Err(self.refuse(StatusCode::URI_TOO_LONG, "the address is too long"));
        }
        let body = self.body(body).await?;
        // A form beyond the limits is told so, not that its signature is wrong: that would be looked for in vain.
        let form = Form::parse(&body).map_err(|problem| self.refuse(StatusCode::BAD_REQUEST, &problem.to_string()))?;
        if !self.is_the_provider(&parts, &target, &body) {
            self.metrics.unsigned.inc();
            return Err(self.refuse(StatusCode::FORBIDDEN, self.why_not()));
        }
        if let Some(seat) = parts.extensions.get::<Arc<Seat>>() {
            seat.prove();
        }
        // Everything that is signed and of another account is still not ours to answer.
        if self.account.as_deref().is_some_and(|own| form.get("AccountSid") != Some(own)) {
            return Err(self.refuse(StatusCode::FORBIDDEN, "this is not the account the hotline belongs to"));
        }
        let token = parts.uri.query().and_then(|query| {
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "s").map(|(_, token)| token.into_owned())
        });
        Ok((form, token))
    }

    async fn body(&self, body: Body) -> Result<Bytes, Answer> {
        let read = Limited::new(body, MAX_BODY).collect();
        match tokio::time::timeout(Duration::from_secs(self.read_s), read).await {
            Err(_) => Err(self.refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(self.refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB"))
            }
            Ok(Err(_)) => Err(self.refuse(StatusCode::BAD_REQUEST, "the body broke off")),
            Ok(Ok(body)) => Ok(body.to_bytes()),
        }
    }

    fn is_the_provider(&self, parts: &Parts, target: &str, body: &[u8]) -> bool {
        match &self.proof {
            Proof::Signature { verifier, public_url } => {
                verifier.verify(parts.method.as_str(), public_url, target, signature(&parts.headers), body).is_ok()
            }
            Proof::Loopback => from_this_machine(&parts.headers),
        }
    }

    fn why_not(&self) -> &'static str {
        match self.proof {
            Proof::Signature { .. } => {
                "the signature does not fit: check that `public_url` is the address at the provider, letter by letter, and that the auth token is this account's"
            }
            Proof::Loopback => "the demonstration answers requests of this machine only, sent straight to it",
        }
    }

    fn refuse(&self, status: StatusCode, line: &str) -> Answer {
        self.metrics.refused.inc();
        let mut answer = respond(status, "text/plain; charset=utf-8", format!("{line}\n"));
        if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
            answer.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        }
        answer
    }
}

/// The two headers of a signature.
fn signature(headers: &HeaderMap) -> Headers<'_> {
    let text = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        // Two signatures are none: which one would be meant?
        values.next().is_none().then(|| first.to_str().ok())?
    };
    Headers { signature: text("x-twilio-signature"), settings: text("x-twilio-webhooks-signature-settings") }
}

/// A `Host` of this machine, and no sign of a proxy in between.
fn from_this_machine(headers: &HeaderMap) -> bool {
    const FORWARDING: [&str; 6] =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let loopback =
        name == "localhost" || name == "[::1]" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    loopback && !FORWARDING.iter().any(|name| headers.contains_key(*name))
}

fn twiml(document: String) -> Answer {
    respond(StatusCode::OK, "text/xml; charset=utf-8", document)
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}
