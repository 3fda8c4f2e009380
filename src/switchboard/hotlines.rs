//! The revisions: the live one, and those that calls in progress still run on.

use super::lock;
use crate::base::hours::Hours;
use crate::base::{Language, Revision};
use crate::menu::{self, Hotline, LangIx, Settings};
use crate::provider::twilio::answer::{SayConfig, Voice};
use crate::store::Store;
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
}

/// A hotline with what the configuration adds to it. A revision may bring a language, or another order of them.
pub struct Served {
    hotline: Hotline,
    pub say: SayConfig,
    pub desk_language: LangIx,
    pub hours: Hours,
}

impl Deref for Served {
    type Target = Hotline;

    fn deref(&self) -> &Hotline {
        &self.hotline
    }
}

impl Fit {
    fn serve(&self, hotline: Hotline) -> Served {
        // `publish` asks for a voice. If there is none, the right language without a region is better than another's.
        let voice = |tag: &Language| {
            self.voices.get(tag).cloned().unwrap_or_else(|| Voice { language: tag.to_string(), voice: None })
        };
        let say = SayConfig { voices: hotline.languages.iter().map(voice).collect() };
        let desk_language = self.desk_language.and_then(|language| hotline.language_ix(language)).unwrap_or(LangIx(0));
        let mut hours = self.hours.clone();
        if self.hours_by_hotline {
            hours.zone = hotline.timezone.clone();
        }
        Served { hotline, say, desk_language, hours }
    }
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
    pub fn new(live: Hotline, fit: Fit) -> Hotlines {
        Hotlines {
            live: ArcSwap::from_pointee(fit.serve(live)),
            old: Mutex::default(),
            ended_older: Mutex::default(),
            fit: Arc::new(fit),
        }
    }

    pub fn live(&self) -> Arc<Served> {
        self.live.load_full()
    }

    /// New calls hear this hotline from now on; calls in progress stay on theirs.
    pub(super) fn replace(&self, hotline: Hotline) {
        let before = self.live.swap(Arc::new(self.fit.serve(hotline)));
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
        let hotline = match store.revision_get(revision).await {
            Ok(files) => files.and_then(|files| {
                let loaded = menu::load_published(&files, &self.fit.settings, live.day(now));
                loaded.hotline.map(|hotline| Arc::new(self.fit.serve(hotline)))
            }),
            // The store does not answer now; it may the next time.
            Err(_) => return None,
        };
        self.remember(revision, hotline.clone());
        hotline
    }

    /// The hotline of a published revision, read off the path of any call. `Ok(None)`: its files are gone or not whole.
    pub(super) async fn published(
        &self,
        revision: Revision,
        store: &Store,
        now: Timestamp,
    ) -> Result<Option<Hotline>, crate::store::Unavailable> {
        let Some(files) = store.revision_get(revision).await? else { return Ok(None) };
        let (fit, day) = (Arc::clone(&self.fit), self.live().day(now));
        let load = move || menu::load_published(&files, &fit.settings, day).hotline;
        Ok(tokio::task::spawn_blocking(load).await.unwrap_or(None))
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
