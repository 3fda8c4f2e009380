//! Opening hours: weekly hours with dated exceptions in one time zone, and whether a moment falls in them.

use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};

/// One stretch of a day in minutes after midnight, `from` included, `to` excluded and above `from`. In [`Hours`] `to` is at
/// most 1440: a night is two stretches there, and [`Hours::parse`] splits it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Stretch {
    pub from: u16,
    pub to: u16,
}

/// When a counsellor can be rung.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hours {
    pub zone: TimeZone,
    /// Monday first.
    pub week: [Vec<Stretch>; 7],
    /// The day's stretches instead of the week's; empty means closed all day.
    pub exceptions: Vec<(civil::Date, Vec<Stretch>)>,
}

/// At most this many weekly lines, and this many exceptions.
pub const MAX_LINES: usize = 400;

impl Hours {
    /// Day and night, every day.
    pub fn always(zone: TimeZone) -> Hours {
        Hours { zone, week: std::array::from_fn(|_| vec![Stretch { from: 0, to: 1440 }]), exceptions: Vec::new() }
    }

    /// Reads lines such as `mon-fri 09:00-17:00`, `sat,sun 22:00-02:00` (runs into the next day) and, as exceptions,
    /// `2026-12-25 closed` or `2026-12-31 09:00-12:00`. Callers are told the hours in words, so they begin and end at whole or half hours.
    ///
    /// # Errors
    /// A sentence that names the line and what was expected.
    pub fn parse(zone: TimeZone, week: &[String], exceptions: &[String]) -> Result<Hours, String> {
        if week.len() > MAX_LINES || exceptions.len() > MAX_LINES {
            return Err(format!("more than {MAX_LINES} lines of opening hours"));
        }
        let mut hours = Hours { zone, week: Default::default(), exceptions: Vec::new() };
        for line in week {
            let (days, times) = line.trim().split_once(' ').ok_or_else(|| {
                format!(
                    "`{line}` is not a line of opening hours: expected days and times, such as `mon-fri 09:00-17:00`"
                )
            })?;
            for day in parse_days(days)? {
                for times in times.split(',') {
                    let (today, tomorrow) = parse_times(times)?;
                    hours.week[day].push(today);
                    hours.week[(day + 1) % 7].extend(tomorrow);
                }
            }
        }
        for line in exceptions {
            let (date, times) = line.trim().split_once(' ').ok_or_else(|| {
                format!("`{line}` is not an exception: expected a date and times, such as `2026-12-25 closed`")
            })?;
            let date: civil::Date =
                date.parse().map_err(|_| format!("`{date}` is not a date: expected one such as `2026-12-25`"))?;
            let mut stretches = Vec::new();
            if times.trim() != "closed" {
                for times in times.split(',') {
                    let (today, tomorrow) = parse_times(times)?;
                    if tomorrow.is_some() {
                        return Err(format!(
                            "`{line}` runs past midnight: write the second day as an exception of its own"
                        ));
                    }
                    stretches.push(today);
                }
            }
            match hours.exceptions.iter_mut().find(|(known, _)| *known == date) {
                Some((_, known)) => known.extend(stretches),
                None => hours.exceptions.push((date, stretches)),
            }
        }
        for day in hours.week.iter_mut().chain(hours.exceptions.iter_mut().map(|(_, day)| day)) {
            *day = merged(std::mem::take(day));
        }
        Ok(hours)
    }

    /// Whether this moment falls in the hours. Clock changes are the time zone's: the hours are those on the wall.
    pub fn open_at(&self, now: Timestamp) -> bool {
        let local = now.to_zoned_datetime(self.zone.clone()).datetime();
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        self.day(local.date()).iter().any(|stretch| (stretch.from..stretch.to).contains(&minute))
    }

    fn day(&self, date: civil::Date) -> &[Stretch] {
        let exception = self.exceptions.iter().find(|(day, _)| *day == date);
        match exception {
            Some((_, stretches)) => stretches,
            None => &self.week[usize::from(date.weekday().to_monday_zero_offset() as u8)],
        }
    }

    /// The next opening within 400 days from `now`, for operators.
    pub fn next_opening(&self, now: Timestamp) -> Option<civil::DateTime> {
        let start = now.to_zoned_datetime(self.zone.clone()).datetime();
        let mut date = start.date();
        for _ in 0..400 {
            for stretch in self.day(date) {
                let at = date.at(i8::try_from(stretch.from / 60).ok()?, i8::try_from(stretch.from % 60).ok()?, 0, 0);
                if at >= start {
                    return Some(at);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }
}

/// The days as they are written, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn parse_days(text: &str) -> Result<Vec<usize>, String> {
    const NAMES: [&str; 7] = DAYS;
    let day = |name: &str| {
        NAMES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| format!("`{name}` is not a day: expected one of {}", NAMES.join(", ")))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(day(part)?),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let length = (last + 7 - first) % 7 + 1;
                days.extend((0..length).map(|step| (first + step) % 7));
            }
        }
    }
    Ok(days)
}

