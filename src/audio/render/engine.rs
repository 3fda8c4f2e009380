//! What makes speech of text: a program on this machine, or a service on the local network.

use super::http::{self, Service};
use super::program::{self, Scratch};
use crate::audio::Grade;
use crate::audio::wav::{Format, NotSound, Wav, read};
use crate::base::Language;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// A program or a service gets so many seconds for one piece of text, if nothing else is said.
pub const TIMEOUT_S: u64 = 60;

/// A voice as the configuration names it.
#[derive(Clone, PartialEq, Debug)]
pub struct Voice {
    /// What the configuration calls it: `nl`, `nl-studio`.
    pub name: String,
    pub language: Language,
    /// What the catalog calls it. Another label is another voice: its sounds are not those of the old one.
    pub label: String,
    pub grade: Grade,
    pub engine: Engine,
    /// For one piece of text.
    pub timeout: Duration,
    /// How its files are written: [`Format::MuLaw`] or [`Format::Pcm16`].
    pub format: Format,
}

/// What makes the sound.
#[derive(Clone, PartialEq, Debug)]
pub enum Engine {
    Espeak(Espeak),
    Command(Command),
    Http(Service),
}

/// espeak-ng, with its own voices or those of mbrola (`mb-nl2`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Espeak {
    /// Such as `nl`, `en-gb`, `nl+f2`, `mb-nl2`.
    pub voice: String,
    /// Words a minute, 80 to 300.
    pub wpm: u16,
    /// Hundredths of a second between words, 0 to 50.
    pub gap: u8,
}

/// Any program. `{text}` and `{out}` stand for files, `{lang}` for the language. Without `{text}` it gets the text on
/// standard input; without `{out}` it writes the WAV to standard output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    pub argv: Vec<String>,
    /// Where it runs; `None`: here.
    pub folder: Option<PathBuf>,
}

/// Why a piece of text has no sound.
#[derive(Debug, Error)]
pub enum NotRendered {
    #[error("the program `{0}` is not there: {1}")]
    NoProgram(String, String),
    #[error("the program `{0}` failed: {1}")]
    Program(String, String),
    #[error("there is no answer after {0} s")]
    TooLate(u64),
    #[error("it gives more than {} MiB of sound", crate::audio::wav::FILE_MAX / 1024 / 1024)]
    TooLarge,
    #[error("what it gives is no sound: {0}")]
    NotSound(#[from] NotSound),
    #[error("there is no speech in its sound for `{0}`")]
    Silent(String),
    #[error("the service at {0} cannot be asked: {1}")]
    Service(String, String),
    #[error("cannot write a file: {0}")]
    File(#[from] std::io::Error),
}

impl Voice {
    /// This text as sound, as the engine gives it.
    ///
    /// # Errors
    /// The program or the service did not give a sound.
    pub fn speak(&self, text: &str, scratch: &Scratch) -> Result<Wav, NotRendered> {
        let bytes = match &self.engine {
            Engine::Espeak(espeak) => {
                let out = scratch.file("wav");
                program::run(&espeak.argv(&out), text.as_bytes(), None, self.timeout)?;
                scratch.take(&out)?
            }
            Engine::Command(command) => command.speak(text, self, scratch)?,
            Engine::Http(service) => http::speak(service, text, self.language, self.timeout)?,
        };
        Ok(read(&bytes)?)
    }
}

impl Espeak {
    /// How the catalog names it: everything that changes its sound.
    pub fn label(&self) -> String {
        format!("espeak-ng {}, {} words a minute, gap {}", self.voice, self.wpm, self.gap)
    }

    /// `-b 1` is UTF-8. The file and not `--stdout`: there the header has no length.
    fn argv(&self, out: &std::path::Path) -> Vec<OsString> {
        let (wpm, gap) = (self.wpm.to_string(), self.gap.to_string());
        let words = ["espeak-ng", "-b", "1", "-v", &self.voice, "-s", &wpm, "-g", &gap, "--stdin", "-w"];
        words.iter().map(OsString::from).chain([out.into()]).collect()
    }
}

impl Command {
    fn speak(&self, text: &str, voice: &Voice, scratch: &Scratch) -> Result<Vec<u8>, NotRendered> {
        let (text_file, out) = (scratch.file("txt"), scratch.file("wav"));
        let from_file = self.has("{text}");
        if from_file {
            std::fs::write(&text_file, text)?;
        }
        let filled = |part: &String| {
            // A part is filled once, from left to right: what is put in is not looked at again.
            let mut out_part = OsString::new();
            let mut rest = part.as_str();
            while let Some(at) = rest.find('{') {
                out_part.push(&rest[..at]);
                rest = &rest[at..];
                let known: [(&str, &std::ffi::OsStr); 3] = [
                    ("{text}", text_file.as_os_str()),
                    ("{out}", out.as_os_str()),
                    ("{lang}", voice.language.as_str().as_ref()),
                ];
                match known.iter().find(|(name, _)| rest.starts_with(name)) {
                    Some((name, value)) => {
                        out_part.push(value);
                        rest = &rest[name.len()..];
                    }
                    None => {
                        out_part.push("{");
                        rest = &rest[1..];
                    }
                }
            }
            out_part.push(rest);
            out_part
        };
        let argv: Vec<OsString> = self.argv.iter().map(filled).collect();
        let stdin = if from_file { &[][..] } else { text.as_bytes() };
        let said = program::run(&argv, stdin, self.folder.as_deref(), voice.timeout);
        let _ = std::fs::remove_file(&text_file);
        let said = said?;
        if self.has("{out}") { scratch.take(&out) } else { Ok(said) }
    }

    fn has(&self, place: &str) -> bool {
        self.argv.iter().any(|part| part.contains(place))
    }
}
