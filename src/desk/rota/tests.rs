//! Tables of days that go wrong elsewhere, and every moment against a slow and obvious reference.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;

fn ix(who: &[u8]) -> Vec<CounsellorIx> {
    who.iter().copied().map(CounsellorIx).collect()
}

fn names(who: &[CounsellorIx]) -> Vec<u8> {
    who.iter().map(|one| one.0).collect()
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap()
}

fn days(text: &str) -> Days {
    let mut days = Days::default();
    for name in text.split(',') {
        match DAYS.iter().position(|known| *known == name) {
            Some(day) => days.week[day] = true,
            None if name == "all" => days.week = [true; 7],
            None => days.holiday = true,
        }
    }
    days
}

fn shift(on: &str, time: &str, who: &[u8]) -> Shift {
    Shift { days: days(on), stretch: crate::base::hours::parse_stretch(time).unwrap(), who: ix(who) }
}

fn exception(date: &str, shift: Option<(&str, &[u8])>) -> Exception {
    let shift = shift.map(|(time, who)| (crate::base::hours::parse_stretch(time).unwrap(), ix(who)));
    Exception { date: date.parse().unwrap(), shift }
}

/// Each hour of a day has somebody else, nights pass midnight, and there are all kinds of special days.
fn rota() -> Rota {
    Rota::new(
        zone(),
        &[
            shift("mon,tue,wed,thu,fri", "09:00-17:00", &[0, 1]),
            shift("all", "22:00-02:30", &[2]),
            shift("all", "02:30-06:00", &[3]),
            shift("wed", "12:00-18:00", &[1, 4]),
            shift("holiday", "10:00-14:00", &[4]),
        ],
        &[
            Holiday::EveryYear { month: 12, day: 25 },
            Holiday::EveryYear { month: 2, day: 29 },
            Holiday::Once("2027-04-05".parse().unwrap()),
        ],
        &[
            exception("2026-12-31", Some(("18:00-02:00", &[5]))),
            exception("2026-12-31", Some(("09:00-12:00", &[0]))),
            exception("2027-01-01", None),
            exception("2027-12-25", Some(("08:00-09:00", &[5]))),
        ],
    )
}

#[test]
fn every_kind_of_day() {
    let rota = rota();
    let case = |local: &str, who: &[u8]| {
        let at = crate::base::moment::parse(local, &zone()).unwrap();
        assert_eq!(names(&rota.on_duty(at)), who, "{local}");
    };
    // An ordinary Monday and Wednesday.
    case("2026-11-23 08:59:59", &[]);
    case("2026-11-23 09:00", &[0, 1]);
    case("2026-11-23 16:59:59", &[0, 1]);
    case("2026-11-23 17:00", &[]);
    case("2026-11-25 12:00", &[0, 1, 4]);
    case("2026-11-25 17:00", &[1, 4]);
    // A night past midnight, Sunday to Monday.
    case("2026-11-22 22:00", &[2]);
    case("2026-11-23 00:00", &[2]);
    case("2026-11-23 02:29:59", &[2]);
    case("2026-11-23 02:30", &[3]);
    case("2026-11-23 06:00", &[]);
    // Christmas: what began the day before goes on, what begins is the holiday's, also the night after.
    case("2026-12-24 23:00", &[2]);
    case("2026-12-25 01:00", &[2]);
    case("2026-12-25 02:30", &[]);
    case("2026-12-25 10:00", &[4]);
    case("2026-12-25 22:30", &[]);
    case("2026-12-26 01:00", &[]);
    case("2026-12-26 03:00", &[3]);
    // An exception stands above a holiday.
    case("2027-12-25 08:30", &[5]);
    case("2027-12-25 10:00", &[]);
    // Two stretches on New Year's Eve, over the year's end, into a day without shifts of its own.
    case("2026-12-31 10:00", &[0]);
    case("2026-12-31 13:00", &[]);
    case("2026-12-31 23:59:59", &[5]);
    case("2027-01-01 00:00", &[5]);
    case("2027-01-01 02:00", &[]);
    case("2027-01-01 23:00", &[]);
    case("2027-01-02 03:00", &[3]);
    // A holiday of one year.
    case("2027-04-05 10:00", &[4]);
    case("2028-04-05 10:00", &[0, 1]);
    // The leap day, a holiday here; there is none in 2027.
    case("2028-02-29 10:00", &[4]);
    case("2028-02-29 22:30", &[]);
    case("2028-03-01 01:00", &[]);
    case("2027-03-01 01:00", &[2]);
}

