//! The callers for whom counsellors are called beside the waiting loop: a table in memory, and nothing that waits.
//!
//! Contract: one attempt at a time rings for a caller; nobody rings twice in one wait; who said yes first is known; a leg
//! whose name is not known yet is a leg all the same.

use super::leg::{NotNeeded, Note};
use crate::base::{CallSid, CounsellorIx, CounsellorSet, LeaseId};
use crate::desk::{GONE_S, REQUESTS_MOST, Want};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

/// Caller and counsellor leave a room together. Whoever is found in it alone for so long is fetched out, in seconds.
const ALONE_S: i64 = 4;

/// At most this many legs are remembered that ended before their caller was known here: those of a restart.
const VAIN_MOST: usize = 256;

/// A leg to be ended at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unneeded {
    pub leg: CallSid,
    pub why: NotNeeded,
    pub lease: LeaseId,
    pub counsellor: CounsellorIx,
}

/// Where a caller is for whom counsellors are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// In the loop.
    Waits,
    /// This counsellor has said yes; the caller is fetched.
    Taken(CounsellorIx),
    /// She was given the room. `alone`: since when the counsellor is out of it. `looked`: whether the provider was asked if
    /// the counsellor is there, since nobody may have told that she left.
    Joined { alone: Option<Timestamp>, looked: bool },
    /// She has left the room, or the line; the counsellor's leg has not ended yet.
    Over { since: Timestamp },
}

/// A caller for whom counsellors are called.
#[derive(Clone, Debug)]
pub struct Called {
    pub lease: LeaseId,
    pub account: String,
    /// What her call asks next if no key is pressed: the address she is fetched to.
    pub next_url: String,
    pub want: Want,
    pub note: Note,
    pub legs: Vec<Placed>,
    /// Who was called for her in vain.
    pub tried: CounsellorSet,
    pub stage: Stage,
    /// An order for her is being worked on.
    pub ringing: bool,
    /// When her call was last heard of.
    pub heard: Timestamp,
}

/// A counsellor who rings, or talks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    pub counsellor: CounsellorIx,
    /// `None` until the provider says it, or the leg itself.
    pub sid: Option<CallSid>,
    /// From then on it has rung in vain, if nothing is heard of it.
    pub until: Timestamp,
}

/// What is to be done about a caller who was not heard of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Due {
    /// She has left.
    Gone(CallSid),
    /// A leg has rung in vain, and nobody told us.
    RingFor(CallSid),
    /// She is alone in the room.
    Fetch(CallSid, String),
    /// Whether this leg is still there is to be asked.
    Look(Unneeded),
    /// The counsellor is alone in the room.
    Drop(Vec<Unneeded>),
}

/// The table.
#[derive(Clone, Default, Debug)]
pub struct Calls {
    callers: HashMap<CallSid, Called>,
    /// Who did not take the call of an attempt whose caller is not known here yet, the latest last.
    vain: VecDeque<(LeaseId, CounsellorIx)>,
}

impl Called {
    fn unneeded(&self, why: NotNeeded, but: Option<CounsellorIx>) -> Vec<Unneeded> {
        let others = self.legs.iter().filter(|leg| Some(leg.counsellor) != but);
        let named = others.filter_map(|leg| Some((leg.sid.clone()?, leg.counsellor)));
        named.map(|(leg, counsellor)| Unneeded { leg, why, lease: self.lease, counsellor }).collect()
    }
}

impl Calls {
    /// The caller of this attempt.
    fn of(&mut self, lease: LeaseId) -> Option<(&CallSid, &mut Called)> {
        self.callers.iter_mut().find(|(_, called)| called.lease == lease)
    }

    /// This caller, if this is her attempt and she waits.
    pub fn waiting(&mut self, caller: &CallSid, lease: LeaseId) -> Option<&mut Called> {
        self.callers.get_mut(caller).filter(|called| called.lease == lease && called.stage == Stage::Waits)
    }

