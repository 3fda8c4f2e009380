//! The rules of the menus (menu-rules, section 4), one function a rule. Each looks at the resolved hotline and writes
//! down what it finds; what an operator has waived with a reason is taken out at the end.

pub(super) mod lengths;
pub(super) mod order;
#[cfg(test)]
mod proofs;
pub(super) mod speech;
pub(super) mod texts;
pub(super) mod truth;
pub(super) mod words;

use super::hotline::{LangIx, NodeIx};
use super::parsed::{Fact, NodeTexts, PhraseTexts, Waiver};
use super::resolve::{Resolved, languages};
use crate::base::findings::Findings;
use crate::base::read::Text;
use crate::base::{Finding, Severity};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether an operator can give a reason against a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waivable {
    /// Warnings, and errors that the rule itself excepts.
    WithReason,
    Never,
}

/// A part of a rule: looks at the whole hotline and writes down what it finds.
type Part = fn(&Subject, &mut Issues);

/// A rule that is checked on the text of the files. What it is for stands in [`super::explain`].
pub(super) struct Rule {
    pub id: &'static str,
    pub waivable: Waivable,
    parts: &'static [Part],
}

const fn rule(id: &'static str, waivable: Waivable, parts: &'static [Part]) -> Rule {
    Rule { id, waivable, parts }
}

use Waivable::{Never, WithReason};

/// The rules that are checked here. Some also refuse earlier what cannot even be resolved.
pub(super) const RULES: &[Rule] = &[
    rule("MN-01", WithReason, &[order::few_choices]),
    rule("MN-02", Never, &[order::one_key_a_choice, order::option_keys_have_words]),
    rule("MN-03", Never, &[order::reserved_keys_have_words]),
    rule("MN-04", Never, &[speech::function_before_key]),
    rule("MN-05", WithReason, &[speech::short_labels, speech::labels_differ]),
    rule("MN-06", Never, &[order::not_deep]),
    rule("MN-07", Never, &[order::found_and_left]),
    rule("MN-08", Never, &[order::no_ring_without_key]),
    rule("MN-09", Never, &[speech::person_heard_soon]),
    rule("MN-10", WithReason, &[order::order_has_a_reason]),
    rule("TM-01", Never, &[lengths::first_options_soon]),
    rule("TM-02", Never, &[lengths::emergency_heard_soon]),
    rule("TM-03", WithReason, &[lengths::short_information]),
    rule("TM-04", WithReason, &[lengths::short_options]),
    rule("TM-05", Never, &[lengths::silences_differ]),
    rule("PR-01", WithReason, &[speech::short_sentences]),
    rule("PR-02", Never, &[speech::no_typed_number, texts::no_typed_number, speech::numbers_said_twice]),
    rule("PR-03", Never, &[words::speakable]),
    rule("PR-04", WithReason, &[words::no_filler]),
    rule("PR-05", Never, &[words::wrong_key_helps]),
    rule("PR-07", Never, &[words::who_answers]),
    rule("LG-01", WithReason, &[speech::complete, speech::languages_offered]),
    rule("LG-02", Never, &[words::language_lines]),
    rule("LG-03", WithReason, &[words::as_long_as_the_others]),
    rule("FC-01", Never, &[truth::facts_covered]),
    rule("FC-02", Never, &[truth::facts_said]),
    rule("FC-03", Never, &[truth::nothing_forbidden, truth::numbers_checked]),
    rule("SF-01", Never, &[truth::nothing_sensitive]),
    rule("SM-01", WithReason, &[texts::short]),
    rule("SM-02", Never, &[texts::in_gsm7]),
    rule("SM-03", WithReason, &[texts::good_borders]),
    rule("SM-04", Never, &[texts::discreet]),
    rule("SM-05", Never, &[texts::keywords]),
    rule("SM-06", WithReason, &[texts::no_typed_code, texts::codes_are_keys]),
];

