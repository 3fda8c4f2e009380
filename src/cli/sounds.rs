//! The folder of sounds: a folder a language, each with its catalog and the files it names.

use super::Failure;
use super::menus::Origin;
use crate::audio::catalog::{CATALOG_MAX, Sound, catalog_file};
use crate::audio::{Catalog, Catalogs, Entry, Forms, SoundId};
use crate::base::{Language, Shelf, Sources};
use crate::menu::time::Lengths;
use crate::menu::{Hotline, MAX_LANGUAGES, Prompt};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where sound is when nobody says another place.
pub const USUAL: &str = "audio";
/// The name of the catalog in the folder of a language.
pub const CATALOG: &str = "catalog.toml";
/// The sound of a prompt has at most so many bytes: four minutes at 8 kHz and 16 bit.
pub const SOUND_MAX: u64 = 4 * 1024 * 1024;
/// A folder has at most so many entries that are looked at.
const ENTRIES_MAX: usize = 1000;

/// The sounds of a hotline, and where they are.
#[derive(Clone, Debug)]
pub struct Sounds {
    pub folder: PathBuf,
    pub catalogs: Catalogs,
    /// The catalogs as they are written, for findings that point into them: `audio/nl/catalog.toml`.
    pub sources: Sources,
}

impl Sounds {
    /// The folder asked for; else `audio` beside us if there is a catalog in it; else none.
    pub fn choose(asked: Option<PathBuf>) -> Option<PathBuf> {
        asked.or_else(|| {
            let folder = PathBuf::from(USUAL);
            languages(&folder).is_ok_and(|found| !found.is_empty()).then_some(folder)
        })
    }

    /// The catalogs in a folder. The files they name are not read yet.
    ///
    /// # Errors
    /// A folder that cannot be read, or a catalog with a slip in it: which, in which line.
    pub fn read(folder: &Path) -> Result<Sounds, Failure> {
        let cannot =
            |path: &Path, error: io::Error| Failure::cannot(format!("cannot read `{}`: {error}", path.display()));
        let found = languages(folder).map_err(|error| cannot(folder, error))?;
        if found.len() > MAX_LANGUAGES {
            let (name, found) = (folder.display(), found.len());
            return Err(Failure::cannot(format!(
                "`{name}` has sounds in {found} languages: expected at most {MAX_LANGUAGES}"
            )));
        }
        let mut sounds = Sounds { folder: folder.to_owned(), catalogs: Catalogs::new(), sources: Sources::new() };
        for language in found {
            let path = sounds.catalog_file(language);
            let bytes = read_at_most(&path, CATALOG_MAX as u64).map_err(|error| cannot(&path, error))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::cannot(format!("`{}` is not text in UTF-8", path.display())))?;
            let catalog = Catalog::parse(&text)
                .map_err(|error| Failure::cannot(format!("`{}` is not a catalog: {error}", path.display())))?;
            sounds.sources.insert(catalog_name(language), text.into());
            sounds.catalogs.insert(language, catalog);
        }
        Ok(sounds)
    }

    /// How long the prompts last that have a sound of exactly their words.
    pub fn lengths(&self, hotline: &Hotline) -> Lengths {
        Lengths::new(hotline.prompts().filter_map(|prompt| {
            let language = hotline.language(prompt.language);
            let ms = self.fresh(hotline, prompt)?.ms;
            Some((language, prompt.id.clone(), prompt.words.clone(), ms))
        }))
    }

    /// The sound of a prompt, if there is one of exactly its words.
    pub fn fresh(&self, hotline: &Hotline, prompt: &Prompt) -> Option<&Entry> {
        let catalog = self.catalogs.get(&hotline.language(prompt.language))?;
        catalog.fresh(&prompt.id, &prompt.words, forms(hotline, prompt))
    }

    /// The file of a sound; its bytes are those that the catalog names.
    ///
    /// # Errors
    /// It cannot be read, is larger than [`SOUND_MAX`], or is another file than was catalogued.
    pub fn bytes(&self, language: &Language, entry: &Entry) -> io::Result<Vec<u8>> {
        let bytes = read_at_most(&self.sound_file(*language, &entry.file), SOUND_MAX)?;
        match SoundId::of(&bytes) == entry.sound {
            true => Ok(bytes),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is not the one that was catalogued: its SHA-256 differs",
            )),
        }
    }

    /// The sounds of this hotline's prompts that are fresh and whole, and what is wrong with the files of others.
    pub fn shelf(&self, hotline: &Hotline) -> (Shelf, Vec<String>) {
        let fresh = |prompt: &'_ Prompt| Some((hotline.language(prompt.language), self.fresh(hotline, prompt)?));
        let wanted: BTreeMap<&SoundId, (Language, &Entry)> =
            hotline.prompts().filter_map(fresh).map(|(language, entry)| (&entry.sound, (language, entry))).collect();
        let (mut shelf, mut wrong) = (Shelf::new(), Vec::new());
        for (id, (language, entry)) in wanted {
            match self.bytes(&language, entry) {
                Ok(bytes) => drop(shelf.insert(id.clone(), Arc::from(bytes))),
                Err(why) => wrong.push(format!("`{}`: {why}", self.sound_file(language, &entry.file).display())),
            }
        }
        (shelf, wrong)
    }

    /// The sound of this hotline, as it is served: what is not whole is said instead.
    pub fn sound(&self, hotline: &Hotline) -> Sound {
        Sound { catalogs: self.catalogs.clone(), shelf: self.shelf(hotline).0 }
    }

    /// The sound of this hotline, to be published.
    ///
    /// # Errors
    /// Files that are not what the catalogs say, a line each.
    pub fn whole_sound(&self, hotline: &Hotline) -> Result<Sound, String> {
        let (shelf, wrong) = self.shelf(hotline);
        match wrong.as_slice() {
            [] => Ok(Sound { catalogs: self.catalogs.clone(), shelf }),
            wrong => Err(format!(
                "nothing was published: these sounds are not whole\n{}\nrender or import them again, then publish",
                wrong.join("\n")
            )),
        }
    }

    pub fn catalog_file(&self, language: Language) -> PathBuf {
        self.folder.join(language.as_str()).join(CATALOG)
    }

    pub fn sound_file(&self, language: Language, file: &str) -> PathBuf {
        self.folder.join(language.as_str()).join(file)
    }
}

