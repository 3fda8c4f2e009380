//! How long callers listen (rules TM): their sound where there is one, else by words a minute.

use super::speech::{Said, first_said};
use super::{Issues, Subject};
use crate::base::read::Text;
use crate::base::{Finding, Place};
use crate::menu::fill::holes;
use crate::menu::hotline::{LangIx, NodeIx};
use crate::menu::parsed::PhraseTexts;
use crate::menu::time::{over, pause_seconds, seconds, until_language};

/// TM-01: seconds from the answer to the end of the first language's line ...
pub const FIRST_LANGUAGE_S: f64 = 5.0;
/// ... and from the key of the language to the beginning of the first option.
pub const FIRST_OPTION_S: f64 = 16.0;
/// TM-02: seconds from the answer until the emergency number has been said.
pub const EMERGENCY_S: f64 = 20.0;
/// TM-03: seconds of information that are kept in mind, and the most that may be said.
pub const INFORMATION_S: (f64, f64) = (25.0, 30.0);
/// TM-04: the same for the options with their keys ...
pub const OPTIONS_S: (f64, f64) = (20.0, 25.0);
/// ... and for all that a node says.
pub const WHOLE_S: f64 = 45.0;

/// TM-01: whoever has a short safe moment hears soon what to press.
pub(super) fn first_options_soon(on: &Subject, issues: &mut Issues) {
    let hotline = &on.resolved.hotline;
    let first = until_language(hotline, LangIx(0)) - hotline.front.languages.first().map_or(0.0, pause_seconds);
    if over(first, FIRST_LANGUAGE_S) {
        let place = on.resolved.parsed.all.greeting.place.clone();
        issues.add(late(
            place,
            "callers hear the first language too late",
            first,
            "after the answer",
            FIRST_LANGUAGE_S,
        ));
    }
    let roles = on.resolved.links.roles;
    for language in on.languages() {
        let time = [roles.welcome, roles.main].map(|node| seconds(&hotline.spoken(node, language).info)).iter().sum();
        if over(time, FIRST_OPTION_S) {
            let tag = hotline.language(language);
            let message = format!("in the language `{tag}` callers hear the first option too late");
            let place = place_of(on, roles.main, language);
            issues.add(late(place, message, time, "after the key of the language", FIRST_OPTION_S));
        }
    }
}

fn late(place: Place, message: impl Into<String>, found: f64, after: &str, most: f64) -> Finding {
    Finding::error("TM-01", place, message)
        .found(format!("{found:.1} s {after}"))
        .expected(format!("at most {most:.0} s"))
        .help("leave out words before it")
}

/// TM-02: to a caller who hears the whole list of languages and then presses nothing.
pub(super) fn emergency_heard_soon(on: &Subject, issues: &mut Issues) {
    let contacts = || on.resolved.parsed.contacts.iter().filter(|contact| contact.emergency);
    for language in on.languages() {
        let named = first_said(on.resolved, language, |sentence| {
            holes(sentence.raw).any(|hole| contacts().any(|contact| contact.id.as_str() == hole))
        });
        let main = || place_of(on, on.resolved.links.roles.main, language);
        let (found, place) = match named {
            Said::At(time, _) if !over(time, EMERGENCY_S) => continue,
            Said::At(time, place) => (format!("{time:.1} s after the answer"), place),
            Said::Never(_) => ("it is not said before the options of the main menu".to_owned(), main()),
        };
        let tag = on.resolved.hotline.language(language);
        let message = format!("in the language `{tag}` callers hear the emergency number too late");
        issues.add(
            Finding::error("TM-02", place, message)
                .found(found)
                .expected(format!("at most {EMERGENCY_S:.0} s"))
                .help("say it at the beginning of the main menu, as in `Hang up and call {emergency}.`"),
        );
    }
}

/// TM-03.
pub(super) fn short_information(on: &Subject, issues: &mut Issues) {
    each(on, |node, language| {
        let time = seconds(&on.resolved.hotline.spoken(node, language).info);
        too_long(on, node, language, "TM-03", "the information", time, INFORMATION_S, issues);
    });
}

