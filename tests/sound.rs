//! Prompts that have a sound, with the real binary: played at addresses of their own, kept with the revision they belong
//! to, said where there is none.

mod common;

use common::server::{SAID, Server, configured, next};
use hulplijn::audio::{Catalog, Grade, SoundId};
use hulplijn::cli::menus::Origin;
use hulplijn::menu::{self, Hotline, Settings};
use hulplijn::twiml::{self, ReadPrompt, ReadVerb};
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder with a configuration, the shipped menus, and the shipped sound.
struct Line {
    folder: TempDir,
    port: u16,
    /// What is said in each sound, by its name.
    words: HashMap<String, String>,
}

impl Line {
    fn new(grade: Grade) -> Line {
        let folder = tempfile::tempdir().unwrap();
        let port = configured(folder.path());
        let path = folder.path().join("hulplijn.toml");
        let config = std::fs::read_to_string(&path).unwrap();
        let config = config.replace(SAID, "[audio]\ndir = \"sounds\"\n");
        std::fs::write(&path, format!("menus = \"menus\"\n{config}")).unwrap();
        let mut line = Line { folder, port, words: HashMap::new() };
        for (from, to) in
            [("menus", "menus"), ("menus/texts", "menus/texts"), ("audio/en", "sounds/en"), ("audio/nl", "sounds/nl")]
        {
            std::fs::create_dir_all(line.at(to)).unwrap();
            for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(from)).unwrap() {
                let file = file.unwrap();
                if file.path().is_file() {
                    std::fs::copy(file.path(), line.at(to).join(file.file_name())).unwrap();
                }
            }
        }
        let hotline = line.hotline();
        for language in &hotline.languages {
            let path = line.at(&format!("sounds/{language}/catalog.toml"));
            let text = std::fs::read_to_string(&path).unwrap();
            let catalog = Catalog::parse(&text).unwrap();
            for prompt in hotline.prompts().filter(|prompt| hotline.language(prompt.language) == *language) {
                line.words.insert(catalog.prompt[&prompt.id].sound.to_string(), prompt.words.clone());
            }
            let graded = |text: String, known: Grade| text.replace(&format!("\"{known}\""), &format!("\"{grade}\""));
            std::fs::write(&path, Grade::ALL.into_iter().fold(text, graded)).unwrap();
        }
        line
    }

    fn at(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn hotline(&self) -> Hotline {
        let sources = Origin::Folder(self.at("menus")).read().ok().unwrap();
        menu::load_published(&sources, &Settings::default(), "2026-11-24".parse().unwrap()).hotline.unwrap()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.at(file)).unwrap();
        assert!(text.contains(from), "`{from}` does not stand in {file}");
        std::fs::write(self.at(file), text.replace(from, to)).unwrap();
    }

    /// Exit code, and both streams together.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
        command.args(arguments).arg("--config").arg(self.at("hulplijn.toml"));
        command.current_dir(self.folder.path()).env_remove("HULPLIJN_DATA").stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// The words whose sound is under these addresses, which the line gives.
    fn words(&self, urls: &[String]) -> Vec<String> {
        let word = |url: &String| {
            let (head, body) = ask(self.port, "GET", target(url), "");
            assert!(head.starts_with("http/1.1 200"), "{head}");
            self.words[SoundId::of(&body).as_str()].clone()
        };
        urls.iter().map(word).collect()
    }

    fn publish(&self) {
        let (code, said) = self.run(&["publish", "menus", "--by", "Ada", "--yes"]);
        assert_eq!(code, 0, "{said}");
    }
}

/// What a document has said and played to a caller.
fn heard(document: &str) -> (Vec<String>, Vec<String>) {
    let read = twiml::read_voice(document.as_bytes()).unwrap();
    let (mut said, mut played) = (Vec::new(), Vec::new());
    let mut hear = |prompt: &ReadPrompt| match prompt {
        ReadPrompt::Say(say) => said.push(say.words.clone()),
        ReadPrompt::Play(play) => match &play.what {
            twiml::PlayWhat::Sound(url) => played.push(url.clone()),
            tones => panic!("{tones:?}"),
        },
        ReadPrompt::Pause(_) => {}
    };
    for verb in &read.verbs {
        match verb {
            ReadVerb::Gather(gather) => gather.prompts.iter().for_each(&mut hear),
            ReadVerb::Say(say) => hear(&ReadPrompt::Say(say.clone())),
            ReadVerb::Play(play) => hear(&ReadPrompt::Play(play.clone())),
            _ => {}
        }
    }
    (said, played)
}

