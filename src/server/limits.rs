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

/// Files and sockets the process needs beside the connections: the database, the log, the listeners, the runtime, and
/// connections that are told to go.
pub const FILES_BESIDE: u64 = 128;

/// Lets this process open as many files as the system allows it, and says how many that are. A service is often started
/// with a soft limit of 1024, for programs that cannot count further.
pub fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The door's limits. Each has a ceiling; a request beyond one gets a clear answer.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections open at once, 16 to 65536; beyond it the oldest that has proven nothing is closed.
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
