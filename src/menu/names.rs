//! Names that an operator gives: of nodes, contacts, facts.

use crate::base::Finding;
use crate::base::findings::{Findings, listed, shortened};
use crate::base::read::Text;

/// Whether this can be the name of a node: small letters, digits and hyphens, at most 40, a letter first.
pub fn is_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Reports a name of ours that cannot be one.
pub(super) fn check_name(name: &Text, what: &str, taken: &[&str], findings: &Findings) {
    if !is_name(name) {
        let message = format!("`{}` cannot be the name of {what}", shortened(name));
        let finding = Finding::error("FORMAT", name.place.clone(), message);
        findings.add(finding.expected("at most 40 small letters, digits and hyphens, a letter first"));
    } else if taken.contains(&name.as_str()) {
        let message = format!("`{}` cannot be the name of {what}: it stands for something else", name.as_str());
        findings.add(
            Finding::error("FORMAT", name.place.clone(), message)
                .help(format!("any name but {} will do", listed(taken))),
        );
    }
}
