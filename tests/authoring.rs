//! What an author does to a folder of menu files, with the program itself: begin one, add to it, rename in it.

mod common;

use hulplijn::base::Sources;
use hulplijn::menu::{self, Settings};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const TODAY: &str = "2026-11-24";

fn hulplijn(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_hulplijn");
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder with the shipped menus in its folder `menus`.
fn with_menus() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("menus/texts")).unwrap();
    for (file, text) in common::shipped_menus() {
        std::fs::write(folder.path().join("menus").join(&*file), text.as_bytes()).unwrap();
    }
    folder
}

/// Every file below a folder, hidden ones too.
fn files(folder: &Path) -> Sources {
    let mut found = Sources::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&inside)).unwrap() {
            let path = inside.join(entry.unwrap().file_name());
            if folder.join(&path).is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(folder.join(&path)).unwrap();
                found.insert(path.to_str().unwrap().into(), text.into());
            }
        }
    }
    found
}

/// The lines that were put in, if nothing else changed: none of the old ones may be gone or moved.
fn put_in(old: &str, new: &str) -> Vec<String> {
    let mut old = old.lines().peekable();
    let mut put_in = Vec::new();
    for line in new.lines() {
        match old.next_if(|old| *old == line) {
            Some(_) => {}
            None => put_in.push(line.to_owned()),
        }
    }
    assert_eq!(old.next(), None, "a line is gone");
    put_in
}

fn rules(folder: &Path) -> Vec<(String, String)> {
    let (_, json, _) = hulplijn(folder, &["check", "menus", "--json", "--at", TODAY]);
    let findings: serde_json::Value = serde_json::from_str(&json).unwrap();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    findings.as_array().unwrap().iter().map(|finding| (text(finding, "severity"), text(finding, "rule"))).collect()
}

#[test]
fn the_starter_has_no_finding_but_the_unchecked_number() {
    for languages in ["nl,en", "en,nl", "en", "nl"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["new", "menus", "--languages", languages, "--name", "The \"north\" line"];
        let (code, said, error) = hulplijn(folder.path(), &arguments);
        assert_eq!(code, 0, "{error}");
        assert!(said.contains("hulplijn check menus") && said.contains("hulplijn call --menus menus"), "{said}");
        let sources = files(&folder.path().join("menus"));
        assert_eq!(sources.len(), 6 + languages.split(',').count());
        let loaded = menu::load(&sources, &Settings::default(), TODAY.parse().unwrap());
        let told: Vec<&str> = loaded.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(told, ["FC-03"], "{languages}: {:?}", loaded.findings);
        let hotline = loaded.hotline.unwrap();
        let tags: Vec<String> = hotline.languages.iter().map(|language| language.to_string()).collect();
        assert_eq!(tags.join(","), languages);
        assert_eq!(hotline.name, "The \"north\" line");
        for text in sources.values() {
            assert!(!text.contains("{{") && !text.contains("\n%"), "a mark was left: {text}");
        }
    }
}

/// A remark stands before or on every part that a coordinator can change.
#[test]
fn every_part_of_the_starter_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    hulplijn(folder.path(), &["new", "menus"]);
    for (file, text) in files(folder.path()) {
        assert!(text.starts_with('#'), "`{file}` does not begin with what it is for");
        let blocks = text.replace("\"\"\"\n", "\"\"\" ").to_string();
        for block in blocks.split("\n\n").filter(|block| block.starts_with('[')) {
            let heading = block.lines().next().unwrap();
            let known = ["[front]", "[sms]", "[fact.", "[node.privacy]"].iter().any(|known| heading.starts_with(known));
            assert!(known || block.contains('#'), "`{heading}` of `{file}` is not explained");
        }
    }
}