    /// She goes round the loop. A new attempt begins with nobody; whoever was called in this wait stays known. What is
    /// left of an earlier attempt is not needed. `None` when no more callers fit.
    pub fn waits(&mut self, caller: &CallSid, now: Called) -> Option<(Stage, Vec<Unneeded>)> {
        if self.callers.len() >= REQUESTS_MOST && !self.callers.contains_key(caller) {
            return None;
        }
        let Some(known) = self.callers.get_mut(caller) else {
            let vain = self.vain.iter().filter(|(lease, _)| *lease == now.lease).map(|(_, one)| *one).collect();
            self.callers.insert(caller.clone(), Called { tried: now.tried.with(vain), ..now });
            return Some((Stage::Waits, Vec::new()));
        };
        let mut left = Vec::new();
        if known.lease != now.lease {
            left = known.unneeded(NotNeeded::Gone, None);
            known.legs.clear();
            known.ringing = false;
            if matches!(known.stage, Stage::Over { .. }) {
                known.tried = CounsellorSet::default();
            }
            known.stage = Stage::Waits;
        }
        (known.lease, known.note, known.want, known.next_url, known.heard) =
            (now.lease, now.note, now.want, now.next_url, now.heard);
        Some((known.stage, left))
    }

    /// She was given the room of this attempt.
    pub fn joins(&mut self, caller: &CallSid, lease: LeaseId, next_url: String, now: Timestamp) {
        if let Some(called) = self.callers.get_mut(caller).filter(|called| called.lease == lease) {
            // The counsellor may have left in this very moment.
            let alone = called.legs.is_empty().then_some(now);
            (called.stage, called.next_url, called.heard) = (Stage::Joined { alone, looked: false }, next_url, now);
        }
    }

    /// She does not wait any more. Her attempt, if a counsellor had said yes, and the legs to be ended. Those of a talk end
    /// by themselves, which is looked after.
    pub fn leaves(&mut self, caller: &CallSid, now: Timestamp) -> Option<(LeaseId, Stage, Vec<Unneeded>)> {
        let called = self.callers.get_mut(caller)?;
        let (lease, stage) = (called.lease, called.stage);
        match stage {
            Stage::Over { .. } => return None,
            Stage::Joined { .. } if !called.legs.is_empty() => {
                called.stage = Stage::Over { since: now };
                return Some((lease, stage, Vec::new()));
            }
            _ => {}
        }
        let left = called.unneeded(NotNeeded::Gone, None);
        self.callers.remove(caller);
        Some((lease, stage, left))
    }

    /// Her attempt, if nobody rings for her or is about to; from now on somebody is. Legs that have rung in vain without a
    /// word are to be ended.
    pub fn begin_ringing(&mut self, caller: &CallSid, now: Timestamp) -> (Option<LeaseId>, Vec<Unneeded>) {
        let Some(called) = self.callers.get_mut(caller).filter(|called| called.stage == Stage::Waits) else {
            return (None, Vec::new());
        };
        let (live, over): (Vec<Placed>, Vec<Placed>) = called.legs.drain(..).partition(|leg| leg.until > now);
        called.legs = over;
        let vain = called.unneeded(NotNeeded::Gone, None);
        called.tried = called.tried.with(called.legs.iter().map(|leg| leg.counsellor).collect());
        called.legs = live;
        if called.ringing || !called.legs.is_empty() {
            return (None, vain);
        }
        called.ringing = true;
        (Some(called.lease), vain)
    }

    /// Whether somebody rings for her now. If so, or if she does not wait any more, ringing has come to its end.
    pub fn rings(&mut self, caller: &CallSid, lease: LeaseId) -> bool {
        let Some(called) = self.waiting(caller, lease) else { return true };
        let rings = !called.legs.is_empty();
        called.ringing &= !rings;
        rings
    }

    /// Nobody is left to be rung for her.
    pub fn end_ringing(&mut self, caller: &CallSid, lease: LeaseId) {
        if let Some(called) = self.callers.get_mut(caller).filter(|called| called.lease == lease) {
            called.ringing = false;
        }
    }

