//! A document as a provider would execute it: every value is in its range, every default is filled in.

use super::{RejectReason, TwimlFinding};
use crate::base::Digit;

/// A document that was read. What could not be taken as written is among the findings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Document {
    pub verbs: Vec<ReadVerb>,
    pub findings: Vec<TwimlFinding>,
}

/// What stood in the `<Response>`, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadVerb {
    Say(ReadSay),
    Play(ReadPlay),
    Pause(ReadPause),
    Gather(ReadGather),
    Redirect(ReadRedirect),
    Dial(ReadDial),
    Hangup,
    Reject(RejectReason),
    /// In a messaging document only.
    Message(ReadMessage),
    /// Known and not executed: Record, Enqueue, Leave, Refer, Sms, Connect, Start, Stop, Pay, Prompt, Echo.
    Other(ReadOther),
}

/// `method` of any element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Method {
    Get,
    #[default]
    Post,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// Attributes that are known and not executed, with their values; those absent and without a default are not in it.
pub type Unexecuted = Vec<(&'static str, String)>;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadSay {
    pub voice: String,
    pub language: String,
    /// 1 to 1000.
    pub rounds: u32,
    /// Without tags, white space collapsed, never empty.
    pub words: String,
    /// The pauses of all `<break>` in the words together, in milliseconds.
    pub pause_ms: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadPlay {
    pub what: PlayWhat,
    /// 1 to 1000.
    pub rounds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlayWhat {
    /// The address of a sound, relative to the document's.
    Sound(String),
    /// `0` to `9`, `A` to `D`, `#`, `*`; `w` waits half a second, `W` a second.
    Tones(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadPause {
    /// Seconds, at least 1.
    pub length_s: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadGather {
    /// Absent or blank: the document's own address.
    pub action: Option<String>,
    pub method: Method,
    /// `input` contains `dtmf`.
    pub keys: bool,
    /// `input` contains `speech`.
    pub speech: bool,
    /// Seconds of silence, at least 1; `auto` leaves it to the provider.
    pub timeout_s: Option<u32>,
    /// At least 1; absent means no limit.
    pub num_digits: Option<u32>,
    /// Absent means that no key finishes: `#` and `*` are ordinary input.
    pub finish_on_key: Option<Digit>,
    pub action_on_empty_result: bool,
    pub barge_in: bool,
    pub prompts: Vec<ReadPrompt>,
    pub unexecuted: Unexecuted,
}

/// What may stand in a `<Gather>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadPrompt {
    Say(ReadSay),
    /// A sound; tones may not be played here.
    Play(ReadPlay),
    Pause(ReadPause),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadRedirect {
    /// Blank: the document's own address.
    pub url: String,
    pub method: Method,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadDial {
    /// Absent: the next verb runs. Blank: the document's own address.
    pub action: Option<String>,
    pub method: Method,
    /// 5 to 600.
    pub timeout_s: u32,
    /// 1 to 86400.
    pub time_limit_s: u32,
    /// Absent: the caller's own number.
    pub caller_id: Option<String>,
    pub hangup_on_star: bool,
    pub answer_on_bridge: bool,
    pub sequential: bool,
    /// A bare number or `sip:` address is the noun it means.
    pub nouns: Vec<ReadNoun>,
    pub unexecuted: Unexecuted,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadNoun {
    Number(ReadNumber),
    Sip(ReadSip),
    Conference(ReadConference),
    /// Known and not executed: Client, Queue, Application, WhatsApp, Sim.
    Other(ReadOther),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadNumber {
    pub number: String,
    /// Tones sent after the callee answers.
    pub send_digits: Option<String>,
    /// The whisper document.
    pub url: Option<String>,
    pub method: Method,
    pub unexecuted: Unexecuted,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadSip {
    /// With its parameters and headers, as written.
    pub uri: String,
    /// The whisper document.
    pub url: Option<String>,
    pub method: Method,
    pub unexecuted: Unexecuted,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadConference {
    pub room: String,
    pub muted: bool,
    /// `true`, `false`, `onEnter` or `onExit`.
    pub beep: String,
    pub start_on_enter: bool,
    pub end_on_exit: bool,
    /// 2 to 250.
    pub max_participants: u32,
    /// What is heard until the conference starts. Absent: the provider's music; blank: silence.
    pub wait_url: Option<String>,
    pub wait_method: Method,
    pub unexecuted: Unexecuted,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadMessage {
    /// All bodies, joined. May be empty when there is media.
    pub body: String,
    /// At most 10 addresses.
    pub media: Vec<String>,
    /// Absent: the sender.
    pub to: Option<String>,
    /// Absent: the receiver.
    pub from: Option<String>,
    /// Absent: the next verb runs.
    pub action: Option<String>,
    pub method: Method,
    pub unexecuted: Unexecuted,
}

/// An element that is known and not executed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadOther {
    pub element: &'static str,
    /// In the order of the reference, defaults filled in.
    pub attributes: Unexecuted,
    /// Its text: a queue's name, an identity, an address.
    pub content: String,
}
