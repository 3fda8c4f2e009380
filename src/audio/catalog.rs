//! Which prompt has a sound: `audio/LANG/catalog.toml`, a plain file beside the sound, and what is played or said.

use super::expand::{Forms, expand, fingerprint};
use crate::base::{Language, Place, Shelf, SoundId, Sources};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// A catalog has at most so many bytes and entries.
pub const CATALOG_MAX: usize = 4 * 1024 * 1024;
pub const ENTRIES_MAX: usize = 20_000;

/// How good a sound is, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// A person's voice.
    Recorded,
    /// A program's voice that is understood at once.
    Good,
    /// A program's voice that stands in until somebody records the prompt.
    Draft,
}

impl Grade {
    pub const ALL: [Grade; 3] = [Grade::Recorded, Grade::Good, Grade::Draft];

    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Recorded => "recorded",
            Grade::Good => "good",
            Grade::Draft => "draft",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a sound came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    Rendered,
    Recorded,
}

/// The sound of one prompt.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// In the folder of the language; one file name, no folder.
    pub file: String,
    /// The SHA-256 of the file.
    pub sound: SoundId,
    /// What it was made of: [`fingerprint`] of the expanded words and `voice`.
    pub text: String,
    /// Which voice: the engine's name for it, or a word for the person who spoke.
    pub voice: String,
    pub grade: Grade,
    pub made: Made,
    pub on: jiff::civil::Date,
    /// How long it lasts, in milliseconds.
    pub ms: u32,
    /// The level of active speech, in dB below full scale (ITU-T P.56); about -22.
    pub level_db: f32,
    /// The highest sample, in dB below full scale.
    pub peak_db: f32,
}

/// The sounds of one language, by prompt.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    #[serde(default)]
    pub prompt: BTreeMap<String, Entry>,
}

/// The sounds of a hotline.
pub type Catalogs = BTreeMap<Language, Catalog>;

/// Why a catalog cannot be read, for the person who edits it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NotACatalog {
    #[error("line {line}: {message}")]
    Syntax { line: usize, message: String },
    #[error("it is larger than {CATALOG_MAX} bytes, or has more than {ENTRIES_MAX} prompts")]
    TooLarge,
    #[error(
        "the file of `{0}` is `{1}`: expected a plain file name in the folder of the language, such as `help.say.1.wav`"
    )]
    File(String, String),
}

impl Catalog {
    /// Reads `catalog.toml`.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub fn parse(text: &str) -> Result<Catalog, NotACatalog> {
        if text.len() > CATALOG_MAX {
            return Err(NotACatalog::TooLarge);
        }
        let catalog: Catalog = toml::from_str(text).map_err(|error| NotACatalog::Syntax {
            line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            message: error.message().trim().replace('\n', " "),
        })?;
        if catalog.prompt.len() > ENTRIES_MAX {
            return Err(NotACatalog::TooLarge);
        }
        match catalog.prompt.iter().find(|(_, entry)| !is_file_name(&entry.file)) {
            Some((prompt, entry)) => Err(NotACatalog::File(prompt.clone(), entry.file.clone())),
            None => Ok(catalog),
        }
    }

    /// The file, a table a prompt, in the order of their names: a change is a change of a few lines.
    pub fn to_toml(&self) -> String {
        let mut out = String::from(
            "# The sounds of this language, one table a prompt. Written by `hulplijn audio render` and `hulplijn audio import`;\n\
             # a prompt whose words are not those of `text` any more is stale, and is said by the provider instead.\n",
        );
        for (prompt, entry) in &self.prompt {
            let Entry { file, sound, text, voice, grade, made, on, ms, level_db, peak_db } = entry;
            let made = match made {
                Made::Rendered => "rendered",
                Made::Recorded => "recorded",
            };
            out.push_str(&format!(
                "\n[prompt.{}]\nfile     = {}\nsound    = \"{sound}\"\ntext     = {}\nvoice    = {}\ngrade    = \"{grade}\"\n\
                 made     = \"{made}\"\non       = \"{on}\"\nms       = {ms}\nlevel_db = {level_db:.1}\npeak_db  = {peak_db:.1}\n",
                quoted(prompt),
                quoted(file),
                quoted(text),
                quoted(voice),
            ));
        }
        out
    }

    /// The sound of a prompt, if it was made of exactly these words.
    pub fn fresh(&self, prompt: &str, words: &str, forms: Forms<'_>) -> Option<&Entry> {
        self.prompt.get(prompt).filter(|entry| fingerprint(&expand(words, forms), &entry.voice) == entry.text)
    }
}

