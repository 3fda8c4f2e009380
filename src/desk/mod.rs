//! `desk`: who answers: counsellors, their rota, who waits, and whom to ring next.
//!
//! Contract: everything here is a plain function of the desk, of what is known now, and of the moment. Nobody is rung
//! for two callers, and nobody waits without an end.
//! Must never know: callers' numbers, SQL, a provider, a clock.

mod check;
mod duty;
mod empty;
#[cfg(test)]
mod fixture;
mod lease;
mod load;
mod mask;
pub mod outlook;
mod parsed;
pub mod picture;
mod plan;
mod queue;
pub mod rota;
pub mod schema;
pub mod staff;
mod table;
mod whom;
pub mod words;

pub use check::{Offered, RULES, Rule, against};
pub use duty::{Act, Change, Overrides};
pub use empty::{Empty, Warner, sentence};
pub use lease::{Accepted, Ended, Lease, LeaseState, Leases, Opened};
pub use load::{Loaded, load};
pub use outlook::Outlook;
pub use plan::Part;
pub use queue::{Caller, GONE_S, HELD_BACK_S, Queue, REQUESTS_MOST, Stage};
pub use rota::{Days, Rota};
pub use table::table;
pub use whom::{By, Idle, Plan, Want, whom};

pub use crate::base::{CounsellorIx, CounsellorSet, Gender};

use crate::base::hours::{Hours, Stretch};
use crate::base::{Accept, Callee, CounsellorId, E164, Language, Line};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::fmt;

/// At most this many counsellors at one desk.
pub const COUNSELLORS_MOST: usize = CounsellorSet::MOST;

/// A provider may let it ring longer than it was asked to (Twilio: up to five seconds), and its request takes its time.
const LATE_S: i64 = 15;

/// The desk of a line, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Desk {
    pub counsellors: Vec<Counsellor>,
    pub rota: Rota,
    pub strategy: Strategy,
    /// Rung when nobody on duty is free or takes the call, at any hour, and for all calls while the desk is switched to
    /// it. Not on the rota.
    pub fallback: Option<CounsellorIx>,
    /// A caller may ask for a woman or a man.
    pub choose_gender: bool,
    /// How long a counsellor is not rung after a talk, in seconds, 0 to 1800.
    pub wrap_up_s: u16,
    /// From asking for a person to a person or a spoken way on, in seconds, 60 to 600.
    pub wait_max_s: u16,
    /// The longest talk, in seconds, 60 to 14 400.
    pub talk_max_s: u32,
    /// The language counsellors are spoken to; the hotline's first if unset.
    pub language: Option<Language>,
    /// What callers are told of an ordinary week, Monday first, where that is simpler than the rota: hours within it.
    pub told: Option<[Vec<Stretch>; 7]>,
    /// The hotline's second number, which counsellors call to say that they are on or off duty.
    pub staff_number: Option<E164>,
}

/// Somebody who takes calls.
#[derive(Clone, PartialEq)]
pub struct Counsellor {
    pub id: CounsellorId,
    pub line: Line,
    /// Empty: not known, taken to speak every language of the hotline.
    pub languages: Vec<Language>,
    pub gender: Option<Gender>,
    /// By which the staff line knows her, 10 to 99, nobody else's.
    pub staff_id: Option<u8>,
    /// The PIN for the staff line, as an argon2id hash in PHC form.
    pub pin: Option<String>,
}

impl Counsellor {
    /// Somebody of whom only the line is known.
    pub fn new(id: CounsellorId, line: Line) -> Counsellor {
        Counsellor { id, line, languages: Vec::new(), gender: None, staff_id: None, pin: None }
    }

    pub fn speaks(&self, language: Language) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }
}

/// The line masks itself; the PIN is not shown either.
impl fmt::Debug for Counsellor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counsellor { id, line, languages, gender, staff_id, pin } = self;
        f.debug_struct("Counsellor")
            .field("id", &id.as_str())
            .field("line", line)
            .field("languages", languages)
            .field("gender", gender)
            .field("staff_id", &staff_id.map(|_| "_"))
            .field("pin", &pin.as_ref().map(|_| "_"))
            .finish()
    }
}

