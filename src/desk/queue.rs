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
use std::hash::Hash;

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
        for other in self.waiting.range(..own).filter_map(|(_, other)| self.requests.get(other)) {
            // Nobody is left for whoever comes later.
            if on_duty.without(taken).is_empty() {
                break;
            }
            if other.until > now
                && let Plan::Ring(promised) = whom(desk, &reachable, &self.idle, taken, &other.want, by)
            {
                taken = taken.with(promised);
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
