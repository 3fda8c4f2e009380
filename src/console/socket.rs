//! The connection of one page (RFC 6455).

use super::call::{Begin, Command, Page, WAITING};
use super::counsellor::Does;
use super::lines::Wish;
use super::message::{Event, Order, When, written};
use super::open::Console;
use super::shown;
use crate::base::{Language, gsm7};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use base64::Engine;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// RFC 6455, 1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A page that has gone without a word is noticed after this long at most.
const PING: Duration = Duration::from_secs(20);

/// A page has this long to take what it is told.
const TAKES: Duration = Duration::from_secs(10);

/// Languages a page may name.
const VOICES: usize = 64;

/// Answers the handshake and goes on as a connection. Who may open one was checked before.
pub(super) fn open(console: Arc<Console>, mut request: Request<Body>) -> Result<Response<Body>, StatusCode> {
    let accept = accept(request.headers()).ok_or(StatusCode::BAD_REQUEST)?;
    let place = Arc::clone(&console.pages).try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            serve(console, upgraded, place).await;
        }
    });
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(answer)
}

/// What proves that the handshake was understood (RFC 6455, 4.2.2); `None` if there was none.
fn accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: header::HeaderName, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asked = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket");
    let known = has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asked && known)?;
    let hash = Sha1::new().chain_update(key.as_bytes()).chain_update(GUID).finalize();
    HeaderValue::from_str(&base64::engine::general_purpose::STANDARD.encode(hash)).ok()
}

async fn serve(console: Arc<Console>, upgraded: Upgraded, _place: OwnedSemaphorePermit) {
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(console.bounds.message);
    config.max_frame_size = Some(console.bounds.message);
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (told, mut tell) = mpsc::channel(WAITING);
    let mut page = Connected { console: Arc::clone(&console), told, call: None };
    let (until, mut ping) = (Instant::now() + console.bounds.longest, tokio::time::interval(PING));
    let (mut second, mut messages) = (Instant::now(), 0);
    let mut answered = true;
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if second.elapsed() >= Duration::from_secs(1) {
                        (second, messages) = (Instant::now(), 0);
                    }
                    messages += 1;
                    if messages > console.bounds.messages {
                        break;
                    }
                    page.take(&text).await;
                }
                Some(Ok(Message::Pong(_))) => answered = true,
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => break,
            },
            message = tell.recv() => {
                let Some(message) = message else { break };
                if !send(&mut socket, Message::text(message)).await {
                    break;
                }
            }
            _ = ping.tick() => {
                if !std::mem::take(&mut answered) || !send(&mut socket, Message::Ping(Default::default())).await {
                    break;
                }
            }
            () = tokio::time::sleep_until(until) => break,
        }
    }
    // The call notices that nobody is told any more.
    drop(tell);
    let _ = tokio::time::timeout(TAKES, socket.close(None)).await;
}

async fn send(socket: &mut WebSocketStream<TokioIo<Upgraded>>, message: Message) -> bool {
    let sent: Result<Result<(), Error>, _> = tokio::time::timeout(TAKES, socket.send(message)).await;
    matches!(sent, Ok(Ok(())))
}

/// One page.
struct Connected {
    console: Arc<Console>,
    told: mpsc::Sender<String>,
    call: Option<mpsc::Sender<Command>>,
}

impl Connected {
    async fn take(&mut self, text: &str) {
        let order = match serde_json::from_str(text) {
            Ok(order) => order,
            Err(_) => return self.refuse("the page asked for something this program does not know: load it again"),
        };
        match order {
            Order::Offers => self.tell(&shown::offers(&self.console.lines.offers().await)),
            Order::Call { when, language, counsellor, voices } => self.call(when, language, counsellor, voices).await,
            Order::Attach { call, voices } => {
                self.call = self.console.find(&call);
                let attach = Command::Attach(self.page(voices));
                let found = self.call.as_ref().is_some_and(|call| call.try_send(attach).is_ok());
                if !found {
                    self.tell(&Event::Gone);
                }
            }
            Order::Text { when, body } => self.text(when, &body).await,
            Order::OfCall(order) => {
                if let Some(call) = &self.call {
                    // A call that is over, or has more orders than it can take, does not hear this one.
                    let _ = call.try_send(Command::Do(order));
                }
            }
        }
    }

    async fn call(&mut self, when: When, language: Option<Language>, counsellor: Does, voices: Vec<Language>) {
        // A page has one call: the one before is hung up.
        if let Some(before) = self.call.take() {
            let _ = before.try_send(Command::Do(super::message::OfCall::HangUp));
        }
        let begun = match self.console.lines.open(wish(when)).await {
            Ok(line) => self.console.begin(line, Begin { language, counsellor, page: self.page(voices) }),
            Err(why) => Err(why),
        };
        match begun {
            Ok(call) => self.call = Some(call),
            Err(why) => self.refuse(&why),
        }
    }

    async fn text(&self, when: When, body: &str) {
        let line = match self.console.lines.open(wish(when)).await {
            Ok(line) => line,
            Err(why) => return self.refuse(&why),
        };
        match line.text(body).await {
            Ok(words) => {
                let segments = gsm7::segments(words.as_deref().unwrap_or_default());
                let encoding = match segments.encoding {
                    gsm7::Encoding::Gsm7 => "GSM-7",
                    gsm7::Encoding::Ucs2 => "UCS-2",
                };
                let (parts, units) = (segments.parts, segments.units);
                self.tell(&Event::TextAnswer { words, parts, units, encoding });
            }
            Err(why) => self.refuse(&why),
        }
    }

    fn page(&self, mut voices: Vec<Language>) -> Page {
        voices.truncate(VOICES);
        Page { told: self.told.clone(), voices }
    }

    fn refuse(&self, why: &str) {
        self.tell(&Event::Refused { why: why.to_owned() });
    }

    fn tell(&self, event: &Event) {
        let _ = self.told.try_send(written(event, 0));
    }
}

fn wish(when: When) -> Wish {
    Wish { which: when.which, at: when.at, closed: when.closed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handshake_of_the_standard() {
        // RFC 6455, 1.3.
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        assert_eq!(accept(&headers), None);
        headers.insert(header::SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(accept(&headers).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        headers.insert(header::UPGRADE, HeaderValue::from_static("h2c"));
        assert_eq!(accept(&headers), None);
    }
}
