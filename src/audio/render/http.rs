//! A text-to-speech service on this machine or its own network. Never elsewhere: words that are not published yet do not
//! leave the house.

use super::engine::NotRendered;
use crate::audio::wav::FILE_MAX;
use crate::base::Language;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

/// Where the service is, and how it wants the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    url: Url,
    body: Body,
}

/// What is sent by POST.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// The text, as `text/plain`.
    Text,
    /// `{"text": "...", "language": "nl"}`.
    Json,
}

impl Service {
    /// # Errors
    /// Why it cannot be asked: no plain `http`, or an address of the whole internet. A name is looked up when it is asked.
    pub fn new(url: &str, body: Body) -> Result<Service, String> {
        let url = Url::parse(url).map_err(|error| format!("it is not an address: {error}"))?;
        if url.scheme() != "http" || url.host().is_none() {
            return Err("expected `http://`, since the service is on this machine or its own network".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("expected an address without user name and password".to_owned());
        }
        let address = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(url::Host::Ipv6(address)) => Some(IpAddr::from(address)),
            _ => None,
        };
        match address {
            Some(address) if !is_near(address) => Err(far(address)),
            _ => Ok(Service { url, body }),
        }
    }
}

fn far(address: IpAddr) -> String {
    format!(
        "{address} is an address of the whole internet: expected a service on this machine or in the local network \
         (127.0.0.1, 10.x, 172.16.x to 172.31.x, 192.168.x, fd..), so that unpublished words stay there"
    )
}

/// This machine, or a network that is not the internet (RFC 1918, RFC 4193, and link-local).
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Asks for the sound of a text.
pub(super) fn speak(
    service: &Service,
    text: &str,
    language: Language,
    timeout: Duration,
) -> Result<Vec<u8>, NotRendered> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(async { tokio::time::timeout(timeout, ask(service, text, language)).await });
    // A lookup of a name may still be going on in a thread of the runtime; nobody waits for it.
    runtime.shutdown_background();
    match asked {
        Err(_) => Err(NotRendered::TooLate(timeout.as_secs())),
        Ok(Err(trouble)) => Err(NotRendered::Service(service.url.to_string(), trouble)),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

async fn ask(service: &Service, text: &str, language: Language) -> Result<Vec<u8>, String> {
    let (Some(host), Some(port)) = (service.url.host_str(), service.url.port_or_known_default()) else {
        return Err("it has no host".to_owned());
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, port)).await.map_err(|error| error.to_string())?;
    let found: Vec<SocketAddr> = found.take(16).collect();
    // The address that was looked at is the one that is connected to.
    if let Some(public) = found.iter().find(|address| !is_near(address.ip())) {
        return Err(far(public.ip()));
    }
    let mut stream = Err("its name has no address".to_owned());
    for address in found {
        stream = TcpStream::connect(address).await.map_err(|error| error.to_string());
        if stream.is_ok() {
            break;
        }
    }
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream?)).await.map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let (kind, body) = match service.body {
        Body::Text => ("text/plain; charset=utf-8", text.to_owned()),
        Body::Json => ("application/json", serde_json::json!({ "text": text, "language": language }).to_string()),
    };
    let path = &service.url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, &service.url[url::Position::BeforeHost..url::Position::AfterPort])
        .header(CONTENT_TYPE, kind)
        .header(ACCEPT, "audio/wav")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    if status != StatusCode::OK {
        return Err(format!("it answers {status}: expected 200 and a WAV file"));
    }
    let whole = Limited::new(answer.into_body(), FILE_MAX).collect().await;
    driver.abort();
    whole.map(|whole| whole.to_bytes().to_vec()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_asked() {
        for near in [
            "http://127.0.0.1:5000/",
            "http://[::1]:1/x?y=z",
            "http://192.168.1.7",
            "http://10.0.0.1/tts",
            "http://172.31.0.1",
            "http://[fd00::1]/",
            "http://piper.local:5000/",
        ] {
            assert!(Service::new(near, Body::Text).is_ok(), "{near}");
        }
        for (far, says) in [
            ("http://203.0.113.1/", "address of the whole internet"),
            ("http://172.32.0.1/", "address of the whole internet"),
            ("http://[2001:db8::1]/", "address of the whole internet"),
            ("http://[::ffff:203.0.113.1]/", "address of the whole internet"),
            ("https://127.0.0.1/", "expected `http://`"),
            ("file:///etc/passwd", "expected `http://`"),
            ("http://me:secret@127.0.0.1/", "without user name"),
            ("127.0.0.1:5000", "it is not an address"),
        ] {
            let told = Service::new(far, Body::Text).unwrap_err();
            assert!(told.contains(says), "{far}: {told}");
        }
    }
}
