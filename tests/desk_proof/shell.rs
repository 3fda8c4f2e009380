//! The shell between a call and the deciders, as `src/switchboard/{desk,voice,leg,calling}.rs` has it, without `async`,
//! words and counts. Decided is nothing here: that is done by `flow::step`, `flow::asks_desk`, `desk::Queue`,
//! `desk::Leases` and `switchboard::called::Calls` themselves, or in a spoilt proof by one that is spoilt.

use hulplijn::base::{Accept, CallSid, CounsellorIx, CounsellorSet, LeaseId};
use hulplijn::desk::{
    Accepted, By, Caller, Desk, Duty, Ended, GONE_S, Lease, LeaseState, Leases, Opened, Plan, Queue, Stage, Want,
};
use hulplijn::flow::{
    self, DialStatus, Dialled, Input, Now, Output, Patience, Place, Session, WHISPER_S, WORDS_MOST_S, Wish,
};
use hulplijn::menu::Hotline;
use hulplijn::provider::DialResult;
use hulplijn::switchboard::called::{self, Called, Calls, Due, Placed, Unneeded};
use hulplijn::switchboard::{NotNeeded, Note};
use jiff::{SignedDuration, Timestamp};
use std::sync::LazyLock;

/// What is wrong in a proof that must fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spoilt {
    Nothing,
    /// Neither whom to ring nor the table of leases looks at who is taken.
    TakenIsIgnored,
    LeasesNeverExpire,
    LeasesAreLostInARestart,
    LeasesEndBeforeTheWhisper,
    TheClockMovesLeases,
    NoCeiling,
    TheWaitBeginsAnewEachRound,
    AClockKeepsCallersWaiting,
    WordsBeforeItRingsAreNotCounted,
    OrderIsIgnored,
    TheLastToAcceptWins,
    LegsRingOnWhenSheLeaves,
    NobodyIsEverGone,
    WhoIsAloneInTheRoomStays,
    OldCallbacksCount,
}

/// What is asked of us about a caller's leg.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Asked {
    Key(char),
    Silence,
    Dial(Option<Outcome>),
}

/// A [`DialResult`] that can be hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Outcome {
    pub status: DialStatus,
    pub bridged: Option<bool>,
}

/// A counsellor's leg: what its addresses carry, which is also its name at the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LegOf {
    pub lease: LeaseId,
    pub one: CounsellorIx,
    pub leased_s: i64,
}

impl LegOf {
    fn sid(&self) -> CallSid {
        CallSid::new(&format!("{}-{}-{}", self.lease, self.one.0, self.leased_s)).expect("a name")
    }
}

/// What is to be done at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    RingFor(usize),
    RingNext,
    /// The caller's telephone asks this next, if it is still hers to ask.
    Fetch(usize, String),
    /// Whether the leg of this counsellor for this attempt is there is asked.
    Look(LeaseId, CounsellorIx),
    /// It is ended.
    Drop(LeaseId, CounsellorIx),
}

/// What a step of a caller came to.
#[derive(Clone, Debug)]
pub struct Answer {
    pub session: Session,
    pub does: Does,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Does {
    /// She hears what there is to choose before she says yes.
    Chooses,
    Holds,
    /// After so many seconds of words it rings.
    Rings {
        lease: LeaseId,
        who: CounsellorSet,
        words_s: i64,
    },
    Joins {
        lease: LeaseId,
    },
    /// A spoken way on.
    Tells,
    Ends,
}

/// What does not change while a proof runs.
pub struct Setup<'h> {
    pub hotline: &'h Hotline,
    pub desk: Desk,
    pub by: By,
    pub spoilt: Spoilt,
}

/// The program, with its memory and its disk.
#[derive(Clone)]
pub struct Shell {
    /// On the disk.
    pub leases: Leases,
    pub memory: Memory,
}

