//! The real Kannel, with its fake SMS centre, in front of the real program: what a person texts, and what comes back.
//! The configuration is `docs/kannel.conf`, with other ports.

mod common;

use common::OWN;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const SECRET: &str = "plover-0123456789abcdef";
const BOXES: [&str; 3] = ["bearerbox", "smsbox", FAKESMSC];
const FAKESMSC: &str = "/usr/lib/kannel/test/fakesmsc";
/// What no file may hold, of any sender here.
const NUMBERS: &str = "447700900";
/// A word that stands in texts to us and nowhere else.
const WORD: &str = "xyzzyplugh";

// ---- waiting

/// Waits until something is there.
fn until<T>(what: &str, seconds: u64, mut there: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {seconds} s in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The body of a page of this machine, if it can be had.
fn page(port: u16, target: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(format!("GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

/// A program that is stopped with the test, whatever happens.
struct Running(Child);

impl Running {
    fn terminate(&mut self) {
        // The id of a program that has ended may be another's by now.
        if self.0.try_wait().unwrap().is_none() {
            let pid = rustix::process::Pid::from_child(&self.0);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }

    /// Asks it to stop, and waits until it has.
    fn stop(mut self) {
        self.terminate();
        until("a program to stop", 15, || self.0.try_wait().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, arguments: &[&str], folder: &Path, output: &str) -> Running {
    let file = || std::fs::File::options().append(true).create(true).open(folder.join(output)).unwrap();
    let child = Command::new(program)
        .args(arguments)
        .env_remove("HULPLIJN_TWILIO_AUTH_TOKEN")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(file())
        .stderr(file())
        .spawn();
    Running(child.unwrap_or_else(|error| panic!("cannot start {program}: {error}")))
}

// ---- the line

/// A hotline whose second language is written in Cyrillic, so that its texts may have any letter.
fn menus(folder: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/menu/fixture");
    let today = hulplijn::cli::assemble::today().to_string();
    let shelter = "Some give legal aid, others shelter: é, €, [x]. ".repeat(5);
    let talk = "Зателефонуйте {tel}, щоб поговорити 😀. ".repeat(4);
    let changes: [(&str, &str, &str); 9] = [
        ("contacts.toml", "2026-11-01", &today),
        ("hotline.toml", "+447700900222", "+12025550122"),
        ("texts/all.toml", "2 = English", "2 = Български"),
        ("texts/en.toml", "name = \"English\"", "name = \"Български\""),
        ("texts/en.toml", "language = \"For English\"", "language = \"Български\""),
        ("texts/en.toml", "You have 3 months to think.", "You have 3 months to think: é, €, [x]."),
        ("texts/en.toml", "Text {code.months} for the months.", "Привіт, Kyïv 😀: {code.months}."),
        ("texts/en.toml", "Some give legal aid, others shelter. Text", &format!("{shelter}Text")),
        ("texts/en.toml", "To talk, call {tel}.", &format!("{talk}To talk, call {{tel}}.")),
    ];
    std::fs::create_dir_all(folder.join("texts")).unwrap();
    for name in ["contacts", "facts", "hotline", "voice", "words", "texts/all", "texts/en", "texts/nl"] {
        let name = format!("{name}.toml");
        let mut text = std::fs::read_to_string(fixture.join(&name)).unwrap();
        for (_, from, to) in changes.iter().filter(|(file, ..)| *file == name) {
            assert!(text.contains(from), "{from} in {name}");
            text = text.replace(from, to);
        }
        std::fs::write(folder.join(&name), text).unwrap();
    }
}

/// The real program, live: every number of its menus is checked.
struct Line {
    folder: PathBuf,
    port: u16,
    admin: u16,
    running: Option<Running>,
}

impl Line {
    fn new(folder: &Path) -> Line {
        let folder = folder.join("hulplijn");
        menus(&folder.join("menus"));
        let (port, admin) = (free_port(), free_port());
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\nadmin_listen = \"127.0.0.1:{admin}\"\ndata = \"data\"\nmenus = \"menus\"\n\
             [kannel]\nsecret_file = \"secret\"\nnumber = \"{OWN}\"\n[sms]\ndaily_ceiling = 5000\n"
        );
        std::fs::write(folder.join("hulplijn.toml"), config).unwrap();
        std::fs::write(folder.join("secret"), format!("{SECRET}\n")).unwrap();
        Line { folder, port, admin, running: None }
    }

    fn start(&mut self) {
        let arguments = ["serve", "--config", "hulplijn.toml"];
        self.running = Some(start(env!("CARGO_BIN_EXE_hulplijn"), &arguments, &self.folder, "log"));
        let log = self.folder.join("log");
        until("the line to answer", 20, || {
            let ended = self.running.as_mut().unwrap().0.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(&log).unwrap());
            page(self.port, "/healthz")
        });
    }

    fn kill(&mut self) {
        self.running = None; // SIGKILL: nothing is tidied up
    }

    fn stop(&mut self) {
        self.running.take().unwrap().stop();
    }

    /// One of its counters.
    fn counted(&self, name: &str) -> u64 {
        let metrics = page(self.admin, "/metrics").unwrap_or_default();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
    }
}

// ---- Kannel

/// Bearerbox and smsbox with the shipped configuration.
struct Kannel {
    folder: PathBuf,
    boxes: Vec<Running>,
    admin: u16,
    network: u16,
}

impl Kannel {
    fn start(folder: &Path, line: &Line, changes: &[(&str, &str)], verbosity: &str) -> Kannel {
        for program in BOXES {
            let known = Command::new(program).arg("--version").output();
            let how = "`apt-get install -y --no-install-recommends kannel kannel-extras`, or `make kannel`";
            assert!(known.is_ok(), "Kannel is not installed ({program} is missing): {how}");
        }
        let folder = folder.join("kannel");
        std::fs::create_dir_all(&folder).unwrap();
        let (admin, boxes, network) = (free_port(), free_port(), free_port());
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kannel.conf");
        let mut config = std::fs::read_to_string(shipped).unwrap();
        let own = [
            ("admin-port = 13000", format!("admin-port = {admin}")),
            ("smsbox-port = 13001", format!("smsbox-port = {boxes}")),
            ("\nport = 10000", format!("\nport = {network}")),
            ("127.0.0.1:8080", format!("127.0.0.1:{}", line.port)),
            ("replace-me-by-the-secret", SECRET.to_owned()),
        ];
        let own = own.iter().map(|(from, to)| (*from, to.as_str()));
        for (from, to) in own.chain(changes.iter().copied()) {
            assert_eq!(config.matches(from).count(), 1, "{from}");
            config = config.replace(from, to);
        }
        std::fs::write(folder.join("kannel.conf"), config).unwrap();
        let arguments = ["-v", verbosity, "kannel.conf"];
        let mut bearerbox = start("bearerbox", &arguments, &folder, "bearerbox.output");
        until("bearerbox", 10, || {
            let ended = bearerbox.0.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.join("bearerbox.output")).unwrap());
            TcpStream::connect(("127.0.0.1", boxes)).ok()
        });
        let smsbox = start("smsbox", &arguments, &folder, "smsbox.output");
        let kannel = Kannel { folder, boxes: vec![smsbox, bearerbox], admin, network };
        until("smsbox", 10, || kannel.status().contains("smsbox:(none), IP 127.0.0.1").then_some(()));
        kannel
    }

    fn status(&self) -> String {
        page(self.admin, "/status.txt?password=replace-me-1").unwrap_or_default()
    }

    /// Whether smsbox fell over: Kannel 1.4.5 sometimes does when the program it asks is killed, and what it held is gone
    /// with it (docs/kannel.md).
    fn fell_over(&mut self) -> bool {
        let ended = self.boxes[0].0.try_wait().unwrap().is_some();
        if ended {
            let said = std::fs::read_to_string(self.folder.join("smsbox.output")).unwrap();
            assert!(said.contains("conn_unregister"), "{said}");
        }
        ended
    }

    /// Lets both finish what they have, so that nothing can come any more.
    fn stop(&mut self) {
        for running in self.boxes.drain(..) {
            running.stop();
        }
    }
}

/// What a telephone gets: the number of the other side, its own, and one part of an answer.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    from: String,
    phone: String,
    /// The header that joins the parts of a long answer.
    header: Vec<u8>,
    /// `text`, `ucs-2`, or `data` for a part of either.
    kind: String,
    bytes: Vec<u8>,
}

/// The telephones: Kannel's own fake SMS centre, told what they send.
struct Phones {
    running: Running,
    input: ChildStdin,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    sent: usize,
}

#[derive(Default)]
struct Seen {
    sent: usize,
    parts: Vec<Part>,
    closed: bool,
}

impl Phones {
    /// That will send this many texts: after the last one it reads only.
    fn start(kannel: &Kannel, texts: usize) -> Phones {
        let (port, texts) = (kannel.network.to_string(), texts.to_string());
        let mut child = Command::new(FAKESMSC)
            .args(["-v", "0", "-H", "127.0.0.1", "-r", &port, "-i", "0", "-m", &texts])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n') {
                let line = String::from_utf8_lossy(&line.unwrap()).into_owned();
                let mut seen = shared.0.lock().unwrap();
                if line.contains("fakesmsc: sent message") {
                    seen.sent += 1;
                } else if let Some((_, part)) = line.split_once("Got message ") {
                    seen.parts.push(read_part(part));
                }
                shared.1.notify_all();
            }
            shared.0.lock().unwrap().closed = true;
            shared.1.notify_all();
        });
        Phones { running: Running(child), input, seen, sent: 0 }
    }

    fn wait<T>(&self, what: &str, seconds: u64, mut there: impl FnMut(&Seen) -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = there(&seen) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                let parts = seen.parts.len();
                drop(seen);
                panic!("waited in vain for {what}; {parts} parts of answers came");
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// A text as the fake SMS centre takes it: its kind (`text`, `ucs2`, `data`) and its words.
    fn send(&mut self, from: &str, text: &str) {
        let line = format!("{from} {OWN} {text}\n");
        assert!(line.len() < 255, "the fake SMS centre reads no longer lines");
        self.input.write_all(line.as_bytes()).unwrap();
        self.sent += 1;
        let sent = self.sent;
        self.wait("the text to be sent", 10, |seen| (seen.sent == sent).then_some(()));
    }

    /// The whole answer to this telephone, once all its parts are there.
    fn answer(&self, phone: &str) -> (Vec<Part>, String) {
        let parts = self.wait(&format!("an answer to {phone}"), 15, |seen| {
            let parts: Vec<Part> = seen.parts.iter().filter(|part| part.phone == phone).cloned().collect();
            let expected = parts.first().map(|part| part.header.get(4).copied().unwrap_or(1));
            (expected.map(usize::from) == Some(parts.len())).then_some(parts)
        });
        let words = joined(&parts);
        (parts, words)
    }

    /// Whether anything at all comes within two seconds; Kannel takes a hundredth of one.
    fn anything_comes(&self) -> bool {
        let seen = self.seen.0.lock().unwrap();
        let wait = Duration::from_secs(2);
        let (seen, _) = self.seen.1.wait_timeout_while(seen, wait, |seen| seen.parts.is_empty()).unwrap();
        !seen.parts.is_empty()
    }

    /// Closes the connection; what came before is read to the end.
    fn stop(self) -> Vec<Part> {
        let seen = Arc::clone(&self.seen);
        // Its own way to end: SIGINT, or the end of the connection.
        let pid = rustix::process::Pid::from_child(&self.running.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        drop(self.input);
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut state = seen.0.lock().unwrap();
        while !state.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the fake SMS centre did not stop");
            state = seen.1.wait_timeout(state, left).unwrap().0;
        }
        state.parts.clone()
    }
}

