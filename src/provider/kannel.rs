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

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    const SECRET: &str = "0123456789abcdef";
    const TIME: i64 = 1_800_000_000;

    fn read(method: &str, query: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Option<Text>, Refused> {
        let target = format!("{PATH}?{query}");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Kannel::new(SECRET).unwrap().read(&Received { method, target: &target, headers: &map, body })
    }

    fn ours(more: &str) -> String {
        format!("k={SECRET}&id=f81d4fae-7dec&time={TIME}{more}")
    }

    fn get(more: &str) -> Text {
        read("GET", &ours(more), &[], b"").unwrap().unwrap()
    }

    #[test]
    fn a_post_in_our_words() {
        // As smsbox 1.4.5 sends it with `post-url`, `send-sender` and `mo-recode`.
        let headers = [
            ("user-agent", "Kannel/1.4.5"),
            ("content-type", "text/plain; charset=\"UTF-8\""),
            ("x-kannel-from", "+447700900123"),
            ("x-kannel-to", "+12025550100"),
            ("x-kannel-coding", "0"),
        ];
        let text = read("POST", &ours(""), &headers, "été €".as_bytes()).unwrap().unwrap();
        assert_eq!(
            (text.id.as_str(), text.to.as_str(), text.body.as_str()),
            ("f81d4fae-7dec", "+12025550100", "été €")
        );
        assert_eq!(text.from.number().unwrap().expose(), "+447700900123");
        assert_eq!(text.sent_at, Timestamp::from_second(TIME).ok());
        assert!(!text.answered_by_provider);
    }

    #[test]
    fn a_get_in_our_words() {
        let case =
            |more: &str, body: &str| assert_eq!(get(&format!("&from=%2B447700900123{more}")).body, body, "{more}");
        case("&text=2+3%0A1", "2 3\n1");
        case("&text=%C3%A9t%c3%a9&charset=UTF-8&coding=0", "été");
        case("&text=%04%1F%D8%3D%DE%00&charset=UTF-16BE&coding=2", "П😀");
        case("&text=%00h%00i&coding=2", "hi");
        case("&text=%00h%00", "\0h\0");
        case("&text=hi&coding=2&charset=UTF-8", "hi");
        case("&text=%00h%D8&charset=UTF-16BE", "h\u{fffd}");
        case("&text=100%&charset=", "100%");
        case("&text=%zz%4", "%zz%4");
        case("&text=%ff", "\u{fffd}");
        case("&text=", "");
        case("&text=1&text=2", "1");
    }

    #[test]
    fn senders_as_networks_write_them() {
        let case = |from: &str, number: Option<&str>| {
            let text = get(&format!("&text=1&from={from}"));
            assert_eq!(text.from.number().map(|number| number.expose()), number, "{from}");
        };
        case("%2B447700900123", Some("+447700900123"));
        case("447700900123", Some("+447700900123"));
        case("00447700900123", Some("+447700900123"));
        case("+447700900123", Some("+447700900123"));
        case("07700900123", None);
        case("1008", None);
        case("001008", None);
        case("MyBank", None);
        case("0031MyBank", None);
        case("4477009001234567", None);
    }

    #[test]
    fn only_who_knows_the_secret_is_read() {
        let case = |query: &str, status: Option<u16>| {
            let read = read("GET", query, &[("x-kannel-from", "+447700900123")], b"");
            assert_eq!(read.as_ref().err().map(|refused| refused.status.as_u16()), status, "{query}");
            if let Err(refused) = read {
                assert!(!refused.line.contains("0123456789") && !refused.line.contains("7700900"), "{}", refused.line);
            }
        };
        let rest = format!("id=1&time={TIME}&text=hi");
        case(&format!("k={SECRET}&{rest}"), None);
        case(&format!("{rest}&k={SECRET}"), None);
        case(&rest, Some(403));
        case(&format!("k=&{rest}"), Some(403));
        case(&format!("k={SECRET}0&{rest}"), Some(403));
        case(&format!("k={}&{rest}", &SECRET[1..]), Some(403));
        case(&format!("k={}&{rest}", SECRET.to_uppercase()), Some(403));
        case(&format!("k=wrong&k={SECRET}&{rest}"), Some(403));
        case(&format!("k={SECRET}&k={SECRET}&{rest}"), Some(403));
        // Then what is missing is named; a stranger is told nothing of it.
        case(&format!("k={SECRET}&time={TIME}&text=hi"), Some(400));
        case(&format!("k={SECRET}&id=&time={TIME}&text=hi"), Some(400));
        case(&format!("k={SECRET}&id={}&time={TIME}&text=hi", "x".repeat(256)), Some(400));
        case(&format!("k={SECRET}&id=1&text=hi"), Some(400));
        for time in ["", "soon", "1e9", "99999999999999999999", "9999999999999999"] {
            case(&format!("k={SECRET}&id=1&time={time}&text=hi"), Some(400));
        }
        case(&format!("k={SECRET}&id=1&time={TIME}"), Some(400));
        case(&format!("k={SECRET}&{rest}&from=+"), Some(400));
        case(&format!("k={SECRET}&{rest}{}", "&a=1".repeat(29)), Some(400));
        case(&format!("{}&id=1", "&a=1".repeat(33)), Some(400));
        let missing = read("POST", &ours(""), &[], b"hi").unwrap_err().line;
        assert!(missing.contains("`from`") && missing.contains("send-sender"), "{missing}");
    }

    #[test]
    fn what_no_person_typed_is_left_alone() {
        let from = ("x-kannel-from", "+447700900123");
        assert_eq!(read("POST", &ours(""), &[from, ("x-kannel-coding", "1")], b"\0\xff").unwrap(), None);
        assert_eq!(read("GET", &ours("&text=hi&coding=1"), &[from], b"").unwrap(), None);
    }

    #[test]
    fn answers_say_how_they_travel() {
        let case = |words: Option<&str>, body: &str, headers: &[(&str, &str)]| {
            let reply = Kannel::new(SECRET).unwrap().write(words);
            assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, body));
            assert_eq!((reply.content_type, &reply.headers[..]), ("text/plain; charset=utf-8", headers));
        };
        case(Some("é € [x]"), "é € [x]", &[("x-kannel-validity", "1")]);
        case(Some("Привіт"), "Привіт", &[("x-kannel-validity", "1"), ("x-kannel-coding", "2")]);
        case(None, "", &[]);
        let busy = Kannel::new(SECRET).unwrap().not_now();
        assert_eq!((busy.status.as_u16(), busy.body.as_str()), (503, ""));
    }

    #[test]
    fn secrets_fit_into_an_address() {
        let case = |secret: &str, fit: bool| assert_eq!(Kannel::new(secret).is_ok(), fit, "{secret}");
        case(SECRET, true);
        case(&"a-_.".repeat(32), true);
        case(&SECRET[1..], false);
        case(&"a".repeat(129), false);
        for wrong in ["0123456789abcde&", "0123456789abcde%", "0123456789abcde ", "0123456789abcdé", ""] {
            case(wrong, false);
        }
        assert_eq!(format!("{:?}", Kannel::new(SECRET).unwrap()), "Kannel(_)");
    }

    proptest! {
        #[test]
        fn reading_never_panics(
            query in "(&?(k|id|time|from|text|coding|charset)=[%+0-9a-fA-F\u{e9}]{0,9}){0,9}", header: Vec<u8>, body: Vec<u8>,
        ) {
            for method in ["GET", "POST"] {
                for query in [query.clone(), ours(&query)] {
                    let target = format!("{PATH}?{query}");
                    let mut headers = HeaderMap::new();
                    if let Ok(value) = HeaderValue::from_bytes(&header) {
                        headers.insert("x-kannel-from", value.clone());
                        headers.insert("content-type", value);
                    }
                    let _ = Kannel::new(SECRET).unwrap().read(&Received { method, target: &target, headers: &headers, body: &body });
                }
            }
        }
    }
}
