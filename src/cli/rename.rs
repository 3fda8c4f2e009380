//! `hulplijn rename`: another name for a node, everywhere it stands.

use super::change::{self, Changes};
use super::places::{Edit, Kind, Spot, spots};
use super::{Done, Failure, assemble, screen};
use crate::base::{Finding, Severity, Sources, meant};
use crate::menu::{self, Settings};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// The nodes that the hotline finds by their names.
pub const FIXED: [&str; 4] = ["connect", "waiting", "closed", "busy"];

/// Give a node another name, in all files of a folder
///
/// The name changes in hotline.toml, voice.toml and every language: headings, options, `then`, `option_from` and the
/// placeholders {code.NAME} and {key.NAME}. Everything else stays as it is, remarks too. Callers notice nothing: names
/// are never spoken. `connect`, `waiting`, `closed` and `busy` must keep theirs.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hulplijn rename reflection three-months")]
pub struct Arguments {
    /// The node as it is called now
    #[arg(value_name = "OLD")]
    old: String,
    /// What it will be called: small letters, digits and hyphens, at most 40, a letter first
    #[arg(value_name = "NEW")]
    new: String,
    /// Folder of menu files
    #[arg(long, value_name = "DIR", default_value = "menus")]
    dir: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: Arguments) -> Done {
    let before = change::read(&arguments.dir)?;
    let changes = renamed(&before, &arguments.old, &arguments.new).map_err(Failure::cannot)?;
    let after = change::after(&before, &changes);
    same_findings(&before, &after).map_err(Failure::cannot)?;
    let places: usize = changes.values().map(Vec::len).sum();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let where_to = format!("{} in {}", count(places, "place"), count(changes.len(), "file"));
    if arguments.dry_run {
        screen::print(&change::shown(&before, &changes));
        screen::line(&format!("{where_to} would change; nothing was written"));
        return Ok(());
    }
    change::write(&arguments.dir, &before, &after)?;
    screen::line(&format!("`{}` is now called `{}`: {where_to}", arguments.old, arguments.new));
    Ok(())
}

/// The changes that give a node another name.
///
/// # Errors
/// A sentence: one of the names will not do, or a file cannot be changed safely.
pub fn renamed(before: &Sources, old: &str, new: &str) -> Result<Changes, String> {
    free_name(new)?;
    if FIXED.contains(&old) {
        return Err(format!("`{old}` has a fixed part in every hotline and must keep its name"));
    }
    let mut all: BTreeMap<Arc<str>, Vec<Mention>> = BTreeMap::new();
    for (file, source) in before {
        all.insert(Arc::clone(file), mentions(file, source)?);
    }
    let nodes = || all.get("voice.toml").into_iter().flatten().filter(|mention| mention.declares);
    if !nodes().any(|node| node.name == old) {
        let near = meant(old, nodes().map(|node| node.name.as_str()));
        let meant = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("`{old}` is not a node of `voice.toml`{meant}"));
    }
    if let Some((file, _)) = all.iter().find(|(_, mentions)| mentions.iter().any(|mention| mention.name == new)) {
        return Err(format!("the name `{new}` stands in `{file}` already: choose another"));
    }
    let mut changes = Changes::new();
    for (file, mentions) in all {
        let edits: Vec<Edit> = mentions
            .into_iter()
            .filter(|mention| mention.name == old)
            .map(|mention| Edit { span: mention.span, text: mention.form.written(new) })
            .collect();
        if !edits.is_empty() {
            changes.insert(file, edits);
        }
    }
    Ok(changes)
}

/// A name that a new node can have, as far as the name itself tells.
///
/// # Errors
/// What is wrong with it.
pub fn free_name(name: &str) -> Result<(), String> {
    if FIXED.contains(&name) {
        return Err(format!("`{name}` is the name of a node with a fixed part: choose another"));
    }
    if !menu::is_name(name) {
        return Err(format!(
            "`{name}` cannot be the name of a node: use at most 40 small letters, digits and hyphens, a letter first"
        ));
    }
    Ok(())
}

/// `check` must say after a rename what it said before, name for name and rule for rule.
fn same_findings(before: &Sources, after: &Sources) -> Result<(), String> {
    let rules = |sources: &Sources| -> Vec<(Severity, &'static str)> {
        let findings = menu::load(sources, &Settings::default(), assemble::today()).findings;
        let mut rules: Vec<_> = findings.iter().map(|finding: &Finding| (finding.severity, finding.rule)).collect();
        rules.sort();
        rules
    };
    if rules(before) == rules(after) {
        return Ok(());
    }
    Err("`hulplijn check` would say something else after this; nothing was changed\n\
         mend what `hulplijn check` says now, then try again"
        .to_owned())
}

/// A place where the name of a node stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    pub name: String,
    /// Whether it is the name over a node's table.
    pub declares: bool,
    span: Range<usize>,
    form: Form,
}

/// How the name stands in its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// The bytes are the name.
    Bare,
    /// The bytes are a text in quotes.
    Quoted,
}