    /// A leg is about to be placed; whose call it is, and what it carries. `None`: she does not wait any more, or this
    /// counsellor was called for her already.
    pub fn places(&mut self, caller: &CallSid, lease: LeaseId, leg: Placed) -> Option<(String, Note)> {
        let counsellor = leg.counsellor;
        let called = self.waiting(caller, lease)?;
        if called.tried.contains(counsellor) || called.legs.iter().any(|known| known.counsellor == counsellor) {
            return None;
        }
        called.legs.push(leg);
        Some((called.account.clone(), Note { counsellor, ..called.note }))
    }

    /// The provider has named a leg. Why it is not needed, if it is not.
    pub fn placed(&mut self, caller: &CallSid, lease: LeaseId, one: CounsellorIx, sid: CallSid) -> Option<Unneeded> {
        let called = self.callers.get_mut(caller).filter(|called| called.lease == lease);
        let mut why = NotNeeded::Gone;
        if let Some(called) = called {
            if let Some(leg) = called.legs.iter_mut().find(|leg| leg.counsellor == one) {
                leg.sid = Some(sid);
                return None;
            }
            if called.stage != Stage::Waits {
                why = NotNeeded::Taken;
            }
        }
        Some(Unneeded { leg: sid, why, lease, counsellor: one })
    }

    /// A leg was picked up: it is named, and has until then.
    pub fn picked_up(&mut self, lease: LeaseId, one: CounsellorIx, sid: &CallSid, until: Timestamp) {
        let Some((_, called)) = self.of(lease) else { return };
        if let Some(leg) = called.legs.iter_mut().find(|leg| leg.counsellor == one) {
            leg.sid = Some(sid.clone());
            leg.until = leg.until.max(until);
        }
    }

    /// This counsellor said yes on this leg. Whether she has the call; the first time also whom to fetch, and whom to let go.
    pub fn taken(&mut self, lease: LeaseId, one: CounsellorIx, sid: &CallSid) -> (bool, Option<Fetched>) {
        // After a restart nothing is known here: the lease has decided, and the loop comes by itself.
        let Some((caller, called)) = self.of(lease) else { return (true, None) };
        match called.stage {
            Stage::Waits => {}
            Stage::Taken(by) => return (by == one, None),
            Stage::Joined { .. } => return (called.legs.iter().any(|leg| leg.counsellor == one), None),
            Stage::Over { .. } => return (false, None),
        }
        let left = called.unneeded(NotNeeded::Taken, Some(one));
        called.stage = Stage::Taken(one);
        called.legs = vec![Placed { counsellor: one, sid: Some(sid.clone()), until: Timestamp::MAX }];
        let fetched = Fetched { caller: caller.clone(), url: called.next_url.clone(), left };
        (true, Some(fetched))
    }

    /// Nobody rings on this leg, and it is not for this counsellor that nobody does.
    pub fn not_placed(&mut self, lease: LeaseId, one: CounsellorIx) {
        if let Some((_, called)) = self.of(lease) {
            called.legs.retain(|leg| leg.counsellor != one);
        }
    }

    /// Whether this counsellor is known to have another leg than this in this attempt: what is told of this one is old.
    pub fn is_old(&mut self, lease: LeaseId, one: CounsellorIx, sid: &CallSid) -> bool {
        let Some((_, called)) = self.of(lease) else { return false };
        let hers = called.legs.iter().find(|leg| leg.counsellor == one);
        hers.and_then(|leg| leg.sid.as_ref()).is_some_and(|known| known != sid)
    }

    /// A leg of this attempt has ended. Whom to ring for now.
    pub fn leg_ended(&mut self, lease: LeaseId, one: CounsellorIx, now: Timestamp) -> Option<CallSid> {
        let Some((caller, called)) = self.of(lease) else {
            if self.vain.len() >= VAIN_MOST {
                self.vain.pop_front();
            }
            self.vain.push_back((lease, one));
            return None;
        };
        let caller = caller.clone();
        called.legs.retain(|leg| leg.counsellor != one);
        called.tried.insert(one);
        match called.stage {
            // She left before the caller came.
            Stage::Taken(by) if by == one => called.stage = Stage::Waits,
            Stage::Joined { alone: None, looked } if called.legs.is_empty() => {
                called.stage = Stage::Joined { alone: Some(now), looked };
            }
            Stage::Over { .. } if called.legs.is_empty() => drop(self.callers.remove(&caller)),
            _ => {}
        }
        self.waiting(&caller, lease).is_some().then_some(caller)
    }

