//! What is read, what is refused, and that no number is shown.

use super::*;
use crate::base::Accept;
use crate::desk::fixture::{FILE, TODAY, desk, loaded};
use crate::desk::{Gender, Offered, against};
use proptest::prelude::{prop, prop_assert, proptest};

/// What is found when this is put in the place of that: rule, line, message.
fn found(from: &str, to: &str) -> Vec<String> {
    assert!(FILE.contains(from), "`{from}` is not in the file");
    told(&loaded(&FILE.replacen(from, to, 1)))
}

fn told(loaded: &Loaded) -> Vec<String> {
    let told = |finding: &Finding| {
        let (line, column) = finding.place.line_column(&loaded.sources);
        let severity = match finding.severity {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Notice => 'N',
        };
        format!("{severity} {} {line}:{column} {}", finding.rule, finding.message)
    };
    loaded.findings.iter().map(told).collect()
}

#[test]
fn a_whole_file() {
    let loaded = loaded(&format!(
        "strategy = \"longest-idle\"\nring_s = 12\nwrap_up_s = 0\nwait_max_s = 600\ntalk_max_min = 240\n\
         choose_gender = true\nlanguage = \"nl\"\nfallback = \"last\"\nstaff_number = \"+1 202 555 0109\"\n{FILE}\n\
         [counsellor.last]\nline = \"+1 202 555 0103\"\nstaff_id = 42\npin = \"$argon2id$v=19$x\"\n"
    ));
    assert_eq!(told(&loaded), [""; 0]);
    let desk = loaded.desk.unwrap();
    assert_eq!(
        (desk.strategy, desk.fallback, desk.choose_gender),
        (Strategy::LongestIdle, Some(CounsellorIx(3)), true)
    );
    assert_eq!((desk.wrap_up_s, desk.wait_max_s, desk.talk_max_s), (0, 600, 14_400));
    assert_eq!((desk.language, desk.staff_number.is_some()), (Language::new("nl"), true));
    let boris = &desk.counsellors[1];
    assert!(matches!(boris.line, Line { callee: Callee::Sip(_), accept: Accept::Pickup, ring_s: 12 }));
    assert_eq!((boris.gender, boris.languages.len(), boris.staff_id), (Some(Gender::Man), 2, None));
    assert_eq!((desk.counsellors[3].staff_id, desk.counsellors[3].pin.is_some()), (Some(42), true));
    let printed = format!("{desk:?}");
    for hidden in ["202", "555", "7700", "phones.example", "argon2id", "42"] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
}

#[test]
fn what_counts_where_nothing_stands() {
    let desk = desk();
    assert_eq!((desk.strategy, desk.fallback, desk.choose_gender), (Strategy::Order, None, false));
    assert_eq!((desk.wrap_up_s, desk.wait_max_s, desk.talk_max_s), (60, 180, 7200));
    assert_eq!((desk.counsellors[0].line.ring_s, desk.counsellors[0].line.accept), (15, Accept::Key));
}

