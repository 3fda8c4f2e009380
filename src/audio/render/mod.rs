//! `audio::render`: makes sound of words, by external programs, and makes any sound ready for telephones.
//!
//! Contract: text reaches a program as a file or on standard input, never through a shell; every program has a limit of
//! time and of bytes; the same samples give the same file.
//! May import: base and the catalog. Must never know: menus, calls.

mod engine;
mod http;
mod master;
mod program;

pub use engine::{Command, Engine, Espeak, NotRendered, TIMEOUT_S, Voice};
pub use http::{Body, Service};
pub use master::{Clip, LEAD_MS, LEVEL_DB, OPTION_TAIL_MS, Part, RATE, TAIL_MS, join};
pub use program::Scratch;

use super::wav::{Format, NotSound, read, write};
use super::{Piece, Wanted};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Makes the sound of prompts with one voice. What was said once is not said again: digits come in every number.
pub struct Renderer<'v> {
    voice: &'v Voice,
    scratch: Scratch,
    known: Mutex<HashMap<String, Arc<Clip>>>,
}

impl<'v> Renderer<'v> {
    /// # Errors
    /// There is no place for temporary files.
    pub fn new(voice: &'v Voice) -> std::io::Result<Renderer<'v>> {
        Ok(Renderer { voice, scratch: Scratch::new()?, known: Mutex::default() })
    }

    /// The file of a prompt.
    ///
    /// # Errors
    /// The engine did not give the sound of one of its pieces.
    pub fn render(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, NotRendered> {
        let pieces = wanted.pieces();
        let mut clips = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            clips.push(match piece {
                Piece::Words(words) => Some(self.clip(words)?),
                Piece::Pause(_) => None,
            });
        }
        let parts: Vec<Part<'_>> = pieces
            .iter()
            .zip(&clips)
            .filter_map(|(piece, clip)| match piece {
                Piece::Words(_) => clip.as_deref().map(Part::Clip),
                Piece::Pause(ms) => Some(Part::Pause(u32::from(*ms))),
            })
            .collect();
        Ok(write(&join(&parts, wanted.tail_ms()), RATE, self.voice.format))
    }

    fn clip(&self, words: &str) -> Result<Arc<Clip>, NotRendered> {
        let known = || self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(clip) = known().get(words) {
            return Ok(Arc::clone(clip));
        }
        // Two workers may say the same word at once; the first one's is kept, so that it sounds the same everywhere.
        let wav = self.voice.speak(words, &self.scratch)?;
        let clip = Arc::new(Clip::of(&wav).ok_or_else(|| NotRendered::Silent(words.to_owned()))?);
        Ok(Arc::clone(known().entry(words.to_owned()).or_insert(clip)))
    }
}

/// A sound from elsewhere as the file of a prompt: rate, band, level and silences are ours.
///
/// # Errors
/// It is no WAV file. `Ok(None)`: there is no speech in it.
pub fn mastered(bytes: &[u8], wanted: &Wanted<'_>, format: Format) -> Result<Option<Vec<u8>>, NotSound> {
    let clip = Clip::of(&read(bytes)?);
    Ok(clip.map(|clip| write(&join(&[Part::Clip(&clip)], wanted.tail_ms()), RATE, format)))
}
