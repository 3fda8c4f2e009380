//! Who asks for a person now: one live request per caller, a shared cap for callers without a number, and whoever
//! waits longest goes first.
//!
//! Needs: a desk has one telephone. Somebody with two hundred calls at once must not have two hundred chances at it
//! while a frightened caller has one. Information, texts and the emergency number are not touched by any of this.
//!
//! Properties: a number is never held, only its hash with the salt of the day; nothing is written down; the table has a
//! stated size. A request lives from asking (key 0, a choice to talk) until the talk ends, the caller leaves or goes
//! back to the information, or nothing is heard of it for its time. It is found by the call's id, so the same call is
//! never in its own way, however often its events are sent. A restart forgets everything, and nobody is kept out.
//!
//! Midnight: the hashes of calls under way were made with yesterday's salt. It is kept until the last of them is over,
//! so that a number stays one caller, and no longer.

use crate::base::{CallSid, LeaseId, Party};
use crate::privacy::DaySalt;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// At most this many requests are remembered. Further ones are not limited: with as many different numbers a limit per
/// number means nothing, and a caller is not kept out because a table is full.
const MOST: usize = 4096;

/// A menu or the waiting loop is heard of again within this: its words and the wait for a key are shorter. It is also
/// the longest for which a caller who hung up stays in her own way, or before others, when the provider says nothing
/// of it.
const STEP_S: i64 = 30;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Hears what there is to choose.
    Choosing,
    /// In the waiting loop.
    Waiting,
    /// A counsellor is rung, or talks.
    Dialling { lease: LeaseId, until: Timestamp },
}

/// What a request gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// The desk, if it is free.
    Next,
    /// Somebody else has waited longer; this call keeps its place.
    Later,
    /// Another call of this caller asks already, or too many without a number do.
    Refused,
}

/// A caller as far as a limit needs to know one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// The number's hash with today's salt, and with yesterday's while that is still needed.
    Number { hash: u64, before: Option<u64> },
    /// No number to tell one caller from another.
    Withheld,
}

struct Request {
    /// `None`: a caller without a number.
    hash: Option<u64>,
    /// The order in which requests began.
    order: u64,
    stage: Stage,
    until: Timestamp,
    /// Made with yesterday's salt.
    before: bool,
}

/// The live requests.
pub(super) struct Asking {
    withheld_most: usize,
    requests: HashMap<CallSid, Request>,
    begun: u64,
    yesterday: Option<DaySalt>,
}

impl Asking {
    /// `withheld_most`: how many callers without a number may ask at once.
    pub(super) fn new(withheld_most: usize) -> Asking {
        Asking { withheld_most, requests: HashMap::new(), begun: 0, yesterday: None }
    }

    /// The caller behind this call; `salt` is today's.
    pub(super) fn caller(&self, salt: &DaySalt, from: &Party) -> Caller {
        match from.number() {
            Some(number) => {
                let before = self.yesterday.as_ref().map(|yesterday| yesterday.hash(number.expose()));
                Caller::Number { hash: salt.hash(number.expose()), before }
            }
            None => Caller::Withheld,
        }
    }

    /// This call asks, or asks on.
    pub(super) fn ask(&mut self, call: &CallSid, caller: Caller, stage: Stage, now: Timestamp) -> Turn {
        let until = match stage {
            Stage::Choosing | Stage::Waiting => later(now, STEP_S),
            Stage::Dialling { until, .. } => until,
        };
        if let Some(own) = self.requests.get_mut(call).filter(|own| own.until > now) {
            (own.stage, own.until) = (stage, until);
            let order = own.order;
            return self.turn(order, now);
        }
        if self.requests.len() >= MOST {
            self.requests.retain(|_, request| request.until > now);
        }
        let live = || self.requests.iter().filter(|(other, request)| *other != call && request.until > now);
        let refused = match caller {
            Caller::Withheld => live().filter(|(_, other)| other.hash.is_none()).count() >= self.withheld_most,
            Caller::Number { hash, before } => {
                live().any(|(_, other)| other.hash.is_some_and(|known| known == hash || Some(known) == before))
            }
        };
        if refused {
            return Turn::Refused;
        }
        let order = self.begun;
        self.begun = self.begun.saturating_add(1);
        if self.requests.len() < MOST {
            let hash = match caller {
                Caller::Number { hash, .. } => Some(hash),
                Caller::Withheld => None,
            };
            self.requests.insert(call.clone(), Request { hash, order, stage, until, before: false });
        }
        self.turn(order, now)
    }

