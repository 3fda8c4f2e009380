//! The menu files as editors want to know them: JSON Schemas, derived from types that have the shape of each file.
//!
//! The files themselves are read by `parse`, which knows places and tells what was probably meant; the types here are never
//! filled. A test holds the two together: same keys, same kinds, same keys that must be there.

#![allow(dead_code, reason = "only the shape of these types is used")]

use super::check::{RULES, Waivable};
use super::explain;
use super::hotline::{Act, MAX_LANGUAGES};
use super::parsed::{CONTACT_KINDS, Criticality, KEYS, Setting};
use super::read::{MAX_LIST, MAX_TEXT};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One of the files of a hotline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    Hotline,
    Voice,
    /// `texts/en.toml`: one language.
    Texts,
    /// `texts/all.toml`: what belongs to no language.
    All,
    Contacts,
    Facts,
    Words,
}

impl FileKind {
    /// By its short name.
    pub const ALL: [(&'static str, FileKind); 7] = [
        ("hotline", FileKind::Hotline),
        ("voice", FileKind::Voice),
        ("texts", FileKind::Texts),
        ("all", FileKind::All),
        ("contacts", FileKind::Contacts),
        ("facts", FileKind::Facts),
        ("words", FileKind::Words),
    ];

    /// Which files of a folder are of this kind.
    pub fn files(self) -> &'static str {
        match self {
            FileKind::Hotline => "hotline.toml",
            FileKind::Voice => "voice.toml",
            FileKind::Texts => "texts/LANGUAGE.toml",
            FileKind::All => "texts/all.toml",
            FileKind::Contacts => "contacts.toml",
            FileKind::Facts => "facts.toml",
            FileKind::Words => "words.toml",
        }
    }

    /// The kind of a file by its path in the folder (`texts/en.toml`) or by its short name (`texts`).
    pub fn of(name: &str) -> Option<FileKind> {
        let short = name.strip_suffix(".toml").unwrap_or(name);
        let short = match short.strip_prefix("texts/") {
            Some("all") => "all",
            Some(_) => "texts",
            None => short,
        };
        FileKind::ALL.iter().find(|(known, _)| *known == short).map(|(_, kind)| *kind)
    }

    /// Its JSON Schema (draft 7, which editors of TOML understand), without references.
    pub fn schema(self) -> Value {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        let settings = settings.with_transform(RecursiveTransform(without_null));
        let generator = settings.into_generator();
        let schema = match self {
            FileKind::Hotline => generator.into_root_schema_for::<Hotline>(),
            FileKind::Voice => generator.into_root_schema_for::<Voice>(),
            FileKind::Texts => generator.into_root_schema_for::<Texts>(),
            FileKind::All => generator.into_root_schema_for::<All>(),
            FileKind::Contacts => generator.into_root_schema_for::<Contacts>(),
            FileKind::Facts => generator.into_root_schema_for::<Facts>(),
            FileKind::Words => generator.into_root_schema_for::<WordLists>(),
        };
        schema.to_value()
    }
}

// ---- texts, lists and names

/// Makes a type whose schema is this.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident => $schema:expr;)*) => {$(
        $(#[$doc])*
        struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

shapes! {
    /// A text with something in it.
    Words => words();
    List => json_schema!({ "type": "array", "items": words(), "maxItems": MAX_LIST });
    Languages => json_schema!({
        "type": "array",
        "items": { "type": "string", "pattern": "^[a-z]{2,3}$" },
        "minItems": 1,
        "maxItems": MAX_LANGUAGES,
        "uniqueItems": true,
    });
    Country => json_schema!({ "type": "string", "pattern": "^[A-Z]{2}$" });
    /// In quotes, or as TOML writes a date.
    Day => json_schema!({ "type": "string", "format": "date" });
    Digits => json_schema!({ "type": "string", "pattern": "^[0-9]{3,16}$" });
    ContactKind => one_of(&CONTACT_KINDS);
    Level => one_of(&Criticality::ALL);
    Acts => json_schema!({ "type": "array", "items": one_of(&Act::ALL), "maxItems": MAX_LIST });
    ByAct => texts_by(names(&Act::ALL), false);
    BySetting => texts_by(names(&Setting::ALL), false);
    ByKey => texts_by(KEYS.map(|key| (key, None)), true);
    /// The rules that can be set aside, each with what it asks for.
    Waivers => texts_by(
        RULES
            .iter()
            .filter(|rule| rule.waivable == Waivable::WithReason)
            .map(|rule| (rule.id, explain::explain(rule.id).map(|rule| rule.asks))),
        false,
    );
}

fn words() -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT })
}

