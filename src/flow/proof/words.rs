//! Situations and ways in words.

use super::claims::desk_words;
use super::graph::{Graph, Move};
use crate::flow::{Desk, DialStatus, Place};

/// A longer way in is told by its last steps.
const STEPS_TOLD: usize = 12;

impl Graph<'_> {
    pub fn place_words(&self, spot: u32) -> String {
        match self.spots[spot as usize].place {
            Place::Front => "the front door".to_owned(),
            Place::Node(node) => format!("`{}`", self.hotline.node(node).name),
            Place::Offering => "the third silence".to_owned(),
            Place::Waiting => "the waiting loop".to_owned(),
            Place::Dialling => "the ringing".to_owned(),
            Place::AfterTalk => "the end of a talk".to_owned(),
        }
    }

    pub fn language_words(&self, spot: u32) -> String {
        match self.spots[spot as usize].language {
            None => "before a language is chosen".to_owned(),
            Some(language) => {
                format!("in {} ({})", self.hotline.phrases(language).name, self.hotline.language(language))
            }
        }
    }

    /// How a caller comes to a situation with the fewest steps.
    pub fn way_to(&self, spot: u32) -> String {
        self.way(spot, None)
    }

    /// The same, and one step more.
    pub fn way_by(&self, (from, by, desk): (u32, Move, Option<Desk>)) -> String {
        self.way(from, Some((by, desk)))
    }

    fn way(&self, spot: u32, more: Option<(Move, Option<Desk>)>) -> String {
        let mut steps: Vec<(Move, Option<Desk>)> = more.into_iter().collect();
        let mut at = spot;
        while let Some((from, by, desk)) = self.came[at as usize] {
            steps.push((by, desk));
            at = from;
        }
        steps.reverse();
        let left_out = steps.len().saturating_sub(STEPS_TOLD);
        let told = steps[left_out..].iter().map(|(by, desk)| step_words(*by, *desk));
        let start = if left_out > 0 { "... ".to_owned() } else { "the answer".to_owned() };
        let words: Vec<String> = std::iter::once(start).chain(told).collect();
        words.join(", ")
    }
}

fn step_words(by: Move, desk: Option<Desk>) -> String {
    let what = match by {
        Move::Key(key) => format!("key {key}"),
        Move::Silence => "silence".to_owned(),
        Move::Outcome(dialled) if dialled.talked => "a talk".to_owned(),
        Move::Outcome(dialled) => match dialled.status {
            DialStatus::Completed => "nobody takes the call",
            DialStatus::Busy => "the line is busy",
            DialStatus::NoAnswer | DialStatus::Canceled => "no answer",
            DialStatus::Failed => "the line cannot be reached",
        }
        .to_owned(),
    };
    match desk {
        None => what,
        Some(desk) => format!("{what} ({})", desk_words(desk)),
    }
}
