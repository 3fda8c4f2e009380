//! The call as a whole: the caller's leg, what it dials, and its end.

use super::config::{AfterHangUp, CallEvent, LastRequests, PhoneConfig};
use super::cookies::Jar;
use super::dial::{Begun, DialEnd, Dialing};
use super::io::*;
use super::runner::{Done, Progress, Runner, resolve};
use super::world::{Line, Role, World};
use crate::twiml::{Method, ReadDial, RejectReason};
use url::Url;

/// One call, from the first request to its end. See the room's page for the loop that drives it.
pub struct Phone {
    world: World,
    caller: Runner,
    /// What became of the Dial that the caller's leg waits for.
    dial: Option<Box<Dialing>>,
    /// Of a call that was placed: it rings until then.
    ringing: Option<Ringing>,
    /// Of which steps of the call the status callback is told.
    events: Vec<CallEvent>,
    /// The number of the next status callback.
    sequence: u32,
    ended: bool,
}

/// A call that was placed and not yet picked up.
struct Ringing {
    until_ms: u64,
    start: Url,
}

/// Why a call cannot begin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StartError {
    #[error("`{0}` is not an address of a server, expected one such as `http://127.0.0.1:8080/twilio/voice`")]
    Url(String),
}

impl Phone {
    /// A call that begins now; its first request is the first output.
    ///
    /// # Errors
    /// When `start_url`, the fallback or the status callback is not an absolute address of `http` or `https`.
    pub fn new(config: PhoneConfig) -> Result<Phone, StartError> {
        let method = config.start_method;
        let (mut phone, start) = Phone::made(config, "inbound", vec![CallEvent::Completed])?;
        phone.caller.ask(start, method, Vec::new(), false, &mut phone.world);
        Ok(phone)
    }

    /// A telephone that is called by REST: `config.from` is the number it is shown, `config.to` its own. It rings, tells
    /// its status callback of these steps, and asks for `start_url` once it is picked up ([`Input::Called`]). At least
    /// `completed` is told, as a provider does without a list. `timeout_s`: how long it rings.
    ///
    /// # Errors
    /// As [`Phone::new`].
    pub fn called(config: PhoneConfig, timeout_s: u32, events: &[CallEvent]) -> Result<Phone, StartError> {
        let events = if events.is_empty() { vec![CallEvent::Completed] } else { events.to_vec() };
        let (mut phone, start) = Phone::made(config, "outbound-api", events)?;
        phone.ringing = Some(Ringing { until_ms: phone.world.ring_ms(timeout_s), start });
        for (event, status) in [(CallEvent::Initiated, "initiated"), (CallEvent::Ringing, "ringing")] {
            phone.world.status = Some(status);
            phone.tell_status(event);
        }
        Ok(phone)
    }

