//! What ships is a test: the example configuration, the menus, the README's commands.

mod common;

use hulplijn::base::Severity;
use hulplijn::cli::config::{Config, Mode};
use hulplijn::menu::{self, Settings};
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hulplijn(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hulplijn"))
        .args(arguments)
        .current_dir(root())
        .env_remove("HULPLIJN_TWILIO_AUTH_TOKEN")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_configuration_is_complete_and_right() {
    let text = std::fs::read_to_string(root().join("hulplijn.toml.example")).unwrap();
    let config = Config::from_text(&text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.mode, Mode::Provider);
    assert!(config.live && config.desk.line.is_some() && !config.desk.pickup);
}

#[test]
fn the_shipped_menus_have_no_finding_but_the_unchecked_numbers() {
    let loaded = menu::load(&common::shipped_menus(), &Settings::default(), "2026-11-24".parse().unwrap());
    let told: Vec<&str> = loaded.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(told, ["FC-03"; 4]);
    assert!(loaded.findings.iter().all(|finding| finding.severity == Severity::Notice));
}

#[test]
fn the_shipped_menus_keep_every_rule_whatever_is_true_of_the_number() {
    let statements = ["masked_on_bill", "free", "not_recorded"];
    for chosen in 0..1 << statements.len() {
        let mut sources = common::shipped_menus();
        let said = |at: usize| format!("{} = {}\n", statements[at], chosen >> at & 1 == 1);
        let number: String = (0..statements.len()).map(said).collect();
        let number = format!("[number]\n{number}checked_on = \"2026-11-01\"\n");
        let hotline = sources["hotline.toml"].replacen("[number]\n", &number, 1);
        assert!(hotline.contains(&number));
        sources.insert("hotline.toml".into(), hotline.into());
        let findings = menu::load(&sources, &Settings::default(), "2026-11-24".parse().unwrap()).findings;
        let told: Vec<_> = findings.iter().filter(|finding| finding.severity != Severity::Notice).collect();
        assert!(told.is_empty(), "{number}{}", menu::diagnostic::screen(&findings, &sources, false));
    }
}

#[test]
fn check_exits_as_its_help_says() {
    assert_eq!(hulplijn(&["check", "menus"]).0, 0);
    assert_eq!(hulplijn(&["check", "menus", "--strict"]).0, 1);
    assert_eq!(hulplijn(&["check", "no-such-folder"]).0, 2);
    let (code, json, _) = hulplijn(&["check", "menus", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Four unchecked numbers, and the Dutch that is a draft.
    assert_eq!((code, findings.as_array().unwrap().len()), (0, 5));
    for key in ["rule", "severity", "file", "line", "column", "message", "found", "expected", "help"] {
        assert!(findings[0].get(key).is_some(), "{key}");
    }
}

#[test]
fn schemas_are_printed_and_written() {
    let (code, schema, _) = hulplijn(&["schema", "texts/en.toml"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!((code, schema["required"].clone()), (0, serde_json::json!(["phrase"])));
    let (code, _, error) = hulplijn(&["schema", "voise.toml"]);
    assert!(code == 2 && error.contains("did you mean `voice`?"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let (code, written, _) = hulplijn(&["schema", "--write", folder.path().join("schemas").to_str().unwrap()]);
    assert_eq!((code, written.lines().count()), (0, 8));
    for path in written.lines() {
        let schema = std::fs::read_to_string(path).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&schema).unwrap()["type"], "object", "{path}");
    }
}

#[test]
fn a_call_and_a_text_need_no_server() {
    let (code, said, _) = hulplijn(&["call", "--keys", "2,3,1"]);
    assert_eq!(code, 0);
    assert!(said.contains("you have three months to recover"), "{said}");
    let (code, said, _) = hulplijn(&["call", "--lang", "nl", "--keys", "0,1", "--story"]);
    assert_eq!(code, 0);
    assert!(said.contains("> (they talk)") && said.starts_with("# "), "{said}");
    assert_eq!(hulplijn(&["text", "HELP"]).1.lines().count(), 2);
    assert!(hulplijn(&["text", "STOP"]).1.contains("no answer"));
    let (code, _, error) = hulplijn(&["call", "--keys", "2,x"]);
    assert!(code == 2 && error.contains("`x` is not a key"), "{error}");
}

#[test]
fn every_fact_of_the_source_is_spoken_and_28_are_texted() {
    let loaded = menu::load(&common::shipped_menus(), &Settings::default(), "2026-11-24".parse().unwrap());
    let hotline = loaded.hotline.unwrap();
    let count = |facts: fn(&menu::Node) -> &Vec<String>| {
        let all: std::collections::BTreeSet<_> = hotline.nodes.iter().flat_map(facts).collect();
        all.len()
    };
    assert_eq!(count(|node| &node.facts), 32);
    assert_eq!(count(|node| &node.text_facts), 28);
}

#[test]
fn the_fallback_document_rings_only_a_line_that_takes_calls_by_pick_up() {
    let folder = tempfile::tempdir().unwrap();
    let write = |accept: &str| {
        let path = folder.path().join("hulplijn.toml");
        let text = format!(
            "public_url = \"https://line.example.org\"\n[twilio]\nauth_token = \"{}\"\nnumber = \"{}\"\n\
             [desk]\nline = \"{}\"\naccept = \"{accept}\"\nhours = [\"mon-sun 00:00-24:00\"]\n",
            common::TOKEN,
            common::OWN,
            common::DESK
        );
        std::fs::write(&path, text).unwrap();
        hulplijn(&["fallback", "--config", path.to_str().unwrap()])
    };
    let (code, by_key, _) = write("key");
    assert!(
        code == 0 && by_key.contains("één één twee") && by_key.contains("one one two") && !by_key.contains("<Dial"),
        "{by_key}"
    );
    let (code, by_pickup, _) = write("pickup");
    assert!(code == 0 && by_pickup.contains("<Dial") && by_pickup.contains(common::DESK), "{by_pickup}");
    for document in [by_key, by_pickup] {
        assert!(hulplijn::twiml::read_voice(document.trim_end().as_bytes()).unwrap().findings.is_empty());
    }
}

/// The proxies' examples stand in the page and as files: the same lines.
#[test]
fn the_examples_of_the_page_are_the_files() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let page = read("docs/keeping.md");
    for (path, fence) in [("packaging/nginx.conf", "```nginx\n"), ("packaging/Caddyfile", "```caddyfile\n")] {
        let shown = page.split_once(fence).unwrap().1.split_once("```").unwrap().0;
        let file = read(path);
        let (remark, example) = file.split_once('\n').unwrap();
        assert!(remark.starts_with("# ") && example == shown, "{path} and docs/keeping.md differ");
    }
}