impl Form {
    fn written(self, name: &str) -> String {
        match self {
            Form::Bare => name.to_owned(),
            Form::Quoted => format!("\"{name}\""),
        }
    }
}

/// Every place in a file where the name of a node stands. Remarks do not count.
///
/// # Errors
/// A sentence: the file is not TOML, or writes a placeholder in a way that cannot be changed byte by byte.
pub fn mentions(file: &str, source: &str) -> Result<Vec<Mention>, String> {
    let spots =
        spots(source).ok_or_else(|| format!("`{file}` is not TOML: run `hulplijn check`, mend it, and try again"))?;
    let mut mentions = Vec::new();
    for spot in &spots {
        let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
        let in_texts = file.starts_with("texts/");
        match (&spot.kind, path.as_slice()) {
            (Kind::Key, ["node", name]) if in_texts || file == "voice.toml" => {
                mentions.push(whole(source, spot, name, true));
            }
            (Kind::Key, ["node", _, "option_from", menu]) if in_texts => {
                mentions.push(whole(source, spot, menu, false))
            }
            (Kind::Text(name), ["start"]) if file == "hotline.toml" => mentions.push(whole(source, spot, name, false)),
            (Kind::Text(name), ["node", _, "then" | "options"]) if file == "voice.toml" => {
                mentions.push(whole(source, spot, name, false));
            }
            (Kind::Text(text), path) if in_texts && !path.contains(&"waive") => {
                placeholders(file, source, spot, text, &mut mentions)?;
            }
            _ => {}
        }
    }
    Ok(mentions)
}

/// A key or text that is a name.
fn whole(source: &str, spot: &Spot, name: &str, declares: bool) -> Mention {
    let raw = source.get(spot.span.clone()).unwrap_or_default();
    let bare = |start: usize| {
        let span = spot.span.start + start..spot.span.start + start + name.len();
        Mention { name: name.to_owned(), declares, span, form: Form::Bare }
    };
    match raw.find(name) {
        Some(start) if !name.is_empty() => bare(start),
        // It is written with escapes: all of it is replaced.
        _ => Mention { name: name.to_owned(), declares, span: spot.span.clone(), form: Form::Quoted },
    }
}

