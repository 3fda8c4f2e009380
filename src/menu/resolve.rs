//! [`Parsed`] to [`Hotline`]: every name followed, every word filled in, and beside it where each sentence stands.

use super::fill::{Filling, fill, folded, pattern};
use super::hotline::*;
use super::hours;
use super::links::{Links, act_name};
use super::load::Settings;
use super::parsed::*;
use super::texting;
use crate::base::findings::Findings;
use crate::base::read::Text;
use crate::base::{Digit, Finding, Language, Place, Revision};
use std::collections::HashMap;
use std::ops::Range;

/// A hotline with the places of its words: what the rules look at. It is whole only if nothing wrong was found.
pub(super) struct Resolved<'p> {
    pub parsed: &'p Parsed,
    pub links: Links<'p>,
    pub hotline: Hotline,
    pub sentences: Vec<Sentence<'p>>,
    pub labels: Vec<Label<'p>>,
    pub messages: Vec<Message<'p>>,
    /// The keywords as written, with the node and language they belong to; the first of a node is the printed one.
    pub keywords: Vec<texting::Keyword<'p>>,
    /// The desk's opening hours in words, by language.
    pub hours: Vec<Option<String>>,
    /// The texts of a node by language.
    pub texts: Vec<Vec<Option<&'p NodeTexts>>>,
}

/// A line that callers hear.
pub(super) struct Sentence<'p> {
    pub kind: Kind,
    pub node: Option<NodeIx>,
    /// Nothing for what is said before a language is chosen.
    pub language: Option<LangIx>,
    /// With everything filled in.
    pub words: String,
    /// As it stands in the file.
    pub raw: &'p str,
    /// Which group of its node it belongs to, from 0.
    pub group: u16,
    pub place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Heard before a key is pressed.
    Front,
    /// The information of a node.
    Info,
    Letters,
    /// The sentence of a key.
    Option,
    /// What is said right after the sentence of a key.
    Note,
    Phrase,
}

/// The words of an option, without the key.
pub(super) struct Label<'p> {
    pub menu: NodeIx,
    pub language: LangIx,
    pub text: &'p Text,
    pub words: String,
}

/// A text message.
pub(super) struct Message<'p> {
    pub kind: MessageKind,
    /// Nothing for what belongs to no language.
    pub language: Option<LangIx>,
    pub words: String,
    pub source: &'p Text,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MessageKind {
    Node(NodeIx),
    /// The answer to a text nobody understands: whoever holds the phone can ask for it.
    Unknown,
    Emergency,
    /// One sentence behind the tenth answer.
    LastAnswer,
    /// The line that names codes when a keyword stands in several languages.
    Choose,
}

pub(super) fn resolve<'p>(
    parsed: &'p Parsed,
    links: Links<'p>,
    settings: &Settings,
    revision: Revision,
    findings: &Findings,
) -> Resolved<'p> {
    let texts = match_texts(parsed, &links, findings);
    let hours =
        parsed.texts.iter().map(|texts| hours::in_words(settings.hours.as_ref(), &texts.phrase.hours, findings));
    let mut speech = Speech {
        parsed,
        links: &links,
        texts: &texts,
        hours: hours.collect(),
        findings,
        sentences: Vec::new(),
        labels: Vec::new(),
    };
    for language in languages(parsed) {
        speech.check_patterns(language);
    }
    let nodes = links.all().map(|ix| speech.node(ix)).collect();
    let front = speech.front();
    let phrases = languages(parsed).map(|language| speech.phrases(language)).collect();
    let (sentences, labels, hours) = (speech.sentences, speech.labels, speech.hours);
    let mut book = texting::Book::new(parsed, &links, &texts, settings, findings);
    let sms = book.bind();
    let (messages, keywords) = (book.messages, book.keywords);
    let lines = parsed.hotline.lines.iter().filter_map(|(number, language)| {
        let at = parsed.hotline.languages.iter().position(|known| known.value == language.value)?;
        Some((number.as_str().to_owned(), language_ix(at)))
    });
    let mut hotline = Hotline {
        revision,
        name: folded(&parsed.hotline.name),
        country: parsed.hotline.country.as_str().to_owned(),
        timezone: parsed.hotline.timezone.clone(),
        languages: parsed.hotline.languages.iter().map(|language| language.value).collect(),
        lines: lines.collect::<HashMap<_, _>>(),
        nodes,
        roles: links.roles,
        front,
        phrases,
        sms,
    };
    let Hotline { languages: tags, .. } = &hotline;
    let tags = tags.clone();
    for prompt in hotline.prompts_mut() {
        prompt.measured_ms = tags.get(usize::from(prompt.language.0)).and_then(|tag| settings.lengths.of(*tag, prompt));
    }
    Resolved { parsed, links, hotline, sentences, labels, messages, keywords, hours, texts }
}