/// What the rules look at.
struct Subject<'r> {
    resolved: &'r Resolved<'r>,
    today: Date,
    /// Which fact each node says: the name as written, and the fact.
    spoken_facts: Vec<(NodeIx, &'r Text, usize)>,
    /// The same for text messages.
    texted_facts: Vec<(NodeIx, &'r Text, usize)>,
}

impl<'r> Subject<'r> {
    /// Names of facts that do not exist are told here.
    fn new(resolved: &'r Resolved<'r>, today: Date, findings: &Findings) -> Subject<'r> {
        let (spoken_facts, texted_facts) = truth::named_facts(resolved, findings);
        Subject { resolved, today, spoken_facts, texted_facts }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeIx> + use<> {
        self.resolved.links.all()
    }

    fn languages(&self) -> impl Iterator<Item = LangIx> + use<> {
        languages(self.resolved.parsed)
    }

    fn phrase(&self, language: LangIx) -> &'r PhraseTexts {
        &self.resolved.parsed.texts[usize::from(language.0)].phrase
    }

    fn fact(&self, at: usize) -> &'r Fact {
        &self.resolved.parsed.facts[at]
    }

    /// What a node says, in each language that has words for it.
    fn texts(&self, node: NodeIx) -> impl Iterator<Item = &'r NodeTexts> {
        self.resolved.texts.iter().filter_map(move |nodes| nodes[usize::from(node.0)])
    }

    /// The language others are measured against: English, or else the first.
    fn reference(&self) -> LangIx {
        let english = self.languages().find(|language| self.resolved.hotline.language(*language).as_str() == "en");
        english.unwrap_or(LangIx(0))
    }
}

/// What a rule found, and whose waiver could silence it.
struct Issue {
    finding: Finding,
    node: Option<NodeIx>,
    language: Option<LangIx>,
    waivable: bool,
}

/// What the rules have found so far.
#[derive(Default)]
struct Issues {
    list: Vec<Issue>,
}

impl Issues {
    fn add(&mut self, finding: Finding) {
        self.list.push(Issue { finding, node: None, language: None, waivable: false });
    }

    /// A finding about a node, in one language or in all; a warning can be waived there.
    fn add_at(&mut self, node: Option<NodeIx>, language: Option<LangIx>, finding: Finding) {
        let waivable = finding.severity == Severity::Warning;
        self.list.push(Issue { finding, node, language, waivable });
    }

    /// An error that the rule allows where a reason is given.
    fn add_excusable(&mut self, node: Option<NodeIx>, language: Option<LangIx>, finding: Finding) {
        self.list.push(Issue { finding, node, language, waivable: true });
    }
}

pub(super) fn check(resolved: &Resolved, today: Date, findings: &Findings) {
    check_with(|_| true, resolved, today, findings);
}

/// The check with some of the rules only, as if the others' bodies were empty: for the proof that each rule is what finds
/// its fault.
fn check_with(wanted: impl Fn(&str) -> bool, resolved: &Resolved, today: Date, findings: &Findings) {
    let subject = Subject::new(resolved, today, findings);
    let mut issues = Issues::default();
    for rule in RULES.iter().filter(|rule| wanted(rule.id)) {
        for part in rule.parts {
            part(&subject, &mut issues);
        }
    }
    order::nobody_hears(&subject, &mut issues);
    for issue in issues.list {
        if !(issue.waivable && waived(resolved, &issue)) {
            findings.add(issue.finding);
        }
    }
    // How long something takes depends on its sound, which can be another tomorrow.
    let by_sound = |waiver: &Waiver| matches!(waiver.rule.as_str(), "TM-03" | "TM-04");
    for waiver in all_waivers(resolved).filter(|waiver| !waiver.used.get() && !by_sound(waiver)) {
        let message = format!("this waiver of `{}` silences nothing", waiver.rule.as_str());
        findings.add(Finding::warning("FORMAT", waiver.rule.place.clone(), message).help("take the line out"));
    }
}

/// Marks every waiver that covers this, in `voice.toml` for all languages or in the texts of its own.
fn waived(resolved: &Resolved, issue: &Issue) -> bool {
    let Some(node) = issue.node else { return false };
    let mut found = false;
    let in_texts = resolved
        .texts
        .iter()
        .enumerate()
        .filter(|(at, _)| issue.language.is_none_or(|language| usize::from(language.0) == *at));
    let in_texts = in_texts.filter_map(|(_, nodes)| nodes[usize::from(node.0)]).flat_map(|texts| &texts.waivers);
    for waiver in resolved.links.node(node).waivers.iter().chain(in_texts) {
        if waiver.rule.as_str() == issue.finding.rule {
            waiver.used.set(true);
            found = true;
        }
    }
    found
}

