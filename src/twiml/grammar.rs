//! Which element may stand in which, with which attributes and which values (twiml reference 1 and 2).

use super::defaults::*;
use crate::base::Digit;

/// One element.
pub(super) struct Shape {
    pub name: &'static str,
    pub attributes: &'static [Attribute],
    pub children: &'static [&'static str],
    /// Whether words may stand in it.
    pub text: bool,
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Executed.
    Run,
    /// Read and named, with what it is for.
    Named(&'static str),
    /// Named only; what stands in it is not looked at.
    Closed(&'static str),
}

/// One attribute and the values it takes.
pub(super) struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether this program does what it asks for.
    pub run: bool,
}

/// What values an attribute takes, and what it is when absent.
pub(super) enum Kind {
    Url,
    Text,
    /// A BCP 47 tag.
    Language(Option<&'static str>),
    Flag(Option<bool>),
    /// GET or POST.
    Method,
    Count {
        from: u32,
        to: u32,
        absent: Option<u32>,
    },
    /// A count, or the word `auto`.
    CountOrAuto {
        from: u32,
        absent: Option<u32>,
    },
    Word {
        of: &'static [&'static str],
        absent: Option<&'static str>,
    },
    /// Several words of these, separated by spaces.
    Words {
        of: &'static [&'static str],
        absent: &'static [&'static str],
    },
    /// One key, or empty for none.
    Key(Digit),
    /// Any of several keys, or empty for none.
    Keys(&'static str),
    Tones,
}

use Kind::*;

const ANY: u32 = u32::MAX;
const TRIM: &[&str] = &["trim-silence", "do-not-trim"];
const RECORDING_EVENTS: &[&str] = &["in-progress", "completed", "absent"];
const CALL_EVENTS: &[&str] = &["initiated", "ringing", "answered", "completed"];

const fn run(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, run: true }
}

const fn named(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, run: false }
}

const fn count(from: u32, to: u32, absent: u32) -> Kind {
    Count { from, to, absent: Some(absent) }
}

const fn flag(absent: bool) -> Kind {
    Flag(Some(absent))
}

const fn word(of: &'static [&'static str], absent: &'static str) -> Kind {
    Word { of, absent: Some(absent) }
}

const fn events(of: &'static [&'static str]) -> Kind {
    Words { of, absent: STATUS_EVENTS }
}

/// The shape of the element with this name.
pub(super) fn shape(name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.name == name)
}

/// `<Response>` of a voice document and of a messaging document.
pub(super) static VOICE: Shape = Shape {
    name: "Response",
    attributes: &[],
    children: &[
        "Say", "Play", "Pause", "Gather", "Record", "Dial", "Enqueue", "Leave", "Redirect", "Hangup", "Reject",
        "Refer", "Connect", "Start", "Stop", "Pay", "Prompt", "Echo", "Queue", "Sms",
    ],
    text: false,
    role: Role::Run,
};
pub(super) static MESSAGING: Shape =
    Shape { name: "Response", attributes: &[], children: &["Message", "Redirect"], text: false, role: Role::Run };

const SSML: &[&str] = &["break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"];
const SSML_IN_P: &[&str] = &["break", "emphasis", "lang", "phoneme", "prosody", "s", "say-as", "sub", "w"];
const SSML_IN_S: &[&str] = &["break", "emphasis", "lang", "phoneme", "prosody", "say-as", "sub", "w"];
const SSML_IN_W: &[&str] = &["break", "emphasis", "phoneme", "say-as", "sub"];

const fn ssml(name: &'static str, attributes: &'static [Attribute], children: &'static [&'static str]) -> Shape {
    Shape { name, attributes, children, text: true, role: Role::Run }
}

const fn closed(name: &'static str, what: &'static str) -> Shape {
    Shape { name, attributes: &[], children: &[], text: true, role: Role::Closed(what) }
}

/// Attributes of a noun that is a leg of its own, after `url` and `method`.
macro_rules! leg_attributes {
    ($($first:expr),* $(,)?) => {
        &[
            $($first,)*
            named("statusCallback", Url),
            named("statusCallbackMethod", Method),
            named("statusCallbackEvent", events(CALL_EVENTS)),
            named("machineDetection", Text),
            named("machineDetectionTimeout", Text),
            named("machineDetectionSpeechThreshold", Text),
            named("machineDetectionSpeechEndThreshold", Text),
            named("machineDetectionSilenceTimeout", Text),
            named("amdStatusCallback", Url),
            named("amdStatusCallbackMethod", Method),
        ]
    };
}

