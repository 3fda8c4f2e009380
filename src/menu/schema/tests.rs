//! The schemas against the files, and against the parser.

use super::*;
use crate::base::read::known_keys;
use crate::base::{Severity, Sources};
use crate::menu::fixture::{checked, shipped, sources};
use std::collections::BTreeSet;

fn values(sources: &Sources, file: &str) -> toml::Table {
    sources[file].parse().unwrap()
}

/// What of a value the schema does not allow: types, keys, enumerations, lengths. Patterns are for editors.
fn wrong(value: &toml::Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let kind = match value {
        toml::Value::String(_) | toml::Value::Datetime(_) => "string",
        toml::Value::Integer(_) => "integer",
        toml::Value::Float(_) => "number",
        toml::Value::Boolean(_) => "boolean",
        toml::Value::Array(_) => "array",
        toml::Value::Table(_) => "object",
    };
    if schema["type"] != kind {
        return found.push(format!("{at}: {kind} instead of {}", schema["type"]));
    }
    let number = |key: &str| schema[key].as_u64().and_then(|number| usize::try_from(number).ok());
    match value {
        toml::Value::String(text) => {
            let length = text.chars().count();
            if number("minLength").is_some_and(|least| length < least)
                || number("maxLength").is_some_and(|most| length > most)
                || schema["enum"].as_array().is_some_and(|known| !known.iter().any(|known| known == text))
            {
                found.push(format!("{at}: {text}"));
            }
        }
        toml::Value::Array(items) => {
            if number("minItems").is_some_and(|least| items.len() < least)
                || number("maxItems").is_some_and(|most| items.len() > most)
            {
                found.push(format!("{at}: {} items", items.len()));
            }
            items.iter().for_each(|item| wrong(item, &schema["items"], at, found));
        }
        toml::Value::Table(table) => {
            for (key, value) in table {
                let at = format!("{at}/{key}");
                match (schema["properties"].get(key), &schema["additionalProperties"]) {
                    (Some(schema), _) => wrong(value, schema, &at, found),
                    (None, free @ Value::Object(_)) => wrong(value, free, &at, found),
                    _ => found.push(format!("{at}: an unknown key")),
                }
            }
            for key in required(schema).into_iter().filter(|key| !table.contains_key(key)) {
                found.push(format!("{at}/{key}: missing"));
            }
        }
        _ => {}
    }
}

fn findings(sources: &Sources, file: &str) -> Vec<String> {
    let schema = FileKind::of(file).unwrap().schema();
    let mut found = Vec::new();
    wrong(&toml::Value::Table(values(sources, file)), &schema, file, &mut found);
    found
}

fn keys(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn required(schema: &Value) -> BTreeSet<String> {
    schema["required"].as_array().into_iter().flatten().map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// The files of both hotlines that are read by a schema of their own, with what is in them.
fn hotlines() -> [Sources; 2] {
    [sources(), shipped()].map(|mut sources| {
        sources.retain(|file, _| file.ends_with(".toml"));
        sources
    })
}

#[test]
fn the_files_have_the_shape_of_their_schema() {
    for sources in hotlines() {
        for file in sources.keys() {
            assert_eq!(findings(&sources, file), [] as [String; 0]);
        }
    }
}

#[test]
fn what_the_schema_refuses() {
    let case = |file: &str, from: &str, to: &str, says: &str| {
        let found = findings(&crate::menu::fixture::spoilt(file, from, to), file);
        assert!(found.iter().any(|found| found.contains(says)), "{file} {to}: {found:?}");
    };
    case("voice.toml", "then = ", "thne = ", "an unknown key");
    case("voice.toml", "text_only = true", "text_only = \"yes\"", "string instead of \"boolean\"");
    case("voice.toml", "\"letters\"", "\"leters\"", "leters");
    case("voice.toml", "[node.help]", "[node.help]\nwaive.SF-01 = \"x\"", "waive/SF-01: an unknown key");
    case("texts/en.toml", "choice.talk", "choice.tallk", "an unknown key");
    case("texts/en.toml", "digits = [\"zero\", ", "digits = [", "9 items");
    case("contacts.toml", "kind = \"help\"", "kind = \"halp\"", "halp");
    case("contacts.toml", "who = \"the bureau\"", "", "who: missing");
}

/// Every closed table of the fixture, as the parser opens it: file, name, keys.
fn tables() -> BTreeSet<(String, String, Vec<&'static str>)> {
    known_keys(|| drop(checked(&sources()))).into_iter().collect()
}

/// The schema of a table by the parser's name for it: `node.help`, `phrase.hours`.
fn schema_of(file: &str, name: &str) -> (String, Value) {
    let mut schema = FileKind::of(file).unwrap().schema();
    let mut path = file.to_owned();
    let mut rest = name;
    while !rest.is_empty() {
        let (first, behind) = rest.split_once('.').unwrap_or((rest, ""));
        let next = schema["properties"].get(first).cloned();
        let next = match next {
            Some(next) => {
                (path, rest) = (format!("{path}/{first}"), behind);
                next
            }
            // A free name: it may have full stops itself, and no table stands below it.
            None => {
                (path, rest) = (format!("{path}/*"), "");
                schema["additionalProperties"].clone()
            }
        };
        schema = next;
    }
    (path, schema)
}

/// Every object of a schema whose keys are known, by its path; those whose keys are checked one by one when they
/// are read, and not by a list of keys, are left out.
fn closed(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    const READ_ONE_BY_ONE: [&str; 5] = ["waive", "say_if", "say_unless", "choice", "choice_note"];
    if READ_ONE_BY_ONE.iter().any(|name| path.ends_with(&format!("/{name}"))) {
        return;
    }
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        found.insert(path.to_owned());
        closed(below, &format!("{path}/{key}"), found);
    }
    if schema["additionalProperties"].is_object() {
        closed(&schema["additionalProperties"], &format!("{path}/*"), found);
    }
}

#[test]
fn the_parser_and_the_schemas_know_the_same_keys() {
    let mut seen = BTreeSet::new();
    for (file, name, known) in tables() {
        let (path, schema) = schema_of(&file, &name);
        assert_eq!(keys(&schema), known.iter().map(|key| (*key).to_owned()).collect(), "{path}");
        assert_eq!(schema["additionalProperties"], false, "{path}");
        seen.insert(path);
    }
    let mut all = BTreeSet::new();
    for file in sources().keys() {
        closed(&FileKind::of(file).unwrap().schema(), file, &mut all);
    }
    assert_eq!(seen, all);
}

/// A value as TOML on one line.
fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => Value::String(text.clone()).to_string(),
        toml::Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        toml::Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key:?} = {}", written(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        toml::Value::Boolean(flag) => flag.to_string(),
        other => panic!("the fixture has no {other:?}"),
    }
}

