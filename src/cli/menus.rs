//! Reading a folder of menu files, and the sample that is inside the program.

use super::Failure;
use super::sounds::Sounds;
use crate::base::{Severity, Sources};
use crate::menu::time::Lengths;
use crate::menu::{self, Loaded, Settings};
use jiff::civil::Date;

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// At most this many files, each at most this large; a folder with more is not a folder of menu files.
const MAX_FILES: usize = 64;
const MAX_FILE: u64 = 1024 * 1024;

/// The sample hotline, so that the program runs with nothing beside it.
const SAMPLE: [(&str, &str); 8] = [
    ("hotline.toml", include_str!("../../menus/hotline.toml")),
    ("voice.toml", include_str!("../../menus/voice.toml")),
    ("contacts.toml", include_str!("../../menus/contacts.toml")),
    ("facts.toml", include_str!("../../menus/facts.toml")),
    ("words.toml", include_str!("../../menus/words.toml")),
    ("texts/all.toml", include_str!("../../menus/texts/all.toml")),
    ("texts/nl.toml", include_str!("../../menus/texts/nl.toml")),
    ("texts/en.toml", include_str!("../../menus/texts/en.toml")),
];

/// Where a hotline comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Folder(PathBuf),
    Sample,
}

impl Origin {
    /// The folder asked for; else `menus` beside us if it is one; else the sample inside the program.
    pub fn choose(asked: Option<PathBuf>) -> Origin {
        match asked {
            Some(folder) => Origin::Folder(folder),
            None if Path::new("menus/hotline.toml").is_file() => Origin::Folder(PathBuf::from("menus")),
            None => Origin::Sample,
        }
    }

    /// The files, as text.
    ///
    /// # Errors
    /// A folder that cannot be read, is not UTF-8, or is larger than menu files are.
    pub fn read(&self) -> Result<Sources, Failure> {
        match self {
            Origin::Sample => Ok(SAMPLE.iter().map(|(path, text)| (Arc::from(*path), Arc::from(*text))).collect()),
            Origin::Folder(folder) => {
                let mut sources = Sources::new();
                read_folder(folder, "", &mut sources)?;
                let texts = folder.join("texts");
                if texts.is_dir() {
                    read_folder(&texts, "texts/", &mut sources)?;
                }
                if sources.is_empty() {
                    let name = folder.display();
                    return Err(Failure::cannot(format!(
                        "there are no menu files in `{name}`: expected hotline.toml, voice.toml and a folder texts"
                    )));
                }
                Ok(sources)
            }
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Folder(folder) => write!(f, "{}", folder.display()),
            Origin::Sample => f.write_str("the sample inside the program"),
        }
    }
}

fn read_folder(folder: &Path, prefix: &str, sources: &mut Sources) -> Result<(), Failure> {
    let cannot =
        |path: &Path, error: std::io::Error| Failure::cannot(format!("cannot read `{}`: {error}", path.display()));
    for entry in std::fs::read_dir(folder).map_err(|error| cannot(folder, error))? {
        let path = entry.map_err(|error| cannot(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        // What an editor leaves beside the files (`.voice.toml.swp`, `voice.toml~`) is not ours.
        if !name.ends_with(".toml") || name.starts_with('.') || !path.is_file() {
            continue;
        }
        if sources.len() == MAX_FILES {
            return Err(Failure::cannot(format!(
                "there are more than {MAX_FILES} menu files in `{}`",
                folder.display()
            )));
        }
        let size = std::fs::metadata(&path).map_err(|error| cannot(&path, error))?.len();
        if size > MAX_FILE {
            return Err(Failure::cannot(format!("`{}` is larger than 1 MiB", path.display())));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, error))?;
        sources.insert(Arc::from(format!("{prefix}{name}")), Arc::from(text));
    }
    Ok(())
}

/// How long the prompts of these files last that have sound.
pub fn lengths(sources: &Sources, settings: &Settings, sounds: &Sounds) -> Lengths {
    // Read without lengths first: what the prompts are does not depend on them.
    let hotline = menu::load_published(sources, settings, super::assemble::today()).hotline;
    hotline.map(|hotline| sounds.lengths(&hotline)).unwrap_or_default()
}

/// Loads a hotline or says on standard error why it cannot be served.
///
/// # Errors
/// Findings of severity error: exit code 1, with their screen.
pub fn load(
    sources: &Sources,
    settings: &Settings,
    today: Date,
) -> Result<(crate::menu::Hotline, Vec<crate::base::Finding>), Failure> {
    let Loaded { hotline, findings } = examined(sources, settings, today);
    match hotline {
        Some(hotline) => Ok((hotline, findings)),
        None => {
            let errors: Vec<_> = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
            Err(Failure::not_good(menu::diagnostic::screen(
                &errors,
                sources,
                super::screen::colors(&std::io::stderr()),
            )))
        }
    }
}

/// Loads a hotline with everything that is found in it, also when it cannot be served.
pub fn examine(sources: &Sources, settings: &Settings) -> Loaded {
    examined(sources, settings, super::assemble::today())
}

fn examined(sources: &Sources, settings: &Settings, today: Date) -> Loaded {
    let Loaded { hotline, mut findings } = menu::load(sources, settings, today);
    let slips: Vec<_> = hotline.iter().flat_map(crate::sms::keywords_in_every_dress).collect();
    let hotline = hotline.filter(|_| slips.is_empty());
    findings.extend(slips);
    Loaded { hotline, findings }
}