#[test]
fn a_call_in_the_starter_reaches_a_person() {
    let folder = tempfile::tempdir().unwrap();
    hulplijn(folder.path(), &["new", "menus", "--languages", "en"]);
    let (code, said, error) = hulplijn(folder.path(), &["call", "--menus", "menus", "--keys", "1,1,0,1"]);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("You do not have to say your name") && said.contains("they talk"), "{said}");
}

#[test]
fn a_starter_overwrites_nothing() {
    let folder = with_menus();
    let before = files(folder.path());
    let refused = |arguments: &[&str], says: &str| {
        let (code, said, error) = hulplijn(folder.path(), arguments);
        assert!(error.contains(says), "{error}");
        assert_eq!((code, said.as_str()), (if says.contains("--name") { 1 } else { 2 }, ""));
    };
    refused(&["new", "menus"], "`menus` is not empty");
    refused(&["new", "menus/voice.toml"], "cannot use `menus/voice.toml` as a folder");
    refused(&["new", "other", "--languages", "en,ro"], "texts/en.toml into texts/ro.toml");
    refused(&["new", "other", "--languages", "en,en"], "stands in the list twice");
    refused(&["new", "other", "--name", "Code"], "choose another `--name`");
    assert_eq!(files(folder.path()), before);
    assert!(!folder.path().join("other").exists());
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    assert_eq!(hulplijn(folder.path(), &["new", "empty"]).0, 0);
}

