//! What is sent for what was understood. The same text always gives the same content: nothing of earlier texts is known.

use super::clean;
use super::limit::Kind;
use super::understand::{Found, Understood};
use crate::menu::{Answer, Hotline, LangIx};

/// A text with fewer letters and digits than this is never taken for one of our own: codes and keywords are shorter,
/// and the emergency number must stay heard whatever an operator writes.
const OWN_TEXT_LETTERS: usize = 16;

/// What is counted of texts, per day and never crossed (DESIGN, section 5). A text that was answered counts once under
/// one of the first four; the others come beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TextCount {
    /// Answered to a code.
    Code,
    /// Answered to a keyword.
    Keyword,
    /// Answered with the emergency text.
    Emergency,
    /// Answered with the neutral text.
    Unknown,
    /// The answer said that it is the last for an hour.
    Last,
    /// The answer was in this language.
    Language(LangIx),
}

/// What may be sent, before the limits have their say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply<'h> {
    /// Filled in and ready to send.
    pub text: &'h str,
    pub kind: Kind,
    /// `None` where the text is in several languages.
    pub language: Option<LangIx>,
    /// [`TextCount::Code`], [`TextCount::Keyword`], [`TextCount::Emergency`] or [`TextCount::Unknown`].
    pub count: TextCount,
}

/// The answer to a text; `None` for a stop word. A confirmation would be one more trace.
pub fn answer<'h>(hotline: &'h Hotline, understood: Understood<'h>) -> Option<Reply<'h>> {
    let book = &hotline.sms;
    let neutral = Reply { text: &book.unknown, kind: Kind::Neutral, language: None, count: TextCount::Unknown };
    let reply = match understood {
        Understood::Stop => return None,
        Understood::Unknown => neutral,
        Understood::Emergency => {
            Reply { text: &book.emergency, kind: Kind::Emergency, language: None, count: TextCount::Emergency }
        }
        Understood::Answer(answer, found) => {
            let count = match found {
                Found::Code => TextCount::Code,
                Found::Keyword => TextCount::Keyword,
            };
            match answer {
                Answer::Choose(line) => Reply { text: line, kind: Kind::Content, language: None, count },
                Answer::Node(language, node) => {
                    let texts = book.texts.get(usize::from(language.0));
                    match texts.and_then(|texts| texts.get(usize::from(node.0))) {
                        Some(text) => Reply { text, kind: Kind::Content, language: Some(*language), count },
                        // A resolved hotline has a text for every node. Were it otherwise, the list of languages still helps.
                        None => neutral,
                    }
                }
            }
        }
    };
    Some(reply)
}

/// The reply's text with the sentence that it is the last for an hour. The delete sentence stays at the end.
pub fn as_last(hotline: &Hotline, reply: &Reply) -> String {
    let sentences = &hotline.sms.last_answer;
    match reply.language {
        Some(language) => {
            let sentence = sentences.get(usize::from(language.0)).map_or("", String::as_str);
            let (body, delete) = split_delete(reply.text);
            joined(&[body, sentence, delete])
        }
        // A line in several languages has no delete sentence of its own.
        None => {
            let mut parts = vec![reply.text];
            parts.extend(sentences.iter().map(String::as_str));
            joined(&parts)
        }
    }
}

/// Whether a text is one that we sent, come back: two robots must not talk to each other (caller-safety CS-38).
pub fn is_ours(hotline: &Hotline, text: &str) -> bool {
    if clean::letters(text).take(OWN_TEXT_LETTERS).count() < OWN_TEXT_LETTERS {
        return false;
    }
    let book = &hotline.sms;
    let same = |ours: &str| clean::letters(ours).eq(clean::letters(text));
    let plain = || {
        let lines = book.codes.values().chain(book.keywords.values()).filter_map(|answer| match answer {
            Answer::Choose(line) => Some(line.as_str()),
            Answer::Node(..) => None,
        });
        book.texts.iter().flatten().map(String::as_str).chain(lines).chain([&*book.unknown, &*book.emergency])
    };
    let last = |(language, texts): (usize, &Vec<String>)| {
        let sentence = book.last_answer.get(language).map_or("", String::as_str);
        texts.iter().any(|ours| {
            let (body, delete) = split_delete(ours);
            clean::letters(body).chain(clean::letters(sentence)).chain(clean::letters(delete)).eq(clean::letters(text))
        })
    };
    plain().any(same) || book.texts.iter().enumerate().any(last)
}

