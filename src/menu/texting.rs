//! The text service's book: codes, keywords and the words of every answer.

use super::fill::{Filling, fill, folded, pattern};
use super::hotline::{Answer, LangIx, NodeIx, SmsBook};
use super::links::Links;
use super::load::Settings;
use super::parsed::{NodeTexts, Parsed};
use super::resolve::{Message, MessageKind, check_pattern, languages};
use crate::base::findings::Findings;
use crate::base::read::Text;
use crate::base::{Finding, Place};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// At most this many keywords: every two are compared (rule SM-05).
const MAX_KEYWORDS: usize = 1000;

/// A keyword as it is matched, and where it stands.
pub(super) struct Keyword<'p> {
    pub word: String,
    pub written: &'p str,
    pub place: Place,
    pub node: NodeIx,
    pub language: LangIx,
    /// The first of its node and language: the one on leaflets.
    pub printed: bool,
}

/// A keyword as it is matched: upper-case A to Z and digits, accents gone, everything else dropped.
pub(super) fn cleaned(word: &str) -> String {
    let plain = word.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_uppercase();
    plain.chars().filter(char::is_ascii_alphanumeric).collect()
}

pub(super) struct Book<'a, 'p> {
    parsed: &'p Parsed,
    links: &'a Links<'p>,
    texts: &'a [Vec<Option<&'p NodeTexts>>],
    settings: &'a Settings,
    findings: &'a Findings,
    pub messages: Vec<Message<'p>>,
    pub keywords: Vec<Keyword<'p>>,
}

