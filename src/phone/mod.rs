//! `phone`: a telephone and the provider behind it, without sockets and without a clock. It executes TwiML as a
//! provider does (twiml reference 3 to 6), makes exactly the requests a provider makes, and tells what is heard.
//!
//! The loop that drives it:
//! 1. [`Phone::poll_output`] until it returns [`Output::Wait`]; do what the others say, in their order.
//! 2. [`Phone::handle_input`] with what happened first: an answer to a request, a key, a hang-up, somebody at the other
//!    end, or [`Input::Time`] when `until_ms` is reached. Then go on with 1.
//!
//! A phone can also be called: [`Phone::called`] is a call placed by REST. And a running call can be redirected and ended
//! from outside: [`Input::Update`].
//!
//! Time is in milliseconds since the call began and comes from outside. An input happens at the last time that was
//! told, so tell the time first; do not tell a time beyond `until_ms` while a request is open, or the wait for its
//! answer counts. What leaves the line is a [`Heard`] with its planned length; [`Output::Interrupted`] says when less
//! was heard. After [`Output::Ended`] only [`Output::Wait`] comes.
//!
//! Where providers differ or the reference is in doubt, [`Readings`] picks one reading; a server must be right under
//! both. What is not executed (Record, Enqueue, Queue, Leave, speech recognition and the like) is said as a finding,
//! and the next verb runs. The time stamp of a status callback is left out: there is no clock here.
//!
//! Contract: no input makes it panic, and it is bounded: a document by the reader's limits, silent chains of documents
//! by [`MAX_UNHEARD_DOCUMENTS`], repetition by `twiml::defaults::MAX_ROUNDS`.
//! Must never know: HTTP, sockets, clocks, the engine, menus.

mod call;
mod config;
mod cookies;
mod dial;
mod gather;
mod io;
mod runner;
mod speech;
#[cfg(test)]
mod tests;
mod world;

pub use call::{Phone, StartError};
pub use config::{
    AfterHangUp, CallEvent, DialBridged, EmptyDigits, FailedSound, FinishedOnKey, LastRequests, Media, PhoneConfig,
    Readings, RefusedWhisper, RingTime, Several,
};
pub use io::*;
pub use runner::MAX_UNHEARD_DOCUMENTS;
pub use speech::{Speech, estimated_speech};
