//! `docs/promises.md` is true: every promise has its section, every test and file it names exists, and what a door cannot
//! keep is said. Below are small tests of promises that nothing else shows.

mod common;

use common::{ACCOUNT, CALLER, DESK, OWN, World};
use hulplijn::base::Digit;
use hulplijn::cli::config::Config;
use hulplijn::flow::{Desk, Input, Now, Output, Session, step};
use hulplijn::menu::time::{seconds, until_language};
use hulplijn::menu::{self, Hotline, LangIx, NodeIx, Prompt, Settings};
use hulplijn::provider::{Door, kannel, twilio};
use hulplijn::twiml::{ReadVerb, read_voice};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every door there is. A new `pub const DOOR` in `src/provider` turns [`every_door_is_listed_here`] red until it is here.
const DOORS: [&Door; 2] = [&twilio::DOOR, &kannel::DOOR];

/// The promises are CS-01 to CS-45.
const PROMISES: usize = 45;

const STATES: [&str; 4] = ["kept", "kept partly", "not yet", "the operator's"];

// ---- the page

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/promises.md")).unwrap()
}

fn ids() -> Vec<String> {
    (1..=PROMISES).map(|n| format!("CS-{n:02}")).collect()
}

/// The sections: the promise's id, and the text below its heading.
fn sections(page: &str) -> Vec<(String, String)> {
    let parts = page.split("\n### CS-").skip(1);
    let section = |part: &str| {
        let text = part.split("\n## ").next().unwrap();
        let (heading, text) = text.split_once('\n').unwrap();
        (format!("CS-{}", heading.split_whitespace().next().unwrap()), text.to_owned())
    };
    parts.map(section).collect()
}

/// The cells of each row of a table that has this many columns.
fn rows(text: &str, columns: usize) -> Vec<Vec<&str>> {
    let cells = |line: &'_ str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let lines = text.lines().filter(|line| line.starts_with("| ") && cells(line).len() == columns + 2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    let outside_fences = text.split("```").step_by(2);
    outside_fences.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_promise_has_its_row_and_its_section() {
    let page = page();
    let sections = sections(&page);
    assert_eq!(sections.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), ids());
    let table = page.split_once("## All of them").unwrap().1.split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = rows(table, 3).into_iter().filter(|row| row[0].starts_with('[')).collect();
    assert_eq!(rows.len(), PROMISES);
    for ((row, (id, text)), expected) in rows.iter().zip(&sections).zip(ids()) {
        assert!(row[0].starts_with(&format!("[{expected}](#cs-")), "{row:?}");
        let heading = page.lines().find(|line| line.starts_with(&format!("### {id} "))).unwrap();
        assert!(row[0].ends_with(&format!("](#{})", anchor(heading))), "no way from the table to {id}: {row:?}");
        assert!(row[1].split_whitespace().count() <= 8, "{id}: `{}` is not short", row[1]);
        let state = row[2];
        assert!(STATES.contains(&state), "{id}: `{state}`");
        let told = text.trim_start().strip_prefix("**").and_then(|text| text.split_once(".**")).map(|(state, _)| state);
        assert_eq!(told.map(str::to_lowercase).as_deref(), Some(state), "{id} begins with its state as in the table");
    }
}

/// The anchor that a Markdown page gives to a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn a_kept_promise_names_a_test_or_says_that_there_is_none() {
    for (id, text) in sections(&page()) {
        let kept = text.trim_start().starts_with("**Kept");
        let tested = quoted(&text).iter().any(|name| name.contains(".rs::"));
        assert!(!kept || tested || text.contains("No test"), "{id}");
        if text.trim_start().starts_with("**Not yet") {
            assert!(
                text.contains("planned") || text.contains("comes with"),
                "{id} does not say where it is planned, or that it is not"
            );
        }
    }
}

