//! The rules of the desk file: what is well formed, and still not what anybody wants.

use super::load::{Loaded, Resolved, name};
use super::parsed::Parsed;
use super::rota::{Days, Holiday, Rota};
use super::{CounsellorIx, Gender, Strategy, words};
use crate::base::findings::{Findings, listed};
use crate::base::hours::Stretch;
use crate::base::moment::moment;
use crate::base::read::Text;
use crate::base::{Accept, Callee, Finding, Language, Place, meant};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

/// At most this many names stand in one sentence.
const NAMED_MOST: usize = 5;

/// One rule: its id, what it asks for, why, and what to do.
pub struct Rule {
    pub id: &'static str,
    pub asks: &'static str,
    pub why: &'static str,
    pub todo: &'static str,
}

/// Every rule of the desk file.
pub const RULES: [Rule; 12] = [
    Rule {
        id: "DK-01",
        asks: "an ordinary week has a shift, or there is a fallback line",
        why: "Callers are told when somebody is there. Without a shift there is nothing to tell, and key 0 reaches nobody.",
        todo: "Add a `[[shift]]`, or name a counsellor as `fallback`.",
    },
    Rule {
        id: "DK-02",
        asks: "each counsellor has a line and a staff id of her own",
        why: "Two names for one telephone would ring it for two callers; two for one staff id would put the wrong one on duty.",
        todo: "Take one of the two out, or correct it.",
    },
    Rule {
        id: "DK-03",
        asks: "with `strategy = \"all\"`, every line is taken by picking up",
        why: "Several lines of one Dial stop ringing when the first one picks up, before anybody has pressed a key: a voicemail would end the ringing of all others. So these lines are rung one by one where the provider has no other way.",
        todo: "Set `accept = \"pickup\"` for lines without voicemail, or choose another strategy.",
    },
    Rule {
        id: "DK-04",
        asks: "each shift can happen",
        why: "Somebody counts on hours that never come.",
        todo: "Name the holidays, or change the days or the time.",
    },
    Rule {
        id: "DK-05",
        asks: "the fallback line is on no shift",
        why: "She is rung last at any hour; on a shift she would be rung twice in a row.",
        todo: "Take her out of the shift, or give the fallback a line of its own.",
    },
    Rule {
        id: "DK-06",
        asks: "each counsellor is on a shift",
        why: "Nobody would ever be rung on that line.",
        todo: "Add the name to a shift, or take the counsellor out.",
    },
    Rule {
        id: "DK-07",
        asks: "no exception and no holiday is past",
        why: "What is over hides what counts.",
        todo: "Take it out when you next edit the file.",
    },
    Rule {
        id: "DK-08",
        asks: "in the hours of the desk somebody speaks each language the hotline offers",
        why: "Whoever chose her language at the start of the call will talk to somebody in it (CS-28).",
        todo: "Add somebody who speaks it to those hours, or let the waiting words say so.",
    },
    Rule {
        id: "DK-09",
        asks: "languages and time zone are those of the hotline",
        why: "A language nobody is offered finds nobody; another zone makes spoken hours wrong.",
        todo: "Correct the one or the other file.",
    },
    Rule {
        id: "DK-10",
        asks: "what belongs together is there: gender to choose, PIN and staff id",
        why: "Half of a setting does nothing, and nobody is told.",
        todo: "Add the other half, or take this one out.",
    },
    Rule {
        id: "DK-11",
        asks: "the desk file is private: mode 0600, outside the menus",
        why: "It has the private numbers of counsellors. Menus are published, copied and shown; this file is not.",
        todo: "`chmod 600 FILE`, and move it out of the folder of menus.",
    },
    Rule {
        id: "DK-12",
        asks: "what callers are told of the hours is true, and short",
        why: "Who calls when the desk is closed hears its hours. A list of many different days takes longer than anybody listens, and the menus' own rules on time refuse it.",
        todo: "Give hours that are easy to say as `told`, all of them within the shifts: `told = [\"mon-fri 09:00-17:00\"]`.",
    },
];

pub(super) fn check(parsed: &Parsed, resolved: &Resolved, today: Date, findings: &Findings) {
    somebody(parsed, resolved, findings);
    doubled(parsed, findings);
    all_at_once(parsed, findings);
    shifts(parsed, today, findings);
    places_on_the_rota(parsed, resolved, findings);
    past(parsed, today, findings);
    halves(parsed, findings);
    told(parsed, resolved, findings);
}

