//! Text to [`Parsed`]: the format of the menu files, key by key.

mod tables;
mod texts;

use super::check::{RULES, Waivable};
use super::hotline::{Act, MAX_LANGUAGES, MAX_LINES, MAX_NODES};
use super::parsed::*;
use crate::base::findings::{Findings, shortened};
use crate::base::read::{At, Table, Text, document};
use crate::base::{E164, Finding, Language, Place, Sources};
use crate::menu::names::check_name;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::sync::Arc;
use tables::{contacts, facts, words};
use texts::{all, texts};

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
    let words = files.read(
        "words.toml",
        &["sensitive", "sensitive_sms", "forbidden", "reserved_sms", "filler", "limiting"],
        |table| words(&table, country.as_ref(), &languages, findings),
    );
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
        // The catalogs of sound stand beside the menus; whoever makes sound reads them.
        let ours = |file: &&std::sync::Arc<str>| file.ends_with(".toml") && !file.starts_with("audio/");
        for file in self.sources.keys().filter(ours) {
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
    for (rule, reason) in node.texts_of("waive") {
        match RULES.iter().find(|known| known.id == rule.as_str()).map(|known| known.waivable) {
            Some(Waivable::WithReason) => waivers.push(Waiver { rule, reason, used: Cell::new(false) }),
            Some(Waivable::Never) => findings.add(
                Finding::error("FORMAT", rule.place.clone(), format!("the rule `{}` cannot be waived", rule.as_str()))
                    .help("nothing speaks against this rule: mend what it finds, and take this line out"),
            ),
            None => {
                findings.unknown(&rule.place, &rule, "a rule", RULES.iter().map(|rule| rule.id));
            }
        }
    }
    waivers
}

#[cfg(test)]
mod tests {
    use crate::base::Severity::{Error, Warning};

    use crate::menu::fixture::{among, checked, expect, sources, spoil, spoilt, wrong};

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
    fn waivers() {
        let with = |line: &str| spoilt("voice.toml", "[node.doctor]", &format!("[node.doctor]\n{line}"));
        expect(&with("waive.MN-10 = \"no reason\""), "FORMAT", Warning, "this waiver of `MN-10` silences nothing");
        expect(&with("waive.MN-99 = \"no reason\""), "FORMAT", Error, "`MN-99` is not a rule");
        expect(&with("waive.MN-07 = \"no reason\""), "FORMAT", Error, "the rule `MN-07` cannot be waived");
        expect(&with("waive.MN-10 = \"\""), "FORMAT", Error, "is empty");
    }
}
