//! One step of a call.

use super::{
    Count, Desk, DialStatus, Dialled, Input, NobodyFree, Now, Output, Place, Session, TRAIL_MAX, WHISPER_S,
    WORDS_MOST_S, Wish,
};
use crate::base::{CounsellorSet, Digit, Gender};
use crate::menu::{Act, Choice, Hotline, LangIx, NodeIx, Prompt, Spoken, time};
use jiff::Timestamp;

/// How long a key is awaited, in seconds (rule TM-05), and how long in the later rounds: three rounds on the front
/// door are then longer than the 45 seconds of CS-22.
pub const TIMEOUT_S: u8 = 7;
pub const LONG_TIMEOUT_S: u8 = 10;

/// In the waiting loop after its line, and before a person is looked for: as short as silence may be (rule TM-08).
const WAIT_TIMEOUT_S: u8 = 4;

/// After a piece of music: it goes on at once if no key was pressed.
const MUSIC_TIMEOUT_S: u8 = 1;

/// Pieces of music between two lines of the waiting loop: with 8 s each, a line about every 25 s (rule TM-08: 20 to 40).
const PIECES: u8 = 2;

/// A step of the waiting loop or an attempt to reach a counsellor is over within this many seconds, its provider's
/// retries included. Where more lies between two steps, or less than nothing, a clock was set.
const STEP_MOST_S: i64 = 120;

/// How long such a step is taken to have lasted at most: a round of the waiting loop, late; an attempt with its ringing
/// (`ring_s` is 15 at most), its whisper, and without the words before it.
const ROUND_TAKEN_S: i64 = 15;
const ATTEMPT_TAKEN_S: i64 = 15 + WHISPER_S as i64;

/// A voice may be so much slower than is reckoned where words have no sound: 120 words a minute, not 150.
const SLOWER: f64 = 1.25;

/// An attempt that began in time may end so many seconds after the limit.
const OVER_S: i64 = 15;

/// How many wrong keys in a row bring help, and how many silences end the patience (rules PR-05, TM-05).
const PATIENCE: u8 = 3;

/// Takes one step: what happened, in which state, at which moment -> the next state and what is to be done.
/// The last output is an `Ask`, a `Hold`, a `Connect`, a `Join` or an `End`.
pub fn step<'h>(hotline: &'h Hotline, session: Session, input: Input, now: Now) -> (Session, Vec<Output<'h>>) {
    let mut turn = Turn { hotline, session, now, outputs: Vec::with_capacity(4) };
    turn.session.step = turn.session.step.saturating_add(1);
    turn.session.waiting_since_s = waiting_since(hotline, &turn.session, now.at);
    turn.session.issued_s = now.at.as_second();
    match input {
        Input::Began { language } => turn.begin(language),
        Input::Pressed(key) => turn.press(key),
        Input::Silence => turn.silence(),
        Input::DialEnded(dialled) => turn.dial_ended(dialled),
    }
    (turn.session, turn.outputs)
}

/// What this step asks the desk with; `None` if it does not look at `Now::desk`, which then need not be asked.
pub fn asks_desk(hotline: &Hotline, session: &Session, input: &Input, now: Timestamp) -> Option<Wish> {
    let roles = &hotline.roles;
    let patience_ends =
        session.silences.saturating_add(1) >= PATIENCE || session.wrong_keys.saturating_add(1) >= PATIENCE;
    let asks = match (input, session.place) {
        (Input::Began { .. }, _) => false,
        (Input::DialEnded(dialled), _) => !dialled.talked,
        // Silence at the front door ends the call, or looks for a person if she has pressed a key before.
        (_, Place::Front) => patience_ends || *input == Input::Pressed(Digit::ZERO),
        (_, Place::Node(node)) if node == roles.connect || node == roles.busy || node == roles.closed => true,
        (_, Place::Node(_)) => patience_ends || *input == Input::Pressed(Digit::ZERO),
        (_, Place::AfterTalk) => *input == Input::Pressed(Digit::ZERO),
        (_, Place::Offering | Place::Waiting | Place::Dialling) => true,
    };
    // Who is under way waits on, and who was rung in vain is not rung again; anybody else asks anew.
    let goes_on = matches!(session.place, Place::Waiting | Place::Dialling);
    let tried = match session.place {
        Place::Waiting => session.tried,
        Place::Dialling => session.tried.with(session.ringing),
        _ => CounsellorSet::default(),
    };
    asks.then(|| Wish {
        language: session.language,
        gender: chosen_gender(hotline, session, input).or(session.gender),
        tried,
        since_s: waiting_since(hotline, session, now).filter(|_| goes_on),
        lease: session.lease,
    })
}

