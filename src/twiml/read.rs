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
                beep: given.word("beep").to_owned(),
                start_on_enter: given.flag("startConferenceOnEnter"),
                end_on_exit: given.flag("endConferenceOnExit"),
                max_participants: given
                    .count("maxParticipants")
                    .unwrap_or(super::defaults::CONFERENCE_MAX_PARTICIPANTS),
                wait_url: given.text("waitUrl"),
                wait_method: given.method_in("waitMethod"),
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
mod tests;
