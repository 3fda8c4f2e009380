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
//! A desk of several has a line each for who sits there, and another caller may have been there before:
//!
//! ```text
//! Desk: anna (nl), bo (en, nl), cem (en, by pick-up); order
//! Counsellor anna: declines
//! Counsellor bo: takes the call
//! Another caller: talks to bo
//! ```
//!
//! Lines that begin with `- ` are what she does; lines that begin with `> ` are what came of it.

use super::player::{Act, Counsellor, Event};
use crate::base::Digit;
use crate::phone::{End, Leg};
use std::collections::HashMap;
use std::fmt::Write;

/// What a story file asks for; what it says came of it is compared as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    pub title: String,
    /// `2026-11-24 10:00` at the hotline's place.
    pub at: String,
    /// What the counsellor's line does each time it rings.
    pub counsellor: Counsellor,
    /// Who sits at a desk of several; `None`: one line.
    pub desk: Option<Table>,
    /// Another caller, before this call begins.
    pub other: Option<Other>,
    pub acts: Vec<Act>,
}

/// A desk of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    pub seats: Vec<Seated>,
    /// As in a desk file: `order`, `longest-idle`, `all`.
    pub strategy: String,
}

/// A counsellor at the desk of a story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seated {
    pub name: String,
    pub languages: Vec<String>,
    pub by_pickup: bool,
    /// What her line does each time it rings.
    pub does: Counsellor,
}

/// What another caller's attempt came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Other {
    /// The only line rings for it.
    Rings,
    /// This counsellor talks.
    Talks(String),
    /// This counsellor has talked, and writes it up.
    JustTalked(String),
    /// This counsellor has talked, and has written it up.
    Talked(String),
}

/// The line of a story in which the only line rings for another caller.
const TAKEN: &str = "Desk: the line is ringing for another caller";

const BY_PICKUP: &str = "by pick-up";

impl Table {
    /// `anna (nl), bo (en, nl, by pick-up); order`
    fn parse(text: &str) -> Option<Table> {
        let (seats, strategy) = text.rsplit_once("; ")?;
        let seats = seats.split_inclusive(')').map(|seat| {
            let (name, about) = seat.trim_start_matches(", ").strip_suffix(')')?.split_once(" (")?;
            let (pickup, languages) = about.split(", ").partition::<Vec<&str>, _>(|word| *word == BY_PICKUP);
            Some(Seated {
                name: name.to_owned(),
                languages: languages.into_iter().map(str::to_owned).collect(),
                by_pickup: !pickup.is_empty(),
                does: Counsellor::default(),
            })
        });
        Some(Table { seats: seats.collect::<Option<_>>()?, strategy: strategy.to_owned() })
    }

    fn print(&self) -> String {
        let seats = self.seats.iter().map(|seat| {
            let pickup = seat.by_pickup.then_some(BY_PICKUP);
            let about: Vec<&str> = seat.languages.iter().map(String::as_str).chain(pickup).collect();
            format!("{} ({})", seat.name, about.join(", "))
        });
        let mut text = format!("Desk: {}; {}\n", seats.collect::<Vec<_>>().join(", "), self.strategy);
        for seat in &self.seats {
            let _ = writeln!(text, "Counsellor {}: {}", seat.name, words(seat.does));
        }
        text
    }
}

impl Other {
    fn parse(text: &str) -> Option<Other> {
        match text.split_once(" to ")? {
            ("talks", name) => Some(Other::Talks(name.to_owned())),
            ("has just talked", name) => Some(Other::JustTalked(name.to_owned())),
            ("has talked", name) => Some(Other::Talked(name.to_owned())),
            _ => None,
        }
    }

    fn print(&self) -> String {
        match self {
            Other::Rings => format!("{TAKEN}\n"),
            Other::Talks(name) => format!("Another caller: talks to {name}\n"),
            Other::JustTalked(name) => format!("Another caller: has just talked to {name}\n"),
            Other::Talked(name) => format!("Another caller: has talked to {name}\n"),
        }
    }
}

