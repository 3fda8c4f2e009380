//! The order of the menus: how many keys, where they lead, how deep, and whether a caller can be lost.

use super::{Issues, Subject, count};
use crate::base::Finding;
use crate::base::read::Text;
use crate::menu::hotline::{Act, Choice, NodeIx};
use crate::menu::parsed::{KEYS, VoiceNode};
use crate::menu::resolve::{Resolved, languages};

/// A frightened caller keeps this many choices in mind ...
pub const CHOICES: usize = 5;
/// ... and there are this many keys.
pub const MOST_CHOICES: usize = 6;
/// Levels below the main menu; also what keeps codes within three digits.
pub const LEVELS: usize = 2;

/// MN-01.
pub(super) fn few_choices(on: &Subject, issues: &mut Issues) {
    on.nodes().for_each(|node| few_choices_in(on.resolved, node, issues));
}

fn few_choices_in(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
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
pub(super) fn one_key_a_choice(on: &Subject, issues: &mut Issues) {
    on.nodes().for_each(|node| one_key_a_choice_in(on.resolved.links.node(node), issues));
}

fn one_key_a_choice_in(voice: &VoiceNode, issues: &mut Issues) {
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

/// MN-02: two keys of one language cannot have the same word.
pub(super) fn option_keys_have_words(on: &Subject, issues: &mut Issues) {
    keys_have_words_of_their_own(on, "MN-02", false, issues);
}

/// MN-03: nor can a reserved key share its word.
pub(super) fn reserved_keys_have_words(on: &Subject, issues: &mut Issues) {
    keys_have_words_of_their_own(on, "MN-03", true, issues);
}

fn keys_have_words_of_their_own(on: &Subject, rule: &'static str, reserved: bool, issues: &mut Issues) {
    for keys in on.languages().map(|language| &on.phrase(language).keys) {
        for (at, word) in keys.iter().enumerate().filter(|(_, word)| !word.is_empty()) {
            let same = |other: &str| other.trim().to_lowercase() == word.trim().to_lowercase();
            let Some(twin) = keys[..at].iter().position(|other| same(other)) else { continue };
            if [KEYS[at], KEYS[twin]].iter().any(|key| ["0", "8", "9", "*", "#"].contains(key)) == reserved {
                let message = format!("the keys {} and {} are both called `{}`", KEYS[twin], KEYS[at], word.as_str());
                issues.add(Finding::error(rule, word.place.clone(), message).expected("a word for each key"));
            }
        }
    }
}

/// MN-06.
pub(super) fn not_deep(on: &Subject, issues: &mut Issues) {
    on.nodes().for_each(|node| not_deep_at(on.resolved, node, issues));
}

fn not_deep_at(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
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
pub(super) fn found_and_left(on: &Subject, issues: &mut Issues) {
    on.nodes().for_each(|node| found_and_left_at(on.resolved, node, issues));
}

fn found_and_left_at(resolved: &Resolved, node: NodeIx, issues: &mut Issues) {
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

/// MN-08: whoever goes round in a ring has pressed a key in it. Each ring is told once, at its first node in the file.
pub(super) fn no_ring_without_key(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
    for start in resolved.links.all() {
        let mut ring = vec![start];
        let mut at = start;
        // A walk that is as long as the file goes round in a ring further on, which has a first node of its own.
        for _ in resolved.links.all() {
            let Some(next) = resolved.links.then[usize::from(at.0)] else { break };
            if next <= start {
                if next == start {
                    ring_found(resolved, &ring, issues);
                }
                break;
            }
            ring.push(next);
            at = next;
        }
    }
}

fn ring_found(resolved: &Resolved, ring: &[NodeIx], issues: &mut Issues) {
    let Some(first) = ring.first().map(|first| resolved.links.node(*first)) else { return };
    let names: Vec<&str> = ring.iter().take(6).map(|node| resolved.links.name(*node)).collect();
    let place = first.then.as_ref().map_or(&first.name.place, |then| &then.place);
    issues.add(
        Finding::error("MN-08", place.clone(), "a caller would go round for ever without pressing a key")
            .found(format!("{} -> {}", names.join(" -> "), first.name.as_str()))
            .help("let one of these nodes have `options` instead of `then`"),
    );
}

/// MN-10.
pub(super) fn order_has_a_reason(on: &Subject, issues: &mut Issues) {
    for node in on.nodes() {
        let voice = on.resolved.links.node(node);
        if voice.options.len() >= 2 && voice.order_reason.is_none() {
            let message = format!("nothing says why the options of `{}` are in this order", voice.name.as_str());
            let finding = Finding::warning("MN-10", voice.name.place.clone(), message)
                .expected("`order_reason = \"...\"`")
                .help("what is heard first is heard best: put urgent things first, then what is used most");
            issues.add_at(Some(node), None, finding);
        }
    }
}

/// Words that nobody can hear are a slip more often than a plan. Belongs to no rule.
pub(super) fn nobody_hears(on: &Subject, issues: &mut Issues) {
    for (node, texts) in on.nodes().flat_map(|node| on.texts(node).map(move |texts| (node, texts))) {
        let voice = on.resolved.links.node(node);
        let name = voice.name.as_str();
        let mut nobody = |text: Option<&Text>, why: String| {
            if let Some(text) = text {
                let message = format!("nobody hears this: {why}");
                issues.add(Finding::warning("FORMAT", text.place.clone(), message).help("take it out"));
            }
        };
        if voice.text_only {
            nobody(texts.say.as_ref(), format!("`{name}` is reached by text only"));
        }
        if !voice.choices.iter().any(|act| act.value == Act::Letters) {
            nobody(texts.letters.as_ref(), format!("`{name}` has no choice `letters`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::{Error, Warning};
    use crate::menu::fixture::{case, checked, expect, finds, shipped, sound, sources, spoil, spoilt};

    /// Nodes a, b, ... that say something in every language, reached from `help`.
    fn with_nodes(names: &[&str]) -> crate::base::Sources {
        let mut sources = sources();
        for name in names {
            spoil(&mut sources, "voice.toml", "", &format!("[node.{name}]"));
            for (language, digit) in [("nl", "Voor"), ("en", "For")] {
                let texts = format!("[node.{name}]\noption = \"{digit} {name}{name}\"\nsay = \"{name}.\"");
                spoil(&mut sources, &format!("texts/{language}.toml"), "", &texts);
            }
        }
        sources
    }

    #[test]
    fn mn_01_few_choices() {
        let names = ["aaa", "bbb", "ccc", "ddd", "eee"];
        let list = |count: usize| names[..count].iter().map(|name| format!(", \"{name}\"")).collect::<String>();
        let with = |count: usize| {
            let mut sources = with_nodes(&names[..count]);
            let options = format!("\"bureau\", \"doctor\"{}]", list(count));
            spoil(&mut sources, "voice.toml", "\"bureau\", \"doctor\"]", &options);
            sources
        };
        assert!(sound(&with(3)));
        expect(&with(4), "MN-01", Warning, "found: 6");
        expect(&with(5), "MN-01", Error, "found: 7");
        let mut letters = with(3);
        spoil(&mut letters, "voice.toml", "[node.help]", "[node.help]\nchoices = [\"letters\"]");
        finds(&letters, "MN-01", &[(Warning, "6")]);
        let mut waived = with(4);
        spoil(&mut waived, "voice.toml", "[node.help]", "[node.help]\nwaive.MN-01 = \"all six are urgent\"");
        assert!(sound(&waived));
        let mut waived = with(5);
        spoil(&mut waived, "voice.toml", "[node.help]", "[node.help]\nwaive.MN-01 = \"all seven are urgent\"");
        assert!(checked(&waived).findings.iter().any(|finding| finding.rule == "MN-01"), "an error cannot be waived");
    }

    #[test]
    fn mn_01_languages_have_six_keys() {
        let sources = spoilt("hotline.toml", "\"en\"]", "\"en\", \"ro\", \"bg\", \"es\", \"hu\", \"pl\"]");
        let findings = checked(&sources).findings;
        assert!(findings.iter().any(|finding| finding.rule == "MN-01" && finding.found == "7"), "{findings:?}");
    }

    #[test]
    fn mn_02_a_key_a_choice() {
        let from = "[\"months\", \"bureau\"]";
        case(
            "MN-02",
            Error,
            "voice.toml",
            from,
            "[\"months\", \"bureau\", \"months\"]",
            "`months` has two keys in `stay`",
        );
        case("MN-02", Error, "texts/en.toml", "2 = \"two\"", "2 = \"One\"", "the keys 1 and 2 are both called `One`");
    }

    #[test]
    fn mn_03_reserved_keys() {
        case("MN-03", Error, "texts/en.toml", "8 = \"eight\"", "8 = \"one\"", "the keys 1 and 8 are both called `one`");
        case("MN-03", Error, "texts/en.toml", "\"#\" = \"hash\"", "\"#\" = \"star\"", "the keys * and #");
        case("MN-03", Error, "voice.toml", "\"bureau\", \"doctor\"]", "\"bureau\", \"doctor\", \"connect\"]", "key 0");
    }

    #[test]
    fn mn_06_levels() {
        let mut sources = with_nodes(&["deep"]);
        spoil(&mut sources, "voice.toml", "[node.doctor]", "[node.doctor]\noptions = [\"deep\"]");
        expect(&sources, "MN-06", Error, "found: 3 keys below the main menu");
    }

    #[test]
    fn mn_07_nobody_is_trapped_or_lost() {
        expect(&with_nodes(&["alone"]), "MN-07", Error, "no keys lead to `alone`");
        case(
            "MN-07",
            Error,
            "texts/en.toml",
            "\nkeywords = \"DANGER\"",
            "",
            "nobody can reach `danger` in the language `en`",
        );
        let mut silent = sources();
        for (language, from) in
            [("nl", "say = \"Elke dokter kan je zien.\""), ("en", "say = \"Any doctor will see you.\"")]
        {
            spoil(&mut silent, &format!("texts/{language}.toml"), from, "");
        }
        expect(&silent, "MN-07", Error, "`doctor` has nothing to say and nothing to choose");
        let mut bare = spoilt("voice.toml", "options = [\"help\", \"stay\", \"site\"]", "");
        spoil(
            &mut bare,
            "texts/en.toml",
            "Text a code. {code.help} aid, {code.stay} staying, {code.connect} talk.",
            "Hi.",
        );
        let findings = checked(&bare).findings;
        assert!(
            findings.iter().any(|finding| finding.message == "the main menu, `main`, leads nowhere"),
            "{findings:?}"
        );
    }

    #[test]
    fn mn_08_rings() {
        case("MN-08", Error, "voice.toml", "[node.doctor]", "[node.doctor]\nthen = \"doctor\"", "doctor -> doctor");
        let mut ring = with_nodes(&["one", "two"]);
        spoil(&mut ring, "voice.toml", "[node.one]", "[node.one]\nthen = \"two\"");
        spoil(&mut ring, "voice.toml", "[node.two]", "[node.two]\nthen = \"one\"");
        spoil(&mut ring, "voice.toml", "[node.doctor]", "[node.doctor]\nthen = \"two\"");
        expect(&ring, "MN-08", Error, "found: one -> two -> one");
        let told = checked(&ring).findings.len();
        assert_eq!(told, 1);
        let mut chain = with_nodes(&["one"]);
        spoil(&mut chain, "voice.toml", "[node.doctor]", "[node.doctor]\nthen = \"one\"");
        spoil(&mut chain, "voice.toml", "[node.one]", "[node.one]\noptions = [\"help\"]");
        assert!(sound(&chain), "going round by a key is no ring: {:?}", checked(&chain).findings);
    }

    #[test]
    fn mn_10_a_reason_for_the_order() {
        let from = "order_reason = \"a person first\"";
        case("MN-10", Warning, "voice.toml", from, "", "why the options of `help` are in this order");
        let waived = spoilt("voice.toml", from, "waive.MN-10 = \"they are equal\"");
        assert!(sound(&waived));
    }

    #[test]
    fn the_shipped_hotline_spoilt() {
        let mut sources = shipped();
        spoil(&mut sources, "voice.toml", "", "[node.lost]\ntext_only = false");
        let findings = checked(&sources).findings;
        assert!(findings.iter().any(|finding| finding.rule == "MN-07" && finding.message.contains("`lost`")));
    }
}
