//! The sound of the hotline: what ships is measured, and the commands are used as people use them.

mod common;

use hulplijn::audio::check::{BETWEEN_OPTIONS_MS, LEAD_MOST_MS, LEVEL_WITHIN_DB, PEAK_MOST_DB, TAIL_MOST_MS};
use hulplijn::audio::render::{LEVEL_DB, RATE};
use hulplijn::audio::{Catalog, Format, Found, Grade, Made, measure};
use hulplijn::cli::sounds::Sounds;
use hulplijn::menu::{self, Hotline, Settings};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hotline(settings: &Settings) -> Hotline {
    menu::load(&common::shipped_menus(), settings, "2026-11-24".parse().unwrap()).hotline.unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hulplijn"));
    command.args(arguments).current_dir(root()).env("NO_COLOR", "1").env_remove("HULPLIJN_CONFIG");
    command
}

fn hulplijn(arguments: &[&str]) -> (i32, String, String) {
    let output = command(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A line of its own: a copy of the shipped menus, an empty folder for sounds, a configuration.
struct Line {
    folder: tempfile::TempDir,
}

impl Line {
    fn new(voices: &str) -> Line {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in common::shipped_menus() {
            let path = folder.path().join("menus").join(&*name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &*text).unwrap();
        }
        std::fs::write(folder.path().join("hulplijn.toml"), voices).unwrap();
        Line { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments<'a>(&self, first: &[&'a str], rest: &[&'a str]) -> Vec<String> {
        let of = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let line =
            ["--menus".into(), of("menus"), "--audio".into(), of("audio"), "--config".into(), of("hulplijn.toml")];
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        [owned(&["audio"]), owned(first), line.to_vec(), owned(rest)].concat()
    }

    fn audio(&self, first: &[&str], rest: &[&str]) -> (i32, String, String) {
        let arguments = self.arguments(first, rest);
        hulplijn(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn catalog(&self, language: &str) -> Catalog {
        let path = self.path("audio").join(language).join("catalog.toml");
        Catalog::parse(&std::fs::read_to_string(path).unwrap_or_default()).unwrap()
    }

    fn sound(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path("audio").join(file)).unwrap()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path("menus").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

const ESPEAK: &str = "[audio.voice.en]\nengine = \"espeak\"\nvoice = \"en-gb\"\n";

// ---- what ships

#[test]
fn the_shipped_sounds_are_complete_small_and_as_telephones_need_them() {
    let hotline = hotline(&Settings::default());
    let sounds = Sounds::read(&root().join("audio")).ok().unwrap();
    let wanted = Sounds::wanted(&hotline);
    assert!(wanted.len() > 150);
    let (mut bytes_all, mut grades) = (0, Vec::new());
    for wanted in &wanted {
        let Found::Fresh(entry) = wanted.found(sounds.catalogs.get(&wanted.language)) else {
            panic!("{} {} has no sound of its words: `make sounds`", wanted.language, wanted.id);
        };
        let bytes = sounds.bytes(&wanted.language, entry).unwrap();
        bytes_all += bytes.len();
        grades.push((wanted.language.to_string(), entry.grade));
        let measured = measure(&bytes).unwrap();
        let told = format!("{} {}: {measured:?}", wanted.language, wanted.id);
        assert_eq!((measured.rate, measured.channels, measured.format), (RATE, 1, Format::MuLaw), "{told}");
        assert!(measured.ms == entry.ms && (300..30_000).contains(&measured.ms), "{told}");
        assert!(measured.peak_db <= PEAK_MOST_DB + 0.1 && measured.clipped == 0, "{told}");
        assert!((measured.level_db - LEVEL_DB).abs() <= LEVEL_WITHIN_DB, "{told}");
        assert!(measured.lead_ms <= LEAD_MOST_MS, "{told}");
        match wanted.names_key() {
            true => assert!(BETWEEN_OPTIONS_MS.contains(&(measured.tail_ms + measured.lead_ms)), "{told}"),
            false => assert!(measured.tail_ms <= TAIL_MOST_MS, "{told}"),
        }
    }
    assert!(bytes_all < 10_000_000, "{bytes_all} bytes");
    grades.sort();
    grades.dedup();
    assert_eq!(grades, [("en".to_owned(), Grade::Good), ("nl".to_owned(), Grade::Draft)]);
    // Nothing lies around that no prompt needs.
    for language in ["en", "nl"] {
        let files = std::fs::read_dir(root().join("audio").join(language)).unwrap().count();
        let prompts = wanted.iter().filter(|wanted| wanted.language.as_str() == language).count();
        assert_eq!(files, prompts + 1, "{language}");
    }
}

#[test]
fn the_shipped_menus_keep_every_rule_at_the_pace_of_their_sounds() {
    let (code, json, error) = hulplijn(&["check", "menus", "--json"]);
    let findings: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let told: Vec<_> = findings.iter().filter(|finding| finding["rule"] != "FC-03").collect();
    assert_eq!((code, told.len()), (0, 1), "{told:#?} {error}");
    assert_eq!((told[0]["rule"].as_str(), told[0]["severity"].as_str()), (Some("LG-04"), Some("notice")));
    assert!(told[0]["message"].as_str().unwrap().contains("`nl` has drafts: to be recorded before going live"));
    // The lengths are those of the sounds, and there is a sound for everything.
    let plain = hotline(&Settings::default());
    let lengths = Sounds::read(&root().join("audio")).ok().unwrap().lengths(&plain);
    let measured = hotline(&Settings { lengths, ..Settings::default() });
    assert!(measured.prompts().filter(|prompt| !prompt.words.is_empty()).all(|prompt| prompt.measured_ms.is_some()));
    let without = hulplijn(&["check", "menus", "--json", "--audio", "no-such-folder"]);
    assert_eq!(without.0, 2);
}

// ---- rendering

#[test]
fn what_is_missing_or_stale_is_rendered_and_nothing_else() {
    let line = Line::new(ESPEAK);
    let render = |rest: &[&str]| line.audio(&["render", "--lang", "en"], rest);
    let (code, out, error) = render(&[]);
    assert_eq!(code, 0, "{out}{error}");
    let first = line.catalog("en");
    assert!(first.prompt.len() > 70 && out.contains("words a minute"), "{out}");
    assert!(first.prompt.values().all(|entry| (entry.grade, entry.made) == (Grade::Draft, Made::Rendered)));
    // The same again does nothing; the same from nothing gives the same bytes.
    assert_eq!(render(&[]).1, "en: nothing to do\n");
    let other = Line::new(ESPEAK);
    assert_eq!(other.audio(&["render", "--lang", "en"], &[]).0, 0);
    let sounds = |catalog: &Catalog| catalog.prompt.values().map(|entry| entry.sound.clone()).collect::<Vec<_>>();
    assert_eq!(sounds(&other.catalog("en")), sounds(&first));
    assert_eq!(line.audio(&["status", "--lang", "en"], &[]).0, 0);

    line.edit("texts/en.toml", "You decide.\n", "It is you who decides.\n");
    let (code, status, _) = line.audio(&["status", "--lang", "en"], &["--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((code, &status["en"]["stale"]), (1, &serde_json::json!(["police/say/3"])));
    let (_, out, _) = render(&[]);
    assert!(out.starts_with("en: 1 prompts, "), "{out}");
    let changed: Vec<String> = line
        .catalog("en")
        .prompt
        .into_iter()
        .filter(|(prompt, entry)| first.prompt[prompt].sound != entry.sound)
        .map(|(prompt, _)| prompt)
        .collect();
    assert_eq!(changed, ["police/say/3"]);
}

/// Ended in the middle by a kill that cannot be caught; what is kept is whole, and the next run goes on from there.
#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    let line = Line::new(ESPEAK);
    let arguments = line.arguments(&["render", "--lang", "en", "--jobs", "1"], &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut run = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while line.catalog("en").prompt.len() < 5 {
        assert!(Instant::now() < until, "nothing is kept while it runs");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let before = line.catalog("en");
    let sounds = Sounds::read(&line.path("audio")).ok().unwrap();
    for entry in before.prompt.values() {
        sounds.bytes(&"en".parse().unwrap(), entry).unwrap();
    }
    let all =
        Sounds::wanted(&hotline(&Settings::default())).iter().filter(|wanted| wanted.language.as_str() == "en").count();
    assert!(before.prompt.len() < all, "it was killed too late to show anything");
    let (code, out, _) = line.audio(&["render", "--lang", "en"], &[]);
    assert_eq!(code, 0);
    assert!(out.starts_with(&format!("en: {} prompts", all - before.prompt.len())), "{out}");
    let after = line.catalog("en");
    assert!(before.prompt.iter().all(|(prompt, entry)| after.prompt.get(prompt) == Some(entry)));
}

#[test]
fn any_program_can_be_the_voice() {
    let text = "phrase/wrong_key";
    let case = |command: &str, expected: i32, says: &str| {
        let line = Line::new(&format!(
            "[audio.voice.en]\nengine = \"command\"\nvoice = \"mine\"\ngrade = \"good\"\ntimeout_s = 2\ncommand = {command}\n"
        ));
        let (code, out, error) = line.audio(&["render", "--lang", "en", "--only", text], &[]);
        assert_eq!(code, expected, "{command}: {out}{error}");
        assert!(format!("{out}{error}").contains(says), "{command}: {out}{error}");
        line
    };
    // A file for the text and one for the sound; the text on standard input and the sound on standard output.
    let files = case(r#"["espeak-ng", "-b", "1", "-v", "{lang}", "-f", "{text}", "-w", "{out}"]"#, 0, "mine (good)");
    let streams = case(r#"["espeak-ng", "-b", "1", "-v", "en", "--stdin", "--stdout"]"#, 0, "mine (good)");
    let sound = |line: &Line| line.catalog("en").prompt[text].sound.clone();
    assert_eq!(sound(&files), sound(&streams));
    // No shell: what would be one is a word.
    case(r#"["espeak-ng", "--stdin", "-w", "{out}; touch x"]"#, 1, "there is no file with sound");
    case(r#"["no-such-program-anywhere"]"#, 2, "is not there");
    case(r#"["false"]"#, 1, "exit status: 1");
    case(r#"["echo", "hello"]"#, 1, "it is not a WAV file");
    case(r#"["sleep", "30"]"#, 1, "no answer after 2 s");
    case(r#"["yes"]"#, 1, "MiB of sound");
    // A program beside the configuration.
    let line =
        Line::new("[audio.voice.en]\nengine = \"command\"\nvoice = \"mine\"\ncommand = [\"bin/speak\", \"{out}\"]\n");
    std::fs::create_dir(line.path("bin")).unwrap();
    std::fs::write(line.path("bin/speak"), "#!/bin/sh\nexec espeak-ng --stdin -w \"$1\"\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(line.path("bin/speak"), mode).unwrap();
    assert_eq!(line.audio(&["render", "--lang", "en", "--only", text], &[]).0, 0);
}

/// One request of a service: what was asked is returned, and this is answered.
fn service(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/speak?x=1", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let (mut asked, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let count = stream.read(&mut part).unwrap();
            asked.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&asked).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.trim().parse().unwrap() {
                break;
            }
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (address, served)
}

#[test]
fn a_service_on_the_local_network_can_be_the_voice() {
    let spoken = Command::new("espeak-ng").args(["-w", "/dev/stdout", "Hello."]).output().unwrap().stdout;
    for (body, sent) in [("text", "\r\n\r\nTake your time."), ("json", "\"text\":\"Take your time.\"")] {
        let (address, served) = service(spoken.clone());
        let line = Line::new(&format!(
            "[audio.voice.en]\nengine = \"http\"\nvoice = \"service\"\nurl = \"{address}\"\nbody = \"{body}\"\n"
        ));
        let (code, out, error) = line.audio(&["render", "--lang", "en", "--only", "phrase/silence/1"], &[]);
        assert_eq!(code, 0, "{out}{error}");
        let asked = served.join().unwrap();
        assert!(asked.starts_with("POST /speak?x=1 HTTP/1.1") && asked.contains(sent), "{asked}");
        assert_eq!(line.catalog("en").prompt["phrase/silence/1"].voice, "service");
    }
    let public = Line::new("[audio.voice.en]\nengine = \"http\"\nvoice = \"far\"\nurl = \"http://203.0.113.7/\"\n");
    let (code, _, error) = public.audio(&["render", "--lang", "en"], &[]);
    assert!(code == 2 && error.contains("address of the whole internet"), "{error}");
    let closed = Line::new("[audio.voice.en]\nengine = \"http\"\nvoice = \"off\"\nurl = \"http://127.0.0.1:9/\"\n");
    let (code, _, error) = closed.audio(&["render", "--lang", "en"], &[]);
    assert!(code == 2 && error.contains("cannot be asked"), "{error}");
}

// ---- recordings

#[test]
fn a_recording_wins_and_is_never_lost() {
    let line = Line::new(ESPEAK);
    let only = ["render", "--lang", "en", "--only", "phrase/silence/1", "--only", "police/say/3"];
    assert_eq!(line.audio(&only, &[]).0, 0);
    let takes = line.path("takes");
    std::fs::create_dir(&takes).unwrap();
    let record = |name: &str, words: &str| {
        let file = takes.join(name);
        let done =
            Command::new("espeak-ng").args(["-v", "en-us", "-s", "120", "-w", file.to_str().unwrap(), words]).status();
        assert!(done.unwrap().success());
    };
    record("phrase.silence.1.wav", "Take your time.");
    record("en.police.say.3.wav", "You decide. You can talk to a person first.");
    let import = |rest: &[&str]| line.audio(&["import", takes.to_str().unwrap(), "--lang", "en"], rest);
    assert_eq!(import(&["--check"]).0, 0);
    assert_eq!(line.catalog("en").prompt["phrase/silence/1"].made, Made::Rendered);
    let (code, out, error) = import(&["--voice", "studio, spring"]);
    assert!(code == 0 && out.starts_with("en: 2 recordings taken in"), "{out}{error}");
    let entry = line.catalog("en").prompt["phrase/silence/1"].clone();
    assert_eq!((entry.grade, entry.made, entry.voice.as_str()), (Grade::Recorded, Made::Recorded, "studio, spring"));
    let measured = measure(&line.sound("en/phrase.silence.1.wav")).unwrap();
    assert!(measured.rate == RATE && (measured.level_db - LEVEL_DB).abs() < 1.0 && measured.tail_ms <= TAIL_MOST_MS);

    // Whatever is rendered afterwards, the recording of these words stays.
    line.audio(&[&only[..], &["--again"]].concat(), &[]);
    assert_eq!(line.catalog("en").prompt["phrase/silence/1"], entry);
    // Its words change: callers hear the new ones, and the recording is kept.
    let recorded = line.sound("en/phrase.silence.1.wav");
    line.edit("texts/en.toml", "\"Take your time.\"", "\"Take all the time you need.\"");
    assert_eq!(line.audio(&only, &[]).0, 0);
    assert_eq!(line.catalog("en").prompt["phrase/silence/1"].made, Made::Rendered);
    let old: Vec<PathBuf> =
        std::fs::read_dir(line.path("audio/en/old")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(old.len(), 1);
    assert_eq!(std::fs::read(&old[0]).unwrap(), recorded);
}

#[test]
fn a_recording_that_is_not_right_is_refused_with_all_others() {
    let line = Line::new(ESPEAK);
    let takes = line.path("takes");
    std::fs::create_dir(&takes).unwrap();
    let good = Command::new("espeak-ng").args(["-w", "/dev/stdout", "Take your time."]).output().unwrap().stdout;
    let case = |name: &str, bytes: &[u8], says: &str| {
        std::fs::write(takes.join(name), bytes).unwrap();
        let (code, _, error) = line.audio(&["import", takes.to_str().unwrap(), "--lang", "en"], &[]);
        assert!(code == 1 && error.contains(says) && error.contains("nothing was taken in"), "{name}: {error}");
        std::fs::remove_file(takes.join(name)).unwrap();
        assert!(line.catalog("en").prompt.is_empty());
    };
    std::fs::write(takes.join("phrase.silence.1.wav"), &good).unwrap();
    case("phrase.silense.2.wav", &good, "did you mean `phrase.silence.2.wav`?");
    case("whatever.wav", &good, "`hulplijn audio script` writes the names");
    case("phrase.person.flac", &good, "expected WAV files");
    case("phrase.person.wav", b"ID3 an mp3", "it is not a WAV file");
    case("phrase.person.wav", &good[..60], "there is no speech in it");
    case("police.say.1.wav", &good, "too short for its words");
    case("en.phrase.silence.1.wav", &good, "two recordings of `phrase/silence/1`");
}

#[test]
fn prompts_that_are_gone_are_named_and_removed_when_asked() {
    let line = Line::new(ESPEAK);
    assert_eq!(line.audio(&["render", "--lang", "en", "--only", "phrase/silence/1"], &[]).0, 0);
    let path = line.path("audio/en/catalog.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("phrase/silence/1", "gone/say/1").replace("phrase.silence.1", "gone.say.1"))
        .unwrap();
    std::fs::rename(line.path("audio/en/phrase.silence.1.wav"), line.path("audio/en/gone.say.1.wav")).unwrap();
    let (_, out, _) = line.audio(&["status", "--lang", "en"], &[]);
    assert!(out.contains("en left over: gone/say/1"), "{out}");
    let (code, out, error) = line.audio(&["render", "--lang", "en", "--prune", "--only", "phrase/silence/1"], &[]);
    assert!(code == 0 && out.contains("en: removed gone/say/1"), "{out}{error}");
    assert!(!line.path("audio/en/gone.say.1.wav").exists());
    assert_eq!(line.catalog("en").prompt.keys().collect::<Vec<_>>(), ["phrase/silence/1"]);
}

#[test]
fn the_reading_list_has_every_prompt_with_its_pauses() {
    let (code, text, _) = hulplijn(&["audio", "script", "--lang", "nl"]);
    assert_eq!(code, 0);
    assert!(text.contains("[ ] comensha.say.2.wav\n    Het nummer: nul drie drie"), "{text}");
    assert!(text.contains("pauses: Het nummer: - nul - drie - drie / vier"), "{text}");
    let (_, page, _) = hulplijn(&["audio", "script", "--lang", "nl", "--html"]);
    let count =
        Sounds::wanted(&hotline(&Settings::default())).iter().filter(|wanted| wanted.language.as_str() == "nl").count();
    assert_eq!((text.matches("\n[ ] ").count(), page.matches("type=\"checkbox\"").count()), (count, count));
    assert!(!page.contains("http") && !page.contains("<script"), "the page stands alone");
    assert_eq!(hulplijn(&["audio", "script"]).0, 2);
    assert_eq!(hulplijn(&["audio", "script", "--lang", "ro"]).0, 2);
}

#[test]
fn a_sound_that_is_not_right_is_a_finding() {
    let line = Line::new(ESPEAK);
    assert_eq!(line.audio(&["render", "--lang", "en"], &[]).0, 0);
    let menus = line.path("menus");
    let check = || {
        let (_, json, error) = hulplijn(&["check", menus.to_str().unwrap(), "--json"]);
        let findings: Vec<serde_json::Value> =
            serde_json::from_str(&json).unwrap_or_else(|problem| panic!("{problem} {error}"));
        let ours = findings.into_iter().filter(|finding| finding["file"].as_str().unwrap().starts_with("audio/"));
        ours.map(|finding| format!("{} {} {}", finding["rule"], finding["severity"], finding["message"]))
            .collect::<Vec<_>>()
    };
    let has = |found: &[String], says: &str| {
        assert!(found.iter().any(|finding| finding.contains(says)), "{says}: {found:#?}")
    };
    has(&check(), "`en` has drafts");
    // Other bytes than were catalogued.
    let file = line.path("audio/en/phrase.person.wav");
    let kept = std::fs::read(&file).unwrap();
    std::fs::write(&file, &kept[..kept.len() - 2]).unwrap();
    has(&check(), "\"error\" \"the sound of `phrase/person` cannot be played");
    std::fs::write(&file, kept).unwrap();
    // A file from elsewhere, entered by hand: too loud, and with another silence.
    let loud = line.path("audio/en/police.option.stay.wav");
    let raw = Command::new("espeak-ng")
        .args(["-a", "200", "-w", "/dev/stdout", "For that scheme, press one."])
        .output()
        .unwrap();
    std::fs::write(&loud, &raw.stdout).unwrap();
    let path = line.path("audio/en/catalog.toml");
    let mut catalog = line.catalog("en");
    catalog.prompt.get_mut("police/option/stay").unwrap().sound = hulplijn::audio::SoundId::of(&raw.stdout);
    std::fs::write(&path, catalog.to_toml()).unwrap();
    let found = check();
    has(&found, "\"PR-08\" \"warning\" \"the sound of `police/option/stay` is not as a telephone needs it");
    has(&found, "\"TM-07\" \"warning\"");
    // Other words, and none.
    line.edit("texts/en.toml", "You decide.\n", "It is you who decides.\n");
    catalog.prompt.remove("phrase/back");
    std::fs::write(&path, catalog.to_toml()).unwrap();
    let found = check();
    has(&found, "the sound of `police/say/3` is not of its words any more");
    has(&found, "`en` has no sound for 1 prompts");
}
