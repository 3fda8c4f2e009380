//! Hotlines of any size, built from the small one that the tests use.

use hulplijn::base::{Finding, Severity, Sources};
use hulplijn::menu::{self, Hotline, Settings};
use std::fmt::Write;
use std::path::Path;

/// As many languages as the format allows (`menu::hotline::MAX_LANGUAGES`).
pub const LANGUAGES: [&str; 6] = ["nl", "en", "ro", "bg", "hu", "es"];

/// Options of one menu.
const BRANCHES: usize = 6;

/// A book of texts has at most a thousand keywords (`menu::texting`), the small hotline's own among them.
const KEYWORDS: usize = 150;

/// A hotline with so many nodes more than the small one, a tree of menus with six options each, in six languages.
/// Its rules are broken in many places (all its texts are alike); its links are whole.
pub fn hotline(nodes: usize) -> Hotline {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/menu/fixture");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the small hotline is there");
    let mut sources = Sources::new();
    for name in ["contacts.toml", "facts.toml", "words.toml", "texts/all.toml"] {
        // What stands there for English, for each further language as well.
        let mut text = String::new();
        for line in read(name).lines() {
            writeln!(text, "{line}").unwrap();
            for code in &LANGUAGES[2..] {
                match line.split_once(" = ") {
                    Some(("en", list)) => writeln!(text, "{code} = {list}").unwrap(),
                    Some((key, list)) if key.ends_with(".en") => {
                        writeln!(text, "{}{code} = {list}", key.trim_end_matches("en")).unwrap();
                    }
                    _ => {}
                }
            }
        }
        sources.insert(name.into(), text.into());
    }
    let languages = LANGUAGES.map(|code| format!("\"{code}\"")).join(", ");
    let head = read("hotline.toml").replace("[\"nl\", \"en\"]", &format!("[{languages}]"));
    sources.insert("hotline.toml".into(), head.into());
    let mut voice = read("voice.toml").replace("\"stay\", \"site\"]", "\"stay\", \"site\", \"n0\"]");
    for node in 0..nodes {
        let first = node * BRANCHES + 1;
        let options: Vec<String> =
            (first..first + BRANCHES).take_while(|at| *at < nodes).map(|at| format!("\"n{at}\"")).collect();
        writeln!(voice, "[node.n{node}]\noptions = [{}]\norder_reason = \"as they come\"", options.join(", ")).unwrap();
    }
    sources.insert("voice.toml".into(), voice.into());
    for (at, code) in LANGUAGES.iter().enumerate() {
        let own = if *code == "nl" { "nl" } else { "en" };
        let mut text = read(&format!("texts/{own}.toml"));
        text = text.replace("\"English\"", &format!("\"The language {code}\""));
        if at > 1 {
            // The small hotline's keywords stand in the first two languages.
            text = text
                .lines()
                .filter(|line| !line.starts_with("keywords"))
                .fold(String::new(), |text, line| text + line + "\n");
        }
        let names: Vec<String> = LANGUAGES.iter().map(|code| format!("{code} = \"a language\"")).collect();
        let start = text.find("languages = {").expect("the whisper names the languages");
        text.truncate(start);
        writeln!(text, "languages = {{ {} }}\n", names.join(", ")).unwrap();
        for node in 0..nodes {
            let word = keyword(at, node);
            writeln!(
                text,
                "[node.n{node}]\noption = \"For part {word} of the rules\"\n\
                 say = \"\"\"\nThis is part {word} of the rules.\nThere is more to say about each of them.\"\"\"\n\
                 sms = \"This is part {word} of the rules. Delete this text.\""
            )
            .unwrap();
            if node < KEYWORDS {
                writeln!(text, "keywords = \"{word}\"").unwrap();
            }
        }
        sources.insert(format!("texts/{code}.toml").into(), text.into());
    }
    let today = jiff::civil::date(2026, 11, 24);
    let loaded = menu::load_published(&sources, &Settings::default(), today);
    loaded.hotline.unwrap_or_else(|| {
        let wrong = |finding: &&Finding| finding.severity == Severity::Error;
        let findings: Vec<Finding> = loaded.findings.iter().filter(wrong).cloned().collect();
        panic!("{}", menu::diagnostic::screen(&findings, &sources, false))
    })
}

/// Letters only, each one twice, so that no two words are one slip of the finger apart.
pub fn keyword(language: usize, node: usize) -> String {
    let letters = [language, node / 676, node / 26, node].map(|n| char::from(b'A' + u8::try_from(n % 26).unwrap()));
    letters.iter().flat_map(|letter| [letter; 2]).collect()
}
