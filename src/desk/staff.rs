//! The staff line: a counsellor calls it from any telephone, enters her staff number and her PIN, and says by keys what
//! she does.
//!
//! Contract: a call has at most [`TRIES`] entries and [`KEYS`] keys, and ends at the second silence in a row. Whatever
//! is wrong with an entry, the answer is the same. No name is spoken, and nothing here knows who calls.

use super::{Act, CounsellorIx, Desk, Duty};
use crate::base::{CounsellorId, Digits, Language};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Entries of a staff number and a PIN in one call.
pub const TRIES: u8 = 3;

/// Keys in one call, once the PIN was right.
pub const KEYS: u8 = 12;

/// The call ends at this silence in a row.
const SILENCES: u8 = 2;

/// Wrong entries for one staff number within [`WRONG_WITHIN`] that lock it for [`LOCKED_FOR`].
const WRONG_MOST: usize = 5;
const WRONG_WITHIN: SignedDuration = SignedDuration::from_mins(15);
const LOCKED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Entries that are looked at within a minute, whosever they are.
const LOOKS_MOST: usize = 20;
const LOOKS_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// The two digits by which a counsellor says who she is, `00` to `99`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StaffId(u8);

impl StaffId {
    /// `None` for anything but two digits.
    pub fn new(text: &str) -> Option<StaffId> {
        let two_digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| two_digits).map(StaffId)
    }
}

/// What was entered: who she says she is, and what is to prove it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// `None`: the entry cannot be one, and is looked at all the same, so that nothing is learnt from how long it takes.
    pub staff: Option<StaffId>,
    pub pin: Digits,
}

impl Claim {
    fn read(digits: &Digits) -> Claim {
        let split = digits.expose().split_at_checked(2);
        let parts = split.and_then(|(staff, pin)| Some((StaffId::new(staff)?, Digits::new(pin)?)));
        match parts {
            Some((staff, pin)) => Claim { staff: Some(staff), pin },
            None => Claim { staff: None, pin: digits.clone() },
        }
    }
}

/// What the next input answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wait {
    /// Staff number and PIN.
    Entry,
    /// Whether they are right.
    Check,
    /// A key of the menu.
    Key,
    /// Whether the act is done.
    Act(Act),
    /// Nothing: the call ends.
    Over,
}

/// The state of one call to the staff line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Session {
    pub wait: Wait,
    /// Who she is, once it is proven.
    pub who: Option<CounsellorId>,
    /// Entries that were wrong, 0 to [`TRIES`].
    pub tries: u8,
    /// Keys that were pressed, 0 to [`KEYS`].
    pub keys: u8,
    /// Silences in a row.
    pub silences: u8,
}

impl Session {
    pub const BEGIN: Session = Session { wait: Wait::Entry, who: None, tries: 0, keys: 0, silences: 0 };
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    Began,
    Digits(Digits),
    /// Nothing was pressed, or nothing that are keys.
    Silence,
    Verified(CounsellorId),
    Refused,
    /// The act stands in the database.
    Done,
    /// It could not be kept, and was not done.
    NotDone,
}

/// What is so now, for the one who calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Present {
    /// She can be rung.
    pub on_duty: bool,
    /// Where calls go; `None` for a desk without a fallback line.
    pub fallback: Option<Calls>,
    /// She had a talk in the last ten minutes whose caller can be made to wait.
    pub may_hold_back: bool,
    /// How many are on duty, and of them in each language of the hotline.
    pub people: u8,
    pub speak: Vec<(Language, u8)>,
}

/// Where calls go.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Calls {
    ToDesk,
    ToFallback,
}

/// What is to be done, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    Say(Phrase),
    /// Digits up to `#`, at most [`Digits::MAX`].
    AskDigits,
    AskKey,
    Check(Claim),
    Do(Act),
    End,
}

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phrase {
    Enter,
    Wrong,
    Goodbye,
    OnDuty,
    OffDuty,
    AllToFallback,
    CallsToDesk,
    /// So many are on duty.
    People(u8),
    /// So many of them speak this language.
    Speak(Language, u8),
    /// Which key does this: that of [`key_of`].
    Press(Act),
    PressWho,
    HeldBack,
    NotSaved,
}