    /// How she stands at the desk: her attempt, what she asks for, since when she waits, and whether somebody rings for her.
    pub fn standing(&self, caller: &CallSid) -> Option<(LeaseId, Want, i64, bool)> {
        let called = self.callers.get(caller)?;
        let rung = match called.stage {
            Stage::Waits => !called.legs.is_empty(),
            Stage::Taken(_) => true,
            Stage::Joined { .. } | Stage::Over { .. } => return None,
        };
        let want = Want { tried: called.want.tried.with(called.tried), ..called.want };
        Some((called.lease, want, called.note.since_s, rung))
    }

    /// Her attempt, if anything of her is remembered.
    pub fn attempt(&self, caller: &CallSid) -> Option<LeaseId> {
        self.callers.get(caller).map(|called| called.lease)
    }

    pub fn tried(&self, caller: &CallSid) -> CounsellorSet {
        let known = self.callers.get(caller).filter(|called| !matches!(called.stage, Stage::Over { .. }));
        known.map(|called| called.tried).unwrap_or_default()
    }

    /// Whether a counsellor who said yes waits for this caller.
    pub fn is_taken(&self, caller: &CallSid, lease: LeaseId) -> bool {
        self.callers.get(caller).is_some_and(|called| called.lease == lease && matches!(called.stage, Stage::Taken(_)))
    }

    /// Whether she still asks for this next.
    pub fn asks(&self, caller: &CallSid, url: &str) -> bool {
        self.callers.get(caller).is_some_and(|called| called.next_url == url)
    }

    /// The clock was set forward by so many seconds, or back: what lasts, lasts as long as before.
    pub fn clock_set(&mut self, by_s: i64) {
        // A leg of a talk has no end of its own, at the end of time.
        let set = |at: &mut Timestamp| {
            if *at != Timestamp::MAX {
                *at = at.checked_add(SignedDuration::from_secs(by_s)).unwrap_or(*at);
            }
        };
        for called in self.callers.values_mut() {
            set(&mut called.heard);
            called.legs.iter_mut().for_each(|leg| set(&mut leg.until));
            match &mut called.stage {
                Stage::Joined { alone: Some(at), .. } | Stage::Over { since: at } => set(at),
                Stage::Waits | Stage::Taken(_) | Stage::Joined { alone: None, .. } => {}
            }
        }
    }

    /// All on which later answers depend, as it is from this moment on: times as seconds from now, at most ten minutes. Of
    /// names and addresses only whether they are known. `id` gives attempts a name by which two tables are compared. Two
    /// tables that hash alike go on alike; for proofs that look at every state once.
    pub fn hash_at(&self, now: Timestamp, id: impl Fn(LeaseId) -> u64, into: &mut impl Hasher) {
        let away = |at: Timestamp| at.as_second().saturating_sub(now.as_second()).clamp(-600, 600);
        let mut callers: Vec<(&CallSid, &Called)> = self.callers.iter().collect();
        callers.sort_by_key(|(caller, _)| caller.as_str());
        for (caller, called) in callers {
            (caller, id(called.lease), called.want, called.tried, called.ringing, away(called.heard)).hash(into);
            called.note.since_s.saturating_sub(now.as_second()).hash(into);
            for leg in &called.legs {
                (leg.counsellor, leg.sid.is_some(), away(leg.until).max(0)).hash(into);
            }
            match called.stage {
                Stage::Waits => 0.hash(into),
                Stage::Taken(one) => (1, one).hash(into),
                Stage::Joined { alone, looked } => (2, alone.map(away), looked).hash(into),
                Stage::Over { since } => (3, away(since)).hash(into),
            }
        }
        self.vain.iter().for_each(|(lease, one)| (id(*lease), one).hash(into));
    }

