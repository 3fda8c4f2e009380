//! `base`: the small words every room uses: keys, numbers, languages, ids, opening hours, findings.
//!
//! Contract: values that can be wrong are made in one place by a check and cannot be wrong afterwards.
//! Must never know: input, output, clocks, chance, or anything of a particular provider.

mod digit;
mod digits;
mod finding;
pub(crate) mod findings;
pub mod gsm7;
pub mod hours;
mod id;
mod language;
mod line;
mod meant;
pub mod moment;
mod number;
pub(crate) mod read;
pub(crate) mod schema;
mod sound;

pub use digit::Digit;
pub use digits::Digits;
pub use finding::{Finding, Place, Severity, Sources};
pub use id::{CallSid, LeaseId, Revision};
pub use language::Language;
pub use line::{Accept, Callee, CounsellorId, CounsellorIx, CounsellorSet, Gender, Line, SipAddress};
pub use meant::meant;
pub use number::{E164, Party};
pub use sound::{MUSIC_PIECE_S, Shelf, SoundId};
