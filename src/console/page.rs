//! The addresses of the console, and who may ask for them.

use super::lines::Which;
use super::open::Console;
use super::socket;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Everything a page is made of; nothing comes from elsewhere.
const FILES: [(&str, &str, &str); 5] = [
    ("phone.css", "text/css; charset=utf-8", include_str!("page/phone.css")),
    ("phone.js", JAVASCRIPT, include_str!("page/phone.js")),
    ("ear.js", JAVASCRIPT, include_str!("page/ear.js")),
    ("desk.js", JAVASCRIPT, include_str!("page/desk.js")),
    ("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const PAGE: &str = include_str!("page/phone.html");

/// No script, style, sound or picture but ours, nowhere to send anything to, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const HOW: &str = "open the address that `hulplijn serve` printed: it is good once, for one browser; after that `serve` \
     prints the next one\n";

/// The console's routes, for the keeper's listener at this address and no other.
pub fn router(console: Arc<Console>, own: SocketAddr) -> Router {
    let door = Door { console: Arc::clone(&console), own: own.ip() };
    Router::new()
        .route("/phone", get(phone))
        .route("/phone/socket", get(open_socket))
        .route("/phone/map.svg", get(picture))
        .route("/phone/{file}", get(file))
        .layer(from_fn_with_state(door, guard))
        .with_state(console)
}

#[derive(Clone)]
struct Door {
    console: Arc<Console>,
    own: IpAddr,
}

/// The browser that may come in: it asks for us by a name that only this machine has, and shows its cookie.
async fn guard(State(door): State<Door>, request: Request<Body>, next: Next) -> Response<Body> {
    let headers = request.headers();
    let mut answer = match host(headers) {
        Some(host) if is_ours(host, door.own) => {
            let cookie = cookie(headers, &cookie_name(host));
            let token = request.uri().path() == "/phone" && request.uri().query().is_some();
            match token || cookie.is_some_and(|secret| door.console.login.knows(secret)) {
                true => next.run(request).await,
                false => (StatusCode::FORBIDDEN, HOW).into_response(),
            }
        }
        // A name of somebody's that leads here would let his pages in (DNS rebinding).
        _ => (StatusCode::FORBIDDEN, "ask for this listener by its own address, such as 127.0.0.1\n").into_response(),
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[derive(Deserialize)]
struct Entry {
    token: Option<String>,
}

/// The page; with a token, the way in.
async fn phone(State(console): State<Arc<Console>>, Query(entry): Query<Entry>, headers: HeaderMap) -> Response<Body> {
    let name = cookie_name(host(&headers).unwrap_or_default());
    let known = cookie(&headers, &name).is_some_and(|secret| console.login.knows(secret));
    let secret = entry.token.as_deref().and_then(|token| console.login.enter(token));
    match (secret, entry.token) {
        (Some(secret), _) => {
            (console.tell)(&console.token());
            let cookie = format!("{name}={secret}; Path=/phone; HttpOnly; SameSite=Strict");
            ([(header::SET_COOKIE, cookie)], to_page()).into_response()
        }
        // The address again, in the browser that it let in.
        (None, Some(_)) if known => to_page().into_response(),
        (None, Some(_)) => (StatusCode::FORBIDDEN, format!("this address was used already: {HOW}")).into_response(),
        (None, None) if known => ([(header::CONTENT_TYPE, HTML)], PAGE).into_response(),
        (None, None) => (StatusCode::FORBIDDEN, HOW).into_response(),
    }
}

/// The page without its token, so that it is in no history.
fn to_page() -> impl IntoResponse {
    (StatusCode::SEE_OTHER, [(header::LOCATION, "/phone")])
}

async fn file(Path(name): Path<String>) -> Response<Body> {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => (StatusCode::NOT_FOUND, "there is nothing here\n").into_response(),
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    which: Which,
}

async fn picture(State(console): State<Arc<Console>>, Query(wanted): Query<Wanted>) -> Response<Body> {
    match console.picture(wanted.which).await {
        Some(picture) => ([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn open_socket(State(console): State<Arc<Console>>, request: Request<Body>) -> Response<Body> {
    let headers = request.headers();
    // Pages of others may open connections to anybody; what they cannot do is say that they are ours.
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin.is_none() || origin.and_then(|origin| origin.strip_prefix("http://")) != host(headers) {
        return (StatusCode::FORBIDDEN, "only the page itself may connect here\n").into_response();
    }
    match socket::open(console, request) {
        Ok(answer) => answer,
        Err(StatusCode::SERVICE_UNAVAILABLE) => {
            (StatusCode::SERVICE_UNAVAILABLE, "as many pages as there may be are connected\n").into_response()
        }
        Err(status) => (status, "this address is for WebSocket connections\n").into_response(),
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether a Host names this machine to itself, or the listener by its address.
fn is_ours(host: &str, own: IpAddr) -> bool {
    let Ok(url) = url::Url::parse(&format!("http://{host}/")) else { return false };
    if url.username() != "" || url.password().is_some() || url.path() != "/" || url.query().is_some() {
        return false;
    }
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || IpAddr::V4(ip) == own,
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || IpAddr::V6(ip) == own,
        None => false,
    }
}

/// Browsers send a cookie to every port of a machine: each listener has its own.
fn cookie_name(host: &str) -> String {
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| port.bytes().all(|b| b.is_ascii_digit()));
    format!("hulplijn_phone_{}", port.unwrap_or("80"))
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let own: IpAddr = "192.0.2.7".parse().unwrap();
        for ours in ["127.0.0.1:8081", "localhost", "LOCALHOST:9000", "[::1]:8081", "127.1.2.3", "192.0.2.7:8081"] {
            assert!(is_ours(ours, own), "{ours}");
        }
        for other in [
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:8081",
            "192.0.2.8",
            "127.0.0.1@example.org",
            "a@127.0.0.1",
            "127.0.0.1/x",
            "localhost?x",
            "",
            "[::2]",
        ] {
            assert!(!is_ours(other, own), "{other}");
        }
    }

    #[test]
    fn each_port_has_its_cookie() {
        assert_eq!(cookie_name("127.0.0.1:8081"), "hulplijn_phone_8081");
        assert_eq!(cookie_name("localhost"), "hulplijn_phone_80");
        assert_eq!(cookie_name("[::1]"), "hulplijn_phone_80");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; hulplijn_phone_8081=x=y"));
        assert_eq!(cookie(&headers, "hulplijn_phone_8081"), Some("x=y"));
        assert_eq!(cookie(&headers, "hulplijn_phone_808"), None);
    }
}