/// A list of exactly so many texts.
struct Exactly<const N: usize>;

impl<const N: usize> JsonSchema for Exactly<N> {
    fn schema_name() -> Cow<'static, str> {
        format!("Exactly{N}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": words(), "minItems": N, "maxItems": N })
    }
}

/// A table with one value for each language: `nl`, `en`.
type ByLanguage<T> = BTreeMap<String, T>;

/// Lists of which one word each must stand in the text.
type Groups = Vec<List>;

/// A text that is one of a few names.
fn one_of<T>(known: &[(&'static str, T)]) -> Schema {
    json_schema!({ "type": "string", "enum": known.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
}

fn names<T>(known: &[(&'static str, T)]) -> impl Iterator<Item = (&'static str, Option<String>)> {
    known.iter().map(|(name, _)| (*name, None))
}

/// A table of texts in which only these keys are known; all of them must be there, or any.
fn texts_by(names: impl IntoIterator<Item = (&'static str, Option<String>)>, all: bool) -> Schema {
    let mut required = Vec::new();
    let mut properties = Map::new();
    for (name, description) in names {
        let mut text = words();
        if let Some(description) = description {
            text.insert("description".to_owned(), Value::String(description));
        }
        properties.insert(name.to_owned(), text.to_value());
        required.push(name);
    }
    let mut schema = json_schema!({ "type": "object", "properties": properties, "additionalProperties": false });
    if all {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

/// TOML knows no null: what may be left out is left out.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.is_null();
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| !is_null(name));
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !is_null(value));
    }
}

// ---- the files

/// The line itself: its name, its languages, its country.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Hotline {
    /// For operators; never spoken, never texted.
    name: Words,
    /// The order in which callers are offered them: keys 1, 2, ... and the first digit of every SMS code.
    languages: Languages,
    /// Two capital letters: which emergency number is right, and which advice is forbidden.
    country: Country,
    /// The first node once the language is known.
    start: Words,
    /// Such as `Europe/Amsterdam`.
    timezone: Words,
    /// What is true of your telephone number. Leave out what you do not know for certain.
    number: Option<Number>,
    /// Further telephone numbers that skip the language question.
    line: Option<BTreeMap<String, Line>>,
}

/// Statements about the number, and the day on which they were checked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Number {
    /// The number does not show on itemised phone bills in this country.
    masked_on_bill: Option<bool>,
    /// Calling it costs the caller nothing, from any phone.
    free: Option<bool>,
    /// Neither you nor your telephone provider records calls.
    not_recorded: Option<bool>,
    checked_on: Option<Day>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Line {
    /// The language in which calls to this number begin.
    start_language: Words,
}

/// What leads where.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Voice {
    node: Option<BTreeMap<String, VoiceNode>>,
}

/// One thing a person can reach, by keys or by text.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct VoiceNode {
    /// Goes straight on to this node after its words.
    then: Option<Words>,
    /// Nodes: key 1, key 2, ...
    options: Option<List>,
    /// Keys that act in place; they come after the options.
    choices: Option<Acts>,
    /// Facts that must be spoken here, in every language.
    facts: Option<List>,
    /// Facts that the text message must say.
    text_facts: Option<List>,
    /// Reached by a keyword only, never by keys.
    text_only: Option<bool>,
    /// Why the options stand in this order.
    order_reason: Option<Words>,
    /// Rules that do not hold here, in any language, each with the reason.
    waive: Option<Waivers>,
}

/// Everything said and sent in one language.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Texts {
    node: Option<BTreeMap<String, NodeTexts>>,
    phrase: Phrase,
}

/// What one node says in this language.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NodeTexts {
    /// The words that lead here; the key is added.
    option: Option<Words>,
    /// The same, as one menu words it.
    option_from: Option<BTreeMap<String, Words>>,
    /// A sentence a line; an empty line ends a group.
    say: Option<Words>,
    /// Sentences that are said where `hotline.toml` says `true`.
    say_if: Option<BySetting>,
    /// Sentences that are said unless `hotline.toml` says `true`.
    say_unless: Option<BySetting>,
    /// The words of a key that acts in place.
    choice: Option<ByAct>,
    /// What is said right behind it.
    choice_note: Option<ByAct>,
    /// What the choice `letters` says.
    letters: Option<Words>,
    /// The text message; its last sentence is that of `phrase.delete`.
    sms: Option<Words>,
    /// Separated by spaces; the first is the one on leaflets.
    keywords: Option<Words>,
    /// Rules that do not hold here, in this language, each with the reason.
    waive: Option<Waivers>,
}

