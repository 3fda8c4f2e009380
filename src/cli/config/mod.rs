//! The configuration: one checked struct from flags, environment and file, in this order of strength.

mod check;
mod desk;
mod file;
mod voices;

use crate::audio::catalog::Way;
use crate::audio::render;
use crate::base::hours::Hours;
use crate::base::{Callee, E164, Language};
use crate::desk::{CounsellorIx, Rota};
use crate::provider::Door;
use crate::provider::kannel;
use crate::provider::twilio::{self, rest};
use crate::server::{Alarm, Limits};
use check::{Check, Purpose};
use file::File;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

pub use desk::ONLY_COUNSELLOR;
pub use voices::built_in_voice;

/// A configuration file is at most this large, so that a wrong path does not fill the memory.
const MAX_FILE: u64 = 256 * 1024;

/// The flags of `hulplijn serve` that say the same as the file, and stand above it.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Flags {
    /// Configuration file [default: $XDG_CONFIG_HOME/hulplijn/hulplijn.toml or /etc/hulplijn/hulplijn.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of menu files [default: ./menus if there is one, else the sample hotline inside the program]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_MENUS")]
    pub menus: Option<PathBuf>,
    /// Folder of sound [default: the folder audio beside the folder menus, if there is one]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_AUDIO")]
    pub audio: Option<PathBuf>,
    /// Folder for counts, leases, revisions and the key ring [default: $XDG_DATA_HOME/hulplijn]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    pub data: Option<PathBuf>,
    /// Where the provider's requests arrive [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "HULPLIJN_LISTEN")]
    pub listen: Option<String>,
    /// Where the phone in the browser, /readyz and /metrics are, or `off` [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR:PORT", env = "HULPLIJN_ADMIN_LISTEN")]
    pub admin_listen: Option<String>,
    /// The address the provider uses, such as https://line.example.org
    #[arg(long, value_name = "URL", env = "HULPLIJN_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Let the provider speak every prompt, also where recordings exist
    #[arg(long)]
    pub say: bool,
    /// Serve a real provider although numbers in the menus are unchecked; says so at every start
    #[arg(long)]
    pub trial: bool,
}

/// How the provider speaks a language.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// BCP 47 with region, such as `nl-NL`.
    pub language: String,
    /// The provider's name of a voice.
    pub voice: Option<String>,
}

/// Where the sound is, and when it is played.
#[derive(Clone, PartialEq, Debug)]
pub struct Audio {
    /// `None`: the folder `audio` beside the folder `menus`, if there is one.
    pub dir: Option<PathBuf>,
    /// In which order the ways to speak a prompt are preferred at the provider, and on the telephone in the browser.
    pub twilio: Vec<Way>,
    pub phone: Vec<Way>,
}

/// How `serve` runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Unsigned requests from this machine only; menu files watched; a pretend counsellor.
    Demonstration,
    /// Requests of a provider, with its proof.
    Provider,
}

/// Who is rung, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Desk {
    /// The desk's own file, if there is one.
    pub file: Option<PathBuf>,
    /// The whole desk: from its file, or one counsellor named `desk` in these hours. `None`: nobody, or a file with mistakes.
    /// Its time zone is that of [`Config::timezone`]; where that is unset the hotline's counts, see `assemble::whole_desk`.
    pub desk: Option<Arc<crate::desk::Desk>>,
    /// Of a desk file: the number of its fallback line.
    pub line: Option<E164>,
    /// Connected at pick-up, without whisper.
    pub pickup: bool,
    /// 5 to 60 seconds.
    pub ring_s: u8,
    /// 1 to 240 minutes: always below the life of a sealed session.
    pub talk_max_min: u16,
    /// Callers without a number who may ask for a person at once, 1 to 100.
    pub withheld_at_once: u8,
    /// The language the counsellor is spoken to; the hotline's first if unset.
    pub language: Option<Language>,
    pub hours: Hours,
    /// The hours are the keeper's, not the demonstration's day and night.
    pub spoken_hours: bool,
}