/// The key that does it. A key has one meaning, whatever the menu names at the moment: the same key again changes nothing.
pub fn key_of(act: Act) -> char {
    match act {
        Act::On => '1',
        Act::Off => '2',
        Act::ToFallback => '4',
        Act::ToDesk => '5',
        Act::HoldBack => '6',
    }
}

/// The key that says who is on duty, and the one that ends the call.
pub const WHO: char = '3';
const GOODBYE: char = '9';

/// Decides what comes next. An input that answers something else than what is awaited ends the call.
pub fn step(session: Session, input: Input, present: &Present) -> (Session, Vec<Output>) {
    let mut next = session;
    let outputs = match (next.wait, input) {
        (Wait::Entry, Input::Began) => vec![Output::Say(Phrase::Enter), Output::AskDigits],
        (Wait::Entry | Wait::Key, Input::Silence) => return silent(next, present),
        (Wait::Entry, Input::Digits(digits)) => {
            next.wait = Wait::Check;
            vec![Output::Check(Claim::read(&digits))]
        }
        (Wait::Check, Input::Refused) => return wrong(next),
        (Wait::Check, Input::Verified(who)) => {
            next = Session { wait: Wait::Key, who: Some(who), silences: 0, ..next };
            menu(present)
        }
        (Wait::Key, Input::Digits(digits)) => return pressed(next, digits.expose().chars().next(), present),
        (Wait::Act(act), Input::Done) => {
            next.wait = Wait::Key;
            let done = match act {
                // The menu begins with it.
                Act::On | Act::Off | Act::ToFallback => None,
                Act::ToDesk => Some(Phrase::CallsToDesk),
                Act::HoldBack => Some(Phrase::HeldBack),
            };
            done.map(Output::Say).into_iter().chain(menu(present)).collect()
        }
        (Wait::Act(_), Input::NotDone) => {
            next.wait = Wait::Key;
            [Output::Say(Phrase::NotSaved)].into_iter().chain(menu(present)).collect()
        }
        _ => return goodbye(next, Vec::new()),
    };
    (next, outputs)
}

fn silent(session: Session, present: &Present) -> (Session, Vec<Output>) {
    let next = Session { silences: session.silences.saturating_add(1), ..session };
    if next.silences >= SILENCES {
        return goodbye(next, Vec::new());
    }
    let again = match next.wait {
        Wait::Key => menu(present),
        _ => vec![Output::Say(Phrase::Enter), Output::AskDigits],
    };
    (next, again)
}

fn wrong(session: Session) -> (Session, Vec<Output>) {
    let next = Session { wait: Wait::Entry, tries: session.tries.saturating_add(1), silences: 0, ..session };
    let wrong = Output::Say(Phrase::Wrong);
    if next.tries >= TRIES {
        return goodbye(next, vec![wrong]);
    }
    (next, vec![wrong, Output::Say(Phrase::Enter), Output::AskDigits])
}

fn pressed(session: Session, key: Option<char>, present: &Present) -> (Session, Vec<Output>) {
    let mut next = Session { keys: session.keys.saturating_add(1), silences: 0, ..session };
    if next.keys > KEYS || key == Some(GOODBYE) {
        return goodbye(next, Vec::new());
    }
    let offered = |act: &Act| match act {
        Act::On | Act::Off => true,
        Act::ToFallback | Act::ToDesk => present.fallback.is_some(),
        Act::HoldBack => present.may_hold_back,
    };
    if let Some(act) = Act::ALL.into_iter().filter(offered).find(|act| Some(key_of(*act)) == key) {
        next.wait = Wait::Act(act);
        return (next, vec![Output::Do(act)]);
    }
    let mut outputs = Vec::new();
    if key == Some(WHO) {
        outputs.push(Output::Say(Phrase::People(present.people)));
        let speak = present.speak.iter().filter(|_| present.people > 0);
        outputs.extend(speak.map(|(language, people)| Output::Say(Phrase::Speak(*language, *people))));
    }
    outputs.extend(menu(present));
    (next, outputs)
}

