//! Identifiers that travel between rooms.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A provider's name for one leg of a call: opaque text, 1 to 255 bytes (providers differ, so nothing is read out of it).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CallSid(String);

impl CallSid {
    /// At most this many bytes.
    pub const MAX: usize = 255;

    pub fn new(text: &str) -> Option<CallSid> {
        (!text.is_empty() && text.len() <= Self::MAX).then(|| CallSid(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CallSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallSid(_)")
    }
}

/// The name of one published state of the menu files: the first 8 bytes of a SHA-256 over them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of one attempt to reach a counsellor. It says nothing about the caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LeaseId(pub u64);

impl LeaseId {
    /// The name of no attempt.
    pub const NONE: LeaseId = LeaseId(0);
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
