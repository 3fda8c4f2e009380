//! The rules of the menus (menu-rules, section 4), one function a rule. Each looks at the resolved hotline and writes
//! down what it finds; what an operator has waived with a reason is taken out at the end.

mod order;
mod speech;
mod texts;
mod truth;

use super::findings::Findings;
use super::hotline::{LangIx, NodeIx};
use super::parsed::Waiver;
use super::resolve::Resolved;
use crate::base::{Finding, Severity};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether an operator can give a reason against a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waivable {
    /// Warnings, and errors that the rule itself excepts.
    WithReason,
    Never,
}

/// The rules that are checked here.
pub(super) const RULES: [(&str, Waivable); 22] = [
    ("MN-01", Waivable::WithReason),
    ("MN-02", Waivable::Never),
    ("MN-03", Waivable::Never),
    ("MN-04", Waivable::Never),
    ("MN-05", Waivable::WithReason),
    ("MN-06", Waivable::Never),
    ("MN-07", Waivable::Never),
    ("MN-08", Waivable::Never),
    ("MN-09", Waivable::Never),
    ("MN-10", Waivable::WithReason),
    ("PR-01", Waivable::WithReason),
    ("PR-02", Waivable::Never),
    ("LG-01", Waivable::WithReason),
    ("FC-01", Waivable::Never),
    ("FC-02", Waivable::Never),
    ("FC-03", Waivable::Never),
    ("SF-01", Waivable::Never),
    ("SM-01", Waivable::WithReason),
    ("SM-02", Waivable::Never),
    ("SM-04", Waivable::Never),
    ("SM-05", Waivable::Never),
    ("SM-06", Waivable::WithReason),
];

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
    let mut issues = Issues::default();
    order::check(resolved, &mut issues);
    speech::check(resolved, &mut issues);
    texts::check(resolved, &mut issues);
    truth::check(resolved, today, findings, &mut issues);
    for issue in issues.list {
        if !(issue.waivable && waived(resolved, &issue)) {
            findings.add(issue.finding);
        }
    }
    for waiver in all_waivers(resolved).filter(|waiver| !waiver.used.get()) {
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
