//! `hulplijn add`: a new node under a menu, with texts that are still to be written.

use super::change::{self, Changes};
use super::places::{Edit, Kind, Spot, spots};
use super::rename::{free_name, mentions};
use super::{Done, Failure, assemble, screen};
use crate::base::{Finding, Severity, Sources, meant};
use crate::menu::{self, Outline, OutlinedNode, Settings};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Keys 1 to 6; and levels below the main menu (rules MN-01 and MN-06).
const MOST_CHOICES: usize = 6;
const LEVELS: usize = 2;

/// Add a node to a menu, with empty texts to fill in
///
/// The node becomes the last option of the menu, so that the codes on leaflets stay what they are. It gets a heading in
/// voice.toml and one in the file of each language, with empty texts. `hulplijn check` refuses empty texts: nobody hears
/// a half-made node. Everything else in the files stays as it is, remarks too.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hulplijn add night-shelter --under help")]
pub struct Arguments {
    /// What the node is called, in the files only: small letters, digits and hyphens, at most 40, a letter first
    #[arg(value_name = "NODE")]
    node: String,
    /// The menu that leads to it
    #[arg(long, value_name = "MENU")]
    under: String,
    /// Folder of menu files
    #[arg(long, value_name = "DIR", default_value = "menus")]
    dir: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: Arguments) -> Done {
    let Arguments { node, under, dir, dry_run } = arguments;
    let before = change::read(&dir)?;
    let changes = added(&before, &node, &under).map_err(Failure::cannot)?;
    let after = change::after(&before, &changes);
    let outline = menu::outline(&after, assemble::today()).ok_or_else(|| Failure::cannot(UNREADABLE))?;
    let warnings = new_findings(&before, &after, &node).map_err(Failure::cannot)?;
    if dry_run {
        screen::print(&change::shown(&before, &changes));
    } else {
        change::write(&dir, &before, &after)?;
    }
    screen::print(&told(&outline, &node, &under, &changes));
    if !warnings.is_empty() {
        screen::print(&menu::diagnostic::screen(&warnings, &after, screen::colors(&std::io::stdout())));
    }
    if dry_run {
        screen::line("nothing was written");
    }
    Ok(())
}

const UNREADABLE: &str = "the menu files cannot be read: run `hulplijn check`, mend what it says, then try again";

/// The changes that add a node.
///
/// # Errors
/// A sentence: the name will not do, or the menu cannot have it.
pub fn added(before: &Sources, node: &str, under: &str) -> Result<Changes, String> {
    free_name(node)?;
    let outline = menu::outline(before, assemble::today()).ok_or_else(|| UNREADABLE.to_owned())?;
    for (file, source) in before {
        if mentions(file, source)?.iter().any(|mention| mention.name == node) {
            return Err(format!("the name `{node}` stands in `{file}` already: choose another"));
        }
    }
    let menu = open_menu(&outline, under)?;
    let anchor = anchor(&outline, menu);
    let mut changes = Changes::new();
    for (file, source) in before {
        let body = if **file == *"voice.toml" {
            voice_body(node, under)
        } else if outline.languages.iter().any(|language| **file == *format!("texts/{language}.toml")) {
            texts_body(node, under)
        } else {
            continue;
        };
        let spots = spots(source).ok_or_else(|| UNREADABLE.to_owned())?;
        let end = if source.contains("\r\n") { "\r\n" } else { "\n" };
        let mut edits = vec![table(source, &spots, anchor, &body, end)];
        if **file == *"voice.toml" {
            edits.extend(option(source, &spots, menu, node, end)?);
        }
        changes.insert(Arc::clone(file), edits);
    }
    let after = change::after(before, &changes);
    let arrived = menu::outline(&after, assemble::today()).is_some_and(|outline| {
        outline.node(under).is_some_and(|menu| menu.options.last().is_some_and(|last| last == node))
    });
    if !arrived {
        return Err(format!(
            "`{under}` is not written under a heading `[node.{under}]`: write it so, or add the node by hand"
        ));
    }
    Ok(changes)
}