/// `1: <+12025550100 +447700900123 text Words>`, or with `udh HEADER data WORDS` in place of `text`.
fn read_part(line: &str) -> Part {
    let inside = line.split_once('<').unwrap().1.strip_suffix('>').unwrap();
    let fields: Vec<&str> = inside.splitn(4, ' ').collect();
    let (header, kind, rest) = match (fields[2], fields[3].split_once(" data ")) {
        ("udh", Some((header, rest))) => (bytes(header), "data", rest),
        (kind, _) => (Vec::new(), kind, fields[3]),
    };
    let bytes = if kind == "text" { rest.as_bytes().to_vec() } else { bytes(rest) };
    Part { from: fields[0].to_owned(), phone: fields[1].to_owned(), header, kind: kind.to_owned(), bytes }
}

/// Bytes behind `%XX` and `+`.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'%' => {
                let (hex, behind) = after.split_at(2);
                bytes.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
                rest = behind;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    bytes
}

/// What the telephone shows: the parts in the order of their headers.
fn joined(parts: &[Part]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.header.get(5).copied());
    let all: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
    // A part says nothing of its coding here. Words of ours in UTF-16 have a zero byte in front of the first space.
    match parts[0].kind == "ucs-2" || (parts[0].kind == "data" && all.contains(&0)) {
        true => {
            let units: Vec<u16> = all.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        false => String::from_utf8(all).unwrap(),
    }
}

