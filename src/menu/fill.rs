//! Placeholders: `{comensha}`, `{hours}`, `{key.stay}`, `{code.stay}` and what they become.

use crate::base::findings::Findings;
use crate::base::read::Text;
use std::ops::Range;

/// What a placeholder becomes.
pub(super) enum Filling {
    Words(String),
    /// It is known and cannot stand here: why.
    Refused(String),
    Unknown,
}

/// The text of these bytes with every placeholder filled and white space folded. What cannot be filled is reported,
/// with the nearest of the `known` names, and left out.
pub(super) fn fill(
    text: &Text,
    range: Range<usize>,
    findings: &Findings,
    known: &dyn Fn() -> Vec<String>,
    filling: &dyn Fn(&str) -> Filling,
) -> String {
    let raw = text.get(range.clone()).unwrap_or_default();
    let mut filled = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(open) = raw[at..].find(['{', '}']).map(|open| at + open) {
        filled.push_str(&raw[at..open]);
        let rest = &raw[open..];
        let close = rest.find('}').filter(|close| *close > 0 && !rest[1..*close].contains('{'));
        let Some(close) = close else {
            let place = text.within(range.start + open..range.start + open + 1);
            findings.error(&place, "a curly bracket stands alone: placeholders look like `{name}`");
            at = open + 1;
            continue;
        };
        let name = &rest[1..close];
        let place = text.within(range.start + open..range.start + open + close + 1);
        match filling(name) {
            // A line is a sentence: hours that begin it begin with a capital letter.
            Filling::Words(words) if name == "hours" && filled.trim().is_empty() => {
                filled.push_str(&capitalised(&words));
            }
            Filling::Words(words) => filled.push_str(&words),
            Filling::Refused(why) => findings.error(&place, format!("`{{{name}}}` cannot stand here: {why}")),
            Filling::Unknown => {
                let known = known();
                findings.unknown(&place, name, "a placeholder here", known.iter().map(String::as_str));
            }
        }
        at = open + close + 1;
    }
    filled.push_str(&raw[at..]);
    folded(&filled)
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Fills a pattern such as `{option}, press {key}.`, in which exactly these placeholders can stand.
pub(super) fn pattern(text: &Text, findings: &Findings, values: &[(&str, &str)]) -> String {
    let known = || values.iter().map(|(name, _)| (*name).to_owned()).collect();
    fill(text, 0..text.len(), findings, &known, &|name| match values.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Filling::Words((*value).to_owned()),
        None => Filling::Unknown,
    })
}

/// White space folded to single spaces, none at the ends.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The names of the placeholders that stand in a text, well formed or not known.
pub(super) fn holes(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_holes() {
        assert_eq!(folded("  a\n b\t\tc "), "a b c");
        let case = |text: &str, expected: &[&str]| assert_eq!(holes(text).collect::<Vec<_>>(), expected, "{text}");
        case("Call {emergency}, or {key.help}.", &["emergency", "key.help"]);
        case("no { hole", &[]);
        case("} {} {", &[""]);
    }
}