    /// A phone before anything happened, and the address it begins with.
    fn made(config: PhoneConfig, direction: &'static str, events: Vec<CallEvent>) -> Result<(Phone, Url), StartError> {
        let start = server_address(&config.start_url)?;
        for url in config.fallback_url.iter().chain(&config.status_callback) {
            server_address(url)?;
        }
        let line = Line {
            leg: Leg::Caller,
            role: Role::Call,
            sid: config.call_sid.clone(),
            from: config.from.clone(),
            to: config.to.clone(),
            direction,
            parent: None,
            jar: Jar::default(),
            unheard: 0,
        };
        let caller = Runner::new(line, start.clone());
        let world = World::new(config);
        Ok((Phone { world, caller, dial: None, ringing: None, events, sequence: 0, ended: false }, start))
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Output {
        let wait = Output::Wait { until_ms: self.deadline() };
        self.world.outputs.pop_front().unwrap_or(wait)
    }

    /// Takes in what happened. After the end of the call nothing does.
    pub fn handle_input(&mut self, input: Input) {
        if self.ended {
            return;
        }
        match input {
            Input::Time(ms) => self.pass_time(ms),
            Input::Key(key) => match &mut self.dial {
                Some(dial) => dial.caller_key(key, &mut self.world),
                None => self.caller.key(key, &mut self.world),
            },
            Input::HangUp if self.ringing.is_some() => self.not_answered(DialCallStatus::NoAnswer),
            Input::HangUp => return self.hung_up(End::CallerHungUp),
            Input::Called(does) => self.called_does(does),
            Input::Update(Update::End) => return self.hung_up(End::EndedByRest),
            Input::Update(Update::Redirect { url, method }) => self.redirected(&url, method),
            Input::Callee(callee, does) => {
                if let Some(dial) = &mut self.dial {
                    dial.callee_does(callee, does, &mut self.world);
                }
            }
            Input::Response(response) => match &mut self.dial {
                Some(dial) => dial.response(&response, &mut self.world),
                None => self.caller.response(&response, &mut self.world),
            },
            Input::FetchFailed { request, why } => match &mut self.dial {
                Some(dial) => dial.fetch_failed(request, why, &mut self.world),
                None => self.caller.fetch_failed(request, why, &mut self.world),
            },
        }
        self.settle();
    }

    /// Milliseconds since the call began, as last told.
    pub fn now_ms(&self) -> u64 {
        self.world.now_ms
    }

    /// Whether something but [`Output::Wait`] is still to be polled.
    pub fn has_output(&self) -> bool {
        !self.world.outputs.is_empty()
    }

    /// Whether the call is over; outputs may still wait to be polled.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    fn deadline(&self) -> Option<u64> {
        match &self.dial {
            _ if self.ended => None,
            _ if self.ringing.is_some() => self.ringing.as_ref().map(|ringing| ringing.until_ms),
            Some(dial) => dial.deadline(),
            None => self.caller.deadline(),
        }
    }

    /// Everything that falls due until then happens at its own time.
    fn pass_time(&mut self, ms: u64) {
        while let Some(due) = self.deadline().filter(|due| *due <= ms && !self.ended) {
            self.world.now_ms = self.world.now_ms.max(due);
            self.settle();
        }
        self.world.now_ms = self.world.now_ms.max(ms);
    }

    /// Goes on until something has to happen outside.
    fn settle(&mut self) {
        while !self.ended {
            if let Some(ringing) = &self.ringing {
                if ringing.until_ms > self.world.now_ms {
                    return;
                }
                self.not_answered(DialCallStatus::NoAnswer);
                continue;
            }
            if let Some(dial) = &mut self.dial {
                let Some(end) = dial.advance(&mut self.caller, &mut self.world) else { return };
                let (action, method) = (dial.verb.action.take(), dial.verb.method);
                self.dial = None;
                self.dial_over(action, method, end);
                continue;
            }
            match self.caller.advance(&mut self.world) {
                Progress::Waiting => return,
                Progress::Dial(dial) => self.begin_dial(*dial),
                Progress::Done(done) => self.finish(match done {
                    Done::OutOfVerbs => End::OutOfVerbs,
                    Done::Hangup => End::Hangup,
                    Done::Rejected(reason) => End::Rejected(reason),
                    Done::Failed { code } => End::Failed { code },
                    Done::TooManyDocuments => End::TooManyDocuments,
                }),
            }
        }
    }

    /// While it rings; afterwards a telephone is neither answered nor busy.
    fn called_does(&mut self, does: CalledDoes) {
        let Some(ringing) = self.ringing.take() else { return };
        match does {
            CalledDoes::Answer => {
                self.world.status = None;
                self.world.answer(Leg::Caller);
                self.tell_status(CallEvent::Answered);
                let method = self.world.config.start_method;
                self.caller.ask(ringing.start, method, Vec::new(), false, &mut self.world);
            }
            CalledDoes::Busy => self.not_answered(DialCallStatus::Busy),
            CalledDoes::NoAnswer => self.not_answered(DialCallStatus::NoAnswer),
            CalledDoes::Fail => self.not_answered(DialCallStatus::Failed),
        }
    }

    fn not_answered(&mut self, status: DialCallStatus) {
        self.ringing = None;
        self.finish(End::NotAnswered(status));
    }

    /// Redirected from outside: whoever was dialled is left, and no action is asked.
    fn redirected(&mut self, url: &str, method: Method) {
        if self.ringing.is_some() {
            return;
        }
        if let Some(dial) = self.dial.take() {
            dial.abandon(&mut self.world);
        }
        self.caller.stop(&mut self.world);
        // Somebody outside asked for it, so it is no circle of the server's.
        self.caller.line.unheard = 0;
        self.caller.fetch(url, method, Vec::new(), &mut self.world);
    }

