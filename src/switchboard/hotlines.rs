//! The revisions: the live one, and those that calls in progress still run on.

use super::lock;
use crate::base::Revision;
use crate::menu::{self, Hotline, Settings};
use crate::store::Store;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// At most this many revisions are held in memory beside the live one. Another one is read from the store.
const OLD_MOST: usize = 16;

/// Gives the hotline of a session's revision.
pub struct Hotlines {
    live: ArcSwap<Hotline>,
    /// `None`: asked for and not to be had.
    old: Mutex<HashMap<Revision, Option<Arc<Hotline>>>>,
    settings: Settings,
}

impl Hotlines {
    pub fn new(live: Hotline, settings: Settings) -> Hotlines {
        Hotlines { live: ArcSwap::from_pointee(live), old: Mutex::default(), settings }
    }

    pub fn live(&self) -> Arc<Hotline> {
        self.live.load_full()
    }

    /// New calls hear this hotline from now on; calls in progress stay on theirs.
    pub(super) fn replace(&self, hotline: Hotline) {
        let before = self.live.swap(Arc::new(hotline));
        if before.revision != self.live().revision {
            self.remember(before.revision, Some(before));
        }
    }

    /// The hotline of this revision: live, remembered, or from the store.
    pub(super) async fn of(&self, revision: Revision, store: &Store, now: Timestamp) -> Option<Arc<Hotline>> {
        let live = self.live();
        if live.revision == revision {
            return Some(live);
        }
        if let Some(known) = lock(&self.old).get(&revision) {
            return known.clone();
        }
        let hotline = match store.revision_get(revision).await {
            Ok(files) => {
                files.and_then(|files| menu::load(&files, &self.settings, live.day(now)).hotline.map(Arc::new))
            }
            // The store does not answer now; it may the next time.
            Err(_) => return None,
        };
        self.remember(revision, hotline.clone());
        hotline
    }

    fn remember(&self, revision: Revision, hotline: Option<Arc<Hotline>>) {
        let mut old = lock(&self.old);
        if old.len() >= OLD_MOST {
            old.clear();
        }
        old.insert(revision, hotline);
    }
}
