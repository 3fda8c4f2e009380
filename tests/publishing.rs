//! Publishing as an operator does it, with the real binary: while a server runs and calls are in progress, over
//! restarts, by two persons, beside databases in every kind of trouble.

mod common;

use common::server::{Server, configured};
use common::{CALLER, DESK};
use hulplijn::twiml::{self, ReadVerb};
use rusqlite::Connection;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const OLD: &str = "For rules about work";
const NEW: &str = "For the rules on work";

/// A folder with a configuration, the shipped menus as `menus`, and room for data.
struct Line {
    folder: TempDir,
    port: u16,
}

impl Line {
    fn new(extra: &str) -> Line {
        let folder = tempfile::tempdir().unwrap();
        let port = configured(folder.path());
        let config = folder.path().join("hulplijn.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("menus = \"menus\"\n{text}{extra}")).unwrap();
        let line = Line { folder, port };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("menus"), &line.menus());
        line
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn menus(&self) -> PathBuf {
        self.path().join("menus")
    }

    fn database(&self) -> PathBuf {
        self.path().join("data").join(hulplijn::store::FILE_NAME)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.menus().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "`{from}` does not stand in {file}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn serve(&self) -> Server {
        Server::start(self.path(), self.port)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        command.args(arguments).arg("--config").arg(self.path().join("hulplijn.toml"));
        command.current_dir(self.path()).env("COLUMNS", "100").env_remove("HULPLIJN_DATA").stdin(Stdio::null());
        command
    }

    /// Exit code, and both streams together.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        told(self.command(arguments).output().unwrap())
    }

    fn published(&self, arguments: &[&str]) -> String {
        let all = [&["publish", "menus", "--by", "Ada", "--yes"], arguments].concat();
        let (code, said) = self.run(&all);
        assert_eq!(code, 0, "{said}");
        said
    }

    fn trail(&self) -> Vec<Value> {
        let output = self.command(&["revisions", "--json"]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.trail().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &name);
        } else {
            std::fs::copy(&path, &name).unwrap();
        }
    }
}

