//! What we write, as a provider reads it, without a detour through XML.

use super::defaults;
use super::document::*;
use super::read::collapsed;
use super::types::*;
use super::write::allowed;
use crate::base::Digit;

impl From<&VoiceResponse> for Document {
    fn from(response: &VoiceResponse) -> Document {
        Document { verbs: response.verbs.iter().map(verb).collect(), findings: Vec::new() }
    }
}

impl From<&MessagingResponse> for Document {
    fn from(response: &MessagingResponse) -> Document {
        let body = response.message.as_deref().map(value).filter(|body| !body.is_empty());
        let verbs = body.map(|body| {
            ReadVerb::Message(ReadMessage {
                body,
                media: Vec::new(),
                to: None,
                from: None,
                action: None,
                method: Method::Post,
                unexecuted: Vec::new(),
            })
        });
        Document { verbs: verbs.into_iter().collect(), findings: Vec::new() }
    }
}

fn verb(verb: &Verb) -> ReadVerb {
    match verb {
        Verb::Say(one) => ReadVerb::Say(say(one)),
        Verb::Play(one) => ReadVerb::Play(play(one)),
        Verb::Gather(gather) => ReadVerb::Gather(ReadGather {
            action: Some(value(&gather.action)),
            method: Method::Post,
            keys: true,
            speech: false,
            timeout_s: Some(u32::from(gather.timeout_s)),
            num_digits: Some(match gather.keys {
                Keys::One => 1,
                Keys::UpTo(most) => u32::from(most),
            }),
            finish_on_key: match gather.keys {
                Keys::One => None,
                Keys::UpTo(_) => Some(Digit::HASH),
            },
            action_on_empty_result: false,
            barge_in: true,
            prompts: gather.prompts.iter().map(prompt).collect(),
            unexecuted: Vec::new(),
        }),
        Verb::Pause(seconds) => ReadVerb::Pause(ReadPause { length_s: u32::from(*seconds) }),
        Verb::Redirect(redirect) => {
            ReadVerb::Redirect(ReadRedirect { url: value(&redirect.url), method: Method::Post })
        }
        Verb::Dial(dial) => ReadVerb::Dial(ReadDial {
            action: dial.action.as_deref().map(value),
            method: Method::Post,
            timeout_s: match dial.nouns {
                Nouns::Rung { timeout_s, .. } => u32::from(timeout_s),
                Nouns::Conference(_) => defaults::DIAL_TIMEOUT_S,
            },
            time_limit_s: dial.time_limit_s,
            caller_id: Some(value(&dial.caller_id)),
            hangup_on_star: false,
            answer_on_bridge: false,
            sequential: false,
            nouns: match &dial.nouns {
                Nouns::Rung { rung, .. } => rung.iter().map(noun).collect(),
                Nouns::Conference(one) => vec![ReadNoun::Conference(conference(one))],
            },
            unexecuted: Vec::new(),
        }),
        Verb::Hangup => ReadVerb::Hangup,
        Verb::Reject(reason) => ReadVerb::Reject(*reason),
    }
}

fn conference(conference: &Conference) -> ReadConference {
    ReadConference {
        room: value(&conference.room),
        muted: defaults::CONFERENCE_MUTED,
        beep: "false".to_owned(),
        start_on_enter: conference.start_on_enter,
        end_on_exit: conference.end_on_exit,
        max_participants: 2,
        wait_url: Some(conference.wait.as_deref().map(value).unwrap_or_default()),
        wait_method: Method::Post,
        unexecuted: Vec::new(),
    }
}

fn noun(rung: &Rung) -> ReadNoun {
    let (method, unexecuted) = (Method::Post, Vec::new());
    let url = rung.whisper.as_deref().map(value);
    match &rung.noun {
        Noun::Number(number) => {
            ReadNoun::Number(ReadNumber { number: value(number), send_digits: None, url, method, unexecuted })
        }
        Noun::Sip(uri) => ReadNoun::Sip(ReadSip { uri: value(uri), url, method, unexecuted }),
    }
}

fn prompt(verb: &GatherVerb) -> ReadPrompt {
    match verb {
        GatherVerb::Say(one) => ReadPrompt::Say(say(one)),
        GatherVerb::Play(one) => ReadPrompt::Play(play(one)),
    }
}