/// Status line with headers, and body.
fn ask(port: u16, method: &str, target: &str, headers: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
}

fn target(url: &str) -> &str {
    &url[url.find("/sound/").unwrap()..]
}

#[test]
fn a_call_plays_its_own_revision_whatever_becomes_of_the_folder() {
    let line = Line::new(Grade::Good);
    let hotline = line.hotline();
    let server = Server::start(line.folder.path(), line.port);
    let first = server.post("/twilio/voice", &[("CallStatus", "ringing")]);
    let (said, played) = heard(&first);
    assert_eq!(said, [""; 0], "{first}");
    let front: Vec<String> = std::iter::once(&hotline.front.greeting)
        .chain(&hotline.front.languages)
        .map(|prompt| prompt.words.clone())
        .collect();
    assert_eq!(line.words(&played), front);

    // A word changes, its sound does not: the new revision says it, and plays what is still right.
    line.edit("menus/texts/en.toml", "For rules about work", "For the rules on work");
    line.publish();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    // The call goes on where it was, over a kill and without the folder.
    std::fs::remove_dir_all(line.at("sounds")).unwrap();
    server.kill();
    let server = Server::start(line.folder.path(), line.port);
    let main = server.post(&next(&first), &[("Digits", "2")]);
    let (said, played) = heard(&main);
    assert_eq!(said, [""; 0], "{main}");
    assert!(line.words(&played).iter().any(|words| words.starts_with("For help and shelter")));
    let stay = server.post(&next(&main), &[("Digits", "3")]);
    let (said, played) = heard(&stay);
    assert_eq!(said, [""; 0], "{stay}");
    assert!(line.words(&played).iter().any(|words| words.starts_with("For rules about work")), "{stay}");

    let other = [("CallSid", "CA00000000000000000000000000000002")];
    let first = server.post("/twilio/voice", &other);
    let main = server.post(&next(&first), &[other[0], ("Digits", "2")]);
    let (said, played) = heard(&server.post(&next(&main), &[other[0], ("Digits", "3")]));
    assert_eq!(said, ["For the rules on work, press four."]);
    assert!(played.len() >= 6, "{played:?}");
    server.stop();
}

