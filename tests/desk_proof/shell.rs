//! The shell between a call and the deciders, as `src/switchboard/{desk,voice,leg,calling}.rs` has it, without `async`,
//! words and counts. Decided is nothing here: that is done by `flow::step`, `flow::asks_desk`, `desk::Queue` and
//! `desk::Leases` themselves, or in a spoilt proof by one that is spoilt.

use hulplijn::base::{Accept, CounsellorIx, CounsellorSet, LeaseId};
use hulplijn::desk::{Accepted, By, Caller, Desk, Duty, Ended, LeaseState, Leases, Opened, Plan, Queue, Stage, Want};
use hulplijn::flow::{
    self, DialStatus, Dialled, Input, Now, Output, Patience, Place, Session, WHISPER_S, WORDS_MOST_S, Wish,
};
use hulplijn::menu::Hotline;
use hulplijn::provider::DialResult;
use jiff::{SignedDuration, Timestamp};

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

/// What is to be done at the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    RingFor(usize),
    RingNext,
    /// The leg of this counsellor for this attempt is ended.
    Drop(CounsellorIx, LeaseId),
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

/// A caller for whom counsellors are called: `Called` of the shell.
#[derive(Clone, Debug)]
pub struct Called {
    pub lease: LeaseId,
    pub want: Want,
    pub since_s: i64,
    /// Who, until when, and whether the leg's name is known.
    pub legs: Vec<(CounsellorIx, Timestamp)>,
    pub tried: CounsellorSet,
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
    pub called: [Option<Called>; 2],
    pub ends: Vec<(LeaseId, Option<Ended>, Timestamp)>,
}