/// Every file below a folder in which this stands.
fn holding(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle.as_bytes()) {
            found.push(path);
        }
    }
    found
}

/// Nothing of a sender is in any file of ours or of Kannel's, and the secret only where it was written down.
fn nothing_is_kept(folder: &Path) {
    assert!(
        holding(folder, "Fixture line").len() > 1,
        "the search finds nothing: the menus and their revision at least"
    );
    for needle in [NUMBERS, WORD] {
        assert_eq!(holding(folder, needle), [] as [PathBuf; 0], "{needle}");
    }
    let mut secret = holding(folder, SECRET);
    secret.sort();
    assert_eq!(secret, [folder.join("hulplijn/secret"), folder.join("kannel/kannel.conf")]);
}

// ---- the tests

#[test]
fn a_text_goes_in_and_its_answer_comes_out_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut line = Line::new(folder.path());
    line.start();
    let mut kannel = Kannel::start(folder.path(), &line, &[], "4");
    let mut phones = Phones::start(&kannel, 14);
    let mut case = |phone: &str, text: &str, kind: &str, parts: usize, words: &str| {
        phones.send(phone, text);
        let (got, said) = phones.answer(phone);
        assert_eq!((got.len(), got[0].kind.as_str(), said.as_str()), (parts, kind, words), "{text}");
        for (at, part) in got.iter().enumerate() {
            assert_eq!(part.from, OWN);
            let header = [5, 0, 3, got[0].header.get(3).copied().unwrap_or(0), parts as u8, at as u8 + 1];
            assert_eq!(part.header, if parts > 1 { &header[..] } else { &[] }, "{text}");
            let room = if part.bytes.contains(&0) { 134 } else { 153 };
            assert!(parts == 1 || String::from_utf8_lossy(&part.bytes).chars().count() <= room, "{text}");
        }
    };
    let gsm7 = "You have 3 months to think: é, €, [x]. Delete this text.";
    case("+447700900001", "text MONTHS", "text", 1, gsm7);
    case("+447700900002", "text staying", "ucs-2", 1, "Привіт, Kyïv 😀: 221. Delete this text.");
    let shelter = "Some give legal aid, others shelter: é, €, [x]. ".repeat(5);
    let shelter = format!("{shelter}Text 211 for advice. Delete this text.");
    case("+447700900003", "text shelter", "data", 2, &shelter);
    let talk = "Зателефонуйте +12025550100, щоб поговорити 😀. ".repeat(4);
    let talk = format!("{talk}To talk, call +12025550100. Delete this text.");
    case("+447700900004", "text talk", "data", 4, &talk);
    case("+447700900005", "ucs2 %00m%00o%00n%00t%00h%00s", "text", 1, gsm7);
    case("447700900006", "text months", "text", 1, gsm7);
    let neutral = "1 = Nederlands. 2 = Български.";
    case("+447700900007", &format!("text {WORD} é €"), "ucs-2", 1, neutral);
    case("+447700900008", "ucs2 %04%1F%04%40%D8%3D%DE%00", "ucs-2", 1, neutral);
    case("+447700900009", "text 112", "text", 1, "Call 112 and speak. / Bel 112 en praat.");
    // Stop words, senders without a number, and what is no text get nothing. Then one more that does.
    for (phone, text) in [("+447700900010", "text STOP"), ("MyBank", "text months"), ("1008", "text months")] {
        phones.send(phone, text);
    }
    phones.send("+447700900011", "data %00%6d%ff");
    until("all of them to be answered", 15, || {
        (line.counted("hulplijn_requests_total{kind=\"text\"}") == 13).then_some(())
    });
    phones.send("+447700900012", "text months");
    assert_eq!(phones.answer("+447700900012").1, gsm7);
    kannel.stop();
    let silent = ["+447700900010", "MyBank", "1008", "+447700900011"];
    let parts = phones.stop();
    assert!(parts.iter().all(|part| !silent.contains(&part.phone.as_str())), "{parts:?}");
    line.stop();
    nothing_is_kept(folder.path());
}

