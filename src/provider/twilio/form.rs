//! A request's form -> our words (twiml reference 5). What we do not know is ignored.

use crate::base::{CallSid, Digit, Digits, Party};
use crate::flow::DialStatus;
use crate::provider::{Call, DialResult, Text, VoiceRequest};
use std::fmt;

/// At most this many parameters: the largest request known has about 60.
pub const PARAMETERS_MAX: usize = 256;

/// Parameters that a form has as a rule: for so many there is room at once.
const USUAL: usize = 32;

/// At most this many bytes of a body: what the provider itself allows for a document, far above any form it sends.
pub const BODY_MAX: usize = 64 * 1024;

/// At most this many bytes of an identifier or an address of a party (twiml reference 5.7).
pub const IDENTIFIER_MAX: usize = 255;

/// The decoded parameters of an `application/x-www-form-urlencoded` body, in the order they were sent; empty values
/// and repeated names are kept. It prints itself without them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// All names and values, one behind the other.
    text: String,
    parameters: Vec<Parameter>,
}

/// Where a parameter stands in the text: the value from the end of the name on.
#[derive(Clone, PartialEq, Eq)]
struct Parameter {
    name: usize,
    value: usize,
    end: usize,
}

/// Why a form cannot be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FormError {
    #[error("the request has more than {PARAMETERS_MAX} parameters")]
    TooManyParameters,
    #[error("the request is larger than {BODY_MAX} bytes")]
    TooLarge,
    #[error("the request has no `{0}` of 1 to {IDENTIFIER_MAX} bytes: expected a webhook of the provider")]
    Missing(&'static str),
}

impl Form {
    /// Decodes a body: `+` is a space, `%XX` a byte of UTF-8; what is not UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    /// [`FormError::TooLarge`], [`FormError::TooManyParameters`].
    pub fn parse(body: &[u8]) -> Result<Form, FormError> {
        if body.len() > BODY_MAX {
            return Err(FormError::TooLarge);
        }
        let mut form = Form { text: String::with_capacity(body.len()), parameters: Vec::with_capacity(USUAL) };
        let mut bytes = Vec::new();
        for parameter in body.split(|byte| *byte == b'&').filter(|parameter| !parameter.is_empty()) {
            if form.parameters.len() == PARAMETERS_MAX {
                return Err(FormError::TooManyParameters);
            }
            let end_of_name = parameter.iter().position(|byte| *byte == b'=').unwrap_or(parameter.len());
            let at = form.text.len();
            decode(&parameter[..end_of_name], &mut bytes, &mut form.text);
            let value = form.text.len();
            decode(parameter.get(end_of_name + 1..).unwrap_or_default(), &mut bytes, &mut form.text);
            form.parameters.push(Parameter { name: at, value, end: form.text.len() });
        }
        Ok(form)
    }

    /// The first value of this name, which may be empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values in the order they were sent.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let part = |from, to| self.text.get(from..to).unwrap_or_default();
        self.parameters.iter().map(move |at| (part(at.name, at.value), part(at.value, at.end)))
    }

    /// The first value of this name, if it is as long as an identifier can be.
    fn identifier(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| (1..=IDENTIFIER_MAX).contains(&value.len()))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} parameters)", self.parameters.len())
    }
}