/// What a restart forgets.
#[derive(Clone)]
pub struct Memory {
    pub queue: Queue<usize>,
    pub attempts: [Option<(LeaseId, CounsellorSet)>; 2],
    pub calls: Calls,
    pub ends: Vec<(LeaseId, Option<Ended>, Timestamp)>,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { queue: Queue::new(3), attempts: [None; 2], calls: Calls::default(), ends: Vec::new() }
    }
}

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now + SignedDuration::from_secs(seconds)
}

/// A name for each step, as `Keys::lease_id` makes one.
pub fn lease_of(call: usize, session: &Session) -> LeaseId {
    LeaseId(u64::from(session.step) * 2 + call as u64 + 2)
}

impl Shell {
    pub fn restart(&mut self, setup: &Setup<'_>) {
        self.memory = Memory::new();
        if setup.spoilt == Spoilt::LeasesAreLostInARestart {
            self.leases = Leases::default();
        }
    }

    /// The wall clock was set forward by so many seconds.
    pub fn clock_set(&mut self, setup: &Setup<'_>, by_s: i64) {
        if setup.spoilt != Spoilt::TheClockMovesLeases {
            self.leases.clock_set(by_s);
            self.memory.queue.clock_set(by_s);
            self.memory.calls.clock_set(by_s);
        }
    }

    fn named(setup: &Setup<'_>, lease: &Lease) -> Option<CounsellorIx> {
        setup.desk.named(&lease.counsellor)
    }

    fn live<'a>(&'a self, setup: &Setup<'_>, now: Timestamp) -> impl Iterator<Item = &'a Lease> {
        let never = setup.spoilt == Spoilt::LeasesNeverExpire;
        self.leases.0.iter().filter(move |lease| never || lease.expires_s > now.as_second())
    }

    fn taken(&self, setup: &Setup<'_>, now: Timestamp) -> CounsellorSet {
        if setup.spoilt == Spoilt::TakenIsIgnored {
            return CounsellorSet::default();
        }
        self.live(setup, now).filter_map(|lease| Self::named(setup, lease)).collect()
    }

    fn plan(
        &self,
        setup: &Setup<'_>,
        taken: CounsellorSet,
        call: usize,
        (want, since_s): (&Want, i64),
        now: Timestamp,
    ) -> Plan {
        let since_s = if setup.spoilt == Spoilt::OrderIsIgnored { i64::MIN } else { since_s };
        self.memory.queue.plan((&setup.desk, &Duty::default()), taken, &call, (want, since_s), setup.by, now)
    }

    fn patience(setup: &Setup<'_>) -> Patience {
        let ring_s = setup.desk.counsellors.iter().map(|one| one.line.ring_s).max().unwrap_or(0);
        let attempt_s = u16::from(ring_s) + WHISPER_S;
        match setup.spoilt {
            Spoilt::NoCeiling => Patience { wait_max_s: u16::MAX, attempt_s },
            Spoilt::WordsBeforeItRingsAreNotCounted => {
                Patience { wait_max_s: setup.desk.wait_max_s, attempt_s: attempt_s - words_s(setup) as u16 }
            }
            _ => Patience { wait_max_s: setup.desk.wait_max_s, attempt_s },
        }
    }

