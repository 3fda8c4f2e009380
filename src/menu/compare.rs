//! What the codes and keywords on leaflets meant, and what they mean now (rule SM-06).
//!
//! A leaflet lives for years in a drawer. Whoever sends `231` from it must get what the leaflet says, or have been
//! thought of: a change is an error until the files give a reason that names the code.

use super::fill::folded;
use super::hotline::{Answer, Hotline, NodeIx};
use super::parse::parse;
use super::parsed::{Parsed, Waiver};
use super::resolve::Resolved;
use super::texting::cleaned;
use crate::base::findings::Findings;
use crate::base::{Finding, Language, Place, Sources};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::fmt;

/// The rule that a code or a keyword keeps its meaning.
const RULE: &str = "SM-06";

/// What a text of one code or one word brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// The text of a node; of several languages where the texter is asked which.
    Nodes(BTreeSet<(Language, String)>),
    /// The emergency answer.
    Emergency,
    /// A stop word: no answer.
    Silence,
    /// The answer to a text that nobody understands.
    Nothing,
}

/// A code or a keyword that brings something else than before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// As it is typed: `231`, `SHELTER`.
    pub typed: String,
    pub was: Meaning,
    pub now: Meaning,
    /// The reason the files give, if they give one.
    pub waived: Option<String>,
}

impl fmt::Display for Change {
    /// ``231 meant `reflection`, now `rights` ``
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let languages = |meaning: &Meaning| match meaning {
            Meaning::Nodes(nodes) => nodes.iter().map(|(language, _)| *language).collect(),
            _ => BTreeSet::new(),
        };
        let (was, now) = (languages(&self.was), languages(&self.now));
        // The language is said only where it is the news.
        let said = !was.is_empty() && !now.is_empty() && was.is_disjoint(&now);
        write!(f, "{} meant {}, now {}", self.typed, self.was.named(said), self.now.named(said))
    }
}

impl Meaning {
    fn named(&self, with_language: bool) -> String {
        match self {
            Meaning::Nodes(nodes) => {
                let names: BTreeSet<String> = nodes
                    .iter()
                    .map(|(language, node)| match with_language {
                        true => format!("`{node}` in `{language}`"),
                        false => format!("`{node}`"),
                    })
                    .collect();
                names.into_iter().collect::<Vec<_>>().join(" and ")
            }
            Meaning::Emergency => "the emergency answer".to_owned(),
            Meaning::Silence => "no answer at all".to_owned(),
            Meaning::Nothing => "nothing".to_owned(),
        }
    }
}

/// Every code and keyword that brought something and brings something else now, codes first. What is new brought
/// nothing before, and a node that was only renamed is the same node.
pub fn changes(before: &Hotline, after: &Hotline) -> Vec<Change> {
    let codes = before.sms.codes.keys().map(|code| (code.clone(), code_meaning as fn(&Hotline, &str) -> Meaning));
    let words: BTreeSet<String> = before
        .sms
        .keywords
        .keys()
        .cloned()
        .chain(before.sms.emergency_words.iter().chain(&before.sms.stop_words).map(|word| typed(word)))
        .collect();
    let words = words.into_iter().map(|word| (word, word_meaning as fn(&Hotline, &str) -> Meaning));
    codes
        .chain(words)
        .filter_map(|(typed, meaning)| {
            let (was, now) = (meaning(before, &typed), meaning(after, &typed));
            let changed = was != Meaning::Nothing && !same(before, after, &was, &now);
            changed.then_some(Change { typed, was, now, waived: None })
        })
        .collect()
}

fn code_meaning(hotline: &Hotline, code: &str) -> Meaning {
    match hotline.sms.codes.get(code) {
        Some(answer) => of_answer(hotline, answer),
        None => word_meaning(hotline, code),
    }
}

/// In the order of the text service: an emergency, a wish to be left alone, a keyword.
fn word_meaning(hotline: &Hotline, word: &str) -> Meaning {
    let is = |known: &String| typed(known) == word;
    if hotline.sms.emergency_words.iter().any(is) {
        return Meaning::Emergency;
    }
    if hotline.sms.stop_words.iter().any(is) {
        return Meaning::Silence;
    }
    hotline.sms.keywords.get(word).map_or(Meaning::Nothing, |answer| of_answer(hotline, answer))
}