/// A text without its last sentence, and that sentence: `Delete this text.` in every language (menu rule SM-04).
fn split_delete(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    let mut ends = text.match_indices(['.', '!', '?']).map(|(at, end)| at + end.len());
    let border = ends.rfind(|at| text[*at..].starts_with(char::is_whitespace)).unwrap_or(0);
    let (body, delete) = text.split_at(border);
    (body, delete.trim_start())
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::sample::{self, EN, NL};
    use crate::sms::understand::understand;
    use proptest::prelude::*;

    fn reply(text: &str) -> Option<Reply<'static>> {
        let hotline = sample::hotline();
        answer(hotline, understand(&hotline.sms, text))
    }

    #[test]
    fn each_meaning_has_its_text_and_its_count() {
        let case = |text: &str, begins: &str, kind: Kind, language: Option<LangIx>, count: TextCount| {
            let reply = reply(text).unwrap();
            assert!(reply.text.starts_with(begins), "{text}: {}", reply.text);
            assert_eq!((reply.kind, reply.language, reply.count), (kind, language, count), "{text}");
        };
        case("2", "Text a code.", Kind::Content, Some(EN), TextCount::Code);
        case("hulp", "Stuur een code.", Kind::Content, Some(NL), TextCount::Keyword);
        case("141", "Anoniem aangifte", Kind::Content, Some(NL), TextCount::Code);
        case("danger", "We cannot send help. In danger", Kind::Content, Some(EN), TextCount::Keyword);
        case("comensha", sample::CHOOSE, Kind::Content, None, TextCount::Keyword);
        case("112", "We cannot send help. Call 112", Kind::Emergency, None, TextCount::Emergency);
        case("bonjour", "1 = Nederlands. 2 = English.", Kind::Neutral, None, TextCount::Unknown);
        assert_eq!(reply("stop"), None);
    }

    #[test]
    fn the_last_answer_says_so_before_its_delete_sentence() {
        let case = |text: &str, expected: &str| assert_eq!(as_last(sample::hotline(), &reply(text).unwrap()), expected);
        case("25", "We never call you and never text first. This is the last answer for an hour. Delete this text.");
        case(
            "15",
            "We bellen je nooit en sturen nooit als eerste een bericht. Dit is het laatste antwoord dit uur. Wis dit bericht.",
        );
        case(
            "comensha",
            "Nederlands: 111. English: 211. Dit is het laatste antwoord dit uur. This is the last answer for an hour.",
        );
    }

    #[test]
    fn the_last_answer_stays_within_two_segments() {
        // These texts are all in GSM-7 without extension characters: 2 segments hold 306 characters.
        for code in sample::hotline().sms.codes.keys() {
            let reply = reply(code).unwrap();
            let last = as_last(sample::hotline(), &reply);
            assert!(last.chars().count() <= 306, "{last}");
            let delete = ["Wis dit bericht.", "Delete this text."][usize::from(reply.language.unwrap().0)];
            assert!(last.ends_with(delete), "{last}");
            assert_eq!(last.matches(delete).count(), 1, "{last}");
        }
    }

    #[test]
    fn the_delete_sentence_is_found() {
        let case = |text: &str, body: &str, delete: &str| assert_eq!(split_delete(text), (body, delete), "{text:?}");
        case("", "", "");
        case("Delete this text.", "", "Delete this text.");
        case("Hm.", "", "Hm.");
        case("A permit, B8.3. Why? Delete this text.\n", "A permit, B8.3. Why?", "Delete this text.");
        case("Go!  Delete this text", "Go!", "Delete this text");
        case("Où ? Effacez ce message.", "Où ?", "Effacez ce message.");
        case("Ж.\u{a0}Я", "Ж.", "Я");
    }

    #[test]
    fn what_we_sent_is_known_when_it_comes_back() {
        let hotline = sample::hotline();
        let book = &hotline.sms;
        let mut sent: Vec<String> = book.texts.iter().flatten().cloned().collect();
        sent.extend([book.unknown.clone(), book.emergency.clone(), sample::CHOOSE.to_owned()]);
        sent.extend(book.codes.keys().map(|code| as_last(hotline, &reply(code).unwrap())));
        assert!(sent.len() > 50);
        for text in sent {
            assert!(is_ours(hotline, &text), "{text}");
            assert!(is_ours(hotline, &format!(" \"{}\" ", text.to_uppercase())), "{text}");
            assert!(!is_ours(hotline, &format!("{text} please")), "{text}");
        }
        for text in ["", "112", "2", "help", "SHELTER", "In danger call 112.", "I am forced to work, what now?"] {
            assert!(!is_ours(hotline, text), "{text}");
        }
    }

    #[test]
    fn a_short_text_is_never_ours() {
        let mut hotline = sample::hotline().clone();
        hotline.sms.emergency = "112!".to_owned();
        assert!(!is_ours(&hotline, "112"));
    }

    #[test]
    fn a_missing_text_gives_the_neutral_one() {
        let mut hotline = sample::hotline().clone();
        hotline.sms.texts.clear();
        hotline.sms.last_answer.clear();
        let reply = answer(&hotline, understand(&hotline.sms, "21")).unwrap();
        assert_eq!((reply.text, reply.kind), ("1 = Nederlands. 2 = English.", Kind::Neutral));
        assert_eq!(as_last(&hotline, &reply), "1 = Nederlands. 2 = English.");
    }

    proptest! {
        #[test]
        fn any_text_is_split_without_loss(text in any::<String>()) {
            let (body, delete) = split_delete(&text);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(body) + &letters(delete), letters(&text));
        }

        #[test]
        fn any_text_is_compared(text in any::<String>()) {
            prop_assert!(!is_ours(sample::hotline(), &text));
        }

        #[test]
        fn the_same_text_gives_the_same_answer(text in ".{0,40}") {
            prop_assert_eq!(reply(&text), reply(&text));
        }
    }
}