/// From a thousand telephones; our program is killed in the middle, and is away for a while. A run in which smsbox itself
/// fell over says nothing of us, and is made again.
#[test]
fn a_thousand_texts_are_answered_once_each_over_a_restart() {
    const RUNS: usize = 4;
    assert!((0..RUNS).any(|_| a_thousand_texts()), "smsbox fell over in each of {RUNS} runs");
}

/// False if smsbox fell over: then some are lost, and still nobody gets two.
fn a_thousand_texts() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut line = Line::new(folder.path());
    line.start();
    let mut kannel = Kannel::start(folder.path(), &line, &[], "4");
    let mut phones = Phones::start(&kannel, 1000);
    for phone in 0..1000 {
        match phone {
            // Some are under way at that moment.
            400 => line.kill(),
            700 => {
                assert!(phones.seen.0.lock().unwrap().parts.len() <= 400, "who answers while the line is away?");
                line.start();
            }
            _ => {}
        }
        phones.send(&format!("+447700900{phone:03}"), "text 221");
    }
    let all_came = until("a thousand answers", 60, || {
        let all_came = phones.seen.0.lock().unwrap().parts.len() >= 1000;
        (all_came || kannel.fell_over()).then_some(all_came)
    });
    // Whatever is still waiting to be asked or sent again would come now.
    kannel.stop();
    let mut answers: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for part in phones.stop() {
        answers.entry(part.phone.clone()).or_default().push(part);
    }
    assert!(!all_came || answers.len() == 1000, "{} telephones have an answer", answers.len());
    for (phone, parts) in answers {
        assert_eq!(parts.len(), 1, "{phone}");
        assert_eq!(joined(&parts), "You have 3 months to think: é, €, [x]. Delete this text.");
    }
    line.stop();
    nothing_is_kept(folder.path());
    all_came
}

