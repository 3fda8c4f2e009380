//! Who is on duty when.
//!
//! Needs: right at every moment, clock changes included; the same cost however many shifts there are.
//! Design: shifts are times on the wall. For each kind of day (seven weekdays, a holiday, each exception) there is one
//! [`Plan`]; a moment becomes a time on the wall by [`wall`], and is looked up in the plan of that day and in what is
//! left of the day before. `wall` and [`moment`] are two sides of one thing, so that shifts which meet on paper meet.

use super::CounsellorIx;
use super::plan::{Part, Plan, joined};
use crate::base::hours::{DAYS, Hours, Stretch};
use crate::base::moment::{moment, wall};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};

/// The minutes of a day.
const DAY: u16 = 1440;

/// At most this many shifts, exceptions and holidays.
pub const SHIFTS_MOST: usize = 10_000;
pub const EXCEPTIONS_MOST: usize = 1_000;
pub const HOLIDAYS_MOST: usize = 400;

/// On which days a shift begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Days {
    /// Monday first. Not on holidays.
    pub week: [bool; 7],
    pub holiday: bool,
}

/// The same people, on some days of the week.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Shift {
    pub days: Days,
    /// In minutes of the day it begins; above 1440 is the next day.
    pub stretch: Stretch,
    /// In the order in which they are rung.
    pub who: Vec<CounsellorIx>,
}

/// A day on which only shifts of holidays begin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Holiday {
    EveryYear { month: i8, day: i8 },
    Once(Date),
}

/// What begins on one date instead of all other shifts. Several for one date add up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exception {
    pub date: Date,
    /// Nothing: nobody comes on that day.
    pub shift: Option<(Stretch, Vec<CounsellorIx>)>,
}

/// Which plan counts on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ordinary,
    Holiday,
    Exception,
}

/// The same people for some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    pub from: Timestamp,
    /// Excluded.
    pub to: Timestamp,
    pub who: Vec<CounsellorIx>,
}

/// Who is on duty when, and in which order they are rung.
#[derive(Clone, PartialEq, Debug)]
pub struct Rota {
    zone: TimeZone,
    /// Monday first.
    week: [Plan; 7],
    holiday: Plan,
    holidays: BTreeSet<Holiday>,
    exceptions: BTreeMap<Date, Plan>,
}

impl Rota {
    pub fn new(zone: TimeZone, shifts: &[Shift], holidays: &[Holiday], exceptions: &[Exception]) -> Rota {
        let begin = |on: &dyn Fn(&Days) -> bool| {
            let chosen: Vec<&Shift> = shifts.iter().filter(|shift| on(&shift.days)).collect();
            Plan::of(chosen.iter().map(|shift| (shift.stretch, shift.who.as_slice())))
        };
        let dates: BTreeSet<Date> = exceptions.iter().map(|exception| exception.date).collect();
        let own = |date: Date| {
            let own = exceptions.iter().filter(move |exception| exception.date == date);
            Plan::of(own.filter_map(|own| own.shift.as_ref()).map(|(stretch, who)| (*stretch, who.as_slice())))
        };
        Rota {
            zone,
            week: std::array::from_fn(|day| begin(&|days| days.week[day])),
            holiday: begin(&|days| days.holiday),
            holidays: holidays.iter().copied().collect(),
            exceptions: dates.into_iter().map(|date| (date, own(date))).collect(),
        }
    }

    /// The same people in all these hours.
    pub fn of_hours(hours: Hours, who: Vec<CounsellorIx>) -> Rota {
        let plan = |day: &[Stretch]| Plan::of(day.iter().map(|stretch| (*stretch, who.as_slice())));
        Rota {
            week: std::array::from_fn(|day| plan(&hours.week[day])),
            holiday: Plan::default(),
            holidays: BTreeSet::new(),
            exceptions: hours.exceptions.iter().map(|(date, day)| (*date, plan(day))).collect(),
            zone: hours.zone,
        }
    }

