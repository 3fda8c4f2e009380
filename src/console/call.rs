//! One web call: drives a `phone` against its line, for a page that plays what it is told.

use super::clock::Clock;
use super::counsellor::{self, Counsellor};
use super::lines::Line;
use super::message::{Event, Kind, Leg, OfCall, Sound, written};
use super::open::Bounds;
use super::shown::{self, Prompts};
use crate::base::{Digit, Language};
use crate::phone::{self, End, Input, Output, Phone, Purpose, Request, Response, estimated_speech};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A voice may take this much longer than the estimate, and once more as long as the estimate, until the call goes on
/// without it.
const VOICE_PATIENCE_MS: u64 = 5_000;

/// What is told is kept for a page that reloads: at most so many bytes, the newest.
const HISTORY: usize = 512 * 1024;

/// Messages that wait for a page. More than the history has; a page that reads none of them has lost its call.
pub(super) const WAITING: usize = 4_096;

/// What a call begins with.
pub(super) struct Begin {
    /// Pressed as soon as the line asks for a key.
    pub language: Option<Language>,
    pub counsellor: counsellor::Does,
    pub page: Page,
}

/// Where a page hears what happens.
pub(super) struct Page {
    pub told: mpsc::Sender<String>,
    /// The languages its browser has a voice for.
    pub voices: Vec<Language>,
}

/// What a call is told.
pub(super) enum Command {
    Do(OfCall),
    /// A page comes back, or another takes over.
    Attach(Page),
}

/// Plays the call to its end.
pub(super) async fn run(
    id: &str,
    line: Box<dyn Line>,
    begin: Begin,
    mut commands: mpsc::Receiver<Command>,
    bounds: Bounds,
) {
    let line: Arc<dyn Line> = Arc::from(line);
    let mut config = line.phone();
    config.speech = {
        let line = Arc::clone(&line);
        Arc::new(move |sound| match sound {
            phone::Sound::Play { url } => line.sound(url).map_or_else(|| estimated_speech(sound), |known| known.ms),
            _ => estimated_speech(sound),
        })
    };
    let phone = match Phone::new(config) {
        Ok(phone) => phone,
        Err(error) => {
            let _ = begin.page.told.try_send(written(&Event::Refused { why: error.to_string() }, 0));
            return;
        }
    };
    let hotline = line.hotline();
    // The key of that language at the front door.
    let language = begin.language.and_then(|language| hotline.language_ix(language));
    let mut call = Call {
        prompts: Prompts::of(hotline),
        first_key: language.and_then(|language| Digit::of_option(usize::from(language.0))),
        counsellor: Counsellor::default(),
        phone,
        clock: Clock::start(),
        page: Some(begin.page),
        gone: None,
        history: VecDeque::new(),
        kept: 0,
        sounds: 0,
        voice: None,
        silent: false,
        listening: false,
        over: false,
        line,
    };
    call.counsellor.choose(begin.counsellor, 0);
    call.tell(&shown::called(id, &*call.line));
    loop {
        let until_ms = call.settle().await;
        if call.over {
            return;
        }
        call.wait(until_ms, &mut commands, bounds).await;
    }
}

struct Call {
    line: Arc<dyn Line>,
    prompts: Prompts,
    phone: Phone,
    clock: Clock,
    counsellor: Counsellor,
    page: Option<Page>,
    /// Since when there is no page.
    gone: Option<Instant>,
    history: VecDeque<String>,
    /// Bytes in the history.
    kept: usize,
    /// How many sounds began.
    sounds: u64,
    /// The sentence that the browser's voice speaks, and when the phone takes it to be over.
    voice: Option<Voice>,
    first_key: Option<Digit>,
    /// The operator lets the time pass until the line does something else.
    silent: bool,
    listening: bool,
    over: bool,
}

#[derive(Clone, Copy)]
struct Voice {
    n: u64,
    end_ms: u64,
    ms: u64,
}

