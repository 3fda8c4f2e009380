//! Twilio, and those who speak exactly as it does (the webhooks of <https://www.twilio.com/docs/voice/twiml>).

pub mod answer;
pub mod form;
pub mod signature;

use super::{Door, Proof};

/// Twilio in the table of doors.
pub const DOOR: Door = Door {
    name: "twilio",
    whisper: true,
    rest_legs: true,
    conference: true,
    fragment_overrides: true,
    text_clock: false,
    text_validity: false,
    proof: Proof::Signature,
};
