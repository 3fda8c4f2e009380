//! WAV files, read and written: any of the forms that programs and studios write, and the two that we keep.
//!
//! A program that streams cannot know its length beforehand and writes a wrong one; what is there is what is read.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_ulaw};
use thiserror::Error;

/// A file has at most so many bytes, which is more than five minutes of a studio's 48 kHz in 16 bit and stereo.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
/// Rates that a speech program or a studio uses, in samples a second.
pub const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
const CHANNELS_MAX: u16 = 8;

/// How a sample is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Pcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    /// G.711, as telephones in America and Japan have it.
    MuLaw,
    /// G.711, as telephones elsewhere have it.
    ALaw,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Pcm8 => "8-bit PCM",
            Format::Pcm16 => "16-bit PCM",
            Format::Pcm24 => "24-bit PCM",
            Format::Pcm32 => "32-bit PCM",
            Format::Float32 => "32-bit float",
            Format::MuLaw => "mu-law",
            Format::ALaw => "A-law",
        }
    }

    /// Bytes a sample.
    fn width(self) -> usize {
        match self {
            Format::Pcm8 | Format::MuLaw | Format::ALaw => 1,
            Format::Pcm16 => 2,
            Format::Pcm24 => 3,
            Format::Pcm32 | Format::Float32 => 4,
        }
    }

    /// By the numbers in the header: WAVE_FORMAT_PCM is 1, IEEE_FLOAT 3, ALAW 6, MULAW 7 (RFC 2361, appendix A).
    fn of(tag: u16, bits: u16) -> Option<Format> {
        match (tag, bits) {
            (1, 8) => Some(Format::Pcm8),
            (1, 16) => Some(Format::Pcm16),
            (1, 24) => Some(Format::Pcm24),
            (1, 32) => Some(Format::Pcm32),
            (3, 32) => Some(Format::Float32),
            (6, 8) => Some(Format::ALaw),
            (7, 8) => Some(Format::MuLaw),
            _ => None,
        }
    }
}

/// Why bytes are no sound, for the person who brought them.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NotSound {
    #[error("it is not a WAV file: it does not begin with `RIFF` and `WAVE`")]
    NotWav,
    #[error("it has more than {FILE_MAX} bytes")]
    TooLarge,
    #[error("its header is cut off or has no `fmt ` part")]
    NoFormat,
    #[error("it has no `data` part, or nothing in it")]
    NoData,
    #[error(
        "it is coded in a way that is not read here (tag {tag}, {bits} bit): expected PCM of 8, 16, 24 or 32 bit, 32-bit float, or G.711"
    )]
    Coding { tag: u16, bits: u16 },
    #[error("it has {0} samples a second: expected 4000 to 192000")]
    Rate(u32),
    #[error("it has {0} channels: expected 1 to {CHANNELS_MAX}")]
    Channels(u16),
}

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Wav {
    /// Samples a second, within [`RATES`].
    pub rate: u32,
    /// At least 1.
    pub channels: u16,
    pub format: Format,
    /// Between -1 and 1, the channels of a moment one after the other.
    pub samples: Vec<f32>,
}

impl Wav {
    /// The mean of the channels.
    pub fn mono(&self) -> Vec<f32> {
        let channels = usize::from(self.channels.max(1));
        if channels == 1 {
            return self.samples.clone();
        }
        self.samples.chunks_exact(channels).map(|moment| moment.iter().sum::<f32>() / channels as f32).collect()
    }
}

