//! `desk`: who answers: counsellors, their rota, who waits, and whom to ring next.
//!
//! Contract: everything here is a plain function of the desk, of what is known now, and of the moment. Nobody is rung
//! for two callers, and nobody waits without an end.
//! Must never know: callers' numbers, SQL, a provider, a clock.

mod duty;
mod rota;
pub mod staff;

pub use duty::{Act, Change, Overrides};
pub use rota::Rota;

use crate::base::{CounsellorId, Language, Line};
use jiff::Timestamp;

/// At most this many counsellors at one desk: who was tried is kept as a bit each in the session.
pub const COUNSELLORS_MOST: usize = 64;

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
}

/// A counsellor's place in [`Desk::counsellors`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CounsellorIx(pub u8);

/// Somebody who takes calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Counsellor {
    pub id: CounsellorId,
    pub line: Line,
    /// Empty: not known, taken to speak every language of the hotline.
    pub languages: Vec<Language>,
    pub gender: Option<Gender>,
    /// The PIN for the staff line, as an argon2id hash in PHC form.
    pub pin: Option<String>,
}

/// What a caller may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    Woman,
    Man,
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
        let mut seen = [false; COUNSELLORS_MOST];
        who.retain(|one| seen.get_mut(usize::from(one.0)).is_some_and(|seen| !std::mem::replace(seen, true)));
        who
    }

    pub fn counsellor(&self, at: CounsellorIx) -> Option<&Counsellor> {
        self.counsellors.get(usize::from(at.0))
    }
}
