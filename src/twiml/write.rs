//! Our documents as XML, declaration at the first byte (anything before it is a parse failure at a provider).

use super::types::*;
use super::xml::is_xml_char;
use std::borrow::Cow;

impl VoiceResponse {
    /// The document as XML. Characters that XML forbids are dropped from words and values.
    pub fn to_xml(&self) -> String {
        let mut xml = Xml::begin();
        if self.verbs.is_empty() {
            xml.empty("Response", &[]);
        } else {
            xml.start("Response", &[]);
            for verb in &self.verbs {
                write_verb(&mut xml, verb);
            }
            xml.end("Response");
        }
        xml.finish()
    }
}

impl MessagingResponse {
    /// The document as XML: one message, or nothing at all when there is none or it is blank.
    pub fn to_xml(&self) -> String {
        let mut xml = Xml::begin();
        match self.message.as_deref().filter(|words| !allowed(words).trim().is_empty()) {
            None => xml.empty("Response", &[]),
            Some(words) => {
                xml.start("Response", &[]);
                xml.text("Message", &[], words);
                xml.end("Response");
            }
        }
        xml.finish()
    }
}

fn write_verb(xml: &mut Xml, verb: &Verb) {
    match verb {
        Verb::Say(say) => write_say(xml, say),
        Verb::Play(play) => xml.text("Play", &[], &play.url),
        Verb::Gather(gather) => write_gather(xml, gather),
        Verb::Pause(seconds) => xml.empty("Pause", &[("length", &seconds.to_string())]),
        Verb::Redirect(redirect) => xml.text("Redirect", &[("method", "POST")], &redirect.url),
        Verb::Dial(dial) => write_dial(xml, dial),
        Verb::Hangup => xml.empty("Hangup", &[]),
        Verb::Reject(RejectReason::Rejected) => xml.empty("Reject", &[("reason", "rejected")]),
        Verb::Reject(RejectReason::Busy) => xml.empty("Reject", &[("reason", "busy")]),
    }
}

fn write_say(xml: &mut Xml, say: &Say) {
    let language = ("language", say.language.as_str());
    match &say.voice {
        Some(voice) => xml.text("Say", &[language, ("voice", voice)], &say.words),
        None => xml.text("Say", &[language], &say.words),
    }
}

fn write_gather(xml: &mut Xml, gather: &Gather) {
    let timeout = gather.timeout_s.to_string();
    let (most, finish) = match gather.keys {
        Keys::One => ("1".to_owned(), ""),
        Keys::UpTo(most) => (most.to_string(), "#"),
    };
    let attributes = [
        ("input", "dtmf"),
        ("numDigits", most.as_str()),
        ("finishOnKey", finish),
        ("timeout", timeout.as_str()),
        ("action", gather.action.as_str()),
        ("method", "POST"),
    ];
    if gather.prompts.is_empty() {
        return xml.empty("Gather", &attributes);
    }
    xml.start("Gather", &attributes);
    for prompt in &gather.prompts {
        match prompt {
            GatherVerb::Say(say) => write_say(xml, say),
            GatherVerb::Play(play) => xml.text("Play", &[], &play.url),
        }
    }
    xml.end("Gather");
}

fn write_dial(xml: &mut Xml, dial: &Dial) {
    let limit = dial.time_limit_s.to_string();
    let timeout = match &dial.nouns {
        Nouns::Rung { timeout_s, .. } => Some(timeout_s.to_string()),
        // Nothing rings.
        Nouns::Conference(_) => None,
    };
    let mut attributes = vec![("callerId", dial.caller_id.as_str()), ("timeLimit", limit.as_str())];
    attributes.extend(timeout.as_deref().map(|timeout| ("timeout", timeout)));
    if let Some(action) = &dial.action {
        attributes.extend([("action", action.as_str()), ("method", "POST")]);
    }
    xml.start("Dial", &attributes);
    match &dial.nouns {
        Nouns::Rung { rung, .. } => rung.iter().for_each(|rung| write_rung(xml, rung)),
        Nouns::Conference(conference) => write_conference(xml, conference),
    }
    xml.end("Dial");
}

fn write_rung(xml: &mut Xml, rung: &Rung) {
    let whisper: Vec<_> = rung.whisper.iter().flat_map(|url| [("url", url.as_str()), ("method", "POST")]).collect();
    match &rung.noun {
        Noun::Number(number) => xml.text("Number", &whisper, number),
        Noun::Sip(uri) => xml.text("Sip", &whisper, uri),
    }
}

fn write_conference(xml: &mut Xml, conference: &Conference) {
    let flag = |on: bool| if on { "true" } else { "false" };
    let attributes = [
        ("beep", "false"),
        ("startConferenceOnEnter", flag(conference.start_on_enter)),
        ("endConferenceOnExit", flag(conference.end_on_exit)),
        ("maxParticipants", CONFERENCE_OF_US),
        ("waitUrl", conference.wait.as_deref().unwrap_or_default()),
        ("waitMethod", "POST"),
    ];
    xml.text("Conference", &attributes, &conference.room);
}

