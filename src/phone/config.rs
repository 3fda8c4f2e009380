//! Who calls whom, and which reading of the reference is played.

use super::speech::{Speech, estimated_speech};
use crate::twiml::Method;
use std::sync::Arc;

/// One call, and how its provider behaves.
#[derive(Clone)]
pub struct PhoneConfig {
    pub account_sid: String,
    pub call_sid: String,
    /// What the network says of the caller; may be empty or a word.
    pub from: String,
    pub to: String,
    /// Absolute; `http` or `https`.
    pub start_url: String,
    pub start_method: Method,
    /// Asked by POST when a document cannot be had.
    pub fallback_url: Option<String>,
    /// Told by POST when the call has ended.
    pub status_callback: Option<String>,
    /// Numbers that may stand as `callerId` besides `from` and `to`.
    pub caller_ids: Vec<String>,
    /// Sent with every request besides the standard parameters, such as `ForwardedFrom`.
    pub extra_params: Vec<(String, String)>,
    pub media: Media,
    /// How long something sounds, in milliseconds.
    pub speech: Speech,
    pub readings: Readings,
}

impl PhoneConfig {
    /// A call at a provider where nothing else was set up.
    pub fn new(account_sid: &str, call_sid: &str, from: &str, to: &str, start_url: &str) -> PhoneConfig {
        PhoneConfig {
            account_sid: account_sid.to_owned(),
            call_sid: call_sid.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            start_url: start_url.to_owned(),
            start_method: Method::Post,
            fallback_url: None,
            status_callback: None,
            caller_ids: Vec::new(),
            extra_params: Vec::new(),
            media: Media::Fetched,
            speech: Arc::new(estimated_speech),
            readings: Readings::ONE,
        }
    }
}

/// A step of a call that a status callback can be told (twiml reference 2.7, 5.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallEvent {
    /// It leaves the provider.
    Initiated,
    Ringing,
    Answered,
    /// It is over, however.
    Completed,
}

impl CallEvent {
    pub const ALL: [CallEvent; 4] =
        [CallEvent::Initiated, CallEvent::Ringing, CallEvent::Answered, CallEvent::Completed];

    /// As in `StatusCallbackEvent`.
    pub fn as_str(self) -> &'static str {
        match self {
            CallEvent::Initiated => "initiated",
            CallEvent::Ringing => "ringing",
            CallEvent::Answered => "answered",
            CallEvent::Completed => "completed",
        }
    }
}

/// Whether the sounds of Play are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Media {
    /// By a plain GET before they are played, each once a call.
    Fetched,
    /// They are taken to be there.
    Assumed,
}

/// Where the reference marks doubt, or providers differ: one reading each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readings {
    pub refused_whisper: RefusedWhisper,
    pub dial_bridged: DialBridged,
    pub empty_digits: EmptyDigits,
    pub finished_on_key: FinishedOnKey,
    pub after_hang_up: AfterHangUp,
    pub last_requests: LastRequests,
    pub failed_sound: FailedSound,
    pub ring_time: RingTime,
    pub several: Several,
}

impl Readings {
    /// The first reading of everything.
    pub const ONE: Readings = Readings {
        refused_whisper: RefusedWhisper::Completed,
        dial_bridged: DialBridged::Sent,
        empty_digits: EmptyDigits::Absent,
        finished_on_key: FinishedOnKey::Sent,
        after_hang_up: AfterHangUp::ActionAsked,
        last_requests: LastRequests::ActionFirst,
        failed_sound: FailedSound::GoesOn,
        ring_time: RingTime::AsAsked,
        several: Several::PickUpWins,
    };
    /// The other reading of everything.
    pub const OTHER: Readings = Readings {
        refused_whisper: RefusedWhisper::NoAnswer,
        dial_bridged: DialBridged::Absent,
        empty_digits: EmptyDigits::Empty,
        finished_on_key: FinishedOnKey::Absent,
        after_hang_up: AfterHangUp::NothingAsked,
        last_requests: LastRequests::StatusFirst,
        failed_sound: FailedSound::EndsTheCall,
        ring_time: RingTime::FiveSecondsMore,
        several: Several::AcceptanceWins,
    };
}

impl Default for Readings {
    fn default() -> Readings {
        Readings::ONE
    }
}

/// `DialCallStatus` when a callee picked up and was not bridged (4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusedWhisper {
    Completed,
    /// `canceled` when it was the caller who left.
    NoAnswer,
}

/// The newer parameter `DialBridged` (4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialBridged {
    Sent,
    Absent,
}

/// `Digits` when an action is asked without input (3.1, 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmptyDigits {
    Absent,
    Empty,
}

/// `FinishedOnKey` on a Gather's action (5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FinishedOnKey {
    Sent,
    Absent,
}

/// A Dial's action when the caller hung up (3, 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterHangUp {
    ActionAsked,
    NothingAsked,
}

/// Which notice comes first after a hang-up (12, 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LastRequests {
    ActionFirst,
    StatusFirst,
}

/// A sound that cannot be had (3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailedSound {
    GoesOn,
    EndsTheCall,
}

/// Which of several who ring at once has the call (4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Several {
    /// The first to pick up: the others stop ringing, even before she accepts.
    PickUpWins,
    /// The first to accept: the others ring, and hear their whispers, until then.
    AcceptanceWins,
}

/// How long a callee's phone really rings (2.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingTime {
    AsAsked,
    FiveSecondsMore,
}
