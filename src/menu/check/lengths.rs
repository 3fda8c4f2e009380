//! How long callers listen (rules TM): their sound where there is one, else by words a minute.

use super::speech::{Said, first_said};
use super::{Issues, Subject};
use crate::base::{Finding, Place};
use crate::menu::fill::holes;
use crate::menu::hotline::{LangIx, NodeIx};
use crate::menu::parsed::PhraseTexts;
use crate::menu::read::Text;
use crate::menu::time::{pause_seconds, seconds, until_language};

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
    if first > FIRST_LANGUAGE_S {
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
        let (mut time, mut node) = (0.0, roles.welcome);
        // No longer than the file, should it go round in a ring (MN-08).
        for _ in on.nodes() {
            time += seconds(&hotline.spoken(node, language).info);
            match on.resolved.links.then[usize::from(node.0)].filter(|_| node != roles.main) {
                Some(next) => node = next,
                None => break,
            }
        }
        if time > FIRST_OPTION_S {
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
            Said::At(time, _) if time <= EMERGENCY_S => continue,
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
    if time <= warn {
        return;
    }
    let message = format!("{what} of `{}` takes long", on.resolved.links.name(node));
    let place = place_of(on, node, language);
    let found = format!("{time:.1} s");
    if time > most {
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
