//! What callers hear: options and their keys, the way to a person, short sentences, numbers, complete languages.

use super::{Issues, Subject, count, plain};
use crate::base::read::Text;
use crate::base::{Finding, Place};
use crate::menu::fill::{folded, holes};
use crate::menu::hotline::{Act, Choice, LangIx, NodeIx, Prompt};
use crate::menu::links::act_name;
use crate::menu::parsed::{NodeTexts, PhraseTexts, Setting};
use crate::menu::resolve::{Kind, Resolved, Sentence, languages};
use crate::menu::time::{AFTER_GROUP, over, pause_seconds, seconds, spoken_seconds, spoken_words, until_language};
use std::collections::{BTreeMap, HashSet};

/// MN-05: words of an option, the key not counted.
pub const LABEL_WORDS: usize = 10;
/// MN-09: seconds after the answer at which the way to a person has been said.
pub const PERSON_HEARD: f64 = 15.0;
/// PR-01: words of a sentence for A2 to B1; what is not said any more; what a fact may need, with a reason.
pub const SENTENCE: usize = 12;
pub const LONG_SENTENCE: usize = 15;
pub const FACT_SENTENCE: usize = 20;
/// PR-02: digits in a row that can only be a number somebody typed.
const TYPED_DIGITS: usize = 3;

/// MN-04.
pub(super) fn function_before_key(on: &Subject, issues: &mut Issues) {
    on.languages().for_each(|language| option_then_key(on.phrase(language), issues));
}

fn option_then_key(phrase: &PhraseTexts, issues: &mut Issues) {
    let press = phrase.press.as_str();
    if press.is_empty() {
        return;
    }
    let once = |name: &str| press.matches(name).count() == 1;
    let in_order = press.split_once("{option}").is_some_and(|(_, rest)| rest.contains("{key}"));
    if !(once("{option}") && once("{key}") && in_order) {
        issues.add(
            Finding::error("MN-04", phrase.press.place.clone(), "an option must name what it brings, then its key")
                .found(format!("`{press}`"))
                .expected("`{option}` and `{key}` once each, in this order, as in `{option}, press {key}.`")
                .help("a key that is heard first is forgotten"),
        );
    }
}

/// MN-05, the length.
pub(super) fn short_labels(on: &Subject, issues: &mut Issues) {
    for label in &on.resolved.labels {
        let words = spoken_words(&label.words);
        if words > LABEL_WORDS {
            let finding = Finding::warning("MN-05", label.text.place.clone(), "the words of this option are many")
                .found(count(words, "word", "words"))
                .expected(format!("at most {LABEL_WORDS}"));
            issues.add_at(Some(label.menu), Some(label.language), finding);
        }
    }
}

/// MN-05, the difference: a caller chooses by ear.
pub(super) fn labels_differ(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    for (at, label) in resolved.labels.iter().enumerate() {
        let start = content_words(&label.words);
        let in_menu = resolved.labels[..at].iter().rev().take_while(|other| other.menu == label.menu);
        // The same node twice is told by MN-02.
        let others = in_menu.filter(|other| other.language == label.language && other.text.place != label.text.place);
        let twin = others.into_iter().find(|other| start.len() == 2 && content_words(&other.words) == start);
        if let Some(twin) = twin {
            let finding = Finding::warning("MN-05", label.text.place.clone(), "two options of one menu begin alike")
                .found(format!("`{}` and `{}`", twin.words, label.words))
                .expected("options that a listener can tell apart by their first two words of meaning");
            issues.add_at(Some(label.menu), Some(label.language), finding);
        }
    }
}

/// The first two words that carry meaning: short words and those that stand before anything are passed over.
fn content_words(label: &str) -> Vec<String> {
    /// Longer function words of the languages written so far.
    const FUNCTION_WORDS: [&str; 16] = [
        "about", "from", "hear", "horen", "into", "more", "naar", "over", "that", "this", "those", "uitleg", "voor",
        "with", "zonder", "without",
    ];
    let words = label.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().count() > 3 && !FUNCTION_WORDS.contains(&word.as_str())).take(2).collect()
}

