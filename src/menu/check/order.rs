//! The order of the menus: how many keys, where they lead, how deep, and whether a caller can be lost.

use super::{Issues, count};
use crate::base::Finding;
use crate::menu::hotline::{Choice, NodeIx};
use crate::menu::parsed::{KEYS, PhraseTexts};
use crate::menu::resolve::{Resolved, languages};

/// A frightened caller keeps this many choices in mind ...
const CHOICES: usize = 5;
/// ... and there are this many keys.
const MOST_CHOICES: usize = 6;
/// Levels below the main menu; also what keeps codes within three digits.
const LEVELS: usize = 2;

pub(super) fn check(resolved: &Resolved, issues: &mut Issues) {
    for node in resolved.links.all() {
        few_choices(resolved, node, issues);
        one_key_a_choice(resolved, node, issues);
        not_deep(resolved, node, issues);
        found_and_left(resolved, node, issues);
        order_has_a_reason(resolved, node, issues);
    }
    no_ring_without_key(resolved, issues);
    for language in languages(resolved.parsed) {
        keys_have_words_of_their_own(&resolved.parsed.texts[usize::from(language.0)].phrase, issues);
    }
}

/// MN-01.
fn few_choices(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let voice = resolved.links.node(node);
    let choices = voice.options.len() + voice.choices.len();
    let finding = |severity: fn(&'static str, _, String) -> Finding, most: usize| {
        let message = format!("`{}` has too many choices", voice.name.as_str());
        severity("MN-01", voice.name.place.clone(), message)
            .found(choices.to_string())
            .expected(format!("at most {most}, the keys 0, 8, 9, `*` and `#` not counted"))
    };
    if choices > MOST_CHOICES {
        let finding = finding(Finding::error, MOST_CHOICES).help("there are six keys: move some choices a level down");
        issues.add_at(Some(node), None, finding);
    } else if choices > CHOICES {
        let finding = finding(Finding::warning, CHOICES);
        issues.add_at(Some(node), None, finding.help("move one a level down, or waive the rule with a reason"));
    }
}

/// MN-02: keys follow the order of the file; what can go wrong is the same thing twice.
fn one_key_a_choice(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let voice = resolved.links.node(node);
    let named = voice.options.iter().map(|option| (option.as_str(), &option.place));
    let acts = voice.choices.iter().map(|act| (crate::menu::links::act_name(act.value), &act.place));
    let all: Vec<_> = named.chain(acts).collect();
    for (at, (name, place)) in all.iter().enumerate() {
        if all[..at].iter().any(|(known, _)| known == name) {
            let message = format!("`{name}` has two keys in `{}`", voice.name.as_str());
            issues.add(Finding::error("MN-02", (*place).clone(), message).help("keep the first and take this one out"));
        }
    }
}

/// MN-02 and MN-03: two keys of one language cannot have the same word.
fn keys_have_words_of_their_own(phrase: &PhraseTexts, issues: &mut Issues) {
    for (at, word) in phrase.keys.iter().enumerate().filter(|(_, word)| !word.is_empty()) {
        let same = |other: &str| other.trim().to_lowercase() == word.trim().to_lowercase();
        let Some(twin) = phrase.keys[..at].iter().position(|other| same(other)) else { continue };
        let reserved = [KEYS[at], KEYS[twin]].iter().any(|key| ["0", "8", "9", "*", "#"].contains(key));
        let rule = if reserved { "MN-03" } else { "MN-02" };
        let message = format!("the keys {} and {} are both called `{}`", KEYS[twin], KEYS[at], word.as_str());
        issues.add(Finding::error(rule, word.place.clone(), message).expected("a word for each key"));
    }
}