#[test]
fn every_test_and_file_that_is_named_exists() {
    let page = page();
    let (mut tests, mut files) = (0, 0);
    for name in quoted(&page) {
        let (path, test) = match name.split_once("::") {
            Some((path, test)) if path.ends_with(".rs") => (path, Some(test)),
            _ => (name, None),
        };
        if !["src/", "tests/", "docs/", "menus/", "packaging/"].iter().any(|folder| path.starts_with(folder)) {
            assert!(test.is_none(), "`{name}` is in no folder of ours");
            continue;
        }
        files += 1;
        let file = root().join(path);
        assert!(file.exists(), "`{name}`: there is no `{path}`");
        if let Some(test) = test {
            tests += 1;
            assert!(is_a_test(&std::fs::read_to_string(&file).unwrap(), test), "`{name}`: no such test in `{path}`");
        }
    }
    assert!(tests > 50 && files > tests, "{tests} tests and {files} files: the page is not read as it is written");
    for (at, _) in page.match_indices("](") {
        let link = page[at + 2..].split_once(')').unwrap().0;
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let linked = match file.is_empty() {
            true => page.clone(),
            false => std::fs::read_to_string(root().join("docs").join(file)).unwrap_or_else(|_| panic!("`{link}`")),
        };
        let mut anchors = linked.lines().filter(|line| line.starts_with('#')).map(anchor);
        assert!(heading.is_empty() || anchors.any(|known| known == heading), "the link `{link}` leads nowhere");
    }
}

/// Whether a source has a test function of this name: its attribute stands right above it.
fn is_a_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let function = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ").and_then(|line| line.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    lines.iter().enumerate().filter(|(_, line)| function(line)).any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///"));
        above.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

#[test]
fn a_test_is_told_from_other_functions() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n    #[tokio::test(flavor = \"x\")]\n    async fn three() {}\n";
    assert!(is_a_test(source, "one") && is_a_test(source, "three"));
    assert!(!is_a_test(source, "two") && !is_a_test(source, "on") && !is_a_test(source, "four"));
}

#[test]
fn what_a_door_cannot_keep_is_said() {
    let page = page();
    let table = page.split_once("## The doors").unwrap().1.split("\n## ").next().unwrap();
    let told: BTreeSet<(String, String)> = rows(table, 3)
        .into_iter()
        .filter(|row| row[1].starts_with("CS-"))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned()))
        .collect();
    let unkept = |door: &&Door| {
        let name = door.name.to_owned();
        door.unkept_promises().into_iter().map(move |(id, _)| (name.clone(), id.to_owned())).collect::<Vec<_>>()
    };
    let unkept: BTreeSet<(String, String)> = DOORS.iter().flat_map(unkept).collect();
    assert_eq!(told, unkept, "the table of doors on the page, and `unkept_promises`");
    for door in DOORS {
        assert!(table.contains(&format!("`{}`", door.name)), "the door `{}` is not named", door.name);
    }
    let sections = sections(&page);
    for (door, id) in unkept {
        let (_, text) = sections.iter().find(|(known, _)| *known == id).unwrap();
        assert!(text.contains(&format!("`{door}`")), "{id} does not say that `{door}` cannot keep it");
        assert!(!text.trim_start().starts_with("**Kept.**"), "{id} is called kept");
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => rust_files(&path, found),
            false if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The code of a room without its tests and comments.
fn code_of(room: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(&root().join("src").join(room), &mut files);
    assert!(!files.is_empty(), "{room}");
    let code = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        (path, code)
    };
    files.into_iter().map(code).collect()
}

#[test]
fn every_door_is_listed_here() {
    let doors: usize = code_of("provider").iter().map(|(_, code)| code.matches("pub const DOOR: Door").count()).sum();
    assert_eq!(doors, DOORS.len(), "list the new door in `DOORS`, and say on the page what it cannot keep");
}

// ---- promises that no other test shows

fn hotline() -> Hotline {
    let loaded = menu::load(&common::shipped_menus(), &Settings::default(), "2026-11-24".parse().unwrap());
    loaded.hotline.expect("the shipped menus are without errors")
}

/// The shipped languages with what must be found in them, in the order of `languages`.
const EMERGENCY: [&str; 2] = ["één één twee", "one one two"];

fn languages(hotline: &Hotline) -> impl Iterator<Item = LangIx> + use<> {
    assert_eq!(hotline.languages.len(), EMERGENCY.len(), "a new language: add its words to this file");
    (0..EMERGENCY.len() as u8).map(LangIx)
}

