//! The webhooks of a TwiML provider.

use super::limits::{MAX_BODY, MAX_TARGET, STEP_S};
use super::metrics::{Kind, Metrics, Request as Asked};
use super::run::Routes;
use super::seats::Seat;
use super::sound::sounds;
use super::texts;
use crate::base::Digit;
use crate::provider::twilio::form::{self, Form};
use crate::provider::twilio::{Twilio, answer};
use crate::provider::{Call, Received, Refused, TextDoor};
use crate::switchboard::{StaffEvent, Switchboard, VoiceEvent};
use crate::twiml::{Verb, VoiceResponse};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Request, Response, StatusCode, header, request::Parts};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Incoming};
use jiff::Timestamp;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Everything a webhook needs.
pub struct Door {
    pub switchboard: Arc<Switchboard>,
    /// Who sends us calls; nobody at a line for texts only.
    pub calls: Option<Arc<Twilio>>,
    /// Who sends us texts.
    pub texts: Vec<Arc<dyn TextDoor>>,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub metrics: Arc<Metrics>,
    /// Requests at once.
    pub room: Arc<Semaphore>,
    /// The same for what frees or connects a counsellor: too many calls at once must not hold up these few.
    pub desk_room: Arc<Semaphore>,
    pub read_s: u64,
    /// Set by a test or the demonstration to show what is exchanged; never with a provider.
    pub trace_calls: bool,
}

/// The public routes.
pub fn public_router(door: Arc<Door>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing here\n") });
    if door.calls.is_some() {
        for (path, step) in STEPS {
            let asked = move |State(door): State<Arc<Door>>, request: Request<Body>| voice(door, request, step);
            router = router.route(path, post(asked).fallback(only_post));
        }
        router = router
            .route("/twilio/staff", post(staff).fallback(only_post))
            .route("/twilio/trouble", post(trouble).fallback(only_post))
            .route("/twilio/status", post(status).fallback(only_post))
            .merge({
                let switchboard = Arc::clone(&door.switchboard);
                sounds(move |id| switchboard.sound(id))
            });
    }
    for text in &door.texts {
        router = router.route(text.path(), texts::route(Arc::clone(text)));
    }
    router.with_state(door)
}

async fn only_post() -> Answer {
    wrong_method(&["POST"])
}

/// What a webhook says to any other method.
pub(super) fn wrong_method(methods: &[&str]) -> Answer {
    let (or, list) = (methods.join(" or "), methods.join(", "));
    let line = format!("this address is a webhook: set its method to HTTP {or} at the provider\n");
    let mut answer = (StatusCode::METHOD_NOT_ALLOWED, line).into_response();
    if let Ok(list) = header::HeaderValue::from_str(&list) {
        answer.headers_mut().insert(header::ALLOW, list);
    }
    answer
}

/// The addresses of a call that is under way.
const STEPS: [(&str, Step); 14] = [
    ("/twilio/voice", Step::Begin),
    ("/twilio/key", Step::Key),
    ("/twilio/silence", Step::Silence),
    ("/twilio/dial", Step::Dial),
    ("/twilio/whisper", Step::Whisper),
    ("/twilio/accept", Step::Accept),
    ("/twilio/leg", Step::Leg),
    ("/twilio/legkey", Step::LegKey),
    ("/twilio/legstatus", Step::LegStatus),
    ("/twilio/room", Step::Room),
    ("/twilio/taken", Step::Taken),
    ("/twilio/gone", Step::Gone),
    ("/twilio/alone", Step::Alone),
    ("/twilio/stillalone", Step::StillAlone),
];

/// The public routes as a listener serves them.
pub struct Public {
    door: Arc<Door>,
    router: Router,
}

impl Public {
    pub fn new(door: Arc<Door>) -> Public {
        Public { router: public_router(Arc::clone(&door)), door }
    }
}

impl Routes for Public {
    /// What [`public_router`] answers. The steps of a call are nearly all there is to do, so that for them the way
    /// through the router is spared.
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let step = STEPS.iter().find(|(path, _)| *path == request.uri().path());
        match step {
            Some((_, step)) if request.method() == Method::POST && self.door.calls.is_some() => {
                voice(Arc::clone(&self.door), request, *step).await
            }
            _ => self.router.answer(request).await,
        }
    }
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
    /// A counsellor's leg of her own: picked up, a key, how it stands, out of the room, not needed.
    Leg,
    LegKey,
    LegStatus,
    Room,
    Taken,
    Gone,
    /// A caller is in the room, and nobody is there.
    Alone,
    StillAlone,
}

pub(super) type Answer = Response<Body>;

/// The body of a request, from the network or from within.
pub(super) trait Incomes: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static {}

impl<B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static> Incomes for B {}