/// Where the catalog of a language stands among the files of a hotline.
pub fn catalog_file(language: Language) -> String {
    format!("audio/{language}/catalog.toml")
}

/// Whether a file of a hotline is a catalog.
pub fn is_catalog_file(name: &str) -> bool {
    name.starts_with("audio/")
}

/// The catalogs among the files of a hotline, and what is wrong with those that cannot be read: such a language has none.
pub fn catalogs(sources: &Sources) -> (Catalogs, Vec<(Place, NotACatalog)>) {
    let mut catalogs = Catalogs::new();
    let mut wrong = Vec::new();
    for (name, text) in sources.iter().filter(|(name, _)| is_catalog_file(name)) {
        let language = name.strip_prefix("audio/").and_then(|name| name.strip_suffix("/catalog.toml"));
        let Some(language) = language.and_then(Language::new) else { continue };
        match Catalog::parse(text) {
            Ok(catalog) => drop(catalogs.insert(language, catalog)),
            Err(problem) => wrong.push((Place::new(&Arc::clone(name), 0..0), problem)),
        }
    }
    (catalogs, wrong)
}

/// What a hotline sounds like: its catalogs, and the sounds that are at hand.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    pub catalogs: Catalogs,
    pub shelf: Shelf,
}

impl Sound {
    /// The sound of these words, if there is one and it is at hand.
    pub fn of(&self, language: Language, prompt: &str, words: &str, forms: Forms<'_>) -> Option<&Entry> {
        let entry = self.catalogs.get(&language)?.fresh(prompt, words, forms)?;
        self.shelf.contains_key(&entry.sound).then_some(entry)
    }
}

/// A TOML basic string: JSON's escapes are all among TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('\u{7f}', "")).to_string()
}

/// A file in its folder and nowhere else.
fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty() && name.len() <= 200 && name.chars().all(plain) && !name.starts_with('.')
}

/// The file name of a prompt's sound: `help/say/1` is `help.say.1.wav`. A name that a file cannot have is written in
/// the letters it can.
pub fn file_of(prompt: &str) -> String {
    let letter = |c: char| match c {
        '/' => '.',
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '_',
    };
    let name: String = prompt.chars().map(letter).collect();
    format!("{}.wav", name.replace("..", "_."))
}

/// Ways to speak a prompt, in the order a door prefers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    Play(Grade),
    /// By the provider's own voice.
    Say,
}

impl Way {
    /// As a configuration names it: `recorded`, `good`, `draft` or `say`.
    pub fn named(name: &str) -> Option<Way> {
        match name {
            "say" => Some(Way::Say),
            name => Grade::ALL.into_iter().find(|grade| grade.as_str() == name).map(Way::Play),
        }
    }
}

/// A door whose own voice is better than a draft.
pub const PREFER_SAY_TO_DRAFT: [Way; 4] =
    [Way::Play(Grade::Recorded), Way::Play(Grade::Good), Way::Say, Way::Play(Grade::Draft)];

/// A door without a voice of its own worth hearing.
pub const PREFER_SOUND: [Way; 4] =
    [Way::Play(Grade::Recorded), Way::Play(Grade::Good), Way::Play(Grade::Draft), Way::Say];

