//! What counsellors said by telephone of their duty, as it is kept, and how long it holds.
//!
//! Whatever is said ends by itself, with one exception: a switch to the fallback line lasts until it is switched back.

use super::{CounsellorIx, Desk, Duty};
use crate::base::CounsellorId;
use jiff::{SignedDuration, Timestamp};

/// Off duty lasts at most this long, in seconds, however long the shift.
pub const OFF_MOST_S: i64 = 24 * 3600;

/// On duty outside one's shifts lasts this long, in seconds.
pub const ON_MOST_S: i64 = 12 * 3600;

/// How finely the end of a shift is looked for, in seconds; a break shorter than this is no break.
const LOOK_S: i64 = 5 * 60;

/// What a counsellor does on the staff line: a word of the audit trail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// She goes on duty.
    On,
    /// She goes off duty.
    Off,
    /// All calls go to the fallback line.
    ToFallback,
    /// Calls go to the desk again.
    ToDesk,
    /// The caller of her last talk waits ten minutes.
    HoldBack,
}

impl Act {
    pub const ALL: [Act; 5] = [Act::On, Act::Off, Act::ToFallback, Act::ToDesk, Act::HoldBack];

    /// As the audit trail writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::On => "on duty",
            Act::Off => "off duty",
            Act::ToFallback => "all calls to the fallback line",
            Act::ToDesk => "calls to the desk again",
            Act::HoldBack => "caller of the last talk waits",
        }
    }
}

/// What was said by telephone and still holds, by the names of the rota: the desk file may change beside it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    pub on: Vec<CounsellorId>,
    pub off: Vec<CounsellorId>,
    pub all_to_fallback: bool,
}

/// What is to be kept when somebody goes on or off duty. Only what the rota does not say by itself is kept, so that
/// nothing of it outlives the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    OnUntil(Timestamp),
    OffUntil(Timestamp),
    /// The rota holds again.
    AsRota,
}

impl Desk {
    /// The counsellor of this name.
    pub fn named(&self, id: &CounsellorId) -> Option<CounsellorIx> {
        let at = self.counsellors.iter().position(|one| one.id == *id)?;
        u8::try_from(at).ok().map(CounsellorIx)
    }

    /// What is kept, for this desk. Somebody who has left it is nobody here.
    pub fn duty(&self, kept: &Overrides) -> Duty {
        let here = |names: &[CounsellorId]| names.iter().filter_map(|id| self.named(id)).collect();
        Duty { on: here(&kept.on), off: here(&kept.off), all_to_fallback: kept.all_to_fallback }
    }

    /// Who is on duty now, by the rota and by telephone, whether or not calls go to the desk; nobody twice.
    pub fn on_duty(&self, duty: &Duty, at: Timestamp) -> Vec<CounsellorIx> {
        let mut who = self.rota.on_duty(at);
        who.retain(|one| !duty.off.contains(one));
        for one in &duty.on {
            if !who.contains(one) {
                who.push(*one);
            }
        }
        who
    }

    /// What is to be kept when she goes on duty now: in her own shift nothing, else that she is on for 12 hours.
    pub fn goes_on(&self, who: CounsellorIx, now: Timestamp) -> Change {
        match self.rota.on_duty(now).contains(&who) {
            true => Change::AsRota,
            false => Change::OnUntil(later(now, ON_MOST_S)),
        }
    }

    /// What is to be kept when she goes off duty now: in her shift that she is off until it ends, at most 24 hours; else
    /// nothing, so that her next shift is not missed by what she said at the end of extra hours.
    pub fn goes_off(&self, who: CounsellorIx, now: Timestamp) -> Change {
        let on = |at: Timestamp| self.rota.on_duty(at).contains(&who);
        if !on(now) {
            return Change::AsRota;
        }
        let steps = (LOOK_S..=OFF_MOST_S).step_by(LOOK_S as usize).map(|after_s| later(now, after_s));
        let Some(after) = steps.clone().find(|at| !on(*at)) else { return Change::OffUntil(later(now, OFF_MOST_S)) };
        // To the second: on duty before, off duty after.
        let (mut before_s, mut after_s) = (after.as_second() - LOOK_S, after.as_second());
        while after_s - before_s > 1 {
            let middle_s = before_s + (after_s - before_s) / 2;
            match Timestamp::from_second(middle_s).is_ok_and(&on) {
                true => before_s = middle_s,
                false => after_s = middle_s,
            }
        }
        Change::OffUntil(Timestamp::from_second(after_s).unwrap_or(after))
    }
}

/// So many seconds later; a clock at the end of time stays there.
fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::staff::tests::{ANNA, BO, FALLBACK, OFFICE, at, desk, id};
    use super::*;

    fn telephone(on: &[&str], off: &[&str], all_to_fallback: bool) -> Overrides {
        let ids = |names: &[&str]| names.iter().map(|name| id(name)).collect();
        Overrides { on: ids(on), off: ids(off), all_to_fallback }
    }

    #[test]
    fn what_was_said_decides_who_is_rung() {
        let desk = desk(OFFICE);
        let case = |moment: &str, kept: Overrides, rung: &[CounsellorIx], on: &[CounsellorIx]| {
            let duty = desk.duty(&kept);
            assert_eq!(desk.reachable(&duty, at(moment)), rung, "{moment} {kept:?}");
            assert_eq!(desk.on_duty(&duty, at(moment)), on, "{moment} {kept:?}");
        };
        case("2026-11-24T10:00", Overrides::default(), &[ANNA, FALLBACK], &[ANNA]);
        case("2026-11-24T10:00", telephone(&["bo"], &[], false), &[ANNA, BO, FALLBACK], &[ANNA, BO]);
        case("2026-11-24T10:00", telephone(&["bo"], &["anna"], false), &[BO, FALLBACK], &[BO]);
        case("2026-11-24T10:00", telephone(&["bo"], &[], true), &[FALLBACK], &[ANNA, BO]);
        case("2026-11-24T10:00", telephone(&["gone"], &["gone"], false), &[ANNA, FALLBACK], &[ANNA]);
        case("2026-11-24T20:00", telephone(&["anna"], &[], false), &[ANNA, FALLBACK], &[ANNA]);
    }

    #[test]
    fn what_is_kept_ends_by_itself() {
        let office = desk(OFFICE);
        let case = |change: Change, expected: Change| assert_eq!(change, expected);
        case(office.goes_on(ANNA, at("2026-11-24T10:00")), Change::AsRota);
        case(office.goes_on(BO, at("2026-11-24T10:00")), Change::OnUntil(at("2026-11-24T22:00")));
        case(office.goes_on(ANNA, at("2026-11-24T20:00")), Change::OnUntil(at("2026-11-25T08:00")));
        case(office.goes_off(ANNA, at("2026-11-24T10:00")), Change::OffUntil(at("2026-11-24T17:00")));
        case(office.goes_off(ANNA, at("2026-11-24T10:03:07")), Change::OffUntil(at("2026-11-24T17:00")));
        case(office.goes_off(ANNA, at("2026-11-24T16:59:59")), Change::OffUntil(at("2026-11-24T17:00")));
        case(office.goes_off(ANNA, at("2026-11-24T17:00")), Change::AsRota);
        case(office.goes_off(BO, at("2026-11-24T10:00")), Change::AsRota);
        let always = desk(&["mon-sun 00:00-24:00"]);
        case(always.goes_off(ANNA, at("2026-11-24T10:00")), Change::OffUntil(at("2026-11-25T10:00")));
        assert_eq!(later(Timestamp::MAX, 1), Timestamp::MAX);
    }
}
