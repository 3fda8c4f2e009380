//! Hours with nobody, and when the coordinator is told of them.
//!
//! One sentence: she is told, 24 hours and 1 hour before, of hours in which an ordinary week has somebody and this one
//! has nobody. Hours that are closed every week are no news.

use super::rota::{minute, weekday};
use super::{CounsellorIx, Desk, Duty};
use crate::base::Language;
use crate::base::moment::wall;
use crate::desk::rota::Kind;
use jiff::{SignedDuration, Timestamp};

/// Time in which nobody can be rung, or nobody who speaks a language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Empty {
    pub from: Timestamp,
    /// Excluded.
    pub to: Timestamp,
    /// It is so every week; otherwise an ordinary week has somebody then.
    pub usual: bool,
}

impl Desk {
    /// Everything between two moments when nobody can be rung, or nobody who speaks this language; in order. Who is off
    /// duty by telephone counts as off, who is on duty beside the rota is not counted on.
    pub fn empty(&self, duty: &Duty, language: Option<Language>, from: Timestamp, to: Timestamp) -> Vec<Empty> {
        let zone = self.rota.zone();
        let counts = |who: &[CounsellorIx]| who.iter().chain(&self.fallback).any(|one| self.speaks(*one, language));
        let mut empty: Vec<Empty> = Vec::new();
        for (from, to) in self.rota.pieces(from, to) {
            let mut who = self.rota.on_duty(from);
            who.retain(|one| !duty.off.contains(one));
            if counts(&who) {
                continue;
            }
            let shown = wall(zone, from);
            let usual = !counts(&self.rota.usually(weekday(shown.date()), minute(shown.time())));
            match empty.last_mut() {
                Some(last) if last.to == from && last.usual == usual => last.to = to,
                _ => empty.push(Empty { from, to, usual }),
            }
        }
        empty
    }

    /// Why these hours are not as in an ordinary week, in words.
    pub fn why(&self, empty: &Empty) -> &'static str {
        if empty.usual {
            return "closed every week";
        }
        // A night that did not begin belongs to the day before.
        let date = wall(self.rota.zone(), empty.from).date();
        let kinds = [self.rota.kind(date), date.yesterday().map_or(Kind::Ordinary, |date| self.rota.kind(date))];
        match kinds.into_iter().find(|kind| *kind != Kind::Ordinary) {
            Some(Kind::Exception) => "an exception",
            Some(Kind::Holiday) => "a holiday",
            _ => "nobody of the shift is on duty",
        }
    }
}

/// How long before.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// At most this many warnings are remembered: every half hour of two days, told twice.
const TOLD_MOST: usize = 192;

/// Decides when the coordinator is told of hours that will be empty: each once a day before and once an hour before, or as
/// soon as it is known. It remembers what was told; after a restart what is near is told again, since the file may be new.
#[derive(Default, Debug)]
pub struct Warner {
    /// When they begin, and whether the hour before has come.
    told: Vec<(Timestamp, bool)>,
}

impl Warner {
    /// What has to be told now, in order of time.
    pub fn due(&mut self, desk: &Desk, duty: &Duty, now: Timestamp) -> Vec<Empty> {
        let (Ok(tomorrow), Ok(end)) = (now.checked_add(DAY), now.checked_add(DAY * 2)) else { return Vec::new() };
        // For a day more, so that a clock that is set back tells nothing twice.
        self.told.retain(|(begins, _)| begins.checked_add(DAY).is_ok_and(|forgotten| forgotten > now));
        let mut coming = desk.empty(duty, None, now, end);
        // What is empty already is no news that can still be acted upon in time.
        coming.retain(|empty| !empty.usual && now < empty.from && empty.from <= tomorrow);
        coming.retain(|empty| {
            let near = empty.from.duration_since(now) <= HOUR;
            let new = !self.told.iter().any(|(begins, told_near)| *begins == empty.from && (*told_near || !near));
            if new {
                self.told.push((empty.from, near));
            }
            new
        });
        self.told.drain(..self.told.len().saturating_sub(TOLD_MOST));
        coming
    }
}

