//! The line: menus, numbers nobody has called, promises the provider's door cannot keep, the desk.

use super::Seen;
use crate::audio::catalog::{Sound, catalogs};
use crate::base::hours::Hours;
use crate::base::{Shelf, Sources};
use crate::cli::config::{Config, Mode};
use crate::cli::menus::Origin;
use crate::cli::sounds::Sounds;
use crate::cli::{Failure, assemble};
use crate::menu::{self, Contact, Hotline};
use crate::store::Store;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

const TOPIC: &str = "line";
const DESK: &str = "desk";

/// A desk that does not open within this many days is worth a look.
const OPENS_WITHIN_DAYS: i64 = 7;

/// How the numbers of the example configuration begin: a range reserved for fiction.
const EXAMPLE: &str = "+120255501";

pub(super) fn look(config: &Config) -> Vec<Seen> {
    let today = assemble::today();
    let (from, sources, sound, loaded) = match served(config) {
        Ok((from, sources, Some(shelf))) => {
            let loaded = menu::load_published(&sources, &assemble::settings(config), today);
            let sound = Sound { catalogs: catalogs(&sources).0, shelf };
            (from, sources, sound, loaded)
        }
        Ok((from, sources, None)) => {
            let loaded = menu::load(&sources, &assemble::settings(config), today);
            let origin = Origin::choose(config.menus.clone());
            let folder = Sounds::choose(config.audio.dir.clone(), &origin);
            let sounds = folder.and_then(|folder| Sounds::read(&folder).ok());
            let sound = sounds.zip(loaded.hotline.as_ref()).map(|(sounds, hotline)| sounds.sound(hotline));
            (from, sources, sound.unwrap_or_default(), loaded)
        }
        Err(failure) => return vec![Seen::wrong(TOPIC, first_line(&failure), MEND)],
    };
    let mut seen = Vec::new();
    let findings = menu::diagnostic::summary(&loaded.findings);
    match &loaded.hotline {
        Some(hotline) => {
            seen.push(Seen::ok(TOPIC, format!("{from}: revision {}; {}", hotline.revision, findings.trim_end())));
            seen.extend(spoken(config, hotline, &sound));
            seen.extend(desk(config, hotline, Timestamp::now()));
        }
        None => seen.push(Seen::wrong(TOPIC, format!("{from} cannot be served: {}", findings.trim_end()), MEND)),
    }
    seen.extend(numbers(&sources, today, config.live && !config.trial));
    if config.mode == Mode::Provider {
        seen.extend(door(config, today));
    }
    seen
}

/// What to do about menus that cannot be served.
const MEND: &str = "run `hulplijn check` on the folder of menu files";

/// The files that are on the line, or will be at the first start; and the sound of those that are published.
fn served(config: &Config) -> Result<(String, Sources, Option<Shelf>), Failure> {
    let published = || {
        let last = Store::publications(&config.data).ok()?.first()?.act.revision;
        let shelf = Store::read_only_sound(&config.data, last).ok()?;
        Some((Store::read_only_revision(&config.data, last).ok()??, shelf))
    };
    if config.mode == Mode::Provider
        && let Some((sources, shelf)) = published()
    {
        return Ok(("what is published".to_owned(), sources, Some(shelf)));
    }
    let origin = Origin::choose(config.menus.clone());
    Ok((origin.to_string(), origin.read()?, None))
}

fn first_line(failure: &Failure) -> String {
    failure.lines.lines().next().unwrap_or_default().to_owned()
}

/// The provider is told how to speak each language, and the counsellor's language exists.
fn spoken(config: &Config, hotline: &Hotline, sound: &Sound) -> Option<Seen> {
    let problem = assemble::fits(config, hotline, sound).err()?;
    Some(Seen::wrong(TOPIC, first_line(&problem), "without it the line does not start"))
}

