//! The prompts that should have a sound.

use super::catalog::{Catalog, Entry, Made};
use super::expand::{Forms, Piece, expand, fingerprint};
use super::render::{OPTION_TAIL_MS, TAIL_MS};
use crate::base::Language;

/// A prompt whose sound is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'h> {
    pub language: Language,
    pub id: &'h str,
    pub words: &'h str,
    pub forms: Forms<'h>,
}

/// What a catalog has for a prompt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Found<'c> {
    Missing,
    /// Made of other words.
    Stale(&'c Entry),
    Fresh(&'c Entry),
}

impl<'h> Wanted<'h> {
    pub fn pieces(&self) -> Vec<Piece> {
        expand(self.words, self.forms)
    }

    /// The fingerprint of these words in this voice.
    pub fn text(&self, voice: &str) -> String {
        fingerprint(&self.pieces(), voice)
    }

    /// Whether it names a key: callers then need a moment to press it.
    pub fn names_key(&self) -> bool {
        let mut parts = self.id.split('/');
        match (parts.next(), parts.next()) {
            (Some("front"), Some("language")) | (Some("phrase"), Some("again" | "person" | "back")) => true,
            (_, part) => matches!(part, Some("option" | "choice")),
        }
    }

    /// The silence behind it, in milliseconds.
    pub fn tail_ms(&self) -> u32 {
        if self.names_key() { OPTION_TAIL_MS } else { TAIL_MS }
    }

    pub fn found<'c>(&self, catalog: Option<&'c Catalog>) -> Found<'c> {
        match catalog.and_then(|catalog| catalog.prompt.get(self.id)) {
            None => Found::Missing,
            Some(entry) if self.text(&entry.voice) == entry.text => Found::Fresh(entry),
            Some(entry) => Found::Stale(entry),
        }
    }
}

impl Found<'_> {
    /// Whether a person spoke these words.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Found::Fresh(entry) if entry.made == Made::Recorded)
    }
}
