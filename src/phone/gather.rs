//! One Gather, exactly as twiml reference 3.1 counts its points.

use super::config::{EmptyDigits, FinishedOnKey};
use super::io::{Listening, Output};
use super::runner::{Failure, Playing, Sounding, sound_of, sound_of_say};
use super::world::{Line, World};
use crate::base::Digit;
use crate::twiml::defaults::GATHER_TIMEOUT_S;
use crate::twiml::{ReadGather, ReadPrompt};
use std::collections::VecDeque;
use url::Url;

/// Without `numDigits` the reference knows no limit; nobody types more.
const MAX_DIGITS: usize = 1_000;

pub(super) struct Gathering {
    gather: ReadGather,
    /// Those that have not begun.
    prompts: VecDeque<ReadPrompt>,
    sounding: Option<Sounding>,
    digits: String,
    finished_on: Option<Digit>,
    /// Input has ended; only a prompt that keys do not stop may still be sounding.
    complete: bool,
    /// When the silence has lasted long enough; set once the prompts are over.
    silent_at_ms: Option<u64>,
}

/// How a Gather goes on.
pub(super) enum Gathered {
    Waiting,
    /// No input: the next verb runs.
    FallsThrough,
    /// Its action is asked with these parameters.
    Asks(Vec<(&'static str, String)>),
    Failed(Failure),
}

impl Gathering {
    pub fn begin(mut gather: ReadGather, line: &Line, world: &mut World) -> Gathering {
        if gather.keys {
            world.put(Output::Listening(Listening {
                leg: line.leg,
                num_digits: gather.num_digits,
                finish_on_key: gather.finish_on_key,
                barge_in: gather.barge_in,
            }));
        }
        Gathering {
            prompts: std::mem::take(&mut gather.prompts).into(),
            gather,
            sounding: None,
            digits: String::new(),
            finished_on: None,
            complete: false,
            silent_at_ms: None,
        }
    }

    pub fn gather(&self) -> &ReadGather {
        &self.gather
    }

    pub fn deadline(&self) -> Option<u64> {
        self.sounding.as_ref().map(Sounding::deadline).or(self.silent_at_ms)
    }

    /// Goes on as far as the present time allows.
    pub fn advance(&mut self, current: &Url, line: &mut Line, world: &mut World) -> Gathered {
        loop {
            if let Some(sounding) = &mut self.sounding {
                if !sounding.is_over(line, world) {
                    return Gathered::Waiting;
                }
                self.sounding = None;
            }
            if let Some(prompt) = self.prompts.pop_front() {
                let playing = match &prompt {
                    ReadPrompt::Say(say) => sound_of_say(say, world),
                    ReadPrompt::Play(play) => sound_of(play, current, line, world),
                    ReadPrompt::Pause(pause) => Playing::pause(pause.length_s),
                };
                match playing {
                    Playing::Sound { what, ms, rounds } => {
                        self.sounding = Some(Sounding::begin(what, ms, rounds, line, world));
                    }
                    Playing::Skipped => {}
                    Playing::Failed(failure) => return Gathered::Failed(failure),
                }
                continue;
            }
            if self.complete {
                return self.outcome(world);
            }
            // Points 3 and 4: the silence begins when the prompts have ended, and ends the input.
            match self.silent_at_ms {
                None => self.silent_at_ms = Some(self.silence_from(world.now_ms)),
                Some(at) if at <= world.now_ms => self.complete = true,
                Some(_) => return Gathered::Waiting,
            }
        }
    }

    /// A key of this leg. What it means is seen at the next `advance`.
    pub fn key(&mut self, key: Digit, line: &Line, world: &mut World) {
        if !self.gather.keys || self.complete {
            return;
        }
        if self.gather.barge_in {
            // Point 2.
            self.prompts.clear();
            self.stop_sound(line, world);
        }
        if self.gather.finish_on_key == Some(key) {
            self.finished_on = Some(key);
            self.complete = true;
            return;
        }
        self.digits.push(key.as_char());
        let most = self.gather.num_digits.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_DIGITS);
        self.complete = self.digits.len() >= most.min(MAX_DIGITS);
        // Without barge-in the prompts go on, and the silence begins after them.
        if self.sounding.is_none() && self.prompts.is_empty() {
            self.silent_at_ms = Some(self.silence_from(world.now_ms));
        }
    }

    /// The leg is gone, or a key stopped the prompt.
    pub fn stop_sound(&mut self, line: &Line, world: &mut World) {
        if let Some(sounding) = self.sounding.take() {
            sounding.interrupt(line.leg, world);
        }
    }

    fn silence_from(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(u64::from(self.gather.timeout_s.unwrap_or(GATHER_TIMEOUT_S)).saturating_mul(1_000))
    }

    fn outcome(&self, world: &World) -> Gathered {
        let readings = world.config.readings;
        let mut params = Vec::new();
        if !self.digits.is_empty() {
            params.push(("Digits", self.digits.clone()));
        } else if !self.gather.action_on_empty_result {
            return Gathered::FallsThrough;
        } else if readings.empty_digits == EmptyDigits::Empty {
            params.push(("Digits", String::new()));
        }
        if readings.finished_on_key == FinishedOnKey::Sent {
            params.push(("FinishedOnKey", self.finished_on.map(|key| key.to_string()).unwrap_or_default()));
        }
        Gathered::Asks(params)
    }
}
