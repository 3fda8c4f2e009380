//! `hulplijn desk check`: everything that is wrong in the desk file.

use super::file;
use super::open::{Place, hotline};
use crate::base::Severity;
use crate::cli::{Done, Failure, assemble, screen};
use crate::desk::{self, against};
use crate::menu::{self, Settings};
use jiff::civil::Date;

/// Say everything that is wrong in the desk file
///
/// Names the hours in which a language is offered and nobody on duty speaks it.
/// Exit code 0: nothing to do. 1: findings (errors; with --strict also warnings and notices). 2: cannot read.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
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
    let (path, origin) = arguments.place.find()?;
    let path = path.ok_or_else(|| {
        Failure::cannot(
            "there is no desk file: name one, or set `[desk] file` in the configuration (docs/coordinating.md)",
        )
    })?;
    let name = path.display().to_string();
    let text = file::text(&path).map_err(|why| Failure::cannot(format!("cannot read `{name}`: {why}")))?;
    let mut loaded = desk::load(&name, &text, arguments.at.unwrap_or_else(assemble::today));
    match hotline(&origin, &Settings::default()) {
        Some(hotline) => {
            let found = against(&loaded, &hotline.languages, hotline.timezone.iana_name());
            loaded.findings.extend(found);
        }
        None => eprintln!(
            "warning: the menus are not whole: whether each language is spoken is not looked at; see `hulplijn check`"
        ),
    }
    for (why, help) in file::not_private(&path, &origin) {
        loaded.add("DK-11", format!("`{name}` {why}"), help);
    }
    loaded.findings.sort_by_key(|finding| finding.place.span.start);
    if arguments.json {
        screen::line(&menu::diagnostic::json(&loaded.findings, &loaded.sources).to_string());
    } else if loaded.findings.is_empty() {
        screen::line("no findings; `hulplijn desk rota` shows who is reachable when");
    } else {
        let colors = screen::colors(&std::io::stdout());
        screen::print(&menu::diagnostic::screen(&loaded.findings, &loaded.sources, colors));
    }
    let counts = |severity: Severity| severity == Severity::Error || arguments.strict;
    match loaded.findings.iter().any(|finding| counts(finding.severity)) {
        true => Err(Failure::not_good("")),
        false => Ok(()),
    }
}
