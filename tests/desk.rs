//! The desk as a coordinator uses it, with the program itself: the file and its findings, the rota as a page and as a
//! picture, who would ring, the alarm of empty hours. Nobody's number is ever printed.

mod common;

use common::server::{Server, configured};
use hulplijn::cli::config::Config;
use hulplijn::desk::picture::COLOURS;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Two languages, a night without one of them, a holiday, an exception.
const DESK: &str = r#"timezone = "Europe/Amsterdam"
told = ["mon-fri 09:00-17:00"]
holidays = ["12-25"]

[counsellor.anna]
line = "+1 202 555 0101"
languages = ["nl", "en"]

[counsellor.boris]
line = "sip:boris@lines.example.net"
accept = "pickup"
languages = ["en"]

[counsellor.chris]
line = "+44 7700 900101"
languages = ["nl"]

[[shift]]
days = "mon-fri"
time = "09:00-17:00"
who = ["anna", "boris"]

[[shift]]
days = "mon-sun"
time = "22:00-06:00"
who = ["chris"]

[[exception]]
date = "2026-12-28"
time = "10:00-12:00"
who = ["boris"]
"#;

/// What must never be printed: parts of every line and PIN in these tests.
const PRIVATE: [&str; 6] = ["202 555", "202555", "7700", "lines.example", "argon2id$", "0101"];

struct Place(TempDir);

impl Place {
    fn new(desk: &str) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.write("desk.toml", desk);
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs the program here, and sees that it prints nobody's number.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let program = env!("CARGO_BIN_EXE_hulplijn");
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (code, out, err) = (output.status.code().unwrap(), text(output.stdout), text(output.stderr));
        for private in PRIVATE {
            assert!(!out.contains(private) && !err.contains(private), "{private} in {out}{err}");
        }
        (code, out, err)
    }

    fn screen(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.run(arguments);
        format!("{out}{err}[exit code {code}]")
    }
}