/// Reads a WAV file. Never panics, whatever the bytes.
///
/// # Errors
/// Why it cannot be read.
pub fn read(bytes: &[u8]) -> Result<Wav, NotSound> {
    if bytes.len() > FILE_MAX {
        return Err(NotSound::TooLarge);
    }
    let mut rest = match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', rest @ ..] => rest,
        _ => return Err(NotSound::NotWav),
    };
    let mut header = None;
    while let Some((name, [a, b, c, d, body @ ..])) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let part = &body[..length.min(body.len())];
        match name {
            b"fmt " => header = Some(header_of(part)?),
            b"data" => {
                let (format, rate, channels) = header.ok_or(NotSound::NoFormat)?;
                let moment = format.width() * usize::from(channels);
                let whole = &part[..part.len() - part.len() % moment];
                if whole.is_empty() {
                    return Err(NotSound::NoData);
                }
                return Ok(Wav { rate, channels, format, samples: samples(whole, format) });
            }
            _ => {}
        }
        // A part of odd length has a byte of padding behind it.
        rest = body.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    Err(if header.is_some() { NotSound::NoData } else { NotSound::NoFormat })
}

/// Format, rate, channels.
fn header_of(part: &[u8]) -> Result<(Format, u32, u16), NotSound> {
    let short = |at: usize| part.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let (Some(tag), Some(channels), Some(low), Some(high), Some(bits)) =
        (short(0), short(2), short(4), short(6), short(14))
    else {
        return Err(NotSound::NoFormat);
    };
    // WAVE_FORMAT_EXTENSIBLE: the tag stands at the beginning of the GUID behind the mask of channels.
    let tag = if tag == 0xfffe { short(24).ok_or(NotSound::NoFormat)? } else { tag };
    let rate = u32::from(low) | u32::from(high) << 16;
    let format = Format::of(tag, bits).ok_or(NotSound::Coding { tag, bits })?;
    if !RATES.contains(&rate) {
        return Err(NotSound::Rate(rate));
    }
    if !(1..=CHANNELS_MAX).contains(&channels) {
        return Err(NotSound::Channels(channels));
    }
    Ok((format, rate, channels))
}

