//! The revisions: the live one, and those that calls in progress still run on.

use super::lock;
use crate::audio::Forms;
use crate::audio::catalog::{self, Catalogs, Sound, Way};
use crate::base::hours::Hours;
use crate::base::{Language, Revision, Shelf, SoundId, Sources};
use crate::menu::{self, Hotline, LangIx, Settings};
use crate::provider::twilio::answer::{SayConfig, Voice};
use crate::store::{Store, Unavailable};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// At most this many revisions are held in memory beside the live one. Another one is read from the store.
const OLD_MOST: usize = 16;

/// So long after older calls were ended, a call may still have begun on what was on the line before: the time until a
/// running server takes a revision up, with much to spare. In seconds.
const TAKEN_UP_WITHIN_S: i64 = 5;

/// Gives the sounds that catalogs name.
pub type Folder = Arc<dyn Fn(&Catalogs) -> Shelf + Send + Sync>;

/// What the configuration adds to the files of any revision.
pub struct Fit {
    pub settings: Settings,
    /// How the provider speaks each language.
    pub voices: BTreeMap<Language, Voice>,
    /// The language the counsellor is spoken to; the hotline's first if unset.
    pub desk_language: Option<Language>,
    pub hours: Hours,
    /// The hours are read by the hotline's clock, not by one of the configuration.
    pub hours_by_hotline: bool,
    /// In which order the ways to speak a prompt are preferred at the provider.
    pub order: Vec<Way>,
    /// What stands before the address of a sound: the public address, without a slash at its end.
    pub sounds_at: String,
    /// The music of the waiting loop, piece by piece.
    pub music: Vec<(SoundId, Arc<[u8]>)>,
    /// Gives the sounds of these catalogs where they are in a folder, and not in the database with what is published.
    pub folder: Option<Folder>,
}

/// A hotline with what the configuration adds to it. A revision may bring a language, or another order of them.
pub struct Served {
    hotline: Hotline,
    pub say: SayConfig,
    /// As `say`, with sound only where a language has nothing else: what failed may be what gives sound.
    pub say_in_trouble: SayConfig,
    pub desk_language: LangIx,
    pub hours: Hours,
    /// The sounds that its calls can ask for, and what they are of.
    pub sound: Sound,
}

impl Deref for Served {
    type Target = Hotline;

    fn deref(&self) -> &Hotline {
        &self.hotline
    }
}

impl Fit {
    /// The catalogs among these files, with the sounds that were kept for them or are in the folder.
    fn sound(&self, files: &Sources, kept: Shelf) -> Sound {
        // What cannot be read is said by the provider instead; `check` and `publish` told what is wrong with it.
        let (catalogs, _) = catalog::catalogs(files);
        let shelf = self.folder.as_ref().map_or(kept, |folder| folder(&catalogs));
        Sound { catalogs, shelf }
    }

    fn serve(&self, hotline: Hotline, sound: Sound) -> Served {
        // `publish` asks for a voice. If there is none, the right language without a region is better than another's.
        let voice = |tag: &Language| {
            self.voices.get(tag).cloned().unwrap_or_else(|| Voice { language: tag.to_string(), voice: None })
        };
        let voices: Vec<Voice> = hotline.languages.iter().map(voice).collect();
        let played = played(&hotline, &sound, |tag| self.voices.contains_key(tag), &self.order);
        let address = |(words, id): (String, SoundId)| (words, format!("{}/sound/{id}.wav", self.sounds_at));
        let sounds: Vec<HashMap<String, String>> =
            played.into_iter().map(|sounds| sounds.into_iter().map(address).collect()).collect();
        let only_sound =
            sounds.iter().zip(&hotline.languages).map(|(sounds, tag)| match self.voices.contains_key(tag) {
                true => HashMap::new(),
                false => sounds.clone(),
            });
        let say_in_trouble = SayConfig { voices: voices.clone(), sounds: only_sound.collect(), music: Vec::new() };
        let music = self.music.iter().map(|(id, _)| format!("{}/sound/{id}.wav", self.sounds_at)).collect();
        let say = SayConfig { voices, sounds, music };
        let desk_language = self.desk_language.and_then(|language| hotline.language_ix(language)).unwrap_or(LangIx(0));
        let mut hours = self.hours.clone();
        if self.hours_by_hotline {
            hours.zone = hotline.timezone.clone();
        }
        Served { hotline, say, say_in_trouble, desk_language, hours, sound }
    }
}