pub(super) fn languages(parsed: &Parsed) -> impl Iterator<Item = LangIx> + use<> {
    (0..parsed.hotline.languages.len()).map(language_ix)
}

/// An index fits: the reader keeps at most [`MAX_LANGUAGES`] languages.
fn language_ix(at: usize) -> LangIx {
    LangIx(u8::try_from(at).unwrap_or(u8::MAX))
}

/// The texts of each node by language. Texts of a node that does not exist are reported.
fn match_texts<'p>(parsed: &'p Parsed, links: &Links, findings: &Findings) -> Vec<Vec<Option<&'p NodeTexts>>> {
    let mut all = Vec::new();
    for file in &parsed.texts {
        let mut texts = vec![None; links.nodes.len()];
        for (name, node) in &file.nodes {
            let names = || links.nodes.iter().map(|node| node.name.as_str());
            let known = links.named(name);
            let ix = known
                .or_else(|| links.named(findings.unknown(&name.place, name, "a node of `voice.toml`", names())?));
            match ix.map(|ix| &mut texts[usize::from(ix.0)]) {
                Some(slot @ None) => *slot = Some(node),
                _ => continue,
            }
            for (menu, _) in &node.option_from {
                let here = ix.zip(links.named(menu));
                match here {
                    None => {
                        findings.unknown(&menu.place, menu, "a node of `voice.toml`", names());
                    }
                    Some((ix, menu_ix)) if !links.keys(menu_ix).contains(&Choice::Go(ix)) => findings.warn(
                        &menu.place,
                        format!("nobody hears this: `{}` has no option `{}`", menu.as_str(), name.as_str()),
                    ),
                    Some(_) => {}
                }
            }
            for (act, _) in node.choice.iter().chain(&node.choice_note) {
                if ix.is_some_and(|ix| !links.keys(ix).contains(&Choice::Act(act.value))) {
                    let message =
                        format!("nobody hears this: `{}` has no choice `{}`", name.as_str(), act_name(act.value));
                    findings.warn(&act.place, message);
                }
            }
        }
        all.push(texts);
    }
    all
}

struct Speech<'a, 'p> {
    parsed: &'p Parsed,
    links: &'a Links<'p>,
    texts: &'a [Vec<Option<&'p NodeTexts>>],
    hours: Vec<Option<String>>,
    findings: &'a Findings,
    sentences: Vec<Sentence<'p>>,
    labels: Vec<Label<'p>>,
}

/// A line of a text: which bytes of it.
type Line<'p> = (&'p Text, Range<usize>);

