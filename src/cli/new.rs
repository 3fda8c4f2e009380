//! `hulplijn new`: a small folder of menu files to begin with.

use super::{Done, Failure, assemble, screen};
use crate::base::{Finding, Severity, Sources};
use crate::menu::{self, Settings};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Begin a hotline of your own: a small folder of menu files that passes `check`
///
/// Eight files (seven with one language), each line explained in a remark. The texts are ready in Dutch (nl) and English
/// (en); the Dutch is a draft that a native speaker must read. Another language has to be written by people: begin with
/// one of these two, then follow "Make your own hotline" in docs/menus.md.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hulplijn new my-menus --languages en,nl --name \"North line\"")]
pub struct Arguments {
    /// A folder that is not there yet, or is empty
    dir: PathBuf,
    /// Languages in the order in which callers are offered them: nl, en
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "nl,en")]
    languages: Vec<String>,
    /// What you and your colleagues call it; never spoken, never texted
    #[arg(long, default_value = "New hotline")]
    name: String,
}

/// A file of the starter by its path, with marks that are filled in.
const FILES: [(&str, &str); 6] = [
    ("hotline.toml", include_str!("starter/hotline.toml")),
    ("voice.toml", include_str!("starter/voice.toml")),
    ("contacts.toml", include_str!("starter/contacts.toml")),
    ("facts.toml", include_str!("starter/facts.toml")),
    ("words.toml", include_str!("starter/words.toml")),
    ("texts/all.toml", include_str!("starter/texts/all.toml")),
];

/// A language that the starter is written in, with its share of `texts/all.toml`.
struct Ready {
    tag: &'static str,
    name: &'static str,
    texts: &'static str,
    greeting: &'static str,
    choose: &'static str,
    press: &'static str,
    end: &'static str,
    emergency: &'static str,
}

const READY: [Ready; 2] = [
    Ready {
        tag: "nl",
        name: "Nederlands",
        texts: include_str!("starter/texts/nl.toml"),
        greeting: "Goedendag.",
        choose: "Kies een taal.",
        press: "Druk op een toets.",
        end: "Tot ziens.",
        emergency: "Wij kunnen niemand sturen. Bel {emergency} en praat. Zeg waar je bent.",
    },
    Ready {
        tag: "en",
        name: "English",
        texts: include_str!("starter/texts/en.toml"),
        greeting: "Hello.",
        choose: "Choose a language.",
        press: "Press a key.",
        end: "Goodbye.",
        emergency: "We cannot send anyone. Call {emergency} and speak. Say where you are.",
    },
];

pub fn run(arguments: Arguments) -> Done {
    let Arguments { dir, languages, name } = arguments;
    let sources = starter(&languages, &name).map_err(Failure::cannot)?;
    let findings = menu::load(&sources, &Settings::default(), assemble::today()).findings;
    let wrong: Vec<Finding> = findings.into_iter().filter(|finding| finding.severity != Severity::Notice).collect();
    if !wrong.is_empty() {
        let page = menu::diagnostic::screen(&wrong, &sources, screen::colors(&std::io::stderr()));
        return Err(Failure::not_good(format!("{page}\nnothing was written: choose another `--name`")));
    }
    write(&dir, &sources)?;
    let shown = dir.display();
    screen::line(&format!("a hotline to begin with is in `{shown}`"));
    for file in sources.keys() {
        screen::line(&format!("  {file}"));
    }
    let typed = typed(&dir);
    screen::print(&format!(
        "\nwhat to do next:\n\
         \x20 see what is still open; nobody has checked the emergency number yet\n\
         \x20   hulplijn check {typed}\n\
         \x20 hear it; press keys as on a telephone\n\
         \x20   hulplijn call --menus {typed}\n\
         \x20 change words in texts/{first}.toml with a plain text editor, then check and call again\n\
         \x20 add one more thing that callers can reach\n\
         \x20   hulplijn add NAME --under main --dir {typed}\n\
         \x20 from here to a line that people can call: docs/menus.md, \"Make your own hotline\"\n",
        first = languages.first().map_or("en", String::as_str),
    ));
    Ok(())
}

