//! What a provider does when an attribute is absent (twiml reference 2). Durations are whole seconds.

use crate::base::Digit;

/// The account's setting at the provider; `man` where nobody changed it.
pub const SAY_VOICE: &str = "man";
pub const SAY_LANGUAGE: &str = "en-US";
/// `loop` of Say and Play.
pub const LOOP: u32 = 1;
/// `loop="0"` goes on until hang-up; the provider stops here.
pub const MAX_ROUNDS: u32 = 1000;
pub const PAUSE_LENGTH_S: u32 = 1;

pub const GATHER_TIMEOUT_S: u32 = 5;
pub const GATHER_FINISH_ON_KEY: Digit = Digit::HASH;
pub const GATHER_ACTION_ON_EMPTY_RESULT: bool = false;
pub const GATHER_BARGE_IN: bool = true;
pub const GATHER_INPUT: &[&str] = &["dtmf"];
pub const GATHER_LANGUAGE: &str = "en-US";
pub const GATHER_MAX_SPEECH_TIME_S: u32 = 60;
pub const GATHER_PROFANITY_FILTER: bool = true;

pub const RECORD_TIMEOUT_S: u32 = 5;
/// Unlike Gather's this is a set: any one of these keys ends a recording.
pub const RECORD_FINISH_ON_KEY: &str = "1234567890*#";
pub const RECORD_MAX_LENGTH_S: u32 = 3600;
pub const RECORD_PLAY_BEEP: bool = true;
/// The opposite of [`DIAL_TRIM`].
pub const RECORD_TRIM: &str = "trim-silence";
pub const RECORD_TRANSCRIBE: bool = false;

pub const DIAL_TIMEOUT_S: u32 = 30;
pub const DIAL_TIME_LIMIT_S: u32 = 14_400;
pub const DIAL_HANGUP_ON_STAR: bool = false;
pub const DIAL_ANSWER_ON_BRIDGE: bool = false;
pub const DIAL_SEQUENTIAL: bool = false;
pub const DIAL_RECORD: &str = "do-not-record";
pub const DIAL_TRIM: &str = "do-not-trim";
pub const DIAL_RECORDING_TRACK: &str = "both";

pub const CONFERENCE_MUTED: bool = false;
pub const CONFERENCE_BEEP: &str = "true";
pub const CONFERENCE_START_ON_ENTER: bool = true;
pub const CONFERENCE_END_ON_EXIT: bool = false;
pub const CONFERENCE_MAX_PARTICIPANTS: u32 = 250;
pub const CONFERENCE_RECORD: &str = "do-not-record";
pub const CONFERENCE_TRIM: &str = "trim-silence";
pub const CONFERENCE_JITTER_BUFFER: &str = "large";

pub const ENQUEUE_MAX_SIZE: u32 = 1000;
pub const REJECT_REASON: &str = "rejected";
/// When a status callback is set without its events.
pub const STATUS_EVENTS: &[&str] = &["completed"];
