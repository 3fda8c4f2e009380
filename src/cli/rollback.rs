//! `hulplijn rollback`: puts a former revision on the line again.

use super::publish::{Candidate, LineFlags, OnTheLine, Persons, clock, numbers_allow};
use super::{Done, Failure, assemble, revisions, screen};
use crate::audio::catalog::{Sound, catalogs};
use crate::base::Severity;
use crate::menu;
use crate::store::{Kind, Store};

/// Publishes the former revision again, through the same gate of persons, and says which leaflet codes change back.
/// The rules do not stop it: what was on the line once can go there again.
#[derive(clap::Args)]
pub struct Arguments {
    /// Which revision: its name or the beginning of it, or the number of its entry [default: the one before]
    revision: Option<String>,
    #[command(flatten)]
    persons: Persons,
    #[command(flatten)]
    line: LineFlags,
}

pub fn run(arguments: Arguments) -> Done {
    let config = arguments.line.config()?;
    let signed = arguments.persons.signed(config.two_persons).map_err(Failure::cannot)?;
    let line = OnTheLine::read(&config)?;
    let entry =
        match &arguments.revision {
            Some(name) => revisions::named(name, &line.trail)?,
            None => line.trail.iter().find(|entry| Some(entry.act.revision) != line.revision()).ok_or_else(|| {
                Failure::cannot("there is no former revision to go back to: see `hulplijn revisions`")
            })?,
        };
    let revision = entry.act.revision;
    let sources = Store::read_only_revision(&config.data, revision).map_err(Failure::cannot)?;
    let sources = sources.ok_or_else(|| {
        Failure::cannot(format!("the files of revision {revision} are no longer held: see `hulplijn revisions`"))
    })?;
    let loaded = menu::load_published(&sources, &assemble::settings(&config), assemble::today());
    let errors: Vec<_> = loaded.findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if !errors.is_empty() {
        eprint!("{}", menu::diagnostic::screen(&errors, &sources, screen::colors(&std::io::stderr())));
    }
    let Some(hotline) = loaded.hotline else {
        return Err(Failure::not_good(format!("nothing was published: revision {revision} is not a whole hotline")));
    };
    if !errors.is_empty() {
        eprintln!("warning: by the rules of today it has the errors above; it was on the line, and can go there again");
    }
    let numbers = menu::contacts(&sources, assemble::today());
    numbers_allow(&config, &signed, &numbers, &line.numbers(), Kind::Rollback)?;
    let name = format!("entry {} of {}", entry.number, clock(entry.at));
    let (catalogs, _) = catalogs(&sources);
    let shelf = Store::read_only_sound(&config.data, revision).map_err(Failure::cannot)?;
    let sound = Sound { catalogs, shelf };
    Candidate { kind: Kind::Rollback, name, sources, hotline, sound }.put_on_line(&config, &line, signed)
}
