//! Specs of the reader, and documents that are none.

use super::*;
use crate::base::Digit;
use proptest::prelude::*;

fn voice(body: &str) -> Document {
    read_voice(format!("<Response>{body}</Response>").as_bytes()).unwrap()
}

/// The only verb of a document without findings.
fn only(body: &str) -> ReadVerb {
    let document = voice(body);
    assert_eq!(document.findings, [], "{body}");
    assert_eq!(document.verbs.len(), 1, "{body}");
    document.verbs.into_iter().next().unwrap()
}

fn a_say(words: &str) -> ReadSay {
    ReadSay { voice: "man".into(), language: "en-US".into(), rounds: 1, words: words.into(), pause_ms: 0 }
}

fn a_gather() -> ReadGather {
    ReadGather {
        action: None,
        method: Method::Post,
        keys: true,
        speech: false,
        timeout_s: Some(5),
        num_digits: None,
        finish_on_key: Some(Digit::HASH),
        action_on_empty_result: false,
        barge_in: true,
        prompts: vec![],
        unexecuted: vec![],
    }
}

fn a_dial(nouns: Vec<ReadNoun>) -> ReadDial {
    ReadDial {
        action: None,
        method: Method::Post,
        timeout_s: 30,
        time_limit_s: 14_400,
        caller_id: None,
        hangup_on_star: false,
        answer_on_bridge: false,
        sequential: false,
        nouns,
        unexecuted: vec![],
    }
}

fn a_number(number: &str) -> ReadNumber {
    ReadNumber { number: number.into(), send_digits: None, url: None, method: Method::Post, unexecuted: vec![] }
}

#[test]
fn what_is_absent_has_its_default() {
    let case = |body: &str, expected: ReadVerb| assert_eq!(only(body), expected, "{body}");
    case("<Say>Hi</Say>", ReadVerb::Say(a_say("Hi")));
    case("<Play>a.wav</Play>", ReadVerb::Play(ReadPlay { what: PlayWhat::Sound("a.wav".into()), rounds: 1 }));
    case("<Pause/>", ReadVerb::Pause(ReadPause { length_s: 1 }));
    case("<Gather/>", ReadVerb::Gather(a_gather()));
    case("<Redirect/>", ReadVerb::Redirect(ReadRedirect { url: String::new(), method: Method::Post }));
    case("<Dial>+447700900001</Dial>", ReadVerb::Dial(a_dial(vec![ReadNoun::Number(a_number("+447700900001"))])));
    case("<Hangup/>", ReadVerb::Hangup);
    case("<Reject/>", ReadVerb::Reject(RejectReason::Rejected));
}