/// The woman or man that this key asks for.
fn chosen_gender(hotline: &Hotline, session: &Session, input: &Input) -> Option<Gender> {
    let (Input::Pressed(key), Place::Node(node)) = (input, session.place) else { return None };
    match hotline.choice(node, *key) {
        Some(Choice::Act(Act::Woman)) => Some(Gender::Woman),
        Some(Choice::Act(Act::Man)) => Some(Gender::Man),
        _ => None,
    }
}

/// Since when she waits, by the clock as it is now: a clock that was set between two steps keeps nobody waiting.
fn waiting_since(hotline: &Hotline, session: &Session, now: Timestamp) -> Option<i64> {
    let (since, now) = (session.waiting_since_s?, now.as_second());
    if (0..=STEP_MOST_S).contains(&now.saturating_sub(session.issued_s)) {
        return Some(since);
    }
    let waited = session.issued_s.saturating_sub(since).max(0);
    let taken = match session.place {
        Place::Dialling if session.tried == CounsellorSet::default() => ATTEMPT_TAKEN_S + words_s(hotline, session),
        Place::Dialling => ATTEMPT_TAKEN_S,
        _ => ROUND_TAKEN_S,
    };
    Some(now.saturating_sub(waited).saturating_sub(taken))
}

/// Seconds of the words before a line rings for the first time.
fn words_s(hotline: &Hotline, session: &Session) -> i64 {
    let spoken = hotline.spoken(hotline.roles.waiting, session.language.unwrap_or(LangIx(0)));
    // A number of seconds that is no number, or below zero, becomes 0.
    let seconds = (time::seconds(&spoken.info) * SLOWER).ceil() as u16;
    i64::from(seconds.min(WORDS_MOST_S))
}

/// How much of a node is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Options,
}

struct Turn<'h> {
    hotline: &'h Hotline,
    session: Session,
    now: Now,
    outputs: Vec<Output<'h>>,
}

impl<'h> Turn<'h> {
    fn begin(&mut self, language: Option<LangIx>) {
        self.count(Count::CallBegun);
        match language {
            Some(language) => self.choose_language(language),
            None => self.front(Some(&self.hotline.front.greeting), TIMEOUT_S),
        }
    }

    // ---- keys

    fn press(&mut self, key: Digit) {
        self.session.silences = 0;
        if key == Digit::NINE {
            return self.end();
        }
        match self.session.place {
            Place::Front => self.press_at_front(key),
            Place::Node(node) => self.press_at_node(node, key),
            Place::Offering => {
                self.session.pressed = true;
                match key {
                    Digit::ZERO => self.person(),
                    _ => self.back(),
                }
            }
            Place::Waiting => match key {
                Digit::STAR => self.back(),
                // She is here: the line is said to her.
                _ => {
                    self.session.rounds = 0;
                    self.keep_waiting();
                }
            },
            Place::AfterTalk => {
                self.session.pressed = true;
                match key {
                    Digit::ZERO => self.person(),
                    _ => self.main_menu(),
                }
            }
            // No key is heard while a line rings; a provider that sends one has lost the attempt.
            Place::Dialling => self.dial_ended(Dialled { status: DialStatus::Failed, talked: false }),
        }
    }

