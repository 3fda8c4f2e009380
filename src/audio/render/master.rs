//! Speech made ready for telephones: 8 kHz, the telephone's band, one level, quiet at both ends.

use crate::audio::level::{SILENT_DB, active_level, amplitude};
use crate::audio::measure::{SILENT_BELOW_DB, silence};
use crate::audio::wav::Wav;
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, SincInterpolationType, WindowFunction};
use std::f32::consts::TAU;
use std::ops::Range;

/// Samples a second of everything that is kept: what telephones have (ITU-T G.711).
pub const RATE: u32 = 8_000;
/// The level of active speech, in dB below full scale: -19 dBm0, which is an RMS of 2600 in 16 bit (RFC 7874, section 4).
pub const LEVEL_DB: f32 = -22.0;
/// No sample is higher, in dB below full scale. Rule PR-08 allows -3; the half dB is what mu-law rounds up at most.
const PEAK_DB: f32 = -3.5;
/// The band, in Hz. Telephones pass 300 to 3400 (ITU-T G.712); from 200 a voice keeps what a good telephone passes.
const BAND: Range<f32> = 200.0..3_400.0;
/// Each edge of the band falls by 24 dB an octave: two filters of the second order, a Butterworth of the fourth.
const BUTTERWORTH: [f32; 2] = [0.541_196_1, 1.306_563];
/// Silence before the speech, in milliseconds (PR-08: at most 150): a telephone line swallows the first moment.
pub const LEAD_MS: u32 = 100;
/// Silence behind it (PR-08: at most 300): with the next lead 300, as long as is counted for a group of sentences that
/// has no sound.
pub const TAIL_MS: u32 = 200;
/// Silence behind a prompt that names a key: with the next lead 530, within TM-07's 500 to 750. Every option of a list
/// pays it, and the list is to be short (TM-04).
pub const OPTION_TAIL_MS: u32 = 430;
/// Silence between the sentences of one breath, at most; speech programs leave up to a second.
const WITHIN_MOST_MS: u32 = 350;
/// What is kept around the speech when silence is cut off, for soft beginnings and fading ends; in milliseconds.
const SOFT_MS: Range<u32> = 20..60;
/// Edges rise and fall over so many milliseconds, so that they do not click.
const FADE_MS: u32 = 5;
/// The limiter looks so many milliseconds ahead and behind.
const LIMITER_MS: u32 = 5;

/// Speech at 8 kHz, at the level, without silence around it but for soft edges.
#[derive(Clone, PartialEq, Debug)]
pub struct Clip {
    samples: Vec<f32>,
    /// How many samples at the beginning and at the end are quiet already.
    quiet: Range<usize>,
}

impl Clip {
    /// `None` if there is no speech in it.
    pub fn of(wav: &Wav) -> Option<Clip> {
        let mut samples = in_band(resampled(wav)?);
        let level = active_level(&samples, RATE);
        let (lead, tail) = silence(&samples, RATE)?;
        let before = lead.min(count(SOFT_MS.start));
        let after = tail.min(count(SOFT_MS.end));
        samples.truncate(samples.len() - (tail - after));
        samples.drain(..lead - before);
        shorten(&mut samples, amplitude(level - SILENT_BELOW_DB));
        fade(&mut samples);
        to_level(&mut samples);
        Some(Clip { samples, quiet: before..after })
    }

    /// How long it is, in milliseconds.
    pub fn ms(&self) -> u32 {
        u32::try_from(self.samples.len() as u64 * 1000 / u64::from(RATE)).unwrap_or(u32::MAX)
    }
}

/// A part of a prompt.
pub enum Part<'c> {
    Clip(&'c Clip),
    /// Silence, in milliseconds.
    Pause(u32),
}