#[test]
fn what_is_written_is_taken() {
    let case = |body: &str, expected: ReadVerb| assert_eq!(only(body), expected, "{body}");
    case(
        "<Say voice=\"Polly.Lotte\" language=\"nl-NL\" loop=\"2\">\n  Goede\n  dag \n</Say>",
        ReadVerb::Say(ReadSay {
            voice: "Polly.Lotte".into(),
            language: "nl-NL".into(),
            rounds: 2,
            ..a_say("Goede dag")
        }),
    );
    case("<Say loop=\"0\">Hi</Say>", ReadVerb::Say(ReadSay { rounds: 1000, ..a_say("Hi") }));
    case(
        "<Play digits=\"12wW#*A\" loop=\"5000\"/>",
        ReadVerb::Play(ReadPlay { what: PlayWhat::Tones("12wW#*A".into()), rounds: 1000 }),
    );
    case("<Pause length=\"7\"/>", ReadVerb::Pause(ReadPause { length_s: 7 }));
    case(
        "<Gather action=\" /k?a=1&amp;b \" method=\"get\" timeout=\"auto\" numDigits=\"4\" finishOnKey=\"*\" \
         actionOnEmptyResult=\"true\" bargeIn=\"false\"><Say>a</Say><Pause/><Play>b</Play></Gather>",
        ReadVerb::Gather(ReadGather {
            action: Some("/k?a=1&b".into()),
            method: Method::Get,
            timeout_s: None,
            num_digits: Some(4),
            finish_on_key: Some(Digit::STAR),
            action_on_empty_result: true,
            barge_in: false,
            prompts: vec![
                ReadPrompt::Say(a_say("a")),
                ReadPrompt::Pause(ReadPause { length_s: 1 }),
                ReadPrompt::Play(ReadPlay { what: PlayWhat::Sound("b".into()), rounds: 1 }),
            ],
            ..a_gather()
        }),
    );
    case("<Gather finishOnKey=\"\"/>", ReadVerb::Gather(ReadGather { finish_on_key: None, ..a_gather() }));
    case("<Redirect method=\"GET\"> ?a=1 </Redirect>", {
        ReadVerb::Redirect(ReadRedirect { url: "?a=1".into(), method: Method::Get })
    });
    case("<Reject reason=\"busy\"/>", ReadVerb::Reject(RejectReason::Busy));
    case(
        "<Dial action=\"\" timeout=\"10\" timeLimit=\"60\" callerId=\"+447700900009\" hangupOnStar=\"true\" \
         answerOnBridge=\"true\" sequential=\"true\"><Number sendDigits=\"ww1\" url=\"/w\" method=\"GET\"> \
         +447700900001</Number><Sip>sip:a@example.org;transport=tcp?X-A=1</Sip></Dial>",
        ReadVerb::Dial(ReadDial {
            action: Some(String::new()),
            timeout_s: 10,
            time_limit_s: 60,
            caller_id: Some("+447700900009".into()),
            hangup_on_star: true,
            answer_on_bridge: true,
            sequential: true,
            ..a_dial(vec![
                ReadNoun::Number(ReadNumber {
                    send_digits: Some("ww1".into()),
                    url: Some("/w".into()),
                    method: Method::Get,
                    ..a_number("+447700900001")
                }),
                ReadNoun::Sip(ReadSip {
                    uri: "sip:a@example.org;transport=tcp?X-A=1".into(),
                    url: None,
                    method: Method::Post,
                    unexecuted: vec![],
                }),
            ])
        }),
    );
    case(
        "<Dial>SIP:a@example.org</Dial>",
        ReadVerb::Dial(a_dial(vec![ReadNoun::Sip(ReadSip {
            uri: "SIP:a@example.org".into(),
            url: None,
            method: Method::Post,
            unexecuted: vec![],
        })])),
    );
    case(
        "<Dial><Conference muted=\"true\" startConferenceOnEnter=\"false\" endConferenceOnExit=\"true\" beep=\"onExit\" maxParticipants=\"3\" waitUrl=\"\" waitMethod=\"GET\">r</Conference></Dial>",
        ReadVerb::Dial(a_dial(vec![ReadNoun::Conference(ReadConference {
            room: "r".into(),
            muted: true,
            beep: "onExit".into(),
            start_on_enter: false,
            end_on_exit: true,
            max_participants: 3,
            wait_url: Some(String::new()),
            wait_method: Method::Get,
            unexecuted: vec![],
        })])),
    );
}

#[test]
fn the_ends_of_a_range_are_in_it() {
    for (timeout, limit) in [(5, 1), (600, 86_400)] {
        let dial = only(&format!("<Dial timeout=\"{timeout}\" timeLimit=\"{limit}\">1</Dial>"));
        let expected =
            ReadDial { timeout_s: timeout, time_limit_s: limit, ..a_dial(vec![ReadNoun::Number(a_number("1"))]) };
        assert_eq!(dial, ReadVerb::Dial(expected));
    }
    for bad in ["4", "601", "+5", " ", "5.0", "99999999999"] {
        let document = voice(&format!("<Dial timeout=\"{bad}\">1</Dial>"));
        assert_eq!(document.findings.len(), 1, "{bad}");
        assert!(matches!(document.verbs.as_slice(), [ReadVerb::Dial(dial)] if dial.timeout_s == 30), "{bad}");
    }
}