/// TM-04.
pub(super) fn short_options(on: &Subject, issues: &mut Issues) {
    each(on, |node, language| {
        let spoken = on.resolved.hotline.spoken(node, language);
        let options = seconds(spoken.options.iter().chain(&spoken.reserved));
        too_long(on, node, language, "TM-04", "the list of keys", options, OPTIONS_S, issues);
        let whole = options + seconds(&spoken.info);
        too_long(on, node, language, "TM-04", "everything together", whole, (WHOLE_S, WHOLE_S), issues);
    });
}

fn each(on: &Subject, mut look: impl FnMut(NodeIx, LangIx)) {
    for node in on.nodes() {
        on.languages().for_each(|language| look(node, language));
    }
}

#[allow(clippy::too_many_arguments, reason = "a row of a table")]
fn too_long(
    on: &Subject,
    node: NodeIx,
    language: LangIx,
    rule: &'static str,
    what: &str,
    time: f64,
    (warn, most): (f64, f64),
    issues: &mut Issues,
) {
    if !over(time, warn) {
        return;
    }
    let message = format!("{what} of `{}` takes long", on.resolved.links.name(node));
    let place = place_of(on, node, language);
    let found = format!("{time:.1} s");
    if over(time, most) {
        let finding = Finding::error(rule, place, message).found(found).expected(format!("at most {most:.0} s"));
        issues.add(finding.help("leave words out, or move something a level down"));
    } else {
        let finding = Finding::warning(rule, place, message).found(found).expected(format!("at most {warn:.0} s"));
        issues.add_at(Some(node), Some(language), finding.help("leave words out, or waive the rule with a reason"));
    }
}

/// Where a node's words stand in a language.
fn place_of(on: &Subject, node: NodeIx, language: LangIx) -> Place {
    let texts = on.resolved.texts[usize::from(language.0)][usize::from(node.0)];
    let own = texts.map(|texts| texts.say.as_ref().map_or(&texts.place, |say| &say.place));
    own.unwrap_or(&on.resolved.links.node(node).name.place).clone()
}

