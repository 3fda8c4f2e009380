//! Twilio, and those who speak exactly as it does (the webhooks of <https://www.twilio.com/docs/voice/twiml>).

pub mod answer;
pub mod form;
pub mod rest;
pub mod signature;

use super::{Door, Received, Refused, Reply, Text, TextDoor};
use form::Form;
use hyper::StatusCode;
use hyper::header::{HOST, HeaderMap};
use signature::{Headers, Verifier};

/// Twilio in the table of doors.
pub const DOOR: Door = Door {
    name: "twilio",
    calls: true,
    whisper: true,
    rest_legs: true,
    conference: true,
    fragment_overrides: true,
    text_clock: false,
    text_validity: false,
    proof: super::Proof::Signature,
};

/// Where the demonstration's counsellor is: at an address that cannot exist (RFC 2606).
const PRETEND: &str = "sip:counsellor@demonstration.invalid";

/// How a request proves that it is the provider's.
pub enum Proof {
    /// `X-Twilio-Signature` over this public address.
    Signature { verifier: Verifier, public_url: String },
    /// The demonstration: unsigned, from this machine to this machine, with no proxy in between.
    Loopback,
}

/// Who is believed at this door.
pub struct Twilio {
    pub proof: Proof,
    /// Only this account is answered, where the keeper named one.
    pub account: Option<String>,
}

impl Twilio {
    /// The form of a request that is the provider's.
    ///
    /// # Errors
    /// A form beyond the limits, a request without proof, another account.
    pub fn form(&self, request: &Received<'_>) -> Result<Form, Refused> {
        // A form beyond the limits is told so, not that its signature is wrong: that would be looked for in vain.
        let form =
            Form::parse(request.body).map_err(|problem| Refused::new(StatusCode::BAD_REQUEST, problem.to_string()))?;
        if !self.is_the_provider(request, &form) {
            return Err(Refused::new(StatusCode::FORBIDDEN, self.why_not()));
        }
        // Everything that is signed and of another account is still not ours to answer.
        if self.account.as_deref().is_some_and(|own| form.get("AccountSid") != Some(own)) {
            return Err(Refused::new(StatusCode::FORBIDDEN, "this is not the account the hotline belongs to"));
        }
        Ok(form)
    }

    fn is_the_provider(&self, request: &Received<'_>, form: &Form) -> bool {
        match &self.proof {
            Proof::Signature { verifier, public_url } => {
                let headers = Headers {
                    signature: request.header("x-twilio-signature"),
                    settings: request.header("x-twilio-webhooks-signature-settings"),
                };
                verifier.verify_form(request.method, public_url, request.target, headers, request.body, form).is_ok()
            }
            Proof::Loopback => from_this_machine(request.headers),
        }
    }

    fn why_not(&self) -> &'static str {
        match self.proof {
            Proof::Signature { .. } => {
                "the signature does not fit: check that `public_url` is the address at the provider, letter by letter, and that the auth token is this account's"
            }
            Proof::Loopback => "the demonstration answers requests of this machine only, sent straight to it",
        }
    }
}

impl TextDoor for Twilio {
    fn door(&self) -> &'static Door {
        &DOOR
    }

    fn path(&self) -> &'static str {
        "/twilio/sms"
    }

    fn methods(&self) -> &'static [&'static str] {
        &["POST"]
    }

    fn read(&self, request: &Received<'_>) -> Result<Option<Text>, Refused> {
        let text = form::text(&self.form(request)?);
        text.map(Some).map_err(|problem| Refused::new(StatusCode::BAD_REQUEST, problem.to_string()))
    }

    fn write(&self, words: Option<&str>) -> Reply {
        Reply {
            status: StatusCode::OK,
            content_type: "text/xml; charset=utf-8",
            headers: Vec::new(),
            body: answer::message(words).to_xml(),
        }
    }

    /// Nothing, for good: a late or odd answer can cost more than none.
    fn not_now(&self) -> Reply {
        self.write(None)
    }
}

/// A `Host` of this machine, and no sign of a proxy in between.
fn from_this_machine(headers: &HeaderMap) -> bool {
    const FORWARDING: [&str; 6] =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let loopback =
        name == "localhost" || name == "[::1]" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    loopback && !FORWARDING.iter().any(|name| headers.contains_key(*name))
}