    fn present(
        &mut self,
        setup: &Setup<'_>,
        call: usize,
        session: &Session,
        (wish, lost): (Option<&Wish>, CounsellorSet),
        now: Timestamp,
    ) -> Now {
        let nobody = CounsellorSet::default();
        let mut present = Now {
            at: now,
            desk: flow::Desk::Closed,
            lease: LeaseId::NONE,
            who: nobody,
            patience: Self::patience(setup),
        };
        let Some(wish) = wish else { return present };
        let lease = lease_of(call, session);
        present.lease = lease;
        let caller = Caller::Number { hash: call as u64, before: None };
        let admitted = self.memory.queue.enter(&call, caller, now);
        let own: CounsellorSet = self
            .live(setup, now)
            .filter(|known| known.id == lease)
            .filter_map(|known| Self::named(setup, known))
            .collect();
        if !own.is_empty() && setup.by == By::Dial {
            (present.desk, present.who) = (flow::Desk::Open, own);
            return present;
        }
        let attempt = wish.lease.unwrap_or(lease);
        let talks = self.live(setup, now).any(|row| row.id == attempt && row.state == LeaseState::Talking);
        if setup.by == By::Legs && (talks || self.memory.calls.is_taken(sid(call), attempt)) {
            present.desk = flow::Desk::Taken;
            return present;
        }
        if !own.is_empty() {
            present.desk = flow::Desk::Calling;
            return present;
        }
        let taken = self.taken(setup, now).with(lost);
        let tried = wish.tried.with(self.memory.calls.tried(sid(call)));
        let want = Want { tried, ..want(setup.hotline, wish) };
        let since_s = wish.since_s.unwrap_or_else(|| now.as_second());
        if !admitted {
            present.desk = flow::Desk::Busy;
            return present;
        }
        (present.desk, present.who) = match (self.plan(setup, taken, call, (&want, since_s), now), setup.by) {
            (Plan::Ring(who), By::Dial) => (flow::Desk::Open, who),
            (Plan::Ring(_), By::Legs) => (flow::Desk::Calling, nobody),
            (Plan::Busy, By::Legs) if wish.since_s.is_some() => (flow::Desk::Calling, nobody),
            (Plan::Busy, _) => (flow::Desk::Busy, nobody),
            (Plan::Spent, _) => (flow::Desk::Spent, nobody),
            (Plan::Closed, _) => (flow::Desk::Closed, nobody),
        };
        present
    }

    fn take(
        &mut self,
        setup: &Setup<'_>,
        call: usize,
        lease: LeaseId,
        who: CounsellorSet,
        now: Timestamp,
    ) -> CounsellorSet {
        let mut got = CounsellorSet::default();
        for one in who.iter() {
            let expires = after(now, taken_s(setup, one));
            let counsellor = &setup.desk.counsellors[usize::from(one.0)].id;
            if setup.spoilt == Spoilt::TakenIsIgnored {
                self.leases.0.retain(|row| row.counsellor != *counsellor);
            }
            if setup.spoilt == Spoilt::LeasesNeverExpire
                && self.leases.0.iter().any(|row| row.counsellor == *counsellor && row.id != lease)
            {
                continue;
            }
            if self.leases.open(lease, counsellor, now, expires) != Opened::Busy {
                got.insert(one);
            }
        }
        if !got.is_empty() {
            let (known, all) = self.memory.attempts[call].get_or_insert((lease, got));
            *all = if *known == lease { all.with(got) } else { got };
            *known = lease;
        }
        got
    }