/// A caller and a counsellor, and nobody who listens in.
const CONFERENCE_OF_US: &str = "2";

/// Without the characters that may not stand in XML at all, not even escaped.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_xml_char) {
        return Cow::Borrowed(text);
    }
    text.chars().filter(|c| is_xml_char(*c)).collect()
}

/// Bytes that a menu's document has at most, as a rule: one of that size is written without moving it.
const USUAL: usize = 4096;

/// The writer. Elements are written whole, in one piece of memory, for this is done for every answer.
struct Xml(String);

impl Xml {
    fn begin() -> Xml {
        let mut xml = String::with_capacity(USUAL);
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        Xml(xml)
    }

    fn finish(self) -> String {
        self.0
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.0.push('>');
    }

    fn end(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.0.push_str("/>");
    }

    fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.escaped(text, in_text);
        self.end(name);
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            self.0.push(' ');
            self.0.push_str(key);
            self.0.push_str("=\"");
            self.escaped(value, in_value);
            self.0.push('"');
        }
    }

    /// The words with what cannot stand in them replaced or dropped.
    fn escaped(&mut self, words: &str, instead: fn(char) -> Option<&'static str>) {
        let mut rest = words;
        // Nearly all words are written in one go: the look at each byte is a look into a small table.
        while let Some(at) = rest.bytes().position(|byte| !PLAIN[usize::from(byte)]) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            let mut characters = special.chars();
            let Some(character) = characters.next() else { break };
            match instead(character) {
                Some(written) => self.0.push_str(written),
                None => self.0.push(character),
            }
            rest = characters.as_str();
        }
        self.0.push_str(rest);
    }
}

/// Bytes that begin a character which stands as it is, everywhere: all but controls, five characters of XML, and the
/// byte with which the two characters at the end of Unicode's first plane begin.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = byte >= 0x20 && !matches!(byte as u8, b'<' | b'>' | b'&' | b'\'' | b'"' | 0xef);
        byte += 1;
    }
    plain
};

/// What is written instead of a character between two tags; `None` for itself. A bare `\r` would be read as `\n` (XML
/// 1.0, section 2.11). What XML forbids even escaped is dropped.
fn in_text(character: char) -> Option<&'static str> {
    match character {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '\r' => Some("&#13;"),
        character if is_xml_char(character) => None,
        _ => Some(""),
    }
}