/// The file without one key of one table, and whether the table had it.
fn without(sources: &Sources, file: &str, name: &str, key: &str) -> Option<Sources> {
    fn take(table: &mut toml::Table, name: &str, key: &str) -> bool {
        if name.is_empty() {
            return table.remove(key).is_some();
        }
        table.iter_mut().any(|(first, below)| {
            let rest = name.strip_prefix(first.as_str());
            let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('.'));
            match (rest, below) {
                (Some(rest), toml::Value::Table(below)) => take(below, rest.trim_start_matches('.'), key),
                _ => false,
            }
        })
    }
    let mut table = values(sources, file);
    take(&mut table, name, key).then(|| rewritten(sources, file, &table))
}

fn rewritten(sources: &Sources, file: &str, table: &toml::Table) -> Sources {
    let lines: Vec<String> = table.iter().map(|(key, value)| format!("{key:?} = {}", written(value))).collect();
    let mut sources = sources.clone();
    sources.insert(file.into(), lines.join("\n").into());
    sources
}

#[test]
fn what_the_schemas_require_the_parser_requires() {
    let sources = sources();
    for file in sources.keys() {
        assert_eq!(checked(&rewritten(&sources, file, &values(&sources, file))).findings, [], "{file}");
    }
    let mut taken = 0;
    for (file, name, known) in tables() {
        let (path, schema) = schema_of(&file, &name);
        for key in known {
            let Some(sources) = without(&sources, &file, &name, key) else { continue };
            let findings = checked(&sources).findings;
            let refused =
                findings.iter().any(|finding| finding.rule == "FORMAT" && finding.severity == Severity::Error);
            let missed = findings.iter().any(|finding| finding.message.starts_with(&format!("`{key}` is missing")));
            match required(&schema).contains(key) {
                true => assert!(refused, "the parser reads {path} without `{key}`"),
                false => assert!(!missed, "the parser does not read {path} without `{key}`"),
            }
            taken += 1;
        }
    }
    assert!(taken > 150, "{taken}");
}

#[test]
fn schemas_are_for_editors_of_toml() {
    for (name, kind) in FileKind::ALL {
        let text = kind.schema().to_string();
        assert!(text.contains("draft-07") && !text.contains("$ref") && !text.contains("null"), "{name}: {text}");
        assert_eq!(FileKind::of(name), Some(kind));
    }
    let case = |file: &str, kind| assert_eq!(FileKind::of(file), kind, "{file}");
    case("texts/en.toml", Some(FileKind::Texts));
    case("texts/all.toml", Some(FileKind::All));
    case("voice.toml", Some(FileKind::Voice));
    case("voices.toml", None);
    case("", None);
}