static SHAPES: &[Shape] = &[
    // 2.1
    Shape {
        name: "Say",
        attributes: &[
            run("voice", Text),
            run("language", Language(Some(SAY_LANGUAGE))),
            run("loop", count(0, ANY, LOOP)),
        ],
        children: SSML,
        text: true,
        role: Role::Run,
    },
    // 2.2
    Shape {
        name: "Play",
        attributes: &[run("loop", count(0, ANY, LOOP)), run("digits", Tones)],
        children: &[],
        text: true,
        role: Role::Run,
    },
    // 2.3
    Shape {
        name: "Pause",
        attributes: &[run("length", count(1, ANY, PAUSE_LENGTH_S))],
        children: &[],
        text: false,
        role: Role::Run,
    },
    // 2.4
    Shape {
        name: "Gather",
        attributes: &[
            run("action", Url),
            run("method", Method),
            run("input", Words { of: &["dtmf", "speech"], absent: GATHER_INPUT }),
            run("timeout", CountOrAuto { from: 1, absent: Some(GATHER_TIMEOUT_S) }),
            run("numDigits", Count { from: 1, to: ANY, absent: None }),
            run("finishOnKey", Key(GATHER_FINISH_ON_KEY)),
            run("actionOnEmptyResult", flag(GATHER_ACTION_ON_EMPTY_RESULT)),
            run("bargeIn", flag(GATHER_BARGE_IN)),
            named("speechTimeout", CountOrAuto { from: 1, absent: None }),
            named("maxSpeechTime", count(1, 60, GATHER_MAX_SPEECH_TIME_S)),
            named("language", Language(Some(GATHER_LANGUAGE))),
            named("hints", Text),
            named("speechModel", Text),
            named("enhanced", Flag(None)),
            named("profanityFilter", flag(GATHER_PROFANITY_FILTER)),
            named("debug", Flag(None)),
            named("partialResultCallback", Url),
            named("partialResultCallbackMethod", Method),
        ],
        children: &["Say", "Play", "Pause"],
        text: false,
        role: Role::Run,
    },
    // 2.5
    Shape {
        name: "Record",
        attributes: &[
            named("action", Url),
            named("method", Method),
            named("timeout", count(0, ANY, RECORD_TIMEOUT_S)),
            named("finishOnKey", Keys(RECORD_FINISH_ON_KEY)),
            named("maxLength", count(1, ANY, RECORD_MAX_LENGTH_S)),
            named("playBeep", flag(RECORD_PLAY_BEEP)),
            named("trim", word(TRIM, RECORD_TRIM)),
            named("recordingStatusCallback", Url),
            named("recordingStatusCallbackMethod", Method),
            named("recordingStatusCallbackEvent", events(RECORDING_EVENTS)),
            named("transcribe", flag(RECORD_TRANSCRIBE)),
            named("transcribeCallback", Url),
            named("recordingConfigurationId", Text),
        ],
        children: &[],
        text: false,
        role: Role::Named("a recording of the caller"),
    },
    // 2.6
    Shape {
        name: "Dial",
        attributes: &[
            run("action", Url),
            run("method", Method),
            run("timeout", count(5, 600, DIAL_TIMEOUT_S)),
            run("timeLimit", count(1, 86_400, DIAL_TIME_LIMIT_S)),
            run("callerId", Text),
            run("hangupOnStar", flag(DIAL_HANGUP_ON_STAR)),
            run("answerOnBridge", flag(DIAL_ANSWER_ON_BRIDGE)),
            run("sequential", flag(DIAL_SEQUENTIAL)),
            named("ringTone", Text),
            named(
                "record",
                word(
                    &[
                        "do-not-record",
                        "record-from-answer",
                        "record-from-answer-dual",
                        "record-from-ringing",
                        "record-from-ringing-dual",
                        "true",
                        "false",
                    ],
                    DIAL_RECORD,
                ),
            ),
            named("trim", word(TRIM, DIAL_TRIM)),
            named("recordingTrack", word(&["both", "inbound", "outbound"], DIAL_RECORDING_TRACK)),
            named("recordingStatusCallback", Url),
            named("recordingStatusCallbackMethod", Method),
            named("recordingStatusCallbackEvent", events(RECORDING_EVENTS)),
            named("callReason", Text),
            named("referUrl", Url),
            named("referMethod", Method),
            named("events", Text),
            named("passports", Text),
            named("recordingConfigurationId", Text),
        ],
        children: &["Number", "Sip", "Client", "Conference", "Queue", "Application", "WhatsApp", "Sim"],
        text: true,
        role: Role::Run,
    },
    // 2.7
    Shape {
        name: "Number",
        attributes: leg_attributes!(
            run("sendDigits", Tones),
            run("url", Url),
            run("method", Method),
            named("byoc", Text)
        ),
        children: &[],
        text: true,
        role: Role::Run,
    },
    Shape {
        name: "Sip",
        attributes: leg_attributes!(
            run("url", Url),
            run("method", Method),
            named("username", Text),
            named("password", Text)
        ),
        children: &["Headers", "Uri"],
        text: true,
        role: Role::Run,
    },
    Shape { name: "Uri", attributes: &[], children: &[], text: true, role: Role::Run },
    closed("Headers", "headers of the SIP request"),
    Shape {
        name: "Client",
        attributes: leg_attributes!(named("url", Url), named("method", Method)),
        children: &["Identity", "Parameter"],
        text: true,
        role: Role::Named("a call to an application's user"),
    },
    Shape { name: "Identity", attributes: &[], children: &[], text: true, role: Role::Run },
    closed("Parameter", "a value for the other side"),
    // 4.4
    Shape {
        name: "Conference",
        attributes: &[
            run("muted", flag(CONFERENCE_MUTED)),
            run("startConferenceOnEnter", flag(CONFERENCE_START_ON_ENTER)),
            run("endConferenceOnExit", flag(CONFERENCE_END_ON_EXIT)),
            run("beep", word(&["true", "false", "onEnter", "onExit"], CONFERENCE_BEEP)),
            run("waitUrl", Url),
            run("waitMethod", Method),
            run("maxParticipants", count(2, 250, CONFERENCE_MAX_PARTICIPANTS)),
            named("record", word(&["do-not-record", "record-from-start"], CONFERENCE_RECORD)),
            named("trim", word(TRIM, CONFERENCE_TRIM)),
            named("participantLabel", Text),
            named("coach", Text),
            named("region", Word { of: &["us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1"], absent: None }),
            named("jitterBufferSize", word(&["large", "medium", "small", "off"], CONFERENCE_JITTER_BUFFER)),
            named("statusCallback", Url),
            named("statusCallbackMethod", Method),
            named(
                "statusCallbackEvent",
                Words {
                    of: &["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"],
                    absent: &[],
                },
            ),
            named("recordingStatusCallback", Url),
            named("recordingStatusCallbackMethod", Method),
            named("recordingStatusCallbackEvent", events(RECORDING_EVENTS)),
            named("eventCallbackUrl", Url),
            named("recordingConfigurationId", Text),
        ],
        children: &[],
        text: true,
        role: Role::Run,
    },
    // As a noun of Dial, and as an old verb.
    Shape {
        name: "Queue",
        attributes: &[
            named("url", Url),
            named("method", Method),
            named("reservationSid", Text),
            named("postWorkActivitySid", Text),
        ],
        children: &[],
        text: true,
        role: Role::Named("the front of a queue"),
    },
    Shape {
        name: "Application",
        attributes: leg_attributes!(
            named("url", Url),
            named("method", Method),
            named("customerId", Text),
            named("copyParentTo", Flag(None))
        ),
        children: &["ApplicationSid", "Parameter"],
        text: true,
        role: Role::Named("a call to an application"),
    },
    Shape { name: "ApplicationSid", attributes: &[], children: &[], text: true, role: Role::Run },
    Shape {
        name: "WhatsApp",
        attributes: leg_attributes!(named("url", Url), named("method", Method)),
        children: &[],
        text: true,
        role: Role::Named("a call over WhatsApp"),
    },
    Shape {
        name: "Sim",
        attributes: leg_attributes!(named("url", Url), named("method", Method)),
        children: &[],
        text: true,
        role: Role::Named("a call to a SIM card"),
    },
    // 2.8
    Shape {
        name: "Enqueue",
        attributes: &[
            named("action", Url),
            named("method", Method),
            named("maxQueueSize", count(1, 5000, ENQUEUE_MAX_SIZE)),
            named("waitUrl", Url),
            named("waitUrlMethod", Method),
            named("workflowSid", Text),
        ],
        children: &["Task"],
        text: true,
        role: Role::Named("waiting in a queue"),
    },
    closed("Task", "a task of a call centre"),
    Shape { name: "Leave", attributes: &[], children: &[], text: false, role: Role::Named("leaving a queue") },
    Shape { name: "Redirect", attributes: &[run("method", Method)], children: &[], text: true, role: Role::Run },
    Shape { name: "Hangup", attributes: &[], children: &["Parameter"], text: false, role: Role::Run },
    Shape {
        name: "Reject",
        attributes: &[run("reason", word(&["rejected", "busy"], REJECT_REASON))],
        children: &["Parameter"],
        text: false,
        role: Role::Run,
    },
    Shape {
        name: "Refer",
        attributes: &[named("action", Url), named("method", Method)],
        children: &["Sip"],
        text: false,
        role: Role::Named("a transfer by SIP REFER"),
    },
    Shape {
        name: "Sms",
        attributes: &[
            named("to", Text),
            named("from", Text),
            named("action", Url),
            named("method", Method),
            named("statusCallback", Url),
        ],
        children: &[],
        text: true,
        role: Role::Named("a text message during a call"),
    },
    closed("Connect", "a connection to another service"),
    closed("Start", "a stream beside the call"),
    closed("Stop", "the end of a stream beside the call"),
    closed("Pay", "a payment"),
    closed("Prompt", "words of a payment"),
    closed("Echo", "an echo of the caller"),
    // 1.3
    Shape {
        name: "Message",
        attributes: &[
            run("to", Text),
            run("from", Text),
            run("action", Url),
            run("method", Method),
            named("statusCallback", Url),
        ],
        children: &["Body", "Media"],
        text: true,
        role: Role::Run,
    },
    Shape { name: "Body", attributes: &[], children: &[], text: true, role: Role::Run },
    Shape { name: "Media", attributes: &[], children: &[], text: true, role: Role::Run },
    // 1.2
    Shape {
        name: "break",
        attributes: &[
            run("strength", Word { of: &["none", "x-weak", "weak", "medium", "strong", "x-strong"], absent: None }),
            run("time", Text),
        ],
        children: &[],
        text: false,
        role: Role::Run,
    },
    ssml("emphasis", &[named("level", Word { of: &["strong", "moderate", "reduced"], absent: None })], SSML_IN_S),
    ssml("lang", &[named("xml:lang", Language(None))], SSML),
    ssml("p", &[], SSML_IN_P),
    ssml("phoneme", &[named("alphabet", Word { of: &["ipa", "x-sampa"], absent: None }), named("ph", Text)], &[]),
    ssml("prosody", &[named("volume", Text), named("rate", Text), named("pitch", Text)], SSML),
    ssml("s", &[], SSML_IN_S),
    ssml(
        "say-as",
        &[
            named(
                "interpret-as",
                Word {
                    of: &[
                        "characters",
                        "spell-out",
                        "cardinal",
                        "number",
                        "ordinal",
                        "digits",
                        "fraction",
                        "unit",
                        "date",
                        "time",
                        "address",
                        "expletive",
                        "telephone",
                    ],
                    absent: None,
                },
            ),
            named(
                "format",
                Word { of: &["mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd"], absent: None },
            ),
        ],
        &[],
    ),
    ssml("sub", &[named("alias", Text)], &[]),
    ssml("w", &[named("role", Text)], SSML_IN_W),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_child_has_a_shape_and_every_name_stands_once() {
        for parent in SHAPES.iter().chain([&VOICE, &MESSAGING]) {
            for child in parent.children {
                assert!(shape(child).is_some(), "`{child}` in `{}`", parent.name);
            }
            for (at, attribute) in parent.attributes.iter().enumerate() {
                let twice = parent.attributes.iter().skip(at + 1).any(|other| other.name == attribute.name);
                assert!(!twice, "`{}` of `{}` stands twice", attribute.name, parent.name);
            }
        }
        for (at, one) in SHAPES.iter().enumerate() {
            assert!(!SHAPES.iter().skip(at + 1).any(|other| other.name == one.name), "`{}` stands twice", one.name);
        }
    }
}
