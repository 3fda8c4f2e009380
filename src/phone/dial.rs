//! One Dial: legs that ring, a whisper, a talk (twiml reference 2.6, 4.1, 4.2).

use super::config::{DialBridged, RefusedWhisper, Several};
use super::cookies::Jar;
use super::io::*;
use super::runner::{Done, Progress, Runner};
use super::world::{Line, Role, World};
use crate::base::Digit;
use crate::twiml::{Method, ReadDial, ReadNoun};
use std::collections::VecDeque;
use url::Url;

pub(super) struct Dialing {
    pub verb: ReadDial,
    /// The address of the document with the Dial; a whisper's is relative to it.
    base: Url,
    caller_sid: String,
    caller_id: String,
    /// Nouns that wait for their turn.
    waiting: VecDeque<Noun>,
    stage: Stage,
    /// How the last leg that ended did.
    last: DialEnd,
}

/// A noun that we can ring.
#[derive(Clone)]
struct Noun {
    target: Target,
    send_digits: Option<String>,
    whisper: Option<(String, Method)>,
}

/// One leg that is being tried.
struct Attempt {
    callee: u32,
    sid: String,
    noun: Noun,
    stage: AttemptStage,
}

enum AttemptStage {
    Ringing {
        until_ms: u64,
    },
    /// `sendDigits`, after the callee answered.
    Tones {
        until_ms: u64,
    },
    Whispering(Box<Runner>),
}

enum Stage {
    Trying {
        legs: Vec<Attempt>,
        /// Since when the caller hears it ring, while she does.
        ringing_since_ms: Option<u64>,
    },
    Bridged {
        callee: u32,
        sid: String,
        since_ms: u64,
        until_ms: u64,
    },
    Conference {
        callee: u32,
        until_ms: u64,
        /// What is heard until the conference starts.
        wait: Option<Box<Runner>>,
    },
    Over,
}

/// What a Dial's action is told.
#[derive(Clone)]
pub(super) struct DialEnd {
    status: DialCallStatus,
    sid: Option<String>,
    /// Seconds bridged; only when somebody picked up.
    talked_s: Option<u64>,
    /// Not said of a conference.
    bridged: Option<bool>,
}

pub(super) enum Begun {
    Dialing(Box<Dialing>),
    /// It failed before anything rang.
    Over(DialEnd),
    /// None of its nouns is executed: the next verb runs.
    Nothing,
}

impl DialEnd {
    fn unanswered(status: DialCallStatus, sid: Option<String>) -> DialEnd {
        DialEnd { status, sid, talked_s: None, bridged: Some(false) }
    }

    /// Twiml reference 5.3.
    pub fn params(self, world: &World) -> Vec<(&'static str, String)> {
        let mut params = vec![("DialCallStatus", self.status.as_str().to_owned())];
        params.extend(self.sid.map(|sid| ("DialCallSid", sid)));
        params.extend(self.talked_s.map(|seconds| ("DialCallDuration", seconds.to_string())));
        if world.config.readings.dial_bridged == DialBridged::Sent {
            params.extend(self.bridged.map(|bridged| ("DialBridged", bridged.to_string())));
        }
        params
    }
}

impl Dialing {
    pub fn begin(verb: ReadDial, caller: &mut Runner, world: &mut World) -> Begun {
        let nouns: VecDeque<Noun> = verb.nouns.iter().filter_map(noun).collect();
        if nouns.is_empty() && !verb.nouns.is_empty() {
            return Begun::Nothing;
        }
        let caller_id = verb.caller_id.clone().unwrap_or_else(|| caller.line.from.clone());
        let failed = Begun::Over(DialEnd::unanswered(DialCallStatus::Failed, None));
        if nouns.is_empty() {
            world.finding(Leg::Caller, None, "`<Dial>` has nobody to call");
            return failed;
        }
        let conference = nouns.iter().any(|noun| matches!(noun.target, Target::Conference(_)));
        if conference && verb.nouns.len() > 1 {
            world.finding(Leg::Caller, Some(13000), "a conference must stand alone in `<Dial>`");
            return failed;
        }
        let numbers = nouns.iter().any(|noun| matches!(noun.target, Target::Number(_)));
        if numbers && !may_show(&caller_id, world) {
            let words = "`callerId` is neither the caller's number nor one of the account's";
            world.finding(Leg::Caller, Some(13214), words);
            return failed;
        }
        let mut dialing = Dialing {
            base: caller.current.clone(),
            caller_sid: caller.line.sid.clone(),
            caller_id,
            waiting: nouns,
            stage: Stage::Trying { legs: Vec::new(), ringing_since_ms: None },
            last: DialEnd::unanswered(DialCallStatus::Failed, None),
            verb,
        };
        if !dialing.verb.answer_on_bridge {
            world.answer(Leg::Caller);
        }
        dialing.ring(&mut caller.line, world);
        Begun::Dialing(Box::new(dialing))
    }

