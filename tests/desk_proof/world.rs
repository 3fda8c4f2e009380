//! The world around the program: two callers, two counsellors' telephones, a provider, and a true clock. What can happen
//! in it, and what must hold whatever happens.

use super::shell::{Answer, Asked, Does, LegOf, Memory, Order, Outcome, Setup, Shell, Spoilt, sid};
use hulplijn::base::{Accept, CounsellorIx, LeaseId};
use hulplijn::desk::{By, GONE_S, LeaseState};
use hulplijn::flow::{DialStatus, Input, Session, WHISPER_S};
use jiff::Timestamp;
use std::hash::{Hash, Hasher};

/// A round of the waiting loop is asked after at most so long.
const ROUND_S: i64 = 10;

/// From the limit to a person or a spoken way on.
const OVER_S: i64 = 15;

/// Who is alone in a room is fetched from it within this: three seconds of silence, and the provider's time.
const ALONE_S: i64 = 4;

/// How often it is looked who is gone.
const LOOK_S: i64 = 2;

/// At once, or at the last moment at which it can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    Now,
    Last,
}

/// Whether the provider's callback about it comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    Yes,
    /// Lost; or it comes later, with [`Event::Status`].
    No,
}

/// What can happen. The numbers are those of callers (0, 1) and of counsellors (0, 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// She says yes to a person.
    Yes(usize),
    /// The heartbeat of the waiting loop.
    Round(usize, When),
    /// She is alone in the room, and is fetched.
    Alone(usize),
    /// A key in the waiting loop that leads out of it.
    Back(usize),
    Answered(usize, When),
    Accepted(usize, When),
    /// Another key, no key, a voicemail.
    NotAccepted(usize, When, Told),
    Busy(usize, Told),
    NoAnswer(usize, Told),
    Failed(usize, Told),
    /// The counsellor leaves, from the talk or from the room where she waits.
    CounsellorLeaves(usize, When, Told),
    HangsUp(usize, Told),
    /// A callback about a leg of this counsellor that had been lost comes late.
    Status(usize),
    /// The provider repeats a caller's last request, and nobody remembers the answer. Hers is the new one, if she did not
    /// hear the first.
    Again(usize, Heard),
    /// The provider repeats a counsellor's yes.
    YesAgain(usize),
    Restart,
    /// Hours.
    Clock(i8),
    /// So many seconds in which nothing else comes.
    Pass(i64),
}