#[test]
fn what_would_not_be_done_as_written_is_named() {
    use FindingKind::*;
    let case = |body: &str, kind: FindingKind, says: &str| {
        let document = voice(body);
        let found = document.findings.iter().find(|finding| finding.words.contains(says));
        let found = found.unwrap_or_else(|| panic!("{body}: {:?}", document.findings));
        assert_eq!(found.kind, kind, "{body}");
    };
    case("<Speak>a</Speak>", UnknownElement, "`<Speak>` is not an element");
    case("<say>a</say>", UnknownElement, "`<say>` is not an element");
    case("<Number>1</Number>", MisplacedElement, "`<Number>` may not stand in `<Response>`");
    case("<Gather><Dial>1</Dial></Gather>", MisplacedElement, "`<Dial>` may not stand in `<Gather>`");
    case("<Message>a</Message>", MisplacedElement, "`<Message>` may not stand in `<Response>`");
    case("<Gather><Play digits=\"1\"/></Gather>", MisplacedElement, "`digits` of `<Play>`");
    case("<Say Voice=\"man\">a</Say>", UnknownAttribute, "`Voice` is not an attribute of `<Say>`");
    case("<Gather timeout=\"0\"/>", BadValue, "is `0`, expected a whole number from 1, or `auto`");
    case("<Gather timeout=\"5s\"/>", BadValue, "the default `5` is used");
    case("<Gather numDigits=\"x\"/>", BadValue, "it is ignored");
    case("<Gather finishOnKey=\"#*\"/>", BadValue, "one key of a telephone or nothing");
    case("<Gather input=\"touch\"/>", BadValue, "some of `dtmf`, `speech`");
    case("<Gather bargeIn=\"yes\"/>", BadValue, "`true` or `false`");
    case("<Gather input=\"dtmf speech\"/>", NotExecuted, "asks for speech");
    case("<Gather partialResultCallback=\"/p\"/>", NotExecuted, "`partialResultCallback` of `<Gather>`");
    case("<Dial timeout=\"4\">1</Dial>", BadValue, "from 5 to 600");
    case("<Dial timeLimit=\"86401\">1</Dial>", BadValue, "from 1 to 86400");
    case("<Dial method=\"PUT\">1</Dial>", BadValue, "`GET` or `POST`");
    case("<Dial record=\"true\">1</Dial>", NotExecuted, "`record` of `<Dial>`");
    case("<Dial/>", Missing, "nobody to call");
    case("<Dial>1<Number>2</Number></Dial>", UnexpectedText, "both text and a noun");
    case("<Dial><Number/></Dial>", Missing, "`<Number>` has no address");
    case("<Dial><Conference>a</Conference><Number>1</Number></Dial>", MisplacedElement, "must stand alone");
    case("<Dial><Client>ann</Client></Dial>", NotExecuted, "`<Client>` is not executed");
    case("<Dial><Sip>sip:a@b.example<Headers/></Sip></Dial>", NotExecuted, "`<Headers>` is not executed");
    case("<Say/>", Missing, "`<Say>` has no words");
    case("<Play/>", Missing, "`<Play>` has no address");
    case("<Play digits=\"x\"/>", BadValue, "expected keys");
    case("<Play digits=\"1\">a.wav</Play>", TooMuch, "the address is ignored");
    case("<Say language=\"nl NL\">a</Say>", BadValue, "such as `nl-NL`");
    case("hello", UnexpectedText, "text stands in `<Response>`");
    case("<Record maxLength=\"5\"/>", NotExecuted, "`<Record>` is not executed");
    case("<Record trim=\"yes\"/>", BadValue, "`trim-silence`");
    case("<Connect><Stream url=\"wss://example.org\"/></Connect>", NotExecuted, "`<Connect>` is not executed");
    case("<Hangup><Parameter name=\"a\" value=\"b\"/></Hangup>", NotExecuted, "`<Parameter>`");
    case("<Reject reason=\"sleeping\"/>", BadValue, "`rejected`");
    case(&format!("<Say>{}</Say>", "a".repeat(4097)), TooMuch, "4097 characters");
    for verb in ["Record", "Enqueue", "Leave", "Refer", "Sms", "Connect", "Start", "Stop", "Pay", "Prompt", "Echo"] {
        let document = voice(&format!("<{verb}/>"));
        let findings: Vec<_> = document.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(findings, [NotExecuted], "{verb}");
        assert!(matches!(document.verbs.as_slice(), [ReadVerb::Other(other)] if other.element == verb));
    }
}

