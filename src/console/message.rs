//! What a page and a call say to each other: small JSON objects.

use super::counsellor::Does;
use super::lines::Which;
use crate::base::Language;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a page asks for.
#[derive(Deserialize, Debug)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Order {
    /// What can be called.
    Offers,
    /// Begins a call.
    Call {
        #[serde(flatten)]
        when: When,
        /// Its key is pressed as soon as the line asks for one.
        language: Option<Language>,
        #[serde(default)]
        counsellor: Does,
        #[serde(default)]
        voices: Vec<Language>,
    },
    /// Comes back to a call, after a reload.
    Attach {
        call: String,
        #[serde(default)]
        voices: Vec<Language>,
    },
    Text {
        #[serde(flatten)]
        when: When,
        body: String,
    },
    #[serde(untagged)]
    OfCall(OfCall),
}

/// What a page asks of its call.
#[derive(Deserialize, Debug)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum OfCall {
    Press {
        key: char,
    },
    HangUp,
    /// To the end of what is heard now, or of the wait.
    Skip,
    /// No key, until the line does something else.
    Silence,
    Counsellor {
        does: Does,
    },
    CounsellorHangsUp,
    /// The browser's own voice has ended sentence `n`.
    Voiced {
        n: u64,
    },
}

/// Which line, and when.
#[derive(Deserialize, Debug)]
pub(super) struct When {
    #[serde(default)]
    pub which: Which,
    pub at: Option<DateTime>,
    #[serde(default)]
    pub closed: bool,
}

/// What a page is told. `now`, beside each, is the call's time in milliseconds.
#[derive(Serialize, Debug)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Event {
    Offers {
        lines: Value,
    },
    Called {
        call: String,
        hotline: String,
        /// At the hotline's place.
        begins: String,
        languages: Vec<Tongue>,
    },
    /// What happened so far comes again, until [`Event::Replayed`].
    Replay,
    Replayed,
    /// There is no such call (any more).
    Gone,
    /// Another page has this call now.
    Taken,
    Refused {
        why: String,
    },
    /// The line has picked up.
    Answered,
    Exchange(Exchange),
    Here(Here),
    Sound(Sound),
    /// What sounded was cut off.
    Stopped {
        leg: Leg,
    },
    /// The clock was moved ahead: what sounds is over.
    Skipped,
    Listening {
        leg: Leg,
        barge_in: bool,
    },
    Pressed {
        key: char,
    },
    CounsellorPressed {
        key: char,
    },
    Rings,
    PicksUp,
    Talk,
    CounsellorGone {
        status: &'static str,
    },
    /// What a provider would note in its error log.
    Trouble {
        words: String,
    },
    Ended {
        why: &'static str,
    },
    TextAnswer {
        words: Option<String>,
        parts: usize,
        units: usize,
        encoding: &'static str,
    },
}

#[derive(Serialize, Debug)]
pub(super) struct Tongue {
    pub tag: String,
    pub name: String,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Leg {
    Caller,
    Counsellor,
}

/// A request and its answer.
#[derive(Serialize, Debug)]
pub(super) struct Exchange {
    pub method: &'static str,
    pub path: String,
    pub params: Vec<(String, String)>,
    /// 0 when no answer came.
    pub status: u16,
    pub answer: String,
    /// How long the answer took, in microseconds.
    pub took_us: u64,
}

/// Where the call is.
#[derive(Serialize, Debug)]
pub(super) struct Here {
    /// In a few words.
    pub place: String,
    pub node: Option<String>,
    pub language: Option<String>,
    pub keys: Vec<Key>,
    pub silence: Option<Key>,
    /// What `check` finds in this node.
    pub findings: Value,
    /// How much it finds elsewhere.
    pub elsewhere: usize,
}

#[derive(Serialize, Debug)]
pub(super) struct Key {
    pub key: Option<char>,
    /// What it would do, in English.
    pub does: String,
    /// The node it leads to.
    pub node: Option<String>,
    /// What the caller hears about it.
    pub words: Option<String>,
}

/// Something begins to sound.
#[derive(Serialize, Debug)]
pub(super) struct Sound {
    /// Counted from 1 in each call.
    pub n: u64,
    pub leg: Leg,
    pub kind: Kind,
    pub words: Option<String>,
    pub language: Option<String>,
    /// Of a recording: its path on this listener; `None` for one that is elsewhere.
    pub path: Option<String>,
    /// The keys of tones.
    pub tones: Option<String>,
    pub at_ms: u64,
    pub ms: u64,
    /// Which prompts these words are, such as `help/say/1`.
    pub prompts: Vec<String>,
    /// The browser's own voice is waited for.
    pub voiced: bool,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Say,
    Play,
    Tones,
    Silence,
    Ringing,
    ApplicationError,
}

/// As it goes over the wire.
pub(super) fn written(event: &Event, now_ms: u64) -> String {
    #[derive(Serialize)]
    struct Envelope<'e> {
        now: u64,
        #[serde(flatten)]
        event: &'e Event,
    }
    // Only a map with keys that are no text could fail.
    serde_json::to_string(&Envelope { now: now_ms, event }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let read = |text: &str| serde_json::from_str::<Order>(text);
        assert!(matches!(read(r#"{"do":"press","key":"3"}"#), Ok(Order::OfCall(OfCall::Press { key: '3' }))));
        assert!(matches!(read(r#"{"do":"hang_up"}"#), Ok(Order::OfCall(OfCall::HangUp))));
        let call = r#"{"do":"call","at":"2027-04-27T02:30","language":"nl","counsellor":"no_answer","voices":["en"]}"#;
        match read(call).unwrap() {
            Order::Call { when, language, counsellor, voices } => {
                assert_eq!(when.at, "2027-04-27T02:30".parse().ok());
                assert!(!when.closed && when.which == Which::Line && counsellor == Does::NoAnswer);
                assert_eq!((language.is_some(), voices.len()), (true, 1));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(read(r#"{"do":"offers"}"#), Ok(Order::Offers)));
        assert!(matches!(read(r#"{"do":"text","body":"HELP","which":"folder"}"#), Ok(Order::Text { .. })));
        for wrong in ["", "[]", "{}", r#"{"do":"fly"}"#, r#"{"do":"press","key":"33"}"#, r#"{"do":"call","at":"soon"}"#]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn events_are_flat() {
        let told: Value = serde_json::from_str(&written(&Event::Pressed { key: '#' }, 12)).unwrap();
        assert_eq!(told, serde_json::json!({"now": 12, "is": "pressed", "key": "#"}));
        let silence = Key { key: None, does: "ends".into(), node: None, words: None };
        let here = Here {
            place: "front door".into(),
            node: None,
            language: None,
            keys: vec![],
            silence: Some(silence),
            findings: Value::Null,
            elsewhere: 2,
        };
        let told: Value = serde_json::from_str(&written(&Event::Here(here), 0)).unwrap();
        assert_eq!((&told["is"], &told["elsewhere"]), (&"here".into(), &2.into()));
    }
}