fn info(hotline: &Hotline, node: NodeIx, language: LangIx) -> String {
    hotline.spoken(node, language).info.iter().map(|prompt| prompt.words.as_str()).collect::<Vec<_>>().join(" ")
}

/// The one file that opens a connection: to the provider's REST interface, for counsellors' legs.
const WAY_OUT: &str = "src/provider/twilio/rest/sender.rs";

/// CS-01: what answers callers can open no connection and start no program, so it can begin no call and no text.
#[test]
fn what_answers_callers_has_no_way_out() {
    for room in ["base", "menu", "twiml", "privacy", "flow", "sms", "phone", "provider", "store", "switchboard"] {
        for (path, code) in code_of(room).into_iter().filter(|(path, _)| !path.ends_with(WAY_OUT)) {
            for way in ["TcpStream", "UdpSocket", "UnixStream", "process::Command", "client::", "reqwest"] {
                assert!(!code.contains(way), "{way} in {}", path.display());
            }
        }
    }
}

/// CS-01: through the one way out nobody but the desk is rung. Whom a leg rings is a `Callee`, a line of the desk; the only
/// other number is our own; nothing else of the interface is used, no text among it.
#[test]
fn the_only_way_out_rings_the_desk() {
    let rest: Vec<String> = code_of("provider/twilio/rest").into_iter().map(|(_, code)| code).collect();
    let rest = rest.join("\n").split_whitespace().collect::<Vec<_>>().join(" ");
    let count = |what: &str| rest.matches(what).count();
    assert_eq!((count("\"To\""), count("append_pair(\"To\", to)"), count("to: &'a Callee")), (1, 1, 1));
    let shown = ["number.expose()", "address.expose()", "settings.own.expose()"];
    assert_eq!((count("expose()"), shown.map(count)), (3, [1, 1, 1]));
    assert_eq!((count("Party"), count("Messages"), count("Record")), (0, 0, 0));
    let requests = (count("Request::"), count("Request::post"), count("Request::get"));
    assert_eq!(requests, (2, 1, 1), "other requests than those of `Post`");
    // A question changes nothing: how a call is, and whether the account is believed.
    assert_eq!(count("asked == Asked::Look { Request::get"), 1, "something else is done by GET");
    assert_eq!(count("address(settings, &["), 2, "other addresses than those of calls");
    assert_eq!(count("path_segments_mut"), 2, "other addresses than those of calls and of the account");
}

/// CS-02, CS-06: whoever reaches nobody hears the emergency number, that nobody calls back, and that she can call again.
#[test]
fn whoever_reaches_nobody_hears_what_she_can_do() {
    let hotline = hotline();
    let never = [
        ["Wij bellen je niet terug.", "Je kunt altijd opnieuw bellen."],
        ["We will not call you back.", "You can always call again."],
    ];
    for language in languages(&hotline) {
        let at = usize::from(language.0);
        for node in [hotline.roles.closed, hotline.roles.busy] {
            let said = info(&hotline, node, language);
            for words in [never[at][0], never[at][1], EMERGENCY[at]] {
                assert!(said.contains(words), "`{words}` in {said}");
            }
        }
        assert!(hotline.phrases(language).trouble.words.contains(EMERGENCY[at]));
    }
}

/// CS-06: a caller who presses the key of her language as soon as it is named hears the emergency number in time.
#[test]
fn the_emergency_number_is_heard_within_twenty_seconds() {
    let hotline = hotline();
    for language in languages(&hotline) {
        let mut before: Vec<&Prompt> = hotline.spoken(hotline.roles.welcome, language).info.iter().collect();
        let main = hotline.spoken(hotline.roles.main, language);
        let emergency = EMERGENCY[usize::from(language.0)];
        let at = main.info.iter().position(|prompt| prompt.words.contains(emergency)).expect("in the main menu");
        before.extend(&main.info[..=at]);
        let heard = until_language(&hotline, language) + seconds(before);
        assert!(heard <= 20.0, "{heard:.1} s in language {}", language.0);
    }
}