/// The menu, if it can have one more option.
fn open_menu<'o>(outline: &'o Outline, under: &str) -> Result<&'o OutlinedNode, String> {
    let can = |node: &&OutlinedNode| node.then.is_none() && !node.by_itself && !node.text_only;
    let Some(menu) = outline.node(under) else {
        let near = meant(under, outline.nodes.iter().filter(can).map(|node| node.name.as_str()));
        let meant = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("`{under}` is not a node of `voice.toml`{meant}"));
    };
    if let Some(then) = &menu.then {
        return Err(format!("`{under}` goes straight on to `{then}` and has no options: add it under `{then}`"));
    }
    if menu.by_itself {
        return Err(format!("`{under}` has a fixed part in every hotline and no options: choose a menu"));
    }
    if menu.text_only {
        return Err(format!("`{under}` is reached by a text only and has no keys: choose a menu"));
    }
    match menu.depth {
        None => return Err(format!("no keys lead to `{under}` yet: put it into the options of a menu first")),
        Some(depth) if depth >= LEVELS => {
            return Err(format!(
                "`{under}` lies {depth} keys below the main menu, and what is deeper gets lost: choose a menu above it"
            ));
        }
        Some(_) => {}
    }
    let keys = menu.options.len() + menu.choices;
    if keys >= MOST_CHOICES {
        return Err(format!(
            "`{under}` has {keys} choices already, and there are {MOST_CHOICES} keys: move one a level down first"
        ));
    }
    Ok(menu)
}

/// The node behind whose table the new one is written: the last one that is reached through the menu, or the menu.
fn anchor<'o>(outline: &'o Outline, menu: &'o OutlinedNode) -> &'o str {
    let through = |node: &&OutlinedNode| match (&menu.path, &node.path) {
        (Some(menu), Some(path)) => {
            path.len() > menu.len() && path.starts_with(menu.as_str()) && !path.starts_with('0')
        }
        _ => false,
    };
    outline.nodes.iter().rfind(through).map_or(&menu.name, |node| &node.name)
}

/// Puts a table behind that of another node, or behind all if that one has none.
fn table(source: &str, spots: &[Spot], anchor: &str, body: &[String], end: &str) -> Edit {
    let headings: Vec<usize> = (0..spots.len()).filter(|at| spots[*at].kind == Kind::Heading).collect();
    let is_anchor = |at: &&usize| spots[**at].path.get(..2).is_some_and(|path| *path == ["node", anchor]);
    let after = headings.iter().rposition(|at| is_anchor(&at)).and_then(|at| headings.get(at + 1));
    // The heading that follows begins with its brackets; the last spot before it ends the table.
    let last = match (headings.iter().any(|at| is_anchor(&at)), after) {
        (true, Some(next)) => {
            let start = spots[*next].span.start;
            spots.iter().rfind(|spot| spot.span.end <= start)
        }
        _ => spots.last(),
    };
    let at = last.map_or(0, |spot| spot.span.end);
    let (at, line_ended) = match source.get(at..).and_then(|rest| rest.find('\n')) {
        Some(found) => (at + found + 1, true),
        None => (source.len(), false),
    };
    let mut text = String::new();
    if !line_ended && !source.is_empty() {
        text.push_str(end);
    }
    text.push_str(end);
    for line in body {
        text.push_str(line);
        text.push_str(end);
    }
    Edit { span: at..at, text }
}

