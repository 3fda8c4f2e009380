//! `hulplijn audio import`: takes in what somebody recorded.

use super::Line;
use crate::audio::catalog::file_of;
use crate::audio::render::mastered;
use crate::audio::{Entry, Format, Grade, Made, Measured, SoundId, Wanted, measure};
use crate::base::{Language, meant};
use crate::cli::sounds::{Sounds, read_at_most};
use crate::cli::{Done, Failure, assemble, screen};
use std::path::{Path, PathBuf};

/// A folder of recordings has at most so many entries, and a file of a studio so many bytes.
const ENTRIES_MAX: usize = 10_000;
const FILE_MAX: u64 = crate::audio::FILE_MAX as u64;
const VOICE_MAX: usize = 100;
/// Samples at full scale that are let through: a few are a loud consonant, more are a broken recording.
const CLIPPED_MOST: u32 = 8;
/// A recording of half of the words, or of other words, is far away from what they take: seconds a word.
const WORD_S: std::ops::RangeInclusive<f64> = 0.15..=2.5;
/// A recording that is softer than this was made too far from the microphone; its noise would be made loud.
const LEVEL_LEAST_DB: f32 = -45.0;

/// Take in what somebody recorded
///
/// Recordings are WAV files named like their prompts, such as `help.say.1.wav`; a prefix of the language, as in
/// `nl.help.say.1.wav`, is fine too. Each is checked, cut, made as loud as all the others and entered into the catalog.
/// Nothing is taken in if one of them is wrong. A recording wins over every rendered sound.
///
/// Exit code 0: all are taken in. 1: something is wrong with one of them, and nothing was done. 2: could not be read.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of recordings
    dir: PathBuf,
    #[command(flatten)]
    line: Line,
    /// Who speaks, for the catalog: a word that you understand, not a name that others could find
    #[arg(long, value_name = "WORDS", default_value = "studio")]
    voice: String,
    /// Only check them
    #[arg(long)]
    check: bool,
}

/// A recording that is good.
struct Take<'w> {
    wanted: &'w Wanted<'w>,
    bytes: Vec<u8>,
    measured: Measured,
}

pub fn run(arguments: Arguments) -> Done {
    let voice = arguments.voice.trim().to_owned();
    if voice.is_empty() || voice.len() > VOICE_MAX || voice.chars().any(char::is_control) {
        return Err(Failure::cannot(format!("`--voice` must be 1 to {VOICE_MAX} characters of plain text")));
    }
    let mut read = arguments.line.read()?;
    let languages: Vec<Language> = read.languages().collect();
    let [language] = languages[..] else {
        return Err(Failure::cannot("`--lang` is missing: which language was recorded?"));
    };
    let wanted: Vec<Wanted<'_>> =
        Sounds::wanted(&read.hotline).into_iter().filter(|wanted| wanted.language == language).collect();
    let files = files(&arguments.dir)?;
    let mut takes: Vec<Take<'_>> = Vec::new();
    let mut wrong = Vec::new();
    for path in &files {
        match take(path, language, &wanted) {
            Ok(take) if takes.iter().any(|other| other.wanted.id == take.wanted.id) => {
                wrong.push(format!("{}: there are two recordings of `{}`", path.display(), take.wanted.id));
            }
            Ok(take) => takes.push(take),
            Err(why) => wrong.push(format!("{}: {why}", path.display())),
        }
    }
    if !wrong.is_empty() {
        let (wrong, all) = (wrong.join("\n"), files.len());
        return Err(Failure::not_good(format!(
            "{wrong}\nnothing was taken in of {all} files: mend these, then import again"
        )));
    }
    let seconds: f64 = takes.iter().map(|take| f64::from(take.measured.ms) / 1000.0).sum();
    let count = takes.len();
    if arguments.check {
        screen::line(&format!("{language}: {count} recordings are good, {seconds:.1} s"));
        return Ok(());
    }
    for Take { wanted, bytes, measured } in takes {
        let entry = Entry {
            file: file_of(wanted.id),
            sound: SoundId::of(&bytes),
            text: wanted.text(&voice),
            voice: voice.clone(),
            grade: Grade::Recorded,
            made: Made::Recorded,
            on: assemble::today(),
            ms: measured.ms,
            level_db: measured.level_db,
            peak_db: measured.peak_db,
        };
        read.sounds
            .put(language, wanted.id, entry, &bytes)
            .map_err(|error| Failure::cannot(format!("cannot keep the sound of `{}`: {error}", wanted.id)))?;
    }
    screen::line(&format!("{language}: {count} recordings taken in, {seconds:.1} s"));
    Ok(())
}

/// The files of a folder, by name. What begins with a dot is not ours.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error: std::io::Error| Failure::cannot(format!("cannot read `{}`: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)?.take(ENTRIES_MAX) {
        let path = entry.map_err(cannot)?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            found.push(path);
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(Failure::cannot(format!("there are no recordings in `{}`", folder.display()))),
        false => Ok(found),
    }
}

/// One recording, checked and made ready.
fn take<'w>(path: &Path, language: Language, wanted: &'w [Wanted<'w>]) -> Result<Take<'w>, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = name.strip_suffix(".wav").or_else(|| name.strip_suffix(".WAV")) else {
        return Err("it is not named `.wav`: expected WAV files; `ffmpeg -i in.flac out.wav` makes one of most others"
            .to_owned());
    };
    let stem = stem.strip_prefix(&format!("{language}.")).unwrap_or(stem);
    let wanted = named(stem, wanted)?;
    let bytes = read_at_most(path, FILE_MAX).map_err(|error| error.to_string())?;
    let raw = measure(&bytes).map_err(|error| error.to_string())?;
    if raw.clipped > CLIPPED_MOST {
        return Err(format!("it is clipped at {} places: record it again, not so loud", raw.clipped));
    }
    let mastered = mastered(&bytes, wanted, Format::MuLaw).map_err(|error| error.to_string())?;
    let Some(bytes) = mastered else { return Err("there is no speech in it".to_owned()) };
    if raw.level_db < LEVEL_LEAST_DB {
        return Err(format!("it is very soft ({:.0} dB): record it again, nearer to the microphone", raw.level_db));
    }
    let measured = measure(&bytes).map_err(|error| error.to_string())?;
    let words = wanted.words.split_whitespace().count().max(1);
    let seconds = f64::from(measured.ms.saturating_sub(measured.lead_ms + measured.tail_ms)) / 1000.0;
    let word = seconds / words as f64;
    if !WORD_S.contains(&word) {
        let (little, words) = (if word < *WORD_S.start() { "short" } else { "long" }, wanted.words);
        return Err(format!("it is too {little} for its words ({seconds:.1} s): expected `{words}`"));
    }
    Ok(Take { wanted, bytes, measured })
}

/// The prompt that a file is named after.
fn named<'w>(stem: &str, wanted: &'w [Wanted<'w>]) -> Result<&'w Wanted<'w>, String> {
    let file = format!("{stem}.wav");
    if let Some(wanted) = wanted.iter().find(|wanted| file_of(wanted.id) == file) {
        return Ok(wanted);
    }
    let names: Vec<String> = wanted.iter().map(|wanted| file_of(wanted.id)).collect();
    let meant = meant(&file, names.iter().map(String::as_str));
    let help = meant.map_or_else(
        || "`hulplijn audio script` writes the names".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Err(format!("no prompt is named like this: {help}"))
}