/// CS-06, CS-19: what is dialled is an international number, so that no short number for an emergency can be.
#[test]
fn the_desk_is_never_an_emergency_number() {
    let config = |line: &str| {
        Config::from_text(&format!(
            "public_url = \"https://line.example.org\"\ndata = \"data\"\n[twilio]\nauth_token = \"{}\"\n\
             number = \"{OWN}\"\n[desk]\nline = \"{line}\"\nhours = [\"mon-sun 00:00-24:00\"]\n",
            common::TOKEN
        ))
    };
    assert!(config(DESK).is_ok());
    for line in ["112", "911", "999", "+112", "+31112", "144", "0900 8844"] {
        let problems = config(line).err().unwrap_or_else(|| panic!("`{line}` would be dialled")).to_string();
        assert!(problems.contains("`desk.line` is not a telephone number"), "{problems}");
    }
}

/// CS-09: the same call from another number, or none, is answered with the same bytes.
#[tokio::test(flavor = "current_thread")]
async fn who_calls_changes_nothing() {
    let mut world = World::at("2026-11-24T10:00:00", "").await;
    let mut first: Option<Vec<String>> = None;
    for from in [CALLER, CALLER, "+447700900144", "", "anonymous"] {
        // Nothing is remembered over a restart but what stands on disk, and the moment is the same.
        world.restart().await;
        let form = |extra: &[(&'static str, &'static str)]| {
            [&[("CallSid", "CA1"), ("AccountSid", ACCOUNT), ("From", from), ("To", OWN)], extra].concat()
        };
        let mut heard = vec![world.post("/twilio/voice", &form(&[])).await.1];
        for key in ["2", "3", "1", "0"] {
            let read = read_voice(heard.last().unwrap().as_bytes()).unwrap();
            let ReadVerb::Gather(gather) = &read.verbs[0] else { panic!("{heard:?}") };
            let next = world.post(gather.action.as_ref().unwrap(), &form(&[("Digits", key)])).await.1;
            heard.push(next);
        }
        assert!(heard[3].contains("three months"), "{}", heard[3]);
        assert_eq!(first.get_or_insert_with(|| heard.clone()), &heard, "from {from:?}");
    }
}

/// CS-24: who waits while everybody talks hears music, the line at once and then twice a minute, and nothing else; and not
/// longer than three minutes.
#[test]
fn who_waits_hears_music_and_a_line_twice_a_minute() {
    let hotline = hotline();
    let start = Timestamp::from_second(1_795_000_000).unwrap();
    let mut session = Session::begin(hotline.revision, start);
    let mut at_s = 0.0;
    let mut lines = Vec::new();
    let mut music = 0;
    for input in ["B", "2", "0", "1"].into_iter().chain(["s"; 60]) {
        let input = match input {
            "B" => Input::Began { language: None },
            "s" => Input::Silence,
            key => Input::Pressed(Digit::new(key.chars().next().unwrap()).unwrap()),
        };
        let now = Now {
            at: start + SignedDuration::from_millis((at_s * 1000.0) as i64),
            desk: Desk::Busy,
            lease: hulplijn::base::LeaseId(1),
            who: Default::default(),
            patience: Default::default(),
        };
        let (next, outputs) = step(&hotline, session, input, now);
        session = next;
        match outputs.last() {
            Some(Output::Hold { line: Some(line), timeout_s, .. }) => {
                lines.push(at_s);
                at_s += menu::time::seconds([*line]) + f64::from(*timeout_s);
            }
            Some(Output::Hold { line: None, timeout_s, .. }) => {
                music += 1;
                at_s += f64::from(hulplijn::base::MUSIC_PIECE_S) + f64::from(*timeout_s);
            }
            _ if !lines.is_empty() => break,
            _ => {}
        }
    }
    let waited_s = at_s - lines[0];
    assert!((180.0..195.0).contains(&waited_s), "{waited_s}");
    for pair in lines.windows(2) {
        assert!((20.0..=40.0).contains(&(pair[1] - pair[0])), "a line after {} s", pair[1] - pair[0]);
    }
    assert!(lines.len() >= 6 && music >= 10);
}

