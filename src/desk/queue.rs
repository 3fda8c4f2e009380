//! Who asks for a person now: one live request per caller, a shared cap for callers without a number, and whoever waits
//! longest goes first.
//!
//! Needs: somebody with two hundred calls at once must not have two hundred chances at the desk while a frightened caller
//! has one. Information, texts and the emergency number are not touched by any of this.
//!
//! Properties: a number is never held, only its hash with the salt of the day; nothing is written down; the table has a
//! stated size. A request lives from asking (key 0, a choice to talk) until the talk ends, the caller leaves or goes
//! back to the information, or nothing is heard of it for its time. It is found by the call's name, so the same call is
//! never in its own way, however often its events are sent. A restart forgets everything and keeps nobody out; since when
//! a caller waits travels with her call, so that the order is the same afterwards.
//!
//! Who goes first: those who wait are gone through from the longest wait on, and each is promised whom she would be rung;
//! what is left is for the next. So a caller is passed only by somebody who is rung a counsellor she could not have.
//!
//! Midnight: the hashes of calls under way were made with yesterday's salt, and stay one caller with it.

use super::whom::{By, Idle, Plan, Want, whom};
use super::{CounsellorIx, CounsellorSet, Desk, Duty};
use crate::base::LeaseId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

/// At most this many requests are remembered. Further ones are not limited and wait behind all others: with as many
/// different numbers a limit per number means nothing, and a caller is not kept out because a table is full.
pub const REQUESTS_MOST: usize = 16_384;

/// Between two choices: the words and the wait for a key are shorter.
const CHOOSING_S: i64 = 30;

/// The waiting loop is heard of every ten seconds; who is not for this long has left.
pub const GONE_S: i64 = 15;

/// How long a caller waits whom a counsellor held back, in seconds.
pub const HELD_BACK_S: i64 = 600;

/// At most this many callers are held back; the oldest are let go first.
const HELD_BACK_MOST: usize = 256;

/// So many different wishes that got nobody are remembered while those who wait are gone through.
const IN_VAIN_MOST: usize = 16;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Hears what there is to choose.
    Choosing,
    /// In the waiting loop, since this unix second.
    Waiting { since_s: i64 },
    /// A counsellor is rung, or talks.
    Dialling { lease: LeaseId, until: Timestamp },
}

/// A caller as far as a limit needs to know one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// The number's hash with today's salt, and with yesterday's while that is still needed.
    Number { hash: u64, before: Option<u64> },
    /// No number to tell one caller from another.
    Withheld,
}

impl Caller {
    fn is(self, known: u64) -> bool {
        match self {
            Caller::Number { hash, before } => hash == known || before == Some(known),
            Caller::Withheld => false,
        }
    }
}

#[derive(Clone)]
struct Request {
    /// `None`: a caller without a number.
    hash: Option<u64>,
    stage: Stage,
    want: Want,
    until: Timestamp,
    /// Made with yesterday's salt.
    before: bool,
    /// The order in which requests began, for those who wait since the same second.
    number: u64,
}

/// The live requests. `K` is the name of a call.
#[derive(Clone)]
pub struct Queue<K> {
    withheld_most: usize,
    requests: HashMap<K, Request>,
    /// Those in the waiting loop, the longest wait first.
    waiting: BTreeMap<(i64, u64), K>,
    begun: u64,
    idle: Idle,
    /// Callers a counsellor held back: the hash, whether it was made with yesterday's salt, and until when.
    held_back: Vec<(u64, bool, Timestamp)>,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// `withheld_most`: how many callers without a number may ask at once.
    pub fn new(withheld_most: usize) -> Queue<K> {
        Queue {
            withheld_most,
            requests: HashMap::new(),
            waiting: BTreeMap::new(),
            begun: 0,
            idle: [None; CounsellorSet::MOST],
            held_back: Vec::new(),
        }
    }