    fn press_at_front(&mut self, key: Digit) {
        match key.option_index() {
            Some(index) if index < self.hotline.languages.len() => {
                self.right_key();
                self.choose_language(LangIx(index as u8));
            }
            _ => match key {
                Digit::ZERO => {
                    self.right_key();
                    self.person();
                }
                Digit::EIGHT | Digit::STAR => self.front(Some(&self.hotline.front.greeting), TIMEOUT_S),
                Digit::HASH => self.front(None, TIMEOUT_S),
                _ if self.wrong_key() => self.person(),
                _ => self.front(None, TIMEOUT_S),
            },
        }
    }

    fn press_at_node(&mut self, node: NodeIx, key: Digit) {
        if let Some(choice) = self.hotline.choice(node, key) {
            self.right_key();
            return self.choose(node, choice);
        }
        match key {
            Digit::ZERO => {
                self.right_key();
                self.person();
            }
            Digit::STAR => {
                self.right_key();
                self.back();
            }
            Digit::HASH => {
                self.right_key();
                self.ask_node(node, None, Part::Options, TIMEOUT_S);
            }
            Digit::EIGHT if !self.spoken(node).info.is_empty() => {
                self.right_key();
                self.ask_node(node, None, Part::Whole, TIMEOUT_S);
            }
            _ if self.wrong_key() => self.person(),
            _ => self.ask_node(node, Some(&self.phrases().wrong_key), Part::Options, TIMEOUT_S),
        }
    }

    fn choose(&mut self, node: NodeIx, choice: Choice) {
        match choice {
            Choice::Go(target) => self.enter_from(node, target),
            Choice::Act(Act::Letters) => {
                let spoken = self.spoken(node);
                let prompts = spoken.letters.iter().chain(&spoken.options).chain(&spoken.reserved).collect();
                self.ask(Place::Node(node), prompts, TIMEOUT_S);
            }
            Choice::Act(Act::Talk) => self.talk(node, false),
            Choice::Act(Act::Keys) => self.talk(node, true),
            Choice::Act(Act::Woman) => self.talk_to(node, Gender::Woman),
            Choice::Act(Act::Man) => self.talk_to(node, Gender::Man),
            Choice::Act(Act::Wait) => {
                self.leave_mark(node);
                self.begin_waiting();
                self.keep_waiting();
            }
            Choice::Act(Act::Information) => self.main_menu(),
        }
    }

    /// A key that means something.
    fn right_key(&mut self) {
        self.session.pressed = true;
        self.session.wrong_keys = 0;
    }

    /// A key that means nothing here; true when it is one too many and help is due.
    fn wrong_key(&mut self) -> bool {
        self.session.wrong_keys = self.session.wrong_keys.saturating_add(1);
        let help = self.session.wrong_keys >= PATIENCE;
        if help {
            self.session.wrong_keys = 0;
        }
        help
    }

    // ---- silence

    fn silence(&mut self) {
        match self.session.place {
            Place::Front => self.silence_at_front(),
            Place::Node(node) => self.silence_at_node(node),
            Place::Offering => self.look_for_person(true),
            Place::AfterTalk => self.end_neutrally(),
            Place::Waiting => self.keep_waiting(),
            Place::Dialling => self.dial_ended(Dialled { status: DialStatus::Failed, talked: false }),
        }
    }

    fn silence_at_front(&mut self) {
        let rounds = &self.hotline.front.silence;
        self.session.silences = self.session.silences.saturating_add(1);
        match self.session.silences {
            1 => self.front(Some(&rounds[0]), LONG_TIMEOUT_S),
            2 => self.front(Some(&rounds[1]), LONG_TIMEOUT_S),
            // She came back here from a menu: she is a caller, and may be hiding (CS-22).
            _ if self.session.pressed => {
                self.session.silences = 0;
                self.person();
            }
            _ => self.end_neutrally(),
        }
    }

