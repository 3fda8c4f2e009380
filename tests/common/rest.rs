//! A provider's REST interface that is none: a real HTTP server on this machine that answers as the `Calls` resource of
//! 2010-04-01 does, keeps what was asked, and can be made to fail. What becomes of the legs is told by
//! [`super::telephones::Telephones`], or by the test itself.
#![allow(dead_code, reason = "each test file uses its part")]

use super::{ACCOUNT, OWN};
use http_body_util::{BodyExt, Full};
use hulplijn::base::E164;
use hulplijn::provider::twilio::rest::{Base, Rest, Settings};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

pub const KEY: &str = "SK00000000000000000000000000000001";
pub const SECRET: &str = "a-test-secret-of-32-characters-x";

/// Something that was done for a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    Placed { sid: String, form: Vec<(String, String)> },
    Redirected { sid: String, url: String },
    Ended { sid: String },
}

/// What goes wrong with one request. The next request has the next trouble.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// None: for the place in a list.
    None,
    /// This status with an error's body, and nothing is done.
    Status(u16),
    /// 429 or 503 with `Retry-After`, and nothing is done.
    Later(u16, u32),
    /// It is done, and answered after this time.
    Slow(Duration),
    /// It is done, and the connection ends without an answer.
    DroppedAfter,
    /// The connection ends without an answer, and nothing is done.
    DroppedBefore,
    /// It is done, and the answer is no JSON.
    Odd,
    /// It is done, and the answer is larger than any.
    Huge,
}

/// Where a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Ringing,
    Talking,
    Over,
}

/// One request as it arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub path: String,
    pub form: Vec<(String, String)>,
    pub status: Option<u16>,
}

#[derive(Default)]
struct Shared {
    troubles: VecDeque<Trouble>,
    orders: VecDeque<Order>,
    calls: BTreeMap<String, State>,
    seen: Vec<Seen>,
    placed: u32,
    at_once: usize,
    most_at_once: usize,
}

/// A running interface; it stops when it is dropped.
pub struct Pretend {
    /// Such as `http://127.0.0.1:40000`.
    pub base: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

impl Drop for Pretend {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Pretend {
    pub async fn start() -> Pretend {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Pretend { base, shared, server }
    }

    /// A client of this interface, with the right secret.
    pub fn client(&self) -> Rest {
        self.client_with(SECRET)
    }

    pub fn client_with(&self, secret: &str) -> Rest {
        Rest::new(settings(&self.base, secret)).unwrap()
    }

    /// The next requests have these troubles, one each.
    pub fn trouble(&self, troubles: &[Trouble]) {
        self.shared.lock().unwrap().troubles.extend(troubles);
    }

    /// What was done since the last look.
    pub fn orders(&self) -> Vec<Order> {
        self.shared.lock().unwrap().orders.drain(..).collect()
    }

    /// Every request, in the order they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.lock().unwrap().seen.clone()
    }

    /// Legs that were placed so far, whatever was answered.
    pub fn placed(&self) -> u32 {
        self.shared.lock().unwrap().placed
    }

    /// The most requests that were worked on at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.lock().unwrap().most_at_once
    }

    /// A call is there, or has gone on. The caller's own call is told of this way.
    pub fn tell(&self, sid: &str, state: State) {
        self.shared.lock().unwrap().calls.insert(sid.to_owned(), state);
    }

    pub fn state(&self, sid: &str) -> Option<State> {
        self.shared.lock().unwrap().calls.get(sid).copied()
    }
}

/// Who we are at the interface with this address.
pub fn settings(base: &str, secret: &str) -> Settings {
    Settings {
        base: Base::new(base).unwrap(),
        account: ACCOUNT.to_owned(),
        key: Zeroizing::new(KEY.to_owned()),
        secret: Zeroizing::new(secret.to_owned()),
        own: E164::new(OWN).unwrap(),
    }
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Shared>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(Arc::clone(&shared), request));
            // A connection that was to be dropped ends with an error, which is what the test wants.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(shared: Arc<Mutex<Shared>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    {
        let mut shared = shared.lock().unwrap();
        shared.at_once += 1;
        shared.most_at_once = shared.most_at_once.max(shared.at_once);
    }
    let answer = worked_on(&shared, request).await;
    shared.lock().unwrap().at_once -= 1;
    answer
}