/// MN-06.
fn not_deep(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let Some(depth) = resolved.links.depths[usize::from(node.0)].filter(|depth| *depth > LEVELS) else { return };
    let voice = resolved.links.node(node);
    let message = format!("`{}` lies too deep", voice.name.as_str());
    issues.add(
        Finding::error("MN-06", voice.name.place.clone(), message)
            .found(format!("{} below the main menu", count(depth, "key", "keys")))
            .expected(format!("at most {LEVELS}"))
            .help("list it in the options of a menu nearer to the main menu"),
    );
}

/// MN-07: everything can be reached, and nothing is a dead end. The keys 0 and 9 are alive everywhere; a node below the
/// main menu has `*`, so that only the main menu can lack a way on, and a node can lack anything to say.
fn found_and_left(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let voice = resolved.links.node(node);
    let name = voice.name.as_str();
    if voice.text_only {
        for language in languages(resolved.parsed) {
            let texts = resolved.texts[usize::from(language.0)][usize::from(node.0)];
            if let Some(texts) = texts.filter(|texts| texts.keywords.is_none()) {
                let tag = resolved.hotline.language(language);
                let message = format!("nobody can reach `{name}` in the language `{tag}`");
                issues.add(
                    Finding::error("MN-07", texts.place.clone(), message)
                        .expected("`keywords`, the only way to a node with `text_only`"),
                );
            }
        }
        return;
    }
    if resolved.links.depths[usize::from(node.0)].is_none() {
        issues.add(
            Finding::error("MN-07", voice.name.place.clone(), format!("no keys lead to `{name}`"))
                .help("list it in the options of a menu, or give it `text_only = true` and keywords"),
        );
    }
    let goes = |choice: &Choice| matches!(choice, Choice::Go(_));
    if node == resolved.links.roles.main && !resolved.links.keys(node).iter().any(goes) {
        let message = format!("the main menu, `{name}`, leads nowhere");
        issues.add(Finding::error("MN-07", voice.name.place.clone(), message).expected("`options`"));
    }
    let silent = |language| {
        let spoken = resolved.hotline.spoken(node, language);
        spoken.info.is_empty() && resolved.links.keys(node).is_empty()
    };
    if languages(resolved.parsed).all(silent) {
        let message = format!("`{name}` has nothing to say and nothing to choose");
        issues.add(
            Finding::error("MN-07", voice.name.place.clone(), message)
                .expected("`say` in every language, or `options`"),
        );
    }
}

/// MN-08: whoever goes round in a ring has pressed a key in it.
fn no_ring_without_key(resolved: &Resolved, issues: &mut Issues) {
    let then = |node: NodeIx| resolved.links.then[usize::from(node.0)];
    for start in resolved.links.all() {
        let mut ring = vec![start];
        while let Some(next) = ring.last().and_then(|last| then(*last)) {
            if next == start {
                // Each ring is told once, at its first node in the file.
                if ring.iter().min() == Some(&start) {
                    let place = resolved.links.node(start).then.as_ref().map(|then| then.place.clone());
                    let names: Vec<&str> = ring.iter().map(|node| resolved.links.name(*node)).collect();
                    issues.add(
                        Finding::error(
                            "MN-08",
                            place.unwrap_or_else(|| resolved.links.node(start).name.place.clone()),
                            "a caller would go round for ever without pressing a key",
                        )
                        .found(format!("{} -> {}", names.join(" -> "), names[0]))
                        .help("let one of these nodes have `options` instead of `then`"),
                    );
                }
                break;
            }
            if ring.contains(&next) {
                break;
            }
            ring.push(next);
        }
    }
}

/// MN-10.
fn order_has_a_reason(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
    let voice = resolved.links.node(node);
    if voice.options.len() >= 2 && voice.order_reason.is_none() {
        let message = format!("nothing says why the options of `{}` are in this order", voice.name.as_str());
        let finding = Finding::warning("MN-10", voice.name.place.clone(), message)
            .expected("`order_reason = \"...\"`")
            .help("what is heard first is heard best: put urgent things first, then what is used most");
        issues.add_at(Some(node), None, finding);
    }
}
