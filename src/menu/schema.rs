//! The menu files as editors want to know them: JSON Schemas, derived from types that have the shape of each file.
//!
//! The files themselves are read by `parse`, which knows places and tells what was probably meant; the types here are never
//! filled. A test holds the two together: same keys, same kinds, same keys that must be there.

#![allow(dead_code, reason = "only the shape of these types is used")]

use super::check::{RULES, Waivable};
use super::explain;
use super::hotline::{Act, MAX_LANGUAGES};
use super::parsed::{CONTACT_KINDS, Criticality, KEYS, Setting};
use crate::base::read::MAX_LIST;
use crate::base::schema::{generator, one_of, shapes, words};
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
        let generator = generator();
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
    /// Words as they stand in the texts, each with how it is written for a voice that would read it wrong.
    pronounce: Option<BTreeMap<String, Words>>,
    hours: Hours,
    whisper: Whisper,
    staff: Option<Staff>,
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

/// Said to a counsellor who calls the staff line, never to a caller. Always by the provider's voice.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Staff {
    /// Asks for the staff number and the PIN. Whoever found the number hears it too: nothing that tells what this is.
    enter: Words,
    wrong: Words,
    goodbye: Words,
    on_duty: Words,
    off_duty: Words,
    all_to_fallback: Words,
    calls_to_desk: Words,
    /// With `{count}`: how many are on duty.
    people: Words,
    /// With `{language}` and `{count}`.
    speak: Words,
    /// With `{key}`, as the next five.
    press_on: Words,
    press_off: Words,
    press_who: Words,
    press_fallback: Words,
    press_desk: Words,
    press_hold_back: Words,
    held_back: Words,
    /// It could not be kept, and nothing has changed.
    not_saved: Words,
    /// To a counsellor who said yes, where counsellors are called while the caller waits: somebody was quicker.
    taken: Words,
    /// The same: the caller has left.
    gone: Words,
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
mod tests;