    fn begin_dial(&mut self, verb: ReadDial) {
        let (action, method) = (verb.action.clone(), verb.method);
        match Dialing::begin(verb, &mut self.caller, &mut self.world) {
            Begun::Dialing(dialing) => self.dial = Some(dialing),
            Begun::Over(end) => self.dial_over(action, method, end),
            Begun::Nothing => self.caller.go_on(),
        }
    }

    /// With an action the rest of the document is never run (twiml reference 2.6).
    fn dial_over(&mut self, action: Option<String>, method: Method, end: DialEnd) {
        match action {
            Some(action) => {
                let params = end.params(&self.world);
                self.caller.fetch(&action, method, params, &mut self.world);
            }
            None => self.caller.go_on(),
        }
    }

    /// Twiml reference 3, 7: a running Dial's action may still be asked, as a notice.
    fn hung_up(&mut self, end: End) {
        self.ringing = None;
        self.caller.stop(&mut self.world);
        let notice = self.dial.take().and_then(|dial| {
            let (action, method) = (dial.verb.action.clone(), dial.verb.method);
            let end = dial.abandon(&mut self.world);
            action.map(|action| (action, method, end))
        });
        let notice = notice.filter(|_| self.world.config.readings.after_hang_up == AfterHangUp::ActionAsked);
        self.set_final_status(&end);
        let status_first = self.world.config.readings.last_requests == LastRequests::StatusFirst;
        if status_first {
            self.tell_status(CallEvent::Completed);
        }
        if let Some((action, method, end)) = notice
            && let Some(url) = resolve(&self.caller.current, &action)
        {
            let params = end.params(&self.world);
            self.world.ask(&self.caller.line, Purpose::Notice, method, &url, params);
        }
        if !status_first {
            self.tell_status(CallEvent::Completed);
        }
        self.ended = true;
        self.world.put(Output::Ended(end));
    }

    fn finish(&mut self, end: End) {
        self.set_final_status(&end);
        self.tell_status(CallEvent::Completed);
        self.ended = true;
        self.world.put(Output::Ended(end));
    }

    /// Twiml reference 5.2. The status of a rejected call is not in it: `busy` as it sounds, otherwise `no-answer`.
    fn set_final_status(&mut self, end: &End) {
        let answered = self.world.answered_at_ms.is_some();
        self.world.status = Some(match end {
            _ if answered => "completed",
            End::Rejected(RejectReason::Busy) => "busy",
            End::Rejected(RejectReason::Rejected) => "no-answer",
            End::CallerHungUp | End::EndedByRest => "canceled",
            End::NotAnswered(status) => status.as_str(),
            _ => "failed",
        });
    }

    /// Twiml reference 5.4: those events that were asked for; without a list once, at the end.
    fn tell_status(&mut self, event: CallEvent) {
        if !self.events.contains(&event) {
            return;
        }
        let Some(url) = self.world.config.status_callback.as_deref().and_then(|url| Url::parse(url).ok()) else {
            return;
        };
        let mut params =
            vec![("CallbackSource", "call-progress-events".to_owned()), ("SequenceNumber", self.sequence.to_string())];
        self.sequence = self.sequence.saturating_add(1);
        if let Some(answered_at_ms) = self.world.answered_at_ms.filter(|_| event == CallEvent::Completed) {
            let seconds = self.world.now_ms.saturating_sub(answered_at_ms) / 1_000;
            params.push(("CallDuration", seconds.to_string()));
            params.push(("Duration", seconds.div_ceil(60).to_string()));
        }
        self.world.ask(&self.caller.line, Purpose::Notice, Method::Post, &url, params);
    }
}

fn server_address(text: &str) -> Result<Url, StartError> {
    let known = |url: &Url| ["http", "https"].contains(&url.scheme()) && url.host().is_some();
    Url::parse(text).ok().filter(known).ok_or_else(|| StartError::Url(text.chars().take(100).collect()))
}
