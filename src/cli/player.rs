//! Plays a call: drives a `phone` against a server, with a caller and a counsellor who follow a script.

use crate::audio::music;
use crate::base::{Digit, MUSIC_PIECE_S};
use crate::phone::{
    CalleeDoes, End, FetchFailure, Heard, Input, Leg, Output, Phone, Purpose, Request, Response, Sound, Target,
    estimated_speech,
};
use std::collections::{HashMap, VecDeque};

/// Carries a request to a server. The door decides how: through a router in this process, or over the network.
pub trait Exchange {
    /// `now_ms`: since the call began.
    fn send(&mut self, request: &Request, now_ms: u64) -> impl Future<Output = Result<Response, FetchFailure>>;
}

/// What the caller does, when everything has been said and a key is awaited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    Press(Digit),
    /// Waits until the time for a key is up.
    Wait,
    HangUp,
}

/// What the counsellor's line does when it rings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, clap::ValueEnum)]
pub enum Counsellor {
    /// Picks up, presses 1, talks, hangs up
    #[default]
    Takes,
    /// Picks up, presses 1, and the caller hangs up first
    Outlasts,
    /// Picks up and presses nothing
    Voicemail,
    /// Picks up and presses another key than 1
    Declines,
    /// Is busy
    Busy,
    /// Lets it ring
    Away,
    /// Lets it ring, and the caller hangs up meanwhile
    Late,
    /// The call cannot be placed
    Unreachable,
}

impl Counsellor {
    /// The words a story uses, after "Counsellor: ".
    pub const WORDS: [(&'static str, Counsellor); 8] = [
        ("takes the call", Counsellor::Takes),
        ("takes the call, and she hangs up first", Counsellor::Outlasts),
        ("a voicemail picks up", Counsellor::Voicemail),
        ("declines", Counsellor::Declines),
        ("is busy", Counsellor::Busy),
        ("does not answer", Counsellor::Away),
        ("does not answer, and she hangs up meanwhile", Counsellor::Late),
        ("cannot be reached", Counsellor::Unreachable),
    ];

    /// The caller hangs up while it rings or during the talk.
    pub fn ends_with_her(self) -> bool {
        matches!(self, Counsellor::Outlasts | Counsellor::Late)
    }
}

/// What happened in a call, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    Did(Act),
    Said {
        leg: Leg,
        at_ms: u64,
        words: String,
    },
    /// A line of the desk rings; `who` where the script knows whose it is.
    Rings {
        callee: u32,
        who: Option<String>,
    },
    CounsellorPressed {
        callee: u32,
        key: Digit,
    },
    Talk,
    /// She hung up while it rang or during the talk.
    Left,
    /// Something a provider would note in its error log.
    Trouble(String),
    Ended {
        at_ms: u64,
        why: End,
    },
}

/// How long until the counsellor does something, and how long people talk, in milliseconds.
const COUNSELLOR_MS: u64 = 3_000;
const TALK_MS: u64 = 60_000;

/// A played call is at most this long; a script that never ends is ended.
const LONGEST_MS: u64 = 2 * 3_600_000;

/// Who decides for the caller, and who reads what happens.
pub trait Script {
    /// The phone waits: what the caller does now, or `None` once `until_ms` has come (never with `until_ms` unset).
    fn next(&mut self, state: &State, until_ms: Option<u64>) -> impl Future<Output = Option<Act>>;
    /// Something happened that a reader of the call wants to know.
    fn tell(&mut self, event: Event);
    /// What the counsellor's line does the next time it rings, where that is not the same for the whole call.
    fn counsellor(&mut self, _line: &Target) -> Option<Counsellor> {
        None
    }
    /// Whose line this is, where the desk has several.
    fn name(&self, _line: &Target) -> Option<String> {
        None
    }
    /// Milliseconds since the call began, where time is real; else the call's own time counts.
    fn elapsed_ms(&self) -> Option<u64> {
        None
    }
}

/// What a script may look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    pub now_ms: u64,
    /// The caller hears something until then.
    pub sounding_until_ms: u64,
    /// A key of the caller's is awaited.
    pub listening: bool,
}