/// TM-05: three rounds, each in other words. That there are three, and how long each lasts, the engine sees to.
pub(super) fn silences_differ(on: &Subject, issues: &mut Issues) {
    let mut same = |rounds: &[Text]| {
        for (at, round) in rounds.iter().enumerate().filter(|(_, round)| !round.is_empty()) {
            if rounds[..at].iter().any(|other| other.trim().to_lowercase() == round.trim().to_lowercase()) {
                issues.add(
                    Finding::error("TM-05", round.place.clone(), "two rounds of waiting for a key say the same")
                        .found(format!("`{}`", round.trim()))
                        .expected("other words each time: whoever hears the same twice thinks that the line hangs"),
                );
            }
        }
    };
    same(&on.resolved.parsed.all.silence);
    for language in on.languages() {
        let phrase: &PhraseTexts = on.phrase(language);
        same(&phrase.silence);
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::{Error, Warning};
    use crate::base::Sources;
    use crate::menu::fixture::{case, checked, expect, finds, sound, sources, spoil, spoilt, words};

    /// Groups of so many words each.
    fn groups(counts: &[usize]) -> String {
        counts.iter().map(|count| words(*count)).collect::<Vec<_>>().join("\n\n")
    }

    /// The small hotline, where the doctor's information in English is this.
    fn doctor(say: &str) -> Sources {
        spoilt("texts/en.toml", "\"Any doctor will see you.\"", &format!("\"\"\"\n{say}\"\"\""))
    }

    #[test]
    fn tm_01_the_first_language_is_heard_soon() {
        let greeting = |count: usize| spoilt("texts/all.toml", "\"Goedendag.\"", &format!("\"{}.\"", words(count)));
        // "Voor Nederlands, druk op één." is 2.0 s; a pause of 0.3 s follows the greeting. Exactly 5 s cannot be.
        finds(&greeting(6), "TM-01", &[]);
        finds(&greeting(7), "TM-01", &[(Error, "5.1 s after the answer")]);
        let findings = checked(&greeting(7)).findings;
        let late = findings.iter().find(|finding| finding.rule == "TM-01").unwrap();
        assert_eq!((late.expected.as_str(), &*late.place.file), ("at most 5 s", "texts/all.toml"));
    }

    #[test]
    fn tm_01_the_first_option_is_heard_soon() {
        // Welcome and main menu are 8.6 s; each group that is added brings 0.3 s.
        let slow = |first: usize, second: usize| {
            let mut sources = sources();
            let say = format!("say = \"\"\"\n{}\n\nHello.", words(first));
            spoil(&mut sources, "texts/en.toml", "say = \"\"\"\nHello.", &say);
            let say = format!("say = \"\"\"\n{}\n\nAre you in", words(second));
            spoil(&mut sources, "texts/en.toml", "say = \"\"\"\nAre you in", &say);
            sources
        };
        finds(&slow(9, 8), "TM-01", &[]);
        finds(&slow(10, 8), "TM-01", &[(Error, "16.4 s after the key of the language")]);
        finds(&slow(9, 9), "TM-01", &[(Error, "16.4 s after the key of the language")]);
    }

    #[test]
    fn tm_02_the_emergency_number_is_heard_soon() {
        // It has been said after 13.8 s: both languages, the welcome, and two sentences of the main menu.
        let slow = |first: usize, second: usize| {
            let say = format!("say = \"\"\"\n{}\n\n{}\n\nAre you in", words(first), words(second));
            spoilt("texts/en.toml", "say = \"\"\"\nAre you in", &say)
        };
        finds(&slow(7, 7), "TM-02", &[]);
        finds(&slow(7, 8), "TM-02", &[(Error, "20.4 s after the answer")]);
        let other = spoilt("texts/en.toml", "Hang up and call {emergency}.", "Hang up and call {bureau}.");
        finds(&other, "TM-02", &[(Error, "it is not said before the options of the main menu")]);
    }

    #[test]
    fn tm_03_information_is_short() {
        finds(&doctor(&groups(&[31, 30])), "TM-03", &[]);
        // The same 25 s in other parts, whose sum in binary is a little more.
        finds(&doctor(&groups(&[23, 9, 6, 4, 3, 3, 2, 2, 2, 1])), "TM-03", &[]);
        finds(&doctor(&groups(&[31, 31])), "TM-03", &[(Warning, "25.4 s")]);
        finds(&doctor(&groups(&[18, 18, 18, 18])), "TM-03", &[(Warning, "30.0 s")]);
        finds(&doctor(&groups(&[18, 18, 18, 19])), "TM-03", &[(Error, "30.4 s")]);
    }

    #[test]
    fn tm_04_the_list_of_keys_is_short() {
        // The name of the website, three reserved keys: four pauses of 0.6 s and 30 words.
        let site = |count: usize| spoilt("texts/en.toml", "\"It is short.\"", &format!("\"{}.\"", words(count)));
        finds(&site(17), "TM-04", &[]);
        finds(&site(18), "TM-04", &[(Warning, "20.4 s")]);
        // Two options, three reserved keys: five pauses and 30 words.
        let help = |count: usize| spoilt("texts/en.toml", "\"For a doctor\"", &format!("\"For {}\"", words(count)));
        finds(&help(27), "TM-04", &[(Warning, "25.0 s")]);
        finds(&help(28), "TM-04", &[(Error, "25.4 s")]);
    }

    #[test]
    fn tm_04_a_node_is_short() {
        let site = |information: &str| {
            let mut sources = spoilt("texts/en.toml", "\"It is short.\"", &format!("\"{}.\"", words(17)));
            let say = format!("\"\"\"\nThere is a website. {information}\"\"\"");
            spoil(&mut sources, "texts/en.toml", "\"There is a website.\"", &say);
            sources
        };
        finds(&site(&groups(&[27, 30])), "TM-04", &[]);
        finds(&site(&groups(&[27, 31])), "TM-04", &[(Error, "45.4 s")]);
    }

    #[test]
    fn tm_05_three_rounds_in_other_words() {
        case(
            "TM-05",
            Error,
            "texts/en.toml",
            "\"Take your time.\"",
            "\"I am STILL here. press a key when it is safe. \"",
            "found: `",
        );
        case(
            "TM-05",
            Error,
            "texts/nl.toml",
            "\"Ik ben er nog. Druk op een toets als dat veilig is.\"",
            "\"Neem rustig de tijd.\"",
            "found: `Neem rustig de tijd.`",
        );
        let front = "\"Kies een taal. Choose a language.\"";
        case("TM-05", Error, "texts/all.toml", front, "\"Druk op een toets. Press a key.\"", "two rounds of waiting");
        assert!(sound(&sources()));
        let third = "\"I will look for a person for you now.\"";
        expect(&spoilt("texts/en.toml", third, "\"Take your time.\""), "TM-05", Error, "found: `Take your time.`");
    }
}
