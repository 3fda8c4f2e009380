//! The music of the waiting loop: made here, so that it belongs to nobody, names nothing and is the same everywhere. Slow
//! soft tones in the middle of what a telephone carries, quieter than speech, beginning and ending in silence, so that
//! one piece can follow another and a voice can follow both.

use super::render::RATE;
use super::wav::{self, Format};
use crate::base::{MUSIC_PIECE_S, SoundId};
use std::f32::consts::TAU;
use std::sync::OnceLock;

/// How many pieces there are, heard one after the other.
pub const PIECES: usize = 2;

/// How loud a tone is at its loudest: with three tones at once the music stays 8 dB below the prompts.
const TONE: f32 = 0.035;

/// A tone: when it begins, in tenths of a second, and its pitch in hertz (equal temperament, A = 440).
type Tone = (u8, f32);

const C4: f32 = 261.63;
const D4: f32 = 293.66;
const E4: f32 = 329.63;
const F4: f32 = 349.23;
const G4: f32 = 392.0;
const A4: f32 = 440.0;
const C5: f32 = 523.25;

/// The pieces: broken chords that come to rest.
const SCORE: [[Tone; 8]; PIECES] = [
    [(0, C4), (8, E4), (16, G4), (24, C5), (34, A4), (42, F4), (50, G4), (58, E4)],
    [(0, A4), (8, C5), (16, F4), (24, A4), (34, D4), (42, G4), (50, E4), (58, C4)],
];

/// How long a tone sounds, in seconds.
const SOUNDS_S: f32 = 2.0;

/// The pieces as files, each of [`MUSIC_PIECE_S`] seconds, in the coding of telephones.
pub fn pieces() -> [Vec<u8>; PIECES] {
    SCORE.map(|score| wav::write(&samples(&score), RATE, Format::MuLaw))
}

/// The names of the pieces, in their order.
pub fn names() -> &'static [SoundId; PIECES] {
    static NAMES: OnceLock<[SoundId; PIECES]> = OnceLock::new();
    NAMES.get_or_init(|| pieces().map(|piece| SoundId::of(&piece)))
}

/// Whether an address is that of a piece.
pub fn is_piece(url: &str) -> bool {
    names().iter().any(|name| url.contains(name.as_str()))
}

fn samples(score: &[Tone]) -> Vec<f32> {
    let rate = RATE as f32;
    let mut samples = vec![0.0; usize::from(MUSIC_PIECE_S) * RATE as usize];
    for (begins, hertz) in score {
        let begins = usize::from(*begins) * RATE as usize / 10;
        let sounds = (SOUNDS_S * rate) as usize;
        for (n, sample) in samples.iter_mut().skip(begins).take(sounds).enumerate() {
            let at = n as f32 / rate;
            // Comes softly and fades away, both to nothing.
            let loud = (at / 0.15).min(1.0) * (1.0 - at / SOUNDS_S).max(0.0).powi(2);
            let wave = (TAU * hertz * at).sin() + 0.25 * (TAU * 2.0 * hertz * at).sin();
            *sample += TONE * loud * wave;
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_its_length_is_quieter_than_speech_and_begins_and_ends_in_silence() {
        for piece in pieces() {
            let read = wav::read(&piece).unwrap();
            let samples = read.mono();
            assert_eq!(samples.len(), usize::from(MUSIC_PIECE_S) * RATE as usize);
            let loudest = samples.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
            assert!((0.02..0.2).contains(&loudest), "{loudest}");
            assert!(samples[..40].iter().chain(&samples[samples.len() - 40..]).all(|sample| sample.abs() < 0.01));
            // Never silent for as long as would be taken for a dead line (rule TM-08).
            let quiet = samples.chunks(RATE as usize).map(|second| second.iter().any(|sample| sample.abs() > 0.004));
            assert!(quiet.clone().filter(|sounds| !sounds).count() <= 1);
        }
    }
}