impl<'p> Speech<'_, 'p> {
    fn phrase(&self, language: LangIx) -> &'p PhraseTexts {
        &self.parsed.texts[usize::from(language.0)].phrase
    }

    fn node(&mut self, ix: NodeIx) -> Node {
        let voice = self.links.node(ix);
        let spoken = languages(self.parsed).map(|language| match voice.text_only {
            true => Spoken::default(),
            false => self.spoken(ix, language),
        });
        let ids = |ids: &[Text]| ids.iter().map(|id| id.as_str().to_owned()).collect();
        Node {
            name: voice.name.as_str().to_owned(),
            spoken: spoken.collect(),
            then: self.links.then[usize::from(ix.0)],
            keys: self.links.keys(ix).to_vec(),
            facts: ids(&voice.facts),
            text_facts: ids(&voice.text_facts),
            text_only: voice.text_only,
            path: self.links.paths[usize::from(ix.0)].clone(),
        }
    }

    fn spoken(&mut self, ix: NodeIx, language: LangIx) -> Spoken {
        let name = self.links.name(ix).to_owned();
        let texts = self.texts[usize::from(language.0)][usize::from(ix.0)];
        let info = self.groups(&name, "say", texts.map(|texts| self.information(texts)), ix, language, Kind::Info);
        let letters = texts.and_then(|texts| texts.letters.as_ref()).map(lines);
        let letters = self.groups(&name, "letters", letters, ix, language, Kind::Letters);
        let keys = self.links.keys(ix).to_vec();
        let options = keys.iter().enumerate().filter_map(|(at, choice)| self.option(ix, at, *choice, language));
        let options = options.collect();
        let reserved = self.reserved(ix, language, !info.is_empty());
        Spoken { info, options, reserved, letters }
    }

    /// The lines of a node's information under the present settings, in groups.
    fn information(&self, texts: &'p NodeTexts) -> Vec<Vec<Line<'p>>> {
        let extra: Vec<Line> = texts
            .settings
            .iter()
            .filter(|extra| {
                let at = Setting::ALL.iter().position(|(_, setting)| *setting == extra.setting);
                at.is_some_and(|at| (self.parsed.hotline.settings[at] == Some(true)) == extra.when)
            })
            .flat_map(|extra| lines(&extra.text).into_iter().flatten())
            .collect();
        let mut groups = texts.say.as_ref().map(lines).unwrap_or_default();
        let is_mark = |line: &Line| line.0.get(line.1.clone()) == Some("{settings}");
        let mark = groups.iter().enumerate().find_map(|(at, group)| Some((at, group.iter().position(is_mark)?)));
        match mark {
            Some((group, line)) => {
                groups[group].splice(line..=line, extra);
            }
            None => match groups.last_mut() {
                Some(last) => last.extend(extra),
                None => groups.push(extra),
            },
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// A prompt a group.
    fn groups(
        &mut self,
        name: &str,
        part: &str,
        groups: Option<Vec<Vec<Line<'p>>>>,
        ix: NodeIx,
        language: LangIx,
        kind: Kind,
    ) -> Vec<Prompt> {
        let mut prompts = Vec::new();
        for group in groups.unwrap_or_default() {
            let id = format!("{name}/{part}/{}", prompts.len() + 1);
            let at = u16::try_from(prompts.len()).unwrap_or(u16::MAX);
            let sentences: Vec<String> =
                group.into_iter().map(|line| self.sentence(line, Some(ix), Some(language), kind, at)).collect();
            prompts.push(prompt(id, language, &sentences));
        }
        prompts
    }

    /// Fills a line and remembers where it stands.
    fn sentence(
        &mut self,
        line: Line<'p>,
        node: Option<NodeIx>,
        language: Option<LangIx>,
        kind: Kind,
        group: u16,
    ) -> String {
        let (text, range) = line;
        let words = self.filled(text, range.clone(), node, language);
        self.sentences.push(Sentence {
            kind,
            node,
            language,
            words: words.clone(),
            raw: text.get(range.clone()).unwrap_or_default(),
            group,
            place: text.within(range),
        });
        words
    }

    /// The key at this position of a menu, in words.
    fn option(&mut self, menu: NodeIx, at: usize, choice: Choice, language: LangIx) -> Option<Prompt> {
        let texts = |node: NodeIx| self.texts[usize::from(language.0)][usize::from(node.0)];
        let name = self.links.name(menu);
        let (id, label, note) = match choice {
            Choice::Go(to) => {
                let label = texts(to).and_then(|texts| texts.option_in(name))?;
                (format!("{name}/option/{}", self.links.name(to)), label, None)
            }
            Choice::Act(act) => {
                let texts = texts(menu)?;
                (format!("{name}/choice/{}", act_name(act)), texts.choice(act)?, texts.choice_note(act))
            }
        };
        let words = self.filled(label, 0..label.len(), Some(menu), Some(language));
        let key = Digit::of_option(at)?;
        let mut sentences = vec![self.press(label, &words, key, Some(menu), language)];
        self.labels.push(Label { menu, language, text: label, words });
        if let Some(note) = note {
            for line in lines(note).into_iter().flatten() {
                sentences.push(self.sentence(line, Some(menu), Some(language), Kind::Note, 0));
            }
        }
        Some(prompt(id, language, &sentences))
    }

    /// `{option}, press {key}.` with a label and a key.
    fn press(&mut self, label: &'p Text, words: &str, key: Digit, menu: Option<NodeIx>, language: LangIx) -> String {
        let phrase = self.phrase(language);
        let key = phrase.key(key.as_char());
        let sentence = pattern(&phrase.press, self.findings, &[("option", words), ("key", key)]);
        self.sentences.push(Sentence {
            kind: Kind::Option,
            node: menu,
            language: Some(language),
            words: sentence.clone(),
            raw: label.as_str(),
            group: 0,
            place: label.place.clone(),
        });
        sentence
    }

    /// The reserved keys that a node names: again, a person, back.
    fn reserved(&mut self, ix: NodeIx, language: LangIx, has_information: bool) -> Vec<Prompt> {
        let roles = self.links.roles;
        let phrase = self.phrase(language);
        let again = ("phrase/again", &phrase.again, Digit::EIGHT);
        let person = ("phrase/person", &phrase.person, Digit::ZERO);
        let back = ("phrase/back", &phrase.back, Digit::STAR);
        let named = match ix {
            _ if self.links.then[usize::from(ix.0)].is_some() => vec![],
            _ if [roles.waiting, roles.closed, roles.busy].contains(&ix) => vec![],
            _ if ix == roles.connect => vec![back],
            _ if ix == roles.main => vec![person],
            _ if has_information => vec![again, person, back],
            _ => vec![person, back],
        };
        named.into_iter().map(|(id, label, key)| self.phrase_option(id, label, key, language)).collect()
    }

    /// The sentence of a reserved key. Its words are looked at once, with the phrases.
    fn phrase_option(&self, id: &str, label: &'p Text, key: Digit, language: LangIx) -> Prompt {
        let phrase = self.phrase(language);
        let label = self.filled(label, 0..label.len(), None, Some(language));
        let key = phrase.key(key.as_char());
        let sentence = pattern(&phrase.press, self.findings, &[("option", &label), ("key", key)]);
        prompt(id.to_owned(), language, &[sentence])
    }

    fn front(&mut self) -> Front {
        let all = &self.parsed.all;
        let first = LangIx(0);
        let line = |speech: &mut Self, id: &str, text: &'p Text| {
            let sentences: Vec<String> = lines(text)
                .into_iter()
                .flatten()
                .map(|line| speech.sentence(line, None, None, Kind::Front, 0))
                .collect();
            prompt(format!("front/{id}"), first, &sentences)
        };
        let greeting = line(self, "greeting", &all.greeting);
        let silence = [line(self, "silence/1", &all.silence[0]), line(self, "silence/2", &all.silence[1])];
        let end = line(self, "end", &all.end);
        let languages = languages(self.parsed).filter_map(|language| {
            let phrase = self.phrase(language);
            let key = phrase.key(Digit::of_option(usize::from(language.0))?.as_char());
            let label = folded(&phrase.language);
            let words = pattern(&phrase.press, self.findings, &[("option", &label), ("key", key)]);
            self.sentences.push(Sentence {
                kind: Kind::Front,
                node: None,
                language: None,
                words: words.clone(),
                raw: &phrase.language,
                group: 0,
                place: phrase.language.place.clone(),
            });
            let id = format!("front/language/{}", self.parsed.hotline.languages[usize::from(language.0)].value);
            Some(prompt(id, language, &[words]))
        });
        Front { greeting, languages: languages.collect(), silence, end }
    }

    fn phrases(&mut self, language: LangIx) -> Phrases {
        let texts = self.phrase(language);
        let line = |speech: &mut Self, id: &str, text: &'p Text| {
            let sentences: Vec<String> = lines(text)
                .into_iter()
                .flatten()
                .map(|line| speech.sentence(line, None, Some(language), Kind::Phrase, 0))
                .collect();
            prompt(format!("phrase/{id}"), language, &sentences)
        };
        let whisper = &texts.whisper;
        let calls = self.parsed.hotline.languages.iter().zip(&whisper.languages).map(|(tag, name): (_, &Text)| {
            let tag: Language = tag.value;
            let words = pattern(&whisper.call, self.findings, &[("language", name)]);
            prompt(format!("phrase/whisper/call/{tag}"), language, &[words])
        });
        let whisper_call = calls.collect();
        let accept = pattern(&whisper.accept, self.findings, &[("key", texts.key('1'))]);
        for (label, key) in [(&texts.again, Digit::EIGHT), (&texts.person, Digit::ZERO), (&texts.back, Digit::STAR)] {
            let words = folded(label);
            self.press(label, &words, key, None, language);
        }
        Phrases {
            name: folded(&texts.name),
            wrong_key: line(self, "wrong_key", &texts.wrong_key),
            silence: [
                line(self, "silence/1", &texts.silence[0]),
                line(self, "silence/2", &texts.silence[1]),
                line(self, "silence/3", &texts.silence[2]),
            ],
            person: self.phrase_option("phrase/person", &texts.person, Digit::ZERO, language),
            waiting: line(self, "waiting", &texts.waiting),
            trouble: line(self, "trouble", &texts.trouble),
            whisper_call,
            whisper_cannot_speak: prompt(
                "phrase/whisper/cannot_speak".to_owned(),
                language,
                &[folded(&whisper.cannot_speak)],
            ),
            whisper_accept: prompt("phrase/whisper/accept".to_owned(), language, &[accept]),
            staff: self.staff(texts),
            spoken_forms: SpokenForms {
                digits: texts.digits.iter().map(|digit| folded(digit)).collect(),
                pronounce: texts.pronounce.iter().map(|(word, voice)| (folded(word), folded(voice))).collect(),
            },
        }
    }

    /// What the staff line says. Its keys are those of the room `desk`.
    fn staff(&self, texts: &PhraseTexts) -> Option<StaffPhrases> {
        let staff = texts.staff.as_ref()?;
        let filled = |name: &str, values: &[(&str, &str)]| {
            let at = STAFF.iter().position(|(known, _)| *known == name).unwrap_or_default();
            pattern(&staff[at], self.findings, values)
        };
        let plain = |name: &str| filled(name, &[]);
        let key = |name: &str, key: char| filled(name, &[("key", texts.key(key))]);
        let count = ("count", "{count}");
        Some(StaffPhrases {
            enter: plain("enter"),
            wrong: plain("wrong"),
            goodbye: plain("goodbye"),
            on_duty: plain("on_duty"),
            off_duty: plain("off_duty"),
            all_to_fallback: plain("all_to_fallback"),
            calls_to_desk: plain("calls_to_desk"),
            people: filled("people", &[count]),
            speak: texts.whisper.languages.iter().map(|name| filled("speak", &[("language", name), count])).collect(),
            press_on: key("press_on", '1'),
            press_off: key("press_off", '2'),
            press_who: key("press_who", '3'),
            press_fallback: key("press_fallback", '4'),
            press_desk: key("press_desk", '5'),
            press_hold_back: key("press_hold_back", '6'),
            held_back: plain("held_back"),
            not_saved: plain("not_saved"),
            taken: plain("taken"),
            gone: plain("gone"),
        })
    }

    /// A pattern must hold each of its placeholders once, and no other.
    fn check_patterns(&self, language: LangIx) {
        let phrase = self.phrase(language);
        let (hours, whisper) = (&phrase.hours, &phrase.whisper);
        check_pattern(&hours.through, &["first", "last"], self.findings);
        check_pattern(&hours.span, &["from", "to"], self.findings);
        check_pattern(&whisper.call, &["language"], self.findings);
        check_pattern(&whisper.accept, &["key"], self.findings);
        for ((_, names), text) in STAFF.iter().zip(phrase.staff.iter().flatten()) {
            check_pattern(text, names, self.findings);
        }
    }

    /// The placeholders of spoken words.
    fn filled(&self, text: &Text, range: Range<usize>, node: Option<NodeIx>, language: Option<LangIx>) -> String {
        let keys = || -> Vec<NodeIx> {
            let from = node.into_iter().flat_map(|node| self.links.keys(self.links.landing(node)));
            let targets = from.filter_map(|choice| match choice {
                Choice::Go(to) => Some(*to),
                Choice::Act(_) => None,
            });
            targets.chain([self.links.roles.connect]).collect()
        };
        let known = || {
            let contacts = self.parsed.contacts.iter().map(|contact| contact.id.as_str().to_owned());
            let keys = keys().into_iter().map(|node| format!("key.{}", self.links.name(node)));
            contacts.chain(["hours".to_owned()]).chain(keys).collect()
        };
        fill(text, range, self.findings, &known, &|name| {
            let Some(language) = language else {
                return Filling::Refused("no language is chosen yet".to_owned());
            };
            let phrase = self.phrase(language);
            if let Some(contact) = self.parsed.contacts.iter().find(|contact| contact.id.as_str() == name) {
                return Filling::Words(spoken_number(&contact.spoken, phrase));
            }
            if let Some(target) = name.strip_prefix("key.") {
                let target = self.links.named(target);
                let key = match (node, target) {
                    (_, Some(to)) if to == self.links.roles.connect => Some(Digit::ZERO),
                    (Some(from), Some(to)) => self.links.key_to(from, to),
                    _ => None,
                };
                return match (key, target) {
                    (Some(key), _) => Filling::Words(phrase.key(key.as_char()).to_owned()),
                    (None, Some(_)) => Filling::Refused("no key leads there from here".to_owned()),
                    (None, None) => Filling::Unknown,
                };
            }
            match name {
                "hours" => match &self.hours[usize::from(language.0)] {
                    Some(hours) => Filling::Words(hours.clone()),
                    None => Filling::Refused("the desk has no weekly opening hours".to_owned()),
                },
                "settings" => Filling::Refused("it stands once in `say`, on a line of its own".to_owned()),
                "tel" => Filling::Refused("it is for text messages, and who hears this has called".to_owned()),
                _ => Filling::Unknown,
            }
        })
    }
}