#[test]
fn an_added_node_is_refused_until_it_has_words() {
    let folder = with_menus();
    let before = files(folder.path());
    let known = rules(folder.path());
    let (code, said, error) = hulplijn(folder.path(), &["add", "night-shelter", "--under", "help"]);
    assert_eq!(code, 0, "{error}");
    for part in
        ["`night-shelter` is key 3 of `help`", "in `nl` is 113", "in `en` is 213", "texts/en.toml and texts/nl.toml"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let after = files(folder.path());
    let changed: Vec<&str> = after.keys().filter(|file| after[*file] != before[*file]).map(|file| &**file).collect();
    assert_eq!(changed, ["menus/texts/en.toml", "menus/texts/nl.toml", "menus/voice.toml"]);
    for file in ["menus/texts/en.toml", "menus/texts/nl.toml"] {
        let lines = put_in(&before[file], &after[file]);
        assert!(
            lines.iter().any(|line| line.contains("TO BE WRITTEN")) && lines.contains(&"say = \"\"".into()),
            "{lines:?}"
        );
    }
    let voice = after["menus/voice.toml"].replace(", \"night-shelter\"", "");
    assert!(put_in(&before["menus/voice.toml"], &voice).contains(&"[node.night-shelter]".to_owned()));
    assert_eq!(hulplijn(folder.path(), &["check", "menus"]).0, 1);
    let (_, screen, _) = hulplijn(folder.path(), &["check", "menus"]);
    assert!(screen.contains("`node.night-shelter.say` is empty"), "{screen}");
    assert_ne!(hulplijn(folder.path(), &["call", "--menus", "menus", "--keys", "2"]).0, 0, "nobody hears it");
    for language in ["en", "nl"] {
        let path = folder.path().join(format!("menus/texts/{language}.toml"));
        let text = std::fs::read_to_string(&path).unwrap();
        let text =
            text.replace("option = \"\"", "option = \"Nabucco\"").replace("\nsay = \"\"\n", "\nsay = \"Warm.\"\n");
        std::fs::write(&path, text).unwrap();
    }
    // A third option makes the list of keys longer, which the checker rightly tells.
    let said: Vec<_> = rules(folder.path()).into_iter().filter(|(_, rule)| rule != "TM-04").collect();
    assert_eq!(said, known, "with words, check says what it said before");
    let (_, said, _) = hulplijn(folder.path(), &["call", "--menus", "menus", "--keys", "2,1,3"]);
    assert!(said.contains("Warm."), "{said}");
}

#[test]
fn several_nodes_can_be_added_before_one_is_written() {
    let folder = tempfile::tempdir().unwrap();
    hulplijn(folder.path(), &["new", "menus"]);
    for (at, node) in ["one", "two", "three"].iter().enumerate() {
        let (code, said, error) = hulplijn(folder.path(), &["add", node, "--under", "main"]);
        assert_eq!(code, 0, "{error}");
        assert!(said.contains(&format!("is key {} of `main`", at + 3)), "{said}");
    }
    let (code, said, _) = hulplijn(folder.path(), &["add", "four", "--under", "main", "--dry-run"]);
    assert!(code == 0 && said.contains("warning[MN-01]") && said.contains("nothing was written"), "{said}");
    assert_eq!(hulplijn(folder.path(), &["add", "four", "--under", "one"]).0, 0);
    let (code, said, _) = hulplijn(folder.path(), &["add", "five", "--under", "talking"]);
    assert!(code == 0 && said.contains("in `nl` is 111"), "{said}");
    let (code, said, _) = hulplijn(folder.path(), &["add", "six", "--under", "talking"]);
    assert!(code == 0 && said.contains("no SMS code in `nl`") && said.contains("in `en` is 212"), "{said}");
    let voice = std::fs::read_to_string(folder.path().join("menus/voice.toml")).unwrap();
    assert!(voice.contains("options = [\"talking\", \"privacy\", \"one\", \"two\", \"three\"]"), "{voice}");
    assert!(voice.contains("text_facts = [\"talking.no_name\"]\n\n"), "its table ends where it ended: {voice}");
}

/// The list of options, in whatever way its author writes it.
#[test]
fn an_option_goes_to_the_end_of_any_list() {
    let case = |options: &str, expected: &str| {
        let folder = with_menus();
        let path = folder.path().join("menus/voice.toml");
        let own = "options = [\"comensha\", \"website\"]";
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(own));
        std::fs::write(&path, text.replacen(own, options, 1)).unwrap();
        let (code, _, error) = hulplijn(folder.path(), &["add", "extra", "--under", "help"]);
        assert_eq!(code, 0, "{options}: {error}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(expected), "{options}: {text}");
    };
    case("options = [\"comensha\", \"website\"]", "options = [\"comensha\", \"website\", \"extra\"]\n");
    case("options = ['comensha','website',] # two", "options = ['comensha','website', \"extra\",] # two\n");
    case(
        "options = [\n  \"comensha\", # who\n  \"website\"   # where\n  # the end\n]",
        "options = [\n  \"comensha\", # who\n  \"website\",   # where\n  \"extra\"\n  # the end\n]",
    );
    case(
        "options = [\r\n\t\"comensha\",\r\n\t\"website\", # where\r\n]",
        "options = [\r\n\t\"comensha\",\r\n\t\"website\", # where\r\n\t\"extra\",\r\n]",
    );
    case("options = [\"comensha\",\n  \"website\"]", "options = [\"comensha\",\n  \"website\", \"extra\"]");
}

#[test]
fn what_would_break_a_rule_is_not_added() {
    let folder = with_menus();
    let before = files(folder.path());
    let case = |node: &str, under: &str, says: &str| {
        let (code, said, error) = hulplijn(folder.path(), &["add", node, "--under", under]);
        assert_eq!((code, said.as_str()), (2, ""), "{node} under {under}");
        assert!(error.contains(says), "{node} under {under}: {error}");
    };
    case("x", "stya", "did you mean `stay`?");
    case("x", "nothing-like-it", "`nothing-like-it` is not a node");
    case("x", "website", "2 keys below the main menu");
    case("x", "connect", "has a fixed part");
    case("x", "welcome", "add it under `main`");
    case("x", "danger", "reached by a text only");
    case("help", "main", "stands in");
    case("Big", "main", "at most 40 small letters");
    case("busy", "main", "a node with a fixed part");
    assert_eq!(files(folder.path()), before);
    assert_eq!(hulplijn(folder.path(), &["add", "sixth", "--under", "main"]).0, 0);
    let before = files(folder.path());
    case("seventh", "main", "`main` has 6 choices already");
    assert_eq!(files(folder.path()), before);
    std::fs::write(folder.path().join("menus/voice.toml"), "[").unwrap();
    case("x", "main", "run `hulplijn check`");
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, _, error) = hulplijn(elsewhere.path(), &["add", "x", "--under", "main"]);
    assert!(code == 2 && error.contains("there is no folder `menus` here"), "{error}");
}