async fn voice(door: Arc<Door>, request: Request<impl Incomes>, step: Step) -> Answer {
    let started = std::time::Instant::now();
    let (form, token) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let asked = match form::voice(&form) {
        Ok(asked) => asked,
        Err(problem) => return door.refuse(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    if matches!(step, Step::Begin) && door.switchboard.is_staff_line(&asked.call.to) {
        return staffed(&door, asked.call, StaffEvent::Began, None).await;
    }
    let (takes_the_call, ended) = (asked.accepts(), asked.call.ended);
    let call = Arc::new(asked.call);
    let token: Option<Arc<str>> = token.map(Arc::from);
    let event = match step {
        Step::Begin => VoiceEvent::Began,
        Step::Key => VoiceEvent::Key(asked.digit),
        Step::Silence => VoiceEvent::Silence,
        Step::Dial => VoiceEvent::DialEnded(asked.dial),
        Step::Whisper => VoiceEvent::Whisper,
        Step::Accept => VoiceEvent::Accept(asked.digit),
        Step::Leg => VoiceEvent::Leg,
        Step::LegKey => VoiceEvent::LegKey(asked.digit),
        Step::LegStatus => VoiceEvent::LegStatus,
        Step::Room => VoiceEvent::LeftRoom,
        Step::Taken => VoiceEvent::Taken,
        Step::Gone => VoiceEvent::Gone,
        Step::Alone => VoiceEvent::Alone,
        Step::StillAlone => VoiceEvent::StillAlone,
    };
    let now = (door.clock)();
    let work = {
        let (switchboard, call, token) = (Arc::clone(&door.switchboard), Arc::clone(&call), token.clone());
        async move { switchboard.voice(&call, event, token.as_deref(), now).await }
    };
    let of_the_desk = ended || !matches!(step, Step::Begin | Step::Key | Step::Silence);
    let document = door.work(if of_the_desk { &door.desk_room } else { &door.room }, work).await;
    // Nobody hears it, and somebody may still be held as talking: the provider shall say it again.
    if document.is_none() && ended {
        return respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "not now\n".to_owned());
    }
    let document = document.unwrap_or_else(|| {
        match step {
            // The counsellor's leg: a yes connects, anything else sends the caller on to what is said when nobody can answer.
            Step::Whisper => answer::accept(false).to_xml(),
            Step::Accept => answer::accept(takes_the_call).to_xml(),
            // Nobody knows in which room: she is rung again, or the next one is.
            Step::Leg | Step::LegKey | Step::LegStatus | Step::Room | Step::Taken | Step::Gone => {
                answer::accept(false).to_xml()
            }
            // She stays where she is, in silence, until the counsellor or the end comes.
            Step::Alone | Step::StillAlone => VoiceResponse::default().to_xml(),
            Step::Key if asked.digit == Some(Digit::NINE) => VoiceResponse { verbs: vec![Verb::Hangup] }.to_xml(),
            Step::Key | Step::Dial => door.switchboard.trouble(&call.sid, now, true),
            Step::Begin => door.switchboard.trouble(&call.sid, now, false),
            Step::Silence => {
                let pressed = door.switchboard.has_pressed(&call, token.as_deref(), now);
                door.switchboard.trouble(&call.sid, now, pressed)
            }
        }
    });
    door.metrics.requests.get_or_create(&Asked { kind: Kind::voice }).inc();
    door.metrics.seconds.observe(started.elapsed().as_secs_f64());
    if door.trace_calls {
        tracing::info!(document = %document, "answered");
    }
    twiml(document)
}

/// What follows an answer in trouble: a key after the neutral question, or the end of an attempt to reach a person. It
/// needs no work, so that too much of it cannot stop it.
async fn trouble(State(door): State<Arc<Door>>, request: Request<Body>) -> Answer {
    let form = match door.form(request).await {
        Ok((form, _)) => form,
        Err(refusal) => return refusal,
    };
    let asked = match form::voice(&form) {
        Ok(asked) => asked,
        Err(problem) => return door.refuse(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    door.metrics.requests.get_or_create(&Asked { kind: Kind::voice }).inc();
    let document = match (asked.call.ended, asked.dial, asked.digit) {
        (true, ..) => VoiceResponse::default().to_xml(),
        (_, Some(result), _) => door.switchboard.after_trouble(result),
        (.., Some(key)) if key != Digit::NINE => door.switchboard.trouble(&asked.call.sid, (door.clock)(), true),
        (.., Some(_)) => VoiceResponse { verbs: vec![Verb::Hangup] }.to_xml(),
        (.., None) => door.switchboard.end_of_trouble(),
    };
    twiml(document)
}

/// What a counsellor enters on the staff line. It may be a PIN: it is neither shown nor kept.
async fn staff(State(door): State<Arc<Door>>, request: Request<Body>) -> Answer {
    let (form, token) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let asked = match form::voice(&form) {
        Ok(asked) => asked,
        Err(problem) => return door.refuse(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    let event = form::digits(&form).map_or(StaffEvent::Silence, StaffEvent::Digits);
    staffed(&door, asked.call, event, token).await
}

/// Answers a call to the staff line. It has the room of the desk: callers' requests are never held up by it.
async fn staffed(door: &Arc<Door>, call: Call, event: StaffEvent, token: Option<String>) -> Answer {
    let (switchboard, now) = (Arc::clone(&door.switchboard), (door.clock)());
    let work = async move { switchboard.staff(&call, event, token.as_deref(), now).await };
    let document = door.work(&door.desk_room, work).await;
    door.metrics.requests.get_or_create(&Asked { kind: Kind::voice }).inc();
    twiml(document.unwrap_or_else(|| door.switchboard.end_of_staff()))
}

async fn status(State(door): State<Arc<Door>>, request: Request<Body>) -> Answer {
    let (form, _) = match door.form(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    if let Ok(asked) = form::voice(&form) {
        let (switchboard, now) = (Arc::clone(&door.switchboard), (door.clock)());
        let work = async move { switchboard.status(&asked.call, now).await };
        if door.work(&door.desk_room, work).await.is_none() {
            return respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "not now\n".to_owned());
        }
    }
    door.metrics.requests.get_or_create(&Asked { kind: Kind::status }).inc();
    respond(StatusCode::NO_CONTENT, "text/plain", String::new())
}

impl Door {
    /// Does the work of one request: nothing under overload, or when it fails or takes too long. Where it has to wait
    /// it becomes a task of its own. Either way a panic stays in it, a provider that hangs up does not stop a count half way, and its place among the
    /// requests at once is taken until it is really over.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        room: &Arc<Semaphore>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let Ok(place) = Arc::clone(room).try_acquire_owned() else {
            self.metrics.overloads.inc();
            return None;
        };
        // In one place from the beginning: it is large, and would be copied at every step on its way.
        let mut work = Box::pin(work);
        // Nearly all work waits for nothing and is done here and now.
        let begun = poll_fn(|context| Poll::Ready(catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))));
        let done = match begun.await {
            Ok(Poll::Ready(done)) => Some(done),
            Ok(Poll::Pending) => {
                let task = tokio::spawn(async move {
                    let _place = place;
                    work.await
                });
                tokio::time::timeout(Duration::from_secs(STEP_S), task).await.ok().and_then(Result::ok)
            }
            Err(_panic) => None,
        };
        if done.is_none() {
            self.metrics.troubles.inc();
        }
        done
    }

    /// Reads a request whole, makes sure that it is the provider's, and gives its form and the token in its address.
    async fn form(&self, request: Request<impl Incomes>) -> Result<(Form, Option<String>), Answer> {
        let nowhere = || self.refuse(StatusCode::NOT_FOUND, "there is nothing here");
        let calls = self.calls.as_ref().ok_or_else(nowhere)?;
        let (parts, body) = self.whole(request).await?;
        let form = calls.form(&received(&parts, &body)).map_err(|refused| self.refused(&refused))?;
        prove(&parts);
        let token = parts.uri.query().and_then(|query| {
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "s").map(|(_, token)| token.into_owned())
        });
        Ok((form, token))
    }

    /// A request whole, within the limits.
    pub(super) async fn whole(&self, request: Request<impl Incomes>) -> Result<(Parts, Bytes), Answer> {
        let (parts, body) = request.into_parts();
        if target(&parts).len() > MAX_TARGET {
            return Err(self.refuse(StatusCode::URI_TOO_LONG, "the address is too long"));
        }
        let body = self.body(body).await?;
        Ok((parts, body))
    }

    async fn body(&self, body: impl Incomes) -> Result<Bytes, Answer> {
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

    pub(super) fn refused(&self, refused: &Refused) -> Answer {
        if refused.status == StatusCode::FORBIDDEN {
            self.metrics.unsigned.inc();
        }
        self.refuse(refused.status, &refused.line)
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

fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |target| target.as_str())
}

/// The connection of a request that is the provider's keeps its seat.
pub(super) fn prove(parts: &Parts) {
    if let Some(seat) = parts.extensions.get::<Arc<Seat>>() {
        seat.prove();
    }
}

/// A request for the eyes of a provider's file.
pub(super) fn received<'r>(parts: &'r Parts, body: &'r [u8]) -> Received<'r> {
    Received { method: parts.method.as_str(), target: target(parts), headers: &parts.headers, body }
}

fn twiml(document: String) -> Answer {
    respond(StatusCode::OK, "text/xml; charset=utf-8", document)
}

pub(super) fn respond(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    answer
}