/// MN-09: in every language, for a caller who lets everything be said to its end before she presses a key: the one who
/// waits for the last language, and the one who does not know yet what to press. That a person is one key away in every
/// node, and three keys from the answer, the format itself sees to.
pub(super) fn person_heard_soon(on: &Subject, issues: &mut Issues) {
    for language in on.languages() {
        let phrase = on.phrase(language);
        let zero = phrase.key('0').to_lowercase();
        if zero.is_empty() {
            continue;
        }
        let names_person = |sentence: &Sentence| {
            let mut words = sentence.raw.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
            holes(sentence.raw).any(|hole| hole == "key.connect") || words.any(|word| word == zero)
        };
        let (time, place) = match first_said(on.resolved, language, names_person) {
            Said::At(time, place) => (time, place),
            // The main menu names it behind its options.
            Said::Never(time) => {
                let spoken = on.resolved.hotline.spoken(on.resolved.links.roles.main, language);
                (time + seconds(spoken.options.iter().chain(&spoken.reserved)), phrase.person.place.clone())
            }
        };
        if over(time, PERSON_HEARD) {
            let tag = on.resolved.hotline.language(language);
            let message = format!("in the language `{tag}` callers hear too late how to reach a person");
            issues.add(
                Finding::error("MN-09", place, message)
                    .found(format!("{time:.1} s after the answer"))
                    .expected(format!("at most {PERSON_HEARD:.0} s"))
                    .help("say it in the first node, and leave out words before it"),
            );
        }
    }
}

/// When something is first said on the way from the answer to the information of the main menu.
pub(super) enum Said {
    /// Seconds after the answer, and where it stands.
    At(f64, Place),
    /// Not on this way, which takes so many seconds.
    Never(f64),
}

/// The seconds until a sentence of this kind has been said, to a caller who hears the whole list of languages and
/// presses no other key.
pub(super) fn first_said(resolved: &Resolved, language: LangIx, wanted: impl Fn(&Sentence) -> bool) -> Said {
    let roles = resolved.links.roles;
    let last = LangIx(u8::try_from(resolved.hotline.languages.len().saturating_sub(1)).unwrap_or(u8::MAX));
    let mut time = until_language(&resolved.hotline, last);
    for at in [roles.welcome, roles.main] {
        let said = |sentence: &&Sentence| {
            sentence.node == Some(at) && sentence.language == Some(language) && sentence.kind == Kind::Info
        };
        let info = &resolved.hotline.spoken(at, language).info;
        let mut group = 0;
        for sentence in resolved.sentences.iter().filter(said) {
            // The groups before this one, whole; of its own, what was said of it.
            time +=
                info.iter().take(usize::from(sentence.group)).skip(usize::from(group)).map(pause_seconds).sum::<f64>();
            group = sentence.group;
            time += info.get(usize::from(group)).map_or(0.0, |prompt| share(prompt, &sentence.words));
            if wanted(sentence) {
                return Said::At(time, sentence.place.clone());
            }
        }
        time += info.last().map_or(AFTER_GROUP, pause_seconds);
    }
    Said::Never(time)
}

/// Seconds of one sentence of a prompt: of its sound as large a part as it has of the words.
fn share(prompt: &Prompt, sentence: &str) -> f64 {
    let (part, whole) = (spoken_words(sentence) as f64, spoken_words(&prompt.words) as f64);
    if whole > 0.0 { spoken_seconds(prompt) * part / whole } else { 0.0 }
}

/// PR-01. The sentences of keys have a rule of their own (MN-05). Digits count one by one; opening hours count as one word, because they are the desk's and not the menu's.
pub(super) fn short_sentences(on: &Subject, issues: &mut Issues) {
    on.resolved.sentences.iter().for_each(|sentence| short_sentence(on.resolved, sentence, issues));
}

