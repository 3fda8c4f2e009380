//! From the texts of the files to a hotline and everything that is wrong with it.

use super::check::check;
use super::compare;
use super::hotline::Hotline;
use super::links::link;
use super::parse::parse;
use super::resolve::resolve;
use super::time::Lengths;
use crate::base::findings::Findings;
use crate::base::hours::Hours;
use crate::base::{Finding, Revision, Severity, Sources};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// What a hotline's words depend on besides its files.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When the desk is open: what `{hours}` says. Nothing means day and night.
    pub hours: Option<Hours>,
    /// The hotline's own number as callers dial it: what `{tel}` becomes.
    pub number: String,
    /// How long the sound of the prompts lasts, where there is some.
    pub lengths: Lengths,
}

impl Default for Settings {
    /// Day and night, and a number reserved for fiction (Ofcom, 07700 900000 to 900999).
    fn default() -> Settings {
        Settings { hours: None, number: "+447700900000".to_owned(), lengths: Lengths::default() }
    }
}

/// What was made of the files.
#[derive(Debug)]
pub struct Loaded {
    /// There is one exactly if no finding is an error.
    pub hotline: Option<Hotline>,
    /// Everything that was found, by file and place.
    pub findings: Vec<Finding>,
}

/// Reads, resolves and checks a hotline. `sources` has the files of its folder by their path in it
/// (`texts/en.toml`); `today` decides what was checked too long ago.
pub fn load(sources: &Sources, settings: &Settings, today: Date) -> Loaded {
    load_after(sources, settings, today, None)
}

/// As [`load`], for files that are to follow this hotline on the line: a code or a keyword that would bring something
/// else is an error, unless the files say why (rule SM-06).
pub fn load_after(sources: &Sources, settings: &Settings, today: Date, before: Option<&Hotline>) -> Loaded {
    let (hotline, whole, findings) = read(sources, settings, today, before);
    let wrong = !whole || findings.iter().any(|finding| finding.severity == Severity::Error);
    Loaded { hotline: hotline.filter(|_| !wrong), findings }
}

/// As [`load`], for files that were published once: a rule that a newer program has, or that grew stricter, does not
/// take a line away that people rely on. There is a hotline exactly if it is whole, that is if only rules are broken.
pub fn load_published(sources: &Sources, settings: &Settings, today: Date) -> Loaded {
    let (hotline, whole, findings) = read(sources, settings, today, None);
    Loaded { hotline: hotline.filter(|_| whole), findings }
}

/// The hotline, whether all its links lead somewhere and all its words are there, and everything that was found.
fn read(
    sources: &Sources,
    settings: &Settings,
    today: Date,
    before: Option<&Hotline>,
) -> (Option<Hotline>, bool, Vec<Finding>) {
    let findings = Findings::default();
    let parsed = parse(sources, today, &findings);
    let links = parsed.as_ref().and_then(|parsed| Some((parsed, link(parsed, &findings)?)));
    let mut whole = false;
    let hotline = links.map(|(parsed, links)| {
        let resolved = resolve(parsed, links, settings, revision(sources), &findings);
        whole = !findings.has_errors();
        compare::check(before, &resolved, &findings);
        check(&resolved, today, &findings);
        resolved.hotline
    });
    (hotline, whole, findings.into_list())
}

/// A telephone number of the hotline, and how many days ago somebody called it; `None`: nobody has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    pub name: String,
    /// Digits only.
    pub number: String,
    pub checked_days_ago: Option<i32>,
}

impl Contact {
    /// FC-03: after this many days a number is called again before something new is published.
    pub const FRESH_DAYS: i32 = 180;
}

/// The numbers in these files, in file order. Empty if they cannot be read.
pub fn contacts(sources: &Sources, today: Date) -> Vec<Contact> {
    let parsed = parse(sources, today, &Findings::default());
    let contacts = parsed.map(|parsed| parsed.contacts).unwrap_or_default();
    let age = |checked: Date| checked.until(today).map_or(0, |span| span.get_days());
    let contact = |contact: super::parsed::Contact| Contact {
        name: contact.id.as_str().to_owned(),
        number: contact.spoken.chars().filter(char::is_ascii_digit).collect(),
        checked_days_ago: contact.checked.map(|checked| age(checked.value)),
    };
    contacts.into_iter().map(contact).collect()
}

