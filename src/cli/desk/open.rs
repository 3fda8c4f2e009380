//! Which desk a command is about: a file that is named, the configuration's, or `desk.toml` here.

use super::file;
use crate::cli::config::{Config, DeskPlaces, Flags};
use crate::cli::menus::Origin;
use crate::cli::{Failure, assemble, environment, screen};
use crate::desk::{self, Desk};
use crate::menu::{self, Hotline, Settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the desk and the menus are.
#[derive(clap::Args)]
pub struct Place {
    /// The desk file [default: that of the configuration, else desk.toml here, else the configuration's one line]
    file: Option<PathBuf>,
    /// Configuration file, as for `serve`
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of menu files: which languages are offered, what callers are told [default: as for `serve`]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_MENUS")]
    menus: Option<PathBuf>,
}

impl Place {
    fn flags(&self) -> Flags {
        Flags { config: self.config.clone(), menus: self.menus.clone(), ..Flags::default() }
    }

    fn places(&self) -> Result<DeskPlaces, Failure> {
        Config::places(&self.flags(), &environment).map_err(Failure::cannot)
    }

    /// The desk file, if there is one, and the menus.
    ///
    /// # Errors
    /// A configuration that is none.
    pub fn find(&self) -> Result<(Option<PathBuf>, Origin), Failure> {
        let places = self.places()?;
        let here = || Some(PathBuf::from("desk.toml")).filter(|here| here.is_file());
        Ok((self.file.clone().or(places.desk).or_else(here), Origin::choose(places.menus)))
    }

    /// The desk, and the hotline as far as its menus are whole.
    ///
    /// # Errors
    /// A file that cannot be read, is not private, or has mistakes.
    pub fn open(&self) -> Result<Opened, Failure> {
        let (path, origin) = self.find()?;
        let Some(path) = path else { return self.small(&origin) };
        let name = path.display().to_string();
        let text = file::text(&path).map_err(|why| Failure::cannot(format!("cannot read `{name}`: {why}")))?;
        if let Some((why, help)) = file::not_private(&path, &origin).into_iter().next() {
            return Err(Failure::cannot(format!("`{name}` {why}: {help}")));
        }
        let loaded = desk::load(&name, &text, assemble::today());
        let Some(desk) = loaded.desk else {
            let colors = screen::colors(&std::io::stderr());
            let mut findings = loaded.findings;
            findings.retain(|finding| finding.severity == crate::base::Severity::Error);
            return Err(Failure::not_good(menu::diagnostic::screen(&findings, &loaded.sources, colors)));
        };
        let settings = Settings { hours: Some(desk.told_hours()), ..Settings::default() };
        let hotline = hotline(&origin, &settings);
        Ok(Opened { name: file_name(&path), desk: Arc::new(desk), hotline })
    }

    /// The one line of a configuration, or the demonstration's.
    fn small(&self, origin: &Origin) -> Result<Opened, Failure> {
        let config = Config::load_for_publishing(&self.flags(), &environment).map_err(Failure::cannot)?;
        let hotline = hotline(origin, &assemble::settings(&config));
        let desk = match &hotline {
            Some(hotline) => assemble::whole_desk(&config, hotline),
            None => config.desk.desk.clone(),
        };
        let name = config.file.as_deref().map_or_else(|| "the demonstration".to_owned(), file_name);
        let desk = desk.ok_or_else(|| {
            Failure::cannot("there is no desk: write a desk file (docs/coordinating.md), or set `[desk] line`")
        })?;
        Ok(Opened { name, desk, hotline })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A desk, and what it is called.
pub struct Opened {
    pub name: String,
    pub desk: Arc<Desk>,
    /// `None`: the menus cannot be read, or are not whole.
    pub hotline: Option<Hotline>,
}

/// The hotline in these menus; nothing if there is none.
pub fn hotline(origin: &Origin, settings: &Settings) -> Option<Hotline> {
    let sources = origin.read().ok()?;
    menu::load_published(&sources, settings, assemble::today()).hotline
}