    /// What is to be done at this moment because nobody told us anything. `talk_s`: the longest talk.
    pub fn due(&mut self, talk_s: u32, now: Timestamp) -> Vec<Due> {
        let since = |then: Timestamp| now.duration_since(then);
        let longer = |then: Timestamp, seconds: i64| since(then) > SignedDuration::from_secs(seconds);
        let mut due = Vec::new();
        let mut over = Vec::new();
        for (caller, called) in &mut self.callers {
            match called.stage {
                Stage::Waits | Stage::Taken(_) if longer(called.heard, GONE_S) => due.push(Due::Gone(caller.clone())),
                Stage::Waits if called.legs.iter().any(|leg| leg.until <= now) => {
                    due.push(Due::RingFor(caller.clone()));
                }
                Stage::Joined { alone: None, looked: false } if longer(called.heard, ALONE_S) => {
                    called.stage = Stage::Joined { alone: None, looked: true };
                    due.extend(called.unneeded(NotNeeded::Gone, None).into_iter().map(Due::Look));
                }
                Stage::Joined { alone: Some(then), looked } if longer(then, ALONE_S) => {
                    // Asked for once; if it is lost, once more as long after.
                    called.stage = Stage::Joined { alone: Some(now), looked };
                    due.push(Due::Fetch(caller.clone(), called.next_url.clone()));
                }
                Stage::Joined { .. } if longer(called.heard, i64::from(talk_s) + 60) => {
                    due.push(Due::Gone(caller.clone()));
                }
                Stage::Over { since: then } if longer(then, ALONE_S) => {
                    due.push(Due::Drop(called.unneeded(NotNeeded::Gone, None)));
                    over.push(caller.clone());
                }
                _ => {}
            }
        }
        for caller in over {
            self.callers.remove(&caller);
        }
        due
    }
}

