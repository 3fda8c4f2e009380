//! Everything a hotline says and writes, cut into passages that a person can compare: old beside new.

use super::hotline::{Answer, Choice, Hotline, LangIx, Node, NodeIx, Prompt, Spoken, StaffPhrases};
use super::links::act_name;
use crate::base::Language;
use std::collections::BTreeMap;

/// What a passage is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// A node's name; `hotline`, `front door`, `phrases` and `texts` for what belongs to none.
    pub owner: String,
    /// What it is of it: `voice`, `text message`, `keys` ...
    pub field: String,
    /// Nothing for what is the same in every language.
    pub language: Option<Language>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.owner, self.field)?;
        self.language.map_or(Ok(()), |language| write!(f, ", {language}"))
    }
}

/// A passage that is not as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    pub place: Place,
    /// More nodes in which exactly the same changed: a node without a text of its own has its parent's.
    pub also: Vec<String>,
    /// A line a prompt, an option or a text; empty where there was none.
    pub before: Vec<String>,
    pub after: Vec<String>,
}

type Passages = Vec<(Place, Vec<String>)>;

/// What makes two differences the same one in two nodes: field, language, old lines, new lines.
type Change<'p> = (&'p str, Option<Language>, &'p [String], &'p [String]);

/// What callers hear and texters read otherwise, in the order of the new hotline; what is gone comes last.
pub fn differences(before: &Hotline, after: &Hotline) -> Vec<Difference> {
    let new = passages(after);
    let old = passages(before);
    let by_place: BTreeMap<&Place, &Vec<String>> = old.iter().map(|(place, lines)| (place, lines)).collect();
    let in_new: BTreeMap<&Place, ()> = new.iter().map(|(place, _)| (place, ())).collect();
    let none = Vec::new();
    let changed = new.iter().filter_map(|(place, lines)| {
        let was = by_place.get(place).copied().unwrap_or(&none);
        (was != lines).then_some((place, was, lines))
    });
    let gone = old.iter().filter(|(place, lines)| !in_new.contains_key(place) && !lines.is_empty());
    let gone = gone.map(|(place, lines)| (place, lines, &none));
    let mut differences: Vec<Difference> = Vec::new();
    // Where the same difference in another node stands, so that it is told once.
    let mut told: BTreeMap<Change<'_>, usize> = BTreeMap::new();
    for (place, was, is) in changed.chain(gone) {
        let next = differences.len();
        let at = *told.entry((&place.field, place.language, was, is)).or_insert(next);
        match differences.get_mut(at) {
            Some(known) => known.also.push(place.owner.clone()),
            None => differences.push(Difference {
                place: place.clone(),
                also: Vec::new(),
                before: was.clone(),
                after: is.clone(),
            }),
        }
    }
    differences
}

fn passages(hotline: &Hotline) -> Passages {
    let mut all = Passages::new();
    whole(hotline, &mut all);
    for (at, node) in (0..).map(NodeIx).zip(&hotline.nodes) {
        of_node(hotline, at, node, &mut all);
    }
    for language in languages(hotline) {
        phrases(hotline, language, &mut all);
    }
    texts(hotline, &mut all);
    all
}

fn languages(hotline: &Hotline) -> impl Iterator<Item = LangIx> + use<> {
    (0..hotline.languages.len()).filter_map(|at| u8::try_from(at).ok()).map(LangIx)
}

fn add(all: &mut Passages, owner: &str, field: &str, language: Option<Language>, lines: Vec<String>) {
    all.push((Place { owner: owner.to_owned(), field: field.to_owned(), language }, lines));
}

