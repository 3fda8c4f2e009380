//! What must be true and what must stay unsaid: facts, forbidden promises, sensitive words, checked numbers.

use super::{Issues, holds};
use crate::base::Finding;
use crate::menu::fill::folded;
use crate::menu::findings::{Findings, listed};
use crate::menu::hotline::NodeIx;
use crate::menu::parsed::{Criticality, Fact, Groups};
use crate::menu::read::Text;
use crate::menu::resolve::{Kind, MessageKind, Resolved, languages};
use jiff::civil::Date;
use std::collections::HashMap;

/// FC-01: keys from the main menu to a fact on which safety or a right depends.
const KEYS_TO_FACT: usize = 3;
/// FC-03: days after which a number is checked again.
const FRESH_DAYS: i32 = 180;

pub(super) fn check(resolved: &Resolved, today: Date, findings: &Findings, issues: &mut Issues) {
    nothing_sensitive(resolved, issues);
    nothing_forbidden(resolved, issues);
    numbers_checked(resolved, today, issues);
    facts(resolved, findings, issues);
}

/// SF-01.
fn nothing_sensitive(resolved: &Resolved, issues: &mut Issues) {
    let words = &resolved.parsed.words;
    let name = &resolved.parsed.hotline.name;
    for sentence in resolved.sentences.iter().filter(|sentence| sentence.kind == Kind::Front) {
        for word in words.sensitive.iter().chain([name]).filter(|word| holds(&sentence.words, word)) {
            issues.add(
                Finding::error("SF-01", sentence.place.clone(), "a listener would understand what this line is for")
                    .found(format!("`{}`, heard before the first key", word.as_str()))
                    .help("keep the front door neutral: whoever presses redial hears it"),
            );
        }
    }
    for message in &resolved.messages {
        let neutral = matches!(message.kind, MessageKind::Unknown | MessageKind::Choose);
        let neutral = words.sensitive.iter().filter(|_| neutral);
        for word in words.sensitive_sms.iter().chain(neutral).filter(|word| holds(&message.words, word)) {
            issues.add(
                Finding::error("SF-01", message.source.place.clone(), "a text message would give the caller away")
                    .found(format!("`{}`", word.as_str()))
                    .help("others read texts: keep what needs this word for the voice, and mark its fact `voice_only`"),
            );
        }
    }
}

/// FC-03: promises this hotline cannot keep, and advice that is wrong in this country.
fn nothing_forbidden(resolved: &Resolved, issues: &mut Issues) {
    let sentences = resolved.sentences.iter().map(|sentence| (&sentence.words, &sentence.place, sentence.language));
    let messages = resolved.messages.iter().map(|message| (&message.words, &message.source.place, message.language));
    for (words, place, language) in sentences.chain(messages) {
        for (at, forbidden) in resolved.parsed.words.forbidden.iter().enumerate() {
            if language.is_some_and(|language| usize::from(language.0) != at) {
                continue;
            }
            for phrase in forbidden.iter().filter(|phrase| holds(words, phrase)) {
                let finding = Finding::error("FC-03", place.clone(), "this hotline cannot say that");
                issues.add(
                    finding.found(format!("`{}`", phrase.as_str())).help("`words.toml` says what is forbidden here"),
                );
            }
        }
    }
}

/// FC-03: a number nobody has checked is told, and blocks going live elsewhere.
fn numbers_checked(resolved: &Resolved, today: Date, issues: &mut Issues) {
    for contact in &resolved.parsed.contacts {
        let id = contact.id.as_str();
        let Some(checked) = &contact.checked else {
            let finding =
                Finding::notice("FC-03", contact.id.place.clone(), format!("nobody has checked the number of `{id}`"));
            issues.add(finding.help("call it, then write `checked_on` and `checked_by`"));
            continue;
        };
        let age = checked.value.until(today).map_or(0, |span| span.get_days());
        if age > FRESH_DAYS {
            let message = format!("the number of `{id}` was checked long ago");
            issues.add(
                Finding::notice("FC-03", checked.place.clone(), message)
                    .found(format!("{age} days"))
                    .expected(format!("at most {FRESH_DAYS}")),
            );
        }
    }
}

/// FC-01 and FC-02.
fn facts(resolved: &Resolved, findings: &Findings, issues: &mut Issues) {
    let facts = &resolved.parsed.facts;
    let by_id: HashMap<&str, usize> = facts.iter().enumerate().map(|(at, fact)| (fact.id.as_str(), at)).collect();
    let find = |id: &Text| {
        by_id.get(id.as_str()).copied().or_else(|| {
            let meant =
                findings.unknown(&id.place, id, "a fact of `facts.toml`", facts.iter().map(|fact| fact.id.as_str()));
            meant.and_then(|meant| by_id.get(meant).copied())
        })
    };
    let mut keys: Vec<Option<usize>> = vec![None; facts.len()];
    let mut texted = vec![false; facts.len()];
    for node in resolved.links.all() {
        let voice = resolved.links.node(node);
        for (id, at) in voice.facts.iter().filter_map(|id| Some((id, find(id)?))) {
            if let Some(depth) = resolved.links.depths[usize::from(node.0)] {
                keys[at] = Some(keys[at].map_or(depth, |known| known.min(depth)));
            }
            spoken_right(resolved, node, id, &facts[at], issues);
        }
        for (id, at) in voice.text_facts.iter().filter_map(|id| Some((id, find(id)?))) {
            texted[at] = true;
            if facts[at].voice_only {
                let message = format!("the fact `{}` is kept for the voice and stands in a text message", id.as_str());
                issues.add(Finding::error("FC-01", id.place.clone(), message).help("take it out of `text_facts`"));
            }
            texted_right(resolved, node, id, &facts[at], issues);
        }
    }
    for (at, fact) in facts.iter().enumerate() {
        covered(fact, keys[at], texted[at], issues);
    }
}

