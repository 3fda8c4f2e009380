//! Calls by REST: the `Calls` resource of 2010-04-01, which Twilio, SignalWire and Somleng share
//! (<https://www.twilio.com/docs/voice/api/call-resource>). Legs to the desk are placed, redirected and ended.
//!
//! Contract: only a line of the desk is rung, and it is shown the hotline's own number; no caller's number has a way in
//! (CS-01). A leg is never placed twice: an attempt is repeated only where it is certain that nothing was placed. Nothing
//! is recorded. Errors and what prints itself hold no number, no secret and no word of the provider's.

mod answer;
mod request;
mod sender;

pub use sender::{AT_ONCE, CONNECT, MAX_ANSWER, ONE_TRY, Rest, TRIES, WHOLE};

use crate::base::{Callee, E164};
use std::fmt;
use url::{Host, Url};
use zeroize::Zeroizing;

// Legs are placed here and meet in a conference: the table of doors says so too.
const _: () = assert!(super::DOOR.rest_legs && super::DOOR.conference);

/// Where the REST interface is, and who we are there. It prints itself without secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    pub base: Base,
    /// The account the calls belong to, which stands in every address: 1 to 255 characters.
    pub account: String,
    /// The account again, or the name of an API key.
    pub key: Zeroizing<String>,
    /// The auth token, or the secret of the API key.
    pub secret: Zeroizing<String>,
    /// The hotline's own number, which the desk's lines are shown.
    pub own: E164,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("base", &self.base.0.as_str()).finish_non_exhaustive()
    }
}

/// The address of a REST interface, such as `https://api.twilio.com` or `https://example.signalwire.com/api/laml`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base(Url);

impl Base {
    /// # Errors
    /// What was expected, when it is no address, not `https` (plain `http` is for this machine only, since every request
    /// shows the secret and a counsellor's number), or has a user name, `?` or `#`.
    pub fn new(text: &str) -> Result<Base, &'static str> {
        let url = Url::parse(text).map_err(|_| "expected an address such as `https://api.twilio.com`")?;
        let this_machine = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err("expected an address with a host, such as `https://api.twilio.com`"),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && this_machine) {
            return Err("expected `https://`; plain http would show the secret to the network");
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err("expected an address without `?`, `#` and user name");
        }
        Ok(Base(url))
    }
}

/// A leg to be placed: whom of the desk it rings, and what is asked of us meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Leg<'a> {
    pub to: &'a Callee,
    /// The document that runs when it is picked up; absolute.
    pub url: &'a str,
    /// Is told of the leg's steps; absolute.
    pub status_callback: &'a str,
    /// Which steps, besides the end, which is always told.
    pub events: &'a [Event],
    /// How long it rings: seconds, 5 to 60; a value outside is brought to the next inside.
    pub ring_s: u8,
}

/// A step of a leg before its end (twiml reference 2.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    Initiated,
    Ringing,
    Answered,
}

/// Why a leg was not placed, or a call not changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RestError {
    /// Nothing was done. `code` is the provider's number for it (twiml reference 11), where it gives one.
    #[error("the provider refused with status {status}{}", code.map(|code| format!(", error {code}")).unwrap_or_default())]
    Refused { status: u16, code: Option<u32> },
    /// It may have been done or not: the request was sent and no clear answer came. A leg that may have been placed
    /// shows itself by its callbacks, or never.
    #[error("the provider did not say whether it did what was asked")]
    Unclear,
    /// Nothing was done: no connection.
    #[error("the provider's REST interface could not be reached")]
    Unreachable,
    /// Nothing was done: more was asked, by us at once or of the provider, than is allowed.
    #[error("too many requests to the provider's REST interface")]
    TooMany,
    /// It was done, and the answer does not say what its name is. As [`RestError::Unclear`] for whoever asked.
    #[error("the provider's answer could not be read, expected JSON with a `sid`")]
    Misread,
}

impl RestError {
    /// Whether a leg may ring although this error came.
    pub fn may_be_done(self) -> bool {
        matches!(self, RestError::Unclear | RestError::Misread)
    }

    /// Nothing was done, and the next leg will not do better: no connection, or a wrong secret or account. A refusal of one
    /// number, or of too many requests at once, is none of these.
    pub fn is_down(self) -> bool {
        matches!(self, RestError::Unreachable | RestError::Refused { status: 401 | 403 | 404, .. })
    }

    /// Whether the call is not there (any more), or is not in a state in which it can be changed.
    pub fn is_over(self) -> bool {
        matches!(self, RestError::Refused { status: 404, .. } | RestError::Refused { code: Some(21220), .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_leaves_this_machine() {
        let case = |text: &str, fits: bool| assert_eq!(Base::new(text).is_ok(), fits, "{text}");
        case("https://api.twilio.com", true);
        case("https://example.signalwire.com/api/laml/", true);
        case("http://127.0.0.1:8080", true);
        case("http://[::1]:8080", true);
        case("http://localhost", true);
        case("http://localhost.example.org", false);
        case("http://api.twilio.com", false);
        case("http://192.0.2.1", false);
        case("https://user@api.twilio.com", false);
        case("https://api.twilio.com/?a", false);
        case("https://api.twilio.com/#a", false);
        case("ftp://127.0.0.1", false);
        case("api.twilio.com", false);
        case("data:text/plain,x", false);
    }

    #[test]
    fn errors_say_what_is_known() {
        let case = |error: RestError, words: &str, may_be_done: bool, over: bool| {
            assert_eq!((error.to_string().as_str(), error.may_be_done(), error.is_over()), (words, may_be_done, over));
        };
        let refused = |status, code| RestError::Refused { status, code };
        case(refused(400, Some(13223)), "the provider refused with status 400, error 13223", false, false);
        case(refused(400, Some(21220)), "the provider refused with status 400, error 21220", false, true);
        case(refused(404, None), "the provider refused with status 404", false, true);
        case(RestError::Unclear, "the provider did not say whether it did what was asked", true, false);
        case(RestError::Unreachable, "the provider's REST interface could not be reached", false, false);
        case(RestError::TooMany, "too many requests to the provider's REST interface", false, false);
        case(RestError::Misread, "the provider's answer could not be read, expected JSON with a `sid`", true, false);
    }
}
