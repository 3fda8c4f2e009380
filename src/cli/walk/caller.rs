//! One played call: it does what is planned, goes on for as long as there is something new to do, and compares all that
//! is heard and where each step leads with what the engine and the proof say.

use super::super::assemble::later;
use super::super::player::{Act, Counsellor, Event, Exchange, MUSIC, Script, State};
use super::super::story::{self, Story};
use super::line::Present;
use super::plan::{Deed, Doing, Edge, deeds, edge, present, timeout_ms, words};
use crate::base::{CallSid, Digit, LeaseId};
use crate::flow::proof::Proof;
use crate::flow::{Desk, Hotline, Input, LangIx, NodeIx, Output, Place, Prompt, Session, step};
use crate::phone::{End, FetchFailure, Leg, Purpose, Request, Response, Target};
use crate::privacy::{Binding, KeyRing, Purpose as Sealed};
use crate::provider::twilio::DOOR;
use crate::twiml;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet, VecDeque};

/// A call goes on for at most so many steps and so long, so that a story of it can be read, and a session is fresh.
const STEPS_MOST: usize = 60;
const LONGEST_MS: u64 = 3_600_000;

/// What all calls of a walk share.
pub struct Ground<'h> {
    pub hotline: &'h Hotline,
    pub proof: &'h Proof<'h>,
    /// The line's own keys, to look into the sessions it hands out.
    pub keys: KeyRing,
    pub account: &'static str,
    pub begin: Timestamp,
    pub present: Present,
    /// The language the counsellor is spoken to.
    pub ear: LangIx,
    /// Words that were said because they have no sound, with the keys that led to them first.
    pub unsounded: RefCell<BTreeMap<String, String>>,
}

/// Where the line and the engine part.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What was expected and what came, a line each.
    pub lines: Vec<String>,
}

/// A call that goes on.
pub struct Call<'w, 'h> {
    ground: &'w Ground<'h>,
    sid: CallSid,
    session: Session,
    /// What the last step puts out, and what of its words was not compared yet.
    outputs: Vec<Output<'h>>,
    expected: Vec<&'h Prompt>,
    /// What the next request is about, and the step that is.
    doing: Option<(Input, Desk, Option<Edge>)>,
    /// When the time for a key is up.
    due_ms: Option<u64>,
    planned: VecDeque<Deed>,
    /// Steps that are still to be played anywhere; `None` for a call that ends with its plan.
    left: Option<&'w mut HashSet<Edge>>,
    counsellor: Counsellor,
    /// Heard since the last step, by her and by the counsellor.
    said: Vec<String>,
    whispered: Vec<String>,
    /// How many keys she waits for no longer than she must, and when the last words wanted were said.
    pub hasty: Option<Hasty>,
    pub tale: Vec<String>,
    /// The keys she pressed, and `w` for each time she waited.
    keys: String,
    pub first_counsellor: Option<Counsellor>,
    pub visited: HashSet<u32>,
    steps: usize,
    pub requests: usize,
    pub now_ms: u64,
    over: bool,
    pub fault: Option<Fault>,
}

/// A caller who presses each key as soon as she can know it.
pub struct Hasty {
    /// How many prompts she hears before each key, and at last before all of what she wants was said.
    pub prompts: VecDeque<usize>,
    pub heard_ms: Option<u64>,
}

impl<'w, 'h> Call<'w, 'h> {
    pub fn new(
        ground: &'w Ground<'h>,
        sid: CallSid,
        language: Option<LangIx>,
        planned: Vec<Deed>,
        left: Option<&'w mut HashSet<Edge>>,
    ) -> Call<'w, 'h> {
        Call {
            ground,
            sid,
            session: Session::begin(ground.hotline.revision, ground.begin),
            outputs: Vec::new(),
            expected: Vec::new(),
            doing: Some((Input::Began { language }, Desk::Open, None)),
            due_ms: None,
            planned: planned.into(),
            left,
            counsellor: Counsellor::default(),
            said: Vec::new(),
            whispered: Vec::new(),
            hasty: None,
            tale: Vec::new(),
            keys: String::new(),
            first_counsellor: None,
            visited: HashSet::new(),
            steps: 0,
            requests: 0,
            now_ms: 0,
            over: false,
            fault: None,
        }
    }

