//! `provider`: the doors to the telephone network, one file or folder a provider: is this request really from the provider,
//! what does it say in our words, and how is our answer written in the provider's.
//!
//! Contract: a request is checked before anything in it is believed; what a provider adds or leaves out is never an
//! error unless nothing can be answered without it; an answer dials the desk's line only, and shows it our own number.
//! Must never know: SQL, the menu files, clocks, which step comes next.

mod door;
pub mod kannel;
mod text;
pub mod twilio;

pub use door::{Door, Proof};
pub use text::{Received, Refused, Reply, TextDoor};

use crate::base::{CallSid, Digit, Party};
use crate::flow::DialStatus;
use jiff::Timestamp;
use std::fmt;

/// One leg of a call, as a request about it says. It prints itself without numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The account at the provider; empty when the request does not say.
    pub account: String,
    pub sid: CallSid,
    pub from: Party,
    /// What was dialled, as the provider writes it; empty when the request does not say. On a caller's leg it is one of
    /// our numbers, on a counsellor's leg the counsellor's line.
    pub to: String,
    /// The status is a final one: the leg is over, and whatever we answer is not heard.
    pub ended: bool,
}

/// A request of the provider about a call. What it asks for is said by the address it was sent to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoiceRequest {
    pub call: Call,
    /// The key that was pressed; `None` also when the request has keys and the first is none of the twelve.
    pub digit: Option<Digit>,
    /// How the attempt to reach a counsellor ended; `None` when the request is about something else.
    pub dial: Option<DialResult>,
    /// On a counsellor's leg: the caller's leg.
    pub parent: Option<CallSid>,
}

impl VoiceRequest {
    /// Whether the counsellor takes the call: key 1 and no other, so that a pocket or a voicemail takes none.
    pub fn accepts(&self) -> bool {
        self.digit.is_some() && self.digit == Digit::of_option(0)
    }
}

/// What a provider tells of an attempt to reach a counsellor. By itself it proves little: see [`DialResult::talked`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DialResult {
    pub status: DialStatus,
    /// Whether the two legs were connected, where the provider says so.
    pub bridged: Option<bool>,
    /// How long they were connected, in seconds, where the provider says so.
    pub seconds: Option<u32>,
}

impl DialResult {
    /// A connection longer than this was a talk, if nothing better is known: the whisper and the wait for a key are
    /// shorter.
    pub const TALK_S: u32 = 20;

    /// Whether caller and counsellor talked. `accepted` is what the lease says, `None` if there is no lease to ask.
    ///
    /// A counsellor who picks up and does not take the call leaves `completed` at one provider and `no-answer` at
    /// another (twiml reference 4.1, 4.2); our own record is right under both, and comes first.
    pub fn talked(&self, accepted: Option<bool>) -> bool {
        self.status == DialStatus::Completed
            && accepted.or(self.bridged).unwrap_or_else(|| self.seconds.is_some_and(|seconds| seconds > Self::TALK_S))
    }
}

/// A text message to us. It prints itself without numbers and words.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The provider's name for the message, 1 to 255 bytes.
    pub id: String,
    pub from: Party,
    /// Which of our numbers it was sent to, as the provider writes it; empty when the request does not say.
    pub to: String,
    pub body: String,
    /// When it was sent or received, where the door has a clock; to the second.
    pub sent_at: Option<Timestamp>,
    /// The provider has answered it already (a stop or help word of its own list); our answer would not be sent.
    pub answered_by_provider: bool,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("from", &self.from).field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_they_talked() {
        use DialStatus::*;
        let case = |status, accepted, bridged, seconds, talked: bool| {
            let result = DialResult { status, bridged, seconds };
            assert_eq!(result.talked(accepted), talked, "{result:?} {accepted:?}");
        };
        // The lease decides, whatever the provider thinks of a leg that picked up.
        case(Completed, Some(true), Some(true), Some(300), true);
        case(Completed, Some(true), None, None, true);
        case(Completed, Some(false), None, Some(40), false);
        case(Completed, Some(false), Some(false), Some(8), false);
        // Pressed 1 and was gone before it was connected, or it never was completed.
        case(NoAnswer, Some(true), None, None, false);
        // No lease: what the provider knows, and at last the length.
        case(Completed, None, Some(true), Some(3), true);
        case(Completed, None, Some(false), Some(300), false);
        case(Completed, None, None, Some(20), false);
        case(Completed, None, None, Some(21), true);
        case(Completed, None, None, None, false);
        for status in [Busy, NoAnswer, Failed, Canceled] {
            case(status, None, Some(true), Some(300), false);
        }
    }

    #[test]
    fn requests_print_themselves_without_numbers_and_words() {
        let call = Call {
            account: "AC1".into(),
            sid: CallSid::new("CA1").unwrap(),
            from: Party::from_wire("+447700900123"),
            to: "+447700900456".into(),
            ended: false,
        };
        let text = Text {
            id: "SM1".into(),
            from: call.from.clone(),
            to: call.to.clone(),
            body: "231".into(),
            sent_at: None,
            answered_by_provider: false,
        };
        let printed = format!("{call:?} {text:?}");
        assert_eq!(printed, "Call { from: Number(+***), ended: false, .. } Text { from: Number(+***), .. }");
    }

    #[test]
    fn only_key_one_takes_a_call() {
        let request = |digit| VoiceRequest {
            call: Call {
                account: String::new(),
                sid: CallSid::new("CA2").unwrap(),
                from: Party::Withheld,
                to: String::new(),
                ended: false,
            },
            digit,
            dial: None,
            parent: None,
        };
        for name in "0123456789*#".chars() {
            assert_eq!(request(Digit::new(name)).accepts(), name == '1', "{name}");
        }
        assert!(!request(None).accepts());
    }
}
