//! Stories: a played call as text that the hotline's own staff can read, and back.
//!
//! ```text
//! # She is undecided about the police
//!
//! At: 2026-11-24 10:00
//! Counsellor: takes the call
//!
//! - She calls
//! > Goedendag.
//! - She presses 2
//! ```
//!
//! Lines that begin with `- ` are what she does; lines that begin with `> ` are what came of it.

use super::player::{Act, Counsellor, Event};
use crate::base::Digit;
use crate::phone::{End, Leg};
use std::fmt::Write;

/// What a story file asks for; what it says came of it is compared as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    pub title: String,
    /// `2026-11-24 10:00` at the hotline's place.
    pub at: String,
    /// What the counsellor's line does each time it rings.
    pub counsellor: Counsellor,
    /// Another caller's attempt has the counsellor's line when this call begins.
    pub taken: bool,
    pub acts: Vec<Act>,
}

/// The line of a story that says so.
const TAKEN: &str = "Desk: the line is ringing for another caller";

impl Story {
    /// Reads the acts of a story; what was heard is left aside.
    ///
    /// # Errors
    /// The first line that is none a story can have.
    pub fn parse(text: &str) -> Result<Story, String> {
        let mut story = Story {
            title: String::new(),
            at: String::new(),
            counsellor: Counsellor::default(),
            taken: false,
            acts: Vec::new(),
        };
        for (index, line) in text.lines().enumerate() {
            let wrong = |expected: &str| format!("line {}: `{line}`: expected {expected}", index + 1);
            if let Some(title) = line.strip_prefix("# ") {
                story.title = title.to_owned();
            } else if let Some(at) = line.strip_prefix("At: ") {
                story.at = at.to_owned();
            } else if let Some(does) = line.strip_prefix("Counsellor: ") {
                let known = Counsellor::WORDS.iter().find(|(words, _)| *words == does);
                story.counsellor = known.ok_or_else(|| wrong("what the counsellor does"))?.1;
            } else if line == TAKEN {
                story.taken = true;
            } else if let Some(act) = line.strip_prefix("- ") {
                match act {
                    "She calls" => {}
                    "She waits" => story.acts.push(Act::Wait),
                    "She hangs up" => story.acts.push(Act::HangUp),
                    _ => {
                        let key = act.strip_prefix("She presses ").and_then(|key| key.chars().next());
                        let key = key.and_then(Digit::new).ok_or_else(|| wrong("`She presses` and a key"))?;
                        story.acts.push(Act::Press(key));
                    }
                }
            } else if !(line.is_empty() || line.starts_with("> ") || line.starts_with("Kept: ")) {
                return Err(wrong("`- ` and what she does, or `> ` and what came of it"));
            }
        }
        Ok(story)
    }

    /// The story as text, with what came of it.
    pub fn print(&self, events: &[Event]) -> String {
        let words = Counsellor::WORDS.iter().find(|(_, does)| *does == self.counsellor).map_or("", |(words, _)| *words);
        let taken = if self.taken { format!("{TAKEN}\n") } else { String::new() };
        let mut text = format!("# {}\n\nAt: {}\nCounsellor: {words}\n{taken}\n- She calls\n", self.title, self.at);
        for event in events {
            if let Some(line) = line(event) {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

/// An event as a line of a story.
pub fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Did(Act::Press(key)) => format!("- She presses {}", key.as_char()),
        Event::Did(Act::Wait) => "- She waits".to_owned(),
        Event::Did(Act::HangUp) => "- She hangs up".to_owned(),
        Event::Said { leg: Leg::Caller, words, .. } => format!("> {words}"),
        Event::Said { leg: Leg::Callee(_), words, .. } => format!("> (the counsellor hears) {words}"),
        Event::Rings => "> (the counsellor's line rings)".to_owned(),
        Event::CounsellorPressed(key) => format!("> (the counsellor presses {})", key.as_char()),
        Event::Talk => "> (they talk)".to_owned(),
        Event::Left => "> (she hangs up)".to_owned(),
        Event::Trouble(words) => format!("> (the provider notes: {words})"),
        Event::Ended { why: End::CallerHungUp, .. } => return None,
        Event::Ended { why: End::Failed { code }, .. } => format!("> (the call fails: error {code} at the provider)"),
        Event::Ended { .. } => "> (the call is over)".to_owned(),
    })
}
