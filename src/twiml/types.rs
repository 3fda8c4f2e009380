//! What we write. Few elements, and only in nestings that every provider understands (twiml reference 1, 2).

/// An answer to a voice webhook: `<Response>`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VoiceResponse {
    pub verbs: Vec<Verb>,
}

/// What may stand in a `<Response>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verb {
    Say(Say),
    Play(Play),
    Gather(Gather),
    /// Silence for so many seconds, 1 to 10.
    Pause(u8),
    Redirect(Redirect),
    Dial(Dial),
    Hangup,
    Reject(RejectReason),
}

/// What may stand in a `<Gather>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GatherVerb {
    Say(Say),
    Play(Play),
}

/// `<Say>`. Both language and voice are always written: a provider's default would be another language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Say {
    /// BCP 47 with region, such as `nl-NL`.
    pub language: String,
    /// The provider's name for a voice; `None` leaves the choice to the provider's voice for that language.
    pub voice: Option<String>,
    /// At most 3000 characters (the smallest limit of the providers).
    pub words: String,
}

/// `<Play>` of a sound file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Play {
    pub url: String,
}

impl From<Say> for Verb {
    fn from(say: Say) -> Verb {
        Verb::Say(say)
    }
}

impl From<Play> for Verb {
    fn from(play: Play) -> Verb {
        Verb::Play(play)
    }
}

impl From<Say> for GatherVerb {
    fn from(say: Say) -> GatherVerb {
        GatherVerb::Say(say)
    }
}

impl From<Play> for GatherVerb {
    fn from(play: Play) -> GatherVerb {
        GatherVerb::Play(play)
    }
}

/// `<Gather method="POST">`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gather {
    pub action: String,
    /// Seconds, 1 to 10.
    pub timeout_s: u8,
    pub keys: Keys,
    pub prompts: Vec<GatherVerb>,
}

/// Which keys a Gather waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keys {
    /// `numDigits="1" finishOnKey=""`: one key, every key.
    One,
    /// `numDigits` of so many, 1 to 32, and `finishOnKey="#"`: keys up to `#`, which is not among them.
    UpTo(u8),
}

/// `<Redirect method="POST">`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redirect {
    pub url: String,
}

/// `<Dial>`. `caller_id` and `time_limit_s` have no default: a Dial without them cannot be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dial {
    /// The hotline's own number, E.164; never the caller's.
    pub caller_id: String,
    /// Longest talk in seconds, 1 to 14400.
    pub time_limit_s: u32,
    /// Asked when the attempt is over; `None` only in the static fallback document.
    pub action: Option<String>,
    pub nouns: Nouns,
}

/// What stands in a `<Dial>`: people, or a conference, which must stand alone (13000).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Nouns {
    /// All are rung at once. The first to pick up wins and the others stop ringing, at some providers before a whisper
    /// is accepted (4.2): several are safe only where picking up is accepting.
    Rung {
        /// How long they ring, seconds, 5 to 60.
        timeout_s: u8,
        /// 1 to 10.
        rung: Vec<Rung>,
    },
    Conference(Conference),
}

/// One who is rung.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    pub noun: Noun,
    /// The whisper document; `None` connects at pick-up.
    pub whisper: Option<String>,
}

/// Who is rung.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Noun {
    /// `<Number>`: E.164.
    Number(String),
    /// `<Sip>`: a `sip:` address.
    Sip(String),
}

/// `<Conference>` of two, without beep. The writer adds `beep="false"` and `maxParticipants="2"`; a recording cannot be
/// asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conference {
    /// The room's name, 1 to 128 characters; whoever knows it at the provider's account can enter.
    pub room: String,
    /// Whether the talk begins when this one enters; until then the others hear `wait`.
    pub start_on_enter: bool,
    /// Whether everybody's talk ends when this one leaves.
    pub end_on_exit: bool,
    /// What is heard until the talk begins: a document or a sound, asked by POST; `None` is silence, not the provider's
    /// music.
    pub wait: Option<String>,
}

/// `<Reject reason="...">`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RejectReason {
    Rejected,
    Busy,
}

/// An answer to a messaging webhook: nothing, or one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessagingResponse {
    /// At most 1600 characters.
    pub message: Option<String>,
}