#[test]
fn what_is_not_well_formed() {
    let case = |from: &str, to: &str, expected: &[&str]| assert_eq!(found(from, to), expected, "{to}");
    case("timezone = \"Europe/Amsterdam\"", "", &["E FORMAT 1:1 `timezone` is missing"]);
    case("Europe/Amsterdam", "Europe/Amsterdm", &["E FORMAT 1:12 `Europe/Amsterdm` is not a time zone"]);
    case("timezone", "ring_s = 4\ntimezone", &["E FORMAT 1:10 `ring_s` is out of bounds"]);
    case("timezone", "ring_s = \"4\"\ntimezone", &["E FORMAT 1:10 `ring_s` is of the wrong kind"]);
    case("timezone", "wait_max_s = 601\ntimezone", &["E FORMAT 1:14 `wait_max_s` is out of bounds"]);
    case("timezone", "wait_max_s = -60\ntimezone", &["E FORMAT 1:14 `wait_max_s` is out of bounds"]);
    case(
        "timezone",
        "strategy = \"al\"\ntimezone",
        &[
            "E FORMAT 1:12 `al` is not a strategy",
            "W DK-03 1:12 these take a call by key and cannot be rung all at once everywhere: `anna`, `night`",
        ],
    );
    case("timezone", "timezon", &["E FORMAT 1:1 `timezon` is not a key of this file"]);
    case("12-25", "02-30", &["E FORMAT 2:13 `02-30` is not a holiday"]);
    case(
        "[counsellor.anna]",
        "[counsellor.Anna]",
        &[
            "E FORMAT 4:13 `Anna` cannot be the name of a counsellor",
            "E FORMAT 21:8 `anna` is not a counsellor",
            "E FORMAT 26:8 `anna` is not a counsellor",
        ],
    );
    case(
        "\"+1 202 555 0101\"",
        "\"020 555 0101\"",
        &["E FORMAT 5:8 `line` is neither a telephone number nor a SIP address"],
    );
    case("languages = [\"nl\", \"en\"]", "languages = [\"Dutch\"]", &["E FORMAT 6:14 `Dutch` is not a language"]);
    case("gender = \"woman\"", "gender = \"women\"", &["E FORMAT 7:10 `women` is not what a caller may ask for"]);
    case("gender = \"woman\"", "pin = \"1234\"", &["E FORMAT 7:7 `pin` is not the hash of a PIN"]);
    case("gender = \"woman\"", "staff_id = 9", &["E FORMAT 7:12 `counsellor.anna.staff_id` is out of bounds"]);
    case("days = \"mon-fri\"", "days = \"mon-fry\"", &["E FORMAT 19:13 `fry` is not a day"]);
    case("days = \"mon-fri\"", "days = \"mon, tues\"", &["E FORMAT 19:14 `tues` is not a day"]);
    case("days = \"mon-fri\"", "days = \"mon-holiday\"", &["E FORMAT 19:8 `holiday` has no day before or after it"]);
    case(
        "09:00-12:00",
        "9:00-12:00",
        &["E FORMAT 20:8 `9:00` is not a time: expected a whole or half hour, such as `09:00` or `17:30`"],
    );
    case(
        "09:00-12:00",
        "09:00-09:00",
        &["E FORMAT 20:8 `09:00-09:00` is not a stretch of time: expected one such as `09:00-17:00`"],
    );
    case(
        "who = [\"anna\", \"boris\"]",
        "who = []",
        &["W DK-06 9:13 `boris` is on no shift", "E FORMAT 21:7 nobody is in this shift"],
    );
    case(
        "who = [\"anna\", \"boris\"]",
        "who = [\"anna\", \"borris\"]",
        &["E FORMAT 21:16 `borris` is not a counsellor"],
    );
    case(
        "who = [\"anna\", \"boris\"]",
        "who = [\"boris\", \"boris\"]",
        &["W FORMAT 21:17 `boris` is named twice in this shift"],
    );
    case(
        "[[shift]]",
        "[[shfit]]",
        &["W DK-06 9:13 `boris` is on no shift", "E FORMAT 18:3 `shfit` is not a key of this file"],
    );
    assert_eq!(told(&loaded("= 1")).len(), 1);
}

