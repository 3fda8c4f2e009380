//! The rooms import only what lies below them (the table in `src/lib.rs`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Room -> the rooms it may name through `crate::`. The same table as the picture in `src/lib.rs`.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    ("base", &[]),
    ("audio", &["base"]),
    ("menu", &["base"]),
    ("privacy", &["base"]),
    ("twiml", &["base"]),
    ("flow", &["base", "menu"]),
    ("sms", &["base", "menu", "flow"]),
    ("desk", &["base"]),
    ("phone", &["base", "twiml"]),
    ("provider", &["base", "flow", "sms", "twiml", "privacy"]),
    ("store", &["base", "flow", "desk", "privacy"]),
    (
        "switchboard",
        &["base", "menu", "privacy", "twiml", "flow", "desk", "sms", "phone", "provider", "store", "audio"],
    ),
    ("server", &["base", "provider", "switchboard", "twiml", "privacy", "audio"]),
    ("console", &["base", "menu", "desk", "phone", "switchboard", "privacy"]),
    (
        "cli",
        &[
            "base",
            "menu",
            "privacy",
            "twiml",
            "flow",
            "desk",
            "sms",
            "phone",
            "provider",
            "store",
            "switchboard",
            "server",
            "audio",
            "console",
        ],
    ),
    ("main.rs", &["cli"]),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The rooms a text names: what follows `crate::`, in braces or not. Comments and test modules do not count.
fn named(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("hulplijn::")) {
        let rest = code[at..].split_once("::").map_or("", |(_, rest)| rest);
        let word =
            |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = &list[..list.find(';').unwrap_or(list.len())];
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => rooms.extend([word(&std::mem::take(&mut item))]),
                        _ => item.push(c),
                    }
                }
                rooms.insert(word(&item));
            }
            None => {
                rooms.insert(word(rest));
            }
        }
    }
    rooms.remove("");
    rooms
}

#[test]
fn every_room_imports_only_what_lies_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 30, "found only {} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap();
        if room == "lib.rs" {
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(known, _)| *known == room)
            .unwrap_or_else(|| panic!("`{room}` is not in the table of rooms"));
        for name in named(&std::fs::read_to_string(&file).unwrap()) {
            if name != room && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{} names `{name}`", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let case = |text: &str, rooms: &[&str]| {
        assert_eq!(named(text), rooms.iter().map(|room| (*room).to_owned()).collect(), "{text}");
    };
    case("use crate::menu::Hotline;", &["menu"]);
    case("use crate::{base::{Digit, Place}, flow};", &["base", "flow"]);
    case("fn f() -> crate::store::Store {}", &["store"]);
    case("// use crate::server;\n/// [`crate::cli`]", &[]);
    case("fn main() { hulplijn::cli::main() }", &["cli"]);
}