/// A stretch of time such as `09:00-17:00` or `22:00-06:00`, which runs into the next day: there `to` is above 1440.
/// Less than a day, or `00:00-24:00`.
///
/// # Errors
/// A sentence that repeats the text and says what was expected.
pub fn parse_stretch(text: &str) -> Result<Stretch, String> {
    let wrong = || format!("`{}` is not a stretch of time: expected one such as `09:00-17:00`", text.trim());
    let (from, to) = text.trim().split_once('-').ok_or_else(wrong)?;
    let (from, to) = (parse_time(from)?, parse_time(to)?);
    match from.cmp(&to) {
        _ if from == 1440 => Err(wrong()),
        std::cmp::Ordering::Less => Ok(Stretch { from, to }),
        std::cmp::Ordering::Equal => Err(wrong()),
        std::cmp::Ordering::Greater => Ok(Stretch { from, to: to + 1440 }),
    }
}

/// The stretch on the day itself, and what is left of it after midnight.
fn parse_times(text: &str) -> Result<(Stretch, Option<Stretch>), String> {
    let Stretch { from, to } = parse_stretch(text)?;
    match to.checked_sub(1440).filter(|morning| *morning > 0) {
        None => Ok((Stretch { from, to: to.min(1440) }, None)),
        Some(morning) => Ok((Stretch { from, to: 1440 }, Some(Stretch { from: 0, to: morning }))),
    }
}

fn parse_time(text: &str) -> Result<u16, String> {
    let wrong = || format!("`{text}` is not a time: expected a whole or half hour, such as `09:00` or `17:30`");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    if hour.len() != 2 || minute.len() != 2 {
        return Err(wrong());
    }
    let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    let whole = hour * 60 + minute;
    if whole > 1440 || minute % 30 != 0 || minute >= 60 {
        return Err(wrong());
    }
    Ok(whole)
}

/// The same time in as few stretches as can be, in order.
pub fn merged(mut day: Vec<Stretch>) -> Vec<Stretch> {
    day.sort_by_key(|stretch| stretch.from);
    let mut merged: Vec<Stretch> = Vec::with_capacity(day.len());
    for stretch in day {
        match merged.last_mut() {
            Some(last) if stretch.from <= last.to => last.to = last.to.max(stretch.to),
            _ => merged.push(stretch),
        }
    }
    merged
}

/// A week in which a stretch until midnight that goes on the next morning is one stretch of the day it began, with its end
/// above 1440.
pub fn nights_joined(week: &[Vec<Stretch>; 7]) -> [Vec<Stretch>; 7] {
    let goes_on = |day: usize| {
        let night = week[day].last().filter(|last| last.to == 1440 && last.from > 0)?;
        let morning = week[(day + 1) % 7].first().filter(|first| first.from == 0 && first.to < night.from)?;
        Some(morning.to)
    };
    std::array::from_fn(|day| {
        let mut stretches = week[day].clone();
        if let (Some(until), Some(last)) = (goes_on(day), stretches.last_mut()) {
            last.to = until + 1440;
        }
        if goes_on((day + 6) % 7).is_some() {
            stretches.remove(0);
        }
        stretches
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amsterdam() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").unwrap()
    }

    fn at(local: &str) -> Timestamp {
        local.parse::<civil::DateTime>().unwrap().to_zoned_datetime(amsterdam()).unwrap().timestamp()
    }

    #[test]
    fn weekdays_nights_and_exceptions() {
        let hours = Hours::parse(
            amsterdam(),
            &["mon-fri 09:00-17:00".into(), "sat 22:00-02:00".into()],
            &["2026-12-25 closed".into(), "2026-12-27 10:00-12:30".into()],
        )
        .unwrap();
        let case = |local: &str, open: bool| assert_eq!(hours.open_at(at(local)), open, "{local}");
        case("2026-11-23T08:59:59", false); // a Monday
        case("2026-11-23T09:00:00", true);
        case("2026-11-23T16:59:59", true);
        case("2026-11-23T17:00:00", false);
        case("2026-11-28T23:30:00", true); // Saturday night ...
        case("2026-11-29T01:59:00", true); // ... runs into Sunday
        case("2026-11-29T02:00:00", false);
        case("2026-12-25T10:00:00", false);
        case("2026-12-27T12:29:00", true);
        assert_eq!(hours.next_opening(at("2026-12-25T08:00:00")).unwrap().to_string(), "2026-12-26T22:00:00");
    }

    #[test]
    fn the_clock_on_the_wall_decides_when_the_clocks_change() {
        let hours = Hours::parse(amsterdam(), &["sun 09:00-10:00".into()], &[]).unwrap();
        assert!(hours.open_at("2026-03-29T07:30:00Z".parse().unwrap())); // summer time since 02:00 local
        assert!(hours.open_at("2026-10-25T08:30:00Z".parse().unwrap())); // winter time again
    }

    #[test]
    fn a_wrong_line_is_named() {
        let case = |line: &str, says: &str| {
            let error = Hours::parse(amsterdam(), &[line.into()], &[]).unwrap_err();
            assert!(error.contains(says), "{error}");
        };
        case("monday 09:00-17:00", "`monday` is not a day");
        case("mon 9-17", "`9` is not a time");
        case("mon 09:10-17:00", "whole or half hour");
        case("mon 09:00-09:00", "not a stretch of time");
        case("mon", "expected days and times");
    }
}
