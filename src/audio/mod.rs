//! `audio`: prompts as sound. [`catalog`] knows which words have a sound, [`expand`] how words are written for a voice,
//! [`measure`] what a file holds, [`check`] what is wrong with the sound of a hotline; `render` makes sound.
//!
//! Contract: a sound is played only for exactly the words it was made of; what has none is said by the provider, in
//! its own language, or not at all.
//! Must never know: calls, the engine, HTTP.

pub mod catalog;
pub mod check;
mod expand;
mod level;
mod measure;
pub mod music;
pub mod render;
mod wanted;
mod wav;

pub use crate::base::{Shelf, SoundId};
pub use catalog::{Catalog, Catalogs, Entry, Grade, Made, Sound};
pub use expand::{Forms, Piece, expand, fingerprint};
pub use level::{SILENT_DB, active_level};
pub use measure::{Measured, measure};
pub use wanted::{Found, Wanted};
pub use wav::{FILE_MAX, Format, NotSound};
