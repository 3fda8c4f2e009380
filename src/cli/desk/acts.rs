//! `hulplijn desk acts`: the audit trail of the staff line.

use crate::cli::publish::clock;
use crate::cli::{Done, Failure, revisions, screen};
use crate::desk::Act;
use crate::store::{DeskAct, OpenError, Store};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Show who went on or off duty and who switched calls, by telephone; the newest first
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
    let trail = match Store::desk_acts(&revisions::data(arguments.data, arguments.config)?) {
        Ok(trail) => trail,
        Err(OpenError::Missing { .. }) => Vec::new(),
        Err(problem) => return Err(Failure::cannot(problem)),
    };
    match arguments.json {
        true => screen::line(&as_json(&trail).to_string()),
        false => screen::print(&table(&trail)),
    }
    Ok(())
}

/// When it was: of a caller who waits, the day only, which is all that is kept.
fn when(entry: &DeskAct, moment: String) -> String {
    match entry.act {
        Act::HoldBack => entry.at.to_zoned_datetime(TimeZone::UTC).date().to_string(),
        _ => moment,
    }
}

fn as_json(trail: &[DeskAct]) -> Value {
    let object = |entry: &DeskAct| {
        json!({
            "number": entry.number,
            "at": when(entry, entry.at.to_string()),
            "counsellor": entry.counsellor.as_str(),
            "act": entry.act.as_str(),
        })
    };
    trail.iter().map(object).collect()
}

fn table(trail: &[DeskAct]) -> String {
    if trail.is_empty() {
        return "nothing was done on the staff line yet\n".to_owned();
    }
    let mut table = format!("{:>5}  {:16}  {:32}  what\n", "entry", "when", "who");
    for entry in trail {
        let (when, act) = (when(entry, clock(entry.at)), entry.act.as_str());
        table.push_str(&format!("{:>5}  {when:16}  {:32}  {act}\n", entry.number, entry.counsellor));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CounsellorId;
    use jiff::Timestamp;

    #[test]
    fn a_caller_who_waits_has_no_time_of_day() {
        let counsellor = CounsellorId::new("anna").unwrap();
        let entry = |number, at_s, act| DeskAct {
            number,
            at: Timestamp::from_second(at_s).unwrap(),
            counsellor: counsellor.clone(),
            act,
        };
        let trail = [entry(2, 1_764_028_800, Act::HoldBack), entry(1, 1_764_064_800, Act::Off)];
        assert_eq!(
            as_json(&trail).to_string(),
            r#"[{"act":"caller of the last talk waits","at":"2025-11-25","counsellor":"anna","number":2},{"act":"off duty","at":"2025-11-25T10:00:00Z","counsellor":"anna","number":1}]"#
        );
        assert!(table(&trail).contains("    2  2025-11-25        anna "), "{}", table(&trail));
        assert!(table(&[]).starts_with("nothing"));
    }
}