/// The small sentences of one language.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Phrase {
    /// The language's name in the language itself.
    name: Words,
    /// What offers this language at the start of a call.
    language: Words,
    /// The frame of every option: `{option}, press {key}.`
    press: Words,
    again: Words,
    back: Words,
    person: Words,
    wrong_key: Words,
    /// After the first, second and third time that no key is pressed.
    silence: Exactly<3>,
    /// While waiting for a person; keys work here.
    waiting: Words,
    /// Something in the hotline itself failed; a person is tried next.
    trouble: Words,
    /// The last sentence of every text message.
    delete: Words,
    /// Behind the tenth answer to one sender within an hour.
    last_answer: Words,
    /// The word for each key.
    keys: ByKey,
    /// The words for the digits 0 to 9.
    digits: Exactly<10>,
    hours: Hours,
    whisper: Whisper,
}

/// Opening hours in words.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Hours {
    /// Monday first.
    days: Exactly<7>,
    /// `{first} to {last}`
    through: Words,
    daily: Words,
    /// `from {from} to {to}`
    span: Words,
    always: Words,
    and: Words,
    /// From 00:00, an hour each.
    hours: Exactly<24>,
    /// From 00:30, an hour each.
    half_hours: Exactly<24>,
}

/// Said to the counsellor who picks up, never to a caller.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Whisper {
    /// With `{language}`.
    call: Words,
    cannot_speak: Words,
    /// With `{key}`.
    accept: Words,
    /// The name of each language of the hotline.
    languages: ByLanguage<Words>,
}

/// What belongs to no language.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct All {
    front: Front,
    sms: Sms,
}

/// Said before a language is chosen: neutral, for whoever presses redial.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Front {
    greeting: Words,
    /// No key was pressed: the first and the second time.
    silence: Exactly<2>,
    /// Before the call ends because no key was ever pressed.
    end: Words,
}

/// Sent to somebody whose language is not known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Sms {
    /// The answer to a text that nobody understands.
    unknown: Words,
    /// The answer to an emergency word, in all languages.
    emergency: Words,
    emergency_words: List,
    /// Words that are answered with nothing.
    stop_words: List,
    /// `{language}: {code}.`
    choose: Words,
}

/// Every telephone number that callers hear or read.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Contacts {
    contact: Option<BTreeMap<String, Contact>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Contact {
    /// Digits only.
    number: Digits,
    /// In groups of at most four digits.
    spoken: Words,
    /// As it stands in a text message.
    printed: Words,
    /// Who answers there.
    who: Words,
    kind: ContactKind,
    /// Where it was found.
    source: List,
    /// The day on which somebody called it and heard who answers.
    checked_on: Option<Day>,
    checked_by: Option<Words>,
}

/// What must be true.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Facts {
    fact: Option<BTreeMap<String, Fact>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Fact {
    /// The fact, in plain words.
    statement: Words,
    source: Words,
    /// How much harm a wrong version does.
    criticality: Level,
    /// Why this fact is never sent by text message.
    voice_only: Option<Words>,
    /// Of each inner list one must stand in what is spoken.
    must_say: Option<ByLanguage<Groups>>,
    /// The same for the text message; without it `must_say` counts.
    must_text: Option<ByLanguage<Groups>>,
}

/// Words that must stay out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WordLists {
    /// Never before the first key.
    sensitive: ByLanguage<List>,
    /// Never in a text message.
    sensitive_sms: ByLanguage<List>,
    /// By country or `any`: what this hotline may not say there.
    forbidden: BTreeMap<String, ByLanguage<List>>,
    reserved_sms: Reserved,
    /// Words that take time or put blame.
    filler: Option<ByLanguage<List>>,
    /// Words that change the word behind them.
    limiting: Option<ByLanguage<List>>,
}

/// Words that telephone providers keep for themselves.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Reserved {
    words: Option<List>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Severity, Sources};
    use crate::menu::fixture::{checked, shipped, sources};
    use crate::menu::read::known_keys;
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
                let pairs: Vec<String> =
                    table.iter().map(|(key, value)| format!("{key:?} = {}", written(value))).collect();
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
}