/// What belongs to no node and is said or done before a language is chosen.
fn whole(hotline: &Hotline, all: &mut Passages) {
    let mut one = |owner: &str, field: &str, lines: Vec<String>| add(all, owner, field, None, lines);
    one("hotline", "name", vec![hotline.name.clone()]);
    one("hotline", "languages", hotline.languages.iter().map(ToString::to_string).collect());
    one("hotline", "country", vec![hotline.country.clone()]);
    one("hotline", "time zone", vec![hotline.timezone.iana_name().unwrap_or_default().to_owned()]);
    let mut lines: Vec<String> =
        hotline.lines.iter().map(|(number, language)| format!("{number} {}", hotline.language(*language))).collect();
    lines.sort();
    one("hotline", "numbers with a language", lines);
    let roles = hotline.roles;
    one("hotline", "start", vec![hotline.node(roles.welcome).name.clone()]);
    let front = &hotline.front;
    one("front door", "greeting", vec![front.greeting.words.clone()]);
    one("front door", "languages", words(&front.languages));
    one("front door", "silence", words(&front.silence));
    one("front door", "end", vec![front.end.words.clone()]);
}

fn of_node(hotline: &Hotline, ix: NodeIx, node: &Node, all: &mut Passages) {
    let name = |ix: NodeIx| hotline.node(ix).name.clone();
    let key = |(at, choice): (usize, &Choice)| match choice {
        Choice::Go(to) => format!("{} {}", at + 1, name(*to)),
        Choice::Act(act) => format!("{} ({})", at + 1, act_name(*act)),
    };
    add(all, &node.name, "keys", None, node.keys.iter().enumerate().map(key).collect());
    add(all, &node.name, "goes on to", None, node.then.map(name).into_iter().collect());
    add(all, &node.name, "facts", None, node.facts.clone());
    add(all, &node.name, "facts in the text message", None, node.text_facts.clone());
    for (language, spoken) in languages(hotline).zip(&node.spoken) {
        let tag = Some(hotline.language(language));
        let Spoken { info, options, reserved: _, letters } = spoken;
        add(all, &node.name, "voice", tag, words(info));
        add(all, &node.name, "voice, letters", tag, words(letters));
        add(all, &node.name, "voice, options", tag, words(options));
        let texts = hotline.sms.texts.get(usize::from(language.0));
        let text = texts.and_then(|texts| texts.get(usize::from(ix.0)));
        add(all, &node.name, "text message", tag, text.into_iter().cloned().collect());
        let keywords = hotline.sms.keywords.iter().filter(|(_, answer)| **answer == Answer::Node(language, ix));
        let keywords: Vec<&str> = keywords.map(|(word, _)| word.as_str()).collect();
        let line = (!keywords.is_empty()).then(|| keywords.join(" "));
        add(all, &node.name, "keywords", tag, line.into_iter().collect());
    }
}

fn phrases(hotline: &Hotline, language: LangIx, all: &mut Passages) {
    let tag = Some(hotline.language(language));
    let phrases = hotline.phrases(language);
    let mut one = |field: &str, lines: Vec<String>| add(all, "phrases", field, tag, lines);
    one("name of the language", vec![phrases.name.clone()]);
    one("wrong key", vec![phrases.wrong_key.words.clone()]);
    one("silence", words(&phrases.silence));
    one("person", vec![phrases.person.words.clone()]);
    // The sentences of the reserved keys stand in every node that names them; here they are told once.
    let mut reserved: BTreeMap<&str, &str> = BTreeMap::new();
    for spoken in hotline.nodes.iter().filter_map(|node| node.spoken.get(usize::from(language.0))) {
        reserved.extend(spoken.reserved.iter().map(|prompt| (prompt.id.as_str(), prompt.words.as_str())));
    }
    one("reserved keys", reserved.into_values().map(str::to_owned).collect());
    one("waiting", vec![phrases.waiting.words.clone()]);
    one("trouble", vec![phrases.trouble.words.clone()]);
    let to_counsellor = phrases.whisper_call.iter().chain([&phrases.whisper_cannot_speak, &phrases.whisper_accept]);
    one("to the counsellor", to_counsellor.map(|prompt| prompt.words.clone()).collect());
    one("to the counsellor, staff line", phrases.staff.as_ref().map(staff).unwrap_or_default());
    one("tenth text message", hotline.sms.last_answer.get(usize::from(language.0)).into_iter().cloned().collect());
}

