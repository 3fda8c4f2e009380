//! The rota as a page of text, for a coordinator.

use super::outlook::Outlook;
use super::plan::Part;
use super::rota::days_written;
use super::{CounsellorIx, Days, Empty, words};
use crate::base::Accept;
use crate::base::moment::wall;
use std::fmt::Write;

/// At most this many names stand in one line.
const NAMES_MOST: usize = 6;

/// Who is reachable when, which days are otherwise, and every empty hour. `name` is what the desk is called. Nobody's
/// number is in it.
pub fn table(outlook: &Outlook<'_>, name: &str) -> String {
    let desk = outlook.desk;
    let mut page = String::new();
    let zone = desk.rota.zone().iana_name().unwrap_or("its own time zone");
    let date = |date: jiff::civil::Date| date.strftime("%A %-d %B %Y").to_string();
    let last = outlook.until().yesterday().unwrap_or(outlook.from);
    let weeks = if outlook.weeks == 1 { "1 week".to_owned() } else { format!("{} weeks", outlook.weeks) };
    let _ = writeln!(page, "{name}: {weeks}, {} to {}, times of {zone}", date(outlook.from), date(last));
    if let Some(language) = outlook.language {
        let _ = writeln!(page, "only who speaks `{language}` counts");
    }
    let _ = match outlook.empty.iter().filter(|empty| !empty.usual).count() {
        0 => writeln!(page, "No hours are empty that are not empty every week."),
        1 => writeln!(page, "1 stretch is empty that is not empty every week: see `!` below."),
        many => writeln!(page, "{many} stretches are empty that are not empty every week: see `!` below."),
    };
    page.push('\n');
    counsellors(outlook, &mut page);
    ordinary(outlook, &mut page);
    otherwise(outlook, &mut page);
    empty(outlook, &mut page);
    page
}

fn counsellors(outlook: &Outlook<'_>, page: &mut String) {
    let desk = outlook.desk;
    let wide = desk.counsellors.iter().map(|who| who.id.as_str().len()).max().unwrap_or(0).max(10);
    let _ = writeln!(page, "{:wide$}   on the rota   takes a call    languages", "Counsellor");
    for ((who, at), minutes) in desk.counsellors.iter().zip(0..).zip(outlook.minutes()) {
        let hours = match desk.fallback == Some(CounsellorIx(at)) {
            true => "fallback".to_owned(),
            false if minutes % 60 == 0 => format!("{} h", minutes / 60),
            false => format!("{} h {} m", minutes / 60, minutes % 60),
        };
        let takes = match who.line.accept {
            Accept::Key => "by pressing 1",
            Accept::Pickup => "by picking up",
        };
        let languages: Vec<&str> = who.languages.iter().map(|language| language.as_str()).collect();
        let languages = if languages.is_empty() { "any".to_owned() } else { languages.join(" ") };
        let _ = writeln!(page, "{:wide$}   {hours:>11}   {takes:13}   {languages}", who.id.as_str());
    }
    page.push('\n');
}

/// The line above the parts of days.
fn heading(outlook: &Outlook<'_>, page: &mut String, title: &str, wide: usize) {
    let columns: String = outlook.languages.iter().map(|language| format!("{:>5}", language.as_str())).collect();
    let _ = writeln!(page, "{}", format!("{title:<w$}{columns}", w = wide + 2 + LABEL + TIME).trim_end());
}

/// As wide as the label of a day, and as a stretch of time.
const LABEL: usize = 12;
const TIME: usize = 13;

fn names(outlook: &Outlook<'_>, part: &Part) -> String {
    let name = |one: &CounsellorIx| outlook.desk.counsellor(*one).map_or("?", |who| who.id.as_str()).to_owned();
    let mut names: Vec<String> = part.who.iter().take(NAMES_MOST).map(name).collect();
    if part.who.len() > NAMES_MOST {
        names.push(format!("{} more", part.who.len() - NAMES_MOST));
    }
    match (names.is_empty(), outlook.desk.fallback) {
        (true, None) => "nobody".to_owned(),
        (true, Some(fallback)) => format!("fallback {}", name(&fallback)),
        (false, _) => names.join(", "),
    }
}

