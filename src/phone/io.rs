//! What goes into a phone and what comes out of it.

use crate::base::Digit;
use crate::twiml::{Method, RejectReason};
use std::fmt;

/// Which end of the call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Leg {
    /// The call's own leg: the caller's, or that of the telephone that was called by REST.
    Caller,
    /// Callees are counted from 0 over the whole call.
    Callee(u32),
}

/// What happened outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// Milliseconds since the call began. It never runs backwards: an earlier time is ignored.
    Time(u64),
    /// The caller pressed a key.
    Key(Digit),
    /// The caller hung up.
    HangUp,
    /// Somebody who was dialled did something.
    Callee(u32, CalleeDoes),
    /// The telephone of a call that was placed did something while it rang; ignored at any other time.
    Called(CalledDoes),
    /// The call is redirected or ended from outside. A redirection while it still rings is ignored, as a provider
    /// refuses it (21220).
    Update(Update),
    /// The answer to a request. An answer nobody waits for any more is ignored.
    Response(Response),
    FetchFailed {
        request: u64,
        why: FetchFailure,
    },
}

/// What a dialled party does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CalleeDoes {
    /// Of a conference: it starts, and what was heard until then stops.
    Answer,
    Busy,
    /// The network gives up before our ringing time is over; that itself needs no input.
    NoAnswer,
    /// The call cannot be placed. Of a conference: it cannot be entered, for it is full.
    Fail,
    Key(Digit),
    /// Of a conference: it ends.
    HangUp,
}

/// What a called telephone does, see [`super::Phone::called`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CalledDoes {
    Answer,
    Busy,
    /// The network gives up before our ringing time is over; that itself needs no input.
    NoAnswer,
    /// The call cannot be placed.
    Fail,
}

/// What the provider is told by REST to do with a running call.
#[derive(Clone, PartialEq, Eq)]
pub enum Update {
    /// What it does stops, and the document at this absolute address is asked for and run.
    Redirect { url: String, method: Method },
    /// `Status=completed`: it is hung up.
    End,
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Update::Redirect { .. } => "Redirect",
            Update::End => "End",
        })
    }
}

/// Why no answer came to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FetchFailure {
    Connect,
    TimedOut,
    TooManyRedirects,
}

/// An answer to a request, after redirects.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The id of the request it answers.
    pub request: u64,
    pub status: u16,
    pub content_type: Option<String>,
    /// The values of all `Set-Cookie` headers.
    pub set_cookie: Vec<String>,
    /// Where the answer came from when that is not where the request went.
    pub final_url: Option<String>,
    /// May be left empty for a sound.
    pub body: Vec<u8>,
}

impl Response {
    /// 200 with a TwiML document.
    pub fn twiml(request: u64, body: impl Into<Vec<u8>>) -> Response {
        Response {
            request,
            status: 200,
            content_type: Some("text/xml; charset=utf-8".to_owned()),
            set_cookie: Vec::new(),
            final_url: None,
            body: body.into(),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}: {}, {} bytes)", self.request, self.status, self.body.len())
    }
}

/// What is to be done or was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    Request(Request),
    Heard(Heard),
    /// What was last heard on this leg stopped after so many milliseconds.
    Interrupted {
        leg: Leg,
        heard_ms: u64,
    },
    /// Keys count from here on, during the prompts too.
    Listening(Listening),
    /// The provider answered the caller.
    Answered,
    Dialling(Dialling),
    /// Caller and callee hear each other, or the caller is in the conference.
    Bridged {
        callee: u32,
    },
    CalleeEnded {
        callee: u32,
        status: DialCallStatus,
    },
    Finding(CallFinding),
    Ended(End),
    /// Nothing more to do before this time; `None`: not before something else happens.
    Wait {
        until_ms: Option<u64>,
    },
}

/// A request to the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub id: u64,
    pub leg: Leg,
    pub purpose: Purpose,
    pub method: Method,
    /// As it goes over the wire: absolute, without fragment; of a GET with the parameters in its query.
    pub url: String,
    /// The parameters, decoded, in the order they are sent; of a GET they stand in `url` already.
    pub params: Vec<(String, String)>,
    pub cookies: Vec<(String, String)>,
}

