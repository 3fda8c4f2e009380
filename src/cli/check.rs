//! `hulplijn check`: everything that is wrong in a folder of menu files, and the proof of a way out.

use super::menus::Origin;
use super::sounds::Sounds;
use super::{Done, Failure, screen};
use crate::base::{Finding, Place, Severity, Sources};
use crate::flow::proof::{Proof, prove};
use crate::menu::{self, Hotline, Settings};
use crate::store::Store;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Exit code 0: nothing to do. 1: findings (errors; with --strict also warnings and notices). 2: cannot read.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of menu files [default: ./menus if there is one, else the sample inside the program]
    dir: Option<PathBuf>,
    /// Print the findings as JSON: an array of objects
    #[arg(long)]
    json: bool,
    /// With --json: print an object with `findings` and `proof` instead, so that the longest ways are in it
    #[arg(long, requires = "json")]
    proof: bool,
    /// Count warnings and notices as findings too
    #[arg(long)]
    strict: bool,
    /// Check as if it were this day, such as 2027-04-27
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
    /// Folder of sounds, whose lengths count and which are checked too [default: audio beside menus, if there is one]
    #[arg(long, value_name = "DIR", env = "HULPLIJN_AUDIO")]
    audio: Option<PathBuf>,
    /// Folder for data, as for `serve`: codes and keywords are compared with what is on the line, if something is
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    data: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let origin = Origin::choose(arguments.dir);
    let mut sources = origin.read()?;
    let sounds = Sounds::choose(arguments.audio, &origin).map(|folder| Sounds::read(&folder)).transpose()?;
    let today = arguments.at.unwrap_or_else(super::assemble::today);
    let before = on_line(arguments.data, today);
    let load = |settings: &Settings| menu::load_after(&sources, settings, today, before.as_ref());
    let mut loaded = load(&Settings::default());
    let mut heard = Vec::new();
    if let (Some(sounds), Some(hotline)) = (&sounds, &loaded.hotline) {
        heard = sounds.check(hotline);
        // What takes how long is known now, and the rules on time are asked again.
        loaded = load(&Settings { lengths: sounds.lengths(hotline), ..Settings::default() });
    }
    let mut findings = loaded.findings;
    findings.extend(heard);
    sources.extend(sounds.map(|sounds| sounds.sources).unwrap_or_default());
    findings.extend(loaded.hotline.iter().flat_map(crate::sms::keywords_in_every_dress));
    let proof = loaded.hotline.as_ref().and_then(|hotline| proved(hotline, &sources, &mut findings));
    if arguments.json {
        let told = menu::diagnostic::json(&findings, &sources);
        let told =
            if arguments.proof { json!({ "findings": told, "proof": proof.as_ref().map(object) }) } else { told };
        screen::line(&told.to_string());
    } else {
        screen::print(&menu::diagnostic::screen(&findings, &sources, screen::colors(&std::io::stdout())));
        if let Some(proof) = &proof {
            screen::print(&words(proof));
        }
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

/// Proves a way out of a hotline that is without errors so far. What does not hold is a finding, and so is a hotline
/// that is too large to be proved.
pub fn proved<'h>(hotline: &'h Hotline, sources: &Sources, findings: &mut Vec<Finding>) -> Option<Proof<'h>> {
    // What is broken is no single word of a file: the finding stands at the file that says what leads where.
    let voice: Arc<str> =
        sources.keys().find(|path| path.ends_with("voice.toml")).map_or("voice.toml".into(), Arc::clone);
    let place = || Place::new(&voice, 0..0);
    match prove(hotline) {
        Ok(proof) => {
            findings.extend(proof.broken.iter().map(|broken| {
                Finding::error(broken.rule, place(), &broken.message)
                    .found(format!("after {}", broken.found))
                    .expected(&broken.expected)
            }));
            Some(proof)
        }
        Err(too_large) => {
            let finding = Finding::error("MN-09", place(), too_large.to_string())
                .expected("a hotline for which a way out can be proved from everywhere")
                .help("take out nodes, languages, or options that lead across the tree");
            findings.push(finding);
            None
        }
    }
}

fn words(proof: &Proof<'_>) -> String {
    let (situations, steps) = proof.size();
    let verdict = if proof.broken.is_empty() { "a way out is proved from" } else { "a way out was looked for from" };
    let keys = if proof.person.keys == 1 { "key" } else { "keys" };
    format!(
        "{verdict} each of {situations} situations a caller can be in ({steps} steps)\n\
         the longest way to a person: {} {keys}, {:.0} s: {}\n\
         the longest silence until something comes: {:.0} s: {}; until the call is over: {:.0} s\n",
        proof.person.keys,
        proof.person.seconds,
        proof.person.words,
        proof.silence.seconds,
        proof.silence.words,
        proof.over.seconds,
    )
}

fn object(proof: &Proof<'_>) -> Value {
    let (situations, steps) = proof.size();
    json!({
        "situations": situations,
        "steps": steps,
        "person": { "keys": proof.person.keys, "seconds": proof.person.seconds, "way": proof.person.words },
        "silence": { "seconds": proof.silence.seconds, "way": proof.silence.words },
        "silence_until_over": { "seconds": proof.over.seconds, "way": proof.over.words },
    })
}