fn parts(outlook: &Outlook<'_>, page: &mut String, label: &str, parts: &[Part], wide: usize) {
    for (at, part) in parts.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let counts = outlook.languages.iter().map(|language| match outlook.speakers(part, *language) {
            0 => format!("{:>5}", "-"),
            count => format!("{count:>5}"),
        });
        let (hours, names, counts) = (words::stretch(part.stretch), names(outlook, part), counts.collect::<String>());
        let _ = writeln!(page, "{}", format!("  {label:LABEL$}{hours:TIME$}{names:wide$}{counts}").trim_end());
    }
}

fn width(outlook: &Outlook<'_>, days: &[Vec<Part>]) -> usize {
    days.iter().flatten().map(|part| names(outlook, part).chars().count()).max().unwrap_or(0).max(6)
}

fn ordinary(outlook: &Outlook<'_>, page: &mut String) {
    let days: Vec<Vec<Part>> = (0..7).map(|day| outlook.desk.rota.usual_day(day)).collect();
    let wide = width(outlook, &days);
    heading(outlook, page, "An ordinary week, and how many speak", wide);
    let mut done = [false; 7];
    for day in 0..7 {
        if done[day] {
            continue;
        }
        let mut same = Days::default();
        for other in day..7 {
            if days[other] == days[day] {
                (same.week[other], done[other]) = (true, true);
            }
        }
        parts(outlook, page, &days_written(same), &days[day], wide);
    }
    page.push('\n');
}

fn otherwise(outlook: &Outlook<'_>, page: &mut String) {
    let days = outlook.otherwise();
    if days.is_empty() {
        page.push_str("No day of these weeks is otherwise.\n\n");
        return;
    }
    let all: Vec<Vec<Part>> = days.iter().map(|day| day.parts.clone()).collect();
    let wide = width(outlook, &all);
    heading(outlook, page, "Days that are otherwise", wide);
    for day in &days {
        let _ = writeln!(page, "  {}: {}", day.date.strftime("%A %-d %B %Y"), day.why);
        parts(outlook, page, "", &day.parts, wide);
    }
    page.push('\n');
}

fn empty(outlook: &Outlook<'_>, page: &mut String) {
    let whom = match outlook.language {
        None => "nobody".to_owned(),
        Some(language) => format!("nobody who speaks `{language}`"),
    };
    let _ = writeln!(page, "Hours with {whom}");
    if outlook.empty.is_empty() {
        page.push_str("  none\n");
    }
    let (usual, holes): (Vec<&Empty>, Vec<&Empty>) = outlook.empty.iter().partition(|empty| empty.usual);
    for hole in &holes {
        let _ = writeln!(page, "  ! {}   {}", from_to(outlook, hole), outlook.desk.why(hole));
    }
    if !usual.is_empty() {
        let _ = writeln!(page, "  every week {}", words::week(&outlook.usually_empty(outlook.language)));
        for empty in usual {
            let _ = writeln!(page, "    {}", from_to(outlook, empty));
        }
    }
    if outlook.language.is_some() {
        return;
    }
    for (language, without) in outlook.without.iter().filter(|(_, without)| *without != outlook.empty) {
        let _ = writeln!(page, "\nHours with nobody who speaks `{language}`");
        let usually = outlook.usually_empty(Some(*language));
        if usually.iter().any(|day| !day.is_empty()) {
            let _ = writeln!(page, "  every week {}", words::week(&usually));
        }
        for hole in without.iter().filter(|empty| !empty.usual) {
            let _ = writeln!(page, "  ! {}   {}", from_to(outlook, hole), outlook.desk.why(hole));
        }
    }
}

/// `Fri 25 Dec 2026 09:00 - 17:00`; the second date stands there if it is another.
fn from_to(outlook: &Outlook<'_>, empty: &Empty) -> String {
    let zone = outlook.desk.rota.zone();
    let (from, to) = (wall(zone, empty.from), wall(zone, empty.to));
    let second = if from.date() == to.date() { "%H:%M" } else { "%a %-d %b %Y %H:%M" };
    format!("{} - {}", from.strftime("%a %-d %b %Y %H:%M"), to.strftime(second))
}
