//! Text to [`Parsed`]: the format of the menu files, key by key.

use super::check::{RULES, Waivable};
use super::findings::{Findings, listed, shortened};
use super::hotline::{Act, MAX_LANGUAGES, MAX_LINES, MAX_NODES};
use super::parsed::*;
use super::read::{At, Table, Text, Value, check_name, document};
use crate::base::{E164, Finding, Language, Place, Sources};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::sync::Arc;

/// At most this many contacts and this many facts: both are looked up by name.
const MAX_ENTRIES: usize = 1000;
/// Words that a placeholder can hold besides a contact.
const PLACEHOLDERS: [&str; 4] = ["hours", "tel", "settings", "delete"];

/// Reads all files. Nothing is returned if a file is missing or unreadable, or if what everything else hangs on is.
pub(super) fn parse(sources: &Sources, today: Date, findings: &Findings) -> Option<Parsed> {
    let files = Files { sources, findings };
    let hotline = files
        .read("hotline.toml", &["name", "languages", "country", "start", "timezone", "number", "line"], |table| {
            hotline(&table, today, findings)
        })
        .flatten();
    let languages: Vec<Language> =
        hotline.iter().flat_map(|hotline| &hotline.languages).map(|language| language.value).collect();
    if !languages.is_empty() {
        files.refuse_unknown(&languages);
    }
    let texts: Vec<Option<TextsFile>> = languages
        .iter()
        .map(|language| {
            let name = format!("texts/{language}.toml");
            files.read(&name, &["node", "phrase"], |table| {
                texts(&table, &Arc::from(name.as_str()), &languages, findings)
            })
        })
        .collect();
    let voice = files.read("voice.toml", &["node"], |table| voice(&table, findings));
    let all = files.read("texts/all.toml", &["front", "sms"], |table| all(&table));
    let contacts = files.read("contacts.toml", &["contact"], |table| contacts(&table, today, findings));
    let facts = files.read("facts.toml", &["fact"], |table| facts(&table, &languages, findings));
    let country = hotline.as_ref().map(|hotline| hotline.country.clone());
    let words = files.read("words.toml", &["sensitive", "sensitive_sms", "forbidden", "reserved_sms"], |table| {
        words(&table, country.as_ref(), &languages, findings)
    });
    let texts: Vec<TextsFile> = texts.into_iter().collect::<Option<_>>()?;
    Some(Parsed {
        hotline: hotline?,
        voice: voice?,
        texts,
        all: all?,
        contacts: contacts?,
        facts: facts?,
        words: words?,
    })
}

struct Files<'a> {
    sources: &'a Sources,
    findings: &'a Findings,
}

impl Files<'_> {
    fn read<T>(&self, name: &str, known: &[&'static str], read: impl FnOnce(Table<'_>) -> T) -> Option<T> {
        match self.sources.get_key_value(name) {
            Some((file, source)) => document(file, source, known, self.findings, read),
            None => {
                let place = Place::new(&Arc::from(name), 0..0);
                self.findings.add(
                    Finding::error("FORMAT", place, format!("the file `{name}` is missing"))
                        .help(format!("add `{name}` to the folder; `docs/menus.md` says what belongs in it")),
                );
                None
            }
        }
    }

    fn refuse_unknown(&self, languages: &[Language]) {
        let mut known: Vec<String> =
            ["hotline.toml", "voice.toml", "contacts.toml", "facts.toml", "words.toml", "texts/all.toml"]
                .map(str::to_owned)
                .to_vec();
        known.extend(languages.iter().map(|language| format!("texts/{language}.toml")));
        for file in self.sources.keys().filter(|file| file.ends_with(".toml")) {
            if !known.iter().any(|known| **known == **file) {
                let place = Place::new(file, 0..0);
                self.findings.unknown(&place, file, "a file of a hotline", known.iter().map(String::as_str));
            }
        }
    }
}