/// What is going to happen at the desk, or to the caller because of it.
struct Desk {
    counsellor: Counsellor,
    /// What those who are rung do, by leg.
    does: HashMap<u32, Counsellor>,
    plan: VecDeque<(u64, Input)>,
}

impl Desk {
    fn of(&self, callee: u32) -> Counsellor {
        self.does.get(&callee).copied().unwrap_or(self.counsellor)
    }

    fn rings(&mut self, callee: u32, now_ms: u64) {
        let does = match self.of(callee) {
            Counsellor::Away => return,
            Counsellor::Late => Input::HangUp,
            Counsellor::Busy => Input::Callee(callee, CalleeDoes::Busy),
            Counsellor::Unreachable => Input::Callee(callee, CalleeDoes::Fail),
            _ => Input::Callee(callee, CalleeDoes::Answer),
        };
        self.plan.push_back((now_ms + COUNSELLOR_MS, does));
    }

    fn is_asked(&mut self, callee: u32, now_ms: u64) {
        let key = match self.of(callee) {
            Counsellor::Takes | Counsellor::Outlasts => Digit::of_option(0),
            Counsellor::Declines => Digit::of_option(1),
            _ => None,
        };
        let pressed = key.map(|key| (now_ms + COUNSELLOR_MS, Input::Callee(callee, CalleeDoes::Key(key))));
        self.plan.extend(pressed);
    }

    fn talks(&mut self, callee: u32, now_ms: u64) {
        let ends = match self.of(callee) {
            Counsellor::Outlasts => Input::HangUp,
            _ => Input::Callee(callee, CalleeDoes::HangUp),
        };
        self.plan.push_back((now_ms + TALK_MS, ends));
    }

    /// What is due before the phone itself has something to do.
    fn due(&mut self, until_ms: Option<u64>) -> Option<(u64, Input)> {
        let (at_ms, _) = self.plan.front()?;
        until_ms.is_none_or(|until_ms| *at_ms <= until_ms).then(|| self.plan.pop_front())?
    }
}

/// Plays the call to its end.
pub async fn play<E: Exchange, S: Script>(mut phone: Phone, counsellor: Counsellor, exchange: &mut E, script: &mut S) {
    let mut state = State::default();
    let mut desk = Desk { counsellor, does: HashMap::new(), plan: VecDeque::new() };
    let mut ended = false;
    loop {
        match phone.poll_output() {
            Output::Request(request) => {
                let answer = exchange.send(&request, state.now_ms).await;
                // Nobody waits for the answer to a notice.
                if request.purpose != Purpose::Notice {
                    phone.handle_input(match answer {
                        Ok(response) => Input::Response(response),
                        Err(why) => Input::FetchFailed { request: request.id, why },
                    });
                }
            }
            Output::Heard(heard) => hear(&mut state, script, heard),
            Output::Interrupted { leg: Leg::Caller, .. } => state.sounding_until_ms = state.now_ms,
            Output::Listening(listening) => match listening.leg {
                Leg::Caller => state.listening = true,
                Leg::Callee(callee) => desk.is_asked(callee, state.now_ms),
            },
            Output::Dialling(dialling) => {
                state.listening = false;
                let (callee, who) = (dialling.callee, script.name(&dialling.target));
                script.tell(Event::Rings { callee, who });
                desk.does.insert(callee, script.counsellor(&dialling.target).unwrap_or(desk.counsellor));
                desk.rings(dialling.callee, state.now_ms);
            }
            Output::Bridged { callee } => {
                desk.plan.clear();
                script.tell(Event::Talk);
                desk.talks(callee, state.now_ms);
            }
            Output::CalleeEnded { callee, .. } => {
                desk.plan.retain(|(_, input)| !matches!(input, Input::Callee(known, _) if *known == callee));
            }
            Output::Finding(finding) => script.tell(Event::Trouble(finding.words)),
            Output::Ended(why) => {
                script.tell(Event::Ended { at_ms: state.now_ms, why });
                ended = true;
            }
            // What was still to be told to the server has been told.
            Output::Wait { .. } if ended => return,
            Output::Wait { .. } if state.now_ms > LONGEST_MS => phone.handle_input(Input::HangUp),
            Output::Wait { until_ms } => wait(&mut phone, &mut state, &mut desk, script, until_ms).await,
            Output::Answered | Output::Interrupted { .. } => {}
        }
    }
}