/// The whole prompt: its parts between a lead and a tail of this many milliseconds, at the level, no sample too high.
pub fn join(parts: &[Part<'_>], tail_ms: u32) -> Vec<f32> {
    let mut out: Vec<f32> = Vec::new();
    // How much silence is due, and how much of it is there already: what is quiet at the edges of a clip.
    let (mut due, mut there) = (count(LEAD_MS), 0);
    for part in parts {
        match part {
            Part::Pause(ms) => due += count(*ms),
            Part::Clip(clip) => {
                out.resize(out.len() + due.saturating_sub(there + clip.quiet.start), 0.0);
                out.extend_from_slice(&clip.samples);
                due = 0;
                there = clip.quiet.end;
            }
        }
    }
    out.resize(out.len() + (due + count(tail_ms)).saturating_sub(there), 0.0);
    to_level(&mut out);
    out
}

fn count(ms: u32) -> usize {
    (u64::from(RATE) * u64::from(ms) / 1000) as usize
}

/// At 8 kHz, one channel.
fn resampled(wav: &Wav) -> Option<Vec<f32>> {
    let samples = wav.mono();
    if wav.rate == RATE {
        return Some(samples);
    }
    let ratio = f64::from(RATE) / f64::from(wav.rate);
    let parameters = SincInterpolationParameters {
        sinc_len: 256,
        f_cutoff: None,
        interpolation: SincInterpolationType::Cubic,
        oversampling_factor: 256,
        window: WindowFunction::BlackmanHarris2,
    };
    let mut resampler = Async::<f32>::new_sinc(ratio, 1.0, &parameters, 1024, 1, FixedAsync::Input).ok()?;
    let frames = samples.len();
    let input = InterleavedOwned::new_from(samples, 1, frames).ok()?;
    Some(resampler.process_all(&input, frames, None).ok()?.take_data())
}

/// A filter of the second order, by the cookbook of R. Bristow-Johnson (W3C Note "Audio EQ Cookbook").
struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
}

impl Biquad {
    fn new(hertz: f32, q: f32, low_pass: LowPass) -> Biquad {
        let (sin, cos) = (TAU * hertz / RATE as f32).sin_cos();
        let alpha = sin / (2.0 * q);
        let edge = match low_pass {
            LowPass::Yes => [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0],
            LowPass::No => [(1.0 + cos) / 2.0, -1.0 - cos, (1.0 + cos) / 2.0],
        };
        let a0 = 1.0 + alpha;
        Biquad { b: edge.map(|b| b / a0), a: [-2.0 * cos / a0, (1.0 - alpha) / a0] }
    }

    fn run(&self, samples: &mut [f32]) {
        let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
        for sample in samples {
            let out = self.b[0] * *sample + self.b[1] * x[0] + self.b[2] * x[1] - self.a[0] * y[0] - self.a[1] * y[1];
            x = [*sample, x[0]];
            y = [out, y[0]];
            *sample = out;
        }
    }
}

#[derive(Clone, Copy)]
enum LowPass {
    Yes,
    No,
}

fn in_band(mut samples: Vec<f32>) -> Vec<f32> {
    for q in BUTTERWORTH {
        Biquad::new(BAND.start, q, LowPass::No).run(&mut samples);
        Biquad::new(BAND.end, q, LowPass::Yes).run(&mut samples);
    }
    samples
}

/// Takes the middle out of every silence that is too long.
fn shorten(samples: &mut Vec<f32>, soft: f32) {
    let most = count(WITHIN_MOST_MS);
    let mut kept = Vec::with_capacity(samples.len());
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        let loud = rest.iter().position(|sample| sample.abs() < soft).unwrap_or(rest.len());
        let quiet = rest[loud..].iter().position(|sample| sample.abs() >= soft).unwrap_or(rest.len() - loud);
        let (run, after) = rest.split_at(loud + quiet);
        match quiet > most {
            true => {
                kept.extend_from_slice(&run[..loud + most / 2]);
                kept.extend_from_slice(&run[run.len() - most / 2..]);
            }
            false => kept.extend_from_slice(run),
        }
        rest = after;
    }
    *samples = kept;
}

fn fade(samples: &mut [f32]) {
    let length = count(FADE_MS).min(samples.len() / 2).max(1);
    let end = samples.len();
    for at in 0..length.min(end) {
        let gain = at as f32 / length as f32;
        samples[at] *= gain;
        samples[end - 1 - at] *= gain;
    }
}