#[test]
fn what_callers_are_told_is_true() {
    let case = |told: &str, expected: &[&str]| {
        assert_eq!(found("timezone", &format!("told = {told}\ntimezone")), expected, "{told}");
    };
    case("[\"mon-fri 09:00-17:00\"]", &[]);
    case("[\"mon-sun 22:00-06:00\", \"tue 10:00-11:00\"]", &[]);
    case(
        "[\"mon-sat 09:00-17:30\"]",
        &["E DK-12 1:8 callers are told hours in which nobody is there: mon-fri 17:00-17:30, sat 09:00-17:30"],
    );
    case(
        "[\"mon 9-17\"]",
        &["E FORMAT 1:8 `9` is not a time: expected a whole or half hour, such as `09:00` or `17:30`"],
    );
    let with_fallback = FILE.replace("timezone", "told = [\"sun 09:00-10:00\"]\nfallback = \"last\"\ntimezone");
    let loaded = loaded(&format!("{with_fallback}[counsellor.last]\nline = \"+12025550103\"\n"));
    assert_eq!(told(&loaded), [""; 0]);
    let desk = loaded.desk.unwrap();
    assert_eq!(desk.hours(TODAY, 10), crate::base::hours::Hours::always(desk.rota.zone().clone()));
    assert_eq!(crate::desk::words::week(&desk.told_hours().week), "sun 09:00-10:00");
}

#[test]
fn a_name_is_no_number() {
    let found = found("[counsellor.night]", "[counsellor.12025550101]");
    assert_eq!(found[0], "E FORMAT 15:13 `***********` cannot be the name of a counsellor");
}

#[test]
fn exceptions_say_one_thing() {
    let case = |exception: &str, expected: &[&str]| {
        assert_eq!(told(&loaded(&format!("{FILE}[[exception]]\n{exception}\n"))), expected, "{exception}");
    };
    case("date = \"2026-12-31\"\nclosed = true", &[]);
    case("date = 2026-12-31\ntime = \"18:00-02:00\"\nwho = [\"anna\"]", &[]);
    case("date = \"2026-12-31\"", &["E FORMAT 32:1 nothing says what is so on this day"]);
    case("date = \"2026-12-31\"\ntime = \"18:00-02:00\"", &["E FORMAT 32:1 nothing says who comes on this day"]);
    case("date = \"2026-12-31\"\nwho = [\"anna\"]", &["E FORMAT 32:1 nothing says when they come on this day"]);
    case(
        "date = \"2026-12-31\"\nclosed = true\nwho = [\"anna\"]",
        &["E FORMAT 32:1 this day is closed, and somebody comes all the same"],
    );
    case("date = \"2026-11-23\"\nclosed = true", &["N DK-07 33:8 the exception of 2026-11-23 is past"]);
    case("date = \"2026-11-24\"\nclosed = true", &[]);
    case(
        "date = \"2027-03-28\"\ntime = \"02:00-03:00\"\nwho = [\"anna\"]",
        &["W DK-04 34:8 this can never happen: on 2027-03-28 the clocks leave this time out"],
    );
    let both = "date = \"2026-12-31\"\nclosed = true\n[[exception]]\ndate = \"2026-12-31\"\ntime = \"10:00-11:00\"\nwho = [\"anna\"]";
    case(both, &["E FORMAT 36:8 2026-12-31 is closed, and something else as well"]);
    let twice = "date = \"2026-12-31\"\ntime = \"10:00-11:00\"\nwho = [\"anna\"]\n[[exception]]\ndate = \"2026-12-31\"\ntime = \"10:00-11:00\"\nwho = [\"boris\"]";
    case(twice, &["W DK-04 38:8 2026-12-31 has this time twice"]);
}

