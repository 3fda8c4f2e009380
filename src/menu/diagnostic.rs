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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Place;
    use crate::menu::fixture::{checked, spoil, spoilt};

    fn screen_of(file: &str, from: &str, to: &str) -> String {
        let sources = spoilt(file, from, to);
        screen(&checked(&sources).findings, &sources, false)
    }

    #[test]
    fn a_slip_in_a_name() {
        insta::assert_snapshot!(screen_of("voice.toml", "\"bureau\", \"doctor\"]", "\"bureau\", \"docter\"]"), @r#"
        error[FORMAT]: `docter` is not a node
         --> voice.toml:9:22
          |
        9 | options = ["bureau", "docter"]
          |                      ^^^^^^^^
          |
          = expected: one of `welcome`, `main`, `help`, `bureau`, `doctor`, `stay`, `months`, `site`, `connect`, `waiting`, `closed`, `busy`, `danger`
          = help: did you mean `doctor`?

        1 error
        "#);
    }

    #[test]
    fn a_word_in_a_line_of_a_long_text() {
        insta::assert_snapshot!(screen_of("texts/nl.toml", "{hours}", "{hourz}"), @r#"
        error[FORMAT]: `hourz` is not a placeholder here
          --> texts/nl.toml:72:13
           |
        72 | Wij zijn er {hourz}."""
           |             ^^^^^^^
           |
           = expected: one of `emergency`, `bureau`, `hours`, `key.connect`
           = help: did you mean `hours`?

        1 error
        "#);
    }

    #[test]
    fn a_letter_that_is_not_plain() {
        insta::assert_snapshot!(screen_of("texts/nl.toml", "Zij geven advies.", "Zij geven advies: geïnteresseerd?"), @r#"
        error[SM-02]: `ï` is not a letter of plain text messages
          --> texts/nl.toml:32:46
           |
        32 | sms = "Bureau: {bureau}. Zij geven advies: geïnteresseerd? Bij gevaar: bel {emergency}. Wis dit bericht."
           |                                              ^
           |
           = found: U+00EF; with it, a part has room for 67 characters instead of 153
           = expected: `i`

        1 error
        "#);
    }

    #[test]
    fn several_files_and_severities() {
        let mut sources = spoilt("contacts.toml", "checked_on = \"2026-11-01\"\nchecked_by = \"the keeper\"\n", "");
        spoil(&mut sources, "voice.toml", "order_reason = \"a person first\"\n", "");
        spoil(&mut sources, "texts/en.toml", "option = \"For a doctor\"\n", "");
        sources.remove("words.toml");
        insta::assert_snapshot!(screen(&checked(&sources).findings, &sources, false), @r#"
        error[FORMAT]: the file `words.toml` is missing
        --> words.toml
         = help: add `words.toml` to the folder; `docs/menus.md` says what belongs in it

        1 error
        "#);
        sources.insert("words.toml".into(), crate::menu::fixture::sources()["words.toml"].clone());
        insta::assert_snapshot!(screen(&checked(&sources).findings, &sources, false), @r#"
        notice[FC-03]: nobody has checked the number of `emergency`
         --> contacts.toml:1:10
          |
        1 | [contact.emergency]
          |          ^^^^^^^^^
          |
          = help: call it, then write `checked_on` and `checked_by`

        error[LG-01]: `option`, heard in `help`, of `doctor` is missing in the language `en`
          --> texts/en.toml:34:7
           |
        34 | [node.doctor]
           |       ^^^^^^
           |
           = expected: it in `texts/en.toml`: a language is offered whole or not at all

        warning[MN-10]: nothing says why the options of `help` are in this order
         --> voice.toml:8:7
          |
        8 | [node.help]
          |       ^^^^
          |
          = expected: `order_reason = "..."`
          = help: what is heard first is heard best: put urgent things first, then what is used most

        1 error, 1 warning, 1 notice
        "#);
    }

    #[test]
    fn color_is_only_added() {
        let sources = spoilt("voice.toml", "then = \"main\"", "then = \"mian\"");
        let findings = checked(&sources).findings;
        let styled = screen(&findings, &sources, true);
        assert!(styled.contains("\u{1b}["));
        let mut plain = String::new();
        for (at, part) in styled.split("\u{1b}[").enumerate() {
            plain.push_str(if at == 0 { part } else { part.split_once('m').map_or(part, |(_, rest)| rest) });
        }
        assert_eq!(plain, screen(&findings, &sources, false));
    }

    #[test]
    fn json_has_everything() {
        let sources = spoilt("voice.toml", "then = \"main\"", "then = \"mian\"");
        let expected = json!([{
            "rule": "FORMAT",
            "severity": "error",
            "file": "voice.toml",
            "line": 2,
            "column": 8,
            "message": "`mian` is not a node",
            "found": "",
            "expected": "one of `welcome`, `main`, `help`, `bureau`, `doctor`, `stay`, `months`, `site`, `connect`, `waiting`, `closed`, `busy`, `danger`",
            "help": "did you mean `main`?",
        }]);
        assert_eq!(json(&checked(&sources).findings, &sources), expected);
    }

    #[test]
    fn any_place_is_survived() {
        let sources = spoilt("voice.toml", "", "# é\té");
        let length = sources["voice.toml"].len();
        let file: std::sync::Arc<str> = "voice.toml".into();
        for span in [
            0..0,
            0..1,
            length - 2..length,
            length..length + 5,
            length + 9..length + 10,
            3..100_000,
            usize::MAX - 1..usize::MAX,
        ] {
            let finding = Finding::error("FORMAT", Place::new(&file, span), "\u{1b}[31m odd").found("\u{0}");
            let screen = screen(&[finding], &sources, false);
            assert!(screen.contains("odd") && !screen.contains('\u{1b}'), "{screen:?}");
        }
        assert_eq!(screen(&[], &sources, true), "");
        assert_eq!(summary(&[]), "no findings");
    }
}
