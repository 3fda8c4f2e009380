//! Where the readers of files write down what is wrong.

use super::{Finding, Place, Severity, meant};
use std::cell::RefCell;

/// At most this many findings are kept: nobody reads more at once, and a hostile file must not fill the memory.
const MAX_FINDINGS: usize = 1000;
/// After this many findings no more suggestions are looked for: each costs a comparison with every known name.
const MAX_SUGGESTIONS: usize = 200;
/// This many letters of a name are shown.
const MAX_NAME: usize = 60;

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: RefCell<Vec<Finding>>,
}

impl Findings {
    /// The same thing at the same place is kept once, however many keys lead to it.
    pub fn add(&self, finding: Finding) {
        let mut list = self.list.borrow_mut();
        if list.len() == MAX_FINDINGS {
            let place = finding.place;
            list.push(
                Finding::error("FORMAT", place, format!("there are more than {MAX_FINDINGS} findings"))
                    .help("mend those above first, then check again"),
            );
        } else if list.len() < MAX_FINDINGS && !list.contains(&finding) {
            list.push(finding);
        }
    }

    pub fn error(&self, place: &Place, message: impl Into<String>) {
        self.add(Finding::error("FORMAT", place.clone(), message));
    }

    pub fn warn(&self, place: &Place, message: impl Into<String>) {
        self.add(Finding::warning("FORMAT", place.clone(), message));
    }

    /// Reports a name that is not among the known ones, and returns the one that was probably meant, so that what
    /// follows can go on with it and one slip does not bring ten findings.
    pub fn unknown<'k>(
        &self,
        place: &Place,
        name: &str,
        what: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Option<&'k str> {
        /// A list of at most this many names is shown whole.
        const SHOWN: usize = 14;
        let known: Vec<&str> = known.into_iter().collect();
        let tired = self.list.borrow().len() >= MAX_SUGGESTIONS;
        let meant = if tired { None } else { meant(name, known.iter().copied()) };
        let mut finding = Finding::error("FORMAT", place.clone(), format!("`{}` is not {what}", shortened(name)));
        if !known.is_empty() && known.len() <= SHOWN {
            finding = finding.expected(format!("one of {}", listed(&known)));
        }
        if let Some(meant) = meant {
            finding = finding.help(format!("did you mean `{meant}`?"));
        }
        self.add(finding);
        meant
    }

    /// Whether something was found that is an error.
    pub fn has_errors(&self) -> bool {
        self.list.borrow().iter().any(|finding| finding.severity == Severity::Error)
    }

    /// All of them, by file and place.
    pub fn into_list(self) -> Vec<Finding> {
        let mut list = self.list.into_inner();
        list.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.place.file.clone(), finding.place.span.start);
            key(a).cmp(&key(b))
        });
        list
    }
}

/// Names in ticks: `a`, `b`.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A name as far as a message has room for it.
pub(crate) fn shortened(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn place() -> Place {
        Place::new(&Arc::from("voice.toml"), 0..0)
    }

    #[test]
    fn what_was_probably_meant() {
        let findings = Findings::default();
        let known = ["help", "police", "police-numbers", "stay"];
        let case = |name: &str, meant: Option<&str>| {
            assert_eq!(findings.unknown(&place(), name, "a node", known), meant, "{name}");
        };
        case("hlep", Some("help"));
        case("polise", Some("police"));
        case("police-number", Some("police-numbers"));
        case("banana", None);
        case(&"x".repeat(100), None);
        let first = &findings.into_list()[0];
        assert_eq!(first.message, "`hlep` is not a node");
        assert_eq!(first.expected, "one of `help`, `police`, `police-numbers`, `stay`");
        assert_eq!(first.help, "did you mean `help`?");
    }

    #[test]
    fn findings_are_bounded_and_the_bound_is_an_error() {
        let findings = Findings::default();
        for at in 0..5000 {
            findings.warn(&place(), format!("x{at}"));
        }
        let list = findings.into_list();
        assert_eq!(list.len(), MAX_FINDINGS + 1);
        assert_eq!(list.iter().filter(|finding| finding.severity == Severity::Error).count(), 1);
    }
}