#[test]
fn what_nobody_wants() {
    let case = |from: &str, to: &str, expected: &[&str]| assert_eq!(found(from, to), expected, "{to}");
    case("sip:boris@phones.example.org", "+12025550101", &["E DK-02 10:8 `boris` has the same line as `anna`"]);
    case(
        "timezone",
        "staff_number = \"+12025550101\"\ntimezone",
        &[
            "W DK-10 1:16 there is a staff number, and nobody has a staff id",
            "E DK-02 6:8 the line of `anna` is the staff number",
        ],
    );
    case(
        "timezone",
        "strategy = \"all\"\ntimezone",
        &["W DK-03 1:12 these take a call by key and cannot be rung all at once everywhere: `anna`, `night`"],
    );
    case("days = \"mon-sun\"", "days = \"holiday\"", &[]);
    case(
        "timezone = \"Europe/Amsterdam\"\nholidays = [\"12-25\"]",
        "timezone = \"Europe/Amsterdam\"\nholidays = [\"2026-01-01\"]",
        &["N DK-07 2:13 the holiday of 2026-01-01 is past"],
    );
    case(
        "timezone",
        "fallback = \"night\"\ntimezone",
        &["W DK-05 1:12 `night` is the fallback line and on the rota as well"],
    );
    case("who = [\"night\"]", "who = [\"anna\"]", &["W DK-06 15:13 `night` is on no shift"]);
    case("timezone", "choose_gender = true\ntimezone", &[]);
    case("gender = \"woman\"", "staff_id = 11", &["W DK-10 7:12 `anna` has a staff id and no PIN"]);
    case("gender = \"woman\"", "pin = \"$argon2id$x\"", &["W DK-10 7:7 `anna` has a PIN and no staff id"]);
    let never = loaded(
        "timezone = \"UTC\"\n[counsellor.a]\nline = \"+12025550101\"\n[[shift]]\ndays = \"holiday\"\ntime = \"10:00-11:00\"\nwho = [\"a\"]\n",
    );
    assert_eq!(
        told(&never),
        [
            "E DK-01 1:1 nobody can be reached in an ordinary week",
            "W DK-04 4:1 this shift can never happen: it is for holidays, and none is named",
        ]
    );
    let twice = "[[shift]]\ndays = \"mon-sun\"\ntime = \"22:00-06:00\"\nwho = [\"night\"]\n";
    assert_eq!(told(&loaded(&format!("{FILE}{twice}"))), ["W DK-04 32:1 this shift stands here twice"]);
    let ids = FILE.replace("gender = \"woman\"", "staff_id = 11\npin = \"$argon2id$x\"");
    let ids = ids.replace("gender = \"man\"", "staff_id = 11\npin = \"$argon2id$y\"");
    assert_eq!(told(&loaded(&ids)), ["E DK-02 14:12 `boris` has the same staff id as `anna`"]);
}

#[test]
fn cs_28_a_language_is_offered_when_somebody_speaks_it() {
    let text = FILE.replace("line = \"+44 7700 900101\"", "line = \"+44 7700 900101\"\nlanguages = [\"nl\"]");
    let against = |text: &str, offered: &[&str], zone: &str| -> Vec<String> {
        let mut loaded = loaded(text);
        let offered: Vec<Language> = offered.iter().filter_map(|tag| Language::new(tag)).collect();
        loaded.findings = against(&loaded, &Offered { languages: &offered, zone: Some(zone), gender: false });
        told(&loaded)
    };
    assert_eq!(
        against(&text, &["nl", "en", "ro"], "Europe/Amsterdam"),
        [
            "W DK-08 1:1 `en` is offered, and nobody on duty speaks it: mon-sun 22:00-06:00",
            "W DK-08 1:1 `ro` is offered, and nobody on duty speaks it: mon-fri 12:00-17:00, mon-sun 22:00-06:00",
        ]
    );
    assert_eq!(
        against(FILE, &["nl", "en", "ro"], "Europe/Amsterdam"),
        ["W DK-08 1:1 `ro` is offered, and nobody on duty speaks it: mon-fri 12:00-17:00"]
    );
    let with_fallback =
        format!("fallback = \"last\"\n{text}[counsellor.last]\nline = \"+12025550103\"\nlanguages = [\"en\"]\n");
    assert_eq!(
        against(&with_fallback, &["nl", "en"], "Europe/Amsterdam"),
        [
            "W DK-08 1:1 `nl` is offered, and nobody on duty speaks it: mon-fri 06:00-09:00, mon-fri 17:00-22:00, sat,sun 06:00-22:00",
            "N DK-09 13:20 `ro` is spoken at the desk, and the hotline does not offer it",
        ]
    );
    assert_eq!(
        against(&format!("language = \"ru\"\n{text}"), &["nl", "en", "ro"], "UTC"),
        [
            "W DK-08 1:1 `en` is offered, and nobody on duty speaks it: mon-sun 22:00-06:00",
            "W DK-08 1:1 `ro` is offered, and nobody on duty speaks it: mon-fri 12:00-17:00, mon-sun 22:00-06:00",
            "E DK-09 1:12 counsellors are to be spoken to in `ru`, which the hotline does not have",
            "W DK-09 2:12 the desk has another time zone than the hotline",
        ]
    );
}