/// A caller who is brought to the room.
#[derive(Debug)]
pub struct Fetched {
    pub caller: CallSid,
    pub url: String,
    /// Others who rang for her.
    pub left: Vec<Unneeded>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: CounsellorIx = CounsellorIx(0);
    const BO: CounsellorIx = CounsellorIx(1);
    const L: LeaseId = LeaseId(7);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_600_000 + second).unwrap()
    }

    fn sid(name: &str) -> CallSid {
        CallSid::new(name).unwrap()
    }

    fn called(lease: LeaseId, second: i64) -> Called {
        let note = Note { lease, counsellor: ANNA, language: None, cannot_speak: false, since_s: 0, leased_s: 0 };
        Called {
            lease,
            account: "AC1".to_owned(),
            next_url: format!("/silence?s={second}"),
            want: Want::default(),
            note,
            legs: Vec::new(),
            tried: CounsellorSet::default(),
            stage: Stage::Waits,
            ringing: false,
            heard: at(second),
        }
    }

    fn leg(counsellor: CounsellorIx, until: i64) -> Placed {
        Placed { counsellor, sid: None, until: at(until) }
    }

    /// One caller in the loop, for whom Anna and Bo ring on legs with names.
    fn both_ring() -> Calls {
        let mut calls = Calls::default();
        calls.waits(&sid("her"), called(L, 0)).unwrap();
        assert_eq!(calls.begin_ringing(&sid("her"), at(0)).0, Some(L));
        for (one, name) in [(ANNA, "a"), (BO, "b")] {
            assert!(calls.places(&sid("her"), L, leg(one, 25)).is_some());
            assert_eq!(calls.placed(&sid("her"), L, one, sid(name)), None);
        }
        assert!(calls.rings(&sid("her"), L));
        calls
    }

    fn names(legs: &[Unneeded]) -> Vec<(&str, NotNeeded)> {
        legs.iter().map(|leg| (leg.leg.as_str(), leg.why)).collect()
    }

    #[test]
    fn one_attempt_rings_at_a_time_and_nobody_twice() {
        let mut calls = both_ring();
        // The heartbeat, and the end of a leg, come while it rings.
        calls.waits(&sid("her"), called(L, 9)).unwrap();
        assert_eq!(calls.begin_ringing(&sid("her"), at(9)), (None, vec![]));
        assert_eq!(calls.leg_ended(L, ANNA, at(10)), Some(sid("her")));
        assert_eq!(calls.begin_ringing(&sid("her"), at(10)), (None, vec![]));
        assert_eq!(calls.leg_ended(L, BO, at(11)), Some(sid("her")));
        assert_eq!(calls.leg_ended(L, BO, at(11)), Some(sid("her")), "told twice");
        assert_eq!(calls.begin_ringing(&sid("her"), at(11)).0, Some(L));
        assert_eq!(calls.begin_ringing(&sid("her"), at(11)).0, None, "somebody is about to ring");
        assert!(calls.places(&sid("her"), L, leg(ANNA, 40)).is_none());
        calls.end_ringing(&sid("her"), L);
        assert_eq!(calls.tried(&sid("her")), [ANNA, BO].into_iter().collect());
        // A restart: a leg ended before her loop came.
        let mut calls = Calls::default();
        assert_eq!(calls.leg_ended(L, BO, at(20)), None);
        calls.waits(&sid("her"), called(L, 21)).unwrap();
        assert_eq!(calls.tried(&sid("her")), [BO].into_iter().collect());
        assert_eq!(calls.begin_ringing(&sid("nobody"), at(11)).0, None);
    }

    /// She goes back to the information and asks again while the first attempt is still being worked on.
    #[test]
    fn an_attempt_that_is_over_places_no_leg_any_more() {
        let mut calls = Calls::default();
        let (her, next) = (sid("her"), LeaseId(8));
        calls.waits(&her, called(L, 0)).unwrap();
        assert_eq!(calls.begin_ringing(&her, at(0)).0, Some(L));
        assert!(calls.leaves(&her, at(1)).is_some() && calls.leaves(&her, at(1)).is_none());
        calls.waits(&her, called(next, 2)).unwrap();
        assert!(calls.places(&her, L, leg(ANNA, 25)).is_none());
        assert!(calls.rings(&her, L), "its worker ends");
        calls.end_ringing(&her, L);
        assert_eq!(calls.begin_ringing(&her, at(2)).0, Some(next));
        calls.end_ringing(&her, L);
        assert_eq!(calls.begin_ringing(&her, at(2)).0, None, "the other worker does not end it");
        let late = calls.placed(&her, L, ANNA, sid("a")).unwrap();
        assert_eq!(names(&[late]), [("a", NotNeeded::Gone)]);
    }

    #[test]
    fn the_first_yes_has_her_and_she_is_fetched_once() {
        let mut calls = both_ring();
        let (hers, fetched) = calls.taken(L, BO, &sid("b"));
        let fetched = fetched.unwrap();
        assert!(hers && fetched.caller == sid("her") && calls.asks(&sid("her"), &fetched.url));
        assert_eq!(names(&fetched.left), [("a", NotNeeded::Taken)]);
        let again = calls.taken(L, BO, &sid("b"));
        assert!(again.0 && again.1.is_none(), "told twice");
        assert!(!calls.taken(L, ANNA, &sid("a")).0);
        assert!(calls.is_taken(&sid("her"), L));
        // A step that was decided before the yes.
        assert_eq!(calls.waits(&sid("her"), called(L, 5)).unwrap().0, Stage::Taken(BO));
        calls.joins(&sid("her"), L, "/dial".to_owned(), at(6));
        assert!(!calls.asks(&sid("her"), "/silence?s=5"));
        assert!(calls.taken(L, BO, &sid("b")).0 && !calls.taken(L, ANNA, &sid("a")).0);
        assert!(calls.taken(LeaseId(99), ANNA, &sid("c")).0, "after a restart");
    }

    #[test]
    fn whoever_is_alone_in_a_room_comes_out_of_it() {
        // The counsellor leaves at the moment in which the caller comes.
        let mut calls = both_ring();
        calls.taken(L, BO, &sid("b"));
        calls.joins(&sid("her"), L, "/dial".to_owned(), at(10));
        assert_eq!(calls.leg_ended(L, BO, at(11)), None, "nobody is rung for her in there");
        assert_eq!(calls.due(7200, at(15)), []);
        assert_eq!(calls.due(7200, at(16)), [Due::Fetch(sid("her"), "/dial".to_owned())]);
        assert_eq!(calls.due(7200, at(18)), []);
        // Or before, when the room was given already.
        let mut calls = both_ring();
        calls.taken(L, BO, &sid("b"));
        assert_eq!(calls.leg_ended(L, BO, at(10)), Some(sid("her")));
        calls.joins(&sid("her"), L, "/dial".to_owned(), at(10));
        assert_eq!(calls.due(7200, at(17)), [Due::Fetch(sid("her"), "/dial".to_owned())]);
        // The caller leaves, and the counsellor's leg does not end with the room.
        let mut calls = both_ring();
        calls.taken(L, BO, &sid("b"));
        calls.joins(&sid("her"), L, "/dial".to_owned(), at(10));
        // Where nobody tells that the counsellor left, it is asked, once.
        let due = calls.due(7200, at(15));
        let [Due::Look(leg)] = &due[..] else { panic!("{due:?}") };
        assert_eq!(leg.leg, sid("b"));
        assert_eq!(calls.due(7200, at(16)), []);
        let (_, stage, left) = calls.leaves(&sid("her"), at(17)).unwrap();
        assert!(matches!(stage, Stage::Joined { .. }) && left.is_empty());
        let due = calls.due(7200, at(22));
        let [Due::Drop(legs)] = &due[..] else { panic!("{due:?}") };
        assert_eq!(names(legs), [("b", NotNeeded::Gone)]);
        assert_eq!(calls.due(7200, at(99)), []);
    }

    #[test]
    fn who_is_not_heard_of_has_left() {
        let mut calls = both_ring();
        assert_eq!(calls.due(7200, at(15)), []);
        assert_eq!(calls.due(7200, at(16)), [Due::Gone(sid("her"))]);
        let (lease, stage, left) = calls.leaves(&sid("her"), at(16)).unwrap();
        assert_eq!(
            (lease, stage, names(&left)),
            (L, Stage::Waits, vec![("a", NotNeeded::Gone), ("b", NotNeeded::Gone)])
        );
    }

    #[test]
    fn a_leg_of_which_nothing_is_heard_has_rung_in_vain() {
        let mut calls = both_ring();
        calls.picked_up(L, BO, &sid("b"), at(45));
        calls.waits(&sid("her"), called(L, 24)).unwrap();
        assert_eq!(calls.due(7200, at(25)), [Due::RingFor(sid("her"))]);
        let (begins, vain) = calls.begin_ringing(&sid("her"), at(25));
        assert_eq!((begins, names(&vain)), (None, vec![("a", NotNeeded::Gone)]), "the other hears the whisper");
        assert_eq!(calls.due(7200, at(26)), []);
    }

    /// Bo takes the call and leaves it before the caller comes; Anna, who was let go, is rung once more.
    #[test]
    fn what_is_told_late_of_an_earlier_leg_does_not_end_the_next_one() {
        let mut calls = both_ring();
        calls.taken(L, BO, &sid("b"));
        assert_eq!(calls.leg_ended(L, BO, at(5)), Some(sid("her")));
        assert_eq!(calls.begin_ringing(&sid("her"), at(5)).0, Some(L));
        assert!(calls.places(&sid("her"), L, leg(ANNA, 30)).is_some());
        assert_eq!(calls.placed(&sid("her"), L, ANNA, sid("a2")), None);
        assert!(calls.is_old(L, ANNA, &sid("a")) && !calls.is_old(L, ANNA, &sid("a2")));
        assert!(!calls.is_old(LeaseId(99), ANNA, &sid("a")), "nothing is known");
    }

    #[test]
    fn a_talk_that_came_to_nothing_goes_on_with_whom_was_not_tried() {
        let mut calls = both_ring();
        calls.taken(L, BO, &sid("b"));
        calls.joins(&sid("her"), L, "/dial".to_owned(), at(10));
        calls.leg_ended(L, BO, at(10));
        calls.waits(&sid("her"), called(LeaseId(8), 12)).unwrap();
        assert!(calls.tried(&sid("her")).contains(BO));
        assert_eq!(calls.begin_ringing(&sid("her"), at(12)).0, Some(LeaseId(8)));
    }
}
