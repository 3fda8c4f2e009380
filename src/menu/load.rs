//! From the texts of the files to a hotline and everything that is wrong with it.

use super::check::check;
use super::findings::Findings;
use super::hotline::Hotline;
use super::links::link;
use super::parse::parse;
use super::resolve::resolve;
use crate::base::hours::Hours;
use crate::base::{Finding, Revision, Severity, Sources};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// What a hotline's words depend on besides its files.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When the desk is open: what `{hours}` says. Nothing means day and night.
    pub hours: Option<Hours>,
    /// The hotline's own number as callers dial it: what `{tel}` becomes.
    pub number: String,
}

impl Default for Settings {
    /// Day and night, and a number reserved for fiction (Ofcom, 07700 900000 to 900999).
    fn default() -> Settings {
        Settings { hours: None, number: "+447700900000".to_owned() }
    }
}

/// What was made of the files.
#[derive(Debug)]
pub struct Loaded {
    /// There is one exactly if no finding is an error.
    pub hotline: Option<Hotline>,
    /// Everything that was found, by file and place.
    pub findings: Vec<Finding>,
}

/// Reads, resolves and checks a hotline. `sources` has the files of its folder by their path in it
/// (`texts/en.toml`); `today` decides what was checked too long ago.
pub fn load(sources: &Sources, settings: &Settings, today: Date) -> Loaded {
    let findings = Findings::default();
    let parsed = parse(sources, today, &findings);
    let links = parsed.as_ref().and_then(|parsed| Some((parsed, link(parsed, &findings)?)));
    let hotline = links.map(|(parsed, links)| {
        let resolved = resolve(parsed, links, settings, revision(sources), &findings);
        check(&resolved, today, &findings);
        resolved.hotline
    });
    let findings = findings.into_list();
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Loaded { hotline: hotline.filter(|_| !wrong), findings }
}

/// The name of a state of the files: the first 8 bytes of a SHA-256 over paths and contents, each with its length.
fn revision(sources: &Sources) -> Revision {
    let mut hash = Sha256::new();
    for part in sources.iter().flat_map(|(path, content)| [path, content]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    Revision(u64::from_be_bytes(first))
}
