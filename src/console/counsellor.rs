//! The pretend counsellor of a web call: does what the operator chose.

use crate::base::Digit;
use crate::phone::{CalleeDoes, Input};
use serde::{Deserialize, Serialize};

/// What the counsellor does when the line rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Does {
    /// Picks up, hears the whisper, presses 1.
    #[default]
    Answers,
    Busy,
    /// Lets it ring.
    NoAnswer,
    /// Picks up and presses another key than 1.
    Declines,
    /// Picks up and presses nothing.
    Voicemail,
    /// The call cannot be placed.
    Unreachable,
}

/// How long she takes for anything, in milliseconds.
const TAKES_MS: u64 = 3_000;

/// One counsellor, during one call.
#[derive(Default)]
pub(super) struct Counsellor {
    does: Does,
    leg: Option<u32>,
    picked_up: bool,
    talking: bool,
    next: Option<(u64, Input)>,
}

impl Counsellor {
    /// From now on she does this; a telephone that rings already is answered, or not, accordingly.
    pub fn choose(&mut self, does: Does, now_ms: u64) {
        self.does = does;
        if let Some(leg) = self.leg.filter(|_| !self.picked_up) {
            self.rings(leg, now_ms);
        }
    }

    pub fn rings(&mut self, leg: u32, now_ms: u64) {
        let does = match self.does {
            Does::Answers | Does::Declines | Does::Voicemail => Some(CalleeDoes::Answer),
            Does::Busy => Some(CalleeDoes::Busy),
            Does::Unreachable => Some(CalleeDoes::Fail),
            Does::NoAnswer => None,
        };
        *self = Counsellor { does: self.does, leg: Some(leg), ..Counsellor::default() };
        self.plan(leg, does, now_ms);
    }

    /// After the whisper a key of hers is awaited.
    pub fn is_asked(&mut self, leg: u32, now_ms: u64) {
        let key = match self.does {
            Does::Answers => Digit::of_option(0),
            Does::Declines => Digit::of_option(1),
            _ => None,
        };
        self.plan(leg, key.map(CalleeDoes::Key), now_ms);
    }

    pub fn talks(&mut self) {
        self.talking = true;
        self.next = None;
    }

    pub fn is_gone(&mut self) {
        *self = Counsellor { does: self.does, ..Counsellor::default() };
    }

    /// She hangs up, if she has picked up.
    pub fn hangs_up(&mut self) -> Option<Input> {
        self.leg.filter(|_| self.picked_up || self.talking).map(|leg| Input::Callee(leg, CalleeDoes::HangUp))
    }

    pub fn is_talking(&self) -> bool {
        self.talking
    }

    /// When she does something next.
    pub fn next_ms(&self) -> Option<u64> {
        self.next.as_ref().map(|(at_ms, _)| *at_ms)
    }

    /// What she does now, if it is time.
    pub fn due(&mut self, now_ms: u64) -> Option<Input> {
        let (_, input) = self.next.take_if(|(at_ms, _)| *at_ms <= now_ms)?;
        self.picked_up |= matches!(input, Input::Callee(_, CalleeDoes::Answer));
        Some(input)
    }

    fn plan(&mut self, leg: u32, does: Option<CalleeDoes>, now_ms: u64) {
        self.next = does.map(|does| (now_ms.saturating_add(TAKES_MS), Input::Callee(leg, does)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn she_does_what_was_chosen_also_while_it_rings() {
        let mut counsellor = Counsellor::default();
        counsellor.choose(Does::NoAnswer, 0);
        counsellor.rings(0, 1_000);
        assert_eq!(counsellor.next_ms(), None);
        counsellor.choose(Does::Busy, 2_000);
        assert_eq!(counsellor.due(4_999), None);
        assert_eq!(counsellor.due(5_000), Some(Input::Callee(0, CalleeDoes::Busy)));
        counsellor.is_gone();
        counsellor.choose(Does::Answers, 6_000);
        assert_eq!((counsellor.next_ms(), counsellor.hangs_up()), (None, None));
        counsellor.rings(1, 7_000);
        assert_eq!(counsellor.due(10_000), Some(Input::Callee(1, CalleeDoes::Answer)));
        // Too late to be busy: she has picked up.
        counsellor.choose(Does::Declines, 10_500);
        assert_eq!(counsellor.next_ms(), None);
        counsellor.is_asked(1, 11_000);
        assert_eq!(counsellor.due(14_000), Digit::of_option(1).map(|key| Input::Callee(1, CalleeDoes::Key(key))));
        counsellor.talks();
        assert_eq!(counsellor.hangs_up(), Some(Input::Callee(1, CalleeDoes::HangUp)));
    }
}