fn told(output: Output) -> (i32, String) {
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn action(document: &str) -> String {
    let read = twiml::read_voice(document.as_bytes()).unwrap();
    let action = read.verbs.iter().find_map(|verb| match verb {
        ReadVerb::Gather(gather) => gather.action.clone(),
        ReadVerb::Dial(dial) => dial.action.clone(),
        _ => None,
    });
    action.unwrap_or_else(|| panic!("no way on: {document}"))
}

/// A call that pressed these keys: the last document.
fn call(server: &Server, sid: &str, keys: &[&str]) -> String {
    let mut document = server.post("/twilio/voice", &[("CallSid", sid)]);
    for key in keys {
        document = press(server, sid, &document, key);
    }
    document
}

fn press(server: &Server, sid: &str, document: &str, key: &str) -> String {
    server.post(&action(document), &[("CallSid", sid), ("Digits", key)])
}

fn is_front_door(document: &str) -> bool {
    document.contains("Goedendag.") && document.contains("For English")
}

/// Waits until new calls hear this, and says how long that took.
fn until_heard(server: &Server, words: &str) -> Duration {
    let begun = Instant::now();
    let mut number = 0;
    loop {
        number += 1;
        if call(server, &format!("CAwait{}x{number}", begun.elapsed().as_nanos()), &["2", "3"]).contains(words) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "`{words}` is not heard");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_running_server_takes_it_up_at_once_and_calls_finish_on_theirs_over_restarts() {
    let line = Line::new("");
    let server = line.serve();
    assert_eq!(line.kinds(), ["first start"]);
    assert_eq!(line.trail()[0]["by"], "first start");
    let main = call(&server, "CA1", &["2"]);

    // An edit is not on the line, now or after a restart, and the keeper is told so.
    line.edit("texts/en.toml", OLD, NEW);
    assert!(call(&server, "CA2", &["2", "3"]).contains(OLD));
    server.kill();
    let server = line.serve();
    assert!(call(&server, "CA3", &["2", "3"]).contains(OLD));
    let screen = std::fs::read_to_string(line.path().join("screen")).unwrap();
    assert!(screen.contains("not published: in `") && screen.contains("1 file differs"), "{screen}");
    assert!(screen.contains("published, entry 1 of `hulplijn revisions`"), "{screen}");

    let said = line.published(&["--why", "plainer"]);
    let taken_up = until_heard(&server, NEW);
    assert!(taken_up < Duration::from_secs(2), "{taken_up:?}");
    for says in ["stay, voice, options, en", OLD, NEW, "files that differ: texts/en.toml", "calls in progress finish"] {
        assert!(said.contains(says), "{says}: {said}");
    }
    let stay = press(&server, "CA1", &main, "3");
    assert!(stay.contains(OLD) && !stay.contains(NEW), "{stay}");
    server.kill();

    let server = line.serve();
    assert!(press(&server, "CA1", &stay, "8").contains(OLD));
    assert!(call(&server, "CA4", &["2", "3"]).contains(NEW));
    // Published while the server is down: on the line when it is back.
    server.stop();
    line.edit("texts/en.toml", NEW, "For work and its rules");
    line.published(&[]);
    let server = line.serve();
    assert!(call(&server, "CA5", &["2", "3"]).contains("For work and its rules"));
    assert!(press(&server, "CA1", &stay, "1").contains("<Gather"));
    server.stop();
    assert_eq!(line.kinds(), ["publish", "publish", "first start"]);
    assert_eq!((&line.trail()[1]["why"], &line.trail()[0]["on_line"]), (&Value::from("plainer"), &Value::from(true)));

    // Whoever takes the folder finds operators and menus, and nothing of a caller.
    for file in std::fs::read_dir(line.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for private in [&CALLER[1..], "CA1"] {
            assert!(!bytes.windows(private.len()).any(|found| found == private.as_bytes()), "{private}");
        }
    }
}

#[test]
fn older_calls_begin_again_where_a_wrong_line_must_go_also_after_a_restart() {
    let line = Line::new("");
    let server = line.serve();
    let (main, other) = (call(&server, "CA1", &["2"]), call(&server, "CA2", &["2"]));
    let dial = call(&server, "CA3", &["2", "0", "1"]);
    assert!(dial.contains(DESK), "{dial}");
    let whisper = dial.split("url=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let accept = action(&server.post(&whisper, &[("CallSid", "CA3"), ("ParentCallSid", "CA3")]));
    server.post(&accept, &[("CallSid", "CA3"), ("ParentCallSid", "CA3"), ("Digits", "1")]);

    line.edit("texts/en.toml", OLD, NEW);
    assert!(line.published(&["--end-old"]).contains("begin again at the front door"));
    until_heard(&server, NEW);
    let again = press(&server, "CA1", &main, "3");
    assert!(is_front_door(&again), "{again}");
    // The call goes on from there, on what is on the line now.
    let main = press(&server, "CA1", &again, "2");
    assert!(press(&server, "CA1", &main, "3").contains(NEW));

    // A talk that was on: its end is counted, the counsellor is free, the caller is not left in silence.
    let talked = [("CallSid", "CA3"), ("DialCallStatus", "completed"), ("DialCallDuration", "60")];
    assert!(is_front_door(&server.post(&action(&dial), &talked)));
    assert!(call(&server, "CA4", &["2", "0", "1"]).contains(DESK));
    let talks = || {
        let query = "SELECT coalesce(sum(n), 0) FROM tally WHERE key = 'person/accepted'";
        Connection::open(line.database()).unwrap().query_row(query, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    // Counts are committed each second.
    let begun = Instant::now();
    while talks() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the talk is not counted");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(talks(), 1);
    server.kill();

    let server = line.serve();
    assert!(is_front_door(&press(&server, "CA2", &other, "3")));
    // Once it is done, the next publication lets calls finish again.
    let stay = call(&server, "CA5", &["2", "3"]);
    line.edit("texts/en.toml", NEW, OLD);
    line.published(&[]);
    until_heard(&server, OLD);
    // Within a few seconds of the end of older calls nobody can tell which server a call began on.
    let going_on = press(&server, "CA5", &stay, "8");
    assert!(going_on.contains(NEW) || is_front_door(&going_on), "{going_on}");
    server.stop();
}

#[test]
fn going_back_is_a_publication_of_the_former_one() {
    let line = Line::new("");
    line.published(&[]);
    let first = line.trail()[0]["revision"].clone();
    let server = line.serve();
    line.edit("texts/en.toml", OLD, NEW);
    line.published(&[]);
    until_heard(&server, NEW);
    let (code, said) = line.run(&["rollback", "--by", "Bo", "--urgent", "a wrong word", "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert!(until_heard(&server, OLD) < Duration::from_secs(2));
    server.stop();
    let trail = line.trail();
    assert_eq!(
        (&trail[0]["revision"], &trail[0]["kind"], &trail[0]["urgent"]),
        (&first, &"rollback".into(), &true.into())
    );
    // By number of an entry, by name, by the beginning of a name; and what is there already is nothing to do.
    let newer = trail[1]["revision"].as_str().unwrap();
    for name in ["2", newer, &newer[..8]] {
        let (code, said) = line.run(&["rollback", name, "--by", "Bo", "--yes"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(line.trail()[0]["revision"], newer);
    }
    assert_eq!(line.kinds().len(), 4);
    let (code, said) = line.run(&["rollback", "99", "--by", "Bo", "--yes"]);
    assert!(code == 2 && said.contains("there is no revision `99`"), "{said}");
    let (code, said) = line.run(&["diff", "1", "menus"]);
    assert!(code == 0 && said.contains(OLD) && said.contains(NEW), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
    let (code, said) = line.run(&["diff", "menus"]);
    assert!(code == 0 && said.contains("nothing that is heard or read differs"), "{said}");
}

#[test]
fn two_persons_or_a_reason() {
    let line = Line::new("[publish]\ntwo_persons = true\n");
    line.published(&["--second", "Bo"]);
    line.edit("texts/en.toml", OLD, NEW);
    let refused = |arguments: &[&str], says: &str| {
        let (code, said) = line.run(&[&["publish", "menus", "--yes"], arguments].concat());
        assert!(code == 2 && said.contains(says), "{says}: {said}");
        assert_eq!(line.kinds().len(), 1);
    };
    refused(&["--by", "Ada"], "by two persons");
    refused(&["--by", "Ada", "--second", " aDA "], "the same name");
    refused(&["--by", "Ada", "--urgent", " "], "`--urgent` must be");
    refused(&["--by", "Ada", "--second", ""], "`--second` must be");
    line.published(&["--urgent", "a wrong number, and nobody else is awake"]);
    let trail = line.trail();
    assert_eq!(trail[0]["urgent"], true);
    assert_eq!(trail[0]["why"], "a wrong number, and nobody else is awake");
    assert_eq!((&trail[1]["second"], &trail[1]["urgent"]), (&Value::from("Bo"), &Value::from(false)));
    let (code, said) = line.run(&["rollback", "--by", "Ada", "--yes"]);
    assert!(code == 2 && said.contains("by two persons"), "{said}");
    // Nobody is there to be asked.
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--second", "Bo", "--end-old"]);
    assert!(code == 2 && said.contains("`--yes`"), "{said}");
    assert_eq!(line.kinds().len(), 2);
}

#[test]
fn a_code_on_a_leaflet_keeps_its_meaning_or_has_a_reason() {
    let line = Line::new("");
    line.published(&[]);
    line.edit("voice.toml", "\"reflection\", \"rights\"", "\"rights\", \"reflection\"");
    let publish = ["publish", "menus", "--by", "Ada", "--yes"];
    let (code, said) = line.run(&publish);
    assert!(code == 1 && said.contains("error[SM-06]: 231 meant `reflection`, now `rights`"), "{said}");
    let data = line.path().join("data");
    let check = |data: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        told(command.arg("check").arg(line.menus()).arg("--data").arg(data).output().unwrap())
    };
    let (code, said) = check(&data);
    assert!(code == 1 && said.contains("231 meant `reflection`, now `rights`"), "{said}");
    let (code, said) = check(&line.path().join("no data here"));
    assert!(code == 0 && !said.contains("SM-06"), "{said}");

    // Urgency is a reason against a second person, not against a leaflet.
    let (code, _) = line.run(&[&publish[..], &["--urgent", "now"]].concat());
    assert_eq!(code, 1);
    assert_eq!(line.kinds().len(), 1);
    line.edit("voice.toml", "[node.rights]\n", "[node.rights]\nwaive.SM-06 = \"131 132 231 232: never printed\"\n");
    assert!(line.published(&[]).contains("231 meant `reflection`, now `rights` (reason given: 131 132 231 232"));
    let (code, said) = check(&data);
    assert!(code == 0 && said.contains("this waiver of `SM-06` silences nothing"), "{said}");
    // Going back changes them again, and says so.
    let (code, said) = line.run(&["rollback", "--by", "Ada", "--yes"]);
    assert!(code == 0 && said.contains("231 meant `rights`, now `reflection`"), "{said}");
}

#[test]
fn what_is_wrong_or_unchecked_is_not_published() {
    let line = Line::new("");
    line.edit("voice.toml", "then = \"main\"", "then = \"mian\"");
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert!(code == 1 && said.contains("`mian` is not a node"), "{said}");
    line.edit("voice.toml", "then = \"mian\"", "then = \"main\"");
    // The shipped numbers are unchecked, which a live line does not take; neither is a reason enough.
    let live =
        ["publish", "menus", "--by", "Ada", "--yes", "--urgent", "now", "--public-url", "https://line.example.org"];
    let (code, said) = line.run(&live);
    assert!(code == 1 && said.contains("nobody has checked the number of"), "{said}");
    assert!(!line.database().exists(), "nothing was made");
    let (code, said) = line.run(&[&live[..], &["--trial"]].concat());
    assert_eq!(code, 0, "{said}");
    // A number that was checked long ago stops a publication, but neither the line nor what cannot wait.
    for contact in ["emergency", "police", "anonymous", "comensha"] {
        let head = format!("[contact.{contact}]\n");
        line.edit("contacts.toml", &head, &format!("{head}checked_on = \"2001-01-31\"\nchecked_by = \"Ada\"\n"));
    }
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert!(code == 1 && said.contains("more than 180 days ago"), "{said}");
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--urgent", "a wrong word", "--yes"]);
    assert!(code == 0 && said.contains("call them tomorrow"), "{said}");
    let server = line.serve();
    assert!(is_front_door(&call(&server, "CA1", &[])));
    server.stop();
}

#[test]
fn languages_that_change_places_keep_their_voices() {
    let line = Line::new("");
    let server = line.serve();
    line.edit("hotline.toml", "languages = [\"nl\", \"en\"]", "languages = [\"en\", \"nl\"]");
    line.edit("voice.toml", "[node.main]\n", "[node.main]\nwaive.SM-06 = \"1* 2*: nothing was printed yet\"\n");
    let path = line.menus().join("texts/all.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let swapped = text.replace("1 = ", "@ = ").replace("2 = ", "1 = ").replace("@ = ", "2 = ");
    std::fs::write(path, swapped).unwrap();
    line.published(&[]);
    let begun = Instant::now();
    let english = loop {
        let document = call(&server, &format!("CA{}", begun.elapsed().as_nanos()), &["1"]);
        if document.contains("To talk to a person") || document.contains("For help and shelter") {
            break document;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{document}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(english.contains("en-GB") && !english.contains("nl-NL"), "{english}");
    server.stop();
}

#[test]
fn a_database_of_the_version_before() {
    let line = Line::new("");
    std::fs::create_dir(line.path().join("data")).unwrap();
    let old = Connection::open(line.database()).unwrap();
    old.execute_batch(
        "CREATE TABLE tally (day TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day, key)) STRICT, WITHOUT ROWID;
         CREATE TABLE lease (id TEXT PRIMARY KEY, line INTEGER NOT NULL UNIQUE, accepted INTEGER NOT NULL, expires_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE revision (id TEXT PRIMARY KEY, files TEXT NOT NULL, stored_s INTEGER NOT NULL) STRICT;
         INSERT INTO revision VALUES ('00000000000000bb', '{}', 1767600000);
         PRAGMA user_version = 3;",
    )
    .unwrap();
    drop(old);
    let (code, said) = line.run(&["revisions"]);
    assert!(code == 0 && said.contains("nothing was published yet"), "{said}");
    line.published(&[]);
    let server = line.serve();
    assert!(is_front_door(&call(&server, "CA1", &[])));
    server.stop();
    assert_eq!(line.kinds(), ["publish"]);
    Connection::open(line.database()).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert!(code == 2 && said.contains("has version 99"), "{said}");
}

#[test]
fn a_locked_database_is_said_and_a_server_that_starts_beside_it_catches_up() {
    let line = Line::new("");
    line.published(&[]);
    line.edit("texts/en.toml", OLD, NEW);
    let locker = Connection::open(line.database()).unwrap();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert!(code == 2 && said.contains("another program holds the database"), "{said}");
    locker.execute_batch("ROLLBACK").unwrap();
    assert_eq!(line.kinds().len(), 1);

    // Held so that not even reading is possible: the folder is served instead, edits and all, and the keeper is told.
    let mode: String = locker.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "exclusive");
    drop(locker);
    let locker = Connection::open(line.database()).unwrap();
    locker.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
    let server = line.serve();
    assert!(call(&server, "CA1", &["2", "3"]).contains(NEW));
    let screen = std::fs::read_to_string(line.path().join("screen")).unwrap();
    assert!(screen.contains("the database does not answer: what is published is not known"), "{screen}");
    locker.execute_batch("ROLLBACK").unwrap();
    drop(locker);
    until_heard(&server, OLD);
    server.stop();
}

#[test]
fn no_database_at_all_and_the_line_answers() {
    let line = Line::new("");
    std::fs::create_dir_all(line.database()).unwrap();
    let server = line.serve();
    assert!(call(&server, "CA1", &["2", "3"]).contains(OLD));
    server.stop();
    let screen = std::fs::read_to_string(line.path().join("screen")).unwrap();
    assert!(screen.contains("is served instead"), "{screen}");
}

#[test]
fn a_place_that_cannot_be_written_is_named_and_nothing_is_lost() {
    let line = Line::new("");
    line.published(&[]);
    line.edit("texts/en.toml", OLD, NEW);
    // No file may grow: what a full disk does, as far as a test can make one.
    let publish = line.command(&["publish", "menus", "--by", "Ada", "--yes"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]).arg(publish.get_program());
    limited.args(publish.get_args()).current_dir(line.path()).env_remove("HULPLIJN_DATA").stdin(Stdio::null());
    // What it shows goes through a pipe, which the limit does not touch.
    let (code, said) = told(limited.output().unwrap());
    assert!(code == 2 && said.contains("cannot be read now: nothing was changed; the disk may be full"), "{said}");
    // While another process has it open, as a server has, it can be read and not written.
    let open = Connection::open(line.database()).unwrap();
    open.query_row("SELECT count(*) FROM publication", [], |row| row.get::<_, i64>(0)).unwrap();
    let (code, said) = told(limited.output().unwrap());
    assert!(code == 2 && said.contains("the disk of the data folder is full, or refuses"), "{said}");
    drop(open);
    assert_eq!(line.kinds().len(), 1);
    let server = line.serve();
    assert!(call(&server, "CA1", &["2", "3"]).contains(OLD));
    server.stop();

    std::fs::write(line.path().join("in the way"), "").unwrap();
    for data in ["in the way", "/proc/hulplijn"] {
        let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes", "--data", data]);
        assert!(code == 2 && said.contains("give a folder this user may write to"), "{said}");
    }
}

#[test]
fn two_at_once_and_one_is_told() {
    let line = Line::new("");
    line.published(&[]);
    let mine = line.path().join("mine");
    copy(&line.menus(), &mine);
    line.edit("texts/en.toml", OLD, NEW);
    let theirs = mine.join("texts/en.toml");
    let text = std::fs::read_to_string(&theirs).unwrap();
    std::fs::write(&theirs, text.replacen(OLD, "For work and its rules", 1)).unwrap();
    // Both have looked at the line before either can write.
    let locker = Connection::open(line.database()).unwrap();
    locker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut both: Vec<_> = ["menus", "mine"]
        .map(|folder| {
            let mut command = line.command(&["publish", folder, "--by", "Ada", "--yes"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .into();
    for one in &mut both {
        let mut first = [0; 11];
        one.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        assert_eq!(&first, b"on the line");
    }
    locker.execute_batch("ROLLBACK").unwrap();
    let ended: Vec<_> = both.into_iter().map(|one| told(one.wait_with_output().unwrap())).collect();
    let codes: Vec<i32> = ended.iter().map(|(code, _)| *code).collect();
    assert!(codes == [0, 2] || codes == [2, 0], "{ended:?}");
    assert_eq!(ended.iter().filter(|(_, said)| said.contains("somebody else published in the meantime")).count(), 1);
    let trail = line.trail();
    assert_eq!(trail.iter().map(|entry| entry["number"].as_i64().unwrap()).collect::<Vec<_>>(), [2, 1]);
}
