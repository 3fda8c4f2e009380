//! One Dial: legs that ring, a whisper, a talk (twiml reference 2.6, 4.1, 4.2).

use super::config::{DialBridged, RefusedWhisper, RingTime};
use super::cookies::Jar;
use super::io::*;
use super::runner::{Done, Progress, Runner};
use super::speech::Speech;
use super::world::{Line, World};
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

struct Ringing {
    callee: u32,
    sid: String,
    noun: Noun,
    until_ms: u64,
}

enum Stage {
    Ringing {
        legs: Vec<Ringing>,
        since_ms: u64,
    },
    /// `sendDigits`, after the callee answered.
    Tones {
        leg: Ringing,
        until_ms: u64,
    },
    Whispering {
        callee: u32,
        runner: Box<Runner>,
    },
    Bridged {
        callee: u32,
        sid: Option<String>,
        since_ms: u64,
        until_ms: u64,
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
        let conference = nouns.iter().any(|noun| matches!(noun.target, Target::Conference { .. }));
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
            stage: Stage::Ringing { legs: Vec::new(), since_ms: world.now_ms },
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
            Stage::Ringing { legs, .. } => legs.iter().map(|leg| leg.until_ms).min(),
            Stage::Tones { until_ms, .. } | Stage::Bridged { until_ms, .. } => Some(*until_ms),
            Stage::Whispering { runner, .. } => runner.deadline(),
            Stage::Over => None,
        }
    }

    /// Goes on as far as the present time allows; the end once it is over.
    pub fn advance(&mut self, caller: &mut Runner, world: &mut World) -> Option<DialEnd> {
        loop {
            match &mut self.stage {
                Stage::Ringing { legs, .. } if legs.is_empty() => {
                    if self.waiting.is_empty() {
                        self.stage = Stage::Over;
                    } else {
                        self.ring(&mut caller.line, world);
                    }
                }
                Stage::Ringing { legs, .. } => {
                    let late = legs.iter().find(|leg| leg.until_ms <= world.now_ms).map(|leg| leg.callee)?;
                    self.leg_ended(late, DialCallStatus::NoAnswer, world);
                }
                Stage::Tones { until_ms, .. } if *until_ms > world.now_ms => return None,
                Stage::Tones { .. } => {
                    if let Stage::Tones { leg, .. } = self.take_stage() {
                        self.whisper_or_bridge(leg, world);
                    }
                }
                Stage::Whispering { callee, runner } => match runner.advance(world) {
                    Progress::Waiting => return None,
                    // A dialled leg refuses Dial, so this does not come.
                    Progress::Dial(_) => runner.go_on(),
                    Progress::Done(done) => {
                        let (callee, sid) = (*callee, runner.line.sid.clone());
                        match done {
                            Done::OutOfVerbs => self.bridge(callee, Some(sid), world),
                            Done::Hangup | Done::Rejected(_) => self.refused(callee, sid, world),
                            Done::Failed { .. } | Done::TooManyDocuments => {
                                let end = DialEnd::unanswered(DialCallStatus::Failed, Some(sid));
                                self.ended(callee, end, world);
                            }
                        }
                    }
                },
                Stage::Bridged { until_ms, .. } if *until_ms > world.now_ms => return None,
                Stage::Bridged { .. } => self.talk_ended(world),
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
            Stage::Ringing { legs, .. } if legs.iter().any(|leg| leg.callee == who) => match does {
                CalleeDoes::Answer => self.picked_up(who, world),
                CalleeDoes::Busy => self.leg_ended(who, DialCallStatus::Busy, world),
                CalleeDoes::NoAnswer | CalleeDoes::HangUp => self.leg_ended(who, DialCallStatus::NoAnswer, world),
                CalleeDoes::Fail => self.leg_ended(who, DialCallStatus::Failed, world),
                CalleeDoes::Key(_) => {}
            },
            Stage::Tones { leg, .. } if leg.callee == who && does == CalleeDoes::HangUp => {
                let sid = leg.sid.clone();
                self.refused(who, sid, world);
            }
            Stage::Whispering { callee, runner } if *callee == who => match does {
                CalleeDoes::Key(key) => runner.key(key, world),
                CalleeDoes::HangUp => {
                    runner.stop(world);
                    let sid = runner.line.sid.clone();
                    self.refused(who, sid, world);
                }
                _ => {}
            },
            Stage::Bridged { callee, .. } if *callee == who && does == CalleeDoes::HangUp => self.talk_ended(world),
            _ => {}
        }
    }

    pub fn response(&mut self, response: &Response, world: &mut World) {
        if let Stage::Whispering { runner, .. } = &mut self.stage {
            runner.response(response, world);
        }
    }

    pub fn fetch_failed(&mut self, request: u64, why: FetchFailure, world: &mut World) {
        if let Stage::Whispering { runner, .. } = &mut self.stage {
            runner.fetch_failed(request, why, world);
        }
    }

    /// The caller hung up: every leg ends.
    pub fn abandon(mut self, world: &mut World) -> DialEnd {
        let picked_up = |sid: String, world: &World| match world.config.readings.refused_whisper {
            RefusedWhisper::Completed => unbridged(sid),
            RefusedWhisper::NoAnswer => DialEnd::unanswered(DialCallStatus::Canceled, Some(sid)),
        };
        match self.take_stage() {
            Stage::Ringing { legs, since_ms } => {
                stop_ringing(since_ms, world);
                for leg in &legs {
                    world.put(Output::CalleeEnded { callee: leg.callee, status: DialCallStatus::Canceled });
                }
                DialEnd::unanswered(DialCallStatus::Canceled, legs.into_iter().next_back().map(|leg| leg.sid))
            }
            Stage::Tones { leg, .. } => {
                let end = picked_up(leg.sid, world);
                world.put(Output::CalleeEnded { callee: leg.callee, status: end.status });
                end
            }
            Stage::Whispering { callee, mut runner } => {
                runner.stop(world);
                let end = picked_up(runner.line.sid, world);
                world.put(Output::CalleeEnded { callee, status: end.status });
                end
            }
            bridged @ Stage::Bridged { .. } => {
                self.stage = bridged;
                self.talk_ended(world);
                self.last
            }
            Stage::Over => self.last,
        }
    }

    fn take_stage(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::Over)
    }

    /// Rings everybody who waits, or the next one when they are rung one after the other.
    fn ring(&mut self, caller: &mut Line, world: &mut World) {
        let mut legs = Vec::new();
        let extra_s = match world.config.readings.ring_time {
            RingTime::AsAsked => 0,
            RingTime::FiveSecondsMore => 5,
        };
        let ring_ms = u64::from(self.verb.timeout_s.saturating_add(extra_s)).saturating_mul(1_000);
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
                Target::Conference { .. } => {
                    caller.unheard = 0;
                    return self.bridge(callee, None, world);
                }
                Target::Number(number) if !is_diallable(number) => {
                    world.finding(Leg::Callee(callee), Some(13223), "the number cannot be dialled");
                    self.ended_before_ringing(callee, sid, world);
                }
                Target::Sip(uri) if !is_sip(uri) => {
                    world.finding(Leg::Callee(callee), Some(13223), "the address is not one of `sip:user@host`");
                    self.ended_before_ringing(callee, sid, world);
                }
                _ => legs.push(Ringing { callee, sid, noun, until_ms: world.now_ms.saturating_add(ring_ms) }),
            }
            if self.verb.sequential && !legs.is_empty() {
                break;
            }
        }
        if !legs.is_empty() {
            world.heard(caller, Sound::Ringing, ring_ms);
        }
        self.stage = Stage::Ringing { legs, since_ms: world.now_ms };
    }

    fn ended_before_ringing(&mut self, callee: u32, sid: String, world: &mut World) {
        world.put(Output::CalleeEnded { callee, status: DialCallStatus::Failed });
        self.last = DialEnd::unanswered(DialCallStatus::Failed, Some(sid));
    }

    /// A ringing leg ended without an answer; the others ring on.
    fn leg_ended(&mut self, callee: u32, status: DialCallStatus, world: &mut World) {
        let Stage::Ringing { legs, since_ms } = &mut self.stage else { return };
        let Some(at) = legs.iter().position(|leg| leg.callee == callee) else { return };
        let leg = legs.remove(at);
        if legs.is_empty() && leg.until_ms > world.now_ms {
            stop_ringing(*since_ms, world);
        }
        self.last = DialEnd::unanswered(status, Some(leg.sid));
        world.put(Output::CalleeEnded { callee, status });
    }

    /// The first to pick up wins, even before a whisper is accepted (4.2).
    fn picked_up(&mut self, callee: u32, world: &mut World) {
        let Stage::Ringing { legs, since_ms } = self.take_stage() else { return };
        stop_ringing(since_ms, world);
        let (winner, others): (Vec<_>, Vec<_>) = legs.into_iter().partition(|leg| leg.callee == callee);
        for leg in others {
            world.put(Output::CalleeEnded { callee: leg.callee, status: DialCallStatus::Canceled });
        }
        let Some(leg) = winner.into_iter().next() else { return };
        match leg.noun.send_digits.clone() {
            Some(tones) => {
                let what = Sound::Tones(tones);
                let speech: &Speech = &world.config.speech;
                let ms = speech(&what);
                world.put(Output::Heard(Heard { leg: Leg::Callee(callee), at_ms: world.now_ms, ms, what }));
                self.stage = Stage::Tones { leg, until_ms: world.now_ms.saturating_add(ms) };
            }
            None => self.whisper_or_bridge(leg, world),
        }
    }

    fn whisper_or_bridge(&mut self, leg: Ringing, world: &mut World) {
        let Some((url, method)) = leg.noun.whisper else {
            return self.bridge(leg.callee, Some(leg.sid), world);
        };
        let to = match leg.noun.target {
            Target::Number(to) | Target::Sip(to) => to,
            Target::Conference { room, .. } => room,
        };
        let line = Line {
            leg: Leg::Callee(leg.callee),
            sid: leg.sid,
            from: self.caller_id.clone(),
            to,
            direction: "outbound-dial",
            parent: Some(self.caller_sid.clone()),
            jar: Jar::default(),
            unheard: 0,
        };
        let mut runner = Box::new(Runner::new(line, self.base.clone()));
        runner.fetch(&url, method, Vec::new(), world);
        self.stage = Stage::Whispering { callee: leg.callee, runner };
    }

    fn bridge(&mut self, callee: u32, sid: Option<String>, world: &mut World) {
        world.answer(Leg::Caller);
        world.put(Output::Bridged { callee });
        let until_ms = world.now_ms.saturating_add(u64::from(self.verb.time_limit_s).saturating_mul(1_000));
        self.stage = Stage::Bridged { callee, sid, since_ms: world.now_ms, until_ms };
    }

    /// A leg that was picked up and not bridged; the next noun has its turn.
    fn refused(&mut self, callee: u32, sid: String, world: &mut World) {
        let end = match world.config.readings.refused_whisper {
            RefusedWhisper::Completed => unbridged(sid),
            RefusedWhisper::NoAnswer => DialEnd::unanswered(DialCallStatus::NoAnswer, Some(sid)),
        };
        self.ended(callee, end, world);
    }

    fn ended(&mut self, callee: u32, end: DialEnd, world: &mut World) {
        world.put(Output::CalleeEnded { callee, status: end.status });
        self.last = end;
        self.stage = Stage::Ringing { legs: Vec::new(), since_ms: world.now_ms };
    }

    /// The talk ended, whoever ended it. Nothing when there is no talk.
    fn talk_ended(&mut self, world: &mut World) {
        let Stage::Bridged { callee, sid, since_ms, .. } = &self.stage else { return };
        let (callee, seconds) = (*callee, world.now_ms.saturating_sub(*since_ms) / 1_000);
        self.last = match sid {
            Some(sid) => DialEnd {
                status: DialCallStatus::Completed,
                sid: Some(sid.clone()),
                talked_s: Some(seconds),
                bridged: Some(true),
            },
            None => DialEnd { status: DialCallStatus::Answered, sid: None, talked_s: None, bridged: None },
        };
        world.put(Output::CalleeEnded { callee, status: self.last.status });
        self.stage = Stage::Over;
    }
}

/// Picked up, never bridged, and `completed` all the same.
fn unbridged(sid: String) -> DialEnd {
    DialEnd { status: DialCallStatus::Completed, sid: Some(sid), talked_s: Some(0), bridged: Some(false) }
}

fn stop_ringing(since_ms: u64, world: &mut World) {
    let heard_ms = world.now_ms.saturating_sub(since_ms);
    world.put(Output::Interrupted { leg: Leg::Caller, heard_ms });
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
            target: Target::Conference {
                room: conference.room.clone(),
                muted: conference.muted,
                start_on_enter: conference.start_on_enter,
                end_on_exit: conference.end_on_exit,
            },
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
