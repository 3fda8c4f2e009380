//! What a sound file holds, measured: length, level, peak, silence at both ends.

use super::level::{SILENT_DB, active_level, amplitude, db};
use super::wav::{Format, NotSound, read};

/// A frame is silent if it lies this far below the active speech, in dB: soft consonants are above, a room is below.
pub const SILENT_BELOW_DB: f32 = 25.0;
/// Silence is looked for in frames of so many milliseconds.
const FRAME_MS: u32 = 5;
/// Samples this near to full scale, of 1.0, are clipped.
const CLIPPED_AT: f32 = 0.999;

/// What was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// Samples a second.
    pub rate: u32,
    pub channels: u16,
    pub format: Format,
    /// How long it lasts, in milliseconds.
    pub ms: u32,
    /// The highest sample, in dB below full scale.
    pub peak_db: f32,
    /// Active speech (ITU-T P.56), in dB below full scale; [`SILENT_DB`] if there is none.
    pub level_db: f32,
    /// Silence before and after the speech, in milliseconds; both the whole length if there is no speech.
    pub lead_ms: u32,
    pub tail_ms: u32,
    /// Samples at full scale.
    pub clipped: u32,
}

/// Measures a WAV file. Never panics, whatever the bytes.
///
/// # Errors
/// Why it is no sound that can be measured.
pub fn measure(bytes: &[u8]) -> Result<Measured, NotSound> {
    let wav = read(bytes)?;
    let samples = wav.mono();
    let (lead, tail) = silence(&samples, wav.rate).unwrap_or((samples.len(), samples.len()));
    let ms = |count: usize| u32::try_from(count as u64 * 1000 / u64::from(wav.rate)).unwrap_or(u32::MAX);
    let peak = samples.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    let clipped = wav.samples.iter().filter(|sample| sample.abs() >= CLIPPED_AT).count();
    Ok(Measured {
        rate: wav.rate,
        channels: wav.channels,
        format: wav.format,
        ms: ms(samples.len()),
        peak_db: db(f64::from(peak)),
        level_db: active_level(&samples, wav.rate),
        lead_ms: ms(lead),
        tail_ms: ms(tail),
        clipped: u32::try_from(clipped).unwrap_or(u32::MAX),
    })
}

/// How many samples of silence stand before and after the speech; `None` if there is no speech.
pub fn silence(samples: &[f32], rate: u32) -> Option<(usize, usize)> {
    let level = active_level(samples, rate);
    if level <= SILENT_DB {
        return None;
    }
    let least = amplitude(level - SILENT_BELOW_DB);
    let frame = ((u64::from(rate) * u64::from(FRAME_MS) / 1000) as usize).max(1);
    let loud = |frame: &[f32]| {
        let energy: f32 = frame.iter().map(|sample| sample * sample).sum();
        (energy / frame.len() as f32).sqrt() >= least
    };
    let first = samples.chunks(frame).position(loud)?;
    let last = samples.rchunks(frame).position(loud)?;
    Some((first * frame, last * frame))
}

#[cfg(test)]
mod tests {
    use super::super::level::tests::tone;
    use super::super::wav::write;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sound_between_silences() {
        for format in [Format::Pcm16, Format::MuLaw] {
            let samples = [vec![0.0; 800], tone(440.0, 0.2, 1000, 8000), vec![0.0; 2000]].concat();
            let measured = measure(&write(&samples, 8000, format)).unwrap();
            assert_eq!((measured.rate, measured.channels, measured.format), (8000, 1, format));
            assert_eq!(measured.ms, 1350);
            assert!(measured.lead_ms.abs_diff(100) <= 5 && measured.tail_ms.abs_diff(250) <= 5, "{measured:?}");
            assert!((measured.peak_db - db(0.2)).abs() < 0.3 && measured.clipped == 0, "{measured:?}");
        }
    }

    #[test]
    fn silence_and_clipping() {
        let silent = measure(&write(&[0.0; 800], 8000, Format::Pcm16)).unwrap();
        assert_eq!((silent.level_db, silent.lead_ms, silent.tail_ms, silent.ms), (SILENT_DB, 100, 100, 100));
        let clipped = measure(&write(&tone(440.0, 2.0, 500, 8000), 8000, Format::Pcm16)).unwrap();
        assert!(clipped.clipped > 1000 && clipped.peak_db > -0.1, "{clipped:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = measure(&bytes);
        }

        #[test]
        fn no_changed_file_panics(at in 0_usize..80, byte in any::<u8>(), cut in 0_usize..400) {
            for format in [Format::Pcm16, Format::MuLaw] {
                let mut bytes = write(&tone(440.0, 0.2, 20, 8000), 8000, format);
                let end = bytes.len();
                bytes[at.min(end - 1)] = byte;
                bytes.truncate(cut.max(1));
                let _ = measure(&bytes);
            }
        }
    }
}