fn root(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_example_and_the_page_about_it() {
    let example = root("desk.toml.example");
    let place = Place::new(&example);
    let (code, out, err) = place.run(&["desk", "check", "--strict", "--at", "2026-11-25"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(root("docs/coordinating.md").contains(&format!("```toml\n{example}```\n")), "the page has another example");
    // Every piece of the page can be read as well.
    let page = root("docs/coordinating.md");
    for block in page.split("```toml\n").skip(1) {
        let block = block.split("```").next().unwrap();
        assert!(block.parse::<toml::Table>().is_ok(), "{block}");
    }
    for rule in hulplijn::desk::RULES {
        assert!(page.contains(&format!("| {} | {} |", rule.id, rule.asks)), "{}", rule.id);
        let (code, out, _) = place.run(&["explain", &rule.id.to_lowercase()]);
        assert!(code == 0 && out.contains(rule.why) && out.contains(rule.todo), "{out}");
    }
    // What has a comment sign in the example is a key as well.
    let all = example
        .replace("# fallback      = \"office\"", "fallback = \"night\"")
        .replace("# staff_number", "staff_number");
    let all =
        format!("{all}\n[counsellor.night]\nline = \"+1 202 555 0108\"\nstaff_id = 11\npin = \"$argon2id$v=19$x\"\n");
    place.write("desk.toml", &all);
    assert_eq!(
        place.screen(&["desk", "check", "--strict", "--at", "2026-11-25"]).lines().last(),
        Some("[exit code 0]")
    );
}

#[test]
fn everything_that_is_wrong_at_once() {
    let wrong = DESK
        .replace("timezone", "strategy = \"all\"\nfallback = \"crhis\"\nring_s = 20\ntimezone")
        .replace("who = [\"chris\"]", "who = [\"chris\", \"bors\"]")
        .replace("sip:boris@lines.example.net", "+12025550101")
        .replace("+44 7700 900101", "07700 900101")
        .replace("09:00-17:00", "9-17")
        .replace("2026-12-28", "2026-11-01");
    let place = Place::new(&wrong);
    insta::assert_snapshot!(place.screen(&["desk", "check", "--at", "2026-11-25"]));
    let (code, json, _) = place.run(&["desk", "check", "--json", "--at", "2026-11-25"]);
    let findings: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, findings.as_array().unwrap().len() > 5), (1, true));
    assert!(findings.as_array().unwrap().iter().all(|one| one["file"] == "desk.toml" && one["line"].is_u64()));
    let place = Place::new("timezone = \"Europe/Amsterdam\"\n[counsellor.anna]\nline = \"+1 202 555 0101\n");
    assert_eq!(place.run(&["desk", "check"]).0, 1);
}

#[test]
fn warnings_count_when_they_are_asked_to() {
    let place = Place::new(&DESK.replace("[\"anna\", \"boris\"]", "[\"anna\"]").replace("[\"boris\"]", "[\"anna\"]"));
    insta::assert_snapshot!(place.screen(&["desk", "check", "--at", "2026-11-25"]));
    assert_eq!(place.run(&["desk", "check", "--strict", "--at", "2026-11-25"]).0, 1);
}

/// Many different days take longer to say than the menus allow.
#[test]
fn hours_that_callers_can_be_told() {
    let many = root("desk.toml.example").replace("told ", "# told ");
    let place = Place::new(&many);
    let screen = place.screen(&["desk", "check", "--at", "2026-11-25"]);
    assert!(
        screen.contains(
            "error[DK-12]: callers cannot be told these hours: the information of `closed` takes long (TM-03)"
        ),
        "{screen}"
    );
    place.write("desk.toml", &root("desk.toml.example").replace("sat,sun 10:00-16:00\"]", "sat,sun 10:00-17:00\"]"));
    let screen = place.screen(&["desk", "check", "--at", "2026-11-25"]);
    assert!(
        screen.contains("error[DK-12]: callers are told hours in which nobody is there: sat,sun 16:00-17:00"),
        "{screen}"
    );
}

#[test]
fn a_file_that_is_not_private_is_refused_by_all() {
    let place = Place::new(DESK);
    std::fs::set_permissions(place.path().join("desk.toml"), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(place.screen(&["desk", "check"]).contains("error[DK-11]: `desk.toml` can be opened by others"));
    for command in ["rota", "who"] {
        let (code, out, err) = place.run(&["desk", command]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("mode 640") && err.contains("`chmod 600 desk.toml`"), "{err}");
    }
    let place = Place::new(DESK);
    let menus = place.path().join("menus");
    std::fs::create_dir(&menus).unwrap();
    place.write("menus/desk.toml", DESK);
    place.write("menus/hotline.toml", "");
    let screen = place.screen(&["desk", "check", "menus/desk.toml"]);
    assert!(screen.contains("lies in the folder of menus"), "{screen}");
    assert_eq!(place.run(&["desk", "check", "nowhere.toml"]).0, 2);
    assert_eq!(Place(tempfile::tempdir().unwrap()).run(&["desk", "check"]).0, 2);
}

#[test]
fn the_rota_as_a_page() {
    let place = Place::new(DESK);
    insta::assert_snapshot!(place.screen(&["desk", "rota", "--weeks", "1", "--from", "2026-12-23"]));
}

#[test]
fn the_rota_of_one_language() {
    let place = Place::new(DESK);
    insta::assert_snapshot!(place.screen(&["desk", "rota", "--weeks", "1", "--from", "2027-01-04", "--lang", "en"]));
    let (code, _, err) = place.run(&["desk", "rota", "--lang", "ru"]);
    assert_eq!(
        (code, err.as_str()),
        (2, "`ru` is neither offered nor spoken at the desk: expected one of `en`, `nl`\n")
    );
    assert_eq!(place.run(&["desk", "rota", "--weeks", "54"]).0, 2);
    assert_eq!(place.run(&["desk", "rota", "--weeks", "0"]).0, 2);
}

#[test]
fn the_rota_for_other_programs() {
    let place = Place::new(DESK);
    let (code, json, _) = place.run(&["desk", "rota", "--json", "--weeks", "1", "--from", "2026-12-23"]);
    let rota: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, rota["until"].as_str()), (1, Some("2026-12-30")));
    let spans = rota["on_duty"].as_array().unwrap();
    assert_eq!(spans[0]["from"], "2026-12-23T00:00:00+01:00");
    assert!(spans.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "spans meet");
    let holes: Vec<&Value> =
        rota["empty"].as_array().unwrap().iter().filter(|empty| empty["every_week"] == false).collect();
    assert_eq!(holes[0]["from"], "2026-12-25T09:00:00+01:00");
    assert_eq!(holes[0]["why"], "a holiday");
    assert!(!rota["without"]["en"].as_array().unwrap().is_empty());
}