fn goodbye(session: Session, mut outputs: Vec<Output>) -> (Session, Vec<Output>) {
    outputs.extend([Output::Say(Phrase::Goodbye), Output::End]);
    (Session { wait: Wait::Over, ..session }, outputs)
}

/// What is so, and what can be done about it.
fn menu(present: &Present) -> Vec<Output> {
    let (is_so, change) = match present.on_duty {
        true => (Phrase::OnDuty, Act::Off),
        false => (Phrase::OffDuty, Act::On),
    };
    let mut said = vec![is_so];
    said.extend((present.fallback == Some(Calls::ToFallback)).then_some(Phrase::AllToFallback));
    said.extend([Phrase::Press(change), Phrase::PressWho]);
    said.extend(present.fallback.map(|calls| match calls {
        Calls::ToDesk => Phrase::Press(Act::ToFallback),
        Calls::ToFallback => Phrase::Press(Act::ToDesk),
    }));
    said.extend(present.may_hold_back.then_some(Phrase::Press(Act::HoldBack)));
    said.into_iter().map(Output::Say).chain([Output::AskKey]).collect()
}

impl Present {
    /// The present of this counsellor. `languages` are the hotline's.
    pub fn of(desk: &Desk, who: CounsellorIx, duty: &Duty, languages: &[Language], at: Timestamp) -> Present {
        let on_duty = desk.on_duty(duty, at);
        // A counsellor whose languages are not known is taken to speak all.
        let speaks = |one: &CounsellorIx, language: &Language| {
            desk.counsellor(*one).is_some_and(|one| one.languages.is_empty() || one.languages.contains(language))
        };
        let few = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        let speak = |language: &Language| (*language, few(on_duty.iter().filter(|one| speaks(one, language)).count()));
        Present {
            on_duty: on_duty.contains(&who),
            fallback: desk.fallback.map(|_| if duty.all_to_fallback { Calls::ToFallback } else { Calls::ToDesk }),
            may_hold_back: false,
            people: few(on_duty.len()),
            speak: languages.iter().map(speak).collect(),
        }
    }
}

/// Entries that were looked at lately. Of an entry only the staff number and the moment are held, in memory.
#[derive(Debug, Default)]
pub struct Attempts {
    looks: VecDeque<Timestamp>,
    each: BTreeMap<StaffId, Wrong>,
}

#[derive(Debug, Default)]
struct Wrong {
    at: Vec<Timestamp>,
    locked_at: Option<Timestamp>,
}

/// Whether an entry may be right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admitted {
    /// If it is.
    Yes,
    /// Not now. It is looked at as any other, and refused.
    Locked,
    /// Too many in this minute: it is refused at once.
    TooMany,
}

impl Attempts {
    /// Notes an entry before it is looked at. It counts as wrong until [`Attempts::right`]: so many at once are not more
    /// tries than one after the other.
    pub fn begin(&mut self, staff: Option<StaffId>, now: Timestamp) -> Admitted {
        let within = |at: &Timestamp, span: SignedDuration| {
            let ago = now.duration_since(*at);
            !ago.is_negative() && ago < span
        };
        self.looks.retain(|at| within(at, LOOKS_WITHIN));
        if self.looks.len() >= LOOKS_MOST {
            return Admitted::TooMany;
        }
        self.looks.push_back(now);
        let Some(staff) = staff else { return Admitted::Yes };
        let wrong = self.each.entry(staff).or_default();
        if wrong.locked_at.is_some_and(|at| within(&at, LOCKED_FOR)) {
            return Admitted::Locked;
        }
        wrong.locked_at = None;
        wrong.at.retain(|at| within(at, WRONG_WITHIN));
        wrong.at.push(now);
        if wrong.at.len() >= WRONG_MOST {
            *wrong = Wrong { at: Vec::new(), locked_at: Some(now) };
        }
        Admitted::Yes
    }

    /// The entry was right: what was wrong before is forgotten.
    pub fn right(&mut self, staff: StaffId) {
        self.each.remove(&staff);
    }
}

#[cfg(test)]
pub(super) mod tests;