    /// This call asks, or asks on; false if another call of this caller asks already, too many without a number do, or a
    /// counsellor held her back.
    pub fn enter(&mut self, call: &K, caller: Caller, now: Timestamp) -> bool {
        if self.requests.get(call).is_some_and(|own| own.until > now) {
            return true;
        }
        self.leave(call);
        if self.requests.len() >= REQUESTS_MOST {
            self.forget(now);
        }
        let mut live = self.requests.values().filter(|request| request.until > now);
        let refused = match caller {
            Caller::Withheld => live.filter(|other| other.hash.is_none()).count() >= self.withheld_most,
            Caller::Number { .. } => {
                live.any(|other| other.hash.is_some_and(|known| caller.is(known)))
                    || self.held_back.iter().any(|(known, _, until)| caller.is(*known) && *until > now)
            }
        };
        if refused {
            return false;
        }
        if self.requests.len() < REQUESTS_MOST {
            let hash = match caller {
                Caller::Number { hash, .. } => Some(hash),
                Caller::Withheld => None,
            };
            let number = self.begun;
            self.begun = self.begun.saturating_add(1);
            let (stage, until) = (Stage::Choosing, later(now, CHOOSING_S));
            let request = Request { hash, stage, want: Want::default(), until, before: false, number };
            self.requests.insert(call.clone(), request);
        }
        true
    }

    /// Whom to ring for this call, who waits since `since_s` and asks for this.
    pub fn plan(
        &self,
        (desk, duty): (&Desk, &Duty),
        taken: CounsellorSet,
        call: &K,
        (want, since_s): (&Want, i64),
        by: By,
        now: Timestamp,
    ) -> Plan {
        let reachable = desk.reachable(duty, now);
        let on_duty: CounsellorSet = reachable.iter().copied().collect();
        let own = (since_s, self.requests.get(call).map_or(u64::MAX, |request| request.number));
        let mut taken = taken;
        // Whoever asks for the same as somebody who got nobody gets nobody: each round only takes more away.
        let mut in_vain: Vec<Want> = Vec::new();
        for other in self.waiting.range(..own).filter_map(|(_, other)| self.requests.get(other)) {
            // Nobody is left for whoever comes later.
            if on_duty.without(taken).is_empty() {
                break;
            }
            if other.until <= now || in_vain.contains(&other.want) {
                continue;
            }
            match whom(desk, &reachable, &self.idle, taken, &other.want, by) {
                Plan::Ring(promised) => taken = taken.with(promised),
                _ if in_vain.len() < IN_VAIN_MOST => in_vain.push(other.want),
                _ => {}
            }
        }
        whom(desk, &reachable, &self.idle, taken, want, by)
    }

    /// This call stands here now, asking for this.
    pub fn stand(&mut self, call: &K, stage: Stage, want: Want, now: Timestamp) {
        let Some(request) = self.requests.get_mut(call) else { return };
        if let Stage::Waiting { since_s } = request.stage {
            self.waiting.remove(&(since_s, request.number));
        }
        request.until = match stage {
            Stage::Choosing => later(now, CHOOSING_S),
            Stage::Waiting { .. } => later(now, GONE_S),
            Stage::Dialling { until, .. } => until,
        };
        (request.stage, request.want) = (stage, want);
        if let Stage::Waiting { since_s } = stage {
            self.waiting.insert((since_s, request.number), call.clone());
        }
    }

    /// This call does not ask any more.
    pub fn leave(&mut self, call: &K) {
        if let Some(request) = self.requests.remove(call)
            && let Stage::Waiting { since_s } = request.stage
        {
            self.waiting.remove(&(since_s, request.number));
        }
    }

    /// A counsellor took this attempt: its request lives as long as the talk may.
    pub fn accepted(&mut self, lease: LeaseId, until: Timestamp) {
        for request in self.requests.values_mut() {
            if matches!(request.stage, Stage::Dialling { lease: own, .. } if own == lease) {
                request.until = until;
            }
        }
    }

    /// A talk of this counsellor ended.
    pub fn talked(&mut self, counsellor: CounsellorIx, now: Timestamp) {
        if let Some(idle) = self.idle.get_mut(usize::from(counsellor.0)) {
            *idle = Some(now.as_second());
        }
    }

    /// Whether anything of this call is remembered.
    pub fn knows(&self, call: &K) -> bool {
        self.requests.contains_key(call)
    }

    /// Whether this call still asks.
    pub fn is_live(&self, call: &K, now: Timestamp) -> bool {
        self.requests.get(call).is_some_and(|request| request.until > now)
    }