fn say(say: &Say) -> ReadSay {
    ReadSay {
        voice: say.voice.as_deref().map_or_else(|| defaults::SAY_VOICE.to_owned(), value),
        language: value(&say.language),
        rounds: 1,
        words: collapsed(&allowed(&say.words)),
        pause_ms: 0,
    }
}

fn play(play: &Play) -> ReadPlay {
    ReadPlay { what: PlayWhat::Sound(value(&play.url)), rounds: 1 }
}

/// A value as it arrives: without what XML forbids, and without white space at its ends.
fn value(text: &str) -> String {
    allowed(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{read_messaging, read_voice};
    use super::*;
    use proptest::prelude::*;

    /// Any text, forbidden characters and markup included, that still says something.
    fn words() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[ a-z<>&\"'\\r\\n\\t\\]\u{0}-\u{8}é😀]{0,40}"]
            .prop_filter("says nothing", |words| !value(words).is_empty())
    }

    fn say_strategy() -> impl Strategy<Value = Say> {
        let voice = proptest::option::of(prop_oneof![Just("Polly.Lotte".to_owned()), words()]);
        ("[a-z]{2}-[A-Z]{2}", voice, words()).prop_map(|(language, voice, words)| Say { language, voice, words })
    }

    fn play_strategy() -> impl Strategy<Value = Play> {
        words().prop_map(|url| Play { url })
    }

    fn prompt_strategy() -> impl Strategy<Value = GatherVerb> {
        prop_oneof![say_strategy().prop_map(GatherVerb::Say), play_strategy().prop_map(GatherVerb::Play)]
    }

    fn verb_strategy() -> impl Strategy<Value = Verb> {
        let keys = prop_oneof![Just(Keys::One), (1u8..=32).prop_map(Keys::UpTo)];
        let gather = (any::<String>(), 1u8..=10, keys, proptest::collection::vec(prompt_strategy(), 0..4))
            .prop_map(|(action, timeout_s, keys, prompts)| Gather { action, timeout_s, keys, prompts });
        let noun = prop_oneof![words().prop_map(Noun::Number), words().prop_map(Noun::Sip)];
        let address = || proptest::option::of(any::<String>());
        let rung = (noun, address()).prop_map(|(noun, whisper)| Rung { noun, whisper });
        let rung = (5u8..=60, proptest::collection::vec(rung, 1..=10))
            .prop_map(|(timeout_s, rung)| Nouns::Rung { timeout_s, rung });
        let conference =
            (words(), any::<bool>(), any::<bool>(), address()).prop_map(|(room, start_on_enter, end_on_exit, wait)| {
                Nouns::Conference(Conference { room, start_on_enter, end_on_exit, wait })
            });
        let dial = (words(), 1u32..=14_400, address(), prop_oneof![rung, conference])
            .prop_map(|(caller_id, time_limit_s, action, nouns)| Dial { caller_id, time_limit_s, action, nouns });
        prop_oneof![
            say_strategy().prop_map(Verb::Say),
            play_strategy().prop_map(Verb::Play),
            gather.prop_map(Verb::Gather),
            any::<String>().prop_map(|url| Verb::Redirect(Redirect { url })),
            dial.prop_map(Verb::Dial),
            Just(Verb::Hangup),
            (1..=10_u8).prop_map(Verb::Pause),
            Just(Verb::Reject(RejectReason::Rejected)),
            Just(Verb::Reject(RejectReason::Busy)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(verbs in proptest::collection::vec(verb_strategy(), 0..6)) {
            let response = VoiceResponse { verbs };
            let xml = response.to_xml();
            prop_assume!(xml.len() <= super::super::MAX_BYTES);
            prop_assert_eq!(read_voice(xml.as_bytes()), Ok(Document::from(&response)), "{}", xml);
        }

        #[test]
        fn a_message_is_read_back_the_same(message in proptest::option::of(any::<String>())) {
            let response = MessagingResponse { message };
            let xml = response.to_xml();
            prop_assert_eq!(read_messaging(xml.as_bytes()), Ok(Document::from(&response)), "{}", xml);
        }
    }

    #[test]
    fn a_value_out_of_its_range_does_not_read_back() {
        let gather = Gather { action: "/a".into(), timeout_s: 0, keys: Keys::One, prompts: vec![] };
        let response = VoiceResponse { verbs: vec![Verb::Gather(gather)] };
        let read = read_voice(response.to_xml().as_bytes()).unwrap();
        assert_ne!(read, Document::from(&response));
        assert_eq!(read.findings.len(), 1);
    }
}
