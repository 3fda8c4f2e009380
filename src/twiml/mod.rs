//! `twiml`: the TwiML document: types whose nesting cannot be wrong, a writer, a reader, named defaults.
//!
//! Contract: what is written is read back as the same document; what is read never panics and is bounded.
//! Must never know: the engine, HTTP.

mod types;

pub use types::*;