fn short_sentence(resolved: &Resolved, sentence: &Sentence, issues: &mut Issues) {
    if sentence.kind == Kind::Option {
        return;
    }
    let hours = sentence.language.and_then(|language| resolved.hours[usize::from(language.0)].as_deref());
    let words = match hours.filter(|_| holes(sentence.raw).any(|hole| hole == "hours")) {
        // A line that begins with the hours begins with a capital letter.
        Some(hours) => sentence.words.to_lowercase().replace(&hours.to_lowercase(), "then"),
        None => sentence.words.clone(),
    };
    for part in sentences(&words) {
        let length = spoken_words(part);
        if length <= SENTENCE {
            continue;
        }
        let message = "the sentence is long";
        let place = sentence.place.clone();
        let help = "make two sentences of it, with one thought each";
        let finding = |finding: Finding, most: usize| {
            finding.found(count(length, "word", "words")).expected(format!("at most {most}")).help(help)
        };
        let fact = sentence.node.is_some_and(|node| !resolved.links.node(node).facts.is_empty());
        if length <= LONG_SENTENCE {
            issues.add_at(
                sentence.node,
                sentence.language,
                finding(Finding::warning("PR-01", place, message), SENTENCE),
            );
        } else if fact && length <= FACT_SENTENCE {
            let finding = finding(Finding::error("PR-01", place, message), LONG_SENTENCE);
            issues.add_excusable(sentence.node, sentence.language, finding);
        } else {
            issues.add(finding(Finding::error("PR-01", place, message), LONG_SENTENCE));
        }
    }
}

/// The sentences of a text: each ends with a full stop, a question mark or an exclamation mark before white space.
fn sentences(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut end_seen = false;
    for (at, c) in text.char_indices() {
        if end_seen && c.is_whitespace() {
            parts.push(&text[start..at]);
            start = at;
        }
        end_seen = matches!(c, '.' | '?' | '!' | '。' | '؟');
    }
    parts.push(&text[start..]);
    parts
}

/// PR-02: numbers come from the contacts, so that one correction reaches every text.
pub(super) fn no_typed_number(on: &Subject, issues: &mut Issues) {
    on.resolved.sentences.iter().for_each(|sentence| no_typed_number_in(on.resolved, sentence, issues));
}

fn no_typed_number_in(resolved: &Resolved, sentence: &Sentence, issues: &mut Issues) {
    let digits = digit_runs(sentence.raw)
        .into_iter()
        .find(|run| run.chars().filter(char::is_ascii_digit).count() >= TYPED_DIGITS);
    let words = sentence.language.and_then(|language| {
        let phrase = &resolved.parsed.texts[usize::from(language.0)].phrase;
        digit_words(sentence.raw, phrase)
    });
    if let Some(found) = digits.or(words) {
        issues.add(
            Finding::error("PR-02", sentence.place.clone(), "a number is typed into this text")
                .found(format!("`{found}`"))
                .expected("the name of a contact, such as `{emergency}`")
                .help("add the number to `contacts.toml`, with its source, and write its name in curly brackets"),
        );
    }
}

/// Digits in a row, with at most one space, hyphen or slash between two; placeholders are passed over.
pub(super) fn digit_runs(raw: &str) -> Vec<String> {
    let mut runs = Vec::new();
    let mut run = String::new();
    let mut joint = None;
    let mut inside = false;
    for c in raw.chars().chain(['\n', '\n']) {
        inside = (inside || c == '{') && c != '}';
        if c.is_ascii_digit() && !inside {
            run.extend(joint.take());
            run.push(c);
        } else if !run.is_empty() && joint.is_none() && matches!(c, ' ' | '-' | '/') {
            joint = Some(c);
        } else {
            joint = None;
            if !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
        }
    }
    runs
}

/// Three or more words for digits in a row.
fn digit_words(raw: &str, phrase: &PhraseTexts) -> Option<String> {
    let is_digit = |word: &str| phrase.digits.iter().any(|digit| !digit.is_empty() && digit.to_lowercase() == word);
    let words = raw.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let words: Vec<String> =
        words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect();
    let window = words.windows(TYPED_DIGITS).find(|window| window.iter().all(|word| is_digit(word)))?;
    Some(window.join(" "))
}

/// PR-02: who has no pen hears a number twice in one go. The emergency number is known and short.
pub(super) fn numbers_said_twice(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    let contacts = resolved.parsed.contacts.iter().filter(|contact| !contact.emergency);
    let contacts: HashSet<&str> = contacts.map(|contact| contact.id.as_str()).collect();
    let mut said: BTreeMap<_, (usize, &Place)> = BTreeMap::new();
    for sentence in &resolved.sentences {
        for id in holes(sentence.raw).filter(|hole| contacts.contains(hole)) {
            said.entry((sentence.node, sentence.language, sentence.kind, id)).or_insert((0, &sentence.place)).0 += 1;
        }
    }
    for ((.., id), (_, place)) in said.iter().filter(|(_, (times, _))| *times == 1) {
        issues.add(
            Finding::error("PR-02", (*place).clone(), format!("the number `{id}` is said only once"))
                .expected("twice: callers have no pen at hand")
                .help(format!("add a line such as `Again: {{{id}}}.`")),
        );
    }
}