/// CS-22: silence is waited for at least 45 seconds, at the front door and in the main menu.
#[test]
fn three_rounds_of_silence_are_patient() {
    let hotline = hotline();
    let start = Timestamp::from_second(1_795_000_000).unwrap();
    for keys in ["", "1", "2"] {
        let now = |at: f64| Now {
            at: start + SignedDuration::from_secs(at as i64),
            desk: Desk::Closed,
            lease: hulplijn::base::LeaseId(1),
            who: Default::default(),
            patience: Default::default(),
        };
        let mut session = Session::begin(hotline.revision, start);
        let mut outputs;
        (session, outputs) = step(&hotline, session, Input::Began { language: None }, now(0.0));
        for key in keys.chars() {
            (session, outputs) = step(&hotline, session, Input::Pressed(Digit::new(key).unwrap()), now(1.0));
        }
        let mut waited = 0.0;
        for _ in 0..3 {
            let Some(Output::Ask { prompts, timeout_s }) = outputs.last() else { panic!("{keys}: {outputs:?}") };
            waited += seconds(prompts.iter().copied()) + f64::from(*timeout_s);
            (session, outputs) = step(&hotline, session, Input::Silence, now(waited));
        }
        assert!(waited >= 45.0, "keys `{keys}`: {waited:.1} s");
    }
}

/// CS-24: what is heard while she waits says nothing of what the line is for.
#[test]
fn waiting_words_give_nobody_away() {
    let hotline = hotline();
    let words: toml::Table = common::shipped_menus()["words.toml"].parse().unwrap();
    for (language, tag) in languages(&hotline).zip(["nl", "en"]) {
        let heard =
            format!("{} {}", info(&hotline, hotline.roles.waiting, language), hotline.phrases(language).waiting.words)
                .to_lowercase();
        let sensitive = words["sensitive"][tag].as_array().unwrap();
        assert!(sensitive.len() > 10);
        for word in sensitive.iter().map(|word| word.as_str().unwrap()) {
            // "If it is safe" is about the line, not about the caller's life, and she must hear it.
            assert!(matches!(word, "safe" | "veilig") || !heard.contains(word), "`{word}` in {heard}");
        }
    }
}

/// CS-25: what the privacy node and its text must warn of, each in every language.
#[test]
fn privacy_warns_of_what_stays_behind() {
    let hotline = hotline();
    let node = hotline.node_named("privacy").unwrap();
    let groups = [
        ["Je telefoon kan ons nummer", "Your phone can keep our number"],
        ["je berichten bewaren", "your texts"],
        ["maar dat kan opvallen", "but someone may notice"],
        ["kan op een telefoonrekening staan", "can show on a phone bill"],
        ["kan geld kosten", "can cost money"],
        ["Een andere telefoon kan veiliger zijn", "Another phone can be safer"],
    ];
    let texted = [
        ["Berichten blijven op je telefoon", "Texts stay on your phone"],
        ["Iemand kan merken", "Someone may notice"],
        ["op een telefoonrekening staan", "show on a phone bill"],
        ["Een andere telefoon kan veiliger zijn", "Another phone can be safer"],
    ];
    for language in languages(&hotline) {
        let at = usize::from(language.0);
        let said = info(&hotline, node, language);
        let text = &hotline.sms.texts[at][usize::from(node.0)];
        assert!(groups.iter().all(|group| said.contains(group[at])), "{said}");
        assert!(texted.iter().all(|group| text.contains(group[at])), "{text}");
    }
}

/// CS-26: nothing that is said or texted asks who she is. The only question to her is which key she presses.
#[test]
fn nothing_asks_who_she_is() {
    let asks = [
        "how old",
        "your age",
        "what is your name",
        "tell us your",
        "where are you from",
        "where do you live",
        "nationality",
        "hoe oud",
        "je leeftijd",
        "hoe heet",
        "wat is je naam",
        "waar kom je vandaan",
        "waar woon je",
        "nationaliteit",
    ];
    let hotline = hotline();
    let mut all: Vec<&str> = hotline.sms.texts.iter().flatten().map(String::as_str).collect();
    for node in &hotline.nodes {
        for spoken in &node.spoken {
            let prompts = spoken.info.iter().chain(&spoken.options).chain(&spoken.letters).chain(&spoken.reserved);
            all.extend(prompts.map(|prompt| prompt.words.as_str()));
        }
    }
    assert!(all.len() > 100, "{} texts", all.len());
    for words in all {
        let lower = words.to_lowercase();
        assert!(!asks.iter().any(|ask| lower.contains(ask)), "{words}");
    }
}