#[test]
fn the_rota_as_a_picture() {
    let place = Place::new(
        &DESK
            .replace("[counsellor.chris]", "[counsellor.a-name-of-thirty-two-letters-xyz]")
            .replace("\"chris\"", "\"a-name-of-thirty-two-letters-xyz\""),
    );
    let arguments = ["desk", "rota", "--weeks", "4", "--from", "2026-12-07", "--svg"];
    let (code, page, err) = place.run(&[&arguments[..], &["rota.svg"]].concat());
    assert!(code == 1 && page.contains("Hours with nobody") && err.contains("wrote rota.svg"), "{page}{err}");
    let drawing = std::fs::read_to_string(place.path().join("rota.svg")).unwrap();
    let (_, same, _) = place.run(&[&arguments[..], &["-"]].concat());
    assert_eq!(drawing, same);
    let mut reader = quick_xml::Reader::from_str(&drawing);
    let mut marks = [0, 0, 0];
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(tag) => {
                let class = tag.try_get_attribute("class").unwrap().map(|class| class.value.to_string());
                for (at, known) in ["bar", "closed", "hole"].iter().enumerate() {
                    marks[at] += usize::from(class.as_deref() == Some(*known));
                }
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert!(marks.iter().all(|marks| *marks > 5), "{marks:?}");
    for part in [
        "role=\"img\"",
        "<title id=\"rota-title\">Rota of desk.toml</title>",
        "<desc id=\"rota-description\">4 weeks from 2026-12-07: 2 as every week, 2 otherwise",
        "Not as every week: week of 28 Dec 2026",
        "prefers-color-scheme:dark",
        "a-name-of-thirty-tw…",
    ] {
        assert!(drawing.contains(part), "{part}");
    }
    for outside in ["<script", "https:", "url(", "href", "7700"] {
        assert!(!drawing.contains(outside), "{outside}");
    }
}

/// WCAG 2.2, contrast ratio of two colours.
fn contrast(one: &str, other: &str) -> f64 {
    let light = |colour: &str| {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    let (a, b) = (light(one), light(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_picture_can_be_read_by_day_and_by_night() {
    let colour = |name: &str, night: bool| {
        let (_, day, dark) = COLOURS.iter().find(|(known, ..)| *known == name).unwrap();
        if night { *dark } else { *day }
    };
    for night in [false, true] {
        for ground in ["paper", "row"] {
            for (name, least) in
                [("ink", 4.5), ("soft", 4.5), ("bar", 3.0), ("tongue", 3.0), ("closed", 3.0), ("hole", 3.0)]
            {
                let contrast = contrast(colour(name, night), colour(ground, night));
                assert!(contrast >= least, "{name} on {ground}, night {night}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn who_would_ring() {
    let place = Place::new(&format!("fallback = \"last\"\n{DESK}\n[counsellor.last]\nline = \"+1 202 555 0109\"\n"));
    insta::assert_snapshot!(place.screen(&["desk", "who", "--at", "2026-11-24 10:30", "--lang", "en"]));
    insta::assert_snapshot!("who_at_night", place.screen(&["desk", "who", "--at", "2027-04-27 02:30", "--lang", "en"]));
    let place = Place::new(DESK);
    insta::assert_snapshot!("who_nobody", place.screen(&["desk", "who", "--at", "2027-04-27 07:30", "--lang", "en"]));
    let (code, _, err) = place.run(&["desk", "who", "--at", "tomorrow"]);
    assert_eq!((code, err.contains("`--at`: `tomorrow` is not a moment")), (2, true), "{err}");
    let (code, json, _) = place.run(&["desk", "who", "--json", "--at", "2027-03-28 02:30"]);
    let who: Value = serde_json::from_str(&json).unwrap();
    // The time that the clocks leave out is the moment of the change.
    assert_eq!(
        (code, who["at"].as_str(), who["who"][0]["name"].as_str()),
        (0, Some("2027-03-28T03:00:00+02:00"), Some("chris"))
    );
}

#[test]
fn a_call_at_a_moment_meets_the_same_rota() {
    let place = Place::new(DESK);
    place.write("hulplijn.toml", "data = \"data\"\n[desk]\nfile = \"desk.toml\"\n");
    for moment in [
        "2027-04-27 10:30",
        "2027-04-27 07:30",
        "2027-03-28 02:30",
        "2027-10-31 02:30",
        "2026-12-25 10:00",
        "2026-12-25 05:59",
        "2026-12-28 09:30",
        "2026-12-28 10:30",
        "2028-02-29 23:00",
    ] {
        let who = place.run(&["desk", "who", "--config", "hulplijn.toml", "--at", moment]).0;
        let (code, heard, err) = place.run(&[
            "call",
            "--config",
            "hulplijn.toml",
            "--at",
            moment,
            "--keys",
            "2,0,1",
            "--counsellor",
            "takes",
        ]);
        assert_eq!(code, 0, "{moment}: {heard}{err}");
        let closed = heard.contains("Nobody can answer now");
        let talked = heard.contains("counsellor");
        assert_eq!((who == 0, who == 1), (talked, closed && !talked), "{moment}: {heard}");
    }
}

#[test]
fn the_configuration_takes_the_file() {
    let place = Place::new(DESK);
    let load = |text: &str| {
        let path = place.write("hulplijn.toml", &format!("data = \"data\"\n{text}"));
        let flags = hulplijn::cli::config::Flags { config: Some(path), ..Default::default() };
        Config::load(&flags, &|_| None).map_err(|problems| problems.to_string())
    };
    let real =
        "public_url = \"http://127.0.0.1:1\"\n[twilio]\nauth_token = \"t\"\nnumber = \"+1 202 555 0100\"\n[desk]\n";
    let config = load(&format!("{real}file = \"desk.toml\"\nwithheld_at_once = 5\n")).unwrap();
    let desk = config.desk.desk.clone().unwrap();
    assert_eq!((desk.counsellors.len(), config.desk.withheld_at_once, config.desk.spoken_hours), (3, 5, true));
    assert!(config.desk.rings() && config.secret_files.iter().any(|path| path.ends_with("desk.toml")));
    assert_eq!(config.timezone.as_ref().unwrap().iana_name(), Some("Europe/Amsterdam"));
    assert!(!config.played().desk.rings());
    // The small desk goes on, as a desk of one.
    let small =
        load(&format!("{real}line = \"+1 202 555 0101\"\nhours = [\"mon-fri 09:00-17:00\"]\nring_s = 9\n")).unwrap();
    let desk = small.desk.desk.unwrap();
    assert_eq!((desk.counsellors[0].id.as_str(), desk.counsellors[0].line.ring_s, desk.wrap_up_s), ("desk", 9, 0));
    let case = |text: &str, says: &str| {
        let problems = load(text).err().unwrap();
        assert!(problems.contains(says), "{says} in {problems}");
        assert!(PRIVATE.iter().all(|private| !problems.contains(private)), "{problems}");
    };
    let beside = "file = \"desk.toml\"\nline = \"+12025550103\"\nhours = [\"mon 09:00-10:00\"]\nring_s = 20\n";
    case(&format!("{real}{beside}"), "`[desk] file` is set: `line`, `hours`, `ring_s` belong in that file");
    case(&format!("{real}file = \"nowhere.toml\"\n"), "cannot read `[desk] file`");
    case(&format!("timezone = \"UTC\"\n{real}file = \"desk.toml\"\n"), "`timezone` is `UTC` here");
    case(
        &format!("{}file = \"desk.toml\"\n", real.replace("0100", "0101")),
        "the line of `anna` in the desk file is the hotline's own number",
    );
    place.write("wrong.toml", &DESK.replace("mon-fri", "mon-fry"));
    case(&format!("{real}file = \"wrong.toml\"\n"), "wrong.toml:19:13: `fry` is not a day");
    std::fs::set_permissions(place.path().join("desk.toml"), std::fs::Permissions::from_mode(0o604)).unwrap();
    case(&format!("{real}file = \"desk.toml\"\n"), "can be opened by others on this machine (mode 604): `chmod 600");
}

/// A desk that is there at all hours, and not tomorrow.
#[test]
fn the_coordinator_is_told_of_empty_hours() {
    let tomorrow = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date().tomorrow().unwrap();
    let place = Place::new(&format!(
        "timezone = \"UTC\"\n[counsellor.anna]\nline = \"+1 202 555 0101\"\n[[shift]]\ndays = \"mon-sun\"\n\
         time = \"00:00-24:00\"\nwho = [\"anna\"]\n[[exception]]\ndate = \"{tomorrow}\"\nclosed = true\n"
    ));
    let port = configured(place.path());
    let path = place.path().join("hulplijn.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once("[desk]").unwrap();
    let told = place.path().join("told");
    let script = "printf '%s|%s\\n' \"$HULPLIJN_ALARM\" \"$2\" >> \"$1\"";
    place.write("hulplijn.toml", &format!(
        "{before}[desk]\nfile = \"desk.toml\"\n[alarm]\ncommand = [\"/bin/sh\", \"-c\", {script:?}, \"alarm\", {told:?}]\n"
    ));
    let server = Server::start(place.path(), port);
    let started = Instant::now();
    while !told.exists() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(1500));
    let told = std::fs::read_to_string(&told).unwrap();
    let date = tomorrow.strftime("%A %-d %B %Y");
    assert!(
        told.starts_with("desk|the desk is empty ") && told.contains(&format!("nobody from {date}, 00:00 until")),
        "{told}"
    );
    assert!(told.contains("(an exception)") && told.lines().count() == 1 && !told.contains("0101"), "{told}");
    drop(server);
}

#[test]
fn the_schema() {
    let place = Place::new(DESK);
    let (code, schema, _) = place.run(&["schema", "desk.toml"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!((code, schema["properties"]["ring_s"]["maximum"].as_u64()), (0, Some(15)));
    assert!(place.run(&["schema"]).1.contains("desk.toml, outside the menus"));
    assert!(place.run(&["schema", "--write", "schemas"]).1.contains("schemas/desk.schema.json"));
}