    pub fn deadline(&self) -> Option<u64> {
        match &self.stage {
            Stage::Trying { legs, .. } => legs.iter().filter_map(Attempt::deadline).min(),
            Stage::Bridged { until_ms, .. } => Some(*until_ms),
            Stage::Conference { until_ms, wait, .. } => {
                wait.as_ref().and_then(|wait| wait.deadline()).into_iter().chain([*until_ms]).min()
            }
            Stage::Over => None,
        }
    }

    /// Goes on as far as the present time allows; the end once it is over.
    pub fn advance(&mut self, caller: &mut Runner, world: &mut World) -> Option<DialEnd> {
        loop {
            match &mut self.stage {
                Stage::Trying { legs, .. } if legs.is_empty() => {
                    if self.waiting.is_empty() {
                        self.stage = Stage::Over;
                    } else {
                        self.ring(&mut caller.line, world);
                    }
                }
                Stage::Trying { legs, .. } => {
                    let (at, step) = legs.iter_mut().enumerate().find_map(|(at, leg)| Some((at, leg.step(world)?)))?;
                    match step {
                        Step::RangOut => self.unanswered(at, DialCallStatus::NoAnswer, world),
                        Step::TonesSent => self.whisper_or_bridge(at, world),
                        Step::Accepted => self.bridge(at, world),
                        Step::Refused => self.refused(at, world),
                        Step::Failed => self.unanswered(at, DialCallStatus::Failed, world),
                    }
                }
                Stage::Bridged { until_ms, .. } | Stage::Conference { until_ms, .. } if *until_ms <= world.now_ms => {
                    self.talk_ended(world);
                }
                Stage::Bridged { .. } => return None,
                Stage::Conference { wait, .. } => {
                    let silent = wait.as_mut().is_none_or(|wait| matches!(wait.advance(world), Progress::Done(_)));
                    if silent {
                        *wait = None;
                    }
                    return None;
                }
                Stage::Over => return Some(self.last.clone()),
            }
        }
    }

    /// `hangupOnStar`: the callee's leg ends and the caller goes on.
    pub fn caller_key(&mut self, key: Digit, world: &mut World) {
        if self.verb.hangup_on_star && key == Digit::STAR {
            self.talk_ended(world);
        }
    }