fn staff(staff: &StaffPhrases) -> Vec<String> {
    let first = [&staff.enter, &staff.wrong, &staff.goodbye, &staff.on_duty, &staff.off_duty, &staff.all_to_fallback];
    let then = [&staff.calls_to_desk, &staff.people];
    let keys = [&staff.press_on, &staff.press_off, &staff.press_who, &staff.press_fallback, &staff.press_desk];
    let last = [&staff.press_hold_back, &staff.held_back, &staff.not_saved, &staff.taken, &staff.gone];
    first.into_iter().chain(then).chain(&staff.speak).chain(keys).chain(last).cloned().collect()
}

fn texts(hotline: &Hotline, all: &mut Passages) {
    let book = &hotline.sms;
    let mut one = |field: &str, lines: Vec<String>| add(all, "texts", field, None, lines);
    one("not understood", vec![book.unknown.clone()]);
    one("emergency", vec![book.emergency.clone()]);
    one("emergency words", book.emergency_words.clone());
    one("stop words", book.stop_words.clone());
    let choose = book.keywords.iter().filter_map(|(word, answer)| match answer {
        Answer::Choose(line) => Some(format!("{word}: {line}")),
        Answer::Node(..) => None,
    });
    one("keywords of several languages", choose.collect());
}

fn words(prompts: &[Prompt]) -> Vec<String> {
    prompts.iter().map(|prompt| prompt.words.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::fixture::{checked, sources, spoil, spoilt};

    fn told(file: &str, from: &str, to: &str) -> Vec<String> {
        let before = checked(&sources()).hotline.unwrap();
        let loaded = checked(&spoilt(file, from, to));
        let after = loaded.hotline.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let line = |difference: Difference| {
            let Difference { place, also, before, after } = difference;
            let also = if also.is_empty() { String::new() } else { format!(" +{}", also.join(" +")) };
            format!("{place}{also}: {} -> {}", before.join(" | "), after.join(" | "))
        };
        differences(&before, &after).into_iter().map(line).collect()
    }

    #[test]
    fn each_thing_that_is_said_or_written() {
        let case = |file: &str, from: &str, to: &str, expected: &[&str]| {
            assert_eq!(told(file, from, to), expected, "{from} -> {to}");
        };
        case("hotline.toml", "", "# a remark", &[]);
        case(
            "texts/en.toml",
            "Any doctor will see you.",
            "Every doctor sees you.",
            &["doctor, voice, en: Any doctor will see you. -> Every doctor sees you."],
        );
        case(
            "texts/en.toml",
            "They give advice. In danger",
            "Ask advice. In danger",
            &[
                "bureau, text message, en: Bureau: 07700 900123. They give advice. In danger call 112. Delete this text. \
               -> Bureau: 07700 900123. Ask advice. In danger call 112. Delete this text.",
            ],
        );
        case("texts/nl.toml", "\"OPVANG\"", "\"OPVANG STEUN\"", &["help, keywords, nl: OPVANG -> OPVANG STEUN"]);
        case("texts/all.toml", "\"Goedendag.\"", "\"Goede dag.\"", &["front door, greeting: Goedendag. -> Goede dag."]);
        case(
            "texts/all.toml",
            "[\"STOP\", \"END\"",
            "[\"STOP\"",
            &["texts, stop words: STOP | END | EINDE -> STOP | EINDE"],
        );
    }

    #[test]
    fn the_same_in_several_nodes_is_told_once() {
        let said =
            told("texts/en.toml", "Some give legal aid, others shelter.", "Some give legal help, others shelter.");
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(said[0].starts_with("help, text message, en +doctor: "), "{said:#?}");
    }

    #[test]
    fn a_node_that_came_and_one_that_went() {
        let before = checked(&sources()).hotline.unwrap();
        let mut files = spoilt("voice.toml", "[node.danger]", "[node.peril]");
        for file in ["texts/nl.toml", "texts/en.toml"] {
            spoil(&mut files, file, "[node.danger]", "[node.peril]");
        }
        let loaded = checked(&files);
        let after = loaded.hotline.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let all = differences(&before, &after);
        let of = |name: &str| all.iter().filter(|difference| difference.place.owner == name).count();
        assert_eq!((of("danger"), of("peril")), (4, 4), "{all:#?}");
        assert!(all.iter().all(|difference| difference.before.is_empty() != difference.after.is_empty()));
    }
}