/// Numbers that callers are told: called by somebody, and not too long ago.
fn numbers(sources: &Sources, today: Date, live: bool) -> Vec<Seen> {
    let (mut unchecked, mut stale, mut fresh) = (Vec::new(), Vec::new(), 0);
    for contact in menu::contacts(sources, today) {
        match contact.checked_days_ago {
            None => unchecked.push(format!("`{}`", contact.name)),
            Some(days) if days > Contact::FRESH_DAYS => stale.push(format!("`{}`", contact.name)),
            Some(_) => fresh += 1,
        }
    }
    let mut seen = Vec::new();
    if !unchecked.is_empty() {
        let found = format!("nobody has checked the numbers of {}", unchecked.join(", "));
        let todo = "call each of them, then write `checked_on` and `checked_by` beside it in contacts.toml";
        seen.push(if live { Seen::wrong(TOPIC, found, todo) } else { Seen::look(TOPIC, found, todo) });
    }
    if !stale.is_empty() {
        let found =
            format!("the numbers of {} were checked more than {} days ago", stale.join(", "), Contact::FRESH_DAYS);
        seen.push(Seen::look(TOPIC, found, "call each of them again, and write the new day"));
    }
    if seen.is_empty() {
        seen.push(Seen::ok(TOPIC, format!("all {fresh} numbers in contacts.toml are checked")));
    }
    seen
}

/// What the provider's door cannot keep, and what is to be set at the provider.
fn door(config: &Config, today: Date) -> Vec<Seen> {
    let mut seen = Vec::new();
    for (id, why) in config.doors().into_iter().flat_map(|door| door.unkept_promises()) {
        let todo = "nothing to mend here: say so to those who rely on it, or choose another door";
        seen.push(Seen::look(TOPIC, format!("{id} is not kept at this door: {why}"), todo));
    }
    if !config.calls() {
        return seen;
    }
    let todo = "switch the provider's own answers to STOP and HELP off, try it, set `[opt_out] handling_off_on`";
    seen.push(match config.opt_out_off_on {
        None => Seen::look(TOPIC, "the provider may answer STOP and HELP with texts of its own", todo),
        Some(day) if day > today => {
            Seen::look(TOPIC, format!("`[opt_out] handling_off_on` is {day}, which is yet to come"), todo)
        }
        Some(day) => Seen::ok(TOPIC, format!("the provider's own answers to STOP and HELP are off since {day}")),
    });
    if config.account_sid.is_none() {
        let found = "`[twilio] account_sid` is not set: every account that signs with this token is answered";
        seen.push(Seen::look(TOPIC, found, "set it to the account of this line"));
    }
    seen
}

fn desk(config: &Config, hotline: &Hotline, now: Timestamp) -> Vec<Seen> {
    let desk = &config.desk;
    let mut seen = Vec::new();
    let example = [&desk.line, &config.number].into_iter().flatten().any(|number| number.begins_with(EXAMPLE));
    if example && config.mode == Mode::Provider {
        let found = "a number in the configuration is the example's, which nobody has";
        let todo = "set `[twilio] number` and `[desk] line` to yours";
        seen.push(if config.live { Seen::wrong(DESK, found, todo) } else { Seen::look(DESK, found, todo) });
    }
    if !desk.rings() {
        let todo = "set `[desk] line` and `hours`";
        seen.push(Seen::look(DESK, "a pretend counsellor takes the calls, and nothing is dialled", todo));
    }
    if desk.pickup && desk.line.is_some() {
        let found = "`accept = \"pickup\"`: whatever picks up gets the caller, a voicemail too";
        seen.push(Seen::look(DESK, found, "see that the line has no voicemail, or use `accept = \"key\"`"));
    }
    let hours = assemble::hours(config, hotline);
    if hours.zone != hotline.timezone {
        let name = |zone: &jiff::tz::TimeZone| zone.iana_name().unwrap_or("another").to_owned();
        let found =
            format!("the desk's hours are in {}, and the menus in {}", name(&hours.zone), name(&hotline.timezone));
        seen.push(Seen::look(DESK, found, "set `timezone` to the menus', unless that is meant"));
    }
    seen.push(opens(&hours, now));
    let today = now.to_zoned_datetime(hours.zone.clone()).date();
    if desk.file.is_none() && !hours.exceptions.is_empty() && hours.exceptions.iter().all(|(day, _)| *day < today) {
        let todo = "add the coming holidays to `[desk] exceptions`";
        seen.push(Seen::look(DESK, "every day in `[desk] exceptions` is past", todo));
    }
    seen
}