impl Call {
    // ---- what the phone says

    /// Does everything the phone asks for, until it waits: for how long.
    async fn settle(&mut self) -> Option<u64> {
        loop {
            match self.phone.poll_output() {
                Output::Wait { until_ms } => return until_ms,
                output => self.output(output).await,
            }
        }
    }

    async fn output(&mut self, output: Output) {
        let now_ms = self.phone.now_ms();
        match output {
            Output::Request(request) => self.carry(request).await,
            Output::Heard(heard) => self.heard(heard),
            Output::Interrupted { leg, .. } => {
                let leg = end_of(leg);
                if leg == Leg::Caller {
                    self.voice = None;
                }
                self.tell(&Event::Stopped { leg });
            }
            Output::Listening(listening) => {
                let leg = end_of(listening.leg);
                if let phone::Leg::Callee(callee) = listening.leg {
                    self.counsellor.is_asked(callee, now_ms);
                } else {
                    self.listening = true;
                }
                self.tell(&Event::Listening { leg, barge_in: listening.barge_in });
            }
            Output::Answered => self.tell(&Event::Answered),
            Output::Dialling(dialling) => {
                self.silent = false;
                self.listening = false;
                self.counsellor.rings(dialling.callee, now_ms);
                self.tell(&Event::Rings);
            }
            Output::Bridged { .. } => {
                self.silent = false;
                self.counsellor.talks();
                self.tell(&Event::Talk);
            }
            Output::CalleeEnded { status, .. } => {
                self.silent = false;
                self.counsellor.is_gone();
                self.tell(&Event::CounsellorGone { status: status.as_str() });
            }
            Output::Finding(finding) => self.tell(&Event::Trouble { words: finding.words }),
            Output::Ended(end) => {
                self.tell(&Event::Ended { why: why(&end) });
                self.over = true;
            }
            Output::Wait { .. } => {}
        }
    }

    /// Carries a request to the line and its answer back.
    async fn carry(&mut self, request: Request) {
        let (asked, now_ms) = (Moment::now(), self.phone.now_ms());
        let line = Arc::clone(&self.line);
        let answer = line.send(&request, now_ms).await;
        if request.purpose != Purpose::Sound {
            self.tell(&Event::Exchange(shown::exchange(&request, answer.as_ref().ok(), asked.elapsed())));
        }
        if request.purpose == Purpose::Notice {
            return;
        }
        if request.leg == phone::Leg::Caller && request.purpose == Purpose::Document {
            self.silent = false;
            self.listening = false;
            if let Ok(Response { status: 200, body, .. }) = &answer
                && let Some(outlook) = line.outlook(body, now_ms).await
            {
                self.tell(&Event::Here(shown::here(&*line, &outlook)));
            }
        }
        self.phone.handle_input(match answer {
            Ok(response) => Input::Response(response),
            Err(why) => Input::FetchFailed { request: request.id, why },
        });
    }

    fn heard(&mut self, heard: phone::Heard) {
        self.sounds = self.sounds.saturating_add(1);
        let leg = end_of(heard.leg);
        let mut sound = Sound {
            n: self.sounds,
            leg,
            kind: Kind::Silence,
            words: None,
            language: None,
            path: None,
            tones: None,
            at_ms: heard.at_ms,
            ms: heard.ms,
            prompts: Vec::new(),
            voiced: false,
        };
        match heard.what {
            phone::Sound::Say { language, words, .. } => {
                sound.kind = Kind::Say;
                sound.prompts = self.prompts.named(&words);
                sound.voiced = leg == Leg::Caller && self.has_voice(&language);
                (sound.words, sound.language) = (Some(words), Some(language));
            }
            phone::Sound::Play { url } => {
                sound.kind = Kind::Play;
                sound.path = shown::sound_path(&url);
                if let Some(known) = self.line.sound(&url) {
                    sound.prompts = known.words.as_deref().map(|words| self.prompts.named(words)).unwrap_or_default();
                    (sound.words, sound.language) = (known.words, known.language);
                }
            }
            phone::Sound::Tones(tones) => (sound.kind, sound.tones) = (Kind::Tones, Some(tones)),
            phone::Sound::Silence => {}
            phone::Sound::Ringing => sound.kind = Kind::Ringing,
            phone::Sound::ApplicationError => sound.kind = Kind::ApplicationError,
        }
        if leg == Leg::Caller {
            let end_ms = heard.at_ms.saturating_add(heard.ms);
            self.voice = sound.voiced.then_some(Voice { n: sound.n, end_ms, ms: heard.ms });
        }
        self.tell(&Event::Sound(sound));
    }

