//! The limits of the doors: fixed ones, and those a keeper may change.

use serde::Deserialize;

/// A form is at most this large; a provider's documents are below it as well (twiml reference 6).
pub const MAX_BODY: usize = 64 * 1024;

/// Header lines in one request. A provider sends about fifteen.
pub const MAX_HEADERS: usize = 64;

/// Bytes of all headers together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Bytes of path and query: a sealed session is at most 220 characters.
pub const MAX_TARGET: usize = 2048;

/// One step never takes this long; beyond it the caller hears one sentence and gets a person. A provider waits 15 s.
pub const STEP_S: u64 = 5;

/// The door's limits. Each has a ceiling; a request beyond one gets a clear answer.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections open at once, 16 to 65536.
    pub connections: usize,
    /// Requests worked on at once, 4 to 65536; beyond it a call hears one sentence and gets a person.
    pub requests: usize,
    /// Seconds for the headers, and again for the body, to arrive, 1 to 15.
    pub read_s: u64,
    /// Seconds that requests in flight have at a stop, 1 to 60.
    pub stop_s: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 4096, requests: 1024, read_s: 5, stop_s: 10 }
    }
}
