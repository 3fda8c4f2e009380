//! `hulplijn diff`: two hotlines side by side.

use super::config::Config;
use super::menus::Origin;
use super::publish::{LineFlags, compared, trail};
use super::{Done, Failure, assemble, revisions, screen, sounds};
use crate::base::Sources;
use crate::menu::compare::explained;
use crate::menu::{self, Hotline};
use crate::store::{Publication, Store};

/// Each is a revision (its name, the beginning of it, or the number of its entry) or a folder of menu files.
#[derive(clap::Args)]
pub struct Arguments {
    /// The old one
    a: String,
    /// The new one [default: A is the new one, beside what is on the line]
    b: Option<String>,
    #[command(flatten)]
    line: LineFlags,
}

pub fn run(arguments: Arguments) -> Done {
    let config = arguments.line.config()?;
    let trail = trail(&config.data)?;
    let on_line = trail.first().map(|entry| entry.act.revision.to_string());
    let (a, b) = match (arguments.b, on_line) {
        (Some(b), _) => (arguments.a, b),
        (None, Some(on_line)) => (on_line, arguments.a),
        (None, None) => return Err(Failure::cannot("nothing is on the line to compare with: give two, `diff A B`")),
    };
    let load = |name: &str| -> Result<(Hotline, Sources), Failure> {
        let sources = sources(name, &trail, &config)?;
        let loaded = menu::load_published(&sources, &assemble::settings(&config), assemble::today());
        match loaded.hotline {
            Some(hotline) => Ok((hotline, sources)),
            None => {
                let colors = screen::colors(&std::io::stderr());
                eprint!("{}", menu::diagnostic::screen(&loaded.findings, &sources, colors));
                Err(Failure::cannot(format!("`{name}` is not a whole hotline: `hulplijn check` says what is wrong")))
            }
        }
    };
    let ((before, old), (after, new)) = (load(&a)?, load(&b)?);
    let changes = explained(&before, &after, &new);
    screen::print(&compared((&before, &old), (&after, &new), &changes, (&a, &b)));
    Ok(())
}

fn sources(name: &str, trail: &[Publication], config: &Config) -> Result<Sources, Failure> {
    if revisions::is_folder(name) {
        return Ok(sounds::beside(&Origin::Folder(name.into()), config.audio.dir.clone())?.0);
    }
    let revision = revisions::named(name, trail)?.act.revision;
    let sources = Store::read_only_revision(&config.data, revision).map_err(Failure::cannot)?;
    sources.ok_or_else(|| Failure::cannot(format!("the files of revision {revision} are no longer held")))
}