/// Puts an option at the end of a menu's.
fn option(source: &str, spots: &[Spot], menu: &OutlinedNode, node: &str, end: &str) -> Result<Vec<Edit>, String> {
    let insert = |at: usize, text: String| Edit { span: at..at, text };
    let line_end = |at: usize| {
        let found = source.get(at..).and_then(|rest| rest.find('\n')).map_or(source.len(), |found| at + found);
        if source.get(at..found).is_some_and(|rest| rest.ends_with('\r')) { found - 1 } else { found }
    };
    let path = ["node", menu.name.as_str(), "options"];
    let own: Vec<&Spot> = spots.iter().filter(|spot| spot.is_at(&path)).collect();
    let Some(start) = own.iter().find(|spot| spot.kind == Kind::ListStart) else {
        let heading = spots.iter().find(|spot| spot.kind == Kind::Heading && spot.is_at(&path[..2]));
        let heading = heading.ok_or_else(|| format!("`voice.toml` has no heading `[node.{}]`", menu.name))?;
        return Ok(vec![insert(line_end(heading.span.end), format!("{end}options = [\"{node}\"]"))]);
    };
    let Some(last) = own.iter().rfind(|spot| matches!(spot.kind, Kind::Text(_))) else {
        return Ok(vec![insert(start.span.end, format!("\"{node}\""))]);
    };
    let comma = own.iter().find(|spot| spot.kind == Kind::Comma && spot.span.start >= last.span.end);
    let line = source.get(..last.span.start).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
    let before = source.get(line..last.span.start).unwrap_or_default();
    let closes = own.iter().find(|spot| spot.kind == Kind::ListEnd).map_or(0, |end| end.span.start);
    if start.span.start >= line || !before.trim().is_empty() || closes <= line_end(last.span.end) {
        return Ok(vec![insert(last.span.end, format!(", \"{node}\""))]);
    }
    // One option a line: a line of its own, behind the remark that may follow the last one.
    let after = comma.map_or(last.span.end, |comma| comma.span.end);
    let mut edits =
        vec![insert(line_end(after), format!("{end}{before}\"{node}\"{}", if comma.is_some() { "," } else { "" }))];
    if comma.is_none() {
        edits.insert(0, insert(last.span.end, ",".to_owned()));
    }
    Ok(edits)
}

fn voice_body(node: &str, under: &str) -> Vec<String> {
    vec![
        format!("# New under `{under}`. Its words are still to be written, in every file of texts/."),
        "# facts      = [\"...\"]         what its spoken words must say (facts.toml)".to_owned(),
        "# text_facts = [\"...\"]         what its text message must say".to_owned(),
        format!("[node.{node}]"),
    ]
}

fn texts_body(node: &str, under: &str) -> Vec<String> {
    vec![
        "# TO BE WRITTEN. `hulplijn check` refuses empty texts. Take this remark out when the words are right."
            .to_owned(),
        format!("#   option    how `{under}` offers it; the program adds the key"),
        "#   say       what is heard here, a sentence a line, between three quotes".to_owned(),
        "#   sms       the answer to its code; without it the code brings the text of the menu above".to_owned(),
        "#   keywords  words that bring the same text".to_owned(),
        format!("[node.{node}]"),
        "option = \"\"".to_owned(),
        "say = \"\"".to_owned(),
        "# sms = \"\"".to_owned(),
        "# keywords = \"\"".to_owned(),
    ]
}

/// What `check` will say besides that the new node's words are missing: warnings about the menu.
///
/// # Errors
/// An error that the new node brings and that words will not mend.
fn new_findings(before: &Sources, after: &Sources, node: &str) -> Result<Vec<Finding>, String> {
    let load = |sources: &Sources| menu::load(sources, &Settings::default(), assemble::today()).findings;
    let key = |finding: &Finding| (finding.rule, finding.message.clone(), finding.found.clone());
    let known: BTreeSet<_> = load(before).iter().map(key).collect();
    let new: Vec<Finding> = load(after).into_iter().filter(|finding| !known.contains(&key(finding))).collect();
    let about = [format!("`{node}`"), format!("`node.{node}.")];
    let of_node = |finding: &Finding| about.iter().any(|name| finding.message.contains(name.as_str()));
    match new.iter().find(|finding| finding.severity == Severity::Error && !of_node(finding)) {
        Some(error) => {
            Err(format!("this would bring an error ({}): {}; nothing was changed", error.rule, error.message))
        }
        None => {
            Ok(new.into_iter().filter(|finding| finding.severity == Severity::Warning && !of_node(finding)).collect())
        }
    }
}