    fn stand(&mut self, setup: &Setup<'_>, call: usize, session: &Session, outputs: &[Output<'_>], now: Timestamp) {
        let over = outputs.iter().any(|output| matches!(output, Output::End));
        let stage = match (session.place, session.lease) {
            _ if over => None,
            (Place::Node(node), _) if node == setup.hotline.roles.connect => Some(Stage::Choosing),
            (Place::Offering, _) => Some(Stage::Choosing),
            (Place::Waiting, Some(lease)) if self.is_rung(call) => {
                Some(Stage::Dialling { lease, until: after(now, GONE_S) })
            }
            (Place::Waiting, _) => {
                Some(Stage::Waiting { since_s: session.waiting_since_s.unwrap_or_else(|| now.as_second()) })
            }
            (Place::Dialling, Some(lease)) => {
                let until = session.ringing.iter().map(|one| after(now, taken_s(setup, one))).max();
                let joined = after(now, i64::from(setup.desk.talk_max_s));
                Some(Stage::Dialling { lease, until: until.unwrap_or(joined) })
            }
            _ => None,
        };
        match stage {
            Some(stage) => {
                let wish = Wish {
                    language: session.language,
                    gender: session.gender,
                    tried: session.tried,
                    since_s: session.waiting_since_s,
                    lease: session.lease,
                };
                self.memory.queue.stand(&call, stage, want(setup.hotline, &wish), now);
            }
            None => self.memory.queue.leave(&call),
        }
    }

    fn dialled(&mut self, setup: &Setup<'_>, session: &Session, outcome: Option<Outcome>, now: Timestamp) -> Dialled {
        let failed = Dialled { status: DialStatus::Failed, talked: false };
        let Some(lease) = session.lease else { return failed };
        let result = outcome
            .map(|outcome| DialResult { status: outcome.status, bridged: outcome.bridged, seconds: None })
            .filter(|_| session.place == Place::Dialling);
        let by_pickup = |one: CounsellorIx| setup.desk.counsellors[usize::from(one.0)].line.accept == Accept::Pickup;
        let picked_up = setup.by == By::Dial && session.ringing.iter().any(by_pickup);
        let talked = picked_up && result.is_some_and(|result| result.talked(None));
        if let (true, Some(only), None) = (talked, session.ringing.iter().next(), session.ringing.iter().nth(1)) {
            let counsellor = &setup.desk.counsellors[usize::from(only.0)].id;
            self.leases.accept(lease, counsellor, now, after(now, 1));
        }
        let ended = self.end(setup, lease, now);
        let accepted = ended.filter(|_| !picked_up).map(|ended| ended.by.is_some());
        match result {
            Some(result) => Dialled { status: result.status, talked: result.talked(accepted) },
            None => failed,
        }
    }

    fn end(&mut self, setup: &Setup<'_>, lease: LeaseId, now: Timestamp) -> Option<Ended> {
        self.memory.ends.retain(|(.., at)| now.duration_since(*at) < SignedDuration::from_secs(120));
        let wrap_up = after(now, i64::from(setup.desk.wrap_up_s));
        let by = setup.by;
        let end = |leases: &mut Leases| match by {
            By::Dial => leases.end(lease, wrap_up),
            By::Legs => leases.end_talk(lease, wrap_up),
        };
        let known = self.memory.ends.iter().position(|(known, ..)| *known == lease);
        let at = known.unwrap_or_else(|| {
            let ended = end(&mut self.leases);
            self.memory.ends.push((lease, ended, now));
            self.memory.ends.len() - 1
        });
        let is_in = |row: &Lease| row.id == lease && (by == By::Dial || row.state == LeaseState::Talking);
        if self.leases.0.iter().any(is_in)
            && let Some(again) = end(&mut self.leases)
        {
            self.memory.ends[at].1 = Some(again);
        }
        // `Queue::talked` is only looked at by a desk that rings who was idle longest; none here does.
        self.memory.ends[at].1.clone()
    }

    /// A call is over.
    pub fn free(&mut self, setup: &Setup<'_>, call: usize, now: Timestamp, orders: &mut Vec<Order>) {
        let attempt = self.memory.attempts[call].take();
        self.end_legs(setup, call, now, orders);
        if let Some((lease, _)) = attempt
            && (setup.by == By::Dial || self.talks(lease, |_| true))
        {
            self.end(setup, lease, now);
        }
        self.memory.queue.leave(&call);
    }

    fn talks(&self, lease: LeaseId, who: impl Fn(&Lease) -> bool) -> bool {
        self.leases.0.iter().any(|row| row.id == lease && row.state == LeaseState::Talking && who(row))
    }

    pub fn is_rung(&self, call: usize) -> bool {
        self.memory.calls.standing(sid(call)).is_some_and(|(.., rung)| rung)
    }

    fn stand_again(&mut self, call: usize, now: Timestamp) {
        let Some((lease, want, since_s, rung)) = self.memory.calls.standing(sid(call)) else { return };
        let stage = match rung {
            true => Stage::Dialling { lease, until: after(now, GONE_S) },
            false => Stage::Waiting { since_s },
        };
        self.memory.queue.stand(&call, stage, want, now);
    }

    /// One event of a caller: `Switchboard::answer` for a call that lives.
    pub fn answer(
        &mut self,
        setup: &Setup<'_>,
        call: usize,
        session: &Session,
        asked: Asked,
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) -> Answer {
        let input = match asked {
            Asked::Key(key) => Input::Pressed(hulplijn::base::Digit::new(key).expect("a key")),
            Asked::Silence => Input::Silence,
            Asked::Dial(outcome) => {
                self.memory.attempts[call] = None;
                Input::DialEnded(self.dialled(setup, session, outcome, now))
            }
        };
        self.step(setup, call, session.clone(), input, now, orders)
    }

    pub fn step(
        &mut self,
        setup: &Setup<'_>,
        call: usize,
        mut session: Session,
        input: Input,
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) -> Answer {
        match setup.spoilt {
            // Whoever holds a token cannot tell that the clock was set.
            Spoilt::AClockKeepsCallersWaiting => session.issued_s = now.as_second(),
            Spoilt::TheWaitBeginsAnewEachRound if session.waiting_since_s.is_some() => {
                session.waiting_since_s = Some(now.as_second());
            }
            _ => {}
        }
        let wish = flow::asks_desk(setup.hotline, &session, &input, now);
        let (after, outputs) = match &wish {
            None => {
                let present = self.present(setup, call, &session, (None, CounsellorSet::default()), now);
                flow::step(setup.hotline, session, input, present)
            }
            Some(wish) => self.step_at_desk(setup, call, &session, (input, wish), now),
        };
        if wish.is_some() || self.memory.queue.knows(&call) {
            self.stand(setup, call, &after, &outputs, now);
        }
        let words = outputs.iter().any(|output| matches!(output, Output::Say(_)));
        let does = match outputs.last() {
            Some(Output::Connect { lease, who, .. }) => {
                Does::Rings { lease: *lease, who: *who, words_s: if words { words_s(setup) } else { 0 } }
            }
            Some(Output::Join { lease }) => Does::Joins { lease: *lease },
            Some(Output::Hold { .. }) => Does::Holds,
            Some(Output::Ask { .. }) if after.place == Place::Node(setup.hotline.roles.connect) => Does::Chooses,
            Some(Output::Ask { .. }) => Does::Tells,
            _ => Does::Ends,
        };
        self.after_step(setup, call, (&after, does), now, orders);
        Answer { session: after, does }
    }

    fn step_at_desk<'h>(
        &mut self,
        setup: &Setup<'h>,
        call: usize,
        session: &Session,
        (input, wish): (Input, &Wish),
        now: Timestamp,
    ) -> (Session, Vec<Output<'h>>) {
        let mut lost = CounsellorSet::default();
        loop {
            let mut present = self.present(setup, call, session, (Some(wish), lost), now);
            let (after, outputs) = flow::step(setup.hotline, session.clone(), input.clone(), present);
            let Some(Output::Connect { who, .. }) = outputs.last() else { return (after, outputs) };
            let got = self.take(setup, call, present.lease, *who, now);
            if got == *who {
                return (after, outputs);
            }
            if !got.is_empty() {
                present.who = got;
                return flow::step(setup.hotline, session.clone(), input, present);
            }
            lost = lost.with(*who);
        }
    }

    // ---- by legs

    fn after_step(
        &mut self,
        setup: &Setup<'_>,
        call: usize,
        (session, does): (&Session, Does),
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) {
        if setup.by == By::Dial {
            return;
        }
        let lease = match (does, session.lease) {
            (Does::Holds, Some(lease)) => lease,
            (Does::Joins { lease }, _) => {
                return self.memory.calls.joins(sid(call), lease, next_url(session), now);
            }
            _ => return self.end_legs(setup, call, now, orders),
        };
        let since_s = session.waiting_since_s.unwrap_or(session.issued_s);
        let (language, cannot_speak) = (session.language, session.cannot_speak);
        let wish = Wish { language, gender: session.gender, tried: session.tried, since_s: None, lease: None };
        let called = Called {
            lease,
            account: String::new(),
            next_url: next_url(session),
            want: want(setup.hotline, &wish),
            note: Note { lease, counsellor: CounsellorIx(0), language, cannot_speak, since_s, leased_s: 0 },
            legs: Vec::new(),
            tried: CounsellorSet::default(),
            stage: called::Stage::Waits,
            ringing: false,
            heard: now,
        };
        let Some((stage, left)) = self.memory.calls.waits(sid(call), called) else { return };
        drop_all(setup, left, orders);
        orders.push(match stage {
            called::Stage::Taken(_) => Order::Fetch(call, next_url(session)),
            _ => Order::RingFor(call),
        });
    }

    /// Whom to ring for this caller on legs of their own, each leased and noted; nobody while somebody rings for her.
    pub fn ring_for(&mut self, setup: &Setup<'_>, call: usize, now: Timestamp, orders: &mut Vec<Order>) -> Vec<LegOf> {
        let (lease, vain) = self.memory.calls.begin_ringing(sid(call), now);
        drop_all(setup, vain, orders);
        let Some(lease) = lease else { return Vec::new() };
        while let Some(who) = self.next_for(setup, call, lease, now) {
            let mut placed = Vec::new();
            for one in who.iter() {
                let ring_s = i64::from(setup.desk.counsellors[usize::from(one.0)].line.ring_s);
                let leg = Placed { counsellor: one, sid: None, until: after(now, ring_s + RING_OVER_S) };
                let begun = self.memory.calls.places(sid(call), lease, leg);
                self.stand_again(call, now);
                match begun {
                    Some(_) => {
                        let id = &setup.desk.counsellors[usize::from(one.0)].id;
                        let row = self.leases.0.iter().find(|row| row.id == lease && row.counsellor == *id);
                        let leg = LegOf { lease, one, leased_s: row.map_or(0, |row| row.expires_s) };
                        placed.push(leg);
                        let unneeded = self.memory.calls.placed(sid(call), lease, one, leg.sid());
                        drop_all(setup, unneeded, orders);
                    }
                    None => {
                        self.leases.give_up(lease, &setup.desk.counsellors[usize::from(one.0)].id);
                        self.memory.calls.leg_ended(lease, one, now);
                    }
                }
            }
            if self.memory.calls.rings(sid(call), lease) {
                return placed;
            }
        }
        self.memory.calls.end_ringing(sid(call), lease);
        self.stand_again(call, now);
        Vec::new()
    }

    fn next_for(&mut self, setup: &Setup<'_>, call: usize, lease: LeaseId, now: Timestamp) -> Option<CounsellorSet> {
        let mut lost = CounsellorSet::default();
        loop {
            let called = self.memory.calls.waiting(sid(call), lease)?;
            let want = Want { tried: called.want.tried.with(called.tried), ..called.want };
            let since_s = called.note.since_s;
            let own = self.live(setup, now).filter(|row| row.id == lease);
            let own: Vec<(CounsellorIx, i64)> = own
                .filter_map(|row| Some((Self::named(setup, row)?, row.expires_s)))
                .filter(|(one, _)| !want.tried.contains(*one))
                .collect();
            if !own.is_empty() {
                // `ring_on`
                let called = self.memory.calls.waiting(sid(call), lease)?;
                called.legs.extend(own.iter().map(|(one, expires_s)| Placed {
                    counsellor: *one,
                    sid: None,
                    until: after(now, expires_s - now.as_second()),
                }));
                return None;
            }
            let taken = self.taken(setup, now).with(lost);
            let Plan::Ring(who) = self.plan(setup, taken, call, (&want, since_s), now) else { return None };
            let got = self.take(setup, call, lease, who, now);
            if !got.is_empty() {
                return Some(got);
            }
            lost = lost.with(who);
        }
    }

    /// A counsellor picked up a leg of her own; whether she is needed.
    pub fn pick_up(&mut self, setup: &Setup<'_>, leg: LegOf, now: Timestamp) -> bool {
        let until = after(now, i64::from(WHISPER_S));
        self.memory.calls.picked_up(leg.lease, leg.one, &leg.sid(), until);
        self.is_needed(setup, (leg.lease, leg.one), now)
    }

    fn is_needed(&self, setup: &Setup<'_>, (lease, one): (LeaseId, CounsellorIx), now: Timestamp) -> bool {
        if setup.spoilt == Spoilt::TheLastToAcceptWins {
            return true;
        }
        let rows = || self.live(setup, now).filter(|row| row.id == lease);
        let hers = |row: &Lease| row.counsellor == setup.desk.counsellors[usize::from(one.0)].id;
        !rows().any(|row| row.state == LeaseState::Talking && !hers(row)) && rows().any(hers)
    }

    /// A counsellor pressed 1 on a leg of her own; whether she has the call.
    pub fn accept_on_leg(&mut self, setup: &Setup<'_>, leg: LegOf, now: Timestamp, orders: &mut Vec<Order>) -> bool {
        let LegOf { lease, one, .. } = leg;
        if !self.is_needed(setup, (lease, one), now) || self.take_call(setup, (lease, one), now) != Accepted::Yes {
            return false;
        }
        // `taken_by`
        let (hers, fetched) = self.memory.calls.taken(lease, one, &leg.sid());
        if let Some(fetched) = fetched {
            drop_all(setup, fetched.left, orders);
            orders.push(Order::Fetch(call_of(&fetched.caller), fetched.url));
        }
        hers || setup.spoilt == Spoilt::TheLastToAcceptWins
    }

    /// `take_call`
    pub fn take_call(&mut self, setup: &Setup<'_>, (lease, one): (LeaseId, CounsellorIx), now: Timestamp) -> Accepted {
        let counsellor = setup.desk.counsellors[usize::from(one.0)].id.clone();
        let expires = after(now, i64::from(setup.desk.talk_max_s) + i64::from(WHISPER_S));
        if setup.spoilt == Spoilt::TheLastToAcceptWins {
            self.leases.0.iter_mut().filter(|row| row.id == lease).for_each(|row| row.state = LeaseState::Ringing);
        }
        let mut accepted = self.leases.accept(lease, &counsellor, now, expires);
        if accepted == Accepted::Gone
            && setup.by == By::Dial
            && self.leases.open(lease, &counsellor, now, expires) != Opened::Busy
        {
            accepted = self.leases.accept(lease, &counsellor, now, expires);
        }
        if accepted == Accepted::Yes || setup.by == By::Dial {
            self.memory.queue.accepted(lease, expires);
        }
        accepted
    }

    /// The end of a leg, or of a counsellor's time in the room, is told.
    pub fn leg_ended(&mut self, setup: &Setup<'_>, leg: LegOf, now: Timestamp, orders: &mut Vec<Order>) {
        let LegOf { lease, one, leased_s } = leg;
        let id = &setup.desk.counsellors[usize::from(one.0)].id;
        let row = self.leases.0.iter().find(|row| row.id == lease && row.counsellor == *id);
        let rings = |row: &Lease| row.state == LeaseState::Ringing && row.expires_s != leased_s;
        let old = self.memory.calls.is_old(lease, one, &leg.sid()) || row.is_some_and(rings);
        if !old || setup.spoilt == Spoilt::OldCallbacksCount {
            self.leg_is_over(setup, (lease, one), now, orders);
        }
    }

    pub fn leg_is_over(
        &mut self,
        setup: &Setup<'_>,
        (lease, one): (LeaseId, CounsellorIx),
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) {
        let counsellor = &setup.desk.counsellors[usize::from(one.0)].id;
        if self.talks(lease, |row| row.counsellor == *counsellor) {
            self.end(setup, lease, now);
        } else {
            self.leases.give_up(lease, counsellor);
        }
        if let Some(caller) = self.memory.calls.leg_ended(lease, one, now) {
            orders.push(Order::RingFor(call_of(&caller)));
        }
        orders.push(Order::RingNext);
    }

    /// A leg that still rang was ended at the provider: `drop_leg`.
    pub fn dropped(&mut self, setup: &Setup<'_>, (lease, one): (LeaseId, CounsellorIx), orders: &mut Vec<Order>) {
        self.leases.give_up(lease, &setup.desk.counsellors[usize::from(one.0)].id);
        orders.push(Order::RingNext);
    }

    fn end_legs(&mut self, setup: &Setup<'_>, call: usize, now: Timestamp, orders: &mut Vec<Order>) {
        let Some((lease, stage, legs)) = self.memory.calls.leaves(sid(call), now) else { return };
        drop_all(setup, legs, orders);
        if self.memory.attempts[call].is_some_and(|(known, _)| known == lease) {
            self.memory.attempts[call] = None;
        }
        if stage != called::Stage::Waits {
            self.end(setup, lease, now);
        }
        orders.push(Order::RingNext);
    }

    /// `look_for_the_gone`
    pub fn look_for_the_gone(&mut self, setup: &Setup<'_>, now: Timestamp, orders: &mut Vec<Order>) {
        if setup.by == By::Dial {
            return;
        }
        for due in self.memory.calls.due(setup.desk.talk_max_s, now) {
            match due {
                Due::Gone(_) if setup.spoilt == Spoilt::NobodyIsEverGone => {}
                Due::Gone(caller) => self.free(setup, call_of(&caller), now, orders),
                Due::RingFor(caller) => orders.push(Order::RingFor(call_of(&caller))),
                Due::Fetch(..) | Due::Look(_) if setup.spoilt == Spoilt::WhoIsAloneInTheRoomStays => {}
                Due::Fetch(caller, url) => orders.push(Order::Fetch(call_of(&caller), url)),
                Due::Look(leg) => orders.push(Order::Look(leg.lease, leg.counsellor)),
                Due::Drop(legs) => drop_all(setup, legs, orders),
            }
        }
    }
}