impl Event {
    /// Whether it is one of those that come seldom: a restart, a clock that is set, a request twice, a callback that is lost
    /// or late.
    fn disturbs(self) -> bool {
        use Event::*;
        match self {
            Restart | Clock(_) | Again(..) | YesAgain(_) | Status(_) => true,
            NotAccepted(_, _, told) | CounsellorLeaves(_, _, told) => told == Told::No,
            Busy(_, told) | NoAnswer(_, told) | Failed(_, told) | HangsUp(_, told) => told == Told::No,
            Yes(_) | Round(..) | Alone(_) | Back(_) | Answered(..) | Accepted(..) | Pass(_) => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    First,
    Second,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum At {
    /// Hears the question before she says yes.
    Choosing,
    /// In the loop, until so many seconds of the true clock at most.
    Loop(i64),
    Dial,
    /// In the room; alone, until so many seconds of the true clock.
    Room(LeaseId, Option<i64>),
    /// A spoken way on; or after a talk.
    Out,
    Gone,
}

#[derive(Clone)]
struct Caller {
    session: Session,
    at: At,
    /// Seconds of the true clock.
    yes_s: Option<i64>,
    left_s: i64,
    /// She talked, or was told a way on.
    served: bool,
    /// The last request: session, what was asked, when; nothing while the program remembers its answer.
    last: Option<(Session, Asked, i64)>,
    forgotten: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    Ringing,
    Whisper,
    /// Connected, or in the room.
    Talking,
}

/// A counsellor's telephone that rings, or more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Ring {
    caller: usize,
    lease: LeaseId,
    phase: Phase,
    /// When this phase is over by itself.
    until: i64,
    /// Until when she was leased for it, which tells it from others.
    leased_s: i64,
    /// No restart came since it was placed: the program can end it.
    named: bool,
}

#[derive(Clone)]
pub struct World {
    pub shell: Shell,
    true_s: i64,
    /// The wall clock is so far off.
    off_s: i64,
    callers: [Caller; 2],
    phones: [Vec<Ring>; 2],
    late: [Option<LegOf>; 2],
    /// How many disturbances are left.
    left: usize,
    /// No restart and no clock disturbed the order of waiting so far.
    undisturbed: bool,
}

impl Ring {
    fn leg(&self, one: usize) -> LegOf {
        LegOf { lease: self.lease, one: ix(one), leased_s: self.leased_s }
    }
}

impl Caller {
    fn alone(&self) -> Option<i64> {
        match self.at {
            At::Room(_, alone) => alone,
            _ => None,
        }
    }
}

type Held = Result<(), String>;

impl World {
    /// Both callers have pressed 0 and hear the question; the first one has said yes.
    pub fn begin(setup: &Setup<'_>, disturbances: usize) -> World {
        let session = Session::begin(setup.hotline.revision, wall(0));
        let caller =
            Caller { session, at: At::Choosing, yes_s: None, left_s: 0, served: false, last: None, forgotten: false };
        let mut world = World {
            shell: Shell { leases: Default::default(), memory: Memory::new() },
            true_s: 0,
            off_s: 0,
            callers: [caller.clone(), caller],
            phones: [Vec::new(), Vec::new()],
            late: [None; 2],
            left: disturbances,
            undisturbed: true,
        };
        let mut orders = Vec::new();
        for call in 0..2 {
            let session = world.callers[call].session.clone();
            let began = Input::Began { language: None };
            let mut answer = world.shell.step(setup, call, session, began, wall(0), &mut orders);
            for key in ['1', '0'] {
                let session = answer.session;
                answer = world.shell.answer(setup, call, &session, Asked::Key(key), wall(0), &mut orders);
            }
            assert_eq!(answer.does, Does::Chooses);
            world.callers[call].session = answer.session;
        }
        world.happens(setup, Event::Yes(0)).expect("the first yes is harmless");
        world
    }

    fn now(&self) -> Timestamp {
        wall(self.true_s + self.off_s)
    }

    fn ring(&self, one: usize) -> Option<&Ring> {
        self.phones[one].first()
    }

    /// Whether a caller waits: she said yes, and neither talks nor was told a way on, nor left.
    fn waits(&self, call: usize) -> bool {
        let caller = &self.callers[call];
        caller.yes_s.is_some() && !caller.served && caller.at != At::Gone
    }

    // ---- what can happen

    /// Until when something comes by itself.
    fn deadlines(&self) -> impl Iterator<Item = i64> {
        let callers = self.callers.iter().filter_map(move |caller| match caller.at {
            At::Loop(until) => Some(until),
            At::Room(_, alone) => alone,
            _ => None,
        });
        callers.chain(self.phones.iter().flatten().map(|ring| ring.until)).collect::<Vec<_>>().into_iter()
    }

    fn next_deadline(&self) -> i64 {
        self.deadlines().min().unwrap_or(i64::MAX)
    }

    pub fn events(&self, setup: &Setup<'_>) -> Vec<Event> {
        use Event::*;
        // Nobody can ask any more, and nothing rings.
        let over = self.callers.iter().all(|caller| matches!(caller.at, At::Out | At::Gone));
        if over && self.phones.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let mut events = Vec::with_capacity(32);
        let times = |until: i64| if until > self.true_s { &[When::Now, When::Last][..] } else { &[When::Now] };
        let told: &[Told] = if setup.by == By::Legs { &[Told::Yes, Told::No] } else { &[Told::Yes] };
        for (call, caller) in self.callers.iter().enumerate() {
            match caller.at {
                At::Choosing => events.push(Yes(call)),
                At::Loop(until) => {
                    events.extend(times(until).iter().map(|when| Round(call, *when)));
                    events.push(Back(call));
                }
                At::Room(_, Some(_)) => events.push(Alone(call)),
                _ => {}
            }
            if !matches!(caller.at, At::Choosing | At::Out | At::Gone) {
                events.extend([HangsUp(call, Told::Yes), HangsUp(call, Told::No)]);
            }
            if caller.forgotten && caller.last.as_ref().is_some_and(|(.., at)| self.true_s <= at + 15) {
                events.push(Again(call, Heard::First));
                let untouched = self.phones.iter().flatten().filter(|ring| ring.caller == call);
                let untouched = untouched.clone().all(|ring| ring.phase == Phase::Ringing);
                let now = caller.last.as_ref().is_some_and(|(.., at)| *at == self.true_s);
                if untouched && now && caller.at != At::Gone {
                    events.push(Again(call, Heard::Second));
                }
            }
        }
        for one in 0..2 {
            if self.late[one].is_some() {
                events.push(Status(one));
            }
            let Some(ring) = self.ring(one) else { continue };
            let times = times(ring.until);
            match ring.phase {
                Phase::Ringing => {
                    events.extend(times.iter().map(|when| Answered(one, *when)));
                    for told in told {
                        events.extend([Busy(one, *told), NoAnswer(one, *told), Failed(one, *told)]);
                    }
                }
                Phase::Whisper => {
                    events.extend(times.iter().map(|when| Accepted(one, *when)));
                    for told in told {
                        events.extend(times.iter().map(|when| NotAccepted(one, *when, *told)));
                    }
                }
                Phase::Talking => {
                    for told in told {
                        events.extend(times.iter().map(|when| CounsellorLeaves(one, *when, *told)));
                    }
                    if setup.by == By::Legs {
                        events.push(YesAgain(one));
                    }
                }
            }
        }
        events.extend([Restart, Clock(1), Clock(-1)]);
        if self.next_deadline() >= self.true_s + 10 {
            events.push(Pass(10));
        }
        if self.left == 0 {
            events.retain(|event| !event.disturbs());
        }
        events
    }

    // ---- what happens

    /// This happens; what must hold holds afterwards, or it is said what does not.
    pub fn happens(&mut self, setup: &Setup<'_>, event: Event) -> Held {
        self.left = self.left.saturating_sub(usize::from(event.disturbs()));
        let mut orders = Vec::new();
        let before = (self.callers.each_ref().map(|caller| caller.at), self.phones.clone());
        match event {
            Event::Yes(call) => {
                self.callers[call].yes_s = Some(self.true_s);
                self.asks(setup, call, Asked::Key('1'), &mut orders);
            }
            Event::Round(call, when) => {
                if let At::Loop(until) = self.callers[call].at {
                    self.advance(setup, when, until);
                }
                // Who was heard of too late has been looked after meanwhile; she is still there.
                self.asks(setup, call, Asked::Silence, &mut orders);
            }
            Event::Alone(call) => {
                if let At::Room(_, Some(until)) = self.callers[call].at {
                    self.advance(setup, When::Last, until);
                    // What was due meanwhile may have fetched her already.
                    if matches!(self.callers[call].at, At::Room(_, Some(_))) {
                        self.asks(setup, call, Asked::Dial(None), &mut orders);
                    }
                }
            }
            Event::Back(call) => self.asks(setup, call, Asked::Key('*'), &mut orders),
            Event::Answered(one, when) => {
                // Nobody picks up within the second.
                let until = self.ring(one).map_or(0, |ring| ring.until);
                let until = if when == When::Now { until.min(self.true_s + 1) } else { until };
                self.advance(setup, When::Last, until);
                self.answered(setup, one, &mut orders);
            }
            Event::Accepted(one, when) => {
                self.advance(setup, when, self.ring(one).map_or(0, |ring| ring.until));
                self.accepted(setup, one, &mut orders);
            }
            Event::NotAccepted(one, when, told) => {
                self.advance(setup, when, self.ring(one).map_or(0, |ring| ring.until));
                // Completed, and not connected: what a whisper without a yes leaves (twiml reference 4.2).
                self.leg_over(setup, one, DialStatus::Completed, told, &mut orders);
            }
            Event::Busy(one, told) => self.leg_over(setup, one, DialStatus::Busy, told, &mut orders),
            Event::Failed(one, told) => self.leg_over(setup, one, DialStatus::Failed, told, &mut orders),
            Event::NoAnswer(one, told) => {
                self.advance(setup, When::Last, self.ring(one).map_or(0, |ring| ring.until));
                self.leg_over(setup, one, DialStatus::NoAnswer, told, &mut orders);
            }
            Event::CounsellorLeaves(one, when, told) => {
                self.advance(setup, when, self.ring(one).map_or(0, |ring| ring.until));
                self.counsellor_leaves(setup, one, told, &mut orders);
            }
            Event::HangsUp(call, told) => self.hangs_up(setup, call, told, &mut orders),
            Event::Status(one) => {
                if let Some(leg) = self.late[one].take() {
                    self.shell.leg_ended(setup, leg, self.now(), &mut orders);
                }
            }
            Event::Again(call, heard) => self.again(setup, call, heard, &mut orders),
            Event::YesAgain(one) => {
                if let Some(ring) = self.ring(one).copied() {
                    self.shell.accept_on_leg(setup, ring.leg(one), self.now(), &mut orders);
                }
            }
            Event::Restart => {
                self.shell.restart(setup);
                self.undisturbed = false;
                self.callers.iter_mut().for_each(|caller| caller.forgotten = true);
                self.phones.iter_mut().flatten().for_each(|ring| ring.named = false);
            }
            Event::Clock(hours) => {
                self.off_s += i64::from(hours) * 3600;
                self.undisturbed = false;
                self.shell.clock_set(setup, i64::from(hours) * 3600);
            }
            Event::Pass(seconds) => self.advance(setup, When::Last, self.true_s + seconds),
        }
        self.work_on(setup, orders);
        self.meet();
        self.holds(setup)?;
        self.order_held(setup, &before, event)
    }

    /// The true clock goes on, but not over what comes before.
    fn advance(&mut self, setup: &Setup<'_>, when: When, until: i64) {
        let to = until.min(self.next_deadline()).max(self.true_s);
        if when == When::Now || to == self.true_s {
            return;
        }
        while self.true_s < to {
            self.true_s = (self.true_s + LOOK_S).min(to);
            let mut orders = Vec::new();
            self.shell.look_for_the_gone(setup, self.now(), &mut orders);
            self.work_on(setup, orders);
        }
    }

    /// The caller's telephone asks, and does as it is told.
    fn asks(&mut self, setup: &Setup<'_>, call: usize, asked: Asked, orders: &mut Vec<Order>) {
        let session = self.callers[call].session.clone();
        let answer = self.shell.answer(setup, call, &session, asked, self.now(), orders);
        let caller = &mut self.callers[call];
        caller.last = Some((session, asked, self.true_s));
        caller.forgotten = false;
        self.does(setup, call, answer);
    }

    fn does(&mut self, setup: &Setup<'_>, call: usize, answer: Answer) {
        let now_s = self.true_s;
        let caller = &mut self.callers[call];
        caller.session = answer.session;
        caller.at = match answer.does {
            Does::Chooses => At::Choosing,
            Does::Holds => At::Loop(now_s + ROUND_S),
            Does::Joins { lease } => {
                At::Room(lease, (setup.spoilt != Spoilt::WhoIsAloneInTheRoomStays).then_some(now_s + ALONE_S))
            }
            Does::Tells => At::Out,
            Does::Ends => At::Gone,
            Does::Rings { lease, who, words_s } => {
                for one in who.iter() {
                    let until = now_s + words_s + i64::from(setup.desk.counsellors[usize::from(one.0)].line.ring_s);
                    let ring = Ring { caller: call, lease, phase: Phase::Ringing, until, leased_s: 0, named: true };
                    self.phones[usize::from(one.0)].push(ring);
                }
                At::Dial
            }
        };
        match caller.at {
            At::Out | At::Gone => {
                caller.served |= caller.yes_s.is_some();
                caller.left_s = now_s;
            }
            // Back at the question: another yes is another wait.
            At::Choosing => (caller.yes_s, caller.served, caller.left_s) = (None, false, now_s),
            _ => {}
        }
    }

    fn answered(&mut self, setup: &Setup<'_>, one: usize, orders: &mut Vec<Order>) {
        let by_pickup = setup.desk.counsellors[one].line.accept == Accept::Pickup && setup.by == By::Dial;
        let (now_s, talk_s) = (self.true_s, i64::from(setup.desk.talk_max_s));
        let Some(ring) = self.phones[one].first_mut() else { return };
        if by_pickup {
            (ring.phase, ring.until) = (Phase::Talking, now_s + talk_s);
            let caller = ring.caller;
            self.callers[caller].served = true;
            // The others stop ringing.
            self.phones[1 - one].retain(|other| other.caller != caller);
        } else {
            (ring.phase, ring.until) = (Phase::Whisper, now_s + i64::from(WHISPER_S));
            let leg = ring.leg(one);
            if setup.by == By::Legs && !self.shell.pick_up(setup, leg, self.now()) {
                // She hears a sentence, and her leg ends.
                self.leg_gone(setup, one, Told::Yes, orders);
            }
        }
    }

    fn accepted(&mut self, setup: &Setup<'_>, one: usize, orders: &mut Vec<Order>) {
        let Some(ring) = self.ring(one).copied() else { return };
        let until = self.true_s + i64::from(setup.desk.talk_max_s);
        let yes = match setup.by {
            By::Dial => {
                self.shell.take_call(setup, (ring.lease, ix(one)), self.now());
                self.callers[ring.caller].served = true;
                true
            }
            By::Legs => self.shell.accept_on_leg(setup, ring.leg(one), self.now(), orders),
        };
        if yes {
            self.phones[one][0] = Ring { phase: Phase::Talking, until, ..ring };
        } else {
            // She hears a sentence, and her leg ends.
            self.leg_gone(setup, one, Told::Yes, orders);
        }
    }

    /// A leg is over before a talk.
    fn leg_over(&mut self, setup: &Setup<'_>, one: usize, status: DialStatus, told: Told, orders: &mut Vec<Order>) {
        let Some(ring) = self.ring(one).copied() else { return };
        match setup.by {
            // The Dial is over when its last line is.
            By::Dial => {
                self.phones[one].clear();
                if !self.phones.iter().flatten().any(|other| other.caller == ring.caller) {
                    let outcome = Outcome { status, bridged: Some(false) };
                    self.asks(setup, ring.caller, Asked::Dial(Some(outcome)), orders);
                }
            }
            By::Legs => self.leg_gone(setup, one, told, orders),
        }
    }

    /// A leg of a counsellor's own is over, and this is told, or not.
    fn leg_gone(&mut self, setup: &Setup<'_>, one: usize, told: Told, orders: &mut Vec<Order>) {
        let Some(ring) = self.phones[one].pop() else { return };
        match told {
            Told::Yes => self.shell.leg_ended(setup, ring.leg(one), self.now(), orders),
            Told::No => self.late[one] = Some(ring.leg(one)),
        }
    }

    fn counsellor_leaves(&mut self, setup: &Setup<'_>, one: usize, told: Told, orders: &mut Vec<Order>) {
        let Some(ring) = self.ring(one).copied() else { return };
        let outcome = Outcome { status: DialStatus::Completed, bridged: Some(true) };
        match setup.by {
            By::Dial => {
                self.phones[one].clear();
                self.asks(setup, ring.caller, Asked::Dial(Some(outcome)), orders);
            }
            By::Legs => {
                self.leg_gone(setup, one, told, orders);
                // The room is over with the first who leaves it.
                if matches!(self.callers[ring.caller].at, At::Room(lease, _) if lease == ring.lease) {
                    let outcome = Outcome { bridged: None, ..outcome };
                    self.asks(setup, ring.caller, Asked::Dial(Some(outcome)), orders);
                }
            }
        }
    }

    fn hangs_up(&mut self, setup: &Setup<'_>, call: usize, told: Told, orders: &mut Vec<Order>) {
        let at = std::mem::replace(&mut self.callers[call].at, At::Gone);
        self.callers[call].left_s = self.true_s;
        if told == Told::Yes {
            self.shell.free(setup, call, self.now(), orders);
        }
        for one in 0..2 {
            let Some(ring) = self.ring(one).copied().filter(|ring| ring.caller == call) else { continue };
            match (setup.by, at) {
                // The provider ends both legs of a Dial.
                (By::Dial, _) => self.phones[one].clear(),
                (By::Legs, At::Room(lease, _)) if lease == ring.lease => self.leg_gone(setup, one, told, orders),
                _ => {}
            }
        }
    }

    fn again(&mut self, setup: &Setup<'_>, call: usize, heard: Heard, orders: &mut Vec<Order>) {
        // A provider asks again after a second, at the soonest.
        self.advance(setup, When::Last, self.true_s + 1);
        let Some((session, asked, at)) = self.callers[call].last.clone() else { return };
        let answer = self.shell.answer(setup, call, &session, asked, self.now(), orders);
        self.callers[call].forgotten = false;
        // Of somebody who has left it is the last that is heard.
        self.callers[call].left_s = self.true_s;
        if heard == Heard::Second {
            self.callers[call].last = Some((session, asked, at));
            if setup.by == By::Dial {
                self.phones.iter_mut().for_each(|rings| rings.retain(|ring| ring.caller != call));
            }
            self.does(setup, call, answer);
        }
    }

    /// What the program asks of the provider is done.
    fn work_on(&mut self, setup: &Setup<'_>, mut orders: Vec<Order>) {
        // Each order rings somebody, ends a leg, or does nothing; the bound holds all the same.
        for _ in 0..64 {
            let Some(order) = (!orders.is_empty()).then(|| orders.remove(0)) else { return };
            match order {
                Order::RingFor(call) => {
                    let placed = self.shell.ring_for(setup, call, self.now(), &mut orders);
                    for LegOf { lease, one, leased_s } in placed {
                        let at = usize::from(one.0);
                        let until = self.true_s + i64::from(setup.desk.counsellors[at].line.ring_s);
                        let phase = Phase::Ringing;
                        self.phones[at].push(Ring { caller: call, lease, phase, until, leased_s, named: true });
                    }
                }
                Order::RingNext => {
                    let waiting = self.shell.memory.queue.waiting(self.now()).copied();
                    orders.extend(waiting.map(Order::RingFor));
                }
                // Into the room she comes by her next round too, at once or later. Out of it she comes only so.
                Order::Fetch(call, url) => {
                    let hers = self.shell.memory.calls.asks(sid(call), &url);
                    if hers && matches!(self.callers[call].at, At::Room(..)) {
                        self.asks(setup, call, Asked::Dial(None), &mut orders);
                    }
                }
                Order::Look(lease, one) => {
                    if self.ring(usize::from(one.0)).is_none_or(|ring| ring.lease != lease) {
                        self.shell.leg_is_over(setup, (lease, one), self.now(), &mut orders);
                    }
                }
                Order::Drop(lease, one) => {
                    let at = usize::from(one.0);
                    let Some(ring) = self.ring(at).filter(|ring| ring.lease == lease) else { continue };
                    if ring.phase == Phase::Ringing {
                        let leg = ring.leg(at);
                        self.phones[at].clear();
                        self.late[at] = Some(leg);
                        self.shell.dropped(setup, (lease, one), &mut orders);
                    } else {
                        self.leg_gone(setup, at, Told::Yes, &mut orders);
                    }
                }
            }
        }
    }

    /// Who is in the room with a counsellor talks.
    fn meet(&mut self) {
        for ring in self.phones.iter().flatten().filter(|ring| ring.phase == Phase::Talking) {
            let caller = &mut self.callers[ring.caller];
            if let At::Room(lease, alone) = &mut caller.at
                && *lease == ring.lease
            {
                *alone = None;
                caller.served = true;
            }
        }
    }

    // ---- what must hold

    fn holds(&self, setup: &Setup<'_>) -> Held {
        let now = self.now();
        for (one, rings) in self.phones.iter().enumerate() {
            let id = &setup.desk.counsellors[one].id;
            let leases: Vec<_> = self.shell.leases.live(now).filter(|row| row.counsellor == *id).collect();
            if leases.len() > 1 {
                return Err(format!("counsellor {one} has {} leases", leases.len()));
            }
            if rings.len() > 1 {
                return Err(format!("counsellor {one} has two calls: {rings:?}"));
            }
            let Some(ring) = rings.first() else { continue };
            let caller = &self.callers[ring.caller];
            let leased = leases.iter().any(|row| row.id == ring.lease);
            let waits_for_her = !matches!(caller.at, At::Gone | At::Out | At::Choosing);
            if waits_for_her && !leased {
                return Err(format!("counsellor {one} is called without a lease: {ring:?}"));
            }
            // A leg of which a restart took the name cannot be ended; it ends by itself.
            let for_nobody_s = self.true_s - caller.left_s;
            if !waits_for_her && ring.named && for_nobody_s > GONE_S + LOOK_S {
                return Err(format!("counsellor {one} is called for nobody since {for_nobody_s} s: {ring:?}"));
            }
        }
        if let [Some(first), Some(second)] = [self.ring(0), self.ring(1)]
            && first.lease == second.lease
            && (first.phase, second.phase) == (Phase::Talking, Phase::Talking)
        {
            return Err("two counsellors have one call".to_owned());
        }
        for row in self.shell.leases.live(now) {
            // Nothing lasts longer than a talk that is about to begin.
            let most_s = i64::from(setup.desk.talk_max_s) + 15 + 38 + 10 + 30;
            let left_s = row.expires_s - now.as_second();
            let most_s = if row.state == LeaseState::WrapUp { i64::from(setup.desk.wrap_up_s) } else { most_s };
            if left_s > most_s {
                return Err(format!("a lease has {left_s} s left, expected {most_s} at most"));
            }
        }
        for call in 0..2 {
            let Some(yes_s) = self.callers[call].yes_s.filter(|_| self.waits(call)) else { continue };
            let waited_s = self.true_s - yes_s;
            if waited_s > i64::from(setup.desk.wait_max_s) + OVER_S {
                return Err(format!("caller {call} has waited {waited_s} s, {:?}", self.callers[call].at));
            }
        }
        Ok(())
    }

    /// A counsellor who was rung just now was rung for whoever waits longest, unless that one is rung somebody else, or
    /// could be.
    fn order_held(&self, setup: &Setup<'_>, (at, phones): &([At; 2], [Vec<Ring>; 2]), event: Event) -> Held {
        if !self.undisturbed {
            return Ok(());
        }
        for one in 0..2 {
            let (Some(ring), None) = (self.ring(one), phones[one].first()) else { continue };
            let other = 1 - ring.caller;
            let waited = (self.callers[other].yes_s, self.callers[ring.caller].yes_s);
            let (Some(others), Some(own)) = waited else { continue };
            let in_loop = [at[other], self.callers[other].at].iter().all(|at| matches!(at, At::Loop(_)));
            let is_rung = self.phones.iter().chain(phones).flatten().any(|ring| ring.caller == other);
            // Or the program has to believe that somebody rings for her, since nobody told of the end.
            if others >= own || !in_loop || is_rung || self.shell.is_rung(other) {
                continue;
            }
            let by_legs = self.shell.memory.calls.tried(sid(other));
            let tried = self.callers[other].session.tried.with(by_legs);
            let free = |one: usize| {
                let id = &setup.desk.counsellors[one].id;
                !tried.contains(ix(one)) && !self.shell.leases.live(self.now()).any(|row| row.counsellor == *id)
            };
            if !tried.contains(ix(one)) && !free(1 - one) {
                return Err(format!(
                    "{event:?}: counsellor {one} was rung for caller {}, who waits shorter",
                    ring.caller
                ));
            }
        }
        Ok(())
    }

    // ---- the slowest that can follow

    /// Everything takes its longest and nobody accepts, until nobody waits and nothing rings. `told`: whether callbacks of
    /// legs come. Each world on the way is given to `seen`, which says whether it was looked at before.
    pub fn slowest(mut self, setup: &Setup<'_>, told: Told, mut seen: impl FnMut(&World) -> bool) -> Held {
        for _ in 0..200 {
            let alone = self.callers.iter().any(|caller| matches!(caller.at, At::Room(..)) && !caller.served);
            let next = self.next_deadline().min(if alone { self.true_s + LOOK_S } else { i64::MAX });
            if next == i64::MAX || seen(&self) {
                return Ok(());
            }
            let ring = (0..2).find(|one| self.ring(*one).is_some_and(|ring| ring.until == next));
            let event = match ring {
                Some(one) => match self.ring(one).map(|ring| ring.phase) {
                    Some(Phase::Ringing) if setup.desk.counsellors[one].line.accept == Accept::Key => {
                        Event::Answered(one, When::Last)
                    }
                    Some(Phase::Ringing) => Event::NoAnswer(one, told),
                    Some(Phase::Whisper) => Event::NotAccepted(one, When::Last, told),
                    _ => Event::CounsellorLeaves(one, When::Last, told),
                },
                None => {
                    let round = (0..2).find(|call| self.callers[*call].at == At::Loop(next));
                    match round {
                        Some(call) => Event::Round(call, When::Last),
                        None => {
                            let alone = |call: &usize| self.callers[*call].alone() == Some(next);
                            (0..2).find(alone).map_or(Event::Pass(LOOK_S), Event::Alone)
                        }
                    }
                }
            };
            self.happens(setup, event).map_err(|wrong| format!("{wrong}, after {event:?} at its slowest"))?;
        }
        Err("the slowest goes on without an end".to_owned())
    }

    // ---- what a state is

    /// All on which the rest depends, relative to now: worlds that hash alike go on alike.
    pub fn hash(&self, setup: &Setup<'_>) -> u64 {
        let mut into = Quick(0);
        let ids = self.ids();
        // Of names of attempts only which are the same, and which came first.
        let id = |lease: LeaseId| ids.binary_search(&lease.0).unwrap_or(usize::MAX);
        let wall_s = self.true_s + self.off_s + ZERO_S;
        let far = |at_s: i64| at_s - self.true_s;
        for row in &self.shell.leases.0 {
            // One that is dead stays it: only that its attempt was once known can matter.
            let left_s = (row.expires_s - wall_s).max(0);
            if left_s > 0 || row.state != LeaseState::WrapUp {
                (id(row.id), row.counsellor == setup.desk.counsellors[0].id, row.state, left_s).hash(&mut into);
            }
        }
        let memory = &self.shell.memory;
        memory.queue.hash_at(self.now(), &mut into);
        memory.calls.hash_at(self.now(), |lease| id(lease) as u64, &mut into);
        for call in 0..2 {
            memory.attempts[call].map(|(lease, who)| (id(lease), who)).hash(&mut into);
            0xff_u8.hash(&mut into);
            let caller = &self.callers[call];
            match caller.at {
                At::Loop(until) => (1, far(until)).hash(&mut into),
                At::Room(lease, alone) => (2, id(lease), alone.map(far)).hash(&mut into),
                other => (3, std::mem::discriminant(&other)).hash(&mut into),
            }
            if caller.at == At::Gone {
                // Nothing is asked of her any more; only how long ago she left.
                far(caller.left_s).max(-30).hash(&mut into);
            } else {
                session_hash(&caller.session, &id, wall_s, &mut into);
                caller.yes_s.map(far).filter(|_| !caller.served).hash(&mut into);
                if caller.served || caller.at == At::Choosing {
                    far(caller.left_s).max(-30).hash(&mut into);
                }
            }
            (caller.served, caller.yes_s.is_some()).hash(&mut into);
            let last = caller.last.as_ref().filter(|(.., at)| caller.forgotten && self.true_s <= at + 15);
            if let Some((session, asked, at)) = last {
                session_hash(session, &id, wall_s, &mut into);
                (asked, far(*at), id(super::shell::lease_of(call, session))).hash(&mut into);
            }
        }
        for (lease, ended, at) in &memory.ends {
            if ids.binary_search(&lease.0).is_ok() {
                (id(*lease), ended.is_some(), at.as_second() - wall_s).hash(&mut into);
                let by = ended.as_ref().and_then(|ended| ended.by.as_ref());
                by.map(|by| *by == setup.desk.counsellors[0].id).hash(&mut into);
            }
        }
        for one in 0..2 {
            for ring in &self.phones[one] {
                let leased = (ring.leased_s - wall_s).max(-120);
                (ring.caller, id(ring.lease), ring.phase, far(ring.until), leased, ring.named).hash(&mut into);
            }
            self.late[one].map(|leg| (id(leg.lease), (leg.leased_s - wall_s).max(-120))).hash(&mut into);
        }
        let order = |call: usize| self.callers[call].yes_s;
        (self.left, self.undisturbed, self.undisturbed.then(|| order(0).cmp(&order(1)))).hash(&mut into);
        into.finish()
    }

    /// The names of attempts that anything still speaks of, in order.
    fn ids(&self) -> Vec<u64> {
        let memory = &self.shell.memory;
        let mut ids: Vec<u64> = self.shell.leases.0.iter().map(|row| row.id.0).collect();
        ids.extend(memory.attempts.iter().flatten().map(|(lease, _)| lease.0));
        ids.extend((0..2).filter_map(|call| memory.calls.attempt(sid(call))).map(|lease| lease.0));
        ids.extend(self.phones.iter().flatten().map(|ring| ring.lease.0));
        ids.extend(self.late.iter().flatten().map(|leg| leg.lease.0));
        for (call, caller) in self.callers.iter().enumerate() {
            if caller.at != At::Gone {
                ids.extend(caller.session.lease.map(|lease| lease.0));
            }
            if let Some((session, _, at)) = &caller.last
                && caller.forgotten
                && self.true_s <= at + 15
            {
                ids.extend(session.lease.map(|lease| lease.0));
                ids.push(super::shell::lease_of(call, session).0);
            }
        }
        ids.sort();
        ids.dedup();
        ids
    }

    pub fn told(&self) -> String {
        let callers: Vec<_> = self.callers.iter().map(|caller| (caller.at, caller.yes_s, caller.served)).collect();
        let leases: Vec<_> =
            self.shell.leases.0.iter().map(|row| (row.id, row.state, row.expires_s - ZERO_S)).collect();
        format!(
            "at {} s, clock off {} s\n  callers {callers:?}\n  phones {:?}\n  leases {leases:?}",
            self.true_s, self.off_s, self.phones
        )
    }
}

fn session_hash(session: &Session, id: &impl Fn(LeaseId) -> usize, wall_s: i64, into: &mut impl Hasher) {
    (session.place, session.lease.map(id), session.ringing, session.tried).hash(into);
    // A gap between two steps is looked at up to two minutes; what is further is a clock that was set.
    let since = |at: i64| at - wall_s;
    (session.waiting_since_s.map(since), session.waiting_since_s.map(|_| since(session.issued_s))).hash(into);
}

/// A hasher for some millions of small states: each word is mixed in (the finisher of splitmix64).
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ chunk.len() as u64);
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = mixed ^ (mixed >> 31);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Seconds of the wall clock when the true one is at zero.
const ZERO_S: i64 = 1_800_000_000;

fn wall(seconds: i64) -> Timestamp {
    Timestamp::from_second(ZERO_S + seconds).expect("a moment")
}

fn ix(one: usize) -> CounsellorIx {
    CounsellorIx(one as u8)
}