/// FC-01.
fn covered(fact: &Fact, keys: Option<usize>, texted: bool, issues: &mut Issues) {
    let id = fact.id.as_str();
    let error = |message: String| Finding::error("FC-01", fact.id.place.clone(), message);
    match keys {
        None => issues.add(
            error(format!("no node says the fact `{id}`"))
                .help("say it, and list it in the `facts` of that node in `voice.toml`"),
        ),
        Some(keys) if keys > KEYS_TO_FACT && fact.criticality >= Criticality::High => issues.add(
            error(format!("the fact `{id}` is heard too late"))
                .found(format!("{keys} keys from the main menu"))
                .expected(format!("at most {KEYS_TO_FACT}, because much depends on it")),
        ),
        Some(_) => {}
    }
    if !texted && !fact.voice_only {
        issues.add(
            error(format!("no text message says the fact `{id}`"))
                .expected("it in the `text_facts` of a node with `sms`, or `voice_only = \"reason\"`"),
        );
    }
}

/// FC-02 for the voice.
fn spoken_right(resolved: &Resolved, node: NodeIx, id: &Text, fact: &Fact, issues: &mut Issues) {
    for language in languages(resolved.parsed) {
        let at = usize::from(language.0);
        let tag = resolved.hotline.language(language);
        let Some(groups) = &fact.must_say[at] else {
            let message = format!("nothing says how to recognise the fact `{}` in the language `{tag}`", id.as_str());
            let finding = Finding::error("FC-02", fact.id.place.clone(), message);
            issues.add(finding.expected(format!("`must_say.{tag} = [[\"word\", \"other\"], [\"word\"]]`")));
            continue;
        };
        let info = &resolved.hotline.spoken(node, language).info;
        let words = info.iter().map(|prompt| prompt.words.as_str()).collect::<Vec<_>>().join(" ");
        let place = resolved.texts[at][usize::from(node.0)]
            .map(|texts| texts.say.as_ref().map_or(&texts.place, |say| &say.place));
        let Some(place) = place else { continue };
        if words.is_empty() && some_language_speaks(resolved, node) {
            continue;
        }
        must_hold(&words, groups, place, &format!("`{}` does not say", resolved.links.name(node)), id, issues);
    }
}

/// Whether the words are missing here only, which rule LG-01 tells.
fn some_language_speaks(resolved: &Resolved, node: NodeIx) -> bool {
    languages(resolved.parsed).any(|language| !resolved.hotline.spoken(node, language).info.is_empty())
}

/// FC-02 for text messages.
fn texted_right(resolved: &Resolved, node: NodeIx, id: &Text, fact: &Fact, issues: &mut Issues) {
    let texts = |at: usize| resolved.texts[at][usize::from(node.0)].and_then(|texts| texts.sms.as_ref());
    if (0..resolved.texts.len()).all(|at| texts(at).is_none()) {
        let message =
            format!("`{}` has no text message to say the fact `{}` in", resolved.links.name(node), id.as_str());
        issues.add(Finding::error("FC-02", id.place.clone(), message).expected("`sms` in every language"));
        return;
    }
    for message in resolved.messages.iter().filter(|message| message.kind == MessageKind::Node(node)) {
        let Some(at) = message.language.map(|language| usize::from(language.0)) else { continue };
        let Some(groups) = fact.must_text[at].as_ref().or(fact.must_say[at].as_ref()) else { continue };
        let place = &message.source.place;
        must_hold(
            &message.words,
            groups,
            place,
            &format!("the text of `{}` does not say", resolved.links.name(node)),
            id,
            issues,
        );
    }
}

/// One word of each group must stand in the text.
fn must_hold(words: &str, groups: &Groups, place: &crate::base::Place, what: &str, id: &Text, issues: &mut Issues) {
    let words = folded(words);
    for group in groups.iter().filter(|group| !group.iter().any(|word| holds(&words, word))) {
        let group: Vec<&str> = group.iter().map(Text::as_str).collect();
        let expected = if group.len() == 1 { listed(&group) } else { format!("one of {}", listed(&group)) };
        issues.add(
            Finding::error("FC-02", place.clone(), format!("{what} all of the fact `{}`", id.as_str()))
                .expected(expected)
                .help("say it in other words if you like, and add them to `must_say` of the fact"),
        );
    }
}