fn words(does: Counsellor) -> &'static str {
    Counsellor::WORDS.iter().find(|(_, known)| *known == does).map_or("", |(words, _)| *words)
}

fn does(words: &str) -> Option<Counsellor> {
    Counsellor::WORDS.iter().find(|(known, _)| *known == words).map(|(_, does)| *does)
}

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
            desk: None,
            other: None,
            acts: Vec::new(),
        };
        for (index, line) in text.lines().enumerate() {
            let wrong = |expected: &str| format!("line {}: `{line}`: expected {expected}", index + 1);
            if let Some(title) = line.strip_prefix("# ") {
                story.title = title.to_owned();
            } else if let Some(at) = line.strip_prefix("At: ") {
                story.at = at.to_owned();
            } else if let Some(words) = line.strip_prefix("Counsellor: ") {
                story.counsellor = does(words).ok_or_else(|| wrong("what the counsellor does"))?;
            } else if let Some(rest) = line.strip_prefix("Counsellor ") {
                let known = rest.split_once(": ").and_then(|(name, words)| Some((name, does(words)?)));
                let seat = known.and_then(|(name, does)| {
                    let mut seats = story.desk.as_mut()?.seats.iter_mut();
                    Some((seats.find(|seat| seat.name == name)?, does))
                });
                let (seat, does) = seat.ok_or_else(|| wrong("somebody of the desk and what she does"))?;
                seat.does = does;
            } else if line == TAKEN {
                story.other = Some(Other::Rings);
            } else if let Some(desk) = line.strip_prefix("Desk: ") {
                story.desk = Some(Table::parse(desk).ok_or_else(|| wrong("such as `anna (nl), bo (en); order`"))?);
            } else if let Some(other) = line.strip_prefix("Another caller: ") {
                story.other = Some(
                    Other::parse(other)
                        .ok_or_else(|| wrong("`talks to`, `has just talked to` or `has talked to` and a name"))?,
                );
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
        let counsellors = match &self.desk {
            None => format!("Counsellor: {}\n", words(self.counsellor)),
            Some(desk) => desk.print(),
        };
        let other = self.other.as_ref().map(Other::print).unwrap_or_default();
        let mut text = format!("# {}\n\nAt: {}\n{counsellors}{other}\n- She calls\n", self.title, self.at);
        let mut names = HashMap::new();
        for event in events {
            if let Event::Rings { callee, who: Some(name) } = event {
                names.insert(*callee, name.clone());
            }
            if let Some(line) = named(event, &names) {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{line}");
            }
        }
        text
    }
}

/// An event as a line of a story.
pub fn line(event: &Event) -> Option<String> {
    named(event, &HashMap::new())
}

fn named(event: &Event, names: &HashMap<u32, String>) -> Option<String> {
    let who = |callee: &u32| names.get(callee).map_or("the counsellor", String::as_str);
    Some(match event {
        Event::Did(Act::Press(key)) => format!("- She presses {}", key.as_char()),
        Event::Did(Act::Wait) => "- She waits".to_owned(),
        Event::Did(Act::HangUp) => "- She hangs up".to_owned(),
        Event::Said { leg: Leg::Caller, words, .. } => format!("> {words}"),
        Event::Said { leg: Leg::Callee(callee), words, .. } => format!("> ({} hears) {words}", who(callee)),
        Event::Rings { callee, .. } => format!("> ({}'s line rings)", who(callee)),
        Event::CounsellorPressed { callee, key } => format!("> ({} presses {})", who(callee), key.as_char()),
        Event::Talk => "> (they talk)".to_owned(),
        Event::Left => "> (she hangs up)".to_owned(),
        Event::Trouble(words) => format!("> (the provider notes: {words})"),
        Event::Ended { why: End::CallerHungUp, .. } => return None,
        Event::Ended { why: End::Failed { code }, .. } => format!("> (the call fails: error {code} at the provider)"),
        Event::Ended { .. } => "> (the call is over)".to_owned(),
    })
}
