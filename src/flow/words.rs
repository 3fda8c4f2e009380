//! What goes into a step and what comes out of it.

use crate::base::{CounsellorSet, Digit, Gender, LeaseId};
use crate::menu::{LangIx, NodeIx, Prompt};
use jiff::Timestamp;

/// The present, as far as a step needs it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub at: Timestamp,
    pub desk: Desk,
    /// A fresh name, used if this step rings a counsellor.
    pub lease: LeaseId,
    /// Who is rung if this step rings.
    pub who: CounsellorSet,
    pub patience: Patience,
}

/// How the desk is for this caller at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Desk {
    /// Somebody can be rung for her now.
    Open,
    /// Somebody can be rung for her now, or is being rung, while she stays in the waiting loop.
    Calling,
    /// A counsellor has taken her call and waits for her.
    Taken,
    /// On duty, and talking or being rung.
    Busy,
    /// On duty, and each was rung for her already and did not take the call.
    Spent,
    Closed,
}

/// How long a caller waits, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Patience {
    /// From asking to a spoken way on, 60 to 600.
    pub wait_max_s: u16,
    /// The longest that one attempt takes: the ringing, the whisper and the wait for the counsellor's key.
    pub attempt_s: u16,
}

impl Default for Patience {
    /// Three minutes (rule TM-08, CS-24); fifteen seconds of ringing, and [`WHISPER_S`].
    fn default() -> Patience {
        Patience { wait_max_s: 180, attempt_s: 15 + WHISPER_S }
    }
}

/// The whisper, twice, and the wait for a key take no longer than this, in seconds.
pub const WHISPER_S: u16 = 30;

/// The words before a line rings for the first time take no longer than this, in seconds: rule TM-03 allows 30 at 150
/// words a minute, and a voice may be a quarter slower.
pub const WORDS_MOST_S: u16 = 38;

/// What a step asks the desk with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
    pub language: Option<LangIx>,
    /// A woman or a man, where she asked for one.
    pub gender: Option<Gender>,
    pub tried: CounsellorSet,
    /// Unix seconds since when she waits; `None` if that begins now.
    pub since_s: Option<i64>,
    /// The attempt that is under way.
    pub lease: Option<LeaseId>,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// The call began; a line of ours may skip the language question.
    Began {
        language: Option<LangIx>,
    },
    Pressed(Digit),
    /// Nobody pressed a key until the time was up.
    Silence,
    /// The attempt to reach a counsellor is over.
    DialEnded(Dialled),
}

/// How an attempt to reach a counsellor ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Dialled {
    pub status: DialStatus,
    /// Whether caller and counsellor talked, decided from the lease (`switchboard` and `provider` know how).
    pub talked: bool,
}

/// `DialCallStatus` (twiml reference 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DialStatus {
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

/// What is to be done, in this order. The last output of a step is an `Ask`, a `Hold`, a `Connect`, a `Join` or an `End`.
#[derive(Clone, PartialEq, Debug)]
pub enum Output<'h> {
    /// Says these one after the other, any key interrupts; then waits `timeout_s` (1 to 10) seconds for one key.
    Ask {
        prompts: Vec<&'h Prompt>,
        timeout_s: u8,
    },
    /// Says this; keys are dead.
    Say(&'h Prompt),
    /// In the waiting loop: this line, or else this piece of music, then waits `timeout_s` seconds for one key.
    Hold {
        line: Option<&'h Prompt>,
        piece: u8,
        timeout_s: u8,
    },
    /// Rings these counsellors under this lease.
    Connect {
        lease: LeaseId,
        who: CounsellorSet,
        language: Option<LangIx>,
        cannot_speak: bool,
    },
    /// Brings the caller together with the counsellor who took this attempt.
    Join {
        lease: LeaseId,
    },
    /// Ends the call at once.
    End,
    Count(Count),
}

/// What is counted, per day and never crossed (DESIGN, section 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Count {
    CallBegun,
    /// Once a call and language, when it is chosen.
    Language(LangIx),
    /// A node was heard for the first time in this call.
    NodeHeard(NodeIx),
    PersonAsked,
    PersonAccepted,
    NobodyFree(NobodyFree),
}

/// Why nobody came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum NobodyFree {
    Closed,
    Busy,
    NoAnswer,
    Failed,
}