    /// The same times on the walls of another zone.
    pub fn in_zone(self, zone: TimeZone) -> Rota {
        Rota { zone, ..self }
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Who is on duty at this moment, in the order of the shift; nobody twice. Where shifts overlap, those who came the
    /// day before are first, then the order of the file.
    pub fn on_duty(&self, at: Timestamp) -> Vec<CounsellorIx> {
        let shown = wall(&self.zone, at);
        self.on_wall(shown.date(), minute(shown.time()))
    }

    /// Which plan counts for what begins on this date.
    pub fn kind(&self, date: Date) -> Kind {
        if self.exceptions.contains_key(&date) {
            Kind::Exception
        } else if self.is_holiday(date) {
            Kind::Holiday
        } else {
            Kind::Ordinary
        }
    }

    fn is_holiday(&self, date: Date) -> bool {
        let yearly = Holiday::EveryYear { month: date.month(), day: date.day() };
        !self.holidays.is_empty() && (self.holidays.contains(&yearly) || self.holidays.contains(&Holiday::Once(date)))
    }

    fn plan(&self, date: Date) -> &Plan {
        match self.exceptions.get(&date) {
            Some(own) => own,
            None if self.is_holiday(date) => &self.holiday,
            None => &self.week[weekday(date)],
        }
    }

    fn on_wall(&self, date: Date, minute: u16) -> Vec<CounsellorIx> {
        let night = date.yesterday().map_or(&[][..], |yesterday| self.plan(yesterday).at(minute + DAY));
        both(night, self.plan(date).at(minute))
    }

    /// Who is there at this time on the wall in a week without holidays and exceptions. Monday is 0.
    pub fn usually(&self, weekday: usize, minute: u16) -> Vec<CounsellorIx> {
        both(self.week[(weekday + 6) % 7].at(minute + DAY), self.week[weekday % 7].at(minute))
    }

    /// Midnight to midnight on the wall of this date: parts that meet, those with nobody too.
    pub fn day(&self, date: Date) -> Vec<Part> {
        let yesterday = date.yesterday().map_or(date, |yesterday| yesterday);
        parts(&[self.plan(yesterday), self.plan(date)], |minute| self.on_wall(date, minute))
    }

    /// The same of a weekday in a week without holidays and exceptions. Monday is 0.
    pub fn usual_day(&self, weekday: usize) -> Vec<Part> {
        let plans = [&self.week[(weekday + 6) % 7], &self.week[weekday % 7]];
        parts(&plans, |minute| self.usually(weekday, minute))
    }

    /// Everything from the one moment to the other: who is on duty, in spans that meet. Each day costs the same.
    pub fn spans(&self, from: Timestamp, to: Timestamp) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (from, to) in self.pieces(from, to) {
            let who = self.on_duty(from);
            match spans.last_mut() {
                Some(last) if last.who == who => last.to = to,
                _ => spans.push(Span { from, to, who }),
            }
        }
        spans
    }

