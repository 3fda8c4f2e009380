//! The public address, from the outside as far as this machine can: name, connection, certificate, and whether the
//! provider's requests get through to us and nobody else's do.

use super::Seen;
use crate::cli::assemble;
use crate::cli::config::Config;
use crate::provider::twilio::signature::sign;
use crate::twiml::read_voice;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, DATE, HeaderMap};
use hyper::{Method, StatusCode};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};
use x509_cert::Certificate;
use x509_cert::der::Decode;

const TOPIC: &str = "address";

/// A step takes at most this long; a provider waits about as long for a whole answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// At most this many addresses of one name are tried.
const ADDRESSES: usize = 8;

/// An answer of ours is far below this.
const ANSWER_MOST: usize = 128 * 1024;

/// With fewer days left than this, and less than a third of its life, a certificate should have been renewed.
const DAYS_LOOK: i64 = 21;
/// With fewer than this, nobody has noticed.
const DAYS_WRONG: i64 = 3;

/// Clocks this many seconds apart are as good as equal: an answer takes time, and the header has whole seconds.
const SKEW_LOOK_S: i64 = 5;
/// Further apart than this, one of them is wrong.
const SKEW_WRONG_S: i64 = 120;

/// Asks the public address.
///
/// # Errors
/// A `--ca` file that cannot be used.
pub(super) async fn look(config: &Config, ca: Option<&Path>) -> Result<Vec<Seen>, String> {
    let url = url::Url::parse(&config.public_url).map_err(|error| format!("`public_url`: {error}"))?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err("`public_url` has no host".to_owned());
    };
    let trusted = trust(ca)?;
    let mut seen = Vec::new();
    let Some(at) = reach(config, host, port, &mut seen).await else { return Ok(seen) };
    let tls = match trusted {
        Some(tls) => tls,
        None => {
            let todo = "install the system's certificates (`ca-certificates`), or give `--ca FILE`";
            seen.push(Seen::wrong(TOPIC, "this machine has no certificates of its own to trust", todo));
            return Ok(seen);
        }
    };
    if url.scheme() == "https" {
        let certificate = certificate(at, host, &tls, Timestamp::now()).await;
        let trusted = certificate.state != super::State::Wrong;
        seen.push(certificate);
        if !trusted {
            let todo = "mend the certificate first: a provider does not connect either";
            seen.push(Seen::look(TOPIC, "nothing was asked over a connection that is not to be trusted", todo));
            return Ok(seen);
        }
    } else {
        let todo = "for trying out on this machine only: a provider needs `https://`";
        seen.push(Seen::look(TOPIC, "the public address is plain http on this machine", todo));
    }
    let asking = Asking::new(tls, &config.public_url);
    answers(config, host, &asking, &mut seen).await;
    Ok(seen)
}