    /// Whether the page's browser has a voice for this language (BCP 47).
    fn has_voice(&self, language: &str) -> bool {
        let primary = language.split('-').next().unwrap_or_default();
        self.page.iter().any(|page| page.voices.iter().any(|voice| voice.as_str() == primary))
    }

    // ---- the time

    /// Lets the next thing happen: the page's order, the counsellor's act, or the time.
    async fn wait(&mut self, until_ms: Option<u64>, commands: &mut mpsc::Receiver<Command>, bounds: Bounds) {
        if let Some(key) = self.first_key.take_if(|_| self.listening) {
            return self.press(key);
        }
        let due_ms = self.due_ms(until_ms);
        if self.silent {
            match due_ms {
                Some(due_ms) => return self.jump(due_ms),
                None => self.silent = false,
            }
        }
        // The clock waits for a voice that needs longer than the estimate.
        let held = self.voice.filter(|voice| Some(voice.end_ms) == due_ms);
        let hold_ms = held.map_or(0, |voice| voice.ms.saturating_add(VOICE_PATIENCE_MS));
        let ends = Instant::now() + bounds.longest.saturating_sub(self.clock.lasted());
        let wake = due_ms.map_or(ends, |due_ms| self.clock.moment(due_ms.saturating_add(hold_ms)).min(ends));
        let leaves = self.gone.map_or(ends, |gone| (gone + bounds.grace).min(ends));
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Do(order)) => self.order(order, due_ms),
                Some(Command::Attach(page)) => self.attach(page),
                None => self.hang_up(),
            },
            () = gone(self.page.as_ref()) => {
                self.page = None;
                self.voice = None;
                self.gone = Some(Instant::now());
            }
            () = sleep_until(leaves) => self.hang_up(),
            () = sleep_until(wake) => match due_ms {
                Some(due_ms) if wake < ends => self.reach(due_ms),
                _ => self.hang_up(),
            },
        }
    }

    /// When something happens by itself: at the phone's end or at the counsellor's.
    fn due_ms(&self, until_ms: Option<u64>) -> Option<u64> {
        until_ms.into_iter().chain(self.counsellor.next_ms()).min()
    }

    /// It is this late; what is due happens.
    fn reach(&mut self, due_ms: u64) {
        if self.voice.is_some_and(|voice| voice.end_ms <= due_ms) {
            self.voice = None;
            self.clock.set(due_ms);
        }
        self.phone.handle_input(Input::Time(due_ms));
        if let Some(input) = self.counsellor.due(due_ms) {
            use phone::CalleeDoes;
            match input {
                Input::Callee(_, CalleeDoes::Answer) => self.tell(&Event::PicksUp),
                Input::Callee(_, CalleeDoes::Key(key)) => self.tell(&Event::CounsellorPressed { key: key.as_char() }),
                _ => {}
            }
            self.phone.handle_input(input);
        }
    }

    /// Moves the clock ahead to what happens next.
    fn jump(&mut self, due_ms: u64) {
        self.voice = None;
        self.clock.set(due_ms);
        self.tell(&Event::Skipped);
        self.reach(due_ms);
    }

    /// Tells the phone the time, but not beyond what is due: that has its own turn. While a voice is waited for, its
    /// sentence is not over yet.
    fn tell_time(&mut self, due_ms: Option<u64>) {
        let held = self.voice.is_some_and(|voice| Some(voice.end_ms) == due_ms);
        let latest_ms = due_ms.map_or(u64::MAX, |due_ms| due_ms.saturating_sub(u64::from(held)));
        if self.clock.now_ms() > latest_ms {
            self.clock.set(latest_ms);
        }
        self.phone.handle_input(Input::Time(self.clock.now_ms().min(latest_ms)));
    }

    // ---- what the page asks for

    fn order(&mut self, order: OfCall, due_ms: Option<u64>) {
        self.tell_time(due_ms);
        match order {
            OfCall::Press { key } => {
                if let Some(key) = Digit::new(key) {
                    self.press(key);
                }
            }
            OfCall::HangUp => self.hang_up(),
            // A talk has no end that could be skipped to, but its limit.
            OfCall::Skip | OfCall::Silence if self.counsellor.is_talking() => {}
            OfCall::Skip => {
                if let Some(due_ms) = due_ms {
                    self.jump(due_ms);
                }
            }
            OfCall::Silence => self.silent = true,
            OfCall::Counsellor { does } => self.counsellor.choose(does, self.phone.now_ms()),
            OfCall::CounsellorHangsUp => {
                if let Some(input) = self.counsellor.hangs_up() {
                    self.phone.handle_input(input);
                }
            }
            OfCall::Voiced { n } => {
                if let Some(voice) = self.voice.take_if(|voice| voice.n == n) {
                    self.clock.set(voice.end_ms);
                    self.phone.handle_input(Input::Time(voice.end_ms));
                }
            }
        }
    }

    fn press(&mut self, key: Digit) {
        self.silent = false;
        self.tell(&Event::Pressed { key: key.as_char() });
        self.phone.handle_input(Input::Key(key));
    }

    fn hang_up(&mut self) {
        self.phone.handle_input(Input::HangUp);
    }

    fn attach(&mut self, page: Page) {
        if let Some(before) = self.page.take() {
            let _ = before.told.try_send(written(&Event::Taken, self.phone.now_ms()));
        }
        let now_ms = self.clock.now_ms();
        let mut told = vec![written(&Event::Replay, now_ms)];
        told.extend(self.history.iter().cloned());
        told.push(written(&Event::Replayed, now_ms));
        for message in told {
            let _ = page.told.try_send(message);
        }
        self.gone = None;
        self.voice = None;
        self.page = Some(page);
    }

    /// Tells the page, and remembers it for one that reloads.
    fn tell(&mut self, event: &Event) {
        let message = written(event, self.phone.now_ms());
        if let Some(page) = &self.page {
            // A page that does not read is noticed by its connection.
            let _ = page.told.try_send(message.clone());
        }
        self.kept += message.len();
        self.history.push_back(message);
        while self.kept > HISTORY || self.history.len() > WAITING / 2 {
            let Some(oldest) = self.history.pop_front() else { break };
            self.kept -= oldest.len();
        }
    }
}

/// Waits until the page is gone; for ever where there is none.
async fn gone(page: Option<&Page>) {
    match page {
        Some(page) => page.told.closed().await,
        None => std::future::pending().await,
    }
}

fn end_of(leg: phone::Leg) -> Leg {
    match leg {
        phone::Leg::Caller => Leg::Caller,
        phone::Leg::Callee(_) => Leg::Counsellor,
    }
}

fn why(end: &End) -> &'static str {
    match end {
        End::CallerHungUp => "hung up",
        End::Hangup | End::OutOfVerbs | End::EndedByRest => "the line ended the call",
        End::NotAnswered(_) => "nobody picked up",
        End::Rejected(_) => "the line did not take the call",
        End::Failed { .. } => "the call failed: the line did not answer with a document",
        End::TooManyDocuments => "the call failed: documents led to documents and nothing was heard",
    }
}

/// How long an answer took, in microseconds.
pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
