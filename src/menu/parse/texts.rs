//! `texts/LANG.toml` and `texts/all.toml`: the words.

use super::waivers;
use crate::base::findings::Findings;
use crate::base::read::{At, Table, Text, Value};
use crate::base::{Language, Place};
use crate::menu::hotline::Act;
use crate::menu::parsed::*;
use std::sync::Arc;

/// A file in one language.
pub(super) fn texts(table: &Table, file: &Arc<str>, languages: &[Language], findings: &Findings) -> TextsFile {
    let nodes =
        table.each_of("node").into_iter().filter_map(|(name, value)| Some((name, node_texts(&value, findings)?)));
    let nodes = nodes.collect();
    const KNOWN: [&str; 18] = [
        "name",
        "language",
        "press",
        "again",
        "back",
        "person",
        "wrong_key",
        "silence",
        "waiting",
        "trouble",
        "delete",
        "last_answer",
        "keys",
        "digits",
        "pronounce",
        "hours",
        "whisper",
        "staff",
    ];
    let phrase = needed(table, "phrase", &KNOWN);
    let at = |key: &str| need_text(phrase.as_ref(), key, &table.place);
    let keys = phrase.as_ref().and_then(|phrase| needed(phrase, "keys", &KEYS));
    TextsFile {
        file: Arc::clone(file),
        nodes,
        phrase: PhraseTexts {
            name: at("name"),
            language: at("language"),
            press: at("press"),
            again: at("again"),
            back: at("back"),
            person: at("person"),
            wrong_key: at("wrong_key"),
            silence: need_texts(phrase.as_ref(), "silence", &table.place),
            waiting: at("waiting"),
            trouble: at("trouble"),
            delete: at("delete"),
            last_answer: at("last_answer"),
            keys: KEYS.map(|key| need_text(keys.as_ref(), key, &table.place)),
            digits: need_texts(phrase.as_ref(), "digits", &table.place),
            pronounce: pronounce(phrase.as_ref()),
            hours: hour_texts(phrase.as_ref(), &table.place),
            whisper: whisper_texts(phrase.as_ref(), languages, &table.place),
            staff: staff_texts(phrase.as_ref()),
        },
    }
}

/// May be left out: a voice that reads everything right needs none.
fn pronounce(phrase: Option<&Table>) -> Vec<(Text, Text)> {
    let table = phrase.and_then(|phrase| phrase.get("pronounce")).and_then(|value| value.table(None));
    let each = |table: &Table| table.each().filter_map(|(word, voice)| Some((word, voice.text()?))).collect();
    table.as_ref().map(each).unwrap_or_default()
}

fn hour_texts(phrase: Option<&Table>, place: &Place) -> HourTexts {
    const KNOWN: [&str; 8] = ["days", "through", "daily", "span", "always", "and", "hours", "half_hours"];
    let table = phrase.and_then(|phrase| needed(phrase, "hours", &KNOWN));
    let at = |key: &str| need_text(table.as_ref(), key, place);
    HourTexts {
        days: need_texts(table.as_ref(), "days", place),
        through: at("through"),
        daily: at("daily"),
        span: at("span"),
        always: at("always"),
        and: at("and"),
        hours: need_texts(table.as_ref(), "hours", place),
        half_hours: need_texts(table.as_ref(), "half_hours", place),
    }
}

fn whisper_texts(phrase: Option<&Table>, languages: &[Language], place: &Place) -> WhisperTexts {
    let table = phrase.and_then(|phrase| needed(phrase, "whisper", &["call", "cannot_speak", "accept", "languages"]));
    let at = |key: &str| need_text(table.as_ref(), key, place);
    let names = table.as_ref().and_then(|table| table.need("languages")).and_then(|value| value.table(None));
    WhisperTexts {
        call: at("call"),
        cannot_speak: at("cannot_speak"),
        accept: at("accept"),
        languages: languages.iter().map(|language| need_text(names.as_ref(), language.as_str(), place)).collect(),
    }
}

/// May be left out: a hotline without a staff line needs none.
fn staff_texts(phrase: Option<&Table>) -> Option<[Text; STAFF.len()]> {
    let names = STAFF.map(|(name, _)| name);
    let table = phrase?.get("staff")?.table(Some(&names))?;
    Some(names.map(|name| table.need_text(name)))
}