/// The menu files with the catalogs of their sound, and that sound.
///
/// # Errors
/// Files that cannot be read.
pub fn beside(origin: &Origin, audio: Option<PathBuf>) -> Result<(Sources, Option<Sounds>), Failure> {
    let mut sources = origin.read()?;
    let sounds = Sounds::choose(audio).map(|folder| Sounds::read(&folder)).transpose()?;
    if let Some(sounds) = &sounds {
        sources.extend(sounds.sources.clone());
    }
    Ok((sources, sounds))
}

/// Every sound that these catalogs name and the folder has.
pub fn all(folder: &Path, catalogs: &Catalogs) -> Shelf {
    let sounds = Sounds { folder: folder.to_owned(), catalogs: catalogs.clone(), sources: Sources::new() };
    let entries =
        catalogs.iter().flat_map(|(language, catalog)| catalog.prompt.values().map(move |entry| (language, entry)));
    entries
        .filter_map(|(language, entry)| Some((entry.sound.clone(), sounds.bytes(language, entry).ok()?.into())))
        .collect()
}

/// The catalog of a language as findings name it, wherever the folder is.
pub fn catalog_name(language: Language) -> Arc<str> {
    catalog_file(language).into()
}

/// How the words of a prompt are spoken.
pub fn forms<'h>(hotline: &'h Hotline, prompt: &Prompt) -> Forms<'h> {
    let forms = &hotline.phrases(prompt.language).spoken_forms;
    Forms { digits: &forms.digits, pronounce: &forms.pronounce }
}

/// The languages that have a catalog in this folder.
fn languages(folder: &Path) -> io::Result<Vec<Language>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(ENTRIES_MAX) {
        let entry = entry?;
        let language = entry.file_name().to_str().and_then(Language::new);
        found.extend(language.filter(|_| entry.path().join(CATALOG).is_file()));
    }
    found.sort();
    Ok(found)
}

/// A whole file, if it is not larger than this.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} bytes"))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Grade, Made, expand, fingerprint};
    use crate::menu::{self, Settings};

    #[test]
    fn fresh_sounds_give_their_lengths() {
        let sources = Origin::Sample.read().ok().unwrap();
        let load = |settings: &Settings| menu::load(&sources, settings, "2026-11-24".parse().unwrap()).hotline.unwrap();
        let hotline = load(&Settings::default());
        let prompt = &hotline.front.greeting;
        let folder = tempfile::tempdir().unwrap();
        let language = hotline.language(prompt.language);
        let pieces = expand(&prompt.words, forms(&hotline, prompt));
        let entry = Entry {
            file: "front.greeting.wav".into(),
            sound: SoundId::of(b"sound"),
            text: fingerprint(&pieces, "a voice"),
            voice: "a voice".into(),
            grade: Grade::Good,
            made: Made::Rendered,
            on: "2026-11-24".parse().unwrap(),
            ms: 1321,
            level_db: -22.0,
            peak_db: -4.0,
        };
        let catalog = Catalog { prompt: [(prompt.id.clone(), entry.clone())].into() };
        let inside = folder.path().join(language.as_str());
        std::fs::create_dir(&inside).unwrap();
        std::fs::create_dir(folder.path().join("voices")).unwrap();
        std::fs::write(inside.join(CATALOG), catalog.to_toml()).unwrap();
        std::fs::write(inside.join("front.greeting.wav"), b"sound").unwrap();

        let sounds = Sounds::read(folder.path()).ok().unwrap();
        assert_eq!(sounds.catalogs.len(), 1);
        assert_eq!(sounds.fresh(&hotline, prompt), Some(&entry));
        let again = load(&Settings { lengths: sounds.lengths(&hotline), ..Settings::default() });
        assert_eq!(again.front.greeting.measured_ms, Some(1321));
        assert_eq!(sounds.bytes(&language, &entry).unwrap(), b"sound");
        std::fs::write(inside.join("front.greeting.wav"), b"noise").unwrap();
        assert!(sounds.bytes(&language, &entry).unwrap_err().to_string().contains("SHA-256"));
        std::fs::write(inside.join(CATALOG), "[prompt.x]\nfile = 3\n").unwrap();
        let told = Sounds::read(folder.path()).err().unwrap().lines;
        assert!(told.contains("catalog.toml` is not a catalog: line 2"), "{told}");
        assert!(Sounds::read(&folder.path().join("none")).is_err());
    }
}
