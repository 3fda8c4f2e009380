//! `menu`: the hotline as its operators declare it: text -> parsed (with places) -> resolved [`Hotline`], checked.
//!
//! Contract: only a [`Hotline`] can be served; its links are indexes, its words are complete in every language.
//! [`load`] tells everything that is wrong at once, each with its place and a way out.
//! Must never know: clock, disk (the loader is handed text), sound, the engine, a provider.

mod check;
pub mod compare;
pub mod diagnostic;
pub mod explain;
mod fill;
#[cfg(test)]
mod fixture;
mod hotline;
mod hours;
mod links;
mod load;
mod map;
mod names;
mod outline;
mod parse;
mod parsed;
pub mod passages;
pub mod picture;
mod resolve;
pub mod schema;
mod texting;
pub mod time;

pub use hotline::*;
pub use load::{Contact, Loaded, Settings, contacts, load, load_after, load_published};
pub use map::map;
pub use names::is_name;
pub use outline::{Outline, OutlinedNode, outline};