    fn turn(&self, order: u64, now: Timestamp) -> Turn {
        let waits_longer = |other: &Request| other.order < order && other.stage == Stage::Waiting && other.until > now;
        if self.requests.values().any(waits_longer) { Turn::Later } else { Turn::Next }
    }

    /// This call does not ask any more.
    pub(super) fn leave(&mut self, call: &CallSid) {
        self.requests.remove(call);
    }

    /// A counsellor took this attempt: its request lives as long as the talk may.
    pub(super) fn accepted(&mut self, lease: LeaseId, until: Timestamp) {
        for request in self.requests.values_mut() {
            if matches!(request.stage, Stage::Dialling { lease: own, .. } if own == lease) {
                request.until = until;
            }
        }
    }

    /// A new day: what was hashed so far was hashed with this salt.
    pub(super) fn midnight(&mut self, salt: DaySalt, now: Timestamp) {
        // What is older than a whole day is over: no call is as long.
        self.requests.retain(|_, request| request.until > now && !request.before);
        for request in self.requests.values_mut() {
            request.before = true;
        }
        self.yesterday = Some(salt);
        self.sweep(now);
    }

    /// Forgets what is over, and yesterday's salt with the last request that needs it.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.requests.retain(|_, request| request.until > now);
        if !self.requests.values().any(|request| request.before && request.hash.is_some()) {
            self.yesterday = None;
        }
    }
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn sid(name: &str) -> CallSid {
        CallSid::new(name).unwrap()
    }

    fn number(hash: u64) -> Caller {
        Caller::Number { hash, before: None }
    }

    fn dialling(lease: u64, until: i64) -> Stage {
        Stage::Dialling { lease: LeaseId(lease), until: at(until) }
    }

    #[test]
    fn a_second_call_of_the_same_number_is_refused_until_the_first_is_over() {
        let mut asking = Asking::new(3);
        assert_eq!(asking.ask(&sid("CA1"), number(1), Stage::Choosing, at(0)), Turn::Next);
        // The same event again, and the next one of the same call.
        assert_eq!(asking.ask(&sid("CA1"), number(1), Stage::Choosing, at(0)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(1)), Turn::Refused);
        assert_eq!(asking.ask(&sid("CA3"), number(2), Stage::Choosing, at(1)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA1"), number(1), dialling(9, 90), at(5)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(89)), Turn::Refused);
        asking.accepted(LeaseId(9), at(7000));
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(6999)), Turn::Refused);
        asking.leave(&sid("CA1"));
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(6999)), Turn::Next);
    }

    #[test]
    fn a_request_that_is_not_heard_of_is_forgotten() {
        let mut asking = Asking::new(3);
        asking.ask(&sid("CA1"), number(1), Stage::Choosing, at(0));
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(STEP_S - 1)), Turn::Refused);
        assert_eq!(asking.ask(&sid("CA2"), number(1), Stage::Choosing, at(STEP_S)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA1"), number(1), Stage::Choosing, at(STEP_S)), Turn::Refused);
    }

    #[test]
    fn callers_without_a_number_share_a_cap() {
        let mut asking = Asking::new(2);
        assert_eq!(asking.ask(&sid("CA1"), Caller::Withheld, Stage::Choosing, at(0)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA2"), Caller::Withheld, Stage::Choosing, at(0)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA3"), Caller::Withheld, Stage::Choosing, at(0)), Turn::Refused);
        assert_eq!(asking.ask(&sid("CA4"), number(1), Stage::Choosing, at(0)), Turn::Next);
        asking.leave(&sid("CA1"));
        assert_eq!(asking.ask(&sid("CA3"), Caller::Withheld, Stage::Choosing, at(0)), Turn::Next);
    }

    #[test]
    fn whoever_waits_longest_goes_first() {
        let mut asking = Asking::new(3);
        assert_eq!(asking.ask(&sid("CA1"), number(1), Stage::Choosing, at(0)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA2"), number(2), Stage::Waiting, at(1)), Turn::Next);
        // Choosing keeps nobody waiting, but who came first is before who waits.
        assert_eq!(asking.ask(&sid("CA1"), number(1), dialling(1, 90), at(2)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA3"), number(3), Stage::Choosing, at(2)), Turn::Later);
        assert_eq!(asking.ask(&sid("CA3"), number(3), Stage::Waiting, at(3)), Turn::Later);
        assert_eq!(asking.ask(&sid("CA2"), number(2), Stage::Waiting, at(10)), Turn::Next);
        // She hung up, and nobody told us.
        assert_eq!(asking.ask(&sid("CA3"), number(3), Stage::Waiting, at(30)), Turn::Later);
        assert_eq!(asking.ask(&sid("CA3"), number(3), Stage::Waiting, at(10 + STEP_S)), Turn::Next);
    }

    #[test]
    fn at_midnight_a_number_stays_one_caller() {
        let (monday, tuesday, wednesday) =
            (|| DaySalt::new([1; 16]), || DaySalt::new([2; 16]), || DaySalt::new([3; 16]));
        let from = |end: u32| Party::from_wire(&format!("+447700900{end}"));
        let mut asking = Asking::new(3);
        let caller = asking.caller(&monday(), &from(123));
        asking.ask(&sid("CA1"), caller, dialling(1, 7200), at(0));
        asking.midnight(monday(), at(60));
        // The call under way goes on; a second one of its number is still a second one; another number is not.
        let own = asking.caller(&tuesday(), &from(123));
        assert_eq!(asking.ask(&sid("CA1"), own, dialling(1, 7200), at(61)), Turn::Next);
        assert_eq!(asking.ask(&sid("CA2"), own, Stage::Choosing, at(62)), Turn::Refused);
        let other = asking.caller(&tuesday(), &from(124));
        assert_eq!(asking.ask(&sid("CA3"), other, Stage::Choosing, at(62)), Turn::Next);
        assert!(asking.yesterday.is_some());
        // Yesterday's salt goes with the last call that needs it.
        asking.leave(&sid("CA1"));
        asking.sweep(at(63));
        assert!(asking.yesterday.is_none());
        let own = asking.caller(&tuesday(), &from(123));
        assert_eq!(asking.ask(&sid("CA2"), own, dialling(2, 500_000), at(64)), Turn::Next);
        // A clock that jumps whole days keeps nothing of two days ago.
        asking.midnight(tuesday(), at(86_400));
        asking.midnight(wednesday(), at(2 * 86_400));
        assert!(asking.requests.is_empty() && asking.yesterday.is_none());
    }

    #[test]
    fn the_table_is_bounded_and_a_full_one_keeps_nobody_out() {
        let mut asking = Asking::new(3);
        for n in 0..MOST as u64 + 10 {
            assert_eq!(asking.ask(&sid(&format!("CA{n}")), number(n), Stage::Choosing, at(0)), Turn::Next);
        }
        assert_eq!(asking.requests.len(), MOST);
        assert_eq!(asking.ask(&sid("CAlate"), number(0), Stage::Choosing, at(1)), Turn::Refused);
        // Once they are over there is room again.
        assert_eq!(asking.ask(&sid("CAlate"), number(0), Stage::Choosing, at(100)), Turn::Next);
        assert_eq!(asking.requests.len(), 1);
    }
}