fn samples(bytes: &[u8], format: Format) -> Vec<f32> {
    let of_16 = |sample: i16| f32::from(sample) / 32_768.0;
    let each = bytes.chunks_exact(format.width());
    match format {
        Format::Pcm8 => each.map(|b| (f32::from(b[0]) - 128.0) / 128.0).collect(),
        Format::Pcm16 => each.map(|b| of_16(i16::from_le_bytes([b[0], b[1]]))).collect(),
        Format::Pcm24 => each.map(|b| wide(i32::from_le_bytes([0, b[0], b[1], b[2]]))).collect(),
        Format::Pcm32 => each.map(|b| wide(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect(),
        Format::Float32 => each.map(|b| float(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect(),
        Format::MuLaw => each.map(|b| of_16(decode_ulaw(b[0]))).collect(),
        Format::ALaw => each.map(|b| of_16(decode_alaw(b[0]))).collect(),
    }
}

fn wide(sample: i32) -> f32 {
    (f64::from(sample) / 2_147_483_648.0) as f32
}

/// A float file can hold anything; what is no number is silence.
fn float(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
}

/// A mono file of these samples, cut off at full scale. `format` is [`Format::MuLaw`]; anything else is written as 16-bit
/// PCM.
pub fn write(samples: &[f32], rate: u32, format: Format) -> Vec<u8> {
    let whole = |sample: f32| (sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
    let (tag, width): (u16, u16) = if format == Format::MuLaw { (7, 1) } else { (1, 2) };
    let data: Vec<u8> = match format {
        Format::MuLaw => samples.iter().map(|sample| encode_ulaw(whole(*sample))).collect(),
        _ => samples.iter().flat_map(|sample| whole(*sample).to_le_bytes()).collect(),
    };
    let pad = data.len() % 2;
    // Anything but PCM has a longer `fmt ` part, and says in `fact` how many samples there are.
    let extra = if tag == 7 { 14 } else { 0 };
    let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = Vec::with_capacity(data.len() + 60);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&length(36 + extra + data.len() + pad));
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&length(if tag == 7 { 18 } else { 16 }));
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate.saturating_mul(u32::from(width))).to_le_bytes());
    out.extend_from_slice(&width.to_le_bytes());
    out.extend_from_slice(&(width * 8).to_le_bytes());
    if tag == 7 {
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(b"fact");
        out.extend_from_slice(&length(4));
        out.extend_from_slice(&length(samples.len()));
    }
    out.extend_from_slice(b"data");
    out.extend_from_slice(&length(data.len()));
    out.extend_from_slice(&data);
    out.extend(std::iter::repeat_n(0, pad));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f32], expected: &[f32], within: f32) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= within, "{found} is not {expected}");
        }
    }

    const SAMPLES: [f32; 7] = [0.0, 0.5, -0.5, 0.25, -1.0, 1.0, 0.001];

    #[test]
    fn what_is_written_is_read() {
        for (format, within) in [(Format::Pcm16, 0.0001), (Format::MuLaw, 0.03)] {
            let wav = read(&write(&SAMPLES, 8000, format)).unwrap();
            assert_eq!((wav.rate, wav.channels, wav.format), (8000, 1, format));
            close(&wav.samples, &SAMPLES, within);
        }
    }

    /// Another writer and another reader of WAV files agree with us.
    #[test]
    fn others_write_and_read_the_same() {
        let whole = |sample: f32, bits: u16| (f64::from(sample) * f64::from((1_i64 << (bits - 1)) as f32 - 1.0)) as i32;
        for (bits, sample_format) in [
            (8, hound::SampleFormat::Int),
            (16, hound::SampleFormat::Int),
            (24, hound::SampleFormat::Int),
            (32, hound::SampleFormat::Int),
            (32, hound::SampleFormat::Float),
        ] {
            let spec = hound::WavSpec { channels: 2, sample_rate: 22_050, bits_per_sample: bits, sample_format };
            let mut bytes = std::io::Cursor::new(Vec::new());
            let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
            for sample in SAMPLES {
                for _ in 0..2 {
                    match sample_format {
                        hound::SampleFormat::Int => writer.write_sample(whole(sample, bits)).unwrap(),
                        hound::SampleFormat::Float => writer.write_sample(sample).unwrap(),
                    }
                }
            }
            writer.finalize().unwrap();
            let wav = read(bytes.get_ref()).unwrap();
            assert_eq!((wav.rate, wav.channels), (22_050, 2));
            close(&wav.mono(), &SAMPLES, if bits == 8 { 0.01 } else { 0.001 });
        }
        let bytes = write(&SAMPLES, 8000, Format::Pcm16);
        let read: Vec<f32> = hound::WavReader::new(&bytes[..])
            .unwrap()
            .samples::<i16>()
            .map(|sample| f32::from(sample.unwrap()) / 32_768.0)
            .collect();
        close(&read, &SAMPLES, 0.0001);
    }

    #[test]
    fn a_wrong_length_is_not_believed() {
        let mut bytes = write(&SAMPLES, 8000, Format::Pcm16);
        for wrong in [0x7fff_f024_u32, 0xffff_ffff, 20] {
            bytes[40..44].copy_from_slice(&wrong.to_le_bytes());
            assert_eq!(read(&bytes).unwrap().samples.len(), SAMPLES.len());
        }
        bytes[40..44].copy_from_slice(&5_u32.to_le_bytes());
        assert_eq!(read(&bytes).unwrap().samples.len(), 2);
    }

    #[test]
    fn what_is_no_sound_says_why() {
        let good = write(&SAMPLES, 8000, Format::Pcm16);
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = good.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            read(&changed).unwrap_err()
        };
        assert_eq!(read(b""), Err(NotSound::NotWav));
        assert_eq!(read(b"ID3\x03 an mp3, renamed"), Err(NotSound::NotWav));
        assert_eq!(read(&good[..30]), Err(NotSound::NoFormat));
        assert_eq!(read(&good[..44]), Err(NotSound::NoData));
        assert_eq!(with(20, &[85, 0]), NotSound::Coding { tag: 85, bits: 16 });
        assert_eq!(with(24, &[0; 4]), NotSound::Rate(0));
        assert_eq!(with(22, &[0, 0]), NotSound::Channels(0));
        assert_eq!(with(22, &[255, 255]), NotSound::Channels(65_535));
        assert_eq!(with(36, b"list"), NotSound::NoData);
    }
}