    pub fn callee_does(&mut self, who: u32, does: CalleeDoes, world: &mut World) {
        match &mut self.stage {
            Stage::Trying { legs, .. } => {
                let Some(at) = legs.iter().position(|leg| leg.callee == who) else { return };
                match (&mut legs[at].stage, does) {
                    (AttemptStage::Ringing { .. }, CalleeDoes::Answer) => self.picked_up(who, world),
                    (AttemptStage::Ringing { .. }, CalleeDoes::Busy) => {
                        self.unanswered(at, DialCallStatus::Busy, world);
                    }
                    (AttemptStage::Ringing { .. }, CalleeDoes::NoAnswer | CalleeDoes::HangUp) => {
                        self.unanswered(at, DialCallStatus::NoAnswer, world);
                    }
                    (AttemptStage::Ringing { .. }, CalleeDoes::Fail) => {
                        self.unanswered(at, DialCallStatus::Failed, world);
                    }
                    (AttemptStage::Whispering(runner), CalleeDoes::Key(key)) => runner.key(key, world),
                    (AttemptStage::Tones { .. } | AttemptStage::Whispering(_), CalleeDoes::HangUp) => {
                        self.refused(at, world);
                    }
                    _ => {}
                }
            }
            Stage::Bridged { callee, .. } if *callee == who && does == CalleeDoes::HangUp => self.talk_ended(world),
            Stage::Conference { callee, wait, .. } if *callee == who => match does {
                CalleeDoes::HangUp => self.talk_ended(world),
                CalleeDoes::Answer => {
                    if let Some(mut wait) = wait.take() {
                        wait.stop(world);
                    }
                }
                CalleeDoes::Fail | CalleeDoes::Busy => {
                    if let Some(wait) = wait {
                        wait.stop(world);
                    }
                    self.talk_over(who, DialEnd::unanswered(DialCallStatus::Failed, None), world);
                }
                CalleeDoes::NoAnswer | CalleeDoes::Key(_) => {}
            },
            _ => {}
        }
    }

    pub fn response(&mut self, response: &Response, world: &mut World) {
        self.runners().for_each(|runner| runner.response(response, world));
    }

    pub fn fetch_failed(&mut self, request: u64, why: FetchFailure, world: &mut World) {
        self.runners().for_each(|runner| runner.fetch_failed(request, why, world));
    }

    /// The caller hung up: every leg ends.
    pub fn abandon(mut self, world: &mut World) -> DialEnd {
        match self.take_stage() {
            Stage::Trying { legs, ringing_since_ms } => {
                stop_ringing(ringing_since_ms, world);
                let mut last = DialEnd::unanswered(DialCallStatus::Canceled, None);
                let mut somebody_picked_up = false;
                for mut leg in legs {
                    let callee = leg.callee;
                    leg.stop(world);
                    let rang = matches!(leg.stage, AttemptStage::Ringing { .. });
                    let end = match world.config.readings.refused_whisper {
                        RefusedWhisper::Completed if !rang => unbridged(leg.sid),
                        _ => DialEnd::unanswered(DialCallStatus::Canceled, Some(leg.sid)),
                    };
                    world.put(Output::CalleeEnded { callee, status: end.status });
                    if !rang || !somebody_picked_up {
                        last = end;
                    }
                    somebody_picked_up |= !rang;
                }
                last
            }
            talking @ (Stage::Bridged { .. } | Stage::Conference { .. }) => {
                self.stage = talking;
                self.talk_ended(world);
                self.last
            }
            Stage::Over => self.last,
        }
    }

