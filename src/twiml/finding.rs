//! What the reader has to say about a document that it could read.

use std::fmt;

/// At most this many findings are kept of one document: it is at most 64 KiB, and nobody reads more.
pub const MAX_FINDINGS: usize = 100;

/// One thing in a document that a provider would not do, or not as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TwimlFinding {
    pub kind: FindingKind,
    /// From 1.
    pub line: usize,
    /// Lower case, names in ticks, no full stop: what was found and what happens instead.
    pub words: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FindingKind {
    /// No TwiML element has this name; it is skipped (12200).
    UnknownElement,
    /// A TwiML element in a place where it may not stand; it is skipped.
    MisplacedElement,
    /// Ignored (12200).
    UnknownAttribute,
    /// The default takes its place.
    BadValue,
    /// TwiML that this program knows and does not execute.
    NotExecuted,
    /// Words where none may stand; they are skipped.
    UnexpectedText,
    /// An element without what makes it one, such as a Say without words.
    Missing,
    /// More or longer than a provider takes.
    TooMuch,
}

impl fmt::Display for TwimlFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.words)
    }
}

/// A value as it can stand in a finding: its first characters, without control characters.
pub(super) fn clip(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut clipped: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if value.chars().count() > LONGEST {
        clipped.push('…');
    }
    clipped
}