/// A path as one types it in a shell.
fn typed(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "-_./,".contains(c);
    if text.chars().all(plain) && !text.is_empty() { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The files of the starter.
///
/// # Errors
/// A sentence: a language that it is not written in, or one that stands twice.
fn starter(languages: &[String], name: &str) -> Result<Sources, String> {
    let mut ready: Vec<&Ready> = Vec::new();
    for tag in languages {
        let found = READY.iter().find(|ready| ready.tag == tag).ok_or_else(|| not_ready(tag))?;
        if ready.iter().any(|known| known.tag == found.tag) {
            return Err(format!("the language `{tag}` stands in the list twice"));
        }
        ready.push(found);
    }
    let all = |share: fn(&Ready) -> &'static str| ready.iter().map(|ready| share(ready)).collect::<Vec<_>>();
    let numbered = |(at, ready): (usize, &&Ready)| format!("{} = {}.", at + 1, ready.name);
    let tags: Vec<String> = ready.iter().map(|ready| format!("\"{}\"", ready.tag)).collect();
    let filled = [
        ("{{name}}", quoted(name)),
        ("{{languages}}", tags.join(", ")),
        ("{{greeting}}", all(|ready| ready.greeting).first().copied().unwrap_or_default().to_owned()),
        ("{{choose}}", all(|ready| ready.choose).join(" ")),
        ("{{press}}", all(|ready| ready.press).join(" ")),
        ("{{end}}", all(|ready| ready.end).join(" ")),
        ("{{unknown}}", ready.iter().enumerate().map(numbered).collect::<Vec<_>>().join(" ")),
        ("{{emergency}}", all(|ready| ready.emergency).join(" / ")),
    ];
    let mut sources = Sources::new();
    for (file, template) in FILES {
        let mut text = lines_of(template, &ready);
        for (mark, value) in &filled {
            text = text.replace(mark, value);
        }
        sources.insert(file.into(), text.into());
    }
    for ready in ready {
        sources.insert(format!("texts/{}.toml", ready.tag).into(), ready.texts.into());
    }
    Ok(sources)
}

/// A text as TOML writes one: what JSON does with quotes and backslashes is also TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The lines of a file, without those marked for a language (`%nl `) that was not asked for.
fn lines_of(template: &str, ready: &[&Ready]) -> String {
    let mut text = String::with_capacity(template.len());
    for line in template.lines() {
        let kept = match line.strip_prefix('%').and_then(|marked| marked.split_once(' ')) {
            Some((tag, rest)) => ready.iter().any(|ready| ready.tag == tag).then_some(rest),
            None => Some(line),
        };
        if let Some(kept) = kept {
            text.push_str(kept);
            text.push('\n');
        }
    }
    text
}

fn not_ready(tag: &str) -> String {
    format!(
        "the starter is written in Dutch (nl) and English (en) only; words in `{tag}` must come from a person who speaks it\n\
         make the folder with `--languages en`, then translate, into the same places:\n\
         \x20 texts/en.toml into texts/{tag}.toml, all of it, and the name of the language in `whisper.languages` of each\n\
         \x20 hotline.toml: `{tag}` at the end of `languages`\n\
         \x20 texts/all.toml: `silence`, `end`, `unknown`, `emergency`\n\
         \x20 facts.toml: `must_say.{tag}` of every fact; words.toml: a list `{tag}` in every table\n\
         `hulplijn check` names whatever is still missing"
    )
}

/// Writes the files into a folder that is empty or not there; if one cannot be written, all are taken away again.
fn write(dir: &Path, sources: &Sources) -> Result<(), Failure> {
    let shown = dir.display();
    let was_there = match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Failure::cannot(format!("`{shown}` is not empty: choose a folder that is not there yet")));
            }
            true
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::cannot(format!("cannot use `{shown}` as a folder: {error}"))),
    };
    let written = (|| {
        fs::create_dir_all(dir.join("texts"))?;
        for (file, text) in sources {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).open(dir.join(&**file))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    })();
    written.map_err(|error: std::io::Error| {
        for file in sources.keys() {
            let _ = fs::remove_file(dir.join(&**file));
        }
        let _ = fs::remove_dir(dir.join("texts"));
        if !was_there {
            let _ = fs::remove_dir(dir);
        }
        Failure::cannot(format!("cannot write into `{shown}`: {error}; nothing was left there"))
    })
}