#[test]
fn both_clock_changes_leave_no_gap_and_no_overlap() {
    let rota = rota();
    let case = |utc: &str, who: &[u8]| {
        assert_eq!(names(&rota.on_duty(utc.parse().unwrap())), who, "{utc}");
    };
    // Spring: 02:30 does not exist; the night is handed over at the change.
    case("2027-03-28T00:59:59Z", &[2]);
    case("2027-03-28T01:00:00Z", &[3]);
    case("2027-03-28T03:59:59Z", &[3]);
    case("2027-03-28T04:00:00Z", &[]);
    // Autumn: 02:30 comes twice; it is handed over the first time, and nobody comes back.
    case("2027-10-31T00:29:59Z", &[2]);
    case("2027-10-31T00:30:00Z", &[3]);
    case("2027-10-31T01:15:00Z", &[3]);
    case("2027-10-31T04:59:59Z", &[3]);
    case("2027-10-31T05:00:00Z", &[]);
    for (from, to) in
        [("2027-03-27T21:00:00Z", "2027-03-28T04:00:00Z"), ("2027-10-30T20:00:00Z", "2027-10-31T05:00:00Z")]
    {
        let spans = rota.spans(from.parse().unwrap(), to.parse().unwrap());
        assert_eq!(spans.iter().map(|span| names(&span.who)).collect::<Vec<_>>(), [[2], [3]], "{spans:?}");
    }
}

#[test]
fn a_shift_in_the_hour_that_is_left_out_is_no_time_at_all() {
    let rota = Rota::new(zone(), &[shift("sun", "02:00-03:00", &[0])], &[], &[]);
    let hours = |day: &str| -> i64 {
        let from: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        let spans = rota.spans(from, from + SignedDuration::from_hours(24));
        let on = spans.iter().filter(|span| !span.who.is_empty());
        on.map(|span| span.to.as_second() - span.from.as_second()).sum::<i64>() / 60
    };
    assert_eq!([hours("2027-03-21"), hours("2027-03-28"), hours("2027-10-31")], [60, 0, 120]);
}

#[test]
fn whole_days_and_long_shifts() {
    let rota = Rota::new(zone(), &[shift("mon", "00:00-24:00", &[0]), shift("tue", "08:00-07:30", &[1])], &[], &[]);
    let case = |local: &str, who: &[u8]| {
        let at = crate::base::moment::parse(local, &zone()).unwrap();
        assert_eq!(names(&rota.on_duty(at)), who, "{local}");
    };
    case("2026-11-23 00:00", &[0]);
    case("2026-11-23 23:59:59", &[0]);
    case("2026-11-24 00:00", &[]);
    case("2026-11-24 08:00", &[1]);
    case("2026-11-25 07:29", &[1]);
    case("2026-11-25 07:30", &[]);
}

#[test]
fn the_hours_of_a_desk_of_one() {
    let week = ["mon-fri 09:00-17:00".to_owned(), "sat 22:00-02:00".to_owned()];
    let hours = Hours::parse(zone(), &week, &["2026-12-25 closed".into(), "2026-12-27 10:00-12:30".into()]).unwrap();
    let rota = Rota::of_hours(hours.clone(), ix(&[0]));
    let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    for half_hours in 0..48 * 60 {
        let at = start + SignedDuration::from_mins(half_hours * 30);
        assert_eq!(!rota.on_duty(at).is_empty(), hours.open_at(at), "{at}");
    }
    let back = rota.hours("2026-12-01".parse().unwrap(), 40, |who| !who.is_empty());
    assert_eq!(back, hours);
}

