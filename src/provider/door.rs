//! The table of doors: what a provider can do, and which promises it therefore cannot keep.

/// What the door to a provider can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Door {
    /// As in addresses and in what is sealed.
    pub name: &'static str,
    /// Calls come through it. Without, the promises about calls are not this door's.
    pub calls: bool,
    /// A document can run on the counsellor's leg before the two are connected.
    pub whisper: bool,
    /// Legs can be made and ended by requests of ours.
    pub rest_legs: bool,
    /// Three can talk.
    pub conference: bool,
    /// How often and for how long a request to us is tried can be written behind the `#` of an address.
    pub fragment_overrides: bool,
    /// A text comes with the time at which it was sent or received.
    pub text_clock: bool,
    /// An answer can say until when it is worth delivering, to the minute or better.
    pub text_validity: bool,
    pub proof: Proof,
}

/// How a request proves that it is from the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// A keyed signature over the address and the parameters, without a time.
    Signature,
    /// A secret in the address: only the provider knows it, and its own files hold it.
    Secret,
    /// None: whoever knows the address can speak on this door.
    None,
}

/// Three tries, each answered within four seconds, all within the provider's fifteen: an answer of ours takes a few
/// milliseconds, so that a slower one is a lost one. A refusal of ours (403 and the like) is not tried again.
const OVERRIDES: &str = "#rt=4000&rc=2&rp=ct,rt,5xx";

impl Door {
    /// An address of ours with the connection overrides behind it, where the door understands them. They never reach
    /// us and are not part of what is signed (twiml reference 6). An address that has a fragment already stays as it is.
    pub fn address(&self, url: &str) -> String {
        match self.fragment_overrides && !url.contains('#') {
            true => [url, OVERRIDES].concat(),
            false => url.to_owned(),
        }
    }

    /// The promises to callers (`CS-..`) that cannot be kept, or not fully, through this door; each with what is so
    /// instead, worded for the operator.
    pub fn unkept_promises(&self) -> Vec<(&'static str, String)> {
        const NO_CLOCK: &str = "does not say when a text was sent";
        const NO_VALIDITY: &str = "takes no time until which an answer is worth delivering";
        let name = self.name;
        let mut unkept = Vec::new();
        let missing = match (self.text_clock, self.text_validity) {
            (true, true) => None,
            (true, false) => Some(NO_VALIDITY.to_owned()),
            (false, true) => Some(NO_CLOCK.to_owned()),
            (false, false) => Some(format!("{NO_CLOCK}, and {NO_VALIDITY}")),
        };
        if let Some(missing) = missing {
            let instead = "a text is answered in the same request or not at all, and can still arrive late";
            unkept.push(("CS-03", format!("`{name}` {missing}: {instead}")));
        }
        if self.calls && !self.whisper {
            let instead =
                "a voicemail could answer a caller, so give only a line without one, as `accept = \"pickup\"`";
            unkept.push(("CS-12", format!("`{name}` cannot ask a counsellor to press 1: {instead}")));
            let what = "the language, and that a caller cannot speak, before the talk";
            unkept.push(("CS-21", format!("`{name}` cannot tell a counsellor {what}")));
        }
        if self.calls && !self.conference {
            unkept.push(("CS-29", format!("`{name}` cannot join an interpreter to a talk")));
        }
        if self.proof == Proof::None {
            let instead = "whoever knows the address can pretend to be any caller, so let only the provider reach it";
            unkept.push(("CS-37", format!("`{name}` does not sign its requests: {instead}")));
        }
        unkept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABLE: Door = Door {
        name: "able",
        calls: true,
        whisper: true,
        rest_legs: true,
        conference: true,
        fragment_overrides: true,
        text_clock: true,
        text_validity: true,
        proof: Proof::Signature,
    };

    #[test]
    fn what_a_door_cannot_keep_is_named() {
        let case = |door: Door, expected: &[&str]| {
            let unkept = door.unkept_promises();
            assert_eq!(unkept.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
            for (_, sentence) in unkept {
                assert!(sentence.starts_with(&format!("`{}` ", door.name)) && !sentence.ends_with('.'), "{sentence}");
            }
        };
        case(ABLE, &[]);
        case(Door { text_clock: false, ..ABLE }, &["CS-03"]);
        case(Door { text_validity: false, ..ABLE }, &["CS-03"]);
        case(Door { whisper: false, conference: false, ..ABLE }, &["CS-12", "CS-21", "CS-29"]);
        case(Door { calls: false, whisper: false, conference: false, ..ABLE }, &[]);
        case(Door { proof: Proof::Secret, ..ABLE }, &[]);
        case(Door { proof: Proof::None, ..ABLE }, &["CS-37"]);
        case(crate::provider::twilio::DOOR, &["CS-03"]);
        case(crate::provider::kannel::DOOR, &[]);
    }

    #[test]
    fn overrides_stand_only_where_they_are_understood() {
        let url = "https://example.org/twilio/key?s=abc";
        assert_eq!(ABLE.address(url), "https://example.org/twilio/key?s=abc#rt=4000&rc=2&rp=ct,rt,5xx");
        assert_eq!(Door { fragment_overrides: false, ..ABLE }.address(url), url);
        assert_eq!(ABLE.address("/key#rc=1"), "/key#rc=1");
    }
}