fn hotline(table: &Table, today: Date, findings: &Findings) -> Option<HotlineFile> {
    let mut languages: Vec<At<Language>> = Vec::new();
    if let Some(value) = table.need("languages") {
        for text in value.texts() {
            match Language::try_from(text.as_str().to_owned()) {
                Ok(language) if languages.iter().any(|known| known.value == language) => {
                    findings.error(&text.place, format!("the language `{language}` stands here twice"));
                }
                Ok(value) => languages.push(At { value, place: text.place }),
                Err(message) => findings.error(&text.place, message),
            }
        }
        if languages.is_empty() && value.is_list() {
            let finding = Finding::error("FORMAT", value.place(), "there is no language");
            findings.add(finding.expected("one to six, such as [\"nl\", \"en\"]"));
        }
        if languages.len() > MAX_LANGUAGES {
            findings.add(
                Finding::error("MN-01", value.place(), "there are too many languages")
                    .found(languages.len().to_string())
                    .expected(format!("at most {MAX_LANGUAGES}, one for each of the keys 1 to 6"))
                    .help("leave out the languages in which nobody can answer key 0"),
            );
            languages.truncate(MAX_LANGUAGES);
        }
    }
    let country = table.need_text("country");
    if !country.is_empty() && !is_country(&country) {
        let message = format!("`{}` is not a country", shortened(&country));
        findings.add(
            Finding::error("FORMAT", country.place.clone(), message).expected("two capital letters, such as `NL`"),
        );
    }
    let timezone = table.need_text("timezone");
    let zone = TimeZone::get(&timezone).ok();
    if zone.is_none() && !timezone.is_empty() {
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        findings.unknown(&timezone.place, &timezone, "a time zone", known.iter().map(String::as_str));
    }
    let result = HotlineFile {
        name: table.need_text("name"),
        start: table.need_text("start"),
        country,
        timezone: zone.unwrap_or(TimeZone::UTC),
        settings: settings(table, today, findings),
        lines: lines(table, &languages, findings),
        languages,
    };
    (!result.languages.is_empty() && !result.start.is_empty()).then_some(result)
}

/// ISO 3166-1, two letters.
fn is_country(name: &str) -> bool {
    name.len() == 2 && name.chars().all(|c| c.is_ascii_uppercase())
}

fn settings(table: &Table, today: Date, findings: &Findings) -> [Option<bool>; 3] {
    let known = ["masked_on_bill", "free", "not_recorded", "checked_on"];
    let Some(number) = table.get("number").and_then(|value| value.table(Some(&known))) else { return [None; 3] };
    let checked = checked_on(&number, today, findings);
    Setting::ALL.map(|(name, _)| {
        let flag = number.flag(name)?;
        if flag.value && checked.is_none() && number.get("checked_on").is_none() {
            findings.add(
                Finding::error(
                    "FORMAT",
                    flag.place,
                    format!("`{name}` is promised to callers without a date of checking"),
                )
                .expected("`checked_on = \"YYYY-MM-DD\"` beside it")
                .help("try it out and write the date, or leave the line out: callers then hear the careful wording"),
            );
        }
        Some(flag.value)
    })
}

/// A date of checking, which cannot lie in the future.
fn checked_on(table: &Table, today: Date, findings: &Findings) -> Option<At<Date>> {
    let date = table.get("checked_on")?.date()?;
    if date.value > today {
        findings.add(
            Finding::error("FORMAT", date.place.clone(), "the date of checking is in the future")
                .found(date.value.to_string())
                .expected(format!("{today} or earlier")),
        );
    }
    Some(date)
}

fn lines(table: &Table, languages: &[At<Language>], findings: &Findings) -> Vec<(Text, At<Language>)> {
    let mut lines = Vec::new();
    for (number, value) in table.each_of("line") {
        if lines.len() == MAX_LINES {
            findings.error(&number.place, format!("there are more than {MAX_LINES} lines"));
            break;
        }
        if E164::new(&number).is_none() {
            let message = format!("`{}` is not a telephone number", shortened(&number));
            findings.add(
                Finding::error("FORMAT", number.place.clone(), message)
                    .expected("`+`, country code and number without spaces, in quotes"),
            );
        }
        let Some(language) = value.table(Some(&["start_language"])).map(|line| line.need_text("start_language")) else {
            continue;
        };
        let found = languages.iter().find(|known| known.value.as_str() == language.as_str());
        match found {
            Some(found) => lines.push((number, At { value: found.value, place: language.place })),
            None if language.is_empty() => {}
            None => {
                let names = languages.iter().map(|known| known.value.as_str());
                findings.unknown(&language.place, &language, "a language of this hotline", names);
            }
        }
    }
    lines
}