#[test]
fn the_line_of_a_finding_is_that_of_its_element() {
    let document = voice("\n\n<Say>a</Say>\n<Foo/>");
    assert_eq!(document.findings[0].to_string(), "line 4: `<Foo>` is not an element of TwiML, it is skipped");
}

#[test]
fn findings_have_a_limit() {
    let document = voice(&"<a/>".repeat(10_000));
    assert_eq!(document.findings.len(), MAX_FINDINGS);
}

#[test]
fn what_is_not_executed_keeps_its_values() {
    let document =
        voice("<Record timeout=\"0\" maxLength=\"10\"/><Enqueue waitUrl=\"/w\"> help <Task>{}</Task></Enqueue>");
    let [ReadVerb::Other(record), ReadVerb::Other(enqueue)] = document.verbs.as_slice() else {
        panic!("{:?}", document.verbs)
    };
    assert_eq!(
        record.attributes,
        [
            ("method", "POST"),
            ("timeout", "0"),
            ("finishOnKey", "1234567890*#"),
            ("maxLength", "10"),
            ("playBeep", "true"),
            ("trim", "trim-silence"),
            ("recordingStatusCallbackMethod", "POST"),
            ("recordingStatusCallbackEvent", "completed"),
            ("transcribe", "false"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
    );
    assert_eq!(enqueue.content, "help");
    assert!(enqueue.attributes.contains(&("waitUrl", "/w".to_owned())));
    assert!(enqueue.attributes.contains(&("maxQueueSize", "1000".to_owned())));
    let dial = voice("<Dial><Client><Identity>ann</Identity><Parameter/></Client></Dial>");
    let [ReadVerb::Dial(dial)] = dial.verbs.as_slice() else { panic!("{:?}", dial.verbs) };
    assert!(matches!(dial.nouns.as_slice(), [ReadNoun::Other(other)] if other.content == "ann"));
}

#[test]
fn speech_markup_is_spoken_without_its_tags() {
    let case = |inside: &str, words: &str, pause_ms: u32| {
        let document = voice(&format!("<Say>{inside}</Say>"));
        let [ReadVerb::Say(say)] = document.verbs.as_slice() else { panic!("{inside}") };
        assert_eq!((say.words.as_str(), say.pause_ms), (words, pause_ms), "{inside}");
    };
    case("a<break/>b", "a b", 250);
    case("a<break time=\"500ms\"/>b<break time=\"1.5s\"/>", "a b", 2000);
    case("a<break strength=\"none\"/>b", "a b", 0);
    case("a<break time=\"9999999999999s\"/>b", "a b", 10_000);
    case("a<break time=\"-1s\"/>b", "a b", 250);
    case("<p><s>One.</s><s>Two.</s></p>", "One. Two.", 0);
    case("call <say-as interpret-as=\"telephone\">112</say-as>.", "call 112.", 0);
    case("<prosody rate=\"slow\"><emphasis>No</emphasis>w</prosody>", "Now", 0);
    case("a <b>bold</b> c", "a c", 0);
    case("<lang xml:lang=\"fr-FR\">oui <p>a <s>b <w>c<sub alias=\"d\">e</sub></w></s></p></lang>", "oui a b ce", 0);
    let kinds = |inside: &str| {
        let document = voice(&format!("<Say>{inside}</Say>"));
        document.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("<p>a<p>b</p></p>"), [FindingKind::MisplacedElement]);
    assert_eq!(kinds("<w>a<prosody>b</prosody></w>"), [FindingKind::MisplacedElement]);
    assert_eq!(kinds("<say-as interpret-as=\"digits\">1</say-as>"), [FindingKind::NotExecuted]);
    assert_eq!(kinds("a <b>b</b>"), [FindingKind::UnknownElement]);
    assert_eq!(kinds("<p>a<break/></p>"), []);
}

#[test]
fn messages() {
    let messaging = |body: &str| read_messaging(format!("<Response>{body}</Response>").as_bytes()).unwrap();
    let case = |body: &str, expected: &str, media: usize| {
        let document = messaging(body);
        let [ReadVerb::Message(message)] = document.verbs.as_slice() else { panic!("{body}") };
        assert_eq!((message.body.as_str(), message.media.len()), (expected, media), "{body}");
        assert_eq!(document.findings, [], "{body}");
    };
    case("<Message>\n Hi\nthere </Message>", "Hi\nthere", 0);
    case("<Message><Body>Hi </Body><Body>there</Body><Media>a.png</Media></Message>", "Hi there", 1);
    case("<Message to=\"+447700900001\"><Media>a.png</Media></Message>", "", 1);
    let kinds = |body: &str| messaging(body).findings.iter().map(|finding| finding.kind).collect::<Vec<_>>();
    assert_eq!(kinds("<Say>a</Say>"), [FindingKind::MisplacedElement]);
    assert_eq!(kinds("<Message/>"), [FindingKind::Missing]);
    assert_eq!(kinds(&format!("<Message>{}</Message>", "a".repeat(1601))), [FindingKind::TooMuch]);
    assert_eq!(kinds(&format!("<Message>{}</Message>", "<Media>a</Media>".repeat(11))), [FindingKind::TooMuch]);
    assert_eq!(kinds("<Message statusCallback=\"/s\">a</Message>"), [FindingKind::NotExecuted]);
    assert_eq!(kinds("<Message>a</Message><Redirect>/x</Redirect>"), []);
}

/// Documents as providers' customers write them, for the mutations below.
const REAL: [&str; 4] = [
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n  <Gather action=\"/key?x=1&amp;y=2\" numDigits=\"1\" timeout=\"5\">\n    <Say voice=\"Polly.Lotte\" language=\"nl-NL\">Druk <break time=\"300ms\"/> op <say-as interpret-as=\"digits\">1</say-as>.</Say>\n    <Play loop=\"2\">/a.mp3</Play><Pause length=\"2\"/>\n  </Gather>\n  <Redirect method=\"GET\">?again=1</Redirect>\n</Response>",
    "<Response><Dial callerId=\"+447700900001\" action=\"/after\" timeLimit=\"60\" sequential=\"true\"><Number url=\"/w\" sendDigits=\"wW1\">+447700900002</Number><Sip username=\"a\">sip:b@example.org<Headers><Header/></Headers></Sip></Dial><Hangup/></Response>",
    "<Response><!-- c --><Record finishOnKey=\"#*\" maxLength=\"5\"/><Enqueue waitUrl=\"\">q<Task>{}</Task></Enqueue><Dial><Conference beep=\"onEnter\">r</Conference></Dial><![CDATA[ ]]><Reject reason=\"busy\"/></Response>",
    "<Response><Message action=\"/a\"><Body>Hi &#233; &amp; &lt;b&gt;</Body><Media>a.png</Media></Message></Response>",
];

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_voice(&bytes);
        let _ = read_messaging(&bytes);
    }

    #[test]
    fn any_markup_is_read_without_panic(text in "[<>/&;#x0-9!\\[\\]\\-?='\" a-zA-Zé😀]{0,300}") {
        let _ = read_voice(text.as_bytes());
        let _ = read_voice(format!("<Response>{text}</Response>").as_bytes());
        let _ = read_voice(format!("<Response><Say {text}>{text}</Say></Response>").as_bytes());
    }

    #[test]
    fn mutated_documents_are_read_without_panic(
        which in 0..REAL.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12),
    ) {
        let mut bytes = REAL[which].as_bytes().to_vec();
        for (at, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let _ = read_voice(&bytes);
        let _ = read_messaging(&bytes);
    }

    #[test]
    fn pieces_of_documents_are_read_without_panic(
        pieces in proptest::collection::vec((0..REAL.len(), any::<prop::sample::Index>(), 1usize..60), 1..20),
    ) {
        let mut bytes = Vec::new();
        for (which, at, length) in pieces {
            let from = at.index(REAL[which].len());
            let to = (from + length).min(REAL[which].len());
            bytes.extend_from_slice(&REAL[which].as_bytes()[from..to]);
        }
        let _ = read_voice(&bytes);
        let _ = read_voice(&[b"<Response>", bytes.as_slice(), b"</Response>"].concat());
    }
}

#[test]
fn the_documents_to_mutate_are_read() {
    for document in &REAL[..3] {
        assert!(!read_voice(document.as_bytes()).unwrap().verbs.is_empty());
    }
    assert_eq!(read_messaging(REAL[3].as_bytes()).unwrap().verbs.len(), 1);
}
