//! The telephone network of a test: phones with one clock, which the pretend REST interface rings, redirects and ends, and
//! which meet in conferences. Nothing waits in real time but the requests themselves.
#![allow(dead_code, reason = "each test file uses its part")]

use super::rest::{Order, Pretend, State};
use super::{ACCOUNT, OWN};
use hulplijn::base::Digit;
use hulplijn::phone::{
    CallEvent, CalledDoes, CalleeDoes, DialCallStatus, End, FetchFailure, Heard, Input, Leg, Media, Output, Phone,
    PhoneConfig, Purpose, Readings, Request, Response, Room, Sound, Target, Update,
};
use hulplijn::twiml::Method;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What a telephone does when it is rung; times in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Does {
    /// Picks up after so long; then presses these keys and hangs up, each so long after the pick-up.
    PicksUp {
        after_ms: u64,
        keys: Vec<(u64, char)>,
        hangs_up_ms: Option<u64>,
    },
    Busy {
        after_ms: u64,
    },
    /// The network gives up, or she declines.
    Declines {
        after_ms: u64,
    },
    Fails {
        after_ms: u64,
    },
    RingsOut,
}

impl Does {
    /// Picks up, and presses 1 a little later.
    pub fn accepts(after_ms: u64) -> Does {
        Does::PicksUp { after_ms, keys: vec![(2_000, '1')], hangs_up_ms: None }
    }

    /// A voicemail: picks up and presses nothing.
    pub fn voicemail(after_ms: u64) -> Does {
        Does::PicksUp { after_ms, keys: Vec::new(), hangs_up_ms: None }
    }
}

/// Which status callbacks of legs never arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lost {
    #[default]
    None,
    All,
    /// Those with this `CallStatus`.
    Status(&'static str),
}

/// One who is in a call.
struct Telephone {
    sid: String,
    /// As in the log: `caller`, or the number that was rung.
    name: String,
    phone: Phone,
    began_ms: u64,
    /// What she is going to do, in the network's time.
    plan: VecDeque<(u64, Input)>,
    /// Done so long after the pick-up.
    after_pick_up: Vec<(u64, Input)>,
    due_ms: Option<u64>,
    /// The conference that was dialled last.
    dialled: Option<(u32, Room)>,
    over: bool,
}

/// Who is in a conference.
struct Member {
    telephone: usize,
    callee: u32,
    room: Room,
}

pub struct Telephones {
    pub now_ms: u64,
    pub readings: Readings,
    pub lost: Lost,
    /// How long background work of the server may take, in real time, after each step of the network.
    pub patience: Duration,
    /// Whether the server has nothing more to do by itself; it is waited for after each step, ten seconds at most.
    pub idle: Option<Box<dyn Fn() -> bool>>,
    /// What happened: `<ms> <who> <what>`, a line each.
    pub log: Vec<String>,
    does: BTreeMap<String, VecDeque<Does>>,
    telephones: Vec<Telephone>,
    rooms: BTreeMap<String, Vec<Member>>,
}

impl Telephones {
    pub fn new() -> Telephones {
        Telephones {
            now_ms: 0,
            readings: Readings::ONE,
            lost: Lost::None,
            patience: Duration::from_millis(5),
            idle: None,
            log: Vec::new(),
            does: BTreeMap::new(),
            telephones: Vec::new(),
            rooms: BTreeMap::new(),
        }
    }

    /// What the telephone with this number or SIP address does the next time it is rung, and the time after that. One
    /// without a plan rings out.
    pub fn plan(&mut self, number: &str, does: &[Does]) {
        self.does.entry(number.to_owned()).or_default().extend(does.iter().cloned());
    }

    /// Somebody calls the hotline now; `keys` and hang-up in milliseconds from now.
    pub fn call(&mut self, rest: &Pretend, name: &str, config: PhoneConfig, acts: &[(u64, Input)]) {
        let config = PhoneConfig { readings: self.readings, media: Media::Assumed, ..config };
        let sid = config.call_sid.clone();
        rest.tell(&sid, State::Talking);
        let plan = acts.iter().map(|(ms, input)| (self.now_ms + ms, input.clone())).collect();
        self.add(Phone::new(config).unwrap(), sid, name, plan, Vec::new());
    }

    /// The present caller does something more, so many milliseconds from now.
    pub fn act(&mut self, name: &str, after_ms: u64, input: Input) {
        let at_ms = self.now_ms + after_ms;
        let telephone = self.telephones.iter_mut().find(|known| known.name == name && !known.over).unwrap();
        let at = telephone.plan.partition_point(|(known, _)| *known <= at_ms);
        telephone.plan.insert(at, (at_ms, input));
    }

    /// Who is in a call now.
    pub fn talking(&self) -> Vec<&str> {
        self.telephones.iter().filter(|known| !known.over).map(|known| known.name.as_str()).collect()
    }

