//! The readers of what comes from outside return, whatever they are given. Each is run over its kept corpus (inputs that
//! matter, and those that once broke something) and over a fixed number of changed ones. The long search is
//! `fuzz/run SECONDS`.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;
use targets::TARGETS;

/// Changed inputs for each target: a few seconds together without optimisation.
const CHANGED: [(&str, usize); 7] = [
    ("menus", 60),
    ("twiml", 3000),
    ("forms", 1500),
    ("kannel", 1500),
    ("session", 1500),
    ("sms", 1500),
    ("sound", 300),
];

/// A generator of numbers that are the same in every run (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

/// What is put in: bytes that begin, end and escape things in one of the formats, and ends of ranges.
const PIECES: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<",
    b">",
    b"&",
    b"%",
    b"=",
    b"|",
    b"\x1e",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"\xf0\x9f\x93\x9e",
    b"\xe2\x80\xae",
    b"{key.",
    b"-1",
    b"99999999999999999999",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"<Gather><Say>",
];

/// One input made of one of the corpus, or of two.
fn changed(corpus: &[(String, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let mut data = corpus[numbers.below(corpus.len())].1.clone();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(data.len() + 1);
        let to = (at + numbers.below(12)).min(data.len());
        match numbers.below(6) {
            0 => drop(data.drain(at..to)),
            1 => drop(data.splice(at..to, PIECES[numbers.below(PIECES.len())].iter().copied())),
            2 => drop(data.splice(at..at, PIECES[numbers.below(PIECES.len())].iter().copied())),
            3 if at < data.len() => data[at] = numbers.below(256) as u8,
            4 => {
                let copy = data[at..to].repeat(1 + numbers.below(9));
                drop(data.splice(at..at, copy));
            }
            _ => {
                let other = &corpus[numbers.below(corpus.len())].1;
                let from = numbers.below(other.len() + 1);
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
        }
    }
    data
}

/// The kept inputs of a target by name.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 3, "the corpus of `{name}` is gone");
    files
}

fn run(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let (_, count) = CHANGED.iter().find(|(known, _)| *known == name).unwrap();
    let survives = |what: &str, data: &[u8]| {
        if std::panic::catch_unwind(|| target(data)).is_err() {
            let input: String =
                data.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
            panic!("`{name}` does not survive {what}: b\"{input}\"");
        }
    };
    let corpus = corpus(name);
    for (file, data) in &corpus {
        survives(file, data);
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for at in 0..*count {
        survives(&format!("changed input {at}"), &changed(&corpus, &mut numbers));
    }
}

#[test]
fn menu_files() {
    run("menus");
}

#[test]
fn twiml_documents() {
    run("twiml");
}

#[test]
fn provider_forms() {
    run("forms");
}

#[test]
fn kannels_requests() {
    run("kannel");
}

#[test]
fn sealed_sessions() {
    run("session");
}

#[test]
fn text_messages() {
    run("sms");
}

#[test]
fn sound_files() {
    run("sound");
}

/// Every target has its corpus, its count here and its program for cargo-fuzz.
#[test]
fn nothing_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let script = std::fs::read_to_string(folder.join("run")).unwrap();
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, CHANGED.map(|(name, _)| name));
    assert!(script.contains(&format!("targets=({})", names.join(" "))));
    for name in names {
        let program = std::fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(program.contains(&format!("targets::{name}(data)")), "{name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