/// Adds what this name or value says to the text. `bytes` is a place to work in.
fn decode(encoded: &[u8], bytes: &mut Vec<u8>, text: &mut String) {
    let special = |byte: &u8| matches!(byte, b'%' | b'+');
    bytes.clear();
    let mut rest = encoded;
    while let Some(at) = rest.iter().position(special) {
        bytes.extend_from_slice(&rest[..at]);
        let escaped = match &rest[at..] {
            [b'%', high, low, ..] => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        let (byte, taken) = match escaped {
            Some((high, low)) => (high << 4 | low, 3),
            // A `%` that escapes nothing stands for itself.
            None if rest[at] == b'%' => (b'%', 1),
            None => (b' ', 1),
        };
        bytes.push(byte);
        rest = &rest[at + taken..];
    }
    bytes.extend_from_slice(rest);
    match std::str::from_utf8(bytes) {
        Ok(words) => text.push_str(words),
        Err(_) => text.push_str(&String::from_utf8_lossy(bytes)),
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Reads a request about a call: a webhook, an action, a whisper, a status callback.
///
/// # Errors
/// [`FormError::Missing`] without a usable `CallSid`.
pub fn voice(form: &Form) -> Result<VoiceRequest, FormError> {
    let sid = form.identifier("CallSid").and_then(CallSid::new).ok_or(FormError::Missing("CallSid"))?;
    Ok(VoiceRequest {
        call: Call {
            account: form.identifier("AccountSid").unwrap_or_default().to_owned(),
            sid,
            from: Party::from_wire(form.get("From").unwrap_or_default()),
            to: form.identifier("To").unwrap_or_default().to_owned(),
            ended: form.get("CallStatus").is_some_and(is_final),
        },
        digit: form.get("Digits").and_then(|digits| digits.chars().next()).and_then(Digit::new),
        dial: dial_result(form),
        parent: form.identifier("ParentCallSid").and_then(CallSid::new),
    })
}

/// All keys that were pressed, for a request that asked for several. `None` if there are none, or more than were asked
/// for. A `#` that a provider leaves at the end of them is not one of them.
pub fn digits(form: &Form) -> Option<Digits> {
    let digits = form.get("Digits")?;
    Digits::new(digits.strip_suffix('#').unwrap_or(digits))
}

/// Reads an incoming text.
///
/// # Errors
/// [`FormError::Missing`] without a `MessageSid` (or one of its two older names).
pub fn text(form: &Form) -> Result<Text, FormError> {
    let id = ["MessageSid", "SmsMessageSid", "SmsSid"].into_iter().find_map(|name| form.identifier(name));
    Ok(Text {
        id: id.ok_or(FormError::Missing("MessageSid"))?.to_owned(),
        from: Party::from_wire(form.get("From").unwrap_or_default()),
        to: form.identifier("To").unwrap_or_default().to_owned(),
        body: form.get("Body").unwrap_or_default().to_owned(),
        sent_at: None,
        answered_by_provider: form.get("OptOutType").is_some_and(|kind| !kind.is_empty()),
    })
}

/// After these statuses a leg says nothing and hears nothing (twiml reference 5.2).
fn is_final(status: &str) -> bool {
    matches!(status, "completed" | "busy" | "failed" | "no-answer" | "canceled")
}

fn dial_result(form: &Form) -> Option<DialResult> {
    let status = match form.get("DialCallStatus").filter(|status| !status.is_empty())? {
        "completed" | "answered" => DialStatus::Completed,
        "busy" => DialStatus::Busy,
        "no-answer" => DialStatus::NoAnswer,
        "canceled" => DialStatus::Canceled,
        // Also what we do not know: the caller goes on as if the line could not be reached, and can try again.
        _ => DialStatus::Failed,
    };
    let bridged = match form.get("DialBridged") {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    };
    Some(DialResult { status, bridged, seconds: form.get("DialCallDuration").and_then(|text| text.parse().ok()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(body: &str) -> Form {
        Form::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_webhook_in_our_words() {
        let request = voice(&form(
            "CallSid=CA1&AccountSid=AC1&From=%2B447700900123&To=%2B447700900456&CallStatus=ringing&Direction=inbound&New=1",
        ))
        .unwrap();
        assert_eq!(request.call.account, "AC1");
        assert_eq!(request.call.sid.as_str(), "CA1");
        assert_eq!(request.call.from.number().map(|number| number.expose()), Some("+447700900123"));
        assert_eq!(request.call.to, "+447700900456");
        assert!(!request.call.ended);
        assert_eq!((request.digit, request.dial, request.parent), (None, None, None));
        let bare = voice(&form("CallSid=CA1")).unwrap();
        assert_eq!((bare.call.account.as_str(), bare.call.to.as_str(), bare.call.from), ("", "", Party::Withheld));
        let leg = voice(&form("CallSid=CA2&ParentCallSid=CA1&Digits=1")).unwrap();
        assert!(leg.accepts());
        assert_eq!(leg.parent, CallSid::new("CA1"));
    }

    #[test]
    fn digits_are_read_whole() {
        let case = |body: &str, expected: Option<&str>| {
            let found = digits(&form(&format!("CallSid=CA1{body}")));
            assert_eq!(found.as_ref().map(Digits::expose), expected, "{body}");
        };
        case("", None);
        case("&Digits=", None);
        case("&Digits=074826", Some("074826"));
        case("&Digits=074826%23", Some("074826"));
        case("&Digits=2&FinishedOnKey=", Some("2"));
        case("&Digits=1234567890123", None);
        case("&Digits=hangup", None);
    }

    #[test]
    fn the_first_key_counts_and_what_is_none_does_not() {
        let case = |body: &str, expected: Option<char>| {
            let request = voice(&form(&format!("CallSid=CA1{body}"))).unwrap();
            assert_eq!(request.digit, expected.and_then(Digit::new), "{body}");
        };
        case("", None);
        case("&Digits=", None);
        case("&Digits=1", Some('1'));
        case("&Digits=00", Some('0'));
        case("&Digits=%23", Some('#'));
        case("&Digits=*", Some('*'));
        case("&Digits=hangup", None);
        case("&Digits=A", None);
        case("&Digits=+1", None);
        case("&Digits=%D9%A1", None);
    }

    #[test]
    fn final_statuses_end_a_call() {
        let case = |status: &str, ended: bool| {
            assert_eq!(
                voice(&form(&format!("CallSid=CA1&CallStatus={status}"))).unwrap().call.ended,
                ended,
                "{status}"
            );
        };
        for status in ["queued", "initiated", "ringing", "in-progress", "", "new"] {
            case(status, false);
        }
        for status in ["completed", "busy", "failed", "no-answer", "canceled"] {
            case(status, true);
        }
    }

    #[test]
    fn dial_results() {
        let case = |body: &str, expected: Option<(DialStatus, Option<bool>, Option<u32>)>| {
            let dial = voice(&form(&format!("CallSid=CA1{body}"))).unwrap().dial;
            assert_eq!(dial.map(|dial| (dial.status, dial.bridged, dial.seconds)), expected, "{body}");
        };
        case("", None);
        case("&DialCallStatus=", None);
        case(
            "&DialCallStatus=completed&DialBridged=true&DialCallDuration=42",
            Some((DialStatus::Completed, Some(true), Some(42))),
        );
        case("&DialCallStatus=completed&DialBridged=false", Some((DialStatus::Completed, Some(false), None)));
        case("&DialCallStatus=answered&DialCallDuration=-1", Some((DialStatus::Completed, None, None)));
        case("&DialCallStatus=busy&DialBridged=", Some((DialStatus::Busy, None, None)));
        case("&DialCallStatus=no-answer", Some((DialStatus::NoAnswer, None, None)));
        case("&DialCallStatus=canceled", Some((DialStatus::Canceled, None, None)));
        case("&DialCallStatus=failed", Some((DialStatus::Failed, None, None)));
        case("&DialCallStatus=something-new", Some((DialStatus::Failed, None, None)));
    }

    #[test]
    fn a_text_in_our_words() {
        let read = text(&form("SmsSid=SM1&From=%2B447700900123&To=%2B447700900456&Body=2+3%0A1")).unwrap();
        assert_eq!((read.id.as_str(), read.body.as_str(), read.to.as_str()), ("SM1", "2 3\n1", "+447700900456"));
        assert!(!read.answered_by_provider);
        let case = |body: &str, from: Party| assert_eq!(text(&form(body)).unwrap().from, from, "{body}");
        case("MessageSid=SM1&From=1008", Party::ShortCode);
        case("MessageSid=SM1&From=Bank", Party::Alphanumeric);
        case("MessageSid=SM1", Party::Withheld);
        assert!(text(&form("MessageSid=SM1&Body=STOP&OptOutType=STOP")).unwrap().answered_by_provider);
        assert!(!text(&form("MessageSid=SM1&Body=STOP&OptOutType=")).unwrap().answered_by_provider);
    }

    #[test]
    fn what_cannot_be_answered_is_named() {
        let long = "x".repeat(IDENTIFIER_MAX + 1);
        assert_eq!(voice(&form("From=1")).unwrap_err(), FormError::Missing("CallSid"));
        assert_eq!(voice(&form("CallSid=")).unwrap_err(), FormError::Missing("CallSid"));
        assert_eq!(voice(&form(&format!("CallSid={long}"))).unwrap_err(), FormError::Missing("CallSid"));
        assert_eq!(voice(&form(&format!("CallSid=CA1&To={long}"))).unwrap().call.to, "");
        assert_eq!(text(&form("CallSid=CA1")).unwrap_err(), FormError::Missing("MessageSid"));
        assert_eq!(
            FormError::Missing("CallSid").to_string(),
            "the request has no `CallSid` of 1 to 255 bytes: expected a webhook of the provider"
        );
    }

    #[test]
    fn forms_have_limits() {
        let parameters = |count: usize| vec!["a=1"; count].join("&");
        assert_eq!(form(&parameters(PARAMETERS_MAX)).parameters().count(), PARAMETERS_MAX);
        assert_eq!(Form::parse(parameters(PARAMETERS_MAX + 1).as_bytes()), Err(FormError::TooManyParameters));
        assert_eq!(Form::parse(&vec![b'a'; BODY_MAX + 1]), Err(FormError::TooLarge));
        assert!(Form::parse(&vec![b'a'; BODY_MAX]).is_ok());
        assert_eq!(format!("{:?}", form("From=%2B447700900123&Body=231")), "Form(2 parameters)");
    }

    proptest! {
        #[test]
        fn a_form_is_decoded_as_browsers_do(body in "([a-zA-Z+&=%\u{0}é]|%[0-9a-fA-F]{0,2}){0,40}") {
            let expected: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let form = Form::parse(body.as_bytes()).unwrap();
            let read: Vec<_> = form.parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn reading_never_panics(
            body: Vec<u8>, named in "((CallSid|Digits|DialCallStatus|DialCallDuration|Body)=[%+0-9a-f]{0,8}&){0,9}",
        ) {
            for body in [body, named.into_bytes()] {
                if let Ok(form) = Form::parse(&body) {
                    let _ = (voice(&form), text(&form));
                }
            }
        }
    }
}