fn voice(table: &Table, findings: &Findings) -> Vec<VoiceNode> {
    const KNOWN: [&str; 8] =
        ["then", "options", "choices", "facts", "text_facts", "text_only", "order_reason", "waive"];
    let mut nodes = Vec::new();
    for (name, value) in table.each_of("node") {
        if nodes.len() == MAX_NODES {
            findings.error(&name.place, format!("there are more than {MAX_NODES} nodes"));
            break;
        }
        check_name(&name, "a node", &[], findings);
        let Some(node) = value.table(Some(&KNOWN)) else { continue };
        let choices = node.get("choices").map(|value| value.list()).unwrap_or_default();
        nodes.push(VoiceNode {
            then: node.text("then"),
            options: node.texts("options"),
            choices: choices.iter().filter_map(|choice| choice.one_of("a choice", &Act::ALL)).collect(),
            facts: node.texts("facts"),
            text_facts: node.texts("text_facts"),
            text_only: node.flag("text_only").is_some_and(|flag| flag.value),
            order_reason: node.text("order_reason"),
            waivers: waivers(&node, findings),
            name,
        });
    }
    nodes
}

fn waivers(node: &Table, findings: &Findings) -> Vec<Waiver> {
    let mut waivers = Vec::new();
    for (rule, _) in node.texts_of("waive") {
        match RULES.iter().find(|(known, _)| *known == rule.as_str()) {
            Some((_, Waivable::WithReason)) => waivers.push(Waiver { rule, used: Cell::new(false) }),
            Some((_, Waivable::Never)) => findings.add(
                Finding::error("FORMAT", rule.place.clone(), format!("the rule `{}` cannot be waived", rule.as_str()))
                    .help("nothing speaks against this rule: mend what it finds, and take this line out"),
            ),
            None => {
                findings.unknown(&rule.place, &rule, "a rule", RULES.iter().map(|(rule, _)| *rule));
            }
        }
    }
    waivers
}

fn texts(table: &Table, file: &Arc<str>, languages: &[Language], findings: &Findings) -> TextsFile {
    let nodes =
        table.each_of("node").into_iter().filter_map(|(name, value)| Some((name, node_texts(&value, findings)?)));
    let nodes = nodes.collect();
    const KNOWN: [&str; 16] = [
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
        "hours",
        "whisper",
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
            hours: hour_texts(phrase.as_ref(), &table.place),
            whisper: whisper_texts(phrase.as_ref(), languages, &table.place),
        },
    }
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

