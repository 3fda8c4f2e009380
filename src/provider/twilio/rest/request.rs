//! What is sent: addresses and forms.

use super::{Event, Leg, Settings};
use crate::base::{CallSid, Callee};
use crate::provider::twilio::{DOOR, PRETEND};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use url::Url;
use zeroize::Zeroizing;

/// A request: where to, and its form.
pub(super) struct Post {
    pub url: Url,
    pub form: String,
}

/// Rings a leg.
pub(super) fn place(settings: &Settings, leg: &Leg<'_>) -> Post {
    let to = match leg.to {
        Callee::Number(number) => number.expose(),
        Callee::Sip(address) => address.expose(),
        Callee::Pretend => PRETEND,
    };
    let mut form = Serializer::new(String::new());
    form.append_pair("To", to)
        .append_pair("From", settings.own.expose())
        .append_pair("Url", &DOOR.address(leg.url))
        .append_pair("Method", "POST")
        .append_pair("Timeout", &leg.ring_s.clamp(5, 60).to_string())
        .append_pair("StatusCallback", &DOOR.address(leg.status_callback))
        .append_pair("StatusCallbackMethod", "POST");
    for event in leg.events {
        form.append_pair("StatusCallbackEvent", event.as_str());
    }
    form.append_pair("StatusCallbackEvent", "completed");
    Post { url: address(settings, &["Calls.json"]), form: form.finish() }
}

/// Stops what a call does, and runs this document.
pub(super) fn redirect(settings: &Settings, call: &CallSid, url: &str) -> Post {
    let mut form = Serializer::new(String::new());
    form.append_pair("Url", &DOOR.address(url)).append_pair("Method", "POST");
    Post { url: of_call(settings, call), form: form.finish() }
}

/// Asks how a call is.
pub(super) fn look(settings: &Settings, call: &CallSid) -> Post {
    Post { url: of_call(settings, call), form: String::new() }
}

/// Asks for the account itself, which every key may see and which changes nothing.
pub(super) fn account(settings: &Settings) -> Post {
    let mut url = settings.base.0.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["2010-04-01", "Accounts", &format!("{}.json", settings.account)]);
    }
    Post { url, form: String::new() }
}

/// Hangs up.
pub(super) fn end(settings: &Settings, call: &CallSid) -> Post {
    let form = Serializer::new(String::new()).append_pair("Status", "completed").finish();
    Post { url: of_call(settings, call), form }
}

/// `Authorization` (RFC 7617).
pub(super) fn authorization(settings: &Settings) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{}:{}", *settings.key, *settings.secret));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

fn of_call(settings: &Settings, call: &CallSid) -> Url {
    address(settings, &["Calls", &format!("{}.json", call.as_str())])
}

/// Below the account. A name is one part of the path, whatever is in it: names are opaque (twiml reference 5.7).
fn address(settings: &Settings, rest: &[&str]) -> Url {
    let mut url = settings.base.0.clone();
    // An address with a host can always be a base, as `Base` demands.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["2010-04-01", "Accounts", &settings.account]).extend(rest);
    }
    url
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Event::Initiated => "initiated",
            Event::Ringing => "ringing",
            Event::Answered => "answered",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Base;
    use super::*;
    use crate::base::{E164, SipAddress};

    fn settings(base: &str) -> Settings {
        Settings {
            base: Base::new(base).unwrap(),
            account: "AC1".into(),
            key: Zeroizing::new("SK1".into()),
            secret: Zeroizing::new("hush".into()),
            own: E164::new("+12025550100").unwrap(),
        }
    }

    fn leg<'a>(to: &'a Callee, events: &'a [Event], ring_s: u8) -> Leg<'a> {
        Leg { to, url: "https://a.example/w?s=1&t", status_callback: "https://a.example/s", events, ring_s }
    }

    #[test]
    fn a_leg_is_shown_our_number_and_never_recorded() {
        let number = Callee::Number(E164::new("+447700900999").unwrap());
        let post = place(&settings("https://api.twilio.com"), &leg(&number, &[Event::Ringing, Event::Answered], 15));
        assert_eq!(post.url.as_str(), "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json");
        let form: Vec<(String, String)> = form_urlencoded::parse(post.form.as_bytes()).into_owned().collect();
        let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "To=+447700900999",
            "From=+12025550100",
            "Url=https://a.example/w?s=1&t#rt=4000&rc=2&rp=ct,rt,5xx",
            "Method=POST",
            "Timeout=15",
            "StatusCallback=https://a.example/s#rt=4000&rc=2&rp=ct,rt,5xx",
            "StatusCallbackMethod=POST",
            "StatusCallbackEvent=ringing",
            "StatusCallbackEvent=answered",
            "StatusCallbackEvent=completed",
        ];
        assert_eq!(form, expected);
    }

    #[test]
    fn it_rings_five_to_sixty_seconds() {
        let rings = |ring_s| place(&settings("https://a.example"), &leg(&Callee::Pretend, &[], ring_s)).form;
        for (asked, rung) in [(0, 5), (5, 5), (60, 60), (255, 60)] {
            assert!(rings(asked).contains(&format!("&Timeout={rung}&")), "{asked}");
        }
        assert!(rings(9).starts_with("To=sip%3Acounsellor%40demonstration.invalid&"));
        let sip = Callee::Sip(SipAddress::new("sip:desk@example.org").unwrap());
        assert!(
            place(&settings("https://a.example"), &leg(&sip, &[], 9)).form.starts_with("To=sip%3Adesk%40example.org&")
        );
    }

    #[test]
    fn a_call_is_changed_at_its_own_address() {
        let settings = settings("https://example.signalwire.com/api/laml/");
        let calls = "https://example.signalwire.com/api/laml/2010-04-01/Accounts/AC1/Calls";
        let call = |sid: &str| CallSid::new(sid).unwrap();
        let post = end(&settings, &call("CA1"));
        assert_eq!((post.url.as_str(), post.form.as_str()), (format!("{calls}/CA1.json").as_str(), "Status=completed"));
        let seen = look(&settings, &call("CA1"));
        assert_eq!((seen.url, seen.form.as_str()), (post.url, ""));
        assert_eq!(account(&settings).url.as_str(), calls.replace("/AC1/Calls", "/AC1.json"));
        let post = redirect(&settings, &call("v3:a/../b?c#d"), "/on");
        assert_eq!(post.url.as_str(), format!("{calls}/v3:a%2F..%2Fb%3Fc%23d.json"));
        assert_eq!(post.form, "Url=%2Fon%23rt%3D4000%26rc%3D2%26rp%3Dct%2Crt%2C5xx&Method=POST");
    }

    #[test]
    fn who_we_are() {
        assert_eq!(*authorization(&settings("https://a.example")), "Basic U0sxOmh1c2g=");
        assert_eq!(format!("{:?}", settings("https://a.example")), "Settings { base: \"https://a.example/\", .. }");
    }
}