    /// The call as a story, with the state of the desk where it matters.
    pub fn story(&self, at: &str) -> String {
        let story = Story {
            title: "The line does something else than the proof says".to_owned(),
            at: at.to_owned(),
            counsellor: self.first_counsellor.unwrap_or_default(),
            desk: None,
            other: None,
            acts: Vec::new(),
        };
        let mut text = story.print(&[]);
        for line in &self.tale {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn blame(&mut self, expected: &str, found: &str) {
        if self.fault.is_none() {
            self.fault = Some(Fault { lines: vec![format!("expected: {expected}"), format!("found: {found}")] });
        }
    }

    fn at(&self, ms: u64) -> Timestamp {
        later(self.ground.begin, self.ground.present.before_ms.get().saturating_add(ms))
    }

    fn played(&mut self, edge: Option<Edge>) {
        if let (Some(left), Some(edge)) = (self.left.as_mut(), edge) {
            left.remove(&edge);
        }
    }

    // ---- what the line answers

    /// Takes the step that a request asks for. Nothing when it asks for none.
    fn asked(&mut self, request: &Request, now_ms: u64) -> Option<Edge> {
        self.requests += 1;
        self.ground.present.desk.set(Desk::Open);
        if request.purpose != Purpose::Document || request.leg != Leg::Caller || self.fault.is_some() {
            return None;
        }
        self.check_said(now_ms, true);
        let Some((input, desk, edge)) = self.doing.take() else {
            self.blame("no request: nothing was done", "the document leads on by itself");
            return None;
        };
        if let (Input::Silence, Some(due_ms)) = (&input, self.due_ms.take())
            && due_ms != now_ms
        {
            let waited = |ms: u64| format!("a key is awaited until second {:.1}", ms as f64 / 1000.0);
            self.blame(&waited(due_ms), &waited(now_ms));
        }
        if let Input::DialEnded(_) = input {
            self.check_whisper();
        }
        if desk != Desk::Open {
            self.tale.push(format!("> ({})", desk_line(desk)));
        }
        self.ground.present.desk.set(desk);
        let before =
            std::mem::replace(&mut self.session, Session::begin(self.ground.hotline.revision, self.ground.begin));
        let (after, outputs) = step(self.ground.hotline, before, input, present(self.at(now_ms), desk));
        self.expected = words(&outputs);
        (self.session, self.outputs) = (after, outputs);
        edge
    }

    /// Compares the session in a document with the engine's.
    fn answered(&mut self, request: &Request, response: &Result<Response, FetchFailure>, edge: Option<Edge>) {
        if self.fault.is_some() {
            return;
        }
        let Ok(response) = response else { return self.blame("an answer", "none") };
        if !(200..300).contains(&response.status) {
            return self.blame("an answer with status 200", &format!("status {}", response.status));
        }
        if request.purpose == Purpose::Notice || self.over {
            let heard = |body: &[u8]| twiml::read_voice(body).map_or(0, |document| document.verbs.len());
            if !response.body.is_empty() && heard(&response.body) > 0 {
                self.blame("an empty answer, since nobody hears it", "a document with something in it");
            }
            return;
        }
        if request.leg != Leg::Caller {
            return;
        }
        self.played(edge);
        if matches!(self.outputs.last(), Some(Output::End)) {
            return;
        }
        let body = String::from_utf8_lossy(&response.body);
        let found = token(&body).and_then(|token| self.open(token));
        match found {
            None => self.blame("a session in the address that is asked next", "none that opens"),
            Some(found) if same(&found, &self.session) => {}
            Some(found) => {
                let (expected, found) = (self.state_words(&self.session), self.state_words(&found));
                self.blame(&expected, &found);
            }
        }
    }

    fn open(&self, token: &str) -> Option<Session> {
        let binding = Binding { provider: DOOR.name, account: self.ground.account, call: &self.sid };
        Session::from_bytes(&self.ground.keys.open(Sealed::Session, &binding, token)?)
    }

    fn state_words(&self, session: &Session) -> String {
        let hotline = self.ground.hotline;
        let name = |node: NodeIx| hotline.nodes.get(usize::from(node.0)).map_or("?", |node| node.name.as_str());
        let place = match session.place {
            Place::Front => "the front door".to_owned(),
            Place::Node(node) => format!("`{}`", name(node)),
            Place::Offering => "the third silence".to_owned(),
            Place::Waiting => "the waiting loop".to_owned(),
            Place::Dialling => "the ringing".to_owned(),
            Place::AfterTalk => "the end of a talk".to_owned(),
        };
        let language = session.language.and_then(|language| hotline.languages.get(usize::from(language.0)));
        let trail: Vec<&str> = session.trail.iter().map(|node| name(*node)).collect();
        format!(
            "the state is {place}, language {}, {} silences, {} wrong keys, way back [{}], step {}{}{}{}",
            language.map_or("none", |language| language.as_str()),
            session.silences,
            session.wrong_keys,
            trail.join(" "),
            session.step,
            if session.pressed { ", a key was pressed" } else { "" },
            if session.main_heard { ", the main menu was heard" } else { "" },
            if session.cannot_speak { ", she cannot speak" } else { "" },
        )
    }

    // ---- what is heard

    /// Compares what she heard since the last step with what it says. A key that comes early leaves out the rest.
    fn check_said(&mut self, now_ms: u64, early: bool) {
        if self.fault.is_some() {
            return;
        }
        self.now_ms = now_ms;
        let expected = std::mem::take(&mut self.expected);
        let expected: Vec<&str> = expected.iter().map(|prompt| prompt.words.as_str()).collect();
        let (expected, found) = (expected.join(" "), self.said.join(" "));
        let cut = early && self.hasty.is_some() && expected.starts_with(&found);
        if expected != found && !cut {
            self.blame(&format!("she hears: {expected}"), &format!("she hears: {found}"));
        }
        self.said.clear();
    }

    /// The counsellor hears the language, that the caller cannot speak, and the key, twice; a key of his leaves out the rest.
    fn check_whisper(&mut self) {
        if self.fault.is_some() {
            return;
        }
        let phrases = self.ground.hotline.phrases(self.ground.ear);
        let mut once: Vec<&Prompt> = Vec::new();
        once.extend(self.session.language.and_then(|language| phrases.whisper_call.get(usize::from(language.0))));
        once.extend(self.session.cannot_speak.then_some(&phrases.whisper_cannot_speak));
        once.push(&phrases.whisper_accept);
        let whole: Vec<&str> = once.iter().chain(&once).map(|prompt| prompt.words.as_str()).collect();
        let (whole, found) = (whole.join(" "), self.whispered.join(" "));
        let good = match self.counsellor {
            Counsellor::Voicemail => whole == found,
            Counsellor::Takes | Counsellor::Outlasts | Counsellor::Declines => {
                !found.is_empty() && whole.starts_with(&found)
            }
            Counsellor::Busy | Counsellor::Away | Counsellor::Late | Counsellor::Unreachable => found.is_empty(),
        };
        if !good {
            self.blame(&format!("the counsellor hears: {whole}"), &format!("the counsellor hears: {found}"));
        }
        self.whispered.clear();
    }

    /// The words of a sound, where that is what was heard. Words that a line with sound says itself are noted, with the
    /// keys that lead to them.
    fn words_of(&mut self, words: String) -> String {
        let Some(sounds) = &self.ground.present.sounds else { return words };
        match words.strip_prefix("(the sound ").and_then(|rest| sounds.get(rest.strip_suffix(')')?)) {
            Some(heard) => heard.words.clone(),
            None => {
                self.ground.unsounded.borrow_mut().entry(words.clone()).or_insert_with(|| self.keys.trim().to_owned());
                words
            }
        }
    }

    // ---- what is done

    /// A key is awaited and all was said: what she does now.
    fn turn(&mut self, now_ms: u64) -> Act {
        self.check_said(now_ms, false);
        if !matches!(self.outputs.last(), Some(Output::Ask { .. } | Output::Hold { .. })) {
            self.blame("no key is awaited", "a key is awaited");
        }
        self.stand();
        match self.choose(now_ms) {
            Some(deed) if self.fault.is_none() => self.act(deed, now_ms),
            _ => Act::HangUp,
        }
    }

    fn act(&mut self, deed: Deed, now_ms: u64) -> Act {
        self.steps += 1;
        let up_ms = now_ms + timeout_ms(&self.outputs);
        let done_ms = if deed.doing == Doing::Wait { up_ms } else { now_ms };
        let edge = edge(self.ground.hotline, &self.session, deed, self.at(done_ms));
        self.doing = deed.doing.input().map(|input| (input, deed.desk, Some(edge)));
        self.due_ms = (deed.doing == Doing::Wait).then_some(up_ms);
        match deed.doing {
            Doing::Press(key) => {
                self.keys.push_str(&format!(" {key}"));
                Act::Press(key)
            }
            Doing::Wait => {
                self.keys.push_str(" w");
                Act::Wait
            }
            Doing::HangUp | Doing::Rings(_) => {
                self.played(Some(edge));
                self.over = true;
                Act::HangUp
            }
        }
    }

    /// Whether the proof knows where she is.
    fn stand(&mut self) {
        let timeout_s = u8::try_from(timeout_ms(&self.outputs) / 1000).unwrap_or(u8::MAX);
        match self.ground.proof.number(&self.session, &words(&self.outputs), timeout_s) {
            Some(number) => {
                self.visited.insert(number);
            }
            None => {
                let found = self.state_words(&self.session);
                self.blame("a situation that the proof has looked at", &found);
            }
        }
    }

    /// What is planned; else what nobody has done here yet, rather nothing that ends the call.
    fn choose(&mut self, now_ms: u64) -> Option<Deed> {
        if let Some(deed) = self.planned.pop_front() {
            return Some(deed);
        }
        let left = self.left.as_ref().filter(|_| self.steps < STEPS_MOST && now_ms < LONGEST_MS)?;
        let hotline = self.ground.hotline;
        let waits_ms = timeout_ms(&self.outputs);
        let at = |deed: &Deed| self.at(now_ms + if deed.doing == Doing::Wait { waits_ms } else { 0 });
        let ends = |deed: &Deed| deed.doing.input().is_none() || deed.doing == Doing::Press(Digit::NINE);
        let all = deeds(hotline, &self.session);
        let new = || all.iter().filter(|deed| left.contains(&edge(hotline, &self.session, **deed, at(deed))));
        if let Some(deed) = new().find(|deed| !ends(deed)).or_else(|| new().next()) {
            return Some(*deed);
        }
        let longer = Deed { doing: Doing::Wait, desk: Desk::Busy };
        let waits = self.session.place == Place::Waiting
            && all.iter().any(|deed| {
                let edge = edge(hotline, &self.session, *deed, Timestamp::MAX);
                left.contains(&edge)
            });
        waits.then_some(longer)
    }

    /// It rings: what the counsellor's line does.
    fn rings(&mut self) {
        self.check_said(self.now_ms, false);
        if !matches!(self.outputs.last(), Some(Output::Connect { .. })) {
            self.blame("the counsellor's line does not ring", "it rings");
            return;
        }
        self.stand();
        self.outputs.clear();
        let deed = self.choose(self.now_ms);
        let deed = deed.unwrap_or(Deed { doing: Doing::Rings(Counsellor::Takes), desk: Desk::Open });
        let Doing::Rings(counsellor) = deed.doing else {
            return self.blame("the plan says that a key is awaited", "the counsellor's line rings");
        };
        self.steps += 1;
        self.counsellor = counsellor;
        self.first_counsellor.get_or_insert(counsellor);
        let words = Counsellor::WORDS.iter().find(|(_, does)| *does == counsellor).map_or("", |(words, _)| *words);
        self.tale.push(format!("> (the counsellor: {words})"));
        let edge = edge(self.ground.hotline, &self.session, deed, self.at(self.now_ms));
        match deed.doing.input() {
            Some(input) => self.doing = Some((input, deed.desk, Some(edge))),
            None => self.played(Some(edge)),
        }
    }

    fn ended(&mut self, why: &End) {
        match why {
            End::CallerHungUp => self.over = true,
            End::Hangup => {
                self.check_said(self.now_ms, false);
                if !matches!(self.outputs.last(), Some(Output::End)) {
                    self.blame("the call goes on", "the line ends it");
                }
                self.over = true;
            }
            other => self.blame("the call goes on or the line hangs up", &format!("the call ends: {other:?}")),
        }
    }
}

fn desk_line(desk: Desk) -> &'static str {
    match desk {
        Desk::Open | Desk::Calling | Desk::Taken => "somebody is free at the desk",
        Desk::Spent => "the counsellor did not take the call",
        Desk::Busy => "the counsellor's line is taken by another caller",
        Desk::Closed => "nobody is on duty",
    }
}

/// The same state; a lease has another name for each call.
fn same(a: &Session, b: &Session) -> bool {
    let plain = |session: &Session| Session { lease: session.lease.map(|_| LeaseId(0)), ..session.clone() };
    plain(a) == plain(b)
}

/// The sealed session in a document: what stands behind `s=` in the address that a key or an outcome is told to.
fn token(body: &str) -> Option<&str> {
    let at =
        ["/twilio/key?s=", "/twilio/dial?s="].into_iter().find_map(|name| body.find(name).map(|at| at + name.len()))?;
    let rest = &body[at..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The call as a script.
pub struct Ear<'c, 'w, 'h>(pub &'c RefCell<Call<'w, 'h>>);

impl Script for Ear<'_, '_, '_> {
    async fn next(&mut self, state: &State, _until_ms: Option<u64>) -> Option<Act> {
        let mut call = self.0.borrow_mut();
        if call.fault.is_some() && !call.over {
            call.over = true;
            return Some(Act::HangUp);
        }
        let said = state.sounding_until_ms <= state.now_ms;
        if state.listening
            && let Some(hasty) = &call.hasty
        {
            let known = hasty.prompts.front().copied().unwrap_or(0);
            // The next prompt has begun at this very moment, or nothing follows.
            if call.said.len() <= known && !said {
                return None;
            }
            let call = &mut *call;
            let Some(deed) = call.planned.pop_front() else {
                if let Some(hasty) = &mut call.hasty {
                    hasty.heard_ms = Some(state.now_ms);
                }
                call.doing = None;
                call.over = true;
                return Some(Act::HangUp);
            };
            if let Some(hasty) = &mut call.hasty {
                hasty.prompts.pop_front();
            }
            return Some(call.act(deed, state.now_ms));
        }
        (state.listening && said).then(|| call.turn(state.now_ms))
    }

    fn tell(&mut self, event: Event) {
        let mut call = self.0.borrow_mut();
        if let Some(line) = story::line(&event) {
            call.tale.push(line);
        }
        match event {
            // The words of the hotline are compared, not its music.
            Event::Said { leg: Leg::Caller, words, .. } if words == MUSIC => {}
            Event::Said { leg: Leg::Caller, words, .. } => {
                let words = call.words_of(words);
                call.said.push(words);
            }
            Event::Said { leg: Leg::Callee(_), words, .. } => {
                let words = call.words_of(words);
                call.whispered.push(words);
            }
            Event::Rings { .. } => call.rings(),
            Event::Talk if !matches!(call.counsellor, Counsellor::Takes | Counsellor::Outlasts) => {
                call.blame("no talk: the counsellor did not take the call", "they talk");
            }
            Event::Left => call.over = true,
            Event::Trouble(words) => call.blame("nothing that a provider would note", &words),
            Event::Ended { why, at_ms } => {
                call.now_ms = at_ms;
                call.ended(&why);
            }
            Event::Talk | Event::Did(_) | Event::CounsellorPressed { .. } => {}
        }
    }

    fn counsellor(&mut self, _line: &Target) -> Option<Counsellor> {
        Some(self.0.borrow().counsellor)
    }
}

/// The call's requests, looked at on their way.
pub struct Wire<'c, 'w, 'h, E> {
    pub call: &'c RefCell<Call<'w, 'h>>,
    pub line: &'c mut E,
}

impl<E: Exchange> Exchange for Wire<'_, '_, '_, E> {
    async fn send(&mut self, request: &Request, now_ms: u64) -> Result<Response, FetchFailure> {
        let edge = self.call.borrow_mut().asked(request, now_ms);
        let response = self.line.send(request, now_ms).await;
        self.call.borrow_mut().answered(request, &response, edge);
        response
    }
}