/// LG-01: what one language has, every language has.
pub(super) fn complete(on: &Subject, issues: &mut Issues) {
    on.nodes().for_each(|node| complete_at(on.resolved, node, issues));
}

fn complete_at(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let voice = resolved.links.node(node);
    let name = voice.name.as_str();
    let roles = resolved.links.roles;
    let all: Vec<&NodeTexts> = resolved.texts.iter().filter_map(|nodes| nodes[usize::from(node.0)]).collect();
    let any = |has: fn(&NodeTexts) -> Option<&Text>| all.iter().any(|texts| has(texts).is_some());
    let must_speak = [roles.waiting, roles.closed, roles.busy].contains(&node) || voice.then.is_some();
    let menus: Vec<NodeIx> =
        resolved.links.all().filter(|menu| resolved.links.keys(*menu).contains(&Choice::Go(node))).collect();
    for language in languages(resolved.parsed) {
        let file = &resolved.parsed.texts[usize::from(language.0)];
        let mut missing = |texts: Option<&NodeTexts>, what: String| {
            let place = texts.map_or_else(|| Place::new(&file.file, 0..0), |texts| texts.place.clone());
            let tag = resolved.hotline.language(language);
            issues.add(
                Finding::error("LG-01", place, format!("{what} of `{name}` is missing in the language `{tag}`"))
                    .expected(format!("it in `{}`: a language is offered whole or not at all", file.file)),
            );
        };
        let Some(texts) = resolved.texts[usize::from(language.0)][usize::from(node.0)] else {
            missing(None, format!("everything (`[node.{name}]`)"));
            continue;
        };
        for menu in &menus {
            if texts.option_in(resolved.links.name(*menu)).is_none() {
                missing(Some(texts), format!("`option`, heard in `{}`,", resolved.links.name(*menu)));
            }
        }
        for act in voice.choices.iter().map(|act| act.value) {
            if texts.choice(act).is_none() {
                missing(Some(texts), format!("`choice.{}`", act_name(act)));
            }
            if texts.choice_note(act).is_none() && all.iter().any(|texts| texts.choice_note(act).is_some()) {
                missing(Some(texts), format!("`choice_note.{}`", act_name(act)));
            }
        }
        if texts.letters.is_none() && voice.choices.iter().any(|act| act.value == Act::Letters) {
            missing(Some(texts), "`letters`".to_owned());
        }
        if texts.say.is_none() && (must_speak || any(|texts| texts.say.as_ref())) {
            missing(Some(texts), "`say`".to_owned());
        }
        for (setting, key) in Setting::ALL {
            for (when, part) in [(true, "say_if"), (false, "say_unless")] {
                let has =
                    |texts: &NodeTexts| texts.settings.iter().any(|text| text.setting == key && text.when == when);
                if !has(texts) && all.iter().any(|texts| has(texts)) {
                    missing(Some(texts), format!("`{part}.{setting}`"));
                }
            }
        }
        if texts.sms.is_none() && (node == roles.main || voice.text_only || any(|texts| texts.sms.as_ref())) {
            missing(Some(texts), "`sms`".to_owned());
        }
        if texts.keywords.is_none() && !voice.text_only && any(|texts| texts.keywords.as_ref()) {
            let tag = resolved.hotline.language(language);
            let message = format!("`keywords` of `{name}` are missing in the language `{tag}`");
            let finding = Finding::warning("LG-01", texts.place.clone(), message);
            issues.add_at(Some(node), Some(language), finding.expected("one, as in the other languages"));
        }
    }
}