    /// The time between two moments in pieces, in each of which neither this rota nor an ordinary week changes.
    pub(super) fn pieces(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        if from >= to {
            return Vec::new();
        }
        let (first, last) = (wall(&self.zone, from).date(), wall(&self.zone, to).date());
        let mut cuts = BTreeSet::from([from]);
        let mut date = first.checked_sub(1.day()).unwrap_or(first);
        while date <= last {
            // An ordinary week is told by the weekday on the wall, so midnight counts as well.
            let usual = &self.week[weekday(date)];
            for minute in self.plan(date).cuts().chain(usual.cuts()).chain([0]) {
                cuts.insert(self.moment(date, minute));
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        let cuts: Vec<Timestamp> = cuts.range(from..to).copied().chain([to]).collect();
        cuts.windows(2).map(|ends| (ends[0], ends[1])).collect()
    }

    /// The moment of so many minutes after midnight on this date, up to 2880.
    pub(super) fn moment(&self, date: Date, minute: u16) -> Timestamp {
        let date = date.checked_add(i64::from(minute / DAY).days()).unwrap_or(date);
        let minute = minute % DAY;
        // The parts of a minute of the day fit.
        let (hour, minute) = ((minute / 60) as i8, (minute % 60) as i8);
        moment(&self.zone, date.at(hour, minute, 0, 0))
    }

    /// The hours in which this counts, by the week, and the dates among these on which they are others.
    pub fn hours(&self, first: Date, days: u16, counts: impl Fn(&[CounsellorIx]) -> bool) -> Hours {
        let stretches = |day: Vec<Part>| stretches(&day, &counts);
        let week: [Vec<Stretch>; 7] = std::array::from_fn(|day| stretches(self.usual_day(day)));
        let dates = first.series(1.day()).take(usize::from(days));
        let exceptions = dates
            .filter(|date| {
                let near = [date.yesterday().unwrap_or(*date), *date];
                near.into_iter().any(|date| self.kind(date) != Kind::Ordinary)
            })
            .map(|date| (date, stretches(self.day(date))))
            .filter(|(date, day)| *day != week[weekday(*date)])
            .collect();
        Hours { zone: self.zone.clone(), week, exceptions }
    }

    /// Dates from this one on whose shifts are not those of their weekday, in order; at most so many.
    pub fn special_dates(&self, first: Date, days: u16) -> Vec<Date> {
        first.series(1.day()).take(usize::from(days)).filter(|date| self.kind(*date) != Kind::Ordinary).collect()
    }
}

/// The stretches of a day in which this counts.
pub fn stretches(day: &[Part], counts: impl Fn(&[CounsellorIx]) -> bool) -> Vec<Stretch> {
    stretches_of(day, |part| counts(&part.who))
}

/// The same where more of a part counts than who is on duty.
pub fn stretches_of(day: &[Part], counts: impl Fn(&Part) -> bool) -> Vec<Stretch> {
    crate::base::hours::merged(day.iter().filter(|part| counts(part)).map(|part| part.stretch).collect())
}

/// The time that is in the first and not in the other; both are in order.
pub(super) fn without(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let mut left = Vec::new();
    for stretch in one {
        let mut from = stretch.from;
        for gone in other.iter().filter(|gone| gone.to > stretch.from && gone.from < stretch.to) {
            if gone.from > from {
                left.push(Stretch { from, to: gone.from });
            }
            from = from.max(gone.to);
        }
        if from < stretch.to {
            left.push(Stretch { from, to: stretch.to });
        }
    }
    left
}

/// Monday is 0.
pub fn weekday(date: Date) -> usize {
    match date.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// Minutes after midnight.
pub fn minute(time: jiff::civil::Time) -> u16 {
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).unwrap_or(0)
}

/// Those of the night, then those of the day; nobody twice.
fn both(night: &[CounsellorIx], day: &[CounsellorIx]) -> Vec<CounsellorIx> {
    let mut who = night.to_vec();
    if night.is_empty() {
        who.extend_from_slice(day);
    } else {
        who.extend(day.iter().filter(|one| !night.contains(one)));
    }
    who
}

/// A day of the wall, of the plan of the day before and its own.
fn parts(plans: &[&Plan; 2], who: impl Fn(u16) -> Vec<CounsellorIx>) -> Vec<Part> {
    let of_night = plans[0].cuts().filter_map(|cut| cut.checked_sub(DAY));
    let cuts: BTreeSet<u16> = of_night.chain(plans[1].cuts()).filter(|cut| *cut < DAY).chain([0]).collect();
    let cuts: Vec<u16> = cuts.into_iter().chain([DAY]).collect();
    let part = |ends: &[u16]| Part { stretch: Stretch { from: ends[0], to: ends[1] }, who: who(ends[0]) };
    joined(cuts.windows(2).map(part).collect())
}

/// `mon-fri`, `sat,sun`, `mon-fri,holiday`: days as they are written, each day once.
pub fn days_written(days: Days) -> String {
    let week: Vec<usize> = (0..7).filter(|day| days.week[*day]).collect();
    let mut words: Vec<String> = runs(&week)
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => DAYS[first].to_owned(),
            1 => format!("{},{}", DAYS[first], DAYS[last]),
            _ => format!("{}-{}", DAYS[first], DAYS[last]),
        })
        .collect();
    words.extend(days.holiday.then(|| "holiday".to_owned()));
    words.join(",")
}

/// Neighbours as first and last.
fn runs(days: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *day => *last = *day,
            _ => runs.push((*day, *day)),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