fn warn(findings: &Findings, rule: &'static str, place: &Place, message: String, help: &str) {
    findings.add(Finding::warning(rule, place.clone(), message).help(help));
}

fn somebody(parsed: &Parsed, resolved: &Resolved, findings: &Findings) {
    let weekly = resolved.shifts.iter().any(|shift| shift.days.week.contains(&true) && !shift.who.is_empty());
    // What could not be read is reported already.
    if weekly || resolved.fallback.is_some() || parsed.fallback.is_some() || findings.has_errors() {
        return;
    }
    if let Some(zone) = &parsed.timezone {
        let place = Place::new(&zone.place.file, 0..0);
        let finding = Finding::error("DK-01", place, "nobody can be reached in an ordinary week");
        findings.add(finding.expected("a `[[shift]]` on days of the week, or a `fallback` line"));
    }
}

fn doubled(parsed: &Parsed, findings: &Findings) {
    let error = |place: &Place, message: String, help: &str| {
        findings.add(Finding::error("DK-02", place.clone(), message).help(help));
    };
    for (at, counsellor) in parsed.counsellors.iter().enumerate() {
        let before = &parsed.counsellors[..at];
        if let Some(callee) = &counsellor.callee {
            if let Some(first) =
                before.iter().find(|one| one.callee.as_ref().is_some_and(|own| own.value == callee.value))
            {
                let message = format!("`{}` has the same line as `{}`", counsellor.id, first.id);
                error(&callee.place, message, "one telephone is one counsellor: it can be rung for one caller only");
            }
            let own =
                parsed.staff_number.as_ref().is_some_and(|number| callee.value == Callee::Number(number.value.clone()));
            if own {
                let message = format!("the line of `{}` is the staff number", counsellor.id);
                error(&callee.place, message, "a call to it would come back to the hotline");
            }
        }
        if let Some(id) = &counsellor.staff_id
            && let Some(first) =
                before.iter().find(|one| one.staff_id.as_ref().is_some_and(|own| own.value == id.value))
        {
            let message = format!("`{}` has the same staff id as `{}`", counsellor.id, first.id);
            error(&id.place, message, "any other number from 10 to 99 will do");
        }
    }
}

fn all_at_once(parsed: &Parsed, findings: &Findings) {
    let Some(strategy) = parsed.strategy.as_ref().filter(|strategy| strategy.value == Strategy::All) else { return };
    let by_key: Vec<&str> =
        parsed.counsellors.iter().filter(|one| one.accept == Accept::Key).map(|one| one.id.as_str()).collect();
    if !by_key.is_empty() {
        let message = format!("these take a call by key and cannot be rung all at once everywhere: {}", some(&by_key));
        let help = "where the provider rings by one document they are rung one by one; `accept = \"pickup\"` is for lines without voicemail";
        warn(findings, "DK-03", &strategy.place, message, help);
    }
}

