//! What must be true and what must stay unsaid: facts, forbidden promises, sensitive words, checked numbers.

use super::{Issues, Subject, holds};
use crate::base::Finding;
use crate::base::findings::{Findings, listed};
use crate::base::read::Text;
use crate::menu::fill::folded;
use crate::menu::hotline::NodeIx;
use crate::menu::load::Contact;
use crate::menu::parsed::{Criticality, Fact, Groups};
use crate::menu::resolve::{Kind, MessageKind, Resolved, languages};
use std::collections::HashMap;

/// FC-01: keys from the main menu to a fact on which safety or a right depends.
pub const KEYS_TO_FACT: usize = 3;

/// SF-01.
pub(super) fn nothing_sensitive(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
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
pub(super) fn nothing_forbidden(on: &Subject, issues: &mut Issues) {
    let resolved = on.resolved;
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
pub(super) fn numbers_checked(on: &Subject, issues: &mut Issues) {
    for contact in &on.resolved.parsed.contacts {
        let id = contact.id.as_str();
        let Some(checked) = &contact.checked else {
            let finding =
                Finding::notice("FC-03", contact.id.place.clone(), format!("nobody has checked the number of `{id}`"));
            issues.add(finding.help("call it, then write `checked_on` and `checked_by`"));
            continue;
        };
        let age = checked.value.until(on.today).map_or(0, |span| span.get_days());
        if age > Contact::FRESH_DAYS {
            let message = format!("the number of `{id}` was checked long ago");
            issues.add(
                Finding::notice("FC-03", checked.place.clone(), message)
                    .found(format!("{age} days ago"))
                    .expected(format!("at most {}", Contact::FRESH_DAYS))
                    .help(
                        "call it again and write the new date: until then it is served, and nothing new is published",
                    ),
            );
        }
    }
}

/// Which facts the nodes name, for the voice and for texts. A name that no fact has is told.
pub(super) fn named_facts<'r>(resolved: &'r Resolved<'r>, findings: &Findings) -> (Named<'r>, Named<'r>) {
    let facts = &resolved.parsed.facts;
    let by_id: HashMap<&str, usize> = facts.iter().enumerate().map(|(at, fact)| (fact.id.as_str(), at)).collect();
    let find = |id: &Text| {
        by_id.get(id.as_str()).copied().or_else(|| {
            let meant =
                findings.unknown(&id.place, id, "a fact of `facts.toml`", facts.iter().map(|fact| fact.id.as_str()));
            meant.and_then(|meant| by_id.get(meant).copied())
        })
    };
    let (mut spoken, mut texted) = (Vec::new(), Vec::new());
    for node in resolved.links.all() {
        let voice = resolved.links.node(node);
        spoken.extend(voice.facts.iter().filter_map(|id| Some((node, id, find(id)?))));
        texted.extend(voice.text_facts.iter().filter_map(|id| Some((node, id, find(id)?))));
    }
    (spoken, texted)
}

/// Node, the name as written, and the fact.
type Named<'r> = Vec<(NodeIx, &'r Text, usize)>;

/// FC-01.
pub(super) fn facts_covered(on: &Subject, issues: &mut Issues) {
    for (at, fact) in on.resolved.parsed.facts.iter().enumerate() {
        let nodes = on.spoken_facts.iter().filter(|(_, _, named)| *named == at).map(|(node, ..)| node);
        let keys = nodes.filter_map(|node| on.resolved.links.depths[usize::from(node.0)]).min();
        let texted = on.texted_facts.iter().any(|(_, _, named)| *named == at);
        covered(fact, keys, texted, issues);
    }
    for (_, id, at) in on.texted_facts.iter().filter(|(_, _, at)| on.fact(*at).voice_only) {
        let message =
            format!("the fact `{}` is kept for the voice and stands in a text message", on.fact(*at).id.as_str());
        issues.add(Finding::error("FC-01", id.place.clone(), message).help("take it out of `text_facts`"));
    }
}