/// Resolves and connects; an address that takes connections.
async fn reach(config: &Config, host: &str, port: u16, seen: &mut Vec<Seen>) -> Option<SocketAddr> {
    // An IPv6 address stands in brackets in a URL.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = match timeout(PATIENCE, tokio::net::lookup_host((bare, port))).await {
        Ok(Ok(found)) => found.take(ADDRESSES).collect::<Vec<_>>(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    if found.is_empty() {
        let todo = "look at the name servers: the provider finds nothing either";
        seen.push(Seen::wrong(TOPIC, format!("the name `{host}` leads nowhere"), todo));
        return None;
    }
    let list = |of: &[SocketAddr]| of.iter().map(|at| at.ip().to_string()).collect::<Vec<_>>().join(", ");
    let inside: Vec<SocketAddr> = found.iter().copied().filter(|at| is_inside(at.ip())).collect();
    if config.live && !inside.is_empty() {
        let found = format!("seen from here, `{host}` is {}: an address inside this network", list(&inside));
        let todo = "see that the provider finds a public one, and run this from another network as well";
        seen.push(Seen::look(TOPIC, found, todo));
    } else {
        seen.push(Seen::ok(TOPIC, format!("`{host}` is {}", list(&found))));
    }
    let (mut open, mut shut) = (Vec::new(), Vec::new());
    for at in found {
        match timeout(PATIENCE, TcpStream::connect(at)).await {
            Ok(Ok(_)) => open.push(at),
            _ => shut.push(at),
        }
    }
    match (open.is_empty(), shut.is_empty()) {
        (false, true) => seen.push(Seen::ok(TOPIC, format!("port {port} takes connections"))),
        (false, false) => seen.push(Seen::look(
            TOPIC,
            format!("port {port} takes no connections at {}", list(&shut)),
            "the provider may try that one first: mend it, or take it out of the name servers (from here it may also be this machine's network that lacks IPv6)",
        )),
        (true, _) => seen.push(Seen::wrong(
            TOPIC,
            format!("port {port} of `{host}` takes no connections"),
            "look at the proxy and the firewall; some networks do not let a machine reach its own public address: then run this from another one",
        )),
    }
    open.first().copied()
}

/// An address that the internet does not lead to.
fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Whom to trust: the file's certificates, or the system's (also `SSL_CERT_FILE`). `None`: the system has none.
fn trust(ca: Option<&Path>) -> Result<Option<ClientConfig>, String> {
    let builder = ClientConfig::builder();
    let Some(path) = ca else {
        return Ok(builder.with_native_roots().ok().map(|builder| builder.with_no_client_auth()));
    };
    let problem = |error: &dyn std::fmt::Display| format!("`--ca {}` cannot be used: {error}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| problem(&error))? {
        let certificate = certificate.map_err(|error| problem(&error))?;
        roots.add(certificate).map_err(|error| problem(&error))?;
    }
    if roots.is_empty() {
        return Err(problem(&"there is no certificate in it"));
    }
    Ok(Some(builder.with_root_certificates(roots).with_no_client_auth()))
}

async fn certificate(at: SocketAddr, host: &str, tls: &ClientConfig, now: Timestamp) -> Seen {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let Ok(name) = ServerName::try_from(bare) else {
        return Seen::wrong(TOPIC, format!("`{host}` cannot stand in a certificate"), "set `public_url` to a name");
    };
    let shake = async {
        let stream = TcpStream::connect(at).await?;
        TlsConnector::from(Arc::new(tls.clone())).connect(name, stream).await
    };
    let stream = match timeout(PATIENCE, shake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return not_trusted(host, &error),
        Err(_) => {
            let todo = "is it the proxy's TLS port?";
            return Seen::wrong(TOPIC, format!("`{host}` did not answer the greeting of TLS"), todo);
        }
    };
    let first = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let validity = first.and_then(|der| Certificate::from_der(der).ok());
    match validity.map(|certificate| *certificate.tbs_certificate().validity()) {
        Some(validity) => {
            let second = |time: x509_cert::time::Time| time.to_unix_duration().as_secs().cast_signed();
            lasts(second(validity.not_before), second(validity.not_after), now.as_second())
        }
        None => Seen::look(TOPIC, "the certificate is trusted, and its dates cannot be read", "look at it by hand"),
    }
}

fn not_trusted(host: &str, error: &std::io::Error) -> Seen {
    let why = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    let (found, todo) = match why {
        Some(TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            ("has expired".to_owned(), "renew it, and see why that did not happen by itself")
        }
        Some(TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => ("is for another name".to_owned(), "get one for this name, or set `public_url` to the name it is for"),
        Some(TlsError::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => ("is not valid yet".to_owned(), "look at the clock of this machine"),
        Some(TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => (
            "is not trusted: nobody known here has signed it".to_owned(),
            "get one from a known authority, and let the proxy send the whole chain (fullchain.pem)",
        ),
        Some(TlsError::InvalidCertificate(other)) => (format!("is not trusted: {other}"), "get a new one"),
        _ => {
            let found = format!("`{host}` does not speak TLS as expected: {error}");
            return Seen::wrong(TOPIC, found, "is it the proxy's TLS port? it must offer TLS 1.2 or newer");
        }
    };
    Seen::wrong(TOPIC, format!("the certificate of `{host}` {found}"), todo)
}

/// How long a certificate with these dates, in Unix seconds, still lasts.
fn lasts(not_before: i64, not_after: i64, now: i64) -> Seen {
    const DAY_S: i64 = 86_400;
    let (left, life) = (not_after.saturating_sub(now), not_after.saturating_sub(not_before));
    let found = format!("the certificate is trusted, for another {} days", left.max(0) / DAY_S);
    let todo = "renew it, and see that it renews itself and that the proxy is told";
    // One that lives a few days is renewed every few days: the last third of its life is late for any.
    let late = left < life / 3;
    if late && left < DAYS_WRONG * DAY_S {
        Seen::wrong(TOPIC, found, todo)
    } else if late && left < DAYS_LOOK * DAY_S {
        Seen::look(TOPIC, found, todo)
    } else {
        Seen::ok(TOPIC, found)
    }
}

/// What is said of a request: status, headers, body.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

struct Asking {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
}

impl Asking {
    fn new(tls: ClientConfig, url: &str) -> Asking {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Asking { client: Client::builder(TokioExecutor::new()).build(connector), url: url.to_owned() }
    }

    async fn ask(&self, method: Method, target: &str, form: &[(&str, &str)], token: Option<&str>) -> Option<Answer> {
        let url = format!("{}{target}", self.url);
        let mut request = hyper::Request::builder().method(method).uri(&url);
        if let Some(token) = token {
            request = request.header("X-Twilio-Signature", sign(token, &url, form));
        }
        if !form.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8");
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = request.body(Full::new(Bytes::from(body))).ok()?;
        let whole = async {
            let (parts, body) = self.client.request(request).await.ok()?.into_parts();
            let body = Limited::new(body, ANSWER_MOST).collect().await.ok()?.to_bytes().to_vec();
            Some(Answer { status: parts.status, headers: parts.headers, body })
        };
        timeout(PATIENCE, whole).await.ok().flatten()
    }
}

async fn answers(config: &Config, host: &str, asking: &Asking, seen: &mut Vec<Seen>) {
    let sent = Timestamp::now().as_second();
    let Some(well) = asking.ask(Method::GET, "/healthz", &[], None).await else {
        let todo = "look at the proxy; try `curl -i` on the address";
        seen.push(Seen::wrong(TOPIC, format!("`{host}` takes connections and answers nothing"), todo));
        return;
    };
    let came = Timestamp::now().as_second();
    seen.push(match well.status {
        StatusCode::OK if well.body == b"ok\n" => Seen::ok(TOPIC, "`/healthz` answers ok"),
        status => Seen::wrong(TOPIC, format!("`/healthz` answers {}", status.as_u16()), behind(status)),
    });
    seen.extend(skew(host, &well.headers, sent, came));

    // A call that is over: it is answered with nothing, counts as nothing, and rings nobody. The address carries what
    // ours carry, so that a proxy that tidies addresses up is found out.
    let call = format!("CA{}", assemble::random::<16>().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let account = config.account_sid.as_deref().unwrap_or("AC00000000000000000000000000000000");
    let form = [("CallSid", call.as_str()), ("AccountSid", account), ("CallStatus", "completed")];
    let target = "/twilio/voice?s=doctor-_%2D";
    for (token, name) in config.auth_tokens.iter().zip(["the auth token", "the next auth token"]) {
        let answer = asking.ask(Method::POST, target, &form, Some(token)).await;
        seen.push(match answer {
            None => Seen::wrong(TOPIC, "a request signed as the provider signs got no answer", "look at the proxy"),
            Some(answer) => signed(&answer, name),
        });
    }
    seen.push(match asking.ask(Method::POST, target, &form, None).await.map(|answer| answer.status) {
        Some(StatusCode::FORBIDDEN) => Seen::ok(TOPIC, "an unsigned request is refused"),
        Some(status) if status.is_success() => Seen::wrong(
            TOPIC,
            "an unsigned request is answered: anybody can pretend to be the provider",
            "is it this server that answers? look at what the proxy leads to",
        ),
        Some(status) => Seen::look(
            TOPIC,
            format!("an unsigned request gets {}, and not our 403", status.as_u16()),
            "look at the proxy: it should hand everything below `/twilio/` on",
        ),
        None => Seen::look(TOPIC, "an unsigned request got no answer", "look at the proxy"),
    });
    let mut open = Vec::new();
    for target in ["/metrics", "/readyz"] {
        if asking.ask(Method::GET, target, &[], None).await.is_some_and(|answer| answer.status.is_success()) {
            open.push(format!("`{target}`"));
        }
    }
    seen.push(match open.is_empty() {
        true => Seen::ok(TOPIC, "the keeper's listener cannot be reached through it"),
        false => Seen::wrong(
            TOPIC,
            format!("{} can be read by everybody", open.join(" and ")),
            "let the proxy hand on `/twilio/` and `/healthz` only, and never the second listener",
        ),
    });
}

fn behind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            "the proxy answers, and the server behind it does not: is it running, and on the port the proxy asks?"
        }
        StatusCode::NOT_FOUND => "the proxy must hand on `/healthz` and `/twilio/`",
        status if status.is_redirection() => "let the proxy redirect nothing: a signature does not survive that",
        _ => "look at what the proxy leads to",
    }
}

fn signed(answer: &Answer, name: &str) -> Seen {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match answer.status {
        StatusCode::OK if kind.starts_with("text/xml") && read_voice(&answer.body).is_ok() => {
            Seen::ok(TOPIC, format!("a request signed with {name} is answered"))
        }
        StatusCode::OK => {
            let found =
                format!("a request signed with {name} is answered with something that is not a document of ours");
            Seen::wrong(TOPIC, found, "is it this server that answers? look at what the proxy leads to")
        }
        StatusCode::FORBIDDEN => Seen::wrong(
            TOPIC,
            format!("a request signed with {name} is refused"),
            "the running server has another token, `public_url` or account (restart it after a change), or the proxy changes the path or the query",
        ),
        status => Seen::wrong(TOPIC, format!("a request signed with {name} gets {}", status.as_u16()), behind(status)),
    }
}

/// How far apart the clocks are.
fn skew(host: &str, headers: &HeaderMap, sent: i64, came: i64) -> Option<Seen> {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok())?;
    let says = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    // Whatever lies between asking and the answer is not known to be apart.
    let apart = if says < sent { says - sent } else { (says - came).max(0) };
    let whose = format!(
        "by the clock of whatever answers at `{host}`: the proxy's, or this machine's own, if the proxy hands our header on"
    );
    let todo = "run a time service here and there";
    Some(match apart.abs() {
        0..=SKEW_LOOK_S => Seen::ok("clock", format!("the clock is right {whose}")),
        apart if apart <= SKEW_WRONG_S => Seen::look("clock", format!("the clock is {apart} s off {whose}"), todo),
        apart => Seen::wrong("clock", format!("the clock is {apart} s off {whose}"), todo),
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn days_that_are_left() {
        const DAY: i64 = 86_400;
        let case = |life: i64, left: i64, state: State| {
            let seen = lasts(0, life * DAY, (life - left) * DAY);
            assert!(seen.state == state && seen.found.ends_with(&format!("for another {left} days")), "{seen:?}");
        };
        case(90, 60, State::Ok);
        case(90, 30, State::Ok);
        case(90, 20, State::Look);
        case(90, 2, State::Wrong);
        case(365, 22, State::Ok);
        // One that lives six days.
        case(6, 3, State::Ok);
        case(6, 1, State::Wrong);
    }

    #[test]
    fn clocks_that_are_apart() {
        let case = |date: &str, state: Option<State>| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, date.parse().unwrap());
            let noon = "2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap().as_second();
            let seen = skew("line.example.org", &headers, noon, noon + 2);
            assert_eq!(seen.map(|seen| seen.state), state, "{date}");
        };
        case("Tue, 24 Nov 2026 12:00:00 GMT", Some(State::Ok));
        case("Tue, 24 Nov 2026 12:00:07 GMT", Some(State::Ok));
        case("Tue, 24 Nov 2026 12:00:08 GMT", Some(State::Look));
        case("Tue, 24 Nov 2026 11:58:00 GMT", Some(State::Look));
        case("Tue, 24 Nov 2026 11:57:59 GMT", Some(State::Wrong));
        case("Sun, 24 Nov 2030 11:57:59 GMT", Some(State::Wrong));
        case("soon", None);
    }

    #[test]
    fn addresses_inside() {
        let case = |ip: &str, inside| assert_eq!(is_inside(ip.parse().unwrap()), inside, "{ip}");
        case("10.1.2.3", true);
        case("127.0.0.1", true);
        case("192.0.2.1", false);
        case("::1", true);
        case("fd00::1", true);
        case("2001:db8::1", false);
    }
}
