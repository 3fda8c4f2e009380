//! `hulplijn stats`: what was counted, per day.

use super::{Done, Failure, assemble, screen};
use crate::store::{Store, report};
use jiff::ToSpan;
use jiff::civil::Date;
use std::path::PathBuf;

/// Counts below 5 are shown as `<5`: a small number in a small town can point at a person.
#[derive(clap::Args)]
pub struct Arguments {
    /// First day, such as 2026-11-01 [default: 30 days ago]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// As comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Folder for data, as for `serve`
    #[arg(long, value_name = "DIR", env = "HULPLIJN_DATA")]
    data: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let data = arguments
        .data
        .or_else(|| super::config::xdg(&super::environment, "XDG_DATA_HOME", ".local/share"))
        .ok_or_else(|| Failure::cannot("there is no place for data: set `--data DIR`"))?;
    let to = arguments.to.unwrap_or_else(assemble::today);
    let from = match arguments.from {
        Some(from) => from,
        None => to.checked_sub(30.days()).map_err(Failure::cannot)?,
    };
    if from > to {
        return Err(Failure::cannot(format!("`--from` {from} is after `--to` {to}")));
    }
    let tallies = Store::read_only_stats(&data, from, to).map_err(Failure::cannot)?;
    let text = match (arguments.csv, arguments.json) {
        (true, _) => report::csv(from, to, &tallies),
        (_, true) => report::json(from, to, &tallies),
        _ => report::table(from, to, &tallies),
    };
    screen::print(&text);
    Ok(())
}
