//! Reading a folder of sound: the catalogs of each language, and the files they name.

use super::Failure;
use super::menus::Origin;
use crate::audio::catalog::{Catalog, Catalogs, Sound, catalog_file};
use crate::audio::{Entry, Forms};
use crate::base::{Language, Shelf, SoundId, Sources};
use crate::menu::Hotline;
use crate::menu::time::Lengths;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A sound is at most this large: five minutes of it.
pub const SOUND_MAX: u64 = 8 * 1024 * 1024;

/// Where sound is when nobody says another place.
pub const USUAL: &str = "audio";

/// A folder of sound, as far as its catalogs tell.
#[derive(Clone, Debug, Default)]
pub struct Sounds {
    pub folder: PathBuf,
    pub catalogs: Catalogs,
    /// The catalogs as text, by the name they have among the files of a hotline.
    pub files: Sources,
}

impl Sounds {
    /// The folder asked for; else `audio` beside us, if it is one.
    ///
    /// # Errors
    /// A catalog that cannot be read, or a folder asked for that is none.
    pub fn choose(asked: Option<&Path>) -> Result<Option<Sounds>, Failure> {
        match asked {
            Some(folder) => Sounds::read(folder).map(Some),
            None if Path::new(USUAL).is_dir() => Sounds::read(Path::new(USUAL)).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the catalog of every language in the folder.
    ///
    /// # Errors
    /// A folder or a catalog that cannot be read.
    pub fn read(folder: &Path) -> Result<Sounds, Failure> {
        let cannot = |path: &Path, why: &dyn std::fmt::Display| {
            Failure::cannot(format!("cannot read `{}`: {why}", path.display()))
        };
        let mut sounds = Sounds { folder: folder.to_path_buf(), ..Sounds::default() };
        for entry in std::fs::read_dir(folder).map_err(|error| cannot(folder, &error))? {
            let path = entry.map_err(|error| cannot(folder, &error))?.path();
            let Some(language) = path.file_name().and_then(|name| name.to_str()).and_then(Language::new) else {
                continue;
            };
            let path = path.join("catalog.toml");
            if !path.is_file() {
                continue;
            }
            let size = std::fs::metadata(&path).map_err(|error| cannot(&path, &error))?.len();
            if size > crate::audio::catalog::CATALOG_MAX as u64 {
                return Err(cannot(&path, &"it is too large for a catalog"));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, &error))?;
            sounds.catalogs.insert(language, Catalog::parse(&text).map_err(|why| cannot(&path, &why))?);
            sounds.files.insert(Arc::from(catalog_file(language)), Arc::from(text));
        }
        Ok(sounds)
    }

    /// Where the file of a prompt is.
    pub fn path(&self, language: Language, entry: &Entry) -> PathBuf {
        self.folder.join(language.as_str()).join(&entry.file)
    }

    /// The bytes of a sound, if they are what the catalog says.
    ///
    /// # Errors
    /// A file that is not there, is too large, or is another one.
    pub fn bytes(&self, language: Language, entry: &Entry) -> Result<Vec<u8>, String> {
        let path = self.path(language, entry);
        let name = path.display();
        let size = std::fs::metadata(&path).map_err(|error| format!("cannot read `{name}`: {error}"))?.len();
        if size > SOUND_MAX {
            return Err(format!("`{name}` is larger than {} MiB", SOUND_MAX / 1024 / 1024));
        }
        let bytes = std::fs::read(&path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
        match SoundId::of(&bytes) == entry.sound {
            true => Ok(bytes),
            false => Err(format!("`{name}` is not the file that the catalog names: render or import it again")),
        }
    }

    /// How long the prompts of this hotline last that have a sound of exactly their words.
    pub fn lengths(&self, hotline: &Hotline) -> Lengths {
        let fresh = |(language, entry, prompt): (Language, &Entry, &crate::menu::Prompt)| {
            (language, prompt.id.clone(), prompt.words.clone(), entry.ms)
        };
        Lengths::new(fresh_of(&self.catalogs, hotline).map(fresh))
    }

    /// The sounds of this hotline's prompts that are fresh and whole, and what is wrong with the files of others.
    pub fn shelf(&self, hotline: &Hotline) -> (Shelf, Vec<String>) {
        let wanted: BTreeMap<SoundId, (Language, &Entry)> = fresh_of(&self.catalogs, hotline)
            .map(|(language, entry, _)| (entry.sound.clone(), (language, entry)))
            .collect();
        let (mut shelf, mut wrong) = (Shelf::new(), Vec::new());
        for (id, (language, entry)) in wanted {
            match self.bytes(language, entry) {
                Ok(bytes) => drop(shelf.insert(id, Arc::from(bytes))),
                Err(why) => wrong.push(why),
            }
        }
        (shelf, wrong)
    }

    /// Every sound that the catalogs name and the folder has.
    pub fn all(&self) -> Shelf {
        let entries = self
            .catalogs
            .iter()
            .flat_map(|(language, catalog)| catalog.prompt.values().map(|entry| (*language, entry)));
        entries
            .filter_map(|(language, entry)| Some((entry.sound.clone(), Arc::from(self.bytes(language, entry).ok()?))))
            .collect()
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
            wrong => Err(format!("nothing was published:\n{}", wrong.join("\n"))),
        }
    }
}

/// The menu files with the catalogs of their sound, and that sound.
///
/// # Errors
/// Files that cannot be read.
pub fn beside(origin: &Origin, audio: Option<&Path>) -> Result<(Sources, Option<Sounds>), Failure> {
    let mut sources = origin.read()?;
    let sounds = Sounds::choose(audio)?;
    if let Some(sounds) = &sounds {
        sources.extend(sounds.files.clone());
    }
    Ok((sources, sounds))
}

/// Each prompt of a hotline that has a sound of exactly its words.
pub fn fresh_of<'a>(
    catalogs: &'a Catalogs,
    hotline: &'a Hotline,
) -> impl Iterator<Item = (Language, &'a Entry, &'a crate::menu::Prompt)> {
    hotline.prompts().filter_map(move |prompt| {
        let language = *hotline.languages.get(usize::from(prompt.language.0))?;
        let forms = &hotline.phrases(prompt.language).spoken_forms;
        let forms = Forms { digits: &forms.digits, pronounce: &forms.pronounce };
        let entry = catalogs.get(&language)?.fresh(&prompt.id, &prompt.words, forms)?;
        Some((language, entry, prompt))
    })
}
