//! A small whole hotline in two languages for the tests of this room, and ways to spoil it.

use super::load::{Loaded, Settings, load};
use super::{LangIx, NodeIx};
use crate::base::{Severity, Sources};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;
use std::path::Path;

/// The day on which the tests check.
pub const TODAY: Date = date(2026, 11, 23);

pub const NL: LangIx = LangIx(0);
pub const EN: LangIx = LangIx(1);

/// The files of the small hotline.
pub fn sources() -> Sources {
    let files = [
        ("hotline.toml", include_str!("fixture/hotline.toml")),
        ("voice.toml", include_str!("fixture/voice.toml")),
        ("contacts.toml", include_str!("fixture/contacts.toml")),
        ("facts.toml", include_str!("fixture/facts.toml")),
        ("words.toml", include_str!("fixture/words.toml")),
        ("texts/all.toml", include_str!("fixture/texts/all.toml")),
        ("texts/en.toml", include_str!("fixture/texts/en.toml")),
        ("texts/nl.toml", include_str!("fixture/texts/nl.toml")),
    ];
    files.into_iter().map(|(name, text)| (name.into(), text.into())).collect()
}

/// The hotline that the project ships, from its folder.
pub fn shipped() -> Sources {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
    let mut sources = Sources::new();
    for part in ["", "texts/"] {
        for entry in std::fs::read_dir(folder.join(part)).expect("the folder `menus` is part of the project") {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{part}{}", path.file_name().unwrap().to_str().unwrap());
                sources.insert(name.into(), std::fs::read_to_string(path).unwrap().into());
            }
        }
    }
    sources
}

/// Writes something else for the first place where `from` stands in a file; with an empty `from`, at its end.
pub fn spoil(sources: &mut Sources, file: &str, from: &str, to: &str) {
    let text = sources.get(file).unwrap_or_else(|| panic!("no file {file}")).to_string();
    assert!(text.contains(from), "`{from}` does not stand in {file}");
    let text = if from.is_empty() { format!("{text}\n{to}\n") } else { text.replacen(from, to, 1) };
    sources.insert(file.into(), text.into());
}

/// The small hotline with one thing changed in one file.
pub fn spoilt(file: &str, from: &str, to: &str) -> Sources {
    let mut sources = sources();
    spoil(&mut sources, file, from, to);
    sources
}

pub fn checked(sources: &Sources) -> Loaded {
    load(sources, &Settings::default(), TODAY)
}

/// Rules that measure: a slip in the short texts of the small hotline easily moves them as well. That each of them finds its
/// own fault and nothing else is shown with the shipped hotline (`check::proofs`).
const MEASURES: [&str; 6] = ["TM-01", "TM-02", "TM-03", "TM-04", "LG-03", "SM-03"];

/// Whether these files have no findings, those of the measuring rules aside.
pub fn sound(sources: &Sources) -> bool {
    checked(sources).findings.iter().all(|finding| MEASURES.contains(&finding.rule))
}

/// One change brings findings of exactly one rule, of which one says this.
pub fn case(rule: &str, severity: Severity, file: &str, from: &str, to: &str, says: &str) {
    let sources = spoilt(file, from, to);
    expect(&sources, rule, severity, says);
}

/// These files have findings of exactly one rule and severity, those of the measuring rules aside, and one says this.
pub fn expect(sources: &Sources, rule: &str, severity: Severity, says: &str) {
    let mut loaded = checked(sources);
    loaded.findings.retain(|finding| finding.rule == rule || !MEASURES.contains(&finding.rule));
    let screen = super::diagnostic::screen(&loaded.findings, sources, false);
    let rules: BTreeSet<(&str, Severity)> =
        loaded.findings.iter().map(|finding| (finding.rule, finding.severity)).collect();
    assert_eq!(rules, BTreeSet::from([(rule, severity)]), "{screen}");
    assert!(screen.contains(says), "`{says}` is not said:\n{screen}");
    assert!(loaded.hotline.is_none() || severity != Severity::Error, "{screen}");
}

/// What one rule finds in these files: how grave it is, and what was found.
pub fn finds(sources: &Sources, rule: &str, expected: &[(Severity, &str)]) {
    let findings = checked(sources).findings;
    let of_rule = findings.iter().filter(|finding| finding.rule == rule);
    let found: Vec<(Severity, &str)> = of_rule.map(|finding| (finding.severity, finding.found.as_str())).collect();
    assert_eq!(found, expected, "{rule}");
}

/// So many words, without a full stop.
pub fn words(count: usize) -> String {
    vec!["word"; count].join(" ")
}

/// A node of the small hotline.
pub fn node(loaded: &Loaded, name: &str) -> NodeIx {
    loaded.hotline.as_ref().and_then(|hotline| hotline.node_named(name)).unwrap_or_else(|| panic!("no node {name}"))
}

/// The fixture with this slip has one error of the file format, which says this.
pub fn wrong(file: &str, from: &str, to: &str, says: &str) {
    case("FORMAT", Severity::Error, file, from, to, says);
}

/// Says this among other findings.
pub fn among(sources: &Sources, says: &str) {
    let findings = checked(sources).findings;
    assert!(findings.iter().any(|finding| finding.message.contains(says)), "`{says}`: {findings:#?}");
}
