//! The folder of sounds: a folder a language, each with its catalog and the files it names.

use super::Failure;
use super::menus::Origin;
use crate::audio::catalog::{CATALOG_MAX, Sound, catalog_file};
use crate::audio::check::check;
use crate::audio::{Catalog, Catalogs, Entry, Forms, Made, SoundId, Wanted, measure};
use crate::base::{Finding, Language, Shelf, Sources};
use crate::menu::time::Lengths;
use crate::menu::{Hotline, MAX_LANGUAGES, Prompt};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// The folder asked for; else the folder `audio` beside the folder `menus`, if there is a catalog in it; else none.
    /// Menus in a folder of another name are another line than the sounds beside it.
    pub fn choose(asked: Option<PathBuf>, menus: &Origin) -> Option<PathBuf> {
        asked.or_else(|| {
            let Origin::Folder(menus) = menus else { return None };
            let folder = menus.file_name().filter(|name| *name == "menus").map(|_| menus.with_file_name("audio"))?;
            languages(&folder).is_ok_and(|found| !found.is_empty()).then_some(folder)
        })
    }

    /// Everything that is wrong with the sounds of a hotline.
    pub fn check(&self, hotline: &Hotline) -> Vec<Finding> {
        let measured = |language: &Language, entry: &Entry| {
            let bytes = self.bytes(language, entry).map_err(|error| error.to_string())?;
            measure(&bytes).map_err(|error| error.to_string())
        };
        check(&Sounds::wanted(hotline), &self.catalogs, &self.sources, catalog_name, measured)
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

    /// As [`Sounds::read`]; a folder that is not there yet is one without sounds.
    ///
    /// # Errors
    /// As there.
    pub fn read_or_new(folder: &Path) -> Result<Sounds, Failure> {
        match folder.exists() {
            true => Sounds::read(folder),
            false => Ok(Sounds { folder: folder.to_owned(), catalogs: Catalogs::new(), sources: Sources::new() }),
        }
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

    /// The prompts of a hotline, each once, in the order of the files.
    pub fn wanted(hotline: &Hotline) -> Vec<Wanted<'_>> {
        let mut seen = HashSet::new();
        let each = hotline.prompts().filter(|prompt| !prompt.words.is_empty());
        let each = each.map(|prompt| {
            let language = hotline.language(prompt.language);
            Wanted { language, id: &prompt.id, words: &prompt.words, forms: forms(hotline, prompt) }
        });
        each.filter(|wanted| seen.insert((wanted.language, wanted.id))).collect()
    }

    /// Keeps the sound of a prompt: first the file, then the catalog that names it, each whole or not at all. What a
    /// person spoke and is not in this file any more is kept in the folder `old`.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn put(&mut self, language: Language, prompt: &str, entry: Entry, bytes: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(self.folder.join(language.as_str()))?;
        let before = self.catalogs.get(&language).and_then(|catalog| catalog.prompt.get(prompt)).cloned();
        if let Some(before) = before.filter(|before| before.sound != entry.sound) {
            self.put_away(language, &before, before.file != entry.file)?;
        }
        write_whole(&self.sound_file(language, &entry.file), bytes)?;
        self.catalogs.entry(language).or_default().prompt.insert(prompt.to_owned(), entry);
        self.write_catalog(language)
    }

    /// Takes prompts out of a catalog, with their files.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn prune(&mut self, language: Language, prompts: &[String]) -> io::Result<()> {
        let catalog = self.catalogs.entry(language).or_default();
        let gone: Vec<Entry> = prompts.iter().filter_map(|prompt| catalog.prompt.remove(prompt)).collect();
        self.write_catalog(language)?;
        gone.iter().try_for_each(|entry| self.put_away(language, entry, true))
    }

    /// A recording goes to the folder `old`; anything else is removed if `remove` says so, or else written over.
    fn put_away(&self, language: Language, entry: &Entry, remove: bool) -> io::Result<()> {
        let file = self.sound_file(language, &entry.file);
        let done = match entry.made {
            Made::Recorded => {
                let old = self.folder.join(language.as_str()).join("old");
                std::fs::create_dir_all(&old)?;
                let stem = entry.file.trim_end_matches(".wav");
                std::fs::rename(&file, old.join(format!("{stem}.{}.wav", &entry.sound.as_str()[..8])))
            }
            Made::Rendered if remove => std::fs::remove_file(&file),
            Made::Rendered => Ok(()),
        };
        done.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
    }

    fn write_catalog(&mut self, language: Language) -> io::Result<()> {
        let Some(catalog) = self.catalogs.get(&language) else { return Ok(()) };
        let text = catalog.to_toml();
        write_whole(&self.catalog_file(language), text.as_bytes())?;
        self.sources.insert(catalog_name(language), text.into());
        Ok(())
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
    let sounds = Sounds::choose(audio, origin).map(|folder| Sounds::read(&folder)).transpose()?;
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

/// A file with all of these bytes, or as it was before: written beside it first, then named.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
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
    use crate::audio::{Grade, expand, fingerprint};
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