#[test]
fn the_hours_that_callers_are_told() {
    let hours = rota().hours("2026-12-20".parse().unwrap(), 20, |who| !who.is_empty());
    let stretch = |from: u16, to: u16| Stretch { from: from * 60, to: to * 60 };
    assert_eq!(hours.week[0], [stretch(0, 6), stretch(9, 17), stretch(22, 24)]);
    assert_eq!(hours.week[2], [stretch(0, 6), stretch(9, 18), stretch(22, 24)]);
    assert_eq!(hours.week[6], [stretch(0, 6), stretch(22, 24)]);
    let dates: Vec<String> = hours.exceptions.iter().map(|(date, _)| date.to_string()).collect();
    assert_eq!(dates, ["2026-12-25", "2026-12-26", "2026-12-31", "2027-01-01", "2027-01-02"]);
    assert_eq!(hours.exceptions[0].1, [Stretch { from: 0, to: 150 }, stretch(10, 14)]);
    assert_eq!(hours.exceptions[3].1, [stretch(0, 2)]);
}

#[test]
fn a_day_as_it_is_written_down() {
    let rota = rota();
    let told = |parts: Vec<Part>| -> Vec<(u16, u16, Vec<u8>)> {
        parts.into_iter().map(|part| (part.stretch.from, part.stretch.to, names(&part.who))).collect()
    };
    let christmas = told(rota.day("2026-12-25".parse().unwrap()));
    assert_eq!(christmas, [(0, 150, vec![2]), (150, 600, vec![]), (600, 840, vec![4]), (840, 1440, vec![])]);
    let sunday = told(rota.usual_day(6));
    assert_eq!(sunday, [(0, 150, vec![2]), (150, 360, vec![3]), (360, 1320, vec![]), (1320, 1440, vec![2])]);
}

#[test]
fn days_as_they_are_written() {
    for text in ["mon-fri", "sat,sun", "mon-sun", "mon,wed,fri-sun,holiday", "holiday"] {
        let mut days = Days::default();
        for part in text.split(',') {
            let at = |name: &str| DAYS.iter().position(|known| *known == name).unwrap();
            match part.split_once('-') {
                Some((first, last)) => (at(first)..=at(last)).for_each(|day| days.week[day] = true),
                None if part == "holiday" => days.holiday = true,
                None => days.week[at(part)] = true,
            }
        }
        assert_eq!(days_written(days), text);
    }
}

/// What the file says, read anew for every question: the first moment at which the wall shows a time or a later one, found
/// by looking every half hour, and every shift of every day near.
struct Slow {
    zone: TimeZone,
    shifts: Vec<Shift>,
    holidays: Vec<Holiday>,
    exceptions: Vec<Exception>,
}