impl Desk {
    /// Whether a real line may be rung.
    pub fn rings(&self) -> bool {
        let real =
            |desk: &Arc<crate::desk::Desk>| desk.counsellors.iter().any(|who| who.line.callee != Callee::Pretend);
        self.line.is_some() || self.desk.as_ref().is_some_and(real)
    }

    /// The hours as callers are told them.
    pub fn told(&self) -> Hours {
        let own = self.desk.as_ref().filter(|desk| self.file.is_some() && desk.told.is_some());
        own.map_or_else(|| self.hours.clone(), |desk| desk.told_hours())
    }

    /// The same people in other hours, and in no others.
    pub fn set_hours(&mut self, hours: Hours) {
        self.desk = self.desk.take().map(|desk| {
            let all = (0..desk.counsellors.len()).filter_map(|at| u8::try_from(at).ok().map(CounsellorIx)).collect();
            let rota = Rota::of_hours(hours.clone(), all);
            Arc::new(crate::desk::Desk { rota, fallback: None, told: None, ..(*desk).clone() })
        });
        self.hours = hours;
    }

    /// As the demonstration plays it: nobody real.
    fn played(self) -> Desk {
        let desk = self.desk.map(|desk| Arc::new((*desk).clone().played()));
        Desk { line: None, desk, ..self }
    }
}

/// The checked configuration.
pub struct Config {
    pub mode: Mode,
    pub listen: SocketAddr,
    pub admin_listen: Option<SocketAddr>,
    /// Without a slash at the end; empty in demonstration mode.
    pub public_url: String,
    /// Others can reach the line, by a public address or by texting: unchecked numbers block it.
    pub live: bool,
    pub trial: bool,
    pub data: PathBuf,
    pub menus: Option<PathBuf>,
    /// What makes sounds, in the order of their names.
    pub voices: Vec<render::Voice>,
    pub timezone: Option<TimeZone>,
    pub account_sid: Option<String>,
    pub auth_tokens: Vec<Zeroizing<String>>,
    /// The secret of a shared key, for requests signed by HMAC-SHA256.
    pub shared_key: Option<Zeroizing<String>>,
    /// The provider's REST interface, by which legs are placed while the caller's keys stay alive; `None`: by Dial only.
    pub rest: Option<rest::Settings>,
    /// The secret in the address that Kannel asks; `None`: no texts from Kannel.
    pub kannel: Option<Zeroizing<String>>,
    /// The hotline's own number.
    pub number: Option<E164>,
    pub desk: Desk,
    pub say: BTreeMap<Language, Voice>,
    pub audio: Audio,
    pub prefixes: Vec<String>,
    pub daily_ceiling: u32,
    pub opt_out_off_on: Option<Date>,
    /// Two persons put a revision on the line.
    pub two_persons: bool,
    pub limits: Limits,
    pub alarm: Alarm,
    /// The configuration file, if there is one, and the files beside it that hold a secret.
    pub file: Option<PathBuf>,
    pub secret_files: Vec<PathBuf>,
}

/// Where things of the desk are.
pub struct DeskPlaces {
    pub config: Option<PathBuf>,
    pub desk: Option<PathBuf>,
    pub menus: Option<PathBuf>,
}

