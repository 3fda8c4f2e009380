//! `hulplijn audio`: the sound of the prompts.

mod import;
mod render;
mod script;
mod status;

use super::config::{Config, Flags};
use super::menus::{self, Origin};
use super::sounds::Sounds;
use super::{Done, Failure, assemble};
use crate::base::Language;
use crate::menu::Hotline;
use std::path::PathBuf;

/// Make, record and look at the sound of the prompts
///
/// A prompt without a sound of exactly its words is spoken by the provider's own voice.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Render(render::Arguments),
    Status(status::Arguments),
    Import(import::Arguments),
    Script(script::Arguments),
}

pub fn run(arguments: Arguments) -> Done {
    match arguments.command {
        Command::Render(arguments) => render::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Script(arguments) => script::run(arguments),
    }
}

/// Which hotline, and where its sounds are.
#[derive(clap::Args)]
pub struct Line {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_MENUS")]
    menus: Option<PathBuf>,
    /// Folder of sounds [default: ./audio]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_AUDIO")]
    audio: Option<PathBuf>,
    /// Configuration file, as for `serve`: the voices, and the opening hours that are spoken
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    config: Option<PathBuf>,
    /// Only this language
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
}

/// The same, read.
struct Read {
    config: Config,
    hotline: Hotline,
    sounds: Sounds,
    language: Option<Language>,
}

impl Line {
    fn read(self) -> Result<Read, Failure> {
        let Line { menus, audio, config, lang } = self;
        let flags = Flags { config, menus, audio, ..Flags::default() };
        let config = Config::load_for_publishing(&flags, &super::environment).map_err(Failure::cannot)?;
        let sources = Origin::choose(config.menus.clone()).read()?;
        let (hotline, _) = menus::load(&sources, &assemble::settings(&config), assemble::today())?;
        if let Some(language) = lang.filter(|language| !hotline.languages.contains(language)) {
            let known: Vec<&str> = hotline.languages.iter().map(Language::as_str).collect();
            return Err(Failure::cannot(format!(
                "the hotline does not speak `{language}`: expected one of {}",
                known.join(", ")
            )));
        }
        let folder = config.audio.dir.clone().unwrap_or_else(|| PathBuf::from("audio"));
        let sounds = Sounds::read_or_new(&folder)?;
        Ok(Read { config, hotline, sounds, language: lang })
    }
}

impl Read {
    fn languages(&self) -> impl Iterator<Item = Language> {
        self.hotline.languages.iter().copied().filter(|known| self.language.is_none_or(|language| *known == language))
    }
}