/// What the author reads: where the node stands, how it is reached, what is next.
fn told(outline: &Outline, node: &str, under: &str, changes: &Changes) -> String {
    let (Some(menu), Some(added)) = (outline.node(under), outline.node(node)) else { return String::new() };
    let mut page = format!("`{node}` is key {} of `{under}`\n", menu.options.len());
    for (language, code) in outline.languages.iter().zip(&added.codes) {
        match (code, &added.path) {
            (Some(code), _) => page.push_str(&format!("  its SMS code in `{language}` is {code}\n")),
            (None, Some(_)) => page.push_str(&format!(
                "  it has no SMS code in `{language}`: its keys are an emergency number, so leave `sms` out\n"
            )),
            (None, None) => {
                page.push_str(&format!("  it has no SMS code in `{language}`: it lies behind three keys\n"))
            }
        }
    }
    if menu.choices > 0 {
        page.push_str(&format!("  the other choices of `{under}` each moved up a key\n"));
    }
    let files: Vec<&str> = changes.keys().map(|file| &**file).filter(|file| file.starts_with("texts/")).collect();
    page.push_str(&format!("now write its words in {}, then run `hulplijn check`\n", files.join(" and ")));
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::menus::Origin;
    use crate::cli::places::apply;

    #[test]
    fn a_table_is_put_behind_another() {
        let case = |source: &str, expected: &str| {
            let spots = spots(source).unwrap();
            let end = if source.contains("\r\n") { "\r\n" } else { "\n" };
            let edit = table(source, &spots, "a", &["[node.new]".to_owned(), "x = 1".to_owned()], end);
            assert_eq!(apply(source, &[edit]), expected, "{source:?}");
        };
        let new = "\n[node.new]\nx = 1\n";
        case(
            "[node.a]\ny = 1 # why\n\n# ---- b\n[node.b]\n",
            &format!("[node.a]\ny = 1 # why\n{new}\n# ---- b\n[node.b]\n"),
        );
        case("[node.a]\n[node.a.waive]\nz = 2\n[node.b]", &format!("[node.a]\n[node.a.waive]\nz = 2\n{new}[node.b]"));
        case("[node.a]\n[node.b]\n[node.a.waive]\n# end", &format!("[node.a]\n[node.b]\n[node.a.waive]\n{new}# end"));
        case("[node.a]\ns = \"\"\"\n[node.b]\n\"\"\"", &format!("[node.a]\ns = \"\"\"\n[node.b]\n\"\"\"\n{new}"));
        case("[node.b]\n[phrase]\nx = 1\n", &format!("[node.b]\n[phrase]\nx = 1\n{new}"));
        case("", new);
        case("[node.a]\r\n[node.b]\r\n", "[node.a]\r\n\r\n[node.new]\r\nx = 1\r\n[node.b]\r\n");
    }

    /// Files with the line ends of another system keep them.
    #[test]
    fn line_ends_stay() {
        let sources: Sources = Origin::Sample
            .read()
            .unwrap_or_default()
            .into_iter()
            .map(|(name, text)| (name, text.replace('\n', "\r\n").into()))
            .collect();
        for under in ["main", "help", "police", "report", "privacy"] {
            let after = change::after(&sources, &added(&sources, "new-one", under).unwrap());
            for (name, text) in &after {
                assert!(!text.replace("\r\n", "").contains('\n'), "{under}: {name}");
            }
            let outline = menu::outline(&after, assemble::today()).unwrap();
            assert_eq!(outline.node(under).unwrap().options.last().unwrap(), "new-one");
        }
    }

    #[test]
    fn a_node_without_a_heading_is_left_to_its_author() {
        let mut sources = Origin::Sample.read().unwrap_or_default();
        let voice = sources["voice.toml"].replace("[node.privacy]\n", "[node]\nprivacy = { }\n");
        sources.insert("voice.toml".into(), voice.into());
        assert!(menu::outline(&sources, assemble::today()).is_some());
        let error = added(&sources, "new-one", "privacy").unwrap_err();
        assert!(error.contains("no heading `[node.privacy]`"), "{error}");
    }
}