impl Slow {
    fn first_shown(&self, date: Date, minute: u16) -> Timestamp {
        let local = date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).unwrap();
        let mut at = TimeZone::UTC.to_timestamp(local).unwrap() - SignedDuration::from_hours(15);
        while self.zone.to_datetime(at) < local {
            at += SignedDuration::from_mins(30);
        }
        at
    }

    fn on_duty(&self, at: Timestamp) -> Vec<CounsellorIx> {
        let today = self.zone.to_datetime(at).date();
        let mut who = Vec::new();
        for date in [today - 2.days(), today - 1.days(), today, today + 1.days()] {
            let own: Vec<&Exception> = self.exceptions.iter().filter(|own| own.date == date).collect();
            let holiday = self.holidays.iter().any(|holiday| match holiday {
                Holiday::EveryYear { month, day } => (*month, *day) == (date.month(), date.day()),
                Holiday::Once(once) => *once == date,
            });
            let begin: Vec<(Stretch, &Vec<CounsellorIx>)> = match own.is_empty() {
                false => own.iter().filter_map(|own| own.shift.as_ref()).map(|(time, who)| (*time, who)).collect(),
                true => {
                    let begins = |days: &Days| if holiday { days.holiday } else { days.week[weekday(date)] };
                    let shifts = self.shifts.iter().filter(|shift| begins(&shift.days));
                    shifts.map(|shift| (shift.stretch, &shift.who)).collect()
                }
            };
            for (stretch, people) in begin {
                if self.first_shown(date, stretch.from) <= at && at < self.first_shown(date, stretch.to) {
                    who.extend(people);
                }
            }
        }
        let mut once = Vec::new();
        who.into_iter().for_each(|one| {
            if !once.contains(&one) {
                once.push(one)
            }
        });
        once
    }
}

fn any_stretch() -> impl Strategy<Value = Stretch> {
    (0u16..48, 1u16..48).prop_map(|(from, long)| {
        let (from, to) = (from * 30, (from + long) * 30);
        Stretch { from, to }
    })
}

fn any_who() -> impl Strategy<Value = Vec<CounsellorIx>> {
    prop::collection::vec((0u8..6).prop_map(CounsellorIx), 1..4)
}

fn any_date() -> impl Strategy<Value = Date> {
    let near =
        prop::sample::select(vec!["2027-03-28", "2027-10-31", "2028-02-29", "2027-12-31", "2027-04-04", "2027-10-03"]);
    (near, -2i64..=2).prop_map(|(near, days)| near.parse::<Date>().unwrap() + days.days())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_moment_is_as_the_slow_reference_says(
        lord_howe in any::<bool>(),
        shifts in prop::collection::vec((any::<[bool; 7]>(), any::<bool>(), any_stretch(), any_who()), 0..8),
        holidays in prop::collection::vec((any_date(), any::<bool>()), 0..3),
        exceptions in prop::collection::vec((any_date(), prop::option::of((any_stretch(), any_who()))), 0..3),
        near in any_date(),
        seconds in prop::collection::vec(0i64..86_400, 12),
    ) {
        // There the clocks change by half an hour, in the other half of the year.
        let zone = TimeZone::get(if lord_howe { "Australia/Lord_Howe" } else { "Europe/Amsterdam" }).unwrap();
        let slow = Slow {
            zone: zone.clone(),
            shifts: shifts.into_iter()
                .map(|(week, holiday, stretch, who)| Shift { days: Days { week, holiday }, stretch, who }).collect(),
            holidays: holidays.into_iter().map(|(date, yearly)| match yearly {
                true => Holiday::EveryYear { month: date.month(), day: date.day() },
                false => Holiday::Once(date),
            }).collect(),
            exceptions: exceptions.into_iter().map(|(date, shift)| Exception { date, shift }).collect(),
        };
        let rota = Rota::new(zone.clone(), &slow.shifts, &slow.holidays, &slow.exceptions);
        let start = TimeZone::UTC.to_timestamp(near.at(0, 0, 0, 0)).unwrap();
        for second in seconds {
            // On the half hour most of the time: there somebody comes or goes.
            let second = if second % 3 == 0 { second } else { second - second % 1800 };
            let at = start + SignedDuration::from_secs(second);
            prop_assert_eq!(rota.on_duty(at), slow.on_duty(at), "{}", at);
        }
        let end = start + SignedDuration::from_hours(30);
        let mut next = start;
        for span in rota.spans(start, end) {
            prop_assert!(span.from == next && span.from < span.to);
            for at in [span.from, span.to - SignedDuration::from_secs(1)] {
                prop_assert_eq!(&span.who, &slow.on_duty(at), "{}", at);
            }
            next = span.to;
        }
        prop_assert_eq!(next, end);
    }
}