/// Whether a prompt is played or said: the first way of `order` that can be had. `None`: it is said, if the language can be.
/// `can_say` is whether the door has a voice for the language.
pub fn resolve<'c>(fresh: Option<&'c Entry>, can_say: bool, order: &[Way]) -> Option<&'c Entry> {
    for way in order {
        match way {
            Way::Play(grade) => {
                if let Some(entry) = fresh.filter(|entry| entry.grade == *grade) {
                    return Some(entry);
                }
            }
            Way::Say if can_say => return None,
            Way::Say => {}
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(grade: Grade) -> Entry {
        Entry {
            file: "help.say.1.wav".into(),
            sound: SoundId::of(b"sound"),
            text: "0123456789abcdef".into(),
            voice: "a \"quoted\" voice".into(),
            grade,
            made: Made::Rendered,
            on: jiff::civil::date(2026, 11, 25),
            ms: 3_210,
            level_db: -22.0,
            peak_db: -4.5,
        }
    }

    #[test]
    fn a_catalog_is_read_as_it_was_written() {
        let mut catalog = Catalog::default();
        catalog.prompt.insert("help/say/1".into(), entry(Grade::Good));
        catalog.prompt.insert("front/language/nl".into(), entry(Grade::Recorded));
        let text = catalog.to_toml();
        assert_eq!(Catalog::parse(&text).as_ref(), Ok(&catalog), "{text}");
        assert_eq!(Catalog::parse(&text).map(|again| again.to_toml()), Ok(text));
        assert_eq!(Catalog::parse(""), Ok(Catalog::default()));
    }

    #[test]
    fn what_is_no_catalog_says_where() {
        let good = Catalog { prompt: [("a".to_owned(), entry(Grade::Good))].into() }.to_toml();
        let case = |from: &str, to: &str, expected: &str| {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let told = Catalog::parse(&text).expect_err(to).to_string();
            assert!(told.contains(expected), "{to}: {told}");
        };
        case("help.say.1.wav", "../../etc/passwd", "expected a plain file name");
        case("help.say.1.wav", "/etc/passwd", "expected a plain file name");
        case("help.say.1.wav", ".hidden", "expected a plain file name");
        case("\"good\"", "\"fine\"", "line 9: unknown variant `fine`");
        case("ms       = 3210", "ms       = -1", "line 12: ");
        case("sound    = \"", "sound    = \"x", "64 small hexadecimal digits");
        case("grade ", "grades ", "unknown field `grades`");
        case("[prompt", "[prompts", "unknown field `prompts`");
        assert_eq!(Catalog::parse(&"#".repeat(CATALOG_MAX + 1)), Err(NotACatalog::TooLarge));
    }

    #[test]
    fn a_sound_is_fresh_for_its_own_words_only() {
        let forms = Forms { digits: &[], pronounce: &[] };
        let mut known = entry(Grade::Good);
        known.text = fingerprint(&expand("You decide.", forms), &known.voice);
        let catalog = Catalog { prompt: [("police/say/3".to_owned(), known)].into() };
        assert!(catalog.fresh("police/say/3", "You decide.", forms).is_some());
        assert!(catalog.fresh("police/say/3", "You may decide.", forms).is_none());
        assert!(catalog.fresh("police/say/2", "You decide.", forms).is_none());
    }

    #[test]
    fn played_or_said_by_what_the_door_prefers() {
        let grade = |grade, can_say, order: &[Way]| resolve(Some(&entry(grade)), can_say, order).is_some();
        assert!(grade(Grade::Recorded, true, &PREFER_SAY_TO_DRAFT));
        assert!(grade(Grade::Good, true, &PREFER_SAY_TO_DRAFT));
        assert!(!grade(Grade::Draft, true, &PREFER_SAY_TO_DRAFT));
        // A language the provider cannot speak: a draft is better than nothing.
        assert!(grade(Grade::Draft, false, &PREFER_SAY_TO_DRAFT));
        assert!(grade(Grade::Draft, true, &PREFER_SOUND));
        assert!(!grade(Grade::Good, true, &[Way::Say]));
        assert_eq!(resolve(None, true, &PREFER_SOUND), None);
        assert_eq!(resolve(None, false, &PREFER_SAY_TO_DRAFT), None);
    }

    #[test]
    fn names_of_files() {
        let case = |prompt: &str, file: &str| assert_eq!(file_of(prompt), file);
        case("help/say/1", "help.say.1.wav");
        case("phrase/wrong_key", "phrase.wrong_key.wav");
        case("../x y", "__.x_y.wav");
    }
}