    /// Silence is not an error (CS-22): two patient rounds, then a person is looked for if this caller has pressed a key.
    fn silence_at_node(&mut self, node: NodeIx) {
        let phrases = self.phrases();
        self.session.silences = self.session.silences.saturating_add(1);
        match self.session.silences {
            1 => self.ask_node(node, Some(&phrases.silence[0]), Part::Options, LONG_TIMEOUT_S),
            2 => self.ask(Place::Node(node), vec![&phrases.silence[1], &phrases.person], LONG_TIMEOUT_S),
            _ if !self.session.pressed || self.is_last_word(node) => self.end_neutrally(),
            _ => {
                self.session.silences = 0;
                self.ask_count();
                match self.refusal() {
                    None => {
                        self.leave_mark(node);
                        self.ask(Place::Offering, vec![&phrases.silence[2]], WAIT_TIMEOUT_S);
                    }
                    Some(reason) => self.nobody_free(Some(node), reason),
                }
            }
        }
    }

    /// The nodes that have said all there is to say to somebody who stays silent.
    fn is_last_word(&self, node: NodeIx) -> bool {
        node == self.hotline.roles.closed || node == self.hotline.roles.busy
    }

    // ---- a person

    /// Key 0, or help after wrong keys: asks before it connects.
    fn person(&mut self) {
        self.ask_count();
        let here = match self.session.place {
            Place::Node(node) => Some(node),
            _ => None,
        };
        let connect = self.hotline.roles.connect;
        match (self.refusal(), here) {
            (Some(reason), _) => self.nobody_free(here, reason),
            (None, Some(node)) if node != connect => self.enter_from(node, connect),
            (None, _) => self.enter(connect),
        }
    }

    /// Why nobody can be rung for somebody who asks now; `None` if somebody can.
    fn refusal(&self) -> Option<NobodyFree> {
        match self.now.desk {
            Desk::Open | Desk::Calling | Desk::Taken => None,
            Desk::Busy | Desk::Spent => Some(NobodyFree::Busy),
            Desk::Closed => Some(NobodyFree::Closed),
        }
    }

    /// The caller said yes to a person.
    fn talk(&mut self, node: NodeIx, cannot_speak: bool) {
        self.leave_mark(node);
        self.look_for_person(cannot_speak);
    }

    /// To a woman, or to a man, out loud.
    fn talk_to(&mut self, node: NodeIx, gender: Gender) {
        self.session.gender = Some(gender);
        self.talk(node, false);
    }

    fn look_for_person(&mut self, cannot_speak: bool) {
        self.session.cannot_speak = cannot_speak;
        self.begin_waiting();
        self.keep_waiting();
    }

    /// A wait begins: nobody was rung in it yet.
    fn begin_waiting(&mut self) {
        self.session.waiting_since_s = Some(self.now.at.as_second());
        self.session.tried = CounsellorSet::default();
        self.session.lease = None;
        self.session.rounds = 0;
    }

    /// Rings, or brings together, or waits on, or says honestly that nobody comes: never longer than the desk's patience.
    fn keep_waiting(&mut self) {
        let now = self.now.at.as_second();
        let waited = now.saturating_sub(*self.session.waiting_since_s.get_or_insert(now));
        let limit = i64::from(self.now.patience.wait_max_s);
        // An attempt, with the words before the first one, may end a quarter of a minute after the limit, not later.
        let first = self.session.tried == CounsellorSet::default();
        let words_s = if first { words_s(self.hotline, &self.session) } else { 0 };
        let attempt_s = i64::from(self.now.patience.attempt_s) + words_s;
        let time_to_ring = waited.saturating_add(attempt_s) <= limit + OVER_S;
        match self.now.desk {
            Desk::Taken => self.join(),
            Desk::Open if time_to_ring => self.connect(),
            Desk::Busy | Desk::Calling if waited < limit => self.hold(),
            Desk::Open | Desk::Busy | Desk::Calling => self.nobody_free(None, NobodyFree::Busy),
            Desk::Spent => self.nobody_free(None, NobodyFree::NoAnswer),
            Desk::Closed => self.nobody_free(None, NobodyFree::Closed),
        }
    }

