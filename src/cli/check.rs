//! `hulplijn check`: everything that is wrong in a folder of menu files.

use super::menus::Origin;
use super::{Done, Failure, screen};
use crate::base::Severity;
use crate::menu::{self, Settings};
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
}

pub fn run(arguments: Arguments) -> Done {
    let sources = Origin::choose(arguments.dir).read()?;
    let today = arguments.at.unwrap_or_else(super::assemble::today);
    let findings = menu::load(&sources, &Settings::default(), today).findings;
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
