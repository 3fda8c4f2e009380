//! Findings as an editor of the menu files reads them: as a screen, and as JSON for other programs.

use crate::base::{Finding, Severity, Sources};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

/// The findings, each with the line it stands in, and a count at the end. Empty for no findings.
/// With `color`, parts are marked for a terminal.
pub fn screen(findings: &[Finding], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut screen = String::new();
    for finding in findings {
        screen.push_str(&renderer.render(&[report(finding, sources)]));
        screen.push_str("\n\n");
    }
    if !findings.is_empty() {
        screen.push_str(&summary(findings));
        screen.push('\n');
    }
    screen
}

/// How many findings there are of each severity: `2 errors, 1 warning`.
pub fn summary(findings: &[Finding]) -> String {
    let names = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Notice, "notice", "notices"),
    ];
    let counts = names.into_iter().filter_map(|(severity, one, many)| {
        match findings.iter().filter(|finding| finding.severity == severity).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            number => Some(format!("{number} {many}")),
        }
    });
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}

/// An array of `{rule, severity, file, line, column, message, found, expected, help}`.
pub fn json(findings: &[Finding], sources: &Sources) -> Value {
    let object = |finding: &Finding| {
        let (line, column) = finding.place.line_column(sources);
        json!({
            "rule": finding.rule,
            "severity": finding.severity,
            "file": &*finding.place.file,
            "line": line,
            "column": column,
            "message": finding.message,
            "found": finding.found,
            "expected": finding.expected,
            "help": finding.help,
        })
    };
    Value::Array(findings.iter().map(object).collect())
}

fn report<'a>(finding: &'a Finding, sources: &'a Sources) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::INFO.with_name("notice"),
    };
    let mut group = level.primary_title(&finding.message).id(finding.rule).element(source(finding, sources));
    for (name, text) in [("found", &finding.found), ("expected", &finding.expected)] {
        if !text.is_empty() {
            group = group.element(Level::NOTE.with_name(name).message(text));
        }
    }
    if !finding.help.is_empty() {
        group = group.element(Level::HELP.message(&finding.help));
    }
    group
}

/// The line a finding begins in, with a mark under the words; or the file alone, if there is no such line.
fn source<'a>(finding: &'a Finding, sources: &'a Sources) -> Element<'a> {
    let place = &finding.place;
    let (number, column) = place.line_column(sources);
    let text = sources.get(&place.file).map(|text| &**text).unwrap_or_default();
    let Some(line) = text.lines().nth(number - 1).filter(|_| place.span != (0..0)) else {
        return Origin::path(&*place.file).into();
    };
    let start = line.char_indices().nth(column - 1).map_or(line.len(), |(at, _)| at);
    let mut end = start.saturating_add(place.span.len()).min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let mark = AnnotationKind::Primary.span(start..end.max(start));
    Snippet::source(line).line_start(number).path(&*place.file).annotation(mark).into()
}
