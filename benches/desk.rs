//! Whom to ring for the last of 10, 1 000 and 10 000 callers who wait: the cost must not grow with their number. Beside it
//! the obvious way, which promises everybody before her somebody in turn; read each size as a ratio to that one.
//!
//! `cargo bench --bench desk`; the figures of one machine stand in `docs/speed.md`.

use divan::{Bencher, black_box};
use hulplijn::base::hours::Hours;
use hulplijn::base::{Accept, Callee, CounsellorId, CounsellorIx, CounsellorSet, Language, Line};
use hulplijn::desk::{By, Caller, Counsellor, Desk, Duty, Plan, Queue, Rota, Stage, Strategy, Want, whom};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const WAITING: [usize; 3] = [10, 1_000, 10_000];

/// A desk of eight, all on duty, every second of whom speaks Romanian too.
fn desk() -> Desk {
    let line = Line { callee: Callee::Pretend, accept: Accept::Key, ring_s: 15 };
    let counsellor = |at: u8| Counsellor {
        languages: ["nl", "ro"][..1 + usize::from(at % 2)].iter().map(|tag| language(tag)).collect(),
        ..Counsellor::new(CounsellorId::new(&format!("c{at}")).expect("a name"), line.clone())
    };
    Desk {
        counsellors: (0..8).map(counsellor).collect(),
        rota: Rota::of_hours(Hours::always(TimeZone::UTC), (0..8).map(CounsellorIx).collect()),
        strategy: Strategy::LongestIdle,
        fallback: None,
        choose_gender: false,
        wrap_up_s: 60,
        wait_max_s: 180,
        talk_max_s: 7200,
        language: None,
        staff_number: None,
        told: None,
    }
}

fn language(tag: &str) -> Language {
    Language::new(tag).expect("a language")
}

fn want(call: usize) -> Want {
    Want { language: Some(language(["nl", "ro"][call % 2])), ..Want::default() }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a moment")
}

/// Since when this one waits: all came within the last three minutes.
fn since_s(call: usize) -> i64 {
    now().as_second() - 180 + i64::try_from(call % 180).expect("small")
}

fn queue(waiting: usize) -> Queue<usize> {
    let mut queue = Queue::new(16);
    for call in 0..waiting {
        let caller = Caller::Number { hash: call as u64, before: None };
        assert!(queue.enter(&call, caller, now()));
        queue.stand(&call, Stage::Waiting { since_s: since_s(call) }, want(call), now());
    }
    queue
}

/// Who waits last.
fn last(waiting: usize) -> usize {
    (0..waiting).max_by_key(|call| (since_s(*call), *call)).expect("somebody waits")
}

/// Everybody who waits is sorted, and promised somebody, whether anybody is left or not.
fn obvious(desk: &Desk, waiting: &[(i64, usize)], call: usize) -> Plan {
    let mut order = waiting.to_vec();
    order.sort();
    let reachable = desk.reachable(&Duty::default(), now());
    let mut taken = CounsellorSet::default();
    for (_, other) in order {
        let plan = whom(desk, &reachable, &[None; 64], taken, &want(other), By::Dial);
        match plan {
            _ if other == call => return plan,
            Plan::Ring(promised) => taken = taken.with(promised),
            _ => {}
        }
    }
    Plan::Closed
}

#[divan::bench(args = WAITING)]
fn baseline_everybody_is_promised_somebody(bencher: Bencher, waiting: usize) {
    let (desk, call) = (desk(), last(waiting));
    let all: Vec<(i64, usize)> = (0..waiting).map(|call| (since_s(call), call)).collect();
    let ours = queue(waiting).plan(
        (&desk, &Duty::default()),
        CounsellorSet::default(),
        &call,
        (&want(call), since_s(call)),
        By::Dial,
        now(),
    );
    assert_eq!(obvious(&desk, &all, call), ours);
    bencher.bench_local(|| obvious(&desk, black_box(&all), call));
}

#[divan::bench(args = WAITING)]
fn plan(bencher: Bencher, waiting: usize) {
    let (desk, duty, queue, call) = (desk(), Duty::default(), queue(waiting), last(waiting));
    bencher.bench_local(|| {
        let wish = (&want(call), since_s(call));
        queue.plan((&desk, &duty), black_box(CounsellorSet::default()), &call, wish, By::Dial, now())
    });
}

/// Everybody on duty talks: nobody before her needs to be looked at.
#[divan::bench(args = WAITING)]
fn plan_while_all_talk(bencher: Bencher, waiting: usize) {
    let (desk, duty, queue, call) = (desk(), Duty::default(), queue(waiting), last(waiting));
    let all: CounsellorSet = (0..8).map(CounsellorIx).collect();
    bencher.bench_local(|| {
        let wish = (&want(call), since_s(call));
        queue.plan((&desk, &duty), black_box(all), &call, wish, By::Dial, now())
    });
}

/// The heartbeat of the loop.
#[divan::bench(args = WAITING)]
fn stand(bencher: Bencher, waiting: usize) {
    let (mut queue, call) = (queue(waiting), last(waiting));
    let stage = Stage::Waiting { since_s: since_s(call) };
    bencher.bench_local(|| queue.stand(&call, stage, black_box(want(call)), now()));
}

/// A call of a new number begins to ask: every other is looked at, once in a call.
#[divan::bench(args = WAITING)]
fn enter(bencher: Bencher, waiting: usize) {
    let mut queue = queue(waiting);
    let caller = Caller::Number { hash: u64::MAX, before: None };
    bencher.bench_local(|| {
        let entered = queue.enter(&usize::MAX, black_box(caller), now());
        queue.leave(&usize::MAX);
        entered
    });
}

fn main() {
    divan::main();
}