#[test]
fn a_woman_or_a_man_can_be_asked_for_where_both_files_say_so() {
    let case = |desk: &str, gender: bool| -> Vec<String> {
        let mut loaded = loaded(desk);
        let languages: Vec<Language> = ["nl", "en", "ro"].iter().filter_map(|tag| Language::new(tag)).collect();
        loaded.findings = against(&loaded, &Offered { languages: &languages, zone: Some("Europe/Amsterdam"), gender });
        told(&loaded).into_iter().filter(|line| line.contains("DK-10")).collect()
    };
    let chooses = format!("choose_gender = true\n{FILE}");
    assert_eq!((case(FILE, false), case(&chooses, true)), (vec![], vec![]));
    assert_eq!(
        case(FILE, true),
        ["W DK-10 1:1 the menus let callers ask for a woman or a man, and the desk does not: anybody is rung"]
    );
    assert_eq!(
        case(&chooses, false),
        ["W DK-10 1:1 the desk lets callers ask for a woman or a man, and no key of the menus does"]
    );
}

#[test]
fn no_number_is_in_what_is_shown() {
    let text = FILE
        .replace("[counsellor.night]", "[counsellor.\"+12025550199\"]")
        .replace("timezone", "fallback = \"+12025550198\"\ntimezone");
    let loaded = loaded(&format!("{text}\nline = +1 202"));
    let shown = format!("{:?} {:?} {:?}", loaded.findings, loaded.sources, told(&loaded));
    for hidden in ["0101", "0198", "0199", "7700", "phones.example"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[test]
fn a_file_of_ten_thousand_shifts_and_one_more() {
    let shift = "[[shift]]\ndays = \"mon\"\ntime = \"09:00-10:00\"\nwho = [\"anna\"]\n";
    let loaded = loaded(&format!("{FILE}{}", shift.repeat(9_998)));
    let errors = loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && finding.message.contains("too long"));
    assert_eq!(errors.count(), 1);
}

proptest! {
    #[test]
    fn any_text_is_survived(lines in prop::collection::vec(prop::sample::select(vec![
        "timezone = \"Europe/Amsterdam\"", "[[shift]]", "days = \"mon-fri\"", "days = \"-,-\"", "time = \"22:00-06:00\"",
        "who = [\"a\", \"b\"]", "[counsellor.a]", "[counsellor.b]", "line = \"+12025550101\"", "line = 5", "[[exception]]",
        "date = \"2026-12-31\"", "date = \"9999-12-31\"", "date = \"-009999-01-01\"", "closed = true", "holidays = [\"02-29\", 5]", "fallback = \"a\"", "\u{1f600} = \"", "counsellor = 5",
        "days = \"\u{e9},mon\"",
    ]), 0..14)) {
        let text = lines.join("\n");
        let loaded = load("desk.toml", &text, TODAY);
        prop_assert!(loaded.desk.is_some() || loaded.has_errors());
        let told = format!("{:?}", loaded.findings);
        prop_assert!(!told.contains("55501"));
        if let Some(desk) = loaded.desk {
            desk.rota.on_duty("2027-01-01T00:00:00Z".parse().unwrap());
            desk.hours(TODAY, 400);
        }
    }
}