fn needed<'t>(table: &Table<'t>, key: &str, known: &[&'static str]) -> Option<Table<'t>> {
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

fn all(table: &Table) -> AllFile {
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

fn contacts(table: &Table, today: Date, findings: &Findings) -> Vec<Contact> {
    const KNOWN: [&str; 8] = ["number", "spoken", "printed", "who", "kind", "source", "checked_on", "checked_by"];
    let mut contacts = Vec::new();
    for (id, value) in entries(table, "contact", findings) {
        check_name(&id, "a contact", &PLACEHOLDERS, findings);
        let Some(contact) = value.table(Some(&KNOWN)) else { continue };
        let (number, spoken, printed) =
            (contact.need_text("number"), contact.need_text("spoken"), contact.need_text("printed"));
        agree(&number, &spoken, &printed, findings);
        contact.need_text("who");
        let sources = contact.need("source").map(|value| (value.place(), value.texts()));
        if let Some((place, sources)) = sources
            && sources.is_empty()
        {
            findings.error(&place, format!("the number of `{}` has no source", id.as_str()));
        }
        let kind =
            contact.need("kind").and_then(|value| value.one_of("a kind", &[("emergency", true), ("help", false)]));
        let checked = checked_on(&contact, today, findings);
        let by = contact.text("checked_by");
        if checked.is_some() != by.is_some() {
            let (there, missing) =
                if by.is_some() { ("checked_by", "checked_on") } else { ("checked_on", "checked_by") };
            findings.add(
                Finding::error(
                    "FORMAT",
                    contact.place.clone(),
                    format!("`{there}` stands in `{}` without `{missing}`", id.as_str()),
                )
                .expected("both, or neither as long as nobody has checked the number"),
            );
        }
        contacts.push(Contact { id, spoken, printed, emergency: kind.is_some_and(|kind| kind.value), checked });
    }
    contacts
}

/// The tables of a kind, no more than are looked up in good time.
fn entries<'t>(table: &Table<'t>, key: &str, findings: &Findings) -> Vec<(Text, Value<'t>)> {
    let mut entries = table.each_of(key);
    if let Some((first, _)) = entries.get(MAX_ENTRIES) {
        findings.error(&first.place, format!("there are more than {MAX_ENTRIES} tables `{key}`"));
    }
    entries.truncate(MAX_ENTRIES);
    entries
}

/// The three ways a number is written must be the same number.
fn agree(number: &Text, spoken: &Text, printed: &Text, findings: &Findings) {
    /// The longest number of ITU-T E.164, and room for a trunk prefix.
    const LONGEST: usize = 16;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if number.is_empty() || spoken.is_empty() || printed.is_empty() {
        return;
    }
    if !(3..=LONGEST).contains(&number.len()) || digits(number) != number.as_str() {
        let message = format!("`{}` is not a number to dial", shortened(number));
        findings.add(
            Finding::error("FORMAT", number.place.clone(), message)
                .expected(format!("3 to {LONGEST} digits without spaces, in quotes"))
                .help("write the groups in `spoken` and `printed`"),
        );
        return;
    }
    let only_groups = spoken.chars().all(|c| c.is_ascii_digit() || c == ' ');
    if digits(spoken) != number.as_str() || !only_groups {
        findings.add(
            Finding::error("FORMAT", spoken.place.clone(), "`spoken` and `number` are different numbers")
                .found(format!("`{}`", shortened(spoken)))
                .expected(format!("the digits of `{}` in groups with one space between", number.as_str())),
        );
    }
    if let Some(group) = spoken.split_whitespace().find(|group| group.len() > 4) {
        findings.add(
            Finding::error("PR-02", spoken.place.clone(), "a group of digits is too long to be kept in mind")
                .found(format!("`{}`", shortened(group)))
                .expected("at most 4 digits a group"),
        );
    }
    let national = number.trim_start_matches('0');
    let seen = digits(printed);
    if seen != number.as_str() && (national.is_empty() || !seen.ends_with(national)) {
        findings.add(
            Finding::error("FORMAT", printed.place.clone(), "`printed` and `number` are different numbers")
                .found(format!("`{}`", shortened(printed)))
                .expected(format!("the digits of `{}`", number.as_str())),
        );
    }
}

fn facts(table: &Table, languages: &[Language], findings: &Findings) -> Vec<Fact> {
    const KNOWN: [&str; 6] = ["statement", "source", "criticality", "voice_only", "must_say", "must_text"];
    let mut facts = Vec::new();
    for (id, value) in entries(table, "fact", findings) {
        let Some(fact) = value.table(Some(&KNOWN)) else { continue };
        fact.need_text("statement");
        fact.need_text("source");
        let criticality = fact.need("criticality").and_then(|value| value.one_of("a criticality", &Criticality::ALL));
        facts.push(Fact {
            criticality: criticality.map_or(Criticality::Critical, |criticality| criticality.value),
            voice_only: fact.text("voice_only").is_some(),
            must_say: groups(&fact, "must_say", languages, findings),
            must_text: groups(&fact, "must_text", languages, findings),
            id,
        });
    }
    facts
}

/// Groups of words by language; a language that the hotline does not have may have some, too.
fn groups(fact: &Table, key: &str, languages: &[Language], findings: &Findings) -> Vec<Option<Groups>> {
    let mut groups = vec![None; languages.len()];
    for (language, value) in fact.each_of(key) {
        let Some(known) = language_of(&language, findings) else { continue };
        let mut list: Groups = value.list().iter().map(Value::texts).collect();
        if list.is_empty() || list.iter().any(Vec::is_empty) {
            let message = format!("`{}` has nothing to look for", value.name);
            let finding = Finding::error("FORMAT", value.place(), message);
            findings.add(finding.expected("groups of words, such as [[\"three\", \"3\"], [\"months\"]]"));
        }
        list.retain(|group| !group.is_empty());
        if let Some(at) = languages.iter().position(|language| *language == known) {
            groups[at] = Some(list);
        }
    }
    groups
}

fn language_of(text: &Text, findings: &Findings) -> Option<Language> {
    let language = Language::try_from(text.as_str().to_owned());
    if let Err(message) = &language {
        findings.error(&text.place, message.clone());
    }
    language.ok()
}

fn words(table: &Table, country: Option<&Text>, languages: &[Language], findings: &Findings) -> WordsFile {
    let lists = |table: &Table, key: &str| -> Vec<(Language, Vec<Text>)> {
        let lists = table.each_of(key).into_iter();
        lists.filter_map(|(language, value)| Some((language_of(&language, findings)?, value.texts()))).collect()
    };
    let together = |key: &str| -> Vec<Text> {
        let found = lists(table, key);
        for language in languages {
            if !found.iter().any(|(known, list)| known == language && !list.is_empty()) {
                findings.error(&table.place, format!("`{key}` has no words in the language `{language}`"));
            }
        }
        found.into_iter().flat_map(|(_, list)| list).collect()
    };
    let sensitive = together("sensitive");
    let sensitive_sms = together("sensitive_sms");
    let reserved = needed(table, "reserved_sms", &["words"]);
    let mut forbidden = vec![Vec::new(); languages.len()];
    if let Some(by_country) = table.need("forbidden").and_then(|value| value.table(None)) {
        let here: Vec<&str> = ["any"].into_iter().chain(country.map(Text::as_str)).collect();
        for (name, _) in by_country.each() {
            if name.as_str() != "any" && !is_country(&name) {
                let message = format!("`{}` is not a country", shortened(&name));
                findings.add(
                    Finding::error("FORMAT", name.place.clone(), message)
                        .expected("`any`, or two capital letters such as `NL`"),
                );
            }
        }
        for name in here.iter().filter(|name| !name.is_empty() && by_country.get(name).is_none()) {
            let message = format!("nothing says which advice is forbidden in `{name}`");
            findings.add(
                Finding::error("FORMAT", by_country.place.clone(), message)
                    .expected(format!("a table `[forbidden.{name}]`, with a list of phrases for each language"))
                    .help(format!("tables that are read here: {}", listed(&here))),
            );
        }
        for name in &here {
            for (language, list) in lists(&by_country, name) {
                if let Some(at) = languages.iter().position(|known| *known == language) {
                    forbidden[at].extend(list);
                }
            }
        }
    }
    for (language, _) in languages.iter().zip(&forbidden).filter(|(_, phrases)| phrases.is_empty()) {
        findings.error(&table.place, format!("`forbidden` has no phrases in the language `{language}`"));
    }
    let reserved = reserved.map(|table| table.texts("words")).unwrap_or_default();
    WordsFile { sensitive, sensitive_sms, forbidden, reserved_sms: reserved }
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::{Error, Warning};
    use crate::base::Sources;
    use crate::menu::fixture::{case, checked, expect, sources, spoil, spoilt};

    fn wrong(file: &str, from: &str, to: &str, says: &str) {
        case("FORMAT", Error, file, from, to, says);
    }

    /// Says this among other findings.
    fn among(sources: &Sources, says: &str) {
        let findings = checked(sources).findings;
        assert!(findings.iter().any(|finding| finding.message.contains(says)), "`{says}`: {findings:#?}");
    }

    #[test]
    fn keys_and_kinds() {
        wrong("voice.toml", "then = \"main\"", "thne = \"main\"", "did you mean `then`?");
        wrong(
            "texts/en.toml",
            "option = \"For a doctor\"",
            "optoin = \"For a doctor\"",
            "`optoin` is not a key of `node.doctor`",
        );
        wrong("hotline.toml", "name = \"Fixture line\"", "", "`name` is missing");
        wrong("hotline.toml", "name = \"Fixture line\"", "name = 5", "found: a number");
        wrong(
            "facts.toml",
            "statement = \"The bureau",
            "voice_only = [\"a\"]\nstatement = \"The bureau",
            "expected: a text in quotes",
        );
        among(
            &spoilt("voice.toml", "text_only = true", "text_only = \"yes\""),
            "`node.danger.text_only` is of the wrong kind",
        );
        wrong("voice.toml", "[node.doctor]", "[node.doctor]\nfacts = \"bureau.role\"", "a list in square brackets");
        wrong(
            "hotline.toml",
            "[number]\nmasked_on_bill = true\nchecked_on = \"2026-11-01\"",
            "number = 1",
            "expected: a table",
        );
        wrong("texts/en.toml", "again = \"To hear this again\"", "again = \" \"", "`phrase.again` is empty");
        wrong("texts/en.toml", "say = \"Any doctor will see you.\"", "say = \"Any \\u0007 doctor.\"", "U+0007");
        wrong("texts/en.toml", "digits = [\"zero\", ", "digits = [", "`phrase.digits` has the wrong number of texts");
        wrong("texts/en.toml", ", \"#\" = \"hash\"", "", "`#` is missing in `phrase.keys`");
    }

    #[test]
    fn several_findings_at_once() {
        let mut sources = spoilt("voice.toml", "then = \"main\"", "thne = \"main\"");
        spoil(&mut sources, "texts/en.toml", "waiting = ", "wating = ");
        spoil(&mut sources, "texts/nl.toml", "press = ", "pres = ");
        spoil(&mut sources, "contacts.toml", "number = \"112\"", "number = 112");
        expect(&sources, "FORMAT", Error, "4 errors");
    }

    #[test]
    fn what_is_not_toml() {
        wrong("facts.toml", "criticality = \"high\"", "criticality = high\"", "the file must be TOML");
        wrong("voice.toml", "[node.doctor]", "[node.help]", "duplicate key");
        let mut sources = spoilt("voice.toml", "then = ", "then ");
        spoil(&mut sources, "texts/en.toml", "wrong_key = ", "wrong_key ");
        let findings = checked(&sources).findings;
        let files: Vec<&str> = findings.iter().map(|finding| &*finding.place.file).collect();
        assert!(files.contains(&"voice.toml") && files.contains(&"texts/en.toml"), "{findings:?}");
    }

    #[test]
    fn files() {
        let mut sources = sources();
        let text = sources.remove("contacts.toml").unwrap();
        expect(&sources, "FORMAT", Error, "the file `contacts.toml` is missing");
        sources.insert("contact.toml".into(), text.clone());
        among(&sources, "`contact.toml` is not a file of a hotline");
        sources.insert("contacts.toml".into(), text);
        sources.remove("contact.toml");
        sources.insert("texts/ro.toml".into(), "".into());
        expect(&sources, "FORMAT", Error, "did you mean `texts/");
        sources.remove("texts/ro.toml");
        sources.insert("remarks.txt".into(), "no TOML".into());
        assert!(checked(&sources).findings.is_empty(), "other files are not ours");
        sources.remove("texts/nl.toml");
        expect(&sources, "FORMAT", Error, "the file `texts/nl.toml` is missing");
    }

    #[test]
    fn the_line_itself() {
        let file = "hotline.toml";
        among(&spoilt(file, "[\"nl\", \"en\"]", "[\"nl\", \"en\", \"Dutch\"]"), "`Dutch` is not a language");
        wrong(file, "[\"nl\", \"en\"]", "[\"nl\", \"en\", \"nl\"]", "the language `nl` stands here twice");
        among(&spoilt(file, "[\"nl\", \"en\"]", "[]"), "there is no language");
        among(&spoilt(file, "\"NL\"", "\"nl\""), "`nl` is not a country");
        wrong(file, "Europe/Amsterdam", "Europe/Amsterdm", "did you mean `Europe/Amsterdam`?");
        wrong(file, "checked_on = \"2026-11-01\"", "", "promised to callers without a date of checking");
        wrong(file, "2026-11-01", "2026-13-01", "`2026-13-01` is not a date");
        wrong(file, "2026-11-01", "2026-11-24", "the date of checking is in the future");
        assert!(checked(&spoilt(file, "\"2026-11-01\"", "2026-11-01")).findings.is_empty());
        wrong(file, "+447700900222", "07700900222", "`07700900222` is not a telephone number");
        wrong(file, "start_language = \"en\"", "start_language = \"ro\"", "`ro` is not a language of this hotline");
        wrong(file, "start = \"welcome\"", "start = \"welcom\"", "did you mean `welcome`?");
        wrong(file, "start = \"welcome\"", "start = \"doctor\"", "`doctor`, leads nowhere");
    }

    #[test]
    fn nodes_and_links() {
        let file = "voice.toml";
        among(&spoilt(file, "[node.doctor]", "[node.Doctor]"), "`Doctor` cannot be the name of a node");
        wrong(file, "\"bureau\", \"doctor\"]", "\"bureau\", \"docter\"]", "did you mean `doctor`?");
        wrong(file, "choices = [\"letters\"]", "choices = [\"leters\"]", "did you mean `letters`?");
        among(
            &spoilt(file, "\"bureau\", \"doctor\"]", "\"bureau\", \"doctor\", \"closed\"]"),
            "no key can lead to `closed`",
        );
        among(
            &spoilt(file, "\"bureau\", \"doctor\"]", "\"bureau\", \"doctor\", \"danger\"]"),
            "reached by keyword only",
        );
        wrong(file, "[node.waiting]", "", "the node `waiting` is missing");
        wrong(file, "[\"talk\", \"keys\"]", "[\"keys\", \"talk\"]", "the choices `talk`, `keys` in this order");
        among(
            &spoilt(file, "[node.waiting]", "[node.waiting]\noptions = [\"help\"]"),
            "`waiting` has not the keys of its role",
        );
        among(&spoilt(file, "[\"wait\", \"information\"]", "[\"wait\"]"), "`busy` has not the keys of its role");
        among(
            &spoilt(file, "[node.doctor]", "[node.doctor]\nchoices = [\"talk\"]"),
            "`talk` cannot be chosen in `doctor`",
        );
        among(
            &spoilt(file, "[node.doctor]", "[node.doctor]\nthen = \"help\"\noptions = [\"stay\"]"),
            "both `then` and keys",
        );
        among(&spoilt(file, "text_only = true", "text_only = true\noptions = [\"help\"]"), "cannot speak");
        among(&spoilt(file, "then = \"main\"", "then = \"connect\""), "one node has two roles");
    }

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

    #[test]
    fn contacts() {
        let file = "contacts.toml";
        wrong(file, "number = \"07700900123\"", "number = \"07700 900123\"", "`07700 900123` is not a number to dial");
        wrong(file, "\"0770 0900 123\"", "\"0770 0900 124\"", "`spoken` and `number` are different numbers");
        wrong(file, "\"07700 900123\"", "\"07700 900124\"", "`printed` and `number` are different numbers");
        assert!(checked(&spoilt(file, "\"07700 900123\"", "\"+44 7700 900123\"")).findings.is_empty());
        wrong(file, "kind = \"help\"", "kind = \"halp\"", "did you mean `help`?");
        wrong(file, "source = [\"https://example.org/112\"]", "source = []", "has no source");
        case(
            "FORMAT",
            Error,
            file,
            "checked_by = \"the keeper\"",
            "",
            "`checked_on` stands in `emergency` without `checked_by`",
        );
        among(&spoilt(file, "[contact.bureau]", "[contact.hours]"), "`hours` cannot be the name of a contact");
    }

    #[test]
    fn facts_and_words() {
        wrong("facts.toml", "criticality = \"high\"", "criticality = \"hihg\"", "did you mean `high`?");
        wrong("facts.toml", "must_say.nl = [[\"advies\"]]", "must_say.nl = [[]]", "has nothing to look for");
        wrong("facts.toml", "source = \"page 3\"", "", "`source` is missing in `fact.site.name`");
        among(
            &spoilt("facts.toml", "must_say.nl = [[\"advies\"]]", "must_say.Dutch = [[\"advies\"]]"),
            "`Dutch` is not a language",
        );
        assert!(
            checked(&spoilt(
                "facts.toml",
                "must_say.nl = [[\"advies\"]]",
                "must_say.nl = [[\"advies\"]]\nmust_say.ro = [[\"x\"]]"
            ))
            .findings
            .is_empty()
        );
        wrong("words.toml", "[sensitive]\nnl", "[sensitive]\nro", "`sensitive` has no words in the language `nl`");
        wrong("words.toml", "[forbidden.NL]", "[forbidden.BE]", "which advice is forbidden in `NL`");
        wrong("words.toml", "[forbidden.NL]", "[forbidden.Holland]", "`Holland` is not a country");
    }

    #[test]
    fn waivers() {
        let with = |line: &str| spoilt("voice.toml", "[node.doctor]", &format!("[node.doctor]\n{line}"));
        expect(&with("waive.MN-10 = \"no reason\""), "FORMAT", Warning, "this waiver of `MN-10` silences nothing");
        expect(&with("waive.MN-99 = \"no reason\""), "FORMAT", Error, "`MN-99` is not a rule");
        expect(&with("waive.MN-07 = \"no reason\""), "FORMAT", Error, "the rule `MN-07` cannot be waived");
        expect(&with("waive.MN-10 = \"\""), "FORMAT", Error, "is empty");
    }
}