fn opens(hours: &Hours, now: Timestamp) -> Seen {
    if hours.open_at(now) {
        return Seen::ok(DESK, "somebody is there now, by the hours");
    }
    let todo = "look at `[desk] hours` and `exceptions`: until then callers hear that nobody can answer";
    let Some(next) = hours.next_opening(now) else {
        return Seen::wrong(DESK, "by the hours nobody is ever there", todo);
    };
    let found = format!("nobody is there now, by the hours; the next time is {}", next.strftime("%Y-%m-%d %H:%M"));
    let soon = now.checked_add(SignedDuration::from_hours(OPENS_WITHIN_DAYS * 24));
    let soon = soon.is_ok_and(|soon| next <= soon.to_zoned_datetime(hours.zone.clone()).datetime());
    if soon { Seen::ok(DESK, found) } else { Seen::look(DESK, found, todo) }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use jiff::tz::TimeZone;
    use std::sync::Arc;

    #[test]
    fn numbers_nobody_has_called() {
        let today = "2026-11-24".parse().unwrap();
        let case = |text: &str, live, expected: &[(State, &str)]| {
            let mut sources = Origin::Sample.read().ok().expect("the sample is inside the program");
            sources.insert(Arc::from("contacts.toml"), Arc::from(text));
            let seen = numbers(&sources, today, live);
            assert_eq!(seen.len(), expected.len(), "{seen:?}");
            for (seen, (state, says)) in seen.iter().zip(expected) {
                assert!(seen.state == *state && seen.found.contains(says), "{seen:?}");
                assert!(!seen.found.contains("0900"), "{seen:?}");
            }
        };
        let one = |name: &str, checked: &str| format!("[contact.{name}]\nnumber = \"09001234\"\n{checked}\n");
        let fresh = one("help", "checked_on = \"2026-05-28\"");
        case(&fresh, true, &[(State::Ok, "all 1 numbers")]);
        case(&one("help", "checked_on = 2026-11-01"), true, &[(State::Ok, "all 1 numbers")]);
        let stale = one("police", "checked_on = \"2026-05-27\"");
        case(&format!("{fresh}{stale}"), true, &[(State::Look, "of `police` were checked more than 180 days ago")]);
        let never = one("danger", "");
        case(&never, true, &[(State::Wrong, "nobody has checked the numbers of `danger`")]);
        case(&format!("{never}{stale}"), false, &[(State::Look, "`danger`"), (State::Look, "`police`")]);
    }

    #[test]
    fn hours_that_make_sense() {
        let zone = || TimeZone::get("Europe/Amsterdam").unwrap();
        // A Tuesday, ten in the morning.
        let now = "2026-11-24T09:00:00Z".parse().unwrap();
        let case = |week: &str, exceptions: &[&str], state, says: &str| {
            let exceptions: Vec<String> = exceptions.iter().map(|day| (*day).to_owned()).collect();
            let seen = opens(&Hours::parse(zone(), &[week.to_owned()], &exceptions).unwrap(), now);
            assert!(seen.state == state && seen.found.contains(says), "{seen:?}");
        };
        case("mon-fri 09:00-17:00", &[], State::Ok, "somebody is there now");
        case("mon-fri 12:00-17:00", &[], State::Ok, "the next time is 2026-11-24 12:00");
        case("tue 12:00-17:00", &["2026-11-24 closed"], State::Look, "2026-12-01 12:00");
        let never = Hours { week: Default::default(), ..Hours::always(zone()) };
        assert_eq!(opens(&never, now).state, State::Wrong);
    }
}
