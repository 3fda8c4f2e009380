//! Reads any provider's document, and says what in it would not be done as written.

use super::RejectReason;
use super::defaults::MAX_ROUNDS;
use super::document::*;
use super::finding::{FindingKind, MAX_FINDINGS, TwimlFinding};
use super::given::{Given, Trouble};
use super::grammar::{self, Role, Shape, shape};
use super::xml::{self, Element, Node, ReadError};

/// Reads the answer to a voice webhook.
///
/// # Errors
/// What makes a provider give up on the whole document; everything less is a finding.
pub fn read_voice(bytes: &[u8]) -> Result<Document, ReadError> {
    read(bytes, &grammar::VOICE)
}

/// Reads the answer to a messaging webhook.
///
/// # Errors
/// As [`read_voice`].
pub fn read_messaging(bytes: &[u8]) -> Result<Document, ReadError> {
    read(bytes, &grammar::MESSAGING)
}

/// At most so many characters in one Say (13521).
const SAY_MAX: usize = 4096;
/// At most so many Number, Sip and Client in one Dial.
const LEGS_MAX: usize = 10;
/// At most so many Media in one Message.
const MEDIA_MAX: usize = 10;
/// At most so many characters in one Message (21617).
const MESSAGE_MAX: usize = 1600;
/// One `<break>` is at most this long; longer ones are cut.
const BREAK_MAX_MS: u32 = 10_000;

fn read(bytes: &[u8], response: &'static Shape) -> Result<Document, ReadError> {
    let root = xml::parse(bytes)?;
    let mut reader = Reader::default();
    let opened = reader.open(&root, response);
    let verbs = opened.children.iter().filter_map(|(element, shape)| reader.verb(element, shape)).collect();
    Ok(Document { verbs, findings: reader.findings })
}

/// White space as speech and addresses see it: runs are one space, none at the ends.
pub(super) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Reader {
    findings: Vec<TwimlFinding>,
}

/// An element whose attributes and children were checked.
struct Opened<'e> {
    given: Given,
    children: Vec<(&'e Element, &'static Shape)>,
    /// Its own text, without that of its children.
    text: String,
}