/// Which words of each language are played, by what is at hand and what the door prefers; the others are said.
pub fn played(
    hotline: &Hotline,
    sound: &Sound,
    can_say: impl Fn(&Language) -> bool,
    order: &[Way],
) -> Vec<HashMap<String, SoundId>> {
    let mut played = vec![HashMap::new(); hotline.languages.len()];
    for prompt in hotline.prompts() {
        let at = usize::from(prompt.language.0);
        let (Some(played), Some(tag)) = (played.get_mut(at), hotline.languages.get(at)) else { continue };
        let forms = &hotline.phrases(prompt.language).spoken_forms;
        let forms = Forms { digits: &forms.digits, pronounce: &forms.pronounce };
        let fresh = sound.of(*tag, &prompt.id, &prompt.words, forms);
        if let Some(entry) = catalog::resolve(fresh, can_say(tag), order) {
            played.insert(prompt.words.clone(), entry.sound.clone());
        }
    }
    played
}

/// Gives the hotline of a session's revision.
pub struct Hotlines {
    live: ArcSwap<Served>,
    /// `None`: asked for and not to be had.
    old: Mutex<HashMap<Revision, Option<Arc<Served>>>>,
    /// When older calls were last ended, and which revision stayed.
    ended_older: Mutex<Option<(Timestamp, Revision)>>,
    fit: Arc<Fit>,
}

impl Hotlines {
    pub fn new(live: Hotline, sound: Sound, fit: Fit) -> Hotlines {
        Hotlines {
            live: ArcSwap::from_pointee(fit.serve(live, sound)),
            old: Mutex::default(),
            ended_older: Mutex::default(),
            fit: Arc::new(fit),
        }
    }

    pub fn live(&self) -> Arc<Served> {
        self.live.load_full()
    }

    /// New calls hear this hotline from now on; calls in progress stay on theirs.
    pub(super) fn replace(&self, hotline: Hotline, sound: Sound) {
        let before = self.live.swap(Arc::new(self.fit.serve(hotline, sound)));
        if before.revision != self.live().revision {
            self.remember(before.revision, Some(before));
        }
    }

    /// The hotline of this revision: live, remembered, or from the store. `issued_s` is when the session was sealed:
    /// nothing if its calls were ended after that.
    pub(super) async fn of(
        &self,
        revision: Revision,
        issued_s: i64,
        store: &Store,
        now: Timestamp,
    ) -> Option<Arc<Served>> {
        let live = self.live();
        if live.revision == revision {
            return Some(live);
        }
        if self.is_ended(revision, issued_s) {
            return None;
        }
        if let Some(known) = lock(&self.old).get(&revision) {
            return known.clone();
        }
        // The store may not answer now; it may the next time.
        let hotline = self.read(revision, store, now).await.ok()?;
        let hotline = hotline.map(|(hotline, sound)| Arc::new(self.fit.serve(hotline, sound)));
        self.remember(revision, hotline.clone());
        hotline
    }

    /// The hotline of a revision with its sound, read beside the path of other calls. `Ok(None)`: its files are gone or
    /// not whole.
    pub(super) async fn read(
        &self,
        revision: Revision,
        store: &Store,
        now: Timestamp,
    ) -> Result<Option<(Hotline, Sound)>, Unavailable> {
        let Some(files) = store.revision_get(revision).await? else { return Ok(None) };
        let kept = match self.fit.folder {
            Some(_) => Shelf::new(),
            None => store.sound_get(revision).await?,
        };
        let (fit, day) = (Arc::clone(&self.fit), self.live().day(now));
        let load = move || {
            let hotline = menu::load_published(&files, &fit.settings, day).hotline?;
            Some((hotline, fit.sound(&files, kept)))
        };
        Ok(tokio::task::spawn_blocking(load).await.unwrap_or(None))
    }

    /// A sound that the calls of any revision at hand can ask for.
    pub(super) fn sound(&self, id: &SoundId) -> Option<Arc<[u8]>> {
        if let Some(sound) = self.live.load().sound.shelf.get(id) {
            return Some(Arc::clone(sound));
        }
        if let Some((_, piece)) = self.fit.music.iter().find(|(known, _)| known == id) {
            return Some(Arc::clone(piece));
        }
        lock(&self.old).values().flatten().find_map(|old| old.sound.shelf.get(id).cloned())
    }

    /// The sound that goes with these files.
    pub(super) fn sound_of(&self, files: &Sources) -> Sound {
        self.fit.sound(files, Shelf::new())
    }

    /// Calls that were on another revision at that moment begin again at the front door.
    pub(super) fn end_older(&self, ended: Option<(Timestamp, Revision)>) {
        *lock(&self.ended_older) = ended;
    }

    fn is_ended(&self, revision: Revision, issued_s: i64) -> bool {
        lock(&self.ended_older).is_some_and(|(at, stayed)| {
            revision != stayed && issued_s <= at.as_second().saturating_add(TAKEN_UP_WITHIN_S)
        })
    }

    fn remember(&self, revision: Revision, hotline: Option<Arc<Served>>) {
        let mut old = lock(&self.old);
        if old.len() >= OLD_MOST {
            old.clear();
        }
        old.insert(revision, hotline);
    }
}