    /// The hash of the caller behind this call, while it asks or talks.
    pub fn hash_of(&self, call: &K) -> Option<u64> {
        self.requests.get(call)?.hash
    }

    /// This caller waits [`HELD_BACK_S`] before she is put through again.
    pub fn hold_back(&mut self, hash: u64, now: Timestamp) {
        if self.held_back.len() >= HELD_BACK_MOST {
            self.held_back.remove(0);
        }
        self.held_back.push((hash, false, later(now, HELD_BACK_S)));
    }

    /// Those in the waiting loop, the longest wait first.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &K> {
        self.waiting.values().filter(move |call| self.requests.get(call).is_some_and(|request| request.until > now))
    }

    /// All on which later answers depend, as it is from this moment on: times as seconds from now, and of the order in which
    /// requests began only the order. Left out are the names of attempts, which the calls themselves know. Two queues that
    /// hash alike go on alike; for proofs that look at every state once.
    pub fn hash_at(&self, now: Timestamp, into: &mut impl Hasher) {
        // What is over is over, however long.
        let away = |at: Timestamp| at.as_second().saturating_sub(now.as_second()).max(0);
        let mut requests: Vec<(&K, &Request)> = self.requests.iter().collect();
        requests.sort_by_key(|(_, request)| request.number);
        for (call, request) in requests {
            (call, request.hash, request.before, request.want, away(request.until)).hash(into);
            match request.stage {
                Stage::Choosing => 0.hash(into),
                Stage::Waiting { since_s } => (1, since_s.saturating_sub(now.as_second())).hash(into),
                Stage::Dialling { until, .. } => (2, away(until)).hash(into),
            }
        }
        // Only who was idle longer than whom is ever asked.
        for one in self.idle.iter().flatten() {
            self.idle.iter().map(|other| other.is_some_and(|other| other < *one)).collect::<Vec<bool>>().hash(into);
        }
        self.idle.map(|one| one.is_some()).hash(into);
        for (hash, before, until) in &self.held_back {
            (hash, before, away(*until)).hash(into);
        }
    }

    /// A new day: what was hashed so far was hashed with yesterday's salt.
    pub fn midnight(&mut self, now: Timestamp) {
        // What is older than a whole day is over: no call is as long.
        self.requests.retain(|_, request| request.until > now && !request.before);
        for request in self.requests.values_mut() {
            request.before = true;
        }
        self.held_back.retain(|(_, before, until)| *until > now && !before);
        for (_, before, _) in &mut self.held_back {
            *before = true;
        }
        self.forget(now);
    }

    /// The clock was set forward by so many seconds, or back: what lasts, lasts as long as before.
    pub fn clock_set(&mut self, by_s: i64) {
        let set = |at: &mut Timestamp| *at = later(*at, by_s);
        for request in self.requests.values_mut() {
            set(&mut request.until);
            if let Stage::Dialling { until, .. } = &mut request.stage {
                set(until);
            }
        }
        self.held_back.iter_mut().for_each(|(_, _, until)| set(until));
        self.idle.iter_mut().flatten().for_each(|at| *at = at.saturating_add(by_s));
    }

    /// Forgets what is over. False when nothing needs yesterday's salt any more.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        self.requests.retain(|_, request| request.until > now);
        let requests = &self.requests;
        self.waiting.retain(|_, call| requests.contains_key(call));
        self.held_back.retain(|(_, _, until)| *until > now);
        let request_needs = |request: &Request| request.before && request.hash.is_some();
        self.requests.values().any(request_needs) || self.held_back.iter().any(|(_, before, _)| *before)
    }
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::whom::tests::desk;
    use super::*;
    use crate::base::{Accept, Language};
    use crate::desk::Strategy;
    use std::time::{Duration, Instant};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn number(hash: u64) -> Caller {
        Caller::Number { hash, before: None }
    }

    fn dialling(lease: u64, until: i64) -> Stage {
        Stage::Dialling { lease: LeaseId(lease), until: at(until) }
    }

    fn want(language: &str) -> Want {
        Want { language: Language::new(language), ..Want::default() }
    }

    fn set(of: &[u8]) -> CounsellorSet {
        of.iter().copied().map(CounsellorIx).collect()
    }

    /// Anna speaks Dutch, Bo Dutch and Romanian.
    fn two() -> Desk {
        desk(Strategy::Order, &[("anna", &["nl"], None, Accept::Key), ("bo", &["nl", "ro"], None, Accept::Key)])
    }

    /// This call asks at this second, and stands in the waiting loop since then.
    fn waits(queue: &mut Queue<u64>, call: u64, want: Want, since: i64) {
        assert!(queue.enter(&call, number(call), at(since)));
        let since_s = at(since).as_second();
        queue.stand(&call, Stage::Waiting { since_s }, want, at(since));
    }

    fn plan(queue: &Queue<u64>, desk: &Desk, taken: &[u8], call: u64, want: Want, (since, now): (i64, i64)) -> Plan {
        let wish = (&want, at(since).as_second());
        queue.plan((desk, &Duty::default()), set(taken), &call, wish, By::Dial, at(now))
    }

    #[test]
    fn a_second_call_of_the_same_number_is_refused_until_the_first_is_over() {
        let mut queue = Queue::new(3);
        assert!(queue.enter(&1, number(1), at(0)));
        assert!(queue.enter(&1, number(1), at(0)), "the same event again, and the next one of the same call");
        assert!(!queue.enter(&2, number(1), at(1)));
        assert!(queue.enter(&3, number(2), at(1)));
        queue.stand(&1, dialling(9, 90), Want::default(), at(5));
        assert!(!queue.enter(&2, number(1), at(89)));
        queue.accepted(LeaseId(9), at(7000));
        assert!(!queue.enter(&2, number(1), at(6999)));
        queue.leave(&1);
        assert!(queue.enter(&2, number(1), at(6999)));
    }

    #[test]
    fn callers_without_a_number_share_a_cap() {
        let mut queue = Queue::new(2);
        assert!(queue.enter(&1, Caller::Withheld, at(0)));
        assert!(queue.enter(&2, Caller::Withheld, at(0)));
        assert!(!queue.enter(&3, Caller::Withheld, at(0)));
        assert!(queue.enter(&4, number(1), at(0)));
        queue.leave(&1);
        assert!(queue.enter(&3, Caller::Withheld, at(0)));
    }

    #[test]
    fn who_is_not_heard_of_is_gone() {
        let mut queue = Queue::new(3);
        // Before she says yes the words take their time.
        assert!(queue.enter(&1, number(1), at(0)));
        assert!(queue.is_live(&1, at(CHOOSING_S - 1)) && !queue.is_live(&1, at(CHOOSING_S)));
        waits(&mut queue, 2, want("nl"), 0);
        let waiting = |queue: &Queue<u64>, now| queue.waiting(at(now)).copied().collect::<Vec<_>>();
        assert_eq!(waiting(&queue, GONE_S - 1), [2]);
        assert_eq!(waiting(&queue, GONE_S), [0_u64; 0]);
        let third = |now| plan(&queue, &two(), &[1], 3, want("nl"), (5, now));
        assert_eq!(third(GONE_S - 1), Plan::Busy, "Anna is promised to the second");
        assert_eq!(third(GONE_S), Plan::Ring(set(&[0])));
        // A heartbeat keeps her place, however late it comes.
        let since_s = at(0).as_second();
        assert!(queue.enter(&2, number(2), at(GONE_S + 5)));
        queue.stand(&2, Stage::Waiting { since_s }, want("nl"), at(GONE_S + 5));
        assert_eq!(plan(&queue, &two(), &[1], 3, want("nl"), (5, GONE_S + 6)), Plan::Busy);
        assert!(!queue.forget(at(CHOOSING_S)) && queue.knows(&2) && !queue.knows(&1));
    }

    #[test]
    fn who_came_first_is_served_first_and_passed_only_where_she_could_not_be() {
        let mut queue = Queue::new(3);
        let desk = two();
        waits(&mut queue, 1, want("nl"), 0);
        waits(&mut queue, 2, want("ro"), 1);
        waits(&mut queue, 3, want("nl"), 2);
        let rings = |taken: &[u8], call, language: &str| {
            let since = i64::try_from(call).unwrap() - 1;
            plan(&queue, &desk, taken, call, want(language), (since, 3))
        };
        // Both free: the first is promised Anna, the second Bo, the third nobody.
        assert_eq!(rings(&[], 1, "nl"), Plan::Ring(set(&[0])));
        assert_eq!(rings(&[], 2, "ro"), Plan::Ring(set(&[1])));
        assert_eq!(rings(&[], 3, "nl"), Plan::Busy);
        // Only Bo: she speaks the second's language, and the first has waited longer.
        assert_eq!(rings(&[0], 1, "nl"), Plan::Ring(set(&[1])));
        assert_eq!(rings(&[0], 2, "ro"), Plan::Busy);
        // Anna rang in vain for the first, who waits for Bo: Anna is for the next.
        let tried = Want { tried: set(&[0]), ..want("nl") };
        queue.stand(&1, Stage::Waiting { since_s: at(0).as_second() }, tried, at(3));
        assert_eq!(plan(&queue, &desk, &[1], 2, want("ro"), (1, 4)), Plan::Ring(set(&[0])));
        assert_eq!(plan(&queue, &desk, &[1], 3, want("nl"), (2, 4)), Plan::Busy);
        assert_eq!(plan(&queue, &desk, &[1], 1, tried, (0, 4)), Plan::Busy);
        // Who is rung does not stand in the way of anybody.
        queue.stand(&1, dialling(1, 60), tried, at(4));
        assert_eq!(plan(&queue, &desk, &[], 3, want("nl"), (2, 5)), Plan::Ring(set(&[0])));
    }

    #[test]
    fn a_restart_keeps_the_order_since_it_travels_with_the_calls() {
        let mut queue = Queue::new(3);
        // After it the loops come in any order.
        for (call, since) in [(3, 2), (1, 0), (2, 1)] {
            assert!(queue.enter(&call, number(call), at(100)));
            queue.stand(&call, Stage::Waiting { since_s: at(since).as_second() }, want("nl"), at(100));
        }
        assert_eq!(queue.waiting(at(101)).copied().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(plan(&queue, &two(), &[0], 3, want("nl"), (2, 101)), Plan::Busy);
        assert_eq!(plan(&queue, &two(), &[0], 1, want("nl"), (0, 101)), Plan::Ring(set(&[1])));
    }

    #[test]
    fn at_midnight_a_number_stays_one_caller() {
        let mut queue = Queue::new(3);
        // Number 5 by Monday's salt, 6 by Tuesday's; another one is 7.
        assert!(queue.enter(&1, number(5), at(0)));
        queue.stand(&1, dialling(1, 7200), Want::default(), at(0));
        queue.midnight(at(60));
        let own = Caller::Number { hash: 6, before: Some(5) };
        assert!(queue.enter(&1, own, at(61)), "the call under way goes on");
        assert!(!queue.enter(&2, own, at(62)), "a second one of its number is still a second one");
        assert!(queue.enter(&3, Caller::Number { hash: 7, before: Some(8) }, at(62)));
        assert!(queue.forget(at(63)), "yesterday's salt is needed");
        queue.leave(&1);
        assert!(!queue.forget(at(63)), "and goes with the last call that needs it");
        // A clock that jumps whole days keeps nothing of two days ago.
        queue.stand(&3, dialling(2, 500_000), Want::default(), at(64));
        queue.midnight(at(86_400));
        assert!(queue.knows(&3));
        queue.midnight(at(2 * 86_400));
        assert!(!queue.knows(&3) && !queue.forget(at(2 * 86_400)));
    }

    #[test]
    fn who_was_held_back_waits_ten_minutes_also_over_midnight() {
        let mut queue = Queue::new(3);
        assert!(queue.enter(&1, number(5), at(0)));
        let hash = queue.hash_of(&1).unwrap();
        queue.leave(&1);
        queue.hold_back(hash, at(0));
        assert!(!queue.enter(&2, number(5), at(HELD_BACK_S - 1)));
        assert!(queue.enter(&3, number(6), at(1)));
        queue.midnight(at(10));
        assert!(queue.forget(at(11)), "yesterday's salt is needed");
        assert!(!queue.enter(&2, Caller::Number { hash: 9, before: Some(5) }, at(HELD_BACK_S - 1)));
        assert!(queue.enter(&2, Caller::Number { hash: 9, before: Some(5) }, at(HELD_BACK_S)));
        // The list is bounded: the oldest are let go first.
        let mut queue: Queue<u64> = Queue::new(3);
        for hash in 0..HELD_BACK_MOST as u64 + 1 {
            queue.hold_back(hash, at(0));
        }
        assert!(queue.enter(&0, number(0), at(1)) && !queue.enter(&1, number(1), at(1)));
    }

    #[test]
    fn a_clock_that_is_set_makes_nothing_longer_or_shorter() {
        for by_s in [3600, -3600] {
            let mut queue = Queue::new(3);
            waits(&mut queue, 1, want("nl"), 0);
            assert!(queue.enter(&2, number(2), at(0)));
            queue.stand(&2, dialling(1, 90), want("nl"), at(0));
            queue.hold_back(3, at(0));
            queue.clock_set(by_s);
            let at = |seconds| at(by_s + seconds);
            assert!(queue.is_live(&1, at(GONE_S - 1)) && !queue.is_live(&1, at(GONE_S)));
            assert!(queue.is_live(&2, at(89)) && !queue.is_live(&2, at(90)));
            assert!(!queue.enter(&3, number(3), at(HELD_BACK_S - 1)) && queue.enter(&3, number(3), at(HELD_BACK_S)));
        }
    }

    #[test]
    fn the_table_is_bounded_and_a_full_one_keeps_nobody_out() {
        let most = REQUESTS_MOST as u64;
        let mut queue = Queue::new(3);
        for call in 0..most {
            // Numbers differ: looking for a second call of each is not what is shown here.
            queue.requests.insert(call, Request { number: call, until: at(30), ..request(call) });
        }
        for late in most..most + 10 {
            assert!(queue.enter(&late, number(late), at(1)));
            queue.stand(&late, Stage::Waiting { since_s: at(1).as_second() }, want("nl"), at(1));
            assert!(!queue.knows(&late), "and waits behind all others");
        }
        assert_eq!(queue.requests.len(), REQUESTS_MOST);
        assert!(!queue.enter(&(most + 20), number(0), at(1)));
        // Once they are over there is room again.
        assert!(queue.enter(&(most + 20), number(0), at(100)));
        assert_eq!(queue.requests.len(), 1);
    }

    fn request(hash: u64) -> Request {
        let (stage, until, want) = (Stage::Choosing, at(0), Want::default());
        Request { hash: Some(hash), stage, want, until, before: false, number: 0 }
    }

    #[test]
    fn ten_thousand_wait_in_order_and_are_looked_through_fast() {
        const WAITING: u64 = 10_000;
        let mut queue = Queue::new(3);
        // They come in any order: 7919 is prime to 10 000. Two begin in each second.
        for step in 0..WAITING {
            let call = step * 7919 % WAITING;
            queue.requests.insert(call, Request { number: call, ..request(call) });
            let since_s = at(i64::try_from(call / 2).unwrap()).as_second();
            queue.stand(&call, Stage::Waiting { since_s }, want(["nl", "ro"][(call % 2) as usize]), at(6000));
        }
        assert!(queue.waiting(at(6001)).copied().eq(0..WAITING));
        let desk = two();
        let rings = |taken: &[u8], call: u64| {
            let language = ["nl", "ro"][(call % 2) as usize];
            plan(&queue, &desk, taken, call, want(language), (i64::try_from(call / 2).unwrap(), 6001))
        };
        assert_eq!((rings(&[], 0), rings(&[], 1)), (Plan::Ring(set(&[0])), Plan::Ring(set(&[1]))));
        // Nobody who came later has a chance.
        for call in [2, 3, 4999, 9999] {
            assert_eq!(rings(&[], call), Plan::Busy);
        }
        // A hundredth of a loop's ten seconds for a thousand decisions about the last one, in an unoptimised build beside
        // others.
        let begun = Instant::now();
        for _ in 0..1000 {
            std::hint::black_box(rings(&[], WAITING - 1));
        }
        assert!(begun.elapsed() < Duration::from_millis(100 * 10), "{:?}", begun.elapsed());
        // Whoever leaves makes room for the next.
        queue.leave(&0);
        let (first, second) = (1, 2);
        assert_eq!(plan(&queue, &desk, &[1], first, want("ro"), (0, 6001)), Plan::Ring(set(&[0])));
        assert_eq!(plan(&queue, &desk, &[1], second, want("nl"), (1, 6001)), Plan::Busy);
    }
}
