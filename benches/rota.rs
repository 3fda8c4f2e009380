//! Who is on duty now, for rotas of 10, 1 000 and 10 000 shifts: the cost must not grow with their number. Beside it the
//! obvious way, which looks at every shift; read each size as a ratio to that one.
//!
//! `cargo bench --bench rota`; the figures of one machine stand in `docs/speed.md`.

use divan::{Bencher, black_box};
use hulplijn::base::hours::Stretch;
use hulplijn::base::moment::moment;
use hulplijn::desk::rota::{Shift, weekday};
use hulplijn::desk::{CounsellorIx, Days, Rota};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const SHIFTS: [usize; 3] = [10, 1_000, 10_000];

fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").expect("zone data is inside")
}

/// A Tuesday in the night.
fn now() -> Timestamp {
    Timestamp::from_second(1_795_483_800).expect("a moment")
}

/// Shifts on all days and at all hours, a third of them nights, of 64 counsellors.
fn shifts(number: usize) -> Vec<Shift> {
    let shift = |at: usize| {
        let from = u16::try_from(at * 7 % 48).expect("below 48") * 30;
        let mut days = Days::default();
        days.week[at % 7] = true;
        days.week[at * 3 % 7] = true;
        let who = (0..3).map(|step| CounsellorIx(u8::try_from((at * 5 + step) % 64).expect("below 64"))).collect();
        Shift { days, stretch: Stretch { from, to: from + 480 }, who }
    };
    (0..number).map(shift).collect()
}

/// Every shift of today and of yesterday, with its moments, for every question.
fn obvious(zone: &TimeZone, shifts: &[Shift], at: Timestamp) -> Vec<CounsellorIx> {
    let today: Date = zone.to_datetime(at).date();
    let mut who = Vec::new();
    for date in [today - 1.day(), today] {
        for shift in shifts.iter().filter(|shift| shift.days.week[weekday(date)]) {
            let at_minute = |minute: u16| moment(zone, date.at(0, 0, 0, 0) + i64::from(minute).minutes());
            if at_minute(shift.stretch.from) <= at && at < at_minute(shift.stretch.to) {
                for one in &shift.who {
                    if !who.contains(one) {
                        who.push(*one);
                    }
                }
            }
        }
    }
    who
}

#[divan::bench(args = SHIFTS)]
fn baseline_every_shift_is_looked_at(bencher: Bencher, number: usize) {
    let (zone, shifts) = (zone(), shifts(number));
    assert_eq!(obvious(&zone, &shifts, now()), Rota::new(zone.clone(), &shifts, &[], &[]).on_duty(now()));
    bencher.bench_local(|| obvious(&zone, &shifts, black_box(now())));
}

#[divan::bench(args = SHIFTS)]
fn on_duty(bencher: Bencher, number: usize) {
    let rota = Rota::new(zone(), &shifts(number), &[], &[]);
    bencher.bench_local(|| rota.on_duty(black_box(now())));
}

/// Once, when the file is read.
#[divan::bench(args = SHIFTS)]
fn made_of_shifts(bencher: Bencher, number: usize) {
    let (zone, shifts) = (zone(), shifts(number));
    bencher.bench_local(|| Rota::new(zone.clone(), black_box(&shifts), &[], &[]));
}

fn main() {
    divan::main();
}