/// The lines of a text, in groups.
fn lines(text: &Text) -> Vec<Vec<Line<'_>>> {
    text.groups().into_iter().map(|group| group.into_iter().map(|range| (text, range)).collect()).collect()
}

fn prompt(id: String, language: LangIx, sentences: &[String]) -> Prompt {
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
    Prompt {
        id,
        language,
        words: sentences.join(" "),
        sentences: u16::try_from(sentences.len()).unwrap_or(u16::MAX),
        measured_ms: None,
    }
}

/// A number digit by digit: the digits of a group separated by spaces, the groups by a comma.
fn spoken_number(groups: &str, phrase: &PhraseTexts) -> String {
    let group = |group: &str| {
        let digits = group.chars().filter_map(|digit| digit.to_digit(10));
        digits
            .filter_map(|digit| phrase.digits.get(digit as usize))
            .map(|word| word.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    groups.split_whitespace().map(group).collect::<Vec<_>>().join(", ")
}

/// Reports a pattern that lacks one of its placeholders.
pub(super) fn check_pattern(text: &Text, names: &[&str], findings: &Findings) {
    let values: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
    pattern(text, findings, &values);
    for name in names.iter().filter(|name| !text.is_empty() && text.matches(&format!("{{{name}}}")).count() != 1) {
        findings.add(
            Finding::error("FORMAT", text.place.clone(), format!("`{{{name}}}` does not stand here exactly once"))
                .found(format!("`{}`", text.as_str()))
                .expected(names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(" and ")),
        );
    }
}