/// The sentence of the alarm; nothing if there is nothing to tell.
pub fn sentence(desk: &Desk, due: &[Empty], now: Timestamp) -> Option<String> {
    let first = due.first()?;
    let zone = desk.rota.zone();
    let told = |at: Timestamp| wall(zone, at).strftime("%A %-d %B %Y, %H:%M").to_string();
    let hours = (first.from.duration_since(now).as_secs() + 1800) / 3600;
    let within = match hours {
        0 | 1 => "within the hour".to_owned(),
        hours => format!("in {hours} hours"),
    };
    let more = match due.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more within 24 hours"),
    };
    Some(format!(
        "the desk is empty {within}: nobody from {} until {} ({}){more}; a caller who asks for a person then hears that \
         nobody is there; `hulplijn desk rota` shows who is",
        told(first.from),
        told(first.to),
        desk.why(first)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::fixture::desk;

    fn at(text: &str, desk: &Desk) -> Timestamp {
        crate::base::moment::parse(text, desk.rota.zone()).unwrap()
    }

    fn told(desk: &Desk, empty: &[Empty]) -> Vec<String> {
        let local = |at| wall(desk.rota.zone(), at).strftime("%d %H:%M").to_string();
        empty.iter().map(|one| format!("{}-{} {}", local(one.from), local(one.to), desk.why(one))).collect()
    }

    #[test]
    fn what_is_closed_every_week_is_told_apart() {
        let desk = desk();
        let week = desk.empty(&Duty::default(), None, at("2026-12-24 00:00", &desk), at("2026-12-27 00:00", &desk));
        assert_eq!(
            told(&desk, &week),
            [
                "24 06:00-24 09:00 closed every week",
                "24 17:00-24 22:00 closed every week",
                "25 06:00-25 09:00 closed every week",
                "25 09:00-25 17:00 a holiday",
                "25 17:00-25 22:00 closed every week",
                "25 22:00-26 06:00 a holiday",
                "26 06:00-26 22:00 closed every week",
            ]
        );
    }

    #[test]
    fn nobody_who_speaks_a_language() {
        let desk = desk();
        let (from, to) = (at("2026-11-23 08:00", &desk), at("2026-11-24 08:00", &desk));
        let empty = |tag: &str| told(&desk, &desk.empty(&Duty::default(), Language::new(tag), from, to));
        assert_eq!(empty("ro"), ["23 08:00-23 09:00 closed every week", "23 12:00-24 08:00 closed every week"]);
        let with_fallback = Desk { fallback: Some(CounsellorIx(1)), ..desk.clone() };
        assert_eq!(with_fallback.empty(&Duty::default(), Language::new("nl"), from, to), []);
        assert_eq!(with_fallback.empty(&Duty::default(), Language::new("en"), from, to).len(), 2);
    }

    #[test]
    fn who_said_by_telephone_that_she_is_off_is_missing() {
        let desk = desk();
        let duty = Duty { off: vec![CounsellorIx(2)], ..Duty::default() };
        let (from, to) = (at("2026-11-23 20:00", &desk), at("2026-11-24 08:00", &desk));
        assert_eq!(
            told(&desk, &desk.empty(&duty, None, from, to)),
            [
                "23 20:00-23 22:00 closed every week",
                "23 22:00-24 06:00 nobody of the shift is on duty",
                "24 06:00-24 08:00 closed every week"
            ]
        );
    }

    #[test]
    fn a_day_before_and_an_hour_before_each_once() {
        let desk = desk();
        let mut warner = Warner::default();
        let mut due = |text: &str| told(&desk, &warner.due(&desk, &Duty::default(), at(text, &desk)));
        assert_eq!(due("2026-12-24 08:59:59"), [""; 0]);
        assert_eq!(due("2026-12-24 09:00"), ["25 09:00-25 17:00 a holiday"]);
        assert_eq!(due("2026-12-24 09:01"), [""; 0]);
        assert_eq!(due("2026-12-24 22:00"), ["25 22:00-26 06:00 a holiday"]);
        assert_eq!(due("2026-12-25 07:59:59"), [""; 0]);
        assert_eq!(due("2026-12-25 08:00"), ["25 09:00-25 17:00 a holiday"]);
        assert_eq!(due("2026-12-25 08:30"), [""; 0]);
        assert_eq!(due("2026-12-25 09:00"), [""; 0]);
        assert_eq!(due("2026-12-25 21:00"), ["25 22:00-26 06:00 a holiday"]);
        assert_eq!(due("2026-12-25 21:01"), [""; 0]);
    }

    #[test]
    fn what_is_near_at_a_start_is_told_at_once_and_once() {
        let desk = desk();
        let mut warner = Warner::default();
        let mut due = |text: &str| warner.due(&desk, &Duty::default(), at(text, &desk)).len();
        assert_eq!([due("2026-12-25 08:45"), due("2026-12-25 08:46"), due("2026-12-25 09:30")], [2, 0, 0]);
        // A clock that was set back tells nothing twice.
        assert_eq!(due("2026-12-25 08:50"), 0);
    }

    #[test]
    fn no_alarm_in_ordinary_weeks_or_with_a_fallback_line() {
        let desk = desk();
        let with_fallback = Desk { fallback: Some(CounsellorIx(1)), ..desk.clone() };
        for (desk, from) in [(&desk, "2027-03-20 00:00"), (&with_fallback, "2026-12-20 00:00")] {
            let mut warner = Warner::default();
            let start = at(from, desk);
            for minutes in (0..14 * 24 * 60).step_by(15) {
                let due = warner.due(desk, &Duty::default(), start + SignedDuration::from_mins(minutes));
                assert_eq!(due, [], "{from} {minutes}");
            }
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let desk = desk();
        let mut warner = Warner::default();
        let start = at("2026-12-20 00:00", &desk);
        for hours in 0..24 * 400 {
            warner.due(&desk, &Duty::default(), start + SignedDuration::from_hours(hours));
            assert!(warner.told.len() <= 8);
        }
    }

    #[test]
    fn the_sentence() {
        let desk = desk();
        let now = at("2026-12-24 22:00", &desk);
        let due = Warner::default().due(&desk, &Duty::default(), now);
        insta::assert_snapshot!(sentence(&desk, &due, now).unwrap(), @"the desk is empty in 11 hours: nobody from Friday 25 December 2026, 09:00 until Friday 25 December 2026, 17:00 (a holiday); 1 more within 24 hours; a caller who asks for a person then hears that nobody is there; `hulplijn desk rota` shows who is");
        assert_eq!(sentence(&desk, &[], now), None);
    }
}