    fn take_stage(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::Over)
    }

    /// Everything that executes documents while the caller's own leg waits.
    fn runners(&mut self) -> impl Iterator<Item = &mut Runner> {
        let (legs, wait) = match &mut self.stage {
            Stage::Trying { legs, .. } => (legs.as_mut_slice(), None),
            Stage::Conference { wait, .. } => (&mut [][..], wait.as_deref_mut()),
            Stage::Bridged { .. } | Stage::Over => (&mut [][..], None),
        };
        let whispers = legs.iter_mut().filter_map(|leg| match &mut leg.stage {
            AttemptStage::Whispering(runner) => Some(runner.as_mut()),
            AttemptStage::Ringing { .. } | AttemptStage::Tones { .. } => None,
        });
        whispers.chain(wait)
    }

    /// Rings everybody who waits, or the next one when they are rung one after the other.
    fn ring(&mut self, caller: &mut Line, world: &mut World) {
        let mut legs = Vec::new();
        let ring_ms = world.ring_ms(self.verb.timeout_s);
        while let Some(noun) = self.waiting.pop_front() {
            let (callee, sid) = world.next_callee();
            world.put(Output::Dialling(Dialling {
                callee,
                call_sid: sid.clone(),
                target: noun.target.clone(),
                caller_id: self.caller_id.clone(),
                timeout_s: self.verb.timeout_s,
            }));
            match &noun.target {
                Target::Conference(room) => return self.join(callee, room, caller, world),
                Target::Number(number) if !is_diallable(number) => {
                    world.finding(Leg::Callee(callee), Some(13223), "the number cannot be dialled");
                    self.ended_before_ringing(callee, sid, world);
                }
                Target::Sip(uri) if !is_sip(uri) => {
                    world.finding(Leg::Callee(callee), Some(13223), "the address is not one of `sip:user@host`");
                    self.ended_before_ringing(callee, sid, world);
                }
                _ => {
                    let stage = AttemptStage::Ringing { until_ms: world.now_ms.saturating_add(ring_ms) };
                    legs.push(Attempt { callee, sid, noun, stage });
                }
            }
            if self.verb.sequential && !legs.is_empty() {
                break;
            }
        }
        if !legs.is_empty() {
            world.heard(caller, Sound::Ringing, ring_ms);
        }
        let ringing_since_ms = (!legs.is_empty()).then_some(world.now_ms);
        self.stage = Stage::Trying { legs, ringing_since_ms };
    }

    /// The caller is in the conference at once (4.4). With an address to wait by she hears that until it starts.
    fn join(&mut self, callee: u32, room: &Room, caller: &mut Line, world: &mut World) {
        caller.unheard = 0;
        world.answer(Leg::Caller);
        world.put(Output::Bridged { callee });
        let wait = room.wait_url.as_deref().filter(|url| !url.is_empty()).map(|url| {
            let line = Line { role: Role::Wait, ..caller.clone() };
            let mut runner = Box::new(Runner::new(line, self.base.clone()));
            runner.fetch(url, room.wait_method, Vec::new(), world);
            runner
        });
        self.stage = Stage::Conference { callee, until_ms: self.limit_ms(world), wait };
    }

    fn ended_before_ringing(&mut self, callee: u32, sid: String, world: &mut World) {
        world.put(Output::CalleeEnded { callee, status: DialCallStatus::Failed });
        self.last = DialEnd::unanswered(DialCallStatus::Failed, Some(sid));
    }

    /// This leg is tried no more. The ringing that the caller hears stops with the last leg that rings.
    fn take_leg(&mut self, at: usize, world: &mut World) -> Option<Attempt> {
        let Stage::Trying { legs, ringing_since_ms } = &mut self.stage else { return None };
        if at >= legs.len() {
            return None;
        }
        let mut leg = legs.remove(at);
        // A leg that rang out was heard to the end.
        let rang_out = matches!(leg.stage, AttemptStage::Ringing { until_ms } if until_ms <= world.now_ms);
        if !legs.iter().any(|leg| matches!(leg.stage, AttemptStage::Ringing { .. })) {
            let since_ms = ringing_since_ms.take();
            stop_ringing(since_ms.filter(|_| !rang_out), world);
        }
        leg.stop(world);
        Some(leg)
    }

    /// A leg ended without a talk; the others are tried on.
    fn unanswered(&mut self, at: usize, status: DialCallStatus, world: &mut World) {
        let Some(leg) = self.take_leg(at, world) else { return };
        world.put(Output::CalleeEnded { callee: leg.callee, status });
        self.last = DialEnd::unanswered(status, Some(leg.sid));
    }

    /// A leg that was picked up and not bridged; the next noun has its turn.
    fn refused(&mut self, at: usize, world: &mut World) {
        let Some(leg) = self.take_leg(at, world) else { return };
        self.last = match world.config.readings.refused_whisper {
            RefusedWhisper::Completed => unbridged(leg.sid),
            RefusedWhisper::NoAnswer => DialEnd::unanswered(DialCallStatus::NoAnswer, Some(leg.sid)),
        };
        world.put(Output::CalleeEnded { callee: leg.callee, status: self.last.status });
    }

    /// Twiml reference 4.2: the first to pick up wins, even before a whisper is accepted; or the others ring on until
    /// one of them accepts.
    fn picked_up(&mut self, callee: u32, world: &mut World) {
        if world.config.readings.several == Several::PickUpWins {
            self.only(callee, world);
        }
        let Stage::Trying { legs, ringing_since_ms } = &mut self.stage else { return };
        let Some(at) = legs.iter().position(|leg| leg.callee == callee) else { return };
        let tones = legs[at].noun.send_digits.clone();
        let ms = tones.map_or(0, |tones| {
            let what = Sound::Tones(tones);
            let ms = (world.config.speech)(&what);
            world.put(Output::Heard(Heard { leg: Leg::Callee(callee), at_ms: world.now_ms, ms, what }));
            ms
        });
        legs[at].stage = AttemptStage::Tones { until_ms: world.now_ms.saturating_add(ms) };
        if !legs.iter().any(|leg| matches!(leg.stage, AttemptStage::Ringing { .. })) {
            stop_ringing(ringing_since_ms.take(), world);
        }
    }

    /// Every leg but this one is ended.
    fn only(&mut self, callee: u32, world: &mut World) {
        let Stage::Trying { legs, ringing_since_ms } = &mut self.stage else { return };
        stop_ringing(ringing_since_ms.take(), world);
        let (winner, others): (Vec<_>, Vec<_>) = std::mem::take(legs).into_iter().partition(|leg| leg.callee == callee);
        *legs = winner;
        for mut leg in others {
            leg.stop(world);
            world.put(Output::CalleeEnded { callee: leg.callee, status: DialCallStatus::Canceled });
        }
    }

    fn whisper_or_bridge(&mut self, at: usize, world: &mut World) {
        let Stage::Trying { legs, .. } = &mut self.stage else { return };
        let Some(leg) = legs.get_mut(at) else { return };
        let Some((url, method)) = leg.noun.whisper.clone() else { return self.bridge(at, world) };
        let to = match &leg.noun.target {
            Target::Number(to) | Target::Sip(to) => to.clone(),
            Target::Conference(room) => room.name.clone(),
        };
        let line = Line {
            leg: Leg::Callee(leg.callee),
            role: Role::Whisper,
            sid: leg.sid.clone(),
            from: self.caller_id.clone(),
            to,
            direction: "outbound-dial",
            parent: Some(self.caller_sid.clone()),
            jar: Jar::default(),
            unheard: 0,
        };
        let mut runner = Box::new(Runner::new(line, self.base.clone()));
        runner.fetch(&url, method, Vec::new(), world);
        leg.stage = AttemptStage::Whispering(runner);
    }

    fn bridge(&mut self, at: usize, world: &mut World) {
        let Stage::Trying { legs, .. } = &self.stage else { return };
        let Some((callee, sid)) = legs.get(at).map(|leg| (leg.callee, leg.sid.clone())) else { return };
        self.only(callee, world);
        world.answer(Leg::Caller);
        world.put(Output::Bridged { callee });
        self.stage = Stage::Bridged { callee, sid, since_ms: world.now_ms, until_ms: self.limit_ms(world) };
    }

    fn limit_ms(&self, world: &World) -> u64 {
        world.now_ms.saturating_add(u64::from(self.verb.time_limit_s).saturating_mul(1_000))
    }

    /// The talk ended, whoever ended it. Nothing when there is no talk.
    fn talk_ended(&mut self, world: &mut World) {
        let (callee, end) = match &mut self.stage {
            Stage::Trying { .. } | Stage::Over => return,
            Stage::Bridged { callee, sid, since_ms, .. } => (
                *callee,
                DialEnd {
                    status: DialCallStatus::Completed,
                    sid: Some(sid.clone()),
                    talked_s: Some(world.now_ms.saturating_sub(*since_ms) / 1_000),
                    bridged: Some(true),
                },
            ),
            Stage::Conference { callee, wait, .. } => {
                if let Some(wait) = wait {
                    wait.stop(world);
                }
                (*callee, DialEnd { status: DialCallStatus::Answered, sid: None, talked_s: None, bridged: None })
            }
        };
        self.talk_over(callee, end, world);
    }

    fn talk_over(&mut self, callee: u32, end: DialEnd, world: &mut World) {
        world.put(Output::CalleeEnded { callee, status: end.status });
        self.last = end;
        self.stage = Stage::Over;
    }
}