async fn worked_on(shared: &Mutex<Shared>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let path = parts.uri.path().to_owned();
    let authorization = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let believed = authorization == format!("Basic {}", base64(&format!("{KEY}:{SECRET}")));
    let trouble = shared.lock().unwrap().troubles.pop_front().unwrap_or(Trouble::None);
    let (status, json, retry_after) = match trouble {
        Trouble::DroppedBefore => (None, String::new(), None),
        Trouble::Status(status) => (Some(status), error(20500), None),
        Trouble::Later(status, seconds) => (Some(status), error(20429), Some(seconds)),
        _ if !believed => (Some(401), error(20003), None),
        _ if parts.method == "GET" => {
            let (status, json) = seen(&shared.lock().unwrap(), &path);
            (Some(status), json, None)
        }
        _ if parts.method != "POST" => (Some(405), error(20004), None),
        _ => {
            let (status, json) = done(&mut shared.lock().unwrap(), &path, &form);
            (Some(status), json, None)
        }
    };
    shared.lock().unwrap().seen.push(Seen { path, form, status });
    let json = match trouble {
        Trouble::Slow(time) => {
            tokio::time::sleep(time).await;
            json
        }
        Trouble::Odd => "<html>".to_owned(),
        Trouble::Huge => format!("{{\"sid\":\"CA1\",\"more\":\"{}\"}}", "x".repeat(200_000)),
        _ => json,
    };
    let Some(status) = status.filter(|_| trouble != Trouble::DroppedAfter) else {
        return Err(io::Error::other("the connection is to be dropped"));
    };
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    Ok(response.body(Full::new(json.into())).unwrap())
}

/// What the resource tells: the status and the body.
fn seen(shared: &Shared, path: &str) -> (u16, String) {
    let account = format!("/2010-04-01/Accounts/{ACCOUNT}");
    if path == format!("{account}.json") {
        return (200, format!("{{\"sid\":\"{ACCOUNT}\",\"status\":\"active\"}}"));
    }
    let sid = path.strip_prefix(&format!("{account}/Calls/")).and_then(|rest| rest.strip_suffix(".json"));
    match sid.and_then(|sid| Some((sid, shared.calls.get(sid)?))) {
        Some((sid, State::Ringing)) => (200, call(sid, "ringing")),
        Some((sid, State::Talking)) => (200, call(sid, "in-progress")),
        Some((sid, State::Over)) => (200, call(sid, "completed")),
        None => (404, error(20404)),
    }
}

/// What the resource does: the status and the body.
fn done(shared: &mut Shared, path: &str, form: &[(String, String)]) -> (u16, String) {
    let value = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(rest) = path.strip_prefix(&format!("/2010-04-01/Accounts/{ACCOUNT}/Calls")) else {
        return (404, error(20404));
    };
    if rest == ".json" {
        let to = value("To").unwrap_or_default();
        if E164::new(to).is_none() && !to.starts_with("sip:") {
            return (400, error(21211));
        }
        if value("From") != Some(OWN) {
            return (400, error(21210));
        }
        if value("Url").is_none_or(|url| !url.starts_with("http")) {
            return (400, error(21205));
        }
        shared.placed += 1;
        let sid = format!("CA{:032x}", 0xfeed_0000_u64 + u64::from(shared.placed));
        shared.calls.insert(sid.clone(), State::Ringing);
        shared.orders.push_back(Order::Placed { sid: sid.clone(), form: form.to_vec() });
        return (201, call(&sid, "queued"));
    }
    let sid = rest.trim_start_matches('/').trim_end_matches(".json").to_owned();
    let Some(state) = shared.calls.get(&sid).copied() else { return (404, error(20404)) };
    match (value("Status"), value("Url"), state) {
        (_, _, State::Over) | (None, Some(_), State::Ringing) => (400, error(21220)),
        (Some("completed"), _, _) => {
            shared.calls.insert(sid.clone(), State::Over);
            shared.orders.push_back(Order::Ended { sid: sid.clone() });
            (200, call(&sid, "completed"))
        }
        (None, Some(url), State::Talking) => {
            shared.orders.push_back(Order::Redirected { sid: sid.clone(), url: url.to_owned() });
            (200, call(&sid, "in-progress"))
        }
        _ => (400, error(20001)),
    }
}

fn call(sid: &str, status: &str) -> String {
    format!("{{\"sid\":\"{sid}\",\"status\":\"{status}\",\"api_version\":\"2010-04-01\"}}")
}

/// The provider's message repeats the number, as real ones do: it must not get into a log.
fn error(code: u32) -> String {
    format!("{{\"code\":{code},\"message\":\"{} is not what was expected\",\"more_info\":\"\"}}", super::DESK)
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
