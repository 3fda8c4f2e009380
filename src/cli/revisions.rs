//! `hulplijn revisions`: the audit trail.

use super::publish::{clock, trail};
use super::{Done, Failure, columns, screen};
use crate::store::Publication;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A name of a revision is given with at least this many of its 16 letters, so that no number of an entry looks like one.
const BEGINNING_LEAST: usize = 6;

/// The newest entry first: what is on the line, since when, who put it there, and why.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print an array of objects
    #[arg(long)]
    json: bool,
    /// Folder for data, as for `serve`
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    data: Option<PathBuf>,
    /// Configuration file, as for `serve`
    #[arg(long, value_name = "FILE", env = "HULPLIJN_CONFIG")]
    config: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let trail = trail(&data(arguments.data, arguments.config)?)?;
    match arguments.json {
        true => screen::line(&as_json(&trail).to_string()),
        false => screen::print(&table(&trail)),
    }
    Ok(())
}

/// Where the data is: the flag, the configuration, the usual place.
pub fn data(data: Option<PathBuf>, config: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let flags = super::config::Flags { data, config, ..Default::default() };
    let config = super::config::Config::load_for_publishing(&flags, &super::environment).map_err(Failure::cannot)?;
    Ok(config.data)
}

/// The entry of this name: a revision or its beginning, or the number of an entry.
///
/// # Errors
/// No such entry, or several revisions that begin so.
pub fn named<'t>(name: &str, trail: &'t [Publication]) -> Result<&'t Publication, Failure> {
    let number = name.parse().ok().filter(|_| name.len() < BEGINNING_LEAST);
    if let Some(entry) = number.and_then(|number: i64| trail.iter().find(|entry| entry.number == number)) {
        return Ok(entry);
    }
    let name = name.to_lowercase();
    let begins =
        |entry: &&Publication| name.len() >= BEGINNING_LEAST && entry.act.revision.to_string().starts_with(&name);
    let mut found = trail.iter().filter(begins);
    let Some(first) = found.next() else {
        let message = format!(
            "there is no revision `{}`: expected a name of at least {BEGINNING_LEAST} letters or the number of an entry, \
             as `hulplijn revisions` shows them",
            columns::shown(&name)
        );
        return Err(Failure::cannot(message));
    };
    match found.find(|other| other.act.revision != first.act.revision) {
        Some(_) => Err(Failure::cannot(format!("several revisions begin with `{name}`: give more of the name"))),
        None => Ok(first),
    }
}

fn as_json(trail: &[Publication]) -> Value {
    let object = |(at, entry): (usize, &Publication)| {
        json!({
            "number": entry.number,
            "revision": entry.act.revision.to_string(),
            "on_line": at == 0,
            "at": entry.at.to_string(),
            "kind": entry.act.kind.as_str(),
            "by": entry.act.person,
            "second": entry.act.second,
            "urgent": entry.act.urgent,
            "why": entry.act.why,
            "end_old": entry.act.end_old,
            "held": entry.held,
        })
    };
    trail.iter().enumerate().map(object).collect()
}

fn table(trail: &[Publication]) -> String {
    let Some(last) = trail.first() else {
        return "nothing was published yet: `hulplijn publish DIR --by NAME`, or the first start of `serve`\n"
            .to_owned();
    };
    let mut table = format!("on the line: revision {} since {}\n\n", last.act.revision, clock(last.at));
    table.push_str(&format!("{:>5}  {:16}  {:16}  {:11}  by\n", "entry", "revision", "when", "how"));
    for entry in trail {
        let act = &entry.act;
        let second = act.second.as_ref().map(|second| format!(" and {second}")).unwrap_or_default();
        let mut remarks: Vec<String> = Vec::new();
        remarks.extend(act.why.as_ref().map(|why| if act.urgent { format!("urgent: {why}") } else { why.clone() }));
        remarks.extend(act.end_old.then(|| "older calls ended".to_owned()));
        remarks.extend((!entry.held).then(|| "files no longer held".to_owned()));
        let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
        let line = format!(
            "{:>5}  {}  {}  {:11}  {}{second}{remarks}",
            entry.number,
            act.revision,
            clock(entry.at),
            act.kind.as_str(),
            act.person
        );
        table.push_str(&columns::shown(&line));
        table.push('\n');
    }
    table
}

/// Whether this names a folder rather than a revision.
pub fn is_folder(name: &str) -> bool {
    Path::new(name).is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Revision;
    use crate::store::{Act, Kind};
    use jiff::Timestamp;

    fn entry(number: i64, revision: u64) -> Publication {
        let act = Act {
            kind: Kind::Publish,
            revision: Revision(revision),
            person: "Ada".to_owned(),
            second: None,
            urgent: false,
            why: None,
            end_old: false,
        };
        Publication { number, at: Timestamp::UNIX_EPOCH, act, held: true }
    }

    #[test]
    fn names_of_entries() {
        let trail = [entry(3, 0x1234_5600_0000_0001), entry(2, 0x1234_56ff_0000_0000), entry(1, 0x1234_5600_0000_0001)];
        let case = |name: &str, found: Option<i64>| {
            assert_eq!(named(name, &trail).ok().map(|entry| entry.number), found, "{name}");
        };
        case("1", Some(1));
        case("3", Some(3));
        case("4", None);
        case("1234560000000001", Some(3));
        case("12345600", Some(3));
        case("123456FF", Some(2));
        case("123456", None);
        case("12345", None);
        case("", None);
        case("é", None);
        case("-1", None);
        assert!(named("123456", &trail).err().unwrap().lines.contains("several revisions"));
    }
}