/// LG-01: whoever texts something unknown is offered every language.
pub(super) fn languages_offered(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    let unknown = &resolved.parsed.all.unknown;
    if unknown.is_empty() {
        return;
    }
    let bare = |text: &str| plain(&folded(text));
    for language in languages(resolved.parsed) {
        let name = &resolved.parsed.texts[usize::from(language.0)].phrase.name;
        if !name.is_empty() && !bare(unknown).contains(&bare(name)) {
            let message = format!("the answer to an unknown text does not offer `{}`", name.as_str());
            issues.add(Finding::error("LG-01", unknown.place.clone(), message).expected(format!(
                "`{} = {}`, the digit and the name of each language",
                language.0 + 1,
                name.as_str()
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity::{Error, Warning};
    use crate::menu::fixture::{TODAY, case, checked, expect, finds, sound, sources, spoil, spoilt, words};

    #[test]
    fn mn_04_the_key_comes_last() {
        let from = "press = \"{option}, press {key}.\"";
        case("MN-04", Error, "texts/en.toml", from, "press = \"Press {key}: {option}.\"", "then its key");
        case("MN-04", Error, "texts/en.toml", from, "press = \"{option}.\"", "`{option}` and `{key}` once each");
        for twice in ["{option} or {option}, press {key}.", "{option}, press {key}, {key}."] {
            finds(
                &spoilt("texts/en.toml", from, &format!("press = \"{twice}\"")),
                "MN-04",
                &[(Error, &format!("`{twice}`"))],
            );
        }
    }

    #[test]
    fn mn_05_labels() {
        let from = "\"For a doctor\"";
        let long = "\"If you want to see a doctor and it is today\"";
        case("MN-05", Warning, "texts/en.toml", from, long, "found: 11 words");
        assert!(sound(&spoilt("texts/en.toml", from, "\"If you want to see a doctor and this soon\"")), "ten words");
        case("MN-05", Warning, "texts/en.toml", from, "\"To find a right doctor\"", "begin alike");
        assert!(sound(&spoilt("texts/en.toml", from, "\"To find the doctor\"")), "the second word is another");
        // Alike in two menus, in two languages, or with one word of meaning each.
        assert!(sound(&spoilt("texts/en.toml", from, "\"For rules about staying\"")));
        assert!(sound(&spoilt("texts/en.toml", from, "\"Om het juiste bureau te vinden\"")));
        let mut short = spoilt("texts/en.toml", from, "\"For the aid\"");
        spoil(&mut short, "texts/en.toml", "\"To find the right bureau\"", "\"For more aid\"");
        assert!(sound(&short));
        short = spoilt("texts/en.toml", from, "\"For a bureau\"");
        spoil(&mut short, "texts/en.toml", "\"To find the right bureau\"", "\"The bureau\"");
        assert!(sound(&short));
        assert_eq!(content_words("For the three months to recover"), ["three", "months"]);
        assert_eq!(content_words("To hear about a criminal complaint"), ["criminal", "complaint"]);
        assert_eq!(content_words("For the STAY and één-op-één talks"), ["stay", "talks"]);
    }

    #[test]
    fn mn_09_a_person_is_named_soon() {
        let from = "To talk to a person, press {key.connect}.";
        // Without it, the main menu is the first to name key 0: welcome, danger, three options, then the person.
        case("MN-09", Error, "texts/en.toml", from, "Hi.", "in the language `en` callers hear too late");
        let slow = "Hi.\nHi hi hi hi hi hi hi hi hi.\nHi hi hi hi hi hi hi hi hi.\nTo talk to a person, press zero.";
        case("MN-09", Error, "texts/en.toml", from, slow, "found: 16.3 s after the answer");
        // The greeting and both languages are 5.5 s; 23 words and a pause between two groups make 15 s of it.
        let groups = |first: usize| format!("{}.\n\n{}.\nZero is a person.", words(first), words(9));
        finds(&spoilt("texts/en.toml", from, &groups(9)), "MN-09", &[]);
        finds(&spoilt("texts/en.toml", from, &groups(10)), "MN-09", &[(Error, "15.4 s after the answer")]);
        // The key counts by its word or by its placeholder, and no other key and no part of a word does.
        finds(&spoilt("texts/en.toml", from, "A person: zero!"), "MN-09", &[]);
        finds(&spoilt("texts/en.toml", from, "A person: {key.connect}!"), "MN-09", &[]);
        // Then the main menu is the first to name it, behind its options.
        let late = [(Error, "24.5 s after the answer")];
        finds(&spoilt("texts/en.toml", from, "A person: {key.help}!"), "MN-09", &late);
        finds(&spoilt("texts/en.toml", from, "A person: zeros!"), "MN-09", &late);
        let late = [(Error, "25.2 s after the answer")];
        finds(&spoilt("texts/en.toml", from, "A person.\n\nNot here."), "MN-09", &late);
    }

    #[test]
    fn pr_01_sentences() {
        let from = "say = \"Any doctor will see you.\"";
        let say = |count: usize| format!("say = \"{}.\"", words(count));
        let case_of = |count: usize, severity, found: &str| {
            case("PR-01", severity, "texts/en.toml", from, &say(count), found);
        };
        assert!(sound(&spoilt("texts/en.toml", from, &say(12))));
        case_of(13, Warning, "found: 13 words");
        case_of(15, Warning, "at most 12");
        case_of(16, Error, "at most 15");
        let two = "say = \"A word or more or less than seven. And a word or more or less?\"";
        assert!(sound(&spoilt("texts/en.toml", from, two)), "two sentences on one line are two");
        // A reason does not excuse a sentence of 16 words that says no fact.
        let mut plain = spoilt("texts/en.toml", from, &say(16));
        spoil(&mut plain, "texts/en.toml", "[node.doctor]", "[node.doctor]\nwaive.PR-01 = \"x\"");
        finds(&plain, "PR-01", &[(Error, "16 words")]);
        // A sentence that says a fact may have 20 words, with a reason; more never.
        let fact = |count: usize| {
            let say = format!("three months {}.\"", words(count - 2));
            let mut sources = spoilt("texts/en.toml", "You have three months to think.\"", &say);
            spoil(&mut sources, "texts/en.toml", "[node.months]", "[node.months]\nwaive.PR-01 = \"the law says so\"");
            sources
        };
        assert!(sound(&fact(20)));
        let findings = checked(&fact(21)).findings;
        assert!(findings.iter().any(|finding| finding.rule == "PR-01"), "{findings:?}");
    }

    #[test]
    fn pr_01_does_not_count_opening_hours() {
        let hours = crate::base::hours::Hours::parse(
            jiff::tz::TimeZone::UTC,
            &["mon-fri 09:00-12:30,13:00-17:00".into(), "sat 10:00-12:00".into()],
            &[],
        );
        let settings = crate::menu::Settings { hours: hours.ok(), ..Default::default() };
        let loaded = crate::menu::load(&sources(), &settings, TODAY);
        assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
        // Also where they begin a sentence, with a capital letter.
        let loaded = crate::menu::load(&crate::menu::fixture::shipped(), &settings, TODAY);
        assert!(loaded.findings.iter().all(|finding| finding.rule != "PR-01"), "{:?}", loaded.findings);
    }

    #[test]
    fn the_ends_of_sentences() {
        let case = |text: &str, parts: &[&str]| assert_eq!(sentences(text), parts, "{text}");
        case("", &[""]);
        case("One. Two", &["One.", " Two"]);
        case("At 3.15 or www.x.y? Yes! No", &["At 3.15 or www.x.y?", " Yes!", " No"]);
        case("Zin één。 Zin twee؟ ja", &["Zin één。", " Zin twee؟", " ja"]);
    }

    #[test]
    fn pr_02_numbers_in_speech() {
        let from = "Any doctor will see you.";
        case("PR-02", Error, "texts/en.toml", from, "Call 07700 900123.", "found: `07700 900123`");
        case("PR-02", Error, "texts/en.toml", from, "Call one one two.", "found: `one one two`");
        case("PR-02", Error, "texts/en.toml", "\nAgain: {bureau}.", "", "the number `bureau` is said only once");
        case("PR-02", Error, "contacts.toml", "\"0770 0900 123\"", "\"0770 0900123\"", "found: `0900123`");
        let fine = spoilt("texts/en.toml", from, "One: shelter. Two: rest. Floor twelve.");
        assert!(sound(&fine));
        // Two digits are not yet a number; other marks between words of digits hide none.
        finds(&spoilt("texts/en.toml", from, "It is one two."), "PR-02", &[]);
        finds(&spoilt("texts/en.toml", from, "Go to 12."), "PR-02", &[]);
        finds(&spoilt("texts/en.toml", from, "It is One,one , (two)."), "PR-02", &[(Error, "`one one two`")]);
        // Who knows it hears the emergency number once; once by voice and once letter by letter is not twice.
        finds(&spoilt("texts/en.toml", "\"First: S, I, T, E.\"", "\"S: {bureau}.\""), "PR-02", &[(Error, "")]);
        finds(&spoilt("texts/en.toml", from, "{bureau} {bureau} {bureau}"), "PR-02", &[]);
    }

    #[test]
    fn runs_of_digits() {
        let case = |text: &str, runs: &[&str]| assert_eq!(digit_runs(text), runs, "{text}");
        case("Call 0900 8844 (can cost money), or 033-448.", &["0900 8844", "033-448"]);
        case("{bureau2} B8.3", &["8", "3"]);
        case("1  2", &["1", "2"]);
        case("12 -", &["12"]);
        case("", &[]);
        case("{12} 3", &["3"]);
        case("12{x}34", &["12", "34"]);
        case("1 {x}", &["1"]);
        case("1-/2", &["1", "2"]);
        case("- 1", &["1"]);
    }

    #[test]
    fn lg_01_every_language_is_whole() {
        let missing = |from: &str, to: &str, says: &str| case("LG-01", Error, "texts/en.toml", from, to, says);
        missing("say = \"Any doctor will see you.\"", "", "`say` of `doctor` is missing in the language `en`");
        missing("option = \"For a doctor\"", "", "`option`, heard in `help`, of `doctor`");
        missing("choice.letters = \"To hear the name letter by letter\"", "", "`choice.letters` of `site`");
        missing("choice_note.letters = \"It is short.\"", "", "`choice_note.letters` of `site`");
        missing("letters = \"First: S, I, T, E.\"", "", "`letters` of `site`");
        missing("sms = \"Text {code.months} for the months. Delete this text.\"", "", "`sms` of `stay`");
        missing(
            "say_unless.masked_on_bill = \"The call can show on bills.\"",
            "",
            "`say_unless.masked_on_bill` of `help`",
        );
        missing("[node.waiting]\nsay = \"I am looking for a person for you.\"", "", "everything (`[node.waiting]`)");
        case("LG-01", Error, "texts/all.toml", " 2 = English.", "", "does not offer `English`");
        case("LG-01", Warning, "texts/en.toml", "keywords = \"SHELTER\"", "", "`keywords` of `help` are missing");
    }

    #[test]
    fn lg_01_what_every_hotline_must_say() {
        let mut sources = sources();
        for (language, line) in [
            ("en", "say = \"I am looking for a person for you.\""),
            ("nl", "say = \"Ik zoek iemand die met je kan praten.\""),
        ] {
            spoil(&mut sources, &format!("texts/{language}.toml"), line, "");
        }
        let findings = checked(&sources).findings;
        assert_eq!(findings.iter().filter(|finding| finding.rule == "LG-01").count(), 2, "{findings:?}");
        // What is sent to whoever texts the word of a node that is never spoken, or a code that nobody knows.
        for (english, dutch) in [
            ("sms = \"Call {emergency}. Say where", "sms = \"Bel {emergency}. Zeg waar"),
            ("sms = \"Text a code.", "sms = \"Stuur een code."),
        ] {
            let mut sources = spoilt("texts/en.toml", english, &format!("# {english}"));
            spoil(&mut sources, "texts/nl.toml", dutch, &format!("# {dutch}"));
            finds(&sources, "LG-01", &[(Error, ""), (Error, "")]);
        }
    }

    #[test]
    fn words_that_nobody_hears() {
        let mut letters = spoilt("texts/en.toml", "[node.doctor]", "[node.doctor]\nletters = \"A, B.\"");
        expect(&letters, "FORMAT", Warning, "`doctor` has no choice `letters`");
        letters = spoilt("texts/en.toml", "[node.danger]", "[node.danger]\nsay = \"Hello.\"");
        let findings = checked(&letters).findings;
        assert!(findings.iter().any(|finding| finding.message.contains("reached by text only")), "{findings:?}");
    }
}