    /// Lets time pass until then. `carry` brings each request to the server.
    pub async fn run<F>(&mut self, until_ms: u64, rest: &Pretend, carry: &mut F)
    where
        F: AsyncFnMut(&Request, u64) -> Result<Response, FetchFailure>,
    {
        // A test that goes on for ever is found out.
        for _ in 0..100_000 {
            self.settle(rest, carry).await;
            let plans = self.telephones.iter().filter(|one| !one.over).filter_map(|one| one.plan.front());
            let phones = self.telephones.iter().filter(|one| !one.over).filter_map(|one| one.due_ms);
            let next = plans.map(|(ms, _)| *ms).chain(phones).min().filter(|ms| *ms <= until_ms);
            let Some(next) = next else {
                self.now_ms = until_ms;
                self.pass_time();
                return;
            };
            self.now_ms = self.now_ms.max(next);
            self.pass_time();
            for telephone in self.telephones.iter_mut().filter(|one| !one.over) {
                while telephone.plan.front().is_some_and(|(ms, _)| *ms <= self.now_ms) {
                    if let Some((_, input)) = telephone.plan.pop_front() {
                        telephone.phone.handle_input(input);
                    }
                }
            }
        }
        panic!("the calls do not come to rest:\n{}", self.log.join("\n"));
    }

    fn pass_time(&mut self) {
        for telephone in self.telephones.iter_mut().filter(|one| !one.over) {
            telephone.phone.handle_input(Input::Time(self.now_ms - telephone.began_ms));
        }
    }

