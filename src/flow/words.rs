//! What goes into a step and what comes out of it.

use crate::base::{Digit, LeaseId};
use crate::menu::{LangIx, NodeIx, Prompt};
use jiff::Timestamp;

/// The present, as far as a step needs it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub at: Timestamp,
    pub desk: Desk,
    /// A fresh name, used if this step rings a counsellor.
    pub lease: LeaseId,
}

/// Whether a counsellor can be rung at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Desk {
    Open,
    /// On duty, and talking or being rung.
    Busy,
    Closed,
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

/// What is to be done, in this order. The last output of a step is an `Ask`, a `Connect` or an `End`.
#[derive(Clone, PartialEq, Debug)]
pub enum Output<'h> {
    /// Says these one after the other, any key interrupts; then waits `timeout_s` (1 to 10) seconds for one key.
    Ask {
        prompts: Vec<&'h Prompt>,
        timeout_s: u8,
    },
    /// Says this; keys are dead.
    Say(&'h Prompt),
    /// Rings the counsellor under this lease.
    Connect {
        lease: LeaseId,
        language: Option<LangIx>,
        cannot_speak: bool,
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