    /// Once round the waiting loop, keys alive: the line, or a piece of music.
    fn hold(&mut self) {
        let rounds = self.session.rounds;
        self.session.place = Place::Waiting;
        // While counsellors are called beside the loop, its attempt has one name.
        if self.now.desk == Desk::Calling {
            self.session.lease.get_or_insert(self.now.lease);
        }
        self.session.rounds = if rounds >= PIECES { 0 } else { rounds + 1 };
        self.outputs.push(match rounds.checked_sub(1) {
            None => Output::Hold { line: Some(&self.phrases().waiting), piece: 0, timeout_s: WAIT_TIMEOUT_S },
            Some(piece) => Output::Hold { line: None, piece, timeout_s: MUSIC_TIMEOUT_S },
        });
    }

    fn connect(&mut self) {
        let waiting = self.hotline.roles.waiting;
        self.heard(waiting);
        // Who was told already what it is like while it rings hears it ring.
        let first = self.session.tried == CounsellorSet::default();
        self.session.place = Place::Dialling;
        self.session.lease = Some(self.now.lease);
        self.session.ringing = self.now.who;
        if first {
            self.outputs.extend(self.spoken(waiting).info.iter().map(Output::Say));
        }
        self.outputs.push(Output::Connect {
            lease: self.now.lease,
            who: self.now.who,
            language: self.session.language,
            cannot_speak: self.session.cannot_speak,
        });
    }

    /// A counsellor waits for her.
    fn join(&mut self) {
        let lease = self.session.lease.unwrap_or(self.now.lease);
        self.session.place = Place::Dialling;
        self.session.lease = Some(lease);
        self.outputs.push(Output::Join { lease });
    }

    fn dial_ended(&mut self, dialled: Dialled) {
        self.session.lease = None;
        self.session.silences = 0;
        self.session.tried = self.session.tried.with(self.session.ringing);
        self.session.ringing = CounsellorSet::default();
        // The next person needs a new key: no cycle runs without one (rule MN-08).
        self.session.pressed = false;
        if dialled.talked {
            self.count(Count::PersonAccepted);
            // Who hung up first may have done so because somebody came in: her phone says nothing that tells of this line.
            self.session.waiting_since_s = None;
            return self.ask(Place::AfterTalk, vec![&self.phrases().silence[1]], LONG_TIMEOUT_S);
        }
        match (self.now.desk, self.session.waiting_since_s) {
            // Somebody else is on duty: back into the loop, where keys work, before the next one is rung.
            (Desk::Open | Desk::Calling | Desk::Busy, Some(since)) if self.patient(since) => {
                self.session.rounds = 0;
                self.hold();
            }
            _ => self.nobody_free(
                None,
                match dialled.status {
                    DialStatus::Busy => NobodyFree::Busy,
                    DialStatus::Failed => NobodyFree::Failed,
                    DialStatus::Completed | DialStatus::NoAnswer | DialStatus::Canceled => NobodyFree::NoAnswer,
                },
            ),
        }
    }

    /// Whether there is time to wait on.
    fn patient(&self, since_s: i64) -> bool {
        self.now.at.as_second().saturating_sub(since_s) < i64::from(self.now.patience.wait_max_s)
    }

    /// Says honestly that nobody can be reached, and what there is instead. `from` is where `*` leads back to.
    fn nobody_free(&mut self, from: Option<NodeIx>, reason: NobodyFree) {
        self.count(Count::NobodyFree(reason));
        self.session.waiting_since_s = None;
        self.session.lease = None;
        let roles = &self.hotline.roles;
        let target = if self.now.desk == Desk::Closed { roles.closed } else { roles.busy };
        match from {
            Some(node) if node != target => self.enter_from(node, target),
            _ => self.enter(target),
        }
    }

    // ---- moving

    fn choose_language(&mut self, language: LangIx) {
        self.session.language = Some(language);
        self.session.trail.clear();
        self.count(Count::Language(language));
        self.enter(self.hotline.roles.welcome);
    }

    /// The main menu on return: its options only.
    fn main_menu(&mut self) {
        self.session.trail.clear();
        self.enter(self.hotline.roles.main);
    }

