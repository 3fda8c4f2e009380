//! The coming weeks of a desk, for tables and pictures: what is so every week, which days are otherwise, when nobody is
//! there.

use super::plan::Part;
use super::rota::{Kind, weekday};
use super::{CounsellorIx, Desk, Duty, Empty};
use crate::base::Language;
use crate::base::hours::Stretch;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// At most this many weeks are looked at, a year.
pub const WEEKS_MOST: u16 = 53;

/// Some weeks of a desk.
pub struct Outlook<'d> {
    pub desk: &'d Desk,
    /// Only this language counts.
    pub language: Option<Language>,
    /// Those a table has a column for.
    pub languages: Vec<Language>,
    pub from: Date,
    pub weeks: u16,
    /// When nobody can be rung (or nobody who speaks `language`).
    pub empty: Vec<Empty>,
    /// The same for each of `languages`.
    pub without: Vec<(Language, Vec<Empty>)>,
}

/// A day whose hours are not those of its weekday.
pub struct Otherwise {
    pub date: Date,
    pub parts: Vec<Part>,
    pub why: &'static str,
}

/// Weeks in which everything is the same.
pub struct Alike {
    /// Their Mondays.
    pub mondays: Vec<Date>,
    /// Monday first.
    pub days: [Vec<Part>; 7],
    /// As in every week.
    pub ordinary: bool,
}

impl<'d> Outlook<'d> {
    /// `offered` are the hotline's languages; without them those that are spoken at the desk count. At most [`WEEKS_MOST`].
    pub fn new(
        desk: &'d Desk,
        offered: &[Language],
        language: Option<Language>,
        from: Date,
        weeks: u16,
    ) -> Outlook<'d> {
        let weeks = weeks.clamp(1, WEEKS_MOST);
        let mut languages = offered.to_vec();
        if languages.is_empty() {
            languages.extend(desk.counsellors.iter().flat_map(|who| who.languages.iter().copied()));
            languages.sort_unstable();
            languages.dedup();
        }
        if let Some(language) = language {
            languages = vec![language];
        }
        let (begin, end) = (desk.rota.moment(from, 0), desk.rota.moment(day_after(from, weeks * 7), 0));
        let empty = |language| desk.empty(&Duty::default(), language, begin, end);
        let without = languages.iter().map(|language| (*language, empty(Some(*language)))).collect();
        Outlook { desk, language, from, weeks, empty: empty(language), without, languages }
    }

    /// The first day that is not looked at any more.
    pub fn until(&self) -> Date {
        day_after(self.from, self.weeks * 7)
    }

    /// Whether hours are empty that are not empty in an ordinary week.
    pub fn has_holes(&self) -> bool {
        self.empty.iter().any(|empty| !empty.usual)
    }

    /// Everybody who can be rung in a part, the fallback line last.
    pub fn reachable(&self, part: &Part) -> Vec<CounsellorIx> {
        let fallback = self.desk.fallback.filter(|fallback| !part.who.contains(fallback));
        part.who.iter().copied().chain(fallback).collect()
    }

    /// How many of these speak it.
    pub fn speakers(&self, part: &Part, language: Language) -> usize {
        self.reachable(part).iter().filter(|one| self.desk.speaks(**one, Some(language))).count()
    }

    /// The weekly hours in which nobody can be rung, or nobody who speaks this.
    pub fn usually_empty(&self, language: Option<Language>) -> [Vec<Stretch>; 7] {
        let counts =
            |who: &[CounsellorIx]| !who.iter().chain(&self.desk.fallback).any(|one| self.desk.speaks(*one, language));
        std::array::from_fn(|day| super::rota::stretches(&self.desk.rota.usual_day(day), counts))
    }

    /// The days that are not as their weekday is, in order.
    pub fn otherwise(&self) -> Vec<Otherwise> {
        let rota = &self.desk.rota;
        let dates = (0..self.weeks * 7).map(|days| day_after(self.from, days));
        let day = |date: Date| {
            let parts = rota.day(date);
            let why = match rota.kind(date) {
                Kind::Exception => "an exception",
                Kind::Holiday => "a holiday",
                Kind::Ordinary => "after the night before",
            };
            (parts != rota.usual_day(weekday(date))).then_some(Otherwise { date, parts, why })
        };
        dates.filter_map(day).collect()
    }

    /// The weeks, Monday to Sunday, those that are alike together.
    pub fn alike(&self) -> Vec<Alike> {
        let rota = &self.desk.rota;
        let usual: [Vec<Part>; 7] = std::array::from_fn(|day| rota.usual_day(day));
        let first = self.from.checked_sub(i64::try_from(weekday(self.from)).unwrap_or(0).days()).unwrap_or(self.from);
        let mut kinds: Vec<Alike> = Vec::new();
        let mut week = 0;
        while day_after(first, week * 7) < self.until() {
            let monday = day_after(first, week * 7);
            let days: [Vec<Part>; 7] = std::array::from_fn(|day| rota.day(day_after(monday, day as u16)));
            match kinds.iter_mut().find(|kind| kind.days == days) {
                Some(kind) => kind.mondays.push(monday),
                None => {
                    let ordinary = days == usual;
                    kinds.push(Alike { mondays: vec![monday], days, ordinary });
                }
            }
            week += 1;
        }
        kinds
    }

    /// For how long each counsellor is on the rota in these weeks, in minutes.
    pub fn minutes(&self) -> Vec<i64> {
        let rota = &self.desk.rota;
        let (begin, end) = (rota.moment(self.from, 0), rota.moment(self.until(), 0));
        let mut minutes: BTreeMap<CounsellorIx, i64> = BTreeMap::new();
        for span in rota.spans(begin, end) {
            for one in span.who {
                *minutes.entry(one).or_default() += span.to.duration_since(span.from).as_mins();
            }
        }
        let of = |(_, at): (_, u8)| minutes.get(&CounsellorIx(at)).copied().unwrap_or(0);
        self.desk.counsellors.iter().zip(0..).map(of).collect()
    }
}

fn day_after(date: Date, days: u16) -> Date {
    date.checked_add(i64::from(days).days()).unwrap_or(Date::MAX)
}