/// In which order those on duty are rung.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// As the shift names them.
    #[default]
    Order,
    /// Whose last talk ended longest ago.
    LongestIdle,
    /// All at once, where that is safe.
    All,
}

/// What counsellors said by telephone of their duty, beside the rota.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Duty {
    /// On duty although the rota does not name them now; rung after those of the rota.
    pub on: Vec<CounsellorIx>,
    /// Off duty although the rota names them.
    pub off: Vec<CounsellorIx>,
    /// All calls go to the fallback line.
    pub all_to_fallback: bool,
}

impl Desk {
    /// Who can be rung at this moment, as far as nobody is taken: in the order of the shift, those on duty by telephone
    /// next, the fallback line last.
    pub fn reachable(&self, duty: &Duty, at: Timestamp) -> Vec<CounsellorIx> {
        let mut who = Vec::new();
        if !(duty.all_to_fallback && self.fallback.is_some()) {
            who = self.rota.on_duty(at);
            who.retain(|one| !duty.off.contains(one));
            who.extend(&duty.on);
        }
        who.extend(self.fallback);
        let mut seen = CounsellorSet::default();
        who.retain(|one| seen.insert(*one));
        who
    }

    /// In which order they would be rung for a caller in this language as far as nobody is taken and nobody has talked
    /// yet: who speaks it first, then any, the fallback line last.
    pub fn in_order(&self, duty: &Duty, language: Option<Language>, at: Timestamp) -> Vec<CounsellorIx> {
        let mut who = self.reachable(duty, at);
        // A stable sort: within each kind the order of the shift stays.
        who.sort_by_key(|one| (self.fallback == Some(*one), !self.speaks(*one, language)));
        who
    }

    /// Whether she speaks it, or no language is asked for.
    pub fn speaks(&self, one: CounsellorIx, language: Option<Language>) -> bool {
        language.is_none_or(|language| self.counsellor(one).is_some_and(|who| who.speaks(language)))
    }

    /// When callers can reach somebody, as it is told to them: the week, and the dates from this one on that are
    /// otherwise. With a fallback line: day and night.
    pub fn hours(&self, first: Date, days: u16) -> Hours {
        match self.fallback {
            Some(_) => Hours::always(self.rota.zone().clone()),
            None => self.rota.hours(first, days, |who| !who.is_empty()),
        }
    }

    /// The hours of a week that callers are told.
    pub fn told_hours(&self) -> Hours {
        match &self.told {
            Some(week) => Hours { zone: self.rota.zone().clone(), week: week.clone(), exceptions: Vec::new() },
            None => self.hours(Date::ZERO, 0),
        }
    }

    /// The same times on the walls of another zone.
    pub fn in_zone(self, zone: TimeZone) -> Desk {
        Desk { rota: self.rota.in_zone(zone), ..self }
    }

    /// The same desk with nobody real: what a demonstration plays.
    pub fn played(self) -> Desk {
        let pretend = |who: Counsellor| Counsellor { line: Line { callee: Callee::Pretend, ..who.line }, ..who };
        let counsellors = self.counsellors.into_iter().map(pretend).collect();
        Desk { counsellors, staff_number: None, ..self }
    }

    /// How many seconds a counsellor who is rung now is taken at most, if nothing is heard of it again: what may pass
    /// before it rings, the ringing, and the whisper or, on a line without one, a whole talk, since nothing tells when
    /// that begins.
    pub fn taken_s(&self, line: &Line, before_s: u16, whisper_s: u16) -> i64 {
        let answered_s = match line.accept {
            Accept::Pickup => i64::from(self.talk_max_s),
            Accept::Key => i64::from(whisper_s),
        };
        i64::from(before_s) + i64::from(line.ring_s) + answered_s + LATE_S
    }

    pub fn counsellor(&self, at: CounsellorIx) -> Option<&Counsellor> {
        self.counsellors.get(usize::from(at.0))
    }
}
