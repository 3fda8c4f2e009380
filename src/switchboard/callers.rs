//! Callers as far as a limit needs to know one: the hash of a number with a salt that changes every day.
//!
//! Midnight: the hashes of calls under way were made with yesterday's salt. It is kept until the last of them is over,
//! so that a number stays one caller, and no longer.

use crate::base::Party;
use crate::desk::Caller;
use crate::privacy::DaySalt;
use jiff::civil::Date;

/// The salts in use.
pub(super) struct Salts {
    pub day: Date,
    pub today: DaySalt,
    pub yesterday: Option<DaySalt>,
}

impl Salts {
    pub fn new(day: Date, today: DaySalt) -> Salts {
        Salts { day, today, yesterday: None }
    }

    /// The caller behind a call.
    pub fn caller(&self, from: &Party) -> Caller {
        match from.number() {
            Some(number) => {
                let before = self.yesterday.as_ref().map(|yesterday| yesterday.hash(number.expose()));
                Caller::Number { hash: self.today.hash(number.expose()), before }
            }
            None => Caller::Withheld,
        }
    }

    /// A new day, with a salt drawn for it.
    pub fn midnight(&mut self, day: Date, fresh: DaySalt) {
        self.yesterday = Some(std::mem::replace(&mut self.today, fresh));
        self.day = day;
    }
}