/// Brings active speech to the level. The limiter takes a little of it away, so a second round brings that back.
fn to_level(samples: &mut [f32]) {
    for _ in 0..3 {
        let level = active_level(samples, RATE);
        if level <= SILENT_DB {
            return;
        }
        let gain = amplitude(LEVEL_DB - level);
        samples.iter_mut().for_each(|sample| *sample *= gain);
        limit(samples);
    }
}

/// Holds samples below the peak: the gain goes down ahead of a high one and comes back behind it, without a step.
fn limit(samples: &mut [f32]) {
    let most = amplitude(PEAK_DB);
    let reach = count(LIMITER_MS);
    if samples.iter().all(|sample| sample.abs() <= most) {
        return;
    }
    let wanted: Vec<f32> = samples.iter().map(|sample| (most / sample.abs().max(1e-9)).min(1.0)).collect();
    let around = |at: usize| at.saturating_sub(reach)..(at + reach + 1).min(wanted.len());
    // Where nothing near is too high, the gain is 1 and needs no look around.
    let mut near = vec![false; wanted.len()];
    for at in (0..wanted.len()).filter(|at| wanted[*at] < 1.0) {
        near[at.saturating_sub(2 * reach)..(at + 2 * reach + 1).min(wanted.len())].fill(true);
    }
    let lowest = |at: usize| wanted[around(at)].iter().copied().fold(1.0, f32::min);
    let lowest: Vec<f32> = (0..wanted.len()).map(|at| if near[at] { lowest(at) } else { 1.0 }).collect();
    for at in (0..samples.len()).filter(|at| near[*at]) {
        let window = &lowest[around(at)];
        let smooth = window.iter().sum::<f32>() / window.len() as f32;
        samples[at] *= smooth.min(wanted[at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::level::tests::tone;
    use crate::audio::wav::{Format, write};
    use crate::audio::{Measured, measure};
    use proptest::prelude::*;

    /// Syllables of a voice: tones that rise and fall four times a second, with noise like breath, between silences.
    fn speech(amplitude: f64, rate: u32, ms: u32) -> Vec<f32> {
        let mut seed = 1_u32;
        let voice = [150.0, 600.0, 1500.0, 2600.0].map(|hertz| tone(hertz, amplitude / 4.0, ms, rate));
        let mut samples: Vec<f32> = (0..voice[0].len())
            .map(|at| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (seed >> 16) as f32 / 65_536.0 - 0.5;
                let beat = (TAU * 4.0 * at as f32 / rate as f32).sin().abs();
                beat * (voice.iter().map(|voice| voice[at]).sum::<f32>() + noise * amplitude as f32 / 4.0)
            })
            .collect();
        let quiet = vec![0.0; rate as usize / 2];
        samples.splice(0..0, quiet.iter().copied());
        samples.extend(quiet);
        samples
    }

    fn wav(samples: Vec<f32>, rate: u32) -> Wav {
        Wav { rate, channels: 1, format: Format::Pcm16, samples }
    }

    fn mastered(wav: &Wav, tail_ms: u32, format: Format) -> Measured {
        let clip = Clip::of(wav).unwrap();
        measure(&write(&join(&[Part::Clip(&clip)], tail_ms), RATE, format)).unwrap()
    }

    #[test]
    fn level_peak_and_silence_whatever_came_in() {
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000] {
            for amplitude in [0.01, 0.2, 1.0] {
                for (format, tail) in [(Format::Pcm16, TAIL_MS), (Format::MuLaw, OPTION_TAIL_MS)] {
                    let found = mastered(&wav(speech(amplitude, rate, 2_000), rate), tail, format);
                    let told = format!("{rate} {amplitude} {found:?}");
                    assert!((found.level_db - LEVEL_DB).abs() <= 0.5, "{told}");
                    assert!(found.peak_db <= -3.0 && found.clipped == 0, "{told}");
                    assert!(found.lead_ms.abs_diff(LEAD_MS) <= 20, "{told}");
                    assert!(found.tail_ms.abs_diff(tail) <= 30, "{told}");
                    assert_eq!((found.rate, found.channels), (RATE, 1));
                }
            }
        }
    }

    /// A voice with high peaks: without the limiter they would stand above the level by more than there is room for.
    #[test]
    fn peaks_are_held_down() {
        let mut samples = speech(0.05, 8_000, 2_000);
        for at in (4_500..18_000).step_by(997) {
            samples[at] = 1.0;
            samples[at + 1] = -1.0;
        }
        let found = mastered(&wav(samples, 8_000), TAIL_MS, Format::MuLaw);
        assert!(found.peak_db <= -3.0 && found.peak_db > -6.0, "{found:?}");
        assert!((found.level_db - LEVEL_DB).abs() <= 0.5, "{found:?}");
    }

    /// How much louder a tone of this pitch leaves the band than one of 1 kHz, in dB.
    fn passed(hertz: f64) -> f32 {
        let level = |hertz| {
            let out = in_band(resampled(&wav(tone(hertz, 0.3, 1_000, 24_000), 24_000)).unwrap());
            active_level(&out[2_000..6_000], RATE)
        };
        level(hertz) - level(1_000.0)
    }

    #[test]
    fn only_the_telephones_band_passes() {
        for (hertz, least) in [(300.0, -1.0), (500.0, -0.3), (2_000.0, -0.3), (3_000.0, -1.5)] {
            assert!(passed(hertz) >= least, "{hertz}: {}", passed(hertz));
        }
        // A hum of the mains, and what would come back as a wrong tone at 8 kHz.
        for (hertz, most) in [(50.0, -40.0), (100.0, -22.0), (4_500.0, -40.0), (7_000.0, -50.0)] {
            assert!(passed(hertz) <= most, "{hertz}: {}", passed(hertz));
        }
    }

    #[test]
    fn pauses_between_parts_are_as_long_as_they_say() {
        let word = Clip::of(&wav(speech(0.3, 16_000, 400), 16_000)).unwrap();
        let quiet = Clip::of(&wav(speech(0.03, 16_000, 400), 16_000)).unwrap();
        let soft = amplitude(LEVEL_DB - crate::audio::measure::SILENT_BELOW_DB);
        for pause in [250, 400, 700] {
            let out = join(&[Part::Clip(&word), Part::Pause(pause), Part::Clip(&quiet)], TAIL_MS);
            let words = &out[count(LEAD_MS + 50)..out.len() - count(TAIL_MS + 50)];
            let longest = words.split(|sample| sample.abs() > soft).map(<[f32]>::len).max().unwrap();
            let gap = longest as f32 * 1000.0 / RATE as f32;
            assert!((gap - pause as f32).abs() <= 40.0, "{gap} is not {pause}");
        }
        // A part that was made softer than the other is not.
        let level = |clip: &Clip| active_level(&clip.samples, RATE);
        assert!((level(&word) - level(&quiet)).abs() < 0.5);
    }

    #[test]
    fn long_silences_between_sentences_are_shortened() {
        let sentence = speech(0.3, 8_000, 800);
        let clip = |samples: Vec<f32>| Clip::of(&wav(samples, 8_000)).unwrap();
        let two = clip([&sentence[..], &sentence].concat());
        // Half a second stands at both ends of each: one in the middle, cut down.
        let expected = 2 * clip(sentence).ms() + WITHIN_MOST_MS - 80;
        assert!(two.ms().abs_diff(expected) <= 40, "{} is not {expected}", two.ms());
    }

    #[test]
    fn silence_is_no_clip() {
        for samples in [vec![0.0; 8_000], vec![], vec![0.0; 3]] {
            for rate in [8_000, 22_050] {
                assert_eq!(Clip::of(&wav(samples.clone(), rate)), None);
            }
        }
        assert_eq!(join(&[], TAIL_MS).len(), count(LEAD_MS + TAIL_MS));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_samples_panic(samples in proptest::collection::vec(-1.0_f32..1.0, 0..3000), rate in 4_000_u32..50_000) {
            if let Some(clip) = Clip::of(&wav(samples, rate)) {
                let out = join(&[Part::Pause(250), Part::Clip(&clip), Part::Clip(&clip)], OPTION_TAIL_MS);
                prop_assert!(out.iter().all(|sample| sample.abs() <= amplitude(-3.0)));
            }
        }
    }
}
