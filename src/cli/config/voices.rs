//! `[audio]`: where the sounds are, and the voices that make them.

use super::check::Check;
use super::file::PreferFile;
use crate::audio::render::{Body, Command, Engine, Espeak, Service, TIMEOUT_S, Voice};
use crate::audio::{Format, Grade};
use crate::base::Language;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A hotline has at most so many voices, and a command so many parts.
const VOICES_MAX: usize = 64;
const PARTS_MAX: usize = 32;
const LABEL_MAX: usize = 100;

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AudioFile {
    pub(super) dir: Option<PathBuf>,
    pub(super) prefer: PreferFile,
    pub(super) format: Option<FormatFile>,
    pub(super) voice: BTreeMap<String, VoiceFile>,
}

/// How files are written.
#[derive(Deserialize, Clone, Copy, Default, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatFile {
    #[default]
    MuLaw,
    Pcm16,
}

#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum EngineFile {
    Espeak,
    Command,
    Http,
}

#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum BodyFile {
    Text,
    Json,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct VoiceFile {
    pub(super) engine: EngineFile,
    pub(super) language: Option<String>,
    pub(super) voice: Option<String>,
    pub(super) grade: Option<Grade>,
    pub(super) speed: Option<u16>,
    pub(super) gap: Option<u8>,
    pub(super) command: Option<Vec<String>>,
    pub(super) url: Option<String>,
    pub(super) body: Option<BodyFile>,
    pub(super) timeout_s: Option<u64>,
}

impl Check<'_> {
    pub(super) fn voices(&mut self, audio: &AudioFile) -> Vec<Voice> {
        if audio.voice.len() > VOICES_MAX {
            self.problem(format!("`[audio.voice]` has more than {VOICES_MAX} voices"));
        }
        let format = match audio.format.unwrap_or_default() {
            FormatFile::MuLaw => Format::MuLaw,
            FormatFile::Pcm16 => Format::Pcm16,
        };
        audio.voice.iter().filter_map(|(name, file)| self.voice(name, file, format)).collect()
    }

    fn voice(&mut self, name: &str, file: &VoiceFile, format: Format) -> Option<Voice> {
        let tag = file.language.as_deref().unwrap_or(name);
        let Some(language) = Language::new(tag) else {
            self.problem(format!("the voice `{name}` is for no language: name it `nl`, or write `language = \"nl\"`"));
            return None;
        };
        let timeout_s = file.timeout_s.unwrap_or(TIMEOUT_S);
        if !(1..=600).contains(&timeout_s) {
            self.problem(format!("`[audio.voice.{name}] timeout_s` is {timeout_s}: expected 1 to 600 seconds"));
        }
        if file.grade == Some(Grade::Recorded) {
            self.problem(format!("`[audio.voice.{name}] grade` is `recorded`: expected `good` or `draft`; what a person spoke comes in by `hulplijn audio import`"));
        }
        let (engine, label) = match file.engine {
            EngineFile::Espeak => self.espeak(name, file, language),
            EngineFile::Command => self.command(name, file)?,
            EngineFile::Http => self.http(name, file)?,
        };
        let grade = file.grade.unwrap_or(Grade::Draft);
        let timeout = Duration::from_secs(timeout_s);
        Some(Voice { name: name.to_owned(), language, label, grade, engine, timeout, format })
    }

    fn espeak(&mut self, name: &str, file: &VoiceFile, language: Language) -> (Engine, String) {
        let usual = built_in_espeak(language);
        let (wpm, gap) = (file.speed.unwrap_or(usual.wpm), file.gap.unwrap_or(usual.gap));
        if !(80..=300).contains(&wpm) {
            self.problem(format!("`[audio.voice.{name}] speed` is {wpm}: expected 80 to 300 words a minute"));
        }
        if gap > 50 {
            self.problem(format!("`[audio.voice.{name}] gap` is {gap}: expected 0 to 50 hundredths of a second"));
        }
        let voice = file.voice.clone().unwrap_or(usual.voice);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '_');
        if voice.is_empty() || voice.len() > LABEL_MAX || voice.starts_with('-') || !voice.chars().all(fits) {
            self.problem(format!(
                "`[audio.voice.{name}] voice` is no voice of espeak-ng: expected one such as `nl`, `en-gb` or `mb-nl2`"
            ));
        }
        let espeak = Espeak { voice, wpm, gap };
        let label = espeak.label();
        (Engine::Espeak(espeak), label)
    }

    fn command(&mut self, name: &str, file: &VoiceFile) -> Option<(Engine, String)> {
        let argv = file.command.clone().unwrap_or_default();
        if argv.first().is_none_or(String::is_empty) || argv.len() > PARTS_MAX {
            self.problem(format!("`[audio.voice.{name}] command` is missing: expected a program and its arguments, such as `[\"piper\", \"-m\", \"nl.onnx\", \"-f\", \"{{out}}\"]`; there is no shell"));
            return None;
        }
        let folder = Some(self.folder.clone());
        Some((Engine::Command(Command { argv, folder }), self.label(name, file)?))
    }

    fn http(&mut self, name: &str, file: &VoiceFile) -> Option<(Engine, String)> {
        let body = match file.body.unwrap_or(BodyFile::Text) {
            BodyFile::Text => Body::Text,
            BodyFile::Json => Body::Json,
        };
        match Service::new(file.url.as_deref().unwrap_or_default(), body) {
            Ok(service) => Some((Engine::Http(service), self.label(name, file)?)),
            Err(why) => {
                self.problem(format!("`[audio.voice.{name}] url`: {why}"));
                None
            }
        }
    }

    /// What the catalog calls a voice that only the keeper knows.
    fn label(&mut self, name: &str, file: &VoiceFile) -> Option<String> {
        let label = file.voice.as_deref().map(str::trim).unwrap_or_default();
        if label.is_empty() || label.len() > LABEL_MAX || label.chars().any(char::is_control) {
            self.problem(format!("`[audio.voice.{name}] voice` is missing: expected a name for the catalog, such as `piper nl-rdh, slow`; another name makes all its sounds anew"));
            return None;
        }
        Some(label.to_owned())
    }
}

/// The voice of a language that has none in the configuration.
pub fn built_in_voice(language: Language) -> Voice {
    let espeak = built_in_espeak(language);
    Voice {
        name: language.to_string(),
        language,
        label: espeak.label(),
        grade: Grade::Draft,
        engine: Engine::Espeak(espeak),
        timeout: Duration::from_secs(TIMEOUT_S),
        format: Format::MuLaw,
    }
}

/// 130 words a minute: the middle of what callers are spoken to with.
fn built_in_espeak(language: Language) -> Espeak {
    Espeak { voice: language.to_string(), wpm: 130, gap: 1 }
}
