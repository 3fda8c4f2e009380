//! `hulplijn check`: everything that is wrong in a folder of menu files.

use super::menus::Origin;
use super::{Done, Failure, screen};
use crate::base::Severity;
use crate::menu::{self, Hotline, Settings};
use crate::store::Store;
use jiff::civil::Date;
use std::path::PathBuf;

/// Exit code 0: nothing to do. 1: findings (errors; with --strict also warnings and notices). 2: cannot read.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    dir: Option<PathBuf>,
    /// Print the findings as JSON: an array of objects
    #[arg(long)]
    json: bool,
    /// Count warnings and notices as findings too
    #[arg(long)]
    strict: bool,
    /// Check as if it were this day, such as 2027-04-27
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
    /// Folder for data, as for `serve`: codes and keywords are compared with what is on the line, if something is
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    data: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let sources = Origin::choose(arguments.dir).read()?;
    let today = arguments.at.unwrap_or_else(super::assemble::today);
    let before = on_line(arguments.data, today);
    let findings = menu::load_after(&sources, &Settings::default(), today, before.as_ref()).findings;
    if arguments.json {
        screen::line(&menu::diagnostic::json(&findings, &sources).to_string());
    } else {
        screen::print(&menu::diagnostic::screen(&findings, &sources, screen::colors(&std::io::stdout())));
    }
    let counts = |severity: Severity| severity == Severity::Error || arguments.strict;
    match findings.iter().any(|finding| counts(finding.severity)) {
        true => Err(Failure::not_good("")),
        false => Ok(()),
    }
}

/// What is on the line, if there is a database that can be read and something in it that can be served.
fn on_line(data: Option<PathBuf>, today: Date) -> Option<Hotline> {
    let data = data.or_else(|| super::config::xdg(&super::environment, "XDG_DATA_HOME", ".local/share"))?;
    let trail = Store::publications(&data).ok()?;
    let sources = Store::read_only_revision(&data, trail.first()?.act.revision).ok()??;
    menu::load_published(&sources, &Settings::default(), today).hotline
}