/// A word as it is compared. Words outside Latin letters have no cleaned form, and are compared as they are.
fn typed(word: &str) -> String {
    let plain = cleaned(word);
    if plain.is_empty() { word.to_uppercase() } else { plain }
}

fn of_answer(hotline: &Hotline, answer: &Answer) -> Meaning {
    let node = |answer: &Answer| match answer {
        Answer::Node(language, node) => Some((hotline.language(*language), hotline.node(*node).name.clone())),
        Answer::Choose(_) => None,
    };
    match answer {
        Answer::Node(..) => Meaning::Nodes(node(answer).into_iter().collect()),
        // The line names the code of the node in each language.
        Answer::Choose(line) => {
            let codes = line.split(|c: char| !c.is_ascii_digit());
            Meaning::Nodes(codes.filter_map(|code| node(hotline.sms.codes.get(code)?)).collect())
        }
    }
}

/// A keyword that now asks which language still brings its node; so does one that no longer asks.
fn same(before: &Hotline, after: &Hotline, was: &Meaning, now: &Meaning) -> bool {
    match (was, now) {
        (Meaning::Nodes(was), Meaning::Nodes(now)) => was.iter().any(|(language, old)| {
            now.iter()
                .any(|(other, new)| language == other && (old == new || renamed(before, after, *language, old, new)))
        }),
        _ => was == now,
    }
}

/// The old name is gone, the new one was not there, and everybody hears and reads what they did.
fn renamed(before: &Hotline, after: &Hotline, language: Language, old: &str, new: &str) -> bool {
    if before.node_named(new).is_some() || after.node_named(old).is_some() {
        return false;
    }
    let words = |hotline: &Hotline, name: &str| {
        let (language, node) = (hotline.language_ix(language)?, hotline.node_named(name)?);
        let said: Vec<String> = hotline.spoken(node, language).info.iter().map(|prompt| prompt.words.clone()).collect();
        Some((said, hotline.sms.texts.get(usize::from(language.0))?.get(usize::from(node.0))?.clone()))
    };
    let (was, now) = (words(before, old), words(after, new));
    was.is_some() && was == now
}

/// The changes against what is on the line, each a finding unless a node's waiver names it. Without anything to compare
/// with, nobody can say whether such a waiver silences something: it is left in peace.
pub(super) fn check(before: Option<&Hotline>, resolved: &Resolved, findings: &Findings) {
    let waivers: Vec<&Waiver> = written(resolved.parsed).filter(|waiver| waiver.rule.as_str() == RULE).collect();
    let Some(before) = before else {
        waivers.iter().for_each(|waiver| waiver.used.set(true));
        return;
    };
    for change in changes(before, &resolved.hotline) {
        let mut waived = false;
        for waiver in waivers.iter().filter(|waiver| names(&waiver.reason, &change.typed)) {
            waiver.used.set(true);
            waived = true;
        }
        if !waived {
            findings.add(finding(&change, resolved));
        }
    }
}

/// The changes from one hotline to another, with the reasons that the files of the other give.
pub fn explained(before: &Hotline, after: &Hotline, files: &Sources) -> Vec<Change> {
    let parsed = parse(files, Date::MAX, &Findings::default());
    let waivers: Vec<&Waiver> = parsed.iter().flat_map(written).filter(|waiver| waiver.rule.as_str() == RULE).collect();
    let reason = |typed: &str| {
        let waiver = waivers.iter().find(|waiver| names(&waiver.reason, typed))?;
        Some(folded(&waiver.reason))
    };
    let changes = changes(before, after).into_iter();
    changes.map(|change| Change { waived: reason(&change.typed), ..change }).collect()
}

/// Every waiver of these files.
fn written(parsed: &Parsed) -> impl Iterator<Item = &Waiver> {
    let voice = parsed.voice.iter().flat_map(|node| &node.waivers);
    voice.chain(parsed.texts.iter().flat_map(|texts| &texts.nodes).flat_map(|(_, node)| &node.waivers))
}

/// Whether a reason names this code or keyword as a word of its own; `23*` names all that begin so.
fn names(reason: &str, typed: &str) -> bool {
    reason.to_uppercase().split(|c: char| !c.is_alphanumeric() && c != '*').any(|word| match word.strip_suffix('*') {
        Some(beginning) => !beginning.is_empty() && !beginning.contains('*') && typed.starts_with(beginning),
        None => word == typed,
    })
}