/// The first few names, and how many more.
fn some(names: &[&str]) -> String {
    let shown = listed(&names[..names.len().min(NAMED_MOST)]);
    match names.len().saturating_sub(NAMED_MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn shifts(parsed: &Parsed, today: Date, findings: &Findings) {
    let comes = |holiday: &Holiday| match holiday {
        Holiday::EveryYear { .. } => true,
        Holiday::Once(date) => *date >= today,
    };
    let any_holiday = parsed.holidays.iter().any(|holiday| comes(&holiday.value));
    let mut seen: HashMap<(Days, Stretch, Vec<&str>), ()> = HashMap::new();
    for shift in &parsed.shifts {
        let Some(time) = shift.time else { continue };
        if shift.days.holiday && shift.days.week == [false; 7] && !any_holiday {
            let message = "this shift can never happen: it is for holidays, and none is named".to_owned();
            warn(findings, "DK-04", &shift.place, message, "add `holidays = [\"12-25\"]` at the top of the file");
        }
        let who: Vec<&str> = shift.who.iter().map(Text::as_str).collect();
        if seen.insert((shift.days, time, who), ()).is_some() {
            warn(findings, "DK-04", &shift.place, "this shift stands here twice".to_owned(), "take one of the two out");
        }
    }
    let Some(zone) = &parsed.timezone else { return };
    let mut kinds: HashMap<Date, (bool, bool)> = HashMap::new();
    let mut stretches: HashSet<(Date, Stretch)> = HashSet::new();
    for exception in &parsed.exceptions {
        let Some(date) = &exception.date else { continue };
        if let Some(time) = &exception.time {
            let at = |minute: u16| {
                let midnight = date.value.at(0, 0, 0, 0);
                moment(&zone.value, midnight.checked_add(i64::from(minute).minutes()).unwrap_or(midnight))
            };
            if at(time.value.from) >= at(time.value.to) {
                let message = format!("this can never happen: on {} the clocks leave this time out", date.value);
                warn(findings, "DK-04", &time.place, message, "take the hour before or after the clock change");
            }
            if !stretches.insert((date.value, time.value)) {
                let message = format!("{} has this time twice", date.value);
                warn(findings, "DK-04", &time.place, message, "put everybody into one `who`");
            }
        }
        let kind = kinds.entry(date.value).or_default();
        if exception.closed && *kind != (false, false) || !exception.closed && kind.0 {
            let message = format!("{} is closed, and something else as well", date.value);
            findings.add(
                Finding::error("FORMAT", date.place.clone(), message).expected("either closed, or times, for one date"),
            );
        }
        kind.0 |= exception.closed;
        kind.1 |= !exception.closed;
    }
}

fn places_on_the_rota(parsed: &Parsed, resolved: &Resolved, findings: &Findings) {
    let on = &resolved.named;
    if let (Some(fallback), Some(text)) = (resolved.fallback, &parsed.fallback)
        && on.contains(&fallback)
    {
        let message = format!("`{}` is the fallback line and on the rota as well", name(parsed, fallback));
        warn(
            findings,
            "DK-05",
            &text.place,
            message,
            "the fallback line is rung last at any hour; take it out of the shifts",
        );
    }
    for (counsellor, at) in parsed.counsellors.iter().zip(0..) {
        if !on.contains(&CounsellorIx(at)) && resolved.fallback != Some(CounsellorIx(at)) {
            let message = format!("`{}` is on no shift", counsellor.id);
            warn(
                findings,
                "DK-06",
                &counsellor.place,
                message,
                "add the name to the `who` of a shift, or take the counsellor out",
            );
        }
    }
}

fn past(parsed: &Parsed, today: Date, findings: &Findings) {
    let notice = |place: &Place, what: &str, date: Date| {
        let finding = Finding::notice("DK-07", place.clone(), format!("the {what} of {date} is past"));
        findings.add(finding.help("take it out when you next edit the file"));
    };
    for exception in &parsed.exceptions {
        // Its night may still go on today.
        if let Some(date) = exception.date.as_ref().filter(|date| date.value < today.yesterday().unwrap_or(today)) {
            notice(&date.place, "exception", date.value);
        }
    }
    for holiday in &parsed.holidays {
        if let Holiday::Once(date) = holiday.value
            && date < today
        {
            notice(&holiday.place, "holiday", date);
        }
    }
}

fn halves(parsed: &Parsed, findings: &Findings) {
    if let Some(choose) = parsed.choose_gender.as_ref().filter(|choose| choose.value) {
        for (gender, word) in [(Gender::Woman, "a woman"), (Gender::Man, "a man")] {
            if !parsed.counsellors.iter().any(|one| one.gender == Some(gender)) {
                let message = format!("callers may ask for {word}, and no counsellor is one");
                warn(
                    findings,
                    "DK-10",
                    &choose.place,
                    message,
                    "write `gender` beside those who agree to it, or leave `choose_gender` out",
                );
            }
        }
    }
    for one in &parsed.counsellors {
        match (&one.staff_id, &one.pin) {
            (Some(id), None) => {
                let message = format!("`{}` has a staff id and no PIN", one.id);
                warn(
                    findings,
                    "DK-10",
                    &id.place,
                    message,
                    "`hulplijn desk pin` makes one; without it the staff line does not let her in",
                );
            }
            (None, Some(pin)) => {
                let message = format!("`{}` has a PIN and no staff id", one.id);
                warn(findings, "DK-10", &pin.place, message, "add `staff_id`, a number from 10 to 99");
            }
            _ => {}
        }
    }
    if let Some(number) = &parsed.staff_number
        && parsed.counsellors.iter().all(|one| one.staff_id.is_none())
    {
        let message = "there is a staff number, and nobody has a staff id".to_owned();
        warn(findings, "DK-10", &number.place, message, "add `staff_id` and `pin` to counsellors");
    }
}

/// Hours that are told and not kept.
fn told(parsed: &Parsed, resolved: &Resolved, findings: &Findings) {
    let (Some(told), Some(zone)) = (&parsed.told, &parsed.timezone) else { return };
    if resolved.fallback.is_some() {
        return;
    }
    let rota = Rota::new(zone.value.clone(), &resolved.shifts, &[], &[]);
    let kept = |day| super::rota::stretches(&rota.usual_day(day), |who| !who.is_empty());
    let empty: [Vec<Stretch>; 7] = std::array::from_fn(|day| super::rota::without(&told.value[day], &kept(day)));
    if empty.iter().any(|day| !day.is_empty()) {
        let message = format!("callers are told hours in which nobody is there: {}", words::week(&empty));
        findings.add(Finding::error("DK-12", told.place.clone(), message).expected("hours within the shifts"));
    }
}

/// What a hotline offers that its desk has to keep.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    pub languages: &'a [Language],
    /// Its time zone, by its name in the IANA database.
    pub zone: Option<&'a str>,
    /// Its menus have keys for a woman or a man.
    pub gender: bool,
}

/// What of the desk does not fit the hotline: languages it offers when nobody speaks them (CS-28), languages it does not
/// have, another time zone, a choice that only one of the two has.
pub fn against(loaded: &Loaded, hotline: &Offered<'_>) -> Vec<Finding> {
    let (offered, zone) = (hotline.languages, hotline.zone);
    let mut findings = Vec::new();
    let Some(desk) = &loaded.desk else { return findings };
    let places = &loaded.places;
    if let Some(place) = &places.file {
        let hours = |language| {
            let counts = |who: &[CounsellorIx]| {
                let mut all = who.iter().chain(&desk.fallback);
                let somebody = !who.is_empty() || desk.fallback.is_some();
                somebody && !all.any(|one| desk.speaks(*one, Some(language)))
            };
            let day = |day| super::rota::stretches(&desk.rota.usual_day(day), counts);
            words::week(&std::array::from_fn(day))
        };
        for language in offered {
            let without = hours(*language);
            if !without.is_empty() {
                let message = format!("`{language}` is offered, and nobody on duty speaks it: {without}");
                findings.push(Finding::warning("DK-08", place.clone(), message).help(
                    "add somebody who speaks it to these hours; callers are put through to somebody else meanwhile",
                ));
            }
        }
    }
    let known = || offered.iter().map(Language::as_str);
    let mut told = HashSet::new();
    for language in places.languages.iter().filter(|language| !offered.contains(&language.value)) {
        if told.insert(language.value) {
            let message = format!("`{}` is spoken at the desk, and the hotline does not offer it", language.value);
            let mut finding = Finding::notice("DK-09", language.place.clone(), message);
            if let Some(meant) = meant(language.value.as_str(), known()) {
                finding = finding.help(format!("did you mean `{meant}`?"));
            }
            findings.push(finding);
        }
    }
    if let Some(language) = places.language.as_ref().filter(|language| !offered.contains(&language.value)) {
        let message =
            format!("counsellors are to be spoken to in `{}`, which the hotline does not have", language.value);
        let names: Vec<&str> = known().collect();
        let finding = Finding::error("DK-09", language.place.clone(), message);
        findings.push(finding.expected(format!("one of {}", listed(&names))));
    }
    if let (Some(place), Some(zone)) = (&places.timezone, zone)
        && desk.rota.zone().iana_name() != Some(zone)
    {
        let message = "the desk has another time zone than the hotline".to_owned();
        let finding = Finding::warning("DK-09", place.clone(), message);
        findings.push(finding.found(desk.rota.zone().iana_name().unwrap_or_default()).expected(format!("`{zone}`")));
    }
    let choice = match (hotline.gender, desk.choose_gender) {
        (true, false) => Some("the menus let callers ask for a woman or a man, and the desk does not: anybody is rung"),
        (false, true) => Some("the desk lets callers ask for a woman or a man, and no key of the menus does"),
        _ => None,
    };
    if let (Some(message), Some(place)) = (choice, &places.file) {
        let help = "`choices = [\"talk\", \"keys\", \"woman\", \"man\"]` in `[node.connect]` and `choose_gender = true` here go together";
        findings.push(Finding::warning("DK-10", place.clone(), message.to_owned()).help(help));
    }
    findings
}
