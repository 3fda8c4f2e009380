//! `flow`: the engine. [`step`] takes a hotline, a session, an input and the present, and gives the next session and
//! the outputs. It acts on nothing.
//!
//! Contract: every input in every state gives outputs after which the caller hears something or the call is over.
//! Must never know: TwiML, a provider, `async`, a clock, chance.

mod outlook;
pub mod proof;
mod session;
mod step;
mod words;

/// What outputs are made of, for the rooms that speak them.
pub use crate::menu::{Front, Hotline, LangIx, Node, NodeIx, Phrases, Prompt, Roles, SmsBook, Spoken};
pub use outlook::{Does, KEYS, Outlook, outlook};
pub use session::{Place, Session, TRAIL_MAX};
pub use step::{LONG_TIMEOUT_S, TIMEOUT_S, asks_desk, step};
pub use words::{
    Count, Desk, DialStatus, Dialled, Input, NobodyFree, Now, Output, Patience, WHISPER_S, WORDS_MOST_S, Wish,
};