#[test]
fn a_sound_is_given_as_browsers_and_providers_ask_for_it() {
    let line = Line::new(Grade::Good);
    let server = Server::start(line.folder.path(), line.port);
    let (_, played) = heard(&server.post("/twilio/voice", &[("CallStatus", "ringing")]));
    let (url, port) = (target(&played[0]), line.port);
    let whole = std::fs::read(line.at("sounds/nl/front.greeting.wav")).unwrap();
    let length = whole.len();
    let (head, body) = ask(port, "GET", url, "");
    assert_eq!(body, whole);
    let tag = format!("\"{}\"", SoundId::of(&whole));
    for header in [
        "content-type: audio/wav",
        "cache-control: public, max-age=31536000, immutable",
        "accept-ranges: bytes",
        &format!("etag: {tag}"),
        &format!("content-length: {length}"),
    ] {
        assert!(head.contains(header), "`{header}`: {head}");
    }
    let (head, body) = ask(port, "HEAD", url, "");
    assert!(head.starts_with("http/1.1 200") && head.contains(&format!("content-length: {length}")), "{head}");
    assert!(body.is_empty());
    let (head, body) = ask(port, "GET", url, "Range: bytes=4-7\r\n");
    assert!(head.starts_with("http/1.1 206") && head.contains(&format!("content-range: bytes 4-7/{length}")), "{head}");
    assert_eq!(body, whole[4..8]);
    let (head, _) = ask(port, "GET", url, &format!("Range: bytes={length}-\r\n"));
    assert!(head.starts_with("http/1.1 416") && head.contains(&format!("content-range: bytes */{length}")), "{head}");
    let (head, body) = ask(port, "GET", url, &format!("If-None-Match: {tag}\r\n"));
    assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{head}");
    let (head, _) = ask(port, "POST", url, "Content-Length: 0\r\n");
    assert!(head.starts_with("http/1.1 405") && head.contains("allow: get"), "{head}");

    let unknown = format!("/sound/{}.wav", SoundId::of(b"unknown"));
    let nowhere = ["/sound/", "/sound/x.wav", "/sound/..%2f..%2fhulplijn.toml", "/sound/../hulplijn.toml", &unknown];
    for target in nowhere {
        let (head, body) = ask(port, "GET", target, "");
        assert!(head.starts_with("http/1.1 404"), "{target}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("account_sid"), "{target}");
    }
    server.stop();
}

#[test]
fn drafts_are_said_where_the_provider_has_a_better_voice() {
    let line = Line::new(Grade::Draft);
    let server = Server::start(line.folder.path(), line.port);
    let (said, played) = heard(&server.post("/twilio/voice", &[("CallStatus", "ringing")]));
    assert!(!said.is_empty() && played.is_empty(), "{said:?} {played:?}");
    server.stop();

    let line = Line::new(Grade::Good);
    let public_url = format!("http://127.0.0.1:{}", line.port);
    let server = Server::start_as(line.folder.path(), line.port, &public_url, &["--say"]);
    let (said, played) = heard(&server.post("/twilio/voice", &[("CallStatus", "ringing")]));
    assert!(!said.is_empty() && played.is_empty(), "{said:?} {played:?}");
    server.stop();
}

#[test]
fn what_is_not_the_file_of_the_catalog_is_not_published() {
    let line = Line::new(Grade::Good);
    std::fs::write(line.at("sounds/en/help.say.1.wav"), b"another file").unwrap();
    std::fs::remove_file(line.at("sounds/en/help.say.2.wav")).unwrap();
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert_eq!(code, 1, "{said}");
    for told in ["nothing was published", "help.say.1.wav", "SHA-256", "help.say.2.wav", "hulplijn audio render"] {
        assert!(said.contains(told), "`{told}`: {said}");
    }
    let trail: BTreeSet<_> = std::fs::read_dir(line.folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!trail.contains(&line.at("data")), "{trail:?}");
}

/// A language that the provider cannot speak can be offered once each of its prompts has a sound.
#[test]
fn a_language_without_a_voice_needs_all_of_its_sound() {
    let line = Line::new(Grade::Draft);
    for file in ["menus/hotline.toml", "menus/facts.toml", "menus/words.toml"] {
        let text = std::fs::read_to_string(line.at(file)).unwrap();
        let text = text.replace("\"nl\"", "\"nds\"").replace("nl = ", "nds = ").replace(".nl]", ".nds]");
        std::fs::write(line.at(file), text.replace(".nl =", ".nds =")).unwrap();
    }
    for language in ["nl", "en"] {
        line.edit(&format!("menus/texts/{language}.toml"), "languages    = { nl =", "languages    = { nds =");
    }
    std::fs::rename(line.at("menus/texts/nl.toml"), line.at("menus/texts/nds.toml")).unwrap();
    std::fs::rename(line.at("sounds/nl"), line.at("sounds/nds")).unwrap();
    for file in ["sounds/nds/catalog.toml", "sounds/en/catalog.toml"] {
        let text = std::fs::read_to_string(line.at(file)).unwrap();
        let text = text.replace("front/language/nl", "front/language/nds");
        std::fs::write(line.at(file), text.replace("whisper/call/nl", "whisper/call/nds")).unwrap();
    }
    // The shipped sound says that somebody is here day and night; this line says its hours in other words.
    line.edit("menus/texts/nds.toml", "{hours}.", "Dag en nacht.");
    line.publish();
    let server = Server::start(line.folder.path(), line.port);
    let (said, played) = heard(&server.post("/twilio/voice", &[("CallStatus", "ringing")]));
    // The greeting and the first language's line; English has a voice better than a draft.
    assert_eq!((said.len(), played.len()), (1, 2), "{said:?} {played:?}");
    server.stop();
    line.edit("menus/texts/all.toml", "Goedendag.", "Goeiendag.");
    let (code, said) = line.run(&["publish", "menus", "--by", "Ada", "--yes"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("not told how to speak `nds`") && said.contains("`front/greeting`"), "{said}");
}