/// Lets the next thing happen: the caller's act, the counsellor's, or the time.
async fn wait<S: Script>(phone: &mut Phone, state: &mut State, desk: &mut Desk, script: &mut S, until_ms: Option<u64>) {
    let due = desk.due(until_ms);
    let next_ms = due.as_ref().map(|(at_ms, _)| *at_ms).or(until_ms);
    if let Some(act) = script.next(state, next_ms).await {
        desk.plan.extend(due);
        if let Some(elapsed_ms) = script.elapsed_ms() {
            // Not beyond what is due: that has its own turn.
            state.now_ms = next_ms.map_or(elapsed_ms, |next_ms| elapsed_ms.min(next_ms)).max(state.now_ms);
            phone.handle_input(Input::Time(state.now_ms));
        }
        script.tell(Event::Did(act));
        match act {
            Act::Press(key) => phone.handle_input(Input::Key(key)),
            Act::HangUp => phone.handle_input(Input::HangUp),
            Act::Wait => {}
        }
        state.listening = false;
        return;
    }
    let Some(next_ms) = next_ms else {
        // Nobody does anything any more and nothing is going to happen: the caller hangs up.
        return phone.handle_input(Input::HangUp);
    };
    state.now_ms = state.now_ms.max(next_ms);
    phone.handle_input(Input::Time(state.now_ms));
    if let Some((_, input)) = due {
        match input {
            Input::HangUp => script.tell(Event::Left),
            Input::Callee(callee, CalleeDoes::Key(key)) => script.tell(Event::CounsellorPressed { callee, key }),
            _ => {}
        }
        phone.handle_input(input);
    }
}

/// How a piece of the waiting music is written down.
pub const MUSIC: &str = "(music)";

/// How long a sound lasts that nobody has measured: a piece of the waiting music as long as it is.
pub fn lasts_ms(sound: &Sound) -> u64 {
    match sound {
        Sound::Play { url } if music::is_piece(url) => u64::from(MUSIC_PIECE_S) * 1000,
        other => estimated_speech(other),
    }
}

fn hear<S: Script>(state: &mut State, script: &mut S, heard: Heard) {
    if heard.leg == Leg::Caller {
        state.sounding_until_ms = heard.at_ms.saturating_add(heard.ms);
    }
    let words = match heard.what {
        Sound::Say { words, .. } => words,
        Sound::Play { url } if music::is_piece(&url) => MUSIC.to_owned(),
        Sound::Play { url } => format!("(the sound {url})"),
        Sound::Tones(tones) => format!("(the tones {tones})"),
        Sound::ApplicationError => "(the provider's own words for a failure)".to_owned(),
        Sound::Silence | Sound::Ringing => return,
    };
    script.tell(Event::Said { leg: heard.leg, at_ms: heard.at_ms, words });
}

/// A caller who hears everything that is said and then does the next thing on a list; at its end she hangs up.
pub struct Listed {
    pub acts: VecDeque<Act>,
    pub events: Vec<Event>,
    /// Who sits at the desk, where there are several.
    pub seats: Vec<Seat>,
}

/// A counsellor of a desk with several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    pub name: String,
    /// Her number, as it is dialled.
    pub line: String,
    pub does: Counsellor,
}

impl Listed {
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Listed {
        Listed { acts: acts.into_iter().collect(), events: Vec::new(), seats: Vec::new() }
    }

    fn seat(&self, line: &Target) -> Option<&Seat> {
        let Target::Number(number) = line else { return None };
        self.seats.iter().find(|seat| seat.line == *number)
    }
}

impl Script for Listed {
    async fn next(&mut self, state: &State, _until_ms: Option<u64>) -> Option<Act> {
        let her_turn = state.listening && state.sounding_until_ms <= state.now_ms;
        if !her_turn { None } else { Some(self.acts.pop_front().unwrap_or(Act::HangUp)) }
    }

    fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    fn counsellor(&mut self, line: &Target) -> Option<Counsellor> {
        self.seat(line).map(|seat| seat.does)
    }

    fn name(&self, line: &Target) -> Option<String> {
        self.seat(line).map(|seat| seat.name.clone())
    }
}
