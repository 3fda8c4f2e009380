//! What every part of a call shares: the time, the way out, the requests.

use super::config::{Media, PhoneConfig, RingTime};
use super::cookies::Jar;
use super::io::*;
use crate::twiml::Method;
use std::collections::{BTreeMap, VecDeque};
use url::Url;

/// So many sounds are remembered as fetched; after that the memory begins anew.
const MAX_SOUNDS: usize = 1_000;

pub(super) struct World {
    pub config: PhoneConfig,
    pub now_ms: u64,
    pub outputs: VecDeque<Output>,
    /// When the provider answered the caller.
    pub answered_at_ms: Option<u64>,
    /// `CallStatus` of the caller's leg where it does not follow from the answer: of a call that was placed until it is
    /// picked up, and of every call once it is over.
    pub status: Option<&'static str>,
    requests: u64,
    callees: u32,
    /// Sounds that were asked for in this call, and whether they were there.
    sounds: BTreeMap<String, bool>,
}

/// What the documents of a leg are for, and so which verbs work in them (twiml reference 1.4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The call itself: all.
    Call,
    /// A dialled leg before it is connected: no Dial and no Reject.
    Whisper,
    /// Until a conference starts: Say, Play, Pause, Redirect; anything else stops the document.
    Wait,
}

/// One leg of the call, as requests name it.
#[derive(Clone)]
pub(super) struct Line {
    pub leg: Leg,
    pub role: Role,
    pub sid: String,
    pub from: String,
    pub to: String,
    pub direction: &'static str,
    pub parent: Option<String>,
    pub jar: Jar,
    /// Documents since something was last heard.
    pub unheard: u32,
}

impl World {
    pub fn new(config: PhoneConfig) -> World {
        World {
            config,
            now_ms: 0,
            outputs: VecDeque::new(),
            answered_at_ms: None,
            status: None,
            requests: 0,
            callees: 0,
            sounds: BTreeMap::new(),
        }
    }

    pub fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub fn finding(&mut self, leg: Leg, code: Option<u16>, words: impl Into<String>) {
        self.put(Output::Finding(CallFinding { leg, code, words: words.into() }));
    }

    /// The provider answers the caller, if it has not yet. A dialled leg was answered before it came to a document.
    pub fn answer(&mut self, leg: Leg) {
        if leg == Leg::Caller && self.answered_at_ms.is_none() {
            self.answered_at_ms = Some(self.now_ms);
            self.put(Output::Answered);
        }
    }

    pub fn heard(&mut self, line: &mut Line, what: Sound, ms: u64) {
        if ms > 0 && what != Sound::Silence {
            line.unheard = 0;
        }
        self.put(Output::Heard(Heard { leg: line.leg, at_ms: self.now_ms, ms, what }));
    }

    /// How long a telephone rings that is to ring for so many seconds, in milliseconds.
    pub fn ring_ms(&self, timeout_s: u32) -> u64 {
        let extra_s = match self.config.readings.ring_time {
            RingTime::AsAsked => 0,
            RingTime::FiveSecondsMore => 5,
        };
        u64::from(timeout_s.saturating_add(extra_s)).saturating_mul(1_000)
    }

    /// A number for one more callee, and the CallSid of its leg.
    pub fn next_callee(&mut self) -> (u32, String) {
        let callee = self.callees;
        self.callees = self.callees.saturating_add(1);
        (callee, child_sid(&self.config.call_sid, callee))
    }

    /// Whether a sound still has to be asked for.
    pub fn wants(&self, sound: &Url) -> bool {
        self.config.media == Media::Fetched && !self.sounds.contains_key(sound.as_str())
    }

    /// Whether a sound was asked for and not there.
    pub fn lacks(&self, sound: &Url) -> bool {
        self.sounds.get(sound.as_str()) == Some(&false)
    }

    pub fn fetched(&mut self, sound: &Url, there: bool) {
        if self.sounds.len() >= MAX_SOUNDS {
            self.sounds.clear();
        }
        self.sounds.insert(sound.as_str().to_owned(), there);
    }

    /// A plain GET for a sound, without the parameters of a call.
    pub fn ask_sound(&mut self, line: &Line, url: &Url) -> u64 {
        let id = self.next_request();
        self.put(Output::Request(Request {
            id,
            leg: line.leg,
            purpose: Purpose::Sound,
            method: Method::Get,
            url: on_the_wire(url).into(),
            params: Vec::new(),
            cookies: Vec::new(),
        }));
        id
    }

    /// A request with the standard parameters of the leg and these: its number, and its address on the wire.
    pub fn ask(
        &mut self,
        line: &Line,
        purpose: Purpose,
        method: Method,
        url: &Url,
        params: Vec<(&'static str, String)>,
    ) -> (u64, String) {
        let id = self.next_request();
        let mut all = self.standard(line);
        all.extend(params.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let mut wire = on_the_wire(url);
        if method == Method::Get {
            wire.query_pairs_mut().extend_pairs(&all);
        }
        let cookies = line.jar.for_request(&wire);
        let url: String = wire.into();
        let request = Request { id, leg: line.leg, purpose, method, url: url.clone(), params: all, cookies };
        self.put(Output::Request(request));
        (id, url)
    }

    fn next_request(&mut self) -> u64 {
        self.requests = self.requests.saturating_add(1);
        self.requests
    }

    /// Twiml reference 5.1.
    fn standard(&self, line: &Line) -> Vec<(String, String)> {
        let status = match (line.leg, self.status, self.answered_at_ms) {
            (Leg::Caller, Some(status), _) => status,
            (Leg::Caller, None, None) => "ringing",
            _ => "in-progress",
        };
        let pairs = [
            ("CallSid", line.sid.as_str()),
            ("AccountSid", &self.config.account_sid),
            ("ApiVersion", "2010-04-01"),
            ("From", &line.from),
            ("To", &line.to),
            ("Caller", &line.from),
            ("Called", &line.to),
            ("CallStatus", status),
            ("Direction", line.direction),
        ];
        let parent = line.parent.as_deref().map(|parent| ("ParentCallSid", parent));
        let standard = pairs.into_iter().chain(parent).map(|(name, value)| (name.to_owned(), value.to_owned()));
        standard.chain(self.config.extra_params.iter().cloned()).collect()
    }
}

/// Fragments carry settings for the provider and never leave it (twiml reference 6).
fn on_the_wire(url: &Url) -> Url {
    let mut wire = url.clone();
    wire.set_fragment(None);
    wire
}

/// The CallSid of a dialled leg: of the same form as its parent's, and always the same for the same call.
fn child_sid(parent: &str, callee: u32) -> String {
    let next = callee.wrapping_add(1);
    let split = parent.len().saturating_sub(8);
    match (parent.get(..split), parent.get(split..).filter(|tail| tail.len() == 8)) {
        (Some(head), Some(tail)) => match u32::from_str_radix(tail, 16) {
            Ok(number) => format!("{head}{:08x}", number.wrapping_add(next)),
            Err(_) => format!("{parent}.{next}"),
        },
        _ => format!("{parent}.{next}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_a_name_of_its_own() {
        let case = |parent: &str, callee: u32, expected: &str| assert_eq!(child_sid(parent, callee), expected);
        case("CA00000000000000000000000000000001", 0, "CA00000000000000000000000000000002");
        case("CA000000000000000000000000ffffffff", 0, "CA00000000000000000000000000000000");
        case("abc", 1, "abc.2");
        case("v3:xyz-opaque", 0, "v3:xyz-opaque.1");
        case("", 0, ".1");
        case("ééééé", 0, "ééééé.1");
    }
}
