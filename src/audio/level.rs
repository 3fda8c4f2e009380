//! How loud speech is: the level of its active parts, as ITU-T P.56 (method B) measures it.

/// The level of what has no speech in it.
pub const SILENT_DB: f32 = -100.0;

/// The envelope's time constant, in seconds (P.56, 8.1: 0.03 s).
const ENVELOPE_S: f64 = 0.03;
/// Speech goes on for so long after the envelope fell below the threshold, in seconds (P.56, 8.1: 0.2 s).
const HANGOVER_S: f64 = 0.2;
/// The threshold lies this far below the active level, in dB (P.56, 8.1: 15.9 dB).
const MARGIN_DB: f64 = 15.9;
/// Thresholds are halves of each other, from half of full scale down to about the last bit of 16 (P.56, table 1).
const THRESHOLDS: usize = 15;

/// Decibels below full scale of an amplitude; full scale is 1.0.
pub fn db(amplitude: f64) -> f32 {
    (20.0 * amplitude.max(1e-5).log10()) as f32
}

/// The amplitude of so many decibels.
pub fn amplitude(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// The active speech level of samples between -1 and 1, in dB below full scale: the power of the speech without its
/// pauses. [`SILENT_DB`] where there is none.
pub fn active_level(samples: &[f32], rate: u32) -> f32 {
    let rate = f64::from(rate.max(1));
    let keep = (-1.0 / (rate * ENVELOPE_S)).exp();
    let hangover = (rate * HANGOVER_S) as usize;
    let mut active = [0_usize; THRESHOLDS];
    // How long ago the envelope was last above each threshold: at first, too long.
    let mut since = [hangover; THRESHOLDS];
    let (mut energy, mut first, mut envelope) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        energy += sample * sample;
        first = keep * first + (1.0 - keep) * sample.abs();
        envelope = keep * envelope + (1.0 - keep) * first;
        for (nth, (active, since)) in active.iter_mut().zip(&mut since).enumerate() {
            if envelope >= threshold(nth) {
                *since = 0;
                *active += 1;
            } else if *since < hangover {
                *since += 1;
                *active += 1;
            }
        }
    }
    let mut before: Option<(f64, f64)> = None;
    for (nth, active) in active.into_iter().enumerate() {
        if active == 0 || energy <= 0.0 {
            break;
        }
        let level = 10.0 * (energy / active as f64).log10();
        let above = level - 20.0 * threshold(nth).log10();
        if above <= MARGIN_DB {
            let Some((level_before, above_before)) = before else { break };
            let part = (above_before - MARGIN_DB) / (above_before - above).max(1e-9);
            // A click is too short for the envelope, and would come out louder than anything can be.
            return ((level_before + part * (level - level_before)) as f32).clamp(SILENT_DB, 0.0);
        }
        before = Some((level, above));
    }
    SILENT_DB
}

/// The thresholds, the lowest first.
fn threshold(nth: usize) -> f64 {
    0.5_f64.powi((THRESHOLDS - nth) as i32)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A tone of so many milliseconds.
    pub(crate) fn tone(hertz: f64, amplitude: f64, ms: u32, rate: u32) -> Vec<f32> {
        let count = u64::from(rate) * u64::from(ms) / 1000;
        let at = |n: u64| (amplitude * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as f32;
        (0..count).map(at).collect()
    }

    #[test]
    fn pauses_do_not_count() {
        let speech = tone(440.0, 0.25, 1500, 8000);
        let case = |samples: &[f32], expected: f32, within: f32| {
            let level = active_level(samples, 8000);
            assert!((level - expected).abs() <= within, "{level} is not {expected}");
        };
        // The power of a sine is half the square of its amplitude.
        let whole = db(0.25 / 2_f64.sqrt());
        case(&speech, whole, 0.2);
        let pause = vec![0.0; 16_000];
        let paused = [&speech[..], &pause, &speech, &pause].concat();
        // The hangover and the fading envelope count about 0.3 s after each as speech: a little less.
        case(&paused, whole, 0.8);
        let quiet: Vec<f32> = paused.iter().map(|sample| sample / 10.0).collect();
        case(&quiet, active_level(&paused, 8000) - 20.0, 0.3);
    }

    #[test]
    fn what_is_no_speech_is_silent() {
        for samples in [&[][..], &[0.0; 8000], &[1e-7; 8000]] {
            assert_eq!(active_level(samples, 8000), SILENT_DB);
        }
        assert!(active_level(&[1.0], 0) <= 0.0);
    }
}