/// The same within the quotation marks of an attribute, where a bare tab or line end would be read as a space (XML 1.0,
/// section 3.3.3).
fn in_value(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        '\n' => Some("&#10;"),
        '\t' => Some("&#9;"),
        character => in_text(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

    fn case(verbs: Vec<Verb>, expected: &str) {
        assert_eq!(VoiceResponse { verbs }.to_xml(), format!("{DECLARATION}{expected}"));
    }

    fn say(words: &str) -> Say {
        Say { language: "nl-NL".into(), voice: None, words: words.into() }
    }

    #[test]
    fn each_verb_exactly() {
        case(vec![], "<Response/>");
        case(vec![Verb::Hangup], "<Response><Hangup/></Response>");
        case(vec![Verb::Pause(3)], "<Response><Pause length=\"3\"/></Response>");
        case(vec![Verb::Reject(RejectReason::Busy)], "<Response><Reject reason=\"busy\"/></Response>");
        case(vec![Verb::Reject(RejectReason::Rejected)], "<Response><Reject reason=\"rejected\"/></Response>");
        case(vec![Verb::Say(say("Dag"))], "<Response><Say language=\"nl-NL\">Dag</Say></Response>");
        case(
            vec![Verb::Say(Say { voice: Some("Polly.Lotte".into()), ..say("Dag") })],
            "<Response><Say language=\"nl-NL\" voice=\"Polly.Lotte\">Dag</Say></Response>",
        );
        case(
            vec![Verb::Play(Play { url: "https://example.org/a.wav?x=1&y=2".into() })],
            "<Response><Play>https://example.org/a.wav?x=1&amp;y=2</Play></Response>",
        );
        case(
            vec![Verb::Redirect(Redirect { url: "/twilio/step?s=1&t=2".into() })],
            "<Response><Redirect method=\"POST\">/twilio/step?s=1&amp;t=2</Redirect></Response>",
        );
    }

    #[test]
    fn gather_takes_one_key_and_every_key() {
        let gather =
            |prompts| Verb::Gather(Gather { action: "/key?s=a&b".into(), timeout_s: 6, keys: Keys::One, prompts });
        let head = "<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"6\" action=\"/key?s=a&amp;b\" method=\"POST\"";
        case(vec![gather(vec![])], &format!("<Response>{head}/></Response>"));
        case(
            vec![gather(vec![GatherVerb::Say(say("Druk 1.")), GatherVerb::Play(Play { url: "/a.wav".into() })])],
            &format!("<Response>{head}><Say language=\"nl-NL\">Druk 1.</Say><Play>/a.wav</Play></Gather></Response>"),
        );
    }

    fn rung(number: &str, whisper: Option<&str>) -> Rung {
        Rung { noun: Noun::Number(number.into()), whisper: whisper.map(Into::into) }
    }

    #[test]
    fn several_are_rung_each_with_its_own_whisper() {
        let sip = Rung { noun: Noun::Sip("sip:desk@example.org".into()), whisper: Some("/w?3".into()) };
        let rung = vec![rung("+447700900002", Some("/w?1")), rung("+447700900003", None), sip];
        let nouns = Nouns::Rung { timeout_s: 15, rung };
        let dial = Dial { caller_id: "+447700900001".into(), time_limit_s: 60, action: None, nouns };
        case(
            vec![Verb::Dial(dial)],
            "<Response><Dial callerId=\"+447700900001\" timeLimit=\"60\" timeout=\"15\">\
             <Number url=\"/w?1\" method=\"POST\">+447700900002</Number><Number>+447700900003</Number>\
             <Sip url=\"/w?3\" method=\"POST\">sip:desk@example.org</Sip></Dial></Response>",
        );
    }

    #[test]
    fn a_conference_is_of_two_and_beeps_never() {
        let dial = |start_on_enter, wait: Option<&str>| {
            let (room, wait) = ("room 1 & 2".into(), wait.map(Into::into));
            let nouns = Nouns::Conference(Conference { room, start_on_enter, end_on_exit: true, wait });
            Verb::Dial(Dial { caller_id: "+447700900001".into(), time_limit_s: 60, action: Some("/on".into()), nouns })
        };
        let expected = |starts: &str, wait: &str| {
            format!(
                "<Response><Dial callerId=\"+447700900001\" timeLimit=\"60\" action=\"/on\" method=\"POST\">\
                 <Conference beep=\"false\" startConferenceOnEnter=\"{starts}\" endConferenceOnExit=\"true\" \
                 maxParticipants=\"2\" waitUrl=\"{wait}\" waitMethod=\"POST\">room 1 &amp; 2</Conference></Dial></Response>"
            )
        };
        case(vec![dial(true, None)], &expected("true", ""));
        case(vec![dial(false, Some("/wait?a&b"))], &expected("false", "/wait?a&amp;b"));
    }

    #[test]
    fn gather_can_take_keys_up_to_the_hash() {
        let gather = Gather { action: "/staff".into(), timeout_s: 8, keys: Keys::UpTo(12), prompts: vec![] };
        let attributes =
            "input=\"dtmf\" numDigits=\"12\" finishOnKey=\"#\" timeout=\"8\" action=\"/staff\" method=\"POST\"";
        case(vec![Verb::Gather(gather)], &format!("<Response><Gather {attributes}/></Response>"));
    }

    #[test]
    fn dial_always_says_who_calls_and_how_long() {
        let dial = |action: Option<&str>, url: Option<&str>| {
            Verb::Dial(Dial {
                caller_id: "+447700900001".into(),
                time_limit_s: 3600,
                action: action.map(Into::into),
                nouns: Nouns::Rung { timeout_s: 20, rung: vec![rung("+447700900002", url)] },
            })
        };
        let head = "<Dial callerId=\"+447700900001\" timeLimit=\"3600\" timeout=\"20\"";
        case(
            vec![dial(Some("/after"), Some("/whisper?l=1&x"))],
            &format!(
                "<Response>{head} action=\"/after\" method=\"POST\"><Number url=\"/whisper?l=1&amp;x\" method=\"POST\">+447700900002</Number></Dial></Response>"
            ),
        );
        case(vec![dial(None, None)], &format!("<Response>{head}><Number>+447700900002</Number></Dial></Response>"));
    }

    #[test]
    fn words_and_values_are_escaped_and_forbidden_characters_dropped() {
        case(
            vec![Verb::Say(say("a < b & \"c\" 'd' ]]> \u{0}\u{8}\t\n\r\u{fffe}\u{fffd}\u{ffff}\u{f000}é😀\u{7f}"))],
            "<Response><Say language=\"nl-NL\">a &lt; b &amp; \"c\" 'd' ]]&gt; \t\n&#13;\u{fffd}\u{f000}é😀\u{7f}</Say></Response>",
        );
        case(
            vec![Verb::Gather(Gather {
                action: "/a\"<'\u{1}\n\t\r&>\u{fffe}é".into(),
                timeout_s: 1,
                keys: Keys::One,
                prompts: vec![],
            })],
            "<Response><Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"1\" action=\"/a&quot;&lt;&apos;&#10;&#9;&#13;&amp;&gt;é\" method=\"POST\"/></Response>",
        );
    }

    #[test]
    fn a_text_is_answered_with_one_message_or_nothing() {
        let case = |message: Option<&str>, expected: &str| {
            let response = MessagingResponse { message: message.map(Into::into) };
            assert_eq!(response.to_xml(), format!("{DECLARATION}{expected}"));
        };
        case(None, "<Response/>");
        case(Some(" \n\u{2}"), "<Response/>");
        case(Some("1: ja & nee\nregel 2"), "<Response><Message>1: ja &amp; nee\nregel 2</Message></Response>");
    }
}