    fn enter_from(&mut self, node: NodeIx, target: NodeIx) {
        self.leave_mark(node);
        self.enter(target);
    }

    /// Remembers where `*` leads back to.
    fn leave_mark(&mut self, node: NodeIx) {
        let trail = &mut self.session.trail;
        if trail.last() == Some(&node) {
            return;
        }
        if trail.len() == TRAIL_MAX {
            trail.remove(0);
        }
        trail.push(node);
    }

    /// Goes to a node and on along its `then`, saying each.
    fn enter(&mut self, target: NodeIx) {
        let mut before = Vec::new();
        let mut node = target;
        self.heard(node);
        // The checker refuses a ring of `then`; the bound holds all the same.
        for _ in 0..TRAIL_MAX {
            let Some(then) = self.hotline.node(node).then else { break };
            before.extend(&self.spoken(node).info);
            node = then;
            self.heard(node);
        }
        let is_main = node == self.hotline.roles.main;
        let part = if is_main && self.session.main_heard { Part::Options } else { Part::Whole };
        self.session.main_heard |= is_main;
        before.extend(self.part(node, part));
        self.ask(Place::Node(node), before, TIMEOUT_S);
    }

    /// One level back: the options there, without hearing everything again. From the main menu to the languages.
    fn back(&mut self) {
        let roles = &self.hotline.roles;
        let at_main = self.session.place == Place::Node(roles.main);
        self.session.waiting_since_s = None;
        self.session.lease = None;
        match self.session.trail.pop() {
            Some(node) => self.ask_node(node, None, Part::Options, TIMEOUT_S),
            None if self.session.language.is_none() || at_main => {
                self.session.language = None;
                self.session.place = Place::Front;
                self.front(None, TIMEOUT_S);
            }
            None => self.main_menu(),
        }
    }

    // ---- saying

    fn front(&mut self, first: Option<&'h Prompt>, timeout_s: u8) {
        let prompts = first.into_iter().chain(&self.hotline.front.languages).collect();
        self.ask(Place::Front, prompts, timeout_s);
    }

    fn ask_node(&mut self, node: NodeIx, first: Option<&'h Prompt>, part: Part, timeout_s: u8) {
        let prompts = first.into_iter().chain(self.part(node, part)).collect();
        self.ask(Place::Node(node), prompts, timeout_s);
    }

    fn part(&self, node: NodeIx, part: Part) -> impl Iterator<Item = &'h Prompt> + use<'h> {
        let spoken = self.spoken(node);
        let info: &'h [Prompt] = if part == Part::Whole { &spoken.info } else { &[] };
        info.iter().chain(&spoken.options).chain(&spoken.reserved)
    }

    fn ask(&mut self, place: Place, prompts: Vec<&'h Prompt>, timeout_s: u8) {
        self.session.place = place;
        self.outputs.push(Output::Ask { prompts, timeout_s });
    }

    /// At once, without a word (CS-04).
    fn end(&mut self) {
        self.outputs.push(Output::End);
    }

    fn end_neutrally(&mut self) {
        self.outputs.push(Output::Say(&self.hotline.front.end));
        self.outputs.push(Output::End);
    }

    fn spoken(&self, node: NodeIx) -> &'h Spoken {
        self.hotline.spoken(node, self.language())
    }

    fn phrases(&self) -> &'h crate::menu::Phrases {
        self.hotline.phrases(self.language())
    }

    /// Before a language is chosen the first one is spoken.
    fn language(&self) -> LangIx {
        self.session.language.unwrap_or(LangIx(0))
    }

    // ---- counting

    fn count(&mut self, count: Count) {
        self.outputs.push(Output::Count(count));
    }

    fn heard(&mut self, node: NodeIx) {
        if self.session.first_heard(node) {
            self.count(Count::NodeHeard(node));
        }
    }

    fn ask_count(&mut self) {
        if !self.session.asked {
            self.session.asked = true;
            self.count(Count::PersonAsked);
        }
    }
}