pub(super) fn needed<'t>(table: &Table<'t>, key: &str, known: &[&'static str]) -> Option<Table<'t>> {
    table.need(key).and_then(|value| value.table(Some(known)))
}

/// A text of a table that itself may be missing, which is then already reported.
fn need_text(table: Option<&Table>, key: &str, place: &Place) -> Text {
    table.map_or_else(|| Text::missing(place.clone()), |table| table.need_text(key))
}

fn need_texts<const N: usize>(table: Option<&Table>, key: &str, place: &Place) -> [Text; N] {
    match table {
        Some(table) => table.need_texts(key),
        None => std::array::from_fn(|_| Text::missing(place.clone())),
    }
}

fn node_texts(value: &Value, findings: &Findings) -> Option<NodeTexts> {
    const KNOWN: [&str; 11] = [
        "option",
        "option_from",
        "say",
        "say_if",
        "say_unless",
        "choice",
        "choice_note",
        "letters",
        "sms",
        "keywords",
        "waive",
    ];
    let node = value.table(Some(&KNOWN))?;
    let mut settings: Vec<(Place, SettingText)> = Vec::new();
    for (key, when) in [("say_if", true), ("say_unless", false)] {
        for (name, text) in node.texts_of(key) {
            let find = |name: &str| Setting::ALL.iter().find(|(known, _)| *known == name).map(|(_, setting)| *setting);
            let setting = find(&name).or_else(|| {
                findings.unknown(&name.place, &name, "a setting", Setting::ALL.map(|(name, _)| name)).and_then(find)
            });
            if let Some(setting) = setting {
                settings.push((name.place.clone(), SettingText { setting, when, text }));
            }
        }
    }
    settings.sort_by_key(|(place, _)| place.span.start);
    Some(NodeTexts {
        place: node.place.clone(),
        option: node.text("option"),
        option_from: node.texts_of("option_from"),
        say: node.text("say"),
        settings: settings.into_iter().map(|(_, text)| text).collect(),
        choice: acts(&node, "choice", findings),
        choice_note: acts(&node, "choice_note", findings),
        letters: node.text("letters"),
        sms: node.text("sms"),
        keywords: node.text("keywords"),
        waivers: waivers(&node, findings),
    })
}

fn acts(node: &Table, key: &str, findings: &Findings) -> Vec<(At<Act>, Text)> {
    let mut acts = Vec::new();
    for (name, text) in node.texts_of(key) {
        let find = |name: &str| Act::ALL.iter().find(|(known, _)| *known == name).map(|(_, act)| *act);
        let act = find(&name).or_else(|| {
            findings.unknown(&name.place, &name, "a choice", Act::ALL.map(|(name, _)| name)).and_then(find)
        });
        if let Some(value) = act {
            acts.push((At { value, place: name.place }, text));
        }
    }
    acts
}

/// The file that belongs to no language.
pub(super) fn all(table: &Table) -> AllFile {
    let front = needed(table, "front", &["greeting", "silence", "end"]);
    let sms = needed(table, "sms", &["unknown", "emergency", "emergency_words", "stop_words", "choose"]);
    let of_front = |key: &str| need_text(front.as_ref(), key, &table.place);
    let of_sms = |key: &str| need_text(sms.as_ref(), key, &table.place);
    let words = |key: &str| sms.as_ref().and_then(|sms| sms.need(key)).map(|value| value.texts()).unwrap_or_default();
    AllFile {
        greeting: of_front("greeting"),
        silence: need_texts(front.as_ref(), "silence", &table.place),
        end: of_front("end"),
        unknown: of_sms("unknown"),
        emergency: of_sms("emergency"),
        emergency_words: words("emergency_words"),
        stop_words: words("stop_words"),
        choose: of_sms("choose"),
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::Warning;

    use crate::menu::fixture::{among, case, spoilt, wrong};

    #[test]
    fn texts() {
        let file = "texts/en.toml";
        wrong(file, "[node.doctor]", "[node.docter]", "did you mean `doctor`?");
        wrong(file, "option_from.stay", "option_from.staay", "did you mean `stay`?");
        wrong(file, "say_if.masked_on_bill", "say_if.masked_on_bil", "did you mean `masked_on_bill`?");
        wrong(file, "choice.talk", "choice.tallk", "did you mean `talk`?");
        case("FORMAT", Warning, file, "option_from.stay", "option_from.main", "`main` has no option `bureau`");
        among(&spoilt(file, "choice_note.letters", "choice_note.wait"), "`site` has no choice `wait`");
    }

    #[test]
    fn placeholders() {
        let file = "texts/en.toml";
        let from = "Any doctor will see you.";
        wrong(file, from, "See {bureu}.", "did you mean `bureau`?");
        wrong(file, from, "See {key.help}.", "`{key.help}` cannot stand here: no key leads there from here");
        wrong(file, from, "See {key.x}.", "`key.x` is not a placeholder here");
        wrong(file, from, "Call {tel}.", "`{tel}` cannot stand here");
        wrong(file, from, "See {settings}.", "on a line of its own");
        wrong(file, from, "See {hours.", "a curly bracket stands alone");
        wrong(file, from, "See hours}.", "a curly bracket stands alone");
        wrong(file, "{code.months}", "{code.month}", "did you mean `code.months`?");
        wrong(file, "{code.months}", "{code.danger}", "`danger` has no code");
        wrong(file, "Bureau: {bureau}", "Bureau {hours}: {bureau}", "opening hours are for spoken words");
        wrong(file, "{first} through {last}", "{first} through {lats}", "did you mean `last`?");
        wrong(file, "Press {key} to take it.", "Press it.", "`{key}` does not stand here exactly once");
        wrong(file, "from {from} to {to}", "from {from}", "`{to}` does not stand here exactly once");
        wrong("texts/all.toml", "{language}: {code}.", "{language}.", "`{code}` does not stand here exactly once");
        wrong("texts/all.toml", "\"Goedendag.\"", "\"{emergency}.\"", "no language is chosen yet");
        wrong("texts/all.toml", "and speak.", "and speak {code.main}.", "a code belongs to a language");
    }
}
