//! `hulplijn desk check`: everything that is wrong in the desk file.

use super::file;
use super::open::{Place, hotline};
use crate::base::{Finding, Place as At, Severity};
use crate::cli::menus::Origin;
use crate::cli::{Done, Failure, assemble, screen};
use crate::desk::{self, Loaded, Offered, against};
use crate::menu::{self, Act, Choice, Settings};
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
    loaded.findings.extend(too_long(&loaded, &origin));
    match hotline(&origin, &Settings::default()) {
        Some(hotline) => {
            let keys = hotline.nodes.iter().flat_map(|node| &node.keys);
            let asks = |choice: &Choice| matches!(choice, Choice::Act(Act::Woman | Act::Man));
            let offered = Offered {
                languages: &hotline.languages,
                zone: hotline.timezone.iana_name(),
                gender: keys.into_iter().any(asks),
            };
            let found = against(&loaded, &offered);
            loaded.findings.extend(found);
        }
        None => eprintln!(
            "warning: the menus are not whole: whether each language is spoken is not looked at; see `hulplijn check`"
        ),
    }
    for (why, help) in file::not_private(&path, &origin) {
        loaded.add("DK-11", format!("`{name}` {why}"), help);
    }
    // Stable: what concerns the whole file comes first.
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

/// What the menus' own rules say against telling these hours, where they say nothing against the menus themselves: once for
/// each rule.
fn too_long(loaded: &Loaded, origin: &Origin) -> Vec<Finding> {
    let (Some(desk), Ok(sources), Some(file)) = (&loaded.desk, origin.read(), loaded.sources.keys().next()) else {
        return Vec::new();
    };
    let errors = |settings: &Settings| {
        let mut findings = menu::load(&sources, settings, assemble::today()).findings;
        findings.retain(|finding| finding.severity == Severity::Error);
        findings
    };
    let before = errors(&Settings::default());
    let mut told: Vec<Finding> = Vec::new();
    for broken in errors(&Settings { hours: Some(desk.told_hours()), ..Settings::default() }) {
        let message = format!("callers cannot be told these hours: {} ({})", broken.message, broken.rule);
        if !before.iter().any(|one| one.message == broken.message) && !told.iter().any(|one| one.message == message) {
            let finding = Finding::error("DK-12", At::new(file, 0..0), message);
            told.push(finding.found(broken.found).expected(broken.expected).help(
                "give hours that are easy to say, all within the shifts, such as `told = [\"mon-fri 09:00-17:00\"]`",
            ));
        }
    }
    told
}
