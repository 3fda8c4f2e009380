//! `contacts.toml`, `facts.toml` and `words.toml`: numbers, facts, and words to keep out.

use super::texts::needed;
use super::{checked_on, is_country};
use crate::base::findings::{Findings, listed, shortened};
use crate::base::read::{Table, Text, Value};
use crate::base::{Finding, Language};
use crate::menu::names::check_name;
use crate::menu::parsed::*;
use jiff::civil::Date;

/// At most this many contacts and this many facts: both are looked up by name.
const MAX_ENTRIES: usize = 1000;
/// Words that a placeholder can hold besides a contact.
const PLACEHOLDERS: [&str; 4] = ["hours", "tel", "settings", "delete"];

pub(super) fn contacts(table: &Table, today: Date, findings: &Findings) -> Vec<Contact> {
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
        let kind = contact.need("kind").and_then(|value| value.one_of("a kind", &CONTACT_KINDS));
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

pub(super) fn facts(table: &Table, languages: &[Language], findings: &Findings) -> Vec<Fact> {
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

pub(super) fn words(table: &Table, country: Option<&Text>, languages: &[Language], findings: &Findings) -> WordsFile {
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
    // Newer than the others: a hotline that was published before them is still served.
    let by_language = |key: &str| -> Vec<Vec<Text>> {
        let mut found = lists(table, key);
        let of = |language: &Language| found.iter().position(|(known, _)| known == language);
        languages
            .iter()
            .map(of)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|at| at.map_or(Vec::new(), |at| std::mem::take(&mut found[at].1)))
            .collect()
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
    WordsFile {
        sensitive,
        sensitive_sms,
        forbidden,
        reserved_sms: reserved,
        filler: by_language("filler"),
        limiting: by_language("limiting"),
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::Error;

    use crate::menu::fixture::{among, case, checked, spoilt, wrong};

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
}
