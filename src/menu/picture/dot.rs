//! The picture as a graph in the DOT language, for those who have Graphviz.

use super::plan::plan;
use super::{Kind, Role};
use crate::menu::hotline::{Hotline, LangIx};
use std::fmt::Write;

/// The hotline in one language as a DOT graph: nodes with their words, lines with their keys.
pub fn dot(hotline: &Hotline, language: LangIx) -> String {
    let plan = plan(hotline, language);
    let name = format!("{} ({})", hotline.name, hotline.language(language));
    let mut out = format!(
        "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=12];\n  \
         edge [fontname=\"sans-serif\", fontsize=12];\n",
        quoted([name.as_str()])
    );
    for planned in &plan.boxes {
        let facts: Vec<&str> =
            [&*planned.code, &*planned.seconds].into_iter().filter(|fact| !fact.is_empty()).collect();
        let facts = facts.join("; ");
        let words = super::measure::wrap(&planned.words, 12.0, false, 212.0, 2);
        let lines = [planned.id.as_str()].into_iter().chain(words.iter().map(String::as_str)).chain([facts.as_str()]);
        let shape = match planned.kind {
            Kind::Person => ", peripheries=2, penwidth=2",
            Kind::KeyZero => ", penwidth=2",
            Kind::TextOnly => ", style=\"rounded,dotted\"",
            Kind::Front | Kind::Node => "",
        };
        let _ = writeln!(out, "  {} [label={}{shape}];", quoted([planned.id.as_str()]), quoted(lines));
    }
    for planned in &plan.boxes {
        for way in &planned.ways {
            let key = way.key.map(|key| key.to_string()).unwrap_or_default();
            let label = [key.as_str(), way.text()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
            // Another way does not move its box.
            let style = if way.role == Role::First { "" } else { ", style=dashed, constraint=false" };
            let (from, to) = (quoted([planned.id.as_str()]), quoted([plan.boxes[way.to].id.as_str()]));
            let _ = writeln!(out, "  {from} -> {to} [label={}{style}];", quoted([label.join(" ").as_str()]));
        }
    }
    out.push_str("}\n");
    out
}

/// A quoted string of DOT with these lines: `"` and `\` keep their meaning only behind a `\`.
fn quoted<'t>(lines: impl IntoIterator<Item = &'t str>) -> String {
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", lines.join("\\n").replace(|c: char| c.is_control(), " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_quoted_stays_within_its_quotes() {
        let case = |text: &str, expected: &str| assert_eq!(quoted([text]), expected);
        case("help", "\"help\"");
        case("say \"no\"", "\"say \\\"no\\\"\"");
        case("a\\", "\"a\\\\\"");
        case("a\nb", "\"a b\"");
        assert_eq!(quoted(["one", "", "two"]), "\"one\\ntwo\"");
    }
}