/// What became of a leg that is being tried, when its time came or its whisper ended.
enum Step {
    RangOut,
    TonesSent,
    Accepted,
    Refused,
    Failed,
}

impl Attempt {
    fn deadline(&self) -> Option<u64> {
        match &self.stage {
            AttemptStage::Ringing { until_ms } | AttemptStage::Tones { until_ms } => Some(*until_ms),
            AttemptStage::Whispering(runner) => runner.deadline(),
        }
    }

    /// `None` while it goes on.
    fn step(&mut self, world: &mut World) -> Option<Step> {
        match &mut self.stage {
            AttemptStage::Ringing { until_ms } => (*until_ms <= world.now_ms).then_some(Step::RangOut),
            AttemptStage::Tones { until_ms } => (*until_ms <= world.now_ms).then_some(Step::TonesSent),
            AttemptStage::Whispering(runner) => loop {
                match runner.advance(world) {
                    Progress::Waiting => return None,
                    // A dialled leg refuses Dial, so this does not come.
                    Progress::Dial(_) => runner.go_on(),
                    Progress::Done(Done::OutOfVerbs) => return Some(Step::Accepted),
                    Progress::Done(Done::Hangup | Done::Rejected(_)) => return Some(Step::Refused),
                    Progress::Done(Done::Failed { .. } | Done::TooManyDocuments) => return Some(Step::Failed),
                }
            },
        }
    }

