//! `hulplijn desk rota`: who is reachable when.

use super::open::{Opened, Place};
use crate::base::Language;
use crate::base::moment::wall;
use crate::cli::{Done, Failure, assemble, screen};
use crate::desk::{Empty, Outlook, outlook::WEEKS_MOST, picture, table};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Show who is reachable when, per language, and every empty hour
///
/// As a page of text; with --svg also as a picture of the weeks.
/// Exit code 0: as every week. 1: hours are empty in which an ordinary week has somebody. 2: cannot read.
///
/// Examples:
///   hulplijn desk rota
///   hulplijn desk rota --weeks 2 --from 2026-12-21
///   hulplijn desk rota --lang ro
///   hulplijn desk rota --svg rota.svg       then open it in a browser, or print it
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// How many weeks, 1 to 53
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=i64::from(WEEKS_MOST)))]
    weeks: u16,
    /// The first day, such as 2026-12-21 [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only who speaks this language counts
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also draw the weeks (SVG) into this file; `-` is standard output, instead of the text
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> Done {
    let opened = arguments.place.open()?;
    let desk = &opened.desk;
    let from = arguments.from.unwrap_or_else(|| wall(desk.rota.zone(), Timestamp::now()).date());
    let offered = opened.hotline.as_ref().map(|hotline| hotline.languages.clone()).unwrap_or_default();
    spoken(&opened, &offered, arguments.lang)?;
    let outlook = Outlook::new(desk, &offered, arguments.lang, from, arguments.weeks);
    let to_output = arguments.svg.as_deref() == Some(Path::new("-"));
    if arguments.json {
        screen::line(&json(&outlook).to_string());
    } else if !to_output {
        screen::print(&table(&outlook, &opened.name));
    }
    if let Some(file) = &arguments.svg {
        let drawing = picture::svg(&outlook, &opened.name);
        if to_output {
            screen::print(&drawing);
        } else {
            std::fs::write(file, drawing)
                .map_err(|error| Failure::cannot(format!("cannot write `{}`: {error}", file.display())))?;
            eprintln!("wrote {}: open it in a browser, or print it", file.display());
        }
    }
    match outlook.has_holes() {
        true => Err(Failure::not_good("")),
        false => Ok(()),
    }
}

/// A language that nobody speaks and nobody is offered is a slip.
pub(super) fn spoken(opened: &Opened, offered: &[Language], asked: Option<Language>) -> Result<(), Failure> {
    let Some(asked) = asked else { return Ok(()) };
    let mut known: Vec<Language> = opened.desk.counsellors.iter().flat_map(|who| who.languages.clone()).collect();
    known.extend(offered);
    if known.contains(&asked) || known.is_empty() {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    let known: Vec<String> = known.iter().map(|language| format!("`{language}`")).collect();
    Err(Failure::cannot(format!(
        "`{asked}` is neither offered nor spoken at the desk: expected one of {}",
        known.join(", ")
    )))
}

/// Everything of the table, for other programs. Moments are those of RFC 3339 with the zone's offset.
fn json(outlook: &Outlook<'_>) -> Value {
    let desk = outlook.desk;
    let zone = desk.rota.zone();
    let at = |at: Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let name = |one: &crate::desk::CounsellorIx| desk.counsellor(*one).map_or("?", |who| who.id.as_str()).to_owned();
    let empty = |empty: &Vec<Empty>| -> Value {
        let one = |empty: &Empty| json!({ "from": at(empty.from), "to": at(empty.to), "every_week": empty.usual, "why": desk.why(empty) });
        empty.iter().map(one).collect()
    };
    let midnight = |date: Date| crate::base::moment::moment(zone, date.at(0, 0, 0, 0));
    let spans = desk.rota.spans(midnight(outlook.from), midnight(outlook.until()));
    let span = |span: &crate::desk::rota::Span| {
        let speaks =
            |language: &&Language| span.who.iter().chain(&desk.fallback).any(|one| desk.speaks(*one, Some(**language)));
        let languages: Vec<&str> = outlook.languages.iter().filter(speaks).map(Language::as_str).collect();
        json!({
            "from": at(span.from),
            "to": at(span.to),
            "who": span.who.iter().map(name).collect::<Vec<_>>(),
            "languages": languages,
        })
    };
    let without: serde_json::Map<String, Value> =
        outlook.without.iter().map(|(language, without)| (language.to_string(), empty(without))).collect();
    let counsellor = |(who, minutes): (&crate::desk::Counsellor, i64)| json!({ "name": who.id.as_str(), "languages": who.languages, "minutes": minutes });
    json!({
        "timezone": zone.iana_name(),
        "from": outlook.from.to_string(),
        "until": outlook.until().to_string(),
        "counsellors": desk.counsellors.iter().zip(outlook.minutes()).map(counsellor).collect::<Vec<_>>(),
        "fallback": desk.fallback.as_ref().map(name),
        "on_duty": spans.iter().map(span).collect::<Vec<_>>(),
        "empty": empty(&outlook.empty),
        "without": without,
        "today": assemble::today().to_string(),
    })
}