#[test]
fn a_rename_reaches_all_files_and_nothing_else() {
    let folder = with_menus();
    let before = files(folder.path());
    let known = rules(folder.path());
    let (code, shown, _) = hulplijn(folder.path(), &["rename", "reflection", "three-months", "--dry-run"]);
    assert!(code == 0 && shown.contains("+ [node.three-months]") && shown.contains("nothing was written"), "{shown}");
    assert_eq!(files(folder.path()), before);
    let (code, said, _) = hulplijn(folder.path(), &["rename", "reflection", "three-months"]);
    assert_eq!((code, said.as_str()), (0, "`reflection` is now called `three-months`: 10 places in 3 files\n"));
    assert_eq!(rules(folder.path()), known);
    assert_eq!(hulplijn(folder.path(), &["rename", "welcome", "front"]).0, 0);
    let line = std::fs::read_to_string(folder.path().join("menus/hotline.toml")).unwrap();
    assert!(line.contains("start = \"front\""));
    let (_, said, _) = hulplijn(folder.path(), &["call", "--menus", "menus", "--keys", "2,3,1"]);
    assert!(said.contains("you have three months to recover"), "{said}");
    hulplijn(folder.path(), &["rename", "front", "welcome"]);
    hulplijn(folder.path(), &["rename", "three-months", "reflection"]);
    assert_eq!(files(folder.path()), before, "there and back is where it was, and nothing is left beside the files");
}

#[test]
fn a_rename_that_fails_changes_nothing() {
    let folder = with_menus();
    let before = files(folder.path());
    let case = |arguments: &[&str], says: &str| {
        let (code, said, error) = hulplijn(folder.path(), arguments);
        assert_eq!((code, said.as_str()), (2, ""), "{arguments:?}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    };
    case(&["rename", "connect", "person"], "must keep its name");
    case(&["rename", "help", "stay"], "already");
    case(&["rename", "hlep", "aid"], "did you mean `help`?");
    // A folder stands where a file is written beside the last one: the first is prepared and taken away again.
    let in_the_way = folder.path().join("menus/.voice.toml.new");
    std::fs::create_dir(&in_the_way).unwrap();
    case(&["rename", "help", "aid"], "cannot write `voice.toml`");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(files(folder.path()), before);
    // What an interrupted change left is named, and not overwritten.
    let left = folder.path().join("menus/.voice.toml.old");
    std::fs::write(&left, "# before").unwrap();
    case(&["rename", "help", "aid"], "an earlier change was interrupted");
    std::fs::remove_file(&left).unwrap();
    assert_eq!(files(folder.path()), before);
}

/// A disk that is full in the middle: a limit on the size of files lets the small file through and not the large ones.
#[test]
fn a_full_disk_changes_nothing() {
    let folder = with_menus();
    let before = files(folder.path());
    assert!(before["menus/hotline.toml"].len() < 10_000 && before["menus/texts/en.toml"].len() > 15_000);
    let program = env!("CARGO_BIN_EXE_hulplijn");
    // 20 blocks of 512 bytes; a write beyond them fails as on a full disk, because the signal is ignored.
    let script = format!("trap '' XFSZ; ulimit -f 20; exec '{program}' rename welcome front");
    let output = Command::new("sh").arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write `texts/en.toml`") && error.contains("nothing was changed"), "{error}");
    assert_eq!(files(folder.path()), before);
}
