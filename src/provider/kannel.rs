//! Kannel, the SMS gateway: texts with no provider and no internet, by a modem or an operator's SMPP
//! (`docs/kannel.md`). Its smsbox asks us by GET or POST; the body of what we answer is the text that goes back.

use super::{Door, Proof, Received, Refused, Reply, Text, TextDoor};
use crate::base::{Party, gsm7};
use hyper::StatusCode;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use subtle::ConstantTimeEq;

/// Kannel in the table of doors.
pub const DOOR: Door = Door {
    name: "kannel",
    calls: false,
    whisper: false,
    rest_legs: false,
    conference: false,
    fragment_overrides: false,
    text_clock: true,
    text_validity: true,
    proof: Proof::Secret,
};

/// Where Kannel asks.
pub const PATH: &str = "/kannel/sms";

/// Characters of a secret: 16 random ones cannot be guessed, 128 are more than any generator writes.
pub const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// At most this many parameters in the address: the ones below, and some that a keeper has for another use.
const PARAMETERS_MAX: usize = 32;

/// At most this many bytes of a message id; Kannel's have 36.
const ID_MAX: usize = 255;

/// Minutes for which an answer is worth delivering: the shortest that Kannel knows. It forgets an answer that waits
/// longer for a modem; a modem tells the network five minutes, the shortest there (GSM 03.40, TP-VP).
const VALIDITY_MIN: &str = "1";

/// Kannel's door. It keeps a hash of the secret only.
pub struct Kannel {
    secret: [u8; 32],
}

/// Why this is not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "expected 16 to 128 letters, digits, `-`, `_` and `.`: others mean something else in an address (`openssl rand -hex 16` makes one)"
)]
pub struct BadSecret;

impl Kannel {
    /// A door that answers whoever knows this secret.
    ///
    /// # Errors
    /// [`BadSecret`]: too short or too long, or not fit for an address in Kannel's configuration.
    pub fn new(secret: &str) -> Result<Kannel, BadSecret> {
        let fit = secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        match fit && SECRET_LENGTH.contains(&secret.len()) {
            true => Ok(Kannel { secret: Sha256::digest(secret).into() }),
            false => Err(BadSecret),
        }
    }

    /// Takes as long for a wrong secret as for the right one: what is compared are hashes of one length.
    fn knows(&self, secret: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(secret).into();
        given.ct_eq(&self.secret).into()
    }
}

impl fmt::Debug for Kannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kannel(_)")
    }
}

impl TextDoor for Kannel {
    fn door(&self) -> &'static Door {
        &DOOR
    }

    fn path(&self) -> &'static str {
        PATH
    }

    fn methods(&self) -> &'static [&'static str] {
        &["GET", "POST"]
    }

    fn read(&self, request: &Received<'_>) -> Result<Option<Text>, Refused> {
        let bad = |line: &str| Refused::new(StatusCode::BAD_REQUEST, line);
        let query = Query::parse(request.query()).ok_or_else(|| bad("the address has more than 32 parameters"))?;
        if !query.only("k").is_some_and(|secret| self.knows(&secret)) {
            let line = "the secret is missing or wrong: `k` in Kannel's address must be the `[kannel] secret`";
            return Err(Refused::new(StatusCode::FORBIDDEN, line));
        }
        let missing = |name: &str, code: &str| bad(&format!("the request has no `{name}`: write `{name}={code}`"));
        let id = query.text("id").filter(|id| (1..=ID_MAX).contains(&id.len())).ok_or_else(|| missing("id", "%I"))?;
        let sent_at = query
            .text("time")
            .and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok())
            .ok_or_else(|| missing("time", "%T"))?;
        let from = match query.text("from") {
            Some(from) => Some(from),
            None => request.header("x-kannel-from").map(str::to_owned),
        };
        let from = from.filter(|from| !from.trim().is_empty());
        let from = from.ok_or_else(|| missing("from", "%p` in the address, or `send-sender = true"))?;
        let to = query.text("to").or_else(|| request.header("x-kannel-to").map(str::to_owned));
        let (body, coding, charset) = match request.method {
            "POST" => (
                Cow::Borrowed(request.body),
                query.text("coding").or_else(|| request.header("x-kannel-coding").map(str::to_owned)),
                request.header("content-type").map(str::to_owned),
            ),
            _ => (
                Cow::Owned(query.bytes("text").ok_or_else(|| missing("text", "%b"))?),
                query.text("coding"),
                query.text("charset"),
            ),
        };
        let coding = coding.as_deref().map(str::trim);
        // Bytes for a program in the phone. No person typed them.
        if coding == Some("1") {
            return Ok(None);
        }
        let utf16 = match charset.filter(|charset| !charset.is_empty()) {
            Some(charset) => charset.to_ascii_lowercase().contains("utf-16"),
            None => coding == Some("2"),
        };
        let body = match utf16 {
            true => from_utf16(&body),
            false => String::from_utf8_lossy(&body).into_owned(),
        };
        Ok(Some(Text {
            id,
            from: sender(&from),
            to: to.unwrap_or_default(),
            body,
            sent_at: Some(sent_at),
            answered_by_provider: false,
        }))
    }

    fn write(&self, words: Option<&str>) -> Reply {
        let words = words.unwrap_or_default();
        let mut headers = Vec::new();
        if !words.is_empty() {
            headers.push(("x-kannel-validity", VALIDITY_MIN));
            // Kannel sends seven bits unless told otherwise, with `?` for what they cannot say.
            if gsm7::septets(words).is_none() {
                headers.push(("x-kannel-coding", "2"));
            }
        }
        Reply { status: StatusCode::OK, content_type: "text/plain; charset=utf-8", headers, body: words.to_owned() }
    }

    /// Kannel asks again after two seconds, for a minute.
    fn not_now(&self) -> Reply {
        Reply { status: StatusCode::SERVICE_UNAVAILABLE, ..self.write(None) }
    }
}

/// A sender as networks write it: `+447700900123`, `00447700900123`, or, over SMPP, `447700900123`. Kannel itself
/// answers to what it was told; only the country is looked at here.
fn sender(text: &str) -> Party {
    let text = text.trim();
    let digits = text.strip_prefix("00").unwrap_or(text);
    match digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit()) {
        true => Party::from_wire(&format!("+{digits}")),
        false => Party::from_wire(text),
    }
}

/// UTF-16BE; what is not becomes U+FFFD.
fn from_utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The parameters of an address as bytes, since a text in UTF-16 is none in UTF-8.
struct Query(Vec<(String, Vec<u8>)>);

impl Query {
    fn parse(query: &str) -> Option<Query> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).take(PARAMETERS_MAX + 1).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (String::from_utf8_lossy(&decoded(name)).into_owned(), decoded(value))
        });
        let pairs: Vec<_> = pairs.collect();
        (pairs.len() <= PARAMETERS_MAX).then_some(Query(pairs))
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// The value of a parameter that stands there once. Two secrets are none.
    fn only(&self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let first = values.next()?;
        values.next().is_none().then(|| first.1.clone())
    }
}

/// `+` is a space, `%XX` a byte; a `%` that is neither stays one.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        rest = after;
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high * 16 + low);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    bytes
}