/// Runs one text through and says what the telephone got, once Kannel has given up or is content.
fn what_comes_back(changes: &[(&str, &str)], counter: &str, times: u64, verbosity: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut line = Line::new(folder.path());
    line.start();
    let mut kannel = Kannel::start(folder.path(), &line, changes, verbosity);
    let mut phones = Phones::start(&kannel, 1);
    phones.send("+447700900123", &format!("text months {WORD}"));
    until("Kannel to have asked", 20, || (line.counted(counter) == times).then_some(()));
    phones.anything_comes();
    kannel.stop();
    let said = phones.stop().iter().map(|part| joined(std::slice::from_ref(part))).collect();
    line.stop();
    if verbosity == "4" {
        nothing_is_kept(folder.path());
    } else {
        // The search does find what Kannel writes at another level: this is why the level is 4.
        assert!(!holding(&kannel.folder, NUMBERS).is_empty() && !holding(&kannel.folder, WORD).is_empty());
    }
    said
}

/// The groups that stand in the configuration as remarks, for a modem and for SMPP, are read by Kannel as well.
#[test]
fn the_other_networks_of_the_configuration_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let line = Line::new(folder.path());
    let mut kannel = Kannel::start(folder.path(), &line, &[("#group = modems", "#group = modems")], "4");
    kannel.stop();
    let path = kannel.folder.join("kannel.conf");
    let config = std::fs::read_to_string(&path).unwrap();
    let mut settings = 0;
    let awake =
        config.lines().map(|text| match text.strip_prefix('#').filter(|text| text.starts_with(char::is_alphabetic)) {
            Some(setting) => {
                settings += 1;
                format!("{}\n", setting.replace("port = 2775", &format!("port = {}", free_port())))
            }
            None => format!("{text}\n"),
        });
    std::fs::write(&path, awake.collect::<String>()).unwrap();
    assert!(settings > 15, "{settings}");
    let bearerbox = start("bearerbox", &["-v", "4", "kannel.conf"], &kannel.folder, "bearerbox.output");
    until("the modem and the SMPP connection", 10, || {
        let status = kannel.status();
        (status.contains("AT2[") && status.contains("SMPP:127.0.0.1")).then_some(())
    });
    drop(bearerbox);
    let said = std::fs::read_to_string(kannel.folder.join("bearerbox.output")).unwrap();
    assert!(!said.contains("PANIC"), "{said}");
}

const OLD: (&str, &str) = ("time=%T", "time=1700000000");
const STRANGER: (&str, &str) = ("?k=plover", "?k=grover");
const LATE: &str = "hulplijn_late_texts_total";
const REFUSED: &str = "hulplijn_refused_total";

#[test]
fn a_late_text_gets_nothing() {
    assert_eq!(what_comes_back(&[OLD], LATE, 1, "4"), [] as [&str; 0]);
    // As the lines of the configuration want it: without them Kannel texts by itself.
    let careless = [OLD, ("omit-empty = true", "#"), ("reply-emptymessage = \"\"", "#")];
    assert_eq!(what_comes_back(&careless, LATE, 1, "0"), ["<Empty reply from service provider>"]);
}

#[test]
fn a_wrong_secret_gets_nothing_out_of_us_and_the_person_nothing_out_of_kannel() {
    let soon =
        [("http-request-retry = 30", "http-request-retry = 1"), ("http-queue-delay = 2", "http-queue-delay = 1")];
    let changes = [&[STRANGER], &soon[..]].concat();
    assert_eq!(what_comes_back(&changes, REFUSED, 2, "0"), [] as [&str; 0]);
    let careless = [&changes[..], &[("reply-couldnotfetch = \"\"", "#")]].concat();
    assert_eq!(what_comes_back(&careless, REFUSED, 2, "0"), ["Could not fetch content, sorry."]);
}