/// A leg that was not picked up so long after its ringing time has rung in vain: as in `calling.rs`.
const RING_OVER_S: i64 = 10;

fn drop_all(setup: &Setup<'_>, legs: impl IntoIterator<Item = Unneeded>, orders: &mut Vec<Order>) {
    for leg in legs {
        let spoilt = match leg.why {
            NotNeeded::Gone => Spoilt::LegsRingOnWhenSheLeaves,
            NotNeeded::Taken => Spoilt::TheLastToAcceptWins,
        };
        if setup.spoilt != spoilt {
            orders.push(Order::Drop(leg.lease, leg.counsellor));
        }
    }
}

/// The name of a caller's leg, and of a counsellor's.
pub fn sid(call: usize) -> &'static CallSid {
    static NAMES: LazyLock<[CallSid; 2]> = LazyLock::new(|| ["0", "1"].map(|name| CallSid::new(name).expect("a name")));
    &NAMES[call]
}

fn call_of(caller: &CallSid) -> usize {
    usize::from(caller.as_str() == "1")
}

/// What a caller's telephone asks next, in place of a sealed address: which step it answers.
pub fn next_url(session: &Session) -> String {
    session.step.to_string()
}

/// How long a counsellor who is rung now is taken at most.
fn taken_s(setup: &Setup<'_>, one: CounsellorIx) -> i64 {
    let line = &setup.desk.counsellors[usize::from(one.0)].line;
    if setup.spoilt == Spoilt::LeasesEndBeforeTheWhisper {
        return i64::from(line.ring_s) + i64::from(WHISPER_S);
    }
    let before_s = match setup.by {
        By::Dial => WORDS_MOST_S,
        By::Legs => 10,
    };
    setup.desk.taken_s(line, before_s, WHISPER_S)
}

/// Seconds of the words before it rings for the first time, as a slow voice says them.
pub fn words_s(setup: &Setup<'_>) -> i64 {
    let spoken = setup.hotline.spoken(setup.hotline.roles.waiting, hulplijn::flow::LangIx(0));
    (hulplijn::menu::time::seconds(&spoken.info) * 1.25).ceil() as i64
}

fn want(hotline: &Hotline, wish: &Wish) -> Want {
    Want {
        language: wish.language.and_then(|at| hotline.languages.get(usize::from(at.0)).copied()),
        gender: wish.gender,
        tried: wish.tried,
    }
}