/// What becomes of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Purpose {
    /// It is executed.
    Document,
    /// It is played.
    Sound,
    /// It is ignored, and nobody waits for it.
    Notice,
}

impl Request {
    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The form body; empty for a GET.
    pub fn form(&self) -> &[(String, String)] {
        match self.method {
            Method::Post => &self.params,
            Method::Get => &[],
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Numbers, keys and what a session is sealed into stay out.
        let names: Vec<&str> = self.params.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "Request({}: {:?} {} {})", self.id, self.purpose, self.method.as_str(), names.join(" "))
    }
}

/// Something that began to sound on a leg.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    pub leg: Leg,
    /// When it began.
    pub at_ms: u64,
    /// How long it lasts when nothing interrupts it.
    pub ms: u64,
    pub what: Sound,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sound {
    Say {
        language: String,
        voice: String,
        words: String,
    },
    /// The absolute address of a sound.
    Play {
        url: String,
    },
    /// As in `twiml::PlayWhat::Tones`.
    Tones(String),
    /// A Pause.
    Silence,
    /// While a callee's phone rings.
    Ringing,
    /// The provider's own words when a document could not be had. It hangs up after them.
    ApplicationError,
}

/// What a Gather waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listening {
    pub leg: Leg,
    pub num_digits: Option<u32>,
    pub finish_on_key: Option<Digit>,
    pub barge_in: bool,
}

/// A leg that begins to ring.
#[derive(Clone, PartialEq, Eq)]
pub struct Dialling {
    pub callee: u32,
    pub call_sid: String,
    pub target: Target,
    pub caller_id: String,
    pub timeout_s: u32,
}

impl fmt::Debug for Dialling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialling({}: {:?}, {} s)", self.callee, self.target, self.timeout_s)
    }
}

#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    Number(String),
    /// With parameters and headers.
    Sip(String),
    /// The caller is in it at once; nothing rings. Who else is in it, and what that means by these attributes, is known
    /// outside only, and told as what its callee does.
    Conference(Room),
}

/// A conference as its `<Conference>` asks for it (twiml reference 4.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Room {
    pub name: String,
    pub muted: bool,
    /// `true`, `false`, `onEnter` or `onExit`.
    pub beep: String,
    pub start_on_enter: bool,
    pub end_on_exit: bool,
    pub max_participants: u32,
    /// Absent: the provider's music, which is not played here; blank: silence.
    pub wait_url: Option<String>,
    pub wait_method: Method,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Target::Number(_) => "Number(+***)",
            Target::Sip(_) => "Sip(***)",
            Target::Conference(_) => "Conference",
        })
    }
}

/// How a dialled leg ended (twiml reference 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DialCallStatus {
    Completed,
    /// Of a conference.
    Answered,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

impl DialCallStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            DialCallStatus::Completed => "completed",
            DialCallStatus::Answered => "answered",
            DialCallStatus::Busy => "busy",
            DialCallStatus::NoAnswer => "no-answer",
            DialCallStatus::Failed => "failed",
            DialCallStatus::Canceled => "canceled",
        }
    }
}

/// Something a provider would note in its error log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallFinding {
    pub leg: Leg,
    /// The provider's number for it (twiml reference 11), where it has one.
    pub code: Option<u16>,
    /// Lower case, names in ticks, no full stop.
    pub words: String,
}

/// Why a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The document had no more verbs.
    OutOfVerbs,
    Hangup,
    CallerHungUp,
    /// Ended from outside, by REST.
    EndedByRest,
    /// A call that was placed and never picked up; never [`DialCallStatus::Completed`].
    NotAnswered(DialCallStatus),
    Rejected(RejectReason),
    /// No document could be had; the number is the provider's (twiml reference 11).
    Failed {
        code: u16,
    },
    /// Documents led to documents and nothing was heard.
    TooManyDocuments,
}
