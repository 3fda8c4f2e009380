//! `menu`: the hotline as its operators declare it: text -> parsed (with places) -> resolved [`Hotline`], checked.
//!
//! Contract: only a [`Hotline`] can be served; its links are indexes, its words are complete in every language.
//! Must never know: clock, disk (the loader is handed text), sound, the engine, a provider.

mod hotline;

pub use hotline::*;