/// The name of a state of the files: the first 8 bytes of a SHA-256 over paths and contents, each with its length.
fn revision(sources: &Sources) -> Revision {
    let mut hash = Sha256::new();
    for part in sources.iter().flat_map(|(path, content)| [path, content]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Revision(u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{EN, NL, TODAY, checked, expect, node, shipped, sources, spoil, spoilt};
    use super::*;
    use crate::menu::{Act, Answer, Choice, Prompt, map};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn hotline(sources: &Sources) -> Hotline {
        let loaded = checked(sources);
        loaded
            .hotline
            .unwrap_or_else(|| panic!("{}", super::super::diagnostic::screen(&loaded.findings, sources, false)))
    }

    fn words(prompts: &[Prompt]) -> Vec<(&str, &str)> {
        prompts.iter().map(|prompt| (prompt.id.as_str(), prompt.words.as_str())).collect()
    }

    #[test]
    fn the_shipped_hotline_is_without_findings() {
        let sources = shipped();
        let loaded = checked(&sources);
        let wrong: Vec<Finding> =
            loaded.findings.into_iter().filter(|finding| finding.severity != Severity::Notice).collect();
        assert!(wrong.is_empty(), "{}", super::super::diagnostic::screen(&wrong, &sources, false));
        let hotline = loaded.hotline.expect("without findings there is a hotline");
        let page = map(&hotline);
        assert!(hotline.nodes.iter().all(|node| page.contains(&node.name)), "{page}");
        assert!(!hotline.sms.codes.contains_key("112"));
        for language in 0..hotline.languages.len() {
            assert!(hotline.sms.texts[language].iter().all(|text| !text.is_empty()));
        }
    }

    #[test]
    fn what_a_node_says() {
        let loaded = checked(&sources());
        assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
        let hotline = loaded.hotline.as_ref().unwrap();
        let help = hotline.spoken(node(&loaded, "help"), NL);
        assert_eq!(
            words(&help.info),
            [
                ("help/say/1", "Sommige organisaties geven juridische hulp. Ons nummer staat niet op rekeningen."),
                ("help/say/2", "Andere bieden opvang."),
            ]
        );
        assert_eq!(help.info[0].sentences, 2);
        assert_eq!(help.info[0].language, NL);
        assert_eq!(
            words(&help.options),
            [
                ("help/option/bureau", "Om het juiste bureau te vinden, druk op één."),
                ("help/option/doctor", "Voor een dokter, druk op twee."),
            ]
        );
        assert_eq!(
            words(&help.reserved),
            [
                ("phrase/again", "Om te herhalen, druk op acht."),
                ("phrase/person", "Om iemand te spreken, druk op nul."),
                ("phrase/back", "Om terug te gaan, druk op sterretje."),
            ]
        );
        let help = hotline.spoken(node(&loaded, "help"), EN);
        assert_eq!(help.info[1].words, "Others give shelter: a place to stay. Our number does not show on bills.");
        let bureau = hotline.spoken(node(&loaded, "bureau"), EN);
        assert!(bureau.info[0].words.ends_with("Again: zero seven seven zero, zero nine zero zero, one two three."));
        let stay = hotline.spoken(node(&loaded, "stay"), EN);
        assert_eq!(stay.info[0].words, "Press one for the three months.");
        assert_eq!(stay.options[1].words, "For advice by that bureau, press two.");
        let site = hotline.spoken(node(&loaded, "site"), EN);
        let letters = "To hear the name letter by letter, press one. It is short.";
        assert_eq!(words(&site.options), [("site/choice/letters", letters)]);
        assert_eq!(words(&site.letters), [("site/letters/1", "First: S, I, T, E.")]);
        assert_eq!(hotline.node(node(&loaded, "site")).keys, [Choice::Act(Act::Letters)]);
    }

    #[test]
    fn what_each_role_names() {
        let loaded = checked(&sources());
        let hotline = loaded.hotline.as_ref().unwrap();
        let named = |name: &str| -> Vec<&str> {
            let reserved = &hotline.spoken(node(&loaded, name), EN).reserved;
            reserved.iter().map(|prompt| prompt.id.as_str()).collect()
        };
        assert_eq!(named("main"), ["phrase/person"]);
        assert_eq!(named("connect"), ["phrase/back"]);
        for quiet in ["welcome", "waiting", "closed", "busy"] {
            assert!(named(quiet).is_empty(), "{quiet}");
        }
        let roles = hotline.roles;
        assert_eq!(hotline.node(roles.welcome).then, Some(roles.main));
        assert_eq!(hotline.spoken(roles.welcome, EN).info[0].words, "Hello. To talk to a person, press zero.");
        assert_eq!(hotline.spoken(roles.closed, EN).info[0].words, "Nobody can answer now. We are here day and night.");
        assert!(hotline.spoken(node(&loaded, "danger"), EN).info.is_empty());
    }

    #[test]
    fn again_is_named_where_there_is_information() {
        let mut sources = spoilt("texts/en.toml", "say = \"Press {key.months} for the three months.\"", "");
        spoil(&mut sources, "texts/nl.toml", "say = \"Druk op {key.months} voor de drie maanden.\"", "");
        let loaded = checked(&sources);
        let hotline = loaded.hotline.as_ref().unwrap();
        let reserved = &hotline.spoken(node(&loaded, "stay"), EN).reserved;
        assert_eq!(words(reserved).iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["phrase/person", "phrase/back"]);
    }

    #[test]
    fn the_front_door_and_the_phrases() {
        let hotline = hotline(&sources());
        assert_eq!(hotline.front.greeting.words, "Goedendag.");
        assert_eq!(
            words(&hotline.front.languages),
            [("front/language/nl", "Voor Nederlands, druk op één."), ("front/language/en", "For English, press two.")]
        );
        assert_eq!(hotline.front.silence[1].id, "front/silence/2");
        let phrases = hotline.phrases(EN);
        assert_eq!(phrases.silence[1].words, "I am still here. Press a key when it is safe.");
        assert_eq!(phrases.person.words, "To talk to a person, press zero.");
        assert_eq!(
            words(&phrases.whisper_call),
            [("phrase/whisper/call/nl", "A call in Dutch."), ("phrase/whisper/call/en", "A call in English.")]
        );
        assert_eq!(phrases.whisper_accept.words, "Press one to take it.");
        let staff = phrases.staff.as_ref().unwrap();
        assert_eq!(
            (staff.press_off.as_str(), staff.people.as_str()),
            ("To go off duty, press two.", "On duty now: {count}.")
        );
        assert_eq!(staff.speak, ["In Dutch: {count}.", "In English: {count}."]);
        assert!(hotline.prompts().all(|prompt| !prompt.words.contains("duty")), "they are no prompts");
        assert_eq!(hotline.lines["+447700900222"], EN);
        assert_eq!((hotline.country.as_str(), hotline.timezone.iana_name()), ("NL", Some("Europe/Amsterdam")));
    }

    #[test]
    fn the_words_of_the_staff_line_may_be_left_out_but_not_in_part() {
        let (file, text) = ("texts/en.toml", &*sources()["texts/en.toml"]);
        let table = &text[text.find("[phrase.staff]").unwrap()..];
        let without = checked(&spoilt(file, table, ""));
        assert!(without.hotline.unwrap().phrases(EN).staff.is_none());
        let case = |from: &str, to: &str, expected: &str| {
            let findings = checked(&spoilt(file, from, to)).findings;
            assert!(findings.iter().any(|finding| finding.message.contains(expected)), "{findings:?}");
        };
        case("goodbye         = \"Goodbye.\"\n", "", "`goodbye` is missing");
        case("On duty now: {count}.", "On duty now.", "`{count}` does not stand here exactly once");
    }

    #[test]
    fn codes_are_the_keys() {
        let loaded = checked(&sources());
        let hotline = loaded.hotline.as_ref().unwrap();
        let brings = |code: &str, name: &str, language| {
            let answer = Answer::Node(language, node(&loaded, name));
            assert_eq!(hotline.sms.codes.get(code), Some(&answer), "{code}");
        };
        brings("1", "main", NL);
        brings("2", "main", EN);
        brings("20", "connect", EN);
        brings("21", "help", EN);
        brings("211", "bureau", EN);
        brings("222", "bureau", EN); // the other way in is an alias
        brings("212", "doctor", EN);
        assert_eq!(hotline.sms.codes.get("112"), None);
        assert_eq!(hotline.code(NL, node(&loaded, "doctor")), None);
        assert_eq!(hotline.code(EN, node(&loaded, "bureau")).as_deref(), Some("211"));
        assert_eq!(hotline.code(EN, node(&loaded, "danger")), None);
        assert_eq!(hotline.node(node(&loaded, "months")).path.as_deref(), Some("21"));
        assert_eq!(hotline.node(node(&loaded, "waiting")).path, None);
        assert_eq!(hotline.sms.codes.len(), 2 * 9 - 1, "{:?}", hotline.sms.codes);
    }

    #[test]
    fn texts_are_ready_to_send() {
        let loaded = checked(&sources());
        let hotline = loaded.hotline.as_ref().unwrap();
        let text =
            |language: usize, name: &str| hotline.sms.texts[language][usize::from(node(&loaded, name).0)].as_str();
        assert_eq!(text(0, "main"), "Stuur een code. 11 steun, 12 blijven, 10 praten. Wis dit bericht.");
        assert_eq!(text(1, "bureau"), "Bureau: 07700 900123. They give advice. In danger call 112. Delete this text.");
        assert_eq!(text(1, "doctor"), text(1, "help"), "a node without a text has its parent's");
        assert_eq!(text(1, "site"), text(1, "main"));
        assert_eq!(text(1, "connect"), "To talk, call +447700900000. Delete this text.");
        assert_eq!(hotline.sms.emergency, "Call 112 and speak. / Bel 112 en praat.");
        let answers = |word: &str| hotline.sms.keywords.get(word);
        assert_eq!(answers("SHELTER"), Some(&Answer::Node(EN, node(&loaded, "help"))));
        assert_eq!(answers("BUREAU"), Some(&Answer::Choose("Nederlands: 111. English: 211.".into())));
        assert_eq!(answers("DANGER"), Some(&Answer::Node(EN, node(&loaded, "danger"))));
    }

    #[test]
    fn keywords_lose_their_accents() {
        let hotline = hotline(&spoilt("texts/nl.toml", "keywords = \"OPVANG\"", "keywords = \"Ópväng\""));
        assert!(hotline.sms.keywords.contains_key("OPVANG"));
    }

    #[test]
    fn settings_fill_the_words() {
        let hours = Hours::parse(TimeZone::UTC, &["mon-fri 09:00-17:00".into()], &[]).unwrap();
        let settings = Settings { hours: Some(hours), number: "+447700900111".into(), ..Settings::default() };
        let loaded = load(&sources(), &settings, TODAY);
        let hotline = loaded.hotline.as_ref().unwrap();
        let closed = &hotline.spoken(hotline.roles.closed, EN).info[0].words;
        assert!(
            closed.ends_with("We are here Monday through Friday, from nine in the morning to five in the afternoon.")
        );
        let connect = usize::from(hotline.roles.connect.0);
        assert_eq!(hotline.sms.texts[1][connect], "To talk, call +447700900111. Delete this text.");
        let never = Hours::parse(TimeZone::UTC, &[], &["2026-12-25 09:00-17:00".into()]).unwrap();
        let loaded = load(&sources(), &Settings { hours: Some(never), ..settings }, TODAY);
        assert!(loaded.hotline.is_none());
        assert!(loaded.findings.iter().all(|finding| finding.message.contains("no weekly opening hours")));
    }

    #[test]
    fn a_published_line_outlives_a_stricter_rule_but_not_a_hole() {
        let broken_rule = spoilt("texts/all.toml", "\"Goedendag.\"", "\"Hulplijn.\"");
        assert!(checked(&broken_rule).hotline.is_none());
        let loaded = load_published(&broken_rule, &Settings::default(), TODAY);
        assert!(loaded.findings.iter().any(|finding| finding.rule == "SF-01"), "{:?}", loaded.findings);
        assert_eq!(loaded.hotline.unwrap().front.greeting.words, "Hulplijn.");
        for hole in [
            spoilt("voice.toml", "then = \"main\"", "then = \"mian\""),
            spoilt("texts/en.toml", "{key.months}", "{key.moths}"),
            Sources::new(),
        ] {
            assert!(load_published(&hole, &Settings::default(), TODAY).hotline.is_none());
        }
    }

    #[test]
    fn when_the_numbers_were_checked() {
        let sign = "checked_on = \"2026-11-01\"\nchecked_by = \"the keeper\"";
        let ages = |sources: &Sources| -> Vec<Option<i32>> {
            contacts(sources, TODAY).into_iter().map(|contact| contact.checked_days_ago).collect()
        };
        let all = contacts(&sources(), TODAY);
        assert_eq!(
            (all[0].name.as_str(), all[0].number.as_str(), all[0].checked_days_ago),
            ("emergency", "112", Some(22))
        );
        assert_eq!(ages(&spoilt("contacts.toml", sign, ""))[0], None);
        assert_eq!(ages(&spoilt("contacts.toml", "2026-11-01", "2026-05-26"))[0], Some(181));
        assert_eq!(ages(&Sources::new()), []);
    }

    #[test]
    fn unset_means_the_careful_words() {
        let hotline = hotline(&spoilt("hotline.toml", "masked_on_bill = true", "masked_on_bill = false"));
        let help = hotline.node_named("help").unwrap();
        assert!(hotline.spoken(help, EN).info[1].words.ends_with("The call can show on bills."));
        let unset = spoilt("hotline.toml", "masked_on_bill = true\n", "");
        let hotline = super::tests::hotline(&unset);
        assert!(hotline.spoken(help, EN).info[1].words.ends_with("The call can show on bills."));
    }

    #[test]
    fn a_revision_is_its_files() {
        let first = hotline(&sources()).revision;
        assert_eq!(first, hotline(&sources()).revision);
        assert_ne!(first, hotline(&spoilt("voice.toml", "", "# a remark")).revision);
        let one: Sources = [("a".into(), "bc".into())].into();
        let other: Sources = [("ab".into(), "c".into())].into();
        assert_ne!(revision(&one), revision(&other));
        // SHA-256 of the four parts, computed by another program.
        assert_eq!(revision(&[("1".into(), "22".into())].into()).to_string(), "1de36ad8478677f8");
    }

    #[test]
    fn everything_is_bounded() {
        let long = "x".repeat(crate::base::read::MAX_FILE);
        expect(&spoilt("voice.toml", "", &format!("# {long}")), "FORMAT", Severity::Error, "the file is too long");
        let text = format!("say = \"{}\"", "Hi. ".repeat(1001));
        let from = "say = \"Any doctor will see you.\"";
        let findings = checked(&spoilt("texts/en.toml", from, &text)).findings;
        assert!(findings.iter().any(|finding| finding.message == "`node.doctor.say` is too long"), "{findings:?}");
        let nodes: String = (0..5000).map(|at| format!("[node.n{at}]\n")).collect();
        let findings = checked(&spoilt("voice.toml", "", &nodes)).findings;
        assert!(findings.iter().any(|finding| finding.message.contains("more than 4096 nodes")));
        assert!(findings.len() <= 1001);
    }

    #[test]
    fn nothing_is_a_hotline_of_nothing() {
        let loaded = checked(&Sources::new());
        assert!(loaded.hotline.is_none());
        assert_eq!(loaded.findings.len(), 6, "each missing file is named: {:?}", loaded.findings);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        /// Whatever is done to the files, the loader returns; and what it returns is whole or has an error.
        #[test]
        fn any_spoilt_file_is_survived(
            file in 0usize..8,
            from in 0usize..12000,
            length in 0usize..60,
            insert in prop_oneof![
                "[\\PC\n]{0,12}",
                Just("{".to_owned()), Just("}".to_owned()), Just("\"".to_owned()), Just("[".to_owned()), Just("]".to_owned()),
                Just("= 1".to_owned()), Just("= [".to_owned()), Just("{key.}".to_owned()), Just("{code.main}".to_owned()),
                Just("then = \"main\"\n".to_owned()), Just("options = [\"main\", \"help\"]\n".to_owned()),
                Just("text_only = true\n".to_owned()), Just("\u{1b}\u{0}".to_owned()),
            ],
        ) {
            let mut sources = sources();
            let (name, text) = sources.iter().nth(file).map(|(name, text)| (name.clone(), text.to_string())).unwrap();
            let chars: Vec<char> = text.chars().collect();
            let from = from % chars.len();
            let rest = (from + length).min(chars.len());
            let spoilt: String = chars[..from].iter().copied().chain(insert.chars()).chain(chars[rest..].iter().copied()).collect();
            sources.insert(name, spoilt.into());
            let loaded = checked(&sources);
            let wrong = loaded.findings.iter().any(|finding| finding.severity == Severity::Error);
            prop_assert_eq!(loaded.hotline.is_none(), wrong);
            super::super::diagnostic::screen(&loaded.findings, &sources, true);
            super::super::diagnostic::json(&loaded.findings, &sources);
            if let Some(hotline) = &loaded.hotline {
                map(hotline);
            }
        }
    }
}