/// FC-02.
pub(super) fn facts_said(on: &Subject, issues: &mut Issues) {
    for (node, id, at) in &on.spoken_facts {
        spoken_right(on.resolved, *node, id, on.fact(*at), issues);
    }
    for (node, id, at) in &on.texted_facts {
        texted_right(on.resolved, *node, id, on.fact(*at), issues);
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

#[cfg(test)]
mod tests {
    use crate::base::Severity::{Error, Notice};
    use crate::menu::fixture::{case, checked, expect, finds, shipped, sound, sources, spoil, spoilt};

    #[test]
    fn sf_01_nothing_gives_a_caller_away() {
        case("SF-01", Error, "texts/all.toml", "\"Goedendag.\"", "\"Hulplijn.\"", "found: `hulp`");
        case("SF-01", Error, "texts/all.toml", "Press a key.", "Press a key. HELP.", "found: `help`");
        case("SF-01", Error, "texts/all.toml", "\"Goedendag.\"", "\"Fixture line.\"", "found: `Fixture line`");
        case(
            "SF-01",
            Error,
            "texts/en.toml",
            "language = \"For English\"",
            "language = \"For police English\"",
            "found: `police`",
        );
        case("SF-01", Error, "texts/all.toml", "2 = English.", "2 = English. Hulp.", "found: `hulp`");
        case("SF-01", Error, "texts/all.toml", "and speak.", "and speak, victim.", "found: `victim`");
        case("SF-01", Error, "texts/nl.toml", "Zeg waar je bent.", "Zeg, slachtoffer.", "found: `slachtoffer`");
        case("SF-01", Error, "texts/en.toml", "Say where you are.", "Slachtoffer.", "give the caller away");
    }

    #[test]
    fn sf_01_cannot_be_waived() {
        let sources = spoilt("voice.toml", "[node.help]", "[node.help]\nwaive.SF-01 = \"no reason\"");
        expect(&sources, "FORMAT", Error, "the rule `SF-01` cannot be waived");
    }

    #[test]
    fn fc_01_every_fact_is_said() {
        let from = "facts = [\"stay.months\"]";
        case("FC-01", Error, "voice.toml", from, "", "no node says the fact `stay.months`");
        case("FC-01", Error, "voice.toml", "text_facts = [\"stay.months\"]", "", "no text message says the fact");
        let mut sources =
            spoilt("voice.toml", "text_facts = [\"stay.months\"]", "text_facts = [\"stay.months\", \"site.name\"]");
        for (file, word) in [("texts/en.toml", "You have 3"), ("texts/nl.toml", "Je hebt 3")] {
            spoil(&mut sources, file, word, &format!("Website. {word}"));
        }
        expect(&sources, "FC-01", Error, "the fact `site.name` is kept for the voice");
    }

    #[test]
    fn fc_01_what_much_depends_on_is_near() {
        let mut sources = spoilt("voice.toml", "[node.doctor]", "[node.doctor]\noptions = [\"deep\"]");
        spoil(
            &mut sources,
            "voice.toml",
            "",
            "[node.deep]\noptions = [\"deeper\"]\n[node.deeper]\nfacts = [\"x.deep\"]",
        );
        let fact = "[fact.\"x.deep\"]\nstatement = \"x\"\nsource = \"x\"\ncriticality = \"high\"\nvoice_only = \"x\"\n\
                    must_say.nl = [[\"deep\"]]\nmust_say.en = [[\"deep\"]]";
        spoil(&mut sources, "facts.toml", "", fact);
        for file in ["texts/nl.toml", "texts/en.toml"] {
            let texts = "[node.deep]\noption = \"For deep\"\nsay = \"Deep.\"\n[node.deeper]\noption = \"For deeper\"\nsay = \"Deeper.\"";
            spoil(&mut sources, file, "", texts);
        }
        let findings = checked(&sources).findings;
        let late = findings.iter().find(|finding| finding.rule == "FC-01").map(|finding| finding.found.as_str());
        assert_eq!(late, Some("4 keys from the main menu"), "{findings:?}");
        // One level higher, three keys from the main menu, is near enough.
        spoil(&mut sources, "voice.toml", "[node.deeper]\nfacts = [\"x.deep\"]", "[node.deeper]");
        spoil(&mut sources, "voice.toml", "[node.deep]", "[node.deep]\nfacts = [\"x.deep\"]");
        finds(&sources, "FC-01", &[]);
    }

    #[test]
    fn fc_02_facts_are_said_right() {
        case("FC-02", Error, "texts/en.toml", "You have three months", "You have some months", "expected: `three`");
        case(
            "FC-02",
            Error,
            "texts/nl.toml",
            "Je hebt 3 maanden",
            "Je hebt maanden",
            "the text of `months` does not say all",
        );
        case(
            "FC-02",
            Error,
            "texts/en.toml",
            "shelter: a place to stay.",
            "rest.",
            "one of `shelter`, `a place to stay`",
        );
        case("FC-02", Error, "facts.toml", "must_say.en = [[\"website\"]]", "", "in the language `en`");
        case(
            "FC-02",
            Error,
            "voice.toml",
            "[node.doctor]",
            "[node.doctor]\ntext_facts = [\"bureau.role\"]",
            "has no text message",
        );
    }

    #[test]
    fn fc_02_silence_says_no_fact() {
        // In one language it is the words that are missing (LG-01); in all, the fact.
        let mut sources = spoilt("texts/en.toml", "say = \"You have three months to think.\"", "");
        finds(&sources, "FC-02", &[]);
        spoil(&mut sources, "texts/nl.toml", "say = \"Je hebt drie maanden om na te denken.\"", "");
        finds(&sources, "FC-02", &[(Error, ""); 4]);
    }

    #[test]
    fn fc_03_promises_and_numbers() {
        case(
            "FC-03",
            Error,
            "texts/en.toml",
            "Any doctor will see you.",
            "Shelter is  GUARANTEED.",
            "found: `guaranteed`",
        );
        case("FC-03", Error, "texts/nl.toml", "Zeg waar je bent.", "Blijf stil.", "found: `blijf stil`");
        case("FC-03", Error, "texts/all.toml", "and speak.", "and stay silent.", "found: `stay silent`");
        let sign = "checked_on = \"2026-11-01\"\nchecked_by = \"the keeper\"";
        case("FC-03", Notice, "contacts.toml", sign, "", "nobody has checked the number of `emergency`");
        let fine = spoilt("contacts.toml", "2026-11-01", "2026-05-27");
        assert!(sound(&fine), "180 days are not long ago");
        case("FC-03", Notice, "contacts.toml", "2026-11-01", "2026-05-26", "found: 181 days");
    }

    #[test]
    fn unknown_facts_are_named_once() {
        let sources = spoilt("voice.toml", "facts = [\"stay.months\"]", "facts = [\"stay.month\"]");
        expect(&sources, "FORMAT", Error, "did you mean `stay.months`?");
        assert_eq!(checked(&sources).findings.len(), 1);
    }

    #[test]
    fn the_shipped_hotline_spoilt() {
        let case = |file: &str, from: &str, to: &str, rule: &str| {
            let mut sources = shipped();
            spoil(&mut sources, file, from, to);
            let findings = checked(&sources).findings;
            assert!(findings.iter().any(|finding| finding.rule == rule), "{rule}: {findings:?}");
        };
        case("texts/all.toml", "\"Goedendag.\"", "\"Goedendag, de hulplijn.\"", "SF-01");
        case("voice.toml", "\"residence.permit_b83\", ", "", "FC-01");
        case("facts.toml", "must_say.en", "must_say.ro", "FC-02");
        assert!(sources().len() == shipped().len(), "a hotline in two languages has eight files");
    }
}
