//! `hulplijn desk who`: who would ring.

use super::open::{Opened, Place};
use super::rota::spoken;
use crate::base::moment::{parse, wall};
use crate::base::{Accept, Language};
use crate::cli::{Done, Failure, screen};
use crate::desk::{CounsellorIx, Duty, Strategy};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Say who would ring for a caller at a moment, and in which order
///
/// By the rota alone: as if nobody talked, and nobody had said by telephone that she is on or off duty.
/// Exit code 0: somebody would. 1: nobody; then what the caller hears is shown. 2: cannot read.
///
/// Examples:
///   hulplijn desk who
///   hulplijn desk who --at "2027-04-27 02:30" --lang ro
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// At this moment at the desk's place, such as "2027-04-27 02:30" [default: now]
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
    /// For a caller in this language
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Done {
    let opened = arguments.place.open()?;
    let desk = &opened.desk;
    let offered = opened.hotline.as_ref().map(|hotline| hotline.languages.clone()).unwrap_or_default();
    spoken(&opened, &offered, arguments.lang)?;
    let at = match &arguments.at {
        None => Timestamp::now(),
        Some(text) => parse(text, desk.rota.zone()).map_err(|why| Failure::cannot(format!("`--at`: {why}")))?,
    };
    let who = desk.in_order(&Duty::default(), arguments.lang, at);
    let heard = opened.heard(arguments.lang);
    if arguments.json {
        screen::line(&json(&opened, &who, arguments.lang, at, heard.as_deref()).to_string());
    } else {
        screen::print(&words(&opened, &who, arguments.lang, at, heard.as_deref()));
    }
    match who.is_empty() {
        true => Err(Failure::not_good("")),
        false => Ok(()),
    }
}

impl Opened {
    /// What a caller hears when nobody is there, if the menus are whole.
    fn heard(&self, language: Option<Language>) -> Option<String> {
        let hotline = self.hotline.as_ref()?;
        let first = hotline.languages.first().copied();
        let language = hotline.language_ix(language.or(first)?).or_else(|| hotline.language_ix(first?))?;
        let info = &hotline.spoken(hotline.roles.closed, language).info;
        let words: Vec<&str> = info.iter().map(|prompt| prompt.words.as_str()).collect();
        Some(words.join(" ")).filter(|words| !words.is_empty())
    }

    /// When the rota brings somebody again, within a year.
    fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let end = at.checked_add(SignedDuration::from_hours(24 * 366)).ok()?;
        let spans = self.desk.rota.spans(at, end);
        spans.into_iter().find(|span| !span.who.is_empty()).map(|span| span.from)
    }

    fn local(&self, at: Timestamp) -> String {
        wall(self.desk.rota.zone(), at).strftime("%A %-d %B %Y, %H:%M").to_string()
    }
}

fn words(
    opened: &Opened,
    who: &[CounsellorIx],
    language: Option<Language>,
    at: Timestamp,
    heard: Option<&str>,
) -> String {
    let desk = &opened.desk;
    let zone = desk.rota.zone().iana_name().unwrap_or("its own time zone");
    let whose = language.map_or_else(|| "a caller".to_owned(), |language| format!("a caller in `{language}`"));
    let mut page = format!("{} ({zone}): {whose} asks for a person\n\n", opened.local(at));
    if who.is_empty() {
        page.push_str("Nobody would ring.\n");
        if let Some(heard) = heard {
            page.push_str(&format!("The caller hears: \"{heard}\"\n"));
        }
        match opened.next(at) {
            Some(next) => page.push_str(&format!("Somebody is on duty again on {}.\n", opened.local(next))),
            None => page.push_str("Nobody is on duty within a year.\n"),
        }
        return page;
    }
    let wide = who.iter().filter_map(|one| desk.counsellor(*one)).map(|one| one.id.as_str().len()).max().unwrap_or(0);
    for (place, one) in who.iter().enumerate() {
        let Some(counsellor) = desk.counsellor(*one) else { continue };
        let speaks = match (language, counsellor.languages.is_empty()) {
            (_, true) => "any language".to_owned(),
            (Some(language), false) if !counsellor.speaks(language) => {
                format!("not `{language}`; speaks {}", listed(&counsellor.languages))
            }
            (_, false) => format!("speaks {}", listed(&counsellor.languages)),
        };
        let takes = match counsellor.line.accept {
            Accept::Key => "takes the call by pressing 1",
            Accept::Pickup => "takes the call by picking up",
        };
        let fallback = if desk.fallback == Some(*one) { "; the fallback line" } else { "" };
        page.push_str(&format!(
            "  {:>2}. {:wide$}  {speaks}; rings {} s, {takes}{fallback}\n",
            place + 1,
            counsellor.id.as_str(),
            counsellor.line.ring_s
        ));
    }
    page.push('\n');
    page.push_str(match desk.strategy {
        Strategy::Order => "One after the other, as the shift names them",
        Strategy::LongestIdle => {
            "One after the other, whose last talk ended longest ago first; here as if nobody had talked yet"
        }
        Strategy::All => "All at once where that is safe, else one after the other",
    });
    page.push_str(match language {
        Some(_) => "; who speaks the language before the others.\n",
        None => ".\n",
    });
    page
}

fn listed(languages: &[Language]) -> String {
    languages.iter().map(Language::as_str).collect::<Vec<_>>().join(" ")
}

fn json(
    opened: &Opened,
    who: &[CounsellorIx],
    language: Option<Language>,
    at: Timestamp,
    heard: Option<&str>,
) -> Value {
    let desk = &opened.desk;
    let moment =
        |at: Timestamp| at.to_zoned_datetime(desk.rota.zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let one = |one: &CounsellorIx| {
        let counsellor = desk.counsellor(*one)?;
        Some(json!({
            "name": counsellor.id.as_str(),
            "speaks": desk.speaks(*one, language),
            "languages": counsellor.languages,
            "ring_s": counsellor.line.ring_s,
            "by_key": counsellor.line.accept == Accept::Key,
            "fallback": desk.fallback == Some(*one),
        }))
    };
    json!({
        "at": moment(at),
        "timezone": desk.rota.zone().iana_name(),
        "language": language,
        "strategy": desk.strategy,
        "who": who.iter().filter_map(one).collect::<Vec<_>>(),
        "heard": heard.filter(|_| who.is_empty()),
        "next": opened.next(at).filter(|_| who.is_empty()).map(moment),
    })
}