impl Reader {
    fn find(&mut self, kind: FindingKind, line: usize, words: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(TwimlFinding { kind, line, words });
        }
    }

    fn given(&mut self, element: &Element, shape: &'static Shape) -> Given {
        let (given, troubles) = Given::read(&element.attributes, shape);
        for trouble in troubles {
            let (kind, words) = match trouble {
                Trouble::Unknown(words) => (FindingKind::UnknownAttribute, words),
                Trouble::Bad(words) => (FindingKind::BadValue, words),
                Trouble::NotExecuted(words) => (FindingKind::NotExecuted, words),
            };
            self.find(kind, element.line, words);
        }
        given
    }

    fn open<'e>(&mut self, element: &'e Element, shape: &'static Shape) -> Opened<'e> {
        let given = self.given(element, shape);
        let mut opened = Opened { given, children: Vec::new(), text: String::new() };
        for node in &element.children {
            match node {
                Node::Element(child) => {
                    opened.children.extend(self.child(child, shape).map(|shape| (child, shape)));
                }
                Node::Text(text) if shape.text => opened.text.push_str(text),
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(_) => {
                    let words = format!("text stands in `<{}>`, where none may stand, it is skipped", shape.name);
                    self.find(FindingKind::UnexpectedText, element.line, words);
                }
            }
        }
        opened
    }

    /// The shape of a child that may stand in this parent; a finding otherwise.
    fn child(&mut self, child: &Element, parent: &Shape) -> Option<&'static Shape> {
        let name = super::finding::clip(&child.name);
        match shape(&child.name) {
            Some(known) if parent.children.contains(&known.name) => return Some(known),
            Some(_) => {
                let words = format!("`<{name}>` may not stand in `<{}>`, it is skipped", parent.name);
                self.find(FindingKind::MisplacedElement, child.line, words);
            }
            None => {
                let words = format!("`<{name}>` is not an element of TwiML, it is skipped");
                self.find(FindingKind::UnknownElement, child.line, words);
            }
        }
        None
    }

    fn missing(&mut self, element: &Element, what: &str) {
        let words = format!("`<{}>` has no {what}, it is skipped", element.name);
        self.find(FindingKind::Missing, element.line, words);
    }

    fn verb(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadVerb> {
        if shape.role != Role::Run {
            return Some(ReadVerb::Other(self.other(element, shape)));
        }
        Some(match shape.name {
            "Say" => ReadVerb::Say(self.say(element, shape)?),
            "Play" => ReadVerb::Play(self.play(element, shape)?),
            "Pause" => ReadVerb::Pause(self.pause(element, shape)),
            "Gather" => ReadVerb::Gather(self.gather(element, shape)),
            "Redirect" => {
                let opened = self.open(element, shape);
                let url = opened.text.trim().to_owned();
                ReadVerb::Redirect(ReadRedirect { url, method: opened.given.method() })
            }
            "Dial" => ReadVerb::Dial(self.dial(element, shape)),
            "Hangup" => {
                self.with_closed_children(element, shape);
                ReadVerb::Hangup
            }
            "Reject" => match self.with_closed_children(element, shape).word("reason") {
                "busy" => ReadVerb::Reject(RejectReason::Busy),
                _ => ReadVerb::Reject(RejectReason::Rejected),
            },
            "Message" => ReadVerb::Message(self.message(element, shape)?),
            _ => ReadVerb::Other(self.other(element, shape)),
        })
    }

    /// An element of which only the attributes are executed.
    fn with_closed_children(&mut self, element: &Element, shape: &'static Shape) -> Given {
        let opened = self.open(element, shape);
        for (child, shape) in opened.children {
            self.other(child, shape);
        }
        opened.given
    }

    /// An element that is known and not executed: one finding says so.
    fn other(&mut self, element: &Element, shape: &'static Shape) -> ReadOther {
        let (name, what) = match shape.role {
            Role::Named(what) | Role::Closed(what) => (shape.name, what),
            Role::Run => (shape.name, "nothing here"),
        };
        self.find(FindingKind::NotExecuted, element.line, format!("`<{name}>` is not executed: {what}"));
        if matches!(shape.role, Role::Closed(_)) {
            return ReadOther { element: name, attributes: Vec::new(), content: String::new() };
        }
        let (given, troubles) = Given::read(&element.attributes, shape);
        for trouble in troubles {
            match trouble {
                Trouble::Unknown(words) => self.find(FindingKind::UnknownAttribute, element.line, words),
                Trouble::Bad(words) => self.find(FindingKind::BadValue, element.line, words),
                // Said once, for the element.
                Trouble::NotExecuted(_) => {}
            }
        }
        let mut content = String::new();
        for node in &element.children {
            match node {
                Node::Text(text) => content.push_str(text),
                Node::Element(child) => {
                    if let Some(known) = self.child(child, shape)
                        && known.role == Role::Run
                    {
                        content.push_str(&self.open(child, known).text);
                    }
                }
            }
        }
        ReadOther { element: name, attributes: given.all(), content: content.trim().to_owned() }
    }

    fn say(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadSay> {
        let given = self.given(element, shape);
        let (mut words, mut pause_ms) = (String::new(), 0);
        self.spoken(element, shape, &mut words, &mut pause_ms);
        let mut words = collapsed(&words);
        if words.is_empty() {
            self.missing(element, "words");
            return None;
        }
        if let Some((cut, _)) = words.char_indices().nth(SAY_MAX) {
            let found = words.chars().count();
            let said = format!("`<Say>` has {found} characters, expected at most {SAY_MAX}, the rest is not said");
            self.find(FindingKind::TooMuch, element.line, said);
            words.truncate(cut);
        }
        Some(ReadSay {
            voice: given.text("voice").unwrap_or_else(|| super::defaults::SAY_VOICE.to_owned()),
            language: given.word("language").to_owned(),
            rounds: rounds(&given),
            words,
            pause_ms,
        })
    }

    /// The words of a Say without their tags. A `<break>` is a space in the words and a pause beside them.
    fn spoken(&mut self, element: &Element, shape: &'static Shape, words: &mut String, pause_ms: &mut u32) {
        for node in &element.children {
            let child = match node {
                Node::Text(text) => {
                    words.push_str(text);
                    continue;
                }
                Node::Element(child) => child,
            };
            let Some(known) = self.child(child, shape) else { continue };
            let given = self.given(child, known);
            let apart = matches!(known.name, "break" | "p" | "s");
            if apart {
                words.push(' ');
            }
            if known.name == "break" {
                *pause_ms = pause_ms.saturating_add(break_ms(&given));
            }
            self.spoken(child, known, words, pause_ms);
            if apart {
                words.push(' ');
            }
        }
    }

    fn play(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadPlay> {
        let opened = self.open(element, shape);
        let (url, tones) = (opened.text.trim(), opened.given.text("digits"));
        if tones.is_some() && !url.is_empty() {
            let words = "`<Play>` has both an address and `digits`, the address is ignored".to_owned();
            self.find(FindingKind::TooMuch, element.line, words);
        }
        let what = match tones {
            Some(tones) => PlayWhat::Tones(tones),
            None if url.is_empty() => {
                self.missing(element, "address");
                return None;
            }
            None => PlayWhat::Sound(url.to_owned()),
        };
        Some(ReadPlay { what, rounds: rounds(&opened.given) })
    }

    fn pause(&mut self, element: &Element, shape: &'static Shape) -> ReadPause {
        let given = self.open(element, shape).given;
        ReadPause { length_s: given.count("length").unwrap_or(super::defaults::PAUSE_LENGTH_S) }
    }

    fn gather(&mut self, element: &Element, shape: &'static Shape) -> ReadGather {
        let opened = self.open(element, shape);
        let given = opened.given;
        let speech = given.has("input", "speech");
        if speech {
            let words = "`input` of `<Gather>` asks for speech, which is not executed".to_owned();
            self.find(FindingKind::NotExecuted, element.line, words);
        }
        let mut prompts = Vec::new();
        for (child, shape) in opened.children {
            prompts.extend(match shape.name {
                "Say" => self.say(child, shape).map(ReadPrompt::Say),
                "Pause" => Some(ReadPrompt::Pause(self.pause(child, shape))),
                _ => self.gather_play(child, shape).map(ReadPrompt::Play),
            });
        }
        ReadGather {
            action: given.text("action"),
            method: given.method(),
            keys: given.has("input", "dtmf"),
            speech,
            timeout_s: given.count("timeout"),
            num_digits: given.count("numDigits"),
            finish_on_key: given.key("finishOnKey"),
            action_on_empty_result: given.flag("actionOnEmptyResult"),
            barge_in: given.flag("bargeIn"),
            prompts,
            unexecuted: given.unexecuted(),
        }
    }

    fn gather_play(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadPlay> {
        let play = self.play(element, shape)?;
        if let PlayWhat::Tones(_) = play.what {
            let words = "`digits` of `<Play>` may not stand in `<Gather>`, it is skipped".to_owned();
            self.find(FindingKind::MisplacedElement, element.line, words);
            return None;
        }
        Some(play)
    }

    fn dial(&mut self, element: &Element, shape: &'static Shape) -> ReadDial {
        let opened = self.open(element, shape);
        let (given, text) = (opened.given, opened.text.trim());
        let mut nouns = Vec::new();
        for (child, shape) in &opened.children {
            nouns.extend(self.noun(child, shape));
        }
        if !opened.children.is_empty() && !text.is_empty() {
            let words = "`<Dial>` has both text and a noun, the text is skipped".to_owned();
            self.find(FindingKind::UnexpectedText, element.line, words);
        } else if opened.children.is_empty() && !text.is_empty() {
            nouns.push(bare(text));
        } else if opened.children.is_empty() {
            self.find(FindingKind::Missing, element.line, "`<Dial>` has nobody to call, it fails".to_owned());
        }
        let alone = |noun: &ReadNoun| match noun {
            ReadNoun::Conference(_) => true,
            ReadNoun::Other(other) => other.element == "Queue",
            _ => false,
        };
        if nouns.len() > 1 && nouns.iter().any(alone) {
            let words = "a conference or queue must stand alone in `<Dial>`, it fails".to_owned();
            self.find(FindingKind::MisplacedElement, element.line, words);
        }
        if nouns.len() > LEGS_MAX {
            let words = format!("`<Dial>` has {} nouns, expected at most {LEGS_MAX}, the rest is skipped", nouns.len());
            self.find(FindingKind::TooMuch, element.line, words);
            nouns.truncate(LEGS_MAX);
        }
        ReadDial {
            action: given.text("action"),
            method: given.method(),
            timeout_s: given.count("timeout").unwrap_or(super::defaults::DIAL_TIMEOUT_S),
            time_limit_s: given.count("timeLimit").unwrap_or(super::defaults::DIAL_TIME_LIMIT_S),
            caller_id: given.text("callerId"),
            hangup_on_star: given.flag("hangupOnStar"),
            answer_on_bridge: given.flag("answerOnBridge"),
            sequential: given.flag("sequential"),
            nouns,
            unexecuted: given.unexecuted(),
        }
    }

    fn noun(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadNoun> {
        if shape.role != Role::Run {
            return Some(ReadNoun::Other(self.other(element, shape)));
        }
        let opened = self.open(element, shape);
        let mut content = opened.text.trim().to_owned();
        for (child, shape) in opened.children {
            match shape.role {
                Role::Run => content.push_str(self.open(child, shape).text.trim()),
                _ => drop(self.other(child, shape)),
            }
        }
        if content.is_empty() {
            self.missing(element, "address");
            return None;
        }
        let given = opened.given;
        let (url, method, unexecuted) = (given.text("url"), given.method(), given.unexecuted());
        Some(match shape.name {
            "Sip" => ReadNoun::Sip(ReadSip { uri: content, url, method, unexecuted }),
            "Conference" => ReadNoun::Conference(ReadConference {
                room: content,
                muted: given.flag("muted"),
                start_on_enter: given.flag("startConferenceOnEnter"),
                end_on_exit: given.flag("endConferenceOnExit"),
                unexecuted,
            }),
            _ => ReadNoun::Number(ReadNumber {
                number: content,
                send_digits: given.text("sendDigits"),
                url,
                method,
                unexecuted,
            }),
        })
    }

    fn message(&mut self, element: &Element, shape: &'static Shape) -> Option<ReadMessage> {
        let opened = self.open(element, shape);
        let mut body = opened.text.trim().to_owned();
        let mut media = Vec::new();
        for (child, shape) in opened.children {
            let text = self.open(child, shape).text;
            match shape.name {
                "Body" => body.push_str(&text),
                _ => media.push(text.trim().to_owned()),
            }
        }
        if media.len() > MEDIA_MAX {
            let words =
                format!("`<Message>` has {} media, expected at most {MEDIA_MAX}, the rest is skipped", media.len());
            self.find(FindingKind::TooMuch, element.line, words);
            media.truncate(MEDIA_MAX);
        }
        if body.trim().is_empty() && media.is_empty() {
            self.missing(element, "body");
            return None;
        }
        let length = body.chars().count();
        if length > MESSAGE_MAX {
            let words = format!("`<Message>` has {length} characters, expected at most {MESSAGE_MAX}, it is refused");
            self.find(FindingKind::TooMuch, element.line, words);
            return None;
        }
        let given = opened.given;
        Some(ReadMessage {
            body,
            media,
            to: given.text("to"),
            from: given.text("from"),
            action: given.text("action"),
            method: given.method(),
            unexecuted: given.unexecuted(),
        })
    }
}

fn bare(text: &str) -> ReadNoun {
    let (url, method, unexecuted) = (None, Method::Post, Vec::new());
    let scheme = text.get(..4).map(str::to_ascii_lowercase);
    if scheme.as_deref() == Some("sip:") {
        return ReadNoun::Sip(ReadSip { uri: text.to_owned(), url, method, unexecuted });
    }
    ReadNoun::Number(ReadNumber { number: text.to_owned(), send_digits: None, url, method, unexecuted })
}

/// `loop`, with 0 as the number of rounds after which a provider stops.
fn rounds(given: &Given) -> u32 {
    match given.count("loop") {
        None | Some(1) => 1,
        Some(0) => MAX_ROUNDS,
        Some(rounds) => rounds.min(MAX_ROUNDS),
    }
}

/// How long a `<break>` is: as it says, otherwise an estimate by its strength.
fn break_ms(given: &Given) -> u32 {
    let time = given.word("time");
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let written = match time.strip_suffix("ms") {
        Some(ms) => number(ms),
        None => time.strip_suffix('s').and_then(number).map(|seconds| seconds * 1000.0),
    };
    match written {
        // A conversion of a float saturates, and the limit is far below that.
        Some(ms) => (ms as u32).min(BREAK_MAX_MS),
        None => match given.word("strength") {
            "none" | "x-weak" => 0,
            "strong" => 500,
            "x-strong" => 1000,
            _ => 250,
        },
    }
}

#[cfg(test)]
mod tests {
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
            "<Dial><Conference muted=\"true\" startConferenceOnEnter=\"false\" endConferenceOnExit=\"true\">r</Conference></Dial>",
            ReadVerb::Dial(a_dial(vec![ReadNoun::Conference(ReadConference {
                room: "r".into(),
                muted: true,
                start_on_enter: false,
                end_on_exit: true,
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
        for verb in ["Record", "Enqueue", "Leave", "Refer", "Sms", "Connect", "Start", "Stop", "Pay", "Prompt", "Echo"]
        {
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
}
