//! `twiml`: the TwiML document: types whose nesting cannot be wrong, a writer, a reader, named defaults.
//!
//! Two sets of types: what we write (`types.rs`: few elements, wrong nesting does not compile) and what any provider's
//! document can hold (`document.rs`: everything, with defaults filled in). Writing goes from the first to XML,
//! reading from XML to the second, and `From` leads from the first to the second without XML.
//!
//! Contract: what is written is read back as the same document, as long as the values are in the ranges that the types
//! state; what is read never panics and is bounded ([`MAX_BYTES`], [`MAX_DEPTH`], [`MAX_FINDINGS`]).
//! Must never know: the engine, HTTP.

mod convert;
pub mod defaults;
mod document;
mod finding;
mod given;
mod grammar;
mod read;
mod types;
mod write;
mod xml;

pub use document::*;
pub use finding::{FindingKind, MAX_FINDINGS, TwimlFinding};
pub use read::{read_messaging, read_voice};
pub use types::*;
pub use xml::{MAX_BYTES, MAX_DEPTH, ReadError};