fn all_waivers<'r>(resolved: &'r Resolved) -> impl Iterator<Item = &'r Waiver> {
    let voice = resolved.links.nodes.iter().flat_map(|node| &node.waivers);
    voice.chain(resolved.texts.iter().flatten().flatten().flat_map(|texts| &texts.waivers))
}

/// Whether a text holds a phrase, in whatever case; white space is folded already.
fn holds(text: &str, phrase: &str) -> bool {
    !phrase.trim().is_empty() && text.to_lowercase().contains(&super::fill::folded(phrase).to_lowercase())
}

/// A number with its noun.
fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// A text without accents, in lower case.
fn plain(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Severity::{Error, Warning};
    use crate::menu::fixture::{case, checked, expect, finds, sound, spoil, spoilt, words};

    /// The doctor's sentence in English has 13 words, one too many; the waiver stands where it is written.
    fn long_sentence(file: &str, waiver: &str) -> crate::base::Sources {
        let mut sources = spoilt("texts/en.toml", "\"Any doctor will see you.\"", &format!("\"{}.\"", words(13)));
        spoil(&mut sources, file, "[node.doctor]", &format!("[node.doctor]\n{waiver}"));
        sources
    }

    #[test]
    fn a_waiver_holds_for_its_node_its_rule_and_its_language() {
        let waiver = "waive.PR-01 = \"the law says so\"";
        assert!(sound(&long_sentence("voice.toml", waiver)), "for all languages");
        assert!(sound(&long_sentence("texts/en.toml", waiver)));
        let elsewhere = long_sentence("texts/nl.toml", waiver);
        finds(&elsewhere, "PR-01", &[(Warning, "13 words")]);
        finds(&elsewhere, "FORMAT", &[(Warning, "")]);
        let other = long_sentence("voice.toml", "waive.MN-01 = \"six\"");
        finds(&other, "PR-01", &[(Warning, "13 words")]);
        finds(&other, "FORMAT", &[(Warning, "")]);
        let mut twice = long_sentence("voice.toml", waiver);
        spoil(&mut twice, "texts/en.toml", "[node.doctor]", &format!("[node.doctor]\n{waiver}"));
        assert!(sound(&twice), "both cover it: {:?}", checked(&twice).findings);
    }

    #[test]
    fn a_waiver_that_silences_nothing_is_told() {
        for file in ["voice.toml", "texts/nl.toml"] {
            let to = "[node.doctor]\nwaive.PR-01 = \"x\"";
            case("FORMAT", Warning, file, "[node.doctor]", to, "this waiver of `PR-01` silences nothing");
        }
    }

    #[test]
    fn an_error_is_excused_only_where_its_rule_says_so() {
        let mut six = spoilt("texts/en.toml", "\"Any doctor will see you.\"", &format!("\"{}.\"", words(16)));
        spoil(&mut six, "voice.toml", "[node.doctor]", "[node.doctor]\nwaive.PR-01 = \"x\"");
        finds(&six, "PR-01", &[(Error, "16 words")]);
        expect(&spoilt("voice.toml", "[node.doctor]", "[node.doctor]\nwaive.FC-01 = \"x\""), "FORMAT", Error, "cannot");
    }

    #[test]
    fn phrases_are_found_in_any_case() {
        assert!(holds("It is GUARANTEED here", "guaranteed"));
        assert!(holds("it is guaranteed here", " Guaranteed   HERE"));
        assert!(!holds("it is certain", "guaranteed"));
        assert!(!holds("it is certain", " "), "nothing is held by no text");
        assert_eq!(plain("Één ŞI Български"), "een si български");
        assert_eq!((count(0, "key", "keys"), count(1, "key", "keys")), ("0 keys".to_owned(), "1 key".to_owned()));
    }
}