    /// Until nothing more happens by itself.
    async fn settle<F>(&mut self, rest: &Pretend, carry: &mut F)
    where
        F: AsyncFnMut(&Request, u64) -> Result<Response, FetchFailure>,
    {
        loop {
            for at in 0..self.telephones.len() {
                self.drain(at, rest, carry).await;
            }
            let mut orders = rest.orders();
            if orders.is_empty() {
                tokio::time::sleep(self.patience).await;
                for _ in 0..10_000 {
                    if self.idle.as_ref().is_none_or(|idle| idle()) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                orders = rest.orders();
            }
            // What was found out meanwhile, such as that a conference has ended, is done in the next round.
            if orders.is_empty() && !self.telephones.iter_mut().any(has_more) {
                return;
            }
            for order in orders {
                self.obey(order);
            }
        }
    }

    async fn drain<F>(&mut self, at: usize, rest: &Pretend, carry: &mut F)
    where
        F: AsyncFnMut(&Request, u64) -> Result<Response, FetchFailure>,
    {
        loop {
            let output = self.telephones[at].phone.poll_output();
            match output {
                Output::Wait { until_ms } => {
                    let telephone = &mut self.telephones[at];
                    telephone.due_ms = until_ms.map(|ms| ms + telephone.began_ms);
                    return;
                }
                Output::Request(request) => {
                    let status = request.param("CallStatus").unwrap_or_default().to_owned();
                    let notice = request.purpose == Purpose::Notice;
                    let lost = match self.lost {
                        Lost::None => false,
                        Lost::All => true,
                        Lost::Status(which) => status == which,
                    };
                    if notice && lost {
                        self.note(at, format!("{status} is lost"));
                        continue;
                    }
                    let answer = carry(&request, self.now_ms).await;
                    if !notice {
                        self.telephones[at].phone.handle_input(match answer {
                            Ok(response) => Input::Response(response),
                            Err(why) => Input::FetchFailed { request: request.id, why },
                        });
                    }
                }
                Output::Heard(Heard { leg, what: Sound::Say { words, .. }, .. }) => {
                    let whose = if leg == Leg::Caller { "" } else { "'s desk" };
                    self.note(at, format!("hears{whose}: {words}"));
                }
                Output::Answered => {
                    rest.tell(&self.telephones[at].sid, State::Talking);
                    let telephone = &mut self.telephones[at];
                    let planned = std::mem::take(&mut telephone.after_pick_up);
                    telephone.plan.extend(planned.into_iter().map(|(ms, input)| (self.now_ms + ms, input)));
                    self.note(at, "is connected".to_owned());
                }
                Output::Dialling(dialling) => match dialling.target {
                    Target::Conference(room) => self.telephones[at].dialled = Some((dialling.callee, room)),
                    other => self.note(at, format!("dials {other:?}")),
                },
                Output::Bridged { callee } => self.enter(at, callee),
                Output::CalleeEnded { callee, .. } => self.leave(at, callee),
                Output::Finding(finding) => self.note(at, format!("! {}", finding.words)),
                Output::Ended(end) => {
                    rest.tell(&self.telephones[at].sid, State::Over);
                    self.telephones[at].over = true;
                    self.note(at, ended(&end).to_owned());
                }
                Output::Heard(_) | Output::Interrupted { .. } | Output::Listening(_) => {}
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let (sid, update) = match order {
            Order::Placed { sid, form } => return self.ring(sid, &form),
            Order::Redirected { sid, url } => (sid, Update::Redirect { url, method: Method::Post }),
            Order::Ended { sid } => (sid, Update::End),
        };
        if let Some(telephone) = self.telephones.iter_mut().find(|known| known.sid == sid) {
            telephone.phone.handle_input(Input::Update(update));
        }
    }

    /// A telephone is rung as its form says.
    fn ring(&mut self, sid: String, form: &[(String, String)]) {
        let value = |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        let number = value("To").to_owned();
        let does = self.does.get_mut(&number).and_then(VecDeque::pop_front).unwrap_or(Does::RingsOut);
        let config = PhoneConfig {
            status_callback: Some(value("StatusCallback").to_owned()),
            caller_ids: vec![OWN.to_owned()],
            media: Media::Assumed,
            readings: self.readings,
            ..PhoneConfig::new(ACCOUNT, &sid, value("From"), &number, value("Url"))
        };
        let asked = |event: &CallEvent| {
            form.iter().any(|(name, value)| name == "StatusCallbackEvent" && value == event.as_str())
        };
        let events: Vec<CallEvent> = CallEvent::ALL.into_iter().filter(asked).collect();
        let phone = Phone::called(config, value("Timeout").parse().unwrap(), &events).unwrap();
        let now_ms = self.now_ms;
        let called = |after_ms: u64, does| VecDeque::from([(now_ms + after_ms, Input::Called(does))]);
        let (plan, after) = match does {
            Does::Busy { after_ms } => (called(after_ms, CalledDoes::Busy), Vec::new()),
            Does::Declines { after_ms } => (called(after_ms, CalledDoes::NoAnswer), Vec::new()),
            Does::Fails { after_ms } => (called(after_ms, CalledDoes::Fail), Vec::new()),
            Does::RingsOut => (VecDeque::new(), Vec::new()),
            Does::PicksUp { after_ms, keys, hangs_up_ms } => {
                let keys = keys.into_iter().map(|(ms, key)| (ms, Input::Key(Digit::new(key).unwrap())));
                let after = keys.chain(hangs_up_ms.map(|ms| (ms, Input::HangUp))).collect();
                (called(after_ms, CalledDoes::Answer), after)
            }
        };
        self.add(phone, sid, &number, plan, after);
        self.note(self.telephones.len() - 1, "rings".to_owned());
    }

    fn add(
        &mut self,
        phone: Phone,
        sid: String,
        name: &str,
        plan: VecDeque<(u64, Input)>,
        after_pick_up: Vec<(u64, Input)>,
    ) {
        let (name, began_ms) = (name.to_owned(), self.now_ms);
        let (due_ms, dialled, over) = (None, None, false);
        self.telephones.push(Telephone { sid, name, phone, began_ms, plan, after_pick_up, due_ms, dialled, over });
    }

    /// Enters the conference that was dialled; it starts when two are in it and one of them starts it.
    fn enter(&mut self, at: usize, callee: u32) {
        let Some((_, room)) = self.telephones[at].dialled.take().filter(|(dialled, _)| *dialled == callee) else {
            return self.note(at, "talks".to_owned());
        };
        let members = self.rooms.entry(room.name.clone()).or_default();
        if members.len() >= room.max_participants as usize {
            self.note(at, "finds the room full".to_owned());
            return self.telephones[at].phone.handle_input(Input::Callee(callee, CalleeDoes::Fail));
        }
        members.push(Member { telephone: at, callee, room });
        let starts = members.len() > 1 && members.iter().any(|member| member.room.start_on_enter);
        let inside: Vec<(usize, u32)> = members.iter().map(|member| (member.telephone, member.callee)).collect();
        self.note(at, "enters the room".to_owned());
        for (telephone, callee) in inside.into_iter().filter(|_| starts) {
            self.note(telephone, "talks".to_owned());
            self.telephones[telephone].phone.handle_input(Input::Callee(callee, CalleeDoes::Answer));
        }
    }

    /// Leaves the conference, and ends it for the others if that was asked for.
    fn leave(&mut self, at: usize, callee: u32) {
        let mut ended = Vec::new();
        for members in self.rooms.values_mut() {
            let here = members.iter().position(|member| member.telephone == at && member.callee == callee);
            let Some(here) = here else { continue };
            if members.remove(here).room.end_on_exit {
                ended.append(members);
            }
        }
        self.rooms.retain(|_, members| !members.is_empty());
        for member in ended {
            self.telephones[member.telephone].phone.handle_input(Input::Callee(member.callee, CalleeDoes::HangUp));
        }
    }

    fn note(&mut self, at: usize, what: String) {
        self.log.push(format!("{} {} {what}", self.now_ms, self.telephones[at].name));
    }
}

/// Whether a phone has something to say; what it is stays for the next round.
fn has_more(telephone: &mut Telephone) -> bool {
    telephone.phone.has_output()
}

fn ended(end: &End) -> &'static str {
    match end {
        End::OutOfVerbs | End::Hangup => "is hung up by the document",
        End::CallerHungUp => "hangs up",
        End::EndedByRest => "is ended",
        End::NotAnswered(DialCallStatus::Busy) => "is busy",
        End::NotAnswered(DialCallStatus::Failed) => "cannot be rung",
        End::NotAnswered(_) => "does not answer",
        End::Rejected(_) => "is rejected",
        End::Failed { .. } | End::TooManyDocuments => "fails",
    }
}
