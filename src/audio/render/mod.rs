//! `audio::render`: makes sound of words, by external programs, and makes any sound ready for telephones.
//!
//! Contract: text reaches a program as a file or on standard input, never through a shell; every program has a limit of
//! time and of bytes; the same samples give the same file.
//! May import: base and the catalog. Must never know: menus, calls.

mod master;

pub use master::{Clip, LEAD_MS, LEVEL_DB, OPTION_TAIL_MS, Part, RATE, TAIL_MS, join};
