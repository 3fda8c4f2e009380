//! Who is on duty when.

use super::CounsellorIx;
use crate::base::hours::Hours;
use jiff::Timestamp;

/// Who is on duty when, and in which order they are rung.
#[derive(Clone, PartialEq, Debug)]
pub struct Rota {
    hours: Hours,
    who: Vec<CounsellorIx>,
}

impl Rota {
    /// The same people in all these hours.
    pub fn of_hours(hours: Hours, who: Vec<CounsellorIx>) -> Rota {
        Rota { hours, who }
    }

    /// Who is on duty at this moment, in the order of the shift; nobody twice.
    pub fn on_duty(&self, at: Timestamp) -> Vec<CounsellorIx> {
        if self.hours.open_at(at) { self.who.clone() } else { Vec::new() }
    }
}