/// `{code.help}` and `{key.help}` in a text.
fn placeholders(file: &str, source: &str, spot: &Spot, text: &str, mentions: &mut Vec<Mention>) -> Result<(), String> {
    let raw = source.get(spot.span.clone()).unwrap_or_default();
    let read = |text: &str| -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for start in ["{code.", "{key."] {
            for (at, _) in text.match_indices(start) {
                let name = text.get(at + start.len()..).and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
                if let Some(name) = name.filter(|name| !name.is_empty() && !name.contains('{')) {
                    found.push((at + start.len(), name.to_owned()));
                }
            }
        }
        found.sort();
        found
    };
    let written = read(raw);
    let meant = read(text);
    if !written.iter().map(|(_, name)| name).eq(meant.iter().map(|(_, name)| name)) {
        let line = source.get(..spot.span.start).unwrap_or_default().matches('\n').count() + 1;
        return Err(format!(
            "`{file}`, line {line}: a placeholder is written with a backslash; write it as it is read, then try again"
        ));
    }
    mentions.extend(written.into_iter().map(|(at, name)| {
        let start = spot.span.start + at;
        Mention { span: start..start + name.len(), name, declares: false, form: Form::Bare }
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Revision;
    use crate::cli::menus::Origin;
    use crate::menu::{Hotline, Prompt};
    use proptest::prelude::*;

    fn sample() -> Sources {
        Origin::Sample.read().unwrap_or_default()
    }

    /// The names of the sample's nodes.
    fn names() -> Vec<String> {
        let outline = menu::outline(&sample(), assemble::today());
        outline.unwrap().nodes.into_iter().map(|node| node.name).collect()
    }

    /// The whole hotline as text, after `old` in the names of its nodes and prompts is written `new`; and the rules that
    /// `check` finds broken.
    fn whole_hotline(sources: &Sources, old: &str, new: &str) -> (String, Vec<&'static str>) {
        let loaded = menu::load(sources, &Settings::default(), assemble::today());
        let rules = loaded.findings.iter().map(|finding| finding.rule).collect();
        let mut hotline: Hotline = loaded.hotline.unwrap_or_else(|| panic!("{:?}", loaded.findings));
        hotline.revision = Revision(0);
        for node in &mut hotline.nodes {
            if node.name == old {
                node.name = new.to_owned();
            }
            for spoken in &mut node.spoken {
                let lists = [&mut spoken.info, &mut spoken.options, &mut spoken.reserved, &mut spoken.letters];
                for Prompt { id, .. } in lists.into_iter().flatten() {
                    let parts: Vec<&str> = id.split('/').map(|part| if part == old { new } else { part }).collect();
                    *id = parts.join("/");
                }
            }
        }
        (format!("{hotline:?}"), rules)
    }

    /// Renames there and back: the hotline is the same but for the name, and then the files are what they were.
    fn there_and_back(before: &Sources, old: &str, new: &str) {
        let after = change::after(before, &renamed(before, old, new).unwrap());
        assert_eq!(whole_hotline(before, old, new), whole_hotline(&after, new, new), "{old} -> {new}");
        let back = change::after(&after, &renamed(&after, new, old).unwrap());
        assert_eq!(&back, before, "{old} -> {new}");
    }

    #[test]
    fn every_node_of_the_sample() {
        let before = sample();
        let names = names();
        assert!(names.len() > 15);
        for name in names {
            if FIXED.contains(&name.as_str()) {
                assert!(renamed(&before, &name, "other").unwrap_err().contains("must keep its name"), "{name}");
            } else {
                there_and_back(&before, &name, "another-name");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        #[test]
        fn any_name(node in any::<prop::sample::Index>(), new in "[a-z][a-z0-9-]{0,39}") {
            let before = sample();
            let names = names();
            let free: Vec<&String> = names.iter().filter(|name| !FIXED.contains(&name.as_str())).collect();
            prop_assume!(!names.contains(&new) && !FIXED.contains(&new.as_str()));
            let old: &String = node.get::<&String>(&free);
            there_and_back(&before, old, &new);
        }
    }

    #[test]
    fn however_it_is_written() {
        let case = |file: &str, source: &str, expected: &str| {
            let sources: Sources = [(file.into(), source.into()), ("voice.toml".into(), "[node.old]\n".into())]
                .into_iter()
                .rev()
                .collect();
            let changed = change::after(&sources, &renamed(&sources, "old", "new").unwrap());
            assert_eq!(&*changed[file], expected);
        };
        case("voice.toml", "[ node . old ] # old\r\nthen = 'old'\r\n", "[ node . new ] # old\r\nthen = 'new'\r\n");
        case(
            "voice.toml",
            "[node]\nold.options = [\n\"old\", # old\n\"older\",]\n",
            "[node]\nnew.options = [\n\"new\", # old\n\"older\",]\n",
        );
        case("voice.toml", "node = { \"old\" = { then = \"\\u006fld\" } }", "node = { \"new\" = { then = \"new\" } }");
        case(
            "voice.toml",
            "[node.old]\norder_reason = \"old\"\nfacts = [\"old\"]",
            "[node.new]\norder_reason = \"old\"\nfacts = [\"old\"]",
        );
        case("texts/en.toml", "[node.old.waive]\nx = \"{code.old}\"", "[node.new.waive]\nx = \"{code.old}\"");
        case("texts/en.toml", "[node.x]\noption_from = { old = \"old\" }", "[node.x]\noption_from = { new = \"old\" }");
        case(
            "texts/en.toml",
            "[node.x]\nsay_if.free = \"\"\"{key.old} {old} {{code.old}\n\"\"\"",
            "[node.x]\nsay_if.free = \"\"\"{key.new} {old} {{code.new}\n\"\"\"",
        );
        case(
            "texts/en.toml",
            "[node.x]\nsms = \"\\u00e9 {code.old} {code.older}\"",
            "[node.x]\nsms = \"\\u00e9 {code.new} {code.older}\"",
        );
        case("texts/nl.toml", "\u{feff}[node.old]\nsms = '{code.old}'", "\u{feff}[node.new]\nsms = '{code.new}'");
        case("hotline.toml", "name = \"old\"\nstart = \"old\"", "name = \"old\"\nstart = \"new\"");
        case(
            "facts.toml",
            "[node.old]\nstart = \"old\"\nx = \"{code.old}\"",
            "[node.old]\nstart = \"old\"\nx = \"{code.old}\"",
        );
    }

    #[test]
    fn what_is_refused() {
        let case = |old: &str, new: &str, says: &str| {
            let error = renamed(&sample(), old, new).unwrap_err();
            assert!(error.contains(says), "{old} -> {new}: {error}");
        };
        case("hlep", "x", "did you mean `help`?");
        case("no-such-thing-at-all", "x", "is not a node of `voice.toml`");
        case("help", "stay", "stands in `texts/en.toml` already");
        case("help", "help", "already");
        case("help", "busy", "a node with a fixed part");
        for name in ["", "Help", "1st", "a b", "a.b", "café", &"x".repeat(41)] {
            case("help", name, "cannot be the name of a node");
        }
        let with = |file: &str, text: &str| {
            let mut sources = sample();
            let text = format!("{}\n{text}", sources[file]);
            sources.insert(file.into(), text.into());
            renamed(&sources, "help", "aid").unwrap_err()
        };
        assert!(with("voice.toml", "[").contains("`voice.toml` is not TOML"));
        assert!(with("voice.toml", "[node.x]\nthen = \"aid\"").contains("the name `aid` stands in `voice.toml`"));
        let escaped = with("texts/en.toml", "[node.x]\nsms = \"{code.\\u0068elp}\"");
        let line = sample()["texts/en.toml"].lines().count() + 3;
        let says = format!("`texts/en.toml`, line {line}: a placeholder is written with a backslash");
        assert!(escaped.starts_with(&says), "{escaped}");
    }
}