impl<'a, 'p> Book<'a, 'p> {
    pub fn new(
        parsed: &'p Parsed,
        links: &'a Links<'p>,
        texts: &'a [Vec<Option<&'p NodeTexts>>],
        settings: &'a Settings,
        findings: &'a Findings,
    ) -> Book<'a, 'p> {
        Book { parsed, links, texts, settings, findings, messages: Vec::new(), keywords: Vec::new() }
    }

    pub fn bind(&mut self) -> SmsBook {
        let all = &self.parsed.all;
        check_pattern(&all.choose, &["language", "code"], self.findings);
        let codes = self.codes();
        self.read_keywords();
        let words = |words: &[Text]| words.iter().map(|word| folded(word)).collect();
        SmsBook {
            keywords: self.answers(&codes),
            anywhere: self.anywhere(),
            codes,
            texts: languages(self.parsed).map(|language| self.texts_in(language)).collect(),
            unknown: self.message(MessageKind::Unknown, None, &all.unknown),
            emergency: self.message(MessageKind::Emergency, None, &all.emergency),
            emergency_words: words(&all.emergency_words),
            stop_words: words(&all.stop_words),
            last_answer: languages(self.parsed)
                .map(|language| {
                    let text = &self.parsed.texts[usize::from(language.0)].phrase.last_answer;
                    self.message(MessageKind::LastAnswer, Some(language), text)
                })
                .collect(),
        }
    }

    fn text_of(&self, language: LangIx, node: NodeIx) -> Option<&'p Text> {
        self.texts[usize::from(language.0)][usize::from(node.0)]?.sms.as_ref()
    }

    /// Every way of at most two keys, in every language, except what brings the emergency answer.
    fn codes(&self) -> BTreeMap<String, Answer> {
        let mut codes = BTreeMap::new();
        for language in languages(self.parsed) {
            for (path, node) in &self.links.ways {
                let code = code(language, path);
                if !self.is_emergency(&code) {
                    codes.insert(code, Answer::Node(language, *node));
                } else if let Some(text) = self.text_of(language, *node) {
                    let name = self.links.name(*node);
                    self.findings.add(
                        Finding::error("SM-06", text.place.clone(), format!("the code of `{name}` would be `{code}`"))
                            .expected("an emergency number brings the emergency answer and nothing else")
                            .help(
                                "change the order of the options, or leave this text out: callers still hear the node",
                            ),
                    );
                }
            }
        }
        codes
    }

    /// The keywords of nodes without a way by keys: who writes such a word in a sentence has no code to try instead.
    fn anywhere(&self) -> Vec<String> {
        let text_only = |keyword: &&Keyword| self.links.node(keyword.node).text_only && !keyword.word.is_empty();
        self.keywords.iter().filter(text_only).map(|keyword| keyword.word.clone()).collect()
    }

    fn is_emergency(&self, code: &str) -> bool {
        let contacts = self.parsed.contacts.iter().filter(|contact| contact.emergency);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        code == "112"
            || contacts.into_iter().any(|contact| digits(&contact.spoken) == code)
            || self.parsed.all.emergency_words.iter().any(|word| folded(word) == code)
    }

    /// The code of a node in a language, if it has one.
    pub fn code_of(&self, language: LangIx, node: NodeIx) -> Option<String> {
        let code = code(language, self.links.paths[usize::from(node.0)].as_deref()?);
        (!self.is_emergency(&code)).then_some(code)
    }

    fn read_keywords(&mut self) {
        for language in languages(self.parsed) {
            for node in self.links.all() {
                let Some(text) = self.texts[usize::from(language.0)][usize::from(node.0)] else { continue };
                let Some(text) = &text.keywords else { continue };
                let mut at = 0;
                for (index, written) in text.as_str().split_whitespace().enumerate() {
                    let start = text.get(at..).and_then(|rest| rest.find(written)).map_or(at, |found| at + found);
                    at = start + written.len();
                    let place = text.within(start..at);
                    if self.keywords.len() == MAX_KEYWORDS {
                        self.findings.error(&place, format!("there are more than {MAX_KEYWORDS} keywords"));
                        return;
                    }
                    let word = cleaned(written);
                    self.keywords.push(Keyword { word, written, place, node, language, printed: index == 0 });
                }
            }
        }
    }

    /// A keyword of one language brings its node; one of several languages brings the line that names the codes.
    /// A keyword for different nodes is refused by rule SM-05.
    fn answers(&mut self, codes: &BTreeMap<String, Answer>) -> BTreeMap<String, Answer> {
        let mut owners: BTreeMap<&str, Vec<&Keyword>> = BTreeMap::new();
        for keyword in self.keywords.iter().filter(|keyword| !keyword.word.is_empty()) {
            owners.entry(&keyword.word).or_default().push(keyword);
        }
        let mut answers = BTreeMap::new();
        for (word, owners) in owners {
            let Some(first) = owners.first() else { continue };
            let one_node = owners.iter().all(|owner| owner.node == first.node);
            let several = owners.iter().any(|owner| owner.language != first.language);
            if !(one_node && several) {
                answers.insert(word.to_owned(), Answer::Node(first.language, first.node));
                continue;
            }
            let lines: Vec<String> = owners
                .iter()
                .filter_map(|owner| {
                    let code = self.code_of(owner.language, first.node).filter(|code| codes.contains_key(code));
                    if code.is_none() {
                        let name = self.links.name(first.node);
                        let message =
                            format!("the keyword `{word}` stands in several languages, and `{name}` has no code");
                        self.findings.add(
                            Finding::error("SM-05", owner.place.clone(), message)
                                .help("give each language a keyword of its own"),
                        );
                    }
                    let name = folded(&self.parsed.texts[usize::from(owner.language.0)].phrase.name);
                    Some(pattern(&self.parsed.all.choose, self.findings, &[("language", &name), ("code", &code?)]))
                })
                .collect();
            answers.insert(word.to_owned(), Answer::Choose(lines.join(" ")));
        }
        let choose: Vec<String> = answers
            .values()
            .filter_map(|answer| match answer {
                Answer::Choose(words) => Some(words.clone()),
                Answer::Node(..) => None,
            })
            .collect();
        let source = &self.parsed.all.choose;
        let message = |words| Message { kind: MessageKind::Choose, language: None, words, source };
        self.messages.extend(choose.into_iter().map(message));
        answers
    }

    /// The text of every node: its own, or that of the nearest node above it that has one.
    fn texts_in(&mut self, language: LangIx) -> Vec<String> {
        let mut own: HashMap<NodeIx, String> = HashMap::new();
        for node in self.links.all() {
            if let Some(text) = self.text_of(language, node) {
                own.insert(node, self.message(MessageKind::Node(node), Some(language), text));
            }
        }
        self.links
            .all()
            .map(|node| {
                let mut at = node;
                while !own.contains_key(&at) && at != self.links.roles.main {
                    at = self.links.parents[usize::from(at.0)];
                }
                own.get(&at).cloned().unwrap_or_default()
            })
            .collect()
    }

    /// Fills a text message and remembers where it stands.
    fn message(&mut self, kind: MessageKind, language: Option<LangIx>, source: &'p Text) -> String {
        let words = self.filled(source, 0..source.len(), language);
        self.messages.push(Message { kind, language, words: words.clone(), source });
        words
    }

    /// The placeholders of a text message.
    fn filled(&self, text: &Text, range: Range<usize>, language: Option<LangIx>) -> String {
        let known = || {
            let contacts = self.parsed.contacts.iter().map(|contact| contact.id.as_str().to_owned());
            let codes = self.links.nodes.iter().zip(&self.links.paths).filter(|(_, path)| path.is_some());
            let codes = codes.map(|(node, _)| format!("code.{}", node.name.as_str()));
            contacts.chain(["tel".to_owned()]).chain(codes).collect()
        };
        fill(text, range, self.findings, &known, &|name| {
            if let Some(contact) = self.parsed.contacts.iter().find(|contact| contact.id.as_str() == name) {
                return Filling::Words(folded(&contact.printed));
            }
            if let Some(target) = name.strip_prefix("code.") {
                return match (self.links.named(target), language) {
                    (None, _) => Filling::Unknown,
                    (_, None) => Filling::Refused("a code belongs to a language".to_owned()),
                    (Some(node), Some(language)) => match self.code_of(language, node) {
                        Some(code) => Filling::Words(code),
                        None => Filling::Refused(format!("`{target}` has no code")),
                    },
                };
            }
            match name {
                "tel" => Filling::Words(self.settings.number.clone()),
                "delete" => {
                    Filling::Refused("write the sentence of `phrase.delete` itself, as the last one".to_owned())
                }
                "hours" => Filling::Refused("opening hours are for spoken words".to_owned()),
                _ => Filling::Unknown,
            }
        })
    }
}

/// The language's digit and the keys.
fn code(language: LangIx, path: &str) -> String {
    format!("{}{path}", u16::from(language.0) + 1)
}