fn finding(change: &Change, resolved: &Resolved) -> Finding {
    let (place, at) = place(change, resolved);
    let typed = &change.typed;
    let error = Finding::error(RULE, place, change.to_string())
        .expected(format!("{typed} to go on meaning {}, since leaflets may say it", change.was.named(false)));
    error.help(format!(
        "put it back, or say at `{at}` why no leaflet misleads anybody, naming the code: `waive.{RULE} = \"{typed}: ...\"`"
    ))
}

/// Where what it brings now is written; else where what it brought is; else at the main menu. And that node's name.
fn place(change: &Change, resolved: &Resolved) -> (Place, String) {
    let voice = |node: NodeIx| (resolved.links.node(node).name.place.clone(), resolved.links.name(node).to_owned());
    let node = |meaning: &Meaning| match meaning {
        Meaning::Nodes(nodes) => nodes.iter().find_map(|(_, name)| resolved.hotline.node_named(name)),
        _ => None,
    };
    voice(node(&change.now).or_else(|| node(&change.was)).unwrap_or(resolved.hotline.roles.main))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity;
    use crate::menu::fixture::{self, TODAY, checked, sources, spoil, spoilt};
    use crate::menu::{Loaded, Settings, load_after};

    fn after(sources: &Sources) -> Loaded {
        load_after(sources, &Settings::default(), TODAY, checked(&fixture::sources()).hotline.as_ref())
    }

    /// The messages of what is wrong with these files after the small hotline.
    fn wrong(sources: &Sources) -> Vec<String> {
        let loaded = after(sources);
        let errors: Vec<_> =
            loaded.findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.iter().all(|finding| finding.rule == RULE), "{errors:?}");
        assert_eq!(loaded.hotline.is_some(), errors.is_empty());
        errors.into_iter().map(|finding| finding.message).collect()
    }

    const SWAP: (&str, &str, &str) = ("voice.toml", "\"stay\", \"site\"]", "\"site\", \"stay\"]");

    #[test]
    fn nothing_changed_says_nothing_and_neither_does_a_word() {
        assert_eq!(wrong(&sources()), [""; 0]);
        assert_eq!(wrong(&spoilt("texts/en.toml", "Any doctor will see you.", "Any doctor sees you.")), [""; 0]);
    }

    #[test]
    fn options_that_changed_places() {
        let swapped = spoilt(SWAP.0, SWAP.1, SWAP.2);
        assert!(checked(&swapped).findings.is_empty(), "alone, the files are fine");
        let said = wrong(&swapped);
        assert_eq!(
            said,
            [
                "122 meant `bureau`, now nothing",
                "222 meant `bureau`, now nothing",
                "13 meant `site`, now `stay`",
                "23 meant `site`, now `stay`",
                "121 meant `months`, now nothing",
                "221 meant `months`, now nothing",
                "12 meant `stay`, now `site`",
                "22 meant `stay`, now `site`",
            ]
        );
        let screen = crate::menu::diagnostic::screen(&after(&swapped).findings[7..], &swapped, false);
        insta::assert_snapshot!(screen, @r#"
        error[SM-06]: 22 meant `stay`, now `site`
          --> voice.toml:29:7
           |
        29 | [node.site]
           |       ^^^^
           |
           = expected: 22 to go on meaning `stay`, since leaflets may say it
           = help: put it back, or say at `site` why no leaflet misleads anybody, naming the code: `waive.SM-06 = "22: ..."`

        1 error
        "#);
    }

    #[test]
    fn the_reasons_are_told() {
        let before = checked(&sources()).hotline.unwrap();
        let mut files = spoilt(SWAP.0, SWAP.1, SWAP.2);
        spoil(&mut files, "texts/en.toml", "[node.site]", "[node.site]\nwaive.SM-06 = \"22 was on no leaflet\"");
        let told = explained(&before, &checked(&files).hotline.unwrap(), &files);
        let reasons: Vec<_> =
            told.iter().filter_map(|change| Some((&*change.typed, change.waived.as_deref()?))).collect();
        assert_eq!((told.len(), reasons), (8, vec![("22", "22 was on no leaflet")]));
    }

    #[test]
    fn a_reason_that_names_the_code() {
        let with = |reason: &str| {
            let mut files = spoilt(SWAP.0, SWAP.1, SWAP.2);
            spoil(&mut files, "voice.toml", "[node.site]", &format!("[node.site]\nwaive.SM-06 = \"{reason}\""));
            files
        };
        let all = "new leaflets since March: 12 121 122 13 22 221 222 23";
        assert_eq!(wrong(&with(all)), [""; 0]);
        assert_eq!(wrong(&with("1*, 2*: reprinted")), [""; 0]);
        assert_eq!(wrong(&with("12*; 13, 22*, 23")), [""; 0]);
        assert_eq!(wrong(&with("120 and 1: nothing of that name")).len(), wrong(&spoilt(SWAP.0, SWAP.1, SWAP.2)).len());
        // Once it is on the line, the waiver has done its work.
        let published = with(all);
        let on_line = checked(&published);
        assert!(on_line.findings.is_empty(), "without something to compare with, nothing is said");
        let again = load_after(&published, &Settings::default(), TODAY, on_line.hotline.as_ref()).findings;
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].rule, again[0].severity), ("FORMAT", Severity::Warning));
        assert!(again[0].message.contains("silences nothing"));
    }

    #[test]
    fn names_in_a_reason() {
        let case = |reason: &str, typed: &str, named: bool| assert_eq!(names(reason, typed), named, "{reason} {typed}");
        case("231 is gone", "231", true);
        case("the code 231: gone", "231", true);
        case("2311", "231", false);
        case("23*", "231", true);
        case("shelter is gone", "SHELTER", true);
        case("*", "231", false);
        case("everything", "231", false);
        case("", "231", false);
    }

    #[test]
    fn a_renamed_node_is_the_same_node() {
        let mut files = sources();
        for file in ["voice.toml", "texts/en.toml", "texts/nl.toml"] {
            let text = files[file].replace("months", "respite");
            files.insert(file.into(), text.into());
        }
        // The fact and the words of the texts were caught by the same stroke: put them back.
        for file in ["voice.toml", "texts/en.toml", "texts/nl.toml"] {
            let text = files[file].replace("stay.respite", "stay.months").replace("three respite", "three months");
            let text = text.replace("3 respite", "3 months");
            files.insert(file.into(), text.into());
        }
        assert_eq!(wrong(&files), [""; 0]);
        spoil(&mut files, "texts/en.toml", "You have three months", "You now have three months");
        assert!(
            wrong(&files).iter().any(|message| message == "221 meant `months`, now `respite`"),
            "{:?}",
            wrong(&files)
        );
    }

    #[test]
    fn words_that_bring_something_else() {
        let case = |file: &str, from: &str, to: &str, says: &str| {
            let files = spoilt(file, from, to);
            let said = wrong(&files);
            assert!(said.iter().any(|message| message == says), "{says}: {said:?}");
        };
        case("texts/nl.toml", "keywords = \"OPVANG\"", "", "OPVANG meant `help`, now nothing");
        case("texts/nl.toml", "\"MAANDEN\"", "\"MAAND\"", "MAANDEN meant `months`, now nothing");
        case("texts/all.toml", "\"SOS\"]", "\"REDDING\"]", "SOS meant the emergency answer, now nothing");
        case("texts/all.toml", "\"END\", ", "", "END meant no answer at all, now nothing");
    }

    #[test]
    fn languages_that_changed_places() {
        let before = checked(&sources()).hotline.unwrap();
        let mut files = spoilt("hotline.toml", "[\"nl\", \"en\"]", "[\"en\", \"nl\"]");
        spoil(&mut files, "texts/all.toml", "1 = Nederlands", "2 = Nederlands");
        spoil(&mut files, "texts/all.toml", "2 = English", "1 = English");
        let loaded = checked(&files);
        let after = loaded.hotline.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        let changes = changes(&before, &after);
        assert_eq!(changes[0].to_string(), "1 meant `main` in `nl`, now `main` in `en`");
        assert!(changes.iter().all(|change| change.typed.chars().all(|c| c.is_ascii_digit())), "keywords stay");
    }

    #[test]
    fn a_keyword_in_one_language_more_is_no_change() {
        let files = spoilt("texts/nl.toml", "keywords = \"OPVANG\"", "keywords = \"OPVANG SHELTER\"");
        assert_eq!(wrong(&files), [""; 0]);
    }
}