/// What is wrong with a configuration: every problem at once, each a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Answers of the environment; a function so that tests need not change the real one.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads the file if there is one, and checks everything.
    ///
    /// # Errors
    /// All problems found, worded for the keeper.
    pub fn load(flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        Config::load_for(Purpose::Answering, flags, environment)
    }

    /// As [`Config::load`] for the commands that publish: the provider's secrets are neither read nor needed, since an
    /// operator need not have them.
    ///
    /// # Errors
    /// All problems found, worded for the keeper.
    pub fn load_for_publishing(flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        Config::load_for(Purpose::Publishing, flags, environment)
    }

    fn load_for(purpose: Purpose, flags: &Flags, environment: Environment<'_>) -> Result<Config, Problems> {
        let path = flags.config.clone().or_else(|| default_file(environment));
        let (file, folder) = match &path {
            Some(path) => (read_file(path)?, path.parent().map(Path::to_path_buf).unwrap_or_default()),
            None => (File::default(), PathBuf::new()),
        };
        let check = Check { problems: Vec::new(), environment, folder, purpose, secret_files: Vec::new() };
        Ok(Config { file: path, ..check.config(flags, file)? })
    }

    /// The same line as the demonstration plays it: its hours and its words, unsigned, with a pretend counsellor.
    pub fn played(self) -> Config {
        let desk = self.desk.played();
        let public_url = String::new();
        // Its calls are of no account of a provider's.
        let (account_sid, auth_tokens, rest, kannel) = (None, Vec::new(), None, None);
        let (mode, live) = (Mode::Demonstration, false);
        Config { mode, public_url, live, account_sid, auth_tokens, rest, kannel, desk, ..self }
    }

    /// Where this configuration says the desk file and the menus are; nothing else of it is looked at.
    ///
    /// # Errors
    /// A file that cannot be read, or is no configuration.
    pub fn places(flags: &Flags, environment: Environment<'_>) -> Result<DeskPlaces, Problems> {
        let Some(path) = flags.config.clone().or_else(|| default_file(environment)) else {
            return Ok(DeskPlaces { config: None, desk: None, menus: flags.menus.clone() });
        };
        let file = read_file(&path)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let inside = |path: PathBuf| folder.join(path);
        let menus = flags.menus.clone().or_else(|| file.menus.map(inside));
        Ok(DeskPlaces { desk: file.desk.file.map(inside), menus, config: Some(path) })
    }

    /// The doors of a provider that are open.
    pub fn doors(&self) -> Vec<&'static Door> {
        let twilio = (!self.auth_tokens.is_empty()).then_some(&twilio::DOOR);
        twilio.into_iter().chain(self.kannel.is_some().then_some(&kannel::DOOR)).collect()
    }

    /// Whether calls come here: in the demonstration, and from a provider that signs.
    pub fn calls(&self) -> bool {
        self.mode == Mode::Demonstration || !self.auth_tokens.is_empty()
    }

    /// The configuration in this text, with no flags and no environment. For tests of the example file.
    pub fn from_text(text: &str) -> Result<Config, Problems> {
        let file = parse(text, "hulplijn.toml")?;
        let (folder, secret_files, purpose) = (PathBuf::new(), Vec::new(), Purpose::Answering);
        Check { problems: Vec::new(), environment: &|_| None, folder, purpose, secret_files }
            .config(&Flags::default(), file)
    }
}

/// Where a program's own files are: `$XDG_...` or the usual place below the home folder.
pub fn xdg(environment: Environment<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = environment(variable).filter(|value| value.starts_with('/')).map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(environment("HOME")?).join(below_home))).map(|folder| folder.join("hulplijn"))
}

fn default_file(environment: Environment<'_>) -> Option<PathBuf> {
    let own = xdg(environment, "XDG_CONFIG_HOME", ".config").map(|folder| folder.join("hulplijn.toml"));
    own.into_iter().chain([PathBuf::from("/etc/hulplijn/hulplijn.toml")]).find(|path| path.is_file())
}

fn read_file(path: &Path) -> Result<File, Problems> {
    let name = path.display().to_string();
    let problem = |error: std::io::Error| Problems(vec![format!("cannot read the configuration `{name}`: {error}")]);
    let size = std::fs::metadata(path).map_err(problem)?.len();
    if size > MAX_FILE {
        return Err(Problems(vec![format!("the configuration `{name}` is larger than {MAX_FILE} bytes")]));
    }
    parse(&std::fs::read_to_string(path).map_err(problem)?, &name)
}

fn parse(text: &str, name: &str) -> Result<File, Problems> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Problems(vec![format!("{name}:{line}: {}", error.message().trim_end())])
    })
}

#[cfg(test)]
mod tests;