    /// What it still hears stops.
    fn stop(&mut self, world: &mut World) {
        if let AttemptStage::Whispering(runner) = &mut self.stage {
            runner.stop(world);
        }
    }
}

/// Picked up, never bridged, and `completed` all the same.
fn unbridged(sid: String) -> DialEnd {
    DialEnd { status: DialCallStatus::Completed, sid: Some(sid), talked_s: Some(0), bridged: Some(false) }
}

/// The ringing that the caller hears stops; nothing when she hears none.
fn stop_ringing(since_ms: Option<u64>, world: &mut World) {
    if let Some(since_ms) = since_ms {
        let heard_ms = world.now_ms.saturating_sub(since_ms);
        world.put(Output::Interrupted { leg: Leg::Caller, heard_ms });
    }
}

fn noun(noun: &ReadNoun) -> Option<Noun> {
    let whisper =
        |url: &Option<String>, method: Method| url.clone().filter(|url| !url.is_empty()).map(|url| (url, method));
    Some(match noun {
        ReadNoun::Number(number) => Noun {
            target: Target::Number(number.number.clone()),
            send_digits: number.send_digits.clone(),
            whisper: whisper(&number.url, number.method),
        },
        ReadNoun::Sip(sip) => {
            Noun { target: Target::Sip(sip.uri.clone()), send_digits: None, whisper: whisper(&sip.url, sip.method) }
        }
        ReadNoun::Conference(conference) => Noun {
            target: Target::Conference(Room {
                name: conference.room.clone(),
                muted: conference.muted,
                beep: conference.beep.clone(),
                start_on_enter: conference.start_on_enter,
                end_on_exit: conference.end_on_exit,
                max_participants: conference.max_participants,
                wait_url: conference.wait_url.clone(),
                wait_method: conference.wait_method,
            }),
            send_digits: None,
            whisper: None,
        },
        ReadNoun::Other(_) => return None,
    })
}

/// `callerId` must be the caller's number or one of the account's (13214).
fn may_show(caller_id: &str, world: &World) -> bool {
    let config = &world.config;
    caller_id == config.from
        || caller_id == config.to
        || caller_id.starts_with("client:")
        || config.caller_ids.iter().any(|known| known == caller_id)
}

/// At most 15 digits (E.164), as people write them.
fn is_diallable(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let rest = number.strip_prefix('+').unwrap_or(number);
    (1..=15).contains(&digits) && rest.chars().all(|c| c.is_ascii_digit() || " -().".contains(c))
}

fn is_sip(uri: &str) -> bool {
    let scheme = uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip:"));
    let address = uri.split(['?', ';']).next().unwrap_or_default();
    scheme
        && address
            .get(4..)
            .and_then(|rest| rest.split_once('@'))
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}