impl Memory {
    pub fn new() -> Memory {
        Memory { queue: Queue::new(3), attempts: [None; 2], called: [None, None], ends: Vec::new() }
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
            for called in self.memory.called.iter_mut().flatten() {
                for (_, until) in &mut called.legs {
                    *until = after(*until, by_s);
                }
            }
            for (_, _, at) in &mut self.memory.ends {
                *at = after(*at, by_s);
            }
        }
    }

    fn named(setup: &Setup<'_>, lease: &hulplijn::desk::Lease) -> Option<CounsellorIx> {
        setup.desk.named(&lease.counsellor)
    }

    fn live<'a>(&'a self, setup: &Setup<'_>, now: Timestamp) -> impl Iterator<Item = &'a hulplijn::desk::Lease> {
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
        let own: CounsellorSet = self
            .live(setup, now)
            .filter(|known| known.id == lease)
            .filter_map(|known| Self::named(setup, known))
            .collect();
        if !own.is_empty() {
            (present.desk, present.who) = (flow::Desk::Open, own);
            return present;
        }
        let talks = self.live(setup, now).any(|l| Some(l.id) == wish.lease && l.state == LeaseState::Talking);
        if setup.by == By::Legs && talks {
            present.desk = flow::Desk::Taken;
            return present;
        }
        let taken = self.taken(setup, now).with(lost);
        let by_legs = self.memory.called[call].as_ref().map(|called| called.tried).unwrap_or_default();
        let want = Want { tried: wish.tried.with(by_legs), ..want(setup.hotline, wish) };
        let since_s = wish.since_s.unwrap_or_else(|| now.as_second());
        let caller = Caller::Number { hash: call as u64, before: None };
        let plan = match self.memory.queue.enter(&call, caller, now) {
            true => self.plan(setup, taken, call, (&want, since_s), now),
            false => Plan::Busy,
        };
        (present.desk, present.who) = match (plan, setup.by) {
            (Plan::Ring(who), By::Dial) => (flow::Desk::Open, who),
            (Plan::Ring(_), By::Legs) => (flow::Desk::Calling, nobody),
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
        let ended = match self.memory.ends.iter().find(|(known, ..)| *known == lease) {
            Some((_, ended, _)) => ended.clone(),
            None => {
                let ended = self.leases.end(lease, after(now, i64::from(setup.desk.wrap_up_s)));
                self.memory.ends.push((lease, ended.clone(), now));
                ended
            }
        };
        if let Some(at) = ended.as_ref().and_then(|ended| ended.by.as_ref()).and_then(|by| setup.desk.named(by)) {
            self.memory.queue.talked(at, now);
        }
        ended
    }

    /// A call is over.
    pub fn free(&mut self, setup: &Setup<'_>, call: usize, now: Timestamp, orders: &mut Vec<Order>) {
        self.memory.queue.leave(&call);
        self.end_legs(setup, call, orders);
        if let Some((lease, _)) = self.memory.attempts[call].take() {
            self.end(setup, lease, now);
        }
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
        self.after_step(setup, call, &after, does, orders);
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

    fn after_step(&mut self, setup: &Setup<'_>, call: usize, session: &Session, does: Does, orders: &mut Vec<Order>) {
        if setup.by == By::Dial {
            return;
        }
        match session.place {
            Place::Waiting if does != Does::Ends => {}
            Place::Dialling => {
                self.memory.called[call] = None;
                return;
            }
            _ => return self.end_legs(setup, call, orders),
        }
        let Some(lease) = session.lease else { return };
        let wish = Wish { language: session.language, gender: None, tried: session.tried, since_s: None, lease: None };
        let want = want(setup.hotline, &wish);
        let called = self.memory.called[call].get_or_insert_with(|| Called {
            lease,
            want,
            since_s: 0,
            legs: Vec::new(),
            tried: CounsellorSet::default(),
        });
        (called.lease, called.want) = (lease, want);
        called.since_s = session.waiting_since_s.unwrap_or(session.issued_s);
        orders.push(Order::RingFor(call));
    }

    /// Whom to ring for this caller by legs of their own, leased; nobody while somebody rings for her.
    pub fn ring_for(&mut self, setup: &Setup<'_>, call: usize, now: Timestamp) -> Option<(LeaseId, CounsellorSet)> {
        let called = self.memory.called[call].as_mut()?;
        let over: CounsellorSet = called.legs.iter().filter(|(_, until)| *until <= now).map(|(one, _)| *one).collect();
        called.legs.retain(|(_, until)| *until > now);
        called.tried = called.tried.with(over);
        if !called.legs.is_empty() {
            return None;
        }
        let mut lost = CounsellorSet::default();
        loop {
            let called = self.memory.called[call].as_ref()?;
            let (lease, since_s) = (called.lease, called.since_s);
            let want = Want { tried: called.want.tried.with(called.tried), ..called.want };
            let taken = self.taken(setup, now).with(lost);
            let Plan::Ring(who) = self.plan(setup, taken, call, (&want, since_s), now) else { return None };
            let got = self.take(setup, call, lease, who, now);
            if !got.is_empty() {
                let called = self.memory.called[call].as_mut()?;
                called.legs.extend(got.iter().map(|one| (one, after(now, taken_s(setup, one)))));
                return Some((lease, got));
            }
            lost = lost.with(who);
        }
    }

    /// A counsellor pressed 1 on a leg of her own; whether she has the call.
    pub fn accept_on_leg(
        &mut self,
        setup: &Setup<'_>,
        (lease, one): (LeaseId, CounsellorIx),
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) -> bool {
        let is_called = self.memory.called.iter().flatten().any(|called| called.lease == lease);
        if !is_called && !self.leases.0.iter().any(|row| row.id == lease) {
            return false;
        }
        if self.take_call(setup, (lease, one), now) != Accepted::Yes {
            return false;
        }
        // `taken_by`
        if let Some(called) = self.memory.called.iter_mut().flatten().find(|called| called.lease == lease) {
            let others = called.legs.iter().filter(|(other, _)| *other != one);
            if setup.spoilt != Spoilt::TheLastToAcceptWins {
                orders.extend(others.map(|(other, _)| Order::Drop(*other, lease)));
            }
            called.legs.retain(|(other, _)| *other == one);
        }
        true
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
    pub fn leg_ended(
        &mut self,
        setup: &Setup<'_>,
        (lease, one): (LeaseId, CounsellorIx),
        now: Timestamp,
        orders: &mut Vec<Order>,
    ) {
        let counsellor = &setup.desk.counsellors[usize::from(one.0)].id;
        let talks = |row: &hulplijn::desk::Lease| {
            row.id == lease && row.counsellor == *counsellor && row.state == LeaseState::Talking
        };
        if self.leases.0.iter().any(talks) {
            self.end(setup, lease, now);
        } else {
            // `rang_in_vain`
            self.leases.give_up(lease, counsellor);
            let called = self.memory.called.iter_mut().enumerate();
            let called = called.filter_map(|(at, called)| called.as_mut().map(|called| (at, called)));
            for (at, called) in called.filter(|(_, called)| called.lease == lease) {
                called.legs.retain(|(other, _)| *other != one);
                called.tried.insert(one);
                orders.push(Order::RingFor(at));
            }
        }
        orders.push(Order::RingNext);
    }

    fn end_legs(&mut self, setup: &Setup<'_>, call: usize, orders: &mut Vec<Order>) {
        let Some(called) = self.memory.called[call].take() else { return };
        for (one, _) in &called.legs {
            if setup.spoilt != Spoilt::LegsRingOnWhenSheLeaves {
                orders.push(Order::Drop(*one, called.lease));
            }
            self.leases.give_up(called.lease, &setup.desk.counsellors[usize::from(one.0)].id);
        }
        orders.push(Order::RingNext);
    }

    /// `look_for_the_gone`
    pub fn look_for_the_gone(&mut self, setup: &Setup<'_>, now: Timestamp, orders: &mut Vec<Order>) {
        if setup.by == By::Dial || setup.spoilt == Spoilt::NobodyIsEverGone {
            return;
        }
        for call in 0..2 {
            if self.memory.called[call].is_some() && !self.memory.queue.is_live(&call, now) {
                self.free(setup, call, now, orders);
            }
        }
    }
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
